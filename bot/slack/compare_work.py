"""The work of blind comparisons: each moves a comparison and then does what follows from that.

Nobody's answers are in the records of this work: what is revealed is read when it is sent, as it was when both agreed.
"""

import contextlib
from dataclasses import replace
from functools import partial

import structlog

from bot import work_records
from bot.domain import quiz as conversation
from bot.domain.actions import Stop
from bot.domain.compare import (
    Accept,
    Agree,
    Comparison,
    Event,
    Follow,
    GiveUp,
    Lapse,
    Lose,
    Outcome,
    Side,
    State,
    Versions,
    Withdraw,
    is_comparable,
)
from bot.domain.quiz import Outcome as QuizOutcome
from bot.domain.quiz import Transition
from bot.domain.quiz_run import Run
from bot.domain.share import Refusal, refusal
from bot.jobs import current_key, pause, step, worker, workflow
from bot.knowledge import Library
from bot.slack import blocks, compare_blocks, share_blocks
from bot.slack.compare_controls import CompareCommand
from bot.slack.compare_messages import ASK, versions_of
from bot.slack.compare_reveal import BLANK, RevealingWorker
from bot.slack.gateway import Render
from bot.slack.pieces import Message, addressed
from bot.slack.share_work import share_worker
from bot.slack.slack_calls import SlackWorkError, UnavailableError, UncertainError
from bot.slack.text import fill, mention
from bot.slack.work import short_digest
from bot.storage import INVITATION, RECEIPT, Moved, StoredComparison

# What is said to who clicks what cannot be done any more; of what has been done already nothing.
REFUSALS = {
    Outcome.EARLY: "early",
    Outcome.CHANGED: "changed",
    Outcome.REVEALED: "too_late",
    Outcome.OVER: "over",
}
OPEN_ALREADY = "open_already"  # why nobody was invited, by the name of its sentence
ASK_TRIES, ASK_PAUSE = 24, 3600.0  # how often, and after how many seconds, to ask where Slack went on failing

log = structlog.get_logger()


