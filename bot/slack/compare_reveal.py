"""The reveal of a blind comparison, which is shown to both or to nobody.

It is tried until it is delivered: what fails now is due again. A message of which Slack did not say whether it was
posted is looked for before anything else is posted; where that cannot be told either it counts as delivered, which both
are told as it is, since nothing may be shown twice. What only one of the two was shown is taken back, and said.
"""

import contextlib
from functools import partial

import structlog

from bot.domain.compare import Deliver, Lose, Outcome, Side, State, compare
from bot.jobs import current_key, step
from bot.slack import compare_blocks
from bot.slack.compare_messages import ComparisonMessenger
from bot.slack.gateway import (
    DELIVERY_UNREACHABLE,
    Render,
    SlackWorkError,
    UnavailableError,
    UncertainError,
)
from bot.slack.pieces import Message
from bot.storage import StoredComparison

BOTH = "both"  # the name of the copy in a conversation of both; others have those of the sides

Place = tuple[str, str]  # channel and ts of a message
Copies = dict[str, Place | None]  # of a reveal by their names; None where Slack does not say where, or if, it stands

log = structlog.get_logger()


class NotShownError(Exception):
    """Nothing stands there. refused: Slack's code if it will not take it; None if it may later."""

    def __init__(self, refused: str | None = None) -> None:
        super().__init__(refused)
        self.refused = refused


class SideUnreachableError(Exception):
    """One of the two cannot be reached, so that it cannot be shown to both."""

    def __init__(self, side: Side) -> None:
        super().__init__(side)
        self.side = side


class NotOursError(Exception):
    """Other work shows it, or nothing is to be shown any more; what stands of it is for that work."""


