"""What somebody means in the thread of a round who says it in words of their own: the name of that -> a reading.

The names are those of small talk, whose replies in a round are the same then, and those in READINGS.
"""

from collections.abc import Mapping
from typing import Final

from bot.domain.quiz_content import TypedWords
from bot.domain.quiz_run import Run
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
    **{name: Command(name) for name in ("back", "undo", "skip", "unsure", "why", "pause", "not_for_me", "so_far")},
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
RESUME = "resume"  # in a round that was paused


def phrases_in_round(talk: Mapping[str, tuple[str, ...]], words: TypedWords) -> dict[str, tuple[str, ...]]:
    """Give the phrases by what they mean in a round: those of small talk, and what is typed to do something to it."""
    names = dict.fromkeys((*WHILE_OPEN, *OF_RESULT, RESUME))
    typed = {str(name): getattr(words, name, ()) for name in names}
    return {**talk, **{name: (*phrases, *talk.get(name, ())) for name, phrases in typed.items()}}


def reading_of(name: str, run: Run) -> Remark | None:
    """Give the reading of what is meant in a round as it stands; None where it means nothing there."""
    if run.asking is not None:
        readings = WHILE_OPEN
    elif run.recommendation is not None and run.subject is None:  # a round about another's work has no such result
        readings = OF_RESULT
    else:
        return Command(RESUME) if name == RESUME else None
    if name in readings:
        return readings[name]
    return None if name in WHILE_OPEN or name in OF_RESULT or name == RESUME else Aside(name)
