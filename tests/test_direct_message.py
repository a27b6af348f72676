"""Questions in a direct message: answered where they were asked, so that nobody has to open a thread."""

import pytest

from bot.knowledge import Library
from bot.slack import feedback_work, messages, reply_work
from tests.workspace import BOT, Json, Sent, Workspace, buttons, shown

ASKS_MTS, MTS = "What does MTS stand for?", "member-of-technical-staff"
ASKS_OPENAI, OPENAI, DEEPMIND = "What roles does OpenAI have?", "openai-roles", "deepmind-roles"
UNCLEAR = "titles and teams"  # which is suggested for, and not answered
ALMOST_CLEAR = "is MTS above senior"  # for which one entry is suggested


async def asked_and_answered(workspace: Workspace, text: str) -> tuple[Sent, Json]:
    """Ask something in the direct message; gives the question, and the reply as it stands there."""
    asked = await workspace.post("U_ANA", BOT, text)
    [reply] = await workspace.replies(asked)
    await workspace.settled()
    return asked, reply


def chosen_answer(offer: Json, number: int, library: Library) -> str:
    """Give the answer of the entry that is suggested under a number."""
    label = buttons(offer)[number - 1].removesuffix("…")
    return next(entry.answer for entry in library.entries.values() if entry.question.startswith(label))


async def said(workspace: Workspace) -> list[str]:
    """Give what the bot has said outside threads, once it has nothing left to do."""
    await workspace.settled()
    return [shown(each) for each in await workspace.dm("U_ANA") if each["user"] == BOT]


async def test_what_is_asked_in_a_thread_is_answered_there(workspace: Workspace, library: Library):
    root, _ = await asked_and_answered(workspace, ASKS_OPENAI)
    asked = await workspace.post("U_ANA", BOT, ASKS_MTS, root)

    [answer] = await workspace.replies(asked)

    assert library.entries[MTS].answer in shown(answer)
    assert answer["thread_ts"] == root


@pytest.mark.both_databases
async def test_a_follow_up_leans_on_what_was_answered_last(workspace: Workspace, library: Library):
    await asked_and_answered(workspace, ASKS_MTS)
    await asked_and_answered(workspace, ASKS_OPENAI)

    _, answer = await asked_and_answered(workspace, "and at DeepMind?")

    assert library.entries[DEEPMIND].answer in shown(answer)
    assert "thread_ts" not in answer


