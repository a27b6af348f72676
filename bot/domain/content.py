"""What editors write and the domain decides by, as frozen models; unknown keys are refused.

The models say what shape a file has. What the files say of each other (a row that exists, a role that can be
reached) is checked in `bot.knowledge`, which knows the line it stands on. What the bot says is in
`bot.knowledge.words`.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Final, Literal, Protocol, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from bot.domain.matching_text import words

READABLE = r"^[^\x00-\x08\x0B-\x1F\x7F-\x9F\x{2028}\x{2029}]*$"  # no control characters, in Rust's syntax
IDENTIFIER = r"^[a-z0-9]+(-[a-z0-9]+)*$"
HTTPS_ADDRESS = r"^https://[^\s|>]+$"


def _has_a_word(text: str) -> str:
    if not any(words(text)):
        raise ValueError(f"{text!r} has neither a letter nor a digit; write at least one word")
    return text


Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER, max_length=60)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=READABLE)]
Wording = Annotated[Line, AfterValidator(_has_a_word)]  # what people write is compared with it, word by word
Weight = Annotated[float, Field(ge=0, le=10)]

MAX_ANSWER_WORDS = 90  # an answer is read in a thread, between two other things
MAX_LABEL = 75  # characters; a choice is read at a glance, and stands on a button
MAX_TOPIC, MAX_TOPICS = 60, 24  # characters on a button that counts its entries too; buttons in a row, but for one
MAX_SHORT_TEXT = 40  # a bullet on a phone
UNCHECKED_FOR = timedelta(days=365)  # then an answer should be read again
LEAST_WEIGHT = 0.001  # of the heaviest role of a choice; the shares of less would be lost in rounding

PURPOSE: Final = "purpose"  # the id of what is asked before the questions, and of its choices
OWN, ROLE, PEOPLE = "own", "role", "people"
OTHER: Final = "other"  # the purpose of a round about somebody else's work, which nobody chooses


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


HasId = TypeVar("HasId", bound=_HasId)


def _by_id(items: Iterable[HasId], wanted: str) -> HasId:
    for item in items:
        if item.id == wanted:
            return item
    raise KeyError(wanted)


class Authored(BaseModel):
    """Base of all models: frozen, and a misspelt key is an error instead of a silence; numbers are finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


# --- sources.yaml


class Document(Authored):
    """One of the documents the knowledge comes from."""

    id: Identifier
    title: Line
    author: Line | None = None
    year: Annotated[int, Field(ge=1000, le=9999)] | None = None  # of a document that names it
    url: Annotated[Line, StringConstraints(pattern=HTTPS_ADDRESS)] | None = None
    sections: tuple[Line, ...] = ()  # its headings; any may be cited where none is listed
    file: Line  # name in the folder of sources the project keeps beside the repository

    @property
    def made(self) -> str:
        """Say by whom and when it was written, in brackets after a blank; nothing where it names neither."""
        named = ", ".join(str(part) for part in (self.author, self.year) if part)
        return f" ({named})" if named else ""


class Sources(Authored):
    """The file `sources.yaml`."""

    documents: tuple[Document, ...] = Field(min_length=1)


class Citation(Authored):
    """Where something is said: a document and the heading it stands under."""

    document: Identifier
    section: Line


# --- tables.yaml


class Column(Authored):
    """A column of a table, after the first one, which holds the rows' labels."""

    id: Identifier
    label: Line


class Row(Authored):
    """A row: its label, one cell for each column id, and what a cell rests on where that is not the table's source."""

    id: Identifier
    label: Line
    cells: Mapping[Identifier, Line]
    sources: Mapping[Identifier, tuple[Citation, ...]] = Field(default_factory=dict)


