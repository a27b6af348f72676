"""One app of a workspace, and everything that is its own."""

from typing import TYPE_CHECKING

from bot.local.config import AppConfig
from bot.local.delivery import Delivery, Transport
from bot.local.http_delivery import HttpDelivery
from bot.local.interaction import Interaction
from bot.local.manifest import Manifest
from bot.local.permits import Permits
from bot.local.rate_limits import RateLimits
from bot.local.scheduled import Scheduled
from bot.local.socket_mode import SocketMode
from bot.local.state import Bot

if TYPE_CHECKING:
    from bot.local.space import Space


class App:
    """An app that is installed in a workspace: what it is called there, what it may do, and the way to it.

    space: the workspace, which it shares with other apps.
    """

    def __init__(self, space: "Space", config: AppConfig, manifest: Manifest, bot: Bot) -> None:
        workspace = space.config
        self.space = space
        self.config = config
        self.manifest = manifest
        self.bot = bot
        self.sockets = SocketMode(workspace, bot.app, space.traffic, self._connection_changed)
        self.http = HttpDelivery(workspace, config, self._connection_changed) if config.events_url else None
        transport: Transport = self.http or self.sockets
        self.delivery = Delivery(bot.app, transport, workspace, space.traffic, space.faults)
        self.permits = Permits(
            space.state.team.id,
            workspace.clock,
            trigger_lifetime=workspace.trigger_lifetime,
            reply_lifetime=workspace.response_url_lifetime,
            reply_uses=workspace.response_url_uses,
        )
        self.interaction = Interaction(workspace, self, space.state, space.conversation, space.views, self.permits)
        self.rate_limits = RateLimits(workspace.clock, enabled=workspace.rate_limits, post_burst=workspace.post_burst)
        self.scheduled: dict[str, Scheduled] = {}

    @property
    def connected(self) -> bool:
        """Whether something seems to be there to take its payloads."""
        return self.delivery.transport.connected

    def _connection_changed(self, connected: bool) -> None:
        self.space.stream.push({"type": "bot", "app": self.bot.app, "connected": connected})

    async def close(self) -> None:
        """Stop deliveries and messages to come, and close its connections."""
        for scheduled in self.scheduled.values():
            scheduled.task.cancel()
        await self.delivery.close()
        await self.sockets.close()
