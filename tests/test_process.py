"""The bot and the workspace as processes: started as a user starts them, killed, and started again."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from bot import jobs
from bot.knowledge import Library
from bot.storage.replies import Replies
from tests.conftest import bot_in, free_port, with_tables
from tests.forked import Forked
from tests.test_cli import CLEAN, ROOT, rolefit_here
from tests.test_install import INSTALLER, KEY, ONE, Installing
from tests.test_quiz_conversation import begin, question, result, take
from tests.workspace import Json, RefusedError, Sent, Workspace, buttons, shown

YOUNG = 'python_gc_collections_total{generation="0"} '
ASKS_XAI = "Why did xAI drop the researcher title?"
PATIENCE = 90.0  # seconds; a process imports for a second, and a loaded machine takes its time


@dataclass
class Started:
    """A process of ours; what it says goes to a file, because a workspace it starts may outlive it."""

    process: asyncio.subprocess.Process | Forked
    log: Path

    async def ends(self) -> int:
        """Wait for its end and give the exit code."""
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()

    def said(self) -> str:
        """Give what it has written to stderr."""
        return self.log.read_text()

    async def gets(self, number: signal.Signals) -> int:
        """Send a signal and give the exit code."""
        self.process.send_signal(number)
        return await self.ends()


@asynccontextmanager
async def process(*arguments: str, data: Path, anew: bool = False, **settings: str) -> AsyncIterator[Started]:
    """Start `rolefit` and make sure that it has ended afterwards.

    anew: as a user starts it, with an interpreter and imports of its own, where it may matter.
    """
    quick = {"POST_INTERVAL": "0", "ROLEFIT_ENCODER": "off"}
    environment = CLEAN | {"PYTHONPATH": str(ROOT), "DATA_DIR": str(data)} | quick | settings
    log = data / "stderr.txt"
    started: asyncio.subprocess.Process | Forked
    with log.open("w") as stderr:
        if anew:
            command = (sys.executable, "-m", "bot", *arguments)
            started = await asyncio.create_subprocess_exec(*command, env=environment, cwd=data, stderr=stderr)
        else:
            started = Forked(*arguments, env=environment, cwd=data, stderr=log)
    try:
        yield Started(started, log)
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def command(*arguments: str, cwd: Path, **settings: str) -> str:
    """Run a command of `rolefit` to its end, while a bot may be running, and give what it prints."""
    printed = cwd / "stdout.txt"
    printed.unlink(missing_ok=True)
    environment = CLEAN | {"PYTHONPATH": str(ROOT)} | settings
    errors = cwd / "errors.txt"
    started = Started(Forked(*arguments, env=environment, cwd=cwd, stderr=errors, stdout=printed), errors)
    try:
        assert await started.ends() == 0, started.said()
    finally:
        started.process.kill()
    return printed.read_text()


@asynccontextmanager
async def with_workspace(*arguments: str, port: int, data: Path) -> AsyncIterator[Started]:
    """Start `rolefit run` with a workspace of its own on this port, and make sure that both have ended afterwards."""
    async with process("run", "--no-browser", "--port", str(port), *arguments, data=data) as started:
        try:
            yield started
        finally:
            await started.gets(signal.SIGKILL)
            await _end_workspace(port)


async def _end_workspace(port: int) -> None:
    """End the workspace that a bot has started on this port, if one is left: whoever kills a bot leaves it running."""
    try:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/local/health") as answer:
            found = await answer.json()
    except aiohttp.ClientConnectionError:
        return
    if found["owner"] == "run":
        os.kill(found["pid"], signal.SIGKILL)
        await gone(found["pid"])


async def gone(pid: int) -> None:
    """Wait until there is no such process, which is not our child: nobody tells us when it ends."""
    async with asyncio.timeout(PATIENCE):
        while _alive(pid):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def bot(workspace: Workspace, data: Path, *arguments: str, anew: bool = False, **settings: str):
    """Start the bot with tokens and SLACK_API_URL, as it would serve any Slack-compatible server."""
    tokens = {"SLACK_BOT_TOKEN": workspace.bot_token, "SLACK_APP_TOKEN": workspace.app_token}
    given = {"SLACK_API_URL": workspace.api_url, **tokens, **settings}
    return process("run", *arguments, data=with_tables(data), anew=anew, **given)


async def test_a_bot_killed_after_question_three_goes_on_at_question_four(tmp_path: Path):
    async with Workspace.start() as workspace:
        async with bot(workspace, tmp_path) as first:
            await workspace.connected()
            root = await begin(workspace)
            await take(workspace, root, 0, 1, 0)
            fourth = await question(workspace, root, 4)
            await first.gets(signal.SIGKILL)
        await workspace.disconnected()
        async with bot(workspace, tmp_path):
            await workspace.connected()
            await click_until_taken(workspace, fourth, buttons(fourth)[2])
            await question(workspace, root, 5)
            await workspace.post("U_ANA", root.channel, "1", root)

            assert "the role of an AI researcher." in shown(await result(workspace, root))
        thread = await workspace.thread(root.channel, root, "U_ANA")
        assert sum("Question" in shown(each) for each in thread) == 5


async def click_until_taken(workspace: Workspace, asked: Json, label: str) -> None:
    """Click as people do: once more when Slack says that it failed, unless it was taken after all."""
    failed = True
    while failed and label in buttons(asked):
        try:
            await workspace.click("U_ANA", asked, label)
            failed = False
        except RefusedError as refused:
            assert refused.error == "operation_timeout"  # noqa: PT017 - on a busy machine, soon after a start
            asked = await workspace.latest("U_ANA", asked)


async def test_the_garbage_collector_that_is_off_during_a_start_is_on_once_the_bot_works(tmp_path: Path):
    port = free_port()
    async with Workspace.start() as workspace, bot(workspace, tmp_path, anew=True, HEALTH_PORT=str(port)):
        await workspace.connected()
        async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
            at_first = await collections(session, port)
            while await collections(session, port) == at_first:
                pass  # each answer makes garbage


async def collections(session: aiohttp.ClientSession, port: int) -> str:
    """Give how often the bot's process has looked for young garbage, as its /metrics say."""
    async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
        [line] = [line for line in (await answer.text()).splitlines() if line.startswith(YOUNG)]
    return line.removeprefix(YOUNG)


