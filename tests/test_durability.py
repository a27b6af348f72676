"""Nothing is lost and nothing said twice, whatever Slack does."""

from itertools import pairwise
from pathlib import Path

import pytest

from bot.knowledge import Library
from tests.conftest import bot_in
from tests.test_faq_conversation import SEVEN
from tests.workspace import Workspace, shown

QUESTION = SEVEN["xai-dropped-researcher"]


async def posts(workspace: Workspace) -> list[str]:
    return [each["status"] for each in await workspace.traffic("chat.postMessage")]


async def answers(workspace: Workspace, root: str) -> list[str]:
    thread = await workspace.thread("C_ASK", root, "U_ANA")
    return [shown(each) for each in thread if each["user"] == "U_ROLEFIT"]


async def test_a_message_that_slack_has_though_it_said_otherwise_is_not_posted_twice(workspace: Workspace):
    await workspace.faults(api=[{"method": "chat.postMessage", "error": "internal_error", "done": True}])
    asked = await workspace.post("U_ANA", "C_ASK", QUESTION)

    await workspace.until(lambda: _looked(workspace), "U_ANA")

    assert len(await answers(workspace, asked)) == 1
    assert len(await posts(workspace)) == 1


async def _looked(workspace: Workspace) -> bool:
    return bool(await workspace.traffic("conversations.replies"))


@pytest.mark.parametrize("error", ["internal_error", "service_unavailable", "ratelimited"])
async def test_what_slack_did_not_do_is_done_later(workspace: Workspace, library: Library, error: str):
    await workspace.faults(api=[{"method": "chat.postMessage", "error": error, "times": 2, "retry_after": 0}])
    asked = await workspace.post("U_ANA", "C_ASK", QUESTION)

    [answer] = await workspace.replies(asked)

    assert library.entries["xai-dropped-researcher"].answer in shown(answer)
    assert await posts(workspace) == [error, error, "ok"]


async def test_a_broken_connection_after_the_message_arrived_posts_it_once(workspace: Workspace):
    await workspace.faults(api=[{"method": "chat.postMessage", "error": None, "reset": True}])
    asked = await workspace.post("U_ANA", "C_ASK", QUESTION)

    await workspace.until(lambda: _looked(workspace), "U_ANA")

    assert len(await answers(workspace, asked)) == 1
    assert len(await posts(workspace)) == 1


async def test_a_channel_gets_one_message_a_second_and_others_do_not_wait_for_it(tmp_path: Path, library: Library):
    async with (
        Workspace.start() as workspace,
        bot_in(workspace, library, tmp_path, post_interval=1.0),
    ):
        asked = [await workspace.post("U_ANA", "C_ASK", QUESTION) for _ in range(3)]
        elsewhere = await workspace.post("U_ANA", "C_GENERAL", QUESTION)

        [other] = await workspace.replies(elsewhere)
        said = [(await workspace.replies(each))[0] for each in asked]

    times = sorted(float(each["ts"]) for each in said)
    assert all(later - earlier >= 0.95 for earlier, later in pairwise(times))
    assert float(other["ts"]) < times[1]
