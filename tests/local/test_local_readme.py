"""What the README of the workspace says is so."""

import ast
import re
from pathlib import Path

import typer.main

from bot.cli import cli
from bot.local.web_api import METHODS

HERE = Path(__file__).parent
README = (HERE.parent.parent / "bot/local/README.md").read_text()


def test_every_behaviour_has_a_source_and_a_test_that_exists():
    table = README[README.index("| Behaviour |") :]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]]
    behaviours = [row for row in rows if not row[0].startswith("**")]
    written = "\n".join(path.read_text() for path in HERE.glob("test_*.py"))

    assert len(behaviours) >= 20
    for row in behaviours:
        assert len(row) == 3, row
        assert row[1], row
        assert re.findall(r"`(test_\w+)`", row[2]), row
        for name in re.findall(r"`(test_\w+)`", row[2]):
            assert f"def {name}(" in written, name


def test_every_method_is_listed():
    listed = README[README.index("## Methods") : README.index("## What it does")]

    assert set(re.findall(r"`([a-z]+\.[\w.]+)`", listed)) == {*METHODS, "oauth.v2.access"}


def test_every_option_of_the_command_is_described():
    command = vars(typer.main.get_command(cli))["commands"]["workspace"]
    options = {parameter.opts[0] for parameter in command.params if not parameter.hidden} - {"--help"}

    assert set(re.findall(r"^\| `(--[a-z-]+)", README, re.MULTILINE)) == options


def test_it_imports_nothing_of_the_bot_beside_it():
    modules = list((HERE.parent.parent / "bot/local").glob("*.py"))
    named = [
        name
        for module in modules
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [f"{getattr(node, 'module', '')}.{alias.name}".removeprefix(".") for alias in node.names]
    ]

    assert "bot.local.state.State" in named
    assert [name for name in named if name.startswith("bot.") and not name.startswith("bot.local.")] == []