async def test_work_recorded_before_a_kill_is_done_after_it(tmp_path: Path):
    async with Workspace.start() as workspace:
        async with bot(workspace, tmp_path) as first:
            await workspace.connected()
            root = await begin(workspace)
            asked = await question(workspace, root, 1)
            held = {"method": "chat.postMessage", "error": "ratelimited", "retry_after": 60}
            await workspace.faults(api=[held])
            await workspace.click("U_ANA", asked, buttons(asked)[0])
            await workspace.settled()
            await first.gets(signal.SIGKILL)
        await workspace.faults()
        async with bot(workspace, tmp_path):
            await question(workspace, root, 2)


async def killed_right_after_posting(workspace: Workspace, folder: Path) -> tuple[Sent, Json]:
    """Run a bot that dies while Slack keeps it waiting for the word that its answer stands; gives both messages."""
    async with bot(workspace, folder) as first:
        await workspace.connected()
        await workspace.faults(api=[{"method": "chat.postMessage", "error": None, "delay": 60}])
        asked = await workspace.post("U_ANA", "C_ASK", ASKS_XAI)
        [answer] = await workspace.replies(asked)
        await first.gets(signal.SIGKILL)
    return asked, answer


async def test_a_message_posted_just_before_a_kill_is_found_and_not_posted_again(tmp_path: Path):
    async with Workspace.start() as workspace:
        asked, answer = await killed_right_after_posting(workspace, tmp_path)
        async with bot(workspace, tmp_path):
            await workspace.until(lambda: looked(workspace), "U_ANA", PATIENCE)
            await workspace.replies(await workspace.post("U_ANA", "C_ASK", "What does MTS mean?"))

        assert [each["ts"] for each in await workspace.replies(asked)] == [answer["ts"]]


