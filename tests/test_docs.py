"""What the README and docs/ name exists: files, code, settings, commands, make targets, and the pages' own links.

Paths are written from the top of the repository (files of the knowledge also by their names alone), code by its full
name (`bot.domain.quiz.do`), so that each can be looked up. Placeholders of the recipes hold a capital N or a word in
angle brackets and are left alone.
"""

import importlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import FROM_SLACK_CLI, Settings
from tests import areas
from tests.test_documented import known_commands, options_of

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CODE = re.compile(r"\b(?:bot|tests)(?:\.[A-Za-z_]\w*)+")
PATH = re.compile(r"(?:[\w.-]+/)+(?:[\w.-]+)?|[\w-]+\.(?:py|yaml|toml|md|lock|json|npz)|Makefile|LICENSE")
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
MADE = ("data/", "mutants/", ".venv/")  # on the machine, not in the repository


def quoted(text: str) -> list[str]:
    """Give what stands in backticks, and the lines of code blocks."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    return [*inline, *(line.strip() for block in blocks for line in block.splitlines())]


def exists(name: str) -> bool:
    """Say whether a module, or what is in one, is there by this full name."""
    module, rest = name, list[str]()
    while True:
        try:
            item: Any = importlib.import_module(module)
            break
        except ModuleNotFoundError:
            module, _, last = module.rpartition(".")
            if not module:
                return False
            rest = [last, *rest]
    for part in rest:
        if part not in getattr(item, "__annotations__", {}) and not hasattr(item, part):
            return False
        item = getattr(item, part, None)
    return True


def anchors(page: str) -> set[str]:
    """Give the anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_setting(name: str) -> bool:
    """Say whether a name is read from the environment."""
    return name.lower() in Settings.model_fields or name in FROM_SLACK_CLI.values()


def there(path: str) -> Path:
    """Give the place of a path from the top of the repository, or of a file of the knowledge by its name alone."""
    named_alone = ROOT / "knowledge" / path
    return named_alone if "/" not in path and named_alone.exists() else ROOT / path


def missing_commands(text: str) -> Iterator[str]:
    """Name the commands of the terminal, and options of theirs, that a text has and that do not exist."""
    if text.startswith("/"):
        return  # what is typed in Slack
    for name, arguments in re.findall(r"(?:(?<![/\w])|(?<=\.venv/bin/))rolefit ([a-z]+)([^#]*)", text):
        command = known_commands().get(name)
        if command is None:
            yield f"the command rolefit {name}"
            continue
        options = re.findall(r"(?<!\S)--[a-z-]+", arguments)
        yield from (f"the option rolefit {name} {option}" for option in options if option not in options_of(command))


def missing(page: str, folder: Path) -> Iterator[str]:
    """Name all that a page names and that does not exist."""
    for text in quoted(page):
        if "<" in text.replace("<br/>", "") or re.search(r"N{2,}", text):
            continue
        for word in text.split():
            path, _, test = word.partition("::")
            if not PATH.fullmatch(path):
                yield from (f"the name {name}" for name in CODE.findall(word) if not exists(name))
            elif not path.startswith(MADE) and not (file := there(path)).exists():
                yield f"the path {path}"
            elif test and not re.search(rf"^(?:async )?def {re.escape(test)}\(", file.read_text(), re.MULTILINE):
                yield f"the test {word}"
        yield from (f"the target make {name}" for name in re.findall(r"^make ([a-z]+)", text) if name not in TARGETS)
        yield from missing_commands(text)
        if re.fullmatch(r"[A-Z]+_[A-Z_]+", text) and not is_setting(text):
            yield f"the setting {text}"
    for link in re.findall(r"\]\(([^)]+)\)", page):
        target, _, anchor = link.partition("#")
        if link.startswith("https://"):
            continue
        if not (folder / target).exists():
            yield f"the link {link}"
        elif anchor and anchor not in anchors((folder / target).read_text() if target else page):
            yield f"the heading {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_all_that_a_page_names_exists(page: Path):
    assert list(missing(page.read_text(), page.parent)) == []


