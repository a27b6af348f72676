"""Learns from labelled utterances, and says how well: `rolefit check --calibrate`, `rolefit eval --left-out`.

Needs scikit-learn, which the bot itself does not. What is learnt is judged by authors that were left out: every row
that the networks are fitted on has features from classifiers that have not seen its author.
"""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bot import calibrate, train_linear, train_network, train_weights
from bot.domain import faq
from bot.domain.content import Check, Entry, NotAnswered, Synonyms
from bot.domain.embeddings import SemanticScores
from bot.domain.judging import Calibration
from bot.domain.learnt import NONE, Hint, Labelled, Layer, Learnt, LearntFile, Network
from bot.domain.lexicon import English
from bot.domain.matching import Candidate, Index
from bot.domain.thresholds import MORE_LIKELY_THAN_NOT, SecondThresholds

Floats = npt.NDArray[np.float32]
Progress = Callable[[str], object]

SEED = 7
MADE, PROMISES = "made-up", "promises"
OURS = frozenset({MADE, PROMISES})  # on which nothing that was learnt is tried
MADE_UP = 3000  # negatives made of the phrasings, as for the calibration
RARE = 2  # texts that must have a token for it to be learnt from
TOPICS_C, WRAPPING_C = 40.0, 4.0  # inverse of the regularization's strength, chosen on left-out authors
NETWORKS = 3  # begin at different weights, and the mean of their logits is taken
SLIGHT = 0.05  # a weight below this share of the largest of its entry is left out
# The rule for the thresholds, on hard negatives (all but technical chatter) by authors that were left out: unprompted,
# so many may be answered, and so many of all answers must be right; when asked, so many may be given suggestions.
# Texts that we made up ourselves have no part in it: promises are easier than what strangers write. PRECISE is above
# the goal, .95: thresholds that are found on some authors do a little worse on others, and an answer with two entries
# is right only if both are.
# No less sure than this. What passes for a question to us is right more often than the network is sure of.
LEAST_SURE, LEAST_SURE_ALONE = 0.35, 0.67  # with the second stage, and by the first alone, as our promises ask for
# Of our technical chatter so much may be taken for a question to us; of real messages as many were. As few as that are
# seen in none, so it is read off the tail: above a high bar, which so many pass, log-odds fall off as an exponential
# does. The mean over several bars.
CHATTER_ANSWERED = 8e-5
TAIL = range(10, 21)
FALSE_UNPROMPTED, PRECISE, SUGGESTED_TO = 0.0295, 0.952, 0.25
# When asked, an answer must be more likely right than wrong: of those of which the network is about as sure, within a
# band this wide, where every other message put to the bot is one that some entry answers. People who ask it ask more
# of those: of what six strangers wrote, .9 were right that are this sure.
BAND = 0.1
# Unprompted, so many of the texts that some entry answers may score too little for the phrasings to be looked at. Of
# most of them the other stages would be too unsure as well.
NOT_LOOKED_AT = 0.002
LEAST_SUGGESTED, LEAST_SUGGESTED_ALONE = 0.02, 0.056
WORTH_NAMED = 0.0374  # where there is too little to learn it from; see train_weights.WORTH
LEAST_ENTRIES = 8  # of which some can be hidden and some be told apart
NOTHING_LEARNT = Layer(mean=(0.0,), scale=(1.0,), hidden=((0.0,),), hidden_bias=(0.0,), out=(0.0,), out_bias=0.0)
LEFT_OUT = 7  # groups of authors; each is left out once, for as many fits as there are groups
HIDDEN = 4  # parts into which the entries are divided, to learn how to judge one that is new


def promised(checks: Sequence[Check]) -> Iterator[Labelled]:
    """Take the promises as texts of an author of their own; what is said in a thread says nothing without it."""
    for check in checks:
        if check.after is None:
            gold = frozenset[str]() if check.expect == "silence" else frozenset({check.expect})
            yield Labelled(check.say, gold, PROMISES, "promise")


@dataclass(frozen=True, eq=False)
class Classifiers:
    """The two linear classifiers, as fitted; `entries` are the ids that the first knows."""

    entries: tuple[str, ...]
    topics: Any
    topics_weights: Floats
    topics_intercepts: Floats
    around: Any
    around_weights: Floats
    around_intercept: float


