"""`/local/*`: what the page and the tests may see and do, acting as one of the people.

The contract between this, the page and tests/workspace.py: JSON; `as` names the acting person; where an app must be
named, `app` is its id, and the first app is meant if it is left out; a refusal is HTTP 400
`{"error": code, "detail": sentence}`.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import WSMsgType, web

from bot.local import emoji
from bot.local.app import App
from bot.local.composer import links, wire
from bot.local.conversation import Conversation
from bot.local.errors import PageError, SlackError
from bot.local.faults import ApiFault, Weather
from bot.local.space import Space
from bot.local.state import Channel, Person

Json = dict[str, Any]
Answer = Callable[[Json], Awaitable[Json]]


class PageApi:
    """Handlers of `/local/*` over one workspace."""

    def __init__(self, space: Space, uninstall: Callable[[int, str], None]) -> None:
        self._space = space
        self._uninstall = uninstall
        self._state = space.state
        self._conversation: Conversation = space.conversation

    def routes(self, prefix: str = "") -> list[web.RouteDef]:
        """Return the routes under /local; `prefix` stands before each."""
        reads: dict[str, Answer] = {
            "health": self.health,
            "state": self.state,
            "history": self.history,
            "thread": self.thread,
            "home": self.home,
            "view": self.view,
            "traffic": self.traffic,
            "undelivered": self.undelivered,
            "static": self.static,
        }
        acts: dict[str, Answer] = {
            "post": self.post,
            "edit": self.edit,
            "delete": self.delete,
            "react": self.react,
            "command": self.command,
            "action": self.action,
            "options": self.options,
            "view_submit": self.view_submit,
            "view_close": self.view_close,
            "shortcut": self.shortcut,
            "read": self.read,
            "open": self.open,
            "join": self.join,
            "leave": self.leave,
            "invite": self.invite,
            "remove": self.remove,
            "archive": self.archive,
            "unfurl": self.unfurl,
            "limit_events": self.limit_events,
            "channel": self.channel,
            "group": self.group,
            "deactivate": self.deactivate,
            "refresh": self.refresh,
            "verify": self.verify,
            "faults": self.faults,
            "uninstall": self.uninstall,
        }
        return [
            *(web.get(f"{prefix}/local/{name}", _reading(answer)) for name, answer in reads.items()),
            *(web.post(f"{prefix}/local/{name}", _acting(answer)) for name, answer in acts.items()),
            web.get(f"{prefix}/local/settled", self.settled),
            web.get(f"{prefix}/local/stream", self.stream),
        ]

    # What a person sees
    async def health(self, given: Json) -> Json:  # noqa: ARG002 - all answers share one signature
        """Say that the workspace runs, whether it keeps messages, and which apps' bots are there."""
        owner, connected = self._space.config.owner, {app.bot.app: app.connected for app in self._space.apps}
        first = self._space.apps[0].connected
        keeps = self._space.keeper is not None
        about = {"ok": True, "pid": os.getpid(), "owner": owner, "keeps": keeps}
        return {**about, "bot_connected": first, "connected": connected}

    async def state(self, given: Json) -> Json:
        """Return everything the page needs at first."""
        me = self._person(given)
        apps = self._space.apps
        commands = {
            command.command: {**asdict(command), "app": app.bot.app}
            for app in apps
            for command in app.manifest.commands
        }
        shortcuts = [{**asdict(shortcut), "app": app.bot.app} for app in apps for shortcut in app.manifest.shortcuts]
        return {
            "team": {"id": self._state.team.id, "name": self._state.team.name},
            "keeps": self._space.keeper is not None,
            "me": me.id,
            "people": [asdict(person) for person in self._state.people.values()],
            "channels": [self._conversation.describe(channel, me.id) for channel in self._state.visible(me.id)],
            "commands": list(commands.values()),
            "shortcuts": shortcuts,
            "apps": [
                {
                    "id": app.bot.app,
                    "user": app.bot.user,
                    "name": app.bot.name,
                    "connected": app.connected,
                    "home_enabled": app.manifest.home_enabled,
                }
                for app in apps
            ],
        }

    async def history(self, given: Json) -> Json:
        """Return what stands in a conversation."""
        me = self._person(given)
        return {"messages": self._visible(me, given).top_level(me.id)}

    async def thread(self, given: Json) -> Json:
        """Return a thread, root first."""
        me = self._person(given)
        messages = self._visible(me, given).thread(_text(given, "ts"), me.id)
        if not messages:
            raise PageError("thread_not_found", "There is no message with that ts.")
        return {"messages": messages}

    async def home(self, given: Json) -> Json:
        """Open the app's Home tab; the bot hears app_home_opened and may publish a view."""
        me, app = self._person(given), self._app(given)
        if not app.manifest.home_enabled:
            raise PageError("not_enabled", "The manifest doesn’t enable the Home tab.")
        view = self._space.views.home(app.bot, me.id)
        self._tell_home_opened(app, me, "home", {"view": view} if view else {})
        return {"view": view}

    async def view(self, given: Json) -> Json:
        """Return the modal this person has open, if any."""
        return {"view": self._space.views.top(self._person(given).id)}

    def _tell_home_opened(self, app: App, me: Person, tab: str, more: Json) -> None:
        """Source: docs.slack.dev/reference/events/app_home_opened."""
        channel = self._direct(me.id, app.bot.user)
        event = {"type": "app_home_opened", "user": me.id, "channel": channel.id, "tab": tab}
        event["event_ts"] = self._state.timestamps.next()
        self._space.events.send(app, "app_home_opened", event | more)

    async def traffic(self, given: Json) -> Json:
        """Return recent exchanges with the bot."""
        after = str(given.get("after", "0"))
        return {"entries": self._space.traffic.after(int(after) if after.isdecimal() else 0)}

    async def static(self, given: Json) -> Json:  # noqa: ARG002
        """Return what never changes: the character of each emoji's name, and whom a visitor acts as at first."""
        return {"emoji": emoji.by_name(), "first": self._state.first_person}

    # Talking
    async def post(self, given: Json) -> Json:
        """Say something; a person's id instead of a channel's means the direct conversation with them."""
        me = self._person(given)
        target = _text(given, "channel")
        if target in self._state.people:
            self._may_write_to(me, self._state.people[target])
            channel = self._direct(me.id, target)
        else:
            channel = self._joined(me, given)
            if channel.archived:
                raise PageError("is_archived", f"#{channel.name} is archived.")
            for other in channel.members if channel.kind == "im" else ():
                if other != me.id:
                    self._may_write_to(me, self._state.people[other])
        text = wire(_text(given, "text"))
        thread_ts = given.get("thread_ts") or None
        if thread_ts is not None and self._conversation.root_of(channel, thread_ts) is None:
            raise PageError("thread_not_found", "A thread hangs on its first message; that ts is none.")
        message = self._conversation.say(channel, me.id, text, thread_ts=thread_ts)
        return {"ts": message["ts"], "channel": channel.id}

    def _may_write_to(self, me: Person, other: Person) -> None:
        if other.deleted:
            raise PageError("user_disabled", f"{other.real_name}’s account is deactivated.")
        manifests = (app.manifest for app in self._space.apps if app.bot.user == other.id)
        if any(not manifest.messages_enabled or manifest.messages_read_only for manifest in manifests):
            raise PageError("messages_tab_disabled", "The app takes no messages.")
        if me.id == other.id:
            raise PageError("cannot_dm_self", "Choose somebody else to write to.")

    async def edit(self, given: Json) -> Json:
        """Change one's own message."""
        me, channel, ts = self._own_message(given)
        self._conversation.edit(channel, ts, me.id, {"text": wire(_text(given, "text"))})
        return {"ok": True}

    async def delete(self, given: Json) -> Json:
        """Delete one's own message."""
        _, channel, ts = self._own_message(given)
        self._conversation.delete(channel, ts)
        return {"ok": True}

    def _own_message(self, given: Json) -> tuple[Person, Channel, str]:
        me = self._person(given)
        channel = self._joined(me, given)
        message = channel.messages.get(_text(given, "ts"))
        if message is None:
            raise PageError("message_not_found", "There is no such message.")
        if message["user"] != me.id or "subtype" in message:
            raise PageError("not_own_message", "That is somebody else’s message.")
        return me, channel, message["ts"]

    async def react(self, given: Json) -> Json:
        """Add or take back a reaction."""
        me = self._person(given)
        channel = self._joined(me, given)
        message = channel.messages.get(_text(given, "ts"))
        if message is None:
            raise PageError("message_not_found", "There is no such message.")
        name = _text(given, "name").strip(":")
        already_given = any(
            reaction["name"] == name and me.id in reaction["users"] for reaction in message.get("reactions", ())
        )
        self._conversation.react(channel, message["ts"], me.id, name, remove=already_given)
        return {"ok": True}

    # Using the bot
    async def command(self, given: Json) -> Json:
        """Run a slash command; Slack has none in threads."""
        me = self._person(given)
        channel = self._joined(me, given)
        command = _text(given, "command")
        if given.get("thread_ts"):
            raise PageError("not_in_threads", f"{command} is not supported in threads. Sorry!")
        # Of apps that declare the same command, the one installed last is meant.
        declaring = [app for app in self._space.apps if app.manifest.command(command)]
        app = declaring[-1] if declaring else self._space.apps[0]
        await app.interaction.command(me.id, channel, command, str(given.get("text", "")))
        return {"ok": True}

    async def action(self, given: Json) -> Json:
        """Use a button, menu or other element of a message or view."""
        me = self._person(given)
        if given.get("view_id"):
            await self._of_view(given).interaction.act_on_view(me.id, _text(given, "view_id"), given)
        else:
            channel, ts = self._visible(me, given), _text(given, "message_ts")
            await self._of_message(me, channel, ts).interaction.act_on_message(me.id, channel, ts, given)
        return {"ok": True}

    async def options(self, given: Json) -> Json:
        """Have the bot look up the options of an external select; `value` is what has been typed so far."""
        me = self._person(given)
        if given.get("view_id"):
            return await self._of_view(given).interaction.suggest_for_view(me.id, _text(given, "view_id"), given)
        channel, ts = self._visible(me, given), _text(given, "message_ts")
        return await self._of_message(me, channel, ts).interaction.suggest_for_message(me.id, channel, ts, given)

    async def view_submit(self, given: Json) -> Json:
        """Submit a modal."""
        me = self._person(given)
        values = given.get("values") or {}
        if not isinstance(values, dict) or not all(isinstance(entered, dict) for entered in values.values()):
            raise PageError("invalid_values", "`values` is {block_id: {action_id: value}}.")
        answer = await self._of_view(given).interaction.submit(me.id, _text(given, "view_id"), values)
        return answer if "response_action" in answer else {}

    async def view_close(self, given: Json) -> Json:
        """Close a modal, or with `clear` all of them."""
        me = self._person(given)
        everything = bool(given.get("clear"))
        await self._of_view(given).interaction.dismiss(me.id, _text(given, "view_id"), everything=everything)
        return {}

    async def shortcut(self, given: Json) -> Json:
        """Use a global or message shortcut, of the app installed last if several have it and none is named."""
        me = self._person(given)
        channel = self._visible(me, given) if given.get("channel") else None
        ts = given.get("message_ts")
        callback_id = _text(given, "callback_id")
        declaring = [app for app in self._space.apps if app.manifest.shortcut(callback_id)]
        app = self._app(given) if given.get("app") or not declaring else declaring[-1]
        await app.interaction.shortcut(me.id, callback_id, channel, ts)
        return {"ok": True}

    # Moving about
    async def read(self, given: Json) -> Json:
        """Remember how far somebody has read."""
        me = self._person(given)
        self._conversation.read(self._joined(me, given), me.id, _text(given, "ts"))
        return {"ok": True}

    async def open(self, given: Json) -> Json:
        """Look at a direct conversation, opening it if need be; the bot hears app_home_opened for its own."""
        me = self._person(given)
        target = _text(given, "channel")
        if target in self._state.people:
            self._may_write_to(me, self._state.people[target])
            channel = self._direct(me.id, target)
        else:
            channel = self._visible(me, given)
        for app in self._space.apps:
            if channel.kind == "im" and app.bot.user in channel.members:
                self._tell_home_opened(app, me, "messages", {})
        return {"ok": True, "channel": channel.id}

    async def join(self, given: Json) -> Json:
        """Join a public channel."""
        me = self._person(given)
        channel = self._visible(me, given)
        if channel.kind != "channel":
            raise PageError("not_public", "Only public channels can be joined.")
        self._conversation.join(channel, me.id)
        return {"ok": True}

    async def leave(self, given: Json) -> Json:
        """Leave a channel."""
        me = self._person(given)
        self._conversation.leave(self._joined(me, given), me.id)
        return {"ok": True}

    async def invite(self, given: Json) -> Json:
        """Bring somebody, perhaps a bot, into a channel; `mentioned_in` is the message that mentioned them."""
        me = self._person(given)
        channel = self._joined(me, given)
        invited = self._state.people.get(_text(given, "user"))
        if invited is None or invited.deleted:
            raise PageError("user_not_found", "There is nobody active with that id.")
        if channel.kind not in {"channel", "group"}:
            raise PageError("not_a_channel", "People can be invited to channels only.")
        if channel.archived:
            raise PageError("is_archived", f"#{channel.name} is archived.")
        self._conversation.join(channel, invited.id, inviter=me.id)
        if invited.is_bot and given.get("mentioned_in"):
            self._conversation.tell_mention(channel, str(given["mentioned_in"]), invited.id)
        return {"ok": True}

    async def remove(self, given: Json) -> Json:
        """Remove somebody, perhaps a bot, from a channel."""
        me = self._person(given)
        channel = self._joined(me, given)
        user = _text(given, "user")
        if channel.kind not in {"channel", "group"} or user not in channel.members or user == me.id:
            raise PageError("cannot_remove", "Only other members of a channel can be removed.")
        self._conversation.remove(channel, user, me.id)
        return {"ok": True}

    async def archive(self, given: Json) -> Json:
        """Archive a channel, or bring it back if it is archived."""
        me = self._person(given)
        channel = self._joined(me, given)
        if channel.kind not in {"channel", "group"}:
            raise PageError("not_a_channel", "Only channels can be archived.")
        self._conversation.archive(channel, me.id, archived=not channel.archived)
        return {"ok": True}

    async def channel(self, given: Json) -> Json:
        """Create a channel with oneself in it."""
        me = self._person(given)
        name = _text(given, "name").lstrip("#").lower().replace(" ", "-")
        if self._state.named(name) is not None:
            raise PageError("name_taken", f"There is a #{name} already.")
        created = self._state.new_channel(name, "group" if given.get("is_private") else "channel", me.id)
        self._conversation.show_new_channel(created)
        return {"channel": self._conversation.describe(created, me.id)}

    async def group(self, given: Json) -> Json:
        """Open a conversation with one person, or a group with several."""
        me = self._person(given)
        users = given.get("users")
        if not isinstance(users, list) or not users or not set(users) <= set(self._state.people):
            raise PageError("user_not_found", "`users` must name people of this workspace.")
        for user in users:
            self._may_write_to(me, self._state.people[user])
        if len(users) == 1:
            channel = self._direct(me.id, users[0])
        else:
            channel = self._state.group([me.id, *users])
            self._conversation.show_channel(channel)
        return {"channel": self._conversation.describe(channel, me.id)}

    # For tests and the inspector
    async def deactivate(self, given: Json) -> Json:
        """Deactivate a person's account."""
        user = _text(given, "user")
        if user not in self._state.people or user in self._state.bots:
            raise PageError("user_not_found", "There is no such person.")
        self._state.deactivate(user)
        return {"ok": True}

    async def undelivered(self, given: Json) -> Json:  # noqa: ARG002
        """Name the messages of which an event, or a change, was never acknowledged, however often it was sent."""
        parcels = [parcel for app in self._space.apps for parcel in app.delivery.given_up]
        events = [parcel.payload["event"] for parcel in parcels if "event" in parcel.payload]
        changed = [event.get("deleted_ts") or event.get("message", {}).get("ts") for event in events]
        return {"ts": [*(event.get("ts") for event in events), *filter(None, changed)]}

    async def refresh(self, given: Json) -> Json:
        """Ask the bot's sockets to reconnect, or tell them another `reason`, e.g. link_disabled."""
        await self._app(given).sockets.refresh(given.get("reason") or "refresh_requested")
        return {"ok": True}

    async def verify(self, given: Json) -> Json:
        """Send the request URL a challenge, as Slack does when it is saved."""
        http = self._app(given).http
        return {"ok": http is not None and await http.verify()}

    async def faults(self, given: Json) -> Json:
        """Arrange trouble: api [{method, error, times, …}], twice, unheard, …; the fields of faults.py."""
        faults = self._space.faults
        try:
            faults.api = [ApiFault(**fault) for fault in given.get("api", [])]
            faults.weather = Weather(**given["weather"]) if given.get("weather") else None
        except TypeError as error:
            raise PageError("invalid_fault", str(error)) from None
        faults.twice = int(given.get("twice", 0))
        faults.unheard = int(given.get("unheard", 0))
        faults.stale_links = int(given.get("stale_links", 0))
        faults.swapped = int(given.get("swapped", 0))
        faults.token_error = given.get("token_error")
        return {"ok": True}

    async def unfurl(self, given: Json) -> Json:
        """Show previews of a message's links, as Slack does once it has fetched them; nothing is fetched here."""
        me = self._person(given)
        channel = self._visible(me, given)
        ts = _text(given, "ts")
        if ts not in channel.messages:
            raise PageError("message_not_found", "There is no such message.")
        previews = {url: {"title": url, "text": "A preview", "fallback": url} for url in links(channel.messages[ts])}
        self._conversation.unfurl(channel, ts, previews)
        return {"ok": True}

    async def limit_events(self, given: Json) -> Json:
        """Tell the bot that it is sent no more events for a while, as beyond 30,000 in an hour."""
        self._space.events.tell_limited(self._app(given))
        return {"ok": True}

    async def uninstall(self, given: Json) -> Json:
        """Remove the app: its tokens end, and it is told, in the order that `tokens_first` asks for."""
        app = self._app(given)
        self._uninstall(app.config.number, self._state.team.id)
        events: list[Json] = [
            {"type": "app_uninstalled"},
            {"type": "tokens_revoked", "tokens": {"bot": [app.bot.user]}},
        ]
        for event in reversed(events) if given.get("tokens_first") else events:
            self._space.events.send(app, event["type"], event)
        return {"ok": True}

    async def settled(self, request: web.Request) -> web.Response:
        """Wait until no delivery awaits its acknowledgement; 408 if that takes too long."""
        try:
            timeout = float(request.query.get("timeout", "10"))
        except ValueError:
            refusal = PageError("invalid_timeout", "`timeout` is a number of seconds.")
            return web.json_response(refusal.body(), status=400)
        settled = await self._space.settled(timeout)
        return web.json_response({"ok": settled}, status=200 if settled else 408)

    async def stream(self, request: web.Request) -> web.WebSocketResponse:
        """Push what happens, as far as this person may see it, until the page goes away."""
        try:
            me = self._person(dict(request.query))
        except PageError as refusal:
            return web.json_response(refusal.body(), status=400)  # type: ignore[return-value]
        socket = web.WebSocketResponse(heartbeat=20, timeout=0.3)
        await socket.prepare(request)
        self._space.pages.add(socket)
        with self._space.stream.watch(me.id) as queue:
            for app in self._space.apps:
                await socket.send_json({"type": "bot", "app": app.bot.app, "connected": app.connected})
            sending = asyncio.create_task(_forward(queue, socket))
            try:
                async for message in socket:
                    if message.type is WSMsgType.ERROR:
                        break
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
                self._space.pages.discard(socket)
        return socket

    # Common parts
    def _app(self, given: Json) -> App:
        """Return the app that `app` names, the first if it is left out; raises PageError app_not_found."""
        app = self._space.app(given["app"]) if given.get("app") else self._space.apps[0]
        if app is None:
            raise PageError("app_not_found", "There is no app with that id.")
        return app

    def _of_view(self, given: Json) -> App:
        """Return the app whose view `view_id` names; raises PageError view_not_found."""
        try:
            view = self._space.views.get(_text(given, "view_id"))
        except SlackError:
            raise PageError("view_not_found", "That view is no longer open.") from None
        return self._app({"app": view["app_id"]})

    def _of_message(self, me: Person, channel: Channel, ts: str) -> App:
        """Return the app that posted a message; the first if none did, which then has nothing that can be used."""
        message = channel.find(ts, me.id)
        return self._app({"app": message.get("app_id") if message else None})

    def _person(self, given: Json) -> Person:
        person = self._state.people.get(str(given.get("as", "")))
        if person is None or person.is_bot:
            raise PageError("user_not_found", "`as` must name one of the people.")
        if person.deleted:
            raise PageError("user_disabled", f"{person.real_name}’s account is deactivated.")
        return person

    def _visible(self, me: Person, given: Json) -> Channel:
        channel = self._state.channels.get(_text(given, "channel"))
        if channel is None or channel not in self._state.visible(me.id):
            raise PageError("channel_not_found", "There is no such conversation, or this person isn’t in it.")
        return channel

    def _joined(self, me: Person, given: Json) -> Channel:
        channel = self._visible(me, given)
        if me.id not in channel.members:
            raise PageError("not_in_channel", f"{me.real_name} isn’t in #{channel.name}.")
        return channel

    def _direct(self, one: str, other: str) -> Channel:
        known = set(self._state.channels)
        channel = self._state.direct(one, other)
        if channel.id not in known:
            self._conversation.show_channel(channel)
        return channel


async def _forward(queue: "asyncio.Queue[Json]", socket: web.WebSocketResponse) -> None:
    while True:
        await socket.send_json(await queue.get())


def _text(given: Json, name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise PageError("missing_argument", f"`{name}` is missing.")
    return value


def _reading(answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        return await _answered(answer, dict(request.query))

    return handle


def _acting(answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            given = await request.json()
        except ValueError:
            given = None
        if not isinstance(given, dict):
            refusal = PageError("invalid_json", "The body must be a JSON object.")
            return web.json_response(refusal.body(), status=400)
        return await _answered(answer, given)

    return handle


async def _answered(answer: Answer, given: Json) -> web.Response:
    try:
        return web.json_response(await answer(given))
    except PageError as refusal:
        return web.json_response(refusal.body(), status=400)
