"""The message shortcut: what the FAQ says to a message, shown to who uses it."""

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot import jobs, metrics
from bot.domain.faq import Surface
from bot.domain.matching_text import MAX_CHARACTERS
from bot.domain.reply_kinds import ANSWER, NOT_ANSWERED, ONLY_ENGLISH, SUGGEST, TALK, UNKNOWN
from bot.domain.why import Silent, why_silent
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack.channel import DIRECT_MESSAGE
from bot.slack.deciding import PlannedReply, decide, rank
from bot.slack.faq import faq_worker
from bot.slack.interaction_payloads import MessageShortcut
from bot.slack.text import mentions, without_mention
from bot.slack.work import Work

# Names in words.yaml: of what is said to a message of the bot's own, and why a message has no answer unasked, where the
# domain's reason would contradict what is shown below it.
OWN_MESSAGE, LIKELIEST, NO_ANSWER = "own_message", "silent_likeliest", "silent_no_answer"


async def answer_shortcut(
    ack: AsyncAck,
    message_shortcut: MessageShortcut,
    context: AsyncBoltContext,
    library: Library,
    second_stage: SecondStage | None,
) -> None:
    """Show somebody what the FAQ says to the message that they have used the shortcut on."""
    message, channel, team = message_shortcut.message, message_shortcut.channel.id, str(context.team_id)
    bot_user = str(context.bot_user_id)
    planned, silent = PlannedReply(""), ""
    text = without_mention(message.text or "", bot_user)[:MAX_CHARACTERS]
    if message.user == bot_user:
        silent = OWN_MESSAGE
    elif text:
        planned = await decide(text, Surface.COMMAND, library, second_stage) or PlannedReply(UNKNOWN)
        silent = await _why_silent(message_shortcut, text, planned.kind, bot_user, library, second_stage)
        metrics.REPLIES.labels(planned.kind, Surface.COMMAND).inc()
    key = Work.ANSWER_SHORTCUT.key(team, channel, message.ts, message_shortcut.user.id, message_shortcut.action_ts)
    where = (channel, message.thread_ts or message.ts, message.ts)
    # Where the root was clicked, it may be the channel that is looked at.
    in_thread = message.thread_ts not in (None, message.ts)
    shown = (message_shortcut.response_url, team, silent, message_shortcut.user.id if in_thread else "")
    await jobs.start(key, faq_worker.answer_shortcut, *where, planned.kind, list(planned.entries), *shown)
    await ack()


async def _why_silent(
    shortcut: MessageShortcut, text: str, kind: str, bot_user: str, library: Library, second: SecondStage | None
) -> str:
    """Name the sentence of words.yaml that says why a message has no answer unasked; "" if it has, or was put to us.

    kind: of the reply that stands below the sentence. More is said to who uses the shortcut than to a channel.
    """
    message = shortcut.message
    if (
        kind == ONLY_ENGLISH
        or message.bot_id
        or shortcut.channel.id.startswith(DIRECT_MESSAGE)
        or mentions(message.text or "", bot_user)
    ):
        return ""
    surface = Surface.CHANNEL if message.thread_ts in (None, message.ts) else Surface.THREAD
    reason = why_silent(await rank(text, surface, library, second), surface, library.thresholds)
    return fitting_reason(reason, kind) if reason else ""


def fitting_reason(reason: Silent, kind: str) -> str:
    """Choose the text, by its name, that says why the bot is silent here and fits the kind of reply shown below it."""
    if kind == NOT_ANSWERED:
        return NO_ANSWER
    if kind == ANSWER and reason is not Silent.NOT_ASKED:
        return LIKELIEST
    if kind == SUGGEST and reason is Silent.NOTHING_NEAR:
        return Silent.UNSURE
    none_near = kind == TALK or (kind == UNKNOWN and reason is Silent.BETWEEN)
    return Silent.NOTHING_NEAR if none_near else reason


def register(app: AsyncApp) -> None:
    """Listen to the shortcut."""
    app.shortcut("answer_from_faq")(answer_shortcut)
