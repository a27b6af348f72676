"""Two choices of a question, as somebody typed them: half of each, more of one than of the other, or either."""

import re
from collections.abc import Iterable
from itertools import chain

from rapidfuzz import utils

from bot.domain.fit import Given
from bot.domain.one_choice import LEAD, SURE, asks_or_denies, picked_mark, read_choice, read_pick, read_wording
from bot.domain.own_words import MAYBE, MOST_GUESSES, SHORT, SMALL_WORDS, hinted, scored
from bot.domain.quiz import LETTERS
from bot.domain.quiz_content import AnyQuestion, HasChoices, Option

MOST_TAKEN = 2  # choices of one answer
MOST_PARTS = 10  # of an answer that takes two choices; what has more is a story
_BETWEEN = re.compile(r"\b(?:and|to|into|as|is|please)\b|[^\w?]", re.IGNORECASE)
_LETTERS = re.compile(rf"(?:[{LETTERS}]\s+)+[{LETTERS}]", re.IGNORECASE)
_HALF = re.compile(
    r"\b(?:half\s*(?:and|&|-and-)\s*half|half[- ]half|fifty[- ]fifty|50\s*[/:-]\s*50|half|halves|both|equally|equal"
    r"|even(?:ly)?|(?:a )?(?:mix|mixture|blend|split) (?:of|between)|in the middle"
    r"|(?:somewhere )?in[- ]between|somewhere between)\b",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"\b(?:about|around|roughly|mostly|more or less|it'?s|it is|i'?d say|parts?|of|the|each|really"
    r"|(?:kind|sort)s? of)\b",
    re.IGNORECASE,
)
# "mostly a with some b", "a, mostly, but sometimes b": of two choices one has more and the other less.
_MORE = "mostly|mainly|primarily|largely"
# How often, and not how much: what comes only now and then is no half.
_RARELY = (
    r"sometimes|occasionally|at times|(?:every )?now and (?:then|again)|once in a while|from time to time"
    r"|(?:only |very )?(?:rarely|seldom)|hardly ever|(?:once )?in a blue moon"
)
_RARE = re.compile(rf"[\s,;–-]{{0,6}}\b(?:(?:and|but|plus)\s+)?(?:then\s+)?(?:{_RARELY})\b", re.IGNORECASE)
# "Sometimes, but mostly b": what stands behind the word is another thing than what is rare.
_RARE_BEFORE = re.compile(r"\s*(?:[,;:.!–-]|(?:and|but|or|otherwise|else)\b|$)", re.IGNORECASE)
_USUAL = re.compile(rf"\b(?:{_MORE}|usually|always|normally|otherwise|else|half|most)\b", re.IGNORECASE)
_LESS = (
    rf"{_RARELY}|partly|(?:and |but )?also|some"
    r"|(?:a )?(?:(?:little )?bits?|dash|tad|touch)(?: of)?|a little(?: of)?"
)
# "more a than b"
_MORE_THAN = re.compile(
    r"(?:(?:it['’]?s|it is|i['’]?d say|probably|rather|well|hm+|a bit|slightly|much)\s+)*"
    r"more\s+(?:(?:of|like)\s+)?(.+?)\s+than\s+(?:of\s+)?(.+?)[\s.!]*",
    re.IGNORECASE,
)
_MOST_OF_IT = re.compile(rf"\b(?:{_MORE})\b", re.IGNORECASE)
_MORE_OR_LESS = re.compile(rf"\b(?:{_MORE}|{_LESS})\b", re.IGNORECASE)
_AND_BUT = "and|but|with|plus"
_BESIDE = re.compile(rf"\b(?:{_AND_BUT})\b|[,;/&+]", re.IGNORECASE)
# "software engineering i guess but also ml", "papers, or maybe datasets": of two choices neither is the answer yet.
_HEDGES = "also|or|either|maybe|perhaps|possibly|sometimes|partly|(?:could|might|may) be"
_HEDGING = re.compile(rf"\b(?:{_HEDGES}|i guess)\b", re.IGNORECASE)
_OF_A_HEDGE = re.compile(rf"\b(?:{_HEDGES}|{_AND_BUT}|i (?:guess|think|suppose))\b|[.,;/&+]", re.IGNORECASE)
_CLAUSES = re.compile(r"[.,;]")
_OR = re.compile(r"[\s,]+or[\s,]+", re.IGNORECASE)
_OF_A_GUESS = re.compile(r"\b(?:i (?:guess|think|suppose)|maybe|perhaps|probably|it depends|depends)\b", re.IGNORECASE)
# Around "both" or "equally", words that do not say of what.
_OF_BOTH = SMALL_WORDS | {"bit", "matter", "matters", "same", "split", "way", "ways"}
_AND = re.compile(r"(?<=\s)and(?=\s)|[,;/&+]", re.IGNORECASE)


