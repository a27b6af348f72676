"""What the machine can do to us: no room on the disk, a database that is read-only or damaged, a clock that is set."""

import asyncio
import resource
import shutil
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest

from bot.knowledge import Library
from bot.settings import SettingsError
from tests.conftest import bot_in, free_port
from tests.test_faq_conversation import SEVEN
from tests.test_inbox import held
from tests.test_process import Started, bot
from tests.workspace import Sent, Workspace, shown

QUESTION = SEVEN["xai-dropped-researcher"]
PATIENCE = 60.0  # seconds
PAGE = 4096  # bytes of SQLite's
LARGER_THAN_THE_LOG = 64 * 1024  # bytes, which a database has within seconds


@contextmanager
def no_room(process: Started, largest: int = 1) -> Iterator[None]:
    """Let no file of a process grow beyond this until the end of the block, as on a disk that is full."""
    pid, unlimited = process.process.pid, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # it may have ended
            resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)


class Operator:
    """Looks at how a bot is."""

    def __init__(self, port: int, session: aiohttp.ClientSession) -> None:
        self._url, self._session = f"http://127.0.0.1:{port}/readyz", session

    async def ready(self) -> tuple[int, str]:
        async with self._session.get(self._url) as answer:
            return answer.status, await answer.text()

    async def reads(self, status: int, words: str) -> None:
        """Wait until /readyz answers so; fails with what it says instead."""
        last: tuple[int, str] | None = None
        try:
            async with asyncio.timeout(PATIENCE):
                while last is None or last[0] != status or words not in last[1]:
                    last = await self.ready()
                    await asyncio.sleep(0.05)  # nobody is told when it changes
        except TimeoutError:
            raise AssertionError(f"{status} {words!r} was expected, and it is {last}") from None


@asynccontextmanager
async def operator(port: int) -> AsyncIterator[Operator]:
    async with aiohttp.ClientSession() as session:
        yield Operator(port, session)


async def answered_once(workspace: Workspace, library: Library, asked: Sent) -> None:
    """Wait for the one answer to the question."""
    await workspace.replies(asked)
    await workspace.settled()
    thread = await workspace.thread(asked.channel, asked, asked.user)
    [answer] = [shown(each) for each in thread if each["user"] == "U_ROLEFIT"]
    assert library.entries["xai-dropped-researcher"].answer in answer


# The disk


async def test_without_room_on_the_disk_nothing_is_acknowledged_and_with_room_all_is_answered(
    library: Library, tmp_path: Path
):
    port, retries = free_port(), (0.1, 1.0, 2.0, 4.0, 8.0)
    quick = {"HEALTH_PORT": str(port), "REPLICA_TIMEOUT": "1"}
    async with (
        Workspace.start(retry_delays=retries) as workspace,
        bot(workspace, tmp_path, **quick) as running,
        operator(port) as looks,
    ):
        await workspace.connected()
        await looks.reads(200, "ready")
        with no_room(running):
            await looks.reads(503, "The database cannot be written: disk I/O error. See whether its disk is full")
            asked = await workspace.post("U_ANA", "C_ASK", QUESTION)
            await workspace.until(lambda: refused(workspace), "U_ANA")
            assert await workspace.traffic("chat.postMessage") == []
        await looks.reads(200, "ready")

        await answered_once(workspace, library, asked)
        again = await workspace.post("U_ANA", "C_ASK", QUESTION)
        await answered_once(workspace, library, again)


async def refused(workspace: Workspace) -> bool:
    return any(each["status"].startswith("none: ") for each in await workspace.traffic("message.channels"))


async def test_what_was_acknowledged_before_the_disk_was_full_is_done_when_it_has_room(
    library: Library, tmp_path: Path
):
    port = free_port()
    async with (
        Workspace.start() as workspace,
        bot(workspace, tmp_path, HEALTH_PORT=str(port), REPLICA_TIMEOUT="1") as running,
        operator(port) as looks,
    ):
        await workspace.connected()
        # Slack has the message, and its answer comes when nothing can be recorded.
        await workspace.faults(api=[{"method": "chat.postMessage", "error": None, "delay": 2}])
        asked = await workspace.post("U_ANA", "C_ASK", QUESTION)
        await workspace.replies(asked)
        with no_room(running, LARGER_THAN_THE_LOG):
            await workspace.until(lambda: slack_answered(workspace), "U_ANA")
            await looks.reads(503, "The database cannot be written")
        await looks.reads(200, "ready")
        second = await workspace.post("U_ANA", "C_ASK", QUESTION)

        await answered_once(workspace, library, second)
        await answered_once(workspace, library, asked)
        assert "error=OperationalError said='disk I/O error' work='the sign of life'" in running.said()


async def slack_answered(workspace: Workspace) -> bool:
    return [each["status"] for each in await workspace.traffic("chat.postMessage")] == ["ok"]


