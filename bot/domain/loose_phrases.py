"""What small talk says loosely: phrases with a gap, and kind words beside a greeting or thanks."""

import re
from collections.abc import Iterable, Mapping, Sequence

from bot.domain.matching_text import any_of

GAP = "…"  # in a phrase: a few words of whatever kind
MOST = 6  # words in a gap

# What asks something else within a gap: "thanks for the titles and what is an RE" is a question.
_VERB = r"(?:is|are|do|does|did|can|could|should|would|will)"
_ASKS = (
    rf"(?:and|or|so|then) (?:what|who|whom|why|how|which|when|where|{_VERB})"
    rf"|(?:what|who|whom|why|how|which|when|where) {_VERB}"
)
_WORD = rf"(?!(?:but|now|also|not|never|no|{_ASKS})\b)\w+"
_WORDS = rf"(?: {_WORD}){{0,{MOST}}}"
_WORDS_FIRST = rf"(?:{_WORD} ){{0,{MOST}}}"  # where a phrase begins with the gap
_QUESTION = re.compile(r"(?:who|whom|what|why|how|when|where|which|is|are|am|was|do|does|did|can|will|would|should)\b")
_DENIED = re.compile(r"\b(?:not|no|never|nothing|none|without|less|\w+nt)\b")
# Beside kind words these say nothing of their own.
_SMALL_WORDS = """
a all also always am an and are as at be been being bit by ever everybody everyone for from had has have having here i
in is it its just lot lots me much my of on our quite really so such super that the there these this those to today
together too totally truly us very was we were while with you your
"""
_SMALL = frozenset(_SMALL_WORDS.split())


class GappedPhrases:
    """Phrases with gaps, by the intent they mean, ready to be looked for.

    alike: groups of words that mean the same, in one spelling; a word of a phrase stands for its whole group.
    """

    def __init__(self, phrases: Mapping[str, Sequence[str]], alike: Iterable[Sequence[str]]) -> None:
        groups = {words: group for group in alike for words in group}
        self._any = re.compile(rf"\b(?:{any_of(groups)})\b") if groups else None
        self._groups = {words: f"(?:{any_of(group)})" for words, group in groups.items()}
        self._patterns = [
            (intent, re.compile("|".join(map(self._pattern, spelt)))) for intent, spelt in phrases.items() if spelt
        ]

    def read(self, text: str) -> str | None:
        """Give the intent of a text in one spelling, or None if it is no such phrase."""
        return next((intent for intent, pattern in self._patterns if pattern.fullmatch(text)), None)

    def _pattern(self, phrase: str) -> str:
        pieces = [piece.strip() for piece in phrase.split(GAP)]
        in_groups = [
            self._any.sub(lambda match: self._groups[match[0]], piece) if self._any else piece for piece in pieces
        ]
        if in_groups[0]:
            return f"{_WORDS} ".join(in_groups).rstrip()
        return _WORDS_FIRST + f"{_WORDS} ".join(in_groups[1:]).rstrip()


class KindWords:
    """Words that say no more than that somebody is pleased or wishes well: "very clear", "hope you are well"."""

    def __init__(self, words: Iterable[str]) -> None:
        alternatives = any_of(words)
        self._kind = re.compile(rf"\b(?:{alternatives})\b") if alternatives else None

    def are_all_of(self, text: str) -> bool:
        """Return whether a text in one spelling says nothing else; what asks or denies something does."""
        if self._kind is None or _DENIED.search(text):
            return False
        rest, count = self._kind.subn(" ", text)
        asks = _QUESTION.match(text) and not self._kind.match(text)
        return bool(count and not asks and _SMALL.issuperset(rest.split()))
