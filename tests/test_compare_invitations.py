"""Who may be invited to compare, and how often; and what becomes of it where Slack fails at one of the first steps."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.sql import text

from bot.knowledge import Library
from bot.slack import compare_work, slack_calls
from tests.conftest import bot_in, rows
from tests.sharing import copy_of, previewed
from tests.test_compare_conversation import (
    ANA,
    INVITED,
    MEI,
    PICK,
    accepted,
    agreed,
    finished,
    in_group,
    invitation,
    invited,
    nothing_shown,
    top,
)
from tests.test_quiz_conversation import ENGINEER, asking, message, question, take_at_once
from tests.test_share_afterwards import lists_mute
from tests.test_share_recipient import told_alone
from tests.workspace import Json, Sent, Workspace, buttons, shown

MUTE, MUTED = ["No more from this person"], ["Allow this person again"]


def failing(method: str, error: str | None = "service_unavailable", times: int = 1) -> Json:
    return {"method": method, "error": error, "times": times}


@asynccontextmanager
async def trouble(workspace: Workspace, *faults: Json) -> AsyncIterator[None]:
    """Have Slack make trouble, and the bot try once where it would try for minutes, until all work has ended."""
    await workspace.settled()  # what came before would take the trouble upon itself
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slack_calls, "TRIES", 1)
        await workspace.faults(api=list(faults))
        yield
        await workspace.settled()
    await workspace.faults()


async def invite(workspace: Workspace, manager: str = MEI, user: str = ANA) -> None:
    """Invite somebody with the result that is there already."""
    await workspace.command(user, "C_ASK", "/rolefit", "compare")
    await workspace.submit(user, {PICK: manager})


async def invitations(workspace: Workspace, count: int) -> list[Json]:
    """Wait until Mei has had so many invitations, whatever became of them, and give what stands there."""

    async def there() -> list[Json] | None:
        direct = await workspace.dm(MEI)
        return direct if len(direct) == count else None

    return await workspace.until(there, MEI)


async def rounds(workspace: Workspace) -> list[Json]:
    """Give the cards of the rounds about Ana's work, once all work has ended."""
    await workspace.settled()
    return [each for each in await workspace.dm(MEI) if "The work of <@U_ANA>" in shown(each)]


async def decline(workspace: Workspace, root: Sent) -> None:
    await workspace.click(MEI, await invitation(workspace), "No, thanks")
    await message(workspace, root, "would rather not compare notes")
    await workspace.settled()


# Who may be invited


@pytest.mark.parametrize("manager", ["U_EVE", "U_KIM"])
async def test_guests_are_invited_where_the_operator_allows_it(library: Library, tmp_path: Path, manager: str):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path, rolefit_share_guests="on"):
        root = await finished(workspace)

        await invite(workspace, manager)

        await message(workspace, root, f"I have asked <@{manager}>")


async def test_nobody_is_invited_more_than_three_times_a_day_by_the_same_person(workspace: Workspace):
    root = await finished(workspace)
    for number in range(3):
        await invite(workspace)
        await invitations(workspace, number + 1)
        await workspace.click(ANA, await asking(workspace, root, "I have asked <@U_MEI>"), "Withdraw")
        await message(workspace, root, "You ended the comparison")
        await workspace.settled()

    await invite(workspace)

    refused = await asking(workspace, root, "You have invited <@U_MEI> three times within a day")
    await workspace.click(ANA, refused, "Invite somebody else")
    await workspace.submit(ANA, {PICK: "U_BEN"})
    await message(workspace, root, "I have asked <@U_BEN>")
    assert len(await workspace.dm(MEI)) == 3


