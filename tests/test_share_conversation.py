"""Sharing as people meet it: pick, see exactly what would be sent, send or don't."""

import sqlite3
from pathlib import Path

import pytest

from bot.knowledge import Library
from bot.slack import gateway
from tests.conftest import bot_in
from tests.test_quiz_conversation import (
    CLEAR,
    ENGINEER,
    PAIRS,
    ROLE,
    asking,
    begin,
    close_answers,
    in_letters,
    message,
    result,
    take,
    take_at_once,
    write,
)
from tests.workspace import Json, Sent, Workspace, buttons, elements, shown


async def finished(workspace: Workspace, user: str = "U_ANA") -> tuple[Sent, Json]:
    """Take the quiz and give its root and its result."""
    root = await begin(workspace, user)
    await take_at_once(workspace, root)
    return root, await result(workspace, root)


async def picker(workspace: Workspace, root: Sent, told: Json) -> Json:
    """Click 'Share' and give the message that asks whom to send it to."""
    await workspace.click(root.user, told, "Share")
    return await message(workspace, root, "Who should get a copy?")


async def next_picker(workspace: Workspace, root: Sent, told: Json, before: Json) -> Json:
    """Click 'Share' once more and give the new message that asks whom to send it to."""
    await workspace.click(root.user, told, "Share")

    async def there() -> Json | None:
        thread = await workspace.thread(root.channel, root, root.user)
        pickers = [each for each in thread if any(one["type"] == "users_select" for one in elements(each))]
        return pickers[-1] if pickers and pickers[-1]["ts"] > before["ts"] else None

    return await workspace.until(there, root.user)


async def previewed(workspace: Workspace, recipient: str = "U_MEI") -> tuple[Sent, Json, Json]:
    """Go as far as the preview; gives the root, what would be sent, and the message with the buttons."""
    root, told = await finished(workspace)
    await workspace.select_user("U_ANA", await picker(workspace, root, told), recipient)
    confirm = await message(workspace, root, "Send it to")
    return root, await message(workspace, root, "shared this recommendation with you"), confirm


async def test_the_manager_gets_exactly_what_was_previewed(either_way: Workspace):
    _, preview, confirm = await previewed(either_way)
    await either_way.settled()
    assert await either_way.dm("U_MEI") == []

    await either_way.click("U_ANA", confirm, "Send")

    [copy] = await either_way.dm("U_MEI", count=1)
    assert shown(copy) == shown(preview)
    assert copy["text"] == preview["text"]
    assert "the role of an AI researcher." in shown(copy)
    assert any(block["type"] == "table" for block in copy["blocks"])
    assert buttons(copy) == []


@pytest.mark.both_databases
async def test_the_sender_is_told_and_cannot_send_twice(workspace: Workspace):
    root, _, confirm = await previewed(workspace)

    await workspace.click("U_ANA", confirm, "Send")
    await workspace.click_as_shown("U_ANA", confirm, "Send")
    told = await message(workspace, root, "Sent to")
    await workspace.settled()

    assert buttons(told) == []
    assert len(await workspace.dm("U_MEI")) == 1


async def test_what_is_not_sent_is_seen_by_nobody(workspace: Workspace):
    root, _, confirm = await previewed(workspace)

    await workspace.click("U_ANA", confirm, "Don’t send")
    await message(workspace, root, "Not sent. Nobody else has seen anything.")
    await workspace.click_as_shown("U_ANA", confirm, "Send")
    await workspace.settled()

    assert await workspace.dm("U_MEI") == []


@pytest.mark.both_databases
async def test_after_a_cancelled_share_another_can_be_made(workspace: Workspace):
    root, _, confirm = await previewed(workspace)
    await workspace.click("U_ANA", confirm, "Don’t send")
    await message(workspace, root, "Not sent.")

    again = await picker(workspace, root, await result(workspace, root))
    await workspace.select_user("U_ANA", again, "U_BEN")
    await workspace.click("U_ANA", await message(workspace, root, "Send it to"), "Send")

    await workspace.settled()
    assert len(await workspace.dm("U_BEN")) == 1
    assert await workspace.dm("U_MEI") == []


