"""A blind comparison: two people answer the same questions about one person's work, and see both when both agree.

The sender has answered for their own work and invites a manager to answer for it too. Until both have finished and both
have agreed to reveal just these answers, neither learns anything of the other's; either may end it until then. A
comparison is immutable: an event gives a new one, and what cannot be done is an `Outcome`, not an error.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import assert_never

from bot.domain import fit
from bot.domain.fit import Answers, Recommendation
from bot.domain.quiz_content import OWN, Choice, Question, Quiz
from bot.domain.quiz_run import Run

OPEN_FOR = timedelta(days=30)  # without anything happening; then it ends, and nothing is shown
ASK_AFTER = timedelta(days=30)  # after the reveal, whether anything has changed
TRY_AGAIN_AFTER = timedelta(hours=1)  # to show what both agreed to show, where that failed
TRIED_FOR = timedelta(days=1)  # from when both agreed; then it ends
MOST_INVITATIONS_A_DAY = 3  # of one person by another
NOT_AGAIN_FOR = timedelta(days=7)  # after somebody has declined, or has ended it


class Side(StrEnum):
    """Whose part it is: that of the person whose work it is about, or of the one who was invited."""

    SENDER = "sender"
    MANAGER = "manager"

    @property
    def other(self) -> "Side":
        """The other of the two."""
        return Side.MANAGER if self is Side.SENDER else Side.SENDER


class State(StrEnum):
    """How far a comparison has come."""

    INVITED = "invited"
    ANSWERING = "answering"
    FINISHED = "finished"  # both have, and both are asked whether to reveal
    AGREED = "agreed"  # both agreed to reveal, and it has not been delivered yet
    REVEALED = "revealed"  # both have been shown both
    DECLINED = "declined"  # by the manager, before they began
    WITHDRAWN = "withdrawn"  # by either
    LAPSED = "lapsed"  # nothing had happened for too long
    UNREACHABLE = "unreachable"  # one of the two, for example because their account is not active any more
    UNDELIVERED = "undelivered"  # both agreed, and Slack went on not letting it be shown


OPEN = frozenset({State.INVITED, State.ANSWERING, State.FINISHED, State.AGREED})
Versions = tuple[int, int]  # of the answers: the sender's, the manager's


@dataclass(frozen=True)
class Comparison:
    """How a comparison stands. asked: the answers that both are asked to reveal.

    ended_by: who withdrew it, or could not be reached. exposed: the sides that could read the answers for a time,
    before these were deleted because they could not be shown to both. still_exposed: those of them for whom Slack
    refused to delete them. maybe_exposed: the sides that may have got them, as Slack neither said so nor let us look.
    is_confirmed: Slack has said that the reveal was posted.
    """

    state: State = State.INVITED
    asked: Versions | None = None
    agreed: frozenset[Side] = frozenset()
    ended_by: Side | None = None
    exposed: frozenset[Side] = frozenset()
    is_confirmed: bool = True
    maybe_exposed: frozenset[Side] = frozenset()
    still_exposed: frozenset[Side] = frozenset()

    @property
    def is_open(self) -> bool:
        """Whether it can still come to a reveal."""
        return self.state in OPEN


@dataclass(frozen=True)
class Rounds:
    """The answers of both as they are now: the version of each, None while it is not finished.

    deleted: whose answers are not there any more.
    """

    sender: int | None = None
    manager: int | None = None
    deleted: Side | None = None

    @property
    def versions(self) -> Versions | None:
        """The versions of both, once both are finished."""
        return None if self.sender is None or self.manager is None else (self.sender, self.manager)


def is_comparable(run: Run) -> bool:
    """Say whether somebody else can be asked to answer the same: it is about one's own work, and has a result."""
    return run.purpose == OWN and run.shareable


# What can happen to it


@dataclass(frozen=True)
class Accept:
    """The manager wants to answer."""


@dataclass(frozen=True)
class Withdraw:
    """One of the two ends it; before the manager has begun that is to decline."""

    side: Side


@dataclass(frozen=True)
class Agree:
    """One of the two agrees to reveal the answers of these versions."""

    side: Side
    versions: Versions


@dataclass(frozen=True)
class Follow:
    """The rounds may have changed, and are looked at."""


@dataclass(frozen=True)
class Lapse:
    """Nothing has happened for too long."""


@dataclass(frozen=True)
class Lose:
    """One of the two cannot be reached."""

    side: Side


@dataclass(frozen=True)
class Deliver:
    """What both agreed to show has been shown to both; as far as is known, if it is not confirmed."""

    is_confirmed: bool = True


@dataclass(frozen=True)
class GiveUp:
    """What both agreed to show could not be shown for too long."""


Event = Accept | Withdraw | Agree | Follow | Lapse | Lose | Deliver | GiveUp


class Outcome(StrEnum):
    """What an event has led to; all but TAKEN leave the comparison as it was."""

    TAKEN = "taken"
    REPEATED = "repeated"  # it was so already
    EARLY = "early"  # not both have finished
    CHANGED = "changed"  # the answers are not those any more that it was about
    REVEALED = "revealed"  # it is too late, as both have seen both
    OVER = "over"  # it has ended, and nothing was shown


@dataclass(frozen=True)
class Transition:
    """The comparison after an event, and the outcome."""

    comparison: Comparison
    outcome: Outcome


