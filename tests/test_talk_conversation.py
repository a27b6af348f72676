"""A bot one can talk to: what people say to it besides questions, and questions it is known not to answer."""

import pytest

from bot.knowledge import Library
from tests.test_quiz_conversation import begin, message, question, take, write
from tests.workspace import Json, Workspace, buttons, shown

SAID = {
    "greeting": "hey rolefit!",
    "thanks": "thx!!",
    "help": "what can you do?",
    "identity": "are you an AI?",
    "privacy": "who can see this?",
    "begin": "I want to take the quiz",
    "stop": "stop",
    "complaint": "that's wrong",
    "bye": "bye",
}
DECOY = "salary of an AI researcher at OpenAI"


async def privately(workspace: Workspace, text: str) -> Json:
    """Type /rolefit and a text in a channel, and give what only who typed it sees."""
    before = len(await workspace.messages("C_ASK"))
    await workspace.command("U_ANA", "C_ASK", "/rolefit", text)
    *_, told = await workspace.messages("C_ASK", count=before + 1)
    assert told["ephemeral"]
    return told


def reply_to(intent: str, library: Library) -> str:
    return str(getattr(library.words.talk, intent).reply)


@pytest.mark.parametrize("intent", SAID)
async def test_small_talk_gets_a_fitting_word_in_a_direct_message(workspace: Workspace, library: Library, intent: str):
    asked = await workspace.post("U_ANA", "U_ROLEFIT", SAID[intent])

    [told] = await workspace.replies(asked)

    assert reply_to(intent, library) in shown(told)


@pytest.mark.parametrize("intent", SAID)
async def test_small_talk_gets_a_fitting_word_by_mention(workspace: Workspace, library: Library, intent: str):
    asked = await workspace.mention("U_ANA", "C_ASK", f"<@U_BOT> {SAID[intent]}")

    [told] = await workspace.replies(asked)

    assert reply_to(intent, library) in shown(told)


async def test_nothing_of_it_is_said_unasked(workspace: Workspace):
    for said in (*SAID.values(), DECOY):
        root = await workspace.post("U_ANA", "C_ASK", said)
        await workspace.post("U_BEN", "C_ASK", said, root)

    await workspace.settled()

    assert await workspace.traffic("chat.postMessage") == []


async def test_a_greeting_with_a_question_is_a_question(workspace: Workspace, library: Library):
    asked = await workspace.post("U_ANA", "U_ROLEFIT", "hi, what is an MTS?")

    [told] = await workspace.replies(asked)

    assert library.entries["member-of-technical-staff"].answer in shown(told)


async def test_who_wants_to_take_the_quiz_gets_a_button_that_begins_it(workspace: Workspace):
    asked = await workspace.post("U_ANA", "U_ROLEFIT", "how do I take the quiz?")
    [told] = await workspace.replies(asked)

    await workspace.click("U_ANA", told, "Start the questions")
    *_, root = await workspace.dm("U_ANA", count=2)

    assert "short questions about the work" in shown(root)


async def test_the_button_in_a_channel_begins_it_in_a_direct_message_and_says_so(workspace: Workspace):
    asked = await workspace.mention("U_ANA", "C_ASK", "<@U_BOT> I want to take the quiz")
    [told] = await workspace.replies(asked)

    await workspace.click("U_BEN", told, "Start the questions")
    [root] = await workspace.dm("U_BEN", count=1)
    await workspace.settled()

    assert "short questions about the work" in shown(root)
    assert await workspace.dm("U_ANA") == []
    assert "I have sent you the first question" in await workspace.dump("U_BEN")
    assert buttons(await workspace.latest("U_ANA", told)) == ["Start the questions"]


async def test_the_button_goes_on_with_a_round_that_is_open(workspace: Workspace):
    root = await begin(workspace)
    await write(workspace, root, "a")
    await question(workspace, root, 2)
    asked = await workspace.post("U_ANA", "U_ROLEFIT", "start the quiz")
    [told] = await workspace.replies(asked)

    await workspace.click("U_ANA", told, "Start the questions")
    await workspace.settled()

    assert len(await workspace.dm("U_ANA")) == 2
    await question(workspace, root, 2)


# In the thread of the quiz


@pytest.mark.parametrize("said", ["idk", "no clue", "not sure", "I don't know", "hmm, idk"][:4])
async def test_who_does_not_know_is_offered_to_skip(workspace: Workspace, said: str):
    root = await begin(workspace)
    await question(workspace, root, 1)
    await write(workspace, root, said)
    offer = await message(workspace, root, "That is fine. Which comes nearest")

    await workspace.click("U_ANA", offer, "Skip this question")

    await question(workspace, root, 2)


