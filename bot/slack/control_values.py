"""What buttons and menus have in common: labels that fit, and parts of values that are checked as they are read."""

import re

from bot.knowledge.slack_limits import MAX_BUTTON_TEXT
from bot.slack.payload_model import MalformedError

_MOST_DIGITS = 6  # of a prompt's or a page's number, or of the version of answers
_TIMESTAMP = re.compile(r"[0-9]{1,12}\.[0-9]{1,12}")


def label(text: str) -> str:
    """Shorten a text to what a button takes."""
    return text if len(text) <= MAX_BUTTON_TEXT else text[: MAX_BUTTON_TEXT - 1].rstrip() + "…"


def read_timestamp(text: str) -> str:
    """Read the ts of a message. Raises MalformedError."""
    if not _TIMESTAMP.fullmatch(text):
        raise MalformedError("actions.0.value: timestamp")
    return text


def read_number(text: str) -> int:
    """Read the number of a prompt or a page, or the version of answers. Raises MalformedError."""
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        raise MalformedError("actions.0.value: int_parsing")
    return int(text)
