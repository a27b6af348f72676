"""What people say in a round in their own way: clauses, either of two, answers ahead, who sees it, a pause."""

import pytest

from bot.domain import quiz, smalltalk
from bot.domain.actions import Answer, AskAgain, Change, Guess, Reply
from bot.domain.quiz_run import Run
from bot.domain.readings import (
    AboutChoices,
    Answered,
    Aside,
    Asks,
    AsksForAnswers,
    AsksForTitle,
    AsksForTwo,
    AsksToStartOver,
    AsksWhyMe,
    Command,
    Defined,
    Perhaps,
    Reading,
    SeveralUnclear,
    Unclear,
    WhatIf,
    WhichOffered,
    WhichTwo,
)
from bot.domain.reply import read, read_again
from bot.domain.result_question import AboutResult, AboutTerm, Disagrees
from bot.domain.review import review_question
from bot.domain.round_topics import AboutRound, Topic
from bot.knowledge import Library


def at(library: Library, number: int) -> Run:
    """Begin a run in which a question is asked, by its number."""
    return quiz.apply(quiz.begin(library.quiz), Change(question=library.quiz.questions[number - 1].id)).run


def answered_before(library: Library, number: int) -> Run:
    """Begin a run about one's own work in which a question is asked by now, and those before it have an answer."""
    run = quiz.apply(quiz.begin(library.quiz), Answer(prompt=1, question="purpose", choices=("own",))).run
    for question, position in zip(library.quiz.questions[: number - 1], (0, 3, 0, 3), strict=False):
        answer = Answer(prompt=len(run.prompts), question=question.id, choices=(question.choices[position].id,))
        run = quiz.apply(run, answer).run
    return run


def finished(library: Library, purpose: str) -> Run:
    """Give a run that has come to a result: an AI engineer's."""
    run = quiz.apply(quiz.begin(library.quiz), Answer(prompt=1, question="purpose", choices=(purpose,))).run
    while run.asking:
        question = run.quiz.question(run.asking.question)
        heaviest = max(question.choices, key=lambda choice: getattr(choice, "weights", {}).get("ai-engineer", 0))
        run = quiz.apply(run, Answer(prompt=len(run.prompts), question=question.id, choices=(heaviest.id,))).run
    return run


def reading(library: Library, text: str, run: Run, *, answerable: bool = False) -> Reading:
    aside = smalltalk.read(text, library.words.talk)
    return read(text, run, library.words.typed, answerable=answerable, aside=aside)


@pytest.mark.parametrize(
    ("number", "typed", "choices"),
    [
        (4, "several years, my grant runs four", ("years",)),
        (4, "decades, fusion is slow", ("years",)),
        (4, "a sprint or two, sometimes a quarter", ("weeks-to-months",)),
        (2, "papers, nobody reads them", ("papers-and-methods",)),
    ],
)
def test_a_clause_that_names_a_choice_is_the_answer(
    library: Library, number: int, typed: str, choices: tuple[str, ...]
):
    question = library.quiz.questions[number - 1]
    assert reading(library, typed, at(library, number)) == Answered({question.id: choices})


@pytest.mark.parametrize(
    ("number", "typed", "choices"),
    [
        (3, "depends. Either it's novel or people can rerun it, i can't decide", ("novelty", "velocity")),
        (4, "torn between years and weeks", ("years", "weeks-to-months")),
        (2, "not sure whether papers or datasets", ("papers-and-methods", "datasets-and-pipelines")),
        (2, "papers, but actually features", None),
    ],
)
def test_what_only_may_be_meant_is_offered(library: Library, number: int, typed: str, choices: tuple[str, ...] | None):
    found = reading(library, typed, at(library, number))
    assert (
        found == Perhaps(library.quiz.questions[number - 1].id, choices) if choices else not isinstance(found, Answered)
    )


def test_a_training_run_that_went_faster_is_offered_as_training_infra(library: Library):
    found = reading(library, "a training run that went twice as quick", at(library, 2))
    assert isinstance(found, Perhaps)
    assert "training-and-frameworks" in found.choices


def test_yes_to_two_that_were_offered_asks_which_and_the_second_is_the_second_of_them(library: Library):
    run, question = at(library, 4), library.quiz.questions[3]
    offered = Guess(
        question=question.id, choices=("months-to-years", "weeks-to-months"), ts="1", prompt=len(run.prompts)
    )
    guessed = quiz.apply(run, offered).run

    assert reading(library, "yes", guessed) == WhichOffered()
    assert reading(library, "the second one", guessed) == Answered({question.id: ("weeks-to-months",)})
    assert reading(library, "sorry in a meeting, later", guessed) == Command("pause")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("4: years, 5: a doctorate", {"how-far-ahead": ("years",), "what-you-draw-on": ("research-training",)}),
        ("q3: latency; q4: weeks", {"what-you-optimize": ("uptime",), "how-far-ahead": ("weeks-to-months",)}),
        ("3: uptime, 4: umm no idea", None),
    ],
)
def test_answers_behind_their_numbers_may_be_in_words(
    library: Library, typed: str, expected: dict[str, tuple[str, ...]] | None
):
    found = reading(library, typed, at(library, 2))
    assert found == (SeveralUnclear() if expected is None else Answered(expected, named=True))


@pytest.mark.parametrize(
    "typed", ["how many ideas we can try in a week", "how fast the team ships", "we talk to people"]
)
def test_what_asks_nothing_gets_no_answer_of_the_faq(library: Library, typed: str):
    assert not isinstance(reading(library, typed, at(library, 2), answerable=True), Asks)
    assert reading(library, "what is an MTS?", at(library, 2), answerable=True) == Asks()


@pytest.mark.parametrize(
    "typed", ["is this going to my manager", "will HR be told what I say here", "do my answers end up with the boss?"]
)
def test_whom_it_reaches_is_a_question_about_privacy(library: Library, typed: str):
    assert reading(library, typed, at(library, 4)) == Aside("privacy")


@pytest.mark.parametrize(
    "typed", ["why not AI engineer?", "what would change it?", "what decides it", "why a researcher?"]
)
def test_before_a_result_a_question_about_it_gets_the_picture_so_far(library: Library, typed: str):
    assert reading(library, typed, at(library, 4), answerable=True) == Command("so_far")


