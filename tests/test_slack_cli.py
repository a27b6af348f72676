"""`slack run` and `slack manifest`: the test does what Slack's command line does with `.slack/hooks.json`.

It runs each hook by a shell in the project's folder, with the arguments and the environment that it adds (slack-cli
4.5, internal/hooks and internal/pkg/platform). Its own part, logging in and creating the app, needs Slack.
"""

import asyncio
import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import MANIFEST
from tests.conftest import with_tables
from tests.test_cli import CLEAN, ROOT
from tests.test_process import PATIENCE
from tests.workspace import Workspace, shown

FILE = json.loads((ROOT / ".slack" / "hooks.json").read_text())
HOOKS: dict[str, str] = FILE["hooks"]
PROGRAMS = str(Path(sys.prefix) / "bin")
BARE = {name: value for name, value in CLEAN.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
ACTIVATED = BARE | {"VIRTUAL_ENV": sys.prefix, "PATH": f"{PROGRAMS}:{CLEAN['PATH']}"}  # as newer versions do


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout in a folder whose name has a blank, without the `.env` of whoever runs the tests."""
    folder = tmp_path / "my project"
    folder.mkdir()
    for name in ("bot", "knowledge", "app.yaml", ".slack"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def shell(hook: str, *arguments: str) -> tuple[str, str, str]:
    """Give the command by which the CLI runs a hook: its words with one blank between, then what the CLI adds."""
    return "sh", "-c", " ".join([*HOOKS[hook].split(), *arguments])


def manifest(project: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Ask for the manifest, and read it as the CLI does: from the first brace on."""
    command = shell("get-manifest", f'--source="{project}"')
    result = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=project, check=False, timeout=60
    )
    assert result.returncode == 0, result.stderr
    content: dict[str, Any] = json.loads(result.stdout[result.stdout.index("{") :])
    return content


def test_the_cli_gets_the_manifest_of_app_yaml(project: Path):
    assert manifest(project, ACTIVATED) == yaml.safe_load(MANIFEST.read_text())


def test_a_cli_that_activates_no_environment_finds_the_project_s_own(project: Path):
    (project / ".venv").symlink_to(sys.prefix)

    assert manifest(project, BARE) == yaml.safe_load(MANIFEST.read_text())


async def test_slack_run_starts_a_bot_that_takes_the_tokens_of_the_cli(project: Path, tmp_path: Path):
    async with Workspace.start() as workspace:
        environment = ACTIVATED | {
            "SLACK_CLI_XOXB": workspace.bot_token,
            "SLACK_CLI_XAPP": workspace.app_token,
            "SLACK_API_URL": workspace.api_url,
            "DATA_DIR": str(with_tables(tmp_path)),
            "POST_INTERVAL": "0",
            "ROLEFIT_ENCODER": "off",
        }
        started = await asyncio.create_subprocess_exec(*shell("start"), env=environment, cwd=project)
        try:
            await workspace.connected()
            asked = await workspace.post("U_ANA", "C_ASK", "Is research just engineering done at a slower speed?")
            [answer] = await workspace.replies(asked)
            # What the CLI does to a bot that is to end, or to start again with changed code; it waits for five seconds.
            started.send_signal(signal.SIGINT)
            async with asyncio.timeout(PATIENCE):
                code = await started.wait()
        finally:
            if started.returncode is None:
                started.kill()
                await started.wait()

    assert "research" in shown(answer)
    assert code == 0


def test_the_cli_is_told_what_it_has_to_know():
    assert set(HOOKS) == {"get-manifest", "start"}
    assert FILE["config"]["sdk-managed-connection-enabled"] is True  # else it runs the hook once for each event
    assert FILE["config"]["protocol-version"] == ["default"]  # answers stand alone on stdout
    for watched in FILE["config"]["watch"].values():
        assert all((ROOT / path).exists() for path in watched["paths"])
    assert re.search(FILE["config"]["watch"]["app"]["filter-regex"], str(Path("bot", "run.py")))
    assert MANIFEST.name in FILE["config"]["watch"]["manifest"]["paths"]
