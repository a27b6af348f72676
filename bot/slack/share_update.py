"""Changing the copy of a result that somebody has: a newer result takes the place of what it shows."""

from abc import ABC, abstractmethod
from enum import StrEnum, auto
from typing import assert_never

from bot.domain.share import Delivery, ShareState, TakenOver
from bot.jobs import step
from bot.slack import share_blocks
from bot.slack.gateway import Render
from bot.slack.pieces import Message
from bot.slack.records import Record
from bot.slack.removal import Removal
from bot.slack.share_copies import CopyWorker, TakenBack
from bot.slack.share_messages import ASKED, Attempt, try_call
from bot.slack.share_records import (
    ClaimedShare,
    CopyThread,
    FormerCopy,
    MessageAt,
    NotTakenOver,
    Places,
    Subject,
    as_places,
    read_taken_over,
)
from bot.slack.share_sentences import Became, News, Sentence, became
from bot.storage import ROOT

UPDATED = "updated:"  # a slot of a copy: with the share that took the place of what it showed before


class Added(StrEnum):
    """What became of a message that a changed copy was lacking."""

    ADDED = auto()
    NOT_POSTED = auto()
    TAKEN_AWAY = auto()  # the copy was withdrawn meanwhile
    CAME_LATE = auto()  # the same, and Slack does not let us take it away


class ThreadChange(StrEnum):
    """What the thread of a copy shows after it was changed."""

    COMPLETE = auto()  # what it is to show; or the copy was withdrawn meanwhile, and its thread taken back by that
    PART_LEFT = auto()  # also a part of what it showed before
    PART_MISSING = auto()  # not all of what it is to show
    CAME_LATE = auto()  # something that was posted while the copy was withdrawn, and cannot be taken back


def first_stays(outcome: TakenBack) -> Sentence | None:
    """Say why the first message of a copy that was taken back stays as an empty one; None if it does not."""
    match outcome:
        case TakenBack.BLANKED:
            return Sentence.FIRST_BLANKED
        case TakenBack.KEPT:
            return Sentence.FIRST_KEPT
        case TakenBack.UNSEEN:
            return Sentence.FIRST_UNSEEN
        case TakenBack.DELETED | TakenBack.REFUSED:
            return None
        case _ as never:
            assert_never(never)


def of_deleted(outcome: TakenBack, taken: Sentence = Sentence.DELETED_MEANWHILE) -> Became:
    """Tell of a copy whose round was deleted meanwhile, and that was to be taken back; taken: is said if it was."""
    if outcome is TakenBack.REFUSED:
        return became(Sentence.LEFT_OF_DELETED)
    stays = first_stays(outcome)
    return became(taken, stays) if stays else became(taken)


def of_change(change: ThreadChange, state: ShareState) -> Sentence | None:
    """Say what the sender is told of how the thread of a copy was changed, by the state that its share has since."""
    is_sent, is_withdrawn = state is ShareState.SENT, state is ShareState.WITHDRAWN
    match change:
        case ThreadChange.COMPLETE:
            return None
        case ThreadChange.PART_LEFT:
            return Sentence.PARTLY_CHANGED if is_sent else None
        case ThreadChange.PART_MISSING:
            return Sentence.PARTLY_ADDED if is_sent else None
        case ThreadChange.CAME_LATE:
            return Sentence.CAME_AFTER_WITHDRAWAL if is_withdrawn else None
        case _ as never:
            assert_never(never)


