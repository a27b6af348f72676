"""What is kept about a person: it is declared with each table, said, sent to them, and forgotten in all databases."""

import asyncio
import base64
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from sqlalchemy import Engine, MetaData, String, Table, create_engine, insert, inspect, select, update

from bot import replica
from bot.domain.share import ShareState
from bot.knowledge import Library
from bot.settings import Settings
from bot.slack import privacy
from bot.storage import ReplyState, people
from bot.storage.ownership import Owner, ownership
from bot.storage.store import OF_A_TEAM
from bot.storage.tables import (
    comparisons,
    former_copies,
    former_mutes,
    help_attempts,
    help_requests,
    installations,
    metadata,
    questions,
    replies,
    runs,
    seen_results,
    shares,
    unconfirmed_copies,
    unlisted_shares,
    votes,
    workspaces,
)
from tests import sharing
from tests.conftest import bot_in
from tests.sharing import RECEIPT, SHARE, copy_of
from tests.test_quiz_conversation import begin, in_letters, message, privately, question, result, take, write
from tests.workspace import MANIFEST, Json, Workspace, buttons, shown

ROOT = Path(__file__).parent.parent
TEAM, ANA, BEN, MEI = "T_LOCAL", "U_ANA", "U_BEN", "U_MEI"
ENTRY = "role-differences"
# Columns as long as a person's id which hold something else.
NO_PEOPLE = {
    "team", "channel", "root_ts", "asked_ts", "slot", "ts", "thread_ts", "question_ts", "answer_ts", "revision",
    "bot_user", "bot", "asked_in", "editors_channel", "receipt_ts", "decided_for", "greeting_ts", "exposed",
    "maybe_exposed", "still_exposed", "tried",
}  # fmt: skip
TIMES_OF_SHARE = ("made", "claimed", "sent", "seen", "talk", "ended", "updated")
NOTE_OF = {ANA: "a quokka for my manager", BEN: "from Ben", MEI: "from Mei"}  # with what they share
# What Ana wrote that is kept.
TYPED = ("what do quokkas earn", "quokkas once more", "the quokka is out of date", NOTE_OF[ANA])

# Said once more, since what goes with a round, a person or a channel follows from the owner alone.
OWNERS = {
    Owner.RUN: "answers messages actions shares",
    Owner.PERSON: """runs unlisted_shares former_copies unconfirmed_copies share_mutes former_mutes people homes votes
        questions help_requests help_attempts""",
    Owner.PEOPLE: "seen_results comparisons",
    Owner.CHANNEL: "threads channels share_messages channel_settings replies recent_entries hushed_threads",
}

# The declarations


def test_each_table_goes_with_what_it_belongs_to():
    for owner, names in OWNERS.items():
        assert {table.name for table in metadata.sorted_tables if ownership(table).owner is owner} == set(names.split())


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
    assert ShareState(people.SENT) is ShareState.SENT


# What the databases hold


_TABLES: dict[tuple[str, str], list[Table]] = {}  # by the kind of database, and of SQLite's by the name of the file


