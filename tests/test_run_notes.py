"""Where one looks: what a click changes is seen where one has clicked, or a line there leads to it."""

from functools import partial

import pytest

from bot.knowledge import Library
from tests import played
from tests.test_quiz_conversation import (
    PAIRS,
    asking,
    at_first_question,
    begin,
    card,
    close_answers,
    in_letters,
    message,
    question,
    result,
    take_at_once,
    write,
)
from tests.workspace import BOT, Json, Sent, Workspace, buttons, shown

SEE = "See the result"


@played.once
async def finished(workspace: Workspace) -> tuple[Sent, Json]:
    """Give a round that has a result, and its result."""
    root = await begin(workspace)
    await take_at_once(workspace, root)
    told = await result(workspace, root)
    await workspace.settled()
    return root, told


async def change_on_card(workspace: Workspace, root: Sent, number: int, position: int) -> None:
    """Change an answer by the card's button; number and position: of the question, from 1, and the choice, from 0."""
    now = await card(workspace, root, "Your result is below.")
    changes = [element["action_id"] for block in now["blocks"] if (element := block.get("accessory"))]
    await workspace.click("U_ANA", now, changes[number])  # the first is what it is about
    again = await question(workspace, root, number)
    await workspace.click("U_ANA", again, buttons(again)[position])
    await workspace.settled()


async def lines(workspace: Workspace, root: Sent) -> list[Json]:
    """Give the lines in the thread that say what a change did."""
    await workspace.settled()
    thread = await workspace.thread(root.channel, root, "U_ANA")
    return [each for each in thread if shown(each).startswith("You changed your answer")]


async def whispered(workspace: Workspace, channel: str, text: str, root: str | None = None) -> Json:
    """Wait for what is shown to Ana alone, in the conversation or, with its root, in a thread."""

    async def there() -> Json | None:
        messages = await (workspace.thread(channel, root, "U_ANA") if root else workspace.messages(channel, "U_ANA"))
        return next((each for each in messages if each.get("ephemeral") and text in shown(each)), None)

    return await workspace.until(there, "U_ANA")


async def test_a_result_that_is_next_above_is_not_linked(workspace: Workspace):
    root, _ = await finished(workspace)

    await write(workspace, root, "3d")

    assert SEE not in shown(await message(workspace, root, "You changed your answer to question 3"))


async def test_a_result_far_above_is_linked_by_the_line_about_the_last_change(workspace: Workspace, library: Library):
    root, told = await finished(workspace)
    await workspace.click("U_ANA", told, "Whole table")
    await message(workspace, root, "AI engineer")
    await workspace.settled()

    await change_on_card(workspace, root, 1, 1)
    [first] = await lines(workspace, root)
    assert SEE in shown(first)
    await change_on_card(workspace, root, 2, 0)
    [earlier, second] = await lines(workspace, root)

    label = library.quiz.questions[0].choices[1].label
    assert earlier["ts"] == first["ts"]
    assert shown(earlier) == f"You changed your answer to question 1: “{label}”."
    assert "question 2" in shown(second)
    assert SEE in shown(second)
    link = f";ts={told['ts']}"
    assert link in second["text"]
    assert (await workspace.thread(root.channel, root, "U_ANA"))[-1]["ts"] == second["ts"]


async def test_a_round_is_deleted_with_the_line_about_its_change(workspace: Workspace):
    root, _ = await finished(workspace)
    await change_on_card(workspace, root, 1, 1)
    assert await lines(workspace, root)

    await workspace.command("U_ANA", root.channel, "/rolefit", "history")
    listed = await whispered(workspace, root.channel, "Your rounds")
    await workspace.click("U_ANA", listed, "Delete")

    async def gone() -> bool:
        thread = await workspace.thread(root.channel, root, "U_ANA")
        return [each["ts"] for each in thread if each["user"] == BOT] == [root]

    await workspace.until(gone, "U_ANA")


async def test_who_clicks_on_the_card_outside_the_thread_is_led_into_it(workspace: Workspace):
    root, _ = await finished(workspace)
    now = await card(workspace, root, "Your result is below.")

    await workspace.click("U_ANA", now, "quiz_do:change:question-you-work-on")

    led = await whispered(workspace, root.channel, "It is in the thread of these questions.")
    again = await asking(workspace, root, "Question 1 of")
    assert f";ts={again['ts']}" in led["text"]
    assert "thread_ts" not in led


