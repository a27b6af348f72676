"""Computes knowledge/matching.yaml from the knowledge itself: `rolefit check --calibrate`.

No messages of anybody are needed. Phrasings that were left out of the index stand for questions an entry answers;
the same phrasings with words exchanged or added, and made-up sentences around the same keywords, stand for what it
does not answer. Everything random comes from a seed, so that the same knowledge gives the same file.
"""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass

from bot.domain.content import Entry, Synonyms
from bot.domain.faq import Limits
from bot.domain.matching import FEATURES, Calibration, Features, Index
from bot.domain.matching_text import words

FOLDS = 5
ROUNDS = 3  # which phrasing is best depends on the weights, so both are found in turns
STEPS, RATE, DECAY = 400, 0.5, 1e-3
# A feature may speak for an entry or against it, never the other way round.
SIGNS = {name: -1 if name in ("unexplained", "missing", "particular", "negation") else 1 for name in FEATURES}
FIRST = Calibration(
    bias=-6,
    phrasing_covered=3,
    keywords=1,
    entry_covers=4,
    unexplained=-3,
    missing=-2,
    evidence=1,
    form=1,
    particular=-2,
    negation=-0.5,
)

# The rule for the thresholds. Unprompted, as many of the made-up negatives may be answered as the first share says;
# when asked, an answer must be more likely right than wrong, and a suggestion right once in ten.
FALSE_UNPROMPTED, LIKELY, WORTH_SUGGESTING, GAP = 0.004, 0.5, 0.1, 0.05

WRAPPERS = (
    "hey does anyone know {}?",
    "quick question: {}?",
    "Hi all, sorry if this was asked before, but {}?",
    "{}? thanks in advance",
    "We were talking about it yesterday and nobody knew. {}?",
    "{}",
)
ASKING_FOR = (
    "who wrote the {b} about {a}?",
    "when is the {a} {b}?",
    "where can I find the {b} on {a}?",
    "how many {b} does {a} have?",
    "does anyone have a {b} for {a} {c}?",
    "which {b} should I use for {a}?",
    "is the {a} {b} moved to {c}?",
    "what's the {b} of {a} {c}?",
)
STATEMENTS = (
    "the {a} {b} was {c} yesterday",
    "we just {b} the {a} {c}, thanks everyone",
    "{a} {b} starts at 10 tomorrow",
    "I think {a} {b} is {c} anyway",
    "adding {a} to the {b} now",
)


@dataclass(frozen=True)
class Example:
    """A message, and the entry it asks for; None if it asks for none."""

    text: str
    entry: str | None
    fold: int


def calibrate(entries: Sequence[Entry], synonyms: Synonyms, english: Mapping[str, int], *, seed: int = 7) -> Limits:
    """Find the weights of the features and the thresholds for these entries."""
    examples = list(_examples(entries, english, random.Random(seed)))  # noqa: S311 - to be repeatable, not secret
    weights = FIRST
    folds = [[_without(entry, fold) for entry in entries] for fold in range(FOLDS)]
    for _ in range(ROUNDS):
        indexes = [Index.build(fold, synonyms, english, weights) for fold in folds]
        weights = _fit(_rows(examples, indexes), weights)
    indexes = [Index.build(fold, synonyms, english, weights) for fold in folds]
    return _thresholds(examples, indexes, weights)


def _without(entry: Entry, fold: int) -> Entry:
    kept = tuple(text for at, text in enumerate(entry.phrasings) if at % FOLDS != fold)
    return entry.model_copy(update={"phrasings": kept})


def _examples(entries: Sequence[Entry], english: Mapping[str, int], chance: random.Random) -> Iterator[Example]:
    ordinary = [word for word, zipf in english.items() if 30 <= zipf <= 52 and len(word) > 3 and "'" not in word]
    for entry in entries:
        for at, phrasing in enumerate(entry.phrasings):
            fold = at % FOLDS
            yield Example(phrasing, entry.id, fold)
            yield Example(chance.choice(WRAPPERS).format(phrasing.rstrip("?. ")), entry.id, fold)
            for count in (1, 2):
                yield Example(_exchanged(phrasing, count, english, ordinary, chance), None, fold)
            yield Example(_added(phrasing, ordinary, chance), None, fold)
        for fold in range(FOLDS):
            yield Example(_chatter(entry, english, chance), None, fold)
        for fold, template in enumerate((*ASKING_FOR, *STATEMENTS)):
            slots = {"a": chance.choice(entry.keywords), "b": chance.choice(ordinary), "c": chance.choice(ordinary)}
            yield Example(template.format(**slots), None, fold % FOLDS)


