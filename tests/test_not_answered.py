"""Questions near the subject that no entry answers, when somebody asks them."""

import pytest

from bot.domain.faq import Surface
from bot.domain.not_answered import Decoys
from bot.domain.quiz_content import with_article
from bot.domain.reply_kinds import NOT_ANSWERED
from bot.knowledge import Library, english
from bot.slack import deciding, faq
from tests.conftest import THOROUGH

TRIED = 20 if THOROUGH else 30  # every so many phrasings of all are left out in turn


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("do you sponsor visas?", "visas"),
        ("how many people work at OpenAI these days", "company-size"),
        ("What does a prompt engineer do all day?", "prompt-engineer"),
        ("hey, can I work remotely as an applied scientist? thanks", "remote-work"),
        ("who is the ceo of anthropic", "company-people"),
        ("what is RLHF", "define-rlhf"),
        ("is grok better than claude", "model-comparison"),
        ("who thought up the title AI engineer", "who-coined-ai-engineer"),
        ("origin of the name AI engineer", "who-coined-ai-engineer"),
        ("what do I write in a code review for a junior?", "code-reviews"),
    ],
)
async def test_who_asks_is_told_what_is_known_not_to_be_answered(library: Library, asked: str, name: str):
    reply = await deciding.decide(asked, Surface.DM, library, None)

    assert reply is not None
    assert (reply.kind, reply.entries[0]) == (NOT_ANSWERED, name)


@pytest.mark.parametrize(
    "asked",
    ["which restaurant has the best ramen?", "it works on my machine", "what does MTS mean?", "when was that", ""],
)
def test_what_is_near_nothing_is_no_decoy(library: Library, asked: str):
    assert library.decoys.recognise(asked) is None


@pytest.mark.parametrize(
    "asked",
    [
        "how do I move from software engineer to AI engineer",
        "do research engineers need to know CUDA",
        "is my boss going to fire me?",
        "my boss says I am a researcher",
        "do researchers need to know the fire exits?",
        "can somebody explain what a vector is good for?",
    ],
)
def test_a_word_that_one_phrasing_has_by_chance_makes_no_decoy(library: Library, asked: str):
    assert library.decoys.recognise(asked) is None


@pytest.mark.parametrize("company", ["OpenAI", "Anthropic", "DeepMind", "Google", "Meta", "Amazon", "Microsoft", "xAI"])
@pytest.mark.parametrize(
    "question", ["how do I get hired at {}?", "How do I get a job at {}", "what does it take to work at {}?"]
)
async def test_how_to_get_hired_is_not_answered_of_any_company(library: Library, company: str, question: str):
    reply = await deciding.decide(question.format(company), Surface.DM, library, None)

    assert reply is not None
    assert (reply.kind, reply.entries[0]) == (NOT_ANSWERED, "getting-hired")
    assert "interviews" in reply.entries


@pytest.mark.parametrize("role", ["AI engineer", "data scientist", "research engineer", "applied scientist", "MLE"])
async def test_how_to_become_one_is_not_answered_of_any_role(library: Library, role: str):
    reply = await deciding.decide(f"how do I become {with_article(role)}?", Surface.DM, library, None)

    assert reply is not None
    assert (reply.kind, reply.entries[0]) == (NOT_ANSWERED, "becoming-one")


def test_every_phrasing_of_a_decoy_is_recognised(library: Library):
    lost = [
        (decoy.id, text)
        for decoy in library.not_answered
        for text in decoy.wordings
        if library.decoys.recognise(text) != decoy.id
    ]

    assert lost == []


async def test_nobody_is_told_unasked(library: Library):
    for decoy in library.not_answered:
        reply = await deciding.decide(decoy.question, Surface.CHANNEL, library, None)

        assert reply is None or reply.kind != NOT_ANSWERED


async def test_what_may_be_meant_all_the_same_is_offered_below(library: Library):
    reply = await deciding.decide("salary of ML engineers", Surface.DM, library, None)

    assert reply is not None
    decoy, *suggested = reply.entries
    message = faq.rendered(reply.kind, reply.entries, library)
    known = library.decoy(decoy)
    assert known is not None
    assert message.text.startswith(known.reply or "never")
    assert all(library.entries[name].question in message.text for name in suggested)


def test_a_decoy_that_has_gone_is_answered_by_what_is_known(library: Library):
    assert faq.rendered(NOT_ANSWERED, ("gone",), library) == faq.rendered("unknown", (), library)


def test_no_question_and_hardly_a_phrasing_of_an_entry_is_taken_for_a_decoy(library: Library):
    entries = library.entries.values()
    phrasings = [text for entry in entries for text in entry.phrasings]

    assert [entry.question for entry in entries if library.decoys.recognise(entry.question)] == []
    assert sum(bool(library.decoys.recognise(text)) for text in phrasings) <= 0.02 * len(phrasings)


def test_phrasings_that_were_left_out_are_recognised_and_seldom_mistaken(library: Library):
    """Of every fourth, 23 of 125 are: phrasings of a decoy share few words with each other; see `Decoy`."""
    entries = tuple(library.entries.values())
    left_out = [(decoy, text) for decoy in library.not_answered for text in decoy.phrasings][::TRIED]
    right = wrong = 0
    for decoy, text in left_out:
        phrasings = tuple(phrasing for phrasing in decoy.phrasings if phrasing != text)
        shortened = decoy.model_copy(update={"phrasings": phrasings})
        others = [shortened if other is decoy else other for other in library.not_answered]
        name = Decoys.build(entries, others, library.synonyms, english()).recognise(text)
        right, wrong = right + (name == decoy.id), wrong + (name not in (None, decoy.id))

    assert right >= 0.15 * len(left_out)
    assert wrong <= 0.1 * len(left_out)


def test_a_knowledge_without_decoys_recognises_none(library: Library):
    decoys = Decoys.build(tuple(library.entries.values()), (), library.synonyms, english())

    assert decoys.recognise("do you sponsor visas?") is None
