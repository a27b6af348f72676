"""What `rolefit doctor` looks at: whether the bot could work with these settings, and what to do where it could not.

Nothing is changed, no token is renewed and no database made. What is found holds no secret: values of settings are not
shown, and whatever else is said has the secrets taken out.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import yaml
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError
from sqlalchemy.exc import SQLAlchemyError

from bot import knowledge
from bot import settings as env
from bot.asgi import CLOCK, HEALTH, READY
from bot.second_stage import scorer_for
from bot.settings import MANIFEST, SLACK, Mode, Settings, SettingsError, Source, Switch
from bot.slack.access import Cipher
from bot.slack.client import UNREADABLE, Client, code
from bot.slack.socket import REFUSALS
from bot.storage.inspection import DatabaseState, Token, inspect_database
from bot.storage.store import HEAD
from bot.storage.trouble import remedy, words

TIMEOUT = aiohttp.ClientTimeout(total=10, connect=5)  # seconds
INSTALLATIONS_MAX = 20  # workspaces that are asked about
AT_ONCE = 4  # of them
SKEW_MAX = 60.0  # seconds; Slack's requests count as new for five minutes
SHORTEST_SECRET = 8  # characters; what is shorter would be found in any text
SCOPES = "x-oauth-scopes"  # docs.slack.dev/authentication/installing-with-oauth
AGAIN: Final = "See that this machine reaches the internet, and that SLACK_API_URL is right if it is set."
COPY_FROM_OAUTH: Final = "Copy it again from OAuth & Permissions in your app's settings."
COPY_FROM_BASIC: Final = "Copy it again from Basic Information, App-Level Tokens, in your app's settings."
REINSTALL: Final = "Give your app the scopes of app.yaml and install it to the workspace again."

# What to do about Slack's errors of apps.connections.open that are not about the token itself.
SOCKET_MODE = {
    "missing_scope": "Create an app-level token with the scope connections:write in Basic Information.",
    "not_allowed_token_type": "Set SLACK_APP_TOKEN to the app-level token, which begins with xapp-.",
    "socket_mode_not_enabled": "Turn Socket Mode on in your app's settings, or start with --http.",
}


@dataclass(frozen=True)
class Finding:
    """What was found out about one thing; `ok` is None where nothing was, and `remedy` says what to do."""

    name: str
    ok: bool | None
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class _Answer:
    """What comes of asking Slack about a token. ahead: seconds that our clock is ahead, if that is known."""

    findings: tuple[Finding, ...]
    ahead: float | None = None


async def examine(url: str | None = None) -> list[Finding]:
    """Look at all there is, in the order in which a bot that starts needs it. url: where Slack is to reach the bot."""
    try:
        settings = env.read()
        http = url is not None or _over_http(settings)
        mode = settings.mode(http=http)
    except SettingsError as error:
        return [*_misspelt(), *(Finding("settings", False, *_split(problem)) for problem in error.problems)]
    findings = [_settings(mode), *_misspelt()]
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        state, database = await _database(settings)
        answers: list[_Answer]
        if mode is Mode.LOCAL:
            answers = [_Answer((Finding("Slack", True, "no token is set: the bot works in the local workspace"),))]
        elif mode is Mode.OAUTH:
            answers = await _installations(settings, state, session)
        else:
            answers = [await _token(_shown(settings.slack_bot_token), settings.api_url, session)]
        findings += [finding for answer in answers for finding in answer.findings]
        if mode is Mode.SOCKET:
            findings.append(await _socket_mode(settings, session))
        if mode in (Mode.HTTP, Mode.OAUTH):
            findings.append(await _public_address(url, settings, session))
        findings.append(database)
        findings.append(await asyncio.to_thread(_knowledge, settings))
        if mode is not Mode.LOCAL:  # which needs no clock but ours
            findings.append(_clock([answer.ahead for answer in answers if answer.ahead is not None]))
        findings += _traces(state)
        findings += await _process(settings, mode, session)
    secrets = _secrets(settings)
    return [_without(secrets, finding) for finding in findings]


def _over_http(settings: Settings) -> bool:
    """Say whether the settings are those of a bot that is served over HTTP."""
    if not settings.slack_bot_token and (settings.slack_client_id or settings.slack_client_secret):
        return True
    return bool(settings.slack_bot_token and settings.slack_signing_secret and not settings.slack_app_token)


# Settings


def _settings(mode: Mode) -> Finding:
    works = {
        Mode.LOCAL: "the local workspace",
        Mode.SOCKET: "one workspace, over Socket Mode",
        Mode.HTTP: "one workspace, over HTTP",
        Mode.OAUTH: "all workspaces that install it, over HTTP",
    }[mode]
    from_: dict[Source, list[str]] = {source: [] for source in Source}
    for name, source in env.sources().items():
        from_[source].append(name.upper())
    named = "; ".join(
        f"from {source}: {', '.join(from_[source])}" for source in (Source.ENVIRONMENT, Source.FILE) if from_[source]
    )
    return Finding("settings", True, f"for {works}; {named or 'none is set'}; all others have their defaults")


def _misspelt() -> Iterator[Finding]:
    try:
        names = env.misspelt()
    except (OSError, UnicodeDecodeError):  # which reading the settings has named
        return
    for name, meant in names.items():
        yield Finding(
            "settings", False, f"{name} is no setting", f"If {meant} is meant, correct its name; else unset it."
        )


def _split(problem: str) -> tuple[str, str]:
    """Split the description of a problem into what is wrong and what to do about it."""
    message, mark, todo = problem.partition(": " if ": " in problem else ". ")
    return message, todo[:1].upper() + todo[1:] if mark else ""


# Slack


async def _token(token: str, api_url: str, session: aiohttp.ClientSession, team: str = "") -> _Answer:
    """Ask Slack about a bot token, whose it is and what it may do. team: of an installation."""
    name = f"bot token of {team}" if team else "bot token"
    revoked = f"Have {team} install the app again." if team else COPY_FROM_OAUTH
    begun = time.time()
    try:
        answer = await Client(token, base_url=api_url, session=session).auth_test()
    except SlackApiError as error:
        return _Answer((_refused(name, error, revoked, api_url),), _ahead(error.response.headers, begun))
    except (aiohttp.ClientError, TimeoutError) as error:
        return _Answer((_unreachable(name, api_url, error),))
    detail = f"Slack takes it: user {answer.get('user_id')} in {answer.get('team_id')}"
    return _Answer(
        (Finding(name, True, detail), _scopes(_lowered(answer.headers).get(SCOPES), team)),
        _ahead(answer.headers, begun),
    )


def _scopes(header: str | None, team: str) -> Finding:
    """Compare what is granted with what app.yaml asks for."""
    name = f"scopes of {team}" if team else "scopes"
    if header is None:
        return Finding(name, None, "Slack's answer does not say which are granted")
    granted = {scope.strip() for scope in header.split(",") if scope.strip()}
    wanted = set(yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["oauth_config"]["scopes"]["bot"])
    besides = f"; granted and not needed: {', '.join(sorted(granted - wanted))}" if granted - wanted else ""
    if wanted - granted:
        return Finding(name, False, f"not granted: {', '.join(sorted(wanted - granted))}{besides}", REINSTALL)
    return Finding(name, True, f"all {len(wanted)} of app.yaml are granted{besides}")


async def _socket_mode(settings: Settings, session: aiohttp.ClientSession) -> Finding:
    """Ask Slack for an address of Socket Mode, without going there."""
    try:
        client = Client(base_url=settings.api_url, session=session)
        await client.apps_connections_open(app_token=_shown(settings.slack_app_token))
    except SlackApiError as error:
        return _refused("Socket Mode", error, SOCKET_MODE.get(code(error), COPY_FROM_BASIC), settings.api_url)
    except (aiohttp.ClientError, TimeoutError) as error:
        return _unreachable("Socket Mode", settings.api_url, error)
    return Finding("Socket Mode", True, "Slack takes the app-level token and gives an address")


async def _installations(
    settings: Settings, state: DatabaseState | None, session: aiohttp.ClientSession
) -> list[_Answer]:
    """Ask Slack about the tokens of the workspaces that have installed the app, the first of them."""
    if state is None or not state.installations:
        return [_Answer((Finding("installations", True, "no workspace has installed the app yet"),))]
    cipher, few = Cipher(settings.keys), asyncio.Semaphore(AT_ONCE)

    async def ask(team: str, token: Token) -> _Answer:
        name = f"bot token of {team}"
        if token.expires_at is not None and token.expires_at < time.time():
            return _Answer(
                (Finding(name, None, "it has ended, and is renewed when the bot needs it, so it was not tried"),)
            )
        try:
            shown = cipher.show(token.hidden)
        except ValueError as error:
            todo = f"Add the key that it was encrypted with to ENCRYPTION_KEYS, or have {team} install the app again."
            return _Answer((Finding(name, False, f"it cannot be decrypted: {error}", todo),))
        async with few:
            return await _token(shown, settings.api_url, session, team)

    answers = await asyncio.gather(*(ask(team, token) for team, token in state.installations.items()))
    rest = state.installed - len(state.installations)
    more = f", {rest} of them not asked about" if rest else ""
    return [_Answer((Finding("installations", True, f"{state.installed} in the database{more}"),)), *answers]


def _refused(name: str, error: SlackApiError, todo: str, url: str) -> Finding:
    error_code = code(error)
    if error_code in REFUSALS or error_code in SOCKET_MODE:
        return Finding(name, False, f"Slack refuses it: {error_code}", todo)
    if error_code == UNREADABLE:
        return Finding(name, False, f"nothing that answers as Slack does is at {_place(url)}", AGAIN)
    return Finding(name, False, f"Slack does not answer the question, but says {error_code}", "Try again later.")


def _unreachable(name: str, url: str, error: Exception) -> Finding:
    return Finding(name, False, f"Slack cannot be reached at {_place(url)} ({_reason(error)})", AGAIN)


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or type(error).__name__)


def _place(url: str) -> str:
    """Give an address without its user name and password, if it has them."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


