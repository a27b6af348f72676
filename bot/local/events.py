"""Which events the bot hears of, and what they look like.

Sources: docs.slack.dev/apis/events-api (the envelope) and the event pages under docs.slack.dev/reference/events.
"""

from typing import Any

from bot.local.composer import rich_text
from bot.local.delivery import Delivery, Parcel
from bot.local.formatting import mentions
from bot.local.ids import object_id, unique
from bot.local.manifest import Manifest
from bot.local.scopes import MESSAGE_EVENT, needed_by
from bot.local.state import Channel, State

Json = dict[str, Any]


class Events:
    """Tells the bot what it subscribed to, has the scope for, and is in the room for."""

    def __init__(self, state: State, manifest: Manifest, delivery: Delivery) -> None:
        self._state = state
        self._manifest = manifest
        self._delivery = delivery

    def message(self, channel: Channel, event: Json) -> None:
        """Send a message event, any subtype, if the bot is a member of the conversation."""
        if self._state.bot_user in channel.members:
            payload = self._with_team(event) | {"channel": channel.id, "channel_type": channel.kind}
            payload.setdefault("event_ts", event["ts"])
            self.send(MESSAGE_EVENT[channel.kind], payload, channel)

    def mention(self, channel: Channel, message: Json) -> None:
        """Send app_mention in conversations the bot is in, other than its own DM.

        An edited message that mentions the bot fires it again, with `edited` (PostHog/posthog#59517). Where the bot
        isn't a member it hears of the mention once it is invited because of it.
        Source: docs.slack.dev/reference/events/app_mention.
        """
        member = channel.kind != "im" and self._state.bot_user in channel.members
        if member and mentions(message["text"], self._state.bot_user):
            stamp = message["edited"]["ts"] if "edited" in message else message["ts"]
            payload = self._with_team(message) | {"type": "app_mention", "channel": channel.id, "event_ts": stamp}
            self.send("app_mention", payload, channel)

    @property
    def unfurl_domains(self) -> tuple[str, ...]:
        """The domains whose links the app previews."""
        return self._manifest.unfurl_domains

    def tell_limited(self) -> None:
        """Send app_rate_limited, which has no inner event. Source: docs.slack.dev/apis/events-api."""
        payload = {
            "token": "local",
            "type": "app_rate_limited",
            "team_id": self._state.team.id,
            "minute_rate_limited": int(self._state.clock()) // 60 * 60,
            "api_app_id": self._state.app_id,
        }
        self._delivery.post(Parcel("events_api", "app_rate_limited", payload))

    def send(self, name: str, event: Json, channel: Channel | None = None) -> None:
        """Send an event if the manifest subscribes to it and its scope is granted."""
        scope = needed_by(name, channel.kind if channel else None)
        if name in self._manifest.events and (scope is None or scope in self._manifest.scopes):
            self._delivery.post(Parcel("events_api", name, self._envelope(event, channel)))

    def _with_team(self, event: Json) -> Json:
        """Say of somebody from another organisation where they come from."""
        person = self._state.people.get(event.get("user", ""))
        return {**event, "user_team": person.team, "source_team": person.team} if person and person.team else event

    def _envelope(self, event: Json, channel: Channel | None) -> Json:
        team = self._state.team.id
        bot = {"enterprise_id": None, "team_id": team, "user_id": self._state.bot_user, "is_bot": True}
        return {
            "token": "local",
            "team_id": team,
            "context_team_id": team,
            "context_enterprise_id": None,
            "api_app_id": self._state.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": object_id("Ev"),
            "event_time": int(self._state.clock()),
            "authorizations": [{**bot, "is_enterprise_install": False}],
            "is_ext_shared_channel": channel is not None and self._state.shared(channel),
            "event_context": unique("4-"),
        }


def for_bot(message: Json) -> Json:
    """Return a message as the bot receives it: what a person typed also comes as rich_text."""
    if "blocks" in message or "bot_id" in message or "subtype" in message or not message.get("text"):
        return message
    return {**message, "blocks": [rich_text(message["text"], message["ts"])]}
