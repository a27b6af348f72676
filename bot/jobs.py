"""Durable work: what must happen even if the process dies now.

Work is recorded before `start` returns, in the inbox, and begun from there under a key that can be used once. From then
on it is a workflow of DBOS: each step's result is recorded as it ends, and after a crash it goes on after the last step
that was recorded. One gap remains that nobody can close: if the process dies between an effect (Slack has the message)
and the record of it, the step is done again. `in_doubt` tells the step that this may be so, and it can look first.

What is recorded is looked up and deleted by `bot.work_records`.
"""

import asyncio
import contextlib
import functools
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NewType, ParamSpec, TypeVar

import structlog
from dbos import DBOS, DBOSConfig, SetWorkflowID
from dbos import error as dbos_error
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from bot import metrics
from bot.errors import places
from bot.inbox import Inbox, Reader
from bot.storage import Item, Store, sqlite_file
from bot.storage.trouble import PLUGIN, passes, trouble, words
from bot.turnstile import Turnstile
from bot.work_registry import FORMER_NAME, arguments_as_json, arguments_by_name, find_work, name_of, work_names

# Which code may take up which recorded work. DBOS would derive it from the source, and each deployment would strand
# what was in flight; instead it changes by hand, when the steps of a workflow no longer fit those recorded before.
WORK_VERSION = "20"

ACTIVE = 8  # workflows of this process that do something; more only wait for each other
LIVE = 10_000  # workflows of this process with those that pause, whose memory would grow without end
DATABASE_THREADS = 4  # in which DBOS talks to its database; each more makes the event loop wait longer for its turn
OVERSLEPT = 10.0  # seconds that a sleep may be longer than it was meant to be, with recording it
LONGEST = 15.0  # seconds between two tries of a step while the database is in trouble
LISTENS_EVERY = 1.0  # seconds between two looks of DBOS for what workflows send each other; a shutdown waits so long
UNDER_WAY = ["PENDING", "ENQUEUED", "DELAYED"]
CANCELLED = "Asyncio task cancelled"  # how DBOS begins to say that
LEAVES_WITHIN = 1.0  # seconds that a shutdown waits for what it has cancelled
OLDEST = 2_000  # pieces of work; what a dead process left is soon among the oldest
FAILED_TOO_OFTEN = "MAX_RECOVERY_ATTEMPTS_EXCEEDED"  # DBOS's word for work that each process dies of
ENDS = ["SUCCESS", "CANCELLED", "ERROR", FAILED_TOO_OFTEN]

log = structlog.get_logger()

Key = NewType("Key", str)  # of a piece of work; `bot.slack.work` makes them
P = ParamSpec("P")
R = TypeVar("R")


worker = DBOS.dbos_class


@dataclass
class _Life:
    """What this process knows of a workflow that it runs. `in_doubt`: its next step may have been done before."""

    in_doubt: bool
    posts: int = 0


# Set when a workflow that was begun in this process runs; None in one that is run again.
_started: ContextVar[asyncio.Event | None] = ContextVar("started", default=None)
_life: ContextVar[_Life] = ContextVar("life")


class WorkError(Exception):
    """Ends a piece of work for good; says why in a code that holds nothing anybody wrote."""


class _InFlight:
    """Counts the workflows that are running, so that a shutdown can wait for them.

    Each start has a count of its own: what an earlier one has cancelled may end later, and would be missing here.
    """

    def __init__(self) -> None:
        self.count = self.live = 0
        self.tasks: set[asyncio.Task[Any]] = set()  # of those that are running or pause
        self.idle, self.room = asyncio.Event(), asyncio.Event()
        self.add(0)

    def __enter__(self) -> None:
        self.live += 1
        self.tasks |= _current_task()
        self.add(1)

    def __exit__(self, *_: object) -> None:
        self.live -= 1
        self.tasks -= _current_task()
        self.add(-1)

    def add(self, number: int) -> None:
        """Count one more or one less that does something now."""
        self.count += number
        _set_if(self.idle, self.count == 0)
        _set_if(self.room, self.count < ACTIVE and self.live < LIVE)


def _current_task() -> set[asyncio.Task[Any]]:
    return {task} if (task := asyncio.current_task()) else set()


def _set_if(condition: asyncio.Event, holds: bool) -> None:
    if holds:
        condition.set()
    else:
        condition.clear()


_in_flight = _InFlight()
_ends: set[tuple[tuple[str, ...], asyncio.Event]] = set()  # who waits for work to end, by how its key begins
_inbox: Inbox | None = None
_over: set[str] = set()  # keys of workflows that ran here and have ended, while DBOS records that
_url = ""
_file: str | None = None  # SQLite's
_apart = ThreadPoolExecutor(1)  # asyncio's own threads are DBOS's, and may all wait for the database


