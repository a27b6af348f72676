"""What editors should know: what is asked and has no answer, and how the entries do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from bot.domain.content import Entry
from bot.domain.gaps import Gap, Proposal, Question, gaps_of, proposals_of
from bot.domain.matching import Index


@dataclass(frozen=True)
class Use:
    """How often an entry was posted as an answer, and how many people found it helpful of those who voted."""

    entry: str
    posted: int = 0
    helpful: int = 0
    voted: int = 0


@dataclass(frozen=True)
class Report:
    """The gaps and the proposed phrasings by demand, the entries by use, and those that are due for a check, oldest
    first."""

    gaps: tuple[Gap, ...]
    proposals: tuple[Proposal, ...]
    uses: tuple[Use, ...]
    due: tuple[Entry, ...]

    def gap(self, question_id: str) -> Gap | None:
        """Give the gap that holds a question, or None."""
        return next((gap for gap in self.gaps if any(question.id == question_id for question in gap.questions)), None)


def report_on(
    questions: Iterable[Question], uses: Iterable[Use], entries: Mapping[str, Entry], index: Index, today: date
) -> Report:
    """Put together what was asked, how the entries were used, and which are due for a check.

    entries: by id; use of what is not among them any more is left out.
    """
    recorded = list(questions)
    wordings = {name: entry.wordings for name, entry in entries.items()}
    used = sorted((use for use in uses if use.entry in entries), key=lambda use: (-use.posted, -use.voted, use.entry))
    due = sorted((entry for entry in entries.values() if entry.is_due(today)), key=lambda entry: entry.checked)
    return Report(
        gaps_of(recorded, index.topics), proposals_of(recorded, wordings, index.topics), tuple(used), tuple(due)
    )


def nearest_entry(gap: Gap, index: Index) -> tuple[str, float] | None:
    """Give the entry that comes nearest to a gap, and how confidently it would answer it, in [0, 1]; None for none."""
    if not gap.example:
        return None
    ranked = index.rank(gap.example, limit=1)
    return (ranked[0].entry, ranked[0].confidence) if ranked else None