@worker()
class CompareWorker(RevealingWorker):
    """Leads two people through a comparison, and shows each how it stands."""

    # Inviting

    @workflow
    async def invite(self, team: str, run_id: str, user: str, manager: str, asked_in: str = "") -> None:
        """Invite a manager to answer for the work that a round of somebody's is about, and tell them how it stands.

        asked_in: the channel in which they typed the command, if they did, to lead them to that.
        """
        told = await self._invite(team, run_id, user, manager)
        if not asked_in or told is None:
            return
        with contextlib.suppress(SlackWorkError):  # Slack shows nothing where we are no member
            if link := await self._gateway.get_permalink(team, *told):
                comparison_id = short_digest(current_key())

                async def pointer() -> Message:
                    stored = await self._store.comparisons.get(team, comparison_id)
                    has_asked = stored is not None and INVITATION in stored.messages
                    return compare_blocks.pointer(link, self._library, invited=manager if has_asked else None)

                await self._gateway.post_ephemeral(team, asked_in, user, pointer)

    async def _invite(self, team: str, run_id: str, user: str, manager: str) -> tuple[str, str] | None:
        """Invite a manager; gives channel and ts of the message that tells the sender what has come of it, if any."""
        key = current_key()
        comparison_id = short_digest(key)
        try:
            person = await self._gateway.get_person(team, manager)
        except UnavailableError:
            return await self._not_invited(team, run_id, user, manager, "slack_unavailable")

        async def begin() -> str | None:
            stored = await self._store.runs.get(team, run_id)
            if stored is None or stored.user != user or not is_comparable(stored.run):
                return "outdated"
            if reason := refusal(user, team, person, guests=self._services.share_guests):
                return reason.value
            if await self._store.mutes.is_muted(team, manager, user):
                return Refusal.MUTED.value
            about = {"sender": user, "manager": manager}
            if await self._store.comparisons.open_with(team, run_id, manager) not in (None, comparison_id):
                return OPEN_ALREADY
            if why := await self._store.comparisons.why_not_invite(team, user, manager, but=comparison_id):
                return why
            begun = await self._store.comparisons.begin(team, comparison_id, run_id, **about, by=key)
            return None if begun else OPEN_ALREADY

        if why := await step("begin", begin):
            return await self._not_invited(team, run_id, user, manager, why)
        delivered, in_doubt = None, False
        try:
            delivered = await self._gateway.post_message(team, manager, self._slot(team, comparison_id, INVITATION))
        except UncertainError:
            in_doubt = True
        except SlackWorkError:
            await self._move(team, comparison_id, Lose(Side.MANAGER))
            return await self._not_invited(team, run_id, user, manager, "not_delivered")
        if delivered:
            await self._remember_posted(team, comparison_id, INVITATION, delivered, Comparison())
        return await self._post_receipt(team, comparison_id, run_id, user, in_doubt=in_doubt)

    async def _post_receipt(
        self, team: str, comparison_id: str, run_id: str, user: str, *, in_doubt: bool = False
    ) -> tuple[str, str] | None:
        """Tell the sender how it stands, and give where; if Slack does not take that, who invites again is told."""
        try:
            receipt = self._slot(team, comparison_id, RECEIPT, in_doubt=in_doubt)
            posted = await self._tell(team, run_id, user, receipt)
        except SlackWorkError as error:
            log.warning("a sender has no receipt of a comparison", comparison=comparison_id, error=str(error))
            return None
        if posted:
            await self._remember_posted(team, comparison_id, RECEIPT, posted, Comparison())
        return posted

    async def _not_invited(self, team: str, run_id: str, user: str, manager: str, why: str) -> tuple[str, str] | None:
        """Say why somebody was not invited, by the name of the sentence; gives where."""

        def reason(library: Library) -> Message:
            text = fill(getattr(library.words.compare, why), to=mention(manager))
            return blocks.filled(text) if why == "outdated" else compare_blocks.not_invited(text, run_id, library)

        told = await self._tell(team, run_id, user, self._rendered(reason))

        async def without_receipt() -> str | None:
            comparison_id = await self._store.comparisons.open_with(team, run_id, manager)
            stored = await self._store.comparisons.get(team, comparison_id) if comparison_id else None
            return stored.id if stored and RECEIPT not in stored.messages else None

        if why == OPEN_ALREADY and (comparison_id := await step("without receipt", without_receipt)):
            await self._post_receipt(team, comparison_id, run_id, user)
        return told

    # What both click

    @workflow
    async def click(
        self,
        team: str,
        comparison_id: str,
        user: str,
        does: str,
        versions: list[int],
        channel: str,
        thread_ts: str | None,
        ts: str = "",
    ) -> None:
        """Do what somebody clicked in a message about a comparison, or say why that cannot be done.

        does: a CompareCommand, recorded under this name. ts: of that message; empty in what the version before this
        one has recorded.
        """
        side = await self._side(team, comparison_id, user)
        if side == "gone" and does == CompareCommand.UNMUTE:
            await self._allow(team, comparison_id, user, channel, thread_ts)
            return
        if not isinstance(side, Side):
            await self._refuse(team, channel, user, thread_ts, side)
            return
        if does in (CompareCommand.MUTE, CompareCommand.UNMUTE):
            if side is Side.SENDER:
                await self._refuse(team, channel, user, thread_ts, "not_yours")
            else:
                await self._mute(team, comparison_id, (channel, ts), muted=does == CompareCommand.MUTE)
            return
        event: Event = Withdraw(side)
        if does == CompareCommand.AGREE:
            first, second = versions
            event = Agree(side, (first, second))
            if not await self._is_there(team, comparison_id, side.other):
                event = Lose(side.other)
        moved = await self._move_on(team, comparison_id, event)
        if moved is None:
            await self._refuse(team, channel, user, thread_ts, "gone")
        elif not moved.mine and moved.outcome in REFUSALS:
            is_unconfirmed = moved.outcome is Outcome.REVEALED and not moved.stored.comparison.is_confirmed
            why = "too_late_unconfirmed" if is_unconfirmed else REFUSALS[moved.outcome]
            await self._refuse(team, channel, user, thread_ts, why)

    async def _mute(self, team: str, comparison_id: str, channel_and_ts: tuple[str, str], *, muted: bool) -> None:
        """Record whether the manager wants nothing more from the sender, and update all messages that show it."""

        async def change() -> tuple[str, str] | None:
            if (stored := await self._store.comparisons.get(team, comparison_id)) is None:
                return None
            if muted:
                await self._store.mutes.mute(team, comparison_id, stored.manager, stored.sender)
            else:
                await self._store.mutes.unmute(team, stored.manager, stored.sender)
            return stored.sender, stored.manager

        people = await step("mute", change)
        await self._remember(team, comparison_id, INVITATION, channel_and_ts)  # Slack may not have said where it is
        if people:
            sender, manager = people
            await self.follow_wishes(team, sender, manager)

    async def _allow(self, team: str, comparison_id: str, user: str, channel: str, thread_ts: str | None) -> None:
        """Unmute a sender, by the button of an invitation whose comparison has no row any more."""
        sender = await step("muted with", self._store.mutes.muted_with, team, comparison_id, user)
        if sender is None:
            await self._refuse(team, channel, user, thread_ts, "gone")
            return
        await step("allow", self._store.mutes.unmute, team, user, sender)
        allowed = self._rendered(partial(share_blocks.allowed_note, sender))
        with contextlib.suppress(SlackWorkError):
            await self._gateway.post_ephemeral(team, channel, user, allowed, thread_ts=thread_ts)
        await self.follow_wishes(team, sender, user)

    async def follow_wishes(self, team: str, sender: str, manager: str) -> None:
        """Update invitations and copies to whether the manager has muted the sender, as a part of other work.

        Muting also declines invitations that are not accepted yet, so that the sender does not wait in vain.
        """

        async def look() -> list[tuple[str, bool]]:
            muted = await self._store.mutes.is_muted(team, manager, sender)
            invitations = await self._store.comparisons.invitations(team, sender, manager)
            return [(stored.id, muted and stored.comparison.state is State.INVITED) for stored in invitations]

        for comparison_id, declines in await step("invitations", look):
            moved = await self._move(team, comparison_id, Withdraw(Side.MANAGER)) if declines else None
            stored = await self._current(team, comparison_id)
            if moved and moved.mine:
                await self._follow_up(team, moved.stored, was_agreed=moved.was_agreed)
            elif stored and INVITATION in stored.messages:
                await self._update(team, comparison_id, INVITATION, stored.messages[INVITATION], fallback=stored)
        await share_worker.show_copies(team, sender, manager)

    async def accept(
        self, team: str, comparison_id: str, user: str, channel: str, ts: str, thread_ts: str | None
    ) -> StoredComparison | None:
        """Record that the manager accepts, as a part of other work; gives the comparison.

        If they cannot accept, they are told why, and the result is None. If other work has recorded this before and
        ended without beginning the round, this work takes its place.
        """
        side = await self._side(team, comparison_id, user)
        if side is Side.SENDER:
            side = "not_yours"
        moved = await self._move(team, comparison_id, Accept()) if isinstance(side, Side) else None
        if moved and moved.outcome is Outcome.REPEATED and not moved.mine:
            moved = replace(moved, mine=await step("take over", self._take_over, team, comparison_id, current_key()))
        if moved is None or not moved.mine:
            why = side if not isinstance(side, Side) else REFUSALS.get(moved.outcome) if moved else "gone"
            if why:
                await self._refuse(team, channel, user, thread_ts, why)
            return None
        # Slack may not have said where the invitation is.
        await self._remember(team, comparison_id, INVITATION, (channel, ts))
        return moved.stored

    async def _take_over(self, team: str, comparison_id: str, key: str) -> bool:
        """Say whether this work is to begin the manager's round, as the work that was to do so has ended without."""
        former = await self._store.comparisons.begun_by(team, comparison_id)
        if former is None:
            return False
        began = former.split(" ")[0]
        if began != key and await work_records.is_under_way([began]):
            return False
        return await self._store.comparisons.take_over_begin(team, comparison_id, was=former, by=f"{key} Accept")

    async def say_not_begun(self, team: str, channel: str, user: str, thread_ts: str | None) -> None:
        """Say that the questions could not be asked, and can be asked for once more, as a part of other work."""
        await self._refuse(team, channel, user, thread_ts, "not_begun")

    async def show_begun(self, team: str, accepted: StoredComparison) -> None:
        """Show that the manager has begun, as a part of other work; tell them if the comparison was ended meanwhile."""

        now = await self._current(team, accepted.id)
        if now and not now.comparison.is_open:  # the sender was told by whoever has ended it
            await self._tell_ended(team, now, Side.MANAGER)
        await self.show(team, now or accepted)

    @workflow
    async def follow_rounds(self, team: str, comparison_id: str) -> None:
        """Bring a comparison up to date after one of the two rounds was finished, changed or deleted."""
        await self._move_on(team, comparison_id, Follow())

    async def withdraw_all(self, team: str, user: str) -> None:
        """End all comparisons that somebody is part of and that are not revealed yet, as a part of other work."""
        for comparison_id in await step("comparisons", self._store.comparisons.open_of_person, team, user):
            side = await self._side(team, comparison_id, user)
            if isinstance(side, Side):
                await self._move_on(team, comparison_id, Withdraw(side))

    @workflow
    async def handle_due(self, team: str, comparison_id: str, at: float) -> None:
        """Do what is due: end an idle comparison, try the reveal again, or ask once whether anything has changed."""
        key = current_key()
        if (stored := await self._current(team, comparison_id)) is None:
            return
        is_agreed = stored.comparison.state is State.AGREED
        if stored.comparison.is_open:
            moved = await self._move(team, comparison_id, GiveUp() if is_agreed else Lapse())
            if moved and moved.mine and moved.stored.comparison.state is not State.AGREED:
                await self._follow_up(team, moved.stored, was_agreed=moved.was_agreed)
                return
            if not is_agreed:
                return

        async def take() -> bool:
            return await self._store.comparisons.take_due(team, comparison_id, at, by=key)

        if not await step("take", take):
            return
        if is_agreed:
            await self._show_both(team, stored)
        elif stored.comparison.state is State.REVEALED:

            def question(library: Library) -> Message:
                return compare_blocks.follow_up(comparison_id, stored.manager, library)

            try:
                await self._gateway.post_message(team, stored.sender, self._rendered(question))
            except UncertainError as error:  # it may be there, and is asked once
                log.warning("may not have asked what has changed", comparison=comparison_id, error=str(error))
            except UnavailableError:
                await step("due again", self._store.comparisons.make_due, team, comparison_id, key)
            except SlackWorkError as error:
                log.warning("could not ask what has changed", comparison=comparison_id, error=str(error))

    @workflow
    async def thank(self, team: str, comparison_id: str, user: str, changed: bool, response_url: str) -> None:
        """Thank whoever says whether something has changed, in place of the question."""
        side = await self._side(team, comparison_id, user)
        if side in (Side.MANAGER, "not_yours"):
            log.warning("refused: not the buttons of this person", comparison=comparison_id)
            await self._gateway.respond(response_url, self._say("not_yours"))
            return
        thanks = self._rendered(lambda library: compare_blocks.thanks(library, changed=changed))
        await self._gateway.respond(response_url, thanks, replace=True)

    # What follows

    async def show(self, team: str, stored: StoredComparison) -> None:
        """Have all messages about a comparison say how it stands."""

        async def look() -> dict[str, list[str]]:
            now = await self._store.comparisons.get(team, stored.id) or stored
            told = {slot: channel_and_ts for slot, channel_and_ts in now.messages.items() if not slot.startswith(BLANK)}
            return {slot: list(channel_and_ts) for slot, channel_and_ts in told.items()}

        for slot, (channel, ts) in (await step("messages", look)).items():
            await self._update(team, stored.id, slot, (channel, ts), fallback=stored)
            if slot.startswith(f"{ASK}:") and stored.comparison.asked != versions_of(slot):
                await self._remember(team, stored.id, slot, None)

    async def _move_on(self, team: str, comparison_id: str, event: Event) -> Moved | None:
        """Apply an event to a comparison, and do what follows from it; None if there is no such comparison."""
        moved = await self._move(team, comparison_id, event)
        if moved and moved.mine:
            await self._follow_up(team, moved.stored, was_agreed=moved.was_agreed)
        return moved

    async def _follow_up(self, team: str, stored: StoredComparison, *, was_agreed: bool = False) -> None:
        """Do what follows from how a comparison stands now; was_agreed: a part of the reveal may have been posted."""
        if was_agreed and not stored.comparison.is_open:
            stored = await self._take_back_ended(team, stored) or stored
        comparison = stored.comparison
        if comparison.state is State.AGREED:
            await self._show_both(team, stored)
            return
        if comparison.state is State.FINISHED and comparison.asked and not comparison.agreed:
            await self._ask(team, stored, comparison.asked)
            stored = await self._current(team, stored.id) or stored  # they may have been asked anew meanwhile
        elif not comparison.is_open and comparison.state is not State.REVEALED:
            # Who has not begun to answer is told by the invitation, which says so in place of its buttons.
            await self._tell_ended(team, stored, *(side for side in Side if stored.run_of(side)))
        await self.show(team, stored)

    async def _tell_ended(self, team: str, stored: StoredComparison, *sides: Side) -> None:
        """Tell these sides, except the one that ended it, that a comparison is over, and stop the manager's round."""
        for side in sides:
            if side is not stored.comparison.ended_by:
                await self._tell_side(team, stored, side, self._over(stored, side))
        if stored.manager_run:
            await step("stop round", self._stop, team, stored.manager_run, current_key())

    async def _show_both(self, team: str, stored: StoredComparison) -> None:
        """Reveal to both what they agreed to show. If that fails now, it is tried again when it is due."""
        outcome = await self._reveal(team, stored)
        if outcome is None:
            return
        if outcome.comparison.is_open or outcome.comparison.state is State.REVEALED:
            await self.show(team, outcome)
        else:  # both hear, perhaps once more, what was shown until it ended
            await self._follow_up(team, outcome)

    async def _stop(self, team: str, run_id: str, key: str) -> None:
        """Stop a round whose answers nobody waits for any more, unless it is finished. Repeating it changes nothing."""

        def stop(run: Run) -> Transition:
            return Transition(run, QuizOutcome.NOTHING) if run.finished else conversation.apply(run, Stop())

        applied = await self._store.runs.apply(team, run_id, stop, by=key)
        if applied and applied.held:  # the periodic look for due rounds updates its thread
            await self._store.runs.free(team, run_id, by=key, unfinished=True)

    def _over(self, stored: StoredComparison, side: Side) -> Render:
        """Tell one of the two how it ended; mentioned, since a reply in a thread is noticed by nobody else."""
        person, other = mention(stored.person(side)), mention(stored.person(side.other))
        return self._rendered(
            lambda library: addressed(person, compare_blocks.over(stored.comparison, side, other, library))
        )

    async def _ask(self, team: str, stored: StoredComparison, versions: Versions) -> None:
        """Ask both whether to reveal, and end the comparison if one of them cannot be reached.

        If Slack fails, it is tried again some times; the other person is asked without waiting for that.
        """
        unasked = list(Side)
        for number in range(ASK_TRIES):
            if number:
                await pause(ASK_PAUSE)
                if not await self._is_asked(team, stored.id, versions):
                    return
            for side in tuple(unasked):
                slot = ":".join([ASK, side, *map(str, versions)])
                question = self._slot(team, stored.id, slot, fallback=stored)
                reached = await self._tell_side(team, stored, side, question, slot=slot)
                if reached:
                    unasked.remove(side)
                elif reached is False or number + 1 == ASK_TRIES:
                    await self._move_on(team, stored.id, Lose(side))
                    return
            if not unasked:
                return

    async def _is_asked(self, team: str, comparison_id: str, versions: Versions) -> bool:
        """Say, by a step, whether both are still asked about the answers of these versions."""

        async def look() -> bool:
            stored = await self._store.comparisons.get(team, comparison_id)
            return stored is not None and stored.comparison.is_open and stored.comparison.asked == versions

        return await step("is asked", look)


compare_worker = CompareWorker("compare")
