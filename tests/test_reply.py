"""What somebody typed in a run's thread, and what they mean."""

import re
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain import quiz, smalltalk, typed
from bot.domain.actions import Answer, Change, Guess, Reply, Skip
from bot.domain.one_choice import read_choice
from bot.domain.quiz_run import Graded, Run
from bot.domain.readings import (
    Answered,
    Aside,
    Asks,
    AsksToStartOver,
    AsksWhetherRole,
    Command,
    Defined,
    NotAsked,
    Perhaps,
    Reading,
    Reviewed,
    Unclear,
    WhichTwo,
)
from bot.domain.reply import read, read_again
from bot.domain.result_question import AboutResult
from bot.domain.review import review_question
from bot.knowledge import Library

MARKS = str.maketrans("", "", "*_~`\"'")  # of Slack's formatting, which goes from around words


def begun(library: Library) -> Run:
    """Begin a run about one's own work, so that the first question is asked."""
    run = quiz.begin(library.quiz)
    return quiz.apply(run, Answer(prompt=1, question="purpose", choices=("own",))).run


def reading(library: Library, text: str, run: Run | None = None) -> Reading:
    return read(text, run or begun(library), library.words.typed)


def positions(library: Library, found: Reading) -> dict[int, tuple[int, ...]]:
    """Give the answers of a reading as positions of choices by numbers of questions."""
    assert isinstance(found, Answered)
    questions = {question.id: question for question in library.quiz.questions}
    numbers = {question.id: number for number, question in enumerate(library.quiz.questions, 1)}
    return {
        numbers[each]: tuple([choice.id for choice in questions[each].choices].index(choice) for choice in given_)
        for each, given_ in found.answers.items()
    }


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
    assert positions(library, reading(library, typed)) == {1: (position,)}


@pytest.mark.parametrize("typed", ["9", "0", "j", "", "   ", "?!", "12", "one of them"])
def test_what_names_no_choice_is_not_guessed(library: Library, typed: str):
    assert read_choice(typed, library.quiz.questions[0]) is None


@pytest.mark.parametrize("typed", ["ı", "İ", "(ı)", "option İ", "1ı", "1b, 2İ", "change 3 to ı", "half ı, half b"])
def test_a_letter_that_is_ours_only_in_lower_case_names_no_choice(library: Library, typed: str):
    assert not isinstance(reading(library, typed), Answered)
    assert read_again(typed, begun(library), [library.quiz.questions[0].id]) is None


def test_of_a_long_text_the_beginning_is_read(library: Library):
    beginning = "half of a and " * 300
    long = beginning + "b " * 20_000

    assert reading(library, long) == reading(library, long[:1500])
    assert reading(library, "a" + " " * 5000 + "b") == reading(library, "a")
    first = library.quiz.questions[0]
    assert read_again("a" + " " * 5000 + "b", begun(library), [first.id]) == {first.id: (first.choices[0].id,)}


def test_every_label_and_every_wording_in_the_knowledge_is_read_as_its_choice(library: Library):
    for question in library.quiz.all_questions:
        for choice in question.choices:
            for text in (choice.label, choice.label.upper(), *choice.says):
                assert read_choice(text, question) == choice, f"{question.id}: {text}"