@pytest.mark.parametrize("when", ["invited", "answering"])
async def test_who_has_said_no_is_not_asked_again_for_a_week(
    workspace: Workspace, data: Path, kept_in: dict[str, Any], when: str
):
    root, asked = await invited(workspace)
    if when == "invited":
        await decline(workspace, root)
    else:
        await accepted(workspace, asked)
        await workspace.click(MEI, await top(workspace, MEI, "You said yes"), "Withdraw")
        await message(workspace, root, "<@U_MEI> has ended the comparison")
        await workspace.settled()
    before = len(await workspace.dm(MEI))

    await invite(workspace)

    await message(workspace, root, "<@U_MEI> has declined or ended a comparison with you within the last seven days")
    assert len(await workspace.dm(MEI)) == before
    async with rows(data, kept_in) as store, store.comparisons._engine.begin() as connection:
        await connection.execute(text("UPDATE comparisons SET moved_at = moved_at - 7 * 86400, begun_at = moved_at"))
    await invite(workspace)
    await invitations(workspace, before + 1)


async def test_who_has_said_no_may_change_their_mind_and_invite(workspace: Workspace):
    root, _ = await invited(workspace)
    await decline(workspace, root)
    theirs = await finished(workspace, MEI)
    await invite(workspace, ANA, MEI)
    await message(workspace, theirs, "I have asked <@U_ANA>")

    await invite(workspace)

    await message(workspace, root, "I have asked <@U_MEI>")


async def test_an_invitation_can_be_the_last_from_somebody_until_it_is_allowed_again(workspace: Workspace):
    root, asked = await invited(workspace)
    await workspace.click(MEI, asked, INVITED[2])
    now = await workspace.latest(MEI, asked, once=lambda now: buttons(now) == MUTED)
    assert "You declined to compare notes with <@U_ANA>" in shown(now)
    assert "You get no more invitations and results from <@U_ANA>" in shown(now)
    await message(workspace, root, "<@U_MEI> would rather not compare notes this time")

    await invite(workspace)

    await message(workspace, root, "<@U_MEI> prefers not to get anything from you through me")
    assert len(await workspace.dm(MEI)) == 1


async def test_an_invitation_says_no_more_that_nothing_comes_once_its_sender_is_allowed_from_the_list(
    workspace: Workspace,
):
    _, asked = await invited(workspace)
    await workspace.click(MEI, asked, INVITED[2])
    await workspace.latest(MEI, asked, once=lambda now: buttons(now) == MUTED)

    await workspace.click(MEI, await lists_mute(workspace), "Allow shares again")

    now = await workspace.latest(MEI, asked, once=lambda now: buttons(now) == MUTE)
    assert "You declined to compare notes with <@U_ANA>" in shown(now)
    assert "no more invitations" not in shown(now)


async def test_what_is_muted_at_a_copy_declines_an_invitation_and_is_allowed_there_for_both(workspace: Workspace):
    await previewed(workspace, parts=["table"])
    await workspace.submit(ANA)
    copy = await copy_of(workspace)
    await workspace.settled()
    await invite(workspace)
    asked = await invitation(workspace)

    await workspace.click(MEI, copy, "No more from this person")

    now = await workspace.latest(MEI, asked, once=lambda now: buttons(now) == MUTED)
    assert "You declined to compare notes with <@U_ANA>" in shown(now)
    await workspace.click(MEI, now, "Allow this person again")
    await workspace.latest(MEI, asked, once=lambda now: buttons(now) == MUTE)
    await workspace.latest(MEI, copy, once=lambda now: "No more from this person" in buttons(now))


async def test_who_wants_nothing_more_declines_all_that_one_person_has_asked(workspace: Workspace):
    await invited(workspace)
    root = await finished(workspace)
    await invite(workspace)
    both = await invitations(workspace, 2)

    await workspace.click(MEI, both[0], INVITED[2])

    for asked in both:
        await workspace.latest(MEI, asked, once=lambda now: buttons(now) == MUTED)
    await message(workspace, root, "<@U_MEI> would rather not compare notes this time")


