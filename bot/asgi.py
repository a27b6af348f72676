"""The HTTP entry point: Slack's events, commands and clicks on one path, and a sign of life on another."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp

EVENTS, HEALTH = "/slack/events", "/healthz"

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def create(app: AsyncApp) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Give an ASGI app: signed requests on /slack/events, and 200 on /healthz as long as the process serves."""
    slack = AsyncSlackRequestHandler(app, path=EVENTS)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == HEALTH:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"ok"})
            return
        await slack(scope, receive, send)

    return serve
