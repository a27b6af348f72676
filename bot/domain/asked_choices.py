"""“What's the difference between c and d?”: which choices of the open question somebody wants explained."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from rapidfuzz import utils

from bot.domain.one_choice import ORDINALS, choice_at, picked_mark, read_choice, read_wording
from bot.domain.own_words import hinted, is_only
from bot.domain.quiz import LETTERS
from bot.domain.quiz_content import AnyQuestion, Opening, Option

LONGEST = 200  # characters of such a question; who writes more has something else to say
_FIRST = r"\W*(?:(?:and|but|so|ok|okay|well|then|wait|sorry|please|hm+|um+|hey|no)\b[\s,.:…]*)*"
_LAST = (
    r"(?:[\s,]+(?:then|now|please|exactly|really|actually|here|again|though|to me|for me|supposed to be"
    r"|in (?:this|the|that) question|in (?:other|plain|simple|simpler) words|in practice))*\W*"
)
_CAN_YOU = r"(?:(?:(?:can|could|would|will) you|i(?:['’]d| would) like you to|i need you to)\s+(?:please\s+)?)?"
_NOT = r"(?:(?:do not|don['’]?t|cannot|can['’]?t|not)\s+)(?:(?:quite|really|even)\s+)?"
_DO_NOT = rf"i(?:['’]m|\s+am)?\s+{_NOT}"
_DIFFERENCE = r"(?:(?:the|any|a)\s+)?(?:(?:real|exact|main|big)\s+)?diff(?:s|eren(?:ces?|t))?\b"
_ASKS_DIFFERENCE = (
    rf"(?:(?:what|where)(?:['’]?s|\s+is|\s+are|\s+would be)?|is there|{_CAN_YOU}(?:explain|tell me|say)(?:\s+to me)?"
    rf"|(?:{_DO_NOT}|{_NOT})(?:see|get|tell|understand|know|sure(?: about| of)?))\s+"
)
# "what's shipping?" is more often about the word than about a choice that has it.
_WHAT_IS = re.compile(rf"{_FIRST}what(?:['’]?s|\s+is|\s+are|\s+about)\s+(.+?){_LAST}", re.IGNORECASE)
# What is asked about stands in the groups; without any it is all choices, or the two that were offered.
_PATTERNS = tuple(
    re.compile(rf"{_FIRST}{pattern}{_LAST}", re.IGNORECASE)
    for pattern in (
        rf"(?:{_ASKS_DIFFERENCE})?{_DIFFERENCE}\s+(?:is there\s+)?(?:between|of|in)\s+(.+?)",
        rf"{_ASKS_DIFFERENCE}{_DIFFERENCE}",
        r"(?<!no )(?:(?:the|any)\s+)?differences?(?=\s*\?)",
        r"(?:(?:how|in what way)\s+)?(?:is|are|does|do)\s+(.+?)\s+(?:any\s+)?differ(?:ent|s)?"
        r"(?:\s+(?:from|to|than)\s+(.+?))?",
        r"(?:is|are|is\s*n['’]?t|are\s*n['’]?t)\s+(.+?)\s+(?:not\s+)?(?:just\s+)?(?:the\s+)?same(?:\s+(?:thing))?"
        r"(?:\s+as\s+(.+?))?",
        rf"(?:does|do|would)\s+((?:(?:answer|option|choice|letter|number)\s+)?(?:[1-9]|[{LETTERS}]))\s+"
        r"(?:(?:also|really|even)\s+)?(?:include|cover|involve|contain|mean)\s+.+?",
        r"(.+?)\s+(?:vs\.?|versus)\s+(.+?)",
        r"what\s+(?:distinguishes|separates|sets)\s+(.+?)\s+(?:apart\s+)?from\s+(.+?)",
        r"how\s+(?:do|can|should) i (?:tell|know)\s+(.+?)\s+(?:apart\s+)?from\s+(.+?)",
        r"what(?:['’]?s|\s+(?:does|do|would|is|are|did you mean with|did you mean by))\s+(.+?)\s+"
        r"(?:even |actually |really )?"
        r"(?:mean|means|stand for|refer to|include|cover|about|have in common|supposed to mean|meant to be)",
        r"what(?:['’]s|\s+is|\s+do you|\s+did you|\s+would you)\s+(?:meant?|understand)\s+(?:by|with|under)\s+(.+?)",
        r"(?:what(?:['’]s|\s+is)\s+)?(?:the\s+)?meaning of\s+(.+?)",
        r"what\s+(?:counts as|falls under|belongs to|goes under|goes into|would be)\s+(.+?)",
        rf"{_CAN_YOU}(?:explain|define|describe|clarify|elaborate on|expand on|say more (?:about|on)"
        r"|tell me (?:more )?about|give me more (?:about|on)|more (?:about|on))\s+(?:what\s+)?(.+?)(?:\s+means?)?",
        rf"(?:{_CAN_YOU}(?:give|show)\s+(?:me\s+)?|what(?:['’]?s|\s+is|\s+would be)\s+|do you have\s+)?"
        r"(?:an?\s+)?examples?\s+(?:of|for)\s+(.+?)",
        rf"(?:{_DO_NOT}(?:get|understand|follow|know)|(?:{_DO_NOT}|not )sure(?=\s+what))\s+"
        r"(?:what\s+)?(.+?)(?:\s+(?:means?|is|stands for|is about))?",
        r"(.+?)\s+means? what",
    )
)
_CALLED_CHOICES = re.compile(
    r"^(?:(?:my|the|your|those|these|all|all of|each of|both|both of)\s+)*"
    r"(?:answers?|options?|choices?|letters?|possibilities|buttons?)\s*(?=\W|$)",
    re.IGNORECASE,
)
# All choices, or those that were offered.
_ALL = frozenset(
    {"", "all", "all of them", "all of these", "each", "each of them", "each one", "them", "these", "those", "they"}
    | {"the two", "both", "both of them", "these two", "those two", "the two of them"}
)
_SOME = re.compile(r"(?:the\s+)?(first|last)\s+(two|three)(?:\s+(?:ones|answers|options|choices))?", re.IGNORECASE)
_HOW_MANY = {"two": 2, "three": 3}
_AND = re.compile(r"\s*(?:[,/&+]|\b(?:and|or|from|vs\.?|versus|than|compared to)(?=\s))\s*", re.IGNORECASE)
_OR = re.compile(r"\s*(?:[,/&+]|\b(?:and|or)(?=\s))\s*", re.IGNORECASE)
_WRAPPED = " \t\"'“”‘’«»?!.,:;"
_UNSURE = re.compile(r"(?:(?:or|so|is it|maybe|perhaps|then)\s+)*(.+?)\s*\?[\s?!]*", re.IGNORECASE)
# Such are "b but I'm not 100% sure" and "not sure, maybe b or c".
_NOT_SURE = (
    r"(?:i(?:['’]?m|\s+am)\s+)?(?:unsure|not\s+(?:(?:100\s*%|so|too|very|quite|really|totally|completely|entirely|fully)\s+)*"
    r"(?:sure|certain|confident))(?:\s+(?:about\s+(?:it|that|this)|though|tbh))*"
)
_SAID_UNSURE = (
    re.compile(rf"(.+?)[\s,;.!…–—-]+(?:(?:but|though|and)\s+)?{_NOT_SURE}[\s.!…]*", re.IGNORECASE),
    re.compile(rf"{_NOT_SURE}[\s,;.!…–—-]+(?:(?:but|so|maybe|perhaps)\s+)*(.+?)[\s.!…]*", re.IGNORECASE),
)


class Wordings(Enum):
    """By which of its wordings a choice counts as named."""

    LABEL = auto()  # or its short form
    WORD_FOR_WORD = auto()  # and every wording that the knowledge has for it
    LIKELY = auto()  # and other words that come near to one


@dataclass(frozen=True)
class AskedChoices:
    """What a text asks to have explained: choices by their ids, in the question's order; in_words: not by letters.

    `mark`: the letter or number that no choice has, if it names one; then there are no choices.
    """

    choices: tuple[str, ...] = ()
    mark: str | None = None
    in_words: bool = False


def asked_choices(
    text: str, question: AnyQuestion, offered: tuple[str, ...] = (), *, answerable: bool = False
) -> AskedChoices | None:
    """Read which choices of a question a text asks to have explained; None if it asks for none.

    offered: the choices that were offered last, which are meant by "the two". answerable: whether the FAQ has an answer
    to the text; then a choice counts by its letter or its label, and not by its other wordings.
    """
    if len(text) > LONGEST:
        return None
    for pattern in (*_PATTERNS, _WHAT_IS):
        if match := pattern.fullmatch(text):
            parts = [part for part in match.groups() if part]
            wordings = _read_wordings(question, word_for_word=pattern is _WHAT_IS, answerable=answerable)
            if asked := _named(parts, question, offered, wordings):
                return asked
    return None


def read_unsure_pick(text: str, question: AnyQuestion) -> tuple[str, ...]:
    """Read one choice or two that are picked by who is not sure, "c?" or "b or c, not sure"; empty if it is more."""
    patterns = (_UNSURE, *_SAID_UNSURE) if len(text) <= LONGEST else ()
    match = next(filter(None, (pattern.fullmatch(text) for pattern in patterns)), None)
    pieces = [piece for piece in _OR.split(match[1]) if piece] if match else []
    marks = [mark for piece in pieces if (mark := picked_mark(piece))]
    if match and match.re is not _UNSURE:  # "not sure about this one" picks none
        marks = [mark for mark in marks if len(mark) == 1 or mark.casefold() in ORDINALS]
    choices = [choice_at(mark, question) for mark in marks]
    chosen = tuple(dict.fromkeys(choice.id for choice in choices if choice))
    return chosen if 0 < len(chosen) == len(pieces) <= 2 else ()


def _read_wordings(question: AnyQuestion, *, word_for_word: bool, answerable: bool) -> Wordings:
    """Give by which wordings of a choice, besides its label, it counts as named.

    What says whom a round is about, such as "my job", names no choice that is asked about by itself.
    """
    if answerable or (word_for_word and isinstance(question, Opening)):
        return Wordings.LABEL
    return Wordings.WORD_FOR_WORD if word_for_word else Wordings.LIKELY


def _named(
    parts: list[str], question: AnyQuestion, offered: tuple[str, ...], wordings: Wordings
) -> AskedChoices | None:
    """Find the choices that are named in these parts of a text; without any part it is those that were offered."""
    bare = [_unwrapped(part).casefold() for part in parts]
    if len(bare) <= 1:
        named = bare[0] if bare else ""
        if named in _ALL or (named == "two" and offered):
            several = offered if len(offered) > 1 else tuple(choice.id for choice in question.choices)
            return _in_order(several, question)
        if some := _SOME.fullmatch(named):
            count = _HOW_MANY[some[2].casefold()]
            chosen = question.choices[:count] if some[1].casefold() == "first" else question.choices[-count:]
            return _in_order(tuple(choice.id for choice in chosen), question)
    pieces = [piece for part in bare for piece in (piece.strip(_WRAPPED) for piece in _AND.split(part)) if piece]
    marks = [mark for piece in pieces if (mark := picked_mark(piece))]
    if pieces and len(marks) == len(pieces):
        return _by_marks(marks, question)
    return _by_words(parts, question, wordings)


def _by_marks(marks: list[str], question: AnyQuestion) -> AskedChoices | None:
    """Find the choices with these letters or numbers; None for a number in words that none has, as in "another one"."""
    missing = [mark for mark in marks if choice_at(mark, question) is None]
    if missing:
        return AskedChoices(mark=missing[0].casefold()) if len(missing[0]) == 1 else None
    return _in_order(tuple(choice.id for mark in marks if (choice := choice_at(mark, question))), question)


def _by_words(parts: list[str], question: AnyQuestion, wordings: Wordings) -> AskedChoices | None:
    """Find the choice or the two that are named in words; an "and" may stand between two, or in the words of one."""
    ways = [parts]
    if len(parts) == 1:
        ways += [[parts[0][: match.start()], parts[0][match.end() :]] for match in _AND.finditer(parts[0])]
    for way in ways:
        choices = [_in_words(part, question, wordings) for part in way]
        if all(choices):
            return _in_order(tuple(choice.id for choice in choices if choice), question, in_words=True)
    return None


def _in_words(text: str, question: AnyQuestion, wordings: Wordings) -> Option | None:
    """Find the choice that a few words name, with no word besides that is not the choice's."""
    named = _unwrapped(text)
    plain = utils.default_process(named)
    for choice in question.choices:
        if plain and plain in map(utils.default_process, (choice.label, getattr(choice, "short", ""))):
            return choice
    if wordings is Wordings.LABEL:
        return None
    if wordings is Wordings.WORD_FOR_WORD:
        return read_wording(named, question)
    likely = read_wording(named, question) or read_choice(named, question) or hinted(named, question)
    return likely if likely and is_only(plain, likely) else None


def _unwrapped(text: str) -> str:
    """Give what a text says between its signs, and without "option" or "the answer" before it."""
    return _CALLED_CHOICES.sub("", text.strip(_WRAPPED)).strip(_WRAPPED)


def _in_order(choices: tuple[str, ...], question: AnyQuestion, *, in_words: bool = False) -> AskedChoices:
    return AskedChoices(tuple(choice.id for choice in question.choices if choice.id in choices), in_words=in_words)
