"""What the recipient of a result can do, what the sender sees of it, withdrawing and updating."""

import json

import pytest

from bot.knowledge import Library
from tests import played
from tests.sharing import (
    ANA,
    BEN,
    MEI,
    RECEIPT,
    SHARE,
    copy_of,
    fill_in,
    finished,
    outdated,
    shared,
    shared_and_outdated,
    thread_of,
    window,
)
from tests.test_edge import EVENT, Edge, edge
from tests.test_quiz_conversation import (
    ENGINEER,
    OWN,
    begin,
    message,
    privately,
    result,
    say_what_about,
    take_at_once,
    write,
)
from tests.workspace import Json, Sent, Workspace, buttons, shown

__all__ = ["edge"]

SEEN = "marked it as read on"


async def thread(workspace: Workspace, root: Sent) -> list[str]:
    """Give the texts of a round's thread as its owner sees it."""
    return [shown(each) for each in await workspace.thread(root.channel, root, root.user)]


async def reply(workspace: Workspace, copy: Json, text: str, user: str = MEI) -> Sent:
    """Write below a copy."""
    return await workspace.post(user, copy["channel"], text, copy["ts"])


async def offer(workspace: Workspace, copy: Json, count: int = 1) -> Json:
    """Wait until the recipient is asked whether to pass on what they wrote; gives the latest such question."""

    async def there() -> Json | None:
        asked = [each for each in await thread_of(workspace, copy) if "Send this to <@U_ANA>?" in shown(each)]
        return asked[-1] if len(asked) >= count else None

    return await workspace.until(there, MEI)


async def told_alone(workspace: Workspace, text: str, user: str = MEI) -> Json:
    """Wait for a message in somebody's direct message that says something about a click."""

    async def there() -> Json | None:
        return next((each for each in await workspace.dm(user) if each.get("ephemeral") and text in shown(each)), None)

    return await workspace.until(there, user)


# Reading


@pytest.mark.both_databases
async def test_the_sender_sees_that_it_was_read_only_if_the_recipient_says_so(workspace: Workspace):
    root, receipt = await shared(workspace)
    copy = await copy_of(workspace)
    await workspace.read(MEI, copy["channel"], copy["ts"])
    await workspace.settled()
    assert "Not marked as read so far." in shown(await workspace.latest(ANA, receipt))

    await workspace.click(MEI, copy, "Mark as read")

    now = await workspace.latest(MEI, copy, once=lambda now: "Mark as read" not in buttons(now))
    assert "You marked this as read on" in shown(now)
    assert "<@U_ANA> can see that." in shown(now)
    await message(workspace, root, SEEN)
    await workspace.click_as_shown(MEI, copy, "Mark as read")  # again does nothing
    await workspace.settled()
    assert sum(SEEN in text for text in await thread(workspace, root)) == 1


async def test_lets_talk_tells_the_sender_once_and_proposes_nothing_else(workspace: Workspace):
    root, _ = await shared(workspace)
    copy = await copy_of(workspace)

    await workspace.click(MEI, copy, "Let’s talk")
    await workspace.click_as_shown(MEI, copy, "Let’s talk")

    await message(workspace, root, "<@U_MEI> would like to talk about what you shared.")
    await message(workspace, root, "<@U_MEI> would like to talk about it.")
    await workspace.settled()
    assert sum("would like to talk about what you shared" in text for text in await thread(workspace, root)) == 1
    assert "<@U_ANA> knows that you would like to talk." in shown(await workspace.latest(MEI, copy))


async def test_the_whole_table_comes_once_and_without_marks(workspace: Workspace, library: Library):
    await shared(workspace)
    copy = await copy_of(workspace)
    before = len(await thread_of(workspace, copy, count=4))

    await workspace.click(MEI, copy, "Show the whole table")
    await thread_of(workspace, copy, count=before + 1)
    await workspace.click(MEI, copy, "Show the whole table")
    await workspace.settled()

    replies = await thread_of(workspace, copy)
    assert len(replies) == before + 1
    roles = library.tables[library.quiz.tables.roles]
    assert all(cell in shown(replies[-1]) for row in roles.rows for cell in row.cells.values())
    assert "▸" not in shown(replies[-1])


