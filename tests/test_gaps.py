"""What the bot could not answer is kept, put together, drafted, and closed when it can."""

import re
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import process
from sqlalchemy import insert

from bot import knowledge
from bot.domain.content import digest_of
from bot.domain.embeddings import SemanticScorer
from bot.domain.faq import Surface
from bot.domain.gaps import Gap, Proposal, clusters, gaps_of, message_id
from bot.domain.report import Use, nearest_entry, report_on
from bot.knowledge import Library
from bot.second_stage import SecondStage, scorer_for
from bot.settings import KNOWLEDGE
from bot.slack import gaps_work
from bot.storage import Question, QuestionKind, Reply, ReplyState, Store
from bot.storage.tables import votes

TEAM = "T_ONE"
FIRST = Question("C_ASK:5.0", "U_ANA", QuestionKind.SUGGESTED, "what is a quant", "C_ASK", "5.0", asked_at=5.0)


async def test_a_question_is_kept_once_with_what_was_asked_first(store: Store):
    await store.gaps.record(TEAM, FIRST)
    await store.gaps.record(TEAM, replace(FIRST, text="something else"))

    assert await store.gaps.get(TEAM, message_id("C_ASK", "5.0")) == FIRST
    assert await store.gaps.listed(TEAM) == [FIRST]
    assert await store.gaps.listed(TEAM, since=6.0) == []


async def test_an_edit_replaces_the_text_and_a_deletion_takes_the_question_away(store: Store):
    edited = replace(FIRST, text="what is a trader", kind=QuestionKind.UNANSWERED, revision="6.0")
    for _ in range(2):
        await store.gaps.replace(TEAM, replace(edited, asked_at=8.0))
    assert await store.gaps.listed(TEAM) == [replace(edited, asked_at=8.0)]  # there was none before

    later = replace(FIRST, revision="7.0")
    await store.gaps.replace(TEAM, replace(later, asked_at=9.0))
    assert await store.gaps.listed(TEAM) == [replace(later, asked_at=8.0)]

    await store.gaps.replace(TEAM, edited)  # which comes again
    await store.gaps.forget(TEAM, "C_ASK", "5.0", "6.0")
    assert await store.gaps.listed(TEAM) == [replace(later, asked_at=8.0)]

    for _ in range(2):
        await store.gaps.forget(TEAM, "C_ASK", "5.0", "7.5")
    assert await store.gaps.listed(TEAM) == []


async def test_an_edit_deletes_what_was_kept_for_votes_before_it_and_not_after(store: Store):
    for number, clicked_at in enumerate(("5.5", "6.5")):
        vote = replace(FIRST, id=f"vote:{number}", kind=QuestionKind.NOT_HELPFUL, revision=clicked_at)
        await store.gaps.record(TEAM, vote)

    await store.gaps.replace(TEAM, replace(FIRST, revision="6.0"))

    assert [question.id for question in await store.gaps.listed(TEAM)] == [FIRST.id, "vote:1"]


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


# What is alike


def asked(*texts: str, kind: QuestionKind = QuestionKind.UNANSWERED, entry: str | None = None) -> list[Question]:
    """Give a question for each text, one a second, each of somebody else."""
    return [
        Question(f"C_ASK:{at}.0", f"U_{at}", kind, text, "C_ASK", f"{at}.0", entry, asked_at=float(at))
        for at, text in enumerate(texts, 1)
    ]


@pytest.mark.parametrize(
    "texts",
    [
        ("what does a quant do?", "What do quants do all day"),
        ("when do we get our bonus", "bonus when"),
        ("what is kubernetes", "what is kubernets?"),
        ("How many vacation days do we get", "vacation days??"),
        ("what does an RE earn at Foogle", "how much do research engineers earn at Foogle"),
        ("???", "???"),
    ],
)
def test_questions_about_the_same_thing_are_one_gap(library: Library, texts: tuple[str, str]):
    [gap] = gaps_of(asked(*texts), library.index.topics)

    assert gap.texts == tuple(dict.fromkeys(texts))
    assert (gap.example, gap.people, gap.id) == (texts[0], 2, "C_ASK:1.0")


@pytest.mark.parametrize(
    "texts",
    [
        ("quant salary", "what is a quant"),
        ("salary of a research engineer", "salary of a research scientist"),
        ("who is our CEO", "when is lunch"),
        ("???", "!!!"),
    ],
)
def test_questions_about_different_things_are_two_gaps(library: Library, texts: tuple[str, str]):
    assert len(gaps_of(asked(*texts), library.index.topics)) == 2


