"""Changing the copy of a result that somebody has: a newer result takes the place of what it shows."""

from abc import ABC, abstractmethod

from bot.domain.share import Delivery
from bot.jobs import step
from bot.slack import share_blocks
from bot.slack.gateway import Render
from bot.slack.pieces import Message
from bot.slack.share_copies import NOT_DONE, CopyWorker, Places, as_places
from bot.slack.share_messages import Record, try_call
from bot.slack.slack_calls import CallResult
from bot.storage import ROOT, ShareState, TakenOver

LEFT = "left_of_deleted"  # what stands of a copy whose round was deleted meanwhile, as a key of `share` in words.yaml
DELETED_MEANWHILE = "deleted_meanwhile"  # the same, of one that was taken back during an update
PART_LEFT, PART_MISSING = "partly_changed", "partly_added"  # of a changed copy, as keys of `share` in words.yaml
UPDATED = "updated:"  # a slot of a copy: with the share that took the place of what it showed before


def of_deleted(outcome: str, taken: str = DELETED_MEANWHILE) -> str:
    """Name, as `_told` takes it, what is said of a copy whose round was deleted meanwhile and that was taken back.

    outcome: as `_take_back` gives it. taken: what is said if it worked.
    """
    if outcome == "refused":
        return LEFT
    return taken if outcome == "deleted" else f"{taken} {outcome}"


