"""A start: what it leaves for later, and what becomes of what Slack sends meanwhile."""

import asyncio
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, MutableMapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot import asgi, turnstile
from bot.domain.faq import Surface
from bot.domain.not_answered import Decoys
from bot.domain.reply_kinds import NOT_ANSWERED
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import reception
from bot.slack.deciding import decide, rank
from bot.slack.event_payloads import EventCallback, MessageEvent
from bot.slack.incoming import Classified
from bot.slack.payloads import ForListeners, parse_json
from bot.slack.reception import Reception
from bot.slack.response import OK, Response
from tests.bench.requests import click, message, new_ts
from tests.bench.signed import SECRET, Request
from tests.conftest import free_port
from tests.test_process import PATIENCE, Started, bot, health
from tests.workspace import Workspace, shown

# What a start does not need, and what takes long to import or reads what only editors and trainers need. psycopg, which
# SQLite does without, and rich are not among them: DBOS and structlog import them.
FOR_LATER = {
    "alembic": "only a start on tables of an earlier version",
    "bot.calibrate": "`rolefit check --calibrate`",
    "bot.chat": "`rolefit chat`",
    "bot.doctor": "`rolefit doctor`",
    "bot.local": "the local workspace, which is a process of its own",
    "bot.slack.gallery": "`rolefit check`",
    "bot.train": "`rolefit check --calibrate`",
    "bot.train_talk": "`rolefit check --calibrate-talk`",
    "cryptography": "many workspaces",
    "opentelemetry": "nothing of ours",
    "sqlalchemy.dialects.mysql": "nothing of ours",
}
IMPORTED = re.compile(r"^import time:\s+\d+ \|\s+\d+ \|\s+(\S+)$", re.MULTILINE)
IN_VAIN = "Do AI labs sponsor visas?"
SENTENCE = "Who owns evaluation of models at a frontier lab?"


async def test_a_start_imports_nothing_that_it_does_not_need(tmp_path: Path):
    port = free_port()
    async with (
        Workspace.start() as workspace,
        bot(workspace, tmp_path, "--http", anew=True, PYTHONPROFILEIMPORTTIME="1", **_http(workspace, port)) as started,
    ):
        await health(f"http://127.0.0.1:{port}/readyz")
        await started.gets(signal.SIGTERM)

    imported = set(IMPORTED.findall(started.said()))
    needless = {name for name in FOR_LATER for module in imported if f"{module}.".startswith(f"{name}.")}
    assert "dbos._core" in imported
    assert not needless


def test_what_acknowledges_silence_needs_neither_work_nor_database_nor_bolt():
    modules = "bot.knowledge, bot.second_stage, bot.slack.reception, bot.asgi, bot.http_server"
    code = f"import sys, {modules}; print(*sys.modules)"
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert "bot.slack.incoming" in imported
    assert not {"aiohttp", "alembic", "dbos", "psycopg", "slack_bolt", "sqlalchemy", "watchfiles"} & set(imported)


async def test_during_a_start_silence_is_acknowledged_and_a_question_once_it_is_recorded(tmp_path: Path):
    async with _starting(tmp_path, anew=True) as (workspace, port, slack, _):
        asked = await workspace.post("U_ANA", "C_ASK", "ok")  # the question takes its place
        request = message("What does MTS mean?", ts=str(asked))
        question = asyncio.create_task(_status(await _sent(port, request)))

        assert await _taken(port, message("lunch at 12?")) == 200
        assert await _get(port, asgi.READY) == (503, asgi.STARTING)
        assert await _get(port, asgi.HEALTH) == (200, "ok")
        assert await _get(port, asgi.INSTALL) == (404, "")  # of one workspace
        assert not question.done()
        slack.answers.set()
        assert await question in (200, 503)  # the latter where it has taken too long on a busy machine
        assert await _taken(port, request) == 200
        [answer] = await workspace.replies(asked)

    assert "Member of Technical Staff" in shown(answer)