@pytest.mark.parametrize(
    ("recipient", "reason"),
    [
        ("U_ANA", "That is you."),
        ("U_ROLEFIT", "That is an app, not a person."),
        ("U_TOM", "no longer has an active account, so I have sent nothing."),
        ("U_EVE", "is a guest or from outside this workspace"),
        ("U_KIM", "is a guest or from outside this workspace"),
    ],
)
async def test_some_people_cannot_be_sent_a_result(workspace: Workspace, recipient: str, reason: str):
    root, told = await finished(workspace)
    asked = await picker(workspace, root, told)

    await workspace.select_user("U_ANA", asked, recipient)

    assert "Who should get a copy?" in shown(await message(workspace, root, reason))
    await workspace.settled()
    assert not any("Send it to" in shown(each) for each in await workspace.thread(root.channel, root, "U_ANA"))


@pytest.mark.both_databases
async def test_a_result_that_is_open_again_is_not_shared(workspace: Workspace, library: Library):
    root, told = await finished(workspace)
    asked = await picker(workspace, root, told)
    await write(workspace, root, in_letters(close_answers(library, PAIRS[0])))
    await message(workspace, root, "There is a result again once")

    await workspace.select_user("U_ANA", asked, "U_MEI")

    await message(workspace, root, "Your result has changed since this preview")
    await workspace.settled()
    assert await workspace.dm("U_MEI") == []


@pytest.mark.parametrize("used", [True, False], ids=["after the first picker was used", "with the first picker unused"])
async def test_a_result_that_was_opened_again_and_finished_anew_can_be_shared(
    workspace: Workspace, library: Library, used: bool
):
    root, told = await finished(workspace)
    first = await picker(workspace, root, told)
    await write(workspace, root, in_letters(close_answers(library, PAIRS[0])))
    await message(workspace, root, "There is a result again once")
    if used:
        await workspace.select_user("U_ANA", first, "U_MEI")
        await message(workspace, root, "Your result has changed since this preview")
    await write(workspace, root, in_letters(ENGINEER))
    told = await result(workspace, root)

    second = await next_picker(workspace, root, told, first)
    await workspace.select_user("U_ANA", second, "U_MEI")
    await workspace.click("U_ANA", await message(workspace, root, "Send it to"), "Send")

    [copy] = await workspace.dm("U_MEI", count=1)
    assert "the role of an AI engineer." in shown(copy)


async def test_a_result_whose_answers_were_confirmed_can_be_shared(workspace: Workspace):
    root, told = await finished(workspace)
    first = await picker(workspace, root, told)
    await write(workspace, root, "change 1")
    asked = await asking(workspace, root, "So far you answered")
    await workspace.click("U_ANA", asked, buttons(asked)[CLEAR[0]])

    second = await next_picker(workspace, root, await result(workspace, root), first)

    await workspace.select_user("U_ANA", second, "U_MEI")
    await message(workspace, root, "Send it to")


