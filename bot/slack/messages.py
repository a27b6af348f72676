"""Messages that reach the bot: which are for it, and whether the quiz or the FAQ should take them."""

from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot import jobs, metrics
from bot.domain.faq import UNPROMPTED, Surface
from bot.domain.matching_text import MAX_CHARACTERS
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import faq, feedback, gaps, quiz, share
from bot.slack.faq import PlannedReply
from bot.slack.payloads import (
    SLACKBOT,
    TOMBSTONE,
    WRITTEN,
    EventCallback,
    FormerMessage,
    MessageChanged,
    MessageDeleted,
    MessageEvent,
)
from bot.slack.reply_work import ANSWER
from bot.slack.text import begins_with_mention, mentions, without_mention
from bot.slack.work import Work
from bot.storage import Store

# Seconds after a message within which what was decided about it may not have begun to be done.
ON_ITS_WAY = 120.0


@dataclass(frozen=True)
class IncomingMessage:
    """A message that a person wrote where the bot is; `text` is its beginning, without our name.

    Of one that was deleted, it is what it said.
    """

    text: str
    user: str
    channel: str
    ts: str
    thread_ts: str | None
    surface: Surface
    revised_ts: str | None = None  # when it was changed or deleted, if it was
    deleted: bool = False
    former: str | None = None  # what it said before that
    named_in_passing: bool = False  # our name does not begin it: "fyi @Rolefit answered this above"
    replies_to_us: bool = False  # the root of its thread is ours, perhaps a question that was passed on to a person


Written = MessageEvent | MessageChanged | MessageDeleted


def incoming_message(event: Written, bot_user: str, *, from_outside: bool = False) -> IncomingMessage | None:
    """Read a `message` or `app_mention` event; None for what no person wrote, or what has not changed.

    Nor is it for us what people of another organisation (`from_outside`) say to each other in a shared channel.
    """
    match event:
        case MessageChanged():
            message = _edited(event, bot_user)
        case MessageDeleted():
            message = _deleted(event, event.deleted_ts, event.previous_message, bot_user)
        case _:
            message = _written(event, bot_user)
    return None if message and from_outside and message.surface in UNPROMPTED else message


def _written(event: MessageEvent, bot_user: str) -> IncomingMessage | None:
    """Read a message that was written just now."""
    text = event.text or ""
    if event.subtype not in WRITTEN or event.bot_id or event.hidden or event.edited:
        return None
    if not event.user or event.user in (bot_user, SLACKBOT):
        return None
    mentioned = event.type == "app_mention" or mentions(text, bot_user)
    surface = _surface(event, event.thread_ts, mentioned=mentioned)
    if surface not in UNPROMPTED and not without_mention(text, bot_user):
        text = _forwarded(event)
    return IncomingMessage(
        _beginning(text, bot_user),
        event.user,
        event.channel,
        event.ts,
        event.thread_ts,
        surface,
        named_in_passing=surface is Surface.MENTION and not begins_with_mention(text, bot_user),
        replies_to_us=event.parent_user_id == bot_user,
    )


def _surface(event: Written, thread_ts: str | None, *, mentioned: bool) -> Surface:
    if event.channel_type == "im":
        return Surface.DM
    if mentioned:
        return Surface.MENTION
    return Surface.THREAD if thread_ts else Surface.CHANNEL


def _forwarded(event: MessageEvent) -> str:
    """Give what somebody asks about who forwards a message to us and adds nothing to it."""
    return next((shared.text for shared in event.attachments or () if shared.is_share and shared.text), "")


def _edited(event: MessageChanged, bot_user: str) -> IncomingMessage | None:
    """Read the edit of a message that a person wrote; its deletion, too, is told as a change if it has replies."""
    message, former = event.message, event.previous_message
    if message.subtype == TOMBSTONE:
        return _deleted(event, message.ts, former, bot_user)
    if not message.user or message.user in (bot_user, SLACKBOT):
        return None
    # Ours, an unfurl, a reply to it, or something else that nobody reads.
    before = former.text if former else None
    if message.bot_id or message.edited is None or message.text == before:
        return None
    text, thread_ts = message.text or "", _thread_of(message.ts, message.thread_ts)
    return IncomingMessage(
        _beginning(text, bot_user),
        message.user,
        event.channel,
        message.ts,
        thread_ts,
        _surface(event, thread_ts, mentioned=mentions(text, bot_user)),
        revised_ts=message.edited.ts,
        former=_beginning(before or "", bot_user),
        replies_to_us=message.parent_user_id == bot_user,
        named_in_passing=not begins_with_mention(text, bot_user),
    )


