"""The sentence encoder is the published model, but for the rounding of its weights."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot import encoder
from bot.encoder import Encoder, EncoderError, WordPiece

# Pieces by Hugging Face's tokenizers; embeddings with the weights as published.
GOLDEN = [json.loads(line) for line in (Path(__file__).parent / "golden" / "embeddings.jsonl").read_text().splitlines()]


@pytest.fixture(scope="session")
def model() -> Encoder:
    return encoder.load()


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden["text"][:20])
def test_a_text_has_the_pieces_and_the_embedding_of_the_published_model(model: Encoder, golden: dict[str, Any]):
    assert model.pieces.ids(golden["text"]) == golden["ids"]
    ours, theirs = model.encode(golden["text"]), np.array(golden["embedding"])
    assert ours.shape == theirs.shape
    assert np.linalg.norm(ours) == pytest.approx(1, abs=1e-5)
    assert ours @ theirs / np.linalg.norm(theirs) > 0.998


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("Researcher", ["researcher"]),
        ("unresearched", ["un", "##re", "##search", "##ed"]),
        ("don't, really", ["don", "'", "t", ",", "[UNK]"]),
        ("Résumé", ["resume"]),
        ("re\u200bsearch\tun\x00", ["re", "##search", "un"]),
        ("日un", ["[UNK]", "un"]),
        ("“un”–re", ["[UNK]", "un", "[UNK]", "[UNK]", "re"]),
        ("x" * 101, ["[UNK]"]),
        ("un " * 200, ["un"] * 94),
    ],
)
def test_words_are_split_as_bert_splits_them(text: str, pieces: list[str]):
    vocabulary = [
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "researcher",
        "un",
        "##re",
        "##search",
        "##ed",
        "don",
        "'",
        "t",
        ",",
        "resume",
        "re",
    ]
    ids = WordPiece(vocabulary).ids(text)
    assert [vocabulary[at] for at in ids] == ["[CLS]", *pieces, "[SEP]"]


@pytest.mark.parametrize("count", [1, 8, 27, encoder.PIECES])
def test_a_product_in_blocks_is_the_product(count: int):
    numbers = np.random.default_rng(count)
    for shape in encoder.SHAPES.values():
        matrix = numbers.standard_normal(shape, np.float32)
        columns = numbers.standard_normal((shape[1], count), np.float32)
        assert encoder.multiplied(matrix, columns) == pytest.approx(matrix @ columns, abs=1e-3)


@pytest.mark.parametrize("shape", encoder.SHAPES.values(), ids=encoder.SHAPES)
def test_what_a_question_of_usual_length_is_multiplied_by_is_multiplied_where_it_stands(shape: tuple[int, int]):
    """The limit is OpenBLAS's, from which on it copies a matrix into another order before each product."""
    outs, ins = shape
    for count in (4, 8, 16, 27):
        assert encoder.block_of(outs, ins, count) * ins * count <= 1_000_000
        assert outs % encoder.block_of(outs, ins, count) == 0
    assert encoder.block_of(1536, 1536, encoder.PIECES) == 1536  # no block is small enough


def test_a_model_of_another_shape_is_refused(tmp_path: Path):
    with np.load(encoder.MODEL) as parts:
        changed = {name: parts[name] for name in parts.files} | {"begin/bias": np.zeros(7, np.float32)}
    path = tmp_path / "minilm.npz"
    np.savez(path, **changed)
    with pytest.raises(EncoderError, match="begin/bias is of shape"):
        encoder.load(path)