def test_every_wording_in_the_knowledge_is_an_answer_to_its_question(library: Library):
    run = quiz.begin(library.quiz)
    for question in library.quiz.questions:
        run = quiz.apply(run, Change(question=question.id)).run
        for choice in question.choices:
            for text in (choice.label, *choice.says):
                assert reading(library, text, run) == Answered({question.id: (choice.id,)}), text


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("1b, 2a", {1: (1,), 2: (0,)}),
        ("1b 2a 3c 4d 5a", {1: (1,), 2: (0,), 3: (2,), 4: (3,), 5: (0,)}),
        ("1: b; 3: c", {1: (1,), 3: (2,)}),
        ("2.a and 4.c", {2: (0,), 4: (2,)}),
        ("1 half b half d, 2 half d half e, 3 half b half c", {1: (1, 3), 2: (3, 4), 3: (1, 2)}),
        ("1: half a, half c; 2: b", {1: (0, 2), 2: (1,)}),
        ("q1 b/d, q2 50/50 a and c, question 3 d", {1: (1, 3), 2: (0, 2), 3: (3,)}),
        ("change 1 to b and 3 to half b, half c", {1: (1,), 3: (1, 2)}),
    ],
)
def test_answers_can_name_their_questions(library: Library, typed: str, expected: dict[int, tuple[int, ...]]):
    found = reading(library, typed)

    assert positions(library, found) == expected
    assert isinstance(found, Answered)
    assert found.named


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("change 3 to b", {3: (1,)}),
        ("please change question 3 to b", {3: (1,)}),
        ("Change my answer to 2 to a", {2: (0,)}),
        ("set 4 = years", {4: (0,)}),
    ],
)
def test_an_answer_is_changed_once_its_question_was_asked(
    library: Library, typed: str, expected: dict[int, tuple[int, ...]]
):
    run = begun(library)
    [number] = expected

    assert reading(library, typed, run) == NotAsked(library.quiz.questions[number - 1].id)
    for _ in library.quiz.questions:
        run = quiz.apply(run, Skip()).run
    found = reading(library, typed, run)
    assert positions(library, found) == expected
    assert isinstance(found, Answered)
    assert found.named


