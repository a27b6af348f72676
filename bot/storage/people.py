"""All that is kept about one person, in all tables: to export it, and to forget it.

Which rows and columns those are is declared with the tables (`bot.storage.ownership`).
"""

import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, DateTime, Float, Table, delete, or_, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.domain.compare import Side, State
from bot.storage.ownership import Owner, ownership
from bot.storage.share_traces import keep_of_runs
from bot.storage.sql import autocommit, insert_into
from bot.storage.tables import comparisons, metadata, people, replies, runs, shares

NOBODY = "…"  # in place of the mention of somebody who was forgotten
DIRECT_MESSAGE = "D"  # what the id of a direct message begins with
INVITATION, RECEIPT = "invitation", "receipt"  # slots of the messages about a comparison, to the manager and sender
SENT: Final = "sent"  # the state of a share that its recipient has seen; `bot.domain.share.ShareState` has it too

Rows = list[dict[str, Any]]


class People:
    """What is kept about people; each method sees the rows of the team it is given."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def is_greeted(self, team: str, user: str) -> bool:
        """Say whether somebody has opened the bot's messages before, so that they are not greeted any more."""
        mine = select(people.c.greeted_at).where(people.c.team == team, people.c.user == user)
        async with autocommit(self._engine) as connection:
            return await connection.scalar(mine) is not None

    async def claim_greeting(self, team: str, user: str, at: float) -> bool:
        """Claim to greet somebody who has opened the bot's messages; at: when, in seconds since 1970.

        True for the first, of whatever process, and again for the same time; False for any other.
        """
        row = {"team": team, "user": user, "answers_unasked": True, "news": True, "greeted_at": at}
        mine = (people.c.team == team, people.c.user == user)
        async with self._engine.begin() as connection:
            claim = insert_into(connection, people).values(row)
            claim = claim.on_conflict_do_update(
                index_elements=["team", "user"], set_={"greeted_at": at}, where=people.c.greeted_at.is_(None)
            )
            await connection.execute(claim)
            claimed: float | None = await connection.scalar(select(people.c.greeted_at).where(*mine))
            return claimed == at

    async def release_greeting(self, team: str, user: str, at: float) -> None:
        """Give a claim to greet somebody back, by its time: they were not greeted, and may be. Again does nothing."""
        mine = (people.c.team == team, people.c.user == user, people.c.greeted_at == at)
        async with self._engine.begin() as connection:
            await connection.execute(update(people).where(*mine).values(greeted_at=None))

    async def run_ids(self, team: str, user: str) -> list[str]:
        """Name a person's runs, latest first, also those that are being deleted."""
        mine = select(runs.c.id).where(runs.c.team == team, runs.c.user == user).order_by(runs.c.begun_at.desc())
        async with autocommit(self._engine) as connection:
            return list(await connection.scalars(mine))

    async def direct_messages(self, team: str, user: str) -> list[str]:
        """Name the conversations with a person that are known from their runs and from what they were replied to."""
        async with autocommit(self._engine) as connection:
            return await _direct_messages(connection, team, user)

    async def references(self, team: str, user: str) -> list[str]:
        """Give all by which records of work may name a person, besides their direct message: their id, those of their
        runs, their comparisons and the shares they were sent, and each message that was replied to, as "channel:ts".
        """
        async with autocommit(self._engine) as connection:
            run_ids = await connection.scalars(select(runs.c.id).where(runs.c.team == team, runs.c.user == user))
            received = select(shares.c.id).where(shares.c.team == team, shares.c.recipient == user)
            share_ids = await connection.scalars(received)
            compared = select(comparisons.c.id).where(
                comparisons.c.team == team, or_(comparisons.c.sender == user, comparisons.c.manager == user)
            )
            comparison_ids = await connection.scalars(compared)
            asked = select(replies.c.channel, replies.c.question_ts)
            rows = await connection.execute(asked.where(replies.c.team == team, replies.c.asker == user))
            return [user, *run_ids, *share_ids, *comparison_ids, *(f"{row.channel}:{row.question_ts}" for row in rows)]

    async def export(self, team: str, user: str) -> dict[str, Rows]:
        """Give all rows about a person by table, as plain data; times are written as ISO 8601.

        Of another person's row, only what identifies it, where it names this one, and its times; and of shares only
        those that were sent, as what others have not sent is theirs. Of a comparison, before
        it is revealed, nothing of the other person's part.
        """
        rows_by_table: dict[str, Rows] = {}
        async with autocommit(self._engine) as connection:
            for table in metadata.sorted_tables:
                rows: Rows = []
                if (own := _own(table, team, user)) is not None:
                    rows += await _read(connection, list(table.c), table.c.team == team, own)
                for column in _named_by_others(table):
                    of_a_person = ownership(table).owner in (Owner.RUN, Owner.PERSON)
                    columns = _brief(table, column) if of_a_person else list(table.c)
                    seen = [shares.c.state == SENT] if table is shares else []
                    rows += await _read(connection, columns, table.c.team == team, column == user, *seen)
                if table is comparisons:
                    rows = [_own_part(row, user) for row in rows]
                if rows:
                    rows_by_table[table.name] = rows
        return rows_by_table

    async def forget(self, team: str, user: str, direct_messages: Collection[str] = ()) -> None:
        """Delete the rows that are a person's, and take their id out of those that are not; again does nothing.

        direct_messages: ids of their conversation with us; what is kept of that is deleted, too.
        """
        async with self._engine.begin() as connection:
            places = {user, *direct_messages, *await _direct_messages(connection, team, user)}
            await _unname(connection, team, user)
            await keep_of_runs(connection, runs.c.team == team, runs.c.user == user)
            for table in reversed(metadata.sorted_tables):  # what refers to other tables first
                own = _own(table, team, user)
                if ownership(table).owner is Owner.CHANNEL:
                    own = table.c.channel.in_(places)
                if own is not None:
                    await connection.execute(delete(table).where(table.c.team == team, own))
                for column in _named_by_others(table):
                    nobody = None if column.nullable else ""
                    named = update(table).where(table.c.team == team, column == user)
                    await connection.execute(named.values({column: nobody}))


