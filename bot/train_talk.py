"""Learns what people want who say it in words of their own: phrases and labelled messages -> a classifier.

The phrases are those of words.yaml; the messages, whose gold is what they mean, are in `utterances/talk`, `quiz`,
`result` and `received` of a knowledge folder. What the second stage learnt from, questions and everyday talk, stands
for all else. Needs SciPy, which the bot itself does not.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bot import train_linear
from bot.domain.embeddings import Embedded, Floats
from bot.domain.learnt import Labelled
from bot.domain.meanings import Meanings

STRENGTH = 10.0  # inverse of the regularization's strength
ELSE = 6_000  # embeddings that stand for all else, of some 20,000
WEIGHT = 5  # times that a message counts as much as a phrase, since many phrases are alike
# All three were chosen on left-out authors.
WRONG = 0.08  # share of messages that may be taken for something that they do not mean; most of it is near to it


@dataclass(frozen=True)
class Tried:
    """What a classifier that has seen nothing of a message's author takes it for, and how sure it is of that."""

    message: Labelled
    meant: str
    confidence: float

    @property
    def is_right(self) -> bool:
        """Return whether that is something that the message may fairly mean."""
        return self.meant in self.message.gold


class TalkTrainer:
    """Learns from the phrases by what they mean, and from labelled messages of the same place."""

    def __init__(
        self,
        phrases: Mapping[str, Sequence[str]],
        messages: Sequence[Labelled],
        embedded: Embedded,
        encode: Callable[[str], Floats],
        also: Sequence[Labelled] = (),
    ) -> None:
        """Take the phrases by what they mean, and the messages; `also` are some of other places to learn from."""
        self._names = tuple(phrases)
        self._number = {name: number for number, name in enumerate(self._names)}
        self._phrased = [(encode(text), self._number[name]) for name, texts in phrases.items() for text in texts]
        self._messages = messages
        self._points = [encode(message.text) for message in messages]
        self._elsewhere = [row for message in also for row in self._rows(encode(message.text), message)]
        known = np.concatenate([embedded.utterances, embedded.unanswered, np.array(list(embedded.texts.values()))])
        self._else = [(point, len(self._names)) for point in known[:: max(1, len(known) // ELSE)]]

    def learn(self, tried: Sequence[Tried]) -> Meanings:
        """Learn from everything. tried: what `left_out` gives, from which the least confidence is found."""
        return replace(self._fit(self._authors), least=least_confidence(tried))

    def left_out(self) -> list[Tried]:
        """Have each message read by what was learnt from all authors but its own."""
        tried = []
        for author in sorted(self._authors):
            meanings = self._fit(self._authors - {author})
            for point, message in zip(self._points, self._messages, strict=True):
                if message.author == author:
                    meant = meanings.likeliest(point)
                    tried.append(Tried(message, meant.name, meant.confidence))
        return tried

    @property
    def _authors(self) -> frozenset[str]:
        return frozenset(message.author for message in self._messages)

    def _fit(self, authors: frozenset[str]) -> Meanings:
        """Learn from the phrases and the messages of these authors."""
        rows = [*self._phrased, *self._else, *self._elsewhere]
        for point, message in zip(self._points, self._messages, strict=True):
            if message.author in authors:
                rows += self._rows(point, message)
        points, owners = zip(*rows, strict=True)
        # What nobody says is left out: all else has the highest number.
        present, numbers = np.unique(owners, return_inverse=True)
        fitted = train_linear.fit(np.array(points), numbers, STRENGTH)
        names = tuple(self._names[number] for number in present[:-1].tolist())
        return Meanings(names, fitted.weights, fitted.intercepts, least=1.0)

    def _rows(self, point: Floats, message: Labelled) -> list[tuple[Floats, int]]:
        """Give the rows to learn from a message, some for each thing that it may mean."""
        numbers = [self._number[name] for name in sorted(message.gold)] or [len(self._names)]
        return [(point, number) for number in numbers for _ in range(WEIGHT)]


def least_confidence(tried: Sequence[Tried]) -> float:
    """Give the least confidence with which no more than WRONG of all messages are taken for what they do not mean.

    In whole thousandths, above the confidence of the first that would be one too many.
    """
    wrong = sorted((one.confidence for one in tried if not one.is_right), reverse=True)
    allowed = int(WRONG * len(tried))
    return math.floor(wrong[allowed] * 1000 + 1) / 1000 if allowed < len(wrong) else 0.0
