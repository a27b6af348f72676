"""The work of blind comparisons: each moves a comparison and then does what follows from that.

Nobody's answers are in the records of this work: what is revealed is read when it is sent, as it was when both agreed.
"""

import contextlib
import hashlib
from typing import Any

import structlog

from bot.domain import quiz as conversation
from bot.domain.actions import Stop
from bot.domain.compare import (
    Accept,
    Agree,
    Comparison,
    Event,
    Follow,
    Lapse,
    Lose,
    Outcome,
    Side,
    State,
    Versions,
    Withdraw,
    compare,
    is_comparable,
)
from bot.domain.quiz import Outcome as QuizOutcome
from bot.domain.quiz import Run, Transition
from bot.domain.share import Refusal, refusal
from bot.jobs import current_key, step, worker, workflow
from bot.knowledge import Library
from bot.slack import blocks, compare_blocks
from bot.slack.controls import CompareCommand
from bot.slack.gateway import Render, SlackWorkError, UncertainError
from bot.slack.pieces import Message
from bot.slack.slack_worker import SlackWorker
from bot.slack.text import fill, mention
from bot.storage import Moved, StoredComparison

INVITATION, RECEIPT, ASK = "invitation", "receipt", "ask"  # slots of the messages about a comparison
# What is said to who clicks what cannot be done any more; of what has been done already nothing.
REFUSALS = {
    Outcome.EARLY: "early",
    Outcome.CHANGED: "changed",
    Outcome.REVEALED: "too_late",
    Outcome.OVER: "over",
}

log = structlog.get_logger()


