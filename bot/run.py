"""One process of the bot, from settings to signal."""

import asyncio
import contextlib
import importlib
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from bot import knowledge, logs, ports, tuning
from bot.knowledge import KnowledgeError, Library
from bot.settings import MANIFEST, Mode, Settings, SettingsError, Switch
from bot.sole_use import sole_use

if TYPE_CHECKING:
    from socket import socket as Listener  # noqa: N812 - beside our module of that name

    import aiohttp

    from bot import asgi
    from bot.local.config import WorkspaceConfig
    from bot.replica import Pulse
    from bot.second_stage import SecondStage
    from bot.slack.access import Access as Members
    from bot.slack.access import ManyWorkspaces
    from bot.slack.dispatch import App
    from bot.slack.install import Install
    from bot.slack.reception import Reception
    from bot.slack.socket import Link
    from bot.storage import Store

ENDS_WITHIN = 20.0  # seconds; who runs us in a container kills us after thirty

TURNS = 20  # of the event loop, in which a request that has come is read and answered
# What takes long to import, and that only needs what has to be recorded; in parts that take some 0.1 s each.
LATER = (
    "sqlalchemy",
    "sqlalchemy.orm",
    "sqlalchemy.dialects.postgresql",
    "psycopg",
    "dbos",
    "aiohttp",
    "slack_sdk.web.async_client",
    "slack_bolt.async_app",
    "bot.storage",
    "bot.jobs",
    "bot.slack.quiz",
    "bot.slack.share",
    "bot.slack.app",
    "bot.background",
    "bot.readiness",
)

log = structlog.get_logger()


@dataclass(frozen=True)
class SlackCredentials:
    """How to reach Slack, or what stands in for it."""

    api_url: str
    bot_token: str | None = field(repr=False)
    app_token: str | None = field(repr=False)
    signing_secret: str | None = field(repr=False)
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)


async def serve(settings: Settings, *, http: bool, port: int | None, browser: bool, keep: bool) -> None:
    """Run the bot until SIGINT or SIGTERM. keep: the local workspace keeps its messages in DATA_DIR.

    The garbage collector may be off, and is on once everything is in place. Raises SettingsError for settings,
    knowledge, a database, a port or a token that cannot be used, and OSError if the local workspace cannot be had.
    """
    mode = settings.mode(http=http)
    if keep and mode is not Mode.LOCAL:
        raise SettingsError(["--keep is for the local workspace; Slack keeps its messages itself. Leave it out."])
    settings.prepare_data_dir()
    logs.log_to_stderr(settings.log_level)
    alone: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
    if settings.database_url is None:
        alone = sole_use(settings.data_dir)
    early: contextlib.AbstractContextManager[Listener | None] = contextlib.nullcontext()
    if mode in (Mode.HTTP, Mode.OAUTH) and settings.database_url is None:
        # First, so that what Slack sends during a start waits for us; it waits for three seconds. Where there may be
        # other replicas a load balancer had better be refused, and turn to one that is up.
        early = ports.listening(port or settings.port, "PORT")
    with alone, early as listener:
        library = _load(settings)
        await _until_signal(_serve(settings, mode, library, port, listener, browser=browser, keep=keep))


def _load(settings: Settings) -> Library:
    """Read the knowledge. Raises SettingsError."""
    try:
        return knowledge.load(settings.knowledge_dir)
    except KnowledgeError as error:
        raise SettingsError(
            [
                *map(str, error.problems),
                f"The knowledge in {settings.knowledge_dir} (KNOWLEDGE_DIR) has errors: mend them and start again.",
            ]
        ) from None


