"""The last exchanges between the workspace and its bots, for the page's inspector."""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

from bot.local.stream import Stream

Json = dict[str, Any]
KEPT = 500
SECRETS = frozenset({"token", "client_secret", "refresh_token"})

Way = Literal["to_bot", "from_bot"]
Sort = Literal["event", "command", "action", "view", "api", "ack", "socket"]


class Traffic:
    """A ring buffer of 500 exchanges, numbered from 1; tokens are left out."""

    def __init__(self, stream: Stream, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock
        self._entries: deque[Json] = deque(maxlen=KEPT)
        self._count = 0

    def record(
        self, app: str, way: Way, sort: Sort, name: str, status: str, *, request: Any = None, response: Any = None
    ) -> None:
        """Keep one exchange with an app, named by its id, and show it to open pages."""
        self._count += 1
        entry: Json = {
            "n": self._count,
            "at": datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds"),
            "app": app,
            "direction": way,
            "kind": sort,
            "name": name,
            "status": status,
            "request": without_secrets(request),
            "response": without_secrets(response),
        }
        self._entries.append(entry)
        self._stream.push({"type": "traffic", "entry": entry})

    def after(self, n: int) -> list[Json]:
        """Return the entries with a number above n, oldest first."""
        return [entry for entry in self._entries if entry["n"] > n]


def without_secrets(value: Any) -> Any:
    """Return an object without the fields that hold tokens."""
    if not isinstance(value, dict):
        return value
    return {name: inner for name, inner in value.items() if name not in SECRETS}
