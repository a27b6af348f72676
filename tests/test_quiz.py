"""The quiz's domain: what each thing somebody does to a run does, and when to come back to it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain import quiz
from bot.domain.actions import Answer, Change, Expire, Grade, Pause, Remind, Reply, Skip, Stop, Undo, read
from bot.domain.fit import Clearness
from bot.domain.quiz import Outcome, Transition
from bot.domain.quiz_content import Quiz
from bot.domain.quiz_run import Graded, Prompt, Run, Status
from bot.knowledge import Library


def click(run: Run, position: int, prompt: int | None = None) -> Transition:
    """Click a choice, counted from 0, of a prompt, counted from 1: the last, if none is given."""
    number = prompt or len(run.prompts)
    question = run.quiz.question(run.prompts[number - 1].question)
    choices = (question.choices[position].id,)
    return quiz.apply(run, Answer(prompt=number, question=question.id, choices=choices))


def begun(library: Library) -> Run:
    """Begin a run about one's own work."""
    return answered(quiz.begin(library.quiz), 0)


def answered(run: Run, *positions: int) -> Run:
    for position in positions:
        run = click(run, position).run
    return run


def act(run: Run, name: str, **given: Any) -> Run:
    return quiz.apply(run, read({"do": name, **given})).run


def after(library: Library, story: str) -> Run:
    """Give a run about one's own work after choices that were clicked, by position, and actions, by name."""
    run = begun(library)
    for word in story.split():
        run = answered(run, int(word)) if word.isdigit() else act(run, word)
    return run


def asked(run: Run) -> str | None:
    return run.asking.question if run.asking else None


def ids(library: Library) -> list[str]:
    return [question.id for question in library.quiz.questions]


def test_questions_come_in_order_and_end_in_a_recommendation(library: Library):
    run, seen = begun(library), []
    for position in (0, 1, 0, 2, 0):
        seen.append(asked(run))
        assert run.recommendation is None
        run = answered(run, position)

    assert seen == ids(library)
    assert run.recommendation is not None
    assert asked(run) is None


def test_a_second_click_is_repeated_or_stale_and_changes_nothing(library: Library):
    run = answered(begun(library), 0)

    same, other = click(run, 0, prompt=2), click(run, 1, prompt=2)

    assert (same.outcome, other.outcome) == (Outcome.REPEATED, Outcome.STALE)
    assert same.run is other.run is run


@pytest.mark.parametrize(
    ("story", "action", "outcome", "status"),
    [
        ("0 0", "begin", Outcome.NOTHING, Status.OPEN),
        ("0 0", "pause", Outcome.TAKEN, Status.PAUSED),
        ("0 0 pause", "pause", Outcome.NOTHING, Status.PAUSED),
        ("0 0 pause", "stop", Outcome.TAKEN, Status.STOPPED),
        ("0 0 pause", "skip", Outcome.TAKEN, Status.OPEN),
        ("0 0 pause", "reask", Outcome.NOTHING, Status.PAUSED),
        ("0 0", "reask", Outcome.TAKEN, Status.OPEN),
        ("0 0 stop", "stop", Outcome.NOTHING, Status.STOPPED),
        ("0 0 stop", "resume", Outcome.TAKEN, Status.OPEN),
        ("0 0 expire", "expire", Outcome.NOTHING, Status.EXPIRED),
        ("0 0 expire", "remind", Outcome.NOTHING, Status.EXPIRED),
        ("0 0", "later", Outcome.TAKEN, Status.OPEN),
        ("0 1 0 2 0", "skip", Outcome.NOTHING, Status.OPEN),
        ("0 1 0 2 0", "pause", Outcome.NOTHING, Status.OPEN),
        ("0 1 0 2 0", "resume", Outcome.NOTHING, Status.OPEN),
        ("0 1 0 2 0 back", "pause", Outcome.TAKEN, Status.OPEN),
        ("0 1 0 2 0 back", "resume", Outcome.TAKEN, Status.OPEN),
        ("0 0 0 0", "go_on", Outcome.TAKEN, Status.OPEN),
        ("skip skip skip skip skip stop", "resume", Outcome.TAKEN, Status.OPEN),
        ("0 0 delete", "resume", Outcome.NOTHING, Status.DELETED),
    ],
)
def test_what_comes_of_an_action_depends_on_how_the_round_stands(
    library: Library, story: str, action: str, outcome: Outcome, status: Status
):
    run = after(library, story)

    done = quiz.apply(run, read({"do": action}))

    assert (done.outcome, done.run.status) == (outcome, status)
    assert outcome is Outcome.TAKEN or done.run.prompts == run.prompts


