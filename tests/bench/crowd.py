"""Fifteen people who take the quiz together, under Slack's limits: how long each waits for the next question.

The local workspace refuses what Slack would: 50 updates a minute, one message a second and channel, the tier of each
method. People think for a second or four before they click.
"""

import asyncio
import contextlib
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rich.console import Console
from rich.table import Table

from tests.test_process import bot
from tests.test_quiz_conversation import CLEAR, asking, question, result
from tests.workspace import SEED, Json, RefusedError, Sent, Workspace, buttons

PEOPLE = 15
THINKS = (1.0, 4.0)  # seconds
PATIENCE = 300.0  # seconds


async def report(console: Console) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        waits, traffic = await run(Path(folder))
    table = Table("", "n", "p50 s", "p95 s", "longest s", title=f"{PEOPLE} people take the quiz together", width=118)
    for name, seconds in waits.items():
        p50, p95 = np.percentile(seconds, [50, 95])
        table.add_row(name, str(len(seconds)), f"{p50:.2f}", f"{p95:.2f}", f"{max(seconds):.2f}")
    console.print(table)
    refused = Counter(f"{call['name']} {call['status']}" for call in traffic if call["status"] == "ratelimited")
    updates = sum(call["name"] == "chat.update" for call in traffic)
    console.print(f"chat.update {updates} times; refused as too many: {dict(refused) or 'nothing'}.")


async def run(folder: Path) -> tuple[dict[str, list[float]], list[Json]]:
    """Let them take it; gives their waits in seconds, and what was exchanged with the bot."""
    waits: dict[str, list[float]] = {"first question": [], "next question": [], "result": []}
    async with (
        Workspace.start(seed=_seed(folder), rate_limits=True) as workspace,
        bot(workspace, folder / "data", POST_INTERVAL="1.0"),
    ):
        await workspace.connected()
        workspace.patience = PATIENCE
        await asyncio.gather(*(_takes_it(workspace, f"U_{number}", waits) for number in range(PEOPLE)))
        return waits, [call for call in await workspace.traffic() if call["kind"] == "api"]


def _seed(folder: Path) -> Path:
    seed: dict[str, Any] = yaml.safe_load(SEED.read_text(encoding="utf-8"))
    people = [{"id": f"U_{number}", "name": f"p{number}", "real_name": f"P {number}"} for number in range(PEOPLE)]
    seed["people"] += people
    for channel in seed["channels"]:
        channel["members"] += [person["id"] for person in people]
    file = folder / "seed.yaml"
    file.write_text(yaml.safe_dump(seed), encoding="utf-8")
    return file


async def _takes_it(workspace: Workspace, user: str, waits: dict[str, list[float]]) -> None:
    thinks = random.Random(user)
    began = time.perf_counter()
    while True:
        with contextlib.suppress(RefusedError):  # "operation_timeout": on a slow machine they type it again
            await workspace.command(user, "C_ASK", "/rolefit")
            break
    [card] = await workspace.dm(user, count=1)
    root = Sent(card["ts"], card["channel"], user)
    asked = await asking(workspace, root, "One thing first")
    waits["first question"].append(time.perf_counter() - began)
    for number, choice in enumerate([0, *CLEAR]):
        await asyncio.sleep(thinks.uniform(*THINKS))
        began = time.perf_counter()
        await workspace.click(user, asked, buttons(asked)[choice])
        last = number == len(CLEAR)
        asked = await (result(workspace, root) if last else question(workspace, root, number + 1))
        waits["result" if last else "next question"].append(time.perf_counter() - began)


if __name__ == "__main__":
    asyncio.run(report(Console()))
