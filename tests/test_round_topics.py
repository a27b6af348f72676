"""What people ask and say about the quiz, while a question is open, and about its result."""

import pytest

from bot.domain import quiz, smalltalk
from bot.domain.quiz_run import Run
from bot.domain.readings import (
    Answered,
    Aside,
    Asks,
    AsksWhetherRole,
    Command,
    Perhaps,
    PerhapsReviewed,
    Reading,
    Reviewed,
    WhatIf,
    WhichTwo,
)
from bot.domain.reply import read
from bot.domain.result_question import AboutResult, AboutTerm, Disagrees
from bot.domain.review import review_question
from bot.domain.round_topics import AboutRound, ShowsPart, Topic
from bot.knowledge import Library
from bot.slack.run_asides import RunAside, aside_to, render_aside
from tests.test_said_in_a_round import answered_before, finished


def reading(library: Library, text: str, run: Run, *, answerable: bool = False) -> Reading:
    aside = smalltalk.read(text, library.words.talk)
    return read(text, run, library.words.typed, answerable=answerable, aside=aside)


@pytest.mark.parametrize(
    ("topic", "typed"),
    [
        (Topic.NO_RIGHT_ANSWER, "whats the best answer"),
        (Topic.NO_RIGHT_ANSWER, "is there a right answer"),
        (Topic.NO_RIGHT_ANSWER, "is there a right or wrong answer?"),
        (Topic.NO_RIGHT_ANSWER, "does it matter what i choose"),
        (Topic.NO_RIGHT_ANSWER, "which one should I pick?"),
        (Topic.NO_RIGHT_ANSWER, "what would you choose"),
        (Topic.VOLUNTARY, "why should i do this"),
        (Topic.VOLUNTARY, "is it mandatory"),
        (Topic.VOLUNTARY, "do I have to do this?"),
        (Topic.VOLUNTARY, "is this quiz optional?"),
        (Topic.LEFT, "how long will it take still"),
        (Topic.LEFT, "how many questions are left?"),
        (Topic.LEFT, "how much longer"),
        (Topic.COLLEAGUE, "can my colleague take it too"),
    ],
)
def test_a_question_about_the_quiz_is_answered_while_one_is_open(library: Library, topic: Topic, typed: str):
    for run in (quiz.begin(library.quiz), answered_before(library, 1), answered_before(library, 4)):
        assert reading(library, typed, run) == AboutRound(topic)


@pytest.mark.parametrize(
    "typed",
    [
        "we decide which model is right",
        "will hold up in production",
        "we find out what is true",
        "stop models from failing in production",
        "how long does it take",
        "I need to go through papers",
        "what is a research engineer?",
    ],
)
def test_an_answer_and_a_question_of_the_field_are_none_about_the_quiz(library: Library, typed: str):
    assert not isinstance(reading(library, typed, answered_before(library, 1)), AboutRound | Command)


def test_who_says_what_they_are_is_asked_whether_it_is_about_their_own_work(library: Library):
    opening = quiz.begin(library.quiz)
    for typed in ("i am an ML engineer", "I work as a data scientist", "I'm a research engineer at Google"):
        assert reading(library, typed, opening) == Perhaps("purpose", ("own",))
    for typed in ("I am a team lead", "I'm a hiring manager", "I am an engineering director"):
        assert reading(library, typed, opening) != Perhaps("purpose", ("own",))


def test_neither_yes_nor_no_answers_whose_work_it_is(library: Library):
    for typed in ("yes", "no dont", "nope", "no, don't do that"):
        assert reading(library, typed, quiz.begin(library.quiz)) == AboutRound(Topic.YES_OR_NO)


@pytest.mark.parametrize(
    "typed", ["whats wrong with flat", "will i be paid less", "why would we need a title", "am i too junior for this"]
)
def test_a_question_without_a_sign_is_one(library: Library, typed: str):
    assert reading(library, typed, quiz.begin(library.quiz)) == Asks()


@pytest.mark.parametrize(
    ("typed", "meaning"),
    [
        ("a and b and d", WhichTwo()),
        ("half a quarter b quarter c", WhichTwo()),
        ("a, b, d", WhichTwo()),
        ("no b and d", ("build-to-find-out", "ship-reliably")),
        ("70% d 30% c", ("ship-reliably", "result-to-system")),
        ("30% c 70% d", ("ship-reliably", "result-to-system")),
        ("70/30 d and c", ("ship-reliably", "result-to-system")),
        ("the second, but also uptime", ("build-to-find-out",)),
        ("neither", Command("unsure")),
        ("none of them is me", Command("unsure")),
        ("none of these sounds like me", Command("unsure")),
        ("stop for a second", Command("pause")),
        ("i need to go, bye", Command("pause")),
        ("can i leave it for later", Command("pause")),
        ("I'm back", Command("resume")),
        ("where were we", Command("resume")),
        ("show me what you have", Command("so_far")),
        ("stop now", Command("stop")),
    ],
)
def test_an_answer_of_more_than_one_choice_and_none_is_asked_back(
    library: Library, typed: str, meaning: Reading | tuple[str, ...]
):
    first = library.quiz.questions[0].id
    expected = Perhaps(first, meaning) if isinstance(meaning, tuple) else meaning
    assert reading(library, typed, answered_before(library, 1)) == expected