class Databases:
    """Both databases of a bot: its own tables, and those of durable work."""

    def __init__(self, data: Path, kept_in: dict[str, Any]) -> None:
        settings = Settings(_env_file=None, data_dir=data, **kept_in)
        own = settings.store_url.replace("+aiosqlite", "")
        self._engine = create_engine(own)
        self._engines = [self._engine] + ([create_engine(settings.jobs_url)] if settings.jobs_url != own else [])

    def close(self) -> None:
        for engine in self._engines:
            engine.dispose()

    def write(self, table: Any, **row: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(insert(table).values(team=TEAM, **row))

    def change(self, table: Any, **row: Any) -> None:
        with self._engine.begin() as connection:
            assert connection.execute(update(table).where(table.c.team == TEAM).values(row)).rowcount

    def read(self, table: Any) -> list[dict[str, Any]]:
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(select(table)).mappings()]

    def holding(self, *words: str) -> dict[str, set[str]]:
        """Name each column that holds one of these words, as it is or within what DBOS has encoded, with the words."""
        found: dict[str, set[str]] = {}
        for column, word in self._held(words):
            found.setdefault(column, set()).add(word)
        return found

    def holds_none_of(self, *words: str) -> bool:
        """Say whether no column holds one of these words, which takes long only where that is so."""
        return next(self._held(words), None) is None

    def _held(self, words: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Give each column and word that it holds, once for each row."""
        encoded = {word: word.encode() for word in words}
        for engine in self._engines:
            with engine.connect() as connection:
                for table in self._tables_of(engine):
                    for row in connection.execute(select(table)).mappings():
                        for column, value in row.items():
                            texts = _read(value)
                            for word, sought in encoded.items():
                                if any(sought in text for text in texts):
                                    yield f"{table.name}.{column}", word

    @staticmethod
    def _tables_of(engine: Engine) -> list[Table]:
        """Ask one database of its kind what tables it has, which takes longer than reading all of them."""
        is_file = engine.dialect.name == "sqlite"  # all databases of PostgreSQL have the same tables
        kind = engine.dialect.name, Path(engine.url.database or "").name if is_file else ""
        if kind not in _TABLES:
            reflected = MetaData()
            for schema in inspect(engine).get_schema_names():
                if schema not in ("information_schema", "pg_catalog"):
                    reflected.reflect(engine, schema=schema)
            _TABLES[kind] = reflected.sorted_tables
        return _TABLES[kind]


def _read(value: Any) -> list[bytes]:
    if value is None or isinstance(value, int | float):
        return []
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
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def shared(workspace: Workspace, sender: str, recipient: str) -> None:
    """Take the quiz and send its result to somebody."""
    root = await begin(workspace, sender)
    await question(workspace, root, 1)
    await write(workspace, root, in_letters((0, 1, 0, 2, 0)))
    await preview(workspace, await result(workspace, root), sender, recipient)
    await workspace.submit(sender)
    await message(workspace, root, RECEIPT)


async def preview(workspace: Workspace, told: Json, sender: str, recipient: str) -> None:
    """Have shown what would be sent."""
    await workspace.click(sender, told, SHARE)
    await workspace.submit(sender, {"share:to": {"share_to": recipient}, "share:note": {"share_note": NOTE_OF[sender]}})


async def do_everything(workspace: Workspace, databases: Databases) -> None:
    """Have Ana do all that leaves a trace, and Ben what names her."""
    await workspace.home(ANA)
    await workspace.command(ANA, "C_ASK", "/rolefit", "channel")
    await workspace.click(ANA, await privately(workspace, "Only when mentioned"), "Only when mentioned")
    asked = await workspace.post(ANA, "C_GENERAL", "What does MTS mean?")
    await workspace.replies(asked)
    await workspace.replies(await workspace.mention(ANA, "C_GENERAL", "hush", asked))
    edited = await workspace.mention(ANA, "C_GENERAL", "<@U_BOT> do devrels code at night?")
    await workspace.replies(edited)
    await workspace.edit(edited, "<@U_ROLEFIT> What does a research engineer do?")
    deleted = await workspace.mention(ANA, "C_ASK", "What does MTS mean?")
    await workspace.replies(deleted)
    await workspace.delete(deleted)
    await workspace.replies(await workspace.post(ANA, "U_ROLEFIT", "What does a research engineer do?"))
    await workspace.command(ANA, "C_ASK", "/rolefit", "what does an applied scientist do?")
    await workspace.click(ANA, await privately(workspace, "Only you can see this"), "Post here")
    await workspace.shortcut(ANA, "answer_from_faq", {**(await workspace.messages("C_ASK"))[0], "channel": "C_ASK"})
    await workspace.command(ANA, "C_ASK", "/rolefit", "quiet")
    await shared(workspace, ANA, MEI)
    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")
    await workspace.submit(ANA, {"compare_with": BEN})
    await workspace.submit(ANA, {"compare_with": BEN})  # who was filled in would have got another invitation
    await take(workspace, await begin(workspace, ANA), 0, 1)
    await workspace.command(ANA, "C_ASK", "/rolefit", "history")
    await shared(workspace, BEN, ANA)
    await workspace.click(MEI, await copy_of(workspace, MEI), "No more from this person")
    copy = await copy_of(workspace, ANA)
    for label in ("Mark as read", "Let’s talk", "No more from this person"):
        await workspace.click(ANA, copy, label)
    await workspace.post(ANA, copy["channel"], "Let us see on Monday", copy["ts"])
    await workspace.settled()
    await asyncio.to_thread(_write_rows, databases)  # the bot, on this loop, may be writing too


def _write_rows(databases: Databases) -> None:
    put: dict[str, Any] = {"user": ANA, "kind": "unknown", "asked_at": time.time()}
    databases.write(questions, id="q1", channel="C_ASK", ts="5.1", text=TYPED[0], **put)
    databases.write(questions, id="q2", text=TYPED[1], **put)
    voted: dict[str, Any] = {"entry": ENTRY, "helpful": False, "voted_at": time.time()}
    databases.write(votes, channel="C_ASK", answer_ts="6.1", user=ANA, reason="old", comment=TYPED[2], **voted)
    databases.write(votes, channel="C_ASK", answer_ts="6.1", user=BEN, **voted)
    passed = {"channel": "C_ASK", "asked_in": "C_ASK", "question_ts": "5.1", "asked_at": time.time()}
    databases.write(help_requests, ts="7.1", asker=ANA, resolved_by=BEN, **passed)
    databases.write(help_requests, ts="7.2", asker=BEN, resolved_by=ANA, **passed)
    attempt = {"asked_in": "C_ASK", "question_ts": "5.1", "holder": "ask:T_LOCAL:…", "claimed_at": time.time()}
    databases.write(help_attempts, asker=ANA, **attempt)
    databases.change(workspaces, editors_channel="C_ASK", chosen_by=ANA)
    compared: dict[str, Any] = {"sender_agreed": False, "manager_agreed": False, "begun_at": 1.0, "moved_at": 1.0}
    about = {"sender": MEI, "manager": ANA, "run": "x", "state": "declined", "moved_by": "job", "messages": {}}
    databases.write(comparisons, id="c1", **about, **compared)
    databases.write(seen_results, sender=ANA, manager=BEN)
    databases.write(seen_results, sender=MEI, manager=ANA, revealed_at=1.0)
    databases.write(unlisted_shares, sender=ANA)
    databases.write(former_copies, channel="D_OTHER", ts="8.1", recipient=ANA)
    databases.write(unconfirmed_copies, share="s8", run="r8", recipient=ANA, made_at=1.0, given_up_at=2.0)
    databases.write(former_mutes, share="s8", user=BEN, muted=ANA)
    databases.write(former_mutes, share="s7", user=ANA, muted=BEN)
    databases.write(
        installations, bot_user="U_ROLEFIT", bot="B_ROLEFIT", token="hidden", installed_at=1.0, first_steps=ANA
    )


async def forget(workspace: Workspace, user: str = ANA, **forged: Any) -> None:
    await workspace.command(user, "C_ASK", "/rolefit", "forget-me")
    await workspace.click(user, await privately(workspace, "Shall I forget you?", user), "Forget me", **forged)
    await privately(workspace, "I keep nothing about you any more", user)


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have work that lets other work end do so for half a second."""
    for name, seconds in (
        ("privacy.ENDED", 0.5),
        ("privacy.MARGIN", 0.5),
        ("privacy.LOOK", 0.1),
        ("quiz_work.ENDED", 0.5),
    ):
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

        await until(lambda: databases.holds_none_of(*names))
        left = databases.holding(BEN)
        assert left.keys() >= {"runs.user", "votes.user", "help_requests.asker", "workflow_status.workflow_uuid"}
        assert len(databases.read(runs)) == kept_of_ben[0] - 2 == 1
        [share] = databases.read(shares)
        assert (share["recipient"], share["state"]) == ("", "sent")
        answered = databases.read(replies)
        assert {reply["channel"] for reply in answered} == {"C_ASK", "C_GENERAL"}
        assert {reply["asker"] for reply in answered} == {None}
        assert any(reply["state"] == ReplyState.POSTED and reply["answer_ts"] for reply in answered)
        assert databases.read(comparisons) == []
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


@pytest.mark.both_databases
@pytest.mark.usefixtures("_hasty")
async def test_who_is_forgotten_can_begin_anew_and_be_forgotten_again(
    library: Library, tmp_path: Path, kept_in: dict[str, Any]
):
    async with (
        Workspace.start() as workspace,
        bot_in(workspace, library, tmp_path, **kept_in),
        kept(tmp_path, kept_in) as databases,
    ):
        await begin(workspace)
        await forget(workspace)
        root = await begin(workspace)
        await take(workspace, root, 0)
        assert len(databases.read(runs)) == 1

        await forget(workspace)

        await until(lambda: databases.holds_none_of(ANA))


@pytest.mark.usefixtures("_hasty")
async def test_a_second_click_does_nothing_and_a_forged_one_forgets_whoever_has_clicked(
    library: Library, tmp_path: Path, kept_in: dict[str, Any]
):
    async with (
        Workspace.start() as workspace,
        bot_in(workspace, library, tmp_path, **kept_in),
        kept(tmp_path, kept_in) as databases,
    ):
        for user in (ANA, BEN):
            await question(workspace, await begin(workspace, user), 1)
        await workspace.settled()
        await workspace.command(BEN, "C_ASK", "/rolefit", "forget-me")
        asked = await privately(workspace, "Shall I forget you?", BEN)
        assert asked["blocks"][1]["elements"][0]["style"] == "danger"
        assert "Copies of results that you have shared stay" in json.dumps(asked["blocks"][1]["elements"][0]["confirm"])

        await workspace.click_as_shown(BEN, {**asked, "blocks": forged(asked, ANA)}, "Forget me")
        await workspace.click_as_shown(BEN, asked, "Forget me")
        await privately(workspace, "I keep nothing about you any more", BEN)

        assert [run["user"] for run in databases.read(runs)] == [ANA]
        forgettings = [each for each in await workspace.traffic() if "I keep nothing about you" in json.dumps(each)]
        assert len(forgettings) <= 1


def forged(asked: Json, user: str) -> list[Json]:
    """Give the blocks of a message with somebody's id as the value of its button."""
    [lead, actions] = asked["blocks"]
    return [lead, {**actions, "elements": [{**actions["elements"][0], "value": user}]}]


@pytest.mark.usefixtures("_hasty")
async def test_who_was_to_get_a_result_is_forgotten_before_it_is_sent(
    library: Library, tmp_path: Path, kept_in: dict[str, Any]
):
    async with (
        Workspace.start() as workspace,
        bot_in(workspace, library, tmp_path, **kept_in),
        kept(tmp_path, kept_in) as databases,
    ):
        root, told = await sharing.finished(workspace)
        await preview(workspace, told, ANA, BEN)
        await forget(workspace, BEN)
        await until(lambda: databases.holds_none_of(BEN))

        await workspace.submit(ANA)

        await message(workspace, root, "has had me forget them, so I have sent nothing")
        await workspace.settled()
        assert await workspace.dm(BEN) == []


@pytest.mark.usefixtures("_hasty")
async def test_a_process_that_ends_while_it_forgets_leaves_the_rest_to_the_next(
    library: Library, tmp_path: Path, kept_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bot.slack.privacy.ENDED", 3.0)
    async with Workspace.start() as workspace, kept(tmp_path, kept_in) as databases:
        async with bot_in(workspace, library, tmp_path, **kept_in):
            await question(workspace, await begin(workspace), 1)
            await workspace.command(ANA, "C_ASK", "/rolefit", "forget me")
            await workspace.click(ANA, await privately(workspace, "Shall I forget you?"), "Forget me")
            await privately(workspace, "I am forgetting you.")
        assert "workflow_status.workflow_uuid" in databases.holding("forget_me")

        async with bot_in(workspace, library, tmp_path, **kept_in):
            await privately(workspace, "I keep nothing about you any more")
            await until(lambda: databases.holds_none_of(ANA))


@pytest.mark.usefixtures("_hasty")
async def test_forgetting_works_either_way(either_way: Workspace, tmp_path: Path):
    await question(either_way, await begin(either_way), 1)

    await forget(either_way)

    async with kept(tmp_path, {}) as databases:
        await until(lambda: databases.holds_none_of(ANA))


@pytest.mark.usefixtures("_hasty")
async def test_where_slack_shows_no_home_tab_all_the_rest_is_forgotten(library: Library, tmp_path: Path):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        await question(workspace, await begin(workspace), 1)
        await workspace.home(ANA)
        await workspace.settled()
        await workspace.faults(api=[{"method": "views.publish", "error": "not_enabled", "times": 99}])

        await forget(workspace)

        async with kept(tmp_path, {}) as databases:
            await until(lambda: databases.holds_none_of(ANA))


# What is said and sent


async def test_privacy_says_in_five_lines_what_is_kept(either_way: Workspace):
    await either_way.command(ANA, "C_ASK", "/rolefit", "privacy")

    lines = shown(await privately(either_way, "What I keep about you")).splitlines()
    assert [line.partition(":*")[0] for line in lines] == [
        "*What I keep about you", "*Where", "*How long", "*Who sees it", "*Yours to take or erase",
    ]  # fmt: skip
    assert "questions and comments 90 days; replies, and the records of my work, 30 days" in lines[2]
    assert await either_way.dm(ANA) == []


async def test_the_home_tab_and_the_usage_name_the_three_commands(workspace: Workspace):
    home = shown(await workspace.home(ANA))
    await workspace.command(ANA, "C_ASK", "/rolefit", "help")
    usage = shown(await privately(workspace, "starts five questions"))

    for command in ("/rolefit privacy", "/rolefit export", "/rolefit forget-me"):
        assert command in home
        assert command in usage


async def exported(workspace: Workspace) -> Json:
    """Ask for an export and read the file that comes."""
    await workspace.command(ANA, "C_ASK", "/rolefit", "export")
    await privately(workspace, "It comes in our direct message.")

    async def there() -> Json | None:
        return next((each for each in await workspace.dm(ANA) if each.get("files")), None)

    sent = await workspace.until(there, ANA)
    assert "This is all that I keep about you" in sent["text"]
    [file] = sent["files"]
    assert file["name"] == privacy.FILE_NAME
    headers = {"Authorization": f"Bearer {workspace.bot_token}"}
    async with aiohttp.ClientSession() as session, session.get(file["url_private"], headers=headers) as answer:
        found: Json = await answer.json()
    return found


async def test_an_export_holds_every_row_in_words_that_people_understand(either_way: Workspace, library: Library):
    await sharing.shared(either_way, MEI)
    await either_way.settled()

    export = await exported(either_way)

    assert (export["workspace"], export["person"]) == (TEAM, ANA)
    assert {"runs", "answers", "messages", "actions", "shares"} <= export["tables"].keys()
    first = library.quiz.questions[0]
    [answer] = [row for row in export["tables"]["answers"] if row["question"] == first.id]
    assert answer["question_text"] == first.text
    assert answer["choice_text"] == first.choices[0].label
    [run] = export["tables"]["runs"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", run["begun_at"])
    assert [row["recipient"] for row in export["tables"]["shares"]] == [MEI]


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
async def test_an_export_that_slack_fails_to_take_is_sent_again(workspace: Workspace, method: str):
    await workspace.faults(api=[{"method": method, "error": "internal_error"}])

    assert (await exported(workspace))["person"] == ANA


async def test_an_export_has_all_tables_and_nothing_that_others_have_not_sent(
    library: Library, tmp_path: Path, kept_in: dict[str, Any]
):
    async with (
        Workspace.start() as workspace,
        bot_in(workspace, library, tmp_path, **kept_in),
        kept(tmp_path, kept_in) as databases,
    ):
        await do_everything(workspace, databases)
        root = await begin(workspace, MEI)
        await question(workspace, root, 1)
        await write(workspace, root, in_letters((0, 1, 0, 2, 0)))
        await preview(workspace, await result(workspace, root), MEI, ANA)

        tables = (await exported(workspace))["tables"]

    assert tables.keys() == {table.name for table in metadata.sorted_tables if ownership(table).people} | {
        "answers", "messages", "actions",
    }  # fmt: skip
    written = json.dumps(tables)
    assert all(text in written for text in TYPED)
    assert MEI in written  # to whom she has sent hers
    received = [row for row in tables["shares"] if row["recipient"] == ANA]
    seen = {"team", "id", "recipient", *(f"{name}_at" for name in TIMES_OF_SHARE)}
    assert [set(row) for row in received] == [seen]  # Ben's, and not Mei's
    assert [set(row) for row in tables["help_requests"] if row.get("resolved_by") == ANA] == [
        {"team", "channel", "ts", "resolved_by", "asked_at", "resolved_at"}
    ]
    assert tables["votes"][0]["entry_questions"] == [library.entries[ENTRY].question]


async def test_where_files_may_not_be_sent_the_export_comes_as_text(
    library: Library, tmp_path: Path, kept_in: dict[str, Any]
):
    manifest = yaml.safe_load(MANIFEST.read_text())
    manifest["oauth_config"]["scopes"]["bot"].remove("files:write")
    older = tmp_path / "older.yaml"
    older.write_text(yaml.safe_dump(manifest))
    async with Workspace.start(manifest=older) as workspace, bot_in(workspace, library, tmp_path, **kept_in):
        root = await begin(workspace)
        await take(workspace, root, 0, 1)
        await question(workspace, root, 3)
        await workspace.settled()

        await workspace.command(ANA, "C_ASK", "/rolefit", "export")

        async def there() -> list[str] | None:
            parts = [shown(each) for each in await workspace.dm(ANA) if shown(each).startswith("Part ")]
            return parts if parts and len(parts) == int(re.findall(r"of (\d+):", parts[0])[0]) else None

        parts = await workspace.until(there, ANA)
        assert len(parts) > 1
        [lead] = [shown(each) for each in await workspace.dm(ANA) if "does not let me send files" in shown(each)]
        assert "files:write" in lead
        text = "".join(re.findall(r"```\n?(.*?)\n?```", part, re.DOTALL)[0] for part in parts)
        export = json.loads(text.replace("\n", "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
        assert {row["question"] for row in export["tables"]["answers"]} >= {library.quiz.questions[0].id}


def test_a_separator_of_lines_in_what_somebody_wrote_stays_in_an_export(library: Library):
    written = json.dumps({"note": "one\u2028two\u0085three"}, indent=1, ensure_ascii=False)

    assert privacy.in_parts(written) == [written]


@pytest.mark.parametrize("text", ["`" * 9, "<&>" * 2000, "a\n" * 4000, "x" * 9000])
def test_an_export_of_any_length_fits_into_messages(text: str, library: Library):
    written = json.dumps({"text": text.splitlines()}, indent=1)

    parts = privacy.in_parts(written)

    assert json.loads("".join(parts).replace("\n", "")) == json.loads(written)
    for number, part in enumerate(parts, 1):
        assert "```" not in part
        privacy.exported_part(part, number, len(parts), library)  # or slackblocks refuses it
