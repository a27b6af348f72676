"""What Slack sends when somebody clicks, submits a view, or uses a shortcut or a command.

Source: docs.slack.dev/reference/interaction-payloads.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from bot.slack.payload_model import Address, Id, MalformedError, Named, PayloadModel, Text, Timestamp

MAX_ENTERED, MAX_METADATA = 3000, 3000  # characters, as Slack has them for inputs and views


class Person(PayloadModel):
    """Who clicked."""

    id: Id
    team_id: str | None = None


class Container(PayloadModel):
    """Where what was clicked stands: in a message, which may be seen by one person only, or in a view."""

    type: str | None = None
    message_ts: Timestamp | None = None
    channel_id: str | None = None


class ClickedMessage(PayloadModel):
    """The message that holds what was clicked."""

    ts: Timestamp
    thread_ts: Timestamp | None = None


class ClickedView(PayloadModel):
    """The view that holds what was clicked; Bolt asks it for the workspace."""

    type: str | None = None
    app_installed_team_id: str | None = None
    team_id: str | None = None


class SelectedOption(PayloadModel):
    """What was chosen in a menu."""

    value: str


class BlockAction(PayloadModel):
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


class Interaction(PayloadModel):
    """What somebody did with something of ours, and in which workspace."""

    user: Person
    team: Named | None = None
    enterprise: Named | None = None
    is_enterprise_install: bool | None = None


@dataclass(frozen=True)
class MessagePlace:
    """Where a message stands that was clicked."""

    channel: str
    ts: str
    thread_ts: str | None


class BlockActions(Interaction):
    """A click on an interactive element."""

    argument: ClassVar = "block_actions"
    kind: ClassVar = "block_actions"

    type: Literal["block_actions"]
    channel: Named | None = None
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
    def place(self) -> MessagePlace:
        """Where the message stands that was clicked. Raises MalformedError if it was none."""
        if self.message is None or self.channel is None:
            raise MalformedError("message: missing" if self.message is None else "channel: missing")
        return MessagePlace(self.channel.id, self.message.ts, self.message.thread_ts)

    @property
    def ephemeral_place(self) -> MessagePlace:
        """Where a message stands that one person sees, of which Slack shows us no more. Raises MalformedError."""
        if not self.container.channel_id or not self.container.message_ts:
            raise MalformedError("container: missing")
        return MessagePlace(self.container.channel_id, self.container.message_ts, None)

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


class Entered(PayloadModel):
    """What was entered into one element of a view."""

    value: Annotated[Text, StringConstraints(max_length=MAX_ENTERED)] | None = None
    selected_user: str | None = None
    selected_option: SelectedOption | None = None
    selected_options: list[SelectedOption] | None = None


class ViewState(PayloadModel):
    """What was entered into a view: by block, then by element."""

    values: dict[str, dict[str, Entered]]


class SubmittedView(PayloadModel):
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


class ViewSubmission(Interaction):
    """The submission of a modal."""

    argument: ClassVar = "view_submission"
    kind: ClassVar = "view_submission"

    type: Literal["view_submission"]
    view: SubmittedView


class ShortcutMessage(PayloadModel):
    """The message that a shortcut was used on."""

    ts: Timestamp
    thread_ts: Timestamp | None = None
    user: str | None = None
    bot_id: str | None = None
    text: Text | None = None


class MessageShortcut(Interaction):
    """A shortcut that somebody used on a message."""

    argument: ClassVar = "message_shortcut"
    kind: ClassVar = "message_shortcut"

    type: Literal["message_action"]
    callback_id: Id
    channel: Named
    message: ShortcutMessage
    action_ts: Timestamp
    response_url: Address


class SlashCommand(PayloadModel):
    """A slash command that somebody typed."""

    argument: ClassVar = "slash_command"
    kind: ClassVar = "command"

    command: Id
    text: Text | None = None
    user_id: Id
    channel_id: Id
    team_id: str | None = None
    enterprise_id: str | None = None
    is_enterprise_install: bool | str | None = None
    response_url: Address
    trigger_id: Id | None = None  # opens one view, within three seconds