class UpdatingWorker(CopyWorker, ABC):
    """A worker that changes copies."""

    @abstractmethod
    async def _tell_now_or_later(
        self, team: str, share_id: str, claimed: Record, name: str, *, why: str | None = None
    ) -> None:
        """Tell the sender something about a share, by the name of the sentence, also where Slack fails for now."""

    async def _change_copy(self, team: str, share_id: str, claimed: Record) -> None:
        """Put a newer result in place of the copy that somebody has.

        The share has the new content before anything is changed in Slack, so that whatever else renders the copy
        meanwhile says the same; if Slack does not change it, the share gets its former content back.
        """
        former_id = claimed["updates"]

        async def take_over() -> Record:
            messages = await self._store.shares.messages(team, former_id)
            taken = await self._store.shares.take_over(team, former_id, share_id) if ROOT in messages else None
            if taken is not TakenOver.TAKEN:
                return {"why": "update_under_way" if taken is TakenOver.UNDER_WAY else "copy_lost"}
            share, replaced = await self._store.shares.get(team, former_id), await self._with_run(team, share_id)
            if share is None or replaced is None:
                return {"why": "copy_lost"}
            _, stored = replaced  # the round that the copy has shown until now
            receipt = [stored.channel, share.receipt_ts] if share.receipt_ts else None
            stays = receipt is not None and stored.id == claimed["run"]
            return {"messages": as_places(messages), "receipt": receipt, "stays": stays}

        async def is_whole() -> bool:  # of what the copy shows before, so that it is asked first
            share = await self._store.shares.get(team, former_id)
            return share is None or share.is_whole(await self._store.shares.messages(team, former_id))

        was_whole = await step("is whole", is_whole)
        before = await step("take over", take_over)
        places: Places = dict(before.get("messages", {}))
        why = before.get("why") or await self._change_root(team, former_id, claimed["sender"], places)
        if why:
            await self._keep_former(team, share_id, claimed, before, places, why)
            await self._show_home(team, claimed, "kept")
            return
        await step("updated", self._store.shares.end_update, team, former_id, share_id)
        # What the recipient clicked meanwhile was about the former content: the copy has its buttons again.
        channel, root_ts = places[ROOT]
        await self._update_copy(team, former_id, channel, root_ts)
        changed = await self._change_thread(team, former_id, channel, root_ts, places, was_whole=was_whole)
        await self._note_update(team, share_id, former_id, channel, root_ts, places)
        await step("part left", self._store.shares.note_part_left, team, former_id, changed == PART_LEFT)
        told = ""
        match await step("state", self._state, team, former_id):
            case None:
                await self._take_back_deleted(team, former_id, claimed, before, places)
                await self._show_home(team, claimed, "updated")
                return
            case ShareState.SENT.value if changed in (PART_LEFT, PART_MISSING):
                told = changed
            case ShareState.WITHDRAWN.value if changed == "came_after_withdrawal":
                told = changed
        if told:
            await self._tell_now_or_later(team, former_id, claimed, told)
        await self._show_home(team, claimed, "updated")
        if before["stays"]:
            await self._show_receipt(team, former_id)
            return
        await self._end_receipt(team, before["receipt"], self._of_share(team, former_id, share_blocks.updated_receipt))
        await self._post_receipt(team, former_id, claimed)

    async def _take_back_deleted(
        self, team: str, former_id: str, claimed: Record, before: Record, places: Places
    ) -> None:
        """Take a copy back of which the newer round was deleted meanwhile, and the rows with it; and say so.

        before: as it was when the share was taken over, with the receipt in the older round.
        """
        outcome = await self._take_back(team, former_id, places, claimed["sender"], withdrawn=True)
        name = of_deleted(outcome)
        if outcome == "refused":
            await self._note_left(team, claimed["sender"])
        says_so = await self._end_receipt(team, before["receipt"], self._told(name, claimed["recipient"]))
        if outcome == "refused" or before["stays"] or not says_so:
            await self._tell_now_or_later(team, former_id, claimed, name)

    async def _end_receipt(self, team: str, place: list[str] | None, render: Render) -> bool:
        """Have a former receipt say what has become of the copy, and give whether it does.

        place: its channel and ts, if there is one.
        """
        if place is None:
            return False
        channel, ts = place
        return not await try_call(self._gateway.update_message(team, channel, ts, render))

    async def _note_left(self, team: str, sender: str) -> None:
        """Remember that something of a deleted round of somebody's stands, so that they are told so when they ask."""
        await step("note left", self._store.share_traces.note_unlisted, team, sender)

    async def _note_update(
        self, team: str, share_id: str, former_id: str, channel: str, root_ts: str, places: Places
    ) -> None:
        """Tell the recipient, in the thread of a copy, that it shows something newer; where it is goes to `places`.

        What told them so of an earlier update goes.
        """
        for slot in [slot for slot in places if slot.startswith(UPDATED)]:
            await self._drop_reply(team, former_id, slot, *places.pop(slot))

        async def note() -> Message | None:
            known = await self._with_run(team, former_id)
            if known is None or known[0].state is not ShareState.SENT or not known[0].recipient:
                return None
            return share_blocks.update_note(*known, self._library)

        delivery, _, ts = await self._gateway.deliver_message(team, channel, note, thread_ts=root_ts)
        if delivery is Delivery.DELIVERED:
            slot, put = f"{UPDATED}{share_id}", self._store.shares.put_message
            if await step("remember note", put, team, former_id, slot, channel, ts):
                places[slot] = [channel, ts]
            else:  # it was withdrawn meanwhile
                await self._delete_or_blank(team, channel, ts)

    async def _keep_former(
        self, team: str, share_id: str, claimed: Record, before: Record, places: Places, why: str
    ) -> None:
        """Have a share say again what its copy shows, as that was not changed; why: a key of `share` in words.yaml.

        before: as for `_take_back_deleted`. Where what it showed was deleted while it was being changed, the copy is
        taken back, as all others of it are.
        """
        former_id = claimed["updates"]
        what, seen = (team, former_id, share_id, claimed["made_at"]), why == "change_uncertain"
        is_known = await step("give back", self._store.shares.give_back, *what, seen=seen)
        if ROOT in places and await step("state", self._state, team, former_id) is None:
            await self._take_back_deleted(team, former_id, claimed, before, places)
            return
        if is_known or ROOT not in places:
            told = why
        elif await self._take_back(team, former_id, places, claimed["sender"], withdrawn=True) == "refused":
            await self._note_left(team, claimed["sender"])
            told = LEFT
        else:
            await self._move(team, former_id, was=ShareState.SENT, to=ShareState.WITHDRAWN)
            await step("empty", self._store.shares.empty, team, former_id)
            told = "copy_lost"
        await self._tell_now_or_later(team, former_id, claimed, told)
        await self._show_receipt(team, former_id)

    async def _change_root(self, team: str, share_id: str, sender: str, places: Places) -> str | None:
        """Change the first message of a copy; gives, as a key of `share` in words.yaml, what kept us, None for nothing.

        A copy whose first message somebody has deleted has ended; what is left below it is taken away.
        """
        channel, ts = places[ROOT]
        changed = await self._update_copy(team, share_id, channel, ts)
        if "gone" in changed:
            if await self._take_back(team, share_id, places, sender, withdrawn=True) != "refused":
                await self._move(team, share_id, was=ShareState.SENT, to=ShareState.FAILED)
                await step("empty", self._store.shares.empty, team, share_id)
            return "copy_lost"
        if "refused" in changed:
            return "copy_lost"
        return "change_uncertain" if "failed" in changed else None

    async def _change_thread(
        self, team: str, share_id: str, channel: str, root_ts: str, places: Places, *, was_whole: bool
    ) -> str | None:
        """Have the thread of a copy say what its share says; gives None if Slack has let us do all of it.

        Otherwise, as a key of `share` in words.yaml, what was left: a part of what it said before; what was posted
        while it was withdrawn and cannot be taken back; or what is not there that should be. places: of all that is
        known of the copy, to which what is posted is added. was_whole: all of what it showed before is among these.
        """

        async def look() -> Record | None:
            share = await self._store.shares.get(team, share_id)
            if share is None or share.state is not ShareState.SENT:
                return None
            messages = as_places(await self._store.shares.messages(team, share_id))
            return {"count": len(share.message["replies"]), "messages": messages}

        if (thread := await step("thread", look)) is None:  # withdrawn meanwhile, and taken back by that
            return None
        whole, has_all, came_late = True, True, False
        messages = {slot: place for slot, place in thread["messages"].items() if slot.isdigit()}
        # Slack may have posted what it has not said so of: that goes before it is posted once more.
        may_post = was_whole or await self._drop_unknown(team, channel, root_ts, thread["messages"])
        for number in range(thread["count"]):
            changed: CallResult = {"gone": True}
            if str(number) in messages:
                there, ts = messages[str(number)]
                reply = self._reply(team, share_id, number)
                changed = await try_call(self._gateway.update_message(team, there, ts, reply))
            if "gone" in changed and not may_post:
                has_all = False
            elif "gone" in changed:
                posted: Places = {}
                _, stays = await self._post_reply(team, share_id, number, channel, root_ts, posted)
                places |= posted if stays else {}
                if not stays:  # it came too late, or not at all
                    for there, ts in posted.values():
                        came_late |= await self._delete_or_blank(team, there, ts) == "refused"
                has_all &= bool(posted)
            whole &= not changed.keys() & NOT_DONE
        for slot, (there, ts) in messages.items():
            if int(slot) >= thread["count"]:
                whole &= await self._drop_reply(team, share_id, slot, there, ts)
        if came_late:
            return "came_after_withdrawal"
        if not whole:
            return PART_LEFT
        return None if has_all else PART_MISSING