def read_two(text: str, question: AnyQuestion) -> Given:
    """Read an answer that takes two choices, or most of one; empty if it is none."""
    return (
        read_more_than(text, question)
        or read_usual(text, question)
        or read_halves(text, question)
        or read_more_or_less(text, question)
    )


def read_more_than(text: str, question: AnyQuestion) -> Given:
    """Read "more a than b", two choices by their letters or numbers, each of which gets a half; empty if it is none."""
    match = _MORE_THAN.fullmatch(text)
    picked = [read_pick(part, question) for part in match.groups()] if match else []
    chosen = tuple(dict.fromkeys(choice.id for choice in picked if choice))
    return chosen if len(chosen) == 2 else ()


def read_usual(text: str, question: AnyQuestion) -> Given:
    """Read what is usual in an answer that names it first, and then what comes now and then; empty if it is none.

    "A feature and sometimes a paper" is the feature, as the questions ask for what fills most of the week.
    """
    usual, *rare = _RARE.split(text)
    if not rare or asks_or_denies(text) or any(_RARE_BEFORE.match(part) or _USUAL.search(part) for part in rare):
        return ()
    usual = _FILLER.sub(" ", _MOST_OF_IT.sub(" ", usual)).strip(" .,;!-–")
    choice = read_choice(usual, question) if usual else None
    if choice is None or not all(read_choice(part, question) or _likely(part, question) for part in rare):
        return ()
    return (choice.id,)


def read_halves(text: str, question: AnyQuestion) -> Given:
    """Read an answer that takes half of each of two choices; empty if it is none.

    Such are "half a, half c", "about half papers and half shipping", "a and b". What asks something, or denies a
    choice, is none: "half a, half not b".
    """
    if asks_or_denies(text):
        return ()
    by_halves = says_half(text)
    parts = _without_fillers(_AND.split(_HALF.sub(",", text)))
    if by_halves:  # "50/50 a c"
        parts = [piece for part in parts for piece in (part.split() if _LETTERS.fullmatch(part) else [part])]
    if len(parts) > MOST_PARTS:
        return ()
    if not by_halves and not all(map(picked_mark, parts)):
        return ()
    choices = [choice for part in parts if (choice := read_choice(part, question) or _likely(part, question))]
    chosen = tuple(dict.fromkeys(choice.id for choice in choices))
    return chosen if len(chosen) == 2 and len(choices) == len(parts) else ()


def read_more_or_less(text: str, question: AnyQuestion) -> Given:
    """Read an answer that takes more of one choice and less of another, or most of one; empty if it is none.

    Of two each gets a half, which is as near as an answer comes to that. Who names them in words has to name either as
    surely as alone.
    """
    if not _MORE_OR_LESS.search(text) or asks_or_denies(text):
        return ()
    parts = _without_fillers(_BESIDE.split(_MORE_OR_LESS.sub(",", text)))
    if len(parts) == 1 and _MOST_OF_IT.search(text):
        most = read_pick(parts[0], question)
        return (most.id,) if most else ()
    if len(parts) != 2:
        return ()
    chosen = tuple(dict.fromkeys(choice.id for part in parts if (choice := read_choice(part, question))))
    return chosen if len(chosen) == 2 else ()


