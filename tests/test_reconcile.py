"""The thread of a round comes to what the round says, whatever becomes of the knowledge, the bot or the thread."""

import asyncio
import shutil
import signal
import sqlite3
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from bot import background, knowledge, work_records
from bot.domain.actions import Reply
from bot.domain.quiz import apply
from bot.knowledge import Library
from bot.settings import KNOWLEDGE
from bot.slack.gateway import SlackGateway
from bot.storage.comparisons import Comparisons
from tests import conftest, played, test_process
from tests.conftest import rows
from tests.sharing import finished
from tests.shipped import few_entries
from tests.test_knowledge_live import Logged, logged, until_logged  # noqa: F401 - a fixture
from tests.test_quiz_conversation import (
    CLEAR,
    ENGINEER,
    begin,
    card,
    find,
    message,
    privately,
    question,
    recorded,
    result,
    rounds,
    say_what_about,
    take,
    take_at_once,
    write,
)
from tests.test_quiz_left_alone import edited, let_time_pass, released
from tests.workspace import Json, Sent, Workspace, buttons, shown

LIMITED = {"method": "chat.postMessage", "error": "ratelimited", "retry_after": 1, "times": 1000}


# Without the second stage, which nothing here is about and whose loading takes its time.
def bot_in(workspace: Workspace, library: Library, data: Path, **given: Any) -> AbstractAsyncContextManager[None]:
    return conftest.bot_in(workspace, library, data, rolefit_encoder="off", **given)