@dataclass(frozen=True)
class Thresholds:
    """From which confidence on to answer unprompted, and to suggest where the bot was asked.

    in_scope: what the words must score for the phrasings to be looked at; see ReplyThresholds.
    """

    sure: float
    maybe: float
    in_scope: float | None = None


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Authors left out: classifiers that have not seen them, and rows of their texts.

    `own` are the places of their texts, `rest` of what others wrote, without what is made up.
    `without` has seen neither the authors nor any utterance or phrasing of the `hidden` entries. `score` gives what
    the second stage makes of the text at a place; it has not seen the authors either, and its networks are to come.
    """

    authors: frozenset[str]
    own: Sequence[int]
    rest: Sequence[int]
    classifiers: Classifiers
    known: list[tuple[int, list[str], Floats]]
    hidden: frozenset[str]
    without: Classifiers
    new: list[tuple[int, list[str], Floats]]
    score: Callable[[int], SemanticScores | None] = lambda _: None

    def cases(self, texts: Sequence[Labelled], *, new: bool) -> list[int]:
        """Give the places of what they are tried on: what the authors wrote.

        With `new` only what one of the hidden entries answers, or nothing.
        """
        own = [at for at in self.own if texts[at].author not in OURS]
        return [at for at in own if not new or not texts[at].gold or texts[at].gold & self.hidden]


class Trainer:
    """Everything that is learnt from: the entries with their phrasings, decoys, and labelled texts."""

    def __init__(
        self,
        entries: Sequence[Entry],
        decoys: Sequence[NotAnswered],
        texts: Sequence[Labelled],
        synonyms: Synonyms,
        english: English,
        calibration: Calibration,
    ) -> None:
        self.entries, self.texts = list(entries), list(texts)
        chance = random.Random(SEED)  # noqa: S311 - to be repeatable, not secret
        examples = calibrate.examples(entries, english, chance)
        negatives = [example.text for example in examples if example.entry is None]
        self.made_up = chance.sample(negatives, min(MADE_UP, len(negatives)))
        self.synonyms, self.english, self.calibration = synonyms, english, calibration
        self.index = Index.build(entries, synonyms, english, calibration)
        self.ids = [entry.id for entry in entries]
        self.phrased = [(text, entry.id) for entry in entries for text in entry.wordings]
        self.decoys = [text for decoy in decoys for text in decoy.wordings]
        # Learnt from by the networks alone: messages the like of which the classifiers have never seen.
        self.texts += [Labelled(text, frozenset(), MADE, "made-up") for text in self.made_up]
        self._fitted: dict[tuple[LeftOut, ...], tuple[Layer, Layer]] = {}
        self._tokens = [self._read(labelled.text) for labelled in self.texts]
        self._phrased_tokens = [self._read(text) for text, _ in self.phrased]
        self._decoy_tokens = [self._read(text) for text in self.decoys]

    def _read(self, text: str) -> tuple[list[str], list[str]]:
        return self.index.tokens(self.index.read(text))

    def fit(self, used: Sequence[int], hidden: frozenset[str] = frozenset()) -> Classifiers:
        """Fit the classifiers on the texts at these places; those of `hidden` entries are as if they did not exist."""
        known = tuple(name for name in self.ids if name not in hidden)
        rows: list[tuple[tuple[list[str], list[str]], str]] = [
            (tokens, owner)
            for tokens, (_, owner) in zip(self._phrased_tokens, self.phrased, strict=True)
            if owner not in hidden
        ]
        rows += [(tokens, NONE) for tokens in self._decoy_tokens]
        for at in used:
            gold = self.texts[at].gold
            if not gold & hidden:
                rows += [(self._tokens[at], name) for name in (sorted(gold & frozenset(known)) or [NONE])]
        owners = [owner for _, owner in rows]
        topics = TfidfVectorizer(analyzer=list, sublinear_tf=True, min_df=RARE, dtype=np.float32)
        around = TfidfVectorizer(analyzer=list, sublinear_tf=True, min_df=RARE)
        order = {name: at for at, name in enumerate((*known, NONE))}
        by_topic = train_linear.fit(
            topics.fit_transform([plain for (plain, _), _ in rows]),
            np.array([order[owner] for owner in owners]),
            TOPICS_C,
        )
        wrapped = LogisticRegression(C=WRAPPING_C, max_iter=1000, class_weight="balanced").fit(
            around.fit_transform([masked for (_, masked), _ in rows]), [owner != NONE for owner in owners]
        )
        return Classifiers(
            known,
            topics,
            by_topic.weights,
            by_topic.intercepts,
            around,
            wrapped.coef_[0],
            float(wrapped.intercept_[0]),
        )

    def rows(
        self,
        places: Sequence[int],
        classifiers: Classifiers,
        *,
        new: frozenset[str] | None = None,
        score: Callable[[int], SemanticScores | None] = lambda _: None,
    ) -> Iterator[tuple[int, list[str], Floats]]:
        """Give place, entries and features of each text's candidates; of the `new` entries alone, where some are.

        score: gives what the second stage makes of the text at a place, if it has a say.
        """
        learnt = Learnt.of(_file(classifiers, NOTHING_LEARNT, NOTHING_LEARNT))  # as the bot has it, slight weights gone
        index = Index.build(self.entries, self.synonyms, self.english, self.calibration, learnt)
        number = {name: at for at, name in enumerate(self.ids)}
        for at in places:
            hint = Hint(learnt.score_tokens(*self._tokens[at]))
            best: dict[str, tuple[float, Floats]] = {}
            scores = score(at)
            for names, features in index.judge(self.texts[at].text, also=index.hinted(hint, scores)):
                for name, row, confidence in zip(names, features, index.confidences(features), strict=True):
                    if name not in best or confidence > best[name][0]:
                        best[name] = (confidence, row)
            judged = [name for name in best if (name in classifiers.entries if new is None else name in new)]
            if judged:
                rows = [index.row(*best[name], hint, number[name], semantic=scores) for name in judged]
                yield at, judged, np.array(rows, np.float32)

    def learn(
        self, progress: Progress = print, parts: Sequence["LeftOut"] | None = None
    ) -> tuple[LearntFile, Thresholds]:
        """Learn from everything, and find the thresholds on texts whose author the classifiers have not seen.

        parts: what `left_out` gave, if it is known.
        """
        parts = self.left_out(progress) if parts is None else parts
        # Nothing but the networks learns from what is made up, so that leaving it out leaves out nothing here.
        classifiers = next(part.classifiers for part in parts if part.authors == {MADE})
        progress("fitting the networks")
        return _file(classifiers, *self.networks(parts)), self.thresholds(parts)

    def thresholds(self, parts: Sequence["LeftOut"]) -> "Thresholds":
        """Find the thresholds of the first stage by the rule above, on texts by authors that were left out."""
        best = {at: text.first for at, text in self._judged(parts).items() if text.first}
        unprompted = {at: candidate for at, candidate in best.items() if faq.answerable(candidate)}
        bars = self._bars(best, unprompted, Thresholds(LEAST_SURE_ALONE, LEAST_SUGGESTED_ALONE))
        return replace(bars, in_scope=self._in_scope(parts))

    def _in_scope(self, parts: Sequence["LeftOut"]) -> float | None:
        """Find what the words must score for the phrasings to be looked at, by the rule above."""
        scores: list[float] = []
        for part in parts:
            learnt = Learnt.of(_file(part.classifiers, NOTHING_LEARNT, NOTHING_LEARNT))
            asked = [at for at in part.own if self.texts[at].gold and self.texts[at].author not in OURS]
            scores += [learnt.score_tokens(*self._tokens[at]).in_scope for at in asked]
        scores.sort()
        return math.floor(scores[int(NOT_LOOKED_AT * len(scores))] * 100) / 100 if scores else None

    def second_thresholds(self, parts: Sequence["LeftOut"], seconds: Sequence["LeftOut"]) -> SecondThresholds:
        """Find those of both stages together, and the weights by which is asked and answered unprompted.

        parts: of the first stage. seconds: those of the second, in the same order.
        """
        judged = self._judged(parts, seconds)
        best = {at: text.best for at, text in judged.items() if text.best}
        second = SecondThresholds(
            worth=train_weights.WORTH, worth_named=WORTH_NAMED, sure=LEAST_SURE, maybe=LEAST_SUGGESTED
        )
        if look := train_weights.look(list(judged.values())):
            bars = {"worth": look.worth, "worth_named": look.worth_named}
            second = second.model_copy(update={"look": look.weights, **bars})
        if to_us := train_weights.question_to_us(list(judged.values())):
            second = second.model_copy(update={"to_us": to_us})
        considered = {
            at: text.best
            for at, text in judged.items()
            if text.best and text.first and faq.worth_a_second_look(text.first, second)
        }
        odds = [
            faq.odds_of_question(candidate, candidate.nearness, second.to_us)
            for at, candidate in considered.items()
            if judged[at].technical and candidate.nearness
        ]
        for question in _exceeded_by(odds, CHATTER_ANSWERED * sum(text.technical for text in judged.values())):
            second = second.model_copy(update={"question": round(question, 2)})
        unprompted = {at: candidate for at, candidate in considered.items() if faq.answerable(candidate, second)}
        bars_of_both = self._bars(best, unprompted, Thresholds(LEAST_SURE, LEAST_SUGGESTED))
        bars = {"sure": bars_of_both.sure, "asked": self._asked(best), "maybe": bars_of_both.maybe}
        return second.model_copy(update=bars)

    def _judged(
        self, parts: Sequence["LeftOut"], seconds: Sequence["LeftOut"] | None = None
    ) -> dict[int, train_weights.Judged]:
        """Give for the place of each text, but what is made up, what it is taken for by what other authors taught."""
        judged: dict[int, train_weights.Judged] = {}
        for part, second in zip(parts, seconds or parts, strict=True):
            if part.authors == {MADE}:
                continue
            index = self._index(part.classifiers, self.networks([other for other in parts if other is not part]))
            weighing = None
            if seconds is not None:
                known, new = self.networks([other for other in seconds if other is not second])
                weighing = (Network.of(known), Network.of(new))
            for at in part.own:
                text, scores = self.texts[at].text, second.score(at)
                first = best = next(iter(index.rank(text, limit=1)), None)
                if scores is not None:
                    scores = replace(scores, networks=weighing)
                    best = next(iter(index.rank(text, limit=1, semantic=scores)), None)
                judged[at] = train_weights.Judged(self.texts[at], first, best)
        return judged

    def _bars(
        self, best: Mapping[int, Candidate], unprompted: Mapping[int, Candidate], least: "Thresholds"
    ) -> "Thresholds":
        """Find the thresholds by the rule above, for the best candidates of the texts at these places.

        unprompted: those that are put so that they may be answered though nobody asked. least: none is lower.
        """
        unprompted = {at: candidate for at, candidate in unprompted.items() if self.texts[at].author not in OURS}
        hard = self._hard()
        false = sorted((unprompted[at].confidence for at in hard if at in unprompted), reverse=True)
        allowed = int(FALSE_UNPROMPTED * len(hard))
        sure = false[allowed] if allowed < len(false) else 0.0
        for candidate_sure in np.arange(least.sure, 0.95, 0.01).tolist():
            answered = [at for at, candidate in unprompted.items() if candidate.confidence >= candidate_sure]
            right = sum(unprompted[at].entry in self.texts[at].gold for at in answered)
            if candidate_sure >= sure and right >= PRECISE * len(answered):
                sure = candidate_sure
                break
        asked = sorted((best[at].confidence if at in best else 0.0 for at in hard), reverse=True)
        maybe = max(least.maybe, asked[int(SUGGESTED_TO * len(hard))])
        return Thresholds(round(sure, 3), round(min(maybe, 0.3), 3))

    def _hard(self) -> list[int]:
        """Give the places of the hard negatives by the rule above."""
        return [
            at
            for at, labelled in enumerate(self.texts)
            if not labelled.gold and labelled.author not in OURS and labelled.style != train_weights.TECHNICAL
        ]

    def _asked(self, best: Mapping[int, Candidate]) -> float:
        """Find from which confidence on to answer where the bot was asked, by the rule above."""
        in_scope = [at for at, labelled in enumerate(self.texts) if labelled.gold and labelled.author not in OURS]
        hard = self._hard()
        counts = len(in_scope) / max(1, len(hard))  # each hard negative, so that all do as much as what is answered
        judged = [
            (best[at].confidence, best[at].entry in self.texts[at].gold, weight)
            for places, weight in ((in_scope, 1.0), (hard, counts))
            for at in places
            if at in best
        ]
        asked = MORE_LIKELY_THAN_NOT
        while asked > BAND:
            lower = round(asked - BAND / 2, 3)
            band = [(right, weight) for confidence, right, weight in judged if lower <= confidence < lower + BAND]
            right = sum(weight for right, weight in band if right)
            if not band or right < MORE_LIKELY_THAN_NOT * sum(weight for _, weight in band):
                break
            asked = lower
        return asked

    def _index(self, classifiers: Classifiers, networks: tuple[Layer, Layer]) -> Index:
        learnt = Learnt.of(_file(classifiers, *networks))
        return Index.build(self.entries, self.synonyms, self.english, self.calibration, learnt)

    def left_out(self, progress: Progress = print) -> list["LeftOut"]:
        """Fit the classifiers without some authors in turn, and lay out what they make of these authors' texts."""
        hidden = _divided(self.ids, HIDDEN)
        authors = sorted({labelled.author for labelled in self.texts} - {MADE})
        together = [frozenset(authors[at::LEFT_OUT]) for at in range(min(LEFT_OUT, len(authors)))]
        parts = []
        for number, group in enumerate((*together, frozenset({MADE}))):
            progress(f"leaving out {', '.join(sorted(group))}")
            own = [at for at, labelled in enumerate(self.texts) if labelled.author in group]
            rest = [at for at, labelled in enumerate(self.texts) if labelled.author not in (*group, MADE)]
            strange = hidden[number % HIDDEN]
            classifiers, without = self.fit(rest), self.fit(rest, strange)
            known = list(self.rows(own, classifiers))
            new = list(self.rows(own, without, new=strange))
            parts.append(LeftOut(group, own, rest, classifiers, known, strange, without, new))
        return parts

    def networks(self, parts: Sequence["LeftOut"]) -> tuple[Layer, Layer]:
        """Fit the two networks on what the classifiers made of texts whose author, or entries, they had not seen.

        The same parts are fitted once: the thresholds of both stages need what some of them say without an author.
        """
        if (key := tuple(parts)) not in self._fitted:
            self._fitted[key] = (
                self._network([row for part in parts for row in part.known]),
                self._network([row for part in parts for row in part.new]),
            )
        return self._fitted[key]

    def judged_by_others(self, parts: Sequence["LeftOut"], part: "LeftOut", *, new: bool = False) -> LearntFile:
        """Give what is learnt from everybody but an author; with `new` also without the entries hidden from them."""
        networks = self.networks([other for other in parts if other is not part])
        return _file(part.without if new else part.classifiers, *networks)

    def indexes_without(
        self, progress: Progress = print, *, new: bool = False
    ) -> Iterator[tuple[Index, list[Labelled]]]:
        """Give for some authors at a time an index that has learnt nothing of theirs, and their texts.

        With `new` the index has seen no utterance of some entries either, and the texts are those that one of these
        answers or that nothing does: what an entry is like that was added yesterday.
        """
        parts = self.left_out(progress)
        for part in parts:
            if not (own := part.cases(self.texts, new=new)):
                continue
            learnt = Learnt.of(self.judged_by_others(parts, part, new=new))
            index = Index.build(self.entries, self.synonyms, self.english, self.calibration, learnt)
            yield index, [self.texts[at] for at in own]

    def _network(self, rows: Sequence[tuple[int, list[str], Floats]]) -> Layer:
        features = np.vstack([row for _, _, row in rows])
        right = np.array([name in self.texts[at].gold for at, names, _ in rows for name in names])
        return train_network.fit(features, right, networks=NETWORKS, seed=SEED)


