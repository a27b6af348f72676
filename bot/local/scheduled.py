"""Messages that are scheduled to be posted later."""

import asyncio
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Scheduled:
    """One message. entry: what chat.scheduledMessages.list says of it. task: posts it."""

    entry: dict[str, Any]
    task: "asyncio.Task[None]" = field(repr=False)
