"""What has lately arrived in somebody's direct message with the bot, from whom, and where its thread opens."""

from dataclasses import dataclass

from sqlalchemy import and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.domain.share import Place, ShareState
from bot.storage.shares import OF_RUN, OFFER, ROOT
from bot.storage.sql import autocommit
from bot.storage.tables import runs, share_messages, shares


@dataclass(frozen=True)
class Arrival:
    """A result that somebody has shared.

    thread_ts: of a message in the thread of its copy, or of the copy itself. at: when it arrived, in seconds since
    1970. replied: the recipient has written something below it that may be for the sender.
    """

    sender: str
    thread_ts: str
    at: float
    replied: bool


class ShareArrivals:
    """The shares of a database for who has got them; each method sees the rows of the team it is given."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def latest_unanswered(self, team: str, channel: str, recipient: str, *, since: float) -> Arrival | None:
        """Give what has arrived last in a direct message, if they have not replied below it; None if nothing has.

        since: as for `latest`.
        """
        arrival = await self.latest(team, channel, recipient, since=since)
        return arrival if arrival and not arrival.replied else None

    async def latest(self, team: str, channel: str, recipient: str, *, since: float) -> Arrival | None:
        """Give what has arrived last in a direct message; None if nothing has.

        since: seconds since 1970. What was withdrawn, or sent to a group, does not count.
        """
        root = share_messages.alias()
        received = (shares.c.team == team, shares.c.recipient == recipient, shares.c.state == ShareState.SENT)
        arrived = (shares.c.sent_at >= since, func.coalesce(shares.c.place, Place.DIRECT) == Place.DIRECT)
        here = and_(root.c.team == shares.c.team, root.c.share == shares.c.id, root.c.slot == ROOT)
        of_copy = (share_messages.c.team == shares.c.team, share_messages.c.share == shares.c.id)
        replied = exists().where(*of_copy, share_messages.c.slot.startswith(OFFER))
        last = (
            select(func.max(share_messages.c.ts))
            .where(*of_copy, share_messages.c.channel == channel)
            .scalar_subquery()
            .label("thread_ts")
        )
        arrivals = (
            select(runs.c.user, last, shares.c.sent_at, replied.label("replied"))
            .select_from(shares.join(root, here).join(runs, OF_RUN))
            .where(*received, *arrived, root.c.channel == channel)
            .order_by(shares.c.sent_at.desc())
            .limit(1)
        )
        async with autocommit(self._engine) as connection:
            row = (await connection.execute(arrivals)).first()
        return Arrival(row.user, row.thread_ts, row.sent_at, bool(row.replied)) if row else None
