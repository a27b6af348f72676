"""What the store gives of a share of a result, and how it is read from its row."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from bot.domain.quiz_run import Graded
from bot.domain.share import Place, ShareState

LOST_AFTER = 3600.0  # seconds after which what is still being sent is not looked after any more


@dataclass(frozen=True)
class Share:
    """One sending of one result, as it stood at `run_version`, to one person; `message` is what was previewed.

    The recipient is empty once they have been forgotten. updates: the share whose copy this one is to replace. graded:
    how the work was graded then, as `graded_as` gives it; None if that was not remembered. part_left: Slack has not let
    us change all of the copy, so that a part of what it showed before is left below it. told_outdated: the sender was
    told that the copy is of an older answer. Times in seconds since 1970; `ended_at`: of its withdrawal or failure.
    """

    id: str
    run: str
    run_version: int
    recipient: str
    message: Mapping[str, Any]
    state: ShareState
    parts: tuple[str, ...] = ()
    place: Place = Place.DIRECT
    note: str | None = None
    updates: str | None = None
    graded: str | None = None
    made_at: float = 0.0
    claimed_at: float | None = None
    sent_at: float | None = None
    seen_at: float | None = None
    talk_at: float | None = None
    ended_at: float | None = None
    receipt_ts: str | None = None
    part_left: bool = False
    told_outdated: bool = False
    updated_at: float | None = None

    @property
    def is_live(self) -> bool:
        """Whether somebody else can see it, as far as is known."""
        return self.state is ShareState.SENT and self.sent_at is not None

    @property
    def is_being_sent(self) -> bool:
        """Whether sending it, or putting it in place of another, has begun and is not known to have ended."""
        if self.state is ShareState.REPLACING:
            return self.ended_at is None
        return self.state is ShareState.SENT and self.sent_at is None

    def is_whole(self, slots: Collection[str]) -> bool:
        """Say whether all messages below its first one are known to be there, given the slots of the copy's."""
        return sum(slot.isdigit() for slot in slots) >= len(self.message.get("replies", ()))

    @property
    def is_lost(self) -> bool:
        """Whether it is unknown if it has arrived: Slack never said so, or the work that sent it has died."""
        if self.state is not ShareState.SENT or self.sent_at is not None:
            return self.state is ShareState.UNCERTAIN
        return self.claimed_at is not None and self.claimed_at < time.time() - LOST_AFTER


def graded_as(graded: Graded | None) -> str:
    """Give how somebody's work is graded, or nothing, as a share remembers it."""
    return f"{graded.dimension} {graded.column}" if graded else ""


def read_share(row: Row[Any]) -> Share:
    """Read a share from its row."""
    parts: Sequence[str] = row.parts or ()
    return Share(
        id=row.id,
        run=row.run,
        run_version=row.run_version,
        recipient=row.recipient,
        message=row.message,
        state=ShareState(row.state),
        parts=tuple(parts),
        place=Place(row.place or Place.DIRECT),
        note=row.note,
        updates=row.updates,
        graded=row.graded,
        made_at=in_seconds(row.made_at),
        claimed_at=row.claimed_at,
        sent_at=row.sent_at,
        seen_at=row.seen_at,
        talk_at=row.talk_at,
        ended_at=row.ended_at,
        receipt_ts=row.receipt_ts,
        part_left=bool(row.part_left),
        told_outdated=bool(row.told_outdated),
        updated_at=row.updated_at,
    )


def in_seconds(time: datetime) -> float:
    """Give a time of the database in seconds since 1970; SQLite forgets the time zone it was given."""
    return time.replace(tzinfo=time.tzinfo or UTC).timestamp()