def read_little(text: str, question: AnyQuestion) -> tuple[str, ...]:
    """Read what takes something of one choice and says nothing of the rest, as "partly b" does; empty if it does not.

    Whether that choice is the answer has to be asked.
    """
    if not _MORE_OR_LESS.search(text) or _MOST_OF_IT.search(text) or asks_or_denies(text):
        return ()
    parts = _without_fillers(_BESIDE.split(_MORE_OR_LESS.sub(",", text)))
    some = read_pick(parts[0], question) if len(parts) == 1 else None
    return (some.id,) if some else ()


def read_hedged(text: str, question: AnyQuestion) -> tuple[str, ...]:
    """Read an answer that names one choice and hedges with something of another; empty if it is none.

    Which of the two is meant has to be asked.
    """
    if not _HEDGING.search(text) or asks_or_denies(text):
        return ()
    pieces = ([piece] if read_wording(piece, question) else _OF_A_HEDGE.split(piece) for piece in _CLAUSES.split(text))
    parts = _without_fillers(chain.from_iterable(pieces))  # "a sprint or two" is one
    if len(parts) > MOST_PARTS:
        return ()
    named = {choice.id for part in parts if (choice := read_choice(part, question))}
    beside = {choice.id for part in parts if not read_choice(part, question) and (choice := hinted(part, question))}
    choices = tuple(choice.id for choice in question.choices if choice.id in named | beside)
    return choices if named and len(choices) == MOST_GUESSES else ()


def read_or(text: str, question: AnyQuestion) -> tuple[str, ...]:
    """Read an answer with an "or" that names one choice on one side and may mean another on the other; empty if none.

    Such is "months I guess, or years", and none is "a couple of weeks or a couple of months", which are the same one.
    """
    sides = _without_fillers(_OF_A_GUESS.sub(" ", side).strip(" ,") for side in _OR.split(text))
    if len(sides) != 2 or asks_or_denies(text) or any(len(side) < SHORT for side in sides):
        return ()
    near = [_nearest(side, question) for side in sides]
    for side, own, others in zip(sides, near, reversed(near), strict=True):
        if (choice := read_choice(side, question)) and others and choice.id not in others:
            likeliest = next((other for other in others if other in own), others[0])
            return tuple(option.id for option in question.choices if option.id in (choice.id, likeliest))
    return ()


def _nearest(text: str, question: AnyQuestion) -> list[str]:
    """Give the choices that a few words surely may mean, those that come as near as the nearest; none if none does."""
    ranked = scored(utils.default_process(text), question)
    best = max(SURE, ranked[0][0] - LEAD)
    return [choice.id for score, choice in ranked if score >= best]


def is_both(text: str) -> bool:
    """Say whether a text is "both" or "half and half", and nothing that says of what."""
    rest = utils.default_process(_FILLER.sub(" ", _HALF.sub(" ", text))).split()
    return says_half(text) and _OF_BOTH.issuperset(rest)


def says_half(text: str) -> bool:
    """Say whether a text has "half", "both", "50/50" or the like in it."""
    return _HALF.search(text) is not None


def bare_letters(text: str) -> list[str]:
    """Give the letters of choices in a text such as "half b and d"; none if it says anything else."""
    words = _BETWEEN.sub(" ", _FILLER.sub(" ", _HALF.sub(" ", text))).split()
    return words if all(len(word) == 1 and word.isalpha() for word in words) else []


def _without_fillers(pieces: Iterable[str]) -> list[str]:
    """Give the pieces of a text without words that say nothing, but for those of which nothing is left."""
    return [part for piece in pieces if (part := _FILLER.sub(" ", piece).strip(" .!-–"))]


def _likely(text: str, question: HasChoices) -> Option | None:
    """Find the choice that a part of a sentence names; a lower score is enough than for a whole answer."""
    (best, choice), (next_best, _) = scored(utils.default_process(text), question)[:2]
    return choice if best >= MAYBE and best - next_best >= LEAD else None
