"""People in a local workspace, for tests: they post, click and read what the bot answers.

    async with Workspace.start() as workspace:
        ...  # start a bot against workspace.api_url
        asked = await workspace.mention("U_ANA", "C_GENERAL", "what does MTS stand for?")
        [answer] = await workspace.replies(asked)
        assert "one title" in shown(answer)

Nothing here sleeps or polls: a wait looks again each time the workspace says that something happened.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from bot import jobs
from bot.local.config import WorkspaceConfig
from bot.local.errors import PageError
from bot.local.page_api import PageApi
from bot.local.server import running_spaces
from bot.local.space import Space

Json = dict[str, Any]
T = TypeVar("T")

MANIFEST = Path(__file__).parent.parent / "app.yaml"
SEED = Path(__file__).parent / "seed.yaml"
BOT = "U_ROLEFIT"
ONLY_BY_HTTP = {"settled", "uninstall"}  # what the server itself has a part in
PATIENCE = 60.0  # seconds until a wait fails; reached only when something is broken, however busy the machine is


class RefusedError(Exception):
    """The workspace wouldn't do what the person wanted. error: its code. answer: all it said."""

    def __init__(self, answer: Json) -> None:
        super().__init__(f"{answer.get('error')}: {answer.get('detail')}")
        self.error = str(answer.get("error"))
        self.answer = answer


class Sent(str):
    """The ts of something a person posted; it remembers where, by whom, and in which thread."""

    __slots__ = ("channel", "thread_ts", "user")

    channel: str
    thread_ts: str | None
    user: str

    def __new__(cls, ts: str, channel: str, user: str, thread_ts: str | None = None) -> "Sent":
        """Make a ts that knows its place."""
        sent = super().__new__(cls, ts)
        sent.channel, sent.user, sent.thread_ts = channel, user, thread_ts
        return sent

    def __getnewargs__(self) -> tuple[str, str, str, str | None]:  # type: ignore[override] # str has one
        """Give what a copy is made of."""
        return str(self), self.channel, self.user, self.thread_ts


