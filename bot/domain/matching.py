"""An index over phrasings; utterance -> ranked candidates with a calibrated confidence and reasons.

Two steps. Every entry that shares words with the message is scored by how typical those words are of it, as in naive
Bayes; the best few are then judged by features that say whether they answer it at all. The one that carries the
judgement is how much of the message the entry explains: what a message says besides makes it another question. A
conditional logit with "none of them" as one of the choices, calibrated on the knowledge itself, turns the features
into probabilities.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from bot.domain.content import Authored, Entry, Synonyms
from bot.domain.lexicon import English, Lexicon, Term
from bot.domain.matching_text import OPAQUE, PARTICULAR, Form, Sentence, Utterance, joined, read, words

JUDGED = 8  # entries that are judged in full, for each part of a message
POSTINGS = 30_000  # shared words looked at before the rest is looked up for the best entries alone
QUESTIONS = 6  # of one message that are looked at
AROUND = 40  # words of the sentences around a question that are looked at with it
FOLLOW_UP = 8  # words that a follow-up has at most
ANSWER_CREDIT = 0.5  # a word of the answer explains a word of the message half as well as one of the phrasings
SLIGHT = 0.1  # weight that every message has besides its words
SMOOTHING = 0.01  # share of an entry's words that one it never uses has; measured on public intent sets
TELLING = 0.15  # weight from which the order of words is looked at
CONTEXT = 0.3  # weight of words of the sentence before, which may have nothing to do with the question
TOPICAL = 0.03  # weight that at least one shared word must have

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]


class Calibration(Authored):
    """The weights of the features, computed by `rolefit check --calibrate`."""

    bias: float
    likeness: float
    lead: float
    phrasing_covered: float
    similarity: float
    same: float
    keywords: float
    entry_covers: float
    unexplained: float
    unexplained_rest: float
    missing: float
    evidence: float
    form: float
    fragment: float
    particular: float
    negation: float
    turned: float
    called: float
    about_you: float


FEATURES: Final = tuple(name for name in Calibration.model_fields if name != "bias")
# Against the entry, so that no calibration may turn it into something that speaks for it, and the other way round.
AGAINST: Final = frozenset(
    {"unexplained", "unexplained_rest", "missing", "fragment", "particular", "negation", "turned", "called", "about_you"}
)


@dataclass(frozen=True)
class Candidate:
    """An entry that may answer: confidence in [0, 1], the phrasing it was taken for, and why.

    `question` numbers the questions of a message that are looked at, and `form` is how that one was put.
    `leans` says that it was read in the light of what its thread was answered with,
    `particular` that it asks who, where, when or how many, which the entry is never asked. `why` tells the rest when
    asked.
    """

    entry: str
    confidence: float
    phrasing: str
    question: int
    form: Form
    leans: bool
    particular: bool
    why: Callable[[], "Reasons"] = field(compare=False, repr=False)


@dataclass(frozen=True)
class Reasons:
    """Words of a message and what they were taken for; and those that nothing in the entry accounts for."""

    matched: tuple[tuple[str, str], ...]
    unexplained: tuple[str, ...]  # heaviest first


@dataclass(frozen=True)
class _Part:
    """What is looked at: which question, as a sentence, its terms, and how many of them come from before it."""

    question: int
    sentence: Sentence
    terms: Sequence[Term]
    before: int = 0
    leans: bool = False


@dataclass(frozen=True, eq=False)
class Judged:
    """The best entries for one part of a message: `entries` (K positions), `features` (K × features), why."""

    entries: Ints
    features: Floats
    phrasings: Ints
    terms: Sequence[Term]
    weights: Floats  # of the terms
    explained: Floats  # terms × K, in [0, 1]


class Index:
    """Phrasings of all entries, ready to be searched."""

    def __init__(self, lexicon: Lexicon, entries: Sequence[Entry], calibration: Calibration) -> None:
        self._lexicon = lexicon
        self._ids = [entry.id for entry in entries]
        self._place = {name: at for at, name in enumerate(self._ids)}
        self._keys: dict[str, int] = {}
        rarities: list[float] = []
        self.calibrated(calibration)

        def numbers(terms: Iterable[Term]) -> list[int]:
            found = []
            for term in terms:
                number = self._keys.get(term.key)
                if number is None:
                    number = self._keys[term.key] = len(rarities)
                    rarities.append(term.topical)
                found.append(number)
            return found

        self._texts: list[str] = []
        self._negated: list[bool] = []
        self._asks: list[str | None] = []
        self._asked: list[frozenset[str | None]] = []
        phrasing_keys: list[list[int]] = []
        starts = [0]
        said: list[list[int]] = []
        mentioned: list[list[int]] = []
        topics: list[list[frozenset[int]]] = []
        for entry in entries:
            own: list[int] = []
            for text in (entry.question, *entry.phrasings):
                sentence = joined(read(text).sentences)
                terms = lexicon.terms(sentence.words, sentence.typed)
                lexicon.learn(terms)
                found = numbers(terms)
                own += sorted(set(found))
                phrasing_keys.append(found)
                self._texts.append(text)
                self._negated.append(sentence.negated)
                self._asks.append(sentence.asks)
            topic: list[frozenset[int]] = []
            for text in entry.keywords:
                plain = words(text)
                terms = lexicon.terms(plain, text.split() if len(text.split()) == len(plain) else plain)
                lexicon.learn(terms)
                topic.append(frozenset(numbers(terms)))
            plain = words(entry.answer)
            terms = lexicon.terms(plain, plain)
            lexicon.learn(terms)
            said.append(own + [number for each in topic for number in each])
            topics.append(topic)
            mentioned.append(numbers(terms))
            starts.append(len(self._texts))
            self._asked.append(frozenset(self._asks[starts[-2] :]))
        self._starts = np.array(starts, np.int32)
        self._topics = topics
        self._weigh(said, mentioned, np.array(rarities, np.float32))
        self._lay_out(phrasing_keys)

    @classmethod
    def build(
        cls, entries: Sequence[Entry], synonyms: Synonyms, english: English, calibration: Calibration
    ) -> "Index":
        """Index entries."""
        return cls(Lexicon(synonyms, english), entries, calibration)

    def calibrated(self, calibration: Calibration) -> None:
        """Judge by these weights from now on."""
        self._bias = calibration.bias
        self._coefficients = np.array([getattr(calibration, name) for name in FEATURES], np.float32)

    def _weigh(self, said: Sequence[list[int]], mentioned: Sequence[list[int]], rarity: Floats) -> None:
        """Lay out which entries use a key: how typical it is of each, and whether it is in phrasings or answer."""
        size, keys = len(said), len(rarity)
        own, own_counts = _pairs(said, size)
        spread = np.bincount(own // max(size, 1), minlength=keys)
        idf = np.log((1 + size) / (0.5 + spread)) / math.log((1 + size) / 0.5)
        self._typical = (np.sqrt(np.maximum(idf, 0.01)) * (0.5 + 0.5 * rarity)).astype(np.float32)
        top = math.log((1 + max(size, 2)) / 1.5) / math.log((1 + max(size, 2)) / 0.5)
        self._spread = 0.3 + 0.7 * np.clip(idf / top, 0, 1)
        self._weight = (rarity * self._spread).astype(np.float32)
        mass = own_counts * self._typical[own // max(size, 1)]
        total = np.bincount(own % max(size, 1), mass, minlength=size)
        likeness = np.log1p(mass / total[own % max(size, 1)] / SMOOTHING)
        answers, _ = _pairs(mentioned, size)
        answers = np.setdiff1d(answers, own, assume_unique=True)
        pairs = np.concatenate([own, answers])
        order = np.argsort(pairs, kind="stable")
        pairs = pairs[order]
        self._users = (pairs % max(size, 1)).astype(np.int32)
        self._likeness = np.concatenate([likeness, np.zeros(len(answers))])[order].astype(np.float32)
        self._presence = np.repeat([1.0, ANSWER_CREDIT], [len(own), len(answers)])[order].astype(np.float32)
        self._postings: list[int] = np.searchsorted(pairs, np.arange(keys + 1) * max(size, 1)).tolist()

    def _lay_out(self, phrasing_keys: Sequence[list[int]]) -> None:
        """Lay out the keys of each phrasing one after the other, and which key follows which in an entry."""
        owners = np.repeat(np.arange(len(self._ids)), np.diff(self._starts)).tolist()
        telling = (self._weight >= TELLING).tolist()
        follows = [
            self._follows(owner, before, after)
            for owner, keys in zip(owners, phrasing_keys, strict=True)
            for before, after in pairwise(key for key in keys if telling[key])
        ]
        self._order = np.unique(np.array(follows, np.int64))
        distinct = [list(dict.fromkeys(keys)) or [0] for keys in phrasing_keys]
        self._phrasing_keys = np.fromiter(chain.from_iterable(distinct), np.int32)
        self._phrasing_starts = np.concatenate([[0], np.cumsum([len(keys) for keys in distinct])]).astype(np.int64)
        weights = self._weight[self._phrasing_keys]
        self._phrasing_weights = np.add.reduceat(weights, self._phrasing_starts[:-1]) + np.float32(1e-6)

    def _follows(self, entry: int, before: int, after: int) -> int:
        return (entry * len(self._keys) + before) * len(self._keys) + after

    def _turned(self, terms: Sequence[Term], top: Ints) -> list[float]:
        """Say for each entry how many of the message's pairs of words it only knows the other way round, in [0, 1]."""
        heard = [self._keys[term.key] for term in terms if term.key in self._keys]
        pairs = list(pairwise(key for key in heard if self._weight[key] >= TELLING))
        if not pairs or not len(self._order):
            return [0.0] * len(top)
        codes = np.array(
            [
                [(self._follows(entry, a, b), self._follows(entry, b, a)) for a, b in pairs]
                for entry in top.tolist()
            ]
        )
        known = self._order[np.minimum(np.searchsorted(self._order, codes), len(self._order) - 1)] == codes
        straight, turned = known[:, :, 0].sum(axis=1), (known[:, :, 1] & ~known[:, :, 0]).sum(axis=1)
        return (turned / np.maximum(1, straight + turned)).tolist()

    def rank(
        self, utterance: str, *, limit: int = 3, after: str | None = None, without: str | None = None
    ) -> tuple[Candidate, ...]:
        """Rank the entries that may answer a message, best first.

        `after` is the entry the thread was answered with before: a short follow-up ("and at Anthropic?") is read in
        the light of that entry's question. `without` is a phrasing to leave out, so that it can be tried against the
        others. At most `limit` candidates; none where nothing in the message is about any entry.
        """
        said = read(utterance, self._lexicon.repair)
        best: dict[int, tuple[float, _Part, Judged, int]] = {}
        for part in self._parts(said, after):
            judged = self._judge(said, part, without)
            if judged is None:
                continue
            confidences = self.confidences(judged.features).tolist()
            for at, entry in enumerate(judged.entries.tolist()):
                if entry not in best or confidences[at] > best[entry][0]:
                    best[entry] = (confidences[at], part, judged, at)
        ranked = sorted(best.values(), key=lambda found: (-found[0], found[2].entries[found[3]]))[:limit]
        return tuple(self._candidate(*found) for found in ranked)

    def follows(self, utterance: str) -> bool:
        """Say whether a message may lean on what was asked before it: a few words with another name or role."""
        said = read(utterance, self._lexicon.repair)
        return bool(said.sentences) and self._kinds(said.sentences[-1]) != frozenset()

    def confidences(self, features: Floats) -> Floats:
        """Turn the features of K entries for one part of a message into K probabilities; the rest is "none of them".

        Source: McFadden's conditional logit, with an outside option of utility 0.
        """
        worth = np.exp(np.clip(features @ self._coefficients + self._bias, -30, 30))
        return np.asarray(worth / (1 + worth.sum()), np.float32)

    def judge(self, utterance: str, without: str | None = None) -> list[tuple[list[str], Floats]]:
        """Give ids and features (K × features) of the best entries for each part of a message, for calibration."""
        said = read(utterance, self._lexicon.repair)
        found = [self._judge(said, part, without) for part in self._parts(said, None)]
        return [([self._ids[at] for at in each.entries], each.features) for each in found if each is not None]

    def _parts(self, said: Utterance, after: str | None) -> list[_Part]:
        """Choose what to look at: the questions, each alone and with what comes before it; all if there are none."""
        sentences = said.sentences
        followed = self._followed(sentences[-1], after) if after is not None and sentences else None
        leaning = [followed] if followed else []
        asking = [at for at, sentence in enumerate(sentences) if sentence.form is Form.QUESTION]
        if not asking:
            return [*leaning, self._part(0, joined(sentences))] if 0 < len(sentences) <= 3 else leaning
        parts = leaning
        for question, at in enumerate(asking[:QUESTIONS]):
            alone = self._part(question, sentences[at])
            parts.append(alone)
            around = sentences if len(sentences) <= 3 else sentences[max(0, at - 1) : at]
            rest = [term for each in around if each is not sentences[at] for term in self._part(question, each).terms]
            if rest and len(rest) <= AROUND:
                parts.append(_Part(question, sentences[at], [*rest, *alone.terms], len(rest)))
        return parts

    def _part(self, question: int, sentence: Sentence) -> _Part:
        return _Part(question, sentence, self._lexicon.terms(sentence.words, sentence.typed))

    def _kinds(self, sentence: Sentence) -> frozenset[str]:
        """Give the kinds of names and roles in a sentence that is short enough to be a follow-up."""
        if len(sentence.words) > FOLLOW_UP:
            return frozenset()
        return frozenset(term.kind for term in self._part(0, sentence).terms if term.kind is not None)

    def _followed(self, sentence: Sentence, after: str) -> _Part | None:
        """Read "and at Anthropic?" as the question before with the new name or role in the place of the old one."""
        place, kinds = self._place.get(after), self._kinds(sentence)
        if place is None or not kinds:
            return None
        asked = joined(read(self._texts[self._starts[place]]).sentences)
        kept = [term for term in self._part(0, asked).terms if term.kind not in kinds]
        as_question = replace(sentence, form=Form.QUESTION, asks=asked.asks)
        return _Part(0, as_question, [*kept, *self._part(0, sentence).terms], leans=True)

    def _judge(self, said: Utterance, part: _Part, without: str | None) -> Judged | None:
        distinct = {term.key: at for at, term in enumerate(part.terms)}
        terms = [part.terms[at] for at in distinct.values()]
        # Which key of the vocabulary each term says: three lists side by side.
        owners: list[int] = []
        keys: list[int] = []
        credits: list[float] = []
        for at, term in enumerate(terms):
            for key, credit in self._lexicon.said(term):
                owners.append(at)
                keys.append(self._keys[key])
                credits.append(credit)
        if not keys:
            return None
        credit = np.array(credits, np.float32)
        key = np.array(keys, np.int32)
        if (credit * self._weight[key]).max() < TOPICAL:
            return None
        best = np.zeros(len(self._weight), np.float32)
        np.maximum.at(best, key, credit)
        found = self._search(terms, owners, keys, credit, best)
        if not len(found[0]):
            return None
        weights = np.array(
            [
                term.substance * (self._spread[self._keys[term.key]] if term.key in self._keys else 1.0)
                for term in terms
            ],
            np.float32,
        )
        weights[[at < part.before for at in distinct.values()]] *= CONTEXT
        return self._features(said, part, terms, weights, found, best, without)

    def _search(
        self, terms: Sequence[Term], owners: Sequence[int], keys: Sequence[int], credit: Floats, best: Floats
    ) -> tuple[Ints, Floats, Floats]:
        """Find the entries these keys are most typical of.

        Returns K positions of entries, their likeness in [0, 1] and what they explain of each term (terms × K).
        """
        spans = [(self._postings[key], self._postings[key + 1]) for key in keys]
        looked, near, rest = 0, [], []
        for at in sorted(range(len(keys)), key=lambda at: spans[at][1] - spans[at][0]):
            length = spans[at][1] - spans[at][0]
            (near if looked + length <= POSTINGS or not near else rest).append(at)
            looked += length
        counted: set[int] = set()
        worth = np.zeros(len(keys), np.float32)
        for at, key in enumerate(keys):
            if key not in counted:
                counted.add(key)
                worth[at] = best[key] * self._typical[key]
        slices = [slice(*spans[at]) for at in near]
        lengths = [span.stop - span.start for span in slices]
        users = np.concatenate([self._users[span] for span in slices])
        likeness = np.concatenate([self._likeness[span] for span in slices])
        scores = np.bincount(users, likeness * np.repeat(worth[near], lengths), len(self._ids))
        top = self._best(scores, JUDGED * 8 if rest else JUDGED)
        found = scores[top]
        looked_up = []
        for at in rest:
            start, stop = spans[at]
            place = np.minimum(np.searchsorted(self._users[start:stop], top), stop - start - 1) + start
            there = self._users[place] == top
            found += np.where(there, self._likeness[place] * worth[at], 0)
            looked_up.append((at, np.where(there, self._presence[place], 0)))
        explained = np.zeros((len(terms), len(top)), np.float32)
        slot = np.full(len(self._ids), -1, np.int16)
        slot[top] = np.arange(len(top))
        column = slot[users]
        kept = column >= 0
        presence = np.concatenate([self._presence[span] for span in slices])[kept]
        rows = np.repeat(np.array(owners)[near], lengths)[kept]
        np.maximum.at(explained, (rows, column[kept]), presence * np.repeat(credit[near], lengths)[kept])
        for at, present in looked_up:
            explained[owners[at]] = np.maximum(explained[owners[at]], present * credit[at])
        order = np.argsort(-found, kind="stable")[:JUDGED]
        whole = sum(
            float(self._typical[self._keys[term.key]]) if term.key in self._keys else 0.5 + 0.5 * term.topical
            for term in terms
        )
        like = found[order] / (whole * math.log1p(1 / SMOOTHING))
        return top[order].astype(np.int32), np.minimum(like, 1).astype(np.float32), explained[:, order]

    @staticmethod
    def _best(scores: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.intp]:
        if len(scores) > count:
            top = np.sort(np.argpartition(-scores, count)[:count])
        else:
            top = np.arange(len(scores))
        return top[scores[top] > 0]

    def _features(
        self,
        said: Utterance,
        part: _Part,
        terms: Sequence[Term],
        weights: Floats,
        found: tuple[Ints, Floats, Floats],
        best: Floats,
        without: str | None,
    ) -> Judged:
        top, likeness, explained = found
        sentence = part.sentence
        starts, stops = self._starts[top], self._starts[top + 1]
        phrasings = np.concatenate([np.arange(a, b) for a, b in zip(starts.tolist(), stops.tolist(), strict=True)])
        first, last = self._phrasing_starts[starts].tolist(), self._phrasing_starts[stops].tolist()
        keys = np.concatenate([self._phrasing_keys[a:b] for a, b in zip(first, last, strict=True)])
        sizes = self._phrasing_starts[phrasings + 1] - self._phrasing_starts[phrasings]
        edges = np.cumsum(sizes) - sizes
        weight, credit = self._weight[keys], best[keys]
        shared = np.add.reduceat(weight * credit, edges)
        missing = np.maximum.reduceat(weight * (1 - credit), edges)
        own, whole = self._phrasing_weights[phrasings], weights.sum() + SLIGHT
        similarity = 2 * shared / (own + whole)
        if without is not None:
            similarity[[self._texts[at] == without for at in phrasings.tolist()]] = 0
        chosen, begin = [], 0
        for length in (stops - starts).tolist():
            chosen.append(begin + int(similarity[begin : begin + length].argmax()))
            begin += length
        numbers = phrasings[chosen]
        left = weights[:, None] * (1 - explained)
        heaviest = left.max(axis=0)
        heard = {self._keys[term.key] for term in terms if term.key in self._keys}
        named = [{key for topic in self._topics[at] if topic <= heard for key in topic} for at in top.tolist()]
        topical = [sum(self._weight[list(keys)].tolist()) for keys in named]
        features = np.empty((len(top), len(FEATURES)), np.float32)
        for column, values in enumerate(
            (
                likeness,
                _lead(likeness),
                shared[chosen] / own[chosen],
                similarity[chosen],
                np.clip(2 * shared[chosen] / (own[chosen] + whole - SLIGHT) * 5 - 4, 0, 1),
                np.minimum(1, topical),
                (weights[:, None] * explained).sum(axis=0) / whole,
                np.minimum(1, heaviest),
                np.minimum(1, (left.sum(axis=0) - heaviest) / 2),
                np.minimum(1, missing[chosen]),
                np.minimum(1, shared[chosen] / 1.5),
                sentence.form is Form.QUESTION,
                sentence.form is Form.FRAGMENT,
                [self._particular(sentence, *pair) for pair in zip(top.tolist(), numbers.tolist(), strict=True)],
                [sentence.negated != self._negated[number] for number in numbers.tolist()],
                self._turned(part.terms[part.before :], top),
                said.called,
                said.about_you,
            )
        ):
            features[:, column] = values
        return Judged(top, features, numbers, terms, weights, explained)

    def _candidate(self, confidence: float, part: _Part, judged: Judged, at: int) -> Candidate:
        entry, phrasing = int(judged.entries[at]), int(judged.phrasings[at])
        return Candidate(
            self._ids[entry],
            confidence,
            self._texts[phrasing],
            part.question,
            part.sentence.form,
            part.leans,
            self._particular(part.sentence, entry, phrasing) == 1,
            partial(_reasons, judged, at),
        )

    def _particular(self, sentence: Sentence, entry: int, phrasing: int) -> float:
        """Say whether the kind of question is one that entry (1) or phrasing (a half) is never asked."""
        if sentence.asks not in PARTICULAR or sentence.asks == self._asks[phrasing]:
            return 0.0
        return 0.5 if sentence.asks in self._asked[entry] else 1.0


