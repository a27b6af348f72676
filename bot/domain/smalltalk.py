"""What people say to a bot besides questions: greetings, thanks, who are you, who can see this, stop, that's wrong.

A message is small talk only if all of it is: "hi, what is an MTS?" is a question.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from rapidfuzz import fuzz, process, utils
from rapidfuzz.distance import OSA

MAX_CHARACTERS = 160  # who writes more has something else to say
SHORT, LONG = 5, 16  # letters; in less than SHORT none may be wrong, in fewer than LONG one, in more two
SAME = 92  # fuzz.token_sort_ratio in [0, 100] of phrases of three words or more, in whatever order
ACKNOWLEDGEMENT = "acknowledgement"
COURTESIES = (ACKNOWLEDGEMENT, "greeting", "thanks", "bye")  # may stand before or behind anything else

_MARKUP = re.compile(r"<[@#!][^>]*>|:skin-tone-\d:")
_EMOJI = re.compile(r":[a-z0-9_+\-]+:")
_PART = re.compile(r"[.,!?;…\n]+|\s[-–—]+\s")
_DRAWN_OUT = re.compile(r"(\w)\1{2,}")
_NOT = re.compile(r"\b(?:not|no|never|dont|isnt|cant|wont|doesnt)\b")
# What says nothing: what the bot is called, and what people put around a word.
_FILLERS = frozenset(
    {"actually", "and", "but", "haha", "hmm", "honestly", "just", "lol", "oh", "ok", "okay", "please", "pls", "plz"}
    | {"really", "so", "sorry", "tbh", "then", "um", "well", "bot", "robot", "rolefit"}
)
_WRITTEN_OUT = {
    "whats": "what is", "whos": "who is", "hows": "how is", "wheres": "where is", "thats": "that is", "its": "it is",
    "im": "i am", "id": "i would", "youre": "you are", "u": "you", "r": "are", "ur": "your", "wanna": "want to",
    "could": "can",
}  # fmt: skip


class Talk(Protocol):
    """What people say to a bot besides questions."""

    @property
    def phrases(self) -> Mapping[str, tuple[str, ...]]:
        """The phrases by the intent they mean; the intents in COURTESIES must be among them."""

    @property
    def alike(self) -> Sequence[Sequence[str]]:
        """Words that mean the same in phrases, in groups; none may stand in two."""

    def __hash__(self) -> int:
        """Phrases are prepared once for each value."""


def read(utterance: str, talk: Talk) -> str | None:
    """Give the intent of small talk, or None if any of it is something else.

    Where it is more than one thing, what is not a courtesy counts: "hi, who are you? thanks" asks who we are. A
    letter wrong, emoji, the bot's name, and somebody's name after a courtesy ("thanks Anna") do no harm.
    """
    if len(utterance) > MAX_CHARACTERS:
        return None
    text = _MARKUP.sub(" ", utterance)
    phrases, alike = _phrases(talk)
    parts = [part for part in _PART.split(_EMOJI.sub(" ", text)) if plain(part)]
    # "Please" alone says nothing, unless it is all that is said.
    parts = [part for part in parts if bare(part) or plain(part) in phrases] or parts
    intents = [_part(part, phrases) or alike.read(part) or _to_somebody(part, phrases) for part in parts]
    if not intents:
        return ACKNOWLEDGEMENT if _EMOJI.search(text) or any(map(_is_symbol, text)) else None
    if None in intents:
        return None
    wish = next((intent for intent in intents if intent not in COURTESIES), None)
    return wish or next((intent for intent in reversed(intents) if intent != ACKNOWLEDGEMENT), ACKNOWLEDGEMENT)


def _is_symbol(character: str) -> bool:
    return unicodedata.category(character) == "So"  # such as an emoji


def bare(text: str) -> str:
    """Give the words of a text that say something: "Hmm, I really don't know :shrug:" is "i dont know"."""
    return " ".join(word for word in plain(_EMOJI.sub(" ", text)).split() if word not in _FILLERS)


def plain(text: str) -> str:
    """Give the words of a text in one spelling: "What's up?" and "whats up" are the same."""
    text = utils.default_process(text.replace("’", "").replace("‘", "").replace("'", ""))
    return " ".join(_WRITTEN_OUT.get(word, word) for word in _DRAWN_OUT.sub(r"\1", text).split())


class _Phrases(dict[str, str]):
    """What each phrase means, in one spelling; and the phrases by their length."""

    def __init__(self, intents: Mapping[str, str]) -> None:
        super().__init__(intents)
        self._by_length: dict[int, list[str]] = {}
        for phrase in intents:
            self._by_length.setdefault(len(phrase), []).append(phrase)

    def as_long_as(self, length: int, give_or_take: int) -> list[str]:
        """Give the phrases whose length is this one, more or less."""
        lengths = range(length - give_or_take, length + give_or_take + 1)
        return [phrase for number in lengths for phrase in self._by_length.get(number, ())]


class Alike:
    """The phrases with the first of a group of words in place of the others: "my boss" for "my manager"."""

    def __init__(self, talk: Talk) -> None:
        groups = [[plain(words) for words in group] for group in talk.alike]
        self._first = {words: group[0] for group in groups for words in group}
        longest_first = "|".join(re.escape(words) for words in sorted(self._first, key=len, reverse=True))
        self._pattern = re.compile(rf"\b(?:{longest_first})\b") if longest_first else None
        spelt = {self.spelling(phrase): intent for intent, phrases in talk.phrases.items() for phrase in phrases}
        self._phrases = _Phrases(spelt)

    def spelling(self, text: str) -> str:
        """Give the words of a text in one spelling, each by the first of its group."""
        return self._pattern.sub(lambda match: self._first[match[0]], plain(text)) if self._pattern else plain(text)

    def read(self, part: str) -> str | None:
        """Give the intent of a part of a message, or None if it is something else."""
        text = self.spelling(part)
        without_fillers = " ".join(word for word in text.split() if word not in _FILLERS)
        intents = (_whole(spelling, self._phrases) for spelling in dict.fromkeys((text, without_fillers)))
        return next(filter(None, intents), None)


@lru_cache(maxsize=2)
def _phrases(talk: Talk) -> tuple[_Phrases, Alike]:
    phrases = {plain(phrase): intent for intent, phrases in talk.phrases.items() for phrase in phrases}
    return _Phrases(phrases), Alike(talk)


def _part(part: str, phrases: _Phrases) -> str | None:
    text, without_fillers = plain(part), bare(part)
    intent = _whole(text, phrases)
    if intent is None and without_fillers != text:
        intent = _whole(without_fillers, phrases)
    return intent


def _whole(text: str, phrases: _Phrases) -> str | None:
    """Read a part of a message: a phrase, or one with a courtesy before or behind it."""
    if intent := phrases.get(text) or _nearly(text, phrases):
        return intent
    words = text.split()
    for at in range(len(words) - 1, 0, -1):
        before, behind = " ".join(words[:at]), " ".join(words[at:])
        if phrases.get(before) in COURTESIES and (intent := phrases.get(behind) or _nearly(behind, phrases)):
            return intent
        if phrases.get(behind) in COURTESIES and (intent := phrases.get(before) or _nearly(before, phrases)):
            return intent
    return None


def _to_somebody(part: str, phrases: _Phrases) -> str | None:
    """Read a courtesy and a name: "thanks anna", "Hi Anna"; "hi openai" may be about OpenAI."""
    before, _, name = plain(part).rpartition(" ")
    intent = phrases.get(before)
    called = name.isalpha() and (intent != "greeting" or part.rsplit(maxsplit=1)[-1].istitle())
    return intent if intent in COURTESIES and intent != ACKNOWLEDGEMENT and called else None


def _nearly(text: str, phrases: _Phrases) -> str | None:
    """Find a phrase with a letter or two wrong, or with its words in another order."""
    if len(text) < SHORT:
        return None
    wrong = 1 if len(text) < LONG else 2
    mistyped = process.extractOne(text, phrases.as_long_as(len(text), wrong), scorer=OSA.distance, score_cutoff=wrong)
    phrase = mistyped[0] if mistyped else ""
    if not phrase and text.count(" ") > 1:
        # What differs more in length than this cannot be as similar; source: rapidfuzz's ratio, 1 - distance / lengths.
        alike = phrases.as_long_as(len(text), int(len(text) * 2 * (100 - SAME) / SAME))
        reordered = process.extractOne(text, alike, scorer=fuzz.token_sort_ratio, score_cutoff=SAME)
        phrase = reordered[0] if reordered else ""
    if len(phrase) < SHORT or bool(_NOT.search(text)) != bool(_NOT.search(phrase)):
        return None
    return phrases[phrase]
