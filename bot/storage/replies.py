"""What was replied to which message, and how the bot is to behave: in a channel, in a thread, to a person."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    case,
    delete,
    func,
    not_,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.domain.reply_kinds import ANSWER, LINK
from bot.storage.holds import held_within
from bot.storage.home_changes import note_answer, note_channel
from bot.storage.last_answers import put_last_answers
from bot.storage.sql import autocommit, insert_into, insert_new
from bot.storage.stored_reply import Reply, ReplyState, read_reply, reply_row
from bot.storage.tables import channel_settings, hushed_threads, people, recent_entries, replies

TOP_LEVEL = ""  # in place of a thread's ts, for what was said in a direct message outside threads
HELD_AT_MOST = 900.0  # seconds after which work that holds a reply is taken to be gone
DIRECT_MESSAGE = "D"  # what the id of a direct message begins with
HELD_FRESH = 60.0  # seconds after which work that goes on holding a reply says so


@dataclass(frozen=True)
class ChannelSettings:
    """What a channel's members have set; times in seconds since 1970.

    chosen_for_shared: whether the channel was shared with another organisation when they did; None if that is unknown.
    greeting_ts: of the message by which the bot has said that it is there, if that is known.
    """

    mode: str | None = None
    changed_by: str | None = None
    changed_at: float | None = None
    welcomed_at: float | None = None
    chosen_for_shared: bool | None = None
    greeting_ts: str | None = None


@dataclass(frozen=True)
class Surroundings:
    """What is to be minded in a thread: its channel's mode, and whether that was chosen with outsiders reading; whether
    somebody asked for quiet there, whether the person wants answers to mentions only, and how many answers it has had.
    """

    mode: str | None
    chosen_for_shared: bool | None
    hushed: bool
    opted_out: bool
    answers: int


class Replies:
    """The replies of a database, and what they have to mind."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # Statements that every answer needs are put together once: that takes as long as the database itself.
        insert = insert_into(engine, replies).on_conflict_do_nothing()
        self._insert_reply = insert.returning(replies.c.question_ts)

    async def hold(self, team: str, channel: str, reply: Reply, *, by: str, revises: bool = True) -> Reply | None:
        """Take hold of the reply to a message for a piece of work, which alone may write it until `settle`.

        Gives the reply as it stands, which is a new one if there was none. None if the message has had a later revision
        than `reply.revision`, or the same one that other work has seen to. Raises BusyError while other work holds it.
        Again by the same work gives the same. revises: this is the message, or an edit or deletion of it; otherwise
        somebody has clicked, so that the revision is not looked at and stays.
        """
        row = reply_row(team, channel, reply) | {"holder": by, "held_at": time.time()}
        async with autocommit(self._engine) as connection:
            if await connection.scalar(self._insert_reply, row):
                return reply
        async with self._engine.begin() as connection:
            if await connection.scalar(
                self._insert_reply, row
            ):  # again: SQLite locks nothing for a reader who is going to write
                return reply
            mine = _of_message(team, channel, reply.question_ts)
            kept = (await connection.execute(select(replies).where(*mine).with_for_update())).one()
            since, until = _held_within()
            if kept.holder not in (None, by) and since < kept.held_at < until:
                raise BusyError
            revision = reply.revision if revises else kept.revision
            if kept.revision > revision or (revises and kept.holder != by and kept.revision == revision):
                return None
            held = {"holder": by, "held_at": time.time(), "revision": revision}
            await connection.execute(update(replies).where(*mine).values(held))
            return replace(read_reply(kept), revision=revision)

    async def hold_new(
        self, team: str, channel: str, reply: Reply, *, by: str, last_answers: Mapping[str, str]
    ) -> bool:
        """Take hold of the reply to a message as `hold` does, and remember `last_answers` as `claim_entries` does.

        Both in one transaction, which takes half as long as two. Does nothing, and gives False, if there is a reply.
        """
        row = reply_row(team, channel, reply) | {"holder": by, "held_at": time.time()}
        async with self._engine.begin() as connection:
            is_new = bool(await connection.scalar(self._insert_reply, row))
            if is_new:
                await put_last_answers(connection, team, channel, last_answers)
        return is_new

    async def hold_posted(self, team: str, channel: str, question_ts: str, *, by: str) -> Reply | None:
        """Take hold of a reply that is posted, to correct it, until `settle`; None if it is not posted any more.

        Raises BusyError while other work holds it. Again by the same work gives the same.
        """
        mine = (*_of_message(team, channel, question_ts), replies.c.state == ReplyState.POSTED)
        free = or_(replies.c.holder.is_(None), replies.c.holder == by, not_(replies.c.held_at.between(*_held_within())))
        # One statement, since SQLite locks nothing for a reader who is going to write.
        hold = update(replies).where(*mine, free).values(holder=by, held_at=time.time()).returning(replies)
        async with self._engine.begin() as connection:
            if held := (await connection.execute(hold)).first():
                return read_reply(held)
            if await connection.scalar(select(func.count()).select_from(replies).where(*mine)):
                raise BusyError
        return None

    async def renew(self, team: str, channel: str, reply: Reply, *, by: str, seconds: float = 0.0) -> bool:
        """Hold a reply for as long as usual and so many seconds more; gives whether this work holds it now.

        It does if it has held it last, also where it failed since and is done again. Costs no write where the hold is
        fresh.
        """
        now, message = time.time(), {"of_team": team, "of_channel": channel, "of_question": reply.question_ts}
        async with autocommit(self._engine) as connection:
            held = (await connection.execute(HOLDER, message)).first()
            if held and held.holder == by and held.held_at > now + seconds - HELD_FRESH:
                return True
            mine = _of_message(team, channel, reply.question_ts)
            renewed = update(replies).where(*mine, replies.c.holder == by)
            renewed = renewed.values(holder=by, held_at=now + seconds).returning(replies.c.question_ts)
            return await connection.scalar(renewed) is not None

    async def settle(
        self, team: str, channel: str, reply: Reply, *, by: str, posted: bool = False, failed: bool = False
    ) -> None:
        """Record how a reply stands, and let go of it; does nothing unless this work holds it.

        An asker who has been forgotten meanwhile stays so. posted: it has been posted or changed just now, from when
        on the channel has its entries. failed: the work is given up, and takes hold again if it is done again before
        any other does.
        """
        row = reply_row(team, channel, reply)
        row |= {"holder": by, "held_at": 0.0} if failed else {"holder": None, "held_at": None}
        row["new_asker"] = row.pop("asker")
        mine = {"of_team": team, "of_channel": channel, "of_question": reply.question_ts, "of_work": by}
        answers = reply.entries if reply.state is ReplyState.POSTED and reply.kind == ANSWER else ()
        here = (recent_entries.c.team == team, recent_entries.c.channel == channel)
        claimed = (*here, recent_entries.c.question_ts == reply.question_ts)
        async with self._engine.begin() as connection:
            # A direct message is given the same answer as often as somebody asks.
            if await connection.scalar(SETTLE, mine | row) and not channel.startswith(DIRECT_MESSAGE):
                # What it does not say any more: the next who asks gets the answer itself.
                await connection.execute(delete(recent_entries).where(*claimed, recent_entries.c.entry.not_in(answers)))
                if answers and posted:
                    now = time.time()
                    await connection.execute(update(recent_entries).where(*claimed).values(posted_at=now))
                    claim = {"question_ts": reply.question_ts, "posted_at": now}
                    for entry in sorted(answers):
                        row = {"team": team, "channel": channel, "entry": entry} | claim
                        await insert_new(connection, recent_entries, row)
                if answers:
                    await note_answer(connection, team)

    async def get(self, team: str, channel: str, question_ts: str) -> Reply | None:
        """Give what was replied to a message, or None."""
        message = {"of_team": team, "of_channel": channel, "of_question": question_ts}
        async with autocommit(self._engine) as connection:
            row = (await connection.execute(REPLY, message)).first()
        return read_reply(row) if row else None

    async def release(self, team: str, holders: Sequence[str]) -> None:
        """Let go of the replies that this work has held, which was stopped; what was not posted counts as withheld."""
        mine = (replies.c.team == team, replies.c.holder.in_(holders))
        begun = case((replies.c.state == ReplyState.BEGUN, ReplyState.WITHHELD), else_=replies.c.state)
        async with self._engine.begin() as connection:
            await connection.execute(update(replies).where(*mine).values(holder=None, held_at=None, state=begun))

    async def is_held(self, team: str, channel: str, question_ts: str) -> bool:
        """Say whether work is at the reply to a message now."""
        held = (replies.c.holder.is_not(None), replies.c.held_at.between(*_held_within()))
        count = select(func.count()).select_from(replies).where(*_of_message(team, channel, question_ts), *held)
        async with autocommit(self._engine) as connection:
            return bool(await connection.scalar(count))

    async def of_answer(self, team: str, channel: str, answer_ts: str) -> Reply | None:
        """Give the reply that a message of ours is, or None."""
        mine = (replies.c.team == team, replies.c.channel == channel, replies.c.answer_ts == answer_ts)
        return await self._latest(*mine)

    async def before(self, team: str, channel: str, reply: Reply) -> Reply | None:
        """Give the last reply in a thread before this one that answers something, or None.

        Of a direct message, that is the last outside threads; in a thread below a reply of ours, it may be that one.
        """
        earlier = (replies.c.question_ts < reply.question_ts, replies.c.kind.in_((ANSWER, LINK)))
        stands = (replies.c.state == ReplyState.POSTED, *earlier)
        if not channel.startswith(DIRECT_MESSAGE):
            return await self._latest(*_of_thread(team, channel, reply.thread_ts), *stands)
        if reply.thread_ts == reply.question_ts:
            return await self._latest(*_at_top_level(team, channel), *stands)
        return await self._latest(*_in_or_above_thread(team, channel, reply.thread_ts), *stands)

    async def last_at_top_level(self, team: str, channel: str, *, before: str, within: float) -> Reply | None:
        """Give the last reply that stands in a direct message outside threads, or None.

        before: a message that was written after what was replied to, and after the reply, at most `within` seconds.
        """
        lately = (replies.c.question_ts < before, replies.c.replied_at >= float(before) - within)
        return await self._latest(*_at_top_level(team, channel), replies.c.state == ReplyState.POSTED, *lately)

    async def latest_in_thread(
        self, team: str, channel: str, thread_ts: str, kinds: Sequence[str], *, before: str | None = None
    ) -> Reply | None:
        """Give the latest reply of these kinds that stands in a thread, or is its root; None if there is none.

        before: only what was said to messages written before this one.
        """
        posted = [replies.c.state == ReplyState.POSTED, replies.c.kind.in_(kinds)]
        if before is not None:
            posted.append(replies.c.question_ts < before)
        return await self._latest(*_in_or_above_thread(team, channel, thread_ts), *posted)

    async def undecided(
        self, team: str, channel: str, reply: Reply, kinds: Sequence[str], *, within: float
    ) -> list[Reply]:
        """List the replies of these kinds that whoever has asked got before in the same place, and has not decided on.

        The place is the thread, or a direct message outside threads. They stand there, since `within` seconds before
        the question at most; latest first.
        """
        if reply.asker is None:
            return []
        at_top_level = reply.thread_ts == reply.question_ts
        if at_top_level and not channel.startswith(DIRECT_MESSAGE):
            return []
        asked: dict[str, Any] = {"of_team": team, "of_channel": channel, "of_thread": reply.thread_ts}
        asked |= {"of_asker": reply.asker, "of_question": reply.question_ts, "of_kinds": list(kinds)}
        asked["since"] = float(reply.question_ts) - within
        async with autocommit(self._engine) as connection:
            rows = await connection.execute(UNDECIDED_AT_TOP_LEVEL if at_top_level else UNDECIDED_IN_THREAD, asked)
            return [read_reply(row) for row in rows]

    async def posted_since(
        self, team: str, since: float, after: tuple[str, str], limit: int
    ) -> list[tuple[str, Reply]]:
        """List the replies that were posted since then and still stand, each with its channel.

        They are in the order of channel and question: so many that come after those two, `after`.
        """
        mine = (replies.c.team == team, replies.c.state == ReplyState.POSTED, replies.c.replied_at >= since)
        position = (replies.c.channel, replies.c.question_ts)
        page = select(replies).where(*mine, tuple_(*position) > tuple_(*after)).order_by(*position).limit(limit)
        async with autocommit(self._engine) as connection:
            rows = await connection.execute(page)
            return [(row.channel, read_reply(row)) for row in rows]

    async def around(
        self,
        team: str,
        channel: str,
        thread_ts: str,
        user: str | None,
        surfaces: Sequence[str],
        *,
        question_ts: str | None = None,
    ) -> Surroundings:
        """Give what is to be minded before replying to somebody in a thread.

        surfaces: of the messages whose answers in this thread are counted; with those that are on their way to messages
        before `question_ts`.
        """
        since, until = _held_within()
        asked = {
            "of_team": team,
            "of_channel": channel,
            "of_thread": thread_ts,
            "of_user": user,
            "of_question": question_ts or "",
            "of_surfaces": list(surfaces),
            "since": since,
            "until": until,
        }
        async with autocommit(self._engine) as connection:
            row = (await connection.execute(SURROUNDINGS, asked)).one()
        opted_out = row.answers_unasked is False
        return Surroundings(row.mode, row.chosen_for_shared, bool(row.hushed), opted_out, row.answers)

    async def links(self, team: str, channel: str, question_ts: str) -> list[Reply]:
        """List the replies that stand in a channel and link to the answer to another question there, oldest first."""
        which = (replies.c.team == team, replies.c.channel == channel, replies.c.state == ReplyState.POSTED)
        linking = select(replies).where(*which, replies.c.linked.is_not(None)).order_by(replies.c.question_ts)
        async with autocommit(self._engine) as connection:
            rows = [read_reply(row) for row in await connection.execute(linking)]
        return [reply for reply in rows if question_ts in reply.linked.values()]

    async def claim_entries(
        self,
        team: str,
        channel: str,
        entries: Sequence[str],
        question_ts: str,
        within: float,
        *,
        instead_of: Mapping[str, str] | None = None,
        last_answers: Mapping[str, str] | None = None,
    ) -> dict[str, str]:
        """Claim for a question that a channel gets these entries with its answer.

        Gives those which other questions have claimed within so many seconds, each with the question's ts. All are
        claimed at once, so that of two questions at most one has to wait for the other. Again gives the same.
        instead_of: entries with the question whose answer does not say them, and whose claim is taken over.
        last_answers: threads with the entry that they are answered with, as `Store.record_answer` has it. Of its own,
        that would cost another transaction, and on SQLite most of the time that an answer takes is for those.
        """
        if not entries:
            if last_answers:
                async with autocommit(self._engine) as connection:
                    await put_last_answers(connection, team, channel, last_answers)
            return {}
        here = (recent_entries.c.team == team, recent_entries.c.channel == channel)
        async with self._engine.begin() as connection:
            now = time.time()
            for entry in sorted(entries):
                row = {"team": team, "channel": channel, "entry": entry}
                claim = {"question_ts": question_ts, "posted_at": now}
                put = insert_into(connection, recent_entries).values(row | claim)
                put = put.on_conflict_do_update(
                    index_elements=["team", "channel", "entry"],
                    set_=claim,
                    # A clock that has been put back since has left times in the future, which count for nothing.
                    where=or_(recent_entries.c.posted_at < now - within, recent_entries.c.posted_at > now + within),
                )
                await connection.execute(put)
                if stale := (instead_of or {}).get(entry):
                    mine = (*here, recent_entries.c.entry == entry, recent_entries.c.question_ts == stale)
                    await connection.execute(update(recent_entries).where(*mine).values(claim))
            if last_answers:
                await put_last_answers(connection, team, channel, last_answers)
            claimed = select(recent_entries.c.entry, recent_entries.c.question_ts)
            rows = await connection.execute(claimed.where(*here, recent_entries.c.entry.in_(entries)))
            return {row.entry: row.question_ts for row in rows if row.question_ts != question_ts}

    # What the bot has to mind

    async def channel(self, team: str, channel: str) -> ChannelSettings:
        """Give what is set for a channel."""
        mine = (channel_settings.c.team == team, channel_settings.c.channel == channel)
        async with autocommit(self._engine) as connection:
            row = (await connection.execute(select(channel_settings).where(*mine))).mappings().first()
        return ChannelSettings(**{name: row[name] for name in ChannelSettings.__dataclass_fields__} if row else {})

    async def set_mode(self, team: str, channel: str, mode: str, *, by: str, at: float) -> None:
        """Set the mode of a channel, at a time in seconds since 1970; of several the latest holds."""
        values = {"mode": mode, "changed_by": by, "changed_at": at, "chosen_for_shared": None}
        earlier = or_(channel_settings.c.changed_at.is_(None), channel_settings.c.changed_at < at)
        async with self._engine.begin() as connection:
            put = insert_into(connection, channel_settings).values({"team": team, "channel": channel, **values})
            here = ["team", "channel"]
            await connection.execute(put.on_conflict_do_update(index_elements=here, set_=values, where=earlier))
            await note_channel(connection, team, channel_settings.c.mode.is_not(None))

    async def mark_welcomed(self, team: str, channel: str, greeting_ts: str | None = None) -> None:
        """Remember that the bot has said in a channel that it is there, by which message; again does nothing."""
        mine = (channel_settings.c.team == team, channel_settings.c.channel == channel)
        async with self._engine.begin() as connection:
            await insert_new(connection, channel_settings, {"team": team, "channel": channel})
            welcomed = update(channel_settings).where(*mine, channel_settings.c.welcomed_at.is_(None))
            if (await connection.execute(welcomed.values(welcomed_at=time.time(), greeting_ts=greeting_ts))).rowcount:
                await note_channel(connection, team, channel_settings.c.welcomed_at.is_not(None))

    async def note_shared(self, team: str, channel: str, *, at: float, shared: bool) -> None:
        """Remember whether outsiders read along when a mode was set at this time; nothing if another is set by now."""
        mine = (channel_settings.c.team == team, channel_settings.c.channel == channel)
        async with self._engine.begin() as connection:
            noted = update(channel_settings).where(*mine, channel_settings.c.changed_at == at)
            await connection.execute(noted.values(chosen_for_shared=shared))

    async def hush(self, team: str, channel: str, thread_ts: str, *, by: str) -> None:
        """Keep the bot from speaking unasked in a thread; again does nothing."""
        row = {"team": team, "channel": channel, "thread_ts": thread_ts, "hushed_by": by, "hushed_at": time.time()}
        async with self._engine.begin() as connection:
            await insert_new(connection, hushed_threads, row)

    async def choices_of(self, team: str, user: str) -> tuple[bool, bool]:
        """Give whether somebody wants answers without mentioning the bot, and news of questions that it could not
        answer; both until they say otherwise."""
        async with autocommit(self._engine) as connection:
            mine = (people.c.team == team, people.c.user == user)
            row = (await connection.execute(select(people.c.answers_unasked, people.c.news).where(*mine))).first()
        return (row.answers_unasked, row.news) if row else (True, True)

    async def choose(
        self, team: str, user: str, *, answers_unasked: bool | None = None, news: bool | None = None
    ) -> None:
        """Set what somebody wants, of `choices_of`; None leaves it as it is."""
        values = {"answers_unasked": answers_unasked, "news": news}
        chosen = {name: value for name, value in values.items() if value is not None}
        row = {"team": team, "user": user, "answers_unasked": True, "news": True} | chosen
        async with self._engine.begin() as connection:
            put = insert_into(connection, people).values(row)
            await connection.execute(put.on_conflict_do_update(index_elements=["team", "user"], set_=chosen))

    async def prune(self, before: float) -> None:
        """Delete replies and quiet threads of before this time, in seconds since 1970."""
        async with self._engine.begin() as connection:
            await connection.execute(delete(replies).where(replies.c.replied_at < before))
            await connection.execute(delete(recent_entries).where(recent_entries.c.posted_at < before))
            await connection.execute(delete(hushed_threads).where(hushed_threads.c.hushed_at < before))

    async def _latest(self, *which: ColumnElement[bool]) -> Reply | None:
        latest = select(replies).where(*which).order_by(replies.c.question_ts.desc()).limit(1)
        async with autocommit(self._engine) as connection:
            row = (await connection.execute(latest)).first()
        return read_reply(row) if row else None


