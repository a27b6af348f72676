"""“And the others?”, “for engineers?”, “in my case it’s product”: whom a few words below an answer ask about."""

import re

LONGEST = 80  # characters of what says no more than whom it is about
_AND = r"\W*(?:(?:and|or|but|so|ok|okay|then)\b\W*)*"
_ABOUT = r"(?:(?:what|how)\s+about|what\s+of|what\s+(?:do|does|are|is)(?=.*\b(?:do|doing|like)\b))"
_ELSE = r"(?:\s+(?:do|doing|like|then|though|please|say))*\W*"
# "the others", "the rest of them", "other companies": all but the one that was spoken of
_OTHERS = re.compile(
    rf"{_AND}(?:{_ABOUT}\s+)?(?:(?:at|in|for|of|with)\s+)?"
    r"(?:the\s+others?|the\s+rest(?:\s+of\s+(?:them|the\s+\w+))?|others"
    r"|(?:(?:all|any|the|some)\s+)*(?:the\s+)?other\s+(?:ones|companies|labs|firms|roles|titles|players|places))"
    rf"{_ELSE}",
    re.IGNORECASE,
)
_NOUN = re.compile(r"\b(?:companies|labs|firms|roles|titles|players|places)\b", re.IGNORECASE)
# "for engineers?", "and the product side?": those who do one kind of work, without the name of a role
_SIDE = r"(?:\s+(?:people|folks|side|team|teams|guys|crowd|types))?"
_GROUP = re.compile(
    rf"(?:\W*(?:(?:and|or|but|so|ok|okay|then)\b\W*)+(?:(?:{_ABOUT}|for|with|of|in)\s+)?|\W*(?:{_ABOUT}|for|with)\s+)"
    r"(?:(?:the|our|my|all|those|these)\s+)*"
    rf"(?:(?P<builds>engineers?|engineering{_SIDE}|developers?|devs?|product{_SIDE})"
    rf"|(?P<studies>researchers?|research{_SIDE}|scientists?|science{_SIDE}))(?:\s+(?:then|though|please))*\W*",
    re.IGNORECASE,
)
# "in our case product heavy", "we do both, what then": which case of the answer above somebody is in
_OWN_CASE = re.compile(
    rf"{_AND}(?:(?:what\s+)?if\s+)?"
    r"(?:(?:in|for)\s+(?:my|our)\s+case\b|(?:with|for|at)\s+us\s+it(?:['’]?s|\s+is)\b"
    r"|we\s+(?:do|are|have|need|want)\s+(?:(?:a\s+(?:bit|mix)\s+of|kind\s+of|sort\s+of)\s+)?(?:both|all\s+(?:three|of\s+(?:it|them|that)))\b"
    r"|(?:we(?:['’]?re|\s+are)|(?:our\s+work|it)(?:['’]?s|\s+is))\s+(?:mostly|mainly|more|rather|all|very)\s+"
    r"(?:about\s+)?(?:product|research|engineering|applied)\b)"
    r"(?P<more>[^?]{0,60})\??\W*",
    re.IGNORECASE,
)
_ASKS_ITS_OWN = re.compile(
    r"\b(?:which|who|whom|why|where|when|how|should|must|(?:is|are|can|could|do|does|need)\s+(?:i|we|it|a|an|the|they)\b)",
    re.IGNORECASE,
)


def asks_for_others(utterance: str) -> bool:
    """Return whether a message asks about all others than the one spoken of: "and the other companies?"."""
    return len(utterance) <= LONGEST and _OTHERS.fullmatch(utterance) is not None


def names_nobody(utterance: str) -> bool:
    """Return whether a message asks about others and does not say whether these are companies: "and the others?"."""
    return asks_for_others(utterance) and _NOUN.search(utterance) is None


def with_name_of_group(utterance: str) -> str:
    """Give "for engineers?" or "and product?", which name no role, with the role of those who do that work.

    The field guide calls those who build products AI engineers, and those who do research AI researchers.
    """
    group = _GROUP.fullmatch(utterance) if len(utterance) <= LONGEST else None
    if group is None:
        return utterance
    return "and AI engineers?" if group["builds"] else "and AI researchers?"


def names_group(utterance: str) -> bool:
    """Return whether a message says no more than that it is about engineers, product people or researchers."""
    return len(utterance) <= LONGEST and _GROUP.fullmatch(utterance) is not None


def tells_own_case(utterance: str) -> bool:
    """Return whether a message only says which case somebody is in: "we do both, what then?"."""
    case = _OWN_CASE.fullmatch(utterance) if len(utterance) <= LONGEST else None
    return case is not None and _ASKS_ITS_OWN.search(case["more"]) is None
