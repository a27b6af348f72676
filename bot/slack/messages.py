"""Messages that do not deserve silence by themselves: whether the quiz or the FAQ should take them."""

from dataclasses import dataclass
from enum import Enum, auto

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot import jobs, work_records
from bot.domain.addressed import calls_person
from bot.domain.below_answer import asks_of_above
from bot.domain.copy_question import speaks_of_person
from bot.domain.faq import FOLLOWED_FOR, UNPROMPTED, Surface
from bot.domain.reply_kinds import ANSWER, LINK, NOT_ANSWERED, SUGGEST, TALK, UNKNOWN
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import copy_questions, faq, feedback, for_sender, gaps, quiz, share
from bot.slack.deciding import ABOVE, OF_WHOM, OFFERED, PlannedReply, asks, decide
from bot.slack.dispatch import ReceivedRequest
from bot.slack.event_payloads import EventCallback
from bot.slack.incoming import IncomingMessage, Written, classify, count_silence, deserved_reply
from bot.slack.leaning import leant_on
from bot.slack.work import Work
from bot.storage import TOP_LEVEL, Reply, Store, StoredRun

# Seconds after a message within which what was decided about it may not have begun to be done, or it may not even have
# come: Slack delivers for the last time six minutes after it was written what it could not deliver before.
ON_ITS_WAY = 420.0
REPLIED = (ANSWER, LINK, SUGGEST, NOT_ANSWERED, UNKNOWN)  # kinds of replies that "why?" may be about
WITHOUT_ANSWER = (PlannedReply(TALK, (ABOVE,)), PlannedReply(TALK, (OF_WHOM,)))  # what says that nothing is known
KEPT = 29 * 86_400.0  # seconds for which it is remembered what was replied to a message, less than replies are kept


class Handling(Enum):
    """What is done with a message that does not deserve silence by itself."""

    ROUND = auto()  # the quiz takes it
    REVISION = auto()  # the reply to it changes with it
    CHOICE = auto()  # its number may be one of several suggestions
    REPLY = auto()
    SILENCE = auto()


@dataclass(frozen=True)
class MessageInContext:
    """A message with what the rows say of where it stands.

    run: the round in whose thread it stands. reply: what to say to it there; standalone_reply: what to say to it by
    itself. shared: whether the channel is shared with another organisation; None where Slack does not say so.
    """

    message: IncomingMessage
    run: StoredRun | None
    reply: PlannedReply | None
    standalone_reply: PlannedReply | None
    shared: bool | None


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
    message = classified.message
    if classified.ignorable or message is None or await _between_people(team, message, store):
        return
    recorded = await store.replies.get(team, message.channel, message.ts) if classified.follows else None
    if recorded and not message.revised_ts:
        return  # delivered again: the latest answer, against which it would be decided, may be its own
    reply = classified.reply
    if classified.follows and await _asks_why_suggested(team, message, library, store):
        reply = PlannedReply(TALK, (OFFERED,))
    elif classified.follows and (entry := await _answered_before(team, message, recorded, library, store)):
        reply = await decide(message.text, message.surface, library, second_stage, entry)
    elif classified.follows and (suggested := await _suggested_before(team, message, store)):
        leaning = await decide(message.text, message.surface, library, second_stage, suggested)
        reply = leaning if leaning and leaning.kind == ANSWER else reply  # of what stands above nothing is answered yet
    run, reply = await _in_direct_message(team, message, reply, library, store, second_stage)
    shared = event_callback.is_ext_shared_channel
    in_context = MessageInContext(message, run, reply, classified.reply, shared)
    match handling_of(in_context):
        case Handling.ROUND if run:
            await _in_round(team, message, run, reply, library, store, second_stage)
        case Handling.REVISION if message.revised_ts:
            await _revise(team, in_context, message.revised_ts, library, store, second_stage)
        case Handling.CHOICE if message.number is not None:
            await _choose(team, in_context, message.number)
        case Handling.REPLY if reply:
            await _reply(team, in_context, reply, store)
        case _:
            count_silence(message, event)


