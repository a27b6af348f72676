"""Comparisons as rows, on both databases: who moves them at once, what is kept, and what goes."""

import asyncio
import time
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.domain import quiz
from bot.domain.actions import Action, Answer, Delete, Reply
from bot.domain.compare import (
    Accept,
    Agree,
    Comparison,
    Deliver,
    Event,
    Follow,
    GiveUp,
    Lapse,
    Lose,
    Outcome,
    Side,
    State,
    Withdraw,
)
from bot.domain.quiz_content import OWN, PURPOSE
from bot.domain.share import ShareState
from bot.knowledge import Library
from bot.storage import Moved, Share, Store
from bot.storage.share_traces import FormerReveal
from bot.storage.tables import comparisons

TEAM, ANA, MEI, FIRST = "T_ONE", "U_ANA", "U_MEI", "c1"


async def act(store: Store, run_id: str, action: Action, by: str = "answers") -> None:
    applied = await store.runs.apply(TEAM, run_id, lambda run: quiz.apply(run, action), by=by)
    assert applied


def all_answers(library: Library, position: int, ts: str = "1.0") -> Reply:
    return Reply(answers={question.id: (question.choices[position].id,) for question in library.quiz.questions}, ts=ts)


async def begun(store: Store, library: Library) -> None:
    """Have Ana finish a round and invite Mei."""
    await store.runs.begin(TEAM, "r1", quiz.begin(library.quiz), user=ANA, channel="D_ANA", root_ts="1.1")
    await act(store, "r1", Answer(prompt=1, question=PURPOSE, choices=(OWN,)), by="about")
    await act(store, "r1", all_answers(library, 0))
    assert await store.comparisons.begin(TEAM, FIRST, "r1", sender=ANA, manager=MEI, by="invite")


async def finished(store: Store, library: Library) -> tuple[int, int]:
    """Have both finish, and be asked; gives the versions of their answers."""
    await begun(store, library)
    await move(store, Accept())
    run, where = quiz.begin(library.quiz, ANA), {"user": MEI, "channel": "D_MEI", "root_ts": "2.1"}
    await store.runs.begin(TEAM, "r2", run, comparison=FIRST, **where)
    await act(store, "r2", all_answers(library, -1))
    versions = (await move(store, Follow())).stored.comparison.asked
    assert versions
    return versions


async def move(store: Store, event: Event, by: str = "job") -> Moved:
    moved = await store.comparisons.move(TEAM, FIRST, event, by=f"{by} {type(event).__name__}")
    assert moved
    return moved


def engine(store: Store) -> AsyncEngine:
    return store.comparisons._engine


async def test_both_who_agree_at_once_reveal_once(store: Store, library: Library):
    versions = await finished(store, library)

    moved = await asyncio.gather(*(move(store, Agree(side, versions), by=side) for side in (*Side, *Side)))

    assert [each.outcome for each in moved].count(Outcome.TAKEN) == 2
    assert [each.stored.comparison.state for each in moved if each.outcome is Outcome.TAKEN].count(State.AGREED) == 1
    now = await store.comparisons.get(TEAM, FIRST)
    assert now
    assert now.shown
    first = library.quiz.questions[0]
    assert now.shown.sender[first.id] == (first.choices[0].id,)
    assert now.shown.manager[first.id] == (first.choices[-1].id,)
    assert (await move(store, Deliver())).stored.comparison.state is State.REVEALED
    now = await store.comparisons.get(TEAM, FIRST)
    assert now
    assert now.shown is None


async def test_nobody_agrees_to_answers_that_are_changing(store: Store, library: Library):
    versions = await finished(store, library)
    await move(store, Agree(Side.SENDER, versions))
    first = library.quiz.questions[0]
    changed = Reply(answers={first.id: (first.choices[1].id,)}, ts="3.0")

    _, moved = await asyncio.gather(
        act(store, "r1", changed, by="change"), move(store, Agree(Side.MANAGER, versions), by="agree")
    )

    now = await store.comparisons.get(TEAM, FIRST)
    assert now
    if moved.outcome is Outcome.TAKEN:  # they agreed before the change, and to what it was then
        assert now.shown
        assert now.shown.sender[first.id] == (first.choices[0].id,)
    else:
        assert (moved.outcome, now.shown) == (Outcome.CHANGED, None)


async def test_work_that_asks_again_after_a_crash_does_what_follows_unless_others_have_moved_on(
    store: Store, library: Library
):
    await begun(store, library)
    first, again = await move(store, Accept(), by="a"), await move(store, Accept(), by="a")
    other = await move(store, Accept(), by="b")
    await move(store, Withdraw(Side.SENDER), by="c")
    late = await move(store, Accept(), by="a")

    assert [(each.outcome, each.mine) for each in (first, again, other, late)] == [
        (Outcome.TAKEN, True),
        (Outcome.REPEATED, True),
        (Outcome.REPEATED, False),
        (Outcome.OVER, False),
    ]


