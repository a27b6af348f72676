"""Runs of the quiz as rows: the answers, the conversation's state, and the messages of its thread.

A run has one holder at a time: the piece of work that brings the thread to what the run says. Whatever is done to a
run meanwhile is found by its holder before it lets go, so that messages are never written by two at once.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError
from sqlalchemy import ColumnElement, delete, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.domain import quiz as conversation
from bot.domain.compare import State
from bot.domain.content import PURPOSE, Quiz
from bot.domain.fit import Answers, Given
from bot.domain.quiz import Outcome, Run, Status, Transition
from bot.storage.share_traces import keep_of_runs
from bot.storage.sql import insert_new
from bot.storage.tables import actions, answers, comparisons, messages, quizzes, runs

TRIES = 20  # a version conflict is answered by reading again: twenty devices clicking at once are not one person
HELD_AT_MOST = 600.0  # seconds; after them whoever held a run has died in a way that nobody took up
HELD_AHEAD = 1800.0  # seconds; who holds a run until later than that has a clock that was put back since
HELD_ANEW = 60.0  # seconds after which a holder says again that it is there
NOT_YOURS = "not yours"
# Slots of a run's messages: the root of its thread, its questions by number, its result, and by its ts what is not
# changed again.
CARD, PROMPT, RESULT, NOTE = "card", "prompt", "result", "said:"
LOST = "lost"  # in place of a slot: the thread under this root is gone, and another is to be opened


@dataclass(frozen=True)
class Posted:
    """A message of a run's thread: where it is, and the digest of what it shows."""

    ts: str
    digest: str


@dataclass(frozen=True)
class StoredRun:
    """A run with its place: the person, the thread in their direct message, and the messages there, by slot.

    `answers_version` counts the changes of answers; what was previewed at one may not be sent at another. `revision`
    counts all actions. `carried_over`: the version of the quiz it began with cannot be read any more, and the run holds
    what the present one has too; how many answers were kept, of how many.
    """

    id: str
    user: str
    channel: str
    root_ts: str
    answers_version: int
    revision: int
    zone: str | None
    begun_at: datetime
    quiz: str
    run: Run
    messages: Mapping[str, Posted]
    carried_over: tuple[int, int] | None = None

    def prompt_before(self, ts: str) -> int:
        """Number the last prompt that stood in the thread before a message; 0 if none did."""
        numbers = [
            int(slot.rpartition(":")[2])
            for slot, posted in self.messages.items()
            if slot.startswith(f"{PROMPT}:") and float(posted.ts) < float(ts)
        ]
        return max(numbers, default=0)

    @property
    def latest_prompt_ts(self) -> str:
        """The ts of the last prompt that was posted; of the root if none was."""
        prompts = [posted.ts for slot, posted in self.messages.items() if slot.startswith(f"{PROMPT}:")]
        return max(prompts, key=float, default=self.root_ts)

    @property
    def waits(self) -> bool:
        """Whether it waits for answers: it has no result, and its owner has not stopped it."""
        return not self.run.finished and self.run.status is not Status.STOPPED

    @property
    def asked(self) -> bool:
        """Whether the live prompt, if there is one, has been posted."""
        return self.run.asking is None or f"{PROMPT}:{len(self.run.prompts)}" in self.messages


@dataclass(frozen=True)
class ActionResult:
    """What an action has led to, as it is recorded with the run.

    outcome: an `Outcome`, or NOT_YOURS. question: the one it was about. answers_before: by question, if there was a
    result and the action has changed its answers. overwritten: the answers that the action has replaced while there was
    no result, by question, but for the question that was asked just then. ahead: the questions that it has answered
    while another was asked, and still is, or the next. became: what the answers are that it has changed.
    carried_over: as in StoredRun. completes: it has answered what was open of a result whose message was there already.
    reopens: with it there is a question open where there was a result. same: the answers are those of before, and
    nothing is asked in its place.
    """

    outcome: str
    question: str | None = None
    answers_before: dict[str, list[str]] | None = None
    carried_over: tuple[int, int] | None = None
    overwritten: dict[str, list[str]] | None = None
    ahead: list[str] | None = None
    became: dict[str, list[str]] | None = None
    completes: bool = False
    reopens: bool = False
    same: bool = False

    def record(self) -> dict[str, Any]:
        """Give it as plain data, for `read`."""
        kept = list(self.carried_over) if self.carried_over else None
        record = {"what": self.outcome, "question": self.question, "was": self.answers_before, "lost": kept}
        further = {"over": self.overwritten, "ahead": self.ahead, "new": self.became, "completes": self.completes}
        further |= {"reopens": self.reopens, "same": self.same}
        return record | {name: value for name, value in further.items() if value}

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> "ActionResult":
        """Take it from its record."""
        kept = tuple(record["lost"]) if record["lost"] else None
        further = record.get("over"), record.get("ahead"), record.get("new")
        flags = ("completes" in record, "reopens" in record, "same" in record)
        return cls(record["what"], record["question"], record["was"], kept, *further, *flags)


