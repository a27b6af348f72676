"""A workspace with an app that may do everything, and bots that connect to it."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.local.config import AppConfig
from bot.local.web_api import METHODS
from tests.workspace import MANIFEST, Workspace

Json = dict[str, Any]
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
EVENTS = ["message.mpim", "member_joined_channel", "member_left_channel", "reaction_added", "reaction_removed"]
EVENTS += ["channel_archive", "channel_left", "channel_unarchive", "link_shared"]
SCOPES = ["im:write", "mpim:write", "mpim:history", "reactions:read", "reactions:write", "team:read"]
SCOPES += ["files:read", "files:write"]
SCOPES += ["channels:manage", "groups:write", "links:read", "links:write", "usergroups:read", "users.profile:read"]
SCOPES += [f"{kind}:read" for kind in ("channels", "groups", "im", "mpim")]
SHORTCUTS = [
    {"name": "Take the quiz", "type": "global", "callback_id": "take", "description": "Five questions"},
    {"name": "Explain this", "type": "message", "callback_id": "explain", "description": "Ask about a message"},
]


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class App(AsyncApp):
    """A Bolt app that knows the workspace it is connected to."""

    workspace: Workspace


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def everything(tmp_path: Path) -> Path:
    """A manifest with every scope, event and shortcut that the workspace knows."""
    path = tmp_path / "everything.yaml"
    path.write_text(_manifest_of_everything())
    return path


@cache
def _manifest_of_everything() -> str:
    manifest = yaml.safe_load(MANIFEST.read_text())
    manifest["oauth_config"]["scopes"]["bot"] += SCOPES
    manifest["settings"]["event_subscriptions"]["bot_events"] += EVENTS
    manifest["features"]["shortcuts"] = SHORTCUTS
    return str(yaml.safe_dump(manifest))


@pytest.fixture
async def workspace(everything: Path) -> AsyncIterator[Workspace]:
    async with Workspace.start(manifest=everything, ack_timeout=1.0) as running:
        yield running


@pytest.fixture
def client(workspace: Workspace) -> AsyncWebClient:
    """Slack's own client, holding the bot's token."""
    return client_of(workspace)


def client_of(workspace: Workspace, app: AppConfig | None = None) -> AsyncWebClient:
    """Return Slack's own client with the bot's token, of the first app unless it is for another one."""
    return AsyncWebClient(token=(app or workspace.config).bot_token, base_url=workspace.api_url)


@pytest.fixture(params=["socket", "http"])
async def app(request: pytest.FixtureRequest, everything: Path) -> AsyncIterator[App]:
    """A Bolt app, connected both ways in turn."""
    listening = _socket_app if request.param == "socket" else _http_app
    async with listening(everything) as bolt:
        yield bolt


@asynccontextmanager
async def _socket_app(manifest: Path) -> AsyncIterator[App]:
    async with Workspace.start(manifest=manifest, ack_timeout=1.0) as workspace:
        bolt = App(client=client_of(workspace))
        async with socket_mode(bolt, workspace):
            bolt.workspace = workspace
            yield bolt


@asynccontextmanager
async def _http_app(manifest: Path) -> AsyncIterator[App]:
    client = AsyncWebClient(token="xoxb-local")
    bolt = App(client=client, signing_secret="local-signing-secret")
    async with (
        serving(bolt.web_app("/slack/events")) as url,
        Workspace.start(manifest=manifest, ack_timeout=1.0, events_url=f"{url}/slack/events") as workspace,
    ):
        client.base_url = workspace.api_url
        bolt.workspace = workspace
        yield bolt


@asynccontextmanager
async def socket_mode(bolt: AsyncApp, workspace: Workspace) -> AsyncIterator[None]:
    handler = AsyncSocketModeHandler(bolt, workspace.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        await workspace.connected()
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def serving(application: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(application, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class Listener:
    """A bare Socket Mode client: keeps every envelope and acknowledges as it is told."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, hello: Json) -> None:
        self.socket = socket
        self.hello = hello
        self.envelopes: list[Json] = []

    async def take(self, *, ack: bool = True, payload: Json | None = None) -> Json:
        """Wait for the next envelope and return it."""
        envelope: Json = json.loads((await self.socket.receive(timeout=5)).data)
        self.envelopes.append(envelope)
        if ack:
            await self.ack(envelope, payload)
        return envelope

    async def ack(self, envelope: Json, payload: Json | None = None) -> None:
        answer = {"envelope_id": envelope["envelope_id"]}
        await self.socket.send_json(answer | ({"payload": payload} if payload else {}))

    async def take_events(self, count: int) -> list[Json]:
        """Acknowledge the next events and return what happened in each, in order."""
        return [(await self.take())["payload"]["event"] for _ in range(count)]


