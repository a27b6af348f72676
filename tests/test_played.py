"""What is copied instead of played: it is what was played, row by row and message by message, or it is played."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from copy import copy
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from bot.knowledge import Library
from tests import played, sharing, test_compare_conversation, test_quiz_conversation, test_share_recipient
from tests.conftest import DATABASES, THOROUGH, bot_in, lent_database, rows
from tests.sharing import ANA, BEN, MEI
from tests.workspace import Json, Workspace, shown

STORIES = {
    "a result": sharing.finished,
    "a copy of it": sharing.shared,
    "an invitation": test_compare_conversation.invited,
    "two rounds": test_compare_conversation.both_finished,
    "two results": test_share_recipient.shared_and_taken_again,
    "a first question": test_quiz_conversation.at_first_question,
}


@pytest.fixture(autouse=True)
def _nothing_played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(played, "_stories", {})
    monkeypatch.setattr(played, "_folder", None)


@pytest.fixture
def another_database(postgres: str, migrated_postgres: str, free_databases: list[str]) -> Iterator[str]:
    with lent_database(postgres, migrated_postgres, free_databases) as address:
        yield address


async def was_played(workspace: Workspace) -> bool:
    """Say whether somebody has done something in the workspace."""
    return any(entry["direction"] == "to_bot" for entry in await workspace.traffic())


async def seen(workspace: Workspace) -> list[Json]:
    """Give all that people see: their conversations, threads and what is shown to them alone."""
    found: list[Json] = []
    for user in (ANA, BEN, MEI):
        for channel in (await workspace.state(user))["channels"]:
            roots = await workspace.messages(channel["id"], user)
            found += [message for root in roots for message in await workspace.thread(channel["id"], root["ts"], user)]
    said = json.dumps([message for message in found if message["user"] == workspace.bot])
    said = said.replace(workspace.server_url, "http://workspace")  # each has its own place
    messages: list[Json] = json.loads(said)
    return messages


def kept(data: Path, kept_in: dict[str, Any]) -> dict[str, list[str]]:
    """Give all rows of a bot, by their table, but for those of each bot; the inbox may be a step behind."""
    found: dict[str, list[str]] = {}
    if address := kept_in.get("database_url"):
        with psycopg.connect(address) as connection:
            places = connection.execute(
                "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'dbos')"
            ).fetchall()
            for place in places:
                found_rows = connection.execute(SQL("SELECT * FROM {}").format(Identifier(*place))).fetchall()
                found[".".join(place)] = sorted(map(repr, found_rows))
    else:
        for name in ("rolefit.db", "jobs.db"):
            with closing(sqlite3.connect(data / name)) as connection:
                for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
                    found_rows = connection.execute(f'SELECT * FROM "{table}"').fetchall()
                    found[f"{name}.{table}"] = sorted(map(repr, found_rows))
    tables = {place: place.rpartition(".")[2] for place in found}
    return {
        place: each
        for place, each in found.items()
        if tables[place] not in played.OF_NO_STORY and not tables[place].startswith("sqlite_")  # SQLite's own
    }


# Each story on one of the databases in turn, and with THOROUGH on both.
KEPT_IN = [
    pytest.param(database, story, id=f"{database}-{name}")
    for at, (name, story) in enumerate(STORIES.items())
    for database in (DATABASES if THOROUGH else [DATABASES[at % len(DATABASES)]])
]


@pytest.mark.parametrize(("kept_in", "story"), KEPT_IN, indirect=["kept_in"])
async def test_a_copy_has_the_rows_and_messages_of_what_was_played(
    library: Library,
    tmp_path: Path,
    kept_in: dict[str, Any],
    request: pytest.FixtureRequest,
    story: Callable[[Workspace], Awaitable[Any]],
):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path / "played", **kept_in):
        result = await story(workspace)
        assert await was_played(workspace)
        messages, found = await seen(workspace), kept(tmp_path / "played", kept_in)
    # DBOS has ended the threads of this loop, and brings new ones only once there is work, of which a copy makes none.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
    elsewhere = {"database_url": request.getfixturevalue("another_database")} if kept_in else {}
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path / "copied", **elsewhere):
        assert await story(workspace) == result
        assert not await was_played(workspace)
        assert await seen(workspace) == messages
        assert kept(tmp_path / "copied", elsewhere) == found

    assert any("Question 1 of 5" in shown(message) for message in messages)
    assert any(message.get("ephemeral") and "http://workspace" in message["text"] for message in messages)
    assert {place.split(".")[-1] for place, each in found.items() if each} > {"runs", "messages", "workflow_status"}


@pytest.mark.parametrize("kept_in", DATABASES, indirect=True)
async def test_what_another_process_has_played_is_copied(
    library: Library,
    tmp_path: Path,
    kept_in: dict[str, Any],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
):
    (folder := tmp_path / "stories").mkdir()
    with played.shared_in(folder):
        async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path / "played", **kept_in):
            result = await sharing.shared(workspace)
            messages, found = await seen(workspace), kept(tmp_path / "played", kept_in)
        monkeypatch.setattr(played, "_stories", {})  # as a process has that begins
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())  # see above
        elsewhere = {"database_url": request.getfixturevalue("another_database")} if kept_in else {}
        async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path / "copied", **elsewhere):
            assert await sharing.shared(workspace) == result
            assert not await was_played(workspace)
            assert await seen(workspace) == messages
            assert kept(tmp_path / "copied", elsewhere) == found


async def somebody_has_spoken(workspace: Workspace) -> None:
    await workspace.post(BEN, "C_ASK", "Hello!")
    await workspace.settled()


async def slack_fails_once(workspace: Workspace) -> None:
    await workspace.faults(api=[{"method": "chat.postMessage", "error": "internal_error", "times": 0}])


async def a_copy_was_given(workspace: Workspace) -> None:
    await sharing.finished(workspace)


@pytest.mark.parametrize("before", [somebody_has_spoken, slack_fails_once, a_copy_was_given])
async def test_where_something_has_happened_a_story_is_played(
    library: Library, tmp_path: Path, before: Callable[[Workspace], Awaitable[None]]
):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path / "first"):
        await sharing.finished(workspace)
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path / "second"):
        await before(workspace)

        root, _ = await sharing.finished(workspace)

        assert "/rolefit" in [entry["name"] for entry in await workspace.traffic()]
        assert len(await workspace.dm(ANA)) == (2 if before is a_copy_was_given else 1)
        assert (await workspace.dm(ANA))[-1]["ts"] == root


@pytest.mark.parametrize("differs", ["settings", "knowledge", "rows"])
async def test_with_other_settings_knowledge_or_rows_a_story_is_played(library: Library, tmp_path: Path, differs: str):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path / "first"):
        await sharing.finished(workspace)
    given: dict[str, Any] = {"post_interval": 0.01} if differs == "settings" else {}
    knowledge = copy(library) if differs == "knowledge" else library
    if differs == "rows":
        async with rows(tmp_path / "second", {}) as store:
            await store.people.claim_greeting("T_LOCAL", BEN, 1.0)
    async with Workspace.start() as workspace, bot_in(workspace, knowledge, tmp_path / "second", **given):
        await sharing.finished(workspace)

        assert await was_played(workspace)
