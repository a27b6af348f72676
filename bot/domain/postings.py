"""Which entries use which words, as arrays: keys of the vocabulary in, the entries they are most typical of out."""

import math
import struct
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

ANSWER_CREDIT = 0.5  # a word of the answer explains a word of the message half as well as one of the phrasings
SMOOTHING = 0.01  # share of an entry's words that one it never uses has; measured on public intent sets
LOOKED_AT = 30_000  # uses of words that are added up before the rest is looked up for the best entries alone
WEIGHTS = 1_000  # of terms that say nothing, for which that is kept
LAID_OUT = 500_000  # pairs of a key and an entry, up to which a table has a place for each: 6 MB, and faster
NUMBER = 4  # bytes that a number takes which is kept

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[Any]


class Uses(NamedTuple):
    """What a term says: keys with credits, how often they are used, and for each use the entry and what it makes.

    entries (int32), likeness and presence (float32): of the uses. Where all is laid out in a table, there is `of_all`
    instead of them: the likeness of every entry in order, then the weight that every entry leaves unexplained, and then
    the share of the weight that this is. All of it as bytes, which are put together much faster than arrays.
    """

    credit_by_key: Mapping[int, float]
    weight: float
    times: int
    entries: bytes
    likeness: bytes
    presence: bytes
    of_all: bytes

    @property
    def kept(self) -> int:
        """How many uses this keeps ready."""
        return (len(self.entries) or len(self.of_all) // 3) // NUMBER


NOT_LOOKED_AT = Uses({}, 0.0, 0, b"", b"", b"", b"")


class Hits(NamedTuple):
    """The K best entries, best first: likeness, and the weight of all terms and of the heaviest they leave unexplained.

    absence: of each term, by row, the share in [0, 1] that entries leave unexplained; `columns` says where they are.
    """

    entries: list[int]
    likeness: list[float]
    unexplained: list[float]
    heaviest: list[float]
    absence: Floats
    columns: Sequence[int]


def left_over(absence: Floats, columns: Sequence[int], weights: Sequence[float]) -> tuple[list[float], list[float]]:
    """Give the weight of all terms, and of the heaviest, that entries leave unexplained; absence as in `Hits`."""
    weight = as_rows(weights, 1)
    of_all, heaviest = weight[:, 0].dot(absence).tolist(), np.maximum.reduce(absence * weight).tolist()
    return [of_all[at] for at in columns], [heaviest[at] for at in columns]


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
        made = np.zeros((2, len(pairs)), np.float32)
        made[0, : len(own)], made[1] = likeness, np.repeat([1, ANSWER_CREDIT], [len(own), len(answers)])
        self._made = made.take(order, 1)  # likeness and presence
        self._columns = self._entries.data.cast("B"), self._made[0].data.cast("B"), self._made[1].data.cast("B")
        self._starts: list[int] = np.searchsorted(pairs[order], np.arange(keys + 1) * self.size).tolist()
        # A row for each key: its likeness for every entry, and after that its presence in every entry.
        self._table: Floats | None = None
        if keys * self.size <= LAID_OUT:
            self._table = np.zeros((keys, 2 * self.size), np.float32)
            rows, columns = np.divmod(pairs[order], self.size)
            self._table[rows, columns], self._table[rows, columns + self.size] = self._made
        self._nothing_said: dict[float, Uses] = {}  # by weight

    def _pairs(self, keys: Sequence[Sequence[int]]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Give the distinct (key, entry) as key × size + entry, in order, and how often each is."""
        lengths = [len(of_entry) for of_entry in keys]
        flat = np.fromiter(chain.from_iterable(keys), np.int64, sum(lengths))
        return np.unique(flat * self.size + np.repeat(np.arange(self.size), lengths), return_counts=True)

    def uses(self, credit_by_key: Mapping[int, float], weight: float = 0.0) -> Uses:
        """Gather what a term of this weight says, given as keys with credits."""
        if not credit_by_key:
            return self._nothing_said.get(weight) or self._nothing(weight)
        if self._table is not None:
            return self._laid_out(self._table, credit_by_key, weight)
        spans = [(self._starts[key], self._starts[key + 1]) for key in credit_by_key]
        lengths, worth = [b - a for a, b in spans], list(credit_by_key.values())
        uses = [b"".join([column[NUMBER * a : NUMBER * b] for a, b in spans]) for column in self._columns]
        if set(worth) != {1}:
            credit = as_rows(worth, 1).repeat(lengths)
            uses[1:] = [(np.frombuffer(column, np.float32) * credit).tobytes() for column in uses[1:]]
        entries, likeness, presence = uses
        return Uses(credit_by_key, weight, sum(lengths), entries, likeness, presence, b"")

    def _laid_out(self, table: Floats, credit_by_key: Mapping[int, float], weight: float) -> Uses:
        """Lay out what a term says of every entry. Each call of numpy takes longer than it works, so there are few."""
        size, starts = self.size, self._starts
        if len(credit_by_key) == 1:  # as of every other term
            [(key, credit)] = credit_by_key.items()
            row = table[key]
            if credit != 1:
                row = row * np.float32(credit)
            likeness, presence, count = row[:size], row[size:], starts[key + 1] - starts[key]
        else:
            rows = table.take(list(credit_by_key), 0)
            rows *= np.fromiter(credit_by_key.values(), np.float32, len(credit_by_key))[:, None]
            likeness, presence = np.add.reduce(rows[:, :size]), np.maximum.reduce(rows[:, size:])
            count = sum([starts[key + 1] - starts[key] for key in credit_by_key])
        return Uses({}, weight, count, b"", b"", b"", _of_all(likeness, presence, weight))

    def _nothing(self, weight: float) -> Uses:
        """Say nothing; what is kept for a weight serves all terms that have it, as most strange words have the same."""
        nowhere = np.zeros(self.size, np.float32)
        of_all = b"" if self._table is None else _of_all(nowhere, nowhere, weight)
        uses = Uses({}, weight, 0, b"", b"", b"", of_all)
        if len(self._nothing_said) < WEIGHTS:
            self._nothing_said[weight] = uses
        return uses

    def search(self, terms: Sequence[Uses], most: int, also: Sequence[int] = ()) -> Hits:
        """Find the entries that these terms are most typical of; at most `most`, and those in `also` besides.

        Likeness is a sum over the terms, not yet made a share of anything.
        """
        return self._add_up(terms, most, also) if self._table is None else self._look_up(terms, most, also)

    def _look_up(self, terms: Sequence[Uses], most: int, also: Sequence[int]) -> Hits:
        """Find the best entries where each term has what it makes of every entry."""
        size = self.size
        laid_out = np.ndarray((len(terms), 3 * size), np.float32, b"".join([uses.of_all for uses in terms]))
        sums = np.add.reduce(laid_out[:, : 2 * size])
        top: list[int] = (-sums[:size]).argsort(kind="stable")[:most].tolist()
        likeness = [sums.item(entry) for entry in top]
        while likeness and not likeness[-1] > 0:
            likeness.pop()
        del top[len(likeness) :]
        if top and (others := set(also).difference(top)):
            top += sorted(sorted(others), key=sums.item, reverse=True)
            likeness += [sums.item(entry) for entry in top[len(likeness) :]]
        heaviest = np.maximum.reduce(laid_out[:, size : 2 * size])
        return Hits(
            top,
            likeness,
            [sums.item(size + entry) for entry in top],
            [heaviest.item(entry) for entry in top],
            laid_out[:, 2 * size :],
            top,
        )

    def _add_up(self, terms: Sequence[Uses], most: int, also: Sequence[int]) -> Hits:
        """Add up the uses; if there are too many, those of rare words, and the rest for the best entries only."""
        rest = self._common(terms) if sum([uses.times for uses in terms]) > LOOKED_AT else ()
        near = [NOT_LOOKED_AT if at in rest else uses for at, uses in enumerate(terms)] if rest else terms
        _, _, times, *columns_of_uses, _ = zip(*near, strict=True)
        count, in_a_row = sum(times), [b"".join(column) for column in columns_of_uses]
        entries = np.ndarray(count, np.int32, in_a_row[0]).astype(np.intp)  # else each call makes it one
        likeness_of_uses, presence = [np.ndarray(count, np.float32, column) for column in in_a_row[1:]]
        scores = np.bincount(entries, likeness_of_uses, self.size)
        top = _best(scores, most * 8 if rest else most)
        if also and len(top) and (others := [entry for entry in also if entry not in top]):
            top = np.sort(np.concatenate([top, others]))
        likeness = scores.take(top)
        is_top = np.zeros(self.size, np.bool_)
        is_top[top] = True
        in_top = is_top.take(entries).nonzero()[0]  # a few dozen of thousands: what follows looks at these alone
        rows = np.array(list(accumulate(times))).searchsorted(in_top, "right")
        explained = np.zeros((len(terms), len(top)), np.float32)
        places = rows * len(top) + top.searchsorted(entries.take(in_top))
        np.maximum.at(explained.reshape(-1), places, presence.take(in_top))
        for at in rest:
            for key, credit in terms[at].credit_by_key.items():
                start, stop = self._starts[key], self._starts[key + 1]
                positions = np.minimum(np.searchsorted(self._entries[start:stop], top) + start, stop - 1)
                there = (self._entries[positions] == top) * credit
                likeness += self._made[0, positions] * there
                np.maximum(explained[at], self._made[1, positions] * there, out=explained[at])
        order = (-likeness).argsort(kind="stable")
        if len(order) > most:
            order = order[[at < most or top[positions] in also for at, positions in enumerate(order.tolist())]]
        absence, columns = 1 - explained, order.tolist()
        left = left_over(absence, columns, [uses.weight for uses in terms])
        return Hits(top.take(order).tolist(), likeness.take(order).tolist(), *left, absence, columns)

    @staticmethod
    def _common(terms: Sequence[Uses]) -> list[int]:
        """Give the places of the terms beyond those that can be looked at, the rarest first; never of all."""
        order = sorted(range(len(terms)), key=lambda at: terms[at].times)
        looked = list(accumulate([terms[at].times for at in order]))
        return order[max(1, bisect_right(looked, LOOKED_AT)) :]


def _of_all(likeness: Floats, presence: Floats, weight: float) -> bytes:
    absence = 1 - presence
    return b"".join([likeness.tobytes(), (absence * np.float32(weight)).tobytes(), absence.tobytes()])


def _best(scores: npt.NDArray[Any], count: int) -> npt.NDArray[np.intp]:
    if len(scores) <= count:
        return np.flatnonzero(scores > 0)
    top = scores.argpartition(-count)[-count:]
    least = scores.item(top.item(0))
    top.sort()
    return top if least > 0 else top[scores.take(top) > 0]
