"""The settings, read from the environment into one frozen value; all problems are reported at once."""

import os
import re
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from rapidfuzz.distance import OSA

from bot.private import FOLDER, tighten
from bot.validation import describe, describe_unreadable

SLACK = "https://slack.com/api/"

# The knowledge and the manifest: beside this package in a checkout, within it in a wheel (see pyproject.toml).
PACKAGED = Path(__file__).resolve().parent / "packaged"
DATA = PACKAGED if PACKAGED.is_dir() else PACKAGED.parents[1]
KNOWLEDGE, MANIFEST = DATA / "knowledge", DATA / "app.yaml"

EMAIL = re.compile(r"[^\s@<>|,;:]+@[^\s@<>|,;:]+\.[^\s@<>|,;:.]+")
PAGE = re.compile(r"https://[^\s/<>|]+(?:/[^\s<>|]*)?")
SLACK_ID = re.compile(r"(?=\w*[\d_])[CGUW][A-Z\d_]{2,}")  # of a channel or a person

BOLT_READS_THESE = ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_VERIFICATION_TOKEN")
EDITOR_ID = re.compile(r"[UWS][A-Z0-9_]+")
# The names under which `slack run` passes the tokens; ignored where the usual names are set, as newer versions do too.
FROM_SLACK_CLI = {"slack_bot_token": "SLACK_CLI_XOXB", "slack_app_token": "SLACK_CLI_XAPP"}
ENV_FILE = ".env"  # in the working directory
ALIKE = 0.85  # difflib's ratio, from which a name is taken for a misspelt setting
OAUTH = ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET", "ENCRYPTION_KEYS")


class Mode(StrEnum):
    """Where the bot works: the local workspace, one workspace over Socket Mode or HTTP, or all that install it."""

    LOCAL = "local"
    SOCKET = "socket"
    HTTP = "http"
    OAUTH = "oauth"


class Switch(StrEnum):
    """Whether a part of the bot is to run."""

    ON = "on"
    OFF = "off"


class Source(StrEnum):
    """Where the value of a setting comes from; what the environment says counts for more than the file."""

    ENVIRONMENT = "environment"
    FILE = ENV_FILE
    DEFAULT = "default"


