"""Blind comparisons as rows: how each stands, what both are asked to reveal, and where the messages about it are.

A comparison is moved in one transaction that locks its row first and reads the rounds of both within it, so that nobody
agrees to answers that have changed, and of two who agree at once the second reveals.
"""

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, delete, func, null, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.domain.compare import (
    ASK_AFTER,
    MOST_INVITATIONS_A_DAY,
    NOT_AGAIN_FOR,
    OPEN_FOR,
    TRIED_FOR,
    TRY_AGAIN_AFTER,
    Comparison,
    Event,
    GiveUp,
    Lapse,
    Outcome,
    Rounds,
    Side,
    State,
    apply,
)
from bot.domain.quiz_run import Status
from bot.storage.share_traces import has_seen, keep_of_comparisons
from bot.storage.sql import autocommit, insert_into
from bot.storage.stored_comparison import (
    Moved,
    Revealed,
    StoredComparison,
    as_row,
    join_names,
    read_copies,
    read_row,
    read_sides,
)
from bot.storage.tables import answers, comparisons, runs

DAY = 86_400.0  # seconds


class Comparisons:
    """The comparisons of a database; each method but `due` and `prune` sees the rows of the team it is given."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def begin(self, team: str, comparison_id: str, run: str, *, sender: str, manager: str, by: str) -> bool:
        """Keep a comparison that begins; again does nothing. False if another with this manager is open for the run.

        by: names the piece of work that begins it.
        """
        now, mine = time.time(), _of(team, comparison_id)
        row: dict[str, Any] = {"team": team, "id": comparison_id, "run": run, "sender": sender, "manager": manager}
        row |= as_row(Comparison()) | {"moved_by": by, "messages": {}, "begun_at": now, "moved_at": now}
        row |= {"due_at": now + OPEN_FOR.total_seconds()}
        try:
            async with self._engine.begin() as connection:
                await connection.execute(
                    insert_into(connection, comparisons)
                    .values(row)
                    .on_conflict_do_nothing(index_elements=["team", "id"])
                )
        except IntegrityError:
            return False
        async with autocommit(self._engine) as connection:
            return await connection.scalar(select(comparisons.c.id).where(*mine)) is not None

    async def get(self, team: str, comparison_id: str) -> StoredComparison | None:
        """Give a comparison, or None if there is none."""
        async with autocommit(self._engine) as connection:
            row = (await connection.execute(select(comparisons).where(*_of(team, comparison_id)))).first()
        return read_row(row) if row else None

    async def is_known_to(self, team: str, sender: str, manager: str) -> bool:
        """Say what `has_seen` does: whether somebody has been shown what somebody else answered about their work."""
        async with autocommit(self._engine) as connection:
            return await has_seen(connection, team, sender, manager)

    async def why_not_invite(self, team: str, sender: str, manager: str, *, but: str) -> str | None:
        """Say why somebody may not be invited now, as a key of `compare` in words.yaml; None if they may.

        Not after they have declined or ended one lately, unless they have invited the other since, and not too often a
        day. but: a comparison that does not count, as it is the one that is being begun.
        """
        now, mine = time.time(), (*_between(team, sender, manager), comparisons.c.id != but)
        refused = select(func.max(comparisons.c.moved_at)).where(*mine, comparisons.c.ended_by == Side.MANAGER)
        refused = refused.where(comparisons.c.state.in_((State.DECLINED, State.WITHDRAWN)))
        refused = refused.where(comparisons.c.moved_at > now - NOT_AGAIN_FOR.total_seconds())
        lately = select(func.count()).select_from(comparisons).where(*mine, comparisons.c.begun_at > now - DAY)
        async with autocommit(self._engine) as connection:
            if (at := await connection.scalar(refused)) is not None:
                reverse = select(comparisons.c.id).where(*_between(team, manager, sender), comparisons.c.begun_at > at)
                if await connection.scalar(reverse.limit(1)) is None:
                    return "declined_lately"
            arrived = lately.where(comparisons.c.state != State.UNREACHABLE)
            return "invited_often" if (await connection.scalar(arrived) or 0) >= MOST_INVITATIONS_A_DAY else None

    async def is_open(self, team: str, sender: str, manager: str) -> bool:
        """Say whether a comparison is open that somebody has begun with somebody else."""
        return bool(await self._open(team, and_(*_between(team, sender, manager))))

    async def open_with(self, team: str, run: str, manager: str) -> str | None:
        """Name the open comparison of a round with somebody; None if there is none."""
        named = await self._open(team, and_(comparisons.c.run == run, comparisons.c.manager == manager))
        return named[0] if named else None

    async def revealed(self, team: str, user: str) -> list[Revealed]:
        """Give what others can read of the comparisons that somebody had a part in, latest first.

        For as long as these are kept.
        """
        mine = or_(comparisons.c.sender == user, comparisons.c.manager == user)
        can_be_read = or_(comparisons.c.state == State.REVEALED, comparisons.c.still_exposed.is_not(None))
        shown = select(comparisons).where(comparisons.c.team == team, can_be_read, mine)
        async with autocommit(self._engine) as connection:
            rows = (await connection.execute(shown.order_by(comparisons.c.moved_at.desc(), comparisons.c.id))).all()
        reveals = []
        for row in rows:
            side = Side.SENDER if row.sender == user else Side.MANAGER
            to_both = row.state == State.REVEALED
            if to_both or side.other in read_sides(row.still_exposed):
                other = row.manager if side is Side.SENDER else row.sender
                reveals.append(Revealed(other, side, row.moved_at, to_both))
        return reveals

    async def open_of_run(self, team: str, run: str) -> list[str]:
        """Name the open comparisons that a round is part of, oldest first."""
        async with autocommit(self._engine) as connection:
            return list(await connection.scalars(OPEN_OF_RUN, {"of_team": team, "of_run": run}))

    async def invitations(self, team: str, sender: str, manager: str) -> list[StoredComparison]:
        """Give the comparisons of two people to which the manager has not said yes, or has said no, oldest first."""
        not_begun = comparisons.c.state.in_((State.INVITED, State.DECLINED))
        asked = select(comparisons).where(*_between(team, sender, manager), not_begun)
        async with autocommit(self._engine) as connection:
            return [read_row(row) for row in await connection.execute(asked.order_by(comparisons.c.begun_at))]

    async def open_of_person(self, team: str, user: str) -> list[str]:
        """Name the open comparisons that somebody is part of, oldest first."""
        return await self._open(team, or_(comparisons.c.sender == user, comparisons.c.manager == user))

    async def move(self, team: str, comparison_id: str, event: Event, *, by: str) -> Moved | None:
        """Let something happen to a comparison; None if there is none. Raises nothing but the database's errors.

        by: names the piece of work that asks for it. When that asks again, `mine` says so, unless other work has moved
        the comparison since, which then does what follows. Once both have agreed, the answers that are to be shown are
        kept as they are in this moment, until they have been or it has ended.
        """
        mine = _of(team, comparison_id)
        async with self._engine.begin() as connection:
            row = await _locked(connection, mine)
            if row is None:
                return None
            before = read_row(row)
            # Of work that asks again: how it stood before is not known any more, but that both had finished is.
            unmoved = partial(
                Moved, mine=row.moved_by == by, stored=before, was_agreed=before.comparison.asked is not None
            )
            if not _is_time_for(event, row):
                return unmoved(Outcome.REPEATED)
            after = apply(before.comparison, event, await _rounds(connection, team, before))
            if after.outcome is not Outcome.TAKEN:
                return unmoved(after.outcome)
            values = as_row(after.comparison) | {"moved_by": by, "moved_at": time.time()}
            values["due_at"] = _due_at(after.comparison, values["moved_at"])
            if after.comparison.state is State.AGREED:
                values |= {"shown": await _answers(connection, team, before)}
                values |= {"agreed_at": values["moved_at"], "tried": ""}
            elif before.shown:
                values["shown"] = null()
            await connection.execute(update(comparisons).where(*mine).values(values))
            now = (await connection.execute(select(comparisons).where(*mine))).one()
        was_agreed = before.comparison.state is State.AGREED
        return Moved(after.outcome, mine=True, stored=read_row(now), was_agreed=was_agreed)

    async def note_exposed(
        self, team: str, comparison_id: str, sides: Sequence[str], *, maybe: Sequence[str] = ()
    ) -> None:
        """Remember which of the two could read the answers for a while, before both could; again does nothing.

        maybe: whom they may have reached. That is as it was looked at last, so that it replaces what was known of that.
        """
        mine = _of(team, comparison_id)
        async with self._engine.begin() as connection:
            if (row := await _locked(connection, mine)) is not None:
                exposed = read_sides(row.exposed) | {Side(side) for side in sides}
                perhaps = frozenset(map(Side, maybe)) - exposed
                values = {"exposed": join_names(exposed) or None, "maybe_exposed": join_names(perhaps) or None}
                await connection.execute(update(comparisons).where(*mine).values(values))

    async def note_still_exposed(
        self, team: str, comparison_id: str, sides: Sequence[str], *, of: Sequence[str]
    ) -> None:
        """Remember from which of the two the answers could not be taken back; again does nothing.

        of: those from whom that was tried. Of others it stays as it is known.
        """
        mine = _of(team, comparison_id)
        async with self._engine.begin() as connection:
            if (row := await _locked(connection, mine)) is not None:
                still = read_sides(row.still_exposed) - set(of) | set(sides)
                await connection.execute(
                    update(comparisons).where(*mine).values(still_exposed=join_names(still) or None)
                )

    async def record_message(
        self, team: str, comparison_id: str, slot: str, channel_and_ts: Sequence[str] | None
    ) -> None:
        """Remember where a message about a comparison is, by channel and ts, or with None that it is of no more use.

        A later one replaces it. Nothing if there is no such comparison.
        """
        mine = _of(team, comparison_id)
        async with self._engine.begin() as connection:
            if (row := await _locked(connection, mine)) is not None:
                messages = {**row.messages, slot: channel_and_ts and list(channel_and_ts)}
                messages = {name: where for name, where in messages.items() if where}
                await connection.execute(update(comparisons).where(*mine).values(messages=messages))

    async def take_over_begin(self, team: str, comparison_id: str, *, was: str, by: str) -> bool:
        """Let a piece of work begin the round of the manager in place of another, which has not; again says so again.

        was, by: the two by their names, as `begun_by` gives the first.
        """
        mine = (*_of(team, comparison_id), comparisons.c.state == State.ANSWERING, comparisons.c.manager_run.is_(None))
        taken = update(comparisons).where(*mine, comparisons.c.moved_by.in_((was, by))).values(moved_by=by)
        async with self._engine.begin() as connection:
            return await connection.scalar(taken.returning(comparisons.c.id)) is not None

    async def begun_by(self, team: str, comparison_id: str) -> str | None:
        """Name the piece of work that is to begin the round of the manager who has accepted; None if it is there."""
        mine = (*_of(team, comparison_id), comparisons.c.state == State.ANSWERING, comparisons.c.manager_run.is_(None))
        async with autocommit(self._engine) as connection:
            name: str | None = await connection.scalar(select(comparisons.c.moved_by).where(*mine))
            return name

    async def hold_reveal(self, team: str, comparison_id: str, seconds: float, *, copy: str, by: str) -> bool:
        """Keep what both agreed to show for a piece of work, for so many seconds and the time until the next try.

        False if it is another's by now, or nothing is to be shown any more. copy: the name of the copy that is about to
        be posted, which is remembered before it is. by: the work's key.
        """
        mine = _of(team, comparison_id)
        async with self._engine.begin() as connection:
            row = await _locked(connection, mine)
            if row is None or not _is_held(row, by):
                return False
            values: dict[str, Any] = {"due_at": time.time() + seconds + TRY_AGAIN_AFTER.total_seconds()}
            if row.tried is not None:
                values["tried"] = join_names({*read_copies(row.tried), copy})
            await connection.execute(update(comparisons).where(*mine).values(values))
            return True

    async def note_not_posted(self, team: str, comparison_id: str, copy: str, *, by: str) -> None:
        """Remember that a copy of a reveal was not posted, for sure; again does nothing.

        Nothing if another piece of work has it by now, which may have posted it. by: the key of this one.
        """
        mine = _of(team, comparison_id)
        async with self._engine.begin() as connection:
            row = await _locked(connection, mine)
            if row is not None and row.tried is not None and _is_held(row, by):
                values = {"tried": join_names(read_copies(row.tried) - {copy})}
                await connection.execute(update(comparisons).where(*mine).values(values))

    async def due(self, now: float, *, limit: int) -> list[tuple[str, str, float]]:
        """Name the comparisons of all teams for which it is time: team, id, and since when, in seconds since 1970."""
        due = select(comparisons.c.team, comparisons.c.id, comparisons.c.due_at).where(comparisons.c.due_at <= now)
        async with autocommit(self._engine) as connection:
            rows = await connection.execute(due.order_by(comparisons.c.due_at).limit(limit))
            return [(row.team, row.id, row.due_at) for row in rows]

    async def take_due(self, team: str, comparison_id: str, at: float, *, by: str) -> bool:
        """Say whether a comparison is due that was `at`; True once, and again for the same work.

        It is not due again, but for what both agreed to show, which is to be tried until it has been.
        """
        mine = _of(team, comparison_id)
        async with self._engine.begin() as connection:
            row = await _locked(connection, mine)
            if row is None or (row.due_at != at and row.moved_by != by):
                return False
            again = time.time() + TRY_AGAIN_AFTER.total_seconds() if row.state == State.AGREED else None
            await connection.execute(update(comparisons).where(*mine).values(due_at=again, moved_by=by))
            return True

    async def make_due(self, team: str, comparison_id: str, by: str) -> None:
        """Have a comparison be due once more in a while, which a piece of work has taken and could not do."""
        mine = (*_of(team, comparison_id), comparisons.c.due_at.is_(None), comparisons.c.moved_by == by)
        later = time.time() + TRY_AGAIN_AFTER.total_seconds()
        async with self._engine.begin() as connection:
            await connection.execute(update(comparisons).where(*mine).values(due_at=later))

    async def prune(self, before: float) -> None:
        """Delete comparisons of all teams that are over, and were moved last before this time in seconds since 1970.

        Whoever began one that came to a reveal is asked first what has changed.
        """
        over = (comparisons.c.open.is_(None), comparisons.c.due_at.is_(None), comparisons.c.moved_at < before)
        async with self._engine.begin() as connection:
            await keep_of_comparisons(connection, *over)
            await connection.execute(delete(comparisons).where(*over))

    async def _open(self, team: str, which: ColumnElement[bool]) -> list[str]:
        async with autocommit(self._engine) as connection:
            return list(await connection.scalars(OPEN.where(which), {"of_team": team}))


# Oldest first. Those of a run are asked for by each action on a round, and so put together once.
OPEN = (
    select(comparisons.c.id)
    .where(comparisons.c.team == bindparam("of_team"), comparisons.c.open.is_(True))
    .order_by(comparisons.c.begun_at)
)
OPEN_OF_RUN = OPEN.where(
    or_(comparisons.c.run == bindparam("of_run"), comparisons.c.manager_run == bindparam("of_run"))
)


def _of(team: str, comparison_id: str) -> tuple[ColumnElement[bool], ...]:
    return comparisons.c.team == team, comparisons.c.id == comparison_id


def _between(team: str, sender: str, manager: str) -> tuple[ColumnElement[bool], ...]:
    return comparisons.c.team == team, comparisons.c.sender == sender, comparisons.c.manager == manager


async def _locked(connection: AsyncConnection, which: Sequence[ColumnElement[bool]]) -> Row[Any] | None:
    """Give a row as it stays until the end of the transaction.

    Written first: that locks the row, and on SQLite the database, before anything is read.
    """
    lock = update(comparisons).where(*which).values(state=comparisons.c.state).returning(comparisons)
    row: Row[Any] | None = (await connection.execute(lock)).first()
    return row


def _is_time_for(event: Event, row: Row[Any]) -> bool:
    """Say whether an event that comes with time may happen yet; something may have happened meanwhile."""
    now = time.time()
    match event:
        case Lapse():
            return bool(row.due_at and row.due_at <= now)
        case GiveUp():
            return bool(row.moved_at <= now - TRIED_FOR.total_seconds())
        case _:
            return True


async def _rounds(connection: AsyncConnection, team: str, stored: StoredComparison) -> Rounds:
    """Read the rounds of both, and keep them as they are until the end of the transaction, where the database can."""
    ids = [run_id for run_id in (stored.run, stored.manager_run) if run_id]
    asked = select(runs.c.id, runs.c.version, runs.c.finished_at, runs.c.state)
    rows = await connection.execute(asked.where(runs.c.team == team, runs.c.id.in_(ids)).with_for_update(read=True))
    row_by_id = {row.id: row for row in rows if (row.state or {}).get("status") != Status.DELETED.value}
    versions = {run_id: row.version for run_id, row in row_by_id.items() if row.finished_at is not None}
    lost = [side for side in Side if (run_id := stored.run_of(side)) and run_id not in row_by_id]
    manager = versions.get(stored.manager_run) if stored.manager_run else None
    return Rounds(versions.get(stored.run), manager, lost[0] if lost else None)


async def _answers(connection: AsyncConnection, team: str, stored: StoredComparison) -> dict[str, Any]:
    """Read the answers of both, as plain data."""
    quiz = await connection.scalar(select(runs.c.quiz).where(runs.c.team == team, runs.c.id == stored.run))
    shown: dict[str, Any] = {"quiz": quiz}
    for side in Side:
        mine = (answers.c.team == team, answers.c.run == stored.run_of(side))
        rows = await connection.execute(select(answers).where(*mine))
        shown[side.value] = {row.question: list(filter(None, [row.choice, row.other])) for row in rows}
    return shown


def _due_at(comparison: Comparison, now: float) -> float | None:
    if comparison.state is State.AGREED:
        return now + TRY_AGAIN_AFTER.total_seconds()
    if comparison.is_open:
        return now + OPEN_FOR.total_seconds()
    return now + ASK_AFTER.total_seconds() if comparison.state is State.REVEALED else None


def _is_held(row: Row[Any], by: str) -> bool:
    """Say whether what both agreed to show is shown by a piece of work, by its key."""
    return bool(row.state == State.AGREED and row.moved_by.split(" ")[0] == by)
