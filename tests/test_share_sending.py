"""What becomes of a share, an update and a withdrawal when something comes between, or Slack fails half-way."""

import asyncio
import random
import sqlite3
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.domain.share import Part
from bot.knowledge import Library
from bot.settings import Settings
from bot.slack import privacy, profiles, share_blocks, slack_calls
from bot.work_records import WorkRecords
from tests.conftest import THOROUGH, bot_in
from tests.sharing import (
    ANA,
    BEN,
    MEI,
    RECEIPT,
    change_rows,
    copy_of,
    fill_in,
    finished,
    forge_metadata,
    previewed,
    shared,
    shared_and_outdated,
    thread_of,
    window,
)
from tests.test_privacy import forget
from tests.test_quiz_conversation import (
    ENGINEER,
    PAIRS,
    asking,
    close_answers,
    in_letters,
    message,
    pick_review,
    privately,
    result,
    review,
    take_at_once,
    write,
)
from tests.test_share_recipient import begun_again, offer, reply
from tests.test_share_refusals import states
from tests.workspace import Json, Sent, Workspace, buttons, elements, eventually, shown

POST, UPDATE, DELETE = "chat.postMessage", "chat.update", "chat.delete"
NO_TRY = {"error": None}  # the call succeeds
STANDS_STILL = {"method": POST, "error": "ratelimited", "times": 10_000}
MAY_NOT_DELETE = {"method": DELETE, "error": "cant_delete_message", "times": 99}
MAY_NOT_CHANGE = {"method": UPDATE, "error": "cant_update_message", "times": 99}


async def texts_for(workspace: Workspace, user: str = MEI) -> str:
    """Give all that somebody can read in their direct message with the bot, threads included."""
    read: list[str] = []
    for root in await workspace.dm(user):
        read += [shown(each) for each in await workspace.thread(root["channel"], root["ts"], user)]
    return "\n".join(read)


async def gone(workspace: Workspace, user: str = MEI) -> None:
    """Wait until nothing is left in somebody's direct message with the bot."""

    async def is_empty() -> bool:
        return await workspace.dm(user) == []

    await workspace.until(is_empty, user)


async def listed(workspace: Workspace, text: str) -> Json:
    """Ask who can see what, and wait for a list that says so."""
    await workspace.command(ANA, "C_ASK", "/rolefit", "shares")
    return await privately(workspace, text)


# The window


@pytest.mark.parametrize("user", [ANA, BEN], ids=["who names no manager", "who names one"])
async def test_the_manager_that_the_profile_names_is_filled_in_the_first_time(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, user: str
):
    monkeypatch.setattr(profiles, "_fields", {})
    _, told = await finished(workspace, user)

    view = await window(workspace, told, user)

    assert elements(view)[0].get("initial_user") == (MEI if user == BEN else None)


@pytest.mark.parametrize("method", ["team.profile.get", "users.profile.get"])
@pytest.mark.parametrize("error", ["missing_scope", "ratelimited", "internal_error"])
async def test_where_the_profile_cannot_be_read_nobody_is_filled_in(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, method: str, error: str
):
    monkeypatch.setattr(profiles, "_fields", {})
    _, told = await finished(workspace, BEN)
    await workspace.faults(api=[{"method": method, "error": error}])

    view = await window(workspace, told, BEN)

    assert "initial_user" not in elements(view)[0]
    assert (await fill_in(workspace, MEI, BEN))["response_action"] == "push"


# Sending


async def half_sent(workspace: Workspace) -> Sent:
    """Send a result of which Slack takes the first message, and lets us wait with the next."""
    root, _ = await previewed(workspace)
    await workspace.settled()  # so that the first message to be posted is the copy's
    await workspace.faults(api=[{"method": POST, **NO_TRY}, STANDS_STILL])
    await workspace.submit(ANA)
    await copy_of(workspace)
    return root


async def test_a_round_that_is_deleted_while_its_result_is_sent_leaves_nothing_with_the_recipient(workspace: Workspace):
    await half_sent(workspace)
    await workspace.command(ANA, "C_ASK", "/rolefit", "history")
    await workspace.click(ANA, await privately(workspace, "Your rounds"), "Delete")
    await privately(workspace, "You have no rounds yet.")

    await workspace.faults()

    await gone(workspace)


