"""What we override in slack_sdk, Bolt and DBOS, and rely on there, is still so in the versions that are installed.

An upgrade that renames a method which we override leaves ours uncalled, and mostly nothing else would tell. Whoever
raises a version and meets a failure here: mend the place that the message names, then this table.
"""

import ast
import asyncio
import inspect
import json
import textwrap
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from dbos import DBOS, DBOSClient, SetWorkflowID
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot import jobs
from bot.settings import BOLT_READS_THESE
from bot.slack import dispatch, socket
from bot.slack.access import Member, OneWorkspace
from bot.slack.client import UNREADABLE, Client, code
from bot.slack.event_payloads import EventCallback
from bot.slack.gateway import SlackGateway, recorded
from bot.slack.incoming import Classified
from bot.slack.interaction_payloads import BlockActions, SlashCommand
from bot.slack.payloads import parse
from bot.slack.response import OK, Response
from bot.storage.sqlite_connection import Connection, connect
from tests.forked import queue_of_what_is_left
from tests.test_manifest import METHOD_SCOPES, OFFERED, PARSED

Json = dict[str, Any]

VERSIONS = ", ".join(f"{name} {version(name)}" for name in ("slack_sdk", "slack_bolt", "dbos", "aiosqlite"))
COMMAND = {
    "command": "/rolefit",
    "text": "",
    "user_id": "U1",
    "channel_id": "C1",
    "team_id": "T1",
    "response_url": "https://hooks.example/1",
}
MEMBER = AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-T1", bot_id="B1", bot_user_id="U_BOT")


@pytest.fixture(autouse=True)
def _say_which_versions() -> None:
    """Show beside a failure what may have been upgraded."""
    print(VERSIONS)  # noqa: T201


# Subclasses


@dataclass(frozen=True)
class Subclass:
    """A class of ours whose base is slack_sdk's or Bolt's. overrides: methods of the base, and what ours is for."""

    ours: type
    file: str
    overrides: dict[str, str] = field(default_factory=dict)

    @property
    def base(self) -> type:
        """The class that comes with an upgrade."""
        return self.ours.__bases__[0]


SUBCLASSES = [
    Subclass(
        socket._Client,
        "bot/slack/socket.py",
        {
            "process_message": "keeps the tasks that handle messages from being collected while they run",
            "connect_to_new_endpoint": "ends the connection, for a new client with a new address",
        },
    ),
    Subclass(dispatch.App, "bot/slack/dispatch.py"),
    Subclass(dispatch.ReceivedRequest, "bot/slack/dispatch.py"),
    Subclass(Client, "bot/slack/client.py", {"api_call": "gives every failure a code"}),
    Subclass(
        Connection,
        "bot/storage/sqlite_connection.py",
        {
            "cursor": "gives a cursor that goes to the thread once a statement",
            "commit": "does not go to the thread for nothing",
            "rollback": "does not go to the thread for nothing",
        },
    ),
]