def handling_of(in_context: MessageInContext) -> Handling:
    """Decide what is done with a message where it stands."""
    if in_context.run:
        return Handling.ROUND
    if in_context.message.revised_ts:
        return Handling.REVISION
    if in_context.message.number is not None:
        return Handling.CHOICE
    return Handling.REPLY if in_context.reply else Handling.SILENCE


async def _in_direct_message(
    team: str,
    message: IncomingMessage,
    reply: PlannedReply | None,
    library: Library,
    store: Store,
    second: SecondStage | None,
) -> tuple[StoredRun | None, PlannedReply | None]:
    """Give the round in whose thread a message stands, and what to reply to it with what else stands there.

    Of a message that stands elsewhere: no round, and the reply as it was decided.
    """
    if message.surface is not Surface.DM:
        return None, reply
    if message.thread_ts:
        run = await store.runs.in_thread(team, message.user, message.thread_ts)
        if run is None:
            reply = await _below_copy(team, message, message.thread_ts, reply, library, store, second)
        return run, reply
    if reply and not message.number and not message.deleted:
        question = (team, message.user, message.channel, message.ts)
        reply = await for_sender.redirected(*question, message.text, reply, library, store, second)
    return None, reply


async def _in_round(
    team: str,
    message: IncomingMessage,
    stored: StoredRun,
    reply: PlannedReply | None,
    library: Library,
    store: Store,
    second: SecondStage | None,
) -> None:
    """Give a message, or the edit of one, to the quiz, in the thread of whose round it stands."""
    if message.revised_ts is None:
        await quiz.on_reply(team, message.text, message.ts, stored, reply, library, store, second)
    elif not message.deleted:
        await quiz.on_edit(team, message.text, message.ts, message.revised_ts, stored, library, store)


async def _answered_before(
    team: str, message: IncomingMessage, recorded: Reply | None, library: Library, store: Store
) -> str | None:
    """Give the entry that a message may lean on: the latest in its thread, or if it has a reply, the one before it.

    Of a direct message outside threads, that is the latest there, if it is not long ago; the first reply to an answer
    there leans on that. What asks about "them" leans on the latest that says who they are.
    """
    if asks_of_above(message.text) and await _talk_stands_last(team, message, store):
        return None
    last = await _last_answer(team, message, recorded, store)
    if last is None or message.surface in UNPROMPTED or not library.index.asks_of_whom(message.text, last):
        return last
    where = (team, message.channel)
    above = recorded
    if above is None and message.thread_ts:
        above = await store.replies.latest_in_thread(*where, message.thread_ts, (ANSWER, LINK), before=message.ts)
    elif above is None:
        above = await store.replies.last_at_top_level(*where, before=message.ts, within=FOLLOWED_FOR)
    return await leant_on(message.text, last, *where, above, library, store) if above else last


async def _talk_stands_last(team: str, message: IncomingMessage, store: Store) -> bool:
    """Say whether what the bot said last where a message stands is small talk, as of what the quiz is.

    "How long does it take?" goes on with that then, whatever was answered before it.
    """
    where = (team, message.channel)
    if message.thread_ts:
        reply = await store.replies.latest_in_thread(*where, message.thread_ts, (*REPLIED, TALK), before=message.ts)
    else:
        reply = await store.replies.last_at_top_level(*where, before=message.ts, within=FOLLOWED_FOR)
    return reply is not None and reply.kind == TALK


async def _last_answer(team: str, message: IncomingMessage, recorded: Reply | None, store: Store) -> str | None:
    """Give the entry that was answered last before a message, as `_answered_before` has it."""
    if recorded is not None:
        before = await store.replies.before(team, message.channel, recorded)
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