@dataclass(frozen=True)
class Applied:
    """The result of an action, and whether the piece of work that applied it now holds the run.

    doubtful: the run was taken from a holder that has not let go of it, which may have posted what it could not
    remember any more.
    """

    result: ActionResult
    held: bool
    doubtful: bool = False


@dataclass(frozen=True)
class DueRun:
    """A run for which it is time: what to do, by the action's name, since when (seconds since 1970), at a revision."""

    team: str
    run_id: str
    action: str
    at: float
    revision: int


_NOT_DELETED = or_(runs.c.state.is_(None), runs.c.state["status"].as_string() != Status.DELETED.value)


class Runs:
    """The runs of a database, of all teams; each method but the operator's sees the rows of the team it is given."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._quizzes: dict[str, Quiz] = {}
        self._present: Quiz | None = None
        self._readable: Callable[[Quiz], bool] = lambda _: True

    def use_quiz(self, present: Quiz, readable: Callable[[Quiz], bool]) -> None:
        """Take over the present version of the quiz, and the function that tells whether an older one can be shown."""
        self._present, self._readable = present, readable

    async def begin(
        self,
        team: str,
        run_id: str,
        run: Run,
        *,
        user: str,
        channel: str,
        root_ts: str,
        zone: str | None = None,
        comparison: str | None = None,
    ) -> None:
        """Keep a run that begins under a root message, pinned to its version of the quiz; again does nothing.

        comparison: that it is taken for, which has one such run only.
        """
        now = datetime.now(UTC)
        row: dict[str, Any] = {"team": team, "id": run_id, "user": user, "channel": channel, "root_ts": root_ts}
        row |= {"version": 0, "turns": 0, "begun_at": now, "state": run.state(), "zone": zone, "comparison": comparison}
        async with self._engine.begin() as connection:
            row["quiz"] = await self._pin(connection, run.quiz)
            await insert_new(connection, runs, {**row, **_due(run, now, zone)})
            if comparison:
                mine = (comparisons.c.team == team, comparisons.c.id == comparison, comparisons.c.manager_run.is_(None))
                await connection.execute(update(comparisons).where(*mine).values(manager_run=run_id))

    async def get(self, team: str, run_id: str) -> StoredRun | None:
        """Give a run, or None if there is none."""
        async with self._engine.connect() as connection:
            return await self._run(connection, team, runs.c.id == run_id)

    async def in_thread(self, team: str, user: str, root_ts: str) -> StoredRun | None:
        """Give the run a person has under a root message, or None as `get` does."""
        async with self._engine.connect() as connection:
            return await self._run(connection, team, runs.c.user == user, runs.c.root_ts == root_ts)

    async def quiz(self, digest: str) -> Quiz | None:
        """Give a pinned version of the quiz, or None if it cannot be read any more."""
        async with self._engine.connect() as connection:
            return await self._quiz(connection, digest)

    async def pin(self, quiz: Quiz) -> str:
        """Keep a version of the quiz for the runs that begin with it; gives its digest. Again does nothing."""
        async with self._engine.begin() as connection:
            return await self._pin(connection, quiz)

    async def apply(
        self,
        team: str,
        run_id: str,
        change: Callable[[Run], Transition],
        *,
        by: str,
        user: str | None = None,
        revision: int | None = None,
        touches: bool = True,
    ) -> Applied | None:
        """Change a run, and hold it if nobody does; None if there is no such run.

        change: gives the run after an action; it is called again if somebody else has changed the run meanwhile, so
        that two at once are put in order by the run's revision. by: names the piece of work that asks for it; asking
        again in the same name gives the same result again and changes nothing. user: who asks; of anybody but the
        run's owner it is NOT_YOURS. revision: it is only meant for the run as it was then, and otherwise NOTHING.
        touches: reminder and expiry are counted from now on. Raises what `change` raises.
        """
        for _ in range(TRIES):
            async with self._engine.begin() as connection:
                stored = await self._run(connection, team, runs.c.id == run_id)
                if stored is None:
                    return None
                if user is not None and user != stored.user:
                    return Applied(ActionResult(NOT_YOURS), held=False)
                if (known := await self._load_result(connection, team, run_id, by)) is not None:
                    return Applied(known, *await self._hold(connection, team, run_id, by))
                if revision is not None and revision != stored.revision:
                    return Applied(ActionResult(Outcome.NOTHING), held=False)
                transition = change(stored.run)
                if await self._save(connection, team, stored, transition, touches=touches):
                    result = _make_result(stored, transition)
                    row = {"team": team, "run": run_id, "by": by, "outcome": result.record()}
                    await connection.execute(insert(actions).values(row))
                    return Applied(result, *await self._hold(connection, team, run_id, by))
        raise RuntimeError(f"run {run_id} changed {TRIES} times while one action was being stored")

    async def record_message(self, team: str, run_id: str, slot: str, message: Posted) -> None:
        """Remember a message of a run's thread; a later one replaces it. Nothing if there is no such run."""
        async with self._engine.begin() as connection:
            if await connection.scalar(select(runs.c.id).where(runs.c.team == team, runs.c.id == run_id)):
                await self._put_message(connection, team, run_id, slot, message)

    async def forget_message(self, team: str, run_id: str, slot: str) -> None:
        """Forget a message that is gone; again does nothing."""
        mine = (messages.c.team == team, messages.c.run == run_id, messages.c.slot == slot)
        async with self._engine.begin() as connection:
            await connection.execute(delete(messages).where(*mine))

    async def lose_thread(self, team: str, run_id: str, root_ts: str) -> None:
        """Note that a run's thread is gone and is to be opened anew, if it still is the one under this root."""
        mine = (runs.c.team == team, runs.c.id == run_id, runs.c.root_ts == root_ts)
        async with self._engine.begin() as connection:
            if await connection.scalar(select(runs.c.id).where(*mine)):
                await self._put_message(connection, team, run_id, LOST, Posted(root_ts, ""))

    async def move_thread(self, team: str, run_id: str, channel: str, card: Posted) -> None:
        """Go on under another root message. Again does nothing.

        What may be left of the thread before is not changed any more; it is only known so that it goes with the run.
        """
        mine = (runs.c.team == team, runs.c.id == run_id, runs.c.root_ts != card.ts)
        async with self._engine.begin() as connection:
            moved = await connection.execute(update(runs).where(*mine).values(channel=channel, root_ts=card.ts))
            if moved.rowcount:
                there = (messages.c.team == team, messages.c.run == run_id)
                await connection.execute(delete(messages).where(*there, messages.c.slot.in_((CARD, LOST))))
                await connection.execute(update(messages).where(*there).values(slot=NOTE + messages.c.ts))
                await self._put_message(connection, team, run_id, CARD, card)

    async def lease(self, team: str, run_id: str, *, by: str, seconds: float = 0.0) -> bool:
        """Hold a run for as long as usual and so many seconds more; gives whether this piece of work holds it now.

        It does if it has held it or nobody does, which is also what is made of one who has held it for too long.
        """
        now = datetime.now(UTC).timestamp()
        async with self._engine.begin() as connection:
            held = select(runs.c.holder, runs.c.held_at).where(runs.c.team == team, runs.c.id == run_id)
            row = (await connection.execute(held)).first()
            if row is None:
                return False
            ahead = row.held_at - now if row.holder == by and row.held_at is not None else None
            if ahead is not None and seconds - HELD_ANEW < ahead < seconds + HELD_AHEAD:
                return True
            held_now, _ = await self._hold(connection, team, run_id, by, seconds)
            return held_now

    async def abandoned(self, now: float, *, limit: int) -> list[tuple[str, str, float]]:
        """Name runs of all teams that have been held for too long: team, run, and since when, in seconds since 1970.

        Whatever held them has ended without showing all that was done, has died, or is of another version of us.
        """
        held = select(runs.c.team, runs.c.id, runs.c.held_at).where(runs.c.holder.is_not(None))
        held = held.where(_held_for_too_long(now)).order_by(runs.c.held_at).limit(limit)
        async with self._engine.connect() as connection:
            return [(row.team, row.id, row.held_at) for row in await connection.execute(held)]

    async def release(self, team: str, run_id: str, *, by: str, revision: int, shown: Mapping[str, Posted]) -> bool:
        """Remember what messages show, and let go of a run unless it has gone on from this revision.

        Gives whether it is let go of: if not, there is more to show. Letting go again does nothing.
        """
        mine = (runs.c.team == team, runs.c.id == run_id)
        async with self._engine.begin() as connection:
            now = await connection.scalar(select(runs.c.turns).where(*mine))
            if now is None:
                return True
            for slot, message in shown.items():
                await self._put_message(connection, team, run_id, slot, message)
            freed = update(runs).where(*mine, runs.c.holder == by, runs.c.turns == revision)
            await connection.execute(freed.values(holder=None, held_at=None))
            left = select(runs.c.id).where(*mine, runs.c.holder == by)
            return await connection.scalar(left) is None

    async def free(self, team: str, run_id: str, *, by: str, unfinished: bool = False) -> None:
        """Let go of a run whatever has been done to it, because this piece of work ends.

        unfinished: not all is shown that was done to it. It is `abandoned`, for whoever comes next to go on with.
        """
        mine = (runs.c.team == team, runs.c.id == run_id, runs.c.holder == by)
        freed: dict[str, Any] = {"holder": None, "held_at": None}
        if unfinished:
            freed = {"held_at": datetime.now(UTC).timestamp() - HELD_AT_MOST - HELD_ANEW}
        async with self._engine.begin() as connection:
            await connection.execute(update(runs).where(*mine).values(freed))

    async def history(self, team: str, user: str, *, limit: int, own: bool = False) -> list[StoredRun]:
        """Give the runs of a person, latest first, but for those that are about to be deleted.

        own: without those that were taken for a comparison.
        """
        mine = select(runs.c.id).where(runs.c.team == team, runs.c.user == user, _NOT_DELETED)
        if own:
            mine = mine.where(runs.c.comparison.is_(None))
        async with self._engine.connect() as connection:
            ids = (await connection.scalars(mine.order_by(runs.c.begun_at.desc()).limit(limit))).all()
            rounds = [await self._run(connection, team, runs.c.id == run_id) for run_id in ids]
        return [stored for stored in rounds if stored]

    async def waiting(self, team: str, user: str) -> StoredRun | None:
        """Give the latest run of a person, about something of their own, that waits for answers; None if none does."""
        stopped = runs.c.state["status"].as_string() == Status.STOPPED.value
        unfinished = (runs.c.finished_at.is_(None), or_(runs.c.state.is_(None), ~stopped))
        return await self._latest_own(team, user, *unfinished, wanted=lambda stored: stored.waits)

    async def latest_result(self, team: str, user: str) -> StoredRun | None:
        """Give the latest run of a person, about something of their own, whose result they may share, or None."""
        has_result = runs.c.finished_at.is_not(None)
        return await self._latest_own(team, user, has_result, wanted=lambda stored: stored.run.shareable)

    async def _latest_own(
        self, team: str, user: str, *which: ColumnElement[bool], wanted: Callable[[StoredRun], bool]
    ) -> StoredRun | None:
        """Give the latest of a person's own runs among those, `which`, that is `wanted`; nearly always the first."""
        own = (runs.c.team == team, runs.c.user == user, runs.c.comparison.is_(None), _NOT_DELETED)
        latest_first = select(runs.c.id).where(*own, *which).order_by(runs.c.begun_at.desc())
        async with self._engine.connect() as connection:
            for run_id in (await connection.scalars(latest_first)).all():
                stored = await self._run(connection, team, runs.c.id == run_id)
                if stored and wanted(stored):
                    return stored
        return None

    async def count(self, team: str, user: str) -> int:
        """Count the runs of a person, as `history` lists them."""
        mine = select(func.count()).select_from(runs).where(runs.c.team == team, runs.c.user == user, _NOT_DELETED)
        async with self._engine.connect() as connection:
            return await connection.scalar(mine) or 0

    async def finished_before(self, team: str, run_id: str) -> StoredRun | None:
        """Give the last run with a result that its person began before this one, or None."""
        this = select(runs.c.user, runs.c.begun_at).where(runs.c.team == team, runs.c.id == run_id)
        async with self._engine.connect() as connection:
            row = (await connection.execute(this)).first()
            if row is None:
                return None
            earlier = select(runs.c.id).where(
                runs.c.team == team, runs.c.user == row.user, runs.c.begun_at < row.begun_at, runs.c.id != run_id
            )
            earlier = earlier.where(runs.c.comparison.is_(None))
            earlier = earlier.where(runs.c.finished_at.is_not(None)).order_by(runs.c.begun_at.desc()).limit(1)
            before = await connection.scalar(earlier)
            return await self._run(connection, team, runs.c.id == before) if before else None

    async def begun_after(self, team: str, run_id: str) -> list[str]:
        """Name the runs that its person began after this one; they may tell what has changed since."""
        this = select(runs.c.user, runs.c.begun_at).where(runs.c.team == team, runs.c.id == run_id)
        async with self._engine.connect() as connection:
            row = (await connection.execute(this)).first()
            if row is None:
                return []
            later = select(runs.c.id).where(
                runs.c.team == team, runs.c.user == row.user, runs.c.begun_at >= row.begun_at, runs.c.id != run_id
            )
            return list(await connection.scalars(later.order_by(runs.c.begun_at)))

    async def delete(self, team: str, run_id: str) -> None:
        """Delete a run with all that belongs to it; again does nothing. What was shared stays with who has it."""
        async with self._engine.begin() as connection:
            mine = (runs.c.team == team, runs.c.id == run_id)
            await keep_of_runs(connection, *mine)
            await connection.execute(delete(runs).where(*mine))

    async def due(self, now: float, *, limit: int) -> list[DueRun]:
        """Give the runs of all teams for which it is time, in seconds since 1970; longest overdue first."""
        due = select(runs.c.team, runs.c.id, runs.c.due, runs.c.due_at, runs.c.turns).where(runs.c.due_at <= now)
        async with self._engine.connect() as connection:
            rows = await connection.execute(due.order_by(runs.c.due_at).limit(limit))
            return [DueRun(row.team, row.id, row.due, row.due_at, row.turns) for row in rows]

    async def postpone(self, team: str, run_id: str, at: float, until: float) -> None:
        """Have a run that was due `at` be due later, unless that has changed meanwhile; in seconds since 1970."""
        mine = (runs.c.team == team, runs.c.id == run_id, runs.c.due_at == at)
        async with self._engine.begin() as connection:
            await connection.execute(update(runs).where(*mine).values(due_at=until))

    async def find(self, run_id: str) -> tuple[str, StoredRun] | None:
        """Look a run up in all teams, for the operator; gives its team too."""
        async with self._engine.connect() as connection:
            team = await connection.scalar(select(runs.c.team).where(runs.c.id == run_id))
            stored = await self._run(connection, team, runs.c.id == run_id) if team else None
            return (str(team), stored) if stored else None

    async def latest(self, *, limit: int) -> list[tuple[str, StoredRun]]:
        """List the runs of all teams that were begun last, latest first, for the operator; gives their teams too."""
        begun = select(runs.c.team, runs.c.id).order_by(runs.c.begun_at.desc(), runs.c.id).limit(limit)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(begun)).all()
            found = [(row.team, await self._run(connection, row.team, runs.c.id == row.id)) for row in rows]
        return [(team, stored) for team, stored in found if stored]

    async def _run(self, connection: AsyncConnection, team: str, *where: Any) -> StoredRun | None:
        row = (await connection.execute(select(runs).where(runs.c.team == team, *where))).mappings().first()
        if row is None:
            return None
        mine = (answers.c.team == team, answers.c.run == row["id"])
        answer_rows = await connection.execute(select(answers).where(*mine))
        chosen: Answers = {
            answer.question: (answer.choice, *([answer.other] if answer.other else [])) for answer in answer_rows
        }
        there = select(messages).where(messages.c.team == team, messages.c.run == row["id"])
        shown = {CARD: Posted(row["root_ts"], "")}
        if row["state"] is None and row["asked_ts"]:  # begun before messages were kept
            shown[f"{PROMPT}:1"] = Posted(row["asked_ts"], "")
        shown |= {message.slot: Posted(message.ts, message.digest) for message in await connection.execute(there)}
        quiz, digest, carried_over = await self._quiz(connection, row["quiz"]), row["quiz"], None
        subject, closed = await self._subject(connection, team, row["comparison"])
        if quiz is not None:
            run = conversation.load(quiz, chosen, row["state"], subject)
        elif self._present is None:
            return None
        else:
            digest = _digest(self._present)
            asked = len((row["state"] or {}).get("prompts", []))
            run = conversation.carried_over(self._present, chosen, asked, subject)
            carried_over = (len(run.answers.keys() - {PURPOSE}), len(chosen.keys() - {PURPOSE}))
        return StoredRun(
            id=row["id"],
            user=row["user"],
            channel=row["channel"],
            root_ts=row["root_ts"],
            answers_version=row["version"],
            revision=row["turns"],
            zone=row["zone"],
            begun_at=row["begun_at"].replace(tzinfo=UTC),  # SQLite forgets the time zone it was given
            quiz=digest,
            run=replace(run, closed=closed) if closed else run,
            messages=MappingProxyType(shown),
            carried_over=carried_over,
        )

    async def _subject(self, connection: AsyncConnection, team: str, comparison: str | None) -> tuple[str | None, bool]:
        """Give whose work a run is about that was taken for a comparison, and whether that is over without a reveal.

        The first is empty if that is not known any more, and None for a run of somebody's own.
        """
        if comparison is None:
            return None, False
        known = select(comparisons.c.sender, comparisons.c.open, comparisons.c.state)
        mine = (comparisons.c.team == team, comparisons.c.id == comparison)
        row = (await connection.execute(known.where(*mine))).first()
        if row is None:
            return "", True
        return row.sender, not row.open and row.state != State.REVEALED

    async def _save(
        self, connection: AsyncConnection, team: str, stored: StoredRun, transition: Transition, *, touches: bool
    ) -> bool:
        """Write the run after an action, if it is still at the revision that was read. `touches` as for `apply`."""
        before, after, now = stored.run, transition.run, datetime.now(UTC)
        mine = (runs.c.team == team, runs.c.id == stored.id)
        changed = dict(before.answers) != dict(after.answers) or stored.carried_over is not None
        values: dict[str, Any] = {
            "state": after.state(),
            "turns": stored.revision + 1,
            "version": stored.answers_version + changed,
            "finished_at": now.timestamp() if after.finished else None,
            **(_due(after, now, stored.zone) if touches else {}),
        }
        if stored.carried_over is not None and self._present is not None:
            values["quiz"] = await self._pin(connection, self._present)
        won = await connection.execute(update(runs).where(*mine, runs.c.turns == stored.revision).values(values))
        if not won.rowcount:
            return False
        if changed:
            await connection.execute(delete(answers).where(answers.c.team == team, answers.c.run == stored.id))
            rows = [_row(team, stored.id, question, choices) for question, choices in after.answers.items()]
            if rows:
                await connection.execute(insert(answers), rows)
        return True

    async def _load_result(self, connection: AsyncConnection, team: str, run_id: str, by: str) -> ActionResult | None:
        mine = (actions.c.team == team, actions.c.run == run_id, actions.c.by == by)
        record = await connection.scalar(select(actions.c.outcome).where(*mine))
        return ActionResult.read(record) if record else None

    async def _hold(
        self, connection: AsyncConnection, team: str, run_id: str, by: str, seconds: float = 0.0
    ) -> tuple[bool, bool]:
        """Hold a run unless somebody does; gives whether it is held, and whether it was taken from somebody else."""
        now = datetime.now(UTC).timestamp()
        mine = (runs.c.team == team, runs.c.id == run_id)
        before = await connection.scalar(select(runs.c.holder).where(*mine))
        free = or_(runs.c.holder.is_(None), runs.c.holder == by, _held_for_too_long(now))
        held = update(runs).where(*mine, free).values(holder=by, held_at=now + seconds)
        is_held = bool((await connection.execute(held)).rowcount)
        return is_held, is_held and before not in (None, by)

    async def _pin(self, connection: AsyncConnection, quiz: Quiz) -> str:
        """Keep a version of the quiz for a run that this transaction is about to write."""
        digest = _digest(quiz)
        # Locked, where the database can, so that nobody forgets it before the run is written.
        kept = select(quizzes.c.digest).where(quizzes.c.digest == digest).with_for_update(read=True, key_share=True)
        while True:
            await insert_new(connection, quizzes, {"digest": digest, "content": quiz.model_dump(mode="json")})
            if await connection.scalar(kept):
                return digest

    async def forget_quizzes(self) -> None:
        """Delete the versions of the quiz that no run is pinned to, except the present one."""
        present = _digest(self._present) if self._present else ""
        unused = (~exists().where(runs.c.quiz == quizzes.c.digest), quizzes.c.digest != present)
        async with self._engine.connect() as connection:  # which keeps nobody from writing
            if await connection.scalar(select(quizzes.c.digest).where(*unused).limit(1)) is None:
                return
        try:
            async with self._engine.begin() as connection:
                await connection.execute(delete(quizzes).where(*unused))
        except IntegrityError:  # a run was pinned to one of them meanwhile; the next time tells the others apart
            return

    async def _quiz(self, connection: AsyncConnection, digest: str) -> Quiz | None:
        if digest not in self._quizzes:
            content = await connection.scalar(select(quizzes.c.content).where(quizzes.c.digest == digest))
            try:
                self._quizzes[digest] = Quiz.model_validate(content)
            except ValidationError:  # written by a version of the bot whose quizzes had another shape
                return None
        quiz = self._quizzes[digest]
        return quiz if self._readable(quiz) else None

    async def _put_message(
        self, connection: AsyncConnection, team: str, run_id: str, slot: str, message: Posted
    ) -> None:
        key = {"team": team, "run": run_id, "slot": slot}
        await insert_new(connection, messages, {**key, "ts": message.ts, "digest": message.digest})
        mine = (messages.c.team == team, messages.c.run == run_id, messages.c.slot == slot)
        await connection.execute(update(messages).where(*mine).values(ts=message.ts, digest=message.digest))


