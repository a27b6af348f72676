"""Where and how the bot speaks: modes of a channel, threads, people; and questions that are edited or deleted."""

import re
import time

import pytest

from bot.domain.faq import Surface
from bot.domain.manners import Circumstances, Mode, Way, way_to_reply
from bot.domain.reply_kinds import ANSWER, NOT_ANSWERED, SUGGEST, TALK, UNKNOWN
from bot.domain.why import Silent
from bot.knowledge import Library
from bot.slack.faq_shortcut import fitting_reason
from tests.workspace import Json, Sent, Workspace, buttons, shown

MTS = "What does MTS stand for?"
XAI = 'Why did xAI drop the "researcher" title?'
TEAM = "Do you need a research team to do AI R&amp;D?"


# The decision


@pytest.mark.parametrize(
    ("surface", "circumstances", "way"),
    [
        ("channel", Circumstances(), Way.POST),
        ("channel", Circumstances(shared=True), Way.SILENCE),
        ("channel", Circumstances(shared=True, mode=Mode.ANSWER), Way.POST),
        ("channel", Circumstances(shared=True, mode=Mode.ANSWER, chosen_for_shared=True), Way.POST),
        ("channel", Circumstances(shared=True, mode=Mode.ANSWER, chosen_for_shared=False), Way.SILENCE),
        ("channel", Circumstances(mode=Mode.ANSWER, chosen_for_shared=False), Way.POST),
        ("mention", Circumstances(shared=True, mode=Mode.MENTION, chosen_for_shared=False), Way.SAY_OFF),
        ("channel", Circumstances(mode=Mode.WHISPER), Way.WHISPER),
        ("channel", Circumstances(mode=Mode.MENTION), Way.SILENCE),
        ("channel", Circumstances(mode=Mode.OFF), Way.SILENCE),
        ("thread", Circumstances(hushed=True), Way.SILENCE),
        ("thread", Circumstances(mode=Mode.WHISPER, hushed=True), Way.SILENCE),
        ("channel", Circumstances(opted_out=True), Way.SILENCE),
        ("thread", Circumstances(unasked_in_thread=1), Way.POST),
        ("thread", Circumstances(unasked_in_thread=2), Way.SILENCE),
        ("channel", Circumstances(overtaken=True), Way.WHISPER),
        ("mention", Circumstances(hushed=True, opted_out=True, unasked_in_thread=9, overtaken=True), Way.POST),
        ("mention", Circumstances(mode=Mode.MENTION), Way.POST),
        ("mention", Circumstances(mode=Mode.OFF), Way.SAY_OFF),
        ("mention", Circumstances(shared=True), Way.SAY_OFF),
        ("dm", Circumstances(mode=Mode.OFF, shared=True, opted_out=True), Way.POST),
    ],
)
def test_how_a_reply_is_brought(surface: str, circumstances: Circumstances, way: Way):
    assert way_to_reply(Surface(surface), circumstances) is way


# What the tests below share


async def panel(workspace: Workspace, user: str = "U_ANA", channel: str = "C_ASK") -> Json:
    """Type /rolefit channel, and give what only this person sees."""
    before = [message["ts"] for message in await workspace.messages(channel, user)]
    await workspace.command(user, channel, "/rolefit", "channel")

    async def shown_now() -> Json | None:
        new = [m for m in await workspace.messages(channel, user) if m["ts"] not in before and m.get("ephemeral")]
        return new[-1] if new else None

    return await workspace.until(shown_now, user)


async def set_mode(workspace: Workspace, label: str, user: str = "U_ANA", channel: str = "C_ASK") -> Json:
    """Choose a mode with /rolefit channel, and give what it shows then."""
    offered = await panel(workspace, user, channel)
    await workspace.click(user, offered, label)
    return await workspace.latest(user, offered, once=lambda now: f"{label}, chosen by" in shown(now).replace("*", ""))


async def whispers(workspace: Workspace, user: str = "U_ANA", channel: str = "C_ASK") -> list[Json]:
    return [message for message in await workspace.messages(channel, user) if message.get("ephemeral")]


