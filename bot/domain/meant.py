"""“I meant d”: another answer to the question that was answered last, or to the one that is open."""

import re

from bot.domain.fit import Given
from bot.domain.one_choice import choice_at, picked_mark, read_choice_of_degree
from bot.domain.quiz_content import AnyQuestion, Opening
from bot.domain.quiz_run import Run
from bot.domain.readings import Answered
from bot.domain.two_choices import bare_letters, read_two

LONGEST = 200  # characters; who writes more has something else to say
_FIRST = (
    r"\W*(?:(?:no|nope|oh|ah|argh|oops|ugh|wait|sorry|actually|hm+|well|but|ok|okay|my (?:bad|mistake)|typo|wrong"
    r"|misclick(?:ed)?|mistake)\b[\s,;:.!…–—-]*){0,5}"
)
_TO_SAY = r"(?:\s+to\s+(?:say|pick|choose|type|click|press|take|answer|put|select|write))?"
_MEANT = re.compile(
    rf"{_FIRST}(?:i\s+(?:(?:actually|really|just|of course)\s+)?(?:meant|wanted){_TO_SAY}"
    r"|(?:(?:it|that|this)\s+)?should(?:\s+have|['’]?ve)\s+been"
    rf"|meant{_TO_SAY}|i\s+mean)\s+(.+)",
    re.IGNORECASE,
)
# "no wait, d": of a letter alone; "no, d" may deny it
_SIGNS = r"[\s,;:.!…–—-]+"
_WAIT = r"(?:wait|sorry|hold on|actually)"
_CORRECTED = re.compile(
    rf"\W*(?:(?:oh|ah|argh|ugh|hm+)\b{_SIGNS})*(?:(?:no|nope){_SIGNS}{_WAIT}|{_WAIT}{_SIGNS}(?:no|nope)|whoops|oops)"
    rf"{_SIGNS}(?:make (?:it|that)\s+)?([a-h]|[1-8])[\s.!]*",
    re.IGNORECASE,
)
# "d, not c", "d instead of c", "d, sorry"
_BEHIND = re.compile(
    r"(?:[\s,;–—-]+(?:(?:and\s+)?not\s+\S+|instead(?:\s+of\s+\S+)?|rather(?:\s+than\s+\S+)?|sorry|please|of course"
    r"|there|before|actually|then))*[\s.!]*$",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"(?:either\s+)?\w(?:\s*(?:[,/&+]|\b(?:and|or)\b)\s*(?:(?:and|or)\s+)?\w\b)+", re.IGNORECASE)


def read_meant(text: str, run: Run, *, not_understood: bool) -> Answered | None:
    """Read another answer in place of the last one, as in "sorry, I meant d"; None if the text names no choice so.

    It is for the question that was answered last, unless something that was typed for the open one was
    not_understood, or may have been meant, or the open one is about an answer to be changed.
    """
    if (meant := _meant_in(text)) is None:
        return None
    asking = run.asking
    open_first = asking is not None and (not_understood or bool(asking.guesses) or asking.changing)
    named = [name for name in (asking and asking.question, run.answered_last) if name]
    for name in named if open_first else reversed(named):
        question = run.quiz.question(name)
        if chosen := _chosen(meant, question):
            return Answered({question.id: chosen}, named=asking is None or question.id != asking.question)
    return None


def read_meant_again(text: str, question: AnyQuestion) -> Given:
    """Read the edited text of a message that may say that another choice was meant at a question; empty if not."""
    meant = _meant_in(text)
    return _chosen(meant, question) if meant is not None else ()


def _meant_in(text: str) -> str | None:
    """Give what a text says that was meant, in its words; None if it does not say so."""
    match = (_MEANT.fullmatch(text) or _CORRECTED.fullmatch(text)) if len(text) <= LONGEST else None
    return _BEHIND.sub("", match[1]) if match else None


def _chosen(meant: str, question: AnyQuestion) -> Given:
    """Give the choice that was meant, or two, half of each; empty if it is none of the question, or either of two."""
    if mark := picked_mark(meant):
        choice = choice_at(mark, question)
    elif len(bare_letters(meant)) > 1 or _SEVERAL.fullmatch(meant):
        return () if isinstance(question, Opening) else read_two(meant, question)
    else:
        choice = read_choice_of_degree(meant, question)
    return (choice.id,) if choice else ()
