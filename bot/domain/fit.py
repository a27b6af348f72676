"""Answers -> Recommendation: which role the work calls for, how clearly, what decided it and what would flip it.

The computation is plain addition, so that it can be checked by hand: each choice gives weights to roles, and an answer
of two choices gives half of each. A role's score is the sum of the weights its answers gave it, its share is its score
over all scores, and the margin is the first share minus the second. Where that is too close to call, the tie-break of
these two roles decides; it changes no share. Of fewer than three answers nothing follows yet but a picture.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from itertools import combinations, product

from bot.domain.content import Answer, AnyQuestion, Choice, Option, Question, Quiz, Role, Side, TieBreak

Given = tuple[str, ...]  # the choices of one answer: one, or two that take half of the weight each
Answers = Mapping[str, Given]  # by question id

FEWEST = 3  # answers, for more than a picture
MOST_REASONS, MOST_AGAINST = 3, 2
WEAKEST = 1 / 4  # of the strongest reason; what pulls less is none
MOST_CHANGED = 2  # answers; what only three changes together would flip is not worth naming
# Questions whose every answer is tried: 16 ways each, for five choices. With more of them open nothing is settled yet.
MOST_OPEN = 3


class Clearness(StrEnum):
    """How sure it is which role comes first."""

    CLEAR = "clear"  # far ahead, and no question without an answer could change that
    LEANING = "leaning"  # ahead; or level, and the tie-break decided
    CLOSE = "close"  # level
    PICTURE = "picture"  # too few answers to tell


@dataclass(frozen=True)
class Reason:
    """An answer that set the first role apart from the second; `pull` is the difference in weight.

    Above 0 it speaks for the first role, below 0 for the second.
    """

    question: Question
    choices: tuple[Choice, ...]
    pull: float


@dataclass(frozen=True)
class Decided:
    """A tie-break, and the answer to it that made its role the first."""

    question: TieBreak
    side: Side


@dataclass(frozen=True)
class Recommendation:
    """What a set of answers says.

    `shares` are fractions of 1, in the order of the quiz's roles; `margin` is the lead of `role` over `runner_up`
    in the same unit, below 0 where the tie-break decided against it; `position` is where the work stands on the line of
    the quiz's roles, 0 at the first and 1 at the last; `reasons` are the answers that decided it and `against` those
    that spoke for the runner-up, strongest first. `answered` counts the answers it rests on, without the tie-break's;
    `unsettled` are the questions without an answer, if those keep it from being clear.
    """

    role: Role
    runner_up: Role
    clearness: Clearness
    margin: float
    shares: Mapping[str, float]
    position: float
    reasons: tuple[Reason, ...]
    against: tuple[Reason, ...]
    answered: int
    tie_break: Decided | None = None
    unsettled: tuple[Question, ...] = ()


@dataclass(frozen=True)
class Flip:
    """The smallest change that leads to another role, which is then ahead by enough: these questions answered so."""

    changes: tuple[tuple[Question | TieBreak, Answer], ...]
    role: Role


def recommend(quiz: Quiz, answers: Answers) -> Recommendation:
    """Weigh answers; the order in which they came is irrelevant.

    Of two roles with equal scores, the one that comes first in the quiz is named first, and the result is CLOSE, unless
    their tie-break has an answer for one of them. Raises ValueError if no question has an answer, KeyError for an
    answer the quiz does not have.
    """
    chosen = _asked(quiz, answers)
    if not chosen:
        raise ValueError("there are no answers to weigh")
    found = _verdict(quiz, answers)
    first, second = (quiz.roles[at] for at in (found.first, found.second))
    total = sum(found.scores)
    shares = {role.id: score / total for role, score in zip(quiz.roles, found.scores, strict=True)}
    clearness, unsettled = found.clearness, tuple[Question, ...]()
    if clearness is Clearness.CLEAR and len(chosen) < len(quiz.questions) and not settled(quiz, answers):
        clearness = Clearness.LEANING
        unsettled = tuple(question for question in quiz.questions if question.id not in answers)
    pulls = [
        Reason(question, choices, _weight(choices, first) - _weight(choices, second)) for question, choices in chosen
    ]
    strongest = max(abs(each.pull) for each in pulls)
    pulls = [each for each in pulls if abs(each.pull) >= strongest * WEAKEST]
    most = MOST_REASONS - (found.decided is not None)
    return Recommendation(
        role=first,
        runner_up=second,
        clearness=clearness,
        margin=shares[first.id] - shares[second.id],
        shares=shares,
        position=sum(at * share for at, share in enumerate(shares.values())) / (len(quiz.roles) - 1),
        reasons=tuple(sorted((each for each in pulls if each.pull > 0), key=lambda each: -each.pull)[:most]),
        against=tuple(sorted((each for each in pulls if each.pull < 0), key=lambda each: each.pull)[:MOST_AGAINST]),
        answered=len(chosen),
        tie_break=found.decided,
        unsettled=unsettled,
    )


def flip(quiz: Quiz, answers: Answers, *, early: bool = False) -> Flip | None:
    """Find the fewest answers that, given otherwise, lead to another role; None if two would not do.

    What would be too close to call, or with `early` (questions are open that could change nothing) would need more
    answers, does not count. Of several changes of as many answers, it is the one whose weights differ least from those
    given.
    """
    verdict = _verdict(quiz, answers)
    chosen: list[tuple[Question | TieBreak, tuple[Answer, ...]]] = [*_asked(quiz, answers)]
    if verdict.decided:
        chosen.append((verdict.decided.question, (verdict.decided.side,)))

    def leads_to(changed: Answers) -> Role | None:
        found = _verdict(quiz, changed)
        if found.first == verdict.first or found.clearness not in (Clearness.CLEAR, Clearness.LEANING):
            return None
        return quiz.roles[found.first] if not early or settled(quiz, changed) else None

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
    tie-break is still to come, and neither is a picture.
    """
    rest = [question for question in quiz.questions if question.id not in answers]
    chosen = _asked(quiz, answers)
    if len(rest) > MOST_OPEN or len(chosen) < _fewest(quiz):
        return False
    now = _sum(quiz, (_weights(quiz, choices) for _, choices in chosen))
    found = _class(quiz, now)
    if found[1] is Clearness.CLOSE:
        return False
    ways = [list(_ways(quiz, question)) for question in rest]
    return all(_class(quiz, [sum(each) for each in zip(now, *more, strict=True)]) == found for more in product(*ways))


