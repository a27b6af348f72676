"""An answer in several clauses, as somebody typed it: one that says it, two between which they are, several ahead."""

import re

from rapidfuzz import utils

from bot.domain.fit import Given
from bot.domain.one_choice import asks_or_denies, read_choice, read_wording
from bot.domain.own_words import MAYBE, MOST_GUESSES, hinted, scored
from bot.domain.quiz_content import HasChoices, Option
from bot.domain.quiz_run import Run
from bot.domain.two_choices import MOST_PARTS, read_halves

ALONE = 2  # pieces of a text that names one question: its number and the answer
_CLAUSES = re.compile(r"[.,;:!…()]+|\s[-–—]\s|\b(?:because|since)\b", re.IGNORECASE)
# What takes something back, or adds another thing, behind or before a clause that names a choice.
_TURNS = re.compile(
    r"\b(?:but|though|although|however|actually|sometimes|or|either|maybe|perhaps|possibly|also|rather|instead|partly"
    r"|used to|in theory|officially|on paper)\b",
    re.IGNORECASE,
)
# "i can't decide", "torn between": who says so names what it may be, and takes neither.
_UNDECIDED = re.compile(
    r"\b(?:i(?:['’]m| am)?\s+)?(?:(?:really|still|just|honestly)\s+)*"
    r"(?:(?:can(?:['’]?t|not|\s+not)|could(?:n['’]?t|\s+not)|do(?:n['’]?t|\s+not)\s+know\s+how\s+to)\s+(?:really\s+)?"
    r"(?:decide|choose|pick|say|tell)|(?:not\s+(?:quite\s+|really\s+)?sure|unsure|undecided|torn|wavering)(?:\s+about)?)\b"
    r"|\b(?:it\s+)?depends\b|\bhard\s+to\s+(?:say|choose|decide|pick|tell)\b|\btough\s+(?:call|one|choice)\b",
    re.IGNORECASE,
)
_EITHER = re.compile(r"\beither\b", re.IGNORECASE)
_BETWEEN_TWO = re.compile(
    r"\b(?:either|or|between|whether|if|and|versus|vs|which|one|of(?!\s+(?:years|months|weeks|days|quarters)\b)"
    r"|i (?:guess|think|suppose|mean)|maybe|perhaps|probably)\b|[.,;:!…()/&+]",
    re.IGNORECASE,
)
# "4: years, 5: a doctorate"; a number with nothing behind it may belong to an answer, as in "3 years".
_NUMBERED = re.compile(
    r"(?:^|[\s,;.])(?:and\s+)?(?:(?:questions?|answers?|number|no\.?|q)\s*|#\s*)?(\d{1,2})\s*[:=)]\s*", re.IGNORECASE
)
_LAST_WORDS = re.compile(r"[\s,;.]*(?:\band\b)?[\s,;.]*$", re.IGNORECASE)


def read_by_clause(text: str, question: HasChoices) -> Option | None:
    """Find the choice that one clause names by itself, as "several years" does in "several years, my grant runs four".

    None where another clause speaks for another choice, or the text takes something back.
    """
    clauses = _split(_CLAUSES, text)
    if not 1 < len(clauses) <= MOST_PARTS or asks_or_denies(text) or _TURNS.search(text):
        return None
    named = {choice.id: choice for clause in clauses if (choice := read_wording(clause, question))}
    if len(named) != 1:
        return None
    [choice] = named.values()
    others = (clause for clause in clauses if not read_wording(clause, question))
    return None if any(_speaks_for_other(clause, choice, question) for clause in others) else choice


def read_either(text: str, question: HasChoices) -> tuple[str, ...]:
    """Read between which two choices somebody is who cannot decide; empty if they do not say so, or name no two.

    Such are "either it is new or others can rerun it, I can't decide" and "torn between papers and features".
    """
    rest, undecided = _UNDECIDED.subn(",", text)
    if not (undecided or _EITHER.search(text)) or asks_or_denies(rest):
        return ()
    parts = _split(_BETWEEN_TWO, rest)
    if len(parts) > MOST_PARTS:
        return ()
    named = {choice.id for part in parts if (choice := read_choice(part, question) or hinted(part, question))}
    choices = tuple(choice.id for choice in question.choices if choice.id in named)
    return choices if len(choices) == MOST_GUESSES else ()


def numbered_in_words(text: str, run: Run) -> dict[str, Given] | None:
    """Read answers in words behind the numbers of their questions: "4: years, 5: a doctorate".

    None if the text is not put so; empty if it is, and one of the answers cannot be read.
    """
    before, *rest = _NUMBERED.split(text)
    if before.strip() or not rest:
        return None
    answers: dict[str, Given] = {}
    for number, answer in zip(rest[::2], rest[1::2], strict=True):
        if not 0 < int(number) <= len(run.numbered):
            return None
        question, said = run.numbered[int(number) - 1], _LAST_WORDS.sub("", answer)
        choice = read_choice(said, question)
        given = (choice.id,) if choice else read_halves(said, question)
        if not given:
            return {} if len(rest) > ALONE else None
        answers[question.id] = given
    return answers


def _speaks_for_other(clause: str, choice: Option, question: HasChoices) -> bool:
    (best, first), *_ = scored(utils.default_process(clause), question)
    return best >= MAYBE and first.id != choice.id


def _split(pattern: re.Pattern[str], text: str) -> list[str]:
    return [part for piece in pattern.split(text) if (part := piece.strip())]
