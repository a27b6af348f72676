"""What labelled utterances taught: which words speak for which entry, and what people put around such a question.

Two linear classifiers over words and pairs of words, and a small network that weighs what they say together with the
features of `bot.domain.judging`. `bot.train` computes them; nothing here learns.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from typing import Annotated, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field, model_validator

from bot.domain.authored import Authored
from bot.domain.lexicon import NAME, REMEMBERED, Lexicon, Term
from bot.domain.matching_text import Form, Utterance

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.intp]
Pairs = Mapping[str, dict[str, int]]

NONE = "none"  # the class of what no entry answers
START, ASKED, TOLD, CALLED = "^", "?", ".", "@"  # tokens beside the words: of a sentence, and of a message to somebody
SIGNS = frozenset({START, ASKED, TOLD, CALLED})
MASKED_NAME, MASKED_ROLE, MASKED = "§n", "§r", "§"
FIELD = frozenset({MASKED_NAME, MASKED_ROLE, MASKED})
PAIRED = "_"  # between the two tokens of a pair
NO_PAIRS: dict[str, int] = {}
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

    @cached_property
    def pairs(self) -> Pairs:
        """The places of pairs."""
        return _pairs(self.row_by_token)

    def places(self, tokens: Sequence[str]) -> list[int]:
        """Give the places of the tokens that are known."""
        return _places(self.row_by_token, tokens)

    def score_at(self, places: Sequence[int]) -> Floats:
        """Give the logit of each class for the tokens at these places."""
        if not places:
            return self.intercept
        if len(set(places)) == len(places):  # as in most messages
            distinct = np.fromiter(places, np.intp, len(places))
            values = self.idf.take(distinct)
        else:
            counts = Counter(places)
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

    @cached_property
    def row_by_token(self) -> Mapping[str, int]:
        """The place of each token."""
        return {token: at for at, token in enumerate(self.known)}

    @cached_property
    def pairs(self) -> Pairs:
        """The places of pairs."""
        return _pairs(self.row_by_token)

    @cached_property
    def _values(self) -> list[tuple[float, float]]:
        """What a token adds to the score, and to the square of the length."""
        return [(idf * weight, idf * idf) for idf, weight in self.known.values()]

    def places(self, tokens: Sequence[str]) -> list[int]:
        """Give the places of the tokens that are known."""
        return _places(self.row_by_token, tokens)

    def score_at(self, places: Sequence[int]) -> float:
        """Give the logit for the tokens at these places."""
        if not places:
            return self.intercept
        values, score, squares = self._values, 0.0, 0.0
        if len(set(places)) == len(places):  # as in many messages
            for place in places:
                weighted, square = values[place]
                score += weighted
                squares += square
            return score / math.sqrt(squares) + self.intercept
        for place, count in Counter(places).items():
            weighted, square = values[place]
            if count == 1:
                score += weighted
                squares += square
            else:
                score += weighted * FREQUENCY[count]
                squares += square * FREQUENCY[count] ** 2
        return score / math.sqrt(squares) + self.intercept


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
        hidden = rows.dot(self.weights)
        hidden += self.bias
        logits = np.tanh(hidden, hidden).dot(self.out).tolist()
        bias, tanh = self.out_bias, math.tanh
        # The logistic function, as a hyperbolic tangent, which has no numbers that are too large for it.
        return [0.5 + 0.5 * tanh(0.5 * (logit + bias)) for logit in logits]


class Scores(NamedTuple):
    """What the words of a message score, before any phrasing is looked at.

    logits: of each known entry. none: of what no entry answers. wrapping: of being answerable, by the words around.
    about: how much there is to go by, each in [0, 1]: tokens that were learnt from, words of the field, and length.
    """

    logits: Floats
    none: float
    wrapping: float
    about: tuple[float, float, float]

    @property
    def in_scope(self) -> float:
        """How much speaks for a question that some known entry answers, in log-odds.

        The likeliest entry against none, and what the words around are like.
        """
        return (self.logits.max().item() if len(self.logits) else NOTHING) - self.none + self.wrapping


class Hint:
    """What the words of a message say of each entry, by what they score."""

    __slots__ = ("_order", "_rest", "_spread", "about", "logits", "none")

    def __init__(self, scores: Scores) -> None:
        self.logits, self.none, wrapping, self.about = scores
        logits = self.logits if len(self.logits) > 1 else np.append(self.logits, (NOTHING, NOTHING))
        order: Ints = logits.argsort()
        second, first = logits.item(order.item(-2)), logits.item(order.item(-1))
        halves = np.exp((logits - first) * 0.5)  # the sum of their squares takes less time than that of numbers
        total = first + math.log(halves.dot(halves))
        self._spread = total, first, second  # log of the sum, the best and the second of the logits
        self._order = order  # places of the entries, those that the words speak most for at the end
        self._rest = self.none, wrapping, *self.about  # what `beyond` gives for every entry alike

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
        none = self.none
        if place is None:
            return (logit, first - none, none - total, *self._rest)
        own = self.logits.item(place)
        lead = own - (second if own == first else first)
        return (logit, own - none, own - total, lead, none - total, own, *self._rest)


class Word(NamedTuple):
    """What was learnt of a word or a sign: its tokens, plain and masked, their places, and those of their pairs.

    place: None if the token is not known. pairs: by the token that follows. of_field: if it is a word of the field.
    """

    plain: str
    place: int | None
    pairs: dict[str, int]
    masked: str
    masked_place: int | None
    masked_pairs: dict[str, int]
    of_field: bool


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

    def score_tokens(self, plain: Sequence[str], masked: Sequence[str]) -> Scores:
        """Score the tokens of a message, plain and masked, by both classifiers."""
        field = sum(map(masked.count, FIELD))
        return self._score(self.topics.places(plain), self.around.places(masked), len(plain), field)

    def score(self, words: Sequence[Word]) -> Scores:
        """The same for a message whose words were looked up before."""
        if not words:
            return self._score((), (), 0, 0)
        # By column, since what `zip` and `map` do takes a fraction of the time of a loop.
        plain, places, pairs, masked, masked_places, masked_pairs, of_field = zip(*words, strict=True)
        topics = [at for at in chain(places, map(dict.get, pairs, plain[1:])) if at is not None]
        around = [at for at in chain(masked_places, map(dict.get, masked_pairs, masked[1:])) if at is not None]
        return self._score(topics, around, 2 * len(words) - 1, sum(of_field))

    def _score(self, topics: Sequence[int], around: Sequence[int], count: int, field: int) -> Scores:
        """Score the tokens at these places, of `count` tokens with their pairs; `field` are words of the field."""
        scores = self.topics.score_at(topics)
        length = math.log1p((count + 1) // 2) / LONG  # of the tokens, those that are not pairs are words
        extent = (  # how much there is to go by, each in [0, 1]
            len(topics) / count if count else 0.0,
            field / 4 if field < 4 else 1.0,
            length if length < 1 else 1.0,
        )
        return Scores(scores[:-1], scores.item(-1), self.around.score_at(around), extent)


class Spellings(dict[str, tuple[str, str]]):
    """The tokens of a word, plain and masked, by the key of its term; of a sign, the sign itself.

    `topical` says of a key whether it belongs to the field. What was asked for is kept, up to REMEMBERED keys.
    """

    def __init__(self, lexicon: Lexicon, topical: Callable[[str], bool]) -> None:
        super().__init__()
        self._lexicon, self._topical = lexicon, topical

    def __missing__(self, key: str) -> tuple[str, str]:
        if key in SIGNS:
            return key, key
        stem, kind = self._lexicon.stem(key), self._lexicon.kind(key)
        if kind is not None:
            mask = MASKED_NAME if kind == NAME else MASKED_ROLE
        else:
            mask = MASKED if self._topical(key) else stem
        if len(self) >= REMEMBERED:
            self.clear()
        self[key] = stem, mask
        return stem, mask

    def tokens(self, keys: Sequence[str]) -> tuple[list[str], list[str]]:
        """Give the tokens of a message, given as `keys_of` does, plain and masked, both with their pairs."""
        spelt = [self[key] for key in keys]
        return _with_pairs([plain for plain, _ in spelt]), _with_pairs([masked for _, masked in spelt])


class Words(dict[str, Word]):
    """What was learnt of words and signs, by their keys. What was asked for is kept, up to REMEMBERED keys."""

    def __init__(self, spellings: Spellings, learnt: Learnt) -> None:
        super().__init__()
        self._spellings, self._topics, self._around = spellings, learnt.topics, learnt.around

    def __missing__(self, key: str) -> Word:
        plain, masked = self._spellings[key]
        topics, around = self._topics, self._around
        word = Word(
            plain,
            topics.row_by_token.get(plain),
            topics.pairs.get(plain, NO_PAIRS),
            masked,
            around.row_by_token.get(masked),
            around.pairs.get(masked, NO_PAIRS),
            masked in FIELD,
        )
        if len(self) >= REMEMBERED:
            self.clear()
        self[key] = word
        return word


def keys_of(parsed: Utterance, terms: Sequence[Sequence[Term]]) -> list[str]:
    """Give the keys of the terms of a message, given for each sentence, with the signs beside them."""
    keys: list[str] = []
    for sentence, of_sentence in zip(parsed.sentences, terms, strict=True):
        keys.append(START)
        keys += [term.key for term in of_sentence]
        keys.append(ASKED if sentence.form is Form.QUESTION else TOLD)
    if parsed.called:
        keys.append(CALLED)
    return keys[:MOST_TOKENS]


def _with_pairs(parts: Sequence[str]) -> list[str]:
    return [*parts, *map(PAIRED.join, pairwise(parts))]


def _places(row_by_token: Mapping[str, int], tokens: Sequence[str]) -> list[int]:
    return [at for token in tokens if (at := row_by_token.get(token)) is not None]


def _pairs(places: Mapping[str, int]) -> Pairs:
    """Give the places of the pairs among tokens, by their first and second part, which are found without being joined.

    Where a token can be parted in several ways, it is found by each of them, as it would be if they were joined.
    """
    pairs: dict[str, dict[str, int]] = {}
    for token, place in places.items():
        parts = token.split(PAIRED)
        for at in range(1, len(parts)):
            pairs.setdefault(PAIRED.join(parts[:at]), {})[PAIRED.join(parts[at:])] = place
    return pairs
