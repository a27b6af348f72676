"""Answers -> Recommendation: which role the work calls for, how clearly, what decided it and what would flip it.

The computation is plain addition, so that it can be checked by hand: each choice gives weights to roles, and an answer
of two choices gives half of each. A role's score is the sum of the weights its answers gave it, its share is its score
over all scores, and the margin is the first share minus the second. Where that is too close to call, the tie-break of
these two roles decides; it changes no share. A third role that is as close is level with them. Of fewer than three
answers nothing follows yet but a picture.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce
from itertools import combinations, product

from bot.domain.quiz_content import Answer, AnyQuestion, Choice, Option, Question, Quiz, Role, Side, TieBreak

Given = tuple[str, ...]  # the choices of one answer: one, or two that take half of the weight each
Answers = Mapping[str, Given]  # by question id

FEWEST = 3  # answers, for more than a picture
MOST_REASONS, MOST_AGAINST = 3, 2
WEAKEST = 1 / 4  # of the strongest reason for the same role; what pulls less is none
OWN = 1 / 2  # of what an answer weighs for another role, how much it has to weigh for the one it is said to speak for
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

    Above 0 it speaks for the first role, below 0 for the second. Of an answer by halves, `choices` are those that speak
    for the same role as the whole of it.
    """

    question: Question
    choices: tuple[Choice, ...]
    pull: float
    is_half: bool = False  # whether one half of the answer is left out, as it speaks for the other role, or for neither


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
    level: tuple[Role, ...] = ()
    tie_break: Decided | None = None
    unsettled: tuple[Question, ...] = ()


@dataclass(frozen=True)
class Flip:
    """The smallest change that leads to another role, which is then ahead by enough: these questions answered so.

    also: other answers to the question, where it is one, that lead to the role as well. is_example: there are further
    changes as small, of these or of other questions.
    """

    changes: tuple[tuple[Question | TieBreak, Answer], ...]
    role: Role
    also: tuple[Answer, ...] = ()
    is_example: bool = False

    def answers_to(self, question: Question | TieBreak) -> tuple[Answer, ...]:
        """Give the answers to a question that it names, in the quiz's order."""
        named = [*(other for changed, other in self.changes if changed == question), *self.also]
        return tuple(choice for choice in question.choices if choice in named)


def recommend(quiz: Quiz, answers: Answers) -> Recommendation:
    """Weigh answers; the order in which they came is irrelevant.

    Of two roles with equal scores, the one that comes first in the quiz is named first, and the result is CLOSE, unless
    their tie-break has an answer for one of them. Raises ValueError if no question has an answer, KeyError for an
    answer the quiz does not have.
    """
    verdict = _verdict(quiz, answers)
    first, second = (quiz.roles[at] for at in verdict.ranked[:2])
    total = sum(verdict.scores)
    shares = {role.id: score / total for role, score in zip(quiz.roles, verdict.scores, strict=True)}
    clearness, unsettled = verdict.clearness, tuple[Question, ...]()
    if clearness is Clearness.CLEAR and len(verdict.answered) < len(quiz.questions) and not settled(quiz, answers):
        clearness = Clearness.LEANING
        unsettled = tuple(question for question in quiz.questions if question.id not in answers)
    reasons, against = _speaking(verdict.answered, first, second)
    return Recommendation(
        role=first,
        runner_up=second,
        clearness=clearness,
        margin=shares[first.id] - shares[second.id],
        shares=shares,
        position=sum(at * share for at, share in enumerate(shares.values())) / (len(quiz.roles) - 1),
        reasons=reasons[: MOST_REASONS - (verdict.decided is not None)],
        against=against[:MOST_AGAINST],
        answered=len(verdict.answered),
        level=tuple(quiz.roles[at] for at in verdict.ranked[1:] if _is_level(quiz, verdict.scores, at)),
        tie_break=verdict.decided,
        unsettled=unsettled,
    )


def speaking(quiz: Quiz, answers: Answers, role: Role, other: Role) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """Give the answers that speak for one role rather than another, and those that speak for the other.

    All of them, strongest first; both are empty if no answer sets them apart. KeyError as for `recommend`.
    """
    return _pulling(_answered(quiz, answers), role, other)


