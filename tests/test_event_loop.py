"""A conversation keeps nobody else waiting: nothing in it holds the event loop for long."""

import asyncio
import gc
import json
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from bot.domain.gaps import QuestionKind
from bot.domain.matching_text import MAX_CHARACTERS
from bot.knowledge import Library
from bot.slack.event_payloads import MessageChanged, MessageEvent
from bot.slack.incoming import incoming_message
from bot.storage import Store
from bot.storage.tables import questions
from tests.conftest import bot_in
from tests.sharing import copy_of, shared
from tests.test_quiz_conversation import begin, message, question, result, take, write
from tests.workspace import BOT, Sent, Workspace, shown

# What a callback may take, in the processor time of the yardstick at the same moment: how fast a machine is, and who
# else uses it, changes both alike. It is about 20 ms where the yardstick takes 1 ms. The longest takes half of it, the
# workspace's own callbacks among them; parsing a long reply whole, or finding what flips a result, took several times
# as long.
MOST = 20.0
LOOKED_AT = 0.004  # seconds, below which no machine in use is quick enough for a callback to be too long
YARDSTICK = [f"{number % 97} words of this and that" for number in range(950)]
TRIES = 4  # that a callback is given at most, since whoever else runs makes any one look slow
THOUSANDS = 3_000  # of questions, which all at once take the loop several times as long as that
LONGEST = "half zq, " * 4_400  # Slack lets a message have 40,000 characters
MANY_SIGNS = f"more{'?' * 1_000} so"  # of which a pattern that reads them in two ways tries them all


def yardstick() -> float:
    """Give the seconds of processor time that a fixed piece of work takes now: strings, dictionaries and JSON."""
    before = time.thread_time()
    counted: dict[str, int] = {}
    for text in json.loads(json.dumps(YARDSTICK)):
        for word in text.split():
            counted[word] = counted.get(word, 0) + 1
    return time.thread_time() - before


@contextmanager
def longest_callbacks(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, float]]:
    """Give the callbacks of the event loop, by the most that each took in yardsticks; not what the test itself does."""
    test = asyncio.current_task()
    took: dict[str, float] = {}
    run = asyncio.Handle._run

    def timed(handle: Any) -> None:
        before = time.thread_time()
        run(handle)
        seconds = time.thread_time() - before
        task = getattr(handle._callback, "__self__", None)
        if task is test or seconds < LOOKED_AT:
            return
        what = task.get_coro() if isinstance(task, asyncio.Task) else handle
        name = re.sub(r" at 0x[0-9a-f]+", "", str(getattr(what, "cr_code", what)))[:300]
        took[name] = max(took.get(name, 0.0), seconds / max(yardstick() for _ in range(3)))

    gc.collect()
    gc.disable()  # what a collection takes depends on all that the test process holds
    monkeypatch.setattr(asyncio.Handle, "_run", timed)
    try:
        yield took
    finally:
        monkeypatch.setattr(asyncio.Handle, "_run", run)
        gc.enable()


async def too_long(monkeypatch: pytest.MonkeyPatch, doing: Callable[[], Awaitable[None]]) -> dict[str, float]:
    """Do something until no callback takes too long, and name those that did each time, with the least they took."""
    always: dict[str, float] = {}
    for attempt in range(TRIES):
        with longest_callbacks(monkeypatch) as took:
            await doing()
        long = {name: least for name, least in took.items() if least > MOST}
        always = {
            name: min(least, always.get(name, least)) for name, least in long.items() if not attempt or name in always
        }
        if not always:
            break
    return always


async def test_no_part_of_a_conversation_holds_the_event_loop(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        await converse(workspace)  # what is done once in a process, such as imports, is done
        await withdraws(workspace)

        async def all_of_it() -> None:
            await converse(workspace)
            await withdraws(workspace)

        assert not await too_long(monkeypatch, all_of_it)


async def test_reading_thousands_of_questions_does_not_hold_the_event_loop(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    kept = {"team": "T1", "user": "U1", "kind": QuestionKind.UNANSWERED, "text": "what is it?", "asked_at": 1.0}
    async with store._engine.begin() as connection:
        await connection.execute(insert(questions), [{**kept, "id": f"C1:{number}"} for number in range(THOUSANDS)])

    listed: list[object] = []

    async def read() -> None:
        listed[:] = await asyncio.create_task(store.gaps.listed("T1"))

    assert not await too_long(monkeypatch, read)
    assert len(listed) == THOUSANDS


def test_a_callback_that_holds_the_loop_is_seen(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tests.test_event_loop.yardstick", lambda: LOOKED_AT / MOST)  # always alike

    async def holds() -> None:
        before = time.thread_time()
        while time.thread_time() - before < 2 * LOOKED_AT:
            pass

    async def doing() -> None:
        await asyncio.create_task(holds())

    assert [name for name in asyncio.run(too_long(monkeypatch, doing)) if "holds" in name]


async def converse(workspace: Workspace) -> None:
    root = await begin(workspace)
    await question(workspace, root, 1)
    await write(workspace, root, LONGEST)
    await said(workspace, root, "Which two?")
    await take(workspace, root)
    await result(workspace, root)
    await workspace.post("U_ANA", "C_ASK", LONGEST)
    asked = await workspace.post("U_ANA", "C_ASK", "Why did xAI drop the researcher title?")
    await workspace.replies(asked)
    await workspace.post("U_ANA", "C_ASK", f"<@{BOT}> {MANY_SIGNS}", asked)
    await workspace.replies(asked, count=2)


async def withdraws(workspace: Workspace) -> None:
    """Share a result, have it read, take it back, and look at Home."""
    root, receipt = await shared(workspace)
    await workspace.click("U_MEI", await copy_of(workspace), "Mark as read")
    await workspace.click("U_ANA", receipt, "Withdraw")
    await message(workspace, root, "Withdrawn on")
    await workspace.home("U_ANA")
    await workspace.settled()


async def said(workspace: Workspace, root: Sent, text: str) -> None:
    """Wait until this stands in the thread."""

    async def there() -> bool:
        return any(text in shown(each) for each in await workspace.thread(root.channel, root, root.user))

    await workspace.until(there, root.user)


@pytest.mark.parametrize("thread", [None, "1.1"])
def test_of_a_long_message_the_beginning_is_heard(thread: str | None):
    text = "x" * 30_000 + " <@UBOT>"
    event = MessageEvent(type="message", user="U1", channel="C1", ts="1.2", thread_ts=thread, text=text)

    message = incoming_message(event, "UBOT")

    assert message is not None
    assert message.text == "x" * MAX_CHARACTERS
    assert message.surface == "mention"  # even where our name stands at the end
    changed = {"user": "U1", "ts": "1.2", "thread_ts": "1.1", "text": text, "edited": {"ts": "1.3"}}
    edit = {"type": "message", "subtype": "message_changed", "channel": "D1", "channel_type": "im", "message": changed}
    edited = incoming_message(MessageChanged.model_validate(edit), "UBOT")
    assert edited is not None
    assert len(edited.text) == MAX_CHARACTERS
