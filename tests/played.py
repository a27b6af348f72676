"""Plays what many tests begin with once in a process of tests, and gives the others copies of what it left.

To take the quiz to its result costs a third of a second, and to share it as long again; tests of what follows would do
both hundreds of times. The first that asks for a story plays it as people do. Once all work has ended, its rows and
messages are kept, and whoever asks for the same where nothing has happened gets copies of them, in the databases and
the workspace of the bot that runs there: a round is rows, and the bot needs to remember nothing else of it. Where
anything may be different it is played: with other settings or knowledge, or with trouble arranged with Slack.

Processes of tests that run beside each other share what they play by way of files.

A copy is as old as what was played, minutes at most. What has just begun, and has no answer yet, is treated otherwise
within its first minute: a test of that, or of how a round begins, begins one itself.
"""

import asyncio
import contextlib
import functools
import pickle
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from psycopg.sql import SQL, Identifier

from bot import jobs
from bot.knowledge import Library
from bot.local.faults import Faults
from bot.local.space import Space
from bot.local.state import Channel
from bot.settings import Settings
from tests import shipped
from tests.workspace import Workspace

P = ParamSpec("P")
Q = ParamSpec("Q")
T = TypeVar("T")
Rows = list[tuple[Any, ...]]  # PostgreSQL's as one row with what it writes for COPY
Place = tuple[str, ...]  # of a table: of its file, or of its schema; and its name

# What a bot has as soon as it runs; and the inbox, as all that was received has begun and ended.
OF_NO_STORY = ["alembic_version", "application_versions", "dbos_migrations", "inbox", "replicas"]
SOON = 5.0  # seconds that a test which plays a story waits for the end of its work
LOCKED_FOR = 60  # seconds that a call waits for what the bot has under way, on either database


@dataclass(frozen=True)
class Bot:
    """A bot that runs in this process. given: the settings in which it differs from others, but for its database."""

    settings: Settings
    library: Library
    given: frozenset[tuple[str, Any]]


@dataclass
class Stage:
    """The bot that runs beside a workspace. used: whether a story has been played or copied there."""

    bot: Bot
    used: bool = False


@dataclass(frozen=True)
class Played:
    """What a story left. result: what the function gave that played it; library: which knowledge it was played with.

    url: where the workspace was, to which links lead.
    """

    result: Any
    url: str
    library: Library
    rows: dict[Place, Rows]
    channels: dict[str, Channel]


_stages: WeakKeyDictionary[Workspace, Stage] = WeakKeyDictionary()
_thread = ThreadPoolExecutor(1)
_stories: dict[tuple[Any, ...], Played] = {}
_folder: Path | None = None  # of what all processes have played


@contextmanager
def shared_in(folder: Path) -> Iterator[None]:
    """Share with other processes, by files in a folder, what is played until the end of the block."""
    global _folder  # noqa: PLW0603 - as there is one of what this process has played
    _folder = folder
    try:
        yield
    finally:
        _folder = None


@contextmanager
def beside(workspace: Workspace, bot: Bot) -> Iterator[None]:
    """Say that this bot runs beside a workspace until the end of the block."""
    _stages[workspace] = Stage(bot)
    try:
        yield
    finally:
        del _stages[workspace]


def bot_beside(workspace: Workspace) -> Bot:
    """Give the bot that runs beside a workspace."""
    return _stages[workspace].bot


def once(
    play: Callable[Concatenate[Workspace, P], Awaitable[T]],
) -> Callable[Concatenate[Workspace, P], Coroutine[Any, Any, T]]:
    """Play a story only once, wherever it begins a test. What it gives and is given must be what can be copied."""

    @functools.wraps(play)
    async def played(workspace: Workspace, /, *args: P.args, **kwargs: P.kwargs) -> T:
        stage = _stages.get(workspace)
        if stage is None or stage.used or not _is_untouched(workspace):
            return await play(workspace, *args, **kwargs)
        settings, library, [space] = stage.bot.settings, stage.bot.library, workspace.spaces
        key = (play.__module__, play.__qualname__, repr(args), repr(kwargs), *_conditions(stage.bot, space))
        story = _stories.get(key) or _played_elsewhere(key, library)
        if story is not None and story.library is library and await apart(write, settings, story.rows):
            stage.used = True
            _add(space, _led_to(space.config.url, story.url, deepcopy(story.channels)))
            copied: T = _led_to(space.config.url, story.url, deepcopy(story.result))
            return copied
        before, has_rows = deepcopy(space.state.channels), bool(await apart(read, settings))
        result = await play(workspace, *args, **kwargs)
        stage.used = True
        if not has_rows and await _ended(workspace, settings) and not _is_looked_at(space):
            rows, url = await apart(read, settings), space.config.url
            story = Played(deepcopy(result), url, library, rows, _added(before, space.state.channels))
            _stories[key] = story
            _tell_others(key, story)
        return result

    return played