class Table(Authored):
    """A table of the documents; `corner` is the heading above the row labels.

    `verbatim` says that the cells are the document's own words; those of other tables are ours.
    """

    id: Identifier
    title: Line
    corner: Line
    columns: tuple[Column, ...] = Field(min_length=1)
    rows: tuple[Row, ...] = Field(min_length=1)
    key: Line | None = None
    verbatim: bool = False
    source: Citation

    @model_validator(mode="after")
    def _each_row_fills_each_column(self) -> Self:
        known = {column.id for column in self.columns}
        for row in self.rows:
            if missing := known - row.cells.keys():
                raise ValueError(f"row {row.id!r} has no cell for column {', '.join(sorted(missing))}")
            if extra := row.cells.keys() - known:
                raise ValueError(f"row {row.id!r} has a cell for {', '.join(sorted(extra))}, which is no column")
            if extra := row.sources.keys() - known:
                raise ValueError(f"row {row.id!r} has sources for {', '.join(sorted(extra))}, which is no column")
        return self

    def row(self, row_id: str) -> Row:
        """Give the row with this id; KeyError if there is none."""
        return _by_id(self.rows, row_id)

    def column(self, column_id: str) -> Column:
        """Give the column with this id; KeyError if there is none."""
        return _by_id(self.columns, column_id)

    @property
    def citations(self) -> tuple[Citation, ...]:
        """What the cells rest on, each section once: the row's sources where it has some, else the table's."""
        cited = (
            citation
            for row in self.rows
            for column in self.columns
            for citation in row.sources.get(column.id, (self.source,))
        )
        return tuple(dict.fromkeys(cited))

    @property
    def explained(self) -> str | None:
        """The key, if one of its signs is in a cell."""
        signs = "✓○"
        used = any(sign in cell for row in self.rows for cell in row.cells.values() for sign in signs)
        return self.key if self.key and (used or not any(sign in self.key for sign in signs)) else None

    def transposed(self) -> "Table":
        """Give the table with its rows as columns."""
        return self.model_copy(
            update={
                "columns": tuple(Column(id=row.id, label=row.label) for row in self.rows),
                "rows": tuple(
                    Row(
                        id=column.id,
                        label=column.label,
                        cells={row.id: row.cells[column.id] for row in self.rows},
                        sources={row.id: row.sources[column.id] for row in self.rows if column.id in row.sources},
                    )
                    for column in self.columns
                ),
            }
        )

    def excerpt(self, rows: Sequence[str] = (), columns: Sequence[str] = ()) -> "Table":
        """Cut the table down to these rows and columns, in the order given; none named means all.

        Raises KeyError for a row or column that is not there.
        """
        chosen = tuple(self.column(name) for name in columns) or self.columns
        return self.model_copy(
            update={
                "columns": chosen,
                "rows": tuple(
                    row.model_copy(update={"cells": {column.id: row.cells[column.id] for column in chosen}})
                    for row in (tuple(self.row(name) for name in rows) or self.rows)
                ),
            }
        )


class Tables(Authored):
    """The file `tables.yaml`."""

    tables: tuple[Table, ...] = Field(min_length=1)


# --- faq.yaml


class Excerpt(Authored):
    """Which part of a table supports an answer; no rows or columns named means all of them.

    `transposed` shows the rows as columns.
    """

    table: Identifier
    rows: tuple[Identifier, ...] = ()
    columns: tuple[Identifier, ...] = ()
    transposed: bool = False


class Entry(Authored):
    """One question people ask, the ways they ask it, and the answer.

    `formerly` are the ids of entries that went, and whose questions this one answers now: an id is for ever. `topic` is
    the one under which the Home tab lists it; without one it stands there among the other questions.
    """

    id: Identifier
    formerly: tuple[Identifier, ...] = ()
    question: Wording
    phrasings: tuple[Wording, ...] = Field(min_length=5, max_length=30)
    keywords: tuple[Wording, ...] = Field(min_length=1)
    answer: Line
    excerpt: Excerpt | None = None
    sources: tuple[Citation, ...] = Field(min_length=1)
    owner: Line
    checked: date
    topic: Identifier | None = None

    @property
    def wordings(self) -> tuple[str, ...]:
        """Give the question and its other phrasings."""
        return (self.question, *self.phrasings)

    def is_due(self, today: date) -> bool:
        """Say whether nobody has held the answer against its sources for a year."""
        return today - self.checked > UNCHECKED_FOR

    @model_validator(mode="after")
    def _short_enough_to_read(self) -> Self:
        if (words := len(self.answer.split())) > MAX_ANSWER_WORDS:
            raise ValueError(f"the answer has {words} words; say it in {MAX_ANSWER_WORDS}")
        return self


def digest_of(entries: Iterable[Entry], tables: Mapping[str, Table]) -> str:
    """Give what changes when an answer of these entries would say something else: answers, excerpts or sources do.

    tables: by id. Questions, phrasings, owners and dates of checking change nothing. 64 characters. Raises KeyError for
    an excerpt of a table, row or column that is not there.
    """
    digest = hashlib.sha256()
    for entry in entries:
        said = entry.model_dump_json(include={"id", "answer", "excerpt", "sources"})
        digest.update(said.encode())
        if part := entry.excerpt:
            digest.update(tables[part.table].excerpt(part.rows, part.columns).model_dump_json().encode())
    return digest.hexdigest()


class Topic(Authored):
    """A group of entries on the Home tab, which has a button with this name."""

    id: Identifier
    name: Annotated[Wording, Field(max_length=MAX_TOPIC)]


