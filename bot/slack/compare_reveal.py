"""The reveal of a blind comparison, which is shown to both or to nobody.

It is tried until it is delivered: what fails now is due again. A message of which Slack did not say whether it was
posted is looked for before anything else is posted; where that cannot be told either it counts as delivered, since
nothing may be shown twice. What only one of the two was shown is taken back.
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

Place = tuple[str, str]  # channel and ts of a message

log = structlog.get_logger()


class NotShownError(Exception):
    """Nothing was posted. refused: Slack's code if it will not take it; None if it may later."""

    def __init__(self, refused: str | None = None) -> None:
        super().__init__(refused)
        self.refused = refused


class SideUnreachableError(Exception):
    """Nothing was posted, since one of the two cannot be reached."""

    def __init__(self, side: Side) -> None:
        super().__init__(side)
        self.side = side


class RevealingWorker(ComparisonMessenger):
    """Shows both people what they agreed to show."""

    async def _reveal(self, team: str, stored: StoredComparison, *, doubtful: bool) -> StoredComparison | None:
        """Show both what they have agreed to show: in a conversation of both, or else to each alone.

        doubtful: other work may have tried before. Gives the comparison as it stands then; None if other work has it.
        """
        try:
            places = await self._post_to_both(team, stored, doubtful=doubtful)
        except NotShownError as error:
            log.warning("a comparison could not be shown", comparison=stored.id, error=error.refused)
            return stored
        except SideUnreachableError as error:
            moved = await self._move(team, stored.id, Lose(error.side))
            return moved.stored if moved and moved.mine else None
        if places is None:
            await self._take_back_unknown(team, stored)
            return None
        moved = await self._move(team, stored.id, Deliver())
        if moved is None or moved.outcome is Outcome.OVER:  # it was ended in the meantime
            await self._take_back(team, places)
            if not places:
                await self._take_back_unknown(team, stored)
            return None
        return moved.stored

    async def _post_to_both(self, team: str, stored: StoredComparison, *, doubtful: bool) -> list[Place] | None:
        """Post the reveal and give where it is known to be; None if other work has it, or it is over.

        Raises NotShownError, or SideUnreachableError, if nothing was posted.
        """
        try:
            group = await self._gateway.open_direct_message(team, stored.sender, stored.manager)
        except UnavailableError:
            raise NotShownError from None
        if group:
            try:
                return await self._post_reveal(team, stored, group, "both", doubtful=doubtful)
            except NotShownError as error:
                if error.refused is None:
                    raise
        for side in Side:  # before either is shown anything
            if not await self._is_there(team, stored.id, side):
                raise SideUnreachableError(side)
        places = list[Place]()
        for side in Side:
            try:
                posted = await self._post_reveal(team, stored, stored.person(side), side, doubtful=doubtful)
            except NotShownError as error:
                await self._take_back(team, places)
                if error.refused in DELIVERY_UNREACHABLE:
                    raise SideUnreachableError(side) from None
                raise
            if posted is None:
                await self._take_back(team, places)
                return None
            places += posted
        return places

    async def _post_reveal(
        self, team: str, stored: StoredComparison, where: str, name: str, *, doubtful: bool
    ) -> list[Place] | None:
        """Post the reveal to a conversation or a person; gives where it stands, as far as that is known.

        None if other work has it, or nothing is to be shown any more. Raises NotShownError if nothing was posted.
        """
        key = _reveal_key(stored.id, name)
        hold = partial(self._store.comparisons.hold_reveal, team, stored.id, by=current_key())
        message = self._message(team, stored.id, apart=name in set(Side))
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
        return [(posted["channel"], posted["ts"])] if "ts" in posted else None

    async def _find(self, team: str, where: str, key: str) -> list[Place]:
        """Look for what may have been posted. Raises NotShownError if it is not there."""
        try:
            place = await self._gateway.find_message(team, where, key)
        except SlackWorkError:
            return []
        if place is None:
            raise NotShownError
        return [place]

    async def _take_back_unknown(self, team: str, stored: StoredComparison) -> None:
        """Take back what Slack may have posted without saying so, if the comparison has ended and was not revealed."""

        async def is_over() -> bool:
            now = await self._store.comparisons.get(team, stored.id)
            return now is None or not (now.comparison.is_open or now.comparison.state is State.REVEALED)

        if not await step("is over", is_over):
            return
        conversations: dict[str, str | None] = {side.value: stored.person(side) for side in Side}
        with contextlib.suppress(SlackWorkError):
            conversations["both"] = await self._gateway.open_direct_message(team, stored.sender, stored.manager)
        for name, where in conversations.items():
            if where:
                with contextlib.suppress(SlackWorkError):
                    place = await self._gateway.find_message(team, where, _reveal_key(stored.id, name))
                    await self._take_back(team, [place] if place else [])

    async def _take_back(self, team: str, places: list[Place]) -> None:
        """Delete what was posted; where Slack does not let us, it says so in place of anybody's answers."""
        for channel, ts in places:
            try:
                gone = await self._gateway.delete_message(team, channel, ts)
                if "refused" in gone:
                    taken_back = self._rendered(compare_blocks.taken_back)
                    gone = await self._gateway.update_message(team, channel, ts, taken_back)
            except SlackWorkError:
                gone = {"refused": True}
            if "refused" in gone:
                log.error("a comparison that has ended could not be taken back", channel=channel)

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
    """Give the key under which a reveal is posted; name: "both", or whose it is where each gets their own."""
    return f"{comparison_id} reveal {name}"
