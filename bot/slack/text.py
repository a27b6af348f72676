"""Slack's text: what people wrote, and what is safe to write."""

import re
from datetime import date, datetime


class Mrkdwn(str):
    """Text that is already Slack's markup, made by us and never by somebody who typed it."""

    __slots__ = ()


_NO_CHARACTER = re.compile("[\x00\ud800-\udfff]")  # what no database of ours takes, though JSON can say it


def storable(text: str) -> str:
    """Give what somebody wrote with the sign for what cannot be read in place of half a character, and of a zero."""
    return _NO_CHARACTER.sub("\ufffd", text)


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


def linked(address: str | None, text: str) -> Mrkdwn:
    """Link a plain text to an address; without one it is just the text."""
    return Mrkdwn(f"<{escape(address)}|{escape(text)}>" if address else escape(text))


def contact(where: str) -> Mrkdwn:
    """Link to who can be asked, given as ROLEFIT_SUPPORT has it: an https or e-mail address, or an id of Slack.

    Source: docs.slack.dev/messaging/formatting-message-text, for links to e-mail and mentions of channels.
    """
    if where.startswith("https://"):
        return Mrkdwn(f"<{escape(where)}>")
    if "@" in where:
        return linked(f"mailto:{where}", where)
    return mention(where) if where[0] in "UW" else Mrkdwn(f"<#{where}>")


def quoted_in_portions(text: str, most: int) -> list[Mrkdwn]:
    """Quote what somebody wrote, as Slack has it, in portions of at most so many characters, marks of lines included.

    Slack has escaped it; mentions of people, channels and links stay, and what would call many is written out. It is
    parted between words, and a word that is longer than a portion within it; nothing shorter is torn.
    Source: docs.slack.dev/messaging/formatting-message-text#retrieving-messages
    """
    shown = re.sub(r"<!(?:subteam\^\w+\||date\^[^|<>]*\|)?@?([^<>|^]*)(?:[|^][^<>]*)?>", r"@\1", text)
    quoted, parts, room = "\n".join(f"> {line}" for line in shown.splitlines()), [""], most - len("> ")
    for word in re.findall(r"(?:<[^<>]*>|[^\s<])+|\s|<", quoted):
        pieces = [word] if len(word) <= room else re.findall(r"<[^<>]*>|&\w{1,8};|.", word)
        for piece in pieces:
            for at in range(0, len(piece), room):
                if len(parts[-1]) + len(piece[at : at + room]) > room:
                    parts.append("")
                parts[-1] += piece[at : at + room]
    # A portion may begin within a line.
    return [Mrkdwn(part if part.startswith("> ") else f"> {part}") for part in parts if part.strip("> \n")]


def without_mention(text: str, user: str) -> str:
    """Take the mentions of one user, such as the bot's own, out of what somebody wrote."""
    if not mentions(text, user):  # as most do not
        return text.strip()
    return re.sub(rf"<@{re.escape(user)}(?:\|[^<>]*)?>", " ", text).strip()


def mentions(text: str, user: str) -> bool:
    """Say whether a text mentions this user."""
    return f"<@{user}>" in text or f"<@{user}|" in text


def begins_with_mention(text: str, user: str) -> bool:
    """Say whether a text speaks to this user first of all, after a greeting at most."""
    greeting = r"\W*(?:(?:hi|hey|hello|ok|okay|so|and|dear)\W+)?"
    return re.match(rf"{greeting}<@{re.escape(user)}[|>]", text, re.IGNORECASE) is not None


def day(at: datetime) -> Mrkdwn:
    """Let Slack write a day as its reader does. Source: docs.slack.dev/messaging/formatting-message-text#date."""
    return Mrkdwn(f"<!date^{int(at.timestamp())}^{{date_long}}|{at:%Y-%m-%d}>")


def moment(at: datetime) -> Mrkdwn:
    """Let Slack write a day and a time of it as its reader does; the same source."""
    return Mrkdwn(f"<!date^{int(at.timestamp())}^{{date_long}} at {{time}}|{at:%Y-%m-%d %H:%M} UTC>")
