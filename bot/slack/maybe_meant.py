"""What is said to what was not understood and may be small talk, or about a round: what to type for that."""

from collections.abc import Iterable, Sequence

from bot.domain.meanings import Place
from bot.domain.meant_in_round import READINGS, place_in
from bot.domain.quiz import LETTERS
from bot.domain.quiz_run import Run
from bot.knowledge import Library
from bot.slack.pieces import Message, plain
from bot.slack.result import either
from bot.slack.text import Mrkdwn, fill


def unknown(names: Iterable[str], library: Library) -> Message | None:
    """Say that there is no answer, and what to ask if small talk was meant; None if none of it has an example."""
    options = _options(names, Place.TALK, library)
    return plain(fill(library.words.faq.unknown_maybe, options=options)) if options else None


def in_round(names: Iterable[str], run: Run, library: Library) -> Message | None:
    """Say in the thread of a round that something was not understood, and what to type if one of these was meant.

    None if there is nothing to type for any.
    """
    place, words = place_in(run), library.words.quiz
    options = _options(names, place, library) if place else None
    if options is None:
        return None
    if run.open_question is None:
        return plain(fill(words.maybe_meant_below, options=options))
    return plain(fill(words.maybe_meant, options=options, last=LETTERS[len(run.open_question.choices) - 1]))


def example_of(name: str, place: Place, library: Library) -> str | None:
    """Give what to type for something that may be meant there; None if there is nothing."""
    if name in READINGS.get(place, ()):
        example: str = getattr(library.words.round_examples, name)
        return example
    return library.words.talk.of(name).example if name in library.words.talk.names else None


def _options(names: Iterable[str], place: Place, library: Library) -> Mrkdwn | None:
    examples: Sequence[str] = [example for name in names if (example := example_of(name, place, library))]
    quote = library.words.quiz.quote
    return either([fill(quote, choice=example) for example in examples], library) if examples else None