def _exchanged(
    text: str, count: int, english: Mapping[str, int], ordinary: Sequence[str], chance: random.Random
) -> str:
    """Put other words in the place of the rarest ones."""
    parts = text.split()
    rarest = sorted(range(len(parts)), key=lambda at: english.get("".join(words(parts[at])[:1]), 15))[: count + 1]
    for at in chance.sample(rarest, min(count, len(rarest))):
        parts[at] = chance.choice(ordinary)
    return " ".join(parts)


def _chatter(entry: Entry, english: Mapping[str, int], chance: random.Random) -> str:
    """Say nothing in particular, in common words, with at most one word that an entry knows too."""
    common, weights = zip(*((word, 10 ** (zipf / 10)) for word, zipf in english.items() if zipf >= 40), strict=True)
    parts = chance.choices(common, weights, k=chance.randrange(1, 14))
    if chance.random() < 0.5:
        parts[chance.randrange(len(parts))] = chance.choice(words(chance.choice(entry.phrasings)))
    return " ".join(parts) + chance.choice(("?", "", "."))


def _added(text: str, ordinary: Sequence[str], chance: random.Random) -> str:
    parts = text.rstrip("?. ").split()
    for _ in range(2):
        parts.insert(chance.randrange(1, len(parts) + 1), chance.choice(ordinary))
    return " ".join(parts) + "?"


def _rows(examples: Sequence[Example], indexes: Sequence[Index]) -> list[tuple[tuple[float, ...], float]]:
    """Give features and label of the best phrasing of the right entry, and of the best of the others."""
    rows = []
    for example in examples:
        index = indexes[example.fold]
        right: tuple[float, Features] | None = None
        wrong: tuple[float, Features] | None = None
        for entry, found in index.features(example.text):
            score = index.score(found)
            if entry == example.entry:
                right = max(right or (-1.0, found), (score, found), key=lambda pair: pair[0])
            else:
                wrong = max(wrong or (-1.0, found), (score, found), key=lambda pair: pair[0])
        rows += [((astuple(pair[1])), label) for pair, label in ((right, 1.0), (wrong, 0.0)) if pair]
    return rows


def _fit(rows: Sequence[tuple[tuple[float, ...], float]], start: Calibration) -> Calibration:
    """Fit a logistic regression by gradient descent, keeping each weight on its side of zero."""
    bias, weights = start.bias, [getattr(start, name) for name in FEATURES]
    signs = [SIGNS[name] for name in FEATURES]
    for step in range(STEPS):
        slope, slopes = 0.0, [0.0] * len(weights)
        for values, label in rows:
            total = bias + sum(weight * value for weight, value in zip(weights, values, strict=True))
            error = 1 / (1 + math.exp(-total)) - label
            slope += error
            for at, value in enumerate(values):
                slopes[at] += error * value
        rate = RATE * 20 / (20 + step) ** 0.5
        bias -= rate * slope / len(rows)
        weights = [
            sign * max(0.0, sign * (weight - rate * (each / len(rows) + DECAY * weight)))
            for weight, each, sign in zip(weights, slopes, signs, strict=True)
        ]
    rounded = {name: round(weight, 3) for name, weight in zip(FEATURES, weights, strict=True)}
    return Calibration(bias=round(bias, 3), **rounded)


def _thresholds(examples: Sequence[Example], indexes: Sequence[Index], weights: Calibration) -> Limits:
    false, tops = [], []
    for example in examples:
        ranked = indexes[example.fold].rank(example.text, limit=3)
        if example.entry is None:
            false.append(ranked[0].confidence if ranked else 0.0)
        tops += [(each.confidence, each.entry == example.entry) for each in ranked]
    false.sort(reverse=True)

    def reached_by(share: float) -> float:
        return round(min(0.99, false[int(share * len(false))] + 0.001), 3)

    likely = sorted(tops)
    maybe = next((confidence for confidence, _ in likely if _right_around(likely, confidence) >= WORTH_SUGGESTING), 0.5)
    return Limits(
        sure=reached_by(FALSE_UNPROMPTED),
        gap=GAP,
        asked=LIKELY,
        maybe=round(maybe, 3),
        calibration=weights,
    )


def _right_around(likely: Sequence[tuple[float, bool]], confidence: float) -> float:
    near = [right for other, right in likely if abs(other - confidence) < 0.02]
    return sum(near) / len(near)
