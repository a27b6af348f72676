"""What editors write and the domain decides by, as frozen models; unknown keys are refused.

The models say what shape a file has. What the files say of each other (a row that exists, a role that can be
reached) is checked in `bot.knowledge`, which knows the line it stands on. The quiz is in `bot.domain.quiz_content`, and
what the bot says in `bot.knowledge.words`.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from bot.domain.authored import Authored, Citation, Identifier, Line, Wording, by_id

HTTPS_ADDRESS = r"^https://[^\s|>]+$"

MAX_ANSWER_WORDS = 90  # an answer is read in a thread, between two other things
UNCHECKED_FOR = timedelta(days=365)  # then an answer should be read again


# --- sources.yaml


class Document(Authored):
    """One of the documents the knowledge comes from."""

    id: Identifier
    title: Line
    author: Line | None = None
    year: Annotated[int, Field(ge=1000, le=9999)] | None = None  # of a document that names it
    url: Annotated[Line, StringConstraints(pattern=HTTPS_ADDRESS)] | None = None
    sections: tuple[Line, ...] = ()  # its headings; any may be cited where none is listed
    file: Line | None = None  # name of its text in the folder of sources, where `rolefit check` looks for copies

    @property
    def short_title(self) -> str:
        """Its title without what stands behind a colon, by which it is cited below an answer."""
        return self.title.partition(": ")[0]

    @property
    def made(self) -> str:
        """Say by whom and when it was written, in brackets after a blank; nothing where it names neither."""
        named = ", ".join(str(part) for part in (self.author, self.year) if part)
        return f" ({named})" if named else ""


class Sources(Authored):
    """The file `sources.yaml`."""

    documents: tuple[Document, ...] = Field(min_length=1)


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
        column_ids = {column.id for column in self.columns}
        for row in self.rows:
            if missing := column_ids - row.cells.keys():
                raise ValueError(f"row {row.id!r} has no cell for column {', '.join(sorted(missing))}")
            if extra := row.cells.keys() - column_ids:
                raise ValueError(f"row {row.id!r} has a cell for {', '.join(sorted(extra))}, which is no column")
            if extra := row.sources.keys() - column_ids:
                raise ValueError(f"row {row.id!r} has sources for {', '.join(sorted(extra))}, which is no column")
        return self

    def row(self, row_id: str) -> Row:
        """Give the row with this id; KeyError if there is none."""
        return by_id(self.rows, row_id)

    def column(self, column_id: str) -> Column:
        """Give the column with this id; KeyError if there is none."""
        return by_id(self.columns, column_id)

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
    the one under which the Home tab lists it; without one it stands there among the other questions. `in_quiz` is said
    in place of the answer in the thread of a round. What is `about_bot` is answered only to who speaks to the bot.
    `needs` are beginnings of words, one of which a message must have to be about it. `person` is whom “he” or “she”
    means in a message below its answer. `overview_of` are the entries about one each of those that this one is about
    together: below one of them, “and the others?” gets this.
    """

    id: Identifier
    formerly: tuple[Identifier, ...] = ()
    question: Wording
    phrasings: tuple[Wording, ...] = Field(min_length=5, max_length=30)
    keywords: tuple[Wording, ...] = Field(min_length=1)
    answer: Line
    in_quiz: Line | None = None
    about_bot: bool = False
    needs: tuple[Line, ...] = ()
    person: Line | None = None
    overview_of: tuple[Identifier, ...] = ()
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
        for name, text in (("answer", self.answer), ("answer in the quiz", self.in_quiz or "")):
            if (words := len(text.split())) > MAX_ANSWER_WORDS:
                raise ValueError(f"the {name} has {words} words; say it in {MAX_ANSWER_WORDS}")
        return self


def digest_of(entries: Iterable[Entry], tables: Mapping[str, Table]) -> str:
    """Give a digest, of 64 characters, of everything that an answer with these entries shows.

    That is answers, excerpts and sources; questions, phrasings, owners and dates of checking do not change it. tables:
    by id. Raises KeyError for an excerpt of a table, row or column that is not there.
    """
    digest = hashlib.sha256()
    for entry in entries:
        content = entry.model_dump_json(include={"id", "answer", "excerpt", "sources"})
        digest.update(content.encode())
        if part := entry.excerpt:
            digest.update(tables[part.table].excerpt(part.rows, part.columns).model_dump_json().encode())
    return digest.hexdigest()


class Topic(Authored):
    """A group of entries on the Home tab, which has a button with this name."""

    id: Identifier
    name: Wording


class Faq(Authored):
    """The file `faq.yaml`. The topics stand on the Home tab in this order."""

    topics: tuple[Topic, ...] = ()
    entries: tuple[Entry, ...] = Field(min_length=1)


# --- not_answered.yaml


class NotAnswered(Authored):
    """A question near the subject that no entry answers; `reply` says so to somebody who asked the bot.

    `offers` are entries that come nearest to it, which are offered with the reply in place of what the words resemble.
    """

    id: Identifier
    question: Wording
    phrasings: tuple[Wording, ...] = Field(min_length=3, max_length=30)
    reply: Line | None = None
    offers: tuple[Identifier, ...] = Field(default=(), max_length=3)

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
