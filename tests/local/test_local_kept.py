"""Messages that a workspace keeps over a restart, and what it forgets."""

import asyncio
import json
import signal
import stat
import threading
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import yaml
from slack_sdk.web.async_client import AsyncWebClient

from tests.conftest import free_port, with_tables
from tests.test_cli import rolefit
from tests.test_process import Started, health, with_workspace
from tests.workspace import SEED, Workspace


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "workspace.json"


def content(path: Path) -> str:
    return path.read_text()


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_conversations_and_what_was_read_are_there_after_a_restart(path: Path):
    async with Workspace.start(keep=path) as workspace:
        web = AsyncWebClient(workspace.bot_token, base_url=workspace.api_url)
        asked = await workspace.post("U_ANA", "C_GENERAL", "What is an IC?")
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "Somebody who *leads nobody*"}}]
        await web.chat_postMessage(channel="C_GENERAL", thread_ts=asked, text="IC", blocks=blocks)
        await workspace.react("U_BEN", {"channel": "C_GENERAL", "ts": asked}, "tada")
        group = (await web.conversations_open(users="U_ANA,U_MEI"))["channel"]["id"]
        await web.chat_postMessage(channel=group, text="Hello, you two 🎉 \ud800")
        await workspace.create_channel("U_BEN", "quiet", is_private=True)
        before = {user: await workspace.state(user) for user in ("U_ANA", "U_BEN", "U_MEI")}
        thread, talk = await workspace.thread("C_GENERAL", asked, "U_ANA"), await workspace.messages(group, "U_MEI")

    async with Workspace.start(keep=path) as workspace:
        for user, state in before.items():
            assert await workspace.state(user) == state
        assert await workspace.thread("C_GENERAL", asked, "U_ANA") == thread
        assert await workspace.messages(group, "U_MEI") == talk
        later = await workspace.post("U_ANA", "C_GENERAL", "Thank you", asked)
        assert later > talk[-1]["ts"]


async def test_what_is_deleted_is_in_the_file_no_more(path: Path):
    async with Workspace.start(keep=path) as workspace:
        kept, gone = [await workspace.post("U_ANA", "C_GENERAL", text) for text in ("kept words", "secret words")]
        await workspace.edit(kept, "other words")
        await workspace.delete(gone)

    assert "other words" in content(path)
    assert "secret words" not in content(path)
    assert "kept words" not in content(path)


async def test_only_its_owner_can_read_the_file(path: Path):
    async with Workspace.start(keep=path):
        pass

    assert (permissions(path), permissions(path.parent)) == (0o600, 0o700)


async def test_a_message_is_in_the_file_while_the_workspace_runs(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.local.kept.DELAY", 0)
    async with Workspace.start(keep=path) as workspace:
        await workspace.post("U_ANA", "C_GENERAL", "What is an IC?")
        async with Workspace.connect(workspace.url) as by_http, asyncio.timeout(10):
            while "What is an IC?" not in content(path):
                await by_http.messages("C_GENERAL", "U_ANA")


async def test_nobody_waits_for_the_file_to_be_written(path: Path, monkeypatch: pytest.MonkeyPatch):
    threads: list[threading.Thread] = []
    monkeypatch.setattr("bot.local.kept.os.fsync", lambda _: threads.append(threading.current_thread()))
    monkeypatch.setattr("bot.local.kept.DELAY", 0)
    async with Workspace.start(keep=path) as workspace:
        began = len(threads)
        await workspace.post("U_ANA", "C_GENERAL", "What is an IC?")

    assert len(threads) > began
    assert threading.main_thread() not in threads[began:]


async def test_a_deactivated_account_stays_deactivated(path: Path):
    async with Workspace.start(keep=path) as workspace:
        await workspace.deactivate("U_BEN")

    async with Workspace.start(keep=path) as workspace:
        people = (await workspace.state("U_ANA"))["people"]
        assert [person["id"] for person in people if person["deleted"]] == ["U_BEN", "U_TOM"]


async def test_without_a_file_everything_is_forgotten():
    async with Workspace.start() as workspace:
        asked = await workspace.post("U_ANA", "C_GENERAL", "What is an IC?")
        assert not (await workspace.state("U_ANA"))["keeps"]

    async with Workspace.start() as workspace:
        assert asked not in [message["ts"] for message in await workspace.messages("C_GENERAL", "U_ANA")]


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"version": 1}', '{"version": 1, "team": "T", "channels": 3}'])
async def test_a_file_of_something_else_is_left_alone(path: Path, text: str):
    written(path, text)

    with pytest.raises(ValueError, match=f"{path} holds no messages of a workspace. Name another file"):
        async with Workspace.start(keep=path):
            pass

    assert content(path) == text


async def test_a_file_of_a_later_version_is_left_alone(path: Path):
    async with Workspace.start(keep=path):
        pass
    written(path, json.dumps(json.loads(content(path)) | {"version": 99}))

    with pytest.raises(ValueError, match="was written by another version of the workspace"):
        async with Workspace.start(keep=path):
            pass


async def test_a_file_of_other_people_is_left_alone(path: Path, tmp_path: Path):
    async with Workspace.start(keep=path):
        pass
    seed = yaml.safe_load(SEED.read_text())
    seed["people"] = [person for person in seed["people"] if person["id"] != "U_KIM"]
    seed["channels"] = [channel for channel in seed["channels"] if channel["id"] != "C_PARTNER"]
    other = written(tmp_path / "seed.yaml", yaml.safe_dump(seed))

    with pytest.raises(ValueError, match="It names U_KIM, who are not in this one"):
        async with Workspace.start(keep=path, seed=other):
            pass


async def test_a_place_that_cannot_be_written_is_named(tmp_path: Path):
    blocked = written(tmp_path / "file", "")

    with pytest.raises(OSError, match=f"{blocked}/workspace.json can't be"):
        async with Workspace.start(keep=blocked / "workspace.json"):
            pass


# Beside a bot
def run_keeping(port: int, data: Path) -> AbstractAsyncContextManager[Started]:
    return with_workspace("--keep", port=port, data=with_tables(data))


async def test_a_workspace_beside_the_bot_is_found_again_as_it_was_left(tmp_path: Path):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with run_keeping(port, tmp_path) as running:
        await health(f"{url}/local/health")
        async with Workspace.connect(url) as workspace:
            await workspace.connected()
            channel = await workspace.channel("ask-ai-roles")
            asked = await workspace.post(workspace.onlooker, channel, "Do flat team structures hurt research?")
            await workspace.replies(asked)
            thread = await workspace.thread(channel, asked, workspace.onlooker)
            assert await running.gets(signal.SIGINT) == 0
    async with run_keeping(port, tmp_path):
        await health(f"{url}/local/health")
        async with Workspace.connect(url) as workspace:
            await workspace.connected()
            assert await workspace.thread(channel, asked, workspace.onlooker) == thread


async def test_a_workspace_that_forgets_is_not_taken_for_one_that_keeps(tmp_path: Path):
    port = free_port()
    async with Workspace.start(port=port), run_keeping(port, tmp_path) as refused:
        assert await refused.ends() == 2
        assert f"The workspace at http://127.0.0.1:{port} keeps no messages. Stop it first" in refused.said()


def test_slack_is_not_asked_to_keep_messages(tmp_path: Path):
    tokens = {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_APP_TOKEN": "xapp-test"}
    result = rolefit("run", "--keep", cwd=tmp_path, **tokens)

    assert result.returncode == 2
    assert "--keep is for the local workspace" in result.stderr
