"""`Library`: one immutable snapshot of the knowledge, and the indexes over it."""

import gzip
import hashlib
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from bot.domain import smalltalk
from bot.domain.authored import Citation
from bot.domain.below_answer import asks_of_above, may_ask_for_detail
from bot.domain.content import (
    Checks,
    Document,
    Entry,
    Faq,
    NotAnswered,
    NotAnsweredFile,
    Sources,
    Synonyms,
    Table,
    Tables,
    Topic,
)
from bot.domain.embeddings import Embedded
from bot.domain.faq import is_elliptic
from bot.domain.language import LanguageIdentifier, Languages
from bot.domain.learnt import Learnt, LearntFile
from bot.domain.lexicon import English
from bot.domain.matching import Index
from bot.domain.named_groups import asks_for_others, names_group
from bot.domain.not_answered import Decoys
from bot.domain.quiz_content import Quiz
from bot.domain.same_of_role import SameOfRole
from bot.domain.thresholds import ReplyThresholds
from bot.knowledge.words import Words
from bot.learnt_talk import LearntTalk

FilesSaved = Mapping[str, tuple[int, int]]  # name -> nanoseconds since 1970, and bytes

NOT_ANSWERED, LANGUAGES = "not_answered.yaml", "languages.yaml"
BOT = Path(__file__).parents[1]
ENGLISH, ENGLISH_SENSE = BOT / "english.txt.gz", BOT / "english.npz"


@dataclass(frozen=True, repr=False)
class Contents:
    """The YAML files of a knowledge folder as models, one a file: each is in order by itself."""

    sources: Sources
    tables: Tables
    faq: Faq
    quiz: Quiz
    words: Words
    synonyms: Synonyms
    thresholds: ReplyThresholds
    checks: Checks
    not_answered: NotAnsweredFile
    languages: Languages


_with_indexes: "list[weakref.ref[Library]]" = []  # as long as somebody uses them