async def test_a_full_disk_keeps_a_bot_neither_from_ending_nor_from_saying_so_at_its_start(tmp_path: Path):
    async with Workspace.start() as workspace:
        async with bot(workspace, tmp_path, REPLICA_TIMEOUT="1") as running:
            await workspace.connected()
            with no_room(running):
                await workspace.faults(api=[{"method": "chat.postMessage", "error": None, "delay": 1}])
                await workspace.post("U_ANA", "C_ASK", QUESTION)
                assert await running.gets(signal.SIGTERM) in (0, 1)
        async with bot(workspace, tmp_path) as second:
            resource.prlimit(second.process.pid, resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
            assert await second.ends() == 2

    problem = f"DATA_DIR: {tmp_path / 'rolefit.db'} cannot be used: disk I/O error. See whether its disk is full"
    assert problem in second.said()
    assert "Traceback" not in second.said()


# Databases that are damaged, lack a part, or may not be written


@asynccontextmanager
async def bot_and_operator(
    workspace: Workspace, library: Library, data: Path, **settings: Any
) -> AsyncIterator[Operator]:
    """Run a bot in this process that says how it is, and a replica's life is short."""
    port = free_port()
    quick = {"health_port": port, "replica_timeout": 1.0, **settings}
    async with bot_in(workspace, library, data, **quick), operator(port) as looks:
        yield looks


def put_in_place(backup: Path, file: Path) -> None:
    """Do what the operator is told to."""
    for ending in ("", "-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    shutil.copy(backup, file)


def damage(file: Path) -> None:
    """Overwrite all of a database but its first page, which says what is where."""
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with file.open("r+b") as opened:
        opened.seek(PAGE)
        opened.write(b"\xa5" * (file.stat().st_size - PAGE))


async def test_what_was_acknowledged_waits_until_a_damaged_file_of_the_work_has_been_replaced(
    library: Library, tmp_path: Path, migrated_sqlite: Path
):
    shutil.copytree(migrated_sqlite, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "jobs.db"
    async with Workspace.start() as workspace:
        async with bot_and_operator(workspace, library, tmp_path) as looks:
            await looks.reads(200, "ready")
            damage(file)
            asked = await workspace.post("U_ANA", "C_ASK", QUESTION)
            await looks.reads(
                503, f"{file} is damaged: database disk image is malformed. Stop the bot and put a backup"
            )
            await workspace.settled()
            assert await workspace.undelivered() == set()
        put_in_place(migrated_sqlite / "jobs.db", file)
        async with bot_in(workspace, library, tmp_path):
            await answered_once(workspace, library, asked)


async def test_a_damaged_page_in_the_middle_is_named_at_the_start(
    library: Library, tmp_path: Path, migrated_sqlite: Path
):
    shutil.copytree(migrated_sqlite, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "rolefit.db"
    connection = sqlite3.connect(file)
    places = dict(connection.execute("SELECT name, rootpage FROM sqlite_master").fetchall())
    connection.close()
    with file.open("r+b") as opened:
        opened.seek((places["inbox"] - 1) * PAGE)
        opened.write(b"\xa5" * PAGE)
    async with Workspace.start() as workspace:
        with pytest.raises(SettingsError) as raised:
            async with bot_in(workspace, library, tmp_path):
                pass

    [problem] = raised.value.problems
    assert problem.startswith(
        f"DATA_DIR: {file} cannot be used: database disk image is malformed. Stop the bot and put"
    )


async def test_a_log_of_writes_that_is_missing_is_named(library: Library, tmp_path: Path):
    async with Workspace.start() as workspace:
        async with bot(workspace, tmp_path) as first:
            await workspace.connected()
            await workspace.replies(await workspace.post("U_ANA", "C_ASK", QUESTION))
            await first.gets(signal.SIGKILL)
        (tmp_path / "rolefit.db-wal").unlink()
        async with bot(workspace, tmp_path) as second:
            asked = await workspace.post("U_ANA", "C_ASK", QUESTION)
            await answered_once(workspace, library, asked)

    assert f"missing={tmp_path / 'rolefit.db-wal'}" in second.said().replace("'", "")


@asynccontextmanager
async def read_only(database: str) -> AsyncIterator[None]:
    """Make a database of PostgreSQL one that may not be written, as a standby is, until the end of the block."""
    name = database.rpartition("/")[2].partition("?")[0]
    everybody = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        await connection.execute(everybody, [name])
        yield
        await connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        await connection.execute(everybody, [name])


async def test_what_was_acknowledged_before_postgresql_became_read_only_is_done_when_it_may_be_written(
    library: Library, tmp_path: Path, database: str
):
    kept_in = {"database_url": database}
    async with (
        Workspace.start(retry_delays=(0.1, 1.0, 2.0, 4.0, 8.0)) as workspace,
        bot_and_operator(workspace, library, tmp_path, **kept_in) as looks,
    ):
        # Whoever holds the table is thrown out with everybody else.
        with suppress(psycopg.OperationalError):
            async with held("workflow_status", kept_in, tmp_path):
                begins_late = await workspace.post("U_ANA", "C_ASK", QUESTION)
                await workspace.settled()
                assert await workspace.undelivered() == set()
                async with read_only(database):
                    await looks.reads(
                        503,
                        "The database cannot be written: cannot execute INSERT in a read-only transaction. "
                        "Point DATABASE_URL at the server that may be written, not at a standby.",
                    )
                    comes_meanwhile = await workspace.post("U_ANA", "C_ASK", QUESTION)
                    await workspace.until(lambda: refused(workspace), "U_ANA")
        await looks.reads(200, "ready")

        await answered_once(workspace, library, begins_late)
        await answered_once(workspace, library, comes_meanwhile)
