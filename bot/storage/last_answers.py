"""What a thread was answered with last, as a part of other transactions."""

import time

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.sql import insert_into
from bot.storage.tables import threads


async def put_last_answer(connection: AsyncConnection, team: str, channel: str, thread_ts: str, entry: str) -> None:
    """Remember the entry a thread was answered with, and when; a later one replaces it."""
    answer = {"entry": entry, "answered_at": time.time()}
    put = insert_into(connection, threads).values({"team": team, "channel": channel, "thread_ts": thread_ts, **answer})
    await connection.execute(put.on_conflict_do_update(index_elements=["team", "channel", "thread_ts"], set_=answer))