def test_below_a_result_about_a_role_titles_and_whom_to_hire_are_about_it(library: Library):
    run = finished(library, "role")

    for typed in ("what do I put as title in the ad?", "which job title should we use in the posting?"):
        assert reading(library, typed, run) == AsksForTitle()
    for typed in ("whom should I hire?", "who do we need to hire then?"):
        assert reading(library, typed, run, answerable=True) == AboutResult()
    assert reading(library, "i don't buy it", run) == Aside("complaint")
    assert isinstance(reading(library, "people were happy", at(library, 2), answerable=True), Unclear | Perhaps)


def test_who_answers_about_a_colleague_may_ask_why_they_were_asked(library: Library):
    run = quiz.carried_over(library.quiz, {}, None, subject="U_ANA")

    for typed in ("why me?", "who invited me?", "why am I being asked this"):
        assert reading(library, typed, run) == AsksWhyMe()
    assert reading(library, "why do you ask?", run) == Command("why")


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("what exactly can I use you for", "help"),
        ("who feeds you with answers", "sources"),
        ("authors of the continuum paper?", "sources"),
        ("can you stop replying to me in the channel", "quiet"),
        ("don't answer me in channels any more", "quiet"),
        ("which model are you running on, does it go to the cloud", "identity"),
        ("does my data leave the company", "kept"),
        ("are you able to make mistakes", "certainty"),
        ("do you ever get things wrong", "certainty"),
        ("how many minutes does the quiz take?", "about_quiz"),
        ("who sees what I answer in the quiz, my manager too?", "privacy"),
        ("not convinced tbh", "complaint"),
    ],
)
def test_what_people_ask_the_bot_about_itself(library: Library, said: str, intent: str):
    assert smalltalk.read(said, library.words.talk) == intent


@pytest.mark.parametrize(
    ("typed", "number", "position"),
    [
        ("actually make number 2 the first one", 2, 0),
        ("oh wait, change question two to the last one", 2, -1),
        ("sorry, for question 2 I meant a", 2, 0),
        ("I meant b for question 1", 1, 1),
        ("the second question should be c", 2, 2),
        ("my answer to question 1 is b", 1, 1),
        ("can you change the first one to b", 1, 1),
        ("let's make number two the second one instead", 2, 1),
        ("answer 2 should have been papers", 2, 0),
        ("no wait, 2b", 2, 1),
        ("scratch that, c for question 1", 1, 2),
        ("I changed my mind, question 1 is d", 1, 3),
        ("on second thought 1d", 1, 3),
    ],
)
def test_an_answer_is_changed_however_its_question_is_called(library: Library, typed: str, number: int, position: int):
    question = library.quiz.questions[number - 1]
    run = answered_before(library, 3)

    assert reading(library, typed, run) == Answered({question.id: (question.choices[position].id,)}, named=True)


@pytest.mark.parametrize(
    "typed", ["make two prototypes a week", "make number 9 the first one", "the second half is papers"]
)
def test_a_number_in_an_answer_changes_no_other_question(library: Library, typed: str):
    read_as = reading(library, typed, at(library, 2))

    assert not (isinstance(read_as, Answered) and read_as.named)


@pytest.mark.parametrize(
    "typed",
    ["bit of a and bit of b", "bits of a and b", "sort of a and sort of b", "mix of a and b", "a tad of a, a tad of b"],
)
def test_something_of_each_of_two_is_half_of_each(library: Library, typed: str):
    question = library.quiz.questions[2]
    two = tuple(choice.id for choice in question.choices[:2])

    assert reading(library, typed, at(library, 3)) == Answered({question.id: two})


@pytest.mark.parametrize(
    ("typed", "choice"),
    [
        ("between one month and three", "weeks-to-months"),
        ("from two weeks to three", "weeks-to-months"),
        ("one month", "weeks-to-months"),
        ("half a year", "months-to-years"),
        ("between 3 and 6 months", "months-to-years"),
    ],
)
def test_a_span_of_time_is_read_with_its_unit_said_once(library: Library, typed: str, choice: str):
    assert reading(library, typed, at(library, 4)) == Answered({library.quiz.questions[3].id: (choice,)})


@pytest.mark.parametrize(
    "typed",
    ["start over", "I'd like to start over", "let me do it again", "redo", "I want to start from scratch"],
)
def test_a_round_is_begun_anew_by_who_wants_to_do_it_over(library: Library, typed: str):
    for run in (at(library, 3), finished(library, "own")):
        assert reading(library, typed, run) == Command("start_over")


@pytest.mark.parametrize(
    "typed",
    ["can I redo the last one", "can I redo question 2?", "let me answer number 2 again", "redo the second question"],
)
def test_one_question_that_is_to_be_redone_is_asked_again(library: Library, typed: str):
    assert reading(library, typed, answered_before(library, 3)) == Command("change", library.quiz.questions[1].id)


@pytest.mark.parametrize(
    "typed", ["withdraw what I shared", "can I withdraw it", "take back what I sent to Mei", "withdraw the share"]
)
def test_a_share_is_taken_back_in_many_words_also_where_the_review_was_told(library: Library, typed: str):
    asked = review_question(library.quiz, library.tables[library.quiz.tables.roles])
    aside = smalltalk.read(typed, library.words.talk)
    for review in (None, asked):
        found = read(typed, finished(library, "own"), library.words.typed, aside=aside, review=review)
        assert found == Aside("taking_back")


@pytest.mark.parametrize(
    "typed",
    ["can I redo it", "can I do this over", "could we start from scratch?", "may I take it again", "start over?"],
)
def test_who_asks_whether_it_can_be_done_over_begins_nothing(library: Library, typed: str):
    for run in (at(library, 3), finished(library, "own")):
        assert reading(library, typed, run) == AsksToStartOver()


@pytest.mark.parametrize(
    "typed",
    [
        *("undo", "undo that", "no, undo that", "put it back", "put it back please", "I misclicked", "take that back"),
        *("wait, no", "no wait", "forget that", "scratch that"),
    ],
)
def test_a_change_is_taken_back_in_many_words(library: Library, typed: str):
    for run in (answered_before(library, 3), finished(library, "own")):
        assert reading(library, typed, run) == Command("undo")