async def acknowledge(bot: Listener) -> None:
    """Acknowledge whatever comes until the connection ends."""
    async for message in bot.socket:
        envelope: Json = json.loads(message.data)
        bot.envelopes.append(envelope)
        await bot.ack(envelope)


@pytest.fixture
async def listen() -> AsyncIterator[Callable[[Workspace], Any]]:
    """Connect bare Socket Mode clients."""
    sockets: list[aiohttp.ClientWebSocketResponse] = []
    async with aiohttp.ClientSession() as session:

        async def connect(workspace: Workspace, app: AppConfig | None = None) -> Listener:
            socket = await session.ws_connect(await link(workspace, app))
            sockets.append(socket)
            hello = json.loads((await socket.receive(timeout=5)).data)
            return Listener(socket, hello)

        yield connect
        for socket in sockets:  # aiohttp complains of one that is forgotten while it is open
            await socket.close()


# Over HTTP
async def accept(request: web.Request) -> web.StreamResponse:
    return web.Response()


async def go_in_circles(request: web.Request) -> web.StreamResponse:
    raise web.HTTPTemporaryRedirect("/circle")


class RequestUrl:
    """A bare request URL: keeps every request and answers as it is told."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: asyncio.Queue[tuple[dict[str, str], str]] = asyncio.Queue()
        self.answer: Answer = accept

    async def handle(self, request: web.Request) -> web.StreamResponse:
        await self.requests.put((dict(request.headers), await request.text()))
        return await self.answer(request)

    async def take(self) -> tuple[dict[str, str], str]:
        async with asyncio.timeout(5):
            return await self.requests.get()


@pytest.fixture
async def request_url() -> AsyncIterator[RequestUrl]:
    target = RequestUrl()
    application = web.Application()
    application.router.add_post("/slack/events", target.handle)
    application.router.add_post("/circle", go_in_circles)
    async with serving(application) as url:
        target.url = f"{url}/slack/events"
        yield target


def sent(method: str, given: Json) -> Json:
    """Return how slack_sdk is told to send arguments: as JSON where Slack reads that."""
    known = METHODS.get(method)
    return {"json": given} if known is None or known.reads_json else {"params": given}


async def link(workspace: Workspace, app: AppConfig | None = None) -> str:
    """Return a new websocket address, of the first app unless it is for another one."""
    client = AsyncWebClient(base_url=workspace.api_url)
    answer = await client.apps_connections_open(app_token=(app or workspace.config).app_token)
    return str(answer["url"])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the apps in JavaScript where nothing can run them; they are no part of what the bot needs."""
    apps = [item for item in items if item.get_closest_marker("bolt_js")]
    if apps and not _runs_bolt_js():
        config.hook.pytest_deselected(items=apps)
        items[:] = [item for item in items if item not in apps]


def _runs_bolt_js() -> bool:
    node = shutil.which("node")
    if node is None:
        return False
    return (
        subprocess.run([node, "-e", "require.resolve('@slack/bolt')"], capture_output=True, check=False).returncode == 0
    )
