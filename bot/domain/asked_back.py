"""What somebody asks back in a round: what the open question means, and which role it is."""

import re
from collections.abc import Iterable, Mapping

from bot.domain.matching_text import any_of

LONGEST = 200  # characters of what asks back; who writes more has something else to say
_COURTESIES = r"(?:(?:and|but|so|ok|okay|well|then|sorry|please|hm+|um+|wait)\b[\s,]+)*"
_FIRST = rf"\W*{_COURTESIES}"
_LAST = r"(?:\s+(?:then|now|please|exactly|really|actually|here|again|though|to me|for me))*\W*"
_QUESTION = r"(?:this|that|the|your)(?:\s+(?:last|first|one))?\s+question"
_MEANS = (
    r"(?:\s+(?:even|actually|really|exactly|supposed to|meant to))*"
    r"(?:\s+(?:mean|about|ask|asking|for|me|getting at|aiming at|after|on about|want(?:s|ing)?(?: to know)?))*"
)
_CAN_YOU = r"(?:(?:can|could|would|will) you\s+(?:please\s+)?)?"
_ASKS_BACK = tuple(
    re.compile(rf"{_FIRST}{pattern}{_LAST}", re.IGNORECASE)
    for pattern in (
        r"what(?:['’]?s|\s+(?:exactly\s+)?(?:is|does|did|do you mean (?:by|with)|is meant (?:by|with)))\s+"
        rf"{_QUESTION}{_MEANS}",
        rf"{_CAN_YOU}(?:explain|clarify|rephrase|reword|simplify)\s+"
        rf"(?:to me\s+)?(?:{_QUESTION}|this|that|it)"
        r"(?:\s+(?:differently|better|in (?:other|plain|simple|simpler) words))*",
        rf"{_CAN_YOU}(?:put|say|ask)\s+(?:{_QUESTION}|this|that|it)\s+"
        r"(?:differently|another way|in (?:other|plain|simple|simpler) words)",
        rf"i\s+(?:do not|don['’]?t|did not|didn['’]?t)\s+(?:quite\s+|really\s+)?(?:get|understand|follow|know what)\s+"
        rf"{_QUESTION}(?:\s+(?:means?|is about|is asking|wants))?",
        r"how\s+(?:am i (?:supposed|meant) to|should i|do i)\s+(?:read|understand|interpret|take)\s+"
        rf"(?:{_QUESTION}|this|that)",
        rf"what (?:are you asking|do you ask|do you want to know|do you want to hear|do you want from me)"
        rf"(?:\s+(?:me|for|(?:with|by|in) {_QUESTION}))*",
    )
)
_MARK = re.compile(rf"[^\w?]*{_COURTESIES}\?{_LAST}", re.IGNORECASE)  # "?", "wait, ??"
_WHICH = (
    r"(?:which|what)(?:\s+one)?(?:\s+of\s+(?:the|these|those)(?:\s+(?:three|3))?)?(?:\s+(?:kind|sort)\s+of)?"
    r"(?:\s+(?:ai\s+)?(?:roles?|title|job|one|engineer|researcher|scientist|person))?\s+"
    r"(?:am i|would i be|should i be|is mine|is it|is my (?:role|title|job)|do i have"
    r"|(?:would (?:best )?|could )?(?:fits?|suits?|match|matches) me"
    r"|describes me|fits my work|does my work call for)(?:\s+(?:so far|supposed to be|best|most))*"
)
_MY_ROLE = r"what(?:['’]?s|\s+is)\s+my\s+(?:role|title)"