async def test_one_is_open_at_a_time_for_the_same_result_and_person(store: Store, library: Library):
    await begun(store, library)

    again = await store.comparisons.begin(TEAM, FIRST, "r1", sender=ANA, manager=MEI, by="invite")
    second = await store.comparisons.begin(TEAM, "c2", "r1", sender=ANA, manager=MEI, by="other")
    with_another = await store.comparisons.begin(TEAM, "c3", "r1", sender=ANA, manager="U_BEN", by="other")
    await move(store, Withdraw(Side.MANAGER))
    after = await store.comparisons.begin(TEAM, "c2", "r1", sender=ANA, manager=MEI, by="other")

    assert (again, second, with_another, after) == (True, False, True, True)
    assert await store.comparisons.open_of_run(TEAM, "r1") == ["c3", "c2"]
    assert await store.comparisons.open_of_person(TEAM, MEI) == ["c2"]


async def test_a_round_for_a_comparison_is_known_as_such_and_kept_apart(store: Store, library: Library):
    await finished(store, library)

    stored = await store.runs.get(TEAM, "r2")
    assert stored
    assert stored.run.subject == ANA
    assert [each.id for each in await store.runs.history(TEAM, MEI, limit=9)] == ["r2"]
    assert await store.runs.history(TEAM, MEI, limit=9, own=True) == []
    await store.people.forget(TEAM, ANA)
    stored = await store.runs.get(TEAM, "r2")
    assert stored
    assert stored.run.subject == ""
    assert await store.comparisons.get(TEAM, FIRST) is None


async def test_a_deleted_round_is_one_that_was_withdrawn(store: Store, library: Library):
    await finished(store, library)
    await act(store, "r2", Delete(), by="delete")

    assert (await move(store, Follow())).stored.comparison.ended_by is Side.MANAGER


async def test_what_is_due_is_taken_once_and_lapses_only_while_it_is(store: Store, library: Library):
    await begun(store, library)
    assert await store.comparisons.due(time.time(), limit=9) == []
    assert (await move(store, Lapse())).outcome is Outcome.REPEATED
    async with engine(store).begin() as connection:
        await connection.execute(update(comparisons).values(due_at=5.0))

    assert await store.comparisons.due(6.0, limit=9) == [(TEAM, FIRST, 5.0)]
    assert (await move(store, Lapse())).stored.comparison.state is State.LAPSED
    assert await store.comparisons.due(time.time() * 2, limit=9) == []


async def test_whoever_began_is_asked_once_and_then_it_goes(store: Store, library: Library):
    versions = await finished(store, library)
    for side in Side:
        await move(store, Agree(side, versions), by=side)
    await move(store, Deliver())
    [(_, _, at)] = await store.comparisons.due(time.time() * 2, limit=9)
    await store.comparisons.prune(time.time() + 1)

    taken = [await store.comparisons.take_due(TEAM, FIRST, at, by=by) for by in ("a", "a", "b")]

    assert taken == [True, True, False]
    now = time.time()
    await store.prune(now - 60, now)
    assert await store.comparisons.get(TEAM, FIRST)
    await store.prune(now + 1, now)
    assert await store.comparisons.get(TEAM, FIRST) is None


async def test_what_the_other_can_read_still_stays_known_though_the_comparison_is_kept_no_longer(
    store: Store, library: Library
):
    versions = await finished(store, library)
    for side in Side:
        await move(store, Agree(side, versions), by=side)
    await store.comparisons.note_exposed(TEAM, FIRST, [Side.MANAGER])
    await store.comparisons.note_still_exposed(TEAM, FIRST, [Side.MANAGER], of=[Side.MANAGER])
    await move(store, Withdraw(Side.SENDER))
    [left] = await store.comparisons.revealed(TEAM, ANA)
    assert not left.to_both

    await store.comparisons.prune(time.time() + 1)

    assert await store.comparisons.get(TEAM, FIRST) is None
    assert await store.share_traces.former_reveals(TEAM, ANA) == [FormerReveal(MEI, left.at)]


