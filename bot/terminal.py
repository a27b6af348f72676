"""Messages as they are rendered for Slack -> text of the terminal, with tables as tables.

Buttons and menus are left out: whoever shows a message says what can be typed instead.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.table import Column, Table
from rich.text import Text

from bot.slack.pieces import Message

# What Slack reads as markup; docs.slack.dev/messaging/formatting-message-text
_MARKUP = re.compile(
    r"```\n?(?P<block>.*?)\n?```"
    r"|<(?P<target>[^<>|]+)(?:\|(?P<label>[^<>]*))?>"
    r"|(?<!\w)\*(?P<bold>[^*\n]+)\*(?!\w)"
    r"|(?<!\w)_(?P<italic>[^_\n]+)_(?!\w)"
    r"|`(?P<code>[^`\n]+)`",
    re.DOTALL,
)


def show(message: Message, console: Console) -> None:
    """Print a message, an empty line before each of its parts."""
    for part in parts(message):
        console.print()
        console.print(part)


def parts(message: Message) -> Iterator[RenderableType]:
    """Give what the blocks of a message show, in their order."""
    for block in message.blocks:
        match block["type"]:
            case "section":
                yield formatted(block["text"]["text"])
            case "context":
                for element in block["elements"]:
                    if "text" in element:
                        text = formatted(element["text"])
                        text.stylize("dim")
                        yield text
            case "header":
                yield Text(block["text"]["text"], style="bold")
            case "table":
                yield _table(block)
            case "divider":
                yield Rule()


def formatted(markup: str) -> Text:
    """Give text in Slack's markup as text with styles; a link shows its address only if it has no other words."""
    text, end = Text(), 0
    for span in _MARKUP.finditer(markup):
        text.append(unescape(markup[end : span.start()]))
        end = span.end()
        match span.lastgroup:
            case "block" | "code" as kind:
                text.append(unescape(span[kind]), style="cyan" if kind == "code" else "")
            case "bold" | "italic" as kind:
                inner = formatted(span[kind])
                inner.stylize(kind)
                text.append_text(inner)
            case _:
                text.append_text(_link(span["target"], span["label"]))
    text.append(unescape(markup[end:]))
    return text


def _link(target: str, label: str | None) -> Text:
    if target[0] in "@#!":  # a person, a channel or a date, which Slack would write out
        return Text(unescape(label or target))
    address = unescape(target)
    return Text(unescape(label or target).removeprefix("mailto:"), style=f"link {address}")


def _table(block: dict[str, Any]) -> Table:
    """Give a table, whose first row is the heading."""
    heading, *rows = [[Text(str(cell.get("text", ""))) for cell in row] for row in block["rows"]]
    table = Table(*(Column(cell) for cell in heading), show_lines=True)
    for row in rows:
        table.add_row(*row)
    return table
