"""An editor saves a file, and the running bot answers by it."""

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot import knowledge, knowledge_watch
from bot.settings import KNOWLEDGE
from tests.conftest import bot_in
from tests.shipped import few_entries
from tests.workspace import Workspace, shown

ROOT = Path(__file__).parent.parent
KEPT = "the knowledge has errors; what was read before is kept"
QUESTION = "What does Member of Technical Staff mean?"


Logged = asyncio.Queue[dict[str, Any]]


@pytest.fixture
def logged() -> Iterator[Logged]:
    """What is logged from now on."""
    events: Logged = asyncio.Queue()

    def keep(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
        events.put_nowait(dict(event))
        raise structlog.DropEvent

    before = structlog.get_config()["processors"]
    structlog.configure(processors=[keep])
    yield events
    structlog.configure(processors=before)


async def until_logged(logged: Logged, words: str) -> dict[str, Any]:
    """Wait until it is logged, and give what is logged with it."""
    async with asyncio.timeout(60):
        while (event := await logged.get())["event"] != words:
            pass
    return event


async def answer(workspace: Workspace) -> str:
    # In a channel it would be a link to the first answer.
    [reply] = await workspace.replies(await workspace.post("U_ANA", "U_ROLEFIT", QUESTION))
    return shown(reply)


async def test_a_saved_answer_is_given_without_a_restart_and_a_broken_one_never(tmp_path: Path, logged: Logged):
    folder = few_entries(shutil.copytree(KNOWLEDGE, tmp_path / "knowledge"), "member-of-technical-staff")
    faq, before = folder / "faq.yaml", (folder / "faq.yaml").read_text()
    changed = before.replace("one internal title", "a single title")
    async with (
        Workspace.start() as workspace,
        bot_in(workspace, knowledge.load(folder), tmp_path, knowledge_dir=folder),
    ):
        assert "a single title" not in await answer(workspace)

        faq.write_text("entries: [")
        await until_logged(logged, KEPT)
        assert "a single title" not in await answer(workspace)

        promises = (folder / "checks.yaml").read_text()
        (folder / "checks.yaml").write_text("checks: [{say: planted potatoes, expect: member-of-technical-staff}]\n")
        faq.write_text(changed)
        event = await until_logged(logged, KEPT)
        assert "'planted potatoes' should get member-of-technical-staff, and gets silence" in event["problems"][0]
        assert "a single title" not in await answer(workspace)

        (folder / "checks.yaml").write_text(promises)
        await until_logged(logged, "took up the knowledge")
        assert "a single title" in await answer(workspace)


async def test_the_watcher_survives_what_nobody_thought_of_and_says_where_it_was(
    tmp_path: Path, logged: Logged, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "knowledge"
    shutil.copytree(KNOWLEDGE, folder)
    library = knowledge.load(folder)
    taken: asyncio.Queue[knowledge.Library] = asyncio.Queue()

    def fails(folder: Path, *, today: object, second: object) -> knowledge.Library:
        raise ZeroDivisionError("what somebody wrote")

    monkeypatch.setattr(knowledge, "load_checked", fails)
    (folder / "words.yaml").touch()  # before the watching begins, of which the system tells nobody
    watching = asyncio.create_task(knowledge_watch.follow(folder, library, taken.put_nowait))
    try:
        event = await until_logged(logged, "the knowledge could not be taken up; what was read before is kept")
        assert event["error"] == "ZeroDivisionError"
        assert re.fullmatch(r"test_knowledge_live\.py:\d+:fails", event["place"])
        assert "wrote" not in str(event)

        monkeypatch.setattr(knowledge, "load_checked", lambda folder, today, second: library)
        (folder / "words.yaml").touch()
        assert await taken.get() is library
    finally:
        watching.cancel()


WATCHER = """
import asyncio, sys
from pathlib import Path
from bot import knowledge, knowledge_watch, logs

async def watch(folder):
    taken = asyncio.Event()
    library = knowledge.load(folder)
    (folder / "words.yaml").touch()
    watching = asyncio.create_task(knowledge_watch.follow(folder, library, lambda library: taken.set()))
    await taken.wait()
    watching.cancel()

logs.log_to_stderr("INFO")
asyncio.run(watch(Path(sys.argv[1])))
"""


def test_an_edit_that_is_taken_up_is_logged_in_a_line_of_ours_and_in_no_other(tmp_path: Path):
    folder = few_entries(shutil.copytree(KNOWLEDGE, tmp_path / "knowledge"), "member-of-technical-staff")

    command = [sys.executable, "-c", WATCHER, str(folder)]
    logged = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, cwd=ROOT).stderr

    assert logged.splitlines()
    assert [line for line in logged.splitlines() if "took up the knowledge" not in line] == []
