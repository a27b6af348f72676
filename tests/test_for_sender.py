"""A manager writes to the bot what is meant for who has shared a result: they are told how it gets there."""

import pytest

from bot.knowledge import Library
from bot.slack import faq, for_sender
from tests.sharing import ANA, BEN, MEI, copy_of, shared, thread_of
from tests.test_direct_message import ASKS_MTS, MTS
from tests.workspace import BOT, Json, Workspace, buttons, shown

THANKS = "Thanks, let's talk Monday"


async def said_to(workspace: Workspace, text: str, user: str = MEI) -> Json:
    """Write to the bot outside threads, and give its reply."""
    written = await workspace.post(user, BOT, text)
    [reply] = await workspace.replies(written)
    await workspace.settled()
    return reply


@pytest.mark.both_databases
async def test_a_message_after_a_share_arrived_is_led_to_its_thread(workspace: Workspace):
    await shared(workspace)
    copy = await copy_of(workspace)
    below = await thread_of(workspace, copy, count=4)
    await workspace.settled()

    reply = await said_to(workspace, THANKS)

    assert f"If it is for <@{ANA}>, reply to what was shared with you instead" in shown(reply)
    assert f";ts={below[-1]['ts']}" in reply["text"]
    assert buttons(reply) == []
    assert "thread_ts" not in reply


@pytest.mark.parametrize("text", ["I do not think you are a research engineer", "Danke, lass uns am Montag sprechen"])
async def test_what_is_told_rather_than_asked_is_not_taken_for_a_question(workspace: Workspace, text: str):
    await shared(workspace)
    await copy_of(workspace)
    await workspace.settled()

    assert "If it is for" in shown(await said_to(workspace, text))


async def test_what_has_an_answer_is_answered(workspace: Workspace, library: Library):
    await shared(workspace)
    await copy_of(workspace)
    await workspace.settled()

    assert library.entries[MTS].answer in shown(await said_to(workspace, ASKS_MTS))
    assert shown(await said_to(workspace, "thanks")) == "You’re welcome."


async def test_who_has_replied_below_the_copy_knows_how(workspace: Workspace):
    await shared(workspace)
    copy = await copy_of(workspace)
    await thread_of(workspace, copy, count=4)
    await workspace.post(MEI, copy["channel"], THANKS, copy["ts"])
    await thread_of(workspace, copy, count=6)
    await workspace.settled()

    assert shown(await said_to(workspace, THANKS)).startswith("I don’t know that one.")


async def test_what_was_withdrawn_is_not_led_to(workspace: Workspace):
    _, receipt = await shared(workspace)
    copy = await copy_of(workspace)
    await workspace.click(ANA, receipt, "Withdraw")
    await workspace.settled()
    assert copy["ts"] not in [each["ts"] for each in await workspace.dm(MEI) if "shares a result" in shown(each)]

    assert shown(await said_to(workspace, THANKS)).startswith("I don’t know that one.")


async def test_neither_the_sender_nor_anybody_else_is_led_there(workspace: Workspace):
    await shared(workspace)
    await copy_of(workspace)
    await workspace.settled()

    for user in (ANA, BEN):
        assert shown(await said_to(workspace, THANKS, user)).startswith("I don’t know that one.")


async def test_after_a_day_it_does_not_know_what_is_meant(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    await shared(workspace)
    await copy_of(workspace)
    await workspace.settled()
    for module in (faq, for_sender):
        monkeypatch.setattr(module, "SHARED_WITHIN", -60.0)

    assert shown(await said_to(workspace, THANKS)).startswith("I don’t know that one.")
