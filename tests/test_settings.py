"""What the environment may say, and the words about what is wrong with it."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from bot import settings
from bot.settings import Mode, Settings, SettingsError


def made(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


def problems(http: bool = False, **values: Any) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        made(**values).mode(http=http)
    return raised.value.problems


KEY = Fernet.generate_key().decode()
MANY = {
    "slack_client_id": "1.2",
    "slack_client_secret": "s",
    "slack_signing_secret": "s",
    "encryption_keys": KEY,
}
BOT, APP = {"slack_bot_token": "xoxb-test"}, {"slack_app_token": "xapp-test"}


@pytest.mark.parametrize(
    ("values", "http", "mode"),
    [
        ({}, False, Mode.LOCAL),
        ({"slack_bot_token": " "}, False, Mode.LOCAL),
        (BOT | APP, False, Mode.SOCKET),
        (BOT | {"slack_signing_secret": "s"}, True, Mode.HTTP),
        (BOT | APP | {"slack_signing_secret": "s"}, False, Mode.SOCKET),
        (MANY, True, Mode.OAUTH),
        (MANY | {"encryption_keys": f"{KEY}, {KEY}"}, True, Mode.OAUTH),
        (MANY | {"rolefit_support": "help@example.com"}, True, Mode.OAUTH),
        (BOT | APP | {"rolefit_support": "C0123456789"}, False, Mode.SOCKET),
    ],
)
def test_the_tokens_decide_where_the_bot_works(values: dict[str, Any], http: bool, mode: Mode):
    assert made(**values).mode(http=http) is mode


@pytest.mark.parametrize(
    ("values", "http", "words"),
    [
        (BOT, False, "SLACK_APP_TOKEN is not set, but Socket Mode needs it"),
        (BOT, True, "SLACK_SIGNING_SECRET is not set, but --http needs it"),
        (APP, False, "SLACK_APP_TOKEN is set, but SLACK_BOT_TOKEN is not"),
        ({"slack_api_url": "http://x"}, False, "SLACK_API_URL is set, but SLACK_BOT_TOKEN is not"),
        ({}, True, "SLACK_BOT_TOKEN is not set, but --http serves a real workspace"),
        ({"slack_bot_token": "xoxp-1"} | APP, False, "SLACK_BOT_TOKEN is not a bot token"),
        (BOT | {"slack_app_token": "xoxb-1"}, False, "SLACK_APP_TOKEN is not an app-level token"),
        (BOT | APP | {"slack_client_id": "1"}, False, "SLACK_CLIENT_ID is set, but Rolefit serves one workspace"),
        (BOT | APP | {"encryption_keys": KEY}, False, "ENCRYPTION_KEYS is set, but Rolefit serves one workspace"),
        (MANY, False, "SLACK_CLIENT_ID is set, but workspaces install over HTTP"),
        (MANY | {"encryption_keys": None}, True, "ENCRYPTION_KEYS is not set, but installing in many workspaces needs"),
        (MANY | {"slack_client_secret": None}, True, "SLACK_CLIENT_SECRET is not set, but installing in many"),
        (MANY | {"encryption_keys": f"{KEY},short"}, True, "ENCRYPTION_KEYS: key 2 is no Fernet key"),
        (
            MANY | {"rolefit_support": "C0123456789"},
            True,
            "ROLEFIT_SUPPORT is C0123456789, an id that other workspaces do not know, but many install the bot",
        ),
        (MANY | APP, True, "SLACK_APP_TOKEN is set, but many workspaces are served over HTTP"),
    ],
)
def test_half_set_or_contradictory_settings_are_named_with_what_to_do(values: dict[str, Any], http: bool, words: str):
    [problem] = problems(http, **values)

    assert problem.startswith(words)
    assert ": " in problem


def test_all_that_is_wrong_is_said_at_once():
    named = problems(slack_bot_token="xoxp-1", slack_client_id="1", slack_app_token="nonsense")

    assert [problem.split()[0] for problem in named] == ["SLACK_CLIENT_ID", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "many", "PORT must be a whole number. Write digits alone."),
        ("HEALTH_PORT", "70000", "HEALTH_PORT must be 65535 or less. Write a smaller number."),
        ("POST_INTERVAL", "soon", "POST_INTERVAL must be a number. Write digits alone, with a point if need be."),
        ("ROLEFIT_ENCODER", "maybe", "ROLEFIT_ENCODER must be 'on' or 'off'. Write it in just that way."),
        ("GAP_RETENTION_DAYS", "0", "GAP_RETENTION_DAYS must be 1 or more. Write a larger number."),
        (
            "ROLEFIT_EDITORS",
            "U0ANA, @ben",
            "ROLEFIT_EDITORS: '@ben' is the id of no person and no user group: copy it from the person's profile",
        ),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'. Write it in just that way."),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL is not an address of PostgreSQL"),
        ("KNOWLEDGE_DIR", "nowhere", "KNOWLEDGE_DIR is not a folder"),
        ("SLACK_API_URL", "slack.com", "SLACK_API_URL is not an http or https address"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str):
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as raised:
        settings.read()

    assert raised.value.problems[0].startswith(words)


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of settings in a working directory of its own; nothing else is set."""
    monkeypatch.chdir(tmp_path)
    for name in (*Settings.model_fields, "slack_bot_tokn"):
        monkeypatch.delenv(name.upper(), raising=False)
    return tmp_path / ".env"