@pytest.mark.parametrize("left", ["Pause", "stop"])
async def test_who_goes_on_by_the_card_is_led_to_where_the_next_question_is(workspace: Workspace, left: str):
    root = await at_first_question(workspace)
    asked = await question(workspace, root, 1)
    await workspace.click("U_ANA", asked, buttons(asked)[0])
    before = await question(workspace, root, 2)
    if left == "stop":
        await write(workspace, root, left)
    else:
        await workspace.click("U_ANA", await card(workspace, root, "→"), left)
    now = await card(workspace, root, "Your answers are kept")

    await workspace.click("U_ANA", now, "Continue")

    led = await whispered(workspace, root.channel, "It is in the thread of these questions.")
    again = await question(workspace, root, 2)
    assert again["ts"] > before["ts"]
    assert f";ts={again['ts']}" in led["text"]
    assert "thread_ts" not in led


async def test_the_picture_so_far_is_led_to_from_the_card(workspace: Workspace):
    root = await at_first_question(workspace)
    asked = await question(workspace, root, 1)
    await workspace.click("U_ANA", asked, buttons(asked)[0])
    await question(workspace, root, 2)
    await workspace.settled()
    now = await card(workspace, root, "→")

    await workspace.click("U_ANA", now, "quiz_do:so_far")

    led = await whispered(workspace, root.channel, "It is in the thread of these questions.")
    last = (await workspace.thread(root.channel, root, "U_ANA"))[-1]
    assert f";ts={last['ts']}" in led["text"]


async def test_a_click_within_the_thread_leads_nowhere_else(workspace: Workspace):
    root = await at_first_question(workspace)
    asked = await question(workspace, root, 1)

    await workspace.click("U_ANA", asked, buttons(asked)[0])
    await question(workspace, root, 2)
    await workspace.settled()

    assert not [each for each in await workspace.messages(root.channel, "U_ANA") if each.get("ephemeral")]


async def test_who_takes_it_again_below_a_result_is_told_there_where_the_next_round_is(workspace: Workspace):
    root, told = await finished(workspace)

    await workspace.click("U_ANA", told, "Take it again")

    led = await whispered(workspace, root.channel, "Open the questions", root)
    new = (await workspace.dm("U_ANA", count=2))[-1]
    asked = (await workspace.thread(root.channel, new["ts"], "U_ANA"))[1]
    assert f";ts={asked['ts']}" in led["text"]


async def test_who_types_that_they_start_over_is_told_there_where_the_next_round_is(workspace: Workspace):
    root = await at_first_question(workspace)
    asked = await question(workspace, root, 1)
    await workspace.click("U_ANA", asked, buttons(asked)[0])
    await question(workspace, root, 2)

    await write(workspace, root, "start over")

    note = await message(workspace, root, "answers that you type here do not count")
    assert "|Your newer round is here>" in note["text"]  # a link


async def test_an_answer_that_is_replaced_from_far_below_is_said_once_with_a_link(workspace: Workspace):
    root = await at_first_question(workspace)
    first = await question(workspace, root, 1)
    await workspace.click("U_ANA", first, buttons(first)[0])
    second = await question(workspace, root, 2)
    await workspace.click("U_ANA", second, buttons(second)[2])
    await question(workspace, root, 3)

    await write(workspace, root, "1b")
    await message(workspace, root, "You changed your answer to question 1")
    await write(workspace, root, "2b")
    said = await message(workspace, root, "You changed your answer to question 2")

    [before, last] = await lines(workspace, root)
    assert "See the question" not in shown(before)
    assert last["ts"] == said["ts"]
    assert shown(said).endswith("See the question")
    assert f";ts={second['ts']}" in said["text"]


async def test_what_answers_the_question_just_asked_needs_no_line(workspace: Workspace):
    root = await at_first_question(workspace)
    typed = await write(workspace, root, "a")
    await question(workspace, root, 2)
    await workspace.edit(typed, "b")  # who edits looks at that, below which the question stands
    await card(workspace, root, "→")
    await workspace.settled()

    assert await lines(workspace, root) == []


@pytest.mark.both_databases
async def test_changes_that_are_made_at_once_have_a_line_each_in_order(workspace: Workspace):
    root, _ = await finished(workspace)

    await write(workspace, root, "change 3 to b")
    await write(workspace, root, "change 1 to b")
    await write(workspace, root, "change 4 to d")

    said = [shown(each) for each in await lines(workspace, root)]
    assert [line.partition(":")[0] for line in said] == [
        f"You changed your answer to question {number}" for number in (3, 1, 4)
    ]
    assert all(line.count("You changed") == 1 for line in said)
    # Each says what it did itself, whatever came after it; of two that come at once either may have been the first.
    first, second = said[:2] if "before, it was clear" in said[0] else said[1::-1]
    assert first.endswith("It is still an AI researcher, now only leaning; before, it was clear.")
    assert "before, it was an AI researcher (leaning)" in second or "It is still" in second


