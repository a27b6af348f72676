"""The reveal of a blind comparison, which is shown to both or to nobody.

It is tried until it is delivered: what fails now is due again. That a copy may be there is noted before it is posted.
One of which Slack did not say whether it was posted is looked for before anything else is posted; where that cannot be
told either it counts as delivered, which both are told as it is, since nothing may be shown twice. What only one of the
two was shown is taken back, and said.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import structlog

from bot.domain.compare import Deliver, Lose, Outcome, Side, State, compare
from bot.jobs import current_key, step
from bot.slack import compare_blocks
from bot.slack.compare_messages import ComparisonMessenger
from bot.slack.gateway import DELIVERY_UNREACHABLE, Render
from bot.slack.pieces import Message
from bot.slack.removal import Removal, delete_or_blank
from bot.slack.slack_calls import CallResult, SlackWorkError, UnavailableError, UncertainError
from bot.storage import StoredComparison

BOTH = "both"  # the name of the copy in a conversation of both; others have those of the sides
COPIES = (BOTH, *(side.value for side in Side))
BLANK = "blank:"  # a slot of the messages about a comparison: with the name of a copy that says it was taken back

ChannelAndTs = tuple[str, str]  # of a message
# The copies of a reveal by their names; None where Slack does not say where, or if, one stands.
Copies = dict[str, ChannelAndTs | None]

log = structlog.get_logger()


@dataclass(frozen=True)
class Tried:
    """What earlier attempts at a reveal may have left in Slack.

    copies: names of copies that may have been posted. blanked: where copies stand that could not be deleted and whose
    text was replaced by a notice instead. since: when both agreed, in seconds since 1970, before which none was posted.
    """

    copies: frozenset[str]
    blanked: Mapping[str, ChannelAndTs]
    since: float | None

    @classmethod
    def of(cls, stored: StoredComparison | None) -> "Tried":
        """Read this from a comparison. If it is gone or has no record of attempts, every copy may have been posted."""
        if stored is None:
            return cls(frozenset(COPIES), {}, None)
        copies = frozenset(COPIES) if stored.tried is None else stored.tried
        blanked = {name: stored.messages[blank] for name in COPIES if (blank := f"{BLANK}{name}") in stored.messages}
        return cls(copies, blanked, stored.agreed_at)


class NotShownError(Exception):
    """The reveal was not posted. refused: Slack's error code if trying again is no use; None if it may work later."""

    def __init__(self, refused: str | None = None) -> None:
        super().__init__(refused)
        self.refused = refused


class SideUnreachableError(Exception):
    """One of the two cannot be reached, so that it cannot be shown to both."""

    def __init__(self, side: Side) -> None:
        super().__init__(side)
        self.side = side


class NotOursError(Exception):
    """Other work is posting the reveal, or it is not to be posted any more: this work leaves it alone."""


