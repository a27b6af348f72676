"""“I meant d”: another answer to the question that was answered last, or to the one that is open."""

import re

from bot.domain.one_choice import choice_at, picked_mark, read_choice_of_degree
from bot.domain.quiz_content import AnyQuestion, Option
from bot.domain.quiz_run import Run
from bot.domain.readings import Answered

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


def read_meant(text: str, run: Run, *, not_understood: bool) -> Answered | None:
    """Read another answer in place of the last one, as in "sorry, I meant d"; None if the text names no choice so.

    It is for the question that was answered last, unless something that was typed for the open one was
    not_understood, or may have been meant, or the open one is about an answer to be changed.
    """
    match = (_MEANT.fullmatch(text) or _CORRECTED.fullmatch(text)) if len(text) <= LONGEST else None
    if match is None:
        return None
    meant = _BEHIND.sub("", match[1])
    asking = run.asking
    open_first = asking is not None and (not_understood or bool(asking.guesses) or asking.changing)
    named = [name for name in (asking and asking.question, run.answered_last) if name]
    for name in named if open_first else reversed(named):
        question = run.quiz.question(name)
        if choice := _choice(meant, question):
            return Answered({question.id: (choice.id,)}, named=asking is None or question.id != asking.question)
    return None


def _choice(meant: str, question: AnyQuestion) -> Option | None:
    mark = picked_mark(meant)
    return choice_at(mark, question) if mark else read_choice_of_degree(meant, question)
