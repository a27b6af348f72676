"""What Slack sends by the Events API, as far as the bot or Bolt reads it.

Sources: docs.slack.dev/apis/events-api, and the event pages under docs.slack.dev/reference/events.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, Discriminator, Tag

from bot.slack.payload_model import Id, PayloadModel, Text, Timestamp

# Messages that a person wrote just now; edits, joins, unfurls and the rest have other subtypes.
# As listed in docs.slack.dev/reference/events/message.
WITH_FILES = "file_share"
WRITTEN = frozenset({None, WITH_FILES, "thread_broadcast"})
SLACKBOT = "USLACKBOT"  # reminders and notices come from it; its profile does not say that it is a bot
TOMBSTONE = "tombstone"  # subtype of what is left of a deleted message that has replies


class Authorization(PayloadModel):
    """An installation that an event is meant for."""

    team_id: str | None = None
    user_id: str | None = None
    enterprise_id: str | None = None
    is_bot: bool | None = None
    is_enterprise_install: bool | None = None


class Edited(PayloadModel):
    """When a message was changed."""

    ts: Timestamp


class Attachment(PayloadModel):
    """What is attached to a message; with `is_share`, a message of somebody else that was forwarded."""

    is_share: bool | None = None
    text: Text | None = None


class WrittenMessage(PayloadModel):
    """What every message says of itself, be it an event or within one."""

    thread_ts: Timestamp | None = None
    user: str | None = None
    user_team: str | None = None
    bot_id: str | None = None
    text: Text | None = None


class FormerMessage(WrittenMessage):
    """A message as it was before a change."""

    ts: Timestamp | None = None


class CurrentMessage(WrittenMessage):
    """A message as it is now; one that was deleted and has replies stays, as a `tombstone`."""

    ts: Timestamp
    subtype: str | None = None
    parent_user_id: str | None = None
    edited: Edited | None = None


class MessageEvent(CurrentMessage):
    """A message, or the `app_mention` that Slack sends besides."""

    type: Literal["message", "app_mention"]
    channel: Id
    channel_type: str | None = None
    hidden: bool | None = None
    attachments: list[Attachment] | None = None


class ChangeOfMessage(PayloadModel):
    """That something has become of a message."""

    type: Literal["message"]
    channel: Id
    channel_type: str | None = None
    event_ts: Timestamp | None = None
    previous_message: FormerMessage | None = None


class MessageChanged(ChangeOfMessage):
    """The change of a message: an edit, an unfurl, a reply to it, or its deletion if it has replies."""

    subtype: Literal["message_changed"]
    message: CurrentMessage


class MessageDeleted(ChangeOfMessage):
    """The deletion of a message that has no replies."""

    subtype: Literal["message_deleted"]
    deleted_ts: Timestamp


class MemberJoinedChannel(PayloadModel):
    """Somebody has joined a channel; it may be the bot itself."""

    type: Literal["member_joined_channel"]
    user: Id
    channel: Id


class OpenedView(PayloadModel):
    """The Home tab as it is shown to who opens it. `private_metadata` is what we gave it."""

    private_metadata: str | None = None


class AppHomeOpened(PayloadModel):
    """Somebody has opened the app's conversation or Home tab; view: what it shows, if it was ever published."""

    type: Literal["app_home_opened"]
    user: Id
    channel: Id | None = None
    tab: str | None = None
    view: OpenedView | None = None
    event_ts: Timestamp | None = None


class AppUninstalled(PayloadModel):
    """The app was removed from a workspace."""

    type: Literal["app_uninstalled"]


class RevokedTokens(PayloadModel):
    """Whose tokens were revoked, by user id."""

    oauth: list[str] | None = None
    bot: list[str] | None = None


class TokensRevoked(PayloadModel):
    """Tokens were revoked: the bot's, or those of people."""

    type: Literal["tokens_revoked"]
    tokens: RevokedTokens | None = None


class OtherEvent(PayloadModel):
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
    kinds = (
        "message", "app_mention", "app_home_opened", "app_uninstalled", "member_joined_channel", "tokens_revoked"
    )  # fmt: skip
    return kind if kind in kinds else "other"


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


class EventCallback(PayloadModel):
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
            case MessageChanged(message=CurrentMessage(user_team=user_team)):
                pass
            case _:
                return False
        if self.is_ext_shared_channel is False:
            return False
        organisations = {
            self.enterprise_id,
            *(authorization.enterprise_id for authorization in self.authorizations or ()),
        }
        return user_team not in {None, team, *organisations}
