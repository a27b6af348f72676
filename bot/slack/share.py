"""Sharing in Slack: pick a person, see what would be sent, send it or not."""

import hashlib
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot import jobs
from bot.domain.share import Delivery, Refusal, refusal
from bot.jobs import current_key, insist, step, worker, workflow
from bot.slack import blocks, result
from bot.slack.blocks import SHARE, SHARE_CANCEL, SHARE_SEND, SHARE_WITH
from bot.slack.equipped import EquippedWorker
from bot.slack.payloads import BlockActions
from bot.slack.pieces import Message
from bot.slack.text import fill, mention
from bot.storage import Share, ShareState, Store


@worker()
class Sharing(EquippedWorker):
    """Sends a recommendation to one person, after its owner has seen exactly what will be sent."""

    @workflow
    async def pick(self, team: str, channel: str, root_ts: str, run_id: str) -> None:
        """Ask who should get it."""
        await self._say_in(team, run_id, channel, root_ts, blocks.pick_recipient(run_id, self._library))

    @workflow
    async def preview(self, team: str, run_id: str, recipient: str, picker_ts: str) -> None:
        """Show what this person would get, or say why they cannot; nothing is sent yet.

        A picker gives way to one preview: of two picks at once the first counts.
        """
        key = current_key()
        share_id = hashlib.sha256(f"{team}:{run_id}:{picker_ts}".encode()).hexdigest()[:20]
        stored = await insist(self._store.run, team, run_id)
        if stored is None:
            return
        reason = refusal(stored.user, team, await self._speech.person(team, recipient))
        if reason is not None:
            told = blocks.pick_recipient(run_id, self._library, self._refused(reason, recipient))
            await self._speech.update(team, stored.channel, picker_ts, told)
            return

        async def keep() -> dict[str, Any] | None:
            if (earlier := await self._store.share(team, share_id)) is not None:
                return earlier.message
            now = await self._store.run(team, run_id)
            if now is None or not now.run.shareable:  # deleted, or a change has opened it again
                return None
            message = result.shared(now.run, mention(now.user), self._library)
            kept = {"text": message.text, "blocks": list(message.blocks), "intro_ts": picker_ts, "by": key}
            share = Share(share_id, run_id, now.version, recipient, kept, ShareState.PREVIEWED)
            await self._store.preview_share(team, share)
            return kept

        kept = await step("keep preview", keep)
        if kept is None:
            await self._speech.update(team, stored.channel, picker_ts, blocks.say(self._library.words.share.outdated))
            return
        if kept["by"] != key:
            return
        to = mention(recipient)
        await self._speech.update(team, stored.channel, picker_ts, blocks.preview_intro(to, self._library))
        for message in (_message(kept), blocks.confirm(share_id, to, self._library)):
            await self._say_in(team, run_id, stored.channel, stored.root_ts, message)

    @workflow
    async def send(self, team: str, share_id: str, channel: str, confirm_ts: str) -> None:
        """Send what was previewed, unless it was cancelled or the result has changed since."""
        words = self._library.words.share

        async def claim() -> dict[str, Any] | None:
            share = await self._store.share(team, share_id)
            run = await self._store.run(team, share.run) if share else None
            if share is None or run is None:
                return None
            to = ShareState.SENT if run.version == share.run_version else ShareState.CANCELLED
            # Nobody but this work makes it SENT: to find it so means that we did, before a crash.
            now = await self._store.move_share(team, share_id, was=ShareState.PREVIEWED, to=to)
            if now is ShareState.CANCELLED and to is ShareState.SENT:
                return None
            outdated = now is not ShareState.SENT
            return {"recipient": share.recipient, "message": share.message, "outdated": outdated}

        claimed = await step("claim share", claim)
        if claimed is None:
            return
        to = mention(claimed["recipient"])
        if claimed["outdated"]:
            await self._speech.update(team, channel, confirm_ts, blocks.say(words.outdated))
            await self._end_preview(team, channel, claimed, sent=False)
            return
        delivery = await self._speech.deliver(team, claimed["recipient"], _message(claimed["message"]))
        sent = delivery is Delivery.DELIVERED
        if not sent:
            await self._move(team, share_id, was=ShareState.SENT, to=ShareState.FAILED)
        await self._speech.update(team, channel, confirm_ts, blocks.told(fill(getattr(words, delivery), to=to)))
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

        found = await step("cancel share", cancelled)
        if found is not None:
            await self._speech.update(team, channel, confirm_ts, blocks.say(self._library.words.share.cancelled))
            await self._end_preview(team, channel, found, sent=False)

    async def _end_preview(self, team: str, channel: str, share: dict[str, Any], *, sent: bool) -> None:
        """Have the lead of a preview say what became of it."""
        if intro_ts := share["message"].get("intro_ts"):  # not of before it was kept
            told = blocks.preview_over(mention(share["recipient"]), self._library, sent=sent)
            await self._speech.update(team, channel, intro_ts, told)

    async def _move(self, team: str, share_id: str, *, was: ShareState, to: ShareState) -> str | None:
        async def move() -> str | None:
            return await self._store.move_share(team, share_id, was=was, to=to)

        return await step(f"share {to}", move)

    def _refused(self, reason: Refusal, recipient: str) -> str:
        return fill(getattr(self._library.words.share, reason), to=mention(recipient))


sharing = Sharing("share")


async def begin(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, store: Store) -> None:
    """Ask who should get the result; a second click finds the picker of the first.

    Once more was done to the run, or with its result, the picker may be used up or far above: another is posted.
    """
    team, [run_id] = str(context.team_id), block_actions.action.words()
    stored = await store.run(team, run_id)
    if stored and stored.user == block_actions.user.id:
        number = await store.shares_of(team, stored.id) + 1
        key = f"pick:{team}:{stored.id}:{block_actions.place.ts}:{stored.turns}:{number}"
        await jobs.start(key, sharing.pick, team, stored.channel, stored.root_ts, stored.id)
    await ack()


async def pick(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, store: Store) -> None:
    """Show the preview for the person that was picked."""
    team, action = str(context.team_id), block_actions.action
    run_id, recipient = action.block_id.removeprefix("share:"), action.selected_user
    stored = await store.run(team, run_id)
    if stored and recipient and stored.user == block_actions.user.id:
        picker_ts = block_actions.place.ts
        key = f"preview:{team}:{run_id}:{picker_ts}:{action.action_ts}"
        await jobs.start(key, sharing.preview, team, run_id, recipient, picker_ts)
    await ack()


async def send(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, store: Store) -> None:
    """Send it, or don't, as the button says; only the owner's click counts."""
    team, [share_id] = str(context.team_id), block_actions.action.words()
    share = await store.share(team, share_id)
    stored = await store.run(team, share.run) if share else None
    if stored and stored.user == block_actions.user.id:
        sends = block_actions.action.action_id == SHARE_SEND
        key = f"{'send' if sends else 'cancel'}:{team}:{stored.id}:{share_id}"
        work = sharing.send if sends else sharing.cancel
        await jobs.start(key, work, team, share_id, stored.channel, block_actions.place.ts)
    await ack()


def _message(kept: dict[str, Any]) -> Message:
    return Message(kept["text"], tuple(kept["blocks"]))


def register(app: AsyncApp) -> None:
    """Listen to the buttons and the picker of sharing."""
    app.action(SHARE)(begin)
    app.action(SHARE_WITH)(pick)
    app.action(SHARE_SEND)(send)
    app.action(SHARE_CANCEL)(send)