class Faq(Authored):
    """The file `faq.yaml`. The topics stand on the Home tab in this order."""

    topics: tuple[Topic, ...] = Field((), max_length=MAX_TOPICS)
    entries: tuple[Entry, ...] = Field(min_length=1)


# --- not_answered.yaml


class NotAnswered(Authored):
    """A question near the subject that no entry answers; `reply` says so to somebody who asked the bot."""

    id: Identifier
    question: Wording
    phrasings: tuple[Wording, ...] = Field(min_length=3, max_length=30)
    reply: Line | None = None

    @property
    def wordings(self) -> tuple[str, ...]:
        """Give the question and its other phrasings."""
        return (self.question, *self.phrasings)


class NotAnsweredFile(Authored):
    """The file `not_answered.yaml`."""

    not_answered: tuple[NotAnswered, ...] = ()


# --- synonyms.yaml and matching.yaml


class Concept(Authored):
    """Words and expressions that mean the same in this field.

    Concepts of one kind stand in each other's place: another name or another role makes another question.
    """

    name: Identifier
    terms: tuple[Wording, ...] = Field(min_length=2)
    kind: Literal["name", "role"] | None = None


class Synonyms(Authored):
    """The file `synonyms.yaml`."""

    concepts: tuple[Concept, ...] = ()


class Check(Authored):
    """One promise about matching: this utterance gets this entry, or silence."""

    say: Line
    expect: Identifier  # of an entry, or "silence"
    surface: Literal["channel", "thread", "mention", "dm"] = "channel"
    after: Identifier | None = None


class Checks(Authored):
    """The file `checks.yaml`."""

    checks: tuple[Check, ...] = ()


# --- quiz.yaml


class Option(Authored):
    """One way to answer: its button, and how people type it."""

    id: Identifier
    label: Annotated[Line, Field(max_length=MAX_LABEL)]
    says: tuple[Line, ...] = ()


class Answer(Option):
    """An answer that has a say in what comes out, and the same in a few words, for the list of what decided."""

    short: Annotated[Line, Field(max_length=MAX_SHORT_TEXT)]


class Choice(Answer):
    """One answer to a question and what it says about each role.

    `cell` is the column of the roles table whose cell it picks, in the row its question asks about; what lies between
    two columns picks none.
    """

    weights: Mapping[Identifier, Weight]
    cell: Identifier | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(self.weights.values()):
            raise ValueError(f"choice {self.id!r} has no weights; give at least one role more than 0")
        if max(self.weights.values()) < LEAST_WEIGHT:
            raise ValueError(f"choice {self.id!r} weighs too little; give one role {LEAST_WEIGHT} or more")
        return self


class Side(Answer):
    """One answer to a tie-break: the role it speaks for, or none, which leaves it too close to call."""

    role: Identifier | None = None


class Question(Authored):
    """A question of the quiz; `dimension` is the row of the roles table it asks about.

    What ends in `_role` is said instead where it is not about one's own work but about a role, and what ends in
    `_other` where it is about somebody else's. `discuss` is what two people can talk about who have answered it
    differently for the same work.
    """

    id: Identifier
    dimension: Identifier
    text: Line
    text_role: Line | None = None
    text_other: Line | None = None
    why: Line
    discuss: Line | None = None
    choices: tuple[Choice, ...] = Field(min_length=3, max_length=5)


class TieBreak(Authored):
    """The question that is asked when these two roles are in front and too close to call."""

    id: Identifier
    roles: tuple[Identifier, Identifier]
    text: Line
    text_role: Line | None = None
    text_other: Line | None = None
    why: Line
    choices: tuple[Side, ...] = Field(min_length=2, max_length=5)
    source: Citation


class Opening(Authored):
    """What is asked before the questions: whether it is about one's own work, about a role, or about one's people."""

    id: Literal["purpose"] = PURPOSE
    text: Line
    why: Line
    choices: tuple[Option, ...]

    @model_validator(mode="after")
    def _has_each_purpose(self) -> Self:
        if [choice.id for choice in self.choices] != [OWN, ROLE, PEOPLE]:
            raise ValueError(f"the choices must have the ids {OWN}, {ROLE} and {PEOPLE}, in this order")
        return self


AnyQuestion = Question | TieBreak | Opening


class Role(Authored):
    """A role the quiz can recommend.

    `titles` are columns of the skills table, `regime` is a row of the regimes table. What ends in `_role` is said
    instead to whom it is not their own work.
    """

    id: Identifier
    name: Line
    column: Identifier
    summary: Line
    summary_role: Line
    advice: Line
    advice_role: Line
    titles: tuple[Identifier, ...] = Field(min_length=1)
    called: Line
    regime: Identifier


