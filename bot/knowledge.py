"""knowledge/*.yaml -> Library: one immutable snapshot, validated before it goes live.

`load` reads and cross-checks the files and raises KnowledgeError; `lint` adds what only an editor needs to know.
Each problem names file, line, what is wrong and what to do.
"""

import gzip
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import yaml
from pydantic import BaseModel, ValidationError

from bot.domain import faq, fit
from bot.domain.content import (
    MAX_BUTTON_TEXT,
    MAX_HEADER_TEXT,
    MAX_SECTION_TEXT,
    Checks,
    Citation,
    Document,
    Entry,
    Faq,
    Quiz,
    Sources,
    Synonyms,
    Table,
    Tables,
    Words,
)
from bot.domain.lexicon import English
from bot.domain.matching import Index

ENGLISH, SENSE = (Path(__file__).with_name(name) for name in ("english.txt.gz", "english.npz"))
UNCHECKED_FOR = timedelta(days=365)
MATCHING_COMMENT = """\
# From which confidence on the bot says what. Confidences are probabilities from 0 to 1.
#
# You need not edit this file: `rolefit check --calibrate` computes it from the other files, and it is worth doing
# after many new entries. The rule is in bot/calibrate.py.
#   sure   where nobody asked the bot, it answers from here on; one in a hundred made-up lookalikes may reach it
#   gap    and only if the next entry is at least this far behind
#   asked  where somebody asked the bot, it answers from here on: more likely right than wrong
#   maybe  where somebody asked the bot, it suggests from here on
#   calibration  how much each sign counts; see Calibration in bot/domain/matching.py
"""
MAX_TABLE_ROWS, MAX_TABLE_COLUMNS = 100, 20  # docs.slack.dev/reference/block-kit/blocks/table-block
MAX_TABLE_TEXT = 10_000  # the same page: characters over all cells of a message

Place = tuple[Hashable, ...]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, order=True)
class Problem:
    """Something wrong in a knowledge file. `line` counts from 1; 0 means the file as a whole."""

    file: str
    line: int
    what: str
    remedy: str
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.level}: {self.what}. {self.remedy}."


class KnowledgeError(ValueError):
    """The knowledge cannot be used; `problems` says why, one by one."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, repr=False)
class Library:
    """One snapshot of everything authored, and the index over it."""

    documents: Mapping[str, Document]
    tables: Mapping[str, Table]
    entries: Mapping[str, Entry]
    quiz: Quiz
    words: Words
    synonyms: Synonyms
    limits: faq.Limits
    checks: Checks

    @cached_property
    def index(self) -> Index:
        """Give the matcher's index over the entries; built once, at the first use."""
        return Index.build(tuple(self.entries.values()), self.synonyms, english(), self.limits.calibration)

    def cite(self, citations: Sequence[Citation]) -> str:
        """Name the documents cited, each once: 'Title (Author, 2025)', or 'Title (2025)' where nobody is named."""
        cited = [self.documents[name] for name in dict.fromkeys(each.document for each in citations)]
        return "; ".join(
            f"{each.title} ({', '.join(str(part) for part in (each.author, each.year) if part)})" for each in cited
        )

    def can_show(self, quiz: Quiz) -> bool:
        """Say whether the tables still have what a version of the quiz quotes, which may be older than they are."""
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
            for row in quiz.review.dimensions if quiz.review else ():
                roles.row(row)
            self.cite(_cited_by(quiz))
        except KeyError:
            return False
        return True

    def excerpt(self, entry: Entry) -> Table | None:
        """Give the part of a table that supports this entry, if it has one."""
        if entry.excerpt is None:
            return None
        return self.tables[entry.excerpt.table].excerpt(entry.excerpt.rows, entry.excerpt.columns)


@dataclass
class _File:
    """A YAML file as plain data, with the line of each place in it."""

    name: str
    data: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: Place) -> int:
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def problem(self, path: Place, what: str, remedy: str, level: Literal["error", "warning"] = "error") -> Problem:
        return Problem(self.name, self.line(path), what, remedy, level)


def _cited_by(quiz: Quiz) -> list[Citation]:
    review = [quiz.review.source] if quiz.review else []
    return [*quiz.sources, quiz.tie_break.source, *(term.source for term in quiz.glossary), *review]


def load(folder: Path) -> Library:
    """Read a knowledge folder. Raises KnowledgeError with every problem that keeps it from being used."""
    library, _, problems = _read(folder)
    if problems or library is None:
        raise KnowledgeError(problems)
    return library


