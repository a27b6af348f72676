"""Durable work: what must happen even if the process dies now.

Built on DBOS. A workflow is recorded before `start` returns, under a key that can be used once; each step's result is
recorded as it ends. After a crash, workflows that had not ended go on after their last recorded step. One gap remains
that nobody can close: if the process dies between an effect (Slack has the message) and the record of it, the step is
done again. `in_doubt` tells the step that this may be so, and it can look first.
"""

import asyncio
import contextlib
import functools
import logging
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import psycopg
import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSConfiguredInstance, SetWorkflowID, WorkflowStatus
from sqlalchemy import Engine, ExceptionContext, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from bot import metrics
from bot.errors import places
from bot.private import private_file

# Which code may take up which recorded work. DBOS would derive it from the source, and each deployment would strand
# what was in flight; instead it changes by hand, when the steps of a workflow no longer fit those recorded before.
VERSION = "7"

RECORDED_WITHIN = 2.5  # seconds; Slack waits for three, and comes again
LISTENS_EVERY = 1.0  # seconds between two looks of DBOS for what workflows send each other; a shutdown waits so long
UNDER_WAY = ["PENDING", "ENQUEUED", "DELAYED"]
OLDEST = 2_000  # pieces of work; what a dead process left is soon among the oldest
FAILED_TOO_OFTEN = "MAX_RECOVERY_ATTEMPTS_EXCEEDED"  # DBOS's word for work that each process dies of
ENDS = ["SUCCESS", "CANCELLED", "ERROR", FAILED_TOO_OFTEN]

log = structlog.get_logger()

P = ParamSpec("P")
R = TypeVar("R")


class Worker(DBOSConfiguredInstance):
    """Base of the classes whose methods are workflows; decorate them with `worker`.

    DBOS knows one instance of each for the life of the process, and finds it again after a restart by its name. So
    a worker is made once, at import, and equipped with what it works with when the app is put together.
    """

    def __init__(self, name: str) -> None:
        super().__init__(config_name=name)


worker = DBOS.dbos_class


@dataclass
class _Life:
    """What this process knows of a workflow that it runs. `in_doubt`: its next step may have been done before."""

    in_doubt: bool
    posts: int = 0


_begun_here: ContextVar[bool] = ContextVar("begun here", default=False)
_life: ContextVar[_Life] = ContextVar("life")


class WorkError(Exception):
    """Ends a piece of work for good; says why in a code that holds nothing anybody wrote."""


class _InFlight:
    """Counts the workflows that are running, so that a shutdown can wait for them."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew, for the event loop that runs next."""
        self.count = 0
        self.idle = asyncio.Event()
        self.idle.set()

    def __enter__(self) -> None:
        self.add(1)

    def __exit__(self, *_: object) -> None:
        self.add(-1)

    def add(self, number: int) -> None:
        """Count one more or one less."""
        self.count += number
        if self.count:
            self.idle.clear()
        else:
            self.idle.set()


_in_flight = _InFlight()
_recording: "set[asyncio.Task[None]]" = set()  # the event loop itself holds its tasks only weakly