async def test_whoever_is_forgotten_while_their_result_is_sent_leaves_nothing_with_the_recipient(workspace: Workspace):
    await half_sent(workspace)
    await workspace.command(ANA, "C_ASK", "/rolefit", "forget-me")
    await workspace.click(ANA, await privately(workspace, "Shall I forget you?"), "Forget me")
    await privately(workspace, "I am forgetting you.")

    async def is_deleted() -> bool:  # a result that has arrived before its round is deleted stays
        return bool(await workspace.traffic("chat.delete"))

    await workspace.until(is_deleted, ANA)
    await workspace.faults()

    await gone(workspace)


async def test_what_slack_did_not_take_whole_is_taken_back_and_said_to_have_been_seen_perhaps(workspace: Workspace):
    root, _ = await previewed(workspace)
    await workspace.faults(api=[{"method": POST, **NO_TRY, "times": 2}, {"method": POST, "error": "msg_too_long"}])

    await workspace.submit(ANA)

    told = shown(await message(workspace, root, "I have taken back what had arrived"))
    assert "<@U_MEI> may have seen that." in told
    assert "nobody else has seen it" not in told
    await gone(workspace)
    await listed(workspace, "nobody else sees a result of yours.")


async def test_a_part_that_cannot_be_taken_back_is_said_to_be_there_and_can_be_withdrawn(workspace: Workspace):
    root, _ = await previewed(workspace)
    refused = [{"method": POST, **NO_TRY, "times": 2}, {"method": POST, "error": "msg_too_long"}]
    await workspace.faults(api=[*refused, MAY_NOT_DELETE, MAY_NOT_CHANGE])

    await workspace.submit(ANA)

    await message(workspace, root, "so <@U_MEI> has only a part of it")
    receipt = await message(workspace, root, "has had a part of this since")
    await listed(workspace, "<@U_MEI>, since")
    await workspace.faults()
    await workspace.click(ANA, receipt, "Withdraw")
    await message(workspace, root, "*Withdrawn on")
    await gone(workspace)


@pytest.mark.parametrize("arrived", [True, False], ids=["that arrived", "that never arrived"])
async def test_a_share_that_slack_never_confirmed_is_listed_and_can_be_looked_for(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arrived: bool
):
    monkeypatch.setattr(slack_calls, "TRIES", 1)
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        root, _ = await previewed(workspace)
        await workspace.faults(api=[{"method": POST, "error": "internal_error", "done": arrived}])
        await workspace.submit(ANA)
        await message(workspace, root, "Slack did not say whether <@U_MEI> got it.")
        assert states(tmp_path) == ["uncertain"]

        there = await listed(workspace, "Perhaps <@U_MEI>, on")
        await workspace.click(ANA, there, "Withdraw")

        found = "It had arrived, and I have taken it back." if arrived else "I have looked for it and found nothing"
        await message(workspace, root, found)
        await gone(workspace)
        await listed(workspace, "nobody else sees a result of yours.")


async def test_shares_that_are_on_their_way_count_for_a_day(workspace: Workspace):
    root, told = await finished(workspace)
    for number in range(3):
        await window(workspace, told)
        await fill_in(workspace, note=f"Note {number}")
        if number == 0:
            await workspace.faults(api=[STANDS_STILL])
        await workspace.submit(ANA)

    async def is_refused() -> bool:
        await window(workspace, told)  # anew each time: until the third is begun, the preview comes on top of it
        answer = await fill_in(workspace)
        return "three times within a day" in answer.get("errors", {}).get("share:to", "")

    assert root
    await workspace.until(is_refused, ANA)
    await workspace.faults()
    await workspace.dm(MEI, count=3)


