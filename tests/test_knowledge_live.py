"""An editor saves a file, and the running bot answers by it."""

import asyncio
import shutil
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot import knowledge
from bot.settings import KNOWLEDGE
from tests.conftest import bot_in
from tests.workspace import Workspace, shown

QUESTION = "What does Member of Technical Staff mean?"


@pytest.fixture
def logged() -> Iterator[asyncio.Queue[str]]:
    """What is logged from now on."""
    found: asyncio.Queue[str] = asyncio.Queue()

    def keep(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
        found.put_nowait(event["event"])
        raise structlog.DropEvent

    before = structlog.get_config()["processors"]
    structlog.configure(processors=[keep])
    yield found
    structlog.configure(processors=before)


async def said(logged: asyncio.Queue[str], words: str) -> None:
    """Wait until it is logged."""
    async with asyncio.timeout(60):
        while await logged.get() != words:
            pass


async def answer(workspace: Workspace) -> str:
    [said] = await workspace.replies(await workspace.post("U_ANA", "C_ASK", QUESTION))
    return shown(said)


async def test_a_saved_answer_is_given_without_a_restart_and_a_broken_one_never(
    tmp_path: Path, logged: asyncio.Queue[str]
):
    folder = tmp_path / "knowledge"
    shutil.copytree(KNOWLEDGE, folder)
    faq, before = folder / "faq.yaml", (folder / "faq.yaml").read_text()
    changed = before.replace("one internal title", "a single title")
    async with (
        Workspace.start() as workspace,
        bot_in(workspace, knowledge.load(folder), tmp_path, knowledge_dir=folder),
    ):
        assert "a single title" not in await answer(workspace)

        faq.write_text("entries: [")
        await said(logged, "the knowledge has errors; what was read before is kept")
        assert "a single title" not in await answer(workspace)

        faq.write_text(changed)
        await said(logged, "took up the knowledge")
        assert "a single title" in await answer(workspace)
