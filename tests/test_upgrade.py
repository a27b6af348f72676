"""An upgrade with data, from the first migration to the last, and a process of the version before beside it."""

import ast
import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot.domain import quiz
from bot.domain.actions import Stop
from bot.domain.compare import Comparison, Side, State
from bot.domain.quiz_content import PURPOSE
from bot.domain.share import ShareState
from bot.knowledge import Library
from bot.storage import (
    ChannelSettings,
    DueHome,
    Installation,
    Posted,
    ReplyState,
    Share,
    Store,
    StoredComparison,
    migrations,
)
from bot.storage.migrate import config
from bot.storage.replies import Surroundings
from bot.storage.share_traces import FormerReveal, UnconfirmedCopy
from bot.storage.store import HEAD
from tests.conftest import bot_in, create_database
from tests.test_quiz_conversation import begin, result, take
from tests.workspace import Workspace, shown

TEAM, ANA, BEGUN = "T_ONE", "U_ANA", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
NEW = "T_NEW"  # a workspace that a version of today installed
INSTALLED: dict[str, Any] = {
    "bot_user": "U_BOT",
    "bot": "B_BOT",
    "token": "hidden",
    "refresh": None,
    "expires_at": None,
}
MIGRATIONS = Path(migrations.__file__).parent / "versions"
STEPS = [step.revision for step in reversed(list(ScriptDirectory.from_config(config()).walk_revisions()))]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'rolefit.db'}"
    return str(request.getfixturevalue("empty_database"))


@pytest.fixture
def empty_database(postgres: str) -> str:
    """The address of a PostgreSQL database without tables."""
    return create_database(postgres).replace("postgresql://", "postgresql+psycopg://")


async def upgrade(connection: AsyncConnection, revision: str) -> None:
    def run(sync: Connection) -> None:
        command.upgrade(config(sync), revision)

    await connection.run_sync(run)


async def insert(connection: AsyncConnection, table: str, **row: Any) -> None:
    """Write a row as a version of that time did, whatever columns there are today."""
    names, values = ", ".join(f'"{name}"' for name in row), ", ".join(f":{name}" for name in row)
    kept = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in row.items()}
    await connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), kept)


