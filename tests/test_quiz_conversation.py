"""/rolefit as people meet it: a conversation in a DM thread, by clicks and by typing, then a recommendation."""

import asyncio
import base64
import contextlib
import json
import re
import sqlite3
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from bot.domain.fit import Clearness, recommend, settled
from bot.domain.quiz import LETTERS
from bot.domain.quiz_content import with_article
from bot.knowledge import Library
from tests import played
from tests.conftest import bot_in, free_port
from tests.test_edge import FORM, Edge
from tests.workspace import Json, Sent, Workspace, buttons, shown

COUNT = 5
OWN, ROLE, PEOPLE = "My own work", "A role I want to fill", "I manage people"
# Answers, as positions of choices: a clear result that needs all five questions, and one that four decide.
CLEAR, EARLY = (0, 1, 0, 2, 0), (0, 0, 0, 0)
ENGINEER = (3, 4, 3, 1, 3)
PARTS = ["How I am graded", "Titles", "Skills", "Tracks or title", "Whole table"]


async def begin(
    workspace: Workspace, user: str = "U_ANA", channel: str = "C_ASK", about: str | None = OWN, text: str = ""
) -> Sent:
    """Type /rolefit, say what it is about, unless that is None, and give the root message that opens the thread."""
    before = len(await workspace.dm(user))
    await workspace.command(user, channel, "/rolefit", text)
    first = (await workspace.dm(user, count=before + 1))[-1]
    root = Sent(first["ts"], first["channel"], user)
    return await say_what_about(workspace, root, about) if about else root


async def say_what_about(workspace: Workspace, root: Sent, about: str = OWN) -> Sent:
    """Click what a round is about; gives its root again."""
    asked = await asking(workspace, root, "One thing first")
    await workspace.click(root.user, asked, lettered(asked, about))
    return root


@played.once
async def at_first_question(workspace: Workspace) -> Sent:
    """Begin a round and be asked its first question; gives the root. Not for what happens to one just begun."""
    root = await begin(workspace)
    await question(workspace, root, 1)
    return root


def lettered(asked: Json, choice: str) -> str:
    """Give the label of the button for a choice, which begins with its letter."""
    [button] = [button for button in buttons(asked) if button[1:] == f". {choice}"]
    return button


async def question(workspace: Workspace, root: Sent, number: int) -> Json:
    """Wait for the message that asks question `number`, counted from 1."""
    return await asking(workspace, root, f"Question {number} of {COUNT}")


async def asking(workspace: Workspace, root: Sent, text: str) -> Json:
    """Wait for a message in the thread that shows this text and takes a click."""

    async def there() -> Json | None:
        thread = await workspace.thread(root.channel, root, root.user)
        return next((each for each in reversed(thread[1:]) if text in shown(each) and buttons(each)), None)

    return await workspace.until(there, root.user)


async def message(workspace: Workspace, root: Sent, text: str) -> Json:
    """Wait for a message in the thread that shows this text, and give the last of them."""

    async def there() -> Json | None:
        thread = await workspace.thread(root.channel, root, root.user)
        return next((each for each in reversed(thread) if text in shown(each)), None)

    return await workspace.until(there, root.user)


async def card(workspace: Workspace, root: Sent, text: str) -> Json:
    """Wait until the message at the root of the thread shows this text, and give it."""

    async def there() -> Json | None:
        first = (await workspace.thread(root.channel, root, root.user))[0]
        return first if text in shown(first) else None

    return await workspace.until(there, root.user)


async def take(workspace: Workspace, root: Sent, *choices: int) -> None:
    """Click these choices, counted from 0, of the questions in their order."""
    for number, choice in enumerate(choices or CLEAR, 1):
        asked = await question(workspace, root, number)
        await workspace.click(root.user, asked, buttons(asked)[choice])


async def take_at_once(workspace: Workspace, root: Sent, *choices: int) -> None:
    """Write these choices in one message, where it is the result that matters and not the way to it."""
    await question(workspace, root, 1)
    await write(workspace, root, in_letters(choices or CLEAR))


async def result(workspace: Workspace, root: Sent) -> Json:
    return await asking(workspace, root, "Take it again")


async def write(workspace: Workspace, root: Sent, text: str) -> Sent:
    return await workspace.post(root.user, root.channel, text, root)


def label(library: Library, number: int, position: int) -> str:
    return library.quiz.questions[number - 1].choices[position].label


# From the first question to the result


async def test_five_clicks_lead_to_a_recommendation(either_way: Workspace, library: Library):
    root = await at_first_question(either_way)
    await take(either_way, root)

    told = await result(either_way, root)

    said = shown(told).replace("*", "")
    assert "Your work calls for the role of an AI researcher." in said
    assert "That is clear. Second is a research engineer." in said
    assert said.count("█") == 20
    assert (
        "What decided it\n• finding out what is true\n• protecting what is new\n• drawing on research training\n"
        in said
    )
    assert "it would be a research engineer, for example, if you answered question" in said
    [table] = [block for block in told["blocks"] if block["type"] == "table"]
    assert [cell["text"] for cell in table["rows"][0]] == ["Dimension", "AI researcher", "Research engineer"]
    assert "This describes the work, not you, and not how well you do it." in said
    assert buttons(told) == ["Share with my manager", *PARTS, "Take it again"]
    assert len(told["text"]) < 1600
    await either_way.settled()
    thread = await either_way.thread(root.channel, root, "U_ANA")
    assert thread[-1]["ts"] == told["ts"]  # what comes next is where the reader looks


async def test_the_last_choices_lead_to_an_ai_engineer(workspace: Workspace):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root, *ENGINEER)

    assert "the role of an AI engineer." in shown(await result(workspace, root))


async def test_the_text_of_a_recommendation_says_what_its_blocks_say(workspace: Workspace):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)

    told = await result(workspace, root)

    text = told["text"].replace("&amp;", "&")
    for row in next(block for block in told["blocks"] if block["type"] == "table")["rows"][1:]:
        assert all(cell["text"] in text for cell in row)
    for block in told["blocks"]:
        if block["type"] == "section":
            assert block["text"]["text"].replace("&amp;", "&") in text
    assert sum(map(int, re.findall(r"(\d+)%", text))) == 100


async def test_the_cells_that_the_answers_picked_are_marked(workspace: Workspace):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)
    told = await result(workspace, root)

    [table] = [block for block in told["blocks"] if block["type"] == "table"]
    marked = {cell["text"] for row in table["rows"] for cell in row if cell["text"].startswith("▸")}
    assert marked == {
        "▸ What new thing is true or possible?",
        "▸ Novelty, scientific impact",
        "▸ PhD, publication record",
    }
    assert "▸ marks the cells that the answers picked" in shown(told)


async def test_an_answer_between_two_columns_marks_no_cell(workspace: Workspace):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root, 2, 2, 3, 3, 4)  # only what the business watches is in a cell

    told = await result(workspace, root)

    [table] = [block for block in told["blocks"] if block["type"] == "table"]
    assert [cell["text"] for row in table["rows"] for cell in row if "▸" in cell["text"]] == [
        "▸ Uptime, latency, cost, KPIs"
    ]


async def test_an_answer_by_halves_marks_both_of_its_cells(workspace: Workspace):
    root = await at_first_question(workspace)
    await write(workspace, root, "half a, half b")
    await question(workspace, root, 2)
    await write(workspace, root, "2a 3a 4a 5a")

    await workspace.click("U_ANA", await result(workspace, root), "Whole table")
    whole = shown(await message(workspace, root, "*Core question*"))
    assert "• AI researcher: ▸ What new thing" in whole
    assert "• Research engineer: ▸ How do we build" in whole


async def test_a_private_note_in_the_channel_leads_to_the_question(workspace: Workspace):
    await begin(workspace)

    [note] = [each for each in await workspace.messages("C_ASK", count=2) if each.get("ephemeral")]

    assert "I have sent you the first question" in note["text"]
    assert f"{workspace.url}/?channel={await workspace.direct('U_ANA')}" in note["text"].replace("&amp;", "&")
    assert not any(each.get("ephemeral") for each in await workspace.messages("C_ASK", "U_BEN"))


async def test_in_the_direct_message_no_note_is_needed(workspace: Workspace):
    channel = await workspace.open("U_ANA")
    await workspace.dm("U_ANA", count=1)  # who opens it for the first time is greeted
    root = await begin(workspace, channel=channel)
    await question(workspace, root, 1)

    assert not any(each.get("ephemeral") for each in await workspace.dm("U_ANA"))


async def test_a_question_shows_its_progress_and_then_the_choice_made(workspace: Workspace, library: Library):
    root = await begin(workspace)
    asked = await question(workspace, root, 1)
    assert buttons(asked)[0].startswith("a. ")

    await workspace.click("U_ANA", asked, buttons(asked)[1])
    await question(workspace, root, 2)
    now = await card(workspace, root, "1 of 5 answered")

    settled_ = await workspace.latest("U_ANA", asked, once=lambda now: not buttons(now))
    assert f"Your answer: {label(library, 1, 1)}" in shown(settled_).replace("*", "")
    assert f"→ {label(library, 1, 1)}" in shown(now).replace("*", "")
    assert buttons(now) == ["Change", "Change", "Pause", "Show me so far", "Start over"]


# Answers in other ways


@pytest.mark.parametrize(
    ("typed", "position"), [("2", 1), ("b", 1), ("B)", 1), ("number 3", 2), ("open research questions", 0)]
)
async def test_a_typed_reply_answers_like_a_click(workspace: Workspace, library: Library, typed: str, position: int):
    root = await at_first_question(workspace)
    asked = await question(workspace, root, 1)

    await write(workspace, root, typed)
    await question(workspace, root, 2)

    await workspace.latest("U_ANA", asked, once=lambda now: label(library, 1, position) in shown(now))