def test_a_letter_that_no_choice_has_is_named(library: Library):
    assert [reading(library, typed) for typed in ("f", "(Z)", "9", "I think g")] == [
        Unclear("f"), Unclear("z"), Unclear("9"), Unclear("g"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "typed",
    [
        "I build product features on top of the openai api",
        "keep the training runs alive so that the researchers get their results",
        "I coordinate people and write status reports",
    ],
)
def test_a_description_of_work_does_not_say_whom_a_round_is_about(library: Library, typed: str):
    assert reading(library, typed, quiz.begin(library.quiz)) == Unclear()


@pytest.mark.parametrize(
    "typed",
    [
        "what does this question mean?",
        "can you explain the question?",
        "I don't understand this question",
        "?",
        "could you put it differently",
    ],
)
def test_what_the_open_question_means_is_asked_in_many_ways(library: Library, typed: str):
    run = begun(library)
    for _ in library.quiz.questions:
        assert reading(library, typed, run) == Command("why")
        run = quiz.apply(run, Skip()).run
    assert not isinstance(reading(library, typed, run), Command)


@pytest.mark.parametrize("typed", ["so, which role am I?", "what is my role then?", "am I a researcher?"])
def test_which_role_it_is_can_be_asked_in_the_round_itself(library: Library, typed: str):
    run = begun(library)

    assert read(typed, run, library.words.typed, answerable=True) == Command("so_far")
    for question in library.quiz.questions:
        run = quiz.apply(
            run, Answer(prompt=len(run.prompts), question=question.id, choices=(question.choices[0].id,))
        ).run
    assert run.recommendation
    assert isinstance(read(typed, run, library.words.typed, answerable=True), AboutResult | AsksWhetherRole)


@pytest.mark.parametrize("typed", ["erase every trace of me please", "who in my team is going to see this?"])
def test_what_is_said_of_ones_data_answers_no_question(library: Library, typed: str):
    begun_ = quiz.begin(library.quiz)
    for question in (library.quiz.purpose, *library.quiz.all_questions):
        run = quiz.apply(begun_, Change(question=question.id)).run
        assert isinstance(reading(library, typed, run), Aside), question.id


@pytest.mark.parametrize(
    "typed", ["half a, half c", "half a and half c", "a and c", "1 and 3", "50/50 a c", "50/50 a, c", "both a and c"]
)
def test_two_choices_are_an_answer_by_halves(library: Library, typed: str):
    assert positions(library, reading(library, typed)) == {1: (0, 2)}


def test_halves_can_be_said_in_words(library: Library):
    found = reading(library, "about half building the system and half shipping reliably")

    assert positions(library, found) == {1: (1, 3)}


@pytest.mark.parametrize(
    "typed",
    [
        "mostly a with some c",
        "Mostly a, a bit of c.",
        "a but also c",
        "mainly 1, partly 3",
        "half a half c",
    ],
)
def test_more_of_one_choice_and_less_of_another_is_an_answer_by_halves(library: Library, typed: str):
    assert positions(library, reading(library, typed)) == {1: (0, 2)}
    run, first = quiz.begin(library.quiz), library.quiz.questions[0]
    assert read_again(typed, run, [first.id]) == {first.id: (first.choices[0].id, first.choices[2].id)}


@pytest.mark.parametrize(
    "typed",
    [
        "a, mostly, but sometimes c",
        "a and now and then c",
        "mainly 1, rarely 3",
        "finding out what is true, and once in a while shipping",
        "mostly finding out what is true, but sometimes I translate papers into something usable",
    ],
)
def test_what_comes_only_now_and_then_is_no_half(library: Library, typed: str):
    assert positions(library, reading(library, typed)) == {1: (0,)}
    run, first = quiz.begin(library.quiz), library.quiz.questions[0]
    assert read_again(typed, run, [first.id]) == {first.id: (first.choices[0].id,)}


@pytest.mark.parametrize(
    "typed",
    ["finding out what is true sometimes, but mostly shipping", "finding out at times, usually shipping"],
)
def test_what_is_rare_may_stand_before_the_word_for_it(library: Library, typed: str):
    assert positions(library, reading(library, typed)) != {1: (0,)}


@pytest.mark.parametrize("typed", ["nice, I have a PhD", "I will ask my manager about a PhD", "lol a phd"])
def test_a_remark_below_a_result_answers_no_question_that_was_left_out(library: Library, typed: str):
    run = quiz.begin(library.quiz)
    last = library.quiz.questions[-1]
    given = {question.id: (question.choices[0].id,) for question in library.quiz.questions if question != last}
    run = replace(run, answers=MappingProxyType(given), skipped=frozenset({last.id}), live=False)
    reading_of_it = read(typed, run, library.words.typed)
    assert not isinstance(reading_of_it, Answered), reading_of_it


@pytest.mark.parametrize(
    "typed", ["mostly a, not c", "mostly a and some z", "mostly, but sometimes", "is it mostly a or c?"]
)
def test_more_or_less_of_what_is_not_said_is_no_answer(library: Library, typed: str):
    assert not isinstance(reading(library, typed), Answered)


@pytest.mark.parametrize(
    ("number", "typed", "either"),
    [
        (5, "software engineering i guess but also ml", (2, 3)),
        (5, "b or c", (1, 2)),
        (5, "maybe phd, maybe statistics", (0, 4)),
        (2, "papers or maybe datasets", (0, 2)),
    ],
)
def test_a_hedge_that_names_two_choices_is_a_guess_at_both(
    library: Library, number: int, typed: str, either: tuple[int, int]
):
    question = library.quiz.questions[number - 1]
    run = quiz.apply(quiz.begin(library.quiz), Change(question=question.id)).run

    guess = reading(library, typed, run)

    ids = tuple(question.choices[at].id for at in either)
    assert guess == Perhaps(question.id, ids)
    asking = quiz.apply(run, Guess(prompt=len(run.prompts), question=question.id, choices=ids)).run
    for both in ("both", "half and half", "Both equally!"):
        assert reading(library, both, asking) == Answered({question.id: ids})


@pytest.mark.parametrize(
    ("number", "typed", "position"),
    [
        (1, "Ship a product or a service reliably", 3),
        (2, "a paper or a benchmark", 0),
        (3, "uptime or cost", 2),
        (1, "I don't work in AI research, I ship products", 3),
    ],
)
def test_what_names_one_choice_twice_is_no_hedge(library: Library, number: int, typed: str, position: int):
    question = library.quiz.questions[number - 1]
    run = quiz.apply(quiz.begin(library.quiz), Change(question=question.id)).run

    found = reading(library, typed, run)

    choice = question.choices[position].id
    assert found == Answered({question.id: (choice,)}) or (isinstance(found, Perhaps) and choice in found.choices)


@pytest.mark.parametrize(
    "typed",
    [
        "half papers half not products",
        "half a, half not b",
        "neither a nor b, half c",
        "equally not a and not b",
        "is it half a half b?",
        "no b",
        "No. B",
        "not a, b",
    ],
)
def test_a_choice_that_is_denied_or_asked_about_is_no_answer(library: Library, typed: str):
    for question in library.quiz.questions:
        run = quiz.apply(quiz.begin(library.quiz), Change(question=question.id)).run
        assert not isinstance(reading(library, typed, run), Answered), question.id
        assert read_again(typed, run, [question.id]) is None, question.id


@pytest.mark.parametrize("typed", ["no. 2", "no 2", "no.2"])
def test_no_before_a_digit_is_short_for_number(library: Library, typed: str):
    assert positions(library, reading(library, typed)) == {1: (1,)}


def test_numbers_of_two_choices_may_have_no_before_them(library: Library):
    assert positions(library, reading(library, "half no. 1, half no. 3")) == {1: (0, 2)}


@pytest.mark.parametrize(
    "typed", ["partly b", "a bit of b", "some b", "sometimes b", "also b", "a little b", "Partly 2."]
)
def test_something_of_one_choice_is_a_guess_at_it(library: Library, typed: str):
    first = library.quiz.questions[0]

    assert reading(library, typed) == Perhaps(first.id, (first.choices[1].id,))


@pytest.mark.parametrize("typed", ["mostly b", "mainly b", "b, primarily", "largely 2"])
def test_most_of_one_choice_is_an_answer(library: Library, typed: str):
    assert positions(library, reading(library, typed)) == {1: (1,)}


def test_what_it_is_about_has_no_second_answer(library: Library):
    found = read("mostly a, sometimes b", quiz.begin(library.quiz), library.words.typed)

    assert isinstance(found, Perhaps | Unclear)  # both of which ask which one it is


@pytest.mark.parametrize("typed", ["about half and half", "50/50", "it's a mix of both"])
def test_half_and_half_of_what_is_asked(library: Library, typed: str):
    assert reading(library, typed) == WhichTwo()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("back", Command("back")),
        ("bakc", Command("back")),
        ("Skip!", Command("skip")),
        ("I don't know", Command("unsure")),
        ("idk", Command("unsure")),
        ("Hmm, I'm really not sure, sorry :shrug:", Command("unsure")),
        ("no idea tbh", Command("unsure")),
        ("can I skip this?", Command("skip")),
        ("stop please", Command("stop")),
        ("I run payroll, nothing with AI", Command("not_for_me")),
        ("I don't work in AI at all", Command("not_for_me")),
        ("how do I get out of this??", Command("not_for_me")),
        ("none of these fit me", Command("unsure")),
        ("other", Command("unsure")),
        ("N/A", Command("skip")),
        ("I'd rather not say", Command("skip")),
        ("why do you ask?", Command("why")),
        ("stop", Command("stop")),
        ("pause", Command("pause")),
        ("Continue", Command("resume")),
        ("show me so far", Command("so_far")),
        ("start over", Command("start_over")),
        ("change 2", Command("change", "what-comes-out")),
        ("what is a research engineer?", Asks()),
        ("how long will this take?", Asks()),
        ("bananas", Unclear()),
        ("change 9 to b", Unclear()),
        ("1z", Unclear()),
        ("1 half z", WhichTwo()),
        ("2 kids, 3 dogs", Unclear()),
    ],
)
def test_what_is_no_answer_is_told_apart(library: Library, typed: str, expected: Reading):
    assert reading(library, typed) == expected


