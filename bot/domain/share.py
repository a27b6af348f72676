"""Who may send a recommendation to whom, and whether what was previewed is still what would be sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


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


class Refusal(StrEnum):
    """Why somebody cannot be sent a recommendation; the values are keys of `share` in words.yaml."""

    YOURSELF = "not_yourself"
    BOT = "not_a_bot"
    INACTIVE = "not_active"
    GUEST = "not_a_guest"
    UNKNOWN = "unknown_person"  # Slack does not say who it is


class Delivery(StrEnum):
    """What became of a copy that was sent; the values are keys of `share` in words.yaml."""

    DELIVERED = "sent"
    UNREACHABLE = "failed"
    RESTRICTED = "restricted"  # the workspace's settings forbid it
    REFUSED = "refused"  # for any other reason, for good
    UNCERTAIN = "uncertain"  # Slack went on failing and may have posted it all the same


def refusal(sender: str, team: str, recipient: Person | None) -> Refusal | None:
    """Say why `sender`, of workspace `team`, cannot send to `recipient`, or None if nothing speaks against it.

    A recommendation is personal: it goes to one active member of the same workspace, never to an app, a guest or
    somebody from outside, and nobody sends it for somebody else. None is for somebody whom Slack does not know.
    """
    if recipient is None:
        return Refusal.UNKNOWN
    if recipient.id == sender:
        return Refusal.YOURSELF
    if recipient.is_bot:
        return Refusal.BOT
    if not recipient.is_active:
        return Refusal.INACTIVE
    if recipient.is_guest or (recipient.team not in ("", team) and team not in recipient.teams):
        return Refusal.GUEST
    return None