@pytest.mark.parametrize(
    "typed",
    [
        "I meant d",
        "sorry, I meant d",
        "no I meant d",
        "oops I wanted to pick d",
        "it should have been d",
        "I meant d, not b",
        "no wait, d",
        "wait, no: d",
        "oops, d",
        "that was a mistake, I meant d",
        "sorry that was wrong, it should have been d",
        "I clicked the wrong one, d",
        "my last answer was wrong, should be d",
        "put it back to d",
        "can you change it to d please",
        "change my answer to d",
        "make it d",
        "switch to d instead",
    ],
)
def test_who_meant_another_choice_means_the_question_answered_last(library: Library, typed: str):
    second, third = library.quiz.questions[1:3]
    run = answered_before(library, 3)

    assert reading(library, typed, run) == Answered({second.id: (second.choices[3].id,)}, named=True)
    changed = quiz.apply(run, Reply(answers={library.quiz.questions[0].id: ("ship-reliably",)}, ts="1")).run
    first = library.quiz.questions[0]
    assert reading(library, typed, changed) == Answered({first.id: (first.choices[3].id,)}, named=True)
    missed = read(typed, run, library.words.typed, not_understood=True)
    assert missed == Answered({third.id: (third.choices[3].id,)})
    offered = Guess(question=third.id, choices=(third.choices[0].id,), ts="1", prompt=len(run.prompts))
    guessed = quiz.apply(run, offered).run
    assert reading(library, typed, guessed) == Answered({third.id: (third.choices[3].id,)})


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("hold on, is this going to my boss?", Aside("privacy")),
        ("wait, how many more", AboutRound(Topic.LEFT)),
        ("hm, hold on", Command("pause")),
        ("hold on", Command("pause")),
    ],
)
def test_a_question_behind_hold_on_is_answered_and_alone_it_is_a_pause(library: Library, text: str, meaning: Reading):
    assert reading(library, text, answered_before(library, 3)) == meaning


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("undo question 1", 1),
        ("take back my answer to question 2", 2),
        ("undo the first answer", 1),
        ("let me change the first answer", 1),
        ("can I change my second answer?", 2),
        ("go back to question 1", 1),
        ("back to 1", 1),
        ("hang on, I changed my mind about 1", 1),
        ("two questions back", 2),
        ("go back 2", 2),
        ("3 back please", 1),
        ("undo the last two answers", 2),
        ("my last answer was wrong", 3),
        ("my last answer was not totally right", 3),
        ("my last answer wasn't right", 3),
        ("I answered question 2 wrong", 2),
        ("I lied on 1", 1),
    ],
)
def test_an_earlier_question_is_asked_again_however_it_is_gone_back_to(library: Library, typed: str, number: int):
    asked_again = Command("change", library.quiz.questions[number - 1].id)
    assert reading(library, typed, answered_before(library, 4)) == asked_again


@pytest.mark.parametrize("typed", ["my last answer was right", "my last answer was not wrong"])
def test_who_finds_an_answer_right_is_not_asked_again(library: Library, typed: str):
    assert not isinstance(reading(library, typed, answered_before(library, 4)), Command)


def test_further_back_than_all_answers_is_the_first_question(library: Library):
    assert reading(library, "back 5 questions", answered_before(library, 3)) == Command("change", "purpose")
    assert reading(library, "two questions back", quiz.begin(library.quiz)) == Command("back")


def test_what_was_changed_last_is_taken_back_also_where_it_is_called(library: Library):
    first, second, third = library.quiz.questions[:3]
    run = answered_before(library, 4)
    one = quiz.apply(run, Reply(answers={first.id: (first.choices[1].id,)}, ts="1")).run
    two = quiz.apply(
        run, Reply(answers={first.id: (first.choices[1].id,), second.id: (second.choices[1].id,)}, ts="1")
    ).run

    assert reading(library, "undo question 1", one) == Command("undo")
    assert reading(library, "undo question 3", one) == Command("change", third.id)
    assert reading(library, "undo the last two", two) == Command("undo")


@pytest.mark.parametrize("typed", ["change my answer", "let me change it", "I changed my mind", "edit"])
def test_another_answer_is_wished_for_to_the_last_question_while_one_is_asked(library: Library, typed: str):
    assert reading(library, typed, answered_before(library, 3)) == Command("back")
    assert reading(library, typed, finished(library, "own")) not in (Command("back"), Command("stop"))


@pytest.mark.parametrize(
    ("typed", "position"),
    [("b, no wait, c", 2), ("b... no, c", 2), ("b sorry c", 2), ("not b but c", 2), ("c not b", 2), ("letter b", 1)],
)
def test_of_an_answer_that_corrects_itself_the_last_counts(library: Library, typed: str, position: int):
    third = library.quiz.questions[2]
    assert reading(library, typed, at(library, 3)) == Answered({third.id: (third.choices[position].id,)})


@pytest.mark.parametrize(
    ("typed", "positions"),
    [("b but I'm not 100% sure", [1]), ("b or c, not sure", [1, 2]), ("not sure, maybe b", [1])],
)
def test_a_letter_of_who_is_not_sure_is_offered(library: Library, typed: str, positions: list[int]):
    for number, question in enumerate(library.quiz.questions, 1):
        choices = tuple(question.choices[position].id for position in positions)
        assert reading(library, typed, at(library, number)) == Perhaps(question.id, choices)


@pytest.mark.parametrize("typed", ["I mean a lot", "I mean all of it", "I mean, a bit", "I mean it"])
def test_i_mean_with_nothing_that_names_a_choice_is_no_answer(library: Library, typed: str):
    for number, question in enumerate(library.quiz.questions, 1):
        run = answered_before(library, number)
        assert not isinstance(reading(library, typed, run), Answered)
        done = quiz.apply(finished(library, "own"), Reply(answers={question.id: (question.choices[1].id,)}, ts="1")).run
        assert not isinstance(reading(library, typed, done), Answered)


@pytest.mark.parametrize("typed", ["can I take it back?", "can I take that back", "withdraw it"])
def test_to_take_it_back_means_an_answer_while_one_is_asked_for(library: Library, typed: str):
    assert reading(library, typed, answered_before(library, 3)) == Command("undo")


