"""Socket Mode that finds its way back: a fresh client for each connection, and no task that can be lost.

slack_sdk's client reconnects by itself, but once a handshake fails it tries the same address for ever, and its tasks
may be collected while they run. Here a connection that ends is replaced by a new client with a new address.
"""

import asyncio
import json
import logging
import random
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot import metrics
from bot.slack.client import Client, code, retry_after
from bot.slack.payloads import parse
from bot.slack.reception import Reception

CONNECTIONS = 2
HANDSHAKE = 5.0  # seconds; then a new address is asked for, because the SDK tries a dead one for ever
LOOK = 0.25  # seconds between two looks at a connection
PING = 5.0  # seconds; a connection without an answer for four of them is dead
LONGEST_PAUSE = 15.0  # seconds

# Slack's errors for a token that will not do, however often it is tried.
REFUSALS = frozenset(
    {
        "access_denied",
        "account_inactive",
        "forbidden_team",
        "invalid_auth",
        "link_disabled",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "token_expired",
        "token_revoked",
    }
)

log = structlog.get_logger()
_quiet = logging.getLogger("bot.slack.socket.client")
_quiet.setLevel(logging.CRITICAL)  # it logs a traceback for each try; we say it in one line


class Link:
    """What is known of the connections to Slack."""

    def __init__(self) -> None:
        self.open = 0

    @property
    def connected(self) -> bool:
        """Whether Slack can reach us."""
        return self.open > 0

    def changed(self, by: int) -> None:
        """Count a connection more or less."""
        self.open += by
        metrics.CONNECTED.set(self.open)


class RefusedError(Exception):
    """Slack refuses the app token; trying again will not help."""


class _Client(SocketModeClient):
    """One connection, from handshake to end."""

    def __init__(self, reception: Reception, slack: Client, app_token: str) -> None:
        super().__init__(app_token, logger=_quiet, web_client=slack, auto_reconnect_enabled=False, ping_interval=PING)
        self._reception = reception
        self._tasks: set[asyncio.Task[None]] = set()
        self.over = asyncio.Event()
        self.refused = ""
        self.socket_mode_request_listeners.append(self._handle)

    async def connect_to_new_endpoint(self, force: bool = False) -> None:
        """Slack asks for a new connection: end this one."""
        if force:
            self.over.set()

    async def process_message(self) -> None:
        """Handle one message of the queue in a task that is held until it ends."""
        raw = await self.message_queue.get()
        if raw is not None and raw.startswith("{"):
            message = json.loads(raw)
            if message.get("type") == "disconnect" and message.get("reason") in REFUSALS:
                self.refused = str(message["reason"])
            task = asyncio.create_task(self.run_message_listeners(message, raw))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Let what is in flight be acknowledged on this connection, then close it."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2)
        await self.close()  # type: ignore[no-untyped-call]

    async def _handle(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        response = await self._reception.respond(lambda: parse(request.payload))
        if response.status == HTTPStatus.OK:
            payload = response.content() if response.body else None
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload))


async def serve(reception: Reception, slack: Client, app_token: str, link: Link) -> None:
    """Keep two connections to Slack until cancelled: while one is renewed, the other listens.

    Raises RefusedError if Slack refuses the token.
    """
    keeping = [asyncio.create_task(_keep(reception, slack, app_token, link)) for _ in range(CONNECTIONS)]
    try:
        await asyncio.gather(*keeping)
    finally:
        for task in keeping:
            task.cancel()
        await asyncio.gather(*keeping, return_exceptions=True)


async def _keep(reception: Reception, slack: Client, app_token: str, link: Link) -> None:
    pause = 0.0
    while True:
        client, counted = _Client(reception, slack, app_token), 0
        try:
            async with asyncio.timeout(HANDSHAKE):
                client.wss_uri = await _address(slack, app_token)
                await client.connect()  # type: ignore[no-untyped-call]
            counted = 1
            link.changed(1)
            log.info("connected")
            pause = 0.0
            # The client tells of a lost connection only when it is asked.
            while not client.over.is_set() and await client.is_connected():  # noqa: ASYNC110
                await asyncio.sleep(LOOK)
            log.info("connection ended")
        except (TimeoutError, ClientError, SlackApiError) as error:
            pause = min(LONGEST_PAUSE, max(0.5, pause * 2)) * random.uniform(0.75, 1.0)  # noqa: S311 - no secret
            reason = type(error).__name__
            if isinstance(error, SlackApiError):
                reason = code(error)
                pause = max(pause, retry_after(error, default=0.0))
            log.warning("no connection", reason=reason, next_try_in_seconds=round(pause, 1))
        finally:
            link.changed(-counted)
            await _to_its_end(client.finish())
        if client.refused:
            raise RefusedError(client.refused)
        await asyncio.sleep(pause)


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Wait until `work` has ended, even if the waiting task is cancelled meanwhile."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


async def _address(slack: Client, app_token: str) -> str:
    try:
        return str((await slack.apps_connections_open(app_token=app_token))["url"])
    except SlackApiError as error:
        if code(error) in REFUSALS:
            raise RefusedError(code(error)) from error
        raise
