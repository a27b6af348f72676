"""What a text may mean that somebody typed in a run's thread, one class for each kind; `bot.domain.reply` finds out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bot.domain.actions import Action, AskAgain, Back, Pause, Resume, Skip, Stop, Undo
from bot.domain.fit import Given
from bot.domain.quiz_content import Term
from bot.domain.quiz_run import Graded
from bot.domain.result_question import AboutResult, AboutTerm, Disagrees
from bot.domain.round_topics import AboutRound, ShowsPart


@dataclass(frozen=True)
class Answered:
    """Answers, as choices by question; `named` says that the text names the questions, and not just the live one."""

    answers: Mapping[str, Given]
    named: bool = False


@dataclass(frozen=True)
class Perhaps:
    """What may be meant as the answer to the live question, likeliest first."""

    question: str
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Command:
    """Something to do, by its name in words.yaml, or `change` with a question."""

    name: str
    question: str | None = None


# What a command does to a round, by its name, where that is all it does.
DOES: Final[Mapping[str, Callable[[], Action]]] = {
    "back": Back,
    "undo": Undo,
    "skip": Skip,
    "pause": Pause,
    "stop": Stop,
    "resume": Resume,
    "reask": AskAgain,
}


@dataclass(frozen=True)
class Defined:
    """A word they want explained."""

    term: Term


@dataclass(frozen=True)
class AboutChoices:
    """Choices of the open question that they want explained."""

    question: str
    choices: tuple[str, ...]


@dataclass(frozen=True)
class AsksForTwo:
    """A question whether more than one choice can be taken."""


@dataclass(frozen=True)
class AsksToStartOver:
    """A question whether the round can be taken once more, which begins none by itself."""


@dataclass(frozen=True)
class ForSomebody:
    """Something that is said to somebody else, by their name as it was written; empty where they are mentioned."""

    name: str


@dataclass(frozen=True)
class WhichTwo:
    """Half and half, without saying of what."""


@dataclass(frozen=True)
class WhichOffered:
    """Yes, where more than one choice was offered."""


@dataclass(frozen=True)
class SeveralUnclear:
    """Answers to questions by their numbers, of which one cannot be read."""


@dataclass(frozen=True)
class AsksWhyMe:
    """A question why they were invited to answer about somebody else's work."""


@dataclass(frozen=True)
class AsksForTitle:
    """A question what the role that came out is called."""


@dataclass(frozen=True)
class AsksWhetherRole:
    """A question whether they are what the result names, or another role, by its id."""

    role: str


@dataclass(frozen=True)
class Aside:
    """Small talk, by its name in words.yaml."""

    intent: str


@dataclass(frozen=True)
class AsksForOther:
    """A question about what the other person of a comparison has answered."""


@dataclass(frozen=True)
class AsksForAnswers:
    """A question what they have answered themselves by now: to one question, or to all."""

    question: str | None = None


@dataclass(frozen=True)
class Reviewed:
    """What their last review looked at; without a cell they will not say."""

    cell: Graded | None


@dataclass(frozen=True)
class PerhapsReviewed:
    """What they may mean that their last review looked at, likeliest first."""

    cells: tuple[Graded, ...]


@dataclass(frozen=True)
class Asks:
    """A question of their own."""


@dataclass(frozen=True)
class NotAsked:
    """A change of the answer to a question that has not been asked yet."""

    question: str


@dataclass(frozen=True)
class Unclear:
    """Nothing of the above; `mark`: the letter or number that no choice has, if it is one."""

    mark: str | None = None


@dataclass(frozen=True)
class MaybeMeant:
    """What may be meant by what was not understood, by the names of `bot.domain.meant_in_round`, likeliest first."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class WhatIf:
    """A question what another answer would have led to: a choice of a question, neither where that cannot be read."""

    question: str | None = None
    choice: str | None = None


# What changes nothing in a round, and is replied to.
Remark = (
    Command | Defined | AboutChoices | AboutResult | Aside | WhichTwo | WhichOffered | SeveralUnclear
    | AsksForAnswers | AsksForOther | AsksWhyMe | AsksForTitle | AsksForTwo | AsksToStartOver | AboutTerm | Disagrees
    | ForSomebody | Asks | NotAsked | WhatIf | Unclear | MaybeMeant | AboutRound | ShowsPart | AsksWhetherRole
)  # fmt: skip
Reading = Answered | Perhaps | Reviewed | PerhapsReviewed | Remark
