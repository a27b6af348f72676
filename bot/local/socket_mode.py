"""Socket Mode: links, connections, envelopes and acknowledgements.

Source: docs.slack.dev/apis/events-api/using-socket-mode; slack-facts.md items 26-30 and 53.
"""

import asyncio
import json
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from bot.local.config import WorkspaceConfig
from bot.local.delivery import Parcel, UndeliveredError
from bot.local.ids import unique
from bot.local.traffic import Traffic

Json = dict[str, Any]
MAX_CONNECTIONS = 10
TICKET_LIFETIME = 30.0  # seconds; the SDK's clients connect at once
HEARTBEAT: float | None = 10.0  # seconds until a client that says nothing is asked whether it is still there
CLOSE_GRACE = 0.3  # seconds for a client to answer the closing handshake


@dataclass(eq=False)
class Connection:
    """One websocket. waiting: unacknowledged envelopes. retiring: asked to reconnect, gets nothing new."""

    socket: web.WebSocketResponse
    waiting: dict[str, asyncio.Future[Json]] = field(default_factory=dict)
    retiring: bool = False


class SocketMode:
    """The workspace's end of up to ten websockets of one app; each payload goes to one of them."""

    def __init__(
        self, config: WorkspaceConfig, app_id: str, traffic: Traffic, on_change: Callable[[bool], None]
    ) -> None:
        self._config = config
        self._app_id = app_id
        self._traffic = traffic
        self._on_change = on_change
        self._tickets: dict[str, float] = {}
        self._connections: list[Connection] = []
        self._turn = 0
        self._ready = asyncio.Event()
        self._expected_back = False

    @property
    def connected(self) -> bool:
        """Whether any connection takes payloads."""
        return any(not connection.retiring for connection in self._connections)

    def new_link(self, *, stale: bool = False) -> str:
        """Return a websocket address that works once, within 30 seconds; a stale one no more."""
        ticket = unique()
        self._tickets[ticket] = self._config.clock() + (-1 if stale else TICKET_LIFETIME)
        return f"ws://{self._config.host}:{self._config.port}/link?ticket={ticket}&app_id={self._app_id}"

    async def accept(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one websocket for as long as it lasts."""
        expires = self._tickets.pop(request.query.get("ticket", ""), 0.0)
        if expires < self._config.clock():
            raise web.HTTPUnauthorized(text="This link has been used or has expired.")
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, timeout=CLOSE_GRACE)
        await socket.prepare(request)
        if len(self._connections) >= MAX_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        connection = Connection(socket)
        self._connections.append(connection)
        try:
            await socket.send_json(self._hello())
            self._changed("connected")
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._acknowledge(message.data)
        finally:
            self._connections.remove(connection)
            self._changed("disconnected")
            if not connection.retiring:
                for answer in connection.waiting.values():
                    if not answer.done():
                        answer.set_exception(UndeliveredError("timeout"))
        return socket

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._connections),
            "connection_info": {"app_id": self._app_id},
            "debug_info": {"host": "local", "build_number": 1, "approximate_connection_time": 18060},
        }

    def _changed(self, status: str) -> None:
        if self.connected:
            self._ready.set()
            self._expected_back = False
        else:
            self._ready.clear()
        self._traffic.record(self._app_id, "from_bot", "socket", status, f"{len(self._connections)} open")
        self._on_change(self.connected)

    def _acknowledge(self, text: str) -> None:
        """Match an acknowledgement to its envelope; one that comes too late or names none changes nothing."""
        try:
            answer = json.loads(text)
            envelope_id = answer["envelope_id"]
        except (ValueError, KeyError, TypeError):
            self._traffic.record(self._app_id, "from_bot", "socket", "unreadable", "ignored")
            return
        for connection in self._connections:
            waiting = connection.waiting.get(envelope_id)
            if waiting is not None and not waiting.done():
                waiting.set_result(answer.get("payload") or {})
                return
        self._traffic.record(self._app_id, "from_bot", "socket", "late acknowledgement", "ignored")

    async def _next_connection(self, patience: float) -> Connection:
        """Return the connection whose turn it is; right after a refresh, also one that is just coming back."""
        wait = max(patience, self._config.ack_timeout if self._expected_back else 0.0)
        if not self.connected:
            try:
                async with asyncio.timeout(wait):
                    await self._ready.wait()
            except TimeoutError:
                raise UndeliveredError("connection_failed") from None
        open_ones = [connection for connection in self._connections if not connection.retiring]
        if not open_ones:
            raise UndeliveredError("connection_failed")
        self._turn += 1
        return open_ones[self._turn % len(open_ones)]

    async def send(self, parcel: Parcel, *, attempt: int, reason: str, patience: float) -> Json:
        """Send one envelope and wait for its acknowledgement; see Transport."""
        connection = await self._next_connection(patience)
        envelope: Json = {
            "type": parcel.kind,
            "envelope_id": str(uuid.uuid4()),
            "payload": parcel.payload,
            "accepts_response_payload": parcel.kind != "events_api",
        }
        if parcel.kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        connection.waiting[envelope["envelope_id"]] = answer
        try:
            async with asyncio.timeout(self._config.ack_timeout):
                # Where its client has died, and that is not known here yet, the end of the connection is waited for:
                # what is sent again would come to it again.
                with suppress(ConnectionError):
                    await connection.socket.send_json(envelope)
                return await answer
        except TimeoutError:
            raise UndeliveredError("timeout") from None
        finally:
            del connection.waiting[envelope["envelope_id"]]

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask every client to reconnect, as Slack does every few hours."""
        self._expected_back = True
        for connection in list(self._connections):
            connection.retiring = True
            await connection.socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}})
        self._changed(reason)

    async def close(self) -> None:
        """Close every websocket."""
        await asyncio.gather(
            *(connection.socket.close(code=WSCloseCode.GOING_AWAY) for connection in list(self._connections)),
            return_exceptions=True,
        )
