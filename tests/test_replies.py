"""What was replied is remembered once, by one piece of work at a time."""

import asyncio
import time
from dataclasses import replace

import pytest

from bot.storage import TOP_LEVEL, BusyError, ChannelSettings, Reply, ReplyState, Store
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
    start, edited = time.time(), replace(FIRST, revision="6.0")
    await store.replies.hold(TEAM, ASK, FIRST, by="say")
    monkeypatch.setattr("bot.storage.replies.time.time", lambda: start + 890)
    assert await store.replies.is_held(TEAM, ASK, FIRST.question_ts)
    with pytest.raises(BusyError):
        await store.replies.hold(TEAM, ASK, edited, by="edit")

    monkeypatch.setattr("bot.storage.replies.time.time", lambda: start + 910)
    assert not await store.replies.is_held(TEAM, ASK, FIRST.question_ts)
    assert await store.replies.hold(TEAM, ASK, edited, by="edit")
    posted = replace(edited, state=ReplyState.POSTED, answer_ts="6.1")
    await store.replies.settle(TEAM, ASK, posted, by="edit", posted=True)
    await store.replies.hold(TEAM, ASK, replace(posted, revision="7.0"), by="another edit")
    monkeypatch.setattr("bot.storage.replies.time.time", lambda: start + 1790)
    with pytest.raises(BusyError):
        await store.replies.hold_posted(TEAM, ASK, FIRST.question_ts, by="correction")
    monkeypatch.setattr("bot.storage.replies.time.time", lambda: start + 1830)
    assert await store.replies.hold_posted(TEAM, ASK, FIRST.question_ts, by="correction")


async def test_what_was_held_by_a_clock_that_has_been_put_back_is_free(store: Store, monkeypatch: pytest.MonkeyPatch):
    start, edited = time.time(), replace(FIRST, revision="6.0")
    monkeypatch.setattr("bot.storage.replies.time.time", lambda: start + 7200)
    await store.replies.hold(TEAM, ASK, FIRST, by="work that died")

    monkeypatch.setattr("bot.storage.replies.time.time", lambda: start)
    assert not await store.replies.is_held(TEAM, ASK, FIRST.question_ts)
    assert await store.replies.hold(TEAM, ASK, edited, by="edit")
    posted = replace(edited, state=ReplyState.POSTED, answer_ts="6.1")
    await store.replies.settle(TEAM, ASK, posted, by="edit", posted=True)
    monkeypatch.setattr("bot.storage.replies.time.time", lambda: start + 7200)
    assert await store.replies.hold_posted(TEAM, ASK, FIRST.question_ts, by="work that died, too")
    monkeypatch.setattr("bot.storage.replies.time.time", lambda: start)
    assert await store.replies.hold_posted(TEAM, ASK, FIRST.question_ts, by="correction")


async def test_an_entry_is_posted_once_in_ten_minutes_in_each_channel(store: Store, monkeypatch: pytest.MonkeyPatch):
    assert await store.replies.claim_entries(TEAM, ASK, ["mts"], "5.0", 600) == {}
    assert await store.replies.claim_entries(TEAM, ASK, ["mts"], "5.0", 600) == {}
    assert await store.replies.claim_entries(TEAM, ASK, ["xai", "mts"], "6.0", 600) == {"mts": "5.0"}
    assert await store.replies.claim_entries(TEAM, ASK, ["xai"], "7.0", 600) == {"xai": "6.0"}
    assert await store.replies.claim_entries(TEAM, "C_OTHER", ["mts"], "6.0", 600) == {}

    await store.replies.hold(TEAM, ASK, FIRST, by="say")
    withdrawn = replace(FIRST, state=ReplyState.WITHDRAWN)
    await store.replies.settle(TEAM, ASK, withdrawn, by="edit")  # which does not hold it
    assert await store.replies.claim_entries(TEAM, ASK, ["mts"], "7.0", 600) == {"mts": "5.0"}
    await store.replies.settle(TEAM, ASK, withdrawn, by="say")
    assert await store.replies.claim_entries(TEAM, ASK, ["mts"], "7.0", 600) == {}

    later = time.time() + 601
    monkeypatch.setattr("bot.storage.replies.time.time", lambda: later)
    assert await store.replies.claim_entries(TEAM, ASK, ["mts"], "8.0", 600) == {}