def apply(comparison: Comparison, event: Event, rounds: Rounds) -> Transition:  # noqa: PLR0911, PLR0912 - one for each event
    """Give the comparison as it is after an event; `rounds` are the answers as they are at that moment."""
    if comparison.state is State.REVEALED:
        repeated = isinstance(event, Accept | Agree | Follow | Deliver)
        return Transition(comparison, Outcome.REPEATED if repeated else Outcome.REVEALED)
    if not comparison.is_open:
        ended_so = isinstance(event, Follow | GiveUp)
        ended_so |= isinstance(event, Withdraw | Lose) and event.side is comparison.ended_by
        return Transition(comparison, Outcome.REPEATED if ended_so else Outcome.OVER)
    match event:
        case Accept():
            if comparison.state is not State.INVITED:
                return Transition(comparison, Outcome.REPEATED)
            return _taken(replace(comparison, state=State.ANSWERING))
        case Withdraw(side):
            return _taken(_ended(comparison, side))
        case Agree():
            return _agreed(comparison, event, rounds)
        case Follow():
            return _followed(comparison, rounds)
        case Lapse():
            if comparison.state is State.AGREED:  # it ends by itself, and sooner
                return Transition(comparison, Outcome.REPEATED)
            return _taken(replace(comparison, state=State.LAPSED, agreed=frozenset()))
        case Lose(side):
            return _taken(replace(comparison, state=State.UNREACHABLE, agreed=frozenset(), ended_by=side))
        case Deliver() | GiveUp():
            if comparison.state is not State.AGREED:
                return Transition(comparison, Outcome.EARLY)
            if isinstance(event, Deliver):
                return _taken(replace(comparison, state=State.REVEALED, is_confirmed=event.is_confirmed))
            return _taken(replace(comparison, state=State.UNDELIVERED, agreed=frozenset()))
        case _:
            assert_never(event)


def _taken(comparison: Comparison) -> Transition:
    return Transition(comparison, Outcome.TAKEN)


def _ended(comparison: Comparison, side: Side) -> Comparison:
    declines = side is Side.MANAGER and comparison.state is State.INVITED
    state = State.DECLINED if declines else State.WITHDRAWN
    return replace(comparison, state=state, agreed=frozenset(), ended_by=side)


def _agreed(comparison: Comparison, event: Agree, rounds: Rounds) -> Transition:
    if comparison.state is State.AGREED:
        return Transition(comparison, Outcome.REPEATED)
    if comparison.state is not State.FINISHED:
        return Transition(comparison, Outcome.EARLY)
    if not comparison.asked == event.versions == rounds.versions:
        return Transition(comparison, Outcome.CHANGED)
    if event.side in comparison.agreed:
        return Transition(comparison, Outcome.REPEATED)
    agreed = comparison.agreed | {event.side}
    state = State.AGREED if agreed == frozenset(Side) else State.FINISHED
    return _taken(replace(comparison, state=state, agreed=agreed))


def _followed(comparison: Comparison, rounds: Rounds) -> Transition:
    """Bring a comparison up to date with the rounds: if the answers are others by now, both have to agree again.

    Once both have agreed, changed answers come too late: what they agreed to is shown. A deletion still ends it.
    """
    if rounds.deleted is not None:
        return _taken(_ended(comparison, rounds.deleted))
    if comparison.state in (State.INVITED, State.AGREED) or comparison.asked == rounds.versions:
        return Transition(comparison, Outcome.REPEATED)
    state = State.ANSWERING if rounds.versions is None else State.FINISHED
    return _taken(replace(comparison, state=state, asked=rounds.versions, agreed=frozenset()))


# What is revealed


@dataclass(frozen=True)
class Pair:
    """A question that both have answered, with the choices of either."""

    question: Question
    sender: tuple[Choice, ...]
    manager: tuple[Choice, ...]


@dataclass(frozen=True)
class Findings:
    """The answers of both side by side, by questions in the order of the quiz, and what follows from either's.

    one_sided: the questions that not both have answered.
    """

    agreements: tuple[Pair, ...]
    differences: tuple[Pair, ...]
    one_sided: tuple[Question, ...]
    sender: Recommendation
    manager: Recommendation


def compare(quiz: Quiz, sender: Answers, manager: Answers) -> Findings:
    """Hold two people's answers to the same quiz against each other.

    Answers by halves are alike if they name the same two choices. What the quiz does not have counts for nothing.
    Raises ValueError if one of them has answered none of its questions.
    """
    sender, manager = _valid_answers(quiz, sender), _valid_answers(quiz, manager)
    agreements, differences, one_sided = list[Pair](), list[Pair](), list[Question]()
    for question in quiz.questions:
        one, other = _picked(question, sender), _picked(question, manager)
        if one and other:
            (agreements if one == other else differences).append(Pair(question, one, other))
        elif one or other:
            one_sided.append(question)
    return Findings(
        tuple(agreements),
        tuple(differences),
        tuple(one_sided),
        fit.recommend(quiz, sender),
        fit.recommend(quiz, manager),
    )


def _valid_answers(quiz: Quiz, answers: Answers) -> Answers:
    choices = {question.id: {choice.id for choice in question.choices} for question in quiz.all_questions}
    return {name: chosen for name, chosen in answers.items() if chosen and choices.get(name, set()).issuperset(chosen)}


def _picked(question: Question, answers: Answers) -> tuple[Choice, ...]:
    """Give the choices made, in the order of the question, so that halves are alike whichever came first."""
    return tuple(choice for choice in question.choices if choice.id in answers.get(question.id, ()))
