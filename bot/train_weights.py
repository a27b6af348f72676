"""Learns which messages, unprompted, are worth asking the second stage about, and which are questions to us.

Part of `bot.train`, from texts by authors that were left out and from nothing else: what entries answer, and technical
chatter. Both are as if there were as many of the one as of the other. Hard negatives have no part: they resemble
questions to us, and `sure` is for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from bot.domain import faq
from bot.domain.embeddings import Nearness
from bot.domain.learnt import Labelled
from bot.domain.matching import Candidate, log_odds
from bot.domain.matching_text import Form
from bot.domain.thresholds import LookWeights, QuestionWeights

TECHNICAL = "technical"
# Inverse of the regularization's strength, of signs that are brought to one scale. Chosen on left-out authors: for the
# most that is asked about with LOOKED_AT, and for the most right answers by the rule of bot/train.py. The networks know
# chatter like this from other authors, so that lightly regularized, their confidence would decide nearly alone.
LOOK_C, QUESTION_C = 0.1, 0.1
# Of our technical chatter the second stage is asked about so much; of real messages half as many more.
LOOKED_AT = 0.027
WORTH = 0.5  # the bar, where nothing is named
LEAST_TEXTS = 100  # of either kind, or there are too few to learn from
ROUNDS = 5000  # at most; they end where there is nothing to gain


@dataclass(frozen=True)
class Judged:
    """What a text was taken for by what others taught: the best candidate of the first stage, and of both."""

    labelled: Labelled
    first: Candidate | None
    best: Candidate | None

    @property
    def technical(self) -> bool:
        """Whether it is technical chatter."""
        return not self.labelled.gold and self.labelled.style == TECHNICAL

    @property
    def right(self) -> bool:
        """Whether the best candidate of both stages answers it."""
        return self.best is not None and self.best.entry in self.labelled.gold


@dataclass(frozen=True)
class Look:
    """What is worth a second look: the weights, and the bars; see SecondThresholds."""

    weights: LookWeights
    worth: float
    worth_named: float


def look(texts: Sequence[Judged]) -> Look | None:
    """Learn which messages are worth asking the second stage about; None where there are too few texts.

    The weights are for one of the log-odds of the first stage's confidence. The bias is such that LOOKED_AT of all
    technical chatter is above the bar.
    """
    ours = [text.first for text in texts if text.labelled.gold and text.first]
    chatter = [text.first for text in texts if text.technical and text.first]
    if min(len(ours), len(chatter)) < LEAST_TEXTS:
        return None
    bias, (confidence, names, *signs) = _fit(
        [_signs_of_look(first) for first in ours], [_signs_of_look(first) for first in chatter], LOOK_C
    )
    if confidence <= 0:
        return None
    named = names / confidence
    values = [round(weight / confidence, 2) for weight in (bias, *signs)]
    unshifted = LookWeights(**dict(zip(LookWeights.model_fields, values, strict=True)))
    odds = sorted((faq.odds_of_look(first, unshifted) + named * first.names for first in chatter), reverse=True)
    bar = odds[min(int(LOOKED_AT * sum(text.technical for text in texts)), len(odds) - 1)]
    weights = unshifted.model_copy(update={"bias": round(unshifted.bias - bar, 3)})
    return Look(weights, WORTH, round(float(1 / (1 + np.exp(named))), 4))


def question_to_us(texts: Sequence[Judged]) -> QuestionWeights | None:
    """Learn what speaks for a question to us rather than everyday talk; None where there are too few texts."""
    right = [_signs_of_question(text.best) for text in texts if text.right and text.best]
    chatter = [_signs_of_question(text.best) for text in texts if text.technical and text.best]
    if min(len(right), len(chatter)) < LEAST_TEXTS:
        return None
    bias, weights = _fit(right, chatter, QUESTION_C)
    values = [round(weight, 3) for weight in (bias, *weights)]
    return QuestionWeights(**dict(zip(QuestionWeights.model_fields, values, strict=True)))


def _signs_of_look(first: Candidate) -> list[float]:
    """In the order of LookWeights, behind the confidence and whether something is named."""
    return [log_odds(first.confidence), first.names, first.form is Form.QUESTION, *first.extent]


def _signs_of_question(best: Candidate) -> list[float]:
    """In the order of QuestionWeights."""
    nearness = best.nearness or Nearness(known=0.0, declined=0.0, answerable=0.0)
    form = (best.form is Form.QUESTION, best.form is Form.STATEMENT)
    of_embedding = (nearness.known, nearness.declined, nearness.answerable)
    return [log_odds(best.confidence), *of_embedding, faq.asks_of_names(best), *form, *best.extent]


def _fit(
    positive: Sequence[Sequence[float]], negative: Sequence[Sequence[float]], c: float
) -> tuple[float, list[float]]:
    """Give the bias and the weights of the signs, by logistic regression with as much weight on either kind."""
    signs = np.array([*positive, *negative], np.float64)
    middle, scale = signs.mean(axis=0), np.maximum(signs.std(axis=0), 1e-6)
    kinds = np.arange(len(signs)) < len(positive)
    heavy = np.where(kinds, 1.0, len(positive) / len(negative))
    fitted = LogisticRegression(C=c, max_iter=ROUNDS).fit((signs - middle) / scale, kinds, sample_weight=heavy)
    weights = fitted.coef_[0] / scale
    return float(fitted.intercept_[0] - weights @ middle), weights.tolist()