async def test_the_port_is_taken_before_the_knowledge_is_read(tmp_path: Path):
    async with Workspace.start() as workspace:
        with socket.create_server(("", 0)) as taken:
            port = taken.getsockname()[1]
            broken = _http(workspace, port) | {"KNOWLEDGE_DIR": str(tmp_path)}
            async with bot(workspace, tmp_path, "--http", anew=False, **broken) as started:
                assert await started.ends() == 2

    assert f"PORT: port {port} cannot be served on" in started.said()


async def test_what_waits_during_a_start_that_ends_is_sent_away_and_no_error(tmp_path: Path):
    async with _starting(tmp_path) as (_, port, _, started):
        question = await _sent(port, message("What does MTS mean?"))
        assert await _taken(port, message("lunch at 12?")) == 200
        await started.gets(signal.SIGTERM)

        assert await _status(question) == 503
        assert "Traceback" not in started.said()


async def test_during_a_start_only_what_slack_has_signed_is_acknowledged(tmp_path: Path):
    async with _starting(tmp_path) as (_, port, _, _):
        body, headers = message("lunch at 12?")
        forged = [(name, b"v0=" + b"0" * 64 if name == b"x-slack-signature" else value) for name, value in headers]

        assert await _status(await _sent(port, (body, forged))) == 401


class _Recorder:
    """Stands for the rest of the bot, and notes what it has to record."""

    def __init__(self) -> None:
        self.recorded: list[str] = []

    async def dispatch(self, payload: ForListeners, classified: Classified | None) -> Response:
        assert isinstance(payload, EventCallback)
        assert isinstance(payload.event, MessageEvent)
        assert classified is not None
        self.recorded.append(payload.event.text or "")
        return OK

    async def take_in(self, team: str, payload: EventCallback) -> None:  # noqa: ARG002 - as it came, of any workspace
        assert isinstance(payload.event, MessageEvent)
        self.recorded.append(payload.event.text or "")

    @property
    def unread(self) -> int:
        return 0