def flip(quiz: Quiz, answers: Answers, *, early: bool = False) -> Flip | None:
    """Find the fewest answers that, given otherwise or where there is none, lead to another role; None if two do not.

    What would be too close to call, or with `early` (questions are open that could change nothing) would need more
    answers, does not count. Of several changes of as many answers, it is the one whose answers speak for the new role
    themselves, rather than only less for the old one; then one that leads to the runner-up, which has been named; then
    the one whose weights differ least from those given. The changes stand in the quiz's order. With it go the other
    answers to its question that would do as well. Raises as `recommend` does.
    """
    search = _FlipSearch(quiz, answers, early=early)
    order = {question.id: at for at, question in enumerate(quiz.all_questions)}
    for number in range(1, min(MOST_CHANGED, len(search.changeable)) + 1):
        flips = list(search.flips(number))
        if flips:
            (beside, *_), best = min(flips, key=lambda flip: flip[0])
            also = _also(best, [other for (aside, *_), other in flips if aside == beside], answers)
            return replace(
                best,
                changes=tuple(sorted(best.changes, key=lambda change: order[change[0].id])),
                also=also,
                is_example=len(flips) > 1 + len(also),
            )
    return None


def settled(quiz: Quiz, answers: Answers) -> bool:
    """Return whether the questions without an answer cannot change the class any more: the role and how clear it is.

    Each of them may be left open, or answered with one choice or with two. Too close to call is never settled, as the
    tie-break is still to come, and neither is a picture.
    """
    rest = [question for question in quiz.questions if question.id not in answers]
    answered = _answered(quiz, answers)
    if len(rest) > MOST_OPEN or len(answered) < _fewest(quiz):
        return False
    now = _scores(quiz, answered)
    role, clearness = _class(quiz, now)
    if clearness is Clearness.CLOSE:
        return False
    ways = product(*(list(_ways(quiz, question)) for question in rest))
    return all(_class(quiz, _sum([now, *added])) == (role, clearness) for added in ways)


def tie_break(quiz: Quiz, answers: Answers) -> TieBreak | None:
    """Give the question that decides between the two roles in front, if they are too close to call; None if not."""
    answered = _answered(quiz, answers)
    if len(answered) < _fewest(quiz):
        return None
    scores = _scores(quiz, answered)
    return _decider(quiz, scores) if _class(quiz, scores)[1] is Clearness.CLOSE else None


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


_Answered = list[tuple[Question, tuple[Choice, ...]]]


@dataclass(frozen=True)
class _Verdict:
    """The roles by their place in the quiz, the first before the second and the rest; and how clear that is.

    Whether questions without an answer could change it is left open.
    """

    answered: _Answered
    scores: list[float]
    ranked: list[int]
    clearness: Clearness
    decided: Decided | None = None


def _verdict(quiz: Quiz, answers: Answers) -> _Verdict:
    answered = _answered(quiz, answers)
    if not answered:
        raise ValueError("there are no answers to weigh")
    scores = _scores(quiz, answered)
    return _Verdict(answered, scores, *_decide(quiz, scores, len(answered), answers))


def _decide(
    quiz: Quiz, scores: Sequence[float], count: int, answers: Answers
) -> tuple[list[int], Clearness, Decided | None]:
    """Rank the roles, say how clear that is, and whether a tie-break decided it.

    scores: of the roles. count: how many answers they rest on. answers: only that to a tie-break is used.
    """
    ranked = _ranked(scores)
    if count < _fewest(quiz):
        return ranked, Clearness.PICTURE, None
    first, second, *rest = ranked
    clearness = _clearness(quiz, (scores[first] - scores[second]) / sum(scores))
    if clearness is not Clearness.CLOSE:
        return ranked, clearness, None
    question = quiz.tie_break(quiz.roles[first].id, quiz.roles[second].id)
    sides = [side for side in question.choices if side.id in answers.get(question.id, ()) and side.role]
    if len(sides) != 1:  # none, or one for either
        return ranked, clearness, None
    if sides[0].role == quiz.roles[second].id:
        first, second = second, first
    return [first, second, *rest], Clearness.LEANING, Decided(question, sides[0])


def _fewest(quiz: Quiz) -> int:
    return min(FEWEST, len(quiz.questions))


