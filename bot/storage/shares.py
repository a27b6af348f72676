"""Shares as rows: what was previewed for whom, where its copy stands, and what became of it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.domain.quiz_content import OWN, PURPOSE
from bot.domain.quiz_run import Graded, purpose_of
from bot.domain.share import Claim, Part, Place, ShareState, TakenOver, claim, counts_for_day, give_back, take_over
from bot.storage.sql import autocommit, insert_into, insert_new
from bot.storage.stored_share import LOST_AFTER, Share, graded_as, in_seconds, read_share
from bot.storage.tables import answers, runs, share_messages, shares

ROOT: Final = "root"  # the slot of the message that a copy begins with
OFFER: Final = "offer:"  # a slot of a copy: with the ts of the recipient's reply that may be passed on
PREVIEWS_KEPT = timedelta(days=1)  # of previews that were not sent
DAY = 86_400.0  # seconds


OF_RUN = and_(runs.c.team == shares.c.team, runs.c.id == shares.c.run)


class Shares:
    """The shares of a database; each method sees the rows of the team it is given."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def preview(self, team: str, share: Share) -> Share:
        """Remember a result as it was previewed for somebody; again does nothing. Gives what is remembered."""
        row: dict[str, Any] = {"team": team, "id": share.id, "run": share.run, "run_version": share.run_version}
        row |= {"recipient": share.recipient, "message": dict(share.message), "state": share.state}
        row |= {"parts": list(share.parts), "place": share.place, "note": share.note, "updates": share.updates}
        row |= {"graded": share.graded}
        async with self._engine.begin() as connection:
            await insert_new(connection, shares, {**row, "made_at": datetime.now(UTC)})
            kept = (await connection.execute(select(shares).where(*_one(team, share.id)))).one()
        return read_share(kept)

    async def get(self, team: str, share_id: str) -> Share | None:
        """Give a share, or None if there is none."""
        async with autocommit(self._engine) as connection:
            row = (await connection.execute(select(shares).where(*_one(team, share_id)))).first()
        return read_share(row) if row else None

    async def claim(self, team: str, share_id: str, *, most: int, doubtful: bool) -> Claim:
        """Begin to send what was previewed; again gives the same, until it has ended.

        most: shares of one result within a day, besides those that update another. What is one too many is cancelled.
        doubtful: the same work may have done this before, and died before it could record what came of it.
        """
        async with self._engine.begin() as connection:
            row = await _lock(connection, team, share_id)
            if row is None:
                return Claim.NOT_THERE
            state, has_arrived, one_too_many = ShareState(row.state), row.sent_at is not None, False
            counts = counts_for_day(state, updates=row.updates is not None)
            if counts:  # the run is locked so that two shares of one result are not counted at once
                await connection.execute(select(runs.c.id).where(*_run(team, row.run)).with_for_update())
                one_too_many = await _claimed_lately(connection, team, row.run) >= most
            claimed, becomes = claim(state, has_arrived=has_arrived, one_too_many=one_too_many, doubtful=doubtful)
            if becomes is not state:
                values: dict[str, Any] = {"state": becomes}
                if becomes is ShareState.SENT:
                    values |= {"claimed_at": time.time()} | ({"claimed_run": row.run} if counts else {})
                await connection.execute(update(shares).where(*_one(team, share_id)).values(values))
            return claimed

    async def move(self, team: str, share_id: str, *, was: ShareState, to: ShareState) -> ShareState | None:
        """Take a share from one state to another if it is in the first; gives its state then, None if there is none."""
        values: dict[str, Any] = {"state": to, "ended_at": time.time() if to.is_over else None}
        if to.was_not_sent:  # which counts against no limit
            values["claimed_run"] = None
        async with self._engine.begin() as connection:
            await connection.execute(update(shares).where(*_one(team, share_id), shares.c.state == was).values(values))
            now = await connection.scalar(select(shares.c.state).where(*_one(team, share_id)))
        return ShareState(now) if now else None

    async def note_sent(self, team: str, share_id: str) -> bool:
        """Remember that all of a share has arrived; gives whether it is there and was not withdrawn. Again the same."""
        async with self._engine.begin() as connection:
            row = await _lock(connection, team, share_id)
            if row is None or row.state != ShareState.SENT:
                return False
            if row.sent_at is None:
                await connection.execute(update(shares).where(*_one(team, share_id)).values(sent_at=time.time()))
            return True

    async def withdraw(self, team: str, share_id: str, *, was: ShareState) -> dict[str, tuple[str, str]] | None:
        """Take a share to be withdrawn, and give where its messages are, by slot; None if it was in another state.

        What is posted after this may not stay, as `put_message` says to whoever does.
        """
        async with self._engine.begin() as connection:
            row = await _lock(connection, team, share_id)
            if row is None or row.state != was:
                return None
            ended: dict[str, Any] = {"state": ShareState.WITHDRAWN, "ended_at": time.time()}
            await connection.execute(update(shares).where(*_one(team, share_id)).values(ended))
            return await _messages(connection, team, share_id)

    async def confirm(self, team: str, share_id: str, channel: str, ts: str) -> bool:
        """Remember that what Slack never confirmed has arrived, as somebody clicked its first message.

        False if that was not uncertain.
        """
        async with self._engine.begin() as connection:
            row = await _lock(connection, team, share_id)
            if row is None or row.state != ShareState.UNCERTAIN:
                return False
            arrived: dict[str, Any] = {"state": ShareState.SENT, "sent_at": time.time(), "ended_at": None}
            await connection.execute(update(shares).where(*_one(team, share_id)).values(arrived))
            await _put_message(connection, team, share_id, ROOT, channel, ts)
            return True

    async def note_time(self, team: str, share_id: str, name: str) -> bool:
        """Write down that something has happened to a share now, in one of its times, unless it has happened before.

        Gives whether it has not.
        """
        column = shares.c[name]
        first = update(shares).where(*_one(team, share_id), column.is_(None))
        async with self._engine.begin() as connection:
            return bool((await connection.execute(first.values({name: time.time()}))).rowcount)

    async def forget_time(self, team: str, share_id: str, name: str) -> None:
        """Forget that something has happened to a share; again does nothing."""
        async with self._engine.begin() as connection:
            await connection.execute(update(shares).where(*_one(team, share_id)).values({name: None}))

    async def empty(self, team: str, share_id: str) -> None:
        """Forget what a share that has ended said, and where all but its first message is; again does nothing."""
        ended = (*_one(team, share_id), shares.c.state.in_((ShareState.WITHDRAWN, ShareState.FAILED)))
        rest = (share_messages.c.team == team, share_messages.c.share == share_id, share_messages.c.slot != ROOT)
        async with self._engine.begin() as connection:
            emptied = await connection.execute(update(shares).where(*ended).values(message={}, note=None))
            if emptied.rowcount:
                await connection.execute(delete(share_messages).where(*rest))

    async def set_receipt(self, team: str, share_id: str, ts: str) -> bool:
        """Remember which message tells the sender about a share; a later one replaces it.

        Gives whether something may have happened since it was rendered.
        """
        async with self._engine.begin() as connection:
            row = await _lock(connection, team, share_id)
            await connection.execute(update(shares).where(*_one(team, share_id)).values(receipt_ts=ts))
        return row is not None and (row.state != ShareState.SENT or bool(row.seen_at or row.talk_at))

    async def take_over(self, team: str, share_id: str, update_id: str) -> TakenOver:
        """Give a share the content of the one that updates it, which keeps what it had before; again does nothing."""
        other = (shares.c.team == team, shares.c.updates == share_id, shares.c.id != update_id)
        open_ = (shares.c.state == ShareState.REPLACING, shares.c.ended_at.is_(None))
        lately = shares.c.claimed_at > time.time() - LOST_AFTER
        other_under_way = select(exists().where(*other, *open_, lately))
        async with self._engine.begin() as connection:
            share, new = await _pair(connection, team, share_id, update_id)
            if share is None or new is None:
                return TakenOver.ENDED
            state, under_way = ShareState(new.state), bool(await connection.scalar(other_under_way))
            taken = take_over(ShareState(share.state), state, other_under_way=under_way)
            if taken is TakenOver.TAKEN and state is ShareState.SENT:
                await _swap(connection, share, new, ShareState.REPLACING)
            return taken

    async def give_back(self, team: str, share_id: str, update_id: str, made_at: float, *, seen: bool = False) -> bool:
        """Undo what `take_over` did, as the copy could not be changed; again does nothing.

        made_at: of the update. seen: the recipient may have seen the update all the same, which is remembered of it. Of
        a copy that has ended meanwhile it is remembered what it showed before. A share that another update has changed
        since stays as it is. False if what it had before was deleted meanwhile, so that nobody knows any more what its
        copy shows.
        """
        async with self._engine.begin() as connection:
            share, new = await _pair(connection, team, share_id, update_id)
            has_it = share is not None and share.state == ShareState.SENT and in_seconds(share.made_at) == made_at
            if new is None:
                return not has_it
            state = ShareState(new.state)
            becomes = give_back(state, has_ended=new.ended_at is not None, share_has_it=has_it, seen=seen)
            if becomes is None:
                return True
            if share is not None and has_it and state is ShareState.REPLACING:
                await _swap(connection, share, new, becomes)
            emptied: dict[str, Any] = {"state": becomes, "message": {}, "note": None, "ended_at": time.time()}
            await connection.execute(update(shares).where(*_one(team, update_id)).values(emptied))
            return True

    async def end_update(self, team: str, share_id: str, update_id: str) -> None:
        """Remember that the copy shows what `take_over` gave it; again does nothing.

        What the recipient has clicked until now was about the content before, and is forgotten.
        """
        replacing = (*_one(team, update_id), shares.c.state == ShareState.REPLACING, shares.c.ended_at.is_(None))
        emptied: dict[str, Any] = {"message": {}, "note": None, "ended_at": time.time()}
        changed: dict[str, Any] = {"seen_at": None, "talk_at": None, "told_outdated": None}
        changed |= dict.fromkeys(("sent_at", "updated_at"), time.time())
        live = (*_one(team, share_id), shares.c.state == ShareState.SENT)
        async with self._engine.begin() as connection:
            if (await connection.execute(update(shares).where(*replacing).values(emptied))).rowcount:
                await connection.execute(update(shares).where(*live).values(changed))

    # For the sender

    async def count_sent_today(self, team: str, run_id: str) -> int:
        """Count the shares of a run whose sending began within a day, whatever became of them since.

        What was not sent, and what updates another, does not count.
        """
        async with autocommit(self._engine) as connection:
            return await _claimed_lately(connection, team, run_id)

    async def last_recipient(self, team: str, user: str) -> str | None:
        """Give whom somebody has sent a result to last; None for nobody."""
        sent = (shares.c.sent_at.is_not(None), shares.c.recipient != "")
        latest = _of_sender(team, user, shares.c.recipient).where(*sent).order_by(shares.c.sent_at.desc()).limit(1)
        async with autocommit(self._engine) as connection:
            recipient: str | None = await connection.scalar(latest)
            return recipient

    async def live(self, team: str, user: str) -> list[Share]:
        """Give what others can see of somebody's results, or may be able to see, latest first.

        That is also what has been on its way for so long that the work must have died.
        """
        arrived = and_(shares.c.state == ShareState.SENT, shares.c.sent_at.is_not(None))
        lost = and_(shares.c.state == ShareState.SENT, shares.c.updates.is_(None), shares.c.sent_at.is_(None))
        lost = and_(lost, shares.c.claimed_at < time.time() - LOST_AFTER)
        mine = _of_sender(team, user, shares).where(or_(arrived, lost, shares.c.state == ShareState.UNCERTAIN))
        async with autocommit(self._engine) as connection:
            rows = await connection.execute(mine.order_by(shares.c.made_at.desc(), shares.c.id))
            return [read_share(row) for row in rows]

    async def shared_runs(self, team: str, user: str) -> list[str]:
        """Name the runs of which somebody has sent a result, or was sent one: they name the work that does so."""
        involves_user = or_(runs.c.user == user, shares.c.recipient == user)
        shared = select(shares.c.run).select_from(shares.join(runs, OF_RUN)).where(shares.c.team == team, involves_user)
        async with autocommit(self._engine) as connection:
            return list(await connection.scalars(shared.distinct()))

    async def newly_outdated(self, team: str, run_id: str) -> list[str]:
        """Name the live shares of whoever has this run whose result may have changed since, and who was not told so."""
        async with autocommit(self._engine) as connection:
            rows = (await connection.execute(UNTOLD, {"of_team": team, "of_run": run_id})).all()
            return [row.id for row in rows if await _newer(connection, team, row)]

    async def newer(self, team: str, share: Share) -> list[str]:
        """Name the runs that the copy of a share does not show, latest first: later ones, and last its own, if changed.

        None if the copy is up to date. A later one may have no result. Only rounds of the same purpose count: one about
        a role in general, or about somebody else's work, says nothing else of one's own.
        """
        this = select(shares, *_RUN).select_from(shares.join(runs, OF_RUN)).where(*_one(team, share.id))
        async with autocommit(self._engine) as connection:
            row = (await connection.execute(this)).first()
            return await _newer(connection, team, row) if row else []

    async def note_told_outdated(self, team: str, share_id: str, *, outdated: bool) -> None:
        """Remember whether the sender was told that a copy is of an older answer; again does nothing."""
        told = {"told_outdated": True if outdated else None}
        async with self._engine.begin() as connection:
            await connection.execute(update(shares).where(*_one(team, share_id)).values(told))

    async def told_outdated(self, team: str, run_id: str) -> list[str]:
        """Name the live shares, of other runs of whoever has this one, of which the sender was told that."""
        owner = select(runs.c.user).where(*_run(team, run_id)).scalar_subquery()
        live = (shares.c.team == team, shares.c.run != run_id, shares.c.state == ShareState.SENT)
        live_shares = select(shares.c.id).select_from(shares.join(runs, OF_RUN)).where(*live, runs.c.user == owner)
        async with autocommit(self._engine) as connection:
            return list(await connection.scalars(live_shares.where(shares.c.told_outdated.is_(True))))

    # The copy

    async def put_message(
        self, team: str, share_id: str, slot: str, channel: str, ts: str, *, replaces: bool = True
    ) -> bool:
        """Remember a message of a copy; a later one `replaces` it. Nothing if the share is gone, or was withdrawn.

        Gives whether it is remembered: otherwise the message may not stay.
        """
        async with self._engine.begin() as connection:
            row = await _lock(connection, team, share_id)
            if row is None or row.state != ShareState.SENT:
                return False
            posted = (await _messages(connection, team, share_id)).get(slot)
            if posted is not None and not replaces:
                return posted == (channel, ts)
            await _put_message(connection, team, share_id, slot, channel, ts)
            return True

    async def messages(self, team: str, share_id: str) -> dict[str, tuple[str, str]]:
        """Give channel and ts of the messages of a copy by their slots."""
        async with autocommit(self._engine) as connection:
            return await _messages(connection, team, share_id)

    async def note_part_left(self, team: str, share_id: str, left: bool) -> None:
        """Remember whether a part of what a copy showed before is left below it; again does nothing."""
        async with self._engine.begin() as connection:
            await connection.execute(update(shares).where(*_one(team, share_id)).values(part_left=left))

    async def drop_message(self, team: str, share_id: str, slot: str) -> None:
        """Forget a message of a copy; again does nothing."""
        mine = (share_messages.c.team == team, share_messages.c.share == share_id, share_messages.c.slot == slot)
        async with self._engine.begin() as connection:
            await connection.execute(delete(share_messages).where(*mine))

    async def of_root(self, team: str, channel: str, ts: str) -> Share | None:
        """Give the share whose copy begins with this message, or None."""
        message = (share_messages.c.team == team, share_messages.c.channel == channel, share_messages.c.ts == ts)
        named = select(share_messages.c.share).where(*message, share_messages.c.slot == ROOT).limit(1).scalar_subquery()
        async with autocommit(self._engine) as connection:
            row = (await connection.execute(select(shares).where(*_one(team, named)))).first()
        return read_share(row) if row else None

    async def uncertain_for(self, team: str, user: str) -> list[Share]:
        """Give the shares sent to somebody alone of which Slack has never said whether they arrived, latest first."""
        sent = (shares.c.team == team, shares.c.recipient == user, shares.c.state == ShareState.UNCERTAIN)
        direct = select(shares).where(*sent, shares.c.place == Place.DIRECT).order_by(shares.c.made_at.desc())
        async with autocommit(self._engine) as connection:
            return [read_share(row) for row in await connection.execute(direct)]

    async def direct_copies(self, team: str, sender: str, recipient: str) -> list[tuple[str, str, str]]:
        """Give the copies of somebody's results that stand in somebody else's direct message, oldest first.

        By the ids of their shares, each with channel and ts of its first message.
        """
        first = (share_messages.c.team == shares.c.team, share_messages.c.share == shares.c.id)
        places = select(shares.c.id, share_messages.c.channel, share_messages.c.ts)
        places = places.select_from(shares.join(runs, OF_RUN).join(share_messages, and_(*first)))
        sent = (shares.c.team == team, shares.c.state == ShareState.SENT, shares.c.place == Place.DIRECT)
        between = (runs.c.user == sender, shares.c.recipient == recipient, share_messages.c.slot == ROOT)
        async with autocommit(self._engine) as connection:
            rows = await connection.execute(places.where(*sent, *between).order_by(shares.c.made_at, shares.c.id))
            return [(row.id, row.channel, row.ts) for row in rows]

    async def prune(self, now: float) -> None:
        """Delete what was previewed more than a day ago and never sent, in all teams. now: in seconds since 1970.

        What a copy has shown before it was updated is kept without its words: somebody has seen those parts.
        """
        before = datetime.fromtimestamp(now, UTC) - PREVIEWS_KEPT
        unsent = (shares.c.state.in_((ShareState.PREVIEWED, ShareState.CANCELLED)), shares.c.made_at < before)
        async with self._engine.begin() as connection:
            await connection.execute(delete(shares).where(*unsent))