async def test_the_whole_quiz_can_be_typed(workspace: Workspace):
    root = await begin(workspace)
    for number, position in enumerate(CLEAR, 1):
        await question(workspace, root, number)
        await write(workspace, root, LETTERS[position])

    assert "the role of an AI researcher." in shown(await result(workspace, root))


async def test_several_answers_fit_in_one_message(workspace: Workspace):
    root = await at_first_question(workspace)

    await write(workspace, root, ", ".join(f"{number}{LETTERS[at]}" for number, at in enumerate(CLEAR, 1)))

    assert "the role of an AI researcher." in shown(await result(workspace, root))


async def test_half_and_half_splits_the_weight(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    await write(workspace, root, "about half and half")
    await message(workspace, root, "Which two? Type their letters, for example “half a, half b”.")

    await write(workspace, root, "half a, half c")

    now = await card(workspace, root, "1 of 5 answered")
    assert f"half “{label(library, 1, 0)}”, half “{label(library, 1, 2)}”" in shown(now)


async def test_halves_of_several_questions_and_the_middle_of_the_tie_break_can_be_typed(workspace: Workspace):
    root = await at_first_question(workspace)
    await write(workspace, root, "1 half b half d, 2 half d half e, 3 half b half c, 4c, 5c")
    await asking(workspace, root, "It is too close to call. One more question can tip it.")

    await write(workspace, root, "each equally")

    told = shown(await result(workspace, root))
    assert "It is too close to call, so here are both." in told
    shares = dict(re.findall(r"(Research engineer|AI engineer) +[█░]+ +(\d+)%", told))
    assert shares == {"Research engineer": "47", "AI engineer": "46"}  # 46.5 each, of 100 in all


@pytest.mark.parametrize(
    ("asked", "against"),
    [
        ("why?", "For a research engineer: looking weeks to months ahead (question 4)."),
        ("why an AI researcher?", "For a research engineer: looking weeks to months ahead (question 4)."),
    ],
)
async def test_who_asks_below_a_result_why_is_told_what_decided_it(workspace: Workspace, asked: str, against: str):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)
    await result(workspace, root)

    await write(workspace, root, asked)

    told = shown(await message(workspace, root, "*For a research engineer:*")).replace("*", "")
    lead, *lines = told.splitlines()
    assert lead == "As it stands: an AI researcher (clear)."
    assert len(lines) == 2
    assert lines[0].startswith("For an AI researcher: finding out what is true (question 1); ")
    assert lines[1] == against


async def test_who_asks_below_a_result_why_it_is_not_another_role_is_told_of_that_one(workspace: Workspace):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)
    await result(workspace, root)

    await write(workspace, root, "and why not AI engineer?")

    told = shown(await message(workspace, root, "*For an AI engineer:*")).replace("*", "")
    assert told.startswith(
        "For an AI engineer: looking weeks to months ahead (question 4). "
        "Against it: finding out what is true (question 1); "
    )
    assert told.endswith(
        "which points to an AI researcher. Of the weight of your answers, 17% is for an AI engineer "
        "and 63% for an AI researcher."
    )


@pytest.mark.parametrize(
    ("asked", "other"),
    [
        ("how sure are you?", "20% for a research engineer"),
        ("are you sure?", "20% for a research engineer"),
        ("so how close was the AI engineer", "17% for an AI engineer"),
    ],
)
async def test_who_asks_below_a_result_how_sure_it_is_is_told_how_close_it_was(
    workspace: Workspace, asked: str, other: str
):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)
    await result(workspace, root)

    await write(workspace, root, asked)

    told = shown(await message(workspace, root, "as far as your answers go")).replace("*", "")
    lead, flip = told.splitlines()
    assert lead == f"Quite sure, as far as your answers go. Of their weight, 63% is for an AI researcher and {other}."
    assert flip.startswith("What would change it: it would be a research engineer, for example, if you answered ")


async def test_what_was_close_is_said_to_have_been_and_what_would_tip_it(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root, *close_answers(library, PAIRS[1]))
    await asking(workspace, root, library.quiz.tie_break(*PAIRS[1]).text)
    await write(workspace, root, "c")
    await result(workspace, root)
    await write(workspace, root, "how sure are you?")
    told = shown(await message(workspace, root, "Not sure: it is too close to call."))
    assert "an answer to the last question that is for one of the two in front" in told

    await write(workspace, root, "6b")
    await asking(workspace, root, "leans towards the role of an AI engineer.")
    await write(workspace, root, "how sure are you?")

    told = shown(await message(workspace, root, "It was close."))
    assert "only the last question decided" in told
    assert "it would be a research engineer, for example, if you answered" in told