@pytest.mark.both_databases
async def test_a_change_waits_for_the_end_of_an_earlier_one_that_slack_has_to_be_waited_for(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    root, _ = await finished(workspace)
    monkeypatch.setattr("bot.slack.run_notes.ELSEWHERE", 3600.0)  # it is the end of the earlier one that is waited for
    await workspace.faults(api=[{"method": "chat.postMessage", "error": "ratelimited", "retry_after": 1}])

    await write(workspace, root, "change 3 to b")
    await write(workspace, root, "change 1 to b")

    said = [shown(line) for line in await lines(workspace, root)]
    assert [line.partition(":")[0] for line in said] == [
        f"You changed your answer to question {number}" for number in (3, 1)
    ]


async def test_a_change_waits_for_no_earlier_one_that_has_ended_though_the_inbox_still_has_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bot.inbox.DELETED_EVERY", 3600.0)
    monkeypatch.setattr("bot.slack.run_notes.ELSEWHERE", 3600.0)
    root, _ = await finished(workspace)

    for number in (3, 1):
        await write(workspace, root, f"change {number} to b")
        await workspace.until(partial(said_of, workspace, root, number), "U_ANA")


async def said_of(workspace: Workspace, root: Sent, number: int) -> bool:
    """Say whether a line about a change of this question stands in the thread."""
    thread = await workspace.thread(root.channel, root, "U_ANA")
    return any(shown(line).startswith(f"You changed your answer to question {number}") for line in thread)


async def test_a_change_after_changes_that_were_made_at_once_alone_says_what_the_result_is(workspace: Workspace):
    root, _ = await finished(workspace)
    await write(workspace, root, "change 3 to b")
    await write(workspace, root, "change 1 to b")
    assert len(await lines(workspace, root)) == 2

    await write(workspace, root, "change 4 to d")

    [*earlier, last] = await lines(workspace, root)
    assert ["question 3" in shown(earlier[0]), "question 1" in shown(earlier[1])] == [True, True]
    assert not [line for line in map(shown, earlier) if "That makes it" in line or "It is still" in line]
    assert "question 4" in shown(last)
    assert "That makes it" in shown(last) or "It is still" in shown(last)


async def test_a_round_is_deleted_with_the_lines_about_earlier_changes(workspace: Workspace):
    root, _ = await finished(workspace)
    for number in (1, 3):
        await write(workspace, root, f"change {number} to d")
        await lines(workspace, root)
    assert len(await lines(workspace, root)) == 2

    await workspace.command("U_ANA", root.channel, "/rolefit", "history")
    await workspace.click("U_ANA", await whispered(workspace, root.channel, "Your rounds"), "Delete")

    async def gone() -> bool:
        thread = await workspace.thread(root.channel, root, "U_ANA")
        return [each["ts"] for each in thread if each["user"] == BOT] == [root]

    await workspace.until(gone, "U_ANA")


async def test_an_answer_where_there_was_none_is_not_called_a_change(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root, 0, 0, 0, 0)
    assert "question 5 could not change this" in shown(await result(workspace, root))

    await write(workspace, root, "5b")

    said = await message(workspace, root, "You answered question 5")
    label = library.quiz.questions[4].choices[1].label
    assert shown(said).startswith(f"You answered question 5: “{label}”. It is still an AI researcher (clear).")
    assert await lines(workspace, root) == []


async def test_a_result_that_is_less_clear_than_before_is_still_the_same(workspace: Workspace):
    root, _ = await finished(workspace)

    await write(workspace, root, "change 3 to b")

    said = shown(await message(workspace, root, "You changed your answer to question 3"))
    assert said.endswith("It is still an AI researcher, now only leaning; before, it was clear.")
    await write(workspace, root, "change 3 to a")
    await message(workspace, root, "It is still an AI researcher, and now clear; before, it was leaning.")


async def test_a_question_that_comes_again_after_going_back_is_not_called_needless(workspace: Workspace):
    root = await begin(workspace)
    for number in (1, 2):
        asked = await question(workspace, root, number)
        await workspace.click("U_ANA", asked, buttons(asked)[0])
    third = await question(workspace, root, 3)

    await write(workspace, root, "back")
    again = await asking(workspace, root, "So far you answered")

    left = await workspace.latest("U_ANA", third, once=lambda now: not buttons(now))
    assert "I ask this again after the question below." in shown(left)
    await workspace.click("U_ANA", again, buttons(again)[1])
    await question(workspace, root, 3)
    await workspace.latest("U_ANA", third, once=lambda now: "Asked again below." in shown(now))


async def test_of_changes_of_one_question_at_once_the_later_one_holds(workspace: Workspace, library: Library):
    root = await begin(workspace)
    for number in (1, 2):
        asked = await question(workspace, root, number)
        await workspace.click("U_ANA", asked, buttons(asked)[0])
    await question(workspace, root, 3)

    await write(workspace, root, "1b")
    await write(workspace, root, "1c")

    said = [shown(each) for each in await lines(workspace, root)]
    labels = [choice.label for choice in library.quiz.questions[0].choices]
    assert [labels[1] in said[0], labels[2] in said[-1], len(said)] == [True, True, 2]
    await card(workspace, root, f"→ *{labels[2]}*")


async def test_an_answer_to_a_later_question_is_said_to_be_noted(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    first = await question(workspace, root, 1)
    await workspace.click("U_ANA", first, buttons(first)[0])
    second = await question(workspace, root, 2)

    await write(workspace, root, "4c")

    told = await message(workspace, root, "I noted your answer to question 4")
    label = library.quiz.questions[3].choices[2].label
    assert shown(told) == f"I noted your answer to question 4: “{label}”. Question 2 is still to be answered."
    assert buttons(await workspace.latest("U_ANA", second)) == buttons(second)
    await card(workspace, root, label)


async def test_several_answers_to_later_questions_are_noted_in_one_line(workspace: Workspace):
    root = await at_first_question(workspace)

    await write(workspace, root, "4c, 3a")

    told = await message(workspace, root, "I noted your answer to question 4")
    assert shown(told).startswith("I noted your answer to question 3")
    assert shown(told).endswith("Question 1 is still to be answered.")


async def test_answers_that_begin_with_what_is_asked_need_no_line(workspace: Workspace):
    root = await at_first_question(workspace)

    await write(workspace, root, "1b, 2a")
    await question(workspace, root, 3)
    await workspace.settled()

    assert "I noted" not in "".join(map(shown, await workspace.thread(root.channel, root, "U_ANA")))


async def test_who_types_the_answer_that_stands_is_told_so_and_nothing_else_changes(
    workspace: Workspace, library: Library
):
    root, _ = await finished(workspace)  # 1a 2b 3a 4c 5a

    await write(workspace, root, "change 2 to b")

    standing = library.quiz.questions[1].choices[1].label
    assert shown(await message(workspace, root, "That is your answer")) == f"That is your answer already: “{standing}”."
    await write(workspace, root, "1a, 2b")
    assert shown(await message(workspace, root, "Those are your")) == "Those are your answers already."
    assert await lines(workspace, root) == []


async def test_who_clicks_below_a_result_on_what_they_have_answered_is_told_so_once(workspace: Workspace):
    root, _ = await finished(workspace)
    await write(workspace, root, "change 1")
    again = await question(workspace, root, 1)

    await workspace.click("U_ANA", again, buttons(again)[0])
    await workspace.click_as_shown("U_ANA", again, buttons(again)[0])
    await workspace.settled()

    thread = await workspace.thread(root.channel, root, "U_ANA")
    assert sum("That is your answer already" in shown(each) for each in thread) == 1


async def test_who_goes_back_and_stays_with_an_answer_needs_no_line(workspace: Workspace):
    root = await at_first_question(workspace)
    asked = await question(workspace, root, 1)
    await workspace.click("U_ANA", asked, buttons(asked)[0])
    await question(workspace, root, 2)
    await write(workspace, root, "back")
    again = await asking(workspace, root, "So far you answered")

    await workspace.click("U_ANA", again, buttons(again)[0])
    await question(workspace, root, 2)
    await workspace.settled()

    thread = await workspace.thread(root.channel, root, "U_ANA")
    assert not any("your answer already" in shown(each) for each in thread)


async def test_a_question_that_a_change_opens_stands_below_the_line_about_the_change(
    workspace: Workspace, library: Library
):
    root, told = await finished(workspace)
    await workspace.click("U_ANA", told, "Whole table")
    await message(workspace, root, "AI engineer")

    await write(workspace, root, in_letters(close_answers(library, PAIRS[0])))

    last = await asking(workspace, root, library.quiz.tie_break(*PAIRS[0]).text)
    line = await message(workspace, root, "There is a result again once enough questions are answered.")
    await workspace.settled()
    thread = [each["ts"] for each in await workspace.thread(root.channel, root, "U_ANA")]
    assert thread[-2:] == [line["ts"], last["ts"]]
    assert SEE not in shown(line)


async def test_who_is_not_sure_and_asks_why_is_told_why_it_is_asked(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    await write(workspace, root, "I'm not sure")
    await message(workspace, root, "Take the one that comes nearest")

    await write(workspace, root, "why?")

    assert library.quiz.questions[0].why in shown(await message(workspace, root, "Why I ask:"))
