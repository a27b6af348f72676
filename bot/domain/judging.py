"""How well the phrasings of entries fit a part of a message: features, the probabilities they make, and reasons.

Every entry that shares words with the part is scored by how typical those words are of it, as in naive Bayes; the best
few are then judged by features that say whether they answer it at all. The one that carries the judgement is how much
of the message the entry explains: what a message says besides makes it another question. A conditional logit with "none
of them" as one of the choices, calibrated on the knowledge itself, turns the features into probabilities.
"""

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

import numpy as np

from bot.domain.authored import Authored
from bot.domain.content import Entry
from bot.domain.learnt import Number
from bot.domain.lexicon import NAME, Lexicon, Term
from bot.domain.matching_text import OPAQUE, PARTICULAR, Form, Sentence, Utterance, joined, read, words
from bot.domain.phrasings import SLIGHT, Phrasings
from bot.domain.postings import ANSWER_CREDIT, SMOOTHING, Floats, Hits, Postings, Uses

JUDGED = 6  # entries that are judged in full, for each part of a message
REMEMBERED = 2_000_000  # uses of words that are kept ready by term, about 24 MB
STRANGE_WORDS = 20_000  # words that no entry has, and that are kept ready beside these: there is no end of such words
TELLING = 0.15  # topical weight from which a word says something
ALIEN = 0.6  # unexplained weight from which a word makes it another question rather than another wording
CONTEXT = 0.3  # weight of words of the sentence before, which may have nothing to do with the question
WHOLE_LIKENESS = math.log1p(1 / SMOOTHING)  # of a word that an entry says all the time
TOPICAL = 0.03  # weight that at least one shared word must have


class Calibration(Authored):
    """The weights of the features, computed by `rolefit check --calibrate`."""

    bias: Number
    likeness: Number
    lead: Number
    phrasing_covered: Number
    similarity: Number
    same: Number
    verbatim: Number
    keywords: Number
    entry_covers: Number
    unexplained: Number
    alien: Number
    unexplained_rest: Number
    missing: Number
    evidence: Number
    form: Number
    fragment: Number
    particular: Number
    negation: Number
    called: Number
    about_you: Number


FEATURES: Final = tuple(name for name in Calibration.model_fields if name != "bias")
# All are in [0, 1] but for the lead, which is below 0 for all that are not ahead.
FLOOR: Final = np.array([[-1.0 if name == "lead" else 0.0] for name in FEATURES], np.float32)
ROW: Final = {name: at for at, name in enumerate(FEATURES)}
SAME = ROW["same"]
NEARLY_SAME = 0.9  # of that feature: all but a fiftieth of the weight of message and phrasing is shared
# Against the entry, so that no calibration may turn it into something that speaks for it, and the other way round.
AGAINST: Final = frozenset(
    {"unexplained", "alien", "unexplained_rest", "missing", "fragment", "particular", "negation", "called", "about_you"}
)


@dataclass(frozen=True)
class Reasons:
    """Words of a message and what they were taken for; and those that nothing in the entry accounts for.

    `telling` counts the matched words that say something, and `names` those of them that are names; `topics` are those
    matched words.
    """

    matched: tuple[tuple[str, str], ...]
    unexplained: tuple[str, ...]  # heaviest first
    telling: int
    names: int
    topics: tuple[tuple[str, str], ...] = ()


class Part(NamedTuple):
    """What is looked at: which question, as a sentence, its terms, and how many of them come from before it."""

    question: int
    sentence: Sentence
    terms: Sequence[Term]
    before: int = 0
    leans: bool = False


class Judged(NamedTuple):
    """The best entries for one part of a message: `entries` (K positions), `features` (K × features), why."""

    entries: Sequence[int]
    features: Floats
    phrasings: Sequence[int]
    as_phrased: Sequence[bool]  # whether the question is a phrasing, all but word for word
    terms: Sequence[Term]
    weights: Sequence[float]  # of the terms
    explained: Floats  # K × terms, in [0, 1]
    names: bool  # whether a role, a company or a person is named


