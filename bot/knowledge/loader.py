"""knowledge/*.yaml, learnt.json and learnt_encoder.npz -> `Library`; every error has its file and line."""

import re
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot import embedded as embedded_file
from bot import learnt_talk as learnt_talk_file
from bot.domain.authored import IDENTIFIER, READABLE
from bot.domain.content import HTTPS_ADDRESS, Checks, Faq, NotAnsweredFile, Sources, Synonyms, Tables
from bot.domain.embeddings import Embedded
from bot.domain.language import Languages
from bot.domain.learnt import LearntFile
from bot.domain.matching import Index
from bot.domain.quiz_content import Quiz
from bot.domain.thresholds import ReplyThresholds
from bot.knowledge.library import LANGUAGES, NOT_ANSWERED, Contents, FilesSaved, Library
from bot.knowledge.problems import KnowledgeError, Problem, YamlPath, only_knowledge_errors
from bot.knowledge.references import find_reference_problems
from bot.knowledge.text_checks import find_long_citations, find_long_texts
from bot.knowledge.words import Words
from bot.knowledge.yaml_file import UnreadableError, YamlFile, parse, read_bytes
from bot.learnt_talk import LearntTalk
from bot.validation import describe, describe_unreadable

LEARNT = "learnt.json"
RUN_ON = re.compile(r"(?P<key>[\w-]+)(?:(?P<colon>:)\S|\s+\S)")  # a key and its value that are one, such as id:x
FILL_IN = "Write something there"  # for what is empty and may not be left out
SUFFIXES = frozenset({".yaml", ".json", ".npz"})  # of the files that are read
ALIKE = 0.75  # difflib's ratio, from which an unknown key is taken for a misspelt one

Model = TypeVar("Model", bound=BaseModel)

MODELS: Mapping[str, type[BaseModel]] = {
    "sources.yaml": Sources,
    "tables.yaml": Tables,
    "faq.yaml": Faq,
    "quiz.yaml": Quiz,
    "words.yaml": Words,
    "synonyms.yaml": Synonyms,
    "matching.yaml": ReplyThresholds,
    "checks.yaml": Checks,
    NOT_ANSWERED: NotAnsweredFile,
    LANGUAGES: Languages,
}
OPTIONAL = frozenset({NOT_ANSWERED, LANGUAGES})  # a knowledge of one's own may do without


@dataclass(frozen=True)
class Reading:
    """A folder as it was read: its files, and a library unless there are problems."""

    files: Mapping[str, YamlFile]
    problems: Sequence[Problem]
    library: Library | None = None

    @property
    def warnings(self) -> Sequence[Problem]:
        """What is doubtful in how the files are written, and keeps none from being used."""
        return [warning for file in self.files.values() for warning in file.warnings]


def load(folder: Path) -> Library:
    """Read a knowledge folder. Raises KnowledgeError with every problem that keeps it from being used."""
    with only_knowledge_errors(folder):
        reading = read(folder)
        if reading.library is None:
            raise KnowledgeError(reading.problems)
        return reading.library


def read(folder: Path) -> Reading:
    """Read a knowledge folder and check its files by themselves, then what they say of each other."""
    saved = files_saved(folder)
    names = [name for name in MODELS if name not in OPTIONAL or (folder / name).exists()]
    files = {name: parse(folder, name) for name in names}
    models = {name: validate(file, MODELS[name]) for name, file in files.items()}
    problems = [problem for file in files.values() for problem in file.problems]
    if problems:
        return Reading(files, problems)

    def model(name: str, kind: type[Model]) -> Model:
        valid = models[name]
        assert isinstance(valid, kind)  # noqa: S101 - no problems means each file gave its model
        return valid

    contents = Contents(
        sources=model("sources.yaml", Sources),
        tables=model("tables.yaml", Tables),
        faq=model("faq.yaml", Faq),
        quiz=model("quiz.yaml", Quiz),
        words=model("words.yaml", Words),
        synonyms=model("synonyms.yaml", Synonyms),
        thresholds=model("matching.yaml", ReplyThresholds),
        checks=model("checks.yaml", Checks),
        not_answered=model(NOT_ANSWERED, NotAnsweredFile) if NOT_ANSWERED in models else NotAnsweredFile(),
        languages=model(LANGUAGES, Languages) if LANGUAGES in models else Languages(),
    )
    learnt, embedded, learnt_talk = (
        read_learnt(folder),
        read_embedded(folder),
        _read_learnt_talk(folder, contents.words),
    )
    if isinstance(learnt, Problem) or isinstance(embedded, Problem) or isinstance(learnt_talk, Problem):
        problems = [problem for problem in (learnt, embedded, learnt_talk) if isinstance(problem, Problem)]
        return Reading(files, problems)
    library = Library.of(contents, learnt, embedded, learnt_talk, saved)
    problems = [*find_reference_problems(contents, library, files), *find_long_texts(library, files)]
    if not problems:
        problems += find_long_citations(library, files["faq.yaml"])
    return Reading(files, problems, None if problems else library)


