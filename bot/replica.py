"""One process among others on a database: it says that it lives, and takes over the work of those that are gone.

A replica that has not been heard of for `REPLICA_TIMEOUT` seconds is taken for dead. Silence is measured here, from
when its sign of life last changed, so that clocks may differ or be set while we run. After an outage of the database,
or of this process, all of them have been silent, so nobody judges for as long after one: the living get the time to
speak.
"""

import asyncio
import os
import socket
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from typing import NoReturn

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import jobs, work_records
from bot.storage import Store
from bot.storage.trouble import trouble, words

BEATS = 5  # signs of life in the time after which a replica is taken for dead
SOON = 2.0  # seconds until what failed is tried again
TIDY, KEPT = 3600.0, 30 * 86_400.0  # seconds between two rounds of deleting, and that records are kept
GAPS_KEPT = 90 * 86_400.0  # seconds that questions without an answer are kept, unless the settings say otherwise

log = structlog.get_logger()


def name() -> str:
    """Make a name that no other process has, now or later."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{uuid.uuid4().hex[:12]}"


class Pulse:
    """What became of the last sign of life. error: why it could not be written; None if it was."""

    error: Exception | None = None


@asynccontextmanager
async def alive(
    store: Store,
    replica: str,
    timeout: float,  # noqa: ASYNC109 - of others
    gaps_kept: float = GAPS_KEPT,
) -> AsyncIterator[Pulse]:
    """Be one of the replicas until the end of the block; `timeout` is in seconds. Work must have been launched.

    gaps_kept: seconds after which questions without an answer are deleted.
    Call `store.heartbeat` before that: others would take over the work of a process that they do not know.
    """
    pulse = Pulse()

    async def tidy() -> float:
        now = time.time()
        await store.prune(now - KEPT, now, gaps_before=now - gaps_kept)
        await work_records.delete_ended(now - KEPT)
        return TIDY

    # Apart, because deleting may take longer than others wait for a sign of life.
    tasks = [
        asyncio.create_task(task) for task in (_keep(store, replica, timeout, pulse), run_periodically("tidying", tidy))
    ]
    try:
        yield pulse
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def run_periodically(name: str, work: Callable[[], Awaitable[float]], soon: float = SOON) -> NoReturn:
    """Run `work` for ever; it gives the seconds until the next time. What fails is logged, and run again `soon`."""
    while True:
        try:
            pause = await work()
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody else would go on with it
            problem = {"problem": words(error)} if trouble(error) else {}
            log.warning("it did not work and is tried again", work=name, error=type(error).__name__, **problem)
            pause = soon
        await asyncio.sleep(pause)


async def deregister(store: Store, replica: str) -> None:
    """Let the others take over at once what is left."""
    with suppress(SQLAlchemyError, OSError):
        await store.heartbeat(replica, 0)


class _Others:
    """How long each replica has been silent, by the clock of this process, which nobody sets."""

    def __init__(self) -> None:
        self._changed: dict[str, tuple[float, float]] = {}  # what each has written, and since when that stands

    def silent(self, seen: Mapping[str, float], now: float, timeout: float) -> frozenset[str]:
        """Name those whose sign of life has stood for longer than this, and those that are about to end."""
        before = self._changed
        self._changed = {
            name: before[name] if name in before and before[name][0] == at else (at, now) for name, at in seen.items()
        }
        return frozenset(name for name, (at, since) in self._changed.items() if at == 0 or now - since > timeout)


async def _keep(
    store: Store,
    replica: str,
    timeout: float,  # noqa: ASYNC109 - how long others may be silent
    pulse: Pulse,
) -> None:
    others, judges_from, beat, before = _Others(), 0.0, timeout / BEATS, time.monotonic()

    async def speak() -> float:
        nonlocal judges_from, before
        begun, away = time.monotonic(), True
        stood_still, before = begun - before > timeout, begun
        try:
            await store.heartbeat(replica, time.time())
            await jobs.check_writable()
            away = stood_still or time.monotonic() - begun > 2 * beat
            pulse.error = None
        except Exception as error:
            pulse.error = error
            raise
        finally:
            if away:
                judges_from = time.monotonic() + timeout
        seen = await store.heartbeats()
        silent = others.silent(seen, time.monotonic(), timeout)
        if time.monotonic() >= judges_from:
            await _take_over(silent, seen)
        return beat

    await run_periodically("the sign of life", speak, min(beat, SOON))


async def _take_over(silent: Collection[str], heard_of: Collection[str]) -> None:
    """Take over work of our version whose process nobody has heard of; work of others waits for one of theirs."""
    if executors := await jobs.executors_with_work():
        dead = sorted(name for name in executors if name in silent or name not in heard_of)
        # Nothing may be left but what another version knows.
        if dead and (work := await jobs.recover(dead)):
            log.info("took over the work of replicas that are gone", replicas=dead, work=work)
