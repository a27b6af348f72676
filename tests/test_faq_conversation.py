"""The FAQ as people meet it: in channels, threads, mentions and direct messages."""

import html
import time
from pathlib import Path

import pytest

from bot.knowledge import Library
from bot.replica import KEPT
from bot.settings import Settings
from bot.storage import Store
from tests.conftest import bot_in
from tests.workspace import BOT, Json, Workspace, buttons, shown

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


@pytest.mark.both_databases
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
        if block["type"] in ("actions", "context_actions"):
            continue  # a screen reader finds the buttons by themselves
        cells = [cell["text"] for row in block.get("rows", [])[1:] for cell in row]
        said = cells or shown({"blocks": [block]}).replace("*", "").splitlines()
        assert all(each in text for each in said)


async def test_people_of_another_organisation_are_answered_only_when_they_ask_it(
    workspace: Workspace, library: Library
):
    await workspace.command("U_ANA", "C_PARTNER", "/rolefit", "channel")
    [panel] = await workspace.messages("C_PARTNER", count=1)
    await workspace.click("U_ANA", panel, "Answer")
    await workspace.latest("U_ANA", panel, once=lambda now: "chosen by" in shown(now))
    question = "What does MTS mean?"
    overheard = await workspace.post("U_KIM", "C_PARTNER", question)
    root = await workspace.post("U_ANA", "C_PARTNER", "lunch at 12?")
    in_thread = await workspace.post("U_KIM", "C_PARTNER", question, root)
    asked = await workspace.mention("U_KIM", "C_PARTNER", question)

    [answer] = await workspace.replies(asked)
    await workspace.settled()

    assert library.entries["member-of-technical-staff"].answer in shown(answer)
    assert len(await workspace.thread("C_PARTNER", overheard, "U_ANA")) == 1
    assert [each["ts"] for each in await workspace.thread("C_PARTNER", root, "U_ANA")] == [root, in_thread]


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


@pytest.mark.both_databases
async def test_a_follow_up_in_a_thread_is_read_with_what_was_answered_there(workspace: Workspace, library: Library):
    asked = await workspace.post("U_ANA", "C_ASK", "What roles does OpenAI have?")
    await workspace.replies(asked)

    await workspace.post("U_BEN", "C_ASK", "and at DeepMind?", asked)
    *_, answer = await workspace.replies(asked, count=3)

    assert library.entries["deepmind-roles"].answer in shown(answer)


async def test_a_follow_up_in_an_old_thread_is_read_with_what_was_answered_there_lately(
    library: Library, tmp_path: Path
):
    ago = KEPT + 86_400
    async with Workspace.start(clock=lambda: time.time() - ago) as workspace, bot_in(workspace, library, tmp_path):
        asked = await workspace.post("U_ANA", "C_ASK", "What roles does OpenAI have?")
        await workspace.replies(asked)
        store = await Store.open(Settings(_env_file=None, data_dir=tmp_path).store_url)
        await store.prune(time.time() - KEPT, time.time())  # as a process does every hour
        await store.close()

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


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("Hi there!", "greeting"),
        ("thx", "thanks"),
        ("who can see this?", "privacy"),
        ("does my boss see what I ask?", "privacy"),
        ("do you read all messages in our channels?", "listening"),
        ("who built you?", "maker"),
        ("bye", "bye"),
    ],
)
async def test_small_talk_is_answered_where_somebody_speaks_to_it(
    workspace: Workspace, library: Library, said: str, intent: str
):
    reply = library.words.talk.of(intent).reply
    overheard = await workspace.post("U_BEN", "C_ASK", said)
    asked = await workspace.mention("U_ANA", "C_ASK", said)
    directly = await workspace.post("U_ANA", "U_ROLEFIT", said)

    [to_mention] = await workspace.replies(asked)
    [in_dm] = await workspace.replies(directly)
    await workspace.settled()

    assert shown(to_mention) == shown(in_dm) == reply
    assert len(await workspace.thread("C_ASK", overheard, "U_ANA")) == 1


@pytest.mark.parametrize("said", ["ok", ":+1:", "lol"])
async def test_what_needs_no_reply_gets_none(workspace: Workspace, said: str):
    await workspace.post("U_ANA", "U_ROLEFIT", said)
    await workspace.mention("U_ANA", "C_ASK", said)

    await workspace.settled()

    assert await workspace.traffic("chat.postMessage") == []