@pytest.mark.parametrize("name", ["stop", "acknowledgement", "thanks", "privacy", "begin", "complaint"])
def test_small_talk_is_never_an_answer(library: Library, name: str):
    begun = quiz.begin(library.quiz)
    for question in library.quiz.all_questions:
        run = quiz.apply(begun, Change(question=question.id)).run
        for phrase in library.words.talk.of(name).phrases:
            intent = smalltalk.read(phrase, library.words.talk)
            found = read(phrase, run, library.words.typed, aside=intent)
            assert found in (Aside(name), Unclear(), AsksToStartOver()) or isinstance(found, Command), phrase
            assert name != "stop" or found == Command("stop")


@pytest.mark.parametrize(
    "text",
    [
        *("*b*", "_b_", "~b~", "`b`", "“b”", '"b"', "'b'", "• b", "- b", "b please", "B, please.", "I think b"),
        *("I'd say b", "it's b", "probably b", "b I guess", "two", "Second", "the second one", "option two"),
        *(
            "2nd",
            "the 2nd one",
            "hmm, b",
            "ok b",
            "b for sure lol",
            "probably b tbh",
            "b, thanks",
            "\u2068b\u2069",
            "\u202eb",
        ),
        *(":two:", "2\ufe0f\u20e3", "\uff42", "b\u200b", "\u200bb", "\u00adb", "<http://b.ai|b>"),
    ],
)
def test_a_letter_is_read_in_whatever_it_is_wrapped(library: Library, text: str):
    assert positions(library, reading(library, text)) == {1: (1,)}


