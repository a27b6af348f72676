"""What there is to know is in the docs: each command, setting, metric, field and table on the page that is its home.

What is missing there, and what a page has that does not exist, is named with the page. That what pages mention in
passing exists is tested in `tests/test_docs.py`.
"""

import ast
import inspect
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main
import yaml
from annotated_types import MaxLen
from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel
from sqlalchemy import JSON, Text

from bot import asgi, knowledge, metrics
from bot.cli import cli
from bot.domain.authored import Citation
from bot.knowledge.loader import MODELS
from bot.knowledge.slack_limits import MAX_BUTTON_TEXT
from bot.knowledge.words import Placeholders, Talk, Words
from bot.settings import MANIFEST, Settings
from bot.slack import quiz
from bot.storage import Question, QuestionKind, Store
from bot.storage.tables import metadata
from tests.conftest import with_tables
from tests.test_cli import CLEAN, ROOT, rolefit_here

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
MAKEFILE = (ROOT / "Makefile").read_text()
README_LINES_MAX = 130  # three screens; what does not fit has a page of its own


def known_commands() -> dict[str, Any]:
    """Give the commands of the terminal by their names, as the command line itself has them."""
    commands: dict[str, Any] = vars(typer.main.get_command(cli))["commands"]
    return commands


def options_of(command: Any) -> set[str]:
    """Give the options of a command that are not hidden; of a switch that is on, the word that turns it off."""
    return {
        parameter.secondary_opts[0] if parameter.default is True and parameter.secondary_opts else parameter.opts[0]
        for parameter in command.params
        if parameter.param_type_name == "option" and not parameter.hidden
    } - {"--help"}


def section(page: str, heading: str) -> str:
    """Give what stands below a heading of a page, up to the next that is as high. Fails if there is none."""
    text = (DOCS / page).read_text()
    found = re.search(rf"^(#+) {re.escape(heading)}\n(.*?)(?=^\1 |^#{{1,2}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"docs/{page} has no heading “{heading}”"
    return found[2]


def rows(text: str) -> Iterator[list[str]]:
    """Give the cells of each row of the tables in a text, without their headings."""
    for line in re.findall(r"^\| (.*) \|$", text, re.MULTILINE):
        yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)]


def in_first_cells(text: str) -> set[str]:
    """Give what stands in backticks in the first cells of the tables in a text."""
    return {name for cells in rows(text) for name in re.findall(r"`([^`]+)`", cells[0])}


def same(known: Iterable[str], documented: Iterable[str], where: str) -> None:
    """Fail if the two differ, and name what is missing and what does not exist."""
    there, wanted = set(documented), set(known)
    assert wanted, "nothing is there to be documented"
    assert not wanted - there, f"{where} does not have: {', '.join(sorted(wanted - there))}"
    assert not there - wanted, f"{where} has what does not exist: {', '.join(sorted(there - wanted))}"


def test_every_setting():
    settings = section("operating.md", "Settings")

    same((name.upper() for name in Settings.model_fields), in_first_cells(settings), "docs/operating.md, Settings")


def test_the_defaults_of_settings():
    defaults = {
        name: cells[2].strip("`")
        for cells in rows(section("operating.md", "Settings"))
        for name in re.findall(r"`([A-Z_]+)`", cells[0])
    }

    for name, field in Settings.model_fields.items():
        if name in ("slack_api_url", "knowledge_dir"):
            continue  # said in words
        default = "" if field.default is None else str(field.default)
        assert defaults[name.upper()] == default, f"docs/operating.md: the default of {name.upper()} is {default}"


def test_every_command_and_its_options():
    commands = known_commands()
    described = {cells[0].strip("`"): cells[1] for cells in rows(section("operating.md", "Commands"))}
    own = {name.removeprefix("rolefit "): text for name, text in described.items() if name.startswith("rolefit ")}

    same(commands, own, "docs/operating.md, Commands")
    for name, command in commands.items():
        options = set(re.findall(r"`(--[a-z-]+)`", own[name]))
        if options_of(command) or options:
            same(options_of(command), options, f"docs/operating.md, rolefit {name}")


def test_every_make_target():
    [phony] = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    named = in_first_cells(section("operating.md", "Commands"))

    same(phony.split(), (name.removeprefix("make ") for name in named if name.startswith("make ")), "docs/operating.md")


