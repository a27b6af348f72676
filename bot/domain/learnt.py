"""What labelled utterances taught: which words speak for which entry, and what people put around such a question.

Two linear classifiers over words and pairs of words, and a small network that weighs what they say together with the
features of `bot.domain.judging`. `bot.train` computes them; nothing here learns.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field, model_validator

from bot.domain.authored import Authored
from bot.domain.lexicon import NAME, REMEMBERED, Lexicon, Term
from bot.domain.matching_text import Form, Utterance

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.intp]
Spelling = tuple[str, str]  # the tokens of a term, plain and masked

NONE = "none"  # the class of what no entry answers
START, ASKED, TOLD, CALLED = "^", "?", ".", "@"  # tokens beside the words: of a sentence, and of a message to somebody
MASKED_NAME, MASKED_ROLE, MASKED = "§n", "§r", "§"
HINTS = 3  # entries that the words speak most for, and that are judged whatever the phrasings say
MOST_TOKENS = 240
LONG = math.log1p(60)  # of the words of a message that is as long as any
FREQUENCY = [0.0, *(1 + math.log(count) for count in range(1, 2 * MOST_TOKENS))]  # by how often a token occurs
NOTHING = -30.0  # the logit of an entry that does not exist
MOST_WEIGHT = 1e6  # beyond any that was ever learnt, and far from where 32 bits end


def _as_array(value: Sequence[float]) -> Sequence[float]:
    if not all(-MOST_WEIGHT <= number <= MOST_WEIGHT for number in value):
        raise ValueError(f"every number must be finite, and between -{MOST_WEIGHT:.0f} and {MOST_WEIGHT:.0f}")
    return value


Number = Annotated[float, Field(ge=-MOST_WEIGHT, le=MOST_WEIGHT)]
Rarity = Annotated[float, Field(gt=0, le=MOST_WEIGHT)]  # an inverse document frequency
Numbers = Annotated[tuple[float, ...], AfterValidator(_as_array)]


@dataclass(frozen=True)
class Labelled:
    """A text, the entries that answer it (none: silence), and who wrote it; `style` says how it is put."""

    text: str
    gold: frozenset[str]
    author: str
    style: str = ""


class Layer(Authored):
    """A network of one hidden layer: standardize, tanh, logistic. `hidden` has one row for each unit."""

    mean: Numbers
    scale: Numbers
    hidden: tuple[Numbers, ...] = Field(min_length=1)
    hidden_bias: Numbers
    out: Numbers
    out_bias: Number

    @model_validator(mode="after")
    def _fits_together(self) -> "Layer":
        width, units = len(self.mean), len(self.hidden)
        if len(self.scale) != width or any(len(row) != width for row in self.hidden):
            raise ValueError("'mean', 'scale' and each row of 'hidden' must be of one length")
        if not all(self.scale):
            raise ValueError("no number of 'scale' may be 0")
        if len(self.hidden_bias) != units or len(self.out) != units:
            raise ValueError("'hidden_bias' and 'out' must have a number for each row of 'hidden'")
        return self


class LearntFile(Authored):
    """The file `learnt.json`.

    words: token -> inverse document frequency. entries, intercepts: for each class (entry ids and "none") the weight of
    each token that speaks for or against it, and what it begins with. wrapping: masked token -> inverse document
    frequency and weight of being answerable. `known` judges entries that utterances were labelled with, `new` those
    that were added since.
    """

    words: Mapping[str, Rarity]
    entries: Mapping[str, Mapping[str, Number]]
    intercepts: Mapping[str, Number]
    wrapping: Mapping[str, tuple[Rarity, Number]]
    wrapping_intercept: Number
    known: Layer
    new: Layer

    def check_words(self) -> None:
        """Raise ValueError for a weight of a word that `words` does not list."""
        for name, weights in self.entries.items():
            if unlisted := next((token for token in weights if token not in self.words), None):
                raise ValueError(f"{name!r} has a weight for {unlisted!r}, which 'words' does not list")


@dataclass(frozen=True, eq=False, repr=False)
class Linear:
    """Term frequency and inverse document frequency, of length one, times weights (tokens × classes).

    Source: scikit-learn's TfidfVectorizer(sublinear_tf=True) and LogisticRegression, whose numbers these are.
    """

    row_by_token: Mapping[str, int]
    idf: Floats
    weights: Floats
    intercept: Floats

    def places(self, tokens: Sequence[str]) -> list[int]:
        """Give the places of the tokens that are known."""
        get = self.row_by_token.get
        return [at for token in tokens if (at := get(token)) is not None]

    def score_at(self, places: Sequence[int]) -> Floats:
        """Give the logit of each class for the tokens at these places."""
        if not places:
            return self.intercept
        if len(set(places)) == len(places):  # as in most messages
            distinct = np.array(places, np.intp)
            values = self.idf.take(distinct)
        else:
            counts = dict.fromkeys(places, 0)
            for place in places:
                counts[place] += 1
            distinct = np.fromiter(counts, np.intp, len(counts))
            values = self.idf.take(distinct) * np.array([FREQUENCY[count] for count in counts.values()], np.float32)
        score: Floats = values.dot(self.weights.take(distinct, 0))
        score *= 1 / math.sqrt(values.dot(values))
        score += self.intercept
        return score


@dataclass(frozen=True, eq=False, repr=False)
class Binary:
    """The same with two classes, of which one has the weights: token -> inverse document frequency and weight.

    Plain numbers are faster than arrays of one column.
    """

    known: Mapping[str, tuple[float, float]]
    intercept: float

    def score(self, tokens: Sequence[str]) -> float:
        """Give the logit; tokens that are not known count for nothing."""
        known, counts = self.known, dict[str, int]()
        for token in filter(known.__contains__, tokens):
            counts[token] = counts.get(token, 0) + 1
        score = squares = 0.0
        for token, count in counts.items():
            idf, weight = known[token]
            value = idf if count == 1 else idf * FREQUENCY[count]
            score += value * weight
            squares += value * value
        return score / math.sqrt(squares) + self.intercept if counts else self.intercept


@dataclass(frozen=True, eq=False)
class Network:
    """A layer, ready to be applied to rows of features.

    `dot` takes half the time of the operator @ on arrays as small as these.
    """

    weights: Floats
    bias: Floats
    out: Floats
    out_bias: float

    @classmethod
    def of(cls, layer: Layer) -> "Network":
        """Fold the standardization into the weights."""
        scale = np.array(layer.scale, np.float32)
        weights = (np.array(layer.hidden, np.float32) / scale).T
        bias = np.array(layer.hidden_bias, np.float32) - np.array(layer.mean, np.float32) @ weights
        return cls(weights, bias, np.array(layer.out, np.float32), layer.out_bias)

    def confidences(self, rows: Floats) -> list[float]:
        """Turn K rows of features into K probabilities."""
        logits = np.tanh(rows.dot(self.weights) + self.bias).dot(self.out).tolist()
        # The logistic function, as a hyperbolic tangent, which has no numbers that are too large for it.
        return [0.5 + 0.5 * math.tanh(0.5 * (logit + self.out_bias)) for logit in logits]


@dataclass(eq=False)
class Hint:
    """What the words of a message say before any phrasing is looked at.

    logits: of each known entry. none: of what no entry answers. wrapping: of being answerable, by the words around.
    """

    logits: Floats
    none: float
    wrapping: float
    about: tuple[float, float, float]
    _spread: tuple[float, float, float] = field(init=False)  # log of the sum, the best and the second of the logits
    _order: Ints = field(init=False)  # places of the entries, those that the words speak most for at the end
    _rest: tuple[float, ...] = field(init=False)  # what `beyond` gives for every known entry besides its own logit

    def __post_init__(self) -> None:
        logits = self.logits if len(self.logits) > 1 else np.append(self.logits, (NOTHING, NOTHING))
        order = logits.argsort()
        second, first = logits.item(order.item(-2)), logits.item(order.item(-1))
        total = first + math.log(float(np.add.reduce(np.exp(logits - first))))
        self._spread, self._order = (total, first, second), order
        self._rest = (self.none, self.wrapping, *self.about)

    def best(self, count: int) -> list[int]:
        """Give the places of the entries that the words speak most for."""
        if count >= len(self.logits):
            return list(range(len(self.logits)))
        places: list[int] = self._order[-count:].tolist()
        return places

    def beyond(self, place: int | None, logit: float) -> tuple[float, ...]:
        """Give what a network judges an entry by besides the features of its phrasings.

        First comes the logit of the confidence that they make, as it is given. Then, for the entry at `place`: how far
        its logit is above that of "none", above the sum of all, and above the best other; how far "none" is above the
        sum; its own logit and that of "none"; and the wrapping. For an entry that is new (None): how far the best known
        one and the sum are from "none", the logit of "none", and the wrapping. In both cases what `about` says comes
        last.
        """
        total, first, second = self._spread
        if place is None:
            return (logit, first - self.none, self.none - total, self.none, self.wrapping, *self.about)
        own = self.logits.item(place)
        lead = own - (second if own == first else first)
        return (logit, own - self.none, own - total, lead, self.none - total, own, *self._rest)


@dataclass(frozen=True, eq=False, repr=False)
class Learnt:
    """Everything learnt, ready for use."""

    places: Mapping[str, int]  # entry id -> place among the classes
    topics: Linear
    around: Binary
    known: Network
    new: Network

    @classmethod
    def of(cls, file: LearntFile) -> "Learnt":
        """Prepare what the file says. Raises ValueError for a weight of a word the file does not list."""
        file.check_words()
        row_by_token = {token: at for at, token in enumerate(file.words)}
        classes = [*(name for name in file.entries if name != NONE), NONE]
        weights = np.zeros((len(row_by_token), len(classes)), np.float32)
        for column, name in enumerate(classes):
            for token, weight in file.entries.get(name, {}).items():
                weights[row_by_token[token], column] = weight
        return cls(
            {name: at for at, name in enumerate(classes[:-1])},
            Linear(
                row_by_token,
                np.fromiter(file.words.values(), np.float32),
                weights,
                np.array([file.intercepts.get(name, 0.0) for name in classes], np.float32),
            ),
            Binary(file.wrapping, file.wrapping_intercept),
            Network.of(file.known),
            Network.of(file.new),
        )

    def hint(self, plain: Sequence[str], masked: Sequence[str]) -> Hint:
        """Score the tokens of a message, plain and masked, by both classifiers."""
        places = self.topics.places(plain)
        scores = self.topics.score_at(places)
        extent = _extent(len(plain), len(places), masked)
        return Hint(scores[:-1], float(scores[-1]), self.around.score(masked), extent)


def _extent(count: int, known_tokens: int, masked: Sequence[str]) -> tuple[float, float, float]:
    """Return how much there is to go by, each in [0, 1]: known tokens, words of the field, length (60 words are 1)."""
    singles = (count + 1) // 2  # the rest are pairs
    single = masked[:singles]
    field = single.count(MASKED) + single.count(MASKED_NAME) + single.count(MASKED_ROLE)
    return (
        known_tokens / max(1, count),
        min(1.0, field / 4),
        min(1.0, math.log1p(singles) / LONG),
    )


def tokens(
    parsed: Utterance, terms: Sequence[Sequence[Term]], spellings: Mapping[str, Spelling]
) -> tuple[list[str], list[str]]:
    """Give the tokens of a message: as they are, and with the words of the field masked, both with their pairs.

    terms: of each sentence. spellings: see `Spellings`.
    """
    spelt: list[Spelling] = []
    for sentence, of_sentence in zip(parsed.sentences, terms, strict=True):
        spelt.append((START, START))
        spelt += [spellings[term.key] for term in of_sentence]
        spelt.append((ASKED, ASKED) if sentence.form is Form.QUESTION else (TOLD, TOLD))
    if parsed.called:
        spelt.append((CALLED, CALLED))
    if not spelt:
        return [], []
    plain, masked = zip(*spelt[:MOST_TOKENS], strict=True)
    return _with_pairs(plain), _with_pairs(masked)


class Spellings(dict[str, Spelling]):
    """The tokens of a term, plain and masked, by its key; `topical` says of a key whether it belongs to the field.

    What was asked for is kept, up to REMEMBERED keys.
    """

    def __init__(self, lexicon: Lexicon, topical: Callable[[str], bool]) -> None:
        super().__init__()
        self._lexicon, self._topical = lexicon, topical

    def __missing__(self, key: str) -> Spelling:
        stem, kind = self._lexicon.stem(key), self._lexicon.kind(key)
        if kind is not None:
            mask = MASKED_NAME if kind == NAME else MASKED_ROLE
        else:
            mask = MASKED if self._topical(key) else stem
        if len(self) >= REMEMBERED:
            self.clear()
        self[key] = stem, mask
        return stem, mask


def _with_pairs(parts: Sequence[str]) -> list[str]:
    return [*parts, *map("_".join, pairwise(parts))]
