"""What people are told of a share that does not go as they expect, by the names of the sentences in words.yaml."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.domain.share import Delivery, Interruption, Refusal


class Sentence(StrEnum):
    """What the sender is told of a share; the values are keys of `share` in words.yaml, of sentences about `to`."""

    # Of sending
    NO_GROUP = "no_group"
    UNREACHABLE = "failed"
    RESTRICTED = "restricted"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    TAKEN_BACK = "taken_back"
    TAKEN_BACK_BLANKED = "taken_back_blanked"
    PART_STANDS = "part_stands"
    ARRIVED = "arrived"
    # Of changing a copy
    UPDATE_UNDER_WAY = "update_under_way"
    COPY_LOST = "copy_lost"
    CHANGE_UNCERTAIN = "change_uncertain"
    PARTLY_CHANGED = "partly_changed"
    PARTLY_ADDED = "partly_added"
    CAME_AFTER_WITHDRAWAL = "came_after_withdrawal"
    # Of withdrawing one
    NOT_WITHDRAWN = "not_withdrawn"
    NOT_LOOKED = "withdraw_not_looked"
    NOT_FOUND = "withdrawn_not_found"
    FOUND = "withdrawn_found"
    FIRST_BLANKED = "withdrawn_blanked"
    FIRST_KEPT = "withdrawn_kept"
    FIRST_UNSEEN = "withdrawn_unseen"
    # Of one whose round was deleted meanwhile
    NOT_TAKEN_BACK = "not_taken_back"
    LEFT_OF_DELETED = "left_of_deleted"
    PERHAPS_OF_DELETED = "perhaps_of_deleted"
    DELETED_MEANWHILE = "deleted_meanwhile"
    DELETED_WHILE_SENT = "deleted_while_sent"
    DELETED_WHILE_WITHDRAWN = "deleted_while_withdrawn"
    DELETED_NOT_FOUND = "deleted_not_found"
    DELETED_NOT_LOOKED = "deleted_not_looked"


class ToRecipient(StrEnum):
    """What the recipient is told when they click or reply; the values are keys of `share` in words.yaml."""

    COPY_GONE = "copy_gone"
    FORGOT_YOU = "forgot_you"
    NOT_FOR_YOU = "not_for_you"
    TABLE_REFUSED = "table_refused"
    TALK_NOT_TOLD = "talk_not_told"
    OFFER_REFUSED = "offer_refused"
    PASSED_ON = "passed_on"
    NOT_PASSED_ON = "not_passed_on"
    REPLY_GONE = "pass_on_gone"
    REPLY_REFUSED = "pass_on_refused"


UNDELIVERED: Final = {
    Delivery.UNREACHABLE: Sentence.UNREACHABLE,
    Delivery.RESTRICTED: Sentence.RESTRICTED,
    Delivery.REFUSED: Sentence.REFUSED,
    Delivery.UNCERTAIN: Sentence.UNCERTAIN,
}
# What is not so any more once a newer share has reached the same person: that they have nothing of it.
NOTHING_THERE: Final = frozenset(
    {*UNDELIVERED.values(), Sentence.NO_GROUP, Sentence.TAKEN_BACK, Sentence.TAKEN_BACK_BLANKED}
)
# What became of a copy whose round was deleted meanwhile: that stays so, whatever comes since.
OF_DELETED: Final = frozenset(
    {
        *(Sentence.NOT_TAKEN_BACK, Sentence.LEFT_OF_DELETED, Sentence.PERHAPS_OF_DELETED, Sentence.DELETED_MEANWHILE),
        *(Sentence.DELETED_WHILE_WITHDRAWN, Sentence.DELETED_NOT_FOUND, Sentence.DELETED_NOT_LOOKED),
        Sentence.DELETED_WHILE_SENT,
    }
)

_NOT_SENT = "not_sent"  # the name under which it is recorded that nothing was sent


@dataclass(frozen=True)
class NotSent:
    """Nothing was sent, or changed, and why."""

    why: Refusal | Interruption

    def record(self) -> tuple[str, str | None]:
        """Give it as a name and a reason, for `read_news`."""
        return _NOT_SENT, self.why.value


@dataclass(frozen=True)
class Became:
    """What became of a share, in one or several sentences."""

    sentences: tuple[Sentence, ...]

    def record(self) -> tuple[str, str | None]:
        """Give it as a name and a reason, for `read_news`."""
        return " ".join(self.sentences), None

    @property
    def of_deleted(self) -> bool:
        """Whether it is of a copy whose round was deleted meanwhile."""
        return not OF_DELETED.isdisjoint(self.sentences)


News = NotSent | Became  # what the sender is told, now or later


def became(*sentences: Sentence) -> Became:
    """Have these sentences told."""
    return Became(sentences)


def read_news(name: str, why: str | None) -> News:
    """Take what is to be told from its record."""
    if why is None:
        return Became(tuple(Sentence(word) for word in name.split()))
    return NotSent(Interruption(why) if why in set(Interruption) else Refusal(why))


def is_nothing_there(news: News) -> bool:
    """Say whether it tells that the recipient has nothing of a share, which a newer one may change."""
    return isinstance(news, NotSent) or NOTHING_THERE.issuperset(news.sentences)
