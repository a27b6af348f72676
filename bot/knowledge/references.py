"""What the files say of each other: ids are unique, and each name of a table, row, column, role or source exists."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Literal, NamedTuple, Protocol

from pydantic import BaseModel
from rapidfuzz import fuzz, process, utils

from bot.domain.authored import Citation
from bot.domain.content import Document, Excerpt, Faq, Synonyms
from bot.domain.quiz_content import PURPOSE, Quiz
from bot.domain.review import REVIEW
from bot.knowledge.library import LANGUAGES, NOT_ANSWERED, Contents, Library
from bot.knowledge.phrases import (
    find_shared_choice_words,
    find_shared_phrasings,
    find_shared_typed_words,
    find_words_of_two_lists,
)
from bot.knowledge.problems import Problem, YamlPath
from bot.knowledge.yaml_file import YamlFile

Files = Mapping[str, YamlFile]


class HasId(Protocol):
    """Anything in a list whose items have ids."""

    @property
    def id(self) -> str:
        """The id, unique in its list."""


def find_reference_problems(contents: Contents, library: Library, files: Files) -> Iterator[Problem]:
    """Find all that keeps files, each in order by itself, from being used together."""
    yield from _find_repeated_ids(contents, files)
    yield from _find_repeated_question_ids(contents.quiz, files["quiz.yaml"])
    yield from _find_repeated_concepts(contents.synonyms, files["synonyms.yaml"])
    yield from find_shared_phrasings(contents, files)
    yield from _find_repeated_former_ids(contents.faq, files["faq.yaml"])
    yield from _find_dead_references_of_overviews(contents.faq, files["faq.yaml"])
    yield from find_shared_typed_words(contents.words.typed, files["words.yaml"])
    yield from find_shared_choice_words(contents.quiz, files["quiz.yaml"])
    if LANGUAGES in files:
        yield from find_words_of_two_lists(contents.languages, files[LANGUAGES])
    yield from _find_dead_citations(contents, library, files)
    yield from _find_dead_references_of_entries(library, files["faq.yaml"])
    yield from _find_dead_references_of_checks(library, files["checks.yaml"])
    if NOT_ANSWERED in files:
        yield from _find_dead_references_of_refusals(library, files[NOT_ANSWERED])
    yield from _find_dead_references(_references_of_quiz(library), files["quiz.yaml"])
    yield from _find_undecided_pairs(library.quiz, files["quiz.yaml"])
    yield from _find_contradictory_cells(library.quiz, files["quiz.yaml"])


def _find_repeated_ids(contents: Contents, files: Files) -> Iterator[Problem]:
    """Find ids that are given twice in one list."""
    quiz = contents.quiz
    lists: list[tuple[str, YamlPath, Sequence[HasId]]] = [
        ("sources.yaml", ("documents",), contents.sources.documents),
        ("tables.yaml", ("tables",), contents.tables.tables),
        ("faq.yaml", ("topics",), contents.faq.topics),
        ("faq.yaml", ("entries",), contents.faq.entries),
        (NOT_ANSWERED, ("not_answered",), contents.not_answered.not_answered),
        ("quiz.yaml", ("roles",), quiz.roles),
    ]
    for at, question in enumerate(quiz.questions):
        lists.append(("quiz.yaml", ("questions", at, "choices"), question.choices))
    for at, tie_break in enumerate(quiz.tie_breaks):
        lists.append(("quiz.yaml", ("tie_breaks", at, "choices"), tie_break.choices))
    for at, table in enumerate(contents.tables.tables):
        lists.append(("tables.yaml", ("tables", at, "rows"), table.rows))
        lists.append(("tables.yaml", ("tables", at, "columns"), table.columns))
    for name, path, items in lists:
        lines: dict[str, int] = {}  # by id
        for at, item in enumerate(items):
            line = files[name].line((*path, at, "id"))
            if item.id in lines:
                message = f"the id {item.id!r} is already used in line {lines[item.id]}"
                yield files[name].problem((*path, at, "id"), message, "Give this one another id")
            lines.setdefault(item.id, line)


def _find_repeated_question_ids(quiz: Quiz, file: YamlFile) -> Iterator[Problem]:
    """Find ids of questions and tie-breaks that another question has: answers are kept by the id of their question."""
    lines = {PURPOSE: file.line((PURPOSE,))}
    if quiz.review is not None:
        lines[REVIEW] = file.line((REVIEW,))
    lists: list[tuple[str, Sequence[HasId]]] = [("questions", quiz.questions), ("tie_breaks", quiz.tie_breaks)]
    for key, questions in lists:
        for at, question in enumerate(questions):
            path = (key, at, "id")
            if question.id in lines:
                message = f"the id {question.id!r} is already used in line {lines[question.id]}"
                yield file.problem(path, message, "Give this one another id")
            lines.setdefault(question.id, file.line(path))


def _find_repeated_concepts(synonyms: Synonyms, file: YamlFile) -> Iterator[Problem]:
    """Find concepts of one name, and terms of two concepts, of which the matcher would take one."""
    names: dict[str, int] = {}  # the line of each
    owners: dict[str, tuple[str, int]] = {}  # by term: the concept that has it, and where
    for at, concept in enumerate(synonyms.concepts):
        line = names.setdefault(concept.name, file.line(("concepts", at, "name")))
        if line != file.line(("concepts", at, "name")):
            message = f"the name {concept.name!r} is already used in line {line}"
            yield file.problem(("concepts", at, "name"), message, "Give this one another name, or make one of the two")
        for number, term in enumerate(concept.terms):
            path = ("concepts", at, "terms", number)
            owner, line = owners.setdefault(term.casefold(), (concept.name, file.line(path)))
            if owner != concept.name:
                message = f"the term {term!r} is already in line {line}, in {owner!r}"
                yield file.problem(path, message, "Keep it in one concept only")


def _find_repeated_former_ids(entries: Faq, file: YamlFile) -> Iterator[Problem]:
    """Find former ids that are used, or claimed twice."""
    owners = {entry.id: entry.id for entry in entries.entries}
    for at, entry in enumerate(entries.entries):
        for number, former_id in enumerate(entry.formerly):
            if former_id in owners:
                message = f"the former id {former_id!r} of {entry.id!r} belongs to {owners[former_id]!r}"
                yield file.problem(("entries", at, "formerly", number), message, "Keep it in one place only")
            owners.setdefault(former_id, entry.id)


def _find_dead_references_of_overviews(entries: Faq, file: YamlFile) -> Iterator[Problem]:
    """Find overviews of entries that are not there."""
    known = {entry.id for entry in entries.entries}
    for at, entry in enumerate(entries.entries):
        for number, name in enumerate(entry.overview_of):
            if name not in known:
                message = f"there is no entry {name!r}"
                yield file.problem(("entries", at, "overview_of", number), message, "Write an id from faq.yaml")


class Reference(NamedTuple):
    """A name in a file, by the path to it: what kind of thing it names, and the names that there are of this kind."""

    path: YamlPath
    kind: str
    name: str
    valid: Collection[str]


def _find_dead_references(references: Iterator[Reference], file: YamlFile) -> Iterator[Problem]:
    for path, kind, name, valid in references:
        if valid and name not in valid:  # empty for a table that is not there, which is a problem of its own
            yield file.problem(path, f"there is no {kind} {name!r}", _choose(valid))


def _choose(names: Collection[str]) -> str:
    return f"There are: {', '.join(names)}"


def _find_dead_citations(contents: Contents, library: Library, files: Files) -> Iterator[Problem]:
    """Find citations of documents that are not listed, and of sections that their document does not list."""
    models: dict[str, BaseModel] = {
        "tables.yaml": contents.tables,
        "faq.yaml": contents.faq,
        "quiz.yaml": contents.quiz,
    }
    for name, model in models.items():
        for path, citation in _citations(model):
            document = library.documents.get(citation.document)
            if document is None:
                message = f"there is no source {citation.document!r}"
                yield files[name].problem((*path, "document"), message, _choose(library.documents))
            elif document.sections and citation.section not in document.sections:
                message = f"{document.id!r} has no section {citation.section!r}"
                yield files[name].problem((*path, "section"), message, _nearest_section(citation.section, document))


def _citations(value: object, path: YamlPath = ()) -> Iterator[tuple[YamlPath, Citation]]:
    """Give all citations in a model of a file, however deep, each with its path."""
    if isinstance(value, Citation):
        yield path, value
    elif isinstance(value, BaseModel):
        for key in type(value).model_fields:
            yield from _citations(getattr(value, key), (*path, key))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _citations(item, (*path, key))
    elif isinstance(value, tuple):
        for at, item in enumerate(value):
            yield from _citations(item, (*path, at))


def _nearest_section(section: str, document: Document) -> str:
    nearest, _, _ = process.extractOne(section, document.sections, scorer=fuzz.WRatio, processor=utils.default_process)
    return f"The nearest is {nearest!r}; `sections` in sources.yaml has them all"


def _find_dead_references_of_entries(library: Library, file: YamlFile) -> Iterator[Problem]:
    topics = [topic.id for topic in library.topics]
    for at, entry in enumerate(library.entries.values()):
        if entry.topic is not None and entry.topic not in topics:
            message = f"there is no topic {entry.topic!r}"
            yield file.problem(("entries", at, "topic"), message, _choose(topics) if topics else "Add it to the topics")
        if entry.excerpt is not None:
            yield from _find_dead_references_of_excerpt(entry.excerpt, ("entries", at, "excerpt"), library, file)


def _find_dead_references_of_excerpt(
    excerpt: Excerpt, path: YamlPath, library: Library, file: YamlFile
) -> Iterator[Problem]:
    table = library.tables.get(excerpt.table)
    if table is None:
        message = f"there is no table {excerpt.table!r}"
        yield file.problem((*path, "table"), message, _choose(library.tables))
        return
    for kind, wanted, valid in (
        ("row", excerpt.rows, [row.id for row in table.rows]),
        ("column", excerpt.columns, [column.id for column in table.columns]),
    ):
        for at, name in enumerate(wanted):
            if name not in valid:
                message = f"the table {table.id!r} has no {kind} {name!r}"
                yield file.problem((*path, f"{kind}s", at), message, _choose(valid))


def _find_dead_references_of_checks(library: Library, file: YamlFile) -> Iterator[Problem]:
    for at, check in enumerate(library.checks.checks):
        if check.expect != "silence" and library.entry(check.expect) is None:
            message = f"there is no entry {check.expect!r}"
            yield file.problem(("checks", at, "expect"), message, "Write an id from faq.yaml or silence")
        if check.after is not None and library.entry(check.after) is None:
            message = f"there is no entry {check.after!r}"
            yield file.problem(("checks", at, "after"), message, "Write an id from faq.yaml, or leave it out")


def _find_dead_references_of_refusals(library: Library, file: YamlFile) -> Iterator[Problem]:
    for at, decoy in enumerate(library.not_answered):
        for number, name in enumerate(decoy.offers):
            if name not in library.entries:
                message = f"there is no entry {name!r}"
                yield file.problem(("not_answered", at, "offers", number), message, "Write an id from faq.yaml")


def _references_of_quiz(library: Library) -> Iterator[Reference]:
    """Give every name in the quiz that must stand in another file, or elsewhere in the quiz."""
    quiz = library.quiz
    for key in ("roles", "regimes", "skills"):
        yield Reference(("tables", key), "table", getattr(quiz.tables, key), library.tables)
    yield from _references_of_roles(library)
    yield from _references_of_questions(library)
    yield from _references_of_tie_breaks(library)
    yield from _references_of_review(library)
    for column in quiz.risks:
        yield Reference(("risks", column), "column", column, _ids(library, quiz.tables.regimes, "columns"))


def _ids(library: Library, table: str, of: Literal["rows", "columns"]) -> list[str]:
    """Give the ids of a table's rows or columns; none if there is no such table, which is a problem of its own."""
    return [item.id for item in getattr(library.tables[table], of)] if table in library.tables else []


