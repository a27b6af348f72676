"""One process of the bot, from settings to signal."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket as listen
import sqlite3
import sys
import threading
import time
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

import aiohttp
import structlog

from bot import knowledge, local_workspace
from bot.knowledge import KnowledgeError, Library
from bot.settings import MANIFEST, Mode, Settings, SettingsError, Switch

if TYPE_CHECKING:
    import uvicorn

    from bot.asgi import Troubles
    from bot.domain.embeddings import SemanticScorer
    from bot.local.config import WorkspaceConfig
    from bot.replica import Pulse
    from bot.second_stage import SecondStage
    from bot.slack.access import Access as Members
    from bot.slack.access import ManyWorkspaces
    from bot.slack.dispatch import App
    from bot.slack.install import Install
    from bot.slack.socket import Link
    from bot.storage import Store

# Seconds that another thread may hold the interpreter while the event loop wants it. Python's own five milliseconds, in
# each of many turns, would let what is done in the background hold up who asks.
SWITCH = 0.0005
ENDS_WITHIN = 20.0  # seconds; who runs us in a container kills us after thirty
DIGESTS_EVERY = 600.0  # seconds between two looks for digests that are due
DUE_RUNS_EVERY = 20.0  # seconds between two looks for rounds that have been left alone

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
    _log_to_stderr(settings.log_level)
    try:
        library = knowledge.load(settings.knowledge_dir)
    except KnowledgeError as error:
        raise SettingsError(
            [
                *map(str, error.problems),
                f"The knowledge in {settings.knowledge_dir} (KNOWLEDGE_DIR) has errors: mend them and start again.",
            ]
        ) from None
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(stop_signal, stop.set)
    serving = asyncio.create_task(_serve(settings, mode, library, port, browser=browser, keep=keep))
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
    settings: Settings, mode: Mode, library: Library, port: int | None, *, browser: bool, keep: bool
) -> None:
    async with AsyncExitStack() as stack:
        if mode is Mode.LOCAL:
            place = local_workspace.workspace(
                settings.workspace_port if port is None else port,
                open_page=browser,
                keep=settings.workspace_file if keep else None,
            )
            credentials = _local_credentials(await stack.enter_async_context(place))
        else:
            credentials = _credentials(settings)
        port = (port or settings.port) if mode in (Mode.HTTP, Mode.OAUTH) else None
        await bot(settings, credentials, library, port=port, begins=_tune_for_serving)


async def bot(
    settings: Settings,
    credentials: SlackCredentials,
    library: Library,
    *,
    port: int | None,
    begins: Callable[[], None] = lambda: None,
) -> None:
    """Run the bot until cancelled: over HTTP on this port, or over Socket Mode if there is none.

    begins: called when everything is in place. Raises SettingsError for a database or a port that cannot be used, and
    for a token that Slack refuses.
    """
    second = _second_stage(settings)
    from bot import jobs, replica
    from bot.second_stage import scorer_for
    from bot.slack import app as slack
    from bot.slack import socket
    from bot.storage import Store

    async with AsyncExitStack() as stack:
        _warn_of_missing_writes(settings)
        stack.enter_context(_accepted_token())
        stack.callback(second.close if second else lambda: None)
        session = await stack.enter_async_context(slack.slack_session())
        with usable(settings, settings.store_file):
            store = await Store.open(settings.store_url)
        stack.push_async_callback(store.close)
        # On SQLite the next process is this one again, and takes up at once what is left.
        me = "local" if settings.database_url is None else replica.name()
        stack.push_async_callback(replica.deregister, store, me)
        with usable(settings, settings.jobs_file):
            launch = await stack.enter_async_context(slack.working(settings.jobs_url, me))
        pulse, link = None, socket.Link()

        async def troubles() -> list[str]:
            return await _troubles(settings, store, pulse, None if port else link)

        if settings.health_port:
            await stack.enter_async_context(_signs_of_life(settings.health_port, troubles))
        members, install = await _members(settings, credentials, library, store, session)
        _ = library.index  # before the first message asks for it
        app, renew = slack.create(
            members,
            credentials.api_url,
            library,
            store,
            between_posts=settings.post_interval,
            second=second,
            support=settings.rolefit_support,
            question_days=settings.gap_retention_days,
            editors=settings.editors,
            share_guests=settings.rolefit_share_guests is Switch.ON,
        )
        if second is not None:
            await second.ready()
        with usable(settings, settings.store_file):
            await store.heartbeat(me, time.time())
        with usable(settings, settings.jobs_file):
            await jobs.check_writable()  # since what launches would try for ever
            launch()
        with usable(settings, settings.store_file):
            await store.heartbeat(
                me, time.time()
            )  # on a busy machine launching takes long, and there may be work already
            await stack.enter_async_context(jobs.receiving(store, me))
        gaps_kept = settings.gap_retention_days * 86_400.0
        pulse = await stack.enter_async_context(replica.alive(store, me, settings.replica_timeout, gaps_kept))
        taken_up: asyncio.Queue[Library] = asyncio.Queue()
        taken_up.put_nowait(library)

        def take_up(library: Library) -> None:
            renew(library)
            taken_up.put_nowait(library)

        for running in (
            _follow(settings.knowledge_dir, take_up, scorer_for if second else None),
            _follow_up(taken_up, store),
            _handle_due_runs(store),
            _post_digests(store),
            _publish_homes(store),
            asyncio.to_thread(lambda: library.decoys),  # only who asks in vain needs them
        ):
            stack.callback(asyncio.create_task(running).cancel)
        begins()
        if port is None:
            await socket.serve(app, credentials.app_token or "", link)
        else:
            await _serve_http(app, port, credentials.signing_secret or "", troubles, install)


def _warn_of_missing_writes(settings: Settings) -> None:
    """Say so if a process was killed and SQLite's log of writes, which had its last ones, has gone since."""
    for file in (settings.store_file, settings.jobs_file) if settings.database_url is None else ():
        log_of_writes, beside_it = (file.with_name(file.name + ending) for ending in ("-wal", "-shm"))
        if beside_it.exists() and not log_of_writes.exists():
            what_to_do = "stop the bot and put it back if you have it; otherwise what was written last is lost"
            log.error("a part of the database is missing", missing=str(log_of_writes), remedy=what_to_do)


