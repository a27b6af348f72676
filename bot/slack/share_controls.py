"""Buttons, fields and windows of sharing: their ids and values are written and read here, as `controls` has it."""

from dataclasses import dataclass
from enum import StrEnum

import slackblocks as kit

from bot.domain.share import MAX_NOTE, Part, Place
from bot.slack.control_values import read_timestamp
from bot.slack.interaction_payloads import BlockAction, SubmittedView
from bot.slack.payload_model import MalformedError

SHARE = "share_begin"  # value: the run
SHARE_UPDATE = "share_update"  # value: the share
SHARE_WITHDRAW = "share_withdraw"  # with ":" and the share; value: the share
SHARE_TO, SHARE_PARTS, SHARE_NOTE, SHARE_PLACE = "share_to", "share_parts", "share_note", "share_place"  # inputs
SHARE_CHOOSE = "share_choose"  # a view; its private_metadata: the run, and the share whose copy is to be replaced
SHARE_CONFIRM = "share_confirm"  # a view; its private_metadata: a version, the run, the share, a digest of its message
SHARE_ALLOW = "share_allow"  # in a list, to get shares again; with ":" and the share; value: the share
SHARE_PASS_ON, SHARE_KEEP = "share_pass_on", "share_keep"  # value: the share, and the ts of what was replied
# Of before sharing had a window, which may stand in threads: a menu of people, and two buttons below a preview.
FORMER_SHARING = ("share_with", "share_send", "share_cancel")


class CopyCommand(StrEnum):
    """What the recipient does by a button of a copy; the value is the button's action_id, whose value is the share."""

    SEEN = "share_seen"
    TALK = "share_talk"
    TABLE = "share_table"
    MUTE = "share_mute"
    UNMUTE = "share_unmute"


def share_button(text: str, run_id: str, *, primary: bool = True) -> kit.Button:
    """Give the button that begins sharing a result."""
    return kit.Button(text, action_id=SHARE, value=run_id, style="primary" if primary else None)


def update_button(text: str, share_id: str) -> kit.Button:
    """Give the button that begins to replace the copy of a share; once in a message."""
    return kit.Button(text, action_id=SHARE_UPDATE, value=share_id, style="primary")


def copy_button(text: str, command: CopyCommand, share_id: str, *, primary: bool = False) -> kit.Button:
    """Give a button for the recipient of a share; each once in a message."""
    return kit.Button(text, action_id=command.value, value=share_id, style="primary" if primary else None)


def read_copy_command(clicked: BlockAction) -> tuple[str, CopyCommand]:
    """Give the share and what its recipient has clicked. Raises MalformedError."""
    return read_share(clicked), CopyCommand(clicked.action_id)


def withdraw_button(text: str, share_id: str, sure: kit.ConfirmationDialogue) -> kit.Button:
    """Give the button that withdraws a share, once somebody is sure."""
    return kit.Button(text, action_id=f"{SHARE_WITHDRAW}:{share_id}", value=share_id, style="danger", confirm=sure)


def allow_button(text: str, share_id: str) -> kit.Button:
    """Give the button by which somebody gets shares again from whom they muted with a share or a comparison."""
    return kit.Button(text, action_id=f"{SHARE_ALLOW}:{share_id}", value=share_id)


def read_share(clicked: BlockAction) -> str:
    """Give the share that a button is about. Raises MalformedError."""
    return clicked.words()[0]


def pass_on_buttons(yes: str, no: str, share_id: str, ts: str) -> kit.ActionsBlock:
    """Give the two buttons by which a reply to a share is passed on, or is not; ts: of the reply."""
    value = f"{share_id} {ts}"
    return kit.ActionsBlock(
        [
            kit.Button(yes, action_id=SHARE_PASS_ON, value=value, style="primary"),
            kit.Button(no, action_id=SHARE_KEEP, value=value),
        ]
    )


def read_pass_on(clicked: BlockAction) -> tuple[str, str, bool]:
    """Give the share, the ts of the reply, and whether to pass it on. Raises MalformedError."""
    share_id, ts = clicked.words(least=2, most=2)
    return share_id, read_timestamp(ts), clicked.action_id == SHARE_PASS_ON


@dataclass(frozen=True)
class ChosenShare:
    """What somebody has chosen in the window of sharing. recipient: None if it is to update the share `updates`."""

    run: str
    updates: str | None
    recipient: str | None
    parts: tuple[Part, ...]
    note: str
    place: Place


def choose_metadata(run_id: str, updates: str | None) -> str:
    """Give what the window of sharing must know when it comes back."""
    return " ".join(filter(None, [run_id, updates]))


def read_chosen_share(view: SubmittedView) -> ChosenShare:
    """Give what was chosen in the window of sharing. Raises MalformedError."""
    run_id, *updates = view.private_metadata.split(" ")
    if not run_id or len(updates) > 1:
        raise MalformedError("view.private_metadata: words_count")
    ticked = {option.value for option in view.field(SHARE_PARTS).selected_options or ()}
    chosen_place = view.field(SHARE_PLACE).selected_option
    if not ticked <= set(Part) or (chosen_place and chosen_place.value not in set(Place)):
        raise MalformedError("view.state.values: option_unknown")
    return ChosenShare(
        run_id,
        updates[0] if updates else None,
        view.field(SHARE_TO).selected_user,
        tuple(part for part in Part if part in ticked),
        view.entered(SHARE_NOTE).strip()[:MAX_NOTE],
        Place(chosen_place.value) if chosen_place else Place.DIRECT,
    )


_CONFIRM_VERSION = "1"


def confirm_metadata(run_id: str, share_id: str, digest: str) -> str:
    """Give what the window of a preview must know when it comes back; digest: of the message that it shows."""
    return f"{_CONFIRM_VERSION} {run_id} {share_id} {digest}"


def read_confirmed_share(view: SubmittedView) -> tuple[str, str, str] | None:
    """Give run, share and digest of what was previewed; None for what we have not written."""
    version, *words = view.private_metadata.split(" ")
    if version != _CONFIRM_VERSION or len(words) != 3 or not all(words):
        return None
    run_id, share_id, digest = words
    return run_id, share_id, digest