@pytest.mark.parametrize(
    ("action", "outcome", "status"),
    [
        ("skip", Outcome.CLOSED, Status.OPEN),
        ("go_on", Outcome.CLOSED, Status.OPEN),
        ("show", Outcome.NOTHING, Status.OPEN),
        ("remind", Outcome.NOTHING, Status.OPEN),
        ("expire", Outcome.NOTHING, Status.OPEN),
        ("stop", Outcome.TAKEN, Status.STOPPED),
        ("delete", Outcome.TAKEN, Status.DELETED),
    ],
)
def test_a_round_whose_comparison_is_over_can_only_be_ended(
    library: Library, action: str, outcome: Outcome, status: Status
):
    run = replace(after(library, "0"), closed=True)
    assert quiz.due(run, datetime(2026, 11, 20, tzinfo=UTC), None) is None

    done = quiz.apply(run, read({"do": action}))

    assert (done.outcome, done.run.status) == (outcome, status)
    assert outcome is Outcome.TAKEN or done.run is run


def test_a_round_about_a_colleague_stays_one_on_another_version_of_the_quiz(library: Library):
    begun = quiz.begin(library.quiz, "U_ANA")
    assert quiz.apply(begun, read({"do": "manages"})) == Transition(begun, Outcome.NOTHING)
    assert quiz.apply(begun, read({"do": "change", "question": "purpose"})) == Transition(begun, Outcome.STALE)
    run = answered(begun, 0, 0, 0, 0)

    carried_over = quiz.carried_over(library.quiz, run.answers, run.state(), "U_ANA")

    assert carried_over == replace(run, prompts=(Prompt(ids(library)[4]),) * 6)


def test_what_comes_late_or_twice_is_no_sign_of_life_and_all_else_is(library: Library):
    reminded = after(library, "0 remind")

    for late in (click(reminded, 0, prompt=2), click(reminded, 1, prompt=2)):
        assert late.run is reminded
    skipped = act(reminded, "skip")
    assert (skipped.reminders, skipped.reminded, skipped.reminding) == (1, False, False)


def test_who_goes_on_is_asked_the_question_and_no_longer_whether_they_meant_what_they_typed(library: Library):
    first = library.quiz.questions[0]
    guess = {"prompt": 2, "question": first.id, "choices": [first.choices[3].id], "ts": "1.0"}
    guessed = act(begun(library), "guess", **guess)
    assert guessed.prompts[-1].guesses == (first.choices[3].id,)

    again = act(guessed, "reask")

    assert again.prompts == (*guessed.prompts, Prompt(first.id))


def test_what_the_last_review_looked_at_can_be_said_again_or_not_at_all(library: Library):
    run, grade = after(library, "0 1 0 2 0"), {"do": "graded", "dimension": "output", "column": "ai-engineer"}
    graded = quiz.apply(run, read(grade))
    assert (graded.outcome, graded.run.graded) == (Outcome.TAKEN, Graded("output", "ai-engineer"))
    assert quiz.apply(graded.run, read(grade)) == Transition(graded.run, Outcome.REPEATED)

    anew = quiz.apply(graded.run, read({"do": "regrade"}))
    assert (anew.outcome, anew.run) == (Outcome.TAKEN, replace(run, regraded=1))
    silent = quiz.apply(anew.run, read({"do": "graded"}))
    assert (silent.outcome, silent.run) == (Outcome.TAKEN, replace(run, regraded=1, not_graded=True))
    assert act(silent.run, "regrade") == replace(run, regraded=2)
    assert quiz.load(library.quiz, run.answers, silent.run.state()) == silent.run


def test_a_round_of_which_only_the_answers_were_kept_goes_on_with_what_comes_next(library: Library):
    run = after(library, "0")
    answers = {ids(library)[0]: run.answers[ids(library)[0]]}

    assert quiz.load(library.quiz, answers, None) == replace(run, prompts=run.prompts[-1:])


def test_an_answer_can_be_changed_and_the_quiz_goes_on_where_it_was(library: Library):
    run = act(answered(begun(library), 0, 0), "change", question=ids(library)[0])
    assert run.asking
    assert (asked(run), run.asking.changing) == (ids(library)[0], True)

    run = answered(run, 1)

    assert asked(run) == ids(library)[2]
    assert run.answers[ids(library)[0]] == (library.quiz.questions[0].choices[1].id,)


def test_back_goes_back_one_question_at_a_time(library: Library):
    run = answered(begun(library), 0, 0)

    once = act(run, "back")
    twice = act(once, "back")
    thrice = act(twice, "back")
    first = quiz.apply(thrice, read({"do": "back"}))

    assert (asked(once), asked(twice), asked(thrice)) == (ids(library)[1], ids(library)[0], "purpose")
    assert first.outcome is Outcome.FIRST
    assert asked(act(after(library, "0 skip"), "back")) == ids(library)[1]
    assert asked(act(after(library, "skip 0"), "back")) == ids(library)[1]


