"""Who asks for something by `/local/*`, and what may be named there."""

from collections.abc import Callable
from typing import Any

from bot.local.app import App
from bot.local.conversation import Conversation
from bot.local.errors import PageError, SlackError
from bot.local.space import Space
from bot.local.state import Channel, Person

Json = dict[str, Any]


class PageAccess:
    """Reads whom and what a call names, and refuses by PageError what its person may not see."""

    def __init__(self, space: Space, uninstall: Callable[[int, str], None]) -> None:
        self._space = space
        self._uninstall = uninstall
        self._state = space.state
        self._conversation: Conversation = space.conversation

    def _app(self, body: Json) -> App:
        """Return the app that `app` names, the first if it is left out; raises PageError app_not_found."""
        app = self._space.app(body["app"]) if body.get("app") else self._space.apps[0]
        if app is None:
            raise PageError("app_not_found", "There is no app with that id.")
        return app

    def _of_view(self, body: Json) -> App:
        """Return the app whose view `view_id` names; raises PageError view_not_found."""
        try:
            view = self._space.views.get(text_of(body, "view_id"))
        except SlackError:
            raise PageError("view_not_found", "That view is no longer open.") from None
        return self._app({"app": view["app_id"]})

    def _of_message(self, me: Person, channel: Channel, ts: str) -> App:
        """Return the app that posted a message; the first if none did, which then has nothing that can be used."""
        message = channel.find(ts, me.id)
        return self._app({"app": message.get("app_id") if message else None})

    def _person(self, body: Json) -> Person:
        person = self._state.people.get(str(body.get("as", "")))
        if person is None or person.is_bot:
            raise PageError("user_not_found", "`as` must name one of the people.")
        if person.deleted:
            raise PageError("user_disabled", f"{person.real_name}’s account is deactivated.")
        return person

    def _visible(self, me: Person, body: Json) -> Channel:
        channel = self._state.channels.get(text_of(body, "channel"))
        if channel is None or channel not in self._state.visible(me.id):
            raise PageError("channel_not_found", "There is no such conversation, or this person isn’t in it.")
        return channel

    def _joined(self, me: Person, body: Json) -> Channel:
        channel = self._visible(me, body)
        if me.id not in channel.members:
            raise PageError("not_in_channel", f"{me.real_name} isn’t in #{channel.name}.")
        return channel

    def _direct(self, one: str, other: str) -> Channel:
        existing = set(self._state.channels)
        channel = self._state.direct(one, other)
        if channel.id not in existing:
            self._conversation.show_channel(channel)
        return channel

    def _direct_to(self, me: Person, target: str) -> Channel | None:
        """Give the direct conversation with somebody, by their id, opened if need be; None if it is nobody's id."""
        if target not in self._state.people:
            return None
        self._may_write_to(me, self._state.people[target])
        return self._direct(me.id, target)

    def _may_write_to(self, me: Person, other: Person) -> None:
        if other.deleted:
            raise PageError("user_disabled", f"{other.real_name}’s account is deactivated.")
        manifests = (app.manifest for app in self._space.apps if app.bot.user == other.id)
        if any(not manifest.messages_enabled or manifest.messages_read_only for manifest in manifests):
            raise PageError("messages_tab_disabled", "The app takes no messages.")
        if me.id == other.id:
            raise PageError("cannot_dm_self", "Choose somebody else to write to.")

    def _tell_home_opened(self, app: App, me: Person, tab: str, more: Json) -> None:
        """Source: docs.slack.dev/reference/events/app_home_opened."""
        channel = self._direct(me.id, app.bot.user)
        event = {"type": "app_home_opened", "user": me.id, "channel": channel.id, "tab": tab}
        event["event_ts"] = self._state.timestamps.next()
        self._space.events.send(app, "app_home_opened", event | more)


def text_of(body: Json, name: str) -> str:
    """Give an argument that must be a text and not empty; raises PageError missing_argument."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise PageError("missing_argument", f"`{name}` is missing.")
    return value
