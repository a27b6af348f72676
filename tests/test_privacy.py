"""What is kept about a person: it is declared with each table, said, sent to them, and forgotten in all databases."""

import asyncio
import base64
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from sqlalchemy import MetaData, String, create_engine, insert, inspect, select

from bot import jobs, replica
from bot.knowledge import Library
from bot.settings import Settings
from bot.slack import privacy
from bot.storage import Reply, ReplyState, ShareState, Store, people
from bot.storage.ownership import Owner, ownership
from bot.storage.store import OF_A_TEAM
from bot.storage.tables import help_requests, metadata, questions, replies, runs, shares, votes, workspaces
from tests.conftest import bot_in
from tests.test_quiz_conversation import begin, in_letters, message, privately, question, result, take, write
from tests.test_share_conversation import picker
from tests.workspace import MANIFEST, Json, Workspace, buttons, shown

ROOT = Path(__file__).parent.parent
TEAM, ANA, BEN, MEI = "T_LOCAL", "U_ANA", "U_BEN", "U_MEI"
# Columns as long as a person's id which hold something else.
NO_PEOPLE = {
    "team", "channel", "root_ts", "asked_ts", "slot", "ts", "thread_ts", "question_ts", "answer_ts", "revision",
    "bot_user", "bot", "asked_in", "editors_channel",
}  # fmt: skip
TYPED = ("what do quokkas earn", "quokkas once more", "the quokka is out of date")  # what Ana wrote that is kept

# The declarations


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_each_table_says_what_it_belongs_to_and_whom_it_names(table: Any):
    declared = ownership(table)

    assert set(declared.people) <= set(table.c.keys())
    of_a_team = declared.owner not in (Owner.WORK, Owner.NOBODY)
    assert of_a_team == ("team" in table.c) == (table in OF_A_TEAM)
    assert declared.owner is not Owner.RUN or "run" in table.c
    assert declared.owner is not Owner.CHANNEL or "channel" in table.c
    assert declared.owner is not Owner.PERSON or declared.people
    may_name = {each.name for each in table.c if isinstance(each.type, String) and each.type.length == 32}
    assert may_name - NO_PEOPLE == set(declared.people), "declare it in `people`, or name it in NO_PEOPLE"


