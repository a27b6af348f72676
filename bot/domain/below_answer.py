"""“Who uses it today?”: what to say, where the bot was asked, to a follow-up of an answer that stands above it."""

import re

from bot.domain.faq import Answer, NoAnswer, Reply, Suggestions, is_elliptic
from bot.domain.follow_up import TIMES_AND_PLACES
from bot.domain.matching import Index
from bot.domain.named_groups import tells_own_case

# "who disagreed?", "and when?": of whom or what is not said
_OF_SOMETHING_SAID = re.compile(
    r"\W*(?:(?:and|but|so|ok|okay)\W+)?(?:by |for |since )?(?:who|whom|when|where|how (?:long|many|much|far))"
    r"(?: exactly| else| then)?(?: (?!is\b|are\b)(?:\w+ed|said|won|wrote|began|left|lost|thought|took part))?\W*",
    re.IGNORECASE,
)
_DETAIL = re.compile(
    r"\W*(?:(?:and|but|so|ok|okay)\W+)?(?:who|what|when|where|why|which|how|did|was|were)\b.*\bthe\s+\w+", re.IGNORECASE
)
# "harder to get in?", "is it better paid?": more or less than what, or of whom, is not said
_AND = r"\W*(?:(?:and|but|so|ok|okay|then)\W+)*"
_MORE_OR_LESS = re.compile(
    rf"{_AND}(?:(?:is|are|was|would|does|do|will)\s+(?:it|that|this|they|one)\s+(?:be\s+)?)?"
    r"(?:(?:any|much|a (?:lot|bit)|even|also|really|still|usually)\s+)*"
    r"(?:harder|easier|better|worse|higher|lower|faster|slower|longer|shorter|safer|riskier|cheaper|bigger|smaller"
    r"|tougher|stricter|simpler|busier|more|less|fewer)\b(?!\s+(?:please|about|of|on|info\w*|details?|examples?)\b)"
    r"(?:\s+[\w’'-]+){0,4}\W*",
    re.IGNORECASE,
)
# "and for what is it good?", "how long does it take": by itself that is about the bot or its quiz, and below an answer
# about what that says
_SAID = r"(?:it|that|one|they|those|these|them)"  # "this" is the bot, the quiz or the answer itself
_OF_WHAT_STANDS_ABOVE = re.compile(
    rf"{_AND}(?:"
    rf"(?:for\s+)?what(?:['’]?s|\s+is|\s+are)\s+{_SAID}(?:\s+(?:even|actually|really))?"
    r"\s+(?:good|useful|used|needed|meant|there)(?:\s+for)?"
    rf"|what(?:['’]?s|\s+is|\s+are)\s+{_SAID}\s+for|what\s+(?:good|use)\s+(?:is|are)\s+{_SAID}"
    rf"|what(?:['’]?s|\s+is)\s+the\s+(?:point|use|purpose|benefit|good)\s+of\s+{_SAID}"
    rf"|how\s+(?:long|much\s+time|many\s+(?:years|months|weeks|days|hours|minutes))\s+(?:does|did|do|will|would|can)\s+"
    rf"{_SAID}\s+(?:(?:usually|normally|typically|generally|really|actually)\s+)?(?:take|last|need)"
    r"(?:\s+(?:me|you|one|us|them|people))?"
    rf"|(?:does|did|will|would|do)\s+{_SAID}\s+take\s+(?:very\s+|that\s+|so\s+)?long"
    r")(?:\s+(?:then|exactly|usually|normally|actually|anyway|though|on average|in practice))*\W*",
    re.IGNORECASE,
)
# "why do they do that", "how come they do it?": what it is was said before, and no more is asked than why
_ONLY_WHY = re.compile(
    rf"{_AND}(?:(?:why|for what reason)(?:\s+on\s+earth)?\s+(?:do|does|did|would|should|is|are|was|has|have|can)"
    r"|how\s+come)\s+"
    r"(?:it|that|this|they|he|she|people|companies|labs)(?:\s+(?:all|even|really|actually|always|still))*"
    r"(?:\s+(?:do|does|did|doing|say|said|think|call|want|need|done|happen|happening|so|the case|like))*"
    r"(?:\s+(?:it|that|this|so|them|these things|such things|like (?:that|this)|(?:that|this) way))*\W*",
    re.IGNORECASE,
)
# "what happened after that?", "and now?", "who invented it?": what came before or after what an answer tells
_CAME_BEFORE_OR_AFTER = re.compile(
    rf"{_AND}(?:"
    r"what(?:['’]?s|\s+has|\s+have)?\s+happened(?:\s+(?:to\s+(?:it|that|them)|after\s+(?:that|this)|afterwards?|next|then|since"
    r"(?:\s+then)?))+"
    r"|(?:and|but)\s+(?:now|today|nowadays|since\s+then|these\s+days)"
    r"|what(?:['’]?s|\s+is|\s+comes|\s+came)\s+next"
    rf"|who\s+(?:first\s+)?(?:invented|coined|introduced|started|created|thought\s+of|came\s+up\s+with|began)\s+"
    rf"(?:all\s+)?(?:{_SAID}|this|the\s+(?:term|name|title|word|idea))"
    r")(?:\s+(?:then|exactly|actually|anyway|though|first))*\W*",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w’'-]+")
LONGEST = 80  # characters of a question that names nothing; who writes more says what it is about
LONG = 5  # letters of a word that says what a question is about
MOST_OF_DETAIL = 10  # words of a question about something in an answer
_ASKING_WORDS = frozenset(
    {"where", "which", "there", "their", "these", "those", "about", "would", "could", "should", "other"}
)
_ORDINALS = frozenset({"first", "second", "third", "last", "other", "former", "latter"})


def may_ask_for_detail(utterance: str) -> bool:
    """Return whether a message may ask about something in an answer above it: "how long did the first phase take?"."""
    if len(_WORD.findall(utterance)) > MOST_OF_DETAIL:
        return False
    return bool(_names_nothing(utterance) or _DETAIL.match(utterance))


def _names_nothing(utterance: str) -> bool:
    """Return whether a message asks when, how much or whether more, and leaves of what to what was said before it."""
    return any(pattern.fullmatch(utterance) for pattern in (_OF_SOMETHING_SAID, _MORE_OR_LESS))


def asks_of_above(utterance: str) -> bool:
    """Return whether a message that by itself asks about the bot or its quiz is, below an answer, about that.

    "How long does it take?", "and for what is it good?", "what happened after that?", "we do both, what then?".
    """
    if len(utterance) > LONGEST:
        return False
    above = (_OF_WHAT_STANDS_ABOVE, _CAME_BEFORE_OR_AFTER)
    return any(pattern.fullmatch(utterance) for pattern in above) or tells_own_case(utterance)


def asks_only_why(utterance: str) -> bool:
    """Return whether a message asks why what was said is so, and names nothing: "why do they do that?"."""
    return len(utterance) <= LONGEST and _ONLY_WHY.fullmatch(utterance) is not None


def asks_for_detail(utterance: str, answer: str) -> bool:
    """Return whether a message asks about something that an answer says, by the words that both have."""
    if not may_ask_for_detail(utterance):
        return False
    if _names_nothing(utterance):
        return True
    words = set(_WORD.findall(utterance.casefold())) - TIMES_AND_PLACES
    telling = {word for word in words if len(word) >= LONG or word in _ORDINALS} - _ASKING_WORDS
    return not telling.isdisjoint(_WORD.findall(answer.casefold()))


def reply_below(reply: Reply, utterance: str, above: str, index: Index, answer: str = "") -> Reply | None:
    """Choose what to say below the answer `above`, an entry; None if that answer is all that there is to say.

    reply: to the message, in the light of that answer. It does not suggest what was just answered, nor say the same to
    "what do they do all day?"; and of "what about startups?", which says no more than what it is about, the only
    suggestion is the answer. answer: what it says.
    """
    if isinstance(reply, Answer) and index.in_full(utterance, above) is not None:
        return None if [candidate.entry for candidate in reply.entries] == [above] else reply
    if not isinstance(reply, Suggestions | NoAnswer):
        return reply
    if index.is_bare(utterance):
        return None
    suggested = reply.candidates if isinstance(reply, Suggestions) else ()
    others = tuple(candidate for candidate in suggested if candidate.entry != above)
    if len(others) == 1 and others == suggested and is_elliptic(utterance):
        return Answer(others)
    if others:
        return Suggestions(others)
    is_said = bool(suggested) or index.points_back(utterance) or (answer != "" and asks_for_detail(utterance, answer))
    return None if is_said else NoAnswer()
