"""The pages by which a workspace installs the app: away to Slack for consent, and back with a code.

Nothing is stored until Slack has confirmed an installation. The state that goes to Slack and back is sealed with our
own keys, ends by itself, and holds the digest of a secret that only the browser has, in a cookie that is taken back.
"""

import hashlib
import hmac
import html
import secrets
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from sqlalchemy.exc import SQLAlchemyError

from bot.knowledge.words import InstallWords
from bot.slack import first_steps
from bot.slack.access import Cipher, ManyWorkspaces, OrganisationError
from bot.slack.client import code

STATE_LIFE = 600  # seconds to say yes in
COOKIE = "rolefit_state"
PURPOSE = "install "  # so that nothing else which is sealed with the same keys passes for a state
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Rolefit</title>
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}}</style></head>
<body><h1>{title}</h1><p>{text}</p></body></html>"""

log = structlog.get_logger()


@dataclass(frozen=True)
class Page:
    """What to answer a browser."""

    status: HTTPStatus
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""


class Install:
    """Leads a browser through the installation."""

    def __init__(
        self,
        access: ManyWorkspaces,
        cipher: Cipher,
        words: InstallWords,
        *,
        authorize_url: str,
        client_id: str,
        scopes: list[str],
    ) -> None:
        self._access = access
        self._cipher = cipher
        self._words = words
        self._authorize_url = authorize_url
        self._parameters = {"client_id": client_id, "scope": ",".join(scopes)}

    def begin(self, *, https: bool) -> Page:
        """Send the browser to Slack, with a state that only it can bring back."""
        secret = secrets.token_urlsafe(32)
        state = self._cipher.hide(PURPOSE + _digest(secret))
        cookie = _cookie(secret, STATE_LIFE) + ("; Secure" if https else "")
        location = f"{self._authorize_url}?{urlencode({**self._parameters, 'state': state})}"
        return Page(HTTPStatus.FOUND, (("Location", location), ("Set-Cookie", cookie), ("Cache-Control", "no-store")))

    async def finish(self, query: str, cookies: str) -> Page:
        """Take the code that the browser brings back, and say what came of it; once for each time it was sent."""
        parameters = {name: values[0] for name, values in parse_qs(query).items()}
        if not self._was_sent(parameters.get("state", ""), cookies):
            return self._page(HTTPStatus.BAD_REQUEST, self._words.failed_title, self._words.stale)
        page = await self._finished(parameters.get("code"))
        return replace(page, headers=(*page.headers, ("Set-Cookie", _cookie("", 0))))

    async def _finished(self, auth_code: str | None) -> Page:
        try:
            if auth_code is None:
                return self._page(HTTPStatus.OK, self._words.cancelled_title, self._words.cancelled)
            installed = await self._access.install(auth_code)
        except SlackApiError as error:
            log.warning("installation refused", error=code(error))
            return self._page(HTTPStatus.BAD_GATEWAY, self._words.failed_title, self._words.refused)
        except OrganisationError:
            return self._page(HTTPStatus.BAD_REQUEST, self._words.failed_title, self._words.organisation)
        except (SQLAlchemyError, OSError, aiohttp.ClientError, TimeoutError) as error:
            return self._unavailable(error)
        if installed.user:
            await first_steps.begin(installed.team, installed.user)
        return self._page(HTTPStatus.OK, self._words.done_title, self._words.done)

    def _was_sent(self, state: str, cookies: str) -> bool:
        """Say whether we gave out this state, not long ago, to the browser that brings it back."""
        try:
            sealed = self._cipher.show(state, within=STATE_LIFE)
            secret = SimpleCookie(cookies).get(COOKIE)
        except (ValueError, CookieError):
            return False
        return secret is not None and hmac.compare_digest(sealed.encode(), (PURPOSE + _digest(secret.value)).encode())

    def _unavailable(self, error: Exception) -> Page:
        log.error("installation failed", error=type(error).__name__)
        return self._page(HTTPStatus.SERVICE_UNAVAILABLE, self._words.failed_title, self._words.later)

    def _page(self, status: HTTPStatus, title: str, text: str) -> Page:
        body = PAGE.format(title=html.escape(title), text=html.escape(text))
        kind = ("Content-Type", "text/html; charset=utf-8")
        policy = ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
        used = ("Set-Cookie", _cookie("", 0))  # a link works once
        return Page(
            status, (kind, policy, used, ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer")), body
        )


def _cookie(value: str, seconds: int) -> str:
    return f"{COOKIE}={value}; Path=/slack; HttpOnly; SameSite=Lax; Max-Age={seconds}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
