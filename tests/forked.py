"""Processes of `rolefit` that are forked off one which has imported everything and read the shipped knowledge.

To import takes most of a start: a second, of each of the many processes that tests start and kill. What such a process
does otherwise, from its command line and environment on, it does as one that a user starts.
"""

import asyncio
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NoReturn

from dbos import Queue
from dbos._dbos import _get_or_create_dbos_registry

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.ready_to_fork"])


def queue_of_what_is_left() -> Queue:
    """Give DBOS's own queue, in which it puts what an earlier process has left."""
    return _get_or_create_dbos_registry().get_internal_queue()


def take_up_soon() -> None:
    """Have DBOS look at once for what an earlier process has left, not after a second; it has no setting for this."""
    queue_of_what_is_left()._polling_interval_sec = 0.05


class Forked:
    """One of these processes, to be used like one of asyncio's.

    stderr, stdout: files to which it adds what it says; without one, stdout is ours. version: of the recorded work, if
    the bot is to be another version.
    """

    def __init__(
        self,
        *arguments: str,
        env: Mapping[str, str],
        cwd: Path,
        stderr: Path,
        stdout: Path | None = None,
        version: str | None = None,
    ) -> None:
        what = (arguments, dict(env), cwd, stderr, stdout, version)
        self._process: BaseProcess = _context.Process(target=_become, args=what)
        self._process.start()
        self._ended: asyncio.Event | None = None

    @property
    def pid(self) -> int:
        """Its number."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit code, or minus the signal that ended it; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Wait for its end and give the exit code."""
        while (code := self.returncode) is None:
            if self._ended is None:
                self._ended, loop = asyncio.Event(), asyncio.get_running_loop()
                loop.add_reader(self._process.sentinel, self._end, loop, self._ended)
            await self._ended.wait()
        return code

    def _end(self, loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
        loop.remove_reader(self._process.sentinel)
        ended.set()


def _become(
    arguments: tuple[str, ...], env: dict[str, str], cwd: Path, stderr: Path, stdout: Path | None, version: str | None
) -> NoReturn:
    """Go on as `python -m bot` with these arguments."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    for path, number in ((stderr, 2), (stdout, 1)):
        if path is not None:
            with path.open("ab") as file:
                os.dup2(file.fileno(), number)
    from bot import jobs

    jobs.WORK_VERSION = version or jobs.WORK_VERSION
    sys.argv = ["rolefit", *arguments]
    runpy.run_module("bot", run_name="__main__", alter_sys=True)
    sys.exit()
