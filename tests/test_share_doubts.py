"""What is told and remembered of a share where Slack leaves something open, or lets us change a part of it only."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from bot.knowledge import Library
from bot.slack import gateway, slack_calls
from tests.conftest import bot_in
from tests.sharing import (
    ANA,
    MEI,
    RECEIPT,
    copy_of,
    fill_in,
    previewed,
    shared,
    shared_and_outdated,
    thread_of,
    window,
)
from tests.test_quiz_conversation import message, privately, question, take_at_once, write
from tests.test_share_recipient import begun_again, offer, reply, shared_and_taken_again
from tests.test_share_refusals import states
from tests.test_share_sending import (
    MAY_NOT_CHANGE,
    MAY_NOT_DELETE,
    NO_TRY,
    POST,
    STANDS_STILL,
    UPDATE,
    gone,
    ready_to_update,
)
from tests.workspace import Json, Sent, Workspace, buttons, elements, shown

UPDATED_NOW = "the message above, and what stands in this thread below it."
LEFT = "A part of what the copy showed before is still in its thread"


async def seen_before(workspace: Workspace, root: Sent) -> bool:
    """Say whether Ana is told, as she is about to invite Mei to compare, that Mei has seen a result of hers."""
    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")
    view = await workspace.modal(ANA)
    told = "answers are hidden" in shown(view)  # to her, who is picked already
    if not told:
        answer = await workspace.submit(ANA, {"compare:with": {"compare_with": MEI}})
        told = "answers are hidden" in str(answer)
    if told:
        await workspace.close(ANA, everything=True)
    assert root
    return told


# Updates of which a part stays


async def test_a_part_that_stays_is_named_in_the_receipt_and_can_be_taken_away_later(workspace: Workspace):
    root, copy = await ready_to_update(workspace, parts=["recommendation"])
    changed = {"method": UPDATE, **NO_TRY, "times": 4}  # the first message, twice, and two of the thread
    await workspace.faults(api=[MAY_NOT_DELETE, changed, {**MAY_NOT_CHANGE, "times": 2}])
    await workspace.submit(ANA)
    await message(workspace, root, "where a part of the old one is left")
    await workspace.settled()
    await workspace.faults()

    now = await message(workspace, root, LEFT)
    assert "Update" in buttons(now)
    await window(workspace, now, label="Update")
    await fill_in(workspace, None, parts=["recommendation"])
    await workspace.submit(ANA)
    await workspace.settled()

    assert LEFT not in shown(await message(workspace, root, RECEIPT))
    left = [shown(each) for each in await thread_of(workspace, copy)]
    assert len(left) == 3
    assert left[-1] == "<@U_MEI>: <@U_ANA> has updated " + UPDATED_NOW


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_part_that_may_be_missing_is_named_and_there_once_after_the_next_update(
    hasty: Workspace, data: Path, arrived: bool
):
    root, copy = await ready_to_update(hasty, parts=["recommendation", "answers", "table", "graded"])
    before = len(await thread_of(hasty, copy))
    posted = {"method": POST, "error": "internal_error", "done": arrived}
    await hasty.faults(api=[posted, {"method": "conversations.replies", "error": "internal_error"}])
    await hasty.submit(ANA)
    await message(hasty, root, "Slack did not take all of the thread below it, or did not say whether it has")
    await hasty.settled()
    await hasty.faults()
    receipt = await message(hasty, root, "has had a part of this since")
    assert LEFT not in shown(receipt)

    await window(hasty, receipt, label="Update")
    await fill_in(hasty, None, parts=["recommendation", "answers", "table", "graded"])
    await hasty.submit(ANA)
    await hasty.settled()

    receipt = await message(hasty, root, RECEIPT)
    assert "Update" not in buttons(receipt)
    told = [shown(each) for each in await thread_of(hasty, copy)]
    assert len(told) == len(set(told)) > before
    assert states(data)[-1] == "sent"


async def test_a_part_that_may_be_there_is_not_posted_again_where_we_may_not_look(hasty: Workspace):
    root, copy = await ready_to_update(hasty, parts=["recommendation", "answers", "table", "graded"])
    posted = {"method": POST, "error": "internal_error", "done": True}
    await hasty.faults(api=[posted, {"method": "conversations.replies", "error": "internal_error"}])
    await hasty.submit(ANA)
    await message(hasty, root, "Slack did not take all of the thread below it")
    await hasty.settled()
    there = len(await thread_of(hasty, copy))

    await hasty.faults(api=[{"method": "conversations.replies", "error": "missing_scope", "times": 9}])
    await window(hasty, await message(hasty, root, "has had a part of this since"), label="Update")
    await fill_in(hasty, None, parts=["recommendation", "answers", "table", "graded"])
    await hasty.submit(ANA)
    await hasty.settled()

    assert len(await thread_of(hasty, copy)) == there
    await message(hasty, root, "has had a part of this since")


async def test_an_update_beside_another_is_told_that_this_is_under_way(workspace: Workspace):
    root, now = await shared_and_outdated(workspace)
    copy = await copy_of(workspace)
    await workspace.settled()
    await window(workspace, now, label="Update")
    await fill_in(workspace, None, parts=["recommendation"])
    await workspace.faults(api=[{**STANDS_STILL, "method": UPDATE}])
    await workspace.submit(ANA)
    await window(workspace, now, label="Update")
    await fill_in(workspace, None, parts=["recommendation", "answers"])
    await workspace.submit(ANA)

    await message(workspace, root, "I am still putting another result in place of the copy that <@U_MEI> has")

    await workspace.faults()
    await workspace.settled()
    assert "the answers" not in shown(await workspace.latest(MEI, copy))


async def test_what_comes_after_a_withdrawal_and_stays_is_told(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    root, copy = await ready_to_update(workspace, parts=["recommendation", "answers", "table", "graded"])
    deliver, goes_on = gateway.SlackGateway.deliver_message, asyncio.Event()

    async def wait(*args: Any, **kwargs: Any) -> Any:
        delivered = await deliver(*args, **kwargs)
        await goes_on.wait()
        return delivered

    monkeypatch.setattr(gateway.SlackGateway, "deliver_message", wait)
    before = len(await thread_of(workspace, copy))
    await workspace.submit(ANA)
    await thread_of(workspace, copy, count=before + 1)
    await workspace.faults(api=[{"method": "conversations.replies", "error": "missing_scope", "times": 2}])
    await workspace.click(ANA, await message(workspace, root, RECEIPT), "Withdraw")
    await message(workspace, root, "*Withdrawn on")
    await workspace.faults(api=[MAY_NOT_DELETE, MAY_NOT_CHANGE])
    goes_on.set()

    await message(workspace, root, "One message came into its thread after that")


async def test_an_older_round_that_is_deleted_while_its_copy_cannot_be_changed_takes_the_copy_with_it(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
):
    root, again = await shared_and_taken_again(hasty)
    copy = await copy_of(hasty)
    await window(hasty, await message(hasty, root, "The copy is of an older answer"), label="Update")
    await fill_in(hasty, None)
    await hasty.settled()
    update, is_reached, goes_on = gateway.SlackGateway.update_message, asyncio.Event(), asyncio.Event()

    async def wait(self: Any, team: str, channel: str, ts: str, *args: Any, **kwargs: Any) -> slack_calls.CallResult:
        if ts == copy["ts"]:
            is_reached.set()
            await goes_on.wait()
        return await update(self, team, channel, ts, *args, **kwargs)

    monkeypatch.setattr(gateway.SlackGateway, "update_message", wait)
    await hasty.submit(ANA)

    await is_reached.wait()
    assert states(data) == ["replacing", "sent"]
    await hasty.command(ANA, "C_ASK", "/rolefit", "history")
    listed = await privately(hasty, "Your rounds")
    older = [each for each in elements(listed) if each["label"] == "Delete"][-1]
    await hasty.click_as_shown(ANA, listed, older["action_id"])

    async def is_deleted() -> bool:
        return states(data) == ["sent"]  # what the copy had before goes with its round

    await hasty.until(is_deleted, ANA)
    await hasty.faults(api=[MAY_NOT_CHANGE])
    goes_on.set()

    await message(hasty, again, "I cannot change the copy that <@U_MEI> has")
    await gone(hasty)


async def test_what_a_copy_has_shown_counts_as_seen_though_it_ended_during_an_update_to_less(
    hasty: Workspace,
):
    root, now = await shared_and_outdated(hasty)  # the recommendation
    await window(hasty, now, label="Update")
    await fill_in(hasty, None, parts=["table"])
    await hasty.settled()
    await hasty.faults(api=[{"method": UPDATE, "error": "message_not_found"}])  # somebody who may has deleted it
    await hasty.submit(ANA)
    await message(hasty, root, "I cannot change the copy that <@U_MEI> has")
    await hasty.settled()

    assert await seen_before(hasty, root)


# What counts as a change


async def test_a_later_round_with_too_few_answers_hides_no_change(workspace: Workspace):
    root, _ = await shared(workspace)
    await workspace.settled()
    again = await begun_again(workspace, root)
    await take_at_once(workspace, again, 0)
    for number in range(2, 6):
        await question(workspace, again, number)
        await write(workspace, again, "skip")
    await message(workspace, again, "picture")
    await workspace.settled()
    assert "older answer" not in shown(await message(workspace, root, RECEIPT))

    await write(workspace, root, "change 5 to d")

    now = await message(workspace, root, "The copy is of an older answer")
    await window(workspace, now, label="Update")
    assert (await fill_in(workspace, None))["response_action"] == "push"


# Copies of which Slack never said whether they arrived


async def in_doubt(workspace: Workspace, folder: Path, *, arrived: bool = True) -> Sent:
    """Share a result of which Slack does not say whether it took it; gives the root of the round."""
    root, _ = await previewed(workspace)
    await workspace.faults(api=[{"method": POST, "error": "internal_error", "done": arrived}])
    await workspace.submit(ANA)
    await message(workspace, root, "Slack did not say whether <@U_MEI> got it.")
    await workspace.settled()
    await workspace.faults()
    assert states(folder) == ["uncertain"]
    return root


async def test_a_reply_below_a_copy_that_slack_never_confirmed_can_be_passed_on(hasty: Workspace, data: Path):
    root = await in_doubt(hasty, data)
    copy = await copy_of(hasty)

    await reply(hasty, copy, "Thanks, let us talk on Monday")

    await hasty.click(MEI, await offer(hasty, copy), "Send")
    await message(hasty, root, "It did arrive")
    await message(hasty, root, "has had a part of this since")
    assert "Thanks, let us talk on Monday" in shown(await message(hasty, root, "replied to what you shared"))
    told = [shown(each) for each in await thread_of(hasty, copy)]
    assert not any("I don’t know" in text for text in told)


async def test_a_message_in_another_thread_confirms_nothing(hasty: Workspace, data: Path):
    await in_doubt(hasty, data, arrived=False)
    there = await hasty.direct(MEI)
    other = await hasty.post(MEI, there, "Hello")

    await hasty.post(MEI, there, "Thanks, let us talk on Monday", other)
    await hasty.settled()

    assert states(data) == ["uncertain"]


async def test_whom_a_copy_may_not_have_reached_is_answered_in_threads_of_their_own(hasty: Workspace, data: Path):
    await in_doubt(hasty, data, arrived=False)
    there = await hasty.direct(MEI)
    question = await hasty.post(MEI, there, "What does MTS stand for?")
    await hasty.settled()

    await hasty.post(MEI, there, "and what is the weather like tomorrow?", question)
    await hasty.settled()

    assert len(await hasty.thread(there, question, MEI)) > 2


@pytest.mark.parametrize("arrived", [True, False])
async def test_what_was_withdrawn_and_never_found_was_seen_by_nobody(hasty: Workspace, data: Path, arrived: bool):
    root = await in_doubt(hasty, data, arrived=arrived)
    await hasty.command(ANA, "C_ASK", "/rolefit", "shares")
    await hasty.click(ANA, await privately(hasty, "Perhaps <@U_MEI>, on"), "Withdraw")
    await message(hasty, root, "It had arrived" if arrived else "found nothing")
    await hasty.settled()

    assert await seen_before(hasty, root) is arrived


async def test_what_an_update_may_have_shown_counts_as_seen(hasty: Workspace, data: Path):
    root, now = await shared_and_outdated(hasty, parts=["table"])
    await window(hasty, now, label="Update")
    await fill_in(hasty, None, parts=["recommendation", "table"])
    await hasty.settled()
    await hasty.faults(api=[{"method": UPDATE, "error": "internal_error"}])
    await hasty.submit(ANA)
    await message(hasty, root, "Slack did not say whether it has changed the copy")
    await hasty.settled()

    assert await seen_before(hasty, root)
    with sqlite3.connect(data / "rolefit.db") as connection:
        assert connection.execute("SELECT message FROM shares WHERE updates IS NOT NULL").fetchall() == [("{}",)]


async def test_what_may_have_been_posted_is_not_posted_twice_where_slack_does_not_let_us_look(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(slack_calls, "TRIES", 3)
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        root, _ = await previewed(workspace)
        posted = {"method": POST, "error": "internal_error", "done": True}
        await workspace.faults(api=[posted, {"method": "conversations.history", "error": "missing_scope", "times": 9}])

        await workspace.submit(ANA)

        await message(workspace, root, "Slack did not say whether <@U_MEI> got it.")
        await workspace.settled()
        there: list[Json] = [each for each in await workspace.dm(MEI) if "shares a result" in shown(each)]
        assert len(there) == 1