def _deleted(
    event: MessageChanged | MessageDeleted, ts: str, former: FormerMessage | None, bot_user: str
) -> IncomingMessage | None:
    """Read the deletion of a message that a person wrote."""
    if former is None or not former.user or former.user in (bot_user, SLACKBOT) or former.bot_id:
        return None
    text, thread_ts = former.text or "", _thread_of(ts, former.thread_ts)
    surface = _surface(event, thread_ts, mentioned=mentions(text, bot_user))
    said, when = _beginning(text, bot_user), event.event_ts or ts
    return IncomingMessage(
        said, former.user, event.channel, ts, thread_ts, surface, revised_ts=when, deleted=True, former=said
    )


def _thread_of(ts: str, thread_ts: str | None) -> str | None:
    """Give the thread that a message replies in; the root of one names itself."""
    return None if thread_ts == ts else thread_ts


def _beginning(text: str, bot_user: str) -> str:
    """Give as much of a message as anybody reads, without the bot's name: parsing 40,000 characters holds up others."""
    return without_mention(text, bot_user)[:MAX_CHARACTERS]


@dataclass(frozen=True)
class Classified:
    """What to make of a message, as far as the message itself tells.

    `follows`: it may lean on what its thread was answered with, so that `reply` is not the last word.
    """

    message: IncomingMessage | None
    reply: PlannedReply | None
    follows: bool

    @property
    def ignorable(self) -> bool:
        """Whether it deserves silence, whatever the database holds."""
        message = self.message
        if message is None:
            return True
        if message.revised_ts:  # it may have been replied to
            return False
        may_be_reply = message.surface is Surface.DM and message.thread_ts is not None
        return self.reply is None and not self.follows and not may_be_reply and not message.replies_to_us


async def classify(
    event: Written,
    bot_user: str,
    library: Library,
    second: SecondStage | None,
    *,
    from_outside: bool,
) -> Classified:
    """Decide about a message by itself, without the database; `from_outside` as for `incoming_message`."""
    message = incoming_message(event, bot_user, from_outside=from_outside)
    if message is None:
        return Classified(None, None, follows=False)
    if message.deleted:
        return Classified(message, None, follows=False)
    follows = bool(message.thread_ts) and library.index.follows(message.text)
    classified = Classified(message, await _decide(message, message.text, library, second), follows)
    if classified.ignorable:
        _count_silence(message, event)
    return classified


async def _decide(
    message: IncomingMessage, text: str, library: Library, second: SecondStage | None
) -> PlannedReply | None:
    """Decide what to say to a message with this text, by itself."""
    reply = await faq.decide(text, message.surface, library, second)
    if message.named_in_passing and reply == PlannedReply(faq.UNKNOWN) and not faq.asks(text, library):
        return None  # it speaks about us rather than to us
    return reply


async def _decide_former(
    message: IncomingMessage, revised_ts: str, library: Library, second: SecondStage | None
) -> PlannedReply | None:
    """Decide what to say to what a message said before it was revised; None if that has begun long ago, if ever."""
    if float(revised_ts) - float(message.ts) >= ON_ITS_WAY:
        return None
    return await _decide(message, message.former or "", library, second)


def _count_silence(message: IncomingMessage, event: Written) -> None:
    """Count a message that gets no reply; of the two events of a mention, the one that every mention has."""
    if message.surface is not Surface.MENTION or event.type == "app_mention":
        metrics.REPLIES.labels("silence", message.surface).inc()


async def on_message(
    event_callback: EventCallback,
    context: AsyncBoltContext,
    library: Library,
    store: Store,
    second_stage: SecondStage | None,
    classified: Classified | None,
) -> None:
    """Give a message to the quiz if it stands in a run's thread, and to the FAQ otherwise."""
    team, event = str(context.team_id), event_callback.event
    if not isinstance(event, Written):
        return
    if classified is None:
        from_outside = event_callback.from_outside(team)
        classified = await classify(event, str(context.bot_user_id), library, second_stage, from_outside=from_outside)
    message, reply = classified.message, classified.reply
    if classified.ignorable or message is None or await _between_people(team, message, store):
        return
    shared = event_callback.is_ext_shared_channel is True
    if classified.follows and message.thread_ts:
        after = await _answered_before(team, message, message.thread_ts, store)
        reply = await faq.decide(message.text, message.surface, library, second_stage, after) if after else reply
    stored = None
    if message.surface is Surface.DM and message.thread_ts:
        stored = await store.runs.in_thread(team, message.user, message.thread_ts)
        reply = reply if stored else await _below_copy(team, message, message.thread_ts, reply, store)
    if stored and message.revised_ts:
        if not message.deleted:
            await quiz.on_edit(team, message.text, message.ts, message.revised_ts, stored, library)
    elif stored:
        await quiz.on_reply(team, message.text, message.ts, stored, reply, library, store)
    elif await _is_choice(team, message, store):
        return
    elif message.revised_ts:
        was_mention = _was_mention(event, str(context.bot_user_id))
        await _revise_question(team, message, reply, store, was_mention=was_mention)
        former = await _decide_former(message, message.revised_ts, library, second_stage)
        await _revise(team, message, message.revised_ts, reply, former, store, shared=shared)
    elif reply is not None:
        where = (team, message.channel, message.ts, message.user)
        await gaps.record_message(*where, message.text, message.surface, reply, store)
        key = Work.ANSWER.key(team, message.channel, message.ts)
        await jobs.start(key, faq.faq_worker.post_reply, team, *_arguments(message, reply), message.user, shared)
    else:
        _count_silence(message, event)