async def write_of(step: str, connection: AsyncConnection, library: Library) -> None:  # noqa: PLR0912, PLR0915 - one a step
    """Fill what this step brought, as the bot of that time would have."""
    first, second = library.quiz.questions[:2]
    run = {"team": TEAM, "user": ANA, "channel": "D_ANA", "quiz": "q1", "version": 2, "begun_at": BEGUN}
    match step:
        case "0001":
            await insert(connection, "quizzes", digest="q1", content=library.quiz.model_dump(mode="json"))
            await insert(connection, "runs", id="r1", root_ts="1700000000.000100", asked_ts="1700000000.000200", **run)
            for question in (first, second):
                answer = {"question": question.id, "choice": question.choices[0].id, "taken_by": f"job {question.id}"}
                await insert(connection, "answers", team=TEAM, run="r1", **answer)
            share = {"run_version": 2, "recipient": "U_MEI", "message": {"text": "hello", "blocks": []}}
            await insert(connection, "shares", team=TEAM, id="s1", run="r1", state="sent", made_at=BEGUN, **share)
        case "0002":
            await insert(connection, "threads", team=TEAM, channel="C_ASK", thread_ts="1700000000.000001", entry="mts")
        case "0003":
            await insert(connection, "channels", team=TEAM, channel="C_ASK", free_at=1_700_000_000.5)
        case "0004":
            await insert(connection, "replicas", id="host-1-abc", seen_at=1_700_000_000.25)
        case "0005":
            await insert(connection, "installations", team=TEAM, installed_at=1_700_000_000.0, **INSTALLED)
            await insert(connection, "oauth_states", state="abc", expires_at=1_700_000_600.0)
        case "0006":
            state = {"state": None, "turns": 3, "zone": "Europe/Berlin", "due": "remind", "due_at": 1_700_090_000.0}
            await insert(connection, "runs", id="r2", root_ts="1700000001.000100", **run, **state)
            await insert(
                connection, "answers", team=TEAM, run="r2", question=first.id, taken_by="",
                choice=first.choices[0].id, other=first.choices[1].id,
            )  # fmt: skip
            slot = {"slot": "prompt:1", "ts": "1700000001.000200", "digest": "d"}
            await insert(connection, "messages", team=TEAM, run="r2", **slot)
            await insert(connection, "actions", team=TEAM, run="r2", by="click", outcome={"what": "taken"})
        case "0007":
            row: dict[str, Any] = {"channel": "C_ASK", "thread_ts": "1700000002.000001", "entry": "labs"}
            await insert(connection, "threads", team=TEAM, answered_at=1_700_000_002.0, **row)
        case "0008":
            row = {"key": "say:T_ONE:C_ASK:1", "work": "faq.say", "arguments": "{}", "received_at": 1_700_000_003.0}
            await insert(connection, "inbox", replica="host-1-abc", **row)
        case "0009":
            await write_manners(connection)
        case "0010":
            await insert(connection, "installations", team=NEW, installed_at=1.0, first_steps=ANA, **INSTALLED)
        case "0011":
            at = {"team": TEAM, "channel": "C_LINKED", "mode": "off", "changed_by": ANA, "changed_at": 1.0}
            await insert(connection, "channel_settings", chosen_for_shared=True, **at)
            asked = {"user": ANA, "kind": "unanswered", "text": "what is it", "asked_at": 5.0, "revision": "7.0"}
            await insert(connection, "questions", team=TEAM, id="q2", **asked)
            await insert(connection, "workspaces", team=NEW, knowledge="abc")
            link = {"channel": "C_LINKED", "question_ts": "4.0", "thread_ts": "4.0", "asker": ANA, "surface": "channel"}
            link |= {"kind": "link", "state": "posted", "entries": json.dumps(["mts"]), "answer_ts": "4.1"}
            linked = json.dumps({"mts": "3.0"})
            await insert(
                connection,
                "replies",
                team=TEAM,
                revision="5.0",
                replied_at=4.0,
                decided_for="4.5",
                linked=linked,
                **link,
            )
        case "0012":
            about = {"sender": ANA, "manager": "U_MEI", "run": "r1", "manager_run": "r2", "state": "finished"}
            agreed = {"sender_agreed": True, "manager_agreed": False, "sender_version": 2, "manager_version": 5}
            at = {"open": True, "begun_at": 7.0, "moved_at": 8.0, "due_at": 9.0, "moved_by": "job"}
            messages = {"receipt": ["D_ANA", "1.5"]}
            await insert(connection, "comparisons", team=TEAM, id="c1", messages=messages, **about, **agreed, **at)
        case "0013":
            await write_share(connection)
        case "0014":
            at = {"claimed_at": 1_700_000_009.0, "claimed_run": "r1", "graded": "success flat"}
            given = ", ".join(f"{name} = :{name}" for name in at)
            await connection.execute(text(f"UPDATE shares SET {given}"), at)
        case "0015":
            shows = json.dumps({"topics": {"topic": "roles", "page": 2, "entry": None, "at": 3.0}})
            await insert(connection, "homes", team=TEAM, user=ANA, opened_at=8.0, shows=shows, hash="8.abc")
        case "0016":
            choices = {"answers_unasked": True, "news": False, "greeted_at": 9.0}
            await insert(connection, "people", team=TEAM, user="U_MEI", **choices)
            await insert(connection, "channel_settings", team=NEW, channel="C_ASK", welcomed_at=1.0, greeting_ts="1.5")
        case "0017":
            exposed = "UPDATE comparisons SET exposed = 'sender', unconfirmed = :yes"
            await connection.execute(text(exposed), {"yes": True})
            await connection.execute(text("UPDATE shares SET part_left = :yes WHERE id = 's2'"), {"yes": True})
        case "0018":
            await connection.execute(text("UPDATE homes SET publish_at = 10.0"))
        case "0019":
            left = {"maybe": "manager", "still": "sender", "tried": "both", "at": 7.5}
            told = "maybe_exposed = :maybe, still_exposed = :still, tried = :tried, agreed_at = :at"
            await connection.execute(text(f"UPDATE comparisons SET {told}"), left)
            seen = {"team": TEAM, "sender": ANA, "manager": "U_BEN", "revealed_at": 7.0}
            await insert(connection, "seen_results", **seen)
            await insert(connection, "seen_results", team=TEAM, sender="U_MEI", manager="U_BEN")
            await connection.execute(text("UPDATE shares SET updated_at = 9.0 WHERE id = 's2'"))
            await insert(connection, "former_copies", team=TEAM, channel="D_MEI", ts="6.0", recipient="U_MEI")
        case "0020":
            await insert(connection, "unlisted_shares", team=TEAM, sender="U_BEN")
        case "0021":
            times = {"made_at": 3.0, "given_up_at": 4.0}
            await insert(connection, "unconfirmed_copies", team=TEAM, share="s9", run="r9", recipient="U_MEI", **times)
            await insert(connection, "former_mutes", team=TEAM, share="s9", user="U_MEI", muted="U_BEN")
        case "0022":
            attempt = {"asked_in": "C_ASK", "question_ts": "6.5", "holder": "ask:T_ONE", "claimed_at": time.time()}
            await insert(connection, "help_attempts", team=TEAM, asker=ANA, **attempt)
        case _:
            raise AssertionError(f"this test does not know what migration {step} brought: have it write some")