def test_people_count_once_however_often_they_ask(library: Library):
    often = [replace(question, user="U_ANA") for question in asked(*["what is a quant"] * 9)]
    both = [replace(question, id=f"D:{question.ts}") for question in asked("who trades", "who trades?")]

    first, second = gaps_of([*often, *both], library.index.topics)

    assert (first.example, first.people) == ("who trades", 2)
    assert (second.people, second.kinds) == (1, {QuestionKind.UNANSWERED: 9})


def test_what_was_chosen_or_has_an_answer_by_now_is_no_gap(library: Library):
    first, second, third = asked("what is a quant", "what is a trader", "who trades")
    chosen = replace(first, kind=QuestionKind.CHOSEN, entry="builder")
    answered = replace(second, answered_by="builder")

    assert [gap.example for gap in gaps_of([chosen, answered, third], library.index.topics)] == ["who trades"]


def test_votes_without_a_text_go_together_by_their_entry(library: Library):
    votes = asked("", "", "", kind=QuestionKind.NOT_HELPFUL, entry="builder")
    other = replace(votes[2], entry="bell-labs")

    gaps = gaps_of([*votes[:2], other], library.index.topics)

    assert [(gap.entries, gap.people, gap.example) for gap in gaps] == [(("builder",), 2, ""), (("bell-labs",), 1, "")]


