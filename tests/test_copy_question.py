"""What the recipient of a result asks below its copy is told from what may be for the sender, and from the FAQ's."""

import pytest

from bot.domain.copy_question import CopyQuestion, read, read_name
from bot.knowledge import Library


def asked(text: str, library: Library) -> str | None:
    """Give the name of the question about a copy that a text is, as in words.yaml."""
    question = read(text, library.words.received, library.words.typed, library.tells_of)
    return question.name if question else None


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("meaning", ["what does this mean", "What is this?", "what does this mean for me?", "i dont understand this"]),
        ("how_sure", ["how sure is this", "How certain are you about this?", "are you sure?", "how close is it"]),
        (
            "trust",
            ["can i trust it", "can I trust this result?", "is this reliable", "how accurate is it?", "is this true"],
        ),
        ("good_or_bad", ["is it good or bad", "Is this a bad sign?", "should i worry", "did she pass?"]),
        ("second", ["who is second", "what came second?", "and what is the runner-up?", "which role came second"]),
        (
            "bars",
            [
                "how are the percentages made",
                "is 71% much",
                "what does 71% mean",
                "Is 68 % a lot?",
                "what are the bars",
            ],
        ),
        (
            "table",
            ["what is the table", "what does the table show?", "How do I read the table", "where is the table from"],
        ),
        ("why", ["why not AI engineer", "why is she a research engineer?", "Why isn't Ana an AI engineer?", "why?"]),
        ("change", ["what would change it?", "can this change"]),
        ("grading", ["how do i grade her", "how should I grade Ana's work?", "what should he be graded on"]),
        (
            "answers",
            [
                "can i see her answers",
                "what did she answer for question 1",
                "What did <@U_ANA> answer?",
                "show me his answers",
            ],
        ),
        ("ask_her", ["what should i ask her in our 1:1", "what should I ask Ana?", "what should we talk about"]),
        ("herself", ["did ana do it herself", "Did <@U_ANA> answer this herself?", "who answered it"]),
        ("whose", ["is this about my team", "is this about me or Ana?", "whose result is this"]),
        ("skipped", ["she skipped one why", "why only 4 of 5?", "which question did he skip"]),
        ("questions", ["what is question 4", "what was she asked?"]),
        (
            "who_sees_replies",
            [
                "does ana see what i write here",
                "Does <@U_ANA> see what I write here?",
                "can she read this?",
                "will you tell her?",
                "is this private",
                "does he know that I have read it",
            ],
        ),
        ("others_see", ["can hr see it", "who else can see this?", "does my boss see this", "has anyone else seen it"]),
        (
            "forward",
            ["forward this to hr", "can I show this to my boss?", "can you send it to HR", "please forward this to hr"],
        ),
        ("stop", ["stop sending me this", "unsubscribe", "please stop sending me these", "I don't want this"]),
        ("delete", ["delete it", "can you delete this?", "please remove this", "how long is this kept"]),
        ("hire", ["can i hire based on it", "can I use this for hiring?", "should I fire her based on this"]),
        (
            "review",
            ["can i use it in the performance review", "can I use this in her review?", "can I use this against her"],
        ),
        (
            "title",
            [
                "should i change her title",
                "Should I change Ana's title?",
                "should i pay her more",
                "should she be in a different team",
            ],
        ),
        ("act", ["do i have to act on it", "what happens if i do nothing", "what should i do with it", "and now?"]),
        ("tell", ["tell her thanks", "can you tell her that I like it", "tell Ana thanks", "can I write to her?"]),
        ("talk", ["can you tell her i want to talk", "tell Ana I want to talk", "can I talk to her about it?"]),
        ("person", ["can she be promoted", "Is Ana overqualified?", "is she replaceable", "does she want a new role"]),
        ("compare", ["can i compare her with ben", "is she better than others?", "can I compare Ana with Ben?"]),
        ("others_do_it", ["can my whole team do this", "can i do it too?", "can I take the test"]),
        ("buttons", ["what do the buttons do?"]),
        ("term", ['what does "clear" mean', "what does leaning mean?", "what is meant by clear"]),
    ],
)
def test_a_question_about_a_copy_is_read_in_many_wordings(name: str, texts: list[str], library: Library):
    assert {text: asked(text, library) for text in texts} == dict.fromkeys(texts, name)