class BusyError(Exception):
    """Other work holds this reply just now."""


def _surroundings() -> Select[Any]:
    """Make the statement of `Replies.around`."""
    names = ("of_team", "of_channel", "of_thread", "of_question")
    team, channel, thread, question = (bindparam(name, type_=String()) for name in names)
    here = (channel_settings.c.team == team, channel_settings.c.channel == channel)
    mine = (people.c.team == team, people.c.user == bindparam("of_user"))
    held = replies.c.held_at.between(bindparam("since"), bindparam("until"))
    coming = and_(replies.c.state == ReplyState.BEGUN, held, replies.c.question_ts < question)
    in_thread = (replies.c.team == team, replies.c.channel == channel, replies.c.thread_ts == thread)
    others = (
        or_(replies.c.state == ReplyState.POSTED, coming),
        replies.c.surface.in_(bindparam("of_surfaces", expanding=True)),
        replies.c.question_ts != question,
    )
    quiet = (hushed_threads.c.team == team, hushed_threads.c.channel == channel, hushed_threads.c.thread_ts == thread)
    count = select(func.count())
    return select(
        select(channel_settings.c.mode).where(*here).scalar_subquery().label("mode"),
        select(channel_settings.c.chosen_for_shared).where(*here).scalar_subquery().label("chosen_for_shared"),
        count.select_from(hushed_threads).where(*quiet).scalar_subquery().label("hushed"),
        select(people.c.answers_unasked).where(*mine).scalar_subquery().label("answers_unasked"),
        count.select_from(replies).where(*in_thread, *others).scalar_subquery().label("answers"),
    )


