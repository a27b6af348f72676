"""What messages are made of: Block Kit by slackblocks, and the text that says the same."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import slackblocks as kit

from bot.domain.content import Table
from bot.knowledge.slack_limits import MAX_SECTION_TEXT
from bot.slack.text import escape

FOLDED = 250  # characters, from which on Slack may fold a section; it does not say when, and this is soon enough
DASH = "–"  # Slack refuses a table cell without text


@dataclass(frozen=True)
class Message:
    """What `chat.postMessage` and `chat.update` take: blocks, and a text for notifications and screen readers."""

    text: str
    blocks: tuple[dict[str, Any], ...]


def message(parts: Iterable[kit.Block], lines: Iterable[str]) -> Message:
    """Put a message together; `lines` are those of its text. Raises slackblocks' errors for what Slack refuses."""
    # slackblocks checks the limits of a whole message when it makes one; the channel is not part of what we render.
    payload = kit.WebhookMessage(blocks=list(parts)).to_dict()
    return Message("\n".join(lines), tuple(finished(block) for block in payload["blocks"]))


def joined(*messages: Message) -> Message:
    """Put messages one below the other; one without a text, such as a row of buttons, adds only its blocks."""
    text = "\n".join(part.text for part in messages if part.text)
    return Message(text, tuple(block for part in messages for block in part.blocks))


def finished(block: dict[str, Any]) -> dict[str, Any]:
    """Give a block as we send it: without the random id that slackblocks makes, and unfolded if it is long.

    Our own ids hold a colon, and Slack needs no others. Source of `expand`, which slackblocks does not know:
    docs.slack.dev/reference/block-kit/blocks/section-block.
    """
    ours = {key: value for key, value in block.items() if key != "block_id" or ":" in value}
    text = ours.get("text", {}).get("text", "") if ours["type"] == "section" else ""
    return ours | {"expand": True} if len(text) > FOLDED else ours


def finished_view(view: kit.ModalView | kit.HomeTabView) -> dict[str, Any]:
    """Give a window, or a Home tab, as we send it: its blocks as `finished` has them."""
    rendered = view.to_dict()
    return {**rendered, "blocks": [finished(block) for block in rendered["blocks"]]}


def plain(text: str) -> Message:
    """Give a message of nothing but text, of Slack's markup."""
    return message(sections(text), [text])


def addressed(person: str, told: Message) -> Message:
    """Have a message begin with somebody's mention, so that Slack notifies them; its first block is a section.

    The colon keeps their name apart from another that may follow: "@Ana: @Mei would like to talk".
    """
    first, *rest = told.blocks
    lead = {**first["text"], "text": f"{person}: {first['text']['text']}"}
    return Message(f"{person}: {told.text}", ({**first, "text": lead}, *rest))


def section(text: str, accessory: kit.Element | None = None) -> kit.SectionBlock:
    """Give a section of Slack's markup, with what stands to its right."""
    return kit.SectionBlock(kit.Markdown(text), accessory=accessory)


def sections(*texts: str) -> list[kit.SectionBlock]:
    """Give texts of Slack's markup in a section each; one that is too long is parted between its lines or words."""
    return [
        section(part)
        for text in texts
        for part in (packed(text.split("\n")) if len(text) > MAX_SECTION_TEXT else [text])
    ]


def context(text: str) -> kit.ContextBlock:
    """Give a line in small print, of Slack's markup."""
    return kit.ContextBlock([kit.Markdown(text)])


def table(excerpt: Table) -> kit.TableBlock:
    """Render a table, header row first; all columns wrap, because cells hold sentences."""
    rows = [[excerpt.corner, *(column.label for column in excerpt.columns)]]
    rows += [[row.label, *(row.cells[column.id] for column in excerpt.columns)] for row in excerpt.rows]
    cells: list[list[Any]] = [[kit.RawText(text or DASH) for text in row] for row in rows]
    return kit.TableBlock(cells, column_settings=[kit.ColumnSettings(is_wrapped=True) for _ in rows[0]])


def packed(lines: Sequence[str]) -> list[str]:
    """Put lines of Slack's markup into as few texts as sections take; what is too long for one by itself is cut off."""
    texts = [""]
    for line in lines:
        longer = f"{texts[-1]}\n{line}".lstrip("\n")
        if len(longer) <= MAX_SECTION_TEXT:
            texts[-1] = longer
        else:
            texts.append(line[: MAX_SECTION_TEXT - 1] + "…" if len(line) > MAX_SECTION_TEXT else line)
    return [text for text in texts if text]


def in_lines(excerpt: Table) -> list[str]:
    """Say a table in lines of Slack's markup, one for each cell; one for each row where it has many of both."""
    if len(excerpt.rows) == 1:
        [row] = excerpt.rows
        lines = [f"*{escape(column.label)}:* {escape(row.cells[column.id])}" for column in excerpt.columns]
        return [f"*{escape(row.label)}*", *lines]
    if len(excerpt.columns) == 1:
        [column] = excerpt.columns
        return [f"*{escape(row.label)}:* {escape(row.cells[column.id])}" for row in excerpt.rows]
    columns = [column.label for column in excerpt.columns]
    return rows_in_lines(
        columns, [[row.label, *(row.cells[column.id] for column in excerpt.columns)] for row in excerpt.rows]
    )


def rows_in_lines(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Say rows in lines of Slack's markup; each row is its label and a text for each of the columns."""
    lines = []
    for label, *cells in rows:
        told = "; ".join(f"{escape(column)}: {escape(cell)}" for column, cell in zip(columns, cells, strict=True))
        lines.append(f"• *{escape(label)}:* {told}" if told else f"• {escape(label)}")
    return lines


def table_in_lines(block: Mapping[str, Any]) -> list[str]:
    """Say a table block in lines of Slack's markup, one for each row."""
    (_, *columns), *rows = [[str(cell.get("text", "")) for cell in row] for row in block["rows"]]
    return rows_in_lines(columns, rows)