def _file_of(key: tuple[Any, ...], library: Library) -> Path | None:
    """Give the file that processes share a story in; None if it is not shared: all have the shipped knowledge alone."""
    if _folder is None or library is not shipped.library() or " at 0x" in repr(key):  # an address is of one process
        return None
    return _folder / sha256(repr(key).encode()).hexdigest()


def _played_elsewhere(key: tuple[Any, ...], library: Library) -> Played | None:
    file = _file_of(key, library)
    if file is None or not file.exists():
        return None
    story: Played = pickle.loads(file.read_bytes())
    _stories[key] = replace(story, library=library)
    return _stories[key]


def _tell_others(key: tuple[Any, ...], story: Played) -> None:
    if file := _file_of(key, story.library):
        with NamedTemporaryFile(dir=file.parent, delete=False) as written:  # others only ever find all of it
            pickle.dump(replace(story, library=None), written)  # type: ignore[arg-type] # they have their own
        Path(written.name).replace(file)


async def apart(function: Callable[Q, T], *args: Q.args, **kwargs: Q.kwargs) -> T:
    """Call a function in a thread: the bot's own may hold the database. Not in asyncio's, which end with a bot."""
    return await asyncio.get_running_loop().run_in_executor(_thread, functools.partial(function, *args, **kwargs))


async def _ended(workspace: Workspace, settings: Settings) -> bool:
    """Wait until all work has ended and is recorded so; gives whether that came to be soon: some may sleep."""
    await workspace.settled()
    with jobs.watch_ends([""]) as end, contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SOON):
            while not await apart(_has_ended, settings):
                await end.wait()
                end.clear()
            return True
    return False


def _is_untouched(workspace: Workspace) -> bool:
    """Say whether nobody has done anything in a workspace of this process, and no trouble is arranged."""
    if len(workspace.spaces) != 1:
        return False
    [space] = workspace.spaces
    heard = any(entry["direction"] == "to_bot" for entry in space.traffic.after(0))
    return not heard and space.faults == Faults() and not _is_looked_at(space)


def _is_looked_at(space: Space) -> bool:
    """Say whether somebody has a modal open or has seen the app's Home, which a story does not hold."""
    views, bots = space.views, space.state.bots.values()
    return any(views.top(user) or any(views.home(bot, user) for bot in bots) for user in space.state.people)


def _conditions(bot: Bot, space: Space) -> tuple[Any, ...]:
    over_http = "http" if space.config.events_url else None
    given = tuple(sorted(bot.given, key=repr))
    return bot.settings.database_url is None, given, replace(space.config, port=0, events_url=over_http)


# What was said


def _added(before: dict[str, Channel], after: dict[str, Channel]) -> dict[str, Channel]:
    """Give copies of conversations as they are now, each with what it did not have before."""
    added = {}
    for channel_id, channel in after.items():
        known = before[channel_id].messages if channel_id in before else {}
        messages = {ts: message for ts, message in channel.messages.items() if ts not in known}
        if messages or channel.whispers or channel_id not in before:
            added[channel_id] = deepcopy(replace(channel, messages=messages))
    return added


def _add(space: Space, channels: dict[str, Channel]) -> None:
    """Add what was said elsewhere, with conversations that are not there yet."""
    for channel_id, copied in channels.items():
        channel = space.state.channels.setdefault(channel_id, copied)
        if channel is not copied:
            channel.messages |= copied.messages
            channel.former |= copied.former
            channel.whispers |= copied.whispers
            channel.last_read |= copied.last_read
        whispers = [message["ts"] for messages in copied.whispers.values() for message in messages]
        for ts in (*copied.messages, *whispers):
            space.state.timestamps.pass_by(ts)