def lint(folder: Path, *, today: date) -> list[Problem]:
    """Find everything wrong or doubtful in a knowledge folder, in the order of files and lines."""
    library, files, problems = _read(folder)
    if library is not None:
        problems += _limits(library, files)
        problems += _age(library, files, today)
        problems += _reach(library, files)
        if not problems or all(each.level == "warning" for each in problems):
            problems += _matching(library, files)
    return sorted(problems)


@cache
def english() -> English:
    """Give what is known of ordinary English words, from the tables beside this module."""
    table = gzip.decompress(ENGLISH.read_bytes()).decode("ascii")
    cells = table[table.index("\nthe ") :].split()
    with np.load(SENSE) as sense:
        return English(cells[::2], bytes(map(int, cells[1::2])), sense["substance"].tobytes(), sense["related"])


def calibrate(folder: Path) -> None:
    """Compute matching.yaml from the other files and write it. Raises KnowledgeError if those cannot be read."""
    from bot import calibrate as calibration  # noqa: PLC0415 - no other use of the knowledge needs it

    names = ("faq.yaml", "synonyms.yaml", "checks.yaml")
    faq_file, synonyms_file, checks_file = files = [_parse(folder, name) for name in names]
    entries, synonyms = _validate(faq_file, Faq), _validate(synonyms_file, Synonyms)
    checks = _validate(checks_file, Checks)
    if entries is None or synonyms is None or checks is None:
        raise KnowledgeError([problem for file in files for problem in file.problems])
    limits = calibration.calibrate(entries.entries, synonyms, english(), checks.checks)
    written = yaml.safe_dump(limits.model_dump(), sort_keys=False)
    (folder / "matching.yaml").write_text(MATCHING_COMMENT + written, encoding="utf-8")


# Reading


def _read(folder: Path) -> tuple[Library | None, dict[str, _File], list[Problem]]:
    models: dict[str, type[BaseModel]] = {
        "sources.yaml": Sources,
        "tables.yaml": Tables,
        "faq.yaml": Faq,
        "quiz.yaml": Quiz,
        "words.yaml": Words,
        "synonyms.yaml": Synonyms,
        "matching.yaml": faq.Limits,
        "checks.yaml": Checks,
    }
    files = {name: _parse(folder, name) for name in models}
    values = {name: _validate(files[name], model) for name, model in models.items()}
    problems = [problem for file in files.values() for problem in file.problems]
    if problems:
        return None, files, problems

    def value(name: str, model: type[Model]) -> Model:
        found = values[name]
        assert isinstance(found, model)  # noqa: S101 - no problems means each file gave its model
        return found

    library = Library(
        documents={each.id: each for each in value("sources.yaml", Sources).documents},
        tables={each.id: each for each in value("tables.yaml", Tables).tables},
        entries={each.id: each for each in value("faq.yaml", Faq).entries},
        quiz=value("quiz.yaml", Quiz),
        words=value("words.yaml", Words),
        synonyms=value("synonyms.yaml", Synonyms),
        limits=value("matching.yaml", faq.Limits),
        checks=value("checks.yaml", Checks),
    )
    problems = [*_duplicates(files, values), *_references(library, files)]
    return (None if problems else library), files, problems


def _parse(folder: Path, name: str) -> _File:
    file = _File(name)
    try:
        loader = yaml.CSafeLoader((folder / name).read_text(encoding="utf-8"))
        root = loader.get_single_node()
        if root is not None:
            file.data = _plain(root, (), file, loader)
    except OSError as error:
        file.problems.append(Problem(name, 0, f"cannot be read: {error.strerror}", "Put the file there"))
    except UnicodeDecodeError:
        file.problems.append(Problem(name, 0, "is not UTF-8 text", "Save it as UTF-8"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        what = f"is not YAML: {error.problem}"
        file.problems.append(Problem(name, line, what, "Mend this line or the one above"))
    except yaml.reader.ReaderError as error:
        what = f"holds a character that YAML does not allow: {error.character!r}"
        file.problems.append(Problem(name, 0, what, "Delete that character"))
    except ValueError as error:  # a value that looks like a date and is none
        file.problems.append(Problem(name, 0, f"holds a value that cannot be read: {error}", "Correct or quote it"))
    return file


def _plain(node: yaml.Node, path: Place, file: _File, loader: yaml.CSafeLoader) -> Any:
    """Turn a YAML node into plain data, noting lines and refusing a key that is there twice."""
    file.lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*path, position), file, loader) for position, child in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        data: dict[Hashable, Any] = {}
        for key_node, child in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if key in data:
                what = f"the key {key!r} is there twice"
                file.problems.append(Problem(file.name, line, what, "Keep one and delete the other"))
            data[key] = _plain(child, (*path, key), file, loader)
            file.lines[*path, key] = line
        return data
    return loader.construct_object(node, deep=True)


