"""`rolefit doctor`: what it finds, what it says to do, and that it shows no secret and makes nothing."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet
from sqlalchemy import create_engine, text

from bot import doctor, knowledge
from bot.doctor import Finding, examine
from bot.knowledge import Library
from bot.knowledge.problems import Problem
from bot.settings import MANIFEST, Settings
from bot.slack.access import Cipher
from bot.storage import Installation, Question, QuestionKind, Store
from tests.conftest import bot_in, free_port, with_tables
from tests.test_cli import rolefit_here
from tests.workspace import Workspace

SECRET = "xoxb-very-secret-1234"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without settings, and none in the environment; gives the data folder, which is not there."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("ROLEFIT_ENCODER", "off")
    return tmp_path / "data"


@pytest.fixture
def sound_knowledge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Knowledge in which nothing is wrong: looking takes seconds."""
    monkeypatch.setattr(knowledge, "lint", lambda *_, **__: [])


@pytest.fixture
async def slack(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Workspace]:
    """A workspace to which the settings lead, over Socket Mode."""
    async with Workspace.start() as workspace:
        for name, value in (
            ("SLACK_API_URL", workspace.api_url),
            ("SLACK_BOT_TOKEN", workspace.bot_token),
            ("SLACK_APP_TOKEN", workspace.app_token),
        ):
            monkeypatch.setenv(name, value)
        yield workspace


def named(findings: list[Finding], name: str) -> Finding:
    [finding] = [finding for finding in findings if finding.name == name]
    return finding


async def stored(data: Path) -> Store:
    return await Store.open(Settings(_env_file=None, data_dir=with_tables(data)).store_url)


@pytest.mark.usefixtures("sound_knowledge")
def test_without_any_setting_all_is_well_and_nothing_is_made(elsewhere: Path):
    result = rolefit_here("doctor", DATA_DIR=str(elsewhere), ROLEFIT_ENCODER="off")

    assert result.returncode == 0
    assert result.stdout.splitlines() == [
        "ok      settings: for the local workspace; from environment: DATA_DIR, ROLEFIT_ENCODER; all others have their "
        "defaults.",
        "ok      Slack: no token is set: the bot works in the local workspace.",
        f"ok      database: DATA_DIR: {elsewhere}/rolefit.db is not there yet: the first start makes it.",
        "ok      knowledge: knowledge has no errors.",
        "–       last event: none is recorded; what the bot leaves without a reply never is, nor what people had it "
        "forget.",
    ]
    assert not elsewhere.exists()


@pytest.mark.usefixtures("sound_knowledge")
async def test_what_slack_says_of_the_tokens_scopes_and_clock(slack: Workspace):
    findings = await examine()

    assert {finding.name for finding in findings if not finding.ok} == {"last event"}, findings
    assert named(findings, "bot token").found == "Slack takes it: user U_ROLEFIT in T_LOCAL"
    count = len(yaml.safe_load(MANIFEST.read_text())["oauth_config"]["scopes"]["bot"])
    assert named(findings, "scopes").found == f"all {count} of app.yaml are granted"
    assert named(findings, "Socket Mode").found == "Slack takes the app-level token and gives an address"
    assert named(findings, "clock").found == "within 60 seconds of Slack's"
    assert len(await slack.traffic()) == 2  # auth.test and apps.connections.open


@pytest.mark.usefixtures("sound_knowledge")
async def test_scopes_are_compared_both_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    manifest = yaml.safe_load(MANIFEST.read_text())
    scopes = manifest["oauth_config"]["scopes"]["bot"]
    scopes.remove("files:write")
    scopes.append("reactions:read")
    file = tmp_path / "older.yaml"
    file.write_text(yaml.safe_dump(manifest))
    async with Workspace.start(manifest=file) as workspace:
        monkeypatch.setenv("SLACK_API_URL", workspace.api_url)
        monkeypatch.setenv("SLACK_BOT_TOKEN", workspace.bot_token)
        monkeypatch.setenv("SLACK_APP_TOKEN", workspace.app_token)

        finding = named(await examine(), "scopes")

    assert finding == Finding(
        "scopes", False, "not granted: files:write; granted and not needed: reactions:read", doctor.REINSTALL
    )


@pytest.mark.usefixtures("sound_knowledge")
@pytest.mark.parametrize(
    ("fault", "name", "found", "remedy"),
    [
        ({"method": "auth.test", "error": "invalid_auth"}, "bot token", "Slack refuses it: invalid_auth", "Copy it"),
        ({"method": "auth.test", "error": "x", "page": ["text/html", "<p>"]}, "bot token", "nothing that", "See"),
        ({"method": "auth.test", "error": None, "reset": True}, "bot token", "Slack cannot be reached at http", "See"),
        ({"method": "auth.test", "error": "fatal_error"}, "bot token", "but says fatal_error", "Try again later."),
        ({"method": "apps.connections.open", "error": "missing_scope"}, "Socket Mode", "missing_scope", "Create an"),
        ({"method": "apps.connections.open", "error": "not_authed"}, "Socket Mode", "not_authed", "Copy it again from"),
    ],
)  # fmt: skip
async def test_a_token_that_slack_refuses_is_named_with_what_to_do(
    slack: Workspace, fault: dict[str, Any], name: str, found: str, remedy: str
):
    await slack.faults(api=[fault])

    finding = named(await examine(), name)

    assert not finding.ok
    assert found in finding.found
    assert finding.remedy.startswith(remedy)


