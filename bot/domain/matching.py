"""An index over phrasings; utterance -> ranked candidates with a calibrated confidence and reasons.

Two steps. Every entry that shares words with the message is scored by how typical those words are of it, as in naive
Bayes; the best few are then judged by features that say whether they answer it at all. The one that carries the
judgement is how much of the message the entry explains: what a message says besides makes it another question. A
conditional logit with "none of them" as one of the choices, calibrated on the knowledge itself, turns the features
into probabilities.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import accumulate, chain, pairwise
from typing import Final, NamedTuple

import numpy as np

from bot.domain.content import Authored, Entry, Synonyms
from bot.domain.embeddings import Nearness, SemanticScores
from bot.domain.follow_up import FollowUps
from bot.domain.learnt import HINTS, Hint, Learnt, Number, tokens
from bot.domain.lexicon import NAME, English, Lexicon, Term
from bot.domain.matching_text import OPAQUE, PARTICULAR, Form, Sentence, Utterance, joined, read, words
from bot.domain.postings import ANSWER_CREDIT, NOWHERE, SMOOTHING, Floats, Hits, Ints, Postings, Uses

JUDGED = 6  # entries that are judged in full, for each part of a message
QUESTIONS = 6  # of one message that are looked at
AROUND = 40  # words of the sentences around a question that are looked at with it
REMEMBERED = 2_000_000  # uses of words that are kept ready by term, about 24 MB
SLIGHT = 0.05  # weight that every message has besides its words
TELLING = 0.15  # topical weight from which a word says something
ALIEN = 0.6  # unexplained weight from which a word makes it another question rather than another wording
CONTEXT = 0.3  # weight of words of the sentence before, which may have nothing to do with the question
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
SAME, VERBATIM = FEATURES.index("same"), FEATURES.index("verbatim")
NEARLY_SAME = 0.9  # of that feature: all but a fiftieth of the weight of message and phrasing is shared
# Against the entry, so that no calibration may turn it into something that speaks for it, and the other way round.
AGAINST: Final = frozenset(
    {"unexplained", "alien", "unexplained_rest", "missing", "fragment", "particular", "negation", "called", "about_you"}
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
    phrased: float  # the confidence from the phrasings alone
    learnt: bool  # whether utterances had a part in the confidence
    names: bool  # whether the question names a role, a company or a person
    why: Callable[[], "Reasons"] = field(compare=False, repr=False)
    nearness: Nearness | None = None  # in meaning; None if only words were looked at


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
    phrasings: Sequence[int]
    terms: Sequence[Term]
    weights: Floats  # of the terms
    explained: Floats  # terms × K, in [0, 1]


class _Match(NamedTuple):
    """The part of a message that speaks most for an entry by its phrasings alone, and the entry's row of `judged`."""

    phrased: float
    part: _Part
    judged: Judged
    at: int


class _Nearest(NamedTuple):
    """The most similar phrasing of each of K entries: which, and how its weight compares with that of a message.

    similarity: Dice coefficient of the weights, in [0, 1]. shared: weight of its words that the message has. weights:
    of all its words. missing: the heaviest of its words that the message lacks.
    """

    phrasings: Sequence[int]
    similarity: Floats
    shared: Floats
    weights: Floats
    missing: Floats


