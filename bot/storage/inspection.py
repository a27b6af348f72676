"""A look at a database from outside: whether it can be read, which version its tables have, what happened last.

Nothing is made or changed, also where there is no database: that is for the bot's start.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Column, func, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot.storage.store import CONNECT, HEAD, table_versions
from bot.storage.tables import inbox, installations, questions, replicas, replies, runs, threads, votes

# What is written when something comes from Slack. Messages that get no reply leave no row.
TRACES: tuple[Column[float] | Column[datetime], ...] = (
    inbox.c.received_at,
    questions.c.asked_at,
    replies.c.replied_at,
    runs.c.begun_at,
    threads.c.answered_at,
    votes.c.voted_at,
)


@dataclass(frozen=True)
class Token:
    """The token of an installation, encrypted, and when it ends, in seconds since 1970; None for never."""

    hidden: str = field(repr=False)
    expires_at: float | None


@dataclass(frozen=True)
class DatabaseState:
    """What a look at a database has found; times in seconds since 1970.

    version: the newest migration that its tables have; None without tables. last_trace: when the latest row was written
    that comes of something Slack has sent. last_alive: when a process last said that it works on it.
    installations: the first of the workspaces that have installed the app; `installed` counts all. Of tables of an
    earlier version only that version is given.
    """

    version: str | None
    last_trace: float | None = None
    last_alive: float | None = None
    installations: Mapping[str, Token] = field(default_factory=dict)
    installed: int = 0


async def inspect_database(url: str, *, installations_max: int) -> DatabaseState | None:
    """Look at a database by SQLAlchemy's async URL; None where SQLite's file is not there.

    Raises OSError, ValueError and SQLAlchemy's errors for what is no database or cannot be reached.
    """
    address = make_url(url)
    local = address.get_backend_name() == "sqlite"
    if local and not Path(address.database or "").exists():  # noqa: ASYNC240 - a look takes no time
        return None
    more = {} if local else {"connect_args": {"connect_timeout": CONNECT}}
    engine = create_async_engine(read_only(address) if local else address, hide_parameters=True, **more)
    try:
        async with engine.connect() as connection:
            return await _look(connection, installations_max)
    finally:
        await engine.dispose()


def read_only(address: URL) -> URL:
    """Give the address of a file of SQLite by which it is neither made nor written."""
    path = Path(address.database or "").absolute().as_uri()
    return address.set(database=path, query={"mode": "ro", "uri": "true"})


async def _look(connection: AsyncConnection, installations_max: int) -> DatabaseState:
    versions = await table_versions(connection)
    version = max(versions, default=None)
    if version is None or version < HEAD:  # what is looked at may not be there yet
        return DatabaseState(version)
    times = [await _latest(connection, column) for column in TRACES]
    teams = select(installations.c.team, installations.c.token, installations.c.expires_at)
    rows = (await connection.execute(teams.order_by(installations.c.team).limit(installations_max))).all()
    return DatabaseState(
        version,
        max((at for at in times if at is not None), default=None),
        await _latest(connection, replicas.c.seen_at),
        {row.team: Token(row.token, row.expires_at) for row in rows},
        await connection.scalar(select(func.count()).select_from(installations)) or 0,
    )


async def _latest(connection: AsyncConnection, column: Column[float] | Column[datetime]) -> float | None:
    latest = await connection.scalar(select(func.max(column)))
    if isinstance(latest, datetime):  # SQLite forgets the time zone it was given
        return (latest if latest.tzinfo else latest.replace(tzinfo=UTC)).timestamp()
    return float(latest) if latest else None  # 0 is of a process that has ended