def _second_stage(settings: Settings) -> "SecondStage | None":
    """Give the second stage unless it is off; it reads the encoder while we import the rest."""
    if settings.rolefit_encoder is Switch.OFF:
        return None
    from bot.second_stage import SecondStage

    second = SecondStage()
    second.load()
    return second


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
    settings: Settings, credentials: SlackCredentials, library: Library, store: "Store", session: aiohttp.ClientSession
) -> "tuple[Members, Install | None]":
    """Learn who we are, and where the app may be installed if its workspaces are many. Raises RefusedError."""
    from bot.slack.app import one_workspace

    if credentials.bot_token:
        return await one_workspace(session, credentials.bot_token, credentials.api_url), None
    return _many_workspaces(settings, credentials, library, store, session)


def _local_credentials(workspace: "WorkspaceConfig") -> SlackCredentials:
    return SlackCredentials(f"{workspace.url}/api/", workspace.bot_token, workspace.app_token, workspace.signing_secret)


def _many_workspaces(
    settings: Settings, credentials: SlackCredentials, library: Library, store: "Store", session: aiohttp.ClientSession
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


async def _serve_http(
    app: "App", port: int, signing_secret: str, troubles: "Troubles", install: "Install | None"
) -> None:
    from bot import asgi

    # Taken here, because uvicorn would exit on a port in use.
    with _listening(port, "PORT") as listening:
        log.info("serving Slack over HTTP", port=listening.getsockname()[1], path=asgi.EVENTS)
        await _until_cancelled(_http(asgi.create(app, signing_secret, troubles, install)), listening)


@asynccontextmanager
async def _signs_of_life(port: int, troubles: "Troubles") -> AsyncIterator[None]:
    """Tell operators on a port of its own how we are. Raises SettingsError if it is taken."""
    from bot import asgi

    with _listening(port, "HEALTH_PORT") as listening:
        task = asyncio.create_task(_until_cancelled(_http(asgi.signs_of_life(troubles)), listening))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


@contextmanager
def _listening(port: int, setting: str) -> "Iterator[listen.socket]":
    """Take a port, which comes from a setting of this name. Raises SettingsError if it cannot be had."""
    try:
        listening = listen.create_server(("", port))
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        what = f"{setting}: port {port} cannot be served on: {reason}. Set {setting} to another."
        raise SettingsError([what]) from error
    with listening:
        # asyncio does this only for sockets that name their protocol. Without it an answer whose body is written after
        # its head is held up by 40 ms, until the other side has acknowledged the head.
        listening.setsockopt(listen.IPPROTO_TCP, listen.TCP_NODELAY, 1)
        yield listening


async def _until_cancelled(server: "uvicorn.Server", listening: listen.socket) -> None:
    """Serve, and at the end close what is open: cancelled itself, uvicorn would go on with connections it has."""
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving


def _http(app: Any) -> "uvicorn.Server":
    import uvicorn

    class Server(uvicorn.Server):
        """Leaves signals to us: they stop more than the server."""

        def install_signal_handlers(self) -> None:
            """Install none."""

        @contextlib.contextmanager
        def capture_signals(self) -> "Iterator[None]":
            """Capture none."""
            yield

    return Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1))