async def test_updates_do_not_count_for_a_day(workspace: Workspace):
    root, _ = await shared(workspace)
    for letter in "dacb":
        await write(workspace, root, f"change 5 to {letter}")
        receipt = await message(workspace, root, "The copy is of an older answer")
        await window(workspace, receipt, label="Update")
        assert (await fill_in(workspace, None))["response_action"] == "push"
        await workspace.submit(ANA)
        await workspace.settled()

    await window(workspace, await result(workspace, root))
    assert (await fill_in(workspace))["response_action"] == "push"


async def test_a_preview_that_has_grown_too_old_says_so(library: Library, tmp_path: Path):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        await previewed(workspace)
        await change_rows(tmp_path, "DELETE FROM shares")

        await workspace.submit(ANA)

        assert "This preview is too old" in shown(await workspace.modal(ANA))


async def test_where_the_thread_is_gone_the_receipt_comes_as_a_message(workspace: Workspace):
    root, told = await finished(workspace)
    await window(workspace, told)
    await fill_in(workspace)
    for posted in reversed(await workspace.thread(root.channel, root, ANA)):
        if posted["user"] == ANA:
            await workspace.delete(Sent(posted["ts"], root.channel, ANA))
        else:
            await workspace.call(DELETE, channel=root.channel, ts=posted["ts"])

    await workspace.submit(ANA)

    async def receipt() -> Json | None:
        return next((each for each in await workspace.dm(ANA) if RECEIPT in shown(each)), None)

    await workspace.until(receipt, ANA)
    await workspace.settled()  # the first attempt, which Slack has put outside the thread, is taken away again
    there = await workspace.until(receipt, ANA)
    await workspace.click(ANA, there, "Withdraw")
    await gone(workspace)


# What counts as a change


async def test_a_copy_that_shows_how_the_work_is_graded_is_old_once_that_has_changed(workspace: Workspace):
    root, _ = await finished(workspace)
    await review(workspace, root)
    told = await pick_review(workspace, root, "Novelty, scientific impact")
    await window(workspace, await result(workspace, root))
    await fill_in(workspace, parts=["graded"])
    await workspace.submit(ANA)
    await message(workspace, root, RECEIPT)
    await window(workspace, await result(workspace, root))
    await fill_in(workspace, BEN, parts=["graded"])  # a preview of the same

    await workspace.click(ANA, told, "Change")
    await pick_review(workspace, root, "Uptime, latency, cost, KPIs")
    await workspace.submit(ANA)

    await message(workspace, root, "The copy is of an older answer")
    await message(workspace, root, "Your result has changed since this preview")
    await workspace.settled()
    assert await workspace.dm(BEN) == []


async def test_a_copy_can_be_updated_once_a_question_that_a_change_has_opened_is_answered(
    workspace: Workspace, library: Library
):
    root, _ = await shared(workspace)
    await write(workspace, root, in_letters(close_answers(library, PAIRS[1])))
    asked = await asking(workspace, root, library.quiz.tie_break(*PAIRS[1]).text)
    now = await message(workspace, root, "The copy is of an older answer")
    assert "There is nothing to share until" in shown(await window(workspace, now, label="Update"))
    await workspace.close(ANA, everything=True)
    await workspace.click(ANA, asked, buttons(asked)[1])
    await message(workspace, root, "With that your result is complete")

    await window(workspace, await message(workspace, root, RECEIPT), label="Update")
    await fill_in(workspace, None)
    await workspace.submit(ANA)

    await workspace.latest(MEI, await copy_of(workspace), once=lambda there: "an AI engineer" in shown(there))


async def test_a_copy_that_does_not_show_how_the_work_is_graded_stays_as_it_is(workspace: Workspace):
    root, _ = await shared(workspace, parts=["recommendation"])
    await review(workspace, root)

    await pick_review(workspace, root, "Novelty, scientific impact")

    await workspace.settled()
    assert "older answer" not in shown(await message(workspace, root, RECEIPT))


async def test_a_later_round_about_a_role_leaves_the_copy_as_it_is(workspace: Workspace):
    root, _ = await shared(workspace)
    await workspace.settled()
    again = await begun_again(workspace, root, "A role I want to fill")
    await take_at_once(workspace, again, *ENGINEER)
    await result(workspace, again)
    await workspace.settled()

    assert "older answer" not in shown(await message(workspace, root, RECEIPT))


