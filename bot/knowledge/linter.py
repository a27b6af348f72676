"""All that `rolefit check` looks at: what keeps a folder from being used, and what only an editor needs to know."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from bot.domain.content import Entry
from bot.domain.embeddings import SemanticScorer
from bot.domain.learnt import NONE, LearntFile
from bot.knowledge.library import NOT_ANSWERED, Library
from bot.knowledge.loader import LEARNT, Reading, read
from bot.knowledge.outcomes import find_rows_asked_twice, find_unreachable_roles, find_wrong_outcomes
from bot.knowledge.phrases import find_other_languages, find_overtaken_refusals, find_small_talk_conflicts
from bot.knowledge.problems import KnowledgeError, Problem, only_knowledge_errors
from bot.knowledge.promises import find_broken_promises, find_misplaced_wordings
from bot.knowledge.text_checks import (
    find_copies,
    find_missing_articles,
    find_unexplained_choices,
    find_unexplained_signs,
)
from bot.knowledge.yaml_file import YamlFile

PrepareSecondStage = Callable[[Library], SemanticScorer | None]


def load_checked(folder: Path, *, today: date, second: PrepareSecondStage | None = None) -> Library:
    """Read a knowledge folder and check all that `lint` does, promises included; takes seconds.

    Gives what was checked, even if the files change meanwhile, with its indexes built; `second` as for `lint`. Raises
    KnowledgeError with every error; warnings are left out.
    """
    with only_knowledge_errors(folder):
        reading = read(folder)
        problems = [*reading.problems, *_find_problems(reading, today, None, second)]
        errors = [problem for problem in problems if problem.level == "error"]
        if errors or reading.library is None:
            raise KnowledgeError(errors)
        _ = reading.library.index, reading.library.decoys, reading.library.language
        return reading.library


def lint(
    folder: Path, *, today: date, documents: Path | None = None, second: PrepareSecondStage | None = None
) -> list[Problem]:
    """Find everything wrong or doubtful in a knowledge folder, in the order of files and lines.

    documents: the folder with the texts that `sources.yaml` names; what is copied from them is found where it is there.
    second: gives what asks the second stage, for the promises; without it, a promise that is left to that stage is not
    tried.
    """
    try:
        with only_knowledge_errors(folder):
            reading = read(folder)
            problems = [*reading.problems, *reading.warnings, *_find_problems(reading, today, documents, second)]
    except KnowledgeError as error:
        return list(error.problems)
    return sorted(problems)


def _find_problems(
    reading: Reading, today: date, documents: Path | None, second: PrepareSecondStage | None
) -> list[Problem]:
    """Find what is wrong or doubtful in a library that can be used; nothing where there is none."""
    library, files = reading.library, reading.files
    if library is None:
        return []
    problems = [
        *_find_dates(tuple(library.entries.values()), today, files["faq.yaml"]),
        *find_rows_asked_twice(library.quiz, files["quiz.yaml"]),
        *find_unreachable_roles(library.quiz, files["quiz.yaml"]),
        *(find_copies(library, files, documents) if documents else ()),
        *find_wrong_outcomes(library.quiz, files["quiz.yaml"]),
        *find_missing_articles(library, files),
        *find_unexplained_choices(library.quiz, files["quiz.yaml"]),
        *find_unexplained_signs(library, files["tables.yaml"]),
        *(_find_unused_weights(library.learnt_file, library) if library.learnt_file else ()),
        *find_small_talk_conflicts(library, words_file=files["words.yaml"], faq_file=files["faq.yaml"]),
        *find_other_languages(library, files["faq.yaml"]),
        *(find_overtaken_refusals(library, files[NOT_ANSWERED]) if library.not_answered else ()),
    ]
    if all(problem.level == "warning" for problem in problems):  # these take seconds
        scorer = second(library) if second else None
        problems += find_misplaced_wordings(library, files["faq.yaml"], scorer)
        problems += find_broken_promises(library, files["checks.yaml"], scorer)
    return problems


def _find_dates(entries: tuple[Entry, ...], today: date, file: YamlFile) -> Iterator[Problem]:
    """Find answers that nobody has read for a year (a warning), or not before tomorrow; `file` is faq.yaml."""
    for position, entry in enumerate(entries):
        path = ("entries", position, "checked")
        if entry.is_due(today):
            message = f"{entry.id!r} was last checked on {entry.checked:%Y-%m-%d}, over a year ago"
            yield file.problem(path, message, f"Ask {entry.owner} to read it again and set the date", "warning")
        if entry.checked > today:
            message = f"{entry.id!r} says it was checked on {entry.checked:%Y-%m-%d}, which is still to come"
            yield file.problem(path, message, "Set the date of the last reading")


def _find_unused_weights(learnt: LearntFile, library: Library) -> Iterator[Problem]:
    """Find entries that something was learnt for and that are gone: a warning, as it does no harm and helps nobody."""
    for entry_id in sorted(learnt.entries.keys() - library.entries.keys() - {NONE}):
        message = f"something was learnt for {entry_id!r}, and there is no such entry"
        yield Problem(LEARNT, 0, message, "Compute it anew with `rolefit check --calibrate`", "warning")