async def test_messages_are_remembered_until_they_are_of_no_use(store: Store, library: Library):
    await begun(store, library)
    record = store.comparisons.record_message

    await asyncio.gather(*(record(TEAM, FIRST, f"slot{number}", ("D_ANA", f"{number}.0")) for number in range(5)))
    await record(TEAM, FIRST, "slot1", None)
    await record(TEAM, FIRST, "slot2", ("D_MEI", "9.0"))
    await record(TEAM, "gone", "slot1", ("D_MEI", "9.0"))

    stored = await store.comparisons.get(TEAM, FIRST)
    assert stored
    assert stored.comparison == Comparison()
    assert stored.messages == {
        "slot0": ("D_ANA", "0.0"),
        "slot2": ("D_MEI", "9.0"),
        "slot3": ("D_ANA", "3.0"),
        "slot4": ("D_ANA", "4.0"),
    }


async def agreed(store: Store, library: Library) -> None:
    """Have both finish and agree to reveal."""
    versions = await finished(store, library)
    for side in Side:
        await move(store, Agree(side, versions), by=side)


async def set_row(store: Store, **values: Any) -> None:
    async with engine(store).begin() as connection:
        await connection.execute(update(comparisons).where(comparisons.c.id == FIRST).values(values))


async def test_what_both_agreed_to_show_is_due_until_it_is_delivered_and_one_holds_it(store: Store, library: Library):
    await agreed(store, library)
    hold = store.comparisons.hold_reveal
    [(_, _, at)] = await store.comparisons.due(time.time() + 3700, limit=9)
    assert at > time.time() + 3500
    assert (await move(store, Lapse())).stored.comparison.state is State.AGREED

    held = [await hold(TEAM, FIRST, 100.0, copy="both", by=by) for by in ("manager", "other")]
    [(_, _, later)] = await store.comparisons.due(time.time() * 2, limit=9)
    taken = [await store.comparisons.take_due(TEAM, FIRST, due, by="other") for due in (at, later)]
    after = [await hold(TEAM, FIRST, 0.0, copy="both", by=by) for by in ("manager", "other")]

    assert (held, taken, after) == ([True, False], [False, True], [False, True])
    assert later > at + 90
    assert len(await store.comparisons.due(time.time() + 3700, limit=9)) == 1  # in an hour again
    await move(store, Deliver(), by="other")
    assert not await hold(TEAM, FIRST, 0.0, copy="both", by="other")
    [(_, _, asked)] = await store.comparisons.due(time.time() * 2, limit=9)
    assert asked > time.time() + 29 * 86_400


async def test_a_reveal_is_given_up_a_day_after_both_agreed_and_not_sooner(store: Store, library: Library):
    await agreed(store, library)
    assert (await move(store, GiveUp())).outcome is Outcome.REPEATED

    await set_row(store, moved_at=time.time() - 86_500)
    given_up = await move(store, GiveUp())
    again = await move(store, GiveUp())  # of work that died before it could record that
    ended = given_up.stored

    assert (again.mine, given_up.was_agreed, again.was_agreed) == (True, True, True)
    assert (ended.comparison.state, ended.shown) == (State.UNDELIVERED, None)
    assert await store.comparisons.due(time.time() * 2, limit=9) == []
    assert await store.comparisons.revealed(TEAM, ANA) == []


@pytest.mark.parametrize("event", [Withdraw(Side.MANAGER), Lose(Side.SENDER)])
async def test_what_was_to_be_shown_is_not_kept_when_it_ends(store: Store, library: Library, event: Event):
    await agreed(store, library)
    assert await store.comparisons.open_of_person(TEAM, MEI) == [FIRST]

    assert (await move(store, event)).stored.shown is None

    assert await store.comparisons.open_of_person(TEAM, MEI) == []
    assert (await move(store, Deliver())).outcome is Outcome.OVER


async def test_only_work_that_has_begun_no_round_is_taken_over_and_by_one(store: Store, library: Library):
    await begun(store, library)
    assert await store.comparisons.begun_by(TEAM, FIRST) is None
    await move(store, Accept(), by="a")
    was = await store.comparisons.begun_by(TEAM, FIRST)
    assert was == "a Accept"
    take_over = store.comparisons.take_over_begin

    taken = await asyncio.gather(*(take_over(TEAM, FIRST, was=was, by=f"{by} Accept") for by in ("b", "c")))
    winner = "b" if taken[0] else "c"
    assert sorted(taken) == [False, True]
    assert await take_over(TEAM, FIRST, was=was, by=f"{winner} Accept")

    where = {"user": MEI, "channel": "D_MEI"}
    for number in (2, 3):
        run = quiz.begin(library.quiz, ANA)
        await store.runs.begin(TEAM, f"r{number}", run, comparison=FIRST, root_ts=f"{number}.1", **where)
    stored = await store.comparisons.get(TEAM, FIRST)
    assert stored
    assert stored.manager_run == "r2"
    assert await store.comparisons.begun_by(TEAM, FIRST) is None
    assert not await take_over(TEAM, FIRST, was=f"{winner} Accept", by="d Accept")