# Updating


async def ready_to_update(workspace: Workspace, *, parts: list[str] | None = None) -> tuple[Sent, Json]:
    """Share a result, change it, and go as far as the preview of the update; gives the round and the copy."""
    root, now = await shared_and_outdated(workspace)
    copy = await copy_of(workspace)
    await window(workspace, now, label="Update")
    await fill_in(workspace, None, parts=parts)
    await workspace.settled()
    return root, copy


async def test_a_copy_of_which_slack_does_not_say_whether_it_changed_can_be_updated_again(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(slack_calls, "TRIES", 1)
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        root, copy = await ready_to_update(workspace, parts=["recommendation", "answers"])
        await workspace.faults(api=[{"method": UPDATE, "error": "internal_error"}])

        await workspace.submit(ANA)

        await message(workspace, root, "Slack did not say whether it has changed the copy that <@U_MEI> has.")
        now = await message(workspace, root, "The copy is of an older answer")
        await window(workspace, now, label="Update")
        await fill_in(workspace, None, parts=["recommendation", "answers"])
        await workspace.submit(ANA)
        await workspace.latest(MEI, copy, once=lambda there: "the answers" in shown(there))


async def test_a_part_that_is_not_shared_any_more_and_cannot_be_deleted_says_nothing_any_more(workspace: Workspace):
    root, copy = await ready_to_update(workspace, parts=["recommendation"])
    await workspace.faults(api=[MAY_NOT_DELETE])

    await workspace.submit(ANA)

    await message(workspace, root, "It shows: the recommendation and its reasons.")
    await workspace.settled()
    left = [shown(each) for each in await thread_of(workspace, copy)]
    assert left.count("This part was withdrawn.") == 2
    assert "Where the roles differ" not in "\n".join(left)
    await workspace.faults()
    await workspace.click(ANA, await message(workspace, root, RECEIPT), "Withdraw")
    await gone(workspace)


async def test_a_thread_that_slack_does_not_let_us_change_is_said_to_be_left(workspace: Workspace):
    root, copy = await ready_to_update(workspace, parts=["recommendation"])
    await workspace.faults(api=[MAY_NOT_DELETE, {"method": UPDATE, **NO_TRY}, MAY_NOT_CHANGE])

    await workspace.submit(ANA)

    await message(workspace, root, "where a part of the old one is left")
    await workspace.settled()
    await workspace.faults()
    await workspace.click(ANA, await message(workspace, root, RECEIPT), "Withdraw")
    await gone(workspace)
    assert copy


async def test_a_reply_of_the_copy_that_somebody_deleted_is_posted_anew(workspace: Workspace):
    _, copy = await ready_to_update(workspace, parts=["recommendation", "table"])
    first = (await thread_of(workspace, copy, count=4))[0]
    await workspace.call(DELETE, channel=copy["channel"], ts=first["ts"])

    await workspace.submit(ANA)
    await workspace.settled()

    assert len(await thread_of(workspace, copy)) == 3 + 1  # the note that it was updated
    assert copy


async def test_a_copy_that_is_withdrawn_while_it_is_updated_stays_withdrawn(workspace: Workspace):
    root, copy = await ready_to_update(workspace, parts=["recommendation", "answers", "table", "graded"])
    await reply(workspace, copy, "Mine to keep")
    # The new result has one message more than the copy: it is posted last, and waits.
    await workspace.faults(api=[STANDS_STILL])
    await workspace.submit(ANA)
    await workspace.latest(MEI, copy, once=lambda there: "the answers" in shown(there))
    await workspace.click(ANA, await message(workspace, root, RECEIPT), "Withdraw")
    await workspace.latest(MEI, copy, once=lambda there: "withdrew this" in shown(there))

    await workspace.faults()
    await workspace.settled()

    left = [shown(each) for each in await thread_of(workspace, copy)]
    assert [text for text in left if "Send this to" not in text] == ["Mine to keep"]


async def test_two_updates_at_once_leave_the_copy_whole(workspace: Workspace):
    root, now = await shared_and_outdated(workspace)
    copy = await copy_of(workspace)
    await window(workspace, now, label="Update")
    await fill_in(workspace, None, parts=["recommendation"])
    first = (await workspace.modal(ANA))["private_metadata"]
    await workspace.close(ANA, everything=True)
    await window(workspace, now, label="Update")
    await fill_in(workspace, None, parts=["recommendation", "answers", "table", "graded"])
    await workspace.submit(ANA)
    view = await window(workspace, now, label="Update")
    optional = [block for block in view["blocks"] if block.get("optional")]
    await forge_metadata(workspace, {**view, "blocks": optional}, first, callback_id="share_confirm")
    await workspace.submit(ANA)  # the window of another device
    await workspace.settled()

    there = shown(await workspace.latest(MEI, copy))
    left = [shown(each) for each in await thread_of(workspace, copy)]
    assert ("the answers" in there) == any("What <@U_ANA> answered" in text for text in left)
    receipt = shown(await message(workspace, root, RECEIPT))
    assert ("the answers" in there) == ("the answers" in receipt)


async def test_a_second_click_on_send_of_an_update_is_no_forgery(workspace: Workspace):
    root, copy = await ready_to_update(workspace, parts=["recommendation", "answers"])
    metadata = (await workspace.modal(ANA))["private_metadata"]
    await workspace.submit(ANA)
    await workspace.latest(MEI, copy, once=lambda there: "the answers" in shown(there))
    await workspace.settled()

    await window(workspace, await result(workspace, root))
    await fill_in(workspace, BEN)
    await forge_metadata(workspace, await workspace.modal(ANA), metadata)
    answer = await workspace.submit(ANA)

    assert answer.get("response_action") == "update"
    assert "<@U_MEI> has it now" in str(answer["view"])


# Withdrawing


async def test_a_second_withdrawal_says_nothing_more(workspace: Workspace):
    root, receipt = await shared(workspace)
    copy = await copy_of(workspace)
    await reply(workspace, copy, "Mine to keep")
    await workspace.click(ANA, receipt, "Withdraw")
    await workspace.click_as_shown(ANA, receipt, "Withdraw")
    await message(workspace, root, "*Withdrawn on")
    await workspace.settled()

    thread = [shown(each) for each in await workspace.thread(root.channel, root, ANA)]
    assert sum("There were replies" in text for text in thread) == 1


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        (
            [{"method": "conversations.replies", "error": "missing_scope", "times": 9}],
            "I could not see whether there are replies",
        ),
        ([{"method": DELETE, **NO_TRY, "times": 4}, MAY_NOT_DELETE], "Slack did not let me delete the first message"),
    ],
)
async def test_why_the_first_message_stays_is_said_as_it_is(workspace: Workspace, faults: list[Json], told: str):
    root, receipt = await shared(workspace)
    copy = await copy_of(workspace)
    await workspace.faults(api=faults)

    await workspace.click(ANA, receipt, "Withdraw")

    await message(workspace, root, told)
    assert buttons(await workspace.latest(MEI, copy)) == []