async def write_share(connection: AsyncConnection) -> None:
    """Fill what 0011 brought."""
    share: dict[str, Any] = {"run_version": 2, "recipient": "U_MEI", "message": {"root": {}, "replies": []}}
    share |= {"parts": json.dumps(["note"]), "place": "group", "note": "look", "sent_at": 7.0, "receipt_ts": "7.1"}
    await insert(connection, "shares", team=TEAM, id="s2", run="r2", state="sent", made_at=BEGUN, **share)
    await insert(connection, "share_messages", team=TEAM, share="s2", slot="root", channel="D_MEI", ts="7.2")
    await insert(connection, "share_mutes", team=TEAM, share="s1", user="U_MEI", muted=ANA, muted_at=8.0)


async def write_manners(connection: AsyncConnection) -> None:
    """Fill what 0009 brought."""
    at = {"team": TEAM, "channel": "C_ASK"}
    await insert(connection, "channel_settings", mode="whisper", changed_by=ANA, changed_at=1.0, **at)
    reply: dict[str, Any] = {
        "thread_ts": "3.0",
        "asker": ANA,
        "surface": "channel",
        "kind": "answer",
        "state": "posted",
    }
    reply |= {"state": "posted", "entries": json.dumps(["mts"]), "answer_ts": "3.1", "revision": "", "replied_at": 3.0}
    await insert(connection, "replies", question_ts="3.0", **at, **reply)
    await insert(connection, "recent_entries", entry="mts", question_ts="3.0", posted_at=3.0, **at)
    await insert(connection, "hushed_threads", thread_ts="3.0", hushed_by=ANA, hushed_at=3.0, **at)
    await insert(connection, "people", team=TEAM, user=ANA, answers_unasked=False, news=True)
    vote: dict[str, Any] = {"user": ANA, "entry": "mts", "helpful": False, "reason": "wrong", "voted_at": 4.0}
    await insert(connection, "votes", answer_ts="3.1", **at, **vote)
    asked: dict[str, Any] = {"user": ANA, "kind": "unanswered", "text": "what is a widget", "asked_at": 5.0}
    await insert(connection, "questions", id="q1", ts="5.0", **at, **asked)
    passed_on: dict[str, Any] = {"ts": "6.0", "asker": ANA, "asked_in": "C_ASK", "question_ts": "5.0", "asked_at": 6.0}
    await insert(connection, "help_requests", **at, **passed_on)
    await insert(connection, "workspaces", team=TEAM, editors_channel="C_ED", chosen_by=ANA)


async def check_homes(store: Store) -> None:
    """Read what is kept of Home tabs."""
    assert (await store.homes.shows(TEAM, ANA))["topics"]["page"] == 2
    assert await store.homes.hash(TEAM, ANA) == "8.abc"
    assert await store.homes.due(11.0, most=9) == [DueHome(TEAM, ANA, 10.0)]
    assert (await store.homes.set_up(TEAM, has_contact=False)).has_answered
    assert not (await store.homes.set_up(NEW, has_contact=False)).has_answered


async def check_comparison(store: Store) -> None:
    """Read what 0012, 0017 and 0019 to 0021 brought."""
    exposed, agreed = frozenset({Side.SENDER}), frozenset({Side.SENDER})
    finished = Comparison(State.FINISHED, (2, 5), agreed, exposed=exposed, is_confirmed=False)
    finished = replace(finished, maybe_exposed=frozenset({Side.MANAGER}), still_exposed=exposed)
    messages = {"receipt": ("D_ANA", "1.5")}
    compared = StoredComparison("c1", ANA, "U_MEI", "r1", "r2", finished, messages)
    compared = replace(compared, tried=frozenset({"both"}), agreed_at=7.5)
    assert await store.comparisons.get(TEAM, "c1") == compared
    assert await store.share_traces.former_reveals(TEAM, ANA) == [FormerReveal("U_BEN", 7.0)]
    assert await store.share_traces.is_former_copy(TEAM, "D_MEI", "6.0")
    assert await store.share_traces.unconfirmed_for(TEAM, "U_MEI") == [UnconfirmedCopy("s9", "r9", 3.0, 4.0)]
    assert await store.mutes.muted_with(TEAM, "s9", "U_MEI") == "U_BEN"
    deleted = {
        user: await store.share_traces.has_shared_what_is_deleted(TEAM, user) for user in (ANA, "U_BEN", "U_MEI")
    }
    assert deleted == {ANA: False, "U_BEN": True, "U_MEI": True}


