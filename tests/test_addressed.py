"""Whom a message speaks to by name, where people talk with each other."""

import pytest

from bot.domain import faq
from bot.domain.addressed import called_in_person, calls_person, says_you
from bot.domain.faq import Answer, Silence, Surface
from bot.knowledge import Library


@pytest.mark.parametrize(
    "text",
    [
        "Ana, how do you measure uptime?",
        "Ana: how is a research engineer graded?",
        "Thanks Ana, which of these would you rather have?",
        "Ana how do you decide which role to hire?",
        "do you agree, Ana? I would call it research",
        "@tom did you ever find out what MTS means?",
        "<@U123> what do you do all day?",
        "Ana Lopez, how do you decide that?",
        "Jean-Luc, how do you decide that?",
        "İpek, how do you decide that?",
        "I\u0307pek, how do you decide that?",
        "Emily, how do you decide that?",
        "Ming, how do you decide that?",
        "how do you grade a research engineer, Sam",
        "how do you grade a research engineer, Ana Lopez?",
        "how do you grade a research engineer @ana?",
        "how do you grade a research engineer, <@U123>?",
    ],
)
def test_a_name_or_a_mention_at_either_end_calls_somebody(library: Library, text: str):
    assert calls_person(text, library.index.names_term)


@pytest.mark.parametrize(
    "text",
    [
        "Meta, how are they organised?",
        "and Amazon, how do they do it?",
        "Please, what does a research engineer do?",
        "Team, what do you think a research engineer does?",
        "Hey Rolefit, where do your answers come from?",
        "@rolefit what docs are your answers from",
        "On what do you base your answers?",
        "Maybe do you need a PhD to be a research engineer?",
        "do you need a degree to be a research engineer, PhD?",
        "do you need a PhD to be a research engineer? Thanks, Tom.",
        "do you need a PhD to be a research engineer? Cheers, Ana!",
        "do you need a PhD to be a research engineer?\nBest regards,\nAna",
        "do you need a PhD to be a research engineer? Thank you, Tom",
        "do you need a PhD to be a research engineer, thanks, Tom",
        "do you need a PhD at one of them? I ask for OpenAI, Mistral",
        *(
            f"{opening} do you need a PhD to be a research engineer?"
            for opening in (
                "Actually,",
                "BTW:",
                "FYI,",
                "Wow,",
                "Curious:",
                "Frankly,",
                "Apparently,",
                "Generally,",
                "Hiring:",
                "Wondering:",
                "Anyways,",
                "@here",
                "@channel",
                "<!here>",
                "Nvidia,",
                "Apple,",
                "Mistral,",
                "Off-topic:",
                "Quick Question:",
                "Research Engineers:",
                "LLMs:",
            )
        ),
    ],
)
def test_what_the_entries_are_about_and_an_opening_call_nobody(library: Library, text: str):
    assert not calls_person(text, library.index.names_term)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("thanks Mei, see you then", "Mei"),
        ("Thanks Mei!", "Mei"),
        ("OK great, thanks Mei. See you at 3", "Mei"),
        ("Hi Mei, can we talk tomorrow?", "Mei"),
        ("Mei, do you have time?", "Mei"),
        ("bye bye Mei", "Mei"),
        ("<@U1> see you", ""),
        ("Papers, mostly", None),
        ("Slides, do you count those?", None),
        ("Email, do you count that too?", None),
        ("Ana, do you agree with that?", "Ana"),
        ("James, do you want the slides?", "James"),
        ("Dashboards, for the sales team", None),
        ("thanks Rolefit", None),
        ("thanks, Mei", None),
        ("thank you so much", None),
        ("Thanks Anthropic", None),
        ("hi There", None),
        ("hello", None),
    ],
)
def test_where_only_the_bot_is_spoken_to_somebody_else_is_called_by_more_than_a_name(
    library: Library, text: str, name: str | None
):
    assert called_in_person(text, library.index.names_term) == name


def test_you_is_found_however_it_is_written():
    assert says_you("what’s your title?")
    assert says_you("how would u grade it")
    assert not says_you("do young engineers get papers?")


def test_who_is_asked_by_name_answers_and_the_bot_does_not(library: Library):
    def reply(text: str, surface: Surface) -> faq.Reply:
        return faq.reply_to(text, surface, library.index, library.thresholds)

    asked = "what is the difference between a researcher and a research engineer?"
    to_ana = "Ana, would you say {0}"
    for surface in (Surface.CHANNEL, Surface.THREAD):
        assert isinstance(reply(asked, surface), Answer)
        assert isinstance(reply(to_ana.format(asked), surface), Silence)
    assert not isinstance(reply(to_ana.format(asked), Surface.DM), Silence)
