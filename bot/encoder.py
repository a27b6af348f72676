"""A small sentence encoder: text -> a point on the unit sphere, near to those of texts that mean much the same.

all-MiniLM-L6-v2 (Apache 2.0) with weights of eight bits, which `.ci/encoder` makes of the published ones, by numpy
alone and on this machine. Sources: Devlin et al. 2019 (BERT), Wang et al. 2020 (MiniLM), Reimers and Gurevych 2019
(Sentence-BERT: the mean over the tokens).
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

LAYERS, HEADS, SIZE, INNER = 6, 12, 384, 1536
PIECES = 96  # of a text that are looked at, with the two marks at its ends
CHARACTERS = 2_000  # of a text that are looked at
LONGEST_WORD = 100  # characters; a longer one is unknown
START, END, UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
EPSILON = 1e-12
MEAN = np.full((1, SIZE), 1 / SIZE, np.float32)  # times columns: the mean of each
MODEL = Path(__file__).with_name("minilm.npz")
# A text has few tokens, and what a product of so few columns takes is mostly OpenBLAS's copying of the matrix into
# another order, unless it is so small that it is multiplied where it stands: up to a million steps, by OpenBLAS's own
# measure. So a matrix is multiplied in blocks of rows as large as that allows, which takes half as long.
SMALL, LEAST_ROWS = 1_000_000, 24
# The four products of a layer, as out × in.
SHAPES = {"attention": (3 * SIZE, SIZE), "attention_out": (SIZE, SIZE), "inner": (INNER, SIZE), "outer": (SIZE, INNER)}

_PLAIN = re.compile(r"[a-z0-9]+|[!-/:-@\[-`{-~]")  # the words and signs of lower-case ASCII
_CJK = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip


class EncoderError(Exception):
    """The file of the encoder is missing or broken; says which, and what to do."""


def load(path: Path = MODEL) -> "Encoder":
    """Read the model: some 40 ms. Raises EncoderError."""
    try:
        with path.open("rb") as file, np.load(file) as parts:
            return Encoder(parts)
    except FileNotFoundError:
        raise EncoderError(f"{path.name} is missing; `git checkout {path.name}` in its folder brings it back") from None
    except (OSError, KeyError, ValueError, EOFError, BadZipFile) as error:
        raise EncoderError(f"{path.name} cannot be read ({error}); `.ci/encoder` makes it anew") from error


class WordPiece:
    """Splits text into pieces of words, as BERT's uncased models were trained on.

    Source: BertNormalizer, BertPreTokenizer and WordPiece of Hugging Face's tokenizers, whose pieces these are.
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._ids = {piece: at for at, piece in enumerate(vocabulary)}
        self._start, self._end, self._unknown = (self._ids[mark] for mark in (START, END, UNKNOWN))

    def ids(self, text: str, most: int = PIECES) -> list[int]:
        """Give the numbers of the pieces of a text, between the marks of start and end; at most `most` with them."""
        ids: list[int] = []
        for word in _split(text):
            if len(ids) >= most - 2:
                break
            ids += self._pieces(word)
        return [self._start, *ids[: most - 2], self._end]

    def _pieces(self, word: str) -> list[int]:
        if len(word) > LONGEST_WORD:
            return [self._unknown]
        pieces: list[int] = []
        at = 0
        while at < len(word):
            prefix = "##" if at else ""
            for end in range(len(word), at, -1):
                piece = self._ids.get(prefix + word[at:end])
                if piece is not None:
                    pieces.append(piece)
                    at = end
                    break
            else:
                return [self._unknown]
        return pieces


def _split(text: str) -> list[str]:
    """Split into words and signs, in lower case and without accents."""
    if text.isascii() and text.isprintable():
        return _PLAIN.findall(text.lower())
    parts = []
    for sign in text:
        if sign in "\t\n\r":
            parts.append(" ")
        elif sign != "\ufffd" and unicodedata.category(sign)[0] != "C":
            parts.append(f" {sign} " if any(first <= ord(sign) <= last for first, last in _CJK) else sign)
    bare = (sign for sign in unicodedata.normalize("NFD", "".join(parts)) if unicodedata.category(sign) != "Mn")
    return "".join(f" {sign} " if _is_punctuation(sign) else sign for sign in "".join(bare).lower()).split()


def _is_punctuation(sign: str) -> bool:
    return (sign.isascii() and sign.isprintable() and not sign.isalnum() and sign != " ") or (
        unicodedata.category(sign)[0] == "P"
    )


@dataclass(frozen=True, eq=False)
class _Norm:
    """Layer normalization. Source: Ba, Kiros and Hinton 2016."""

    weight: Floats  # SIZE × 1
    bias: Floats

    def __call__(self, columns: Floats) -> Floats:
        centred = columns - MEAN @ columns
        spread = np.sqrt(MEAN @ (centred * centred) + np.float32(EPSILON))
        centred /= spread
        centred *= self.weight
        centred += self.bias
        return centred