def tie_break(quiz: Quiz, answers: Answers) -> TieBreak | None:
    """Give the question that decides between the two roles in front, if they are too close to call; None if not."""
    if not _asked(quiz, answers):
        return None
    found = _verdict(quiz, {each.id: answers[each.id] for each in quiz.questions if each.id in answers})
    if found.clearness is not Clearness.CLOSE:
        return None
    return quiz.tie_break(quiz.roles[found.first].id, quiz.roles[found.second].id)


def reachable(quiz: Quiz) -> frozenset[str]:
    """Name the roles that some set of answers to the questions recommends, alone or level with another.

    A role is reachable if answering for it, question by question, puts it first. Its lead over each rival is a sum
    over the questions, so all of them are followed together: sets of leads are kept, and those that another set
    beats in every rival are dropped.
    """
    return frozenset(role.id for role in quiz.roles if _can_lead(quiz, role))


def choice_of(question: AnyQuestion, choice_id: str) -> Option:
    """Give the choice of a question with this id; KeyError if there is none."""
    for choice in question.choices:
        if choice.id == choice_id:
            return choice
    raise KeyError(choice_id)


_Chosen = list[tuple[Question, tuple[Choice, ...]]]


@dataclass(frozen=True)
class _Verdict:
    """Which roles come first and second, by their place in the quiz, and how clearly by the answers given alone."""

    first: int
    second: int
    clearness: Clearness
    scores: list[float]
    decided: Decided | None = None


def _verdict(quiz: Quiz, answers: Answers) -> _Verdict:
    chosen = _asked(quiz, answers)
    scores = _sum(quiz, (_weights(quiz, choices) for _, choices in chosen))
    first, second = _leading(scores)
    clearness = _clearness(quiz, (scores[first] - scores[second]) / sum(scores))
    if len(chosen) < _fewest(quiz):
        return _Verdict(first, second, Clearness.PICTURE, scores)
    if clearness is not Clearness.CLOSE:
        return _Verdict(first, second, clearness, scores)
    question = quiz.tie_break(quiz.roles[first].id, quiz.roles[second].id)
    sides = [side for side in question.choices if side.id in answers.get(question.id, ()) and side.role]
    if len(sides) != 1:  # none, or one for either
        return _Verdict(first, second, clearness, scores)
    if sides[0].role == quiz.roles[second].id:
        first, second = second, first
    return _Verdict(first, second, Clearness.LEANING, scores, Decided(question, sides[0]))


def _fewest(quiz: Quiz) -> int:
    return min(FEWEST, len(quiz.questions))


def _asked(quiz: Quiz, answers: Answers) -> _Chosen:
    """Give the answered questions, without the tie-breaks, in the quiz's order."""
    for question_id, given in answers.items():
        for each in given:
            choice_of(quiz.question(question_id), each)
    return [
        (question, tuple(choice for each in answers[question.id] for choice in question.choices if choice.id == each))
        for question in quiz.questions
        if question.id in answers
    ]


def _weight(choices: Sequence[Choice], role: Role) -> float:
    return sum(choice.weights.get(role.id, 0) for choice in choices) / len(choices)


def _weights(quiz: Quiz, choices: Sequence[Choice]) -> list[float]:
    return [_weight(choices, role) for role in quiz.roles]


def _sum(quiz: Quiz, weights: Iterable[Sequence[float]]) -> list[float]:
    return [sum(each) for each in zip([0.0] * len(quiz.roles), *weights, strict=True)]


def _leading(scores: Sequence[float]) -> tuple[int, int]:
    # Sums of halves in another order must not differ by a rounding error.
    first, second = sorted(range(len(scores)), key=lambda at: -round(scores[at], 9))[:2]
    return first, second


def _class(quiz: Quiz, scores: Sequence[float]) -> tuple[int, Clearness]:
    """Give the place of the first role in the quiz, and how clear it is."""
    first, second = _leading(scores)
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


def _distance(given: Sequence[Answer], other: Answer) -> float:
    """Say how far apart two answers are: the sum of the differences of their weights. Sides of a tie-break: no way."""
    before = [choice for choice in given if isinstance(choice, Choice)]
    if not before or not isinstance(other, Choice):
        return 0.0
    roles = {role for choice in (*before, other) for role in choice.weights}
    return sum(
        abs(sum(choice.weights.get(role, 0) for choice in before) / len(before) - other.weights.get(role, 0))
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
