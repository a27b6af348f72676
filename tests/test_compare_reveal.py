"""The reveal of a comparison where Slack, or one of the two, gets in its way: both are shown it once, or nobody is."""

import asyncio
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.sql import text

from bot import jobs
from bot.knowledge import Library
from bot.settings import Settings
from bot.slack import gateway, own_messages, slack_calls
from tests.test_compare_conversation import (
    ANA,
    MEI,
    agreed,
    all_shown,
    both_finished,
    group,
    in_group,
    nothing_shown,
    top,
)
from tests.test_privacy import forget
from tests.test_quiz_conversation import asking, card, message, privately, write
from tests.workspace import Json, Sent, Workspace, buttons, shown

NOT_YET = "Slack has not let me show the answers yet"
SHOWN = "both agreed, and I have shown each of you the other’s answers"
MOMENTS = count(1)  # long ago, and each another


@pytest.fixture
def tries() -> int:
    """As often as ever: what is tried again is what is tested here."""
    return slack_calls.TRIES


async def asked(workspace: Workspace) -> tuple[Sent, Sent]:
    """Have both finish and be asked, and all work end; gives the roots of both rounds."""
    mine, theirs = await both_finished(workspace)
    for root in (mine, theirs):
        await asking(workspace, root, "Shall I show")
    await workspace.settled()
    return mine, theirs


async def in_trouble(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, *faults: Json) -> tuple[Sent, Sent]:
    """Have both agree while Slack makes trouble; gives the roots of both rounds, once all work has ended."""
    mine, theirs = await asked(workspace)
    with monkeypatch.context() as patch:
        patch.setattr(slack_calls, "TRIES", 1)
        await workspace.faults(api=list(faults))
        await agreed(workspace, mine, theirs)
        await workspace.settled()
    await workspace.faults()
    return mine, theirs


async def let_time_pass(folder: Path, *, days: float = 0.0) -> None:
    """Make due what comparisons will be due for, as if they had been moved so many days earlier."""
    engine = create_async_engine(Settings(_env_file=None, data_dir=folder).store_url)
    due = text("UPDATE comparisons SET due_at = :at, moved_at = moved_at - :seconds WHERE due_at IS NOT NULL")
    async with engine.begin() as connection:
        await connection.execute(due, {"at": next(MOMENTS), "seconds": days * 86_400})
    await engine.dispose()


async def times_shown(workspace: Workspace, user: str) -> int:
    """Count the reveals that somebody can see, once all work has ended."""
    await workspace.settled()
    there = await group(workspace)
    together = [shown(each) for each in await workspace.messages(there, user)] if there else []
    return sum("From those of" in told for told in [*together, *await all_shown(workspace, user)])


def failing(method: str, times: int = 1, error: str | None = "service_unavailable", **more: Any) -> Json:
    return {"method": method, "error": error, "times": times, **more}


@pytest.mark.parametrize("fault", [failing("conversations.open"), failing("chat.postMessage")])
async def test_what_slack_goes_on_failing_to_show_is_shown_later(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch, fault: Json
):
    mine, theirs = await in_trouble(hasty, monkeypatch, fault)
    for root in (mine, theirs):
        standing = await asking(hasty, root, NOT_YET)
        assert "nobody has seen anything" in shown(standing)
    assert NOT_YET in shown(await top(hasty, MEI, NOT_YET))
    for user in (ANA, MEI):
        assert await times_shown(hasty, user) == 0
        assert not any(SHOWN in told for told in await all_shown(hasty, user))

    await let_time_pass(data)

    await in_group(hasty)
    for root in (mine, theirs):
        await message(hasty, root, SHOWN)
    for user in (ANA, MEI):
        assert await times_shown(hasty, user) == 1
        assert not any(NOT_YET in told for told in await all_shown(hasty, user))


async def test_a_reveal_that_may_have_been_posted_is_looked_for_and_not_posted_twice(
    hasty: Workspace, monkeypatch: pytest.MonkeyPatch
):
    mine, theirs = await in_trouble(hasty, monkeypatch, failing("chat.postMessage", error="internal_error", done=True))

    for root in (mine, theirs):
        await message(hasty, root, SHOWN)
    for user in (ANA, MEI):
        assert await times_shown(hasty, user) == 1