@worker()
class CompareWorker(SlackWorker):
    """Leads two people through a comparison, and shows each how it stands."""

    @workflow
    async def invite(self, team: str, run_id: str, user: str, manager: str) -> None:
        """Invite a manager to answer for the work that a round of somebody's is about, and tell them how it stands."""
        key = current_key()
        comparison_id = hashlib.sha256(key.encode()).hexdigest()[:20]
        reason = refusal(user, team, await self._gateway.get_person(team, manager))

        async def begin() -> str | None:
            stored = await self._store.runs.get(team, run_id)
            if stored is None or stored.user != user or not is_comparable(stored.run):
                return "outdated"
            if reason is not None:
                return reason.value
            if await self._store.shares.is_muted(team, manager, user):
                return Refusal.MUTED.value
            about = {"sender": user, "manager": manager, "by": key}
            return None if await self._store.comparisons.begin(team, comparison_id, run_id, **about) else "open_already"

        if why := await step("begin", begin):
            await self._not_invited(team, run_id, user, manager, why)
            return
        delivered, in_doubt = None, False
        try:
            delivered = await self._gateway.post_message(team, manager, self._slot(team, comparison_id, INVITATION))
        except UncertainError:
            in_doubt = True
        except SlackWorkError:
            await self._move(team, comparison_id, Lose())
            await self._not_invited(team, run_id, user, manager, "not_delivered")
            return
        if delivered:
            await self._remember_posted(team, comparison_id, INVITATION, delivered, Comparison())
        receipt = self._slot(team, comparison_id, RECEIPT, in_doubt=in_doubt)
        if place := await self._tell(team, run_id, user, receipt):
            await self._remember_posted(team, comparison_id, RECEIPT, place, Comparison())

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
    ) -> None:
        """Do what somebody clicked in a message about a comparison, or say why that cannot be done."""
        side = await self._side(team, comparison_id, user)
        if not isinstance(side, Side):
            await self._refuse(team, channel, user, thread_ts, side)
            return
        event: Event = Withdraw(side)
        if does == CompareCommand.AGREE:
            first, second = versions
            event = Agree(side, (first, second))
            if not await self._is_there(team, comparison_id, side.other):
                event = Lose()
        moved = await self._move(team, comparison_id, event)
        if moved is None:
            await self._refuse(team, channel, user, thread_ts, "gone")
        elif moved.mine:
            await self._follow_up(team, moved.stored)
        elif moved.outcome in REFUSALS:
            await self._refuse(team, channel, user, thread_ts, REFUSALS[moved.outcome])

    async def accept(
        self, team: str, comparison_id: str, user: str, channel: str, ts: str, thread_ts: str | None
    ) -> StoredComparison | None:
        """Take it that the manager wants to answer, as a part of other work; None if that cannot be, which is said."""
        side = await self._side(team, comparison_id, user)
        if side is Side.SENDER:
            side = "not_yours"
        moved = await self._move(team, comparison_id, Accept()) if isinstance(side, Side) else None
        if moved is None or not moved.mine:
            why = side if not isinstance(side, Side) else REFUSALS.get(moved.outcome) if moved else "gone"
            if why:
                await self._refuse(team, channel, user, thread_ts, why)
            return None
        # Slack may not have said where the invitation is.
        await self._remember(team, comparison_id, INVITATION, (channel, ts))
        return moved.stored

    async def show_begun(self, team: str, accepted: StoredComparison) -> None:
        """Say that the manager answers, as a part of other work; and end that, if it was withdrawn meanwhile."""

        async def look() -> dict[str, Any] | None:
            now = await self._store.comparisons.get(team, accepted.id)
            return now.record() if now else None

        record = await step("begun", look)
        now = StoredComparison.read(record) if record else None
        if now and not now.comparison.is_open:
            await self._follow_up(team, now)
        else:
            await self.show(team, now or accepted)

    @workflow
    async def follow_rounds(self, team: str, comparison_id: str) -> None:
        """Look at the rounds of both, of which one may have been finished, changed or deleted."""
        moved = await self._move(team, comparison_id, Follow())
        if moved and moved.mine:
            await self._follow_up(team, moved.stored)

    async def withdraw_all(self, team: str, user: str) -> None:
        """End all comparisons that somebody is part of, as a part of other work."""
        for comparison_id in await step("comparisons", self._store.comparisons.open_of_person, team, user):
            side = await self._side(team, comparison_id, user)
            moved = await self._move(team, comparison_id, Withdraw(side)) if isinstance(side, Side) else None
            if moved and moved.mine:
                await self._follow_up(team, moved.stored)

    @workflow
    async def handle_due(self, team: str, comparison_id: str, at: float) -> None:
        """End a comparison in which nothing has happened for long, or ask once what has changed since the reveal."""
        key = current_key()

        async def look() -> dict[str, Any] | None:
            stored = await self._store.comparisons.get(team, comparison_id)
            return stored.record() if stored else None

        if (record := await step("look", look)) is None:
            return
        stored = StoredComparison.read(record)
        if stored.comparison.is_open:
            moved = await self._move(team, comparison_id, Lapse())
            if moved and moved.mine:
                await self._follow_up(team, moved.stored)
            return

        async def take() -> bool:
            return await self._store.comparisons.take_due(team, comparison_id, at, by=key)

        if await step("take", take) and stored.comparison.state is State.REVEALED:

            def question(library: Library) -> Message:
                return compare_blocks.follow_up(comparison_id, stored.manager, library)

            await self._gateway.post_message(team, stored.sender, self._rendered(question))

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
            return {slot: list(place) for slot, place in now.messages.items()}

        for slot, (channel, ts) in (await step("messages", look)).items():
            await self._gateway.update_message(team, channel, ts, self._slot(team, stored.id, slot, known=stored))
            if slot.startswith(f"{ASK}:") and stored.comparison.asked != _versions(slot):
                await self._remember(team, stored.id, slot, None)

    async def _follow_up(self, team: str, stored: StoredComparison) -> None:
        """Do what follows from how a comparison stands now."""
        comparison = stored.comparison
        if comparison.state is State.REVEALED:
            await self._reveal(team, stored)
        elif comparison.state is State.FINISHED and comparison.asked and not comparison.agreed:
            await self._ask(team, stored, comparison.asked)
        elif not comparison.is_open:
            # Who has not begun to answer is told by the invitation, which says so in place of its buttons.
            for side in [side for side in Side if side is not comparison.ended_by and stored.run_of(side)]:
                await self._tell_side(team, stored, side, self._over(stored, side))
            if stored.manager_run:
                await step("stop round", self._stop, team, stored.manager_run, current_key())
        await self.show(team, stored)

    async def _stop(self, team: str, run_id: str, key: str) -> None:
        """Stop a round whose answers nobody waits for any more, unless it is finished; again changes nothing."""

        def stop(run: Run) -> Transition:
            return Transition(run, QuizOutcome.NOTHING) if run.finished else conversation.apply(run, Stop())

        applied = await self._store.runs.apply(team, run_id, stop, by=key)
        if applied and applied.held:  # who looks after rounds that are left alone shows it
            await self._store.runs.free(team, run_id, by=key, unfinished=True)

    def _over(self, stored: StoredComparison, side: Side) -> Render:
        other = mention(stored.person(side.other))
        return self._rendered(lambda library: compare_blocks.over(stored.comparison, side, other, library))

    async def _ask(self, team: str, stored: StoredComparison, versions: Versions) -> None:
        """Ask both whether to reveal; if one of them cannot be reached, it ends."""
        for side in Side:
            slot = ":".join([ASK, side, *map(str, versions)])
            question = self._slot(team, stored.id, slot, known=stored)
            if not await self._tell_side(team, stored, side, question, slot=slot):
                moved = await self._move(team, stored.id, Lose())
                if moved and moved.mine:
                    await self._follow_up(team, moved.stored)
                return

    async def _reveal(self, team: str, stored: StoredComparison) -> None:
        """Show both what they have agreed to show: in a conversation of both, or else to each alone."""

        def revealed(*, apart: bool) -> Render:
            async def render() -> Message:
                now = await self._store.comparisons.get(team, stored.id)
                if now is None or now.shown is None:
                    return blocks.say(self._library.words.compare.gone)
                quiz = await self._store.runs.quiz(now.shown.quiz) or self._library.quiz
                try:
                    findings = compare(quiz, now.shown.sender, now.shown.manager)
                except ValueError:  # of a version of the quiz that cannot be read any more
                    return blocks.say(self._library.words.compare.gone)
                return compare_blocks.reveal(now.sender, now.manager, quiz, findings, self._library, apart=apart)

            return render

        group = await self._gateway.open_direct_message(team, stored.sender, stored.manager)
        posted = False
        if group:
            with contextlib.suppress(SlackWorkError):
                posted = await self._gateway.post_message(team, group, revealed(apart=False)) is not None
        for person in () if posted else (stored.sender, stored.manager):
            try:
                await self._gateway.post_message(team, person, revealed(apart=True))
            except SlackWorkError as error:
                log.warning("one of two could not be shown a comparison", comparison=stored.id, error=str(error))
        await step("forget answers", self._store.comparisons.clear_shown, team, stored.id)

    async def _tell_side(
        self, team: str, stored: StoredComparison, side: Side, render: Render, *, slot: str | None = None
    ) -> bool:
        """Say something to one of the two, and remember it under a slot; False if they cannot be reached."""
        try:
            place = await self._tell(team, stored.run_of(side), stored.person(side), render)
            if slot and place:
                await self._remember_posted(team, stored.id, slot, place, stored.comparison)
        except UncertainError:
            return True
        except SlackWorkError as error:
            log.warning("one of two could not be told of a comparison", comparison=stored.id, error=str(error))
            return False
        return True

    async def _tell(self, team: str, run_id: str | None, user: str, render: Render) -> tuple[str, str] | None:
        """Say something in the thread of somebody's round; where that is gone, in their direct message.

        Gives channel and ts; None if there is nothing to say.
        """

        async def look() -> list[str] | None:
            stored = await self._store.runs.get(team, run_id) if run_id else None
            return [stored.channel, stored.root_ts] if stored else None

        if run_id and (thread := await step("thread", look)):
            channel, root_ts = thread
            if posted := await self._gateway.post_message(team, channel, render, thread_ts=root_ts):
                await self._remember_in_run(team, run_id, posted[1])
                return posted
        return await self._gateway.post_message(team, user, render)

    async def _not_invited(self, team: str, run_id: str, user: str, manager: str, why: str) -> None:
        """Say why somebody was not invited, by the name of the sentence."""

        def said(library: Library) -> Message:
            text = fill(getattr(library.words.compare, why), to=mention(manager))
            return blocks.filled(text) if why == "outdated" else compare_blocks.not_invited(text, run_id, library)

        await self._tell(team, run_id, user, self._rendered(said))

    # Steps and messages

    async def _move(self, team: str, comparison_id: str, event: Event) -> Moved | None:
        """Let something happen to a comparison, as a step; None if there is none."""
        by = f"{current_key()} {type(event).__name__}"

        async def move() -> dict[str, Any] | None:
            moved = await self._store.comparisons.move(team, comparison_id, event, by=by)
            return {"outcome": moved.outcome, "mine": moved.mine, "stored": moved.stored.record()} if moved else None

        if (record := await step("move", move)) is None:
            return None
        return Moved(Outcome(record["outcome"]), record["mine"], StoredComparison.read(record["stored"]))

    async def _remember(self, team: str, comparison_id: str, slot: str, place: tuple[str, str] | None) -> None:
        """Remember, by a step, where a message about a comparison is; None if it is of no more use."""
        record = self._store.comparisons.record_message
        await step(f"remember {slot}", record, team, comparison_id, slot, list(place) if place else None)

    async def _remember_posted(
        self, team: str, comparison_id: str, slot: str, place: tuple[str, str], was: Comparison
    ) -> None:
        """Remember a message that has just been posted, for the comparison as it was then.

        Who has moved it since could not know of the message, which is brought up to date here.
        """
        await self._remember(team, comparison_id, slot, place)

        async def has_moved() -> bool:
            stored = await self._store.comparisons.get(team, comparison_id)
            return stored is not None and stored.comparison != was

        if await step("has moved", has_moved):
            channel, ts = place
            await self._gateway.update_message(team, channel, ts, self._slot(team, comparison_id, slot))

    async def _side(self, team: str, comparison_id: str, user: str) -> Side | str:
        """Say, by a step, which part somebody has in a comparison; "not_yours" or "gone" if they have none."""

        async def look() -> str:
            stored = await self._store.comparisons.get(team, comparison_id)
            if stored is None:
                return "gone"
            side = stored.side_of(user)
            return side.value if side else "not_yours"

        part = await step("whose", look)
        return Side(part) if part in set(Side) else part

    async def _is_there(self, team: str, comparison_id: str, side: Side) -> bool:
        """Say whether one of the two still has an active account, as far as Slack tells."""

        async def who() -> str | None:
            stored = await self._store.comparisons.get(team, comparison_id)
            return stored.person(side) if stored else None

        user = await step("who", who)
        person = await self._gateway.get_person(team, user) if user else None
        return person is None or person.is_active

    async def _refuse(self, team: str, channel: str, user: str, thread_ts: str | None, why: str) -> None:
        """Say to who has clicked why that cannot be done, by the name of the sentence."""
        if why == "not_yours":
            log.warning("refused: not the buttons of this person", key=current_key())
        with contextlib.suppress(SlackWorkError):  # Slack shows nothing to who is not there
            await self._gateway.post_ephemeral(team, channel, user, self._say(why), thread_ts=thread_ts)

    def _say(self, name: str) -> Render:
        return self._rendered(lambda library: blocks.say(getattr(library.words.compare, name)))

    def _slot(
        self, team: str, comparison_id: str, slot: str, *, known: StoredComparison | None = None, in_doubt: bool = False
    ) -> Render:
        """Have a message about a comparison rendered as it stands when that is sent; `known` as it stood last."""

        async def render() -> Message | None:
            stored = await self._store.comparisons.get(team, comparison_id) or known
            if stored is None:
                return None
            library = self._library
            if slot == RECEIPT:
                return compare_blocks.receipt(stored, library, in_doubt=in_doubt)
            if slot == INVITATION:
                run = await self._store.runs.get(team, stored.run)
                count = len((run.run.quiz if run else library.quiz).questions)
                seen = await self._store.comparisons.is_known_to(team, stored.run, stored.manager)
                return compare_blocks.invitation(stored, count, library, known=seen)
            return compare_blocks.ask(stored, Side(slot.split(":")[1]), _versions(slot), library)

        return render


compare_worker = CompareWorker("compare")


def _versions(slot: str) -> Versions:
    """Give the versions of the answers that a question was about."""
    _, _, sender, manager = slot.split(":")
    return int(sender), int(manager)