async def test_a_question_comes_before_the_greeting_around_it(workspace: Workspace, library: Library):
    asked = await workspace.post("U_ANA", "U_ROLEFIT", "hi, what does MTS stand for? thanks")

    [answer] = await workspace.replies(asked)

    assert library.entries["member-of-technical-staff"].answer in shown(answer)


async def test_who_wants_to_take_the_quiz_gets_the_button_that_begins_it(workspace: Workspace):
    asked = await workspace.mention("U_ANA", "C_ASK", "I want to take the quiz")
    [offer] = await workspace.replies(asked)

    await workspace.click("U_ANA", offer, "Start the questions")
    [first] = await workspace.dm("U_ANA", count=1)

    async def led_there() -> bool:
        told = await workspace.messages("C_ASK") + await workspace.thread("C_ASK", asked, "U_ANA")
        return any("I have sent you the first question" in shown(each) for each in told)

    assert "short questions" in shown(first)
    await workspace.until(led_there, "U_ANA")


async def test_a_question_known_not_to_be_answered_is_told_what_is_known_instead(
    workspace: Workspace, library: Library
):
    asked = await workspace.mention("U_ANA", "C_ASK", "do AI labs sponsor a visa?")

    [told] = await workspace.replies(asked)

    decoy = library.decoy("visas")
    assert decoy is not None
    assert shown(told).startswith(decoy.reply or "never")
    assert "/rolefit" in shown(told)


async def test_whatever_is_typed_gets_one_reply_at_most(workspace: Workspace):
    odd = ["?", "...", "<https://example.com>", "hi hi hi", "1", "stop. stop. stop.", "quiz? no", "a" * 200, "\u200b!"]
    asked = [await workspace.post("U_ANA", "U_ROLEFIT", text) for text in odd]

    last = await workspace.post("U_ANA", "U_ROLEFIT", SEVEN["xai-dropped-researcher"])
    await workspace.replies(last)
    await workspace.settled()

    for each in asked:
        assert len(await workspace.thread(each.channel, each, "U_ANA")) <= 2


# /rolefit and a question


async def privately(workspace: Workspace, text: str) -> Json:
    """Type a question after /rolefit in a channel, and give what only the person sees."""
    await workspace.command("U_ANA", "C_ASK", "/rolefit", text)
    [told] = [each for each in await workspace.messages("C_ASK", count=2) if each.get("ephemeral")]
    return told


async def test_a_question_after_the_command_is_answered_to_one_person(workspace: Workspace, library: Library):
    told = await privately(workspace, "What does MTS stand for?")

    assert library.entries["member-of-technical-staff"].answer in shown(told)
    await workspace.settled()
    assert not [each for each in await workspace.messages("C_ASK", "U_BEN") if each.get("ephemeral")]
    assert await workspace.traffic("chat.postMessage") == []


async def test_below_suggestions_a_few_words_ask_what_the_likeliest_of_them_asks(
    workspace: Workspace, library: Library
):
    asked = await workspace.mention("U_ANA", "C_ASK", "<@U_BOT> and Amazon")
    [suggested] = await workspace.replies(asked)
    assert library.entries["amazon-roles"].question in str(suggested["blocks"])
    await workspace.settled()

    follow_up = await workspace.post("U_BEN", "C_ASK", "and at DeepMind?", asked)

    *_, answer = await workspace.replies(asked, count=3)
    assert library.entries["deepmind-roles"].answer in shown(answer)

    await workspace.edit(follow_up, "and at DeepMind, please?")
    await workspace.settled()

    *_, still_there = await workspace.replies(asked, count=3)
    assert still_there == answer


async def test_a_suggestion_after_the_command_is_answered_in_its_place(workspace: Workspace, library: Library):
    offer = await privately(workspace, "researchers in product teams")
    label, *_ = buttons(offer)

    await workspace.click("U_ANA", offer, label)

    said = label.removesuffix("…")
    [chosen] = [entry for entry in library.entries.values() if entry.question.startswith(said)]

    async def answered() -> bool:
        told = [each for each in await workspace.messages("C_ASK") if each.get("ephemeral")]
        return len(told) == 1 and chosen.answer in shown(told[0]) and not buttons(told[0])

    await workspace.until(answered, "U_ANA")
    await workspace.settled()
    assert await workspace.traffic("chat.postMessage") == []


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        ("which restaurant has the best ramen?", "I don’t know that one."),
        ("do AI labs sponsor a visa?", "Visas and relocation"),
        ("thank you", "You’re welcome."),
        ("histroy", "/rolefit history lists your rounds"),
        ("xyzzy", "I don’t know “xyzzy” after /rolefit."),
        ("ok", "I don’t know “ok” after /rolefit."),
    ],
)
async def test_what_else_may_stand_after_the_command(workspace: Workspace, text: str, lead: str):
    told = await privately(workspace, text)

    assert shown(told).startswith(lead)