def test_skipping_leaves_a_question_out_and_skipping_a_change_leaves_the_answer(library: Library):
    run = act(begun(library), "skip")
    assert run.skipped == {ids(library)[0]}
    run = answered(run, 0)
    run = act(act(run, "change", question=ids(library)[1]), "skip")

    assert ids(library)[1] in run.answers
    assert asked(run) == ids(library)[2]
    assert quiz.apply(run, read({"do": "skip"})).question == ids(library)[2]
    assert not act(act(act(run, "skip"), "skip"), "skip").live


def test_a_result_stays_while_an_answer_is_being_changed(library: Library):
    run = act(answered(begun(library), 0, 1, 0, 2, 0), "change", question=ids(library)[0])

    assert run.finished
    assert asked(run) == ids(library)[0]
    assert not act(run, "stop").live
    assert (act(run, "stop").status, act(run, "stop").live) == (Status.OPEN, False)


def test_an_edited_reply_takes_what_it_says_now_and_leaves_open_what_is_asked(library: Library):
    first, second, third, *_ = library.quiz.questions
    edit = {"do": "edit", "answers": {first.id: [first.choices[1].id]}, "ts": "1.0"}
    run = act(after(library, "0 skip"), "change", question=second.id)

    done = quiz.apply(run, read(edit))

    assert (done.outcome, done.question) == (Outcome.TAKEN, first.id)
    assert done.run == replace(run, answers={**run.answers, first.id: (first.choices[1].id,)})
    skipped = quiz.apply(run, read(edit | {"answers": {second.id: [second.choices[0].id]}})).run
    assert (skipped.skipped, asked(skipped)) == (frozenset(), third.id)


def test_what_is_asked_is_taken_back_once_other_answers_leave_nothing_to_ask(library: Library):
    given = {question.id: [question.choices[0].id] for question in library.quiz.questions[1:]}

    run = act(begun(library), "reply", answers=given, ts="1.0", aim=None)

    assert (run.finished, run.live) == (True, False)


def test_it_ends_early_and_goes_on_if_asked(library: Library):
    run = answered(begun(library), 0, 0, 0, 0)
    assert run.finished
    assert [question.id for question in run.ended_early] == ids(library)[4:]

    run = act(run, "go_on")

    assert not run.finished
    assert asked(run) == ids(library)[4]
    assert answered(run, 0).ended_early == ()


@pytest.mark.parametrize("leaves", ["stop", "pause", "expire", "skip"])
def test_who_goes_on_from_a_result_and_leaves_has_that_result_again(library: Library, leaves: str):
    early = answered(begun(library), 0, 0, 0, 0)
    few = act(act(act(answered(begun(library), 0, 0), "skip"), "skip"), "skip")
    for before in (early, few):
        going_on = act(before, "go_on")
        assert going_on.left_at_that
        assert going_on.left_at_that.recommendation == before.recommendation

        run = going_on
        for _ in before.unanswered if leaves == "skip" else range(1):
            run = act(run, leaves)

        assert (run.finished, run.live, run.status) == (True, False, Status.OPEN)
        assert run.recommendation == before.recommendation
        assert run.left_at_that is None
        assert asked(act(run, "go_on")) == before.unanswered[0].id


def test_while_the_rest_is_asked_the_result_is_that_of_the_answers_so_far(library: Library):
    going_on = act(answered(begun(library), 0, 0, 0, 0), "go_on")
    reply = {number: [library.quiz.questions[number].choices[at].id] for number, at in ((0, 1), (1, 3))}

    run = act(going_on, "reply", answers={ids(library)[n]: given for n, given in reply.items()}, ts="9.0", aim=None)

    assert run.left_at_that
    left = act(run, "stop")
    assert left.finished
    assert left.recommendation == run.left_at_that.recommendation == run.so_far


def test_each_next_answer_leaves_a_result_to_who_went_on_from_two_answers(library: Library):
    few = act(act(act(answered(begun(library), 0, 1), "skip"), "skip"), "skip")
    few = few if few.finished else act(few, "skip")
    going_on = act(few, "go_on")
    for choice in library.quiz.questions[2].choices:
        run = act(going_on, "answer", prompt=len(going_on.prompts), question=ids(library)[2], choices=(choice.id,))

        left = act(run, "stop")

        assert run.left_at_that
        assert left.finished
        assert left.so_far == run.so_far
        assert asked(act(left, "go_on")) == ids(library)[3]


def test_who_goes_on_before_there_is_a_result_and_stops_has_none(library: Library):
    run = act(answered(begun(library), 0), "go_on")

    assert run.left_at_that is None
    stopped = act(run, "stop")
    assert (stopped.finished, stopped.status) == (False, Status.STOPPED)


def test_a_round_that_was_stopped_while_the_rest_was_asked_is_not_said_to_be_asked(library: Library):
    going_on = act(answered(begun(library), 0, 0, 0, 0), "go_on")
    state = going_on.state() | {"status": "stopped"}  # as it was recorded before such a round kept its result
    del state["had_result"]

    stopped = quiz.load(library.quiz, going_on.answers, state)

    assert stopped.left_at_that is None
    assert act(stopped, "resume").left_at_that


