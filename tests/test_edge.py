"""The edge: only what Slack signed just now, and can be read, reaches the bot; a bug of ours is told from the rest."""

import asyncio
import hashlib
import hmac
import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from bot.asgi import MAX_BODY
from bot.domain import smalltalk
from bot.knowledge import Library
from bot.slack.event_payloads import EventCallback
from bot.slack.interaction_payloads import MessageShortcut, SlashCommand, ViewSubmission
from bot.slack.payloads import parse
from tests.conftest import THOROUGH, bot_in, free_port, rows
from tests.test_manners import set_mode
from tests.workspace import PATIENCE, Json, Sent, Workspace, shown

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
EVENT: dict[str, Any] = {
    "type": "event_callback",
    "team_id": "T_LOCAL",
    "event_id": "Ev1",
    "event_time": 1,
    "event": {"type": "message", "channel": "C_ASK", "user": "U_ANA", "text": "lunch?", "ts": "1.000001"},
    "authorizations": [{"team_id": "T_LOCAL", "user_id": "U_ROLEFIT", "is_bot": True}],
}


class Edge:
    """Where the bot listens, and how to sign for it."""

    def __init__(self, port: int, workspace: Workspace, session: aiohttp.ClientSession) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.workspace = workspace
        self._secret = workspace.signing_secret
        self._session = session

    def signed(self, body: bytes, at: int | None = None) -> dict[str, str]:
        stamp = str(int(time.time()) if at is None else at)
        digest = hmac.new(self._secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}", "Content-Type": JSON}

    async def post(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        async with self._session.post(f"{self.url}/slack/events", data=body, headers=headers) as answer:
            return answer.status, await answer.text()

    async def get(self, path: str) -> tuple[int, str]:
        async with self._session.get(self.url + path) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def edge(library: Library, tmp_path: Path) -> AsyncIterator[Edge]:
    port = free_port()
    async with (
        Workspace.start(events_url=f"http://127.0.0.1:{port}/slack/events") as workspace,
        bot_in(workspace, library, tmp_path, port=port),
        aiohttp.ClientSession() as session,
    ):
        yield Edge(port, workspace, session)


async def test_a_signed_event_is_taken_and_a_challenge_is_answered(edge: Edge):
    event, challenge = json.dumps(EVENT).encode(), b'{"type": "url_verification", "challenge": "abc", "token": "x"}'

    assert await edge.post(event, edge.signed(event)) == (200, "")
    status, said = await edge.post(challenge, edge.signed(challenge))
    assert (status, json.loads(said)) == (200, {"challenge": "abc"})


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b'"text"', {}, 400),
        (b"\xff\xfe", {}, 400),
        (b"[" * 100_000, {}, 400),
        (b"payload=%7B", {"Content-Type": FORM}, 400),
        (b"payload=[]", {"Content-Type": FORM}, 400),
        (b"<xml/>", {"Content-Type": "text/xml"}, 415),
        (b"{}", {"X-Slack-Request-Timestamp": "soon"}, 401),
        (b"{}", {"X-Slack-Request-Timestamp": "9" * 40}, 401),
        (b"{}", {"X-Slack-Request-Timestamp": "-5"}, 401),
        (b"{}", {"X-Slack-Signature": "v0=ü"}, 401),
        (b"{}", {"X-Slack-Signature": "v0=" + "0" * 64}, 401),
        (b"{}", {"X-Slack-Signature": ""}, 401),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_bolt_could_not_read_is_refused_and_gets_no_words(
    edge: Edge, body: bytes, headers: dict[str, str], status: int
):
    assert await edge.post(body, edge.signed(body) | headers) == (status, "")


async def test_an_unsigned_request_gets_nothing(edge: Edge):
    assert await edge.post(json.dumps(EVENT).encode(), {"Content-Type": JSON}) == (401, "")
    assert await edge.post(b"command=%2Frolefit", {"Content-Type": FORM}) == (401, "")
    assert await edge.post(b"ssl_check=1&x=" + b"x" * 1000, {"Content-Type": FORM}) == (401, "")


async def test_slacks_check_of_the_certificate_is_answered(edge: Edge):
    assert await edge.post(b"token=t&ssl_check=1", {"Content-Type": FORM}) == (200, "")
    assert await edge.get("/slack/events?ssl_check=1") == (200, "")
    assert await edge.get("/slack/events") == (405, "")