async def test_a_copy_has_three_questions_for_both(workspace: Workspace):
    _, receipt = await shared(workspace)

    last = (await thread_of(workspace, await copy_of(workspace), count=4))[-1]

    assert [line[:2] for line in shown(last).split("\n")[1:]] == ["1.", "2.", "3."]
    assert shown(last) in shown(receipt)


# Replying


@pytest.mark.both_databases
async def test_a_reply_is_passed_on_if_the_recipient_wants_that(workspace: Workspace):
    root, _ = await shared(workspace)
    copy = await copy_of(workspace)
    await reply(workspace, copy, "Thanks, let's talk on Monday <!channel> & bring *Ben*")
    asked = await offer(workspace, copy)
    assert not any("Monday" in text for text in await thread(workspace, root))

    await workspace.click(MEI, asked, "Send")
    await workspace.click_as_shown(MEI, asked, "Send")

    told = await message(workspace, root, "<@U_MEI> replied to what you shared:")
    assert "Thanks, let's talk on Monday" in shown(told)
    of_slack = [block for block in told["blocks"] if block.get("text", {}).get("type", "mrkdwn") == "mrkdwn"]
    assert "<!channel>" not in json.dumps(of_slack)
    await workspace.latest(MEI, asked, once=lambda now: shown(now) == "Sent to <@U_ANA>.")
    await workspace.settled()
    assert sum("Monday" in text for text in await thread(workspace, root)) == 1
    assert not any(
        "don’t know" in shown(each) or "don't know" in shown(each) for each in await thread_of(workspace, copy)
    )


async def test_a_reply_that_is_not_to_be_sent_is_not(workspace: Workspace):
    root, _ = await shared(workspace)
    copy = await copy_of(workspace)
    await reply(workspace, copy, "Hm, I see")
    asked = await offer(workspace, copy)

    await workspace.click(MEI, asked, "Not now")
    await workspace.click_as_shown(MEI, asked, "Send")

    await workspace.latest(MEI, asked, once=lambda now: shown(now) == "Not sent.")
    await workspace.settled()
    assert not any("Hm, I see" in text for text in await thread(workspace, root))


async def test_each_reply_is_offered_once_and_an_edited_one_is_sent_as_it_is_then(workspace: Workspace):
    root, _ = await shared(workspace)
    copy = await copy_of(workspace)
    first = await reply(workspace, copy, "On Mnday?")
    await offer(workspace, copy)
    await workspace.edit(first, "On Monday?")
    await workspace.settled()
    asked = await offer(workspace, copy)
    await reply(workspace, copy, "Or on Tuesday")
    second = await offer(workspace, copy, 2)
    assert asked["ts"] != second["ts"]

    await workspace.click(MEI, asked, "Send")

    assert "On Monday?" in shown(await message(workspace, root, "replied to what you shared"))
    await workspace.settled()
    assert len([each for each in await thread_of(workspace, copy) if "Send this to" in shown(each)]) == 1


async def test_a_reply_that_was_deleted_is_not_sent(workspace: Workspace):
    root, _ = await shared(workspace)
    copy = await copy_of(workspace)
    said = await reply(workspace, copy, "Too early")
    asked = await offer(workspace, copy)
    await workspace.delete(said)

    await workspace.click(MEI, asked, "Send")

    await workspace.latest(MEI, asked, once=lambda now: "could not find that message any more" in shown(now))
    await workspace.settled()
    assert not any("Too early" in text for text in await thread(workspace, root))


