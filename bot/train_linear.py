"""Fits a linear classifier of many classes to the end: rows and the class of each -> weights and intercepts.

scikit-learn's takes several times as long for as many classes as there are entries, nearly all of it outside of the
function that it minimizes, so that it had to be stopped long before it was done; where it stood then depended on the
last bits of every sum, and so on the number of threads.
"""

from collections import deque
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float32]

MEMORY = 8  # steps that the shape of the function is estimated from
STEPS = 400  # at most; some eighty are usual
DONE = 1e-4  # what is left to gain, as estimated, in nats of the mean loss: a hundredth of what authors differ by
SUFFICIENT, SHORTEST = 1e-4, 1e-4  # of the gain that the slope promises; of a step


class Fitted(NamedTuple):
    """weights: classes × features. intercepts: of the classes. steps: that it took."""

    weights: Floats
    intercepts: Floats
    steps: int


class Step(NamedTuple):
    """A step, how it turned the slope, and the product of both."""

    moved: Floats
    turned: Floats
    curve: float


def fit(rows: Any, owners: npt.NDArray[np.intp], strength: float) -> Fitted:
    """Minimize the mean logistic loss of N rows, dense or sparse, and 1 / (2 · strength · N) of the squared weights.

    owners: the class of each row, from 0 on without gaps. strength: the inverse of the regularization's, as C of
    scikit-learn's LogisticRegression.
    Source: L-BFGS (Nocedal and Wright, 2006, algorithm 7.4), from a diagonal estimate of the curvature.
    """
    count, shares = len(owners), np.bincount(owners) / len(owners)
    ones = np.ones((count, 1), np.float32)
    rows = sparse.hstack([rows, ones], "csr", np.float32) if sparse.issparse(rows) else np.hstack([rows, ones])
    columns = rows.T.tocsr() if sparse.issparse(rows) else rows.T
    squares = np.asarray((rows.multiply(rows) if sparse.issparse(rows) else rows * rows).mean(0)).reshape(-1, 1)
    decay = np.full((len(squares), 1), 1 / (strength * count), np.float32)
    decay[-1] = 0  # of the intercepts
    scale = (1 / (squares * (shares * (1 - shares)) + decay)).astype(np.float32)

    def loss(weights: Floats) -> tuple[float, Floats]:
        """Give the loss, and its slope in each weight (features × classes)."""
        worth = rows @ weights
        worth -= worth.max(1, keepdims=True)
        own = worth[np.arange(count), owners]
        np.exp(worth, out=worth)
        total = worth.sum(1)
        value = float(np.mean(np.log(total) - own, dtype=np.float64)) + 0.5 * _dot(decay * weights, weights)
        worth /= total[:, None]
        worth[np.arange(count), owners] -= 1
        worth /= np.float32(count)
        return value, columns @ worth + decay * weights

    weights = np.zeros(scale.shape, np.float32)
    weights[-1] = np.log(shares)
    value, slope = loss(weights)
    past: deque[Step] = deque(maxlen=MEMORY)
    steps = 0
    while steps < STEPS and _dot(slope, scale * slope) > 2 * DONE:
        move = _direction(slope, scale, past)
        gain, length = _dot(slope, move), 1.0
        while True:
            moved = np.float32(-length) * move
            value_there, slope_there = loss(weights + moved)
            if value_there <= value - SUFFICIENT * length * gain or length < SHORTEST:
                break
            length /= 2
        turned = slope_there - slope
        if (curve := _dot(moved, turned)) > 0:
            past.append(Step(moved, turned, curve))
        weights, value, slope, steps = weights + moved, value_there, slope_there, steps + 1
    return Fitted(weights[:-1].T, weights[-1], steps)


def _direction(slope: Floats, scale: Floats, past: deque[Step]) -> Floats:
    """Turn the slope by what the last steps said of the curvature."""
    move, shares = slope.copy(), []
    for step in reversed(past):
        shares.append(np.float32(_dot(step.moved, move) / step.curve))
        move -= shares[-1] * step.turned
    if past:
        move *= np.float32(past[-1].curve / _dot(past[-1].turned, scale * past[-1].turned))
    move *= scale
    for step, share in zip(past, reversed(shares), strict=True):
        move += (share - np.float32(_dot(step.turned, move) / step.curve)) * step.moved
    return move


def _dot(one: Floats, other: Floats) -> float:
    return float(np.vdot(one, other))