def _validate(file: _File, model: type[Model]) -> Model | None:
    if file.problems:
        return None
    try:
        return model.model_validate(file.data if file.data is not None else {})
    except ValidationError as error:
        for each in error.errors(include_url=False):
            what, remedy = _explain(each["type"], each["loc"], each["msg"])
            file.problems.append(file.problem(each["loc"], what, remedy))
    return None


def _explain(kind: str, loc: Place, message: str) -> tuple[str, str]:
    key = next((part for part in reversed(loc) if isinstance(part, str)), "the file")
    if kind == "extra_forbidden":
        return f"unknown key {key!r}", "Correct its spelling or delete it"
    if kind == "missing":
        return f"the key {key!r} is missing", "Add it"
    return f"{key!r}: {message.removeprefix('Value error, ')}", "Correct it"


# What the files say of each other


def _duplicates(files: Mapping[str, _File], values: Mapping[str, BaseModel | None]) -> Iterator[Problem]:
    """Find ids given twice in one list, and phrasings given twice anywhere."""
    lists = {"sources.yaml": "documents", "tables.yaml": "tables", "faq.yaml": "entries"}
    places: list[tuple[str, Place, Sequence[Any]]] = [
        (name, (key,), getattr(values[name], key)) for name, key in lists.items()
    ]
    quiz = values["quiz.yaml"]
    assert isinstance(quiz, Quiz)  # noqa: S101
    places += [("quiz.yaml", ("roles",), quiz.roles), ("quiz.yaml", ("questions",), quiz.questions)]
    places += [
        ("quiz.yaml", ("questions", at, "choices"), question.choices) for at, question in enumerate(quiz.questions)
    ]
    places.append(("quiz.yaml", ("tie_break", "choices"), quiz.tie_break.choices))
    tables = values["tables.yaml"]
    assert isinstance(tables, Tables)  # noqa: S101
    for at, table in enumerate(tables.tables):
        places.append(("tables.yaml", ("tables", at, "rows"), table.rows))
        places.append(("tables.yaml", ("tables", at, "columns"), table.columns))
    for name, path, items in places:
        seen: dict[str, int] = {}
        for at, item in enumerate(items):
            line = files[name].line((*path, at, "id"))
            if item.id in seen:
                what = f"the id {item.id!r} is already used in line {seen[item.id]}"
                yield files[name].problem((*path, at, "id"), what, "Give this one another id")
            seen.setdefault(item.id, line)

    asked: dict[str, tuple[str, int]] = {}
    found = values["faq.yaml"]
    assert isinstance(found, Faq)  # noqa: S101
    for at, entry in enumerate(found.entries):
        for number, phrasing in enumerate(entry.phrasings):
            same = " ".join(phrasing.casefold().split()).rstrip("?!. ")
            path = ("entries", at, "phrasings", number)
            line = files["faq.yaml"].line(path)
            if same in asked:
                other, where = asked[same]
                what = f"the phrasing {phrasing!r} is already in line {where}, in {other!r}"
                yield files["faq.yaml"].problem(path, what, "Keep it in one entry only")
            asked.setdefault(same, (entry.id, line))

    words = values["words.yaml"]
    assert isinstance(words, Words)  # noqa: S101
    typed: dict[str, str] = {}
    for name, phrases in words.typed.model_dump().items():
        for number, phrase in enumerate(phrases):
            same = " ".join(phrase.casefold().split()).rstrip("?!. ")
            if typed.setdefault(same, name) != name:
                what = f"{phrase!r} already means {typed[same]!r}"
                yield files["words.yaml"].problem(("typed", name, number), what, "Keep it in one place only")