def workflow(function: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """Make a method of a worker durable.

    It is run again from its beginning after a crash, perhaps days later and with the knowledge edited meanwhile; steps
    that are recorded only give their results. So which step comes next may depend on the method's arguments and on what
    steps have returned, and on nothing else: not on the knowledge, the clock, the settings, rows or what is in memory.
    """

    @functools.wraps(function)
    async def tracked(*args: P.args, **kwargs: P.kwargs) -> R:
        _life.set(_Life(in_doubt=not _begun_here.get()))
        with _in_flight:
            try:
                return await function(*args, **kwargs)
            except Exception as error:
                # Nobody waits for it, so nobody else would hear of it. The kind, the key and the places must do: what
                # an error says, or its traceback, may hold what people wrote.
                metrics.WORK_FAILED.labels(_kind(error)).inc()
                kind, where = _kind(error), places(error)
                log.error("work failed", key=DBOS.workflow_id, error=kind, places=where)  # noqa: TRY400
                raise

    return DBOS.workflow()(tracked)


async def step(name: str, function: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do something once in a workflow and record its result, which must be plain data.

    Where our own database is away it is tried again, for some minutes; any other error ends the workflow.
    """
    life = _life.get()

    async def effect() -> R:
        try:
            return await function(*args, **kwargs)
        finally:
            life.in_doubt = False

    options: Any = {
        "name": name,
        "retries_allowed": True,
        "max_attempts": 10,
        "interval_seconds": 0.5,
        "backoff_rate": 2.0,
        "should_retry": is_database_away,
    }
    return await DBOS.run_step_async(options, effect)


async def insist(function: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do what is no step, since doing it again changes nothing, once more while our own database is away."""
    for pause_for in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0):
        try:
            return await function(*args, **kwargs)
        except (DBAPIError, NoConnectionError) as error:
            if not is_database_away(error):
                raise
            await asyncio.sleep(pause_for)
    return await function(*args, **kwargs)


async def pause(seconds: float) -> None:
    """Let a workflow sleep; a restart does not begin the sleep anew, and a shutdown does not wait for its end."""
    _in_flight.add(-1)
    try:
        await DBOS.sleep_async(seconds)
    finally:
        _in_flight.add(1)


def in_doubt() -> bool:
    """Say, in a step, whether it may have been done already by a process that died before it could record it."""
    return _life.get().in_doubt


def next_post() -> str:
    """Give a key for the next message of the running workflow: the same one whenever the workflow is run again."""
    life = _life.get()
    life.posts += 1
    return f"{current_key()}#{life.posts}"


@event.listens_for(Engine, "handle_error")
def _is_away(context: ExceptionContext) -> None:
    """Call a connection that cannot be made a lost one, so that DBOS tries again whatever psycopg's words for it are.

    DBOS looks for "connection failed" in the message, and psycopg also says "connection is bad".
    """
    if context.connection is None and isinstance(context.original_exception, psycopg.OperationalError):
        context.is_disconnect = True


def is_database_away(error: BaseException) -> bool:
    """Say whether an error of our own database may pass by itself."""
    return isinstance(error, OperationalError | InterfaceError | NoConnectionError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def configure(url: str, *, executor: str = "local") -> None:
    """Prepare the engine on a database, given as SQLAlchemy's URL; `executor` tells replicas apart.

    There is one engine per process, because DBOS is one.
    """
    _prepare_sqlite(url)
    _in_flight.reset()
    logging.getLogger("dbos").addFilter(_without_traceback)
    config: DBOSConfig = {
        "name": "rolefit",
        "system_database_url": url,
        "application_version": VERSION,
        "executor_id": executor,
        "log_level": "WARNING",
        "db_engine_kwargs": {"hide_parameters": True},
        "notification_listener_polling_interval_sec": LISTENS_EVERY,
    }
    DBOS(config=config)


def _without_traceback(record: logging.LogRecord) -> bool:
    """Have DBOS log one line and the kind of an error only: a traceback may hold what people wrote."""
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    said = record.getMessage().partition("\n")[0]
    record.msg, record.args = f"{said} {_kind(error)}" if error else said, ()
    record.exc_info = record.exc_text = None
    return True


def launch() -> None:
    """Begin to work, first on what an earlier process left unfinished. Call it with all workers made."""
    DBOS.launch()


async def start(key: str, work: Callable[P, Coroutine[Any, Any, Any]], *args: P.args, **kwargs: P.kwargs) -> None:
    """Record a piece of work and begin it; a key that was used before does nothing, however long ago.

    Returns once it is recorded. Raises what the database raises if it could not be, and TimeoutError if that takes
    longer than Slack waits for us: it may be recorded all the same, and what comes again finds it so.
    """

    async def record() -> None:
        begun = _begun_here.set(True)
        try:
            with SetWorkflowID(key):
                await DBOS.start_workflow_async(work, *args, **kwargs)
        finally:
            _begun_here.reset(begun)

    if DBOS.workflow_id is not None:  # nobody waits for what work begins
        await record()
        return
    # Shielded, because DBOS would not run what was recorded by somebody who has gone away meanwhile.
    recording = asyncio.create_task(record())
    _recording.add(recording)
    recording.add_done_callback(_recorded)
    async with asyncio.timeout(RECORDED_WITHIN):
        await asyncio.shield(recording)


def _recorded(recording: "asyncio.Task[None]") -> None:
    _recording.discard(recording)
    if not recording.cancelled():
        recording.exception()  # looked at, so that asyncio does not report it where nobody waits for it any more


async def unended(prefix: str) -> str:
    """Give the key, with this prefix and a number, of work that is under way; or of none yet, for the next."""
    found = await DBOS.list_workflows_async(workflow_id_prefix=prefix, load_input=False, load_output=False)
    numbers = {each.workflow_id.removeprefix(prefix): each.status for each in found}
    ended = [int(number) for number, status in numbers.items() if number.isdigit() and status not in UNDER_WAY]
    return f"{prefix}{max(ended, default=-1) + 1}"


async def adopt(executors: list[str]) -> int:
    """Take over the unfinished work of processes that are gone; gives how much. Adopting again does no harm."""
    # DBOS gives this to its paid coordinator only; the operation itself is public in its command line and API.
    return len(await asyncio.to_thread(DBOS._recover_pending_workflows, executors))


async def forget(before: float) -> int:
    """Delete the records of work that was begun before this time in seconds since 1970 and has ended, well or not."""
    until, total = datetime.fromtimestamp(before, UTC).isoformat(), 0
    while ended := await DBOS.list_workflows_async(
        status=ENDS, end_time=until, limit=500, load_input=False, load_output=False
    ):
        await DBOS.delete_workflows_async([each.workflow_id for each in ended])
        total += len(ended)
    return total


async def forget_keys(prefixes: list[str], *, ended: bool = False) -> None:
    """Delete the records of all work whose key begins with one of these, after stopping what has not ended.

    ended: leave what has not ended alone.
    """
    which: dict[str, Any] = {"status": ENDS} if ended else {}
    while found := await DBOS.list_workflows_async(
        workflow_id_prefix=prefixes, limit=500, load_input=False, load_output=False, **which
    ):
        keys = [each.workflow_id for each in found]
        if not ended:
            await DBOS.cancel_workflows_async(keys)
        await DBOS.delete_workflows_async(keys)


async def holders() -> frozenset[str]:
    """Name the processes that hold the oldest work of this version which has not ended."""
    found = await DBOS.list_workflows_async(
        status="PENDING", app_version=VERSION, limit=OLDEST, load_input=False, load_output=False
    )
    return frozenset(each.executor_id for each in found if each.executor_id)


async def waiting() -> int:
    """Count the work that has begun and not ended, up to 10,000."""
    found = await DBOS.list_workflows_async(status=UNDER_WAY, limit=10_000, load_input=False, load_output=False)
    return len(found)


async def idle() -> None:
    """Wait until no workflow runs in this process, but for those that pause."""
    await _in_flight.idle.wait()


async def close(patience: float) -> None:
    """Wait up to `patience` seconds for work in flight and stop; what is left goes on at the next launch."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience):
            await idle()
    await asyncio.to_thread(DBOS.destroy)


def current_key() -> str:
    """Give the key of the workflow that is running; RuntimeError outside of one."""
    if (key := DBOS.workflow_id) is None:
        raise RuntimeError("there is no workflow here")
    return key


# For the operator


@dataclass(frozen=True)
class Failed:
    """A piece of work that was given up: its key, when (seconds since 1970), the step, and what kind of error."""

    key: str
    at: float
    step: str
    error: str


class Ledger:
    """The records of the work, read and changed from outside, whether a bot runs or not."""

    def __init__(self, url: str) -> None:
        _prepare_sqlite(url)
        self._client = DBOSClient(system_database_url=url)

    def failed(self) -> list[Failed]:
        """List what was given up, latest first."""
        return [self._read(each) for each in self._listed(status=["ERROR", FAILED_TOO_OFTEN], sort_desc=True)]

    def left_behind(self) -> dict[str, int]:
        """Count the work that waits for a process of another version than this, by version."""
        found = self._listed(status=UNDER_WAY, load_output=False)
        return dict(Counter(each.app_version or "" for each in found if each.app_version != VERSION))

    def replay(self, key: str) -> None:
        """Have a piece of work done again from the step that failed; a bot takes it up within seconds."""
        steps = self._client.list_workflow_steps(key)
        failed = next((each["function_id"] for each in steps if each["error"]), None)
        self._client.rewind_workflow(key, start_step=failed or 1, application_version=VERSION)

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()

    def _listed(self, **which: Any) -> list[WorkflowStatus]:
        try:
            return self._client.list_workflows(load_input=False, **which)
        except (OperationalError, ProgrammingError) as error:
            if "workflow_status" in str(error):  # the table is not there: no bot has worked here yet
                return []
            raise

    def _read(self, found: WorkflowStatus) -> Failed:
        steps = self._client.list_workflow_steps(found.workflow_id)
        step = next((each["function_name"] for each in steps if each["error"]), "")
        return Failed(found.workflow_id, (found.updated_at or 0) / 1000, step, _kind(found.error))


def _kind(error: BaseException | None) -> str:
    """Name an error without its words, which may hold what people wrote."""
    return str(error) if isinstance(error, WorkError) else type(error).__name__


def _prepare_sqlite(url: str) -> None:
    """Let readers go on beside a writer. The file keeps this setting, which DBOS does not make itself.

    Raises OSError if the file cannot be made, and sqlite3.Error for what is no database, or cannot be written.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return
    private_file(Path(parsed.database))
    connection = sqlite3.connect(parsed.database)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()
