"""Comparing blind as the two people meet it: invite, answer about somebody else's work, agree, see both."""

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.sql import text

from bot import knowledge
from bot.knowledge import Library
from bot.settings import KNOWLEDGE, Settings
from bot.slack import slack_calls
from tests import played
from tests.conftest import bot_in
from tests.sharing import copy_of, shared
from tests.test_edge import FORM, Edge, edge
from tests.test_privacy import forget, kept, until
from tests.test_quiz_conversation import (
    CLEAR,
    ENGINEER,
    PEOPLE,
    ROLE,
    asking,
    begin,
    card,
    forged,
    message,
    privately,
    question,
    result,
    take,
    take_at_once,
    write,
)
from tests.test_quiz_left_alone import edited, watched
from tests.workspace import Json, Sent, Workspace, buttons, shown

__all__ = ["edge", "watched"]

ANA, MEI, BEN = "U_ANA", "U_MEI", "U_BEN"
PICK = "compare_with"
ONE_WAY = "answers are hidden"
INVITED = [
    "Answer five questions",
    "No, thanks",
    "No, and nothing more from this person",
]


@played.once
async def finished(workspace: Workspace, user: str = ANA, *choices: int) -> Sent:
    """Take the quiz about one's own work and give its root."""
    root = await begin(workspace, user)
    await take_at_once(workspace, root, *choices)
    await result(workspace, root)
    return root


@played.once
async def invited(workspace: Workspace, manager: str = MEI) -> tuple[Sent, Json]:
    """Have Ana invite a manager; gives the root of her round and the invitation."""
    root = await finished(workspace)
    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")
    await workspace.submit(ANA, {PICK: manager})
    return root, await invitation(workspace, manager)


async def invitation(workspace: Workspace, manager: str = MEI) -> Json:
    """Wait for the invitation in somebody's direct message."""
    return await top(workspace, manager, "would like to compare notes with you")


async def top(workspace: Workspace, user: str, said: str) -> Json:
    """Wait for a message at the top level of somebody's direct message that shows this text."""

    async def there() -> Json | None:
        return next((each for each in reversed(await workspace.dm(user)) if said in shown(each)), None)

    return await workspace.until(there, user)


async def accepted(workspace: Workspace, asked: Json, manager: str = MEI) -> Sent:
    """Accept an invitation and give the root of the round about somebody else's work."""
    await workspace.click(manager, asked, "Answer five questions")
    root = await top(workspace, manager, "The work of <@U_ANA>")
    return Sent(root["ts"], root["channel"], manager)


@played.once
async def both_answered(workspace: Workspace, choices: tuple[int, ...] = ENGINEER) -> tuple[Sent, Json, Sent]:
    """Have both answer; gives the roots of both rounds, and between them the invitation as it came."""
    mine, asked = await invited(workspace)
    theirs = await accepted(workspace, asked)
    await take_at_once(workspace, theirs, *choices)
    await message(workspace, theirs, "Thank you, that is all.")
    return mine, asked, theirs


async def both_finished(workspace: Workspace, choices: tuple[int, ...] = ENGINEER) -> tuple[Sent, Sent]:
    """Have both answer; gives the roots of both rounds."""
    mine, _, theirs = await both_answered(workspace, choices)
    return mine, theirs


async def group(workspace: Workspace) -> str | None:
    """Give the id of the conversation of Ana, Mei and the bot; None if there is none."""
    channels = (await workspace.state(ANA))["channels"]
    return next((str(each["id"]) for each in channels if each.get("is_mpim")), None)


async def in_group(workspace: Workspace) -> Json:
    """Wait for the one message of the conversation of the two."""
    channel = await workspace.until(lambda: group(workspace), ANA)
    [revealed] = await workspace.messages(channel, ANA, count=1)
    return revealed


async def agreed(workspace: Workspace, mine: Sent, theirs: Sent) -> None:
    """Have both agree to reveal."""
    for root in (mine, theirs):
        await workspace.click(root.user, await asking(workspace, root, "Shall I show"), "Reveal")


async def all_shown(workspace: Workspace, user: str) -> list[str]:
    """Give what every message in somebody's direct message shows."""
    roots = await workspace.dm(user)
    threads = [await workspace.thread(root["channel"], root["ts"], user) for root in roots]
    return [shown(each) for thread in threads for each in thread]


async def nothing_shown(workspace: Workspace) -> None:
    """Once all work has ended, hold that neither has seen anything of the other's answers."""
    await workspace.settled()
    assert await group(workspace) is None
    for user in (ANA, MEI):
        assert not any("From those of" in said for said in await all_shown(workspace, user))


# From the invitation to the reveal