async def _handle_due_runs(store: "Store") -> None:
    """Look now and then for rounds of the quiz, and comparisons, that have been left alone."""
    from bot.replica import run_periodically
    from bot.slack import compare, quiz

    async def look() -> float:
        started = await quiz.start_due_work(store, time.time())
        await compare.start_due_work(store, time.time())
        return 0 if started == quiz.AT_ONCE else DUE_RUNS_EVERY

    await run_periodically("looking for rounds left alone", look)


async def _follow_up(taken_up: "asyncio.Queue[Library]", store: "Store") -> None:
    """See to what follows from each knowledge that is taken up: news of new answers, corrections of old ones.

    And from each but the first, which is there at the start: Home tabs that show something else.
    """
    from bot.replica import run_periodically
    from bot.slack import gaps, home

    on_home: Library | None = None
    followed: Library | None = None

    async def look() -> float:
        nonlocal on_home, followed
        library = await taken_up.get()
        while not taken_up.empty():  # only the latest counts
            library = taken_up.get_nowait()
        try:
            if on_home is not None:
                await home.follow_knowledge(on_home, library, store)
            on_home = library
            await gaps.follow_knowledge(library, store, followed)
            followed = library
        except Exception:
            taken_up.put_nowait(library)
            raise
        return 0

    await run_periodically("following new knowledge", look)


async def _publish_homes(store: "Store") -> None:
    """Look now and then for Home tabs that are to be published anew."""
    from bot.replica import run_periodically
    from bot.slack import home

    async def look() -> float:
        await home.publish_due(store, time.time())
        return home.DUE_EVERY

    await run_periodically("publishing Home tabs", look)


async def _post_digests(store: "Store") -> None:
    """Look now and then for digests that are due."""
    from bot.replica import run_periodically
    from bot.slack import gaps

    async def look() -> float:
        await gaps.start_digests(store, time.time())
        return DIGESTS_EVERY

    await run_periodically("looking for digests", look)


async def _follow(
    folder: Path, renew: "Callable[[Library], None]", second: "Callable[[Library], SemanticScorer] | None" = None
) -> None:
    """Take up the knowledge whenever its files change, for ever; what has errors is named and not taken up."""
    from watchfiles import awatch

    from bot.replica import run_periodically

    async def watch() -> float:
        async for _ in awatch(folder, recursive=False):
            await _take_up(folder, renew, second)
        return 0

    await run_periodically("watching the knowledge", watch)


