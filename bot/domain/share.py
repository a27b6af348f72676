"""Who may send which parts of a recommendation to whom, how often, and what becomes of a share."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

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


# What becomes of a share


class ShareState(StrEnum):
    """Where the sending of a result stands.

    SENT is also what is being sent: it has a `sent_at` once all of it has arrived. CANCELLED was never begun to be
    sent. FAILED is what Slack has refused; UNCERTAIN what it never said that it took. REPLACING has given its content
    to the share that it updates, and holds what that had before until the copy shows the new one; once it has ended it
    names parts that the recipient has seen, or may have.
    """

    PREVIEWED = "previewed"
    SENT = "sent"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    WITHDRAWN = "withdrawn"
    REPLACING = "replacing"

    @property
    def is_over(self) -> bool:
        """Whether sending has ended in another way than that all of it has arrived."""
        return self in (ShareState.WITHDRAWN, ShareState.FAILED, ShareState.UNCERTAIN)

    @property
    def was_not_sent(self) -> bool:
        """Whether nothing was sent, for sure; that counts against no limit."""
        return self in (ShareState.CANCELLED, ShareState.FAILED)


class Claim(StrEnum):
    """What came of beginning to send a share."""

    CLAIMED = "claimed"
    TOO_MANY = "too_many"
    NOT_THERE = "not_there"  # it was never previewed, is gone, or was sent before


class TakenOver(StrEnum):
    """What came of giving a share the content of one that updates it."""

    TAKEN = "taken"
    UNDER_WAY = "under_way"  # another update of it is
    ENDED = "ended"  # it was withdrawn meanwhile, or the update was


def counts_for_day(state: ShareState, *, updates: bool) -> bool:
    """Say whether a share that begins to be sent counts for the daily limit of its result.

    What was begun before has been counted then. updates: it changes a copy that somebody has, which is no further one.
    """
    return state is ShareState.PREVIEWED and not updates


def claim(state: ShareState, *, has_arrived: bool, one_too_many: bool, doubtful: bool) -> tuple[Claim, ShareState]:
    """Decide whether a share is to be sent now, and give its state after that.

    has_arrived: all of it. one_too_many: its result has been shared as often in this day as it may be. doubtful: the
    same work may have asked before, and died before it could record the answer; it gets the same one again.
    """
    match state:
        case ShareState.PREVIEWED if one_too_many:
            return Claim.TOO_MANY, ShareState.CANCELLED
        case ShareState.PREVIEWED:
            return Claim.CLAIMED, ShareState.SENT
        case ShareState.SENT if not has_arrived:  # none but the work that sends it makes it so
            return Claim.CLAIMED, state
        case ShareState.CANCELLED if doubtful:
            return Claim.TOO_MANY, state
        case (
            ShareState.SENT
            | ShareState.CANCELLED
            | ShareState.FAILED
            | ShareState.UNCERTAIN
            | ShareState.WITHDRAWN
            | ShareState.REPLACING
        ):
            return Claim.NOT_THERE, state
        case _ as never:
            assert_never(never)


def take_over(share: ShareState, update: ShareState, *, other_under_way: bool) -> TakenOver:
    """Decide whether a share is given the content of one that updates it; REPLACING has given it before.

    other_under_way: another update of the same share has given its content, and the copy does not show it yet.
    """
    if share is not ShareState.SENT or update not in (ShareState.SENT, ShareState.REPLACING):
        return TakenOver.ENDED
    return TakenOver.UNDER_WAY if other_under_way and update is ShareState.SENT else TakenOver.TAKEN


def give_back(update: ShareState, *, has_ended: bool, share_has_it: bool, seen: bool) -> ShareState | None:
    """Give how an update ends whose content Slack has not put into the copy; None if it has ended before.

    share_has_it: the share that it updates has its content, and gets its own back. seen: the recipient may have seen
    the update all the same, which is remembered of it; so is what a copy showed before that has ended meanwhile.
    """
    if has_ended or update not in (ShareState.SENT, ShareState.REPLACING):
        return None
    keeps_former = update is ShareState.REPLACING and not share_has_it
    return ShareState.REPLACING if seen or keeps_former else ShareState.FAILED
