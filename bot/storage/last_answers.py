"""What a thread was answered with last, as a part of other transactions."""

import time
from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.sql import insert_into
from bot.storage.tables import threads


async def put_last_answers(connection: AsyncConnection, team: str, channel: str, entries: Mapping[str, str]) -> None:
    """Remember the entry that each of these threads was answered with, and when; a later one replaces it."""
    now = time.time()
    rows = [
        {"team": team, "channel": channel, "thread_ts": thread_ts, "entry": entry, "answered_at": now}
        for thread_ts, entry in entries.items()
    ]
    put = insert_into(connection, threads).values(rows)
    latest = {"entry": put.excluded.entry, "answered_at": put.excluded.answered_at}
    await connection.execute(put.on_conflict_do_update(index_elements=["team", "channel", "thread_ts"], set_=latest))
