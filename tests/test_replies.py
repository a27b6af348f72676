"""What was replied is remembered once, by one piece of work at a time."""

import asyncio
import time
from dataclasses import replace

import pytest

from bot.storage import BusyError, ChannelSettings, Reply, ReplyState, Store
from bot.storage.replies import Surroundings

TEAM, ASK = "T_ONE", "C_ASK"
FIRST = Reply("5.0", "5.0", "U_ANA", "channel", "answer", ("mts",), replied_at=5.0)


async def test_one_piece_of_work_holds_a_reply_until_it_is_settled(store: Store):
    assert await store.replies.hold(TEAM, ASK, FIRST, by="say") == FIRST
    assert await store.replies.hold(TEAM, ASK, FIRST, by="say") == FIRST  # the same work after a crash
    edited = replace(FIRST, revision="6.0")
    with pytest.raises(BusyError):
        await store.replies.hold(TEAM, ASK, edited, by="edit")

    posted = replace(FIRST, state=ReplyState.POSTED, answer_ts="5.1")
    await store.replies.settle(TEAM, ASK, posted, by="edit")  # which does not hold it
    await store.replies.settle(TEAM, ASK, posted, by="say")

    assert await store.replies.get(TEAM, ASK, "5.0") == posted
    assert await store.replies.of_answer(TEAM, ASK, "5.1") == posted
    assert await store.replies.hold(TEAM, ASK, edited, by="edit") == replace(posted, revision="6.0")


async def test_a_revision_that_comes_late_changes_nothing(store: Store):
    deleted = replace(FIRST, revision="7.0")
    assert await store.replies.hold(TEAM, ASK, deleted, by="delete") == deleted
    await store.replies.settle(TEAM, ASK, replace(deleted, state=ReplyState.WITHDRAWN), by="delete")

    assert await store.replies.hold(TEAM, ASK, FIRST, by="say") is None
    assert await store.replies.hold(TEAM, ASK, replace(FIRST, revision="6.0"), by="edit") is None
    assert await store.replies.hold(TEAM, ASK, deleted, by="delete again") is None


async def test_what_work_that_is_gone_has_held_is_taken_over(store: Store, monkeypatch: pytest.MonkeyPatch):
    await store.replies.hold(TEAM, ASK, FIRST, by="say")
    later = time.time() + 1000
    monkeypatch.setattr("bot.storage.replies.time.time", lambda: later)

    assert await store.replies.hold(TEAM, ASK, replace(FIRST, revision="6.0"), by="edit")


async def test_an_entry_is_posted_once_in_ten_minutes_in_each_channel(store: Store, monkeypatch: pytest.MonkeyPatch):
    assert await store.replies.answered_lately(TEAM, ASK, "mts", "5.0", 600) is None
    assert await store.replies.answered_lately(TEAM, ASK, "mts", "5.0", 600) is None
    assert await store.replies.answered_lately(TEAM, ASK, "mts", "6.0", 600) == "5.0"
    assert await store.replies.answered_lately(TEAM, "C_OTHER", "mts", "6.0", 600) is None

    await store.replies.hold(TEAM, ASK, FIRST, by="say")
    await store.replies.settle(TEAM, ASK, replace(FIRST, state=ReplyState.WITHDRAWN), by="say")
    assert await store.replies.answered_lately(TEAM, ASK, "mts", "7.0", 600) is None  # the first one is gone

    later = time.time() + 601
    monkeypatch.setattr("bot.storage.replies.time.time", lambda: later)
    assert await store.replies.answered_lately(TEAM, ASK, "mts", "8.0", 600) is None


async def test_channels_threads_and_people_keep_what_was_chosen(store: Store):
    assert await store.replies.channel(TEAM, ASK) == ChannelSettings()
    assert [await store.replies.welcome(TEAM, ASK) for _ in range(2)] == [True, False]
    await store.replies.set_mode(TEAM, ASK, "whisper", by="U_ANA")
    await store.replies.set_mode(TEAM, ASK, "off", by="U_BEN")
    chosen = await store.replies.channel(TEAM, ASK)
    assert (chosen.mode, chosen.changed_by, bool(chosen.welcomed_at)) == ("off", "U_BEN", True)

    assert await store.replies.around(TEAM, ASK, "5.0", "U_ANA", []) == Surroundings("off", False, False, 0)
    for _ in range(2):
        await store.replies.hush(TEAM, ASK, "5.0", by="U_ANA")

    assert await store.replies.choices_of(TEAM, "U_ANA") == (True, True)
    await store.replies.choose(TEAM, "U_ANA", answers_unasked=False)
    await store.replies.choose(TEAM, "U_ANA", news=False)
    assert await store.replies.choices_of(TEAM, "U_ANA") == (False, False)
    assert await store.replies.around(TEAM, ASK, "5.0", "U_ANA", []) == Surroundings("off", True, True, 0)
    assert await store.replies.around(TEAM, "C_OTHER", "5.0", None, []) == Surroundings(None, False, False, 0)


async def test_what_was_posted_unasked_in_a_thread_is_counted(store: Store):
    for number, (surface, state) in enumerate(
        [("channel", "posted"), ("thread", "posted"), ("thread", "whispered"), ("mention", "posted")]
    ):
        reply = Reply(f"5.{number}", "5.0", "U_ANA", surface, "answer", ("mts",), replied_at=5.0)
        await store.replies.hold(TEAM, ASK, reply, by="say")
        await store.replies.settle(TEAM, ASK, replace(reply, state=ReplyState(state)), by="say")

    assert (await store.replies.around(TEAM, ASK, "5.0", None, ["channel", "thread"])).answers == 2
    await store.replies.hold(TEAM, ASK, Reply("5.5", "5.0", "U_ANA", "thread", "answer", ("mts",)), by="on its way")
    unasked = (TEAM, ASK, "5.0", None, ["channel", "thread"])
    assert (await store.replies.around(*unasked, question_ts="5.6")).answers == 3
    assert (await store.replies.around(*unasked, question_ts="5.5")).answers == 2
    assert [reply.question_ts for _, reply in await store.replies.posted_since(TEAM, 0.0)] == ["5.0", "5.1", "5.3"]
    await store.prune(before=6.0, now=6.0)
    assert await store.replies.posted_since(TEAM, 0.0) == []


async def test_a_correction_and_an_edit_never_hold_the_same_reply(store: Store):
    for number in range(20):
        reply = replace(FIRST, question_ts=f"5.{number}")
        await store.replies.hold(TEAM, ASK, reply, by="say")
        await store.replies.settle(TEAM, ASK, replace(reply, state=ReplyState.POSTED, answer_ts="5.1"), by="say")

        holds = await asyncio.gather(
            store.replies.hold_posted(TEAM, ASK, reply.question_ts, by="correct"),
            store.replies.hold(TEAM, ASK, replace(reply, revision="6.0"), by="edit"),
            return_exceptions=True,
        )

        assert [isinstance(held, BusyError) for held in holds].count(True) == 1, holds
