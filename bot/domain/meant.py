"""“I meant d”: another answer to the question that was answered last, or to the one that is open."""

import re

from bot.domain.fit import Given
from bot.domain.one_choice import PLACES, choice_at, picked_mark, read_choice_of_degree
from bot.domain.own_words import says_something
from bot.domain.quiz_content import AnyQuestion, HasChoices, Opening, Option
from bot.domain.quiz_run import Run
from bot.domain.readings import Answered
from bot.domain.two_choices import bare_letters, read_two

LONGEST = 200  # characters; who writes more has something else to say
# "that was a mistake", "I clicked the wrong one": that something else was meant, whatever it is
_WRONG_ONE = r"(?:the\s+)?wrong(?:\s+(?:one|answer|button|choice|key|letter|option|thing))?"
_SLIP = (
    r"(?:(?:(?:that|this|the|my)\s+(?:last\s+|previous\s+)?(?:one|answer)|that|this|it)(?:['’]?s|\s+is|\s+was)\s+(?:(?:a|an|my|just|not|so)\s+)*"
    r"(?:mistake|typo|mis-?click|slip|error|accident|by\s+(?:mistake|accident)|right|what\s+i\s+meant|wrong)"
    rf"|(?:i|we)\s+(?:(?:just|accidentally)\s+)*(?:(?:clicked|pressed|hit|picked|chose|typed|took|selected)\s+{_WRONG_ONE}"
    r"|mis-?(?:clicked|typed|read)(?:\s+(?:it|that|the\s+question))?|made\s+a\s+mistake|slipped|was\s+wrong)"
    rf"|by\s+(?:mistake|accident)|{_WRONG_ONE}"
    r"|my\s+(?:bad|mistake)|typo|mis-?click(?:ed)?|mistake)"
)
_FIRST = (
    r"\W*(?:(?:no|nope|oh|ah|argh|oops|whoops|ugh|wait|sorry|actually|hm+|well|but|ok|okay"
    rf"|{_SLIP})\b[\s,;:.!…–—-]*){{0,5}}"
)
_TO_SAY = r"(?:\s+to\s+(?:say|pick|choose|type|click|press|take|answer|put|select|write))?"
_MEANT = re.compile(
    rf"{_FIRST}(?:i\s+(?:(?:actually|really|just|of course)\s+)?(?:meant|wanted){_TO_SAY}"
    r"|(?:(?:it|that|this)\s+)?should(?:\s+have|['’]?ve)\s+been"
    rf"|meant{_TO_SAY}|(?P<mean>i\s+mean))\s+(?P<meant>.+)",
    re.IGNORECASE,
)
# "no wait, d": of a letter alone; "no, d" may deny it
_SIGNS = r"[\s,;:.!…–—-]+"
_WAIT = r"(?:wait|sorry|hold on|actually)"
_CORRECTED = re.compile(
    rf"\W*(?:(?:oh|ah|argh|ugh|hm+)\b{_SIGNS})*(?:(?:no|nope){_SIGNS}{_WAIT}|{_WAIT}{_SIGNS}(?:no|nope)|whoops|oops|{_SLIP})"
    rf"{_SIGNS}(?:make (?:it|that)\s+)?(?P<meant>[a-h]|[1-8])[\s.!]*",
    re.IGNORECASE,
)
# "put it back to a", "change my answer to papers"; and of a letter alone "make it b", "switch to b", "back to b"
_LAST_ANSWER = r"(?:it|(?:that|this)(?:\s+(?:one|answer))?|(?:my|the)(?:\s+(?:last|previous))?\s+(?:answer|choice|one))"
_ASKED = (
    r"(?:(?:please|just|let\s+me|let['’]?s|(?:can|could|would|will|may)\s+(?:you|i|we)"
    r"|i(?:['’]d|\s+would)\s+(?:like|prefer|rather)(?:\s+to)?|i\s+(?:want|need|have)\s+to)\b[\s,]*){0,3}"
)
_CHANGED_TO = re.compile(
    rf"{_FIRST}{_ASKED}(?:change|switch|set|put|correct|update|swap)\s+{_LAST_ANSWER}\s+(?:back\s+)?(?:to|as)\s+"
    # "change my answer to the second one" may call a question.
    rf"(?!(?:(?:the|my)\s+)?(?:{PLACES})\b)(?P<meant>.+)",
    re.IGNORECASE,
)
_LETTER_INSTEAD = re.compile(
    rf"{_FIRST}{_ASKED}(?:make\s+{_LAST_ANSWER}|(?:change|switch|swap)(?:\s+{_LAST_ANSWER})?\s+(?:back\s+)?(?:to|for|with)"
    r"|(?:(?:go|switch|change)\s+)?back\s+to|(?:(?:it|that|this)\s+)?should\s+be)\s+(?:(?:option|answer|choice|letter)\s+)?(?P<meant>[a-h])"
    r"(?:\s+(?:instead|please|pls|again|then))*[\s.!?]*",
    re.IGNORECASE,
)
# "d, not c", "d instead of c", "d, sorry"
_BEHIND = re.compile(
    r"(?:[\s,;–—-]+(?:(?:and\s+)?not\s+\S+|instead(?:\s+of\s+\S+)?|rather(?:\s+than\s+\S+)?|sorry|please|of course"
    r"|there|before|actually|then))*[\s.!]*$",
    re.IGNORECASE,
)
# "b, no wait, c", "b not a", "not a but b": within one message
_TURN = (
    r"(?:(?:no|nope|wait|sorry|actually|or\s+rather|rather|hm+|oh|i\s+meant?|make\s+(?:it|that)|scratch\s+that|oops|ugh)"
    r"\b[\s,;:.!…–—-]*)"
)
_CORRECTED_HERE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\W*[a-h]\b[\s,;:.!…–—-]*{_TURN}{{1,4}}([a-h])[\s.!]*",
        r"\W*not\s+[a-h][\s,;:.–—-]+but\s+(?:rather\s+)?([a-h])[\s.!]*",
        r"\W*([a-h])[\s,;–—-]+(?:(?:and\s+)?not|instead\s+of|rather\s+than)\s+[a-h][\s.!]*",
    )
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


def read_corrected(text: str, question: HasChoices) -> Option | None:
    """Find the choice by letter in a text that corrects itself, as "b, no wait, c" does; None if there is none."""
    match = next(filter(None, (pattern.fullmatch(text) for pattern in _CORRECTED_HERE)), None)
    return choice_at(match[1], question) if match else None


def _meant_in(text: str) -> str | None:
    """Give what a text says that was meant, in its words; None if it does not say so."""
    patterns = (_MEANT, _CORRECTED, _CHANGED_TO, _LETTER_INSTEAD) if len(text) <= LONGEST else ()
    match = next(filter(None, (pattern.fullmatch(text) for pattern in patterns)), None)
    if match is None:
        return None
    meant = _BEHIND.sub("", match["meant"])
    # "I mean a lot": with "mean" somebody explains as often as they correct, and these words name no choice.
    is_filler = match.re is _MEANT and match["mean"] and not picked_mark(meant) and not says_something(meant)
    return None if is_filler else meant


def _chosen(meant: str, question: AnyQuestion) -> Given:
    """Give the choice that was meant, or two, half of each; empty if it is none of the question, or either of two."""
    if mark := picked_mark(meant):
        choice = choice_at(mark, question)
    elif len(bare_letters(meant)) > 1 or _SEVERAL.fullmatch(meant):
        return () if isinstance(question, Opening) else read_two(meant, question)
    else:
        choice = read_choice_of_degree(meant, question)
    return (choice.id,) if choice else ()
