"""Comparing blind in Slack: the window in which somebody is invited, and the buttons of both."""

import re
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from bot import jobs
from bot.domain.compare import is_comparable
from bot.knowledge import Library
from bot.slack import blocks, history
from bot.slack.compare_blocks import PICKER, refusal_view, request_view
from bot.slack.compare_controls import (
    COMPARE,
    COMPARE_DO,
    COMPARE_LATER,
    COMPARE_WITH,
    CompareCommand,
    read_changed,
    read_compare,
    read_comparison,
    read_comparison_request,
)
from bot.slack.compare_work import compare_worker
from bot.slack.interaction_payloads import BlockActions, SlashCommand, ViewSubmission
from bot.slack.pieces import Message
from bot.slack.profiles import manager_of
from bot.slack.quiz_work import quiz_worker
from bot.slack.window_work import open_for_click
from bot.slack.windows import open_window
from bot.slack.work import Work
from bot.storage import Store

AT_ONCE = 100  # comparisons that are due which are handled in one go
BEGUN_AGAIN_AFTER = 3600.0  # seconds after which what is still due, since its work has failed, is begun again

log = structlog.get_logger()


async def command(
    team: str, user: str, slash_command: SlashCommand, client: AsyncWebClient, library: Library, store: Store
) -> Message | None:
    """Open the window for somebody's latest result about their own work; without one, give what says so."""
    rounds = await store.runs.history(team, user, limit=history.MOST, own=True)
    latest = next((stored for stored in rounds if is_comparable(stored.run)), None)
    if latest is None:
        return blocks.say(library.words.compare.nothing_to_compare)
    picked = await store.shares.last_recipient(team, user)
    if picked is None:
        picked = await manager_of(client, team, user, library.words.share.manager_fields)
    how = await _filled_in(team, user, picked, store)
    view = request_view(latest, library, asked_in=slash_command.channel_id, **how)
    opened = await open_window(client, slash_command.trigger_id, view)
    return None if opened else blocks.say(library.words.compare.not_opened)


async def begin(
    ack: AsyncAck,
    block_actions: BlockActions,
    context: AsyncBoltContext,
    client: AsyncWebClient,
    library: Library,
    store: Store,
) -> None:
    """Open the window for the result that a button names, if it belongs to whoever clicks."""
    team, (run_id, picked) = str(context.team_id), read_compare(block_actions.action)
    stored = await store.runs.get(team, run_id)
    if stored and stored.user != block_actions.user.id:
        log.warning("refused: somebody else's round is not compared", run=run_id)
    elif stored and is_comparable(stored.run):
        view = request_view(stored, library, **await _filled_in(team, stored.user, picked, store))
        await open_for_click(client, block_actions, context, view)
    else:
        await open_for_click(client, block_actions, context, refusal_view(library))
    await ack()


async def invite(
    ack: AsyncAck, view_submission: ViewSubmission, context: AsyncBoltContext, library: Library, store: Store
) -> None:
    """Invite whoever was picked, after saying so if they know the result already."""
    team, user, view = str(context.team_id), view_submission.user.id, view_submission.view
    run_id, manager, known_to, asked_in = read_comparison_request(view)
    stored = await store.runs.get(team, run_id)
    words = library.words.compare
    if stored and stored.user != user:
        log.warning("refused: somebody else's round is not compared", run=run_id)
        stored = None
    if stored is None or not is_comparable(stored.run):
        await ack(response_action="errors", errors={PICKER: words.outdated})
    elif manager is None or manager == user:
        await ack(response_action="errors", errors={PICKER: words.not_yourself if manager else words.pick})
    elif manager != known_to and ((how := await _filled_in(team, user, manager, store))["known_to"] or known_to):
        # The window shows another invitation than this person would get.
        await ack(response_action="update", view=request_view(stored, library, **how, asked_in=asked_in))
    else:
        key = Work.INVITE_TO_COMPARE.key(team, run_id, manager, view.id)
        await jobs.start(key, compare_worker.invite, team, run_id, user, manager, asked_in)
        await ack()


async def do(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Do what a button says: accept, withdraw or decline, agree to reveal, want no more from who has invited."""
    team, user, message, at = str(context.team_id), block_actions.user.id, block_actions.place, block_actions.action
    comparison_id, command, versions = read_comparison(block_actions.action)
    if command is CompareCommand.ACCEPT:
        key = Work.ACCEPT_COMPARISON.key(team, comparison_id, user, at.action_ts)
        where = (user, message.channel, message.ts, message.thread_ts)
        await jobs.start(key, quiz_worker.begin_comparison, team, comparison_id, *where)
    else:
        key = Work.COMPARE_CLICK.key(team, comparison_id, user, at.action_ts)
        about = (command.value, list(versions or ()), message.channel, message.thread_ts, message.ts)
        await jobs.start(key, compare_worker.click, team, comparison_id, user, *about)
    await ack()


async def say_what_changed(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Take whether something has changed since a comparison; the first click counts."""
    team, user = str(context.team_id), block_actions.user.id
    comparison_id, changed = read_changed(block_actions.action)
    key = Work.SAY_WHAT_CHANGED.key(team, comparison_id, user)
    await jobs.start(key, compare_worker.thank, team, comparison_id, user, changed, block_actions.reply_url)
    await ack()


async def start_due_work(store: Store, now: float) -> None:
    """Begin what is due of comparisons, and once more what is still due long after it was begun, as it has failed.

    Replicas may do so at once. now: seconds since 1970.
    """
    for team, comparison_id, at in await store.comparisons.due(now, limit=AT_ONCE):
        key = Work.COMPARISON_DUE.key(team, comparison_id, at, int((now - at) // BEGUN_AGAIN_AFTER))
        await jobs.start(key, compare_worker.handle_due, team, comparison_id, at)


async def _filled_in(team: str, user: str, picked: str | None, store: Store) -> dict[str, Any]:
    """Give whom the window has picked, and whether they have seen a result before, as `request_view` takes it."""
    knows = picked is not None and await store.comparisons.is_known_to(team, user, picked)
    return {"picked": picked, "known_to": picked if picked and knows else ""}


def register(app: AsyncApp) -> None:
    """Listen to the window and the buttons of comparing."""
    app.action(COMPARE)(begin)
    app.view(COMPARE_WITH)(invite)
    app.action(re.compile(rf"^{COMPARE_DO}:"))(do)
    app.action(re.compile(rf"^{COMPARE_LATER}:"))(say_what_changed)
