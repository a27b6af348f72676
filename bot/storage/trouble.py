"""What an error says about the database itself, whatever statement met it, and what an operator can do about it.

A full disk, a database that is read-only for a while or a server that is away pass, and what was to be done is done
then. A damaged file does not pass: it is remembered for as long as the process lives.
"""

import errno
import sqlite3
import time
from enum import StrEnum
from typing import Any

import psycopg
import structlog
from sqlalchemy import Engine, ExceptionContext, event
from sqlalchemy.dialects import plugins
from sqlalchemy.engine import URL, CreateEnginePlugin
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlalchemy.pool import ConnectionPoolEntry

# Seconds after which a connection that was not used is tried before it is. SQLAlchemy's `pool_pre_ping` would try it
# each time, and what most statements wait for would be that.
TRUSTED = 1.0
RETURNED = "rolefit_returned"  # when a connection was used last, by the monotonic clock

log = structlog.get_logger()


class Trouble(StrEnum):
    """What is wrong with a database."""

    FULL = "full"
    READ_ONLY = "read-only"
    DAMAGED = "damaged"
    FAILING = "failing"  # the disk, or the server's system
    UNOPENED = "cannot be opened"
    LOCKED = "locked"
    AWAY = "away"


OF_SQLITE = {
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_CORRUPT: Trouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: Trouble.DAMAGED,
    sqlite3.SQLITE_IOERR: Trouble.FAILING,
    sqlite3.SQLITE_CANTOPEN: Trouble.UNOPENED,
    sqlite3.SQLITE_BUSY: Trouble.LOCKED,
    sqlite3.SQLITE_LOCKED: Trouble.LOCKED,
}

OF_SYSTEM = {errno.ENOSPC: Trouble.FULL, errno.EDQUOT: Trouble.FULL, errno.EROFS: Trouble.READ_ONLY}

# By SQLSTATE or its class; www.postgresql.org/docs/current/errcodes-appendix.html
OF_POSTGRESQL = {
    "53100": Trouble.FULL,
    "25006": Trouble.READ_ONLY,
    "XX001": Trouble.DAMAGED,
    "XX002": Trouble.DAMAGED,
    "58": Trouble.FAILING,
    "55P03": Trouble.LOCKED,
    "08": Trouble.AWAY,
    "53": Trouble.AWAY,
    "57P": Trouble.AWAY,
}

REMEDIES = {
    Trouble.FULL: "Make room on its disk.",
    Trouble.READ_ONLY: "See that it is a file which the bot may write, on a disk that can be written.",
    Trouble.DAMAGED: (
        "Stop the bot and put a backup in its place, without the -wal and -shm files that are beside it now; or move "
        "all three away, and all that it held is gone and the bot begins anew."
    ),
    Trouble.FAILING: "See whether its disk is full, over a quota or broken.",
    Trouble.UNOPENED: "See that it is a file which the bot may write, in a folder which it may write.",
    Trouble.LOCKED: "Another program holds it: stop that one.",
}
REMEDIES_POSTGRESQL = {
    Trouble.FULL: "Make room on the disk of PostgreSQL.",
    Trouble.READ_ONLY: "Point DATABASE_URL at the server that may be written, not at a standby.",
    Trouble.DAMAGED: "Restore PostgreSQL from a backup.",
    Trouble.FAILING: "See what PostgreSQL's own log says of its disk.",
}
AT_POSTGRESQL = "See that PostgreSQL runs and that the address is right."
PASSES = frozenset(Trouble) - {Trouble.DAMAGED}
# A new connection may do better: the server may have changed, or the file.
NEEDS_CONNECTION = PASSES - {Trouble.LOCKED}

_damaged: dict[str, str] = {}  # what was said of each database, by its address


def trouble(error: BaseException | None) -> Trouble | None:
    """Tell what is wrong with the database; None for an error that is about a statement, or not the database's."""
    if isinstance(error, NoConnectionError):
        return Trouble.AWAY
    if isinstance(error, DBAPIError):
        return trouble(error.orig) or (Trouble.AWAY if error.connection_invalidated else None)
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        return None if code is None else OF_SQLITE.get(code & 0xFF)  # the rest of it says more
    if isinstance(error, OSError):
        return OF_SYSTEM.get(error.errno or 0)
    if isinstance(error, psycopg.Error):
        state = error.sqlstate or ""
        return next((OF_POSTGRESQL[key] for key in (state, state[:3], state[:2]) if key in OF_POSTGRESQL), None)
    return None


def passes(error: BaseException) -> bool:
    """Say whether an error is of a trouble that may pass, so that the same may be tried until it has."""
    return trouble(error) in PASSES


def words(error: BaseException) -> str:
    """Give what the database itself says, in one line and without the statement, which may hold what people wrote."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return str(getattr(cause, "strerror", None) or next(iter(str(cause).splitlines()), type(cause).__name__))


def remedy(error: BaseException, *, postgresql: bool) -> str:
    """Say what an operator can do about it."""
    kind = trouble(error)
    if postgresql:
        return REMEDIES_POSTGRESQL.get(kind, AT_POSTGRESQL) if kind else AT_POSTGRESQL
    return REMEDIES[kind] if kind in REMEDIES else REMEDIES[Trouble.UNOPENED]


def damage(address: str) -> str | None:
    """Give what SQLite has said of a file that is damaged, since the process began; None if it has not."""
    return _damaged.get(address)


class Watch(CreateEnginePlugin):
    """Watches the engine that is made with this plugin: DBOS makes its own itself, and gives it to nobody."""

    def update_url(self, url: URL) -> URL:
        """Leave the address as it is; it holds nothing for this plugin."""
        return url

    def engine_created(self, engine: Engine) -> None:
        """Watch the engine's errors."""
        watch(engine)


PLUGIN = "rolefit_trouble"  # the name by which SQLAlchemy knows the plugin
plugins.register(PLUGIN, __name__, Watch.__name__)


def watch(engine: Engine) -> None:
    """Have an engine's lost connections replaced, and damage remembered.

    The engine needs no `pool_pre_ping`, and should have none.
    """
    event.listen(engine, "handle_error", _met)
    if engine.dialect.name == "postgresql":

        def try_if_idle(connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
            returned = record.info.get(RETURNED)  # nothing for a new one
            if returned is None or time.monotonic() - returned < TRUSTED:
                return
            try:
                engine.dialect.do_ping(connection)
            except psycopg.Error as error:
                raise InvalidatePoolError from error

        event.listen(engine, "checkout", try_if_idle)
        event.listen(engine, "checkin", _note_return)


def _note_return(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info[RETURNED] = time.monotonic()


def _met(context: ExceptionContext) -> None:
    """Have the connection replaced where that may help, and remember damage.

    DBOS tries again, without end, what has lost its connection, and nothing else; and psycopg has more than one way to
    say that none could be made.
    """
    error = context.original_exception
    kind = trouble(error)
    if kind in NEEDS_CONNECTION or (context.connection is None and isinstance(error, psycopg.OperationalError)):
        context.is_disconnect = True
    if kind is Trouble.DAMAGED and context.engine is not None:
        url, problem = context.engine.url, words(error)
        local = url.get_backend_name() == "sqlite"
        address = str(url.database) if local else "PostgreSQL"
        if address not in _damaged:
            what_to_do = remedy(error, postgresql=not local)
            log.error("the database is damaged", database=address, said=problem, remedy=what_to_do)
        _damaged[address] = problem
