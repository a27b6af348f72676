"""Messages that do not deserve silence by themselves: whether the quiz or the FAQ should take them."""

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot import jobs, work_records
from bot.domain.faq import FOLLOWED_FOR, UNPROMPTED, Surface
from bot.domain.reply_kinds import ANSWER, LINK
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import faq, feedback, for_sender, gaps, quiz, share
from bot.slack.deciding import PlannedReply, decide
from bot.slack.dispatch import ReceivedRequest
from bot.slack.event_payloads import EventCallback
from bot.slack.incoming import IncomingMessage, Written, classify, count_silence, deserved_reply
from bot.slack.work import Work
from bot.storage import TOP_LEVEL, Reply, Store, StoredRun

# Seconds after a message within which what was decided about it may not have begun to be done.
ON_ITS_WAY = 120.0
KEPT = 29 * 86_400.0  # seconds for which it is remembered what was replied to a message, less than replies are kept


async def on_message(
    event_callback: EventCallback,
    context: AsyncBoltContext,
    library: Library,
    store: Store,
    second_stage: SecondStage | None,
    request: ReceivedRequest,
) -> None:
    """Give a message to the quiz if it stands in a run's thread, and to the FAQ otherwise."""
    team, event = str(context.team_id), event_callback.event
    if not isinstance(event, Written):
        return
    classified = request.classified
    if classified is None:
        from_outside = event_callback.from_outside(team)
        classified = await classify(event, str(context.bot_user_id), library, second_stage, from_outside=from_outside)
    message, reply = classified.message, classified.reply
    alone = reply
    if classified.ignorable or message is None or await _between_people(team, message, store):
        return
    shared = event_callback.is_ext_shared_channel  # None where Slack does not say so
    if classified.follows:
        known = await store.replies.get(team, message.channel, message.ts)
        if known and not message.revised_ts:
            return  # delivered again: the latest answer, against which it would be decided, may be its own
        after = await _answered_before(team, message, known, store)
        reply = await decide(message.text, message.surface, library, second_stage, after) if after else reply
    stored, number = None, message.number
    if message.surface is Surface.DM and message.thread_ts:
        stored = await store.runs.in_thread(team, message.user, message.thread_ts)
        reply = reply if stored else await _below_copy(team, message, message.thread_ts, reply, store)
    elif message.surface is Surface.DM and reply and not number and not message.deleted:
        where = (team, message.user, message.channel, message.ts)
        reply = await for_sender.redirected(*where, message.text, reply, library, store)
    if stored:
        await _in_round(team, message, stored, reply, library, store)
    elif message.revised_ts:
        reply = None if number else reply  # the choice stands, and a number alone asks nothing
        deserved = await deserved_reply(message.former, library, second_stage)
        await _revise(team, message, message.revised_ts, reply, store, deserved=deserved, shared=shared)
        await _revise_question(team, message, message.revised_ts, reply, alone, store)
    elif number:
        place = (team, message.user, message.channel, message.thread_ts or message.ts, message.ts)
        await feedback.choose_by_number(*place, number, reply, message.surface, shared=shared)
    elif reply is not None:
        where = (team, message.channel, message.ts, message.user)
        await gaps.record_message(*where, message.text, message.surface, reply, alone, store)
        await _answer(team, message, reply, shared=shared)
    else:
        count_silence(message, event)


async def _in_round(
    team: str,
    message: IncomingMessage,
    stored: StoredRun,
    reply: PlannedReply | None,
    library: Library,
    store: Store,
) -> None:
    """Give a message, or the edit of one, to the quiz, in the thread of whose round it stands."""
    if message.revised_ts is None:
        await quiz.on_reply(team, message.text, message.ts, stored, reply, library, store)
    elif not message.deleted:
        await quiz.on_edit(team, message.text, message.ts, message.revised_ts, stored, library)


async def _answered_before(team: str, message: IncomingMessage, known: Reply | None, store: Store) -> str | None:
    """Give the entry that a message may lean on: the latest in its thread, or if it has a reply, the one before it.

    Of a direct message outside threads, that is the latest there, if it is not long ago; the first reply to an answer
    there leans on that.
    """
    if known is not None:
        before = await store.replies.before(team, message.channel, known)
    elif message.thread_ts and (entry := await store.last_answer(team, message.channel, message.thread_ts)):
        return entry
    elif not message.thread_ts:
        since = float(message.ts) - FOLLOWED_FOR
        return await store.last_answer(team, message.channel, TOP_LEVEL, since=since)
    elif message.surface is Surface.DM and message.thread_ts:
        before = await store.replies.of_answer(team, message.channel, message.thread_ts)
        before = before if before and before.kind in (ANSWER, LINK) else None
    else:
        return None
    return before.entries[-1] if before and before.entries else None