async def test_two_people_answer_blind_agree_and_see_both_in_one_message(either_way: Workspace, library: Library):
    mine, theirs = await both_finished(either_way, (0, 4, 3, 1, 3))

    await either_way.click(ANA, await asking(either_way, mine, "Shall I show"), "Reveal")
    await message(either_way, mine, "as soon as <@U_MEI> agrees, too")
    await either_way.settled()
    await nothing_shown(either_way)
    await either_way.click(MEI, await asking(either_way, theirs, "Shall I show"), "Reveal")

    said = shown(await in_group(either_way))
    first, second = library.quiz.questions[:2]
    assert f"*Core question:* {first.choices[0].label}" in said
    assert f"<@U_ANA>: “{second.choices[1].label}”" in said
    assert f"<@U_MEI>: “{second.choices[4].label}”" in said
    assert second.discuss
    assert second.discuss in said
    assert "From those of <@U_ANA>: an AI researcher (clear)" in said
    assert "From those of <@U_MEI>: an AI engineer (" in said
    assert library.quiz.review
    assert str(library.quiz.review.text_other) in said
    for root in (mine, theirs):
        await message(either_way, root, "both agreed, and I have shown each of you the other’s answers")
    assert "both agreed" in shown(await either_way.latest(MEI, await top(either_way, MEI, "both agreed")))


async def test_the_sender_sees_first_what_the_manager_gets_and_what_is_revealed(workspace: Workspace):
    await finished(workspace)

    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")

    window = shown(await workspace.modal(ANA))
    assert "Where you agree" not in window
    assert "where your answers agree; where they differ" in window
    await workspace.submit(ANA, {PICK: MEI})
    got = shown(await invitation(workspace)).splitlines()[0]
    assert f">{got}" in window


async def test_neither_sees_anything_of_the_other_before_both_have_agreed(workspace: Workspace, library: Library):
    mine, theirs = await both_finished(workspace)
    await asking(workspace, mine, "Shall I show")
    await workspace.click(MEI, await asking(workspace, theirs, "Shall I show"), "Reveal")
    await workspace.settled()

    quiz = library.quiz
    of_ana = "\n".join(map(shown, await workspace.thread(mine.channel, mine, ANA)))
    of_mei = "\n".join(await all_shown(workspace, MEI))
    for asked, own, others in zip(quiz.questions, CLEAR, ENGINEER, strict=True):
        assert f"→ *{asked.choices[own].label}*" in of_ana
        assert f"→ *{asked.choices[others].label}*" not in of_ana
        assert f"*{asked.choices[others].label}*" in of_mei
        assert f"*{asked.choices[own].label}*" not in of_mei
    assert "AI engineer" not in of_mei  # what follows from the answers is seen with the other's
    assert "AI researcher" not in of_mei


async def test_the_manager_is_asked_about_the_senders_work(workspace: Workspace, library: Library):
    _, asked = await invited(workspace)
    assert buttons(asked) == INVITED

    root = await accepted(workspace, asked)

    first = await question(workspace, root, 1)
    assert str(library.quiz.questions[0].text_other) in shown(first)
    now = await card(workspace, root, "Pause")
    assert "<@U_ANA> sees nothing of this before both of you agree" in shown(now)
    assert "My own work" not in shown(now)
    assert buttons(now) == ["Pause"]
    assert buttons(await top(workspace, MEI, "You said yes")) == ["Withdraw"]
    for typed in ("start over", "I am a manager", "so far"):
        await write(workspace, root, typed)
    await workspace.settled()
    thread = await workspace.thread(root.channel, root, MEI)
    assert sum("This round is about somebody else’s work" in shown(each) for each in thread) == 3
    await write(workspace, root, "what did she answer?")
    await message(workspace, root, "The two of you see each other’s answers once both have finished and both agree")
    assert len(await workspace.dm(MEI)) == 2


async def test_a_finished_round_about_somebody_elses_work_shows_what_was_said_and_no_result(
    workspace: Workspace, library: Library
):
    _, root = await both_finished(workspace)

    told = await message(workspace, root, "Thank you, that is all.")

    assert buttons(told) == []
    now = shown(await card(workspace, root, "5 of 5 answered"))
    assert "That is all. You can still change any answer." in now
    assert "result" not in now
    await write(workspace, root, "how sure are you?")
    await message(workspace, root, "What follows from your answers is part of what the two of you see after both")
    for number, (each, position) in enumerate(zip(library.quiz.questions, ENGINEER, strict=True), 1):
        assert f"*{number}.* {each.choices[position].label}" in shown(told)
    await write(workspace, root, "change 1 to a")
    assert "engineer" not in shown(await message(workspace, root, "You changed your answer to question 1"))


