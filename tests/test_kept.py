"""One bot for many tests: each finds it as if it had just started."""

import asyncio
import pickle
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.knowledge import Library
from bot.slack.slack_worker import SlackWorker
from tests import kept, played
from tests.conftest import with_bot
from tests.sharing import ANA, BEN, MEI, shared
from tests.test_quiz_conversation import begin, question
from tests.workspace import PATIENCE, Workspace, shown


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take no other bot only because the machine is busy."""
    monkeypatch.setattr(kept, "ENDS_WITHIN", PATIENCE)


@asynccontextmanager
async def a_keeper() -> AsyncIterator[kept.Keeper]:
    """Give one of our own until the end of the block: what the others share is not to be tried."""
    keeper = kept.Keeper()
    try:
        yield keeper
    finally:
        await keeper.stop()


def remembered(workspace: Workspace) -> list[dict[str, Any]]:
    """Give all that a workspace and the workers of its bot remember."""
    [space] = workspace.spaces
    return [kept.plain(part) for part in [*kept.parts_of(space), *SlackWorker._made]]


async def do_all_sorts(workspace: Workspace) -> None:
    """Have people do what leaves something everywhere: rows, messages, windows, faults, channels, work that waits."""
    await workspace.invite(ANA, await workspace.create_channel(ANA, "new"))
    asked = await workspace.mention(ANA, "C_ASK", "what does MTS stand for?")
    [answer] = await workspace.replies(asked)
    await workspace.react(BEN, answer, "tada")
    await shared(workspace)
    await workspace.home(BEN)
    root = await begin(workspace, BEN)
    await question(workspace, root, 1)
    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")
    await workspace.modal(ANA)
    await workspace.deactivate(MEI)
    await workspace.faults(api=[{"method": "chat.postMessage", "error": "is_archived", "times": 5}], twice=3)


@pytest.mark.both_databases
async def test_a_bot_that_is_kept_remembers_nothing_of_the_test_before(
    library: Library, tmp_path: Path, kept_in: dict[str, Any]
):
    async with a_keeper() as keeper:
        await forgets_all(keeper, lambda: with_bot(library, tmp_path, kept_in))


async def forgets_all(keeper: kept.Keeper, start: Callable[[], AbstractAsyncContextManager[Workspace]]) -> None:
    """Have the bot of a keeper do all sorts of things, and see that nothing is left of them."""
    bot = await keeper.bot(start)
    await keeper.clear()
    async with bot.lent() as workspace:
        at_first = pickle.loads(pickle.dumps(remembered(workspace)))
        await do_all_sorts(workspace)
        assert played.read(bot.settings)
        assert remembered(workspace) != at_first

    await keeper.clear()

    assert await keeper.bot(start) is bot
    async with bot.lent() as workspace:
        assert remembered(workspace) == at_first
        assert played.read(bot.settings) == {}
        assert await workspace.dm(ANA) == await workspace.dm(MEI) == []
        await shared(workspace)  # with whom was deactivated, by what failed
        asked = await workspace.mention(ANA, "C_ASK", "what does MTS stand for?")
        [answer] = await workspace.replies(asked)
        assert "one internal title" in shown(answer)


async def test_where_a_test_leaves_something_that_runs_the_next_one_has_another_bot(library: Library, tmp_path: Path):
    goes_on = asyncio.Event()

    async def left() -> None:
        await goes_on.wait()

    async with a_keeper() as keeper:
        first = await keeper.bot(lambda: with_bot(library, tmp_path / "first", {}))
        task = asyncio.create_task(left())

        await keeper.clear()

        goes_on.set()
        await task
        assert await keeper.bot(lambda: with_bot(library, tmp_path / "second", {})) is not first
