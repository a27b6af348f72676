"""What the bot hears: which messages are for it, and whether the quiz or the FAQ should listen."""

from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot import jobs, metrics
from bot.domain.faq import Surface
from bot.knowledge import Library
from bot.slack import faq, quiz
from bot.slack.text import mentions, without_mention
from bot.storage import Store

# Messages that a person wrote just now; edits, joins, unfurls and the rest have other subtypes.
# As listed in docs.slack.dev/reference/events/message.
WRITTEN = frozenset({None, "file_share", "thread_broadcast"})


@dataclass(frozen=True)
class Heard:
    """A message that a person wrote where the bot can hear it; `text` is without the bot's name."""

    text: str
    user: str
    channel: str
    ts: str
    thread_ts: str | None
    surface: Surface


def heard(event: dict[str, Any], bot_user: str) -> Heard | None:
    """Read a `message` or `app_mention` event; None for what no person wrote, or wrote before now."""
    text, user = event.get("text") or "", event.get("user")
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
    return Heard(without_mention(text, bot_user), user, event["channel"], event["ts"], thread, surface)


async def hear(
    event: dict[str, Any],
    context: AsyncBoltContext,
    library: Library,
    store: Store,
) -> None:
    """Give a message to the quiz if it stands in a run's thread, and to the FAQ otherwise."""
    team, message = str(context.team_id), heard(event, str(context.bot_user_id))
    if message is None:
        return
    after = None
    if message.thread_ts and library.index.follows(message.text):
        after = await store.answered_with(team, message.channel, message.thread_ts)
    said = faq.decide(message.text, message.surface, library, after)
    metrics.REPLIES.labels(said.kind if said else "silence", message.surface).inc()
    if message.surface is Surface.DM and message.thread_ts:
        run = await store.run_in_thread(team, message.user, message.thread_ts)
        answerable = said is not None and said.kind == faq.ANSWER
        if run and await quiz.hear_reply(team, message.text, message.ts, run, answerable=answerable):
            return
    if said is not None:
        key = f"say:{team}:{message.channel}:{message.ts}"
        thread = message.thread_ts or message.ts
        await jobs.start(key, faq.answering.say, team, message.channel, thread, said.kind, list(said.entries))


def register(app: AsyncApp) -> None:
    """Listen to messages and mentions; the two events of one mention are one message."""
    app.event("message")(hear)
    app.event("app_mention")(hear)
