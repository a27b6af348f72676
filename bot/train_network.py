"""Fits the small networks that weigh what speaks for an entry: rows of features and what is right -> a layer.

Several networks begin at different random weights and are fitted side by side; the mean of their logits is taken. The
steps become smaller until they are nothing, so that what comes out hardly depends on which rows came last.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bot.domain.learnt import Layer

Floats = npt.NDArray[np.float32]

UNITS, DECAY, ROUNDS, RATE, BATCH = 16, 4e-4, 25, 4e-3, 256
FIRST_MOMENT, SECOND_MOMENT, TINY = 0.9, 0.999, 1e-8


def fit(features: Floats, right: npt.NDArray[np.bool_], *, networks: int, seed: int) -> Layer:
    """Fit networks of one hidden layer by logistic loss, and give them as one.

    features: N × F. right: of each row. The same input and seed give the same layer.
    Source: Adam (Kingma and Ba, 2015), with a rate that falls to nothing and weights that decay.
    """
    chance = np.random.default_rng(seed)
    mean = features.mean(0, dtype=np.float64)
    scale = features.std(0, dtype=np.float64)
    scale[scale < TINY] = 1.0
    rows = ((features - mean) / scale).astype(np.float32)
    wanted = right.astype(np.float32)[:, None]
    width, units = rows.shape[1], networks * UNITS
    hidden = _random(chance, (width, units), width + UNITS)
    bias = _random(chance, (units,), width + UNITS)
    out = _random(chance, (networks, UNITS), UNITS + 1)
    out_bias = np.zeros(networks, np.float32)
    weights = [hidden, bias, out, out_bias]
    moments = [(np.zeros_like(weight), np.zeros_like(weight)) for weight in weights]
    steps = ROUNDS * -(-len(rows) // BATCH)
    step = 0
    for _ in range(ROUNDS):
        order = chance.permutation(len(rows))
        for begin in range(0, len(rows), BATCH):
            step += 1
            of_batch = order[begin : begin + BATCH]
            slopes = _slopes(rows[of_batch], wanted[of_batch], hidden, bias, out, out_bias)
            rate = RATE * (1 - step / steps)
            rate *= (1 - SECOND_MOMENT**step) ** 0.5 / (1 - FIRST_MOMENT**step)
            for weight, slope, moment in zip(weights, slopes, moments, strict=True):
                _move(weight, slope, *moment, np.float32(rate))
    # The mean of the logits of several networks is what one network says that has the units of all.
    return Layer(
        mean=rounded(mean),
        scale=rounded(scale),
        hidden=tuple(rounded(row) for row in hidden.T),
        hidden_bias=rounded(bias),
        out=rounded(out.ravel() / networks),
        out_bias=round(float(out_bias.mean()), 4),
    )


def rounded(values: Sequence[float] | npt.NDArray[np.floating]) -> tuple[float, ...]:
    """Give plain numbers of four places."""
    return tuple(round(float(value), 4) for value in values)


def _random(chance: np.random.Generator, shape: tuple[int, ...], fans: int) -> Floats:
    """Give the random weights that a layer begins with. Source: Glorot and Bengio, 2010."""
    bound = (6 / fans) ** 0.5
    return chance.uniform(-bound, bound, shape).astype(np.float32)


def _move(weight: Floats, slope: Floats, first: Floats, second: Floats, rate: np.float32) -> None:
    """Change weights by a step, and the moments of their slopes with them."""
    first += (1 - FIRST_MOMENT) * (slope - first)
    second += (1 - SECOND_MOMENT) * (slope * slope - second)
    weight -= rate * first / (np.sqrt(second) + np.float32(TINY))


def _slopes(
    rows: Floats, wanted: Floats, hidden: Floats, bias: Floats, out: Floats, out_bias: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Give the slope of the mean loss of B rows, and of the decay, in each weight of S networks with U units.

    hidden: F × S·U. out: S × U.
    """
    networks, units = out.shape
    active = np.tanh(rows @ hidden + bias)
    by_network = active.reshape(len(rows), networks, units)
    logits = np.einsum("bsu,su->bs", by_network, out) + out_bias
    error = (1 / (1 + np.exp(-np.clip(logits, -30, 30))) - wanted) / np.float32(len(rows))
    of_out = np.einsum("bsu,bs->su", by_network, error)
    backward = ((error[:, :, None] * out) * (1 - by_network * by_network)).reshape(len(rows), -1)
    decay = np.float32(DECAY)
    return rows.T @ backward + decay * hidden, backward.sum(0), of_out + decay * out, error.sum(0)
