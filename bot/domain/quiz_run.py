"""A round of the quiz: one person's answers, what was asked, and what follows from both.

It is immutable; what can be done to it is in `bot.domain.quiz`. Each asking of a question is a prompt; at most one
prompt is live, the last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from itertools import dropwhile, takewhile
from types import MappingProxyType
from typing import Any

from bot.domain import fit
from bot.domain.fit import Answers, Given
from bot.domain.quiz_content import (
    OTHER,
    OWN,
    PEOPLE,
    PURPOSE,
    ROLE,
    AnyQuestion,
    Choice,
    Option,
    Question,
    Quiz,
    TieBreak,
)

PARTS = ("review", "titles", "skills", "tracks", "table")  # of a result, each opened by its button


class Status(StrEnum):
    """Whether answers are waited for."""

    OPEN = "open"
    PAUSED = "paused"
    STOPPED = "stopped"
    EXPIRED = "expired"
    DELETED = "deleted"  # its messages are about to say so, and then it is gone


@dataclass(frozen=True)
class Prompt:
    """One asking of a question; `changing` asks for another answer.

    `guesses` are choices somebody may have meant with the message `typed`, given by its ts.
    """

    question: str
    guesses: tuple[str, ...] = ()
    changing: bool = False
    typed: str | None = None


@dataclass(frozen=True)
class Graded:
    """What somebody's last review looked at: a cell of the roles table."""

    dimension: str
    column: str


