"""Slack's payloads as typed values: the one place that decides whether what was sent is well formed.

What does not parse here is malformed, and whatever fails after that is a bug of ours. Only the fields that the bot or
Bolt reads are declared; Bolt is given those alone, so that it never meets anything that was not checked. Events are in
`bot.slack.event_payloads`; clicks, views, shortcuts and commands in `bot.slack.interaction_payloads`.
"""

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qs

from pydantic import ValidationError

from bot.slack.event_payloads import EventCallback
from bot.slack.interaction_payloads import BlockActions, MessageShortcut, SlashCommand, ViewSubmission
from bot.slack.payload_model import Id, MalformedError, PayloadModel

RATE_LIMITED = "app_rate_limited"  # what Slack sends instead of events, of which there were too many
MAX_FORM_FIELDS = 1000


class UrlVerification(PayloadModel):
    """Slack asks whether this address is ours."""

    kind: ClassVar = "other"

    type: Literal["url_verification"]
    challenge: str


class OtherPayload(PayloadModel):
    """Something that nothing here listens to: a check of our certificate, a global shortcut."""

    type: Id

    @property
    def kind(self) -> str:
        """Name it for the metrics."""
        return RATE_LIMITED if self.type == RATE_LIMITED else "other"


Interaction = BlockActions | MessageShortcut | ViewSubmission
ForListeners = EventCallback | Interaction | SlashCommand
Payload = ForListeners | UrlVerification | OtherPayload
KINDS: dict[str, type[EventCallback | Interaction | UrlVerification]] = {
    "event_callback": EventCallback,
    "block_actions": BlockActions,
    "message_action": MessageShortcut,
    "view_submission": ViewSubmission,
    "url_verification": UrlVerification,
}


def parse(body: Mapping[str, Any]) -> Payload:
    """Read what Slack has sent, however it came. Raises MalformedError."""
    try:
        if "command" in body:
            return SlashCommand.model_validate(body)
        if "ssl_check" in body:
            return OtherPayload(type="ssl_check")
        kind = body.get("type")
        model = KINDS.get(kind, OtherPayload) if isinstance(kind, str) else OtherPayload
        return model.model_validate(body)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=False, include_input=False)
        problems = (f"{'.'.join(map(str, detail['loc']))}: {detail['type']}" for detail in errors)
        raise MalformedError(*problems) from None


def parse_json(text: str) -> Payload:
    """Read the body of an event. Raises MalformedError."""
    return parse(_object(text))


def parse_form(text: str) -> Payload:
    """Read the body of a click, whose payload is JSON in a field of a form, or of a command. Raises MalformedError."""
    try:
        fields = parse_qs(text, keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS)
    except ValueError:
        raise MalformedError("body: form_fields") from None
    payload = fields.get("payload")
    return parse(_object(payload[0]) if payload else {name: values[0] for name, values in fields.items()})


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedError("body: json_invalid") from None
    if not isinstance(value, dict):
        raise MalformedError("body: dict_type")
    return value
