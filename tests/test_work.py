"""Every kind of durable work is declared once, and what is deleted with a round or a workspace follows from that."""

import re
from pathlib import Path

import pytest

from bot import jobs
from bot.knowledge import Library
from bot.slack import work
from bot.slack.work import Owner, Work
from bot.storage import Item, Store
from tests.conftest import bot_in
from tests.workspace import Workspace

BOT = Path(work.__file__).parent.parent
TEAM, ROUND, OTHER = "T1", "r" * 20, "s" * 20


async def left_after(folder: Path, library: Library, keys: list[jobs.Key], prefixes: list[str]) -> set[str]:
    """Record work under these keys, for a replica that is not there, forget some of it, and give the keys left."""
    async with Workspace.start() as workspace, bot_in(workspace, library, folder):
        store = await Store.open(f"sqlite+aiosqlite:///{folder / 'rolefit.db'}")
        await store.inbox.receive([Item(key, "nothing", "{}", 0.0) for key in keys], "elsewhere")
        await jobs.delete_by_prefix(prefixes)
        left = {item.key for item in await store.inbox.received(["elsewhere"])}
        await store.close()
    return left


async def test_with_a_round_goes_all_work_about_it_and_no_other(tmp_path: Path, library: Library):
    about = {kind: kind.key(TEAM, ROUND, "x") for kind in Work}
    others = [kind.key(team, run, "x") for kind in Work for team, run in ((TEAM, OTHER), ("T2", ROUND))]

    left = await left_after(tmp_path, library, [*about.values(), *others], work.of_round(TEAM, ROUND))

    gone = {about[kind] for kind in Work if kind.owner is Owner.ROUND and not kind.deletes_owner}
    assert left == {*about.values(), *others} - gone


async def test_with_a_workspace_goes_all_its_work_but_what_deletes_it(tmp_path: Path, library: Library):
    own = {kind: kind.key(TEAM, "x", "y") for kind in Work}
    others = [kind.key("T10", "x", "y") for kind in Work]

    left = await left_after(tmp_path, library, [*own.values(), *others], work.of_workspace(TEAM))

    assert left == {own[Work.FORGET_WORKSPACE], *others}


@pytest.mark.parametrize("pattern", [r"\bKey\(", r"jobs\.start\(f?\""])
def test_keys_are_made_in_one_place(pattern: str):
    places = {path.name for path in (BOT / "slack").rglob("*.py") if re.search(pattern, path.read_text())}

    assert places <= {"work.py"}
