"""/rolefit as people meet it: five questions in a DM thread, by clicks and by typing, then a recommendation."""

import pytest

from bot.knowledge import Library
from tests.workspace import Json, Sent, Workspace, buttons, shown

COUNT = 5


async def begin(workspace: Workspace, user: str = "U_ANA", channel: str = "C_ASK") -> Sent:
    """Type /rolefit and give the root message that opens the thread."""
    before = len(await workspace.dm(user))
    await workspace.command(user, channel, "/rolefit")
    root = (await workspace.dm(user, count=before + 1))[-1]
    return Sent(root["ts"], root["channel"], user)


async def question(workspace: Workspace, root: Sent, number: int) -> Json:
    """Wait for the message that asks question `number`, counted from 1."""
    return await message(workspace, root, f"Question {number} of {COUNT}")


async def message(workspace: Workspace, root: Sent, text: str) -> Json:
    """Wait for a message in the thread that shows this text, and give the last of them."""

    async def there() -> Json | None:
        thread = await workspace.thread(root.channel, root, root.user)
        return next((each for each in reversed(thread) if text in shown(each)), None)

    return await workspace.until(there, root.user)


async def take(workspace: Workspace, root: Sent, choice: int, numbers: range = range(1, COUNT + 1)) -> None:
    """Click the same choice, counted from 0, of each of these questions."""
    for number in numbers:
        asked = await question(workspace, root, number)
        await workspace.click(root.user, asked, buttons(asked)[choice])


async def result(workspace: Workspace, root: Sent) -> Json:
    return await message(workspace, root, "Take it again")


async def test_five_clicks_lead_to_a_recommendation(either_way: Workspace, library: Library):
    root = await begin(either_way)
    await take(either_way, root, 0)

    told = await result(either_way, root)

    said = shown(told).replace("*", "")
    assert "Your work calls for the role of AI researcher." in said
    assert "That is clear: research engineer comes second" in said
    assert "█" in said
    assert "What decided it" in said
    [table] = [block for block in told["blocks"] if block["type"] == "table"]
    assert [cell["text"] for cell in table["rows"][0]] == [
        "Dimension",
        "AI researcher (research scientist)",
        "Research engineer",
    ]
    assert "Research Scientist, at its core:" in said
    assert "Separate tracks or one title, for Research-heavy" in said
    assert buttons(told) == ["Share with my manager", "Take it again"]


async def test_the_last_choices_lead_to_an_ai_engineer(workspace: Workspace):
    root = await begin(workspace)
    for number in range(1, COUNT + 1):
        asked = await question(workspace, root, number)
        await workspace.click("U_ANA", asked, buttons(asked)[-1])

    assert "the role of AI engineer." in shown(await result(workspace, root))


async def test_the_text_of_a_recommendation_says_what_its_blocks_say(workspace: Workspace):
    root = await begin(workspace)
    await take(workspace, root, 0)

    told = await result(workspace, root)

    text = told["text"].replace("&amp;", "&")
    for row in next(block for block in told["blocks"] if block["type"] == "table")["rows"][1:]:
        assert all(cell["text"] in text for cell in row)
    for block in told["blocks"]:
        if block["type"] == "section":
            assert block["text"]["text"].replace("&amp;", "&") in text


async def test_a_private_note_in_the_channel_leads_to_the_question(workspace: Workspace):
    await begin(workspace)

    [note] = [each for each in await workspace.messages("C_ASK", count=2) if each.get("ephemeral")]

    assert "I have sent you the first question" in note["text"]
    assert f"{workspace.url}/?channel=D_ANA" in note["text"].replace("&amp;", "&")
    assert not any(each.get("ephemeral") for each in await workspace.messages("C_ASK", "U_BEN"))


async def test_in_the_direct_message_no_note_is_needed(workspace: Workspace):
    await workspace.open("U_ANA")
    root = await begin(workspace, channel="D_ANA")
    await question(workspace, root, 1)

    assert not any(each.get("ephemeral") for each in await workspace.dm("U_ANA"))