@pytest.mark.both_databases
async def test_a_suggestion_becomes_the_answer_however_often_it_is_clicked(workspace: Workspace, library: Library):
    asked = await workspace.post("U_ANA", "U_ROLEFIT", "researchers in product teams")
    [offer] = await workspace.replies(asked)
    label, *_ = buttons(offer)

    await workspace.click("U_ANA", offer, label)
    await workspace.click_as_shown("U_ANA", offer, label)
    answer = await workspace.latest("U_ANA", offer, once=lambda now: label not in buttons(now))
    await workspace.settled()

    said = label.removesuffix("…")  # Slack's buttons hold 75 characters
    [chosen] = [entry for entry in library.entries.values() if entry.question.startswith(said)]
    assert chosen.answer in shown(answer)
    assert len(await workspace.replies(asked)) == 1


async def test_a_suggestion_is_answered_also_where_slack_refuses_the_blocks_of_the_answer(
    workspace: Workspace, library: Library
):
    asked = await workspace.post("U_ANA", "U_ROLEFIT", "researchers in product teams")
    [offer] = await workspace.replies(asked)
    label, *others = buttons(offer)
    await workspace.faults(api=[{"method": "chat.update", "error": "invalid_blocks"}])

    await workspace.click("U_ANA", offer, label)
    answer = await workspace.latest("U_ANA", offer, once=lambda now: label not in buttons(now))

    assert not set(buttons(answer)) & set(others)
    assert buttons(answer) == ["Helpful", "Not helpful", "Why this?"]


@pytest.mark.parametrize(("place", "prefix"), [("U_ROLEFIT", ""), ("C_ASK", "<@U_ROLEFIT> ")])
async def test_a_suggestion_is_chosen_by_its_number_too(
    workspace: Workspace, library: Library, place: str, prefix: str
):
    asked = await workspace.post("U_ANA", place, f"{prefix}researchers in product teams")
    [offer] = await workspace.replies(asked)
    label = buttons(offer)[1].removesuffix("…")
    [chosen] = [entry for entry in library.entries.values() if entry.question.startswith(label)]

    await workspace.settled()  # nobody types a number before the list has been recorded
    await workspace.post("U_ANA", asked.channel, f"{prefix}2.", asked)

    await workspace.latest("U_ANA", offer, once=lambda now: chosen.answer in shown(now))
    await workspace.settled()
    below = await workspace.thread(asked.channel, asked, "U_ANA")
    assert shown(below[-1]) == "The answer stands above, where the questions were. See the answer"
    assert offer["ts"].replace(".", "") in below[-1]["text"].replace(".", "")


async def test_a_direct_message_is_answered_where_no_thread_has_to_be_opened(either_way: Workspace, library: Library):
    asked = await either_way.post("U_ANA", "U_ROLEFIT", wire(SEVEN["need-research-team"]))

    [question, answer] = await either_way.dm("U_ANA", count=2)

    assert question["ts"] == asked
    assert library.entries["need-research-team"].answer in shown(answer)
    assert "thread_ts" not in answer


@pytest.mark.both_databases
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


async def test_an_answer_to_a_message_that_was_deleted_meanwhile_does_not_stay_in_the_channel(workspace: Workspace):
    await workspace.faults(api=[{"method": "chat.postMessage", "error": "ratelimited", "retry_after": 1}])
    asked = await workspace.mention("U_ANA", "C_ASK", "what does MTS stand for?")

    async def refused() -> bool:
        return bool(await workspace.traffic("chat.postMessage"))

    await workspace.until(refused, "U_ANA")
    await workspace.delete(asked)

    async def removed() -> bool:
        return bool(await workspace.traffic("chat.delete"))

    await workspace.until(removed, "U_ANA")
    await workspace.settled()
    assert [each for each in await workspace.messages("C_ASK", "U_ANA") if each["user"] == BOT] == []
