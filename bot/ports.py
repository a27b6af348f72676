"""Taking a port, before the server that answers on it has been imported."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from bot.settings import SettingsError


@contextmanager
def listening(port: int, setting: str) -> Iterator[socket.socket]:
    """Take a port, which comes from a setting of this name. Raises SettingsError if it cannot be had.

    Who connects before anybody serves waits for that.
    """
    # Taken here, because uvicorn would exit on a port in use.
    try:
        listener = socket.create_server(("", port))
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        problem = f"{setting}: port {port} cannot be served on: {reason}. Set {setting} to another."
        raise SettingsError([problem]) from error
    with listener:
        # asyncio does this only for sockets that name their protocol. Without it an answer whose body is written after
        # its head is held up by 40 ms, until the other side has acknowledged the head.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener
