"""Signed HTTP delivery: what reaches a request URL, and what happens when it answers badly."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier

from tests.local.conftest import RequestUrl, accept, client_of, go_in_circles, serving
from tests.workspace import RefusedError, Workspace

Json = dict[str, Any]


async def refuse(request: web.Request) -> web.StreamResponse:
    return web.Response(status=404)


async def hang(request: web.Request) -> web.StreamResponse:
    return await asyncio.Future()


@pytest.fixture
async def workspace(everything, request_url: RequestUrl) -> AsyncIterator[Workspace]:
    async with Workspace.start(
        manifest=everything, events_url=request_url.url, ack_timeout=0.3, retry_delays=(0.0, 0.0, 0.0)
    ) as running:
        yield running


async def test_every_request_is_signed_and_shaped_as_slacks_are(workspace: Workspace, request_url: RequestUrl):
    await workspace.post("U_ANA", "C_ASK", "hello")
    event_headers, event = await request_url.take()
    await workspace.command("U_ANA", "C_ASK", "/rolefit", "a b")
    command_headers, command = await request_url.take()
    await workspace.shortcut("U_ANA", "take")
    _, shortcut = await request_url.take()

    verifier = SignatureVerifier(workspace.signing_secret)
    assert verifier.is_valid_request(event, event_headers)
    assert verifier.is_valid_request(command, command_headers)
    assert json.loads(event)["event"]["text"] == "hello"
    assert "text=a+b" in command.split("&")
    assert shortcut.startswith("payload=%7B%22type%22%3A+%22shortcut%22")
    assert "X-Slack-Retry-Num" not in event_headers


async def test_an_event_is_retried_with_number_and_reason(workspace: Workspace, request_url: RequestUrl):
    answers = iter([refuse, hang, go_in_circles, accept])

    async def badly(request: web.Request) -> web.StreamResponse:
        return await next(answers)(request)

    request_url.answer = badly
    await workspace.post("U_ANA", "C_ASK", "hello")

    heard = [await request_url.take() for _ in range(4)]
    await workspace.settled()

    retries = [(each.get("X-Slack-Retry-Num"), each.get("X-Slack-Retry-Reason")) for each, _ in heard]
    assert retries == [
        (None, None),
        ("1", "http_error"),
        ("2", "http_timeout"),
        ("3", "too_many_redirects"),
    ]
    assert len({json.loads(body)["event_id"] for _, body in heard}) == 1


async def test_no_retry_is_respected(workspace: Workspace, request_url: RequestUrl):
    async def never_again(request: web.Request) -> web.StreamResponse:
        return web.Response(status=503, headers={"X-Slack-No-Retry": "1"})

    request_url.answer = never_again
    await workspace.post("U_ANA", "C_ASK", "hello")
    await workspace.settled()

    assert request_url.requests.qsize() == 1


async def test_a_person_learns_why_the_bot_did_not_answer(workspace: Workspace, request_url: RequestUrl, everything):
    for answer, error in ((refuse, "dispatch_failed"), (hang, "operation_timeout")):
        request_url.answer = answer
        with pytest.raises(RefusedError, match=error):
            await workspace.command("U_ANA", "C_ASK", "/rolefit")

    async with Workspace.start(manifest=everything, events_url="http://127.0.0.1:9/") as nobody_there:
        with pytest.raises(RefusedError, match="dispatch_failed"):
            await nobody_there.command("U_ANA", "C_ASK", "/rolefit")
        assert (await nobody_there._get("health", {}))["bot_connected"] is False


async def test_a_plain_text_answer_to_a_command_is_shown(workspace: Workspace, request_url: RequestUrl):
    async def say(request: web.Request) -> web.StreamResponse:
        return web.Response(text="plain")

    request_url.answer = say
    await workspace.command("U_ANA", "C_ASK", "/rolefit")

    assert (await workspace.messages("C_ASK", "U_ANA"))[-1]["text"] == "plain"


async def test_a_request_url_proves_itself_with_a_challenge(workspace: Workspace, request_url: RequestUrl):
    assert await workspace.verify_url() is False  # it answers, but not with the challenge

    bolt = AsyncApp(client=client_of(workspace), signing_secret=workspace.signing_secret)
    async with (
        serving(bolt.web_app("/slack/events")) as url,
        Workspace.start(events_url=f"{url}/slack/events") as proven,
    ):
        assert await proven.verify_url() is True


async def test_there_is_no_socket_mode_beside_a_request_url(workspace: Workspace):
    with pytest.raises(SlackApiError, match="socket_mode_not_enabled"):
        await client_of(workspace).apps_connections_open(app_token=workspace.app_token)
