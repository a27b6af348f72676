"""A start: what it leaves for later, and what becomes of what Slack sends meanwhile."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from bot import asgi
from bot.domain.faq import Surface
from bot.knowledge import Library
from bot.second_stage import SecondStage
from tests.bench.requests import message, send
from tests.conftest import free_port
from tests.test_process import bot
from tests.workspace import Workspace

# What a start does not need, and what takes long to import or reads what only editors and trainers need.
FOR_LATER = {
    "alembic": "only a start on tables of an earlier version",
    "bot.calibrate": "`rolefit check --calibrate`",
    "bot.chat": "`rolefit chat`",
    "bot.doctor": "`rolefit doctor`",
    "bot.local": "the local workspace, which is a process of its own",
    "bot.slack.gallery": "`rolefit check`",
    "bot.train": "`rolefit check --calibrate`",
    "cryptography": "many workspaces",
    "opentelemetry": "nothing of ours",
    "sqlalchemy.dialects.mysql": "nothing of ours",
}
IMPORTED = re.compile(r"^import time:\s+\d+ \|\s+\d+ \|\s+(\S+)$", re.MULTILINE)
SENTENCE = "Who owns evaluation of models at a frontier lab?"


async def test_a_start_imports_nothing_that_it_does_not_need(tmp_path: Path):
    port = free_port()
    async with (
        Workspace.start() as workspace,
        bot(workspace, tmp_path, "--http", anew=True, PYTHONPROFILEIMPORTTIME="1", **_http(workspace, port)) as started,
    ):
        status = await _posted(port)
        await started.gets(signal.SIGTERM)

    imported = set(IMPORTED.findall(started.said()))
    needless = {name for name in FOR_LATER for module in imported if f"{module}.".startswith(f"{name}.")}
    assert status == 200
    assert "dbos" in imported
    assert not needless


async def test_what_slack_sends_during_a_start_waits_for_its_end(tmp_path: Path):
    port = free_port()
    async with Workspace.start() as workspace, _silent(workspace) as (api_url, slack):
        over_http = _http(workspace, port) | {"SLACK_API_URL": api_url}
        async with bot(workspace, tmp_path, "--http", anew=True, **over_http):
            await slack.asked.wait()  # the start cannot go on, and whoever connects now is not refused
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(_as_http(*message("lunch at 12?")))
            slack.answers.set()

            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
            writer.close()


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


async def _posted(port: int) -> int:
    """Send a message as soon as somebody listens; gives the status."""
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                status, _ = await send(session, port, message("lunch at 12?"))
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.02)  # nobody tells us when a process listens
            else:
                return status


def _as_http(body: bytes, headers: list[tuple[bytes, bytes]]) -> bytes:
    lines = [f"POST {asgi.EVENTS} HTTP/1.1".encode(), b"host: localhost", *(b": ".join(header) for header in headers)]
    return b"\r\n".join([*lines, b"", body])


class _Gate:
    """Whether somebody has asked Slack something, and whether it answers."""

    def __init__(self) -> None:
        self.asked, self.answers = asyncio.Event(), asyncio.Event()


@asynccontextmanager
async def _silent(workspace: Workspace) -> AsyncIterator[tuple[str, _Gate]]:
    """Give an address of the workspace's API that takes connections and passes nothing on until it may."""
    gate, target = _Gate(), urlsplit(workspace.api_url)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gate.asked.set()
        await gate.answers.wait()
        there, back = await asyncio.open_connection(target.hostname, target.port)
        await asyncio.gather(_copied(reader, back), _copied(there, writer))

    async with await asyncio.start_server(pass_on, "127.0.0.1", port := free_port()):
        yield f"http://127.0.0.1:{port}{target.path}", gate


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
