"""“Ana, how do you decide that?”: whom a message speaks to by name, where people talk with each other."""

import re
from collections.abc import Callable, Iterator

# What may stand before a name, and what stands where a name would and is none.
_OPENING = (
    r"(?:(?:hi|hiya|hey|hello|dear|ok|okay|so|and|but|thanks|thank you|thx|sorry|morning|good morning|yes|no|sure"
    r"|agreed|right|well|oh|nice|great|interesting)\b[\s,!.:]*)*"
)
_OPENING_WORDS = """
a after agreed all alright also an and any anybody anyone anyway at background basically bot but by colleagues
companies dear depends does each either else engineers every everybody everyone explain fine first folks for forget
friends from great guess guys he hello hey hi hiya honestly how i if in interesting is it just last likewise
meanwhile morning next nice no nobody not now of ok okay on one or others over overall people please question
quick re right rolefit same say scientists seriously she since slack so some somebody someone sorry still sure team
tell thanks that the then there they this to together under until update we well what when where which who whom
why with yes yesterday today tomorrow you your
"""
_NO_NAMES = frozenset(_OPENING_WORDS.split())
_NAME = r"@?([A-Z][^\W\d_]+)"
_COMMA = re.compile(rf"\W*(?i:{_OPENING}){_NAME}\s*[,:–—-]+\s")
# "Ana how do you decide?"
_BARE = re.compile(
    rf"\W*(?i:{_OPENING}){_NAME}\s+(?:how|what|why|which|who|where|when|do|did|are|were|can|could|would|will|have)"
    r"\s+(?:\w+\s+){0,2}(?:you|your)\b"
)
_LAST = re.compile(rf",\s*{_NAME}\s*[?!.]+(?:\s|$)")
_MENTIONED = re.compile(rf"\W*(?i:{_OPENING})(?:<@\w+(?:\|[^<>]*)?>|@(?!rolefit\b)\w[\w.-]+)", re.IGNORECASE)
_YOU = re.compile(r"\b(?:you|your|yours|yourself|you['’]\w+|u|ur)\b", re.IGNORECASE)


def calls_person(text: str, is_term: Callable[[str], bool]) -> bool:
    """Return whether a text speaks to somebody by their name, or by a mention at its beginning.

    is_term: whether a word is a role, a company or a person that the entries are about; "Meta, how are they organised?"
    calls nobody.
    """
    if _MENTIONED.match(text):
        return True
    return any(name.casefold() not in _NO_NAMES and not is_term(name) for name in _names(text))


def says_you(text: str) -> bool:
    """Return whether a text has "you" in it, be that whom it speaks to or anybody."""
    return _YOU.search(text) is not None


def _names(text: str) -> Iterator[str]:
    """Give the words that stand in a text where the name of whom it speaks to would."""
    for pattern in (_COMMA, _BARE):
        if match := pattern.match(text):
            yield match[1]
    yield from (match[1] for match in _LAST.finditer(text))
