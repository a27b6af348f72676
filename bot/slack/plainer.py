"""A message that Slack refuses, in ways that ask less of it and still say the same."""

from collections.abc import Iterator, Sequence
from typing import Any

from bot.slack.pieces import packed, table_in_lines
from bot.slack.text import escape

Block = dict[str, Any]
CHART, TABLE, FEEDBACK = "data_visualization", "table", "context_actions"


def plainer(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Give the blocks of a message in steps, each asking less of Slack than the one before.

    First feedback buttons become plain ones; then charts go, which not every workspace has; then tables become lines of
    text; then only text, buttons and menus are left. The last step is no blocks at all, where Slack shows the message's
    text.
    """
    with_buttons = [_plain_buttons(block) if block["type"] == FEEDBACK else block for block in blocks]
    without_charts = [block for block in with_buttons if block["type"] != CHART]
    in_lines = [
        part
        for block in without_charts
        for part in (_sections(table_in_lines(block)) if block["type"] == TABLE else [block])
    ]
    bare = [part for block in in_lines for part in _bare(block)]
    last = list(blocks)
    for step in (with_buttons, without_charts, in_lines, bare, []):
        if step != last:
            yield step
        last = step


def _plain_buttons(row: Block) -> Block:
    """Give a row of feedback buttons as buttons; those of one row need an action_id each."""
    return {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "text": pair[side]["text"],
                "value": pair[side]["value"],
                "action_id": f"{pair['action_id']}:{side.partition('_')[0]}",
            }
            for pair in row["elements"]
            for side in ("positive_button", "negative_button")
        ],
    }


def _sections(lines: Sequence[str]) -> list[Block]:
    """Put lines of Slack's markup into as few sections as hold them."""
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text}} for text in packed(lines)]


def _bare(block: Block) -> list[Block]:
    match block["type"]:
        case "section" | "actions":
            return [block]
        case "context":
            return _sections([str(element["text"]) for element in block["elements"] if element.get("text")])
        case "header":
            return _sections([f"*{escape(block['text']['text'])}*"])
        case _:
            return []