# Addresses


async def _public_address(url: str | None, settings: Settings, session: aiohttp.ClientSession) -> Finding:
    """See whether the bot answers at the address by which Slack is to reach it."""
    name = "public address"
    if url is None:
        return Finding(name, None, "not tried; give it as --url https://your.address")
    if settings.api_url == SLACK and not url.startswith("https://"):
        return Finding(name, False, f"{_place(url)} is not https, and Slack calls nothing else", "Serve it by HTTPS.")
    address = url.rstrip("/") + HEALTH
    todo = f"Start the bot with --http, and see that {_place(url)} leads to PORT {settings.port} of its machine."
    try:
        async with session.get(address) as answer:
            if answer.status == HTTPStatus.OK and (await answer.read()) == b"ok":
                return Finding(name, True, f"the bot answers at {_place(address)}")
            return Finding(name, False, f"{_place(address)} gives {answer.status}, and not the bot's answer", todo)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return Finding(name, False, f"{_place(address)} does not answer ({_reason(error)})", todo)


async def _process(settings: Settings, mode: Mode, session: aiohttp.ClientSession) -> list[Finding]:
    """Ask the bot on this machine, if there is one, whether it can work; nothing if it serves no port."""
    port = settings.health_port or (settings.port if mode in (Mode.HTTP, Mode.OAUTH) else None)
    if port is None:
        return []
    try:
        async with session.get(f"http://127.0.0.1:{port}{READY}") as answer:
            body = " ".join((await answer.text()).split())
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return [Finding("process", None, f"no bot answers on port {port} of this machine")]
    if answer.status == HTTPStatus.OK:
        return [Finding("process", True, f"the bot on port {port} is ready")]
    return [Finding("process", False, f"what answers on port {port} is not ready: {body}", "See the bot's log.")]


