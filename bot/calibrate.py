"""Computes knowledge/matching.yaml from the knowledge itself: `rolefit check --calibrate`.

No messages of anybody are needed. Phrasings that were left out of the index stand for questions an entry answers;
the same phrasings with words exchanged or added, and made-up sentences around the same keywords, stand for what it
does not answer. Everything random comes from a seed, so that the same knowledge gives the same file.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.domain.content import Check, Entry, Synonyms
from bot.domain.faq import answerable
from bot.domain.judging import AGAINST, FEATURES, JUDGED, Calibration
from bot.domain.lexicon import English
from bot.domain.matching import Index
from bot.domain.matching_text import words
from bot.domain.thresholds import ReplyThresholds

FOLDS = 5
ROUNDS = 3  # which part of a message counts depends on the weights, so both are found in turns
STEPS, RATE, DECAY = 600, 0.05, 2e-3
SURE_SIGNS = {"verbatim": 2e-4}  # so seldom in doubt that their weight would not grow against the usual decay
MOST = 7_000  # made-up examples that are looked at; more say the same again
CHATTER = 10  # made-up chatter for each entry
PROMISE = 3.0  # a promise is somebody's word; it counts as much as three made-up examples
FIRST = Calibration(
    bias=-6,
    **{name: -1.0 if name in AGAINST else 1.0 for name in FEATURES},
)

# The rule for the thresholds. Unprompted, one in a hundred made-up negatives may be answered; when asked, an answer
# must be more likely right than wrong, and a suggestion right once in ten.
FALSE_BY_WORDS_ALONE, LIKELY, WORTH_SUGGESTING, GAP = 0.01, 0.5, 0.1, 0.05
# There are far more made-up negatives than positives; together they count this much of all, so that a confidence is
# honest where about half of what sounds like a question to us is one.
NEGATIVES = 0.55

WRAPPERS = (
    "hey does anyone know {}?",
    "quick question: {}?",
    "Hi all, sorry if this was asked before, but {}?",
    "{}? thanks in advance",
    "We were talking about it yesterday and nobody knew. {}?",
    "I would love to understand {}",
    "My manager asked me and I had no idea what to say. So, {}? I need it by Friday.",
    "{}",
    "{}?",
)
# What is asked of a topic, said to a colleague or told, and answered by no entry. {t} is a topic, {d} and {b} ordinary.
BESIDES = (
    "who wrote the {d} about {t}?",
    "does anyone have the link to the {d} on {t}?",
    "when was the {d} about {t} published?",
    "where can I find the {d} on {t}?",
    "can somebody send me the {d} about {t}",
    "who is presenting the {t} {d} on Thursday?",
    "when is the {d} about {t}?",
    "what came out of the {d} on {t}?",
    "who should I ask about {t}?",
    "who decides about {t} here?",
    "how many {b} does {t} have?",
    "which {b} should I use for {t}?",
    "what's the {b} of {t}?",
    "is the {t} {b} moved to {c}?",
    "what do you {b} for {t}?",
    "how do I {b} the {t} {c}?",
    "<@U123> are you {t}?",
    "{n}, did you {b} your {t}?",
    "<@U123> how do you like {t}?",
    "{n}, when do you start with {t}?",
    "what did you say about {t}, {n}?",
    "<@U123> is your {t} still {b}?",
    "the {t} {b} was {c} yesterday",
    "we just {b} the {t} {c}, thanks everyone",
    "{t} {b} starts at 10 tomorrow",
    "I think {t} is {c} anyway",
    "adding {t} to the {b} now",
    "just read about {t}, interesting",
    "{t} again, what a {b}",
    "FYI {t} moved to Friday",
    "my {b} is now {t}",
)
DOCUMENTS = (
    "doc",
    "article",
    "post",
    "slides",
    "talk",
    "memo",
    "report",
    "poll",
    "survey",
    "thread",
    "meeting",
    "deck",
)
NAMES = ("Tom", "Anna", "Priya", "Sam", "Chen", "Maria")


@dataclass(frozen=True)
class Example:
    """A message, and the entry it asks for; None if it asks for none. `fold` is hidden from it."""

    text: str
    entry: str | None
    fold: int
    weight: float = 1.0


def one_thread() -> AbstractContextManager[object]:
    """Have everything in a `with` block computed by one thread, as far as libraries are concerned that are loaded.

    With another number of threads sums come out otherwise in their last bits, and what is learnt from them with them.
    """
    try:
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 - the bot itself does without
    except ImportError:  # then nothing is learnt from utterances either, and these few sums hardly differ
        return nullcontext()
    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits


def calibrate(
    entries: Sequence[Entry], synonyms: Synonyms, english: English, checks: Sequence[Check] = (), *, seed: int = 7
) -> ReplyThresholds:
    """Find the weights of the features and the thresholds for these entries."""
    made = list(examples(entries, english, random.Random(seed)))  # noqa: S311 - to be repeatable, not secret
    if len(made) > MOST:
        made = random.Random(seed).sample(made, MOST)  # noqa: S311 - to be repeatable, not secret
    made += _promised(checks)
    weights = FIRST
    indexes = [
        Index.build([_without(entry, fold) for entry in entries], synonyms, english, weights) for fold in range(FOLDS)
    ]
    judged = [indexes[example.fold].judge(example.text) for example in made]
    for _ in range(ROUNDS):
        weights = _fit(*_rows(made, judged, indexes[0]), weights)
        for index in indexes:
            index.calibrated(weights)
    return _thresholds(made, indexes, weights)


def _promised(checks: Sequence[Check]) -> Iterator[Example]:
    """Take the promises as examples: nobody's words but the editors'."""
    for at, check in enumerate(check for check in checks if check.after is None):
        yield Example(check.say, None if check.expect == "silence" else check.expect, at % FOLDS, PROMISE)


def _without(entry: Entry, fold: int) -> Entry:
    phrasings = tuple(text for at, text in enumerate(entry.phrasings) if at % FOLDS != fold)
    return entry.model_copy(update={"phrasings": phrasings})


def examples(entries: Sequence[Entry], english: English, chance: random.Random) -> Iterator[Example]:
    """Give phrasings as what is to be answered, and made-up messages around the same words as what is not."""
    ordinary = [
        word
        for word, zipf in zip(english.words, english.zipf, strict=True)
        if 30 <= zipf <= 52 and len(word) > 3 and "'" not in word
    ]
    for entry in entries:
        for at, phrasing in enumerate(entry.phrasings):
            fold = at % FOLDS
            yield Example(phrasing, entry.id, fold)
            yield Example(chance.choice(WRAPPERS).format(phrasing.rstrip("?. ")), entry.id, fold)
            yield Example(phrasing, entry.id, (fold + 1) % FOLDS)  # an index that has it
            for count in (1, 2):
                yield Example(_exchanged(phrasing, count, english, ordinary, chance), None, fold)
            yield Example(_added(phrasing, ordinary, chance), None, fold)
        for at in range(CHATTER):
            yield Example(_chatter(entry, english, chance), None, at % FOLDS)
        topics = entry.keywords or _telling(entry.question, english)
        for at, template in enumerate(BESIDES):
            slots = {
                "t": " and ".join(chance.sample(topics, min(chance.choice((1, 1, 2)), len(topics)))),
                "b": chance.choice(ordinary),
                "c": chance.choice(ordinary),
                "d": chance.choice(DOCUMENTS),
                "n": chance.choice(NAMES),
            }
            yield Example(template.format(**slots), None, at % FOLDS)


def _exchanged(text: str, count: int, english: English, ordinary: Sequence[str], chance: random.Random) -> str:
    """Put other words in the place of the rarest ones."""
    parts = text.split()
    rarest = sorted(range(len(parts)), key=lambda at: english.frequency("".join(words(parts[at])[:1])))[: count + 1]
    for at in chance.sample(rarest, min(count, len(rarest))):
        parts[at] = chance.choice(ordinary)
    return " ".join(parts)


def _telling(text: str, english: English) -> list[str]:
    """Give the three words of a text that say most."""
    return sorted(text.split(), key=lambda word: -english.weigh("".join(words(word)[:1]))[0])[:3]


def _chatter(entry: Entry, english: English, chance: random.Random) -> str:
    """Make up a message of common words that means nothing, with a few words of an entry among them."""
    common, weights = zip(
        *((word, 10 ** (zipf / 10)) for word, zipf in zip(english.words, english.zipf, strict=True) if zipf >= 40),
        strict=True,
    )
    parts = chance.choices(common, weights, k=chance.randrange(1, 14))
    own = words(chance.choice(entry.phrasings))
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        parts[chance.randrange(len(parts))] = chance.choice(own)
    return " ".join(parts) + chance.choice(("?", "", "."))


def _added(text: str, ordinary: Sequence[str], chance: random.Random) -> str:
    parts = text.rstrip("?. ").split()
    for _ in range(2):
        parts.insert(chance.randrange(1, len(parts) + 1), chance.choice(ordinary))
    return " ".join(parts) + "?"


def _rows(
    examples: Sequence[Example], judged: Sequence[list[tuple[list[str], npt.NDArray[np.float32]]]], index: Index
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_], npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """Lay out the part of each message that speaks most for an entry.

    Returns features (N × JUDGED × features), which of them are there, the right one (JUDGED for none), and weights.
    """
    features, there, right, weights = [], [], [], []
    for example, parts in zip(examples, judged, strict=True):
        best = None
        for names, of_part in parts:
            confidences = index.confidences(of_part)
            if example.entry is None:
                rank = max(confidences)
            elif example.entry in names:
                rank = confidences[names.index(example.entry)]
            else:
                continue
            if best is None or rank > best[0]:
                best = (rank, names, of_part)
        if best is None:
            continue
        _, names, of_best = best
        features.append(np.pad(of_best, ((0, JUDGED - len(of_best)), (0, 0))))
        there.append(np.arange(JUDGED) < len(of_best))
        right.append(JUDGED if example.entry is None else names.index(example.entry))
        weights.append(example.weight)
    return np.array(features), np.array(there), np.array(right), np.array(weights, np.float32)


def _fit(
    features: npt.NDArray[np.float32],
    there: npt.NDArray[np.bool_],
    right: npt.NDArray[np.intp],
    weights: npt.NDArray[np.float32],
    start: Calibration,
) -> Calibration:
    """Fit a conditional logit by Adam, keeping each weight on its side of zero."""
    fitted = np.array([start.bias, *(getattr(start, name) for name in FEATURES)], np.float32)
    signs = np.array([0, *(-1 if name in AGAINST else 1 for name in FEATURES)], np.float32)
    rows = np.concatenate([np.ones((*features.shape[:2], 1), np.float32), features], axis=2)
    wanted = np.eye(JUDGED + 1, dtype=np.float32)[right][:, :JUDGED]
    none = right == JUDGED
    weights = np.where(
        none, NEGATIVES * weights / weights[none].sum(), (1 - NEGATIVES) * weights / weights[~none].sum()
    )
    decay = np.array([0.0, *(SURE_SIGNS.get(name, DECAY) for name in FEATURES)], np.float32)
    first = second = np.zeros_like(fitted)
    for step in range(1, STEPS + 1):
        worth = np.where(there, np.exp(np.clip(rows @ fitted, -30, 30)), 0)
        error = (worth / (1 + worth.sum(axis=1, keepdims=True)) - wanted) * there * weights[:, None]
        slope = np.tensordot(error, rows, axes=2) + decay * fitted
        first, second = 0.9 * first + 0.1 * slope, 0.99 * second + 0.01 * slope**2
        move = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
        fitted = fitted - RATE * (1 - step / (STEPS + 1)) * 4 * move
        fitted = np.where(signs * fitted < 0, 0, fitted).astype(np.float32)
    rounded = [round(float(weight), 3) for weight in fitted]
    return Calibration(**dict(zip(("bias", *FEATURES), rounded, strict=True)))


def _thresholds(examples: Sequence[Example], indexes: Sequence[Index], weights: Calibration) -> ReplyThresholds:
    false, tops = [], []
    for example in examples:
        ranked = indexes[example.fold].rank(example.text, limit=3)
        tops += [(candidate.confidence, candidate.entry == example.entry) for candidate in ranked]
        if example.entry is None:
            false.append(ranked[0].confidence if ranked and answerable(ranked[0]) else 0.0)
    false.sort(reverse=True)
    likely = sorted(tops)
    maybe = next((confidence for confidence, _ in likely if _right_around(likely, confidence) >= WORTH_SUGGESTING), 0.5)
    return ReplyThresholds(
        sure=round(min(0.99, false[int(FALSE_BY_WORDS_ALONE * len(false))] + 0.001), 3),
        gap=GAP,
        asked=LIKELY,
        maybe=round(maybe, 3),
        calibration=weights,
    )


def _right_around(likely: Sequence[tuple[float, bool]], confidence: float) -> float:
    near = [right for other, right in likely if abs(other - confidence) < 0.02]
    return sum(near) / len(near)