def test_a_typed_reply_counts_for_the_prompt_it_was_meant_for(library: Library):
    run = begun(library)
    first = library.quiz.questions[0]
    reply = {"do": "reply", "answers": {first.id: [first.choices[0].id]}, "ts": "1.0", "aim": 2}

    once = quiz.apply(run, read(reply))
    twice = quiz.apply(once.run, read({**reply, "ts": "2.0"}))

    assert (once.outcome, once.question, twice.outcome) == (Outcome.TAKEN, first.id, Outcome.STALE)
    assert twice.run is once.run
    assert once.run.typed == {"1.0": (first.id,)}
    # A reply that names its questions counts at any time, and takes up a round that pauses.
    paused = quiz.apply(act(once.run, "pause"), read({**reply, "ts": "2.0", "aim": None}))
    assert (paused.outcome, paused.run.status) == (Outcome.REPEATED, Status.OPEN)
    assert (paused.run.live, paused.run.prompts) == (True, once.run.prompts)


@pytest.mark.parametrize(
    "action",
    [
        {"do": "answer", "prompt": 1, "question": "question-you-work-on", "choices": ["nonsense"]},
        {"do": "answer", "prompt": 1, "question": "nonsense", "choices": ["nonsense"]},
        {"do": "reply", "answers": {"nonsense": ["nonsense"]}, "ts": "1.0", "aim": None},
        {"do": "edit", "answers": {"nonsense": ["nonsense"]}, "ts": "1.0"},
        {"do": "guess", "prompt": 1, "question": "question-you-work-on", "choices": ["nonsense"]},
        {"do": "change", "question": "nonsense"},
        {"do": "graded", "dimension": "nonsense", "column": "researcher"},
    ],
)
def test_what_was_meant_for_another_version_changes_nothing(library: Library, action: dict[str, Any]):
    run = begun(library)

    done = quiz.apply(run, read(action))

    assert (done.outcome, done.run) == (Outcome.STALE, run)


@pytest.mark.parametrize("name", ["skip", "back"])
def test_a_skip_or_a_back_that_comes_twice_passes_one_question(library: Library, name: str):
    run = answered(begun(library), 0, 0)
    action = {"do": name, "prompt": len(run.prompts)}

    once = quiz.apply(run, read(action))
    twice = quiz.apply(once.run, read(action))

    assert (once.outcome, twice.outcome) == (Outcome.TAKEN, Outcome.STALE)
    assert twice.run is once.run


def test_asking_again_does_not_undo_a_stop(library: Library):
    run = act(answered(begun(library), 0), "stop")

    assert quiz.apply(run, read({"do": "reask"})) == Transition(run, Outcome.NOTHING)
    assert act(run, "resume").asking


def test_a_round_of_skips_goes_on_from_the_start_and_nobody_is_reminded_of_it(library: Library):
    run = begun(library)
    for _ in library.quiz.questions:
        run = act(run, "skip")
    assert run.asking is None
    assert quiz.due(run, datetime(2026, 11, 20, tzinfo=UTC), None) is None

    run = act(run, "resume")

    assert asked(run) == ids(library)[0]
    assert run.skipped == frozenset()


def test_a_message_whose_guess_was_confirmed_has_answered_that_question(library: Library):
    first = library.quiz.questions[0]
    guess = {"do": "guess", "prompt": 2, "question": first.id, "choices": [first.choices[3].id], "ts": "1.0"}
    guessed = quiz.apply(begun(library), read(guess)).run

    clicked = click(guessed, 3).run
    typed = act(guessed, "reply", answers={first.id: [first.choices[3].id]}, ts="2.0", aim=3)

    assert clicked.typed == {"1.0": (first.id,)}
    assert typed.typed == {"1.0": (first.id,), "2.0": (first.id,)}
    assert quiz.load(library.quiz, clicked.answers, clicked.state()) == clicked


def test_where_no_review_is_asked_about_nobody_is_graded(library: Library):
    run = quiz.begin(library.quiz.model_copy(update={"review": None}))

    done = quiz.apply(run, read({"do": "graded", "dimension": "output", "column": "ai-engineer"}))

    assert (done.outcome, done.run.graded) == (Outcome.STALE, None)


def test_a_run_is_what_its_state_says(library: Library):
    run = act(answered(begun(library), 0, 0), "skip")
    run = act(act(run, "remind"), "graded", dimension="output", column="ai-engineer")

    assert quiz.load(library.quiz, run.answers, run.state()) == run
    assert run.graded == Graded("output", "ai-engineer")


@pytest.mark.parametrize("last", ["pause", "stop", "resume", "remind", "expire", "go_on", "delete", "later"])
def test_a_run_is_what_its_state_says_whatever_was_done_to_it_last(library: Library, last: str):
    run = act(act(answered(begun(library), 0, 0), "change", question=ids(library)[0]), "remind")
    run = act(run, last)

    assert quiz.load(library.quiz, run.answers, run.state()) == run