async def test_a_follow_up_leans_on_nothing_of_long_ago(
    workspace: Workspace, library: Library, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(messages, "FOLLOWED_FOR", 0.0)
    await asked_and_answered(workspace, ASKS_MTS)

    _, reply = await asked_and_answered(workspace, "What about an applied scientist?")

    assert library.entries["applied-scientist"].answer in shown(reply)


async def test_a_follow_up_leans_on_no_answer_that_went_with_its_question(workspace: Workspace, library: Library):
    asked, _ = await asked_and_answered(workspace, ASKS_MTS)
    await workspace.delete(asked)
    await workspace.settled()

    _, reply = await asked_and_answered(workspace, "What about an applied scientist?")

    assert library.entries["applied-scientist"].answer in shown(reply)


async def test_an_edit_of_an_earlier_question_is_not_what_a_follow_up_leans_on(workspace: Workspace, library: Library):
    earlier, answer = await asked_and_answered(workspace, "Why did xAI drop the researcher title?")
    await asked_and_answered(workspace, ASKS_OPENAI)
    await workspace.edit(earlier, ASKS_MTS)
    await workspace.latest("U_ANA", answer, once=lambda now: library.entries[MTS].answer in shown(now))
    await workspace.settled()

    _, reply = await asked_and_answered(workspace, "What about an applied scientist?")

    assert library.entries[MTS].answer not in shown(reply)


async def test_a_number_chooses_nothing_of_long_ago(
    workspace: Workspace, library: Library, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(feedback_work, "FOLLOWED_FOR", -60.0)
    _, offer = await asked_and_answered(workspace, UNCLEAR)

    await workspace.post("U_ANA", BOT, "1")

    await workspace.settled()
    assert shown(await workspace.latest("U_ANA", offer)) == shown(offer)
    assert library


async def test_a_follow_up_below_an_answer_leans_on_that_answer(workspace: Workspace, library: Library):
    _, first = await asked_and_answered(workspace, ASKS_OPENAI)
    await asked_and_answered(workspace, ASKS_MTS)

    asked = await workspace.post("U_ANA", BOT, "and at DeepMind?", first["ts"])
    [answer] = await workspace.replies(asked)

    assert library.entries[DEEPMIND].answer in shown(answer)
    assert answer["thread_ts"] == first["ts"]


async def test_an_edited_follow_up_leans_on_what_was_answered_before_it(workspace: Workspace, library: Library):
    await asked_and_answered(workspace, ASKS_OPENAI)
    asked, answer = await asked_and_answered(workspace, "and at DeepMind?")
    await asked_and_answered(workspace, ASKS_MTS)

    await workspace.edit(asked, "and at Anthropic?")

    where = library.entries["anthropic-roles"].answer
    await workspace.latest("U_ANA", answer, once=lambda now: where in shown(now))


async def test_why_says_what_a_follow_up_was_taken_for(workspace: Workspace, library: Library):
    await asked_and_answered(workspace, ASKS_OPENAI)
    _, answer = await asked_and_answered(workspace, "and at DeepMind?")

    await workspace.click("U_ANA", answer, "Why this?")

    taken_for = f"I took it for: {library.entries[DEEPMIND].question}"

    async def explained() -> bool:
        return any(taken_for in shown(each) for each in await workspace.dm("U_ANA") if each.get("ephemeral"))

    await workspace.until(explained, "U_ANA")


async def test_an_edit_changes_the_answer_and_a_deletion_takes_it_away(workspace: Workspace, library: Library):
    asked, answer = await asked_and_answered(workspace, ASKS_OPENAI)

    await workspace.edit(asked, ASKS_MTS)
    await workspace.latest("U_ANA", answer, once=lambda now: library.entries[MTS].answer in shown(now))
    await workspace.settled()
    await workspace.delete(asked)

    assert await said(workspace) == []


@pytest.mark.parametrize("below", ["question", "answer"])
async def test_an_answer_that_was_talked_about_stays_when_its_question_goes(
    workspace: Workspace, library: Library, below: str
):
    asked, answer = await asked_and_answered(workspace, ASKS_OPENAI)
    await workspace.post("U_ANA", BOT, "thanks", answer["ts"] if below == "answer" else asked)
    await workspace.settled()

    await workspace.delete(asked)

    assert library.entries[OPENAI].answer in "".join(await said(workspace))


async def test_what_an_edit_has_made_a_question_later_is_answered_below_it(
    workspace: Workspace, library: Library, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reply_work, "STILL_IN_SIGHT", 0.0)
    remark = await workspace.post("U_ANA", BOT, "ok")
    await workspace.settled()
    assert await said(workspace) == []

    await workspace.edit(remark, ASKS_MTS)

    [answer] = await workspace.replies(remark)
    assert library.entries[MTS].answer in shown(answer)
    assert answer["thread_ts"] == remark


@pytest.mark.parametrize("place", ["outside threads", "below the question", "below the suggestions"])
async def test_a_number_chooses_among_the_suggestions_above_it(workspace: Workspace, library: Library, place: str):
    asked, offer = await asked_and_answered(workspace, UNCLEAR)
    wanted = chosen_answer(offer, 2, library)
    root = {"below the question": asked, "below the suggestions": offer["ts"]}.get(place)

    await workspace.post("U_ANA", BOT, "2", root)

    await workspace.latest("U_ANA", offer, once=lambda now: wanted in shown(now))
    await workspace.settled()
    messages = await (workspace.thread(asked.channel, root, "U_ANA") if root else workspace.dm("U_ANA"))
    line = messages[-1]  # below the number
    assert shown(line) == "The answer stands above, where the questions were. See the answer"
    assert offer["ts"].replace(".", "") in line["text"].replace(".", "")
    assert len(await said(workspace)) == (1 if root else 2)


async def test_yes_chooses_the_only_suggestion_above_it_and_none_of_several(workspace: Workspace, library: Library):
    _, offer = await asked_and_answered(workspace, ALMOST_CLEAR)

    await workspace.post("U_ANA", BOT, "yes please")

    await workspace.latest("U_ANA", offer, once=lambda now: library.entries[MTS].answer in shown(now))


async def test_yes_chooses_none_of_several_suggestions_and_a_place_does(workspace: Workspace, library: Library):
    asked, offer = await asked_and_answered(workspace, UNCLEAR)
    await workspace.post("U_ANA", BOT, "yes", asked)
    await workspace.settled()
    to_yes = (await workspace.thread(asked.channel, asked, "U_ANA"))[-1]
    wanted = chosen_answer(offer, 2, library)

    await workspace.post("U_ANA", BOT, "the second one", asked)

    assert shown(to_yes) == library.words.talk.choosing.reply
    await workspace.latest("U_ANA", offer, once=lambda now: wanted in shown(now))


@pytest.mark.parametrize("place", ["outside threads", "below the suggestions"])
async def test_why_below_suggestions_says_why_they_were_made(workspace: Workspace, library: Library, place: str):
    await asked_and_answered(workspace, ASKS_MTS)
    _, offer = await asked_and_answered(workspace, UNCLEAR)
    root = offer["ts"] if place == "below the suggestions" else None

    why = await workspace.post("U_ANA", BOT, "but why?", root)

    [told] = await workspace.replies(why)
    assert shown(told) == library.words.talk.offered.reply


async def test_a_number_chooses_nothing_once_something_else_was_answered(workspace: Workspace, library: Library):
    _, offer = await asked_and_answered(workspace, UNCLEAR)
    await asked_and_answered(workspace, ASKS_MTS)

    await workspace.post("U_ANA", BOT, "2")

    suggested, _, unknown = await said(workspace)
    assert chosen_answer(offer, 2, library) not in suggested
    assert unknown.startswith("I don’t know")


async def test_who_votes_is_thanked_where_no_thread_has_to_be_opened(workspace: Workspace):
    _, answer = await asked_and_answered(workspace, ASKS_MTS)

    await workspace.click("U_ANA", answer, "Helpful")

    async def thanked() -> Json | None:
        return next((each for each in await workspace.dm("U_ANA") if each.get("ephemeral")), None)

    assert "thread_ts" not in await workspace.until(thanked, "U_ANA")


# Asked again


async def test_what_is_asked_again_is_suggested_once_more_and_the_suggestions_before_go(
    workspace: Workspace, library: Library
):
    _, first = await asked_and_answered(workspace, UNCLEAR)

    _, second = await asked_and_answered(workspace, UNCLEAR.upper())

    assert buttons(second) == buttons(first)
    assert shown(second).startswith("I still come to the same questions.")
    now = await workspace.latest("U_ANA", first)
    assert shown(now).startswith("I suggested some questions here.")
    assert buttons(now) == []
    wanted = chosen_answer(second, 2, library)
    await workspace.post("U_ANA", BOT, "2")
    await workspace.latest("U_ANA", second, once=lambda now: wanted in shown(now))
    *_, line = replies = await said(workspace)
    assert line.startswith("The answer stands above")
    assert len(replies) == 3


async def test_an_answer_takes_away_the_suggestions_that_had_it(workspace: Workspace, library: Library):
    _, offer = await asked_and_answered(workspace, UNCLEAR)
    [suggested] = [entry for entry in library.entries.values() if entry.question == buttons(offer)[0]]

    _, answer = await asked_and_answered(workspace, suggested.question)

    assert suggested.answer in shown(answer)
    assert buttons(await workspace.latest("U_ANA", offer)) == []


async def test_other_suggestions_stay_where_something_else_is_asked(workspace: Workspace):
    _, offer = await asked_and_answered(workspace, UNCLEAR)

    await asked_and_answered(workspace, ASKS_MTS)

    assert buttons(await workspace.latest("U_ANA", offer)) == buttons(offer)


async def test_suggestions_that_somebody_has_chosen_from_stay_the_answer(workspace: Workspace, library: Library):
    _, offer = await asked_and_answered(workspace, UNCLEAR)
    wanted = chosen_answer(offer, 1, library)
    await workspace.click("U_ANA", offer, buttons(offer)[0])
    await workspace.latest("U_ANA", offer, once=lambda now: wanted in shown(now))
    await workspace.settled()

    _, again = await asked_and_answered(workspace, UNCLEAR)

    assert wanted in shown(await workspace.latest("U_ANA", offer))
    assert shown(again).startswith("I am not sure which of these you mean.")


@pytest.mark.parametrize("somebody", ["U_ANA", "U_BEN"])
async def test_in_a_thread_only_who_was_given_suggestions_takes_them_away_by_asking_again(
    workspace: Workspace, somebody: str
):
    root = await workspace.mention("U_ANA", "C_ASK", UNCLEAR)
    [first] = await workspace.replies(root)
    await workspace.settled()

    await workspace.mention(somebody, "C_ASK", UNCLEAR, root)
    *_, second = await workspace.replies(root, count=3)
    await workspace.settled()

    assert "None of these" in buttons(second)
    assert bool(buttons(await workspace.latest("U_ANA", first))) == (somebody == "U_BEN")
