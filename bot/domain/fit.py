"""Answers -> Recommendation: which role the work calls for, how clearly, and what decided it.

The computation is plain addition, so that it can be checked by hand: each choice gives weights to roles, a role's
score is the sum of the weights its choices gave it, its share is its score over all scores, and the margin is the
first share minus the second.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce

from bot.domain.content import Choice, Question, Quiz, Role, TieBreak


class Clearness(StrEnum):
    """How far the first role leads the second."""

    CLEAR = "clear"
    LEANING = "leaning"
    CLOSE = "close"


@dataclass(frozen=True)
class Reason:
    """An answer that set the first role apart from the second; `pull` is the difference in weight, above 0."""

    question: Question | TieBreak
    choice: Choice
    pull: float


@dataclass(frozen=True)
class Recommendation:
    """What a set of answers says.

    `shares` are fractions of 1, in the order of the quiz's roles; `margin` is the lead of `role` over `runner_up`
    in the same unit; `reasons` are the answers that decided it, strongest first.
    """

    role: Role
    runner_up: Role
    clearness: Clearness
    margin: float
    shares: Mapping[str, float]
    reasons: tuple[Reason, ...]


def recommend(quiz: Quiz, answers: Mapping[str, str]) -> Recommendation:
    """Weigh answers, given as choice ids by question id; the order in which they came is irrelevant.

    Of two roles with equal scores, the one that comes first in the quiz is named first, and the result is CLOSE.
    Raises ValueError if there is no answer, KeyError for an answer the quiz does not have.
    """
    if not answers:
        raise ValueError("there are no answers to weigh")
    chosen = [(question, choice_of(question, answers[question.id])) for question in _asked(quiz, answers)]
    scores = {role.id: sum(choice.weights.get(role.id, 0) for _, choice in chosen) for role in quiz.roles}
    total = sum(scores.values())
    shares = {role: score / total for role, score in scores.items()}
    first, second = sorted(quiz.roles, key=lambda role: -scores[role.id])[:2]
    margin = shares[first.id] - shares[second.id]
    pulls = [
        Reason(question, choice, choice.weights.get(first.id, 0) - choice.weights.get(second.id, 0))
        for question, choice in chosen
    ]
    decided = sorted((reason for reason in pulls if reason.pull > 0), key=lambda reason: -reason.pull)
    return Recommendation(first, second, _clearness(quiz, margin), margin, shares, tuple(decided[:3]))


def reachable(quiz: Quiz) -> frozenset[str]:
    """Name the roles that some set of answers to the questions recommends, alone or level with another.

    A role is reachable if answering for it, question by question, puts it first. Its lead over each rival is a sum
    over the questions, so all of them are followed together: sets of leads are kept, and those that another set
    beats in every rival are dropped.
    """
    return frozenset(role.id for role in quiz.roles if _can_lead(quiz, role))


def choice_of(question: Question | TieBreak, choice_id: str) -> Choice:
    """Give the choice of a question with this id; KeyError if there is none."""
    for choice in question.choices:
        if choice.id == choice_id:
            return choice
    raise KeyError(choice_id)


def _asked(quiz: Quiz, answers: Mapping[str, str]) -> list[Question | TieBreak]:
    for question_id in answers:
        quiz.question(question_id)
    return [question for question in quiz.all_questions if question.id in answers]


def _clearness(quiz: Quiz, margin: float) -> Clearness:
    # Shares are fractions of sums: a lead that is exactly at the threshold must not fall short by a rounding error.
    rounded = round(margin, 9)
    if rounded >= quiz.thresholds.clear:
        return Clearness.CLEAR
    return Clearness.LEANING if rounded >= quiz.thresholds.leaning else Clearness.CLOSE


def _can_lead(quiz: Quiz, role: Role) -> bool:
    rivals = [other.id for other in quiz.roles if other.id != role.id]

    def leads(choice: Choice) -> tuple[float, ...]:
        return tuple(choice.weights.get(role.id, 0) - choice.weights.get(rival, 0) for rival in rivals)

    def add(sums: Iterable[tuple[float, ...]], question: Question) -> set[tuple[float, ...]]:
        return _undominated(
            {
                tuple(old + new for old, new in zip(sofar, leads(choice), strict=True))
                for sofar in sums
                for choice in question.choices
            }
        )

    start: set[tuple[float, ...]] = {(0.0,) * len(rivals)}
    return any(min(lead) >= 0 for lead in reduce(add, quiz.questions, start))


def _undominated(points: set[tuple[float, ...]]) -> set[tuple[float, ...]]:
    return {
        point
        for point in points
        if not any(other != point and all(a >= b for a, b in zip(other, point, strict=True)) for other in points)
    }