async def _answered_before(team: str, message: IncomingMessage, thread_ts: str, store: Store) -> str | None:
    """Give the entry that a message may lean on: the latest in its thread, and of a revised one the one before it."""
    known = await store.replies.get(team, message.channel, message.ts) if message.revised_ts else None
    if known is None:
        return await store.last_answer(team, message.channel, thread_ts)
    before = await store.replies.before(team, message.channel, known)
    return before.entries[-1] if before and before.entries else None


async def _between_people(team: str, message: IncomingMessage, store: Store) -> bool:
    """Say whether a message is part of answering what was passed on to a person, in which the bot has no part."""
    if not message.replies_to_us or not message.thread_ts:
        return False
    where = (message.channel, message.thread_ts, message.ts)
    stands_there = await feedback.on_reply_to_us(team, message.user, *where, store)
    return stands_there and message.surface is not Surface.MENTION


async def _is_choice(team: str, message: IncomingMessage, store: Store) -> bool:
    """Say whether a message names one of the suggestions above it by its number, and have it taken."""
    if message.surface in UNPROMPTED or not message.thread_ts or message.revised_ts:
        return False
    where = (message.channel, message.thread_ts, message.ts)
    return await feedback.choose_by_number(team, message.user, *where, message.text, store)


async def _below_copy(
    team: str, message: IncomingMessage, thread_ts: str, reply: PlannedReply | None, store: Store
) -> PlannedReply | None:
    """Give what to reply to a message that may stand below a result which somebody has shared.

    There it is for that person, which is offered, unless it is a question that has an answer.
    """
    if reply and reply.kind == ANSWER:
        return reply
    where = (message.channel, thread_ts, message.ts)
    is_there = await share.on_reply(team, message.user, *where, store, edited=message.revised_ts is not None)
    return None if is_there else reply


def _was_mention(event: Written, bot_user: str) -> bool:
    """Say whether a message that was edited or deleted mentioned the bot before."""
    former = None if isinstance(event, MessageEvent) else event.previous_message
    return former is not None and mentions(former.text or "", bot_user)


async def _revise_question(
    team: str, message: IncomingMessage, reply: PlannedReply | None, store: Store, *, was_mention: bool
) -> None:
    """Change or delete what is kept of a question that was put to us; of other messages nothing is."""
    if was_mention or message.surface not in UNPROMPTED:
        where, asked = (team, message.channel, message.ts, message.user), None if message.deleted else reply
        await gaps.revise_message(*where, message.text, message.surface, asked, store)


async def _revise(
    team: str,
    message: IncomingMessage,
    revised_ts: str,
    reply: PlannedReply | None,
    former: PlannedReply | None,
    store: Store,
    *,
    shared: bool,
) -> None:
    """Have what was replied to a message changed or withdrawn, or reply to it now.

    former: the decision about what it said before, if the reply may just be on its way.
    """
    if reply is None and former is None and await store.replies.get(team, message.channel, message.ts) is None:
        return
    key = Work.REVISE_REPLY.key(team, message.channel, message.ts, revised_ts)
    planned = _arguments(message, reply or PlannedReply(""))
    revision = (message.ts, revised_ts, message.deleted)
    await jobs.start(key, faq.faq_worker.revise_reply, team, *planned, message.user, shared, *revision)


def _arguments(message: IncomingMessage, reply: PlannedReply) -> tuple[str, str, str, list[str], str]:
    """Give channel, thread, kind, entries and surface of a reply, in the order in which the work takes them."""
    thread = message.thread_ts or message.ts
    return message.channel, thread, reply.kind, list(reply.entries), message.surface.value


def register(app: AsyncApp) -> None:
    """Listen to messages and mentions; the two events of one mention are one message."""
    app.event("message")(on_message)
    app.event("app_mention")(on_message)
