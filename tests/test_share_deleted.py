"""What is said of shares and comparisons whose round was deleted, before, while and after they were sent or changed."""

import asyncio
import sqlite3
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.sql import text
from structlog.testing import capture_logs

from bot.slack import gateway, slack_calls
from bot.storage import Store
from tests.conftest import rows
from tests.sharing import ANA, MEI, change_rows, copy_of, fill_in, previewed, shared, thread_of, window
from tests.test_edge import Edge, edge
from tests.test_quiz_conversation import message, privately, result
from tests.test_redelivery import deliver_again
from tests.test_share_afterwards import delete_round, lists_mute
from tests.test_share_doubts import in_doubt
from tests.test_share_recipient import reply, shared_and_taken_again, told_alone
from tests.test_share_refusals import states
from tests.test_share_sending import (
    MAY_NOT_CHANGE,
    MAY_NOT_DELETE,
    NO_TRY,
    POST,
    UPDATE,
    gone,
    half_sent,
    ready_to_update,
)
from tests.workspace import BOT, Json, Sent, Workspace, buttons, elements, shown

__all__ = ["edge"]  # the fixture

BEFORE = "2026-11-01 12:00:00.000000"  # of the day of these tests, or later
STAYS = "may still stand with those who got it"
NOBODY = "nobody else sees a result of yours."