def test_reminders_are_counted_and_lose_their_buttons_when_it_closes(library: Library):
    run = answered(begun(library), 0)

    once = quiz.apply(run, read({"do": "remind"}))
    twice = quiz.apply(once.run, read({"do": "remind"}))
    closed = quiz.apply(twice.run, read({"do": "expire"}))

    assert [done.run.reminders for done in (once, twice, closed)] == [1, 2, 2]
    assert [done.run.reminding for done in (once, twice, closed)] == [True, True, False]
    assert {done.outcome for done in (once, twice, closed)} == {Outcome.TAKEN}


def test_what_was_asked_while_an_answer_is_being_changed_is_still_a_change(library: Library):
    first = library.quiz.questions[0]
    run = act(answered(begun(library), 0, 0), "change", question=first.id)
    guess = {"do": "guess", "prompt": len(run.prompts), "question": first.id, "choices": [first.choices[1].id]}

    done = quiz.apply(run, read(guess))

    assert (done.outcome, done.question) == (Outcome.TAKEN, first.id)
    assert done.run.prompts[-1].changing
    # To skip a change leaves the answer as it was, and goes on with what comes next.
    assert act(done.run, "skip").answers == run.answers
    asked_plainly = quiz.apply(begun(library), read(guess | {"prompt": 2}))
    assert not asked_plainly.run.prompts[-1].changing


def test_a_guess_about_a_question_that_is_over_is_stale_and_says_which(library: Library):
    first, second = library.quiz.questions[:2]
    run = answered(begun(library), 0)
    guess = {"do": "guess", "prompt": len(run.prompts), "question": first.id, "choices": [first.choices[1].id]}
    too_late = guess | {"prompt": 2, "question": second.id, "choices": [second.choices[0].id]}

    assert quiz.apply(run, read(guess)) == Transition(run, Outcome.STALE, first.id)
    assert quiz.apply(run, read(too_late)) == Transition(run, Outcome.STALE, second.id)


def test_a_late_click_and_a_late_reply_name_the_question_they_were_meant_for(library: Library):
    first = library.quiz.questions[0]
    run = answered(begun(library), 0)
    reply = {"do": "reply", "answers": {first.id: [first.choices[1].id]}, "ts": "1.0", "aim": 2}

    assert click(run, 1, prompt=2) == Transition(run, Outcome.STALE, first.id)
    assert quiz.apply(run, read(reply)) == Transition(run, Outcome.STALE, first.id)
    assert quiz.apply(run, read(reply | {"aim": 1})) == Transition(run, Outcome.STALE, "purpose")
    for no_prompt in (0, 9):
        assert quiz.apply(run, read(reply | {"aim": no_prompt})) == Transition(run, Outcome.STALE, None)


def test_an_answer_can_be_changed_while_the_round_pauses(library: Library):
    run = act(act(answered(begun(library), 0), "pause"), "change", question=ids(library)[0])

    assert (run.status, asked(run)) == (Status.OPEN, ids(library)[0])


def test_to_show_a_run_is_no_sign_of_life(library: Library):
    reminded = act(answered(begun(library), 0), "remind")

    assert quiz.apply(reminded, read({"do": "show"})) == Transition(reminded, Outcome.NOTHING)


def test_answers_to_all_questions_carry_over_with_a_result(library: Library):
    run = answered(begun(library), 0, 1, 0, 2, 0)

    after = quiz.carried_over(library.quiz, run.answers, replace(run, prompts=run.prompts[:3]).state())

    assert after.finished
    assert after.prompts == (Prompt(ids(library)[0]),) * 3
    assert quiz.carried_over(library.quiz, {}, None) == replace(begun(library), prompts=(Prompt(ids(library)[0]),))


@pytest.mark.parametrize("story", ["0 stop", "0 pause", "0 remind", "0 remind expire"])
def test_who_has_stopped_or_was_reminded_has_on_another_version_too(library: Library, story: str):
    run = after(library, story)
    data = library.quiz.model_dump()
    data["questions"][0]["choices"] = data["questions"][0]["choices"][1:]

    carried = quiz.carried_over(Quiz.model_validate(data), run.answers, run.state())

    told = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert (carried.status, carried.reminders, carried.reminding) == (run.status, run.reminders, run.reminding)
    assert quiz.due(carried, told, None) == quiz.due(run, told, None)


