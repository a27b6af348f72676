"""How well the bot understands what people say besides questions, read as it reads them: `rolefit eval-talk`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain import quiz, smalltalk
from bot.domain.actions import Answer
from bot.domain.faq import Surface
from bot.domain.learnt import Labelled
from bot.domain.meanings import Place
from bot.domain.meant_in_round import reading_of
from bot.domain.quiz_run import Run
from bot.domain.readings import Asks, Unclear
from bot.domain.reply import read
from bot.domain.reply_kinds import ANSWER, TALK
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import copy_questions
from bot.slack.deciding import decide
from bot.slack.in_round import by_meaning

SILENT = "acknowledgement"  # what gets no reply is taken for that
OPEN = 2  # answers that the round has in which messages to an open question are read


@dataclass(frozen=True)
class TalkOutcome:
    """What a message was taken for; None if it was not understood, or is taken for a question without an answer."""

    message: Labelled
    taken_for: str | None
    is_right: bool


@dataclass(frozen=True)
class TalkFigures:
    """How much was understood.

    talk: messages that mean something; right, wrong: of these, how many were understood, and taken for something else.
    others: messages that are no such talk; taken: of these, how many were taken for some.
    """

    talk: int
    right: int
    wrong: int
    others: int
    taken: int


def figures(tried: Sequence[TalkOutcome]) -> TalkFigures:
    """Count the outcomes."""
    talk = [outcome for outcome in tried if outcome.message.gold]
    others = [outcome for outcome in tried if not outcome.message.gold]
    return TalkFigures(
        talk=len(talk),
        right=sum(outcome.is_right for outcome in talk),
        wrong=sum(outcome.taken_for is not None and not outcome.is_right for outcome in talk),
        others=len(others),
        taken=sum(not outcome.is_right for outcome in others),
    )


async def outcomes(
    place: Place, messages: Iterable[Labelled], library: Library, second: SecondStage | None
) -> list[TalkOutcome]:
    """Have the bot read messages where they were said."""
    run = _run(place, library)
    return [await _outcome(place, message, run, library, second) for message in messages]


async def _outcome(
    place: Place, message: Labelled, run: Run, library: Library, second: SecondStage | None
) -> TalkOutcome:
    if place is Place.RECEIVED:
        question = await copy_questions.read(message.text, library, second)
        return _by_name(message, question.name if question else None)
    planned = await decide(message.text, Surface.DM, library, second)
    answered = planned.entries[0] if planned and planned.kind == ANSWER else None
    if place is Place.TALK:
        talk = SILENT if planned is None else planned.entries[0] if planned.kind == TALK else None
        if not message.gold:  # whether an entry answers it is another question
            return _by_name(message, talk)
        return _by_name(message, talk or answered)
    aside = smalltalk.read(message.text, library.words.talk)
    reading = read(message.text, run, library.words.typed, answerable=answered is not None, aside=aside)
    reading, _ = await by_meaning(reading, message.text, planned, run, library, second)
    if isinstance(reading, Asks | Unclear):
        return _by_name(message, answered if isinstance(reading, Asks) else None)
    is_right = any(reading_of(name, place) == reading for name in message.gold)
    return TalkOutcome(message, str(reading), is_right)


def _by_name(message: Labelled, name: str | None) -> TalkOutcome:
    return TalkOutcome(message, name, name in message.gold if message.gold else name is None)


def _run(place: Place, library: Library) -> Run:
    """Give a round as it stands there, answered with the first choice each time."""
    run = quiz.begin(library.quiz)
    while run.asking and not (place is Place.QUIZ and len(run.answers) > OPEN):
        question = run.quiz.question(run.asking.question)
        answer = Answer(prompt=len(run.prompts), question=question.id, choices=(question.choices[0].id,))
        run = quiz.apply(run, answer).run
    return run
