"""What a result says: of any set of answers, its sentences agree with each other and with the excerpt below them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations, islice, product
from types import MappingProxyType
from typing import Any

import pytest

from bot.domain import fit
from bot.domain.fit import Clearness, Given
from bot.domain.quiz_content import Choice, Question, Quiz, Side, TieBreak, with_article
from bot.domain.quiz_run import Run
from bot.knowledge import Library
from bot.slack import result, result_explained
from bot.slack.pieces import message
from bot.slack.text import Mrkdwn
from tests.conftest import THOROUGH

FAR, NOT_FAR = "come far behind.", "Not far behind is"


def _finished(quiz: Quiz) -> Iterator[Run]:
    for choices in product(*((None, *question.choices) for question in quiz.questions)):
        picked = dict(zip((question.id for question in quiz.questions), choices, strict=True))
        answers = {"purpose": ("own",), **{name: (choice.id,) for name, choice in picked.items() if choice}}
        skipped = frozenset(name for name, choice in picked.items() if choice is None)
        run = Run(quiz, MappingProxyType(answers), skipped=skipped)
        if last := run.tie_break:
            for side in last.choices:
                yield Run(quiz, MappingProxyType({**answers, last.id: (side.id,)}), skipped=skipped)
        if run.finished:
            yield run


@pytest.fixture(scope="module")
def finished(library: Library) -> list[Run]:
    """A run for every set of answers that has a result, or every thirteenth, with every answer to its tie-break.

    Each keeps its result.
    """
    return list(islice(_finished(library.quiz), 0, None, 1 if THOROUGH else 13))


def said(run: Run, library: Library) -> str:
    blocks, lines = result.recommendation(run, library)
    return message(blocks, lines).text


def weakened_by_one(quiz: Quiz, answers: Mapping[str, Given], role: str) -> bool:
    """Say whether one other answer leaves it too close to call, or leads to another role."""
    for question in quiz.questions:
        for choice in question.choices:
            after = fit.recommend(quiz, {**answers, question.id: (choice.id,)})
            if after.role.id != role or after.clearness is Clearness.CLOSE:
                return True
    return False


def test_how_far_behind_the_runner_up_is_said_to_be_agrees_with_what_would_flip_it(
    library: Library, finished: list[Run]
):
    far = 0
    for run in finished:
        text, found = said(run, library), run.recommendation
        assert found is not None
        if FAR in text:
            assert "at least three other answers" in text
            assert not weakened_by_one(library.quiz, run.answers, found.role.id)
            far += 1
        if NOT_FAR in text:
            flipped = r"if you answered (?:question \d|the last question) with “[^”]+”(?: or “[^”]+”)*(?: alone)?\."
            assert re.search(flipped, text)
        if found.clearness in (Clearness.CLEAR, Clearness.LEANING):
            assert ("at least three other" in text) == (run.flip is None)

    assert far > len(finished) / 400


def test_what_would_flip_it_names_other_answers_in_order_that_speak_for_the_other_role(finished: list[Run]):
    beside = all_of_them = 0
    for run in finished:
        if run.recommendation is None or run.recommendation.clearness in (Clearness.CLOSE, Clearness.PICTURE):
            continue
        if (flip := run.flip) is None:
            continue
        numbers = [run.number(question) for question, _ in flip.changes]
        assert numbers == sorted(set(numbers))
        assert flip.role != run.recommendation.role
        for question, choice in flip.changes:
            assert run.answers.get(question.id) != (choice.id,)
            if isinstance(choice, Side):
                assert choice.role == flip.role.id
            elif isinstance(choice, Choice):
                assert choice.weights.get(flip.role.id, 0) > 0
                beside += choice.weights[flip.role.id] < max(choice.weights.values())
            all_of_them += 1

    assert not beside  # "novelty" would be an odd answer to be led to an AI engineer by
    assert all_of_them > len(finished) / 2


def test_no_answer_that_would_flip_it_as_well_is_left_out_without_a_word(library: Library, finished: list[Run]):
    quiz, several, alone = library.quiz, 0, 0
    for run in finished[:: 9 if THOROUGH else 1]:
        found, flip = run.recommendation, run.flip if run.recommendation else None
        if found is None or flip is None or found.clearness not in (Clearness.CLEAR, Clearness.LEANING):
            continue
        if run.ended_early or len(flip.changes) > 1:
            continue
        asked: list[Question | TieBreak] = [*quiz.questions, *([found.tie_break.question] if found.tie_break else [])]
        named = {(question.id, choice.id) for question, _ in flip.changes for choice in flip.answers_to(question)}
        flips = {
            (question.id, choice.id): after.role
            for question in asked
            for choice in question.choices
            if (after := fit.recommend(quiz, {**run.answers, question.id: (choice.id,)})).role != found.role
            and after.clearness in (Clearness.CLEAR, Clearness.LEANING)
        }
        text = said(run, library)
        assert {flips[each] for each in named} == {flip.role}
        assert (", for example, if you answered" in text) == (named != flips.keys())
        several += len(named) > 1
        alone += "What would change it" in text

    assert several > (100 if THOROUGH else 60)
    assert alone > (5 if THOROUGH else 2)


def test_who_asks_why_is_told_every_answer_that_sets_the_two_roles_apart(library: Library, finished: list[Run]):
    more = 0
    for run in finished[:: 7 if THOROUGH else 1]:
        found = run.recommendation
        if found is None:
            continue
        told = result_explained.explanation(run, None, library).text
        for reason in (*found.reasons, *found.against):
            assert f"{reason.choices[0].short} (question {run.number(reason.question)})" in told
        for question in library.quiz.questions:
            for choice in run.picked(question):
                sets_apart = choice.weights.get(found.role.id, 0) != choice.weights.get(found.runner_up.id, 0)
                assert (f"{choice.short} (question" in told) >= sets_apart
        more += told.count("(question ") > len(found.reasons) + len(found.against)

    assert more > 20


def test_what_would_flip_half_an_answer_to_one_of_its_own_choices_says_so(library: Library):
    quiz, halves = library.quiz, 0
    first, *rest = quiz.questions
    for two in ((first.choices[0].id, choice.id) for choice in first.choices[1:]):
        for choices in product(*(question.choices for question in rest)):
            answers = {"purpose": ("own",), first.id: two}
            answers |= {question.id: (choice.id,) for question, choice in zip(rest, choices, strict=True)}
            run = Run(quiz, MappingProxyType(answers))
            if not run.finished or run.flip is None:
                continue
            named = [choice for question, choice in run.flip.changes if question == first and choice.id in two]
            if named and run.recommendation and run.recommendation.clearness is not Clearness.CLOSE:
                assert f"question 1 with “{named[0].label}” alone" in said(run, library)
                halves += 1

    assert halves > 20


def test_the_excerpt_shows_the_rows_of_the_answers_that_are_named_before_any_other(
    library: Library, finished: list[Run]
):
    labels = {row.id: row.label for row in library.tables[library.quiz.tables.roles].rows}
    full = 0
    for run in finished:
        found = run.recommendation
        if found is None or found.clearness is Clearness.PICTURE:
            continue
        columns = {found.role.column, found.runner_up.column}
        is_close = found.clearness is Clearness.CLOSE
        named = [reason.question for reason in (*found.reasons, *(found.against if is_close else ()))]
        table = _excerpt(run, library)
        shown = [row[0]["text"] for row in table["rows"][1:]]
        of_the_named = [question for question in named if labels[question.dimension] in shown]
        assert len(of_the_named) == min(len(named), len(shown))
        picked = any(choice.cell in columns for question in run.quiz.questions for choice in run.picked(question))
        marked = any("▸" in cell["text"] for row in table["rows"][1:] for cell in row[1:])
        assert marked or not picked or len(named) >= len(shown)
        full += len(named) > len(shown)

    assert full > len(finished) / 20


def _excerpt(run: Run, library: Library) -> dict[str, Any]:
    blocks, _ = result.recommendation(run, library)
    [table] = [block for block in message(blocks, [""]).blocks if block["type"] == "table"]
    return dict(table)


def test_both_columns_are_marked_where_every_answer_is_by_halves(library: Library):
    for run in _answered_by_halves(library.quiz):
        found = run.recommendation
        if found is None or found.clearness is not Clearness.CLOSE:
            continue
        halved = [
            question
            for question in run.quiz.questions
            if {found.role.column, found.runner_up.column} <= {choice.cell for choice in run.picked(question)}
        ]
        rows = _excerpt(run, library)["rows"][1:]
        assert len(rows) == 2 or len(halved) < 2
        assert "▸" in str(rows) or not halved or len(found.reasons) + len(found.against) >= len(rows)


def test_what_is_too_close_to_call_says_of_each_role_what_speaks_for_it(library: Library):
    one_side = 0
    for run in _answered_by_halves(library.quiz):
        found = run.recommendation
        if found is None or found.clearness is not Clearness.CLOSE:
            continue
        text, names = said(run, library), [with_article(role.name) for role in (found.role, found.runner_up)]
        if not found.reasons and not found.against:
            assert f"None of the answers tips it between {names[0]} and {names[1]}." in text
            continue
        for role, other, reasons in zip(names, reversed(names), (found.reasons, found.against), strict=True):
            first = text.partition(f"*What speaks for {role}*\n• ")[2].partition("\n")[0]
            assert first
            assert reasons or first == f"no answer speaks more for it than for {other}"
        one_side += bool(found.reasons) != bool(found.against)

    assert one_side > 0


def _answered_by_halves(quiz: Quiz) -> Iterator[Run]:
    """Give finished runs, each answer of which takes one of the first four pairs of its choices."""
    for pairs in product(*(list(combinations(question.choices, 2))[:4] for question in quiz.questions)):
        taken = zip(quiz.questions, pairs, strict=True)
        halves = {question.id: tuple(choice.id for choice in pair) for question, pair in taken}
        run = Run(quiz, MappingProxyType({"purpose": ("own",), **halves}))
        if last := run.tie_break:
            level = next(side.id for side in last.choices if side.role is None)
            run = Run(quiz, MappingProxyType({**run.answers, last.id: (level,)}))
        yield run


def test_a_question_that_one_of_two_rounds_left_out_is_not_said_to_differ(library: Library):
    letters = (0, 1, 0, 0, 4)
    before = _run_of(library.quiz, letters)
    now = _run_of(library.quiz, (0, 0, 0, 0))
    assert [question.id for question in now.ended_early] == [library.quiz.questions[-1].id]

    told = result.since(now, before, Mrkdwn("yesterday"), library)
    assert told is not None
    assert told.endswith("The answers differ in question 2. I did not ask question 5 this time.")

    other_way = result.since(before, now, Mrkdwn("yesterday"), library)
    assert other_way is not None
    assert other_way.endswith("The answers differ in question 2.")


def test_of_rounds_about_a_role_nothing_is_said_to_have_stayed_or_moved(library: Library):
    own = _run_of(library.quiz, (0, 1, 0, 0, 4))
    role = replace(own, answers=MappingProxyType({**own.answers, "purpose": ("role",)}))

    told = [result.since(run, run, Mrkdwn("yesterday"), library) for run in (own, role)]

    assert [library.words.result.previous_none in str(text) for text in told] == [True, False]
    assert str(told[1]).startswith("*Your last round about a role to fill (yesterday)* came to the same")


def _run_of(quiz: Quiz, places: tuple[int, ...]) -> Run:
    """Give a run with these answers, by the place of the choice, to the first questions."""
    chosen = {asked.id: (asked.choices[at].id,) for asked, at in zip(quiz.questions, places, strict=False)}
    return Run(quiz, MappingProxyType({"purpose": ("own",), **chosen}))


def test_of_an_answer_by_halves_the_half_that_speaks_for_a_role_is_named(library: Library):
    [optimized] = [question for question in library.quiz.questions if question.id == "what-you-optimize"]
    run = _run_of(library.quiz, (3, 4, 2, 3, 2))
    by_halves = Run(library.quiz, MappingProxyType({**run.answers, optimized.id: ("novelty", "uptime")}))
    alike = Run(library.quiz, MappingProxyType({**run.answers, optimized.id: ("uptime", "business-numbers")}))

    assert by_halves.recommendation is not None
    assert by_halves.recommendation.role.id == "ai-engineer"
    assert "• half “protecting uptime, latency and cost”" in said(by_halves, library)
    assert "novelty" not in said(by_halves, library).partition("What decided it")[2].partition("change it")[0]
    why = result_explained.explanation(by_halves, None, library).text
    assert "half “protecting uptime, latency and cost” (question 3)" in why
    assert "half “protecting uptime, latency and cost”, half “protecting the business’s numbers”" in said(
        alike, library
    )


def test_beside_the_shares_it_is_said_why_they_do_not_come_to_the_whole(library: Library):
    all_for_one = _run_of(library.quiz, (0,) * len(library.quiz.questions))
    how = " ".join(library.words.result.shares_how.split())

    assert how in said(all_for_one, library)
    assert all_for_one.recommendation is not None
    assert max(all_for_one.recommendation.shares.values()) < 1
    assert how not in result.so_far(_run_of(library.quiz, (0, 0)), library).text  # which is no result yet
