"""One process of the bot, from settings to signal."""

import asyncio
import contextlib
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

import aiohttp
import structlog

from bot import knowledge, local_workspace, logs, ports, tuning
from bot.knowledge import KnowledgeError, Library
from bot.settings import MANIFEST, Mode, Settings, SettingsError, Switch

if TYPE_CHECKING:
    from bot.domain.embeddings import SemanticScorer
    from bot.local.config import WorkspaceConfig
    from bot.slack.access import Access as Members
    from bot.slack.access import ManyWorkspaces
    from bot.slack.install import Install
    from bot.storage import Store

ENDS_WITHIN = 20.0  # seconds; who runs us in a container kills us after thirty

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
        await bot(settings, credentials, library, port=port, begins=tuning.tune_for_serving)


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
    async with AsyncExitStack() as stack:
        listener = None
        if port is not None and settings.database_url is None:
            # First, so that what Slack sends while the rest is imported waits for us; it waits for three seconds. Where
            # there may be other replicas a load balancer had better be refused, and turn to one that is up.
            listener = stack.enter_context(ports.listening(port, "PORT"))
        from bot import http_server, jobs, readiness, replica
        from bot.second_stage import SecondStage, scorer_for
        from bot.slack import app as slack
        from bot.slack import socket
        from bot.storage import Store

        second = SecondStage() if settings.rolefit_encoder is Switch.ON else None
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
            return await readiness.find_troubles(settings, store, pulse, None if port else link)

        if settings.health_port:
            await stack.enter_async_context(http_server.serve_signs_of_life(settings.health_port, troubles))
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

        def work_beside() -> None:
            for running in _background(settings.knowledge_dir, library, store, renew, scorer_for if second else None):
                stack.callback(asyncio.create_task(running).cancel)
            if second is not None:
                second.begin()

        begins()
        if port is None:
            work_beside()
            await socket.serve(app, credentials.app_token or "", link)
        else:
            listener = listener or stack.enter_context(ports.listening(port, "PORT"))
            await http_server.serve(app, listener, credentials.signing_secret or "", troubles, install, work_beside)


def _background(
    folder: Path,
    library: Library,
    store: "Store",
    renew: Callable[[Library], None],
    scorer: "Callable[[Library], SemanticScorer] | None",
) -> Iterable[Coroutine[Any, Any, Any]]:
    """Give what runs beside the bot until it is cancelled."""
    from bot import background, knowledge_watch

    taken_up: asyncio.Queue[Library] = asyncio.Queue()
    taken_up.put_nowait(library)

    def take_up(library: Library) -> None:
        renew(library)
        taken_up.put_nowait(library)

    return (
        knowledge_watch.follow(folder, take_up, scorer),
        background.follow_up(taken_up, store),
        background.handle_due_runs(store),
        background.post_digests(store),
        background.publish_homes(store),
        asyncio.to_thread(lambda: library.decoys),  # only who asks in vain needs them
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
