"""What is said of a comparison where Slack fails in the middle, or where it is long over."""

import asyncio
import time
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.sql import text

from bot.settings import Settings
from bot.slack import compare, gateway
from bot.storage import Store
from bot.storage.comparisons import Comparisons
from tests.test_compare_conversation import (
    ANA,
    MEI,
    ONE_WAY,
    PICK,
    accepted,
    agreed,
    both_finished,
    in_group,
    invitation,
    invited,
)
from tests.test_quiz_conversation import ENGINEER, asking, message, privately, question, take_at_once
from tests.workspace import Workspace, shown

MOMENTS = count(1)


async def change(folder: Path, statement: str) -> None:
    """Change rows as time would."""
    engine = create_async_engine(Settings(_env_file=None, data_dir=folder).store_url)
    async with engine.begin() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


async def test_who_may_not_have_been_asked_is_asked_again(hasty: Workspace):
    mine, asked = await invited(hasty)
    theirs = await accepted(hasty, asked)
    await question(hasty, theirs, 1)
    await hasty.settled()
    # What Mei reads is taken, and what asks Ana is neither confirmed nor posted.
    taken = {"method": "chat.postMessage", "error": None, "times": 1}
    await hasty.faults(api=[taken, {"method": "chat.postMessage", "error": "internal_error", "times": 1}])

    await take_at_once(hasty, theirs, *ENGINEER)

    await agreed(hasty, mine, theirs)
    await in_group(hasty)


async def test_who_changes_their_mind_while_the_round_is_opened_is_told_once(
    hasty: Workspace, monkeypatch: pytest.MonkeyPatch
):
    mine, asked = await invited(hasty)
    await hasty.settled()
    look_up, is_reached, goes_on = gateway.SlackGateway.get_time_zone, asyncio.Event(), asyncio.Event()

    async def wait(*args: Any, **kwargs: Any) -> str | None:
        is_reached.set()
        await goes_on.wait()
        return await look_up(*args, **kwargs)

    monkeypatch.setattr(gateway.SlackGateway, "get_time_zone", wait)
    await hasty.click(MEI, asked, "Answer five questions")
    await is_reached.wait()
    await hasty.click_as_shown(MEI, asked, "No, thanks")
    await message(hasty, mine, "<@U_MEI> has ended the comparison")
    goes_on.set()
    await hasty.settled()

    told = [shown(each) for each in await hasty.thread(mine.channel, mine, ANA)]
    assert len([each for each in told if each.startswith("<@U_ANA>: <@U_MEI> has ended the comparison")]) == 1


async def test_the_question_what_has_changed_comes_later_where_slack_fails(hasty: Workspace, data: Path):
    mine, theirs = await both_finished(hasty)
    await agreed(hasty, mine, theirs)
    await in_group(hasty)
    await hasty.settled()
    refused = {"method": "chat.postMessage", "error": "service_unavailable", "times": 1}
    await hasty.faults(api=[refused])

    before = len(await hasty.traffic("chat.postMessage"))

    async def is_asked() -> bool:
        return any("Has anything changed since?" in shown(each) for each in await hasty.dm(ANA))

    async def is_tried() -> bool:
        return len(await hasty.traffic("chat.postMessage")) > before

    await change(data, f"UPDATE comparisons SET due_at = {next(MOMENTS)}")
    await hasty.until(is_tried, ANA)
    await hasty.settled()
    assert not await is_asked()

    await change(data, f"UPDATE comparisons SET due_at = {next(MOMENTS)} WHERE due_at IS NOT NULL")

    await hasty.until(is_asked, ANA)


async def test_what_failed_while_it_was_due_is_begun_again(
    hasty: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
):
    """A comparison whose work has ended without a result, as where our own database was damaged, stays due."""
    monkeypatch.setattr(compare, "BEGUN_AGAIN_AFTER", 0.01)
    mine, theirs = await both_finished(hasty)
    await agreed(hasty, mine, theirs)
    await in_group(hasty)
    await hasty.settled()
    taken, failed = Comparisons.take_due, asyncio.Event()

    async def fail_once(*args: Any, **kwargs: Any) -> bool:
        if not failed.is_set():
            failed.set()
            raise ValueError("as of a bug")
        return await taken(*args, **kwargs)

    monkeypatch.setattr(Comparisons, "take_due", fail_once)

    async def is_asked() -> bool:
        return any("Has anything changed since?" in shown(each) for each in await hasty.dm(ANA))

    await change(data, f"UPDATE comparisons SET due_at = {next(MOMENTS)}")
    await failed.wait()

    await hasty.until(is_asked, ANA)


async def test_a_reveal_is_known_though_its_comparison_is_kept_no_longer(hasty: Workspace, data: Path):
    mine, theirs = await both_finished(hasty)
    await agreed(hasty, mine, theirs)
    await in_group(hasty)
    await hasty.settled()
    await change(data, "UPDATE comparisons SET due_at = NULL, moved_at = moved_at - 31 * 86400")
    store = await Store.open(Settings(_env_file=None, data_dir=data).store_url)
    await store.comparisons.prune(time.time() - 30 * 86_400)
    assert await store.comparisons.revealed("T_LOCAL", ANA) == []
    await store.close()

    await hasty.command(ANA, "C_ASK", "/rolefit", "shares")
    await privately(hasty, "in a comparison of which I keep nothing any more")
    await hasty.command(ANA, "C_ASK", "/rolefit", "compare")
    await hasty.submit(ANA, {PICK: MEI})
    await hasty.submit(ANA)

    assert ONE_WAY in shown(await invitation(hasty))
    assert await asking(hasty, mine, "I have asked <@U_MEI>")