# What Slack sends in forms that the local workspace does not: an event about a message that was posted there.


async def tell(edge: Edge, channel: str = "C_ASK", envelope: Json | None = None, **event: Any) -> Sent:
    """Post something that deserves silence, then tell the bot that it was said in another form."""
    sent = await edge.workspace.post("U_ANA", channel, "ok")
    kinds = {"channel_type": "im"} if channel == "U_ROLEFIT" else {}
    message = {"type": "message", "channel": sent.channel, "user": "U_ANA", "ts": str(sent), **kinds, **event}
    body = json.dumps(EVENT | {"event_id": f"Ev{sent}", **(envelope or {}), "event": message}).encode()
    assert (await edge.post(body, edge.signed(body)))[0] == 200
    return sent


async def replies(edge: Edge, sent: Sent) -> list[str]:
    """Give what the bot has said to it, once it has nothing left to do."""
    await edge.workspace.settled()
    said = (await edge.workspace.thread(sent.channel, sent, "U_ANA"))[1:]
    if sent.channel.startswith("D"):  # where it is answered below, outside threads
        said += [later for later in await edge.workspace.messages(sent.channel) if later["ts"] > sent]
    return [shown(message) for message in said]


QUESTION = "What does MTS mean?"


WRITTEN: Json = EVENT["event"]
EDITED = {"type": "message", "subtype": "message_changed", "channel": "C_ASK", "ts": "2.0"}


@pytest.mark.parametrize("is_edit", [False, True])
@pytest.mark.parametrize(
    ("team", "envelope", "outside"),
    [
        ("T_OTHER", {}, True),
        ("T_OTHER", {"is_ext_shared_channel": True, "enterprise_id": "E_OURS"}, True),
        ("T_OTHER", {"is_ext_shared_channel": False}, False),
        ("T_LOCAL", {}, False),
        ("E_OURS", {"enterprise_id": "E_OURS"}, False),
        ("E_OURS", {"authorizations": [{"team_id": "T_LOCAL", "enterprise_id": "E_OURS"}]}, False),
        (None, {"enterprise_id": "E_OURS", "authorizations": [{"enterprise_id": "E_OURS"}]}, False),
    ],
)
def test_who_is_of_neither_our_workspace_nor_our_organisation_is_from_outside(
    team: str | None, envelope: Json, outside: bool, is_edit: bool
):
    written = WRITTEN | {"user_team": team}
    event = EDITED | {"message": written, "previous_message": written} if is_edit else written

    assert EventCallback.model_validate(EVENT | envelope | {"event": event}).from_outside("T_LOCAL") is outside


@pytest.mark.parametrize(
    ("channel", "team", "mode"),
    [
        ("C_ASK", "T_SISTER", "off"),  # another workspace of our organisation
        ("C_ASK", "T_LOCAL", "off"),
        ("C_PARTNER", "T_OTHER", None),
        ("C_GONE", "T_SISTER", None),  # of which Slack says nothing
    ],
)
async def test_a_colleague_of_another_workspace_sets_the_mode_of_a_channel_and_an_outsider_does_not(
    edge: Edge, tmp_path: Path, channel: str, team: str, mode: str | None
):
    action = {"action_id": "channel_mode:off", "value": "off"}
    container = {"type": "message", "message_ts": "1.000001", "channel_id": channel}
    where = {"channel": {"id": channel}, "container": container, "user": {"id": "U_ANA", "team_id": team}}
    body = click(**action, **where)

    assert await edge.post(body, edge.signed(body) | {"Content-Type": FORM}) == (200, "")

    async with rows(tmp_path, {}) as store:
        assert (await store.replies.channel("T_LOCAL", channel)).mode == mode


def test_who_deletes_a_message_or_joins_a_channel_is_not_asked_where_from():
    joins = EVENT | {"event": {"type": "member_joined_channel", "channel": "C_ASK", "user": "U_KIM", "team": "T_OTHER"}}

    assert not EventCallback.model_validate(joins).from_outside("T_LOCAL")


