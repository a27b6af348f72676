"""Texts that people read: short enough for Slack, in our own words, with articles, and with signs explained."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from bot.domain.content import Table
from bot.domain.quiz_content import Quiz, with_article
from bot.knowledge.library import NOT_ANSWERED, Library
from bot.knowledge.phrases import questions_with_paths
from bot.knowledge.problems import Problem, YamlPath
from bot.knowledge.slack_limits import (
    MAX_ACTIONS,
    MAX_BUTTON_TEXT,
    MAX_SECTION_TEXT,
    MAX_TABLE_COLUMNS,
    MAX_TABLE_ROWS,
    MAX_TABLE_TEXT,
)
from bot.knowledge.yaml_file import YamlFile

COPIED_WORDS = 9  # in a row that make a copy
MAX_TOPIC_NAME = MAX_BUTTON_TEXT - 15  # the button of a topic counts its entries, too
MAX_TOPICS = MAX_ACTIONS - 1  # the last button is for the entries without a topic

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
    """Find text, tables and topics that Slack would cut or refuse."""
    for name, path, text, limit, where in chain(_limited_in_faq(library), _limited_in_quiz(library.quiz)):
        yield from _find_long_text(files[name], path, text, limit, where)
    for path, text in _texts(library.words.model_dump()):
        yield from _find_long_text(files["words.yaml"], path, text, MAX_SECTION_TEXT, "there")
    for position, decoy in enumerate(library.not_answered):
        path, reply = ("not_answered", position, "reply"), decoy.reply or ""
        yield from _find_long_text(files[NOT_ANSWERED], path, reply, MAX_SECTION_TEXT // 2, "there")
    if len(library.topics) > MAX_TOPICS:
        message = f"{len(library.topics)} topics; the Home tab has room for {MAX_TOPICS}"
        yield files["faq.yaml"].problem(("topics", MAX_TOPICS), message, "Make one of two, or leave some out")
    for position, table in enumerate(library.tables.values()):
        yield from _find_large_table(table, ("tables", position), files["tables.yaml"])


_Limited = tuple[str, YamlPath, str, int, str]  # file, path in it, text, the most characters, where these are shown


def _limited_in_faq(library: Library) -> Iterator[_Limited]:
    for at, entry in enumerate(library.entries.values()):
        for name, text in (("answer", entry.answer), ("in_quiz", entry.in_quiz)):
            if text:
                yield "faq.yaml", ("entries", at, name), text, MAX_SECTION_TEXT, "in an answer"
        yield "faq.yaml", ("entries", at, "question"), entry.question, MAX_BUTTON_TEXT * 2, "in a suggestion"
    for at, topic in enumerate(library.topics):
        yield "faq.yaml", ("topics", at, "name"), topic.name, MAX_TOPIC_NAME, "of a topic on its button"


def _limited_in_quiz(quiz: Quiz) -> Iterator[_Limited]:
    for path, question in questions_with_paths(quiz):
        yield "quiz.yaml", (*path, "text"), question.text, MAX_SECTION_TEXT, "in a question"
        for at, choice in enumerate(question.choices):
            yield "quiz.yaml", (*path, "choices", at, "label"), choice.label, MAX_BUTTON_TEXT, "on a button"


def _find_long_text(file: YamlFile, path: YamlPath, text: str, limit: int, where: str) -> Iterator[Problem]:
    if len(text) > limit:
        message = f"{len(text)} characters; Slack shows {limit} {where}"
        yield file.problem(path, message, f"Shorten it by {len(text) - limit}")


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
        if entry.in_quiz:
            yield "faq.yaml", ("entries", position, "in_quiz"), entry.in_quiz
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