async def test_a_reply_that_slack_does_not_take_is_said_not_to_be_sent(workspace: Workspace):
    root, _ = await shared(workspace)
    copy = await copy_of(workspace)
    await reply(workspace, copy, "On Monday")
    asked = await offer(workspace, copy)
    await workspace.faults(api=[{"method": "chat.postMessage", "error": "restricted_action"}])

    await workspace.click(MEI, asked, "Send")

    await workspace.latest(MEI, asked, once=lambda now: "Slack did not let me send this to <@U_ANA>" in shown(now))
    assert not any("On Monday" in text for text in await thread(workspace, root))


async def test_a_reply_edited_into_a_question_is_answered_and_back_again_is_not(workspace: Workspace):
    await shared(workspace)
    copy = await copy_of(workspace)
    said = await reply(workspace, copy, "Hm")
    await offer(workspace, copy)

    await workspace.edit(said, "What does MTS mean?")
    [_, answer] = await workspace.replies(said, count=2)
    assert "Member of Technical Staff" in shown(answer)
    await workspace.edit(said, "Hm, I see")

    async def is_gone() -> bool:
        return answer["ts"] not in [each["ts"] for each in await thread_of(workspace, copy)]

    await workspace.until(is_gone, MEI)
    await workspace.settled()
    assert not any("I don’t know that one" in shown(each) for each in await thread_of(workspace, copy))


async def test_a_question_to_the_bot_is_answered_below_a_copy_and_not_offered_to_the_sender(workspace: Workspace):
    await shared(workspace)
    copy = await copy_of(workspace)

    asked = await reply(workspace, copy, "What does MTS mean?")
    [answer] = await workspace.replies(asked)
    assert "Member of Technical Staff" in shown(answer)
    asked = await reply(workspace, copy, "are you a bot?")
    await workspace.replies(asked)
    await workspace.settled()
    assert not any("Send this to" in shown(each) for each in await thread_of(workspace, copy))

    await reply(workspace, copy, "Ana, what does MTS stand for?")  # which asks her
    await offer(workspace, copy)
    await reply(workspace, copy, "Thanks, shall we talk on Monday?")
    await offer(workspace, copy, count=2)


# Withdrawing


@pytest.mark.both_databases
@pytest.mark.parametrize("loaded", [True, False], ids=["which was looked at", "which was not looked at"])
async def test_a_copy_is_withdrawn(workspace: Workspace, loaded: bool):
    root, receipt = await shared(workspace)
    copy = await copy_of(workspace)
    if loaded:
        await workspace.open(MEI, copy["channel"])
        await workspace.click(MEI, copy, "Mark as read")
        await message(workspace, root, SEEN)

    await workspace.click(ANA, receipt, "Withdraw")
    await workspace.click_as_shown(ANA, receipt, "Withdraw")

    told = await message(workspace, root, "*Withdrawn on")
    assert "They may have read it before; neither Slack nor I can undo that." in shown(told)
    assert buttons(told) == []
    await workspace.settled()
    assert await workspace.dm(MEI) == []


async def test_where_people_have_replied_only_what_the_bot_said_goes(workspace: Workspace):
    root, receipt = await shared(workspace)
    copy = await copy_of(workspace)
    await reply(workspace, copy, "Mine to keep")
    await offer(workspace, copy)

    await workspace.click(ANA, receipt, "Withdraw")

    await message(workspace, root, "There were replies in its thread")
    await workspace.settled()
    first, *rest = [shown(each) for each in await workspace.thread(copy["channel"], copy["ts"], MEI)]
    assert first.startswith("<@U_ANA> withdrew this on")
    assert rest == ["Mine to keep"]
    assert buttons(await workspace.latest(MEI, copy)) == []


