"""Durable work: what must happen even if the process dies now.

Built on DBOS. A workflow is recorded before `start` returns, under a key that can be used once; each step's result is
recorded as it ends. After a crash, workflows that had not ended go on after their last recorded step. One gap remains
that nobody can close: if the process dies between an effect (Slack has the message) and the record of it, the step is
done again.
"""

import asyncio
import contextlib
import functools
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import structlog
from dbos import DBOS, DBOSConfig, DBOSConfiguredInstance, SetWorkflowID
from sqlalchemy.engine import make_url

# Which code may take up which recorded work. DBOS would derive it from the source, and each deployment would strand
# what was in flight; instead it changes by hand, when the steps of a workflow no longer fit those recorded before.
VERSION = "1"

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


class NoEffectError(Exception):
    """Raised by a step that surely had no effect and may be tried again."""


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
        self.count += 1
        self.idle.clear()

    def __exit__(self, *_: object) -> None:
        self.count -= 1
        if not self.count:
            self.idle.set()


_in_flight = _InFlight()


def workflow(function: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """Make a method of a worker durable. It must be deterministic but for what its steps return."""

    @functools.wraps(function)
    async def tracked(*args: P.args, **kwargs: P.kwargs) -> R:
        with _in_flight:
            try:
                return await function(*args, **kwargs)
            except Exception as error:
                # Nobody waits for it, so nobody else would hear of it. The kind and the key must do: what an
                # error says, or its traceback, may hold what people wrote.
                log.error("work failed", key=DBOS.workflow_id, error=type(error).__name__)  # noqa: TRY400
                raise

    return DBOS.workflow()(tracked)


async def step(name: str, function: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do something once in a workflow and record its result, which must be plain data.

    Where `function` raises NoEffectError it is tried again, eight times over about a minute; any other error ends the
    workflow.
    """

    async def effect() -> R:
        return await function(*args, **kwargs)

    options: Any = {
        "name": name,
        "retries_allowed": True,
        "max_attempts": 8,
        "interval_seconds": 0.5,
        "backoff_rate": 2.0,
        "should_retry": lambda error: isinstance(error, NoEffectError),
    }
    return await DBOS.run_step_async(options, effect)


def configure(url: str, *, executor: str = "local") -> None:
    """Prepare the engine on a database, given as SQLAlchemy's URL; `executor` tells replicas apart.

    There is one engine per process, because DBOS is one.
    """
    _prepare_sqlite(url)
    _in_flight.reset()
    config: DBOSConfig = {
        "name": "rolefit",
        "system_database_url": url,
        "application_version": VERSION,
        "executor_id": executor,
        "log_level": "WARNING",
    }
    DBOS(config=config)


def launch() -> None:
    """Begin to work, first on what an earlier process left unfinished. Call it with all workers made."""
    DBOS.launch()


async def start(key: str, work: Callable[P, Coroutine[Any, Any, Any]], *args: P.args, **kwargs: P.kwargs) -> None:
    """Record a piece of work and begin it; a key that was used before does nothing, however long ago.

    Returns once it is recorded. Raises what the database raises if it could not be.
    """
    with SetWorkflowID(key):
        await DBOS.start_workflow_async(work, *args, **kwargs)


async def close(patience: float) -> None:
    """Wait up to `patience` seconds for work in flight and stop; what is left goes on at the next launch."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience):
            await _in_flight.idle.wait()
    await asyncio.to_thread(DBOS.destroy)


def current_key() -> str:
    """Give the key of the workflow that is running; RuntimeError outside of one."""
    if (key := DBOS.workflow_id) is None:
        raise RuntimeError("there is no workflow here")
    return key


def _prepare_sqlite(url: str) -> None:
    """Let readers go on beside a writer. The file keeps this setting, which DBOS does not make itself."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return
    Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(parsed.database)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()
