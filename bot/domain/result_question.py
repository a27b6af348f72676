"""A question about the result of a round, or an objection to it, in its thread: how it comes about, how sure it is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from bot.domain import smalltalk
from bot.domain.matching_text import any_of
from bot.domain.own_words import SHORT, is_put_as_question
from bot.domain.quiz_content import Quiz, TypedWords
from bot.domain.quiz_run import Run

ALIKE = 86  # fuzz.token_sort_ratio of a question about the result that nothing else is known to answer
_ARTICLES = frozenset({"a", "an", "the"})
_OF_THE_ROUND = frozenset({"i", "me", "my", "mine", "you", "your", "result"})
# What is said of a result, and not of a question that is open.
_OF_A_RESULT = re.compile(r"\b(?:arole|results?|change|flip|tips?|tipped|deci\w+|speaks?|spoke|difference)\b")
# Other ways to ask why, and the order of words behind them: "how come it is not", "why is it not"
_WHY = re.compile(
    r"^(?:how (?:come|is it|comes it|comes)|for (?:what|which) reasons?|what (?:is|are) the reasons?|wherefore"
    r"|why on earth|why exactly|i wonder why|(?:can you )?(?:explain|tell me|say)(?: to me)? why)"
    r"(?: that)?(?: you (?:say|said|think|did not say|do not say|didnt say|dont say))? (?=\w)"
)
_IN_ORDER = re.compile(r"^why (i|it|this|that|my work|result) (am|is|was|isnt)\b")
LONGEST, LONGEST_TERM = 300, 100  # characters of an objection, and of a question about a word
# In the spelling of small talk, which has no signs
_ASKING = r"(?:(?:and|but|so|ok|okay|well|then|sorry|hm|wait|hey|please|can you|would you|will you) )*"
_TERM = r"(?:(?:the|a|an|your|words?|by|with|when you say|that it is) )*(.+?)"
_LAST = r"(?: (?:here|there|now|exactly|actually|again|then|in (?:this|the|my) result|in my case|for me))*"
_ASKS_TERM = tuple(
    re.compile(_ASKING + pattern + _LAST)
    for pattern in (
        rf"what (?:does|do|did|is|are) (?:it mean )?{_TERM} (?:(?:even|actually|really|exactly) )?"
        r"(?:mean|means|say|stand for|tell me|supposed to mean|meant to be)",
        rf"what (?:does|do|did) (?:you|it) mean {_TERM}",
        rf"what (?:is )?means? {_TERM}",
        rf"what (?:is|are) (?:meant )?{_TERM}(?: about)?",
        rf"(?:explain|define|meaning of|what is the meaning of) {_TERM}",
        rf"{_TERM} means? what",
    )
)
# "would a different answer to question 4 matter": of which answer is not said
_ANOTHER_ANSWER = re.compile(
    _ASKING + r"(?:would|will|does|do|can|might) (?:another|a different|some other|any other|other|different) "
    r"(?:answers?|choices?)(?: (?:to|for|at|on|in) (?:\w+ ){0,2}\w+)? "
    r"(?:matter|change (?:it|that|this|anything|things|(?:the|my) (?:result|outcome|role))|make (?:a|any) difference)"
)
# "how much is due to question 2", "how heavily does my third answer weigh": what an answer has to do with the result
_NUMBER = r"(?:\d|one|two|three|four|five|six)"
_AN_ANSWER = (
    rf"(?:(?:the|my|your|that|this|each|which) )?(?:(?:question|number|answer|q) (?:to )?(?:question )?{_NUMBER}"
    r"|(?:first|second|third|fourth|fifth|last) (?:one|question|answer)|answer|question)"
)
_WEIGHS = r"(?:weigh|count|matter|contribute|influence it|change it|add|decide)"
_COMES_FROM = (
    r"(?:is|was|comes|came|depends|depended|rests|hangs)(?: (?:due|owed|down|based))?(?: (?:to|from|on|because of))+"
)
_DUE_TO_ANSWER = re.compile(
    _ASKING + rf"(?:how (?:much|far|heavily|strongly)(?: (?:of (?:it|this|that|the result)|weight))? "
    rf"(?:{_COMES_FROM} {_AN_ANSWER}|(?:does|do|did|has|have) {_AN_ANSWER}(?: (?:{_WEIGHS}|weight))?)"
    rf"|what (?:does|did) {_AN_ANSWER} (?:have to do with (?:it|this|that)|{_WEIGHS})"
    rf"|(?:does|did) {_AN_ANSWER} {_WEIGHS})(?: (?:for|to|in|at all|(?:the|my|this) result|it|this|that|here|there))*"
)
# "why 68", "where does the 24 come from": a percentage of the result
_WHY_NUMBER = re.compile(
    _ASKING + r"(?:(?:why|how come)(?: (?:is it|is that|only|just|exactly|the))* \d{1,3}(?: (?:percent|and not .{1,20}"
    r"|not .{1,20}))?"
    r"|where (?:does|do|did) (?:the )?\d{1,3}(?: percent)? come from|what (?:is"
    r"|does) (?:the )?\d{1,3}(?: percent)?(?: mean)?"
    r"|how (?:do|did) you get (?:to )?(?:the )?\d{1,3}(?: percent)?)"
)
_OBJECTS = re.compile(
    r"\W*(?:(?:ok|okay|hm+|well|yes|yeah|sure|right)\b[\s,.…]*)*"
    r"(?:(?:but|however|though|yet|no|nah|nope|hm+|well|actually|honestly|really|still|wait|eh)\b"
    r"|(?:i\s+)?(?:really\s+)?(?:disagree|(?:do not|don['’]?t)\s+(?:think|believe|agree|see|feel))\b)",
    re.IGNORECASE,
)
# What says what they are or do, or that they see it otherwise; "no, I'm done" and "but I like it" do not.
_DOING = (
    r"(?:spend|work|write|build|run(?!\s+out)|train|ship|publish|code|make|lead|study|design|deploy|maintain|manage"
    r"|research|do(?!\s+(?:not|love|like|agree|see|think|want|have|need)\b)|(?:am|was)\s+doing|see\s+(?:myself"
    r"|my\s+work)"
    r"|feel\s+(?:more|less|like\s+an?)\b|(?:have|read)\s+(?:\w+\s+){0,2}(?:phd|doctorate|degree|background|papers?))"
)
_OF_ONESELF = re.compile(
    rf"\b(?:(?:i|we)\s+(?:\w+\s+){{0,2}}?{_DOING}\b"
    r"|i(?:['’]?m|\s+am|\s+was)\s+(?:an?|not|no|more|less|both|half|mostly|mainly|doing|working|building|writing)\b"
    r"|my\s+(?:\w+\s+)?(?:work|job|role|title|time|week|days?|focus|tasks?|projects?)\b"
    r"|disagrees?\b|(?:(?:do|did) not|(?:do|did)n['’]?t)\s+(?:agree|believe|expect)\b"
    r"|(?:do not|don['’]?t)\s+(?:think|see|feel)\s+(?:so|myself|i(?:['’]?m|\s+am|\s+do)"
    r"|(?:it|that|this)\s+(?:that\s+way|this\s+way|is|fits))\b)",
    re.IGNORECASE,
)
_THOUGH = re.compile(r"\b(?:though|tho|however)[\s.!]*$", re.IGNORECASE)
_I_AM = re.compile(
    r"\b(?:i am|i was|i work as|i do the work of|i see myself as|i feel (?:like|more like)"
    r"|my (?:role|title|job|work) is|my (?:job )?title says|i do not feel like|i dont feel like|they call me"
    r"|i call myself|it should (?:be|say))\b"
)
_DENIES = re.compile(r"\b(?:not|no|never|isnt|dont|doesnt|hardly)\b")
A_ROLE = "arole"  # in place of the name of a role, while a text is compared with the phrases


@dataclass(frozen=True)
class AboutResult:
    """A question about how the result of the round comes about, or how sure that is; `role`: another that it names.

    what_changes: it asks what would make it another.
    """

    role: str | None = None
    how_sure: bool = False
    what_changes: bool = False


@dataclass(frozen=True)
class AboutTerm:
    """A question what a word of a result means that says how close it is, by its name in `ResultTerms`."""

    term: str


@dataclass(frozen=True)
class Disagrees:
    """An objection to the result; `role`: that it says it should be, which may be the one that came out."""

    role: str | None = None


def about_result(text: str, run: Run, words: TypedWords, *, answerable: bool = False) -> AboutResult | None:
    """Read a question about how the result of a run comes about; None if there is no result, or it is another question.

    answerable: whether the FAQ has an answer to it, as to "why does a research engineer cost so much?". Then it counts
    only where the phrases have it.
    """
    recommended = run.recommendation
    if recommended is None:
        return None
    if len(text) <= LONGEST and _ANOTHER_ANSWER.fullmatch(smalltalk.plain(text)):
        return AboutResult(what_changes=True)
    if len(text) <= LONGEST and _is_about_figures(smalltalk.plain(text)):
        return AboutResult()
    groups = [_explaining(words.explain), _explaining(words.sure), _explaining(words.change)]
    roles = _with_roles(smalltalk.plain(text), run.quiz)[1]
    spellings = _spellings(text, run.quiz)
    asking = [
        spelling for spelling in spellings if _asks_about_result(spelling, _any_of(groups), answerable=answerable)
    ]
    if not asking:
        return None
    likeness = [max(_likeness(spelling, phrases) for spelling in asking) for phrases in groups]
    nearest = likeness.index(max(likeness))
    role = next((role for role in roles if role != recommended.role.id), None)
    return AboutResult(role, how_sure=nearest == 1, what_changes=nearest == 2)


def _is_about_figures(spelling: str) -> bool:
    return _DUE_TO_ANSWER.fullmatch(spelling) is not None or _WHY_NUMBER.fullmatch(spelling) is not None


def is_early(text: str, run: Run, words: TypedWords) -> bool:
    """Return whether a text asks how the result comes about, or what would change it, before there is one.

    What may be about the open question as well, such as "why that?", is none of these.
    """
    if run.recommendation is not None:
        return False
    phrases = _any_of([_explaining(words.explain), _explaining(words.sure), _explaining(words.change)])
    return any(
        _OF_A_RESULT.search(spelling) and _asks_about_result(spelling, phrases, answerable=False)
        for spelling in _spellings(text, run.quiz)
    )


def about_term(text: str, words: TypedWords, *, alone: bool) -> AboutTerm | None:
    """Read a question what a word of a result means that says how close it is, as in "what does leaning mean?".

    alone: whether the word asks that by itself, too, as in "leaning?": "so far?" and "not sure?" have another meaning.
    """
    if len(text) > LONGEST_TERM:
        return None
    plain = smalltalk.plain(text)
    terms = {
        smalltalk.plain(phrase): name
        for name in type(words.result_terms).model_fields
        for phrase in getattr(words.result_terms, name)
    }
    asked = {match[1] for pattern in _ASKS_TERM if (match := pattern.fullmatch(plain))}
    if alone and "?" in text:
        asked.add(plain)
    name = next((terms[phrase] for phrase in asked if phrase in terms), None)
    return AboutTerm(name) if name else None


def disagrees(text: str, run: Run) -> Disagrees | None:
    """Read an objection to the result of a run: "but I'm a researcher", "I spend half my time on product though".

    None if there is no result, or the text asks something. It says of themselves what they are or do.
    """
    if run.recommendation is None or len(text) > LONGEST or is_put_as_question(text):
        return None
    objects = _OBJECTS.match(text) or _THOUGH.search(text)
    plain = smalltalk.plain(text)
    roles = _with_roles(plain, run.quiz)[1]
    says_role = bool(roles) and _I_AM.search(plain) is not None
    if not says_role and not (objects and _OF_ONESELF.search(text)):
        return None
    return Disagrees(roles[0] if len(set(roles)) == 1 and not _DENIES.search(plain) else None)


def _any_of(groups: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*groups)


def _spellings(text: str, quiz: Quiz) -> set[str]:
    """Give a text in the spellings in which it may be one of the phrases; "how come not …" asks why not."""
    spelt = {_with_roles(plain, quiz)[0] for plain in (smalltalk.plain(text), smalltalk.bare(text))}
    return spelt | {_IN_ORDER.sub(r"why \2 \1", _WHY.sub("why ", spelling)) for spelling in spelt}


def _likeness(spelling: str, phrases: Iterable[str]) -> float:
    """Give how near the nearest of the phrases comes, in [0, 100]."""
    return max(fuzz.token_sort_ratio(spelling, phrase) for phrase in phrases)


def _asks_about_result(spelling: str, phrases: frozenset[str], *, answerable: bool) -> bool:
    if spelling in phrases:
        return True
    if len(spelling) >= 2 * SHORT and process.extractOne(spelling, phrases, scorer=OSA.distance, score_cutoff=1):
        return True
    if answerable or not spelling:
        return False
    words = set(spelling.split())
    if spelling.startswith("why ") and A_ROLE in words and words & _OF_THE_ROUND:
        return True
    alike = [phrase for phrase in phrases if phrase.split()[0] == spelling.split(maxsplit=1)[0]]
    return process.extractOne(spelling, alike, scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE) is not None


@lru_cache(maxsize=4)
def _explaining(phrases: tuple[str, ...]) -> frozenset[str]:
    """Give the phrases in one spelling, with A_ROLE for a role."""
    plain = (smalltalk.plain(phrase.replace("{role}", A_ROLE)) for phrase in phrases)
    return frozenset(" ".join(word for word in phrase.split() if word not in _ARTICLES) for phrase in plain)


def _with_roles(plain: str, quiz: Quiz) -> tuple[str, tuple[str, ...]]:
    """Put A_ROLE for each role that a text in one spelling names, and leave out articles; gives the roles too."""
    names = {name: role.id for role in quiz.roles for name in (smalltalk.plain(role.name), smalltalk.plain(role.id))}
    roles = re.compile(rf"\b(?:role of (?:an? |the )?)?({any_of(names)})s?\b(?: role\b)?")
    replaced = " ".join(word for word in roles.sub(A_ROLE, plain).split() if word not in _ARTICLES)
    return replaced, tuple(names[match[1]] for match in roles.finditer(plain))