async def test_who_was_invited_is_told_about_whom_it_is_who_sees_it_and_how_it_goes_on(workspace: Workspace):
    _, asked = await invited(workspace)
    root = await accepted(workspace, asked)
    await question(workspace, root, 1)
    await write(workspace, root, "is this about me or ana")
    await message(workspace, root, "about the work of <@U_ANA>, as you see it, and not about yours.")
    await write(workspace, root, "does she see this")
    await message(workspace, root, "<@U_ANA> sees nothing of this")

    await take_at_once(workspace, root, *ENGINEER)
    await asking(workspace, root, "Shall I show")
    await write(workspace, root, "and now?")
    await message(workspace, root, "Press “Reveal” or “Withdraw” where I ask that")
    await write(workspace, root, "end it")
    await message(workspace, root, "it ends the comparison, and nothing is shown to anybody")
    await nothing_shown(workspace)


async def test_the_rounds_of_the_manager_are_kept_apart(workspace: Workspace):
    await finished(workspace, MEI)
    _, asked = await invited(workspace)
    theirs = await accepted(workspace, asked)
    await take(workspace, theirs, 0)
    await question(workspace, theirs, 2)

    await workspace.command(MEI, "C_ASK", "/rolefit")

    async def another() -> bool:  # of her own, and no offer to go on with that about Ana's work
        return sum("Which role does the work call for?" in shown(each) for each in await workspace.dm(MEI)) == 2

    await workspace.until(another, MEI)
    await workspace.command(MEI, "C_ASK", "/rolefit", "history")
    listed = shown(await privately(workspace, "Your rounds", MEI))
    assert "about the work of <@U_ANA>, for a comparison, 1 of 5 answered" in listed
    await workspace.command(MEI, "C_ASK", "/rolefit", "compare")
    assert (await workspace.modal(MEI))["private_metadata"]  # that of her own round


async def test_answering_half_differs_and_a_skipped_question_is_not_compared(workspace: Workspace, library: Library):
    mine, asked = await invited(workspace)
    theirs = await accepted(workspace, asked)
    await question(workspace, theirs, 1)
    await write(workspace, theirs, "half a, half b")
    await question(workspace, theirs, 2)
    await write(workspace, theirs, "skip")
    await question(workspace, theirs, 3)
    await write(workspace, theirs, "3a 4c 5a")

    await agreed(workspace, mine, theirs)

    said = shown(await in_group(workspace))
    assert "<@U_MEI>: half “Find out what new thing" in said
    assert "so not compared: Output." in said
    assert "There is no question" not in said


# Who can be invited


@pytest.mark.parametrize("about", [None, ROLE, PEOPLE])
async def test_without_a_result_about_ones_own_work_there_is_nothing_to_compare(
    workspace: Workspace, about: str | None
):
    if about:
        await take_at_once(workspace, await begin(workspace, about=about))
        await workspace.settled()

    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")

    await privately(workspace, "To compare, you need a finished result about your own work")
    assert await workspace.view(ANA) is None


@pytest.mark.parametrize(
    ("manager", "reason"),
    [
        ("U_ROLEFIT", "That is an app, not a person"),
        ("U_TOM", "no longer has an active account"),
        ("U_EVE", "is a guest or from outside this workspace"),
        ("U_KIM", "is a guest or from outside this workspace"),
    ],
)
async def test_some_people_cannot_be_invited_and_another_can_be_picked(workspace: Workspace, manager: str, reason: str):
    root = await finished(workspace)
    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")
    await workspace.submit(ANA, {PICK: manager})

    refused = await asking(workspace, root, reason)
    await workspace.click(ANA, refused, "Invite somebody else")
    await workspace.submit(ANA, {PICK: MEI})

    await invitation(workspace)


async def test_oneself_cannot_be_invited(workspace: Workspace):
    await finished(workspace)
    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")

    answer = await workspace.submit(ANA, {PICK: ANA})

    assert "That is you." in json.dumps(answer["errors"])


async def test_whom_the_result_was_shared_with_is_not_invited_blindly(workspace: Workspace):
    await shared(workspace)
    root, _ = await shared(workspace, "U_BEN", parts=["table"])  # who is picked, as the last one
    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")

    answer = await workspace.submit(ANA, {PICK: MEI})

    assert answer["response_action"] == "update"
    window = shown(await workspace.modal(ANA))
    assert "Neither of you sees the other’s answers" not in window
    assert ONE_WAY in window
    assert "<@U_MEI> has seen a result of yours before" in window
    assert "You have seen a result of <@U_ANA> before" in window
    await workspace.submit(ANA)
    got = shown(await invitation(workspace))
    assert ONE_WAY in got
    assert "Neither of you sees the other’s answers" not in got
    assert ONE_WAY in shown(await message(workspace, root, "I have asked <@U_MEI>"))


