"""What the steps of sharing give, as classes. Their records are the plain data that a restart goes on with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypedDict

from bot.domain.share import Interruption, Place, Refusal, ShareState
from bot.slack.records import Record, Recorded
from bot.slack.share_sentences import Sentence, ToRecipient
from bot.storage import StoredRun


class MessageAt(NamedTuple):
    """Where a message stands."""

    channel: str
    ts: str


Places = dict[str, MessageAt]  # of the messages of a copy, by their slots


def as_places(messages: Mapping[str, tuple[str, str]]) -> Places:
    """Give where messages are, from what the store gives."""
    return {slot: MessageAt(*at) for slot, at in messages.items()}


# Whose a share is


class RoundPlace(Recorded):
    """Who shares, and where the thread of the shared round is."""

    sender: str
    channel: str
    root_ts: str
    run: str


class _RoundPlaceFields(TypedDict):
    sender: str
    channel: str
    root_ts: str
    run: str


def round_place(stored: StoredRun) -> _RoundPlaceFields:
    """Give the fields of the RoundPlace of a round."""
    return {"sender": stored.user, "channel": stored.channel, "root_ts": stored.root_ts, "run": stored.id}


class Subject(RoundPlace):
    """What the sender is told of a share refers to.

    updates: the share whose copy it changes; versions before this one have recorded only whether there is one.
    """

    recipient: str
    updates: str | bool | None = None


class SentTo(Subject):
    """A share with where it is sent."""

    place: Place


# Sending


class ClaimedShare(SentTo):
    """A share that is to be sent now; `why`, if something has come between.

    guests: whether a result may go to guests. made_at: when it was previewed, in seconds since 1970. replies: how many
    messages its copy has in the thread.
    """

    updates: str | None
    guests: bool
    made_at: float
    replies: int
    why: Refusal | Interruption | None = None


class OutdatedCopy(RoundPlace):
    """A share whose receipt has to say something else of how old its copy is; has_receipt: whether there is one."""

    has_receipt: bool


@dataclass(frozen=True)
class Standing:
    """How a share stands: its state, and when what it shows was made, in seconds since 1970."""

    state: ShareState
    made_at: float

    def record(self) -> list[Any]:
        """Give it as plain data, for `read`."""
        return [self.state.value, self.made_at]

    @classmethod
    def read(cls, record: list[Any]) -> "Standing":
        """Take it from its record."""
        state, made_at = record
        return cls(ShareState(state), made_at)


# Changing a copy


class FormerCopy(Recorded):
    """A copy whose share has taken over what it is to show.

    messages: those of the copy. receipt: that of the share, in the round that the copy has shown until now. stays:
    whether the receipt is in the thread of the newer round, too, as both are the same.
    """

    messages: Places
    receipt: MessageAt | None
    stays: bool


class NotTakenOver(Recorded):
    """Why a share has not taken over what its copy was to show."""

    why: Sentence


class CopyThread(Recorded):
    """The thread of a copy: how many messages it is to have, and all messages of the copy that are known."""

    count: int
    messages: Places


# Withdrawing


class LostCopy(SentTo):
    """A copy of which nobody knows where it is: to be looked for by the key it was posted with, since some time.

    was: the state of its share.
    """

    key: str
    since: float
    was: ShareState
    unknown: Literal[False] = False


class KnownCopy(Subject):
    """A copy that is to be taken back, by its messages."""

    messages: Places
    unknown: Literal[False] = False


class UnknownPlace(Subject):
    """A copy that may be there, and cannot be found any more."""

    unknown: Literal[True] = True


class EndedBefore(Subject):
    """A copy that was withdrawn before, or never arrived."""

    unknown: Literal[False] = False


Withdrawal = LostCopy | KnownCopy | UnknownPlace | EndedBefore


# What the recipient does


class NothingToDo(Recorded):
    """Why a click or a reply of the recipient's does nothing."""

    told: ToRecipient


class AllowedAgain(Recorded):
    """From whom they get shares again, though the copy that they clicked has ended."""

    allowed: str


class Clicked(RoundPlace):
    """What a click of the recipient's was about.

    new: whether they ask for a talk for the first time. arrived: whether it shows that a copy has arrived of which
    Slack never said so.
    """

    new: bool
    arrived: bool
    place: Place


class UncertainCopy(RoundPlace):
    """A copy of which Slack never said whether it arrived: its key, and since when to look for it."""

    key: str
    since: float
    recipient: str


class People(Recorded):
    """Sender and recipient of a share."""

    sender: str
    recipient: str


def read_withdrawal(record: Record) -> Withdrawal:
    """Take what is to be withdrawn from its record; the keys tell which class it is."""
    if "key" in record:
        return LostCopy.read(record)
    if "messages" in record:
        return KnownCopy.read(record)
    return UnknownPlace.read(record) if record["unknown"] else EndedBefore.read(record)


def read_taken_over(record: Record) -> FormerCopy | NotTakenOver:
    """Take from its record what came of having a share take over what its copy is to show."""
    return NotTakenOver.read(record) if "why" in record else FormerCopy.read(record)


def read_click(record: Record) -> Clicked | AllowedAgain | NothingToDo:
    """Take from its record what a click of the recipient's led to."""
    if "told" in record:
        return NothingToDo.read(record)
    return AllowedAgain.read(record) if "allowed" in record else Clicked.read(record)
