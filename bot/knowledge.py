"""knowledge/*.yaml -> Library: one immutable snapshot, validated before it goes live.

`load` reads and cross-checks the files and raises KnowledgeError; `lint` adds what only an editor needs to know, and
`load_checked` takes only what it finds no errors in. Each problem names file, line, what is wrong and what to do.
Nothing but KnowledgeError is raised, whatever the files hold.
"""

import gzip
import json
import re
import traceback
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, cached_property, lru_cache
from itertools import combinations, islice, product
from math import prod
from pathlib import Path
from reprlib import repr as in_short
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
import yaml
from pydantic import BaseModel, ValidationError

from bot import embedded as embedded_file
from bot.domain import faq, fit, smalltalk
from bot.domain.content import (
    MAX_BUTTON_TEXT,
    MAX_HEADER_TEXT,
    MAX_SECTION_TEXT,
    READABLE,
    Check,
    Checks,
    Citation,
    Document,
    Entry,
    Faq,
    NotAnswered,
    NotAnsweredFile,
    Quiz,
    Sources,
    Synonyms,
    Table,
    Tables,
    Words,
    with_article,
)
from bot.domain.embeddings import Embedded, Opine
from bot.domain.learnt import NONE, Labelled, Learnt, LearntFile
from bot.domain.lexicon import English
from bot.domain.matching import Calibration, Index
from bot.domain.not_answered import Decoys

if TYPE_CHECKING:
    from bot import train

ENGLISH, SENSE = (Path(__file__).with_name(name) for name in ("english.txt.gz", "english.npz"))
NOT_ANSWERED, LEARNT, UTTERANCES = "not_answered.yaml", "learnt.json", "utterances"
RUN = 9  # words in a row that make a copy
_QUOTATION = re.compile('[“"][^”"]*[”"]')
UNCHECKED_FOR = timedelta(days=365)
MATCHING_COMMENT = """\
# From which confidence on the bot says what. Confidences are probabilities from 0 to 1.
#
# You need not edit this file: `rolefit check --calibrate` computes it from the other files, and it is worth doing
# after many new entries. The rules are in bot/calibrate.py and bot/train.py.
#   sure   where nobody asked the bot, it answers from here on; see the rule in bot/train.py
#   gap    and only if the next entry is at least this far behind
#   asked  where somebody asked the bot, it answers from here on: more likely right than wrong
#   maybe  where somebody asked the bot, it suggests from here on
#   second  the same where the second stage was asked; unprompted it is for messages of which the first is as sure as
#           `worth`, or `worth_named` where a role, a company or a person is named, so that it is asked for at most
#           one in twenty messages of technical chatter
#   calibration  how much each sign counts; see Calibration in bot/domain/matching.py
"""
MAX_TABLE_ROWS, MAX_TABLE_COLUMNS = 100, 20  # docs.slack.dev/reference/block-kit/blocks/table-block
MAX_TABLE_TEXT = 10_000  # the same page: characters over all cells of a message

MOST_CHARACTERS = 10_000_000  # of a file, and of its values with all aliases written out
A_VALUE = 50  # characters that a value counts as besides its own
MOST_NESTED = 40  # lists and mappings within each other; ours have eight
MOST_SETS = 5_000  # of answers that the linter tries
SIGNS = re.compile("✓+|○")

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
    not_answered: tuple[NotAnswered, ...] = ()
    learnt_file: LearntFile | None = None
    embedded: Embedded | None = None

    @cached_property
    def index(self) -> Index:
        """Give the matcher's index over the entries; built once, at the first use."""
        entries = tuple(self.entries.values())
        return Index.build(entries, self.synonyms, english(), self.limits.calibration, self.learnt)

    @cached_property
    def decoys(self) -> Decoys:
        """Give what recognises questions that are known not to be answered; built once, at the first use."""
        return Decoys.build(tuple(self.entries.values()), self.not_answered, self.synonyms, english())

    def decoy(self, name: str) -> NotAnswered | None:
        """Give the question with this id that is known not to be answered."""
        return next((decoy for decoy in self.not_answered if decoy.id == name), None)

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
                for choice in question.choices:
                    roles.column(choice.cell or roles.columns[0].id)
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
        shown = self.tables[entry.excerpt.table].excerpt(entry.excerpt.rows, entry.excerpt.columns)
        return shown.transposed() if entry.excerpt.transposed else shown

    def entry(self, name: str) -> Entry | None:
        """Give the entry with this id, or the one that answers now what an entry with this id did."""
        return self.entries.get(name) or self.entries.get(self.former.get(name, ""))

    @cached_property
    def former(self) -> Mapping[str, str]:
        """The id of the entry that answers now, by former id."""
        return {old: entry.id for entry in self.entries.values() for old in entry.formerly}

    @cached_property
    def learnt(self) -> Learnt | None:
        """What labelled utterances taught; None for a knowledge that has none."""
        return Learnt.of(self.learnt_file) if self.learnt_file else None


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