class RevealingWorker(ComparisonMessenger):
    """Shows both people what they agreed to show."""

    async def _reveal(self, team: str, stored: StoredComparison, *, doubtful: bool) -> StoredComparison | None:
        """Show both what they have agreed to show: in a conversation of both, or else to each alone.

        doubtful: other work may have tried before. Gives the comparison as it stands then; None if other work has it.
        """
        copies: Copies = {}
        try:
            await self._post_to_both(team, stored, copies, doubtful=doubtful)
        except NotShownError as error:
            log.warning("a comparison could not be shown", comparison=stored.id, error=error.refused)
            return stored
        except SideUnreachableError as error:
            moved = await self._move(team, stored.id, Lose(error.side))
            ended = await self._take_back_ended(team, stored, copies)
            return ended or (moved.stored if moved and moved.mine else None)
        except NotOursError:
            return await self._take_back_ended(team, stored, copies)
        moved = await self._move(team, stored.id, Deliver(is_confirmed=None not in copies.values()))
        if moved is None or moved.outcome is Outcome.OVER:  # it was ended in the meantime
            return await self._take_back_ended(team, stored, copies)
        return moved.stored

    async def _post_to_both(self, team: str, stored: StoredComparison, copies: Copies, *, doubtful: bool) -> None:
        """Post the reveal, and add to `copies` where it stands, also if not all of it could be posted.

        Raises NotShownError if nothing was posted, or what was has been taken back; NotOursError if other work has it,
        or it is over; SideUnreachableError if it can never be shown to both.
        """
        try:
            group = await self._gateway.open_direct_message(team, stored.sender, stored.manager)
        except UnavailableError:
            raise NotShownError from None
        if group:
            try:
                copies[BOTH] = await self._post_reveal(team, stored, group, BOTH, doubtful=doubtful)
            except NotShownError as error:
                if error.refused is None:
                    raise
            else:
                return
        for side in Side:  # before either is shown anything
            if not await self._is_there(team, stored.id, side):
                raise SideUnreachableError(side)
        for side in Side:
            try:
                copies[side] = await self._post_reveal(team, stored, stored.person(side), side, doubtful=doubtful)
            except NotShownError as error:
                if error.refused in DELIVERY_UNREACHABLE:
                    raise SideUnreachableError(side) from None
                await self._take_back(team, stored.id, copies)
                raise

    async def _post_reveal(
        self, team: str, stored: StoredComparison, where: str, name: str, *, doubtful: bool
    ) -> Place | None:
        """Post the reveal to a conversation or a person; gives where it stands, None if Slack does not say.

        Raises NotOursError if other work has it, or nothing is to be shown any more; NotShownError if nothing was
        posted.
        """
        key = _reveal_key(stored.id, name)
        hold = partial(self._store.comparisons.hold_reveal, team, stored.id, by=current_key())
        message = self._message(team, stored.id, apart=name != BOTH)
        try:
            posted = await self._gateway.post_message_once(
                team, where, message, thread_ts=None, key=key, doubtful=doubtful, lease=hold
            )
        except UncertainError:
            return await self._find(team, where, key)
        except UnavailableError:
            raise NotShownError from None
        except SlackWorkError as error:
            raise NotShownError(str(error)) from None
        if "gone" in posted:
            raise NotShownError("channel_not_found")
        if "ts" not in posted:
            raise NotOursError
        place = posted["channel"], posted["ts"]
        if doubtful:  # one that was taken back, and could not be deleted, says so until now
            with contextlib.suppress(SlackWorkError):
                await self._gateway.update_message(team, *place, message)
        return place

    async def _find(self, team: str, where: str, key: str) -> Place | None:
        """Look for what may have been posted; None if Slack does not let us. Raises NotShownError if it isn't there."""
        try:
            place = await self._gateway.find_message(team, where, key)
        except SlackWorkError:
            return None
        if place is None:
            raise NotShownError
        return place

    async def _take_back_ended(
        self, team: str, stored: StoredComparison, known: Copies | None = None
    ) -> StoredComparison | None:
        """Take back what stands of a reveal whose comparison has ended without; known: of which one knows.

        Gives the comparison if there was something to read; None otherwise, or if it is open, or revealed.
        """

        async def is_over() -> bool:
            now = await self._store.comparisons.get(team, stored.id)
            return now is None or not (now.comparison.is_open or now.comparison.state is State.REVEALED)

        if not await step("is over", is_over):
            return None
        copies: Copies = dict(known or {})
        conversations = {BOTH: (stored.sender, stored.manager)} | {side.value: (stored.person(side),) for side in Side}
        for name, people in conversations.items():
            if copies.get(name) is None and all(people):
                with contextlib.suppress(SlackWorkError):
                    where = await self._gateway.open_direct_message(team, *people, only_if_there=True)
                    if where is None:
                        continue
                    if place := await self._gateway.find_message(team, where, _reveal_key(stored.id, name)):
                        copies[name] = place
        await self._take_back(team, stored.id, copies)
        return await self._current(team, stored.id) if copies else None

    async def _take_back(self, team: str, comparison_id: str, copies: Copies) -> None:
        """Delete what was posted; where Slack does not let us, it says so in place of anybody's answers.

        Who could read it until now is remembered, so that nobody is told that nothing was shown.
        """
        if not copies:
            return
        readers = [side.value for side in Side if {BOTH, side.value} & copies.keys()]
        await step("exposed", self._store.comparisons.note_exposed, team, comparison_id, readers)
        for channel, ts in filter(None, copies.values()):
            try:
                gone = await self._gateway.delete_message(team, channel, ts)
                if "refused" in gone:
                    taken_back = self._rendered(compare_blocks.taken_back)
                    gone = await self._gateway.update_message(team, channel, ts, taken_back)
            except SlackWorkError:
                gone = {"refused": True}
            if "refused" in gone:
                log.error("a reveal could not be taken back", channel=channel)

    def _message(self, team: str, comparison_id: str, *, apart: bool) -> Render:
        """Have the reveal rendered as both agreed to it; nothing if it has ended, or cannot be rendered any more."""

        async def render() -> Message | None:
            now = await self._store.comparisons.get(team, comparison_id)
            if now is None or now.shown is None:
                return None
            quiz = await self._store.runs.quiz(now.shown.quiz) or self._library.quiz
            try:
                findings = compare(quiz, now.shown.sender, now.shown.manager)
            except ValueError:  # of a version of the quiz that cannot be read any more
                return None
            return compare_blocks.reveal(now.sender, now.manager, quiz, findings, self._library, apart=apart)

        return render


def _reveal_key(comparison_id: str, name: str) -> str:
    """Give the key under which a reveal is posted; name: of the copy."""
    return f"{comparison_id} reveal {name}"