async def check(store: Store, library: Library) -> None:
    """Read all of it through the store of today."""
    attempt = (TEAM, ANA, "C_ASK", "6.5")
    claims = [await store.feedback.claim_help(*attempt, by=by) for by in ("ask:T_TWO", "ask:T_ONE")]
    assert claims == [False, True]
    first, second = library.quiz.questions[:2]
    r1, r2 = await store.runs.get(TEAM, "r1"), await store.runs.in_thread(TEAM, ANA, "1700000001.000100")
    assert r1
    assert r2
    assert (r1.user, r1.channel, r1.answers_version, r1.revision, r1.begun_at) == (ANA, "D_ANA", 2, 0, BEGUN)
    assert {first.id: (first.choices[0].id,), second.id: (second.choices[0].id,)}.items() <= r1.run.answers.items()
    assert r1.run.quiz == library.quiz
    assert r1.messages["prompt:1"] == Posted("1700000000.000200", "")
    assert r2.run.answers[first.id] == (first.choices[0].id, first.choices[1].id)
    assert (r2.zone, r2.revision, r2.messages["prompt:1"]) == ("Europe/Berlin", 3, Posted("1700000001.000200", "d"))
    assert {each.id for each in await store.runs.history(TEAM, ANA, limit=9)} == {"r1", "r2"}
    message = {"text": "hello", "blocks": []}
    first_share = Share(
        "s1",
        "r1",
        2,
        "U_MEI",
        message,
        ShareState.SENT,
        graded="success flat",
        claimed_at=1_700_000_009.0,
        made_at=BEGUN.timestamp(),
    )
    assert await store.shares.get(TEAM, "s1") == first_share
    second_share = await store.shares.of_root(TEAM, "D_MEI", "7.2")
    assert second_share
    known = (second_share.id, second_share.parts, second_share.place, second_share.note)
    assert known == ("s2", ("note",), "group", "look")
    assert await store.mutes.is_muted(TEAM, "U_MEI", ANA)
    await check_homes(store)
    installed = Installation("U_BOT", "B_BOT", "hidden", None, None, 1_700_000_000.0)
    assert await store.installation(TEAM) == installed
    assert await store.first_steps_told_to(TEAM) is None
    assert await store.first_steps_told_to(NEW) == ANA
    assert not await store.people.is_greeted(TEAM, ANA)
    assert await store.people.is_greeted(TEAM, "U_MEI")
    assert (await store.replies.channel(NEW, "C_ASK")).greeting_ts == "1.5"
    for thread_ts, entry in (("1700000000.000001", "mts"), ("1700000002.000001", "labs")):
        assert await store.last_answer(TEAM, "C_ASK", thread_ts) == entry
    assert await store.heartbeats() == {"host-1-abc": 1_700_000_000.25}
    [item] = await store.inbox.received(["host-1-abc"])
    assert (item.key, item.work) == ("say:T_ONE:C_ASK:1", "faq.say")
    assert (await store.take_turn(TEAM, "C_ASK", 1.0))[1] == 0
    reply = await store.replies.of_answer(TEAM, "C_ASK", "3.1")
    assert reply
    assert (reply.question_ts, reply.entries, reply.state) == ("3.0", ("mts",), ReplyState.POSTED)
    link = await store.replies.of_answer(TEAM, "C_LINKED", "4.1")
    assert link
    assert (link.decided_for, link.linked) == ("4.5", {"mts": "3.0"})
    assert await store.replies.channel(TEAM, "C_ASK") == ChannelSettings("whisper", ANA, 1.0, None)
    around = await store.replies.around(TEAM, "C_ASK", "3.0", ANA, ["channel"])
    assert around == Surroundings("whisper", None, hushed=True, opted_out=True, answers=1)
    assert await store.replies.choices_of(TEAM, ANA) == (False, True)
    await check_comparison(store)
    assert [(due.run_id, due.action) for due in await store.runs.due(1_700_100_000.0, limit=9)] == [("r2", "remind")]


