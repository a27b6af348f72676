"""The gap list: what people asked the bot and it could not answer, as rows."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.domain.gaps import Question, QuestionKind
from bot.domain.reply_kinds import ANSWER, LINK
from bot.storage.sql import autocommit, insert_into, insert_new
from bot.storage.stored_reply import ReplyState
from bot.storage.tables import questions, replies, workspaces

DECISIONS = frozenset({QuestionKind.CHOSEN, QuestionKind.DECLINED})


class Gaps:
    """The questions of a database that were put to the bot: by a mention, a direct message or a command.

    What nobody put to the bot must not get here.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def record(self, team: str, question: Question) -> None:
        """Add a question; one with the same id that is there already stays as it is."""
        async with self._engine.begin() as connection:
            await insert_new(connection, questions, _as_row(team, question))

    async def replace(self, team: str, question: Question) -> None:
        """Put a question in the place of that with the same id, whose message was edited, or add it.

        It stays as old as it was; what else was kept of the message, from before this edit, goes. Again, or for an
        earlier edit than what is there, does nothing.
        """
        row, before = _as_row(team, question), func.coalesce(questions.c.revision, "") < (question.revision or "")
        kept = {name: row[name] for name in ("kind", "text", "entry", "answered_by", "revision", "known")}
        others = (*_of_message(team, question.channel, question.ts), questions.c.id != question.id)
        async with self._engine.begin() as connection:
            put = insert_into(connection, questions).values(row)
            await connection.execute(put.on_conflict_do_update(index_elements=["team", "id"], set_=kept, where=before))
            await connection.execute(delete(questions).where(*others, before))

    async def decide_suggestion(
        self, team: str, question_id: str, user: str, kind: QuestionKind, entry: str | None
    ) -> bool:
        """Record that `user` meant an entry that was suggested for a question (CHOSEN), or none of them (DECLINED).

        Gives whether that decided it: the first decision of the person who asked does. Somebody else's choice closes
        the question, as an answer does, and says nothing of what was meant; somebody else's "none" does nothing. A
        question that is not there, or has no suggestions to decide about, stays as it is. Raises ValueError for other
        kinds.
        """
        if kind not in DECISIONS:
            raise ValueError(f"{kind} decides nothing; it takes {' or '.join(sorted(DECISIONS))}")
        mine = (questions.c.team == team, questions.c.id == question_id, questions.c.kind == QuestionKind.SUGGESTED)
        decided = update(questions).where(*mine, questions.c.user == user).values(kind=kind, entry=entry)
        async with self._engine.begin() as connection:
            if await connection.scalar(decided.returning(questions.c.id)):
                return True
            if kind is QuestionKind.CHOSEN:
                closed = update(questions).where(*mine, questions.c.answered_by.is_(None)).values(answered_by=entry)
                await connection.execute(closed)
        return False

    async def get(self, team: str, question_id: str) -> Question | None:
        """Give a question, or None if it is not there."""
        mine = (questions.c.team == team, questions.c.id == question_id)
        async with autocommit(self._engine) as connection:
            row = (await connection.execute(select(questions).where(*mine))).first()
        return _question(row) if row else None

    async def listed(self, team: str, *, since: float = 0.0) -> list[Question]:
        """List the questions of a workspace that were asked since then, in seconds since 1970, oldest first."""
        which = (questions.c.team == team, questions.c.asked_at >= since)
        in_order = select(questions).where(*which).order_by(questions.c.asked_at, questions.c.id)
        async with autocommit(self._engine) as connection:
            rows = await connection.execute(in_order)
            # Nobody else waits for it in a thread: ten thousand take the event loop a third of a second.
            return await asyncio.to_thread(lambda: [_question(row) for row in rows])

    async def close(self, team: str, question_ids: Sequence[str], entry: str) -> None:
        """Say which entry answers questions by now; those that have an answer already keep it."""
        mine = (questions.c.team == team, questions.c.id.in_(question_ids), questions.c.answered_by.is_(None))
        async with self._engine.begin() as connection:
            await connection.execute(update(questions).where(*mine).values(answered_by=entry))

    async def was_told(self, team: str, user: str, entry: str) -> bool:
        """Say whether somebody has heard that an entry answers what they asked."""
        mine = (questions.c.team == team, questions.c.user == user, questions.c.answered_by == entry)
        async with autocommit(self._engine) as connection:
            told = select(questions.c.id).where(*mine, questions.c.told_at.is_not(None)).limit(1)
            return await connection.scalar(told) is not None

    async def has_got(self, team: str, user: str, entries: Sequence[str], *, since: float) -> bool:
        """Say whether somebody was answered with one of these entries since then, or has chosen it among suggestions.

        since: in seconds since 1970.
        """
        stands = (replies.c.state.in_((ReplyState.POSTED, ReplyState.WHISPERED)), replies.c.kind.in_((ANSWER, LINK)))
        asked_by_user = (replies.c.team == team, replies.c.asker == user, replies.c.replied_at >= since)
        chosen = (questions.c.kind == QuestionKind.CHOSEN, questions.c.entry.in_(entries))
        mine = (questions.c.team == team, questions.c.user == user, questions.c.asked_at >= since)
        async with autocommit(self._engine) as connection:
            if await connection.scalar(select(questions.c.id).where(*mine, *chosen).limit(1)) is not None:
                return True
            answers = await connection.scalars(select(replies.c.entries).where(*asked_by_user, *stands))
            return any(not set(entries).isdisjoint(answer) for answer in answers)

    async def mark_told(self, team: str, user: str, entry: str) -> None:
        """Remember that somebody has heard that an entry answers what they asked; again does nothing."""
        mine = (questions.c.team == team, questions.c.user == user, questions.c.answered_by == entry)
        told = update(questions).where(*mine, questions.c.told_at.is_(None)).values(told_at=time.time())
        async with self._engine.begin() as connection:
            await connection.execute(told)

    async def unanswered(self, team: str, after: str, limit: int) -> list[Question]:
        """List questions that still have no answer, with their text, by their ids: so many that come after this id."""
        still = (questions.c.answered_by.is_(None), questions.c.kind != QuestionKind.CHOSEN, questions.c.text != "")
        page = select(questions).where(questions.c.team == team, questions.c.id > after, *still)
        async with autocommit(self._engine) as connection:
            rows = await connection.execute(page.order_by(questions.c.id).limit(limit))
            return [_question(row) for row in rows]

    async def followed(self, team: str) -> str | None:
        """Give the knowledge whose news and corrections are begun in a workspace, as `follow` has it; None for none."""
        async with autocommit(self._engine) as connection:
            mine = select(workspaces.c.knowledge).where(workspaces.c.team == team)
            knowledge: str | None = await connection.scalar(mine)
            return knowledge

    async def follow(self, team: str, knowledge: str, before: str | None) -> bool:
        """Say that the news and corrections of a knowledge are begun in a workspace, after those of `before`.

        Gives whether it is the one that is followed now: another may have come between. Again does nothing more.
        """
        mine = (workspaces.c.team == team, func.coalesce(workspaces.c.knowledge, "") == (before or ""))
        async with self._engine.begin() as connection:
            await insert_new(connection, workspaces, {"team": team})
            await connection.execute(update(workspaces).where(*mine).values(knowledge=knowledge))
        return await self.followed(team) == knowledge

    async def digests_due(self, week: str) -> list[str]:
        """Name the workspaces whose editors have a channel and had no digest in this week, such as "2026-W48"."""
        not_yet = or_(workspaces.c.digest_of.is_(None), workspaces.c.digest_of < week)
        due = select(workspaces.c.team).where(workspaces.c.editors_channel.is_not(None), not_yet)
        async with autocommit(self._engine) as connection:
            return list(await connection.scalars(due.order_by(workspaces.c.team)))

    async def digest_channel(self, team: str, week: str) -> str | None:
        """Give the channel for the digest of this week; None if there is none, or the digest is done."""
        mine = (workspaces.c.team == team, or_(workspaces.c.digest_of.is_(None), workspaces.c.digest_of < week))
        async with autocommit(self._engine) as connection:
            channel: str | None = await connection.scalar(select(workspaces.c.editors_channel).where(*mine))
            return channel

    async def mark_digest(self, team: str, week: str) -> None:
        """Remember that the digest of a week is done; again does nothing."""
        async with self._engine.begin() as connection:
            await connection.execute(update(workspaces).where(workspaces.c.team == team).values(digest_of=week))

    async def forget(self, team: str, channel: str, ts: str, revision: str) -> None:
        """Delete what was asked in a message up to this edit or deletion of it. Again does nothing.

        revision: its ts; "" for the message as it was written.
        """
        until = func.coalesce(questions.c.revision, "") <= revision
        async with self._engine.begin() as connection:
            await connection.execute(delete(questions).where(*_of_message(team, channel, ts), until))

    async def remove(self, team: str, question_id: str) -> None:
        """Delete a question by its id, such as that of a vote that was changed. Again does nothing."""
        mine = (questions.c.team == team, questions.c.id == question_id)
        async with self._engine.begin() as connection:
            await connection.execute(delete(questions).where(*mine))

    async def teams(self) -> list[str]:
        """Name the workspaces in which anything was asked or answered."""
        async with autocommit(self._engine) as connection:
            teams = [set(await connection.scalars(select(table.c.team).distinct())) for table in (questions, replies)]
        return sorted(set().union(*teams))

    async def prune(self, before: float) -> None:
        """Delete questions of all workspaces that were asked before this time, in seconds since 1970."""
        async with self._engine.begin() as connection:
            await connection.execute(delete(questions).where(questions.c.asked_at < before))


def _of_message(team: str, channel: str | None, ts: str | None) -> tuple[ColumnElement[bool], ...]:
    return questions.c.team == team, questions.c.channel == channel, questions.c.ts == ts


def _as_row(team: str, question: Question) -> dict[str, Any]:
    shown = list(question.known) or None
    return {"team": team, **asdict(question), "known": shown, "asked_at": question.asked_at or time.time()}


def _question(row: Row[Any]) -> Question:
    kept = {name: getattr(row, name) for name in Question.__dataclass_fields__}
    return Question(**kept | {"kind": QuestionKind(row.kind), "known": tuple(row.known or ())})
