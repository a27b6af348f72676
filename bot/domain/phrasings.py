"""The phrasings of all entries, one after the other: which of an entry's is most similar to a message."""

from collections.abc import Sequence
from itertools import accumulate, chain, pairwise
from typing import NamedTuple

import numpy as np

from bot.domain.matching_text import Sentence
from bot.domain.postings import Floats

SLIGHT = 0.05  # weight that every message has besides its words
COMPARED_AT_ONCE = 4000  # keys of phrasings, up to which all are compared: that is faster than to choose some


class Nearest(NamedTuple):
    """The most similar phrasing of each of K entries: which, and how its weight compares with that of a message.

    similarity: Dice coefficient of the weights, in [0, 1]. shared: weight of its words that the message has. weights:
    of all its words. missing: the heaviest of its words that the message lacks.
    """

    phrasings: Sequence[int]
    similarity: Floats
    shared: Floats
    weights: Floats
    missing: Sequence[float]


class Phrasings:
    """Phrasings with the keys of their words; `counts` says how many each entry has, `weight` is that of each key."""

    def __init__(
        self,
        texts: Sequence[str],
        sentences: Sequence[Sentence],
        keys: Sequence[Sequence[int]],
        counts: Sequence[int],
        weight: Floats,
    ) -> None:
        self.texts = texts
        self.negated = [sentence.negated for sentence in sentences]
        self.asks = [sentence.asks for sentence in sentences]
        starts = list(accumulate(counts, initial=0))
        self.spans = list(pairwise(starts))  # of each entry
        self.asked = [frozenset(self.asks[a:b]) for a, b in self.spans]  # by entry
        owners = np.repeat(np.arange(len(counts)), counts)
        self._verbatim = dict(zip(map(tuple, keys), owners.tolist(), strict=True))
        says = (weight > 0).tolist()
        telling = [[key for key in dict.fromkeys(of_phrasing) if says[key]] or [0] for of_phrasing in keys]
        self._keys = np.fromiter(chain.from_iterable(telling), np.intp)
        self._starts = np.concatenate([[0], np.cumsum([len(of_phrasing) for of_phrasing in telling])])
        self._first_keys = self._starts[:-1]
        self._start_list: list[int] = self._starts.tolist()
        self._key_weights = weight[self._keys]
        self._weights = np.add.reduceat(self._key_weights, self._starts[:-1]) + np.float32(1e-6)
        edges = [(self._start_list[a], self._start_list[b]) for a, b in self.spans]
        self._pieces = [
            (self._keys[first:last], self._key_weights[first:last], self._weights[a:b], self._starts[a:b])
            for (a, b), (first, last) in zip(self.spans, edges, strict=True)
        ]
        self._edges = edges

    def verbatim(self, keys: Sequence[int]) -> int:
        """Give the entry that has a phrasing of these keys in this order; -1 if none has."""
        return self._verbatim.get(tuple(keys), -1)

    def nearest(self, entries: Sequence[int], coverage: Floats, total: float, without: str | None) -> Nearest:
        """Find the phrasing of each entry that is most similar to a message.

        coverage: of all keys, how fully the message says each. total: weight of the message. without: a phrasing that
        is left out. The keys of the phrasings lie one after the other in one array, and are summed up phrasing by
        phrasing: of all entries at once, or of these alone.
        """
        spans = [self.spans[entry] for entry in entries]
        if len(self._keys) <= COMPARED_AT_ONCE:
            keys, weight, own, starts = self._keys, self._key_weights, self._weights, self._first_keys
            begins, shifts = spans, [0] * len(spans)
        else:
            pieces = [self._pieces[entry] for entry in entries]
            edges = [self._edges[entry] for entry in entries]
            # From places in the whole list to places in the pieces of it that have been put together.
            shifts = [a - at for (a, _), at in zip(edges, accumulate(b - a for a, b in [(0, 0), *edges]), strict=False)]
            keys, weight, own = (np.concatenate([piece[part] for piece in pieces]) for part in range(3))
            starts = np.concatenate([piece[3] - by for piece, by in zip(pieces, shifts, strict=True)])
            begins = list(pairwise(accumulate((b - a for a, b in spans), initial=0)))
        matched = weight * coverage.take(keys)
        shared = np.add.reduceat(matched, starts)
        similarity = 2 * shared / (own + np.float32(total + SLIGHT))
        if without is not None:
            for (a, b), (begin, _) in zip(spans, begins, strict=True):
                similarity[[begin + at - a for at in range(a, b) if self.texts[at] == without]] = 0
        chosen = [a + int(similarity[a:b].argmax()) for a, b in begins]
        phrasings = [at - begin + a for at, (begin, _), (a, _) in zip(chosen, begins, spans, strict=True)]
        lacking, first = weight - matched, self._start_list
        missing = [
            max(lacking[first[at] - by : first[at + 1] - by].tolist()) for at, by in zip(phrasings, shifts, strict=True)
        ]
        places = np.array(chosen, np.intp)
        return Nearest(phrasings, similarity.take(places), shared.take(places), own.take(places), missing)
