"""Learns what the second stage judges by, from the same texts as `bot.train` and by the same rules.

Needs scikit-learn, which the bot itself does not. Encoding all texts takes minutes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from sklearn.linear_model import LogisticRegression

from bot import train_linear
from bot.domain.embeddings import Embedded, Floats, Heads, Neighbours, SemanticScores
from bot.domain.learnt import Labelled, Learnt, Network
from bot.domain.matching import Index
from bot.domain.thresholds import SecondThresholds
from bot.encoder import SIZE
from bot.train import MADE, LeftOut, Progress, Trainer

STRENGTH = 30.0  # inverse of the regularization's strength, chosen on left-out authors
ROUNDS = 1000  # at most; they end where there is nothing to gain


class SecondStageTrainer:
    """Learns from the texts of a trainer of the first stage, once they are encoded."""

    def __init__(self, first: Trainer, encode: Callable[[str], Floats], progress: Progress = print) -> None:
        self._first = first
        self._number = {name: at for at, name in enumerate(first.ids)}
        self._encode, self._progress = encode, progress
        self._points = self._encoded([labelled.text for labelled in first.texts], "texts")
        self._phrased = self._encoded([text for text, _ in first.phrased], "phrasings")
        self._decoys = self._encoded(first.decoys, "decoys")
        self._real = [at for at, labelled in enumerate(first.texts) if labelled.author != MADE]

    def learn(self, parts: Sequence[LeftOut]) -> tuple[Embedded, SecondThresholds]:
        """Learn from everything, and find the thresholds on texts whose author was left out.

        parts: what the first stage's trainer made of each author who was left out.
        """
        seconds = self.left_out(parts)
        layers = self._first.networks(seconds)
        owned = [(at, name) for at in self._real for name in sorted(self._first.texts[at].gold)]
        texts = [*(text for text, _ in self._first.phrased), *self._first.decoys]
        embedded = Embedded(
            heads=self._heads(self._real, frozenset()),
            known=Network.of(layers[0]),
            new=Network.of(layers[1]),
            texts=dict(zip(texts, np.concatenate([self._phrased, self._decoys]), strict=True)),
            utterances=self._points[[at for at, _ in owned]],
            owners=tuple(name for _, name in owned),
            unanswered=self._points[self._unanswered(self._real)],
        )
        return embedded, self._first.second_thresholds(parts, seconds)

    def left_out(self, parts: Sequence[LeftOut]) -> list[LeftOut]:
        """Give the parts with what the second stage has to say in their rows; it has not seen their authors either."""
        seconds = []
        for part in parts:
            self._progress(f"second stage: leaving out {', '.join(sorted(part.authors))}")
            own, rest = part.own, part.rest
            score = self._score_by_place(rest, frozenset())
            known = self._first.rows(own, part.classifiers, score=score)
            new = self._first.rows(own, part.without, new=part.hidden, score=self._score_by_place(rest, part.hidden))
            seconds.append(replace(part, known=list(known), new=list(new), score=score))
        return seconds

    def indexes_without(
        self, parts: Sequence[LeftOut], seconds: Sequence[LeftOut], *, new: bool = False
    ) -> Iterator[tuple[Index, Callable[[str], SemanticScores], list[Labelled]]]:
        """Give for some authors at a time an index and a scorer that have learnt nothing of theirs, and their texts.

        With `new` they have seen no utterance of some entries either, and the texts are those that one of these
        answers or that nothing does. seconds: what `left_out` made of `parts`.
        """
        first = self._first
        for part, second in zip(parts, seconds, strict=True):
            if not (own := part.cases(first.texts, new=new)):
                continue
            learnt = Learnt.of(first.judged_by_others(parts, part, new=new))
            index = Index.build(first.entries, first.synonyms, first.english, first.calibration, learnt)
            networks = self._networks([other for other in seconds if other is not second])
            hidden = part.hidden if new else frozenset()
            points = {first.texts[at].text: self._points[at] for at in own}
            scorer = partial(self._score, self._neighbours(part.rest, hidden, networks), points)
            yield index, scorer, [first.texts[at] for at in own]

    def _score(self, neighbours: Neighbours, points: Mapping[str, Floats], text: str) -> SemanticScores:
        """Score a text whose embedding is known, or one of the questions of such a text."""
        point = points.get(text)
        return neighbours.score(self._encode(text) if point is None else point)

    def _encoded(self, texts: Sequence[str], kind: str) -> Floats:
        self._progress(f"encoding {len(texts):,} {kind}")
        return np.array([self._encode(text) for text in texts], np.float32).reshape(-1, SIZE)

    def _networks(self, seconds: Sequence[LeftOut]) -> tuple[Network, Network]:
        known, new = self._first.networks(seconds)
        return Network.of(known), Network.of(new)

    def _score_by_place(
        self, used: Sequence[int], hidden: frozenset[str], networks: tuple[Network, Network] | None = None
    ) -> Callable[[int], SemanticScores]:
        """Give what scores the text at a place; as `_neighbours` learns."""
        neighbours = self._neighbours(used, hidden, networks)
        return lambda at: neighbours.score(self._points[at])

    def _neighbours(
        self, used: Sequence[int], hidden: frozenset[str], networks: tuple[Network, Network] | None = None
    ) -> Neighbours:
        """Learn from the texts at these places as if no utterance of `hidden` entries existed."""
        seen = [at for at in used if not self._first.texts[at].gold & hidden]
        owned = [(at, name) for at in seen for name in sorted(self._first.texts[at].gold)]
        owners = np.array([self._number[owner] for _, owner in self._first.phrased])
        return Neighbours(
            {name: self._phrased[owners == at] for name, at in self._number.items()},
            self._points[[at for at, _ in owned]],
            [name for _, name in owned],
            self._points[self._unanswered(seen)],
            self._decoys,
            self._heads(seen, hidden),
            networks,
        )

    def _unanswered(self, places: Sequence[int]) -> list[int]:
        return [at for at in places if not self._first.texts[at].gold]

    def _heads(self, seen: Sequence[int], hidden: frozenset[str]) -> Heads:
        rows = [
            (point, self._number[owner])
            for point, (_, owner) in zip(self._phrased, self._first.phrased, strict=True)
            if owner not in hidden
        ]
        nobody = len(self._number)  # the class of what no entry answers
        rows += [(point, nobody) for point in self._decoys]
        for at in seen:
            gold = sorted(self._number[name] for name in self._first.texts[at].gold)
            rows += [(self._points[at], number) for number in (gold or [nobody])]
        points, owners = np.array([point for point, _ in rows]), np.array([owner for _, owner in rows])
        known, classes = np.unique(owners, return_inverse=True)  # sorted, so that nobody is the last
        topics = train_linear.fit(points, classes, STRENGTH)
        answerable = LogisticRegression(C=STRENGTH, max_iter=ROUNDS, class_weight="balanced").fit(
            points, owners != nobody
        )
        return Heads(
            tuple(self._first.ids[number] for number in known[:-1]),
            topics.weights,
            topics.intercepts,
            np.asarray(answerable.coef_[0], np.float32),
            float(answerable.intercept_[0]),
        )