def test_answers_carry_over_to_another_version_as_far_as_it_has_them(library: Library):
    run = answered(begun(library), 0, 0)
    data = library.quiz.model_dump()
    data["questions"][0]["choices"] = data["questions"][0]["choices"][1:]
    edited = Quiz.model_validate(data)

    after = quiz.carried_over(edited, run.answers, run.state())

    assert list(after.answers) == ["purpose", ids(library)[1]]
    assert asked(after) == ids(library)[0]
    assert {each.question for each in after.prompts} == {ids(library)[0]}
    assert after.live


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        ("2026-11-20T12:00", "Europe/Madrid", "2026-11-21T13:00+01:00"),
        ("2026-11-20T12:00", "America/Los_Angeles", "2026-11-21T09:00-08:00"),
        ("2026-11-20T20:00", "Europe/Madrid", "2026-11-22T09:00+01:00"),
        ("2026-11-20T12:00", None, "2026-11-21T12:00+00:00"),
        ("2026-11-20T08:00", "Europe/Madrid", "2026-11-21T09:00+01:00"),  # the first moment of the day
        ("2026-11-20T17:00", "Europe/Madrid", "2026-11-22T09:00+01:00"),  # the first of the evening
        ("2026-11-20T12:00", "Nowhere/At_All", "2026-11-21T12:00+00:00"),
        ("2026-10-24T12:00", "Europe/Madrid", "2026-10-25T13:00+01:00"),  # the clocks go back in between
    ],
)
def test_a_reminder_comes_after_a_day_in_daytime(library: Library, now: str, zone: str | None, expected: str):
    run = begun(library)

    due = quiz.due(run, datetime.fromisoformat(now).replace(tzinfo=UTC), zone)

    assert due == (Remind(), datetime.fromisoformat(expected))


def test_one_reminder_then_two_weeks_then_it_closes_and_can_be_taken_up(library: Library):
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    run = act(answered(begun(library), 0), "remind")
    assert run.reminding
    assert quiz.due(run, now, None) == (Expire(), datetime(2026, 12, 3, 12, tzinfo=UTC))

    closed = act(run, "expire")

    assert (closed.status, asked(closed), quiz.due(closed, now, None)) == (Status.EXPIRED, None, None)
    again = act(closed, "resume")
    assert (again.status, asked(again), again.reminding) == (Status.OPEN, ids(library)[1], False)
    assert again.answers == run.answers


def test_later_asks_for_another_reminder(library: Library):
    run = act(act(begun(library), "remind"), "later")

    assert not run.reminding
    due = quiz.due(run, datetime(2026, 11, 20, 12, tzinfo=UTC), None)
    assert due
    assert due[0] == Remind()


def test_nobody_is_reminded_of_what_is_finished_or_stopped(library: Library):
    now = datetime(2026, 11, 20, tzinfo=UTC)
    finished = answered(begun(library), 0, 0, 0, 0)
    stopped = act(begun(library), "stop")

    for run in (finished, stopped):
        assert quiz.due(run, now, None) is None
        assert quiz.apply(run, read({"do": "remind"})) == Transition(run, Outcome.NOTHING)
        assert quiz.apply(run, read({"do": "expire"})) == Transition(run, Outcome.NOTHING)


def test_a_deleted_run_takes_nothing_any_more(library: Library):
    run = act(answered(begun(library), 0), "delete")

    assert run.answers == {}
    assert quiz.apply(run, read({"do": "resume"})) == Transition(run, Outcome.NOTHING)


# What it is about


def test_what_it_is_about_is_asked_first_and_is_none_of_the_questions(library: Library):
    run = quiz.begin(library.quiz)
    assert (asked(run), run.purpose) == ("purpose", "own")

    own, role, people = (answered(run, position) for position in range(3))

    assert [each.purpose for each in (own, role, people)] == ["own", "role", "role"]
    assert {asked(each) for each in (own, role, people)} == {ids(library)[0]}
    assert not role.weighed
    assert act(run, "skip").purpose == "own"
    assert asked(act(run, "skip")) == ids(library)[0]


def test_who_goes_right_on_is_not_held_up_and_it_is_about_their_own_work(library: Library):
    given = {question.id: [question.choices[0].id] for question in library.quiz.questions}

    run = act(quiz.begin(library.quiz), "reply", answers=given, ts="1.0", aim=None)

    assert run.finished
    assert run.purpose == "own"


def test_what_it_is_about_can_be_changed_and_the_answers_stay(library: Library):
    run = act(answered(begun(library), 0, 1, 0, 2, 0), "change", question="purpose")
    assert asked(run) == "purpose"

    after = answered(run, 1)

    assert (after.purpose, after.finished) == ("role", True)
    assert after.weighed == run.weighed


def test_who_manages_others_is_asked_the_same_question_again_in_other_words(library: Library):
    run = answered(begun(library), 0)

    after = act(run, "manages")

    assert (after.purpose, asked(after)) == ("role", ids(library)[1])
    assert len(after.prompts) == len(run.prompts) + 1
    first = act(quiz.begin(library.quiz), "manages")
    assert (first.purpose, asked(first), len(first.prompts)) == ("role", ids(library)[0], 2)


def test_a_run_of_before_there_was_a_purpose_is_about_their_own_work(library: Library):
    run = answered(begun(library), 0)
    state = {name: value for name, value in run.state().items() if name not in ("opened", "regraded")}
    answers = {question: given for question, given in run.answers.items() if question != "purpose"}

    old = quiz.load(library.quiz, answers, state)

    assert old == run