class Reading(NamedTuple):
    """What a term is to an index: its uses, the most that one of them weighs, and how much it says and could match."""

    number: int  # of its key; -1 if no entry has it
    uses: Uses
    strongest: float
    weight: float
    whole: float


class Judge:
    """The phrasings of all entries, by which it is judged how well each of them fits a part of a message.

    questions: of all entries by their ids, as sentences. field_of_work: keys of words that say something.
    """

    def __init__(self, lexicon: Lexicon, entries: Sequence[Entry], calibration: Calibration) -> None:
        self._lexicon = lexicon
        self.questions: dict[str, Sentence] = {}
        self._keys: dict[str, int] = {}
        self._readings: dict[tuple[str, str], Reading] = {}
        self._room, self._strange = REMEMBERED, 0
        topical: list[float] = []
        texts: list[str] = []
        sentences: list[Sentence] = []
        topics: list[list[frozenset[int]]] = []  # keys of each keyword, by entry
        in_order: list[list[int]] = []  # keys of each phrasing
        phrased: list[list[int]] = []  # keys of phrasings and keywords, by entry
        answered: list[list[int]] = []  # keys of the answer, by entry

        def keys_of(spelt: Sequence[str], typed: Sequence[str]) -> list[int]:
            terms = lexicon.terms(spelt, typed)
            lexicon.learn(terms)
            for term in terms:
                if term.key not in self._keys:
                    self._keys[term.key] = len(topical)
                    topical.append(term.topical)
            return [self._keys[term.key] for term in terms]

        for entry in entries:
            own: list[int] = []
            for text in entry.wordings:
                sentence = joined(read(text).sentences)
                self.questions.setdefault(entry.id, sentence)
                in_order.append(keys_of(sentence.words, sentence.typed))
                own += dict.fromkeys(in_order[-1])
                texts.append(text)
                sentences.append(sentence)
            keywords = [joined(read(text).sentences) for text in entry.keywords]
            topics.append([frozenset(keys_of(keyword.words, keyword.typed)) for keyword in keywords])
            phrased.append([*own, *chain.from_iterable(topics[-1])])
            answer = words(entry.answer)
            answered.append(keys_of(answer, answer))
        self._postings = Postings(phrased, answered, np.array(topical, np.float32))
        counts = [len(entry.wordings) for entry in entries]
        self._phrasings = Phrasings(texts, sentences, in_order, counts, self._postings.weight)
        self._typical, self._spread = self._postings.typical.tolist(), self._postings.spread.tolist()
        self._weight = self._postings.weight.tolist()
        self._topics: dict[int, list[tuple[int, frozenset[int]]]] = {}  # entries and keywords by their rarest key
        for entry_at, of_entry in enumerate(topics):
            for topic in filter(None, of_entry):
                rarest = max(topic, key=self._spread.__getitem__)
                self._topics.setdefault(rarest, []).append((entry_at, topic))
        self.field_of_work = frozenset(key for key, at in self._keys.items() if topical[at] >= TELLING)
        self.calibrated(calibration)

    def calibrated(self, calibration: Calibration) -> None:
        """Judge by these weights from now on."""
        self._bias = calibration.bias
        self._coefficients = np.array([getattr(calibration, name) for name in FEATURES], np.float32)

    def telling(self, parts: Sequence[Part]) -> list[tuple[Part, list[Reading]]]:
        """Give the parts that share a word with an entry that says something, with the readings of their terms.

        No other part speaks for any entry.
        """
        telling, prepared = [], self._readings
        for part in parts:
            readings = [prepared.get((term.key, term.taken_for)) or self._reading(term) for term in part.terms]
            if max([reading.strongest for reading in readings], default=0.0) >= TOPICAL:
                telling.append((part, readings))
        return telling

    def judge(
        self,
        parsed: Utterance,
        part: Part,
        readings: Sequence[Reading],
        without: str | None,
        also: Sequence[int] = (),
    ) -> Judged | None:
        """Judge the best entries for a part, given with the readings of its terms, and those in `also`."""
        places = {term.key: at for at, term in enumerate(part.terms)}.values()  # each term once
        numbers, uses, _, weights, wholes = zip(*[readings[at] for at in places], strict=True)
        hits = self._postings.search(uses, JUDGED, also)
        if not len(hits.entries):
            return None
        if part.before:
            pairs = zip(weights, places, strict=True)
            weights = tuple([weight * CONTEXT if at < part.before else weight for weight, at in pairs])
        likeness = np.minimum(hits.likeness / np.float32(sum(wholes) * WHOLE_LIKENESS), 1)
        in_order = [reading.number for reading in readings[part.before :]]
        verbatim = -1 if without is not None else self._phrasings.verbatim(in_order)
        terms = [part.terms[at] for at in places]
        return self._features(parsed, part, terms, weights, hits, likeness, frozenset(numbers), verbatim, without)

    def _reading(self, term: Term) -> Reading:
        uses = self._postings.uses({self._keys[key]: credit for key, credit in self._lexicon.expand(term).items()})
        number = self._keys.get(term.key, -1)
        reading = Reading(
            number,
            uses,
            float((uses.credits * self._postings.weight[uses.keys]).max()),
            term.substance if number < 0 else term.substance * self._spread[number],
            0.5 + 0.5 * term.topical if number < 0 else self._typical[number],
        )
        if uses.count and len(uses.presence) <= self._room:
            self._room -= len(uses.presence)
            self._readings[term.key, term.taken_for] = reading
        elif not uses.count and self._strange < STRANGE_WORDS:
            self._strange += 1
            self._readings[term.key, term.taken_for] = reading
        return reading

    def _features(
        self,
        parsed: Utterance,
        part: Part,
        terms: Sequence[Term],
        weights: Sequence[float],
        hits: Hits,
        likeness: Floats,
        keys: AbstractSet[int],
        verbatim: int,
        without: str | None,
    ) -> Judged:
        """Compute the features of the entries in `hits`.

        weights: of the terms. likeness: of the entries, in [0, 1]. keys: of the terms. verbatim: the entry that has a
        phrasing of just these terms; -1 if none has.
        """
        sentence, entries = part.sentence, hits.entries.tolist()
        weight = np.array(weights, np.float32)
        total = float(np.add.reduce(weight))
        coverage = np.zeros(len(self._keys), np.float32)  # by key: how fully the message says it
        np.maximum.at(coverage, hits.keys, hits.credits)
        nearest = self._phrasings.nearest(entries, coverage, total, without)
        shared, phrasings = nearest.shared, nearest.phrasings
        unexplained_by_term = (1 - hits.explained) * weight
        heaviest, unexplained = np.maximum.reduce(unexplained_by_term, 1), np.add.reduce(unexplained_by_term, 1)
        negated = self._phrasings.negated
        values: dict[str, Floats | Sequence[float] | float] = {  # of those that are not 0
            "likeness": likeness,
            "lead": _lead(likeness.tolist()),
            "phrasing_covered": shared / nearest.weights,
            "similarity": nearest.similarity,
            "same": 10 * shared / (nearest.weights + np.float32(total + 1e-6)) - 4,
            "entry_covers": (total - unexplained) / (total + SLIGHT),
            "unexplained": heaviest,
            "alien": (heaviest - ALIEN) / (1 - ALIEN),
            "unexplained_rest": (unexplained - heaviest) / 2,
            "missing": nearest.missing,
            "evidence": shared / 1.5,
            "negation": [sentence.negated != negated[phrasing] for phrasing in phrasings],
        }
        if verbatim in entries:
            values["verbatim"] = [entry == verbatim for entry in entries]
        if named := self._named(keys, entries):
            values["keywords"] = named
        if sentence.asks in PARTICULAR:
            values["particular"] = self._particular(sentence, entries, phrasings)
        constant = {
            "form": sentence.form is Form.QUESTION,
            "fragment": sentence.form is Form.FRAGMENT,
            "called": parsed.called,
            "about_you": parsed.about_you,
        }
        values |= {name: 1.0 for name, is_so in constant.items() if is_so}
        features = np.zeros((len(FEATURES), len(entries)), np.float32)
        for name, value in values.items():
            features[ROW[name]] = value
        np.minimum(features, 1, out=features)
        np.maximum(features, FLOOR, out=features)
        as_phrased = (features[SAME] >= NEARLY_SAME).tolist()
        if verbatim in entries:
            as_phrased[entries.index(verbatim)] = True
        names = any(term.kind for term in terms)
        return Judged(entries, features.T, phrasings, as_phrased, terms, weights, hits.explained, names)

    def _named(self, keys: AbstractSet[int], entries: Sequence[int]) -> list[float]:
        """Add up, for each entry, the weights of the words in its keywords that the message has in full.

        Nothing is given if the message has none.
        """
        named: dict[int, set[int]] = {}
        for key in keys:
            for entry, topic in self._topics.get(key, ()):
                if topic <= keys:
                    named.setdefault(entry, set()).update(topic)
        return [sum([self._weight[key] for key in named.get(entry, ())]) for entry in entries] if named else []

    def confidences(self, features: Floats) -> Floats:
        """Turn the features of K entries for one part of a message into K probabilities; the rest is "none of them".

        Source: McFadden's conditional logit, with an outside option of utility 0.
        """
        worth = np.exp(np.minimum(features.dot(self._coefficients) + self._bias, 30))
        return np.asarray(worth / (1 + np.add.reduce(worth)), np.float32)

    def phrasing(self, judged: Judged, at: int) -> str:
        """Give the phrasing that an entry was taken for, by its row."""
        return self._phrasings.texts[judged.phrasings[at]]

    def is_particular(self, sentence: Sentence, judged: Judged, at: int) -> bool:
        """Return whether the kind of question is one that an entry, given by its row, is never asked."""
        return self._particular(sentence, [judged.entries[at]], [judged.phrasings[at]]) == [1.0]

    def _particular(self, sentence: Sentence, entries: Sequence[int], phrasings: Sequence[int]) -> list[float] | float:
        """Return whether the kind of question is one that each entry (1) or phrasing (a half) is never asked."""
        if sentence.asks not in PARTICULAR:
            return 0.0
        asks, asked = self._phrasings.asks, self._phrasings.asked
        return [
            0.0 if sentence.asks == asks[phrasing] else 0.5 if sentence.asks in asked[entry] else 1.0
            for entry, phrasing in zip(entries, phrasings, strict=True)
        ]


def reasons(judged: Judged, at: int) -> Reasons:
    """Give the words that speak for an entry, given by its row, and those that it does not explain."""
    matched: list[tuple[str, str]] = []
    topics: list[tuple[str, str]] = []
    unexplained, names = [], 0
    explained = judged.explained[at].tolist()
    for term, weight, credit in zip(judged.terms, judged.weights, explained, strict=True):
        if term.topical > 0 and credit > ANSWER_CREDIT:
            matched.append((term.typed, term.key[1:] if term.key[0] == "=" else term.taken_for))
            topics += matched[-1:] if term.topical >= TELLING else []
            names += term.kind == NAME
        elif weight > 0 and credit < ANSWER_CREDIT:
            unexplained.append((-weight, "code or link" if term.taken_for == OPAQUE else term.typed))
    heaviest_first = tuple(typed for _, typed in sorted(unexplained))
    return Reasons(tuple(matched), heaviest_first, len(topics), names, tuple(topics))


def _lead(likeness: Sequence[float]) -> list[float]:
    """Return how far each entry is before or behind the best of the others, in [-1, 1]; the best comes first."""
    best, *others = likeness
    return [1 - max(others, default=0.0) / best, *(other / best - 1 for other in others)]