async def whispered(workspace: Workspace, text: str, user: str = "U_ANA", channel: str = "C_ASK") -> Json:
    """Wait for what only one person sees in a channel, with this text."""

    async def there() -> Json | None:
        return next((m for m in await whispers(workspace, user, channel) if text in shown(m)), None)

    return await workspace.until(there, user)


async def posts(workspace: Workspace) -> int:
    await workspace.settled()
    return len(await workspace.traffic("chat.postMessage"))


# Modes


@pytest.mark.both_databases
async def test_any_member_sets_what_the_bot_does_in_a_channel(workspace: Workspace, library: Library):
    assert "Nobody has chosen anything yet." in shown(await panel(workspace))

    chosen = await set_mode(workspace, "Off", user="U_BEN")
    assert "<@U_BEN>" in shown(chosen)
    await workspace.post("U_ANA", "C_ASK", MTS)
    assert await posts(workspace) == 0
    await workspace.mention("U_ANA", "C_ASK", MTS)
    assert "/rolefit channel" in shown(await whispered(workspace, "I am switched off in this channel."))
    assert await posts(workspace) == 0

    await set_mode(workspace, "Only when mentioned")
    await workspace.post("U_ANA", "C_ASK", MTS)
    assert await posts(workspace) == 0
    [answer] = await workspace.replies(await workspace.mention("U_ANA", "C_ASK", MTS))
    assert library.entries["member-of-technical-staff"].answer in shown(answer)

    # Another channel is as it was, and so is this one after the same choice again.
    [answer] = await workspace.replies(await workspace.post("U_ANA", "C_GENERAL", XAI))
    await set_mode(workspace, "Answer")
    await workspace.replies(await workspace.post("U_ANA", "C_ASK", XAI))


@pytest.mark.both_databases
async def test_a_channel_is_made_the_editors(workspace: Workspace):
    offered = await panel(workspace)
    assert "No channel is chosen yet" in shown(offered)
    await workspace.click("U_ANA", offered, "Send it to this channel")
    await workspace.latest("U_ANA", offered, once=lambda now: "I send it to this channel" in shown(now))

    elsewhere = await panel(workspace, "U_BEN", "C_GENERAL")
    assert "I send it to <#C_ASK>" in shown(elsewhere)
    await workspace.click("U_BEN", elsewhere, "Send it to this channel")
    await workspace.latest("U_BEN", elsewhere, once=lambda now: "I send it to this channel" in shown(now))

    again = await workspace.latest("U_ANA", offered)
    await workspace.click("U_ANA", again, "Don’t send it here")  # which they do not any more
    await workspace.latest("U_ANA", offered, once=lambda now: "I send it to <#C_GENERAL>" in shown(now))


async def test_a_whispered_answer_is_seen_by_one_person_until_that_person_posts_it(
    either_way: Workspace, library: Library
):
    workspace = either_way
    await set_mode(workspace, "Whisper")
    asked = await workspace.post("U_ANA", "C_ASK", MTS)

    told = await whispered(workspace, library.entries["member-of-technical-staff"].answer)
    assert "Only you can see this." in shown(told)
    assert await whispers(workspace, "U_BEN") == []
    assert await posts(workspace) == 0

    await workspace.click("U_ANA", told, "Post in the thread")
    [answer] = await workspace.replies(asked, as_user="U_BEN")
    assert library.entries["member-of-technical-staff"].answer in shown(answer)
    gone = await workspace.latest("U_ANA", told, once=lambda now: not buttons(now))
    assert "It stands in the thread now" in shown(gone)
    assert await posts(workspace) == 1


async def test_an_answer_is_whispered_also_where_slack_refuses_its_blocks(workspace: Workspace, library: Library):
    await set_mode(workspace, "Whisper")
    await workspace.faults(api=[{"method": "chat.postEphemeral", "error": "invalid_blocks"}])
    await workspace.post("U_ANA", "C_ASK", MTS)

    told = await whispered(workspace, library.entries["member-of-technical-staff"].answer)

    assert buttons(told) == ["Post in the thread"]


async def test_a_click_is_answered_also_where_slack_refuses_the_blocks_of_the_answer(workspace: Workspace):
    await set_mode(workspace, "Whisper")
    await workspace.post("U_ANA", "C_ASK", MTS)
    told = await whispered(workspace, "Only you can see this.")
    await workspace.faults(api=[{"method": "response_url", "error": "invalid_blocks"}])

    await workspace.click("U_ANA", told, "Post in the thread")

    said = await workspace.latest("U_ANA", told, once=lambda now: not buttons(now))
    assert "It stands in the thread now" in shown(said)


async def test_two_clicks_post_a_whispered_answer_once(workspace: Workspace):
    await set_mode(workspace, "Whisper")
    await workspace.post("U_ANA", "C_ASK", MTS)
    told = await whispered(workspace, "Only you can see this.")

    await workspace.click_as_shown("U_ANA", told, "Post in the thread")
    await workspace.click_as_shown("U_ANA", told, "Post in the thread")

    await workspace.latest("U_ANA", told, once=lambda now: not buttons(now))
    assert await posts(workspace) == 1


async def test_in_a_channel_shared_with_others_it_is_silent_until_it_is_switched_on(workspace: Workspace):
    await workspace.post("U_ANA", "C_PARTNER", MTS)
    await workspace.mention("U_MEI", "C_PARTNER", MTS)
    await whispered(workspace, "I am switched off in this channel.", "U_MEI", "C_PARTNER")
    assert await posts(workspace) == 0

    await set_mode(workspace, "Answer", "U_MEI", "C_PARTNER")
    await workspace.replies(await workspace.post("U_ANA", "C_PARTNER", XAI))


@pytest.mark.both_databases
async def test_on_being_invited_it_says_once_what_it_does(workspace: Workspace):
    await workspace.invite("U_BEN", "C_LEADS")

    async def greeted() -> list[Json]:
        return [message for message in await workspace.messages("C_LEADS", "U_BEN") if buttons(message)]

    [greeting] = await workspace.until(greeted, "U_BEN")
    assert shown(greeting).startswith("When somebody here asks about AI roles or titles and I am sure")
    assert buttons(greeting) == ["Answer", "Whisper", "Only when mentioned", "Off"]

    await workspace.click("U_MEI", greeting, "Only when mentioned")
    now = await workspace.latest("U_BEN", greeting, once=lambda m: "chosen by" in shown(m))
    assert "Only when mentioned, chosen by <@U_MEI>" in shown(now).replace("*", "")

    await set_mode(workspace, "Off", "U_BEN", "C_LEADS")  # by the command: the greeting says so, too
    await workspace.latest("U_MEI", greeting, once=lambda m: "Off, chosen by <@U_BEN>" in shown(m).replace("*", ""))
    await set_mode(workspace, "Only when mentioned", "U_MEI", "C_LEADS")

    await workspace.remove("U_MEI", "C_LEADS")
    await workspace.invite("U_BEN", "C_LEADS")
    await workspace.post("U_BEN", "C_LEADS", MTS)
    assert await posts(workspace) == 1  # the greeting; and the mode is kept


def test_a_channel_hears_one_sentence(library: Library):
    for sentence in (library.words.manners.welcome, library.words.manners.welcome_shared):
        assert re.fullmatch(r"[^.:;!?]+\.", sentence)


# Not too much


@pytest.mark.both_databases
async def test_the_same_answer_is_linked_within_ten_minutes(
    workspace: Workspace, library: Library, monkeypatch: pytest.MonkeyPatch
):
    [answer] = await workspace.replies(await workspace.post("U_ANA", "C_ASK", MTS))
    again = await workspace.post("U_BEN", "C_ASK", "what is an MTS?")
    mentioned = await workspace.mention("U_MEI", "C_ASK", MTS)

    for asked in (again, mentioned):
        [link] = await workspace.replies(asked)
        assert shown(link).startswith(
            "You will find my answer here already: What does “Member of Technical Staff” mean"
        )
        assert answer["ts"] in str(link["blocks"])
    [elsewhere] = await workspace.replies(await workspace.post("U_ANA", "C_GENERAL", MTS))
    assert library.entries["member-of-technical-staff"].answer in shown(elsewhere)
    await workspace.settled()  # what is under way would lose its hold as the clock is set

    later = time.time() + 601
    monkeypatch.setattr("bot.storage.replies.time.time", lambda: later)
    [answer] = await workspace.replies(await workspace.post("U_ANA", "C_ASK", MTS))
    assert library.entries["member-of-technical-staff"].answer in shown(answer)


async def test_two_who_ask_the_same_at_once_get_one_answer_and_a_link_to_it(workspace: Workspace):
    first, second = await workspace.post("U_ANA", "C_ASK", MTS), await workspace.post("U_BEN", "C_ASK", MTS)

    texts = sorted([shown((await workspace.replies(asked))[0])[:30] for asked in (first, second)])

    assert texts[1].startswith("You will find my answer here")
    assert not texts[0].startswith("You will find")


async def test_in_one_thread_it_speaks_twice_unless_it_is_spoken_to(workspace: Workspace):
    root = await workspace.post("U_ANA", "C_ASK", MTS)
    await workspace.replies(root)
    second = await workspace.post("U_BEN", "C_ASK", XAI, root)
    await workspace.replies(second)

    third = await workspace.post("U_MEI", "C_ASK", TEAM, root)
    assert await posts(workspace) == 2
    mentioned = await workspace.mention("U_MEI", "C_ASK", TEAM, root)
    [answer] = await workspace.replies(mentioned)
    assert answer["ts"] > third


@pytest.mark.both_databases
async def test_hush_keeps_it_quiet_in_that_thread_until_it_is_mentioned(workspace: Workspace):
    root = await workspace.post("U_ANA", "C_ASK", "lunch at 12?")
    await workspace.post("U_BEN", "C_ASK", "sure", root)
    hush = await workspace.mention("U_BEN", "C_ASK", "hush", root)
    [told] = await workspace.replies(hush, as_user="U_BEN")
    assert shown(told) == "I’ll keep quiet in this thread unless somebody mentions me."
    assert told["ephemeral"]

    await workspace.post("U_ANA", "C_ASK", XAI, root)
    assert await posts(workspace) == 0
    await workspace.replies(await workspace.mention("U_ANA", "C_ASK", XAI, root))
    await workspace.replies(await workspace.post("U_ANA", "C_ASK", MTS))  # another thread


@pytest.mark.both_databases
async def test_anybody_can_do_without_answers_to_what_they_did_not_ask_the_bot(workspace: Workspace):
    await workspace.command("U_ANA", "C_ASK", "/rolefit", "quiet")
    await whispered(workspace, "only when you mention me")
    await workspace.post("U_ANA", "C_ASK", MTS)
    assert await posts(workspace) == 0
    await workspace.replies(await workspace.post("U_BEN", "C_ASK", MTS))
    await workspace.replies(await workspace.mention("U_ANA", "C_ASK", XAI))

    await workspace.command("U_ANA", "C_ASK", "/rolefit", "quiet off")
    await whispered(workspace, "also when you don’t mention me")
    await workspace.replies(await workspace.post("U_ANA", "C_ASK", TEAM))


# Edits and deletions


@pytest.mark.both_databases
async def test_an_edited_question_has_its_answer_changed_in_place(workspace: Workspace, library: Library):
    asked = await workspace.post("U_ANA", "C_ASK", MTS)
    [answer] = await workspace.replies(asked)

    await workspace.edit(asked, XAI)
    entry = library.entries["xai-dropped-researcher"]
    await workspace.latest("U_ANA", answer, once=lambda now: entry.answer in shown(now))
    follow_up = await workspace.post("U_BEN", "C_ASK", "and at Meta?", asked)
    await workspace.settled()
    assert [m["ts"] for m in await workspace.thread("C_ASK", asked, "U_ANA")][:3] == [asked, answer["ts"], follow_up]

    await workspace.edit(asked, TEAM)
    entry = library.entries["need-research-team"]
    await workspace.latest("U_ANA", answer, once=lambda now: entry.answer in shown(now))
    assert await posts(workspace) <= 2