async def test_an_unsure_reading_is_confirmed(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    first = await question(workspace, root, 1)
    await write(workspace, root, "shiping it")

    guess = await asking(workspace, root, "Did you mean:")
    assert f"Did you mean: {label(library, 1, 3)}?" in shown(guess).replace("*", "")
    assert buttons(guess) == ["Yes", "No, show all answers"]
    await workspace.latest("U_ANA", first, once=lambda now: not buttons(now))
    await write(workspace, root, "yes")

    await question(workspace, root, 2)
    await workspace.latest("U_ANA", guess, once=lambda now: f"Your answer: *{label(library, 1, 3)}*" in shown(now))


async def test_a_wrong_guess_leads_back_to_all_answers(workspace: Workspace):
    root = await at_first_question(workspace)
    await write(workspace, root, "shiping it")

    await workspace.click("U_ANA", await asking(workspace, root, "Did you mean:"), "No, show all answers")

    assert len(buttons(await asking(workspace, root, "a. Find out"))) == 5


async def test_words_that_fit_no_choice_are_asked_about(workspace: Workspace):
    root = await at_first_question(workspace)
    await write(workspace, root, "bananas, mostly")

    await message(workspace, root, "I did not catch which one you mean.")


# Going back, leaving out, asking


async def test_back_asks_the_question_before_again(workspace: Workspace, library: Library):
    root = await begin(workspace, about=None)
    await asking(workspace, root, "One thing first")
    await write(workspace, root, "back")
    await message(workspace, root, "This is where it begins; there is nothing before it.")
    await say_what_about(workspace, root)
    await take(workspace, root, 0, 0)
    third = await question(workspace, root, 3)

    await write(workspace, root, "back")

    again = await asking(workspace, root, "So far you answered:")
    assert f"So far you answered: {label(library, 2, 0)}." in shown(again).replace("*", "")
    await workspace.latest("U_ANA", third, once=lambda now: not buttons(now))
    await workspace.click("U_ANA", again, buttons(again)[1])
    await question(workspace, root, 3)
    await card(workspace, root, f"→ *{label(library, 2, 1)}*")


async def test_skip_leaves_a_question_out_and_the_card_takes_it_up_again(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    asked = await question(workspace, root, 1)
    await write(workspace, root, "skip")
    await question(workspace, root, 2)

    await workspace.latest("U_ANA", asked, once=lambda now: "Skipped." in shown(now))
    now = await card(workspace, root, "skipped")
    await workspace.click("U_ANA", now, "quiz_do:change:question-you-work-on")

    await question(workspace, root, 1)
    await write(workspace, root, "a")
    await card(workspace, root, f"→ *{label(library, 1, 0)}*")


@pytest.mark.parametrize(
    "said",
    ["idk", "I don't know", "hmm, not sure tbh", "none of these fit me", "other", "none of the above"],
)
async def test_who_does_not_know_or_whom_no_answer_fits_is_offered_to_skip(workspace: Workspace, said: str):
    root = await at_first_question(workspace)
    await write(workspace, root, said)
    offer = await message(workspace, root, "Take the one that comes nearest")

    await workspace.click("U_ANA", offer, "Skip this question")

    await question(workspace, root, 2)
    await card(workspace, root, "skipped")


@pytest.mark.parametrize("said", ["n/a", "I'd rather not answer"])
async def test_who_will_not_answer_skips(workspace: Workspace, said: str):
    root = await at_first_question(workspace)
    await write(workspace, root, said)

    await question(workspace, root, 2)


@pytest.mark.parametrize(
    "said",
    [
        "I run payroll and office logistics, nothing with AI",
        "i dont work in AI at all",
        "this quiz is not for me",
        "how do i leave this",
        "I'm a nurse so this isn't for me",
    ],
)
async def test_for_whom_the_quiz_is_not_is_told_so_and_can_stop(workspace: Workspace, said: str):
    root = await at_first_question(workspace)
    await write(workspace, root, said)

    offered = await message(workspace, root, "The quiz is for people who do AI research or engineering")
    assert "type stop" in shown(offered)
    assert "type skip" in shown(offered)
    assert buttons(offered) == ["Stop"]
    await workspace.click("U_ANA", offered, "Stop")
    await card(workspace, root, "Stopped. Your answers are kept")


async def test_what_is_not_understood_is_told_how_to_skip_and_to_stop(workspace: Workspace):
    root = await at_first_question(workspace)
    for said in ("bananas", "apples"):
        await write(workspace, root, said)
        await workspace.settled()

    thread = await workspace.thread(root.channel, root, "U_ANA")
    [first] = [shown(each) for each in thread if "I did not catch which one you mean." in shown(each)]
    [again] = [shown(each) for each in thread if "maybe none of them is right for you" in shown(each)]
    assert "type skip" in first
    assert "type stop" in first
    assert "by the button here or by typing skip" in again


async def test_a_hedge_between_two_answers_is_asked_about_and_may_be_both(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    await write(workspace, root, in_letters((3, 4, 3, 1)))
    asked = await question(workspace, root, 5)
    await write(workspace, root, "software engineering i guess but also ml")

    guess = await asking(workspace, root, "Did you mean one of these?")
    assert "If it is both, type “half c, half d”." in shown(guess)
    assert [name[:2] for name in buttons(guess)[:2]] == ["c.", "d."]
    await write(workspace, root, "both")

    both = f"half “{label(library, 5, 2)}”, half “{label(library, 5, 3)}”"
    await card(workspace, root, both)
    assert asked["ts"] != guess["ts"]


async def test_an_old_offer_to_skip_skips_nothing(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    await write(workspace, root, "no idea")
    offer = await message(workspace, root, "Take the one that comes nearest")
    await write(workspace, root, "a")
    await question(workspace, root, 2)

    await workspace.click("U_ANA", offer, "Skip this question")

    await message(workspace, root, "This question is closed")
    await write(workspace, root, "b")
    await card(workspace, root, f"→ *{label(library, 2, 1)}*")


async def test_small_talk_in_the_thread_is_no_answer(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    for said, intent in (
        ("is this anonymous?", "privacy"),
        ("who sees this?", "privacy"),
        ("can I share this with my team?", "sharing"),
        ("how many questions?", "about_quiz"),
        ("help", "help"),
        ("thanks!", "thanks"),
        ("that's wrong", "complaint"),
        ("who pays for you?", "funding"),
        ("how sure are you?", "certainty"),
        ("which one is better?", "which_better"),
        ("tschüss", "bye"),
        ("I want to take the quiz", "begin"),
    ):
        sent = await write(workspace, root, said)
        await workspace.settled()
        talk = library.words.talk.of(intent)
        replies = [shown(reply) for reply in await workspace.replies(sent)]
        assert any((talk.in_quiz or talk.reply or "never") in reply for reply in replies), (said, replies)

    await write(workspace, root, "1")
    await question(workspace, root, 2)
    await card(workspace, root, f"1 of {COUNT} answered")


@pytest.mark.parametrize("said", ["stop", "cancel", "please stop this", "leave me alone"])
async def test_stop_in_many_words_stops_the_round(workspace: Workspace, said: str):
    root = await at_first_question(workspace)
    await write(workspace, root, said)

    await card(workspace, root, "Stopped. Your answers are kept")


async def test_what_it_is_for_is_why_it_is_asked(workspace: Workspace):
    root = await at_first_question(workspace)
    await write(workspace, root, "what's this for?")

    await message(workspace, root, "Why I ask:")


async def test_a_question_known_not_to_be_answered_interrupts_like_any_other(workspace: Workspace):
    root = await at_first_question(workspace)
    await write(workspace, root, "do AI labs sponsor a visa?")
    told = await message(workspace, root, "Visas and relocation")

    assert float((await question(workspace, root, 1))["ts"]) > 0
    await write(workspace, root, "1")
    await question(workspace, root, 2)
    assert told["thread_ts"] == root


async def test_a_suggestion_that_is_taken_between_the_questions_is_answered_in_its_place(
    workspace: Workspace, library: Library
):
    root = await at_first_question(workspace)
    await write(workspace, root, "what happens to titles at flat labs?")
    offer = await message(workspace, root, "I am not sure which of these you mean.")
    await workspace.settled()  # the question has been asked again below it
    below = await question(workspace, root, 1)
    before = await workspace.thread(root.channel, root, root.user)

    await workspace.click(root.user, offer, "Which companies are flat, and which keep separate tracks?")

    entry = library.entries["flat-or-separate-companies"]
    answer = await workspace.latest(root.user, offer, once=lambda now: entry.answer in shown(now))
    assert shown(answer).startswith(f"Here is the answer to: {entry.question}")
    assert buttons(answer) == []
    await workspace.settled()
    after = await workspace.thread(root.channel, root, root.user)
    assert [known["ts"] for known in after] == [known["ts"] for known in before]
    assert after[-1]["ts"] == below["ts"]  # the question stays the last, and can be answered
    await write(workspace, root, "1")
    await question(workspace, root, 2)


async def test_a_quiz_of_skips_says_that_there_is_nothing_to_weigh(workspace: Workspace):
    root = await begin(workspace)
    for number in range(1, COUNT + 1):
        await question(workspace, root, number)
        await write(workspace, root, "skip")

    now = await card(workspace, root, "You skipped every question")
    assert buttons(now).count("Change") == COUNT + 1
    await write(workspace, root, "continue")
    await question(workspace, root, 1)


async def test_why_and_a_word_of_the_question_are_explained_with_their_source(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)

    await write(workspace, root, "why do you ask?")
    why = shown(await message(workspace, root, "Why I ask:"))
    assert library.quiz.questions[0].why in why
    assert "Source: Field guide to AI roles" in why
    await write(workspace, root, "what do you mean by velocity?")
    assert "How quickly an idea can be tried." in shown(await message(workspace, root, "*velocity*:"))
    await write(workspace, root, "what's the difference between c and d?")
    third, fourth = library.quiz.questions[0].choices[2:4]
    explained = shown(await message(workspace, root, f"*c: {third.label}.*"))
    assert str(third.means) in explained
    assert str(fourth.means) in explained
    await write(workspace, root, "a")
    await question(workspace, root, 2)


async def test_a_question_of_ones_own_gets_its_answer_and_the_quiz_goes_on(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    first = await question(workspace, root, 1)
    await write(workspace, root, 'Why did xAI drop the "researcher" title?')
    answer = await message(workspace, root, library.entries["xai-dropped-researcher"].answer)

    async def settled_() -> bool:
        return "Asked again below." in shown(await workspace.latest("U_ANA", first))

    await workspace.until(settled_, "U_ANA")
    assert float((await question(workspace, root, 1))["ts"]) > float(answer["ts"])
    await write(workspace, root, "1")
    await question(workspace, root, 2)


async def test_a_question_without_a_question_mark_is_a_question_all_the_same(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    await write(workspace, root, "what is a research engineer")

    await message(workspace, root, library.entries["research-engineer"].answer)


async def test_what_has_no_answer_within_a_round_gets_no_hint_at_the_round(workspace: Workspace):
    root = await begin(workspace)
    await question(workspace, root, 1)
    await write(workspace, root, "who won the football match yesterday?")

    told = shown(await message(workspace, root, "I don’t know that one."))
    assert "Ask me anything about AI roles and titles, or go on here." in told
    assert "/rolefit" not in told


async def test_so_far_shows_the_picture_and_says_that_it_is_none(workspace: Workspace):
    root = await at_first_question(workspace)
    await write(workspace, root, "show me so far")
    await message(workspace, root, "There is no result yet, and nothing to show so far.")
    await take(workspace, root, 0, 0)

    await workspace.click("U_ANA", await card(workspace, root, "2 of 5 answered"), "Show me so far")

    told = shown(await message(workspace, root, "Here is where it points after 2 of 5 questions."))
    assert "This is not your result yet." in told
    assert "AI researcher      █" in told


async def test_so_far_after_the_result_points_to_it(workspace: Workspace):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)
    await result(workspace, root)

    await write(workspace, root, "so far")

    await message(workspace, root, "This round is finished.")


@pytest.mark.both_databases
async def test_a_stop_while_a_question_of_ones_own_is_answered_stays(workspace: Workspace):
    root = await at_first_question(workspace)
    await workspace.faults(api=[{"method": "chat.postMessage", "error": None, "delay": 1}])
    await write(workspace, root, "what is a research engineer?")
    await write(workspace, root, "stop")

    await message(workspace, root, "Source:")
    await workspace.settled()

    await card(workspace, root, "Stopped. Your answers are kept")
    thread = await workspace.thread(root.channel, root, "U_ANA")
    assert sum("Question 1 of 5" in shown(each) for each in thread) == 1


# Changing answers


async def test_an_edit_never_answers_a_question_that_came_after_the_message(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    typed = await write(workspace, root, "bananas, mostly")
    await message(workspace, root, "I did not catch")
    asked = await question(workspace, root, 1)
    await workspace.click("U_ANA", asked, buttons(asked)[0])
    await question(workspace, root, 2)

    await workspace.edit(typed, "c")

    await message(workspace, root, "That question has been answered since you wrote this.")
    now = await card(workspace, root, f"→ *{label(library, 1, 0)}*")
    assert "1 of 5 answered" in shown(now)


async def test_editing_twice_and_editing_what_was_guessed_change_the_question_they_were_about(
    workspace: Workspace, library: Library
):
    root = await at_first_question(workspace)
    typed = await write(workspace, root, "bananas, mostly")
    await message(workspace, root, "I did not catch")
    await workspace.edit(typed, "b")
    await question(workspace, root, 2)
    await workspace.edit(typed, "c")
    await card(workspace, root, f"→ *{label(library, 1, 2)}*")
    guessed = await write(workspace, root, "tested ideas")
    await workspace.click("U_ANA", await asking(workspace, root, "Did you mean"), "Yes")
    await question(workspace, root, 3)

    await workspace.edit(guessed, "d")

    now = await card(workspace, root, f"→ *{label(library, 2, 3)}*")
    assert "2 of 5 answered" in shown(now)


@pytest.mark.both_databases
async def test_editing_the_message_changes_the_answer(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    typed = await write(workspace, root, "a")
    await question(workspace, root, 2)

    await workspace.edit(typed, "b")

    await card(workspace, root, f"→ *{label(library, 1, 1)}*")
    await workspace.edit(typed, "what a day")
    await message(workspace, root, "so I kept the one you gave")
    await card(workspace, root, f"→ *{label(library, 1, 1)}*")


async def test_editing_what_was_not_understood_answers(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    typed = await write(workspace, root, "bananas, mostly")
    await message(workspace, root, "I did not catch")

    await workspace.edit(typed, "b")

    await card(workspace, root, f"→ *{label(library, 1, 1)}*")


async def test_changing_an_answer_after_the_result_updates_it_and_says_what_changed(
    workspace: Workspace, library: Library
):
    root = await at_first_question(workspace)
    await take(workspace, root)
    told = await result(workspace, root)

    await write(workspace, root, "1d, 2d, 5d, 3d")

    changed = await message(workspace, root, "You changed your answer to question 3")
    assert "That makes it an AI engineer" in shown(changed)
    assert "before, it was an AI researcher (clear)" in shown(changed)
    now = await asking(workspace, root, "the role of an AI engineer.")
    assert now["ts"] == told["ts"]
    assert buttons(now)[0] == "Share with my manager"


async def test_the_card_changes_an_answer_after_the_result(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    await take(workspace, root)
    await result(workspace, root)
    now = await card(workspace, root, "Your result is below.")
    assert buttons(now) == ["Change"] * 6  # the result has the button that begins anew

    await workspace.click("U_ANA", now, "quiz_do:change:question-you-work-on")
    again = await question(workspace, root, 1)
    await workspace.click("U_ANA", again, buttons(again)[1])

    changed = await message(workspace, root, "You changed your answer to question 1")
    assert f"question 1: “{label(library, 1, 1)}”." in shown(changed)
    assert "It is still an AI researcher, now only leaning; before, it was clear." in shown(changed)


@pytest.mark.both_databases
async def test_a_double_click_has_one_effect(workspace: Workspace):
    root = await at_first_question(workspace)
    asked = await question(workspace, root, 1)
    # The page of the second device has not heard of the first click yet.
    await workspace.click("U_ANA", asked, buttons(asked)[0])
    await workspace.click_as_shown("U_ANA", asked, buttons(asked)[0])
    await question(workspace, root, 2)
    await workspace.settled()

    thread = await workspace.thread(root.channel, root, "U_ANA")
    assert sum("Question 2 of" in shown(each) for each in thread) == 1
    assert not any(each.get("ephemeral") for each in thread)


async def test_a_stale_button_tells_the_truth_and_changes_nothing(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    asked = await question(workspace, root, 1)
    first, second, *_ = buttons(asked)
    await workspace.click("U_ANA", asked, first)
    await question(workspace, root, 2)

    await workspace.click_as_shown("U_ANA", asked, second)

    told = await message(workspace, root, "You have already answered this one:")
    assert label(library, 1, 0) in shown(told)
    assert told["ephemeral"]
    await workspace.latest("U_ANA", asked, once=lambda now: label(library, 1, 0) in shown(now))


@pytest.mark.both_databases
async def test_a_double_enter_answers_one_question(workspace: Workspace):
    root = await at_first_question(workspace)
    await write(workspace, root, "1")
    await write(workspace, root, "1")
    second = await question(workspace, root, 2)
    await workspace.settled()

    assert buttons(await workspace.latest("U_ANA", second)) != []


async def test_a_forged_click_on_somebody_elses_button_changes_nothing(tmp_path: Path, library: Library):
    port = free_port()
    url = f"http://127.0.0.1:{port}/slack/events"
    async with (
        Workspace.start(events_url=url) as workspace,
        bot_in(workspace, library, tmp_path, port=port),
        aiohttp.ClientSession() as session,
    ):
        edge = Edge(port, workspace, session)
        root = await begin(workspace)
        await take(workspace, root, 0)
        asked = await question(workspace, root, 2)
        await card(workspace, root, "1 of 5 answered")
        before = await workspace.thread(root.channel, root, "U_ANA")
        clickable = [
            {"action_id": each["action_id"], "block_id": "b", "type": "button", "value": each["value"]}
            for message in before
            for block in message["blocks"]
            for each in [*block.get("elements", []), block.get("accessory", {})]
            if each.get("type") == "button"
        ]
        assert {each["value"].split(" ")[1] for each in clickable} >= {"start_over", "so_far", "pause", "change", "3"}
        for number, action in enumerate(clickable):
            body = urlencode(
                {"payload": json.dumps(forged(action | {"action_ts": f"{number}.0"}, asked, "U_BEN"))}
            ).encode()
            status, _ = await edge.post(body, edge.signed(body) | {"Content-Type": FORM})
            assert status == 200
        await workspace.settled()

        assert await workspace.thread(root.channel, root, "U_ANA") == before
        assert len(await workspace.dm("U_ANA")) == 1
        assert await workspace.dm("U_BEN") == []


def forged(action: Json, message: Json, user: str) -> Json:
    """Give a payload that Slack would send if somebody else could click there."""
    return {
        "type": "block_actions",
        "api_app_id": "A_ROLEFIT",
        "team": {"id": "T_LOCAL"},
        "user": {"id": user, "team_id": "T_LOCAL"},
        "channel": {"id": message["channel"]},
        "message": message,
        "container": {"type": "message", "message_ts": message["ts"], "channel_id": message["channel"]},
        "actions": [action],
    }


# How it ends


async def test_it_ends_early_when_nothing_can_change_the_result_and_can_go_on(workspace: Workspace):
    root = await at_first_question(workspace)
    await take(workspace, root, *EARLY)

    told = await result(workspace, root)

    assert "I stopped early: question 5 could not change this." in shown(told)
    await write(workspace, root, "go on")
    await question(workspace, root, 5)
    stands = await message(workspace, root, "This is what your answers so far come to.")
    assert stands["ts"] == told["ts"]
    assert "calls for the role of" in shown(stands)
    assert buttons(stands) == []
    await write(workspace, root, "stop")
    await message(workspace, root, "Then your answers stay as they are, and so does your result.")
    await workspace.latest("U_ANA", told, once=lambda now: "I stopped early" in shown(now) and "Share" in str(now))
    await write(workspace, root, "continue")
    await workspace.latest("U_ANA", told, once=lambda now: "your answers so far" in shown(now))
    asked = await question(workspace, root, 5)
    await workspace.click("U_ANA", asked, buttons(asked)[0])
    again = await workspace.latest("U_ANA", told, once=lambda now: "I stopped early" not in shown(now))
    assert "calls for the role of" in shown(again)


async def test_who_types_the_letter_of_an_answer_that_was_not_asked_for_is_told_how_to_have_it_asked(
    workspace: Workspace,
):
    root = await at_first_question(workspace)
    await take(workspace, root, *EARLY)
    await result(workspace, root)
    await workspace.settled()

    await write(workspace, root, "d")

    told = await message(workspace, root, "To answer question 5 as well, type “continue”.")
    assert "change 3 to b" in shown(told)
    await write(workspace, root, "continue")
    await question(workspace, root, 5)


async def test_what_ended_early_goes_on_by_its_button_too(workspace: Workspace):
    root = await at_first_question(workspace)
    await take(workspace, root, *EARLY)

    await workspace.click("U_ANA", await result(workspace, root), "Answer the rest")

    await question(workspace, root, 5)


PAIRS = [("researcher", "research-engineer"), ("research-engineer", "ai-engineer"), ("researcher", "ai-engineer")]


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("which", [0, 1])
async def test_two_roles_too_close_to_call_get_their_own_question_and_it_decides(
    workspace: Workspace, library: Library, pair: tuple[str, str], which: int
):
    root = await begin(workspace)
    last = library.quiz.tie_break(*pair)
    await take(workspace, root, *close_answers(library, pair))

    asked = await asking(workspace, root, last.text)

    thread = await workspace.thread(root.channel, root, "U_ANA")
    assert not any("Your work" in shown(each) for each in thread)
    await workspace.click("U_ANA", asked, buttons(asked)[which])
    told = shown(await result(workspace, root))
    side = last.choices[which]
    assert side.role
    assert f"Your work leans towards the role of {with_article(library.quiz.role(side.role).name)}." in told
    assert "the last one decided" in told
    assert f"What decided it*\n• {side.short}\n" in told
    await card(workspace, root, f"→ *{side.label}*")


@pytest.mark.parametrize("said", ["skip", "c"])
async def test_what_stays_too_close_shows_both_roles_side_by_side(workspace: Workspace, library: Library, said: str):
    pair = PAIRS[1]
    root = await at_first_question(workspace)
    await take(workspace, root, *close_answers(library, pair))
    await asking(workspace, root, library.quiz.tie_break(*pair).text)

    await write(workspace, root, said)

    told = shown(await result(workspace, root))
    assert "It is too close to call, so here are both." in told
    assert "What decided it" not in told
    for role in (library.quiz.role(each) for each in pair):
        assert f"What speaks for {with_article(role.name)}" in told


async def test_a_third_role_that_is_about_as_near_is_named(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    await take(workspace, root, 0, 1, 1, 2, 3)
    first, runner_up, third = level_roles(library, (0, 1, 1, 2, 3))

    await asking(workspace, root, "It is too close to call.")
    await write(workspace, root, "skip")

    told = shown(await result(workspace, root)).replace("*", "")
    assert f"Your work lies between the role of {first} and that of {runner_up}." in told
    assert f"About level with both is the role of {third}." in told
    await write(workspace, root, "change 5 to c")
    changed = await message(workspace, root, "You changed your answer to question 5")
    assert f"before, it was {first} or {runner_up} or {third} (too close to call)." in shown(changed)


def level_roles(library: Library, positions: tuple[int, ...]) -> list[str]:
    """Name the roles, with their articles, that these answers leave too close to call."""
    found = recommend(library.quiz, answers_at(library, positions))
    return [with_article(role.name) for role in (found.role, *found.level)]


async def test_a_changed_answer_that_ties_two_other_roles_brings_their_question(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    await take(workspace, root, *close_answers(library, PAIRS[0]))
    await asking(workspace, root, library.quiz.tie_break(*PAIRS[0]).text)
    await write(workspace, root, "a")
    await result(workspace, root)

    await write(workspace, root, in_letters(close_answers(library, PAIRS[1])))

    asked = await asking(workspace, root, library.quiz.tie_break(*PAIRS[1]).text)
    await workspace.click("U_ANA", asked, buttons(asked)[1])
    await asking(workspace, root, "leans towards the role of an AI engineer.")
    await message(workspace, root, "With that your result is complete: an AI engineer")
    await workspace.settled()
    thread = await workspace.thread(root.channel, root, "U_ANA")
    assert not any("There is a result again once" in shown(each) for each in thread)


def in_letters(positions: Sequence[int]) -> str:
    return ", ".join(f"{number}{LETTERS[at]}" for number, at in enumerate(positions, 1))


def answers_at(library: Library, positions: tuple[int, ...]) -> dict[str, tuple[str, ...]]:
    return {q.id: (q.choices[at].id,) for q, at in zip(library.quiz.questions, positions, strict=False)}


def close_answers(library: Library, pair: tuple[str, str]) -> tuple[int, ...]:
    """Find answers to all questions after which these two roles, and no third, are too close to call."""
    for positions in product(*(range(len(question.choices)) for question in library.quiz.questions)):
        found = recommend(library.quiz, answers_at(library, positions))
        if (
            found.clearness is Clearness.CLOSE
            and {found.role.id, *(role.id for role in found.level)} == set(pair)
            and not any(settled(library.quiz, answers_at(library, positions[:number])) for number in range(1, 5))
        ):
            return positions
    raise AssertionError("no such answers")


# Few answers


@pytest.mark.parametrize(("answered", "said"), [(1, "from 1 of 5 answers"), (2, "from 2 of 5 answers")])
async def test_one_answer_or_two_are_a_picture_so_far_that_nobody_can_share(
    workspace: Workspace, answered: int, said: str
):
    root = await at_first_question(workspace)
    await take(workspace, root, *[0] * answered)
    for number in range(answered + 1, COUNT + 1):
        await question(workspace, root, number)
        await write(workspace, root, "skip")

    told = await result(workspace, root)

    assert f"A picture so far, {said}:* Your work looks most like that of an AI researcher." in shown(told)
    assert "clear" not in shown(told)
    assert buttons(told) == ["Answer the rest", "Take it again"]
    assert not any(block["type"] == "table" for block in told["blocks"])
    await workspace.click("U_ANA", told, "Answer the rest")
    await question(workspace, root, answered + 1)


async def test_what_rests_on_fewer_answers_says_so_and_is_clear_only_if_the_others_could_not_change_it(
    workspace: Workspace,
):
    root = await at_first_question(workspace)
    await take(workspace, root, 0, 0, 1)
    await question(workspace, root, 4)
    await write(workspace, root, "skip")
    await question(workspace, root, 5)
    await write(workspace, root, "a")

    told = await result(workspace, root)

    assert "Your work leans towards the role of an AI researcher." in shown(told)
    assert "It is not clear yet: question 4 could still narrow the lead. It rests on 4 of 5 answers." in shown(told)
    await write(workspace, root, "continue")
    await message(workspace, root, "Asked again below.")  # the question has stood here before, with the same buttons
    asked = await question(workspace, root, 4)
    await workspace.click("U_ANA", asked, buttons(asked)[0])
    await asking(workspace, root, "That is clear")


# About a role, or about one's people


async def test_a_role_to_fill_is_asked_about_and_advised_on_as_such(workspace: Workspace, library: Library):
    root = await begin(workspace, about=ROLE)
    asked = await question(workspace, root, 1)
    assert str(library.quiz.questions[0].text_role) in shown(asked).replace("*", "")
    await take_at_once(workspace, root, *ENGINEER)

    told = await result(workspace, root)

    said = shown(told)
    assert "The work you have in mind calls for the role of an AI engineer." in said
    assert "This describes work, not people" in said
    assert "your" not in said.lower()
    assert buttons(told)[0] == "Share with my manager"
    await workspace.click("U_ANA", told, "How it is graded")
    graded = shown(await message(workspace, root, "How to grade the work of an AI engineer"))
    assert library.quiz.role("ai-engineer").advice_role in graded
    assert "What would a review of this role look at most?" in graded


@pytest.mark.parametrize("said", ["my own work", "a role", "we are hiring for a role", "my team"])
async def test_what_it_is_about_can_be_typed(workspace: Workspace, library: Library, said: str):
    root = await begin(workspace, about=None)
    await asking(workspace, root, "One thing first")

    await write(workspace, root, said)

    asked = shown(await question(workspace, root, 1)).replace("*", "")
    first = library.quiz.questions[0]
    assert str(first.text if said == "my own work" else first.text_role) in asked


async def test_who_manages_people_is_told_whose_work_to_answer_for_and_goes_on(workspace: Workspace, library: Library):
    root = await begin(workspace, about=PEOPLE)

    asked = await question(workspace, root, 1)

    assert str(library.quiz.questions[0].text_role) in shown(asked).replace("*", "")
    assert "Then answer for the work your team does most" in shown(await message(workspace, root, "Your answer:"))
    await card(workspace, root, f"\n*{PEOPLE}*")


async def test_that_one_manages_others_can_be_said_in_the_middle(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    await take(workspace, root, 3)
    before = await question(workspace, root, 2)

    await write(workspace, root, "I manage others")

    told = await message(workspace, root, "Then answer for the work your team does most")
    asked = await asking(workspace, root, str(library.quiz.questions[1].text_role))
    assert before["ts"] < told["ts"] < asked["ts"]
    now = await card(workspace, root, f"\n*{PEOPLE}*")
    assert "1 of 5 answered" in shown(now)


async def test_what_it_is_about_can_be_changed_on_the_card_after_the_result(workspace: Workspace):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)
    await result(workspace, root)
    now = await card(workspace, root, "Your result is below.")

    await workspace.click("U_ANA", now, "quiz_do:change:purpose")
    asked = await asking(workspace, root, "So far you answered: *My own work*.")
    await workspace.click("U_ANA", asked, lettered(asked, ROLE))

    changed = await message(workspace, root, "You changed what it is about: “A role I want to fill”.")
    assert "It is still an AI researcher (clear)." in shown(changed)
    await asking(workspace, root, "The work you have in mind calls for the role of an AI researcher.")
    await write(workspace, root, "I manage people")
    await asking(workspace, root, "Your team’s work calls for the role of an AI researcher.")


async def test_what_it_is_about_is_answered_by_the_letter_on_its_button(workspace: Workspace):
    root = await begin(workspace, about=None)
    asked = await asking(workspace, root, "One thing first")
    assert [button[:3] for button in buttons(asked)] == ["a. ", "b. ", "c. "]
    assert "type its letter" in shown(asked)

    await write(workspace, root, "purple")
    assert f"b. {ROLE}" in shown(await message(workspace, root, "tell me whose work we are looking at."))
    await write(workspace, root, "b")

    await message(workspace, root, f"Your answer: *{ROLE}*")
    await card(workspace, root, f"\n*{ROLE}*")


async def test_who_skips_what_it_is_about_can_say_so_on_the_card(workspace: Workspace):
    root = await begin(workspace, about=None)
    first = await asking(workspace, root, "One thing first")
    await write(workspace, root, "skip")
    await question(workspace, root, 1)

    await workspace.latest("U_ANA", first, once=lambda now: "I take it that this is about your own work" in shown(now))
    now = await card(workspace, root, f"\n*{OWN}*")
    await workspace.click("U_ANA", now, "quiz_do:change:purpose")
    await say_what_about(workspace, root, ROLE)

    await card(workspace, root, f"\n*{ROLE}*")


async def test_who_goes_right_on_is_taken_to_mean_their_own_work(workspace: Workspace):
    root = await begin(workspace, about=None)
    first = await asking(workspace, root, "One thing first")

    await write(workspace, root, in_letters(CLEAR))

    assert "Your work calls for the role of an AI researcher." in shown(await result(workspace, root))
    await workspace.latest("U_ANA", first, once=lambda now: "I take it that this is about your own work" in shown(now))


# What the buttons under the result open


@pytest.mark.parametrize(
    ("name", "shows", "cites"),
    [
        (
            "Titles",
            "What an AI researcher is called.* The documents call it Research Scientist at OpenAI",
            "Source: Field guide to AI roles",
        ),
        (
            "Tracks or title",
            "The risk you accept:_ work changes hands between the groups",
            "“Separate tracks or flat, by the work that dominates”: Field guide to AI roles",
        ),
        (
            "Skills",
            "✓✓ = core focus of role; ✓ = frequently involved; ○ = minimally or indirectly involved.",
            "“Skills and responsibilities by title”: ",
        ),
        (
            "Whole table",
            "*Time horizon*\n• AI researcher: Years\n• Research engineer: Months to a couple of years",
            "“Where the roles differ”: Field guide to AI roles",
        ),
        (
            "How I am graded",
            "Ask to be reviewed on what is new in your work",
            "Source: Field guide to AI roles",
        ),
    ],
)
async def test_a_button_opens_its_part_in_the_thread_once(workspace: Workspace, name: str, shows: str, cites: str):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)
    told = await result(workspace, root)

    await workspace.click("U_ANA", told, name)
    part = await message(workspace, root, shows)
    assert part["ts"] > told["ts"]
    assert not any(block["type"] == "table" for block in part["blocks"])
    assert cites in shown(part)

    await workspace.click("U_ANA", told, name)
    again = await message(workspace, root, "That is already here: open it")
    assert again["ephemeral"]
    thread = await workspace.thread(root.channel, root, "U_ANA")
    assert sum(shows in shown(each) for each in thread) == 1


async def test_the_button_of_an_older_result_opens_the_whole_table(tmp_path: Path, library: Library):
    port = free_port()
    url = f"http://127.0.0.1:{port}/slack/events"
    async with (
        Workspace.start(events_url=url) as workspace,
        bot_in(workspace, library, tmp_path, port=port),
        aiohttp.ClientSession() as session,
    ):
        root = await begin(workspace)
        await take(workspace, root)
        told = await result(workspace, root)
        [actions] = [block for block in told["blocks"] if block["type"] == "actions"]
        run_id = actions["elements"][0]["value"]

        older = {
            "action_id": "quiz_do:whole_table",
            "block_id": "b",
            "type": "button",
            "value": f"{run_id} whole_table",
        }
        payload = forged(older | {"action_ts": "1.0"}, told, "U_ANA")
        body = urlencode({"payload": json.dumps(payload)}).encode()
        edge = Edge(port, workspace, session)
        await edge.post(body, edge.signed(body) | {"Content-Type": FORM})

        await message(workspace, root, "*Typical background*")


async def test_an_open_part_follows_a_changed_answer(workspace: Workspace):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)
    await workspace.click("U_ANA", await result(workspace, root), "Titles")
    part = await message(workspace, root, "What an AI researcher is called.")

    await write(workspace, root, in_letters(ENGINEER))

    async def other() -> bool:
        return "What an AI engineer is called." in shown(await workspace.latest("U_ANA", part))

    await workspace.until(other, "U_ANA")


async def test_the_smallest_change_that_would_flip_it_is_named(workspace: Workspace):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root, *ENGINEER)

    said = shown(await result(workspace, root))

    assert "it would be a research engineer, for example, if you answered question" in said


# Graded on the right column?


async def review(workspace: Workspace, root: Sent) -> Json:
    """Open how one is graded, with the question what the review looked at."""
    await workspace.click("U_ANA", await result(workspace, root), "How I am graded")
    return await asking(workspace, root, "What did your last review look at most?")


def cells(asked: Json) -> list[str]:
    """Give the options of the menu what the review looked at."""
    [menu] = [each for block in asked["blocks"] for each in block.get("elements", []) if "option_groups" in each]
    return [option["text"]["text"] for group in menu["option_groups"] for option in group["options"]]


async def pick_review(workspace: Workspace, root: Sent, cell: str) -> Json:
    asked = await asking(workspace, root, "What did your last review look at most?")
    [lettered_cell] = [option for option in cells(asked) if option[1:] == f". {cell}"]
    await workspace.choose("U_ANA", asked, "Pick what fits best", lettered_cell)

    async def settled_() -> Json | None:
        now = await workspace.latest("U_ANA", asked)
        return now if "Your last review looked at" in shown(now) else None

    return await workspace.until(settled_, "U_ANA")


async def test_nobody_is_asked_about_their_review_before_they_open_it(workspace: Workspace):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)
    await result(workspace, root)
    await workspace.settled()

    assert not any("last review" in shown(each) for each in await workspace.thread(root.channel, root, "U_ANA"))


async def test_work_in_one_column_and_grading_in_another_is_said_plainly(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)
    await review(workspace, root)

    told = shown(await pick_review(workspace, root, "Uptime, latency, cost, KPIs")).replace("*", "")

    assert library.quiz.review
    trap = library.quiz.review.traps["researcher"]
    assert "The work stands in one column and its grading in another." in told
    assert "is that of an AI researcher; “Uptime, latency, cost, KPIs” belongs to the column “AI engineer" in told
    assert trap.hurts in told
    assert trap.ask in told
    assert "Source: Field guide to AI roles" in told


async def test_grading_in_the_same_column_is_said_too_and_follows_a_changed_answer(workspace: Workspace):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)
    await review(workspace, root)
    told = await pick_review(workspace, root, "Novelty, scientific impact")
    assert "stand in the same column" in shown(told)

    await write(workspace, root, "1d, 2e, 3d, 5d")
    await message(workspace, root, "You changed your answer to question 5")

    async def other() -> bool:
        return "in one column and its grading in another" in shown(await workspace.latest("U_ANA", told))

    await workspace.until(other, "U_ANA")


async def test_nobody_has_to_say_what_the_review_looked_at(workspace: Workspace):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)

    await workspace.click("U_ANA", await review(workspace, root), "I would rather not say")

    await message(workspace, root, "You left this question open.")


async def test_any_cell_of_the_table_can_be_picked_and_picked_again(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)
    asked = await review(workspace, root)
    known = [cell for row in library.tables["roles"].rows for cell in row.cells.values()]
    assert cells(asked) == [f"{letter}. {cell}" for letter, cell in zip(LETTERS, known, strict=False)]
    told = await pick_review(workspace, root, "Weeks to months")
    assert "grading in another" in shown(told)

    await workspace.click("U_ANA", told, "Change")

    assert "stand in the same column" in shown(await pick_review(workspace, root, "Years"))


@pytest.mark.parametrize("said", ["Uptime, latency, cost, KPIs", "i", "I'd say the uptime", "KPIs"])
async def test_what_the_review_looked_at_can_be_typed(workspace: Workspace, said: str):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)
    asked = await review(workspace, root)
    assert "Pick one, or type here the letter it has in the menu, or your own words." in shown(asked)

    await write(workspace, root, said)

    await message(workspace, root, "I noted: *Uptime, latency, cost, KPIs*.")

    async def judged() -> bool:
        return "in one column and its grading in another" in shown(await workspace.latest("U_ANA", asked))

    await workspace.until(judged, "U_ANA")
    await write(workspace, root, "b")  # once it is answered, a letter alone is for nothing any more
    await message(workspace, root, "This round is finished.")


async def test_what_the_review_may_have_looked_at_is_asked_about(workspace: Workspace):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)
    await review(workspace, root)
    await write(workspace, root, "papers and my manager's feeling")

    guess = await message(workspace, root, "Did you mean: *Papers, novel methods, new benchmarks*?")
    assert buttons(guess) == ["d. Papers, novel methods, new benchmarks"]
    await workspace.click("U_ANA", guess, "d. Papers, novel methods, new benchmarks")

    await message(workspace, root, "I noted: *Papers, novel methods, new benchmarks*.")
    await message(workspace, root, "Your last review looked at: *Papers, novel methods, new benchmarks*")


@pytest.mark.parametrize("said", ["skip", "I'd rather not say"])
async def test_what_the_review_looked_at_can_be_left_open_by_typing(workspace: Workspace, said: str):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)
    asked = await review(workspace, root)
    await write(workspace, root, "bananas")
    told = await message(workspace, root, "Pick it from the menu, or type its letter or its words.")
    assert buttons(told) == ["I would rather not say"]

    await write(workspace, root, said)

    async def left_open() -> bool:
        return "You left this question open." in shown(await workspace.latest("U_ANA", asked))

    await workspace.until(left_open, "U_ANA")


async def test_work_that_leans_to_one_role_gets_the_advice_for_the_next_as_well(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    await write(workspace, root, "1 half a half d, 2 half a half e, 3 half a half c, 4a, 5 half a half d")
    told = shown(await result(workspace, root))
    assert "leans towards the role of an AI researcher" in told
    first, _, last = library.quiz.roles

    said = shown(await review(workspace, root)).replace("*", "")

    assert f"How to grade the work of an AI researcher\n{first.summary} {first.advice}" in said
    assert f"For the part of it that is the work of an AI engineer, which is second: {last.advice}" in said
    said = shown(await pick_review(workspace, root, "Uptime, latency, cost, KPIs")).replace("*", "")
    assert "It fits the part of the work that is that of an AI engineer, which is second." in said


async def test_work_that_is_clearly_of_one_role_gets_the_advice_for_that_alone(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)

    said = shown(await review(workspace, root))

    assert library.quiz.roles[0].advice in said
    assert "which comes next" not in said


async def test_where_it_is_too_close_to_call_both_roles_have_their_trap(workspace: Workspace, library: Library):
    root, pair = await begin(workspace), PAIRS[1]
    await take(workspace, root, *close_answers(library, pair))
    await asking(workspace, root, "It is too close to call.")
    await write(workspace, root, "skip")
    await review(workspace, root)

    said = shown(await pick_review(workspace, root, "Years")).replace("*", "")  # the column that is neither role's

    found = recommend(library.quiz, answers_at(library, close_answers(library, pair)))
    first, second = with_article(found.role.name), with_article(found.runner_up.name)
    assert f"that of {first} or {second}" in said
    assert library.quiz.review
    for role in (found.role, found.runner_up):
        assert f"How to grade the work of {with_article(role.name)}\n{role.summary}" in said
        assert f"If it is the work of {with_article(role.name)}:" in said
        assert library.quiz.review.traps[role.id].hurts in said


# Pausing, stopping, several rounds


async def test_pause_takes_the_buttons_away_until_it_goes_on(workspace: Workspace):
    root = await begin(workspace)
    asked = await question(workspace, root, 1)
    await workspace.click("U_ANA", await card(workspace, root, "0 of 5"), "Pause")
    now = await card(workspace, root, "Paused. Your answers are kept.")
    assert buttons(now) == ["Change", "Continue", "Start over"]

    async def paused() -> bool:
        return buttons(await workspace.latest("U_ANA", asked)) == ["Continue"]

    await workspace.until(paused, "U_ANA")
    await write(workspace, root, "bananas")
    await message(workspace, root, "This round is not open at the moment.")

    await write(workspace, root, "continue")

    assert len(buttons(await asking(workspace, root, "a. Find out"))) == 5
    await card(workspace, root, "Pause")


async def test_stop_keeps_the_answers_and_start_over_begins_another_round(workspace: Workspace):
    root = await begin(workspace)
    await take(workspace, root, 0)
    await question(workspace, root, 2)
    await write(workspace, root, "stop")
    await message(workspace, root, "I stopped. Your answers are kept, and to go on later you can type “continue” here.")
    now = await card(workspace, root, "Stopped. Your answers are kept")
    assert "1 of 5 answered" in shown(now)

    await workspace.click("U_ANA", now, "Start over")
    await workspace.click_as_shown("U_ANA", now, "Start over")

    *_, again = await workspace.dm("U_ANA", count=2)
    await asking(workspace, Sent(again["ts"], again["channel"], "U_ANA"), "One thing first")
    await workspace.settled()
    assert len(await workspace.dm("U_ANA")) == 2


async def test_a_pause_says_how_to_go_on_and_a_second_stop_that_it_is_not_open(workspace: Workspace):
    root = await at_first_question(workspace)
    await write(workspace, root, "pause")
    await message(workspace, root, "Paused. Your answers are kept, and to go on you can type “continue” here.")
    await write(workspace, root, "stop")
    await message(workspace, root, "I stopped.")

    await write(workspace, root, "stop please")

    await message(workspace, root, "This round is not open at the moment. Type “continue” to go on.")


async def test_starting_over_says_nothing_of_the_stop(workspace: Workspace):
    root = await at_first_question(workspace)
    await write(workspace, root, in_letters(CLEAR[:1]))
    await question(workspace, root, 2)
    await write(workspace, root, "start over")

    await workspace.dm("U_ANA", count=2)
    await workspace.settled()
    assert not any("I stopped" in shown(each) for each in await workspace.thread(root.channel, root, "U_ANA"))


@pytest.mark.parametrize("said", ["stop", "stop please", "quit", "skip"])
async def test_who_stops_or_skips_below_a_result_is_told_that_the_round_has_ended(workspace: Workspace, said: str):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)
    await result(workspace, root)
    await workspace.settled()

    await write(workspace, root, said)

    await message(workspace, root, "This round has ended, so there is nothing left to skip or stop.")


async def test_a_stop_while_an_answer_is_changed_leaves_it_and_says_so(workspace: Workspace):
    root = await at_first_question(workspace)
    await take_at_once(workspace, root)
    await result(workspace, root)
    await write(workspace, root, "change 3")
    await question(workspace, root, 3)

    await write(workspace, root, "stop")

    await message(workspace, root, "Then your answers stay as they are, and so does your result.")


async def test_two_people_do_not_disturb_each_other(workspace: Workspace):
    ana, ben = await begin(workspace, "U_ANA"), await begin(workspace, "U_BEN")
    await take(workspace, ana, *CLEAR)
    await take(workspace, ben, *ENGINEER)

    assert "the role of an AI researcher." in shown(await result(workspace, ana))
    assert "the role of an AI engineer." in shown(await result(workspace, ben))


async def test_two_rounds_of_one_person_do_not_disturb_each_other(workspace: Workspace):
    first = await begin(workspace)
    await take(workspace, first, *CLEAR[:2])
    await question(workspace, first, 3)
    await offered(workspace, "Begin a new one")
    root = (await workspace.dm("U_ANA", count=2))[-1]
    second = await say_what_about(workspace, Sent(root["ts"], root["channel"], "U_ANA"))
    await take(workspace, second, *ENGINEER)

    await write(workspace, first, "3a 4c 5a")

    assert "the role of an AI engineer." in shown(await result(workspace, second))
    assert "the role of an AI researcher." in shown(await result(workspace, first))


async def offered(workspace: Workspace, chosen: str) -> Json:
    """Type /rolefit with an open round, and click what is offered."""
    await workspace.command("U_ANA", "C_GENERAL", "/rolefit")

    async def there() -> Json | None:
        told = [each for each in await workspace.messages("C_GENERAL") if each.get("ephemeral")]
        return told[-1] if told and "You have a round that is not finished" in shown(told[-1]) else None

    offer = await workspace.until(there, "U_ANA")
    assert "1 of 5 answered" in shown(offer) or "2 of 5 answered" in shown(offer)
    assert buttons(offer) == ["Continue there", "Begin a new one"]
    await workspace.click("U_ANA", offer, chosen)
    return offer


async def test_the_command_offers_to_continue_an_open_round(workspace: Workspace):
    root = await at_first_question(workspace)
    await take(workspace, root, 0)
    before = await question(workspace, root, 2)

    await offered(workspace, "Continue there")

    async def again() -> Json | None:
        now = await question(workspace, root, 2)
        return now if now["ts"] != before["ts"] else None

    await workspace.until(again, "U_ANA")
    assert len(await workspace.dm("U_ANA")) == 1


@pytest.mark.both_databases
async def test_it_can_be_taken_again_and_a_double_click_begins_one_round(workspace: Workspace):
    root = await at_first_question(workspace)
    await take(workspace, root)
    told = await result(workspace, root)

    await workspace.click("U_ANA", told, "Take it again")
    await workspace.click("U_ANA", told, "Take it again")

    *_, again = await workspace.dm("U_ANA", count=2)
    await asking(workspace, Sent(again["ts"], again["channel"], "U_ANA"), "One thing first")
    await workspace.settled()
    assert len(await workspace.dm("U_ANA")) == 2


async def test_taking_it_again_shows_what_moved(workspace: Workspace, library: Library):
    root = await at_first_question(workspace)
    await take(workspace, root)
    await workspace.click("U_ANA", await result(workspace, root), "Take it again")
    again = (await workspace.dm("U_ANA", count=2))[-1]
    second = await say_what_about(workspace, Sent(again["ts"], again["channel"], "U_ANA"))
    await take(workspace, second, 3, 4, 3, 1, 0)

    said = shown(await result(workspace, second)).replace("*", "")

    assert "Since last time" in said
    assert "it was an AI researcher (clear), and is an AI engineer" in said
    assert "The answers differ in questions 1, 2, 3 and 4." in said


async def test_taking_it_again_shows_that_only_the_last_question_was_answered_otherwise(
    workspace: Workspace, library: Library
):
    close = close_answers(library, PAIRS[1])
    root = await begin(workspace)
    for count, said in ((1, "a"), (2, "b")):
        await take(workspace, root, *close)
        await asking(workspace, root, library.quiz.tie_break(*PAIRS[1]).text)
        await write(workspace, root, said)
        told = await result(workspace, root)
        if count == 1:
            await workspace.click("U_ANA", told, "Take it again")
            again = (await workspace.dm("U_ANA", count=2))[-1]
            root = await say_what_about(workspace, Sent(again["ts"], again["channel"], "U_ANA"))

    assert "is an AI engineer (leaning) now. The answers differ in question 6." in shown(told).replace("*", "")


async def once_more(workspace: Workspace, told: Json, about: str, count: int) -> Sent:
    """Take the quiz again from a result, about this; gives the root of that round, the last of so many."""
    await workspace.click("U_ANA", told, "Take it again")
    again = (await workspace.dm("U_ANA", count=count))[-1]
    return await say_what_about(workspace, Sent(again["ts"], again["channel"], "U_ANA"), about)


async def test_only_rounds_about_the_same_are_compared(workspace: Workspace):
    told: Json | None = None
    for count, (about, choices) in enumerate(((PEOPLE, CLEAR), (ROLE, ENGINEER), (PEOPLE, CLEAR), (ROLE, CLEAR)), 1):
        root = await once_more(workspace, told, about, count) if told else await begin(workspace, about=about)
        await take_at_once(workspace, root, *choices)
        told = await result(workspace, root)
        said = shown(told).replace("*", "")
        if count < 3:
            assert "last time" not in said
            assert "last round" not in said
        elif about == PEOPLE:
            assert "it is the same, an AI researcher (clear). None of your answers has changed." in said
        else:  # which may be another role
            assert "Since last time" not in said
            assert "came to an AI engineer (clear); this one comes to an AI researcher (clear)." in said


async def test_the_command_twice_points_to_the_round_that_has_just_begun(workspace: Workspace):
    root = await begin(workspace)
    await question(workspace, root, 1)

    await workspace.command("U_ANA", "C_ASK", "/rolefit")

    notes = [each for each in await workspace.messages("C_ASK", count=3) if each.get("ephemeral")]
    assert len(notes) == 2
    assert all(f"thread_ts={root}" in note["text"] for note in notes)
    assert len(await workspace.dm("U_ANA")) == 1


# History, help, Home


async def privately(workspace: Workspace, text: str, user: str = "U_ANA") -> Json:
    """Wait for a message in #ask-ai-roles that only this person sees."""

    async def there() -> Json | None:
        told = [each for each in await workspace.messages("C_ASK", user) if each.get("ephemeral")]
        return next((each for each in reversed(told) if text in shown(each)), None)

    return await workspace.until(there, user)


async def test_history_lists_rounds_to_open_and_to_delete(workspace: Workspace):
    root = await begin(workspace)
    await take(workspace, root)
    await workspace.click("U_ANA", await result(workspace, root), "Take it again")
    open_round = (await workspace.dm("U_ANA", count=2))[-1]
    await asking(workspace, Sent(open_round["ts"], open_round["channel"], "U_ANA"), "One thing first")

    await workspace.command("U_ANA", "C_ASK", "/rolefit", "history")
    told = await privately(workspace, "Your rounds")

    lines = shown(told).splitlines()
    assert "not finished, 0 of 5 answered" in lines[1]
    assert "AI researcher (clear)" in shown(told)
    assert buttons(told) == ["Open", "Delete", "Open", "Share with my manager", "Delete"]
    await workspace.click("U_ANA", told, find(told, "quiz_open:", -1))
    assert (
        f"p{root.replace('.', '')}" in (await privately(workspace, "Open the questions"))["text"].replace("&amp;", "&")
        or root in (await privately(workspace, "Open the questions"))["text"]
    )


async def test_rounds_of_one_day_are_told_apart_by_what_they_are_about_and_by_their_time(workspace: Workspace):
    for about in (OWN, ROLE, PEOPLE):
        root = await begin(workspace, about=about)
        await take_at_once(workspace, root)
        await result(workspace, root)

    await workspace.command("U_ANA", "C_ASK", "/rolefit", "history")

    told = (await privately(workspace, "Your rounds"))["text"]
    lines = [line for line in told.splitlines() if "AI researcher (clear)" in line]
    assert [line.rpartition("(clear)")[2] for line in lines] == [
        ", about the people you manage", ", about a role to fill", "",
    ]  # fmt: skip
    assert all("{date_long} at {time}" in line for line in lines)


@pytest.mark.both_databases
async def test_a_deleted_round_is_gone_from_the_list_and_the_thread(workspace: Workspace):
    root = await begin(workspace)
    await take(workspace, root)
    await result(workspace, root)
    await workspace.command("U_ANA", "C_ASK", "/rolefit", "history")

    await workspace.click("U_ANA", await privately(workspace, "Your rounds"), "Delete")

    await privately(workspace, "You have no rounds yet.")

    async def gone() -> list[Json] | None:
        thread = await workspace.thread(root.channel, root, "U_ANA")
        return None if any(map(buttons, thread)) else thread

    thread = await workspace.until(gone, "U_ANA")
    assert [shown(each) for each in thread if each["user"] == "U_ROLEFIT"] == ["You deleted this round."]
    await begin(workspace)


async def test_of_a_deleted_round_nothing_that_was_said_or_recorded_remains(
    tmp_path: Path, library: Library, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bot.slack.quiz_work.ENDED", 0.5)
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        root = await begin(workspace)
        await take(workspace, root, 0, 1)
        await question(workspace, root, 3)
        await write(workspace, root, "so far")
        await message(workspace, root, "Here is where it points after 2 of 5 questions.")
        await write(workspace, root, "3a 4c 5a")
        told = await result(workspace, root)
        for name in PARTS:
            await workspace.click("U_ANA", told, name)
        await message(workspace, root, "*Typical background*")
        await message(workspace, root, "What did your last review look at most?")
        await write(workspace, root, "I manage others")
        await message(workspace, root, "Then answer for the work your team does most")
        await write(workspace, root, "change 5 to d")
        await message(workspace, root, "You changed your answer to question 5")
        await workspace.click("U_ANA", await result(workspace, root), "Share with my manager")
        await workspace.submit("U_ANA", {"share:to": {"share_to": "U_MEI"}})
        await workspace.submit("U_ANA")
        await message(workspace, root, "has had this since")
        await workspace.command("U_ANA", "C_ASK", "/rolefit", "history")

        await workspace.click("U_ANA", await privately(workspace, "Your rounds"), "Delete")

        async def gone() -> bool:
            thread = await workspace.thread(root.channel, root, "U_ANA")
            return [shown(each) for each in thread if each["user"] == "U_ROLEFIT"] == ["You deleted this round."]

        await workspace.until(gone, "U_ANA")
        await privately(workspace, "You have no rounds yet.")
        await workspace.settled()
        assert recorded(tmp_path / "jobs.db", [library.quiz.questions[0].choices[0].id])
        chosen = [library.quiz.questions[at].choices[position].id for at, position in enumerate((0, 1, 0, 2, 0))]

        async with asyncio.timeout(20):
            while await asyncio.to_thread(recorded, tmp_path / "jobs.db", chosen):  # noqa: ASYNC110 - only the rows tell
                await asyncio.sleep(0.1)


def recorded(file: Path, words: list[str]) -> bool:
    """Say whether the records of the work hold one of these words, in their keys, inputs or outputs."""
    connection = sqlite3.connect(file)
    try:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for table in tables for row in connection.execute(f"SELECT * FROM {table}")]
    finally:
        connection.close()
    cells = [cell for row in rows for cell in row if isinstance(cell, str)]
    texts = [*map(str.encode, cells)]
    for cell in cells:
        with contextlib.suppress(ValueError):
            texts.append(base64.b64decode(cell, validate=True))
    return any(word.encode() in text for word in words for text in texts)


async def rounds(workspace: Workspace, count: int) -> Sent:
    """Wait until there are so many rounds, and give the last; what somebody is told about a click is none."""

    async def there() -> Json | None:
        roots = [each for each in await workspace.dm("U_ANA") if not each.get("ephemeral")]
        return roots[-1] if len(roots) >= count else None

    root = await workspace.until(there, "U_ANA")
    return Sent(root["ts"], root["channel"], "U_ANA")


async def test_after_a_deleted_round_another_begins_as_often_as_one_likes(workspace: Workspace):
    first = await begin(workspace)
    await take(workspace, first)
    await workspace.click("U_ANA", await result(workspace, first), "Take it again")
    for count in (2, 3, 4):
        again = await rounds(workspace, count)
        await asking(workspace, again, "One thing first")
        await workspace.command("U_ANA", "C_ASK", "/rolefit", "history")
        listed = await privately(workspace, "Your rounds")
        await workspace.click("U_ANA", listed, find(listed, "quiz_delete", 0))
        await card(workspace, again, "You deleted this round.")
        await workspace.settled()
        if count < 4:
            await workspace.command("U_ANA", "C_ASK", "/rolefit")


async def test_a_round_whose_beginning_was_given_up_can_be_begun_again(workspace: Workspace):
    await workspace.faults(api=[{"method": "chat.postMessage", "error": "restricted_action"}])
    await workspace.command("U_ANA", "C_ASK", "/rolefit")
    await workspace.until(lambda: refused(workspace), "U_ANA")

    async with asyncio.timeout(20):
        while not await workspace.dm("U_ANA"):  # once it is recorded that it was given up, of which nobody tells us
            await workspace.command("U_ANA", "C_ASK", "/rolefit")
            await workspace.settled()
            await asyncio.sleep(0.1)
    await asking(workspace, await rounds(workspace, 1), "One thing first")


async def refused(workspace: Workspace) -> bool:
    return any(each["status"] == "restricted_action" for each in await workspace.traffic("chat.postMessage"))


async def test_start_over_works_again_after_going_on(workspace: Workspace):
    first = await begin(workspace)
    await take(workspace, first, 0)
    await question(workspace, first, 2)
    await workspace.click("U_ANA", await card(workspace, first, "1 of 5 answered"), "Start over")
    second = await say_what_about(workspace, await rounds(workspace, 2))
    await take(workspace, second, 0)
    await workspace.click("U_ANA", await card(workspace, first, "Stopped."), "Continue")
    await question(workspace, first, 2)

    await workspace.click("U_ANA", await card(workspace, first, "Pause"), "Start over")

    await asking(workspace, await rounds(workspace, 3), "One thing first")
    await card(workspace, first, "Stopped.")


async def test_the_command_offers_an_open_round_that_is_not_the_latest(workspace: Workspace):
    first = await begin(workspace)
    await take(workspace, first, 0)
    before = await question(workspace, first, 2)
    await offered(workspace, "Begin a new one")
    second = await say_what_about(workspace, await rounds(workspace, 2))
    await take(workspace, second)
    await result(workspace, second)

    await offered(workspace, "Continue there")

    async def again() -> Json | None:
        now = await question(workspace, first, 2)
        return now if now["ts"] != before["ts"] else None

    await workspace.until(again, "U_ANA")
    assert len(await workspace.dm("U_ANA")) == 2


def find(message: Json, begins: str, at: int) -> str:
    """Give the action id of one of the buttons whose action begins so."""
    found = [
        element["action_id"]
        for block in message["blocks"]
        for element in block.get("elements", [])
        if element.get("action_id", "").startswith(begins)
    ]
    return str(found[at])


@pytest.mark.parametrize(("argument", "lead"), [("help", "/rolefit starts"), ("nonsense", "I don’t know “nonsense”")])
async def test_help_and_unknown_arguments_explain_the_command(workspace: Workspace, argument: str, lead: str):
    await workspace.command("U_ANA", "C_ASK", "/rolefit", argument)

    [told] = [each for each in await workspace.messages("C_ASK", count=2) if each.get("ephemeral")]

    assert shown(told).replace("*", "").startswith(lead)
    assert "starts five questions" in shown(told)
    assert "/rolefit history" in shown(told)
    assert await workspace.dm("U_ANA") == []


async def test_the_home_tab_begins_the_quiz_and_goes_on_with_one(workspace: Workspace):
    home = await workspace.home("U_ANA")
    assert "Find your own role, or the one you want to fill." in shown(home)

    await workspace.click("U_ANA", home, "Start the questions")
    [first] = await workspace.dm("U_ANA", count=1)
    root = await say_what_about(workspace, Sent(first["ts"], first["channel"], "U_ANA"))
    await take(workspace, root, 0)
    before = await question(workspace, root, 2)
    await workspace.click("U_ANA", home, "Go on")

    async def again() -> bool:
        return bool((await question(workspace, root, 2))["ts"] != before["ts"])

    await workspace.until(again, "U_ANA")
    assert len(await workspace.dm("U_ANA")) == 1


def live(messages: list[Json]) -> list[tuple[str, Any]]:
    """Give the buttons of some messages that choose an answer."""
    return [
        (each["ts"], element["action_id"])
        for each in messages
        for block in each.get("blocks", [])
        for element in block.get("elements", [])
        if str(element.get("action_id", "")).startswith("quiz_choose:")
    ]


@pytest.mark.both_databases
async def test_clicks_on_many_devices_at_once_leave_one_question_open(workspace: Workspace):
    root = await at_first_question(workspace)
    asked = await question(workspace, root, 1)
    await asyncio.gather(*(workspace.click_as_shown("U_ANA", asked, each) for each in buttons(asked)))
    await question(workspace, root, 2)
    await workspace.settled()
    await card(workspace, root, "1 of 5 answered")

    thread = await workspace.thread(root.channel, root, "U_ANA")
    assert len({ts for ts, _ in live(thread)}) == 1


# Where Slack, or the person, stands in the way


@pytest.mark.parametrize("code", ["messages_tab_disabled", "restricted_action", "is_archived", "ekm_access_denied"])
async def test_who_may_not_be_written_to_is_told_so_where_the_command_was_typed(workspace: Workspace, code: str):
    await workspace.faults(api=[{"method": "chat.postMessage", "error": code}])

    await workspace.command("U_ANA", "C_ASK", "/rolefit")

    told = await privately(workspace, "Slack did not let me write to you")
    assert "try again" in shown(told)
    assert await workspace.dm("U_ANA") == []


async def test_the_first_question_mentions_the_person_and_no_other_does(workspace: Workspace):
    root = await begin(workspace)
    first = await message(workspace, root, "One thing first")

    assert "<@U_ANA> One thing first" in first["text"]
    second = await question(workspace, root, 1)
    assert "<@U_ANA>" not in json.dumps(second)


async def test_the_link_to_the_questions_opens_the_thread(workspace: Workspace):
    await begin(workspace)

    link = str((await privately(workspace, "Open the questions"))["text"])

    assert "thread_ts=" in link
    assert "cid=" in link