async def test_nor_is_it_where_the_database_fails_as_that_is_looked_for(
    tmp_path: Path, library: Library, monkeypatch: pytest.MonkeyPatch
):
    failures, renew = ["database is locked"], Replies.renew

    async def renew_or_fail(self: Replies, *args: Any, **how: Any) -> bool:
        if failures:
            raise OperationalError("", {}, sqlite3.OperationalError(failures.pop()))
        return await renew(self, *args, **how)

    async with Workspace.start() as workspace:
        asked, answer = await killed_right_after_posting(workspace, tmp_path)
        await workspace.faults()
        monkeypatch.setattr(Replies, "renew", renew_or_fail)
        async with bot_in(workspace, library, tmp_path):
            await workspace.replies(await workspace.post("U_ANA", "C_ASK", "What does MTS mean?"))
            await workspace.settled()

        assert not failures
        assert [each["ts"] for each in await workspace.replies(asked)] == [answer["ts"]]


async def test_first_steps_posted_just_before_a_kill_are_found_and_not_posted_again(tmp_path: Path):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    addresses = {"events_url": f"{url}/slack/events", "redirect_uri": f"{url}/slack/oauth_redirect"}
    async with Workspace.start(team=ONE, preinstalled=False, **addresses) as workspace:
        many: dict[str, Any]
        many = {"SLACK_CLIENT_ID": workspace.config.client_id, "SLACK_CLIENT_SECRET": workspace.config.client_secret}
        many |= {"SLACK_SIGNING_SECRET": workspace.signing_secret, "ENCRYPTION_KEYS": KEY}
        many |= {"SLACK_API_URL": workspace.api_url}
        serve = ("run", "--http", "--port", str(port))
        async with process(*serve, data=with_tables(tmp_path), **many) as first:
            await health(f"{url}/readyz")
            await workspace.faults(api=[{"method": "chat.postMessage", "error": None, "delay": 60}])
            await Installing(workspace, port, tmp_path).install(ONE)
            told = await workspace.dm(INSTALLER, count=1)
            await first.gets(signal.SIGKILL)
        async with process(*serve, data=tmp_path, **many):
            await health(f"{url}/readyz")
            await workspace.until(lambda: looked(workspace, "conversations.history"), INSTALLER, PATIENCE)
            await workspace.replies(await workspace.post("U_ANA", "C_ASK", "What does MTS mean?"))

        assert await workspace.dm(INSTALLER) == told


async def asked_of_the_dying(workspace: Workspace, data: Path, *questions: str, **settings: Any) -> list[Sent]:
    """Ask a bot that is killed while it waits until Slack lets it answer."""

    async def refused() -> bool:
        posts = await workspace.traffic("chat.postMessage")
        return {post["request"]["thread_ts"] for post in posts if post["status"] == "ratelimited"} >= set(asked)

    async with bot(workspace, data, **settings) as first:
        await workspace.connected()
        limited = {"method": "chat.postMessage", "error": "ratelimited", "retry_after": 2, "times": 1000}
        await workspace.faults(api=[limited])
        asked = [await workspace.post("U_ANA", "C_ASK", question) for question in questions]
        await workspace.until(refused, "U_ANA", PATIENCE)
        await first.gets(signal.SIGKILL)
    await workspace.faults()
    return asked


async def test_the_work_of_a_dead_replica_is_done_by_another(tmp_path: Path, database: str):
    shared: Any = {"DATABASE_URL": database, "REPLICA_TIMEOUT": "1"}
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    async with Workspace.start() as workspace:
        [asked] = await asked_of_the_dying(workspace, one, ASKS_XAI, **shared)
        async with bot(workspace, other, **shared) as second:
            [answer] = await workspace.until(lambda: _replies(workspace, asked), "U_ANA", PATIENCE)
            assert await second.gets(signal.SIGTERM) == 0

    assert "Elon Musk" in shown(answer)


