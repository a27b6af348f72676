"""Messages that reach the bot: which are for it, and which deserve silence whatever the database holds."""

from dataclasses import dataclass, replace

from bot import metrics
from bot.domain import faq, smalltalk
from bot.domain.faq import UNPROMPTED, Surface
from bot.domain.matching_text import MAX_CHARACTERS
from bot.domain.picked_suggestion import picked_suggestion
from bot.domain.reply_kinds import ONLY_ENGLISH, TALK, UNKNOWN
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack.deciding import PlannedReply, asks, decide
from bot.slack.event_payloads import (
    SLACKBOT,
    TOMBSTONE,
    WITH_FILES,
    WRITTEN,
    ChangeOfMessage,
    FormerMessage,
    MessageChanged,
    MessageDeleted,
    MessageEvent,
)
from bot.slack.text import begins_with_mention, mentions, without_mention


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
    def number(self) -> int | None:
        """The number of the suggestion above it that a message to us may pick, as `picked_suggestion` gives it."""
        return None if self.surface in UNPROMPTED or not self.is_continuation else picked_suggestion(self.text)

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
    text = typed = event.text or ""
    if event.subtype not in WRITTEN or event.bot_id or event.hidden or event.edited:
        return None
    if not event.user or event.user in (bot_user, SLACKBOT):
        return None
    mentioned = event.type == "app_mention" or mentions(typed, bot_user)
    surface = _surface(event, event.thread_ts, mentioned=mentioned)
    if surface not in UNPROMPTED and not without_mention(typed, bot_user):
        text = _forwarded(event)
    return IncomingMessage(
        _beginning(text, bot_user),
        event.user,
        event.channel,
        event.ts,
        event.thread_ts,
        surface,
        named_in_passing=surface is Surface.MENTION and not begins_with_mention(typed, bot_user),
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
        may_choose = message.number is not None
        alone = not (self.follows or may_be_reply or may_choose or message.replies_to_us)
        return self.reply is None and alone


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
    message = _message_for_us(event, bot_user, from_outside=from_outside)
    if message is None:
        return Classified(None, None, follows=False)
    if message.deleted or _is_among_outsiders(message, from_outside=from_outside):
        return Classified(message, None, follows=False)
    follows = _follows(message, library)
    classified = Classified(message, await _decide(message, library, second), follows)
    if classified.ignorable:
        count_silence(message, event)
    return classified


def _message_for_us(event: Written, bot_user: str, *, from_outside: bool) -> IncomingMessage | None:
    """Read a message as `incoming_message` does; None also for what outsiders say to each other."""
    message = incoming_message(event, bot_user)
    if message is None or not _is_among_outsiders(message, from_outside=from_outside):
        return message
    return message if message.deleted or message.former_surface not in UNPROMPTED else None


def _is_among_outsiders(message: IncomingMessage, *, from_outside: bool) -> bool:
    """Say whether a message is what people of another organisation say to each other."""
    return from_outside and message.surface in UNPROMPTED


def deserves_silence(event: Written, bot_user: str, library: Library, *, from_outside: bool) -> bool:
    """Say whether a message is silenced by the first stage alone, which takes less than half the time of `classify`.

    Where it is not, that may find that silence is right all the same.
    """
    message = _message_for_us(event, bot_user, from_outside=from_outside)
    if message is None:
        return True
    spoken_to = message.surface not in UNPROMPTED or message.replies_to_us
    if spoken_to or message.revised_ts or _follows(message, library):
        return False
    reply = faq.reply_to(message.text, message.surface, library.index, library.thresholds)
    if silent := isinstance(reply, faq.Silence):
        count_silence(message, event)
    return silent


def _follows(message: IncomingMessage, library: Library) -> bool:
    """Say whether a message may lean on what was said before it."""
    prompted = message.surface not in UNPROMPTED
    return message.is_continuation and library.follows(message.text, prompted=prompted)


async def _decide(message: IncomingMessage, library: Library, second: SecondStage | None) -> PlannedReply | None:
    """Decide what to say to a message, by itself."""
    reply = await decide(message.text, message.surface, library, second)
    if reply is None or not message.named_in_passing or asks(message.text, library):
        return reply
    # It speaks about us rather than to us, which may resemble what is said to us.
    talk_by_meaning = reply.kind == TALK and smalltalk.read(message.text, library.words.talk) is None
    return None if talk_by_meaning or reply.kind in (UNKNOWN, ONLY_ENGLISH) else reply


async def deserved_reply(former: IncomingMessage | None, library: Library, second: SecondStage | None) -> bool:
    """Say whether a message as it was before it was revised may have been replied to."""
    if former is None:
        return False
    return _follows(former, library) or await _decide(former, library, second) is not None


def count_silence(message: IncomingMessage, event: Written) -> None:
    """Count a message that gets no reply; of the two events of a mention, the one that every mention has."""
    if message.surface is not Surface.MENTION or event.type == "app_mention":
        metrics.REPLIES.labels("silence", message.surface).inc()
