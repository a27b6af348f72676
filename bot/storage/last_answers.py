"""What a thread was answered with last, as a part of other transactions."""

import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.sql import insert_for
from bot.storage.tables import threads


async def put_last_answers(connection: AsyncConnection, team: str, channel: str, entries: Mapping[str, str]) -> None:
    """Remember the entry that each of these threads was answered with, and when; a later one replaces it."""
    now, values = time.time(), dict[str, Any]()
    for number, (thread_ts, entry) in enumerate(entries.items()):
        row = {"team": team, "channel": channel, "thread_ts": thread_ts, "entry": entry, "answered_at": now}
        values |= {_numbered(name, number): value for name, value in row.items()}
    await connection.execute(_put(connection.dialect.name, len(entries)), values)


@cache
def _put(dialect: str, rows: int) -> postgresql.Insert | sqlite.Insert:
    """Make the statement for so many rows: that takes as long as the database itself."""
    columns = [column.name for column in threads.columns]
    values: list[dict[str, Any]] = [
        {name: bindparam(_numbered(name, number)) for name in columns} for number in range(rows)
    ]
    put = insert_for(dialect, threads).values(values)
    latest = {"entry": put.excluded.entry, "answered_at": put.excluded.answered_at}
    return put.on_conflict_do_update(index_elements=["team", "channel", "thread_ts"], set_=latest)


def _numbered(name: str, number: int) -> str:
    return f"{name}_of_{number}"