async def test_a_question_shows_its_progress_and_then_the_choice_made(workspace: Workspace):
    root = await begin(workspace)
    asked = await question(workspace, root, 1)
    label = buttons(asked)[1]

    await workspace.click("U_ANA", asked, label)
    await question(workspace, root, 2)

    now = await workspace.latest("U_ANA", asked)
    assert buttons(now) == []
    assert f"Your answer: {label.removeprefix('2. ')}" in shown(now).replace("*", "")


@pytest.mark.parametrize(
    ("typed", "position"), [("2", 1), ("b", 1), ("B)", 1), ("number 3", 2), ("open research questions", 0)]
)
async def test_a_typed_reply_answers_like_a_click(workspace: Workspace, library: Library, typed: str, position: int):
    root = await begin(workspace)
    asked = await question(workspace, root, 1)

    await workspace.post("U_ANA", root.channel, typed, root)
    await question(workspace, root, 2)

    chosen = library.quiz.questions[0].choices[position].label
    assert chosen in shown(await workspace.latest("U_ANA", asked))


async def test_the_whole_quiz_can_be_typed(workspace: Workspace):
    root = await begin(workspace)
    for number in range(1, COUNT + 1):
        await question(workspace, root, number)
        await workspace.post("U_ANA", root.channel, "1", root)

    assert "the role of AI researcher." in shown(await result(workspace, root))


async def test_words_that_fit_no_choice_are_asked_about(workspace: Workspace):
    root = await begin(workspace)
    await question(workspace, root, 1)
    await workspace.post("U_ANA", root.channel, "bananas, mostly", root)

    assert "I did not catch which one you mean." in shown(await message(workspace, root, "I did not catch"))


async def test_a_question_of_ones_own_gets_its_answer_and_the_quiz_goes_on(workspace: Workspace, library: Library):
    root = await begin(workspace)
    await question(workspace, root, 1)
    await workspace.post("U_ANA", root.channel, 'Why did xAI drop the "researcher" title?', root)
    await message(workspace, root, library.entries["xai-dropped-researcher"].answer)

    await workspace.post("U_ANA", root.channel, "1", root)

    await question(workspace, root, 2)


async def test_a_question_without_a_question_mark_is_a_question_all_the_same(workspace: Workspace, library: Library):
    root = await begin(workspace)
    await question(workspace, root, 1)
    await workspace.post("U_ANA", root.channel, "what is a research engineer", root)

    await message(workspace, root, library.entries["research-engineer"].answer)


async def test_after_the_result_a_reply_is_told_that_the_round_is_over(workspace: Workspace):
    root = await begin(workspace)
    await take(workspace, root, 0)
    await result(workspace, root)
    await workspace.post("U_ANA", root.channel, "2", root)

    await message(workspace, root, "This round is finished.")


async def test_a_double_click_has_one_effect(workspace: Workspace):
    root = await begin(workspace)
    asked = await question(workspace, root, 1)
    label = buttons(asked)[0]
    # The page of the second device has not heard of the first click yet.
    await workspace.click("U_ANA", asked, label)
    await workspace.click_as_shown("U_ANA", asked, label)
    await question(workspace, root, 2)
    await workspace.settled()

    thread = await workspace.thread(root.channel, root, "U_ANA")
    assert sum("Question 2 of" in shown(each) for each in thread) == 1
    assert not any(each.get("ephemeral") for each in thread)


async def test_a_stale_button_tells_the_truth_and_changes_nothing(workspace: Workspace):
    root = await begin(workspace)
    asked = await question(workspace, root, 1)
    first, second, *_ = buttons(asked)
    await workspace.click("U_ANA", asked, first)
    await question(workspace, root, 2)

    await workspace.click_as_shown("U_ANA", asked, second)

    told = await message(workspace, root, "You already answered this one with")
    assert first.removeprefix("1. ") in shown(told)
    assert told["ephemeral"]
    assert first.removeprefix("1. ") in shown(await workspace.latest("U_ANA", asked))