async def test_a_receipt_invites_whoever_has_the_result(workspace: Workspace):
    _, receipt = await shared(workspace)

    await workspace.click(ANA, receipt, "Compare, blind")

    window = shown(await workspace.modal(ANA))
    assert ONE_WAY in window
    await workspace.submit(ANA)
    assert ONE_WAY in shown(await invitation(workspace))


async def test_who_wants_nothing_from_somebody_is_not_invited_by_them(workspace: Workspace):
    root, receipt = await shared(workspace)
    await workspace.click(MEI, await copy_of(workspace), "No more from this person")
    await workspace.latest(MEI, await copy_of(workspace), once=lambda now: "Allow shares again" in buttons(now))
    await workspace.click(ANA, receipt, "Compare, blind")

    await workspace.submit(ANA)

    await message(workspace, root, "<@U_MEI> prefers not to get anything from you through me")


@pytest.mark.both_databases
async def test_one_comparison_at_a_time_with_the_same_person(workspace: Workspace):
    root, _ = await invited(workspace)
    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")
    await workspace.submit(ANA, {PICK: MEI})
    await message(workspace, root, "You have already invited <@U_MEI>")
    await workspace.click(ANA, await asking(workspace, root, "I have asked <@U_MEI>"), "Withdraw")
    await message(workspace, root, "You ended the comparison")

    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")
    await workspace.submit(ANA, {PICK: MEI})

    async def another() -> bool:
        return len(await workspace.dm(MEI)) == 2

    await workspace.until(another, MEI)
    assert buttons(await invitation(workspace)) == INVITED


async def test_a_result_that_changes_while_the_window_is_open_is_not_compared(workspace: Workspace):
    root = await finished(workspace)
    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")
    await workspace.command(ANA, "C_ASK", "/rolefit", "history")
    await workspace.click(ANA, await privately(workspace, "Your rounds"), "Delete")
    await card(workspace, root, "You deleted this round")
    await workspace.settled()

    answer = await workspace.submit(ANA, {PICK: MEI})

    assert "That result is not there any more" in json.dumps(answer["errors"])
    await workspace.settled()
    assert await workspace.dm(MEI) == []


# How it can end before the reveal


@pytest.mark.parametrize("who", [ANA, MEI])
@pytest.mark.parametrize("when", ["invited", "answering", "finished", "agreed"])
async def test_either_ends_it_before_the_reveal_and_the_other_hears_one_sentence(
    workspace: Workspace, who: str, when: str
):
    theirs: Sent | None
    if when in {"invited", "answering"}:
        mine, asked = await invited(workspace)
        theirs = await accepted(workspace, asked) if when == "answering" else None
    else:
        mine, asked, theirs = await both_answered(workspace)
        await asking(workspace, mine, "Shall I show")
    if theirs and when == "agreed":
        other = theirs if who == ANA else mine
        await workspace.click(other.user, await asking(workspace, other, "Shall I show"), "Reveal")
        await message(workspace, other, "You agreed to reveal.")

    both = "You and <@{}> have both answered"
    if who == ANA:
        texts = {"invited": "I have asked <@U_MEI>", "answering": "<@U_MEI> said yes to comparing notes"}
        receipt = await asking(workspace, mine, texts.get(when, both.format(MEI)))
        await workspace.click(ANA, receipt, "Withdraw")
    elif theirs:
        standing = "You said yes" if when == "answering" else both.format(ANA)
        await workspace.click(MEI, await top(workspace, MEI, standing), "Withdraw")
    else:
        await workspace.click(MEI, asked, "No, thanks")

    await workspace.settled()
    of_ana = [shown(each) for each in await workspace.thread(mine.channel, mine, ANA)]
    of_mei = await all_shown(workspace, MEI)
    own, others = (of_ana, of_mei) if who == ANA else (of_mei, of_ana)
    assert any("Nothing was shown to anybody." in said and said.startswith("You ") for said in own)
    told = [said for said in others if said.endswith("Nothing was shown to anybody.")]
    assert told
    assert all("has ended the comparison" in said or "would rather not" in said for said in told)
    await nothing_shown(workspace)
    for user in (ANA, MEI):
        for root in await workspace.dm(user):
            for each in await workspace.thread(root["channel"], root["ts"], user):
                assert not {"Reveal", "Withdraw", "Answer five questions"} & set(buttons(each))


