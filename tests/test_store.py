"""The store, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from bot.domain.quiz import Repeated, Stale, Taken
from bot.knowledge import Library
from bot.storage import Share, ShareState, Store
from bot.storage.migrate import config
from bot.storage.store import HEAD
from bot.storage.tables import metadata

TEAM, OTHER = "T_ONE", "T_TWO"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"
    return str(request.getfixturevalue("database")).replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    found = await Store.open(url)
    yield found
    await found.close()


async def begun(store: Store, library: Library, run_id: str = "r1", team: str = TEAM) -> None:
    await store.begin_run(team, run_id, user="U_ANA", channel="D_ANA", root_ts=f"1.{run_id}", quiz=library.quiz)


def first(library: Library) -> tuple[str, str, str]:
    """Give a question with two of its choices."""
    question = library.quiz.questions[0]
    return question.id, question.choices[0].id, question.choices[1].id


async def test_a_run_is_found_by_its_id_and_by_its_thread(store: Store, library: Library):
    await begun(store, library)

    found = await store.run(TEAM, "r1")

    assert found is not None
    assert found == await store.run_in_thread(TEAM, "U_ANA", "1.r1")
    assert (found.user, found.channel, found.version, found.asked_ts) == ("U_ANA", "D_ANA", 0, None)
    assert found.run.quiz == library.quiz


async def test_beginning_a_run_again_changes_nothing(store: Store, library: Library):
    await begun(store, library)
    question, choice, _ = first(library)
    await store.answer(TEAM, "r1", question, choice, by="job")

    await begun(store, library)

    found = await store.run(TEAM, "r1")
    assert found is not None
    assert found.version == 1


async def test_an_answer_is_taken_once_and_again_in_the_same_name(store: Store, library: Library):
    await begun(store, library)
    await store.asked(TEAM, "r1", "2.0")
    question, choice, other = first(library)

    outcomes = [
        await store.answer(TEAM, "r1", question, choice, by="job"),
        await store.answer(TEAM, "r1", question, choice, by="job"),
        await store.answer(TEAM, "r1", question, choice, by="second click"),
        await store.answer(TEAM, "r1", question, other, by="third click"),
    ]

    assert [type(outcome[1]) for outcome in outcomes if outcome] == [Taken, Taken, Repeated, Stale]
    found = await store.run(TEAM, "r1")
    assert found is not None
    assert (dict(found.run.answers), found.version, found.asked_ts) == ({question: choice}, 1, None)


async def test_of_answers_at_the_same_moment_one_counts(store: Store, library: Library):
    await begun(store, library)
    question = library.quiz.questions[0]
    given = [question.choices[at % 2].id for at in range(8)]

    outcomes = await asyncio.gather(
        *(store.answer(TEAM, "r1", question.id, choice, by=f"click {at}") for at, choice in enumerate(given))
    )

    assert sum(isinstance(outcome[1], Taken) for outcome in outcomes if outcome) == 1
    found = await store.run(TEAM, "r1")
    assert found is not None
    assert found.version == 1


async def test_the_latest_run_is_the_one_begun_last(store: Store, library: Library):
    assert await store.latest(TEAM, "U_ANA") is None
    await begun(store, library, "r1")
    await begun(store, library, "r2")

    latest = await store.latest(TEAM, "U_ANA")

    assert latest is not None
    assert latest.id == "r2"
    assert latest.begun_at.tzinfo is not None


async def test_a_run_stays_with_the_quiz_it_began_with(store: Store, library: Library):
    await begun(store, library, "r1")
    edited = library.quiz.model_copy(update={"questions": library.quiz.questions[:3]})
    await store.begin_run(TEAM, "r2", user="U_ANA", channel="D_ANA", root_ts="9.9", quiz=edited)

    before, after = await store.run(TEAM, "r1"), await store.run(TEAM, "r2")

    assert before is not None
    assert after is not None
    assert (len(before.run.quiz.questions), len(after.run.quiz.questions)) == (5, 3)


async def test_a_share_leaves_its_first_state_once(store: Store, library: Library):
    await begun(store, library)
    share = Share("s1", "r1", 5, "U_MEI", {"text": "hi", "blocks": []}, ShareState.PREVIEWED)
    await store.preview_share(TEAM, share)
    await store.preview_share(TEAM, share)

    assert await store.share(TEAM, "s1") == share
    assert await store.shares_of(TEAM, "r1") == 1
    was = {"was": ShareState.PREVIEWED}
    assert await store.move_share(TEAM, "s1", **was, to=ShareState.CANCELLED) is ShareState.CANCELLED
    assert await store.move_share(TEAM, "s1", **was, to=ShareState.SENT) is ShareState.CANCELLED
    assert await store.move_share(TEAM, "s2", **was, to=ShareState.SENT) is None


async def test_another_team_sees_nothing_and_changes_nothing(store: Store, library: Library):
    await begun(store, library)
    share = Share("s1", "r1", 5, "U_MEI", {}, ShareState.PREVIEWED)
    await store.preview_share(TEAM, share)
    question, choice, _ = first(library)

    await store.asked(OTHER, "r1", "5.5")
    assert await store.run(OTHER, "r1") is None
    assert await store.run_in_thread(OTHER, "U_ANA", "1.r1") is None
    assert await store.latest(OTHER, "U_ANA") is None
    assert await store.answer(OTHER, "r1", question, choice, by="job") is None
    assert await store.share(OTHER, "s1") is None
    assert await store.shares_of(OTHER, "r1") == 0
    assert await store.move_share(OTHER, "s1", was=ShareState.PREVIEWED, to=ShareState.SENT) is None

    found = await store.run(TEAM, "r1")
    assert found is not None
    assert (found.version, found.asked_ts) == (0, None)


async def test_a_database_that_is_up_to_date_is_opened_as_it_is(url: str, library: Library):
    first = await Store.open(url)
    await begun(first, library)
    await first.close()

    second = await Store.open(url)

    assert await second.run(TEAM, "r1") is not None
    await second.close()


async def test_the_migrations_lead_to_the_tables_of_the_code(store: Store):
    def compare(connection: Connection) -> None:
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


async def test_a_thread_is_remembered_by_what_it_was_answered_with_last(store: Store):
    assert await store.answered_with(TEAM, "C_ASK", "1.0") is None

    await store.answered(TEAM, "C_ASK", "1.0", "openai-roles")
    await store.answered(TEAM, "C_ASK", "1.0", "meta-roles")

    assert await store.answered_with(TEAM, "C_ASK", "1.0") == "meta-roles"
    assert await store.answered_with(OTHER, "C_ASK", "1.0") is None
    assert await store.answered_with(TEAM, "C_GENERAL", "1.0") is None


async def test_turns_of_a_channel_lie_a_second_apart_and_those_of_another_do_not_wait(store: Store):
    turns = await asyncio.gather(*(store.turn(TEAM, "C_ASK", 1.0) for _ in range(5)))
    _, elsewhere = await store.turn(TEAM, "C_GENERAL", 1.0)
    _, of_others = await store.turn(OTHER, "C_ASK", 1.0)

    times = sorted(turn for turn, _ in turns)
    assert all(later - earlier >= 0.999 for earlier, later in pairwise(times))
    assert sorted(wait == 0 for _, wait in turns) == [False, False, False, False, True]
    assert (elsewhere, of_others) == (0, 0)


async def test_a_replica_that_is_silent_too_long_is_named_until_it_is_buried(store: Store):
    await store.seen("silent", 100.0)
    await store.seen("alive", 100.0)
    await store.seen("alive", 200.0)
    await store.seen("gone", 0)

    assert sorted(await store.silent(150.0)) == ["gone", "silent"]
    assert sorted(await store.silent(150.0)) == ["gone", "silent"]

    await store.seen("silent", 300.0)  # it was slow, not dead
    await store.bury(["silent", "gone"], 150.0)

    assert sorted(await store.silent(1000.0)) == ["alive", "silent"]


async def test_what_only_helps_for_a_while_is_forgotten(store: Store):
    await store.answered(TEAM, "C_ASK", "1700000000.000001", "openai-roles")
    await store.answered(TEAM, "C_ASK", "1800000000.000001", "meta-roles")

    await store.forget(1_750_000_000)

    assert await store.answered_with(TEAM, "C_ASK", "1700000000.000001") is None
    assert await store.answered_with(TEAM, "C_ASK", "1800000000.000001") == "meta-roles"


async def test_replicas_that_start_together_bring_the_database_up_to_date_once(database: str):
    url = database.replace("postgresql://", "postgresql+psycopg://")

    stores = await asyncio.gather(*(Store.open(url) for _ in range(4)))

    for each in stores:
        await each.ping()
        await each.close()
