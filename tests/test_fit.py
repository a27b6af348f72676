"""From answers to a recommendation."""

from collections.abc import Mapping
from itertools import combinations, islice, product
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bot.domain import fit
from bot.domain import quiz as conversation
from bot.domain.actions import Answer, Reply
from bot.domain.fit import Clearness, Given
from bot.domain.quiz_content import Quiz, Thresholds
from bot.knowledge import Library
from tests.conftest import THOROUGH

EVERY = 1 if THOROUGH else 3  # of a thousand sets of answers


def answers(quiz: Quiz, positions: tuple[int, ...]) -> dict[str, Given]:
    return {q.id: (q.choices[at % len(q.choices)].id,) for q, at in zip(quiz.questions, positions, strict=True)}


positions = st.tuples(*(st.integers(0, 59) for _ in range(5)))  # 60 is a multiple of three, four and five


@st.composite
def some_answers(draw: st.DrawFn, quiz: Quiz) -> dict[str, Given]:
    """Draw answers of one choice or of two to some of the questions, at least one, and perhaps to the tie-break."""
    chosen: dict[str, Given] = {}
    for question in (quiz.purpose, *quiz.all_questions):
        ids = [choice.id for choice in question.choices]
        choice_ids = draw(st.lists(st.sampled_from(ids), max_size=2, unique=True))
        if choice_ids:
            chosen[question.id] = tuple(choice_ids)
    if not any(question.id in chosen for question in quiz.questions):
        first = quiz.questions[0]
        chosen[first.id] = (first.choices[0].id,)
    return chosen


@given(data=st.data())
def test_shares_add_up_to_one_and_the_margin_is_the_lead(library: Library, data: st.DataObject):
    result = fit.recommend(library.quiz, data.draw(some_answers(library.quiz)))

    assert sum(result.shares.values()) == pytest.approx(1)
    assert result.shares[result.role.id] == max(result.shares.values()) or result.tie_break
    assert result.margin == pytest.approx(result.shares[result.role.id] - result.shares[result.runner_up.id])
    assert 0 <= result.position <= 1


@given(data=st.data())
def test_the_order_of_answers_is_irrelevant(library: Library, data: st.DataObject):
    given_answers = data.draw(some_answers(library.quiz))
    shuffled = dict(data.draw(st.permutations(list(given_answers.items()))))
    turned = {question: choices[::-1] for question, choices in shuffled.items()}

    before, after = fit.recommend(library.quiz, given_answers), fit.recommend(library.quiz, turned)

    assert (after.role, after.runner_up, after.clearness) == (before.role, before.runner_up, before.clearness)
    assert after.shares == pytest.approx(before.shares)
    assert fit.flip(library.quiz, turned) == fit.flip(library.quiz, given_answers)
    assert fit.settled(library.quiz, turned) == fit.settled(library.quiz, given_answers)


@given(positions=positions, factor=st.sampled_from([0.5, 0.25, 1.25]))
def test_weights_scaled_by_a_constant_change_nothing(library: Library, positions: tuple[int, ...], factor: float):
    scaled = weighted(library.quiz, lambda role, weight: weight * factor)
    given_answers = answers(library.quiz, positions)

    before, after = fit.recommend(library.quiz, given_answers), fit.recommend(scaled, given_answers)

    assert (after.role.id, after.runner_up.id, after.clearness) == (
        before.role.id,
        before.runner_up.id,
        before.clearness,
    )
    assert named(fit.flip(scaled, given_answers)) == named(fit.flip(library.quiz, given_answers))


def weighted(quiz: Quiz, weigh) -> Quiz:
    data = quiz.model_dump()
    for question in data["questions"]:
        for choice in question["choices"]:
            choice["weights"] = {role: weigh(role, weight) for role, weight in choice["weights"].items()}
    return Quiz.model_validate(data)


def named(result: fit.Flip | None) -> tuple[list[tuple[str, str]], str] | None:
    return ([(question.id, choice.id) for question, choice in result.changes], result.role.id) if result else None