async def test_an_edit_that_asks_nothing_any_more_withdraws_the_answer(either_way: Workspace):
    workspace = either_way
    asked = await workspace.post("U_ANA", "C_ASK", MTS)
    await workspace.replies(asked)

    await workspace.edit(asked, "lunch at 12?")

    await until_thread(workspace, asked, 1)
    [answer] = await workspace.replies(await workspace.post("U_BEN", "C_ASK", MTS))
    assert "here already" not in shown(answer)


async def test_a_withdrawn_answer_that_people_have_talked_about_says_so(workspace: Workspace):
    asked = await workspace.post("U_ANA", "C_ASK", MTS)
    [answer] = await workspace.replies(asked)
    await workspace.post("U_BEN", "C_ASK", "good to know", asked)

    await workspace.edit(asked, "lunch at 12?")

    taken_back = "The question was changed, so I have taken my answer back."
    await workspace.latest("U_ANA", answer, once=lambda now: shown(now) == taken_back)


@pytest.mark.both_databases
async def test_a_message_edited_into_a_question_is_answered(workspace: Workspace, library: Library):
    asked = await workspace.post("U_ANA", "C_ASK", "lunch at 12?")
    await workspace.edit(asked, MTS)

    [answer] = await workspace.replies(asked)

    assert library.entries["member-of-technical-staff"].answer in shown(answer)


async def test_where_somebody_has_replied_already_the_answer_is_whispered(workspace: Workspace, library: Library):
    asked = await workspace.post("U_ANA", "C_ASK", "lunch at 12?")
    await workspace.post("U_BEN", "C_ASK", "it means Member of Technical Staff", asked)
    await workspace.edit(asked, MTS)

    async def told() -> list[Json]:
        return [m for m in await workspace.thread("C_ASK", asked, "U_ANA") if m.get("ephemeral")]

    [whisper] = await workspace.until(told, "U_ANA")
    assert library.entries["member-of-technical-staff"].answer in shown(whisper)
    assert await posts(workspace) == 0


@pytest.mark.both_databases
async def test_a_deleted_question_takes_its_answer_with_it(workspace: Workspace):
    asked = await workspace.post("U_ANA", "C_ASK", MTS)
    await workspace.replies(asked)

    await workspace.delete(asked)

    await until_thread(workspace, asked, 0)


async def test_a_deleted_question_leaves_an_answer_that_people_have_talked_about(workspace: Workspace):
    asked = await workspace.post("U_ANA", "C_ASK", MTS)
    [answer] = await workspace.replies(asked)
    await workspace.post("U_BEN", "C_ASK", "good to know", asked)

    await workspace.delete(asked)
    await workspace.settled()

    assert answer["ts"] in [message["ts"] for message in await workspace.thread("C_ASK", asked, "U_BEN")]


async def test_an_edit_while_the_answer_is_on_its_way_is_what_is_answered(workspace: Workspace, library: Library):
    await workspace.faults(api=[{"method": "chat.postMessage", "error": "ratelimited", "retry_after": 1}])
    asked = await workspace.post("U_ANA", "C_ASK", MTS)
    await workspace.edit(asked, XAI)

    entry = library.entries["xai-dropped-researcher"]
    [answer] = await workspace.replies(asked)
    await workspace.latest("U_ANA", answer, once=lambda now: entry.answer in shown(now))
    assert len(await workspace.thread("C_ASK", asked, "U_ANA")) == 2


async def test_a_direct_message_is_answered_anew_when_it_is_edited(workspace: Workspace, library: Library):
    asked = await workspace.post("U_ANA", "U_ROLEFIT", MTS)
    [answer] = await workspace.replies(asked)

    await workspace.edit(asked, XAI)

    entry = library.entries["xai-dropped-researcher"]
    await workspace.latest("U_ANA", answer, once=lambda now: entry.answer in shown(now))


async def until_thread(workspace: Workspace, root: Sent, length: int) -> None:
    """Wait until a thread has this many messages."""

    async def there() -> bool:
        try:
            thread = await workspace.thread(root.channel, root, "U_BEN" if root.channel != "C_DM" else "U_ANA")
        except AssertionError:
            return length == 0
        return len([m for m in thread if m.get("subtype") != "tombstone"]) == length

    await workspace.until(there, "U_ANA")


