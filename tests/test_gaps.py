"""What the bot could not answer is kept, put together, drafted, and closed when it can."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.domain.content import digest_of
from bot.domain.gaps import message_id
from bot.knowledge import Library
from bot.storage import Question, QuestionKind, Store
from tests.conftest import create_database

TEAM = "T_ONE"
FIRST = Question("C_ASK:5.0", "U_ANA", QuestionKind.SUGGESTED, "what is a quant", "C_ASK", "5.0", asked_at=5.0)


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'rolefit.db'}"
    else:
        url = create_database(request.getfixturevalue("postgres")).replace("postgresql://", "postgresql+psycopg://")
    opened = await Store.open(url)
    yield opened
    await opened.close()


async def test_a_question_is_kept_once_with_what_was_asked_first(store: Store):
    await store.gaps.record(TEAM, FIRST)
    await store.gaps.record(TEAM, replace(FIRST, text="something else"))

    assert await store.gaps.get(TEAM, message_id("C_ASK", "5.0")) == FIRST
    assert await store.gaps.listed(TEAM) == [FIRST]
    assert await store.gaps.listed(TEAM, since=6.0) == []


async def test_an_edit_replaces_the_text_and_a_deletion_takes_the_question_away(store: Store):
    edited = replace(FIRST, text="what is a trader", kind=QuestionKind.UNANSWERED)
    for _ in range(2):
        await store.gaps.replace(TEAM, replace(edited, asked_at=8.0))
    assert await store.gaps.listed(TEAM) == [replace(edited, asked_at=8.0)]  # there was none before

    await store.gaps.replace(TEAM, replace(FIRST, asked_at=9.0))
    assert await store.gaps.listed(TEAM) == [replace(FIRST, asked_at=8.0)]

    for _ in range(2):
        await store.gaps.forget(TEAM, "C_ASK", "5.0")
    assert await store.gaps.listed(TEAM) == []


@pytest.mark.parametrize(
    ("user", "kind", "decided", "after"),
    [
        ("U_ANA", QuestionKind.CHOSEN, True, {"kind": QuestionKind.CHOSEN, "entry": "mts"}),
        ("U_ANA", QuestionKind.DECLINED, True, {"kind": QuestionKind.DECLINED, "entry": "mts"}),
        ("U_BEN", QuestionKind.CHOSEN, False, {"answered_by": "mts"}),
        ("U_BEN", QuestionKind.DECLINED, False, {}),
    ],
)
async def test_the_person_who_asked_says_what_was_meant_once(
    store: Store, user: str, kind: QuestionKind, decided: bool, after: dict[str, Any]
):
    await store.gaps.record(TEAM, FIRST)

    assert await store.gaps.decide_suggestion(TEAM, FIRST.id, user, kind, "mts") is decided
    assert await store.gaps.get(TEAM, FIRST.id) == replace(FIRST, **after)
    if decided:
        assert not await store.gaps.decide_suggestion(TEAM, FIRST.id, user, QuestionKind.CHOSEN, "other")
        assert await store.gaps.get(TEAM, FIRST.id) == replace(FIRST, **after)


async def test_nothing_else_decides_a_suggestion(store: Store):
    unanswered = replace(FIRST, kind=QuestionKind.UNANSWERED)
    await store.gaps.record(TEAM, unanswered)

    assert not await store.gaps.decide_suggestion(TEAM, FIRST.id, "U_ANA", QuestionKind.CHOSEN, "mts")
    assert not await store.gaps.decide_suggestion(TEAM, "C_ASK:6.0", "U_ANA", QuestionKind.CHOSEN, "mts")
    with pytest.raises(ValueError, match="not_helpful decides nothing; it takes chosen or declined"):
        await store.gaps.decide_suggestion(TEAM, FIRST.id, "U_ANA", QuestionKind.NOT_HELPFUL, "mts")
    assert await store.gaps.listed(TEAM) == [unanswered]


async def test_old_questions_and_those_of_changed_votes_are_deleted(store: Store):
    vote = Question("vote:C_ASK:5.1:U_BEN", "U_BEN", QuestionKind.NOT_HELPFUL, "", entry="mts", asked_at=7.0)
    for question in (FIRST, vote):
        await store.gaps.record(TEAM, question)

    await store.gaps.prune(before=6.0)
    assert await store.gaps.listed(TEAM) == [vote]

    await store.gaps.remove(TEAM, vote.id)
    assert await store.gaps.listed(TEAM) == []


def test_a_digest_changes_with_what_an_answer_says_and_with_nothing_else(library: Library):
    entry = next(entry for entry in library.entries.values() if entry.excerpt and not entry.excerpt.rows)
    assert entry.excerpt
    table = library.tables[entry.excerpt.table]
    row = table.rows[0].model_copy(update={"label": "Another label"})
    corrected = {**library.tables, table.id: table.model_copy(update={"rows": (row, *table.rows[1:])})}
    before = digest_of([entry], library.tables)

    same = entry.model_copy(update={"checked": date(2026, 1, 1), "owner": "Nobody", "phrasings": entry.phrasings[1:]})
    assert digest_of([same], library.tables) == before
    for other in ({"answer": "No."}, {"excerpt": None}, {"sources": (*entry.sources, *entry.sources)}):
        assert digest_of([entry.model_copy(update=other)], library.tables) != before
    assert digest_of([entry], corrected) != before
    assert digest_of([entry, entry], library.tables) != before
