"""Words -> terms that count: misspellings repaired, synonyms taken together, weighted, with their relatives."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import compress, count
from operator import ne
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA
from Stemmer import Stemmer

from bot.domain.content import Concept, Synonyms
from bot.domain.matching_text import OPAQUE, plain, words

SHORT = 3  # letters of a word that is an abbreviation as likely as a misspelling
EVERYWHERE = 6.0  # Zipf frequency of the hundred most common words
COMMON = 3.0  # Zipf frequency from which a word is ordinary English and no misspelling of ours
UNKNOWN = 1.5  # Zipf frequency of words that the table does not have
STEM_CREDIT = 0.7  # "engineering" is not "engineer", but near it
RELATED_CREDIT = 0.5  # what a related word is worth at a nearness of 1
PART_CREDIT = 0.4  # what a word of an expression is worth
NAME = "name"  # the kind of concept that stands for itself alone
EVERYDAY = 3000  # so many of the most common English words are taken for what was meant, too
REMEMBERED = 20_000  # words whose reading is kept
LAST_READ = 16  # sentences whose terms are kept, as each question about a message asks for them again
Key = TypeVar("Key")
Made = TypeVar("Made")
Credits = Sequence[tuple[str, float]]  # keys, with what each is worth
_ONE_SHORT_VOWEL = re.compile(r"[^aeiou]+[aeiou][^aeiouwxy]")


@dataclass(frozen=True, slots=True)
class Term:
    """A word or expression of a message.

    `key` is what it counts as: "=name" for a concept, else the word without its plural. `topical` and `substance` are
    in [0, 1]: how telling it is to share it, and how much it says. `taken_for` is `typed` with misspellings repaired.
    `kind` is that of its concept.
    """

    key: str
    topical: float
    substance: float
    typed: str
    taken_for: str
    kind: str | None = None


@dataclass(frozen=True, repr=False)
class English:
    """What is known of ordinary English words, most common first.

    zipf: ten times the Zipf frequency of each word. substance: from 0 for words that change nothing in a sentence
    ("really") to 255 for words that make it another ("salary"). related: words × 8, uint32, an index << 8 | nearness
    (0 to 255), nearest first, 0 for none.
    """

    words: Sequence[str]
    zipf: Sequence[int]
    substance: Sequence[int]
    related: npt.NDArray[np.uint32]

    @cached_property
    def _index(self) -> dict[str, int]:
        return dict(zip(self.words, range(len(self.words)), strict=True))

    def frequency(self, word: str) -> float:
        """Give a word's Zipf frequency: 7 for the most common, 3 for one in a million."""
        at = self._index.get(word)
        return UNKNOWN if at is None else self.zipf[at] / 10

    def weigh(self, word: str) -> tuple[float, float]:
        """Return how topical a word is and how much it says, in [0, 1]; unknown words are and say most.

        Topical is what is rare and says much: either alone makes too much of "shall" or of "people".
        """
        at = self._index.get(word)
        if at is None:
            return 1.0, 1.0
        rarity = min(1.0, max(0.0, (6.3 - self.zipf[at] / 10) / 4))
        substance = self.substance[at] / 255 if rarity else 0.0
        return (rarity + substance) / 2, substance

    def weigh_together(self, words: Sequence[str]) -> tuple[float, float]:
        """Weigh an expression: rarer than each of its words, and saying as much as they do together."""
        common, empty = 1.0, 1.0
        for word in words:
            rarity, substance = self.weigh(word)
            common, empty = common * (1 - rarity), empty * (1 - substance)
        return 1 - common, 1 - empty

    def near(self, word: str) -> list[tuple[int, float]]:
        """Give the places of the words related to one, with their nearness in (0, 1]."""
        at = self._index.get(word)
        if at is None:
            return []
        return [(packed >> 8, (packed & 255) / 255) for packed in self.related[at].tolist() if packed]


