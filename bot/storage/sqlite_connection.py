"""A connection to SQLite on a thread of its own, to which each statement goes once.

aiosqlite hands its thread a cursor, a statement, the reading of rows and the closing of the cursor one after the other,
then a commit and, as the connection goes back to the pool, a rollback. The event loop waits for each of these, and each
time for its turn: that took longer than SQLite itself.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import aiosqlite

CHUNK = 64  # rows that aiosqlite's own cursors read at a time; ours read all

R = TypeVar("R")


class Cursor:
    """What SQLAlchemy asks of an asynchronous cursor. Only what executes goes to the thread, and brings all rows."""

    arraysize = 1

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> "Cursor":
        return self

    async def execute(self, operation: str, parameters: Sequence[Any] = ()) -> None:
        """Execute a statement and read its rows."""
        await self._connection.run(self._execute, sqlite3.Cursor.execute, operation, parameters)

    async def executemany(self, operation: str, parameters: Iterable[Sequence[Any]]) -> None:
        """Execute a statement for each set of parameters."""
        await self._connection.run(self._execute, sqlite3.Cursor.executemany, operation, parameters)

    async def fetchall(self) -> list[Any]:
        """Give the rows, once."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Forget the rows."""
        self._rows = []

    def _execute(self, connection: sqlite3.Connection, how: Callable[..., Any], *what: Any) -> None:
        cursor = connection.cursor()
        try:
            how(cursor, *what)
            self.description, self.lastrowid = cursor.description, cursor.lastrowid
            self._rows = cursor.fetchall() if cursor.description else []
            self.rowcount = cursor.rowcount
        finally:
            cursor.close()
        if self._connection.commits_each:
            connection.commit()


class Connection(aiosqlite.Connection):
    """aiosqlite's connection with fewer ways to its thread and back.

    commits_each: a statement is committed on its way, so that nothing is to be done at the end.
    """

    commits_each = False

    def cursor(self) -> Cursor:  # type: ignore[override]
        """Give a cursor, which costs nothing yet."""
        return Cursor(self)

    async def run(self, function: Callable[..., R], *arguments: Any) -> R:
        """Call a function on the thread, with the connection and these arguments."""
        result: R = await self._execute(function, self._conn, *arguments)  # type: ignore[no-untyped-call]
        return result

    async def commit(self) -> None:
        """Commit, unless there is nothing that could be."""
        await self._end(sqlite3.Connection.commit)

    async def rollback(self) -> None:
        """Roll back, unless there is nothing that could be."""
        await self._end(sqlite3.Connection.rollback)

    async def _end(self, function: Callable[[sqlite3.Connection], None]) -> None:
        # Where somebody stopped waiting, the thread may yet begin one; but then SQLAlchemy closes the connection.
        if self.in_transaction:
            await self.run(function)


def connect(database: str, **options: Any) -> Connection:
    """Give what connects once it is awaited; the options are those of `sqlite3.connect`."""
    connection = Connection(lambda: sqlite3.connect(database, **options), CHUNK)
    connection._thread.daemon = True
    return connection