async def test_buttons_that_have_had_their_day_say_so(workspace: Workspace):
    mine, asked, theirs = await both_answered(workspace)
    ask_ana, ask_mei = [await asking(workspace, root, "Shall I show") for root in (mine, theirs)]
    await agreed(workspace, mine, theirs)
    await in_group(workspace)
    await workspace.settled()  # until then it is being shown, and can be withdrawn

    await workspace.click_as_shown(ANA, ask_ana, "Withdraw")
    await message(workspace, mine, "Both of you have seen everything already")
    await workspace.click_as_shown(MEI, ask_mei, "Reveal")
    await workspace.click_as_shown(MEI, asked, "Answer five questions")
    await workspace.click_as_shown(MEI, asked, "No, thanks")
    await top(workspace, MEI, "Both of you have seen everything already")
    await workspace.settled()

    assert len(await workspace.messages(str(await group(workspace)), ANA)) == 1


async def test_a_withdrawn_comparison_takes_no_more_clicks(workspace: Workspace):
    mine, theirs = await both_finished(workspace)
    asked = await asking(workspace, theirs, "Shall I show")
    await workspace.click(ANA, await asking(workspace, mine, "Shall I show"), "Withdraw")
    await message(workspace, theirs, "has ended the comparison")

    await workspace.click_as_shown(MEI, asked, "Reveal")

    await message(workspace, theirs, "This comparison is over")
    await nothing_shown(workspace)


@pytest.mark.both_databases
async def test_two_clicks_are_one(workspace: Workspace):
    mine, asked = await invited(workspace)
    for _ in range(2):
        await workspace.click_as_shown(MEI, asked, "Answer five questions")
    root = await top(workspace, MEI, "The work of <@U_ANA>")
    theirs = Sent(root["ts"], root["channel"], MEI)
    await take_at_once(workspace, theirs, *ENGINEER)
    for each in (mine, theirs):
        ask = await asking(workspace, each, "Shall I show")
        for _ in range(2):
            await workspace.click_as_shown(each.user, ask, "Reveal")

    await in_group(workspace)
    await workspace.settled()
    assert len(await workspace.dm(MEI)) == 2
    assert len(await workspace.messages(str(await group(workspace)), ANA)) == 1


# Answers that change


@pytest.mark.parametrize("who", [ANA, MEI])
async def test_after_a_change_of_answers_both_are_asked_anew(workspace: Workspace, who: str, library: Library):
    mine, theirs = await both_finished(workspace)
    before = await asking(workspace, mine, "Shall I show")
    await workspace.click(MEI, await asking(workspace, theirs, "Shall I show"), "Reveal")
    await message(workspace, theirs, "You agreed to reveal.")
    changer = mine if who == ANA else theirs

    await write(workspace, changer, "change 2 to c")

    for root in (mine, theirs):
        await message(workspace, root, "I asked here whether to reveal.")
        await asking(workspace, root, "Shall I show")
    await workspace.click_as_shown(ANA, before, "Reveal")
    await message(workspace, mine, "The answers have changed since I asked this.")
    await nothing_shown(workspace)
    await agreed(workspace, mine, theirs)
    assert library.quiz.questions[1].choices[2].label in shown(await in_group(workspace))


async def test_a_round_that_is_open_again_takes_the_question_back_until_it_is_finished(workspace: Workspace):
    mine, theirs = await both_finished(workspace)
    ask = await asking(workspace, mine, "Shall I show")
    await asking(workspace, theirs, "Shall I show")

    await write(workspace, theirs, "1a 2c 3c 4b 5e")  # too close to call

    await message(workspace, mine, "I asked here whether to reveal.")
    await workspace.click_as_shown(ANA, ask, "Reveal")
    await message(workspace, mine, "You have not both finished yet")
    await write(workspace, theirs, "skip")
    await agreed(workspace, mine, theirs)
    await in_group(workspace)


# People and rounds that go


@pytest.mark.parametrize("who", [ANA, MEI])
async def test_whoever_deletes_their_round_ends_it(workspace: Workspace, who: str):
    mine, theirs = await both_finished(workspace)
    await asking(workspace, mine, "Shall I show")
    await asking(workspace, theirs, "Shall I show")
    await workspace.command(who, "C_ASK", "/rolefit", "history")
    await workspace.click(who, await privately(workspace, "Your rounds", who), "Delete")

    await message(workspace, theirs if who == ANA else mine, "has ended the comparison")

    await nothing_shown(workspace)


async def test_a_manager_who_is_deactivated_before_answering_is_waited_for_until_it_is_withdrawn(workspace: Workspace):
    mine, _ = await invited(workspace)
    await workspace.deactivate(MEI)

    await workspace.click(ANA, await asking(workspace, mine, "I have asked <@U_MEI>"), "Withdraw")

    await message(workspace, mine, "You ended the comparison")
    await workspace.settled()