async def _between_people(team: str, message: IncomingMessage, store: Store) -> bool:
    """Say whether a message is part of answering what was passed on to a person, in which the bot has no part."""
    if not message.replies_to_us or not message.thread_ts:
        return False
    where = (message.channel, message.thread_ts, message.ts)
    stands_there = await feedback.on_reply_to_us(team, message.user, *where, store)
    return stands_there and message.surface is not Surface.MENTION


async def _below_copy(
    team: str, message: IncomingMessage, thread_ts: str, reply: PlannedReply | None, store: Store
) -> PlannedReply | None:
    """Give what to reply to a message that may stand below a result which somebody has shared.

    There it may be for that person, which is offered; it is answered only if it is a question that has an answer.
    """
    where = (message.channel, thread_ts, message.ts)
    says: share.Says | None = None
    if message.revised_ts is None and (message.text or message.has_files):
        says = share.Says(text=bool(message.text), files=message.has_files)
    answered = reply is not None and reply.kind == ANSWER
    below_us = message.replies_to_us
    is_there = await share.on_reply(team, message.user, *where, store, says=says, below_us=below_us, answered=answered)
    return None if is_there and not answered else reply


async def _revise_question(
    team: str,
    message: IncomingMessage,
    revised_ts: str,
    reply: PlannedReply | None,
    alone: PlannedReply | None,
    store: Store,
) -> None:
    """Change or delete what is kept of a question that was put to us; of other messages nothing is."""
    if message.surface not in UNPROMPTED or message.former_surface not in UNPROMPTED:
        where, asked = (team, message.channel, message.ts, message.user), None if message.deleted else reply
        await gaps.revise_message(*where, message.text, message.surface, asked, alone, revised_ts, store)


async def _revise(
    team: str,
    message: IncomingMessage,
    revised_ts: str,
    reply: PlannedReply | None,
    store: Store,
    *,
    deserved: bool,
    shared: bool | None,
) -> None:
    """Have what was replied to a message changed or withdrawn, or reply to it now.

    deserved: it may have been replied to as it was before; for a while nothing need be recorded of that.
    """
    age = float(revised_ts) - float(message.ts)
    coming = deserved and age < ON_ITS_WAY
    if reply is None and not coming and not await _is_replied_to(team, message, store, deserved=deserved):
        return
    if age > KEPT and await store.replies.get(team, message.channel, message.ts) is None:
        return  # what was replied to it is not remembered any more, and would be said once more
    key = Work.REVISE_REPLY.key(team, message.channel, message.ts, revised_ts)
    planned = _arguments(message, reply or PlannedReply(""))
    revision = (message.ts, revised_ts, message.deleted)
    await jobs.start(key, faq.faq_worker.revise_reply, team, *planned, message.user, shared, *revision)


async def _is_replied_to(team: str, message: IncomingMessage, store: Store, *, deserved: bool) -> bool:
    """Say whether there is a reply to a message, or work that will bring one once it begins."""
    if await store.replies.get(team, message.channel, message.ts) is not None:
        return True
    if not deserved:
        return False
    if await work_records.is_recorded(Work.ANSWER.key(team, message.channel, message.ts)):
        return True
    return bool(await work_records.received([Work.REVISE_REPLY.key(team, message.channel, message.ts, "")]))


async def _answer(team: str, message: IncomingMessage, reply: PlannedReply, *, shared: bool | None) -> None:
    """Have a message answered, and say that this takes long where many have asked before."""
    ahead = jobs.count_waiting(Work.ANSWER.key(team, message.channel, ""))
    key = Work.ANSWER.key(team, message.channel, message.ts)
    await jobs.start(key, faq.faq_worker.post_reply, team, *_arguments(message, reply), message.user, shared)
    thread, surface = message.thread_ts or message.ts, message.surface.value
    wanted = Reply(message.ts, thread, message.user, surface, reply.kind, tuple(reply.entries))
    faq.faq_worker.tell_of_queue(team, message.channel, wanted, ahead, shared=shared)


def _arguments(message: IncomingMessage, reply: PlannedReply) -> tuple[str, str, str, list[str], str]:
    """Give channel, thread, kind, entries and surface of a reply, in the order in which the work takes them."""
    thread = message.thread_ts or message.ts
    return message.channel, thread, reply.kind, list(reply.entries), message.surface.value


def register(app: AsyncApp) -> None:
    """Listen to messages and mentions; the two events of one mention are one message."""
    app.event("message")(on_message)
    app.event("app_mention")(on_message)