# For oneself first


async def test_a_question_after_the_command_can_be_posted_where_it_was_typed(workspace: Workspace, library: Library):
    await workspace.command("U_ANA", "C_ASK", "/rolefit", MTS)
    told = await whispered(workspace, "Only you can see this.")

    await workspace.click("U_ANA", told, "Post here")

    async def posted() -> list[Json]:
        messages = await workspace.messages("C_ASK", "U_BEN")
        return [m for m in messages if library.entries["member-of-technical-staff"].answer in shown(m)]

    [answer] = await workspace.until(posted, "U_BEN")
    assert shown(answer).startswith("<@U_ANA> had me answer this here: *What does")

    gone = await workspace.latest("U_ANA", told, once=lambda now: not buttons(now))
    assert shown(gone) == "It stands in the channel now, where everybody can read it."
    # It is remembered like any other: who asks is sent there, and whom it helped can say so.
    [link] = await workspace.replies(await workspace.post("U_BEN", "C_ASK", MTS), as_user="U_BEN")
    assert "You will find my answer here already:" in shown(link)
    assert "Helpful" in buttons(answer)


@pytest.mark.parametrize("channel", ["C_ASK", "C_LEADS"])
async def test_the_shortcut_answers_anybodys_message_for_who_uses_it(
    workspace: Workspace, library: Library, channel: str
):
    asked = await workspace.post("U_MEI", channel, "I wonder what MTS stands for")  # not answered unasked
    message = (await workspace.messages(channel, "U_BEN"))[-1]
    await workspace.shortcut("U_BEN", "answer_from_faq", message)

    told = await whispered(workspace, "Only you can see this.", "U_BEN", channel)
    assert library.entries["member-of-technical-staff"].answer in shown(told)
    await workspace.click("U_BEN", told, "Post in the thread")

    if channel == "C_ASK":
        [answer] = await workspace.replies(asked, as_user="U_BEN")
        assert library.entries["member-of-technical-staff"].answer in shown(answer)
    else:  # where the bot is no member
        refused = await workspace.latest("U_BEN", told, once=lambda now: "I cannot post there." in shown(now))
        assert buttons(refused) == ["Post in the thread"]


async def test_the_shortcut_does_not_offer_to_post_what_stands_there(workspace: Workspace):
    await workspace.replies(await workspace.post("U_MEI", "C_ASK", MTS))
    await workspace.settled()  # so that it is remembered, too
    message = (await workspace.messages("C_ASK", "U_BEN"))[-1]

    await workspace.shortcut("U_BEN", "answer_from_faq", message)

    [told] = [m for m in await workspace.messages("C_ASK", "U_BEN", count=3) if m.get("ephemeral")]
    assert buttons(told) == []


async def test_what_has_no_answer_can_be_put_to_a_person_once_there_is_one(workspace: Workspace):
    [before] = await workspace.replies(await workspace.mention("U_ANA", "C_ASK", "which ramen is the best?"))
    assert "Ask a person" not in buttons(before)
    offered = await panel(workspace, "U_MEI", "C_GENERAL")
    await workspace.click("U_MEI", offered, "Send it to this channel")
    await workspace.latest("U_MEI", offered, once=lambda now: "I send it to this channel" in shown(now))

    [answer] = await workspace.replies(await workspace.mention("U_ANA", "C_ASK", "which salary can I ask for?"))
    await workspace.click("U_ANA", answer, "Ask a person")

    async def passed_on() -> bool:
        return any("<@U_ANA> asked me" in shown(message) for message in await workspace.messages("C_GENERAL", "U_MEI"))

    await workspace.until(passed_on, "U_MEI")


async def test_a_channel_that_the_bot_is_not_in_cannot_be_the_editors(workspace: Workspace):
    offered = await panel(workspace, "U_MEI", "C_LEADS")

    await workspace.click("U_MEI", offered, "Send it to this channel")

    refused = await workspace.latest("U_MEI", offered, once=lambda now: not buttons(now))
    assert shown(refused).startswith("I am not in this channel")
    assert "No channel is chosen yet" in shown(await panel(workspace))


