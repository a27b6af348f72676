"""Names that never repeat: message timestamps, and the ids Slack makes unique."""

import secrets
import string
import uuid
from collections.abc import Callable


def unique(prefix: str = "") -> str:
    """Return an id nobody had before, also not an earlier run of the workspace."""
    return prefix + uuid.uuid4().hex


def object_id(prefix: str) -> str:
    """Return an id such as Slack gives to events, files and views: a prefix, capitals and digits, `Ev0PV52K21Q`."""
    return f"{prefix}0{''.join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(9))}"


class Timestamps:
    """Message timestamps: `seconds.microseconds`, each later than the one before."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        """Return the current time, moved on by a microsecond where two would be equal."""
        self._last = max(self._last + 1, int(self._clock() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"
