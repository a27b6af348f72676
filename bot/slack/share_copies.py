"""The messages of a copy of a result: posting them below its first one, and taking them back.

What stands in Slack may be ahead of the rows: a round can be deleted, and somebody forgotten, while its result is being
sent. So what was posted is also known from the steps of the work that does it, and taken back by these; and what Slack
has posted without saying so is looked for in the thread.
"""

import contextlib
import time
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import assert_never

from bot.domain.share import Delivery, Place, ShareState
from bot.jobs import step
from bot.slack import share_blocks
from bot.slack.removal import Removal, delete_or_blank
from bot.slack.share_messages import Attempt, SharingWorker, try_call
from bot.slack.share_records import MessageAt, Places, SentTo
from bot.slack.slack_calls import SlackWorkError
from bot.slack.work import Work
from bot.storage import ROOT

POSTED_BY = [kind.prefix for kind in (Work.SEND_SHARE, Work.ANSWER_RECIPIENT, Work.OFFER_TO_PASS_ON)]
BLANK = "blank:"  # a slot of a copy: with the ts of a reply that Slack does not delete, and that says nothing any more


class TakenBack(StrEnum):
    """What became of a copy that is to be taken back: all of it is gone, or why its first message stays, and is empty.

    REFUSED: Slack does not let us take back all of it, so that people can still read a part.
    """

    DELETED = auto()
    BLANKED = auto()  # people have replied to it
    KEPT = auto()  # Slack does not delete it
    UNSEEN = auto()  # Slack does not say whether people have replied to it
    REFUSED = auto()


@dataclass(frozen=True)
class PostedReply:
    """What became of a message for a copy's thread: where it is, if it is there for sure, and whether it may stay."""

    delivery: Delivery
    at: MessageAt | None
    stays: bool


