"""The thread of a round: what is open there, which buttons are, and what is typed where a newer round is."""

import pytest

from bot.knowledge import Library
from tests.test_quiz_conversation import (
    CLEAR,
    EARLY,
    asking,
    at_first_question,
    card,
    in_letters,
    message,
    question,
    result,
    take_at_once,
    write,
)
from tests.workspace import Json, Sent, Workspace, buttons, shown

NEWER = "Your newer round is here"


async def told(workspace: Workspace, root: Sent, text: str, count: int = 1) -> Json:
    """Wait until a text was said so often in a thread, and give the last message that says it."""

    async def there() -> Json | None:
        said = [each for each in await workspace.thread(root.channel, root, root.user) if text in shown(each)]
        return said[-1] if len(said) >= count else None

    return await workspace.until(there, root.user)


async def newer(workspace: Workspace, root: Sent) -> Sent:
    """Wait for the round that was begun after this one, at its first question, and give its root."""
    last = (await workspace.dm(root.user, count=2))[-1]
    begun = Sent(last["ts"], last["channel"], root.user)
    await asking(workspace, begun, "One thing first")
    return begun


@pytest.mark.both_databases
async def test_who_starts_over_is_led_to_the_newer_round_and_the_older_takes_nothing(workspace: Workspace):
    root = await at_first_question(workspace)
    await write(workspace, root, "a")
    await question(workspace, root, 2)
    await write(workspace, root, "start over")
    begun = await newer(workspace, root)
    note = await told(workspace, root, NEWER)
    assert not note.get("ephemeral")
    assert f"|{NEWER}>" in note["text"]  # a link

    for count, typed in enumerate(["1b 2a 3a", "b", "papers", "skip"], 2):
        await write(workspace, root, typed)
        assert (await told(workspace, root, NEWER, count)).get("ephemeral")
    await workspace.settled()

    assert "1 of 5 answered" in shown(await card(workspace, root, "Stopped."))
    assert "0 of 5 answered" in shown(await card(workspace, begun, "0 of 5"))
    assert not any("is not open" in shown(each) for each in await workspace.thread(root.channel, root, "U_ANA"))

    await write(workspace, root, "continue")
    await question(workspace, root, 2)


async def test_an_edit_in_a_round_that_was_left_changes_nothing_and_a_question_is_answered(workspace: Workspace):
    root = await at_first_question(workspace)
    typed = await write(workspace, root, "a")
    await question(workspace, root, 2)
    await workspace.click("U_ANA", await card(workspace, root, "1 of 5"), "Start over")
    await newer(workspace, root)
    await told(workspace, root, NEWER)

    await workspace.edit(typed, "b")
    await told(workspace, root, NEWER, 2)
    await write(workspace, root, "What does MTS mean?")
    await message(workspace, root, "Member of Technical Staff")
    await workspace.settled()

    assert "Find out what new thing" in shown(await card(workspace, root, "Stopped."))


async def test_below_a_result_an_answer_is_for_the_newer_round_while_that_is_open(workspace: Workspace):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)
    await result(workspace, root)
    await write(workspace, root, "start over")
    await newer(workspace, root)
    before = shown(await card(workspace, root, "5 of 5"))

    await write(workspace, root, "1b 2a 3a")

    said = await told(workspace, root, "so I changed nothing in this one")
    assert NEWER in shown(said)
    await workspace.settled()
    assert shown(await card(workspace, root, "5 of 5")) == before


@pytest.mark.parametrize(
    ("typed", "reply"),
    [
        ("idk", "Skip this question"),
        ("this is not for me", "Stop"),
    ],
)
async def test_buttons_about_a_question_go_once_it_is_answered(workspace: Workspace, typed: str, reply: str):
    root = await at_first_question(workspace)
    await write(workspace, root, typed)
    offer = await asking(workspace, root, "type skip")
    assert buttons(offer) == [reply]

    await write(workspace, root, "a")
    await question(workspace, root, 2)

    now = await workspace.latest("U_ANA", offer, once=lambda each: not buttons(each))
    assert "Question 1 of 5" in shown(now)
    assert "Find out what new thing" in shown(now)


async def test_buttons_about_a_question_that_is_asked_again_stand_below_that_alone(workspace: Workspace):
    root = await at_first_question(workspace)
    await write(workspace, root, "bananas")
    await message(workspace, root, "I did not catch which one you mean")
    await workspace.settled()  # that it was said is recorded after it is said
    await write(workspace, root, "bananas again")
    offer = await asking(workspace, root, "Sorry, I still can’t tell")

    await write(workspace, root, "What does MTS mean?")
    await message(workspace, root, "Member of Technical Staff")

    now = await workspace.latest("U_ANA", offer, once=lambda each: not buttons(each))
    assert "Asked again below" in shown(now)


@pytest.mark.parametrize("typed", ["why not research engineer?", "how sure are you?", "thanks", "why do you ask?"])
async def test_a_reply_to_a_remark_says_which_question_is_open(workspace: Workspace, library: Library, typed: str):
    root = await at_first_question(workspace)
    await write(workspace, root, "a")
    await question(workspace, root, 2)

    await write(workspace, root, typed)

    await message(workspace, root, f"Still open: {library.quiz.questions[1].text}")