@pytest.mark.parametrize("text", ["which restaurant has the best ramen?", "Good morning all"])
async def test_the_shortcut_says_only_why_nothing_is_said_where_there_is_nothing_to_answer(
    workspace: Workspace, library: Library, text: str
):
    await workspace.post("U_MEI", "C_ASK", text)
    message = (await workspace.messages("C_ASK", "U_BEN"))[-1]

    await workspace.shortcut("U_BEN", "answer_from_faq", message)

    told = await whispered(workspace, library.words.manners.silent_nothing_near, "U_BEN")
    assert shown(told) == library.words.manners.silent_nothing_near


async def test_the_shortcut_says_why_nothing_was_said_unasked_and_not_where_somebody_asked(
    workspace: Workspace, library: Library
):
    asked = await workspace.post("U_MEI", "C_ASK", "who decides who gets what title")
    await workspace.settled()
    assert (await workspace.messages("C_ASK", "U_BEN"))[-1]["ts"] == asked
    message = (await workspace.messages("C_ASK", "U_BEN"))[-1]

    await workspace.shortcut("U_BEN", "answer_from_faq", message)
    told = await whispered(workspace, "Unasked I say nothing to this", "U_BEN")
    assert shown(told).startswith(library.words.manners.silent_unsure)
    assert buttons(told)  # with what may have been meant

    mentioned = await workspace.mention("U_MEI", "C_GENERAL", "who decides who gets what title")
    await workspace.replies(mentioned)
    message = next(m for m in await workspace.messages("C_GENERAL", "U_BEN") if m["ts"] == mentioned)
    await workspace.shortcut("U_BEN", "answer_from_faq", message)
    told = await whispered(workspace, "", "U_BEN", "C_GENERAL")
    assert "Unasked" not in shown(told)


@pytest.mark.parametrize("channel", ["C_ASK", "C_LEADS"])
async def test_the_shortcut_on_a_reply_answers_in_its_thread_if_the_bot_is_there(workspace: Workspace, channel: str):
    root = await workspace.post("U_MEI", channel, "lunch at 12?")
    asked = await workspace.post("U_MEI", channel, "I wonder what MTS stands for", root)
    message = (await workspace.thread(channel, root, "U_BEN"))[-1]
    assert message["ts"] == asked

    await workspace.shortcut("U_BEN", "answer_from_faq", message)

    async def told() -> list[Json]:
        seen = [*await workspace.messages(channel, "U_BEN"), *await workspace.thread(channel, root, "U_BEN")]
        return [message for message in seen if message.get("ephemeral")]

    [private] = await workspace.until(told, "U_BEN")
    assert private.get("thread_ts") == (root if channel == "C_ASK" else None)
    if channel == "C_ASK":
        await workspace.click("U_BEN", private, "Post in the thread")
        [answer] = [m for m in await workspace.replies(asked, as_user="U_MEI", count=1) if m["ts"] > asked]
        assert "Member of Technical Staff" in shown(answer)


@pytest.mark.parametrize(
    ("text", "reason", "below"),
    [
        ("what salary can I ask for?", "silent_no_answer", "Pay in figures is not in my documents"),
        ("what is an MLOps engineer?", "silent_no_answer", "My documents do not describe an MLOps engineer"),
        ("is this anonymous?", "silent_nothing_near", ""),
        ("help", "silent_nothing_near", ""),
        ("researchers in product teams", "silent_unsure", "I am not sure which of these you mean."),
        ("I wonder what MTS stands for", "silent_not_asked", "Member of Technical Staff (MTS) is"),
    ],
)
async def test_what_the_shortcut_says_first_does_not_contradict_what_stands_below(
    workspace: Workspace, library: Library, text: str, reason: str, below: str
):
    await workspace.post("U_MEI", "C_ASK", text)
    message = (await workspace.messages("C_ASK", "U_BEN"))[-1]

    await workspace.shortcut("U_BEN", "answer_from_faq", message)

    told = shown(await whispered(workspace, "Unasked", "U_BEN"))
    first, _, rest = told.partition("\n")
    assert first == getattr(library.words.manners, reason)
    assert rest.startswith(below) if below else not rest