async def test_an_invitation_that_is_not_kept_any_more_still_allows_its_sender_again(
    workspace: Workspace, data: Path, kept_in: dict[str, Any]
):
    _, asked = await invited(workspace)
    await workspace.click(MEI, asked, INVITED[2])
    now = await workspace.latest(MEI, asked, once=lambda now: buttons(now) == MUTED)
    await workspace.settled()
    async with rows(data, kept_in) as store, store.comparisons._engine.begin() as connection:
        await connection.execute(text("DELETE FROM comparisons"))

    await workspace.click(MEI, now, "Allow this person again")

    await told_alone(workspace, "<@U_ANA> can share results with you again.")
    async with rows(data, kept_in) as store:
        assert not await store.mutes.is_muted("T_LOCAL", MEI, ANA)


async def test_who_declines_can_still_want_no_more_and_allow_it_again(workspace: Workspace):
    root, asked = await invited(workspace)
    await decline(workspace, root)

    await workspace.click(MEI, asked, "No more from this person")
    await workspace.latest(MEI, asked, once=lambda now: buttons(now) == MUTED)
    await workspace.click(MEI, asked, "Allow this person again")

    now = await workspace.latest(MEI, asked, once=lambda now: buttons(now) == MUTE)
    assert "You declined to compare notes with <@U_ANA>" in shown(now)
    assert "no more invitations" not in shown(now)


async def test_a_share_without_answers_leaves_a_comparison_blind_and_another_rounds_result_does_not(
    workspace: Workspace,
):
    await previewed(workspace, parts=["table"])
    await workspace.submit(ANA)
    await workspace.settled()
    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")
    await workspace.submit(ANA, {PICK: MEI})
    assert "answers are hidden" not in shown(await invitation(workspace))
    await previewed(workspace, "U_BEN", parts=["recommendation"])
    await workspace.submit(ANA)
    await workspace.settled()
    await finished(workspace)  # another round

    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")
    # Who got a result last is picked already.
    assert "<@U_BEN> has seen a result of yours before" in shown(await workspace.modal(ANA))
    answer = await workspace.submit(ANA, {PICK: MEI})
    # Who is picked instead gets another invitation than the window has shown.
    assert answer["response_action"] == "update"
    view = await workspace.modal(ANA)
    assert "has seen a result of yours before" not in shown(view)
    assert "Neither of you sees the other" in shown(view)
    assert "response_action" not in await workspace.submit(ANA, {PICK: MEI})


# Inviting, where Slack fails


async def test_an_invitation_for_which_slack_does_not_say_who_it_is_can_be_tried_later(workspace: Workspace):
    root = await finished(workspace)
    async with trouble(workspace, failing("users.info")):
        await invite(workspace)

    refused = await message(workspace, root, "Slack did not answer me when I looked up <@U_MEI>")
    assert await workspace.dm(MEI) == []
    await workspace.click(ANA, refused, "Invite somebody else")
    await workspace.submit(ANA, {PICK: MEI})
    await invitation(workspace)
    await message(workspace, root, "I have asked <@U_MEI>")


async def test_an_invitation_that_slack_goes_on_failing_to_deliver_begins_nothing(workspace: Workspace):
    root = await finished(workspace)
    async with trouble(workspace, failing("chat.postMessage")):
        await invite(workspace)

    await message(workspace, root, "I could not deliver the invitation to <@U_MEI>")
    assert await workspace.dm(MEI) == []
    await invite(workspace)
    await invitation(workspace)


@pytest.mark.parametrize("error", ["service_unavailable", "restricted_action"])
async def test_whose_receipt_was_lost_gets_it_on_inviting_again(workspace: Workspace, error: str):
    root = await finished(workspace)
    async with trouble(workspace, failing("chat.postMessage", None), failing("chat.postMessage", error)):
        await invite(workspace)
    await invitation(workspace)

    await invite(workspace)

    await message(workspace, root, "You have already invited <@U_MEI>")
    await workspace.click(ANA, await asking(workspace, root, "I have asked <@U_MEI>"), "Withdraw")
    await message(workspace, root, "You ended the comparison")
    assert len(await workspace.dm(MEI)) == 1


# Accepting, where Slack fails


