"""What is said between the questions of a round and changes nothing."""

from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from bot.domain import quiz
from bot.domain.actions import Answer, AskAgain, Back, Change, Pause, Resume, Skip, Stop
from bot.domain.quiz import Outcome
from bot.domain.quiz_run import Run
from bot.domain.readings import DOES, AboutChoices
from bot.knowledge import Library
from bot.slack.gallery.runs import finished_runs, representative
from bot.slack.run_asides import TYPED_ASIDES, RunAside, confirmation, record_choices, render_aside
from bot.slack.run_messages import is_not_understood, note_slot, offer_slot
from bot.storage import Posted, StoredRun

NO_COMMANDS = {"leaves", "yes", "no", "explain", "sure", "change", "result_terms"}  # phrases that are read otherwise
MOST_WORDS = 70  # of an answer to a question about a result
OF_THEIR_OWN = {"start_over", "manages"}  # begin another piece of work
OF_THE_QUESTION = (RunAside.WHY, RunAside.UNSURE, RunAside.WHICH_TWO)


def begun(library: Library) -> Run:
    """Begin a run about one's own work, so that the first question is asked."""
    run = quiz.begin(library.quiz)
    return quiz.apply(run, Answer(prompt=1, question="purpose", choices=("own",))).run


def said(aside: RunAside, about: str | None, run: Run, library: Library) -> str:
    message = render_aside("r1", aside, about, run, library)
    assert message is not None
    return message.text


def test_each_command_that_can_be_typed_does_something_or_has_something_said(library: Library):
    commands = set(type(library.words.typed).model_fields) - NO_COMMANDS - OF_THEIR_OWN

    assert commands <= DOES.keys() | TYPED_ASIDES.keys()
    assert not DOES.keys() & TYPED_ASIDES.keys()
    assert {name: action().do for name, action in DOES.items()} == {name: name for name in DOES}
    assert (DOES["back"](), DOES["skip"](), DOES["stop"]()) == (Back(), Skip(), Stop())


def confirmed(run: Run, library: Library) -> str | None:
    stored = StoredRun("r1", "U1", "D1", "1.0", 0, 0, None, datetime(2026, 11, 1, tzinfo=UTC), "", run, {})
    message = confirmation(stored, Stop(), Outcome.TAKEN, "2.0", library)
    return message.text if message else None


def test_a_stop_is_confirmed_as_long_as_the_round_is_stopped(library: Library):
    words = library.words.quiz
    stopped = quiz.apply(begun(library), Stop()).run
    paused = quiz.apply(begun(library), Pause()).run
    goes_on = quiz.apply(stopped, Resume()).run

    assert confirmed(stopped, library) == words.stopped_note
    assert confirmed(paused, library) == words.paused_note
    assert confirmed(goes_on, library) is None


def test_who_drops_a_change_is_told_of_a_result_only_where_there_is_one(library: Library):
    answers = MappingProxyType({question.id: (question.choices[0].id,) for question in library.quiz.questions})
    for subject, text in ((None, "change_dropped"), ("U2", "change_dropped_other")):
        finished = Run(library.quiz, answers, subject=subject, went_on=subject is not None)
        changing = quiz.apply(finished, Change(question=library.quiz.questions[0].id)).run

        assert confirmed(quiz.apply(changing, Stop()).run, library) == getattr(library.words.quiz, text)


def test_each_aside_about_a_question_says_something_else(library: Library):
    run = begun(library)
    texts = {aside: said(aside, None, run, library) for aside in OF_THE_QUESTION}
    unclear = said(RunAside.UNCLEAR, None, run, library)

    assert len({*texts.values(), unclear}) == 4
    assert said(RunAside.EXPLAIN, None, run, library) == said(RunAside.HOW_SURE, None, run, library) == unclear


@pytest.mark.parametrize("aside", [*OF_THE_QUESTION, RunAside.UNCLEAR, RunAside.EXPLAIN])
def test_where_no_question_is_open_the_round_says_that_it_waits(library: Library, aside: RunAside):
    stopped = quiz.apply(begun(library), Stop()).run

    assert said(aside, None, stopped, library) == library.words.quiz.waiting


def test_who_has_skipped_everything_is_told_that_no_role_may_fit(library: Library):
    run = begun(library)
    for _ in library.quiz.questions:
        run = quiz.apply(run, Skip()).run
    words = library.words.quiz

    assert run.nothing_to_weigh
    stored = StoredRun("r1", "U1", "D1", "1.0", 0, 0, None, datetime(2026, 11, 1, tzinfo=UTC), "", run, {})
    for outcome in (Outcome.TAKEN, Outcome.NOTHING):
        message = confirmation(stored, Skip(), outcome, "2.0", library)
        assert message
        assert message.text == words.all_skipped
    assert said(RunAside.SO_FAR, None, run, library) == said(RunAside.UNCLEAR, None, run, library) == words.all_skipped