def files_saved(folder: Path) -> FilesSaved:
    """Give when each file of a knowledge folder was last saved, and its size; none where the folder cannot be read."""
    try:
        files = [path for path in folder.iterdir() if path.suffix in SUFFIXES]
        return {path.name: (path.stat().st_mtime_ns, path.stat().st_size) for path in files}
    except OSError:  # also of a file that goes while others are looked at
        return {}


def validate(file: YamlFile, model: type[Model]) -> Model | None:
    """Validate a file as a model; None if it has problems. Problems found here are added to the file's."""
    if file.problems:
        return None
    try:
        return model.model_validate(file.data if file.data is not None else {})
    except ValidationError as error:
        details = error.errors(include_url=False)
        paths = [detail["loc"] for detail in details]
        misspelt = _misspelt(details)
        needed = _needed([detail["loc"] for detail in details if _is_empty(detail)], file, model)
        for detail in details:
            path = detail["loc"]
            inside = any(other[: len(path)] == path != other for other in paths)
            if detail["type"] == "too_short" and inside:
                continue  # the list is long enough, only that some items are wrong themselves
            if detail["type"] == "missing" and path in misspelt.values():
                continue  # it is there, and named where it is
            message, remedy = _explain(detail, misspelt.get(path))
            file.problems.append(file.problem(path, message, FILL_IN if path in needed else remedy))
    return None


def _is_empty(detail: ErrorDetails) -> bool:
    """Say whether a key has nothing behind it."""
    return detail["input"] is None and detail["type"].endswith("_type")


def _needed(paths: Sequence[YamlPath], file: YamlFile, model: type[BaseModel]) -> Collection[YamlPath]:
    """Give those of `paths` that are required: validation fails if the file has no such key."""
    if not paths:
        return ()
    without = deepcopy(file.data)
    for path in paths:
        holder = without
        for part in path[:-1]:
            holder = holder[part]
        if isinstance(holder, dict):
            holder.pop(path[-1], None)
    try:
        model.model_validate(without)
    except ValidationError as error:
        missing = {detail["loc"] for detail in error.errors(include_url=False) if detail["type"] == "missing"}
        return missing.intersection(paths)
    return ()


def _misspelt(details: Sequence[ErrorDetails]) -> dict[YamlPath, YamlPath]:
    """Give the unknown keys that look like a missing one beside them, with the path of that one."""
    paths: dict[str, list[YamlPath]] = {kind: [] for kind in ("missing", "extra_forbidden")}
    for detail in details:
        if detail["type"] in paths:
            paths[detail["type"]].append(detail["loc"])
    misspelt = {}
    for path in paths["extra_forbidden"]:
        beside = {str(other[-1]): other for other in paths["missing"] if other[:-1] == path[:-1]}
        run_on = RUN_ON.match(str(path[-1]))
        alike = get_close_matches(str(path[-1]), beside, n=1, cutoff=ALIKE)
        for name in [run_on["key"]] if run_on and run_on["key"] in beside else alike:
            misspelt[path] = beside[name]
    return misspelt


PATTERNS = {
    READABLE: ("holds a control character, which nobody can read", "Delete it"),
    IDENTIFIER: ("is no id", "Write small letters, digits and single hyphens, such as research-engineer"),
    HTTPS_ADDRESS: ("is no address", "Write one that begins with https:// and has no blanks"),
}


