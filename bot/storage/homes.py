"""Home tabs as rows: who has opened theirs, what they look at there, and which view Slack shows of it."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.storage.home_changes import LOOKED_AT_LATELY
from bot.storage.sql import autocommit, insert_new
from bot.storage.tables import channel_settings, homes, workspaces

NOTICE = "notice"  # the part of what is shown that the next click on it, or the next opening, takes away
OPENED = "opened"  # the part that says when it was opened
DRAFTS = "drafts"  # the part that holds which drafts of entries were sent
DRAFT_STANDS = 3600.0  # seconds in which a draft for the same questions is not sent again
# Asked by each action on a round, and so put together once.
OPENED_BY = select(homes.c.user).where(homes.c.team == bindparam("of_team"), homes.c.user == bindparam("of_user"))


@dataclass(frozen=True)
class SetUp:
    """What has been done in a workspace so that the bot is of use there.

    What was done once stays done, but for the last: whether there is a person to ask can change.
    """

    is_invited: bool = False
    has_answered: bool = False
    mode_chosen: bool = False
    has_contact: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to do."""
        return self.is_invited and self.has_answered and self.mode_chosen and self.has_contact


@dataclass(frozen=True)
class SentDraft:
    """Where the draft of an entry stands that somebody was sent by a click on their Home tab."""

    channel: str
    ts: str


@dataclass(frozen=True)
class DueHome:
    """A Home tab that is to be published anew, since a time in seconds since 1970."""

    team: str
    user: str
    publish_at: float


