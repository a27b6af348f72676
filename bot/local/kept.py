"""Keeps what a workspace remembers in a file, so that it is there again after a restart.

One JSON file, for its owner alone. It holds conversations with their messages and how far people have read, and whose
account was deactivated. It does not hold what Slack's pages forget too (ephemeral messages, open modals), Home tabs,
which apps publish anew, the contents of files, scheduled messages and the traffic.
"""

import asyncio
import json
import logging
import os
from pathlib import Path
from typing import Any

from bot.local.state import Channel, State

Json = dict[str, Any]
VERSION = 1
DELAY = 0.3  # seconds after a change, so that a burst of messages is written once
FIELDS = ("id", "name", "kind", "members", "topic", "created", "creator", "archived", "messages", "last_read")

_ADVICE = "Name another file, or remove this one to begin anew."

log = logging.getLogger(__name__)


class Keeper:
    """Writes a state into a file some moments after each change, and at the end."""

    def __init__(self, state: State, path: Path) -> None:
        """Bring back what the file holds, if there is one, and see that it can be written.

        Raises OSError if it can't, and ValueError if it is not such a file or was written with another seed.
        """
        self._state = state
        self._path = path
        self._due: asyncio.TimerHandle | None = None
        self._restore()
        self._write()

    def changed(self) -> None:
        """Have the state written soon."""
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(DELAY, self._save)

    def close(self) -> None:
        """Write the state now, for the last time."""
        if self._due is not None:
            self._due.cancel()
        self._save()

    def _save(self) -> None:
        self._due = None
        try:
            self._write()
        except OSError as error:
            log.error("messages are not kept: %s", error.strerror)  # noqa: TRY400 - the traceback would say no more

    def _write(self) -> None:
        """Replace the file as a whole: whoever ends the process leaves the old one or the new one."""
        document = {
            "version": VERSION,
            "team": self._state.team.id,
            "deactivated": [person.id for person in self._state.people.values() if person.deleted],
            "channels": [
                {name: getattr(channel, name) for name in FIELDS} for channel in self._state.channels.values()
            ],
        }
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            self._path.parent.mkdir(0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                json.dump(document, file)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            raise OSError(error.errno, f"{self._path} can't be written: {error.strerror}") from None

    def _restore(self) -> None:
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except OSError as error:
            raise OSError(error.errno, f"{self._path} can't be read: {error.strerror}") from None
        except ValueError:
            raise ValueError(f"{self._path} holds no messages of a workspace. {_ADVICE}") from None
        try:
            version, team = document["version"], document["team"]
            channels = [Channel(**{name: channel[name] for name in FIELDS}) for channel in document["channels"]]
            deactivated = set(document["deactivated"])
        except (KeyError, TypeError):
            raise ValueError(f"{self._path} holds no messages of a workspace. {_ADVICE}") from None
        if version != VERSION:
            raise ValueError(f"{self._path} was written by another version of the workspace. {_ADVICE}")
        named = {user for channel in channels for user in channel.members} | deactivated
        unknown = sorted(named - set(self._state.people))
        if team != self._state.team.id or unknown:
            who = f" It names {', '.join(unknown)}, who are not in this one." if unknown else ""
            raise ValueError(f"{self._path} was written by a workspace with other people.{who} {_ADVICE}")
        for channel in channels:
            self._state.channels[channel.id] = channel
            for ts in channel.messages:
                self._state.timestamps.pass_by(ts)
        for user in deactivated:
            self._state.deactivate(user)