class _Watcher:
    """Follows what one person may see, and wakes whoever waits for a change."""

    def __init__(self, events: AsyncIterator[Json], end: Callable[[], Awaitable[object]]) -> None:
        self._changed = asyncio.Condition()
        self._end = end
        self.count = 0
        self.closed = False
        self.events: list[Json] = []
        self.task = asyncio.create_task(self._follow(events))

    async def _follow(self, events: AsyncIterator[Json]) -> None:
        async for event in events:
            self.events.append(event)
            await self._wake()
        self.closed = True
        await self._wake()

    async def _wake(self) -> None:
        async with self._changed:
            self.count += 1
            self._changed.notify_all()

    async def change(self, since: int) -> None:
        """Return once something happened after the count was `since`."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.count > since or self.closed)

    async def stop(self) -> None:
        await self._end()
        await self.task


async def _received(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[Json]:
    async for message in socket:
        yield json.loads(message.data)


async def _taken(queue: "asyncio.Queue[Json | None]") -> AsyncIterator[Json]:
    """Yield events as they are now, until there is None; of exchanges with the bot it only counts that there was one.

    Who wants to know of these asks for `traffic`.
    """
    while (event := await queue.get()) is not None:
        yield {"type": "traffic"} if event["type"] == "traffic" else _as_sent(event)


class Workspace:
    """A workspace, in this process or another, and the people in it."""

    def __init__(
        self, url: str, session: aiohttp.ClientSession, config: WorkspaceConfig, team: str | None = None
    ) -> None:
        self.url = f"{url}/{team}" if team else url
        self.server_url = url
        self.api_url = f"{url}/api/"
        self.config = config
        self.bot_token = config.bot_token
        self.app_token = config.app_token
        self.signing_secret = config.signing_secret
        self._session = session
        self._watchers: dict[str, _Watcher] = {}
        self._opening = asyncio.Lock()
        self.bot = BOT
        self.onlooker = "U_ANA"  # as whom it is seen whether a bot is there
        self.patience = PATIENCE
        self.spaces: list[Space] = []  # what the server remembers, if it runs in this process
        self._page: PageApi | None = None  # what serves the page, if it runs in this process

    @classmethod
    @asynccontextmanager
    async def start(cls, **config: Any) -> AsyncIterator["Workspace"]:
        """Start a workspace in this process; config: fields of WorkspaceConfig.

        Left out are app.yaml, the people and channels of seed.yaml beside this file, and no rate limits.
        """
        settings = WorkspaceConfig(**{"manifest": MANIFEST, "seed": SEED, "rate_limits": False, **config})
        async with running_spaces(settings) as spaces, cls._over(spaces[0].config.url, settings) as workspace:
            workspace.spaces, workspace._page = spaces, PageApi(spaces[0], _not_here)
            if settings.seed != SEED:
                await workspace.ask_who_is_there()
            yield workspace

    @asynccontextmanager
    async def anew(self) -> AsyncIterator["Workspace"]:
        """Give the same workspace to somebody who has not looked at it yet."""
        async with self._over(self.server_url, self.config) as workspace:
            workspace.spaces, workspace._page = self.spaces, self._page
            yield workspace

    def other(self, team: str) -> "Workspace":
        """Give one of the `others` of the same server."""
        workspace = Workspace(self.server_url, self._session, self.config, team)
        workspace.bot, workspace.onlooker = self.bot, self.onlooker  # the same seed
        return workspace

    async def uninstall(self, *, tokens_first: bool = False) -> None:
        """Remove the app, as an administrator does."""
        await self._do("uninstall", "", {"tokens_first": tokens_first})

    async def close_watchers(self) -> None:
        """Stop following what people may see."""
        while self._watchers:
            _, watcher = self._watchers.popitem()
            await watcher.stop()

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str, **config: Any) -> AsyncIterator["Workspace"]:
        """Use a workspace that runs elsewhere; config only says which tokens it was started with."""
        async with cls._over(url, WorkspaceConfig(**{"manifest": MANIFEST, **config})) as workspace:
            await workspace.ask_who_is_there()
            yield workspace

    async def ask_who_is_there(self) -> None:
        """Learn the ids of the bot and of somebody in a workspace with another seed than that of the tests."""
        self.onlooker = (await self._get("static", {}))["first"]
        self.bot = (await self.state(self.onlooker))["apps"][0]["user"]

    @classmethod
    @asynccontextmanager
    async def _over(cls, url: str, config: WorkspaceConfig) -> AsyncIterator["Workspace"]:
        # Everybody who is looked at holds a connection open.
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            workspace = cls(url, session, config)
            try:
                yield workspace
            finally:
                await workspace.close_watchers()

    # Talking
    async def post(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> Sent:
        """Say something; channel may be a person's id or the bot's for a DM."""
        given = {"channel": channel, "text": text, "thread_ts": thread_ts}
        answer = await self._do("post", user, given)
        return Sent(answer["ts"], answer["channel"], user, thread_ts)

    async def mention(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> Sent:
        """Say something to the bot; `<@U_BOT>` stands for it and is put in front if it isn't there."""
        text = text.replace("<@U_BOT>", f"<@{self.bot}>")
        return await self.post(user, channel, text if f"<@{self.bot}>" in text else f"<@{self.bot}> {text}", thread_ts)

    async def edit(self, sent: Sent, text: str) -> None:
        """Change what somebody said."""
        await self._do("edit", sent.user, {"channel": sent.channel, "ts": sent, "text": text})

    async def delete(self, sent: Sent) -> None:
        """Delete what somebody said."""
        await self._do("delete", sent.user, {"channel": sent.channel, "ts": sent})

    async def react(self, user: str, message: "Json | Sent", name: str) -> None:
        """Add somebody's reaction, or take it back."""
        channel, ts = _place(message)
        await self._do("react", user, {"channel": channel, "ts": ts, "name": name})

    async def command(
        self, user: str, channel: str, command: str, text: str = "", thread_ts: str | None = None
    ) -> None:
        """Run a slash command; raises RefusedError with what Slackbot would say if the bot doesn't answer."""
        given = {"channel": channel, "command": command, "text": text, "thread_ts": thread_ts}
        await self._do("command", user, given)

    async def shortcut(self, user: str, callback_id: str, message: Json | None = None) -> None:
        """Use a shortcut, on a message or anywhere."""
        channel, ts = _place(message) if message else ("", "")
        await self._do("shortcut", user, {"callback_id": callback_id, "channel": channel, "message_ts": ts})

    # Using what the bot shows
    async def click(self, user: str, surface: Json, target: str, **choice: Any) -> None:
        """Press a button, or use another element, of a message, modal or Home as it is on screen now.

        target: the visible label, an action_id, or a block_id with one element in it.
        choice: what else Slack's client would say, e.g. selected_option="yes" or value="typed".
        """
        now = await self._now(user, surface)
        given = {**_find(now, target), **choice}
        place = {"view_id": now["id"]} if "id" in now else dict(zip(PLACE, _place(now), strict=True))
        await self._do("action", user, {**place, **given})

    async def click_as_shown(self, user: str, message: Json, target: str) -> None:
        """Press a button of a message or Home as it was, like a page that has not heard of a change yet."""
        at = {"view_id": message["id"]} if "id" in message else dict(zip(PLACE, _place(message), strict=True))
        await self._do("action", user, {**at, **_find(message, target)})

    async def choose(self, user: str, surface: Json, target: str, option: str) -> None:
        """Choose an option, by its label or value, in a menu, radio buttons or an overflow."""
        now = await self._now(user, surface)
        found = _find(now, target)
        await self.click(user, now, target, selected_option=_value_of(now, found, option))

    async def select_user(self, user: str, surface: Json, chosen: str, target: str | None = None) -> None:
        """Choose a person in a users_select; target is needed only where there are several."""
        now = await self._now(user, surface)
        menus = [each["action_id"] for each in elements(now) if each["type"] == "users_select"]
        if target is None and len(menus) != 1:
            raise AssertionError(f"expected one users_select, found {menus} in:\n{shown(now)}")
        await self.click(user, now, target or menus[0], selected_user=chosen)

    async def modal(self, user: str) -> Json:
        """Wait until somebody has a modal open and return its view."""
        return await self.until(lambda: self.view(user), user)

    async def view(self, user: str) -> Json | None:
        """Return the view of the modal somebody has open, if any."""
        view: Json | None = (await self._see("view", user))["view"]
        return view

    async def submit(self, user: str, values: Json | None = None) -> Json:
        """Submit the open modal. values: by label of the input or by block_id; returns the response_action."""
        view = await self.modal(user)
        return await self._do("view_submit", user, {"view_id": view["id"], "values": _filled(view, values or {})})

    async def close(self, user: str, *, everything: bool = False) -> None:
        """Close the open modal, or the whole stack."""
        view = await self.modal(user)
        await self._do("view_close", user, {"view_id": view["id"], "clear": everything})

    async def home(self, user: str) -> Json:
        """Open the app's Home and return what the bot has published there, waiting for a first view."""
        await self._watch(user)
        view = (await self._see("home", user))["view"]

        async def published() -> Json | None:
            return await self.home_now(user) or view

        return await self.until(published, user)

    async def home_now(self, user: str) -> Json | None:
        """Return what was last published to somebody's Home since a test first looked as them."""
        events = (await self._watch(user)).events
        return next((each["view"] for each in reversed(events) if each["type"] == "home"), None)

    # Reading
    async def replies(self, asked: Sent, *, as_user: str | None = None, count: int = 1) -> list[Json]:
        """Wait for at least `count` messages after `asked` in its thread, and return them.

        What was asked in a direct message outside threads is answered there: that counts, too, but for what people say.

        as_user: who looks, the asker by default; ephemeral messages are seen by one person only.
        """
        root = asked.thread_ts or asked
        viewer = as_user or asked.user

        async def enough() -> list[Json] | None:
            found = [each for each in await self.thread(asked.channel, root, viewer) if each["ts"] > asked]
            if asked.channel.startswith("D") and asked.thread_ts is None:
                later = [each for each in await self.messages(asked.channel, viewer) if each["ts"] > asked]
                found += [each for each in later if each["user"] == self.bot]
            return found if len(found) >= count else None

        return await self.until(enough, viewer)

    async def thread(self, channel: str, ts: str, as_user: str) -> list[Json]:
        """Return a thread, root first, as somebody sees it."""
        answer = await self._see("thread", as_user, channel=channel, ts=str(ts))
        return [{**each, "channel": channel} for each in answer["messages"]]

    async def messages(self, channel: str, as_user: str = "U_ANA", *, count: int = 0) -> list[Json]:
        """Wait for at least `count` messages in a channel and return them, oldest first, without replies."""

        async def enough() -> list[Json] | None:
            answer = await self._see("history", as_user, channel=channel)
            found = [{**each, "channel": channel} for each in answer["messages"]]
            return found if len(found) >= count else None

        return await self.until(enough, as_user) if count else (await enough() or [])

    async def dm(self, user: str, *, count: int = 0) -> list[Json]:
        """Wait for at least `count` messages in somebody's DM with the bot and return them, oldest first."""

        async def enough() -> list[Json] | None:
            found = await self._dm(user)
            return found if len(found) >= count else None

        return await self.until(enough, user) if count else await self._dm(user)

    async def _dm(self, user: str) -> list[Json]:
        channels = (await self.state(user))["channels"]
        mine = [each["id"] for each in channels if each["is_im"] and each["user"] == self.bot]
        return await self.messages(mine[0], user) if mine else []

    async def latest(self, user: str, message: Json, once: Callable[[Json], object] | None = None) -> Json:
        """Return a message as it is now, or, with `once`, as soon as it is so."""

        async def there() -> Json | None:
            now = await self._now(user, message)
            return now if once is None or once(now) else None

        return await self.until(there, user)

    async def until(
        self, predicate: Callable[[], Awaitable[T | None]], as_user: str, patience: float | None = None
    ) -> T:
        """Wait until the predicate gives something true, and return it; it is asked again after every event.

        Fails with all that the person can see.
        """
        watcher = await self._watch(as_user)
        gone = False
        try:
            async with asyncio.timeout(patience or self.patience):
                while not gone:
                    seen, gone = watcher.count, watcher.closed
                    found = await predicate()
                    if found:
                        return found
                    await watcher.change(seen)
        except TimeoutError:
            raise AssertionError(f"waited {patience or self.patience} s in vain.\n{await self.dump(as_user)}") from None
        raise AssertionError("the workspace is gone")

    async def channel(self, name: str) -> str:
        """Return the id of a channel that the onlooker may see."""
        channels = (await self.state(self.onlooker))["channels"]
        return next(str(channel["id"]) for channel in channels if channel["name"] == name)

    async def settled(self) -> None:
        """Wait until the bot has said all that it will say: deliveries are acknowledged and durable work has ended.

        Work that pauses is not waited for, nor is that of a bot in another process.
        """
        async with asyncio.timeout(PATIENCE):
            for _ in range(2):  # what the bot said is delivered to it, too
                await self.acknowledged()
                await jobs.wait_until_idle()

    async def acknowledged(self) -> None:
        """Wait until every delivery to the bot is acknowledged; its durable work may be going on."""
        await self._get("settled", {"timeout": str(PATIENCE)})

    async def notices(self, user: str) -> list[str]:
        """Return what Slackbot told only this person since somebody first looked as them."""
        watcher = await self._watch(user)
        return [each["text"] for each in watcher.events if each["type"] == "notice"]

    async def traffic(self, name: str | None = None) -> list[Json]:
        """Return the exchanges between workspace and bot, all or those of one event, method or command."""
        entries: list[Json] = (await self._get("traffic", {}))["entries"]
        return [each for each in entries if name in {None, each["name"]}]

    async def undelivered(self) -> set[str]:
        """Return the ts of messages that the bot never acknowledged."""
        return set((await self._get("undelivered", {}))["ts"])

    async def connected(self) -> None:
        """Wait until a bot is connected."""
        await self.until(self._bot_there, self.onlooker)

    async def disconnected(self) -> None:
        """Wait until no bot is connected: of one that was killed this is known only a moment later."""
        await self.until(self._bot_gone, self.onlooker)

    async def _bot_gone(self) -> bool:
        return not await self._bot_there()

    async def _bot_there(self) -> bool:
        return bool((await self._get("health", {}))["bot_connected"])

    async def health(self) -> Json:
        """Return the process's id, who started it, and whether a bot is connected."""
        return await self._get("health", {})

    async def state(self, user: str) -> Json:
        """Return what somebody's page starts with: people, channels, commands."""
        return await self._see("state", user)

    # Moving about
    async def join(self, user: str, channel: str) -> None:
        """Join a public channel."""
        await self._do("join", user, {"channel": channel})

    async def leave(self, user: str, channel: str) -> None:
        """Leave a channel."""
        await self._do("leave", user, {"channel": channel})

    async def remove(self, user: str, channel: str, removed: str = BOT) -> None:
        """Remove somebody from a channel."""
        await self._do("remove", user, {"channel": channel, "user": removed})

    async def invite(self, user: str, channel: str, invited: str | None = None) -> None:
        """Bring somebody, the bot by default, into a channel."""
        await self._do("invite", user, {"channel": channel, "user": invited or self.bot})

    async def create_channel(self, user: str, name: str, *, is_private: bool = False) -> str:
        """Create a channel and return its id."""
        answer = await self._do("channel", user, {"name": name, "is_private": is_private})
        return str(answer["channel"]["id"])

    async def read(self, user: str, channel: str, ts: str) -> None:
        """Mark a channel read up to a message."""
        await self._do("read", user, {"channel": channel, "ts": ts})

    async def open(self, user: str, channel: str | None = None) -> str:
        """Look at a conversation, the bot's DM by default, and return its id."""
        return str((await self._do("open", user, {"channel": channel or self.bot}))["channel"])

    async def direct(self, user: str, other: str | None = None) -> str:
        """Return the id of somebody's DM, with the bot by default, without looking at it."""
        answer = await self._do("group", user, {"users": [other or self.bot]})
        return str(answer["channel"]["id"])

    async def deactivate(self, user: str) -> None:
        """Deactivate somebody's account."""
        await self._do("deactivate", user, {"user": user})

    # Trouble
    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Make the bot's sockets reconnect, or tell them that Socket Mode is off: link_disabled."""
        await self._do("refresh", "", {"reason": reason})

    async def verify_url(self) -> bool:
        """Send the bot's request URL a challenge; tell whether it came back."""
        return bool((await self._do("verify", "", {}))["ok"])

    async def faults(self, **trouble: Any) -> None:
        """Arrange trouble in place of any arranged before; the fields are those of bot.local.faults.Faults."""
        await self._do("faults", "", trouble)

    async def dump(self, user: str) -> str:
        """Return everything somebody sees and the last exchanges with the bot, for a failing test."""
        lines: list[str] = []
        for channel in (await self.state(user))["channels"]:
            lines.append(f"{channel['id']} {channel['name']}")
            for top in await self.messages(channel["id"], user):
                thread = [top]
                with contextlib.suppress(RefusedError):  # it has been deleted meanwhile
                    thread = await self.thread(channel["id"], top.get("thread_ts") or top["ts"], user) or thread
                lines += [
                    f"  {'' if each['ts'] == top['ts'] else '  ↳ '}{each['ts']} {each['user']}: {shown(each)}"
                    for each in thread
                ]
        lines.append("exchanged with the bot:")
        lines += [
            f"  {each['direction']} {each['kind']} {each['name']}: {each['status']}"
            for each in (await self.traffic())[-20:]
        ]
        return "\n".join(lines)

    async def call(self, method: str, **arguments: Any) -> Json:
        """Call a method of the Web API as the bot, to bring about what another version of it or a forger would."""
        headers = {"Authorization": f"Bearer {self.bot_token}"}
        async with self._session.post(f"{self.api_url}{method}", json=arguments, headers=headers) as response:
            answer: Json = await response.json()
        if not answer["ok"]:
            raise RefusedError(answer)
        return answer

    # Plumbing
    async def _do(self, what: str, user: str, given: Json) -> Json:
        if self._page is not None and what not in ONLY_BY_HTTP:
            return await self._directly(self._page, what, {"as": user, **given})
        async with self._session.post(f"{self.url}/local/{what}", json={"as": user, **given}) as response:
            return await _answer(response)

    async def _see(self, what: str, user: str, **given: str) -> Json:
        return await self._get(what, {"as": user, **given})

    async def _get(self, what: str, given: dict[str, str]) -> Json:
        if self._page is not None and what not in ONLY_BY_HTTP:
            return await self._directly(self._page, what, given)
        async with self._session.get(f"{self.url}/local/{what}", params=given) as response:
            return await _answer(response)

    async def _directly(self, page: PageApi, what: str, given: Json) -> Json:
        """Call what serves the page, where it runs in this process: by HTTP, looking takes longer than the bot does."""
        answer: Json
        try:
            answer = _as_sent(await getattr(page, what)(_as_sent(given)))
        except PageError as refusal:
            raise RefusedError(_as_sent(refusal.body())) from None
        return answer

    async def _now(self, user: str, surface: Json) -> Json:
        """Return a message or view as it is on screen now."""
        if "ts" not in surface:
            current = await (self.home_now(user) if surface["type"] == "home" else self.view(user))
            return current if current is not None and current["id"] == surface["id"] else surface
        channel, ts = _place(surface)
        thread = await self.thread(channel, surface.get("thread_ts") or ts, user)
        for each in thread:
            if each["ts"] == ts:
                return each
        raise AssertionError(f"{user} no longer sees message {ts}:\n{shown(surface)}")

    async def _watch(self, user: str) -> _Watcher:
        """Return the watcher of a person's page; from its first event on nothing is missed."""
        async with self._opening:
            if user not in self._watchers:
                self._watchers[user] = await (self._watched_here if self._page else self._watched_from_afar)(user)
        return self._watchers[user]

    async def _watched_from_afar(self, user: str) -> _Watcher:
        socket = await self._session.ws_connect(f"{self.url}/local/stream", params={"as": user})
        watcher = _Watcher(_received(socket), socket.close)
        async with asyncio.timeout(PATIENCE):
            await watcher.change(0)
        return watcher

    async def _watched_here(self, user: str) -> _Watcher:
        """Follow the events where the workspace runs in this process: by HTTP, each is written and read for each."""
        watching = contextlib.ExitStack()
        queue: asyncio.Queue[Any] = watching.enter_context(self.spaces[0].stream.watch(user))

        async def end() -> None:
            watching.close()
            queue.put_nowait(None)

        return _Watcher(_taken(queue), end)