@dataclass(frozen=True, eq=False)
class _Layer:
    """One layer of the transformer: attention, then two linear maps with GELU between them.

    It takes and gives a column for each token, which is how the weights are multiplied soonest.
    """

    weights: Mapping[str, Floats]  # out × in
    biases: Mapping[str, Floats]  # out × 1
    attended: _Norm
    done: _Norm

    def __call__(self, columns: Floats) -> Floats:
        count = columns.shape[1]
        query, key, value = self._times("attention", columns).reshape(3, HEADS, -1, count)
        likeness = query.transpose(0, 2, 1) @ key
        likeness *= np.float32((SIZE / HEADS) ** -0.5)
        likeness -= likeness.max(-1, keepdims=True)
        share = np.exp(likeness, out=likeness)
        share /= share.sum(-1, keepdims=True)
        mixed = (value @ share.transpose(0, 2, 1)).reshape(SIZE, count)
        columns = self.attended(columns + self._times("attention_out", mixed))
        return self.done(columns + self._times("outer", _gelu(self._times("inner", columns))))

    def _times(self, name: str, columns: Floats) -> Floats:
        product = multiplied(self.weights[name], columns)
        product += self.biases[name]
        return product


class Encoder:
    """The model, ready for use; some 45 MB. Safe to use from several threads."""

    def __init__(self, parts: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Take what the file holds; raises KeyError or ValueError if something is missing or of another shape.

        "vocabulary": the pieces as UTF-8, one a line. For each matrix (out × in): int8 under its name and a float32
        for each row under its name and "/scale". Vectors are float32.
        """

        def vector(name: str, size: int = SIZE) -> Floats:
            array = np.asarray(parts[name], np.float32)
            if array.shape != (size,):
                raise ValueError(f"{name} is of shape {array.shape}, not ({size},)")
            return array

        def norm(name: str) -> _Norm:
            return _Norm(vector(f"{name}/weight")[:, None], vector(f"{name}/bias")[:, None])

        def layer(at: int) -> _Layer:
            biases = {name: vector(f"{at}/{name}/bias", rows)[:, None] for name, (rows, _) in SHAPES.items()}
            weights = {name: _matrix(parts, f"{at}/{name}", shape) for name, shape in SHAPES.items()}
            return _Layer(weights, biases, norm(f"{at}/attended"), norm(f"{at}/done"))

        pieces = bytes(np.asarray(parts["vocabulary"], np.uint8)).decode("utf-8").split("\n")
        self.pieces = WordPiece(pieces)
        # A text has some 20 of 30,000 pieces: these are made numbers when they are wanted.
        self._words, self._scales = parts["words"], np.asarray(parts["words/scale"], np.float32)
        if self._words.shape != (len(pieces), SIZE) or self._scales.shape != (len(pieces),):
            raise ValueError("'words' must have a row for each piece of the vocabulary")
        self._places = np.asarray(parts["places"], np.float32)
        if self._places.shape != (PIECES, SIZE):
            raise ValueError(f"'places' must have {PIECES} rows of {SIZE}")
        self._begin = norm("begin")
        self._layers = [layer(at) for at in range(LAYERS)]

    def encode(self, text: str) -> Floats:
        """Give the embedding of a text: 384 numbers, of length 1. Pieces beyond the first 96 are not looked at."""
        ids = self.pieces.ids(text[:CHARACTERS])
        rows = self._words[ids].astype(np.float32) * self._scales[ids, None] + self._places[: len(ids)]
        columns = self._begin(np.ascontiguousarray(rows.T))
        for layer in self._layers:
            columns = layer(columns)
        mean = columns.mean(1)
        return np.asarray(mean / np.linalg.norm(mean), np.float32)


def _matrix(parts: Mapping[str, npt.NDArray[np.generic]], name: str, shape: tuple[int, int]) -> Floats:
    matrix, scale = parts[name], np.asarray(parts[f"{name}/scale"], np.float32)
    if matrix.shape != shape or scale.shape != shape[:1]:
        raise ValueError(f"{name} is of shape {matrix.shape}, not {shape}")
    return np.asarray(matrix, np.float32) * scale[:, None]


def multiplied(matrix: Floats, columns: Floats) -> Floats:
    """Give the product of a matrix and some columns, in blocks of the matrix that are quick to multiply."""
    outs, ins = matrix.shape
    product: Floats = matrix.reshape(-1, block_of(outs, ins, columns.shape[1]), ins) @ columns
    return product.reshape(outs, -1)


def block_of(outs: int, ins: int, columns: int) -> int:
    """Give how many rows of a matrix, out × in, are multiplied at a time; all of them where no block is small."""
    block, most = outs, SMALL // (ins * columns)
    while block > most and block > LEAST_ROWS:
        block //= 2
    return block if block <= most else outs


def _gelu(values: Floats) -> Floats:
    """Apply GELU, x times the normal distribution's share below x, by tanh. Source: Hendrycks and Gimpel 2016."""
    inner = values * values
    inner *= np.float32(0.7978845608 * 0.044715)
    inner += np.float32(0.7978845608)
    inner *= values
    np.tanh(inner, out=inner)
    inner += np.float32(1)
    inner *= values
    inner *= np.float32(0.5)
    return inner
