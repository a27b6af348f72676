"""What one example is, and what the examples are of: ids, times and a person."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from bot.slack.pieces import Message

# As long as Slack's own may be.
RUN, SHARE, USER, LINK = "r" * 20, "s" * 20, "U" * 12, "https://example.slack.com/archives/D1/p1"
ASKED = "1764327463.123456"  # when a question was asked
BEGUN = datetime(2026, 11, 20, tzinfo=UTC)
TODAY = date(2026, 11, 28)

View = dict[str, Any]


@dataclass(frozen=True)
class Rendering:
    """Something that the bot can show: its name, such as "answer mts", and what renders it.

    A view is a Home tab or a modal. `render` raises slackblocks' errors for what is beyond a limit of Slack's.
    """

    name: str
    render: Callable[[], Message | View]
