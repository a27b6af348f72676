"""Shares as rows: what was previewed for whom, where its copy stands, and what became of it."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.domain.share import Place
from bot.storage.sql import insert_into, insert_new
from bot.storage.tables import runs, share_messages, share_mutes, shares

ROOT: Final = "root"  # the slot of the message that a copy begins with
PREVIEWS_KEPT = timedelta(days=1)  # of previews that were not sent
DAY = 86_400.0  # seconds


class ShareState(StrEnum):
    """Where the sending of a result stands.

    FAILED is what Slack has refused, or never said that it took; REPLACING what has become the new content of a share.
    """

    PREVIEWED = "previewed"
    SENT = "sent"
    CANCELLED = "cancelled"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    REPLACING = "replacing"


@dataclass(frozen=True)
class Share:
    """One sending of one result, as it stood at `run_version`, to one person; `message` is what was previewed.

    The recipient is empty once they have been forgotten. updates: the share whose copy this one is to replace. Times
    in seconds since 1970; `ended_at` is when it was withdrawn, or failed.
    """

    id: str
    run: str
    run_version: int
    recipient: str
    message: Mapping[str, Any]
    state: ShareState
    parts: tuple[str, ...] = ()
    place: Place = Place.DIRECT
    note: str | None = None
    updates: str | None = None
    made_at: float = 0.0
    sent_at: float | None = None
    seen_at: float | None = None
    talk_at: float | None = None
    ended_at: float | None = None
    receipt_ts: str | None = None

    @property
    def is_live(self) -> bool:
        """Whether somebody else can see it, as far as is known."""
        return self.state is ShareState.SENT and self.sent_at is not None


_OF_RUN = and_(runs.c.team == shares.c.team, runs.c.id == shares.c.run)


class Shares:
    """The shares of a database; each method sees the rows of the team it is given."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def preview(self, team: str, share: Share) -> Share:
        """Remember a result as it was previewed for somebody; again does nothing. Gives what is remembered."""
        row: dict[str, Any] = {"team": team, "id": share.id, "run": share.run, "run_version": share.run_version}
        row |= {"recipient": share.recipient, "message": dict(share.message), "state": share.state}
        row |= {"parts": list(share.parts), "place": share.place, "note": share.note, "updates": share.updates}
        async with self._engine.begin() as connection:
            await insert_new(connection, shares, {**row, "made_at": datetime.now(UTC)})
            kept = (await connection.execute(select(shares).where(*_one(team, share.id)))).one()
        return _share(kept)

    async def get(self, team: str, share_id: str) -> Share | None:
        """Give a share, or None if there is none."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(shares).where(*_one(team, share_id)))).first()
        return _share(row) if row else None

    async def move(self, team: str, share_id: str, *, was: ShareState, to: ShareState) -> ShareState | None:
        """Take a share from one state to another if it is in the first; gives its state then, None if there is none."""
        ended_at = time.time() if to in (ShareState.WITHDRAWN, ShareState.FAILED) else None
        moved = update(shares).where(*_one(team, share_id), shares.c.state == was)
        async with self._engine.begin() as connection:
            await connection.execute(moved.values(state=to, ended_at=ended_at))
            now = await connection.scalar(select(shares.c.state).where(*_one(team, share_id)))
        return ShareState(now) if now else None

    async def note_time(self, team: str, share_id: str, name: str) -> bool:
        """Write down that something has happened to a share now, in one of its times, unless it has happened before.

        Gives whether it has not.
        """
        column = shares.c[name]
        first = update(shares).where(*_one(team, share_id), column.is_(None))
        async with self._engine.begin() as connection:
            return bool((await connection.execute(first.values({name: time.time()}))).rowcount)

    async def set_receipt(self, team: str, share_id: str, ts: str) -> None:
        """Remember which message tells the sender about a share; a later one replaces it."""
        async with self._engine.begin() as connection:
            await connection.execute(update(shares).where(*_one(team, share_id)).values(receipt_ts=ts))

    async def take_over(self, team: str, share_id: str, update_id: str) -> bool:
        """Give a share the content of the one that updates it; gives whether it has it. Again does nothing.

        It has not if it was withdrawn meanwhile. What the recipient has clicked was about the content before.
        """
        async with self._engine.begin() as connection:
            row = (await connection.execute(select(shares).where(*_one(team, update_id)))).first()
            if row is None or row.state != ShareState.SENT:
                return row is not None and row.state == ShareState.REPLACING
            names = ("run", "run_version", "message", "parts", "place", "note", "made_at")
            content = {name: getattr(row, name) for name in names}
            changed = {"sent_at": time.time(), "seen_at": None, "talk_at": None, "told_outdated": None}
            live = (*_one(team, share_id), shares.c.state == ShareState.SENT)
            taken = update(shares).where(*live).values(content | changed).returning(shares.c.id)
            if await connection.scalar(taken) is None:
                return False
            emptied: dict[str, Any] = {"state": ShareState.REPLACING, "message": {}, "note": None}
            await connection.execute(update(shares).where(*_one(team, update_id)).values(emptied))
            return True

    # For the sender

    async def count_sent_today(self, team: str, run_id: str, *, but: str = "") -> int:
        """Count the shares of a run that were sent within a day, whatever became of them since; `but`: one of them."""
        mine = (shares.c.team == team, shares.c.run == run_id, shares.c.id != but)
        lately = shares.c.sent_at > time.time() - DAY
        async with self._engine.connect() as connection:
            return await connection.scalar(select(func.count()).select_from(shares).where(*mine, lately)) or 0

    async def last_recipient(self, team: str, user: str) -> str | None:
        """Give whom somebody has sent a result to last; None for nobody."""
        sent = (shares.c.sent_at.is_not(None), shares.c.recipient != "")
        latest = _of_sender(team, user, shares.c.recipient).where(*sent).order_by(shares.c.sent_at.desc()).limit(1)
        async with self._engine.connect() as connection:
            recipient: str | None = await connection.scalar(latest)
            return recipient

    async def live(self, team: str, user: str) -> list[Share]:
        """Give what others can see of somebody's results, latest first."""
        mine = _of_sender(team, user, shares).where(shares.c.state == ShareState.SENT)
        async with self._engine.connect() as connection:
            rows = await connection.execute(mine.order_by(shares.c.made_at.desc(), shares.c.id))
            return [_share(row) for row in rows]

    async def newly_outdated(self, team: str, run_id: str) -> list[str]:
        """Name the live shares of whoever has this run whose result has changed since, and who was not told so."""
        owner = select(runs.c.user).where(runs.c.team == team, runs.c.id == run_id).scalar_subquery()
        later = runs.alias("later")
        is_newer = exists().where(
            later.c.team == team,
            later.c.user == runs.c.user,
            later.c.begun_at > runs.c.begun_at,
            later.c.finished_at.is_not(None),
            later.c.comparison.is_(None),  # which is about somebody else's work
        )
        live = (shares.c.team == team, runs.c.user == owner, shares.c.state == ShareState.SENT)
        untold = (shares.c.receipt_ts.is_not(None), shares.c.told_outdated.is_(None))
        theirs = select(shares.c.id).select_from(shares.join(runs, _OF_RUN)).where(*live, *untold)
        async with self._engine.connect() as connection:
            return list(await connection.scalars(theirs.where(or_(runs.c.version != shares.c.run_version, is_newer))))

    async def newer(self, team: str, share: Share) -> str | None:
        """Name the run that the copy of a share does not show: its own, changed since, or a later one with a result.

        None if the copy is up to date.
        """
        this = select(runs.c.user, runs.c.begun_at, runs.c.version, runs.c.finished_at)
        async with self._engine.connect() as connection:
            row = (await connection.execute(this.where(runs.c.team == team, runs.c.id == share.run))).first()
            if row is None:
                return None
            later = select(runs.c.id).where(runs.c.team == team, runs.c.user == row.user)
            later = later.where(runs.c.begun_at > row.begun_at, runs.c.finished_at.is_not(None))
            later = later.where(runs.c.comparison.is_(None))  # which is about somebody else's work
            found: str | None = await connection.scalar(later.order_by(runs.c.begun_at.desc()).limit(1))
        return found or (share.run if row.version != share.run_version else None)

    async def note_told_outdated(self, team: str, share_id: str) -> None:
        """Remember that the sender was told that a copy is of an older answer; again does nothing."""
        async with self._engine.begin() as connection:
            await connection.execute(update(shares).where(*_one(team, share_id)).values(told_outdated=True))

    # The copy

    async def put_message(self, team: str, share_id: str, slot: str, channel: str, ts: str) -> None:
        """Remember a message of a copy; a later one replaces it. Nothing if the share is gone."""
        place = {"channel": channel, "ts": ts}
        async with self._engine.begin() as connection:
            if await connection.scalar(select(shares.c.id).where(*_one(team, share_id))):
                put = insert_into(connection, share_messages).values(team=team, share=share_id, slot=slot, **place)
                await connection.execute(
                    put.on_conflict_do_update(index_elements=["team", "share", "slot"], set_=place)
                )

    async def messages(self, team: str, share_id: str) -> dict[str, tuple[str, str]]:
        """Give channel and ts of the messages of a copy by their slots."""
        mine = (share_messages.c.team == team, share_messages.c.share == share_id)
        async with self._engine.connect() as connection:
            rows = await connection.execute(select(share_messages).where(*mine).order_by(share_messages.c.ts))
            return {row.slot: (row.channel, row.ts) for row in rows}

    async def drop_message(self, team: str, share_id: str, slot: str) -> None:
        """Forget a message of a copy; again does nothing."""
        mine = (share_messages.c.team == team, share_messages.c.share == share_id, share_messages.c.slot == slot)
        async with self._engine.begin() as connection:
            await connection.execute(delete(share_messages).where(*mine))

    async def of_root(self, team: str, channel: str, ts: str) -> Share | None:
        """Give the share whose copy begins with this message, or None."""
        there = (share_messages.c.team == team, share_messages.c.channel == channel, share_messages.c.ts == ts)
        named = select(share_messages.c.share).where(*there, share_messages.c.slot == ROOT).limit(1).scalar_subquery()
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(shares).where(*_one(team, named)))).first()
        return _share(row) if row else None

    # Who wants no more of whom

    async def mute(self, team: str, share_id: str, user: str, muted: str) -> None:
        """Remember that `user` wants no more shares from `muted`, as said with this share; again does nothing."""
        row = {"team": team, "share": share_id, "user": user, "muted": muted, "muted_at": time.time()}
        async with self._engine.begin() as connection:
            await insert_new(connection, share_mutes, row)

    async def unmute(self, team: str, user: str, muted: str) -> None:
        """Have `user` get shares from `muted` again; again does nothing."""
        async with self._engine.begin() as connection:
            await connection.execute(delete(share_mutes).where(*_mute(team, user, muted)))

    async def is_muted(self, team: str, user: str, muted: str) -> bool:
        """Say whether `user` wants no more shares from `muted`."""
        async with self._engine.connect() as connection:
            return bool(await connection.scalar(select(exists().where(*_mute(team, user, muted)))))

    async def prune(self, now: float) -> None:
        """Delete what was previewed more than a day ago and never sent, in all teams. now: seconds since 1970."""
        before = datetime.fromtimestamp(now, UTC) - PREVIEWS_KEPT
        unsent = (ShareState.PREVIEWED, ShareState.CANCELLED, ShareState.REPLACING)
        async with self._engine.begin() as connection:
            await connection.execute(delete(shares).where(shares.c.state.in_(unsent), shares.c.made_at < before))


def _one(team: str, share_id: Any) -> tuple[ColumnElement[bool], ...]:
    return shares.c.team == team, shares.c.id == share_id


def _mute(team: str, user: str, muted: str) -> tuple[ColumnElement[bool], ...]:
    return share_mutes.c.team == team, share_mutes.c.user == user, share_mutes.c.muted == muted


def _of_sender(team: str, user: str, what: Any) -> Any:
    """Select of the shares of somebody's runs."""
    return select(what).select_from(shares.join(runs, _OF_RUN)).where(shares.c.team == team, runs.c.user == user)


def _share(row: Row[Any]) -> Share:
    parts: Sequence[str] = row.parts or ()
    return Share(
        id=row.id,
        run=row.run,
        run_version=row.run_version,
        recipient=row.recipient,
        message=row.message,
        state=ShareState(row.state),
        parts=tuple(parts),
        place=Place(row.place or Place.DIRECT),
        note=row.note,
        updates=row.updates,
        made_at=row.made_at.replace(tzinfo=row.made_at.tzinfo or UTC).timestamp(),
        sent_at=row.sent_at,
        seen_at=row.seen_at,
        talk_at=row.talk_at,
        ended_at=row.ended_at,
        receipt_ts=row.receipt_ts,
    )