# The database


async def _database(settings: Settings) -> tuple[DatabaseState | None, Finding]:
    """Look at the database, and on SQLite at the file of the durable work, too."""
    postgresql = settings.database_url is not None
    setting = "DATABASE_URL" if postgresql else f"DATA_DIR: {settings.store_file}"
    try:
        state = await inspect_database(settings.store_url, installations_max=INSTALLATIONS_MAX)
        if not postgresql:
            setting = f"DATA_DIR: {settings.jobs_file}"
            await inspect_database(f"sqlite+aiosqlite:///{settings.jobs_file}", installations_max=0)
            setting = f"DATA_DIR: {settings.store_file}"
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        return None, Finding(
            "database", False, f"{setting} cannot be used: {words(error)}", remedy(error, postgresql=postgresql)
        )
    except ValueError:  # its words may hold the address
        todo = "Write postgresql://user:password@host/database."
        return None, Finding("database", False, f"{setting} cannot be read as an address", todo)
    return state, _migrations(state, setting)


def _migrations(state: DatabaseState | None, setting: str) -> Finding:
    if state is None:
        return Finding("database", True, f"{setting} is not there yet: the first start makes it")
    if state.version is None:
        return Finding("database", True, f"{setting} has no tables yet: the first start makes them")
    if state.version < HEAD:
        todo = "Start the bot, which brings them up to date."
        return Finding(
            "database",
            False,
            f"the tables of {setting} are of version {state.version}, and this release needs {HEAD}",
            todo,
        )
    later = "" if state.version == HEAD else f", which is later than this release's {HEAD} and does no harm"
    return Finding("database", True, f"{setting} can be read; its tables are of version {state.version}{later}")


