"""The buttons of a blind comparison: their ids and values are written and read here, and nowhere else.

As in `bot.slack.quiz_controls`, what earlier versions of the bot have posted is read too.
"""

from enum import StrEnum

import slackblocks as kit

from bot.domain.compare import Versions
from bot.slack.control_values import read_number
from bot.slack.interaction_payloads import BlockAction, SubmittedView
from bot.slack.payload_model import MalformedError

COMPARE = "compare_begin"  # value: the run, and perhaps the person
COMPARE_WITH = "compare_with"  # a view and its picker; its private_metadata: the run, and who it is not blind for
COMPARE_DO = "compare"  # with ":" and what it does; value: the comparison, and the versions of the answers it is about
COMPARE_LATER = "compare_later"  # with ":" and "yes" or "no"; value: the comparison, and the same

NOTHING = "-"  # in the metadata of a window, in place of a word that there is none for


class CompareCommand(StrEnum):
    """What a button does to a comparison."""

    ACCEPT = "accept"
    WITHDRAW = "withdraw"  # or decline
    AGREE = "agree"
    MUTE = "mute"  # want nothing more from who has invited
    UNMUTE = "unmute"


def compare_button(text: str, run_id: str, recipient: str = "") -> kit.Button:
    """Give the button that begins a comparison with the result of a run, with this person unless another is picked."""
    return kit.Button(text, action_id=COMPARE, value=" ".join(filter(None, [run_id, recipient])))


def read_compare(clicked: BlockAction) -> tuple[str, str | None]:
    """Give the run to be compared, and the person if the button names one. Raises MalformedError."""
    run_id, *recipient = clicked.words(most=2)
    return run_id, recipient[0] if recipient else None


def compare_metadata(run_id: str, known_to: str, asked_in: str) -> str:
    """Give what the window must know when it comes back, as `read_comparison_request` gives it."""
    return f"{run_id} {known_to or NOTHING} {asked_in or NOTHING}"


def read_comparison_request(view: SubmittedView) -> tuple[str, str | None, str | None, str]:
    """Give the run, who is to be invited, who the window has said it is not blind for, and where it was asked for.

    The last is the channel in which the command was typed, or empty. Raises MalformedError.
    """
    words = view.private_metadata.split(" ")
    if len(words) > len(("run", "known to", "asked in")) or not all(words):
        raise MalformedError("view.private_metadata: words_count")
    # A window that the version before has opened has not all of them.
    run_id, known_to, asked_in = ("" if word == NOTHING else word for word in [*words, "", ""][:3])
    return run_id, view.field(COMPARE_WITH).selected_user, known_to or None, asked_in


def comparison_button(
    text: str, comparison_id: str, command: CompareCommand, versions: Versions | None = None, *, primary: bool = False
) -> kit.Button:
    """Give a button that does something to a comparison; versions: of the answers that are agreed to."""
    value = " ".join([comparison_id, command.value, *map(str, versions or ())])
    return kit.Button(text, action_id=f"{COMPARE_DO}:{command}", value=value, style="primary" if primary else None)


def read_comparison(clicked: BlockAction) -> tuple[str, CompareCommand, Versions | None]:
    """Give the comparison, what a button does to it, and the answers that are agreed to. Raises MalformedError."""
    comparison_id, command, *versions = clicked.words(least=2, most=4)
    if command not in set(CompareCommand) or len(versions) != (2 if command == CompareCommand.AGREE else 0):
        raise MalformedError("actions.0.value: action_unknown")
    return (
        comparison_id,
        CompareCommand(command),
        (read_number(versions[0]), read_number(versions[1])) if versions else None,
    )


def changed_button(text: str, comparison_id: str, *, changed: bool) -> kit.Button:
    """Give a button that says whether something has changed since a comparison."""
    choice = "yes" if changed else "no"
    return kit.Button(text, action_id=f"{COMPARE_LATER}:{choice}", value=f"{comparison_id} {choice}")


def read_changed(clicked: BlockAction) -> tuple[str, bool]:
    """Give the comparison, and whether something has changed since. Raises MalformedError."""
    comparison_id, choice = clicked.words(least=2, most=2)
    if choice not in ("yes", "no"):
        raise MalformedError("actions.0.value: choice_unknown")
    return comparison_id, choice == "yes"
