"""What the recipient of a share does: mark it as read, ask for a talk, see the table, mute, and pass on a reply."""

from bot.jobs import formerly, in_doubt, step, worker, workflow
from bot.slack import blocks, share_blocks, share_controls
from bot.slack.gateway import Render, SlackWorkError
from bot.slack.pieces import Message
from bot.slack.share_controls import SHARE_SEEN, SHARE_TABLE, SHARE_TALK
from bot.slack.share_messages import Record, SharingWorker, round_place
from bot.slack.text import fill, mention
from bot.storage import ShareState

OFFER = "offer:"  # a slot of a copy: with the ts of the reply that may be passed on
TABLE = "table"  # a slot of a copy: the documents' table
SEEN_AT, TALK_AT = "seen_at", "talk_at"  # times of a share


@worker()
class RecipientWorker(SharingWorker):
    """Does what the buttons below a copy say, and tells its sender what they are to know."""

    @workflow
    @formerly("share.handle_recipient")
    async def handle_recipient(self, team: str, share_id: str, does: str, user: str, channel: str, ts: str) -> None:
        """Do what a button below a copy says, if it is the recipient's click; `ts`: of the message that was clicked."""

        async def act() -> Record:
            known = await self._with_run(team, share_id)
            if known is None or known[0].state is not ShareState.SENT:
                return {"told": "copy_gone"}
            share, stored = known
            if user != share.recipient:
                return {"told": "not_for_you"}
            new = False
            match does:
                case share_controls.SHARE_SEEN:
                    await self._store.shares.note_time(team, share_id, SEEN_AT)
                case share_controls.SHARE_TALK:
                    new = in_doubt()
                    new |= await self._store.shares.note_time(team, share_id, TALK_AT)
                case share_controls.SHARE_MUTE:
                    await self._store.shares.mute(team, share_id, user, stored.user)
                case share_controls.SHARE_UNMUTE:
                    await self._store.shares.unmute(team, user, stored.user)
            return round_place(stored) | {"new": new, "recipient": user}

        acted = await step("act", act)
        if "told" in acted:
            await self._gateway.post_ephemeral(team, channel, user, self._say(acted["told"]))
            return
        if does == SHARE_TABLE:
            await self._post_table(team, share_id, channel, ts)
            return
        await self._gateway.update_message(team, channel, ts, self._copy(team, share_id))
        if does in (SHARE_SEEN, SHARE_TALK):
            await self._show_receipt(team, share_id)
        if does == SHARE_TALK and acted["new"]:
            await self._tell(team, acted, self._told("talks", user))

    async def _post_table(self, team: str, share_id: str, channel: str, root_ts: str) -> None:
        """Post the documents' table below a copy, once."""

        async def is_there() -> bool:
            return TABLE in await self._store.shares.messages(team, share_id)

        if await step("has table", is_there):
            return
        table = self._of_share(team, share_id, lambda _, stored, library: share_blocks.whole_table(stored, library))
        await self._post_below(team, share_id, channel, root_ts, TABLE, table)

    async def _post_below(
        self, team: str, share_id: str, channel: str, root_ts: str, slot: str, render: Render
    ) -> None:
        """Post something in the thread of a copy, to be taken back with it; at once, if that is withdrawn by now."""
        if posted := await self._gateway.post_message(team, channel, render, thread_ts=root_ts):
            where, ts = posted
            if not await step("remember", self._store.shares.put_message, team, share_id, slot, where, ts):
                await self._gateway.delete_message(team, where, ts)

    @workflow
    @formerly("share.offer_to_pass_on")
    async def offer_to_pass_on(self, team: str, share_id: str, channel: str, root_ts: str, ts: str) -> None:
        """Ask the recipient whether a reply of theirs, at `ts`, is for the sender."""
        offer = self._of_share(
            team,
            share_id,
            lambda share, stored, library: share_blocks.ask_to_pass_on(share.id, ts, stored.user, library),
        )
        await self._post_below(team, share_id, channel, root_ts, f"{OFFER}{ts}", offer)

    @workflow
    @formerly("share.pass_on")
    async def pass_on(
        self, team: str, share_id: str, user: str, channel: str, offer_ts: str, root_ts: str, ts: str, wanted: bool
    ) -> None:
        """Send the recipient's reply, at `ts`, to the sender's thread, if it is `wanted`.

        Its text is read for that alone, and kept nowhere.
        """

        async def look() -> Record | None:
            known = await self._with_run(team, share_id)
            return round_place(known[1]) if known and known[0].recipient == user else None

        place = await step("look", look)
        if place is None or not wanted:
            answer = self._say("copy_gone" if place is None else "not_passed_on")
            await self._gateway.update_message(team, channel, offer_ts, answer)
            return

        async def reply() -> Message | None:
            fetched = await self._gateway.get_message(team, channel, ts, thread_ts=root_ts)
            return share_blocks.reply(user, fetched.text, self._library) if fetched else None

        try:
            name = "passed_on" if await self._tell(team, place, reply) else "pass_on_gone"
        except SlackWorkError:
            name = "pass_on_refused"
        result = self._rendered(
            lambda library: blocks.filled(fill(getattr(library.words.share, name), sender=mention(place["sender"])))
        )
        await self._gateway.update_message(team, channel, offer_ts, result)


recipient_worker = RecipientWorker("share_recipient")
