"""Who is taken for dead, and when."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from bot import jobs, replica, work_records

TIMEOUT, AWAY, BACK = 25.0, 50.0, 80.0  # seconds of a clock that only sleeping moves


class Clock:
    """A clock, and a database that is away for a while; somebody else's work waits, and nobody hears of them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.recovered: list[float] = []
        self.done = asyncio.Event()

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_000_000 + self.now

    async def sleep(self, seconds: float) -> None:
        if seconds > 1000:  # until the next tidying
            await asyncio.Event().wait()
        self.now += seconds
        if self.now > 200:
            self.done.set()
        await asyncio.sleep(0)

    async def heartbeat(self, name: str, at: float) -> None:
        assert (name, at) == ("me", self.time())
        if AWAY <= self.now < BACK:
            raise OSError("the database is away")

    async def heartbeats(self) -> dict[str, float]:
        return {"me": self.time(), "gone": 5.0, "of another clock": self.now - 3600}

    async def prune(self, *_: float, gaps_before: float) -> None:  # noqa: ARG002 - as the store has it
        return

    async def delete_ended(self, _: float) -> None:
        return

    async def check_writable(self) -> None:
        return

    async def executors_with_work(self) -> frozenset[str]:
        return frozenset({"me", "gone", "of another clock"})

    async def recover(self, names: list[str]) -> int:
        assert names == ["gone"]
        self.recovered.append(self.now)
        return 1


async def test_after_an_outage_nobody_is_taken_for_dead_before_everybody_could_speak(monkeypatch: pytest.MonkeyPatch):
    clock = Clock()
    monkeypatch.setattr(replica, "time", clock)
    known: dict[str, Any] = {name: getattr(asyncio, name) for name in ("create_task", "gather")}
    monkeypatch.setattr(replica, "asyncio", SimpleNamespace(sleep=clock.sleep, **known))
    for name in ("executors_with_work", "recover", "check_writable"):
        monkeypatch.setattr(jobs, name, getattr(clock, name))
    monkeypatch.setattr(work_records, "delete_ended", clock.delete_ended)

    async with replica.alive(clock, "me", TIMEOUT):  # type: ignore[arg-type]
        await clock.done.wait()

    before, after = [at for at in clock.recovered if at < BACK], [at for at in clock.recovered if at >= BACK]
    assert TIMEOUT <= before[0] <= TIMEOUT + 2 * TIMEOUT / replica.BEATS
    assert before[-1] < AWAY
    assert BACK + TIMEOUT - 2 * replica.SOON <= after[0] <= BACK + TIMEOUT + TIMEOUT / replica.BEATS