async def test_buttons_of_a_withdrawn_copy_say_so_and_do_nothing(workspace: Workspace):
    root, receipt = await shared(workspace)
    copy = await copy_of(workspace)
    await reply(workspace, copy, "Hello")
    await workspace.click(ANA, receipt, "Withdraw")
    await workspace.latest(MEI, copy, once=lambda now: "withdrew this" in shown(now))

    await workspace.click_as_shown(MEI, copy, "Mark as read")

    await told_alone(workspace, "has withdrawn or deleted it")
    await workspace.settled()
    assert not any(SEEN in text for text in await thread(workspace, root))


@pytest.mark.parametrize("method", ["chat.delete", "conversations.replies"])
async def test_a_copy_that_slack_does_not_let_go_is_blanked(workspace: Workspace, method: str):
    root, receipt = await shared(workspace)
    copy = await copy_of(workspace)
    error = {"chat.delete": "cant_delete_message", "conversations.replies": "missing_scope"}[method]
    deleted_before = [{"method": method, "error": None, "times": 4}] if method == "chat.delete" else []
    await workspace.faults(api=[*deleted_before, {"method": method, "error": error, "times": 9}])

    await workspace.click(ANA, receipt, "Withdraw")

    await message(workspace, root, "*Withdrawn on")
    now = await workspace.latest(MEI, copy, once=lambda now: "withdrew this" in shown(now))
    assert buttons(now) == []


async def test_a_copy_that_slack_does_not_let_us_take_back_is_said_to_be_there(workspace: Workspace):
    root, receipt = await shared(workspace)
    await copy_of(workspace)
    refused = {"error": "cant_delete_message", "times": 9}
    await workspace.faults(
        api=[{"method": "chat.delete", **refused}, {"method": "chat.update", "error": "cant_update_message"}]
    )

    await workspace.click(ANA, receipt, "Withdraw")

    await message(workspace, root, "Slack did not let me take back all of what <@U_MEI> has")
    assert "Withdraw" in buttons(await message(workspace, root, "has had a part of this since"))
    await workspace.faults()
    await workspace.click(ANA, await message(workspace, root, "has had a part of this since"), "Withdraw")
    await message(workspace, root, "*Withdrawn on")
    await workspace.settled()
    assert await workspace.dm(MEI) == []


# Lists


async def test_who_can_see_what_is_listed_for_its_owner_alone_and_withdrawn_there(either_way: Workspace):
    root, _ = await shared(either_way)
    await either_way.command(ANA, "C_ASK", "/rolefit", "shares")
    listed = await privately(either_way, "Who can see what of your results")
    assert "<@U_MEI>, since <!date^" in shown(listed)
    await either_way.command(MEI, "C_ASK", "/rolefit", "shares")
    await privately(either_way, "nobody else sees a result of yours.", MEI)

    await either_way.click(ANA, listed, "Withdraw")

    await privately(either_way, "nobody else sees a result of yours.")
    await message(either_way, root, "*Withdrawn on")
    await either_way.settled()
    assert await either_way.dm(MEI) == []


@pytest.mark.parametrize(
    ("text", "told", "offered"),
    [
        ("", "I can pass on what you write, but no files. You can send those to <@U_ANA> yourself.", False),
        ("See this", "Send this to <@U_ANA>, without the files?", True),
    ],
)
async def test_of_files_that_are_posted_below_a_copy_it_is_said_that_they_stay(
    edge: Edge, text: str, told: str, offered: bool
):
    workspace = edge.workspace
    await shared(workspace)
    copy = await copy_of(workspace)
    at = f"{float(copy['ts']) + 1:.6f}"
    where = {"channel": copy["channel"], "channel_type": "im", "thread_ts": copy["ts"], "parent_user_id": workspace.bot}
    posted = {"type": "message", "subtype": "file_share", "user": MEI, "text": text, "ts": at, "files": [{"id": "F1"}]}
    body = json.dumps({**EVENT, "event": {**where, **posted}}).encode()

    assert await edge.post(body, edge.signed(body)) == (200, "")

    async def there() -> Json | None:
        thread = await thread_of(workspace, copy)
        return next((each for each in thread if told in shown(each)), None)

    assert ("Send" in buttons(await workspace.until(there, MEI))) is offered


