"""Slack's wire text: `&`, `<` and `>` as entities, and `<…>` for mentions and links.

Source: docs.slack.dev/messaging/formatting-message-text.
"""

import re
from collections.abc import Mapping

TOKEN = re.compile(r"<(?:@|#|!|https?:|mailto:|tel:|slack:)[^<>\n]+>")
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt);)")


def normalise(text: str) -> str:
    """Return text as Slack stores it: tokens kept, every other `&`, `<`, `>` turned into its entity."""
    parts: list[str] = []
    end = 0
    for token in TOKEN.finditer(text):
        parts += [_entities(text[end : token.start()]), token.group()]
        end = token.end()
    parts.append(_entities(text[end:]))
    return "".join(parts)


def _entities(text: str) -> str:
    return _ENTITY.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str) -> str:
    """Return text with its entities decoded; tokens are left as they are."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def mentions(text: str, user: str) -> bool:
    """Tell whether the text mentions the user, with or without a label."""
    return f"<@{user}>" in text or f"<@{user}|" in text


def as_typed(text: str, names: Mapping[str, str]) -> str:
    """Return text as it looked in the message field: mentions as @name, links bare, entities decoded.

    names: display names by id. A slash command's text comes so unless the manifest says should_escape.
    """

    def show(token: re.Match[str]) -> str:
        target, _, label = token.group()[1:-1].partition("|")
        if target[0] in "@#":
            return target[0] + names.get(target[1:], label or target[1:])
        return "@" + target[1:] if target.startswith("!") else label or target

    return plain(TOKEN.sub(show, text))


def labelled(text: str, names: Mapping[str, str]) -> str:
    """Return text with each mention labelled, `<@U…|name>`, as a command with should_escape gets it."""

    def label(token: re.Match[str]) -> str:
        target = token.group()[1:-1].partition("|")[0]
        return f"<{target}|{names[target[1:]]}>" if target[1:] in names else token.group()

    return TOKEN.sub(label, text)