async def _until_signal(running: Coroutine[Any, Any, None]) -> None:
    """Run something until it ends, or until SIGINT or SIGTERM; then the process ends soon, come what may."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(stop_signal, stop.set)
    serving = asyncio.create_task(running)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not serving.done():
        serving.cancel()
    ending = threading.Timer(ENDS_WITHIN, _end)
    ending.daemon = True
    ending.start()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def _end() -> None:
    """End the process at once: threads that wait for a database would keep it for as long as that takes."""
    log.error("the process did not end by itself and is ended; what is recorded goes on at the next start")
    os._exit(1)


async def _serve(
    settings: Settings,
    mode: Mode,
    library: Library,
    port: int | None,
    listener: "Listener | None",
    *,
    browser: bool,
    keep: bool,
) -> None:
    async with AsyncExitStack() as stack:
        if mode is Mode.LOCAL:
            from bot import local_workspace

            place = local_workspace.workspace(
                settings.workspace_port if port is None else port,
                open_page=browser,
                keep=settings.workspace_file if keep else None,
            )
            credentials = _local_credentials(await stack.enter_async_context(place))
        else:
            credentials = _credentials(settings)
        port = (port or settings.port) if mode in (Mode.HTTP, Mode.OAUTH) else None
        await bot(settings, credentials, library, port=port, listener=listener, begins=tuning.tune_for_serving)


@dataclass
class _Started:
    """What is there of the bot so far, for who asks over HTTP while it starts. pulse: None before it works."""

    store: "Store | None" = None
    pulse: "Pulse | None" = None
    install: "asyncio.Future[Install | None]" = field(default_factory=asyncio.Future)


async def bot(
    settings: Settings,
    credentials: SlackCredentials,
    library: Library,
    *,
    port: int | None,
    listener: "Listener | None" = None,
    begins: Callable[[], None] = lambda: None,
) -> None:
    """Run the bot until cancelled: over HTTP on this port, or over Socket Mode if there is none.

    listener: the port, if it is taken already; who comes there is let in before the rest of the bot is there. begins:
    called when everything is in place. Raises SettingsError for a database or a port that cannot be used, and for a
    token that Slack refuses.
    """
    async with AsyncExitStack() as stack:
        door = AsyncExitStack()  # what Slack comes in by
        stack.push_async_callback(door.aclose)
        from bot.second_stage import SecondStage
        from bot.slack.reception import Reception

        second = SecondStage() if settings.rolefit_encoder is Switch.ON else None
        stack.callback(second.close if second else lambda: None)
        _ = library.index  # before the first message asks for it
        reception, started = Reception(library, second), _Started()
        serving = await _open(door, listener, reception, settings, credentials, started) if listener else None
        await _import_the_rest()
        from bot.slack import socket

        stack.enter_context(_accepted_token())
        link = socket.Link() if port is None else None
        store, app, renew = await _work(stack, settings, credentials, reception, second, started, link)
        stack.push_async_callback(door.aclose)  # nobody comes in while the rest ends
        reception.open(app)
        begins()
        if port is not None and serving is None:
            listener = door.enter_context(ports.listening(port, "PORT"))
            serving = await _open(door, listener, reception, settings, credentials, started)
        await _let_in()
        for running in _background(settings.knowledge_dir, library, store, renew, second):
            stack.callback(asyncio.create_task(running).cancel)
        if second is not None:
            second.begin()
        if link is not None:
            await socket.serve(reception, app.slack, credentials.app_token or "", link)
        elif serving is not None:
            await serving


async def _work(
    stack: AsyncExitStack,
    settings: Settings,
    credentials: SlackCredentials,
    reception: "Reception",
    second: "SecondStage | None",
    started: _Started,
    link: "Link | None",
) -> "tuple[Store, App, Callable[[Library], None]]":
    """Open the database, learn who we are, and begin to work, until the stack is closed.

    Gives the rows, the app, and what to call with a new library. Raises SettingsError and RefusedError.
    """
    from bot import http_server, jobs, replica
    from bot.slack import app as slack
    from bot.storage import Store

    _warn_of_missing_writes(settings)
    session = await stack.enter_async_context(slack.slack_session())
    with usable(settings, settings.store_file):
        started.store = store = await Store.open(settings.store_url)
    stack.push_async_callback(store.close)
    if not credentials.bot_token:
        await _check_keys(settings, store)
    # On SQLite the next process is this one again, and takes up at once what is left.
    me = "local" if settings.database_url is None else replica.name()
    stack.push_async_callback(replica.deregister, store, me)
    with usable(settings, settings.jobs_file):
        launch = await stack.enter_async_context(slack.working(settings.jobs_url, me))
    if settings.health_port:
        signs = _signs_of_life(settings, started, link)
        await stack.enter_async_context(http_server.serve_signs_of_life(settings.health_port, *signs))
    members, install = await _members(settings, credentials, reception.library, store, session)
    app, renew = slack.create(
        reception,
        members,
        credentials.api_url,
        store,
        between_posts=settings.post_interval,
        second=second,
        support=settings.rolefit_support,
        question_days=settings.gap_retention_days,
        editors=settings.editors,
        share_guests=settings.rolefit_share_guests is Switch.ON,
    )
    with usable(settings, settings.store_file):
        await store.heartbeat(me, time.time())
    with usable(settings, settings.jobs_file):
        await jobs.check_writable()  # since what launches would try for ever
        launch()
    with usable(settings, settings.store_file):
        # Once more: on a busy machine launching takes long, and there may be work already.
        await store.heartbeat(me, time.time())
        await stack.enter_async_context(jobs.receiving(store, me, reception.turnstile, slack.readers(reception)))
    gaps_kept = settings.gap_retention_days * 86_400.0
    started.pulse = await stack.enter_async_context(replica.alive(store, me, settings.replica_timeout, gaps_kept))
    started.install.set_result(install)  # what follows from one is recorded
    return store, app, renew


async def _open(
    door: AsyncExitStack,
    listener: "Listener",
    reception: "Reception",
    settings: Settings,
    credentials: SlackCredentials,
    started: _Started,
) -> asyncio.Task[None]:
    """Answer what Slack and operators ask over HTTP, until the door is closed; what waits already, at once."""
    from bot import asgi, http_server

    async def install() -> "Install | None":
        if credentials.bot_token:  # of one workspace: there is none to wait for
            return None
        return await asyncio.shield(started.install)

    troubles, count = _signs_of_life(settings, started, None)
    app = asgi.create(reception, credentials.signing_secret or "", troubles, install, count)
    serving = await door.enter_async_context(http_server.serving(app, listener))
    await _let_in()
    return serving


def _signs_of_life(settings: Settings, started: _Started, link: "Link | None") -> "tuple[asgi.Troubles, asgi.Count]":
    """Give what operators are told by; link: the connections to Slack, unless that is over HTTP."""

    async def troubles() -> list[str]:
        if started.store is None or started.pulse is None:
            from bot.asgi import STARTING

            return [STARTING]
        from bot import readiness

        return await readiness.find_troubles(settings, started.store, started.pulse, link)

    async def count() -> None:
        if started.pulse is not None:
            from bot import readiness

            await readiness.count_work()

    return troubles, count


async def _import_the_rest() -> None:
    """Import what takes long, part by part, and let in between them who waits.

    Not in a thread: two threads that import modules which need each other may meet half of one.
    """
    for name in LATER:
        importlib.import_module(name)
        await _let_in()


async def _let_in() -> None:
    """Answer who waits, before something that takes long."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