async def test_home_shares_the_latest_result_and_lists_who_can_see_it(workspace: Workspace):
    await finished(workspace)
    await workspace.settled()
    await workspace.click(ANA, await workspace.home(ANA), SHARE)
    await fill_in(workspace)
    await workspace.submit(ANA)
    await copy_of(workspace)
    await workspace.settled()
    home = await workspace.home(ANA)

    async def lists() -> Json | None:
        now = await workspace.home_now(ANA)
        return now if now and "Withdraw" in buttons(now) else None

    await workspace.until(lists, ANA)
    await workspace.settled()  # it is published anew when something changes
    home = await workspace.until(lists, ANA)
    assert "<@U_MEI>, since" in shown(home)
    assert "<@U_MEI>" not in shown(await workspace.home(BEN))

    await workspace.click(ANA, home, "Withdraw")

    async def is_over() -> bool:
        now = await workspace.home_now(ANA)
        return now is not None and "Withdraw" not in buttons(now)

    await workspace.until(is_over, ANA)
    await workspace.settled()
    assert await workspace.dm(MEI) == []


async def test_who_has_two_copies_of_a_result_is_named_once_in_the_list_of_rounds(workspace: Workspace):
    root, _ = await shared(workspace)
    await window(workspace, await result(workspace, root))
    await fill_in(workspace, note="Once more, with a note.")
    await workspace.submit(ANA)
    await workspace.close(ANA)
    await workspace.settled()

    await workspace.command(ANA, "C_ASK", "/rolefit", "history")

    assert shown(await privately(workspace, "Your rounds")).count("<@U_MEI>") == 1


async def test_who_deletes_a_round_is_told_who_has_a_copy(workspace: Workspace):
    await shared(workspace)

    await workspace.command(ANA, "C_ASK", "/rolefit", "history")

    listed = await privately(workspace, "Your rounds")
    assert "<@U_MEI> can see what you shared of it." in shown(listed)
    assert "withdraw them first: /rolefit shares." in json.dumps(listed, ensure_ascii=False)
    copy = await copy_of(workspace)
    await workspace.click(ANA, listed, "Delete")
    await privately(workspace, "You have no rounds yet.")
    await workspace.click(MEI, copy, "Mark as read")
    await told_alone(workspace, "has withdrawn or deleted it")


# Updating


@pytest.mark.both_databases
async def test_a_copy_of_an_older_answer_is_named_and_can_be_updated_in_place(workspace: Workspace):
    root, receipt = await shared(workspace, note="As of today")
    copy = await copy_of(workspace)
    await workspace.click(MEI, copy, "Mark as read")
    await message(workspace, root, SEEN)
    assert buttons(receipt) == ["Compare, blind", "Withdraw"]
    replies = [each["ts"] for each in await thread_of(workspace, copy, count=4)]
    now = await outdated(workspace, root)
    assert buttons(now) == ["Update", "Withdraw"]
    before = shown(copy)

    view = await window(workspace, now, label="Update")
    assert "<@U_MEI> gets your present result in place of the copy they have." in shown(view)
    await fill_in(workspace, None, parts=["recommendation", "answers"])
    assert "Nothing has been changed yet." in shown(await workspace.modal(ANA))
    assert shown({"blocks": (await copy_of(workspace))["blocks"][:1]}) in before
    await workspace.submit(ANA)

    async def is_changed() -> Json | None:
        there = await workspace.latest(MEI, copy)
        return there if "the answers" in shown(there) else None

    there = await workspace.until(is_changed, MEI)
    assert "As of today" in shown(there)
    assert "Mark as read" in buttons(there)  # for what it says now was not read
    await message(workspace, root, "Not marked as read so far.")
    await workspace.settled()
    [now] = await workspace.dm(MEI)
    left = await thread_of(workspace, now)
    assert [each["ts"] for each in left[:-1]] == replies[:3]
    assert shown(left[-1]).startswith("<@U_MEI>: <@U_ANA> has updated the message above")
    assert "\nUpdated on <!date^" in shown(now)
    assert library_answer(left) == 1
    assert buttons(await message(workspace, root, RECEIPT)) == ["Compare, blind", "Withdraw"]