_RUN = (
    runs.c.user,
    runs.c.begun_at,
    runs.c.version.label("version"),
    runs.c.state.label("run_state"),
)
# The live shares of whoever has a run, of which they were not told that they are outdated. Asked by each action on a
# round, and so put together once.
_OWNER = select(runs.c.user).where(runs.c.team == bindparam("of_team"), runs.c.id == bindparam("of_run"))
UNTOLD = (
    select(shares, *_RUN)
    .select_from(shares.join(runs, OF_RUN))
    .where(shares.c.team == bindparam("of_team"), runs.c.user == _OWNER.scalar_subquery())
    .where(shares.c.state == ShareState.SENT, shares.c.sent_at.is_not(None), shares.c.told_outdated.is_(None))
)
_CONTENT = ("run", "run_version", "message", "parts", "place", "note", "graded", "made_at", "seen_at", "talk_at")


async def _pair(
    connection: AsyncConnection, team: str, share_id: str, update_id: str
) -> tuple[Row[Any] | None, Row[Any] | None]:
    """Lock and read a share and the one that updates it, until the end of the transaction."""
    rows = {name: await _lock(connection, team, name) for name in sorted([share_id, update_id])}
    return rows[share_id], rows[update_id]


async def _lock(connection: AsyncConnection, team: str, share_id: str) -> Row[Any] | None:
    """Lock and read a share, until the end of the transaction; None if there is none.

    SQLite locks with the first change alone, so that one is made which changes nothing.
    """
    unchanged = update(shares).where(*_one(team, share_id)).values(state=shares.c.state).returning(shares)
    row: Row[Any] | None = (await connection.execute(unchanged)).first()
    return row


