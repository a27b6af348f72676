"""“Not the ML engineer, the research scientist: what do they do?”: what a message sets aside before it asks.

By the words that both halves have, either may be what is asked. So each is looked at by itself, too.
"""

import re
from dataclasses import dataclass

LONGEST = 140  # characters of what is set aside
LEAST_WORDS = 3  # of what is asked; in fewer, most of it stands in the other half

_LEAD = r"\W*(?:(?:no|nope|nah|sorry|hey|hi|hello|please|ok|okay|so|well|and|but|um+|hm+)\b[\s,.:!]*)*"
_I_AM = r"(?:i|we)(?:\s*['’]?m|\s+am|\s*['’]re|\s+are)?"
_NOT = r"(?:do\s*n[o'’]?t|don['’]?t|did\s*n[o'’]?t|did\s+not|do\s+not|not|never)"
_ASK = (
    r"(?:ask(?:ing|ed)?|mean(?:ing|t)?|want(?:ing)?|care|need|talk(?:ing)?|after|interested|looking|wonder(?:ing)?"
    r"|speak(?:ing)?|say(?:ing)?|said)"
)
# "not sure", "not only" and "not a fan" set nothing aside.
_SETS_ASIDE = (
    rf"(?:{_I_AM}\s+(?:really\s+|just\s+)?{_NOT}\s+(?:really\s+|even\s+|so\s+much\s+|here\s+)?{_ASK}\b"
    r"|(?:don['’]?t|do\s+not)\s+(?:want|need|mean|care|tell\s+me|give\s+me)\b"
    r"|not\b(?!\s+(?:(?:really|so|very|quite|too|entirely)\s+)?(?:sure|certain|that|only|just|a\s+fan|to\s+be)\b)"
    r"|(?:it|this|that)(?:['’]?s|\s+is)\s+not\b"
    r"|my\s+(?:question|trouble|point|problem|issue|concern)\s+is(?:\s+not|n['’]t)\b"
    r"|(?:forget|never\s*mind|leave\s+aside|leaving\s+aside|apart\s+from|setting\s+aside)\b)"
)
_THEN = r"(?:\s*[.;:!?]\s+|\s*[—–]\s*|\s*,\s*|\s+-+\s+|\s+(?=but\b))"
_I_ASK = (
    r"(?:(?:but|rather|instead|just|only|merely|simply|also|it(?:['’]?s|\s+is)|asking"
    r"|(?:my|the)\s+question\s+is|tell\s+me|please|(?:i['’]d|i\s+would)\s+like\s+to\s+(?:know|hear)"
    r"|i(?:['’]?m|\s+am)?\s+(?:only\s+|just\s+|merely\s+)?"
    r"(?:ask(?:ing)?|mean|want\s+to\s+(?:know|hear)|want|need|said|wonder(?:ing)?|after))\b[\s,:]*)*"
)
_CONTRAST = re.compile(
    rf"{_LEAD}{_SETS_ASIDE}\s*(?P<set_aside>[^.;:!?]{{2,{LONGEST}}}?){_THEN}{_I_ASK}(?P<asked>\S.*)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Contrast:
    """The two halves of such a message, as texts: what it sets aside, and what it asks."""

    set_aside: str
    asked: str


def contrast_of(utterance: str) -> Contrast | None:
    """Tell what a message sets aside from what it asks; None if it does not begin by setting something aside."""
    match = _CONTRAST.fullmatch(utterance.strip())
    if match is None or len(match["asked"].split()) < LEAST_WORDS:
        return None
    return Contrast(match["set_aside"].strip(), match["asked"].strip())
