"""One process among others on a database: it says that it lives, and takes over the work of those that are gone.

A replica that has not been heard of for `REPLICA_TIMEOUT` seconds is taken for dead. After an outage of the database
all of them have been silent, so nobody judges who has been silent lately: the living get the time to speak first.
"""

import asyncio
import os
import socket
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import jobs
from bot.storage import Store

BEATS = 5  # signs of life in the time after which a replica is taken for dead
TIDY, KEPT = 3600.0, 30 * 86_400.0  # seconds between two rounds of deleting, and that records are kept

log = structlog.get_logger()


def name() -> str:
    """Make a name that no other process has, now or later."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{uuid.uuid4().hex[:12]}"


@asynccontextmanager
async def alive(store: Store, replica: str, timeout: float) -> AsyncIterator[None]:  # noqa: ASYNC109 - of others
    """Be one of the replicas until the end of the block; `timeout` is in seconds. Work must have been launched.

    Call `store.seen` before that: work of a process that nobody knows of would be lost with it.
    """
    task = asyncio.create_task(_keep(store, replica, timeout))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def goodbye(store: Store, replica: str) -> None:
    """Let the others take over at once what is left."""
    with suppress(SQLAlchemyError, OSError):
        await store.seen(replica, 0)


async def _keep(store: Store, replica: str, timeout: float) -> None:  # noqa: ASYNC109 - how long others may be silent
    spoken, tidied, beat = time.monotonic(), 0.0, timeout / BEATS
    while True:
        try:
            await store.seen(replica, time.time())
            in_time = time.monotonic() - spoken < 2 * beat
            spoken = time.monotonic()
            if in_time:
                await _take_over(store, timeout)
            if spoken - tidied > TIDY or not tidied:
                tidied = spoken
                await store.forget(time.time() - KEPT)
                await jobs.forget(time.time() - KEPT)
        except (SQLAlchemyError, OSError) as error:
            log.warning("the database does not answer", error=type(error).__name__)
        await asyncio.sleep(beat)


async def _take_over(store: Store, silent_for: float) -> None:
    since = time.time() - silent_for
    dead = await store.silent(since)
    if dead:
        adopted = await jobs.adopt(dead)
        # Only now: had we been killed before, another would have found them, and adopting again does no harm.
        await store.bury(dead, since)
        log.info("took over the work of replicas that are gone", replicas=dead, work=adopted)
