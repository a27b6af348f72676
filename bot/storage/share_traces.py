"""What stays known of shares and comparisons that are deleted: who has seen whose result, and where copies stand.

A copy stays with who has it when its round is deleted, and so does a reveal when its comparison is: nobody may be told
later that a comparison would be blind, or that nobody sees anything.
"""

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.domain.compare import Side, State
from bot.domain.share import TELLING, Place, ShareState
from bot.storage.shares import OF_RUN, ROOT
from bot.storage.sql import autocommit, insert_into, insert_new
from bot.storage.stored_share import LOST_AFTER, in_seconds
from bot.storage.tables import (
    comparisons,
    former_copies,
    runs,
    seen_results,
    share_messages,
    shares,
    unconfirmed_copies,
    unlisted_shares,
)

# States of a share whose recipient has seen it, or may have; and of what it had before, or instead of, an update.
RECEIVED = (ShareState.SENT, ShareState.UNCERTAIN, ShareState.REPLACING)
# Of one that was taken back, of which a message may be left.
ENDED = (ShareState.WITHDRAWN, ShareState.FAILED)


@dataclass(frozen=True)
class FormerReveal:
    """A reveal, also to the manager alone, whose comparison is not kept any more: to whom, and when.

    at: in seconds since 1970.
    """

    manager: str
    at: float


@dataclass(frozen=True)
class UnconfirmedCopy:
    """A copy of a deleted round of which Slack never said whether it arrived; times in seconds since 1970.

    By the ids of its share and of the round. It was previewed at `made_at`, and given up at `given_up_at`.
    """

    share: str
    run: str
    made_at: float
    given_up_at: float


class ShareTraces:
    """What is known of former shares of a database; each method sees the rows of the team it is given."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def is_former_copy(self, team: str, channel: str, ts: str) -> bool:
        """Say whether a message is the first one of a copy whose round was deleted."""
        copy = (former_copies.c.team == team, former_copies.c.channel == channel, former_copies.c.ts == ts)
        async with autocommit(self._engine) as connection:
            return bool(await connection.scalar(select(exists().where(*copy))))

    async def note_former_copy(self, team: str, channel: str, ts: str, recipient: str) -> None:
        """Remember where the first message of a copy stands whose round was deleted; again does nothing."""
        async with self._engine.begin() as connection:
            row = {"team": team, "channel": channel, "ts": ts, "recipient": recipient}
            await insert_new(connection, former_copies, row)

    async def note_unconfirmed(self, team: str, recipient: str, copy: UnconfirmedCopy) -> None:
        """Remember that a copy whose round was deleted may stand in somebody's direct message; again does nothing."""
        async with self._engine.begin() as connection:
            await insert_new(connection, unconfirmed_copies, {"team": team, "recipient": recipient, **asdict(copy)})

    async def forget_unconfirmed(self, team: str, share_id: str) -> None:
        """Forget a copy that may have stood somewhere, as it is known by now; again does nothing."""
        this = (unconfirmed_copies.c.team == team, unconfirmed_copies.c.share == share_id)
        async with self._engine.begin() as connection:
            await connection.execute(delete(unconfirmed_copies).where(*this))

    async def unconfirmed_for(self, team: str, user: str) -> list[UnconfirmedCopy]:
        """Give the copies of deleted rounds that may stand in somebody's direct message, latest first."""
        copies = (unconfirmed_copies.c.team == team, unconfirmed_copies.c.recipient == user)
        latest = select(unconfirmed_copies).where(*copies).order_by(unconfirmed_copies.c.made_at.desc())
        async with autocommit(self._engine) as connection:
            rows = await connection.execute(latest)
            return [UnconfirmedCopy(row.share, row.run, row.made_at, row.given_up_at) for row in rows]

    async def former_reveals(self, team: str, sender: str) -> list[FormerReveal]:
        """Give the reveals about somebody's own work whose comparisons are not kept any more, latest first."""
        seen = select(seen_results.c.manager, seen_results.c.revealed_at)
        mine = (seen_results.c.team == team, seen_results.c.sender == sender, seen_results.c.revealed_at.is_not(None))
        async with autocommit(self._engine) as connection:
            rows = await connection.execute(seen.where(*mine).order_by(seen_results.c.revealed_at.desc()))
            return [FormerReveal(row.manager, row.revealed_at) for row in rows]

    async def note_unlisted(self, team: str, sender: str) -> None:
        """Remember that something of somebody's deleted rounds may still stand; again does nothing."""
        async with self._engine.begin() as connection:
            await insert_new(connection, unlisted_shares, {"team": team, "sender": sender})

    async def has_shared_what_is_deleted(self, team: str, sender: str) -> bool:
        """Say whether copies of somebody's may still stand whose rounds they have deleted."""
        by_sender = (unlisted_shares.c.team == team, unlisted_shares.c.sender == sender)
        async with autocommit(self._engine) as connection:
            return bool(await connection.scalar(select(exists().where(*by_sender))))