@pytest.mark.parametrize(
    "text",
    [
        # for the sender
        "Thanks, let's talk on Monday",
        "Hm, I see",
        "On Monday?",
        "i think she is more an ai engineer",
        "I see it otherwise",
        "I would rather see her as AI engineer, lets talk on thursday",
        "How do you see it, Ana?",
        "why did you skip one?",
        "can we talk about this on Monday?",
        "did you answer this in a hurry?",
        "what would you like to do more of?",
        "thanks",
        "ok",
        "Looks right to me",
        "I trust this",
        "What a good result",
        "what does Piskala say",
        "What did Karpathy say?",
        "tell me more about your week",
        "I can see it",
        "I will not use it in the performance review",
        "You should be promoted",
        ":+1:",
        "",
        # for the FAQ
        "what is a research engineer",
        "how should you grade a research engineer?",
        "can google see it coming",
        "what should I ask for in my performance review?",
        "what is the AI Roles Continuum?",
        "why did xAI drop the title?",
        "should I hire a researcher first?",
        "can an AI engineer be promoted to researcher?",
        "is OpenAI better than Meta?",
        "who sees my result",
        "how do I share my result",
        "what does MTS mean",
        "what does a research engineer do",
        "does Anthropic see what I write here in public",
        "how do i become a research engineer",
    ],
)
def test_what_is_for_the_sender_or_the_faq_is_no_question_about_a_copy(text: str, library: Library):
    assert asked(text, library) is None


def test_each_phrase_is_read_as_what_it_stands_under(library: Library):
    words = library.words.received
    read_as = {(name, phrase): asked(phrase, library) for name, phrases in words.phrases.items() for phrase in phrases}
    assert {key: value for key, value in read_as.items() if value != key[0]} == {}


def test_no_question_of_the_faq_is_taken_for_one_about_a_copy(library: Library):
    wordings = [text for entry in library.entries.values() for text in (entry.question, *entry.phrasings)]
    assert [text for text in wordings if asked(text, library)] == []


def test_a_question_about_a_word_names_it(library: Library):
    question = read("what does leaning mean", library.words.received, library.words.typed, library.tells_of)
    assert question == CopyQuestion("term", "leaning")


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        (
            "about_whom",
            ["is this about me or ana", "Is this about me or Ana?", "whose work is it?", "about me or her?"],
        ),
        ("who_sees", ["does she see this", "Does Ana see my answers?", "will he read this?", "who sees what I answer"]),
        ("not_sure", ["what if i dont know what she does", "what if we disagree?"]),
        ("next", ["and now?", "what happens next", "what do I do now?", "am I done?", "what does reveal do"]),
        ("end", ["end it", "how do I end the comparison?", "cancel the comparison", "can I withdraw?"]),
    ],
)
def test_what_is_asked_of_a_comparison_is_read_in_many_wordings(name: str, texts: list[str], library: Library):
    words = library.words.compare.asked
    read_as = {text: read_name(text, words, library.tells_of) for text in texts}
    assert read_as == dict.fromkeys(texts, name)


@pytest.mark.parametrize(
    "text",
    [
        "mostly features but she thinks its infra",
        "weeks",
        "d",
        "a paper",
        "she ships features",
        "change 3 to b",
        "what is a research engineer",
        "what did she say",
        "half a, half b",
        "does Meta see this as research",
    ],
)
def test_answers_and_other_questions_are_none_of_a_comparison(text: str, library: Library):
    assert read_name(text, library.words.compare.asked, library.tells_of) is None