@pytest.mark.usefixtures("env_file")
@pytest.mark.parametrize("name", Settings.model_fields)
@pytest.mark.parametrize("blank", ["", " "])
def test_a_setting_that_is_empty_has_its_default(name: str, blank: str, monkeypatch: pytest.MonkeyPatch):
    defaults = settings.read()
    monkeypatch.setenv(name.upper(), blank)

    assert settings.read() == defaults
    assert settings.sources()[name] is settings.Source.DEFAULT


def test_what_is_empty_in_the_environment_hides_the_file(env_file: Path, monkeypatch: pytest.MonkeyPatch):
    env_file.write_text("SLACK_BOT_TOKEN=xoxb-test\nPORT=4000\nWORKSPACE_PORT=\n")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "")

    read = settings.read()

    assert (read.slack_bot_token, read.port, read.workspace_port) == (None, 4000, 8765)
    assert settings.sources()["port"] is settings.Source.FILE


def test_a_value_in_the_file_is_named_with_the_file(env_file: Path, monkeypatch: pytest.MonkeyPatch):
    env_file.write_text("PORT=many\nHEALTH_PORT=no\n")
    monkeypatch.setenv("HEALTH_PORT", "70000")  # which counts for more

    with pytest.raises(SettingsError) as raised:
        settings.read()

    assert raised.value.problems == [
        "PORT in .env must be a whole number. Write digits alone.",
        "HEALTH_PORT must be 65535 or less. Write a smaller number.",
    ]


def test_a_file_of_settings_that_is_no_text_is_named(env_file: Path):
    env_file.write_bytes(b"PORT=1\nDATA_DIR=caf\xe9\n")

    with pytest.raises(SettingsError) as raised:
        settings.read()

    assert raised.value.problems == [".env is not UTF-8 text. Save it as UTF-8."]


def test_it_is_known_where_each_value_comes_from(env_file: Path, monkeypatch: pytest.MonkeyPatch):
    env_file.write_text("PORT=1\nSLACK_BOT_TOKEN=xoxb-1\n")
    monkeypatch.setenv("Port", "2")

    sources = settings.sources()

    assert set(sources) == set(Settings.model_fields)
    assert [sources[name].value for name in ("port", "slack_bot_token", "data_dir")] == [
        "environment",
        ".env",
        "default",
    ]


def test_a_name_that_looks_like_a_setting_and_is_none_is_found(env_file: Path, monkeypatch: pytest.MonkeyPatch):
    env_file.write_text("KNOWLEDGE_DR=x\nEDITOR=vi\n")
    monkeypatch.setenv("SLACK_BOT_TOKN", "xoxb-1")

    assert settings.misspelt() == {"SLACK_BOT_TOKN": "SLACK_BOT_TOKEN", "KNOWLEDGE_DR": "KNOWLEDGE_DIR"}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PROT", "PORT"),
        ("PORTS", "PORT"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("DATADIR", "DATA_DIR"),
        ("DATABASE_ULR", "DATABASE_URL"),
        ("HEALTH_PROT", "HEALTH_PORT"),
        ("EDITOR", None),
        ("HOST", None),
        ("PATH", None),
        ("SORT_BY", None),
    ],
)
def test_in_the_file_a_letter_wrong_is_enough(env_file: Path, name: str, meant: str | None):
    env_file.write_text(f"{name}=x\n")

    assert settings.misspelt().get(name) == meant