async def has_seen(connection: AsyncConnection, team: str, sender: str, manager: str) -> bool:
    """Say whether somebody has been shown what somebody else answered about their own work, in whichever round.

    By a share with the recommendation or the answers, also one that was withdrawn since, or by a comparison, also one
    whose answers could be read for a while alone, or may have been; and also if these were deleted since.
    """
    mine = (seen_results.c.team == team, seen_results.c.sender == sender, seen_results.c.manager == manager)
    if await connection.scalar(select(exists().where(*mine))):
        return True
    if await _shown(connection, shares.c.team == team, runs.c.user == sender, shares.c.recipient == manager):
        return True
    between = (comparisons.c.team == team, comparisons.c.sender == sender, comparisons.c.manager == manager)
    return bool(await connection.scalar(select(exists().where(*between, _could_read()))))


async def keep_of_runs(connection: AsyncConnection, *which: ColumnElement[bool]) -> None:
    """Keep what is to stay known of the shares of runs that are about to be deleted; which: of these."""
    await _put_seen(connection, [(*people, None) for people in await _shown(connection, *which)])
    await _put_unlisted(connection, *which)
    live = (shares.c.state.in_((*RECEIVED, *ENDED)), func.coalesce(shares.c.place, "") != Place.GROUP)
    of_copy = and_(share_messages.c.team == shares.c.team, share_messages.c.share == shares.c.id)
    roots = select(share_messages.c.team, share_messages.c.channel, share_messages.c.ts, shares.c.recipient)
    roots = roots.select_from(share_messages.join(shares, of_copy).join(runs, OF_RUN))
    roots = roots.where(share_messages.c.slot == ROOT, shares.c.recipient != "", *live, *which)
    for row in (await connection.execute(roots)).all():
        await insert_new(connection, former_copies, dict(row._mapping))
    await _put_unconfirmed(connection, *which)


async def _put_unconfirmed(connection: AsyncConnection, *which: ColumnElement[bool]) -> None:
    """Keep which copies in direct messages may stand where nobody knows, of those that are not on their way any more.

    Of those that are, the work that sends them says so.
    """
    has_root = exists().where(
        share_messages.c.team == shares.c.team, share_messages.c.share == shares.c.id, share_messages.c.slot == ROOT
    )
    lost = or_(shares.c.state == ShareState.UNCERTAIN, _is_lost())
    direct = (shares.c.recipient != "", func.coalesce(shares.c.place, "") != Place.GROUP, ~has_root)
    unconfirmed = select(shares).select_from(shares.join(runs, OF_RUN)).where(lost, *direct, *which)
    for row in (await connection.execute(unconfirmed)).all():
        about = {"team": row.team, "share": row.id, "run": row.run, "recipient": row.recipient}
        made_at = in_seconds(row.made_at)
        about |= {"made_at": made_at, "given_up_at": row.ended_at or (row.claimed_at or made_at) + LOST_AFTER}
        await insert_new(connection, unconfirmed_copies, about)


