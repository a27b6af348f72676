"""Which events each app hears of, and what they look like.

Sources: docs.slack.dev/apis/events-api (the envelope) and the event pages under docs.slack.dev/reference/events.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from bot.local.composer import links_to, rich_text
from bot.local.delivery import Delivery, Parcel
from bot.local.formatting import mentions
from bot.local.ids import object_id, unique
from bot.local.manifest import Manifest
from bot.local.scopes import MESSAGE_EVENT, needed_by
from bot.local.state import Bot, Channel, State

Json = dict[str, Any]


class Subscriber(Protocol):
    """What an app is to events: its bot, what it subscribes to, and the way to it."""

    bot: Bot
    manifest: Manifest
    delivery: Delivery


class Events:
    """Tells each app what it subscribed to, has the scope for, and is in the room for."""

    def __init__(self, state: State, apps: Sequence[Subscriber]) -> None:
        """apps: in the order in which they were installed; the list may still grow."""
        self._state = state
        self._apps = apps

    def message(self, channel: Channel, event: Json) -> None:
        """Send a message event, any subtype, to the bots that are members of the conversation, the author's too."""
        payload = self._with_team(event) | {"channel": channel.id, "channel_type": channel.kind}
        payload.setdefault("event_ts", event["ts"])
        self.to_members(MESSAGE_EVENT[channel.kind], payload, channel)

    def mention(self, channel: Channel, message: Json, *, only: str | None = None) -> None:
        """Send app_mention in conversations a bot is in, other than its own DM.

        only: the one bot user to tell; else all that the message mentions, but for its author.
        An edited message that mentions the bot fires it again, with `edited` (PostHog/posthog#59517). Where the bot
        isn't a member it hears of the mention once it is invited because of it. What another bot wrote counts
        (PostHog/posthog#60193), what it wrote itself doesn't (bolt-js#1573).
        Source: docs.slack.dev/reference/events/app_mention.
        """
        stamp = message["edited"]["ts"] if "edited" in message else message["ts"]
        payload = self._with_team(message) | {"type": "app_mention", "channel": channel.id, "event_ts": stamp}
        for app in self._apps:
            user = app.bot.user
            wanted = only in {None, user} and message.get("user") != user
            if wanted and channel.kind != "im" and user in channel.members and mentions(message["text"], user):
                self.send(app, "app_mention", payload, channel)

    def links(self, channel: Channel, message: Json) -> None:
        """Send link_shared to the bots in a conversation whose apps preview links that are in a message."""
        for app in self._apps:
            shared = links_to(message, app.manifest.unfurl_domains)
            if shared and app.bot.user in channel.members:
                event = {
                    "type": "link_shared",
                    "channel": channel.id,
                    "is_bot_user_member": True,
                    "user": message["user"],
                    "message_ts": message["ts"],
                    "unfurl_id": f"{channel.id}-{message['ts']}",
                    "source": "conversations_history",
                    "links": shared,
                    "event_ts": self._state.timestamps.next(),
                }
                thread = {"thread_ts": message["thread_ts"]} if "thread_ts" in message else {}
                self.send(app, "link_shared", event | thread, channel)

    def tell_limited(self, app: Subscriber) -> None:
        """Send app_rate_limited, which has no inner event. Source: docs.slack.dev/apis/events-api."""
        payload = {
            "token": "local",
            "type": "app_rate_limited",
            "team_id": self._state.team.id,
            "minute_rate_limited": int(self._state.clock()) // 60 * 60,
            "api_app_id": app.bot.app,
        }
        app.delivery.post(Parcel("events_api", "app_rate_limited", payload))

    def to_members(self, name: str, event: Json, channel: Channel, *, also: str | None = None) -> None:
        """Send an event to every app whose bot is in a conversation, or is the user `also`."""
        for app in self._apps:
            if app.bot.user in {*channel.members, also}:
                self.send(app, name, event, channel)

    def to_viewers(self, name: str, event: Json, channel: Channel) -> None:
        """Send an event to every app that can see a conversation: to all if it is a public channel."""
        for app in self._apps:
            if channel.kind == "channel" or app.bot.user in channel.members:
                self.send(app, name, event, channel)

    def to_bot(self, user: str, name: str, event: Json, channel: Channel | None = None) -> None:
        """Send an event to the app of one bot user; to nobody if that user is no bot."""
        for app in self._apps:
            if app.bot.user == user:
                self.send(app, name, event, channel)

    def send(self, app: Subscriber, name: str, event: Json, channel: Channel | None = None) -> None:
        """Send an event if the app's manifest subscribes to it and its scope is granted."""
        scope = needed_by(name, channel.kind if channel else None)
        if name in app.manifest.events and (scope is None or scope in app.manifest.scopes):
            app.delivery.post(Parcel("events_api", name, self._envelope(app.bot, event, channel)))

    def _with_team(self, event: Json) -> Json:
        """Say of somebody from another organisation where they come from."""
        person = self._state.people.get(event.get("user", ""))
        return {**event, "user_team": person.team, "source_team": person.team} if person and person.team else event

    def _envelope(self, bot: Bot, event: Json, channel: Channel | None) -> Json:
        team = self._state.team.id
        installed = {"enterprise_id": None, "team_id": team, "user_id": bot.user, "is_bot": True}
        return {
            "token": "local",
            "team_id": team,
            "context_team_id": team,
            "context_enterprise_id": None,
            "api_app_id": bot.app,
            "event": event,
            "type": "event_callback",
            "event_id": object_id("Ev"),
            "event_time": int(self._state.clock()),
            "authorizations": [{**installed, "is_enterprise_install": False}],
            "is_ext_shared_channel": channel is not None and self._state.shared(channel),
            "event_context": unique("4-"),
        }


def for_bot(message: Json) -> Json:
    """Return a message as the bot receives it: what a person typed also comes as rich_text."""
    if "blocks" in message or "bot_id" in message or "subtype" in message or not message.get("text"):
        return message
    return {**message, "blocks": [rich_text(message["text"], message["ts"])]}