@pytest.mark.parametrize("reason", Silent)
@pytest.mark.parametrize("kind", [ANSWER, SUGGEST, NOT_ANSWERED, UNKNOWN, TALK])
def test_the_reason_for_silence_fits_the_kind_of_reply(library: Library, reason: Silent, kind: str):
    """With the second stage more may be near, or sure enough, where somebody asks than in a channel."""
    name = fitting_reason(reason, kind)

    assert getattr(library.words.manners, name)
    contradicting = {
        ANSWER: {Silent.NOTHING_NEAR, Silent.UNSURE, Silent.BETWEEN},
        SUGGEST: {Silent.NOTHING_NEAR},
        NOT_ANSWERED: set(Silent),
        UNKNOWN: {Silent.BETWEEN},
        TALK: {Silent.UNSURE, Silent.BETWEEN, Silent.NOT_ASKED},
    }
    assert name not in contradicting[kind]


@pytest.mark.parametrize("text", [MTS, "<@U_BOT> which ramen is best?", "<@U_BOT> who are you?"])
async def test_the_shortcut_answers_no_message_of_the_bot(workspace: Workspace, library: Library, text: str):
    ask = workspace.mention if "U_BOT" in text else workspace.post
    root = await ask("U_MEI", "C_ASK", text)
    [answer] = await workspace.replies(root)

    await workspace.shortcut("U_BEN", "answer_from_faq", answer)

    async def told() -> list[Json]:
        return [message for message in await workspace.thread("C_ASK", root, "U_BEN") if message.get("ephemeral")]

    [private] = await workspace.until(told, "U_BEN")
    assert shown(private) == library.words.manners.own_message
    assert buttons(private) == []


# What a strict reader found


async def test_a_slip_mended_in_a_thread_leaves_the_answer_there(workspace: Workspace, library: Library):
    root = await workspace.post("U_BEN", "C_ASK", "lunch at 12?")
    asked = await workspace.post("U_ANA", "C_ASK", XAI, root)
    [answer] = await workspace.replies(asked)

    await workspace.edit(asked, XAI.replace("Why did", "Why  did"))
    await workspace.settled()

    entry = library.entries["xai-dropped-researcher"]
    assert entry.answer in shown(await workspace.latest("U_ANA", answer))


async def test_no_link_leads_to_an_answer_that_has_become_another(workspace: Workspace, library: Library):
    first = await workspace.post("U_ANA", "C_ASK", MTS)
    [answer] = await workspace.replies(first)
    await workspace.edit(first, XAI)
    xai, mts = library.entries["xai-dropped-researcher"], library.entries["member-of-technical-staff"]
    await workspace.latest("U_ANA", answer, once=lambda now: xai.answer in shown(now))
    await workspace.settled()

    [second] = await workspace.replies(await workspace.post("U_BEN", "C_ASK", MTS))

    assert mts.answer in shown(second)


async def test_an_answer_stays_where_slack_does_not_say_whether_people_have_replied(workspace: Workspace):
    asked = await workspace.post("U_ANA", "C_ASK", MTS)
    [answer] = await workspace.replies(asked)
    await workspace.faults(api=[{"method": "conversations.replies", "error": "access_denied"}])

    await workspace.edit(asked, "lunch at 12?")

    taken_back = "The question was changed, so I have taken my answer back."
    await workspace.latest("U_ANA", answer, once=lambda now: shown(now) == taken_back)


async def test_a_rate_limit_delays_a_withdrawal_and_decides_nothing(workspace: Workspace):
    asked = await workspace.post("U_ANA", "C_ASK", MTS)
    [answer] = await workspace.replies(asked)
    await workspace.post("U_BEN", "C_ASK", "good to know", asked)
    await workspace.faults(api=[{"method": "conversations.replies", "error": "ratelimited", "retry_after": 1}])

    await workspace.delete(asked)
    await workspace.settled()

    assert answer["ts"] in [message["ts"] for message in await workspace.thread("C_ASK", asked, "U_BEN")]
