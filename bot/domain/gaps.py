"""What people asked the bot and it could not answer."""

from dataclasses import dataclass
from enum import StrEnum


class QuestionKind(StrEnum):
    """Why a question is kept."""

    UNANSWERED = "unanswered"  # the bot said that it has no answer
    SUGGESTED = "suggested"  # it asked which entry was meant, and nobody has said so yet
    DECLINED = "declined"  # none of those entries was meant
    CHOSEN = "chosen"  # one of them was, and this is how somebody asks for it
    NOT_HELPFUL = "not_helpful"  # it answered, and that did not help


@dataclass(frozen=True)
class Question:
    """Something that a person asked the bot.

    id: `message_id` of the message, or what tells a command or a vote apart from all others. user: who asked. channel,
    ts: of the message, if there is one. text: as it was asked; "" if it was not kept. entry: that was chosen, declined
    or voted on. asked_at, told_at: seconds since 1970. answered_by: the entry that answers it by now; told_at: when the
    person heard so.
    """

    id: str
    user: str
    kind: QuestionKind
    text: str
    channel: str | None = None
    ts: str | None = None
    entry: str | None = None
    asked_at: float = 0.0
    answered_by: str | None = None
    told_at: float | None = None


def message_id(channel: str, ts: str) -> str:
    """Give the id of the question that a message asks."""
    return f"{channel}:{ts}"
