"""One choice of a question, as somebody typed it: its number, its letter, its label or their own words for it."""

import re

from rapidfuzz import utils

from bot.domain.own_words import SHORT, is_about, is_put_as_question, scored, telling_words
from bot.domain.quiz import LETTERS
from bot.domain.quiz_content import HasChoices, Option

SURE = 80  # token_set_ratio in [0, 100]: one word in five may be missing or two letters in ten mistyped
LEAD = 8  # how far the best choice must be ahead of the next; below it, asking is kinder than guessing
CARDINALS = ("one", "two", "three", "four", "five", "six")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
PLACES = "|".join((*ORDINALS, "last", "previous"))  # by which a question is called, as a part of a pattern
_NUMBERS = {
    word: str(number)
    for number, words in enumerate(zip(CARDINALS, ORDINALS, ("1st", "2nd", "3rd", "4th", "5th"), strict=False), 1)
    for word in words
}
_NUMBERS |= {"top": "1", "topmost": "1"}
_LAST = ("last", "bottom")
_AS_BEFORE = frozenset({"again", "before", "same"})
# "b", "2.", "(c)", "option 1", "no. 1" (but "no b" denies b), "the second one", "I think b", "b please", "hmm, b lol".
_PICKED = re.compile(
    r"(?:(?:h+m+|u+m+|uh+|oh|ok|okay|well|so|yeah)\b[,.…]*\s+)*"
    r"(?:(?:i(?:['’]d| would)? (?:think|guess|say|pick|choose|take|go (?:for|with))|(?:it|that)(?:['’]s| is)"
    r"|it would be|must be|probably|definitely|mostly|more like|maybe)\s+)*"
    r"(?:the\s+)?(?:(?:answer|option|choice|letter|number|no(?=\.?\s*\(?\d))\b\.?|#)?\s*\(?"
    rf"({'|'.join((*_NUMBERS, *_LAST))}|[1-9]|[{LETTERS}])"
    r"[).:!]*(?:\s+(?:one|answer|option|choice))?"
    r"(?:,?\s+(?:please|pls|i think|i guess|i['’]d say|for me|then|probably|definitely|for sure"
    r"|i suppose|actually|honestly|tbh|lol|haha|thanks|thank you)\b)*[.!]*",
    re.IGNORECASE,
)
# "a couple of years, I guess": how sure somebody is, who takes that choice all the same
_HEDGED_END = re.compile(
    r"[\s,]+(?:i (?:guess|think|suppose|believe)|i['’]d say|probably|more or less|in the end|all in all)[\s.!]*$",
    re.IGNORECASE,
)
_LONGEST_HEDGE = 40  # characters at the end of a text in which that is looked for
_DENYING = re.compile(
    r"\b(?:not|no(?!\.?\s*[1-9]\b)|never|none|nor|neither|without|cannot|\w+n['’]t|rather than|instead of"
    r"|anything but|except)\b",
    re.IGNORECASE,
)

# "almost only", "really more of": how much of it, which is all that somebody says who takes one choice
_DEGREE = re.compile(
    r"^(?:(?:almost|nearly|pretty much|basically|really|actually|just|only|all|always|entirely|exclusively|purely"
    r"|simply|mostly|mainly|rather|clearly|more(?: (?:of|like))?|it(?:['’]s| is))\s+)+",
    re.IGNORECASE,
)


def read_choice(text: str, question: HasChoices) -> Option | None:
    """Find the choice somebody typed: its number, its letter, its label or their own words for it.

    None if no choice fits, if two fit about as well, if the text is a question or a negation, if it is only a few
    letters long, or only refers to something else, as "the same again", and if it is one word that is no wording by
    itself: "papers" may be of those one writes or reads.
    """
    if mark := picked_mark(text.strip()):
        return choice_at(mark, question)
    normalised = utils.default_process(text)
    if not normalised:
        return None
    if exact := read_wording(text, question):
        return exact
    if asks_or_denies(text) or len(normalised) < SHORT or " " not in normalised or _only_refers_back(normalised):
        return None
    (best, choice), (next_best, _) = scored(normalised, question)[:2]
    return choice if best >= SURE and best - next_best >= LEAD and is_about(normalised, choice) else None


def _only_refers_back(typed: str) -> bool:
    """Return whether a text says nothing but that it is as before: "the same again"."""
    return bool(telling := telling_words(typed)) and _AS_BEFORE.issuperset(telling)


def read_choice_of_degree(text: str, question: HasChoices) -> Option | None:
    """Find a choice as `read_choice` does, also beside how much of it is so, and how sure that is.

    Such are "almost only features" and "a couple of years I guess".
    """
    bare = _DEGREE.sub("", text)
    if hedge := _HEDGED_END.search(bare, max(0, len(bare) - _LONGEST_HEDGE)):
        bare = bare[: hedge.start()]
    return read_choice(text, question) or (read_choice(bare, question) if bare != text else None)


def asks_or_denies(text: str) -> bool:
    """Say whether a text is put as a question or denies something: then what it names need not be what it takes."""
    return is_put_as_question(text) or _DENYING.search(text) is not None


def picked_mark(text: str) -> str | None:
    """Give the letter or number that a text consists of, whether or not a choice has it; None for another text."""
    picked = _PICKED.fullmatch(text)
    return picked.group(1) if picked else None


def read_pick(text: str, question: HasChoices) -> Option | None:
    """Find the choice that a text picks by its letter or number; None if it has none, or the text says more."""
    mark = picked_mark(text)
    return choice_at(mark, question) if mark else None


def choice_at(mark: str, question: HasChoices) -> Option | None:
    """Find the choice with this letter or number, which may be spelt out; None if there is none."""
    # Some letters are another one in lower case: "ı" and "İ" pass for an i, and are none of ours.
    mark = str(len(question.choices)) if mark.lower() in _LAST else _NUMBERS.get(mark.lower(), mark.lower())
    position = int(mark) - 1 if mark.isdigit() else LETTERS.find(mark)
    return question.choices[position] if 0 <= position < len(question.choices) else None


def position_of(text: str) -> int | None:
    """Give which of those that were offered a text picks, counted from 0, as "the first" and "second one" do."""
    mark = (picked_mark(text.strip()) or "").lower()
    return ORDINALS.index(mark) if mark in ORDINALS else None


def read_wording(text: str, question: HasChoices) -> Option | None:
    """Find the choice that the knowledge has word for word; None if there is none."""
    normalised = utils.default_process(text)
    for choice in question.choices:
        if normalised and normalised in map(utils.default_process, (choice.label, *choice.says)):
            return choice
    return None
