"""A comparison as it is kept: what is read of its row, what is written to it, and what an event has led to."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row

from bot.domain.compare import Comparison, Outcome, Side, State
from bot.domain.fit import Answers


@dataclass(frozen=True)
class StoredComparison:
    """A comparison with the people and rounds it is between.

    messages: by slot, channel and ts. shown: the answers that both agreed to show, until both have been shown them, or
    it has ended. tried: the names of the copies of the reveal that may have been posted; None if nobody knows which.
    agreed_at: when both had agreed, in seconds since 1970; None of what the version before this one has recorded.
    """

    id: str
    sender: str
    manager: str
    run: str
    manager_run: str | None
    comparison: Comparison
    messages: Mapping[str, tuple[str, str]]
    shown: "Shown | None" = None
    tried: frozenset[str] | None = None
    agreed_at: float | None = None

    def record(self) -> dict[str, Any]:
        """Give it as plain data, for `read`, without the answers that are to be shown."""
        comparison = self.comparison
        return {
            "id": self.id,
            "sender": self.sender,
            "manager": self.manager,
            "run": self.run,
            "manager_run": self.manager_run,
            "messages": {slot: list(channel_and_ts) for slot, channel_and_ts in self.messages.items()},
            "tried": None if self.tried is None else join_names(self.tried),
            "agreed_at": self.agreed_at,
            **as_row(comparison),
        }

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> "StoredComparison":
        """Take it from its record."""
        messages = {slot: (channel, ts) for slot, (channel, ts) in record["messages"].items()}
        who = {name: record[name] for name in ("id", "sender", "manager", "run", "manager_run")}
        tried = record.get("tried")
        copies = None if tried is None else read_copies(tried)
        agreed_at = record.get("agreed_at")
        return cls(**who, comparison=_comparison(record), messages=messages, tried=copies, agreed_at=agreed_at)

    def side_of(self, user: str) -> Side | None:
        """Say which part somebody has in it, or None."""
        return {self.sender: Side.SENDER, self.manager: Side.MANAGER}.get(user)

    def person(self, side: Side) -> str:
        """Give the id of who has this part."""
        return self.sender if side is Side.SENDER else self.manager

    def run_of(self, side: Side) -> str | None:
        """Give the id of the round of who has this part; None if there is none yet."""
        return self.run if side is Side.SENDER else self.manager_run


@dataclass(frozen=True)
class Shown:
    """The answers that both agreed to show, with the version of the quiz that they are to."""

    quiz: str
    sender: Answers
    manager: Answers


@dataclass(frozen=True)
class Revealed:
    """What somebody else can read of a comparison: who, which part one had in it, since when (seconds since 1970).

    to_both: both were shown it; otherwise it has ended, and could not be taken back. is_kept: the comparison is; which
    of the two it was is not known otherwise.
    """

    other: str
    side: Side
    at: float
    to_both: bool = True
    is_kept: bool = True


@dataclass(frozen=True)
class Moved:
    """What an event has led to, and the comparison after it.

    mine: the piece of work that asked for it moved the comparison last, and has to do what follows from that.
    was_agreed: both had agreed before, as far as is known, so that a part of the reveal may have been posted.
    """

    outcome: Outcome
    mine: bool
    stored: StoredComparison
    was_agreed: bool = False


def read_row(row: Row[Any]) -> StoredComparison:
    """Read a comparison from its row."""
    stored = StoredComparison.read(dict(row._mapping))
    if row.shown is None:
        return stored
    sender, manager = (
        {name: tuple(picked) for name, picked in row.shown[side.value].items()} for side in (Side.SENDER, Side.MANAGER)
    )
    return replace(stored, shown=Shown(row.shown["quiz"], sender, manager))


def _comparison(row: Mapping[str, Any]) -> Comparison:
    asked = None if row["sender_version"] is None else (row["sender_version"], row["manager_version"])
    agreed = {Side.SENDER: row["sender_agreed"], Side.MANAGER: row["manager_agreed"]}
    sides = frozenset(side for side, has_agreed in agreed.items() if has_agreed)
    ended_by = Side(row["ended_by"]) if row["ended_by"] else None
    # Versions before this one have recorded none of these.
    exposed, is_confirmed = read_sides(row.get("exposed")), not row.get("unconfirmed")
    others = read_sides(row.get("maybe_exposed")), read_sides(row.get("still_exposed"))
    return Comparison(State(row["state"]), asked, sides, ended_by, exposed, is_confirmed, *others)


def as_row(comparison: Comparison) -> dict[str, Any]:
    """Give how a comparison stands, as columns of its row."""
    sender_version, manager_version = comparison.asked or (None, None)
    return {
        "state": comparison.state.value,
        "open": True if comparison.is_open else None,
        "sender_version": sender_version,
        "manager_version": manager_version,
        "sender_agreed": Side.SENDER in comparison.agreed,
        "manager_agreed": Side.MANAGER in comparison.agreed,
        "ended_by": comparison.ended_by.value if comparison.ended_by else None,
        "exposed": join_names(comparison.exposed) or None,
        "unconfirmed": None if comparison.is_confirmed else True,
        "maybe_exposed": join_names(comparison.maybe_exposed) or None,
        "still_exposed": join_names(comparison.still_exposed) or None,
    }


def join_names(names: Collection[str]) -> str:
    """Write names of sides, or of copies of a reveal, into one column."""
    return ",".join(sorted(names))


def read_copies(tried: str) -> frozenset[str]:
    """Read names of copies of a reveal from their column."""
    return frozenset(filter(None, tried.split(",")))


def read_sides(names: str | None) -> frozenset[Side]:
    """Read sides from their column; none where it holds nothing."""
    return frozenset(map(Side, names.split(","))) if names else frozenset()
