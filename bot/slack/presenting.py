"""The thread of a run is brought to what the run says, one message after the other.

What is to be done next is decided in a step, from the rows and the knowledge as they are then, and recorded as plain
data with the message it is about; the next step does it; and so on until nothing is left. So whatever happens to the
knowledge while the work sleeps, after a crash it goes on with what was decided before, and decides anew from there.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from bot.domain.quiz import Status
from bot.jobs import step
from bot.knowledge import Library
from bot.slack import blocks, thread
from bot.slack.equipped import EquippedWorker
from bot.slack.pieces import Message
from bot.slack.speech import Outcome, SlackWorkError, plain_data, recorded
from bot.slack.text import fill
from bot.slack.thread import Before, said
from bot.storage import CARD, LOST, PROMPT, Posted, StoredRun

# What an operation does: look whether the thread is there; open another, with its card; post, replace or delete the
# message of a slot; say something between the questions; delete the run.
FIND, OPEN, POST, UPDATE, REMOVE, SAY, DELETE = "find", "open", "post", "update", "remove", "say", "delete"

# `do`; where the thread is: `channel`, `root_ts`; and as needed `slot`, `ts` and `message`. As a step may return it.
Operation = dict[str, Any]
Shown = dict[str, list[str]]  # by slot: the message's ts, and the digest of what it shows


@dataclass
class Rendered:
    """What has been rendered for a run as it stands, so that deciding again does not render it all again.

    Same input, same output: whether it is kept or not, a message is the same.
    """

    library: Library | None = None
    of: tuple[Any, ...] = ()
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)

    def message(self, slot: str, stored: StoredRun, library: Library, before: StoredRun | None) -> dict[str, Any]:
        """Give what a slot shows, as plain data; `before` is the round that its owner finished last before."""
        of = (stored.id, stored.turns, stored.quiz, before and (before.id, before.turns, before.quiz))
        if self.library is not library or self.of != of:
            self.library, self.of, self.messages = library, of, {}
        if slot not in self.messages:
            last = Before(before.run, before.begun_at) if before else None
            self.messages[slot] = plain_data(thread.render(slot, stored.run, stored.id, library, last))
        return self.messages[slot]


class PresentingWorker(EquippedWorker):
    """A worker that shows what a run says."""

    async def _present(self, team: str, run_id: str, key: str, *, find: bool = False, doubtful: bool = False) -> None:
        """Bring the thread of a run to what the run says, if nobody else is at it. Doing it again changes nothing.

        key: in whose name the run is held. find: look first whether the thread is there, and open another if it is
        not. doubtful: whoever held the run before may have posted what it could not remember any more.
        """
        rendered = Rendered()
        changed: Shown = {}
        operation: Operation | None = None
        outcome: Outcome = {}
        while operation := await step(
            "plan", self._plan, team, run_id, key, rendered, operation, outcome, changed, find
        ):
            outcome, find = await self._perform(team, run_id, key, operation, doubtful), False
            changed = _with_change(operation, outcome, changed)

    async def _plan(
        self,
        team: str,
        run_id: str,
        key: str,
        rendered: Rendered,
        operation: Operation | None,
        outcome: Outcome,
        changed: Shown,
        find: bool,
    ) -> Operation | None:
        """Remember what came of the last operation and decide on the next; None once there is nothing left to do.

        With that the run is let go of. None is also for one that somebody else holds by now, who will see to it.
        """
        if operation:
            await self._remember(team, run_id, operation, outcome)
        while await self._store.lease(team, run_id, by=key):
            stored = await self._store.run(team, run_id)
            if stored is None:
                break
            if decided := await self._decide(team, stored, key, rendered, outcome, changed, find):
                return decided
            now_shown = {slot: Posted(*posted) for slot, posted in changed.items()}
            if await self._store.release(team, run_id, by=key, turns=stored.turns, shown=now_shown):
                break
        return None

    async def _decide(
        self,
        team: str,
        stored: StoredRun,
        key: str,
        rendered: Rendered,
        outcome: Outcome,
        changed: Shown,
        find: bool,
    ) -> Operation | None:
        if stored.lost:
            # Its version of the quiz cannot be shown any more. What could be kept of it is from now on what it is.
            acted = await self._store.act(team, stored.id, {"do": "show"}, by=f"{key} carried over")
            if acted and acted.outcome["lost"]:
                return _operation(stored, SAY, message=plain_data(rewritten(acted.outcome["lost"], self._library)))
            return None  # somebody has just done something to it: so it is not let go of, but looked at anew
        if find:
            return _operation(stored, FIND)
        if "misplaced" in outcome:
            return _operation(stored, FIND, ts=outcome["ts"])
        shown = {slot: [posted.ts, posted.digest] for slot, posted in stored.messages.items()} | changed
        return await self._next(team, stored, shown, rendered)

    async def _next(
        self, team: str, stored: StoredRun, shown: dict[str, list[str]], rendered: Rendered
    ) -> Operation | None:
        """Find what the thread does not show as the run says."""
        run, library, deleted = stored.run, self._library, stored.run.status is Status.DELETED
        before = await self._store.finished_before(team, stored.id) if run.finished else None
        wanted = thread.slots(run, shown)
        if deleted and (left := [slot for slot in shown if slot not in (*wanted, LOST)]):
            return _operation(stored, REMOVE, slot=left[0], ts=shown[left[0]][0])
        if LOST in shown and not deleted:
            return _operation(stored, OPEN, slot=CARD, message=rendered.message(CARD, stored, library, before))

        there = [slot for slot in wanted if slot in shown]
        # What was clicked loses its buttons first, then comes what is next, then what sums it up.
        prompts = [slot for slot in there if slot.startswith(PROMPT)]
        for slot in [*prompts, *(each for each in wanted if each not in shown), *there]:
            ts, digest = shown.get(slot, ("", ""))
            message = rendered.message(slot, stored, library, before)
            if not ts:
                return _operation(stored, POST, slot=slot, message=message)
            if digest != _digest(message):
                return _operation(stored, UPDATE, slot=slot, ts=ts, message=message)
        return _operation(stored, DELETE) if deleted else None

    async def _perform(  # noqa: PLR0911 - one for each operation
        self, team: str, run_id: str, key: str, operation: Operation, doubtful: bool
    ) -> Outcome:
        """Do what was decided, as steps that may be done again; gives what came of it."""

        async def lease(seconds: float) -> bool:
            return await self._store.lease(team, run_id, by=key, seconds=seconds)

        async def post(channel: str, name: str, thread_ts: str | None) -> Outcome:
            message, kept_as = recorded(operation["message"]), f"{run_id} {name}"
            return await self._speech.post_once(
                team, channel, message, thread_ts=thread_ts, key=kept_as, doubtful=doubtful, lease=lease
            )

        channel, root_ts = operation["channel"], operation["root_ts"]
        match operation["do"]:
            case "find":
                if await self._speech.permalink(team, channel, root_ts):
                    return {}
                if "ts" in operation:  # what Slack has put at top level for want of a thread
                    await self._speech.remove(team, channel, operation["ts"], lease=lease)
                return {"gone": True}
            case "open":
                opened = await post(operation["user"], f"{CARD} after {root_ts}", None)
                if "gone" in opened:
                    raise SlackWorkError("channel_not_found")  # nor can the person be reached
                return opened
            case "post":
                return await post(channel, operation["slot"], root_ts)
            case "say":
                return await post(channel, key, root_ts)
            case "update":
                message = recorded(operation["message"])
                return await self._speech.update(team, channel, operation["ts"], message, lease=lease)
            case "remove":
                return await self._speech.remove(team, channel, operation["ts"], lease=lease)
            case _:
                await self._delete(team, run_id)
                return {}

    async def _delete(self, team: str, run_id: str) -> None:
        """Delete a run whose messages are gone."""
        raise NotImplementedError

    async def _remember(self, team: str, run_id: str, operation: Operation, outcome: Outcome) -> None:
        """Write down what came of an operation; again changes nothing."""
        root_ts, gone = operation["root_ts"], "gone" in outcome
        match operation["do"]:
            case "open" if "ts" in outcome:
                card = Posted(outcome["ts"], _digest(operation["message"]))
                await self._store.move_thread(team, run_id, outcome["channel"], card)
            case "post" if "ts" in outcome:
                posted = Posted(outcome["ts"], _digest(operation["message"]))
                await self._store.posted(team, run_id, operation["slot"], posted)
            case "say" if "ts" in outcome:
                await self._store.posted(team, run_id, said(outcome["ts"]), Posted(outcome["ts"], ""))
            case "find" | "post" | "say" if gone:
                await self._store.lose_thread(team, run_id, root_ts)
            case "update" if gone and operation["slot"] == CARD:
                # A round that is over is opened anew only when somebody looks for it.
                stored = await self._store.run(team, run_id)
                if stored and stored.run.status in (Status.OPEN, Status.PAUSED):
                    await self._store.lose_thread(team, run_id, root_ts)
            case "update" if gone:
                await self._store.unposted(team, run_id, operation["slot"])
            case "remove" if "lost" not in outcome and "slot" in operation:
                await self._store.unposted(team, run_id, operation["slot"])


def rewritten(lost: list[int], library: Library) -> Message:
    """Say that the questions have been rewritten since, and how many answers were kept, of how many."""
    kept, given = map(str, lost)
    return blocks.told(fill(library.words.quiz.edited_since, kept=kept, given=given))


def _with_change(operation: Operation, outcome: Outcome, changed: Shown) -> Shown:
    """Add to what has been changed in a thread what an operation has changed; of a new thread, nothing yet."""
    if operation["do"] == OPEN:
        return {}
    slot = operation.get("slot")
    left = {name: shown for name, shown in changed.items() if name != slot}
    if operation["do"] != UPDATE or slot is None:
        return left
    # A card that is gone counts as changed: it is for `_remember` to say whether there shall be another.
    is_there = "lost" not in outcome and ("gone" not in outcome or slot == CARD)
    return left | {slot: [operation["ts"], _digest(operation["message"])]} if is_there else left


def _operation(stored: StoredRun, do: str, **more: Any) -> Operation:
    return {"do": do, "user": stored.user, "channel": stored.channel, "root_ts": stored.root_ts} | more


def _digest(message: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps([message["text"], message["blocks"]], sort_keys=True).encode()).hexdigest()