@pytest.mark.parametrize("text", ["half a &amp; half c", "a &amp; c", "*half a* and half c"])
def test_two_choices_are_read_as_slack_sends_them(library: Library, text: str):
    assert positions(library, reading(library, text)) == {1: (0, 2)}


def test_a_thumb_answers_did_you_mean(library: Library):
    question = library.quiz.questions[0]
    choice = question.choices[1].id
    run = quiz.apply(begun(library), Guess(prompt=2, question=question.id, choices=(choice,))).run

    assert reading(library, ":+1::skin-tone-2:", run) == Answered({question.id: (choice,)})
    assert reading(library, ":-1:", run) == Command("reask")


@pytest.mark.parametrize(
    "text",
    [
        "back in a few weeks",
        "I have papers to grade, will finish later",
        "Reliability in production is down, incident, brb",
        "sorry, gotta go, the cluster is on fire",
        "training run crashed, I'll do this later",
    ],
)
def test_who_has_to_go_pauses(library: Library, text: str):
    run = begun(library)
    for question in library.quiz.questions:
        assert reading(library, text, quiz.apply(run, Change(question=question.id)).run) == Command("pause")


@pytest.mark.parametrize(
    "text",
    [
        "we had a big incident in production last night and nobody slept",
        "my papers are in the other room next to the coffee machine",
        "the years go by so quickly since the kids went to school",
    ],
)
def test_a_few_words_of_a_choice_in_another_story_are_no_answer(library: Library, text: str):
    run = begun(library)
    for question in library.quiz.questions:
        asked = quiz.apply(run, Change(question=question.id)).run
        assert not isinstance(reading(library, text, asked), Answered)


@given(text=st.text(alphabet=st.sampled_from("ab <>&;*_`\"'|:/@#ltgamp2"), max_size=40))
def test_what_is_typed_is_read_back_whatever_slack_escapes(text: str):
    assume(not re.match(r"\s*[>*]\s", text))  # a quotation or a bullet, whose sign is not what was typed
    assume(not re.search(":[ab]:", text.translate(MARKS)))  # an emoji, which stands for its letter
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    assert typed.plain(escaped).translate(MARKS) == text.translate(MARKS)