async def test_a_comparison_of_two_people_is_open_until_it_ends(store: Store, library: Library):
    await begun(store, library)
    is_open = store.comparisons.is_open

    assert await is_open(TEAM, ANA, MEI)
    assert not await is_open(TEAM, MEI, ANA)  # whose own work it is not about
    assert not await is_open(TEAM, ANA, "U_BEN")
    assert not await is_open("T_TWO", ANA, MEI)
    await move(store, Withdraw(Side.SENDER))
    assert not await is_open(TEAM, ANA, MEI)


async def test_both_have_a_list_of_what_was_revealed_with_whom_and_when(store: Store, library: Library):
    await agreed(store, library)
    assert await store.comparisons.revealed(TEAM, ANA) == []
    before = time.time()
    await move(store, Deliver())

    [of_ana], [of_mei] = [await store.comparisons.revealed(TEAM, user) for user in (ANA, MEI)]

    assert (of_ana.other, of_ana.side, of_mei.other, of_mei.side) == (MEI, Side.SENDER, ANA, Side.MANAGER)
    assert before <= of_ana.at == of_mei.at <= time.time()
    assert await store.comparisons.revealed(TEAM, "U_BEN") == []


@pytest.mark.parametrize(
    ("parts", "state", "known"),
    [
        (("recommendation",), ShareState.SENT, True),
        (("table", "answers"), ShareState.SENT, True),
        (("answers",), ShareState.REPLACING, True),
        (("answers",), ShareState.WITHDRAWN, False),  # nothing of it was ever found
        (("table", "graded"), ShareState.SENT, False),
        (("recommendation",), ShareState.PREVIEWED, False),
        (("recommendation",), ShareState.FAILED, False),
    ],
)
async def test_a_copy_with_the_recommendation_or_the_answers_of_any_round_makes_somebodys_answers_known(
    store: Store, library: Library, parts: tuple[str, ...], state: ShareState, known: bool
):
    await begun(store, library)
    await store.runs.begin(TEAM, "r0", quiz.begin(library.quiz), user=ANA, channel="D_ANA", root_ts="0.1")
    await store.shares.preview(TEAM, Share("s1", "r0", 1, MEI, {}, state, parts=parts))

    assert await store.comparisons.is_known_to(TEAM, ANA, MEI) is known
    assert not await store.comparisons.is_known_to(TEAM, MEI, ANA)
    assert not await store.comparisons.is_known_to(TEAM, ANA, "U_BEN")


async def test_what_was_revealed_is_known_and_what_is_only_agreed_to_is_not(store: Store, library: Library):
    await agreed(store, library)
    assert not await store.comparisons.is_known_to(TEAM, ANA, MEI)

    await move(store, Deliver())

    assert await store.comparisons.is_known_to(TEAM, ANA, MEI)
    assert not await store.comparisons.is_known_to(TEAM, MEI, ANA)


async def test_an_export_says_nothing_of_the_other_before_the_reveal(store: Store, library: Library):
    versions = await finished(store, library)
    for slot in ("invitation", "receipt", "ask:sender:3:4", "ask:manager:3:4"):
        await store.comparisons.record_message(TEAM, FIRST, slot, (f"D_{slot}", "1.0"))
    await move(store, Agree(Side.MANAGER, versions), by="click:T:c:U_MEI")
    [of_ana] = (await store.people.export(TEAM, ANA))["comparisons"]
    await move(store, Agree(Side.SENDER, versions), by="click:T:c:U_ANA")
    [of_mei] = (await store.people.export(TEAM, MEI))["comparisons"]

    others = {"shown", "moved_by", "moved_at", "due_at"}
    assert not {"manager_run", "manager_version", "manager_agreed", *others} & set(of_ana)
    assert not {"run", "sender_version", "sender_agreed", *others} & set(of_mei)
    assert (of_ana["sender_agreed"], of_mei["manager_agreed"]) == (False, True)
    assert of_ana["messages"] == {"receipt": ["D_receipt", "1.0"], "ask": ["D_ask:sender:3:4", "1.0"]}
    assert of_mei["messages"] == {"invitation": ["D_invitation", "1.0"], "ask": ["D_ask:manager:3:4", "1.0"]}
    await move(store, Deliver())
    [of_ana] = (await store.people.export(TEAM, ANA))["comparisons"]
    assert (of_ana["manager_agreed"], of_ana["manager_run"], of_ana["shown"]) == (True, "r2", None)