class CopyWorker(SharingWorker):
    """A worker that posts the messages of copies, and takes them back."""

    async def _post_reply(self, team: str, share_id: str, number: int, channel: str, root_ts: str) -> PostedReply:
        """Post a message of a copy's thread, by its number from 0."""
        reply, slot = self._reply(team, share_id, number), str(number)
        delivery, _, ts = await self._gateway.deliver_message(team, channel, reply, thread_ts=root_ts)
        if not ts:
            return PostedReply(delivery, None, stays=False)
        stays = await step("remember reply", self._store.shares.put_message, team, share_id, slot, channel, ts)
        return PostedReply(delivery, MessageAt(channel, ts), stays)

    async def _state(self, team: str, share_id: str) -> ShareState | None:
        """Give, by a step, the state of a share; None if there is none."""

        async def look() -> str | None:
            share = await self._store.shares.get(team, share_id)
            return share.state.value if share else None

        state = await step("state", look)
        return ShareState(state) if state else None

    async def _drop_unknown(self, team: str, channel: str, root_ts: str, messages: Places) -> bool:
        """Delete messages of ours below a copy that we do not remember having posted; gives whether none is left.

        messages: of the copy, as far as is known.
        """
        known_ts = {ts for _, ts in messages.values()}
        try:
            own = await self._gateway.own_replies(team, channel, root_ts, [f"{Work.SEND_SHARE.prefix}:{team}:"])
        except SlackWorkError:
            own = None
        if own is None:
            return False
        taken = [await self._delete_or_blank(team, channel, ts) for ts in own if ts not in known_ts]
        return Removal.REFUSED not in taken

    async def _drop_reply(self, team: str, share_id: str, slot: str, channel: str, ts: str) -> bool:
        """Take away a message of a copy's thread; gives whether nobody can read it any more."""
        match await self._delete_or_blank(team, channel, ts):
            case Removal.REFUSED:
                return False
            case Removal.BLANKED:
                blank = f"{BLANK}{ts}"
                await step("remember blank", self._store.shares.put_message, team, share_id, blank, channel, ts)
            case Removal.DELETED:
                pass
            case _ as never:
                assert_never(never)
        await step("drop reply", self._store.shares.drop_message, team, share_id, slot)
        return True

    async def _delete_or_blank(self, team: str, channel: str, ts: str) -> Removal:
        """Delete a message of a copy's thread, or else have it say nothing."""
        blank = self._say("part_withdrawn")
        return await delete_or_blank(self._gateway, team, channel, ts, blank, blanks_if_failed=True)

    async def _take_back(
        self, team: str, share_id: str, places: Places, sender: str, *, withdrawn: bool, doubtful: bool = False
    ) -> TakenBack:
        """Delete the messages of a copy; where people have replied, the first stays and says that it is over.

        withdrawn: the sender wanted so, rather than that not all of it had arrived. doubtful: more may be there than
        `places`.
        """
        taken = await self._take_back_thread(team, share_id, places, doubtful=doubtful)
        if not taken and not withdrawn:  # the first message stays as it is, above the part that stands
            return TakenBack.REFUSED
        first = await self._take_back_first(team, places[ROOT], sender, withdrawn=withdrawn)
        return first if taken else TakenBack.REFUSED

    async def _take_back_thread(self, team: str, share_id: str, places: Places, *, doubtful: bool) -> bool:
        """Delete what stands below the first message of a copy; gives whether nobody can read any of it any more.

        places, doubtful: as `_take_back` takes them.
        """
        channel, root_ts = places[ROOT]
        replies = {at.ts: slot for slot, at in places.items() if slot != ROOT}
        own: list[str] | None = None
        with contextlib.suppress(SlackWorkError):  # what came while others did the same, or never got known
            kinds = [f"{kind}:{team}:" for kind in POSTED_BY]
            own = await self._gateway.own_replies(team, channel, root_ts, kinds)
        for ts in own or ():
            replies.setdefault(ts, "")
        taken = own is not None or not doubtful
        for ts, slot in replies.items():
            if await self._delete_or_blank(team, channel, ts) is Removal.REFUSED:
                taken = False
            elif slot:
                await step("drop", self._store.shares.drop_message, team, share_id, slot)
        return taken

    async def _take_back_first(self, team: str, at: MessageAt, sender: str, *, withdrawn: bool) -> TakenBack:
        """Delete the first message of a copy, or have it say that it is over."""
        stays = await self._why_first_stays(team, at)
        if stays is TakenBack.DELETED:
            return stays
        ended_at = await step("now", _now)
        ended = self._rendered(lambda library: share_blocks.ended_copy(sender, ended_at, library, withdrawn=withdrawn))
        match await try_call(self._gateway.update_message(team, *at, ended)):
            case Attempt.DONE:
                return stays
            case Attempt.GONE:
                return TakenBack.DELETED
            case Attempt.REFUSED | Attempt.FAILED:
                return TakenBack.REFUSED
            case _ as never:
                assert_never(never)

    async def _why_first_stays(self, team: str, at: MessageAt) -> TakenBack:
        """Delete the first message of a copy if nobody has replied to it; otherwise say why it stays."""
        replied: bool | None = None
        with contextlib.suppress(SlackWorkError):
            replied = await self._gateway.has_replies(team, at.channel, at.ts, at.ts, patient=True)
        if replied is None:  # who may not look deletes nothing that people may have replied to
            return TakenBack.UNSEEN
        if replied:
            return TakenBack.BLANKED
        match await try_call(self._gateway.delete_message(team, *at)):
            case Attempt.DONE | Attempt.GONE:
                return TakenBack.DELETED
            case Attempt.REFUSED | Attempt.FAILED:
                return TakenBack.KEPT
            case _ as never:
                assert_never(never)

    async def _where_to(self, team: str, copy: SentTo) -> str | None:
        """Give the person, or the group of them and the sender, that a copy goes to; None if Slack opens no group."""
        match copy.place:
            case Place.DIRECT:
                return copy.recipient
            case Place.GROUP:
                try:
                    return await self._gateway.open_direct_message(team, copy.sender, copy.recipient)
                except SlackWorkError:
                    return None
            case _ as never:
                assert_never(never)

    async def _note_former_copy(self, team: str, copy: SentTo, root: MessageAt) -> None:
        """Remember where the first message stands of a copy whose round was deleted."""
        if copy.recipient and copy.place is Place.DIRECT:
            where = (*root, copy.recipient)
            await step("note copy", self._store.share_traces.note_former_copy, team, *where)

    async def _note_left(self, team: str, sender: str) -> None:
        """Remember that a copy of somebody's deleted round may still stand, so that their list of shares says so."""
        await step("note left", self._store.share_traces.note_unlisted, team, sender)

    async def _note_sent(self, team: str, share_id: str) -> bool:
        """Remember that a share has arrived, unless its round is being deleted; gives whether it may stay."""
        share = await self._store.shares.get(team, share_id)
        is_there = share is not None and await self._has_round(team, share.run)
        return is_there and await self._store.shares.note_sent(team, share_id)


async def _now() -> float:
    return time.time()