class Lexicon:
    """Words -> terms, and terms -> the keys of a vocabulary that they count for, fully or in part."""

    def __init__(self, synonyms: Synonyms, english: English) -> None:
        self._english = english
        self._stem = Stemmer("english", maxCacheSize=0).stemWord
        # Expressions by their first word and then by all, the longest first; their concept, and whether they are short.
        self._phrases: dict[str, dict[tuple[str, ...], list[tuple[str, bool]]]] = {}
        self._lengths: dict[str, list[int]] = {}  # of those, by the first word, the longest first
        self._second: dict[str, set[str]] = {}  # second words of those, by the first; "" if one has no other word
        self._alone: dict[str, str] = {}  # the concept of a word that is an expression by itself, and not a short one
        self._concepts: dict[str, tuple[float, str | None]] = {}
        self._known: set[str] = set()
        self._learnt: set[str] = set()
        self._spelling: dict[tuple[str, int], list[str]] = {}
        self._stems: dict[str, list[str]] = {}
        self._everyday: dict[tuple[str, int], list[str]] = {}
        for word in english.words[:EVERYDAY]:
            self._everyday.setdefault((word[0], len(word)), []).append(word)
        self._singles: dict[str, Term] = {}
        self._expressions: dict[tuple[str, tuple[str, ...]], Term] = {}
        self.spelling = _Remembered(self._spelt).__getitem__
        self._terms_of_last = lru_cache(maxsize=LAST_READ)(self.terms)
        self._related = _Remembered(self._keys_of_related)
        self._same_stems = _Remembered(self._keys_of_same_stem)
        for concept in synonyms.concepts:
            self._add(concept)
        self._lengths = {first: sorted({*map(len, phrases)}, reverse=True) for first, phrases in self._phrases.items()}

    def _add(self, concept: Concept) -> None:
        key = f"={concept.name}"
        weights = []
        for term in concept.terms:
            phrase = words(term)
            # "RE" is a research engineer, "re" is "about".
            short = term.isupper() and len(term) <= 3 and self._english.frequency(phrase[0]) >= COMMON
            self._add_phrase(phrase, key, short=short)
            if not short:
                weights.append(self._english.weigh_together(phrase)[0])
                if len(phrase) == 1 and concept.kind != NAME:
                    for form in _inflected(phrase[0]):
                        self._add_phrase((form,), key)
                        self._know(form)
            for word in phrase:
                self._know(word)
        self._concepts[key] = (_lower_quartile(weights), concept.kind)

    def _add_phrase(self, phrase: tuple[str, ...], key: str, *, short: bool = False) -> None:
        self._phrases.setdefault(phrase[0], {}).setdefault(phrase, []).append((key, short))
        self._second.setdefault(phrase[0], set()).add(phrase[1] if len(phrase) > 1 else "")
        if len(phrase) == 1 and not short:
            self._alone.setdefault(phrase[0], key)

    def learn(self, terms: Iterable[Term]) -> None:
        """Take the terms of an entry into the vocabulary."""
        for term in terms:
            if term.taken_for not in self._learnt:
                self._learnt.add(term.taken_for)
                same = self._stems.setdefault(self.stem(term.key), [])
                if term.key not in same:
                    same.append(term.key)
                for word in term.taken_for.split():
                    self._know(word)

    def _know(self, word: str) -> None:
        if word not in self._known:
            self._known.add(word)
            if len(word) >= 4:
                self._spelling.setdefault((word[0], len(word)), []).append(word)

    def terms_of_message(self, spelt: tuple[str, ...], typed: tuple[str, ...]) -> Sequence[Term]:
        """Read the words of a message as `terms` does; those of the last sentences are kept."""
        return self._terms_of_last(spelt, typed)

    def terms(self, spelt: tuple[str, ...], typed: tuple[str, ...]) -> Sequence[Term]:
        """Read correctly spelt words as terms, the longest synonyms first; `typed` has them as they were typed."""
        singles, seconds = self._singles, self._second
        terms = [singles.get(word) or self._single(word) for word in spelt]
        for at in compress(count(), map(ne, spelt, typed)):  # the first, most often, for its capital
            if (lowered := typed[at].casefold()) != spelt[at]:
                terms[at] = _typed(terms[at], lowered)
        joined, behind = list[Term](), 0
        for at in compress(count(), map(seconds.__contains__, spelt)):  # where an expression may begin
            if at < behind or seconds[spelt[at]].isdisjoint(("", *spelt[at + 1 : at + 2])):
                continue
            length, key = self._phrase(spelt, at, typed)
            if key is not None:
                joined += terms[behind:at]
                behind = at + length
                joined.append(self._expression(key, spelt[at:behind], typed[at:behind]))
        return [*joined, *terms[behind:]] if joined else terms

    def stem(self, key: str) -> str:
        """Give a word's Snowball stem; a concept has none but itself."""
        return key if key[0] == "=" else self._stem(key)

    def kind(self, key: str) -> str | None:
        """Give the kind of a concept, by its key; words of no concept have none."""
        return self._concepts[key][1] if key[0] == "=" else None

    def expand(self, term: Term) -> dict[str, float]:
        """Give the keys of the vocabulary that a term counts for, with the credit of each, in (0, 1].

        Those are its own, those of the same stem, and those of its parts or of related words (query expansion).
        """
        said = [(self._same_stems[term.key], 1.0)]
        if term.kind != NAME and term.taken_for != OPAQUE:
            parts = term.taken_for.split()
            if len(parts) > 1:
                said += [(self._same_stems[self._single(part).key], PART_CREDIT) for part in parts]
            else:
                related, near = self._related, self._english.near(term.taken_for)
                said += [(keys, nearness * RELATED_CREDIT) for at, nearness in near if (keys := related[at])]
        credit_by_key: dict[str, float] = {}
        for of_stem, worth in said:
            for key, credit in of_stem:
                value = worth * credit
                if value > credit_by_key.get(key, 0.0):
                    credit_by_key[key] = value
        return credit_by_key

    def _keys_of_related(self, at: int) -> Credits:
        """Give the keys that a related word counts for, by its place among the English words; none for a name."""
        key, kind = self._key(self._english.words[at])
        return () if kind == NAME else self._keys_of_same_stem(key)

    def _keys_of_same_stem(self, key: str) -> Credits:
        """Give the keys of the vocabulary that have the stem of this one. To be asked once all entries are learnt."""
        same = self._stems.get(self.stem(key))
        if same is None:  # as of most related words
            return ()
        return tuple([(same_stem, 1.0 if same_stem == key else STEM_CREDIT) for same_stem in same])

    def _expression(self, key: str, phrase: tuple[str, ...], typed: tuple[str, ...]) -> Term:
        """Read an expression that counts as a concept."""
        term = self._expressions.get((key, phrase))
        if term is None:
            topical, kind = self._concepts[key]
            taken_for = " ".join(phrase)
            term = Term(key, topical, self._english.weigh_together(phrase)[1], taken_for, taken_for, kind)
            self._expressions[key, phrase] = term  # there are no more than concepts have terms
        return term if typed == phrase else _typed(term, " ".join(typed).casefold())

    def _single(self, word: str) -> Term:
        """Read one correctly spelt word."""
        term = self._singles.get(word)
        if term is None:
            key, kind = self._key(word)
            topical, substance = self._english.weigh(word)
            term = Term(key, self._concepts[key][0] if key[0] == "=" else topical, substance, word, word, kind)
            if len(self._singles) >= REMEMBERED:
                self._singles.clear()
            self._singles[word] = term
        return term

    def _key(self, word: str) -> tuple[str, str | None]:
        """Give the key of a correctly spelt word, shared by words of the same meaning, and the key's kind."""
        light = _light(word)
        key = self._alone.get(word) or self._alone.get(light)
        return (light, None) if key is None else (key, self._concepts[key][1])

    def _phrase(self, plain: tuple[str, ...], at: int, cased: Sequence[str]) -> tuple[int, str | None]:
        phrases = self._phrases[plain[at]]
        for length in self._lengths[plain[at]]:
            for key, short in phrases.get(plain[at : at + length], ()):
                if not short or cased[at].isupper():
                    return length, key
        return 1, None

    def _spelt(self, word: str) -> str:
        """Take a misspelt word for the word of ours it is nearest to; ordinary English is left alone.

        To be asked once all entries are learnt: what it has said of a word is kept.
        """
        word = plain(word)
        if len(word) < 3 or word in self._known:
            return word
        ours = self._english.frequency(word) >= COMMON or _light(word) in self._known
        return word if ours else self._nearest(word)

    def _nearest(self, word: str) -> str:
        """Look among our words first; of everyday English only one slip away.

        Of three letters only a swap, or a vowel left out of a very common word ("wht"), is taken for a slip: nearly all
        else is an abbreviation ("RSE") near to ours.
        """
        if len(_light(word)) <= SHORT:
            swapped = (word[1] + word[0] + word[2:], word[0] + word[2] + word[1] + word[3:])
            if right := next((other for other in swapped if other in self._known), None):
                return right
            filled = (word[:at] + vowel + word[at:] for at in (1, 2) for vowel in "aeiou")
            return next((other for other in (*swapped, *filled) if self._english.frequency(other) >= EVERYWHERE), word)
        allowed = 1 if len(word) <= 5 else 2 if len(word) <= 9 else 3
        for spelling, slips in ((self._spelling, allowed), (self._everyday, 1)):
            best, nearest = word, slips + 1
            # The first letter is rarely wrong; swapped with the second it may be.
            for first in dict.fromkeys(word[:2]):
                for size in range(max(3, len(word) - slips), len(word) + slips + 1):
                    bucket = spelling.get((first, size))
                    if bucket and nearest > 0:
                        match = process.extractOne(word, bucket, scorer=OSA.distance, score_cutoff=nearest - 1)
                        if match is not None and match[1] < nearest:
                            best, nearest = match[0], match[1]
            if best != word:
                return best
        return word


