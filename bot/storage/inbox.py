"""The inbox: work that was received and has not begun, of all workspaces, and which replica is to begin it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, Row, bindparam, column, delete, func, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.storage.sql import autocommit, insert_into
from bot.storage.tables import inbox

AT_ONCE = 500  # keys in one statement; SQLite takes 32,766 parameters


@dataclass(frozen=True)
class Item:
    """One piece of work. key: of the work, used once. arguments: by their names, as JSON."""

    key: str
    work: str
    arguments: str
    received_at: float  # seconds since 1970


class Inbox:
    """The inbox of a database. Its rows are of no team: they are begun whosever they are."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._insert = insert_into(engine, inbox).on_conflict_do_nothing(index_elements=["key"])
        # psycopg takes as long to send each row as for a statement; these are arrays, one for each column.
        columns: list[Column[Any]] = list(inbox.columns)
        arrays = [bindparam(each.name, type_=ARRAY(each.type)) for each in columns]
        sent = func.unnest(*arrays).table_valued(*(column(each.name, each.type) for each in columns)).render_derived()
        self._insert_arrays = (
            insert_into(engine, inbox)
            .from_select([each.name for each in columns], select(*sent.columns))
            .on_conflict_do_nothing(index_elements=["key"])
        )

    async def receive(self, items: Sequence[Item], replica: str) -> None:
        """Record items in one transaction, for this replica to begin; of a key that is there already, nothing."""
        rows = [{**vars(item), "replica": replica} for item in items]
        try:
            await self._insert_new(rows)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            await self._insert_new(rows)  # on a new connection: somebody waits, and a click does not come again

    async def _insert_new(self, rows: list[dict[str, Any]]) -> None:
        if len(rows) == 1:
            async with autocommit(self._engine) as connection:
                await connection.execute(self._insert, rows[0])  # psycopg takes longer for one of a list
        else:
            async with self._engine.begin() as connection:
                await self._insert_rows(connection, rows)

    async def _insert_rows(self, connection: AsyncConnection, rows: list[dict[str, Any]]) -> None:
        if connection.dialect.name == "postgresql":
            names = (each.name for each in inbox.columns)
            await connection.execute(self._insert_arrays, {name: [row[name] for row in rows] for name in names})
        else:
            await connection.execute(self._insert, rows)

    async def replace(self, keys: Sequence[str], items: Sequence[Item], replica: str) -> None:
        """Record items in the place of those with these keys, in one transaction; again does nothing."""
        rows = [{**vars(item), "replica": replica} for item in items]
        async with self._engine.begin() as connection:
            if rows:
                await self._insert_rows(connection, rows)
            for first in range(0, len(keys), AT_ONCE):
                await connection.execute(delete(inbox).where(inbox.c.key.in_(keys[first : first + AT_ONCE])))

    async def received(self, replicas: Collection[str]) -> list[Item]:
        """List what these replicas are to begin, oldest first."""
        async with autocommit(self._engine) as connection:
            rows = await connection.execute(select(inbox).where(inbox.c.replica.in_(replicas)))
            return _items(rows)

    async def take_over(self, replica: str, dead: Collection[str], works: Collection[str]) -> list[Item]:
        """Give this replica what the dead ones were to begin, of these works only; each item to one who asks."""
        mine = update(inbox).where(inbox.c.replica.in_(dead), inbox.c.work.in_(works)).values(replica=replica)
        async with self._engine.begin() as connection:
            return _items(await connection.execute(mine.returning(inbox)))

    async def receivers(self) -> frozenset[str]:
        """Name the replicas that have something to begin."""
        async with autocommit(self._engine) as connection:
            return frozenset(await connection.scalars(select(inbox.c.replica).distinct()))

    async def begun(self, keys: Sequence[str]) -> None:
        """Delete what has begun; again does nothing."""
        async with autocommit(self._engine) as connection:
            for first in range(0, len(keys), AT_ONCE):
                await connection.execute(delete(inbox).where(inbox.c.key.in_(keys[first : first + AT_ONCE])))

    async def has(self, key: str) -> bool:
        """Say whether there is an item with this key, whoever is to begin it."""
        async with autocommit(self._engine) as connection:
            return await connection.scalar(select(inbox.c.key).where(inbox.c.key == key)) is not None

    async def of_kinds(self, prefixes: Sequence[str]) -> list[Item]:
        """List the items whose key begins with one of these, whoever is to begin them."""
        async with autocommit(self._engine) as connection:
            return _items(await connection.execute(select(inbox).where(or_(*map(_begins_with, prefixes)))))

    async def forget_received(self, prefixes: Sequence[str]) -> None:
        """Delete all items whose key begins with one of these; again does nothing."""
        async with self._engine.begin() as connection:
            await connection.execute(delete(inbox).where(or_(*map(_begins_with, prefixes))))


def _begins_with(prefix: str) -> ColumnElement[bool]:
    return func.substr(inbox.c.key, 1, len(prefix)) == prefix  # LIKE would take small letters for capitals on SQLite


def _items(rows: Iterable[Row[tuple[object, ...]]]) -> list[Item]:
    items = [Item(row.key, row.work, row.arguments, row.received_at) for row in rows]
    return sorted(items, key=lambda item: item.received_at)
