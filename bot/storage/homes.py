"""Home tabs as rows: who has opened theirs, what they look at there, and which view Slack shows of it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.storage.people import DIRECT_MESSAGE
from bot.storage.replies import ANSWER, ReplyState
from bot.storage.sql import insert_new
from bot.storage.tables import channel_settings, homes, replies, workspaces

NOTICE = "notice"  # the part of what is shown that the next look at another part, or the next opening, takes away


@dataclass(frozen=True)
class SetUp:
    """What has been done in a workspace so that the bot is of use there."""

    is_invited: bool = False
    has_answered: bool = False
    mode_chosen: bool = False
    has_contact: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to do."""
        return self.is_invited and self.has_answered and self.mode_chosen and self.has_contact


class Homes:
    """The Home tabs of a database; each method sees the rows of the team it is given."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def open(self, team: str, user: str) -> None:
        """Remember that somebody has opened their Home tab; a notice on it has been read by now."""
        async with self._engine.begin() as connection:
            shows = await self._lock(connection, team, user)
            shows.pop(NOTICE, None)
            await connection.execute(update(homes).where(*_one(team, user)).values(shows=shows, opened_at=time.time()))

    async def is_opened(self, team: str, user: str) -> bool:
        """Say whether somebody has ever opened their Home tab, so that it is worth publishing anew."""
        async with self._engine.connect() as connection:
            return await connection.scalar(select(homes.c.user).where(*_one(team, user))) is not None

    async def look(self, team: str, user: str, part: str, shows: Mapping[str, Any], at: float) -> None:
        """Remember what somebody looks at in one part of their Home tab, since they clicked at a time.

        An earlier click that arrives later changes nothing, nor does the same one again. Seconds since 1970.
        """
        async with self._engine.begin() as connection:
            parts = await self._lock(connection, team, user)
            if parts.get(part, {}).get("at", 0.0) <= at:
                if parts.get(NOTICE, {}).get("at", 0.0) < at:
                    parts.pop(NOTICE, None)
                parts[part] = {**shows, "at": at}
                await connection.execute(update(homes).where(*_one(team, user)).values(shows=parts))

    async def shows(self, team: str, user: str) -> dict[str, dict[str, Any]]:
        """Give what somebody looks at, by part."""
        async with self._engine.connect() as connection:
            return await connection.scalar(select(homes.c.shows).where(*_one(team, user))) or {}

    async def hash(self, team: str, user: str) -> str | None:
        """Give Slack's name for the view that it shows, as far as we know; None if we do not."""
        async with self._engine.connect() as connection:
            known: str | None = await connection.scalar(select(homes.c.hash).where(*_one(team, user)))
            return known

    async def replace_hash(self, team: str, user: str, *, was: str | None, now: str) -> bool:
        """Remember Slack's name for a view that was published when `was` was known.

        Gives whether it still was: if not, another view was published meanwhile. Nothing to remember of who has none.
        """
        mine, changed = update(homes).where(*_one(team, user)).values(hash=now), homes.c.hash.is_not_distinct_from(was)
        async with self._engine.begin() as connection:  # the first statement changes, which SQLite locks for
            if (await connection.execute(mine.where(changed))).rowcount:
                return True
            return not (await connection.execute(mine)).rowcount

    async def set_up(self, team: str, *, has_contact: bool) -> SetUp:
        """Say what has been done to set a workspace up. has_contact: people can ask somebody, by the settings."""
        channels = select(channel_settings.c.channel).where(channel_settings.c.team == team)
        in_channel = ~replies.c.channel.startswith(DIRECT_MESSAGE)
        answered = exists().where(replies.c.team == team, replies.c.kind == ANSWER, in_channel)
        answered = answered.where(replies.c.state == ReplyState.POSTED)
        editors = exists().where(workspaces.c.team == team, workspaces.c.editors_channel.is_not(None))
        invited = channels.where(channel_settings.c.welcomed_at.is_not(None)).exists()
        chosen = channels.where(channel_settings.c.mode.is_not(None)).exists()
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(invited, answered, chosen, editors))).one()
        return SetUp(bool(row[0]), bool(row[1]), bool(row[2]), has_contact or bool(row[3]))

    async def _lock(self, connection: AsyncConnection, team: str, user: str) -> dict[str, dict[str, Any]]:
        """Give what somebody looks at, and keep others from changing it until the transaction ends."""
        await insert_new(connection, homes, {"team": team, "user": user, "shows": {}, "opened_at": time.time()})
        shows = await connection.scalar(select(homes.c.shows).where(*_one(team, user)).with_for_update())
        return dict(shows or {})


def _one(team: str, user: str) -> tuple[ColumnElement[bool], ...]:
    return homes.c.team == team, homes.c.user == user
