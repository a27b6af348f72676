"""When a hold counts: who works on a row writes into it when, and may die, or have its clock put back meanwhile."""

HELD_AHEAD = 1800.0  # seconds; who holds a row until later than that has a clock that was put back since


def held_within(now: float, at_most: float) -> tuple[float, float]:
    """Give the times between which a row must have been held for work to be at it now.

    All in seconds since 1970, but `at_most`: seconds after which who held a row must be gone.
    """
    return now - at_most, now + HELD_AHEAD
