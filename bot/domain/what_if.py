"""“What if I'd said years?”: a question what another answer would have led to, which changes none."""

import re

from bot.domain.numbered_answers import read_numbered
from bot.domain.one_choice import PLACES, picked_mark, read_choice, read_wording
from bot.domain.quiz import LETTERS
from bot.domain.quiz_run import Run
from bot.domain.readings import Answered, NotAsked, WhatIf
from bot.domain.round_topics import AboutRound, Topic

LONGEST = 200  # characters; who writes more has something else to say
_RESULT = r"(?:it|that|this|things?|anything|the (?:result|outcome|role|recommendation)|my (?:result|role))"
_WOULD = rf"(?:what\s+)?(?:would|will|does|might|could)\s+(?:{_RESULT}\s+)?(?:still\s+)?(?:have\s+)?"
_BE = r"(?:be(?:en)?|changed?|differ|come out|matter|make a difference|happen)"
_ASKS = re.compile(
    r"\W*(?:(?:and|but|so|ok|okay|hm+|then|well|just|curious)\b[\s,:.…]*)*"
    r"(?:(?=had i\b)"
    r"|(?:what\s+(?:is\s+)?(?:if|when|happens (?:if|when)|would (?:happen|be) if|would have (?:happened|been) if)"
    r"|how about if|(?<=and )if|(?<=or )if"
    r"|suppos(?:e|ing)|imagine"
    rf"|{_WOULD}{_BE}(?:\s+(?:different|the same|{_RESULT}))*\s+if)\s+)"
    r"(?=i\b|had i\b|my\b|the\b|question|answer|number|q\b|\d)",
    re.IGNORECASE,
)
_I_SAID = re.compile(
    r"(?:had i|i(?:['’]?d| had| would have| have)?)\s+(?:(?:instead|rather)\s+)?"
    r"(?:said|say|answer(?:ed)?|pick(?:ed)?|chosen?|choose|chose|took|taken?"
    r"|put|typed?|clicked|selected"
    r"|(?:gone|went|go) (?:for|with))"
    r"\s+(.+)",
    re.IGNORECASE,
)
_BEHIND = re.compile(r"(?:[\s,]+(?:instead|there|then|rather|though|please|in its place))*[\s?.!]*$", re.IGNORECASE)
_TO_QUESTION = re.compile(
    r"\s+(?:to|for|at|on|in)\s+(?:"
    rf"(?:the|my)\s+(?P<place>{PLACES})(?:\s+(?:one|question))?"
    r"|(?:(?:question|number|no\.?|q|#)\s*)?(?P<number>\w+))$",
    re.IGNORECASE,
)
# "what if I had answered differently": of no answer in particular
_OTHERWISE = re.compile(
    r"\b(?:different(?:ly)?|something else|otherwise|another|others?|anything else|elsewise)\b", re.IGNORECASE
)
# "the second was a": by its place alone a question is only called where a letter tells that it is one
_PLACE_WAS = re.compile(
    rf"(?:the|my)\s+(?P<place>{PLACES})(?:\s+(?:one|question|answer))?\s+"
    rf"(?:is|was|were|had been)\s+(?P<answer>[{LETTERS}])",
    re.IGNORECASE,
)


def read_what_if(text: str, run: Run) -> WhatIf | AboutRound | None:
    """Read a question what another answer would lead to; None if the text is none.

    Without a number it is about the question that has such a choice, if only one has. Below a result, where it says
    which answer and that cannot be read, it is asked for by its question and letter.
    """
    supposed = _read_what_if(text, run)
    unread = supposed == WhatIf() and run.finished and run.subject is None and not run.asking
    return AboutRound(Topic.ONE_CASE) if unread and not _OTHERWISE.search(text) else supposed


def _read_what_if(text: str, run: Run) -> WhatIf | None:
    asks = _ASKS.match(text) if len(text) <= LONGEST else None
    if asks is None:
        return None
    supposed = _BEHIND.sub("", text[asks.end() :])
    said = _I_SAID.fullmatch(supposed)
    answer = said[1] if said else None
    if answer and (behind := _TO_QUESTION.search(answer)):
        called = _called(behind["place"]) if behind["place"] else f"question {behind['number']}"
        supposed, answer = f"{called} is {answer[: behind.start()]}", None
    elif was := _PLACE_WAS.fullmatch(supposed):
        supposed = f"{_called(was['place'])} is {was['answer']}"
    if answer is None:
        numbered = read_numbered(supposed, run)
        if not isinstance(numbered, Answered):
            return WhatIf() if said or isinstance(numbered, NotAsked) else None
        [(question, given)] = list(numbered.answers.items())[:1]
        return WhatIf(question, given[0]) if len(given) == 1 else WhatIf()
    return _of_any_question(answer, run)


def _called(place: str) -> str:
    """Give what `read_numbered` knows a question by that is called by its place."""
    return f"the {place} {'one' if place.casefold() in ('last', 'previous') else 'question'}"


def _of_any_question(answer: str, run: Run) -> WhatIf:
    """Find the one question that has a choice which an answer names in words; a letter may be one of any of them."""
    if picked_mark(answer):
        return WhatIf()
    for reads in (read_wording, read_choice):
        named = [(question.id, choice.id) for question in run.numbered if (choice := reads(answer, question))]
        if named:
            return WhatIf(*named[0]) if len(named) == 1 else WhatIf()
    return WhatIf()
