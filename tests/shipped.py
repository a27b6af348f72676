"""Reads the knowledge that is shipped once in a process of tests: most tests change one of its files, or none.

Reading all of it takes half a second, and its indexes as long again. Whatever differs from what is shipped is read as
ever.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from bot import embedded, knowledge, learnt_talk
from bot.domain.embeddings import Embedded
from bot.domain.learnt import NONE, LearntFile
from bot.knowledge import Library, linter, loader
from bot.knowledge.library import NOT_ANSWERED
from bot.knowledge.loader import LEARNT, MODELS, Reading
from bot.knowledge.problems import Problem
from bot.knowledge.yaml_file import YamlFile, parse
from bot.settings import KNOWLEDGE

READ = (*MODELS, LEARNT, embedded.FILE, learnt_talk.FILE)  # the files that a library is made of


@cache
def library() -> Library:
    """Give the knowledge as it is shipped, with its indexes and small talk ready, which each bot would begin with."""
    found = knowledge.load(KNOWLEDGE)
    _ = found.index, found.decoys, found.talk_is_ready
    return found


def few_entries(folder: Path, *entry_ids: str) -> Path:
    """Make the knowledge in a folder one of these entries, and of no promises, but else as it is shipped.

    Whatever is saved there is checked in a tenth of the time: a bot tries every phrasing and promise before it takes an
    edit up.
    """
    faq = folder / "faq.yaml"
    *before, entries = faq.read_text(encoding="utf-8").partition("\nentries:\n")
    kept = [entry for entry in re.split(r"^(?=  - id: )", entries, flags=re.MULTILINE) if _id_of(entry) in entry_ids]
    assert len(kept) == len(entry_ids)
    # An overview may be of entries that are not kept.
    kept = [re.sub(r"^ +overview_of: .*\n", "", entry, flags=re.MULTILINE) for entry in kept]
    faq.write_text("".join([*before, *kept]), encoding="utf-8")
    (folder / "checks.yaml").write_text("checks: []\n")
    (folder / NOT_ANSWERED).unlink()
    learnt = json.loads((folder / LEARNT).read_text())
    learnt["entries"] = {name: points for name, points in learnt["entries"].items() if name in {NONE, *entry_ids}}
    (folder / LEARNT).write_text(json.dumps(learnt))
    return folder


def _id_of(entry: str) -> str:
    found = re.match(r"  - id: (\S+)", entry)
    return found[1] if found else ""


@contextmanager
def read_once() -> Iterator[None]:
    """Give the same library for every folder like the shipped one, and of others what is made of files like its own."""
    validate, read, read_learnt = loader.validate, loader.read, loader.read_learnt
    read_embedded = embedded.read
    shipped_file = cache(lambda name: parse(KNOWLEDGE, name))
    shipped_learnt = cache(lambda: read_learnt(KNOWLEDGE))
    shipped_embedded = cache(lambda: read_embedded(KNOWLEDGE / embedded.FILE))
    shipped_reading = cache(lambda: read(KNOWLEDGE))

    @cache
    def shipped_model(name: str, model: type[BaseModel]) -> BaseModel | None:
        return validate(replace(shipped_file(name)), model)

    def parse_changed(folder: Path, name: str) -> YamlFile:
        if not _is_shipped(folder, name):
            return parse(folder, name)
        file: YamlFile = shipped_file(name)
        return replace(file, problems=[*file.problems], warnings=[*file.warnings])

    def validate_changed(file: YamlFile, model: type[BaseModel]) -> BaseModel | None:
        as_shipped = file.name in MODELS and file.data is shipped_file(file.name).data and not file.problems
        return shipped_model(file.name, model) if as_shipped else validate(file, model)

    def read_changed(folder: Path) -> Reading:
        reading: Reading = shipped_reading() if all(_is_shipped(folder, name) for name in READ) else read(folder)
        return reading

    def read_learnt_changed(folder: Path) -> LearntFile | Problem | None:
        learnt: LearntFile | Problem | None = shipped_learnt() if _is_shipped(folder, LEARNT) else read_learnt(folder)
        return learnt

    def read_embedded_changed(path: Path) -> Embedded:
        as_shipped = path.name == embedded.FILE and _is_shipped(path.parent, path.name)
        points: Embedded = shipped_embedded() if as_shipped else read_embedded(path)
        return points

    changes: list[tuple[Any, str, Any]] = [
        (loader, "parse", parse_changed),
        (loader, "validate", validate_changed),
        (loader, "read", read_changed),
        (linter, "read", read_changed),
        (loader, "read_learnt", read_learnt_changed),
        (embedded, "read", read_embedded_changed),
    ]
    with pytest.MonkeyPatch.context() as patch:
        for module, name, function in changes:
            patch.setattr(module, name, function)
        yield


def _is_shipped(folder: Path, name: str) -> bool:
    """Say whether a file is there and holds the bytes of the one that is shipped."""
    try:
        return (folder / name).read_bytes() == _shipped_bytes(name)
    except OSError:
        return False


@cache
def _shipped_bytes(name: str) -> bytes:
    return (KNOWLEDGE / name).read_bytes()