async def test_a_reveal_that_may_have_been_posted_and_was_not_is_posted_later(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
):
    mine, _ = await in_trouble(hasty, monkeypatch, failing("chat.postMessage", error="internal_error"))
    await asking(hasty, mine, NOT_YET)
    assert await times_shown(hasty, ANA) == 0

    await let_time_pass(data)

    await message(hasty, mine, SHOWN)
    for user in (ANA, MEI):
        assert await times_shown(hasty, user) == 1


@pytest.mark.parametrize("error", ["missing_scope", "service_unavailable"])
async def test_a_reveal_of_which_nothing_can_be_told_counts_as_delivered(
    hasty: Workspace, monkeypatch: pytest.MonkeyPatch, error: str
):
    mine, theirs = await in_trouble(
        hasty,
        monkeypatch,
        failing("chat.postMessage", error="internal_error", done=True),
        failing("conversations.history", error=error),
    )

    for root in (mine, theirs):
        told = shown(await message(hasty, root, "I have sent you both the answers"))
        assert "Slack did not say whether they have arrived" in told
    for user in (ANA, MEI):
        assert await times_shown(hasty, user) == 1


async def test_where_a_group_message_is_refused_each_gets_it_alone(hasty: Workspace, monkeypatch: pytest.MonkeyPatch):
    await in_trouble(hasty, monkeypatch, failing("chat.postMessage", error="restricted_action"))

    for user in (ANA, MEI):
        await top(hasty, user, "so I am sending this to each of you alone")
        assert await times_shown(hasty, user) == 1


ALONE = failing("conversations.open", 99, "missing_scope")
# Each is to get it alone, and Slack takes what goes to the first and refuses what goes to the second.
FIRST_IS_POSTED = failing("chat.postMessage", error=None)
ONLY_FIRST = (ALONE, FIRST_IS_POSTED, failing("chat.postMessage", error="restricted_action"))


async def test_what_only_one_could_be_shown_is_taken_back_and_shown_to_both_later(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
):
    mine, theirs = await in_trouble(hasty, monkeypatch, *ONLY_FIRST)
    assert "nobody" not in shown(await asking(hasty, mine, "The answers were there for you to read"))
    await asking(hasty, theirs, "The answers were there for <@U_ANA> to read")
    for user in (ANA, MEI):
        assert await times_shown(hasty, user) == 0

    await let_time_pass(data)

    for root in (mine, theirs):
        await message(hasty, root, SHOWN)
    for user in (ANA, MEI):
        assert await times_shown(hasty, user) == 1


async def test_what_cannot_be_taken_back_is_replaced_and_shown_again_later(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
):
    mine, theirs = await in_trouble(
        hasty,
        monkeypatch,
        *ONLY_FIRST,
        failing("chat.delete", error="cant_delete_message"),
    )

    await top(hasty, ANA, "I have taken back what stood here")
    assert await times_shown(hasty, ANA) == 0
    with monkeypatch.context() as patch:
        patch.setattr(slack_calls, "TRIES", 1)
        await hasty.faults(api=[ALONE])
        await let_time_pass(data)

        for root in (mine, theirs):
            await message(hasty, root, SHOWN)
    await hasty.faults()
    for user in (ANA, MEI):
        assert await times_shown(hasty, user) == 1


async def test_a_comparison_that_one_could_read_alone_is_never_said_to_have_been_shown_to_nobody(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
):
    mine, theirs = await in_trouble(
        hasty,
        monkeypatch,
        *ONLY_FIRST,
        failing("chat.delete", 99, "cant_delete_message"),
        failing("chat.update", 99, "cant_update_message"),
    )
    assert await times_shown(hasty, ANA) == 1  # neither deleted nor changed
    ask = next(each for each in await hasty.thread(theirs.channel, theirs, MEI) if "Reveal" in buttons(each))

    await hasty.click(MEI, ask, "Withdraw")

    told = shown(await message(hasty, mine, "<@U_MEI> has ended the comparison"))
    assert "For a while the answers were there for you to read" in told
    await hasty.settled()
    for user in (ANA, MEI):
        assert not any("Nothing was shown" in told for told in await all_shown(hasty, user))
        assert await times_shown(hasty, user) == 0  # looked for, and taken back


