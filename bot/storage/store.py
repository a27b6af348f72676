"""The store: runs, answers and the rest as rows, in SQLite or PostgreSQL.

Every method takes the team first and sees that team's rows only. Each is one transaction and says what a second
call does, because Slack repeats itself and so does durable work.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Float,
    and_,
    bindparam,
    case,
    delete,
    event,
    func,
    inspect,
    or_,
    select,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql import text

from bot.private import private_file
from bot.storage.comparisons import Comparisons
from bot.storage.feedback import Feedback
from bot.storage.gaps import Gaps
from bot.storage.homes import Homes
from bot.storage.inbox import Inbox
from bot.storage.last_answers import put_last_answers
from bot.storage.mutes import Mutes
from bot.storage.ownership import Owner, ownership
from bot.storage.people import People
from bot.storage.replies import Replies
from bot.storage.runs import Runs
from bot.storage.share_arrivals import ShareArrivals
from bot.storage.share_traces import ShareTraces
from bot.storage.shares import Shares
from bot.storage.sql import autocommit, insert_for, insert_new
from bot.storage.tables import channels, inbox, installations, metadata, oauth_states, replicas, threads
from bot.storage.trouble import watch

HEAD = "0022"  # the newest migration; a test holds it against the files
CONNECT = 10  # seconds
# Turns that may lie ahead in a channel. What is further away was taken by a clock that has been put back since; and a
# crowd as large as that had better hear from Slack how long to wait.
TURNS_AHEAD = 900
# Workspaces that a process deletes at a time. Each holds a connection while it asks for others, and more of them than
# the pool has connections, which is fifteen, would wait for each other until the pool gives up.
DELETED_AT_ONCE = 4
MIGRATING = 7_265_706  # any number that no other program locks in this database
# What is deleted with a workspace, what refers to other tables first.
OF_A_TEAM = tuple(
    table for table in reversed(metadata.sorted_tables) if ownership(table).owner not in (Owner.WORK, Owner.NOBODY)
)


@dataclass(frozen=True)
class Installation:
    """The app in one workspace; `token` and `refresh` as they are kept, encrypted. Times in seconds since 1970."""

    bot_user: str
    bot: str
    token: str = field(repr=False)
    refresh: str | None = field(repr=False)
    expires_at: float | None
    installed_at: float


async def _delete_rows(connection: AsyncConnection, team: str) -> None:
    for table in OF_A_TEAM:
        await connection.execute(delete(table).where(table.c.team == team))


class Store:
    """Rows of one database, opened with `Store.open` and closed with `close`.

    runs: the runs of the quiz. inbox: work that has not begun. replies: what was replied to messages, and manners.
    people: all that is kept about one of them. feedback: what people made of answers. gaps: what they asked and the bot
    could not answer. comparisons: two people's answers about the same work. shares: results that were sent to somebody.
    share_arrivals: those as who has got them sees them. share_traces: what is known of those that were deleted. mutes:
    who wants no more of whom. homes: the Home tabs that people have opened.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.runs, self.inbox, self.replies = Runs(engine), Inbox(engine), Replies(engine)
        self.people = People(engine)
        self.feedback = Feedback(engine)
        self.gaps = Gaps(engine)
        self.comparisons = Comparisons(engine)
        self.shares, self.share_arrivals = Shares(engine), ShareArrivals(engine)
        self.share_traces, self.mutes = ShareTraces(engine), Mutes(engine)
        self.homes = Homes(engine)
        self._changing: dict[str, asyncio.Lock] = {}
        self._few_deletions = asyncio.Semaphore(DELETED_AT_ONCE)

    @classmethod
    async def open(cls, url: str) -> "Store":
        """Open a database by SQLAlchemy's async URL, bringing its tables up to date first.

        SQLite's file is made if it is not there, for its owner alone. Raises OSError if it cannot be, and SQLAlchemy's
        DBAPIError for what is no database, or cannot be written or reached.
        """
        await _prepare(url)
        return cls(_engine(url))

    @classmethod
    async def open_existing(cls, url: str) -> "Store | None":
        """Open a database that has our tables, and leave them as they are; None if there is none.

        Makes nothing. Raises SQLAlchemy's DBAPIError for what is no database, or cannot be reached.
        """
        local = make_url(url).database if url.startswith("sqlite") else None
        if local is not None and not Path(local).exists():  # noqa: ASYNC240 - a look takes no time
            return None
        engine = _engine(url)
        async with engine.connect() as connection:
            versions = await table_versions(connection)
        if any(version >= HEAD for version in versions):
            return cls(engine)
        await engine.dispose()
        return None

    async def close(self) -> None:
        """Close all connections. Closing again does nothing."""
        await self._engine.dispose()

    async def record_answer(self, team: str, channel: str, thread_ts: str, entry: str) -> None:
        """Remember the entry a thread was answered with, and when; a later one replaces it."""
        async with autocommit(self._engine) as connection:
            await put_last_answers(connection, team, channel, {thread_ts: entry})

    async def last_answer(self, team: str, channel: str, thread_ts: str, *, since: float = 0.0) -> str | None:
        """Give the entry a thread was answered with last, or None; since: in seconds since 1970, and not before."""
        thread = (*_thread(team, channel, thread_ts), threads.c.answered_at >= since)
        async with autocommit(self._engine) as connection:
            return await connection.scalar(select(threads.c.entry).where(*(thread if since else thread[:-1])))

    async def forget_answer(self, team: str, channel: str, thread_ts: str, entry: str) -> None:
        """Forget that a thread was answered with this entry last, if it was; again does nothing."""
        answered = (*_thread(team, channel, thread_ts), threads.c.entry == entry)
        async with self._engine.begin() as connection:
            await connection.execute(delete(threads).where(*answered))

    async def take_turn(self, team: str, channel: str, between: float) -> tuple[float, float]:
        """Take the next turn to post to a channel, `between` seconds after the one before, whoever took that.

        Gives the time of the turn in seconds since 1970, and how many seconds it is away: 0 for now.
        """
        now = time.time()
        async with autocommit(self._engine) as connection:
            free_at = await self._advance_turn(connection, team, channel, between, now)
        if free_at is None:
            raise RuntimeError("a turn that is not bounded is always given")
        turn = free_at - between
        return turn, max(0.0, turn - now)

    async def try_turn(self, team: str, name: str, between: float, burst: int) -> float:
        """Take a turn now if that is possible; gives 0, or how many seconds it is away and nothing is taken.

        Turns are `between` seconds apart, and up to `burst` may be taken at once after a rest. name: of what; it must
        be no channel's. Source: the generic cell rate algorithm.
        """
        now = time.time()
        mine = (channels.c.team == team, channels.c.channel == name)
        async with autocommit(self._engine) as connection:
            if await self._advance_turn(connection, team, name, between, now, burst) is not None:
                return 0.0
            free_at = await connection.scalar(select(channels.c.free_at).where(*mine))
        return max(0.001, float(free_at or 0.0) - burst * between - now)

    async def _advance_turn(
        self, connection: AsyncConnection, team: str, name: str, between: float, now: float, burst: int | None = None
    ) -> float | None:
        """Put off by `between` when the next turn is free; gives that time in seconds since 1970.

        burst: only if no more turns than these lie ahead, otherwise None. Times that a clock which was put back since
        has left far ahead count for nothing.
        """
        turn = {"team": team, "channel": name, "free_at": now + between, "now": now, "between": between}
        turn |= {"too_far": now + TURNS_AHEAD * between, "free_until": now + (burst or 0) * between}
        advance = _advance(connection.dialect.name, bounded=burst is not None)
        free_at: float | None = await connection.scalar(advance, turn)
        return free_at

    async def install(self, team: str, installation: Installation) -> None:
        """Remember an installation; a later one replaces it, but for who was told the first steps."""
        async with self._lock_installation(team) as connection:
            await self._put_installation(connection, team, installation)

    async def installation(self, team: str) -> Installation | None:
        """Give a workspace's installation, or None."""
        async with autocommit(self._engine) as connection:
            return await self._installation(connection, team)

    async def latest_tokens(self, limit: int) -> list[str]:
        """Give the tokens of so many installations, of all teams, as they are kept; the latest first."""
        latest = select(installations.c.token).order_by(installations.c.installed_at.desc()).limit(limit)
        async with autocommit(self._engine) as connection:
            return list(await connection.scalars(latest))

    async def renew(self, team: str, renewed: Callable[[Installation], Awaitable[Installation | None]]) -> None:
        """Let `renewed` replace an installation, or leave it with None; one caller at a time, of all replicas."""
        async with self._lock_installation(team) as connection:
            installation = await self._installation(connection, team)
            if installation and (better := await renewed(installation)):
                await self._put_installation(connection, team, better)

    async def first_steps_told_to(self, team: str) -> str | None:
        """Give who was last told the first steps after installing the app; None for nobody, or if it is gone."""
        async with autocommit(self._engine) as connection:
            told = select(installations.c.first_steps).where(installations.c.team == team)
            user: str | None = await connection.scalar(told)
            return user

    async def record_first_steps(self, team: str, user: str) -> None:
        """Remember who was told the first steps; a later one replaces them. Where the app is gone it does nothing."""
        async with self._engine.begin() as connection:
            told = update(installations).where(installations.c.team == team).values(first_steps=user)
            await connection.execute(told)

    async def delete_team(
        self, team: str, *, gone_at: float, also: Callable[[], Awaitable[None]] | None = None
    ) -> bool:
        """Delete all that is kept of a workspace, unless the app was installed anew after it was `gone_at`.

        also: deletes what is kept elsewhere, and then all is deleted once more that was written meanwhile. The app
        cannot be installed there until the end, so that nothing of a new installation is deleted with the old one.
        Times in seconds since 1970; Slack gives whole ones. Deleting again does nothing.
        """
        async with self._few_deletions, self._lock_installation(team) as connection:
            installation = await self._installation(connection, team)
            if installation and int(installation.installed_at) > gone_at:
                return False
            async with self._engine.begin() as other:  # of its own: whoever looks finds it gone at once
                await _delete_rows(other, team)
            if also:
                await also()
                # By the connection that holds the lock: if that was lost meanwhile, nothing of a new one is deleted.
                await _delete_rows(connection, team)
            return True

    # Of no team: what the processes say to each other, and what time makes useless

    async def heartbeat(self, replica: str, at: float) -> None:
        """Remember that a replica is alive, or with 0 that it is about to end."""
        async with self._engine.begin() as connection:
            await insert_new(connection, replicas, {"id": replica, "seen_at": at})
            await connection.execute(update(replicas).where(replicas.c.id == replica).values(seen_at=at))

    async def heartbeats(self) -> dict[str, float]:
        """Give when each replica last said that it is alive, by its own clock; 0 for one that was about to end."""
        async with autocommit(self._engine) as connection:
            rows = await connection.execute(select(replicas.c.id, replicas.c.seen_at))
            return {row.id: row.seen_at for row in rows}

    async def prune(self, before: float, now: float, *, gaps_before: float = 0.0) -> None:
        """Delete what only helps for a while: what threads were answered with, turns of channels, dead replicas,
        and what no replica knew how to begin.

        And comparisons that are over, and versions of the quiz that no run is pinned to any more; and of before
        `gaps_before` questions of the gap list, those that were passed on, and what people wrote with their votes.
        Times in seconds since 1970.
        """
        async with self._engine.begin() as connection:
            # A ts is seconds since 1970, ten digits before its point until the year 2286.
            old = and_(threads.c.answered_at.is_(None), threads.c.thread_ts < f"{before:.6f}")
            await connection.execute(delete(threads).where(or_(threads.c.answered_at < before, old)))
            await connection.execute(delete(channels).where(channels.c.free_at < before))
            await connection.execute(delete(inbox).where(inbox.c.received_at < before))
            await connection.execute(delete(oauth_states).where(oauth_states.c.expires_at < now))
            await connection.execute(delete(replicas).where(replicas.c.seen_at < before))
        await self.comparisons.prune(before)
        await self.runs.forget_quizzes()
        await self.replies.prune(before)
        await self.feedback.prune(gaps_before)
        await self.gaps.prune(gaps_before)
        await self.shares.prune(now)
        await self._analyze()

    async def _analyze(self) -> None:
        """Have SQLite learn how full its tables are, some of their rows read; PostgreSQL does so by itself.

        Without, it reads all shares of a workspace where an index leads to one.
        """
        if self._engine.dialect.name == "sqlite":
            async with self._engine.begin() as connection:
                await connection.execute(text("PRAGMA analysis_limit=400"))
                await connection.execute(text("ANALYZE"))

    async def ping(self) -> None:
        """Ask the database for a sign of life. Raises what it raises."""
        async with autocommit(self._engine) as connection:
            await connection.execute(text("SELECT 1"))

    @asynccontextmanager
    async def _lock_installation(self, team: str) -> AsyncIterator[AsyncConnection]:
        """Begin the one transaction at a time that changes a workspace's installation.

        On SQLite one process has the database, and its lock must do: the database's own would keep all else from
        writing while `renew` waits for Slack.
        """
        async with self._changing.setdefault(team, asyncio.Lock()), self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"installation {team}"))))
            yield connection

    async def _installation(self, connection: AsyncConnection, team: str) -> Installation | None:
        row = (await connection.execute(select(installations).where(installations.c.team == team))).mappings().first()
        return Installation(**{field.name: row[field.name] for field in fields(Installation)}) if row else None

    async def _put_installation(self, connection: AsyncConnection, team: str, installation: Installation) -> None:
        row = asdict(installation)
        await insert_new(connection, installations, {"team": team, **row})
        await connection.execute(update(installations).where(installations.c.team == team).values(**row))