def _reasons(judged: Judged, at: int) -> Reasons:
    matched, unexplained = [], []
    known = judged.explained[:, at].tolist()
    for term, weight, credit in zip(judged.terms, judged.weights.tolist(), known, strict=True):
        if term.topical > 0 and credit > ANSWER_CREDIT:
            matched.append((term.typed, term.key[1:] if term.key[0] == "=" else term.taken_for))
        elif weight > 0 and credit < ANSWER_CREDIT:
            unexplained.append((-weight, "code or link" if term.taken_for == OPAQUE else term.typed))
    return Reasons(tuple(matched), tuple(typed for _, typed in sorted(unexplained)))


def _lead(likeness: Floats) -> Floats:
    """Say how far each entry is before or behind the best of the others, in [-1, 1]."""
    if len(likeness) == 1:
        return np.ones(1, np.float32)
    best, second = np.sort(likeness)[:-3:-1]
    others = np.where(likeness == best, second, best)
    return (likeness - others) / best


def _pairs(lists: Sequence[list[int]], size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Give the distinct (key, entry) of lists of keys by entry, as key × size + entry in order, and how often each is."""
    lengths = [len(each) for each in lists]
    keys = np.fromiter(chain.from_iterable(lists), np.int64, sum(lengths))
    return np.unique(keys * size + np.repeat(np.arange(size), lengths), return_counts=True)