def library_answer(messages: list[Json]) -> int:
    """Count the messages that hold answers."""
    return sum("What <@U_ANA> answered" in shown(each) for each in messages)


async def test_after_a_retake_the_copy_is_updated_from_the_newer_round(workspace: Workspace):
    root, again = await shared_and_taken_again(workspace)
    copy = await copy_of(workspace)
    await workspace.settled()

    now = await message(workspace, root, "The copy is of an older answer")
    await window(workspace, now, label="Update")
    await fill_in(workspace, None)
    await workspace.submit(ANA)

    await workspace.latest(MEI, copy, once=lambda now: "an AI engineer" in shown(now))
    await message(workspace, again, RECEIPT)
    assert buttons(await message(workspace, root, "this gave way to a newer result")) == []
    assert len(await workspace.dm(MEI)) == 1


async def next_root(workspace: Workspace, before: Sent) -> Sent:
    """Wait for the card of a round that was begun after another."""

    async def there() -> Sent | None:
        roots = [each for each in await workspace.dm(before.user) if each["ts"] > before]
        return Sent(roots[-1]["ts"], before.channel, before.user) if roots else None

    return await workspace.until(there, before.user)


async def begun_again(workspace: Workspace, root: Sent, about: str = OWN) -> Sent:
    """Take the quiz again from its result, and say what it is about; gives the root of the new round."""
    await workspace.click(root.user, await result(workspace, root), "Take it again")
    return await say_what_about(workspace, await next_root(workspace, root), about)


@played.once
async def shared_and_taken_again(workspace: Workspace) -> tuple[Sent, Sent]:
    """Share a result and take the quiz again, to another result; gives the roots of both rounds."""
    root, _ = await shared(workspace)
    again = await begun_again(workspace, root)
    await take_at_once(workspace, again, *ENGINEER)
    await result(workspace, again)
    return root, again


@pytest.mark.parametrize("why", ["withdrawn", "deleted by somebody", "refused by Slack"])
async def test_a_copy_that_cannot_be_changed_is_not_said_to_be(workspace: Workspace, why: str):
    root, now = await shared_and_outdated(workspace)
    copy = await copy_of(workspace)
    await window(workspace, now, label="Update")
    await fill_in(workspace, None)
    if why == "withdrawn":
        await workspace.click(ANA, now, "Withdraw")
        await message(workspace, root, "*Withdrawn on")
    elif why == "deleted by somebody":
        await workspace.call("chat.delete", channel=copy["channel"], ts=copy["ts"])
    else:
        await workspace.faults(api=[{"method": "chat.update", "error": "cant_update_message"}])

    await workspace.submit(ANA)

    await message(workspace, root, "I cannot change the copy that <@U_MEI> has")


async def test_an_update_for_somebody_deactivated_meanwhile_is_refused(workspace: Workspace):
    _, now = await shared_and_outdated(workspace)
    await window(workspace, now, label="Update")
    await workspace.deactivate(MEI)

    answer = await fill_in(workspace, None)

    assert answer["errors"] == {
        "share:parts": "This person no longer has an active account. You can still withdraw the copy."
    }


async def test_a_round_goes_on_while_somebody_replies_below_its_copy(workspace: Workspace):
    root, _ = await shared(workspace)
    await begin(workspace, MEI)
    copy = await copy_of(workspace)

    await reply(workspace, copy, "b")

    await offer(workspace, copy)
    assert root
    await write(workspace, root, "so far")
    await message(workspace, root, "finished")
