"""Which question that is known not to be answered a message is, if it is nearer to one than to any entry."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from bot.domain.content import Entry, NotAnswered, Synonyms
from bot.domain.lexicon import English, Lexicon, Term
from bot.domain.matching_text import PARTICULAR, Form, Sentence, joined, read, read_phrasing, words
from bot.domain.postings import SMOOTHING, Postings

NEAR = 0.4  # nearness from which on a message is taken for a decoy
AHEAD = 2  # how much being likelier than every entry counts against being likely at all
CONSIDERED = 8  # entries and decoys that a message is compared with
TELLING = 0.3  # substance of a word from which it says what a message is about
SAME_WORD = 0.5  # credit of a word from which it counts as another, such as a plural as its singular
TOGETHER = 2  # telling words of a phrasing, or phrasings that a word is in, from which a message is about its decoy
OVERTAKEN = 2  # phrasings of a decoy that are likelier one entry's, from which that entry is said to answer it


@dataclass(frozen=True)
class Decoy:
    """A question known not to be answered, by its id, and how near a message is to it.

    nearness: its likeness in [0, 1], plus AHEAD times how far that is above the likeness of the nearest entry; for a
    phrasing word for word, whatever company or role it names, the most that can be. At NEAR, with every fourth phrasing
    left out in turn, a fifth are recognised and one in thirty is taken for another decoy; of the labelled utterances
    that an entry answers, one in 170 is taken for a decoy.
    """

    id: str
    nearness: float


class Decoys:
    """The words of what is answered and of what is not, ready to be compared with a message.

    Entries and decoys are scored alike, by how typical the words of the message are of their phrasings, as in
    `bot.domain.judging`; what both speak of, such as roles and companies, says little, and what is left decides.
    """

    def __init__(self, entries: Sequence[Entry], decoys: Sequence[NotAnswered], lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._keys: dict[str, int] = {}
        self._topical: list[float] = []
        self._answered: frozenset[str] = frozenset()  # the keys that entries have
        self._entries = [entry.id for entry in entries]
        self._decoys = [decoy.id for decoy in decoys]
        self._phrasings = {decoy.id: decoy.phrasings for decoy in decoys}
        self._verbatim: dict[tuple[str, ...], str] = {}  # by the keys of a phrasing, in order, whatever it names
        phrased = [self._keys_of_phrasings(entry.wordings, entry.keywords) for entry in entries]
        answered = [self._keys_of(answer := words(entry.answer), answer) for entry in entries]
        self._answered = frozenset(self._keys)
        phrased += [self._keys_of_phrasings(decoy.wordings) for decoy in decoys]
        # By decoy, what each of its phrasings is about; what entries speak of, too, tells none of them.
        self._about: dict[str, list[dict[str, set[str]]]] = {}
        for decoy in decoys:
            sentences = list(map(read_phrasing, decoy.wordings))
            for sentence in sentences:
                self._verbatim.setdefault(self._in_order(lexicon.terms(sentence.words, sentence.typed)), decoy.id)
            self._about[decoy.id] = list(map(self._telling, sentences))
        self._first = len(entries)  # place of the first decoy
        self._postings = Postings(phrased, [*answered, *([] for _ in decoys)], np.array(self._topical, np.float32))

    @classmethod
    def build(
        cls, entries: Sequence[Entry], decoys: Sequence[NotAnswered], synonyms: Synonyms, english: English
    ) -> "Decoys":
        """Prepare for looking messages up."""
        return cls(entries, decoys, Lexicon(synonyms, english))

    def recognise(self, utterance: str) -> str | None:
        """Give the id of the decoy that a message is taken for; None if it is near none, or as near to an entry."""
        decoy = self.nearest(utterance)
        return decoy.id if decoy and decoy.nearness >= NEAR else None

    def worded(self, utterance: str) -> str | None:
        """Give the id of the decoy of which a message is a phrasing, whatever company or role it names; else None."""
        sentences = read(utterance, self._lexicon.spelling).sentences
        if len(sentences) != 1:
            return None
        [sentence] = sentences
        return self._verbatim.get(self._in_order(self._lexicon.terms(sentence.words, sentence.typed)))

    def nearest(self, utterance: str) -> Decoy | None:
        """Give the decoy that a question of a message, or the whole if it asks none, is nearest to; None if none is."""
        if not self._decoys:
            return None
        sentences = read(utterance, self._lexicon.spelling).sentences
        asking = [sentence for sentence in sentences if sentence.form is Form.QUESTION] or [joined(sentences)]
        nearest = [decoy for sentence in asking if (decoy := self._nearest(sentence))]
        return max(nearest, key=lambda decoy: decoy.nearness, default=None)

    def overtaken(self) -> list[tuple[str, str, list[str]]]:
        """Find decoys that an entry answers by now: the ids of decoy and entry, and the phrasings that say so.

        They are likelier the entry's than the decoy's own, though they are the decoy's. One alone happens by chance, of
        454 phrasings to 20; OVERTAKEN of one decoy by one entry, to none.
        """
        taken: dict[tuple[str, str], list[str]] = {}
        for decoy, phrasings in self._phrasings.items():
            for text in phrasings:
                sentence = read_phrasing(text)
                likeness = self._likeness(self._lexicon.terms(sentence.words, sentence.typed))
                likeliest = max(likeness, key=lambda number: likeness[number], default=self._first)
                if likeliest < self._first:
                    taken.setdefault((decoy, self._entries[likeliest]), []).append(text)
        return [(decoy, entry, texts) for (decoy, entry), texts in taken.items() if len(texts) >= OVERTAKEN]

    def _nearest(self, sentence: Sentence) -> Decoy | None:
        in_order = self._lexicon.terms(sentence.words, sentence.typed)
        if (decoy := self._verbatim.get(self._in_order(in_order))) is not None:
            return Decoy(decoy, 1 + AHEAD)
        likeness = self._likeness(in_order)
        number = next((number for number in likeness if number >= self._first), None)  # they come best first
        if number is None:
            return None
        name = self._decoys[number - self._first]
        if not self._is_about(sentence, name):
            return None
        own = likeness[number]
        other = max((value for entry, value in likeness.items() if entry < self._first), default=0.0)
        return Decoy(name, own + AHEAD * (own - other))

    def _likeness(self, in_order: Sequence[Term]) -> dict[int, float]:
        """Give how like the terms of a sentence are to the likeliest entries and decoys, by place, best first."""
        terms = {term.key: term for term in in_order}
        uses, whole = [], 0.0
        for key, term in terms.items():
            number = self._keys.get(key)
            whole += 0.5 + 0.5 * term.topical if number is None else float(self._postings.typical[number])
            credit_by_key = {self._keys[related]: credit for related, credit in self._lexicon.expand(term).items()}
            uses.append(self._postings.uses(credit_by_key))
        if not sum(of_term.times for of_term in uses):
            return {}
        hits = self._postings.search(uses, CONSIDERED)
        most = whole * math.log1p(1 / SMOOTHING)
        return {number: likeness / most for number, likeness in zip(hits.entries, hits.likeness, strict=True)}

    def _is_about(self, sentence: Sentence, decoy: str) -> bool:
        """Say whether a question shares more with a decoy than a word that came up in one of its phrasings by chance.

        "Will my boss fire me?" is not about a conflict because one phrasing of that has "boss", and another "fire".
        """
        asked, phrasings = self._telling(sentence), self._about[decoy]
        if asked.keys() <= PARTICULAR:  # "when was that": of what is not said
            return False
        shared = [
            [about for about, keys in asked.items() if any(key in phrasing for key in keys)] for phrasing in phrasings
        ]
        phrasings_with = Counter(about for of_phrasing in shared for about in of_phrasing)
        if max([*phrasings_with.values(), *map(len, shared)], default=0) >= TOGETHER:
            return True
        both = zip(shared, phrasings, strict=True)
        return any(len(of_phrasing) == len(asked) == len(phrasing) > 0 for of_phrasing, phrasing in both)

    def _telling(self, sentence: Sentence) -> dict[str, set[str]]:
        """Give the keys that say what a text is about, with those of the same words, and if it asks who or when."""
        telling = {
            term.key: {key for key, credit in self._lexicon.expand(term).items() if credit >= SAME_WORD} | {term.key}
            for term in self._lexicon.terms(sentence.words, sentence.typed)
            if term.substance >= TELLING and not (term.kind and term.key in self._answered)
        }
        return telling | ({sentence.asks: {sentence.asks}} if sentence.asks in PARTICULAR else {})

    def _in_order(self, terms: Iterable[Term]) -> tuple[str, ...]:
        """Give the keys of terms; a company, a person or a role that entries speak of may be any other."""
        return tuple(term.kind if term.kind and term.key in self._answered else term.key for term in terms)

    def _keys_of_phrasings(self, phrasings: Iterable[str], keywords: Iterable[str] = ()) -> list[int]:
        """Give the keys of phrasings, once for each phrasing, and of keywords."""
        keys: list[int] = []
        for text in phrasings:
            sentence = read_phrasing(text)
            keys += dict.fromkeys(self._keys_of(sentence.words, sentence.typed))
        return [*keys, *chain.from_iterable(self._keys_of(term := words(text), term) for text in keywords)]

    def _keys_of(self, spelt: tuple[str, ...], typed: tuple[str, ...]) -> list[int]:
        terms = self._lexicon.terms(spelt, typed)
        self._lexicon.learn(terms)
        for term in terms:
            if term.key not in self._keys:
                self._keys[term.key] = len(self._topical)
                self._topical.append(term.topical)
        return [self._keys[term.key] for term in terms]