async def _messages(connection: AsyncConnection, team: str, share_id: str) -> dict[str, tuple[str, str]]:
    mine = (share_messages.c.team == team, share_messages.c.share == share_id)
    rows = await connection.execute(select(share_messages).where(*mine).order_by(share_messages.c.ts))
    return {row.slot: (row.channel, row.ts) for row in rows}


async def _put_message(connection: AsyncConnection, team: str, share_id: str, slot: str, channel: str, ts: str) -> None:
    channel_and_ts = {"channel": channel, "ts": ts}
    put = insert_into(connection, share_messages).values(team=team, share=share_id, slot=slot, **channel_and_ts)
    await connection.execute(put.on_conflict_do_update(index_elements=["team", "share", "slot"], set_=channel_and_ts))


async def _swap(connection: AsyncConnection, share: Row[Any], new: Row[Any], state: ShareState) -> None:
    """Have two shares swap what they say; `new` has this state then."""
    for one, other, changed in ((share, new, {}), (new, share, {"state": state})):
        content = {name: getattr(other, name) for name in _CONTENT}
        await connection.execute(update(shares).where(*_one(one.team, one.id)).values(content | changed))


async def _claimed_lately(connection: AsyncConnection, team: str, run_id: str) -> int:
    lately = (shares.c.team == team, shares.c.claimed_run == run_id, shares.c.claimed_at > time.time() - DAY)
    return await connection.scalar(select(func.count()).select_from(shares).where(*lately)) or 0


