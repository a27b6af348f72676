"""The HTTP entry points: Slack's events, commands and clicks on one path; signs of life and figures on others.

What goes on to `bot.slack.reception` is signed, of this minute and at most a megabyte; all else is answered here.
"""

import asyncio
import hmac
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from slack_sdk.signature import SignatureVerifier

from bot.slack.payloads import Payload, parse, parse_form, parse_json
from bot.slack.reception import Reception, error_response
from bot.slack.response import Response

if TYPE_CHECKING:
    from bot.slack.install import Install

EVENTS, HEALTH, READY, METRICS = "/slack/events", "/healthz", "/readyz", "/metrics"
INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"
MAX_BODY = 1024 * 1024
# Slack tries our certificate with a request that it does not sign, and that asks for nothing but a 200; see
# docs.slack.dev/interactivity/implementing-slash-commands.
SSL_CHECK, SMALL_BODY = b"ssl_check=1", 1000  # bytes that such a request has at most
LOGGED_EVERY, REMEMBERED = 60.0, 600.0  # seconds
IN_A_ROW = 3  # requests
CLOCK: Final = "Set the clock of this machine, and have it kept right by NTP."
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
RETRIES, LAST_RETRY = b"x-slack-retry-num", b"3"  # how often it was sent before; docs.slack.dev/apis/events-api#retries
SIGNATURE: Final = re.compile(r"v0=[0-9a-f]{64}")
TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")

log = structlog.get_logger()

STARTING: Final = "The bot is starting, and waits for the database or for Slack; the log says what does not answer."

