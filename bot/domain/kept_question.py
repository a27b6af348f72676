"""A question about what is kept of a round, and who gets to see it, however it is put."""

import re

# "erase all traces of me"
_DELETING = tuple(
    (re.compile(rf"\b(?:{verb})\b", re.IGNORECASE), re.compile(rf"\b(?:{what})\b", re.IGNORECASE))
    for verb, what in (
        ("delete|erase|wipe|purge", "me|my|mine|i|this|everything"),
        ("forget", "about me|my|i (?:said|told|typed|answered|wrote)"),
    )
)
# "who is going to see my answers"
_WHO_SEES = re.compile(
    r"^\W*(?:\w+\W+){0,3}who\s+(?:\w+\s+){0,6}(?:see|sees|read|reads|get to see|gets|get)\s+"
    r"(?:my|this|that|it|what i|these|the answers|any of)\b",
    re.IGNORECASE,
)
# "is this going to my manager", "will HR be told what I say", "do my answers end up with the boss"
_SOMEBODY = (
    r"(?:my|our|the)\s+(?:\w+\s+)?(?:manager|boss|lead|team|company|employer|director|supervisor|colleagues?|coworkers?"
    r"|ceo|admins?|peers|head)|hr|management|leadership|any(?:one|body)|some(?:one|body)(?:\s+else)?|others"
)
_MINE = r"(?:this|that|it|any of (?:this|it)|these|my\s+\w+|what i\s+\w+|the (?:answers?|results?))"
_REACHES = (
    r"(?:go(?:es|ing)?|get(?:s|ting)?(?:\s+back)?|be(?:ing)?\s+\w+|sent|passed(?:\s+on)?|forwarded|shown|shared|reported"
    r"|visible|given|told|known|reach(?:es|ing)?|end(?:s|ing)?\s+up|land(?:s|ing)?|leak(?:s|ing)?)"
)
_WHOM = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^\W*(?:(?:so|and|but|wait|ok|hm+)\W+)*(?:is|are|will|would|does|do|can|could)\s+(?:\w+\s+)?{_MINE}\s+"
        rf"(?:\w+\s+){{0,5}}?{_REACHES}\b.*\b(?:{_SOMEBODY})\b",
        rf"^\W*(?:(?:so|and|but|wait|ok|hm+)\W+)*(?:is|are|will|would|does|do|can|could)\s+(?:{_SOMEBODY})\s+"
        rf"(?:\w+\s+){{0,5}}?(?:told|informed|see|sees|read|get|gets|know|find out|learn|notified)\b.*"
        rf"\b(?:{_MINE}|about me|i\s+\w+)",
        rf"^\W*(?:where|to whom|whom?)\s+(?:does|do|will|is|are)\s+{_MINE}\s+(?:go(?:ing)?|sent|end up|land)\b",
    )
)


def asks_to_delete(text: str) -> bool:
    """Return whether a text says that something that is kept is to go."""
    return any((said := verb.search(text)) and what.search(text, said.end()) for verb, what in _DELETING)


def asks_who_sees(text: str) -> bool:
    """Return whether a text asks who gets to see what somebody answers, or whether a certain person does."""
    return bool(_WHO_SEES.search(text)) or any(pattern.search(text) for pattern in _WHOM)