@cache
def _advance(dialect: str, *, bounded: bool) -> Executable:
    """Make the statement of `Store._advance_turn`, which takes longer than to execute it."""
    later = func.greatest if dialect == "postgresql" else func.max
    now, between = bindparam("now", type_=Float(53)), bindparam("between", type_=Float(53))
    too_far = channels.c.free_at > bindparam("too_far")
    put = insert_for(dialect, channels).on_conflict_do_update(
        index_elements=["team", "channel"],
        set_={"free_at": case((too_far, now), else_=later(channels.c.free_at, now)) + between},
        where=or_(too_far, channels.c.free_at <= bindparam("free_until")) if bounded else None,
    )
    return put.returning(channels.c.free_at)


def _thread(team: str, channel: str, thread_ts: str) -> tuple[ColumnElement[bool], ...]:
    return threads.c.team == team, threads.c.channel == channel, threads.c.thread_ts == thread_ts


def _engine(url: str) -> AsyncEngine:
    local = url.startswith("sqlite")
    # Its errors would show what people answered; psycopg alone waits two minutes for a server that is not there.
    how: dict[str, Any] = {"connect_timeout": CONNECT}
    if local:
        from bot.storage.sqlite_connection import connect  # noqa: PLC0415 - not every database is SQLite

        how = {"async_creator_fn": connect}
    engine = create_async_engine(url, hide_parameters=True, connect_args=how)
    watch(engine.sync_engine)
    if local:
        event.listen(engine.sync_engine, "connect", _pragmas)
    return engine


