"""One bot for many tests: it goes on from test to test of a process, and each finds it as if it had just started.

To start a bot and to end it costs as much as a short conversation. Between two tests its work ends, all rows are
deleted, the workspace forgets what was said and done, and the app is put together anew, with nothing in its memory.
Where that cannot be had, since work does not end or the bot has ended, the next test gets another bot.

A test that changes the code or the clock, looks into the folder of the bot, stops it or gives it other settings has a
bot of its own.
"""

import asyncio
import os
import pickle
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
    closing,
    contextmanager,
)
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from psycopg.sql import SQL, Identifier

from bot import jobs
from bot.local import socket_mode
from bot.local.space import Space
from bot.settings import Settings
from bot.slack import app as slack
from bot.slack import profiles, socket
from bot.slack.reception import Reception
from bot.slack.slack_worker import SlackWorker
from tests import played
from tests.workspace import Workspace

TESTS = str(Path(__file__).parent)
OVER_HTTP = os.environ.get("TRANSPORT") == "http"
# Fixtures of tests that have a folder or a database of their own. One that changes the code (`monkeypatch`) has its own
# bot, too, since that may count from its start; what `hasty` changes is the same for all that share a bot.
LOOKS_FROM_OUTSIDE = {"tmp_path", "database"}
SELDOM = 60.0  # seconds between two looks whether the other end is there
ENDS_WITHIN = 10.0  # seconds that what is under way has to end in after a test
PLAIN = (bool, int, float, str, type(None), dict, list, set, deque)  # as what something remembers
OF_EVERY_BOT = ["alembic_version", "application_versions", "dbos_migrations", "replicas"]  # tables whose rows stay

log = structlog.get_logger()


class NotClearError(Exception):
    """A test has left something that does not go away; says what."""


class Memory:
    """What some objects remember now, each by itself: the plain values in their attributes."""

    def __init__(self, parts: list[Any]) -> None:
        self._parts = [(part, pickle.dumps(plain(part))) for part in parts]

    def restore(self) -> None:
        """Have them remember what they did when this was made."""
        for part, remembered in self._parts:
            for name, value in pickle.loads(remembered).items():
                _put_back(part, name, value)


def plain(part: Any) -> dict[str, Any]:
    """Give the attributes of an object that hold plain values."""
    return {name: value for name, value in vars(part).items() if isinstance(value, PLAIN)}


def _put_back(part: Any, name: str, value: Any) -> None:
    """Set an attribute; a container stays the same object, which others may have."""
    now = getattr(part, name)
    if type(now) is not type(value):
        setattr(part, name, value)
    elif isinstance(now, list | deque):
        now.clear()
        now.extend(value)
    elif isinstance(now, dict | set):
        now.clear()
        now.update(value)
    else:
        setattr(part, name, value)


def parts_of(space: Space) -> list[Any]:
    """Give all that remembers something of a workspace, but for the connections to a bot."""
    parts: list[Any] = [space.state, space.traffic, space.faults, space.views, space.files]
    for app in space.apps:
        parts += [app, app.delivery, app.permits, app.interaction, app.rate_limits]
    return parts


@dataclass
class Assembly:
    """How the app of a bot was put together: its arguments, and what hands it on what Slack sends."""

    create: Callable[[], Any]
    reception: Reception

    def renew(self) -> None:
        """Put it together anew: the workers work with a gateway and a list of editors that know of nothing."""
        app, _ = self.create()
        self.reception.open(app)


@contextmanager
def assembly_of_next() -> Iterator[list[Assembly]]:
    """Give how the bot was put together that starts in the block, once it is."""
    create, assemblies = slack.create, list[Assembly]()

    def noted(reception: Reception, *args: Any, **kwargs: Any) -> Any:
        assemblies.append(Assembly(lambda: create(reception, *args, **kwargs), reception))
        return create(reception, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slack, "create", noted)
        yield assemblies


class Kept:
    """A bot that is kept, beside a workspace."""

    def __init__(self, workspace: Workspace, assembly: Assembly) -> None:
        self._workspace, self._assembly = workspace, assembly
        [self._space], self._bot = workspace.spaces, played.bot_beside(workspace)
        self.settings = self._bot.settings
        self._memory = Memory([*parts_of(self._space), *SlackWorker._made])

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[Workspace]:
        """Give its workspace to a test."""
        async with self._workspace.anew() as workspace:
            with played.beside(workspace, self._bot):
                yield workspace

    async def clear(self) -> None:
        """Forget all that has been. Raises NotClearError if something goes on."""
        try:
            async with asyncio.timeout(ENDS_WITHIN):
                is_clear = False
                while not is_clear:  # what the bot looks for now and then may have begun something meanwhile
                    await self._end_work()
                    await played.apart(delete_rows, self.settings)
                    is_clear = not (jobs.count_waiting("") or jobs._in_flight.live or jobs.over())
        except TimeoutError:
            raise NotClearError("work that does not end") from None
        for app in self._space.apps:
            for scheduled in app.scheduled.values():
                scheduled.task.cancel()
        self._memory.restore()
        profiles._fields.clear()
        self._assembly.renew()
        if left := [task for task in asyncio.all_tasks() if _is_of_a_test(task)]:
            raise NotClearError(f"tasks of tests: {left}")
        if not self._space.apps[0].connected:
            raise NotClearError("a bot that is not there")

    async def _end_work(self) -> None:
        """Wait until all has been delivered and all work has ended, but for what pauses, which is given up."""
        for _ in range(2):  # what the bot said is delivered to it, too
            for app in self._space.apps:
                await app.delivery.wait_until_idle()
            await jobs.wait_until_idle()
        if notes := SlackWorker._made[0]._gateway._notes._sending:
            await asyncio.wait(notes)
        await jobs._leave_unfinished()
        with jobs.watch_ends([""]) as end:
            while jobs.over():
                await end.wait()
                end.clear()


