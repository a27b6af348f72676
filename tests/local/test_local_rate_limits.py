"""Calls beyond what Slack allows are answered with 429 and how long to wait."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.local.config import AppConfig, WorkspaceConfig
from bot.local.web_api import METHODS
from tests.local.conftest import Clock, client_of, sent
from tests.workspace import MANIFEST, Workspace


@pytest.fixture
async def throttled(clock: Clock, everything):
    """A workspace as it is when people start it, with a clock that tests move."""
    async with Workspace.start(manifest=everything, clock=clock, rate_limits=True) as workspace:
        yield workspace


async def refused(client: AsyncWebClient, method: str, **given: Any) -> int | None:
    """Return the seconds to wait if a call is throttled, None if it isn't."""
    try:
        await client.api_call(method, **sent(method, given))
    except SlackApiError as error:
        answer = error.response
        if (answer.status_code, answer["error"]) == (429, "ratelimited"):
            return int(answer.headers["Retry-After"])
    return None


# What the pages of the methods say; chat.update met by node-slack-sdk#2010.
ALLOWED = [
    ("users.list", {}, 20),
    ("chat.update", {"channel": "C_ASK", "ts": "1.0", "text": "x"}, 50),
    ("conversations.replies", {"channel": "C_ASK", "ts": "1.0"}, 50),
    ("users.info", {"user": "U_ANA"}, 100),
]


@pytest.mark.parametrize(("method", "given", "allowed"), ALLOWED, ids=[case[0] for case in ALLOWED])
async def test_a_method_can_be_called_as_often_a_minute_as_its_tier_says(
    throttled: Workspace, clock: Clock, method: str, given: dict[str, Any], allowed: int
):
    client = client_of(throttled)
    start = clock.now

    waits = []
    for number in range(allowed + 1):
        clock.now = start + number * 0.01
        waits.append(await refused(client, method, **given))
    clock.now = start + 59
    waits.append(await refused(client, method, **given))
    clock.now = start + 60
    waits.append(await refused(client, method, **given))

    assert waits == [*[None] * allowed, 60 - int(allowed * 0.01), 1, None]


async def test_each_method_has_a_limit_of_its_own_and_so_has_each_workspace(clock: Clock):
    async with Workspace.start(clock=clock, rate_limits=True, others=("T_OTHER",)) as workspace:
        client = client_of(workspace)
        for _ in range(20):
            await refused(client, "users.list")
        assert await refused(client, "users.list") is not None
        assert await refused(client, "users.info", user="U_ANA") is None
        token = await installed_token(workspace, "T_OTHER")
        assert await refused(AsyncWebClient(token=token, base_url=workspace.api_url), "users.list") is None


async def consent(workspace: Workspace, team: str, app: AppConfig) -> str:
    """Let an app into a workspace of the server and return the code for its token."""
    asked = {"client_id": app.client_id, "team": team, "redirect_uri": "http://127.0.0.1/"}
    place = f"{workspace.server_url}/oauth/v2/authorize"
    async with workspace._session.get(place, params=asked, allow_redirects=False) as answer:
        return answer.headers["Location"].split("code=")[1].split("&")[0]


async def installed_token(workspace: Workspace, team: str, app: AppConfig | None = None) -> str:
    """Install an app, the first by default, in a workspace of the server and return its token."""
    app = app or workspace.config
    client = AsyncWebClient(base_url=workspace.api_url)
    known = {"client_id": app.client_id, "client_secret": app.client_secret}
    code = await consent(workspace, team, app)
    granted = await client.api_call("oauth.v2.access", params={**known, "code": code})
    return str(granted["access_token"])


async def test_messages_to_a_channel_are_one_a_second_after_a_short_burst(throttled: Workspace, clock: Clock):
    client = client_of(throttled)

    async def post(channel: str) -> int | None:
        return await refused(client, "chat.postMessage", channel=channel, text="x")

    assert [await post("C_ASK") for _ in range(5)] == [None, None, None, None, 1]
    assert await post("C_GENERAL") is None
    clock.now += 1
    assert [await post("C_ASK") for _ in range(2)] == [None, 1]
    messages = await throttled.messages("C_ASK")
    assert len([message for message in messages if message["text"] == "x"]) == 5


async def test_a_whole_workspace_takes_several_hundred_messages_a_minute(throttled: Workspace, clock: Clock):
    client = client_of(throttled)
    waits = []
    for number in range(301):
        clock.now += 0.19
        waits.append(await refused(client, "chat.postMessage", channel=f"{'C_ASK' if number % 2 else 'U_ANA'}"))

    assert waits[:300] == [None] * 300
    assert waits[300] is not None


async def test_an_app_sold_outside_the_marketplace_reads_fifteen_messages_once_a_minute(clock: Clock):
    async with Workspace.start(clock=clock, rate_limits=True, commercial=True) as workspace:
        root = await workspace.post("U_ANA", "C_ASK", "root")
        replies = [await workspace.post("U_BEN", "C_ASK", str(number), thread_ts=root) for number in range(20)]
        client = client_of(workspace)

        page = await client.conversations_replies(channel="C_ASK", ts=root, limit=200)
        assert [message["ts"] for message in page["messages"]] == [root, *replies[:14]]
        assert await refused(client, "conversations.replies", channel="C_ASK", ts=root) == 60
        assert await refused(client, "conversations.history", channel="C_ASK") is None


async def test_nothing_is_throttled_where_that_is_switched_off(workspace: Workspace, client):
    assert [await refused(client, "users.list") for _ in range(25)] == [None] * 25


def test_limits_are_on_unless_somebody_says_otherwise():
    assert WorkspaceConfig(manifest=MANIFEST).rate_limits
    assert [name for name, method in METHODS.items() if method.per_minute is None] == ["blocks.validate"]