async def test_a_manager_who_is_deactivated_before_the_reveal_ends_it(workspace: Workspace):
    mine, theirs = await both_finished(workspace)
    await workspace.click(MEI, await asking(workspace, theirs, "Shall I show"), "Reveal")
    ask = await asking(workspace, mine, "Shall I show")
    await workspace.settled()
    await workspace.deactivate(MEI)

    await workspace.click(ANA, ask, "Reveal")

    await message(workspace, mine, "I cannot reach <@U_MEI> any more")
    await workspace.settled()
    assert await group(workspace) is None


# Slack's errors


@pytest.mark.parametrize("error", ["restricted_action", "user_not_found", "cannot_dm_bot"])
async def test_an_invitation_that_slack_refuses_begins_nothing(workspace: Workspace, error: str):
    root = await finished(workspace)
    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")
    await workspace.faults(api=[{"method": "chat.postMessage", "error": error}])
    await workspace.submit(ANA, {PICK: MEI})

    refused = await asking(workspace, root, "I could not deliver the invitation to <@U_MEI>")
    assert buttons(refused) == ["Invite somebody else"]
    await workspace.click(ANA, refused, "Invite somebody else")
    await workspace.submit(ANA, {PICK: MEI})
    await invitation(workspace)


async def test_a_window_that_slack_does_not_open_is_said_and_can_be_had_again(workspace: Workspace):
    await finished(workspace)
    await workspace.faults(api=[{"method": "views.open", "error": "expired_trigger_id"}])
    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")
    await privately(workspace, "Slack did not let me open the window")

    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")

    await workspace.modal(ANA)


async def test_somebody_whom_slack_does_not_know_is_not_invited(workspace: Workspace):
    root = await finished(workspace)
    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")
    await workspace.faults(api=[{"method": "users.info", "error": "user_not_found"}])
    await workspace.submit(ANA, {PICK: MEI})

    await message(workspace, root, "Slack did not tell me who <@U_MEI> is")
    await workspace.settled()
    assert await workspace.dm(MEI) == []


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update", "conversations.open", "users.info"])
async def test_what_slack_fails_to_do_for_a_moment_is_done_again(workspace: Workspace, method: str):
    mine, theirs = await both_finished(workspace)
    ask = [await asking(workspace, root, "Shall I show") for root in (mine, theirs)]
    await workspace.click(ANA, ask[0], "Reveal")
    await message(workspace, mine, "You agreed to reveal.")
    await workspace.settled()
    await workspace.faults(
        api=[{"method": method, "error": "internal_error"}, {"method": method, "error": "ratelimited"}]
    )

    await workspace.click(MEI, ask[1], "Reveal")

    await in_group(workspace)
    for root in (mine, theirs):
        await message(workspace, root, "both agreed, and I have shown each of you the other’s answers")
    await workspace.settled()
    assert len(await workspace.messages(str(await group(workspace)), ANA)) == 1


