"""The figures of `rolefit eval` as tables in the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from bot.evaluate import Bin, Report


def show(figures: Report, filled: Sequence[Bin], built: float) -> None:
    """Print the figures, by style and author where they are given, and how honest the confidence is.

    built: seconds that building the index took.
    """
    console = Console()
    whole = Table("quantity", "figure")
    for name, figure in (
        ("cases, of them in scope", f"{figures.n}, {figures.in_scope}"),
        ("right entry first, among three", f"{_share(figures.top1)}, {_share(figures.top3)}"),
        ("AUROC", _share(figures.auroc)),
        ("recall, precision of answers", f"{_share(figures.recall)}, {_share(figures.precision)}"),
        ("wrong answers, false answers", f"{figures.wrong}, {figures.false_answers}"),
        ("recall at 3 % false answers, read off", _share(figures.recall_read_off)),
        ("answered rightly or suggested", _share(figures.reached)),
        ("suggestions where nothing answers", _share(figures.suggested)),
        ("false answers per 1,000", "–" if figures.false_per_1000 is None else f"{figures.false_per_1000:.2f}"),
        ("expected calibration error", _share(figures.ece)),
        ("µs for a decision, p50 and p99", f"{figures.p50_us:.0f}, {figures.p99_us:.0f}"),
        ("ms to build the index", f"{built * 1e3:.0f}"),
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


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