async def test_an_answer_to_a_question_that_was_left_out_completes_the_result(workspace: Workspace):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root, *EARLY)
    await result(workspace, root)
    await workspace.settled()

    await write(workspace, root, "a PhD")

    await message(workspace, root, "You answered question 5")
    await card(workspace, root, "5 of 5 answered")


async def test_the_letter_of_a_question_that_was_skipped_is_taken_below_the_result(workspace: Workspace):
    root = await at_first_question(workspace)
    await write(workspace, root, in_letters(CLEAR[:4]))
    await question(workspace, root, 5)
    await write(workspace, root, "skip")
    await result(workspace, root)
    await workspace.settled()

    await write(workspace, root, "b")

    await message(workspace, root, "You answered question 5")


@pytest.mark.both_databases
async def test_a_change_is_taken_back_in_a_round_and_below_its_result(workspace: Workspace):
    root = await at_first_question(workspace)
    await write(workspace, root, "a")
    await question(workspace, root, 2)
    await write(workspace, root, "change 1 to b")
    await message(workspace, root, "You changed your answer to question 1: “Build the system")

    await write(workspace, root, "no, undo that")

    await message(workspace, root, "I put it back: your answer to question 1 is “Find out what new thing")
    assert "Find out what new thing" in shown(await card(workspace, root, "1 of 5"))
    await write(workspace, root, "undo")
    await message(workspace, root, "There is no change of an answer to take back")
    await write(workspace, root, "change 1")
    await asking(workspace, root, "So far you answered: *Find out what new thing")
    await write(workspace, root, "leave it as it was")
    await message(workspace, root, "Then your answers stay as they are.")

    await write(workspace, root, "2b 3a 4c 5a")
    await result(workspace, root)
    await write(workspace, root, "change 5 to d")
    await message(workspace, root, "You changed your answer to question 5")
    await write(workspace, root, "put it back")
    back = shown(await message(workspace, root, "I put it back: your answer to question 5 is “Research training"))
    assert "an AI researcher" in back
    await write(workspace, root, "sorry, I meant d")
    await told(workspace, root, "You changed your answer to question 5", 1)
    await workspace.settled()
    assert "Research training" not in shown(await card(workspace, root, "5 of 5"))


async def test_an_answer_is_taken_back_by_asking_its_question_again_and_another_was_meant(workspace: Workspace):
    root = await at_first_question(workspace)
    await write(workspace, root, "a")
    await question(workspace, root, 2)

    await write(workspace, root, "undo")
    assert "So far you answered: *Find out what new thing" in shown(
        await asking(workspace, root, "So far you answered")
    )
    await write(workspace, root, "d")
    await card(workspace, root, "Ship a product or service")
    await question(workspace, root, 2)
    await write(workspace, root, "I meant b")

    await message(workspace, root, "You changed your answer to question 1: “Build the system")
    assert "1 of 5" in shown(await card(workspace, root, "Build the system"))


async def test_an_answer_to_what_was_skipped_is_taken_back_below_the_result(workspace: Workspace):
    root = await at_first_question(workspace)
    await write(workspace, root, "1a 2b 3a 4c")
    await question(workspace, root, 5)
    await write(workspace, root, "skip")
    before = shown(await result(workspace, root))
    await write(workspace, root, "5d")
    await message(workspace, root, "You answered question 5")

    await write(workspace, root, "can I take it back?")

    told_back = shown(await message(workspace, root, "I took it back: question 5 has no answer again."))
    assert "an AI researcher" in told_back
    await workspace.settled()
    assert "4 of 5" in shown(await card(workspace, root, "4 of 5"))
    assert shown(await result(workspace, root)) == before


async def test_who_asks_whether_it_can_be_taken_again_begins_it_by_the_button(workspace: Workspace):
    root = await at_first_question(workspace)

    await write(workspace, root, "can I redo it")

    offer = await asking(workspace, root, "a new round begins")
    assert buttons(offer) == ["Start over"]
    assert len(await workspace.dm("U_ANA")) == 1
    await write(workspace, root, "can I pick two?")
    await message(workspace, root, "You can take two, if both fit about equally")
    await workspace.click("U_ANA", offer, "Start over")
    await newer(workspace, root)


async def test_what_is_asked_and_objected_below_a_result_is_answered_there(workspace: Workspace):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)
    await result(workspace, root)

    for typed, reply in {
        "what does clear mean": "*Clear* means that one role is well ahead",
        "but I spend half my time on product": "I go by your answers alone, such as these",
        "but I'm a researcher": "That is what your answers say, too: an AI researcher (clear)",
        "what would change it?": "As it stands: an AI researcher (clear)",
        "is there a person I can ask": "no person reads what you write here",
        "thanks Mei, see you then": "as if it were for Mei. Nobody but me reads what you write here",
        "Dashboards, do you count these?": "I don’t know that one",
        "can I redo it": "a new round begins",
        "can I take it back?": "There is no change of an answer to take back",
    }.items():
        await write(workspace, root, typed)
        await message(workspace, root, reply)


async def test_a_first_miss_is_no_second_one_whatever_was_said_before(workspace: Workspace):
    root = await at_first_question(workspace)
    await write(workspace, root, "why do you ask?")
    await message(workspace, root, "Why I ask:")
    await workspace.settled()

    await write(workspace, root, "bananas")

    await message(workspace, root, "I did not catch which one you mean")
    assert not any("still can’t tell" in shown(each) for each in await workspace.thread(root.channel, root, "U_ANA"))