def test_every_role_is_reached_clearly_leaning_and_close(library: Library):
    quiz = library.quiz
    every = product(*(range(len(question.choices)) for question in quiz.questions))
    results = [fit.recommend(quiz, answers(quiz, positions)) for positions in every]

    for role in quiz.roles:
        assert {result.clearness for result in results if result.role == role} == set(Clearness) - {Clearness.PICTURE}
    assert fit.reachable(quiz) == {role.id for role in quiz.roles}


def test_reachable_agrees_with_trying_every_set_of_answers(library: Library):
    quiz = weighted(library.quiz, lambda role, weight: 0.5 if role == "research-engineer" else weight)
    every = product(*(range(len(question.choices)) for question in quiz.questions))

    tried = {fit.recommend(quiz, answers(quiz, each)).role.id for each in every}

    assert fit.reachable(quiz) == tried == {"researcher", "ai-engineer"}


def test_reasons_are_the_answers_that_set_the_role_apart_strongest_first(library: Library):
    result = fit.recommend(library.quiz, answers(library.quiz, (0, 0, 0, 0, 1)))
    mixed = fit.recommend(library.quiz, answers(library.quiz, (0, 1, 1, 0, 0)))

    assert 2 <= len(result.reasons) <= 3
    assert [reason.pull for reason in result.reasons] == sorted((r.pull for r in result.reasons), reverse=True)
    assert result.against == ()
    assert [reason.question.id for reason in mixed.against] == ["what-you-optimize"]
    assert all(reason.pull < 0 for reason in mixed.against)


def test_what_speaks_for_either_role_is_named_where_it_is_too_close_to_call(library: Library):
    quiz = library.quiz
    for given_answers in close_sets(quiz):
        result = fit.recommend(quiz, given_answers)
        speaks = {True: result.reasons, False: result.against}
        for question in quiz.questions:
            [choice] = (choice for choice in question.choices if choice.id in given_answers[question.id])
            pull = choice.weights.get(result.role.id, 0) - choice.weights.get(result.runner_up.id, 0)
            assert not pull or speaks[pull > 0]


def test_half_and_half_gives_half_of_each(library: Library):
    question = library.quiz.questions[0]
    first, second = question.choices[0], question.choices[3]
    result = fit.recommend(library.quiz, {question.id: (first.id, second.id)})

    scores = {
        role.id: (first.weights.get(role.id, 0) + second.weights.get(role.id, 0)) / 2 for role in library.quiz.roles
    }
    assert result.shares == pytest.approx({role: score / sum(scores.values()) for role, score in scores.items()})


@given(data=st.data())
def test_fewer_than_three_answers_are_a_picture_and_no_more(library: Library, data: st.DataObject):
    given_answers = data.draw(some_answers(library.quiz))

    result = fit.recommend(library.quiz, given_answers)

    answered = sum(question.id in given_answers for question in library.quiz.questions)
    assert result.answered == answered
    assert (result.clearness is Clearness.PICTURE) == (answered < 3)
    assert result.clearness is not Clearness.PICTURE or result.tie_break is None


def test_clear_is_only_what_the_questions_without_an_answer_could_not_change(library: Library):
    quiz, clear, kept_from_it = library.quiz, 0, 0
    places = product(*(range(len(question.choices)) for question in quiz.questions))
    every = [answers(quiz, each) for each in islice(places, 0, None, EVERY)]
    for skipped in quiz.questions:
        for given_answers in {frozenset(each.items() - {(skipped.id, each[skipped.id])}) for each in every}:
            result = fit.recommend(quiz, dict(given_answers))
            full = [
                fit.recommend(quiz, {**dict(given_answers), skipped.id: (choice.id,)}) for choice in skipped.choices
            ]
            same = {(other.role, other.clearness) for other in full} == {(result.role, Clearness.CLEAR)}
            if result.margin >= quiz.thresholds.clear:
                assert (result.clearness is Clearness.CLEAR) == same
                assert result.unsettled == (() if same else (skipped,))
                clear, kept_from_it = clear + same, kept_from_it + (not same)

    assert clear
    assert kept_from_it