@pytest.mark.parametrize(
    ("team", "envelope", "answers"),
    [
        ("T_OTHER", {"is_ext_shared_channel": True}, 0),
        ("T_OTHER", {}, 0),  # where Slack does not say what kind of channel it is
        ("T_OTHER", {"authorizations": None}, 0),  # or who we are there, which Bolt has to find out first
        ("T_SISTER", {"is_ext_shared_channel": False}, 1),
        ("E_OURS", {"is_ext_shared_channel": True, "enterprise_id": "E_OURS"}, 1),
        ("T_LOCAL", {"is_ext_shared_channel": True}, 1),
    ],
)
async def test_colleagues_of_the_same_organisation_are_no_outsiders(
    edge: Edge, team: str, envelope: Json, answers: int
):
    await edge.workspace.invite("U_ANA", "C_ASK", "U_KIM")
    await set_mode(edge.workspace, "Answer")  # where others read along it is silent until then
    sent = await tell(edge, envelope=envelope, text=QUESTION, user_team=team)

    assert len(await replies(edge, sent)) == answers


async def test_what_slackbot_says_is_no_question(edge: Edge):
    sent = await tell(edge, text=f"Reminder: {QUESTION}", user="USLACKBOT")

    assert await replies(edge, sent) == []


async def test_a_forwarded_message_is_what_is_asked_about_it(edge: Edge, library: Library):
    forwarded = [{"is_share": True, "is_msg_unfurl": True, "text": QUESTION, "fallback": "x"}]
    alone = await tell(edge, "U_ROLEFIT", text="", attachments=forwarded)
    mentioned = await tell(edge, text="<@U_ROLEFIT>", attachments=forwarded)
    in_passing = await tell(edge, text="", attachments=forwarded)

    answer = library.entries["member-of-technical-staff"].answer
    assert [answer in text for text in await replies(edge, alone)] == [True]
    assert [answer in text for text in await replies(edge, mentioned)] == [True]
    assert await replies(edge, in_passing) == []


async def test_who_mentions_the_bot_and_forwards_what_it_cannot_answer_is_told_so_as_who_types_it(edge: Edge):
    text = "Need a visa for the Zurich office"
    forwarded = [{"is_share": True, "is_msg_unfurl": True, "text": text, "fallback": "x"}]

    typed = await tell(edge, text=f"<@U_ROLEFIT> {text}")
    shared = await tell(edge, text="<@U_ROLEFIT>", attachments=forwarded)

    assert len(await replies(edge, typed)) == 1
    assert await replies(edge, shared) == await replies(edge, typed)


@pytest.mark.parametrize("text", ["thanks <@U_ROLEFIT>", "fyi <@U_ROLEFIT> answered this above"])
async def test_who_only_names_the_bot_is_not_told_that_it_does_not_know(edge: Edge, text: str):
    sent = await tell(edge, text=text)

    assert not any("don’t know" in said for said in await replies(edge, sent))


def rate_limited() -> float:
    return REGISTRY.get_sample_value("rolefit_events_total", {"kind": "app_rate_limited"}) or 0.0


async def test_what_holds_half_a_character_or_a_zero_is_kept_with_the_sign_for_what_cannot_be_read(
    edge: Edge, tmp_path: Path
):
    asks = "what does a quant do at a hedge fund?"
    event = EVENT["event"] | {"type": "app_mention", "text": f"<@U_ROLEFIT> {asks} \ud83d\x00"}
    body = json.dumps(EVENT | {"event": event}).encode()

    assert (await edge.post(body, edge.signed(body)))[0] == 200

    async with rows(tmp_path, {}) as store:
        [question] = await store.gaps.listed("T_LOCAL")
    assert question.text == f"{asks} \ufffd\ufffd"


def test_what_is_entered_typed_or_pointed_at_holds_nothing_that_cannot_be_kept():
    broken, entered = "a\ud83d\x00", {"values": {"note": {"note": {"value": "a\ud83d\x00"}}}}
    about: Json = {"user": {"id": "U_ANA"}, "response_url": "https://hooks.slack.com/1"}
    submitted = parse(
        about | {"type": "view_submission", "view": {"type": "modal", "callback_id": "v", "state": entered}}
    )
    typed = parse(about | {"command": "/rolefit", "text": broken, "user_id": "U_ANA", "channel_id": "C_ASK"})
    message = {"callback_id": "s", "channel": {"id": "C"}, "message": {"ts": "1.1", "text": broken}, "action_ts": "1.2"}
    pointed_at = parse(about | {"type": "message_action", **message})

    assert isinstance(submitted, ViewSubmission)
    assert isinstance(typed, SlashCommand)
    assert isinstance(pointed_at, MessageShortcut)
    assert {submitted.view.entered("note"), typed.text, pointed_at.message.text} == {"a\ufffd\ufffd"}


