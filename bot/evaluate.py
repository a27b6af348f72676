"""How well the matcher does on labelled messages: `rolefit eval`.

A case is a message and the entries that answer it; none for what should get silence. Every figure is defined where it
is computed, so that two people measure the same thing.
"""

import gzip
import json
import random
import re
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from bot.domain.authored import Citation
from bot.domain.content import Entry
from bot.domain.embeddings import SemanticScorer
from bot.domain.faq import Answer, Reply, Suggestions
from bot.domain.matching import Candidate, Index
from bot.domain.thresholds import ReplyThresholds
from bot.validation import describe_unreadable

OUT_OF_SCOPE = "oos"  # label of what belongs to no intent, as in CLINC150
TECHNICAL = "technical"  # style of talk that is plainly about something else; the rest is what sounds like a question
HALF_CHARACTER = re.compile("[\ud800-\udfff]")  # which JSON can hold, and no file or terminal
ALARMS = 0.03  # share of what sounds like a question that may be answered where recall is read off
BINS = 10
CALIBRATED_ON = 60  # labels of an intent file that the matcher is calibrated on, as on the entries of our knowledge


class CasesError(ValueError):
    """A file of cases cannot be used; says which file and line, why, and what to do."""


@dataclass(frozen=True)
class Case:
    """A message, the ids of the entries that answer it (none: silence), and how it is put, where that is given."""

    text: str
    gold: frozenset[str]
    style: str | None = None
    author: str | None = None