async def test_whoever_cannot_be_reached_for_the_reveal_ends_it_and_the_other_hears_why(
    hasty: Workspace, monkeypatch: pytest.MonkeyPatch
):
    mine, theirs = await in_trouble(
        hasty, monkeypatch, ALONE, FIRST_IS_POSTED, failing("chat.postMessage", error="user_not_found")
    )

    told = shown(await message(hasty, mine, "I cannot reach <@U_MEI> any more"))
    assert "For a while the answers were there for you to read." in told
    await message(hasty, theirs, "I could not reach you, so the comparison with <@U_ANA> is over")
    assert not any("I cannot reach <@U_ANA>" in told for told in await all_shown(hasty, MEI))
    for user in (ANA, MEI):
        assert await times_shown(hasty, user) == 0


async def test_whoever_is_deactivated_before_it_is_shown_ends_it_and_the_other_sees_nothing(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
):
    mine, _ = await in_trouble(hasty, monkeypatch, failing("conversations.open"))
    await hasty.deactivate(MEI)

    await let_time_pass(data)

    await message(hasty, mine, "I cannot reach <@U_MEI> any more")
    assert await times_shown(hasty, ANA) == 0
    assert await hasty.traffic("chat.delete") == []  # nothing had to be taken back


async def test_after_a_day_of_trouble_both_are_told_and_never_asked_what_has_changed(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
):
    mine, theirs = await in_trouble(hasty, monkeypatch, failing("conversations.open"))
    await asking(hasty, mine, NOT_YET)
    before = len(await hasty.dm(ANA))

    await let_time_pass(data, days=1.1)

    for root in (mine, theirs):
        told = await message(hasty, root, "for a day I could not show you the answers")
        assert "the one of you who invited the other types /rolefit compare" in shown(told)
    await nothing_shown(hasty)
    await let_time_pass(data, days=40)
    await hasty.replies(await hasty.post("U_BEN", "C_ASK", "What does MTS mean?"))  # many looks later
    await hasty.settled()
    assert len(await hasty.dm(ANA)) == before
    for user in (ANA, MEI):
        for root_message in await hasty.dm(user):
            for each in await hasty.thread(root_message["channel"], root_message["ts"], user):
                assert not {"Reveal", "Withdraw"} & set(buttons(each))


async def test_thirty_days_are_counted_from_when_it_was_shown(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
):
    mine, _ = await in_trouble(hasty, monkeypatch, failing("conversations.open"))
    await asking(hasty, mine, NOT_YET)
    await let_time_pass(data, days=0.5)
    await message(hasty, mine, SHOWN)
    await hasty.settled()

    engine = create_async_engine(Settings(_env_file=None, data_dir=data).store_url)
    async with engine.begin() as connection:
        [(seconds, shown_to)] = await connection.execute(text("SELECT due_at - moved_at, shown FROM comparisons"))
    await engine.dispose()

    assert (round(seconds / 86_400), shown_to) == (30, None)


# One of the two, between agreeing and the reveal


@pytest.mark.parametrize("who", [ANA, MEI])
async def test_either_may_withdraw_until_it_is_shown(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch, who: str
):
    mine, theirs = await in_trouble(hasty, monkeypatch, failing("conversations.open"))
    own, other = (mine, theirs) if who == ANA else (theirs, mine)

    standing = [each for each in await hasty.thread(own.channel, own, who) if NOT_YET in shown(each)]
    await hasty.click(who, standing[-1], "Withdraw")

    await message(hasty, other, f"<@{who}> has ended the comparison. Nothing was shown to anybody.")
    await let_time_pass(data)
    await nothing_shown(hasty)


async def test_what_is_withdrawn_while_it_is_being_posted_is_taken_back(
    hasty: Workspace, monkeypatch: pytest.MonkeyPatch
):
    mine, theirs = await asked(hasty)
    post, goes_on = gateway.SlackGateway.post_message_once, asyncio.Event()

    async def wait(*args: Any, **kwargs: Any) -> slack_calls.CallResult:
        posted = await post(*args, **kwargs)
        await goes_on.wait()
        return posted

    monkeypatch.setattr(gateway.SlackGateway, "post_message_once", wait)
    await agreed(hasty, mine, theirs)
    await in_group(hasty)

    async def invitation() -> Json | None:  # which may say by now that both have agreed
        return next((each for each in await hasty.dm(MEI) if "Withdraw" in buttons(each)), None)

    await hasty.click(MEI, await hasty.until(invitation, MEI), "Withdraw")
    await message(hasty, mine, "<@U_MEI> has ended the comparison")
    goes_on.set()

    for user in (ANA, MEI):
        assert await times_shown(hasty, user) == 0


