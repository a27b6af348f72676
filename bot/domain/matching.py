"""An index over phrasings; utterance -> ranked candidates with a calibrated confidence and reasons.

Two steps. Every entry that shares words with the message is scored by how typical those words are of it, as in naive
Bayes; the best few are then judged by features that say whether they answer it at all. The one that carries the
judgement is how much of the message the entry explains: what a message says besides makes it another question. A
conditional logit with "none of them" as one of the choices, calibrated on the knowledge itself, turns the features
into probabilities.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Final, NamedTuple

import numpy as np

from bot.domain.authored import Authored
from bot.domain.content import Entry, Synonyms
from bot.domain.embeddings import Nearness, SemanticScores
from bot.domain.follow_up import FollowUps
from bot.domain.learnt import HINTS, Hint, Learnt, Number, spelling, tokens
from bot.domain.lexicon import NAME, English, Lexicon, Term
from bot.domain.matching_text import OPAQUE, PARTICULAR, Form, Sentence, Utterance, joined, read, words
from bot.domain.phrasings import SLIGHT, Phrasings
from bot.domain.postings import ANSWER_CREDIT, SMOOTHING, Floats, Hits, Postings, Uses

JUDGED = 6  # entries that are judged in full, for each part of a message
QUESTIONS = 6  # of one message that are looked at
AROUND = 40  # words of the sentences around a question that are looked at with it
REMEMBERED = 2_000_000  # uses of words that are kept ready by term, about 24 MB
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
SAME = FEATURES.index("same")
NEARLY_SAME = 0.9  # of that feature: all but a fiftieth of the weight of message and phrasing is shared
# Against the entry, so that no calibration may turn it into something that speaks for it, and the other way round.
AGAINST: Final = frozenset(
    {"unexplained", "alien", "unexplained_rest", "missing", "fragment", "particular", "negation", "called", "about_you"}
)


@dataclass(slots=True)
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
    extent: tuple[float, float, float]  # how much there was to go by, see `learnt.about`; 0 if nothing was learnt
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


class _Part(NamedTuple):
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


class _Match(NamedTuple):
    """The part of a message that speaks most for an entry by its phrasings alone, and the entry's row of `judged`."""

    phrased: float
    part: _Part
    judged: Judged
    at: int


class _Reading(NamedTuple):
    """What a term is to an index: its uses, the most that one of them weighs, and how much it says and could match."""

    number: int  # of its key; -1 if no entry has it
    uses: Uses
    strongest: float
    weight: float
    whole: float