async def test_the_ten_minutes_count_from_when_the_answer_was_there(store: Store, monkeypatch: pytest.MonkeyPatch):
    start = time.time()
    await store.replies.hold(TEAM, ASK, FIRST, by="say")
    await store.replies.claim_entries(TEAM, ASK, ["mts"], FIRST.question_ts, 600)
    monkeypatch.setattr("bot.storage.replies.time.time", lambda: start + 500)
    await store.replies.settle(
        TEAM, ASK, replace(FIRST, state=ReplyState.POSTED, answer_ts="5.1"), by="say", posted=True
    )

    monkeypatch.setattr("bot.storage.replies.time.time", lambda: start + 700)
    assert await store.replies.claim_entries(TEAM, ASK, ["mts"], "7.0", 600) == {"mts": FIRST.question_ts}
    # An edit that changes nothing two days later makes no new answer of it.
    await store.replies.hold(TEAM, ASK, replace(FIRST, revision="9.0"), by="edit")
    edited = replace(FIRST, state=ReplyState.POSTED, answer_ts="5.1", revision="9.0")
    await store.replies.settle(TEAM, ASK, edited, by="edit")
    monkeypatch.setattr("bot.storage.replies.time.time", lambda: start + 1200)
    assert await store.replies.claim_entries(TEAM, ASK, ["mts"], "8.0", 600) == {}


async def test_a_claim_is_taken_over_from_an_answer_that_does_not_say_it(store: Store):
    await store.replies.claim_entries(TEAM, ASK, ["mts", "xai"], "5.0", 600)

    stale = {"mts": "5.0", "xai": "4.0"}
    assert await store.replies.claim_entries(TEAM, ASK, ["mts", "xai"], "6.0", 600, instead_of=stale) == {"xai": "5.0"}


async def test_what_stopped_work_has_held_is_free(store: Store):
    await store.replies.hold(TEAM, ASK, FIRST, by="say")
    await store.replies.release(TEAM, ["say", "other"])

    released = await store.replies.get(TEAM, ASK, FIRST.question_ts)
    assert released
    assert released.state is ReplyState.WITHHELD
    assert await store.replies.hold(TEAM, ASK, replace(FIRST, revision="6.0"), by="edit")


async def test_an_answer_that_becomes_another_gives_up_what_it_does_not_say(store: Store):
    await store.replies.hold(TEAM, ASK, FIRST, by="say")
    await store.replies.claim_entries(TEAM, ASK, ["mts", "xai"], FIRST.question_ts, 600)
    changed = replace(FIRST, state=ReplyState.POSTED, answer_ts="5.1", entries=("xai",))
    await store.replies.settle(TEAM, ASK, changed, by="say")

    assert await store.replies.claim_entries(TEAM, ASK, ["mts", "xai"], "6.0", 600) == {"xai": FIRST.question_ts}


async def test_who_clicks_holds_a_reply_without_revising_it(store: Store):
    await store.replies.hold(TEAM, ASK, replace(FIRST, revision="9.0"), by="edit")
    with pytest.raises(BusyError):
        await store.replies.hold(TEAM, ASK, FIRST, by="click", revises=False)
    await store.replies.settle(TEAM, ASK, replace(FIRST, revision="9.0"), by="edit")

    held = await store.replies.hold(TEAM, ASK, FIRST, by="click", revises=False)
    assert held == replace(FIRST, revision="9.0")
    assert await store.replies.is_held(TEAM, ASK, FIRST.question_ts)
    await store.replies.settle(TEAM, ASK, held, by="click")
    assert not await store.replies.is_held(TEAM, ASK, FIRST.question_ts)
    assert await store.replies.hold(TEAM, ASK, replace(FIRST, revision="9.5"), by="a later edit")


async def test_a_hold_is_kept_for_as_long_as_its_work_says_so(store: Store, monkeypatch: pytest.MonkeyPatch):
    start = time.time()
    await store.replies.hold(TEAM, ASK, FIRST, by="say")
    assert await store.replies.renew(TEAM, ASK, FIRST, by="say", seconds=3600)
    monkeypatch.setattr("bot.storage.replies.time.time", lambda: start + 3000)
    edited = replace(FIRST, revision="6.0")
    with pytest.raises(BusyError):
        await store.replies.hold(TEAM, ASK, edited, by="edit")

    monkeypatch.setattr("bot.storage.replies.time.time", lambda: start + 6000)
    assert await store.replies.hold(TEAM, ASK, edited, by="edit")
    assert not await store.replies.renew(TEAM, ASK, FIRST, by="say")
    await store.replies.settle(TEAM, ASK, edited, by="edit", failed=True)
    assert not await store.replies.is_held(TEAM, ASK, FIRST.question_ts)
    assert not await store.replies.renew(TEAM, ASK, FIRST, by="say")  # other work has held it since
    # What failed has let go, and holds its reply again when it is done again.
    assert await store.replies.hold(TEAM, ASK, edited, by="edit") == edited
    await store.replies.settle(TEAM, ASK, edited, by="edit", failed=True)
    assert await store.replies.renew(TEAM, ASK, edited, by="edit")
    assert await store.replies.is_held(TEAM, ASK, FIRST.question_ts)