async def test_before_and_after_the_rest_is_there_the_same_messages_deserve_silence(
    library: Library, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(turnstile, "ENTERS_WITHIN", 600.0)  # all of these come at once
    texts = list(dict.fromkeys(check.say for check in library.checks.checks))
    early, late = _Recorder(), _Recorder()
    waiting, open_ = Reception(library, None), Reception(library, None)
    open_.open(late)

    answers = [asyncio.create_task(_responded(waiting, text)) for text in texts]
    await _let_all_wait(answers)
    silent = [text for text, answer in zip(texts, answers, strict=True) if answer.done()]
    assert early.recorded == []
    waiting.open(early)
    for text in texts:
        await _responded(open_, text)

    assert {answer.status for answer in await asyncio.gather(*answers)} == {200}
    assert early.recorded == late.recorded
    assert sorted(silent + late.recorded) == sorted(texts)
    assert silent
    assert late.recorded


async def test_no_more_wait_for_the_rest_than_may(library: Library, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reception, "MOST_HELD", 1)
    held = Reception(library, None)
    first = asyncio.create_task(_responded(held, "What does MTS mean?"))
    await _let_all_wait([first])

    with capture_logs() as logged:
        refused = [await _responded(held, "What does a research engineer do?") for _ in range(2)]
    assert {(each.status, each.retry_after) for each in refused} == {(503, "5")}
    assert [line["waiting"] for line in logged] == [1]
    assert (await _responded(held, "lunch at 12?")).status == 200
    held.open(_Recorder())
    assert (await first).status == 200


async def test_what_waits_for_the_end_of_a_start_goes_before_what_comes_once_it_ends(
    library: Library, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(turnstile, "ENTERS_WITHIN", 600.0)
    held, rest = Reception(library, None), _Recorder()
    questions = [f"What does MTS mean{marks}" for marks in accumulate("?" * 20)]

    early = [asyncio.create_task(_responded(held, question)) for question in questions]
    await _let_all_wait(early)
    held.open(rest)
    late = asyncio.create_task(_responded(held, "What does a research engineer do?"))
    await asyncio.gather(*early, late)

    assert rest.recorded == [*questions, "What does a research engineer do?"]


@pytest.mark.parametrize("retries", ["none", "1", "3"])
async def test_an_event_waits_for_a_long_start_as_long_as_slack_sends_it_anew_and_the_last_time_to_its_end(
    library: Library, monkeypatch: pytest.MonkeyPatch, retries: str
):
    monkeypatch.setattr(reception, "EVENT_HELD", 0.0)
    held, rest = Reception(library, None), _Recorder()
    body, headers = message("What does MTS mean?")
    sent_before = [] if retries == "none" else [(b"x-slack-retry-num", retries.encode())]

    with capture_logs() as logged:
        answering = asyncio.create_task(_served(held, (body, headers + sent_before)))
        if retries == "3":
            await _let_all_wait([answering])
            held.open(rest)
        status = await answering

    assert (status, rest.recorded) == ((200, ["What does MTS mean?"]) if retries == "3" else (503, []))
    assert [line["held"] for line in logged] == ([] if retries == "3" else [1])


async def test_a_click_waits_for_a_start_until_slack_has_long_said_that_it_failed(
    library: Library, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reception, "CLICK_HELD", 0.0)
    held = Reception(library, None)

    with capture_logs() as logged:
        statuses = [await _served(held, click("vote:up", "up", "C_ASK", new_ts())) for _ in range(2)]

    assert statuses == [503, 503]
    [line] = logged
    assert "clicks fail" in line["event"]


async def _served(by: Reception, request: Request) -> int:
    """Send a request as Slack does to the entry point, and give the status that it answers."""
    body, headers = request
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(told: MutableMapping[str, Any]) -> None:
        if told["type"] == "http.response.start":
            statuses.append(told["status"])

    async def troubles() -> list[str]:
        return []

    scope = {"type": "http", "method": "POST", "path": asgi.EVENTS, "query_string": b"", "headers": headers}
    await asgi.create(by, SECRET, troubles)(scope, receive, send)
    [status] = statuses
    return status


async def _responded(to: Reception, text: str) -> Response:
    body, _ = message(text)
    return await to.respond(lambda: parse_json(body.decode()))


async def _let_all_wait(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Let tasks go on until each has ended or waits for the rest of the bot."""
    for _ in range(10 * len(tasks)):  # the turnstile lets one in at each turn of the loop
        await asyncio.sleep(0)


def test_a_package_can_be_imported_after_another_has_gone_without_it():
    lines = "import sys, bot.http_server", "print('watchfiles' in sys.modules)", "import watchfiles; print(watchfiles)"
    said = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True).stdout

    assert said.startswith("False\n<module 'watchfiles'")


async def test_a_question_during_a_start_is_decided_as_one_after_it(library: Library):
    early, late = SecondStage(), SecondStage()
    early.take_up(library)
    late.take_up(library)
    await late.ready()

    question = next(iter(library.entries.values())).question + " please"
    for text in (SENTENCE, question):
        decided = await early.reply_to(text, Surface.MENTION, library)
        assert decided == await late.reply_to(text, Surface.MENTION, library)
    assert await early.rank(SENTENCE, Surface.MENTION, library) == await late.rank(SENTENCE, Surface.MENTION, library)
    early.close()
    late.close()


async def test_who_asks_in_vain_first_holds_up_nobody(library: Library, monkeypatch: pytest.MonkeyPatch):
    others_went_on, build = threading.Event(), Decoys.build

    def wait_and_build(*of: Any) -> Decoys:
        assert others_went_on.wait(PATIENCE)
        return build(*of)

    monkeypatch.setattr(Decoys, "build", wait_and_build)
    anew = replace(library, not_answered=library.not_answered[:-1])  # or the decoys that there are would do

    asking = [asyncio.create_task(decide(text, Surface.MENTION, anew, None)) for text in (IN_VAIN, IN_VAIN)]
    await asyncio.sleep(0)
    others_went_on.set()

    first, second = await asyncio.gather(*asking)
    assert first
    assert first.kind == NOT_ANSWERED
    assert second == first == await decide(IN_VAIN, Surface.MENTION, library, None)


async def test_who_asks_first_how_a_follow_up_was_ranked_holds_up_nobody(
    library: Library, monkeypatch: pytest.MonkeyPatch
):
    others_went_on, build = threading.Event(), Decoys.build

    def wait_and_build(*of: Any) -> Decoys:
        assert others_went_on.wait(PATIENCE)
        return build(*of)

    monkeypatch.setattr(Decoys, "build", wait_and_build)
    anew = replace(library, not_answered=library.not_answered[:-1])
    follow_up, entry = "Where does the encoder run?", next(iter(library.entries))

    ranking = asyncio.create_task(rank(follow_up, Surface.THREAD, anew, None, entry))
    await asyncio.sleep(0)
    others_went_on.set()

    assert await ranking == await rank(follow_up, Surface.THREAD, library, None, entry)


async def test_who_stops_waiting_for_the_second_stage_does_not_call_it_off(library: Library):
    stage = SecondStage()
    stage.take_up(library)
    waiting = asyncio.create_task(stage.ready())
    await asyncio.sleep(0)
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting

    await stage.ready()
    assert stage.score(SENTENCE, library) is not None
    stage.close()


def _http(workspace: Workspace, port: int) -> dict[str, str]:
    return {"PORT": str(port), "SLACK_SIGNING_SECRET": workspace.signing_secret, "SLACK_APP_TOKEN": ""}


@asynccontextmanager
async def _starting(data: Path, *, anew: bool = False) -> AsyncIterator[tuple[Workspace, int, "_Gate", Started]]:
    """Start a bot over HTTP that answers, and whose start cannot go on, since Slack does not say who it is.

    anew: with imports of its own, between which it answers, too.
    """
    port = free_port()
    async with Workspace.start() as workspace, _silent(workspace) as (api_url, slack):
        over_http = _http(workspace, port) | {"SLACK_API_URL": api_url}
        async with bot(workspace, data, "--http", anew=anew, **over_http) as started:
            await _asked(slack, started)
            try:
                yield workspace, port, slack, started
            finally:
                slack.answers.set()


Sent = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _sent(port: int, request: Request) -> Sent:
    """Send a request, and give what its answer comes by."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_as_http(*request))
    await writer.drain()
    return reader, writer  # which closes the connection when nobody has it any more


async def _taken(port: int, request: Request) -> int:
    """Send a request, as often as it is answered with 503; gives the status of the last answer.

    On a busy machine it may take longer than Slack waits, and Slack comes again.
    """
    while (status := await _status(await _sent(port, request))) == 503:
        pass
    return status


async def _status(sent: Sent) -> int:
    """Give the status of the answer; 0 if there is none."""
    reader, writer = sent
    line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return int(line.split()[1]) if line else 0


async def _get(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, await answer.text()


def _as_http(body: bytes, headers: list[tuple[bytes, bytes]]) -> bytes:
    lines = [f"POST {asgi.EVENTS} HTTP/1.1".encode(), b"host: localhost", *(b": ".join(header) for header in headers)]
    return b"\r\n".join([*lines, b"", body])


class _Gate:
    """Whether somebody has asked Slack something, and whether it answers."""

    def __init__(self) -> None:
        self.asked, self.answers = asyncio.Event(), asyncio.Event()


async def _asked(slack: _Gate, started: Started) -> None:
    """Wait until a process asks Slack something. Fails with what it has said if it ends instead."""
    asks, ends = asyncio.create_task(slack.asked.wait()), asyncio.create_task(started.process.wait())
    await asyncio.wait({asks, ends}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    for waiting in (asks, ends):
        waiting.cancel()
    assert slack.asked.is_set(), f"it asked Slack nothing ({started.process.returncode}): {started.said()}"


@asynccontextmanager
async def _silent(workspace: Workspace) -> AsyncIterator[tuple[str, _Gate]]:
    """Give an address of the workspace's API that takes connections and passes nothing on until it may."""
    gate, target = _Gate(), urlsplit(workspace.api_url)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gate.asked.set()
        with closing(writer):
            await gate.answers.wait()
            there, back = await asyncio.open_connection(target.hostname, target.port)
            with closing(back):
                await asyncio.gather(_copied(reader, back), _copied(there, writer))

    async with await asyncio.start_server(pass_on, "127.0.0.1", port := free_port()):
        yield f"http://127.0.0.1:{port}{target.path}", gate


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