@pytest.mark.parametrize("method", ["users.info", "chat.postMessage"])
@pytest.mark.both_databases
async def test_who_could_not_be_asked_is_asked_on_the_next_click_and_once(workspace: Workspace, method: str):
    root, asked = await invited(workspace)
    await workspace.settled()
    async with trouble(workspace, failing(method)):
        await workspace.click(MEI, asked, "Answer five questions")
    await top(workspace, MEI, "Slack did not let me ask you the questions just now")
    assert await rounds(workspace) == []

    await asyncio.gather(*(workspace.click_as_shown(MEI, asked, "Answer five questions") for _ in range(3)))

    [card] = await rounds(workspace)
    theirs = Sent(card["ts"], card["channel"], MEI)
    await question(workspace, theirs, 1)
    await message(workspace, root, "<@U_MEI> said yes to comparing notes")
    await workspace.click_as_shown(MEI, asked, "Answer five questions")
    assert len(await rounds(workspace)) == 1


async def test_who_accepts_is_asked_though_nothing_can_be_updated(workspace: Workspace):
    root, asked = await invited(workspace)
    await workspace.settled()
    async with trouble(workspace, failing("chat.update", times=99)):
        theirs = await accepted(workspace, asked)
        await question(workspace, theirs, 1)

    await take_at_once(workspace, theirs, *ENGINEER)
    await agreed(workspace, root, theirs)
    await in_group(workspace)


# Asking and agreeing, where Slack fails


@pytest.mark.parametrize("error", ["user_not_found", "account_inactive"])
async def test_who_cannot_be_asked_ends_it_and_only_the_other_is_told(workspace: Workspace, error: str):
    root, asked = await invited(workspace)
    theirs = await accepted(workspace, asked)
    await question(workspace, theirs, 1)
    await workspace.settled()
    async with trouble(
        workspace, failing("chat.postMessage", None), failing("chat.postMessage", error)
    ):  # that they have finished is said first
        await take_at_once(workspace, theirs, *ENGINEER)

    await message(workspace, theirs, "I cannot reach <@U_ANA> any more")
    await message(workspace, root, "I could not reach you, so the comparison with <@U_MEI> is over")
    thread = [shown(each) for each in await workspace.thread(root.channel, root, ANA)]
    assert sum("Nothing was shown to anybody" in told for told in thread) == 1  # in place of the receipt
    await nothing_shown(workspace)


async def test_who_cannot_be_asked_for_a_while_is_asked_later(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(compare_work, "ASK_PAUSE", 0.01)
    root, asked = await invited(workspace)
    theirs = await accepted(workspace, asked)
    await question(workspace, theirs, 1)
    await workspace.settled()
    async with trouble(workspace, failing("chat.postMessage", None), failing("chat.postMessage", times=3)):
        await take_at_once(workspace, theirs, *ENGINEER)
        await asking(workspace, root, "Shall I show")

    await agreed(workspace, root, theirs)
    await in_group(workspace)


@pytest.mark.parametrize("method", ["users.info", "chat.update"])
async def test_who_agrees_is_heard_though_slack_fails(workspace: Workspace, method: str):
    root, asked = await invited(workspace)
    theirs = await accepted(workspace, asked)
    await take_at_once(workspace, theirs, *ENGINEER)
    questions = [await asking(workspace, each, "Shall I show") for each in (root, theirs)]
    await workspace.settled()
    async with trouble(workspace, failing(method, times=99)):
        for each, question_ in zip((root, theirs), questions, strict=True):
            await workspace.click(each.user, question_, "Reveal")
        await in_group(workspace)


# Withdrawing, where Slack fails


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_who_withdraws_has_withdrawn_though_slack_fails(workspace: Workspace, method: str):
    root, asked = await invited(workspace)
    theirs = await accepted(workspace, asked)
    await take_at_once(workspace, theirs, *ENGINEER)
    ask = [await asking(workspace, each, "Shall I show") for each in (root, theirs)]
    await workspace.settled()
    async with trouble(workspace, failing(method, times=99)):
        await workspace.click(ANA, ask[0], "Withdraw")

    await workspace.click_as_shown(MEI, ask[1], "Reveal")
    await message(workspace, theirs, "This comparison is over")
    await nothing_shown(workspace)