def bot(workspace: Workspace, data: Path, folder: Path) -> AbstractAsyncContextManager[test_process.Started]:
    started: AbstractAsyncContextManager[test_process.Started] = test_process.bot(
        workspace, data, KNOWLEDGE_DIR=str(folder), ROLEFIT_ENCODER="off"
    )
    return started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The knowledge as an editor has it."""
    return Path(shutil.copytree(KNOWLEDGE, tmp_path / "knowledge"))


def edit(file: Path, before: str, after: str) -> None:
    content = file.read_text()
    assert before in content
    file.write_text(content.replace(before, after))


async def refused(workspace: Workspace, code: str, method: str = "chat.postMessage") -> None:
    """Wait until the bot has been refused with this code."""

    async def told() -> bool:
        return any(each["status"] == code for each in await workspace.traffic(method))

    await workspace.until(told, "U_ANA")


async def stuck(workspace: Workspace, *trouble: Json, told: str = "chat.postMessage") -> Sent:
    """Answer the third question while Slack takes no message: the fourth has to wait."""
    root = await begin(workspace)
    await privately(workspace, "I have sent you the first question")  # whose work waits for the latest question
    await take(workspace, root, *CLEAR[:2])
    third = await question(workspace, root, 3)
    await workspace.faults(api=list(trouble or [LIMITED]))
    await workspace.click("U_ANA", third, buttons(third)[CLEAR[2]])
    await refused(workspace, "ratelimited", told)
    return root


async def stopped(
    workspace: Workspace, data: Path, folder: Path, *trouble: Json, told: str = "chat.postMessage"
) -> Sent:
    """Have a bot stuck, and stop it; from then on Slack takes everything again."""
    async with bot(workspace, data, folder) as first:
        await workspace.connected()
        root = await stuck(workspace, *trouble, told=told)
        assert await first.gets(signal.SIGTERM) == 0
    await workspace.faults()
    return root


@played.once
async def answered(workspace: Workspace, *choices: int) -> tuple[Sent, Json]:
    """Answer the first questions, and be asked the next; gives the root and that question."""
    root = await begin(workspace)
    await take(workspace, root, *choices)
    return root, await question(workspace, root, len(choices) + 1)


async def thread(workspace: Workspace, root: Sent) -> list[Json]:
    return [each for each in await workspace.thread(root.channel, root, "U_ANA") if each["user"] == "U_ROLEFIT"]


async def asked_once(workspace: Workspace, root: Sent) -> bool:
    """Say whether each of the first four questions stands in the thread once."""
    texts = [shown(each) for each in await thread(workspace, root)]
    return all(sum(text.startswith(f"Question {number} of") for text in texts) == 1 for number in range(1, 5))


# The knowledge is edited while the work sleeps


async def test_a_word_edited_while_the_next_question_waits_for_its_turn(tmp_path: Path, folder: Path):
    async with Workspace.start() as workspace:
        root = await stopped(workspace, tmp_path, folder)
        edit(folder / "words.yaml", "Your answer: *{choice}*", "You answered: *{choice}*")
        async with bot(workspace, tmp_path, folder) as second:
            fourth = await question(workspace, root, 4)
            await workspace.click("U_ANA", fourth, buttons(fourth)[CLEAR[3]])
            await question(workspace, root, 5)
            await write(workspace, root, "1")

            assert "the role of an AI researcher." in shown(await result(workspace, root))
            answered = await message(workspace, root, "Question 1 of 5")
            await workspace.latest("U_ANA", answered, once=lambda now: "You answered: *" in shown(now))
            assert "Error" not in second.said()
        assert await asked_once(workspace, root)


def with_another_row(folder: Path) -> None:
    """Add a row to the table of the roles."""
    known = yaml.safe_load((folder / "tables.yaml").read_text())
    [roles] = [each for each in known["tables"] if each["id"] == "roles"]
    cells = {column["id"]: "Anywhere" for column in roles["columns"]}
    roles["rows"].insert(0, {"id": "place", "label": "Place", "cells": cells})
    (folder / "tables.yaml").write_text(yaml.safe_dump(known, allow_unicode=True))


async def test_a_row_added_to_the_table_while_the_next_question_waits(tmp_path: Path, folder: Path):
    async with Workspace.start() as workspace:
        root = await stopped(workspace, tmp_path, folder)
        with_another_row(folder)
        async with bot_in(workspace, knowledge.load(folder), tmp_path):
            await question(workspace, root, 4)
            await write(workspace, root, "4c 5a")
            told = await result(workspace, root)
            await workspace.click("U_ANA", told, "Whole table")

            assert "Anywhere" in shown(await message(workspace, root, "Place"))


async def test_a_column_taken_from_the_table_while_the_next_question_waits(tmp_path: Path, folder: Path):
    async with Workspace.start() as workspace:
        root = await stopped(workspace, tmp_path, folder)
        edited(folder, tables=True)
        async with bot_in(workspace, knowledge.load(folder), tmp_path):
            told = await message(workspace, root, "The questions have been rewritten since you began")
            assert "I kept 2 of your 3 answers" in shown(told)
            await question(workspace, root, 1)
            await write(workspace, root, "1a 4c 5a")

            assert "the role of an AI researcher." in shown(await result(workspace, root))
            assert sum("have been rewritten" in shown(each) for each in await thread(workspace, root)) == 1


async def test_knowledge_taken_up_in_the_middle_of_it(
    tmp_path: Path,
    folder: Path,
    logged: Logged,  # noqa: F811 - the fixture
):
    few_entries(folder, "member-of-technical-staff", "research-vs-slow-engineering")
    async with (
        Workspace.start() as workspace,
        bot_in(workspace, knowledge.load(folder), tmp_path, knowledge_dir=folder),
    ):
        root = await stuck(workspace)
        edit(folder / "words.yaml", "Your answer: *{choice}*", "You answered: *{choice}*")
        await until_logged(logged, "took up the knowledge")
        await workspace.faults()

        await question(workspace, root, 4)
        await write(workspace, root, "4c 5a")

        assert "the role of an AI researcher." in shown(await result(workspace, root))
        await message(workspace, root, "You answered: *")


# Something is done to the round between two updates


@pytest.mark.both_databases
async def test_what_is_done_between_two_updates_leaves_no_message_as_it_was(
    workspace: Workspace,
    library: Library,
    tmp_path: Path,
    kept_in: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
):
    """The answers to two questions are changed, changed again, and changed back, while their messages are updated."""
    first, second, *_ = library.quiz.questions

    def answers(one: int, two: int) -> Reply:
        chosen = {first.id: (first.choices[one].id,), second.id: (second.choices[two].id,)}
        return Reply(answers=chosen, ts="1.0")

    root, _ = await answered(workspace, 0, 0)
    meanwhile = {2: answers(2, 2), 3: answers(0, 0)}  # by how many updates were made
    updated: list[str] = []
    update = SlackGateway.update_message

    async def update_and_do(self: SlackGateway, team: str, channel: str, ts: str, *args: Any, **how: Any) -> Any:
        result = await update(self, team, channel, ts, *args, **how)
        if ts != root:
            updated.append(ts)
            if action := meanwhile.pop(len(updated), None):
                async with rows(tmp_path, kept_in) as store:
                    [(_, stored)] = await store.runs.latest(limit=1)
                    await store.runs.apply(team, stored.id, partial(apply, action=action), by=f"{len(updated)}")
        return result

    await workspace.settled()
    monkeypatch.setattr(SlackGateway, "update_message", update_and_do)
    await write(workspace, root, "1b 2b")
    await workspace.settled()

    assert not meanwhile
    shows = [shown(each) for each in await thread(workspace, root)]
    for number, asked in enumerate((first, second), 1):
        [told] = [text for text in shows if text.startswith(f"Question {number} of")]
        assert f"Your answer: {asked.choices[0].label}" in told.replace("*", "")


# The work dies


def change(database: Path, statement: str, **values: Any) -> int:
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        changed = connection.execute(text(statement), values).rowcount
    engine.dispose()
    return changed


async def test_work_that_cannot_be_gone_on_with_lets_go_of_its_round(
    tmp_path: Path, library: Library, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(background, "DUE_RUNS_EVERY", 0.1)
    async with Workspace.start() as workspace:
        root = await stopped(workspace, tmp_path, KNOWLEDGE)
        # As if the steps that were recorded were none of ours.
        pending = "workflow_uuid IN (SELECT workflow_uuid FROM workflow_status WHERE status = 'PENDING')"
        renamed = f"UPDATE operation_outputs SET function_name = 'x' WHERE function_id > 1 AND {pending}"
        assert await played.apart(change, tmp_path / "jobs.db", renamed)
        async with bot_in(workspace, library, tmp_path):
            fourth = await question(workspace, root, 4)
            await workspace.click("U_ANA", fourth, buttons(fourth)[CLEAR[3]])
            await question(workspace, root, 5)
            assert await asked_once(workspace, root)


async def test_what_slack_refused_for_good_is_shown_with_the_next_thing_that_is_done(workspace: Workspace):
    root, third = await answered(workspace, *CLEAR[:2])
    await workspace.faults(api=[{"method": "chat.postMessage", "error": "restricted_action"}])
    await workspace.click("U_ANA", third, buttons(third)[CLEAR[2]])
    await refused(workspace, "restricted_action")

    await write(workspace, root, "continue")

    fourth = await question(workspace, root, 4)
    await workspace.click("U_ANA", fourth, buttons(fourth)[CLEAR[3]])
    await question(workspace, root, 5)


def of_another_version(data: Path, version: str) -> None:
    """Have the work that has not ended be of this version, and have held its round for a long time."""
    wait = "UPDATE workflow_status SET application_version = :version WHERE status = 'PENDING'"
    assert change(data / "jobs.db", wait, version=version)
    assert change(data / "rolefit.db", "UPDATE runs SET held_at = 1 WHERE holder IS NOT NULL")


async def test_work_of_another_version_is_left_alone_and_holds_its_round_no_longer_than_any(
    tmp_path: Path, library: Library, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(background, "DUE_RUNS_EVERY", 0.1)
    async with Workspace.start() as workspace:
        root = await stopped(workspace, tmp_path, KNOWLEDGE)
        of_another_version(tmp_path, "6")
        async with bot_in(workspace, library, tmp_path):
            await question(workspace, root, 4)
            await write(workspace, root, "4c 5a")

            await result(workspace, root)
            assert await asked_once(workspace, root)
        ledger = work_records.WorkRecords(f"sqlite:///{tmp_path / 'jobs.db'}")
        assert ledger.left_behind() == {"6": 1}
        ledger.close()


@pytest.mark.parametrize("database_fails", [False, True])
async def test_what_dead_work_has_posted_is_found_by_whoever_takes_over(
    tmp_path: Path, library: Library, monkeypatch: pytest.MonkeyPatch, *, database_fails: bool
):
    """Also where the database is away for a moment, right after the round has been taken over."""
    monkeypatch.setattr(background, "DUE_RUNS_EVERY", 0.1)
    failures = ["database is locked"] if database_fails else []
    open_of_run = Comparisons.open_of_run

    async def open_of_run_or_fail(self: Comparisons, team: str, run: str) -> list[str]:
        if failures:
            raise OperationalError("", {}, sqlite3.OperationalError(failures.pop()))
        return await open_of_run(self, team, run)

    monkeypatch.setattr(Comparisons, "open_of_run", open_of_run_or_fail)
    async with Workspace.start() as workspace:
        # Slack has it, and goes on saying that it does not know.
        lost = {"method": "chat.postMessage", "error": "internal_error", "done": True}
        blind = LIMITED | {"method": "conversations.replies"}
        root = await stopped(workspace, tmp_path, KNOWLEDGE, lost, blind, told="conversations.replies")
        of_another_version(tmp_path, "6")
        async with bot_in(workspace, library, tmp_path):
            await card(workspace, root, "3 of 5 answered")
            await write(workspace, root, "4c 5a")
            await result(workspace, root)

            assert await asked_once(workspace, root)


# The thread is gone


async def forgotten(workspace: Workspace, data: Path, library: Library, *choices: int) -> str:
    """Answer so many questions in a workspace that forgets all; gives the ts of the card that was."""
    async with bot_in(workspace, library, data):
        if len(choices) == len(CLEAR):
            root, _ = await finished(workspace)
        else:
            root, _ = await answered(workspace, *choices)
        await released(data)
    return str(root)


async def opened(workspace: Workspace, old: str) -> Sent:
    """Wait until there is one card in the direct message, and give the root of the thread."""
    [new] = await workspace.dm("U_ANA", count=1)
    assert new["ts"] != old
    return Sent(new["ts"], new["channel"], "U_ANA")


async def test_open_in_the_history_opens_a_thread_that_is_gone_anew(tmp_path: Path, library: Library):
    async with Workspace.start() as workspace:
        old = await forgotten(workspace, tmp_path, library, *CLEAR)
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        await workspace.command("U_ANA", "C_ASK", "/rolefit", "history")
        listed = await privately(workspace, "Your rounds")
        await workspace.click("U_ANA", listed, "Open")

        root = await opened(workspace, old)
        note = await privately(workspace, "Open the questions")
        assert root.replace(".", "") in note["text"].replace(".", "")
        told = await result(workspace, root)
        assert "the role of an AI researcher." in shown(told)
        await workspace.click("U_ANA", told, "Titles")
        await message(workspace, root, "Typical background")
        await workspace.click("U_ANA", listed, "Open")
        await workspace.settled()
        await released(tmp_path)
        assert len(await workspace.dm("U_ANA")) == 1


async def test_continue_there_goes_on_under_a_card_where_the_thread_is_gone(tmp_path: Path, library: Library):
    async with Workspace.start() as workspace:
        old = await forgotten(workspace, tmp_path, library, *CLEAR[:2])
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        await workspace.command("U_ANA", "C_ASK", "/rolefit")
        offer = await privately(workspace, "You have a round that is not finished")
        await workspace.click("U_ANA", offer, "Continue there")

        root = await opened(workspace, old)
        assert "2 of 5 answered" in shown(await card(workspace, root, "Pause"))
        await question(workspace, root, 3)
        await privately(workspace, "Open the questions")
        await write(workspace, root, "3a 4c 5a")
        assert "the role of an AI researcher." in shown(await result(workspace, root))
        assert len(await workspace.dm("U_ANA")) == 1


async def test_a_reminder_opens_a_thread_that_is_gone_anew(
    tmp_path: Path, library: Library, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(background, "DUE_RUNS_EVERY", 0.1)
    async with Workspace.start() as workspace:
        old = await forgotten(workspace, tmp_path, library, *CLEAR[:1])
    await let_time_pass(tmp_path)
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        root = await opened(workspace, old)
        reminder = await message(workspace, root, "Shall we go on?")
        await workspace.click("U_ANA", reminder, "Continue")
        await question(workspace, root, 2)


async def test_a_round_that_closes_where_its_thread_is_gone_says_nothing(
    tmp_path: Path, library: Library, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(background, "DUE_RUNS_EVERY", 0.1)
    async with Workspace.start() as workspace:
        old = await forgotten(workspace, tmp_path, library, *CLEAR[:1])
    state = "UPDATE runs SET due = 'expire', due_at = 1"
    assert await played.apart(change, tmp_path / "rolefit.db", state) == 1
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        await workspace.until(lambda: found_gone(workspace), "U_ANA")
        await released(tmp_path)
        await workspace.settled()
        assert await workspace.dm("U_ANA") == []

        await workspace.command("U_ANA", "C_ASK", "/rolefit", "history")
        await workspace.click("U_ANA", await privately(workspace, "Your rounds"), "Open")

        root = await opened(workspace, old)
        await workspace.click("U_ANA", await card(workspace, root, "Closed after two weeks"), "Continue")
        await question(workspace, root, 2)


async def found_gone(workspace: Workspace) -> bool:
    return any(each["status"] == "channel_not_found" for each in await workspace.traffic("chat.update"))


async def test_what_slack_puts_beside_a_thread_whose_root_is_gone_is_taken_back(tmp_path: Path, library: Library):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        root, third = await answered(workspace, *CLEAR[:2])
        await released(tmp_path)
        # To Slack a root that has been removed is a ts like any other.
        assert await played.apart(change, tmp_path / "rolefit.db", "UPDATE runs SET root_ts = '1.000001'") == 1
        await workspace.click("U_ANA", third, buttons(third)[CLEAR[2]])

        async def anew() -> Sent | None:
            new = (await workspace.dm("U_ANA"))[-1]
            return Sent(new["ts"], new["channel"], "U_ANA") if "3 of 5 answered" in shown(new) else None

        again = await workspace.until(anew, "U_ANA")
        await question(workspace, again, 4)
        await released(tmp_path)
        assert len(await workspace.dm("U_ANA")) == 2

        # What is left of the thread before goes with the round.
        await workspace.command("U_ANA", "C_ASK", "/rolefit", "history")
        await workspace.click("U_ANA", await privately(workspace, "Your rounds"), "Delete")
        await card(workspace, again, "You deleted this round.")

        async def alone() -> bool:
            return len(await thread(workspace, root)) == 1

        await workspace.until(alone, "U_ANA")


# The round before is deleted


async def test_of_a_deleted_round_nothing_remains_in_the_one_after_it(
    tmp_path: Path, library: Library, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bot.slack.quiz_work.ENDED", 0.5)
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        _, told = await finished(workspace)
        await workspace.click("U_ANA", told, "Take it again")
        second = await say_what_about(workspace, await rounds(workspace, 2))
        await take_at_once(workspace, second, *ENGINEER)
        since = await message(workspace, second, "Since last time")
        assert "it was an AI researcher" in shown(since).replace("*", "")
        assert recorded(tmp_path / "jobs.db", ["Since last time"])
        await workspace.command("U_ANA", "C_ASK", "/rolefit", "history")
        listed = await privately(workspace, "Your rounds")

        await workspace.click("U_ANA", listed, find(listed, "quiz_delete", -1))

        async def without() -> bool:
            now = shown(await workspace.latest("U_ANA", since))
            return "Since last time" not in now and "the role of an AI engineer." in now

        await workspace.until(without, "U_ANA")
        async with asyncio.timeout(20):
            while await asyncio.to_thread(recorded, tmp_path / "jobs.db", ["Since last time"]):  # noqa: ASYNC110 - only the rows tell
                await asyncio.sleep(0.1)
        assert buttons(await result(workspace, second))