def _background(
    folder: Path,
    library: Library,
    store: "Store",
    renew: Callable[[Library], None],
    second: "SecondStage | None",
) -> Iterable[Coroutine[Any, Any, Any]]:
    """Give what runs beside the bot until it is cancelled."""
    from bot import background, knowledge_watch
    from bot.second_stage import scorer_for
    from bot.slack.deciding import prepare_decoys, prepare_talk

    taken_up: asyncio.Queue[Library] = asyncio.Queue()
    taken_up.put_nowait(library)

    def take_up(library: Library) -> None:
        renew(library)
        taken_up.put_nowait(library)

    async def prepare() -> None:
        """Have ready what a start does not wait for: first what each answer needs, last what who asks in vain does."""
        await prepare_talk(library)
        if second is not None:
            await second.ready()
        await prepare_decoys(library)

    return (
        knowledge_watch.follow(folder, library, take_up, scorer_for if second else None),
        background.follow_up(taken_up, store),
        background.handle_due_runs(store),
        background.post_digests(store),
        background.publish_homes(store),
        prepare(),
    )


def _warn_of_missing_writes(settings: Settings) -> None:
    """Say so if a process was killed and SQLite's log of writes, which had its last ones, has gone since."""
    for file in (settings.store_file, settings.jobs_file) if settings.database_url is None else ():
        log_of_writes, beside_it = (file.with_name(file.name + ending) for ending in ("-wal", "-shm"))
        if beside_it.exists() and not log_of_writes.exists():
            what_to_do = "stop the bot and put it back if you have it; otherwise what was written last is lost"
            log.error("a part of the database is missing", missing=str(log_of_writes), remedy=what_to_do)


