"""Slack's payloads as typed values: the one place that decides whether what was sent is well formed.

What does not parse here is malformed, and whatever fails after that is a bug of ours. Only the fields that the bot or
Bolt reads are declared; Bolt is given those alone, so that it never meets anything that was not checked.
Sources: docs.slack.dev/apis/events-api, the event pages under docs.slack.dev/reference/events, and
docs.slack.dev/reference/interaction-payloads.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag, ValidationError

# Messages that a person wrote just now; edits, joins, unfurls and the rest have other subtypes.
# As listed in docs.slack.dev/reference/events/message.
WITH_FILES = "file_share"
WRITTEN = frozenset({None, WITH_FILES, "thread_broadcast"})
SLACKBOT = "USLACKBOT"  # reminders and notices come from it; its profile does not say that it is a bot
TOMBSTONE = "tombstone"  # subtype of what is left of a deleted message that has replies
RATE_LIMITED = "app_rate_limited"  # what Slack sends instead of events, of which there were too many
MAX_FORM_FIELDS = 1000
MAX_ENTERED, MAX_METADATA = 3000, 3000  # characters, as Slack has them for inputs and views

Id = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Address = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
Timestamp = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}\.[0-9]{1,12}$")]  # seconds since 1970


class MalformedError(Exception):
    """A payload that is not what Slack documents. problems: the path of each field and what is wrong with it.

    They name our own fields only and hold nothing that anybody wrote.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__(", ".join(problems))
        self.problems = problems


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", hide_input_in_errors=True)


class _Named(_Model):
    """An object that Slack names by its id: a workspace, an organisation, a conversation."""

    id: Id


# The Events API


class Authorization(_Model):
    """An installation that an event is meant for."""

    team_id: str | None = None
    user_id: str | None = None
    enterprise_id: str | None = None
    is_bot: bool | None = None
    is_enterprise_install: bool | None = None


class Edited(_Model):
    """When a message was changed."""

    ts: Timestamp


class Attachment(_Model):
    """What is attached to a message; with `is_share`, a message of somebody else that was forwarded."""

    is_share: bool | None = None
    text: str | None = None


class MessageEvent(_Model):
    """A message, or the `app_mention` that Slack sends besides."""

    type: Literal["message", "app_mention"]
    subtype: str | None = None
    channel: Id
    channel_type: str | None = None
    ts: Timestamp
    thread_ts: Timestamp | None = None
    parent_user_id: str | None = None
    user: str | None = None
    user_team: str | None = None
    bot_id: str | None = None
    text: str | None = None
    hidden: bool | None = None
    edited: Edited | None = None
    attachments: list[Attachment] | None = None


class ChangedMessage(_Model):
    """A message as it is after a change; one that was deleted and has replies stays, as a `tombstone`."""

    ts: Timestamp
    subtype: str | None = None
    thread_ts: Timestamp | None = None
    parent_user_id: str | None = None
    user: str | None = None
    user_team: str | None = None
    bot_id: str | None = None
    text: str | None = None
    edited: Edited | None = None


class FormerMessage(_Model):
    """A message as it was before a change."""

    ts: Timestamp | None = None
    thread_ts: Timestamp | None = None
    user: str | None = None
    user_team: str | None = None
    bot_id: str | None = None
    text: str | None = None


class MessageChanged(_Model):
    """The change of a message: an edit, an unfurl, a reply to it, or its deletion if it has replies."""

    type: Literal["message"]
    subtype: Literal["message_changed"]
    channel: Id
    channel_type: str | None = None
    event_ts: Timestamp | None = None
    message: ChangedMessage
    previous_message: FormerMessage | None = None


class MessageDeleted(_Model):
    """The deletion of a message that has no replies."""

    type: Literal["message"]
    subtype: Literal["message_deleted"]
    channel: Id
    channel_type: str | None = None
    event_ts: Timestamp | None = None
    deleted_ts: Timestamp
    previous_message: FormerMessage | None = None


class MemberJoinedChannel(_Model):
    """Somebody has joined a channel; it may be the bot itself."""

    type: Literal["member_joined_channel"]
    user: Id
    channel: Id


class OpenedView(_Model):
    """The Home tab as it is shown to who opens it. `private_metadata` is what we gave it."""

    private_metadata: str | None = None


class AppHomeOpened(_Model):
    """Somebody has opened the app's conversation or Home tab; view: what it shows, if it was ever published."""

    type: Literal["app_home_opened"]
    user: Id
    channel: Id | None = None
    tab: str | None = None
    view: OpenedView | None = None
    event_ts: Timestamp | None = None


class AppUninstalled(_Model):
    """The app was removed from a workspace."""

    type: Literal["app_uninstalled"]


class RevokedTokens(_Model):
    """Whose tokens were revoked, by user id."""

    oauth: list[str] | None = None
    bot: list[str] | None = None