async def test_what_one_has_got_is_taken_back_where_it_is_withdrawn_before_the_other_has_and_nobody_may_look(
    hasty: Workspace, monkeypatch: pytest.MonkeyPatch
):
    mine, theirs = await asked(hasty)
    post, is_posted, goes_on = gateway.SlackGateway.post_message_once, asyncio.Event(), asyncio.Event()

    async def wait(*args: Any, **kwargs: Any) -> slack_calls.CallResult:
        posted = await post(*args, **kwargs)
        is_posted.set()
        await goes_on.wait()
        return posted

    monkeypatch.setattr(gateway.SlackGateway, "post_message_once", wait)
    no_look = failing("conversations.history", 99, "missing_scope")
    await hasty.faults(api=[ALONE, no_look])
    await agreed(hasty, mine, theirs)
    await is_posted.wait()
    ask = next(each for each in await hasty.thread(theirs.channel, theirs, MEI) if "Withdraw" in buttons(each))

    await hasty.click(MEI, ask, "Withdraw")
    await message(hasty, mine, "<@U_MEI> has ended the comparison")
    goes_on.set()

    await message(hasty, mine, "For a while the answers were there for you to read")
    for user in (ANA, MEI):
        assert await times_shown(hasty, user) == 0


@pytest.mark.parametrize("who", [ANA, MEI])
async def test_whoever_deletes_their_round_before_it_is_shown_ends_it(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch, who: str
):
    mine, theirs = await in_trouble(hasty, monkeypatch, failing("conversations.open"))
    await hasty.command(who, "C_ASK", "/rolefit", "history")

    await hasty.click(who, await privately(hasty, "Your rounds", who), "Delete")

    await message(hasty, theirs if who == ANA else mine, f"<@{who}> has ended the comparison")
    await let_time_pass(data)
    await nothing_shown(hasty)


@pytest.mark.parametrize("when", ["asked", "agreed"])
@pytest.mark.parametrize("who", [ANA, MEI])
async def test_whoever_is_forgotten_before_it_is_shown_ends_it(
    hasty: Workspace, monkeypatch: pytest.MonkeyPatch, who: str, when: str
):
    if when == "agreed":
        mine, theirs = await in_trouble(hasty, monkeypatch, failing("conversations.open"))
    else:
        mine, theirs = await asked(hasty)

    await forget(hasty, who)

    await message(hasty, theirs if who == ANA else mine, f"<@{who}> has ended the comparison")
    await nothing_shown(hasty)


async def test_whoever_is_forgotten_while_slack_fails_is_forgotten_and_nothing_is_shown(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
):
    _, theirs = await in_trouble(hasty, monkeypatch, failing("conversations.open"))
    ask = await asking(hasty, theirs, NOT_YET)
    with monkeypatch.context() as patch:
        patch.setattr(slack_calls, "TRIES", 1)
        await hasty.faults(api=[failing("chat.update", 99)])
        await forget(hasty, ANA)
    await hasty.faults()

    await message(hasty, theirs, "<@U_ANA> has ended the comparison")
    await hasty.click_as_shown(MEI, ask, "Withdraw")
    await message(hasty, theirs, "I no longer have this comparison")
    await nothing_shown(hasty)


async def test_answers_that_change_before_it_is_shown_do_not_change_what_was_agreed_to(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch, library: Library
):
    mine, _ = await in_trouble(hasty, monkeypatch, failing("conversations.open"))
    await asking(hasty, mine, NOT_YET)
    await write(hasty, mine, "change 2 to c")
    await card(hasty, mine, library.quiz.questions[1].choices[2].label)
    await hasty.settled()

    await let_time_pass(data)

    told = shown(await in_group(hasty))
    assert library.quiz.questions[1].choices[2].label not in told
    assert "From those of <@U_ANA>: an AI researcher (clear)" in told


# What may have arrived


NO_LOOK = failing("conversations.history", 99, "missing_scope")
IN_DOUBT = failing("chat.postMessage", error="internal_error")  # and Slack has not posted it
MAY_HAVE = "Slack did not tell me whether the answers reached"


