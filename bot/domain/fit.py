"""Answers -> Recommendation: which role the work calls for, how clearly, what decided it and what would flip it.

The computation is plain addition, so that it can be checked by hand: each choice gives weights to roles, and an answer
of two choices gives half of each. A role's score is the sum of the weights its answers gave it, its share is its score
over all scores, and the margin is the first share minus the second. The tie-break counts only where the other answers
leave it too close to call.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from itertools import combinations, product

from bot.domain.content import Choice, Question, Quiz, Role, TieBreak

Given = tuple[str, ...]  # the choices of one answer: one, or two that take half of the weight each
Answers = Mapping[str, Given]  # by question id

MOST_REASONS, MOST_AGAINST = 3, 2
MOST_CHANGED = 3  # answers; what only four changes together would flip is not worth naming
# Questions whose every answer is tried: 16 ways each, for five choices. With more of them open nothing is settled yet.
MOST_OPEN = 3


class Clearness(StrEnum):
    """How far the first role leads the second."""

    CLEAR = "clear"
    LEANING = "leaning"
    CLOSE = "close"


@dataclass(frozen=True)
class Reason:
    """An answer that set the first role apart from the second; `pull` is the difference in weight.

    Above 0 it speaks for the first role, below 0 for the second.
    """

    question: Question | TieBreak
    choices: tuple[Choice, ...]
    pull: float


@dataclass(frozen=True)
class Recommendation:
    """What a set of answers says.

    `shares` are fractions of 1, in the order of the quiz's roles; `margin` is the lead of `role` over `runner_up`
    in the same unit; `position` is where the work stands on the line of the quiz's roles, 0 at the first and 1 at the
    last; `reasons` are the answers that decided it and `against` those that spoke for the runner-up, strongest first.
    """

    role: Role
    runner_up: Role
    clearness: Clearness
    margin: float
    shares: Mapping[str, float]
    position: float
    reasons: tuple[Reason, ...]
    against: tuple[Reason, ...]


@dataclass(frozen=True)
class Flip:
    """The smallest change that leads to another role, which is then ahead by enough: these questions answered so."""

    changes: tuple[tuple[Question | TieBreak, Choice], ...]
    role: Role


def recommend(quiz: Quiz, answers: Answers) -> Recommendation:
    """Weigh answers; the order in which they came is irrelevant.

    Of two roles with equal scores, the one that comes first in the quiz is named first, and the result is CLOSE.
    Raises ValueError if no question has an answer, KeyError for an answer the quiz does not have.
    """
    chosen = _counted(quiz, answers)
    if not chosen:
        raise ValueError("there are no answers to weigh")
    scores = _sum(quiz, (_weights(quiz, choices) for _, choices in chosen))
    total = sum(scores)
    shares = {role.id: score / total for role, score in zip(quiz.roles, scores, strict=True)}
    first, second = sorted(quiz.roles, key=lambda role: -shares[role.id])[:2]
    margin = shares[first.id] - shares[second.id]
    pulls = [
        Reason(question, choices, _weight(choices, first) - _weight(choices, second)) for question, choices in chosen
    ]
    return Recommendation(
        role=first,
        runner_up=second,
        clearness=_clearness(quiz, margin),
        margin=margin,
        shares=shares,
        position=sum(at * share for at, share in enumerate(shares.values())) / (len(quiz.roles) - 1),
        reasons=tuple(sorted((each for each in pulls if each.pull > 0), key=lambda each: -each.pull)[:MOST_REASONS]),
        against=tuple(sorted((each for each in pulls if each.pull < 0), key=lambda each: each.pull)[:MOST_AGAINST]),
    )


def flip(quiz: Quiz, answers: Answers, *, early: bool = False) -> Flip | None:
    """Find the fewest answers that, given otherwise, lead to another role; None if three would not do.

    What would be too close to call, or with `early` (questions are open that could change nothing) would need more
    answers, does not count. Of several changes of as many answers, it is the one whose weights differ least from those
    given.
    """
    first = recommend(quiz, answers).role
    chosen = _counted(quiz, answers)

    def leads_to(changed: Answers) -> Role | None:
        found = recommend(quiz, changed)
        if found.role == first or found.clearness is Clearness.CLOSE:
            return None
        plain = {each: given for each, given in changed.items() if each != quiz.tie_break.id}
        return found.role if not early or settled(quiz, plain) else None

    for number in range(1, min(MOST_CHANGED, len(chosen)) + 1):
        found: list[tuple[float, Flip]] = []
        for some in combinations(chosen, number):
            for others in product(*(question.choices for question, _ in some)):
                changes = tuple((question, other) for (question, _), other in zip(some, others, strict=True))
                changed = {**answers, **{question.id: (other.id,) for question, other in changes}}
                if role := leads_to(changed):
                    found.append((sum(map(_distance, (given for _, given in some), others)), Flip(changes, role)))
        if found:
            return min(found, key=lambda each: each[0])[1]
    return None


def settled(quiz: Quiz, answers: Answers) -> bool:
    """Say whether the questions without an answer cannot change the class any more: the role and how clear it is.

    Each of them may be left open, or answered with one choice or with two. Too close to call is never settled, as the
    tie-break is still to come.
    """
    rest = [question for question in quiz.questions if question.id not in answers]
    if len(rest) > MOST_OPEN or len(rest) == len(quiz.questions):
        return False
    now = _sum(quiz, (_weights(quiz, choices) for _, choices in _asked(quiz, answers)))
    found = _class(quiz, now)
    if found[1] is Clearness.CLOSE:
        return False
    ways = [list(_ways(quiz, question)) for question in rest]
    return all(_class(quiz, [sum(each) for each in zip(now, *more, strict=True)]) == found for more in product(*ways))


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


_Chosen = list[tuple[Question | TieBreak, tuple[Choice, ...]]]


def _asked(quiz: Quiz, answers: Answers) -> _Chosen:
    """Give the answered questions, without the tie-break, in the quiz's order."""
    for question_id in answers:
        quiz.question(question_id)
    return [
        (question, tuple(choice_of(question, each) for each in answers[question.id]))
        for question in quiz.questions
        if question.id in answers
    ]