class Keeper:
    """Keeps the bot of a process of tests, one at a time, with its folder and its database."""

    def __init__(self) -> None:
        self._kept: Kept | None = None
        self._running, self._places = AsyncExitStack(), ExitStack()
        self._data: Path | None = None
        self._database: str | None = None

    def data(self, make: Callable[[], Path]) -> Path:
        """Give the folder of the bot that is kept, or is about to start."""
        if self._data is None:
            self._data = make()
        return self._data

    def database(self, lend: Callable[[], AbstractContextManager[str]]) -> str:
        """Give the address of the database of the bot that is kept, or is about to start."""
        if self._database is None:
            self._database = self._places.enter_context(lend())
        return self._database

    async def bot(self, start: Callable[[], AbstractAsyncContextManager[Workspace]]) -> Kept:
        """Give the bot that is kept, or start one."""
        if self._kept is None:
            try:
                with assembly_of_next() as assemblies, pytest.MonkeyPatch.context() as patch:
                    # Both ends of a connection are in this process; where it is so busy that neither answers for some
                    # seconds, the connection is not lost.
                    patch.setattr(socket_mode, "HEARTBEAT", None)
                    patch.setattr(socket, "PING", SELDOM)
                    workspace = await self._running.enter_async_context(start())
                await workspace.close_watchers()
                self._kept = Kept(workspace, assemblies[-1])
            except BaseException:
                await self.stop()
                raise
        return self._kept

    async def clear(self) -> None:
        """Have the bot forget all that has been; where that cannot be, there will be another."""
        try:
            if self._kept is not None:
                await self._kept.clear()
        except NotClearError as error:
            log.warning("the next test has another bot", left=str(error))
            await self.stop()

    async def stop(self) -> None:
        """End the bot that is kept, if there is one."""
        running, places = self._running, self._places
        self.__init__()  # type: ignore[misc] # as before the first
        with places:
            await running.aclose()


def kind_for(item: pytest.Item | None) -> str | None:
    """Say which bot a test may share with others, all of which begin with the same; None if it shares none."""
    if not isinstance(item, pytest.Function) or LOOKS_FROM_OUTSIDE & set(item.fixturenames):
        return None
    if _bases(item, "hasty")[:1] == ["tests"]:  # a module may patch more, while a test of it runs
        return f"hasty {_bases(item, 'tries')}"
    if _bases(item, "workspace") != ["tests"] or OVER_HTTP or "monkeypatch" in item.fixturenames:
        return None
    return str(item.callspec.params["kept_in"])


def may_share(item: pytest.Item) -> bool:
    """Say whether a test has one of the fixtures whose bots may be shared, be it that it has one of its own."""
    if not isinstance(item, pytest.Function):
        return False
    return _bases(item, "workspace") == ["tests"] or _bases(item, "hasty")[:1] == ["tests"]


def _bases(item: pytest.Function, fixture: str) -> list[str]:
    """Say where a fixture of a test is defined, and those of the same name that this one may extend before it."""
    return [definition.baseid for definition in item._fixtureinfo.name2fixturedefs.get(fixture, ())]


def _is_of_a_test(task: asyncio.Task[Any]) -> bool:
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and code.co_filename.startswith(TESTS) and task is not asyncio.current_task()


def delete_rows(settings: Settings) -> None:
    """Delete the rows of a bot that runs, in one transaction, but for those that every bot has."""
    if settings.database_url is not None:
        with played.postgres(settings) as connection:
            if places := played.with_rows(connection, OF_EVERY_BOT):
                deletions = [SQL("DELETE FROM {}").format(Identifier(*place)) for place in places]
                in_any_order = SQL("SET session_replication_role = replica")  # whatever refers to what
                connection.execute(SQL("; ").join([in_any_order, *deletions]))
        return
    with closing(sqlite3.connect(settings.store_file, timeout=played.LOCKED_FOR, isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS other", [str(settings.jobs_file)])
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA other.synchronous = OFF")
        connection.execute("BEGIN IMMEDIATE")
        for schema in ("main", "other"):
            for table in played.tables_of(connection, OF_EVERY_BOT, schema):
                connection.execute(f'DELETE FROM {schema}."{table}"')
        connection.execute("COMMIT")
