"""What the machine can do to us: no room on the disk, a database that is read-only or damaged, a clock that is set."""

import asyncio
import json
import resource
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest
import structlog
from dbos import _sys_db as dbos_records
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from bot import asgi, inbox, jobs, replica, run
from bot.domain import quiz as quiz_domain
from bot.knowledge import Library
from bot.settings import SettingsError
from bot.slack import access, app, faq, notes, quiz, socket
from bot.storage import Store, runs, store
from bot.storage.trouble import Trouble, passes, trouble, watch
from tests.conftest import DATABASES, THOROUGH, bot_in, free_port
from tests.test_edge import EVENT, Edge
from tests.test_faq_conversation import SEVEN
from tests.test_inbox import held
from tests.test_process import Started, bot
from tests.test_quiz_conversation import CLEAR, begin, question, result, take
from tests.workspace import Sent, Workspace, buttons, shown

pytestmark = pytest.mark.both_databases

QUESTION = SEVEN["xai-dropped-researcher"]
PATIENCE = 60.0  # seconds
PAGE = 4096  # bytes of SQLite's
LARGER_THAN_THE_LOG = 64 * 1024  # bytes, which a database has within seconds


@contextmanager
def no_room(process: Started, largest: int = 1) -> Iterator[None]:
    """Let no file of a process grow beyond this until the end of the block, as on a disk that is full."""
    limit_files(process, largest)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # it may have ended
            limit_files(process, resource.RLIM_INFINITY)


def limit_files(process: Started, largest: int) -> None:
    """Let no file of a process that runs grow beyond so many bytes."""
    if sys.platform != "linux":
        pytest.skip("only Linux can limit the files of a process that runs")
    resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))


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
                    await asyncio.sleep(0.2)  # nobody is told when it changes
        except TimeoutError:
            raise AssertionError(f"{status} {words!r} was expected, and it is {last}") from None


@asynccontextmanager
async def operator(port: int) -> AsyncIterator[Operator]:
    async with aiohttp.ClientSession() as session:
        yield Operator(port, session)


async def answered_once(workspace: Workspace, library: Library, asked: Sent) -> None:
    """Wait for the one answer to the question, or the link to the one that the channel has had a moment ago."""
    await workspace.replies(asked)
    await workspace.settled()
    thread = await workspace.thread(asked.channel, asked, asked.user)
    [answer] = [shown(each) for each in thread if each["user"] == "U_ROLEFIT"]
    entry = library.entries["xai-dropped-researcher"]
    assert entry.answer in answer or f"find my answer here already: {entry.question}" in answer


# The disk


async def test_without_room_on_the_disk_nothing_is_acknowledged_and_with_room_all_is_answered(
    library: Library, tmp_path: Path
):
    port, retries = free_port(), (0.1, *[0.5] * 60)
    quick: Any = {"HEALTH_PORT": str(port), "REPLICA_TIMEOUT": "1"}
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
        assert "error=OperationalError problem='disk I/O error' work='the sign of life'" in running.said()


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
            limit_files(second, 1024)
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
            await workspace.acknowledged()
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
                await workspace.acknowledged()
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


@pytest.mark.parametrize(
    ("spoil", "statement", "kind"),
    [
        ("PRAGMA max_page_count = 1", "INSERT INTO a VALUES (zeroblob(100000))", Trouble.FULL),
        ("PRAGMA query_only = on", "INSERT INTO a VALUES (1)", Trouble.READ_ONLY),
        ("SELECT 1", "INSERT INTO a VALUES (1)", Trouble.LOCKED),
        ("SELECT 1", "SELECT full FROM a", None),
        ("SELECT 1", "INSERT INTO a SELECT b FROM a UNION SELECT 'locked' FROM nowhere", None),
    ],
)
def test_an_error_of_sqlite_is_told_by_its_code(tmp_path: Path, spoil: str, statement: str, kind: Trouble | None):
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}", connect_args={"timeout": 0})
    watch(engine)
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("CREATE TABLE a (b)")
    if kind is Trouble.LOCKED:
        other.execute("BEGIN IMMEDIATE")
    with engine.connect() as connection:
        connection.execute(text(spoil))
        with pytest.raises(DBAPIError) as raised:
            connection.execute(text(statement))
    other.close()
    engine.dispose()

    assert trouble(raised.value) is kind
    assert passes(raised.value) is (kind is not None)
    assert raised.value.connection_invalidated is (kind in (Trouble.FULL, Trouble.READ_ONLY))


