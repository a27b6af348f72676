"""The pages by which a workspace installs the app: away to Slack for consent, and back with a code."""

import hmac
import html
import secrets
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from sqlalchemy.exc import SQLAlchemyError

from bot.domain.content import InstallWords
from bot.slack.access import ManyWorkspaces
from bot.slack.client import code
from bot.storage import Store

STATE_LIFE = 600  # seconds to say yes in
COOKIE = "rolefit_state"
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
        store: Store,
        words: InstallWords,
        *,
        authorize_url: str,
        client_id: str,
        scopes: list[str],
    ) -> None:
        self._access = access
        self._store = store
        self._words = words
        self._authorize_url = authorize_url
        self._asked = {"client_id": client_id, "scope": ",".join(scopes)}

    async def begin(self, query: str, *, https: bool) -> Page:  # noqa: ARG002 - both pages are called alike
        """Send the browser to Slack, with a state that only it can bring back."""
        state = secrets.token_urlsafe(32)
        try:
            await self._store.expect(state, time.time() + STATE_LIFE)
        except (SQLAlchemyError, OSError) as error:
            return self._unavailable(error)
        secure = "; Secure" if https else ""
        cookie = f"{COOKIE}={state}; Path=/slack; HttpOnly; SameSite=Lax; Max-Age={STATE_LIFE}{secure}"
        location = f"{self._authorize_url}?{urlencode({**self._asked, 'state': state})}"
        return Page(HTTPStatus.FOUND, (("Location", location), ("Set-Cookie", cookie), ("Cache-Control", "no-store")))

    async def finish(self, query: str, cookies: str) -> Page:
        """Take the code that the browser brings back, and say what came of it."""
        given = {name: values[0] for name, values in parse_qs(query).items()}
        state = given.get("state", "")
        try:
            if not _same(state, cookies) or not await self._store.expected(state, time.time()):
                return self._page(HTTPStatus.BAD_REQUEST, self._words.failed_title, self._words.stale)
            if "code" not in given:
                return self._page(HTTPStatus.OK, self._words.cancelled_title, self._words.cancelled)
            await self._access.install(given["code"])
        except SlackApiError as error:
            log.warning("installation refused", error=code(error))
            return self._page(HTTPStatus.BAD_GATEWAY, self._words.failed_title, self._words.refused)
        except LookupError:
            return self._page(HTTPStatus.BAD_REQUEST, self._words.failed_title, self._words.organisation)
        except (SQLAlchemyError, OSError, aiohttp.ClientError, TimeoutError) as error:
            return self._unavailable(error)
        return self._page(HTTPStatus.OK, self._words.done_title, self._words.done)

    def _unavailable(self, error: Exception) -> Page:
        log.error("installation failed", error=type(error).__name__)
        return self._page(HTTPStatus.SERVICE_UNAVAILABLE, self._words.failed_title, self._words.later)

    def _page(self, status: HTTPStatus, title: str, text: str) -> Page:
        body = PAGE.format(title=html.escape(title), text=html.escape(text))
        kind = ("Content-Type", "text/html; charset=utf-8")
        policy = ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
        return Page(status, (kind, policy, ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer")), body)


def _same(state: str, cookies: str) -> bool:
    """Say whether the browser that comes back is the one that was sent."""
    try:
        kept = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return False
    return bool(state) and kept is not None and hmac.compare_digest(kept.value.encode(), state.encode())
