"""Which entries use which words, as arrays: keys of the vocabulary in, the entries they are most typical of out."""

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

ANSWER_CREDIT = 0.5  # a word of the answer explains a word of the message half as well as one of the phrasings
SMOOTHING = 0.01  # share of an entry's words that one it never uses has; measured on public intent sets
LOOKED_AT = 30_000  # uses of words that are added up before the rest is looked up for the best entries alone
LAID_OUT = 500_000  # pairs of a key and an entry, up to which a table has a place for each: 6 MB, and faster

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[Any]
NOWHERE: Ints = np.zeros(0, np.int32)


@dataclass(frozen=True, eq=False, slots=True)
class Uses:
    """What a term says: keys with credits, how often they are used, and for each use the entry and what it makes.

    There is one key at least, which has no credit if the term says nothing. Where all is laid out in a table, there is
    `of_all` instead: the likeness of every entry in order, and after that how absent it is from every entry.
    """

    keys: Ints
    credits: Floats
    count: int
    entries: Ints
    likeness: Floats
    presence: Floats
    of_all: Floats

    @property
    def kept(self) -> int:
        """How many uses this keeps ready."""
        return len(self.entries) or len(self.of_all)


class Hits(NamedTuple):
    """The K best entries, best first: their likeness, and what they leave unexplained of each term, in [0, 1].

    unexplained: has a row for each term and, among its columns, one for each entry, at the places that `columns` gives.
    """

    entries: list[int]
    likeness: list[float]
    unexplained: Floats
    columns: Sequence[int]