def words_after_the_command() -> set[str]:
    """Give the words that `bot.slack.quiz.command` compares what is typed with, as its code has them."""
    tree = ast.parse(inspect.getsource(quiz.command))
    words: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and node.left.id == "argument":
            value = eval(compile(ast.Expression(node.comparators[0]), "command", "eval"), vars(quiz))
            words |= {value} if isinstance(value, str) else set(value)
    return words


def test_every_word_after_the_slash_command():
    named = in_first_cells(section("using.md", "Words after /rolefit"))
    words = {name.removeprefix("/rolefit ") for name in named} - {"/rolefit", "do I need a PhD?"}

    same(words_after_the_command(), words, "docs/using.md, Words after /rolefit")


def test_what_slack_hints_at_below_the_command_exists():
    [command] = yaml.safe_load(MANIFEST.read_text())["features"]["slash_commands"]
    hinted = [word.strip() for word in command["usage_hint"].strip("[]").split("|")]

    assert hinted[0] == "a question"
    assert set(hinted[1:]) <= words_after_the_command()


def test_every_metric_and_its_labels():
    known = {
        next(iter(metric.describe())).name: set(metric._labelnames)
        for metric in vars(metrics).values()
        if isinstance(metric, MetricWrapperBase)
    }
    described = {
        cells[0].strip("`"): set(re.findall(r"`(\w+)`", cells[1])) for cells in rows(section("operating.md", "Figures"))
    }
    described.pop("Metric", None)

    same(known, (name for name in described if name != "---"), "docs/operating.md, Figures")
    for name, labels in known.items():
        assert described[name] == labels, f"docs/operating.md: the labels of {name} are {', '.join(sorted(labels))}"


def test_every_address_that_is_served():
    text = (DOCS / "operating.md").read_text()
    addresses = (asgi.EVENTS, asgi.HEALTH, asgi.READY, asgi.METRICS, asgi.INSTALL, asgi.REDIRECT)

    assert [address for address in addresses if not re.search(rf"{address}`", text)] == []


def fields(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """Give the paths of a file's fields: those of models within it with a dot, but for places in a document."""
    for name, field in model.model_fields.items():
        yield above + name
        for inner in models_in(field.annotation):
            if inner is not Citation:
                yield from fields(inner, f"{above}{name}.")


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Give the models that a type holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in models_in(argument)]


@pytest.mark.parametrize("name", [name for name in MODELS if name != "words.yaml"])
def test_every_field_of_the_knowledge(name: str):
    same(fields(MODELS[name]), in_first_cells(section("editing.md", name)), f"docs/editing.md, {name}")


def test_every_field_of_a_place_in_a_document():
    named = in_first_cells(section("editing.md", "Where something is said"))

    same(Citation.model_fields, named, "docs/editing.md, Where something is said")


def test_every_file_of_the_knowledge():
    text = (DOCS / "editing.md").read_text()

    assert [path.name for path in (ROOT / "knowledge").iterdir() if f"knowledge/{path.name}" not in text] == []


def placeholders_of(annotated: Any) -> set[str]:
    """Give the placeholders that a text may hold."""
    return {
        name for constraint in annotated.metadata if isinstance(constraint, Placeholders) for name in constraint.names
    }


@pytest.mark.parametrize("name", Words.model_fields)
def test_every_text_and_what_it_may_hold(name: str):
    model = Words.model_fields[name].annotation
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    cells = [cells[1] for cells in rows(section("words.md", name))]
    described = {
        text: set(re.findall(r"\{(\w+)\}", held))
        for cell in cells
        for text, held in re.findall(r"`(\w+)`((?: \{\w+\})*)(?=,|$)", cell)
    }

    same(model.model_fields, described, f"docs/words.md, {name}")
    for text, field in model.model_fields.items():
        holds = placeholders_of(field)
        named = ", ".join(sorted(holds)) or "nothing"
        assert described[text] == holds, f"docs/words.md: {name}.{text} may hold {named}"


def test_every_field_of_small_talk():
    named = {name for name in in_first_cells(section("words.md", "talk")) if not name.startswith("/")}

    same(Talk.model_fields, named, "docs/words.md, talk")


def test_every_column_that_could_hold_words():
    known = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, (Text, JSON))
    }

    same(known, in_first_cells(section("privacy.md", "Columns that could hold words")), "docs/privacy.md")


