"""The messages of a copy of a result: posting them below its first one, and taking them back.

What stands in Slack may be ahead of the rows: a round can be deleted, and somebody forgotten, while its result is being
sent. So what was posted is also known from the steps of the work that does it, and taken back by these; and what Slack
has posted without saying so is looked for in the thread.
"""

import contextlib
import time
from collections.abc import Mapping

from bot.domain.share import Delivery
from bot.jobs import step
from bot.slack import share_blocks
from bot.slack.removal import delete_or_blank
from bot.slack.share_messages import SharingWorker, try_call
from bot.slack.slack_calls import SlackWorkError
from bot.slack.work import Work
from bot.storage import ROOT

NOT_DONE = {"refused", "failed"}  # what `try_call` gives where Slack has not done it
POSTED_BY = [kind.prefix for kind in (Work.SEND_SHARE, Work.ANSWER_RECIPIENT, Work.OFFER_TO_PASS_ON)]
BLANK = "blank:"  # a slot of a copy: with the ts of a reply that Slack does not delete, and that says nothing any more

Places = dict[str, list[str]]  # channel and ts of messages by their slots


class CopyWorker(SharingWorker):
    """A worker that posts the messages of copies, and takes them back."""

    async def _post_reply(
        self, team: str, share_id: str, number: int, channel: str, root_ts: str, posted: Places
    ) -> tuple[Delivery, bool]:
        """Post a message of a copy's thread, by its number from 0; gives what became of it, and whether it may stay."""
        reply, slot = self._reply(team, share_id, number), str(number)
        delivery, _, ts = await self._gateway.deliver_message(team, channel, reply, thread_ts=root_ts)
        if not ts:
            return delivery, False
        posted[slot] = [channel, ts]
        stays = await step("remember reply", self._store.shares.put_message, team, share_id, slot, channel, ts)
        return delivery, stays

    async def _state(self, team: str, share_id: str) -> str | None:
        share = await self._store.shares.get(team, share_id)
        return share.state.value if share else None

    async def _drop_unknown(self, team: str, channel: str, root_ts: str, messages: Places) -> bool:
        """Take away what we have posted below a copy without knowing of it; gives whether there is none of it left.

        messages: of the copy, as far as is known.
        """
        known = {ts for _, ts in messages.values()}
        try:
            own = await self._gateway.own_replies(team, channel, root_ts, [f"{Work.SEND_SHARE.prefix}:{team}:"])
        except SlackWorkError:
            own = None
        if own is None:
            return False
        taken = [await self._delete_or_blank(team, channel, ts) for ts in own if ts not in known]
        return "refused" not in taken

    async def _drop_reply(self, team: str, share_id: str, slot: str, channel: str, ts: str) -> bool:
        """Take away a message of a copy's thread; gives whether nobody can read it any more."""
        taken = await self._delete_or_blank(team, channel, ts)
        if taken == "refused":
            return False
        if taken == "blanked":
            blank = f"{BLANK}{ts}"
            await step("remember blank", self._store.shares.put_message, team, share_id, blank, channel, ts)
        await step("drop reply", self._store.shares.drop_message, team, share_id, slot)
        return True

    async def _delete_or_blank(self, team: str, channel: str, ts: str) -> str:
        """Delete a message of a copy's thread, or have it say nothing: "deleted", "blanked", or else "refused"."""
        blank = self._say("part_withdrawn")
        return await delete_or_blank(self._gateway, team, channel, ts, blank, blanks_if_failed=True)

    async def _take_back(
        self, team: str, share_id: str, places: Places, sender: str, *, withdrawn: bool, doubtful: bool = False
    ) -> str:
        """Delete the messages of a copy; where people have replied, the first stays and says that it is over.

        Gives "deleted"; or why the first stays, as a key of `share` in words.yaml; or "refused" if Slack does not let
        us take back all of it. withdrawn: the sender wanted so, rather than that not all of it had arrived. doubtful:
        more may be there than `places`.
        """
        channel, root_ts = places[ROOT]
        replies = {ts: slot for slot, (_, ts) in places.items() if slot != ROOT}
        own: list[str] | None = None
        with contextlib.suppress(SlackWorkError):  # what came while others did the same, or never got known
            kinds = [f"{kind}:{team}:" for kind in POSTED_BY]
            own = await self._gateway.own_replies(team, channel, root_ts, kinds)
        for ts in own or ():
            replies.setdefault(ts, "")
        refused = doubtful and own is None
        for ts, slot in replies.items():
            if await self._delete_or_blank(team, channel, ts) == "refused":
                refused = True
            elif slot:
                await step("drop", self._store.shares.drop_message, team, share_id, slot)
        if refused and not withdrawn:  # the first message stays as it is, above the part that stands
            return "refused"
        # Who may not look deletes nothing that people may have replied to.
        try:
            replied = await self._gateway.has_replies(team, channel, root_ts, root_ts, patient=True)
        except SlackWorkError:
            replied = None
        outcome = {True: "withdrawn_blanked", False: "deleted", None: "withdrawn_unseen"}[replied]
        if outcome == "deleted":
            removed = await try_call(self._gateway.delete_message(team, channel, root_ts))
            outcome = "withdrawn_kept" if removed.keys() & NOT_DONE else "deleted"
        if outcome != "deleted":
            at = await step("now", _now)
            blank = self._rendered(lambda library: share_blocks.ended_copy(sender, at, library, withdrawn=withdrawn))
            changed = await try_call(self._gateway.update_message(team, channel, root_ts, blank))
            refused |= bool(changed.keys() & NOT_DONE)
            outcome = "deleted" if "gone" in changed else outcome
        return "refused" if refused else outcome


def as_places(messages: Mapping[str, tuple[str, str]]) -> Places:
    """Give where messages are, as a step may return it."""
    return {slot: list(place) for slot, place in messages.items()}


async def _now() -> float:
    return time.time()