class _Remembered(dict[Key, Made]):
    """What was made of words or their places, up to REMEMBERED of them.

    A least-recently-used cache moves each word that it is asked for within a list of all, which touches others as well:
    of thousands, few are near in memory, and that takes longer than to look the word up.
    """

    def __init__(self, make: Callable[[Key], Made]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, word: Key) -> Made:
        made = self._make(word)
        if len(self) >= REMEMBERED:
            self.clear()
        self[word] = made
        return made


def _typed(term: Term, typed: str) -> Term:
    """Give a term as it was typed; `replace` would look at the fields of its class each time."""
    return Term(term.key, term.topical, term.substance, typed, term.taken_for, term.kind)


def _lower_quartile(weights: Sequence[float]) -> float:
    """A class of synonyms is only as topical as its more common members."""
    return sorted(weights)[len(weights) // 4] if weights else 1.0


def _inflected(word: str) -> Iterator[str]:
    """Give the regular forms of a word, so that their misspellings are known too."""
    # "scrap" doubles its last letter, "delete" loses it, "abolish" and "need" keep it.
    doubled = _ONE_SHORT_VOWEL.fullmatch(word)
    stem = word + word[-1] if doubled else word.removesuffix("e")
    yield from (stem + "ed", stem + "ing")


def _light(word: str) -> str:
    """Take a plural for its singular: light, because "engineering" must not become "engineer"."""
    if word[-1:] != "s":  # as with most words
        return word
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