class TokensRevoked(_Model):
    """Tokens were revoked: the bot's, or those of people."""

    type: Literal["tokens_revoked"]
    tokens: RevokedTokens | None = None


class OtherEvent(_Model):
    """An event that nothing here listens to."""

    type: str


def _event_tag(event: Any) -> str:
    """Say which model an event is for, or of, as pydantic asks both when it reads and when it writes."""
    fields = event if isinstance(event, dict) else vars(event) if isinstance(event, BaseModel) else {}
    kind, subtype = fields.get("type"), fields.get("subtype")
    if kind == "message" and subtype in ("message_changed", "message_deleted"):
        return str(subtype)
    if kind == "message" and not (isinstance(subtype, str | None) and subtype in WRITTEN):
        return "other"
    known = (
        "message", "app_mention", "app_home_opened", "app_uninstalled", "member_joined_channel", "tokens_revoked"
    )  # fmt: skip
    return kind if kind in known else "other"


Event = Annotated[
    Annotated[MessageEvent, Tag("message")]
    | Annotated[MessageEvent, Tag("app_mention")]
    | Annotated[MessageChanged, Tag("message_changed")]
    | Annotated[MessageDeleted, Tag("message_deleted")]
    | Annotated[MemberJoinedChannel, Tag("member_joined_channel")]
    | Annotated[AppHomeOpened, Tag("app_home_opened")]
    | Annotated[AppUninstalled, Tag("app_uninstalled")]
    | Annotated[TokensRevoked, Tag("tokens_revoked")]
    | Annotated[OtherEvent, Tag("other")],
    Discriminator(_event_tag),
]


class EventCallback(_Model):
    """An event of the Events API in its envelope."""

    argument: ClassVar = "event_callback"

    type: Literal["event_callback"]
    team_id: str | None = None
    enterprise_id: str | None = None
    event_id: Id
    event_time: int
    authorizations: list[Authorization] | None = None
    is_ext_shared_channel: bool | None = None
    event: Event

    @property
    def kind(self) -> str:
        """Name it for the metrics."""
        return "other" if isinstance(self.event, OtherEvent) else self.event.type

    @property
    def bot(self) -> tuple[str, str] | None:
        """Give the team and the user that the bot is where this was sent; None if the envelope does not say."""
        first = self.authorizations[0] if self.authorizations else None
        if first is None or not first.is_bot or not first.team_id or not first.user_id:
            return None
        return first.team_id, first.user_id

    def from_outside(self, team: str) -> bool:
        """Say whether a message was written by somebody of another organisation than that of workspace `team`.

        In a large organisation colleagues carry the id of another of its workspaces, or its own; they are outsiders
        only where the channel is shared with another organisation.
        """
        match self.event:
            case MessageEvent(user_team=user_team):
                pass
            case MessageChanged(message=ChangedMessage(user_team=user_team)):
                pass
            case _:
                return False
        if self.is_ext_shared_channel is False:
            return False
        organisations = {self.enterprise_id, *(each.enterprise_id for each in self.authorizations or ())}
        return user_team not in {None, team, *organisations}


# Interactivity


class Person(_Model):
    """Who clicked."""

    id: Id
    team_id: str | None = None


class Container(_Model):
    """Where what was clicked stands: in a message, which may be seen by one person only, or in a view."""

    type: str | None = None
    message_ts: Timestamp | None = None
    channel_id: str | None = None


class ClickedMessage(_Model):
    """The message that holds what was clicked."""

    ts: Timestamp
    thread_ts: Timestamp | None = None


class ClickedView(_Model):
    """The view that holds what was clicked; Bolt asks it for the workspace."""

    type: str | None = None
    app_installed_team_id: str | None = None
    team_id: str | None = None


class SelectedOption(_Model):
    """What was chosen in a menu."""

    value: str


class BlockAction(_Model):
    """What was done to one element: a button that was pressed, something chosen in a menu."""

    action_id: Id
    block_id: Id
    action_ts: Timestamp
    value: str | None = None
    selected_option: SelectedOption | None = None
    selected_user: str | None = None

    def words(self, *, least: int = 1, most: int = 1) -> list[str]:
        """Give the words of a button's value. Raises MalformedError unless there are that many."""
        words = (self.value or "").split(" ")
        if not least <= len(words) <= most or not all(words):
            raise MalformedError("actions.0.value: words_count")
        return words


@dataclass(frozen=True)
class Place:
    """Where a message stands that was clicked."""

    channel: str
    ts: str
    thread_ts: str | None


