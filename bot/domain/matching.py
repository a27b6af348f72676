"""An index over phrasings; utterance -> ranked candidates with a calibrated confidence and reasons.

Words are mapped to concepts (synonyms first, then a light stem), weighted by how rare they are in ordinary language
and across the entries, and each phrasing that shares some is judged by a few features. The one that carries the
judgement is how much of the message the entry explains: what a message says besides is what makes it another
question. A logistic regression, calibrated on the knowledge itself, turns the features into a probability.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from rapidfuzz.distance import OSA
from snowballstemmer import stemmer

from bot.domain.content import Authored, Entry, Synonyms
from bot.domain.matching_text import OPAQUE, PARTICULAR, Form, Sentence, Utterance, read, words

CANDIDATES = 24  # phrasings that are judged in full, for each part of a message
COMMON = 3.0  # Zipf frequency from which a word is ordinary English and no misspelling of ours
STEM_CREDIT = 0.7  # "engineering" is not "engineer", but near it
ANSWER_CREDIT = 0.5  # a word of the answer explains a word of the message half as well as one of the phrasings
SLIGHT = 0.15  # weight that every message has besides its words
UNKNOWN = 15  # ten times the Zipf frequency of words that the table does not have


class Calibration(Authored):
    """The weights of the features, computed by `rolefit check --calibrate`."""

    bias: float
    phrasing_covered: float
    keywords: float
    entry_covers: float
    unexplained: float
    missing: float
    evidence: float
    form: float
    particular: float
    negation: float


FEATURES = tuple(name for name in Calibration.model_fields if name != "bias")


@dataclass(frozen=True)
class Features:
    """What is known of a message and a phrasing, each in [0, 1]."""

    phrasing_covered: float  # how much of the phrasing's weight the message has
    keywords: float  # the weight of the entry's keywords that the message has, 1 from that of two rare words on
    entry_covers: float  # how much of the message's weight the whole entry has
    unexplained: float  # the heaviest word of the message that the entry does not have
    missing: float  # the heaviest word of the phrasing that the message does not have
    evidence: float  # the weight they share, 1 from the weight of three rare words on
    form: float  # 1 for a question, a half for a fragment, 0 for a statement
    particular: float  # 1 if the message asks who, where, when or how many and the entry is never asked so
    negation: float  # 1 if one of them denies and the other does not


@dataclass(frozen=True)
class Candidate:
    """An entry that may answer: confidence in [0, 1], the phrasing it was taken for, and why.

    `matched` pairs words of the message with the words they were taken for; `unexplained` are those that nothing in
    the entry accounts for, heaviest first. `form` is how the part of the
    message was put that this is about, and `particular` says that it asks who, where, when or how many, which the
    entry is never asked.
    """

    entry: str
    confidence: float
    phrasing: str
    matched: tuple[tuple[str, str], ...]
    unexplained: tuple[str, ...]
    form: Form
    particular: bool


@dataclass(frozen=True)
class _Term:
    """A word or expression of a message: the key it counts as, its stem, its weight in language, how it was typed."""

    key: str
    stem: str
    rarity: float
    typed: str
    repaired: str


@dataclass(frozen=True)
class _Phrasing:
    text: str
    entry: int
    keys: tuple[str, ...]
    weight: float
    negated: bool


class Lexicon:
    """Words -> terms: synonyms, stems, spelling and rarity. `english` gives ten times a word's Zipf frequency."""

    def __init__(self, synonyms: Synonyms, english: Mapping[str, int]) -> None:
        self._english = english
        self._stem = stemmer("english")
        self._stems: dict[str, str] = {}
        self._phrases: dict[str, list[tuple[tuple[str, ...], str, bool]]] = {}
        self._rarities: dict[str, float] = {}
        self._known: set[str] = set()
        self._spelling: dict[str, list[str]] = {}
        for concept in synonyms.concepts:
            key = f"={concept.name}"
            rarities = []
            for term in concept.terms:
                short = term.isupper() and len(term) <= 3 and self.zipf(term.casefold()) >= COMMON
                found = words(term)
                self._phrases.setdefault(found[0], []).append((found, key, short))
                if not short:
                    rarities.append(self._rarity_of(found))
                    if len(found) == 1:
                        for form in _inflected(found[0]):
                            self._phrases.setdefault(form, []).append(((form,), key, False))
                            self.learn((form,))
                self.learn(found)
            self._rarities[key] = min(rarities, default=1.0)
        for phrases in self._phrases.values():
            phrases.sort(key=lambda phrase: -len(phrase[0]))

    def learn(self, found: Iterable[str]) -> None:
        """Take words into the vocabulary that misspellings are repaired by."""
        for word in found:
            if word not in self._known:
                self._known.add(word)
                if len(word) >= 4:
                    self._spelling.setdefault(word[0], []).append(word)

    def zipf(self, word: str) -> float:
        """Give a word's Zipf frequency: 7 for the most common, 3 for one in a million."""
        return self._english.get(word, UNKNOWN) / 10

    def terms(self, plain: Sequence[str], cased: Sequence[str] | None = None) -> list[_Term]:
        """Read words as terms, the longest synonyms first; `cased` has the words as typed."""
        plain = list(plain)
        repaired = [self._repair(word) for word in plain]
        found, at = [], 0
        while at < len(repaired):
            length, key = self._phrase(repaired, at, cased)
            typed = " ".join(plain[at : at + length])
            word = " ".join(repaired[at : at + length])
            if key is None:
                key = _light(word)
                found.append(_Term(key, self.stem(word), self._rarity_of((word,)), typed, word))
            else:
                found.append(_Term(key, key, self._rarities[key], typed, word))
            at += length
        return found

    def stem(self, word: str) -> str:
        """Give a word's Snowball stem; a synonym class has none but itself."""
        if word not in self._stems:
            self._stems[word] = self._stem.stemWord(word)
        return self._stems[word]

    def _phrase(self, plain: Sequence[str], at: int, cased: Sequence[str] | None) -> tuple[int, str | None]:
        for phrase, key, short in self._phrases.get(plain[at], ()):
            if tuple(plain[at : at + len(phrase)]) != phrase:
                continue
            # "RE" is a research engineer, "re" is "about".
            if short and cased is not None and not cased[at].isupper():
                continue
            return len(phrase), key
        light = _light(plain[at])
        if light != plain[at]:
            return next(((1, key) for phrase, key, _ in self._phrases.get(light, ()) if phrase == (light,)), (1, None))
        return 1, None

    def _rarity_of(self, found: Sequence[str]) -> float:
        """Weigh an expression in [0, 1] by how rare it is in ordinary language; function words weigh nothing."""
        return max(min(1.0, max(0.0, (6.3 - self.zipf(word)) / 4)) for word in found)

    def _repair(self, word: str) -> str:
        """Take a misspelt word for the word of ours it is nearest to; ordinary English is left alone."""
        length = len(word)
        if length < 4 or word in self._known or _light(word) in self._known or self.zipf(word) >= COMMON:
            return word
        allowed = 1 if length <= 5 else 2 if length <= 9 else 3
        best, nearest = word, allowed + 1
        for first in dict.fromkeys(word[:2]):
            for known in self._spelling.get(first, ()):
                if abs(len(known) - length) <= allowed:
                    distance = OSA.distance(word, known, score_cutoff=nearest - 1)
                    if distance < nearest:
                        best, nearest = known, distance
        return best


