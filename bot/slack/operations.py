"""What brings a run's thread to what the run says, one operation at a time; each is recorded before it is done."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from bot.slack.records import Recorded

MessageData = dict[str, Any]  # a message as `bot.slack.gateway.plain_data` gives it


class _Operation(Recorded):
    """user, channel, root_ts: whose run it is, and where its thread was when this was decided."""

    user: str
    channel: str
    root_ts: str


class FindThread(_Operation):
    """Look whether the thread is still there; `misplaced_ts` is a message that Slack has put outside of it."""

    do: Literal["find"] = "find"
    misplaced_ts: str | None = None


class OpenThread(_Operation):
    """Post the card again, as the root of another thread."""

    do: Literal["open"] = "open"
    message: MessageData


class PostMessage(_Operation):
    """Post the message of a slot."""

    do: Literal["post"] = "post"
    slot: str
    message: MessageData


class UpdateMessage(_Operation):
    """Replace the message of a slot; by `response_url` if it was clicked, which Slack does not count.

    revision: of the run, if the message is only replaced while that is at it.
    """

    do: Literal["update"] = "update"
    slot: str
    ts: str
    message: MessageData
    response_url: str | None = None
    revision: int | None = None


class DeleteMessage(_Operation):
    """Delete the message of a slot."""

    do: Literal["remove"] = "remove"
    slot: str
    ts: str


class PostNote(_Operation):
    """Say something between the questions."""

    do: Literal["say"] = "say"
    message: MessageData


class DeleteRun(_Operation):
    """Delete the run, whose messages are gone."""

    do: Literal["delete"] = "delete"


Operation = FindThread | OpenThread | PostMessage | UpdateMessage | DeleteMessage | PostNote | DeleteRun

_OPERATIONS: TypeAdapter[Operation] = TypeAdapter(Annotated[Operation, Field(discriminator="do")])


def read(record: dict[str, Any]) -> Operation:
    """Take an operation from its record. Raises ValueError if it is none."""
    return _OPERATIONS.validate_python(record)