class Homes:
    """The Home tabs of a database; each method sees the rows of the team it is given."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def open(self, team: str, user: str, at: float) -> None:
        """Remember that somebody has opened their Home tab at a time, in seconds since 1970.

        A notice on it of before that has been read by now. An opening that is handled late leaves later ones. Whoever
        opens it has it published anew, so that this is not due any more.
        """
        now = time.time()
        left = case((homes.c.publish_at > now, homes.c.publish_at))
        async with self._engine.begin() as connection:
            shows = await self._lock(connection, team, user)
            _take_notice_away(shows, at)
            shows[OPENED] = {"at": max(at, shows.get(OPENED, {}).get("at", 0.0))}
            opened = {"shows": shows, "opened_at": now, "publish_at": left}
            await connection.execute(update(homes).where(*_one(team, user)).values(opened))

    async def is_opened(self, team: str, user: str) -> bool:
        """Say whether somebody has ever opened their Home tab, so that it is worth publishing anew."""
        async with autocommit(self._engine) as connection:
            return await connection.scalar(OPENED_BY, {"of_team": team, "of_user": user}) is not None

    async def look(self, team: str, user: str, part: str, shows: Mapping[str, Any], at: float) -> None:
        """Remember what somebody looks at in one part of their Home tab, since they clicked at a time.

        An earlier click that arrives later changes nothing, nor does the same one again. Seconds since 1970.
        """
        async with self._engine.begin() as connection:
            parts = await self._lock(connection, team, user)
            if parts.get(part, {}).get("at", 0.0) <= at:
                _take_notice_away(parts, at)
                parts[part] = {**shows, "at": at}
                looked = {"shows": parts, "opened_at": time.time()}
                await connection.execute(update(homes).where(*_one(team, user)).values(looked))

    async def take_notice_away(self, team: str, user: str, at: float) -> None:
        """Forget the notice on somebody's Home tab that was there before they clicked there at a time."""
        if NOTICE in await self.shows(team, user):
            async with self._engine.begin() as connection:
                parts = await self._lock(connection, team, user)
                _take_notice_away(parts, at)
                await connection.execute(update(homes).where(*_one(team, user)).values(shows=parts))

    async def shows(self, team: str, user: str) -> dict[str, dict[str, Any]]:
        """Give what somebody looks at, by part."""
        async with autocommit(self._engine) as connection:
            return await connection.scalar(select(homes.c.shows).where(*_one(team, user))) or {}

    async def claim_draft(self, team: str, user: str, gap: str, at: float) -> bool:
        """Say whether a click at a time brings somebody the draft for a gap, by the digest of its questions.

        It does not where another click has done so lately; the same click again does. Seconds since 1970.
        """
        async with self._engine.begin() as connection:
            parts = await self._lock(connection, team, user)
            drafts = {name: sent for name, sent in parts.get(DRAFTS, {}).items() if sent["at"] > at - DRAFT_STANDS}
            claimed = bool(drafts.setdefault(gap, {"at": at})["at"] == at)
            looked = {"shows": parts | {DRAFTS: drafts}, "opened_at": time.time()}
            await connection.execute(update(homes).where(*_one(team, user)).values(looked))
        return claimed

    async def record_draft(self, team: str, user: str, gap: str, at: float, sent: SentDraft | None) -> None:
        """Remember where the draft stands that a click at `at` has claimed; None frees the claim."""
        async with self._engine.begin() as connection:
            parts = await self._lock(connection, team, user)
            drafts = dict(parts.get(DRAFTS, {}))
            if drafts.get(gap, {}).get("at") != at:
                return
            if sent:
                drafts[gap] = {"at": at, **asdict(sent)}
            else:
                del drafts[gap]
            changed = {"shows": parts | {DRAFTS: drafts}}
            await connection.execute(update(homes).where(*_one(team, user)).values(changed))

    async def drafts(self, team: str, user: str) -> dict[str, SentDraft]:
        """Give the drafts that somebody was sent lately and would not be sent again, by the digest of the questions."""
        sent = (await self.shows(team, user)).get(DRAFTS, {})
        since = time.time() - DRAFT_STANDS
        lately = {gap: draft for gap, draft in sent.items() if draft["at"] > since and "ts" in draft}
        return {gap: SentDraft(draft["channel"], draft["ts"]) for gap, draft in lately.items()}

    async def hash(self, team: str, user: str) -> str | None:
        """Give Slack's name for the view that it shows, as far as we know; None if we do not."""
        async with autocommit(self._engine) as connection:
            shown_hash: str | None = await connection.scalar(select(homes.c.hash).where(*_one(team, user)))
            return shown_hash

    async def replace_hash(self, team: str, user: str, *, was: str | None, now: str) -> bool:
        """Remember Slack's name for a view that was published when `was` was known.

        Gives whether it still was: if not, another view was published meanwhile. Nothing to remember of who has none.
        """
        mine, changed = update(homes).where(*_one(team, user)).values(hash=now), homes.c.hash.is_not_distinct_from(was)
        async with self._engine.begin() as connection:  # the first statement changes, which SQLite locks for
            if (await connection.execute(mine.where(changed))).rowcount:
                return True
            return not (await connection.execute(mine)).rowcount

    async def publish_later(self, at: float) -> None:
        """Have the Home tabs of all workspaces published anew at a time that were looked at within a day.

        Later ones are, if they were to be published before; the time is in seconds since 1970.
        """
        lately = homes.c.opened_at > time.time() - LOOKED_AT_LATELY
        async with self._engine.begin() as connection:
            await connection.execute(update(homes).where(lately).values(publish_at=at))

    async def due(self, now: float, *, most: int) -> list[DueHome]:
        """Give the Home tabs of all workspaces that are to be published anew by now, in seconds since 1970.

        So many of each workspace at most, those first that have waited longest.
        """
        number = func.row_number().over(partition_by=homes.c.team, order_by=(homes.c.publish_at, homes.c.user))
        columns = (homes.c.team, homes.c.user, homes.c.publish_at)
        waiting = select(*columns, number.label("number")).where(homes.c.publish_at <= now).subquery()
        due = select(waiting).where(waiting.c.number <= most).order_by(waiting.c.team, waiting.c.number)
        async with autocommit(self._engine) as connection:
            return [DueHome(row.team, row.user, row.publish_at) for row in await connection.execute(due)]

    async def note_begun(self, team: str, user: str, publish_at: float) -> None:
        """Remember that a Home tab is being published that was due, unless it is due at another time by now."""
        was_due = (*_one(team, user), homes.c.publish_at == publish_at)
        async with self._engine.begin() as connection:
            await connection.execute(update(homes).where(*was_due).values(publish_at=None))

    async def set_up(self, team: str, *, has_contact: bool) -> SetUp:
        """Say what has been done to set a workspace up. has_contact: people can ask somebody, by the settings."""
        channels = select(channel_settings.c.channel).where(channel_settings.c.team == team)
        answered = exists().where(workspaces.c.team == team, workspaces.c.answered_at.is_not(None))
        editors = exists().where(workspaces.c.team == team, workspaces.c.editors_channel.is_not(None))
        invited = channels.where(channel_settings.c.welcomed_at.is_not(None)).exists()
        chosen = channels.where(channel_settings.c.mode.is_not(None)).exists()
        async with autocommit(self._engine) as connection:
            row = (await connection.execute(select(invited, answered, chosen, editors))).one()
        # Where it has answered it has been invited, though it may have said nothing then: it was there before this
        # version, or Slack told nobody.
        return SetUp(bool(row[0] or row[1]), bool(row[1]), bool(row[2]), has_contact or bool(row[3]))

    async def _lock(self, connection: AsyncConnection, team: str, user: str) -> dict[str, dict[str, Any]]:
        """Give what somebody looks at, and keep others from changing it until the transaction ends."""
        await insert_new(connection, homes, {"team": team, "user": user, "shows": {}, "opened_at": time.time()})
        shows = await connection.scalar(select(homes.c.shows).where(*_one(team, user)).with_for_update())
        return dict(shows or {})


def _take_notice_away(parts: dict[str, dict[str, Any]], at: float) -> None:
    if parts.get(NOTICE, {}).get("at", 0.0) < at:
        parts.pop(NOTICE, None)


def _one(team: str, user: str) -> tuple[ColumnElement[bool], ...]:
    return homes.c.team == team, homes.c.user == user