def parameters(function: Callable[..., Any]) -> tuple[list[str], set[str]]:
    """Give the parameters that may be given by position, in order, and those that may be given by name."""
    found = [each for each in inspect.signature(function).parameters.values() if each.name != "self"]
    by_position = [each.name for each in found if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    by_name = {each.name for each in found if each.kind in (each.KEYWORD_ONLY, each.POSITIONAL_OR_KEYWORD)}
    return by_position, by_name


def takes_any_name(function: Callable[..., Any]) -> bool:
    return any(each.kind is each.VAR_KEYWORD for each in inspect.signature(function).parameters.values())


def own_names(class_: type) -> set[str]:
    """Name the methods of a class and the attributes that it gives to itself, without those of its bases."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(class_)))
    attributes = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"
    }
    return {name for name in {*vars(class_), *attributes} if not name.startswith("__")}


@pytest.mark.parametrize("subclass", SUBCLASSES, ids=lambda each: each.ours.__name__)
def test_what_we_override_is_there_and_takes_what_ours_takes(subclass: Subclass):
    for name, purpose in subclass.overrides.items():
        where = f"{subclass.file} overrides {subclass.base.__name__}.{name}; ours {purpose}"
        theirs, ours = getattr(subclass.base, name, None), getattr(subclass.ours, name)
        assert theirs is not None, f"{where}. The base has it no more: nobody calls ours."
        is_coroutine = inspect.iscoroutinefunction
        assert is_coroutine(theirs) == is_coroutine(ours), f"{where}. Only one of both is a coroutine function."
        (their_order, their_names), (our_order, our_names) = parameters(theirs), parameters(ours)
        assert our_order[: len(their_order)] == their_order, f"{where}. By position the base's takes {their_order}."
        missing = set() if takes_any_name(ours) else their_names - our_names
        assert not missing, f"{where}. The base's takes {sorted(missing)} too."


@pytest.mark.parametrize("subclass", SUBCLASSES, ids=lambda each: each.ours.__name__)
def test_the_base_has_nothing_by_a_name_that_is_ours(subclass: Subclass):
    theirs = {name for base in subclass.ours.__mro__[1:-1] for name in own_names(base)}

    taken = (own_names(subclass.ours) & theirs) - set(subclass.overrides)

    assert not taken, (
        f"{subclass.file}: {sorted(taken)} of {subclass.ours.__name__} hides what {subclass.base.__name__} has by that "
        f"name. Rename ours, or list it as an override if it is one."
    )


# Socket Mode


class Slack:
    """Takes Socket Mode connections on this machine and notes what the client sends."""

    def __init__(self) -> None:
        self.sockets: list[web.WebSocketResponse] = []
        self.sent: asyncio.Queue[Json] = asyncio.Queue()
        self.asked_for_an_address = 0
        self.url = ""

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        response = web.WebSocketResponse()
        await response.prepare(request)
        self.sockets.append(response)
        async for message in response:
            self.sent.put_nowait(json.loads(message.data))
        return response

    async def give_address(self, _: web.Request) -> web.Response:
        self.asked_for_an_address += 1
        return web.json_response({"ok": True, "url": self.url})

    async def send(self, message: Json) -> None:
        await self.sockets[-1].send_json(message)


class Responder:
    """Stands for the reception: answers every payload alike and notes what it has read."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.read: asyncio.Queue[Json] = asyncio.Queue()

    async def respond(self, parse: Callable[[], SlashCommand]) -> Response:
        self.read.put_nowait(parse().model_dump(exclude_unset=True))
        return self.response


@asynccontextmanager
async def connected(response: Response) -> AsyncIterator[tuple[Slack, socket._Client, Responder]]:
    """Connect our client to an address that it was given, as `bot.slack.socket` does."""
    slack, served = Slack(), web.Application()
    served.router.add_get("/link", slack.connect)
    served.router.add_post("/api/apps.connections.open", slack.give_address)
    runner = web.AppRunner(served, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    slack.url = f"ws://{host}:{port}/link"
    async with aiohttp.ClientSession() as session:
        responder = Responder(response)
        web_client = Client(base_url=f"http://{host}:{port}/api/", session=session)
        client = socket._Client(responder, web_client, "xapp-1")  # type: ignore[arg-type]
        try:
            client.wss_uri = slack.url
            await client.connect()  # type: ignore[no-untyped-call]
            yield slack, client, responder
        finally:
            await client.finish()
            await runner.cleanup()


def envelope(number: int) -> Json:
    return {"envelope_id": f"e{number}", "type": "slash_commands", "payload": COMMAND, "accepts_response_payload": True}


async def test_the_client_connects_to_the_address_it_is_given_and_asks_for_none():
    async with connected(OK) as (slack, client, _):
        assert await client.is_connected()
        assert len(slack.sockets) == 1
        assert slack.asked_for_an_address == 0


async def test_an_envelope_reaches_our_handler_and_is_acknowledged_by_its_id():
    async with connected(OK) as (slack, _, responder):
        await slack.send(envelope(1))

        assert await asyncio.wait_for(slack.sent.get(), 5) == {"envelope_id": "e1"}
        assert responder.read.get_nowait() == COMMAND


async def test_only_a_success_is_acknowledged_and_one_with_a_body_carries_it():
    async with connected(Response(HTTPStatus.SERVICE_UNAVAILABLE, retry_after="5")) as (slack, _, responder):
        await slack.send(envelope(1))
        await asyncio.wait_for(responder.read.get(), 5)
        responder.response = Response(HTTPStatus.OK, '{"text": "hello"}', "application/json;charset=utf-8")
        await slack.send(envelope(2))

        assert await asyncio.wait_for(slack.sent.get(), 5) == {"envelope_id": "e2", "payload": {"text": "hello"}}
        assert slack.sent.empty()


@pytest.mark.parametrize(("reason", "refused"), [("refresh_requested", ""), ("link_disabled", "link_disabled")])
async def test_a_disconnect_ends_our_connection_and_makes_no_other(reason: str, refused: str):
    async with connected(OK) as (slack, client, responder):
        await slack.send({"type": "disconnect", "reason": reason})

        await asyncio.wait_for(client.over.wait(), 5)
        assert client.refused == refused
        assert (slack.asked_for_an_address, len(slack.sockets)) == (0, 1)
        assert responder.read.empty()


async def test_a_connection_that_breaks_is_said_to_be_over_and_is_not_made_again():
    async with connected(OK) as (slack, client, _):
        await slack.sockets[0].close()
        async with asyncio.timeout(5):
            while await client.is_connected():  # noqa: ASYNC110 - it tells of a lost connection only when it is asked
                await asyncio.sleep(0)

        assert client.auto_reconnect_enabled is False
        assert (slack.asked_for_an_address, len(slack.sockets)) == (0, 1)


async def test_a_connection_whose_pings_are_not_answered_for_four_intervals_is_said_to_be_over():
    async with connected(OK) as (_, client, _):
        client.last_ping_pong_time = time.time() - 3 * socket.PING
        assert await client.is_connected()

        client.last_ping_pong_time = time.time() - 5 * socket.PING
        assert not await client.is_connected()


async def test_a_closed_client_leaves_no_task_and_no_session_open():
    async with connected(OK) as (_, client, _):
        await client.finish()
        tasks = [client.message_processor, client.current_session_monitor, client.message_receiver]
        await asyncio.wait([task for task in tasks if task is not None], timeout=5)

        assert [task.done() for task in tasks if task is not None] == [True, True, True]
        assert client.aiohttp_client_session.closed


def test_what_sends_an_acknowledgement_takes_what_we_give_it():
    assert parameters(SocketModeResponse.__init__)[0] == ["envelope_id", "payload"]
    assert {"payload", "envelope_id"} <= own_names(SocketModeRequest)


# Bolt


@pytest.fixture
def bolt(monkeypatch: pytest.MonkeyPatch) -> dispatch.App:
    """Give an app made with the options of `bot.slack.app.create`, without listeners."""
    for name in BOLT_READS_THESE:
        monkeypatch.delenv(name, raising=False)

    async def authorize(team_id: str | None) -> AuthorizeResult | None:
        if team_id == "T_BROKEN":
            raise OSError("the database is away")
        return MEMBER if team_id == "T1" else None

    return dispatch.App(
        Client(base_url="http://slack.invalid/api/"),
        authorize=authorize,
        request_verification_enabled=False,
        process_before_response=True,
        attaching_conversation_kwargs_enabled=False,
    )


async def answer(app: dispatch.App, **changes: Any) -> Response:
    """Give the answer to a slash command."""
    command = parse(COMMAND | changes)
    assert isinstance(command, SlashCommand)
    return await app.dispatch(command, None)


def test_bolt_reads_no_more_from_the_environment_than_we_take_away_or_give():
    tree = ast.parse(textwrap.dedent(inspect.getsource(AsyncApp.__init__)))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and "os.environ" in ast.unparse(node.func)]
    read = {str(each.value) for call in calls for each in call.args[:1] if isinstance(each, ast.Constant)}

    # These two are of no consequence beside `client` and `request_verification_enabled=False`.
    more = read - {*BOLT_READS_THESE, "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"}
    assert not more, f"AsyncApp reads {sorted(more)}: add it to BOLT_READS_THESE in bot/settings.py"
    assert set(BOLT_READS_THESE) <= read, f"AsyncApp reads only {sorted(read)}: shorten BOLT_READS_THESE"


def test_bolt_injects_nothing_by_a_name_that_is_ours():
    taken = (OFFERED | PARSED) & set(inspect.signature(AsyncArgs.__init__).parameters)

    assert not taken, f"Bolt injects {sorted(taken)} itself, and a listener would get Bolt's"
    assert {each.argument for each in (BlockActions, EventCallback, SlashCommand)} <= PARSED


async def test_a_listener_gets_what_is_in_the_context_and_a_client_with_the_token_of_its_workspace(bolt: dispatch.App):
    given: Json = {}

    async def offer(context: AsyncBoltContext, next_: Callable[[], Any]) -> None:
        assert context.authorize_result is not None
        context.update(store="the store", team_id=context.authorize_result.team_id)
        await next_()

    async def listener(
        ack: AsyncAck, slash_command: SlashCommand, store: str, context: AsyncBoltContext, client: AsyncWebClient
    ) -> None:
        given.update(command=slash_command.command, store=store, team=context.team_id, token=client.token)
        given.update(base_url=client.base_url, retries=client.retry_handlers)
        await ack()

    bolt.use(offer)
    bolt.command("/rolefit")(listener)

    assert (await answer(bolt)).status == 200
    assert given == {
        "command": "/rolefit",
        "store": "the store",
        "team": "T1",
        "token": "xoxb-T1",
        "base_url": "http://slack.invalid/api/",
        "retries": [],
    }


async def test_a_listener_gets_the_request_with_what_was_decided_about_its_message(bolt: dispatch.App):
    requests: list[dispatch.ReceivedRequest] = []

    async def listener(request: dispatch.ReceivedRequest) -> None:
        requests.append(request)

    bolt.event("message")(listener)
    event = {"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "text": "hi", "ts": "1.0"}
    callback = parse(EVENT | {"team_id": "T1", "event": event})
    assert isinstance(callback, EventCallback)
    decided = Classified(None, None, follows=False)

    assert (await bolt.dispatch(callback, decided)).status == 200
    [request] = requests
    assert request.classified is decided


async def test_a_listener_has_ended_when_bolt_answers(bolt: dispatch.App):
    ended = False

    async def listener(ack: AsyncAck) -> None:
        nonlocal ended
        await ack()
        await asyncio.sleep(0.1)  # ten times as long as Bolt would take to see the acknowledgement
        ended = True

    bolt.command("/rolefit")(listener)

    assert (await answer(bolt)).status == 200
    assert ended, "process_before_response no longer waits for the listener, so nothing is recorded before"


async def test_what_a_listener_raises_is_answered_by_our_error_handler(bolt: dispatch.App):
    async def listener() -> None:
        raise TimeoutError

    bolt.command("/rolefit")(listener)

    response = await answer(bolt)

    assert response.status == 503
    assert response.retry_after == "5"


async def test_what_middleware_raises_is_answered_by_our_error_handler(bolt: dispatch.App):
    async def middleware() -> None:
        raise TimeoutError

    bolt.use(middleware)

    response = await answer(bolt)

    assert (response.status, response.retry_after) == (503, "5")


async def test_what_authorize_raises_is_a_failure_and_not_a_missing_installation(bolt: dispatch.App):
    response = await answer(bolt, team_id="T_BROKEN")

    assert response.status == 500, "Slack would not send again what met a database that is away"


EVENT = {"type": "event_callback", "event_id": "E1", "event_time": 1}


@pytest.mark.parametrize(
    ("event", "reaches"),
    [({"type": "app_uninstalled"}, True), ({"type": "app_home_opened", "user": "U1", "tab": "home"}, False)],
    ids=["of its end", "any other"],
)
async def test_without_an_installation_only_an_event_of_its_end_reaches_a_listener(
    bolt: dispatch.App, event: Json, reaches: bool
):
    teams: list[str | None] = []

    async def listener(context: AsyncBoltContext) -> None:
        teams.append(context.team_id)

    bolt.event(event["type"])(listener)

    callback = parse(EVENT | {"team_id": "T_GONE", "event": event})
    assert isinstance(callback, EventCallback)
    response = await bolt.dispatch(callback, None)

    assert response.status == 200
    assert teams == (["T_GONE"] if reaches else [])


def test_an_answer_says_what_it_is_also_when_it_is_empty():
    empty, full = BoltResponse(status=200), BoltResponse(status=200, body={"challenge": "abc"})

    assert (empty.body, full.body) == ("", '{"challenge": "abc"}')
    assert empty.first_headers()["content-type"].startswith("text/plain")
    assert full.first_headers()["content-type"].startswith("application/json")


# The Web API

BLOCKS = [{"type": "divider"}]
FILES: list[Json] = [{"id": "F1", "title": "a"}]  # which the SDK writes as JSON
CALLS: list[tuple[str, Json]] = [
    ("apps_connections_open", {"app_token": "xapp-1"}),
    ("auth_test", {}),
    ("chat_delete", {"channel": "C1", "ts": "1.1"}),
    ("chat_getPermalink", {"channel": "C1", "message_ts": "1.1"}),
    ("chat_postEphemeral", {"channel": "C1", "user": "U1", "text": "a", "blocks": BLOCKS, "thread_ts": "1.1"}),
    (
        "chat_postMessage",
        {
            "channel": "C1",
            "text": "a",
            "blocks": BLOCKS,
            "thread_ts": "1.1",
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": {"event_type": "x", "event_payload": {"key": "k"}},
        },
    ),
    ("chat_update", {"channel": "C1", "ts": "1.1", "text": "a", "blocks": []}),
    (
        "conversations_history",
        {"channel": "D1", "limit": 15, "include_all_metadata": True, "oldest": "1.0", "cursor": "c"},
    ),
    ("conversations_info", {"channel": "C1"}),
    ("conversations_open", {"users": "U1"}),
    (
        "conversations_replies",
        {"channel": "C1", "ts": "1.1", "limit": 15, "include_all_metadata": True, "oldest": "1.0", "cursor": "c"},
    ),
    (
        "files_completeUploadExternal",
        {"files": FILES, "channel_id": "D1", "initial_comment": "a"},
    ),
    ("files_getUploadURLExternal", {"filename": "a.json", "length": 2}),
    ("team_profile_get", {}),
    ("usergroups_users_list", {"usergroup": "S1"}),
    ("users_info", {"user": "U1"}),
    ("users_profile_get", {"user": "U1"}),
    ("views_open", {"trigger_id": "1.2.a", "view": {"type": "modal", "blocks": BLOCKS}}),
    ("views_publish", {"user_id": "U1", "view": {"type": "home", "blocks": BLOCKS}}),
    ("views_update", {"view_id": "V1", "view": {"type": "modal", "blocks": BLOCKS}}),
]


class Recorder(Client):
    """Notes the calls that would be made."""

    def __init__(self) -> None:
        super().__init__("xoxb-1")
        self.calls: list[tuple[str, Json]] = []

    async def api_call(self, api_method: str, **options: Any) -> Any:
        """Note a call by its method and all arguments, however they are to be sent."""
        arguments: Json = {}
        for way in ("params", "json", "data"):
            arguments |= {name: value for name, value in (options.get(way) or {}).items() if value is not None}
        self.calls.append((api_method, arguments))


def test_every_method_that_is_called_has_a_case_here():
    by_name = {"blocks_validate"}  # called by its name, as the SDK's own method writes blocks into the address
    assert {method for method, _ in CALLS} == set(METHOD_SCOPES) - by_name


@pytest.mark.parametrize(("method", "arguments"), CALLS, ids=[method for method, _ in CALLS])
async def test_a_method_of_the_client_goes_through_api_call_with_the_arguments_it_was_given(
    method: str, arguments: Json
):
    client = Recorder()

    await getattr(client, method)(**arguments)

    [(called, sent)] = client.calls
    assert called == method.replace("_", ".")
    wanted = {name: value for name, value in arguments.items() if name != "app_token"}  # which goes into a header
    read = {name: json.loads(sent[name]) if wanted[name] is FILES else sent.get(name) for name in wanted}
    assert read == wanted


class Answering:
    """Stands for aiohttp's session: every request gets the same answer."""

    closed = False

    def __init__(self, status: int, kind: str, body: str) -> None:
        self.status, self.content_type, self._body = status, kind, body
        self.headers = {"Content-Type": kind, "Retry-After": "7"}
        self.requests: list[tuple[str, str]] = []

    def request(self, verb: str, url: str, **_: Any) -> "Answering":
        self.requests.append((verb, url))
        return self

    async def __aenter__(self) -> "Answering":
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def text(self) -> str:
        return self._body

    async def json(self) -> Any:
        if self.content_type != "application/json":
            raise aiohttp.ContentTypeError(None, (), message="no JSON")  # type: ignore[arg-type]
        return json.loads(self._body)


@pytest.mark.parametrize(
    ("status", "kind", "body", "expected"),
    [
        (200, "application/json", '{"ok": false, "error": "channel_not_found"}', "channel_not_found"),
        (429, "application/json", '{"ok": false, "error": "ratelimited"}', "ratelimited"),
        (503, "text/plain", "upstream is gone", UNREADABLE),
        (502, "text/html", "<h1>bad gateway</h1>", UNREADABLE),
        (500, "application/json", "{", UNREADABLE),
        (200, "application/json", "[]", UNREADABLE),
        (200, "text/plain", "hello", UNREADABLE),
    ],
)
async def test_whatever_answers_is_an_error_with_a_code_a_status_and_headers(
    status: int, kind: str, body: str, expected: str
):
    session = Answering(status, kind, body)
    client = Client("xoxb-1", base_url="http://slack.invalid/api/", session=session)

    with pytest.raises(SlackApiError) as raised:
        await client.chat_delete(channel="C1", ts="1.1")

    response = raised.value.response
    assert (code(raised.value), response.status_code) == (expected, status)
    headers = {name.lower(): value for name, value in (response.headers or {}).items()}
    assert headers.get("retry-after", "7") == "7"
    assert session.requests == [("POST", "http://slack.invalid/api/chat.delete")], "it was tried again by itself"


async def test_a_response_url_is_answered_once_and_says_with_which_status():
    session = Answering(404, "text/plain", "expired_url")
    client = AsyncWebhookClient("http://slack.invalid/hook", session=session)  # type: ignore[arg-type]

    answered = await client.send(text="a", blocks=BLOCKS, response_type="ephemeral", replace_original=True)

    assert answered.status_code == 404
    assert session.requests == [("POST", "http://slack.invalid/hook")]


class Breaking(Answering):
    """Stands for a session whose connection breaks once a request was sent."""

    async def __aenter__(self) -> "Answering":
        raise aiohttp.ServerDisconnectedError


async def test_what_may_have_reached_a_response_url_is_not_sent_again_by_itself():
    session = Breaking(200, "text/plain", "")
    gateway = SlackGateway(OneWorkspace(Member("T1", "U1", "B1", "xoxb-1"), Client(), session), None, 0)  # type: ignore[arg-type]

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await gateway._respond("http://slack.invalid/hook", recorded({"text": "a", "blocks": BLOCKS}), {})

    assert session.requests == [("POST", "http://slack.invalid/hook")]


# Signatures


def test_a_signature_is_judged_by_the_time_on_a_clock_that_can_be_read():
    verifier = SignatureVerifier("a secret")
    now = str(int(verifier.clock.now()))
    signature = verifier.generate_signature(timestamp=now, body="{}")
    old = str(int(now) - 400)

    assert signature is not None
    assert signature.startswith("v0=")
    assert verifier.is_valid("{}", now, signature)
    assert not verifier.is_valid("{ }", now, signature)
    assert not verifier.is_valid("{}", old, verifier.generate_signature(timestamp=old, body="{}"))


def test_dbos_looks_every_second_for_what_is_left_unless_the_queue_says_otherwise():
    queue = queue_of_what_is_left()

    assert queue.polling_interval_sec == queue._polling_interval_sec == 1.0, "tests.forked hurries it by this attribute"


# SQLite


async def test_a_connection_to_sqlite_begins_commits_and_ends_its_thread_as_aiosqlite_does(tmp_path: Path):
    """It uses the private names `_execute`, `_conn` and `_thread` of aiosqlite's."""
    connection = connect(str(tmp_path / "contract.db"))
    await connection
    cursor = connection.cursor()
    await cursor.execute("CREATE TABLE numbers (number INTEGER)")
    await cursor.executemany("INSERT INTO numbers VALUES (?)", [(1,), (2,)])
    assert (cursor.rowcount, connection.in_transaction) == (2, True)
    await connection.rollback()
    assert not connection.in_transaction

    connection.commits_each = True
    await cursor.execute("INSERT INTO numbers VALUES (?) RETURNING number", (3,))
    assert (await cursor.fetchall(), connection.in_transaction) == ([(3,)], False)

    thread = connection._thread
    assert thread.daemon, "a process would not end while a connection is open"
    await connection.close()
    await asyncio.to_thread(thread.join)
    with pytest.raises(ValueError, match="no active connection"):  # which SQLAlchemy takes for a lost connection
        await cursor.execute("SELECT 1")


# DBOS


@asynccontextmanager
async def engine(folder: Path, executor: str) -> AsyncIterator[None]:
    """Run DBOS as a process of this name; one on an event loop, whose threads it takes."""
    jobs.configure(f"sqlite:///{folder / 'jobs.db'}", executor=executor)
    try:
        jobs.launch()
        yield
    finally:
        await jobs.close(0)


def test_dbos_recovers_the_work_of_a_named_process_once_and_counts_its_attempts(tmp_path: Path):
    """`bot.jobs.recover` calls `DBOS._recover_pending_workflows`, the one private name of DBOS that the bot uses.

    It must take the names of processes, give one handle for each piece of work that these have left, give none when it
    is called again, and count the attempt, so that work which kills its process is given up at last.
    """
    begun, runs = threading.Event(), list[str | None]()

    @DBOS.workflow(name="contract of recovery")
    async def work() -> None:
        runs.append(DBOS.executor_id)
        begun.set()
        if runs == ["dead"]:
            await asyncio.Event().wait()

    async def leave() -> None:
        async with engine(tmp_path, "dead"):
            with SetWorkflowID("left behind"):
                await DBOS.start_workflow_async(work)
            await asyncio.to_thread(begun.wait, 60)

    async def recover() -> int | None:
        async with engine(tmp_path, "alive"):
            assert await jobs.recover(["alive", "of another name"]) == 0
            assert await jobs.recover(["dead"]) == 1
            assert await jobs.recover(["dead"]) == 0, "two replicas would run the same work at once"
            await (await DBOS.retrieve_workflow_async("left behind")).get_result()
            status = await DBOS.get_workflow_status_async("left behind")
            return status.recovery_attempts if status else None

    asyncio.run(leave())

    assert asyncio.run(recover()) == 2
    assert runs == ["dead", "alive"]


def test_dbos_has_no_public_way_to_recover_the_work_of_a_named_process():
    public = [name for owner in (DBOS, DBOSClient) for name in dir(owner) if not name.startswith("_")]

    assert [name for name in public if "recover" in name] == [], "bot.jobs.recover can use this, and nothing private"