def _led_to(url: str, former: str, part: Any) -> Any:
    """Have links lead to where this workspace is."""
    if isinstance(part, Channel):
        changed = {name: _led_to(url, former, getattr(part, name)) for name in ("messages", "former", "whispers")}
        return replace(part, **changed)
    if isinstance(part, dict):
        return {name: _led_to(url, former, inner) for name, inner in part.items()}
    if isinstance(part, list | tuple):
        return type(part)(_led_to(url, former, inner) for inner in part)
    return part.replace(former, url) if isinstance(part, str) and former in part else part


# Rows


def read(settings: Settings) -> dict[Place, Rows]:
    """Read the rows of a bot, but for those that every bot has."""
    rows: dict[Place, Rows] = {}
    if settings.database_url is not None:
        with postgres(settings) as connection:
            for place in with_rows(connection, OF_NO_STORY):
                with connection.cursor().copy(
                    SQL("COPY {} TO STDOUT (FORMAT BINARY)").format(Identifier(*place))
                ) as out:
                    rows[place] = [tuple(map(bytes, out))]
        return rows
    for file in (settings.store_file, settings.jobs_file):
        with closing(sqlite3.connect(file)) as connection:
            for table in tables_of(connection, OF_NO_STORY):
                if found := connection.execute(f'SELECT * FROM "{table}"').fetchall():
                    rows[file.name, table] = found
    return rows


def write(settings: Settings, rows: dict[Place, Rows]) -> bool:
    """Write rows into the databases of a bot that runs; does nothing and says no if it has some."""
    if settings.database_url is not None:
        with postgres(settings) as connection:
            if with_rows(connection, OF_NO_STORY):
                return False
            connection.execute("SET session_replication_role = replica")  # in any order, whatever refers to what
            for place, data in rows.items():
                copy = SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(Identifier(*place))
                with connection.cursor().copy(copy) as into:
                    into.write(b"".join(data[0]))
        return True
    files = (settings.store_file, settings.jobs_file)
    with closing(sqlite3.connect(files[0], timeout=LOCKED_FOR, isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS other", [str(files[1])])
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA other.synchronous = OFF")
        connection.execute("BEGIN IMMEDIATE")
        schemas = {files[0].name: "main", files[1].name: "other"}
        for schema in schemas.values():
            for table in tables_of(connection, OF_NO_STORY, schema):
                if connection.execute(f'SELECT 1 FROM {schema}."{table}" LIMIT 1').fetchone():
                    return False
        for (file, table), found in rows.items():
            marks = ", ".join("?" * len(found[0]))
            connection.executemany(f'INSERT INTO {schemas[file]}."{table}" VALUES ({marks})', found)
        connection.execute("COMMIT")
    return True


def tables_of(connection: sqlite3.Connection, but: Sequence[str], schema: str = "main") -> list[str]:
    """Name all tables of an SQLite database, `but` for some."""
    tables = connection.execute(f"SELECT name FROM {schema}.sqlite_schema WHERE type = 'table'").fetchall()
    return [table for (table,) in tables if table not in but and not table.startswith("sqlite_")]


def with_rows(connection: psycopg.Connection, but: Sequence[str]) -> list[Place]:
    """Name the tables of a PostgreSQL database that have rows, `but` for some."""
    places: list[Place] = connection.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'dbos') AND tablename <> ALL(%s)",
        [list(but)],
    ).fetchall()
    has_any = SQL(", ").join(SQL("EXISTS (SELECT FROM {})").format(Identifier(*place)) for place in places)
    found = connection.execute(SQL("SELECT {}").format(has_any)).fetchone()
    assert found is not None
    return [place for place, has in zip(places, found, strict=True) if has]


def postgres(settings: Settings) -> psycopg.Connection:
    """Open a connection of our own to the PostgreSQL database of a bot.

    It fails where a transaction of the bot's holds a row for long: whatever comes after it waits for the same thread.
    """
    address = settings.jobs_url.replace("postgresql+psycopg://", "postgresql://")
    return psycopg.connect(address, options=f"-c lock_timeout={LOCKED_FOR}s")


def _has_ended(settings: Settings) -> bool:
    """Say whether all durable work has ended well: what sleeps would not wake up in another bot."""
    asked = "SELECT status FROM {} WHERE status <> 'SUCCESS'"
    if settings.database_url is not None:
        with postgres(settings) as connection:
            return connection.execute(asked.format("dbos.workflow_status")).fetchone() is None
    with closing(sqlite3.connect(settings.jobs_file)) as connection:
        return connection.execute(asked.format("workflow_status")).fetchone() is None
