"""Installing apps: the page that asks for consent, codes, tokens, their renewal and their end.

Sources: docs.slack.dev/authentication/installing-with-oauth and …/using-token-rotation. Consent is given at once:
the workspace has one administrator, and that is whoever runs it.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.local.arguments import Arguments
from bot.local.config import AppConfig, WorkspaceConfig
from bot.local.errors import SlackError
from bot.local.ids import unique

Json = dict[str, Any]
CODE_LIFETIME = 600.0  # seconds


@dataclass
class Tokens:
    """What one workspace has given an app: bot tokens with the time each expires (None: never), and to renew with."""

    valid: dict[str, float | None]
    refresh: str | None = None


@dataclass(frozen=True)
class Owner:
    """Whose a token is: an app, by its number from 1, in a workspace."""

    app: int
    team: str


@dataclass(frozen=True)
class Code:
    """What an administrator's consent gives an app: the right to one bot token, for a while."""

    owner: Owner
    expires: float


class Installations:
    """The installations of apps in the workspaces of one server."""

    def __init__(self, config: WorkspaceConfig, teams: list[str]) -> None:
        self._config = config
        self._apps = config.apps
        self._teams = teams
        self._codes: dict[str, Code] = {}
        self._tokens = {Owner(app.number, team): Tokens({}) for app in self._apps for team in teams}
        for app in self._apps if config.preinstalled else ():
            self._tokens[Owner(app.number, teams[0])].valid[app.bot_token] = None

    def owner(self, token: str) -> Owner | None:
        """Say whose bot token this is; None for none of ours. Raises SlackError token_expired."""
        for owner, tokens in self._tokens.items():
            if token in tokens.valid:
                expires = tokens.valid[token]
                if expires is not None and expires < self._config.clock():
                    raise SlackError("token_expired")
                return owner
        return None

    def knows(self, token: str) -> bool:
        """Return whether this is a bot token that is good."""
        try:
            return self.owner(token) is not None
        except SlackError:
            return False

    def uninstall(self, app: int, team: str) -> None:
        """Take back every token that a workspace has given an app."""
        self._tokens[Owner(app, team)] = Tokens({})

    async def consent(self, request: web.Request) -> web.Response:
        """Send the browser back to the app with a code, as after a click on Allow."""
        query = request.query
        app = self._app(query.get("client_id", ""))
        if app is None:
            raise web.HTTPBadRequest(text="There is no app with this client_id.")
        team = query.get("team") or self._teams[0]
        if team not in self._teams:
            raise web.HTTPBadRequest(text="There is no such workspace.")
        redirect = query.get("redirect_uri") or app.redirect_uri
        if query.get("deny"):
            answer = {"error": "access_denied", "state": query.get("state", "")}
        else:
            code = unique()
            self._codes[code] = Code(Owner(app.number, team), self._config.clock() + CODE_LIFETIME)
            answer = {"code": code, "state": query.get("state", "")}
        raise web.HTTPFound(f"{redirect}?{urlencode(answer)}")

    def access(self, request: web.Request, arguments: Arguments, describe: Callable[[Owner], Json]) -> Json:
        """Exchange a code, or a refresh token, for a bot token: `oauth.v2.access`.

        describe: gives what the answer says of an app in a workspace.
        Raises SlackError: invalid_client_id, bad_client_secret, invalid_code, invalid_refresh_token.
        """
        client_id, secret = _client(request, arguments)
        app = self._app(client_id)
        if app is None:
            raise SlackError("invalid_client_id")
        if secret != app.client_secret:
            raise SlackError("bad_client_secret")
        if arguments.text("grant_type") == "refresh_token":
            owner = self._renewed_by(app, arguments.text("refresh_token"))
        else:
            owner = self._coded_by(app, arguments.text("code"))
        tokens = self._tokens[owner]
        token = f"xoxb-local-{owner.team}-{unique()}"
        expiry = self._config.clock() + self._config.token_lifetime if self._config.token_lifetime else None
        tokens.valid[token] = expiry
        while len(tokens.valid) > 2:  # two are good at a time
            tokens.valid.pop(next(iter(tokens.valid)))
        tokens.refresh = f"xoxe-local-{owner.team}-{unique()}" if expiry else None
        renewal = {"refresh_token": tokens.refresh, "expires_in": int(self._config.token_lifetime)} if expiry else {}
        return {
            "ok": True,
            "access_token": token,
            "token_type": "bot",
            "enterprise": None,
            "is_enterprise_install": False,
            **describe(owner),
            **renewal,
        }

    def _app(self, client_id: str) -> AppConfig | None:
        return next((app for app in self._apps if app.client_id == client_id), None)

    def _coded_by(self, app: AppConfig, code: str) -> Owner:
        consent = self._codes.get(code)
        if consent is None or consent.owner.app != app.number or consent.expires < self._config.clock():
            raise SlackError("invalid_code")
        del self._codes[code]
        return consent.owner

    def _renewed_by(self, app: AppConfig, refresh: str) -> Owner:
        """A refresh token works once."""
        for owner, tokens in self._tokens.items():
            if refresh and tokens.refresh == refresh and owner.app == app.number:
                return owner
        raise SlackError("invalid_refresh_token")


def _client(request: web.Request, arguments: Arguments) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        name, _, secret = base64.b64decode(encoded).decode().partition(":")
        return name, secret
    return arguments.text("client_id"), arguments.text("client_secret")