@pytest.mark.parametrize("typed", ["can I take back what I shared?", "can I take my result back", "unshare it"])
def test_who_says_that_they_shared_it_means_that_also_while_an_answer_is_asked_for(library: Library, typed: str):
    assert reading(library, typed, answered_before(library, 3)) == Aside("taking_back")


@pytest.mark.parametrize("typed", ["wait no", "no wait", "no no", "oh no"])
def test_wait_no_denies_what_was_guessed(library: Library, typed: str):
    run, third = answered_before(library, 3), library.quiz.questions[2]
    offered = Guess(question=third.id, choices=(third.choices[0].id,), ts="1", prompt=len(run.prompts))
    assert reading(library, typed, quiz.apply(run, offered).run) == Command("reask")


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("finish", "stop"),
        ("let's finish here", "stop"),
        ("I give up", "stop"),
        ("gtg", "pause"),
        ("next question", "skip"),
        ("doesn't matter", "unsure"),
        ("you decide", "unsure"),
    ],
)
def test_a_round_is_left_or_gone_on_with_in_many_words(library: Library, typed: str, command: str):
    assert reading(library, typed, answered_before(library, 3)) == Command(command)


@pytest.mark.parametrize("typed", ["and this", "about", "and it", "spot"])
def test_a_word_that_only_looks_like_a_command_is_none(library: Library, typed: str):
    assert not isinstance(reading(library, typed, answered_before(library, 3)), Command)


def test_the_same_again_names_no_choice(library: Library):
    for number in range(1, 6):
        assert not isinstance(reading(library, "the same again", answered_before(library, number)), Answered)


def test_whether_an_answer_can_be_changed_later_pauses_nothing(library: Library):
    assert reading(library, "can I change an answer later?", answered_before(library, 3)) == Aside("about_quiz")


def test_a_term_is_explained_behind_wait(library: Library):
    run = answered_before(library, 3)

    assert reading(library, "wait, what's a scaled method", run) == reading(library, "what's a scaled method", run)


def test_what_was_meant_in_words_is_the_choice_that_has_them(library: Library):
    second, third = library.quiz.questions[1:3]
    run = answered_before(library, 3)

    assert reading(library, "I meant papers", run) == Answered({second.id: ("papers-and-methods",)}, named=True)
    assert reading(library, "I meant uptime", run) == Answered({third.id: ("uptime",)})
    assert not isinstance(reading(library, "I meant to ask something else", run), Answered)
    assert not isinstance(reading(library, "I meant it as a joke", finished(library, "own")), Answered)


def test_two_that_were_meant_are_half_of_each_and_either_of_two_is_none(library: Library):
    second = library.quiz.questions[1]
    run = answered_before(library, 3)

    for typed in ("I meant half a, half b", "sorry, I meant a and b", "I meant both a and b"):
        halves = tuple(choice.id for choice in second.choices[:2])
        assert reading(library, typed, run) == Answered({second.id: halves}, named=True)
    for typed in ("I meant a or b", "I mean a, b or c"):
        assert not isinstance(reading(library, typed, run), Answered)


def test_an_edit_of_what_was_meant_is_read_for_the_same_question(library: Library):
    second = library.quiz.questions[1]
    run = answered_before(library, 3)

    assert read_again("sorry, I meant c", run, [second.id]) == {second.id: (second.choices[2].id,)}
    assert read_again("no wait, c", run, [second.id]) == {second.id: (second.choices[2].id,)}
    assert read_again("I meant well", run, [second.id]) is None


@pytest.mark.parametrize(
    "typed",
    [
        "can I pick two?",
        "can I choose more than one",
        "am I allowed to select several?",
        "what if two fit?",
        "what if more than one applies",
        "do I have to pick just one",
        "is more than one allowed?",
        "can I pick both a and c?",
        "only one answer?",
        "more than one fits",
    ],
)
def test_whether_two_can_be_picked_is_asked_in_many_words(library: Library, typed: str):
    for run in (quiz.begin(library.quiz), *(at(library, number) for number in range(1, 6))):
        assert reading(library, typed, run, answerable=True) == AsksForTwo()


@pytest.mark.parametrize("typed", ["it's both a and b", "a and b", "both"])
def test_both_is_an_answer_but_not_to_whom_it_is_about(library: Library, typed: str):
    assert reading(library, typed, quiz.begin(library.quiz)) == AsksForTwo()
    for number in (1, 2, 3, 5):
        question = library.quiz.questions[number - 1]
        taken = Answered({question.id: tuple(choice.id for choice in question.choices[:2])})
        assert reading(library, typed, at(library, number)) == (WhichTwo() if typed == "both" else taken)


@pytest.mark.parametrize("typed", ["more a than b", "it's more of a than of b", "probably more like 1 than 2"])
def test_more_of_one_letter_than_of_another_takes_both(library: Library, typed: str):
    question = library.quiz.questions[1]
    halves = Answered({question.id: tuple(choice.id for choice in question.choices[:2])})
    assert reading(library, typed, at(library, 2)) == halves


@pytest.mark.parametrize(
    "typed", ["probably the second one but not sure", "the second, not sure", "not sure, the second"]
)
def test_who_is_not_sure_of_a_choice_that_is_picked_by_its_place_is_asked_whether_it_is_that(
    library: Library, typed: str
):
    question = library.quiz.questions[0]
    assert reading(library, typed, at(library, 1)) == Perhaps(question.id, (question.choices[1].id,))


@pytest.mark.parametrize("typed", ["chnage 2 to b", "chage 2 to b", "sorry, cahnge question 2 to b", "changed 2 to b"])
def test_a_change_with_a_letter_wrong_is_a_change(library: Library, typed: str):
    question = library.quiz.questions[1]
    changed = Answered({question.id: (question.choices[1].id,)}, named=True)
    assert reading(library, typed, answered_before(library, 4)) == changed
    assert not isinstance(reading(library, "charge 2 users", answered_before(library, 4)), Command | Answered)