def test_the_second_time_nothing_was_understood_it_may_be_that_nothing_fits(library: Library):
    run = begun(library)
    twice = said(RunAside.UNCLEAR_AGAIN, None, run, library)

    assert "maybe none of them is right for you" in twice
    assert "press one of the buttons above, or type its letter, a to e;" in twice  # which it does not list again
    assert not any(choice.label in twice for choice in run.quiz.questions[0].choices)
    assert "no “f” here: the letters are a to e" in said(RunAside.NO_SUCH_MARK, "f", run, library)
    third = run.quiz.questions[2].id
    assert "Question 3 has not been asked yet" in said(RunAside.NOT_ASKED, third, run, library)
    at_first = said(RunAside.UNCLEAR, None, quiz.begin(library.quiz), library)
    assert "questions about the work come next" in at_first


def test_only_what_was_not_understood_since_the_question_was_asked_counts_as_that(library: Library):
    run, at = begun(library), datetime(2026, 11, 1, tzinfo=UTC)
    shown = {"prompt:1": Posted("1.0", ""), offer_slot("unclear", 1, "1.5"): Posted("1.5", "")}
    shown |= {"prompt:2": Posted("2.0", ""), note_slot("3.0"): Posted("3.0", "")}

    def missed(run: Run, messages: dict[str, Posted]) -> bool:
        return is_not_understood(StoredRun("r1", "U1", "D1", "1.0", 0, 0, None, at, "", run, messages))

    assert not missed(run, shown)
    assert not missed(run, shown | {offer_slot("unsure", 2, "4.0"): Posted("4.0", "")})
    once = shown | {offer_slot("unclear", 2, "4.0"): Posted("4.0", "")}
    assert missed(run, once)
    assert missed(quiz.apply(run, AskAgain()).run, once)
    first = run.quiz.questions[0]
    after = quiz.apply(run, Answer(prompt=2, question=first.id, choices=(first.choices[0].id,))).run
    assert not missed(after, once)


def test_a_result_explains_the_words_that_say_how_close_it_is(library: Library):
    answers = MappingProxyType({question.id: (question.choices[0].id,) for question in library.quiz.questions})
    run, thresholds = Run(library.quiz, answers), library.quiz.thresholds
    means = {
        name: said(RunAside.RESULT_TERM, name, run, library)
        for name in type(library.words.typed.result_terms).model_fields
    }

    assert len(set(means.values())) == len(means) == 5
    assert f"by {thresholds.clear * 100:g} percentage points" in means["clear"]
    assert f"less than {thresholds.leaning * 100:g} percentage points" in means["close"]
    assert render_aside("r1", RunAside.RESULT_TERM, "no such word", run, library) is None


def test_who_objects_to_a_result_is_told_what_the_answers_said_and_what_would_change_it(library: Library):
    answers = {question.id: (question.choices[0].id,) for question in library.quiz.questions}
    fifth = library.quiz.questions[4]
    run = Run(library.quiz, MappingProxyType({**answers, fifth.id: (fifth.choices[3].id,)}))
    assert run.recommendation
    assert run.recommendation.role.id == "researcher"

    agreed = said(RunAside.DISAGREES, "researcher", run, library)
    assert "That is what your answers say, too: an AI researcher (" in agreed
    objected = said(RunAside.DISAGREES, None, run, library)
    assert f"{library.quiz.questions[0].choices[0].short} (question 1)" in objected
    for told in (agreed, objected):
        assert "*What would change it:*" in told
        assert "“change 3 to b”" in told
    assert "an AI engineer" in said(RunAside.DISAGREES, "ai-engineer", run, library)


def test_what_is_asked_about_a_result_is_answered_in_few_words(library: Library):
    for run in representative(finished_runs(library)):
        for aside in (RunAside.EXPLAIN, RunAside.WHAT_CHANGES):
            told = said(aside, None, run, library)
            assert run.recommendation
            assert run.recommendation.role.name in told
            assert len(told.split()) <= MOST_WORDS, told
    for number in range(1, 5):
        left = MappingProxyType(
            {question.id: (question.choices[0].id,) for question in library.quiz.questions[:number]}
        )
        assert len(said(RunAside.SO_FAR, None, Run(library.quiz, left, went_on=True), library).split()) <= MOST_WORDS


