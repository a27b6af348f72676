"""How well the phrasings of entries fit a part of a message: features, the probabilities they make, and reasons.

Every entry that shares words with the part is scored by how typical those words are of it, as in naive Bayes; the best
few are then judged by features that say whether they answer it at all. The one that carries the judgement is how much
of the message the entry explains: what a message says besides makes it another question. A conditional logit with "none
of them" as one of the choices, calibrated on the knowledge itself, turns the features into probabilities.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Final, NamedTuple

import numpy as np

from bot.domain.authored import Authored
from bot.domain.content import Entry
from bot.domain.learnt import Number
from bot.domain.lexicon import NAME, Lexicon, Term
from bot.domain.matching_text import OPAQUE, PARTICULAR, Form, Sentence, Utterance, read_phrasing, words
from bot.domain.phrasings import SLIGHT, Nearest, Phrasings
from bot.domain.postings import ANSWER_CREDIT, SMOOTHING, Floats, Hits, Postings, Uses, as_rows, left_over

JUDGED = 6  # entries that are judged in full, for each part of a message
REMEMBERED = 2_000_000  # uses of words that are kept ready by term, at most 24 MB
STRANGE_WORDS = 20_000  # words that no entry has, and that are kept ready beside these: there is no end of such words
TELLING = 0.15  # topical weight from which a word says something
HEAVY = 0.3  # weight from which a word of a phrasing tells what its entry is about
ALIEN = 0.6  # unexplained weight from which a word makes it another question rather than another wording
BEYOND_ALIEN = 1 - ALIEN
CONTEXT = 0.3  # weight of words of the sentence before, which may have nothing to do with the question
WHOLE_LIKENESS = math.log1p(1 / SMOOTHING)  # of a word that an entry says all the time
MOST_UTILITY = 30.0  # beyond which an entry is certain anyway
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
WIDTH: Final = len(FEATURES)
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
    numbers: Sequence[float]  # the same, one after the other
    phrasings: Sequence[int]
    as_phrased: Sequence[bool]  # whether the question is a phrasing, all but word for word
    terms: Sequence[Term]
    weights: Sequence[float]  # of the terms
    hits: Hits  # with what they leave unexplained of the terms
    names: bool  # whether a role, a company or a person is named


class Topic(NamedTuple):
    """A keyword: its keys, the entries that have it, and what its keys weigh together."""

    keys: frozenset[int]
    entries: frozenset[int]
    weight: float


class Reading(NamedTuple):
    """What a term is to an index: its uses, the most that one of them weighs, and how much it says and could match."""

    key: str
    number: int  # of its key; -1 if no entry has it
    uses: Uses
    credits: Sequence[tuple[int, float]]  # of its keys that weigh something, which are all that tells phrasings apart
    strongest: float
    weight: float
    whole: float
    topics: Sequence[Topic]  # of which its key is the rarest


_STRONGEST, _KIND = attrgetter("strongest"), attrgetter("kind")


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

        def keys_of(spelt: tuple[str, ...], typed: tuple[str, ...]) -> list[int]:
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
                sentence = read_phrasing(text)
                self.questions.setdefault(entry.id, sentence)
                in_order.append(keys_of(sentence.words, sentence.typed))
                own += dict.fromkeys(in_order[-1])
                texts.append(text)
                sentences.append(sentence)
            keywords = [read_phrasing(text) for text in entry.keywords]
            topics.append([frozenset(keys_of(keyword.words, keyword.typed)) for keyword in keywords])
            phrased.append([*own, *chain.from_iterable(topics[-1])])
            answer = words(entry.answer)
            answered.append(keys_of(answer, answer))
        self._postings = Postings(phrased, answered, np.array(topical, np.float32))
        counts = [len(entry.wordings) for entry in entries]
        self._phrasings = Phrasings(texts, sentences, in_order, counts, self._postings.weight)
        self._typical, self._spread = self._postings.typical.tolist(), self._postings.spread.tolist()
        self._weight: list[float] = self._postings.weight.tolist()
        entries_by_topic: dict[frozenset[int], set[int]] = {}
        for entry_at, of_entry in enumerate(topics):
            for topic in filter(None, of_entry):
                entries_by_topic.setdefault(topic, set()).add(entry_at)
        self._topics: dict[int, list[Topic]] = {}  # by their rarest key
        for topic, owners in entries_by_topic.items():
            rarest = max(topic, key=self._spread.__getitem__)
            self._topics.setdefault(rarest, []).append(Topic(topic, frozenset(owners), self._weight_of(topic)))
        self.field_of_work = frozenset(key for key, at in self._keys.items() if topical[at] >= TELLING)
        self.calibrated(calibration)

    def calibrated(self, calibration: Calibration) -> None:
        """Judge by these weights from now on."""
        self._bias = calibration.bias
        self._coefficients = np.array([getattr(calibration, name) for name in FEATURES], np.float32)

    def telling_keys(self, entries: Collection[int]) -> frozenset[int]:
        """Give the keys of the words that tell what these entries, given by their places, are about."""
        return frozenset(key for key in self._phrasings.keys_of(entries) if self._weight[key] >= HEAVY)

    def is_phrasing(self, keys: Sequence[int]) -> bool:
        """Return whether some phrasing has these keys in this order."""
        return self._phrasings.verbatim(keys) >= 0

    def telling(self, parts: Sequence[Part]) -> list[tuple[Part, list[Reading]]]:
        """Give the parts that share a word with an entry that says something, with the readings of their terms.

        No other part speaks for any entry.
        """
        telling, prepared = [], self._readings
        for part in parts:
            readings = [prepared.get((term.key, term.taken_for)) or self._reading(term) for term in part.terms]
            if max(map(_STRONGEST, readings), default=0.0) >= TOPICAL:
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
        terms = part.terms
        keys, numbers, uses, credits_of_terms, _, weights, wholes, topics = zip(*readings, strict=True)
        in_order = numbers[part.before :]
        places: Collection[int] = range(len(keys))
        if len(set(keys)) < len(keys):  # each term once
            places = {key: at for at, key in enumerate(keys)}.values()
            terms, readings = [terms[at] for at in places], [readings[at] for at in places]
            _, numbers, uses, credits_of_terms, _, weights, wholes, topics = zip(*readings, strict=True)
        hits = self._postings.search(uses, JUDGED, also)
        if not len(hits.entries):
            return None
        if part.before:
            pairs = zip(weights, places, strict=True)
            weights = tuple([weight * CONTEXT if at < part.before else weight for weight, at in pairs])
        most = sum(wholes) * WHOLE_LIKENESS
        likeness = [likeness / most if likeness < most else 1.0 for likeness in hits.likeness]
        verbatim = -1 if without is not None else self._phrasings.verbatim(in_order)
        credit_by_key = dict(chain.from_iterable(credits_of_terms))
        if len(credit_by_key) < sum(map(len, credits_of_terms)):  # several terms have a key: the best of them counts
            credit_by_key.clear()
            for key, credit in chain.from_iterable(credits_of_terms):
                if credit > credit_by_key.get(key, 0.0):
                    credit_by_key[key] = credit
        total = sum(weights)
        nearest = self._phrasings.nearest(hits.entries, credit_by_key, total, without)
        named = self._named(frozenset(numbers), topics, hits.entries)
        return self._features(parsed, part, terms, weights, total, hits, likeness, named, verbatim, nearest)

    def _reading(self, term: Term) -> Reading:
        credit_by_key = {self._keys[key]: credit for key, credit in self._lexicon.expand(term).items()}
        number, weight = self._keys.get(term.key, -1), self._weight
        own = term.substance if number < 0 else term.substance * self._spread[number]
        uses = self._postings.uses(credit_by_key, own)
        telling = [(key, credit) for key, credit in credit_by_key.items() if weight[key]]
        reading = Reading(
            term.key,
            number,
            uses,
            telling,
            max([weight[key] * credit for key, credit in telling], default=0.0),
            own,
            0.5 + 0.5 * term.topical if number < 0 else self._typical[number],
            self._topics.get(number, ()),
        )
        if uses.times and uses.kept <= self._room:
            self._room -= uses.kept
            self._readings[term.key, term.taken_for] = reading
        elif not uses.times and self._strange < STRANGE_WORDS:
            self._strange += 1
            self._readings[term.key, term.taken_for] = reading
        return reading

    def _features(
        self,
        parsed: Utterance,
        part: Part,
        terms: Sequence[Term],
        weights: Sequence[float],
        total: float,
        hits: Hits,
        likeness: Sequence[float],
        named: Sequence[float],
        verbatim: int,
        nearest: Sequence[Nearest],
    ) -> Judged:
        """Compute the features of the entries in `hits`, and of the phrasings of theirs that are `nearest`.

        weights: of the terms, in all `total`. likeness: of the entries, in [0, 1]. named: see `_named`. verbatim: the
        entry that has a phrasing of just these terms; -1 if none has.

        Of so few entries, lists are as fast as arrays, and one array of all numbers is faster than one of each feature.
        """
        sentence, entries = part.sentence, hits.entries
        unexplained, heaviest = hits.unexplained, hits.heaviest
        if part.before:  # some terms weigh less here than they do by themselves
            unexplained, heaviest = left_over(hits.absence, hits.columns, weights)
        phrasings, negated = [phrasing[0] for phrasing in nearest], self._phrasings.negated
        particular = self._particular(sentence, entries, phrasings)
        # As floats, which take a fraction of the time to be laid out as such that truth values take.
        question, fragment = float(sentence.form is Form.QUESTION), float(sentence.form is Form.FRAGMENT)
        best, second = likeness[0], likeness[1] if len(entries) > 1 else 0.0
        numbers: list[float] = []
        as_phrased = []
        denies, called, about_you = sentence.negated, float(parsed.called), float(parsed.about_you)
        columns = zip(entries, likeness, unexplained, heaviest, named, particular, nearest, strict=True)
        for entry, like, left, heavy, name, particularly, (phrasing, similarity, common, whole, missing) in columns:
            rest = left - heavy
            same = 10 * common / (whole + total + 1e-6) - 4
            as_phrased.append(same >= NEARLY_SAME or entry == verbatim)
            numbers += (  # in the order of FEATURES; comparisons are faster than min and max
                like,
                like / best - 1 if numbers else 1 - second / best,
                common / whole,
                similarity if similarity < 1 else 1.0,
                0.0 if same < 0 else same if same < 1 else 1.0,
                1.0 if entry == verbatim else 0.0,
                name if name < 1 else 1.0,
                (total - left) / (total + SLIGHT),
                heavy,
                (heavy - ALIEN) / BEYOND_ALIEN if heavy > ALIEN else 0.0,
                0.0 if rest < 0 else rest / 2 if rest < 2 else 1.0,
                missing,
                common / 1.5 if common < 1.5 else 1.0,
                question,
                fragment,
                particularly,
                1.0 if denies != negated[phrasing] else 0.0,
                called,
                about_you,
            )
        names = any(map(_KIND, terms))
        return Judged(entries, as_rows(numbers, WIDTH), numbers, phrasings, as_phrased, terms, weights, hits, names)

    def _named(self, keys: AbstractSet[int], topics: Iterable[Sequence[Topic]], entries: Sequence[int]) -> list[float]:
        """Add up, for each entry, the weights of the words in its keywords that the message has in full.

        keys: of the terms. topics: of each term, those that may be among its keywords.
        """
        named: dict[int, tuple[frozenset[int], float]] = {}
        for of_topic, owners, weight in chain.from_iterable(topics):
            if of_topic <= keys:
                for entry in owners.intersection(entries):
                    if entry in named:
                        both = named[entry][0] | of_topic
                        named[entry] = both, self._weight_of(both)
                    else:
                        named[entry] = of_topic, weight
        if not named:
            return [0.0] * len(entries)
        return [named[entry][1] if entry in named else 0.0 for entry in entries]

    def _weight_of(self, keys: AbstractSet[int]) -> float:
        """Add up the weights of keys."""
        return sum([self._weight[key] for key in keys])

    def confidences(self, features: Floats) -> list[float]:
        """Turn the features of K entries for one part of a message into K probabilities; the rest is "none of them".

        Source: McFadden's conditional logit, with an outside option of utility 0.
        """
        bias, utilities, exp = self._bias, features.dot(self._coefficients).tolist(), math.exp
        if max(utilities, default=0.0) + bias < MOST_UTILITY:  # as with all but a few
            worth = [exp(utility + bias) for utility in utilities]
        else:
            worth = [exp(min(utility + bias, MOST_UTILITY)) for utility in utilities]
        whole = 1 + sum(worth)
        return [of_entry / whole for of_entry in worth]

    def phrasing(self, judged: Judged, at: int) -> str:
        """Give the phrasing that an entry was taken for, by its row."""
        return self._phrasings.texts[judged.phrasings[at]]

    def is_particular(self, sentence: Sentence, judged: Judged, at: int) -> bool:
        """Return whether the kind of question is one that an entry, given by its row, is never asked."""
        return self._particular(sentence, [judged.entries[at]], [judged.phrasings[at]]) == [1.0]

    def _particular(self, sentence: Sentence, entries: Sequence[int], phrasings: Sequence[int]) -> list[float]:
        """Return whether the kind of question is one that each entry (1) or phrasing (a half) is never asked."""
        if sentence.asks not in PARTICULAR:
            return [0.0] * len(entries)
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
    unexplained_by_term = judged.hits.absence[:, judged.hits.columns[at]].tolist()
    for term, weight, absent in zip(judged.terms, judged.weights, unexplained_by_term, strict=True):
        if term.topical > 0 and absent < 1 - ANSWER_CREDIT:
            matched.append((term.typed, term.key[1:] if term.key[0] == "=" else term.taken_for))
            topics += matched[-1:] if term.topical >= TELLING else []
            names += term.kind == NAME
        elif weight > 0 and absent > 1 - ANSWER_CREDIT:
            unexplained.append((-weight, "code or link" if term.taken_for == OPAQUE else term.typed))
    heaviest_first = tuple(typed for _, typed in sorted(unexplained))
    return Reasons(tuple(matched), heaviest_first, len(topics), names, tuple(topics))
