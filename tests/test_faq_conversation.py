"""The FAQ as people meet it: in channels, threads, mentions and direct messages."""

import html

import pytest

from bot.knowledge import Library
from tests.workspace import Workspace, buttons, shown

SEVEN = {
    "role-differences": "What's the difference between an AI researcher, a research engineer, and an AI engineer?",
    "member-of-technical-staff": 'What does "Member of Technical Staff" mean at OpenAI and Anthropic?',
    "xai-dropped-researcher": 'Why did xAI drop the "researcher" title?',
    "research-vs-slow-engineering": "Is research just engineering done at a slower speed?",
    "flat-structure-and-research": "Do flat team structures hurt research?",
    "separate-or-unified": ("Separate research and engineering tracks, or one unified title: which should we pick?"),
    "need-research-team": "Do you need a research team to do AI R&D?",
}


def wire(text: str) -> str:
    """Escape what somebody types as Slack's clients do."""
    return text.replace("&", "&amp;")


async def test_each_of_the_seven_questions_is_answered_in_its_own_thread(workspace: Workspace, library: Library):
    for entry, question in SEVEN.items():
        asked = await workspace.post("U_ANA", "C_ASK", wire(question))

        [answer] = await workspace.replies(asked)

        assert library.entries[entry].answer in shown(answer)
        assert answer["thread_ts"] == asked
    assert all(message["user"] != "U_ROLEFIT" for message in await workspace.messages("C_ASK"))


async def test_an_answer_shows_its_table_and_its_source(workspace: Workspace, library: Library):
    asked = await workspace.post("U_ANA", "C_ASK", SEVEN["role-differences"])

    [answer] = await workspace.replies(asked)

    [table] = [block for block in answer["blocks"] if block["type"] == "table"]
    assert "What new thing is true or possible?" in str(table)
    assert "Source: " in shown(answer)


async def test_the_text_of_an_answer_says_what_its_blocks_say(workspace: Workspace):
    asked = await workspace.post("U_ANA", "C_ASK", SEVEN["role-differences"])

    [answer] = await workspace.replies(asked)

    text = html.unescape(answer["text"]).replace("*", "")
    for block in answer["blocks"]:
        cells = [cell["text"] for row in block.get("rows", [])[1:] for cell in row]
        said = cells or shown({"blocks": [block]}).replace("*", "").splitlines()
        assert all(each in text for each in said)


async def test_people_of_another_organisation_are_answered_only_when_they_ask_it(
    workspace: Workspace, library: Library
):
    question = "What does MTS mean?"
    overheard = await workspace.post("U_KIM", "C_ASK", question)
    asked = await workspace.mention("U_KIM", "C_ASK", question)

    [answer] = await workspace.replies(asked)

    assert library.entries["member-of-technical-staff"].answer in shown(answer)
    assert len(await workspace.thread("C_ASK", overheard, "U_ANA")) == 1


@pytest.mark.parametrize(
    "said", ["lunch at 12?", "MTS interviews start at 10 tomorrow", "who is on call?", "good morning :wave:"]
)
async def test_what_is_not_for_it_gets_silence(workspace: Workspace, said: str):
    asked = await workspace.post("U_ANA", "C_ASK", said)

    await workspace.settled()

    assert [message["text"] for message in await workspace.thread("C_ASK", asked, "U_ANA")] == [said]


async def test_two_questions_in_one_message_are_answered_in_one_reply(workspace: Workspace, library: Library):
    both = "What does MTS mean? And do we need a research team to do AI R&D?"
    asked = await workspace.post("U_ANA", "C_ASK", wire(both))

    [answer] = await workspace.replies(asked)
    await workspace.settled()

    said = shown(answer)
    first = said.index(library.entries["member-of-technical-staff"].answer)
    assert first < said.index(library.entries["need-research-team"].answer)
    assert len(await workspace.traffic("chat.postMessage")) == 1


async def test_a_follow_up_in_a_thread_is_read_with_what_was_answered_there(workspace: Workspace, library: Library):
    asked = await workspace.post("U_ANA", "C_ASK", "What roles does OpenAI have?")
    await workspace.replies(asked)

    await workspace.post("U_BEN", "C_ASK", "and at DeepMind?", asked)
    *_, answer = await workspace.replies(asked, count=3)

    assert library.entries["deepmind-roles"].answer in shown(answer)