def _own_part(row: dict[str, Any], user: str) -> dict[str, Any]:
    """Give what one of the two may see of a comparison: all of it once it is revealed.

    Before that, who has moved it last, and when, would tell whether the other has agreed.
    """
    if row["state"] == State.REVEALED:
        return row
    mine, other = (Side.SENDER, Side.MANAGER) if row["sender"] == user else (Side.MANAGER, Side.SENDER)
    hidden = {f"{other}_version", f"{other}_agreed", "shown", "moved_by", "moved_at", "due_at"}
    hidden.add("manager_run" if other is Side.MANAGER else "run")
    # The rest of a slot names the versions of both.
    messages = {
        slot.split(":")[0]: channel_and_ts for slot, channel_and_ts in row["messages"].items() if _is_to(mine, slot)
    }
    return {name: value for name, value in row.items() if name not in hidden} | {"messages": messages}


def _is_to(side: Side, slot: str) -> bool:
    """Say whether a message about a comparison, by its slot, is one that this side has."""
    name, *rest = slot.split(":")
    return rest[0] == side if rest else name == (RECEIPT if side is Side.SENDER else INVITATION)


def _own(table: Table, team: str, user: str) -> ColumnElement[bool] | None:
    """Say which rows of a table are a person's own; None where none can be."""
    declared = ownership(table)
    if declared.owner is Owner.PERSON:
        return table.c[declared.people[0]] == user
    if declared.owner is Owner.PEOPLE:
        return or_(*(table.c[name] == user for name in declared.people))
    if declared.owner is Owner.RUN:
        return table.c.run.in_(select(runs.c.id).where(runs.c.team == team, runs.c.user == user))
    return None


def _named_by_others(table: Table) -> list[Column[Any]]:
    """Give the columns that name people in rows which are not theirs."""
    declared = ownership(table)
    own = {Owner.PERSON: 1, Owner.PEOPLE: len(declared.people)}.get(declared.owner, 0)
    return [table.c[name] for name in declared.people[own:]]


def _brief(table: Table, column: Column[Any]) -> list[Column[Any]]:
    """Give the columns of a row that belongs to another person which the one named in `column` may see."""
    return [shown for shown in table.c if shown.primary_key or shown is column or _is_time(shown)]


def _is_time(column: Column[Any]) -> bool:
    return isinstance(column.type, DateTime) or (isinstance(column.type, Float) and column.name.endswith("_at"))


async def _direct_messages(connection: AsyncConnection, team: str, user: str) -> list[str]:
    led = select(runs.c.channel).where(runs.c.team == team, runs.c.user == user)
    asked = select(replies.c.channel).where(replies.c.team == team, replies.c.asker == user)
    asked = asked.where(replies.c.channel.startswith(DIRECT_MESSAGE))
    return list(await connection.scalars(union(led, asked)))


async def _unname(connection: AsyncConnection, team: str, user: str) -> None:
    """Take a recipient's mention out of what was shared with them, which in a group names them."""
    received = select(shares.c.id, shares.c.message).where(shares.c.team == team, shares.c.recipient == user)
    for row in (await connection.execute(received)).all():
        written = json.dumps(row.message)
        unnamed = json.loads(written.replace(f"<@{user}>", NOBODY))
        if unnamed != row.message:
            of_share = update(shares).where(shares.c.team == team, shares.c.id == row.id)
            await connection.execute(of_share.values(message=unnamed))


async def _read(connection: AsyncConnection, columns: list[Column[Any]], *which: ColumnElement[bool]) -> Rows:
    result = await connection.execute(select(*columns).where(*which))
    times = {column.name for column in columns if _is_time(column)}
    return [
        {name: _in_words(value) if name in times else value for name, value in row.items()} for row in result.mappings()
    ]


def _in_words(time: datetime | float | None) -> str | None:
    if time is None:
        return None
    at = time.replace(tzinfo=UTC) if isinstance(time, datetime) else datetime.fromtimestamp(time, UTC)
    return at.isoformat(timespec="seconds")
