"""`make bench`: the matcher beside rapidfuzz's WRatio, in the same run, on the same cases.

Speed is given as a ratio to WRatio, because microseconds differ from machine to machine. Cases: the development
cases of this repository, and the Slack messages in ../shared/eval where that folder is there.
"""

import gzip
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rapidfuzz import fuzz, process, utils

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bot import knowledge
from bot.domain import faq
from bot.settings import KNOWLEDGE

HERE = Path(__file__).parent
CASES = HERE.parent / "golden/faq_dev.jsonl"
CHATTER = HERE.parents[2] / "shared/eval/slack_chatter_dev.txt.gz"
CUTOFF = 80  # what most people take for WRatio


def main() -> None:
    """Print the tables."""
    library = knowledge.load(KNOWLEDGE)
    began = time.perf_counter()
    index = library.index
    print(f"{len(library.entries)} entries, index built in {(time.perf_counter() - began) * 1e3:.0f} ms\n")
    phrasings = {text: e.id for e in library.entries.values() for text in (e.question, *e.phrasings)}
    processed = {utils.default_process(text): entry for text, entry in phrasings.items()}

    def ours(text: str) -> str | None:
        reply = faq.reply_to(text, faq.Surface.CHANNEL, index, library.limits)
        return reply.entries[0].entry if isinstance(reply, faq.Answer) else None

    def wratio(text: str) -> str | None:
        said = utils.default_process(text)
        best = process.extractOne(said, processed.keys(), scorer=fuzz.WRatio, score_cutoff=CUTOFF)
        return processed[best[0]] if best else None

    cases = [json.loads(line) for line in CASES.read_text().splitlines()]
    chatter = gzip.open(CHATTER, "rt").read().splitlines() if CHATTER.exists() else []
    print(f"{'':<10} {'recall':>7} {'wrong':>6} {'false':>6} {'false/1,000 Slack messages':>27} {'p50':>6} {'p99':>6}")
    base = None
    for name, decide in (("WRatio", wratio), ("Rolefit", ours)):
        row, speed = _quality(cases, chatter, decide), _speed(cases, decide)
        base = base or speed
        print(f"{name:<10} {row} {speed[0] / base[0]:>6.2f} {speed[1] / base[1]:>6.2f}")
    if not chatter:
        print(f"\nSlack messages left out: {CHATTER.parent.name} is not here.")


def _quality(cases: Sequence[dict[str, str]], chatter: Sequence[str], decide: Callable[[str], str | None]) -> str:
    asked = [case for case in cases if case["gold"]]
    got = [(decide(case["text"]), case["gold"]) for case in asked]
    recall = sum(found == gold for found, gold in got) / len(asked)
    wrong = sum(found is not None and found != gold for found, gold in got)
    false = sum(decide(case["text"]) is not None for case in cases if not case["gold"])
    sample = chatter[::10]
    heard = f"{sum(decide(text) is not None for text in sample) / len(sample) * 1000:.2f}" if sample else "–"
    return f"{recall:>7.2f} {wrong:>6} {false:>6} {heard:>27}"


def _speed(cases: Sequence[dict[str, str]], decide: Callable[[str], str | None]) -> tuple[float, float]:
    """Give p50 and p99 of one decision, in seconds."""
    taken = []
    for _ in range(5):
        for case in cases:
            began = time.perf_counter()
            decide(case["text"])
            taken.append(time.perf_counter() - began)
    return statistics.median(taken), sorted(taken)[int(len(taken) * 0.99)]


if __name__ == "__main__":
    main()
