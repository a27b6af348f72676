"""An index over phrasings; utterance -> ranked candidates with a calibrated confidence and reasons.

A message is parted into its questions, each alone and with what stands around it. `bot.domain.judging` says how well
the phrasings of each entry fit a part, `bot.domain.learnt` which entries the words speak for, and a network weighs
both.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import count, repeat
from operator import neg

import numpy as np

from bot.domain.content import Entry, Synonyms
from bot.domain.embeddings import Nearness, SemanticScores
from bot.domain.follow_up import FollowUps, asks_for_difference, asks_why, is_bare, moves_into, points_back
from bot.domain.judging import TELLING, WIDTH, Calibration, Judge, Judged, Part, Reading, Reasons, reasons
from bot.domain.learnt import HINTS, Hint, Learnt, Network, Scores, Spellings, Words, keys_of
from bot.domain.lexicon import NAME, English, Lexicon, Term
from bot.domain.matching_text import PARTICULAR, Form, Sentence, Utterance, joined, read
from bot.domain.postings import Floats, as_rows

QUESTIONS = 6  # of one message that are looked at
CERTAIN = 1e-6  # kept from 0 and 1, of which there is no logit
AROUND = 40  # words of the sentences around a question that are looked at with it
LAST_READ = 4  # messages that are kept as they were read, as each question about one reads it again


@dataclass(slots=True)
class Candidate:
    """An entry that may answer: confidence in [0, 1], the phrasing it was taken for, and why.

    `question` numbers the questions of a message that are looked at, and `form` is how that one was put.
    `leans` says that it was read in the light of what its thread was answered with,
    `particular` that it asks who, where, when or how many, which the entry is never asked. `why` tells the rest.
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
    nearness: Nearness | None  # in meaning; None if only words were looked at
    _judged: Judged = field(compare=False, repr=False)
    _at: int = field(compare=False, repr=False)

    def why(self) -> Reasons:
        """Give the words that speak for it, and those that it does not explain."""
        return reasons(self._judged, self._at)


# The confidence in an entry by its phrasings alone, the part of a message that speaks most for it, and its row of what
# was judged. No class of its own: there is one for each entry that is judged.
_Match = tuple[float, Part, Judged, int]


