"""What the machine can do to us: no room on the disk, a database that is read-only or damaged, a clock that is set."""

import asyncio
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp

from bot.knowledge import Library
from tests.conftest import free_port
from tests.test_faq_conversation import SEVEN
from tests.test_process import Started, bot
from tests.workspace import Sent, Workspace, shown

QUESTION = SEVEN["xai-dropped-researcher"]
PATIENCE = 60.0  # seconds
LARGER_THAN_THE_LOG = 64 * 1024  # bytes, which a database has within seconds


@contextmanager
def no_room(process: Started, largest: int = 1) -> Iterator[None]:
    """Let no file of a process grow beyond this until the end of the block, as on a disk that is full."""
    pid, unlimited = process.process.pid, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)


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
                    await asyncio.sleep(0.05)  # nobody is told when it changes
        except TimeoutError:
            raise AssertionError(f"{status} {words!r} was expected, and it is {last}") from None


@asynccontextmanager
async def operator(port: int) -> AsyncIterator[Operator]:
    async with aiohttp.ClientSession() as session:
        yield Operator(port, session)


async def answered_once(workspace: Workspace, library: Library, asked: Sent) -> None:
    """Wait for the one answer to the question."""
    await workspace.replies(asked)
    await workspace.settled()
    thread = await workspace.thread(asked.channel, asked, asked.user)
    [answer] = [shown(each) for each in thread if each["user"] == "U_ROLEFIT"]
    assert library.entries["xai-dropped-researcher"].answer in answer


# The disk


async def test_without_room_on_the_disk_nothing_is_acknowledged_and_with_room_all_is_answered(
    library: Library, tmp_path: Path
):
    port, retries = free_port(), (0.1, 1.0, 2.0, 4.0, 8.0)
    quick = {"HEALTH_PORT": str(port), "REPLICA_TIMEOUT": "1"}
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
        assert "error=OperationalError said='disk I/O error' work='the sign of life'" in running.said()


async def slack_answered(workspace: Workspace) -> bool:
    return [each["status"] for each in await workspace.traffic("chat.postMessage")] == ["ok"]