class _UnreadableError(Exception):
    """Ends the reading of a file, because of one problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@contextmanager
def _nothing_else_raised(folder: Path) -> Iterator[None]:
    """Let nothing but KnowledgeError out: a running bot must survive what we did not think of, and say so."""
    try:
        yield
    except KnowledgeError:
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        what = f"cannot be checked: {type(error).__name__} in {Path(place.filename).name}:{place.lineno}"
        remedy = "Undo what was changed last, and report this: it is a fault of the bot"
        raise KnowledgeError([Problem(folder.name, 0, what, remedy)]) from error


def _cited_by(quiz: Quiz) -> list[Citation]:
    review = [quiz.review.source] if quiz.review else []
    terms = [term.source for term in quiz.glossary if term.source]
    return [*quiz.sources, *(each.source for each in quiz.tie_breaks), *terms, *review]


def load(folder: Path) -> Library:
    """Read a knowledge folder. Raises KnowledgeError with every problem that keeps it from being used."""
    with _nothing_else_raised(folder):
        library, _, problems = _read(folder)
        if problems or library is None:
            raise KnowledgeError(problems)
        return library


def load_checked(folder: Path, *, today: date, second: Callable[[Library], Opine | None] | None = None) -> Library:
    """Read a knowledge folder and check all that `lint` does, promises included; takes seconds.

    Gives what was checked, even if the files change meanwhile, with its indexes built; `second` as for `lint`. Raises
    KnowledgeError with every error; warnings are left out.
    """
    with _nothing_else_raised(folder):
        library, problems = _checked(folder, today, None, second)
        errors = [problem for problem in problems if problem.level == "error"]
        if errors or library is None:
            raise KnowledgeError(errors)
        _ = library.index, library.decoys
        return library


def lint(
    folder: Path,
    *,
    today: date,
    documents: Path | None = None,
    second: Callable[[Library], Opine | None] | None = None,
) -> list[Problem]:
    """Find everything wrong or doubtful in a knowledge folder, in the order of files and lines.

    `documents` is the folder with the texts that `sources.yaml` names; what is copied from them is found where it is
    there. `second` gives what asks the second stage, for the promises; without it, a promise that is left to that
    stage is not tried.
    """
    try:
        with _nothing_else_raised(folder):
            _, problems = _checked(folder, today, documents, second)
    except KnowledgeError as error:
        return list(error.problems)
    return sorted(problems)


def _checked(
    folder: Path, today: date, documents: Path | None, second: Callable[[Library], Opine | None] | None
) -> tuple[Library | None, list[Problem]]:
    library, files, problems = _read(folder)
    if library is not None:
        problems += _limits(library, files)
        problems += _age(library, files, today)
        problems += _reach(library, files)
        problems += _copied(library, files, documents) if documents else ()
        problems += _outcomes(library, files)
        problems += _wording(library, files)
        problems += _outlived(library)
        problems += _talk_duplicates(files, library)
        if not problems or all(each.level == "warning" for each in problems):
            problems += _matching(library, files, second(library) if second else None)
    return library, problems


@cache
def english() -> English:
    """Give what is known of ordinary English words, from the tables beside this module."""
    table = gzip.decompress(ENGLISH.read_bytes()).decode("ascii")
    cells = table[table.index("\nthe ") :].split()
    with np.load(SENSE) as sense:
        return English(cells[::2], bytes(map(int, cells[1::2])), sense["substance"].tobytes(), sense["related"])


def calibrate(folder: Path, say: Callable[[str], object] = str) -> None:
    """Compute matching.yaml from the other files, and what is learnt where there are utterances; write all of it.

    `say` is told what is being done, which may take minutes. Raises KnowledgeError if the files cannot be read.
    """
    from bot import calibrate as calibration  # noqa: PLC0415 - no other use of the knowledge needs it

    names = ["faq.yaml", "synonyms.yaml", "checks.yaml"]
    with _nothing_else_raised(folder):
        if (folder / NOT_ANSWERED).exists():
            names.append(NOT_ANSWERED)
        faq_file, synonyms_file, checks_file, *decoys_file = files = [_parse(folder, name) for name in names]
        entries, synonyms = _validate(faq_file, Faq), _validate(synonyms_file, Synonyms)
        checks = _validate(checks_file, Checks)
        decoys = _validate(decoys_file[0], NotAnsweredFile) if decoys_file else NotAnsweredFile()
    if entries is None or synonyms is None or checks is None or decoys is None:
        raise KnowledgeError([problem for file in files for problem in file.problems])
    say("weighing the phrasings")
    limits = calibration.calibrate(entries.entries, synonyms, english(), checks.checks)
    if teacher := trainer(folder, entries, decoys.not_answered, checks, synonyms, limits.calibration):
        parts = teacher.left_out(say)
        learnt, thresholds = teacher.learn(say, parts)
        second = _second_stage(folder, teacher, parts, say)
        limits = limits.model_copy(
            update={"sure": thresholds.sure, "maybe": thresholds.maybe, "gap": 0.0, "second": second}
        )
        (folder / LEARNT).write_text(_one_to_a_line(learnt), encoding="utf-8")
    written = yaml.safe_dump(limits.model_dump(), sort_keys=False)
    (folder / "matching.yaml").write_text(MATCHING_COMMENT + written, encoding="utf-8")


def _second_stage(
    folder: Path, teacher: "train.Trainer", parts: "list[train.LeftOut]", say: Callable[[str], object]
) -> faq.SecondLimits | None:
    """Learn for the second stage and write its file; None where there is no encoder."""
    from bot import encoder, train, train_second_stage  # noqa: PLC0415 - see above

    try:
        encode = encoder.load().encode
    except encoder.EncoderError as error:
        say(f"the second stage is left out: {error}")
        (folder / embedded_file.FILE).unlink(missing_ok=True)
        return None
    embedded, thresholds = train_second_stage.SecondStageTrainer(teacher, encode, say).learn(parts)
    embedded_file.write(folder / embedded_file.FILE, embedded)
    worth = {"worth": train.WORTH, "worth_named": train.WORTH_NAMED}
    return faq.SecondLimits(**worth, sure=thresholds.sure, maybe=thresholds.maybe)


def trainer(
    folder: Path,
    entries: Faq,
    decoys: Sequence[NotAnswered],
    checks: Checks,
    synonyms: Synonyms,
    weights: Calibration,
) -> "train.Trainer | None":
    """Give what learns from the utterances of a knowledge folder and from its promises; None without utterances.

    Raises KnowledgeError for a line that is wrong, too few entries, or if what learning needs is not installed.
    """
    if not (texts := list(labelled(folder, entries))):
        return None
    try:
        from bot import train  # noqa: PLC0415 - needs what the bot itself does not
    except ImportError as error:
        remedy = "Install it with `make .venv/test`"
        raise KnowledgeError([Problem(UTTERANCES, 0, f"learning needs {error.name}, the bot not", remedy)]) from error
    if len(entries.entries) < train.LEAST_ENTRIES:
        what = f"learning from utterances/ needs {train.LEAST_ENTRIES} entries or more"
        remedy = "Add entries, or remove the utterances: then the phrasings decide"
        raise KnowledgeError([Problem("faq.yaml", 0, what, remedy)])
    texts += train.promised(checks.checks)
    return train.Trainer(entries.entries, decoys, texts, synonyms, english(), weights)


def labelled(folder: Path, entries: Faq) -> Iterator[Labelled]:
    """Give the utterances of a knowledge folder, former ids replaced; raises KnowledgeError for a line that is wrong.

    What was said in a thread ("after") is left out: without its thread it says nothing.
    """
    from bot import evaluate  # noqa: PLC0415 - see above

    known = frozenset(entry.id for entry in entries.entries)
    former = {old: entry.id for entry in entries.entries for old in entry.formerly}
    for path in sorted((folder / UTTERANCES).glob("*.jsonl")):
        try:
            for case in evaluate.read(path, known, known, former):
                if case.style != "followup":
                    yield Labelled(case.text, case.gold, case.author or path.stem, case.style or "")
        except evaluate.CasesError as error:
            raise KnowledgeError([Problem(f"{UTTERANCES}/{path.name}", 0, str(error), "Correct it")]) from error


def _one_to_a_line(learnt: LearntFile) -> str:
    """Write JSON with one word, class or row to a line, so that a change can be read."""
    parts = []
    for key, value in learnt.model_dump().items():
        if isinstance(value, dict) and value and key not in {"known", "new"}:
            lines = (f"  {json.dumps(name, ensure_ascii=False)}: {_short(inner)}" for name, inner in value.items())
            parts.append(f"{json.dumps(key)}: {{\n" + ",\n".join(lines) + "\n}")
        else:
            parts.append(f"{json.dumps(key)}: {_short(value)}")
    return "{" + ",\n".join(parts) + "}\n"


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


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
    if (folder / NOT_ANSWERED).exists():  # a knowledge of one's own may do without
        models[NOT_ANSWERED] = NotAnsweredFile
    files = {name: _parse(folder, name) for name in models}
    values = {name: _validate(files[name], model) for name, model in models.items()}
    problems = [problem for file in files.values() for problem in file.problems]
    if problems:
        return None, files, problems

    def value(name: str, model: type[Model]) -> Model:
        found = values[name]
        assert isinstance(found, model)  # noqa: S101 - no problems means each file gave its model
        return found

    learnt, embedded = _learnt(folder), _embedded(folder)
    if isinstance(learnt, Problem) or isinstance(embedded, Problem):
        return None, files, [each for each in (learnt, embedded) if isinstance(each, Problem)]
    library = Library(
        documents={each.id: each for each in value("sources.yaml", Sources).documents},
        tables={each.id: each for each in value("tables.yaml", Tables).tables},
        entries={each.id: each for each in value("faq.yaml", Faq).entries},
        quiz=value("quiz.yaml", Quiz),
        words=value("words.yaml", Words),
        synonyms=value("synonyms.yaml", Synonyms),
        limits=value("matching.yaml", faq.Limits),
        checks=value("checks.yaml", Checks),
        not_answered=value(NOT_ANSWERED, NotAnsweredFile).not_answered if NOT_ANSWERED in values else (),
        learnt_file=learnt,
        embedded=embedded,
    )
    problems = [*_duplicates(files, values), *_references(library, files)]
    return (None if problems else library), files, problems


def _learnt(folder: Path) -> LearntFile | Problem | None:
    """Read what was learnt from utterances; a knowledge of one's own may do without."""
    line, path = 0, folder / LEARNT
    try:
        file = LearntFile.model_validate_json(_content(path))
        _check_fit(file)
    except FileNotFoundError:
        return None
    except _UnreadableError as error:
        what = error.problem.what
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        at = re.search(r" at line (\d+)", first["msg"])
        line = int(at[1]) if at else 0
        where = f"{'.'.join(map(str, first['loc']))!r}: " if first["loc"] else ""
        what = f"cannot be used: {where}{first['msg'].removeprefix('Value error, ')}"
    except ValueError as error:
        what = f"cannot be used: {error}"
    else:
        return file
    return Problem(LEARNT, line, what, "Compute it anew with `rolefit check --calibrate`, or delete it")


