"""What the commands share: the command line itself, and settings and knowledge read so that errors end it in words."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import typer
from typer.core import TyperGroup

from bot import settings as env
from bot.settings import SettingsError
from bot.validation import describe

if TYPE_CHECKING:
    from bot.domain.embeddings import SemanticScorer
    from bot.domain.faq import Surface
    from bot.knowledge import Library
    from bot.second_stage import SecondStage

NOT_OK, WRONG_SETTINGS, NO_VERDICT = 1, 2, 3  # exit codes


_warned: set[str] = set()  # warnings that were printed already: a command may read the settings more than once


class _Group(TyperGroup):
    """The commands; what typer has pydantic find wrong with their options is said in our words."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that is named."""
        from pydantic import ValidationError

        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            if isinstance(error.__cause__, ValidationError):
                [detail, *_] = error.__cause__.errors(include_url=False)
                ours = "it {}. {}.".format(*describe(detail))
                typers = detail["msg"].removeprefix("Value error, ")
                error.message = typers if detail["type"] == "value_error" else ours
            raise


cli = typer.Typer(
    cls=_Group,
    help="Rolefit: answers about AI roles and titles in Slack, and a quiz that finds yours.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def read_settings() -> env.Settings:
    """Read the environment; ends the command where something is wrong with it."""
    try:
        settings = env.read()
    except SettingsError as error:
        stop([*_misspelt(), *error.problems])
    for problem in _misspelt():
        if problem not in _warned:
            _warned.add(problem)
            typer.echo(problem, err=True)
    return settings


def _misspelt() -> list[str]:
    """Say which names are no setting and look like one."""
    try:
        names = env.misspelt()
    except (OSError, UnicodeDecodeError):  # which reading the settings has named
        return []
    return [f"{name}: no such setting; did you mean {meant}?" for name, meant in names.items()]


def read_library(folder: Path | None = None) -> "Library":
    """Read a knowledge folder, the one in use if none is named; ends the command if it has errors."""
    from bot import knowledge

    knowledge_folder = existing(folder) if folder else read_settings().knowledge_dir
    try:
        return knowledge.load(knowledge_folder)
    except knowledge.KnowledgeError as error:
        named = str(knowledge_folder) if folder else f"{knowledge_folder} (KNOWLEDGE_DIR)"
        stop([*map(str, error.problems), f"The knowledge in {named} has errors: mend them first."])


def scorer_of(library: "Library") -> "SemanticScorer | None":
    """Give the second stage's scorer, or None if that stage is off."""
    if read_settings().rolefit_encoder is env.Switch.OFF:
        return None
    from bot.second_stage import scorer_for

    return scorer_for(library)


def second_of(library: "Library") -> "SecondStage | None":
    """Give the second stage, prepared for this knowledge, or None if it is off."""
    if read_settings().rolefit_encoder is env.Switch.OFF:
        return None
    from bot.second_stage import SecondStage

    second = SecondStage()
    second.prepare(library)
    return second


def read_surface(name: str) -> "Surface":
    """Read where something is written; ends the command for what is no such place."""
    from bot.domain.faq import Surface

    if name not in ("channel", "thread", "mention", "dm"):
        stop([f"--surface {name}: write channel, thread, mention or dm."])
    return Surface(name)


def existing(folder: Path) -> Path:
    """Give a folder if it is there; ends the command otherwise."""
    if not folder.is_dir():
        stop([f"{folder}: there is no such folder. Name one that has faq.yaml, or none to use that of KNOWLEDGE_DIR."])
    return folder


def is_address(url: str) -> bool:
    """Say whether a text is an address of the web, with a host."""
    try:
        parts = urlsplit(url)
    except ValueError:  # such as a bracket that is not closed
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname)


def plural(number: int, noun: str) -> str:
    """Count things: "1 error", "2 errors"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def stop(problems: list[str]) -> NoReturn:
    """End the command, saying what is wrong."""
    for problem in problems:
        typer.echo(problem, err=True)
    sys.exit(WRONG_SETTINGS)