# The clock


class Clock:
    """The machine's clock as the bot reads it; Slack has its own. ahead: seconds by which it has been set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        modules = (jobs, inbox, replica, run, store, access, faq, notes, dbos_records)
        for module in modules:
            monkeypatch.setattr(module, "time", self)
        clock = self

        class Set(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return datetime.now(tz) + timedelta(seconds=clock.ahead)

        for module in (runs, quiz):
            monkeypatch.setattr(module, "datetime", Set)

    def time(self) -> float:
        return time.time() + self.ahead

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


HOUR = 3600.0
either_way = pytest.mark.parametrize("by", [-HOUR, HOUR], ids=["back", "forward"])
# A round takes a second of the processor; what a database does with the clock is tried below, either way on both.
CLOCKS = list(product((-HOUR, HOUR), DATABASES)) if THOROUGH else list(zip((-HOUR, HOUR), DATABASES, strict=True))


@pytest.mark.parametrize(("by", "kept_in"), CLOCKS, indirect=["kept_in"])
async def test_answers_and_a_round_go_on_when_the_clock_is_set_by_an_hour(
    library: Library, tmp_path: Path, kept_in: dict[str, Any], clock: Clock, by: float
):
    paced = {**kept_in, "post_interval": 0.05, "replica_timeout": 1.0}
    async with Workspace.start() as workspace:
        async with bot_in(workspace, library, tmp_path, **paced):
            await answered_once(workspace, library, await workspace.post("U_ANA", "C_ASK", QUESTION))
            root = await begin(workspace)
            await take(workspace, root, *CLEAR[:1])
            clock.ahead = by
            await answered_once(workspace, library, await workspace.post("U_ANA", "C_ASK", QUESTION))
            for number, choice in enumerate(CLEAR[1:], 2):
                asked = await question(workspace, root, number)
                await workspace.click("U_ANA", asked, buttons(asked)[choice])
            assert "Take it again" in shown(await result(workspace, root))
        async with bot_in(workspace, library, tmp_path, **paced):
            await answered_once(workspace, library, await workspace.post("U_ANA", "C_ASK", QUESTION))
            again = await begin(workspace)
            await question(workspace, again, 1)


@pytest.mark.parametrize("kept_in", ["sqlite"], indirect=True)
async def test_work_that_sleeps_while_the_clock_is_put_back_and_the_bot_restarts_wakes_in_time(
    library: Library, tmp_path: Path, kept_in: dict[str, Any], clock: Clock
):
    async with Workspace.start() as workspace:
        await workspace.faults(api=[{"method": "chat.postMessage", "error": "ratelimited", "retry_after": 4}])
        async with bot_in(workspace, library, tmp_path, **kept_in):
            asked = await workspace.post("U_ANA", "C_ASK", QUESTION)
            await workspace.until(lambda: limited(workspace), "U_ANA")
            await workspace.settled()
        clock.ahead = -HOUR
        async with bot_in(workspace, library, tmp_path, **kept_in):
            await answered_once(workspace, library, asked)


async def limited(workspace: Workspace) -> bool:
    return any(each["status"] == "ratelimited" for each in await workspace.traffic("chat.postMessage"))


@pytest.fixture
async def rows(tmp_path: Path, kept_in: dict[str, Any]) -> AsyncIterator[Store]:
    address = kept_in.get("database_url", "").replace("postgresql://", "postgresql+psycopg://")
    opened = await Store.open(address or f"sqlite+aiosqlite:///{tmp_path / 'rolefit.db'}")
    yield opened
    await opened.close()


@either_way
async def test_a_channel_does_not_wait_for_turns_of_a_clock_that_was_set(rows: Store, clock: Clock, by: float):
    for _ in range(3):
        await rows.take_turn("T_ONE", "C_ASK", 1.0)
    clock.ahead = by

    _, first = await rows.take_turn("T_ONE", "C_ASK", 1.0)
    _, second = await rows.take_turn("T_ONE", "C_ASK", 1.0)

    assert first == 0
    assert 0 < second <= 1.0


async def test_a_long_queue_of_a_channel_keeps_its_order(rows: Store):
    turns = [await rows.take_turn("T_ONE", "C_ASK", 1.0) for _ in range(120)]

    assert all(later - earlier >= 0.999 for (earlier, _), (later, _) in pairwise(turns))


@either_way
async def test_a_round_that_was_left_is_gone_on_with_after_the_clock_was_set(
    rows: Store, library: Library, clock: Clock, by: float
):
    await rows.runs.begin("T_ONE", "r1", quiz_domain.begin(library.quiz), user="U_ANA", channel="D_ANA", root_ts="1.1")
    assert await rows.runs.lease("T_ONE", "r1", by="first")
    await rows.runs.free("T_ONE", "r1", by="first", unfinished=True)
    clock.ahead = by

    assert [run_id for _, run_id, _ in await rows.runs.abandoned(clock.time(), limit=9)] == ["r1"]
    assert await rows.runs.lease("T_ONE", "r1", by="second")
    assert not await rows.runs.lease("T_ONE", "r1", by="first")
    assert await rows.runs.abandoned(clock.time(), limit=9) == []


@either_way
async def test_who_holds_a_round_says_so_anew_after_the_clock_was_set(
    rows: Store, library: Library, clock: Clock, by: float
):
    await rows.runs.begin("T_ONE", "r1", quiz_domain.begin(library.quiz), user="U_ANA", channel="D_ANA", root_ts="1.1")
    assert await rows.runs.lease("T_ONE", "r1", by="first", seconds=30.0)
    clock.ahead = by

    assert await rows.runs.lease("T_ONE", "r1", by="first")

    assert await rows.runs.abandoned(clock.time(), limit=9) == []
    assert not await rows.runs.lease("T_ONE", "r1", by="second")


@either_way
async def test_a_clock_by_which_no_request_of_slack_is_of_now_is_named(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: float
):
    monkeypatch.setattr(asgi, "punctuality", asgi.Punctuality())
    port, body = free_port(), json.dumps(EVENT).encode()
    async with (
        Workspace.start(events_url=f"http://127.0.0.1:{port}/slack/events") as workspace,
        bot_in(workspace, library, tmp_path, port=port),
        aiohttp.ClientSession() as session,
    ):
        edge = Edge(port, workspace, session)
        with structlog.testing.capture_logs() as logged:
            for _ in range(asgi.IN_A_ROW):
                assert await edge.get("/readyz") == (200, "ready")
                assert await edge.post(body, edge.signed(body, int(time.time() - by))) == (401, "")
        forged = edge.signed(body) | {"X-Slack-Signature": "v0=" + "0" * 64}
        assert await edge.post(body, forged) == (401, "")
        status, said = await edge.get("/readyz")
        assert await edge.post(body, edge.signed(body)) == (200, "")
        assert await edge.get("/readyz") == (200, "ready")

    way = "ahead of" if by > 0 else "behind"
    assert (status, said) == (
        503,
        f"By the clock of this machine, which is 60 minutes {way} Slack's, no request is of now. "
        "Set the clock of this machine, and have it kept right by NTP.",
    )
    assert [each["event"] for each in logged] == ["a request that Slack has signed is refused for its time"]


# Slack that takes a connection and does not answer as it should


class Line:
    """Stands between the bot and Slack, and passes on what they say as well as it is told to."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.trouble: str | None = None
        self.about = b"\r\n"  # only requests with this in them are in trouble
        self.met = 0  # how many were
        self._tasks: set[asyncio.Task[Any]] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/"
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        with suppress(OSError, asyncio.IncompleteReadError):
            slack_reader, slack_writer = await asyncio.open_connection("127.0.0.1", self._port)
            asked = bytearray()
            there = asyncio.create_task(self._pass(reader, slack_writer, asked))
            self._tasks.add(there)
            try:
                await self._answer(slack_reader, writer, asked)
            finally:
                there.cancel()
                slack_writer.close()
                writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: bytearray) -> None:
        while said := await reader.read(65_536):
            asked[:] = said
            writer.write(said)
            await writer.drain()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: bytearray) -> None:
        while said := await reader.read(65_536):
            trouble = self.trouble if self.about in asked else None
            self.met += trouble is not None
            match trouble:
                case "silent":
                    await asyncio.Event().wait()
                case "closes in the middle":
                    writer.write(said[: len(said) // 2])
                    await writer.drain()
                    return
                case "byte by byte":
                    for at in range(len(said)):
                        writer.write(said[at : at + 1])
                        await writer.drain()
                        await asyncio.sleep(10 / len(said))
                case _:
                    writer.write(said)
            await writer.drain()


TROUBLES = pytest.mark.parametrize("trouble", ["silent", "byte by byte", "closes in the middle"])
IN_HASTE = aiohttp.ClientTimeout(total=2, connect=1)


@asynccontextmanager
async def bot_behind(line: Line, workspace: Workspace, library: Library, data: Path) -> AsyncIterator[Operator]:
    async with line.open() as url:
        workspace.api_url = url
        async with bot_and_operator(workspace, library, data) as looks:
            yield looks


@TROUBLES
async def test_an_answer_whose_receipt_slack_does_not_give_is_posted_once(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
):
    monkeypatch.setattr(app, "TIMEOUT", IN_HASTE)
    async with Workspace.start() as workspace:
        line = Line(int(workspace.server_url.rpartition(":")[2]))
        async with bot_behind(line, workspace, library, tmp_path):
            line.trouble, line.about = trouble, b"chat.postMessage"
            asked = await workspace.post("U_ANA", "C_ASK", QUESTION)
            await workspace.replies(asked)
            await workspace.until(lambda: looked(workspace), "U_ANA")
            assert line.met == 1
            line.trouble = None
            await answered_once(workspace, library, await workspace.post("U_ANA", "C_ASK", QUESTION))

        await answered_once(workspace, library, asked)


async def looked(workspace: Workspace) -> bool:
    return bool(await workspace.traffic("conversations.replies"))


@TROUBLES
async def test_a_bot_that_cannot_reach_slack_at_its_start_says_so_and_begins_when_it_can(
    library: Library,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trouble: str,
):
    monkeypatch.setattr(app, "TIMEOUT", IN_HASTE)
    async with Workspace.start() as workspace:
        line = Line(int(workspace.server_url.rpartition(":")[2]))
        line.trouble = trouble
        with structlog.testing.capture_logs() as logged:
            starting = asyncio.create_task(_answered_behind(line, workspace, library, tmp_path))
            async with asyncio.timeout(PATIENCE):
                while not (said := [each for each in logged if each["event"] == "Slack does not answer"]):
                    assert not starting.done()
                    await asyncio.sleep(0.05)
        line.trouble = None
        await starting

    assert "next_try_in_seconds" in said[0]


async def _answered_behind(line: Line, workspace: Workspace, library: Library, data: Path) -> None:
    async with bot_behind(line, workspace, library, data):
        await answered_once(workspace, library, await workspace.post("U_ANA", "C_ASK", QUESTION))


@TROUBLES
async def test_a_bot_that_loses_slack_is_not_ready_until_it_has_found_it_again(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
):
    monkeypatch.setattr(app, "TIMEOUT", IN_HASTE)
    monkeypatch.setattr(socket, "HANDSHAKE", 2.0)
    async with Workspace.start() as workspace:
        line = Line(int(workspace.server_url.rpartition(":")[2]))
        async with bot_behind(line, workspace, library, tmp_path) as looks:
            await looks.reads(200, "ready")
            line.trouble = trouble
            await workspace.refresh()
            await looks.reads(503, "Slack is not connected.")
            asked = await workspace.post("U_ANA", "C_ASK", QUESTION)
            line.trouble = None
            await looks.reads(200, "ready")

            await answered_once(workspace, library, asked)