async def test_what_was_withdrawn_is_kept_no_longer(library: Library, tmp_path: Path):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        root, receipt = await shared(workspace, note="For your eyes")
        await workspace.click(ANA, receipt, "Withdraw")
        await message(workspace, root, "*Withdrawn on")
        await workspace.settled()

        with sqlite3.connect(tmp_path / "rolefit.db") as connection:
            assert connection.execute("SELECT message, note, state FROM shares").fetchall() == [
                ("{}", None, "withdrawn")
            ]


async def test_a_copy_in_a_group_can_be_withdrawn_after_the_recipient_was_forgotten(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(privacy, "ENDED", 0.0)
    monkeypatch.setattr(privacy, "MARGIN", 0.0)
    root, receipt = await shared(workspace, place="group")
    await forget(workspace, MEI)

    await workspace.click(ANA, receipt, "Withdraw")

    told = shown(await message(workspace, root, "*Withdrawn on"))
    assert "somebody who had me forget them" in told


async def test_who_is_forgotten_is_named_no_more_in_what_is_kept_of_a_group_copy(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(privacy, "ENDED", 0.0)
    monkeypatch.setattr(privacy, "MARGIN", 0.0)
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        await shared(workspace, place="group")
        await forget(workspace, MEI)

        with sqlite3.connect(tmp_path / "rolefit.db") as connection:
            [(message_kept,)] = connection.execute("SELECT message FROM shares").fetchall()
        assert MEI not in message_kept
        assert ANA in message_kept


# What the recipient says


async def test_a_reply_is_passed_on_as_it_was_written_and_calls_nobody(workspace: Workspace):
    root, _ = await shared(workspace)
    copy = await copy_of(workspace)
    await reply(workspace, copy, "Me & you < us all, <!channel> and <https://example.com|this>")
    asked = await offer(workspace, copy)
    await workspace.click(MEI, asked, "Send")

    passed_on = await message(workspace, root, "replied to what you shared")
    written = passed_on["blocks"][-2]["text"]["text"]
    assert "Me &amp; you &lt; us all" in written
    assert "<!channel>" not in written
    assert "@channel" in written


async def test_clicks_count_as_soon_as_the_first_message_stands(workspace: Workspace):
    await half_sent(workspace)
    copy = await copy_of(workspace)

    await workspace.click(MEI, copy, "Mark as read")

    await workspace.latest(MEI, copy, once=lambda now: "You marked this as read" in shown(now))
    await workspace.faults()
    await workspace.settled()


# Nothing of another part, whatever happens


SIGNS = {
    Part.RECOMMENDATION: "The work of <@U_ANA>",
    Part.TABLE: "Where the roles differ",
    Part.ANSWERS: "What <@U_ANA> answered",
    Part.GRADED: "How to grade",
}


@pytest.mark.parametrize("seed", range(4 if THOROUGH else 2))
async def test_whatever_is_shared_updated_and_withdrawn_nobody_sees_another_part(workspace: Workspace, seed: int):
    chance = random.Random(seed)
    root, _ = await finished(workspace)
    parts: set[str] | None = None
    for number in range(7):
        chosen = [part.value for part in SIGNS if chance.random() < 0.5] or ["recommendation"]
        note = f"note {number} of mine" if chance.random() < 0.5 else ""
        if parts is None:
            await window(workspace, await result(workspace, root))
            answer = await fill_in(workspace, parts=chosen, note=note)
            if answer["response_action"] != "push":  # how the work is graded is not known, and nothing else is ticked
                await workspace.close(ANA, everything=True)
                continue
            await workspace.submit(ANA)
            parts = {*chosen, note}
        elif chance.random() < 0.3:
            await workspace.click(ANA, (await receipts(workspace, root))[-1], "Withdraw")
            parts = None
        else:
            await write(workspace, root, f"change 5 to {'dacb'[number % 4]}")
            await workspace.settled()
            latest = (await receipts(workspace, root))[-1]
            if "Update" not in buttons(latest):
                continue
            await window(workspace, latest, label="Update")
            answer = await fill_in(workspace, None, parts=chosen, note=note)
            if answer["response_action"] != "push":
                await workspace.close(ANA, everything=True)
                continue
            await workspace.submit(ANA)
            kept = {text for text in parts if text.startswith("note")}  # the window has the former note in it
            parts = {*chosen, note} if note else {*chosen, *kept}
        await workspace.settled()
        read = await texts_for(workspace)
        for part, sign in SIGNS.items():
            assert sign not in read or part.value in (parts or set()), (number, part, parts)
        for past in range(7):
            assert f"note {past} of mine" not in read or f"note {past} of mine" in (parts or set())
        if parts is None:
            assert read == ""


async def receipts(workspace: Workspace, root: Sent) -> list[Json]:
    """Give the receipts in the thread of a round, in their order."""
    return [each for each in await workspace.thread(root.channel, root, ANA) if RECEIPT in shown(each)]


# The window afterwards, and the way back


async def window_that_says(workspace: Workspace, text: str) -> Json:
    async def there() -> Json | None:
        view = await workspace.view(ANA)
        return view if view and text in str(view) else None

    return await workspace.until(there, ANA)


async def test_a_click_on_send_that_comes_late_says_what_became_of_it(workspace: Workspace):
    root, view = await previewed(workspace, MEI)
    await workspace.submit(ANA)
    receipt = await message(workspace, root, RECEIPT)
    await window_that_says(workspace, "has it now")

    async def click_send_again() -> str:
        await workspace.close(ANA, everything=True)
        await window(workspace, await result(workspace, root))
        await fill_in(workspace, BEN)
        await forge_metadata(workspace, await workspace.modal(ANA), view["private_metadata"])
        return str(await workspace.submit(ANA))

    assert "<@U_MEI> has it now" in await click_send_again()
    await workspace.click(ANA, receipt, "Withdraw")
    await message(workspace, root, "Withdrawn on")
    assert "You have taken it back" in await click_send_again()


async def test_the_window_of_an_update_says_that_it_has_arrived(workspace: Workspace):
    _, now = await shared_and_outdated(workspace)
    await window(workspace, now, label="Update")
    await fill_in(workspace, None)

    await workspace.submit(ANA)

    await window_that_says(workspace, "<@U_MEI> has it now")


async def test_the_window_says_so_where_the_work_that_sends_fails(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object, **__: object) -> None:
        raise KeyError("no such text")

    await previewed(workspace, MEI)
    monkeypatch.setattr(share_blocks, "copy", fail)

    await workspace.submit(ANA)

    view = await window_that_says(workspace, "I do not know whether it has reached <@U_MEI>")
    assert view["title"]["text"] == "Not known yet"


async def test_where_the_window_cannot_say_so_either_what_failed_first_is_logged_and_done_again_from_there(
    library: Library, tmp_path: Path
):
    def fail(*_: object, **__: object) -> None:
        raise KeyError("no such text")

    def fail_too(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    records = WorkRecords(Settings(_env_file=None, data_dir=tmp_path).jobs_url)
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        await previewed(workspace, MEI)
        with pytest.MonkeyPatch.context() as broken, capture_logs() as logged:
            broken.setattr(share_blocks, "copy", fail)
            broken.setattr(share_blocks, "ended_view", fail_too)
            await workspace.submit(ANA)
            await workspace.settled()
        [failed] = await eventually(lambda: asyncio.to_thread(records.failed))
        records.replay(failed.key)
        records.close()
        await window_that_says(workspace, "<@U_MEI> has it now")

    assert [entry["error"] for entry in logged if entry["event"] == "work failed"] == ["KeyError"]
    assert failed.error == "KeyError"


async def test_the_window_says_that_it_has_arrived_and_who_takes_it_back_is_shown_what_there_is(workspace: Workspace):
    root, _ = await previewed(workspace, MEI)
    await workspace.submit(ANA)
    await message(workspace, root, RECEIPT)

    assert (await window_that_says(workspace, "has it now"))["title"]["text"] == "Sent"
    await workspace.close(ANA)

    await write(workspace, root, "withdraw what I shared")

    listed = await message(workspace, root, "Who can see what of your results")
    assert listed.get("ephemeral")
    await workspace.click(ANA, listed, "Withdraw")
    await message(workspace, root, "Withdrawn on")


async def test_who_takes_back_what_they_did_last_takes_the_share_back_and_not_the_change_before_it(
    workspace: Workspace,
):
    root, told = await finished(workspace, ANA)
    await write(workspace, root, "change 5 to d")
    await message(workspace, root, "You changed your answer to question 5")
    await window(workspace, told)
    await fill_in(workspace, MEI)
    await workspace.submit(ANA)
    await message(workspace, root, RECEIPT)
    await workspace.close(ANA)

    await write(workspace, root, "take that back")

    await workspace.click(ANA, await message(workspace, root, "Who can see what of your results"), "Withdraw")
    await message(workspace, root, "Withdrawn on")
    await write(workspace, root, "take that back")
    await message(workspace, root, "I put it back: your answer to question 5")