async def test_an_invitation_of_which_slack_says_nothing_may_have_arrived(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(slack_calls, "TRIES", 1)
    root = await finished(workspace)
    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")
    await workspace.faults(api=[{"method": "chat.postMessage", "error": "internal_error"}])
    await workspace.submit(ANA, {PICK: MEI})

    told = await asking(workspace, root, "Slack did not say whether the invitation reached <@U_MEI>")
    await workspace.click(ANA, told, "Withdraw")
    await message(workspace, root, "You ended the comparison")


async def test_without_a_conversation_of_both_each_gets_it_alone(workspace: Workspace):
    mine, theirs = await both_finished(workspace)
    ask = [await asking(workspace, root, "Shall I show") for root in (mine, theirs)]
    await workspace.settled()
    await workspace.faults(api=[{"method": "conversations.open", "error": "missing_scope", "times": 9}])

    for root, question_ in zip((mine, theirs), ask, strict=True):
        await workspace.click(root.user, question_, "Reveal")

    for user in (ANA, MEI):
        said = shown(await top(workspace, user, "Slack did not let me open a conversation for the two of you"))
        assert "From those of <@U_MEI>: an AI engineer (clear)" in said
    assert await group(workspace) is None


# Afterwards


async def let_thirty_days_pass(workspace: Workspace, folder: Path) -> None:
    """Make due what comparisons will be due for, once all work has ended."""
    await workspace.settled()
    engine = create_async_engine(Settings(_env_file=None, data_dir=folder).store_url)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE comparisons SET due_at = 1 WHERE due_at IS NOT NULL"))
    await engine.dispose()


@pytest.mark.parametrize(("label", "thanks"), [("Yes", "answer the questions once more"), ("Not yet", "Thank you.")])
async def test_after_thirty_days_the_sender_is_asked_once_what_has_changed(
    watched: Workspace, tmp_path: Path, label: str, thanks: str
):
    mine, theirs = await both_finished(watched)
    await agreed(watched, mine, theirs)
    await in_group(watched)
    before = len(await watched.dm(MEI))

    await let_thirty_days_pass(watched, tmp_path)
    asked = await top(watched, ANA, "Has anything changed since?")
    assert "you and <@U_MEI> compared" in shown(asked)
    await watched.click(ANA, asked, label)
    thanked = await watched.latest(ANA, asked, once=lambda now: thanks in shown(now))

    assert "I will not ask again." in shown(thanked)
    assert buttons(thanked) == (["Take it again"] if label == "Yes" else [])
    await let_thirty_days_pass(watched, tmp_path)
    await watched.replies(await watched.post("U_BEN", "C_ASK", "What does MTS mean?"))  # many looks later
    await watched.settled()
    assert not any("Has anything changed since?" in said for said in await all_shown(watched, ANA))
    assert len(await watched.dm(MEI)) == before
    if label == "Yes":
        await watched.click(ANA, thanked, "Take it again")
        await top(watched, ANA, "0 of 5 answered")


async def test_what_nobody_touches_for_thirty_days_ends_and_nothing_is_shown(watched: Workspace, tmp_path: Path):
    mine, theirs = await both_finished(watched)
    await watched.click(MEI, await asking(watched, theirs, "Shall I show"), "Reveal")
    await message(watched, theirs, "You agreed to reveal.")

    await let_thirty_days_pass(watched, tmp_path)

    for root in (mine, theirs):
        await message(watched, root, "Nothing has happened for 30 days")
    await nothing_shown(watched)


@pytest.mark.both_databases
async def test_who_is_forgotten_ends_it_and_the_other_hears_so(
    library: Library, tmp_path: Path, kept_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    for name, seconds in (("privacy.ENDED", 0.5), ("privacy.MARGIN", 0.5), ("privacy.LOOK", 0.1)):
        monkeypatch.setattr(f"bot.slack.{name}", seconds)
    async with (
        Workspace.start() as workspace,
        bot_in(workspace, library, tmp_path, **kept_in),
        kept(tmp_path, kept_in) as databases,
    ):
        _, asked, theirs = await both_answered(workspace)
        await asking(workspace, theirs, "Shall I show")

        await forget(workspace, ANA)

        await message(workspace, theirs, "<@U_ANA> has ended the comparison")
        await nothing_shown(workspace)
        await workspace.command(MEI, "C_ASK", "/rolefit", "history")
        listed = shown(await privately(workspace, "Your rounds", MEI))
        assert "about the work of a colleague, for a comparison" in listed
        await workspace.click_as_shown(MEI, asked, "Answer five questions")
        await top(workspace, MEI, "I no longer have this comparison.")
        await until(lambda: databases.holding(ANA) == {})


async def test_who_is_forgotten_before_answering_is_not_waited_for(
    library: Library, tmp_path: Path, kept_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    for name, seconds in (("privacy.ENDED", 0.5), ("privacy.MARGIN", 0.5), ("privacy.LOOK", 0.1)):
        monkeypatch.setattr(f"bot.slack.{name}", seconds)
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path, **kept_in):
        mine, _ = await invited(workspace)
        await asking(workspace, mine, "I have asked <@U_MEI>")

        await forget(workspace, MEI)

        await message(workspace, mine, "<@U_MEI> would rather not compare notes this time")


# Restarts, edits and forgery


async def test_a_restart_at_any_point_loses_nothing(library: Library, tmp_path: Path, kept_in: dict[str, Any]):
    async with Workspace.start() as workspace:
        async with bot_in(workspace, library, tmp_path, **kept_in):
            mine, asked = await invited(workspace)
        async with bot_in(workspace, library, tmp_path, **kept_in):
            theirs = await accepted(workspace, asked)
            await take(workspace, theirs, 0, 1)
        async with bot_in(workspace, library, tmp_path, **kept_in):
            await question(workspace, theirs, 3)
            await write(workspace, theirs, "3a 4c 5a")
            await workspace.click(ANA, await asking(workspace, mine, "Shall I show"), "Reveal")
        async with bot_in(workspace, library, tmp_path, **kept_in):
            await workspace.click(MEI, await asking(workspace, theirs, "Shall I show"), "Reveal")

            assert "There is no question that you answered differently." in shown(await in_group(workspace))
            await workspace.settled()


async def test_an_edited_quiz_does_not_change_what_is_compared(
    library: Library, tmp_path: Path, kept_in: dict[str, Any]
):
    folder = tmp_path / "knowledge"
    shutil.copytree(KNOWLEDGE, folder)
    async with Workspace.start() as workspace:
        async with bot_in(workspace, knowledge.load(folder), tmp_path, knowledge_dir=folder, **kept_in):
            mine, asked = await invited(workspace)
            await workspace.settled()
        edited(folder, tables=False)
        async with bot_in(workspace, knowledge.load(folder), tmp_path, knowledge_dir=folder, **kept_in):
            theirs = await accepted(workspace, asked)
            assert str(library.quiz.questions[0].text_other) in shown(await question(workspace, theirs, 1))
            await write(workspace, theirs, "1a 2b 3a 4c 5a")
            await agreed(workspace, mine, theirs)

            said = shown(await in_group(workspace))
            assert f"*Core question:* {library.quiz.questions[0].choices[0].label}" in said


async def test_forged_clicks_and_submissions_are_refused_and_logged(
    edge: Edge, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    workspace = edge.workspace

    async def send(payload: Json) -> Json:
        body = urlencode({"payload": json.dumps(payload)}).encode()
        status, answer = await edge.post(body, edge.signed(body) | {"Content-Type": FORM})
        assert status == 200
        return dict(json.loads(answer)) if answer else {}

    mine, asked = await invited(workspace)
    receipt = await asking(workspace, mine, "I have asked <@U_MEI>")
    [accept, decline, mute] = [each["value"] for each in asked["blocks"][-1]["elements"]]
    comparison = accept.split(" ")[0]
    clicks = [
        (BEN, accept), (BEN, decline), (BEN, mute), (ANA, mute),
        (BEN, f"{comparison} agree 6 6"), (ANA, accept), (MEI, f"{'0' * 20} accept"),
    ]  # fmt: skip
    for number, (user, value) in enumerate(clicks):
        does = value.split(" ")[1]
        action = {"action_id": f"compare:{does}", "block_id": "b", "type": "button", "value": value}
        await send(forged({**action, "action_ts": f"{number}.0"}, asked if user == MEI else receipt, user))
    for number, user in enumerate((BEN, MEI)):
        later = {"action_id": "compare_later:yes", "block_id": "b", "type": "button", "value": f"{comparison} yes"}
        payload = forged({**later, "action_ts": f"9{number}.0"}, asked, user)
        await send({**payload, "response_url": f"{workspace.url}/nowhere"})
    view = {
        "type": "modal",
        "id": "V1",
        "callback_id": "compare_with",
        "state": {"values": {"compare:with": {"compare_with": {"selected_user": MEI}}}},
    }
    run_id = receipt_run(tmp_path)
    submission = {"type": "view_submission", "team": {"id": "T_LOCAL"}, "user": {"id": BEN}}
    for metadata in (run_id, "gone"):
        answer = await send({**submission, "view": {**view, "private_metadata": metadata}})
        assert answer["response_action"] == "errors"
    await workspace.settled()

    assert buttons(await workspace.latest(MEI, asked)) == INVITED
    assert buttons(await workspace.latest(ANA, receipt)) == ["Withdraw"]
    assert [shown(each)[:27] for each in await workspace.dm(MEI)][1:] == ["I no longer have this compa"]
    assert await workspace.dm(BEN) == []
    logged = capsys.readouterr().out
    assert logged.count("refused: not the buttons of this person") == 8
    assert logged.count("refused: somebody else's round is not compared") == 1


def receipt_run(data: Path) -> str:
    """Give the id of the round that is compared."""
    with sqlite3.connect(data / "rolefit.db") as connection:
        [(run_id,)] = connection.execute("SELECT run FROM comparisons")
    return str(run_id)


async def test_the_round_for_a_comparison_that_has_ended_is_stopped_and_its_manager_not_reminded(
    watched: Workspace, tmp_path: Path
):
    mine, asked = await invited(watched)
    theirs = await accepted(watched, asked)
    await take(watched, theirs, 0)
    await question(watched, theirs, 2)

    await watched.click(ANA, await asking(watched, mine, "<@U_MEI> said yes to comparing notes"), "Withdraw")

    await message(watched, theirs, "<@U_ANA> has ended the comparison")
    await card(watched, theirs, "so there is nothing left to answer")
    await watched.settled()
    for each in await watched.thread(theirs.channel, theirs, MEI):
        assert not {"Continue", "Change"} & set(buttons(each))
    await write(watched, theirs, "1a")
    await message(watched, theirs, "This comparison is over.")
    with sqlite3.connect(tmp_path / "rolefit.db") as connection:
        assert list(connection.execute("SELECT id FROM runs WHERE due_at IS NOT NULL")) == []