def test_the_options_are_all_of_them_though_one_was_guessed(library: Library):
    question = library.quiz.questions[0]
    run = at(library, 1)
    guess = Guess(question=question.id, choices=(question.choices[0].id,), ts="1", prompt=len(run.prompts))
    guessed = quiz.apply(run, guess).run
    assert guessed.asking
    assert guessed.asking.guesses == guess.choices

    explained = reading(library, "ok what are the options again", guessed)
    assert explained == AboutChoices(question.id, tuple(choice.id for choice in question.choices))


def test_three_letters_are_no_guess_at_one_choice(library: Library):
    for number in range(1, 6):
        assert reading(library, "both a and b and c", at(library, number)) == WhichTwo()


@pytest.mark.parametrize(
    "typed",
    [
        "can we pick two people for this role?",
        "two people work on it",
        "one paper a year",
        "do I have to answer all?",
        "do I need to answer all of them?",
        "I want to say more",
    ],
)
def test_other_twos_ask_for_no_two_choices(library: Library, typed: str):
    assert reading(library, typed, at(library, 2)) != AsksForTwo()


@pytest.mark.parametrize(
    ("typed", "term"),
    [
        ("what does clear mean", "clear"),
        ("what does “leaning” mean?", "leaning"),
        ("and what do you mean by leaning", "leaning"),
        ("what is meant by too close to call?", "close"),
        ("what's a picture so far?", "picture"),
        ("leaning?", "leaning"),
        ("what do the percentages mean", "shares"),
        ("what are the bars?", "shares"),
        ("define clear", "clear"),
    ],
)
def test_a_word_that_says_how_close_it_is_can_be_asked_about(library: Library, typed: str, term: str):
    assert reading(library, typed, finished(library, "own"), answerable=True) == AboutTerm(term)


@pytest.mark.parametrize("typed", ["what does MTS mean?", "what is a research engineer?", "what does scaling mean"])
def test_another_word_is_none_of_the_result(library: Library, typed: str):
    assert reading(library, typed, finished(library, "own"), answerable=True) == Asks()


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("so far?", Command("so_far")),
        ("not sure?", Command("unsure")),
        ("shares?", Aside("sharing")),
        ("what are my shares", Asks()),
    ],
)
def test_a_word_of_the_result_that_means_something_else_by_itself_keeps_that(
    library: Library, typed: str, means: Reading
):
    for run in (answered_before(library, 3), finished(library, "own")):
        assert reading(library, typed, run) == means


@pytest.mark.parametrize(
    ("typed", "role"),
    [
        ("but I'm a research engineer", "research-engineer"),
        ("I'm an AI engineer", "ai-engineer"),
        ("hm, my title is research engineer", "research-engineer"),
        ("but I spend half my time on product", None),
        ("I don't agree, I do research", None),
        ("I mostly write papers though", None),
        ("but I'm not an AI engineer", None),
        ("well, I also train models", None),
        ("hm, I feel more like a builder", None),
        ("but my work is mostly papers", None),
        ("I don't think so", None),
    ],
)
def test_an_objection_to_a_result_is_read_with_the_role_that_it_names(library: Library, typed: str, role: str | None):
    for answerable in (False, True):
        assert reading(library, typed, finished(library, "own"), answerable=answerable) == Disagrees(role)


@pytest.mark.parametrize(
    "typed",
    [
        "but why?",
        "no",
        "thanks, that helps",
        "well done",
        "but what is an AI engineer?",
        "hm, I see",
        "no, I'm good, thanks",
        "but I like it",
        "actually I think it fits",
        "ok but I have to go now",
        "but I want to start over",
        "no I don't want to share it",
        "I don't see the button",
        "I don't think I need anything else",
        "really, I do love it",
    ],
)
def test_what_only_begins_like_an_objection_is_none(library: Library, typed: str):
    assert not isinstance(reading(library, typed, finished(library, "own")), Disagrees)
    assert not isinstance(reading(library, "but I'm a research engineer", at(library, 2)), Disagrees)


@pytest.mark.parametrize(
    ("number", "typed", "choices"),
    [
        (2, "dashboards for the sales team", ("datasets-and-pipelines", "services-and-features")),
        (2, "slides for the leadership team", None),
        (5, "reports for our customers", None),
        (2, "a feature for our customers", ("services-and-features",)),
    ],
)
def test_for_whom_something_is_offers_no_choice(
    library: Library, number: int, typed: str, choices: tuple[str, ...] | None
):
    expected = Perhaps(library.quiz.questions[number - 1].id, choices) if choices else Unclear()
    assert reading(library, typed, at(library, number)) == expected


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("can I go back", "back"),
        ("could we skip this one please", "skip"),
        ("I want to stop", "stop"),
        ("let me take a break", "pause"),
    ],
)
def test_what_is_asked_or_wished_for_is_done(library: Library, typed: str, command: str):
    assert reading(library, typed, at(library, 3)) == Command(command)


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("wait no, undo that", "undo"),
        ("oh no wait, put it back", "undo"),
        ("wait stop", "stop"),
        ("sorry, hold on, skip this one", "skip"),
        ("nevermind, leave it as it was", "undo"),
    ],
)
def test_who_thinks_better_of_it_says_behind_that_what_is_to_be_done(library: Library, typed: str, command: str):
    for run in (answered_before(library, 3), finished(library, "own")):
        assert reading(library, typed, run) == Command(command)


@pytest.mark.parametrize("typed", ["it's just for me", "just for me", "this is only for me"])
def test_just_for_me_is_whom_it_is_about_and_later_who_sees_it(library: Library, typed: str):
    assert reading(library, typed, quiz.begin(library.quiz)) == Answered({"purpose": ("own",)})
    assert reading(library, typed, at(library, 3)) == Aside("privacy")


@pytest.mark.parametrize(
    ("typed", "number", "position"),
    [
        ("what if I'd said years?", 4, 0),
        ("what if I had answered years instead", 4, 0),
        ("what if question 4 was years", 4, 0),
        ("what if my answer to 4 were a?", 4, 0),
        ("what if I'd said b to question 1?", 1, 1),
        ("suppose I'd picked papers", 2, 0),
        ("would it change if I said years?", 4, 0),
        ("what if I said b on the first one", 1, 1),
        ("what if I had picked c for the second question?", 2, 2),
        ("what if the second was a", 2, 0),
        ("and if the third one had been d?", 3, 3),
        ("and had I picked b for question 1?", 1, 1),
    ],
)
def test_what_another_answer_would_have_led_to_is_no_change(library: Library, typed: str, number: int, position: int):
    question = library.quiz.questions[number - 1]
    supposed = WhatIf(question.id, question.choices[position].id)

    assert reading(library, typed, finished(library, "own")) == supposed
    assert isinstance(reading(library, typed, at(library, 3)), WhatIf)


