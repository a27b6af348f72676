"""The buttons below an answer, and replies to what was passed on to a person: thin listeners of durable work."""

import re

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from bot import jobs
from bot.domain.faq import Surface
from bot.knowledge import Library
from bot.slack.answer_controls import (
    ASK_PERSON,
    CHOOSE_ENTRY,
    COMMENT,
    NONE_OF_THESE,
    NOT_NOW,
    REASON,
    VOTE,
    WHY,
    Reason,
    read_ask_person,
    read_choice_of_entry,
    read_comment,
    read_question_ts,
    read_reason,
    read_vote,
)
from bot.slack.deciding import PlannedReply
from bot.slack.feedback_blocks import comment_view
from bot.slack.feedback_work import Click, feedback_worker
from bot.slack.interaction_payloads import BlockActions, ViewSubmission
from bot.slack.windows import open_window
from bot.slack.work import Work
from bot.storage import Store

log = structlog.get_logger()


def _click(context: AsyncBoltContext, clicked: BlockActions) -> Click:
    """Read whose click it is, and where. Raises MalformedError."""
    private = clicked.message is None
    message = clicked.ephemeral_place if private else clicked.place
    return Click(
        str(context.team_id),
        clicked.user.id,
        message.channel,
        message.ts,
        message.thread_ts,
        clicked.action.action_ts,
        clicked.response_url,
        private,
    )


async def choose(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Make a suggestion the answer, or none of them; whoever clicks first decides."""
    click = _click(context, block_actions)
    question_ts, revision, entry = read_choice_of_entry(block_actions.action)
    key = Work.SHOW_ENTRY.key(click.team, click.channel, click.ts, revision, click.at)
    await jobs.start(key, feedback_worker.choose, click.record(), question_ts, entry, revision)
    await ack()


async def choose_by_number(
    team: str,
    user: str,
    channel: str,
    thread_ts: str,
    ts: str,
    number: int,
    reply: PlannedReply | None,
    surface: Surface,
    *,
    shared: bool | None,
) -> None:
    """Take a number that somebody typed in a thread for a click on the suggestion of this number.

    number: as `picked_suggestion` gives it. reply: what the message gets where no such suggestion stands.
    """
    planned = reply or PlannedReply("")
    key, where = Work.ANSWER.key(team, channel, ts), (channel, thread_ts, ts, user)
    otherwise = (planned.kind, list(planned.entries), surface.value)
    await jobs.start(key, feedback_worker.choose_by_number, team, *where, number, *otherwise, shared)


async def vote(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Take somebody's vote on an answer."""
    click, (helpful, question_ts, entry) = _click(context, block_actions), read_vote(block_actions.action)
    key = Work.VOTE.key(click.team, click.user, click.channel, click.ts, click.at)
    await jobs.start(key, feedback_worker.vote, click.record(), question_ts, entry, helpful)
    await ack()


async def give_reason(
    ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, client: AsyncWebClient, library: Library
) -> None:
    """Take what was wrong with an answer; for something else, open a window for it, as long as Slack lets us."""
    click, (reason, about) = _click(context, block_actions), read_reason(block_actions.action)
    key = Work.GIVE_REASON.key(click.team, click.user, click.channel, about.answer_ts, click.at)
    where = (about.answer_ts, about.question_ts, about.entry)
    await jobs.start(key, feedback_worker.give_reason, click.record(), *where, reason.value)
    if reason is Reason.OTHER:  # which counts without words too
        await open_window(client, block_actions.trigger_id, comment_view(click.channel, about.answer_ts, library))
    await ack()


async def take_comment(ack: AsyncAck, view_submission: ViewSubmission, context: AsyncBoltContext, store: Store) -> None:
    """Keep what somebody wrote about an answer, with their own vote on it; without one, nothing is kept.

    It goes to its row at once, and not by durable work, whose records would hold it too.
    """
    channel, answer_ts, comment = read_comment(view_submission.view)
    if comment:
        await store.feedback.set_comment(str(context.team_id), channel, answer_ts, view_submission.user.id, comment)
    await ack()


async def explain(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Tell somebody why a message was answered as it was."""
    click, question_ts = _click(context, block_actions), read_question_ts(block_actions.action)
    key = Work.EXPLAIN_ANSWER.key(click.team, click.user, click.channel, click.ts, click.at)
    await jobs.start(key, feedback_worker.explain, click.record(), question_ts)
    await ack()


async def hush(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Keep quiet in a thread."""
    click = _click(context, block_actions)
    key = Work.NOT_NOW.key(click.team, click.user, click.channel, click.ts, click.at)
    await jobs.start(key, feedback_worker.hush, click.record())
    await ack()


async def ask_person(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Pass a question on to a person: once for whoever wants that, however often they click."""
    click, about = _click(context, block_actions), read_ask_person(block_actions.action)
    key = Work.ASK_PERSON.key(click.team, click.user, click.channel, about.question_ts, click.at)
    await jobs.start(key, feedback_worker.ask_person, click.record(), about.question_ts, about.entry)
    await ack()


async def on_reply_to_us(team: str, user: str, channel: str, thread_ts: str, ts: str, store: Store) -> bool:
    """Look whether a reply to a message of ours answers a question that was passed on; gives whether it stands there.

    Whoever replies first, other than the person who wanted somebody asked, has answered it.
    """
    request = await store.feedback.help_request(team, channel, thread_ts)
    if request is None:
        return False
    if request.resolved_by is None and user != request.asker:
        key = Work.CLOSE_HELP_REQUEST.key(team, channel, thread_ts)
        await jobs.start(key, feedback_worker.close_help_request, team, channel, thread_ts, user, ts)
    return True


def register(app: AsyncApp) -> None:
    """Listen to the buttons below answers, and to the window for a comment."""
    app.action(re.compile(rf"^{CHOOSE_ENTRY}:"))(choose)
    app.action(NONE_OF_THESE)(choose)
    app.action(re.compile(rf"^{VOTE}(:|$)"))(vote)
    app.action(re.compile(rf"^{REASON}:"))(give_reason)
    app.view(COMMENT)(take_comment)
    app.action(WHY)(explain)
    app.action(NOT_NOW)(hush)
    app.action(ASK_PERSON)(ask_person)