def versions(database: str, key: str, version: str) -> None:
    """Have a piece of work that has not ended be of another version of the bot."""
    engine = create_engine(database.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        unfinished = "WHERE workflow_uuid = :key AND status = 'PENDING'"
        changed = text(f"UPDATE dbos.workflow_status SET application_version = :version {unfinished}")
        assert connection.execute(changed, {"key": key, "version": version}).rowcount == 1
    engine.dispose()


async def test_work_of_another_version_is_left_to_processes_of_it_and_not_lost(tmp_path: Path, database: str):
    shared: Any = {"DATABASE_URL": database, "REPLICA_TIMEOUT": "1"}
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    async with Workspace.start() as workspace:
        asked, of_ours = await asked_of_the_dying(workspace, one, ASKS_XAI, "What does MTS mean?", **shared)
        work = f"say:T_LOCAL:C_ASK:{asked}"
        await asyncio.to_thread(versions, database, work, "0")
        async with bot(workspace, other, **shared):
            # All that the dead one has left is looked at together: this is done, and the other is passed over.
            await workspace.until(lambda: _replies(workspace, of_ours), "U_ANA", PATIENCE)
            listed = await command("jobs", cwd=other, **shared)
            assert await _replies(workspace, asked) == []
            await asyncio.to_thread(versions, database, work, jobs.WORK_VERSION)
            [answer] = await workspace.until(lambda: _replies(workspace, asked), "U_ANA", PATIENCE)

    assert "Elon Musk" in shown(answer)
    assert listed == (
        "No work has failed.\n"
        "1 piece of work waits for a process of version 0: start one of that release, until it is done.\n"
    )


async def test_the_log_does_not_say_what_failed_work_was_about(tmp_path: Path, library: Library):
    async with Workspace.start() as workspace, bot(workspace, tmp_path) as running:
        await workspace.connected()
        root = await begin(workspace)
        asked = await question(workspace, root, 1)
        engine = create_engine(f"sqlite:///{tmp_path / 'rolefit.db'}")
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE actions RENAME COLUMN outcome TO gone"))
        engine.dispose()
        await workspace.click("U_ANA", asked, buttons(asked)[0])
        async with asyncio.timeout(PATIENCE):
            while "automatically retried" not in running.said():  # noqa: ASYNC110 - a log tells nobody that it grew
                await asyncio.sleep(0.1)
        said = running.said()

    assert "OperationalError" in said
    assert "Traceback" not in said
    assert library.quiz.questions[0].choices[0].id not in said


async def _replies(workspace: Workspace, asked: Sent) -> list[dict[str, Any]]:
    return (await workspace.thread(asked.channel, asked, asked.user))[1:]


async def test_work_that_was_given_up_is_listed_and_done_when_the_operator_says_so(tmp_path: Path):
    async with Workspace.start() as workspace:
        async with bot(workspace, tmp_path) as first:
            await workspace.connected()
            await workspace.faults(api=[{"method": "chat.postMessage", "error": "restricted_action"}])
            asked = await workspace.post("U_ANA", "C_ASK", ASKS_XAI)
            await workspace.until(lambda: _told(workspace, "restricted_action"), "U_ANA", PATIENCE)
            await first.gets(signal.SIGTERM)
        listed = await command("jobs", DATA_DIR=str(tmp_path), cwd=tmp_path)
        again = await command("jobs", "--replay", "all", DATA_DIR=str(tmp_path), cwd=tmp_path)
        async with bot(workspace, tmp_path):
            [answer] = await workspace.replies(asked)

        assert f"say:T_LOCAL:C_ASK:{asked}" in listed
        assert "restricted_action" in listed
        assert "xAI" not in listed
        assert again == "1 piece of work will be done again.\n"
        assert "Elon Musk" in shown(answer)
        assert await command("jobs", DATA_DIR=str(tmp_path), cwd=tmp_path) == "No work has failed.\n"


def test_a_key_that_no_failed_work_has_is_refused(tmp_path: Path):
    with_tables(tmp_path)

    result = rolefit_here("jobs", "--replay", "say:nothing", DATA_DIR=str(tmp_path))

    assert result.returncode == 2
    assert "--replay say:nothing: no work with this key has failed. `rolefit jobs` lists what has." in result.stderr


def test_records_of_work_that_cannot_be_read_are_not_taken_for_none(tmp_path: Path):
    with_tables(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "jobs.db")) as records:
        records.execute("DROP TABLE IF EXISTS workflow_status")
        records.execute("CREATE TABLE workflow_status (workflow_uuid TEXT)")

    result = rolefit_here("jobs", DATA_DIR=str(tmp_path))

    assert (result.returncode, result.stdout) == (2, "")
    assert f"DATA_DIR: {tmp_path / 'jobs.db'} cannot be used: no such column:" in result.stderr