async def _suggested_before(team: str, message: IncomingMessage, store: Store) -> str | None:
    """Give the first entry that was suggested last where a message stands, if nothing has been answered there.

    "and at Amazon?" below suggestions asks what the likeliest of them asks.
    """
    where = (team, message.channel)
    if message.thread_ts:
        reply = await store.replies.latest_in_thread(*where, message.thread_ts, (SUGGEST,), before=message.ts)
    elif message.surface is Surface.DM:
        reply = await store.replies.last_at_top_level(*where, before=message.ts, within=FOLLOWED_FOR)
    else:
        return None
    return reply.entries[0] if reply and reply.kind == SUGGEST and reply.entries else None


async def _asks_why_suggested(team: str, message: IncomingMessage, library: Library, store: Store) -> bool:
    """Say whether a message to us asks no more than why, and the last reply where it stands suggests questions."""
    if message.surface in UNPROMPTED or not library.index.asks_why(message.text):
        return False
    where = (team, message.channel)
    if message.thread_ts:
        reply = await store.replies.latest_in_thread(*where, message.thread_ts, REPLIED, before=message.ts)
    else:
        reply = await store.replies.last_at_top_level(*where, before=message.ts, within=FOLLOWED_FOR)
    return reply is not None and reply.kind == SUGGEST


async def _between_people(team: str, message: IncomingMessage, store: Store) -> bool:
    """Say whether a message is part of answering what was passed on to a person, in which the bot has no part."""
    if not message.replies_to_us or not message.thread_ts:
        return False
    reply = (message.channel, message.thread_ts, message.ts)
    answers_request = await feedback.on_reply_to_us(team, message.user, *reply, store)
    return answers_request and message.surface is not Surface.MENTION


async def _below_copy(
    team: str,
    message: IncomingMessage,
    thread_ts: str,
    reply: PlannedReply | None,
    library: Library,
    store: Store,
    second: SecondStage | None,
) -> PlannedReply | None:
    """Give what to reply to a message that may stand below a result which somebody has shared.

    What asks about the result is answered from what it shows. Else it may be for that person, which is offered; but for
    a question that has an answer and calls nobody by name, or that is about the bot, which gets that and no more.
    """
    in_thread = (message.channel, thread_ts, message.ts)
    question = await copy_questions.read(message.text, reply, library, second) if message.text else None
    if (
        question
        and message.revised_ts is None
        and await share.on_question(team, message.user, *in_thread, question, store)
    ):
        return None
    content: share.Says | None = None
    if message.revised_ts is None and (message.text or message.has_files):
        content = share.Says(text=bool(message.text), files=message.has_files)
    about_us = (
        reply is not None and for_sender.is_about_bot(reply, message.text, library) and asks(message.text, library)
    )
    if about_us and reply in WITHOUT_ANSWER and speaks_of_person(message.text):
        about_us = False  # of the sender no document tells
    answers = reply is not None and reply.kind == ANSWER
    answered = about_us or (answers and not calls_person(message.text, library.index.names_term))
    below_us = message.replies_to_us
    is_below_copy = await share.on_reply(
        team, message.user, *in_thread, store, says=content, below_us=below_us, answered=answered
    )
    return None if is_below_copy and not answered else reply


async def _revise(
    team: str,
    in_context: MessageInContext,
    revised_ts: str,
    library: Library,
    store: Store,
    second_stage: SecondStage | None,
) -> None:
    """Have what was replied to a message that was edited or deleted follow it, and what is kept of it as a question."""
    message = in_context.message
    # A choice stands, and a number alone asks nothing.
    reply = None if message.number else in_context.reply
    deserved = await deserved_reply(message.former, library, second_stage)
    await _revise_reply(team, in_context, revised_ts, reply, store, deserved=deserved)
    await _revise_question(team, in_context, revised_ts, reply, store)


