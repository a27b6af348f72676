"""Which of the suggestions above it a message picks."""

import pytest

from bot.domain.picked_suggestion import ONLY, picked_suggestion, place_among


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("2", 2), (" 3. ", 3), ("the second one", 2), ("first", 1),
        ("yes", ONLY), ("Yes, please!", ONLY), ("yep that's it", ONLY), ("exactly", ONLY), ("that one", ONLY),
        ("y", ONLY), ("1.", 1),
        ("no", None), ("", None), ("12", None), ("0", None), ("yes but what about Meta", None), ("yesterday", None),
        ("right, and who decides that?", None),
    ],
)  # fmt: skip
def test_a_number_a_place_or_yes_picks_and_nothing_that_says_more(text: str, picked: int | None):
    assert picked_suggestion(text) == picked


@pytest.mark.parametrize(
    ("number", "count", "place"),
    [(1, 1, 0), (2, 3, 1), (ONLY, 1, 0), (ONLY, 2, None), (ONLY, 0, None), (3, 2, None), (1, 0, None), (None, 1, None)],
)
def test_only_what_stands_there_is_picked(number: int | None, count: int, place: int | None):
    assert place_among(number, count) == place