def _references(library: Library, files: Mapping[str, _File]) -> Iterator[Problem]:
    """Find names that lead nowhere: tables, rows, columns, roles, documents, entries."""

    def citations(name: str, path: Place, cited: Sequence[Citation]) -> Iterator[Problem]:
        for at, each in enumerate(cited):
            if each.document not in library.documents:
                what = f"there is no source {each.document!r}"
                place = (*path, at, "document") if len(cited) > 1 or (*path, at) in files[name].lines else path
                yield files[name].problem(place, what, _choose(library.documents))

    for at, table in enumerate(library.tables.values()):
        if table.source.document not in library.documents:
            what = f"there is no source {table.source.document!r}"
            path: Place = ("tables", at, "source", "document")
            yield files["tables.yaml"].problem(path, what, _choose(library.documents))

    for at, entry in enumerate(library.entries.values()):
        yield from citations("faq.yaml", ("entries", at, "sources"), entry.sources)
        if entry.excerpt is None:
            continue
        here: Place = ("entries", at, "excerpt")
        quoted = library.tables.get(entry.excerpt.table)
        if quoted is None:
            what = f"there is no table {entry.excerpt.table!r}"
            yield files["faq.yaml"].problem((*here, "table"), what, _choose(library.tables))
            continue
        for kind, wanted, there in (
            ("row", entry.excerpt.rows, [row.id for row in quoted.rows]),
            ("column", entry.excerpt.columns, [column.id for column in quoted.columns]),
        ):
            for position, name in enumerate(wanted):
                if name not in there:
                    what = f"the table {quoted.id!r} has no {kind} {name!r}"
                    yield files["faq.yaml"].problem((*here, f"{kind}s", position), what, _choose(there))

    yield from _quiz_references(library, files["quiz.yaml"])
    yield from citations("quiz.yaml", ("sources",), library.quiz.sources)
    if library.quiz.tie_break.source.document not in library.documents:
        what = f"there is no source {library.quiz.tie_break.source.document!r}"
        yield files["quiz.yaml"].problem(("tie_break", "source", "document"), what, _choose(library.documents))

    for at, check in enumerate(library.checks.checks):
        for key, name in (("expect", check.expect), ("after", check.after or "silence")):
            if name != "silence" and name not in library.entries:
                what = f"there is no entry {name!r}"
                yield files["checks.yaml"].problem(("checks", at, key), what, "Write an id from faq.yaml or silence")


def _quiz_references(library: Library, file: _File) -> Iterator[Problem]:
    quiz = library.quiz
    named: list[tuple[Place, str, str, Sequence[str]]] = [  # where, what kind, which, what there is
        (("tables", key), "table", getattr(quiz.tables, key), list(library.tables))
        for key in ("roles", "regimes", "skills")
    ]

    def parts(table: str, of: Literal["rows", "columns"]) -> list[str]:
        return [part.id for part in getattr(library.tables[table], of)] if table in library.tables else []

    roles = [role.id for role in quiz.roles]
    for at, role in enumerate(quiz.roles):
        path: Place = ("roles", at)
        named.append(((*path, "column"), "column", role.column, parts(quiz.tables.roles, "columns")))
        named.append(((*path, "regime"), "row", role.regime, parts(quiz.tables.regimes, "rows")))
        named += [
            ((*path, "titles", number), "column", title, parts(quiz.tables.skills, "columns"))
            for number, title in enumerate(role.titles)
        ]
    asked: list[tuple[Place, Any]] = [
        *((("questions", at), question) for at, question in enumerate(quiz.questions)),
        (("tie_break",), quiz.tie_break),
    ]
    for path, question in asked:
        if "dimension" in type(question).model_fields:
            rows = parts(quiz.tables.roles, "rows")
            named.append(((*path, "dimension"), "row", question.dimension, rows))
        named += [
            ((*path, "choices", number, "weights", role), "role", role, roles)
            for number, choice in enumerate(question.choices)
            for role in choice.weights
        ]
    regimes = parts(quiz.tables.regimes, "columns")
    named += [(("risks", column), "column", column, regimes) for column in quiz.risks]
    documents = list(library.documents)
    named += [
        (("glossary", at, "source", "document"), "source", term.source.document, documents)
        for at, term in enumerate(quiz.glossary)
    ]
    if review := quiz.review:
        rows = parts(quiz.tables.roles, "rows")
        named += [(("review", "dimensions", at), "row", name, rows) for at, name in enumerate(review.dimensions)]
        named += [(("review", "traps", role), "role", role, roles) for role in review.traps]
        named.append((("review", "source", "document"), "source", review.source.document, documents))
    for path, kind, name, there in named:
        if name not in there:
            yield file.problem(path, f"there is no {kind} {name!r}", _choose(there))


def _choose(names: Sequence[str] | Mapping[str, Any]) -> str:
    return f"There are: {', '.join(names)}"


# What only an editor needs to know


