"""What is read of a reply's row, and written there."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Row


class ReplyState(StrEnum):
    """Where a reply stands."""

    BEGUN = "begun"
    POSTED = "posted"  # as an answer, or as a link to an earlier one
    WHISPERED = "whispered"  # shown to who asked, of which nothing remains
    WITHHELD = "withheld"  # nothing was said, for the sake of manners
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Reply:
    """What is replied to a message. `revision`: the ts of its latest edit or deletion, "" for none.

    asker: None once the person has been forgotten. answer_ts: of our message, once it is posted. digest: of the
    entries as they were said. replied_at, corrected_at: seconds since 1970. decided_for: the revision for which this
    was decided; "" for none, and not the latest where an edit has changed nothing. linked: entries that stand in the
    channel already, each with the ts of the question which is answered there; of a link `entries` has them too.
    offered: the entries of the suggestions, where somebody has chosen one of them or none.
    """

    question_ts: str
    thread_ts: str
    asker: str | None
    surface: str
    kind: str
    entries: tuple[str, ...]
    state: ReplyState = ReplyState.BEGUN
    answer_ts: str | None = None
    digest: str | None = None
    revision: str = ""
    replied_at: float = 0.0
    corrected_at: float | None = None
    decided_for: str = ""
    linked: Mapping[str, str] = field(default_factory=dict)
    offered: tuple[str, ...] = ()


def reply_row(team: str, channel: str, reply: Reply) -> dict[str, Any]:
    """Give the row of a reply; one that has no time yet was made now."""
    row = vars(reply) | {"entries": list(reply.entries), "linked": dict(reply.linked) or None}
    row["offered"] = list(reply.offered) or None
    return {"team": team, "channel": channel, **row, "replied_at": reply.replied_at or time.time()}


def read_reply(row: Row[Any]) -> Reply:
    """Read a row of `replies`."""
    kept = {name: getattr(row, name) for name in Reply.__dataclass_fields__}
    kept |= {"entries": tuple(row.entries), "state": ReplyState(row.state)}
    return Reply(
        **kept | {"decided_for": row.decided_for or "", "linked": row.linked or {}, "offered": tuple(row.offered or ())}
    )