class RevealingWorker(ComparisonMessenger):
    """Shows both people what they agreed to show."""

    async def _reveal(self, team: str, stored: StoredComparison) -> StoredComparison | None:
        """Show both what they have agreed to show: in a conversation of both, or else to each alone.

        Gives the comparison as it stands then; None if other work has it.
        """
        copies: Copies = {}
        tried = Tried.of(await self._current(team, stored.id) or stored)
        try:
            await self._post_to_both(team, stored, copies, tried)
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

    async def _post_to_both(self, team: str, stored: StoredComparison, copies: Copies, tried: Tried) -> None:
        """Post the reveal, and add the place of each copy to `copies`, also if not all copies could be posted.

        tried: what earlier attempts may have posted. Raises NotShownError if no copy is left in Slack; NotOursError if
        other work is at it, or the comparison is over; SideUnreachableError if it can never be shown to both.
        """
        try:
            group = await self._gateway.open_direct_message(team, stored.sender, stored.manager)
        except UnavailableError:
            raise NotShownError from None
        if group:
            try:
                copies[BOTH] = await self._post_reveal(team, stored, group, BOTH, tried)
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
                copies[side] = await self._post_reveal(team, stored, stored.person(side), side, tried)
            except NotShownError as error:
                if error.refused in DELIVERY_UNREACHABLE:
                    raise SideUnreachableError(side) from None
                if copies:
                    await self._take_back(team, stored.id, copies)
                raise

    async def _post_reveal(
        self, team: str, stored: StoredComparison, where: str, name: str, tried: Tried
    ) -> ChannelAndTs | None:
        """Post the reveal to a conversation or a person; gives where it stands, None if Slack does not say.

        Raises NotOursError if other work has it, or nothing is to be shown any more; NotShownError if nobody can read
        it there.
        """
        hold = partial(self._store.comparisons.hold_reveal, team, stored.id, copy=name, by=current_key())
        message = self._message(team, stored.id, apart=name != BOTH)
        posted: CallResult | None
        try:
            posted = await self._gateway.post_message_once(
                team,
                where,
                message,
                thread_ts=None,
                key=_reveal_key(stored.id, name),
                doubtful=name in tried.copies,
                lease=hold,
                may_repeat=False,
                since=tried.since,
            )
        except UncertainError:
            posted = await self._find(team, where, stored.id, name, tried)
        except SlackWorkError as error:
            await self._note_not_posted(team, stored.id, name)
            raise NotShownError(None if isinstance(error, UnavailableError) else str(error)) from None
        if posted is None:
            return None
        if "gone" in posted:
            await self._note_not_posted(team, stored.id, name)
            raise NotShownError("channel_not_found")
        if "ts" not in posted:
            raise NotOursError
        channel_and_ts = posted["channel"], posted["ts"]
        if channel_and_ts == tried.blanked.get(name):
            await self._show_again(team, channel_and_ts, message)
        return channel_and_ts

    async def _show_again(self, team: str, channel_and_ts: ChannelAndTs, message: Render) -> None:
        """Put the reveal back into a message that was blanked. Raises NotShownError if Slack refuses the update."""
        try:
            changed = await self._gateway.update_message(team, *channel_and_ts, message)
        except SlackWorkError:
            changed = {"refused": True}
        if changed.keys() & {"refused", "gone"}:
            raise NotShownError

    async def _note_not_posted(self, team: str, comparison_id: str, name: str) -> None:
        """Remember that a copy was not posted, or does not stand there any more, so that nobody has to look for it."""
        by, note = current_key(), self._store.comparisons.note_not_posted
        await step("not posted", partial(note, team, comparison_id, name, by=by))

    async def _find(self, team: str, where: str, comparison_id: str, name: str, tried: Tried) -> CallResult | None:
        """Look for what may have been posted, and give it as the gateway does; None if Slack does not let us look.

        Raises NotShownError if it is not there.
        """
        try:
            key = _reveal_key(comparison_id, name)
            channel_and_ts = await self._gateway.find_message(team, where, key, since=tried.since)
        except SlackWorkError:
            return None
        if channel_and_ts is None:
            raise NotShownError
        channel, ts = channel_and_ts
        return {"channel": channel, "ts": ts}

    async def _take_back_ended(
        self, team: str, stored: StoredComparison, noted: Copies | None = None
    ) -> StoredComparison | None:
        """Delete the copies of a reveal that were posted although its comparison has ended in the meantime.

        noted: the copies whose places the caller knows; others that may have been posted are looked for. Gives the
        comparison if there was something to read, or may have been; None if not, or if it is open or revealed.
        """
        now = await self._current(team, stored.id)
        if now is not None and (now.comparison.is_open or now.comparison.state is State.REVEALED):
            return None
        tried = Tried.of(now)
        copies: Copies = {name: channel_and_ts for name, channel_and_ts in (noted or {}).items() if channel_and_ts}
        for name in COPIES:
            if name in tried.copies and name not in copies:
                try:
                    channel_and_ts = await self._find_ended(team, stored, name, tried)
                except SlackWorkError:
                    copies[name] = None
                else:
                    copies |= {name: channel_and_ts} if channel_and_ts else {}
        if not copies and not (now and now.comparison.maybe_exposed):
            return None
        await self._take_back(team, stored.id, copies)
        return await self._current(team, stored.id)

    async def _find_ended(self, team: str, stored: StoredComparison, name: str, tried: Tried) -> ChannelAndTs | None:
        """Look for a copy of a reveal; None if it is not there. Raises SlackWorkError if that cannot be told."""
        people = (stored.sender, stored.manager) if name == BOTH else (stored.person(Side(name)),)
        if not all(people):
            raise SlackWorkError("user_not_found")  # somebody has had us forget them
        where = await self._gateway.open_direct_message(team, *people, only_if_there=True)
        if where is None:
            return None
        return await self._gateway.find_message(team, where, _reveal_key(stored.id, name), since=tried.since)

    async def _take_back(self, team: str, comparison_id: str, copies: Copies) -> None:
        """Delete what was posted; where Slack does not let us, it says so in place of anybody's answers.

        Who could read it until now, who may have, and from whom it could not be taken back, is remembered, so that
        nobody is told that nothing was shown.
        """
        readers = _sides_of(name for name, channel_and_ts in copies.items() if channel_and_ts)
        maybe = [side for side in _sides_of(copies) if side not in readers]
        note = partial(self._store.comparisons.note_exposed, team, comparison_id, readers, maybe=maybe)
        await step("exposed", note)
        still, blank = list[str](), self._rendered(compare_blocks.taken_back)
        for name, channel_and_ts in copies.items():
            if channel_and_ts is None:
                continue
            taken = await delete_or_blank(self._gateway, team, *channel_and_ts, blank, blanks_if_failed=False)
            if taken is Removal.REFUSED:
                still.append(name)
                log.error("a reveal could not be taken back", comparison=comparison_id, copy=name)
                continue
            blanked = channel_and_ts if taken is Removal.BLANKED else None
            await self._remember(team, comparison_id, f"{BLANK}{name}", blanked)
            await self._note_not_posted(team, comparison_id, name)
        still_exposed = partial(self._store.comparisons.note_still_exposed, team, comparison_id, _sides_of(still))
        await step("still exposed", partial(still_exposed, of=readers))

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


def _readers(name: str) -> frozenset[str]:
    """Give who can read a copy of a reveal, as sides."""
    return frozenset(Side) if name == BOTH else frozenset({name})


def _sides_of(names: Iterable[str]) -> list[str]:
    """Give who can read any of these copies of a reveal, as sides."""
    readers = frozenset[str]().union(*map(_readers, names))
    return [side.value for side in Side if side in readers]


def _reveal_key(comparison_id: str, name: str) -> str:
    """Give the key under which a reveal is posted; name: of the copy."""
    return f"{comparison_id} reveal {name}"
