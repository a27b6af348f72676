"""Keeps what a workspace remembers in a file, so that it is there again after a restart.

One JSON file, for its owner alone. It holds conversations with their messages and how far people have read, and whose
account was deactivated. It does not hold what Slack's pages forget too (ephemeral messages, open modals), Home tabs,
which apps publish anew, the contents of files, scheduled messages and the traffic.
"""

import asyncio
import json
import logging
import os
from collections.abc import Iterator
from copy import copy
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
        self._saving: asyncio.Task[None] | None = None
        self._restore()
        self._write(self._document())

    def changed(self) -> None:
        """Have the state written soon, after what is being written."""
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(DELAY, self._begin)

    async def close(self) -> None:
        """Write the state now, for the last time."""
        if self._due is not None:
            self._due.cancel()
        if self._saving is not None:
            await self._saving
        await self._save()

    def _begin(self) -> None:
        self._due = None
        if self._saving is not None:
            self.changed()
            return
        self._saving = asyncio.create_task(self._save())
        self._saving.add_done_callback(self._saved)

    def _saved(self, _: "asyncio.Task[None]") -> None:
        self._saving = None

    async def _save(self) -> None:
        try:
            # In a thread: of ten thousand messages it takes a second, in which nobody would be answered.
            await asyncio.to_thread(self._write, self._document())
        except OSError as error:
            log.error("messages are not kept: %s", error.strerror)  # noqa: TRY400 - the traceback would say no more

    def _document(self) -> Json:
        """Give the state as it is now: what is changed later is replaced, and not changed within."""
        return {
            "version": VERSION,
            "team": self._state.team.id,
            "deactivated": [person.id for person in self._state.people.values() if person.deleted],
            "channels": [
                {name: copy(getattr(channel, name)) for name in FIELDS} for channel in self._state.channels.values()
            ],
        }

    def _write(self, document: Json) -> None:
        """Replace the file as a whole: whoever ends the process leaves the old one or the new one."""
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            self._path.parent.mkdir(0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.writelines(_in_pieces(document))
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


def _in_pieces(document: Json) -> Iterator[str]:
    """Give a document as JSON, a message at a time: the encoder lets no other thread work until it is done."""
    head = json.dumps({name: value for name, value in document.items() if name != "channels"})
    yield f'{head[:-1]}, "channels": ['
    for number, channel in enumerate(document["channels"]):
        about = json.dumps({name: value for name, value in channel.items() if name != "messages"})
        yield f'{", " if number else ""}{about[:-1]}, "messages": {{'
        for at, (ts, message) in enumerate(channel["messages"].items()):
            yield f"{', ' if at else ''}{json.dumps(ts)}: {json.dumps(message)}"
        yield "}}"
    yield "]}"