@pytest.mark.parametrize(
    ("named", "what"),
    [
        ("`bot/slack/quizzes.py`", "the path bot/slack/quizzes.py"),
        ("`quizzes.yaml`", "the path quizzes.yaml"),
        ("`bot.domain.quiz.undo`", "the name bot.domain.quiz.undo"),
        ("`bot.storage.store.Store.turns`", "the name bot.storage.store.Store.turns"),
        ("```mermaid\nflowchart TD\n    a[bot.quizzes] --> b\n```", "the name bot.quizzes"),
        ("`tests/test_docs.py::test_none`", "the test tests/test_docs.py::test_none"),
        ("`make everything`", "the target make everything"),
        ("`rolefit undo`", "the command rolefit undo"),
        ("`.venv/bin/rolefit undo`", "the command rolefit undo"),
        ("```\n.venv/bin/rolefit check --undo   # it\n```", "the option rolefit check --undo"),
        ("`POST_INTERVALS`", "the setting POST_INTERVALS"),
        ("[page](nowhere.md)", "the link nowhere.md"),
        ("[part](#nowhere)", "the heading #nowhere"),
        ("[part](architecture.md#nowhere)", "the heading architecture.md#nowhere"),
    ],
)
def test_what_does_not_exist_is_named(named: str, what: str):
    assert list(missing(f"# Page\n\n{named}\n", ROOT / "docs")) == [what]


def checks() -> list[str]:
    """Give the commands of `make check`, in their order."""
    [named] = re.findall(r"^CHECKS = (.+)$", MAKEFILE, re.MULTILINE)
    return [re.search(rf"^{check}:\n\t@(.+)\n", MAKEFILE, re.MULTILINE)[1] for check in named.split()]  # type: ignore[index]


def test_pre_commit_runs_what_make_check_runs():
    [repository] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    hooks = repository["hooks"]

    assert [hook["entry"] for hook in hooks] == checks()
    for hook in hooks:
        assert (hook["language"], hook["always_run"], hook["pass_filenames"]) == ("system", True, False), hook["id"]


def test_ci_runs_the_two_commands_on_every_python_that_is_promised():
    job = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]["test"]
    least = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"].removeprefix(">=")
    steps = job["steps"]

    assert [step["run"].split()[:2] for step in steps if step.get("run", "").startswith("make")] == [
        ["make", "check"],
        ["make", "test"],
    ]
    contributing = (ROOT / "docs" / "CONTRIBUTING.md").read_text()
    [promised] = re.findall(r"on Linux and macOS, with Python (3.+\d)\.$", contributing, re.MULTILINE)
    assert job["strategy"]["matrix"]["python"] == re.findall(r"3\.\d+", promised)
    assert job["strategy"]["matrix"]["python"][0] == least
    assert set(job["strategy"]["matrix"]["os"]) == {"ubuntu-latest", "macos-latest"}
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]) for step in steps if "uses" in step)


def test_each_test_file_is_in_one_of_the_areas_that_a_run_ends_with():
    tests = ROOT / "tests"

    assert [path.name for path in tests.rglob("test_*.py") if areas.area_of(str(path.relative_to(tests))) is None] == []


def test_what_shows_whether_a_test_would_notice_is_there():
    mutmut = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]

    for path in (*mutmut["pytest_add_cli_args_test_selection"], *mutmut["also_copy"], *mutmut["source_paths"]):
        assert (ROOT / path).exists(), path


def test_the_map_has_a_line_for_each_file_that_people_edit():
    map_ = (ROOT / "docs" / "architecture.md").read_text().partition("## If you want")[2].partition("\n## ")[0]

    assert map_.count("\n| ") >= 26  # 25 and the heading
    for path in (ROOT / "knowledge").glob("*.yaml"):
        assert f"`knowledge/{path.name}`" in map_, path.name
