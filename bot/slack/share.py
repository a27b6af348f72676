"""Sharing in Slack: choose what to send in a window, see what will be sent, send it or not; take it back."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import structlog
from aiohttp import ClientError
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import jobs, work_records
from bot.domain.copy_question import CopyQuestion
from bot.domain.quiz_run import Status
from bot.domain.share import MOST_A_DAY, TELLING, Part, Place, Refusal, ShareState, refusal
from bot.jobs import Key
from bot.knowledge import Library
from bot.slack import share_blocks, shared_result
from bot.slack.home_controls import SHARE_ROUND
from bot.slack.interaction_payloads import BlockActions, ViewSubmission
from bot.slack.lookups import read_person
from bot.slack.own_messages import CLOCKS_APART
from bot.slack.profiles import manager_of
from bot.slack.quiz_controls import read_run
from bot.slack.share_blocks import Filled
from bot.slack.share_controls import (
    FORMER_SHARING,
    SHARE,
    SHARE_ALLOW,
    SHARE_CHOOSE,
    SHARE_CONFIRM,
    SHARE_KEEP,
    SHARE_PASS_ON,
    SHARE_UPDATE,
    SHARE_WITHDRAW,
    ChosenShare,
    CopyCommand,
    read_chosen_share,
    read_confirmed_share,
    read_copy_command,
    read_pass_on,
    read_share,
)
from bot.slack.share_messages import FROM_HOME
from bot.slack.share_recipient import recipient_worker
from bot.slack.share_rows import ended_view, newer_run
from bot.slack.share_work import share_worker
from bot.slack.window_work import open_for_click
from bot.slack.work import Work, short_digest
from bot.storage import Share, Store, StoredRun, graded_as

PATIENCE = 2.0  # seconds that Slack has to say who somebody is: a window waits for three

log = structlog.get_logger()


# The windows


async def begin(
    ack: AsyncAck,
    block_actions: BlockActions,
    context: AsyncBoltContext,
    client: AsyncWebClient,
    library: Library,
    store: Store,
) -> None:
    """Open the window in which somebody chooses what to share of their result, and with whom."""
    team, user, run_id = str(context.team_id), block_actions.user.id, read_run(block_actions.action)
    why = _not_theirs(await store.runs.get(team, run_id), user, run_id)
    if why:
        view = share_blocks.notice_view(getattr(library.words.share, why), library)
    else:
        recipient = await store.shares.last_recipient(team, user)
        if recipient is None:
            recipient = await manager_of(client, team, user, library.words.share.manager_fields)
        filled = Filled(recipient=recipient)
        view = share_blocks.choose_view(run_id, filled, library)
    await open_for_click(client, block_actions, context, view)
    await ack()


async def begin_update(
    ack: AsyncAck,
    block_actions: BlockActions,
    context: AsyncBoltContext,
    client: AsyncWebClient,
    library: Library,
    store: Store,
) -> None:
    """Open the same window for a newer result, to replace the copy that somebody has; with what was chosen then."""
    team, user, share_id = str(context.team_id), block_actions.user.id, read_share(block_actions.action)
    share = await store.shares.get(team, share_id)
    of_copy = await store.runs.get(team, share.run) if share else None
    why = _not_theirs(of_copy, user, share_id) if of_copy is None or of_copy.user != user else None
    if why is None and share and not share.is_live:
        why = "copy_ended"
    elif why is None and share and not share.recipient:
        why = "forgotten"
    stored = await newer_run(store, team, share) or of_copy if share and not why else None
    why = why or _not_theirs(stored, user, share_id)
    if why or stored is None or share is None:
        view = share_blocks.notice_view(getattr(library.words.share, str(why)), library)
    else:
        filled = Filled(share.recipient, share.parts, share.note or "", share.place)
        view = share_blocks.choose_view(stored.id, filled, library, updates=share.id)
    await open_for_click(client, block_actions, context, view)
    await ack()


async def preview(
    ack: AsyncAck,
    view_submission: ViewSubmission,
    context: AsyncBoltContext,
    client: AsyncWebClient,
    library: Library,
    store: Store,
) -> None:
    """Show exactly what will be sent, and remember it; or say at the field in question why it cannot be."""
    team, user, chosen = str(context.team_id), view_submission.user.id, read_chosen_share(view_submission.view)
    stored = await store.runs.get(team, chosen.run)
    updated = await store.shares.get(team, chosen.updates) if chosen.updates else None
    if updated:
        chosen = replace(chosen, place=updated.place)  # of which there is no choice
    why = _not_theirs(stored, user, chosen.run)
    if why is None and chosen.updates:
        of_update = await store.runs.get(team, updated.run) if updated else None
        is_theirs = of_update is not None and of_update.user == user
        why = _not_theirs(of_update, user, chosen.updates) if not is_theirs else None
        why = why or (None if updated and updated.is_live else "copy_ended")
    if why or stored is None:
        await ack(
            response_action="update", view=share_blocks.notice_view(getattr(library.words.share, str(why)), library)
        )
        return
    recipient = (updated.recipient if updated else chosen.recipient) or ""
    parts = shared_result.parts_to_show(stored.run, chosen.parts, chosen.note, library)
    if errors := await _errors(team, user, recipient, parts, chosen, client, library, store):
        await ack(response_action="errors", errors=errors)
        return
    share = await store.shares.preview(team, _share(team, stored, recipient, parts, chosen, view_submission, library))
    await ack(response_action="push", view=share_blocks.preview_view(share, _digest(share.message), library))


async def send(
    ack: AsyncAck, view_submission: ViewSubmission, context: AsyncBoltContext, library: Library, store: Store
) -> None:
    """Send what was previewed, and say so in the window; to a later click it says what became of it.

    What the window brings back only names it: all is checked against the rows.
    """
    team, user = str(context.team_id), view_submission.user.id
    confirmed = read_confirmed_share(view_submission.view)
    run_id, share_id, digest = confirmed or ("", "", "")
    share = await store.shares.get(team, share_id)
    stored = await store.runs.get(team, share.run if share else run_id)
    why = _not_theirs(stored, user, share_id)
    waits = share is not None and share.state is ShareState.PREVIEWED  # what was sent has been checked before
    forged = share is not None and waits and (share.run != run_id or _digest(share.message) != digest)
    if forged and share and why is None and not share.recipient:  # in a group it named who was forgotten since
        why = "forgotten"
    elif forged or confirmed is None:
        log.warning("a share was refused", reason="forged", share=share_id, user=user)
        why = "not_yours"
    elif share is None:
        why = why or "preview_gone"
    elif why is None and stored and waits and stored.answers_version != share.run_version:
        why = "outdated_update" if share.updates else "outdated"
    if share is None or why:
        view = share_blocks.notice_view(getattr(library.words.share, str(why)), library)
        await ack(response_action="update", view=view)
        return
    key = Work.SEND_SHARE.key(team, share.run, share.id)
    if waits:
        await jobs.start(key, share_worker.deliver, team, share.id, view_submission.view.id)
    if waits or (share.is_being_sent and await work_records.is_under_way([key])):
        view = share_blocks.sent_view(share, library)
    else:
        view = await ended_view(store, team, share, library)
    await ack(response_action="update", view=view)


def _not_theirs(stored: StoredRun | None, user: str, run_reference: str) -> str | None:
    """Say why somebody cannot share a result, as a key of `share` in words.yaml; None if they can.

    run_reference: what their click or window has named, for the log.
    """
    if stored is None or stored.run.status is Status.DELETED:
        return "gone"
    if stored.user != user:
        log.warning("a share was refused", reason="not the owner", asked=run_reference, user=user)
        return "not_yours"
    return None if stored.run.shareable else "not_shareable"


async def _errors(
    team: str,
    user: str,
    recipient: str,
    parts: tuple[Part, ...],
    chosen: ChosenShare,
    client: AsyncWebClient,
    library: Library,
    store: Store,
) -> dict[str, str]:
    """Say what speaks against a share, by the block of the window that it is about; nothing if it can be previewed."""
    words, errors = library.words.share, dict[str, str]()
    why = await _refusal(team, user, recipient, client, store)
    if why is None and not chosen.updates and await store.shares.count_sent_today(team, chosen.run) >= MOST_A_DAY:
        why = Refusal.TOO_MANY
    if why is None and TELLING.intersection(parts) and await store.comparisons.is_open(team, user, recipient):
        why = Refusal.COMPARING
    if why:  # of an update there is no picker
        reason = share_blocks.reason(why, library, updates=bool(chosen.updates))
        errors[share_blocks.PARTS if chosen.updates else share_blocks.TO] = reason
    if not parts:
        errors[share_blocks.PARTS] = words.not_graded if Part.GRADED in chosen.parts else words.no_parts
    return errors


async def _refusal(team: str, user: str, recipient: str, client: AsyncWebClient, store: Store) -> Refusal | None:
    """Say why somebody cannot send anything to somebody."""
    try:
        async with asyncio.timeout(PATIENCE):
            person = await read_person(client, recipient) if recipient else None
    except (SlackApiError, ClientError, TimeoutError):  # it may pass, and the window stays as it is
        return Refusal.UNKNOWN
    if why := refusal(user, team, person, guests=share_worker.allows_guests):
        return why
    return Refusal.MUTED if await store.mutes.is_muted(team, recipient, user) else None


def _share(
    team: str,
    stored: StoredRun,
    recipient: str,
    parts: tuple[Part, ...],
    chosen: ChosenShare,
    submission: ViewSubmission,
    library: Library,
) -> Share:
    """Render what the recipient would get. The same choices in the same window are the same share."""
    version = (stored.id, stored.answers_version, graded_as(stored.run.graded))
    about = (team, *version, submission.view.id, recipient, parts, chosen.note, chosen.place)
    share_id = short_digest(repr(about))
    root, replies = shared_result.content(
        stored.run,
        parts,
        sender=stored.user,
        recipient=recipient,
        place=chosen.place,
        note=chosen.note,
        at=datetime.now(UTC),
        library=library,
    )
    return Share(
        share_id,
        stored.id,
        stored.answers_version,
        recipient,
        shared_result.as_record(root, replies),
        ShareState.PREVIEWED,
        parts=parts,
        place=chosen.place,
        note=chosen.note or None,
        updates=chosen.updates,
        graded=graded_as(stored.run.graded),
    )


def _digest(message: Mapping[str, Any]) -> str:
    """Give a digest of a previewed message; equal messages have equal digests."""
    return short_digest(json.dumps(message, sort_keys=True))


# What becomes of it


async def withdraw(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, store: Store) -> None:
    """Take a copy back, by a button of its receipt or of a list."""
    team, user, action = str(context.team_id), block_actions.user.id, block_actions.action
    share_id = read_share(action)
    share = await store.shares.get(team, share_id)
    listed_at = None if block_actions.message else block_actions.response_url or FROM_HOME
    clicked_in = [block_actions.place.channel, block_actions.place.thread_ts] if block_actions.message else None
    key = Work.WITHDRAW_SHARE.key(team, share.run if share else "gone", share_id, action.action_ts)
    await jobs.start(key, share_worker.withdraw, team, share_id, user, listed_at, clicked_in)
    await ack()


async def answer_recipient(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, store: Store) -> None:
    """Do what a button below a copy says."""
    team, user, action = str(context.team_id), block_actions.user.id, block_actions.action
    share_id, command = read_copy_command(action)
    if block_actions.message:
        where = (user, block_actions.place.channel, block_actions.place.ts, "")
    else:  # in a group, where only the recipient sees that they get no more
        where = (user, block_actions.ephemeral_place.channel, "", block_actions.reply_url)
    share = await store.shares.get(team, share_id)
    key = Work.ANSWER_RECIPIENT.key(team, share.run if share else "gone", share_id, user, action.action_ts)
    await jobs.start(key, recipient_worker.handle_recipient, team, share_id, command.value, *where)
    await ack()


async def allow(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, store: Store) -> None:
    """Have somebody get shares again from whom they wanted none, by a button of the list that says so."""
    team, user, action = str(context.team_id), block_actions.user.id, block_actions.action
    share_id = read_share(action)
    share = await store.shares.get(team, share_id)
    key = Work.ANSWER_RECIPIENT.key(team, share.run if share else "gone", share_id, user, action.action_ts)
    listed_at = block_actions.response_url or FROM_HOME
    await jobs.start(key, recipient_worker.allow, team, share_id, user, listed_at)
    await ack()


async def pass_on(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, store: Store) -> None:
    """Send a reply of the recipient to the sender, or don't, as the button says; the first click decides."""
    team, user, message = str(context.team_id), block_actions.user.id, block_actions.place
    share_id, ts, wanted = read_pass_on(block_actions.action)
    share = await store.shares.get(team, share_id)
    key = Work.PASS_ON.key(team, share.run if share else "gone", share_id, ts)
    where = (message.channel, message.ts, message.thread_ts or message.ts, ts)
    await jobs.start(key, recipient_worker.pass_on, team, share_id, user, *where, wanted)
    await ack()