def test_what_a_skipped_question_could_change_is_called_leaning_and_says_so(library: Library):
    given_answers = answers(library.quiz, (0, 0, 1, 0, 0))
    skipped = library.quiz.questions[3]

    result = fit.recommend(library.quiz, {name: chosen for name, chosen in given_answers.items() if name != skipped.id})

    assert (result.clearness, result.unsettled) == (Clearness.LEANING, (skipped,))
    assert result.margin >= library.quiz.thresholds.clear


def close_sets(quiz: Quiz) -> list[dict[str, Given]]:
    every = product(*(range(len(question.choices)) for question in quiz.questions))
    sets = [answers(quiz, positions) for positions in every]
    return [some for some in sets if fit.recommend(quiz, some).clearness is Clearness.CLOSE]


def test_whatever_is_too_close_to_call_has_a_question_that_decides_it_either_way(library: Library):
    quiz, pairs = library.quiz, set()
    for given_answers in close_sets(quiz):
        before, last = fit.recommend(quiz, given_answers), fit.tie_break(quiz, given_answers)
        assert last
        assert set(last.roles) == {before.role.id, before.runner_up.id}
        pairs.add(frozenset(last.roles))
        for side in last.choices:
            after = fit.recommend(quiz, {**given_answers, last.id: (side.id,)})
            assert after.shares == before.shares
            if side.role:
                assert (after.role.id, after.clearness) == (side.role, Clearness.LEANING)
                assert after.tie_break
                assert after.tie_break.side == side
                assert {after.role, after.runner_up} == {before.role, before.runner_up}
            else:
                assert after == before

    assert pairs == {frozenset(each) for each in combinations([role.id for role in quiz.roles], 2)}


def test_every_role_that_the_answers_leave_level_is_given(library: Library):
    quiz, thirds = library.quiz, 0
    for given_answers in close_sets(quiz):
        result = fit.recommend(quiz, given_answers)
        lead = max(result.shares.values())
        near = {role for role, share in result.shares.items() if round(lead - share, 9) < quiz.thresholds.leaning}
        assert {result.role.id, *(role.id for role in result.level)} == near
        assert result.level[0] == result.runner_up
        thirds += len(result.level) == 2

    assert thirds
    assert fit.recommend(quiz, answers(quiz, (0, 0, 0, 0, 0))).level == ()


def test_a_tie_break_leaves_the_roles_level_that_were(library: Library):
    quiz = library.quiz
    given_answers = next(each for each in close_sets(quiz) if len(fit.recommend(quiz, each).level) == 2)
    before, last = fit.recommend(quiz, given_answers), fit.tie_break(quiz, given_answers)
    assert last

    for side in (side for side in last.choices if side.role):
        after = fit.recommend(quiz, {**given_answers, last.id: (side.id,)})
        assert {after.role, *after.level} == {before.role, *before.level}
        assert after.level[0] == after.runner_up


def test_a_tie_break_answered_by_halves_for_both_roles_leaves_it_too_close_to_call(library: Library):
    quiz = library.quiz
    given_answers = close_sets(quiz)[0]
    last = fit.tie_break(quiz, given_answers)
    assert last

    after = fit.recommend(quiz, {**given_answers, last.id: tuple(side.id for side in last.choices if side.role)})

    assert after == fit.recommend(quiz, given_answers)


@given(data=st.data())
def test_a_tie_break_counts_only_where_its_two_roles_are_too_close_to_call(library: Library, data: st.DataObject):
    quiz, given_answers = library.quiz, data.draw(some_answers(library.quiz))
    last = data.draw(st.sampled_from(quiz.tie_breaks))
    without = {question: choices for question, choices in given_answers.items() if question != last.id}
    side = data.draw(st.sampled_from(last.choices))

    before, after = fit.recommend(quiz, without), fit.recommend(quiz, without | {last.id: (side.id,)})

    if fit.tie_break(quiz, without) != last:
        assert after == before
    assert after.shares == before.shares