@pytest.fixture
def hasty(hasty: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The same, whose bot tells later at once."""
    monkeypatch.setattr("bot.slack.share_work.BETWEEN_TRIES", 0.1)
    return hasty


async def listed(workspace: Workspace) -> str:
    """Give what Ana is told of who can see what."""
    await workspace.settled()
    before = len(await _alone(workspace))
    await workspace.command(ANA, "C_ASK", "/rolefit", "shares")

    async def is_there() -> bool:
        return len(await _alone(workspace)) > before

    await workspace.until(is_there, ANA)
    return (await _alone(workspace))[-1]


async def _alone(workspace: Workspace) -> list[str]:
    return [shown(each) for each in await workspace.messages("C_ASK", ANA) if each.get("ephemeral")]


# The list


@pytest.mark.parametrize(
    "chosen", [{"parts": ["table"], "note": "I would like to lead less"}, {}], ids=["table", "all"]
)
async def test_what_stands_of_a_deleted_round_is_in_the_list_whatever_it_shows(hasty: Workspace, chosen: Json):
    await shared(hasty, **chosen)
    await delete_round(hasty)

    told = await listed(hasty)

    assert STAYS in told
    assert NOBODY not in told


async def test_what_was_withdrawn_before_its_round_was_deleted_is_not_said_to_stand(hasty: Workspace):
    _, receipt = await shared(hasty)
    await hasty.click(ANA, receipt, "Withdraw")
    await hasty.settled()
    await delete_round(hasty)

    assert NOBODY in await listed(hasty)


@pytest.mark.both_databases
async def test_a_comparison_that_is_not_kept_any_more_is_no_deleted_round(
    workspace: Workspace, data: Path, kept_in: dict[str, Any]
):
    await shared(workspace, parts=["table"])
    async with rows(data, kept_in) as store:
        await pruned_reveal(store)

    told = await listed(workspace)

    assert "in a comparison of which I keep nothing any more" in told
    assert STAYS not in told


async def pruned_reveal(store: Store) -> None:
    """Have a revealed comparison of Ana's be deleted as old ones are."""
    run = await store.runs.latest_result("T_LOCAL", ANA)
    assert run
    people = {"sender": ANA, "manager": MEI}
    assert await store.comparisons.begin("T_LOCAL", "c1", run.id, **people, by="test")
    async with store.comparisons._engine.begin() as connection:
        revealed = "UPDATE comparisons SET state = 'revealed', open = NULL, due_at = NULL, moved_at = :at"
        await connection.execute(text(revealed), {"at": time.time() - 61 * 86400})
    await store.comparisons.prune(time.time() - 30 * 86400)
    assert await store.comparisons.get("T_LOCAL", "c1") is None


async def test_what_was_taken_back_of_a_round_deleted_while_it_was_sent_is_not_said_to_stand(workspace: Workspace):
    await half_sent(workspace)
    await deletes(workspace)
    await privately(workspace, "You have no rounds yet.")
    await workspace.faults()
    await gone(workspace)

    assert NOBODY in await listed(workspace)


# While it is sent, changed or withdrawn


async def deletes(workspace: Workspace) -> None:
    """Have Ana click that her latest round is to be deleted."""
    await workspace.command(ANA, "C_ASK", "/rolefit", "history")
    told = await privately(workspace, "Your rounds")
    latest = next(each for each in elements(told) if each["label"] == "Delete")
    await workspace.click_as_shown(ANA, told, latest["action_id"])


async def test_what_stays_of_a_deleted_round_is_told_later_where_slack_fails(hasty: Workspace):
    await previewed(hasty)
    await hasty.settled()  # so that the first message to be posted is the copy's
    slow = {"method": POST, "error": None, "delay": 2.0, "times": 1}
    stuck = [MAY_NOT_DELETE, MAY_NOT_CHANGE]
    await hasty.faults(api=[{"method": POST, **NO_TRY}, slow, *stuck])
    await hasty.submit(ANA)
    await copy_of(hasty)
    await deletes(hasty)
    await privately(hasty, "You have no rounds yet.")
    await hasty.faults(api=[*stuck, {"method": POST, "error": "service_unavailable"}])

    await told_in_direct(hasty, "Slack did not let me take back what had arrived")
    assert STAYS in await listed(hasty)


async def test_what_could_not_be_withdrawn_is_told_later_though_another_copy_is_newer(hasty: Workspace):
    root, receipt = await shared(hasty)
    await window(hasty, await result(hasty, root))
    await fill_in(hasty, note="And this")
    await hasty.submit(ANA)
    await hasty.settled()
    failing = {"method": POST, "error": "service_unavailable", "times": 1}
    await hasty.faults(api=[MAY_NOT_DELETE, MAY_NOT_CHANGE, failing])

    await hasty.click(ANA, receipt, "Withdraw")

    await message(hasty, root, "Slack did not let me take back all of what <@U_MEI> has")


class Paused:
    """A change of one message that waits until it may go on."""

    def __init__(self, ts: str) -> None:
        self.ts = ts
        self.is_reached, self.goes_on = asyncio.Event(), asyncio.Event()

    def patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        update = gateway.SlackGateway.update_message

        async def wait(
            slack: Any, team: str, channel: str, ts: str, *args: Any, **kwargs: Any
        ) -> slack_calls.CallResult:
            if ts == self.ts:
                self.is_reached.set()
                await self.goes_on.wait()
            return await update(slack, team, channel, ts, *args, **kwargs)

        monkeypatch.setattr(gateway.SlackGateway, "update_message", wait)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a round be deleted though its result is still being sent, as after hours of waiting."""
    monkeypatch.setattr("bot.slack.slack_worker.LOOKS", 1)


class PausedCall:
    """The first call of a method of Slack's, which waits until it may go on."""

    def __init__(self, method: str) -> None:
        self.method = method
        self.is_reached, self.goes_on = asyncio.Event(), asyncio.Event()

    def patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        api_call = AsyncWebClient.api_call

        async def wait(client: AsyncWebClient, api_method: str, **kwargs: Any) -> Any:
            if api_method == self.method and not self.is_reached.is_set():
                self.is_reached.set()
                await self.goes_on.wait()
            return await api_call(client, api_method, **kwargs)

        monkeypatch.setattr(AsyncWebClient, "api_call", wait)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("error", ["cant_update_message", "internal_error"])
async def test_a_newer_round_that_is_deleted_while_its_first_change_fails_takes_the_copy_with_it(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch, error: str
):
    receipt = await about_to_update(hasty)
    # a copy that has been there for a day
    await change_rows(data, "UPDATE shares SET claimed_at = claimed_at - 86400, sent_at = sent_at - 86400")
    call = PausedCall(UPDATE)
    call.patch(monkeypatch)
    await hasty.submit(ANA)
    await call.is_reached.wait()
    await deletes(hasty)
    await one_round_is_left(hasty, data)
    await hasty.faults(api=[{"method": UPDATE, "error": error, "times": 1}])
    call.goes_on.set()

    told = await hasty.latest(ANA, receipt, once=lambda now: "so I have taken that away" in shown(now))
    assert buttons(told) == []
    await gone(hasty)
    assert NOBODY in await listed(hasty)


@pytest.mark.usefixtures("impatient")
async def test_what_became_of_the_copy_is_told_where_slack_does_not_change_the_receipt(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
):
    await about_to_update(hasty)
    call = PausedCall(UPDATE)
    call.patch(monkeypatch)
    await hasty.submit(ANA)
    await call.is_reached.wait()
    await deletes(hasty)
    await one_round_is_left(hasty, data)
    await hasty.faults(api=[{"method": UPDATE, "error": "internal_error", "times": 2}])
    call.goes_on.set()

    await told_in_direct(hasty, "so I have taken that away. <@U_MEI> may have read it.")
    await gone(hasty)


async def about_to_update(workspace: Workspace) -> Json:
    """Go as far as the preview of an update to a newer round; gives the receipt."""
    root, _ = await shared_and_taken_again(workspace)
    receipt = await message(workspace, root, "The copy is of an older answer")
    await window(workspace, receipt, label="Update")
    await fill_in(workspace, None)
    await workspace.settled()
    return receipt


async def one_round_is_left(workspace: Workspace, folder: Path) -> None:
    """Wait until one of two rounds is deleted."""

    async def is_deleted() -> bool:
        with sqlite3.connect(folder / "rolefit.db") as connection:
            [kept] = connection.execute("SELECT count(*) FROM runs").fetchone()
            return int(kept) == 1

    await workspace.until(is_deleted, ANA)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("stuck", [False, True], ids=["taken away", "that stays"])
async def test_a_newer_round_that_is_deleted_while_its_result_takes_the_place_of_a_copy_is_accounted_for(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch, stuck: bool
):
    receipt = await about_to_update(hasty)
    copy = await copy_of(hasty)
    paused = Paused(copy["ts"])
    paused.patch(monkeypatch)
    await hasty.submit(ANA)
    await paused.is_reached.wait()
    await deletes(hasty)
    await one_round_is_left(hasty, data)
    await hasty.faults(api=[MAY_NOT_DELETE, {**MAY_NOT_CHANGE, "times": 3}] if stuck else [])
    paused.goes_on.set()
    await hasty.settled()

    left = "Slack did not let me take back all of what <@U_MEI> has of it" if stuck else "so I have taken that away"
    told = await hasty.latest(ANA, receipt, once=lambda now: left in shown(now))
    assert buttons(told) == []
    if not stuck:
        await gone(hasty)
    assert (STAYS in await listed(hasty)) == stuck


@pytest.mark.usefixtures("impatient")
async def test_what_may_have_arrived_of_a_deleted_round_is_told_and_listed(
    hasty: Workspace, monkeypatch: pytest.MonkeyPatch
):
    await previewed(hasty)
    await hasty.settled()
    call = PausedCall(POST)
    call.patch(monkeypatch)
    nowhere = {"method": "conversations.history", "error": "internal_error"}
    await hasty.submit(ANA)
    await call.is_reached.wait()
    await deletes(hasty)
    await privately(hasty, "You have no rounds yet.")
    await hasty.faults(api=[{"method": POST, "error": "internal_error", "done": True}, nowhere])
    call.goes_on.set()

    await told_in_direct(hasty, "Slack did not say whether it arrived. Please ask <@U_MEI>.")
    assert STAYS in await listed(hasty)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fails", [False, True], ids=["told at once", "told later"])
async def test_what_stays_of_a_round_that_is_deleted_during_a_withdrawal_is_told_and_listed(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
):
    _, receipt = await shared(hasty)
    copy = await copy_of(hasty)
    await hasty.settled()
    paused = Paused(copy["ts"])
    paused.patch(monkeypatch)
    stuck = [MAY_NOT_DELETE, MAY_NOT_CHANGE]
    await hasty.faults(api=stuck)
    await hasty.click(ANA, receipt, "Withdraw")
    await paused.is_reached.wait()
    await hasty.faults()
    await deletes(hasty)
    await privately(hasty, "You have no rounds yet.")
    await hasty.faults(api=[*stuck, *([{"method": POST, "error": "service_unavailable"}] if fails else [])])
    paused.goes_on.set()

    await told_in_direct(hasty, "Slack did not let me take back all of what <@U_MEI> has of it")
    assert STAYS in await listed(hasty)


async def told_in_direct(workspace: Workspace, text: str) -> None:
    """Wait until Ana has been told something in her direct message, or in a thread there."""

    async def is_told() -> bool:
        direct = await workspace.dm(ANA)
        threads = [each for root in direct for each in await workspace.thread(root["channel"], root["ts"], ANA)]
        return any(text in shown(each) for each in [*direct, *threads])

    await workspace.until(is_told, ANA)


async def test_that_an_update_changed_nothing_is_not_told_once_another_has(
    hasty: Workspace, monkeypatch: pytest.MonkeyPatch
):
    root, _ = await ready_to_update(hasty)
    await hasty.settled()
    paused, goes_on = asyncio.Event(), asyncio.Event()

    async def wait(_: float) -> None:
        paused.set()
        await goes_on.wait()

    monkeypatch.setattr("bot.slack.share_work.pause", wait)
    failing = [{"method": method, "error": "service_unavailable", "times": 1} for method in ("users.info", POST)]
    await hasty.faults(api=failing)
    await hasty.submit(ANA)
    await paused.wait()
    await window(hasty, await message(hasty, root, "The copy is of an older answer"), label="Update")
    await fill_in(hasty, None)
    await hasty.submit(ANA)
    await message(hasty, root, "You have updated it since")

    goes_on.set()
    await hasty.settled()
    thread = await hasty.thread(root.channel, root, ANA)
    assert not any("I have changed nothing" in shown(each) for each in thread)


async def test_a_withdrawal_of_what_is_not_known_any_more_is_answered(hasty: Workspace, data: Path):
    _, receipt = await shared(hasty)
    await hasty.settled()
    await change_rows(data, "DELETE FROM shares")

    await hasty.click(ANA, receipt, "Withdraw")

    async def is_told() -> bool:
        thread = await hasty.thread(receipt["channel"], receipt["thread_ts"], ANA)
        return any("there is nothing I can withdraw" in shown(each) for each in thread)

    await hasty.until(is_told, ANA)


# Several copies of one sender


@pytest.mark.parametrize("where", ["list", "this copy", "the other copy"])
async def test_every_copy_offers_again_what_it_did_once_its_sender_is_allowed(hasty: Workspace, where: str):
    root, _ = await shared(hasty)
    await window(hasty, await result(hasty, root))
    await fill_in(hasty, note="And this")
    await hasty.submit(ANA)
    await hasty.settled()
    copies = [each for each in await hasty.dm(MEI) if "shares a result" in shown(each)]
    assert len(copies) == 2
    await hasty.click(MEI, copies[0], "No more from this person")
    for copy in copies:
        await hasty.latest(MEI, copy, once=lambda now: "Allow shares again" in buttons(now))

    if where == "list":
        await hasty.click(MEI, await lists_mute(hasty), "Allow shares again")
    else:
        at = copies[0] if where == "this copy" else copies[1]
        await hasty.click(MEI, await hasty.latest(MEI, at), "Allow shares again")

    for copy in copies:
        await hasty.latest(MEI, copy, once=lambda now: "No more from this person" in buttons(now))


async def test_a_copy_whose_round_was_deleted_takes_back_a_mute_that_was_said_at_another(hasty: Workspace, data: Path):
    _, again = await shared_and_taken_again(hasty)
    await window(hasty, await result(hasty, again))
    await fill_in(hasty)
    await hasty.submit(ANA)
    await hasty.settled()
    first, second = [each for each in await hasty.dm(MEI) if "shares a result" in shown(each)]
    await hasty.click(MEI, first, "No more from this person")
    copy = await hasty.latest(MEI, second, once=lambda now: "Allow shares again" in buttons(now))
    await deletes(hasty)
    await one_round_is_left(hasty, data)

    await hasty.click(MEI, copy, "Allow shares again")

    await told_alone(hasty, "<@U_ANA> can share results with you again.")
    allowed = await hasty.latest(MEI, first, once=lambda now: "No more from this person" in buttons(now))

    # It goes on saying that she gets no more, and is right, or takes that back, whatever was clicked elsewhere.
    await hasty.click(MEI, allowed, "No more from this person")
    await hasty.latest(MEI, first, once=lambda now: "Allow shares again" in buttons(now))
    for _ in range(2):
        before = await _count_allowed(hasty)
        await hasty.click(MEI, copy, "Allow shares again")
        await hasty.until(partial(_is_allowed_since, hasty, before), MEI)
        await hasty.latest(MEI, first, once=lambda now: "No more from this person" in buttons(now))


async def test_a_copy_that_slack_never_confirmed_takes_back_a_mute_too(hasty: Workspace, data: Path):
    root = await in_doubt(hasty, data)
    unconfirmed = await copy_of(hasty)
    await window(hasty, await result(hasty, root))
    await fill_in(hasty, note="And this")
    await hasty.submit(ANA)
    await hasty.settled()
    sent = [each for each in await hasty.dm(MEI) if "shares a result" in shown(each)][-1]
    await hasty.click(MEI, sent, "No more from this person")
    await hasty.latest(MEI, sent, once=lambda now: "Allow shares again" in buttons(now))
    await hasty.click(MEI, unconfirmed, "Mark as read")
    copy = await hasty.latest(MEI, unconfirmed, once=lambda now: "Allow shares again" in buttons(now))
    await delete_round(hasty)
    await hasty.settled()

    await hasty.click(MEI, copy, "Allow shares again")

    await told_alone(hasty, "<@U_ANA> can share results with you again.")


async def _count_allowed(workspace: Workspace) -> int:
    told = "<@U_ANA> can share results with you again."
    return sum(told in shown(each) for each in await workspace.dm(MEI))


async def _is_allowed_since(workspace: Workspace, before: int) -> bool:
    return await _count_allowed(workspace) > before


# Replies and buttons where no round is any more, or Slack refuses


async def test_a_reply_below_a_copy_that_slack_never_confirmed_is_answered_once_its_round_is_deleted(
    hasty: Workspace, data: Path
):
    await in_doubt(hasty, data)
    copy = await copy_of(hasty)
    await delete_round(hasty)
    await hasty.settled()

    for count in (1, 2):  # it is looked for once, and known then
        await reply(hasty, copy, "Thanks, let us talk on Monday")
        await told_below(hasty, copy, "has deleted the result since", count)

    assert not any("I don’t know" in shown(each) for each in await thread_of(hasty, copy))


async def test_a_reply_below_such_a_copy_that_comes_again_is_answered_once(
    edge: Edge, tmp_path: Path, tries: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bot.slack.slack_calls.TRIES", tries)
    await in_doubt(edge.workspace, tmp_path)
    copy = await copy_of(edge.workspace)
    await delete_round(edge.workspace)
    await edge.workspace.settled()
    answered = await reply(edge.workspace, copy, "Thanks, let us talk on Monday")
    await told_below(edge.workspace, copy, "has deleted the result since")

    await deliver_again(edge, answered)

    thread = await thread_of(edge.workspace, copy)
    assert sum("has deleted the result since" in shown(each) for each in thread) == 1


async def test_a_copy_that_was_lost_long_ago_takes_no_later_message_for_a_reply(hasty: Workspace, data: Path):
    await shared(hasty)
    copy = await copy_of(hasty)
    await hasty.settled()
    # as if the work that sent it had died 20 days ago
    long_ago = f"UPDATE shares SET sent_at = NULL, claimed_at = claimed_at - {20 * 86400}, made_at = '{BEFORE}'"
    await change_rows(data, "DELETE FROM share_messages", long_ago)
    await hasty.call("chat.delete", channel=copy["channel"], ts=copy["ts"])
    await delete_round(hasty)
    await hasty.settled()
    there = await hasty.direct(MEI)
    told = await hasty.call("chat.postMessage", channel=there, text="Something else of ours")

    await hasty.post(MEI, there, "and what is the weather like tomorrow?", Sent(told["ts"], there, BOT))
    await hasty.settled()

    assert len(await hasty.thread(there, Sent(told["ts"], there, BOT), MEI)) > 2


@pytest.mark.usefixtures("impatient")
async def test_a_reply_below_a_copy_whose_round_was_deleted_while_it_was_sent_is_answered(
    hasty: Workspace, monkeypatch: pytest.MonkeyPatch
):
    await previewed(hasty)
    await hasty.settled()
    call = PausedCall(POST)
    call.patch(monkeypatch)
    nowhere = {"method": "conversations.history", "error": "internal_error"}
    await hasty.submit(ANA)
    await call.is_reached.wait()
    await deletes(hasty)
    await privately(hasty, "You have no rounds yet.")
    await hasty.faults(api=[{"method": POST, "error": "internal_error", "done": True}, nowhere])
    call.goes_on.set()
    await hasty.settled()
    await hasty.faults()
    copy = await copy_of(hasty)

    await reply(hasty, copy, "Thanks, let us talk on Monday")

    await told_below(hasty, copy, "has deleted the result since")


async def test_below_another_message_of_that_time_nothing_is_said_of_a_deleted_result(hasty: Workspace, data: Path):
    await in_doubt(hasty, data, arrived=False)
    await delete_round(hasty)
    there = await hasty.direct(MEI)
    question = await hasty.post(MEI, there, "What does MTS stand for?")
    await hasty.settled()

    await hasty.post(MEI, there, "and what is the weather like tomorrow?", question)
    await hasty.settled()

    thread = [shown(each) for each in await hasty.thread(there, question, MEI)]
    assert len(thread) > 2
    assert not any("has deleted the result" in text for text in thread)


async def told_below(workspace: Workspace, copy: Json, text: str, count: int = 1) -> None:
    """Wait until something has been said so often below a copy."""

    async def is_told() -> bool:
        return sum(text in shown(each) for each in await thread_of(workspace, copy)) >= count

    await workspace.until(is_told, MEI)


async def test_a_table_that_slack_does_not_take_is_said_not_to_be_there(hasty: Workspace):
    await shared(hasty)
    copy = await copy_of(hasty)
    await hasty.settled()
    await hasty.faults(api=[{"method": POST, "error": "restricted_action"}])

    await hasty.click(MEI, copy, "Show the whole table")

    await told_alone(hasty, "Slack did not let me post the table here. You can click again later.")
    await hasty.faults()
    await hasty.click(MEI, copy, "Show the whole table")
    await told_below(hasty, copy, "Typical background", 2)


async def test_a_reply_that_cannot_be_asked_about_is_said_not_to_have_reached_the_sender(hasty: Workspace):
    await shared(hasty)
    copy = await copy_of(hasty)
    await hasty.settled()
    await hasty.faults(api=[{"method": POST, "error": "restricted_action"}])

    await reply(hasty, copy, "Thanks, let us talk on Monday")

    await told_below(hasty, copy, "so <@U_ANA> has not seen it. You can write to <@U_ANA> yourself.")


# Withdrawing, or updating, what is deleted meanwhile


class PausedLook:
    """The first look for a message of ours, which waits until it may go on."""

    def __init__(self) -> None:
        self.is_reached, self.goes_on = asyncio.Event(), asyncio.Event()

    def patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        find_message = gateway.SlackGateway.find_message

        async def wait(slack: gateway.SlackGateway, *where: Any, **how: Any) -> Any:
            if not self.is_reached.is_set():
                self.is_reached.set()
                await self.goes_on.wait()
            return await find_message(slack, *where, **how)

        monkeypatch.setattr(gateway.SlackGateway, "find_message", wait)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("faults", "told"),
    [
        ([], "while I was withdrawing it. I have taken away what <@U_MEI> had of it; <@U_MEI> may have read that."),
        ([MAY_NOT_DELETE], "Slack did not let me delete the first message, so it stays and says only that"),
        ([MAY_NOT_DELETE, MAY_NOT_CHANGE], "Slack did not let me take back all of what <@U_MEI> has of it"),
        (
            [{"method": "conversations.history", "error": "access_denied"}],
            "and Slack did not let me look whether",
        ),
    ],
    ids=["taken away", "first message stays", "refused", "not looked"],
)
async def test_a_round_that_is_deleted_while_its_lost_copy_is_looked_for_is_accounted_for(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch, faults: list[Json], told: str
):
    await in_doubt(hasty, data)
    look = PausedLook()
    look.patch(monkeypatch)
    await hasty.command(ANA, "C_ASK", "/rolefit", "shares")
    await hasty.click(ANA, await privately(hasty, "Perhaps <@U_MEI>, on"), "Withdraw")
    await look.is_reached.wait()
    await deletes(hasty)
    await privately(hasty, "You have no rounds yet.")
    await hasty.faults(api=faults)
    look.goes_on.set()

    await told_in_direct(hasty, told)
    await hasty.settled()
    async with rows(data, {}) as store:
        forgotten = told.startswith(("while I was", "Slack did not let me delete"))
        assert (await store.share_traces.unconfirmed_for("T_LOCAL", MEI) == []) == forgotten


@pytest.mark.usefixtures("impatient")
async def test_that_the_first_message_stays_is_told_of_a_copy_whose_newer_round_was_deleted(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
):
    receipt = await about_to_update(hasty)
    copy = await copy_of(hasty)
    await hasty.post(MEI, copy["channel"], "Thanks, let us talk on Monday", copy["ts"])
    await hasty.settled()
    paused = Paused(copy["ts"])
    paused.patch(monkeypatch)
    await hasty.submit(ANA)
    await paused.is_reached.wait()
    await deletes(hasty)
    await one_round_is_left(hasty, data)
    paused.goes_on.set()

    replied = "There were replies in its thread, so the first message stays"
    await hasty.latest(ANA, receipt, once=lambda now: replied in shown(now))
    root = await hasty.latest(MEI, copy)
    assert "withdrew this on" in shown(root)


@pytest.mark.usefixtures("impatient")
async def test_that_the_first_message_stays_is_told_of_a_round_that_is_deleted_during_a_withdrawal(
    hasty: Workspace, monkeypatch: pytest.MonkeyPatch
):
    _, receipt = await shared(hasty)
    copy = await copy_of(hasty)
    await hasty.post(MEI, copy["channel"], "Thanks, let us talk on Monday", copy["ts"])
    await hasty.settled()
    paused = Paused(copy["ts"])
    paused.patch(monkeypatch)
    await hasty.click(ANA, receipt, "Withdraw")
    await paused.is_reached.wait()
    await deletes(hasty)
    await privately(hasty, "You have no rounds yet.")
    paused.goes_on.set()

    await told_in_direct(hasty, "while I was withdrawing it. I have taken away what <@U_MEI> had of it")
    await told_in_direct(hasty, "There were replies in its thread, so the first message stays")


@pytest.mark.usefixtures("impatient")
async def test_a_copy_that_its_recipient_clicks_while_it_is_looked_for_is_withdrawn_as_one_that_arrived(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
):
    root = await in_doubt(hasty, data)
    copy = await copy_of(hasty)
    look = PausedLook()
    look.patch(monkeypatch)
    await hasty.command(ANA, "C_ASK", "/rolefit", "shares")
    await hasty.click(ANA, await privately(hasty, "Perhaps <@U_MEI>, on"), "Withdraw")
    await look.is_reached.wait()
    await hasty.click(MEI, copy, "Show the whole table")
    await message(hasty, root, "It did arrive")
    look.goes_on.set()

    await gone(hasty)
    await message(hasty, root, "*Withdrawn on")
    await privately(hasty, NOBODY)
    assert states(data) == ["withdrawn"]


async def test_the_list_is_brought_up_to_date_though_slack_does_not_take_what_is_told_of_a_withdrawal(
    hasty: Workspace, data: Path
):
    await shared(hasty)
    await hasty.settled()
    await change_rows(data, "DELETE FROM share_messages")
    await hasty.command(ANA, "C_ASK", "/rolefit", "shares")
    listed_before = await privately(hasty, "<@U_MEI>, since")
    await change_rows(data, "DELETE FROM share_messages")
    await hasty.faults(api=[{"method": POST, "error": "restricted_action"}])

    with capture_logs() as logged:
        await hasty.click(ANA, listed_before, "Withdraw")
        await hasty.settled()

    assert "a sender does not know that a copy is not found" in [line["event"] for line in logged]
    assert not [line for line in logged if line["log_level"] == "error"]


class PausedDeletion:
    """The deletion of a round, which waits before the first of the round's own messages until it may go on."""

    def __init__(self, copy: Json) -> None:
        self.other_channel = copy["channel"]
        self.is_reached, self.goes_on = asyncio.Event(), asyncio.Event()

    def patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        delete_message = gateway.SlackGateway.delete_message

        async def wait(slack: gateway.SlackGateway, team: str, channel: str, *rest: Any, **how: Any) -> Any:
            if channel != self.other_channel:
                self.is_reached.set()
                await self.goes_on.wait()
            return await delete_message(slack, team, channel, *rest, **how)

        monkeypatch.setattr(gateway.SlackGateway, "delete_message", wait)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("is_lost", [False, True], ids=["withdrawn", "looked for"])
async def test_what_is_told_while_a_round_is_being_deleted_does_not_go_with_it(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch, is_lost: bool
):
    if is_lost:
        await in_doubt(hasty, data)
        copy = await copy_of(hasty)
        paused: PausedLook | PausedCall = PausedLook()
        paused.patch(monkeypatch)
        await hasty.command(ANA, "C_ASK", "/rolefit", "shares")
        await hasty.click(ANA, await privately(hasty, "Perhaps <@U_MEI>, on"), "Withdraw")
    else:
        _, receipt = await shared(hasty)
        copy = await copy_of(hasty)
        await hasty.settled()
        paused = PausedCall("conversations.replies")
        paused.patch(monkeypatch)
        await hasty.click(ANA, receipt, "Withdraw")
    await paused.is_reached.wait()
    deletion = PausedDeletion(copy)
    deletion.patch(monkeypatch)
    deleting = asyncio.create_task(deletes(hasty))
    await deletion.is_reached.wait()
    paused.goes_on.set()
    await told_in_direct(hasty, "while I was withdrawing it. I have taken away what <@U_MEI> had of it")
    deletion.goes_on.set()

    await deleting
    await privately(hasty, "You have no rounds yet.")
    await hasty.settled()
    await told_in_direct(hasty, "while I was withdrawing it. I have taken away what <@U_MEI> had of it")
    assert NOBODY in await listed(hasty)
    async with rows(data, {}) as store:
        assert await store.share_traces.unconfirmed_for("T_LOCAL", MEI) == []


@pytest.mark.parametrize("replied", [False, True], ids=["taken away", "first message stays"])
async def test_what_had_arrived_of_a_round_that_was_deleted_while_it_was_sent_is_told(
    workspace: Workspace, replied: bool
):
    await half_sent(workspace)
    copy = await copy_of(workspace)
    if replied:
        await workspace.post(MEI, copy["channel"], "Thanks, let us talk on Monday", copy["ts"])
    await deletes(workspace)
    await privately(workspace, "You have no rounds yet.")

    await workspace.faults()

    await told_in_direct(workspace, "so I have taken back what had arrived. <@U_MEI> may have read that.")
    if replied:
        await told_in_direct(workspace, "There were replies in its thread, so the first message stays")
        assert "withdrew this on" in shown(await workspace.latest(MEI, copy))
    else:
        await gone(workspace)


@pytest.mark.usefixtures("impatient")
async def test_that_nothing_was_found_of_a_deleted_round_is_told_later_where_slack_fails(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
):
    await in_doubt(hasty, data, arrived=False)
    look = PausedLook()
    look.patch(monkeypatch)
    await hasty.command(ANA, "C_ASK", "/rolefit", "shares")
    await hasty.click(ANA, await privately(hasty, "Perhaps <@U_MEI>, on"), "Withdraw")
    await look.is_reached.wait()
    await deletes(hasty)
    await privately(hasty, "You have no rounds yet.")
    await hasty.faults(api=[{"method": POST, "error": "service_unavailable", "times": 2}])
    look.goes_on.set()

    await told_in_direct(hasty, "and found nothing that had reached <@U_MEI>.")
