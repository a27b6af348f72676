"""The store, on SQLite and on PostgreSQL."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import Table, event, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from bot.domain import quiz
from bot.domain.actions import Action, Answer, Pause, Remind, Reply, Resume, Show, Stop
from bot.domain.quiz import Outcome, Transition
from bot.domain.quiz_content import OWN, PEOPLE, AnyQuestion, Quiz
from bot.domain.quiz_run import Run
from bot.domain.share import ShareState
from bot.jobs import retry_db
from bot.knowledge import Library
from bot.storage import (
    NOT_YOURS,
    RESULT,
    DueRun,
    Installation,
    Item,
    Posted,
    Question,
    QuestionKind,
    Share,
    Store,
    trouble,
)
from bot.storage import Reply as Answered
from bot.storage.migrate import config
from bot.storage.sqlite_connection import Connection
from bot.storage.store import HEAD
from bot.storage.tables import inbox, metadata, oauth_states, quizzes

TEAM, OTHER = "T_ONE", "T_TWO"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"
    return str(request.getfixturevalue("database")).replace("postgresql://", "postgresql+psycopg://")


async def begun(store: Store, library: Library, run_id: str = "r1", team: str = TEAM) -> None:
    await store.runs.begin(team, run_id, quiz.begin(library.quiz), user="U_ANA", channel="D_ANA", root_ts=f"1.{run_id}")


def applying(action: Action) -> Callable[[Run], Transition]:
    return lambda run: quiz.apply(run, action)


def click(library: Library, position: int, number: int = 1) -> Callable[[Run], Transition]:
    """Answer what is asked, counted from 1 with what it is about, by a click in its prompt."""
    questions: list[AnyQuestion] = [library.quiz.purpose, *library.quiz.questions]
    question = questions[number - 1]
    return applying(Answer(prompt=number, question=question.id, choices=(question.choices[position].id,)))


async def test_a_run_is_found_by_its_id_and_by_its_thread(store: Store, library: Library):
    await begun(store, library)

    found = await store.runs.get(TEAM, "r1")

    assert found is not None
    assert found == await store.runs.in_thread(TEAM, "U_ANA", "1.r1")
    assert (found.user, found.channel, found.answers_version, found.revision) == ("U_ANA", "D_ANA", 0, 0)
    assert found.messages == {"card": Posted("1.r1", "")}
    assert found.run.quiz == library.quiz
    assert found.run.asking
    assert not found.asked
    assert await store.runs.find("r1") == (TEAM, found)


async def test_beginning_a_run_again_changes_nothing(store: Store, library: Library):
    await begun(store, library)
    await store.runs.apply(TEAM, "r1", click(library, 0), by="job")

    await begun(store, library)

    found = await store.runs.get(TEAM, "r1")
    assert found is not None
    assert (found.answers_version, found.revision) == (1, 1)


async def test_an_action_is_done_once_and_again_in_the_same_name(store: Store, library: Library):
    await begun(store, library)

    acted = [
        await store.runs.apply(TEAM, "r1", click(library, 0), by="job", user="U_ANA"),
        await store.runs.apply(TEAM, "r1", click(library, 0), by="job", user="U_ANA"),
        await store.runs.apply(TEAM, "r1", click(library, 0), by="second click", user="U_ANA"),
        await store.runs.apply(TEAM, "r1", click(library, 1), by="third click", user="U_ANA"),
        await store.runs.apply(TEAM, "r1", click(library, 1), by="forged", user="U_BEN"),
    ]

    assert [each.result.outcome for each in acted if each] == [
        Outcome.TAKEN, Outcome.TAKEN, Outcome.REPEATED, Outcome.STALE, NOT_YOURS,
    ]  # fmt: skip
    assert [each.held for each in acted if each] == [True, True, False, False, False]
    found = await store.runs.get(TEAM, "r1")
    assert found is not None
    first = library.quiz.purpose
    assert (dict(found.run.answers), found.answers_version) == ({first.id: (first.choices[0].id,)}, 1)


async def test_of_clicks_at_the_same_moment_one_counts_and_one_holds(store: Store, library: Library):
    await begun(store, library)

    acted = await asyncio.gather(
        *(store.runs.apply(TEAM, "r1", click(library, at % 2), by=f"click {at}") for at in range(8))
    )

    assert sum(each.result.outcome == Outcome.TAKEN for each in acted if each) == 1
    assert sum(each.held for each in acted if each) == 1
    found = await store.runs.get(TEAM, "r1")
    assert found is not None
    assert (found.answers_version, found.revision) == (1, 8)


async def test_a_run_is_let_go_of_only_when_nothing_more_was_done_to_it(store: Store, library: Library):
    await begun(store, library)
    first = await store.runs.apply(TEAM, "r1", click(library, 0), by="first")
    second = await store.runs.apply(TEAM, "r1", click(library, 0, 2), by="second")
    assert first
    assert second
    assert (first.held, second.held) == (True, False)

    shown = {"prompt:1": Posted("2.0", "digest")}
    assert not await store.runs.release(TEAM, "r1", by="first", revision=1, shown=shown)
    assert await store.runs.release(TEAM, "r1", by="first", revision=2, shown={})
    assert await store.runs.release(TEAM, "r1", by="first", revision=2, shown={})

    found = await store.runs.get(TEAM, "r1")
    assert found is not None
    assert found.messages["prompt:1"] == Posted("2.0", "digest")
    third = await store.runs.apply(TEAM, "r1", applying(Pause()), by="third")
    assert third
    assert third.held
    await store.runs.free(TEAM, "r1", by="third")
    fourth = await store.runs.apply(TEAM, "r1", applying(Resume()), by="fourth")
    assert fourth
    assert fourth.held


async def test_a_result_is_completed_where_it_was_shown_before_not_where_another_piece_of_work_has_just_posted_it(
    store: Store, library: Library
):
    for run_id, shown_before in (("r1", True), ("r2", False)):
        await begun(store, library, run_id=run_id)
        asked = len(library.quiz.questions)  # with what it is about; the last question could not change the role
        for number in range(1, asked):
            await store.runs.apply(TEAM, run_id, click(library, 0, number), by=f"click {number}")
        if shown_before:
            await store.runs.record_message(TEAM, run_id, RESULT, Posted("2.0", "digest"))
        last = await store.runs.apply(TEAM, run_id, click(library, 0, asked), by="last click")
        await store.runs.record_message(TEAM, run_id, RESULT, Posted("2.0", "digest"))
        again = await store.runs.apply(TEAM, run_id, click(library, 0, asked), by="last click")

        found = await store.runs.get(TEAM, run_id)
        assert found
        assert found.run.finished
        assert [acted.result.completes for acted in (last, again) if acted] == [shown_before] * 2


async def test_who_holds_a_run_says_so_anew_and_who_finds_it_free_may_have_it(store: Store, library: Library):
    await begun(store, library)
    await store.runs.apply(TEAM, "r1", click(library, 0), by="first")

    assert await store.runs.lease(TEAM, "r1", by="first")
    assert await store.runs.lease(TEAM, "r1", by="first", seconds=900.0)
    assert not await store.runs.lease(TEAM, "r1", by="second")
    await store.runs.free(TEAM, "r1", by="first")
    assert await store.runs.lease(TEAM, "r1", by="second")
    assert not await store.runs.lease(TEAM, "r1", by="first")
    assert not await store.runs.lease(TEAM, "no run", by="first")


async def test_who_holds_a_run_is_given_it_as_it_is_now_whatever_was_read_of_it_before(store: Store, library: Library):
    await begun(store, library)
    await store.runs.apply(TEAM, "r1", click(library, 0), by="first")
    assert await store.runs.held(TEAM, "r1", by="second") is None
    assert await store.runs.held(TEAM, "no run", by="first") is None

    known = await store.runs.held(TEAM, "r1", by="first")
    assert known
    await store.runs.record_message(TEAM, "r1", "prompt:1", Posted("2.0", "digest"))
    shown = await store.runs.held(TEAM, "r1", by="first", known=known)
    assert shown
    assert shown.messages["prompt:1"] == Posted("2.0", "digest")
    assert shown.run == known.run
    second = await store.runs.apply(TEAM, "r1", click(library, 0, 2), by="second")
    after = await store.runs.held(TEAM, "r1", by="first", known=known)

    assert second
    assert after
    assert len(after.run.answers) == 2
    assert second.stored == after == await store.runs.get(TEAM, "r1")


async def test_a_lease_that_is_meant_for_a_revision_ends_with_the_next_thing_that_is_done(
    store: Store, library: Library
):
    await begun(store, library)
    await store.runs.apply(TEAM, "r1", click(library, 0), by="first")
    assert await store.runs.lease(TEAM, "r1", by="first", revision=1)

    await store.runs.apply(TEAM, "r1", click(library, 0, 2), by="second")

    assert not await store.runs.lease(TEAM, "r1", by="first", revision=1)
    assert await store.runs.lease(TEAM, "r1", by="first", revision=2)
    assert await store.runs.lease(TEAM, "r1", by="first")


async def test_what_was_left_unfinished_is_abandoned_until_somebody_goes_on_with_it(store: Store, library: Library):
    await begun(store, library)
    await store.runs.apply(TEAM, "r1", click(library, 0), by="first")
    now = time.time()
    # While it is held: for ten minutes, and for half an hour by a clock that was put back.
    seen = [await store.runs.abandoned(now + seconds, limit=9) for seconds in (0, 590, 610, -1790, -1810)]
    assert [len(runs) for runs in seen] == [0, 0, 1, 0, 1]

    await store.runs.free(TEAM, "r1", by="first", unfinished=True)

    [(team, run_id, _)] = await store.runs.abandoned(time.time(), limit=9)
    assert (team, run_id) == (TEAM, "r1")
    second = await store.runs.apply(TEAM, "r1", applying(Show()), by="second")
    assert second
    assert (second.held, second.doubtful) == (True, True)
    assert await store.runs.abandoned(time.time(), limit=9) == []
    assert not await store.runs.lease(TEAM, "r1", by="first")


async def test_a_thread_that_is_gone_is_lost_once_and_its_messages_are_changed_no_more(store: Store, library: Library):
    await begun(store, library)
    found = await store.runs.get(TEAM, "r1")
    assert found
    root = found.root_ts
    await store.runs.record_message(TEAM, "r1", "prompt:1", Posted("2.0", "digest"))

    await store.runs.lose_thread(TEAM, "r1", root)
    await store.runs.move_thread(TEAM, "r1", "D_ANEW", Posted("9.0", "card"))
    await store.runs.lose_thread(TEAM, "r1", root)
    await store.runs.record_message(TEAM, "r1", "prompt:2", Posted("9.1", "digest"))
    await store.runs.move_thread(TEAM, "r1", "D_ANEW", Posted("9.0", "card"))

    found = await store.runs.get(TEAM, "r1")
    assert found
    assert (found.channel, found.root_ts) == ("D_ANEW", "9.0")
    left = {"card": Posted("9.0", "card"), "said:2.0": Posted("2.0", "digest")}
    assert dict(found.messages) == left | {"prompt:2": Posted("9.1", "digest")}
    await store.runs.forget_message(TEAM, "r1", "prompt:2")
    await store.runs.forget_message(TEAM, "r1", "prompt:2")
    found = await store.runs.get(TEAM, "r1")
    assert found
    assert dict(found.messages) == left


async def test_an_answer_by_halves_is_kept(store: Store, library: Library):
    await begun(store, library)
    question = library.quiz.questions[0]
    both = tuple(choice.id for choice in question.choices[:2])

    await store.runs.apply(TEAM, "r1", applying(Reply(answers={question.id: both}, ts="2.0")), by="job")

    found = await store.runs.get(TEAM, "r1")
    assert found is not None
    assert found.run.answers == {question.id: both}
    assert found.run.typed == {"2.0": (question.id,)}


async def test_history_is_latest_first_and_knows_what_waits(store: Store, library: Library):
    assert await store.runs.history(TEAM, "U_ANA", limit=5) == []
    for run_id in ("r1", "r2", "r3"):
        await begun(store, library, run_id)
    for number in range(1, 6):
        await store.runs.apply(TEAM, "r1", click(library, 0, number), by=f"job {number}")

    assert [each.id for each in await store.runs.history(TEAM, "U_ANA", limit=2)] == ["r3", "r2"]
    assert await store.runs.count(TEAM, "U_ANA") == 3
    assert [each.waits for each in await store.runs.history(TEAM, "U_ANA", limit=5)] == [True, True, False]
    before = await store.runs.finished_before(TEAM, "r3", OWN)
    assert before
    assert before.id == "r1"
    assert await store.runs.finished_before(TEAM, "r1", OWN) is None
    assert await store.runs.finished_before(TEAM, "r3", PEOPLE) is None
    await store.runs.delete(TEAM, "r1")
    await store.runs.delete(TEAM, "r1")
    assert await store.runs.finished_before(TEAM, "r3", OWN) is None


async def test_the_round_before_is_the_last_about_the_same(store: Store, library: Library):
    for run_id, about in (("r1", PEOPLE), ("r2", OWN), ("r3", PEOPLE)):
        await begun(store, library, run_id)
        for number in range(1, 6):
            await store.runs.apply(TEAM, run_id, click(library, 0, number), by=f"job {number}")
        reply = Reply(answers={"purpose": (about,)}, ts="9.0")
        await store.runs.apply(TEAM, run_id, applying(reply), by="about")

    before = await store.runs.finished_before(TEAM, "r3", PEOPLE)

    assert before
    assert before.id == "r1"


async def test_what_waits_too_long_is_due_until_something_is_done(store: Store, library: Library):
    await begun(store, library)
    far = 4_000_000_000.0
    [reminder] = await store.runs.due(far, limit=5)
    assert reminder == DueRun(TEAM, "r1", "remind", reminder.at, 0)
    assert await store.runs.due(reminder.at - 1, limit=5) == []

    await store.runs.apply(TEAM, "r1", applying(Remind()), by="job")

    [expiry] = await store.runs.due(far, limit=5)
    assert expiry.action == "expire"
    assert expiry.at > reminder.at
    await store.runs.apply(TEAM, "r1", applying(Stop()), by="stop")
    assert await store.runs.due(far, limit=5) == []


async def test_a_version_that_cannot_be_shown_any_more_is_left_with_what_maps_over(store: Store, library: Library):
    await begun(store, library)
    await store.runs.apply(TEAM, "r1", click(library, 0), by="one")
    await store.runs.apply(TEAM, "r1", click(library, 0, 2), by="two")
    await store.runs.apply(TEAM, "r1", click(library, 0, 3), by="three")
    data = library.quiz.model_dump()
    data["questions"][0]["choices"] = data["questions"][0]["choices"][1:]
    present = Quiz.model_validate(data)
    store.runs.use_quiz(present, lambda known: known == present)

    found = await store.runs.get(TEAM, "r1")
    assert found is not None
    assert found.carried_over == (1, 2)
    acted = await store.runs.apply(TEAM, "r1", applying(Resume()), by="four")

    assert acted
    assert acted.result.carried_over == (1, 2)
    again = await store.runs.get(TEAM, "r1")
    assert again is not None
    assert (again.carried_over, set(again.run.answers)) == (None, {"purpose", present.questions[1].id})
    assert again.run.quiz == present


async def test_a_run_of_before_conversations_were_kept_goes_on(store: Store, library: Library):
    await begun(store, library)
    question = library.quiz.questions[0]
    old = {"team": TEAM, "run": "r1", "question": question.id, "choice": question.choices[0].id, "taken_by": "job"}
    async with store._engine.begin() as connection:
        await connection.execute(metadata.tables["runs"].update().values(state=None, asked_ts="2.0"))
        await connection.execute(metadata.tables["answers"].insert().values(old))

    found = await store.runs.get(TEAM, "r1")

    assert found is not None
    assert found.run.asking
    assert found.run.asking.question == library.quiz.questions[1].id
    assert found.messages["prompt:1"].ts == "2.0"


async def test_a_run_stays_with_the_quiz_it_began_with(store: Store, library: Library):
    await begun(store, library, "r1")
    edited = library.quiz.model_copy(update={"questions": library.quiz.questions[:3]})
    await store.runs.begin(TEAM, "r2", quiz.begin(edited), user="U_ANA", channel="D_ANA", root_ts="9.9")

    before, after = await store.runs.get(TEAM, "r1"), await store.runs.get(TEAM, "r2")

    assert before is not None
    assert after is not None
    assert (len(before.run.quiz.questions), len(after.run.quiz.questions)) == (5, 3)


async def test_a_share_leaves_its_first_state_once(store: Store, library: Library):
    await begun(store, library)
    share = Share("s1", "r1", 5, "U_MEI", {"text": "hi", "blocks": []}, ShareState.PREVIEWED)
    first = await store.shares.preview(TEAM, share)
    again = await store.shares.preview(TEAM, replace(share, recipient="U_BEN"))

    assert first == again == await store.shares.get(TEAM, "s1") == replace(share, made_at=first.made_at)
    assert first.made_at > 0
    was = {"was": ShareState.PREVIEWED}
    assert await store.shares.move(TEAM, "s1", **was, to=ShareState.CANCELLED) is ShareState.CANCELLED
    assert await store.shares.move(TEAM, "s1", **was, to=ShareState.SENT) is ShareState.CANCELLED
    assert await store.shares.move(TEAM, "s2", **was, to=ShareState.SENT) is None


async def test_what_was_previewed_and_not_sent_is_kept_for_a_day(store: Store, library: Library):
    await begun(store, library)
    for state in ShareState:
        await store.shares.preview(TEAM, Share(state, "r1", 5, "U_MEI", {}, state))
    unsent, hour = {ShareState.PREVIEWED, ShareState.CANCELLED}, 3600.0

    for hours, gone in ((23, set[ShareState]()), (25, unsent)):
        await store.prune(0.0, time.time() + hours * hour)
        assert {state for state in ShareState if await store.shares.get(TEAM, state) is None} == gone


async def test_another_team_sees_nothing_and_changes_nothing(store: Store, library: Library):
    await begun(store, library)
    share = Share("s1", "r1", 5, "U_MEI", {}, ShareState.PREVIEWED)
    await store.shares.preview(TEAM, share)

    await store.runs.record_message(OTHER, "r1", "prompt:1", Posted("5.5", ""))
    await store.runs.delete(OTHER, "r1")
    assert await store.runs.get(OTHER, "r1") is None
    assert await store.runs.in_thread(OTHER, "U_ANA", "1.r1") is None
    assert await store.runs.history(OTHER, "U_ANA", limit=5) == []
    assert await store.runs.apply(OTHER, "r1", click(library, 0), by="job") is None
    assert await store.shares.get(OTHER, "s1") is None
    assert await store.shares.move(OTHER, "s1", was=ShareState.PREVIEWED, to=ShareState.SENT) is None

    found = await store.runs.get(TEAM, "r1")
    assert found is not None
    assert (found.answers_version, len(found.messages)) == (0, 1)


async def test_a_database_that_is_up_to_date_is_opened_as_it_is(url: str, library: Library):
    first = await Store.open(url)
    await begun(first, library)
    await first.close()

    second = await Store.open(url)

    assert await second.runs.get(TEAM, "r1") is not None
    await second.close()


async def test_the_migrations_lead_to_the_tables_of_the_code(store: Store):
    def compare(connection: SyncConnection) -> None:
        inspector = inspect(connection)
        for table in metadata.sorted_tables:
            there = {(each["name"], each["nullable"]) for each in inspector.get_columns(table.name)}
            assert there == {(each.name, bool(each.nullable)) for each in table.columns}
            assert set(inspector.get_pk_constraint(table.name)["constrained_columns"]) == {
                each.name for each in table.primary_key
            }

    async with store._engine.connect() as connection:
        await connection.run_sync(compare)


def test_the_newest_migration_is_the_one_the_store_asks_for():
    assert ScriptDirectory.from_config(config()).get_current_head() == HEAD


async def test_a_thread_is_remembered_by_what_it_was_last_answer_last(store: Store):
    assert await store.last_answer(TEAM, "C_ASK", "1.0") is None

    await store.record_answer(TEAM, "C_ASK", "1.0", "openai-roles")
    await store.record_answer(TEAM, "C_ASK", "1.0", "meta-roles")

    assert await store.last_answer(TEAM, "C_ASK", "1.0") == "meta-roles"
    assert await store.last_answer(OTHER, "C_ASK", "1.0") is None
    assert await store.last_answer(TEAM, "C_GENERAL", "1.0") is None


async def test_turns_of_a_channel_lie_a_second_apart_and_those_of_another_do_not_wait(store: Store):
    turns = await asyncio.gather(*(store.take_turn(TEAM, "C_ASK", 1.0) for _ in range(5)))
    _, elsewhere = await store.take_turn(TEAM, "C_GENERAL", 1.0)
    _, of_others = await store.take_turn(OTHER, "C_ASK", 1.0)

    times = sorted(turn for turn, _ in turns)
    assert all(later - earlier >= 0.999 for earlier, later in pairwise(times))
    assert sorted(wait == 0 for _, wait in turns) == [False, False, False, False, True]
    assert (elsewhere, of_others) == (0, 0)


async def test_so_many_turns_may_be_taken_at_once_and_one_that_is_refused_costs_nothing(store: Store):
    waits = [await store.try_turn(TEAM, "chat.update", 60.0, 3) for _ in range(6)]
    patient = await store.try_turn(TEAM, "chat.update", 60.0, 5)
    elsewhere = await store.try_turn(OTHER, "chat.update", 60.0, 3)

    assert [wait == 0 for wait in waits] == [True, True, True, True, False, False]
    assert all(0 < wait <= 60 for wait in waits[4:])
    assert (patient, elsewhere) == (0, 0)


async def test_what_is_put_off_is_due_later_unless_something_was_done(store: Store, library: Library):
    await begun(store, library)
    far = 4_000_000_000.0
    [due] = await store.runs.due(far, limit=5)

    await store.runs.postpone(TEAM, "r1", due.at, far)

    assert await store.runs.due(far - 1, limit=5) == []
    [later] = await store.runs.due(far, limit=5)
    assert later.at == far
    await store.runs.apply(TEAM, "r1", click(library, 0), by="click")
    await store.runs.postpone(TEAM, "r1", far, far + 1)
    [now] = await store.runs.due(far, limit=5)
    assert now.at < far
    late = await store.runs.apply(TEAM, "r1", applying(Remind()), by="remind", revision=due.revision)
    assert late is not None
    assert (late.result.outcome, late.held) == (Outcome.NOTHING, False)


async def test_the_last_sign_of_life_of_each_replica_is_kept_until_it_is_old(store: Store):
    await store.heartbeat("silent", 100.0)
    await store.heartbeat("alive", 100.0)
    await store.heartbeat("alive", 300.0)
    await store.heartbeat("gone", 0)

    assert await store.heartbeats() == {"silent": 100.0, "alive": 300.0, "gone": 0.0}

    await store.prune(250.0, 250.0)
    assert await store.heartbeats() == {"alive": 300.0}


async def test_what_only_helps_for_a_while_is_deleted_once_it_is_old(store: Store):
    now = time.time()
    await store.heartbeat("replica", now)
    await store.record_answer(TEAM, "C_ASK", "1.0", "meta-roles")
    await store.take_turn(TEAM, "C_ASK", 1.0)
    await store.inbox.receive([Item("say:1", "nothing", "{}", now)], "elsewhere")
    reply = Answered("5.0", "5.0", "U_ANA", "channel", "answer", ("mts",), replied_at=now)
    await store.replies.hold(TEAM, "C_ASK", reply, by="say")
    await store.replies.claim_entries(TEAM, "C_ASK", ["mts"], "5.0", 600)
    await store.replies.hush(TEAM, "C_ASK", "5.0", by="U_ANA")
    await store.gaps.record(TEAM, Question("C_ASK:5.0", "U_ANA", QuestionKind.UNANSWERED, "?", asked_at=now))
    async with store._engine.begin() as connection:
        await connection.execute(insert(oauth_states).values(state="state", expires_at=now))
    tables = {
        "replicas", "threads", "channels", "inbox", "replies", "recent_entries", "hushed_threads", "questions",
        "oauth_states",
    }  # fmt: skip

    await store.prune(now - 60, now - 60, gaps_before=now - 60)
    assert await filled(store) == tables
    await store.prune(now + 60, now + 60, gaps_before=now - 60)
    assert await filled(store) == {"questions"}
    await store.prune(now + 60, now + 60, gaps_before=now + 60)
    assert await filled(store) == set()


async def filled(store: Store) -> set[str]:
    """Name the tables that have rows."""
    async with store._engine.connect() as connection:
        return {
            table.name for table in metadata.sorted_tables if (await connection.execute(select(table).limit(1))).first()
        }


async def test_a_token_is_renewed_by_one_at_a_time_and_one_that_was_quicker_is_left(store: Store):
    await store.install(TEAM, Installation("U_BOT", "B_BOT", "0", "refresh", 1.0, 100.0))
    inside, most = 0, 0

    async def renewed(found: Installation) -> Installation | None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.01)  # long enough for another to come in, if it may
        inside -= 1
        return replace(found, token=str(int(found.token) + 1)) if found.token == "0" else None

    await asyncio.gather(*(retry_db(store.renew, TEAM, renewed) for _ in range(4)))

    found = await store.installation(TEAM)
    assert found
    assert found.token == "1"
    assert most == 1


async def test_who_was_told_the_first_steps_is_remembered_until_the_app_is_removed(store: Store):
    await store.record_first_steps(TEAM, "U_MEI")
    assert await store.first_steps_told_to(TEAM) is None  # where it is not installed

    await store.install(TEAM, Installation("U_BOT", "B_BOT", "0", None, None, 100.0))
    assert await store.first_steps_told_to(TEAM) is None
    for user in ("U_MEI", "U_MEI", "U_ANA"):
        await store.record_first_steps(TEAM, user)
        assert await store.first_steps_told_to(TEAM) == user
    await store.install(TEAM, Installation("U_BOT", "B_BOT", "1", None, None, 200.0))
    assert await store.first_steps_told_to(TEAM) == "U_ANA"

    await store.delete_team(TEAM, gone_at=300.0)
    await store.install(TEAM, Installation("U_BOT", "B_BOT", "2", None, None, 400.0))
    assert await store.first_steps_told_to(TEAM) is None


async def test_an_installation_made_while_the_old_one_is_deleted_stays(store: Store):
    old = Installation("U_BOT", "B_BOT", "old", None, None, 100.0)
    new = replace(old, token="new", installed_at=300.0)
    for _ in range(10):
        await store.install(TEAM, old)
        await asyncio.gather(retry_db(store.delete_team, TEAM, gone_at=200.0), retry_db(store.install, TEAM, new))
        found = await store.installation(TEAM)
        assert found == new


async def test_tables_of_a_later_version_are_left_alone(url: str):
    store = await Store.open(url)
    await store.record_answer(TEAM, "C_ASK", "1.0", "meta-roles")
    await store.close()
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()

    again = await Store.open(url)

    assert await again.last_answer(TEAM, "C_ASK", "1.0") == "meta-roles"
    await again.close()


async def test_an_error_of_the_database_does_not_say_what_was_written(store: Store):
    with pytest.raises(DBAPIError) as caught:
        await store.shares.preview(TEAM, Share("s1", "nowhere", 1, "U_MEI", {"text": "hush"}, ShareState.PREVIEWED))

    assert "hush" not in str(caught.value)


async def test_what_a_thread_was_last_answer_is_forgotten_by_the_age_of_the_answer(store: Store):
    await store.record_answer(TEAM, "C_ASK", "1700000000.000001", "openai-roles")
    now = time.time()

    await store.prune(now - 60, now)
    assert await store.last_answer(TEAM, "C_ASK", "1700000000.000001") == "openai-roles"

    await store.prune(now + 60, now)
    assert await store.last_answer(TEAM, "C_ASK", "1700000000.000001") is None


async def test_what_an_older_version_kept_of_a_thread_is_forgotten_by_the_age_of_its_root(store: Store):
    threads = ("1700000000.000001", "1800000000.000001")
    async with store._engine.begin() as connection:
        for ts in threads:
            row = text(
                "INSERT INTO threads (team, channel, thread_ts, entry) VALUES (:team, 'C_ASK', :ts, 'meta-roles')"
            )
            await connection.execute(row, {"team": TEAM, "ts": ts})

    await store.prune(1_750_000_000, 1_750_000_000)

    assert [await store.last_answer(TEAM, "C_ASK", ts) for ts in threads] == [None, "meta-roles"]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_sqlite_learns_now_and_then_how_full_its_tables_are(store: Store, library: Library):
    """A plan that reads all shares of a workspace takes 60 ms beside 10,000, and one that knows of them 1 ms."""
    await begun(store, library, "r1", TEAM)

    await store.prune(1.0, 1.0)

    async with store._engine.connect() as connection:
        known = {row.tbl for row in await connection.execute(text("SELECT tbl FROM sqlite_stat1"))}
    assert "runs" in known


async def test_a_version_of_the_quiz_goes_with_the_last_run_that_is_pinned_to_it(store: Store, library: Library):
    older = library.quiz.model_copy(update={"questions": library.quiz.questions[:3]})
    store.runs.use_quiz(library.quiz, lambda _: True)
    for run_id in ("r1", "r2"):
        await store.runs.begin(TEAM, run_id, quiz.begin(older), user="U_ANA", channel="D_ANA", root_ts=f"1.{run_id}")
    await begun(store, library, "r3", OTHER)
    kept = [await versions(store)]

    for run_id in ("r1", "r2"):
        await store.runs.delete(TEAM, run_id)
        await store.prune(1.0, 1.0)
        kept.append(await versions(store))
    await store.runs.delete(OTHER, "r3")
    await store.prune(1.0, 1.0)
    kept.append(await versions(store))

    assert kept == [2, 2, 1, 1]  # the present one stays for the next run
    await begun(store, library, "r4")
    assert (await store.runs.get(TEAM, "r4")) is not None


async def test_runs_can_begin_while_versions_of_the_quiz_are_forgotten(store: Store, library: Library):
    for number in range(5):
        runs = [f"r{number}-{each}" for each in range(4)]
        await asyncio.gather(*(begun(store, library, run_id) for run_id in runs), store.prune(1.0, 1.0))
        assert None not in [await store.runs.get(TEAM, run_id) for run_id in runs]
        for run_id in runs:
            await store.runs.delete(TEAM, run_id)


async def versions(store: Store) -> int:
    """Count the versions of the quiz that are kept."""
    async with store._engine.connect() as connection:
        number = await connection.scalar(text("SELECT count(*) FROM quizzes"))
    return int(number or 0)


async def test_replicas_that_start_together_bring_the_database_up_to_date_once(database: str):
    url = database.replace("postgresql://", "postgresql+psycopg://")

    stores = await asyncio.gather(*(Store.open(url) for _ in range(4)))

    for each in stores:
        await each.ping()
        await each.close()


def a_row(table: Table, **values: object) -> dict[str, Any]:
    """A row of any table: these values, and for its other columns something of their type that keys can refer to."""
    samples = {str: "x", int: 1, float: 1.0, bool: True, object: {}, datetime: datetime.fromtimestamp(0, UTC)}
    return {column.name: samples[column.type.python_type] for column in table.columns} | values


async def test_deleting_a_workspace_deletes_its_rows_in_every_table(store: Store):
    tables = [table for table in metadata.sorted_tables if "team" in table.columns]
    async with store._engine.begin() as connection:
        await connection.execute(insert(quizzes), a_row(quizzes))
        for table in tables:
            await connection.execute(insert(table), [a_row(table, team=TEAM), a_row(table, team=OTHER)])

    await store.delete_team(TEAM, gone_at=2.0)

    async with store._engine.connect() as connection:
        teams = {table.name: list(await connection.scalars(select(table.c.team))) for table in tables}
    assert teams == {table.name: [OTHER] for table in tables}


async def test_what_is_written_while_a_workspace_is_deleted_goes_and_what_a_new_installation_brings_stays(store: Store):
    old = Installation("U_BOT", "B_BOT", "old", None, None, 100.0)
    new = replace(old, token="new", installed_at=300.0)
    await store.install(TEAM, old)
    again: asyncio.Task[None] | None = None

    async def also() -> None:
        nonlocal again
        assert await store.installation(TEAM) is None  # nothing that comes is taken any more
        again = asyncio.create_task(store.install(TEAM, new))
        await store.record_answer(TEAM, "C_ASK", "1.0", "meta-roles")
        await store.install(OTHER, old)  # others do not wait
        assert not again.done()

    assert await store.delete_team(TEAM, gone_at=200.0, also=also)

    assert again
    await again
    assert await store.last_answer(TEAM, "C_ASK", "1.0") is None
    assert await store.installation(TEAM) == new
    assert not await store.delete_team(TEAM, gone_at=200.0, also=also)
    assert await store.installation(TEAM) == new


async def test_many_workspaces_that_are_deleted_at_once_do_not_wait_for_each_other(store: Store):
    teams = [f"T_{number}" for number in range(20)]  # more than the pool has connections
    looked_at = []

    async def look(team: str) -> None:
        assert await store.installation(team) is None
        looked_at.append(team)

    for team in teams:
        await store.install(team, Installation("U_BOT", "B_BOT", "old", None, None, 100.0))
    async with asyncio.timeout(20):  # the pool gives up after thirty
        await asyncio.gather(*(store.delete_team(team, gone_at=200.0, also=partial(look, team)) for team in teams))

    assert sorted(looked_at) == sorted(teams)


@pytest.fixture
async def on_postgresql(database: str) -> AsyncIterator[Store]:
    opened = await Store.open(database.replace("postgresql://", "postgresql+psycopg://"))
    yield opened
    await opened.close()


def an_item(number: int) -> Item:
    return Item(f"key{number}", "work", "{}", 1.0)


async def end_connections(database: str) -> None:
    """Have the server end all connections to a database, as a restart does."""
    everybody = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database()"
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        await connection.execute(f"{everybody} AND pid <> pg_backend_pid()")


async def test_what_is_received_is_recorded_though_the_connection_has_just_been_lost(
    on_postgresql: Store, database: str
):
    await on_postgresql.inbox.receive([an_item(1)], "local")
    await end_connections(database)
    await on_postgresql.inbox.receive([an_item(2)], "local")
    await end_connections(database)
    await on_postgresql.inbox.receive([an_item(3), an_item(4)], "local")

    recorded = await on_postgresql.inbox.received(["local"])
    assert sorted(item.key for item in recorded) == ["key1", "key2", "key3", "key4"]


async def test_a_connection_that_was_lost_while_nobody_used_it_is_replaced_before_it_is_used(
    on_postgresql: Store, database: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(trouble, "TRUSTED", 0.0)  # seconds that it has to have rested
    await on_postgresql.record_answer(TEAM, "C_ASK", "1.0", "meta-roles")
    await end_connections(database)

    assert await on_postgresql.last_answer(TEAM, "C_ASK", "1.0") == "meta-roles"


async def test_what_postgresql_is_asked_for_one_thing_is_sent_at_once_and_prepared(
    on_postgresql: Store, tmp_path: Path
):
    """Slack waits for the first of these, and each message is waited for."""
    async with on_postgresql._engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
    assert driver
    for number in range(10):  # psycopg prepares what it has been asked five times
        await on_postgresql.inbox.receive([an_item(number)], "local")
        await on_postgresql.last_answer(TEAM, "C_ASK", "1.0")
    with (tmp_path / "trace").open("w") as trace:
        driver.pgconn.trace(trace.fileno())
        await on_postgresql.inbox.receive([an_item(10)], "local")
        await on_postgresql.last_answer(TEAM, "C_ASK", "1.0")
        driver.pgconn.untrace()

    sent = [line.split("\t")[3] for line in (tmp_path / "trace").read_text().splitlines() if line.split("\t")[1] == "F"]
    assert sent == 2 * ["Bind", "Describe", "Execute", "Sync"]


@pytest.fixture
async def on_sqlite(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'store.db'}")
    yield opened
    await opened.close()


async def test_each_statement_goes_to_the_thread_of_sqlite_once(on_sqlite: Store, monkeypatch: pytest.MonkeyPatch):
    """Slack waits for the first of these, and each message is waited for."""
    await on_sqlite.inbox.receive([an_item(0)], "local")  # connects
    ways: list[str] = []

    async def counted(connection: Connection, function: Callable[..., Any], *what: Any, **more: Any) -> Any:
        ways.append(function.__name__)
        return await original(connection, function, *what, **more)

    original: Any = Connection._execute
    monkeypatch.setattr(Connection, "_execute", counted)

    await on_sqlite.inbox.receive([an_item(1)], "local")
    assert len(ways) == 1  # with its commit
    await on_sqlite.last_answer(TEAM, "C_ASK", "1.0")
    assert len(ways) == 2
    await on_sqlite.inbox.receive([an_item(2), an_item(3)], "local")
    assert ways[2:] == ["_execute", "commit"]
    assert len(await on_sqlite.inbox.received(["local"])) == 4


@pytest.mark.parametrize("is_alone", [True, False], ids=["a statement", "a statement of several"])
async def test_what_nobody_waits_for_any_more_leaves_sqlite_free_for_others(
    on_sqlite: Store, tmp_path: Path, is_alone: bool
):
    async def receive() -> None:
        if is_alone:
            await on_sqlite.inbox.receive([an_item(1)], "local")
            return
        async with on_sqlite._engine.begin() as connection:
            row = asdict(an_item(1)) | {"replica": "local"}
            await connection.execute(insert(inbox).values(row))
            await asyncio.Event().wait()  # nobody comes as far as this

    file = tmp_path / "store.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = asyncio.Event()
        event.listen(on_sqlite._engine.sync_engine, "before_cursor_execute", lambda *_: began.set())
        waiting = asyncio.create_task(receive())
        await began.wait()
        waiting.cancel()
        other.execute("ROLLBACK")
        await asyncio.gather(waiting, return_exceptions=True)

        await on_sqlite.inbox.receive([an_item(2)], "local")

        other.execute("BEGIN IMMEDIATE")  # nobody holds it
        keys = [key for (key,) in other.execute("SELECT key FROM inbox")]
        other.execute("ROLLBACK")
    assert "key2" in keys


async def test_a_statement_that_sqlite_refuses_is_taken_back(on_sqlite: Store, tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
        other.execute(
            "CREATE TRIGGER no AFTER INSERT ON inbox WHEN NEW.key = 'key1' BEGIN SELECT RAISE(FAIL, 'no'); END"
        )
        with pytest.raises(DBAPIError):
            await on_sqlite.inbox.receive([an_item(1)], "local")

        other.execute("BEGIN IMMEDIATE")
        assert other.execute("SELECT count(*) FROM inbox").fetchone() == (0,)
        other.execute("ROLLBACK")
    await on_sqlite.inbox.receive([an_item(2)], "local")
    assert [item.key for item in await on_sqlite.inbox.received(["local"])] == ["key2"]


async def test_a_greeting_is_claimed_once_whoever_wants_it(store: Store):
    assert not await store.people.is_greeted(TEAM, "U_ANA")

    claims = await asyncio.gather(*(store.people.claim_greeting(TEAM, "U_ANA", float(at)) for at in range(1, 6)))

    assert claims.count(True) == 1
    assert await store.people.is_greeted(TEAM, "U_ANA")
    first = claims.index(True) + 1.0
    assert await store.people.claim_greeting(TEAM, "U_ANA", first)  # by the same work, done again
    assert not await store.people.claim_greeting(TEAM, "U_ANA", 9.0)
    assert await store.people.claim_greeting(TEAM, "U_MEI", 9.0)


async def test_who_has_chosen_something_is_greeted_all_the_same_and_keeps_it(store: Store):
    await store.replies.choose(TEAM, "U_ANA", news=False)

    assert await store.people.claim_greeting(TEAM, "U_ANA", 1.0)
    assert await store.replies.choices_of(TEAM, "U_ANA") == (True, False)
    await store.replies.choose(TEAM, "U_ANA", answers_unasked=False)
    assert not await store.people.claim_greeting(TEAM, "U_ANA", 2.0)
    await store.people.forget(TEAM, "U_ANA")
    assert not await store.people.is_greeted(TEAM, "U_ANA")