def workflow(function: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """Make a method of a worker durable.

    It is run again from its beginning after a crash, perhaps days later and with the knowledge edited meanwhile; steps
    that are recorded only give their results. So which step comes next may depend on the method's arguments and on what
    steps have returned, and on nothing else: not on the knowledge, the clock, the settings, rows or what is in memory.
    """

    @functools.wraps(function)
    async def tracked(*args: P.args, **kwargs: P.kwargs) -> R:
        started = _started.get()
        _life.set(_Life(in_doubt=started is None))
        with _in_flight, _noting_end(current_key()):
            if started:
                started.set()
            try:
                return await function(*args, **kwargs)
            except Exception as error:
                # Nobody waits for it, so nobody else would hear of it. The kind, the key and the places must do: what
                # an error says, or its traceback, may hold what people wrote.
                metrics.WORK_FAILED.labels(kind_of(error)).inc()
                kind, where = kind_of(error), places(error)
                log.error("work failed", key=DBOS.workflow_id, error=kind, places=where)  # noqa: TRY400
                raise

    durable = DBOS.workflow()(tracked)
    setattr(durable, FORMER_NAME, getattr(function, FORMER_NAME, ""))
    return durable


@contextmanager
def _noting_end(key: str) -> Iterator[None]:
    """Remember that a workflow is over from the end of the block until its task is, which records it before."""
    _over.discard(key)  # it may be run again
    try:
        yield
    finally:
        _over.add(key)
        if task := asyncio.current_task():
            task.add_done_callback(lambda _: _over.discard(key))


def over() -> frozenset[str]:
    """Give the keys of work that has ended in this process, and whose record may say so only in a moment."""
    return frozenset(_over)


async def step(name: str, function: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do something once in a workflow and record its result, which must be plain data.

    It is tried again while our own database is in trouble that passes, such as a full disk, and for some minutes where
    that is less certain; any other error ends the workflow.
    """
    life = _life.get()

    async def effect() -> R:
        pause_for, is_tried_again = 0.5, False
        try:
            while True:
                try:
                    return await function(*args, **kwargs)
                except (DBAPIError, NoConnectionError) as error:
                    if not passes(error):
                        raise
                    log.warning("a step waits for the database", step=name, key=DBOS.workflow_id, problem=words(error))
                await asyncio.sleep(pause_for)
                pause_for = min(2 * pause_for, LONGEST)
        except Exception as error:
            is_tried_again = is_database_away(error)
            raise
        finally:
            life.in_doubt = life.in_doubt and is_tried_again

    options: Any = {
        "name": name,
        "retries_allowed": True,
        "max_attempts": 10,
        "interval_seconds": 0.5,
        "backoff_rate": 2.0,
        "should_retry": is_database_away,
    }
    return await DBOS.run_step_async(options, effect)


async def retry_db(function: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function that is no step and may be called twice, again and again while our own database is away."""
    for pause_for in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0):
        try:
            return await function(*args, **kwargs)
        except (DBAPIError, NoConnectionError) as error:
            if not is_database_away(error):
                raise
            await asyncio.sleep(pause_for)
    return await function(*args, **kwargs)


async def pause(seconds: float) -> None:
    """Let a workflow sleep; a restart does not begin the sleep anew, and a shutdown does not wait for its end.

    After a restart DBOS sleeps until a time that the clock said before: one that was put back would make it longer.
    """
    in_flight = _in_flight
    in_flight.add(-1)
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds + OVERSLEPT):
                await DBOS.sleep_async(seconds)
    finally:
        in_flight.add(1)


def in_doubt() -> bool:
    """Say, in a step, whether it may have been done already by a process that died before it could record it."""
    return _life.get().in_doubt


def next_message_key() -> str:
    """Give a key for the next message of the running workflow: the same one whenever the workflow is run again."""
    life = _life.get()
    life.posts += 1
    return message_key(current_key(), life.posts)


def message_key(key: str, number: int) -> str:
    """Give the key of a message, by the key of the work that posts it and its number there, from 1."""
    return f"{key}#{number}"


def is_database_away(error: BaseException) -> bool:
    """Say whether an error of our own database may pass by itself."""
    return passes(error) or isinstance(error, OperationalError | InterfaceError | NoConnectionError)


def is_no_fault_of_the_work(error: BaseException) -> bool:
    """Say whether an error is the database's own, so that what met it is to be kept: also of one that is damaged."""
    return is_database_away(error) or trouble(error) is not None