class UpdatingWorker(CopyWorker, ABC):
    """A worker that changes copies."""

    @abstractmethod
    async def _tell_now_or_later(self, team: str, share_id: str, subject: Subject, news: News) -> None:
        """Tell the sender something about a share, also where Slack fails for now."""

    async def _change_copy(self, team: str, share_id: str, former_id: str, claimed: ClaimedShare) -> None:
        """Put a newer result in place of the copy that somebody has; former_id: its share.

        That has the new content before anything is changed in Slack, so that whatever else renders the copy meanwhile
        says the same; if Slack does not change it, the share gets its former content back.
        """

        async def is_whole() -> bool:  # of what the copy shows before, so that it is asked first
            share = await self._store.shares.get(team, former_id)
            return share is None or share.is_whole(await self._store.shares.messages(team, former_id))

        was_whole = await step("is whole", is_whole)
        taken = read_taken_over(await step("take over", self._take_over, team, share_id, former_id, claimed.run))
        match taken:
            case NotTakenOver(why=why):
                await self._give_back(team, share_id, former_id, claimed, why)
                await self._tell_kept(team, former_id, claimed, why)
            case FormerCopy():
                why_not = await self._change_root(team, former_id, claimed.sender, taken.messages)
                if why_not is None:
                    await self._show_changed(team, share_id, former_id, claimed, taken, was_whole=was_whole)
                    return
                await self._keep_former(team, share_id, former_id, claimed, taken, why_not)
            case _ as never:
                assert_never(never)
        await self._show_home(team, claimed, "kept")

    async def _take_over(self, team: str, share_id: str, former_id: str, run_id: str) -> Record:
        """Give the share of a copy what the copy is to show, of this run; gives what `read_taken_over` reads."""
        messages = await self._store.shares.messages(team, former_id)
        taken = await self._store.shares.take_over(team, former_id, share_id) if ROOT in messages else TakenOver.ENDED
        match taken:
            case TakenOver.UNDER_WAY:
                return NotTakenOver(why=Sentence.UPDATE_UNDER_WAY).record()
            case TakenOver.ENDED:
                return NotTakenOver(why=Sentence.COPY_LOST).record()
            case TakenOver.TAKEN:
                pass
            case _ as never:
                assert_never(never)
        share, replaced = await self._store.shares.get(team, former_id), await self._with_run(team, share_id)
        if share is None or replaced is None:
            return NotTakenOver(why=Sentence.COPY_LOST).record()
        _, stored = replaced  # the round that the copy has shown until now
        receipt = MessageAt(stored.channel, share.receipt_ts) if share.receipt_ts else None
        stays = receipt is not None and stored.id == run_id
        return FormerCopy(messages=as_places(messages), receipt=receipt, stays=stays).record()

    async def _show_changed(
        self, team: str, share_id: str, former_id: str, claimed: ClaimedShare, former: FormerCopy, *, was_whole: bool
    ) -> None:
        """Bring the thread of a copy, and its receipt, to what its first message shows by now.

        was_whole: all of what the copy showed before is known.
        """
        places = dict(former.messages)
        await step("updated", self._store.shares.end_update, team, former_id, share_id)
        # What the recipient clicked meanwhile was about the former content: the copy has its buttons again.
        await self._update_copy(team, former_id, *places[ROOT])
        change = await self._change_thread(team, former_id, places, was_whole=was_whole)
        await self._note_update(team, share_id, former_id, places)
        part_left = change is ThreadChange.PART_LEFT
        await step("part left", self._store.shares.note_part_left, team, former_id, part_left)
        state = await self._state(team, former_id)
        if state is None:
            await self._take_back_deleted(team, former_id, claimed, former, places)
            await self._show_home(team, claimed, "updated")
            return
        if sentence := of_change(change, state):
            await self._tell_now_or_later(team, former_id, claimed, became(sentence))
        await self._show_home(team, claimed, "updated")
        if former.stays:
            await self._show_receipt(team, former_id)
            return
        await self._end_receipt(team, former.receipt, self._of_share(team, former_id, share_blocks.updated_receipt))
        await self._post_receipt(team, former_id, claimed)

    async def _take_back_deleted(
        self, team: str, former_id: str, claimed: ClaimedShare, former: FormerCopy, places: Places
    ) -> None:
        """Take a copy back of which the newer round was deleted meanwhile, and the rows with it; and say so.

        places: of its messages, as far as they are known by now.
        """
        outcome = await self._take_back(team, former_id, places, claimed.sender, withdrawn=True)
        news = of_deleted(outcome)
        if outcome is TakenBack.REFUSED:
            await self._note_left(team, claimed.sender)
        says_so = await self._end_receipt(team, former.receipt, self._told(claimed.recipient, *news.sentences))
        if outcome is TakenBack.REFUSED or former.stays or not says_so:
            await self._tell_now_or_later(team, former_id, claimed, news)

    async def _end_receipt(self, team: str, at: MessageAt | None, render: Render) -> bool:
        """Have a former receipt, if there is one, say what has become of the copy; gives whether it does."""
        if at is None:
            return False
        return await try_call(self._gateway.update_message(team, *at, render)) is Attempt.DONE

    async def _note_update(self, team: str, share_id: str, former_id: str, places: Places) -> None:
        """Tell the recipient, in the thread of a copy, that it shows something newer; where it is goes to `places`.

        What told them so of an earlier update goes.
        """
        channel, root_ts = places[ROOT]
        for slot in [slot for slot in places if slot.startswith(UPDATED)]:
            await self._drop_reply(team, former_id, slot, *places.pop(slot))

        async def note() -> Message | None:
            share_and_run = await self._with_run(team, former_id)
            if (
                share_and_run is None
                or share_and_run.share.state is not ShareState.SENT
                or not share_and_run.share.recipient
            ):
                return None
            return share_blocks.update_note(*share_and_run, self._library)

        delivery, _, ts = await self._gateway.deliver_message(team, channel, note, thread_ts=root_ts)
        if delivery is Delivery.DELIVERED:
            slot, put = f"{UPDATED}{share_id}", self._store.shares.put_message
            if await step("remember note", put, team, former_id, slot, channel, ts):
                places[slot] = MessageAt(channel, ts)
            else:  # it was withdrawn meanwhile
                await self._delete_or_blank(team, channel, ts)

    async def _keep_former(
        self, team: str, share_id: str, former_id: str, claimed: ClaimedShare, former: FormerCopy, why: Sentence
    ) -> None:
        """Give a share its former content back, since Slack has not changed the copy, and tell the sender why.

        Where what it showed was deleted while it was being changed, the copy is taken back, as all others of it are.
        """
        is_known = await self._give_back(team, share_id, former_id, claimed, why)
        if await self._state(team, former_id) is None:
            await self._take_back_deleted(team, former_id, claimed, former, former.messages)
            return
        if not is_known:
            outcome = await self._take_back(team, former_id, former.messages, claimed.sender, withdrawn=True)
            if outcome is TakenBack.REFUSED:
                await self._note_left(team, claimed.sender)
                why = Sentence.LEFT_OF_DELETED
            else:
                await self._move(team, former_id, was=ShareState.SENT, to=ShareState.WITHDRAWN)
                await step("empty", self._store.shares.empty, team, former_id)
                why = Sentence.COPY_LOST
        await self._tell_kept(team, former_id, claimed, why)

    async def _give_back(self, team: str, share_id: str, former_id: str, claimed: ClaimedShare, why: Sentence) -> bool:
        """Give a share back what it had before it took over another; gives whether it is known what its copy shows."""
        update, seen = (team, former_id, share_id, claimed.made_at), why is Sentence.CHANGE_UNCERTAIN
        return await step("give back", self._store.shares.give_back, *update, seen=seen)

    async def _tell_kept(self, team: str, former_id: str, claimed: ClaimedShare, why: Sentence) -> None:
        await self._tell_now_or_later(team, former_id, claimed, became(why))
        await self._show_receipt(team, former_id)

    async def _change_root(self, team: str, share_id: str, sender: str, places: Places) -> Sentence | None:
        """Change the first message of a copy; gives what kept us from it, None for nothing.

        A copy whose first message somebody has deleted has ended; what is left below it is taken away.
        """
        match await self._update_copy(team, share_id, *places[ROOT]):
            case Attempt.DONE:
                return None
            case Attempt.GONE:
                outcome = await self._take_back(team, share_id, places, sender, withdrawn=True)
                if outcome is not TakenBack.REFUSED:
                    await self._move(team, share_id, was=ShareState.SENT, to=ShareState.FAILED)
                    await step("empty", self._store.shares.empty, team, share_id)
                return Sentence.COPY_LOST
            case Attempt.REFUSED:
                return Sentence.COPY_LOST
            case Attempt.FAILED:
                return Sentence.CHANGE_UNCERTAIN
            case _ as never:
                assert_never(never)

    async def _change_thread(self, team: str, share_id: str, places: Places, *, was_whole: bool) -> ThreadChange:
        """Have the thread of a copy say what its share says.

        places: of all that is known of the copy, to which what is posted is added. was_whole: all of what it showed
        before is among these.
        """

        async def look() -> Record | None:
            share = await self._store.shares.get(team, share_id)
            if share is None or share.state is not ShareState.SENT:
                return None
            messages = as_places(await self._store.shares.messages(team, share_id))
            return CopyThread(count=len(share.message["replies"]), messages=messages).record()

        if (record := await step("thread", look)) is None:  # withdrawn meanwhile, and taken back by that
            return ThreadChange.COMPLETE
        thread = CopyThread.read(record)
        whole, has_all, came_late = True, True, False
        messages = {slot: at for slot, at in thread.messages.items() if slot.isdigit()}
        # Slack may have posted what it has not said so of: that goes before it is posted once more.
        may_post = was_whole or await self._drop_unknown(team, *places[ROOT], thread.messages)
        for number in range(thread.count):
            changed = Attempt.GONE
            if at := messages.get(str(number)):
                reply = self._reply(team, share_id, number)
                changed = await try_call(self._gateway.update_message(team, *at, reply))
            match changed:
                case Attempt.DONE:
                    pass
                case Attempt.REFUSED | Attempt.FAILED:
                    whole = False
                case Attempt.GONE if may_post:
                    added = await self._add_reply(team, share_id, number, places)
                    has_all &= added is not Added.NOT_POSTED
                    came_late |= added is Added.CAME_LATE
                case Attempt.GONE:
                    has_all = False
                case _ as never:
                    assert_never(never)
        for slot, at in messages.items():
            if int(slot) >= thread.count:
                whole &= await self._drop_reply(team, share_id, slot, *at)
        whole &= await self._drop_answers(team, share_id, thread.messages, places)
        if came_late:
            return ThreadChange.CAME_LATE
        if not whole:
            return ThreadChange.PART_LEFT
        return ThreadChange.COMPLETE if has_all else ThreadChange.PART_MISSING

    async def _drop_answers(self, team: str, share_id: str, messages: Places, places: Places) -> bool:
        """Take away what answers questions about what a copy showed before; gives whether nobody can read it any more.

        messages: of the copy, by slot. What goes is taken out of `places`.
        """
        gone = True
        for slot in [slot for slot in messages if slot.startswith(ASKED)]:
            gone &= await self._drop_reply(team, share_id, slot, *messages[slot])
            places.pop(slot, None)
        return gone

    async def _add_reply(self, team: str, share_id: str, number: int, places: Places) -> Added:
        """Post a message that the thread of a copy lacks; where it is goes to `places`."""
        reply = await self._post_reply(team, share_id, number, *places[ROOT])
        if reply.at is None:
            return Added.NOT_POSTED
        if reply.stays:
            places[str(number)] = reply.at
            return Added.ADDED
        removal = await self._delete_or_blank(team, *reply.at)
        return Added.CAME_LATE if removal is Removal.REFUSED else Added.TAKEN_AWAY