WORDS = ["quant", "quants", "salary", "bonus", "trader", "tradr", "research engineer", "RE", "day", "what", "?", "…"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
QUESTIONS = st.lists(
    st.builds(
        replace,
        st.just(FIRST),
        id=st.integers(0, 99).map(str),
        user=st.sampled_from(["U_ANA", "U_BEN", "U_MEI"]),
        kind=st.sampled_from(QuestionKind),
        text=TEXTS,
        entry=st.sampled_from([None, "builder", "bell-labs"]),
        asked_at=st.integers(1, 9).map(float),
    ),
    max_size=20,
    unique_by=lambda question: question.id,
)


@given(questions=QUESTIONS, data=st.data())
def test_each_question_is_in_one_cluster_whatever_the_order(
    library: Library, questions: list[Question], data: st.DataObject
):
    found = clusters(questions, library.index.topics)

    assert sorted(question.id for group in found for question in group) == sorted(each.id for each in questions)
    assert clusters(data.draw(st.permutations(questions)), library.index.topics) == found
    for group in found:
        assert list(group) == sorted(group, key=lambda question: (question.asked_at, question.id))
    by_text = {question.text: at for at, group in enumerate(found) for question in group if question.text}
    assert all(by_text[each.text] == at for at, group in enumerate(found) for each in group if each.text)


@given(questions=QUESTIONS)
def test_a_new_question_moves_no_older_one(library: Library, questions: list[Question]):
    before = clusters(questions, library.index.topics)
    new = replace(FIRST, id="new", text="quant bonus day", asked_at=10.0)

    after = clusters([*questions, new], library.index.topics)

    left = [tuple(question for question in group if question.id != "new") for group in after]
    assert [group for group in left if group] == before


def test_of_two_clusters_that_are_as_near_it_is_the_older_one_whatever_is_asked_later(library: Library):
    texts = ["research engineer", "salary research engineer", "quant salary", "quant salary research engineer"]
    questions = asked(*texts, "research engineer", "quant", "", "quant bonus day")

    before, after = (clusters(some, library.index.topics) for some in (questions[:-1], questions))

    assert [group for group in after if questions[-1] not in group] == before


def test_of_ten_thousand_questions_few_pairs_are_compared(library: Library, monkeypatch: pytest.MonkeyPatch):
    texts = [f"what about {first} and {second}" for first in range(100) for second in range(100)]
    compared, compare = 0, process.extractOne

    def counting(query: Any, choices: Any, **how: Any) -> Any:
        nonlocal compared
        compared += len(choices)
        return compare(query, choices, **how)

    monkeypatch.setattr("bot.domain.gaps.process.extractOne", counting)

    assert len(clusters(asked(*texts), library.index.topics)) > 1000
    assert compared < len(texts) ** 2 / 50


def test_the_wordings_that_people_have_shown_are_proposed_once(library: Library):
    entry = library.entries["member-of-technical-staff"]
    shown = asked("whats a mots", "What's a MoTS?", entry.phrasings[0], kind=QuestionKind.CHOSEN, entry=entry.id)
    gone = replace(shown[0], id="x", entry="gone")

    proposals = report_on([*shown, gone], [], library.entries, library.index, date(2026, 11, 28)).proposals

    assert proposals == (Proposal(entry.id, "whats a mots", 2),)


def test_the_report_has_what_is_due_and_what_was_used(library: Library):
    entries = dict(library.entries)
    old = entries["builder"] = entries["builder"].model_copy(update={"checked": date(2025, 1, 1)})
    uses = [Use("gone", 9), Use("builder", 1, 0, 2), Use("bell-labs", 3)]

    found = report_on(asked("what is a quant"), uses, entries, library.index, date(2026, 11, 28))

    assert found.due == (old,)
    assert found.uses == (Use("bell-labs", 3), Use("builder", 1, 0, 2))
    assert found.gap("C_ASK:1.0") == found.gaps[0]
    assert found.gap("C_ASK:2.0") is None
    near = nearest_entry(gaps_of(asked("what is an MTS"), library.index.topics)[0], library.index)
    assert near is not None
    assert near[0] == "member-of-technical-staff"
    assert (
        nearest_entry(gaps_of(asked("", kind=QuestionKind.NOT_HELPFUL), library.index.topics)[0], library.index) is None
    )


async def test_use_is_counted_by_posts_and_helpfulness_by_people(store: Store):
    for number, (kind, state) in enumerate([("answer", "posted"), ("answer", "posted"), ("suggest", "posted")]):
        reply = Reply(f"5.{number}", "5.0", "U_ANA", "channel", kind, ("mts",), replied_at=5.0)
        await store.replies.hold(TEAM, "C_ASK", reply, by="say")
        await store.replies.settle(TEAM, "C_ASK", replace(reply, state=ReplyState(state)), by="say")
    rows = [("U_ANA", "5.1", False, 6.0), ("U_ANA", "5.2", True, 7.0), ("U_BEN", "5.1", False, 7.0)]
    async with store._engine.begin() as connection:
        for user, ts, helpful, at in rows:
            vote = {"team": TEAM, "channel": "C_ASK", "answer_ts": ts, "user": user, "entry": "mts", "helpful": helpful}
            await connection.execute(insert(votes).values(**vote, voted_at=at))

    assert await store.feedback.entry_usage(TEAM) == [Use("mts", posted=2, helpful=1, voted=2)]
    assert await store.feedback.entry_usage(TEAM, since=6.5) == [Use("mts", posted=0, helpful=1, voted=2)]
    assert await store.feedback.entry_usage("T_TWO") == []
    assert await store.gaps.teams() == [TEAM]


# Drafts


def checked(folder: Path) -> list[str]:
    return [str(problem) for problem in knowledge.lint(folder, today=date(2026, 11, 30))]


def pasted(folder: Path, text: str) -> Path:
    """Paste a draft at the end of a copy of the knowledge's entries."""
    shutil.copytree(KNOWLEDGE, folder)
    with (folder / "faq.yaml").open("a") as file:
        file.write(f"\n{text}")
    return folder


TODO = ["'answer' is empty", "'sources' is empty", "'owner' is empty", "'checked' is empty"]


@pytest.mark.parametrize(
    ("texts", "missing"),
    [
        (
            [
                "<@U_BOT> what does a quant: do",
                'quant "work" &amp; pay',
                "- quants",
                "a *quant* {x}",
                "# who?",
                "[quant]",
            ],
            [],
        ),
        (["what does a quant do", "quants do what?"], ["'phrasings' has too few items: 2, of at least 5"]),
        (["<https://x.com|a quant>\n`code` \x07 @ % quant"], ["'phrasings' has too few items: 1, of at least 5"]),
        ([""], ["'question' is empty", "'phrasings' is empty", "'keywords' is empty"]),
    ],
)
def test_a_draft_can_be_pasted_and_lacks_what_the_editor_must_write(
    library: Library, tmp_path: Path, texts: list[str], missing: list[str]
):
    gap = Gap(tuple(asked(*texts, kind=QuestionKind.NOT_HELPFUL, entry="builder")), texts[0])

    problems = checked(pasted(tmp_path / "knowledge", knowledge.draft(gap, library)))

    for words in (*TODO, *missing):
        [problem] = [each for each in problems if words in each]
        assert re.match(r"faq\.yaml:\d+: error: ", problem)
        problems.remove(problem)
    assert problems == []


def test_a_draft_has_each_wording_once_and_none_of_another_file(library: Library):
    refused = library.not_answered[0]
    texts = ("Where is a quant?", "<@U_BOT> where is a quant", "where is a quant?!", refused.phrasings[0])

    text = knowledge.draft(Gap(tuple(asked(*texts)), texts[0]), library)

    assert re.findall(r"^      - (.*)$", text, re.MULTILINE) == ['"Where is a quant?"']
    assert f"is a wording of {refused.id} in not_answered.yaml" in text


@pytest.mark.parametrize("sign", ["\u202e", "\u2067", "\u2069", "\uffff", "\x7f", "\x85", "<!channel>", "<@U_ANA>"])
def test_what_people_asked_is_shown_without_signs_that_turn_a_line_or_break_a_file(library: Library, sign: str):
    text = f"what is {sign}a quant"

    [entry] = yaml.safe_load(knowledge.draft(Gap(tuple(asked(text)), text), library))

    assert entry["phrasings"] == ["what is a quant"]


@pytest.mark.parametrize(
    ("text", "new_id"), [("What is a 404?", "404"), ("null?", "null"), ("2026 11 28", "2026-11-28")]
)
def test_the_id_of_a_draft_is_text_whatever_yaml_makes_of_such_words(library: Library, text: str, new_id: str):
    [entry] = yaml.safe_load(knowledge.draft(Gap(tuple(asked(text)), text), library))

    assert entry["id"] == new_id


def test_a_finished_draft_passes_and_is_answered(library: Library, tmp_path: Path):
    texts = ["what does a quant do", "quant job", "quants do what", "quant work", "who is a quant", "what is a quant"]
    text = knowledge.draft(gaps_of(asked(*texts), library.index.topics)[0], library)
    for key, value in (
        ("answer", "A quant models markets."),
        ("sources", "[{document: field-guide, section: FAQ}]"),
        ("owner", "Rolefit editors"),
        ("checked", "2026-11-28"),
    ):
        text = re.sub(rf"{key}:  # .*", f"{key}: {value}", text)

    folder = pasted(tmp_path / "knowledge", text)

    assert checked(folder) == []
    assert [entry.id for entry in knowledge.load(folder).entries.values()][-1] == "quant"


@pytest.mark.parametrize(
    ("texts", "lines"),
    [
        (
            ["what does a quant do"],
            '    phrasings:  # write 4 more, each in other words\n      - "what does a quant do"\n    keywords: [',
        ),
        ([""], "    phrasings:  # write 5, each in other words\n    keywords:"),
    ],
)
def test_a_draft_begins_its_phrasings_with_the_question_and_counts_what_is_missing(
    library: Library, texts: list[str], lines: str
):
    assert lines in knowledge.draft(Gap(tuple(asked(*texts)), texts[0]), library)


def test_a_draft_says_which_entry_a_phrasing_collides_with(library: Library):
    mts = library.entries["member-of-technical-staff"]
    gap = Gap(tuple(asked("so what would MTS stand for, please", mts.phrasings[0], "who sells quants")), "")

    text = knowledge.draft(gap, library)

    assert re.search(
        r'"So what would MTS stand for, please\?"  # collides: answers member-of-.* confidence of 0\.\d\d', text
    )
    assert re.search(
        r"# .* is a wording of member-of-technical-staff in faq.yaml  # collides: answers member-of-technical-staff",
        text,
    )
    assert re.search(r'- "who sells quants"$', text, re.MULTILINE)


def test_drafts_get_ids_of_their_own(library: Library):
    gap = gaps_of(asked("quant"), library.index.topics)[0]
    known = {"quant": library.entries["builder"], **library.entries}

    assert "- id: quant-2\n" in knowledge.draft(gap, replace(library, entries=known))


def test_an_earlier_knowledge_is_prepared_once_for_all_that_is_asked_of_it(
    library: Library, monkeypatch: pytest.MonkeyPatch
):
    prepared: list[Library] = []

    def prepare(of: Library) -> SemanticScorer:
        prepared.append(of)
        return scorer_for(of)

    monkeypatch.setattr(gaps_work, "scorer_for", prepare)
    worker = gaps_work.gaps_worker
    monkeypatch.setattr(worker, "_services", SimpleNamespace(second_stage=SecondStage()), raising=False)
    monkeypatch.setattr(worker, "_scorer", None)
    offered = [
        worker._offered(text, Surface.MENTION, library, None)
        for text in ("what does MTS stand for?", "is a research engineer a researcher?")
    ]

    assert "member-of-technical-staff" in offered[0]
    assert offered[1]
    assert prepared == [library]
