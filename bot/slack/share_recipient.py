"""What the recipient of a share does: mark it as read, ask for a talk, see the table, mute, and pass on a reply."""

import contextlib
from functools import partial

import structlog

from bot import jobs
from bot.domain.share import Place
from bot.jobs import formerly, in_doubt, step, worker, workflow
from bot.slack import blocks, share_blocks, share_controls
from bot.slack.compare_work import compare_worker
from bot.slack.gateway import Render
from bot.slack.pieces import Message, addressed
from bot.slack.share_controls import SHARE_MUTE, SHARE_SEEN, SHARE_TABLE, SHARE_TALK, SHARE_UNMUTE
from bot.slack.share_messages import Record, SharingWorker, copy_key, round_place
from bot.slack.slack_calls import SlackWorkError, UncertainError
from bot.slack.text import fill, mention
from bot.slack.work import Work
from bot.storage import OFFER, Share, ShareState

LONGEST_REPLY = 40_000  # characters; Slack lets nobody write more
TABLE = "table"  # a slot of a copy: the documents' table
SEEN_AT, TALK_AT = "seen_at", "talk_at"  # times of a share

log = structlog.get_logger()


@worker()
class RecipientWorker(SharingWorker):
    """Does what the buttons below a copy say, and tells its sender what they are to know."""

    @workflow
    @formerly("share.handle_recipient")
    async def handle_recipient(
        self, team: str, share_id: str, does: str, user: str, channel: str, ts: str, response_url: str = ""
    ) -> None:
        """Do what a button below a copy says, if it is the recipient's click; `ts`: of the message that was clicked.

        It is empty for one that only the recipient sees, which is answered at `response_url`.
        """

        async def answer(render: Render) -> None:
            if response_url:
                await self._gateway.respond(response_url, render, replace=True)
            else:
                await self._gateway.post_ephemeral(team, channel, user, render)

        acted = await step("act", self._act, team, share_id, does, user, channel, ts)
        if "told" in acted:
            await answer(self._say(acted["told"]))
            return
        if "allowed" in acted:
            await answer(self._rendered(partial(share_blocks.allowed_note, acted["allowed"])))
            await compare_worker.follow_wishes(team, acted["allowed"], user)
            return
        if acted["arrived"]:
            await self._tell_of_arrival(team, share_id, user, acted)
        if does == SHARE_TABLE:
            if not await self._post_table(team, share_id, channel, ts):
                await answer(self._say("table_refused"))
            return
        if does == SHARE_TALK and acted["new"] and not await self._tell_of_talk(team, share_id, acted):
            await self._update_copy(team, share_id, channel, ts)  # which may say by now that the sender knows
            await answer(self._about(acted, "talk_not_told"))
            return
        if does in (SHARE_MUTE, SHARE_UNMUTE):
            if acted["place"] == Place.GROUP:  # which is nobody else's business
                muted = does == SHARE_MUTE
                await answer(self._rendered(partial(share_blocks.muted_note, share_id, acted["sender"], muted)))
            await compare_worker.follow_wishes(team, acted["sender"], user)
            return
        await self._update_copy(team, share_id, channel, ts)
        if does in (SHARE_SEEN, SHARE_TALK):
            await self._show_receipt(team, share_id)
            await self._show_home(team, acted, "seen")

    @workflow
    async def allow(self, team: str, share_id: str, user: str, listed_at: str) -> None:
        """Have somebody get shares again from whom they muted with this one, or with the invitation to compare.

        listed_at: as `_show_list` takes it.
        """

        sender = await step("muted with", self._store.mutes.muted_with, team, share_id, user)
        if sender:
            await step("allow", self._store.mutes.unmute, team, user, sender)
        await self._show_list(team, user, listed_at)
        if sender:
            await compare_worker.follow_wishes(team, sender, user)

    async def _act(self, team: str, share_id: str, does: str, user: str, channel: str, ts: str) -> Record:
        """Write down what somebody has clicked; gives what follows.

        Or `told`: why there is nothing to do; or `allowed`: from whom they get shares again, though the copy has ended.
        """
        known = await self._with_run(team, share_id)
        if known is None:
            muted = await self._store.mutes.unmute_of(team, share_id, user) if does == SHARE_UNMUTE else None
            return {"allowed": muted} if muted else {"told": "copy_gone"}
        share, stored = known
        if not share.recipient and share.place is Place.DIRECT:
            return {"told": "forgot_you"}
        if user != share.recipient:
            return {"told": "not_for_you"}
        if does == SHARE_UNMUTE:
            await self._store.mutes.unmute(team, user, stored.user)
        arrived = await self._confirm(team, share, channel, ts) if ts else False
        if share.state is not ShareState.SENT and not arrived:  # what is left of it does not change any more
            return {"allowed": stored.user} if does == SHARE_UNMUTE else {"told": "copy_gone"}
        new = False
        match does:
            case share_controls.SHARE_SEEN:
                await self._store.shares.note_time(team, share_id, SEEN_AT)
            case share_controls.SHARE_TALK:
                new = in_doubt()
                new |= await self._store.shares.note_time(team, share_id, TALK_AT)
            case share_controls.SHARE_MUTE:
                await self._store.mutes.mute(team, share_id, user, stored.user)
        return round_place(stored) | {"new": new, "arrived": arrived, "place": share.place.value}

    async def _tell_of_arrival(self, team: str, share_id: str, recipient: str, place: Record) -> None:
        """Tell the sender that a copy has arrived of which Slack never said so."""
        told = self._told("arrived", recipient)

        async def to_sender() -> Message | None:
            message = await told()
            return addressed(mention(place["sender"]), message) if message else None

        try:
            await self._tell(team, place, to_sender)
        except SlackWorkError as error:  # what the recipient has clicked is done all the same
            log.warning("a sender was not told that a share has arrived", share=share_id, error=str(error))
        await self._post_receipt(team, share_id, place)
        await self._show_home(team, place, "arrived")

    async def _tell_of_talk(self, team: str, share_id: str, acted: Record) -> bool:
        """Tell the sender that the recipient would like to talk; gives whether they were told."""
        try:
            await self._tell(team, acted, self._of_share(team, share_id, share_blocks.talks))
        except SlackWorkError:
            await step("not told", self._store.shares.forget_time, team, share_id, TALK_AT)
            return False
        return True

    def _about(self, place: Record, name: str) -> Render:
        """Have a sentence about the sender rendered, by its name in words.yaml."""
        sender = mention(place["sender"])
        return self._rendered(lambda library: blocks.filled(fill(getattr(library.words.share, name), sender=sender)))

    async def _post_table(self, team: str, share_id: str, channel: str, root_ts: str) -> bool:
        """Post the documents' table below a copy, once; gives whether Slack has taken it, as far as is known."""

        async def is_there() -> bool:
            return TABLE in await self._store.shares.messages(team, share_id)

        if await step("has table", is_there):
            return True
        table = self._of_share(team, share_id, lambda _, stored, library: share_blocks.whole_table(stored, library))
        return await self._post_below(team, share_id, channel, root_ts, TABLE, table)

    async def _post_below(
        self, team: str, share_id: str, channel: str, root_ts: str, slot: str, render: Render
    ) -> bool:
        """Post something in the thread of a copy, to be taken back with it; at once, if that is withdrawn by now.

        So is what other work has posted meanwhile. Gives whether Slack has taken it, also where it never said so.
        """
        try:
            posted = await self._gateway.post_message(team, channel, render, thread_ts=root_ts)
        except SlackWorkError as error:
            log.warning("nothing was posted below a copy, as far as is known", share=share_id, error=str(error))
            return isinstance(error, UncertainError)
        if posted:
            where, ts = posted
            put = partial(self._store.shares.put_message, team, share_id, slot, where, ts, replaces=False)
            if not await step("remember", put):
                await self._gateway.delete_message(team, where, ts)
        return True

    @workflow
    @formerly("share.offer_to_pass_on")
    async def offer_to_pass_on(
        self, team: str, share_id: str, channel: str, root_ts: str, ts: str, text: bool = True, files: bool = False
    ) -> None:
        """Ask the recipient whether a reply of theirs, at `ts`, is for the sender.

        text, files: whether it has any. Files cannot be passed on, which is said instead where it has nothing else.
        Where Slack never said whether a copy arrived, it may stand below that one, which is looked for first.
        """

        async def look() -> Record | None:
            known = await self._with_run(team, share_id)
            if known is None or known[0].state is not ShareState.UNCERTAIN or not known[0].recipient:
                return None
            share, stored = known
            sent = {"key": copy_key(team, share.run, share_id), "since": share.made_at}
            return round_place(stored) | sent | {"recipient": share.recipient}

        if (uncertain := await step("is uncertain", look)) and not await self._has_arrived(
            team, share_id, channel, root_ts, uncertain
        ):
            return
        offer = self._of_share(
            team,
            share_id,
            lambda share, stored, library: (
                share_blocks.ask_to_pass_on(share.id, ts, stored.user, library, files=files)
                if text
                else share_blocks.files_stay(stored.user, library)
            ),
        )
        if await self._post_below(team, share_id, channel, root_ts, f"{OFFER}{ts}", offer):
            return

        async def whose() -> Record | None:
            known = await self._with_run(team, share_id)
            return {"sender": known[1].user, "recipient": known[0].recipient} if known else None

        if (people := await step("people", whose)) and people["recipient"]:
            refused = self._about(people, "offer_refused")
            with contextlib.suppress(SlackWorkError):
                await self._gateway.post_ephemeral(team, channel, people["recipient"], refused, thread_ts=root_ts)

    @workflow
    async def say_ended(self, team: str, channel: str, root_ts: str, why: str = "reply_ended") -> None:
        """Say below a copy that was withdrawn, or whose round was deleted, that nothing can be passed on from there.

        why: a key of `share` in words.yaml.
        """
        await self._gateway.post_message(team, channel, self._say(why), thread_ts=root_ts)

    @workflow
    async def look_for_deleted(
        self, team: str, channel: str, root_ts: str, ts: str, recipient: str, copy: Record, says: bool
    ) -> None:
        """Find out whether a thread is that of a copy that Slack never confirmed and whose round is deleted since.

        ts: of a reply there. copy: as `asdict` gives an UnconfirmedCopy. says: if so, it is said there that nothing can
        be passed on, once for a reply, also if Slack tells of that again when the copy is known.
        """
        key, since = copy_key(team, copy["run"], copy["share"]), copy["made_at"]
        try:
            place = await self._gateway.find_message(team, channel, key, since=since)
        except SlackWorkError:
            return
        if place is None or place[1] != root_ts:
            return
        await step("note copy", self._store.share_traces.note_former_copy, team, channel, root_ts, recipient)
        await step("forget unconfirmed", self._store.share_traces.forget_unconfirmed, team, copy["share"])
        if says:
            key = Work.OFFER_TO_PASS_ON.key(team, "gone", "gone", channel, ts)
            await jobs.start(key, recipient_worker.say_ended, team, channel, root_ts, "reply_deleted")

    async def _has_arrived(self, team: str, share_id: str, channel: str, root_ts: str, uncertain: Record) -> bool:
        """Say whether a message is the first of a copy of which Slack never said so; if so, the sender hears of it."""
        try:
            place = await self._gateway.find_message(team, channel, uncertain["key"], since=uncertain["since"])
        except SlackWorkError:
            return False
        if place is None or place[1] != root_ts:
            return False

        async def confirm() -> bool:
            share = await self._store.shares.get(team, share_id)
            return share is not None and await self._confirm(team, share, channel, root_ts)

        if await step("confirm", confirm):
            await self._tell_of_arrival(team, share_id, uncertain["recipient"], uncertain)
        return True

    async def _confirm(self, team: str, share: Share, channel: str, root_ts: str) -> bool:
        """Write down that a copy has arrived of which Slack never said so; gives whether its sender is to hear of it.

        They are to, too, where that was written down before by work that died then; all of a copy that is still being
        sent is not there yet, and its sender gets a receipt by that.
        """
        if share.state is ShareState.UNCERTAIN:
            return await self._store.shares.confirm(team, share.id, channel, root_ts)
        return in_doubt() and share.is_live and share.receipt_ts is None

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
            if known is None or known[0].recipient not in (user, ""):
                return None
            return round_place(known[1]) if known[0].recipient else {"told": "forgot_you"}

        place = await step("look", look)
        if place is None or "told" in place or not wanted:
            answer = self._say("copy_gone" if place is None else place.get("told", "not_passed_on"))
            await self._gateway.update_message(team, channel, offer_ts, answer)
            return

        async def reply() -> Message | None:
            fetched = await self._gateway.get_message(team, channel, ts, thread_ts=root_ts, most=LONGEST_REPLY)
            if fetched is None or not fetched.text:
                return None
            return share_blocks.reply(place["sender"], user, fetched.text, self._library)

        try:
            name = "passed_on" if await self._tell(team, place, reply) else "pass_on_gone"
        except SlackWorkError:
            name = "pass_on_refused"
        await self._gateway.update_message(team, channel, offer_ts, self._about(place, name))


recipient_worker = RecipientWorker("share_recipient")