def _as_sent(data: Json) -> Json:
    """Give plain data as whoever receives it has it: nothing that the sender changes later is changed in it."""
    received: Json = json.loads(json.dumps(data))
    return received


async def _answer(response: aiohttp.ClientResponse) -> Json:
    answer: Json = await response.json()
    if response.status != 200:
        raise RefusedError(answer)
    return answer


def _not_here(status: int, team: str) -> None:
    raise AssertionError(f"uninstalling {team} is asked of the server ({status})")


def _place(message: "Json | Sent") -> tuple[str, str]:
    if isinstance(message, Sent):
        return message.channel, str(message)
    return message["channel"], message["ts"]


# What a person sees
async def eventually(condition: Callable[[], Awaitable[T]]) -> T:
    """Wait for something of which no event tells, and give it once it is true."""
    async with asyncio.timeout(60):
        while not (value := await condition()):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return value


def shown(surface: Json) -> str:
    """Return all the text a person sees in a message or view: blocks, table cells, labels, in reading order.

    Entities are decoded and links give their label. A message with blocks doesn't show its `text`.
    """
    parts = [surface.get("title"), *surface.get("blocks", ()), *surface.get("attachments", ())]
    if not surface.get("blocks"):
        parts.append(surface.get("text", ""))
    parts += [surface.get("submit"), surface.get("close")]
    return "\n".join(_readable(line) for part in parts for line in _lines(part) if line)


