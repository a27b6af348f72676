"""Sharing as people meet it: pick, see exactly what would be sent, send or don't."""

import pytest

from bot.knowledge import Library
from tests.test_quiz_conversation import begin, close_answers, message, result, take, write
from tests.workspace import Json, Sent, Workspace, buttons, shown


async def finished(workspace: Workspace, user: str = "U_ANA") -> tuple[Sent, Json]:
    """Take the quiz and give its root and its result."""
    root = await begin(workspace, user)
    await take(workspace, root)
    return root, await result(workspace, root)


async def picker(workspace: Workspace, root: Sent, told: Json) -> Json:
    """Click 'Share with my manager' and give the message that asks whom to send it to."""
    await workspace.click(root.user, told, "Share with my manager")
    return await message(workspace, root, "Who should get a copy?")


async def previewed(workspace: Workspace, recipient: str = "U_MEI") -> tuple[Sent, Json, Json]:
    """Go as far as the preview; gives the root, what would be sent, and the message with the buttons."""
    root, told = await finished(workspace)
    await workspace.select_user("U_ANA", await picker(workspace, root, told), recipient)
    confirm = await message(workspace, root, "Send it to")
    return root, await message(workspace, root, "shared this recommendation with you"), confirm


async def test_the_manager_gets_exactly_what_was_previewed(either_way: Workspace):
    _, preview, confirm = await previewed(either_way)
    assert await either_way.dm("U_MEI") == []

    await either_way.click("U_ANA", confirm, "Send")

    [copy] = await either_way.dm("U_MEI", count=1)
    assert shown(copy) == shown(preview)
    assert copy["text"] == preview["text"]
    assert "the role of AI researcher." in shown(copy)
    assert any(block["type"] == "table" for block in copy["blocks"])
    assert buttons(copy) == []


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


async def test_after_a_cancelled_share_another_can_be_made(workspace: Workspace):
    root, _, confirm = await previewed(workspace)
    await workspace.click("U_ANA", confirm, "Don’t send")
    await message(workspace, root, "Not sent.")

    again = await picker(workspace, root, await result(workspace, root))
    await workspace.select_user("U_ANA", again, "U_BEN")
    await workspace.click("U_ANA", await message(workspace, root, "Send it to"), "Send")

    assert len(await workspace.dm("U_BEN", count=1)) == 1
    assert await workspace.dm("U_MEI") == []


@pytest.mark.parametrize(
    ("recipient", "reason"),
    [
        ("U_ANA", "That is you."),
        ("U_ROLEFIT", "That is an app, not a person."),
        ("U_TOM", "is deactivated, so I sent nothing."),
        ("U_EVE", "is a guest or from outside this workspace"),
        ("U_KIM", "is a guest or from outside this workspace"),
    ],
)
async def test_some_people_cannot_be_sent_a_result(workspace: Workspace, recipient: str, reason: str):
    root, told = await finished(workspace)
    asked = await picker(workspace, root, told)

    await workspace.select_user("U_ANA", asked, recipient)

    assert "Who should get a copy?" in shown(await message(workspace, root, reason))
    assert not any("Send it to" in shown(each) for each in await workspace.thread(root.channel, root, "U_ANA"))


async def test_a_result_that_is_open_again_is_not_shared(workspace: Workspace, library: Library):
    root, told = await finished(workspace)
    asked = await picker(workspace, root, told)
    await write(
        workspace, root, ", ".join(f"{at}{'abcd'[to]}" for at, to in enumerate(close_answers(library, "leaning"), 1))
    )
    await message(workspace, root, "One more answer is needed")

    await workspace.select_user("U_ANA", asked, "U_MEI")

    await message(workspace, root, "Your result has changed since this preview")
    assert await workspace.dm("U_MEI") == []


async def test_a_manager_deactivated_after_the_preview_gets_nothing_and_the_sender_is_told(workspace: Workspace):
    root, _, confirm = await previewed(workspace)
    await workspace.deactivate("U_MEI")

    await workspace.click("U_ANA", confirm, "Send")

    assert "I could not deliver it" in shown(await message(workspace, root, "I could not deliver it"))