@given(data=st.data())
def test_no_smaller_change_than_the_flip_leads_to_another_role(library: Library, data: st.DataObject):
    quiz, given_answers = library.quiz, data.draw(some_answers(library.quiz))
    first = fit.recommend(quiz, given_answers).role

    result = fit.flip(quiz, given_answers)

    fewer = len(result.changes) - 1 if result else fit.MOST_CHANGED
    for number in range(1, fewer + 1):
        for some in combinations({**given_answers, **{each.id: () for each in quiz.questions}}, number):
            for others in product(*(quiz.question(each).choices for each in some)):
                other: Mapping[str, Given] = {each: (choice.id,) for each, choice in zip(some, others, strict=True)}
                after = fit.recommend(quiz, {**given_answers, **other})
                assert after.role == first or after.clearness in (Clearness.CLOSE, Clearness.PICTURE)


def test_whoever_answers_as_the_flip_says_gets_the_role_it_names(library: Library):
    quiz, flips = library.quiz, 0
    for positions in islice(product(range(4), repeat=5), 0, None, EVERY):
        run, at = conversation.begin(quiz), iter((0, *positions, positions[0] % 2))
        while run.asking:
            question = quiz.question(run.asking.question)
            choices = (question.choices[next(at)].id,)
            answer = Answer(prompt=len(run.prompts), question=question.id, choices=choices)
            run = conversation.apply(run, answer).run
        flip = fit.flip(quiz, run.answers, early=bool(run.ended_early)) if run.recommendation else None
        if run.recommendation is None or flip is None:
            continue
        changed = {question.id: (choice.id,) for question, choice in flip.changes}
        after = conversation.apply(run, Reply(answers=changed, ts="1")).run
        assert after.recommendation is not None
        assert after.recommendation.role == flip.role != run.recommendation.role
        assert after.recommendation.clearness is not Clearness.CLOSE
        flips += 1

    assert flips > 600 / EVERY


def test_finding_what_would_flip_it_does_not_weigh_all_answers_for_each_change(
    library: Library, monkeypatch: pytest.MonkeyPatch
):
    weigh, weighed = fit._answered, []

    def counted(*arguments: Any) -> Any:
        weighed.append(arguments)
        return weigh(*arguments)

    monkeypatch.setattr(fit, "_answered", counted)

    fit.flip(library.quiz, answers(library.quiz, (0, 0, 0, 0, 0)))

    assert len(weighed) == 1  # hundreds of changes are tried, and each result that is shown would wait for it


def test_what_would_flip_it_tells_choices_of_one_name_apart(library: Library):
    quiz = library.quiz
    same = tuple(
        question.model_copy(
            update={
                "choices": tuple(
                    choice.model_copy(update={"id": f"c{at}"}) for at, choice in enumerate(question.choices)
                )
            }
        )
        for question in quiz.questions
    )
    renamed = quiz.model_copy(update={"questions": same})
    for positions in product((0, 2, 3), repeat=5):
        plain, other = (fit.flip(each, answers(each, positions)) for each in (quiz, renamed))
        assert (plain and plain.role) == (other and other.role)
        assert [(question.id, choice.label) for question, choice in (plain.changes if plain else ())] == [
            (question.id, choice.label) for question, choice in (other.changes if other else ())
        ]


def test_what_would_flip_it_counts_the_questions_that_were_left_out(library: Library):
    given_answers = dict(list(answers(library.quiz, (4, 0, 0, 0, 0)).items())[:4])
    assert fit.settled(library.quiz, given_answers)

    result = fit.flip(library.quiz, given_answers, early=True)

    assert result
    assert [question.id for question, _ in result.changes][1:] == ["what-you-draw-on"]


