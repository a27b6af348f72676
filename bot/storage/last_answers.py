"""What a thread was answered with last, as a part of other transactions."""

import time
from collections.abc import Mapping
from functools import cache

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.sql import insert_for
from bot.storage.tables import threads


async def put_last_answers(connection: AsyncConnection, team: str, channel: str, entries: Mapping[str, str]) -> None:
    """Remember the entry that each of these threads was answered with, and when; a later one replaces it."""
    common = {"team": team, "channel": channel, "answered_at": time.time()}
    rows = [{**common, "thread_ts": thread_ts, "entry": entry} for thread_ts, entry in entries.items()]
    if rows:
        # A list of one takes psycopg longer.
        await connection.execute(_put(connection.dialect.name), rows if len(rows) > 1 else rows[0])


@cache
def _put(dialect: str) -> postgresql.Insert | sqlite.Insert:
    """Make the statement for a row, of which SQLAlchemy keeps what it compiles; it does not of one for several rows."""
    put = insert_for(dialect, threads)
    latest = {"entry": put.excluded.entry, "answered_at": put.excluded.answered_at}
    return put.on_conflict_do_update(index_elements=["team", "channel", "thread_ts"], set_=latest)