def _references_of_roles(library: Library) -> Iterator[Reference]:
    tables = library.quiz.tables
    columns, regimes = _ids(library, tables.roles, "columns"), _ids(library, tables.regimes, "rows")
    titles = _ids(library, tables.skills, "columns")
    for at, role in enumerate(library.quiz.roles):
        yield Reference(("roles", at, "column"), "column", role.column, columns)
        yield Reference(("roles", at, "regime"), "row", role.regime, regimes)
        for number, title in enumerate(role.titles):
            yield Reference(("roles", at, "titles", number), "column", title, titles)


def _references_of_questions(library: Library) -> Iterator[Reference]:
    table = library.quiz.tables.roles
    rows, columns = _ids(library, table, "rows"), _ids(library, table, "columns")
    roles = [role.id for role in library.quiz.roles]
    for at, question in enumerate(library.quiz.questions):
        yield Reference(("questions", at, "dimension"), "row", question.dimension, rows)
        for number, choice in enumerate(question.choices):
            path = ("questions", at, "choices", number)
            for role in choice.weights:
                yield Reference((*path, "weights", role), "role", role, roles)
            if choice.cell:
                yield Reference((*path, "cell"), "column", choice.cell, columns)


def _references_of_tie_breaks(library: Library) -> Iterator[Reference]:
    roles = [role.id for role in library.quiz.roles]
    for at, tie_break in enumerate(library.quiz.tie_breaks):
        for number, role in enumerate(tie_break.roles):
            yield Reference(("tie_breaks", at, "roles", number), "role", role, roles)
        for number, side in enumerate(tie_break.choices):
            if side.role:
                path = ("tie_breaks", at, "choices", number, "role")
                yield Reference(path, "role of this tie-break", side.role, tie_break.roles)