def configure(url: str, *, executor: str = "local") -> None:
    """Prepare the engine on a database, given as SQLAlchemy's URL; `executor` tells replicas apart.

    There is one engine per process, because DBOS is one.
    """
    global _url, _file, _in_flight  # noqa: PLW0603 - as there is one DBOS
    sqlite_file.prepare(url)
    _url, _file = url, sqlite_file.path_of(url)
    _in_flight = _InFlight()
    logging.getLogger("dbos").addFilter(_without_traceback)
    config: DBOSConfig = {
        "name": "rolefit",
        "system_database_url": url,
        "application_version": WORK_VERSION,
        "executor_id": executor,
        "log_level": "WARNING",
        "db_engine_kwargs": {"hide_parameters": True, "plugins": [PLUGIN], "pool_pre_ping": False},
        "max_executor_threads": DATABASE_THREADS,
        "notification_listener_polling_interval_sec": LISTENS_EVERY,
    }
    DBOS(config=config)


def database_url() -> str:
    """Give the address of the database that the engine was prepared on."""
    return _url


def _without_traceback(record: logging.LogRecord) -> bool:
    """Have DBOS log one line and the kind of an error only: a traceback may hold what people wrote.

    Of what `close` cancels it says a line for each step and workflow, in place of which there is one of ours.
    """
    if record.getMessage().startswith(CANCELLED):
        return False
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    line = record.getMessage().partition("\n")[0]
    record.msg, record.args = f"{line} {kind_of(error)}" if error else line, ()
    record.exc_info = record.exc_text = None
    return True


def launch() -> None:
    """Begin to work, first on what an earlier process left unfinished. Call it with all workers made."""
    DBOS.launch()


@dataclass
class _Reading:
    """The reading of one item: what is begun meanwhile follows from it. Tasks that outlive it have it, too."""

    is_over: bool = False


_reading: ContextVar[_Reading | None] = ContextVar("reading", default=None)


@asynccontextmanager
async def receiving(
    store: Store, replica: str, turnstile: Turnstile | None = None, readers: Mapping[str, Reader] | None = None
) -> AsyncIterator[None]:
    """Take work until the end of the block, and begin what this replica has left in the inbox. Launch before.

    turnstile: where requests wait that may bring some. readers: what reads that which `take_in` has recorded, by name;
    what they start is recorded in its place.
    """
    global _inbox  # noqa: PLW0603 - as there is one DBOS
    _inbox = Inbox(
        store,
        replica,
        begin=_begin,
        room=_in_flight.room.wait,
        keeps=is_no_fault_of_the_work,
        works={*work_names(), *(readers or {})},
        turnstile=turnstile,
        readers={name: _reading_with(reader) for name, reader in (readers or {}).items()},
    )
    try:
        async with _inbox.open():
            yield
    finally:
        _inbox = None


def _reading_with(reader: Reader) -> Reader:
    async def read(text: str) -> None:
        reading = _Reading()
        before = _reading.set(reading)
        try:
            await reader(text)
        finally:
            reading.is_over = True
            _reading.reset(before)

    return read


async def take_in(key: Key, reader: str, text: str) -> None:
    """Record something as it came, in JSON, to be read soon by the reader of this name. Raises what `start` does."""
    await _open_inbox().put(Item(key, reader, text, time.time()))


def count_unread() -> int:
    """Count what was taken in here and has not been read."""
    return 0 if _inbox is None else _inbox.unread


def _open_inbox() -> Inbox:
    if _inbox is None:
        raise RuntimeError("nothing is received here yet")
    return _inbox


async def start(key: Key, work: Callable[P, Coroutine[Any, Any, Any]], *args: P.args, **kwargs: P.kwargs) -> None:
    """Record a piece of work to be begun soon; a key that was used before does nothing, however long ago.

    The arguments must be what JSON gives back as it was. Returns once it is recorded. Raises InboxFullError if too much
    waits, what the database raises if it could not be recorded, and TimeoutError if that takes longer than Slack waits
    for us: it may be recorded all the same, and what comes again finds it so.
    """
    if DBOS.workflow_id is not None:  # nobody waits for what work begins
        await _record(key, work, arguments_by_name(work, *args, **kwargs))
        return
    item = Item(key, name_of(work), arguments_as_json(work, *args, **kwargs), time.time())
    if (reading := _reading.get()) is not None and not reading.is_over:
        _open_inbox().follow(item)
        return
    await _open_inbox().put(item)


async def _begin(item: Item) -> None:
    """Begin what was received. Raises UnknownWorkError for what this version does not know."""
    arguments = json.loads(item.arguments)
    await _record(item.key, find_work(item.work, arguments), arguments)