TELL_WHAT_TO_CLICK = ("README.md", "docs/using.md", "docs/first-day.md", "docs/words.md")
OF_SLACK = {  # names of Slack's own pages and buttons
    "App-Level Tokens", "Apps", "Basic Information", "Create New App", "From a manifest", "Install to Workspace",
    "OAuth & Permissions",
}  # fmt: skip
NO_BUTTON = {"Stars"}  # shows how bold is written


def names_to_click() -> set[str]:
    """Give what stands on buttons, in menus and over windows: each text that may be no longer than a button's."""
    shortcuts = yaml.safe_load(MANIFEST.read_text())["features"]["shortcuts"]
    words = yaml.safe_load((ROOT / "knowledge" / "words.yaml").read_text())
    names = {shortcut["name"] for shortcut in shortcuts}
    for part, field in Words.model_fields.items():
        for name, text in (getattr(field.annotation, "model_fields", {})).items():
            longest = [constraint.max_length for constraint in text.metadata if isinstance(constraint, MaxLen)]
            if text.annotation is str and any(length <= MAX_BUTTON_TEXT for length in longest):
                names.add(words[part][name])
    return names


@pytest.mark.parametrize("page", TELL_WHAT_TO_CLICK)
def test_what_a_page_tells_to_click_is_there_under_that_name(page: str):
    text = (ROOT / page).read_text()
    named = {" ".join(name.split()) for name in re.findall(r"(?<![*\w])\*([A-Z][^*`|]*)\*(?![*\w])", text)}

    assert named
    assert named - names_to_click() - OF_SLACK - NO_BUTTON == set()


def test_every_setting_of_a_channel():
    words = yaml.safe_load((ROOT / "knowledge" / "words.yaml").read_text())["manners"]
    modes = [text for name, text in words.items() if re.fullmatch(r"mode_[a-z]+", name)]
    text = (DOCS / "using.md").read_text()

    assert len(modes) == 4
    assert [mode for mode in modes if f"*{mode}*" not in text] == []


def test_the_readme_is_a_page_for_newcomers():
    text = (ROOT / "README.md").read_text()
    commands = [line.partition("#")[0].strip() for line in text.splitlines() if line.startswith("make ")]

    assert text.count("\n") <= README_LINES_MAX
    assert commands[:2] == ["make run", "make test"]


def test_every_page_can_be_reached_from_the_readme():
    links = set(re.findall(r"\]\(([^)#]+)", (ROOT / "README.md").read_text()))

    assert {f"docs/{page.name}" for page in DOCS.glob("*.md")} <= links
    assert [target for target in links if not target.startswith("https://") and not (ROOT / target).exists()] == []


def shown() -> Iterator[tuple[str, str]]:
    """Give each command of this project that a page shows in a block of its own, with the page's name."""
    for page in PAGES:
        for block in re.findall(r"^ *```\w*\n(.*?)^ *```", page.read_text(), re.MULTILINE | re.DOTALL):
            for line in block.splitlines():
                if re.match(r" *\.venv/bin/(?:rolefit|python -c) ", line):
                    yield page.name, line.strip()


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """The working directory of a bot, with the database in `data`, and a question in it that has no answer."""
    folder = tmp_path / "data"
    folder.mkdir()
    with_tables(folder)
    settings = Settings(_env_file=None, data_dir=folder)
    store = await Store.open(settings.store_url)
    try:
        text = "Which laptop do engineers get?"
        asked = Question("C1:1", "U_ANA", QuestionKind.UNANSWERED, text, asked_at=time.time())
        await store.gaps.record("T_LOCAL", asked)
    finally:
        await store.close()
    return tmp_path


@pytest.mark.parametrize(("page", "line"), [pytest.param(*command, id=command[1]) for command in shown()])
def test_what_a_page_shows_works_as_shown(page: str, line: str, data: Path, monkeypatch: pytest.MonkeyPatch):
    # That nothing is wrong with the knowledge takes seconds to find, and is what tests/test_cli.py looks at.
    monkeypatch.setattr(knowledge, "lint", lambda *_, **__: [])
    program, *arguments = shlex.split(line, comments=True)
    environment: Mapping[str, str] = {"DATA_DIR": str(data / "data")}
    if program.endswith("python"):
        command = [sys.executable, *arguments]
        result = subprocess.run(command, capture_output=True, text=True, env=CLEAN, cwd=data, check=False, timeout=60)
    else:
        result = rolefit_here(*arguments, **environment)

    assert result.returncode == 0, result.stdout + result.stderr


def test_pages_show_commands():
    assert {"README.md", "operating.md", "editing.md"} <= {page for page, _ in shown()}
