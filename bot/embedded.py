"""The file `learnt_encoder.npz` of a knowledge folder: what the second stage learnt, and embeddings known already."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot import arrays_file
from bot.arrays_file import Arrays
from bot.domain.embeddings import Embedded, Floats, Heads
from bot.domain.learnt import Network
from bot.encoder import SIZE

FILE = "learnt_encoder.npz"


def write(path: Path, embedded: Embedded) -> None:
    """Write the file, embeddings as whole numbers of eight bits; the same content gives the same arrays."""
    heads = embedded.heads
    arrays: dict[str, npt.NDArray[Any]] = {
        "names": _packed({"entries": heads.entries, "texts": list(embedded.texts), "owners": embedded.owners}),
        "topics": heads.topics,
        "topics_intercepts": heads.topics_intercepts,
        "answerable": np.append(heads.answerable, np.float32(heads.answerable_intercept)),
    }
    for name, points in (
        ("texts", np.array(list(embedded.texts.values()))),
        ("utterances", embedded.utterances),
        ("unanswered", embedded.unanswered),
    ):
        scale = np.abs(points).max(axis=1, initial=0, keepdims=True) / 127 if len(points) else np.ones((0, 1))
        arrays |= {name: np.round(points / scale).astype(np.int8), f"{name}/scale": scale.astype(np.float32)}
    for name, network in (("known", embedded.known), ("new", embedded.new)):
        arrays |= {
            f"{name}/weights": network.weights,
            f"{name}/bias": network.bias,
            f"{name}/out": np.append(network.out, np.float32(network.out_bias)),
        }
    arrays_file.write(path, arrays)


def read(path: Path) -> Embedded:
    """Read the file. Raises FileNotFoundError, or ValueError that says what is wrong with it."""
    return arrays_file.read(path, _embedded)


def _embedded(arrays: Arrays) -> Embedded:
    names = json.loads(bytes(arrays["names"]))
    entries, texts, owners = names["entries"], names["texts"], tuple(names["owners"])
    points, utterances = _points(arrays, "texts", len(texts)), _points(arrays, "utterances", len(owners))
    topics = _shaped(arrays, "topics", (len(entries) + 1, SIZE))
    answerable = _shaped(arrays, "answerable", (SIZE + 1,))
    heads = Heads(
        tuple(entries),
        topics,
        _shaped(arrays, "topics_intercepts", (len(topics),)),
        answerable[:-1],
        float(answerable[-1]),
    )
    return Embedded(
        heads,
        _network(arrays, "known"),
        _network(arrays, "new"),
        dict(zip(texts, points, strict=True)),
        utterances,
        owners,
        _points(arrays, "unanswered", len(arrays["unanswered"])),
    )


def _network(arrays: Arrays, name: str) -> Network:
    weights = np.asarray(arrays[f"{name}/weights"], np.float32)
    units = weights.shape[-1]
    out = _shaped(arrays, f"{name}/out", (units + 1,))
    return Network(weights, _shaped(arrays, f"{name}/bias", (units,)), out[:-1], float(out[-1]))


def _points(arrays: Arrays, name: str, count: int) -> Floats:
    small, scale = arrays[name], _shaped(arrays, f"{name}/scale", (count, 1))
    if small.shape != (count, SIZE):
        raise ValueError(f"{name!r} is of shape {small.shape}, not {(count, SIZE)}")
    points: Floats = small.astype(np.float32) * scale
    return points


def _shaped(arrays: Arrays, name: str, shape: tuple[int, ...]) -> Floats:
    array = np.asarray(arrays[name], np.float32)
    if array.shape != shape:
        raise ValueError(f"{name!r} is of shape {array.shape}, not {shape}")
    return array


def _packed(value: Mapping[str, Any]) -> npt.NDArray[np.uint8]:
    return np.frombuffer(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), np.uint8)
