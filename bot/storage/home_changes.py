"""What other tables change that Home tabs show: noted in the transaction that changes it.

Nobody's tab is published here. It is only noted when that is to be done: `bot.slack.home.publish_due` does it.
"""

import time

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.sql import insert_into
from bot.storage.tables import channel_settings, homes, workspaces

LOOKED_AT_LATELY = 86_400.0  # seconds since somebody opened their Home tab, or clicked there, in which it is kept fresh


async def note_answer(connection: AsyncConnection, team: str) -> None:
    """Remember when the bot first answered in a channel of a workspace, for good: replies are deleted in time."""
    mine = workspaces.c.team == team
    if await connection.scalar(select(workspaces.c.answered_at).where(mine)) is not None:
        return
    first = {"answered_at": time.time()}
    put = insert_into(connection, workspaces).values({"team": team, **first})
    await connection.execute(put.on_conflict_do_update(index_elements=["team"], set_=first))
    await note_set_up(connection, team)


async def note_channel(connection: AsyncConnection, team: str, *which: ColumnElement[bool]) -> None:
    """Note that a channel is now one of those, `which`; where there are others, nothing else is left to do."""
    like_it = select(func.count()).select_from(channel_settings).where(channel_settings.c.team == team, *which)
    if await connection.scalar(like_it) == 1:
        await note_set_up(connection, team)


async def note_set_up(connection: AsyncConnection, team: str) -> None:
    """Have the Home tabs of a workspace published that were looked at lately: what is left to do there has changed.

    Who sees that list is known by the settings alone, and it changes a few times in the life of a workspace.
    """
    lately = homes.c.opened_at > time.time() - LOOKED_AT_LATELY
    await connection.execute(update(homes).where(homes.c.team == team, lately).values(publish_at=time.time()))
