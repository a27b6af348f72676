"""“2”, “the second one”, “yes”: which of the suggestions above it a message picks."""

import re

from bot.domain.one_choice import position_of

ONLY = 0  # in place of a number: the only suggestion there is
_NUMBER = re.compile(r"\W*([1-9])\W*")
_YES = re.compile(
    r"\W*(?:yes|y|yeah|yea|yep|yup|exactly|correct|right|that one|this one|that['’]?s (?:it|the one|right))"
    r"(?:\W+(?:please|that one|this one|that['’]?s it|exactly|thanks|thank you))?\W*",
    re.IGNORECASE,
)


def picked_suggestion(text: str) -> int | None:
    """Give the number of the suggestion that a text picks, from 1; ONLY for "yes"; None if the text says more."""
    if number := _NUMBER.fullmatch(text):
        return int(number[1])
    position = position_of(text)
    if position is not None:
        return position + 1
    return ONLY if _YES.fullmatch(text) else None


def place_among(number: int | None, count: int) -> int | None:
    """Give the place, from 0, of the suggestion that `picked_suggestion` picks among so many; None if it picks none."""
    if number is None or (number == ONLY and count != 1):
        return None
    place = max(number, 1) - 1
    return place if place < count else None