def _answered(quiz: Quiz, answers: Answers) -> _Answered:
    """Give the answered questions, without the tie-breaks, in the quiz's order."""
    for question_id, choice_ids in answers.items():
        for choice_id in choice_ids:
            choice_of(quiz.question(question_id), choice_id)
    return [
        (question, tuple(choice for name in answers[question.id] for choice in question.choices if choice.id == name))
        for question in quiz.questions
        if question.id in answers
    ]


def _speaking(answered: _Answered, role: Role, other: Role) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """As `_pulling`, without the reasons that are weak beside the first of their side, or speak for a third role."""
    reasons, against = _pulling(answered, role, other)
    return _strong(_of_own(reasons, role)), _strong(_of_own(against, other))


def _of_own(ordered: tuple[Reason, ...], role: Role) -> tuple[Reason, ...]:
    """Leave out the answers that speak for another role at least twice as much; all stay if there is nothing else.

    Who protects uptime does what an AI engineer does, though that speaks for a research engineer before a researcher.
    """

    def is_own(reason: Reason) -> bool:
        total: Counter[str] = Counter()
        for choice in reason.choices:
            total.update(choice.weights)
        return total[role.id] > max(total.values()) * OWN

    return tuple(filter(is_own, ordered)) or ordered


def _pulling(answered: _Answered, role: Role, other: Role) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """Give the answers that set two roles apart, those for the first and those for the other, strongest first."""
    reasons = (_reason(question, choices, role, other) for question, choices in answered)
    ordered = sorted(reasons, key=lambda reason: -abs(reason.pull))
    return tuple(one for one in ordered if one.pull > 0), tuple(one for one in ordered if one.pull < 0)


def _reason(question: Question, choices: tuple[Choice, ...], role: Role, other: Role) -> Reason:
    def pull(some: Sequence[Choice]) -> float:
        return _weight(some, role) - _weight(some, other)

    whole = pull(choices)
    speaking = tuple(choice for choice in choices if pull([choice]) * whole > 0) or choices
    return Reason(question, speaking, whole, is_half=len(speaking) < len(choices))


def _strong(ordered: tuple[Reason, ...]) -> tuple[Reason, ...]:
    return tuple(reason for reason in ordered if abs(reason.pull) >= abs(ordered[0].pull) * WEAKEST)


def _weight(choices: Sequence[Choice], role: Role) -> float:
    if len(choices) == 1:  # nearly always
        return choices[0].weights.get(role.id, 0.0)
    return sum(choice.weights.get(role.id, 0) for choice in choices) / len(choices)


def _weights(quiz: Quiz, choices: Sequence[Choice]) -> list[float]:
    return [_weight(choices, role) for role in quiz.roles]


def _scores(quiz: Quiz, answered: _Answered) -> list[float]:
    return _sum([_weights(quiz, choices) for _, choices in answered])


def _sum(weights: Sequence[Sequence[float]]) -> list[float]:
    return list(map(sum, zip(*weights, strict=True)))


def _ranked(scores: Sequence[float]) -> list[int]:
    rounded = _rounded(scores)
    return sorted(range(len(scores)), key=rounded.__getitem__, reverse=True)


def _in_front(scores: Sequence[float]) -> int:
    """Give the first that `_ranked` gives, and take a third of the time for it."""
    rounded = _rounded(scores)
    return rounded.index(max(rounded))


def _rounded(scores: Sequence[float]) -> list[float]:
    # Sums of halves in another order must not differ by a rounding error.
    return [round(score, 9) for score in scores]


def _decider(quiz: Quiz, scores: Sequence[float]) -> TieBreak:
    """Give the question that decides between the two roles in front."""
    first, second, *_ = _ranked(scores)
    return quiz.tie_break(quiz.roles[first].id, quiz.roles[second].id)


def _class(quiz: Quiz, scores: Sequence[float]) -> tuple[int, Clearness]:
    """Give the place of the first role in the quiz, and how clear it is."""
    first, second, *_ = _ranked(scores)
    return first, _clearness(quiz, (scores[first] - scores[second]) / sum(scores))


def _is_level(quiz: Quiz, scores: Sequence[float], at: int) -> bool:
    return _clearness(quiz, (max(scores) - scores[at]) / sum(scores)) is Clearness.CLOSE


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


_Change = tuple[Question | TieBreak, Answer]


