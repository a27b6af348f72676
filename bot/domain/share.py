"""Who may send which parts of a recommendation to whom, and how often."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOST_A_DAY: Final = 3  # shares of one result
MAX_NOTE: Final = 500  # characters; escaped they must fit a section


@dataclass(frozen=True)
class Person:
    """What sharing needs to know of somebody.

    team: the workspace Slack names first, empty where it names none. teams: all of them, in a large organisation.
    """

    id: str
    team: str
    teams: Sequence[str] = ()
    is_bot: bool = False
    is_active: bool = True
    is_guest: bool = False


class Part(StrEnum):
    """What a share may hold, in the order in which it is shown; the sender ticks all but the note, which is written."""

    RECOMMENDATION = "recommendation"
    TABLE = "table"
    ANSWERS = "answers"
    GRADED = "graded"
    NOTE = "note"


TELLING: Final = frozenset({Part.RECOMMENDATION, Part.ANSWERS})  # parts by which one learns what somebody answered
TICKED: Final = (Part.RECOMMENDATION, Part.TABLE, Part.GRADED)  # unless the sender chooses otherwise


class Place(StrEnum):
    """Where a share is sent: to the recipient alone, or to the recipient and the sender together."""

    DIRECT = "direct"
    GROUP = "group"


class Refusal(StrEnum):
    """Why something cannot be sent; the values are keys of `share` in words.yaml."""

    YOURSELF = "not_yourself"
    BOT = "not_a_bot"
    INACTIVE = "not_active"
    GUEST = "not_a_guest"
    UNKNOWN = "unknown_person"  # Slack does not say who it is
    MUTED = "not_wanted"  # the recipient wants no more shares from the sender
    TOO_MANY = "too_many"
    COMPARING = "comparing"  # both are comparing blind, and the recipient would learn what the sender has answered


class Interruption(StrEnum):
    """What has come between a preview and its sending; as with a Refusal the values are keys in words.yaml."""

    FORGOTTEN = "forgotten"  # the recipient was
    OUTDATED = "outdated"  # the result is not what was previewed any more
    COPY_LOST = "copy_lost"  # the copy that it was to change is not there


class Delivery(StrEnum):
    """What became of a copy that was sent; the values, but for the first, are keys of `share` in words.yaml."""

    DELIVERED = "delivered"
    UNREACHABLE = "failed"
    RESTRICTED = "restricted"  # the workspace's settings forbid it
    REFUSED = "refused"  # for any other reason, for good
    UNCERTAIN = "uncertain"  # Slack went on failing and may have posted it all the same


def refusal(sender: str, team: str, recipient: Person | None, *, guests: bool = False) -> Refusal | None:
    """Say why `sender`, of workspace `team`, cannot send to `recipient`, or None if nothing speaks against it.

    A recommendation is personal: it goes to one active member of the same workspace, never to an app, and nobody sends
    it for somebody else. guests: whether it may go to a guest, or to somebody of another organisation. None is for
    somebody whom Slack does not know.
    """
    if recipient is None:
        return Refusal.UNKNOWN
    if recipient.id == sender:
        return Refusal.YOURSELF
    if recipient.is_bot:
        return Refusal.BOT
    if not recipient.is_active:
        return Refusal.INACTIVE
    is_outsider = recipient.is_guest or (recipient.team not in ("", team) and team not in recipient.teams)
    return Refusal.GUEST if is_outsider and not guests else None