@dataclass(frozen=True, repr=False)
class Library:
    """One snapshot of everything authored and learnt; what is costly to build is built at its first use."""

    documents: Mapping[str, Document]
    tables: Mapping[str, Table]
    entries: Mapping[str, Entry]
    quiz: Quiz
    words: Words
    synonyms: Synonyms
    thresholds: ReplyThresholds
    checks: Checks
    not_answered: tuple[NotAnswered, ...] = ()
    languages: Languages = field(default_factory=Languages)
    learnt_file: LearntFile | None = None
    embedded: Embedded | None = None
    learnt_talk: LearntTalk = field(default_factory=dict)
    topics: tuple[Topic, ...] = ()
    saved: FilesSaved = field(default_factory=dict)  # the files, as they were before they were read

    @classmethod
    def of(
        cls,
        contents: Contents,
        learnt: LearntFile | None,
        embedded: Embedded | None,
        learnt_talk: LearntTalk,
        saved: FilesSaved,
    ) -> "Library":
        """Make a snapshot of the files; of two things with one id it has the last."""
        return cls(
            documents={document.id: document for document in contents.sources.documents},
            tables={table.id: table for table in contents.tables.tables},
            entries={entry.id: entry for entry in contents.faq.entries},
            quiz=contents.quiz,
            words=contents.words,
            synonyms=contents.synonyms,
            thresholds=contents.thresholds,
            checks=contents.checks,
            not_answered=contents.not_answered.not_answered,
            languages=contents.languages,
            learnt_file=learnt,
            embedded=embedded,
            learnt_talk=learnt_talk,
            topics=contents.faq.topics,
            saved=saved,
        )

    @cached_property
    def index(self) -> Index:
        """Give the matcher's index over the entries."""
        if twin := self._with_the_same_answers("index"):
            return twin.index
        entries = tuple(self.entries.values())
        return Index.build(entries, self.synonyms, english(), self.thresholds.calibration, self.learnt)

    @cached_property
    def decoys(self) -> Decoys:
        """Give what recognises questions that are known not to be answered."""
        if twin := self._with_the_same_answers("decoys"):
            return twin.decoys
        return Decoys.build(tuple(self.entries.values()), self.not_answered, self.synonyms, english())

    @cached_property
    def talk_is_ready(self) -> bool:
        """Get small talk ready to be read, if it is not; true from then on."""
        smalltalk.prepare(self.words.talk)
        return True

    def tells_of(self, word: str) -> bool:
        """Return whether a word is in what the entries say or are about: then it names nobody among those who talk."""
        return word.casefold() in self._said_in_entries or self.index.names_term(word)

    @cached_property
    def _said_in_entries(self) -> frozenset[str]:
        texts = (text for entry in self.entries.values() for text in (entry.question, entry.answer, *entry.phrasings))
        return frozenset(word.casefold() for text in texts for word in smalltalk.plain(text).split())

    @cached_property
    def received_is_ready(self) -> bool:
        """Get what is asked about a result or a comparison ready to be read, if it is not; true from then on."""
        smalltalk.prepare(self.words.received)
        smalltalk.prepare(self.words.compare.asked)
        return True

    def _with_the_same_answers(self, built: str) -> "Library | None":
        """Give another library that has this index and differs in nothing that it is made of, as after most edits."""
        others = [library for ref in _with_indexes if (library := ref()) is not None and library is not self]
        _with_indexes[:] = map(weakref.ref, (*others, self))
        return next((library for library in others if built in vars(library) and library.digest == self.digest), None)

    @cached_property
    def language(self) -> LanguageIdentifier:
        """Give what recognises the languages that the bot does not answer in."""
        return LanguageIdentifier(self.languages)

    @cached_property
    def learnt(self) -> Learnt | None:
        """What labelled utterances taught; None for a knowledge that has none."""
        return Learnt.of(self.learnt_file) if self.learnt_file else None

    @cached_property
    def former(self) -> Mapping[str, str]:
        """The id of the entry that answers now, by former id."""
        return {former_id: entry.id for entry in self.entries.values() for former_id in entry.formerly}

    @cached_property
    def digest(self) -> str:
        """Give a digest of all that decides which entry answers a question and what its answer says."""
        parts = (*self.documents.values(), *self.tables.values(), *self.entries.values(), *self.not_answered)
        digest = hashlib.sha256()
        for part in (*parts, self.synonyms, self.thresholds, self.learnt_file):
            digest.update(part.model_dump_json(exclude={"topic"}).encode() if part else b"-")
        return digest.hexdigest()

    @property
    def example(self) -> str:
        """Give a question that is answered."""
        return next(iter(self.entries.values())).question

    def entry(self, entry_id: str) -> Entry | None:
        """Give the entry with this id, or the one that answers now what an entry with this id did."""
        return self.entries.get(entry_id) or self.entries.get(self.former.get(entry_id, ""))

    def leaning(self, utterance: str, after: str | None) -> str | None:
        """Give the entry that a follow-up refers to, by its present id. after: the entry that was the last answer.

        None if the message is by itself a question that is known to have no answer.
        """
        entry = self.entry(after) if after is not None else None
        if entry is None or (not is_elliptic(utterance) and self.decoys.recognise(utterance)):
            return None
        return entry.id

    @cached_property
    def same_of_role(self) -> SameOfRole:
        """Give what puts the question of an entry about another role."""
        return SameOfRole(self.synonyms.concepts, self.entries.values())

    def follows(self, utterance: str, *, prompted: bool) -> bool:
        """Return whether a message may lean on what was answered before it; prompted: the bot was asked."""
        if self.index.follows(utterance, prompted=prompted):
            return True
        if not prompted:
            return False
        by_words = (may_ask_for_detail, asks_of_above, asks_for_others, names_group)
        return any(leans(utterance) for leans in by_words) or self.index.asks_for_difference(utterance)

    def overview_of(self, entry_id: str) -> str | None:
        """Give the entry that is the overview of those of whom this one is about one; None if there is none."""
        return next((entry.id for entry in self.entries.values() if entry_id in entry.overview_of), None)

    def of_named_role(self, utterance: str, after: str | None) -> str | None:
        """Give the question of the entry `after` about the role that a follow-up names: "and AI engineers?".

        None if the follow-up says more than that, or that question asks what roles are.
        """
        if after is None or self.index.about_role(utterance) is None:
            return None
        question = self.entries[after].question
        return self.same_of_role.question(utterance, question, self.index.topics(question))

    def saying_of_role(self, question: str, after: str) -> str | None:
        """Give the entry, other than `after`, that has a wording for a question that `of_named_role` has put."""
        saying = self.same_of_role.entries_saying(question, self.index.topics(question))
        return next((entry for entry in saying if entry != after), None)

    def known(self, entry_ids: Iterable[str]) -> list[Entry]:
        """Give the entries with these ids, as `entry` does, without those that are gone."""
        return [entry for entry_id in entry_ids if (entry := self.entry(entry_id)) is not None]

    def decoy(self, decoy_id: str) -> NotAnswered | None:
        """Give the question with this id that is known not to be answered."""
        return next((decoy for decoy in self.not_answered if decoy.id == decoy_id), None)

    def excerpt(self, entry: Entry) -> Table | None:
        """Give the part of a table that supports this entry, if it has one."""
        if entry.excerpt is None:
            return None
        excerpt = self.tables[entry.excerpt.table].excerpt(entry.excerpt.rows, entry.excerpt.columns)
        return excerpt.transposed() if entry.excerpt.transposed else excerpt

    def cite(self, citations: Sequence[Citation]) -> str:
        """Name the documents cited, once only: 'Title (Author, 2025)', or 'Title' where it names neither.

        Raises KeyError for a document that is not there.
        """
        document_ids = dict.fromkeys(citation.document for citation in citations)
        documents = [self.documents[document_id] for document_id in document_ids]
        return "; ".join(document.short_title + document.made for document in documents)

    def can_show(self, quiz: Quiz) -> bool:
        """Say whether the tables have all rows and columns that a version of the quiz, perhaps an old one, quotes."""
        try:
            roles, skills, regimes = (
                self.tables[getattr(quiz.tables, name)] for name in ("roles", "skills", "regimes")
            )
            for role in quiz.roles:
                roles.column(role.column)
                regimes.row(role.regime)
                for title in role.titles:
                    skills.column(title)
            for question in quiz.questions:
                roles.row(question.dimension)
                for choice in question.choices:
                    roles.column(choice.cell or roles.columns[0].id)
            for dimension in quiz.review.dimensions if quiz.review else ():
                roles.row(dimension)
            self.cite(_citations(quiz))
        except KeyError:
            return False
        return True


def _citations(quiz: Quiz) -> list[Citation]:
    review = [quiz.review.source] if quiz.review else []
    terms = [term.source for term in quiz.glossary if term.source]
    return [*quiz.sources, *(tie_break.source for tie_break in quiz.tie_breaks), *terms, *review]


@cache
def english() -> English:
    """Read what is known of ordinary English words, from the tables that come with the bot."""
    table = gzip.decompress(ENGLISH.read_bytes()).decode("ascii")
    cells = table[table.index("\nthe ") :].split()
    with np.load(ENGLISH_SENSE) as sense:
        return English(cells[::2], bytes(map(int, cells[1::2])), sense["substance"].tobytes(), sense["related"])
