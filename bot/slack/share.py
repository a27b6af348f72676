"""Sharing in Slack: pick a person, see what would be sent, send it or not."""

import hashlib
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot import jobs
from bot.domain.share import Delivery, refusal
from bot.jobs import current_key, step, worker, workflow
from bot.knowledge import Library
from bot.slack import blocks, result
from bot.slack.controls import SHARE, SHARE_CANCEL, SHARE_SEND, SHARE_WITH, read_recipient, read_run, read_share
from bot.slack.gateway import plain_data, recorded
from bot.slack.payloads import BlockActions
from bot.slack.pieces import Message
from bot.slack.slack_worker import SlackWorker
from bot.slack.text import fill, mention
from bot.slack.work import Work
from bot.storage import Share, ShareState, Store


@worker()
class ShareWorker(SlackWorker):
    """Sends a recommendation to one person, after its owner has seen exactly what will be sent."""

    @workflow
    async def pick(self, team: str, channel: str, root_ts: str, run_id: str) -> None:
        """Ask who should get it."""
        pick = self._rendered(partial(blocks.pick_recipient, run_id))
        await self._post_in_run(team, run_id, channel, root_ts, pick)

    @workflow
    async def preview(self, team: str, run_id: str, recipient: str, picker_ts: str) -> None:
        """Show what this person would get, or say why they cannot; nothing is sent yet.

        A picker gives way to one preview: of two picks at once the first counts.
        """
        key = current_key()
        attempt = key.rpartition(":")[2]
        share_id = hashlib.sha256(f"{team}:{run_id}:{picker_ts}".encode()).hexdigest()[:20]

        async def look() -> dict[str, str] | None:
            stored = await self._store.runs.get(team, run_id)
            return {"user": stored.user, "channel": stored.channel, "root_ts": stored.root_ts} if stored else None

        where = await step("look", look)
        if where is None:
            return
        channel, to = where["channel"], mention(recipient)
        reason = refusal(where["user"], team, await self._gateway.get_person(team, recipient))
        if reason is not None:

            def refused(library: Library) -> Message:
                why = fill(getattr(library.words.share, reason), to=to)
                return blocks.pick_recipient(run_id, library, why, attempt)

            await self._gateway.update_message(team, channel, picker_ts, self._rendered(refused))
            return

        async def keep() -> dict[str, Any] | None:
            if (earlier := await self._store.share(team, share_id)) is not None:
                return earlier.message
            now = await self._store.runs.get(team, run_id)
            if now is None or not now.run.shareable:  # deleted, or a change has opened it again
                return None
            message = result.shared(now.run, mention(now.user), self._library)
            kept = plain_data(message) | {"intro_ts": picker_ts, "by": key}
            share = Share(share_id, run_id, now.answers_version, recipient, kept, ShareState.PREVIEWED)
            await self._store.preview_share(team, share)
            return kept

        kept = await step("keep preview", keep)
        if kept is None:
            await self._gateway.update_message(team, channel, picker_ts, self._rendered(_outdated))
            return
        if kept["by"] != key:
            return
        await self._gateway.update_message(team, channel, picker_ts, self._rendered(partial(blocks.preview_intro, to)))
        for message in (recorded(kept), self._rendered(partial(blocks.confirm, share_id, to))):
            await self._post_in_run(team, run_id, channel, where["root_ts"], message)

    @workflow
    async def send(self, team: str, share_id: str, channel: str, confirm_ts: str) -> None:
        """Send what was previewed, unless it was cancelled or the result has changed since."""

        async def claim() -> dict[str, Any] | None:
            share = await self._store.share(team, share_id)
            run = await self._store.runs.get(team, share.run) if share else None
            if share is None or run is None:
                return None
            if not share.recipient:
                return {"forgotten": True}
            to = ShareState.SENT if run.answers_version == share.run_version else ShareState.CANCELLED
            # Nobody but this work makes it SENT: to find it so means that we did, before a crash.
            now = await self._store.move_share(team, share_id, was=ShareState.PREVIEWED, to=to)
            if now is ShareState.CANCELLED and to is ShareState.SENT:
                return None
            outdated = now is not ShareState.SENT
            return {"recipient": share.recipient, "message": share.message, "outdated": outdated}

        claimed = await step("claim share", claim)
        if claimed is None:
            return
        if "forgotten" in claimed:
            nobody = self._rendered(lambda library: blocks.say(library.words.share.forgotten))
            await self._gateway.update_message(team, channel, confirm_ts, nobody)
            return
        to = mention(claimed["recipient"])
        if claimed["outdated"]:
            await self._gateway.update_message(team, channel, confirm_ts, self._rendered(_outdated))
            await self._end_preview(team, channel, claimed, sent=False)
            return
        delivery = await self._gateway.deliver_message(team, claimed["recipient"], recorded(claimed["message"]))
        sent = delivery is Delivery.DELIVERED
        if not sent:
            await self._move(team, share_id, was=ShareState.SENT, to=ShareState.FAILED)

        def note(library: Library) -> Message:
            return blocks.filled(fill(getattr(library.words.share, delivery), to=to))

        await self._gateway.update_message(team, channel, confirm_ts, self._rendered(note))
        await self._end_preview(team, channel, claimed, sent=sent)

    @workflow
    async def cancel(self, team: str, share_id: str, channel: str, confirm_ts: str) -> None:
        """Send nothing."""

        async def cancelled() -> dict[str, Any] | None:
            now = await self._store.move_share(team, share_id, was=ShareState.PREVIEWED, to=ShareState.CANCELLED)
            share = await self._store.share(team, share_id)
            if now is not ShareState.CANCELLED or share is None:
                return None
            return {"recipient": share.recipient, "message": share.message}

        share = await step("cancel share", cancelled)
        if share is not None:
            note = self._rendered(lambda library: blocks.say(library.words.share.cancelled))
            await self._gateway.update_message(team, channel, confirm_ts, note)
            await self._end_preview(team, channel, share, sent=False)

    async def _end_preview(self, team: str, channel: str, share: dict[str, Any], *, sent: bool) -> None:
        """Have the lead of a preview say what became of it."""
        # Not of before it was kept, nor with a name that is not kept any more.
        if share["recipient"] and (intro_ts := share["message"].get("intro_ts")):
            note = partial(blocks.preview_over, mention(share["recipient"]), sent=sent)
            await self._gateway.update_message(team, channel, intro_ts, self._rendered(note))

    async def _move(self, team: str, share_id: str, *, was: ShareState, to: ShareState) -> str | None:
        async def move() -> str | None:
            return await self._store.move_share(team, share_id, was=was, to=to)

        return await step(f"share {to}", move)