class Index:
    """Phrasings of all entries, ready to be searched."""

    def __init__(self, lexicon: Lexicon, entries: Sequence[Entry], calibration: Calibration) -> None:
        self._lexicon, self._calibration = lexicon, calibration
        self._entries = [entry.id for entry in entries]
        texts = [(at, text) for at, entry in enumerate(entries) for text in (entry.question, *entry.phrasings)]
        for entry in entries:
            for text in (entry.question, *entry.phrasings, *entry.keywords):
                lexicon.learn(words(text))
        sentences = [(at, text, *_as_one(text)) for at, text in texts]
        terms = [lexicon.terms(plain, cased) for _, _, plain, cased in sentences]
        self._vocabulary = [self._keys(entry, self._of(terms, texts, at)) for at, entry in enumerate(entries)]
        self._keywords = [
            {term.key for text in entry.keywords for term in lexicon.terms(words(text)) if term.rarity > 0}
            for entry in entries
        ]
        self._answers = [
            {term.stem for term in lexicon.terms(words(entry.answer)) if term.rarity > 0} for entry in entries
        ]
        spread = Counter(key for vocabulary in self._vocabulary for key in vocabulary)
        size = max(len(entries), 2)
        self._spread = {
            key: math.log((size + 1) / (count + 0.5)) / math.log((size + 1) / 1.5) for key, count in spread.items()
        }
        self._asked = [
            {read(text).sentences[-1].asks for at_, text in texts if at_ == at and read(text).sentences}
            for at in range(len(entries))
        ]
        self._phrasings: list[_Phrasing] = []
        self._postings: dict[str, list[int]] = {}
        for (at, text), found in zip(texts, terms, strict=True):
            keys = tuple(term.key for term in found if term.rarity > 0)
            weights = {term.key: self._weight(term) for term in found}
            negated = any(sentence.negated for sentence in read(text).sentences)
            number = len(self._phrasings)
            self._phrasings.append(_Phrasing(text, at, keys, sum(weights[key] for key in dict.fromkeys(keys)), negated))
            for key in {*keys, *(term.stem for term in found if term.rarity > 0)}:
                self._postings.setdefault(key, []).append(number)
        self._weights = {term.key: self._weight(term) for found in terms for term in found}

    @classmethod
    def build(
        cls, entries: Sequence[Entry], synonyms: Synonyms, english: Mapping[str, int], calibration: Calibration
    ) -> "Index":
        """Index entries. `english` gives ten times the Zipf frequency of ordinary words."""
        return cls(Lexicon(synonyms, english), entries, calibration)

    def rank(
        self, utterance: str, *, limit: int = 3, after: str | None = None, without: str | None = None
    ) -> tuple[Candidate, ...]:
        """Rank the entries that may answer a message, best first.

        `after` is the entry the thread was answered with before: a short follow-up is read as if it began with that
        entry's question. `without` is a phrasing to leave out, so that it can be tried against the others. At most
        `limit` candidates; none where nothing in the message is about any entry.
        """
        said = read(utterance)
        best: dict[str, Candidate] = {}
        for sentence in self._parts(said, after):
            for candidate in self._judge(sentence, limit, without):
                if candidate.entry not in best or candidate.confidence > best[candidate.entry].confidence:
                    best[candidate.entry] = candidate
        ranked = sorted(best.values(), key=lambda candidate: -candidate.confidence)
        return tuple(ranked[:limit])

    def features(self, utterance: str) -> list[tuple[str, Features]]:
        """Give entry and features of each phrasing near a message, for calibration."""
        found = []
        for sentence in self._parts(read(utterance), None):
            terms = self._terms(sentence)
            for number in self._near(terms):
                phrasing = self._phrasings[number]
                found.append((self._entries[phrasing.entry], self._compare(sentence, terms, phrasing)))
        return found

    def _parts(self, said: Utterance, after: str | None) -> list[Sentence]:
        """Choose what to look at: the questions, each alone and with its neighbours; the whole if there are none."""
        sentences = said.sentences
        if after is not None and after in self._entries and sentences and len(sentences[0].words) <= 6:
            asked = read(next(p.text for p in self._phrasings if self._entries[p.entry] == after)).sentences[-1]
            return [*sentences, _joined([asked, sentences[0]])]
        asking = [at for at, sentence in enumerate(sentences) if sentence.form is Form.QUESTION]
        if not asking:
            return [_joined(sentences)] if sentences and len(sentences) <= 3 else []
        parts = []
        for at in asking[:8]:
            parts.append(sentences[at])
            if at > 0 and len(sentences[at].words) <= 12:
                parts.append(_joined(sentences[at - 1 : at + 1]))
        return parts

    def _judge(self, sentence: Sentence, limit: int, without: str | None) -> list[Candidate]:
        terms = self._terms(sentence)
        best: dict[int, tuple[float, _Phrasing]] = {}
        for number in self._near(terms):
            phrasing = self._phrasings[number]
            if phrasing.text == without:
                continue
            score = self.score(self._compare(sentence, terms, phrasing))
            if phrasing.entry not in best or score > best[phrasing.entry][0]:
                best[phrasing.entry] = (score, phrasing)
        first = sorted(best.values(), key=lambda pair: -pair[0])[:limit]
        return [self._candidate(sentence, terms, score, phrasing) for score, phrasing in first]

    def _terms(self, sentence: Sentence) -> list[_Term]:
        found = self._lexicon.terms(sentence.words, sentence.cased)
        return [term for term in found if term.rarity > 0 or term.typed == OPAQUE]

    def _near(self, terms: Sequence[_Term]) -> list[int]:
        """Find the phrasings that share most weight with a message."""
        shared: Counter[int] = Counter()
        for key, weight in {term.key: self._weight(term) for term in terms}.items():
            for number in self._postings.get(key, ()):
                shared[number] += weight  # type: ignore[assignment]
        for term in terms:
            if term.key not in self._postings:
                for number in self._postings.get(term.stem, ()):
                    shared[number] += self._weight(term) * STEM_CREDIT  # type: ignore[assignment]
        # The shorter of two that share as much is nearer.
        order = sorted(shared, key=lambda number: (-shared[number] / (1 + self._phrasings[number].weight), number))
        return order[:CANDIDATES]

    def _compare(self, sentence: Sentence, terms: Sequence[_Term], phrasing: _Phrasing) -> Features:
        entry = phrasing.entry
        vocabulary, answer = self._vocabulary[entry], self._answers[entry]
        keys, stems = dict.fromkeys(phrasing.keys), set(phrasing.keys)
        stems |= {self._lexicon.stem(key) for key in phrasing.keys if not key.startswith("=")}
        # Where a message holds little but ordinary words, covering them all means nothing.
        total, matched, covered, explained, heaviest, topical = SLIGHT, 0.0, 0.0, 0.0, 0.0, 0.0
        seen: dict[str, float] = {}
        for term in {term.key: term for term in terms}.values():
            weight = 1.0 if term.typed == OPAQUE else self._weight(term)
            total += weight
            credit = 1.0 if term.key in keys else STEM_CREDIT if term.stem in stems else 0.0
            if credit:
                covered += credit * weight
                seen[term.key] = seen[term.stem] = credit
            known = 1.0 if term.key in vocabulary else STEM_CREDIT if term.stem in vocabulary else 0.0
            known = max(known, ANSWER_CREDIT if term.stem in answer else 0.0, credit)
            explained += known * weight
            if term.key in self._keywords[entry]:
                topical += weight
            heaviest = max(heaviest, (1 - known) * weight)
        missing = 0.0
        for key in keys:
            credit = seen.get(key) or (0.0 if key.startswith("=") else seen.get(self._lexicon.stem(key), 0.0))
            weight = self._weights[key]
            matched += credit * weight
            missing = max(missing, (1 - credit) * weight)
        return Features(
            phrasing_covered=matched / phrasing.weight if phrasing.weight else 0.0,
            keywords=min(1.0, topical),
            entry_covers=explained / total,
            unexplained=min(1.0, heaviest),
            missing=min(1.0, missing),
            evidence=min(1.0, covered / 1.5),
            form={Form.QUESTION: 1.0, Form.FRAGMENT: 0.5, Form.STATEMENT: 0.0}[sentence.form],
            particular=float(self._is_particular(sentence, entry)),
            negation=float(sentence.negated != phrasing.negated),
        )

    def score(self, found: Features) -> float:
        """Turn features into a probability in [0, 1]."""
        weights = self._calibration
        total = weights.bias + sum(getattr(weights, name) * getattr(found, name) for name in FEATURES)
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))

    def _candidate(self, sentence: Sentence, terms: Sequence[_Term], score: float, phrasing: _Phrasing) -> Candidate:
        vocabulary, answer = self._vocabulary[phrasing.entry], self._answers[phrasing.entry]
        matched, unexplained = [], []
        for term in {term.key: term for term in terms}.values():
            if term.key in vocabulary or term.stem in vocabulary:
                matched.append((term.typed, term.key.removeprefix("=") if term.key in vocabulary else term.repaired))
            elif term.stem not in answer:
                unexplained.append((-self._weight(term), "code or link" if term.typed == OPAQUE else term.typed))
        particular = self._is_particular(sentence, phrasing.entry)
        heaviest = tuple(typed for _, typed in sorted(unexplained))
        return Candidate(
            self._entries[phrasing.entry], score, phrasing.text, tuple(matched), heaviest, sentence.form, particular
        )

    def _is_particular(self, sentence: Sentence, entry: int) -> bool:
        return sentence.asks in PARTICULAR and sentence.asks not in self._asked[entry]

    def _weight(self, term: _Term) -> float:
        """Weigh a term: its rarity in language times its rarity across the entries; a word of no entry is rare."""
        return term.rarity * (0.3 + 0.7 * self._spread.get(term.key, 1.0))

    def _keys(self, entry: Entry, own: Iterable[_Term]) -> set[str]:
        keywords = [term for text in entry.keywords for term in self._lexicon.terms(words(text))]
        found = [*own, *keywords]
        return {term.key for term in found} | {term.stem for term in found}

    @staticmethod
    def _of(terms: Sequence[list[_Term]], texts: Sequence[tuple[int, str]], at: int) -> list[_Term]:
        return [term for found, (owner, _) in zip(terms, texts, strict=True) if owner == at for term in found]