class BlockActions(_Model):
    """A click on an interactive element."""

    argument: ClassVar = "block_actions"
    kind: ClassVar = "block_actions"

    type: Literal["block_actions"]
    user: Person
    team: _Named | None = None
    enterprise: _Named | None = None
    is_enterprise_install: bool | None = None
    channel: _Named | None = None
    container: Container
    message: ClickedMessage | None = None
    view: ClickedView | None = None
    response_url: Address | None = None
    trigger_id: Id | None = None  # opens one view, within three seconds
    actions: Annotated[list[BlockAction], Field(min_length=1)]

    @property
    def action(self) -> BlockAction:
        """What was done; messages send one action at a time."""
        return self.actions[0]

    @property
    def place(self) -> Place:
        """Where the message stands that was clicked. Raises MalformedError if it was none."""
        if self.message is None or self.channel is None:
            raise MalformedError("message: missing" if self.message is None else "channel: missing")
        return Place(self.channel.id, self.message.ts, self.message.thread_ts)

    @property
    def ephemeral_place(self) -> Place:
        """Where a message stands that one person sees, of which Slack shows us no more. Raises MalformedError."""
        if not self.container.channel_id or not self.container.message_ts:
            raise MalformedError("container: missing")
        return Place(self.container.channel_id, self.container.message_ts, None)

    @property
    def on_home(self) -> bool:
        """Whether it was clicked on the Home tab, where nothing answers but the tab itself."""
        return self.view is not None and self.view.type == "home"

    @property
    def reply_url(self) -> str:
        """Where to answer the click. Raises MalformedError if Slack gave no address."""
        if self.response_url is None:
            raise MalformedError("response_url: missing")
        return self.response_url


class Entered(_Model):
    """What was entered into one element of a view."""

    value: Annotated[str, StringConstraints(max_length=MAX_ENTERED)] | None = None
    selected_user: str | None = None
    selected_option: SelectedOption | None = None
    selected_options: list[SelectedOption] | None = None


class ViewState(_Model):
    """What was entered into a view: by block, then by element."""

    values: dict[str, dict[str, Entered]]


class SubmittedView(_Model):
    """A view that was submitted. `private_metadata` is what we gave it, if nobody has forged it."""

    type: Literal["modal"]  # Bolt reads it
    id: Id = "view"  # Slack names each that it has open
    callback_id: Id
    private_metadata: Annotated[str, StringConstraints(max_length=MAX_METADATA)] = ""
    state: ViewState
    app_installed_team_id: str | None = None
    team_id: str | None = None

    def entered(self, action_id: str) -> str:
        """Give the text in the element with this id; empty if there is none."""
        return self.field(action_id).value or ""

    def field(self, action_id: str) -> Entered:
        """Give what was entered into the element with this id; nothing if there is none."""
        fields = (block[action_id] for block in self.state.values.values() if action_id in block)
        return next(fields, Entered())


class ViewSubmission(_Model):
    """The submission of a modal."""

    argument: ClassVar = "view_submission"
    kind: ClassVar = "view_submission"

    type: Literal["view_submission"]
    user: Person
    team: _Named | None = None
    enterprise: _Named | None = None
    is_enterprise_install: bool | None = None
    view: SubmittedView


class ShortcutMessage(_Model):
    """The message that a shortcut was used on."""

    ts: Timestamp
    thread_ts: Timestamp | None = None
    user: str | None = None
    bot_id: str | None = None
    text: str | None = None


class MessageShortcut(_Model):
    """A shortcut that somebody used on a message."""

    argument: ClassVar = "message_shortcut"
    kind: ClassVar = "message_shortcut"

    type: Literal["message_action"]
    callback_id: Id
    user: Person
    team: _Named | None = None
    enterprise: _Named | None = None
    is_enterprise_install: bool | None = None
    channel: _Named
    message: ShortcutMessage
    action_ts: Timestamp
    response_url: Address


class SlashCommand(_Model):
    """A slash command that somebody typed."""

    argument: ClassVar = "slash_command"
    kind: ClassVar = "command"

    command: Id
    text: str | None = None
    user_id: Id
    channel_id: Id
    team_id: str | None = None
    enterprise_id: str | None = None
    is_enterprise_install: bool | str | None = None
    response_url: Address
    trigger_id: Id | None = None  # opens one view, within three seconds


# What needs no listener


class UrlVerification(_Model):
    """Slack asks whether this address is ours."""

    kind: ClassVar = "other"

    type: Literal["url_verification"]
    challenge: str


class OtherPayload(_Model):
    """Something that nothing here listens to: a check of our certificate, a global shortcut."""

    type: Id

    @property
    def kind(self) -> str:
        """Name it for the metrics."""
        return RATE_LIMITED if self.type == RATE_LIMITED else "other"


Interaction = BlockActions | MessageShortcut | ViewSubmission
Payload = EventCallback | Interaction | SlashCommand | UrlVerification | OtherPayload
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
        problems = (f"{'.'.join(map(str, each['loc']))}: {each['type']}" for each in errors)
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
