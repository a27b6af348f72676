"""“And AI engineers?” below an answer on grading research engineers: the same question, put about that role."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from rapidfuzz import fuzz

from bot.domain.content import Concept, Entry
from bot.domain.faq import is_elliptic
from bot.domain.matching_text import any_of
from bot.domain.quiz_content import with_article

TELLS = 0.3  # of a word of a question, how much it has to say for the question to be about more than roles
ALIKE = 80  # fuzz.ratio of a word with another ending: "grade" and "graded"
ROLE = "role"
# Those who may be anybody in a role: "do engineers publish", "does each role", "for these roles".
_ANYBODY = r"(?:(?:AI|ML)\s+)?(?:researchers?|engineers?|scientists?|roles?|people)"
_BEFORE = r"(?:(?:an?|the|each|every|all|any|these|those|other)\s+)*"
# Stems of what says no more than of whom something is asked, and of what asks what roles are.
_OF_WHOM = frozenset({"role", "engin", "engineer", "scientist", "research", "ai", "people", "title", "=title"})
_WHAT_THEY_ARE = frozenset({"=differ", "differ", "fit", "stand", "mean", "work", "same"})
_WORD = re.compile(r"[\w’'-]+")


class SameOfRole:
    """Puts the question of an entry about another role, by the words that mean a role."""

    def __init__(self, concepts: Iterable[Concept], entries: Collection[Entry]) -> None:
        self._entries = entries
        roles = [concept for concept in concepts if concept.kind == ROLE]
        self._names = {term.casefold(): concept.terms[0] for concept in roles for term in concept.terms}
        self._keys = frozenset(f"={concept.name}" for concept in roles)
        named = any_of(self._names)
        self._named = re.compile(rf"\b({named})(?:s|es)?\b", re.IGNORECASE)
        self._whom = re.compile(rf"\b{_BEFORE}(?:(?:{named})(?:es|s)?|{_ANYBODY})\b", re.IGNORECASE)

    def question(self, utterance: str, question: str, topics: Mapping[str, float]) -> str | None:
        """Give a question with the role that a follow-up names in place of whom it is about.

        topics: of the question, with how much each says. None if the follow-up says more than a role, or names two, or
        if the question asks what roles are, rather than something of them.
        """
        roles = self._roles(utterance)
        if (
            len(roles) != 1
            or not self._subject(topics)
            or not is_elliptic(utterance)
            or not self._whom.search(question)
        ):
            return None
        [role] = roles
        return self._whom.sub(with_article(role), question, count=1)

    def entries_saying(self, question: str, topics: Mapping[str, float]) -> Iterator[str]:
        """Give the entries, in their order, with a wording that asks of the same role what a question does.

        topics: of the question. The first time takes 20 ms, for looking at all wordings.
        """
        subject = self._subject(topics)
        for entry, words in self._wordings_by_roles.get(self._roles(question), ()):
            if _has_all(words, subject):
                yield entry

    @cached_property
    def _wordings_by_roles(self) -> Mapping[frozenset[str], list[tuple[str, list[str]]]]:
        """The words of each wording, with its entry, by the roles that it names."""
        by_roles: dict[frozenset[str], list[tuple[str, list[str]]]] = {}
        for entry in self._entries:
            for wording in entry.wordings:
                words = _WORD.findall(wording.casefold())
                by_roles.setdefault(self._roles(wording), []).append((entry.id, words))
        return by_roles

    def _roles(self, text: str) -> frozenset[str]:
        return frozenset(self._names[match[1].casefold()] for match in self._named.finditer(text))

    def _subject(self, topics: Mapping[str, float]) -> set[str]:
        """Give the words that say what is asked of roles; those of synonyms by the name of these."""
        rest = {topic for topic, weight in topics.items() if weight >= TELLS} - self._keys - _OF_WHOM - _WHAT_THEY_ARE
        return {topic.removeprefix("=") for topic in rest}


def _has_all(words: Iterable[str], subject: Iterable[str]) -> bool:
    return all(any(fuzz.ratio(word, topic) >= ALIKE for word in words) for topic in subject)
