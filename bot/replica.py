"""One process among others on a database: it says that it lives, and takes over the work of those that are gone.

A replica that has not been heard of for `REPLICA_TIMEOUT` seconds is taken for dead. After an outage of the database
all of them have been silent, so nobody judges for as long after one: the living get the time to speak.
"""

import asyncio
import os
import socket
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import NoReturn

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import jobs
from bot.storage import Store

BEATS = 5  # signs of life in the time after which a replica is taken for dead
SOON = 2.0  # seconds until what failed is tried again
TIDY, KEPT = 3600.0, 30 * 86_400.0  # seconds between two rounds of deleting, and that records are kept

log = structlog.get_logger()


def name() -> str:
    """Make a name that no other process has, now or later."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{uuid.uuid4().hex[:12]}"


@asynccontextmanager
async def alive(store: Store, replica: str, timeout: float) -> AsyncIterator[None]:  # noqa: ASYNC109 - of others
    """Be one of the replicas until the end of the block; `timeout` is in seconds. Work must have been launched.

    Call `store.seen` before that: others would take over the work of a process that they do not know.
    """

    async def tidy() -> float:
        now = time.time()
        await store.forget(now - KEPT, now)
        await jobs.forget(now - KEPT)
        return TIDY

    # Apart, because deleting may take longer than others wait for a sign of life.
    tasks = [asyncio.create_task(each) for each in (_keep(store, replica, timeout), again("tidying", tidy))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def again(name: str, work: Callable[[], Awaitable[float]], soon: float = SOON) -> NoReturn:
    """Do something for ever: it gives the seconds until the next time. What fails is logged, and done again `soon`."""
    while True:
        try:
            pause = await work()
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody else would go on with it
            log.warning("it did not work and is tried again", work=name, error=type(error).__name__)
            pause = soon
        await asyncio.sleep(pause)


async def goodbye(store: Store, replica: str) -> None:
    """Let the others take over at once what is left."""
    with suppress(SQLAlchemyError, OSError):
        await store.seen(replica, 0)


async def _keep(store: Store, replica: str, timeout: float) -> None:  # noqa: ASYNC109 - how long others may be silent
    judges_from, beat = 0.0, timeout / BEATS

    async def speak() -> float:
        nonlocal judges_from
        begun, away = time.monotonic(), True
        try:
            await store.seen(replica, time.time())
            away = time.monotonic() - begun > 2 * beat
        finally:
            if away:
                judges_from = time.monotonic() + timeout
        if time.monotonic() >= judges_from:
            await _take_over(store, timeout)
        return beat

    await again("the sign of life", speak, min(beat, SOON))


async def _take_over(store: Store, silent_for: float) -> None:
    """Take over work of our version whose process nobody has heard of; work of others waits for one of theirs."""
    if holders := await jobs.holders():
        dead = sorted(holders - await store.heard(time.time() - silent_for))
        # Nothing may be left but what another version knows.
        if dead and (work := await jobs.adopt(dead)):
            log.info("took over the work of replicas that are gone", replicas=dead, work=work)