@dataclass(frozen=True)
class Run:
    """One person's answers to one version of the quiz, and how far the conversation has come.

    `reminded` says that a reminder was sent since they last did something, `reminding` that it still has buttons.
    `regraded` counts how often they asked for the question about their review again.
    `typed` holds, by a message's ts, the questions it answered. `opened` names the parts of the result that were
    opened, in that order. What it is about is an answer like others, under the quiz's PURPOSE, and weighs nothing.
    `subject` is the person whose work it is about, where that is not the owner's: then it belongs to a comparison, and
    neither its purpose is asked nor anything shared. It is empty if nobody knows any more who that was. `closed`: that
    comparison has ended without a reveal, so that there is nothing left to answer. `had_result`: they went on
    from a result to what had no answer. `previous` holds what was answered before to the questions that were answered
    last, by question: nothing to those that had no answer. `out_of_turn`: these were given while none of their
    questions was open, or there was a result; `left_open` names those of them that had been skipped. Two runs may
    differ in these three and be the same.
    """

    quiz: Quiz
    answers: Answers = field(default_factory=lambda: MappingProxyType({}))
    skipped: frozenset[str] = frozenset()
    prompts: tuple[Prompt, ...] = ()
    live: bool = False
    status: Status = Status.OPEN
    went_on: bool = False
    had_result: bool = False
    reminders: int = 0
    reminded: bool = False
    reminding: bool = False
    graded: Graded | None = None
    not_graded: bool = False
    regraded: int = 0
    typed: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    opened: tuple[str, ...] = ()
    subject: str | None = None
    closed: bool = False
    previous: Mapping[str, Given] = field(default_factory=lambda: MappingProxyType({}), compare=False)
    out_of_turn: bool = field(default=False, compare=False)
    left_open: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def purpose(self) -> str:
        """Whether it is about one's OWN work, about a ROLE, be that one to fill or that of one's people, or OTHER."""
        if self.subject is not None:
            return OTHER
        return purpose_of(self.answers.get(PURPOSE, (OWN,))[0])

    @property
    def about(self) -> str:
        """What they said it is about: OWN, ROLE or PEOPLE; OTHER where it is about somebody else's work."""
        return OTHER if self.subject is not None else self.answers.get(PURPOSE, (OWN,))[0]

    @cached_property
    def upcoming(self) -> AnyQuestion | None:
        """The question to ask next, whether or not it is being asked; None when there is a result, or nothing to ask.

        What it is about comes first, unless they went right on to the questions. Of these, those that can change
        nothing any more are left out, unless their owner went on; the tie-break comes last, and only if the others
        leave two roles too close to call.
        """
        open_ = [question for question in self.quiz.questions if not self._passed(question)]
        none_passed = len(open_) == len(self.quiz.questions)
        if none_passed and self.subject is None and PURPOSE not in self.answers and PURPOSE not in self.skipped:
            return self.quiz.purpose
        if open_:
            return open_[0] if self.went_on or not fit.settled(self.quiz, self.weighed) else None
        last = self.tie_break
        return last if last and last.id not in self.answers and last.id not in self.skipped else None

    def _passed(self, question: Question) -> bool:
        return question.id in self.answers or question.id in self.skipped

    @cached_property
    def tie_break(self) -> TieBreak | None:
        """The question that decides between the two roles that are too close to call; None if they are not."""
        return fit.tie_break(self.quiz, self.weighed)

    @property
    def numbered(self) -> tuple[Question | TieBreak, ...]:
        """The questions as they are numbered: those that are weighed, then the tie-break, if there is one."""
        return (*self.quiz.questions, *([self.tie_break] if self.tie_break else []))

    @property
    def asking(self) -> Prompt | None:
        """The live prompt, or None."""
        return self.prompts[-1] if self.live and self.status is Status.OPEN else None

    @property
    def open_question(self) -> AnyQuestion | None:
        """The question of the live prompt, or None."""
        return self.quiz.question(self.asking.question) if self.asking else None

    @property
    def passed_over(self) -> frozenset[str]:
        """The choices of the open question that were offered as what may have been meant, before all were shown again.

        Who said no to them is not asked whether they meant them once more.
        """
        if self.asking is None:
            return frozenset()
        asked = list(takewhile(lambda prompt: prompt.question == self.prompts[-1].question, reversed(self.prompts)))
        before = dropwhile(lambda prompt: prompt.guesses, asked)
        return frozenset(choice for prompt in before for choice in prompt.guesses)

    @property
    def finished(self) -> bool:
        """Whether there is a result: nothing is left to ask. It stays while an answer is being changed."""
        return self.upcoming is None and bool(self.weighed)

    @cached_property
    def recommendation(self) -> fit.Recommendation | None:
        """What the answers say, once the run is finished; None before."""
        return self.so_far if self.finished else None

    @cached_property
    def so_far(self) -> fit.Recommendation | None:
        """What the answers given say; None if there is none."""
        return fit.recommend(self.quiz, self.answers) if self.weighed else None

    @cached_property
    def flip(self) -> fit.Flip | None:
        """The smallest change of answers that leads to another role; None if two do not. ValueError without any."""
        return fit.flip(self.quiz, self.answers, early=bool(self.ended_early))

    @cached_property
    def ended_early(self) -> tuple[Question, ...]:
        """The questions that were left out because no answer to them could change the class."""
        if not self.finished:
            return ()
        return tuple(question for question in self.quiz.questions if not self._passed(question))

    @cached_property
    def unanswered(self) -> tuple[Question, ...]:
        """The questions without an answer, once there is a result."""
        if not self.finished:
            return ()
        return tuple(question for question in self.quiz.questions if question.id not in self.answers)

    @cached_property
    def left_at_that(self) -> "Run | None":
        """The run as it ends for who went on from a result and leaves the rest unanswered after all.

        Its result is that of the answers given by now, with those since they went on, as if all others were skipped.
        None if there was no result to go on from or there is one now, if no more than a tie-break is left to answer,
        and if nothing is being asked as the run is paused or over.
        """
        open_ = {question.id for question in self.quiz.questions if not self._passed(question)}
        if self.subject is not None or not self.had_result or self.finished or not open_:
            return None
        if self.status is not Status.OPEN:
            return None
        left = replace(self, went_on=False, live=False)
        if left.finished:
            return left
        left = replace(left, skipped=self.skipped | open_)
        return left if left.tie_break is None else replace(left, skipped=left.skipped | {left.tie_break.id})

    @property
    def passed(self) -> tuple[str, ...]:
        """The questions that can be gone back to, in order: from one that is being changed, those before it."""
        in_order = (self.quiz.purpose.id, *(question.id for question in self.numbered))
        passed = [question for question in in_order if question in self.answers or question in self.skipped]
        if self.live and self.prompts[-1].question in passed:
            passed = passed[: passed.index(self.prompts[-1].question)]
        return tuple(passed)

    def has_asked(self, question: str) -> bool:
        """Whether a question has come up by now: it was asked, answered or skipped, or the round is past it."""
        asked = {prompt.question for prompt in self.prompts}
        return self.finished or question in asked or question in self.answers or question in self.skipped

    @property
    def nothing_to_weigh(self) -> bool:
        """Whether every question was skipped, so that none is left and there is no result."""
        return self.upcoming is None and not self.finished and not self.live

    @property
    def shareable(self) -> bool:
        """Whether there is a recommendation of one's own; a picture from too few answers is none."""
        if self.subject is not None:
            return False
        return self.recommendation is not None and self.recommendation.clearness is not fit.Clearness.PICTURE

    @property
    def mismatch(self) -> bool | None:
        """Whether the work sits in one column and the grading in another; None if that is not known.

        Where roles are too close to call, the column of each fits.
        """
        recommended = self.recommendation
        if recommended is None or self.graded is None:
            return None
        level = recommended.level if recommended.clearness is fit.Clearness.CLOSE else ()
        return self.graded.column not in [role.column for role in (recommended.role, *level)]

    def chosen(self, question_id: str) -> tuple[Option, ...]:
        """The choices made for a question: none, one, or two by halves. KeyError if the quiz has no such question."""
        question = self.quiz.question(question_id)
        return tuple(fit.choice_of(question, choice) for choice in self.answers.get(question_id, ()))

    def picked(self, question: Question) -> tuple[Choice, ...]:
        """The choices made for one of the questions that are weighed."""
        return tuple(choice for choice in question.choices if choice.id in self.answers.get(question.id, ()))

    def number(self, question: Question | TieBreak) -> int:
        """The place of a question in the quiz, counted from 1; a tie-break comes after the others."""
        return min(self.quiz.all_questions.index(question), len(self.quiz.questions)) + 1

    def state(self) -> dict[str, Any]:
        """Give all but the quiz, the answers and the subject as plain data, for `bot.domain.quiz.load`."""
        return {
            "skipped": sorted(self.skipped),
            "prompts": [
                [prompt.question, list(prompt.guesses), prompt.changing, prompt.typed] for prompt in self.prompts
            ],
            "live": self.live,
            "status": self.status.value,
            "went_on": self.went_on,
            "had_result": self.had_result,
            "reminders": self.reminders,
            "reminded": self.reminded,
            "reminding": self.reminding,
            "graded": [self.graded.dimension, self.graded.column] if self.graded else None,
            "not_graded": self.not_graded,
            "regraded": self.regraded,
            "typed": {ts: list(questions) for ts, questions in self.typed.items()},
            "opened": list(self.opened),
            "previous": {question: list(choices) for question, choices in self.previous.items()},
            "out_of_turn": self.out_of_turn,
            "left_open": sorted(self.left_open),
        }

    @property
    def answered_last(self) -> str | None:
        """The question that was answered last, or whose answer was changed last; None if that is not known."""
        return next(reversed(tuple(self.previous)), None)

    @property
    def changed_last(self) -> Answers:
        """What was answered before to the questions that were answered last, but for those that have it again."""
        return {name: was for name, was in self.previous.items() if was != self.answers.get(name, ())}

    @cached_property
    def weighed(self) -> Answers:
        """The answers to the questions, without those of the tie-breaks and without the purpose."""
        return {
            question.id: self.answers[question.id] for question in self.quiz.questions if question.id in self.answers
        }


def purpose_of(choice: str) -> str:
    """Say whether a round is about one's OWN work or about a ROLE, by the choice at the question that asks for it."""
    return ROLE if choice in (ROLE, PEOPLE) else OWN