class Index:
    """Phrasings of all entries, ready to be searched."""

    def __init__(
        self, lexicon: Lexicon, entries: Sequence[Entry], calibration: Calibration, learnt: Learnt | None = None
    ) -> None:
        self._lexicon = lexicon
        self._learnt = learnt
        self._ids = [entry.id for entry in entries]
        self._keys: dict[str, int] = {}
        self._texts: list[str] = []
        self._negated: list[bool] = []
        self._asks: list[str | None] = []
        self._topics: list[list[frozenset[int]]] = []
        self._uses_by_term: dict[tuple[str, str], Uses] = {}
        self._room = REMEMBERED
        self.calibrated(calibration)
        topical: list[float] = []
        in_order: list[list[int]] = []  # keys of each phrasing
        phrased: list[list[int]] = []  # keys of phrasings and keywords, by entry
        answered: list[list[int]] = []  # keys of the answer, by entry
        starts = [0]
        questions: dict[str, Sentence] = {}

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
                questions.setdefault(entry.id, sentence)
                in_order.append(keys_of(sentence.words, sentence.typed))
                own += dict.fromkeys(in_order[-1])
                self._texts.append(text)
                self._negated.append(sentence.negated)
                self._asks.append(sentence.asks)
            topics = [joined(read(text).sentences) for text in entry.keywords]
            self._topics.append([frozenset(keys_of(topic.words, topic.typed)) for topic in topics])
            phrased.append([*own, *chain.from_iterable(self._topics[-1])])
            answer = words(entry.answer)
            answered.append(keys_of(answer, answer))
            starts.append(len(self._texts))
        self._starts = np.array(starts, np.int64)
        self._asked = [frozenset(self._asks[a:b]) for a, b in pairwise(starts)]
        self._postings = Postings(phrased, answered, np.array(topical, np.float32))
        self._typical, self._spread = self._postings.typical.tolist(), self._postings.spread.tolist()
        self._lay_out(in_order)
        self._follow_ups = FollowUps(lexicon, questions)
        self._field = frozenset(key for key, at in self._keys.items() if topical[at] >= TELLING)
        places = learnt.places if learnt else {}
        self._known = [places.get(name) for name in self._ids]
        self._hinted = {place: at for at, place in enumerate(self._known) if place is not None}

    @classmethod
    def build(
        cls,
        entries: Sequence[Entry],
        synonyms: Synonyms,
        english: English,
        calibration: Calibration,
        learnt: Learnt | None = None,
    ) -> "Index":
        """Index entries; without what was `learnt` from utterances, the phrasings alone decide."""
        return cls(Lexicon(synonyms, english), entries, calibration, learnt)

    def calibrated(self, calibration: Calibration) -> None:
        """Judge by these weights from now on."""
        self._bias = calibration.bias
        self._coefficients = np.array([getattr(calibration, name) for name in FEATURES], np.float32)

    def _lay_out(self, in_order: Sequence[list[int]]) -> None:
        """Lay out the telling keys of each phrasing one after the other."""
        owners = np.repeat(np.arange(len(self._ids)), np.diff(self._starts))
        self._verbatim = dict(zip(map(tuple, in_order), owners.tolist(), strict=True))
        telling = (self._postings.weight > 0).tolist()
        distinct = [[key for key in dict.fromkeys(keys) if telling[key]] or [0] for keys in in_order]
        self._phrasing_keys = np.fromiter(chain.from_iterable(distinct), np.int32)
        self._phrasing_starts = np.concatenate([[0], np.cumsum([len(keys) for keys in distinct])])
        self._phrasing_list = self._phrasing_starts.tolist()
        self._key_weights = self._postings.weight[self._phrasing_keys]
        self._phrasing_weights = np.add.reduceat(self._key_weights, self._phrasing_starts[:-1]) + np.float32(1e-6)

    def rank(
        self,
        utterance: str,
        *,
        limit: int = 3,
        after: str | None = None,
        without: str | None = None,
        semantic: SemanticScores | None = None,
    ) -> tuple[Candidate, ...]:
        """Rank the entries that may answer a message, best first.

        `after` is the entry the thread was answered with before: a short follow-up ("and at Anthropic?") is read in
        the light of that entry's question. `without` is a phrasing to leave out, so that it can be tried against the
        others. `semantic` is what the second stage makes of the message, if it was asked. At most `limit` candidates;
        none where nothing in the message is about any entry.
        """
        parsed = self.read(utterance)
        best: dict[int, _Match] = {}
        hint = self.hint(parsed) if without is None and parsed.sentences else None
        also = self.hinted(hint, semantic)
        for part in self._parts(parsed, after):
            judged = self._judge(parsed, part, without, also)
            if judged is None:
                continue
            phrased = self.confidences(judged.features).tolist()
            for at, entry in enumerate(judged.entries.tolist()):
                if entry not in best or phrased[at] > best[entry].phrased:
                    best[entry] = _Match(phrased[at], part, judged, at)
        confidences = {entry: match.phrased for entry, match in best.items()}
        if hint is not None and best:
            confidences.update(self._weighed(parsed, best, hint, semantic))
        ranked = sorted(best, key=lambda entry: (-confidences[entry], entry))[:limit]
        return tuple(
            self._candidate(
                self._ids[entry],
                confidences[entry],
                best[entry],
                learnt=hint is not None,
                nearness=semantic.near(entry) if semantic else None,
            )
            for entry in ranked
        )

    def follows(self, utterance: str) -> bool:
        """Return whether a message may lean on what was asked before it: a few words with another name or role."""
        parsed = self.read(utterance)
        return bool(parsed.sentences) and self._follow_ups.kinds(parsed.sentences[-1]) != frozenset()

    def confidences(self, features: Floats) -> Floats:
        """Turn the features of K entries for one part of a message into K probabilities; the rest is "none of them".

        Source: McFadden's conditional logit, with an outside option of utility 0.
        """
        worth = np.exp(np.minimum(features @ self._coefficients + self._bias, 30))
        return np.asarray(worth / (1 + worth.sum()), np.float32)

    def hint(self, parsed: Utterance) -> Hint | None:
        """Score the words of a message by what was learnt, before any phrasing is looked at; None if nothing was."""
        return self._learnt.hint(*self.tokens(parsed)) if self._learnt else None

    def tokens(self, parsed: Utterance) -> tuple[list[str], list[str]]:
        """Give the tokens of a message, plain and masked, as they are learnt from."""
        return tokens(parsed, self._lexicon, self._field.__contains__)

    def hinted(self, hint: Hint | None, semantic: SemanticScores | None = None) -> list[int]:
        """Give the places of the entries that are judged because the words, or the embedding, speak for them."""
        if hint is None:
            return []
        hinted = {self._hinted[place] for place in hint.best(HINTS) if place in self._hinted}
        return sorted(hinted.union(semantic.entries if semantic else ()))

    def topics(self, utterance: str) -> dict[str, float]:
        """Give the stems of the terms that say what a message is about, and how much each does, from TELLING to 1.

        Synonyms go by their name behind "=".
        """
        return {
            self._lexicon.stem(term.key): term.topical
            for sentence in self.read(utterance).sentences
            for term in self._lexicon.terms(sentence.words, sentence.typed)
            if term.topical >= TELLING
        }

    def read(self, utterance: str) -> Utterance:
        """Clean a message and mend its spelling."""
        return read(utterance, self._lexicon.repair)

    def _weighed(
        self, parsed: Utterance, best: Mapping[int, _Match], hint: Hint, semantic: SemanticScores | None
    ) -> dict[int, float]:
        """Weigh what the phrasings say together with what the words speak for: give the confidences that this changes.

        A follow-up is read in the light of its thread, of which the words know nothing; what is a phrasing all
        but word for word needs no judgement. One question of several is also judged as if it had been asked alone:
        what the others say speaks against it otherwise.
        """
        entries = [
            entry
            for entry, match in best.items()
            if not (match.part.leans or _as_phrased(match.judged.features[match.at]))
        ]
        confidences = self._weigh(dict.fromkeys(entries, hint), best, semantic)
        questions = {match.part.question: match.part.sentence for match in best.values()}
        if len(questions) > 1:
            hints = {
                number: self.hint(replace(parsed, sentences=(sentence,))) or hint
                for number, sentence in questions.items()
            }
            alone = self._weigh({entry: hints[best[entry].part.question] for entry in entries}, best, semantic)
            confidences = {entry: max(confidence, alone[entry]) for entry, confidence in confidences.items()}
        return confidences

    def _weigh(
        self, hints: Mapping[int, Hint], best: Mapping[int, _Match], semantic: SemanticScores | None
    ) -> dict[int, float]:
        """Give the confidence in each entry by what the words speak for, given as hints, and the second stage."""
        confidences: dict[int, float] = {}
        if self._learnt is None:
            return confidences
        networks = (semantic and semantic.networks) or (self._learnt.known, self._learnt.new)
        for network, known in zip(networks, (True, False), strict=True):
            entries = [entry for entry in hints if self._knows(entry, semantic) is known]
            if entries:
                rows = [
                    self.row(
                        best[entry].phrased,
                        best[entry].judged.features[best[entry].at],
                        hints[entry],
                        entry,
                        semantic=semantic,
                    )
                    for entry in entries
                ]
                weighed = network.confidences(np.array(rows, np.float32)).tolist()
                confidences.update(zip(entries, weighed, strict=True))
        return confidences

    @staticmethod
    def widths() -> tuple[int, int]:
        """Return how many numbers `row` gives for an entry that utterances were labelled with, and for a new one.

        That is without the second stage.
        """
        hint = Hint(np.zeros(2, np.float32), 0.0, 0.0, (0.0, 0.0, 0.0))
        own = len(FEATURES) + 1  # the logit of their confidence
        return own + len(hint.beyond(0)), own + len(hint.beyond(None))

    def _knows(self, entry: int, semantic: SemanticScores | None) -> bool:
        """Return whether utterances of this entry were learnt from."""
        return self._known[entry] is not None and (semantic is None or entry in semantic.places)

    def row(
        self, confidence: float, features: Floats, hint: Hint, entry: int, *, semantic: SemanticScores | None = None
    ) -> list[float]:
        """Lay out what a network judges by: features, the logit of their confidence, and what the words speak for.

        What the embedding says comes last, if the second stage was asked.
        """
        known = self._knows(entry, semantic)
        place = self._known[entry] if known else None
        semantic_features = semantic.beyond(entry, known=known) if semantic else ()
        return [*features.tolist(), log_odds(confidence, 1e-6), *hint.beyond(place), *semantic_features]

    def judge(
        self, utterance: str, without: str | None = None, also: Sequence[int] = ()
    ) -> list[tuple[list[str], Floats]]:
        """Give ids and features (K × features) of the best entries for each part of a message, for calibration."""
        parsed = self.read(utterance)
        parts = [self._judge(parsed, part, without, also) for part in self._parts(parsed, None)]
        return [([self._ids[at] for at in judged.entries], judged.features) for judged in parts if judged is not None]

    def _parts(self, parsed: Utterance, after: str | None) -> list[_Part]:
        """Choose what to look at: the questions, each alone and with what comes before it; all if there are none."""
        sentences = parsed.sentences
        leaning = self._followed(parsed, after) if after is not None and sentences else []
        asking = [at for at, sentence in enumerate(sentences) if sentence.form is Form.QUESTION]
        if not asking:
            return [*leaning, self._part(0, joined(sentences))] if 0 < len(sentences) <= 3 else leaning
        parts = leaning
        for question, at in enumerate(asking[:QUESTIONS]):
            alone = self._part(question, sentences[at])
            parts.append(alone)
            around = sentences if len(sentences) <= 3 else sentences[max(0, at - 1) : at]
            others = [sentence for sentence in around if sentence is not sentences[at]]
            rest = [term for sentence in others for term in self._part(question, sentence).terms]
            if rest and len(rest) <= AROUND:
                parts.append(_Part(question, sentences[at], [*rest, *alone.terms], len(rest)))
        return parts

    def _part(self, question: int, sentence: Sentence) -> _Part:
        return _Part(question, sentence, self._lexicon.terms(sentence.words, sentence.typed))

    def _followed(self, parsed: Utterance, after: str) -> list[_Part]:
        """Read "and at Anthropic?" in the light of the entry that was answered before it."""
        sentence = replace(parsed.sentences[-1], form=Form.QUESTION)
        readings = self._follow_ups.readings(parsed, after)
        return [_Part(0, replace(sentence, asks=asks), terms, leans=True) for asks, terms in readings]

    def _judge(self, parsed: Utterance, part: _Part, without: str | None, also: Sequence[int] = ()) -> Judged | None:
        distinct = {term.key: at for at, term in enumerate(part.terms)}
        terms = [part.terms[at] for at in distinct.values()]
        uses = [self._uses(term) for term in terms]
        keys = np.concatenate([of_term.keys for of_term in uses]) if uses else NOWHERE
        credit = np.concatenate([of_term.credits for of_term in uses]) if uses else NOWHERE
        if not len(keys) or (credit * self._postings.weight[keys]).max() < TOPICAL:
            return None
        hits = self._postings.search(uses, JUDGED, also)
        if not len(hits.entries):
            return None
        coverage = np.zeros(len(self._keys), np.float32)  # by key: how fully the message says it
        np.maximum.at(coverage, keys, credit)
        spread, typical, weights, whole = self._spread, self._typical, [], 0.0
        for (key, at), term in zip(distinct.items(), terms, strict=True):
            number = self._keys.get(key)
            weight = term.substance if number is None else term.substance * spread[number]
            weights.append(weight * CONTEXT if at < part.before else weight)
            whole += 0.5 + 0.5 * term.topical if number is None else typical[number]
        hits = replace(hits, likeness=np.minimum(hits.likeness / np.float32(whole * math.log1p(1 / SMOOTHING)), 1))
        return self._features(parsed, part, terms, np.array(weights, np.float32), hits, coverage, without)

    def _uses(self, term: Term) -> Uses:
        uses = self._uses_by_term.get((term.key, term.taken_for))
        if uses is None:
            uses = self._postings.uses({self._keys[key]: credit for key, credit in self._lexicon.expand(term).items()})
            if uses.count <= self._room:
                self._room -= uses.count
                self._uses_by_term[term.key, term.taken_for] = uses
        return uses

    def _features(
        self,
        parsed: Utterance,
        part: _Part,
        terms: Sequence[Term],
        weights: Floats,
        hits: Hits,
        coverage: Floats,
        without: str | None,
    ) -> Judged:
        """Compute the features of the entries in `hits`, whose likeness is a share.

        weights: of the terms. coverage: of all keys, how fully the message says each, in [0, 1].
        """
        entries, likeness, sentence = hits.entries, hits.likeness, part.sentence
        total = float(weights.sum())
        nearest = self._nearest_phrasings(entries, coverage, total, without)
        shared, phrasings = nearest.shared, nearest.phrasings
        unexplained_by_term = weights[:, None] * (1 - hits.explained)
        heaviest, unexplained = unexplained_by_term.max(axis=0), unexplained_by_term.sum(axis=0)
        keys_in_order = tuple(self._keys.get(term.key, -1) for term in part.terms[part.before :])
        verbatim = -1 if without is not None else self._verbatim.get(keys_in_order, -1)
        keys = {self._keys.get(term.key, -1) for term in terms}
        values: dict[str, Floats | list[float] | list[bool] | bool] = {
            "likeness": likeness,
            "lead": _lead(likeness),
            "phrasing_covered": shared / nearest.weights,
            "similarity": nearest.similarity,
            "same": 10 * shared / (nearest.weights + np.float32(total + 1e-6)) - 4,
            "verbatim": entries == verbatim,
            "keywords": [self._named(keys, entry) for entry in entries.tolist()],
            "entry_covers": (total - unexplained) / (total + SLIGHT),
            "unexplained": heaviest,
            "alien": (heaviest - ALIEN) / (1 - ALIEN),
            "unexplained_rest": (unexplained - heaviest) / 2,
            "missing": nearest.missing,
            "evidence": shared / 1.5,
            "form": sentence.form is Form.QUESTION,
            "fragment": sentence.form is Form.FRAGMENT,
            "particular": [
                self._particular(sentence, entry, phrasing)
                for entry, phrasing in zip(entries.tolist(), phrasings, strict=True)
            ],
            "negation": [sentence.negated != self._negated[phrasing] for phrasing in phrasings],
            "called": parsed.called,
            "about_you": parsed.about_you,
        }
        features = np.empty((len(FEATURES), len(entries)), np.float32)
        for row, name in enumerate(FEATURES):
            features[row] = values[name]
        np.minimum(features, 1, out=features)
        np.maximum(features, FLOOR, out=features)
        return Judged(entries, features.T, phrasings, terms, weights, hits.explained)

    def _nearest_phrasings(self, entries: Ints, coverage: Floats, total: float, without: str | None) -> _Nearest:
        """Find the phrasing of each entry that is most similar to a message.

        coverage: of all keys, how fully the message says each. total: weight of the message. The keys of all phrasings
        lie one after the other in one array; those of K entries are gathered, and summed up phrasing by phrasing.
        """
        starts, stops = self._starts[entries], self._starts[entries + 1]
        spans = list(zip(starts.tolist(), stops.tolist(), strict=True))
        edges = np.concatenate([self._phrasing_starts[a:b] for a, b in spans])
        own = np.concatenate([self._phrasing_weights[a:b] for a, b in spans])
        places = [(self._phrasing_list[a], self._phrasing_list[b]) for a, b in spans]
        keys = np.concatenate([self._phrasing_keys[a:b] for a, b in places])
        weight = np.concatenate([self._key_weights[a:b] for a, b in places])
        # From places in the whole list to places in the pieces of it that have been put together.
        begins = list(accumulate((b - a for a, b in spans), initial=0))
        moved = [a - at for (a, _), at in zip(places, accumulate((b - a for a, b in places), initial=0), strict=False)]
        for (a, b), by in zip(pairwise(begins), moved, strict=True):
            edges[a:b] -= by
        known = weight * coverage[keys]
        shared = np.add.reduceat(known, edges)
        similarity = np.asarray(2 * shared / (own + (total + SLIGHT)), np.float32)
        if without is not None:
            similarity[[self._texts[at] == without for a, b in spans for at in range(a, b)]] = 0
        chosen = [a + int(similarity[a:b].argmax()) for a, b in pairwise(begins)]
        return _Nearest(
            phrasings=[at - begin + a for at, begin, (a, _) in zip(chosen, begins, spans, strict=False)],
            similarity=similarity[chosen],
            shared=shared[chosen],
            weights=own[chosen],
            missing=np.maximum.reduceat(weight - known, edges)[chosen],
        )

    def _named(self, keys: set[int], entry: int) -> float:
        """Add up the weights of the words in keywords of an entry that the message has in full."""
        named = {key for topic in self._topics[entry] if topic <= keys for key in topic}
        return sum(self._postings.weight[list(named)].tolist()) if named else 0.0

    def _candidate(
        self, name: str, confidence: float, match: _Match, *, learnt: bool, nearness: Nearness | None = None
    ) -> Candidate:
        part, judged, at = match.part, match.judged, match.at
        entry, phrasing = int(judged.entries[at]), judged.phrasings[at]
        return Candidate(
            name,
            confidence,
            self._texts[phrasing],
            part.question,
            part.sentence.form,
            part.leans,
            self._particular(part.sentence, entry, phrasing) == 1,
            match.phrased,
            learnt,
            any(term.kind is not None for term in judged.terms),
            partial(_reasons, judged, at),
            nearness,
        )

    def _particular(self, sentence: Sentence, entry: int, phrasing: int) -> float:
        """Return whether the kind of question is one that entry (1) or phrasing (a half) is never asked."""
        if sentence.asks not in PARTICULAR or sentence.asks == self._asks[phrasing]:
            return 0.0
        return 0.5 if sentence.asks in self._asked[entry] else 1.0


