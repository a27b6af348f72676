"""The quiz's domain: what an answer does to a run, and what somebody typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.content import Question
from bot.domain.quiz import Repeated, Run, Stale, Taken, read_choice
from bot.knowledge import Library


def answered(run: Run, *choices: int) -> Run:
    """Answer the open questions in order with these choices, counted from 0."""
    for at in choices:
        question = run.open
        assert question is not None
        taken = run.answer(question.id, question.choices[at].id)
        assert isinstance(taken, Taken)
        run = taken.run
    return run


def test_questions_come_in_order_and_end_in_a_recommendation(library: Library):
    run = Run(library.quiz)
    seen = []
    while run.current:
        seen.append(run.number(run.current))
        run = answered(run, 0)

    assert seen == [1, 2, 3, 4, 5]
    assert run.recommendation is not None
    assert run.open is None


def test_the_same_answer_again_changes_nothing(library: Library):
    first = library.quiz.questions[0]
    run = answered(Run(library.quiz), 0)

    outcome = run.answer(first.id, first.choices[0].id)

    assert outcome == Repeated(run, first.choices[0])


def test_another_answer_to_a_question_that_has_one_is_stale_and_names_the_answer(library: Library):
    first = library.quiz.questions[0]
    run = answered(Run(library.quiz), 0)

    assert run.answer(first.id, first.choices[1].id) == Stale(run, first.choices[0])


def test_a_question_that_is_not_open_yet_takes_no_answer(library: Library):
    run, last = Run(library.quiz), library.quiz.questions[-1]

    assert run.answer(last.id, last.choices[0].id) == Stale(run, None)


def test_the_tie_break_is_open_only_after_a_close_result(library: Library):
    tie_break = library.quiz.tie_break
    clear = answered(Run(library.quiz), 0, 0, 0, 0, 0)

    assert isinstance(clear.answer(tie_break.id, tie_break.choices[0].id), Stale)


def test_a_choice_the_quiz_does_not_have_is_an_error(library: Library):
    with pytest.raises(KeyError):
        Run(library.quiz).answer(library.quiz.questions[0].id, "nonsense")


@pytest.mark.parametrize(
    ("typed", "position"),
    [
        ("1", 0),
        (" 2. ", 1),
        ("#3", 2),
        ("(b)", 1),
        ("C", 2),
        ("option 1", 0),
        ("Number 2!", 1),
        ("answer a", 0),
    ],
)
def test_numbers_and_letters_are_read_in_many_forms(library: Library, typed: str, position: int):
    question = library.quiz.questions[0]

    assert read_choice(typed, question) == question.choices[position]


@pytest.mark.parametrize("typed", ["9", "0", "j", "", "   ", "?!", "12", "one of them"])
def test_what_names_no_choice_is_not_guessed(library: Library, typed: str):
    assert read_choice(typed, library.quiz.questions[0]) is None


def test_every_label_and_every_wording_in_the_knowledge_is_read_as_its_choice(library: Library):
    for question in library.quiz.all_questions:
        for choice in question.choices:
            for text in (choice.label, choice.label.upper(), *choice.says):
                assert read_choice(text, question) == choice, f"{question.id}: {text}"


@pytest.mark.parametrize("typed", ["what is a research engineer?", "how long will this take?", "why do you ask"])
def test_a_question_is_not_an_answer(library: Library, typed: str):
    assert read_choice(typed, library.quiz.questions[0]) is None


@given(text=st.text(max_size=400))
def test_whatever_is_typed_gives_a_choice_of_the_question_or_nothing(library: Library, text: str):
    question: Question = library.quiz.questions[0]

    found = read_choice(text, question)

    assert found is None or found in question.choices
