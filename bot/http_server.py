"""Serving HTTP: to Slack, and to operators on a port of its own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from socket import socket
from typing import Any

import structlog

from bot import asgi
from bot.asgi import Count, Troubles
from bot.lean import without
from bot.ports import listening

with without("watchfiles"):  # by which uvicorn would start itself anew
    import uvicorn

log = structlog.get_logger()


@asynccontextmanager
async def serving(app: asgi.App, listener: socket) -> AsyncIterator[asyncio.Task[None]]:
    """Serve Slack, and operators beside it, until the end of the block, which begins when requests are answered.

    Gives what ends when that does.
    """
    started = asyncio.Event()
    task = asyncio.create_task(_until_cancelled(_http(app, started.set), listener))
    answering = asyncio.create_task(started.wait())
    try:
        await asyncio.wait({task, answering}, return_when=asyncio.FIRST_COMPLETED)
        log.info("serving Slack over HTTP", port=listener.getsockname()[1], path=asgi.EVENTS)
        yield task
    finally:
        answering.cancel()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def serve_signs_of_life(port: int, troubles: Troubles, count: Count) -> AsyncIterator[None]:
    """Tell operators on a port of its own how we are. Raises SettingsError if it is taken."""
    with listening(port, "HEALTH_PORT") as listener:
        task = asyncio.create_task(_until_cancelled(_http(asgi.signs_of_life(troubles, count)), listener))
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


def _http(app: Any, started: Callable[[], object] = lambda: None) -> uvicorn.Server:
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