async def _record(key: str, work: Callable[..., Coroutine[Any, Any, Any]], arguments: Mapping[str, Any]) -> None:
    """Have DBOS record and begin a workflow, unless the key was used before.

    Returns once it counts among those in flight, or is known to run elsewhere or to have ended.
    """
    started = asyncio.Event()
    before = _started.set(started)
    try:
        with SetWorkflowID(key):
            handle = await DBOS.start_workflow_async(work, **arguments)
    except dbos_error.DBOSConflictingWorkflowError:
        # A message that is delivered again may be read as something else than before, as once a round has ended.
        log.info("work was begun before as work of another kind", key=key)
        return
    finally:
        _started.reset(before)
    if (task := getattr(handle, "task", None)) is not None:  # DBOS's handle of what runs in this process
        task.add_done_callback(lambda _: started.set())
        task.add_done_callback(lambda _: _tell_of_end(key))
        await started.wait()


def _tell_of_end(key: str) -> None:
    for prefixes, ended in _ends:
        if key.startswith(prefixes):
            ended.set()


@contextmanager
def watch_ends(prefixes: list[str]) -> Iterator[asyncio.Event]:
    """Give an event that is set once work has ended, and its end is recorded, whose key begins with one of these.

    It hears of what was begun in this process; whatever else there may be must be looked for now and then.
    """
    watching = tuple(prefixes), asyncio.Event()
    _ends.add(watching)
    try:
        yield watching[1]
    finally:
        _ends.discard(watching)


def inbox() -> Inbox | None:
    """Give the inbox, of which `bot.work_records` asks what has not begun; None while nothing is received here."""
    return _inbox


def count_waiting(prefix: str) -> int:
    """Count the work that was received here and has not begun, whose key begins with this."""
    return 0 if _inbox is None else _inbox.count_waiting(prefix)


def is_full() -> bool:
    """Say whether so much waits that no more is taken."""
    return _inbox is not None and _inbox.full


async def recover(executors: list[str]) -> int:
    """Take over the unfinished work of processes that are gone; gives how much. Doing it again does no harm."""
    received = await _inbox.take_over(executors) if _inbox else 0
    # DBOS has no public way to do this: `resume_workflow` does not ask whose the work is, so that two replicas could
    # run the same one at once, and it counts the attempts anew, so that work which kills its process never ends. What
    # this call must do, and that there is still no other, is tried in tests/test_contracts.py.
    return received + len(await asyncio.to_thread(DBOS._recover_pending_workflows, executors))


async def executors_with_work() -> frozenset[str]:
    """Name the processes that have received work, or hold the oldest of this version which has not ended."""
    oldest = await DBOS.list_workflows_async(
        status="PENDING", app_version=WORK_VERSION, limit=OLDEST, load_input=False, load_output=False
    )
    received = await _inbox.receivers() if _inbox else frozenset[str]()
    return received | {workflow.executor_id for workflow in oldest if workflow.executor_id}


async def check_writable() -> None:
    """Find out whether the records of the work can be written, where they have a file of their own.

    Raises OSError or sqlite3.Error if not.
    """
    if _file is not None:
        await asyncio.get_running_loop().run_in_executor(_apart, sqlite_file.check_writable, _file)


async def wait_until_idle() -> None:
    """Wait until all that was received here has begun and no workflow runs here, but for those that pause."""
    while (_inbox and _inbox.waiting) or _in_flight.count:
        if _inbox:
            await _inbox.empty()
        await _in_flight.idle.wait()


async def close(patience: float) -> None:
    """Wait up to `patience` seconds for work in flight and stop; what is left goes on at the next launch."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience):
            await wait_until_idle()
    await _leave_unfinished()
    await asyncio.to_thread(DBOS.destroy)


async def _leave_unfinished() -> None:
    """Stop what pauses, or has not ended in time, with nothing recorded of that, so that it goes on later.

    If it woke while DBOS ends, its next step could not be recorded, and it would seem to have failed.
    """
    if left := set(_in_flight.tasks):
        log.info("work that has not ended goes on at the next start", pausing=_in_flight.live - _in_flight.count)
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=LEAVES_WITHIN)


async def begun_at() -> float:
    """Give when the workflow that is running was recorded, in seconds since 1970."""
    status = await DBOS.get_workflow_status_async(current_key())
    if status is None or status.created_at is None:
        raise RuntimeError("the workflow that runs is not recorded")
    return status.created_at / 1000


def current_key() -> str:
    """Give the key of the workflow that is running; RuntimeError outside of one."""
    if (key := DBOS.workflow_id) is None:
        raise RuntimeError("there is no workflow here")
    return key


def kind_of(error: BaseException | None) -> str:
    """Name an error without its words, which may hold what people wrote."""
    return str(error) if isinstance(error, WorkError) else type(error).__name__