async def test_slacks_word_that_it_sends_no_more_is_counted_and_logged(edge: Edge):
    body = json.dumps({"type": "app_rate_limited", "team_id": "T_LOCAL", "minute_rate_limited": 1}).encode()

    before = rate_limited()

    with structlog.testing.capture_logs() as logs:
        assert await edge.post(body, edge.signed(body)) == (200, "")

    assert [log["log_level"] for log in logs] == ["error"]
    assert "Slack sends no more events for a while" in logs[0]["event"]
    assert rate_limited() == before + 1


async def test_a_request_of_six_minutes_ago_is_refused(edge: Edge):
    body = json.dumps(EVENT).encode()

    assert await edge.post(body, edge.signed(body, int(time.time()) - 360)) == (401, "")


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_of_over_a_megabyte_is_refused_with_and_without_a_length(edge: Edge, announced: bool):
    host, port = edge.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    length = f"Content-Length: {MAX_BODY + 1}" if announced else "Transfer-Encoding: chunked"
    headers = "".join(f"{name}: {value}\r\n" for name, value in edge.signed(b"").items())
    writer.write(f"POST /slack/events HTTP/1.1\r\nHost: bot\r\n{headers}{length}\r\n\r\n".encode())
    if not announced:
        part = b"x" * 65_536
        for _ in range(MAX_BODY // len(part) + 1):
            writer.write(b"%x\r\n%s\r\n" % (len(part), part))

    first = await reader.readline()
    writer.close()

    assert first.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/slack/events", 405, ""),
        ("/healthz", 200, "ok"),
        ("/readyz", 200, "ready"),
        ("/metrics", 404, ""),
        ("/", 404, ""),
    ],
)
async def test_each_path_says_what_it_is_for(edge: Edge, path: str, status: int, said: str):
    assert await edge.get(path) == (status, said)


def junk() -> st.SearchStrategy[Any]:
    """Anything JSON can hold, and payloads of ours with something wrong in them."""
    plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
    names = st.sampled_from([*EVENT, *EVENT["event"], "command", "actions", "user", "view", "payload", "challenge"])
    return st.recursive(
        plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.text(), inner), max_leaves=12
    )


@settings(max_examples=150 if THOROUGH else 50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.dictionaries(st.sampled_from([*EVENT, "payload"]), junk()), form=st.booleans(), raw=st.binary())
async def test_whatever_is_sent_gets_an_answer_below_500(edge: Edge, fields: dict[str, Any], form: bool, raw: bytes):
    async def send(body: bytes) -> int:
        """Send it as Slack does: again where there is no room for it now, as on a machine that is busy."""
        for _ in range(10):
            status, _ = await edge.post(body, edge.signed(body) | {"Content-Type": FORM if form else JSON})
            if status != 503:
                break
        return status

    for payload in (fields, EVENT | fields, EVENT | {"event": EVENT["event"] | fields}):
        text = json.dumps(payload)
        assert await send(urlencode({"payload": text}).encode() if form else text.encode()) < 500, text
    assert await send(raw) < 500


SECRET = "my salary is a secret"
COMMAND = {
    "command": "/rolefit", "text": SECRET, "team_id": "T_LOCAL", "channel_id": "C_ASK", "user_id": "U_ANA",
    "response_url": "http://127.0.0.1:9/",
}  # fmt: skip
CLICK: dict[str, Any] = {
    "type": "block_actions",
    "team": {"id": "T_LOCAL"},
    "user": {"id": "U_ANA"},
    "channel": {"id": "D_ANA"},
    "message": {"ts": "1.000001", "text": SECRET},
    "container": {"type": "message", "message_ts": "1.000001", "channel_id": "D_ANA"},
    "actions": [
        {"action_id": "quiz_do:later", "block_id": "b", "type": "button", "action_ts": "1.0", "value": "r later"}
    ],
}


