"""Signed HTTP delivery of events, interactions and commands to one request URL.

Sources: docs.slack.dev/authentication/verifying-requests-from-slack and …/apis/events-api.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.local.config import AppConfig, WorkspaceConfig
from bot.local.delivery import Parcel, UndeliveredError
from bot.local.ids import unique

Json = dict[str, Any]
FORM = "application/x-www-form-urlencoded"
MAX_REDIRECTS = 2


class HttpDelivery:
    """Posts payloads to one app as Slack does; only a 2xx answer within 3 s counts as acknowledged."""

    def __init__(self, config: WorkspaceConfig, app: AppConfig, on_change: Callable[[bool], None]) -> None:
        self._config = config
        self._url = app.events_url or ""
        self._secret = app.signing_secret
        self._on_change = on_change
        self._session: aiohttp.ClientSession | None = None
        self.connected = True

    async def send(self, parcel: Parcel, *, attempt: int, reason: str, patience: float) -> Json:  # noqa: ARG002
        """Post once; see Transport. There is no connection to wait for."""
        body, content_type = self._encode(parcel)
        headers = self.sign(body) | {"Content-Type": content_type}
        if attempt:
            headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
        try:
            async with asyncio.timeout(self._config.ack_timeout):
                return await self._post(body, headers)
        except TimeoutError:
            raise UndeliveredError("http_timeout") from None
        except aiohttp.TooManyRedirects:
            raise UndeliveredError("too_many_redirects") from None
        except aiohttp.ClientSSLError:
            raise UndeliveredError("ssl_error") from None
        except aiohttp.ClientConnectionError:
            self._reached(reached=False)
            raise UndeliveredError("connection_failed") from None
        except aiohttp.ClientError:
            raise UndeliveredError("unknown_error") from None

    async def _post(self, body: bytes, headers: dict[str, str]) -> Json:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        async with self._session.post(self._url, data=body, headers=headers, max_redirects=MAX_REDIRECTS) as response:
            self._reached(reached=True)
            if not response.ok:
                final = response.headers.get("X-Slack-No-Retry") == "1"
                raise UndeliveredError("http_error", final=final)
            text = await response.text()
            if response.content_type == "application/json" and text:
                answer = json.loads(text)
                return answer if isinstance(answer, dict) else {}
            return {"text": text} if text else {}

    def _reached(self, *, reached: bool) -> None:
        if reached != self.connected:
            self.connected = reached
            self._on_change(reached)

    def _encode(self, parcel: Parcel) -> tuple[bytes, str]:
        """Return body and content type: JSON for events, a form for the rest."""
        if parcel.kind == "events_api":
            return json.dumps(parcel.payload).encode(), "application/json"
        if parcel.kind == "interactive":
            return urlencode({"payload": json.dumps(parcel.payload)}).encode(), FORM
        return urlencode(parcel.payload).encode(), FORM

    def sign(self, body: bytes) -> dict[str, str]:
        """Return the headers that prove the request is Slack's."""
        timestamp = str(int(self._config.clock()))
        message = f"v0:{timestamp}:".encode() + body
        digest = hmac.new(self._secret.encode(), message, hashlib.sha256).hexdigest()
        return {
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": f"v0={digest}",
        }

    async def verify(self) -> bool:
        """Do what saving a request URL does in Slack: send a challenge and expect it back."""
        challenge = unique()
        body = json.dumps({"type": "url_verification", "challenge": challenge, "token": "local"}).encode()
        try:
            answer = await self._post(body, self.sign(body) | {"Content-Type": "application/json"})
        except (UndeliveredError, aiohttp.ClientError):
            return False
        return challenge in {answer.get("challenge"), answer.get("text")}

    async def close(self) -> None:
        """Close the pooled connections."""
        if self._session is not None:
            await self._session.close()
