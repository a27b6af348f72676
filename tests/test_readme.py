"""Every command and setting in the README exists, and every one that exists is in the README."""

import re
from pathlib import Path
from typing import Any

import typer.main

from bot.cli import cli
from bot.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def known_commands() -> dict[str, Any]:
    found: dict[str, Any] = vars(typer.main.get_command(cli))["commands"]
    return found


def test_every_setting_is_in_the_readme_and_the_reverse():
    rows = re.findall(r"^\| ((?:`[A-Z_]+`(?:, )?)+) \|", README, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}
    # Those that contradict a single token are refused with a message of their own.
    known = {name.upper() for name in Settings.model_fields} - {"SLACK_VERIFICATION_TOKEN"}

    assert named == known


def test_the_defaults_in_the_readme_are_the_defaults():
    for name, default in (
        ("PORT", "3000"),
        ("WORKSPACE_PORT", "8765"),
        ("DATA_DIR", "data"),
        ("LOG_LEVEL", "INFO"),
        ("POST_INTERVAL", "1.0"),
    ):
        assert re.search(rf"^\| `{name}` \|.*\| `{default}` \|$", README, re.MULTILINE)
        assert str(Settings.model_fields[name.lower()].default) == default


def test_every_command_and_its_options_are_in_the_readme_and_the_reverse():
    commands = known_commands()
    rows = dict(re.findall(r"^\| `rolefit (\w+)` \| (.*) \|$", README, re.MULTILINE))

    assert set(rows) == set(commands)
    for name, command in commands.items():
        options = {
            option if not option.startswith("--browser") else "--no-browser"
            for parameter in command.params
            if parameter.param_type_name == "option" and not parameter.hidden
            for option in parameter.opts[:1]
        } - {"--help"}
        assert set(re.findall(r"`(--[a-z-]+)`", rows[name])) == options, name


def test_every_command_line_in_the_readme_names_what_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"\bmake ([a-z]+)", README.replace("Python 3.11 or newer and make", ""))) <= targets
    for command in re.findall(r"(?<!/)\brolefit ([a-z]+)\b", README):
        assert command in known_commands()


def test_every_file_the_readme_leads_to_is_there():
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target