def _pragmas(connection: Any, _record: Any) -> None:
    """Let readers go on beside a writer, wait for the lock instead of failing, and keep foreign keys."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


async def _prepare(url: str) -> None:
    """Bring the tables up to date, importing Alembic only when there is something to do.

    Tables of a later version than ours are left as they are: a release only adds to what the one before it reads.
    """
    if database := (make_url(url).database if url.startswith("sqlite") else None):
        private_file(Path(database))
    engine = _engine(url)
    try:
        async with engine.connect() as connection:
            if any(version >= HEAD for version in await table_versions(connection)):
                return
        from bot.storage.migrate import upgrade  # noqa: PLC0415 - a tenth of a second that few starts need

        async with engine.begin() as connection:
            if connection.dialect.name == "postgresql":  # however many replicas start together, one does it
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATING})"))
            else:  # its driver begins no transaction for what changes tables: half an upgrade would stay after a crash
                await connection.execute(text("BEGIN IMMEDIATE"))
            if any(version >= HEAD for version in await table_versions(connection)):  # by one of a later version
                return
            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()


async def table_versions(connection: AsyncConnection) -> Sequence[str]:
    """Give the migrations that the tables have; none where there are no tables."""
    if not await connection.run_sync(lambda sync: inspect(sync).has_table("alembic_version")):
        return []
    return (await connection.scalars(text("SELECT version_num FROM alembic_version"))).all()