Scope = dict[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Troubles = Callable[[], Awaitable[list[str]]]  # what keeps the bot from working now, in words
Count = Callable[[], Awaitable[None]]  # brings the metrics up to date that need the database


class Punctuality:
    """Notices that our own clock is wrong: then one signed request after the other is refused as too old or too new."""

    def __init__(self) -> None:
        self._refused, self._until, self._logged_at = 0, 0.0, -LOGGED_EVERY
        self._behind = 0.0

    def kept(self) -> None:
        """Count a request whose time was right, which ends the row of refused ones."""
        self._refused = 0

    def missed(self, behind: float) -> None:
        """Count a signed request that was refused for its time; behind: how many seconds old it is by our clock."""
        now = time.monotonic()
        self._refused, self._until, self._behind = self._refused + 1, now + REMEMBERED, behind
        if now - self._logged_at >= LOGGED_EVERY:
            self._logged_at = now
            log.error(
                "a request that Slack has signed is refused for its time", remedy=CLOCK, seconds_old=round(behind)
            )

    def trouble(self) -> str | None:
        """Give a sentence about our clock if IN_A_ROW requests were refused for their time; None otherwise.

        A single one may really be old.
        """
        if self._refused < IN_A_ROW or time.monotonic() > self._until:
            return None
        minutes = abs(self._behind) / 60
        way = "ahead of" if self._behind > 0 else "behind"
        return (
            f"By the clock of this machine, which is {minutes:.0f} minutes {way} Slack's, no request is of now. {CLOCK}"
        )


punctuality = Punctuality()


class _RefusedError(Exception):
    """A request that is not from Slack, or that nobody could read. status: what to answer."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


async def nothing() -> None:
    """Do nothing."""


def create(
    reception: Reception,
    signing_secret: str,
    troubles: Troubles,
    install: Callable[[], "Awaitable[Install | None]"] = nothing,
    count: Count = nothing,
) -> App:
    """Give an ASGI app: signed requests on /slack/events, 200 on /healthz, and on /readyz whether it can work.

    install: waits for what workspaces can install the app with, at /slack/install; None if they cannot.
    """
    signs = signs_of_life(troubles, count)
    verifier = SignatureVerifier(signing_secret)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] in (HEALTH, READY):
            await signs(scope, receive, send)
        elif scope["path"] in (INSTALL, REDIRECT) and (pages := await install()):
            await _install(pages, scope, send)
        elif scope["path"] != EVENTS:
            await _answer(send, HTTPStatus.NOT_FOUND)
        elif scope["method"] == "GET" and SSL_CHECK in scope["query_string"]:
            await _answer(send, HTTPStatus.OK)
        else:
            try:
                parse = await _signed(scope, receive, verifier)
            except _RefusedError as refused:
                await _answer(send, refused.status)
            else:
                try:
                    response = await reception.respond(parse, is_last=(RETRIES, LAST_RETRY) in scope["headers"])
                except asyncio.CancelledError:  # the process ends; uvicorn would answer 500, and log a traceback
                    response = Response(HTTPStatus.SERVICE_UNAVAILABLE)
                kind, later = response.content_type, response.retry_after
                await _answer(send, response.status, response.body.encode(), kind, retry_after=later)

    return serve


def signs_of_life(troubles: Troubles, count: Count = nothing) -> App:
    """Give an ASGI app for operators: /healthz, /readyz and /metrics."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's signature
        if scope["type"] != "http":
            return
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(send, HTTPStatus.METHOD_NOT_ALLOWED)
        elif scope["path"] == HEALTH:
            await _answer(send, HTTPStatus.OK, b"ok")
        elif scope["path"] == READY:
            problems = await troubles()
            status = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
            await _answer(send, status, "\n".join(problems or ["ready"]).encode())
        elif scope["path"] == METRICS:
            await count()
            await _answer(send, HTTPStatus.OK, generate_latest(), CONTENT_TYPE_LATEST)
        else:
            await _answer(send, HTTPStatus.NOT_FOUND)

    return serve


async def _install(install: "Install", scope: Scope, send: Send) -> None:
    if scope["method"] != "GET":
        await _answer(send, HTTPStatus.METHOD_NOT_ALLOWED)
        return
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope["query_string"].decode("latin-1")
    try:
        if scope["path"] == INSTALL:
            page = install.begin(https="https" in (scope.get("scheme"), headers.get(b"x-forwarded-proto")))
        else:
            page = await install.finish(query, headers.get(b"cookie", ""))
    except Exception as error:  # noqa: BLE001 - the server would log its words
        await _answer(send, error_response(error).status)
        return
    body = page.body.encode()
    told = [(name.lower().encode(), value.encode("latin-1")) for name, value in page.headers]
    told.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": int(page.status), "headers": told})
    await send({"type": "http.response.body", "body": body})


async def _signed(scope: Scope, receive: Receive, verifier: SignatureVerifier) -> Callable[[], Payload]:
    """Give what parses the body of a request that Slack has signed. Raises _RefusedError."""
    if scope["method"] != "POST":
        raise _RefusedError(HTTPStatus.METHOD_NOT_ALLOWED)
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    length = headers.get(b"content-length", "0")
    if not length.isascii() or not length.isdigit():
        raise _RefusedError(HTTPStatus.BAD_REQUEST)
    if int(length) > MAX_BODY:
        raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    timestamp = headers.get(b"x-slack-request-timestamp", "")
    signature = headers.get(b"x-slack-signature", "")
    kind = headers.get(b"content-type", "").split(";")[0].strip().lower()
    if not TIMESTAMP.fullmatch(timestamp) or not SIGNATURE.fullmatch(signature):
        if kind == FORM and int(length) <= SMALL_BODY and SSL_CHECK in await _body(receive):
            return partial(parse, {"ssl_check": "1"})
        raise _RefusedError(HTTPStatus.UNAUTHORIZED)
    body = await _body(receive)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise _RefusedError(HTTPStatus.BAD_REQUEST) from None
    if not verifier.is_valid(text, timestamp, signature):
        signed = verifier.generate_signature(timestamp=timestamp, body=text)
        if signed and hmac.compare_digest(signed, signature):
            punctuality.missed(verifier.clock.now() - int(timestamp))
        raise _RefusedError(HTTPStatus.UNAUTHORIZED)
    punctuality.kept()
    if kind not in (JSON, FORM):
        raise _RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    return partial(parse_form if kind == FORM else parse_json, text)


async def _body(receive: Receive) -> bytes:
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _RefusedError(HTTPStatus.BAD_REQUEST)
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


async def _answer(
    send: Send,
    status: HTTPStatus,
    body: bytes = b"",
    kind: str = "text/plain; charset=utf-8",
    *,
    retry_after: str | None = None,
) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    if retry_after:
        headers.append((b"retry-after", retry_after.encode()))
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
