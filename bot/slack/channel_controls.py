"""The buttons by which a channel's members say how the bot behaves there: their ids and values."""

import slackblocks as kit

from bot.domain.manners import Mode
from bot.slack.interaction_payloads import BlockAction
from bot.slack.payload_model import MalformedError

EDITORS_HERE = "editors_channel"  # value: whether what is for the editors comes to the channel where the button stands
SET_MODE = "channel_mode"  # with ":" and the mode; value: the mode, and "shared" under the greeting of such a channel


def mode_button(text: str, mode: Mode, *, chosen: bool, shared: bool) -> kit.Button:
    """Give the button that sets a channel's mode."""
    value = f"{mode.value} shared" if shared else mode.value
    return kit.Button(text, action_id=f"{SET_MODE}:{mode.value}", value=value, style="primary" if chosen else None)


def editors_button(text: str, *, here: bool) -> kit.Button:
    """Give the button that makes this channel the editors', or ends that."""
    return kit.Button(text, action_id=EDITORS_HERE, value="here" if here else "nowhere")


def read_editors(clicked: BlockAction) -> bool:
    """Say whether this channel is to be the editors'. Raises MalformedError."""
    return clicked.words()[0] == "here"


def read_mode(clicked: BlockAction) -> tuple[Mode, bool]:
    """Give the mode that was chosen, and whether under the greeting of a shared channel. Raises MalformedError."""
    name, *shared = clicked.words(most=2)
    if name not in set(Mode):
        raise MalformedError("actions.0.value: mode_unknown")
    return Mode(name), shared == ["shared"]
