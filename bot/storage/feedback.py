"""What people made of an answer: their votes, and the questions that they passed on to a person."""

import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.domain.reply_kinds import ANSWER
from bot.domain.report import Use
from bot.storage.home_changes import note_set_up
from bot.storage.sql import autocommit, insert_into, insert_new
from bot.storage.stored_reply import ReplyState
from bot.storage.tables import help_attempts, help_requests, replies, votes, workspaces

CLAIMED_AT_MOST = 3600.0  # seconds after which work that passes on a question is taken to be gone


@dataclass(frozen=True)
class Vote:
    """Whether an answer helped somebody; reason and comment only where it did not. voted_at: seconds since 1970."""

    entry: str
    helpful: bool
    reason: str | None
    comment: str | None
    voted_at: float


@dataclass(frozen=True)
class HelpRequest:
    """A question that was passed on to a person, by the message of ours that did so, `ts` in `channel`.

    asker: who wanted it passed on. asked_in: the channel of the question. entry: what it was answered with, if it was.
    """

    channel: str
    ts: str
    asker: str
    asked_in: str
    question_ts: str
    entry: str | None
    resolved_by: str | None = None


class Feedback:
    """The votes and the help requests of a database, and where its workspaces have their editors."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def vote(
        self, team: str, channel: str, answer_ts: str, user: str, *, entry: str, helpful: bool, at: float
    ) -> bool:
        """Record whether an answer helped; a later vote of the same person replaces it. at: seconds since 1970.

        False if there is a later one already. The reason stays for as long as the answer did not help.
        """
        row = {"team": team, "channel": channel, "answer_ts": answer_ts, "user": user}
        vote = {"entry": entry, "helpful": helpful, "voted_at": at}
        about = ("reason", "comment")
        kept = {name: None if helpful else case((votes.c.helpful.is_(False), votes.c[name])) for name in about}
        async with self._engine.begin() as connection:
            put = insert_into(connection, votes).values(row | vote)
            put = put.on_conflict_do_update(
                index_elements=["team", "channel", "answer_ts", "user"],
                set_=vote | kept,
                where=votes.c.voted_at <= at,
            )
            return await connection.scalar(put.returning(votes.c.user)) is not None

    async def vote_of(self, team: str, channel: str, answer_ts: str, user: str) -> Vote | None:
        """Give somebody's vote on an answer, or None."""
        async with autocommit(self._engine) as connection:
            mine = _of_vote(team, channel, answer_ts, user)
            row = (await connection.execute(select(votes).where(*mine))).first()
        return Vote(row.entry, row.helpful, row.reason, row.comment, row.voted_at) if row else None

    async def is_disputed(self, team: str, channel: str, answer_ts: str, entry: str) -> bool:
        """Say whether anybody says of an answer, as long as it was this entry, that it did not help."""
        answer = (votes.c.team == team, votes.c.channel == channel, votes.c.answer_ts == answer_ts)
        mine = (*answer, votes.c.entry == entry)
        async with autocommit(self._engine) as connection:
            disputing = select(votes.c.user).where(*mine, votes.c.helpful.is_(False)).limit(1)
            return await connection.scalar(disputing) is not None

    async def disputes(self, team: str) -> dict[tuple[str, str], frozenset[str]]:
        """Name who says of an answer that it did not help, by the channel and the ts of the question it answers."""
        same = (votes.c.team == replies.c.team, votes.c.channel == replies.c.channel)
        answers = (*same, votes.c.answer_ts == replies.c.answer_ts)
        disputed = select(replies.c.channel, replies.c.question_ts, votes.c.user).join(votes, and_(*answers))
        by_question: dict[tuple[str, str], set[str]] = {}
        async with autocommit(self._engine) as connection:
            for row in await connection.execute(disputed.where(votes.c.team == team, votes.c.helpful.is_(False))):
                by_question.setdefault((row.channel, row.question_ts), set()).add(row.user)
        return {question: frozenset(users) for question, users in by_question.items()}

    async def set_reason(self, team: str, channel: str, answer_ts: str, user: str, reason: str) -> bool:
        """Say what was wrong with an answer, in place of what was said before.

        Does nothing, and gives False, unless this person has said that it did not help.
        """
        return await self._complete(_of_vote(team, channel, answer_ts, user), {"reason": reason})

    async def set_comment(self, team: str, channel: str, answer_ts: str, user: str, comment: str) -> bool:
        """Keep what somebody wrote about an answer; as `set_reason`."""
        return await self._complete(_of_vote(team, channel, answer_ts, user), {"comment": comment})

    async def _complete(self, mine: tuple[ColumnElement[bool], ...], values: dict[str, str]) -> bool:
        async with self._engine.begin() as connection:
            completed = update(votes).where(*mine, votes.c.helpful.is_(False)).values(values)
            return await connection.scalar(completed.returning(votes.c.user)) is not None

    # Questions that were passed on

    async def claim_help(self, team: str, asker: str, asked_in: str, question_ts: str, *, by: str) -> bool:
        """Claim for a piece of work to pass on somebody's question; False while other work has it.

        Again by the same work gives the same. The claim ends with `record_help_request` or `release_help`, or after an
        hour, when the work that has it must be gone.
        """
        now = time.time()
        row = {"team": team, "asker": asker, "asked_in": asked_in, "question_ts": question_ts}
        claim = {"holder": by, "claimed_at": now}
        free = or_(help_attempts.c.holder == by, help_attempts.c.claimed_at < now - CLAIMED_AT_MOST)
        async with autocommit(self._engine) as connection:
            put = insert_into(connection, help_attempts).values(row | claim)
            put = put.on_conflict_do_update(index_elements=list(row), set_=claim, where=free)
            return await connection.scalar(put.returning(help_attempts.c.holder)) is not None

    async def release_help(self, team: str, asker: str, asked_in: str, question_ts: str, *, by: str) -> None:
        """Give a claim back: the question was not passed on, and may be. Again does nothing."""
        mine = (*_of_attempt(team, asker, asked_in, question_ts), help_attempts.c.holder == by)
        async with autocommit(self._engine) as connection:
            await connection.execute(delete(help_attempts).where(*mine))

    async def record_help_request(self, team: str, request: HelpRequest) -> None:
        """Remember a question that was passed on, and end the claim to do so; again does nothing."""
        row = {"team": team, **asdict(request), "asked_at": time.time()}
        attempt = _of_attempt(team, request.asker, request.asked_in, request.question_ts)
        async with self._engine.begin() as connection:
            await insert_new(connection, help_requests, row)
            await connection.execute(delete(help_attempts).where(*attempt))

    async def help_request(self, team: str, channel: str, ts: str) -> HelpRequest | None:
        """Give the question that a message of ours has passed on, or None."""
        return await self._request(*_of_request(team, channel, ts))

    async def is_asked(self, team: str, asker: str, asked_in: str, question_ts: str) -> bool:
        """Say whether somebody has had this question passed on before."""
        where = (help_requests.c.asked_in == asked_in, help_requests.c.question_ts == question_ts)
        return await self._request(help_requests.c.team == team, help_requests.c.asker == asker, *where) is not None

    async def resolve(self, team: str, channel: str, ts: str, *, by: str) -> HelpRequest | None:
        """Mark a question as answered by somebody; gives it if it is theirs now, None if another was first.

        Again by the same person gives the same.
        """
        mine = _of_request(team, channel, ts)
        async with self._engine.begin() as connection:
            resolved = update(help_requests).where(*mine, help_requests.c.resolved_by.is_(None))
            await connection.execute(resolved.values(resolved_by=by, resolved_at=time.time()))
        request = await self._request(*mine)
        return request if request and request.resolved_by == by else None

    async def _request(self, *which: ColumnElement[bool]) -> HelpRequest | None:
        async with autocommit(self._engine) as connection:
            row = (await connection.execute(select(help_requests).where(*which))).first()
        return _help_request(row) if row else None

    # Where the editors are

    async def editors_channel(self, team: str) -> str | None:
        """Give the channel of a workspace's editors, if somebody has chosen one."""
        async with autocommit(self._engine) as connection:
            chosen = select(workspaces.c.editors_channel).where(workspaces.c.team == team)
            channel: str | None = await connection.scalar(chosen)
            return channel

    async def set_editors_channel(self, team: str, channel: str | None, *, by: str) -> None:
        """Choose the channel of a workspace's editors, or none; a later choice replaces it."""
        chosen = {"editors_channel": channel, "chosen_by": by}
        async with self._engine.begin() as connection:
            put = insert_into(connection, workspaces).values({"team": team, **chosen})
            await connection.execute(put.on_conflict_do_update(index_elements=["team"], set_=chosen))
            await note_set_up(connection, team)

    async def entry_usage(self, team: str, *, since: float = 0.0) -> list[Use]:
        """Count how often each entry was posted since then, and how many people found it helpful of those who voted.

        A person counts once for each entry, with the latest vote.
        """
        answered = (replies.c.team == team, replies.c.kind == ANSWER, replies.c.state == ReplyState.POSTED)
        posted = select(replies.c.entries).where(*answered, replies.c.replied_at >= since)
        voted = select(votes.c.entry, votes.c.user, votes.c.helpful).where(votes.c.team == team)
        voted = voted.where(votes.c.voted_at >= since).order_by(votes.c.voted_at)
        async with autocommit(self._engine) as connection:
            counts = Counter(entry for entries in await connection.scalars(posted) for entry in entries)
            latest = {(row.entry, row.user): row.helpful for row in await connection.execute(voted)}
        voters = Counter(entry for entry, _ in latest)
        helped = Counter(entry for (entry, _), helpful in latest.items() if helpful)
        return [Use(entry, counts[entry], helped[entry], voters[entry]) for entry in sorted({*counts, *voters})]

    async def prune(self, before: float) -> None:
        """Delete requests, and what people wrote with their votes, of before this time, in seconds since 1970."""
        async with self._engine.begin() as connection:
            await connection.execute(delete(help_requests).where(help_requests.c.asked_at < before))
            await connection.execute(delete(help_attempts).where(help_attempts.c.claimed_at < before))
            old = update(votes).where(votes.c.voted_at < before, votes.c.comment.is_not(None))
            await connection.execute(old.values(comment=None))


def _of_vote(team: str, channel: str, answer_ts: str, user: str) -> tuple[ColumnElement[bool], ...]:
    mine = (votes.c.team == team, votes.c.channel == channel)
    return (*mine, votes.c.answer_ts == answer_ts, votes.c.user == user)


def _of_attempt(team: str, asker: str, asked_in: str, question_ts: str) -> tuple[ColumnElement[bool], ...]:
    mine = (help_attempts.c.team == team, help_attempts.c.asker == asker)
    return (*mine, help_attempts.c.asked_in == asked_in, help_attempts.c.question_ts == question_ts)


def _of_request(team: str, channel: str, ts: str) -> tuple[ColumnElement[bool], ...]:
    return help_requests.c.team == team, help_requests.c.channel == channel, help_requests.c.ts == ts


def _help_request(row: Row[Any]) -> HelpRequest:
    return HelpRequest(**{name: getattr(row, name) for name in HelpRequest.__dataclass_fields__})