async def test_a_double_enter_answers_one_question(workspace: Workspace):
    root = await begin(workspace)
    await question(workspace, root, 1)
    await workspace.post("U_ANA", root.channel, "1", root)
    await workspace.post("U_ANA", root.channel, "1", root)
    second = await question(workspace, root, 2)
    await workspace.settled()

    assert buttons(await workspace.latest("U_ANA", second)) != []


async def test_two_people_do_not_disturb_each_other(workspace: Workspace):
    ana, ben = await begin(workspace, "U_ANA"), await begin(workspace, "U_BEN")
    await take(workspace, ana, 0)
    await take(workspace, ben, -1)

    assert "the role of AI researcher." in shown(await result(workspace, ana))
    assert "the role of AI engineer." in shown(await result(workspace, ben))


async def test_a_result_too_close_to_call_offers_the_tie_break(workspace: Workspace, library: Library):
    root = await begin(workspace)
    for number, choice in enumerate(close_answers(library), 1):
        asked = await question(workspace, root, number)
        await workspace.click("U_ANA", asked, buttons(asked)[choice])
    assert "It is too close to call." in shown(await result(workspace, root))

    tie_break = await message(workspace, root, library.quiz.tie_break.text)
    await workspace.click("U_ANA", tie_break, buttons(tie_break)[0])

    await message(workspace, root, f"Your answer: *{library.quiz.tie_break.choices[0].label}*")


def close_answers(library: Library) -> list[int]:
    """Find answers, as positions of choices, after which no role leads."""
    from itertools import product

    from bot.domain.fit import Clearness, recommend

    questions = library.quiz.questions
    for positions in product(*(range(len(question.choices)) for question in questions)):
        chosen = {q.id: q.choices[at].id for q, at in zip(questions, positions, strict=True)}
        if recommend(library.quiz, chosen).clearness is Clearness.CLOSE:
            return list(positions)
    raise AssertionError("no answers are too close to call")


async def test_it_can_be_taken_again_and_a_double_click_begins_one_round(workspace: Workspace):
    root = await begin(workspace)
    await take(workspace, root, 0)
    told = await result(workspace, root)

    await workspace.click("U_ANA", told, "Take it again")
    await workspace.click("U_ANA", told, "Take it again")

    *_, again = await workspace.dm("U_ANA", count=2)
    await question(workspace, Sent(again["ts"], again["channel"], "U_ANA"), 1)
    await workspace.settled()
    assert len(await workspace.dm("U_ANA")) == 2


async def test_the_command_twice_points_to_the_round_that_has_just_begun(workspace: Workspace):
    root = await begin(workspace)
    await question(workspace, root, 1)

    await workspace.command("U_ANA", "C_ASK", "/rolefit")

    notes = [each for each in await workspace.messages("C_ASK", count=3) if each.get("ephemeral")]
    assert len(notes) == 2
    assert notes[0]["text"] == notes[1]["text"]
    assert len(await workspace.dm("U_ANA")) == 1


@pytest.mark.parametrize(("argument", "lead"), [("help", "/rolefit starts"), ("history", "I don’t know “history”")])
async def test_help_and_unknown_arguments_explain_the_command(workspace: Workspace, argument: str, lead: str):
    await workspace.command("U_ANA", "C_ASK", "/rolefit", argument)

    [told] = [each for each in await workspace.messages("C_ASK", count=2) if each.get("ephemeral")]

    assert shown(told).replace("*", "").startswith(lead)
    assert "starts five questions" in shown(told)
    assert await workspace.dm("U_ANA") == []


async def test_the_home_tab_begins_the_quiz(workspace: Workspace):
    home = await workspace.home("U_ANA")
    assert "Find your own role." in shown(home)

    await workspace.click("U_ANA", home, "Start the questions")

    [root] = await workspace.dm("U_ANA", count=1)
    await question(workspace, Sent(root["ts"], root["channel"], "U_ANA"), 1)