async def test_a_picker_says_again_why_somebody_cannot_be_sent_a_result(workspace: Workspace):
    root, told = await finished(workspace)
    asked = await picker(workspace, root, told)

    for recipient, reason in (("U_ANA", "That is you."), ("U_ROLEFIT", "That is an app"), ("U_ANA", "That is you.")):
        await workspace.select_user("U_ANA", asked, recipient)
        await message(workspace, root, reason)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("restricted_action", "This workspace does not let me write to <@U_MEI>"),
        ("restricted_action_thread_locked", "This workspace does not let me write to <@U_MEI>"),
        ("team_access_not_granted", "This workspace does not let me write to <@U_MEI>"),
        ("user_not_found", "I could not deliver it to <@U_MEI>"),
        ("msg_too_long", "Slack did not take it for <@U_MEI>"),
        ("internal_error", "Slack did not say whether <@U_MEI> got it."),
    ],
)
async def test_a_share_that_slack_refuses_is_kept_as_not_sent_and_can_be_tried_again(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: str, told: str
):
    monkeypatch.setattr(gateway, "TRIES", 1)
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        root, _, confirm = await previewed(workspace)
        await workspace.faults(api=[{"method": "chat.postMessage", "error": error}])

        await workspace.click("U_ANA", confirm, "Send")

        said = await message(workspace, root, told)
        assert "click Share under your result" in shown(said)
        await workspace.settled()
        assert await workspace.dm("U_MEI") == []
        assert states(tmp_path) == ["failed"]
        await message(workspace, root, "This is what <@U_MEI> would have got:")

        again = await next_picker(workspace, root, await result(workspace, root), said)
        await workspace.select_user("U_ANA", again, "U_MEI")
        await workspace.click("U_ANA", await message(workspace, root, "Send it to"), "Send")

        await message(workspace, root, "Sent to <@U_MEI>.")
        await workspace.settled()
        assert len(await workspace.dm("U_MEI")) == 1
        assert sorted(states(tmp_path)) == ["failed", "sent"]


def states(data: Path) -> list[str]:
    """Give the states of the shares that are kept."""
    with sqlite3.connect(data / "rolefit.db") as connection:
        return [state for (state,) in connection.execute("SELECT state FROM shares")]


async def test_a_manager_deactivated_after_the_preview_gets_nothing_and_the_sender_is_told(workspace: Workspace):
    root, _, confirm = await previewed(workspace)
    await workspace.deactivate("U_MEI")

    await workspace.click("U_ANA", confirm, "Send")

    assert "I could not deliver it" in shown(await message(workspace, root, "I could not deliver it"))


async def test_the_copy_speaks_of_the_senders_work_and_holds_advice_and_titles(workspace: Workspace, library: Library):
    _, preview, _ = await previewed(workspace)

    said = shown(preview)

    assert "The work of <@U_ANA> calls for the role of an AI researcher." in said
    assert library.quiz.role("researcher").advice_role in said
    assert "What an AI researcher is called." in said
    assert "your" not in said.lower()
    assert "This describes work, not people" in said


async def test_the_copy_about_a_role_says_whose_description_it_is(workspace: Workspace):
    root = await begin(workspace, about=ROLE)
    await take(workspace, root)
    await workspace.click("U_ANA", await result(workspace, root), "Share")
    asked = await message(workspace, root, "Who should get a copy?")

    await workspace.select_user("U_ANA", asked, "U_MEI")

    preview = await message(workspace, root, "shared this recommendation with you")
    assert "The work in the role that <@U_ANA> described calls for" in shown(preview)


@pytest.mark.parametrize(("click", "becomes"), [("Send", "got, word for word:"), ("Don’t send", "would have got:")])
async def test_the_lead_of_a_preview_says_what_became_of_it(workspace: Workspace, click: str, becomes: str):
    root, _, confirm = await previewed(workspace)
    await message(workspace, root, "Nothing has been sent yet.")

    await workspace.click("U_ANA", confirm, click)

    assert f"This is what <@U_MEI> {becomes}" in shown(await message(workspace, root, "This is what"))
    thread = await workspace.thread(root.channel, root, "U_ANA")
    assert not any("Nothing has been sent yet." in shown(each) for each in thread)


async def test_somebody_whom_slack_does_not_know_is_refused_in_words(workspace: Workspace):
    root, told = await finished(workspace)
    asked = await picker(workspace, root, told)
    await workspace.faults(api=[{"method": "users.info", "error": "user_not_found"}])

    await workspace.select_user("U_ANA", asked, "U_MEI")

    refused = await message(workspace, root, "Slack did not tell me who <@U_MEI> is")
    assert "Who should get a copy?" in shown(refused)
    await workspace.select_user("U_ANA", refused, "U_MEI")
    await message(workspace, root, "Nothing has been sent yet.")
