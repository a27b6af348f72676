"""Answers in people's own words to the questions of a round, beside what they ask."""

import pytest

from bot.domain import quiz, smalltalk
from bot.domain.actions import Change
from bot.domain.quiz import LETTERS
from bot.domain.quiz_run import Run
from bot.domain.readings import Answered, Aside, Asks, AsksForOther, Command, Perhaps
from bot.domain.reply import read
from bot.knowledge import Library

# Of people who describe their work, by the number of the question: theorists and inventors of methods, builders of
# training infrastructure, people who carry results into products, who run services, and who analyse data.
IN_OWN_WORDS = (
    (1, "I mostly build the training pipelines so the scientists can try their ideas", "b"),
    (1, "building the experiment infrastructure our scientists run on", "b"),
    (1, "we prove theorems about why networks generalise, trying to discover what is true", "a"),
    (1, "I take what the research group publishes and make it into a library the teams can use", "c"),
    (1, "my team launches features for millions of users and keeps them up", "d"),
    (1, "I look at user data and tell the product managers what to do", "e"),
    (1, "I come up with new training methods nobody has tried", "a"),
    (1, "making sure the chatbot stays up and answers fast", "d"),
    (1, "setting up the cluster and eval harness for the researchers", "b"),
    (1, "turning papers into prototypes that other teams can build on", "c"),
    (1, "dashboards and forecasts so the business knows what to do", "e"),
    (1, "answering open scientific questions", "a"),
    (1, "i run the production service for our model", "d"),
    (1, "keep the training runs alive so that the researchers get their results", "b"),
    (1, "I build product features on top of the openai api", "d"),
    (2, "published papers at conferences", "a"),
    (2, "a benchmark that other labs pick up", "a"),
    (2, "we know whether an idea works or not", "b"),
    (2, "a negative result, usually", "b"),
    (2, "clean training data the other teams depend on", "c"),
    (2, "the pipelines that feed the models", "c"),
    (2, "an eval framework for our researchers", "d"),
    (2, "faster training on more gpus", "d"),
    (2, "a new feature live for customers", "e"),
    (2, "the API is deployed and people use it", "e"),
    (2, "my A/B tests show a win", "e"),
    (2, "a labelled corpus", "c"),
    (3, "pipelines and being able to run experiments again and get the same result", "b"),
    (3, "speed of trying things out", "b"),
    (3, "how many experiments we can run in a week", "b"),
    (3, "that results can be reproduced", "b"),
    (3, "that it's genuinely novel", "a"),
    (3, "the contribution to science", "a"),
    (3, "originality of the idea, we don't publish copies", "a"),
    (3, "we never let the service go down", "c"),
    (3, "response times and the bill", "c"),
    (3, "that it stays up for customers", "c"),
    (3, "conversion rate, always", "d"),
    (3, "revenue", "d"),
    (3, "the metrics that my boss looks at", "d"),
    (4, "five years out at least", "a"),
    (4, "decades", "a"),
    (4, "it's a bet on the far future", "a"),
    (4, "maybe a year, sometimes eighteen months", "b"),
    (4, "6 to 18 months", "b"),
    (4, "about half a year", "b"),
    (4, "two week sprints", "c"),
    (4, "until the next release", "c"),
    (4, "this quarter", "c"),
    (4, "a month or so", "c"),
    (5, "my PhD in physics", "a"),
    (5, "years of academic research", "a"),
    (5, "I use my publications and doctoral training", "a"),
    (5, "maths and coding in equal measure", "b"),
    (5, "half theory half code", "b"),
    (5, "knowing how GPUs and distributed training work", "c"),
    (5, "CUDA kernels and pytorch internals", "c"),
    (5, "I studied computer science and know ML infrastructure", "c"),
    (5, "ten years as a backend developer", "d"),
    (5, "being on call for production systems", "d"),
    (5, "classic software engineering", "d"),
    (5, "I know our users and some stats", "e"),
    (5, "a statistics degree and product sense", "e"),
)


def at(library: Library, number: int) -> Run:
    """Begin a run in which a question is asked, by its number."""
    return quiz.apply(quiz.begin(library.quiz), Change(question=library.quiz.questions[number - 1].id)).run