def test_how_many_choices_can_be_taken_is_another_thing_before_the_questions(library: Library):
    words = library.words.quiz
    assert said(RunAside.TWO, None, begun(library), library) == words.one_or_two
    assert said(RunAside.TWO, None, quiz.begin(library.quiz), library) == words.only_one


def test_ones_own_answers_are_listed_by_their_questions_or_one_of_them(library: Library):
    first, second, third = library.quiz.questions[:3]
    run = begun(library)
    assert said(RunAside.ANSWERS, None, run, library).startswith(library.words.quiz.nothing_so_far)
    run = quiz.apply(run, Answer(prompt=len(run.prompts), question=first.id, choices=(first.choices[0].id,))).run
    run = quiz.apply(run, Skip()).run

    listed = said(RunAside.ANSWERS, None, run, library)

    assert f"1.* {first.text}" in listed
    assert first.choices[0].label in listed
    assert f"2.* {second.text}\n→ _skipped_" in listed
    assert listed == said(RunAside.ANSWERS, third.id, run, library)  # which has none yet
    assert second.text not in said(RunAside.ANSWERS, first.id, run, library)


@pytest.mark.parametrize("intent", ["sharing", "own_result", "next_steps", "bored"])
def test_below_a_result_small_talk_is_about_what_stands_there(library: Library, intent: str):
    run = begun(library)
    in_quiz = said(RunAside.SMALLTALK, intent, run, library)
    for question in library.quiz.questions:
        run = quiz.apply(
            run, Answer(prompt=len(run.prompts), question=question.id, choices=(question.choices[0].id,))
        ).run

    assert run.shareable
    assert said(RunAside.SMALLTALK, intent, run, library) == library.words.talk.of(intent).below_result != in_quiz


@pytest.mark.parametrize(
    ("aside", "about"),
    [
        (RunAside.TERM, "no such term"),
        (RunAside.SMALLTALK, None),
        (RunAside.CHOICES, "what-comes-out/no-such-choice"),
    ],
)
def test_an_aside_about_nothing_is_not_said(library: Library, aside: RunAside, about: str | None):
    assert render_aside("r1", aside, about, begun(library), library) is None


def test_the_other_asides_of_an_open_round_have_their_words(library: Library):
    run, words = begun(library), library.words

    open_question = f"\nStill open: {run.quiz.questions[0].text}"
    assert said(RunAside.KEPT, None, run, library) == words.quiz.kept + open_question
    assert said(RunAside.OWN_ONLY, None, run, library) == words.compare.own_only + open_question
    assert said(RunAside.OTHER_ANSWERS, None, run, library) == words.compare.other_answers + open_question
    assert said(RunAside.SO_FAR, None, run, library) == words.quiz.nothing_so_far + open_question
    term = run.quiz.glossary[0].term
    assert term in said(RunAside.TERM, term, run, library)
    third, fourth = run.quiz.questions[0].choices[2:4]
    told = said(
        RunAside.CHOICES, record_choices(AboutChoices(run.quiz.questions[0].id, (fourth.id, third.id))), run, library
    )
    assert told == f"*c: {third.label}.* {third.means}\n*d: {fourth.label}.* {fourth.means}{open_question}"


@pytest.mark.parametrize("aside", RunAside)
def test_whatever_is_said_while_a_question_is_open_says_which_or_asks_for_an_answer_itself(
    library: Library, aside: RunAside
):
    run = begun(library)
    run = quiz.apply(run, Answer(prompt=2, question=run.quiz.questions[0].id, choices=("new-and-true",))).run
    about = {
        RunAside.TERM: run.quiz.glossary[0].term,
        RunAside.SMALLTALK: "thanks",
        RunAside.NO_SUCH_MARK: "z",
        RunAside.NOT_ASKED: run.quiz.questions[3].id,
        RunAside.CHOICES: "what-comes-out/evidence",
        RunAside.RESULT_TERM: "leaning",
        RunAside.FOR_SOMEBODY: "Mei",
        RunAside.COMPARISON: "about_whom",
        RunAside.TOPIC: "no_right_answer",
    }
    told = said(aside, about.get(aside), run, library)

    asks_itself = any(word in told for word in ("letter", "type skip", "has not been asked yet"))
    assert asks_itself != (f"Still open: {run.quiz.questions[1].text}" in told)
    assert "Still open" not in said(RunAside.SMALLTALK, "bye", run, library)
