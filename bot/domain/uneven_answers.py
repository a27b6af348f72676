"""Answers of more than one choice that are no halves: “70% d 30% c”, “a and b and d”, “the second, but also uptime”."""

import re

from rapidfuzz import utils

from bot.domain.one_choice import asks_or_denies, choice_at, read_choice, read_choice_of_degree, read_pick
from bot.domain.own_words import hinted
from bot.domain.quiz_content import AnyQuestion, Option
from bot.domain.two_choices import MOST_TAKEN, bare_letters

LONGEST = 200  # characters; who writes more has something else to say
_SHARE = re.compile(r"(?<!\w)\d{1,3}\s*(?:%|percent\b|per cent\b)", re.IGNORECASE)
_NUMBERS = re.compile(r"(?<!\w)\d{1,3}(?!\w)")
_FRACTION = re.compile(
    r"\b(?:(?:(?:a|one|two|three)\s+)?(?:quarters?|thirds?|fifths?|tenths?)\s+of|(?:quarters?|thirds?|fifths?"
    r"|tenths?))\b",
    re.IGNORECASE,
)
_ALL = 100  # percent
_DENIED = re.compile(r"\W*(?:no+|nope|nah)\b[\s,;.:!–-]+(?:wait\b[\s,]*)?", re.IGNORECASE)
# "the second, but also uptime", "b, plus some papers"
_ALSO = re.compile(
    r"[\s,;.–-]+(?:(?:but|and|though)\s+(?:also|then also|a bit of|a little|some|sometimes)|plus(?:\s+(?:also|some))?"
    r"|as well as|also|together with|along with|in addition to)\s+",
    re.IGNORECASE,
)
_NONE = frozenset(
    {"neither", "none", "neither one", "not one", "no one of them", "nothing fits", "none fits", "neither fits"}
)
_NONE_OF = re.compile(
    r"(?:(?:well|hm+|honestly|sorry|actually|no) )*(?:neither|none|not (?:any|one)|nothing)(?: (?:really|at all"
    r"|quite))*"
    r"(?: (?:of|from)(?: (?:these|those|them|the (?:two|above|answers?|options?|choices?)|both|all that))?)?"
    r"(?: (?:really|at all|sorry|i think|i guess|to be honest|tbh|fits?))*"
)


def fits_none(text: str) -> bool:
    """Return whether a text says that no choice fits, and nothing more: "neither", "none really"."""
    spelling = utils.default_process(text)
    return "?" not in text and (spelling in _NONE or _NONE_OF.fullmatch(spelling) is not None)


def letters_of_more(text: str) -> bool:
    """Return whether a text takes more choices than an answer can have, by their letters, in whatever shares."""
    if len(text) > LONGEST:
        return False
    letters = {letter.lower() for letter in bare_letters(_without_shares(text))}
    return len(letters) > MOST_TAKEN and min(letters) >= "a" and max(letters) <= "h"


def read_uneven(text: str, question: AnyQuestion) -> tuple[str, ...]:
    """Read two choices that are named in uneven shares, behind "no", or the second with "also"; empty if they are not.

    The likelier is the first. Whether either is the answer, or half of each, has to be asked.
    """
    if len(text) > LONGEST:
        return ()
    return _by_shares(text, question) or _behind_no(text, question) or _with_another(text, question)


def _without_shares(text: str) -> str:
    return _FRACTION.sub(" ", _NUMBERS.sub(" ", _SHARE.sub(" ", text)))


def _by_shares(text: str, question: AnyQuestion) -> tuple[str, ...]:
    numbers = [int(number) for number in re.findall(r"(?<!\w)\d{1,3}", text)]
    is_share = _SHARE.search(text) is not None or _FRACTION.search(text) is not None
    if not (is_share or (len(numbers) == MOST_TAKEN and sum(numbers) == _ALL)):
        return ()
    found = _options(bare_letters(_without_shares(text)), question)
    if len(found) != MOST_TAKEN:
        return ()
    less_first = len(numbers) == MOST_TAKEN and numbers[0] < numbers[1]
    return tuple(option.id for option in (reversed(found) if less_first else found))


def _behind_no(text: str, question: AnyQuestion) -> tuple[str, ...]:
    denied = _DENIED.match(text)
    letters = bare_letters(text[denied.end() :]) if denied else []
    found = _options(letters, question)
    return tuple(option.id for option in found) if len(found) == len(letters) == MOST_TAKEN else ()


def _with_another(text: str, question: AnyQuestion) -> tuple[str, ...]:
    first, *rest = _ALSO.split(text)
    if len(rest) != 1 or asks_or_denies(text):
        return ()
    one = read_pick(first.strip(), question) or read_choice_of_degree(first.strip(), question)
    other = read_choice(rest[0], question) or hinted(rest[0], question)
    if one is None:
        return ()
    return (one.id, other.id) if other and other != one else (one.id,)


def _options(letters: list[str], question: AnyQuestion) -> list[Option]:
    found = [option for letter in letters if (option := choice_at(letter, question))]
    return list({option.id: option for option in found}.values()) if len(found) == len(letters) else []