def test_halves_and_more_of_one_are_still_an_answer(library: Library):
    run, first = answered_before(library, 1), library.quiz.questions[0]
    for typed in ("half a, half c", "50/50 a c", "mostly a with some c"):
        assert reading(library, typed, run) == Answered({first.id: (first.choices[0].id, first.choices[2].id)})


def test_a_question_can_be_seen_again(library: Library):
    for typed in ("can i see the first question again", "show me question 1 again", "see question 1 once more"):
        again = Command("change", library.quiz.questions[0].id)
        assert reading(library, typed, answered_before(library, 4)) == again


@pytest.mark.parametrize(
    ("typed", "meaning"),
    [
        ("explain the table", AboutRound(Topic.TABLE)),
        ("what is the table", AboutRound(Topic.TABLE)),
        ("how do I read the table?", AboutRound(Topic.TABLE)),
        ("what is ▸", AboutRound(Topic.MARKS)),
        ("what do the arrows mean", AboutRound(Topic.MARKS)),
        ("what if i had answered a everywhere", AboutRound(Topic.ONE_CASE)),
        ("what if i had said ship for 2", AboutRound(Topic.ONE_CASE)),
        ("b for all", AboutRound(Topic.ONE_CASE)),
        ("what if all were b", AboutRound(Topic.ONE_CASE)),
        ("what if I had said years?", WhatIf("how-far-ahead", "years")),
        ("can my colleague take it too", AboutRound(Topic.COLLEAGUE)),
        ("how long is this valid", AboutRound(Topic.VALID)),
        ("will i be paid less", AboutRound(Topic.PAY)),
        ("my boss grades me on papers", AboutRound(Topic.GRADED)),
        ("but we are measured on uptime", AboutRound(Topic.GRADED)),
        ("it's unfair", AboutRound(Topic.UNFAIR)),
        ("that makes me sad", AboutRound(Topic.UNFAIR)),
        ("my contract says software engineer", AboutRound(Topic.CONTRACT)),
        ("HR calls me a data scientist", AboutRound(Topic.CONTRACT)),
        ("my title is AI researcher", Disagrees("researcher")),
        ("titles", ShowsPart("titles")),
        ("what titles fit", ShowsPart("titles")),
        ("show full table", ShowsPart("table")),
        ("whole table", ShowsPart("table")),
        ("skills", ShowsPart("skills")),
        ("tracks or title", ShowsPart("tracks")),
        ("how I am graded", ShowsPart("review")),
        ("result", AboutResult(how_sure=True)),
        ("show result", AboutResult(how_sure=True)),
        ("how is it computed", AboutResult()),
        ("show me the weights", AboutResult()),
        ("show me the steps", AboutResult()),
        ("why 68", AboutResult()),
        ("why 68%?", AboutResult()),
        ("what does 'each answer counts a little' mean", AboutTerm("shares")),
        ("so am i a research engineer?", AsksWhetherRole("research-engineer")),
        ("what would you do", Aside("next_steps")),
    ],
)
def test_what_is_asked_and_said_below_a_result_is_about_it(library: Library, typed: str, meaning: Reading):
    assert reading(library, typed, finished(library, "own")) == meaning


@pytest.mark.parametrize(
    "typed",
    [
        "titles at OpenAI",
        "skills of a research engineer",
        "how are research engineers paid?",
        "what is the grading trap?",
        "my team is all research",
        "what does velocity mean?",
    ],
)
def test_a_question_of_the_field_below_a_result_stays_one(library: Library, typed: str):
    assert not isinstance(reading(library, typed, finished(library, "own"), answerable=True), AboutRound | ShowsPart)


def test_where_the_faq_knows_more_it_answers(library: Library):
    done = finished(library, "own")
    assert reading(library, "will i be paid less", done, answerable=True) == Asks()


def test_whether_it_is_a_role_is_answered_by_yes_or_no(library: Library):
    done = finished(library, "own")
    asked = {
        role.id: render_aside("r1", *aside_to(AsksWhetherRole(role.id)), done, library) for role in library.quiz.roles
    }

    assert {role: said.text.split()[0] for role, said in asked.items() if said} == {
        "researcher": "No,",
        "research-engineer": "No,",
        "ai-engineer": "Yes,",
    }


@pytest.mark.parametrize("topic", Topic)
def test_each_topic_has_a_reply(library: Library, topic: Topic):
    for run in (quiz.begin(library.quiz), answered_before(library, 2), finished(library, "own")):
        said = render_aside("r1", RunAside.TOPIC, topic, run, library)
        assert said
        assert len(said.text.split()) <= 90


def test_how_many_are_left_is_told_by_the_number_of_the_question(library: Library):
    told = {
        number: render_aside("r1", RunAside.TOPIC, Topic.LEFT, answered_before(library, number), library)
        for number in (2, 5)
    }

    assert told[2]
    assert "This is question 2 of 5." in told[2].text
    assert told[5]
    assert "the last one" in told[5].text


def test_what_is_no_answer_to_the_review_is_not_guessed_to_be_one(library: Library):
    done = finished(library, "own")
    review = review_question(library.quiz, library.tables[library.quiz.tables.roles])
    for typed in (
        "ok thursday works for me",
        "let's talk about it on Monday",
        "we will see how it goes",
        "I'll bring it up next week",
    ):
        said = read(typed, done, library.words.typed, review=review)
        assert not isinstance(said, PerhapsReviewed), typed
    assert isinstance(read("papers mostly I guess", done, library.words.typed, review=review), Reviewed)