def test_what_can_be_typed_instead_of_clicking_is_an_answer_to_no_question(library: Library):
    words, begun = library.words.typed, quiz.begin(library.quiz)
    for question in library.quiz.all_questions:
        run = quiz.apply(begun, Change(question=question.id)).run
        for name in type(words).model_fields:
            if name == "result_terms":  # words of a result, of which none is an answer either
                continue
            if name in ("explain", "sure", "change"):  # which ask about a result, and there is none
                phrases = getattr(words, name)
                assert not [text for text in phrases if isinstance(reading(library, text, run), Answered)]
                continue
            for phrase in getattr(words, name):
                expected: Reading = (
                    Unclear() if name in ("yes", "no") else Command("pause" if name == "leaves" else name)
                )
                if phrase in ("neither", "none"):  # of the choices
                    expected = Command("unsure")
                assert reading(library, phrase, run) == expected, (question.id, phrase)


@pytest.mark.parametrize(
    ("number", "typed"),
    [
        (1, "anything but shipping"),
        (2, "not papers"),
        (2, "I never publish papers"),
        (2, "we don't write papers"),
        (3, "not uptime"),
        (3, "novelty, rather than anything else, no"),
        (4, "never years"),
        (4, "it"),
        (3, "it"),
    ],
)
def test_what_is_denied_or_hardly_said_is_not_taken_for_an_answer(library: Library, number: int, typed: str):
    run = quiz.apply(quiz.begin(library.quiz), Change(question=library.quiz.questions[number - 1].id)).run

    assert not isinstance(reading(library, typed, run), Answered)


@pytest.mark.parametrize(
    ("typed", "term"),
    [
        ("what do you mean by velocity?", "velocity"),
        ("What does uptime mean?", "uptime"),
        ("what is an A/B test", "A/B win"),
        ("define reproducibility", "reproducibility"),
        ("what are KPIs?", "the numbers the business watches"),
    ],
)
def test_words_of_the_questions_are_explained(library: Library, typed: str, term: str):
    found = reading(library, typed)

    assert isinstance(found, Defined)
    assert found.term.term == term


def test_an_unsure_answer_is_a_guess_and_yes_takes_it(library: Library):
    run = begun(library)
    found = reading(library, "shiping it", run)
    assert found == Perhaps("question-you-work-on", ("ship-reliably",))
    run = quiz.apply(run, Guess(prompt=2, question="question-you-work-on", choices=("ship-reliably",))).run

    assert reading(library, "yes", run) == Answered({"question-you-work-on": ("ship-reliably",)})
    assert reading(library, "Nope", run) == Command("reask")
    for text in ("no, b", "nope, it's b", "no, I meant b", "not that one: b"):
        assert positions(library, reading(library, text, run)) == {1: (1,)}, text
    assert positions(library, reading(library, "b", run)) == {1: (1,)}


def test_an_edit_is_read_for_the_questions_its_message_answered(library: Library):
    run, (first, second, *_) = quiz.begin(library.quiz), library.quiz.questions

    assert read_again("b", run, [first.id]) == {first.id: (first.choices[1].id,)}
    assert read_again("1c, 2b", run, [first.id, second.id]) == {
        first.id: (first.choices[2].id,),
        second.id: (second.choices[1].id,),
    }
    assert read_again("half a, half b", run, [first.id]) == {first.id: (first.choices[0].id, first.choices[1].id)}
    assert read_again("b", run, [first.id, second.id]) is None
    assert read_again("what a day", run, [first.id]) is None


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("my own work", "own"),
        ("my own", "own"),
        ("own", "own"),
        ("Own.", "own"),
        ("mine", "own"),
        ("me", "own"),
        ("about me", "own"),
        ("it's about my work", "own"),
        ("1", "own"),
        ("b", "role"),
        ("a role", "role"),
        ("for a role", "role"),
        ("a role we want to fill", "role"),
        ("hiring for", "role"),
        ("we are hiring", "role"),
        ("my team", "people"),
        ("I manage others", "people"),
        ("I manage people", "people"),
        ("I'm a manager", "people"),
    ],
)
def test_what_it_is_about_can_be_said_in_many_ways(library: Library, typed: str, expected: str):
    found = reading(library, typed, quiz.begin(library.quiz))

    assert found == Answered({"purpose": (expected,)}) or (found, expected) == (Command("manages"), "people")


