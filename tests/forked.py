"""Processes of `rolefit` that are forked off one which has imported everything and read the knowledge.

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

READY = "tests.ready_to_fork"  # has everything imported
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([READY])


class Forked:
    """One of these processes, to be used like one of asyncio's."""

    def __init__(self, arguments: tuple[str, ...], environment: Mapping[str, str], folder: Path, log: Path) -> None:
        self._process: BaseProcess = _context.Process(target=_become, args=(arguments, dict(environment), folder, log))
        self._process.start()

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
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode


def _become(arguments: tuple[str, ...], environment: dict[str, str], folder: Path, log: Path) -> NoReturn:
    """Go on as `python -m bot` with these arguments, which says to a file what it would say to stderr."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    with log.open("w") as stderr:
        os.dup2(stderr.fileno(), sys.stderr.fileno())
    from bot import knowledge
    from bot.settings import KNOWLEDGE
    from tests.ready_to_fork import LIBRARY

    read = knowledge.load
    knowledge.load = lambda folder: LIBRARY if folder == KNOWLEDGE else read(folder)
    sys.argv = ["rolefit", *arguments]
    runpy.run_module("bot", run_name="__main__", alter_sys=True)
    sys.exit()