@contextmanager
def usable(settings: Settings, file: Path) -> Iterator[None]:
    """Name the database where it turns out that it cannot be used; `file` is SQLite's. Raises SettingsError."""
    from sqlalchemy.exc import DBAPIError

    from bot.storage.trouble import remedy, words

    try:
        yield
    except (DBAPIError, sqlite3.Error, OSError) as error:
        postgresql = settings.database_url is not None
        place = "DATABASE_URL: the database" if postgresql else f"DATA_DIR: {file}"
        what_to_do = remedy(error, postgresql=postgresql)
        raise SettingsError([f"{place} cannot be used: {words(error)}. {what_to_do} Then start again."]) from error


@contextmanager
def _accepted_token() -> Iterator[None]:
    """Say what to do where Slack refuses a token. Raises SettingsError."""
    from bot.slack.socket import RefusedError

    try:
        yield
    except RefusedError as error:
        remedy = "copy it again from your app's settings and start anew"
        raise SettingsError([f"Slack refuses the token ({error}): {remedy}."]) from error


def _credentials(settings: Settings) -> SlackCredentials:
    def shown(name: str) -> str | None:
        secret = getattr(settings, name)
        return secret.get_secret_value().strip() if secret else None

    return SlackCredentials(
        settings.api_url,
        shown("slack_bot_token"),
        shown("slack_app_token"),
        shown("slack_signing_secret"),
        settings.slack_client_id,
        shown("slack_client_secret"),
    )


async def _members(
    settings: Settings,
    credentials: SlackCredentials,
    library: Library,
    store: "Store",
    session: "aiohttp.ClientSession",
) -> "tuple[Members, Install | None]":
    """Learn who we are, and where the app may be installed if its workspaces are many. Raises RefusedError."""
    from bot.slack.app import one_workspace

    if credentials.bot_token:
        return await one_workspace(session, credentials.bot_token, credentials.api_url), None
    return _many_workspaces(settings, credentials, library, store, session)


async def _check_keys(settings: Settings, store: "Store") -> None:
    """Raise SettingsError for keys that decrypt no token: all work of the workspaces would fail for good with them."""
    from bot.slack.access import Cipher, can_read_tokens

    if not await can_read_tokens(store, Cipher(settings.keys)):
        raise SettingsError(
            [
                "ENCRYPTION_KEYS: none of its keys decrypts the tokens in the database. "
                "Add the key that they were encrypted with, behind the others, and start again."
            ]
        )


def _local_credentials(workspace: "WorkspaceConfig") -> SlackCredentials:
    return SlackCredentials(f"{workspace.url}/api/", workspace.bot_token, workspace.app_token, workspace.signing_secret)


def _many_workspaces(
    settings: Settings,
    credentials: SlackCredentials,
    library: Library,
    store: "Store",
    session: "aiohttp.ClientSession",
) -> "tuple[ManyWorkspaces, Install]":
    import yaml

    from bot.slack.access import Cipher, ManyWorkspaces
    from bot.slack.install import Install

    client = {"client_id": credentials.client_id or "", "client_secret": credentials.client_secret or ""}
    cipher = Cipher(settings.keys)
    members = ManyWorkspaces(store, cipher, session, api_url=credentials.api_url, **client)
    scopes = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["oauth_config"]["scopes"]["bot"]
    pages = Install(
        members,
        cipher,
        library.words.install,
        authorize_url=credentials.api_url.removesuffix("api/") + "oauth/v2/authorize",
        client_id=client["client_id"],
        scopes=scopes,
    )
    return members, pages