async def _put_unlisted(connection: AsyncConnection, *which: ColumnElement[bool]) -> None:
    """Keep of whose runs, of these, copies still stand or may; also where the recipient had us forget them.

    Of a copy that is on its way, is being withdrawn, or whose first message is being changed, the work that does so
    says what is left of it.
    """
    arrived = and_(shares.c.state == ShareState.SENT, shares.c.sent_at.is_not(None), ~_is_replaced())
    stands = or_(arrived, _is_lost(), shares.c.state == ShareState.UNCERTAIN)
    senders = select(runs.c.team, runs.c.user.label("sender")).join(shares, OF_RUN).where(stands, *which).distinct()
    for row in (await connection.execute(senders)).all():
        await insert_new(connection, unlisted_shares, dict(row._mapping))


def _is_lost() -> ColumnElement[bool]:
    """Select shares that have been on their way for so long that the work must have died."""
    on_its_way = and_(shares.c.state == ShareState.SENT, shares.c.sent_at.is_(None), shares.c.updates.is_(None))
    return and_(on_its_way, shares.c.claimed_at < time.time() - LOST_AFTER)


def _is_replaced() -> ColumnElement[bool]:
    """Select shares of which other work changes the copy."""
    update = shares.alias()
    of_this = (update.c.team == shares.c.team, update.c.updates == shares.c.id)
    begun_lately = update.c.claimed_at > time.time() - LOST_AFTER
    return exists().where(*of_this, update.c.state == ShareState.REPLACING, update.c.ended_at.is_(None), begun_lately)


async def keep_of_comparisons(connection: AsyncConnection, *which: ColumnElement[bool]) -> None:
    """Keep what is to stay known of comparisons that are about to be deleted; which: of these."""
    can_read = _can_read().label("can_read")
    columns = (comparisons.c.team, comparisons.c.sender, comparisons.c.manager, comparisons.c.moved_at, can_read)
    rows = await connection.execute(select(*columns).where(_could_read(), *which).order_by(comparisons.c.moved_at))
    await _put_seen(
        connection, [(row.team, row.sender, row.manager, row.moved_at if row.can_read else None) for row in rows]
    )


def _can_read() -> ColumnElement[bool]:
    """Select comparisons of whose sender the manager can read the answers still, revealed to both or not."""
    return or_(comparisons.c.state == State.REVEALED, comparisons.c.still_exposed.contains(Side.MANAGER.value))


def _could_read() -> ColumnElement[bool]:
    exposures = (comparisons.c.exposed, comparisons.c.maybe_exposed)
    return or_(_can_read(), *(exposed.contains(Side.MANAGER.value) for exposed in exposures))


async def _shown(connection: AsyncConnection, *which: ColumnElement[bool]) -> set[tuple[str, str, str]]:
    """Give team, sender and recipient of the shares that have told the recipient what the sender answered."""
    has_copy = exists().where(share_messages.c.team == shares.c.team, share_messages.c.share == shares.c.id)
    # Not whole, or somebody has deleted it since; or withdrawn, unless it was never found.
    arrived = and_(shares.c.state.in_(ENDED), or_(has_copy, shares.c.sent_at.is_not(None)))
    sent = select(shares.c.team, runs.c.user, shares.c.recipient, shares.c.parts)
    sent = sent.join(runs, OF_RUN)
    sent = sent.where(or_(shares.c.state.in_(RECEIVED), arrived), shares.c.recipient != "", *which)
    rows = (await connection.execute(sent)).all()
    # No parts: of before they could be chosen.
    return {(row.team, row.user, row.recipient) for row in rows if row.parts is None or TELLING.intersection(row.parts)}


async def _put_seen(connection: AsyncConnection, seen: Iterable[tuple[str, str, str, float | None]]) -> None:
    for team, sender, manager, revealed_at in seen:
        row = {"team": team, "sender": sender, "manager": manager, "revealed_at": revealed_at}
        if revealed_at is None:
            await insert_new(connection, seen_results, row)
        else:
            key, put = ["team", "sender", "manager"], insert_into(connection, seen_results).values(row)
            await connection.execute(put.on_conflict_do_update(index_elements=key, set_={"revealed_at": revealed_at}))