async def test_an_offer_to_skip_is_for_the_question_it_was_made_at(workspace: Workspace):
    root = await begin(workspace)
    await question(workspace, root, 1)
    await write(workspace, root, "idk")
    offer = await message(workspace, root, "That is fine. Which comes nearest")
    await write(workspace, root, "a")
    await question(workspace, root, 2)

    await workspace.click_as_shown("U_ANA", offer, "Skip this question")
    await workspace.settled()

    second = await question(workspace, root, 2)
    assert "skipped" not in shown(second).casefold()
    thread = await workspace.thread(root.channel, root, "U_ANA")
    assert not any("Question 3 of" in shown(each) for each in thread)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("is this anonymous?", "it is not anonymous to whoever looks after my database"),
        ("who can see this", "I show it to nobody unless you share it"),
        ("thanks!", "You’re welcome."),
        ("hello", "We can go on whenever you like."),
        ("help", "Click an answer, or type its letter"),
        ("who are you?", "I am Rolefit, a bot"),
        ("that's wrong", "Each answer can be changed"),
        ("start the quiz", "You are in it"),
        ("bye", "Your answers are kept"),
    ],
)
async def test_an_aside_gets_its_word_and_the_quiz_goes_on(workspace: Workspace, said: str, told: str):
    root = await begin(workspace)
    await question(workspace, root, 1)

    await write(workspace, root, said)
    await message(workspace, root, told)

    still = await question(workspace, root, 1)
    await workspace.click("U_ANA", still, buttons(still)[0])
    await question(workspace, root, 2)


async def test_an_aside_after_the_result_changes_nothing(workspace: Workspace):
    root = await begin(workspace)
    await take(workspace, root)
    before = await message(workspace, root, "Take it again")

    await write(workspace, root, "thanks, that helps!")
    await message(workspace, root, "You’re welcome.")

    assert shown(await workspace.latest("U_ANA", before)) == shown(before)


async def test_who_asks_to_be_left_alone_stops_the_round(workspace: Workspace):
    root = await begin(workspace)
    await question(workspace, root, 1)

    await write(workspace, root, "please stop")

    await message(workspace, root, "Stopped. Your answers are kept")


# /rolefit and a question


async def test_the_command_answers_a_question_for_one_person_alone(workspace: Workspace, library: Library):
    told = await privately(workspace, "what does MTS mean?")

    assert library.entries["member-of-technical-staff"].answer in shown(told)
    assert all(each["user"] != "U_ROLEFIT" for each in await workspace.messages("C_ASK", "U_BEN"))


async def test_a_suggestion_of_the_command_is_answered_in_its_place(workspace: Workspace, library: Library):
    offer = await privately(workspace, "titles at labs, flat or not")
    label, *_ = buttons(offer)

    await workspace.click("U_ANA", offer, label)

    async def answered() -> Json | None:
        now = (await workspace.messages("C_ASK"))[-1]
        return now if "Here is the answer to" in shown(now) else None

    told = await workspace.until(answered, "U_ANA")
    assert told["ephemeral"]
    assert buttons(told) == []
    assert any(entry.answer in shown(told) for entry in library.entries.values())
    assert await workspace.traffic("chat.postMessage") == []


async def test_the_command_says_what_it_knows_where_it_has_no_answer(workspace: Workspace):
    told = shown(await privately(workspace, "which restaurant has the best ramen?"))

    assert "I don’t know that one." in told
    assert "AI roles and titles" in told
    assert "/rolefit" in told


@pytest.mark.parametrize("intent", ["greeting", "begin", "privacy"])
async def test_the_command_talks_too(workspace: Workspace, library: Library, intent: str):
    told = await privately(workspace, SAID[intent])

    assert reply_to(intent, library) in shown(told)


async def test_the_button_that_the_command_shows_begins_the_quiz(workspace: Workspace):
    told = await privately(workspace, "start the quiz")

    await workspace.click("U_ANA", told, "Start the questions")

    [root] = await workspace.dm("U_ANA", count=1)
    assert "short questions about the work" in shown(root)


# One suggestion, and what is known not to be answered


async def test_one_suggestion_is_worded_as_one(workspace: Workspace, library: Library):
    asked = await workspace.post("U_ANA", "U_ROLEFIT", ONE)
    [offer] = await workspace.replies(asked)

    assert shown(offer).startswith("Did you mean: ")
    assert buttons(offer) == ["Yes"]

    await workspace.click("U_ANA", offer, "Yes")
    _, answer = await workspace.replies(asked, count=2)
    assert any(entry.answer in shown(answer) for entry in library.entries.values())


@pytest.mark.parametrize("how", ["dm", "mention", "command"])
async def test_a_question_known_not_to_be_answered_is_told_so_to_who_asks(
    workspace: Workspace, library: Library, how: str
):
    if how == "command":
        told = await privately(workspace, DECOY)
    elif how == "dm":
        [told] = await workspace.replies(await workspace.post("U_ANA", "U_ROLEFIT", DECOY))
    else:
        [told] = await workspace.replies(await workspace.mention("U_ANA", "C_ASK", f"<@U_BOT> {DECOY}"))

    assert str(library.not_answered["pay-in-figures"].reply) in shown(told)


async def test_it_is_told_in_the_quiz_too_and_the_quiz_goes_on(workspace: Workspace, library: Library):
    root = await begin(workspace)
    await question(workspace, root, 1)

    await write(workspace, root, f"what is the {DECOY}?")

    await message(workspace, root, str(library.not_answered["pay-in-figures"].reply))
    await question(workspace, root, 1)
