"""The thread of a run is brought to what the run says, one operation after the other.

What is to be done next is decided in a step, from the rows and the knowledge as they are then, and recorded as plain
data with the message it is about; the next step does it, and decides on what comes after; and so on until nothing is
left. What is done first is decided in the step that did something to the run. So whatever happens to the knowledge
while the work sleeps, after a crash it goes on with what was decided before, and decides anew from there.

What people wait for comes first: new messages, then the message that was clicked. Slack counts how often an app changes
messages, so other changes are made as its budget allows, and the card is changed once nobody clicks any more. What has
to wait is left to work of its own (`Later`), and the run is let go of meanwhile.
"""

import asyncio
import hashlib
import json
from abc import ABC, abstractmethod
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, assert_never

from bot.domain.actions import Show
from bot.domain.quiz import apply
from bot.domain.quiz_run import Status
from bot.jobs import retry_db, step
from bot.knowledge import Library
from bot.slack import blocks, operations, run_messages
from bot.slack.gateway import plain_data, recorded
from bot.slack.operations import (
    DeleteMessage,
    DeleteRun,
    FindThread,
    OpenThread,
    Operation,
    PostMessage,
    PostNote,
    UpdateMessage,
)
from bot.slack.pieces import Message
from bot.slack.records import Record
from bot.slack.run_messages import Before, note_slot
from bot.slack.slack_calls import CallResult, Follow, SlackWorkError
from bot.slack.slack_worker import SlackWorker
from bot.slack.text import fill
from bot.storage import CARD, LOST, PROMPT, Posted, StoredRun

MOST_CLICKED = 1000  # addresses that are kept
LOOK_AGAIN = 2.0  # seconds after which a refresh looks again at a run that somebody else holds
UNKNOWN = ""  # in place of the digest of a message of which nobody knows what it shows
QUIET = 3  # times the time between two posts, after which nobody clicks any more and the card is changed

Shown = dict[str, list[str]]  # by slot: the message's ts, and the digest of what it shows


class ClickedMessages:
    """The addresses by which Slack lets messages be replaced that were clicked a moment ago; in memory only.

    Whichever piece of work holds the run uses them, and without one there is still chat.update.
    """

    def __init__(self) -> None:
        self._addresses: OrderedDict[tuple[str, str], str] = OrderedDict()

    def add(self, run_id: str, ts: str, response_url: str) -> None:
        """Keep the address of the last click in a message, for as long as few others have come since."""
        self._addresses[run_id, ts] = response_url
        self._addresses.move_to_end((run_id, ts))
        if len(self._addresses) > MOST_CLICKED:
            self._addresses.popitem(last=False)

    def pop(self, run_id: str, ts: str) -> str | None:
        """Give the address of a message, once; None if there is none."""
        return self._addresses.pop((run_id, ts), None)


@dataclass
class Reconciliation:
    """The progress of one piece of work in updating a run's thread, built from the recorded results of its steps."""

    team: str
    run_id: str
    key: str  # in whose name the run is held
    find: bool = False  # look first whether the thread is there
    doubtful: bool = False  # whoever held the run before may have posted what it could not remember any more
    is_refresh: bool = False  # it makes the updates that were left, and waits for its turn itself
    changed: Shown = field(default_factory=dict)  # what it has updated, to be written down when the run is let go of
    slack_wait: float = 0.0  # seconds that Slack has asked to wait before the next update


@dataclass(frozen=True)
class UpToDate:
    """Nothing is left to do for this work: the thread shows what the run says, or the run is gone."""


@dataclass(frozen=True)
class Later:
    """Updates of this revision are left to do, in so many seconds, and the run is let go of meanwhile."""

    revision: int
    seconds: float


@dataclass(frozen=True)
class Held:
    """Somebody else holds the run; look again in so many seconds."""

    seconds: float


@dataclass
class RenderCache:
    """Rendered messages of a run at its current revision, so that each decision does not render them all again.

    Rendering is a pure function, so that the cache never changes what is shown.
    """

    library: Library | None = None
    of: tuple[Any, ...] = ()
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    stored: StoredRun | None = None  # what was read of the run last

    def message(self, slot: str, stored: StoredRun, library: Library, before: StoredRun | None) -> dict[str, Any]:
        """Give what a slot shows, as plain data; `before` is the round that its owner finished last before."""
        subject = stored.run.subject
        of = (stored.id, stored.revision, stored.quiz, subject, before and (before.id, before.revision, before.quiz))
        if self.library is not library or self.of != of:
            self.library, self.of, self.messages = library, of, {}
        if slot not in self.messages:
            last = Before(before.run, before.begun_at) if before else None
            message = run_messages.render(slot, stored.run, stored.id, library, last, user=stored.user)
            self.messages[slot] = plain_data(message)
        return self.messages[slot]


