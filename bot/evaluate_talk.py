"""How well the bot understands what people say besides questions, each message by itself: `rolefit eval-talk`.

It is read by phrases and by its meaning as the bot does. What else decides there has no part: whom a message calls by
name, a comparison, a last review, what stands above.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain import quiz, smalltalk
from bot.domain.actions import Answer
from bot.domain.faq import Surface
from bot.domain.learnt import Labelled
from bot.domain.meanings import Place
from bot.domain.meant_in_round import reading_of
from bot.domain.quiz_run import Run
from bot.domain.readings import Asks, MaybeMeant, Unclear
from bot.domain.reply import read
from bot.domain.reply_kinds import ANSWER, TALK, UNKNOWN
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import copy_questions
from bot.slack.deciding import decide
from bot.slack.in_round import by_meaning

SILENT = "acknowledgement"  # what gets no reply is taken for that
ANSWERED = 3  # answers that the round has in which messages to an open question are read


@dataclass(frozen=True)
class TalkOutcome:
    """What a message was taken for; None if it was not understood, or is taken for a question without an answer.

    offered: what it may mean, by name, where it was not understood.
    """

    message: Labelled
    taken_for: str | None
    is_right: bool
    offered: tuple[str, ...] = ()

    @property
    def is_offered(self) -> bool:
        """Return whether something that it may fairly mean was offered."""
        return not self.message.gold.isdisjoint(self.offered)


@dataclass(frozen=True)
class TalkFigures:
    """How much was understood.

    talk: messages that mean something; right, wrong: of these, how many were understood, and taken for something else;
    offered: how many were not understood, and got what they mean among what they may mean.
    others: messages that are no such talk; taken, asked: of these, how many were taken for some, and how many got what
    they may mean.
    """

    talk: int
    right: int
    wrong: int
    offered: int
    others: int
    taken: int
    asked: int


def figures(tried: Sequence[TalkOutcome]) -> TalkFigures:
    """Count the outcomes."""
    talk = [outcome for outcome in tried if outcome.message.gold]
    others = [outcome for outcome in tried if not outcome.message.gold]
    return TalkFigures(
        talk=len(talk),
        right=sum(outcome.is_right for outcome in talk),
        wrong=sum(outcome.taken_for is not None and not outcome.is_right for outcome in talk),
        offered=sum(outcome.is_offered for outcome in talk),
        others=len(others),
        taken=sum(not outcome.is_right for outcome in others),
        asked=sum(bool(outcome.offered) for outcome in others),
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
    planned = await decide(message.text, Surface.DM, library, second)
    if place is Place.RECEIVED:
        question = await copy_questions.read(message.text, planned, library, second)
        return _by_name(message, question.name if question else None)
    answered = planned.entries[0] if planned and planned.kind == ANSWER else None
    if place is Place.TALK:
        talk = SILENT if planned is None else planned.entries[0] if planned.kind == TALK else None
        offered = planned.entries if planned and planned.kind == UNKNOWN else ()
        # Of what is no talk it is another question whether an entry answers it.
        return _by_name(message, (talk or answered) if message.gold else talk, offered)
    aside = smalltalk.read(message.text, library.words.talk)
    reading = read(message.text, run, library.words.typed, answerable=answered is not None, aside=aside)
    reading, _ = await by_meaning(reading, message.text, planned, run, library, second)
    if isinstance(reading, MaybeMeant):
        return _by_name(message, None, reading.names)
    if isinstance(reading, Asks | Unclear):
        return _by_name(message, answered if isinstance(reading, Asks) else None)
    is_right = any(reading_of(name, place) == reading for name in message.gold)
    return TalkOutcome(message, str(reading), is_right)


def _by_name(message: Labelled, name: str | None, offered: tuple[str, ...] = ()) -> TalkOutcome:
    return TalkOutcome(message, name, name in message.gold if message.gold else name is None, offered)


def _run(place: Place, library: Library) -> Run:
    """Give a round as it stands there, answered with the first choice each time."""
    run = quiz.begin(library.quiz)
    while run.asking and not (place is Place.QUIZ and len(run.answers) >= ANSWERED):
        question = run.quiz.question(run.asking.question)
        answer = Answer(prompt=len(run.prompts), question=question.id, choices=(question.choices[0].id,))
        run = quiz.apply(run, answer).run
    return run
