"""Names that never repeat: message timestamps, and the ids Slack makes unique."""

import hashlib
import secrets
import string
import uuid
from collections.abc import Callable

_ALPHABET = string.ascii_uppercase + string.digits
_LENGTH = 11  # characters; Slack's ids have 9 to 11


def unique(prefix: str = "") -> str:
    """Return an id nobody had before, also not an earlier run of the workspace."""
    return prefix + uuid.uuid4().hex


def object_id(prefix: str) -> str:
    """Return a new id of the form of Slack's: `prefix`, then capitals and digits, 11 characters, `Ev08PV52K21`."""
    return f"{prefix}0{''.join(secrets.choice(_ALPHABET) for _ in range(_LENGTH - len(prefix) - 1))}"


def derived_id(prefix: str, *parts: str) -> str:
    """Return the id of that form which belongs to these parts: the same parts give the same id in every run."""
    number = int.from_bytes(hashlib.blake2s("\0".join((prefix, *parts)).encode()).digest())
    letters: list[str] = []
    for _ in range(_LENGTH - len(prefix) - 1):
        number, letter = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return f"{prefix}0{''.join(letters)}"


def new_trigger_id(team: str) -> str:
    """Return a new trigger_id: a number, the team's number, a secret, `13345224609.738474920.8088930838d88f008e0`."""
    of_team = int.from_bytes(hashlib.blake2s(team.encode(), digest_size=4).digest())
    return f"{secrets.randbelow(10**13)}.{of_team}.{secrets.token_hex(16)}"


class Timestamps:
    """Message timestamps: `seconds.microseconds`, each later than the one before."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = 0

    def pass_by(self, ts: str) -> None:
        """See that every further timestamp is later than this one."""
        seconds, _, micros = ts.partition(".")
        self._last = max(self._last, int(seconds) * 1_000_000 + int(micros))

    def next(self) -> str:
        """Return the current time, moved on by a microsecond where two would be equal."""
        self._last = max(self._last + 1, int(self._clock() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"