class ReconcilingWorker(SlackWorker, ABC):
    """A worker that shows what a run says."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._clicked = ClickedMessages()

    async def _reconcile(
        self, task: Reconciliation, cache: RenderCache, plan: Record | None = None
    ) -> UpToDate | Later | Held:
        """Bring the thread of a run to what the run says, if nobody else is at it. Doing it again changes nothing.

        plan: what is to be done first, if an earlier step has decided that already.
        """
        operation: Operation | None = None
        result: CallResult = {}
        while True:
            if plan is None:
                plan = await step("plan", self._plan, task, cache, operation, result)
            match plan:
                case {"next": [*others, last]}:
                    for record in (*others, last):
                        operation = operations.read(record)
                        follow = self._follow(task, cache, operation, is_last=record is last)
                        result = await self._perform(task, operation, follow)
                        plan = result.pop("then", None)
                        _note(task, operation, result)
                        if result:  # it came otherwise than was planned
                            break
                case {"later": [revision, seconds]}:
                    if not task.is_refresh:
                        await self._leave_to_refresh(task, int(revision), float(seconds))
                    return Later(int(revision), float(seconds))
                case {"held": True}:
                    return Held(LOOK_AGAIN)
                case _:
                    return UpToDate()

    async def _leave_to_refresh(self, task: Reconciliation, revision: int, seconds: float) -> None:
        """Begin the work that makes what updates are left, of a run that has been let go of.

        If that fails the run is held again, so that it counts as unfinished once this work has failed, too.
        """
        try:
            await self._refresh_later(task.team, task.run_id, revision, seconds)
        except Exception:
            await retry_db(self._store.runs.lease, task.team, task.run_id, by=task.key)
            raise

    def _follow(self, task: Reconciliation, cache: RenderCache, operation: Operation, *, is_last: bool) -> Follow:
        """Give what the step of an operation does once that is done: plan, unless what follows was planned before."""

        async def follow(result: CallResult) -> Record | None:
            if not (is_last or result):
                return None
            _note(task, operation, result)
            return await self._plan(task, cache, operation, result)

        return follow

    async def _plan(
        self, task: Reconciliation, cache: RenderCache, operation: Operation | None, result: CallResult
    ) -> Record:
        """Remember the result of the last operation and decide on what is `next`, as plain data.

        That is one operation, or an update and what follows if it was made and nothing was done to the run meanwhile.
        Once there is none the run is let go of: nothing is left to do, or it is left for `later`, as a revision and
        seconds. Nothing is done with a run that is `held` by somebody else.
        """
        team, run_id = task.team, task.run_id
        if operation:
            await self._remember(team, run_id, operation, result)
        while stored := await self._store.runs.held(team, run_id, by=task.key, known=cache.stored):
            cache.stored = stored
            left: Record = {}
            match await self._decide(task, stored, cache, result):
                case Later(revision, seconds):
                    left = {"later": [revision, seconds]}
                case [*chosen] if chosen:
                    return {"next": [operation.record() for operation in chosen]}
            now_shown = {slot: Posted(*posted) for slot, posted in task.changed.items()}
            if await self._store.runs.release(team, run_id, by=task.key, revision=stored.revision, shown=now_shown):
                return left
        return {"held": True} if await self._store.runs.get(team, run_id) else {}

    async def _decide(
        self, task: Reconciliation, stored: StoredRun, cache: RenderCache, result: CallResult
    ) -> list[Operation] | Later:
        thread = {"user": stored.user, "channel": stored.channel, "root_ts": stored.root_ts}
        if stored.carried_over:
            # Its version of the quiz cannot be shown any more. What could be kept of it is from now on what it is.
            applied = await self._store.runs.apply(
                task.team,
                stored.id,
                lambda run: apply(run, Show()),
                by=f"{task.key} carried over",
                touches=False,
            )
            if applied and applied.result.carried_over:
                note = rewritten(applied.result.carried_over, self._library)
                return [PostNote(**thread, message=plain_data(note))]
            return []  # somebody has just done something to it: so it is not let go of, but looked at anew
        if task.find:
            return [FindThread(**thread)]
        if "misplaced" in result:
            return [FindThread(**thread, misplaced_ts=result["ts"])]
        return await self._next(task, stored, cache, thread)

    async def _next(
        self, task: Reconciliation, stored: StoredRun, cache: RenderCache, thread: dict[str, str]
    ) -> list[Operation] | Later:
        """Choose what is next, by the first difference between the thread and the run; nothing if there is none."""
        run, library = stored.run, self._library
        shown = {slot: [posted.ts, posted.digest] for slot, posted in stored.messages.items()} | task.changed
        before = None
        if run.finished:
            before = await self._store.runs.finished_before(task.team, stored.id, run.about)
        wanted, deleted = run_messages.slots(run, shown), run.status is Status.DELETED
        if deleted and (left := [slot for slot in shown if slot not in (*wanted, LOST)]):
            return [DeleteMessage(**thread, slot=left[0], ts=shown[left[0]][0])]
        if LOST in shown and not deleted:
            return [OpenThread(**thread, message=cache.message(CARD, stored, library, before))]
        await asyncio.sleep(0)  # before the longest, the result
        for slot in wanted:
            if slot not in shown or not shown[slot][0]:
                return [PostMessage(**thread, slot=slot, message=cache.message(slot, stored, library, before))]

        outdated = []
        for slot in sorted(wanted, key=lambda slot: not slot.startswith(PROMPT)):  # old buttons are taken away first
            await asyncio.sleep(0)  # rendering all of them at once would hold up others
            message, (ts, shown_digest) = cache.message(slot, stored, library, before), shown[slot]
            if shown_digest != digest(message):
                outdated.append(UpdateMessage(**thread, slot=slot, ts=ts, message=message))
        if outdated:
            return await self._update(task, stored, outdated)
        return [DeleteRun(**thread)] if deleted else []

    async def _update(
        self, task: Reconciliation, stored: StoredRun, outdated: list[UpdateMessage]
    ) -> list[Operation] | Later:
        """Choose the update to make now, or leave what can wait to later.

        The message that was clicked is replaced at once, for that costs nothing of the budget; the others follow.
        """
        for update in outdated:
            if response_url := self._clicked.pop(task.run_id, update.ts):
                replaced = update.model_copy(update={"response_url": response_url})
                return [replaced, *await self._others(task, stored, update, outdated)]
        if not outdated:
            return []
        deleted = stored.run.status is Status.DELETED
        quiet = 0.0 if task.is_refresh or deleted else QUIET * self._gateway.between_posts
        at_once = [update for update in outdated if update.slot != CARD or not quiet]
        wait = task.slack_wait
        if at_once and not wait:
            wait = await self._gateway.turn_to_update(task.team, waited_for=deleted)
            if not wait:
                return [at_once[0], *await self._others(task, stored, at_once[0], outdated)]
        return Later(stored.revision, max(wait, quiet))

    async def _others(
        self,
        task: Reconciliation,
        stored: StoredRun,
        first: UpdateMessage,
        outdated: list[UpdateMessage],
    ) -> list[Operation]:
        """Choose what follows an update, unless something is done to the run meanwhile; a refresh looks first."""
        if task.is_refresh:
            return []
        others = await self._update(task, stored, [update for update in outdated if update is not first])
        if isinstance(others, Later):
            return []  # it is what is decided next
        return [other.model_copy(update={"revision": stored.revision}) for other in others]

    async def _perform(self, task: Reconciliation, operation: Operation, then: Follow) -> CallResult:  # noqa: PLR0911 - one a kind
        """Carry out an operation, in steps that may be repeated; gives the result of the call.

        then: what follows in the same step, with its result as `then`, where the operation is a single call.
        """
        team, run_id = task.team, task.run_id

        revision = operation.revision if isinstance(operation, UpdateMessage) else None

        async def lease(seconds: float) -> bool:
            return await self._store.runs.lease(team, run_id, by=task.key, seconds=seconds, revision=revision)

        async def post(
            channel: str, name: str, thread_ts: str | None, message: dict[str, Any], then: Follow | None = None
        ) -> CallResult:
            return await self._gateway.post_message_once(
                team,
                channel,
                recorded(message),
                thread_ts=thread_ts,
                key=f"{run_id} {name}",
                doubtful=task.doubtful,
                lease=lease,
                then=then,
            )

        channel, root_ts = operation.channel, operation.root_ts
        match operation:
            case FindThread():
                if await self._gateway.get_permalink(team, channel, root_ts):
                    return {}
                if operation.misplaced_ts:  # Slack puts at top level what has no thread
                    await self._gateway.delete_message(team, channel, operation.misplaced_ts, lease=lease)
                return {"gone": True}
            case OpenThread():
                opened = await post(operation.user, f"{CARD} after {root_ts}", None, operation.message)
                if "gone" in opened:
                    raise SlackWorkError("channel_not_found")  # nor can the person be reached
                return opened
            case PostMessage():
                return await post(channel, operation.slot, root_ts, operation.message, then)
            case PostNote():
                return await post(channel, task.key, root_ts, operation.message, then)
            case UpdateMessage(response_url=str(response_url)):
                replacement = recorded(operation.message)
                return await self._gateway.replace_clicked(response_url, replacement, lease=lease, then=then)
            case UpdateMessage():
                return await self._gateway.update_message(
                    team, channel, operation.ts, recorded(operation.message), lease=lease, patient=False, then=then
                )
            case DeleteMessage():
                return await self._gateway.delete_message(team, channel, operation.ts, lease=lease, then=then)
            case DeleteRun():
                await self._delete(team, run_id)
                return {}
            case _:
                assert_never(operation)

    @abstractmethod
    async def _delete(self, team: str, run_id: str) -> None:
        """Delete a run whose messages are gone."""

    @abstractmethod
    async def _refresh_later(self, team: str, run_id: str, revision: int, seconds: float) -> None:
        """Begin work that makes the updates which are left, unless more has been done to the run by then."""

    async def _remember(self, team: str, run_id: str, operation: Operation, result: CallResult) -> None:
        """Record the result of an operation. Repeating it changes nothing."""
        root_ts, gone, runs = operation.root_ts, "gone" in result, self._store.runs
        match operation:
            case OpenThread() if "ts" in result:
                card = Posted(result["ts"], digest(operation.message))
                await runs.move_thread(team, run_id, result["channel"], card)
            case PostMessage() if "ts" in result:
                posted = Posted(result["ts"], digest(operation.message))
                await runs.record_message(team, run_id, operation.slot, posted)
            case PostNote() if "ts" in result:
                await runs.record_message(team, run_id, note_slot(result["ts"]), Posted(result["ts"], ""))
            case FindThread() | PostMessage() | PostNote() if gone:
                await runs.lose_thread(team, run_id, root_ts)
            case UpdateMessage(slot=slot) if gone and slot == CARD:
                # A round that is over is opened anew only when somebody looks for it.
                stored = await runs.get(team, run_id)
                if stored and stored.run.status in (Status.OPEN, Status.PAUSED):
                    await runs.lose_thread(team, run_id, root_ts)
            case UpdateMessage() if gone:
                await runs.forget_message(team, run_id, operation.slot)
            case DeleteMessage() if "lost" not in result:
                await runs.forget_message(team, run_id, operation.slot)


def rewritten(carried_over: tuple[int, int], library: Library) -> Message:
    """Say that the questions have been rewritten since, and how many answers were kept, of how many."""
    kept, answered = map(str, carried_over)
    return blocks.filled(fill(library.words.quiz.edited_since, kept=kept, given=answered))


def _note(task: Reconciliation, operation: Operation, result: CallResult) -> None:
    """Note what an operation has changed in the thread. Noting it again changes nothing."""
    task.find = False
    match operation:
        case OpenThread():
            task.changed = {}  # of a new thread, nothing yet
        case PostMessage() | DeleteMessage():
            task.changed.pop(operation.slot, None)
        case UpdateMessage(slot=slot) if "gone" in result and slot != CARD:
            task.changed.pop(slot, None)
        case UpdateMessage(slot=slot):
            # Of one that may not have been made nobody knows what the message shows: it is updated whatever comes of
            # the run. A card that is gone counts as changed: it is for `_remember` to say whether there is another.
            is_known = not result.keys() & {"lost", "expired", "wait"}
            task.changed[slot] = [operation.ts, digest(operation.message) if is_known else UNKNOWN]
            task.slack_wait = float(result.get("wait", task.slack_wait))


def digest(message: dict[str, Any]) -> str:
    """Give a digest of a message in plain data; equal messages have equal digests."""
    return hashlib.sha256(json.dumps([message["text"], message["blocks"]], sort_keys=True).encode()).hexdigest()
