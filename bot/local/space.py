"""One running workspace: its parts, and how they hang together."""

import asyncio
from typing import Any

from aiohttp import web

from bot.local.app import App
from bot.local.config import WorkspaceConfig
from bot.local.conversation import Conversation
from bot.local.events import Events
from bot.local.faults import Faults
from bot.local.files import Files
from bot.local.kept import Keeper
from bot.local.manifest import Manifest
from bot.local.state import State
from bot.local.stream import Stream
from bot.local.traffic import Traffic
from bot.local.views import Views

Json = dict[str, Any]
CHANGES = frozenset({"message", "message_changed", "message_deleted", "channel", "unread"})


class Space:
    """Everything a request handler may need. config.port must be the port really listened on.

    Raises OSError if a manifest, the seed or the file of kept messages can't be used, ValueError if one is wrong.

    apps: in the order in which they were installed.
    """

    def __init__(self, config: WorkspaceConfig) -> None:
        manifests = [Manifest.read(app.manifest) for app in config.apps]
        self.config = config
        self.state = State(config.seed, manifests, config.clock, config.team)
        self.keeper = Keeper(self.state, config.keep) if config.keep else None
        self.stream = Stream(self._on_push)
        self.traffic = Traffic(self.stream, config.clock)
        self.faults = Faults()
        self.apps: list[App] = []
        self.events = Events(self.state, self.apps)
        self.conversation = Conversation(self.state, self.stream, self.events)
        self.views = Views(self.state, self.stream)
        self.files = Files(f"{config.url}/{self.state.team.id}")
        for app, manifest, bot in zip(config.apps, manifests, self.state.bots.values(), strict=True):
            self.apps.append(App(self, app, manifest, bot))
        self.pages: set[web.WebSocketResponse] = set()

    def _on_push(self, event: Json) -> None:
        """Have the state kept after events that tell of a change in it."""
        if self.keeper is not None and event["type"] in CHANGES:
            self.keeper.changed()

    def app(self, app_id: str | None) -> App | None:
        """Return the app with an id."""
        return next((app for app in self.apps if app.bot.app == app_id), None)

    async def settled(self, timeout: float) -> bool:  # noqa: ASYNC109 - the caller is an HTTP request with a limit
        """Wait until no delivery to any app awaits its acknowledgement; False if that takes too long or never comes."""
        try:
            async with asyncio.timeout(timeout):
                # What one app is told may make it say something that others are told.
                while any([await app.delivery.wait_until_idle() for app in self.apps]):
                    pass
        except TimeoutError:
            return False
        return not any(app.delivery.closed for app in self.apps)

    async def close(self) -> None:
        """Stop deliveries and messages to come, and close the apps' connections."""
        await asyncio.gather(*(app.close() for app in self.apps))
        if self.keeper is not None:
            await self.keeper.close()