async def test_what_each_version_wrote_is_read_after_the_upgrade_to_the_last(url: str, library: Library):
    assert STEPS[-1] == HEAD
    engine = create_async_engine(url)
    for step in STEPS:
        async with engine.begin() as connection:
            await upgrade(connection, step)
            await write_of(step, connection, library)
    await engine.dispose()

    store = await Store.open(url)
    store.runs.use_quiz(library.quiz, library.can_show)
    await check(store, library)

    # A round of the first version goes on, and all that belongs to it goes with it.
    acted = await store.runs.apply(TEAM, "r1", lambda run: quiz.apply(run, Stop()), by="stop", user=ANA)
    assert acted
    assert acted.held
    await store.runs.delete(TEAM, "r1")
    assert await store.shares.get(TEAM, "s1") is None
    assert await store.delete_team(TEAM, gone_at=2_000_000_000.0)
    assert await store.runs.history(TEAM, ANA, limit=9) == []
    await store.close()


@pytest.mark.parametrize("step", STEPS[:-1])
async def test_opening_the_store_upgrades_a_database_of_any_version(url: str, step: str, library: Library):
    engine = create_async_engine(url)
    for each in STEPS[: STEPS.index(step) + 1]:
        async with engine.begin() as connection:
            await upgrade(connection, each)
            await write_of(each, connection, library)
    await engine.dispose()

    store = await Store.open(url)
    found = await store.runs.get(TEAM, "r1")
    await store.close()

    assert found
    assert len(found.run.answers.keys() - {PURPOSE}) == 2


async def test_a_step_that_fails_leaves_the_database_as_it_was(url: str, library: Library):
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await upgrade(connection, "0006")
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE inbox (key TEXT)"))  # which the last step would make
    with pytest.raises(Exception, match="inbox"):
        await Store.open(url)
    async with engine.begin() as connection:
        assert await connection.scalar(text("SELECT version_num FROM alembic_version")) == "0006"
        await connection.execute(text("DROP TABLE inbox"))
    await engine.dispose()

    store = await Store.open(url)
    assert await store.inbox.received(["nobody"]) == []
    await store.close()


async def later_version(url: str) -> None:
    """Have the tables be of a release after this: with columns, a table and an index of which we know nothing."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        for statement in (
            "ALTER TABLE runs ADD COLUMN mood VARCHAR(16)",
            "ALTER TABLE inbox ADD COLUMN weight INTEGER NOT NULL DEFAULT 0",
            "CREATE TABLE moods (id INTEGER PRIMARY KEY)",
            "CREATE INDEX ix_inbox_replica ON inbox (replica)",
            "UPDATE alembic_version SET version_num = '9999'",
        ):
            await connection.execute(text(statement))
    await engine.dispose()


def operations(migration: Path) -> Iterator[tuple[str, str]]:
    """Give what a migration has the database do: its calls of `op`, by name and in full."""
    for node in ast.walk(ast.parse(migration.read_text())):
        if isinstance(node, ast.Call) and (called := ast.unparse(node.func)).startswith("op."):
            yield called.removeprefix("op."), ast.unparse(node)


@pytest.mark.parametrize("migration", sorted(MIGRATIONS.glob("v*.py")), ids=lambda path: path.stem)
def test_a_migration_only_adds_since_a_process_of_the_version_before_may_go_on(migration: Path):
    does = list(operations(migration))

    assert {name for name, _ in does} <= {"create_table", "create_index", "add_column", "execute"}
    for name, call in does:
        if name == "add_column":  # the version before inserts rows without it
            assert "nullable=False" not in call or "server_default=" in call, call
        if name == "execute":
            assert re.match(r"op\.execute\((sa\.text\()?['\"]+(UPDATE|INSERT)\b", call), call
    assert does


async def test_a_process_of_this_version_works_beside_a_database_of_the_next(
    tmp_path: Path, library: Library, kept_in: dict[str, Any]
):
    address = kept_in.get("database_url", "").replace("postgresql://", "postgresql+psycopg://")
    url = address or f"sqlite+aiosqlite:///{tmp_path / 'rolefit.db'}"
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path, **kept_in):
        root = await begin(workspace)
        await later_version(url)  # by a replica of the next release, in the middle of a round
        await take(workspace, root)

        assert "Take it again" in shown(await result(workspace, root))
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path, **kept_in):
        asked = await workspace.post("U_ANA", "C_ASK", "Why did xAI drop the researcher title?")
        await workspace.replies(asked)