def event(**changes: Any) -> bytes:
    """Give the body of an event that mentions the bot, with fields of the event changed; None takes one away."""
    fields = EVENT["event"] | {"type": "app_mention", "text": SECRET} | changes
    return json.dumps(EVENT | {"event": {name: value for name, value in fields.items() if value is not None}}).encode()


def click(**changes: Any) -> bytes:
    """Give the body of a click, with fields of what was clicked, or of the payload, changed."""
    action = CLICK["actions"][0] | {name: changes.pop(name) for name in CLICK["actions"][0] if name in changes}
    return urlencode({"payload": json.dumps(CLICK | {"actions": [action]} | changes)}).encode()


def command(**changes: Any) -> bytes:
    return urlencode({name: value for name, value in (COMMAND | changes).items() if value is not None}).encode()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (event(ts=None), "event.app_mention.ts: missing"),
        (event(channel={"name": SECRET}), "event.app_mention.channel: string_type"),
        (event(ts=SECRET), "event.app_mention.ts: string_pattern_mismatch"),
        (event(text=["a", SECRET]), "event.app_mention.text: string_type"),
        (json.dumps(EVENT | {"authorizations": SECRET}).encode(), "authorizations: list_type"),
        (click(message=None), "message: missing"),
        (click(value=f"r {SECRET} x"), "actions.0.value: words_count"),
        (click(action_id="quiz_choose:a", value="r one q c"), "actions.0.value: int_parsing"),
        (click(user=SECRET), "user: model_type"),
        (click(actions=[]), "actions: too_short"),
        (command(user_id=None), "user_id: missing"),
        (b"{", "body: json_invalid"),
        (b"[]", "body: dict_type"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_malformed_payload_is_refused_and_its_log_says_where_and_not_what(
    edge: Edge, body: bytes, problem: str
):
    kind = JSON if body.startswith((b"{", b"[")) else FORM

    with structlog.testing.capture_logs() as logs:
        answer = await edge.post(body, edge.signed(body) | {"Content-Type": kind})

    assert answer == (400, "")
    assert logs == [{"event": "malformed payload", "log_level": "warning", "problems": [problem]}]


def broken(monkeypatch: pytest.MonkeyPatch, *, times: int) -> None:
    """Put a bug into the domain that strikes so many times, with what somebody wrote in its message."""
    left, read = times, smalltalk.read

    def read_or_fail(text: str, *more: Any) -> Any:
        nonlocal left
        left -= 1
        if left >= 0:
            raise ValueError(f"cannot read {text}")
        return read(text, *more)

    monkeypatch.setattr(smalltalk, "read", read_or_fail)


@pytest.mark.parametrize("body", [event(), command()], ids=["before the listener", "in the listener"])
async def test_a_bug_gets_a_500_and_a_log_line_with_its_places_and_no_words(
    library: Library,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    body: bytes,
):
    port, health_port = free_port(), free_port()
    async with (
        Workspace.start(events_url=f"http://127.0.0.1:{port}/slack/events") as workspace,
        bot_in(workspace, library, tmp_path, port=port, health_port=health_port),
        aiohttp.ClientSession() as session,
    ):
        edge = Edge(port, workspace, session)
        operator = Edge(health_port, workspace, session)
        before = await failures(operator)
        broken(monkeypatch, times=1)
        with structlog.testing.capture_logs() as logs:
            answer = await edge.post(body, edge.signed(body) | {"Content-Type": JSON if b"{" in body[:1] else FORM})

        assert answer == (500, "")
        [entry] = logs
        assert (entry["event"], entry["log_level"], entry["error"]) == ("request failed", "error", "ValueError")
        assert any(re.fullmatch(r"bot/slack/deciding\.py:[0-9]+:decide", place) for place in entry["places"])
        assert await failures(operator) == before + 1
    out, err = capfd.readouterr()
    assert not any(SECRET in said for said in (str(logs), out, err, caplog.text))


async def failures(operator: Edge) -> float:
    """Give how many requests met a ValueError, as Prometheus is told."""
    _, figures = await operator.get("/metrics")
    found = re.search(r'^rolefit_requests_failed_total\{error="ValueError"\} (\S+)$', figures, re.MULTILINE)
    return float(found[1]) if found else 0.0


@pytest.mark.parametrize("http", [True, False], ids=["http", "socket mode"])
async def test_what_met_a_bug_comes_again_and_is_answered_then(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, http: bool
):
    port = free_port() if http else None
    url = f"http://127.0.0.1:{port}/slack/events" if port else None
    async with (
        Workspace.start(events_url=url, ack_timeout=3.0 if http else 0.5) as workspace,
        bot_in(workspace, library, tmp_path, port=port),
    ):
        broken(monkeypatch, times=1)

        asked = await workspace.post("U_ANA", "U_ROLEFIT", "What does MTS mean?")

        [answer] = await workspace.replies(asked)
        assert "Bell Labs" in shown(answer)
        statuses = [each["status"] for each in await workspace.traffic("message.im")]
        assert statuses[:3] == ["sent", f"none: {'http_error' if http else 'timeout'}", statuses[2]]
        assert statuses[2].startswith("retry 1")


async def test_operators_have_a_port_of_their_own(library: Library, tmp_path: Path):
    port = free_port()
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path, health_port=port):
        await workspace.replies(await workspace.post("U_ANA", "C_ASK", "What does MTS mean?"))
        async with aiohttp.ClientSession() as session:
            edge = Edge(port, workspace, session)
            assert await edge.get("/healthz") == (200, "ok")
            assert await edge.get("/readyz") == (200, "ready")
            _, figures = await edge.get("/metrics")
            await workspace.faults(token_error=None)

    assert 'rolefit_replies_total{decision="answer",surface="channel"}' in figures
    assert 'rolefit_ack_seconds_bucket{kind="message",le="0.05"}' in figures
    assert "rolefit_slack_connections 2.0" in figures
    assert "What does MTS mean" not in figures


