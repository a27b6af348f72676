"""Slack allows some fifty changes of messages a minute: who takes the quiz waits for none of them."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from bot import background
from bot.knowledge import Library
from bot.slack.quiz_work import QuizWorker
from bot.storage.comparisons import Comparisons
from bot.storage.runs import Runs
from tests.conftest import bot_in
from tests.test_quiz_conversation import (
    CLEAR,
    at_first_question,
    begin,
    card,
    message,
    privately,
    question,
    result,
    take,
    write,
)
from tests.workspace import Json, Sent, Workspace, buttons, shown

NO_UPDATES = {"method": "chat.update", "error": "ratelimited", "retry_after": 600, "times": 1000}


async def updated(workspace: Workspace) -> set[str]:
    """Give the ts of the messages that the bot has tried to change by chat.update."""
    return {str(call["request"]["ts"]) for call in await workspace.traffic("chat.update")}


async def first_prompt(workspace: Workspace, root: Sent) -> Json:
    return await message(workspace, root, "Question 1 of 5")


@pytest.mark.parametrize("how", ["clicked", "typed"])
async def test_the_quiz_goes_on_while_slack_takes_no_updates(workspace: Workspace, how: str):
    root = await begin(workspace)
    await workspace.faults(api=[NO_UPDATES])

    if how == "clicked":
        await take(workspace, root)
    else:
        for number, choice in enumerate(CLEAR, 1):
            await question(workspace, root, number)
            await write(workspace, root, "abcde"[choice])

    await result(workspace, root)


async def test_a_clicked_question_is_replaced_at_once_by_the_address_of_the_click(workspace: Workspace):
    root = await begin(workspace)
    await workspace.faults(api=[NO_UPDATES])
    first = await question(workspace, root, 1)

    await workspace.click("U_ANA", first, buttons(first)[0])

    replaced = await workspace.latest("U_ANA", first, once=lambda now: "Your answer:" in shown(now))
    assert not buttons(replaced)
    assert first["ts"] not in await updated(workspace)


async def test_an_address_that_is_used_up_is_no_loss(tmp_path: Path, library: Library):
    async with Workspace.start(response_url_uses=0) as workspace, bot_in(workspace, library, tmp_path):
        root = await begin(workspace)
        first = await question(workspace, root, 1)

        await workspace.click("U_ANA", first, buttons(first)[0])

        await workspace.latest("U_ANA", first, once=lambda now: "Your answer:" in shown(now))
        assert first["ts"] in await updated(workspace)


async def test_what_slack_put_off_is_shown_once_it_takes_updates_again(workspace: Workspace):
    root = await begin(workspace)
    await card(workspace, root, "0 of 5 answered")
    await workspace.faults(api=[NO_UPDATES | {"retry_after": 1, "times": 2}])

    await question(workspace, root, 1)
    await write(workspace, root, "a")

    await card(workspace, root, "1 of 5 answered")
    assert "Your answer:" in shown(await first_prompt(workspace, root))


async def test_the_card_is_changed_once_nobody_clicks_any_more(tmp_path: Path, library: Library):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path, post_interval=0.2):
        root = await begin(workspace)
        await take(workspace, root, *CLEAR[:3])
        await question(workspace, root, 4)

        await card(workspace, root, "3 of 5 answered")

        changes = [call for call in await workspace.traffic("chat.update") if call["request"]["ts"] == root]
        assert len(changes) < 4  # what it is about, and three answers


async def test_work_put_off_by_a_bot_that_ends_is_done_by_the_next(tmp_path: Path, library: Library):
    async with Workspace.start() as workspace:
        async with bot_in(workspace, library, tmp_path):
            root = await begin(workspace)
            await card(workspace, root, "0 of 5 answered")
            await workspace.faults(api=[NO_UPDATES | {"retry_after": 2, "times": 1}])
            await question(workspace, root, 1)
            await write(workspace, root, "a")
            await question(workspace, root, 2)
        async with bot_in(workspace, library, tmp_path):
            await card(workspace, root, "1 of 5 answered")
            assert "Your answer:" in shown(await first_prompt(workspace, root))


@pytest.mark.parametrize("trouble", [{"error": "internal_error", "status": 503}, {"error": "ratelimited"}])
async def test_an_address_that_slack_does_not_serve_now_holds_nothing_up(workspace: Workspace, trouble: Json):
    root = await at_first_question(workspace)
    first = await question(workspace, root, 1)
    await workspace.faults(api=[{"method": "response_url", "times": 100, **trouble}])

    await workspace.click("U_ANA", first, buttons(first)[0])

    await question(workspace, root, 2)
    await workspace.latest("U_ANA", first, once=lambda now: "Your answer:" in shown(now))
    assert first["ts"] in await updated(workspace)


async def left_to_a_refresh(workspace: Workspace) -> Sent:
    """Answer a question while Slack takes no update, so that a refresh has to make it, which takes its time."""
    root = await begin(workspace)
    await card(workspace, root, "0 of 5 answered")
    put_off = NO_UPDATES | {"retry_after": 1, "times": 1}
    slow = {"method": "chat.update", "error": None, "delay": 2, "times": 1}
    await workspace.faults(api=[put_off, slow])
    await question(workspace, root, 1)
    await write(workspace, root, "a")
    await question(workspace, root, 2)

    async def begun() -> bool:
        return "1 of 5 answered" in shown((await workspace.thread(root.channel, root, "U_ANA"))[0]) or any(
            "Your answer:" in shown(message) and "Question 1" in shown(message)
            for message in await workspace.thread(root.channel, root, "U_ANA")
        )

    await workspace.until(begun, "U_ANA")  # the refresh holds the round, and waits for Slack's answer
    return root


async def test_what_is_answered_while_a_refresh_is_at_work_is_shown_by_it(workspace: Workspace):
    root = await left_to_a_refresh(workspace)
    await workspace.faults(api=[NO_UPDATES | {"retry_after": 1, "times": 1}])

    await write(workspace, root, "2b")

    await question(workspace, root, 3)
    await card(workspace, root, "2 of 5 answered")
    assert "Your answer:" in shown(await message(workspace, root, "Question 2 of 5"))


async def test_a_refresh_that_fails_lets_go_of_the_round(
    tmp_path: Path, library: Library, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(background, "DUE_RUNS_EVERY", 0.1)
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        root = await left_to_a_refresh(workspace)
        await workspace.faults(api=[{"method": "chat.postMessage", "error": "restricted_action"}])

        await write(workspace, root, "2b")

        await question(workspace, root, 3)
        await card(workspace, root, "2 of 5 answered")


async def test_what_is_left_to_a_refresh_that_cannot_be_begun_is_shown_all_the_same(
    tmp_path: Path, library: Library, monkeypatch: pytest.MonkeyPatch
):
    refresh_later = QuizWorker._refresh_later
    failures: list[tuple[Any, ...]] = []

    async def fail_once(worker: QuizWorker, *arguments: Any) -> None:
        if not failures:
            failures.append(arguments)
            raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))
        await refresh_later(worker, *arguments)

    monkeypatch.setattr(background, "DUE_RUNS_EVERY", 0.1)
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        root = await begin(workspace)
        await card(workspace, root, "0 of 5 answered")
        await question(workspace, root, 1)
        await workspace.settled()
        monkeypatch.setattr(QuizWorker, "_refresh_later", fail_once)
        await workspace.faults(api=[NO_UPDATES | {"retry_after": 1, "times": 1}])

        await write(workspace, root, "a")

        await card(workspace, root, "1 of 5 answered")
    assert failures


async def test_an_action_that_fails_once_it_has_taken_hold_of_a_round_lets_go_of_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    root, open_of_run = await begin(workspace), Comparisons.open_of_run
    await question(workspace, root, 1)
    await workspace.settled()  # nobody holds the round
    failed = asyncio.Event()

    async def fail_once(comparisons: Comparisons, team: str, run_id: str) -> list[str]:
        if not failed.is_set():
            failed.set()
            raise RuntimeError
        return await open_of_run(comparisons, team, run_id)

    monkeypatch.setattr(Comparisons, "open_of_run", fail_once)
    await write(workspace, root, "1b")
    await failed.wait()
    await workspace.settled()

    await write(workspace, root, "2b")

    await question(workspace, root, 3)


async def test_a_question_whose_place_cannot_be_recorded_at_first_is_posted_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    root, record_message = await begin(workspace), Runs.record_message
    await question(workspace, root, 1)
    await workspace.settled()
    calls = []

    async def fail_once(runs: Runs, *arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 1:
            raise OperationalError("UPDATE", {}, sqlite3.OperationalError("away"))
        await record_message(runs, *arguments)

    monkeypatch.setattr(Runs, "record_message", fail_once)
    looked = len(await workspace.traffic("conversations.replies"))
    await write(workspace, root, "1b")
    await question(workspace, root, 2)
    await workspace.settled()

    thread = await workspace.thread(root.channel, root, "U_ANA")
    assert sum(shown(sent).startswith("Question 2 of") for sent in thread) == 1
    assert len(calls) == 2
    assert (
        len(await workspace.traffic("conversations.replies")) == looked
    )  # as this process knows that it has posted it


async def test_a_round_is_deleted_though_slack_takes_its_last_update_later(tmp_path: Path, library: Library):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        root = await begin(workspace)
        await question(workspace, root, 1)
        await workspace.command("U_ANA", "C_ASK", "/rolefit", "history")
        listed = await privately(workspace, "Your rounds")
        await workspace.faults(api=[NO_UPDATES | {"retry_after": 1, "times": 2}])

        await workspace.click("U_ANA", listed, "Delete")

        left = await workspace.latest("U_ANA", listed, once=lambda now: "Your rounds" not in shown(now))
        assert "older" not in shown(left)
        await workspace.latest("U_ANA", {"ts": root, "channel": root.channel}, once=lambda now: "deleted" in shown(now))
        await gone(tmp_path)


async def gone(folder: Path) -> None:
    """Wait until no row of a round is left."""
    async with asyncio.timeout(20):
        while True:
            with sqlite3.connect(folder / "rolefit.db") as connection:
                if connection.execute("SELECT count(*) FROM runs").fetchone() == (0,):
                    return
            await asyncio.sleep(0.02)  # the database tells nobody
