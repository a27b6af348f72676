"""What somebody wants who puts it in words of their own, by the embedding of what they said.

Small talk is read by its phrases first (`bot.domain.smalltalk`), which an editor can add to. This is for what is like
none of them: "mind if I practise my Spanish on you?" asks whether the bot speaks other languages.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


class Place(StrEnum):
    """Where people say it, each with names of its own for what they may want."""

    TALK = "talk"  # to the bot, by a mention or in a direct message
    QUIZ = "quiz"  # in the thread of a round, while a question is open
    RESULT = "result"  # below the result of a round
    RECEIVED = "received"  # below a result that was shared with them


@dataclass(frozen=True)
class Meant:
    """What is most likely meant, by its name in words.yaml, and how likely that is, from 0 to 1."""

    name: str
    confidence: float


@dataclass(frozen=True, eq=False, repr=False)
class Meanings:
    """A linear classifier of embeddings, as `bot.train_talk` learns it.

    names: what may be meant, K of them. weights: (K + 1) × 384, the last row for all else, such as a question of the
    subject. intercepts: K + 1. least: the confidence from which it is taken to be meant.
    """

    names: tuple[str, ...]
    weights: Floats
    intercepts: Floats
    least: float

    def likeliest(self, embedding: Floats) -> Meant:
        """Give what is most likely meant, unless it is all else: `confidence` says how much speaks against that."""
        return self.rank(embedding)[0]

    def rank(self, embedding: Floats) -> list[Meant]:
        """Give all that may be meant but all else, likeliest first.

        embedding: 384 numbers, of length 1. Source: the softmax of a multinomial logistic regression.
        """
        logits = self.weights @ embedding + self.intercepts
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        return [Meant(self.names[place], shares.item(place)) for place in (-shares[:-1]).argsort().tolist()]