def test_a_short_name_of_the_environment_may_be_somebody_elses(env_file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PROT", "x")

    assert "PROT" not in settings.misspelt()
    assert not env_file.exists()


def test_values_that_cannot_be_read_hide_nothing_else_that_is_wrong(env_file: Path):
    env_file.write_text("PORT=many\nROLEFIT_EDITORS=@ben\nSLACK_API_URL=slack.com\nKNOWLEDGE_DIR=nowhere\n")

    with pytest.raises(SettingsError) as raised:
        settings.read()

    named = [problem.split()[0].rstrip(":") for problem in raised.value.problems]
    assert named == ["PORT", "SLACK_API_URL", "ROLEFIT_EDITORS", "KNOWLEDGE_DIR"]


@pytest.mark.parametrize(
    "support",
    [
        "#help",
        "@mei",
        "mei@localhost",
        "mailto:help@example.com",
        "a@example.com, b@example.com",
        "http://example.com/help",
        "https:///help",
        "https://example.com/a|b",
        "CONTACT",
        "D0123456789",
        "xoxb-1",
    ],
)
def test_support_that_is_no_address_is_refused(monkeypatch: pytest.MonkeyPatch, support: str):
    monkeypatch.setenv("ROLEFIT_SUPPORT", support)

    with pytest.raises(SettingsError) as raised:
        settings.read()

    assert raised.value.problems == [
        f"ROLEFIT_SUPPORT is {support!r}, which is no e-mail address, no https address and no id of Slack: write "
        "for example help@example.com, https://example.com/help, or the id of a channel (C…) or a person (U…)."
    ]


@pytest.mark.parametrize(
    ("support", "read"),
    [
        ("help@example.co.uk", "help@example.co.uk"),
        ("https://example.com", "https://example.com"),
        ("https://example.com:8443/help?a=1&b=2#c", "https://example.com:8443/help?a=1&b=2#c"),
        ("C0123456789", "C0123456789"),
        ("W012ABCDEF", "W012ABCDEF"),
        (" ", None),
    ],
)
def test_support_is_an_address_or_an_id(monkeypatch: pytest.MonkeyPatch, support: str, read: str | None):
    monkeypatch.setenv("ROLEFIT_SUPPORT", support)

    assert settings.read().rolefit_support == read


def test_editors_are_named_by_ids_with_commas_between():
    assert made(rolefit_editors=" U0ANA,,W0BEN ").editors == {"U0ANA", "W0BEN"}
    assert made().editors == set()


def test_a_token_is_never_shown():
    settings_ = made(slack_bot_token="xoxb-secret", slack_app_token="xapp-secret")

    assert "secret" not in repr(settings_).replace("slack_signing_secret", "").replace("slack_client_secret", "")


SLACK_CLI = {"SLACK_CLI_XOXB": "xoxb-cli", "SLACK_CLI_XAPP": "xapp-cli"}


def tokens() -> list[str]:
    """Give the bot token and the app-level token that are read."""
    found = settings.read()
    return [token.get_secret_value() for token in (found.slack_bot_token, found.slack_app_token) if token]


def test_what_the_slack_cli_calls_the_tokens_is_read(env_file: Path, monkeypatch: pytest.MonkeyPatch):
    for name, value in SLACK_CLI.items():
        monkeypatch.setenv(name, value)

    assert tokens() == ["xoxb-cli", "xapp-cli"]
    assert settings.sources()["slack_bot_token"] is settings.Source.ENVIRONMENT
    assert settings.misspelt() == {}


def test_tokens_by_their_own_names_count_for_more_than_those_of_the_slack_cli(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
):
    for name, value in SLACK_CLI.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-environment")
    env_file.write_text("SLACK_APP_TOKEN=xapp-file\n")

    assert tokens() == ["xoxb-environment", "xapp-file"]
    assert settings.sources()["slack_app_token"] is settings.Source.FILE
