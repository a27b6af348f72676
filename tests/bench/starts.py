"""How long the bot takes from its start to the first acknowledgement, beside a bare Bolt app that does nothing.

Both are processes behind uvicorn, started in turn, so that what else the machine does meets both. Beside the time that
passes stands what the process itself has worked, which depends less on that. The bot starts
once on an empty folder, where it makes its tables, and then on that folder again: to what deserves silence, which it
acknowledges before it can do anything else, and to a question, which it has to record before.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp
import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from tests.bench.requests import message, note, send
from tests.conftest import free_port
from tests.test_cli import CLEAN, ROOT
from tests.workspace import Workspace

STARTS = 7
BARE, FIRST, AGAIN = "bare Bolt", "Rolefit, the first start", "Rolefit, a start"
ASKED = "Rolefit, a start to a question recorded"
SILENT, QUESTION = "lunch at 12?", "What does MTS mean?"


async def report(console: Console) -> None:
    """Print the table."""
    taken: dict[str, list[tuple[float, float]]] = {BARE: [], FIRST: [], AGAIN: [], ASKED: []}
    async with Workspace.start() as workspace, aiohttp.ClientSession() as session:
        for number in range(STARTS + 1):
            with tempfile.TemporaryDirectory() as folder:
                environment = environment_for(workspace, folder)
                for name, measured in taken.items():
                    command = command_for(BARE if name == BARE else "Rolefit", port := free_port())
                    began = time.perf_counter()
                    async with process(command, environment | {"PORT": str(port)}) as started:
                        await first_acknowledgement(session, port, QUESTION if name == ASKED else SILENT)
                        seconds = time.perf_counter() - began
                        used = psutil.Process(started.pid).cpu_times()
                    if number:  # the first of each reads what the others find in memory, and may compile it
                        measured.append((seconds, used.user + used.system))
    table = Table("", "s", "of Bolt", "worked s", "of Bolt", title="From start to first acknowledgement", width=118)
    base = np.median(taken[BARE], axis=0)
    for name, starts in taken.items():
        seconds, worked = np.median(starts, axis=0)
        table.add_row(name, f"{seconds:.2f}", f"{seconds / base[0]:.1f}", f"{worked:.2f}", f"{worked / base[1]:.1f}")
    console.print(table)


def environment_for(workspace: Workspace, folder: str) -> dict[str, str]:
    """Give the environment of a bot over HTTP in a local workspace; bytecode is written, as by `make setup`."""
    return CLEAN | {
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPATH": str(ROOT),
        "DATA_DIR": folder,
        "LOG_LEVEL": "ERROR",
        "SLACK_API_URL": workspace.api_url,
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_SIGNING_SECRET": workspace.signing_secret,
    }


def command_for(name: str, port: int) -> Sequence[str]:
    """Give what Python is to run."""
    return ["-m", "tests.bench.bare", str(port)] if name == BARE else ["-m", "bot", "run", "--http"]


@asynccontextmanager
async def process(command: Sequence[str], environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run Python until the end of the block."""
    started = await asyncio.create_subprocess_exec(
        sys.executable, *command, env=environment, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield started
    finally:
        started.terminate()
        await started.wait()


async def first_acknowledgement(session: aiohttp.ClientSession, port: int, text: str = SILENT) -> None:
    """Send a message until it is acknowledged."""
    while True:
        try:
            status, _ = await send(session, port, message(text))
        except aiohttp.ClientConnectorError:
            await asyncio.sleep(0.005)
        else:
            note(status)
            return