def _exceeded_by(odds: Sequence[float], count: float) -> list[float]:
    """Estimate what `count` of these exceed, which may be less than one; empty where there are too few to say.

    Source: the mean excess over a threshold, as of an exponential distribution (Pickands, 1975, with shape 0).
    """
    highest = sorted(odds, reverse=True)[: TAIL[-1] + 1]
    if len(highest) <= TAIL[-1] or not math.isfinite(highest[-1]):
        return []
    bars = ((passing, highest[passing]) for passing in TAIL)
    estimates = [bar + (float(np.mean(highest[:passing])) - bar) * math.log(passing / count) for passing, bar in bars]
    return [float(np.mean(estimates))]


def _divided(names: Sequence[str], parts: int) -> list[frozenset[str]]:
    shuffled = random.Random(SEED).sample(sorted(names), len(names))  # noqa: S311 - to be repeatable, not secret
    return [frozenset(shuffled[at::parts]) for at in range(parts)]


def _file(classifiers: Classifiers, known: Layer, new: Layer) -> LearntFile:
    names = (*classifiers.entries, NONE)
    words = classifiers.topics.get_feature_names_out().tolist()
    weights = classifiers.topics_weights
    significant = np.abs(weights) >= SLIGHT * np.abs(weights).max(axis=1, keepdims=True)
    used = significant.any(axis=0)
    return LearntFile(
        words={
            word: round(float(idf), 2)
            for word, idf, keep in zip(words, classifiers.topics.idf_, used, strict=True)
            if keep
        },
        entries={
            name: {words[at]: round(float(row[at]), 2) for at in np.flatnonzero(keep)}
            for name, row, keep in zip(names, weights, significant, strict=True)
        },
        intercepts={
            name: round(float(value), 3) for name, value in zip(names, classifiers.topics_intercepts, strict=True)
        },
        wrapping={
            word: (round(float(idf), 2), round(float(weight), 2))
            for word, idf, weight in zip(
                classifiers.around.get_feature_names_out().tolist(),
                classifiers.around.idf_,
                classifiers.around_weights,
                strict=True,
            )
        },
        wrapping_intercept=round(classifiers.around_intercept, 3),
        known=known,
        new=new,
    )