@pytest.mark.parametrize(
    "typed",
    ["give me a second", "let me think about it", "ask me later", "remind me tomorrow", "tell me about engineers"],
)
def test_a_word_as_short_as_me_says_nothing_within_a_sentence(library: Library, typed: str):
    assert not isinstance(reading(library, typed, quiz.begin(library.quiz)), Answered)


def test_what_the_faq_answers_is_not_taken_for_what_it_is_about(library: Library):
    run, typed = quiz.begin(library.quiz), "I want to know the role of an AI engineer"

    assert read(typed, run, library.words.typed, answerable=True) == Asks()
    assert read("my own work", run, library.words.typed, answerable=True) == Answered({"purpose": ("own",)})


def close_call(library: Library) -> Run:
    """Give a run in which the tie-break between a research engineer and an AI engineer is asked."""
    positions = zip(library.quiz.questions, (0, 2, 2, 1, 4), strict=True)
    close = {question.id: (question.choices[at].id,) for question, at in positions}
    return quiz.apply(begun(library), Reply(answers=close, ts="1.0")).run


def finished(library: Library) -> Run:
    """Give a run that its tie-break has made that of an AI engineer."""
    run = close_call(library)
    assert run.tie_break
    return quiz.apply(run, Reply(answers={run.tie_break.id: ("serves-users",)}, ts="2.0")).run


@pytest.mark.parametrize(
    "typed",
    ["each equally", "both", "50/50", "a bit of both", "in the middle", "somewhere in between", "an even split"],
)
def test_both_at_the_tie_break_is_its_choice_between_the_two(library: Library, typed: str):
    run = close_call(library)
    assert run.asking
    assert run.tie_break
    assert run.asking.question == run.tie_break.id

    assert reading(library, typed, run) == Answered({run.tie_break.id: (run.tie_break.choices[-1].id,)})
    assert reading(library, "half the platform", run) == WhichTwo()


@pytest.mark.parametrize(
    ("typed", "role"),
    [
        ("why research engineer?", "research-engineer"),
        ("But why not an AI engineer??", None),
        ("why am I a researcher and not an AI engineer", "researcher"),
        ("so how sure are you?", None),
        ("hwo sure are you", None),
        ("why did I come out as an ai engineer", None),
        ("what would make me an AI researcher?", "researcher"),
        ("are you sure?", None),
    ],
)
def test_a_question_about_the_result_is_one_once_there_is_a_result(library: Library, typed: str, role: str | None):
    talk, done = smalltalk.read(typed, library.words.talk), finished(library)
    assert not isinstance(read(typed, close_call(library), library.words.typed, aside=talk), AboutResult)

    assert done.recommendation
    assert done.recommendation.role.id == "ai-engineer"
    expected = AboutResult(role, how_sure="sure" in typed, what_changes="would" in typed)
    assert read(typed, done, library.words.typed, aside=talk) == expected


def test_every_wording_that_asks_about_a_result_is_read_as_that(library: Library):
    done = finished(library)

    words = library.words.typed
    asking = {"explain": (False, False), "sure": (True, False), "change": (False, True)}
    for phrase, expected in ((phrase, asks) for name, asks in asking.items() for phrase in getattr(words, name)):
        for role in library.quiz.roles:
            text = phrase.replace("{role}", role.name)
            found = read(text, done, words, aside=smalltalk.read(text, library.words.talk))
            assert isinstance(found, AboutResult), text
            assert (found.how_sure, found.what_changes) == expected, text