@pytest.mark.parametrize(
    ("said", "decision"), [("What does MTS mean?", "answer"), ("ok", "silence"), ("bananas?", "unknown")]
)
async def test_a_mention_is_counted_once_though_slack_sends_two_events_and_one_of_them_twice(
    library: Library, tmp_path: Path, said: str, decision: str
):
    port = free_port()
    async with (
        Workspace.start() as workspace,
        bot_in(workspace, library, tmp_path, health_port=port),
        aiohttp.ClientSession() as session,
    ):
        operator = Edge(port, workspace, session)
        before = await decisions(operator)
        await workspace.faults(twice=1)

        asked = await workspace.mention("U_ANA", "C_ASK", said)
        if decision != "silence":
            await workspace.replies(asked)
        await workspace.settled()

        after = await decisions(operator)
        counted = {name: number - before.get(name, 0) for name, number in after.items() if number != before.get(name)}
        assert counted == {(decision, "mention"): 1}
        assert {"message.channels", "app_mention"} <= {entry["name"] for entry in await workspace.traffic()}


async def decisions(operator: Edge) -> dict[tuple[str, str], float]:
    """Give how often what was decided about messages, by decision and surface."""
    _, figures = await operator.get("/metrics")
    found = re.findall(r'^rolefit_replies_total\{decision="(.*)",surface="(.*)"\} (\S+)$', figures, re.MULTILINE)
    return {(decision, surface): float(number) for decision, surface, number in found}


async def test_a_bot_without_slack_is_alive_and_not_ready(library: Library, tmp_path: Path):
    port = free_port()
    async with (
        Workspace.start() as workspace,
        bot_in(workspace, library, tmp_path, health_port=port),
        aiohttp.ClientSession() as session,
    ):
        edge = Edge(port, workspace, session)

        async def both_are_open() -> bool:
            return any("2 open" in str(entry) for entry in await workspace.traffic("connected"))

        await workspace.until(both_are_open, "U_ANA")
        await workspace.faults(token_error="internal_error")
        await workspace.refresh()
        async with asyncio.timeout(PATIENCE):
            while (await edge.get("/readyz"))[0] == 200:  # noqa: ASYNC110 - nobody tells us of the end of a connection
                await asyncio.sleep(0.05)

        assert await edge.get("/readyz") == (503, "Slack is not connected.")
        assert await edge.get("/healthz") == (200, "ok")
