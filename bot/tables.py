"""The figures of `rolefit eval` as tables in the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from bot.evaluate import Bin, Report


def show(figures: Report, filled: Sequence[Bin], built: float) -> None:
    """Print the figures, by style where styles are given, and how honest the confidence is. `built` is in seconds."""
    console = Console()
    whole = Table("cases", "in scope", "top-1", "top-3", "AUROC", "recall", "precision", "wrong", "false", "per 1,000")
    whole.add_row(
        str(figures.n),
        str(figures.in_scope),
        *map(_share, (figures.top1, figures.top3, figures.auroc, figures.recall, figures.precision)),
        str(figures.wrong),
        str(figures.false_answers),
        "–" if figures.false_per_1000 is None else f"{figures.false_per_1000:.2f}",
    )
    console.print(whole)
    if figures.by_style:
        styles = Table("style", "cases", "top-1", "recall", "answered")
        for name, row in figures.by_style.items():
            styles.add_row(name, str(row["n"]), *(_share(row[key]) for key in ("top1", "recall", "answered")))
        console.print(styles)
    honest = Table("confidence", "cases", "right")
    for each in filled:
        honest.add_row(_share(each.confidence), str(each.count), _share(each.right))
    console.print(honest)
    console.print(f"Expected calibration error {_share(figures.ece)}; index built in {built * 1e3:.0f} ms;")
    console.print(f"a decision takes {figures.p50_us:.0f} µs (p50), {figures.p99_us:.0f} µs (p99).")


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