class SettingsError(ValueError):
    """Settings that cannot be used; `problems` names each, with the reason and what to do."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()


Port = Annotated[int, Field(ge=1, le=65535)]


class Settings(BaseSettings):
    """What the environment (or a `.env` file in the working directory) says; read with `read`.

    An empty variable in the environment means the default, also where the file has a value for it.
    """

    model_config = SettingsConfigDict(frozen=True, env_file=ENV_FILE, extra="ignore", hide_input_in_errors=True)

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_api_url: str | None = None
    slack_client_id: str | None = None
    slack_client_secret: SecretStr | None = None
    slack_verification_token: SecretStr | None = None
    encryption_keys: SecretStr | None = None
    data_dir: Path = Path("data")
    database_url: SecretStr | None = None
    knowledge_dir: Path = KNOWLEDGE
    port: Port = 3000
    workspace_port: int = Field(default=8765, ge=0, le=65535)
    health_port: Port | None = None
    rolefit_encoder: Switch = Switch.ON
    rolefit_support: str | None = None
    post_interval: float = Field(default=1.0, ge=0, le=60)  # docs.slack.dev/apis/web-api/rate-limits
    replica_timeout: float = Field(default=25.0, ge=1, le=600)
    gap_retention_days: int = Field(default=90, ge=1, le=3650)
    rolefit_editors: str | None = None
    rolefit_share_guests: Switch = Switch.OFF
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="before")
    @classmethod
    def _leave_out_blanks(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if not _is_blank(value)}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature; no secret is in a file
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment, then the file, then what the Slack CLI says."""
        slack_cli = {field: os.environ[name] for field, name in FROM_SLACK_CLI.items() if name in os.environ}
        return init_settings, env_settings, dotenv_settings, InitSettingsSource(settings_cls, slack_cli)

    @property
    def editors(self) -> frozenset[str]:
        """The ids of those who see what was asked and has no answer: people, and user groups."""
        return frozenset(filter(None, (name.strip() for name in (self.rolefit_editors or "").split(","))))

    @property
    def api_url(self) -> str:
        """The base of Slack's Web API, with a slash at its end."""
        return (self.slack_api_url or SLACK).rstrip("/") + "/"

    @property
    def store_file(self) -> Path:
        """SQLite's file of our own tables."""
        return self.data_dir / "rolefit.db"

    @property
    def jobs_file(self) -> Path:
        """SQLite's file of the durable work."""
        return self.data_dir / "jobs.db"

    @property
    def workspace_file(self) -> Path:
        """The file in which the local workspace keeps its messages, if it is to."""
        return self.data_dir / "workspace.json"

    def prepare_data_dir(self) -> None:
        """Make the folder of DATA_DIR, for its owner alone; one that holds nothing but our files is tightened.

        Does nothing with PostgreSQL. Raises SettingsError if it cannot be made or looked into.
        """
        if self._postgresql:
            return
        ours = (self.store_file.name, self.jobs_file.name, self.workspace_file.name)
        try:
            self.data_dir.mkdir(FOLDER, parents=True, exist_ok=True)
            # Of a folder that others use, too, such as /tmp, only our files are our business.
            if all(file.name.startswith(ours) for file in self.data_dir.iterdir()):
                tighten(self.data_dir, FOLDER)
        except OSError as error:
            reason = "there is a file in its place" if isinstance(error, FileExistsError) else error.strerror
            raise SettingsError(
                [
                    f"DATA_DIR is {self.data_dir}, which cannot be made or used: {reason}. "
                    "Set DATA_DIR to a folder that the bot may write to, or DATABASE_URL to use PostgreSQL."
                ]
            ) from None

    @property
    def store_url(self) -> str:
        """SQLAlchemy's async address of our own tables."""
        return self._postgresql or f"sqlite+aiosqlite:///{self.store_file}"

    @property
    def jobs_url(self) -> str:
        """SQLAlchemy's address of the durable work; on SQLite a file apart, so that neither waits for the other."""
        return self._postgresql or f"sqlite:///{self.jobs_file}"

    @property
    def _postgresql(self) -> str | None:
        address = _shown(self.database_url)
        return f"postgresql+psycopg://{address.split('://', 1)[1]}" if address else None

    def mode(self, *, http: bool) -> Mode:
        """Return where the bot is to work; `http` is the flag of the command line.

        Raises SettingsError naming each setting that is missing or contradicts another.
        """
        one_workspace = bool(_shown(self.slack_bot_token))
        if not one_workspace and (self.slack_client_id or self.slack_client_secret):
            return self._oauth(http=http)
        problems = [
            f"{name} is set, but Rolefit serves one workspace with SLACK_BOT_TOKEN: unset one of the two."
            for name in (*BOLT_READS_THESE, "ENCRYPTION_KEYS")
            if getattr(self, name.lower()) is not None
        ]
        problems += self._problems_of_tokens(http=http) if one_workspace else self._problems_without_bot(http=http)
        if (app := _shown(self.slack_app_token)) and not app.startswith("xapp-"):
            problems.append(
                "SLACK_APP_TOKEN is not an app-level token: copy the one that begins with xapp- "
                "from Basic Information in your app's settings."
            )
        if problems:
            raise SettingsError(problems)
        if not one_workspace:
            return Mode.LOCAL
        return Mode.HTTP if http else Mode.SOCKET

    def _problems_without_bot(self, *, http: bool) -> list[str]:
        """Give a problem for each setting of a real workspace that is set although the bot token is missing."""
        problems = [
            f"{name} is set, but SLACK_BOT_TOKEN is not: set SLACK_BOT_TOKEN to the bot token of your app, "
            f"or unset {name} to use the local workspace."
            for name, value in (
                ("SLACK_APP_TOKEN", _shown(self.slack_app_token)),
                ("SLACK_SIGNING_SECRET", self.slack_signing_secret),
                ("SLACK_API_URL", self.slack_api_url),
            )
            if value
        ]
        if http:
            problems.append(
                "SLACK_BOT_TOKEN is not set, but --http serves a real workspace: "
                "set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET, or leave --http out."
            )
        return problems

    def _problems_of_tokens(self, *, http: bool) -> list[str]:
        """Give the problems of the bot token, and of the settings that it needs beside it."""
        problems = []
        if not _shown(self.slack_bot_token).startswith("xoxb-"):
            problems.append(
                "SLACK_BOT_TOKEN is not a bot token: copy the one that begins with xoxb- "
                "from OAuth & Permissions in your app's settings."
            )
        if http and not _shown(self.slack_signing_secret):
            problems.append(
                "SLACK_SIGNING_SECRET is not set, but --http needs it to know that requests come from Slack: "
                "copy it from Basic Information in your app's settings."
            )
        if not http and not _shown(self.slack_app_token):
            problems.append(
                "SLACK_APP_TOKEN is not set, but Socket Mode needs it: create an app-level token with the scope "
                "connections:write in Basic Information, or start with --http and SLACK_SIGNING_SECRET."
            )
        return problems

    @property
    def keys(self) -> list[str]:
        """The keys that tokens are encrypted with, newest first."""
        return [key.strip() for key in _shown(self.encryption_keys).split(",") if key.strip()]

    def _oauth(self, *, http: bool) -> Mode:
        """Check what many workspaces need."""
        from cryptography.fernet import Fernet  # noqa: PLC0415 - a twentieth of a second that one workspace does not need

        problems = [
            f"{name} is not set, but installing in many workspaces needs all of {', '.join(OAUTH)}: set it, "
            "or serve one workspace with SLACK_BOT_TOKEN."
            for name in OAUTH
            if not getattr(self, name.lower())
        ]
        if not http:
            problems.append("SLACK_CLIENT_ID is set, but workspaces install over HTTP: start with --http.")
        for number, key in enumerate(self.keys, 1):
            try:
                Fernet(key)
            except ValueError:
                problems.append(
                    f"ENCRYPTION_KEYS: key {number} is no Fernet key: make one with "
                    '`python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"`.'
                )
        if self.slack_verification_token is not None:
            problems.append("SLACK_VERIFICATION_TOKEN is set, but Slack signs its requests instead: unset it.")
        if self.slack_app_token is not None:
            problems.append("SLACK_APP_TOKEN is set, but many workspaces are served over HTTP: unset it.")
        if self.rolefit_support is not None and SLACK_ID.fullmatch(self.rolefit_support):
            problems.append(
                f"ROLEFIT_SUPPORT is {self.rolefit_support}, an id that other workspaces do not know, but many install "
                "the bot: set it to an e-mail address or a page that begins with https://."
            )
        if problems:
            raise SettingsError(problems)
        return Mode.OAUTH


