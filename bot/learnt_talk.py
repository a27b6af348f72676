"""The file `learnt_talk.npz` of a knowledge folder: what was learnt of what people say besides questions."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot import arrays_file
from bot.arrays_file import Arrays
from bot.domain.meanings import Meanings, Place
from bot.encoder import SIZE

FILE = "learnt_talk.npz"


LearntTalk = Mapping[Place, Meanings]


def write(path: Path, learnt: LearntTalk) -> None:
    """Write the file, weights as whole numbers of eight bits; the same content gives the same arrays."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    for place, meanings in learnt.items():
        scale = np.abs(meanings.weights).max(axis=1, keepdims=True) / 127
        names = json.dumps(meanings.names, separators=(",", ":")).encode()
        arrays |= {
            f"{place}/names": np.frombuffer(names, np.uint8),
            f"{place}/weights": np.round(meanings.weights / scale).astype(np.int8),
            f"{place}/scale": scale.astype(np.float32),
            f"{place}/intercepts": meanings.intercepts.astype(np.float32),
            f"{place}/least": np.array([meanings.least], np.float32),
        }
    arrays_file.write(path, arrays)


def read(path: Path) -> LearntTalk:
    """Read the file. Raises FileNotFoundError, or ValueError that says what is wrong with it."""
    return arrays_file.read(path, _learnt)


def _learnt(arrays: Arrays) -> LearntTalk:
    return {place: _meanings(arrays, place) for place in Place if f"{place}/names" in arrays}


def _meanings(arrays: Arrays, place: Place) -> Meanings:
    names = tuple(json.loads(bytes(arrays[f"{place}/names"])))
    if not names or len(set(names)) < len(names):
        raise ValueError(f"'{place}/names' must be some, and each but once")
    rows = len(names) + 1
    shapes = {"weights": (rows, SIZE), "scale": (rows, 1), "intercepts": (rows,), "least": (1,)}
    parts = {part: np.asarray(arrays[f"{place}/{part}"], np.float32) for part in shapes}
    for part, shape in shapes.items():
        if parts[part].shape != shape:
            raise ValueError(f"'{place}/{part}' is of shape {parts[part].shape}, not {shape}")
        if not np.isfinite(parts[part]).all():
            raise ValueError(f"'{place}/{part}' has numbers that are none")
    return Meanings(names, parts["weights"] * parts["scale"], parts["intercepts"], float(parts["least"][0]))
