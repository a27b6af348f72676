"""“What did I say to question 3?”: a question what somebody has answered in their round by now."""

from bot.domain.asked_back import matches
from bot.domain.numbered_answers import placed
from bot.domain.one_choice import CARDINALS, PLACES
from bot.domain.quiz_run import Run
from bot.domain.readings import AsksForAnswers

_ANSWERS = r"(?:answers?|choices?|replies|reply|responses?|picks?|selections?)"
_MINE = rf"my\s+(?:(?:own|previous|earlier|last|given|quiz|current|first)\s+)*{_ANSWERS}"
_SAID = (
    r"(?:(?:already|so far|just|actually|even)\s+)*"
    r"(?:answer(?:ed)?|say|said|pick(?:ed)?|choose|chose|chosen|put|type[d]?|select(?:ed)?|click(?:ed)?|give|gave|given"
    r"|repl(?:y|ied)|respond(?:ed)?|enter(?:ed)?|tick(?:ed)?|mark(?:ed)?|take|took|taken"
    r"|(?:go|gone|went) (?:for|with))"
    r"(?:\s+(?:down|in))?"
)
_I = r"i(?:['’]ve|\s+have)?"
_SHOW = (
    r"(?:show|list|give|tell|display|repeat|recap|review|see|view|check|read|get|summari[sz]e|look at|go over|find"
    r"|remind me of)(?:\s+me)?(?:\s+again)?"
)
_I_MAY = (
    r"(?:(?:can|could|may)\s+(?:i|you|we)|let\s+me|where\s+(?:can|do)\s+i|how\s+(?:can|do)\s+i"
    r"|i(?:['’]d| would)\s+like\s+to|i\s+(?:want|need|forgot)(?:\s+to)?)(?:\s+(?:please|just))*"
)
# The question is called by a number or a place; without either all are meant.
_WHERE = (
    r"(?:[\s,]+(?:so far|yet|here|before|earlier|previously|until now|up to now|by now|till now|as (?:my )?answers?"
    r"|(?:to|for|at|on|in|of|about)\s+(?:the\s+|all\s+|this\s+|these\s+)*(?:quiz|round|questions|thread|others)"
    r"|(?:to|for|at|on|in|about|of)\s+(?:my\s+|the\s+)?(?:(?:question|number|no\.?|q|#)\s*)?"
    rf"(?P<called>\d{{1,2}}|{'|'.join(CARDINALS)}|{PLACES})(?:\s+(?:one|question))?"
    rf"|(?:question|number|no\.?|q|#)\s*(?P<number>\d{{1,2}}|{'|'.join(CARDINALS)})))*"
)
_PATTERNS = tuple(
    pattern + _WHERE
    for pattern in (
        rf"(?:what|which|how)(?:\s+(?:{_ANSWERS}|options?|one|ones|letters?))?\s+(?:did|have)\s+i\s+{_SAID}",
        rf"(?:what|which)(?:['’]?s|\s+(?:was|were|is|are))\s+(?:all\s+)?(?:of\s+)?{_MINE}",
        rf"(?:{_I_MAY}\s+)?{_SHOW}\s+(?:all\s+)?(?:of\s+)?"
        rf"(?:{_MINE}|(?:the\s+)?{_ANSWERS}\s+(?:that\s+)?i\s+(?:have\s+)?gave|what\s+{_I}\s+{_SAID})",
        rf"(?:{_I_MAY}\s+)?(?:remind|tell|show)\s+me\s+(?:of\s+)?(?:{_MINE}|(?:what|which|how)\s+{_I}\s+{_SAID})",
        r"i\s+(?:forgot|(?:don|can)['’]?t (?:remember|recall)|don['’]?t know any ?more)\s+"
        rf"(?:what|which)\s+{_I}\s+{_SAID}",
        rf"(?:all\s+)?(?:of\s+)?{_MINE}",
    )
)


def read_own_answers(text: str, run: Run) -> AsksForAnswers | None:
    """Read a question what somebody has answered, to one question or to all; None if the text is none."""
    for pattern in _PATTERNS:
        if match := matches(pattern, text):
            called = match["called"] or match["number"]
            question = placed(called, run) if called else None
            return AsksForAnswers(question.id if question else None)
    return None
