"""The button of `/rolefit forget-me`: its id and value."""

import slackblocks as kit

FORGET_ME = "privacy_forget"  # value: of no meaning, as whoever clicks is forgotten


def forget_button(text: str, sure: kit.ConfirmationDialogue) -> kit.Button:
    """Give the button by which whoever clicks it is forgotten, once they are sure."""
    return kit.Button(text, action_id=FORGET_ME, value="me", style="danger", confirm=sure)