PLACE = "channel", "message_ts"  # what names a message to the page
HIDDEN = frozenset(
    {"type", "block_id", "action_id", "url", "image_url", "style", "confirm", "emoji", "verbatim", "value", "id"}
    | {"column_settings", "page_size", "row_header_column_index", "level", "dispatch_action", "optional", "fallback"}
    | {"initial_option", "initial_options", "options", "option_groups", "axis_config", "color", "accessibility_label"}
)


def _lines(part: Any) -> Iterator[str]:
    """Yield the visible texts inside a piece of Block Kit."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, list):
        for each in part:
            yield from _lines(each)
    elif isinstance(part, dict):
        kind = part.get("type")
        if kind in {"table", "data_table"}:
            yield from _lines(part.get("caption"))
            for row in part["rows"]:
                yield " | ".join(" ".join(_lines(cell)) or str(cell.get("value", "")) for cell in row)
        elif kind == "rich_text_section":
            yield "".join(_leaf(each) for each in part["elements"])
        elif "label" in part and isinstance(part.get("value"), int | float):
            yield f"{part['label']}: {part['value']:g}"
        else:
            for name, inner in part.items():
                if name not in HIDDEN:
                    yield from _lines(inner)
            if kind in {"radio_buttons", "checkboxes", "static_select", "overflow"}:
                yield from _lines([each["text"] for each in _options(part)])


def _leaf(leaf: Json) -> str:
    kinds = {"user": "<@{user_id}>", "channel": "<#{channel_id}>", "emoji": ":{name}:", "broadcast": "@{range}"}
    return kinds.get(leaf["type"], "{text}").format(**{"text": leaf.get("url", ""), **leaf})


def _readable(line: str) -> str:
    while "<http" in line and ">" in line:
        before, _, rest = line.partition("<http")
        link, _, after = rest.partition(">")
        target, _, label = link.partition("|")
        line = before + (label or "http" + target).replace("<http", "") + after
    return line.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _options(element: Json) -> list[Json]:
    groups = [option for group in element.get("option_groups", ()) for option in group["options"]]
    return [*element.get("options", ()), *groups]


def elements(surface: Json) -> list[Json]:
    """Return the interactive elements of a message or view in reading order, each with its block_id and label.

    A pair of feedback buttons gives two.
    """
    found: list[Json] = []
    for block in _blocks(surface.get("blocks", [])):
        candidates = [
            *(block.get("elements", ()) if block["type"] in {"actions", "context_actions"} else ()),
            *(block.get("actions", ()) if block["type"] == "card" else ()),
            *([block["accessory"]] if "accessory" in block else ()),
            *([block["element"]] if block["type"] == "input" else ()),
        ]
        for each in candidates:
            label = each.get("text") or each.get("placeholder") or block.get("label") or {}
            about = {**each, "block_id": block["block_id"], "label": label.get("text", "")}
            if each["type"] == "feedback_buttons":
                sides = [each["positive_button"], each["negative_button"]]
                found += [{**about, "label": side["text"]["text"], "value": side["value"]} for side in sides]
            elif "action_id" in each:
                found.append(about)
    return found


def _blocks(blocks: list[Json]) -> Iterator[Json]:
    for block in blocks:
        yield block
        if block["type"] in {"container", "carousel"}:
            yield from _blocks(block.get("child_blocks") or block.get("elements") or [])


def buttons(surface: Json) -> list[str]:
    """Return the labels of the buttons a person can press, in reading order."""
    kinds = {"button", "feedback_buttons", "icon_button", "workflow_button"}
    return [each["label"] for each in elements(surface) if each["type"] in kinds]


def _find(surface: Json, target: str) -> Json:
    """Return block_id, action_id and value of the one element with that label, action_id or block_id."""
    usable = elements(surface)
    for name in ("label", "action_id", "block_id"):
        fitting = [each for each in usable if each[name] == target]
        if len(fitting) == 1:
            return {key: fitting[0][key] for key in ("block_id", "action_id", "value") if key in fitting[0]}
        if fitting:
            raise AssertionError(f"{target!r} names {len(fitting)} elements in:\n{shown(surface)}")
    labels = [(each["label"], each["action_id"]) for each in usable]
    raise AssertionError(f"nothing to use by the name {target!r}; there is {labels} in:\n{shown(surface)}")


def _value_of(surface: Json, found: Json, option: str) -> str:
    for each in elements(surface):
        if each["action_id"] == found["action_id"] and each["block_id"] == found["block_id"]:
            for offered in _options(each):
                if option in {offered["value"], offered["text"]["text"]}:
                    return str(offered["value"])
    raise AssertionError(f"no option {option!r} in:\n{shown(surface)}")


def _filled(view: Json, values: Json) -> Json:
    """Return {block_id: {action_id: value}} for values given by an input's label, block_id or action_id."""
    filled: Json = {}
    for target, value in values.items():
        if isinstance(value, dict) and any(block["block_id"] == target for block in view["blocks"]):
            filled[target] = value
            continue
        found = _find(view, target)
        with contextlib.suppress(AssertionError):
            value = _value_of(view, found, value) if isinstance(value, str) else value  # noqa: PLW2901
        filled.setdefault(found["block_id"], {})[found["action_id"]] = value
    return filled
