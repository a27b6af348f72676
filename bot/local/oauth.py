"""Installing the app: the page that asks for consent, codes, tokens, their renewal and their end.

Sources: docs.slack.dev/authentication/installing-with-oauth and …/using-token-rotation. Consent is given at once:
the workspace has one administrator, and that is whoever runs it.
"""

import base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.local.arguments import Arguments
from bot.local.config import WorkspaceConfig
from bot.local.errors import SlackError
from bot.local.ids import unique

Json = dict[str, Any]
CODE_LIFETIME = 600.0  # seconds


@dataclass
class Tokens:
    """What one workspace has given the app: bot tokens with the time each expires (None: never), and to renew with."""

    valid: dict[str, float | None]
    refresh: str | None = None


class Installations:
    """The app's installations in the workspaces of one server."""

    def __init__(self, config: WorkspaceConfig, teams: list[str]) -> None:
        self._config = config
        self._codes: dict[str, tuple[str, str, float]] = {}  # code -> team, redirect_uri, expiry
        self._tokens = {team: Tokens({}) for team in teams}
        if teams and config.preinstalled:
            self._tokens[teams[0]].valid[config.bot_token] = None

    def team_of(self, token: str) -> str | None:
        """Say whose bot token this is; None for none of ours. Raises SlackError token_expired."""
        for team, tokens in self._tokens.items():
            if token in tokens.valid:
                expires = tokens.valid[token]
                if expires is not None and expires < self._config.clock():
                    raise SlackError("token_expired")
                return team
        return None

    def knows(self, token: str) -> bool:
        """Return whether this is a bot token that is good."""
        try:
            return self.team_of(token) is not None
        except SlackError:
            return False

    def uninstall(self, team: str) -> None:
        """Take back every token of a workspace."""
        self._tokens[team] = Tokens({})

    async def consent(self, request: web.Request) -> web.Response:
        """Send the browser back to the app with a code, as after a click on Allow."""
        asked = request.query
        if asked.get("client_id") != self._config.client_id:
            raise web.HTTPBadRequest(text="There is no app with this client_id.")
        team = asked.get("team") or next(iter(self._tokens))
        if team not in self._tokens:
            raise web.HTTPBadRequest(text="There is no such workspace.")
        redirect = asked.get("redirect_uri") or self._config.redirect_uri
        if asked.get("deny"):
            answer = {"error": "access_denied", "state": asked.get("state", "")}
        else:
            code = unique()
            self._codes[code] = (team, redirect, self._config.clock() + CODE_LIFETIME)
            answer = {"code": code, "state": asked.get("state", "")}
        raise web.HTTPFound(f"{redirect}?{urlencode(answer)}")

    def access(self, request: web.Request, arguments: Arguments, scopes: tuple[str, ...], describe: Any) -> Json:
        """Exchange a code, or a refresh token, for a bot token: `oauth.v2.access`."""
        client_id, secret = _client(request, arguments)
        if client_id != self._config.client_id:
            raise SlackError("invalid_client_id")
        if secret != self._config.client_secret:
            raise SlackError("bad_client_secret")
        if arguments.text("grant_type") == "refresh_token":
            team = self._renewed_by(arguments.text("refresh_token"))
        else:
            team = self._coded_by(arguments.text("code"))
        tokens = self._tokens[team]
        token = f"xoxb-local-{team}-{unique()}"
        expiry = self._config.clock() + self._config.token_lifetime if self._config.token_lifetime else None
        tokens.valid[token] = expiry
        while len(tokens.valid) > 2:  # two are good at a time
            tokens.valid.pop(next(iter(tokens.valid)))
        tokens.refresh = f"xoxe-local-{team}-{unique()}" if expiry else None
        renewal = {"refresh_token": tokens.refresh, "expires_in": int(self._config.token_lifetime)} if expiry else {}
        return {
            "ok": True,
            "access_token": token,
            "token_type": "bot",
            "scope": ",".join(scopes),
            "authed_user": {"id": "U_MEI"},
            "enterprise": None,
            "is_enterprise_install": False,
            **describe(team),
            **renewal,
        }

    def _coded_by(self, code: str) -> str:
        team, _, expires = self._codes.pop(code, ("", "", 0.0))
        if not team or expires < self._config.clock():
            raise SlackError("invalid_code")
        return team

    def _renewed_by(self, refresh: str) -> str:
        """A refresh token works once."""
        for team, tokens in self._tokens.items():
            if refresh and tokens.refresh == refresh:
                return team
        raise SlackError("invalid_refresh_token")


def _client(request: web.Request, arguments: Arguments) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        name, _, secret = base64.b64decode(encoded).decode().partition(":")
        return name, secret
    return arguments.text("client_id"), arguments.text("client_secret")