def _explain(detail: ErrorDetails, meant: YamlPath | None = None) -> tuple[str, str]:
    """Put what pydantic found into an editor's words; gives what is wrong and what to do.

    meant: the missing key that an unknown one stands for.
    """
    name = _name(detail["loc"])
    match detail["type"]:
        case "extra_forbidden" if detail["input"] is None and (run_on := RUN_ON.match(str(detail["loc"][-1]))):
            missing = (
                "blank is missing behind its colon" if run_on["colon"] else f"colon is missing behind {run_on['key']!r}"
            )
            return f"unknown key {name}: a {missing}", "Write a key, a colon, a blank and the value"
        case "extra_forbidden" if meant:
            return f"unknown key {name}, and {_name(meant)} is missing", "Correct its spelling"
        case "extra_forbidden":
            return f"unknown key {name}", "Correct its spelling or delete it"
        case "missing":
            return f"the key {name} is missing", "Add it"
        case "value_error":  # one of ours: it says what it is about where that is a whole item
            about = "" if isinstance(detail["loc"][-1], int) else f"{name}: "
            return f"{about}{detail['msg'].removeprefix('Value error, ')}", "Correct it"
        case "string_pattern_mismatch":
            message, remedy = PATTERNS.get(detail["ctx"]["pattern"]) or describe(detail)
        case _:
            message, remedy = describe(detail)
    return f"{name} {message}", remedy


def _name(path: YamlPath) -> str:
    """Name a value by its key, or an item by its number, from 1, and the key of its list."""
    if not path:
        return "the file"
    *above, last = path
    if last == "[key]":  # pydantic's mark for the key itself
        return f"the key {above[-1]!r}"
    if isinstance(last, int):
        key = next((part for part in reversed(above) if isinstance(part, str)), "the file")
        return f"item {last + 1} of {key!r}"
    return repr(last)


def read_learnt(folder: Path) -> LearntFile | Problem | None:
    """Read what was learnt from utterances; None where there is no such file, as a knowledge of one's own may have."""
    line, path = 0, folder / LEARNT
    try:
        file = LearntFile.model_validate_json(read_bytes(path))
        _check_fit(file)
    except FileNotFoundError:
        return None
    except UnreadableError as error:
        message = error.problem.message
    except OSError as error:
        message = describe_unreadable(error)[0]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        line_in_message = re.search(r" at line (\d+)", first["msg"])
        line = int(line_in_message[1]) if line_in_message else 0
        name = repr(".".join(map(str, first["loc"])))
        if first["type"] == "value_error":
            message = f"{name}: " if first["loc"] else ""
            message += first["msg"].removeprefix("Value error, ")
        else:
            message = f"{name} {describe(first)[0]}" if first["loc"] else f"it {describe(first)[0]}"
        message = f"cannot be used: {message}"
    except ValueError as error:
        message = f"cannot be used: {error}"
    else:
        return file
    return Problem(LEARNT, line, message, "Compute it anew with `rolefit check --calibrate`, or delete it")


def _check_fit(file: LearntFile) -> None:
    """Raise ValueError for numbers that are each in order, and do not fit together or to the index."""
    for name, layer, width in zip(("known", "new"), (file.known, file.new), Index.widths(), strict=True):
        if len(layer.mean) != width:
            raise ValueError(f"{name!r} is for {len(layer.mean)} numbers, and an entry is judged by {width}")
    file.check_words()


def read_embedded(folder: Path) -> Embedded | Problem | None:
    """Read what was learnt for the second stage; None where there is no such file."""
    try:
        return embedded_file.read(folder / embedded_file.FILE)
    except FileNotFoundError:
        return None
    except ValueError as error:
        message = f"cannot be used: {error}"
        return Problem(embedded_file.FILE, 0, message, "Compute it anew with `rolefit check --calibrate`, or delete it")


def _read_learnt_talk(folder: Path, words: Words) -> LearntTalk | Problem:
    """Read what was learnt of what people say besides questions; empty where there is no such file."""
    try:
        learnt = learnt_talk_file.read(folder / learnt_talk_file.FILE)
    except FileNotFoundError:
        return {}
    except ValueError as error:
        return _unusable_talk(str(error))
    for place, phrases in words.places_of_talk.items():
        if place in learnt and (unknown := set(learnt[place].names).difference(phrases)):
            return _unusable_talk(f"words.yaml has no {min(unknown)!r}")
    return learnt


def _unusable_talk(why: str) -> Problem:
    remedy = "Compute it anew with `rolefit check --calibrate-talk`, or delete it"
    return Problem(learnt_talk_file.FILE, 0, f"cannot be used: {why}", remedy)