async def _told(workspace: Workspace, code: str) -> bool:
    return any(each["status"] == code for each in await workspace.traffic("chat.postMessage"))


async def looked(workspace: Workspace, method: str = "conversations.replies") -> bool:
    return bool(await workspace.traffic(method))


async def test_a_bot_whose_socket_mode_is_switched_off_stops_and_says_so(tmp_path: Path):
    async with Workspace.start() as workspace, bot(workspace, tmp_path) as started:
        await workspace.connected()
        await workspace.refresh("link_disabled")

        assert await started.ends() == 2
        assert "link_disabled" in started.said()
        assert "Traceback" not in started.said()


async def test_the_bot_serves_http(tmp_path: Path):
    port = free_port()
    async with Workspace.start(events_url=f"http://127.0.0.1:{port}/slack/events") as workspace:
        secret: Any = {"SLACK_SIGNING_SECRET": workspace.signing_secret}
        async with bot(workspace, tmp_path, "--http", "--port", str(port), **secret) as server:
            await health(f"http://127.0.0.1:{port}/readyz")
            root = await begin(workspace)
            await take(workspace, root)
            await result(workspace, root)

            assert await server.gets(signal.SIGTERM) == 0


async def health(url: str) -> None:
    """Wait until an address answers 200."""
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
        while True:
            with contextlib.suppress(aiohttp.ClientConnectorError):
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.2)  # a server that is not there yet tells nobody when it is


async def test_an_unsigned_request_gets_nothing(tmp_path: Path):
    port = free_port()
    async with Workspace.start(events_url=f"http://127.0.0.1:{port}/slack/events") as workspace:
        secret: Any = {"SLACK_SIGNING_SECRET": workspace.signing_secret}
        async with bot(workspace, tmp_path, "--http", "--port", str(port), **secret):
            await health(f"http://127.0.0.1:{port}/healthz")
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"http://127.0.0.1:{port}/slack/events", json={"type": "event_callback"}) as answer,
            ):
                assert answer.status == 401


async def test_two_commands_one_workspace_and_a_killed_bot_finds_it_again(tmp_path: Path):
    port = free_port()
    url, arguments = f"http://127.0.0.1:{port}", ("run", "--no-browser", "--port", str(port))
    async with process(*arguments, data=tmp_path, anew=True) as first:
        await health(f"{url}/local/health")
        async with Workspace.connect(url) as workspace:
            await workspace.connected()
            root = await begin(workspace, workspace.onlooker, await workspace.channel("ask-ai-roles"))
            await take(workspace, root, 0, 1, 0)
            fourth = await question(workspace, root, 4)
            await first.gets(signal.SIGKILL)
            await workspace.disconnected()
            async with process(*arguments, data=tmp_path) as second:
                await workspace.connected()
                await workspace.click(root.user, fourth, buttons(fourth)[2])
                await question(workspace, root, 5)
                pid = (await workspace.health())["pid"]

                assert await second.gets(signal.SIGINT) == 0
    # The workspace belonged to the bot that was stopped, so it has gone with it.
    await gone(pid)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")  # macOS has none; there, who has ended is gone
    return not state.parent.parent.is_dir() or state.read_text().rsplit(") ", 1)[1][0] != "Z"


