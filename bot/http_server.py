"""Serving HTTP: to Slack, and to operators on a port of its own."""

import asyncio
import contextlib
import os
import socket as listen
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import structlog
import uvicorn

from bot import asgi
from bot.asgi import Troubles
from bot.settings import SettingsError
from bot.slack.dispatch import App
from bot.slack.install import Install

log = structlog.get_logger()


async def serve(app: App, port: int, signing_secret: str, troubles: Troubles, install: Install | None) -> None:
    """Serve Slack, and operators beside it, until cancelled. Raises SettingsError if the port is taken."""
    # Taken here, because uvicorn would exit on a port in use.
    with _listening(port, "PORT") as listening:
        log.info("serving Slack over HTTP", port=listening.getsockname()[1], path=asgi.EVENTS)
        await _until_cancelled(_http(asgi.create(app, signing_secret, troubles, install)), listening)


@asynccontextmanager
async def serve_signs_of_life(port: int, troubles: Troubles) -> AsyncIterator[None]:
    """Tell operators on a port of its own how we are. Raises SettingsError if it is taken."""
    with _listening(port, "HEALTH_PORT") as listening:
        task = asyncio.create_task(_until_cancelled(_http(asgi.signs_of_life(troubles)), listening))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


@contextmanager
def _listening(port: int, setting: str) -> Iterator[listen.socket]:
    """Take a port, which comes from a setting of this name. Raises SettingsError if it cannot be had."""
    try:
        listening = listen.create_server(("", port))
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        what = f"{setting}: port {port} cannot be served on: {reason}. Set {setting} to another."
        raise SettingsError([what]) from error
    with listening:
        # asyncio does this only for sockets that name their protocol. Without it an answer whose body is written after
        # its head is held up by 40 ms, until the other side has acknowledged the head.
        listening.setsockopt(listen.IPPROTO_TCP, listen.TCP_NODELAY, 1)
        yield listening


async def _until_cancelled(server: uvicorn.Server, listening: listen.socket) -> None:
    """Serve, and at the end close what is open: cancelled itself, uvicorn would go on with connections it has."""
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving


def _http(app: Any) -> uvicorn.Server:
    class Server(uvicorn.Server):
        """Leaves signals to us: they stop more than the server."""

        def install_signal_handlers(self) -> None:
            """Install none."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Capture none."""
            yield

    return Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1))
