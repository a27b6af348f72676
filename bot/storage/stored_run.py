"""What the store gives of a run of the quiz: the run with its place, and what an action has led to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.quiz import Outcome, Transition
from bot.domain.quiz_run import Run, Status

NOT_YOURS = "not yours"
# Slots of a run's messages: the root of its thread, its questions by number, its result, and by its ts what is not
# changed again.
CARD, PROMPT, RESULT, NOTE = "card", "prompt", "result", "said:"
LOST = "lost"  # in place of a slot: the thread under this root is gone, and another is to be opened


@dataclass(frozen=True)
class Posted:
    """A message of a run's thread: where it is, and the digest of what it shows."""

    ts: str
    digest: str


@dataclass(frozen=True)
class StoredRun:
    """A run with its place: the person, the thread in their direct message, and the messages there, by slot.

    `answers_version` counts the changes of answers; what was previewed at one may not be sent at another. `revision`
    counts all actions. `carried_over`: the version of the quiz it began with cannot be read any more, and the run holds
    what the present one has too; how many answers were kept, of how many.
    """

    id: str
    user: str
    channel: str
    root_ts: str
    answers_version: int
    revision: int
    zone: str | None
    begun_at: datetime
    quiz: str
    run: Run
    messages: Mapping[str, Posted]
    carried_over: tuple[int, int] | None = None

    def prompt_before(self, ts: str) -> int:
        """Number the last prompt that stood in the thread before a message; 0 if none did."""
        numbers = [
            int(slot.rpartition(":")[2])
            for slot, posted in self.messages.items()
            if slot.startswith(f"{PROMPT}:") and float(posted.ts) < float(ts)
        ]
        return max(numbers, default=0)

    @property
    def latest_prompt_ts(self) -> str:
        """The ts of the last prompt that was posted; of the root if none was."""
        prompts = [posted.ts for slot, posted in self.messages.items() if slot.startswith(f"{PROMPT}:")]
        return max(prompts, key=float, default=self.root_ts)

    @property
    def waits(self) -> bool:
        """Whether it waits for answers: it has no result, and its owner has not stopped it."""
        return not self.run.finished and self.run.status is not Status.STOPPED

    @property
    def asked(self) -> bool:
        """Whether the live prompt, if there is one, has been posted."""
        return self.run.asking is None or f"{PROMPT}:{len(self.run.prompts)}" in self.messages


@dataclass(frozen=True)
class ActionResult:
    """What an action has led to, as it is recorded with the run.

    outcome: an `Outcome`, or NOT_YOURS. question: the one it was about. answers_before: by question, if there was a
    result and the action has changed its answers. overwritten: the answers that the action has replaced while there was
    no result, by question, but for the question that was asked just then. ahead: the questions that it has answered
    while another was asked, and still is, or the next. became: what the answers are that it has changed; empty for one
    that was taken back. carried_over: as in StoredRun. completes: it has answered what was open of a result whose
    message was there already. reopens: with it there is a question open where there was a result. same: the answers are
    those of before, and nothing is asked in its place.
    """

    outcome: str
    question: str | None = None
    answers_before: dict[str, list[str]] | None = None
    carried_over: tuple[int, int] | None = None
    overwritten: dict[str, list[str]] | None = None
    ahead: list[str] | None = None
    became: dict[str, list[str]] | None = None
    completes: bool = False
    reopens: bool = False
    same: bool = False

    def record(self) -> dict[str, Any]:
        """Give it as plain data, for `read`."""
        kept = list(self.carried_over) if self.carried_over else None
        record = {"what": self.outcome, "question": self.question, "was": self.answers_before, "lost": kept}
        further = {"over": self.overwritten, "ahead": self.ahead, "new": self.became, "completes": self.completes}
        further |= {"reopens": self.reopens, "same": self.same}
        return record | {name: value for name, value in further.items() if value}

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> "ActionResult":
        """Take it from its record."""
        kept = tuple(record["lost"]) if record["lost"] else None
        further = record.get("over"), record.get("ahead"), record.get("new")
        flags = ("completes" in record, "reopens" in record, "same" in record)
        return cls(record["what"], record["question"], record["was"], kept, *further, *flags)


@dataclass(frozen=True)
class Applied:
    """The result of an action, and whether the piece of work that applied it now holds the run.

    doubtful: the run was taken from a holder that has not let go of it, which may have posted what it could not
    remember any more. stored: the run as it is now, but for somebody who has nothing to do with it.
    """

    result: ActionResult
    held: bool
    doubtful: bool = False
    stored: StoredRun | None = None


@dataclass(frozen=True)
class DueRun:
    """A run for which it is time: what to do, by the action's name, since when (seconds since 1970), at a revision."""

    team: str
    run_id: str
    action: str
    at: float
    revision: int


def result_of(stored: StoredRun, transition: Transition) -> ActionResult:
    """Tell what an action has led to, by the run before it and after it."""
    before, after = stored.run, transition.run
    changed = transition.outcome is Outcome.TAKEN and dict(before.answers) != dict(after.answers)
    answers_before = {question: list(choices) for question, choices in before.answers.items()}
    revised = changed and before.finished and after.status is not Status.DELETED
    was = answers_before if revised else None
    asked = before.prompts[-1].question if before.live else None
    replaces = changed and not before.finished and after.status is not Status.DELETED
    over = {name: was for name, was in answers_before.items() if replaces and name != asked}
    over = {name: was for name, was in over.items() if list(after.answers.get(name, ())) != was}
    new = [name for name in after.answers if name not in before.answers]
    ahead = new if changed and asked and asked not in new and not after.finished else []
    became = {name: list(now) for name, now in after.answers.items() if list(now) != answers_before.get(name)}
    became |= {name: [] for name in answers_before if name not in after.answers}
    # By the messages before the action: who holds the run may post the result as soon as it is known.
    shown = transition.outcome is Outcome.TAKEN and RESULT in stored.messages
    completes = shown and before.recommendation is None and after.recommendation is not None
    reopens = was is not None and before.recommendation is not None and after.recommendation is None
    # Of a double click the second has left the run as it was; and a question that comes next says enough.
    same = transition.outcome is Outcome.REPEATED and after is not before and after.prompts == before.prompts
    return ActionResult(
        transition.outcome,
        transition.question,
        was,
        stored.carried_over,
        overwritten=over or None,
        ahead=ahead or None,
        became=became if was or over else None,
        completes=completes,
        reopens=reopens,
        same=same,
    )