def _check_fit(file: LearntFile) -> None:
    """Raise ValueError for numbers that are each in order, and do not fit together or to the index."""
    for name, layer, width in zip(("known", "new"), (file.known, file.new), Index.widths(), strict=True):
        if len(layer.mean) != width:
            raise ValueError(f"{name!r} is for {len(layer.mean)} numbers, and an entry is judged by {width}")
    file.check_words()


def _content(path: Path) -> bytes:
    """Read a file, unless it is larger than any knowledge is."""
    if path.stat().st_size > MOST_CHARACTERS:
        what = f"is larger than {MOST_CHARACTERS // 1_000_000} MB"
        raise _UnreadableError(Problem(path.name, 0, what, "Delete what does not belong there"))
    return path.read_bytes()


def _embedded(folder: Path) -> Embedded | Problem | None:
    """Read what was learnt for the second stage; a knowledge of one's own may do without."""
    try:
        return embedded_file.read(folder / embedded_file.FILE)
    except FileNotFoundError:
        return None
    except ValueError as error:
        what = f"cannot be used: {error}"
        return Problem(embedded_file.FILE, 0, what, "Compute it anew with `rolefit check --calibrate`, or delete it")


def _parse(folder: Path, name: str) -> _File:
    file = _File(name)
    try:
        text = _content(folder / name).decode("utf-8-sig")
        _check_nesting(text, name)
        loader = yaml.CSafeLoader(text)
        root = loader.get_single_node()
        if root is not None:
            file.data = _Plain(file, loader).read(root, ())
    except _UnreadableError as error:
        file.problems.append(error.problem)
    except OSError as error:
        remedy = "Let the bot read it" if isinstance(error, PermissionError) else "Put the file there"
        file.problems.append(Problem(name, 0, f"cannot be read: {error.strerror}", remedy))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        file.problems.append(Problem(name, line, "is not UTF-8 text", "Save it as UTF-8"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        what = f"is not YAML: {error.problem}"
        file.problems.append(Problem(name, line, what, "Mend this line or the one above"))
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        what = f"holds a character that YAML does not allow: {chr(error.character)!r}"
        file.problems.append(Problem(name, line, what, "Delete that character"))
    return file


def _check_nesting(text: str, name: str) -> None:
    """Refuse what is nested too deeply, before PyYAML follows it down: its parser in C ends the process there."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MOST_NESTED:
                line = event.start_mark.line + 1 if event.start_mark else 0
                what = f"more than {MOST_NESTED} lists and mappings stand within each other"
                raise _UnreadableError(Problem(name, line, what, "Mend the brackets there"))


class _Plain:
    """Turns YAML nodes into plain data, noting lines and refusing keys that are there twice."""

    def __init__(self, file: _File, loader: yaml.CSafeLoader) -> None:
        self._file = file
        self._loader = loader
        self._within: list[yaml.Node] = []  # the nodes that the one being read is part of
        self._characters = 0

    def read(self, node: yaml.Node, path: Place) -> Any:
        """Give a node as plain data. Raises _UnreadableError for aliases without an end."""
        line = node.start_mark.line + 1
        self._file.lines[path] = line
        if isinstance(node, yaml.ScalarNode):
            self._count(len(node.value), line)
            return self._scalar(node, line)
        if any(node is other for other in self._within):
            raise _UnreadableError(Problem(self._file.name, line, "an alias leads back to itself", "Write it out"))
        self._count(0, line)
        self._within.append(node)
        data: Any
        if isinstance(node, yaml.SequenceNode):
            data = [self.read(child, (*path, position)) for position, child in enumerate(node.value)]
        else:
            assert isinstance(node, yaml.MappingNode)  # noqa: S101 - there are three kinds of nodes
            data = self._mapping(node, path)
        self._within.pop()
        return data

    def _mapping(self, node: yaml.MappingNode, path: Place) -> dict[Hashable, Any]:
        data: dict[Hashable, Any] = {}
        for key_node, child in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                what = "a list or a mapping stands where a key should"
                raise _UnreadableError(Problem(self._file.name, line, what, "Write one word before the colon"))
            key = str(key_node.value)
            if key in data:
                what = f"the key {key!r} is there twice"
                self._file.problems.append(Problem(self._file.name, line, what, "Keep one and delete the other"))
            data[key] = self.read(child, (*path, key))
            self._file.lines[*path, key] = line
        return data

    def _scalar(self, node: yaml.ScalarNode, line: int) -> Any:
        try:
            return self._loader.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError, ArithmeticError, LookupError, AttributeError, TypeError):
            # All of these come from PyYAML for what looks like a date, a number or a tag, and is none.
            what = f"holds a value that cannot be read: {in_short(node.value)}"
            self._file.problems.append(Problem(self._file.name, line, what, "Correct or quote it"))
            return None

    def _count(self, characters: int, line: int) -> None:
        self._characters += A_VALUE + characters
        if self._characters > MOST_CHARACTERS:
            what = f"its aliases make more than {MOST_CHARACTERS // 1_000_000} MB of it"
            raise _UnreadableError(Problem(self._file.name, line, what, "Write out what is meant"))


def _validate(file: _File, model: type[Model]) -> Model | None:
    if file.problems:
        return None
    try:
        return model.model_validate(file.data if file.data is not None else {})
    except ValidationError as error:
        wrong = error.errors(include_url=False)
        for each in wrong:
            path = each["loc"]
            inside = any(other["loc"][: len(path)] == path != other["loc"] for other in wrong)
            if each["type"] == "too_short" and inside:
                continue  # it has enough, but for those that are wrong themselves
            what, remedy = _explain(each["type"], each["loc"], each["msg"], each.get("ctx", {}))
            file.problems.append(file.problem(each["loc"], what, remedy))
    return None


def _explain(kind: str, loc: Place, message: str, context: Mapping[str, Any]) -> tuple[str, str]:
    key = next((part for part in reversed(loc) if isinstance(part, str)), "the file")
    if kind == "extra_forbidden":
        return f"unknown key {key!r}", "Correct its spelling or delete it"
    if kind == "missing":
        return f"the key {key!r} is missing", "Add it"
    if context.get("pattern") == READABLE:
        return f"{key!r} holds a control character, which nobody can read", "Delete it"
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
    places.append(("quiz.yaml", ("tie_breaks",), quiz.tie_breaks))
    places += [("quiz.yaml", ("tie_breaks", at, "choices"), each.choices) for at, each in enumerate(quiz.tie_breaks)]
    tables = values["tables.yaml"]
    assert isinstance(tables, Tables)  # noqa: S101
    for at, table in enumerate(tables.tables):
        places.append(("tables.yaml", ("tables", at, "rows"), table.rows))
        places.append(("tables.yaml", ("tables", at, "columns"), table.columns))
    decoys = values.get(NOT_ANSWERED)
    if isinstance(decoys, NotAnsweredFile):
        places.append((NOT_ANSWERED, ("not_answered",), decoys.not_answered))
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
            same = _bare(phrasing)
            path = ("entries", at, "phrasings", number)
            line = files["faq.yaml"].line(path)
            if same in asked:
                other, where = asked[same]
                what = f"the phrasing {phrasing!r} is already in line {where}, in {other!r}"
                yield files["faq.yaml"].problem(path, what, "Keep it in one entry only")
            asked.setdefault(same, (entry.id, line))
    if isinstance(decoys, NotAnsweredFile):
        yield from _decoy_duplicates(files[NOT_ANSWERED], decoys, asked)
    yield from _former_duplicates(files["faq.yaml"], found)

    words = values["words.yaml"]
    assert isinstance(words, Words)  # noqa: S101
    typed: dict[str, str] = {}
    for name, phrases in words.typed.model_dump().items():
        for number, phrase in enumerate(phrases):
            same = _bare(phrase)
            if typed.setdefault(same, name) != name:
                what = f"{phrase!r} already means {typed[same]!r}"
                yield files["words.yaml"].problem(("typed", name, number), what, "Keep it in one place only")


def _bare(phrasing: str) -> str:
    """Give what phrasings have in common that differ in nothing but capitals, blanks and the signs at their ends."""
    return " ".join(phrasing.casefold().split()).rstrip("?!. ")


def _decoy_duplicates(file: _File, decoys: NotAnsweredFile, asked: dict[str, tuple[str, int]]) -> Iterator[Problem]:
    """Find phrasings of what is not answered that an entry has, too; `asked` has those, by what they come to."""
    for at, decoy in enumerate(decoys.not_answered):
        for number, phrasing in enumerate(decoy.phrasings):
            same = _bare(phrasing)
            path = ("not_answered", at, "phrasings", number)
            if same in asked:
                other, where = asked[same]
                what = f"the phrasing {phrasing!r} is already in line {where}, in {other!r}"
                yield file.problem(path, what, "Keep it in one place only")
            asked.setdefault(same, (decoy.id, file.line(path)))


def _talk_duplicates(files: Mapping[str, _File], library: Library) -> Iterator[Problem]:
    """Find phrases of small talk with two meanings, and phrasings of entries that are taken for small talk."""
    talk = library.words.talk
    places: dict[str, tuple[str, int]] = {}
    for name in type(talk).model_fields:
        for number, phrase in enumerate(talk.of(name).phrases):
            path = ("talk", name, "phrases", number)
            other, where = places.setdefault(smalltalk.plain(phrase), (name, files["words.yaml"].line(path)))
            if other != name:
                what = f"the phrase {phrase!r} is already in line {where}, in {other!r}"
                yield files["words.yaml"].problem(path, what, "Keep it in one place only")
    for at, entry in enumerate(library.entries.values()):
        for place, text in _wordings(at, entry):
            if intent := smalltalk.read(text, talk):
                what = f"{text!r} is taken for small talk, {intent!r} in words.yaml"
                yield files["faq.yaml"].problem(place, what, "Reword it, or take the phrase out of words.yaml")


def _wordings(at: int, entry: Entry) -> Iterator[tuple[Place, str]]:
    """Give the question and the phrasings of an entry with their places in faq.yaml."""
    yield ("entries", at, "question"), entry.question
    for number, phrasing in enumerate(entry.phrasings):
        yield ("entries", at, "phrasings", number), phrasing


def _former_duplicates(file: _File, entries: Faq) -> Iterator[Problem]:
    """Find former ids that are used, or claimed twice."""
    taken = {entry.id: entry.id for entry in entries.entries}
    for at, entry in enumerate(entries.entries):
        for number, old in enumerate(entry.formerly):
            if old in taken:
                what = f"the former id {old!r} of {entry.id!r} belongs to {taken[old]!r}"
                yield file.problem(("entries", at, "formerly", number), what, "Keep it in one place only")
            taken.setdefault(old, entry.id)


def _references(library: Library, files: Mapping[str, _File]) -> Iterator[Problem]:
    """Find names that lead nowhere: tables, rows, columns, roles, documents, entries."""

    def citations(name: str, path: Place, cited: Sequence[Citation]) -> Iterator[Problem]:
        for at, each in enumerate(cited):
            if each.document not in library.documents:
                what = f"there is no source {each.document!r}"
                place = (*path, at, "document") if len(cited) > 1 or (*path, at) in files[name].lines else path
                yield files[name].problem(place, what, _choose(library.documents))

    for at, table in enumerate(library.tables.values()):
        for number, column in ((number, name) for number, row in enumerate(table.rows) for name in row.sources):
            place = ("tables", at, "rows", number, "sources", column)
            yield from citations("tables.yaml", place, table.rows[number].sources[column])
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

    for at, check in enumerate(library.checks.checks):
        for key, name in (("expect", check.expect), ("after", check.after or "silence")):
            if name != "silence" and library.entry(name) is None:
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
    columns = parts(quiz.tables.roles, "columns")
    for at, question in enumerate(quiz.questions):
        path = ("questions", at)
        named.append(((*path, "dimension"), "row", question.dimension, parts(quiz.tables.roles, "rows")))
        for number, choice in enumerate(question.choices):
            place = (*path, "choices", number)
            named += [((*place, "weights", role), "role", role, roles) for role in choice.weights]
            named += [((*place, "cell"), "column", choice.cell, columns)] if choice.cell else []
    for at, tie_break in enumerate(quiz.tie_breaks):
        path = ("tie_breaks", at)
        named += [((*path, "roles", number), "role", role, roles) for number, role in enumerate(tie_break.roles)]
        named += [
            ((*path, "choices", number, "role"), "role of this tie-break", side.role, tie_break.roles)
            for number, side in enumerate(tie_break.choices)
            if side.role
        ]
        named.append(((*path, "source", "document"), "source", tie_break.source.document, list(library.documents)))
    regimes = parts(quiz.tables.regimes, "columns")
    named += [(("risks", column), "column", column, regimes) for column in quiz.risks]
    documents = list(library.documents)
    named += [
        (("glossary", at, "source", "document"), "source", term.source.document, documents)
        for at, term in enumerate(quiz.glossary)
        if term.source
    ]
    if review := quiz.review:
        rows = parts(quiz.tables.roles, "rows")
        named += [(("review", "dimensions", at), "row", name, rows) for at, name in enumerate(review.dimensions)]
        named += [(("review", "traps", role), "role", role, roles) for role in review.traps]
        named.append((("review", "source", "document"), "source", review.source.document, documents))
    for path, kind, name, there in named:
        if name not in there:
            yield file.problem(path, f"there is no {kind} {name!r}", _choose(there))
    yield from _pairs(quiz, file)
    yield from _cells(quiz, file)


def _pairs(quiz: Quiz, file: _File) -> Iterator[Problem]:
    """Find two roles that no tie-break, or more than one, decides between, and tie-breaks that speak for one only."""
    asked = Counter(frozenset(each.roles) for each in quiz.tie_breaks)
    for pair in combinations([role.id for role in quiz.roles], 2):
        if asked[frozenset(pair)] != 1:
            what = f"{asked[frozenset(pair)] or 'no'} tie-breaks decide between {pair[0]!r} and {pair[1]!r}"
            yield file.problem(("tie_breaks",), what, "Write one for each two roles")
    for at, tie_break in enumerate(quiz.tie_breaks):
        for missing in set(tie_break.roles) - {side.role for side in tie_break.choices}:
            what = f"no choice of {tie_break.id!r} speaks for {missing!r}"
            yield file.problem(("tie_breaks", at, "choices"), what, "Write one choice for either role")


def _cells(quiz: Quiz, file: _File) -> Iterator[Problem]:
    """Find choices that pick the cell of a role that they do not speak for most."""
    of = {role.column: role.id for role in quiz.roles}
    for at, question in enumerate(quiz.questions):
        for number, choice in enumerate(question.choices):
            most = max(choice.weights.values())
            heaviest = [role for role, weight in choice.weights.items() if weight == most]
            if choice.cell in of and heaviest != [of[choice.cell]]:
                what = (
                    f"{choice.id!r} picks the cell of {of[choice.cell]!r} and speaks most for {' and '.join(heaviest)}"
                )
                remedy = "Give that role most weight, or leave the cell out"
                yield file.problem(("questions", at, "choices", number, "cell"), what, remedy)


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
    for at, last in enumerate(library.quiz.tie_breaks):
        yield from too_long("quiz.yaml", ("tie_breaks", at, "text"), last.text, MAX_SECTION_TEXT, "in a question")
    for place, text in _texts(library.words.model_dump()):
        limit = MAX_HEADER_TEXT if place == ("home", "title") else MAX_SECTION_TEXT
        yield from too_long("words.yaml", place, text, limit, "there")
    for at, decoy in enumerate(library.not_answered):
        place = ("not_answered", at, "reply")
        yield from too_long(NOT_ANSWERED, place, decoy.reply or "", MAX_SECTION_TEXT // 2, "there")


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


def _copied(library: Library, files: Mapping[str, _File], folder: Path) -> Iterator[Problem]:
    """Find runs of more than eight words of a document in all that people read, quotations and its tables apart."""
    origin: dict[tuple[str, ...], str] = {}
    for number, document in enumerate(library.documents.values()):
        try:
            said = _spoken((folder / document.file).read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:  # a directory, no UTF-8, or a name that no file can have
            what = f"{document.file!r} cannot be read: {getattr(error, 'strerror', None) or error}"
            yield files["sources.yaml"].problem(("documents", number, "file"), what, "Name a text in UTF-8")
            continue
        origin |= {tuple(said[at : at + RUN]): document.id for at in range(len(said) - RUN + 1)}
    texts: list[tuple[str, Place, str]] = [
        ("faq.yaml", ("entries", at, "answer"), entry.answer) for at, entry in enumerate(library.entries.values())
    ]
    texts += [
        ("not_answered.yaml", ("not_answered", at, "reply"), question.reply)
        for at, question in enumerate(library.not_answered)
        if question.reply
    ]
    for name, data in (("quiz.yaml", library.quiz.model_dump()), ("words.yaml", library.words.model_dump())):
        texts += [(name, place, text) for place, text in _texts(data) if place[-1] != "section"]  # a document's heading
    for at, table in enumerate(library.tables.values()):
        cells = [] if table.verbatim else [dict(row.cells) for row in table.rows]
        texts += [("tables.yaml", ("tables", at, "rows", *path), text) for path, text in _texts(cells)]
    for name, place, text in texts:
        said = _spoken(_QUOTATION.sub(" ¤ ", text))
        run = next((run for at in range(len(said)) if (run := tuple(said[at : at + RUN])) in origin), None)
        if run:
            what = f"“{' '.join(run)}” stands in {origin[run]!r} word for word"
            yield files[name].problem(place, what, "Say it in your own words, or mark it as a quotation with “ and ”")


def _spoken(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+|¤", text.lower().replace("’", "'"))


def _reach(library: Library, files: Mapping[str, _File]) -> Iterator[Problem]:
    reached = fit.reachable(library.quiz)
    for at, role in enumerate(library.quiz.roles):
        if role.id not in reached:
            what = f"no answers lead to the role {role.id!r}"
            yield files["quiz.yaml"].problem(("roles", at, "id"), what, "Give it more weight in some choices")


def _outcomes(library: Library, files: Mapping[str, _File]) -> Iterator[Problem]:
    """Try sets of answers: of one nothing may follow, and what is too close to call has its way out either way."""
    remedy = "Report this: it is a fault of the bot"
    for path, what in _faulty_outcomes(library.quiz.model_dump_json()):
        yield files["quiz.yaml"].problem(path, what, remedy)


@lru_cache(maxsize=2)
def _faulty_outcomes(quiz_json: str) -> tuple[tuple[Place, str], ...]:
    """Try the sets of answers to a quiz: kept, because that takes seconds and most edits leave the quiz alone."""
    quiz = Quiz.model_validate_json(quiz_json)
    return tuple(dict.fromkeys((*_hasty(quiz), *_undecided(quiz))))


def _hasty(quiz: Quiz) -> Iterator[tuple[Place, str]]:
    """Find choices that give a recommendation alone."""
    for at, question in enumerate(quiz.questions if len(quiz.questions) > 1 else ()):
        for number, choice in enumerate(question.choices):
            if fit.recommend(quiz, {question.id: (choice.id,)}).clearness is not fit.Clearness.PICTURE:
                what = f"one answer alone, {choice.id!r}, gives a recommendation"
                yield ("questions", at, "choices", number), what


def _undecided(quiz: Quiz) -> Iterator[tuple[Place, str]]:
    """Find roles too close to call that get another tie-break than theirs, and answers to one that lead elsewhere."""
    for answers in _sets_of_answers(quiz):
        found, last = fit.recommend(quiz, answers), fit.tie_break(quiz, answers)
        tied = {found.role.id, found.runner_up.id} if found.clearness is fit.Clearness.CLOSE else set()
        if tied != set(last.roles if last else ()):
            what = f"{found.role.id} and {found.runner_up.id} do not get the question that decides between them"
            yield ("tie_breaks",), what
        if last is None:
            continue
        for side in last.choices:
            after = fit.recommend(quiz, {**answers, last.id: (side.id,)})
            leads_to = after.role.id if after.clearness is fit.Clearness.LEANING else None
            if leads_to != side.role:
                what = f"{side.id!r} should lead to {side.role or 'neither role'} and leads to {leads_to or 'neither'}"
                yield ("tie_breaks", quiz.tie_breaks.index(last)), what


def _sets_of_answers(quiz: Quiz) -> Iterator[dict[str, tuple[str, ...]]]:
    """Give every set of answers, or evenly spread ones if they are too many; each of one choice to every question."""
    ways = prod(len(question.choices) for question in quiz.questions)
    for chosen in islice(product(*(question.choices for question in quiz.questions)), 0, None, -(-ways // MOST_SETS)):
        yield {question.id: (choice.id,) for question, choice in zip(quiz.questions, chosen, strict=True)}


def _wording(library: Library, files: Mapping[str, _File]) -> Iterator[Problem]:
    """Find role names without their article, and signs in a table that its key does not explain."""
    names = "|".join(re.escape(role.name) for role in library.quiz.roles)
    bare = re.compile(rf"\b(?:of|as|by|to|towards|like|than|be|is) (?P<name>{names})\b")
    for name, data in (("quiz.yaml", library.quiz.model_dump()), ("words.yaml", library.words.model_dump())):
        for path, text in _texts(data):
            if found := bare.search(text):
                what = f"{found.group()!r} lacks an article"
                yield files[name].problem(path, what, f"Write {with_article(found['name'])!r}")
    for at, table in enumerate(library.tables.values()):
        used = {sign for row in table.rows for cell in row.cells.values() for sign in SIGNS.findall(cell)}
        for sign in sorted(used - set(SIGNS.findall(table.key or ""))):
            what = f"the sign {sign!r} is in cells of {table.id!r}, and its key does not explain it"
            yield files["tables.yaml"].problem(("tables", at, "key"), what, "Say there what it means")


def _outlived(library: Library) -> Iterator[Problem]:
    """Find entries that something was learnt for and that are gone; it does no harm, and helps nobody."""
    learnt = library.learnt_file.entries if library.learnt_file else {}
    for name in sorted(learnt.keys() - library.entries.keys() - {NONE}):
        what = f"something was learnt for {name!r}, and there is no such entry"
        yield Problem(LEARNT, 0, what, "Compute it anew with `rolefit check --calibrate`", "warning")


def _texts(data: Any, path: Place = ()) -> Iterator[tuple[Place, str]]:
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            yield from _texts(value, (*path, key))
    elif isinstance(data, list | tuple):
        for at, value in enumerate(data):
            yield from _texts(value, (*path, at))


def _matching(library: Library, files: Mapping[str, _File], opine: Opine | None) -> Iterator[Problem]:
    """Find phrasings that lead to another entry, and promises of checks.yaml that are not kept."""
    for at, entry in enumerate(library.entries.values()):
        for path, text in _wordings(at, entry):
            # Left out of the index: each phrasing matches itself, and the question is where it would lead else.
            ranked = library.index.rank(text, limit=1, without=text)
            if ranked and ranked[0].entry != entry.id and ranked[0].confidence >= (1 + library.limits.sure) / 2:
                what = f"the phrasing {text!r} of {entry.id!r} matches {ranked[0].entry!r} better"
                remedy = "Make it more specific, or move it there"
                yield files["faq.yaml"].problem(path, what, remedy)
    for at, check in enumerate(library.checks.checks):
        reply = faq.reply_to(
            check.say, faq.Surface(check.surface), library.index, library.limits, after=check.after, opine=opine
        )
        if opine is None and reply == faq.Silence() and _left_to_second_stage(check, library):
            continue
        got = _offered(reply) or ["silence"]
        if check.expect not in got:
            what = f"{check.say!r} should get {check.expect}, and gets {', '.join(got)}"
            remedy = "Add a phrasing or a synonym, or correct the promise"
            yield files["checks.yaml"].problem(("checks", at, "say"), what, remedy)


def _left_to_second_stage(check: Check, library: Library) -> bool:
    """Say whether the promise is the second stage's to keep: unprompted, the first alone answers what it is sure of."""
    surface = faq.Surface(check.surface)
    _, worth = faq.first_reply(check.say, surface, library.index, library.limits, after=check.after)
    return surface in faq.UNPROMPTED and worth


def _offered(reply: faq.Reply) -> list[str]:
    """Name the entries that a reply answers with or suggests."""
    match reply:
        case faq.Answer(entries=found) | faq.Suggestions(candidates=found):
            return [each.entry for each in found]
        case _:
            return []