class _FlipSearch:
    """Tries changes of answers, of which there are hundreds: what each choice weighs is worked out once.

    changeable: what can be answered otherwise or at all, each question with the choices made: the questions, and the
    tie-break that decided. early: as for `flip`.
    """

    def __init__(self, quiz: Quiz, answers: Answers, *, early: bool) -> None:
        self._quiz, self._answers, self._early = quiz, answers, early
        verdict = _verdict(quiz, answers)
        self._first, self._runner_up = verdict.ranked[0], quiz.roles[verdict.ranked[1]]
        self.changeable: list[tuple[Question | TieBreak, tuple[Answer, ...]]] = [
            *verdict.answered,
            *((question, ()) for question in quiz.questions if question.id not in answers),
        ]
        if verdict.decided:
            self.changeable.append((verdict.decided.question, (verdict.decided.side,)))
        roles = [role.id for role in quiz.roles]
        self._weights = {
            (question.id, choice.id): [choice.weights.get(role, 0.0) for role in roles]
            for question in quiz.questions
            for choice in question.choices
        }
        self._weights_of_answers = {question.id: _weights(quiz, choices) for question, choices in verdict.answered}
        # Only an answer to a tie-break leads away from a role that stays in front.
        self._can_be_decided = any(question.id in answers for question in quiz.tie_breaks)

    def flips(self, number: int) -> Iterator[tuple[tuple[int, bool, float], Flip]]:
        """Give the changes of this many answers that lead to another role, each with what the best has least of."""
        for some in combinations(self.changeable, number):
            questions, before = zip(*some, strict=True)
            changing = {question.id for question in questions}
            rest = [scores for question_id, scores in self._weights_of_answers.items() if question_id not in changing]
            unchanged = _sum([[0.0] * len(self._quiz.roles), *rest])
            for others in product(*(question.choices for question in questions)):
                changes = tuple(zip(questions, others, strict=True))
                if role := self._leads_to(unchanged, len(rest), changes):
                    beside = sum(not _speaks_for(other, role) for other in others)
                    distance = sum(map(_distance, before, others))
                    yield (beside, role != self._runner_up, distance), Flip(changes, role)

    def _leads_to(self, unchanged: Sequence[float], count: int, changes: Sequence[_Change]) -> Role | None:
        """Give the other role that changes lead to, if they do.

        unchanged, count: scores and number of the answers that the changes leave as they are.
        """
        quiz = self._quiz
        new = [self._weights[question.id, other.id] for question, other in changes if isinstance(question, Question)]
        scores = _sum([unchanged, *new])
        if not self._can_be_decided and _in_front(scores) == self._first:
            return None
        changed = {**self._answers, **{question.id: (other.id,) for question, other in changes}}
        ranked, clearness, _ = _decide(quiz, scores, count + len(new), changed)
        if ranked[0] == self._first or clearness not in (Clearness.CLEAR, Clearness.LEANING):
            return None
        return quiz.roles[ranked[0]] if not self._early or settled(quiz, changed) else None


def _distance(before: Sequence[Answer], other: Answer) -> float:
    """Sum the differences of two answers' weights; 0 from no answer, and between the sides of a tie-break."""
    choices = [choice for choice in before if isinstance(choice, Choice)]
    if not choices or not isinstance(other, Choice):
        return 0.0
    roles = {role for choice in (*choices, other) for role in choice.weights}
    return sum(
        abs(sum(choice.weights.get(role, 0) for choice in choices) / len(choices) - other.weights.get(role, 0))
        for role in roles
    )


def _speaks_for(answer: Answer, role: Role) -> bool:
    """Return whether an answer gives a role more than it gives any other."""
    if isinstance(answer, Choice):
        others = [weight for name, weight in answer.weights.items() if name != role.id]
        return answer.weights.get(role.id, 0) > max(others, default=0)
    return isinstance(answer, Side) and answer.role == role.id


def _also(best: Flip, flips: Iterable[Flip], answers: Answers) -> tuple[Answer, ...]:
    """Give the answers that lead to the same role as one change of one question, if none of them is half given."""
    (question, answer), *further = best.changes
    before = answers.get(question.id, ())
    if further or answer.id in before:
        return ()
    same = [flip.changes[0] for flip in flips if flip.role == best.role and flip.changes[0][0] == question]
    return tuple(other for _, other in same if other != answer and other.id not in before)


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
