"""The phrasings of all entries, one after the other: which of an entry's is most similar to a message."""

from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate, chain, pairwise

import numpy as np

from bot.domain.matching_text import Sentence
from bot.domain.postings import Floats, Ints

SLIGHT = 0.05  # weight that every message has besides its words
# Pairs of a key and a phrasing, up to which a table has a place for each, 2 MB, and all phrasings are compared: that is
# faster than to choose some.
COMPARED_AT_ONCE = 500_000


# The most similar phrasing of an entry, its similarity to a message (Dice coefficient of the weights, in [0, 1]), the
# weight of its words that the message has, that of all its words, and the heaviest of those that the message lacks.
Nearest = tuple[int, float, float, float, float]


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
        keys_in_a_row = np.fromiter(chain.from_iterable(telling), np.intp)
        self._starts: list[int] = list(accumulate(map(len, telling), initial=0))
        key_weights = weight[keys_in_a_row]
        self._weights = np.add.reduceat(key_weights, self._starts[:-1]) + np.float32(1e-6)
        self._size = len(weight)
        self._most = max(counts, default=0)
        self._table: Floats | None = None  # keys × entries × phrasings of one: the weight of each key that one has
        if len(weight) * len(counts) * self._most <= COMPARED_AT_ONCE:
            self._lay_out(keys_in_a_row, key_weights, owners)
        else:
            lengths = np.diff(self._starts)
            self._pieces = []  # of each entry, as bytes, which are put together much faster than arrays
            for a, b in self.spans:
                its_keys = slice(self._starts[a], self._starts[b])
                pieces = keys_in_a_row[its_keys], key_weights[its_keys], self._weights[a:b], lengths[a:b]
                self._pieces.append(tuple([piece.tobytes() for piece in pieces]))

    def _lay_out(self, keys: Ints, weights: Floats, owners: Ints) -> None:
        """Make the table; an entry with fewer phrasings than another has some in it that share nothing with a message.

        keys, weights: of the phrasings, one after the other.
        """
        first = np.array([start for start, _ in self.spans])
        places = owners * self._most + np.arange(len(owners)) - first[owners]
        size = len(self.spans) * self._most
        self._table = np.zeros((self._size, size), np.float32)
        self._table[keys, np.repeat(places, np.diff(self._starts))] = weights
        by_entry = np.zeros(size, np.float32)
        by_entry[places] = self._weights
        self._by_entry = by_entry.reshape(len(self.spans), self._most)
        self._firsts: list[int] = first.tolist()
        self._weight_list: list[float] = self._weights.tolist()
        pairs = list(zip(weights.tolist(), keys.tolist(), strict=True))
        self._heaviest_first = [sorted(pairs[a:b], reverse=True) for a, b in pairwise(self._starts)]  # of each phrasing

    def keys_of(self, entries: Collection[int]) -> frozenset[int]:
        """Give the keys of all phrasings of these entries."""
        return frozenset(key for keys, owner in self._verbatim.items() if owner in entries for key in keys)

    def verbatim(self, keys: Sequence[int]) -> int:
        """Give the entry that has a phrasing of these keys in this order; -1 if none has."""
        return self._verbatim.get(tuple(keys), -1)

    def nearest(
        self, entries: Sequence[int], credit_by_key: Mapping[int, float], total: float, without: str | None
    ) -> list[Nearest]:
        """Find the phrasing of each entry that is most similar to a message.

        credit_by_key: how fully the message says each key, of all that weigh something. total: weight of the message.
        without: a phrasing that is left out.
        """
        keys = np.fromiter(credit_by_key, np.intp, len(credit_by_key))
        credit = np.fromiter(credit_by_key.values(), np.float32, len(credit_by_key))
        if self._table is None:
            return self._nearest_of(entries, keys, credit, total, without)
        shared, most, said = credit.dot(self._table.take(keys, 0)), self._most, credit_by_key.get
        similarity = shared.reshape(self._by_entry.shape) / (self._by_entry + (total + SLIGHT))
        if without is not None:
            for entry in entries:
                similarity[entry, self._those(entry, without)] = 0
        most_similar = similarity.argmax(1).tolist()
        nearest: list[Nearest] = []
        firsts, weights, heaviest_first, share = self._firsts, self._weight_list, self._heaviest_first, shared.item
        for entry in entries:
            at = most_similar[entry]
            phrasing = firsts[entry] + at
            common, whole, missing = share(entry * most + at), weights[phrasing], 0.0
            for weight, key in heaviest_first[phrasing]:
                if weight <= missing:
                    break  # the rest are lighter still
                its_credit = said(key)
                if its_credit is None:
                    missing = weight
                    break
                if its_credit < 1:
                    missing = max(missing, weight * (1 - its_credit))
            nearest.append((phrasing, 2 * common / (whole + total + SLIGHT), common, whole, missing))
        return nearest

    def _those(self, entry: int, text: str) -> list[int]:
        """Give the places of a text among the phrasings of an entry."""
        a, b = self.spans[entry]
        return [at for at, phrasing in enumerate(self.texts[a:b]) if phrasing == text]

    def _nearest_of(
        self, entries: Sequence[int], keys: Ints, credit: Floats, total: float, without: str | None
    ) -> list[Nearest]:
        """The same without the table: put together the keys of the phrasings of these entries, one after the other."""
        coverage = np.zeros(self._size, np.float32)  # by key: how fully the message says it
        coverage[keys] = credit
        pieces = zip(*[self._pieces[entry] for entry in entries], strict=True)
        of_keys, of_weights, of_phrasings, of_lengths = map(b"".join, pieces)
        all_keys, lengths = np.frombuffer(of_keys, np.intp), np.frombuffer(of_lengths, np.intp)
        weight, own = np.frombuffer(of_weights, np.float32), np.frombuffer(of_phrasings, np.float32)
        starts = np.add.accumulate(lengths) - lengths
        matched = weight * coverage.take(all_keys)
        shared = np.add.reduceat(matched, starts)
        similarity = shared / (own + np.float32(total + SLIGHT))
        spans = [self.spans[entry] for entry in entries]
        places = list(pairwise(accumulate([b - a for a, b in spans], initial=0)))
        if without is not None:
            for entry, (place, _) in zip(entries, places, strict=True):
                similarity[[place + at for at in self._those(entry, without)]] = 0
        of_all, lacking = similarity.tolist(), np.maximum.reduceat(weight - matched, starts)
        nearest: list[Nearest] = []
        for (place, end), (a, _) in zip(places, spans, strict=True):
            at = of_all.index(max(of_all[place:end]), place)
            common, whole = shared.item(at), own.item(at)
            similar = 2 * common / (whole + total + SLIGHT)
            nearest.append((at - place + a, similar, common, whole, lacking.item(at)))
        return nearest
