"""One person's run through the quiz: which question is open, and what an answer to it does.

A run is immutable: an answer gives a new run. Clicks and typed replies come here alike, so that a double click, a
second device or a stale button has one effect and everybody is told the truth.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from rapidfuzz import fuzz, utils

from bot.domain import fit
from bot.domain.content import Choice, Question, Quiz, TieBreak

SURE = 80  # token_set_ratio in [0, 100]: one word in five may be missing or two letters in ten mistyped
LEAD = 8  # how far the best choice must be ahead of the next; below it, asking again is kinder than guessing
LETTERS = "abcdefghij"

_PICKED = re.compile(r"(?:(?:answer|option|choice|number|no)\b\.?|#)?\s*\(?([1-9]|[a-j])[).:!]*", re.IGNORECASE)
_ASKING = re.compile(
    r"\?\s*$|^\s*(?:what|why|how|who|which|when|where|is|are|do|does|can|could|should)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Run:
    """One person's answers to one version of the quiz: choice ids by question id."""

    quiz: Quiz
    answers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def current(self) -> Question | None:
        """The first question without an answer, or None when all have one."""
        return next((each for each in self.quiz.questions if each.id not in self.answers), None)

    @cached_property
    def recommendation(self) -> fit.Recommendation | None:
        """What the answers say once all questions have one; None before."""
        return None if self.current else fit.recommend(self.quiz, self.answers)

    @property
    def open(self) -> Question | TieBreak | None:
        """The question an answer is taken for now: the current one, or the tie-break after a close result."""
        if self.current or self.quiz.tie_break.id in self.answers:
            return self.current
        close = self.recommendation is not None and self.recommendation.clearness is fit.Clearness.CLOSE
        return self.quiz.tie_break if close else None

    def chosen(self, question_id: str) -> Choice | None:
        """The choice made for a question, or None. KeyError if the quiz has no such question."""
        question = self.quiz.question(question_id)
        return fit.choice_of(question, self.answers[question_id]) if question_id in self.answers else None

    def number(self, question: Question) -> int:
        """The place of a question in the quiz, counted from 1."""
        return self.quiz.questions.index(question) + 1

    def answer(self, question_id: str, choice_id: str) -> "Taken | Repeated | Stale":
        """Answer a question with a choice. KeyError if the quiz has no such question or choice.

        Only the open question takes an answer. The same answer again is Repeated and changes nothing; any other
        answer to a question that is no longer open is Stale.
        """
        choice = fit.choice_of(self.quiz.question(question_id), choice_id)
        before = self.chosen(question_id)
        if before is not None:
            return Repeated(self, before) if before == choice else Stale(self, before)
        if self.open is None or self.open.id != question_id:
            return Stale(self, None)
        return Taken(replace(self, answers=MappingProxyType({**self.answers, question_id: choice_id})), choice)


@dataclass(frozen=True)
class Taken:
    """The answer counts; `run` has it."""

    run: Run
    choice: Choice


@dataclass(frozen=True)
class Repeated:
    """The same answer had been given before; nothing changes."""

    run: Run
    choice: Choice


@dataclass(frozen=True)
class Stale:
    """The question is not open any more; `chosen` is the answer it has, if it has one."""

    run: Run
    chosen: Choice | None


def read_choice(text: str, question: Question | TieBreak) -> Choice | None:
    """Find the choice somebody typed: its number, its letter, its label or their own words for it.

    None where nothing fits, where two choices fit about as well, and where the text asks something.
    """
    if picked := _PICKED.fullmatch(text.strip()):
        mark = picked.group(1).lower()
        position = int(mark) - 1 if mark.isdigit() else LETTERS.index(mark)
        return question.choices[position] if position < len(question.choices) else None
    said = utils.default_process(text)
    if not said:
        return None
    for choice in question.choices:
        if said in map(utils.default_process, (choice.label, *choice.says)):
            return choice
    if _ASKING.search(text):
        return None
    return _closest(said, question)


def _closest(said: str, question: Question | TieBreak) -> Choice | None:
    scored = sorted(
        ((max(_alike(said, text) for text in (choice.label, *choice.says)), choice) for choice in question.choices),
        key=lambda pair: -pair[0],
    )
    (best, choice), (next_best, _) = scored[:2]
    return choice if best >= SURE and best - next_best >= LEAD else None


def _alike(said: str, text: str) -> float:
    """Compare in [0, 100]: words in common count in full, and a string full of typos still counts as a whole."""
    text = utils.default_process(text)
    return max(fuzz.token_set_ratio(said, text), fuzz.ratio(said, text))