def _traces(state: DatabaseState | None) -> Iterator[Finding]:
    """Say when something last came from Slack, and when a bot last ran, by the rows that these leave.

    A message that gets silence leaves none.
    """
    if state is None or state.last_trace is None:
        why = "none is recorded; what the bot leaves without a reply never is, nor what people had it forget"
        yield Finding("last event", None, why)
    else:
        came = _at(state.last_trace)
        yield Finding("last event", True, f"{came}; what the bot has left without a reply since is not recorded")
    if state is not None and state.last_alive is not None:
        yield Finding("last sign of life", True, f"a bot worked with this database at {_at(state.last_alive)}")


def _at(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


# The rest


def _knowledge(settings: Settings) -> Finding:
    """Check the knowledge as `rolefit check` does, and say how many problems there are, and the first."""
    second = None if settings.rolefit_encoder is Switch.OFF else scorer_for
    problems = knowledge.lint(settings.knowledge_dir, today=datetime.now(UTC).date(), second=second)
    errors = [problem for problem in problems if problem.level == "error"]
    folder = settings.knowledge_dir.resolve().name
    if errors:
        more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
        return Finding(
            "knowledge", False, str(errors[0]).rstrip(".") + more, "`rolefit check` names all that is wrong."
        )
    warned = f"; warnings: {len(problems)}, which `rolefit check` names" if problems else ""
    return Finding("knowledge", True, f"{folder} has no errors{warned}")


def _clock(ahead: list[float]) -> Finding:
    """Compare our clock with Slack's."""
    if not ahead:
        return Finding("clock", None, "not compared, since Slack has not said what time it is")
    seconds = min(ahead, key=abs)
    way = "ahead of" if seconds > 0 else "behind"
    if abs(seconds) > SKEW_MAX:
        return Finding("clock", False, f"{abs(seconds):.0f} seconds {way} Slack's", CLOCK)
    return Finding("clock", True, f"within {SKEW_MAX:.0f} seconds of Slack's")


def _ahead(headers: Mapping[str, str] | None, begun: float) -> float | None:
    """Give how many seconds our clock is ahead of the Date header of a response; None if it has none.

    begun: when the request was sent; the response may have been made at any time since.
    """
    try:
        slack_time = parsedate_to_datetime(_lowered(headers or {})["date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return None
    return begun - slack_time if begun > slack_time else min(0.0, time.time() - slack_time)


def _secrets(settings: Settings) -> list[str]:
    """Give what must not be shown: all secret settings, keys one by one, and the database's password."""
    values = [value for name in Settings.model_fields if isinstance(value := getattr(settings, name), SecretStr)]
    secrets = [_shown(value) for value in values]
    secrets += [*settings.keys, urlsplit(_shown(settings.database_url)).password or ""]
    return [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]


def _without(secrets: list[str], finding: Finding) -> Finding:
    detail, todo = finding.found, finding.remedy
    for secret in secrets:
        detail, todo = detail.replace(secret, "…"), todo.replace(secret, "…")
    return replace(finding, found=detail, remedy=todo)


def _shown(secret: SecretStr | None) -> str:
    return secret.get_secret_value().strip() if secret else ""
