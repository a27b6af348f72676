"""Serving HTTP: to Slack, and to operators on a port of its own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from socket import socket
from typing import Any

import structlog
import uvicorn

from bot import asgi
from bot.asgi import Troubles
from bot.ports import listening
from bot.slack.dispatch import App
from bot.slack.install import Install

log = structlog.get_logger()


async def serve(
    app: App,
    listener: socket,
    signing_secret: str,
    troubles: Troubles,
    install: Install | None,
    started: Callable[[], None],
) -> None:
    """Serve Slack, and operators beside it, until cancelled; `started` is called when requests are answered."""
    log.info("serving Slack over HTTP", port=listener.getsockname()[1], path=asgi.EVENTS)
    await _until_cancelled(_http(asgi.create(app, signing_secret, troubles, install), started), listener)


@asynccontextmanager
async def serve_signs_of_life(port: int, troubles: Troubles) -> AsyncIterator[None]:
    """Tell operators on a port of its own how we are. Raises SettingsError if it is taken."""
    with listening(port, "HEALTH_PORT") as listener:
        task = asyncio.create_task(_until_cancelled(_http(asgi.signs_of_life(troubles)), listener))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _until_cancelled(server: uvicorn.Server, listener: socket) -> None:
    """Serve, and at the end close what is open: cancelled itself, uvicorn would go on with connections it has."""
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving


def _http(app: Any, started: Callable[[], None] = lambda: None) -> uvicorn.Server:
    class Server(uvicorn.Server):
        """Leaves signals to us: they stop more than the server."""

        async def startup(self, sockets: list[socket] | None = None) -> None:
            """Begin to answer."""
            await super().startup(sockets)
            started()

        def install_signal_handlers(self) -> None:
            """Install none."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Capture none."""
            yield

    return Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1))
