"""The package as `pip install .` makes it: away from the checkout it has all it needs."""

import asyncio
import json
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import aiohttp
import pytest

from bot.settings import KNOWLEDGE, MANIFEST
from tests.conftest import free_port
from tests.test_cli import CLEAN, ROOT

PATIENCE = 60.0  # seconds; a loaded machine takes its time
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ENVIRONMENT = {name: value for name, value in CLEAN.items() if name != "PYTHONPATH"} | {"ROLEFIT_ENCODER": "off"}
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


CALLED = """#!/bin/sh
case "$*" in
  *"config list") cat "$(dirname "$0")/config" ;;
  *) echo "$(basename "$0") $*" >>"$(dirname "$0")/calls" ;;
esac
"""


@pytest.mark.parametrize(
    ("config", "installs_with"),
    [
        ("global.index-url='https://packages.example/simple'\n", "python"),
        (":env:.no-index='1'\n", "python"),
        ("global.timeout='60'\nglobal.extra-index-url='https://more.example/simple'\n", "uv"),
        ("", "uv"),
    ],
)
def test_what_a_lock_file_names_is_installed_with_pip_where_an_index_is_set_up_for_pip(
    tmp_path: Path, config: str, installs_with: str
):
    """Also where much else is set up for pip, and in a folder with a space in its name."""
    folder = tmp_path / "a clone"
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "install", folder / ".ci")
    for program in ("python", "uv"):
        (programs / program).write_text(CALLED)
        (programs / program).chmod(0o755)
    others = "".join(f"install.option-{number}='{'x' * 100}'\n" for number in range(2000))
    (programs / "config").write_text(config + others)

    _succeeds("bash", str(folder / ".ci" / "install"), "requirements.lock")

    [call] = (programs / "calls").read_text().splitlines()
    assert call.startswith(f"{installs_with} ")
    assert call.endswith("--require-hashes --no-deps --requirement=requirements.lock")


@pytest.fixture(scope="module")
def bin_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and install it into a new environment; gives the folder of the environment's programs.

    The dependencies are those of the environment that runs the tests, but for an editable install of the checkout,
    since a .pth file is only read in an environment's own site-packages.
    """
    wheels, folder = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("installed")
    _succeeds(*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), str(ROOT))
    [wheel] = wheels.glob("rolefit-*.whl")
    venv.create(folder, with_pip=False)
    environment = sysconfig.get_paths("venv", vars={"base": str(folder), "platbase": str(folder)})
    dependencies = [place for place in sys.path if Path(place).name == "site-packages"]
    Path(environment["purelib"], "dependencies.pth").write_text("\n".join(dependencies))
    programs = Path(environment["scripts"])
    target = ("--python", str(programs / "python"))
    _succeeds(*PIP, *target, "install", "--no-index", "--no-deps", "--no-compile", "--ignore-installed", str(wheel))
    return programs


def _succeeds(*command: str, cwd: Path | None = None) -> str:
    result = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, cwd=cwd, check=False, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_an_installed_bot_has_the_knowledge_and_the_manifest(bin_folder: Path, tmp_path: Path):
    printed = _succeeds(str(bin_folder / "python"), "-c", "import bot.settings as s; print(s.KNOWLEDGE)", cwd=tmp_path)
    installed = Path(printed.strip())

    assert installed.is_relative_to(bin_folder.parent)
    assert _files(installed) == _files(KNOWLEDGE)
    assert _succeeds(str(bin_folder / "rolefit"), "manifest", cwd=tmp_path) == MANIFEST.read_text(encoding="utf-8")


def test_an_installed_bot_answers_from_its_knowledge_in_an_empty_folder(bin_folder: Path, tmp_path: Path):
    printed = _succeeds(str(bin_folder / "rolefit"), "ask", "What does MTS stand for?", "--json", cwd=tmp_path)

    assert json.loads(printed)["entry"] == "member-of-technical-staff"
    assert list(tmp_path.iterdir()) == []


async def test_an_installed_bot_joins_a_local_workspace_of_its_own(bin_folder: Path, tmp_path: Path):
    port = free_port()
    command = (bin_folder / "rolefit", "run", "--no-browser", "--port", str(port))
    running = await asyncio.create_subprocess_exec(*command, env=ENVIRONMENT, cwd=tmp_path)
    try:
        async with asyncio.timeout(PATIENCE):
            await _bot_connected(running, port)
    finally:
        if running.returncode is None:
            running.terminate()
        code = await running.wait()

    assert code == 0
    assert {file.name for file in (tmp_path / "data").iterdir()} >= {"rolefit.db", "jobs.db"}


async def _bot_connected(running: asyncio.subprocess.Process, port: int) -> None:
    """Wait for the bot in the workspace on this port. Fails if the process ends instead."""
    async with aiohttp.ClientSession() as session:
        while running.returncode is None:
            try:
                async with session.get(f"http://127.0.0.1:{port}/local/health") as answer:
                    if (await answer.json())["bot_connected"]:
                        return
            except aiohttp.ClientConnectorError:
                pass
            await asyncio.sleep(0.05)  # it has no other way to tell us
    pytest.fail(f"rolefit run ended with {running.returncode}")


def test_what_builds_the_package_is_in_the_lock_and_not_among_its_dependencies():
    required = PROJECT["build-system"]["requires"]
    names = {_name(requirement) for requirement in required}
    locked = {_name(line) for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line}

    assert PROJECT["dependency-groups"]["build"] == required
    assert names <= locked
    assert names.isdisjoint(_name(requirement) for requirement in PROJECT["project"]["dependencies"])


def _files(folder: Path) -> dict[Path, bytes]:
    return {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def _name(requirement: str) -> str:
    return requirement.partition(">")[0].partition("=")[0].partition("[")[0].strip()