async def end(workspace: Workspace, root: Sent) -> None:
    """Have Mei withdraw in the thread of her round."""
    ask = next(each for each in await workspace.thread(root.channel, root, MEI) if "Withdraw" in buttons(each))
    await workspace.click(MEI, ask, "Withdraw")


@pytest.mark.parametrize("may_look", [True, False])
async def test_whom_the_answers_may_have_reached_is_told_so_until_slack_lets_us_look(
    hasty: Workspace, monkeypatch: pytest.MonkeyPatch, may_look: bool
):
    refused = failing("chat.postMessage", error="restricted_action")
    mine, theirs = await in_trouble(hasty, monkeypatch, ALONE, NO_LOOK, IN_DOUBT, refused)
    await asking(hasty, mine, f"{MAY_HAVE} you, so they may have been read")
    await asking(hasty, theirs, f"{MAY_HAVE} <@U_ANA>, so they may have been read")

    await hasty.faults(api=[] if may_look else [NO_LOOK])
    await end(hasty, theirs)

    told = shown(await message(hasty, mine, "<@U_MEI> has ended the comparison"))
    assert ("Nothing was shown to anybody." in told, f"{MAY_HAVE} you" in told) == (may_look, not may_look)
    assert "there for you to read" not in told


async def test_what_slack_has_refused_for_sure_was_shown_to_nobody_though_we_may_not_look(
    hasty: Workspace, monkeypatch: pytest.MonkeyPatch
):
    mine, theirs = await in_trouble(hasty, monkeypatch, failing("chat.postMessage"))
    await asking(hasty, mine, NOT_YET)

    await hasty.faults(api=[NO_LOOK])
    await end(hasty, theirs)

    await message(hasty, mine, "<@U_MEI> has ended the comparison. Nothing was shown to anybody.")


async def test_what_slack_has_refused_for_sure_is_posted_later_though_we_may_not_look(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
):
    mine, theirs = await in_trouble(hasty, monkeypatch, failing("chat.postMessage"))

    await hasty.faults(api=[NO_LOOK])
    await let_time_pass(data)

    for root in (mine, theirs):
        await message(hasty, root, SHOWN)
    for user in (ANA, MEI):
        assert await times_shown(hasty, user) == 1


async def test_what_may_have_been_posted_is_not_posted_again_where_we_may_not_look(
    hasty: Workspace, monkeypatch: pytest.MonkeyPatch
):
    mine, theirs = await asked(hasty)
    ask = next(each for each in await hasty.thread(theirs.channel, theirs, MEI) if "Withdraw" in buttons(each))
    monkeypatch.setattr(slack_calls, "LONGEST", 0.01)
    await hasty.faults(api=[failing("chat.postMessage", error="internal_error", done=True), NO_LOOK])

    await agreed(hasty, mine, theirs)

    for root in (mine, theirs):
        await message(hasty, root, "Slack did not say whether they have arrived")
    for user in (ANA, MEI):
        assert await times_shown(hasty, user) == 1
    await hasty.click_as_shown(MEI, ask, "Withdraw")
    await message(hasty, theirs, "I have sent everything to both of you already")


async def test_what_could_not_be_taken_back_is_still_there_where_we_may_not_look_later(
    hasty: Workspace, monkeypatch: pytest.MonkeyPatch
):
    stays = [failing(method, 99, f"cant_{method[5:]}_message") for method in ("chat.delete", "chat.update")]
    mine, theirs = await in_trouble(hasty, monkeypatch, *ONLY_FIRST, *stays)
    assert await times_shown(hasty, ANA) == 1

    await hasty.faults(api=[NO_LOOK])
    await end(hasty, theirs)

    told = shown(await message(hasty, mine, "The answers are still there for you to read"))
    assert "For a while" not in told
    assert await times_shown(hasty, ANA) == 1