def _held_for_too_long(now: float) -> ColumnElement[bool]:
    return or_(runs.c.held_at < now - HELD_AT_MOST, runs.c.held_at > now + HELD_AHEAD)


def _digest(quiz: Quiz) -> str:
    return hashlib.sha256(quiz.model_dump_json().encode()).hexdigest()


def _due(run: Run, now: datetime, zone: str | None) -> dict[str, Any]:
    if due := conversation.due(run, now, zone):
        action, at = due
        return {"due": action.do, "due_at": at.timestamp()}
    return {"due": None, "due_at": None}


def _make_result(stored: StoredRun, transition: Transition) -> ActionResult:
    before, after = stored.run, transition.run
    changed = transition.outcome is Outcome.TAKEN and dict(before.answers) != dict(after.answers)
    answers_before = {question: list(choices) for question, choices in before.answers.items()}
    revised = changed and before.finished and after.status is not Status.DELETED
    was = answers_before if revised else None
    asked = before.prompts[-1].question if before.live else None
    over = {name: was for name, was in answers_before.items() if changed and not before.finished and name != asked}
    over = {name: was for name, was in over.items() if list(after.answers.get(name, was)) != was}
    new = [name for name in after.answers if name not in before.answers]
    ahead = new if changed and asked and asked not in new and not after.finished else []
    became = {name: list(now) for name, now in after.answers.items() if list(now) != answers_before.get(name)}
    # By the messages before the action: who holds the run may post the result as soon as it is known.
    shown = transition.outcome is Outcome.TAKEN and RESULT in stored.messages
    completes = shown and before.recommendation is None and after.recommendation is not None
    reopens = was is not None and before.recommendation is not None and after.recommendation is None
    # Of a double click the second has left the run as it was; and a question that comes next says enough.
    same = transition.outcome is Outcome.REPEATED and after is not before and after.prompts == before.prompts
    return ActionResult(
        transition.outcome,
        transition.question,
        was,
        stored.carried_over,
        overwritten=over or None,
        ahead=ahead or None,
        became=became if was or over else None,
        completes=completes,
        reopens=reopens,
        same=same,
    )


def _row(team: str, run_id: str, question: str, choices: Given) -> dict[str, Any]:
    choice, *other = choices
    return {
        "team": team,
        "run": run_id,
        "question": question,
        "choice": choice,
        "other": other[0] if other else None,
        "taken_by": "",  # the actions say who; an old replica still reads it
    }
