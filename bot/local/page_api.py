"""`/local/*`: what the page and the tests may see and do, acting as one of the people.

The contract between this, the page and tests/workspace.py: JSON; `as` names the acting person; where an app must be
named, `app` is its id, and the first app is meant if it is left out; a refusal is HTTP 400
`{"error": code, "detail": sentence}`.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from aiohttp import WSMsgType, web

from bot.local import emoji
from bot.local.composer import wire
from bot.local.errors import PageError
from bot.local.page_access import Json, text_of
from bot.local.page_channels import ChannelCalls
from bot.local.page_controls import ControlCalls
from bot.local.state import Channel, Person

Answer = Callable[[Json], Awaitable[Json]]


class PageApi(ChannelCalls, ControlCalls):
    """Handlers of `/local/*` over one workspace."""

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
    async def health(self, body: Json) -> Json:  # noqa: ARG002 - all answers share one signature
        """Say that the workspace runs, whether it keeps messages, and which apps' bots are there."""
        owner, connected = self._space.config.owner, {app.bot.app: app.connected for app in self._space.apps}
        first = self._space.apps[0].connected
        keeps = self._space.keeper is not None
        about = {"ok": True, "pid": os.getpid(), "owner": owner, "keeps": keeps}
        return {**about, "bot_connected": first, "connected": connected}

    async def state(self, body: Json) -> Json:
        """Return everything the page needs at first."""
        me = self._person(body)
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

    async def history(self, body: Json) -> Json:
        """Return what stands in a conversation."""
        me = self._person(body)
        return {"messages": self._visible(me, body).top_level(me.id)}

    async def thread(self, body: Json) -> Json:
        """Return a thread, root first."""
        me = self._person(body)
        messages = self._visible(me, body).thread(text_of(body, "ts"), me.id)
        if not messages:
            raise PageError("thread_not_found", "There is no message with that ts.")
        return {"messages": messages}

    async def home(self, body: Json) -> Json:
        """Open the app's Home tab; the bot hears app_home_opened and may publish a view."""
        me, app = self._person(body), self._app(body)
        if not app.manifest.home_enabled:
            raise PageError("not_enabled", "The manifest doesn’t enable the Home tab.")
        view = self._space.views.home(app.bot, me.id)
        self._tell_home_opened(app, me, "home", {"view": view} if view else {})
        return {"view": view}

    async def view(self, body: Json) -> Json:
        """Return the modal this person has open, if any."""
        return {"view": self._space.views.top(self._person(body).id)}

    async def traffic(self, body: Json) -> Json:
        """Return recent exchanges with the bot."""
        after = str(body.get("after", "0"))
        return {"entries": self._space.traffic.after(int(after) if after.isdecimal() else 0)}

    async def static(self, body: Json) -> Json:  # noqa: ARG002
        """Return what never changes: the character of each emoji's name, and whom a visitor acts as at first."""
        return {"emoji": emoji.by_name(), "first": self._state.first_person}

    # Talking
    async def post(self, body: Json) -> Json:
        """Say something; a person's id instead of a channel's means the direct conversation with them."""
        me = self._person(body)
        channel = self._direct_to(me, text_of(body, "channel"))
        if channel is None:
            channel = self._joined(me, body)
            if channel.archived:
                raise PageError("is_archived", f"#{channel.name} is archived.")
            for other in channel.members if channel.kind == "im" else ():
                if other != me.id:
                    self._may_write_to(me, self._state.people[other])
        text = wire(text_of(body, "text"))
        thread_ts = body.get("thread_ts") or None
        if thread_ts is not None and self._conversation.root_of(channel, thread_ts) is None:
            raise PageError("thread_not_found", "A thread hangs on its first message; that ts is none.")
        message = self._conversation.say(channel, me.id, text, thread_ts=thread_ts)
        return {"ts": message["ts"], "channel": channel.id}

    async def edit(self, body: Json) -> Json:
        """Change one's own message."""
        me, channel, ts = self._own_message(body)
        self._conversation.edit(channel, ts, me.id, {"text": wire(text_of(body, "text"))})
        return {"ok": True}

    async def delete(self, body: Json) -> Json:
        """Delete one's own message."""
        _, channel, ts = self._own_message(body)
        self._conversation.delete(channel, ts)
        return {"ok": True}

    def _own_message(self, body: Json) -> tuple[Person, Channel, str]:
        me = self._person(body)
        channel = self._joined(me, body)
        message = channel.messages.get(text_of(body, "ts"))
        if message is None:
            raise PageError("message_not_found", "There is no such message.")
        if message["user"] != me.id or "subtype" in message:
            raise PageError("not_own_message", "That is somebody else’s message.")
        return me, channel, message["ts"]

    async def react(self, body: Json) -> Json:
        """Add or take back a reaction."""
        me = self._person(body)
        channel = self._joined(me, body)
        message = channel.messages.get(text_of(body, "ts"))
        if message is None:
            raise PageError("message_not_found", "There is no such message.")
        name = text_of(body, "name").strip(":")
        already_given = any(
            reaction["name"] == name and me.id in reaction["users"] for reaction in message.get("reactions", ())
        )
        self._conversation.react(channel, message["ts"], me.id, name, remove=already_given)
        return {"ok": True}

    # Using the bot
    async def command(self, body: Json) -> Json:
        """Run a slash command; Slack has none in threads."""
        me = self._person(body)
        channel = self._joined(me, body)
        command = text_of(body, "command")
        if body.get("thread_ts"):
            raise PageError("not_in_threads", f"{command} is not supported in threads. Sorry!")
        # Of apps that declare the same command, the one installed last is meant.
        declaring = [app for app in self._space.apps if app.manifest.command(command)]
        app = declaring[-1] if declaring else self._space.apps[0]
        await app.interaction.command(me.id, channel, command, str(body.get("text", "")))
        return {"ok": True}

    async def action(self, body: Json) -> Json:
        """Use a button, menu or other element of a message or view."""
        me = self._person(body)
        if body.get("view_id"):
            await self._of_view(body).interaction.act_on_view(me.id, text_of(body, "view_id"), body)
        else:
            channel, ts = self._visible(me, body), text_of(body, "message_ts")
            await self._of_message(me, channel, ts).interaction.act_on_message(me.id, channel, ts, body)
        return {"ok": True}

    async def options(self, body: Json) -> Json:
        """Have the bot look up the options of an external select; `value` is what has been typed so far."""
        me = self._person(body)
        if body.get("view_id"):
            return await self._of_view(body).interaction.suggest_for_view(me.id, text_of(body, "view_id"), body)
        channel, ts = self._visible(me, body), text_of(body, "message_ts")
        return await self._of_message(me, channel, ts).interaction.suggest_for_message(me.id, channel, ts, body)

    async def view_submit(self, body: Json) -> Json:
        """Submit a modal."""
        me = self._person(body)
        values = body.get("values") or {}
        if not isinstance(values, dict) or not all(isinstance(entered, dict) for entered in values.values()):
            raise PageError("invalid_values", "`values` is {block_id: {action_id: value}}.")
        answer = await self._of_view(body).interaction.submit(me.id, text_of(body, "view_id"), values)
        return answer if "response_action" in answer else {}

    async def view_close(self, body: Json) -> Json:
        """Close a modal, or with `clear` all of them."""
        me = self._person(body)
        everything = bool(body.get("clear"))
        await self._of_view(body).interaction.dismiss(me.id, text_of(body, "view_id"), everything=everything)
        return {}

    async def shortcut(self, body: Json) -> Json:
        """Use a global or message shortcut, of the app installed last if several have it and none is named."""
        me = self._person(body)
        channel = self._visible(me, body) if body.get("channel") else None
        ts = body.get("message_ts")
        callback_id = text_of(body, "callback_id")
        declaring = [app for app in self._space.apps if app.manifest.shortcut(callback_id)]
        app = self._app(body) if body.get("app") or not declaring else declaring[-1]
        await app.interaction.shortcut(me.id, callback_id, channel, ts)
        return {"ok": True}

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


async def _forward(queue: "asyncio.Queue[Json]", socket: web.WebSocketResponse) -> None:
    while True:
        await socket.send_json(await queue.get())


def _reading(answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        return await _answered(answer, dict(request.query))

    return handle


def _acting(answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            body = await request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            refusal = PageError("invalid_json", "The body must be a JSON object.")
            return web.json_response(refusal.body(), status=400)
        return await _answered(answer, body)

    return handle


async def _answered(answer: Answer, body: Json) -> web.Response:
    try:
        return web.json_response(await answer(body))
    except PageError as refusal:
        return web.json_response(refusal.body(), status=400)