def _tune_for_serving() -> None:
    """Let the event loop have its turn soon, and spare it long collections of garbage."""
    sys.setswitchinterval(SWITCH)
    _freeze_objects(collect=False)  # little that a start makes is garbage


def _freeze_objects(*, collect: bool) -> None:
    """Have the garbage collector look only at objects that are made from now on.

    Looking at what is there for good, such as the knowledge, would stop everything for 0.1 s now and then. collect:
    first delete what is garbage among it, which takes that long once.
    """
    if collect:
        gc.unfreeze()
        gc.collect()
    gc.freeze()
    gc.enable()


async def _take_up(
    folder: Path, renew: "Callable[[Library], None]", second: "Callable[[Library], SemanticScorer] | None"
) -> None:
    """Take up the knowledge if `rolefit check` finds no errors in it, promises included; else say what is wrong."""
    try:
        # In a thread: trying every phrasing and promise takes seconds.
        library = await asyncio.to_thread(knowledge.load_checked, folder, today=datetime.now(UTC).date(), second=second)
        renew(library)
        _freeze_objects(collect=True)
    except KnowledgeError as error:
        problems = [str(problem) for problem in error.problems]
        log.error("the knowledge has errors; what was read before is kept", problems=problems)  # noqa: TRY400
    except Exception as error:  # noqa: BLE001 - whatever it is, the next edit must be taken up all the same
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}:{place.name}"
        log.error(  # noqa: TRY400 - a traceback may hold what people wrote
            "the knowledge could not be taken up; what was read before is kept", error=type(error).__name__, place=where
        )
    else:
        log.info("took up the knowledge", entries=len(library.entries))


async def _troubles(settings: Settings, store: "Store", pulse: "Pulse | None", link: "Link | None") -> list[str]:
    """Return what keeps the bot from working now, a sentence each.

    pulse: none before it works. link: its connections to Slack, unless that is over HTTP.
    """
    if pulse is None:
        return ["The bot is starting, and waits for the database or for Slack; the log says what does not answer."]
    from sqlalchemy.exc import SQLAlchemyError

    from bot import asgi, jobs
    from bot.storage.trouble import REMEDIES, Trouble, damage, remedy, trouble, words

    problems = []
    postgresql = settings.database_url is not None
    try:
        async with asyncio.timeout(2):
            await store.ping()
    except (SQLAlchemyError, OSError, TimeoutError):
        problems.append("The database does not answer.")
    else:
        if pulse.error is not None and trouble(pulse.error):
            what_to_do = remedy(pulse.error, postgresql=postgresql)
            problems.append(f"The database cannot be written: {words(pulse.error)}. {what_to_do}")
    problems += [
        f"{file} is damaged: {reason}. {REMEDIES[Trouble.DAMAGED]}"
        for file in (settings.store_file, settings.jobs_file)
        if (reason := damage(str(file)))
    ]
    if jobs.is_full():
        problems.append("Too much work is waiting, and no more is taken.")
    if late := asgi.punctuality.trouble():
        problems.append(late)
    if link and not link.connected:
        problems.append("Slack is not connected.")
    return problems


class _Stderr:
    """Standard error for the log: what cannot be written, because a disk is full or nobody reads, is no error."""

    def write(self, text: str) -> int:
        """Write, if possible."""
        with contextlib.suppress(OSError):
            return sys.stderr.write(text)
        return 0

    def flush(self) -> None:
        """Flush, if possible."""
        with contextlib.suppress(OSError):
            sys.stderr.flush()


def _log_to_stderr(level: str) -> None:
    """Log in one line each. The SDK's own loggers stay at warnings: below, they print what people wrote."""
    logging.basicConfig(level=level, format="%(levelname)s %(name)s %(message)s")
    for name in ("slack_bolt", "slack_sdk", "aiohttp", "uvicorn", "asyncio", "alembic", "dbos", "watchfiles"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Stderr())),
    )
