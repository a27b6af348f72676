"""“Not the ML engineer, the data scientist: …”: what is set aside is not answered, and what is asked is."""

import pytest

from bot.domain import faq
from bot.domain.contrast import Contrast, contrast_of
from bot.domain.faq import Answer, Silence, Suggestions, Surface
from bot.knowledge import Library
from bot.second_stage import SecondStage


@pytest.mark.parametrize(
    ("text", "set_aside", "asked"),
    [
        ("Not the salary, the day-to-day of it: what is that?", "the salary", "the day-to-day of it: what is that?"),
        ("hi, I’m not asking who publishes, I ask who is on call", "who publishes", "who is on call"),
        ("I don't mean Google but Amazon: who does what?", "Google", "Amazon: who does what?"),
        ("no, we do not want a quiz. Tell me what levels are for", "a quiz", "what levels are for"),
        ("It's not about pay – my question is who ranks higher", "about pay", "who ranks higher"),
        ("my question is not why they blend; only what is gained", "why they blend", "what is gained"),
        ("forget the PhD, how do I become an ML engineer?", "the PhD", "how do I become an ML engineer?"),
    ],
)
def test_a_message_that_begins_with_what_it_does_not_ask_has_two_halves(text: str, set_aside: str, asked: str):
    assert contrast_of(text) == Contrast(set_aside, asked)


@pytest.mark.parametrize(
    "text",
    [
        "What does a research engineer do?",
        "Isn't a research engineer just an engineer?",
        "I don't have a PhD, which of these roles are closed to me?",
        "not sure about this, what is an MTS?",
        "Not only researchers publish, engineers do as well",
        "not Meta, Amazon",
        "nothing works, why is that so?",
        "Not a word of this " * 20,
        "not " * 2000,
        "",
    ],
)
def test_another_message_has_not(text: str):
    assert contrast_of(text) is None


@pytest.fixture(scope="module")
def second(library: Library) -> SecondStage:
    stage = SecondStage()
    stage.prepare(library)
    return stage


@pytest.mark.parametrize("surface", [Surface.CHANNEL, Surface.MENTION])
@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("Not data engineers, please. What does a data scientist do on an AI team?", "data-scientist"),
        ("I don't ask why the two roles blend, I ask what is gained by blending them", "gains-of-blending"),
        ("Not whether separate tracks are slower. When are separate tracks worth it?", "when-separate-tracks"),
        ("not the skills that all titles share but the core skills of each title", "skills-by-title"),
    ],
)
async def test_what_is_asked_is_answered(
    library: Library, second: SecondStage, surface: Surface, text: str, entry: str
):
    reply = await second.reply_to(text, surface, library)
    ranked = await second.rank(text, surface, library)

    assert isinstance(reply, Answer)
    assert [candidate.entry for candidate in reply.entries] == [entry]
    assert ranked[0].entry == entry


async def test_what_is_set_aside_is_no_answer_and_may_be_suggested(library: Library, second: SecondStage):
    text = "I don't ask whether separate tracks are slower, I ask how one copes with it in winter"
    halves = contrast_of(text)
    assert halves
    assert isinstance(await second.reply_to(halves.set_aside, Surface.CHANNEL, library), Answer)

    assert isinstance(await second.reply_to(text, Surface.CHANNEL, library), Silence)
    assert isinstance(await second.reply_to(text, Surface.MENTION, library), Suggestions)


def test_the_first_stage_alone_looks_at_both_halves_too(library: Library):
    text = "Not data engineers, please. What does a data scientist do on an AI team?"

    reply = faq.reply_to(text, Surface.CHANNEL, library.index, library.thresholds)
    ranked = faq.rank(text, Surface.CHANNEL, library.index, library.thresholds)

    assert isinstance(reply, Answer)
    assert reply.entries[0].entry == ranked[0].entry == "data-scientist"
