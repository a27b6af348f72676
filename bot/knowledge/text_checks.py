"""Texts that people read: short enough for Slack, in our own words, with articles, and with signs explained."""

import re
from collections.abc import Hashable, Iterator, Mapping
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

# Several texts stand together in one section or line, and Slack refuses what is too long as a whole. These leave room
# for that, and are more than anybody reads: what is longer has mostly swallowed the lines below it, by a slip in YAML.
MAX_SENTENCES, MAX_PARAGRAPH, MAX_NAME, MAX_ADDRESS = 400, 1000, 150, 500
MAX_QUESTION, MAX_ROLE = 200, 40  # of the quiz, whose result names several of either
MAX_CITED = 2000  # what names the sources of an answer, or of a table in it
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
    limited = _limited_in_faq(library), limited_in_quiz(library.quiz), _limited_in_tables(library)
    for name, path, text, limit, where in chain(*limited, _limited_in_sources(library)):
        yield from _find_long_text(files[name], path, text, limit, where)
    for path, text in _texts(library.words.model_dump()):
        yield from _find_long_text(files["words.yaml"], path, text, _limit_in_words(path), "there")
    for position, decoy in enumerate(library.not_answered):
        path, reply = ("not_answered", position, "reply"), decoy.reply or ""
        yield from _find_long_text(files[NOT_ANSWERED], path, reply, MAX_SECTION_TEXT // 2, "there")
    if len(library.topics) > MAX_TOPICS:
        message = f"{len(library.topics)} topics; the Home tab has room for {MAX_TOPICS}"
        yield files["faq.yaml"].problem(("topics", MAX_TOPICS), message, "Make one of two, or leave some out")
    for position, table in enumerate(library.tables.values()):
        yield from _find_large_table(table, ("tables", position), files["tables.yaml"])


Limited = tuple[str, YamlPath, str, int, str]  # file, path in it, text, the most characters, where these are shown
SMALL = "in small print"
_LIMITS_IN_QUIZ: Mapping[Hashable, tuple[int, str]] = {  # by key; where there is none, MAX_SENTENCES
    "label": (MAX_BUTTON_TEXT, "on a button"),
    "name": (MAX_ROLE, "of a role"),
    **dict.fromkeys(("text", "text_role", "text_other"), (MAX_QUESTION, "in a question")),
    "term": (MAX_BUTTON_TEXT, "of a term"),
    "called": (MAX_PARAGRAPH, "there"),
    "section": (MAX_NAME, SMALL),
}


# Of words.yaml: what is said by itself may be longer than what stands with others in a section or in small print.
_SAID_ALONE: Mapping[YamlPath, int] = {("quiz", "usage"): MAX_SECTION_TEXT, ("privacy", "text"): MAX_SECTION_TEXT}
_SAID_APART = {"talk", "terminal", "install"}


def _limit_in_words(path: YamlPath) -> int:
    """Give how long a text of words.yaml may be."""
    return _SAID_ALONE.get(path[:2], MAX_PARAGRAPH if path[0] in _SAID_APART else MAX_SENTENCES)


def _limited_in_faq(library: Library) -> Iterator[Limited]:
    for at, entry in enumerate(library.entries.values()):
        for name, text in (("answer", entry.answer), ("in_quiz", entry.in_quiz)):
            if text:
                yield "faq.yaml", ("entries", at, name), text, MAX_SECTION_TEXT, "in an answer"
        yield "faq.yaml", ("entries", at, "question"), entry.question, MAX_BUTTON_TEXT * 2, "in a suggestion"
        yield "faq.yaml", ("entries", at, "owner"), entry.owner, MAX_BUTTON_TEXT, "of an owner"
        for number, citation in enumerate(entry.sources):
            yield "faq.yaml", ("entries", at, "sources", number, "section"), citation.section, MAX_NAME, SMALL
    for at, topic in enumerate(library.topics):
        yield "faq.yaml", ("topics", at, "name"), topic.name, MAX_TOPIC_NAME, "of a topic on its button"


def limited_in_quiz(quiz: Quiz) -> Iterator[Limited]:
    """Give each text of the quiz that is shown, with how long it may be."""
    for path, text in _texts(quiz.model_dump()):
        if {"says", "also"}.isdisjoint(path):  # what people type is not shown
            key = None if path[0] == "glossary" and path[-1] == "text" else path[-1]
            yield "quiz.yaml", path, text, *_LIMITS_IN_QUIZ.get(key, (MAX_SENTENCES, "there"))


def _limited_in_tables(library: Library) -> Iterator[Limited]:
    for at, table in enumerate(library.tables.values()):
        for path, text in _texts(table.model_dump()):
            limit = MAX_SENTENCES if "cells" in path or path[-1] == "key" else MAX_NAME
            yield "tables.yaml", ("tables", at, *path), text, limit, "in a table"


def _limited_in_sources(library: Library) -> Iterator[Limited]:
    for at, document in enumerate(library.documents.values()):
        yield "sources.yaml", ("documents", at, "title"), document.title, MAX_NAME, SMALL
        yield "sources.yaml", ("documents", at, "author"), document.author or "", MAX_BUTTON_TEXT, SMALL
        yield "sources.yaml", ("documents", at, "url"), document.url or "", MAX_ADDRESS, "behind a link"


def find_long_citations(library: Library, file: YamlFile) -> Iterator[Problem]:
    """Find answers whose sources, or those of the table in them, are too many to be named in a line of small print.

    file: faq.yaml, all of whose references have been found to be there.
    """
    for at, entry in enumerate(library.entries.values()):
        excerpt = library.excerpt(entry)
        for key, citations in (("sources", entry.sources), ("excerpt", excerpt.citations if excerpt else ())):
            documents = [library.documents[name] for name in {citation.document for citation in citations}]
            names = [document.title + document.made + (document.url or "") for document in documents]
            characters = sum(map(len, (*names, *(citation.section for citation in citations))))
            if characters > MAX_CITED:
                message = f"{characters} characters in the names of what is cited; Slack shows {MAX_CITED} {SMALL}"
                yield file.problem(("entries", at, key), message, "Cite less")


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


def find_unexplained_choices(quiz: Quiz, file: YamlFile) -> Iterator[Problem]:
    """Find choices that are not explained beside others of their question that are: a warning; `file` is quiz.yaml."""
    for path, question in questions_with_paths(quiz):
        if any(choice.means for choice in question.choices):
            for number, choice in enumerate(question.choices):
                if not choice.means:
                    message = f"the choice {choice.id!r} has no 'means', which others of its question have"
                    remedy = "Say in a sentence what it means, for who asks"
                    yield file.problem((*path, "choices", number), message, remedy, "warning")


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
