"""The figures of `rolefit eval` as tables in the terminal."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bot.evaluate import Bin, Report

if TYPE_CHECKING:
    from bot.evaluate_talk import TalkFigures


def show(figures: Report, filled: Sequence[Bin], built: float) -> None:
    """Print the figures, by style and author where they are given, and how honest the confidence is.

    built: seconds that building the index took; 0 where it was learnt for this trial alone, and is not shown.
    """
    console = Console()
    whole = Table("quantity", "figure")
    for name, figure in (
        ("cases, of them in scope", f"{figures.n}, {figures.in_scope}"),
        ("right entry first, among three", f"{_share(figures.top1)}, {_share(figures.top3)}"),
        ("AUROC", _share(figures.auroc)),
        ("recall, precision of answers", f"{_share(figures.recall)}, {_share(figures.precision)}"),
        ("wrong answers, false answers", f"{figures.wrong}, {figures.false_answers}"),
        ("false alarms: answered of what only sounds like a question", _share(figures.false_alarms)),
        ("recall at 3 % false alarms, read off", _share(figures.recall_read_off)),
        ("answered rightly or suggested", _share(figures.reached)),
        ("suggestions for what only sounds like one", _share(figures.suggested)),
        ("false answers per 1,000 out of scope", _per_1000(figures.false_per_1000)),
        ("expected calibration error", _share(figures.ece)),
        ("µs for a decision, p50 and p99", f"{figures.p50_us:.0f}, {figures.p99_us:.0f}"),
        *((("ms to build the index", f"{built * 1e3:.0f}"),) if built else ()),
    ):
        whole.add_row(name, figure)
    console.print(whole)
    for kind, groups in (("style", figures.by_style), ("author", figures.by_author)):
        if groups:
            table = Table(kind, "cases", "in scope", "top-1", "recall", "or suggested", "answered")
            for name, row in groups.items():
                shares = (_share(row[key]) for key in ("top1", "recall", "reached", "answered"))
                table.add_row(name, str(row["n"]), str(row["in_scope"]), *shares)
            console.print(table)
    honest = Table("confidence", "cases", "right")
    for bin_ in filled:
        honest.add_row(_share(bin_.confidence), str(bin_.count), _share(bin_.right))
    console.print(honest)


def show_talk(figures: "Mapping[str, TalkFigures]") -> None:
    """Print how much talk was understood, by author."""
    columns = ("understood", "offered", "taken for something else", "no talk", "taken for talk", "offered some")
    table = Table("author", "talk", *columns)
    for author, counted in figures.items():
        counts = (counted.right, counted.offered, counted.wrong)
        shares = (_share(count / counted.talk if counted.talk else None) for count in counts)
        table.add_row(author, str(counted.talk), *shares, *map(str, (counted.others, counted.taken, counted.asked)))
    Console().print(table)


def _per_1000(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
