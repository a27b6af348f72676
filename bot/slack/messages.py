"""Messages that reach the bot: which are for it, and whether the quiz or the FAQ should take them."""

from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot import jobs, metrics
from bot.domain.faq import Surface
from bot.domain.matching_text import MAX_CHARACTERS
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import faq, feedback, quiz
from bot.slack.faq import PlannedReply
from bot.slack.payloads import SLACKBOT, WRITTEN, EventCallback, MessageChanged, MessageEvent
from bot.slack.text import begins_with_mention, mentions, without_mention
from bot.slack.work import Work
from bot.storage import Store


@dataclass(frozen=True)
class IncomingMessage:
    """A message that a person wrote where the bot is; `text` is its beginning, without our name."""

    text: str
    user: str
    channel: str
    ts: str
    thread_ts: str | None
    surface: Surface
    edited_ts: str | None = None  # when it was changed, for an edit in a thread of our direct message
    named_in_passing: bool = False  # our name does not begin it: "fyi @Rolefit answered this above"
    replies_to_us: bool = False  # the root of its thread is ours, perhaps a question that was passed on to a person


def incoming_message(
    event: MessageEvent | MessageChanged, bot_user: str, *, from_outside: bool = False
) -> IncomingMessage | None:
    """Read a `message` or `app_mention` event; None for what no person wrote, or wrote before now.

    Nor is it for us what people of another organisation (`from_outside`) say to each other in a shared channel.
    """
    if isinstance(event, MessageChanged):
        return _edit(event, bot_user)
    text = event.text or ""
    if event.subtype not in WRITTEN or event.bot_id or event.hidden or event.edited:
        return None
    if not event.user or event.user in (bot_user, SLACKBOT):
        return None
    if event.channel_type == "im":
        surface = Surface.DM
    elif event.type == "app_mention" or mentions(text, bot_user):
        surface = Surface.MENTION
    else:
        surface = Surface.THREAD if event.thread_ts else Surface.CHANNEL
    if surface in (Surface.CHANNEL, Surface.THREAD):
        if from_outside:
            return None
    elif not without_mention(text, bot_user):
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


def _forwarded(event: MessageEvent) -> str:
    """Give what somebody asks about who forwards a message to us and adds nothing to it."""
    return next((shared.text for shared in event.attachments or () if shared.is_share and shared.text), "")


def _edit(event: MessageChanged, bot_user: str) -> IncomingMessage | None:
    """Read the edit of a reply in a direct message; it may have answered a question of the quiz."""
    message, former = event.message, event.previous_message.text if event.previous_message else None
    if event.channel_type != "im" or not message.thread_ts or not message.user or message.user == bot_user:
        return None
    if message.bot_id or message.edited is None or message.text == former:  # ours, an unfurl, or a reply to it
        return None
    text = _beginning(message.text or "", bot_user)
    return IncomingMessage(
        text, message.user, event.channel, message.ts, message.thread_ts, Surface.DM, message.edited.ts
    )


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
        may_be_reply = message.surface is Surface.DM and message.thread_ts is not None
        return self.reply is None and not self.follows and not may_be_reply and not message.replies_to_us


async def classify(
    event: MessageEvent | MessageChanged,
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
    if message.edited_ts:
        return Classified(message, None, follows=False)
    follows = bool(message.thread_ts) and library.index.follows(message.text)
    reply = await faq.decide(message.text, message.surface, library, second)
    if message.named_in_passing and reply == PlannedReply(faq.UNKNOWN) and not faq.asks(message.text, library):
        reply = None  # it speaks about us rather than to us
    classified = Classified(message, reply, follows)
    if classified.ignorable:
        _count_silence(message, event)
    return classified


def _count_silence(message: IncomingMessage, event: MessageEvent | MessageChanged) -> None:
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
    if not isinstance(event, MessageEvent | MessageChanged):
        return
    if classified is None:
        from_outside = event_callback.from_outside(team)
        classified = await classify(event, str(context.bot_user_id), library, second_stage, from_outside=from_outside)
        if classified.ignorable:
            return
    if classified.message is None:
        return
    message, reply = classified.message, classified.reply
    if message.replies_to_us and message.thread_ts:
        where = (message.channel, message.thread_ts, message.ts)
        between_people = await feedback.on_reply_to_us(team, message.user, *where, store)
        if between_people and message.surface is not Surface.MENTION:
            return
    if classified.follows and message.thread_ts:
        after = await store.last_answer(team, message.channel, message.thread_ts)
        reply = await faq.decide(message.text, message.surface, library, second_stage, after) if after else reply
    stored = None
    if message.surface is Surface.DM and message.thread_ts:
        stored = await store.runs.in_thread(team, message.user, message.thread_ts)
    if stored and message.edited_ts:
        await quiz.on_edit(team, message.text, message.ts, message.edited_ts, stored, library)
    elif stored:
        await quiz.on_reply(team, message.text, message.ts, stored, reply, library, store)
    elif reply is not None:
        key, thread = Work.ANSWER.key(team, message.channel, message.ts), message.thread_ts or message.ts
        entries, surface = list(reply.entries), message.surface.value
        # In a direct message nobody else comes first, and people see their own answers arrive.
        asker = None if message.surface is Surface.DM else message.user
        await jobs.start(
            key, faq.faq_worker.post_reply, team, message.channel, thread, reply.kind, entries, surface, asker
        )
    elif not message.edited_ts:
        _count_silence(message, event)


def register(app: AsyncApp) -> None:
    """Listen to messages and mentions; the two events of one mention are one message."""
    app.event("message")(on_message)
    app.event("app_mention")(on_message)
