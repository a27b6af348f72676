"""From answers to a recommendation."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import fit
from bot.domain.content import Quiz
from bot.domain.fit import Clearness
from bot.knowledge import Library


def answers(quiz: Quiz, positions: tuple[int, ...]) -> dict[str, str]:
    return {q.id: q.choices[at % len(q.choices)].id for q, at in zip(quiz.questions, positions, strict=True)}


positions = st.tuples(*(st.integers(0, 59) for _ in range(5)))


@given(positions=positions)
def test_shares_add_up_to_one(library: Library, positions: tuple[int, ...]):
    found = fit.recommend(library.quiz, answers(library.quiz, positions))

    assert sum(found.shares.values()) == pytest.approx(1)
    assert found.shares[found.role.id] == max(found.shares.values())
    assert found.margin == pytest.approx(found.shares[found.role.id] - found.shares[found.runner_up.id])


@given(positions=positions, order=st.permutations(range(5)))
def test_the_order_of_answers_is_irrelevant(library: Library, positions: tuple[int, ...], order: list[int]):
    given_ = answers(library.quiz, positions)
    shuffled = {list(given_)[at]: list(given_.values())[at] for at in order}

    assert fit.recommend(library.quiz, shuffled) == fit.recommend(library.quiz, given_)


@given(positions=positions, factor=st.sampled_from([0.5, 0.25, 1.25]))
def test_weights_scaled_by_a_constant_change_nothing(library: Library, positions: tuple[int, ...], factor: float):
    data = library.quiz.model_dump()
    for question in (*data["questions"], data["tie_break"]):
        for choice in question["choices"]:
            choice["weights"] = {role: weight * factor for role, weight in choice["weights"].items()}
    scaled = Quiz.model_validate(data)
    given_ = answers(library.quiz, positions)

    before, after = fit.recommend(library.quiz, given_), fit.recommend(scaled, given_)

    assert (after.role.id, after.runner_up.id, after.clearness) == (
        before.role.id,
        before.runner_up.id,
        before.clearness,
    )


def test_every_role_is_reached_clearly_leaning_and_close(library: Library):
    quiz = library.quiz
    every = product(*(range(len(question.choices)) for question in quiz.questions))
    found = [fit.recommend(quiz, answers(quiz, each)) for each in every]

    for role in quiz.roles:
        assert {each.clearness for each in found if each.role == role} == set(Clearness)
    assert fit.reachable(quiz) == {role.id for role in quiz.roles}


def test_reachable_agrees_with_trying_every_set_of_answers(library: Library):
    data = library.quiz.model_dump()
    for question in data["questions"]:
        for choice in question["choices"]:
            choice["weights"]["research-engineer"] = 0.5
    quiz = Quiz.model_validate(data)
    every = product(*(range(len(question.choices)) for question in quiz.questions))

    tried = {fit.recommend(quiz, answers(quiz, each)).role.id for each in every}

    assert fit.reachable(quiz) == tried == {"researcher", "ai-engineer"}


def test_reasons_are_the_answers_that_set_the_role_apart_strongest_first(library: Library):
    found = fit.recommend(library.quiz, answers(library.quiz, (0, 0, 0, 0, 0)))

    assert 2 <= len(found.reasons) <= 3
    assert all(reason.pull > 0 for reason in found.reasons)
    assert [reason.pull for reason in found.reasons] == sorted((r.pull for r in found.reasons), reverse=True)


def test_no_answers_are_an_error(library: Library):
    with pytest.raises(ValueError, match="no answers"):
        fit.recommend(library.quiz, {})