async def test_links_to_an_answer_are_known(store: Store):
    linking = [{}, {"mts": "5.0"}, {"xai": "4.0"}, {"xai": "4.0", "mts": "5.0"}]
    for number, linked in enumerate(linking):
        reply = Reply(f"5.{number}", "5.0", "U_ANA", "channel", "link", tuple(linked), linked=linked, replied_at=5.0)
        await store.replies.hold(TEAM, ASK, reply, by="say")
        await store.replies.settle(TEAM, ASK, replace(reply, state=ReplyState.POSTED), by="say")
    assert (await store.replies.get(TEAM, ASK, "5.3")) == replace(reply, state=ReplyState.POSTED)

    assert [link.question_ts for link in await store.replies.links(TEAM, ASK, "5.0")] == ["5.1", "5.3"]


async def test_what_failed_holds_nothing_once_somebody_else_has_posted(store: Store):
    await store.replies.hold(TEAM, ASK, FIRST, by="say")
    await store.replies.settle(TEAM, ASK, replace(FIRST, state=ReplyState.WITHHELD), by="say", failed=True)
    assert await store.replies.hold(TEAM, ASK, FIRST, by="click", revises=False)
    await store.replies.settle(TEAM, ASK, replace(FIRST, state=ReplyState.POSTED, answer_ts="5.1"), by="click")

    assert not await store.replies.renew(TEAM, ASK, FIRST, by="say")


async def test_an_asker_who_was_forgotten_meanwhile_stays_forgotten(store: Store):
    await store.replies.hold(TEAM, ASK, FIRST, by="say")
    await store.people.forget(TEAM, "U_ANA")
    await store.replies.settle(TEAM, ASK, replace(FIRST, state=ReplyState.POSTED), by="say")

    posted = await store.replies.get(TEAM, ASK, FIRST.question_ts)
    assert posted
    assert posted.asker is None


async def test_channels_threads_and_people_keep_what_was_chosen(store: Store):
    assert await store.replies.channel(TEAM, ASK) == ChannelSettings()
    await store.replies.mark_welcomed(TEAM, ASK)
    await store.replies.note_shared(TEAM, ASK, at=5.0, shared=True)  # about no mode
    await store.replies.set_mode(TEAM, ASK, "whisper", by="U_ANA", at=5.0)
    assert (await store.replies.channel(TEAM, ASK)).chosen_for_shared is None
    await store.replies.note_shared(TEAM, ASK, at=5.0, shared=False)
    assert (await store.replies.channel(TEAM, ASK)).chosen_for_shared is False
    await store.replies.set_mode(TEAM, ASK, "off", by="U_BEN", at=6.0)
    await store.replies.set_mode(TEAM, ASK, "whisper", by="U_ANA", at=5.0)  # delivered again
    await store.replies.note_shared(TEAM, ASK, at=5.0, shared=False)  # of the choice before
    await store.replies.note_shared(TEAM, ASK, at=6.0, shared=True)
    chosen = await store.replies.channel(TEAM, ASK)
    assert (chosen.mode, chosen.changed_by, chosen.chosen_for_shared) == ("off", "U_BEN", True)
    assert chosen.welcomed_at

    assert await store.replies.around(TEAM, ASK, "5.0", "U_ANA", []) == Surroundings("off", True, False, False, 0)
    for _ in range(2):
        await store.replies.hush(TEAM, ASK, "5.0", by="U_ANA")

    assert await store.replies.choices_of(TEAM, "U_ANA") == (True, True)
    await store.replies.choose(TEAM, "U_ANA", answers_unasked=False)
    await store.replies.choose(TEAM, "U_ANA", news=False)
    assert await store.replies.choices_of(TEAM, "U_ANA") == (False, False)
    assert await store.replies.around(TEAM, ASK, "5.0", "U_ANA", []) == Surroundings("off", True, True, True, 0)
    assert await store.replies.around(TEAM, "C_OTHER", "5.0", None, []) == Surroundings(None, None, False, False, 0)


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
    assert [reply.question_ts for _, reply in await store.replies.posted_since(TEAM, 0.0, ("", ""), 9)] == [
        "5.0",
        "5.1",
        "5.3",
    ]
    await store.prune(before=6.0, now=6.0)
    assert await store.replies.posted_since(TEAM, 0.0, ("", ""), 9) == []


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


async def test_what_threads_are_answered_with_is_remembered_with_the_claim(store: Store):
    threads = {"5.0": "mts", TOP_LEVEL: "mts"}
    assert await store.replies.claim_entries(TEAM, ASK, ["mts"], "5.0", 600, last_answers=threads) == {}
    assert await store.replies.claim_entries(TEAM, ASK, [], "6.0", 600, last_answers={TOP_LEVEL: "xai"}) == {}

    assert await store.last_answer(TEAM, ASK, "5.0") == "mts"
    assert await store.last_answer(TEAM, ASK, TOP_LEVEL) == "xai"
