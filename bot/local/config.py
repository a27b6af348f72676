"""What a workspace is started with."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class WorkspaceConfig:
    """Settings of one workspace; the defaults are Slack's own figures.

    manifest: the app's manifest (app.yaml): the only list of scopes, events, commands and shortcuts.
    port: 0 takes any free port.
    events_url: None delivers over Socket Mode; a URL receives everything as signed HTTP posts.
    owner: "self" if the workspace runs by itself, "run" if `rolefit run` started it along with a bot.
    ack_timeout: seconds the bot has for an acknowledgement. docs.slack.dev/apis/events-api: 3.
    retry_delays: seconds before each further delivery of an unacknowledged event; the same page: at once,
        after a minute, after five.
    trigger_lifetime, response_url_lifetime, response_url_uses: docs.slack.dev/interactivity/handling-user-interaction.
    team: the workspace's id; the seed's own if left out. others: further workspaces of the same server, each with its
        own people and channels from its seed, reached by the page's API under `/<team>/local/…`.
    preinstalled: whether bot_token is good from the start; without it the app is installed by OAuth.
    client_id, client_secret, redirect_uri: of the app, for OAuth. token_lifetime: seconds that a bot token from OAuth
        is good for; 0 for ever.
    rate_limits: refuse calls beyond each method's tier, and messages beyond one a second and channel, with 429.
    post_burst: messages to one channel that may follow each other at once; Slack allows "short bursts", of no figure.
    commercial: whether the app is sold outside the Marketplace: conversations.history and .replies once a minute, with
        15 items at most. docs.slack.dev/changelog/2025/05/29/rate-limit-changes-for-non-marketplace-apps.
    clock: seconds since 1970; tests move it to let a trigger_id or a response_url expire.
    """

    manifest: Path
    host: str = "127.0.0.1"
    port: int = 0
    bot_token: str = "xoxb-local"  # noqa: S105 - opens nothing but this workspace, on this machine
    app_token: str = "xapp-local"  # noqa: S105 - the same
    signing_secret: str = "local-signing-secret"  # noqa: S105 - the same
    events_url: str | None = None
    owner: Literal["self", "run"] = "self"
    ack_timeout: float = 3.0
    retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)
    trigger_lifetime: float = 3.0
    response_url_lifetime: float = 1800.0
    response_url_uses: int = 5
    team: str | None = None
    others: tuple[str, ...] = ()
    preinstalled: bool = True
    client_id: str = "1.local"
    client_secret: str = "local-client-secret"  # noqa: S105 - opens nothing but this workspace, on this machine
    redirect_uri: str = ""
    token_lifetime: float = 0.0
    rate_limits: bool = True
    post_burst: int = 4
    commercial: bool = False
    clock: Callable[[], float] = time.time
    seed: Path = HERE / "seed.yaml"

    @property
    def url(self) -> str:
        """Where the page and the Web API live, without a trailing slash."""
        return f"http://{self.host}:{self.port}"
