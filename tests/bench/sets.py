"""What the bench is run on: our own cases, public sets where ../shared/eval is there, and made-up knowledge."""

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bot import evaluate
from bot.domain.content import Entry
from bot.domain.matching_text import words
from bot.evaluate import Case
from bot.knowledge import Library, english

GOLDEN = Path(__file__).parents[1] / "golden"
PUBLIC = Path(__file__).parents[3] / "shared/eval"
SEVEN = 7  # the entries that both sets of our own cases are about come first
EXAMPLES = 5
SEED = 1


def ours(library: Library) -> Iterator[tuple[str, list[Entry], list[Case]]]:
    """Give the sets of our own: their name, the entries and the cases."""
    entries = list(library.entries.values())
    known = frozenset(library.entries)
    for name in ("faq_dev", "seven"):
        for count in (SEVEN, len(entries)):
            used = frozenset(entry.id for entry in entries[:count])
            cases = list(evaluate.read(GOLDEN / f"{name}.jsonl", known, used, library.former))
            yield f"{name}, {count} entries", entries[:count], cases


def public() -> Iterator[tuple[str, list[Entry], list[Case]]]:
    """Give the public sets that are there, each as entries of five phrasings, and cases."""
    if not PUBLIC.exists():
        return
    yield "StackFAQ", *_stackfaq(PUBLIC / "stackfaq_dev.jsonl.gz")
    for name, file, most in (("BANKING77, 50 × 5", "banking77_dev", 50), ("CLINC150, 150 × 5", "clinc150_dev", 150)):
        path = PUBLIC / f"{file}.jsonl.gz"
        entries, cases = evaluate.intents(path, examples=EXAMPLES, most=most, seed=SEED)
        yield name, entries, [case for case in cases if case.gold]


def _stackfaq(path: Path) -> tuple[list[Entry], list[Case]]:
    chance = random.Random(SEED)
    entries, cases = [], []
    for line in gzip.open(path, "rt", encoding="utf-8"):
        row: dict[str, Any] = json.loads(line)
        others = chance.sample(row["rephr"], len(row["rephr"]))
        entries.append(evaluate.unwritten(str(row["id"]), row["question"], others[: EXAMPLES - 1]))
        cases += [Case(text, frozenset({str(row["id"])})) for text in others[EXAMPLES - 1 :]]
    return entries, cases


def chatter() -> list[str]:
    """Give every third of the Slack messages that nobody should answer, none where they are not there."""
    path = PUBLIC / "slack_chatter_dev.txt.gz"
    return gzip.open(path, "rt", encoding="utf-8").read().splitlines()[::3] if path.exists() else []


def made_up(library: Library, count: int) -> tuple[list[Entry], list[Case]]:
    """Make entries of ten phrasings: ours, with the two most telling words of each exchanged for rare English ones."""
    chance, table = random.Random(SEED), english()
    pairs = zip(table.words, table.zipf, strict=True)
    rare = [word for word, zipf in pairs if 25 <= zipf <= 45 and len(word) > 4 and "'" not in word]
    models = list(library.entries.values())
    entries = []
    for number in range(count):
        own, model = chance.sample(rare, 3), chance.choice(models)
        texts = [model.question, *model.phrasings]
        told = [_exchanged(texts[at % len(texts)], chance.sample(own, 2)) for at in range(10)]
        entries.append(evaluate.unwritten(f"e{number}", told[0], told[1:], own[:2]))
    cases = []
    for each in chance.choices(entries, k=300):
        said = chance.choice(each.phrasings).split()
        if len(said) > 4:
            said.pop(chance.randrange(len(said)))
        cases.append(Case(f"hey, does anyone know {' '.join(said)}?", frozenset({each.id})))
    return entries, cases


def _exchanged(text: str, others: Sequence[str]) -> str:
    parts = text.split()
    telling = sorted(range(len(parts)), key=lambda at: -english().weigh("".join(words(parts[at])[:1]))[0])
    for at, other in zip(telling, others, strict=False):
        parts[at] = other
    return " ".join(parts)