def _counted(quiz: Quiz, answers: Answers) -> _Chosen:
    """Give the answers that count: the tie-break's only where the others are too close to call."""
    asked, last = _asked(quiz, answers), quiz.tie_break
    if not asked or last.id not in answers:
        return asked
    _, clearness = _class(quiz, _sum(quiz, (_weights(quiz, choices) for _, choices in asked)))
    if clearness is not Clearness.CLOSE:
        return asked
    return [*asked, (last, tuple(choice_of(last, each) for each in answers[last.id]))]


def _weight(choices: Sequence[Choice], role: Role) -> float:
    return sum(choice.weights.get(role.id, 0) for choice in choices) / len(choices)


def _weights(quiz: Quiz, choices: Sequence[Choice]) -> list[float]:
    return [_weight(choices, role) for role in quiz.roles]


def _sum(quiz: Quiz, weights: Iterable[Sequence[float]]) -> list[float]:
    return [sum(each) for each in zip([0.0] * len(quiz.roles), *weights, strict=True)]


def _class(quiz: Quiz, scores: Sequence[float]) -> tuple[int, Clearness]:
    """Give the place of the first role in the quiz, and how clear it is."""
    first, second = sorted(range(len(scores)), key=lambda at: -scores[at])[:2]
    return first, _clearness(quiz, (scores[first] - scores[second]) / sum(scores))


def _clearness(quiz: Quiz, margin: float) -> Clearness:
    # Shares are fractions of sums: a lead that is exactly at the threshold must not fall short by a rounding error.
    rounded = round(margin, 9)
    if rounded >= quiz.thresholds.clear:
        return Clearness.CLEAR
    return Clearness.LEANING if rounded >= quiz.thresholds.leaning else Clearness.CLOSE


def _ways(quiz: Quiz, question: Question) -> Iterator[list[float]]:
    """Give the weights of every answer a question can have: none, one choice, or two by halves."""
    yield [0.0] * len(quiz.roles)
    for choice in question.choices:
        yield _weights(quiz, [choice])
    for two in combinations(question.choices, 2):
        yield _weights(quiz, two)


def _distance(given: Sequence[Choice], other: Choice) -> float:
    """Say how far apart two answers are: the sum of the differences of their weights."""
    roles = {role for choice in (*given, other) for role in choice.weights}
    return sum(
        abs(sum(choice.weights.get(role, 0) for choice in given) / len(given) - other.weights.get(role, 0))
        for role in roles
    )


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