class Thresholds(Authored):
    """How far the first role must lead the second, in shares of the total."""

    clear: float = Field(gt=0, lt=1)
    leaning: float = Field(gt=0, lt=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.leaning >= self.clear:
            raise ValueError("'leaning' must be smaller than 'clear'")
        return self


class QuizTables(Authored):
    """Which tables the recommendation quotes."""

    roles: Identifier
    regimes: Identifier
    skills: Identifier


class Term(Authored):
    """A word of the questions, explained; `also` are other ways to write it. No `source`: the words are ours."""

    term: Line
    also: tuple[Line, ...] = ()
    text: Line
    source: Citation | None = None


class Trap(Authored):
    """What is wrong with grading a role's work on another column, and what to raise with a manager."""

    hurts: Line
    ask: Line
    ask_role: Line


class Review(Authored):
    """The question of how one is graded: what the last review looked at.

    `dimensions` are the rows of the roles table whose cells can be picked; `traps` by role.
    """

    text: Line
    text_role: Line
    text_other: Line | None = None
    why: Line
    dimensions: tuple[Identifier, ...] = Field(min_length=1)
    traps: Mapping[Identifier, Trap]
    source: Citation


class Quiz(Authored):
    """The file `quiz.yaml`."""

    tables: QuizTables
    roles: tuple[Role, ...] = Field(min_length=2)
    purpose: Opening
    questions: tuple[Question, ...] = Field(min_length=1)
    thresholds: Thresholds
    tie_breaks: tuple[TieBreak, ...]
    glossary: tuple[Term, ...] = ()
    risks: Mapping[Identifier, Line] = Field(default_factory=dict)
    review: Review | None = None
    sources: tuple[Citation, ...] = Field(min_length=1)

    def role(self, role_id: str) -> Role:
        """Give the role with this id; KeyError if there is none."""
        return _by_id(self.roles, role_id)

    def question(self, question_id: str) -> AnyQuestion:
        """Give the question with this id, the tie-breaks and the purpose included; KeyError if there is none."""
        return _by_id((self.purpose, *self.all_questions), question_id)

    def tie_break(self, first: str, second: str) -> TieBreak:
        """Give the question that decides between these two roles; KeyError if there is none."""
        for tie_break in self.tie_breaks:
            if set(tie_break.roles) == {first, second}:
                return tie_break
        raise KeyError((first, second))

    @property
    def all_questions(self) -> tuple[Question | TieBreak, ...]:
        """The questions in the order they are asked, the tie-breaks last."""
        return (*self.questions, *self.tie_breaks)


def worded(item: Authored, name: str, purpose: str) -> str:
    """Give a text as it is said for a purpose: that ending in `_role` where it is about a role and there is one.

    About somebody else's work it is that ending in `_other`, or else the one for a role.
    """
    endings = {ROLE: ("_role",), OTHER: ("_other", "_role")}.get(purpose, ())
    texts = (getattr(item, f"{name}{ending}", None) for ending in endings)
    return str(next((text for text in texts if text), getattr(item, name)))


def with_article(name: str) -> str:
    """Put "a" or "an" before a name by its first sound; a word in capitals is read letter by letter.

    >>> with_article("AI engineer"), with_article("research engineer"), with_article("ML engineer")
    ('an AI engineer', 'a research engineer', 'an ML engineer')
    """
    first = name.split(maxsplit=1)[0]
    vowels = "AEFHILMNORSX" if first.isupper() else "AEIOUaeiou"
    return f"{'an' if first[0] in vowels else 'a'} {name}"


# --- words.yaml: only what people type


def _names_only_roles(phrase: str) -> str:
    """Refuse braces, but for {role}, which stands for any role of the quiz."""
    if set("{}") & set(phrase.replace("{role}", "")):
        raise ValueError(f"unknown placeholder in {phrase!r}; there is: {{role}}")
    return phrase


Phrases = Annotated[tuple[Line, ...], Field(min_length=1)]
RolePhrase = Annotated[Line, AfterValidator(_names_only_roles)]


class TypedWords(Authored):
    """What people may type in a run's thread instead of clicking, by what it does."""

    back: Phrases
    skip: Phrases
    unsure: Phrases
    why: Phrases
    pause: Phrases
    leaves: Phrases  # wherever they stand in a message
    stop: Phrases
    resume: Phrases
    so_far: Phrases
    start_over: Phrases
    manages: Phrases
    yes: Phrases
    no: Phrases
    explain: Annotated[tuple[RolePhrase, ...], Field(min_length=1)]  # how a result comes about
    sure: Annotated[tuple[RolePhrase, ...], Field(min_length=1)]  # how sure that is
