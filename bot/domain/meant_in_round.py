"""What somebody means in the thread of a round who says it in words of their own: the name of that -> a reading.

The names are those of small talk, whose replies in a round are the same then, and those in READINGS.
"""

from collections.abc import Mapping
from typing import Final

from bot.domain.meanings import Place
from bot.domain.quiz_content import TypedWords
from bot.domain.quiz_run import Run, Status
from bot.domain.readings import (
    Aside,
    AsksForAnswers,
    AsksForTitle,
    AsksForTwo,
    AsksToStartOver,
    Command,
    Remark,
)
from bot.domain.result_question import AboutResult, Disagrees
from bot.domain.round_topics import AboutRound, Topic

# While a question is open, by name: what it does, or is answered with
WHILE_OPEN: Final[Mapping[str, Remark]] = {
    **{
        name: Command(name)
        for name in ("back", "undo", "skip", "unsure", "why", "pause", "resume", "not_for_me", "so_far")
    },
    **{topic: AboutRound(topic) for topic in (Topic.LEFT, Topic.VOLUNTARY, Topic.NO_RIGHT_ANSWER, Topic.COLLEAGUE)},
    "start_over": AsksToStartOver(),
    "stop": Command("stop"),
    "two": AsksForTwo(),
    "own_answers": AsksForAnswers(),
}
# Below a result
OF_RESULT: Final[Mapping[str, Remark]] = {
    **{
        topic: AboutRound(topic)
        for topic in (
            *(Topic.COLLEAGUE, Topic.VALID, Topic.TABLE, Topic.MARKS, Topic.PAY, Topic.GRADED, Topic.UNFAIR),
            *(Topic.CONTRACT, Topic.CHANGING, Topic.SEEN),
        )
    },
    "start_over": AsksToStartOver(),
    "own_answers": AsksForAnswers(),
    "explain": AboutResult(),
    "sure": AboutResult(how_sure=True),
    "change": AboutResult(what_changes=True),
    "titles": AsksForTitle(),
    "disagree": Disagrees(None),
}
READINGS: Final[Mapping[Place, Mapping[str, Remark]]] = {Place.QUIZ: WHILE_OPEN, Place.RESULT: OF_RESULT}


def phrases_at(place: Place, talk: Mapping[str, tuple[str, ...]], words: TypedWords) -> dict[str, tuple[str, ...]]:
    """Give the phrases by what they mean in a round: those of small talk, and what is typed to do something to it."""
    typed = {str(name): tuple(getattr(words, name, ())) for name in READINGS[place]}
    return {**talk, **{name: (*phrases, *talk.get(name, ())) for name, phrases in typed.items()}}


def place_in(run: Run) -> Place | None:
    """Give what a round's thread is a place for; None where nothing is open and there is no result of one's own."""
    if run.asking is not None or run.status is Status.PAUSED:
        return Place.QUIZ
    return Place.RESULT if run.recommendation is not None and run.subject is None else None


def reading_of(name: str, place: Place) -> Remark:
    """Give the reading of what is meant there: one of READINGS, or else small talk."""
    return READINGS[place].get(name, Aside(name))
