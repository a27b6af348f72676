"""“Who uses it today?”: what to say, where the bot was asked, to a follow-up of an answer that stands above it."""

import re

from bot.domain.faq import Answer, NoAnswer, Reply, Suggestions, is_elliptic
from bot.domain.follow_up import TIMES_AND_PLACES
from bot.domain.matching import Index

# "who disagreed?", "and when?": of whom or what is not said
_OF_SOMETHING_SAID = re.compile(
    r"\W*(?:(?:and|but|so|ok|okay)\W+)?(?:by |for |since )?(?:who|whom|when|where|how (?:long|many|much|far))"
    r"(?: exactly| else| then)?(?: (?!is\b|are\b)(?:\w+ed|said|won|wrote|began|left|lost|thought|took part))?\W*",
    re.IGNORECASE,
)
_DETAIL = re.compile(
    r"\W*(?:(?:and|but|so|ok|okay)\W+)?(?:who|what|when|where|why|which|how|did|was|were)\b.*\bthe\s+\w+", re.IGNORECASE
)
_WORD = re.compile(r"[\w’'-]+")
LONG = 5  # letters of a word that says what a question is about
MOST_OF_DETAIL = 10  # words of a question about something in an answer
_ASKING_WORDS = frozenset(
    {"where", "which", "there", "their", "these", "those", "about", "would", "could", "should", "other"}
)
_ORDINALS = frozenset({"first", "second", "third", "last", "other", "former", "latter"})


def may_ask_for_detail(utterance: str) -> bool:
    """Return whether a message may ask about something in an answer above it: "how long did the first phase take?"."""
    if len(_WORD.findall(utterance)) > MOST_OF_DETAIL:
        return False
    return bool(_OF_SOMETHING_SAID.fullmatch(utterance) or _DETAIL.match(utterance))


def asks_for_detail(utterance: str, answer: str) -> bool:
    """Return whether a message asks about something that an answer says, by the words that both have."""
    if not may_ask_for_detail(utterance):
        return False
    if _OF_SOMETHING_SAID.fullmatch(utterance):
        return True
    words = set(_WORD.findall(utterance.casefold())) - TIMES_AND_PLACES
    telling = {word for word in words if len(word) >= LONG or word in _ORDINALS} - _ASKING_WORDS
    return not telling.isdisjoint(_WORD.findall(answer.casefold()))


def reply_below(reply: Reply, utterance: str, above: str, index: Index, answer: str = "") -> Reply | None:
    """Choose what to say below the answer `above`, an entry; None if that answer is all that there is to say.

    reply: to the message, in the light of that answer. It does not suggest what was just answered, nor say the same to
    "what do they do all day?"; and of "what about startups?", which says no more than what it is about, the only
    suggestion is the answer. answer: what it says.
    """
    if isinstance(reply, Answer) and index.in_full(utterance, above) is not None:
        return None if [candidate.entry for candidate in reply.entries] == [above] else reply
    if not isinstance(reply, Suggestions | NoAnswer):
        return reply
    if index.is_bare(utterance):
        return None
    suggested = reply.candidates if isinstance(reply, Suggestions) else ()
    others = tuple(candidate for candidate in suggested if candidate.entry != above)
    if len(others) == 1 and others == suggested and is_elliptic(utterance):
        return Answer(others)
    if others:
        return Suggestions(others)
    is_said = bool(suggested) or index.points_back(utterance) or (answer != "" and asks_for_detail(utterance, answer))
    return None if is_said else NoAnswer()