def _held_within() -> tuple[float, float]:
    return held_within(time.time(), HELD_AT_MOST)


def _of_message(team: str, channel: str, question_ts: str) -> tuple[ColumnElement[bool], ...]:
    return replies.c.team == team, replies.c.channel == channel, replies.c.question_ts == question_ts


# Put together once, as those of `Replies.__init__`.
_MESSAGE = (
    replies.c.team == bindparam("of_team"),
    replies.c.channel == bindparam("of_channel"),
    replies.c.question_ts == bindparam("of_question"),
)
REPLY = select(replies).where(*_MESSAGE)
HOLDER = select(replies.c.holder, replies.c.held_at).where(*_MESSAGE)
SETTLE = (
    update(replies)
    .where(*_MESSAGE, replies.c.holder == bindparam("of_work"))
    .values(asker=case((replies.c.asker.is_not(None), bindparam("new_asker", type_=String()))))
    .returning(replies.c.question_ts)
)
_UNDECIDED = (
    select(replies)
    .where(replies.c.team == bindparam("of_team"), replies.c.channel == bindparam("of_channel"))
    .where(replies.c.asker == bindparam("of_asker"), replies.c.state == ReplyState.POSTED)
    .where(replies.c.kind.in_(bindparam("of_kinds", expanding=True)), replies.c.offered.is_(None))
    .where(replies.c.question_ts < bindparam("of_question"), replies.c.replied_at >= bindparam("since"))
    .order_by(replies.c.question_ts.desc())
)
UNDECIDED_IN_THREAD = _UNDECIDED.where(replies.c.thread_ts == bindparam("of_thread"))
# One that a button had posted is a root itself.
UNDECIDED_AT_TOP_LEVEL = _UNDECIDED.where(
    or_(replies.c.thread_ts == replies.c.question_ts, replies.c.thread_ts == replies.c.answer_ts)
)
SURROUNDINGS = _surroundings()


def _of_thread(team: str, channel: str, thread_ts: str) -> tuple[ColumnElement[bool], ...]:
    return replies.c.team == team, replies.c.channel == channel, replies.c.thread_ts == thread_ts


def _in_or_above_thread(team: str, channel: str, thread_ts: str) -> tuple[ColumnElement[bool], ...]:
    here = or_(replies.c.thread_ts == thread_ts, replies.c.answer_ts == thread_ts)
    return replies.c.team == team, replies.c.channel == channel, here


def _at_top_level(team: str, channel: str) -> tuple[ColumnElement[bool], ...]:
    """Say which replies stand in a direct message outside threads; one that a button had posted is a root itself."""
    outside = or_(replies.c.thread_ts == replies.c.question_ts, replies.c.thread_ts == replies.c.answer_ts)
    return replies.c.team == team, replies.c.channel == channel, outside