def test_what_if_without_an_answer_that_can_be_read_asks_how_the_result_comes_about(library: Library):
    assert reading(library, "what if I had answered differently?", finished(library, "own")) == WhatIf()
    assert reading(library, "what if I'd said a?", finished(library, "own")) == AboutRound(Topic.ONE_CASE)
    assert not isinstance(reading(library, "what if I lose my job?", finished(library, "own")), WhatIf)


def test_whether_another_answer_would_matter_asks_what_would_change_the_result(library: Library):
    for typed in ("would a different answer to question 4 matter?", "but could another answer make a difference"):
        assert reading(library, typed, finished(library, "own")) == AboutResult(what_changes=True)


@pytest.mark.parametrize(
    "typed", ["what if the first paper was a mess", "had I known that", "would another job matter"]
)
def test_what_is_supposed_of_no_question_is_no_other_answer(library: Library, typed: str):
    assert not isinstance(reading(library, typed, finished(library, "own")), WhatIf)


@pytest.mark.parametrize(
    "typed",
    [
        "how come not a researcher",
        "how come it's not a researcher",
        "how come I'm not a researcher?",
        "for what reason not a researcher",
    ],
)
def test_how_come_asks_why(library: Library, typed: str):
    read_as = reading(library, typed, finished(library, "own"), answerable=True)

    assert read_as == AboutResult("researcher")


@pytest.mark.parametrize(
    ("number", "typed", "choices"),
    [
        (2, "a feature and sometimes a paper", ("services-and-features",)),
        (2, "almost only the deployed feature", ("services-and-features",)),
        (4, "a couple of months, rarely more", ("weeks-to-months",)),
        (4, "two years at most", ("months-to-years",)),
        (4, "years, hardly ever less", ("years",)),
        (4, "both years and months", ("no-one-clock",)),
        (4, "years and months", ("months-to-years",)),
        (4, "that depends on the quarter", ("no-one-clock",)),
        (4, "it varies from project to project", ("no-one-clock",)),
    ],
)
def test_how_often_how_exactly_and_on_what_it_depends_do_not_hide_the_answer(
    library: Library, number: int, typed: str, choices: tuple[str, ...]
):
    question = library.quiz.questions[number - 1]
    assert reading(library, typed, at(library, number)) == Answered({question.id: choices})


@pytest.mark.parametrize(
    "typed", ["none of these describe my week", "none of those options really fit what I do", "nothing of this matches"]
)
def test_where_none_of_the_answers_fits_it_is_offered_to_leave_the_question_out(library: Library, typed: str):
    for number in range(1, 6):
        assert reading(library, typed, at(library, number)) == Command("unsure")


@pytest.mark.parametrize("typed", ["what means reproducibility", "what is mean by reproducibility?"])
def test_a_word_of_the_question_is_explained_to_who_asks_in_little_english(library: Library, typed: str):
    [term] = [term for term in library.quiz.glossary if term.term == "reproducibility"]
    assert reading(library, typed, at(library, 3)) == Defined(term)
    assert reading(library, "what means leaning?", finished(library, "own")) == AboutTerm("leaning")


@pytest.mark.parametrize("typed", ["it depends on the month", "that varies", "honestly it depends who you ask"])
def test_where_no_choice_says_that_it_depends_it_is_offered_to_leave_the_question_out(library: Library, typed: str):
    assert reading(library, typed, at(library, 2)) == Command("unsure")


@pytest.mark.parametrize(
    ("typed", "position"),
    [
        ("actually for 2 it's almost only the deployed feature", 4),
        ("for 2 it's features", 4),
        ("for 2, only features really", 4),
        ("actually, 2 is more of a dataset", 2),
        ("oh, 2 should have been papers", 0),
    ],
)
def test_a_question_is_called_by_its_number_alone(library: Library, typed: str, position: int):
    question = library.quiz.questions[1]
    changed = reading(library, typed, answered_before(library, 4))

    assert changed == Answered({question.id: (question.choices[position].id,)}, named=True)


def test_a_question_that_is_called_is_asked_again_where_it_is_unclear_what_is_meant(library: Library):
    run = answered_before(library, 4)

    assert reading(library, "for question 2 it's the training code mostly", run) == Command("change", "what-comes-out")
    for typed in ("for 2 years", "2 is enough", "in 2 months"):
        read_as = reading(library, typed, run)
        assert read_as != Command("change", "what-comes-out")
        assert not (isinstance(read_as, Answered) and read_as.named)


@pytest.mark.parametrize(
    ("typed", "choice"),
    [
        ("it's about me. I'm an applied scientist at a bank and do forecasting", "own"),
        ("my own work, I'm a research engineer", "own"),
        ("me - I build training pipelines", "own"),
        ("it's for a role I want to fill, an ML engineer for my team", "role"),
        ("it's my team. we do recommender systems", "people"),
    ],
)
def test_whom_a_round_is_about_is_read_beside_what_the_work_is(library: Library, typed: str, choice: str):
    assert reading(library, typed, quiz.begin(library.quiz)) == Answered({"purpose": (choice,)})


@pytest.mark.parametrize("typed", ["I'm an applied scientist", "not about me. I'm just looking", "my team, or me"])
def test_what_does_not_say_whom_it_is_about_is_asked_again(library: Library, typed: str):
    assert not isinstance(reading(library, typed, quiz.begin(library.quiz)), Answered)