class Index:
    """Phrasings of all entries, ready to be searched."""

    def __init__(
        self, lexicon: Lexicon, entries: Sequence[Entry], calibration: Calibration, learnt: Learnt | None = None
    ) -> None:
        self._lexicon = lexicon
        self._learnt = learnt
        self._ids = [entry.id for entry in entries]
        self._keys: dict[str, int] = {}
        self._readings: dict[tuple[str, str], _Reading] = {}
        self._room = REMEMBERED
        self.calibrated(calibration)
        topical: list[float] = []
        texts: list[str] = []
        sentences: list[Sentence] = []
        topics: list[list[frozenset[int]]] = []  # keys of each keyword, by entry
        in_order: list[list[int]] = []  # keys of each phrasing
        phrased: list[list[int]] = []  # keys of phrasings and keywords, by entry
        answered: list[list[int]] = []  # keys of the answer, by entry
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
        self._follow_ups = FollowUps(lexicon, questions)
        field_of_work = frozenset(key for key, at in self._keys.items() if topical[at] >= TELLING)
        self._spell = spelling(lexicon, field_of_work.__contains__)
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
        terms = self._terms(parsed)
        telling = self._telling(self._parts(parsed, terms, after))
        if not telling:  # as with most of what is said in a channel
            return ()
        hint = self.hint(parsed, terms) if without is None else None
        also = self.hinted(hint, semantic)
        for part, readings in telling:
            judged = self._judge(parsed, part, readings, without, also)
            if judged is None:
                continue
            phrased = self.confidences(judged.features).tolist()
            for at, entry in enumerate(judged.entries):
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
                hint=hint,
                nearness=semantic.near(entry) if semantic else None,
            )
            for entry in ranked
        )

    def follows(self, utterance: str) -> bool:
        """Return whether a message may lean on what was asked before it: a few words with another name or role."""
        parsed = self.read(utterance)
        return bool(parsed.sentences) and self._follow_ups.kinds(parsed.sentences[-1]) != frozenset()

    def same_of_names(self, utterance: str, entry: str) -> list[str]:
        """Give the entries that ask what this one asks, each of a name in a message: "DeepMind and Meta"."""
        return self._follow_ups.same_of_names(self.read(utterance), entry)

    def comparing(self, utterance: str, entry: str) -> frozenset[str]:
        """Give the entries that compare all that a message names, where this one is about one of those alone."""
        return self._follow_ups.comparing(self.read(utterance), entry)

    def about_role(self, utterance: str) -> str | None:
        """Give the entry about the one role that "and a research engineer?" names; None if it names none."""
        parsed = self.read(utterance)
        return self._follow_ups.about_role(parsed) if parsed.sentences else None

    def confidences(self, features: Floats) -> Floats:
        """Turn the features of K entries for one part of a message into K probabilities; the rest is "none of them".

        Source: McFadden's conditional logit, with an outside option of utility 0.
        """
        worth = np.exp(np.minimum(features @ self._coefficients + self._bias, 30))
        return np.asarray(worth / (1 + worth.sum()), np.float32)

    def hint(self, parsed: Utterance, terms: Sequence[Sequence[Term]]) -> Hint | None:
        """Score the words of a message by what was learnt, before any phrasing is looked at; None if nothing was.

        terms: of each sentence.
        """
        return self._learnt.hint(*tokens(parsed, terms, self._spell)) if self._learnt else None

    def tokens(self, parsed: Utterance) -> tuple[list[str], list[str]]:
        """Give the tokens of a message, plain and masked, as they are learnt from."""
        return tokens(parsed, self._terms(parsed), self._spell)

    def _terms(self, parsed: Utterance) -> list[list[Term]]:
        """Give the terms of each sentence."""
        return [self._terms_of(sentence) for sentence in parsed.sentences]

    def _terms_of(self, sentence: Sentence) -> list[Term]:
        return self._lexicon.terms(sentence.words, sentence.typed)

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
            for terms in self._terms(self.read(utterance))
            for term in terms
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
        entries = [entry for entry, (_, part, judged, at) in best.items() if not (part.leans or judged.as_phrased[at])]
        confidences = self._weigh(dict.fromkeys(entries, hint), best, semantic)
        questions = {match.part.question: match.part.sentence for match in best.values()}
        if len(questions) > 1:
            alone = [(number, replace(parsed, sentences=(sentence,))) for number, sentence in questions.items()]
            hints = {number: self.hint(of_one, self._terms(of_one)) or hint for number, of_one in alone}
            others = self._weigh({entry: hints[best[entry].part.question] for entry in entries}, best, semantic)
            confidences = {entry: max(confidence, others[entry]) for entry, confidence in confidences.items()}
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
                matches = [best[entry] for entry in entries]
                phrased = np.array([match.judged.features[match.at] for match in matches])
                beyond = [
                    self._beyond(match.phrased, hints[entry], entry, semantic)
                    for entry, match in zip(entries, matches, strict=True)
                ]
                rows = np.concatenate([phrased, np.array(beyond, np.float32)], 1)
                confidences.update(zip(entries, network.confidences(rows).tolist(), strict=True))
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
        return [*features.tolist(), *self._beyond(confidence, hint, entry, semantic)]

    def _beyond(self, confidence: float, hint: Hint, entry: int, semantic: SemanticScores | None) -> tuple[float, ...]:
        known = self._knows(entry, semantic)
        place = self._known[entry] if known else None
        semantic_features = semantic.beyond(entry, known=known) if semantic else ()
        return (log_odds(confidence, 1e-6), *hint.beyond(place), *semantic_features)

    def judge(
        self, utterance: str, without: str | None = None, also: Sequence[int] = ()
    ) -> list[tuple[list[str], Floats]]:
        """Give ids and features (K × features) of the best entries for each part of a message, for calibration."""
        parsed = self.read(utterance)
        telling = self._telling(self._parts(parsed, self._terms(parsed), None))
        parts = [self._judge(parsed, part, readings, without, also) for part, readings in telling]
        return [([self._ids[at] for at in judged.entries], judged.features) for judged in parts if judged is not None]

    def _parts(self, parsed: Utterance, terms: Sequence[Sequence[Term]], after: str | None) -> list[_Part]:
        """Choose what to look at: the questions, each alone and with what comes before it; all if there are none.

        terms: of each sentence.
        """
        sentences = parsed.sentences
        leaning = self._followed(parsed, after) if after is not None and sentences else []
        asking = [at for at, sentence in enumerate(sentences) if sentence.form is Form.QUESTION]
        if not asking and not 0 < len(sentences) <= 3:
            return leaning
        if not asking:
            whole = joined(sentences)
            return [*leaning, _Part(0, whole, terms[0] if len(sentences) == 1 else self._terms_of(whole))]
        parts = leaning
        for question, at in enumerate(asking[:QUESTIONS]):
            parts.append(_Part(question, sentences[at], terms[at]))
            around = range(len(sentences)) if len(sentences) <= 3 else range(max(0, at - 1), at)
            rest = [term for other in around if sentences[other] is not sentences[at] for term in terms[other]]
            if rest and len(rest) <= AROUND:
                parts.append(_Part(question, sentences[at], [*rest, *terms[at]], len(rest)))
        return parts

    def _followed(self, parsed: Utterance, after: str) -> list[_Part]:
        """Read "and at Anthropic?" in the light of the entry that was answered before it."""
        sentence = replace(parsed.sentences[-1], form=Form.QUESTION)
        readings = self._follow_ups.readings(parsed, after)
        return [_Part(0, replace(sentence, asks=asks), terms, leans=True) for asks, terms in readings]

    def _telling(self, parts: Sequence[_Part]) -> list[tuple[_Part, dict[str, _Reading]]]:
        """Give the parts that share a word with an entry that says something, with the readings of their terms by key.

        No other part speaks for any entry.
        """
        telling, known = [], self._readings
        for part in parts:
            readings = {term.key: known.get((term.key, term.taken_for)) or self._reading(term) for term in part.terms}
            if max([reading.strongest for reading in readings.values()], default=0.0) >= TOPICAL:
                telling.append((part, readings))
        return telling

    def _judge(
        self,
        parsed: Utterance,
        part: _Part,
        readings: Mapping[str, _Reading],
        without: str | None,
        also: Sequence[int] = (),
    ) -> Judged | None:
        """Judge the best entries for a part, given with the readings of its terms, and those in `also`."""
        distinct = {term.key: at for at, term in enumerate(part.terms)}
        terms = [part.terms[at] for at in distinct.values()]
        hits = self._postings.search([reading.uses for reading in readings.values()], JUDGED, also)
        if not len(hits.entries):
            return None
        coverage = np.zeros(len(self._keys), np.float32)  # by key: how fully the message says it
        np.maximum.at(coverage, hits.keys, hits.credits)
        weights = [reading.weight for reading in readings.values()]
        if part.before:
            pairs = zip(weights, distinct.values(), strict=True)
            weights = [weight * CONTEXT if at < part.before else weight for weight, at in pairs]
        whole = sum([reading.whole for reading in readings.values()]) * math.log1p(1 / SMOOTHING)
        hits = hits._replace(likeness=np.minimum(hits.likeness / np.float32(whole), 1))
        numbers = {reading.number for reading in readings.values()}
        return self._features(parsed, part, terms, weights, hits, coverage, numbers, without)

    def _reading(self, term: Term) -> _Reading:
        uses = self._postings.uses({self._keys[key]: credit for key, credit in self._lexicon.expand(term).items()})
        number = self._keys.get(term.key, -1)
        reading = _Reading(
            number,
            uses,
            float((uses.credits * self._postings.weight[uses.keys]).max()),
            term.substance if number < 0 else term.substance * self._spread[number],
            0.5 + 0.5 * term.topical if number < 0 else self._typical[number],
        )
        if uses.count <= self._room:
            self._room -= uses.count
            self._readings[term.key, term.taken_for] = reading
        return reading

    def _features(
        self,
        parsed: Utterance,
        part: _Part,
        terms: Sequence[Term],
        weights: Sequence[float],
        hits: Hits,
        coverage: Floats,
        keys: AbstractSet[int],
        without: str | None,
    ) -> Judged:
        """Compute the features of the entries in `hits`, whose likeness is a share.

        weights: of the terms. coverage: of all keys, how fully the message says each, in [0, 1]. keys: of the terms.
        """
        sentence, entries = part.sentence, hits.entries.tolist()
        weight = np.array(weights, np.float32)
        total = float(np.add.reduce(weight))
        nearest = self._phrasings.nearest(entries, coverage, total, without)
        shared, phrasings, likeness = nearest.shared, nearest.phrasings, hits.likeness
        unexplained_by_term = (1 - hits.explained) * weight
        heaviest, unexplained = np.maximum.reduce(unexplained_by_term, 1), np.add.reduce(unexplained_by_term, 1)
        verbatim = -1
        if without is None:
            verbatim = self._phrasings.verbatim([self._keys.get(term.key, -1) for term in part.terms[part.before :]])
        negated = self._phrasings.negated
        values: dict[str, Floats | Sequence[float] | float] = {
            "likeness": likeness,
            "lead": _lead(likeness.tolist()),
            "phrasing_covered": shared / nearest.weights,
            "similarity": nearest.similarity,
            "same": 10 * shared / (nearest.weights + np.float32(total + 1e-6)) - 4,
            "verbatim": [entry == verbatim for entry in entries] if verbatim in entries else 0.0,
            "keywords": self._named(keys, entries),
            "entry_covers": (total - unexplained) / (total + SLIGHT),
            "unexplained": heaviest,
            "alien": (heaviest - ALIEN) / (1 - ALIEN),
            "unexplained_rest": (unexplained - heaviest) / 2,
            "missing": nearest.missing,
            "evidence": shared / 1.5,
            "form": sentence.form is Form.QUESTION,
            "fragment": sentence.form is Form.FRAGMENT,
            "particular": self._particular(sentence, entries, phrasings),
            "negation": [sentence.negated != negated[phrasing] for phrasing in phrasings],
            "called": parsed.called,
            "about_you": parsed.about_you,
        }
        features = np.empty((len(FEATURES), len(entries)), np.float32)
        for row, name in enumerate(FEATURES):
            features[row] = values[name]
        np.minimum(features, 1, out=features)
        np.maximum(features, FLOOR, out=features)
        as_phrased = (features[SAME] >= NEARLY_SAME).tolist()
        if verbatim in entries:
            as_phrased[entries.index(verbatim)] = True
        names = any(term.kind for term in terms)
        return Judged(entries, features.T, phrasings, as_phrased, terms, weights, hits.explained, names)

    def _named(self, keys: AbstractSet[int], entries: Sequence[int]) -> list[float] | float:
        """Add up, for each entry, the weights of the words in its keywords that the message has in full."""
        named: dict[int, set[int]] = {}
        for key in keys:
            for entry, topic in self._topics.get(key, ()):
                if topic <= keys:
                    named.setdefault(entry, set()).update(topic)
        return [sum(self._weight[key] for key in named.get(entry, ())) for entry in entries] if named else 0.0

    def _candidate(
        self, name: str, confidence: float, match: _Match, *, hint: Hint | None, nearness: Nearness | None = None
    ) -> Candidate:
        part, judged, at = match.part, match.judged, match.at
        entry, phrasing = judged.entries[at], judged.phrasings[at]
        return Candidate(
            name,
            confidence,
            self._phrasings.texts[phrasing],
            part.question,
            part.sentence.form,
            part.leans,
            self._particular(part.sentence, [entry], [phrasing]) == [1.0],
            match.phrased,
            hint is not None,
            judged.names,
            hint.about if hint else (0.0, 0.0, 0.0),
            partial(_reasons, judged, at),
            nearness,
        )

    def _particular(self, sentence: Sentence, entries: Sequence[int], phrasings: Sequence[int]) -> list[float] | float:
        """Return whether the kind of question is one that each entry (1) or phrasing (a half) is never asked."""
        if sentence.asks not in PARTICULAR:
            return 0.0
        asks, asked = self._phrasings.asks, self._phrasings.asked
        return [
            0.0 if sentence.asks == asks[phrasing] else 0.5 if sentence.asks in asked[entry] else 1.0
            for entry, phrasing in zip(entries, phrasings, strict=True)
        ]


def log_odds(probability: float, least: float = 1e-4) -> float:
    """Give the logarithm of p / (1 - p), of a probability that is kept this far from 0 and 1."""
    bounded = min(max(probability, least), 1 - least)
    return math.log(bounded / (1 - bounded))


def _reasons(judged: Judged, at: int) -> Reasons:
    matched: list[tuple[str, str]] = []
    topics: list[tuple[str, str]] = []
    unexplained, names = [], 0
    known = judged.explained[at].tolist()
    for term, weight, credit in zip(judged.terms, judged.weights, known, strict=True):
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