async def test_a_bot_finds_its_way_back_to_a_workspace_that_was_started_again(tmp_path: Path):
    port = free_port()
    async with AsyncExitStack() as stack:
        async with Workspace.start(port=port) as workspace:
            await stack.enter_async_context(bot(workspace, tmp_path))
            await workspace.connected()
        async with Workspace.start(port=port) as again:
            await again.connected()
            asked = await again.post("U_ANA", "C_ASK", "Is research just engineering done at a slower speed?")
            await again.replies(asked)


async def test_a_token_that_slack_refuses_is_an_error_that_says_so(tmp_path: Path):
    async with (
        Workspace.start() as workspace,
        bot(workspace, tmp_path, SLACK_BOT_TOKEN="xoxb-wrong") as refused,
    ):
        assert await refused.ends() == 2
        assert "Slack refuses the token (invalid_auth)" in refused.said()
        assert "Traceback" not in refused.said()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_the_bot_cleanly(tmp_path: Path, number: signal.Signals):
    anew = number is signal.SIGTERM  # which is what ends it where it serves
    async with Workspace.start() as workspace, bot(workspace, tmp_path, anew=anew) as running:
        await workspace.connected()
        assert await running.gets(number) == 0
        assert "Traceback" not in running.said()
        assert "rror" not in running.said()


async def test_a_port_that_is_taken_is_named(tmp_path: Path):
    port = free_port()
    taken = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
    async with taken, process("run", "--no-browser", "--port", str(port), data=tmp_path) as refused:
        assert await refused.ends() == 2

    assert f"Port {port} is in use by another program" in refused.said()


async def test_a_second_bot_in_the_same_workspace_is_refused(tmp_path: Path):
    port = free_port()
    async with Workspace.start(port=port) as workspace, bot(workspace, tmp_path):
        await workspace.connected()
        elsewhere = tmp_path / "second"
        elsewhere.mkdir()
        async with process("run", "--no-browser", "--port", str(port), data=elsewhere) as second:
            assert await second.ends() == 2
            assert "A bot is already at work in the workspace" in second.said()


async def test_a_second_bot_on_the_same_folder_is_refused_and_what_the_first_has_under_way_is_done_once(tmp_path: Path):
    elsewhere = tmp_path / "second"
    elsewhere.mkdir()
    async with Workspace.start() as workspace, bot(workspace, tmp_path):
        await workspace.connected()
        limited = {"method": "chat.postMessage", "error": "ratelimited", "retry_after": 60}
        await workspace.faults(api=[limited])
        asked = await workspace.post("U_ANA", "C_ASK", ASKS_XAI)
        await workspace.until(lambda: _told(workspace, "ratelimited"), "U_ANA", PATIENCE)
        await workspace.faults()
        async with bot(workspace, elsewhere, DATA_DIR=str(tmp_path)) as second:
            assert await second.ends() == 2

        assert f"DATA_DIR is {tmp_path}, where a bot is at work already." in second.said()
        assert "Traceback" not in second.said()
        assert await _replies(workspace, asked) == []


async def test_a_message_that_is_not_ours_is_untouched_by_a_restart(tmp_path: Path):
    async with Workspace.start() as workspace:
        async with bot(workspace, tmp_path):
            await workspace.connected()
            asked = await workspace.post("U_ANA", "C_ASK", "Do flat team structures hurt research?")
            await workspace.replies(asked)
        async with bot(workspace, tmp_path):
            await workspace.connected()
            await workspace.replies(await workspace.post("U_ANA", "C_ASK", "Do flat team structures hurt research?"))
            assert len(await workspace.thread("C_ASK", asked, "U_ANA")) == 2