def test_the_page_on_privacy_has_each_table_and_each_column_that_names_somebody():
    page = (ROOT / "docs" / "privacy.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.MULTILINE))

    assert set(rows) == set(metadata.tables)
    for table in metadata.sorted_tables:
        named = set(re.findall(r"`(\w+)`", rows[table.name])) & set(table.c.keys())
        assert named == set(ownership(table).people), table.name


def test_the_days_that_are_promised_are_those_that_are_kept():
    assert privacy.KEPT_DAYS * 86_400 == replica.KEPT
    assert ShareState.SENT == people.SENT


# What the databases hold


class Databases:
    """Both databases of a bot: its own tables, and those of durable work."""

    def __init__(self, data: Path, kept_in: dict[str, Any]) -> None:
        settings = Settings(_env_file=None, data_dir=data, **kept_in)
        self.store_url = settings.store_url
        own = settings.store_url.replace("+aiosqlite", "")
        self._engine = create_engine(own)
        self._engines = [self._engine] + ([create_engine(settings.jobs_url)] if settings.jobs_url != own else [])

    def close(self) -> None:
        for engine in self._engines:
            engine.dispose()

    def write(self, table: Any, **row: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(insert(table).values(team=TEAM, **row))

    def read(self, table: Any) -> list[dict[str, Any]]:
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(select(table)).mappings()]

    def holding(self, *words: str) -> dict[str, set[str]]:
        """Name each column that holds one of these words, as it is or within what DBOS has encoded, with the words."""
        found: dict[str, set[str]] = {}
        for engine in self._engines:
            for schema in inspect(engine).get_schema_names():
                if schema in ("information_schema", "pg_catalog"):
                    continue
                reflected = MetaData()
                reflected.reflect(engine, schema=schema)
                with engine.connect() as connection:
                    for table in reflected.sorted_tables:
                        for row in connection.execute(select(table)).mappings():
                            for column, value in row.items():
                                if held := {word for word in words if any(word.encode() in one for one in _read(value))}:
                                    found.setdefault(f"{table.name}.{column}", set()).update(held)
        return found


def _read(value: Any) -> list[bytes]:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    decoded = [text.encode()]
    with contextlib.suppress(ValueError):
        decoded.append(base64.b64decode(text, validate=True))
    return decoded


@asynccontextmanager
async def kept(data: Path, kept_in: dict[str, Any]) -> AsyncIterator[Databases]:
    databases = Databases(data, kept_in)
    try:
        yield databases
    finally:
        databases.close()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that only the rows tell."""
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def shared(workspace: Workspace, sender: str, recipient: str) -> None:
    """Take the quiz and send its result to somebody."""
    root = await begin(workspace, sender)
    await question(workspace, root, 1)
    await write(workspace, root, in_letters((0, 1, 0, 2, 0)))
    asked = await picker(workspace, root, await result(workspace, root))
    await workspace.select_user(sender, asked, recipient)
    await workspace.click(sender, await message(workspace, root, "Send it to"), "Send")
    await message(workspace, root, "Sent to")


async def do_everything(workspace: Workspace, databases: Databases) -> None:
    """Have Ana do all that leaves a trace, and Ben what names her."""
    await workspace.home(ANA)
    for asked in (
        await workspace.post(ANA, "C_ASK", "What does MTS mean?"),
        await workspace.mention(ANA, "C_GENERAL", "<@U_BOT> do devrels code at night?"),
        await workspace.post(ANA, "U_ROLEFIT", "What does a research engineer do?"),
    ):
        await workspace.replies(asked)
    await workspace.command(ANA, "C_ASK", "/rolefit", "what does an applied scientist do?")
    await shared(workspace, ANA, MEI)
    again = await begin(workspace, ANA)
    await take(workspace, again, 0, 1)
    await workspace.command(ANA, "C_ASK", "/rolefit", "history")
    await shared(workspace, BEN, ANA)
    await workspace.settled()

    store = await Store.open(databases.store_url)
    said: dict[str, Any] = {"surface": "mention", "kind": "answer", "entries": ("mts",)}
    for channel, ts in (("C_ASK", "5.1"), ((await workspace.dm(ANA))[0]["channel"], "5.2")):
        reply = Reply(ts, ts, ANA, answer_ts="6.1", replied_at=1e9, **said)
        assert await store.replies.hold(TEAM, channel, reply, by="x")
        await store.replies.settle(TEAM, channel, Reply(**{**vars(reply), "state": ReplyState.POSTED}), by="x")
    await store.replies.set_mode(TEAM, "C_ASK", "whisper", by=ANA)
    await store.replies.hush(TEAM, "C_ASK", "5.1", by=ANA)
    await store.replies.choose(TEAM, ANA, answers_unasked=False)
    await store.close()
    asked = {"user": ANA, "kind": "unknown", "asked_at": 1e9}
    databases.write(questions, id="q1", channel="C_ASK", ts="5.1", text=TYPED[0], **asked)
    databases.write(questions, id="q2", text=TYPED[1], **asked)
    voted: dict[str, Any] = {"entry": "mts", "helpful": False, "voted_at": 1e9}
    databases.write(votes, channel="C_ASK", answer_ts="6.1", user=ANA, reason="old", comment=TYPED[2], **voted)
    databases.write(votes, channel="C_ASK", answer_ts="6.1", user=BEN, **voted)
    passed = {"channel": "C_ASK", "asked_in": "C_ASK", "question_ts": "5.1", "asked_at": 1e9}
    databases.write(help_requests, ts="7.1", asker=ANA, resolved_by=BEN, **passed)
    databases.write(help_requests, ts="7.2", asker=BEN, resolved_by=ANA, **passed)
    databases.write(workspaces, editors_channel="C_ASK", chosen_by=ANA)


async def forget(workspace: Workspace, user: str = ANA, **forged: Any) -> None:
    await workspace.command(user, "C_ASK", "/rolefit", "forget-me")
    await workspace.click(user, await privately(workspace, "Shall I forget you?", user), "Forget me", **forged)
    await privately(workspace, "I keep nothing about you any more", user)


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have work that lets other work end do so for half a second."""
    for name, seconds in (("privacy.ENDED", 0.5), ("privacy.MARGIN", 0.5), ("quiz_work.ENDED", 0.5)):
        monkeypatch.setattr(f"bot.slack.{name}", seconds)


@pytest.mark.both_databases
@pytest.mark.usefixtures("_hasty")
async def test_who_is_forgotten_is_in_no_table_of_either_database_any_more(
    library: Library, tmp_path: Path, kept_in: dict[str, Any]
):
    async with (
        Workspace.start() as workspace,
        bot_in(workspace, library, tmp_path, **{**kept_in, "post_interval": 0.01}),
        kept(tmp_path, kept_in) as databases,
    ):
        await do_everything(workspace, databases)
        [direct_message] = {each["channel"] for each in await workspace.dm(ANA)}
        names = [ANA, direct_message, *(run["id"] for run in databases.read(runs) if run["user"] == ANA), *TYPED]
        before = databases.holding(*names)
        declared = {f"{table.name}.{name}" for table in metadata.sorted_tables for name in ownership(table).people}
        assert declared | {"workflow_status.workflow_uuid", "operation_outputs.output"} <= {
            column for column, held in before.items() if ANA in held
        }
        assert {word for held in before.values() for word in held} == set(names)
        kept_of_ben = len(databases.read(runs)), databases.holding(BEN)

        await forget(workspace)

        await until(lambda: databases.holding(*names) == {})
        left = databases.holding(BEN)
        assert left.keys() >= {"runs.user", "votes.user", "help_requests.asker", "workflow_status.workflow_uuid"}
        assert len(databases.read(runs)) == kept_of_ben[0] - 2 == 1
        [share] = databases.read(shares)
        assert (share["recipient"], share["state"]) == ("", "sent")
        [reply] = databases.read(replies)
        assert (reply["channel"], reply["asker"], reply["answer_ts"]) == ("C_ASK", None, "6.1")
        [passed] = databases.read(help_requests)
        assert (passed["asker"], passed["resolved_by"]) == (BEN, None)
        threads = [
            await workspace.thread(each["channel"], each["ts"], ANA)
            for each in await workspace.dm(ANA)
            if "You deleted" in shown(each)
        ]
        assert len(threads) == 2
        assert not any(buttons(each) for thread in threads for each in thread)
        assert all(each["user"] != "U_ROLEFIT" for thread in threads for each in thread[1:])