@dataclass(frozen=True)
class Says:
    """Whether a reply below a copy has text, which may be passed on, and files, which may not."""

    text: bool
    files: bool


async def on_question(
    team: str, user: str, channel: str, thread_ts: str, ts: str, question: CopyQuestion, store: Store
) -> bool:
    """Answer a question that the recipient of a copy asks below it; gives whether it stands below one that is there."""
    share = await store.shares.of_root(team, channel, thread_ts)
    if (
        share is None
        or share.recipient != user
        or share.place is not Place.DIRECT
        or share.state is not ShareState.SENT
    ):
        return False
    key = Work.ANSWER_RECIPIENT.key(team, share.run, share.id, user, ts)
    where = (team, share.id, channel, thread_ts, ts)
    await jobs.start(key, recipient_worker.answer_question, *where, question.name, question.term)
    return True


async def on_reply(
    team: str,
    user: str,
    channel: str,
    thread_ts: str,
    ts: str,
    store: Store,
    *,
    says: Says | None,
    below_us: bool,
    answered: bool,
) -> bool:
    """Offer to pass on a message that stands below a copy; gives whether it does, or may.

    The copy may also be one whose arrival Slack never confirmed; below one that has ended, the person is told that the
    message cannot be passed on. In a group nothing is offered, as the sender reads along. says: what may be passed on;
    None for an edit of a message that was offered before. below_us: the root of the thread is a message of ours.
    answered: the message gets another reply, as it was for the bot, so that nothing is offered, and nothing said below
    a copy that has ended.
    """
    share = await store.shares.of_root(team, channel, thread_ts)
    if share is None:
        if not below_us:
            return False
        if await store.share_traces.is_former_copy(team, channel, thread_ts):
            if says and not answered:
                key = Work.OFFER_TO_PASS_ON.key(team, "gone", "gone", channel, ts)
                await jobs.start(key, recipient_worker.say_ended, team, channel, thread_ts, "reply_deleted")
            return True
        where = (team, user, channel, thread_ts, ts)
        return says is not None and await _may_be_below_uncertain(*where, says, store, answered=answered)
    if share.recipient == user and says and share.place is Place.DIRECT:
        if answered:
            return True
        key = Work.OFFER_TO_PASS_ON.key(team, share.run, share.id, ts)
        if share.state is ShareState.SENT:
            await _offer_to_pass_on(key, team, share, channel, thread_ts, ts, says)
        else:
            await jobs.start(key, recipient_worker.say_ended, team, channel, thread_ts)
    return True