@pytest.mark.parametrize("answerable", [False, True])
@pytest.mark.parametrize(("number", "typed", "letter"), IN_OWN_WORDS)
def test_an_answer_in_own_words_is_an_answer_or_asked_about(
    library: Library, number: int, typed: str, letter: str, answerable: bool
):
    question = library.quiz.questions[number - 1]

    found = read(typed, at(library, number), library.words.typed, answerable=answerable)

    choice = question.choices[LETTERS.index(letter)].id
    if isinstance(found, Perhaps):
        assert choice in found.choices
    else:
        assert found == Answered({question.id: (choice,)})


@pytest.mark.parametrize(
    "typed",
    [
        "what is an MTS?",
        "tell me about titles at openai",
        "difference between research scientist and research engineer",
        "does a research engineer need a PhD",
        "salary of a research scientist",
        "how does deepmind do titles",
        "rolefit, titles at anthropic",
        "phd needed for research scientist",
        "levels at Meta",
    ],
)
def test_what_clearly_asks_is_a_question_whatever_is_open(library: Library, typed: str):
    for number, _ in enumerate(library.quiz.questions, 1):
        found = read(typed, at(library, number), library.words.typed, answerable=True)
        assert found == Asks(), number


@pytest.mark.parametrize("typed", ["i think this is wrong", "this question is wrong", "That's a bad question."])
def test_a_complaint_about_a_question_is_no_answer_to_it(library: Library, typed: str):
    for number, _ in enumerate(library.quiz.questions, 1):
        aside = smalltalk.read(typed, library.words.talk)
        assert read(typed, at(library, number), library.words.typed, aside=aside) == Aside("complaint")


@pytest.mark.parametrize("subject", [None, "U_ANA"])
@pytest.mark.parametrize(
    "typed",
    [
        *(
            "I can't judge that",
            "I can’t judge that.",
            "no idea",
            "No idea!",
            "hard to say",
            "can't say",
            "I can't say",
        ),
        *(
            "I cannot judge this",
            "hard to say from outside",
            "no idea, I am not close to that",
            "Hard to say, honestly.",
        ),
        *("I can't judge that, she works in another office", "no idea really", "can't say because I am new here"),
    ],
)
def test_who_cannot_say_does_not_know(library: Library, typed: str, subject: str | None):
    begun = quiz.begin(library.quiz, subject)
    for question in library.quiz.all_questions:
        run = quiz.apply(begun, Change(question=question.id)).run
        assert read(typed, run, library.words.typed) == Command("unsure"), question.id


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "what did Ana answer?",
            "what did she say?",
            "What did Ana say to question 2?",
            "and what has he picked so far",
        ),
        *(
            "can I see her answers?",
            "what are Ana's answers?",
            "what did my colleague choose?",
            "what did they put here?",
        ),
    ],
)
def test_what_the_other_has_answered_can_be_asked_in_a_comparison_alone(library: Library, typed: str):
    compared, own = quiz.begin(library.quiz, "U_ANA"), at(library, 1)

    assert read(typed, compared, library.words.typed) == AsksForOther()
    assert read(typed, own, library.words.typed) != AsksForOther()


@pytest.mark.parametrize("typed", ["what did you say?", "what did I answer?", "what does a research engineer do?"])
def test_what_nobody_else_has_answered_is_not_asked_for(library: Library, typed: str):
    assert read(typed, quiz.begin(library.quiz, "U_ANA"), library.words.typed) != AsksForOther()


def test_what_the_faq_knows_somebody_to_have_said_is_left_to_it(library: Library):
    compared = quiz.begin(library.quiz, "U_ANA")

    assert read("what did Musk say?", compared, library.words.typed, answerable=True) == Asks()


@pytest.mark.parametrize(
    "typed", ["what do you mean by serve?", "what do you mean by “serve”?", "What does serve mean here?"]
)
def test_a_word_of_the_question_that_is_open_is_explained_by_why_it_is_asked(library: Library, typed: str):
    last = library.quiz.tie_break("research-engineer", "ai-engineer")
    run = quiz.apply(quiz.begin(library.quiz), Change(question=last.id)).run

    assert read(typed, run, library.words.typed) == Command("why")
    assert read("what do you mean by bananas?", run, library.words.typed) == Asks()
    assert read("what do you mean by velocity?", run, library.words.typed) != Command("why")


@pytest.mark.parametrize(
    "typed",
    ["my manager is away today", "let me think", "it's complicated", "hold on", "whatever"],
)
def test_what_has_nothing_to_do_with_the_question_is_no_guess(library: Library, typed: str):
    for number, _ in enumerate(library.quiz.questions, 1):
        assert not isinstance(read(typed, at(library, number), library.words.typed), Answered | Perhaps), number
