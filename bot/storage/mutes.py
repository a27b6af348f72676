"""Who wants no more shares and invitations of whom, and which copies and invitations this can be taken back with."""

import time

from sqlalchemy import ColumnElement, Table, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.domain.share import ShareState
from bot.storage.shares import OF_RUN
from bot.storage.sql import autocommit, insert_new
from bot.storage.tables import comparisons, former_mutes, runs, share_mutes, shares


class Mutes:
    """The mutes of a database; each method sees the rows of the team it is given.

    A mute has a row for each copy and each invitation that the muted person has sent, by the id of the share or the
    comparison. Once it is taken back these stay as former ones: a copy whose round is deleted since cannot be changed
    any more, and goes on offering to take it back.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def mute(self, team: str, share_id: str, user: str, muted: str) -> None:
        """Remember that `user` wants no more shares from `muted`, as said with this share; again does nothing.

        All that they have of that person says so from then on, and can be what they take it back with.
        """
        row = {"team": team, "user": user, "muted": muted}
        sent = (shares.c.recipient == user, shares.c.state.in_((ShareState.SENT, ShareState.UNCERTAIN)))
        sent_by_muted = (shares.c.team == team, runs.c.user == muted)
        copies = select(shares.c.id).select_from(shares.join(runs, OF_RUN)).where(*sent_by_muted, *sent)
        mine = (comparisons.c.team == team, comparisons.c.manager == user, comparisons.c.sender == muted)
        invitations = select(comparisons.c.id).where(*mine)
        former = select(former_mutes.c.share).where(*_between(former_mutes, team, user, muted))
        async with self._engine.begin() as connection:
            ids = {share_id}
            for query in (copies, invitations, former):
                ids.update(await connection.scalars(query))
            for name in sorted(ids):
                await insert_new(connection, share_mutes, {**row, "share": name, "muted_at": time.time()})

    async def unmute(self, team: str, user: str, muted: str) -> None:
        """Have `user` get shares from `muted` again; again does nothing."""
        of_both = _between(share_mutes, team, user, muted)
        async with self._engine.begin() as connection:
            for name in (await connection.scalars(select(share_mutes.c.share).where(*of_both))).all():
                former = {"team": team, "share": name, "user": user, "muted": muted}
                await insert_new(connection, former_mutes, former)
            await connection.execute(delete(share_mutes).where(*of_both))

    async def unmute_of(self, team: str, share_id: str, user: str) -> str | None:
        """Have `user` get shares again from whom they muted with this share; gives who that is, None for nobody."""
        if muted := await self.muted_with(team, share_id, user):
            await self.unmute(team, user, muted)
        return muted

    async def muted_with(self, team: str, share_id: str, user: str) -> str | None:
        """Give from whom `user` wants, or has wanted, no more shares, as said with this share or comparison.

        None for nobody.
        """
        async with autocommit(self._engine) as connection:
            for table in (share_mutes, former_mutes):
                with_this = (table.c.team == team, table.c.share == share_id, table.c.user == user)
                muted: str | None = await connection.scalar(select(table.c.muted).where(*with_this))
                if muted:
                    return muted
        return None

    async def muted_by(self, team: str, user: str) -> list[tuple[str, str]]:
        """Give from whom `user` wants no more, latest first, each with the share or comparison where they said so."""
        mutes = (share_mutes.c.team == team, share_mutes.c.user == user, share_mutes.c.muted.is_not(None))
        muted = select(share_mutes.c.share, share_mutes.c.muted).where(*mutes).order_by(share_mutes.c.muted_at)
        async with autocommit(self._engine) as connection:
            by_person = {row.muted: row.share for row in await connection.execute(muted)}
        return [(share, person) for person, share in reversed(by_person.items())]

    async def is_muted(self, team: str, user: str, muted: str) -> bool:
        """Say whether `user` wants no more shares from `muted`."""
        async with autocommit(self._engine) as connection:
            return bool(await connection.scalar(select(exists().where(*_between(share_mutes, team, user, muted)))))


def _between(table: Table, team: str, user: str, muted: str) -> tuple[ColumnElement[bool], ...]:
    return table.c.team == team, table.c.user == user, table.c.muted == muted