def read() -> Settings:
    """Read the environment. Raises SettingsError naming each variable whose value cannot be used."""
    problems = []
    try:
        origin = sources()
        try:
            settings = Settings()
        except ValidationError as error:
            details = {str(detail["loc"][0]): detail for detail in error.errors(include_input=False, include_url=False)}
            problems += ["{} {}. {}.".format(_named(name, origin), *describe(details[name])) for name in details]
            # With the defaults in place of these, what else is wrong is said as well.
            settings = Settings(**{name: Settings.model_fields[name].default for name in details})
    except OSError as error:
        raise SettingsError(["{} {}. {}.".format(ENV_FILE, *describe_unreadable(error))]) from None
    except UnicodeDecodeError:
        raise SettingsError([f"{ENV_FILE} is not UTF-8 text. Save it as UTF-8."]) from None
    if settings.database_url is not None and not _shown(settings.database_url).startswith(
        ("postgresql://", "postgres://", "postgresql+psycopg://")
    ):
        problems.append(
            "DATABASE_URL is not an address of PostgreSQL: write postgresql://user:password@host/database, "
            "or unset it to keep everything in DATA_DIR."
        )
    if settings.slack_api_url is not None and not settings.slack_api_url.startswith(("http://", "https://")):
        problems.append("SLACK_API_URL is not an http or https address: write for example https://slack.com/api/.")
    support = settings.rolefit_support
    if support is not None and not any(form.fullmatch(support) for form in (EMAIL, PAGE, SLACK_ID)):
        problems.append(
            f"ROLEFIT_SUPPORT is {support!r}, which is no e-mail address, no https address and no id of Slack: write "
            "for example help@example.com, https://example.com/help, or the id of a channel (C…) or a person (U…)."
        )
    problems += [
        f"ROLEFIT_EDITORS: {name!r} is the id of no person and no user group: copy it from the person's profile in "
        "Slack, where it begins with U or W, or that of a user group, which begins with S, and put commas between "
        "several."
        for name in sorted(settings.editors)
        if not EDITOR_ID.fullmatch(name)
    ]
    if not settings.knowledge_dir.is_dir():
        name = _named("knowledge_dir", origin)
        problems.append(f"{name} is not a folder: {settings.knowledge_dir}. Point it at one with faq.yaml.")
    if problems:
        raise SettingsError(problems)
    return settings


def sources() -> dict[str, Source]:
    """Say of each setting, by its field, where its value comes from."""
    environment, file = _variables()
    values = {name: (Source.FILE, value) for name, value in file.items()}
    values |= {name: (Source.ENVIRONMENT, value) for name, value in environment.items()}
    return {
        name: values[name][0] if name in values and not _is_blank(values[name][1] or "") else Source.DEFAULT
        for name in Settings.model_fields
    }


def misspelt() -> dict[str, str]:
    """Give the names in the environment and the file that are no setting and look like one, with that one's name.

    In the file, which is ours, a letter wrong is enough; the environment has short names that others have put there.
    """
    environment, file = _variables()
    alike = {}
    for name in environment | file:
        if name not in Settings.model_fields:
            meant = get_close_matches(name, Settings.model_fields, n=1, cutoff=ALIKE)
            if not meant and name in file:
                meant = [
                    setting for setting in Settings.model_fields if OSA.distance(name, setting, score_cutoff=1) <= 1
                ]
            if meant:
                alike[name.upper()] = meant[0].upper()
    return alike


def _variables() -> tuple[dict[str, str | None], dict[str, str | None]]:
    """Give the variables of the environment and of the file, by their names in small letters."""
    file = dict(DotEnvSettingsSource(Settings, env_file=ENV_FILE).env_vars)
    environment = dict(EnvSettingsSource(Settings).env_vars)
    from_cli = {
        field: environment[name.lower()] for field, name in FROM_SLACK_CLI.items() if name.lower() in environment
    }
    return {name: value for name, value in from_cli.items() if name not in file} | environment, file


def _named(field: str, origin: dict[str, Source]) -> str:
    """Name a setting, with the file if it stands there."""
    return f"{field.upper()} in {ENV_FILE}" if origin[field] is Source.FILE else field.upper()


def _shown(secret: SecretStr | None) -> str:
    return secret.get_secret_value().strip() if secret else ""