def _references_of_review(library: Library) -> Iterator[Reference]:
    review = library.quiz.review
    if review is None:
        return
    rows = _ids(library, library.quiz.tables.roles, "rows")
    for at, dimension in enumerate(review.dimensions):
        yield Reference(("review", "dimensions", at), "row", dimension, rows)
    for role in review.traps:
        yield Reference(("review", "traps", role), "role", role, [role.id for role in library.quiz.roles])


def _find_undecided_pairs(quiz: Quiz, file: YamlFile) -> Iterator[Problem]:
    """Find two roles that no tie-break, or more than one, decides between, and tie-breaks that speak for one only."""
    tie_breaks = Counter(frozenset(tie_break.roles) for tie_break in quiz.tie_breaks)
    for pair in combinations([role.id for role in quiz.roles], 2):
        if (count := tie_breaks[frozenset(pair)]) != 1:
            message = f"{count or 'no'} tie-breaks decide between {pair[0]!r} and {pair[1]!r}"
            yield file.problem(("tie_breaks",), message, "Write one for each two roles")
    for at, tie_break in enumerate(quiz.tie_breaks):
        for missing in set(tie_break.roles) - {side.role for side in tie_break.choices}:
            message = f"no choice of {tie_break.id!r} speaks for {missing!r}"
            yield file.problem(("tie_breaks", at, "choices"), message, "Write one choice for either role")


def _find_contradictory_cells(quiz: Quiz, file: YamlFile) -> Iterator[Problem]:
    """Find choices that pick the cell of a role that they do not speak for most."""
    role_of_column = {role.column: role.id for role in quiz.roles}
    for at, question in enumerate(quiz.questions):
        for number, choice in enumerate(question.choices):
            most = max(choice.weights.values())
            heaviest = [role for role, weight in choice.weights.items() if weight == most]
            if choice.cell in role_of_column and heaviest != [role_of_column[choice.cell]]:
                role = role_of_column[choice.cell]
                message = f"{choice.id!r} picks the cell of {role!r} and speaks most for {' and '.join(heaviest)}"
                remedy = "Give that role most weight, or leave the cell out"
                yield file.problem(("questions", at, "choices", number, "cell"), message, remedy)