@pytest.mark.usefixtures("sound_knowledge", "slack")
async def test_a_clock_that_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch):
    late = SimpleNamespace(time=lambda: time.time() - 600)
    monkeypatch.setattr(doctor, "time", late)

    finding = named(await examine(), "clock")

    assert not finding.ok
    assert finding.found.endswith(" seconds behind Slack's")
    assert 590 < int(finding.found.split()[0]) <= 600 + 60
    assert finding.remedy == "Set the clock of this machine, and have it kept right by NTP."


@pytest.mark.usefixtures("sound_knowledge")
async def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch):
    for name, value in (
        ("SLACK_BOT_TOKEN", SECRET),
        ("SLACK_APP_TOKEN", "xapp-very-secret-1234"),
        ("SLACK_API_URL", "http://user:very-secret-1234@127.0.0.1:9/api/"),
        ("DATABASE_URL", "postgresql://user:very-secret-1234@127.0.0.1:9/very-secret-1234"),
    ):
        monkeypatch.setenv(name, value)

    findings = await examine()

    assert {finding.name for finding in findings if finding.ok is False} == {"bot token", "Socket Mode", "database"}
    assert named(findings, "clock").ok is None
    assert "very-secret" not in str(findings)


@pytest.mark.parametrize(
    ("values", "found", "remedy"),
    [
        ({"PORT": "x"}, "PORT must be a whole number", "Write digits alone."),
        ({"SLACK_BOT_TOKEN": SECRET}, "SLACK_APP_TOKEN is not set, but Socket Mode needs it", "Create an app-level"),
        (
            {"SLACK_BOT_TOKN": SECRET, "PORT": "x"},
            "SLACK_BOT_TOKN is no setting",
            "If SLACK_BOT_TOKEN is meant, correct",
        ),
    ],
)
async def test_wrong_settings_are_named_first(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], found: str, remedy: str
):
    for name, value in values.items():
        monkeypatch.setenv(name, value)

    first, *_ = await examine()

    assert (first.name, first.ok, first.found) == ("settings", False, found)
    assert first.remedy.startswith(remedy)


@pytest.mark.usefixtures("sound_knowledge")
async def test_the_database_its_version_and_the_latest_trace(elsewhere: Path):
    store = await stored(elsewhere)
    await store.heartbeat("local", 1_700_000_000.0)
    await store.gaps.record("T1", Question("C1:1", "U1", QuestionKind.UNANSWERED, "why", asked_at=1_700_000_060.0))
    await store.close()

    findings = await examine()

    assert named(findings, "database").found.startswith(
        "DATA_DIR: data/rolefit.db can be read; its tables are of version "
    )
    assert named(findings, "last event") == Finding(
        "last event",
        True,
        "2023-11-14 22:14:20 UTC; what the bot has left without a reply since is not recorded",
    )
    assert named(findings, "last sign of life") == Finding(
        "last sign of life", True, "a bot worked with this database at 2023-11-14 22:13:20 UTC"
    )


