"""Texts that people read: short enough for Slack, in our own words, with articles, and with signs explained."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.domain.content import Table
from bot.domain.quiz_content import with_article
from bot.knowledge.library import NOT_ANSWERED, Library
from bot.knowledge.problems import Problem, YamlPath
from bot.knowledge.slack_limits import (
    MAX_BUTTON_TEXT,
    MAX_HEADER_TEXT,
    MAX_SECTION_TEXT,
    MAX_TABLE_COLUMNS,
    MAX_TABLE_ROWS,
    MAX_TABLE_TEXT,
)
from bot.knowledge.yaml_file import YamlFile

COPIED_WORDS = 9  # in a row that make a copy

_QUOTATION = re.compile('[“"][^”"]*[”"]')
_SIGN = re.compile("✓+|○")
_CONTRACTIONS = {
    "can't": "can not",
    "cannot": "can not",
    "won't": "will not",
    "n't": " not",
    "'re": " are",
    "'ve": " have",
}
_REFERENCE = re.compile(r"\[\d[\d, –-]*\]")  # "[3]", "[28–31]"

Files = Mapping[str, YamlFile]


def find_long_texts(library: Library, files: Files) -> Iterator[Problem]:
    """Find text and tables that Slack would cut or refuse."""

    def too_long(name: str, path: YamlPath, text: str, limit: int, where: str) -> Iterator[Problem]:
        if len(text) > limit:
            message = f"{len(text)} characters; Slack shows {limit} {where}"
            yield files[name].problem(path, message, f"Shorten it by {len(text) - limit}")

    for position, entry in enumerate(library.entries.values()):
        answer, question = ("entries", position, "answer"), ("entries", position, "question")
        yield from too_long("faq.yaml", answer, entry.answer, MAX_SECTION_TEXT, "in an answer")
        yield from too_long("faq.yaml", question, entry.question, MAX_BUTTON_TEXT * 2, "in a suggestion")
    for position, table in enumerate(library.tables.values()):
        yield from _find_large_table(table, ("tables", position), files["tables.yaml"])
    quiz = library.quiz
    texts = [(("questions", position, "text"), question.text) for position, question in enumerate(quiz.questions)]
    texts += [(("tie_breaks", position, "text"), tie_break.text) for position, tie_break in enumerate(quiz.tie_breaks)]
    for path, text in texts:
        yield from too_long("quiz.yaml", path, text, MAX_SECTION_TEXT, "in a question")
    for text_path, text in _texts(library.words.model_dump()):
        limit = MAX_HEADER_TEXT if text_path == ("home", "title") else MAX_SECTION_TEXT
        yield from too_long("words.yaml", text_path, text, limit, "there")
    for position, decoy in enumerate(library.not_answered):
        path = ("not_answered", position, "reply")
        yield from too_long(NOT_ANSWERED, path, decoy.reply or "", MAX_SECTION_TEXT // 2, "there")


def _find_large_table(table: Table, path: YamlPath, file: YamlFile) -> Iterator[Problem]:
    rows, columns = len(table.rows) + 1, len(table.columns) + 1
    if rows > MAX_TABLE_ROWS or columns > MAX_TABLE_COLUMNS:
        message = f"{rows} rows × {columns} columns; Slack shows {MAX_TABLE_ROWS} × {MAX_TABLE_COLUMNS}"
        yield file.problem(path, message, "Split the table")
    characters = sum(len(cell) for row in table.rows for cell in (row.label, *row.cells.values()))
    characters += sum(len(label) for label in (table.corner, *(column.label for column in table.columns)))
    if characters > MAX_TABLE_TEXT:
        message = f"{characters} characters in its cells; Slack shows {MAX_TABLE_TEXT}"
        yield file.problem(path, message, "Shorten or split the table")


def find_copies(library: Library, files: Files, folder: Path) -> Iterator[Problem]:
    """Find nine words in a row of a document in what people read, quotations and the documents' tables apart.

    `folder` has the documents' texts; a document without a text there is left out.
    """
    document_of: dict[tuple[str, ...], str] = {}  # by the words in a row
    for position, document in enumerate(library.documents.values()):
        if document.file is None:
            continue
        try:
            words = _words((folder / document.file).read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:  # a directory, no UTF-8, or a name that no file can have
            message = f"{document.file!r} cannot be read: {getattr(error, 'strerror', None) or error}"
            yield files["sources.yaml"].problem(("documents", position, "file"), message, "Name a text in UTF-8")
            continue
        starts = range(len(words) - COPIED_WORDS + 1)
        document_of |= {tuple(words[start : start + COPIED_WORDS]): document.id for start in starts}
    for name, path, text in _own_texts(library):
        words = _words(_QUOTATION.sub(" ¤ ", text))
        in_a_row = (tuple(words[start : start + COPIED_WORDS]) for start in range(len(words)))
        copy = next((candidate for candidate in in_a_row if candidate in document_of), None)
        if copy:
            message = f"“{' '.join(copy)}” stands in {document_of[copy]!r} word for word"
            yield files[name].problem(path, message, "Say it in your own words, or mark it as a quotation with “ and ”")


def _own_texts(library: Library) -> Iterator[tuple[str, YamlPath, str]]:
    """Give the texts that are to be in our own words, with file and path."""
    for position, entry in enumerate(library.entries.values()):
        yield "faq.yaml", ("entries", position, "answer"), entry.answer
    for position, question in enumerate(library.not_answered):
        if question.reply:
            yield NOT_ANSWERED, ("not_answered", position, "reply"), question.reply
    for name, data in (("quiz.yaml", library.quiz.model_dump()), ("words.yaml", library.words.model_dump())):
        for path, text in _texts(data):
            if path[-1] != "section":  # the heading in a document
                yield name, path, text
    for position, table in enumerate(library.tables.values()):
        cells = [] if table.verbatim else [dict(row.cells) for row in table.rows]
        for path, text in _texts(cells):
            yield "tables.yaml", ("tables", position, "rows", *path), text


def _words(text: str) -> list[str]:
    text = _REFERENCE.sub("", text.lower().replace("’", "'"))
    for short, long in _CONTRACTIONS.items():
        text = text.replace(short, long)
    return re.findall(r"[a-z0-9']+|¤", text)


def find_missing_articles(library: Library, files: Files) -> Iterator[Problem]:
    """Find role names without their article in the quiz and in what the bot says."""
    names = "|".join(re.escape(role.name) for role in library.quiz.roles)
    without_article = re.compile(rf"\b(?:of|as|by|to|towards|like|than|be|is) (?P<name>{names})\b")
    for name, data in (("quiz.yaml", library.quiz.model_dump()), ("words.yaml", library.words.model_dump())):
        for path, text in _texts(data):
            if match := without_article.search(text):
                message = f"{match.group()!r} lacks an article"
                yield files[name].problem(path, message, f"Write {with_article(match['name'])!r}")


def find_unexplained_signs(library: Library, file: YamlFile) -> Iterator[Problem]:
    """Find signs in the cells of a table that its key does not explain; `file` is tables.yaml."""
    for position, table in enumerate(library.tables.values()):
        signs = {sign for row in table.rows for cell in row.cells.values() for sign in _SIGN.findall(cell)}
        for sign in sorted(signs - set(_SIGN.findall(table.key or ""))):
            message = f"the sign {sign!r} is in cells of {table.id!r}, and its key does not explain it"
            yield file.problem(("tables", position, "key"), message, "Say there what it means")


def _texts(data: Any, path: YamlPath = ()) -> Iterator[tuple[YamlPath, str]]:
    """Give every text in plain data with its path."""
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            yield from _texts(value, (*path, key))
    elif isinstance(data, list | tuple):
        for position, value in enumerate(data):
            yield from _texts(value, (*path, position))
