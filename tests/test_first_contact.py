"""A person's first look at the bot's messages: one message with three things to try, once in a life."""

import json
from pathlib import Path

import pytest

from bot import work_records
from bot.knowledge import Library
from bot.slack.work import Work
from tests.conftest import recorded
from tests.test_edge import Edge, edge
from tests.test_install import INSTALLER, ONE, offered
from tests.test_redelivery import deliver
from tests.workspace import BOT, Json, Workspace, buttons, shown

__all__ = ["edge"]  # the fixture

TEAM, GREETING = "T_LOCAL", "Hello. I answer questions about AI roles and titles"


async def greeted(workspace: Workspace, user: str = "U_ANA") -> Json:
    """Open the bot's messages for the first time, and give the message that greets."""
    await workspace.open(user)
    [greeting] = await workspace.dm(user, count=1)
    return greeting


async def forget_work(team: str = TEAM) -> None:
    """Delete the records of greetings, as after thirty days."""
    await work_records.delete_by_prefix([f"{Work.GREET.prefix}:{team}:"])


async def test_who_opens_the_messages_first_gets_three_things_to_try(workspace: Workspace, library: Library):
    greeting = await greeted(workspace)

    assert shown(greeting).startswith(GREETING)
    assert next(iter(library.entries.values())).question in shown(greeting)
    assert buttons(greeting) == ["Ask that", "Start the questions", "What I keep"]
    assert "!" not in shown(greeting)


@pytest.mark.both_databases
async def test_it_comes_once_however_often_they_look(workspace: Workspace):
    greeting = await greeted(workspace)

    await workspace.faults(twice=1)
    await workspace.open("U_ANA")
    await forget_work()
    await workspace.open("U_ANA")
    await workspace.settled()

    assert await workspace.dm("U_ANA") == [greeting]
    assert shown(await greeted(workspace, "U_BEN")) == shown(greeting)


async def test_openings_that_come_together_bring_one(edge: Edge):
    workspace = edge.workspace
    channel = await workspace.direct("U_ANA")
    for number in range(3):
        event = {"type": "app_home_opened", "user": "U_ANA", "channel": channel, "tab": "messages"}
        envelope = {"type": "event_callback", "team_id": TEAM, "event_id": f"Ev{number}", "event_time": 1}
        envelope["authorizations"] = [{"team_id": TEAM, "user_id": BOT, "is_bot": True}]
        body = json.dumps(envelope | {"event": event}).encode()
        assert (await edge.post(body, edge.signed(body)))[0] == 200
    await workspace.settled()

    assert len(await workspace.dm("U_ANA")) == 1


async def test_who_has_written_before_gets_none(workspace: Workspace):
    asked = await workspace.post("U_ANA", BOT, "What does MTS stand for?")
    await workspace.replies(asked)

    await workspace.open("U_ANA")
    await workspace.settled()

    assert len(await workspace.dm("U_ANA")) == 2


async def test_who_was_told_the_first_steps_gets_none(library: Library, tmp_path: Path):
    async with offered(library, tmp_path) as installing:
        await installing.install(ONE)
        [told] = await installing.one.dm(INSTALLER, count=1)
        await installing.one.settled()

        await installing.one.open(INSTALLER)
        await work_records.delete_by_prefix([f"{Work.FIRST_STEPS.prefix}:{ONE}:"])
        await installing.one.open(INSTALLER)
        await installing.one.settled()

        assert await installing.one.dm(INSTALLER) == [told]
        assert await recorded(f"{Work.GREET.prefix}:") == []


async def test_where_slack_does_not_let_us_look_nothing_is_said(workspace: Workspace):
    await workspace.faults(api=[{"method": "conversations.history", "error": "missing_scope"}])

    await workspace.open("U_ANA")
    await workspace.settled()

    assert await workspace.dm("U_ANA") == []


@pytest.mark.parametrize(
    ("method", "error"),
    [("conversations.history", "missing_scope"), ("chat.postMessage", "restricted_action")],
)
async def test_where_slack_refuses_it_they_are_greeted_when_they_look_on_another_day(
    edge: Edge, method: str, error: str
):
    workspace = edge.workspace
    await workspace.faults(api=[{"method": method, "error": error}])
    opened = {"type": "app_home_opened", "user": "U_ANA", "tab": "messages"}
    opened["channel"] = await workspace.direct("U_ANA")
    envelope: Json = {"type": "event_callback", "team_id": TEAM, "event": opened}
    envelope["authorizations"] = [{"team_id": TEAM, "user_id": BOT, "is_bot": True}]
    greetings = []
    for number, at in enumerate((86_000, 86_300, 86_500, 180_000)):  # twice on one day, and on the two after
        await deliver(edge, envelope | {"event_id": f"Ev{number}", "event_time": at})
        greetings.append(len(await workspace.dm("U_ANA")))

    assert greetings == [0, 0, 1, 1]


async def test_the_home_tab_greets_nobody(workspace: Workspace):
    await workspace.home("U_ANA")
    await workspace.settled()

    assert await workspace.dm("U_ANA") == []


async def test_its_example_is_answered_below_it_once_and_then_it_says_where(workspace: Workspace, library: Library):
    greeting = await greeted(workspace)
    example = next(iter(library.entries.values()))

    await workspace.click("U_ANA", greeting, "Ask that")
    [_, answer] = await workspace.dm("U_ANA", count=2)
    await workspace.settled()  # or the second waits for the first, which nobody waits for here
    await workspace.faults(twice=1)
    await workspace.click("U_ANA", greeting, "Ask that")
    await workspace.settled()

    *before, pointer = await workspace.dm("U_ANA")
    assert before == [greeting, answer]
    assert pointer["ephemeral"]
    assert shown(pointer).startswith("I have answered that already:")
    assert f"channel={answer['channel']}&amp;ts={answer['ts']}" in pointer["text"]
    assert shown(answer).startswith(f"*{example.question}*")
    assert example.answer in shown(answer)
    assert "Helpful" in buttons(answer)
    assert "thread_ts" not in answer


async def test_its_other_buttons_say_what_is_kept_and_begin_the_questions(workspace: Workspace):
    greeting = await greeted(workspace)

    await workspace.click("U_ANA", greeting, "What I keep")

    assert "/rolefit forget-me" in shown(await workspace.modal("U_ANA"))
    await workspace.close("U_ANA")
    await workspace.click("U_ANA", greeting, "Start the questions")

    async def begun() -> bool:
        return any("Which role does the work call for?" in shown(each) for each in await workspace.dm("U_ANA"))

    assert await workspace.until(begun, "U_ANA")


async def test_why_is_not_explained_by_the_words_of_the_greeting(workspace: Workspace):
    greeting = await greeted(workspace)
    await workspace.click("U_ANA", greeting, "Ask that")
    [_, answer] = await workspace.dm("U_ANA", count=2)

    await workspace.click("U_ANA", answer, "Why this?")

    async def explained() -> Json | None:
        return next((each for each in await workspace.dm("U_ANA") if each.get("ephemeral")), None)

    assert "You asked for this answer by a button" in shown(await workspace.until(explained, "U_ANA"))
