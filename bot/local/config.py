"""What a workspace and its apps are started with."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bot.local.manifest import Manifest

HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class AppConfig:
    """Settings of one app.

    manifest: the app's manifest (app.yaml): the only list of its scopes, events, commands and shortcuts.
    events_url: None delivers over Socket Mode; a URL receives everything as signed HTTP posts.
    redirect_uri: where OAuth leads back to, unless the app names an address of its own.
    number: its place among the workspace's apps, from 1; its tokens and secrets differ from the others' by it.
    """

    manifest: Path
    events_url: str | None = None
    redirect_uri: str = ""
    number: int = 1

    @property
    def bot_token(self) -> str:
        """The bot's token where it is installed from the start."""
        return f"xoxb-local{self._suffix}"

    @property
    def app_token(self) -> str:
        """The app-level token, with which Socket Mode is opened."""
        return f"xapp-local{self._suffix}"

    @property
    def signing_secret(self) -> str:
        """The secret with which requests to events_url are signed."""
        return f"local-signing-secret{self._suffix}"

    @property
    def client_id(self) -> str:
        """The app's name in OAuth."""
        return f"{self.number}.local"

    @property
    def client_secret(self) -> str:
        """The app's password in OAuth."""
        return f"local-client-secret{self._suffix}"

    @property
    def _suffix(self) -> str:
        return "" if self.number == 1 else f"-{self.number}"


@dataclass(frozen=True, kw_only=True)
class WorkspaceConfig(AppConfig):
    """Settings of one workspace; the defaults are Slack's own figures.

    The fields of AppConfig are those of its first app.

    more_apps: further apps, in the order in which they were installed; their numbers are given by that order.
    port: 0 takes any free port.
    owner: "self" if the workspace runs by itself, "run" if `rolefit run` started it along with a bot.
    ack_timeout: seconds the bot has for an acknowledgement. docs.slack.dev/apis/events-api: 3.
    retry_delays: seconds before each further delivery of an unacknowledged event; the same page: at once,
        after a minute, after five.
    trigger_lifetime, response_url_lifetime, response_url_uses: docs.slack.dev/interactivity/handling-user-interaction.
    team: the workspace's id; the seed's own if left out. others: further workspaces of the same server, each with its
        own people and channels from its seed, reached by the page's API under `/<team>/local/…`.
    preinstalled: whether each app's bot_token is good from the start; without it apps are installed by OAuth.
    token_lifetime: seconds that a bot token from OAuth is good for; 0 for ever.
    rate_limits: refuse calls beyond each method's tier, and messages beyond one a second and channel, with 429.
    post_burst: messages to one channel that may follow each other at once; Slack allows "short bursts", of no figure.
    commercial: whether the apps are sold outside the Marketplace: conversations.history and .replies once a minute,
        with 15 items at most. docs.slack.dev/changelog/2025/05/29/rate-limit-changes-for-non-marketplace-apps.
    keep: the file in which messages are kept over a restart; without one they are forgotten.
    clock: seconds since 1970; tests move it to let a trigger_id or a response_url expire.
    """

    more_apps: tuple[AppConfig, ...] = ()
    host: str = "127.0.0.1"
    port: int = 0
    owner: Literal["self", "run"] = "self"
    ack_timeout: float = 3.0
    retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)
    trigger_lifetime: float = 3.0
    response_url_lifetime: float = 1800.0
    response_url_uses: int = 5
    team: str | None = None
    others: tuple[str, ...] = ()
    preinstalled: bool = True
    token_lifetime: float = 0.0
    rate_limits: bool = True
    post_burst: int = 4
    commercial: bool = False
    clock: Callable[[], float] = time.time
    seed: Path = HERE / "seed.yaml"
    keep: Path | None = None

    @property
    def url(self) -> str:
        """Where the page and the Web API live, without a trailing slash."""
        return f"http://{self.host}:{self.port}"

    @property
    def apps(self) -> tuple[AppConfig, ...]:
        """Every app, numbered from 1."""
        return (self, *(replace(app, number=number) for number, app in enumerate(self.more_apps, start=2)))


def app_configs(manifests: Sequence[Path], event_urls: Sequence[str]) -> list[AppConfig]:
    """Return the settings of apps with these manifests, some of them or all served over HTTP.

    As many addresses as manifests belong to them in their order. Fewer belong, in order, to the manifests that don't
    turn Socket Mode on (`settings.socket_mode_enabled`). Without any, every app uses Socket Mode.

    Raises OSError if a manifest can't be read, ValueError if it is none or if the addresses don't fit.
    """
    over_http = list(manifests)
    if len(event_urls) != len(manifests):
        over_http = [manifest for manifest in manifests if not Manifest.read(manifest).socket_mode]
    if event_urls and len(event_urls) != len(over_http):
        apps = f"{len(manifests)} manifest{'s' if len(manifests) > 1 else ''}"
        some = ", ".join(str(manifest) for manifest in over_http)
        or_some = f", or once for each whose settings.socket_mode_enabled is not true: {some}" if some else ""
        raise ValueError(f"--event-url was given {len(event_urls)} times for {apps}. Give it once for each{or_some}.")
    addresses = iter(event_urls)
    return [
        AppConfig(manifest=manifest, events_url=next(addresses, None) if manifest in over_http else None)
        for manifest in manifests
    ]