@dataclass(frozen=True, eq=False)
class Trial:
    """What is to be measured: an index with its thresholds, with the second stage if it has a say, and the cases.

    built: seconds that building the index took, where that is measured.
    """

    index: Index
    thresholds: ReplyThresholds
    cases: Sequence[Case]
    scorer: SemanticScorer | None = None
    built: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What became of a case: candidates best first, the reply, and the microseconds that the decision took."""

    case: Case
    ranked: tuple[Candidate, ...]
    reply: Reply
    us: float

    @property
    def answered(self) -> frozenset[str]:
        """Give the entries it was answered with; none for suggestions, silence and "I don't know that one"."""
        candidates = self.reply.entries if isinstance(self.reply, Answer) else ()
        return frozenset(candidate.entry for candidate in candidates)

    @property
    def right(self) -> bool:
        """Return whether it was answered, and with nothing but what answers it."""
        return bool(self.answered) and self.answered <= self.case.gold

    @property
    def suggested(self) -> frozenset[str]:
        """Give the entries that were suggested."""
        candidates = self.reply.candidates if isinstance(self.reply, Suggestions) else ()
        return frozenset(candidate.entry for candidate in candidates)

    @property
    def reached(self) -> bool:
        """Return whether it was answered rightly, or had the right entry among the suggestions."""
        return self.right or bool(self.suggested & self.case.gold)

    @property
    def confidence(self) -> float:
        """Give the confidence of the best candidate, 0 where there is none."""
        return self.ranked[0].confidence if self.ranked else 0.0


@dataclass(frozen=True)
class Bin:
    """Best candidates of about one confidence: how many, what it was on average, and the share that was right."""

    count: int
    confidence: float
    right: float


@dataclass(frozen=True)
class Report:
    """The figures over a set of cases; None where there is nothing to compute one from.

    top1, top3: share of the cases in scope whose entry is first, or among the first three.
    auroc: chance that a case in scope has a more confident best candidate than one out of scope.
    recall: share of the cases in scope that were answered rightly. precision: share of the answers that were right.
    wrong: cases in scope answered with another entry. false_answers: cases out of scope answered at all.
    false_alarms: share of the cases out of scope, technical chatter apart, that were answered.
    recall_read_off: share of the cases in scope whose entry is first, at the confidence that 3 % of the cases out of
    scope exceed, technical chatter apart: what a perfect threshold would reach.
    reached: share of the cases in scope that were answered rightly or had the right entry among the suggestions.
    suggested: share of the cases out of scope, technical chatter apart, that were given suggestions.
    ece: expected calibration error of the best candidate's confidence, over ten bins of equal width.
    p50_us, p99_us: microseconds of a whole decision.
    """

    n: int
    in_scope: int
    top1: float | None
    top3: float | None
    auroc: float | None
    recall: float | None
    precision: float | None
    wrong: int
    false_answers: int
    false_alarms: float | None
    false_per_1000: float | None
    recall_read_off: float | None
    reached: float | None
    suggested: float | None
    ece: float | None
    p50_us: float
    p99_us: float
    by_style: dict[str, dict[str, Any]]
    by_author: dict[str, dict[str, Any]]


def read(
    path: Path,
    entry_ids: frozenset[str],
    used: frozenset[str],
    former: Mapping[str, str] = MappingProxyType({}),
    unknown: str = "there is no entry {name!r} in this knowledge. Correct the id, or name --knowledge.",
) -> Iterator[Case]:
    """Read JSONL with `text` and `gold`, or plain text with one message a line; `.gz` too.

    `entry_ids` are those of the knowledge; those not `used` answer nothing; `former` ids stand for the entries that
    answer now. Raises CasesError, with `unknown` for an id of something that there is not.
    """
    plain = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    for line_at, line in _lines(path):
        if plain == ".jsonl":
            yield _case(line, line_at, entry_ids, used, former, unknown)
        else:
            yield Case(line.rstrip("\n"), frozenset())


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Give the lines of a file that hold something, unpacked if it ends in .gz, each with where it stands."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield f"{path.name}:{number}", line
    except (OSError, EOFError, zlib.error) as error:
        raise CasesError(f"{path.name} {_unreadable(error)}. Name a JSONL or text file, or one with .gz.") from error
    except UnicodeDecodeError as error:
        raise CasesError(f"{path.name}: is not UTF-8 text. Save it as UTF-8.") from error


def _unreadable(error: OSError | EOFError | zlib.error) -> str:
    if isinstance(error, EOFError):
        return "ends too early: a part of it is missing"
    if isinstance(error, zlib.error):
        return "cannot be unpacked: it is damaged"
    return "is not packed by gzip" if isinstance(error, gzip.BadGzipFile) else describe_unreadable(error)[0]


def _case(
    line: str, line_at: str, entry_ids: frozenset[str], used: frozenset[str], former: Mapping[str, str], unknown: str
) -> Case:
    row = _row(line, line_at, ("text", "gold"))
    gold = [row["gold"]] if isinstance(row["gold"], str) else row["gold"] or []
    if (
        not isinstance(row["text"], str)
        or not isinstance(gold, list)
        or not all(isinstance(name, str) for name in gold)
    ):
        raise CasesError(f"{line_at}: 'text' must be text, and 'gold' an id, a list of ids, or null. Correct it.")
    if not all(isinstance(row.get(key), str | None) for key in ("style", "author")):
        raise CasesError(f"{line_at}: 'style' and 'author' must be text, or left out. Correct it.")
    gold = [former.get(name, name) for name in gold]
    for name in gold:
        if name not in entry_ids:
            raise CasesError(f"{line_at}: {unknown.format(name=name)}")
    return Case(row["text"], frozenset(gold) & used, row.get("style"), row.get("author"))


def _row(line: str, line_at: str, keys: Sequence[str]) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CasesError(f"{line_at}: is not JSON. Put one object on each line.") from error
    if not isinstance(row, dict) or not all(key in row for key in keys):
        raise CasesError(f"{line_at}: an object with {' and '.join(map(repr, keys))} is wanted. Add what is missing.")
    if HALF_CHARACTER.search(str(row["text"])):
        raise CasesError(f"{line_at}: 'text' holds half of a character, such as \\ud83d alone. Correct it.")
    return row


def intents(path: Path, *, examples: int, most: int | None, seed: int) -> tuple[list[Entry], list[Case]]:
    """Read a labelled intent file (`text`, `label`, `split`) as knowledge and as test.

    For each label, `examples` lines of the split "train" become an entry; lines of other splits are the test, or the
    rest of "train" where a label has no other. Lines labelled "oos" belong to none. Raises CasesError.
    """
    labels: dict[str, dict[bool, list[str]]] = defaultdict(lambda: {True: [], False: []})
    for line_at, line in _lines(path):
        row = _row(line, line_at, ("text", "label"))
        labels[str(row["label"])][row.get("split", "train") == "train"].append(str(row["text"]))
    chance = random.Random(seed)  # noqa: S311 - to be repeatable, not secret
    outside = labels.pop(OUT_OF_SCOPE, {True: [], False: []})
    names = sorted(name for name, lines in labels.items() if len(lines[True]) > 1)
    if not names:
        raise CasesError(f"{path.name}: no label has two lines of the split 'train'. Name a file with more.")
    names = chance.sample(names, min(most or len(names), len(names)))
    entries, cases = [], [Case(text, frozenset(), OUT_OF_SCOPE) for text in outside[False]]
    for name in names:
        chance.shuffle(labels[name][True])
        first, *rest = labels[name][True][:examples]
        entries.append(unwritten(name, first, rest))
        test = labels[name][False] or labels[name][True][examples:]
        cases += [Case(text, frozenset({name})) for text in test]
    return entries, cases


def unwritten(name: str, question: str, phrasings: Sequence[str], keywords: Sequence[str] = ()) -> Entry:
    """Make an entry without an answer, which is only ever matched; `name` need not be an id as ours are."""
    return Entry.model_construct(
        id=name,
        question=question,
        phrasings=tuple(phrasings),
        keywords=tuple(keywords),
        answer="",
        excerpt=None,
        sources=(Citation.model_construct(document="", section=""),),
        owner="",
        checked=datetime.now(UTC).date(),
    )


def outcomes(
    cases: Sequence[Case], rank: Callable[[str], tuple[Candidate, ...]], decide: Callable[[str], Reply]
) -> Iterator[Outcome]:
    """Decide each case, and time it."""
    for case in cases:
        began = time.perf_counter()
        reply = decide(case.text)
        taken = time.perf_counter() - began
        yield Outcome(case, rank(case.text), reply, taken * 1e6)


def report(outcomes: Sequence[Outcome]) -> Report:
    """Compute the figures over cases that have been decided."""
    inside = [outcome for outcome in outcomes if outcome.case.gold]
    outside = [outcome for outcome in outcomes if not outcome.case.gold]
    styles = dict.fromkeys(outcome.case.style for outcome in outcomes if outcome.case.style)
    hard = [outcome for outcome in outside if outcome.case.style != TECHNICAL]
    wrong = sum(bool(outcome.answered) and not outcome.right for outcome in inside)
    false = sum(bool(outcome.answered) for outcome in outside)
    right = sum(outcome.right for outcome in inside)
    taken = [outcome.us for outcome in outcomes] or [0.0]
    return Report(
        n=len(outcomes),
        in_scope=len(inside),
        top1=_share(_among(outcome, 1) for outcome in inside),
        top3=_share(_among(outcome, 3) for outcome in inside),
        auroc=_auroc(inside, outside),
        recall=_share(outcome.right for outcome in inside),
        precision=right / (right + wrong + false) if right + wrong + false else None,
        wrong=wrong,
        false_answers=false,
        false_alarms=_share(bool(outcome.answered) for outcome in hard),
        false_per_1000=false / len(outside) * 1000 if outside else None,
        recall_read_off=_recall_read_off(inside, hard),
        reached=_share(outcome.reached for outcome in inside),
        suggested=_share(bool(outcome.suggested) for outcome in hard),
        ece=_ece(bins(outcomes)),
        p50_us=round(float(np.percentile(taken, 50)), 1),
        p99_us=round(float(np.percentile(taken, 99)), 1),
        by_author={
            author: _style([outcome for outcome in outcomes if outcome.case.author == author])
            for author in dict.fromkeys(outcome.case.author for outcome in outcomes if outcome.case.author)
        },
        by_style={style: _style([outcome for outcome in outcomes if outcome.case.style == style]) for style in styles},
    )


def bins(outcomes: Sequence[Outcome]) -> list[Bin]:
    """Put the best candidates into ten bins by confidence; empty bins are left out."""
    filled: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.ranked:
            best = outcome.ranked[0]
            right = best.entry in outcome.case.gold
            filled[min(BINS - 1, int(best.confidence * BINS))].append((best.confidence, right))
    return [
        Bin(len(pairs), sum(at for at, _ in pairs) / len(pairs), sum(right for _, right in pairs) / len(pairs))
        for _, pairs in sorted(filled.items())
    ]


def missed(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, Outcome]]:
    """Give what went wrong, each with its name: "false answer", "wrong answer", "not answered"."""
    for outcome in outcomes:
        if not outcome.case.gold and outcome.answered:
            yield "false answer", outcome
        elif outcome.case.gold and outcome.answered and not outcome.right:
            yield "wrong answer", outcome
        elif outcome.case.gold and not outcome.answered:
            yield "not answered", outcome


def as_json(figures: Report) -> dict[str, Any]:
    """Give the figures as plain data, shares to four places."""
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(figures).items()}


def _style(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    inside = [outcome for outcome in outcomes if outcome.case.gold]
    top1 = _share(_among(outcome, 1) for outcome in inside)
    answered = _share(bool(outcome.answered) for outcome in outcomes)
    return {
        "n": len(outcomes),
        "in_scope": len(inside),
        "top1": None if top1 is None else round(top1, 4),
        "recall": round(sum(outcome.right for outcome in inside) / len(inside), 4) if inside else None,
        "reached": round(sum(outcome.reached for outcome in inside) / len(inside), 4) if inside else None,
        "answered": None if answered is None else round(answered, 4),
    }


def _among(outcome: Outcome, count: int) -> bool:
    return any(candidate.entry in outcome.case.gold for candidate in outcome.ranked[:count])


def _share(values: Iterator[bool]) -> float | None:
    outcomes = list(values)
    return sum(outcomes) / len(outcomes) if outcomes else None


def _auroc(inside: Sequence[Outcome], outside: Sequence[Outcome]) -> float | None:
    """Compute the Mann-Whitney statistic of the best confidences; ties count half."""
    if not inside or not outside:
        return None
    above = np.array([outcome.confidence for outcome in inside])
    below = np.sort([outcome.confidence for outcome in outside])
    less, same = np.searchsorted(below, above, "left"), np.searchsorted(below, above, "right")
    return float((less + same).mean() / 2 / len(below))


def _recall_read_off(inside: Sequence[Outcome], hard: Sequence[Outcome]) -> float | None:
    if not inside or not hard:
        return None
    threshold = sorted((outcome.confidence for outcome in hard), reverse=True)[int(ALARMS * len(hard))]
    return _share(_among(outcome, 1) and outcome.confidence > threshold for outcome in inside)


def _ece(filled: Sequence[Bin]) -> float | None:
    total = sum(bin_.count for bin_ in filled)
    return sum(bin_.count * abs(bin_.right - bin_.confidence) for bin_ in filled) / total if total else None