@pytest.mark.usefixtures("sound_knowledge")
async def test_tables_of_an_earlier_version_are_named_and_left(elsewhere: Path):
    with_tables(elsewhere)
    engine = create_engine(f"sqlite:///{elsewhere / 'rolefit.db'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    engine.dispose()
    before = (elsewhere / "rolefit.db").read_bytes()

    finding = named(await examine(), "database")

    assert not finding.ok
    assert "are of version 0003, and this release needs " in finding.found
    assert finding.remedy == "Start the bot, which brings them up to date."
    assert (elsewhere / "rolefit.db").read_bytes() == before


@pytest.mark.usefixtures("sound_knowledge")
@pytest.mark.parametrize("name", ["rolefit.db", "jobs.db"])
async def test_a_file_that_is_no_database_is_named(elsewhere: Path, name: str):
    (with_tables(elsewhere) / name).write_text("this is no database, but some text that is long enough for one" * 20)

    finding = named(await examine(), "database")

    assert finding.found == f"DATA_DIR: data/{name} cannot be used: file is not a database"
    assert finding.remedy.startswith("Stop the bot and put a backup in its place")


@pytest.mark.usefixtures("sound_knowledge")
async def test_a_database_of_postgresql_is_looked_at(database: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", database)

    assert named(await examine(), "database").found.startswith("DATABASE_URL can be read; its tables are of version ")


async def test_errors_of_the_knowledge_are_counted(monkeypatch: pytest.MonkeyPatch):
    problems = [Problem("faq.yaml", number, "is wrong", "Mend it") for number in (3, 9)]
    monkeypatch.setattr(knowledge, "lint", lambda *_, **__: problems)

    finding = named(await examine(), "knowledge")

    assert finding == Finding(
        "knowledge",
        False,
        "faq.yaml:3: error: is wrong. Mend it, and 1 more",
        "`rolefit check` names all that is wrong.",
    )


@pytest.mark.usefixtures("sound_knowledge")
async def test_each_workspace_that_installed_it_is_asked_about(
    elsewhere: Path, slack: Workspace, monkeypatch: pytest.MonkeyPatch
):
    key = Fernet.generate_key().decode()
    monkeypatch.delenv("SLACK_BOT_TOKEN")
    monkeypatch.delenv("SLACK_APP_TOKEN")
    for name, value in (
        ("SLACK_CLIENT_ID", "1.local"),
        ("SLACK_CLIENT_SECRET", "client-secret"),
        ("SLACK_SIGNING_SECRET", "signing-secret"),
        ("ENCRYPTION_KEYS", key),
        ("PORT", str(free_port())),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(doctor, "INSTALLATIONS_MAX", 4)
    store, cipher = await stored(elsewhere), Cipher([key])
    other = Cipher([Fernet.generate_key().decode()])
    tokens = {
        "T1": (cipher.hide(slack.bot_token), None),
        "T2": (cipher.hide(SECRET), None),
        "T3": (other.hide(SECRET), None),
        "T4": (cipher.hide(SECRET), 1.0),
        "T5": (cipher.hide(SECRET), None),
    }
    for team, (token, ends) in tokens.items():
        await store.install(team, Installation("U1", "B1", token, None, ends, 1.0))
    await store.close()

    findings = await examine()

    assert named(findings, "installations").found == "5 in the database, 1 of them not asked about"
    assert named(findings, "bot token of T1").ok
    assert named(findings, "scopes of T1").ok
    refused = named(findings, "bot token of T2")
    assert refused.found.startswith("Slack refuses it: ")
    assert refused.remedy == "Have T2 install the app again."
    assert named(findings, "bot token of T3").found.startswith("it cannot be decrypted: ")
    assert named(findings, "bot token of T4").ok is None
    assert "T5" not in str(findings)
    assert SECRET not in str(findings)
    address = named(findings, "public address")
    assert (address.ok, address.found) == (None, "not tried; give it as --url https://your.address")
    assert "no bot answers on port" in named(findings, "process").found


@pytest.mark.usefixtures("sound_knowledge")
async def test_the_public_address_is_tried_and_a_bot_that_runs_is_asked(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with (
        Workspace.start(events_url=f"{url}/slack/events") as workspace,
        bot_in(workspace, library, tmp_path / "data", port=port),
    ):
        for name, value in (
            ("SLACK_API_URL", workspace.api_url),
            ("SLACK_BOT_TOKEN", workspace.bot_token),
            ("SLACK_SIGNING_SECRET", workspace.signing_secret),
            ("PORT", str(port)),
        ):
            monkeypatch.setenv(name, value)
        there = await examine(url)
        elsewhere = await examine(f"{url}/wrong")
        monkeypatch.delenv("SLACK_API_URL")
        plain = named(await examine("http://bot.example"), "public address")

    assert named(there, "public address") == Finding("public address", True, f"the bot answers at {url}/healthz")
    assert named(there, "process").found == f"the bot on port {port} is ready"
    wrong = named(elsewhere, "public address")
    assert (wrong.ok, wrong.found) == (False, f"{url}/wrong/healthz gives 404, and not the bot's answer")
    assert (plain.ok, plain.remedy) == (False, "Serve it by HTTPS.")


@pytest.mark.usefixtures("sound_knowledge")
async def test_the_command_ends_with_1_if_something_is_not_ok_and_prints_json(slack: Workspace):
    await slack.faults(api=[{"method": "auth.test", "error": "token_revoked"}])
    settings = {
        "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
    }

    result = await asyncio.to_thread(rolefit_here, "doctor", "--json", ROLEFIT_ENCODER="off", **settings)

    output = json.loads(result.stdout)
    assert (result.returncode, output["ok"]) == (1, False)
    assert {"name": "bot token", "ok": False, "found": "Slack refuses it: token_revoked"}.items() <= output["checks"][
        1
    ].items()


@pytest.mark.parametrize("url", ["bot.example", "https://", "https://["])
def test_an_address_that_is_none_is_a_mistake_of_usage(url: str):
    result = rolefit_here("doctor", "--url", url)

    assert result.returncode == 2
    assert result.stderr == f"--url {url}: this is no address. Give one like https://bot.example.\n"