@pytest.mark.parametrize(
    ("number", "typed", "positions"),
    [
        (1, "what's the difference between c and d?", (2, 3)),
        (1, "how is a different from b", (0, 1)),
        (1, "isn't c the same as d?", (2, 3)),
        (1, "c vs d?", (2, 3)),
        (1, "what does c mean?", (2,)),
        (1, "what do you mean by b?", (1,)),
        (1, "explain d", (3,)),
        (1, "can you give me an example of the second one?", (1,)),
        (1, "explain the last two", (3, 4)),
        (1, "what do these mean?", (0, 1, 2, 3, 4)),
        (1, "explain shipping", (3,)),
        (4, "what does “no single answer” mean", (3,)),
        (5, "what's the difference between ML systems and software engineering?", (2, 3)),
        (1, "what's the difference between the two?", (0, 1, 2, 3, 4)),
        (1, "explain both", (0, 1, 2, 3, 4)),
        (1, "are they the same?", (0, 1, 2, 3, 4)),
        (1, "difference?", (0, 1, 2, 3, 4)),
        (1, "diff between b and c?", (1, 2)),
        (1, "don't know the difference between b and c", (1, 2)),
        (1, "I can't tell the difference between a and b", (0, 1)),
        (1, "does c include research?", (2,)),
        (1, "what's e about?", (4,)),
        (1, "what is option c?", (2,)),
        (4, "what's “weeks to months”?", (2,)),
    ],
)
def test_choices_of_the_open_question_can_be_asked_about(
    library: Library, number: int, typed: str, positions: tuple[int, ...]
):
    question = library.quiz.questions[number - 1]
    asked = AboutChoices(question.id, tuple(question.choices[position].id for position in positions))

    assert reading(library, typed, at(library, number)) == asked


@pytest.mark.parametrize(
    ("number", "typed"),
    [
        (1, "what are the results?"),
        (1, "what is a team?"),
        (1, "different"),
        (1, "no difference"),
        (1, "no difference?"),
        (1, "does a researcher include code?"),
        (4, "what's the time?"),
        (5, "what's a PhD?"),
        (5, "what is CUDA?"),
    ],
)
def test_a_word_that_a_choice_has_does_not_ask_about_that_choice(library: Library, number: int, typed: str):
    assert not isinstance(reading(library, typed, at(library, number)), AboutChoices)


def test_my_job_is_no_choice_that_is_asked_about(library: Library):
    begun = quiz.begin(library.quiz)

    assert not isinstance(reading(library, "what is my job?", begun), AboutChoices)
    assert reading(library, "what's a?", begun) == AboutChoices("purpose", ("own",))


def test_a_word_of_the_glossary_with_a_slash_names_no_two_choices(library: Library):
    explained = reading(library, "what's A/B?", at(library, 2))

    assert isinstance(explained, Defined)
    assert explained.term.term == "A/B win"


def test_a_question_about_choices_is_told_from_others(library: Library):
    run = at(library, 1)

    assert reading(library, "explain g", run) == Unclear("g")
    assert reading(library, "what is a PhD?", at(library, 5), answerable=True) == Asks()
    assert reading(library, "what does c mean?", run, answerable=True) == AboutChoices(
        run.quiz.questions[0].id, ("result-to-system",)
    )
    assert isinstance(reading(library, "what does uptime mean?", at(library, 3)), Defined)
    assert reading(library, "explain this question", run) == Command("why")
    assert reading(library, "what is an AI engineer?", run) == Asks()
    assert not isinstance(reading(library, "what does c mean?", finished(library, "own")), AboutChoices)


@pytest.mark.parametrize(
    ("typed", "positions"), [("c?", (2,)), ("is it b or c?", (1, 2)), ("not sure about b or c", (1, 2))]
)
def test_a_letter_with_a_question_mark_may_be_the_answer(library: Library, typed: str, positions: tuple[int, ...]):
    question = library.quiz.questions[0]
    perhaps = Perhaps(question.id, tuple(question.choices[position].id for position in positions))

    assert reading(library, typed, at(library, 1)) == perhaps


def test_of_two_that_were_offered_the_two_are_explained(library: Library):
    run, question = at(library, 4), library.quiz.questions[3]
    offered = Guess(question=question.id, choices=("years", "weeks-to-months"), ts="1", prompt=len(run.prompts))
    guessed = quiz.apply(run, offered).run

    for typed in ("what's the difference?", "explain the two"):
        assert reading(library, typed, guessed) == AboutChoices(question.id, ("years", "weeks-to-months"))


@pytest.mark.parametrize(
    ("typed", "number", "choice"),
    [
        ("hmm, I changed my mind about the first: ship things", 1, "ship-reliably"),
        ("changed my mind about question 1: shipping", 1, "ship-reliably"),
        ("the second should be features", 2, "services-and-features"),
        ("I've changed my mind about the last one, papers", 2, "papers-and-methods"),
        ("first one: inventing new methods", 1, "new-and-true"),
    ],
)
def test_an_answer_is_changed_by_its_place_and_in_words(library: Library, typed: str, number: int, choice: str):
    question = library.quiz.questions[number - 1]
    assert reading(library, typed, answered_before(library, 3)) == Answered({question.id: (choice,)}, named=True)


def test_who_changed_their_mind_and_does_not_say_to_what_is_asked_again(library: Library):
    run, first = answered_before(library, 3), library.quiz.questions[0].id

    for typed in ("I changed my mind about the first", "I want to change my mind about question one"):
        assert reading(library, typed, run) == Command("change", first)
    assert not isinstance(reading(library, "changed my mind about the fifth", run), Command)


@pytest.mark.parametrize(("place", "number"), [("first", 1), ("second", 2), ("third", 3), ("last", 2), ("previous", 2)])
@pytest.mark.parametrize(
    "form",
    [
        "I changed my mind about the {} one",
        "I changed my mind about the {} one please",
        "I'd like to change my mind about the  {}  one.",
        "change my answer to the {} one",
        "I changed my mind about the {} question",
    ],
)
def test_the_one_in_the_place_of_a_question_is_no_answer_to_it(library: Library, form: str, place: str, number: int):
    changed = Command("change", library.quiz.questions[number - 1].id)

    assert reading(library, form.format(place), answered_before(library, 3)) == changed


@pytest.mark.parametrize("place", ["fourth", "fifth", "sixth"])
@pytest.mark.parametrize("form", ["I changed my mind about the {} one", "change my answer to the {} one"])
def test_nothing_is_answered_where_a_question_in_that_place_was_not_asked(library: Library, form: str, place: str):
    changed = reading(library, form.format(place), answered_before(library, 3))

    assert not isinstance(changed, Answered | Command)


