"""A bot in a workspace, as a user would have it: nothing is mocked, and each test has its own."""

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot import knowledge, run
from bot.knowledge import Library
from bot.settings import KNOWLEDGE, Settings
from tests.workspace import Workspace


@pytest.fixture(scope="session")
def library() -> Library:
    """The knowledge as it is shipped, with its index."""
    found = knowledge.load(KNOWLEDGE)
    _ = found.index
    return found


@asynccontextmanager
async def bot_in(
    workspace: Workspace, library: Library, data: Path, *, port: int | None = None, **given: Any
) -> AsyncIterator[None]:
    """Run a bot in this process until the end of the block; with a port, over HTTP. `given`: settings."""
    # No pause between two messages: what is tested here is what is said.
    settings = Settings(_env_file=None, **{"data_dir": data, "post_interval": 0, **given})
    access = run.Access(workspace.api_url, workspace.bot_token, workspace.app_token, workspace.signing_secret)
    task = asyncio.create_task(run.bot(settings, access, library, port=port))
    ready = asyncio.create_task(_served(port) if port else workspace.connected())
    try:
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        await ready
        yield
    finally:
        task.cancel()
        ready.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _served(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)  # a server that is not there yet tells nobody when it is
        else:
            writer.close()
            await writer.wait_closed()
            return


def free_port() -> int:
    """Find a port that nobody uses now, below those the system gives out, so that nobody is given it meanwhile."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@pytest.fixture
async def workspace(library: Library, tmp_path: Path) -> AsyncIterator[Workspace]:
    """A workspace with the bot connected over Socket Mode."""
    async with Workspace.start() as found, bot_in(found, library, tmp_path):
        yield found


@pytest.fixture(params=["socket mode", "http"])
async def either_way(request: pytest.FixtureRequest, library: Library, tmp_path: Path) -> AsyncIterator[Workspace]:
    """A workspace with the bot, once over Socket Mode and once over signed HTTP."""
    port = free_port() if request.param == "http" else None
    events = f"http://127.0.0.1:{port}/slack/events" if port else None
    async with Workspace.start(events_url=events) as found, bot_in(found, library, tmp_path, port=port):
        yield found
