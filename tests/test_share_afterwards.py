"""What is said of a share after something else has happened: a mute, a deletion, an update, a failure of Slack's."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from bot import jobs
from bot.slack.share_work import share_worker
from bot.slack.text import quoted_in_portions
from bot.slack.work import Work
from tests.sharing import ANA, MEI, RECEIPT, copy_of, fill_in, outdated, previewed, shared, thread_of, window
from tests.test_compare_conversation import ONE_WAY, PICK, group, invitation
from tests.test_compare_conversation import finished as another_finished
from tests.test_privacy import forget
from tests.test_quiz_conversation import message, privately, result, write
from tests.test_share_recipient import offer, reply, shared_and_taken_again, told_alone
from tests.test_share_refusals import states
from tests.workspace import Json, Workspace, buttons, elements, shown

ENDED = "I cannot pass on what you write below it"


async def delete_round(workspace: Workspace, which: int = 0) -> None:
    """Have Ana delete one of her rounds, the latest first."""
    await workspace.command(ANA, "C_ASK", "/rolefit", "history")
    listed = await privately(workspace, "Your rounds")
    delete = [each for each in elements(listed) if each["label"] == "Delete"][which]
    await workspace.click_as_shown(ANA, listed, delete["action_id"])
    await workspace.settled()


# What the recipient does


@pytest.mark.parametrize("since", ["nothing", "withdrawn", "deleted"])
async def test_who_wants_no_more_in_a_group_can_allow_it_again_there(hasty: Workspace, data: Path, since: str):
    _, receipt = await shared(hasty, place="group")
    there = await hasty.until(lambda: group(hasty), ANA)
    [copy] = await hasty.messages(there, MEI)
    await hasty.click(MEI, copy, "No more from this person")

    async def note() -> Json | None:
        told = [each for each in await hasty.messages(there, MEI) if each.get("ephemeral")]
        return next((each for each in told if "You get no more shares" in shown(each)), None)

    muted = await hasty.until(note, MEI)
    await hasty.settled()
    if since == "withdrawn":
        await hasty.click(ANA, receipt, "Withdraw")
        await hasty.settled()
    elif since == "deleted":
        await delete_round(hasty)
    await hasty.click(MEI, muted, "Allow shares again")

    async def allowed() -> bool:
        told = [shown(each) for each in await hasty.messages(there, MEI) if each.get("ephemeral")]
        return any("can share results with you again" in text for text in told)

    await hasty.until(allowed, MEI)
    with sqlite3.connect(data / "rolefit.db") as connection:
        assert connection.execute("SELECT user FROM share_mutes").fetchall() == []


async def lists_mute(workspace: Workspace) -> Json:
    """Have Mei look at what she has shared, and from whom she wants nothing."""
    await workspace.command(MEI, "C_ASK", "/rolefit", "shares")
    return await privately(workspace, "You get no shares and no invitations from <@U_ANA>", MEI)


@pytest.mark.parametrize("since", ["nothing", "withdrawn", "deleted"])
async def test_who_wants_no_more_finds_in_their_list_whom_to_allow_again(hasty: Workspace, data: Path, since: str):
    _, receipt = await shared(hasty)
    copy = await copy_of(hasty)
    await hasty.click(MEI, copy, "No more from this person")
    await hasty.settled()
    if since == "withdrawn":
        await hasty.click(ANA, receipt, "Withdraw")
        await hasty.settled()
        assert await hasty.dm(MEI) == []
    elif since == "deleted":
        await delete_round(hasty)

    await hasty.click(MEI, await lists_mute(hasty), "Allow shares again")

    async def is_shown() -> bool:
        told = [shown(each) for each in await hasty.messages("C_ASK", MEI) if each.get("ephemeral")]
        return not any("You get no shares" in text for text in told)

    await hasty.until(is_shown, MEI)
    with sqlite3.connect(data / "rolefit.db") as connection:
        assert connection.execute("SELECT user FROM share_mutes").fetchall() == []


async def test_a_copy_whose_round_was_deleted_takes_back_the_mute_that_was_said_with_it(hasty: Workspace):
    await shared(hasty)
    await hasty.click(MEI, await copy_of(hasty), "No more from this person")
    copy = await hasty.latest(MEI, await copy_of(hasty), once=lambda now: "Allow shares again" in buttons(now))
    await delete_round(hasty)

    await hasty.click(MEI, copy, "Allow shares again")

    await told_alone(hasty, "<@U_ANA> can share results with you again.")


async def test_who_allows_shares_again_on_home_sees_that_there(workspace: Workspace):
    await shared(workspace)
    await workspace.click(MEI, await copy_of(workspace), "No more from this person")
    await workspace.settled()
    home = await workspace.home(MEI)
    assert "You get no shares and no invitations from <@U_ANA>" in shown(home)

    await workspace.click(MEI, home, "Allow shares again")

    async def is_over() -> bool:
        now = await workspace.home_now(MEI)
        return now is not None and "Allow shares again" not in buttons(now)

    await workspace.until(is_over, MEI)


async def test_a_copy_that_stays_though_its_round_was_deleted_is_not_called_unseen_nor_gone(hasty: Workspace):
    await shared(hasty)
    copy = await copy_of(hasty)
    await delete_round(hasty)

    await reply(hasty, copy, "Shall we talk?")
    await hasty.settled()

    told = shown((await thread_of(hasty, copy))[-1])
    assert "has deleted the result since" in told
    assert ENDED in told
    await hasty.command(ANA, "C_ASK", "/rolefit", "shares")
    await privately(hasty, "may still stand with those who got it")


async def test_a_receipt_that_waits_for_its_turn_is_not_posted_twice_because_of_a_change(hasty: Workspace):
    root, _ = await previewed(hasty)
    await hasty.settled()
    slow = {"method": "chat.postMessage", "error": None, "delay": 2.0, "times": 1}
    await hasty.faults(api=[{"method": "chat.postMessage", "error": None, "times": 5}, slow])
    await hasty.submit(ANA)
    copy = await copy_of(hasty)

    async def is_whole() -> bool:
        return any("Three questions for a talk" in shown(each) for each in await thread_of(hasty, copy))

    await hasty.until(is_whole, MEI)
    await write(hasty, root, "change 5 to d")
    await message(hasty, root, "The copy is of an older answer")
    await hasty.settled()

    thread = await hasty.thread(root.channel, root, ANA)
    assert sum(RECEIPT in shown(each) for each in thread) == 1


async def test_who_could_not_be_told_that_nothing_was_sent_hears_so_later(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bot.slack.share_work.BETWEEN_TRIES", 0.1)
    root, _ = await previewed(hasty)
    await hasty.settled()
    refused = {"method": "chat.postMessage", "error": "restricted_action", "times": 1}
    failing = {"method": "chat.postMessage", "error": "service_unavailable", "times": 2}
    await hasty.faults(api=[refused, failing])

    await hasty.submit(ANA)

    assert "This workspace does not let me write to <@U_MEI>" in shown(
        await message(hasty, root, "nobody else has seen it")
    )
    assert states(data) == ["failed"]


async def test_what_is_told_later_is_not_told_where_something_has_come_since(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bot.slack.share_work.BETWEEN_TRIES", 0.1)
    root, _ = await previewed(hasty)
    await hasty.settled()
    await hasty.faults(api=[{"method": "chat.postMessage", "error": "restricted_action", "times": 1}])
    await hasty.submit(ANA)
    told = await message(hasty, root, "This workspace does not let me write to <@U_MEI>")
    await window(hasty, await result(hasty, root))
    await fill_in(hasty)
    await hasty.submit(ANA)
    await message(hasty, root, RECEIPT)
    with sqlite3.connect(data / "rolefit.db") as connection:
        failed = connection.execute("SELECT id, run, made_at FROM shares WHERE state = 'failed'").fetchone()
    share_id, run_id, made_at = failed
    about = {"sender": ANA, "channel": root.channel, "root_ts": root, "run": run_id, "recipient": MEI, "updates": False}
    stands = ["failed", made_at]

    key = Work.TELL_SENDER.key("T_LOCAL", run_id, "again")
    await jobs.start(key, share_worker.tell_later, "T_LOCAL", share_id, about, "restricted", None, stands)
    await hasty.settled()

    thread = await hasty.thread(root.channel, root, ANA)
    assert [each["ts"] for each in thread if "does not let me write to" in shown(each)] == [told["ts"]]


async def test_a_copy_says_again_what_it_offers_once_its_sender_is_allowed_from_the_list(hasty: Workspace):
    await shared(hasty)
    copy = await copy_of(hasty)
    await hasty.click(MEI, copy, "No more from this person")
    await hasty.latest(MEI, copy, once=lambda now: "Allow shares again" in buttons(now))

    await hasty.click(MEI, await lists_mute(hasty), "Allow shares again")

    await hasty.latest(MEI, copy, once=lambda now: "No more from this person" in buttons(now))


async def test_the_whole_table_comes_once_though_it_is_asked_for_twice_at_once(workspace: Workspace):
    await shared(workspace)
    copy = await copy_of(workspace)
    await workspace.settled()
    before = len(await thread_of(workspace, copy))

    await asyncio.gather(*(workspace.click_as_shown(MEI, copy, "Show the whole table") for _ in range(2)))
    await workspace.settled()

    assert len(await thread_of(workspace, copy)) == before + 1


async def test_a_copy_says_that_the_sender_knows_only_if_they_were_told(hasty: Workspace):
    root, _ = await shared(hasty)
    copy = await copy_of(hasty)
    await hasty.settled()
    await hasty.faults(api=[{"method": "chat.postMessage", "error": "service_unavailable"}])
    await hasty.click(MEI, copy, "Let’s talk")
    await told_alone(hasty, "Slack did not let me tell <@U_ANA>")
    await hasty.click(MEI, await hasty.latest(MEI, copy), "Mark as read")
    await hasty.settled()
    assert "knows that you would like to talk" not in shown(await hasty.latest(MEI, copy))

    await hasty.click(MEI, await hasty.latest(MEI, copy), "Let’s talk")

    assert shown(await message(hasty, root, "<@U_MEI> would like to talk")).startswith("<@U_ANA>: ")
    await hasty.settled()
    assert "knows that you would like to talk" in shown(await hasty.latest(MEI, copy))


async def test_a_long_reply_is_passed_on_whole(workspace: Workspace):
    root, _ = await shared(workspace)
    copy = await copy_of(workspace)
    words = " ".join(f"lunch{number}" for number in range(600))
    await reply(workspace, copy, f"Hello\n{words}\nBye")

    await workspace.click(MEI, await offer(workspace, copy), "Send")

    told = await message(workspace, root, "replied to what you shared")
    passed = "\n".join(block["text"]["text"] for block in told["blocks"][:-1])
    assert [word for word in passed.split() if word.startswith("lunch")] == words.split()
    assert passed.split()[-2:] in ([">", "Bye"], ["&gt;", "Bye"])


def test_what_somebody_wrote_is_parted_between_words_and_nothing_in_it_is_torn():
    text = "one two\nthree <https://example.org/a|a long label> &amp; four <@U1> " + "x" * 30

    parts = quoted_in_portions(text, 40)

    assert "".join("".join(parts).replace(">", "").split()) == "".join(text.replace(">", "").split())
    assert all(len(part) <= 40 and part.startswith("> ") for part in parts)
    assert any("<https://example.org/a|a long label>" in part for part in parts)


@pytest.mark.parametrize("text", ["a\n" * 1000, "<https://example.org/" + "a" * 4000 + ">", "&amp;" * 900, "x" * 4000])
def test_whatever_somebody_wrote_fits(text: str):
    parts = quoted_in_portions(text, 2900)

    assert all(len(part) <= 2900 for part in parts)
    assert sum(part.count(text[0]) for part in parts) >= text.count(text[0])
    assert len(parts) <= 2


async def test_a_reply_of_many_short_lines_is_passed_on(workspace: Workspace):
    root, _ = await shared(workspace)
    copy = await copy_of(workspace)
    await reply(workspace, copy, "a\n" * 1000)

    await workspace.click(MEI, await offer(workspace, copy), "Send")

    told = await message(workspace, root, "replied to what you shared")
    assert sum(block["text"]["text"].count("a") for block in told["blocks"][1:-1]) == 1000


# A round that is deleted, or withdrawn from


@pytest.mark.both_databases
async def test_below_a_copy_whose_round_was_deleted_it_is_said_that_nothing_is_passed_on(workspace: Workspace):
    await shared(workspace)
    copy = await copy_of(workspace)
    await workspace.settled()
    await delete_round(workspace)

    await reply(workspace, copy, "Thanks, let us talk on Monday")
    await workspace.settled()

    assert ENDED in shown((await thread_of(workspace, copy))[-1])
    answered = await reply(workspace, copy, "What does MTS stand for?")
    await workspace.settled()
    told = [shown(each) for each in await thread_of(workspace, copy) if float(each["ts"]) > float(answered)]
    assert len(told) == 1
    assert "Member of Technical Staff" in told[0]


async def test_below_a_copy_that_was_withdrawn_it_is_said_that_nothing_is_passed_on(workspace: Workspace):
    _, receipt = await shared(workspace)
    copy = await copy_of(workspace)
    await reply(workspace, copy, "Mine")
    await workspace.settled()
    await workspace.click(ANA, receipt, "Withdraw")
    await workspace.settled()

    await reply(workspace, copy, "Why did you withdraw it?")
    await workspace.settled()

    assert ENDED in shown((await thread_of(workspace, copy))[-1])


async def test_who_has_seen_a_result_is_not_invited_blindly_though_its_round_was_deleted(workspace: Workspace):
    await shared(workspace)
    await workspace.settled()
    await delete_round(workspace)
    await another_finished(workspace)
    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")

    answer = await workspace.submit(ANA, {PICK: MEI})

    assert answer["response_action"] == "update"
    await workspace.submit(ANA)
    assert ONE_WAY in shown(await invitation(workspace))


async def test_a_receipt_is_up_to_date_again_once_the_newer_round_is_deleted(workspace: Workspace):
    root, _ = await shared_and_taken_again(workspace)
    await message(workspace, root, "The copy is of an older answer")
    await workspace.settled()

    await delete_round(workspace)

    async def as_before() -> bool:
        told = await message(workspace, root, RECEIPT)
        return "older answer" not in shown(told) and "Update" not in buttons(told)

    await workspace.until(as_before, ANA)
    await write(workspace, root, "change 5 to d")  # which is told again
    await message(workspace, root, "The copy is of an older answer")


# Receipts and Home


async def test_a_receipt_that_slack_did_not_take_comes_with_the_next_change(hasty: Workspace, data: Path):
    root, _ = await previewed(hasty)
    await hasty.settled()
    # All of the copy is posted, and the receipt is not.
    posted = len((await hasty.modal(ANA))["blocks"])
    assert posted
    await refuse_receipts(hasty)
    await hasty.submit(ANA)
    await hasty.settled()
    await hasty.faults()
    assert states(data) == ["sent"]
    assert not any(RECEIPT in shown(each) for each in await hasty.thread(root.channel, root, ANA))

    await write(hasty, root, "change 5 to d")

    told = await message(hasty, root, RECEIPT)
    assert "The copy is of an older answer" in shown(told)
    assert {"Update", "Withdraw"} <= set(buttons(told))


async def refuse_receipts(workspace: Workspace) -> None:
    """Have Slack take the five messages of a copy, and no other."""
    taken = {"method": "chat.postMessage", "error": None, "times": 5}
    await workspace.faults(api=[taken, {"method": "chat.postMessage", "error": "service_unavailable", "times": 3}])


async def test_the_receipt_of_who_was_forgotten_says_what_they_have(hasty: Workspace):
    root, _ = await shared(hasty)
    await hasty.settled()
    await forget(hasty, MEI)
    await hasty.settled()

    await write(hasty, root, "change 5 to d")

    told = shown(await message(hasty, root, "The copy is of an older answer"))
    assert "a part of this" not in told


async def test_home_says_what_a_copy_shows_after_an_update(workspace: Workspace):
    root, _ = await shared(workspace, parts=["recommendation"])
    await workspace.settled()
    await workspace.home(ANA)
    await window(workspace, await outdated(workspace, root), label="Update")
    await fill_in(workspace, None, parts=["answers", "table"])

    await workspace.submit(ANA)

    async def listed() -> bool:
        home = shown(await workspace.home_now(ANA) or {})
        return "an excerpt of the table, the answers" in home[home.index("Who can see what") :]

    await workspace.until(listed, ANA)


async def test_a_group_preview_for_somebody_who_was_forgotten_is_no_forgery(hasty: Workspace):
    await previewed(hasty, place="group")
    await hasty.settled()
    await forget(hasty, MEI)
    await hasty.settled()

    await hasty.submit(ANA)

    assert "has had me forget them" in shown(await hasty.modal(ANA))


async def test_who_changes_an_answer_is_told_who_has_a_copy_from_before_and_where_it_is_updated(workspace: Workspace):
    root, receipt = await shared(workspace)

    await write(workspace, root, "change 5 to d")

    line = await message(workspace, root, "You changed your answer to question 5")
    assert shown(line).count("<@U_MEI> sees this change only once you ") == 1
    assert f";ts={receipt['ts']}" in line["text"]
    await workspace.settled()
    await workspace.click(ANA, receipt, "Withdraw")
    await message(workspace, root, "Withdrawn on")
    await write(workspace, root, "change 5 to a")
    assert "from before" not in shown(
        await message(workspace, root, "You changed your answer to question 5: “Research")
    )