share_worker = ShareWorker("share")


async def begin(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, store: Store) -> None:
    """Ask who should get the result; a second click finds the picker of the first.

    Once more was done to the run, or with its result, the picker may be used up or far above: another is posted.
    """
    team, run_id = str(context.team_id), read_run(block_actions.action)
    stored = await store.runs.get(team, run_id)
    if stored and stored.user == block_actions.user.id:
        number = await store.count_shares(team, stored.id) + 1
        key = Work.PICK_MANAGER.key(team, stored.id, block_actions.place.ts, stored.revision, number)
        await jobs.start(key, share_worker.pick, team, stored.channel, stored.root_ts, stored.id)
    await ack()


async def pick(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, store: Store) -> None:
    """Show the preview for the person that was picked."""
    team, action = str(context.team_id), block_actions.action
    run_id, recipient = read_recipient(action)
    stored = await store.runs.get(team, run_id)
    if stored and recipient and stored.user == block_actions.user.id:
        picker_ts = block_actions.place.ts
        key = Work.PREVIEW_SHARE.key(team, run_id, picker_ts, action.action_ts)
        await jobs.start(key, share_worker.preview, team, run_id, recipient, picker_ts)
    await ack()


async def send(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, store: Store) -> None:
    """Send it, or don't, as the button says; only the owner's click counts."""
    team, (share_id, sends) = str(context.team_id), read_share(block_actions.action)
    share = await store.share(team, share_id)
    stored = await store.runs.get(team, share.run) if share else None
    if stored and stored.user == block_actions.user.id:
        key = (Work.SEND_SHARE if sends else Work.CANCEL_SHARE).key(team, stored.id, share_id)
        work = share_worker.send if sends else share_worker.cancel
        await jobs.start(key, work, team, share_id, stored.channel, block_actions.place.ts)
    await ack()


def _outdated(library: Library) -> Message:
    return blocks.say(library.words.share.outdated)


def register(app: AsyncApp) -> None:
    """Listen to the buttons and the picker of sharing."""
    app.action(SHARE)(begin)
    app.action(SHARE_WITH)(pick)
    app.action(SHARE_SEND)(send)
    app.action(SHARE_CANCEL)(send)
