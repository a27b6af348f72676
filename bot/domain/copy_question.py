"""What the recipient of a shared result asks about it below the copy: how sure it is, who sees this, may I use it.

A message is such a question only if all of it is. What else stands there, such as "Monday?" or "I see it otherwise",
may be for the sender.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from bot.domain import smalltalk
from bot.domain.addressed import written_like_name
from bot.domain.quiz_content import TypedWords
from bot.domain.result_question import about_term

SHE = "she"  # in place of somebody who is named; phrases that say "he" or "them" are read alike
PERCENTAGE = "the percentage"  # in place of "71%"
TERM = "term"  # the name of a question what a word means that says how close a result is
SHARES = "shares"  # the name of such a word for which a recipient is told something else
BARS = "bars"
# Questions about a person, which are about the sender of a copy whatever else stands above them
OF_PERSON = frozenset(
    {"answers", "grading", "ask_her", "herself", "skipped", "who_sees_replies", "title", "tell", "talk", "person"}
    | {"compare", "review"}
)
_MENTION = re.compile(r"<@\w+(?:\|[^<>]*)?>(?:['’]s\b)?")
_PERSON = re.compile(r"<@\w+(?:\|[^<>]*)?>|\b(?:she|he|her|hers|him|his)\b", re.IGNORECASE)
_PERCENT = re.compile(r"\b\d{1,3}(?:[.,]\d+)?\s*(?:%|percent\b|per cent\b)", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2,}(?:['’]s\b)?")
_POSSESSIVE = re.compile(r"['’]s$")


class Shown(StrEnum):
    """What of a copy may stand below a reply; each is there only if the sender has shared it."""

    HEADLINE = "headline"
    REASONS = "reasons"
    BARS = "bars"
    ANSWERS = "answers"
    GRADED = "graded"
    GUIDE = "guide"


@dataclass(frozen=True)
class CopyQuestion:
    """A question about a copy, by its name in words.yaml; term: of a word that it asks about, as `AboutTerm` has it."""

    name: str
    term: str | None = None

    @property
    def is_of_person(self) -> bool:
        """Whether it is about the sender, rather than about "it", which may be something else that stands above."""
        return self.name in OF_PERSON


def read(text: str, talk: smalltalk.Talk, typed: TypedWords, is_term: Callable[[str], bool]) -> CopyQuestion | None:
    """Read a question about a copy; None for anything else.

    talk: the phrases by the names of the questions. is_term: whether a word is a role, a company or a person that the
    entries are about; somebody else who is named is taken for the sender.
    """
    if len(text) > smalltalk.MAX_CHARACTERS:
        return None
    if about := about_term(text, typed, alone=False):
        return CopyQuestion(BARS) if about.term == SHARES else CopyQuestion(TERM, about.term)
    name = read_name(_PERCENT.sub(PERCENTAGE, text), talk, is_term)
    return CopyQuestion(name) if name else None


def read_name(text: str, talk: smalltalk.Talk, is_term: Callable[[str], bool]) -> str | None:
    """Give the name of the question in `talk` that a text is, whoever is named in it; None for anything else.

    The phrases say "she" of the one other person whom all is about. is_term: as for `read`.
    """
    for spelling in dict.fromkeys((_MENTION.sub(SHE, text), without_names(text, talk, is_term))):
        name = smalltalk.read(spelling, talk)
        if name in talk.phrases:
            return name
    return None


def without_names(text: str, talk: smalltalk.Talk, is_term: Callable[[str], bool]) -> str:
    """Put SHE for whoever is mentioned or named in a text; talk and is_term: as for `read`."""
    return _with_names(_MENTION.sub(SHE, text), _vocabulary(talk), is_term)


def speaks_of_person(text: str) -> bool:
    """Return whether a text below a copy speaks of one person, who is its sender where no entry knows of anybody."""
    return _PERSON.search(text) is not None


def _with_names(text: str, known: frozenset[str], is_term: Callable[[str], bool]) -> str:
    """Put SHE for each name of a person that a text has within a sentence: "should I change Ana's title"."""

    def put(match: re.Match[str]) -> str:
        word = _POSSESSIVE.sub("", match[0])
        is_name = word.casefold() not in known and written_like_name(word) and not is_term(word)
        return SHE if is_name else match[0]

    return _WORD.sub(put, text)


@lru_cache(maxsize=4)
def _vocabulary(talk: smalltalk.Talk) -> frozenset[str]:
    """Give the words that phrases have, none of which is taken for a name."""
    phrases = [phrase for group in (*talk.phrases.values(), *talk.gapped.values(), *talk.alike) for phrase in group]
    return frozenset(word for phrase in (*phrases, *talk.around) for word in smalltalk.plain(phrase).split())
