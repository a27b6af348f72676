"""A question that is known not to be answered is known again, if no entry is as near."""

import pytest

from bot.knowledge import Library, nearest_decoy


@pytest.mark.parametrize(
    ("said", "decoy"),
    [
        ("What does a research engineer earn?", "pay-in-figures"),
        ("hi, how much does a research engineer make", "pay-in-figures"),
        ("how do i install PyTorch with CUDA??", "installing-things"),
        ("is there a hiring freeze at our company?", "own-headcount"),
        ("who is the CEO of anthropic", "company-people"),
    ],
)
def test_a_question_known_not_to_be_answered_is_known_again(library: Library, said: str, decoy: str):
    found = nearest_decoy(said, library)

    assert found is not None
    assert found.id == decoy


@pytest.mark.parametrize(
    "said",
    ["", "hi", "what", "What does a research engineer do?", "which restaurant has the best ramen?", "salary " * 100],
)
def test_nothing_else_is_taken_for_it(library: Library, said: str):
    assert nearest_decoy(said, library) is None


def test_no_question_of_an_entry_is_taken_for_one_that_is_not_answered(library: Library):
    for entry in library.entries.values():
        for text in (entry.question, *entry.phrasings):
            assert nearest_decoy(text, library) is None, text
