"""What SQLAlchemy leaves to the dialect of each database."""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


def insert_into(database: AsyncConnection | AsyncEngine, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Begin an INSERT that may say what to do where the key is there already."""
    return postgresql.insert(table) if database.dialect.name == "postgresql" else sqlite.insert(table)


async def insert_new(connection: AsyncConnection, table: Table, row: dict[str, Any]) -> None:
    """Insert a row unless its key is there already; what is there stays as it is."""
    await connection.execute(insert_into(connection, table).values(row).on_conflict_do_nothing())
