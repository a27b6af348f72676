"""What SQLAlchemy leaves to the dialect of each database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


def insert_into(database: AsyncConnection | AsyncEngine, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Begin an INSERT that may say what to do where the key is there already."""
    return insert_for(database.dialect.name, table)


def insert_for(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Begin an INSERT as `insert_into` does, by the name of the dialect."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@asynccontextmanager
async def autocommit(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Connect to read, or for one statement that writes: each is a transaction by itself.

    That spares BEGIN and COMMIT, each of which is waited for; and ROLLBACK, which ends what only reads and at which
    psycopg forgets all that it has prepared. What has been read may change before the next statement, as it may in a
    transaction of ours.
    """
    async with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")
            return
        driver: Any = (await connection.get_raw_connection()).driver_connection
        if not hasattr(driver, "commits_each"):  # not bot.storage.sqlite_connection's
            async with connection.begin():
                yield connection
            return
        driver.commits_each = True
        try:
            yield connection
        finally:
            driver.commits_each = False


async def insert_new(connection: AsyncConnection, table: Table, row: dict[str, Any]) -> None:
    """Insert a row unless its key is there already; what is there stays as it is."""
    await connection.execute(insert_into(connection, table).values(row).on_conflict_do_nothing())