def _inflected(word: str) -> Iterator[str]:
    """Give the regular forms of a word, so that their misspellings are known too."""
    # "drop" doubles its last letter, "delete" loses it, "abolish" keeps it.
    short = len(word) <= 4 and word[-1] not in "aeiouwxy" and word[-2:-1] in tuple("aeiou")
    stem = word + word[-1] if short else word.removesuffix("e")
    yield from (stem + "ed", stem + "ing")


def _light(word: str) -> str:
    """Take a plural for its singular: light, because "engineering" must not become "engineer"."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _as_one(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    sentences = read(text).sentences
    return (
        tuple(word for sentence in sentences for word in sentence.words),
        tuple(word for sentence in sentences for word in sentence.cased),
    )


def _joined(sentences: Sequence[Sentence]) -> Sentence:
    """Read neighbouring sentences as one; the last that asks says what is asked."""
    asking = [sentence for sentence in sentences if sentence.form is Form.QUESTION]
    lead = (asking or list(sentences))[-1]
    form = lead.form if asking or len(sentences) == 1 else Form.STATEMENT
    return Sentence(
        tuple(word for sentence in sentences for word in sentence.words),
        tuple(word for sentence in sentences for word in sentence.cased),
        form,
        lead.asks,
        any(sentence.negated for sentence in sentences),
    )


assert tuple(each.name for each in fields(Features)) == FEATURES, "each feature has its weight, in the same order"  # noqa: S101