# Few answers, and what is skipped


def test_two_answers_give_a_picture_and_the_rest_can_be_answered(library: Library):
    run = answered(begun(library), 0, 0)
    for _ in range(3):
        run = act(run, "skip")
    assert run.recommendation
    assert run.recommendation.clearness is Clearness.PICTURE
    assert not run.shareable
    assert [each.id for each in run.unanswered] == ids(library)[2:]
    assert quiz.apply(run, read({"do": "open", "part": "titles"})).outcome is Outcome.STALE

    run = act(run, "go_on")

    assert asked(run) == ids(library)[2]
    assert answered(run, 0, 0, 0).shareable


def test_of_two_roles_that_are_too_close_to_call_their_own_question_decides(library: Library):
    run = answered(begun(library), 0, 2, 2, 1, 4, 0)
    [last] = [each for each in library.quiz.tie_breaks if each.id in run.answers]

    assert set(last.roles) == {"research-engineer", "ai-engineer"}
    assert run.recommendation
    assert run.recommendation.tie_break
    assert run.recommendation.role.id == last.choices[0].role


def test_where_three_roles_are_level_a_review_of_any_of_them_is_no_mismatch(library: Library):
    run = act(answered(begun(library), 0, 1, 1, 2, 3), "skip")
    assert run.recommendation
    assert len(run.recommendation.level) == 2

    for column in ("researcher", "research-engineer", "ai-engineer"):
        assert act(run, "graded", dimension="output", column=column).mismatch is False


# What a result opens


def test_a_part_of_the_result_opens_once_and_in_the_order_it_was_asked_for(library: Library):
    run = answered(begun(library), 0, 1, 0, 2, 0)

    run = act(act(run, "open", part="skills"), "open", part="titles")

    assert run.opened == ("skills", "titles")
    assert quiz.apply(run, read({"do": "open", "part": "skills"})).outcome is Outcome.REPEATED
    assert quiz.apply(run, read({"do": "open", "part": "nonsense"})).outcome is Outcome.STALE
    assert quiz.load(library.quiz, run.answers, run.state()) == run


def answered_up_to(library: Library, number: int) -> Run:
    """Begin a run about one's own work in which the questions up to this one have their first choice."""
    run = quiz.apply(quiz.begin(library.quiz), Answer(prompt=1, question="purpose", choices=("own",))).run
    for question in library.quiz.questions[:number]:
        given = Answer(prompt=len(run.prompts), question=question.id, choices=(question.choices[0].id,))
        run = quiz.apply(run, given).run
    return run


def test_a_change_is_taken_back_once_and_is_remembered_with_the_round(library: Library):
    first, second, *_ = library.quiz.questions
    run = answered_up_to(library, 2)
    changed = quiz.apply(run, Reply(answers={first.id: ("ship-reliably",), second.id: ("evidence",)}, ts="1")).run
    changed = quiz.load(changed.quiz, changed.answers, json.loads(json.dumps(changed.state())))

    back = quiz.apply(changed, Undo())

    assert (back.outcome, back.question) == (Outcome.TAKEN, second.id)
    assert back.run.answers == run.answers
    assert back.run.asking == run.asking
    assert quiz.apply(back.run, Undo()) == quiz.Transition(back.run, Outcome.NOTHING)
    assert back.run.answered_last == second.id


def test_what_was_answered_with_a_change_is_open_again_once_that_is_taken_back(library: Library):
    first, _, third, *_ = library.quiz.questions
    run = answered_up_to(library, 1)
    both = {first.id: ("ship-reliably",), third.id: (third.choices[1].id,)}

    back = quiz.apply(quiz.apply(run, Reply(answers=both, ts="1")).run, Undo()).run

    assert back.answers == run.answers
    assert back.answered_last == third.id


def test_a_first_answer_is_taken_back_by_asking_again_but_not_below_a_result(library: Library):
    run = answered_up_to(library, 2)
    asked = quiz.apply(run, Undo(prompt=len(run.prompts)))
    assert asked.run.asking == Prompt(library.quiz.questions[1].id, changing=True)
    assert quiz.apply(asked.run, Undo(prompt=len(run.prompts))).outcome is Outcome.STALE  # of a double Enter
    assert quiz.apply(quiz.begin(library.quiz), Undo()).outcome is Outcome.FIRST

    done = answered_up_to(library, 5)
    assert done.finished
    assert quiz.apply(done, Undo()).outcome is Outcome.NOTHING


def test_who_takes_it_back_twice_does_not_go_back_further(library: Library):
    run = answered_up_to(library, 2)
    asked = quiz.apply(run, Undo()).run

    dropped = quiz.apply(asked, Undo())

    assert (dropped.outcome, dropped.question) == (Outcome.TAKEN, None)
    assert (dropped.run.answers, dropped.run.asking) == (run.answers, run.asking)


