"""Messages that reach the bot: which are for it, and whether the quiz or the FAQ should take them."""

from dataclasses import dataclass, replace

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot import jobs, metrics, work_records
from bot.domain.faq import FOLLOWED_FOR, UNPROMPTED, Surface
from bot.domain.matching_text import MAX_CHARACTERS
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import faq, feedback, for_sender, gaps, quiz, share
from bot.slack.event_payloads import (
    SLACKBOT,
    TOMBSTONE,
    WITH_FILES,
    WRITTEN,
    ChangeOfMessage,
    EventCallback,
    FormerMessage,
    MessageChanged,
    MessageDeleted,
    MessageEvent,
)
from bot.slack.faq import PlannedReply
from bot.slack.suggestion_work import UNKNOWN
from bot.slack.text import begins_with_mention, mentions, without_mention
from bot.slack.work import Work
from bot.storage import ANSWER, LINK, TOP_LEVEL, Reply, Store, StoredRun

# Seconds after a message within which what was decided about it may not have begun to be done.
ON_ITS_WAY = 120.0
KEPT = 29 * 86_400.0  # seconds for which it is remembered what was replied to a message, less than replies are kept


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
    former: "IncomingMessage | None" = None  # as it was before that
    named_in_passing: bool = False  # our name does not begin it: "fyi @Rolefit answered this above"
    replies_to_us: bool = False  # the root of its thread is ours, perhaps a question that was passed on to a person
    has_files: bool = False

    @property
    def is_continuation(self) -> bool:
        """Whether it may lean on what was said before it: in its thread, or in the direct message itself."""
        return self.thread_ts is not None or self.surface is Surface.DM

    @property
    def former_surface(self) -> Surface:
        """Where it stood before it was revised: it may have mentioned us, or not."""
        return self.former.surface if self.former else self.surface


Written = MessageEvent | MessageChanged | MessageDeleted


def incoming_message(event: Written, bot_user: str) -> IncomingMessage | None:
    """Read a `message` or `app_mention` event; None for what no person wrote, or what has not changed."""
    match event:
        case MessageChanged():
            return _edited(event, bot_user)
        case MessageDeleted():
            return _deleted(event, event.deleted_ts, event.previous_message, bot_user)
        case _:
            return _written(event, bot_user)


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
        has_files=event.subtype == WITH_FILES,
    )


def _surface(event: MessageEvent | ChangeOfMessage, thread_ts: str | None, *, mentioned: bool) -> Surface:
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
    as_of = (event, message.ts, message.thread_ts, message.user)
    return replace(
        _as_it_stood(*as_of, message.text or "", bot_user),
        revised_ts=event.event_ts or message.edited.ts,  # the latter may be in whole seconds, and two edits within one
        former=_as_it_stood(*as_of, before or "", bot_user),
        replies_to_us=message.parent_user_id == bot_user,
    )


def _deleted(event: ChangeOfMessage, ts: str, former: FormerMessage | None, bot_user: str) -> IncomingMessage | None:
    """Read the deletion of a message that a person wrote."""
    if former is None or not former.user or former.user in (bot_user, SLACKBOT) or former.bot_id:
        return None
    before = _as_it_stood(event, ts, former.thread_ts, former.user, former.text or "", bot_user)
    return replace(before, revised_ts=event.event_ts or ts, deleted=True, former=before)


def _as_it_stood(
    event: ChangeOfMessage, ts: str, thread_ts: str | None, user: str, text: str, bot_user: str
) -> IncomingMessage:
    """Read a message that was revised, with its text before or after that."""
    thread_ts = _thread_of(ts, thread_ts)
    surface = _surface(event, thread_ts, mentioned=mentions(text, bot_user))
    in_passing = surface is Surface.MENTION and not begins_with_mention(text, bot_user)
    text = _beginning(text, bot_user)
    return IncomingMessage(text, user, event.channel, ts, thread_ts, surface, named_in_passing=in_passing)


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
    """Decide about a message by itself, without the database.

    from_outside: of people of another organisation. What these say to each other in a shared channel is not for us;
    where they mentioned us before an edit, or before they deleted it, there may be an answer to take back.
    """
    message = incoming_message(event, bot_user)
    overheard = from_outside and message is not None and message.surface in UNPROMPTED
    if message is None or (overheard and not message.deleted and message.former_surface in UNPROMPTED):
        return Classified(None, None, follows=False)
    if overheard or message.deleted:
        return Classified(message, None, follows=False)
    follows = message.is_continuation and library.index.follows(message.text)
    classified = Classified(message, await _decide(message, library, second), follows)
    if classified.ignorable:
        _count_silence(message, event)
    return classified


async def _decide(message: IncomingMessage, library: Library, second: SecondStage | None) -> PlannedReply | None:
    """Decide what to say to a message, by itself."""
    reply = await faq.decide(message.text, message.surface, library, second)
    without_answer = reply is not None and reply.kind in (UNKNOWN, faq.ONLY_ENGLISH)
    if message.named_in_passing and without_answer and not faq.asks(message.text, library):
        return None  # it speaks about us rather than to us
    return reply


async def _deserved_reply(former: IncomingMessage | None, library: Library, second: SecondStage | None) -> bool:
    """Say whether a message as it was before it was revised may have been replied to."""
    if former is None:
        return False
    follows = former.is_continuation and library.index.follows(former.text)
    return follows or await _decide(former, library, second) is not None


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
    alone = reply
    if classified.ignorable or message is None or await _between_people(team, message, store):
        return
    shared = event_callback.is_ext_shared_channel  # None where Slack does not say so
    if classified.follows:
        known = await store.replies.get(team, message.channel, message.ts)
        if known and not message.revised_ts:
            return  # delivered again: the latest answer, against which it would be decided, may be its own
        after = await _answered_before(team, message, known, store)
        reply = await faq.decide(message.text, message.surface, library, second_stage, after) if after else reply
    stored, number = None, _typed_number(message)
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
        deserved = await _deserved_reply(message.former, library, second_stage)
        await _revise(team, message, message.revised_ts, reply, store, deserved=deserved, shared=shared)
        await _revise_question(team, message, message.revised_ts, reply, alone, store)
    elif number:
        place = (team, message.user, message.channel, message.thread_ts or message.ts, message.ts)
        await feedback.choose_by_number(*place, number, reply, message.surface, shared=shared)
    elif reply is not None:
        where = (team, message.channel, message.ts, message.user)
        await gaps.record_message(*where, message.text, message.surface, reply, alone, store)
        key = Work.ANSWER.key(team, message.channel, message.ts)
        await jobs.start(key, faq.faq_worker.post_reply, team, *_arguments(message, reply), message.user, shared)
    else:
        _count_silence(message, event)


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


def _typed_number(message: IncomingMessage) -> int | None:
    """Give the number that a message to us consists of: it may name one of the suggestions above it."""
    if message.surface in UNPROMPTED or not message.is_continuation:
        return None
    return feedback.typed_number(message.text)


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


def _arguments(message: IncomingMessage, reply: PlannedReply) -> tuple[str, str, str, list[str], str]:
    """Give channel, thread, kind, entries and surface of a reply, in the order in which the work takes them."""
    thread = message.thread_ts or message.ts
    return message.channel, thread, reply.kind, list(reply.entries), message.surface.value


def register(app: AsyncApp) -> None:
    """Listen to messages and mentions; the two events of one mention are one message."""
    app.event("message")(on_message)
    app.event("app_mention")(on_message)
