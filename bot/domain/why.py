"""Why an answer was given, or none, in terms that a reader can follow: words, how sure, what else it may have been."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.faq import Answer, Surface, bars_of, decide
from bot.domain.matching import Candidate
from bot.domain.thresholds import ReplyThresholds

SURE, FAIRLY_SURE = 0.8, 0.5  # confidences, which are calibrated: right four times of five, more often right than wrong
WORTH_NAMING = 0.01  # confidence of the best; below it nothing came near
RUNNER_UP = 0.03  # confidence of the next best; what is less likely would not be suggested to anybody either
SAME_BEGINNING = 3  # letters by which "titles" is seen to be "title"


class Certainty(StrEnum):
    """A confidence in words."""

    SURE = "certain"
    FAIRLY_SURE = "fairly_certain"
    UNSURE = "uncertain"


@dataclass(frozen=True)
class Explanation:
    """Why an entry was given as the answer: the words that matched, how sure, and the next best entry.

    matched: each word with what it was taken for, which is empty where that is the word itself.
    """

    matched: tuple[tuple[str, str], ...]
    certainty: Certainty
    runner_up: str | None


class Silent(StrEnum):
    """Why nothing is said to a message that was not put to the bot."""

    NOTHING_NEAR = "silent_nothing_near"
    UNSURE = "silent_unsure"
    BETWEEN = "silent_between"
    NOT_ASKED = "silent_not_asked"


def why_silent(ranked: Sequence[Candidate], surface: Surface, thresholds: ReplyThresholds) -> Silent | None:
    """Say why the candidates, best first, get no answer unasked; None if they do. The bars are those of `decide`.

    surface: one of UNPROMPTED.
    """
    if not ranked or ranked[0].confidence < WORTH_NAMING:
        return Silent.NOTHING_NEAR
    best = ranked[0]
    bars = bars_of(ranked, thresholds)
    if isinstance(decide(tuple(ranked), surface, bars), Answer):
        return None
    if best.confidence < (bars.follow_up if best.leans else bars.sure):
        return Silent.UNSURE
    runner_up = next((other for other in ranked[1:] if other.question == best.question), None)
    close = runner_up is not None and best.confidence - runner_up.confidence < bars.gap
    return Silent.BETWEEN if close else Silent.NOT_ASKED


def certainty(confidence: float) -> Certainty:
    """Put a calibrated confidence, in [0, 1], into words."""
    if confidence >= SURE:
        return Certainty.SURE
    return Certainty.FAIRLY_SURE if confidence >= FAIRLY_SURE else Certainty.UNSURE


def explain(ranked: Sequence[Candidate], entry: str, answered: Collection[str] = ()) -> Explanation | None:
    """Explain the choice of an entry among candidates, best first; None if it is not one of them.

    answered: all entries of the answer, none of which is what it may have been instead.
    """
    chosen = next((candidate for candidate in ranked if candidate.entry == entry), None)
    if chosen is None:
        return None
    why = chosen.why()
    matched = {typed: _taken_for(typed, meant) for typed, meant in why.topics or why.matched}
    others = (other for other in ranked if other.question == chosen.question and other.entry not in {entry, *answered})
    runner_up = next((other.entry for other in others if other.confidence >= RUNNER_UP), None)
    return Explanation(tuple(matched.items()), certainty(chosen.confidence), runner_up)


def _taken_for(typed: str, meant: str) -> str:
    """Give the word that a word was matched with; "" if that is only another form of it."""
    shown = meant.replace("-", " ")
    words = typed.replace("-", " ").split(), shown.split()
    beginnings = [[word.casefold()[:SAME_BEGINNING] for word in one] for one in words]
    return "" if beginnings[0] == beginnings[1] else shown
