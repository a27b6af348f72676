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
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bot.domain.content import Authored, Entry, Synonyms
from bot.domain.lexicon import REMEMBERED, English, Lexicon, Term
from bot.domain.matching_text import OPAQUE, PARTICULAR, Form, Sentence, Utterance, joined, read, words
from bot.domain.postings import ANSWER_CREDIT, SMOOTHING, Floats, Found, Ints, Postings

JUDGED = 8  # entries that are judged in full, for each part of a message
QUESTIONS = 6  # of one message that are looked at
AROUND = 40  # words of the sentences around a question that are looked at with it
FOLLOW_UP = 8  # words that a follow-up has at most
SLIGHT = 0.05  # weight that every message has besides its words
ALIEN = 0.6  # unexplained weight from which a word makes it another question rather than another wording
TELLING = 0.15  # weight from which the order of words is looked at
CONTEXT = 0.3  # weight of words of the sentence before, which may have nothing to do with the question
TOPICAL = 0.03  # weight that at least one shared word must have


class Calibration(Authored):
    """The weights of the features, computed by `rolefit check --calibrate`."""

    bias: float
    likeness: float
    lead: float
    phrasing_covered: float
    similarity: float
    same: float
    verbatim: float
    keywords: float
    entry_covers: float
    unexplained: float
    alien: float
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
# All are in [0, 1] but for the lead, which is below 0 for all that are not ahead.
FLOOR: Final = np.array([[-1.0 if name == "lead" else 0.0] for name in FEATURES], np.float32)
# Against the entry, so that no calibration may turn it into something that speaks for it, and the other way round.
AGAINST: Final = frozenset(
    {"unexplained", "alien", "unexplained_rest", "missing", "fragment", "particular", "negation", "turned", "called", "about_you"}
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
        self._texts: list[str] = []
        self._negated: list[bool] = []
        self._asks: list[str | None] = []
        self._topics: list[list[frozenset[int]]] = []
        self._said: dict[tuple[str, str], tuple[tuple[int, float], ...]] = {}
        self.calibrated(calibration)
        topical: list[float] = []
        in_order: list[list[int]] = []  # keys of each phrasing
        said: list[list[int]] = []
        mentioned: list[list[int]] = []
        starts = [0]

        def numbers(found: Sequence[str], typed: Sequence[str]) -> list[int]:
            terms = lexicon.terms(found, typed)
            lexicon.learn(terms)
            for term in terms:
                if term.key not in self._keys:
                    self._keys[term.key] = len(topical)
                    topical.append(term.topical)
            return [self._keys[term.key] for term in terms]

        for entry in entries:
            own: list[int] = []
            for text in (entry.question, *entry.phrasings):
                sentence = joined(read(text).sentences)
                in_order.append(numbers(sentence.words, sentence.typed))
                own += dict.fromkeys(in_order[-1])
                self._texts.append(text)
                self._negated.append(sentence.negated)
                self._asks.append(sentence.asks)
            topics = [joined(read(text).sentences) for text in entry.keywords]
            self._topics.append([frozenset(numbers(topic.words, topic.typed)) for topic in topics])
            said.append([*own, *chain.from_iterable(self._topics[-1])])
            answer = words(entry.answer)
            mentioned.append(numbers(answer, answer))
            starts.append(len(self._texts))
        self._starts = np.array(starts, np.int64)
        self._asked = [frozenset(self._asks[a:b]) for a, b in pairwise(starts)]
        self._postings = Postings(said, mentioned, np.array(topical, np.float32))
        self._lay_out(in_order)

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

    def _lay_out(self, in_order: Sequence[list[int]]) -> None:
        """Lay out the keys of each phrasing one after the other, and which key follows which in an entry."""
        owners = np.repeat(np.arange(len(self._ids)), np.diff(self._starts))
        self._verbatim = dict(zip(map(tuple, in_order), owners.tolist(), strict=True))
        lengths = [len(keys) for keys in in_order]
        flat = np.fromiter(chain.from_iterable(in_order), np.int64, sum(lengths))
        phrasing = np.repeat(np.arange(len(in_order)), lengths)
        telling = np.flatnonzero(self._postings.weight[flat] >= TELLING)
        before, after = telling[:-1], telling[1:]
        together = phrasing[before] == phrasing[after]
        self._order = np.unique(self._follows(owners[phrasing[before]], flat[before], flat[after])[together])
        distinct = [list(dict.fromkeys(keys)) or [0] for keys in in_order]
        self._phrasing_keys = np.fromiter(chain.from_iterable(distinct), np.int32)
        self._phrasing_starts = np.concatenate([[0], np.cumsum([len(keys) for keys in distinct])])
        weights = self._postings.weight[self._phrasing_keys]
        self._phrasing_weights = np.add.reduceat(weights, self._phrasing_starts[:-1]) + np.float32(1e-6)

    def _follows(self, entry: npt.NDArray[Any], before: npt.NDArray[Any], after: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return (entry.astype(np.int64) * len(self._keys) + before) * len(self._keys) + after

    def _turned(self, heard: Sequence[int], top: Ints) -> Floats:
        """Say for each entry how many of the message's pairs of words it only knows the other way round, in [0, 1]."""
        keys = np.array(heard, np.int64)
        telling = keys[self._postings.weight[keys] >= TELLING] if heard else keys
        if len(telling) < 2 or not len(self._order):  # noqa: PLR2004 - a pair
            return np.zeros(len(top), np.float32)
        before, after, entry = telling[:-1], telling[1:], top[:, None]
        straight = self._knows(self._follows(entry, before, after))
        turned = self._knows(self._follows(entry, after, before)) & ~straight
        return (turned.sum(axis=1) / np.maximum(1, (straight | turned).sum(axis=1))).astype(np.float32)

    def _knows(self, codes: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        return np.asarray(self._order[np.minimum(np.searchsorted(self._order, codes), len(self._order) - 1)] == codes)

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
        worth = np.exp(np.minimum(features @ self._coefficients + self._bias, 30))
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
        sayings = [self._says(term) for term in terms]
        keys = np.array([key for saying in sayings for key, _ in saying], np.int32)
        credit = np.array([credit for saying in sayings for _, credit in saying], np.float32)
        if not len(keys) or (credit * self._postings.weight[keys]).max() < TOPICAL:
            return None
        found = self._postings.search(sayings, JUDGED)
        if not len(found.entries):
            return None
        best = np.zeros(len(self._keys), np.float32)
        np.maximum.at(best, keys, credit)
        spread, typical, weights, whole = self._postings.spread, self._postings.typical, [], 0.0
        for (key, at), term in zip(distinct.items(), terms, strict=True):
            number = self._keys.get(key)
            weight = term.substance if number is None else term.substance * float(spread[number])
            weights.append(weight * CONTEXT if at < part.before else weight)
            whole += 0.5 + 0.5 * term.topical if number is None else float(typical[number])
        return self._features(said, part, terms, np.array(weights, np.float32), found, best, whole, without)

    def _says(self, term: Term) -> tuple[tuple[int, float], ...]:
        said = self._said.get((term.key, term.taken_for))
        if said is None:
            if len(self._said) >= REMEMBERED:
                self._said.clear()
            said = tuple((self._keys[key], credit) for key, credit in self._lexicon.said(term).items())
            self._said[term.key, term.taken_for] = said
        return said

    def _features(
        self,
        said: Utterance,
        part: _Part,
        terms: Sequence[Term],
        weights: Floats,
        found: Found,
        best: Floats,
        whole: float,
        without: str | None,
    ) -> Judged:
        top, sentence, explained = found.entries, part.sentence, found.explained
        likeness = np.minimum(found.likeness / np.float32(whole * math.log1p(1 / SMOOTHING)), 1)
        starts, stops = self._starts[top], self._starts[top + 1]
        counts = stops - starts
        bounds = np.cumsum(counts)
        phrasings = np.arange(bounds[-1]) + np.repeat(starts - bounds + counts, counts)
        spans = zip(self._phrasing_starts[starts].tolist(), self._phrasing_starts[stops].tolist(), strict=True)
        keys = np.concatenate([self._phrasing_keys[a:b] for a, b in spans])
        sizes = self._phrasing_starts[phrasings + 1] - self._phrasing_starts[phrasings]
        edges = np.cumsum(sizes) - sizes
        weight, credit = self._postings.weight[keys], best[keys]
        shared = np.add.reduceat(weight * credit, edges)
        own, total = self._phrasing_weights[phrasings], float(weights.sum())
        similarity = 2 * shared / (own + (total + SLIGHT))
        if without is not None:
            similarity[[self._texts[at] == without for at in phrasings.tolist()]] = 0
        begins = [0, *bounds.tolist()]
        chosen = [a + int(similarity[a:b].argmax()) for a, b in pairwise(begins)]
        missing = [float((weight[a:b] * (1 - credit[a:b])).max()) for a, b in self._spans(edges, sizes, chosen)]
        numbers, shared, own = phrasings[chosen], shared[chosen], own[chosen]
        left = weights[:, None] * (1 - explained)
        heaviest, unexplained = left.max(axis=0), left.sum(axis=0)
        asked = [self._keys.get(term.key, -1) for term in part.terms[part.before :]]
        heard = {self._keys.get(term.key, -1) for term in terms}
        features = np.empty((len(FEATURES), len(top)), np.float32)
        for row, values in enumerate(
            (
                likeness,
                _lead(likeness),
                shared / own,
                similarity[chosen],
                10 * shared / (own + np.float32(total + 1e-6)) - 4,
                top == self._verbatim.get(tuple(asked), -1),
                [self._named(heard, entry) for entry in top.tolist()],
                (total - unexplained) / (total + SLIGHT),
                heaviest,
                (heaviest - ALIEN) / (1 - ALIEN),
                (unexplained - heaviest) / 2,
                missing,
                shared / 1.5,
                sentence.form is Form.QUESTION,
                sentence.form is Form.FRAGMENT,
                [self._particular(sentence, *pair) for pair in zip(top.tolist(), numbers.tolist(), strict=True)],
                [sentence.negated != self._negated[number] for number in numbers.tolist()],
                self._turned([key for key in asked if key >= 0], top),
                said.called,
                said.about_you,
            )
        ):
            features[row] = values
        np.minimum(features, 1, out=features)
        np.maximum(features, FLOOR, out=features)
        return Judged(top, features.T, numbers, terms, weights, explained)

    @staticmethod
    def _spans(edges: npt.NDArray[Any], sizes: npt.NDArray[Any], chosen: list[int]) -> Iterable[tuple[int, int]]:
        begins = edges[chosen]
        return zip(begins.tolist(), (begins + sizes[chosen]).tolist(), strict=True)

    def _named(self, heard: set[int], entry: int) -> float:
        """Add up the weights of the words in keywords of an entry that the message has in full."""
        named = {key for topic in self._topics[entry] if topic <= heard for key in topic}
        return sum(self._postings.weight[list(named)].tolist()) if named else 0.0

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