def as_rows(numbers: Sequence[float], width: int) -> Floats:
    """Lay out numbers as rows of this width, one after the other.

    Of a hundred numbers, `struct` makes an array five times as fast as numpy does, which looks at the type of each.
    """
    size = len(numbers)
    return np.ndarray((size // width, width), np.float32, struct.pack(f"{size}f", *numbers))


class Postings:
    """The keys of each entry.

    phrased: keys of phrasings and keywords by entry, once for each phrasing. answered: keys of the answer by entry.
    topical: of each key, in [0, 1].

    `typical` weighs keys for ranking and `weight` for judging; both grow with how few entries use a key, the second
    also with how topical it is. `spread` in [0.3, 1] is 1 for a key of one entry.
    """

    def __init__(self, phrased: Sequence[Sequence[int]], answered: Sequence[Sequence[int]], topical: Floats) -> None:
        self.size, keys = len(phrased), len(topical)
        own, counts = self._pairs(phrased)
        key, entry = own // self.size, own % self.size
        rare = np.log((1 + self.size) / (0.5 + np.bincount(key, minlength=keys)))
        self.typical = np.sqrt(np.maximum(rare / math.log(2 + 2 * self.size), 0.01)).astype(np.float32)
        self.typical *= 0.5 + 0.5 * topical
        unique = math.log((1 + max(self.size, 2)) / 1.5)
        self.spread = (0.3 + 0.7 * np.minimum(np.maximum(rare / unique, 0), 1)).astype(np.float32)
        self.weight: Floats = topical * self.spread
        # Naive Bayes with few words: how much likelier an entry says this than one that never does.
        mass = counts * self.typical[key]
        share = mass / np.bincount(entry, mass, minlength=self.size)[entry]
        likeness = np.log1p(share / SMOOTHING) * self.typical[key]
        answers = np.setdiff1d(self._pairs(answered)[0], own, assume_unique=True)
        pairs = np.concatenate([own, answers])
        order = np.argsort(pairs, kind="stable")
        self._entries = (pairs[order] % self.size).astype(np.int32)
        self._likeness = np.concatenate([likeness, np.zeros(len(answers))])[order].astype(np.float32)
        self._presence = np.repeat(np.array([1, ANSWER_CREDIT], np.float32), [len(own), len(answers)])[order]
        self._starts: list[int] = np.searchsorted(pairs[order], np.arange(keys + 1) * self.size).tolist()
        # Likeness and presence, keys × entries.
        self._tables: tuple[Floats, Floats] | None = None
        if keys * self.size <= LAID_OUT:
            tables = np.zeros((2, keys, self.size), np.float32)
            tables[0].reshape(-1)[pairs[order]] = self._likeness
            tables[1].reshape(-1)[pairs[order]] = self._presence
            self._tables = tables[0], tables[1]
        none = np.zeros(1, np.intp), np.zeros(1, np.float32)
        of_all = NOWHERE if self._tables is None else np.repeat(np.array([0, 1], np.float32), self.size)
        self._nothing_said = Uses(*none, 0, NOWHERE, NOWHERE, NOWHERE, of_all)

    def _pairs(self, keys: Sequence[Sequence[int]]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Give the distinct (key, entry) as key × size + entry, in order, and how often each is."""
        lengths = [len(of_entry) for of_entry in keys]
        flat = np.fromiter(chain.from_iterable(keys), np.int64, sum(lengths))
        return np.unique(flat * self.size + np.repeat(np.arange(self.size), lengths), return_counts=True)

    def uses(self, credit_by_key: Mapping[int, float]) -> Uses:
        """Gather what a term says, given as keys with credits."""
        if not credit_by_key:
            return self._nothing_said
        keys = np.fromiter(credit_by_key, np.intp, len(credit_by_key))
        credit = np.fromiter(credit_by_key.values(), np.float32, len(credit_by_key))
        spans = [slice(self._starts[key], self._starts[key + 1]) for key in credit_by_key]
        lengths = [span.stop - span.start for span in spans]
        if self._tables is not None:
            likeness, presence = (table.take(keys, 0) for table in self._tables)
            of_all = np.concatenate([credit.dot(likeness), 1 - (presence * credit[:, None]).max(0)])
            return Uses(keys, credit, sum(lengths), NOWHERE, NOWHERE, NOWHERE, of_all)
        by_use = np.repeat(credit, lengths)
        return Uses(
            keys,
            credit,
            sum(lengths),
            np.concatenate([self._entries[span] for span in spans]),
            np.concatenate([self._likeness[span] for span in spans]) * by_use,
            np.concatenate([self._presence[span] for span in spans]) * by_use,
            NOWHERE,
        )

    def search(self, terms: Sequence[Uses], most: int, also: Sequence[int] = ()) -> Hits:
        """Find the entries that these terms are most typical of; at most `most`, and those in `also` besides.

        Likeness is a sum over the terms, not yet made a share of anything.
        """
        return self._add_up(terms, most, also) if self._tables is None else self._look_up(terms, most, also)

    def _look_up(self, terms: Sequence[Uses], most: int, also: Sequence[int]) -> Hits:
        """Find the best entries where each term has what it makes of every entry."""
        laid_out = np.concatenate([uses.of_all for uses in terms]).reshape(len(terms), 2, self.size)
        scores = np.add.reduce(laid_out[:, 0])
        top: list[int] = (-scores).argsort(kind="stable")[:most].tolist()
        likeness = [scores.item(entry) for entry in top]
        while likeness and not likeness[-1] > 0:
            likeness.pop()
        del top[len(likeness) :]
        if top and (others := set(also).difference(top)):
            top += sorted(sorted(others), key=scores.item, reverse=True)
            likeness += [scores.item(entry) for entry in top[len(likeness) :]]
        return Hits(top, likeness, laid_out[:, 1], top)

    def _add_up(self, terms: Sequence[Uses], most: int, also: Sequence[int]) -> Hits:
        """Add up the uses; if there are too many, those of rare words, and the rest for the best entries only."""
        near, rest = list(range(len(terms))), list[int]()
        if sum(uses.count for uses in terms) > LOOKED_AT:
            near, rest = self._rare_first(terms)
        gathered = [terms[at] for at in near]
        entries = np.concatenate([uses.entries for uses in gathered])
        scores = np.bincount(entries, np.concatenate([uses.likeness for uses in gathered]), self.size)
        top = _best(scores, most * 8 if rest else most)
        if also and len(top) and (others := [entry for entry in also if entry not in top]):
            top = np.sort(np.concatenate([top, others]))
        likeness = scores[top]
        explained = np.zeros((len(terms), len(top)), np.float32)
        column = np.full(self.size, -1, np.int32)
        column[top] = np.arange(len(top))
        columns = column[entries]
        in_top = np.flatnonzero(columns >= 0)
        rows = np.repeat(near, [uses.count for uses in gathered])[in_top]
        presence = np.concatenate([uses.presence for uses in gathered])[in_top]
        np.maximum.at(explained.reshape(-1), rows * len(top) + columns[in_top], presence)
        for at in rest:
            for key, credit in zip(terms[at].keys.tolist(), terms[at].credits.tolist(), strict=True):
                start, stop = self._starts[key], self._starts[key + 1]
                positions = np.minimum(np.searchsorted(self._entries[start:stop], top) + start, stop - 1)
                there = (self._entries[positions] == top) * credit
                likeness += self._likeness[positions] * there
                np.maximum(explained[at], self._presence[positions] * there, out=explained[at])
        order = (-likeness).argsort(kind="stable")
        if len(order) > most:
            order = order[[at < most or top[positions] in also for at, positions in enumerate(order.tolist())]]
        return Hits(top[order].tolist(), likeness[order].tolist(), 1 - explained, order.tolist())

    @staticmethod
    def _rare_first(terms: Sequence[Uses]) -> tuple[list[int], list[int]]:
        order = sorted(range(len(terms)), key=lambda at: terms[at].count)
        looked = np.cumsum([terms[at].count for at in order])
        enough = max(1, int(np.searchsorted(looked, LOOKED_AT, "right")))
        return order[:enough], order[enough:]


def _best(scores: npt.NDArray[Any], count: int) -> npt.NDArray[np.intp]:
    if len(scores) <= count:
        return np.flatnonzero(scores > 0)
    top = np.sort(np.argpartition(scores, -count)[-count:])
    return top[scores[top] > 0]