def test_several_that_somebody_changed_their_mind_about_are_no_answer(library: Library):
    for typed in ("change my answer to the first two", "I changed my mind about the first two questions"):
        assert not isinstance(reading(library, typed, answered_before(library, 3)), Answered)


@pytest.mark.parametrize(
    "typed", ["I changed my mind about the first one: two", "changed my mind about the first one b"]
)
def test_what_stands_behind_the_place_of_a_question_is_its_answer(library: Library, typed: str):
    answered = Answered({library.quiz.questions[0].id: ("build-to-find-out",)}, named=True)

    assert reading(library, typed, answered_before(library, 3)) == answered


@pytest.mark.parametrize(
    ("typed", "choices"),
    [
        ("a couple of years I guess, or weeks, depends", ("months-to-years", "weeks-to-months")),
        ("a couple of years, or weeks", ("months-to-years", "weeks-to-months")),
        ("months I guess, or years", ("years", "months-to-years")),
        ("a couple of weeks or a couple of months", "weeks-to-months"),
        ("a couple of years I guess", "months-to-years"),
        ("a year or two", "months-to-years"),
    ],
)
def test_which_of_two_is_asked_and_not_guessed(library: Library, typed: str, choices: tuple[str, str] | str):
    question = library.quiz.questions[3].id
    expected = Answered({question: (choices,)}) if isinstance(choices, str) else Perhaps(question, choices)

    assert reading(library, typed, at(library, 4)) == expected


@pytest.mark.parametrize(
    "typed",
    [
        "what did I answer so far",
        "what have I chosen so far?",
        "which answers did I give",
        "show my answers",
        "could you list all my answers please",
        "can I see what I answered",
        "remind me what I picked",
        "what are my answers?",
        "I forgot what I said",
        "my answers",
    ],
)
def test_who_asks_for_their_own_answers_is_not_taken_to_share_or_to_answer(library: Library, typed: str):
    for run in (answered_before(library, 3), finished(library, "own")):
        assert reading(library, typed, run) == AsksForAnswers()


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("what did I say to question 1", 1),
        ("what was my answer to the first question?", 1),
        ("what's my answer to question two", 2),
        ("what did i put for number 2", 2),
        ("how did I answer question 2?", 2),
        ("and what did I say to the last one", 2),
    ],
)
def test_ones_own_answer_can_be_asked_for_by_its_question(library: Library, typed: str, number: int):
    question = library.quiz.questions[number - 1]
    assert reading(library, typed, answered_before(library, 3)) == AsksForAnswers(question.id)


@pytest.mark.parametrize(
    "typed", ["share my answers", "show my answers to my manager", "change my answers", "our answers to customers"]
)
def test_other_things_are_done_with_answers(library: Library, typed: str):
    for run in (answered_before(library, 3), finished(library, "own")):
        assert not isinstance(reading(library, typed, run), AsksForAnswers)


def test_what_somebody_has_said_no_to_is_not_offered_once_more(library: Library):
    question = library.quiz.questions[0]
    run = at(library, 1)
    typed, offered = "I kinda run stuff", reading(library, "I kinda run stuff", run)
    assert isinstance(offered, Perhaps)
    guess = Guess(question=question.id, choices=offered.choices, ts="1", prompt=len(run.prompts))
    guessed = quiz.apply(run, guess).run
    assert reading(library, typed, guessed) == offered  # said again, and not denied

    denied = quiz.apply(guessed, AskAgain()).run

    assert reading(library, typed, denied) == Unclear()
    other = reading(library, "shiping it", denied)
    assert other == Perhaps(question.id, ("ship-reliably",))
    answered = quiz.apply(denied, Reply(answers={question.id: ("ship-reliably",)}, ts="2")).run
    assert not answered.passed_over  # of another question


@pytest.mark.parametrize(
    "typed",
    [
        "skip the rest",
        "please skip all the others",
        "skip everything",
        "can I leave out the remaining questions?",
        "can we skip to the end?",
        "jump to the result",
        "just show me the result already",
        "let me see the result now",
        "finish and show me the result",
        "can you just tell me my result",
    ],
)
def test_who_wants_to_see_what_comes_out_at_once_gets_the_picture_so_far(library: Library, typed: str):
    assert reading(library, typed, answered_before(library, 3)) == Command("so_far")


@pytest.mark.parametrize(
    "typed", ["skip", "skip this question", "I skip the rest of the pipeline", "I get the results to customers"]
)
def test_who_skips_one_question_or_describes_their_work_does_not(library: Library, typed: str):
    assert reading(library, typed, answered_before(library, 3)) != Command("so_far")


@pytest.mark.parametrize(
    "typed",
    [
        "what is if i choose b at question three",
        "what if i pick b at question 3",
        "what when I take b on the third question",
        "what happens if I go for b at 3",
        "what would be if I chose b for question three?",
    ],
)
def test_what_another_answer_leads_to_is_asked_in_many_words(library: Library, typed: str):
    question = library.quiz.questions[2]
    assert reading(library, typed, answered_before(library, 4)) == WhatIf(question.id, question.choices[1].id)


@pytest.mark.parametrize(
    ("typed", "how_sure"),
    [
        ("how far behind is it", True),
        ("how far behind are the others?", True),
        ("by how much?", True),
        ("on what basis", False),
        ("on what grounds?", False),
        ("how much is due to question 2", False),
        ("how much of it comes from question 2?", False),
        ("how much does question 4 count?", False),
        ("what did my third answer contribute", False),
        ("does question 4 matter?", False),
    ],
)
def test_what_a_result_rests_on_and_how_far_it_is_ahead_are_asked_in_many_words(
    library: Library, typed: str, how_sure: bool
):
    assert reading(library, typed, finished(library, "own"), answerable=True) == AboutResult(how_sure=how_sure)


def test_what_a_question_means_is_no_question_about_the_result_while_its_answer_is_changed(library: Library):
    changing = quiz.apply(finished(library, "own"), Change(question=library.quiz.questions[1].id)).run
    assert reading(library, "what does this question mean?", changing) == Command("why")
