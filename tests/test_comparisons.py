"""Comparisons as rows, on both databases: who moves them at once, what is kept, and what goes."""

import asyncio
import time

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
    Lapse,
    Outcome,
    Side,
    State,
    Withdraw,
)
from bot.domain.content import OWN, PURPOSE
from bot.knowledge import Library
from bot.storage import Moved, Store
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
    await store.comparisons.prune(time.time() - 60)
    assert await store.comparisons.get(TEAM, FIRST)
    await store.comparisons.prune(time.time() + 1)
    assert await store.comparisons.get(TEAM, FIRST) is None


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
