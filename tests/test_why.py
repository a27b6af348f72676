"""Why an answer was given is told in words, and whom an entry belongs to is read from what editors write."""

from dataclasses import replace

import pytest

from bot.domain.faq import Surface, rank
from bot.domain.owner import Owner, read_owner
from bot.domain.why import FAIRLY_SURE, RUNNER_UP, SURE, Certainty, Silent, certainty, explain, why_silent
from bot.knowledge import Library


@pytest.mark.parametrize(
    ("confidence", "said"),
    [
        (1.0, Certainty.SURE),
        (SURE, Certainty.SURE),
        (SURE - 0.001, Certainty.FAIRLY_SURE),
        (FAIRLY_SURE, Certainty.FAIRLY_SURE),
        (FAIRLY_SURE - 0.001, Certainty.UNSURE),
        (0.0, Certainty.UNSURE),
    ],
)
def test_a_confidence_is_put_into_words(confidence: float, said: Certainty):
    assert certainty(confidence) is said


def test_the_words_that_tell_are_named_with_what_they_were_taken_for(library: Library):
    first, second, *_ = library.index.rank("so, what does MTS stand for at Anthropic?", limit=4)
    second = replace(second, confidence=0.3)  # likely enough to be named

    explained = explain((first, second), "member-of-technical-staff")

    assert explained is not None
    words = dict(explained.matched)
    assert words["mts"] == "member of technical staff"
    assert words["anthropic"] == ""
    assert "so" not in words
    assert explained.runner_up == second.entry


def test_what_is_hardly_likely_or_was_given_too_is_no_runner_up(library: Library):
    ranked = library.index.rank("how do Meta and Amazon organise research and engineering?", limit=4)
    first, second = ranked[0].entry, ranked[1].entry
    assert ranked[1].confidence >= RUNNER_UP > ranked[2].confidence

    of_one, of_both = explain(ranked, first), explain(ranked, first, [first, second])
    assert of_one is not None
    assert of_both is not None
    assert of_one.runner_up == second
    assert of_both.runner_up is None


def test_what_a_word_was_taken_for_is_not_named_where_it_is_that_word(library: Library):
    for text in ("what is a research engineer", "what do Research Engineers do"):
        explained = explain(library.index.rank(text, limit=4), "research-engineer")

        assert explained is not None
        assert [meant for typed, meant in explained.matched if "engineer" in typed] == [""]


def test_of_two_questions_each_has_its_own_runner_up(library: Library):
    ranked = library.index.rank("What does MTS mean? And do we need a research team to do AI R&D?", limit=4)
    chosen = {candidate.question: candidate.entry for candidate in reversed(ranked)}

    for question, entry in chosen.items():
        explained = explain(ranked, entry)
        of_this = [candidate.entry for candidate in ranked if candidate.question == question]
        assert explained is not None
        assert explained.runner_up is None or explained.runner_up in of_this


def test_what_is_no_candidate_has_no_explanation(library: Library):
    assert explain(library.index.rank("what does MTS mean?"), "xai-dropped-researcher") is None
    assert explain((), "member-of-technical-staff") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("lunch at 12?", Silent.NOTHING_NEAR),
        ("who decides who gets what title", Silent.UNSURE),
        ("mts or not", Silent.NOT_ASKED),
        ("what does MTS mean?", None),
    ],
)
def test_why_nothing_is_said_unasked(library: Library, text: str, reason: Silent | None):
    ranked = rank(text, Surface.CHANNEL, library.index, library.thresholds)

    assert why_silent(ranked, Surface.CHANNEL, library.thresholds) is reason


def test_between_two_that_fit_as_well_nothing_is_said(library: Library):
    first, second, *_ = rank("what does MTS mean?", Surface.CHANNEL, library.index, library.thresholds)
    strict = library.thresholds.model_copy(update={"gap": 0.1})

    level = (first, replace(second, confidence=first.confidence - 0.05))
    assert why_silent(level, Surface.CHANNEL, strict) is Silent.BETWEEN
    assert why_silent(level, Surface.CHANNEL, library.thresholds.model_copy(update={"gap": 0.01})) is None


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("Rolefit editors", Owner("Rolefit editors", None)),
        ("Ben Ito (U012AB3CD)", Owner("Ben Ito", "U012AB3CD")),
        ("U012AB3CD", Owner(None, "U012AB3CD")),
        (" C012AB3CD ", Owner(None, "C012AB3CD")),
        ("The widgets (C012AB3CD)", Owner("The widgets", "C012AB3CD")),
        ("The widgets (CABCDEFGHIJ)", Owner("The widgets", "CABCDEFGHIJ")),
        ("CTO", Owner("CTO", None)),
        ("GROWTH", Owner("GROWTH", None)),  # a name in capitals
        ("Ben (Platform)", Owner("Ben (Platform)", None)),
    ],
)
def test_an_owner_is_a_name_or_an_id_or_both(text: str, owner: Owner):
    assert read_owner(text) == owner
    assert read_owner(text).channel == (owner.slack_id if (owner.slack_id or "").startswith("C") else None)