def test_below_a_result_a_change_that_was_only_begun_is_dropped(library: Library):
    done = answered_up_to(library, 5)
    last = library.quiz.questions[-1]
    changing = quiz.apply(done, Change(question=last.id)).run

    dropped = quiz.apply(changing, Undo())

    assert (dropped.outcome, dropped.question) == (Outcome.TAKEN, None)
    assert (dropped.run.answers, dropped.run.asking) == (done.answers, None)


def test_a_change_that_was_only_begun_is_dropped_and_an_earlier_one_stays(library: Library):
    first, second, *_ = library.quiz.questions
    changed = quiz.apply(answered_up_to(library, 2), Reply(answers={first.id: ("ship-reliably",)}, ts="1")).run
    changing = quiz.apply(changed, Change(question=second.id)).run

    dropped = quiz.apply(changing, Undo())

    assert (dropped.outcome, dropped.question) == (Outcome.TAKEN, None)
    assert (dropped.run.answers, dropped.run.asking) == (changed.answers, changed.asking)


@pytest.mark.parametrize("leave", [Pause(), Stop()])
def test_to_leave_a_round_is_taken_back_by_going_on_with_it(library: Library, leave: Pause | Stop):
    first = library.quiz.questions[0]
    changed = quiz.apply(answered_up_to(library, 2), Reply(answers={first.id: ("ship-reliably",)}, ts="1")).run

    back = quiz.apply(quiz.apply(changed, leave).run, Undo()).run

    assert (back.answers, back.asking) == (changed.answers, changed.asking)


def test_who_told_what_they_are_graded_on_takes_no_answer_back(library: Library):
    last, review = library.quiz.questions[-1], library.quiz.review
    assert review
    changed = quiz.apply(answered_up_to(library, 5), Reply(answers={last.id: (last.choices[3].id,)}, ts="1")).run

    graded = quiz.apply(changed, Grade(dimension=next(iter(review.dimensions)), column="ai-engineer")).run

    assert quiz.apply(graded, Undo()).outcome is Outcome.NOTHING
    assert graded.answered_last is None


def test_a_change_that_opened_a_question_gives_the_result_back_once_it_is_taken_back(library: Library):
    early, first = answered_up_to(library, 4), library.quiz.questions[0]
    assert early.ended_early
    changed = quiz.apply(early, Reply(answers={first.id: ("ship-reliably",)}, ts="1")).run
    assert changed.asking is not None

    back = quiz.apply(changed, Undo()).run

    assert (back.recommendation, back.asking) == (early.recommendation, None)


@pytest.mark.parametrize("by_click", [False, True])
def test_an_answer_below_a_result_to_what_was_skipped_is_taken_back_by_leaving_it_open_again(
    library: Library, by_click: bool
):
    *others, last = library.quiz.questions
    done = quiz.apply(answered_up_to(library, len(others)), Change(question=last.id)).run
    done = quiz.apply(done, Skip()).run
    assert done.finished
    assert last.id in done.skipped
    choice = (last.choices[3].id,)
    if by_click:
        asked = quiz.apply(done, Change(question=last.id)).run
        complete = quiz.apply(asked, Answer(prompt=len(asked.prompts), question=last.id, choices=choice)).run
    else:
        complete = quiz.apply(done, Reply(answers={last.id: choice}, ts="1")).run
    complete = quiz.load(complete.quiz, complete.answers, json.loads(json.dumps(complete.state())))

    back = quiz.apply(complete, Undo())

    assert (back.outcome, back.question) == (Outcome.TAKEN, last.id)
    assert (back.run.answers, back.run.skipped) == (done.answers, done.skipped)
    assert (back.run.recommendation, back.run.asking) == (done.recommendation, None)
    assert quiz.apply(back.run, Undo()).outcome is Outcome.NOTHING


def test_an_answer_below_a_result_to_what_was_left_out_is_taken_back(library: Library):
    early, last = answered_up_to(library, 4), library.quiz.questions[-1]
    assert early.ended_early == (last,)

    back = quiz.apply(quiz.apply(early, Reply(answers={last.id: (last.choices[0].id,)}, ts="1")).run, Undo())

    assert (back.outcome, back.run.answers, back.run.ended_early) == (Outcome.TAKEN, early.answers, (last,))


def test_an_answer_to_another_question_than_the_open_one_is_taken_back_and_that_one_stays_open(library: Library):
    _, second, _, _, last = library.quiz.questions
    run = quiz.apply(answered_up_to(library, 1), Skip()).run
    for question in (second, last):
        answered_ahead = quiz.apply(run, Reply(answers={question.id: (question.choices[0].id,)}, ts="1")).run

        back = quiz.apply(answered_ahead, Undo()).run

        assert (back.answers, back.skipped, back.asking) == (run.answers, run.skipped, run.asking)
