"""What the bot hears: which messages are for it, and whether the quiz or the FAQ should listen."""

from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot import jobs, metrics
from bot.domain.faq import Surface
from bot.domain.matching_text import MAX_CHARACTERS
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import faq, quiz
from bot.slack.faq import Said
from bot.slack.text import mentions, without_mention
from bot.storage import Store

# Messages that a person wrote just now; edits, joins, unfurls and the rest have other subtypes.
# As listed in docs.slack.dev/reference/events/message.
WRITTEN = frozenset({None, "file_share", "thread_broadcast"})


# What comes of a payload that is signed and is JSON, and yet is not one of Slack's.
MALFORMED = (AttributeError, IndexError, KeyError, TypeError, ValueError)
LISTENED = "listened"  # where a request's context keeps what was made of its message


@dataclass(frozen=True)
class Heard:
    """A message that a person wrote where the bot can hear it; `text` is its beginning, without our name."""

    text: str
    user: str
    channel: str
    ts: str
    thread_ts: str | None
    surface: Surface
    edited_ts: str | None = None  # when it was changed, for an edit in a thread of our direct message


def heard(event: dict[str, Any], bot_user: str, team: str) -> Heard | None:
    """Read a `message` or `app_mention` event; None for what no person wrote, or wrote before now.

    Nor is it for us what people of another organisation say to each other in a shared channel.
    """
    text, user = event.get("text") or "", event.get("user")
    if event.get("subtype") == "message_changed":
        return _edited(event, bot_user)
    if event.get("subtype") not in WRITTEN or event.get("bot_id") or event.get("hidden") or event.get("edited"):
        return None
    if not user or user == bot_user:
        return None
    thread = event.get("thread_ts")
    if event.get("channel_type") == "im":
        surface = Surface.DM
    elif event["type"] == "app_mention" or mentions(text, bot_user):
        surface = Surface.MENTION
    else:
        surface = Surface.THREAD if thread else Surface.CHANNEL
    if surface in (Surface.CHANNEL, Surface.THREAD) and event.get("user_team") not in (None, team):
        return None
    return Heard(_beginning(text, bot_user), user, event["channel"], event["ts"], thread, surface)


def _edited(event: dict[str, Any], bot_user: str) -> Heard | None:
    """Read the edit of a reply in a direct message; it may have answered a question of the quiz."""
    message, before = event["message"], event.get("previous_message") or {}
    thread, user = message.get("thread_ts"), message.get("user")
    if event.get("channel_type") != "im" or not thread or not user or user == bot_user or message.get("bot_id"):
        return None
    if "edited" not in message or message.get("text") == before.get("text"):  # an unfurl, or a reply to it
        return None
    text = _beginning(message.get("text") or "", bot_user)
    return Heard(text, user, event["channel"], message["ts"], thread, Surface.DM, message["edited"]["ts"])


def _beginning(text: str, bot_user: str) -> str:
    """Give as much of a message as anybody reads, without the bot's name: parsing 40,000 characters holds up others."""
    return without_mention(text, bot_user)[:MAX_CHARACTERS]


@dataclass(frozen=True)
class Listened:
    """What to make of a message, as far as the message itself tells.

    `follows`: it may lean on what its thread was answered with, so that `said` is not the last word.
    """

    message: Heard | None
    said: Said | None
    follows: bool

    @property
    def settled(self) -> bool:
        """Whether it deserves silence, whatever the database holds."""
        message = self.message
        if message is None:
            return True
        may_be_reply = message.surface is Surface.DM and message.thread_ts is not None
        return self.said is None and not self.follows and not may_be_reply


async def listen(body: dict[str, Any], library: Library, second: SecondStage | None) -> Listened | None:
    """Decide about a message by itself; None if this is no message, or does not say who we are."""
    event = body.get("event")
    if not isinstance(event, dict) or event.get("type") not in ("message", "app_mention"):
        return None
    try:
        bot = body["authorizations"][0]
        if bot["is_bot"] is not True:
            return None
        return await _listened(event, bot["user_id"], bot["team_id"], library, second)
    except MALFORMED:  # answered where every such payload is
        return None


async def _listened(
    event: dict[str, Any], bot_user: str, team: str, library: Library, second: SecondStage | None
) -> Listened:
    message = heard(event, bot_user, team)
    if message is None:
        return Listened(None, None, follows=False)
    if message.edited_ts:
        return Listened(message, None, follows=False)
    follows = bool(message.thread_ts) and library.index.follows(message.text)
    said = await faq.decide(message.text, message.surface, library, second)
    if said is None and not follows:
        metrics.REPLIES.labels("silence", message.surface).inc()
    return Listened(message, said, follows)


async def hear(
    event: dict[str, Any],
    context: AsyncBoltContext,
    library: Library,
    store: Store,
    second_stage: SecondStage | None,
) -> None:
    """Give a message to the quiz if it stands in a run's thread, and to the FAQ otherwise."""
    team = str(context.team_id)
    listened = context.get(LISTENED)
    if listened is None:
        listened = await _listened(event, str(context.bot_user_id), team, library, second_stage)
    message, said = listened.message, listened.said
    if message is None:
        return
    if listened.follows and message.thread_ts:
        after = await store.answered_with(team, message.channel, message.thread_ts)
        said = await faq.decide(message.text, message.surface, library, second_stage, after) if after else said
    if said or listened.follows:
        metrics.REPLIES.labels(said.kind if said else "silence", message.surface).inc()
    stored = None
    if message.surface is Surface.DM and message.thread_ts:
        stored = await store.run_in_thread(team, message.user, message.thread_ts)
    if stored and message.edited_ts:
        await quiz.hear_edit(team, message.text, message.ts, message.edited_ts, stored, library)
    elif stored:
        await quiz.hear_reply(team, message.text, message.ts, stored, said, library, store)
    elif said is not None and not message.edited_ts:
        key = f"say:{team}:{message.channel}:{message.ts}"
        thread = message.thread_ts or message.ts
        await jobs.start(key, faq.answering.say, team, message.channel, thread, said.kind, list(said.entries))


def register(app: AsyncApp) -> None:
    """Listen to messages and mentions; the two events of one mention are one message."""
    app.event("message")(hear)
    app.event("app_mention")(hear)
