"""A question about the result of a round, in its thread: how it comes about, and how sure that is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from bot.domain import smalltalk
from bot.domain.matching_text import any_of
from bot.domain.own_words import SHORT
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
A_ROLE = "arole"  # in place of the name of a role, while a text is compared with the phrases


@dataclass(frozen=True)
class AboutResult:
    """A question about how the result of the round comes about, or how sure that is; `role`: another that it names."""

    role: str | None = None
    how_sure: bool = False


def about_result(text: str, run: Run, words: TypedWords, *, answerable: bool = False) -> AboutResult | None:
    """Read a question about how the result of a run comes about; None if there is no result, or it is another question.

    answerable: whether the FAQ has an answer to it, as to "why does a research engineer cost so much?". Then it counts
    only where the phrases have it.
    """
    recommended = run.recommendation
    if recommended is None:
        return None
    explain, sure = _explaining(words.explain), _explaining(words.sure)
    roles = _with_roles(smalltalk.plain(text), run.quiz)[1]
    spellings = _spellings(text, run.quiz)
    asking = [spelling for spelling in spellings if _asks_about_result(spelling, explain | sure, answerable=answerable)]
    if not asking:
        return None
    how_sure = max(_likeness(spelling, sure) - _likeness(spelling, explain) for spelling in asking) > 0
    return AboutResult(next((role for role in roles if role != recommended.role.id), None), how_sure)


def is_early(text: str, run: Run, words: TypedWords) -> bool:
    """Return whether a text asks how the result comes about, or what would change it, before there is one.

    What may be about the open question as well, such as "why that?", is none of these.
    """
    if run.recommendation is not None:
        return False
    phrases = _explaining(words.explain) | _explaining(words.sure)
    return any(
        _OF_A_RESULT.search(spelling) and _asks_about_result(spelling, phrases, answerable=False)
        for spelling in _spellings(text, run.quiz)
    )


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
