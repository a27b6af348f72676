"""Slack's text: what people wrote, and what is safe to write."""

import re
from datetime import date


class Mrkdwn(str):
    """Text that is already Slack's markup, made by us and never by somebody who typed it."""

    __slots__ = ()


def escape(text: str) -> str:
    """Neutralise the three characters that make mentions and links.

    Source: docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fill(template: str, **slots: str) -> Mrkdwn:
    """Fill a template from words.yaml; everything is escaped but what is Mrkdwn already."""
    filled = {name: text if isinstance(text, Mrkdwn) else escape(text) for name, text in slots.items()}
    return Mrkdwn(escape(template).format(**filled))


def written_out(day: date) -> str:
    """Write a day out: "28 November 2026"."""
    return f"{day.day} {day:%B %Y}"


def mention(user: str) -> Mrkdwn:
    """Name a person by a mention; the id comes from Slack, not from what somebody typed."""
    return Mrkdwn(f"<@{user}>")


def contact(where: str) -> Mrkdwn:
    """Link to who can be asked, given as ROLEFIT_SUPPORT has it: an https or e-mail address, or an id of Slack.

    Source: docs.slack.dev/messaging/formatting-message-text, for links to e-mail and mentions of channels.
    """
    if where.startswith("https://"):
        return Mrkdwn(f"<{escape(where)}>")
    if "@" in where:
        return Mrkdwn(f"<mailto:{escape(where)}|{escape(where)}>")
    return mention(where) if where[0] in "UW" else Mrkdwn(f"<#{where}>")


def portions(text: str, most: int) -> list[Mrkdwn]:
    """Part what somebody wrote, as Slack has it, into portions of at most so many characters, in their order.

    It is parted between words, and a longer word within it; no mention, link or escaped character is torn.
    """
    written, parts = quotable(text, 2 * len(text) + 1), [""]
    for word in re.findall(r"(?:<[^<>]*>|[^\s<])+|\s|<", written):
        if len(parts[-1]) + len(word) <= most:
            parts[-1] += word
            continue
        parts.append("")
        for piece in re.findall(r"<[^<>]*>|&\w{1,8};|.", word, re.DOTALL):
            if len(parts[-1]) + len(piece) > most:
                parts.append("")
            parts[-1] += piece
    return [Mrkdwn(part) for part in parts if part.strip()]


def quotable(text: str, most: int) -> Mrkdwn:
    """Give what somebody wrote, as Slack has it, to be shown to one person: at most so many characters of it.

    Slack has escaped it; mentions of people, channels and links stay, and what would call many is written out.
    Source: docs.slack.dev/messaging/formatting-message-text#retrieving-messages
    """
    shown = re.sub(r"<!(?:subteam\^\w+\||date\^[^|<>]*\|)?@?([^<>|^]*)(?:[|^][^<>]*)?>", r"@\1", text)
    if len(shown) > most:
        shown = re.sub(r"(?:<[^<>]*|&\w{0,4})$", "", shown[: most - 1]).rstrip() + "…"
    return Mrkdwn(shown)


def without_mention(text: str, user: str) -> str:
    """Take the mentions of one user, such as the bot's own, out of what somebody wrote."""
    return re.sub(rf"<@{re.escape(user)}(?:\|[^<>]*)?>", " ", text).strip()


def mentions(text: str, user: str) -> bool:
    """Say whether a text mentions this user."""
    return f"<@{user}>" in text or f"<@{user}|" in text


def begins_with_mention(text: str, user: str) -> bool:
    """Say whether a text speaks to this user first of all, after a greeting at most."""
    greeting = r"\W*(?:(?:hi|hey|hello|ok|okay|so|and|dear)\W+)?"
    return re.match(rf"{greeting}<@{re.escape(user)}[|>]", text, re.IGNORECASE) is not None