async def _revise_question(
    team: str, in_context: MessageInContext, revised_ts: str, reply: PlannedReply | None, store: Store
) -> None:
    """Change or delete what is kept of a question that was put to us; of other messages nothing is."""
    message = in_context.message
    if message.surface not in UNPROMPTED or message.former_surface not in UNPROMPTED:
        question = (team, message.channel, message.ts, message.user)
        replies = (None if message.deleted else reply, in_context.standalone_reply)
        await gaps.revise_message(*question, message.text, message.surface, *replies, revised_ts, store)


async def _revise_reply(
    team: str,
    in_context: MessageInContext,
    revised_ts: str,
    reply: PlannedReply | None,
    store: Store,
    *,
    deserved: bool,
) -> None:
    """Have what was replied to a message changed or withdrawn, or reply to it now.

    deserved: it may have been replied to as it was before; for a while nothing need be recorded of that.
    """
    message = in_context.message
    age = float(revised_ts) - float(message.ts)
    coming = deserved and age < ON_ITS_WAY
    if reply is None and not coming and not await _is_replied_to(team, message, store, deserved=deserved):
        return
    if age > KEPT and await store.replies.get(team, message.channel, message.ts) is None:
        return  # what was replied to it is not remembered any more, and would be said once more
    key = Work.REVISE_REPLY.key(team, message.channel, message.ts, revised_ts)
    planned = _arguments(message, reply or PlannedReply(""))
    revision = (message.ts, revised_ts, message.deleted)
    await jobs.start(key, faq.faq_worker.revise_reply, team, *planned, message.user, in_context.shared, *revision)


async def _is_replied_to(team: str, message: IncomingMessage, store: Store, *, deserved: bool) -> bool:
    """Say whether there is a reply to a message, or work that will bring one once it begins."""
    if await store.replies.get(team, message.channel, message.ts) is not None:
        return True
    if not deserved:
        return False
    if await work_records.is_recorded(Work.ANSWER.key(team, message.channel, message.ts)):
        return True
    return bool(await work_records.received([Work.REVISE_REPLY.key(team, message.channel, message.ts, "")]))


async def _choose(team: str, in_context: MessageInContext, number: int) -> None:
    """Take a message that picks a suggestion for a click on it, if one of this number stands above it."""
    message = in_context.message
    conversation = (team, message.user, message.channel, message.thread_ts or message.ts, message.ts)
    await feedback.choose_by_number(*conversation, number, in_context.reply, message.surface, shared=in_context.shared)


async def _reply(team: str, in_context: MessageInContext, reply: PlannedReply, store: Store) -> None:
    """Have a message replied to, keep it if it has no answer, and say that this takes long where many asked before."""
    message, shared = in_context.message, in_context.shared
    question = (team, message.channel, message.ts, message.user)
    standalone_reply = in_context.standalone_reply
    await gaps.record_message(*question, message.text, message.surface, reply, standalone_reply, store)
    ahead = jobs.count_waiting(Work.ANSWER.key(team, message.channel, ""))
    key = Work.ANSWER.key(team, message.channel, message.ts)
    await jobs.start(key, faq.faq_worker.post_reply, team, *_arguments(message, reply), message.user, shared)
    thread, surface = message.thread_ts or message.ts, message.surface.value
    wanted = Reply(message.ts, thread, message.user, surface, reply.kind, reply.entries)
    faq.faq_worker.tell_of_queue(team, message.channel, wanted, ahead, shared=shared)


def _arguments(message: IncomingMessage, reply: PlannedReply) -> tuple[str, str, str, list[str], str]:
    """Give channel, thread, kind, entries and surface of a reply, in the order in which the work takes them."""
    thread = message.thread_ts or message.ts
    return message.channel, thread, reply.kind, list(reply.entries), message.surface.value


def register(app: AsyncApp) -> None:
    """Listen to messages and mentions; the two events of one mention are one message."""
    app.event("message")(on_message)
    app.event("app_mention")(on_message)