# "what do I put as title in the ad?", "what should the job be called?"
_IN_THE_AD = (
    r"(?:\s+(?:(?:in|on|into|for|at)\s+)?(?:the|this|that|our|my|a)?\s*"
    r"(?:job\s+)?(?:ad|advert|posting|post|listing|vacancy|opening|role|job|position|description|contract|card|cv))*"
)
_JOB_TITLE = r"(?:(?:job|role|position)[- ]?)?(?:titles?|name)"
_ASKS_FOR_TITLE = (
    rf"(?:what|which)\s+(?:(?:do|should|would|can|could|shall)\s+(?:i|we)\s+(?:put|write|use|take|choose|pick|give)"
    rf"(?:\s+(?:it|them|down|in))*\s+(?:as|for|under)\s+(?:an?\s+|the\s+)?{_JOB_TITLE}"
    rf"|{_JOB_TITLE}\s+(?:do|should|would|can|could|shall)\s+(?:i|we)\s+"
    r"(?:put|write|use|take|choose|pick|give it|post|ask for)"
    rf"|{_JOB_TITLE}\s+(?:goes|fits|belongs|would fit|is right|is best|to use|to put|to write)"
    rf"|{_JOB_TITLE}\s+should\s+(?:it|this|that|the (?:role|job|position|ad|person))\s+(?:have|get|be|carry)"
    rf"|(?:do|should|would|can|shall)\s+(?:i|we|one)\s+call\s+(?:it|this|that|the (?:role|job|position|person))"
    rf"|should\s+(?:it|this|that|the (?:role|job|position|person)|the {_JOB_TITLE}|my {_JOB_TITLE})\s+be(?:\s+called)?"
    rf"|is\s+(?:it|this|that|the (?:role|job|position)|such a (?:role|job))\s+(?:usually\s+)?called)"
)
_WHOM_TO_HIRE = (
    r"(?:who|whom|what|which)(?:\s+(?:kind|sort|type)\s+of)?(?:\s+(?:person|people|role|engineer|candidate|profile|one))?\s+"
    r"(?:should|do|shall|would|must|can|am|are)\s+(?:i|we)\s+"
    r"(?:(?:then|now|actually|really|to|need to|have to|supposed to|going to|be)\s+)*"
    r"(?:hire|hiring|recruit|look(?:ing)? for|need|search for|go for|take on|bring in|advertise(?: for)?|employ)"
    r"(?:\s+(?:for (?:it|this|that|the (?:role|job|work))|first|there|by this|according to (?:this|that|you)))*"
)
# "skip the rest", "end it and just show me the result already": of who wants to see what comes out, before the end
_WISH = (
    r"(?:(?:(?:can|could|may|will|would|shall)\s+(?:you|i|we)|let\s+me|let['’]?s|let\s+us"
    r"|i(?:['’]d|\s+would)\s+like(?:\s+to)?|i(?:['’]d|\s+would)\s+rather|i\s+(?:want|need)(?:\s+to)?|just|only|simply|please"
    r"|already|then)\s+)*"
)
_LEAVE_OUT = (
    r"(?:skip|leave\s+out|omit|drop|pass\s+on|ignore)\s+(?:(?:all|the|these|those|of|my)\s+)*"
    r"(?:everything|all|rest|others?|remaining|following)"
    r"(?:\s+(?:of\s+)?(?:(?:the|these|those|other)\s+)*(?:questions|ones|quiz|them|it))?"
)
_AND_THEN = r"(?:\s*,\s*|\s+)(?:and\s+)?"
_END_IT = rf"(?:(?:end|stop|finish|close|quit|wrap\s+up|leave)(?:\s+(?:it|this|here|now|the\s+quiz))*{_AND_THEN})?"
_TO_RESULT = (
    rf"(?:{_END_IT}{_WISH}(?:show|give|tell|see|get|have|reveal|know|hear|read)\s+(?:me\s+)?(?:to\s+)?"
    r"|(?:skip|go|jump|get|move|straight|right|fast\s+forward)(?:\s+(?:straight|right|directly|ahead))?\s+to\s+)"
    r"(?:what(?:['’]s)?\s+)?(?:the|my)\s+(?:results?|outcome|recommendation)"
)
_NOW = r"(?:[\s,]+(?:now|already|right away|at once|straight away|immediately|right now|instead))*"
_WHY_ME = (
    r"(?:why\s+(?:me|was i|am i|did i|do i|exactly me|of all people me)\b[^?]*"
    r"|who\s+(?:has\s+)?(?:invited|asked|picked|chose|chosen|added|put|sent|wants|signed)\b[^?]*"
    r"|how\s+(?:come i|did i (?:get|end up))\b[^?]*)"
)


