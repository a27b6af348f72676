"""What Slack sends for what somebody typed -> the characters that a person reads there."""

import re

from bot.domain.matching_text import LABELLED, normalized

_ADDRESS = re.compile(r"<((?:https?|mailto|tel):[^|<>]*)>")
_BULLET = re.compile(r"^[ \t]*(?:[•◦▪‣*–—-]|&gt;)\s+", re.MULTILINE)
# Around words, not within them: "*b*", "_b_", `b`, "“b”". A run of marks is looked at once, and as a whole.
_MARKS = re.compile(r"(?<![\w*~`\"“”‘'])[*_~`\"“”‘']++(?=\w)|(?<=[^\W_]|[.!?)])[*_~`\"“”’']++(?!\w)")
_EMOJI = re.compile(r":([a-z0-9_+\-]+):(?::skin-tone-\d:)?")
_MEANS = {
    **{name: str(digit) for digit, name in enumerate(("one", "two", "three", "four", "five", "six"), 1)},
    **{letter: letter for letter in ("a", "b")},
    **dict.fromkeys(("+1", "thumbsup", "white_check_mark", "heavy_check_mark", "ok_hand"), "yes"),
    **dict.fromkeys(("-1", "thumbsdown", "x", "no_entry_sign"), "no"),
}


def plain(text: str) -> str:
    """Give what a person typed: without Slack's escapes, links, markup and bullets, in one form of each character.

    Emoji that stand for a number, a letter, yes or no are read as that word; others stay as Slack names them.
    Source of the escapes: docs.slack.dev/messaging/formatting-message-text#escaping
    """
    text = _ADDRESS.sub(r"\1", LABELLED.sub(r"\1", text))
    if not text.isascii():
        text = normalized(text)
    text = _MARKS.sub("", _BULLET.sub("", text))
    text = _EMOJI.sub(lambda emoji: _MEANS.get(emoji[1], emoji[0]), text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
