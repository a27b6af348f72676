"""One running workspace: its parts, and how they hang together."""

from aiohttp import web

from bot.local.config import WorkspaceConfig
from bot.local.conversation import Conversation
from bot.local.delivery import Delivery, Transport
from bot.local.events import Events
from bot.local.faults import Faults
from bot.local.files import Files
from bot.local.http_delivery import HttpDelivery
from bot.local.interaction import Interaction
from bot.local.manifest import Manifest
from bot.local.permits import Permits
from bot.local.rate_limits import RateLimits
from bot.local.scheduled import Scheduled
from bot.local.socket_mode import SocketMode
from bot.local.state import State
from bot.local.stream import Stream
from bot.local.traffic import Traffic
from bot.local.views import Views


class Space:
    """Everything a request handler may need. config.port must be the port really listened on."""

    def __init__(self, config: WorkspaceConfig) -> None:
        self.config = config
        self.manifest = Manifest.read(config.manifest)
        self.state = State(config.seed, self.manifest, config.clock, config.team)
        self.stream = Stream()
        self.traffic = Traffic(self.stream, config.clock)
        self.faults = Faults()
        self.sockets = SocketMode(config, self.state.app_id, self.traffic, self._bot_changed)
        self.http = HttpDelivery(config, self._bot_changed) if config.events_url else None
        transport: Transport = self.http or self.sockets
        self.delivery = Delivery(transport, config, self.traffic, self.faults)
        self.events = Events(self.state, self.manifest, self.delivery)
        self.conversation = Conversation(self.state, self.stream, self.events)
        self.views = Views(self.state, self.stream)
        self.permits = Permits(
            config.clock,
            trigger_lifetime=config.trigger_lifetime,
            reply_lifetime=config.response_url_lifetime,
            reply_uses=config.response_url_uses,
        )
        self.interaction = Interaction(
            config, self.manifest, self.state, self.conversation, self.views, self.permits, self.delivery
        )
        self.rate_limits = RateLimits(config.clock, enabled=config.rate_limits, post_burst=config.post_burst)
        self.files = Files(f"{config.url}/{self.state.team.id}")
        self.scheduled: dict[str, Scheduled] = {}
        self.pages: set[web.WebSocketResponse] = set()

    def _bot_changed(self, connected: bool) -> None:
        self.stream.push({"type": "bot", "connected": connected})

    async def close(self) -> None:
        """Stop deliveries and messages to come, and close the bot's connections."""
        for scheduled in self.scheduled.values():
            scheduled.task.cancel()
        await self.delivery.close()
        await self.sockets.close()