def log_odds(probability: float, least: float = 1e-4) -> float:
    """Give the logarithm of p / (1 - p), of a probability that is kept this far from 0 and 1."""
    bounded = min(max(probability, least), 1 - least)
    return math.log(bounded / (1 - bounded))


def _as_phrased(features: Floats) -> bool:
    """Return whether a question is a phrasing, all but word for word."""
    return bool(features[VERBATIM] == 1 or features[SAME] >= NEARLY_SAME)


def _reasons(judged: Judged, at: int) -> Reasons:
    matched: list[tuple[str, str]] = []
    topics: list[tuple[str, str]] = []
    unexplained, names = [], 0
    known = judged.explained[:, at].tolist()
    for term, weight, credit in zip(judged.terms, judged.weights.tolist(), known, strict=True):
        if term.topical > 0 and credit > ANSWER_CREDIT:
            matched.append((term.typed, term.key[1:] if term.key[0] == "=" else term.taken_for))
            topics += matched[-1:] if term.topical >= TELLING else []
            names += term.kind == NAME
        elif weight > 0 and credit < ANSWER_CREDIT:
            unexplained.append((-weight, "code or link" if term.taken_for == OPAQUE else term.typed))
    heaviest_first = tuple(typed for _, typed in sorted(unexplained))
    return Reasons(tuple(matched), heaviest_first, len(topics), names, tuple(topics))


def _lead(likeness: Floats) -> Floats:
    """Return how far each entry is before or behind the best of the others, in [-1, 1]."""
    if len(likeness) == 1:
        return np.ones(1, np.float32)
    lead: Floats = likeness / likeness[0] - 1  # they come best first
    lead[0] = 1 - likeness[1] / likeness[0]
    return lead
