"""What people say to a bot besides questions, and what only sounds like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import smalltalk
from bot.domain.faq import UNPROMPTED, Surface
from bot.knowledge import Library
from bot.slack import faq
from bot.slack.suggestion_work import UNKNOWN


@pytest.mark.parametrize(
    ("utterance", "intent"),
    [
        ("Hi there!", "greeting"),
        ("helllo", "greeting"),
        ("Hi Anna", "greeting"),
        ("<@U1> good morning :wave:", "greeting"),
        ("thx", "thanks"),
        ("Thank you so much!!", "thanks"),
        ("ok, thanks", "thanks"),
        ("thanks Anna :pray:", "thanks"),
        ("hey rolefit, what can you do?", "help"),
        ("HELP", "help"),
        ("what can u do", "help"),
        ("Who are you?", "identity"),
        ("are you an AI", "identity"),
        ("who made you?", "identity"),
        ("Who can see what I write to you?", "privacy"),
        ("is this anonymus?", "privacy"),
        ("can my manager see this", "privacy"),
        ("How many questions are there?", "about_quiz"),
        ("I want to take the quiz", "begin"),
        ("hi, how do i take the quiz please", "begin"),
        ("stop", "stop"),
        ("Please be quiet.", "hush"),
        ("That’s wrong", "complaint"),
        ("thanks, but that's not what I asked", "complaint"),
        ("not what I asked!", "complaint"),
        ("I don't get it", "confused"),
        ("good bye", "bye"),
        ("yes, that one", "choosing"),
        ("none of these", "declining"),
        ("who pays for you?", "funding"),
        ("Who's paying for this bot?", "funding"),
        ("so who funds you", "funding"),
        ("who finances you?", "funding"),
        ("hey, are you free to use?", "funding"),
        ("how much do you cost", "funding"),
        ("do I have to pay for this?", "funding"),
        ("how sure are you?", "certainty"),
        ("and how certain are you about that?", "certainty"),
        ("how confident are u", "certainty"),
        ("are you sure?", "certainty"),
        ("hm, are you really sure?", "certainty"),
        ("how do you know that?", "certainty"),
        ("can I rely on this?", "certainty"),
        ("which one is better?", "which_better"),
        ("which is better", "which_better"),
        ("so, which of the two is better?", "which_better"),
        ("which one’s better?", "which_better"),
        ("ok and which one is best?", "which_better"),
        ("is one better than the other?", "which_better"),
        ("which one would you pick?", "which_better"),
        ("tschüss", "bye"),
        ("Tschüss!", "bye"),
        ("tschuess", "bye"),
        ("ciao", "bye"),
        ("thanks, ciao!", "bye"),
        ("adiós", "bye"),
        ("Adios amigo", "bye"),
        ("Auf Wiedersehen", "bye"),
        ("au revoir", "bye"),
        ("ok", "acknowledgement"),
        ("lol okay", "acknowledgement"),
        (":+1:", "acknowledgement"),
        ("👍🏽", "acknowledgement"),
    ],
)
def test_small_talk_is_recognised_however_it_is_put(library: Library, utterance: str, intent: str | None):
    assert smalltalk.read(utterance, library.words.talk) == intent


@pytest.mark.parametrize(
    "utterance",
    [
        "hi, what does MTS stand for?",
        "help me understand what an applied scientist does",
        "who made the table of roles",
        "stop using titles?",
        "is the xAI decision wrong?",
        "what can you do as a research engineer?",
        "who can see the difference between the two roles?",
        "are you a researcher or an engineer at xAI?",
        "are you an RE?",
        "Hi OpenAI",
        "who pays for the research cluster?",
        "who pays researchers at Meta?",
        "how much do you cost me in GPU hours as a research engineer?",
        "how sure are you that AI engineers need a PhD?",
        "are you sure about the titles at xAI?",
        "how do you know whether somebody is an AI engineer?",
        "which is better, vim or emacs?",
        "which one is better for us, one title or two?",
        "which model is better?",
        "tschüss is what Germans say when they leave",
        "why do people say ciao in emails?",
        "how do I say adiós to my old title?",
        "that is correct, but what about Meta",
        "thanks for the titles, now what is an RE",
        "?",
        "",
    ],
)
def test_what_holds_anything_else_is_no_small_talk(library: Library, utterance: str):
    assert smalltalk.read(utterance, library.words.talk) is None


@pytest.mark.parametrize("surface", [Surface.DM, Surface.MENTION])
@pytest.mark.parametrize(
    "text",
    [
        "which restaurant is best?",
        "which restaurant is the best here?",
        "what's the best restaurant?",
        "best pizza in town?",
        "which laptop is best?",
        "is Luigi's better than Da Marco?",
        "which restaurant do you recommend?",
    ],
)
async def test_what_is_best_of_anything_else_is_not_known(library: Library, text: str, surface: Surface):
    reply = await faq.decide(text, surface, library, None)

    assert reply is not None
    assert reply.kind == UNKNOWN


def test_the_opposite_of_a_phrase_is_not_the_phrase(library: Library):
    assert smalltalk.read("that is correct", library.words.talk) == "acknowledgement"
    assert smalltalk.read("that is not helpful", library.words.talk) == "complaint"
    assert smalltalk.read("that was not helpful", library.words.talk) != "thanks"


def test_each_phrase_is_read_as_what_it_stands_under(library: Library):
    talk = library.words.talk

    assert [
        (name, phrase)
        for name in type(talk).model_fields
        for phrase in talk.of(name).phrases
        if smalltalk.read(phrase, talk) != name
    ] == []


@pytest.mark.parametrize("surface", sorted(UNPROMPTED))
async def test_none_of_it_is_said_unasked(library: Library, surface: Surface):
    talk = library.words.talk

    for name in type(talk).model_fields:
        for phrase in talk.of(name).phrases:
            assert await faq.decide(phrase, surface, library, None) is None, phrase


WORDS = ["hi", "thx", "stop", "quiz", "what", "who", "is", "the", "OpenAI", "?", "!", ":wave:", "<@U1>", "visa", "ok"]


@given(
    text=st.text(max_size=300) | st.lists(st.sampled_from(WORDS)).map(" ".join),
    surface=st.sampled_from([Surface.DM, Surface.MENTION, Surface.COMMAND]),
)
async def test_whatever_is_said_gets_one_reply_or_none(library: Library, text: str, surface: Surface):
    reply = await faq.decide(text, surface, library, None)

    if reply is not None:
        assert faq.rendered(reply.kind, reply.entries, library).text