async def test_what_slack_does_not_let_us_show_again_counts_as_not_shown(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
):
    open_ = gateway.SlackGateway.open_direct_message

    async def no_group(self: Any, team: str, *users: str, **kwargs: Any) -> str | None:
        return await open_(self, team, *users, **kwargs) if len(users) == 1 else None

    monkeypatch.setattr(gateway.SlackGateway, "open_direct_message", no_group)
    mine, theirs = await in_trouble(
        hasty, monkeypatch, *ONLY_FIRST[1:], failing("chat.delete", error="cant_delete_message")
    )
    await top(hasty, ANA, "I have taken back what stood here")

    with monkeypatch.context() as patch:
        patch.setattr(slack_calls, "TRIES", 1)
        await hasty.faults(api=[IN_DOUBT, failing("chat.update", error="cant_update_message")])
        before = len(await hasty.traffic("chat.postMessage"))

        async def is_tried() -> bool:
            return len(await hasty.traffic("chat.postMessage")) > before

        await let_time_pass(data)
        await hasty.until(is_tried, ANA)
        await hasty.settled()
        await hasty.faults()
    for user in (ANA, MEI):
        assert await times_shown(hasty, user) == 0

    await let_time_pass(data)

    for root in (mine, theirs):
        await message(hasty, root, SHOWN)
    for user in (ANA, MEI):
        assert await times_shown(hasty, user) == 1


async def test_what_cannot_be_taken_back_from_either_is_said_and_listed(
    hasty: Workspace, monkeypatch: pytest.MonkeyPatch
):
    mine, theirs = await asked(hasty)
    post, is_posted, goes_on = gateway.SlackGateway.post_message_once, asyncio.Event(), asyncio.Event()

    async def wait(*args: Any, **kwargs: Any) -> slack_calls.CallResult:
        posted = await post(*args, **kwargs)
        is_posted.set()
        await goes_on.wait()
        return posted

    monkeypatch.setattr(gateway.SlackGateway, "post_message_once", wait)
    await agreed(hasty, mine, theirs)
    await is_posted.wait()
    await hasty.faults(api=[failing("chat.delete", 99, "cant_delete_message")])
    update = gateway.SlackGateway.update_message
    there = await group(hasty)

    async def refuse(self: Any, team: str, channel: str, *args: Any, **kwargs: Any) -> slack_calls.CallResult:
        return {"refused": True} if channel == there else await update(self, team, channel, *args, **kwargs)

    monkeypatch.setattr(gateway.SlackGateway, "update_message", refuse)
    await end(hasty, theirs)

    told = shown(await message(hasty, mine, "The answers are still there for you and <@U_MEI> to read"))
    goes_on.set()
    assert "For a while" not in told
    await hasty.settled()
    await hasty.command(ANA, "C_ASK", "/rolefit", "shares")
    await privately(hasty, "<@U_MEI>, since")
    assert "in a comparison that ended before I could show it to you both" in shown(
        await privately(hasty, "Who can see what")
    )


async def test_what_may_have_been_posted_is_looked_for_from_when_both_had_agreed(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
):
    arrived = failing("chat.postMessage", error="internal_error", done=True)
    refused = failing("chat.postMessage", error="restricted_action")
    mine, _ = await in_trouble(hasty, monkeypatch, ALONE, NO_LOOK, arrived, refused)
    await asking(hasty, mine, f"{MAY_HAVE} you")
    assert await times_shown(hasty, ANA) == 1

    monkeypatch.setattr(own_messages, "LOOKED_BACK", -3600.0)  # as if all that had been more than that ago
    await let_time_pass(data, days=1.1)

    told = shown(await message(hasty, mine, "for a day I could not show you the answers"))
    assert "For a while the answers were there for you to read." in told
    assert await times_shown(hasty, ANA) == 0


async def test_what_could_not_be_looked_for_after_a_restart_is_looked_for_again_before_it_is_posted(
    hasty: Workspace, monkeypatch: pytest.MonkeyPatch
):
    mine, theirs = await asked(hasty)
    is_first = count()
    post, in_doubt = gateway.SlackGateway.post_message_once, "bot.slack.slack_calls.in_doubt"

    async def once(*args: Any, **kwargs: Any) -> slack_calls.CallResult:
        monkeypatch.setattr(in_doubt, lambda: next(is_first) == 0)  # as if begun before, and died in it
        try:
            return await post(*args, **kwargs)
        finally:
            monkeypatch.setattr(in_doubt, jobs.in_doubt)

    monkeypatch.setattr(gateway.SlackGateway, "post_message_once", once)
    limited = {"method": "conversations.history", "error": "ratelimited", "times": 1}
    await hasty.faults(api=[limited])
    before = len(await hasty.traffic("conversations.history"))

    await agreed(hasty, mine, theirs)

    await in_group(hasty)
    assert len(await hasty.traffic("conversations.history")) == before + 2