async def test_the_same_words_in_another_thread_follow_nothing(workspace: Workspace):
    root = await workspace.post("U_BEN", "C_ASK", "Our offsite is in Paris.")
    await workspace.post("U_BEN", "C_ASK", "and at DeepMind?", root)

    await workspace.settled()

    assert await workspace.traffic("chat.postMessage") == []


async def test_a_mention_in_a_thread_is_answered_in_that_thread(workspace: Workspace, library: Library):
    root = await workspace.post("U_BEN", "C_GENERAL", "Titles, again.")
    asked = await workspace.mention("U_ANA", "C_GENERAL", f"<@U_BOT> {SEVEN['xai-dropped-researcher']}", root)

    [answer] = await workspace.replies(asked)

    assert answer["thread_ts"] == root
    assert library.entries["xai-dropped-researcher"].answer in shown(answer)


async def test_a_mention_and_its_twin_event_give_one_answer(either_way: Workspace):
    asked = await either_way.mention("U_ANA", "C_ASK", f"<@U_BOT> {SEVEN['role-differences']}")

    await either_way.replies(asked)
    await either_way.settled()

    posts = await either_way.traffic("chat.postMessage")
    assert len(posts) == 1
    assert {"message.channels", "app_mention"} <= {entry["name"] for entry in await either_way.traffic()}


async def test_a_question_nobody_can_answer_is_met_kindly_when_the_bot_is_asked(workspace: Workspace):
    asked = await workspace.mention("U_ANA", "C_ASK", "<@U_BOT> which restaurant has the best ramen?")

    [answer] = await workspace.replies(asked)

    assert "I don’t know that one." in shown(answer)
    assert "What’s the difference between an AI researcher" in shown(answer)


async def test_a_bare_mention_is_greeted(workspace: Workspace):
    asked = await workspace.mention("U_ANA", "C_ASK", "<@U_BOT>")

    [answer] = await workspace.replies(asked)

    assert shown(answer).startswith("Hello. Ask me anything about AI roles")


async def test_a_suggestion_becomes_the_answer_however_often_it_is_clicked(workspace: Workspace, library: Library):
    asked = await workspace.post("U_ANA", "U_ROLEFIT", "titles at labs, flat or not")
    [offer] = await workspace.replies(asked)
    label, *_ = buttons(offer)

    await workspace.click("U_ANA", offer, label)
    _, answer = await workspace.replies(asked, count=2)
    await workspace.settled()

    said = label.removesuffix("…")  # Slack's buttons hold 75 characters
    [chosen] = [entry for entry in library.entries.values() if entry.question.startswith(said)]
    assert chosen.answer in shown(answer)
    taken = await workspace.latest("U_ANA", offer)
    assert buttons(taken) == []
    assert said in shown(taken)


async def test_a_direct_message_is_answered_in_its_thread(either_way: Workspace, library: Library):
    asked = await either_way.post("U_ANA", "U_ROLEFIT", wire(SEVEN["need-research-team"]))

    [answer] = await either_way.replies(asked)

    assert library.entries["need-research-team"].answer in shown(answer)


async def test_an_edited_message_is_not_answered_again(workspace: Workspace):
    asked = await workspace.post("U_ANA", "C_ASK", "lunch at 12?")
    await workspace.edit(asked, SEVEN["role-differences"])

    await workspace.settled()

    assert await workspace.traffic("chat.postMessage") == []


async def test_an_event_delivered_twice_is_answered_once(workspace: Workspace):
    await workspace.faults(twice=1)
    asked = await workspace.post("U_ANA", "C_ASK", SEVEN["role-differences"])

    await workspace.replies(asked)
    await workspace.settled()

    assert len(await workspace.traffic("chat.postMessage")) == 1


async def test_a_channel_the_bot_is_not_in_is_left_alone(workspace: Workspace):
    await workspace.post("U_MEI", "C_LEADS", SEVEN["role-differences"])

    await workspace.settled()

    assert await workspace.traffic("chat.postMessage") == []


async def test_what_people_typed_never_becomes_a_mention(workspace: Workspace):
    await workspace.command("U_ANA", "C_ASK", "/rolefit", "&lt;b&gt; &amp; &lt;!here&gt;")

    [told] = [m for m in await workspace.messages("C_ASK", count=2) if m.get("ephemeral")]

    assert "&lt;b&gt; &amp; &lt;!here&gt;" in told["text"]
    assert "<" not in told["text"]