@pytest.mark.parametrize("typed", ["why is a research engineer load-bearing?", "what is a research engineer?"])
def test_a_question_about_roles_below_a_result_is_left_to_the_faq(library: Library, typed: str):
    assert reading(library, typed, finished(library)) == Asks()
    assert read(typed, finished(library), library.words.typed, answerable=True) == Asks()


@pytest.mark.parametrize(("typed", "side"), [("change 6 to b", 1), ("6a", 0), ("change 6", None)])
def test_the_tie_break_is_changed_by_the_number_it_has_on_the_card(library: Library, typed: str, side: int | None):
    assert reading(library, typed, begun(library)) == Unclear()

    run = close_call(library)

    assert run.tie_break
    last = run.tie_break
    expected = Command("change", last.id) if side is None else Answered({last.id: (last.choices[side].id,)}, named=True)
    assert reading(library, typed, run) == expected


@pytest.mark.parametrize("typed", ["I manage others", "i manage people", "I'm a manager", "I lead a team"])
def test_that_somebody_manages_others_can_be_said_at_any_question(library: Library, typed: str):
    assert reading(library, typed) == Command("manages")


@pytest.mark.parametrize("typed", ["half a, half b", "a and b"])
def test_it_is_about_one_thing_only(library: Library, typed: str):
    assert not isinstance(reading(library, typed, quiz.begin(library.quiz)), Answered)


@given(text=st.text(max_size=400) | st.from_regex(r"[0-9a-j ,.:?!-]{0,40}"))
def test_whatever_is_typed_is_read_as_something_the_quiz_has(library: Library, text: str):
    run = quiz.begin(library.quiz)

    found = reading(library, text, run)

    if isinstance(found, Answered):
        for question, given_ in found.answers.items():
            assert {choice.id for choice in library.quiz.question(question).choices} >= set(given_)
            assert len(set(given_)) == len(given_) in (1, 2)


# What the last review looked at, below the result


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b", Reviewed),
        ("skip", Reviewed),
        ("k", Aside),  # small talk by itself, though a cell has this letter
        ("b and c", Unclear),
        ("half a half b", Unclear),
    ],
)
def test_a_letter_picks_what_the_last_review_looked_at(library: Library, text: str, expected: type):
    review = review_question(library.quiz, library.tables[library.quiz.tables.roles])
    run = finished(library)
    assert review
    assert run.finished

    reading = read(text, run, library.words.typed, aside=smalltalk.read(text, library.words.talk), review=review)

    assert isinstance(reading, expected)


def test_what_the_last_review_looked_at_can_be_picked_in_the_words_of_its_cell_or_of_the_quiz(library: Library):
    roles, asked = library.tables[library.quiz.tables.roles], library.quiz.review
    review = review_question(library.quiz, roles)
    assert review
    assert asked
    cells = [Graded(row, column.id) for row in asked.dimensions for column in roles.columns]
    assert list(review.cells) == cells
    assert [choice.label for choice in review.choices] == [roles.row(c.dimension).cells[c.column] for c in cells]
    assert len({choice.id for choice in review.choices}) == len(cells)
    run = finished(library)

    for question in library.quiz.questions:
        for choice in question.choices:
            if (cell := Graded(question.dimension, choice.cell or "")) in cells:
                for text in (choice.label, *choice.says):
                    assert read(text, run, library.words.typed, review=review) == Reviewed(cell), text


def test_where_no_review_is_asked_about_there_is_nothing_to_pick(library: Library):
    quiz = library.quiz.model_copy(update={"review": None})

    assert review_question(quiz, library.tables[quiz.tables.roles]) is None
    assert reading(library, "skip", finished(library)) == Command("skip")
