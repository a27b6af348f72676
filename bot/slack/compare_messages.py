"""The messages about a comparison: what each says is rendered when it is sent, and where it stands is remembered."""

import contextlib
from typing import Any

import structlog

from bot.domain.compare import Comparison, Event, Outcome, Side, Versions
from bot.jobs import current_key, step
from bot.slack import blocks, compare_blocks
from bot.slack.gateway import Render
from bot.slack.pieces import Message
from bot.slack.slack_calls import SlackWorkError, UnavailableError, UncertainError
from bot.slack.slack_worker import SlackWorker
from bot.storage import INVITATION, RECEIPT, Moved, StoredComparison

ASK = "ask"  # a slot of the messages about a comparison: with the side, and the versions of the answers

log = structlog.get_logger()


class ComparisonMessenger(SlackWorker):
    """Moves comparisons, and writes to both people."""

    async def _move(self, team: str, comparison_id: str, event: Event) -> Moved | None:
        """Apply an event to a comparison, as a step; None if there is no such comparison."""
        by = f"{current_key()} {type(event).__name__}"

        async def move() -> dict[str, Any] | None:
            moved = await self._store.comparisons.move(team, comparison_id, event, by=by)
            if moved is None:
                return None
            outcome = {"outcome": moved.outcome, "mine": moved.mine, "was_agreed": moved.was_agreed}
            return outcome | {"stored": moved.stored.record()}

        if (record := await step("move", move)) is None:
            return None
        stored = StoredComparison.read(record["stored"])
        return Moved(Outcome(record["outcome"]), record["mine"], stored, record.get("was_agreed", False))

    async def _current(self, team: str, comparison_id: str) -> StoredComparison | None:
        """Read, as a step, how a comparison stands, without the answers that are to be shown; None if there is none."""

        async def look() -> dict[str, Any] | None:
            stored = await self._store.comparisons.get(team, comparison_id)
            return stored.record() if stored else None

        record = await step("look", look)
        return StoredComparison.read(record) if record else None

    async def _tell_side(
        self, team: str, stored: StoredComparison, side: Side, render: Render, *, slot: str | None = None
    ) -> bool | None:
        """Post a message to one of the two people, and record where it stands if it has a slot.

        Gives True if it was posted; False if the person cannot be reached; None to try again later. If Slack did not
        say whether it was posted, that counts as posted, except for a question that they have to answer (with a slot).
        """
        try:
            posted = await self._tell(team, stored.run_of(side), stored.person(side), render)
            if slot and posted:
                await self._remember_posted(team, stored.id, slot, posted, stored.comparison)
        except UncertainError:
            return None if slot else True
        except SlackWorkError as error:
            log.warning("one of two could not be told of a comparison", comparison=stored.id, error=str(error))
            return None if isinstance(error, UnavailableError) else False
        return True

    async def _tell(self, team: str, run_id: str | None, user: str, render: Render) -> tuple[str, str] | None:
        """Post a message in the thread of somebody's round or, if the round is gone, in their direct message.

        Gives channel and ts; None if there is nothing to say.
        """

        async def look() -> list[str] | None:
            stored = await self._store.runs.get(team, run_id) if run_id else None
            return [stored.channel, stored.root_ts] if stored else None

        if run_id and (thread := await step("thread", look)):
            channel, root_ts = thread
            if ts := await self._post_in_run(team, run_id, channel, root_ts, render):
                return channel, ts
        return await self._gateway.post_message(team, user, render)

    async def _remember(self, team: str, comparison_id: str, slot: str, channel_and_ts: tuple[str, str] | None) -> None:
        """Record, as a step, where the message of a slot stands; channel_and_ts: None to forget the message."""
        record = self._store.comparisons.record_message
        kept = list(channel_and_ts) if channel_and_ts else None
        await step(f"remember {slot}", record, team, comparison_id, slot, kept)

    async def _remember_posted(
        self, team: str, comparison_id: str, slot: str, channel_and_ts: tuple[str, str], was: Comparison
    ) -> None:
        """Record where a message that was just posted stands, and update it if the comparison has changed meanwhile.

        was: the comparison when the message was rendered. Work that has changed it since could not update a message
        that was not recorded yet.
        """
        await self._remember(team, comparison_id, slot, channel_and_ts)

        async def has_moved() -> bool:
            stored = await self._store.comparisons.get(team, comparison_id)
            return stored is not None and stored.comparison != was

        if await step("has moved", has_moved):
            await self._update(team, comparison_id, slot, channel_and_ts)

    async def _update(
        self,
        team: str,
        comparison_id: str,
        slot: str,
        channel_and_ts: tuple[str, str],
        *,
        fallback: StoredComparison | None = None,
    ) -> None:
        """Update a message to how the comparison stands; if Slack fails, it stays, and clicks on it are answered."""
        try:
            await self._gateway.update_message(
                team, *channel_and_ts, self._slot(team, comparison_id, slot, fallback=fallback)
            )
        except SlackWorkError as error:
            log.warning("a message about a comparison stays as it was", slot=slot, error=str(error))

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
        try:
            person = await self._gateway.get_person(team, user) if user else None
        except UnavailableError:
            return True
        return person is None or person.is_active

    async def _refuse(self, team: str, channel: str, user: str, thread_ts: str | None, why: str) -> None:
        """Tell only the person who clicked why that cannot be done. why: the name of a text in words.yaml."""
        if why == "not_yours":
            log.warning("refused: not the buttons of this person", key=current_key())
        with contextlib.suppress(SlackWorkError):  # Slack shows nothing to who is not there
            await self._gateway.post_ephemeral(team, channel, user, self._say(why), thread_ts=thread_ts)

    def _say(self, name: str) -> Render:
        return self._rendered(lambda library: blocks.say(getattr(library.words.compare, name)))

    def _slot(
        self,
        team: str,
        comparison_id: str,
        slot: str,
        *,
        fallback: StoredComparison | None = None,
        in_doubt: bool = False,
    ) -> Render:
        """Give a function that renders a message about a comparison, as the comparison stands when that is sent.

        fallback: the comparison to render if it has no row any more.
        """

        async def render() -> Message | None:
            stored = await self._store.comparisons.get(team, comparison_id) or fallback
            if stored is None:
                return None
            library = self._library
            if slot in (RECEIPT, INVITATION):
                known_to_manager = await self._store.comparisons.is_known_to(team, stored.sender, stored.manager)
            if slot == RECEIPT:
                return compare_blocks.receipt(stored, library, has_seen_result=known_to_manager, in_doubt=in_doubt)
            if slot == INVITATION:
                run = await self._store.runs.get(team, stored.run)
                count = len((run.run.quiz if run else library.quiz).questions)
                muted = await self._store.mutes.is_muted(team, stored.manager, stored.sender)
                return compare_blocks.invitation(stored, count, library, has_seen_result=known_to_manager, muted=muted)
            return compare_blocks.ask(stored, Side(slot.split(":")[1]), versions_of(slot), library)

        return render


def versions_of(slot: str) -> Versions:
    """Give the versions of the answers that a question was about."""
    _, _, sender, manager = slot.split(":")
    return int(sender), int(manager)
