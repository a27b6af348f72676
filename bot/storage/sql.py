"""What SQLAlchemy leaves to the dialect of each database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


def insert_into(database: AsyncConnection | AsyncEngine, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Begin an INSERT that may say what to do where the key is there already."""
    return postgresql.insert(table) if database.dialect.name == "postgresql" else sqlite.insert(table)


@asynccontextmanager
async def autocommit(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Connect to read, or for one statement that writes: on PostgreSQL each is a transaction by itself.

    That spares BEGIN and COMMIT, each of which is waited for; and ROLLBACK, which ends what only reads and at which
    psycopg forgets all that it has prepared. What has been read may change before the next statement, as it may in a
    transaction of ours. On SQLite it is one transaction: nothing there has to be waited for but the writing.
    """
    if engine.dialect.name != "postgresql":
        async with engine.begin() as connection:
            yield connection
        return
    async with engine.connect() as connection:
        yield await connection.execution_options(isolation_level="AUTOCOMMIT")


async def insert_new(connection: AsyncConnection, table: Table, row: dict[str, Any]) -> None:
    """Insert a row unless its key is there already; what is there stays as it is."""
    await connection.execute(insert_into(connection, table).values(row).on_conflict_do_nothing())