async def _offer_to_pass_on(
    key: Key, team: str, share: Share, channel: str, thread_ts: str, ts: str, says: Says
) -> None:
    about = (team, share.id, channel, thread_ts, ts, says.text, says.files)
    await jobs.start(key, recipient_worker.offer_to_pass_on, *about)


async def _may_be_below_uncertain(
    team: str, user: str, channel: str, thread_ts: str, ts: str, says: Says, store: Store, *, answered: bool
) -> bool:
    """Begin work that finds out whether a message stands below a copy whose arrival Slack never confirmed."""
    since = float(thread_ts) + CLOCKS_APART
    until = float(thread_ts) - CLOCKS_APART  # nothing was posted any more once it was given up
    sent = await store.shares.uncertain_for(team, user)
    uncertain = [share for share in sent if share.made_at < since and (share.ended_at or until) >= until]
    kept = await store.share_traces.unconfirmed_for(team, user)
    deleted = [copy for copy in kept if copy.made_at < since and copy.given_up_at >= until]
    if not (uncertain or deleted) or await store.replies.of_answer(team, channel, thread_ts):
        return False
    for share in uncertain if not answered else ():
        key = Work.OFFER_TO_PASS_ON.key(team, share.run, share.id, ts)
        await _offer_to_pass_on(key, team, share, channel, thread_ts, ts, says)
    for copy in deleted:
        key = Work.OFFER_TO_PASS_ON.key(team, "gone", copy.share, channel, ts)
        where = (team, channel, thread_ts, ts, user)
        await jobs.start(key, recipient_worker.look_for_deleted, *where, asdict(copy), not answered)
    return True


async def click_again(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Say that sharing has a window now, in place of a menu or buttons of before it had."""
    team, message = str(context.team_id), block_actions.place
    key = Work.PICK_MANAGER.key(team, "former", message.channel, message.ts)
    await jobs.start(key, share_worker.send, team, "", message.channel, message.ts)
    await ack()


def register(app: AsyncApp) -> None:
    """Listen to the buttons and the windows of sharing."""
    app.action(SHARE)(begin)
    app.action(re.compile(rf"^{SHARE_ROUND}:"))(begin)
    app.action(SHARE_UPDATE)(begin_update)
    app.view(SHARE_CHOOSE)(preview)
    app.view(SHARE_CONFIRM)(send)
    app.action(re.compile(rf"^{SHARE_WITHDRAW}:"))(withdraw)
    app.action(re.compile(rf"^{SHARE_ALLOW}:"))(allow)
    for command in CopyCommand:
        app.action(command.value)(answer_recipient)
    for name in (SHARE_PASS_ON, SHARE_KEEP):
        app.action(name)(pass_on)
    for name in FORMER_SHARING:
        app.action(name)(click_again)
