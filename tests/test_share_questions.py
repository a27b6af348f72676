"""The recipient of a result asks about it below the copy, or elsewhere: it is answered from what the copy shows."""

import pytest

from bot.knowledge import Library
from tests.sharing import ANA, copy_of, fill_in, outdated, shared, thread_of, window
from tests.test_direct_message import ASKS_MTS, MTS
from tests.test_for_sender import said_to
from tests.test_quiz_conversation import message
from tests.test_share_recipient import offer, reply, thread
from tests.workspace import Json, Workspace, buttons, shown


async def answered(workspace: Workspace, copy: Json, text: str) -> str:
    """Ask below a copy, and give what is said to it."""
    before = len(await thread_of(workspace, copy))
    await reply(workspace, copy, text)
    said = await thread_of(workspace, copy, count=before + 2)
    await workspace.settled()
    assert buttons(said[-1]) == []
    return shown(said[-1])


@pytest.mark.both_databases
async def test_questions_about_a_copy_are_answered_from_what_it_shows(workspace: Workspace):
    root, _ = await shared(workspace)
    copy = await copy_of(workspace)
    below = await thread_of(workspace, copy, count=4)
    headline = next(line for line in shown(copy).split("\n") if line.startswith("*The work of"))

    sure = await answered(workspace, copy, "how sure is this")
    assert headline in sure
    assert "%" in sure
    assert shown(below[0]).split("\n")[0] in await answered(workspace, copy, "why not AI engineer")
    assert shown(below[-1]) in await answered(workspace, copy, "what should i ask her in our 1:1")
    assert "did not include the answers" in await answered(workspace, copy, "what did she answer for question 1")
    assert "No." in await answered(workspace, copy, "does ana see what i write here")
    assert "describes work, not people" in await answered(workspace, copy, "can i hire based on it")
    assert "Not as a grade" in await answered(workspace, copy, "can i use it in the performance review")
    assert "“No more from this person”" in await answered(workspace, copy, "stop sending me this")
    assert "*Clear* means" in await answered(workspace, copy, 'what does "clear" mean')
    assert not any("Send this to" in shown(each) for each in await thread_of(workspace, copy))
    assert not any("hire based" in text or "how sure" in text for text in await thread(workspace, root))

    await reply(workspace, copy, "I see it otherwise, let's talk on Monday")
    await offer(workspace, copy)


async def test_what_is_asked_of_the_sender_and_nobody_can_answer_is_offered_to_be_sent(workspace: Workspace):
    await shared(workspace)
    copy = await copy_of(workspace)
    await thread_of(workspace, copy, count=4)
    await answered(workspace, copy, "is it good or bad")
    await reply(workspace, copy, "is he wrong?")

    asked = await offer(workspace, copy)

    assert asked["ts"] == (await thread_of(workspace, copy))[-1]["ts"]


async def test_answers_that_were_shared_are_shown_to_who_asks(workspace: Workspace):
    await shared(workspace, parts=["answers"])
    copy = await copy_of(workspace)
    await thread_of(workspace, copy, count=2)

    assert f"What <@{ANA}> answered" in await answered(workspace, copy, "can I see her answers?")
    sure = await answered(workspace, copy, "how sure is this?")
    assert "did not include that" in sure
    assert "%" not in sure
    assert "research engineer*" not in await answered(workspace, copy, "is it good or bad")


async def test_an_answer_below_a_copy_goes_with_it_and_with_what_it_showed(workspace: Workspace):
    root, _ = await shared(workspace)
    copy = await copy_of(workspace)
    await thread_of(workspace, copy, count=4)
    before = await answered(workspace, copy, "who is second")
    receipt = await outdated(workspace, root)
    assert before == await answered(workspace, copy, "who is second")  # of what was shared, not of what it is by now

    await window(workspace, receipt, label="Update")
    await fill_in(workspace, None)
    await workspace.submit(ANA)
    await message(workspace, root, "You have updated it since you shared it.")
    await workspace.settled()
    assert before not in [shown(each) for each in await thread_of(workspace, copy)]

    now = await answered(workspace, copy, "who is second")
    [standing] = [each for each in await thread_of(workspace, copy) if shown(each) == now]
    await workspace.click(ANA, await message(workspace, root, "has had this since"), "Withdraw")
    await workspace.settled()
    assert standing["ts"] not in [each["ts"] for each in await thread_of(workspace, copy)]


async def test_elsewhere_such_a_question_is_led_to_the_thread(workspace: Workspace, library: Library):
    await shared(workspace)
    copy = await copy_of(workspace)
    below = await thread_of(workspace, copy, count=4)
    await workspace.settled()

    for text in ("can i use it in the performance review", "can hr see it", "delete it", "can she be promoted"):
        told = await said_to(workspace, text)
        assert f"the result that <@{ANA}> shared with you" in shown(told)
        assert f";ts={below[-1]['ts']}" in told["text"]
    assert library.entries[MTS].answer in shown(await said_to(workspace, ASKS_MTS))
    assert "shared with you" not in shown(await said_to(workspace, "is that reliable?"))  # what was answered above
    assert f"<@{ANA}> shared with you" in shown(await said_to(workspace, "can i see her answers"))
    assert "shared with you" not in shown(await said_to(workspace, "can hr see it", ANA))