# "can I pick two?", "what if more than one fits?", "do I have to choose just one?"
_MORE = (
    r"(?:two|2|three|3|both|several|multiple|many|some|all|more than (?:just )?(?:one|1)|more|a (?:couple|few)"
    r"|a second(?: one)?|another(?: one)?(?: (?:too|as well))?|half (?:and|of) (?:half|each)"
    r"|(?:only|just) (?:one|1)|one|1)"
)
_OF_CHOICES = (
    r"(?:\s+of\s+(?:them|these|those|the (?:answers|options|choices)))?"
    r"(?:\s+(?:at once|at the same time|together|things?|answers?|options?|choices?|letters?|boxes|ones?|per question"
    r"|only|here|too|as well|if (?:both|two|they|several|more than one) (?:fit|fits|apply|applies|are true|match)))*"
)
# "Do I have to answer all?" is about the questions, and who wants to say more has more to say.
_OF_OTHERS = (
    r"(?!answer\s+(?:all|some|many)\b(?!\s+of\s+the\s+(?:answers|options|choices))"
    r"|(?:say|have)\s+(?:some|more|one|another|a\s+few)\b(?!\s+(?:than|answers?|options?|choices?|letters?)\b))"
)
_PICK = r"(?:pick|choose|select|take|give|answer|click|tick|check|have|press|mark|name|combine|mix|say|put|type|use)"
_CAN_I = (
    r"(?:(?:can|could|may|might|should|must|shall)\s+(?:i|we|you|one)|am i allowed to|are we allowed to"
    r"|is it (?:possible|ok|okay|allowed|fine|alright)(?:\s+(?:for me\s+)?to|\s+if i)|do (?:i|we) (?:have|need|get) to"
    r"|how (?:do|can|could|would) (?:i|we|you)|is there a way to|i (?:want|would like|need) to|i['’]d like to)"
)
_FITS = r"(?:fit|fits|apply|applies|match|matches|is right|are right|is true|are true|work|works|would fit|seem right)"
_ASKS_FOR_TWO = (
    rf"(?:{_CAN_I}\s+(?:(?:only|just|also|maybe|really|even)\s+)*{_OF_OTHERS}{_PICK}\s+(?:with\s+)?{_MORE}{_OF_CHOICES}"
    r"(?:\s+[a-h1-8]\s*(?:and|or|,|&|\+)\s*[a-h1-8])?"
    rf"|(?:what\s+if|and if|what (?:do|should) i do if|what when|how about if)\s+{_MORE}{_OF_CHOICES}\s+{_FITS}"
    r"(?:\s+(?:equally|about equally|the same|me))*"
    rf"|{_CAN_I}\s+{_PICK}\s+[a-h1-8]\s*(?:and|,|&|\+)\s*[a-h1-8](?:\s+(?:both|together))?"
    rf"|(?:can|could|may)\s+(?:it|the answer)\s+be\s+(?:two|both|several|more than one){_OF_CHOICES}"
    r"|(?:is|are)\s+(?:more than one|two|several|multiple)(?:\s+(?:answers?|choices?|options?))?\s+"
    r"(?:allowed|possible|ok|okay|fine|permitted|accepted)"
    r"|(?:only|just)\s+one(?:\s+(?:answer|choice|option))?(?:\s+(?:allowed|possible))?(?=\s*\?)"
    r"|(?:is (?:this|it)\s+)?(?:single|multiple)[- ]choice(?=\s*\?)"
    rf"|(?:two|three|several|more than one|many|a few)(?:\s+of\s+(?:them|these|those))?{_OF_CHOICES}\s+{_FITS}"
    r"(?:\s+(?:equally|about equally|the same|me|here))*)"
)


def asks_for_two(text: str) -> bool:
    """Return whether a text asks whether more than one choice can be taken, or says that more than one fits."""
    return _matches(_ASKS_FOR_TWO, text)


def asks_for_title(text: str) -> bool:
    """Return whether a text asks what the role is called, or what stands in an ad for it."""
    return _matches(rf"{_ASKS_FOR_TITLE}{_IN_THE_AD}", text)


def asks_whom_to_hire(text: str) -> bool:
    """Return whether a text asks whom to hire, as below a result about a role to fill."""
    return _matches(_WHOM_TO_HIRE, text)


def wants_result(text: str) -> bool:
    """Return whether a text says to leave out the questions that are left, or to show what comes out at once."""
    return _matches(rf"{_WISH}(?:{_LEAVE_OUT}|{_TO_RESULT}){_NOW}", text)


def asks_why_me(text: str) -> bool:
    """Return whether a text asks why somebody was invited to answer about a colleague's work, or by whom."""
    return _matches(_WHY_ME, text)


def matches(pattern: str, text: str) -> re.Match[str] | None:
    """Match a text as a whole, with what may stand before and behind what asks back; None if it is too long."""
    return re.fullmatch(rf"{_FIRST}{pattern}{_LAST}", text, re.IGNORECASE) if len(text) <= LONGEST else None


def _matches(pattern: str, text: str) -> bool:
    return matches(pattern, text) is not None


def asks_what_is_meant(text: str) -> bool:
    """Return whether a text asks what the open question means, with or without a word of it."""
    return len(text) <= LONGEST and any(pattern.fullmatch(text) for pattern in (*_ASKS_BACK, _MARK))


def asks_for_role(text: str, roles: Iterable[str]) -> bool:
    """Return whether a text asks which role comes out: "so, which role am I?", "am I a researcher?".

    roles: their names, as somebody may type them.
    """
    am_i = rf"{_am_i(roles)}(?:\s+or\s+(?:an?\s+)?(?:{any_of(roles)}))?"
    return _matches(rf"(?:{_WHICH}|{_MY_ROLE}|{am_i})", text)


def role_asked_for(text: str, roles: Mapping[str, str]) -> str | None:
    """Give the role of which a text asks whether it is theirs, as in "so am I a researcher?"; None if it names none.

    roles: by their names, as somebody may type them.
    """
    match = matches(_am_i(roles), text)
    return roles[match["role"].lower()] if match else None


def _am_i(roles: Iterable[str]) -> str:
    """Give a pattern for "am I a" and one of these roles."""
    am_i = r"(?:am\s+i|does\s+(?:it|that|this)\s+(?:make|mean)\s+(?:me|i\s+am|i['’]?m)|is\s+my\s+work\s+that\s+of)"
    return rf"{am_i}\s+(?:(?:really|actually|now|then|rather|more(?:\s+of)?)\s+)*an?\s+(?P<role>{any_of(roles)})"
