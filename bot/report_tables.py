"""What `rolefit report` shows: the report as tables in the terminal, or as plain data."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.domain.gaps import Gap, readable
from bot.domain.matching import Index
from bot.domain.report import Report, nearest_entry

SHOWN = 20  # rows of a table


def show(report: Report, index: Index) -> None:
    """Print the report, SHOWN rows of each part at most; what is empty is said in a sentence."""
    console = Console()
    if report.gaps:
        gaps = Table("", "people", "asked", "like this", "nearest entry", "last", title="Asked and not answered")
        for number, gap in enumerate(report.gaps[:SHOWN], 1):
            kinds = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in gap.kinds.items())
            nearest = nearest_entry(gap, index)
            near = nearest[0] if nearest else ", ".join(gap.entries) or "–"
            example = escape(readable(gap.example)) or "–"
            gaps.add_row(str(number), str(gap.people), kinds, example, near, f"{_time(gap.asked_at):%Y-%m-%d}")
        _print(console, gaps, len(report.gaps))
        console.print("`rolefit report --draft 1` writes an entry for the first.")
    else:
        console.print("Nothing was asked that has no answer.")
    if report.proposals:
        proposals = Table("entry", "is asked for like this", "people", title="Phrasings that people’s choices propose")
        for proposal in report.proposals[:SHOWN]:
            proposals.add_row(proposal.entry, escape(readable(proposal.text)), str(proposal.people))
        _print(console, proposals, len(report.proposals))
    if report.uses:
        uses = Table("entry", "posted", "found it helpful", title="Entries by use")
        for use in report.uses[:SHOWN]:
            uses.add_row(use.entry, str(use.posted), f"{use.helpful} of {use.voted}" if use.voted else "–")
        _print(console, uses, len(report.uses))
    else:
        console.print("No entry was posted.")
    if report.due:
        due = Table("entry", "checked", "by", title="Due for a check")
        for entry in report.due[:SHOWN]:
            due.add_row(entry.id, f"{entry.checked:%Y-%m-%d}", escape(entry.owner))
        _print(console, due, len(report.due))
    else:
        console.print("No entry is due for a check.")


def _print(console: Console, table: Table, rows: int) -> None:
    if rows > SHOWN:
        table.caption = f"{rows - SHOWN} more; --json has all"
    console.print(table)


def as_json(report: Report, index: Index) -> dict[str, Any]:
    """Give the whole report as plain data."""
    return {
        "gaps": list(_gaps(report.gaps, index)),
        "proposals": [
            {"entry": proposal.entry, "text": proposal.text, "people": proposal.people} for proposal in report.proposals
        ],
        "entries": [
            {"entry": use.entry, "posted": use.posted, "helpful": use.helpful, "voted": use.voted}
            for use in report.uses
        ],
        "due": [
            {"entry": entry.id, "checked": entry.checked.isoformat(), "owner": entry.owner} for entry in report.due
        ],
    }


def _gaps(gaps: tuple[Gap, ...], index: Index) -> Iterator[dict[str, Any]]:
    for number, gap in enumerate(gaps, 1):
        nearest = nearest_entry(gap, index)
        yield {
            "number": number,
            "people": gap.people,
            "questions": len(gap.questions),
            "kinds": dict(gap.kinds),
            "example": gap.example,
            "texts": list(gap.texts),
            "entries": list(gap.entries),
            "nearest": {"entry": nearest[0], "confidence": round(nearest[1], 4)} if nearest else None,
            "asked_at": _time(gap.asked_at).isoformat(timespec="seconds"),
        }


def _time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
