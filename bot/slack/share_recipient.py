"""What the recipient of a share does: mark it as read, ask for a talk, see the table, mute, and pass on a reply."""

import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import assert_never

import structlog

from bot import jobs
from bot.domain.copy_question import CopyQuestion
from bot.domain.share import Place, ShareState
from bot.jobs import in_doubt, step, worker, workflow
from bot.slack import blocks, copy_explained, share_blocks
from bot.slack.compare_work import compare_worker
from bot.slack.gateway import Render
from bot.slack.pieces import Message, addressed
from bot.slack.records import Record
from bot.slack.share_controls import CopyCommand
from bot.slack.share_messages import ASKED, SharingWorker, copy_key
from bot.slack.share_records import (
    AllowedAgain,
    Clicked,
    NothingToDo,
    People,
    RoundPlace,
    UncertainCopy,
    read_click,
    round_place,
)
from bot.slack.share_sentences import Sentence, ToRecipient
from bot.slack.slack_calls import SlackWorkError, UncertainError
from bot.slack.text import fill, mention
from bot.slack.work import Work
from bot.storage import OFFER, Share
from bot.storage.share_traces import UnconfirmedCopy
from bot.work_registry import formerly

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

        command = CopyCommand(does)
        clicked = read_click(await step("act", self._act, team, share_id, command, user, channel, ts))
        match clicked:
            case NothingToDo(told=told):
                await answer(self._say(told))
            case AllowedAgain(allowed=sender):
                await answer(self._rendered(partial(share_blocks.allowed_note, sender)))
                await compare_worker.follow_wishes(team, sender, user)
            case Clicked():
                if clicked.arrived:
                    await self._tell_of_arrival(team, share_id, user, clicked)
                await self._show_click(team, share_id, command, clicked, user, (channel, ts), answer)
            case _ as never:
                assert_never(never)

    async def _show_click(
        self,
        team: str,
        share_id: str,
        command: CopyCommand,
        clicked: Clicked,
        user: str,
        copy: tuple[str, str],
        answer: Callable[[Render], Awaitable[None]],
    ) -> None:
        """Show what a click of the recipient's has changed to those whom it concerns.

        copy: channel and ts of the copy's first message, where the click was there. answer: tells the recipient alone.
        """
        match command:
            case CopyCommand.TABLE:
                if not await self._post_table(team, share_id, *copy):
                    await answer(self._say(ToRecipient.TABLE_REFUSED))
            case CopyCommand.MUTE | CopyCommand.UNMUTE:
                if clicked.place is Place.GROUP:  # which is nobody else's business
                    muted = command is CopyCommand.MUTE
                    await answer(self._rendered(partial(share_blocks.muted_note, share_id, clicked.sender, muted)))
                await compare_worker.follow_wishes(team, clicked.sender, user)
            case CopyCommand.TALK if clicked.new and not await self._tell_of_talk(team, share_id, clicked):
                await self._update_copy(team, share_id, *copy)  # which may say by now that the sender knows
                await answer(self._about(clicked.sender, ToRecipient.TALK_NOT_TOLD))
            case CopyCommand.SEEN | CopyCommand.TALK:
                await self._update_copy(team, share_id, *copy)
                await self._show_receipt(team, share_id)
                await self._show_home(team, clicked, "seen")
            case _ as never:
                assert_never(never)

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

    async def _act(self, team: str, share_id: str, command: CopyCommand, user: str, channel: str, ts: str) -> Record:
        """Write down what somebody has clicked; gives what `read_click` reads."""
        share_and_run = await self._with_run(team, share_id)
        if share_and_run is None:
            is_unmuting = command is CopyCommand.UNMUTE
            muted = await self._store.mutes.unmute_of(team, share_id, user) if is_unmuting else None
            gone = NothingToDo(told=ToRecipient.COPY_GONE)
            return AllowedAgain(allowed=muted).record() if muted else gone.record()
        share, stored = share_and_run
        if not share.recipient and share.place is Place.DIRECT:
            return NothingToDo(told=ToRecipient.FORGOT_YOU).record()
        if user != share.recipient:
            return NothingToDo(told=ToRecipient.NOT_FOR_YOU).record()
        if command is CopyCommand.UNMUTE:
            await self._store.mutes.unmute(team, user, stored.user)
        arrived = await self._confirm(team, share, channel, ts) if ts else False
        if share.state is not ShareState.SENT and not arrived:  # what is left of it does not change any more
            if command is CopyCommand.UNMUTE:
                return AllowedAgain(allowed=stored.user).record()
            return NothingToDo(told=ToRecipient.COPY_GONE).record()
        new = False
        match command:
            case CopyCommand.SEEN:
                await self._store.shares.note_time(team, share_id, SEEN_AT)
            case CopyCommand.TALK:
                new = in_doubt()
                new |= await self._store.shares.note_time(team, share_id, TALK_AT)
            case CopyCommand.MUTE:
                await self._store.mutes.mute(team, share_id, user, stored.user)
            case CopyCommand.UNMUTE | CopyCommand.TABLE:
                pass
            case _ as never:
                assert_never(never)
        return Clicked(**round_place(stored), new=new, arrived=arrived, place=share.place).record()

    async def _tell_of_arrival(self, team: str, share_id: str, recipient: str, place: RoundPlace) -> None:
        """Tell the sender that a copy has arrived of which Slack never said so."""
        told = self._told(recipient, Sentence.ARRIVED)

        async def to_sender() -> Message | None:
            message = await told()
            return addressed(mention(place.sender), message) if message else None

        try:
            await self._tell(team, place, to_sender)
        except SlackWorkError as error:  # what the recipient has clicked is done all the same
            log.warning("a sender was not told that a share has arrived", share=share_id, error=str(error))
        await self._post_receipt(team, share_id, place)
        await self._show_home(team, place, "arrived")

    async def _tell_of_talk(self, team: str, share_id: str, place: RoundPlace) -> bool:
        """Tell the sender that the recipient would like to talk; gives whether they were told."""
        try:
            await self._tell(team, place, self._of_share(team, share_id, share_blocks.talks))
        except SlackWorkError:
            await step("not told", self._store.shares.forget_time, team, share_id, TALK_AT)
            return False
        return True

    def _about(self, sender: str, told: ToRecipient) -> Render:
        """Have a sentence about the sender rendered."""
        named = mention(sender)
        return self._rendered(lambda library: blocks.filled(fill(getattr(library.words.share, told), sender=named)))

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
            share_and_run = await self._with_run(team, share_id)
            if (
                share_and_run is None
                or share_and_run.share.state is not ShareState.UNCERTAIN
                or not share_and_run.share.recipient
            ):
                return None
            share, stored = share_and_run
            return UncertainCopy(
                **round_place(stored),
                key=copy_key(team, share.run, share_id),
                since=share.made_at,
                recipient=share.recipient,
            ).record()

        if record := await step("is uncertain", look):
            uncertain = UncertainCopy.read(record)
            if not await self._has_arrived(team, share_id, channel, root_ts, uncertain):
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
            share_and_run = await self._with_run(team, share_id)
            return (
                People(sender=share_and_run.stored.user, recipient=share_and_run.share.recipient).record()
                if share_and_run
                else None
            )

        people = People.read(record) if (record := await step("people", whose)) else None
        if people and people.recipient:
            refused = self._about(people.sender, ToRecipient.OFFER_REFUSED)
            with contextlib.suppress(SlackWorkError):
                await self._gateway.post_ephemeral(team, channel, people.recipient, refused, thread_ts=root_ts)

    @workflow
    async def answer_question(
        self, team: str, share_id: str, channel: str, root_ts: str, ts: str, name: str, term: str | None
    ) -> None:
        """Answer below a copy what the recipient asks about it, at `ts`; name, term: as `CopyQuestion` has them.

        It quotes the copy, so that it goes with it, and when that shows something newer.
        """
        question = CopyQuestion(name, term)

        async def answer() -> Message | None:
            share_and_run = await self._with_run(team, share_id)
            if share_and_run is None or share_and_run.share.state is not ShareState.SENT:
                return None
            return copy_explained.answer(question, *share_and_run, self._library)

        await self._post_below(team, share_id, channel, root_ts, f"{ASKED}{ts}", answer)

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
        unconfirmed = UnconfirmedCopy(**copy)
        key = copy_key(team, unconfirmed.run, unconfirmed.share)
        try:
            root = await self._gateway.find_message(team, channel, key, since=unconfirmed.made_at)
        except SlackWorkError:
            return
        if root is None or root[1] != root_ts:
            return
        await step("note copy", self._store.share_traces.note_former_copy, team, channel, root_ts, recipient)
        await step("forget unconfirmed", self._store.share_traces.forget_unconfirmed, team, unconfirmed.share)
        if says:
            key = Work.OFFER_TO_PASS_ON.key(team, "gone", "gone", channel, ts)
            await jobs.start(key, recipient_worker.say_ended, team, channel, root_ts, "reply_deleted")

    async def _has_arrived(
        self, team: str, share_id: str, channel: str, root_ts: str, uncertain: UncertainCopy
    ) -> bool:
        """Say whether a message is the first of an unconfirmed copy, which has arrived then; the sender is told so."""
        try:
            root = await self._gateway.find_message(team, channel, uncertain.key, since=uncertain.since)
        except SlackWorkError:
            return False
        if root is None or root[1] != root_ts:
            return False

        async def confirm() -> bool:
            share = await self._store.shares.get(team, share_id)
            return share is not None and await self._confirm(team, share, channel, root_ts)

        if await step("confirm", confirm):
            await self._tell_of_arrival(team, share_id, uncertain.recipient, uncertain)
        return True

    async def _confirm(self, team: str, share: Share, channel: str, root_ts: str) -> bool:
        """Record that an unconfirmed copy has arrived; gives whether its sender is to be told.

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
            share_and_run = await self._with_run(team, share_id)
            if share_and_run is None or share_and_run.share.recipient not in (user, ""):
                return None
            if not share_and_run.share.recipient:
                return NothingToDo(told=ToRecipient.FORGOT_YOU).record()
            return RoundPlace(**round_place(share_and_run.stored)).record()

        record = await step("look", look)
        told = ToRecipient.COPY_GONE
        if record is not None:
            told = NothingToDo.read(record).told if "told" in record else ToRecipient.NOT_PASSED_ON
        if record is None or "told" in record or not wanted:
            await self._gateway.update_message(team, channel, offer_ts, self._say(told))
            return
        place = RoundPlace.read(record)

        async def reply() -> Message | None:
            fetched = await self._gateway.get_message(team, channel, ts, thread_ts=root_ts, most=LONGEST_REPLY)
            if fetched is None or not fetched.text:
                return None
            return share_blocks.reply(place.sender, user, fetched.text, self._library)

        try:
            told = ToRecipient.PASSED_ON if await self._tell(team, place, reply) else ToRecipient.REPLY_GONE
        except SlackWorkError:
            told = ToRecipient.REPLY_REFUSED
        await self._gateway.update_message(team, channel, offer_ts, self._about(place.sender, told))


recipient_worker = RecipientWorker("share_recipient")