def test_what_would_flip_it_may_be_the_answer_that_was_left_out(library: Library):
    given_answers = dict(list(answers(library.quiz, (0, 2, 2, 3, 0)).items())[:4])
    before = fit.recommend(library.quiz, given_answers)
    last = library.quiz.questions[4]

    result = fit.flip(library.quiz, given_answers)

    assert before.clearness is Clearness.LEANING
    assert result
    [(question, choice)] = result.changes
    assert question == last
    assert fit.recommend(library.quiz, {**given_answers, last.id: (choice.id,)}).role == result.role != before.role


@settings(max_examples=400 if THOROUGH else 100, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data())
def test_stopping_early_never_differs_from_the_full_run(library: Library, data: st.DataObject):
    # With lower thresholds more is settled, and sooner: two open questions, answers mixed and by halves.
    easy = library.quiz.model_copy(update={"thresholds": Thresholds(clear=0.06, leaning=0.03)})
    quiz = data.draw(st.sampled_from([library.quiz, easy]))
    number = data.draw(st.integers(3, 4))
    asked = data.draw(st.permutations(quiz.questions))[:number]
    role = data.draw(st.sampled_from(quiz.roles))
    given_answers: dict[str, Given] = {}
    for question in asked:
        # What speaks most for one role, first: so most of what is drawn is settled, and not all of it is alike.
        likely = sorted(question.choices, key=lambda choice: -choice.weights.get(role.id, 0))
        first = data.draw(st.sampled_from([0, 0, 0, 1]))
        half = data.draw(st.sampled_from([(), (), (1 - first,)]))
        given_answers[question.id] = tuple(likely[each].id for each in (first, *half))
    assume(fit.settled(quiz, given_answers))
    early = fit.recommend(quiz, given_answers)
    rest = [question for question in quiz.questions if question.id not in given_answers]
    more: dict[str, Given] = {}
    for question in rest:
        ids = [choice.id for choice in question.choices]
        if chosen := tuple(data.draw(st.lists(st.sampled_from(ids), max_size=2, unique=True))):
            more[question.id] = chosen

    full = fit.recommend(quiz, {**given_answers, **more})

    assert (full.role, full.clearness) == (early.role, early.clearness)


def test_four_equal_answers_settle_it_and_three_do_not(library: Library):
    given_answers = answers(library.quiz, (0, 0, 0, 0, 0))
    four = dict(list(given_answers.items())[:4])

    assert fit.settled(library.quiz, four)
    assert not fit.settled(library.quiz, dict(list(given_answers.items())[:3]))
    assert not fit.settled(library.quiz, {})


def test_no_answers_are_an_error(library: Library):
    tie_break = library.quiz.tie_breaks[0]
    for none in ({}, {"purpose": ("own",)}, {tie_break.id: (tie_break.choices[0].id,)}):
        with pytest.raises(ValueError, match="no answers"):
            fit.recommend(library.quiz, none)
        with pytest.raises(ValueError, match="no answers"):
            fit.flip(library.quiz, none)


def test_what_speaks_most_for_a_third_role_is_no_reason_for_either_of_two(library: Library):
    left_out = 0
    for given_answers in close_sets(library.quiz):
        found = fit.recommend(library.quiz, given_answers)
        weights_of = {
            choice.id: choice.weights
            for question in library.quiz.questions
            for choice in question.choices
            if (choice.id,) == given_answers.get(question.id)
        }
        sides = (found.role, found.runner_up, found.reasons), (found.runner_up, found.role, found.against)
        for role, other, reasons in sides:
            pulling = [weights for weights in weights_of.values() if weights.get(role.id, 0) > weights.get(other.id, 0)]
            own = [weights for weights in pulling if weights[role.id] * 2 > max(weights.values())]
            named = [weights_of[choice.id] for reason in reasons for choice in reason.choices]
            assert all(weights in (own or pulling) for weights in named)
            assert bool(named) == bool(pulling)
            left_out += bool(own) and len(own) < len(pulling)
    assert left_out