async def _newer(connection: AsyncConnection, team: str, row: Row[Any]) -> list[str]:
    """Name the runs that a share does not show, given its row with that of its run, as `newer` does."""
    purposes = and_(answers.c.team == runs.c.team, answers.c.run == runs.c.id, answers.c.question == PURPOSE)
    later = select(runs.c.id, answers.c.choice).select_from(runs.outerjoin(answers, purposes))
    later = later.where(runs.c.team == team, runs.c.user == row.user, runs.c.comparison.is_(None))
    ended = or_(runs.c.id == row.run, and_(runs.c.begun_at > row.begun_at, runs.c.finished_at.is_not(None)))
    rounds = (await connection.execute(later.where(ended).order_by(runs.c.begun_at.desc()))).all()
    purpose = {run.id: purpose_of(run.choice or OWN) for run in rounds}
    newer = [str(name) for name in purpose if name != row.run and purpose[name] == purpose.get(row.run)]
    shows_grading = Part.GRADED in (row.parts or ()) and row.graded is not None
    cell = (row.run_state or {}).get("graded")
    regraded = shows_grading and graded_as(Graded(*cell) if cell else None) != row.graded
    return [*newer, str(row.run)] if regraded or row.version != row.run_version else newer


def _run(team: str, run_id: str) -> tuple[ColumnElement[bool], ...]:
    return runs.c.team == team, runs.c.id == run_id


def _one(team: str, share_id: Any) -> tuple[ColumnElement[bool], ...]:
    return shares.c.team == team, shares.c.id == share_id


def _of_sender(team: str, user: str, columns: Any) -> Any:
    """Select of the shares of somebody's runs."""
    return select(columns).select_from(shares.join(runs, OF_RUN)).where(shares.c.team == team, runs.c.user == user)