def _limits(library: Library, files: Mapping[str, _File]) -> Iterator[Problem]:
    """Find text that Slack would cut or refuse."""

    def too_long(name: str, path: Place, text: str, limit: int, place: str) -> Iterator[Problem]:
        if len(text) > limit:
            what = f"{len(text)} characters; Slack shows {limit} {place}"
            yield files[name].problem(path, what, f"Shorten it by {len(text) - limit}")

    for at, entry in enumerate(library.entries.values()):
        yield from too_long("faq.yaml", ("entries", at, "answer"), entry.answer, MAX_SECTION_TEXT, "in an answer")
        question = ("entries", at, "question")
        yield from too_long("faq.yaml", question, entry.question, MAX_BUTTON_TEXT * 2, "in a suggestion")
    for at, table in enumerate(library.tables.values()):
        yield from _table_limits(table, ("tables", at), files["tables.yaml"])
    for at, asked in enumerate(library.quiz.questions):
        yield from too_long("quiz.yaml", ("questions", at, "text"), asked.text, MAX_SECTION_TEXT, "in a question")
    tie_break = library.quiz.tie_break.text
    yield from too_long("quiz.yaml", ("tie_break", "text"), tie_break, MAX_SECTION_TEXT, "in a question")
    for group, texts in library.words.model_dump().items():
        for key, text in texts.items():
            limit = MAX_HEADER_TEXT if (group, key) == ("home", "title") else MAX_SECTION_TEXT
            if isinstance(text, str):  # the rest is what people type
                yield from too_long("words.yaml", (group, key), text, limit, "there")


def _table_limits(table: Table, path: Place, file: _File) -> Iterator[Problem]:
    rows, columns = len(table.rows) + 1, len(table.columns) + 1
    if rows > MAX_TABLE_ROWS or columns > MAX_TABLE_COLUMNS:
        what = f"{rows} rows × {columns} columns; Slack shows {MAX_TABLE_ROWS} × {MAX_TABLE_COLUMNS}"
        yield file.problem(path, what, "Split the table")
    text = sum(len(cell) for row in table.rows for cell in (row.label, *row.cells.values()))
    text += sum(len(label) for label in (table.corner, *(column.label for column in table.columns)))
    if text > MAX_TABLE_TEXT:
        what = f"{text} characters in its cells; Slack shows {MAX_TABLE_TEXT}"
        yield file.problem(path, what, "Shorten or split the table")


def _age(library: Library, files: Mapping[str, _File], today: date) -> Iterator[Problem]:
    for at, entry in enumerate(library.entries.values()):
        place: Place = ("entries", at, "checked")
        if today - entry.checked > UNCHECKED_FOR:
            what = f"{entry.id!r} was last checked on {entry.checked:%Y-%m-%d}, over a year ago"
            remedy = f"Ask {entry.owner} to read it again and set the date"
            yield files["faq.yaml"].problem(place, what, remedy, "warning")
        if entry.checked > today:
            what = f"{entry.id!r} says it was checked on {entry.checked:%Y-%m-%d}, which is still to come"
            yield files["faq.yaml"].problem(place, what, "Set the date of the last reading")


def _reach(library: Library, files: Mapping[str, _File]) -> Iterator[Problem]:
    reached = fit.reachable(library.quiz)
    for at, role in enumerate(library.quiz.roles):
        if role.id not in reached:
            what = f"no answers lead to the role {role.id!r}"
            yield files["quiz.yaml"].problem(("roles", at, "id"), what, "Give it more weight in some choices")


def _matching(library: Library, files: Mapping[str, _File]) -> Iterator[Problem]:
    """Find phrasings that lead to another entry, and promises of checks.yaml that are not kept."""
    for at, entry in enumerate(library.entries.values()):
        asked: list[tuple[Place, str]] = [(("entries", at, "question"), entry.question)]
        asked += [(("entries", at, "phrasings", number), text) for number, text in enumerate(entry.phrasings)]
        for path, text in asked:
            # Left out of the index: each phrasing matches itself, and the question is where it would lead else.
            ranked = library.index.rank(text, limit=1, without=text)
            if ranked and ranked[0].entry != entry.id and ranked[0].confidence >= (1 + library.limits.sure) / 2:
                what = f"the phrasing {text!r} of {entry.id!r} matches {ranked[0].entry!r} better"
                remedy = "Make it more specific, or move it there"
                yield files["faq.yaml"].problem(path, what, remedy)
    for at, check in enumerate(library.checks.checks):
        reply = faq.reply_to(check.say, faq.Surface(check.surface), library.index, library.limits, after=check.after)
        got = _offered(reply) or ["silence"]
        if check.expect not in got:
            what = f"{check.say!r} should get {check.expect}, and gets {', '.join(got)}"
            remedy = "Add a phrasing or a synonym, or correct the promise"
            yield files["checks.yaml"].problem(("checks", at, "say"), what, remedy)


def _offered(reply: faq.Reply) -> list[str]:
    """Name the entries that a reply answers with or suggests."""
    match reply:
        case faq.Answer(entries=found) | faq.Suggestions(candidates=found):
            return [each.entry for each in found]
        case _:
            return []