class Index:
    """Phrasings of all entries, ready to be searched. about_bot: the entries about the bot itself."""

    def __init__(
        self, lexicon: Lexicon, entries: Sequence[Entry], calibration: Calibration, learnt: Learnt | None = None
    ) -> None:
        self._lexicon = lexicon
        self._read = lru_cache(maxsize=LAST_READ)(partial(read, spelling=lexicon.spelling))
        self._learnt = learnt
        self._ids = [entry.id for entry in entries]
        self.about_bot = frozenset(entry.id for entry in entries if entry.about_bot)
        self._needs = {at: entry.needs for at, entry in enumerate(entries) if entry.needs}
        self._judge = Judge(lexicon, entries, calibration)
        persons = {entry.id: entry.person for entry in entries if entry.person}
        self._follow_ups = FollowUps(lexicon, self._judge.questions, persons)
        self._spellings = Spellings(lexicon, self._judge.field_of_work.__contains__)
        self._words = Words(self._spellings, learnt) if learnt else None
        places = learnt.places if learnt else {}
        self._known = [places.get(name) for name in self._ids]
        self._hinted = {place: at for at, place in enumerate(self._known) if place is not None}
        new = {at for at, place in enumerate(self._known) if place is None} if learnt else ()
        self._new_keys = self._judge.telling_keys(new) if new else frozenset[int]()

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
        self._judge.calibrated(calibration)

    def confidences(self, features: Floats) -> list[float]:
        """Turn the features of K entries for one part of a message into K probabilities, see `Judge.confidences`."""
        return self._judge.confidences(features)

    def rank(
        self,
        utterance: str,
        *,
        limit: int = 3,
        after: str | None = None,
        without: str | None = None,
        semantic: SemanticScores | None = None,
        least: float | None = None,
    ) -> tuple[Candidate, ...]:
        """Rank the entries that may answer a message, best first.

        `after` is the entry the thread was answered with before: a short follow-up ("and at Anthropic?") is read in
        the light of that entry's question. `without` is a phrasing to leave out, so that it can be tried against the
        others. `semantic` is what the second stage makes of the message, if it was asked. At most `limit` candidates;
        none where nothing in the message is about any entry, or where its words score less than `least`
        (`Scores.in_scope`): then no phrasing is looked at, unless it is one word for word, or says what an entry is
        about that nothing was learnt of.
        """
        parsed = self.read(utterance)
        best: dict[int, _Match] = {}
        terms = self._terms(parsed)
        telling = self._judge.telling(self._parts(parsed, terms, after))
        if not telling:  # as with most of what is said in a channel
            return ()
        scores = self.scores(parsed, terms) if without is None else None
        if least is not None and scores is not None and scores.in_scope < least and not self._is_worded(telling):
            return ()
        hint = None if scores is None else Hint(scores)
        also = self.hinted(hint, semantic)
        for part, readings in telling:
            judged = self._judge.judge(parsed, part, readings, without, also)
            if judged is None:
                continue
            confidences = self._judge.confidences(judged.features)
            matches = zip(confidences, repeat(part), repeat(judged), count())
            for entry, match in zip(judged.entries, matches, strict=True):
                if entry not in best or match[0] > best[entry][0]:
                    best[entry] = match
        confidence_by_entry = {entry: match[0] for entry, match in best.items()}
        if hint is not None and best:
            confidence_by_entry.update(self._weighed(parsed, best, hint, semantic, several=len(telling) > 1))
        for entry, beginnings in self._needs.items():
            if entry in confidence_by_entry and not _has_word(parsed, beginnings):
                del confidence_by_entry[entry]
        ranked = sorted(zip(map(neg, confidence_by_entry.values()), confidence_by_entry, strict=True))[:limit]
        near = semantic.near if semantic else _unknown
        return tuple([self._candidate(entry, -against, best[entry], hint, near(entry)) for against, entry in ranked])

    def follows(self, utterance: str, *, prompted: bool = False) -> bool:
        """Return whether a message may lean on what was asked before it: a few words with another name or role.

        prompted: the bot was asked, so that "who uses it today?" may, too.
        """
        parsed = self.read(utterance)
        named = bool(parsed.sentences) and self._follow_ups.kinds(parsed.sentences[-1]) != frozenset()
        return named or (prompted and (points_back(parsed) or moves_into(utterance)))

    def points_back(self, utterance: str) -> bool:
        """Return whether a message asks about what was said before it and does not say what that is: "who uses it?"."""
        return points_back(self.read(utterance))

    def in_full(self, utterance: str, after: str) -> str | None:
        """Give a question about "them", "it" or "him" with the name of the role, company or person in place of that.

        It is whom the entry `after` is about. None if it says none of these, or that entry is about none or several.
        """
        return self._follow_ups.in_full(utterance, after)

    def asks_of_one(self, utterance: str, after: str) -> bool:
        """Return whether a message asks how to become one, or the like, and the entry `after` is about several."""
        return self._follow_ups.asks_of_one(utterance, after)

    def about_bare_name(self, utterance: str) -> str | None:
        """Give the entry about the one name that "and at Anthropic?" says nothing besides; None if it says more."""
        parsed = self.read(utterance)
        return self._follow_ups.about_bare_name(parsed) if parsed.sentences else None

    def asks_of_whom(self, utterance: str, after: str) -> bool:
        """Return whether a message asks about "them", who are spoken of in an answer before that of the entry `after`.

        That one is about nobody in particular.
        """
        return self._follow_ups.asks_of_whom(utterance, after)

    def leant_on(self, utterance: str, answered: Sequence[str]) -> str | None:
        """Give the entry that a message leans on, of those that were answered before it, the latest first."""
        return self._follow_ups.leant_on(utterance, answered)

    def asks_name_of_unsaid(self, utterance: str) -> bool:
        """Return whether all that a message says is a name and "it" or "this": "how does Google do this?"."""
        parsed = self.read(utterance)
        if len(parsed.sentences) != 1 or not points_back(parsed):
            return False
        telling = {term.key: term.kind for term in self._terms_of(parsed.sentences[0]) if term.topical >= TELLING}
        return list(telling.values()) == [NAME]

    def is_bare(self, utterance: str) -> bool:
        """Return whether a message asks no more than why: "but why is that?"."""
        return is_bare(self.read(utterance))

    def asks_why(self, utterance: str) -> bool:
        """Return whether a message asks why and no more: "but why?" does, "really?" does not."""
        return asks_why(self.read(utterance))

    def names_term(self, word: str) -> bool:
        """Return whether a word is a role, a company or a person that the entries are about."""
        sentences = self.read(word).sentences
        return bool(sentences) and bool(self._follow_ups.kinds(sentences[-1]))

    def names_any(self, utterance: str) -> bool:
        """Return whether a message names a role, a company or a person."""
        return any(term.kind is not None for of_sentence in self._terms(self.read(utterance)) for term in of_sentence)

    def names_several(self, utterance: str) -> bool:
        """Return whether a message names two different roles, companies or people, or more."""
        terms = self._terms(self.read(utterance))
        return len({term.key for of_sentence in terms for term in of_sentence if term.kind is not None}) > 1

    def same_of_names(self, utterance: str, entry: str) -> list[str]:
        """Give the entries that ask what this one asks, each of a name in a message: "DeepMind and Meta"."""
        if entry not in self._follow_ups.of_names:  # most are about no name: then nothing is read again
            return []
        return self._follow_ups.same_of_names(self.read(utterance), entry)

    def comparing(self, utterance: str, entry: str) -> frozenset[str]:
        """Give the entries whose questions name all that a message names, if `entry` is about one of those alone."""
        if entry not in self._follow_ups.of_roles:
            return frozenset()
        return self._follow_ups.comparing(self.read(utterance), entry)

    def apart(self, utterance: str, entry: str) -> list[str]:
        """Give the entries about the two roles that a message names, if none compares these and `entry` is near."""
        return self._follow_ups.apart(self.read(utterance), entry)

    def question(self, entry: str) -> str:
        """Give the question of an entry in plain words."""
        return " ".join(self._judge.questions[entry].words)

    def with_left_out(self, utterance: str, entry: str) -> list[str]:
        """Give `entry` and that about the one role which a message compares with others and `entry` leaves out."""
        return self._follow_ups.with_left_out(self.read(utterance), entry)

    def asks_for_difference(self, utterance: str) -> bool:
        """Return whether a message asks for the difference between two that it does not name: "the difference?"."""
        return asks_for_difference(self.read(utterance))

    def difference_in_full(self, utterance: str, after: str) -> str | None:
        """Give "the difference between them?" with the names of those whom the entry `after` is about; None if not."""
        return self._follow_ups.difference_in_full(self.read(utterance), after)

    def about_role(self, utterance: str) -> str | None:
        """Give the entry about the one role that "and a research engineer?" names; None if it names none."""
        parsed = self.read(utterance)
        return self._follow_ups.about_role(parsed) if parsed.sentences else None

    def scores(self, parsed: Utterance, terms: Sequence[Sequence[Term]]) -> Scores | None:
        """Score the words of a message by what was learnt, before any phrasing is looked at; None if nothing was.

        terms: of each sentence.
        """
        if self._learnt is None or self._words is None:
            return None
        words = self._words
        return self._learnt.score(list(map(words.__getitem__, keys_of(parsed, terms))))

    def _hint(self, parsed: Utterance, terms: Sequence[Sequence[Term]]) -> Hint | None:
        scores = self.scores(parsed, terms)
        return None if scores is None else Hint(scores)

    def _is_worded(self, telling: Sequence[tuple[Part, Sequence[Reading]]]) -> bool:
        """Return whether a part of a message is a phrasing, or has a word of an entry that nothing was learnt of."""
        for part, readings in telling:
            numbers = [reading.number for reading in readings]
            if not self._new_keys.isdisjoint(numbers) or self._judge.is_phrasing(numbers[part.before :]):
                return True
        return False

    def tokens(self, parsed: Utterance) -> tuple[list[str], list[str]]:
        """Give the tokens of a message, plain and masked, as they are learnt from."""
        return self._spellings.tokens(keys_of(parsed, self._terms(parsed)))

    def _terms(self, parsed: Utterance) -> list[Sequence[Term]]:
        """Give the terms of each sentence."""
        return [self._terms_of(sentence) for sentence in parsed.sentences]

    def _terms_of(self, sentence: Sentence) -> Sequence[Term]:
        return self._lexicon.terms_of_message(sentence.words, sentence.typed)

    def hinted(self, hint: Hint | None, semantic: SemanticScores | None = None) -> list[int]:
        """Give the places of the entries that are judged because the words, or the embedding, speak for them."""
        if hint is None:
            return []
        hinted = [entry for place in hint.best(HINTS) if (entry := self._hinted.get(place)) is not None]
        return sorted({*hinted, *semantic.entries} if semantic else hinted)

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
        return self._read(utterance)

    def _weighed(
        self,
        parsed: Utterance,
        best: Mapping[int, _Match],
        hint: Hint,
        semantic: SemanticScores | None,
        *,
        several: bool,
    ) -> dict[int, float]:
        """Weigh the match with the phrasings and the classifier's hint together; give the confidences that change.

        several: whether more than one part of the message was looked at.

        A follow-up is read in the light of its thread, of which the words know nothing; what is a phrasing all
        but word for word needs no judgement. One question of several is also judged as if it had been asked alone:
        what the others say speaks against it otherwise.
        """
        entries = [entry for entry, (_, part, judged, at) in best.items() if not (part.leans or judged.as_phrased[at])]
        confidences = self._weigh(dict.fromkeys(entries, hint), best, semantic)
        if not several:  # as with nearly every message
            return confidences
        questions = {part.question: part.sentence for _, part, _, _ in best.values()}
        if len(questions) > 1:
            alone = [(number, parsed._replace(sentences=(sentence,))) for number, sentence in questions.items()]
            hints = {number: self._hint(of_one, self._terms(of_one)) or hint for number, of_one in alone}
            apart = self._weigh({entry: hints[best[entry][1].question] for entry in entries}, best, semantic)
            confidences = {entry: max(confidence, apart[entry]) for entry, confidence in confidences.items()}
        return confidences

    def _weigh(
        self, hints: Mapping[int, Hint], best: Mapping[int, _Match], semantic: SemanticScores | None
    ) -> dict[int, float]:
        """Give the confidence in each entry by what the words speak for, given as hints, and the second stage."""
        confidences: dict[int, float] = {}
        if self._learnt is None:
            return confidences
        networks = (semantic and semantic.networks) or (self._learnt.known, self._learnt.new)
        if semantic is None:  # most often, and a call less for each entry
            places = self._known
            known = [entry for entry in hints if places[entry] is not None]
        else:
            known = [entry for entry in hints if self._knows(entry, semantic)]
        new = [entry for entry in hints if entry not in known] if len(known) < len(hints) else []
        for network, entries in zip(networks, (known, new), strict=True):
            if entries:
                confidences.update(zip(entries, self._judged_by(network, entries, hints, best, semantic), strict=True))
        return confidences

    def _judged_by(
        self,
        network: Network,
        entries: Sequence[int],
        hints: Mapping[int, Hint],
        best: Mapping[int, _Match],
        semantic: SemanticScores | None,
    ) -> list[float]:
        """Give the confidence of a network in each entry, from its match with the phrasings and its hint."""
        numbers, places = list[float](), self._known
        for entry in entries:
            phrased, _, judged, at = best[entry]
            numbers += judged.numbers[at * WIDTH : (at + 1) * WIDTH]
            if semantic is None:  # most often, and a call more for each entry would take as long as this
                numbers += hints[entry].beyond(places[entry], log_odds(phrased, CERTAIN))
            else:
                numbers += self._beyond(log_odds(phrased, CERTAIN), hints[entry], entry, semantic)
        return network.confidences(as_rows(numbers, len(numbers) // len(entries)))

    @staticmethod
    def widths() -> tuple[int, int]:
        """Return how many numbers `row` gives for an entry that utterances were labelled with, and for a new one.

        That is without the second stage.
        """
        hint = Hint(Scores(np.zeros(2, np.float32), 0.0, 0.0, (0.0, 0.0, 0.0)))
        return WIDTH + len(hint.beyond(0, 0.0)), WIDTH + len(hint.beyond(None, 0.0))

    def _knows(self, entry: int, semantic: SemanticScores | None) -> bool:
        """Return whether utterances of this entry were learnt from."""
        return self._known[entry] is not None and (semantic is None or entry in semantic.places)

    def row(
        self, confidence: float, features: Floats, hint: Hint, entry: int, *, semantic: SemanticScores | None = None
    ) -> list[float]:
        """Lay out what a network judges by: features, the logit of their confidence, and what the words speak for.

        What the embedding says comes last, if the second stage was asked.
        """
        return [*features.tolist(), *self._beyond(log_odds(confidence, CERTAIN), hint, entry, semantic)]

    def _beyond(self, logit: float, hint: Hint, entry: int, semantic: SemanticScores | None) -> tuple[float, ...]:
        if semantic is None:
            return hint.beyond(self._known[entry], logit)
        known = self._knows(entry, semantic)
        place = self._known[entry] if known else None
        return (*hint.beyond(place, logit), *semantic.beyond(entry, known=known))

    def judge(
        self, utterance: str, without: str | None = None, also: Sequence[int] = ()
    ) -> list[tuple[list[str], Floats]]:
        """Give ids and features (K × features) of the best entries for each part of a message, for calibration."""
        parsed = self.read(utterance)
        telling = self._judge.telling(self._parts(parsed, self._terms(parsed), None))
        parts = [self._judge.judge(parsed, part, readings, without, also) for part, readings in telling]
        return [([self._ids[at] for at in judged.entries], judged.features) for judged in parts if judged is not None]

    def _parts(self, parsed: Utterance, terms: Sequence[Sequence[Term]], after: str | None) -> list[Part]:
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
            return [*leaning, Part(0, whole, terms[0] if len(sentences) == 1 else self._terms_of(whole))]
        parts = leaning
        for question, at in enumerate(asking[:QUESTIONS]):
            parts.append(Part(question, sentences[at], terms[at]))
            around = range(len(sentences)) if len(sentences) <= 3 else range(max(0, at - 1), at)
            rest = [term for other in around if sentences[other] is not sentences[at] for term in terms[other]]
            if rest and len(rest) <= AROUND:
                parts.append(Part(question, sentences[at], [*rest, *terms[at]], len(rest)))
        return parts

    def _followed(self, parsed: Utterance, after: str) -> list[Part]:
        """Read "and at Anthropic?" in the light of the entry that was answered before it."""
        sentence = parsed.sentences[-1]._replace(form=Form.QUESTION)
        readings = self._follow_ups.readings(parsed, after)
        return [Part(0, sentence._replace(asks=asks), terms, leans=True) for asks, terms in readings]

    def _candidate(
        self, entry: int, confidence: float, match: _Match, hint: Hint | None, nearness: Nearness | None
    ) -> Candidate:
        phrased, part, judged, at = match
        sentence = part.sentence
        return Candidate(
            self._ids[entry],
            confidence,
            self._judge.phrasing(judged, at),
            part.question,
            sentence.form,
            part.leans,
            sentence.asks in PARTICULAR and self._judge.is_particular(sentence, judged, at),
            phrased,
            hint is not None,
            judged.names,
            hint.about if hint else (0.0, 0.0, 0.0),
            nearness,
            judged,
            at,
        )


def _has_word(parsed: Utterance, beginnings: tuple[str, ...]) -> bool:
    """Say whether a word of a message begins with one of these."""
    return any(word.startswith(beginnings) for sentence in parsed.sentences for word in sentence.words)


def _unknown(_: int) -> None:
    """Say nothing of how near a message is to an entry in meaning."""


def log_odds(probability: float, least: float = 1e-4) -> float:
    """Give the logarithm of p / (1 - p), of a probability that is kept this far from 0 and 1."""
    if probability < least:
        probability = least
    elif probability > 1 - least:
        probability = 1 - least
    return math.log(probability / (1 - probability))
