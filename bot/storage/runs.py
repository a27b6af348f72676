"""Runs of the quiz as rows: the answers, the conversation's state, and the messages of its thread.

A run has one holder at a time: the piece of work that brings the thread to what the run says. Whatever is done to a
run meanwhile is found by its holder before it lets go, so that messages are never written by two at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Row, String, Table, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.domain import quiz as conversation
from bot.domain.compare import State
from bot.domain.fit import Answers, Given
from bot.domain.quiz import Outcome, Transition
from bot.domain.quiz_content import PURPOSE
from bot.domain.quiz_run import Run, Status
from bot.storage.holds import HELD_AHEAD, held_within
from bot.storage.quiz_versions import QuizVersions, digest_of_quiz
from bot.storage.share_traces import keep_of_runs
from bot.storage.sql import autocommit, insert_into, insert_new
from bot.storage.stored_run import (
    CARD,
    LOST,
    NOT_YOURS,
    NOTE,
    PROMPT,
    ActionResult,
    Applied,
    DueRun,
    Posted,
    StoredRun,
    result_of,
)
from bot.storage.tables import actions, answers, comparisons, messages, runs

TRIES = 20  # a version conflict is answered by reading again: twenty devices clicking at once are not one person
HELD_AT_MOST = 600.0  # seconds; after them whoever held a run has died in a way that nobody took up
HELD_ANEW = 60.0  # seconds after which a holder says again that it is there

_NOT_DELETED = or_(runs.c.state.is_(None), runs.c.state["status"].as_string() != Status.DELETED.value)


def _belongs_to_run(table: Table) -> tuple[ColumnElement[bool], ...]:
    return table.c.team == bindparam("of_team"), table.c.run == bindparam("of_run")


# What each click needs, some of it several times, is put together once: that takes longer than the database itself.
_RUN = (runs.c.team == bindparam("of_team"), runs.c.id == bindparam("of_run"))
RUN = select(runs).where(*_RUN)
RUN_IN_THREAD = select(runs).where(
    runs.c.team == bindparam("of_team"),
    runs.c.user == bindparam("of_user"),
    runs.c.root_ts == bindparam("of_root"),
)
ANSWERS = select(answers.c.question, answers.c.choice, answers.c.other).where(*_belongs_to_run(answers))
MESSAGES = select(messages.c.slot, messages.c.ts, messages.c.digest).where(*_belongs_to_run(messages))
OUTCOME = select(actions.c.outcome).where(*_belongs_to_run(actions), actions.c.by == bindparam("of_work"))
HOLDER = select(runs.c.holder, runs.c.held_at, runs.c.turns).where(*_RUN)
SAVE = update(runs).where(*_RUN, runs.c.turns == bindparam("of_turns"))
HOLD = update(runs).where(*_RUN, or_(runs.c.holder.is_(None), runs.c.holder == bindparam("of_work")))
_HELD_FOR_TOO_LONG = or_(runs.c.held_at < bindparam("too_long_ago"), runs.c.held_at > bindparam("too_far_ahead"))
TAKE_OVER = update(runs).where(*_RUN, _HELD_FOR_TOO_LONG)
RELEASE = update(runs).where(*_RUN, runs.c.turns == bindparam("of_turns"), runs.c.holder == bindparam("of_work"))
RECORD_ACTION = insert(actions)
ADD_ANSWERS = insert(answers)
DELETE_ANSWERS = delete(answers).where(*_belongs_to_run(answers))


class Runs(QuizVersions):
    """The runs of a database, of all teams; each method but the operator's sees the rows of the team it is given."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        columns = {"slot": "new_slot", "ts": "new_ts", "digest": "new_digest"}
        new = select(runs.c.team, runs.c.id, *(bindparam(name, type_=String()) for name in columns.values()))
        put = insert_into(engine, messages).from_select(["team", "run", *columns], new.where(*_RUN))
        replaced = {"ts": put.excluded.ts, "digest": put.excluded.digest}
        self._put = put.on_conflict_do_update(index_elements=["team", "run", "slot"], set_=replaced)

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
        async with autocommit(self._engine) as connection:
            return await self._run(connection, team, run_id)

    async def held(self, team: str, run_id: str, *, by: str, known: StoredRun | None = None) -> StoredRun | None:
        """Hold a run as `lease` does, and give it; None if somebody else holds it or there is none.

        known: what was read of it before, so that less has to be read where nothing was done to it since.
        """
        async with autocommit(self._engine) as connection:
            row = (await connection.execute(RUN, _of(team, run_id))).first()
            if row is not None and _is_held(row.holder, row.held_at, by):
                return await self._stored(connection, row, known)
        return await self.get(team, run_id) if await self.lease(team, run_id, by=by) else None

    async def in_thread(self, team: str, user: str, root_ts: str) -> StoredRun | None:
        """Give the run a person has under a root message, or None as `get` does."""
        async with autocommit(self._engine) as connection:
            of = {"of_team": team, "of_user": user, "of_root": root_ts}
            row = (await connection.execute(RUN_IN_THREAD, of)).first()
            return await self._stored(connection, row) if row else None

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
                stored = await self._run(connection, team, run_id)
                if stored is None:
                    return None
                if user is not None and user != stored.user:
                    return Applied(ActionResult(NOT_YOURS), held=False)
                if (earlier := await self._load_result(connection, team, run_id, by)) is not None:
                    return Applied(earlier, *await self._hold(connection, team, run_id, by), stored)
                if revision is not None and revision != stored.revision:
                    return Applied(ActionResult(Outcome.NOTHING), held=False, stored=stored)
                transition = change(stored.run)
                if saved := await self._save(connection, team, stored, transition, touches=touches):
                    result = result_of(stored, transition)
                    row = {"team": team, "run": run_id, "by": by, "outcome": result.record()}
                    await connection.execute(RECORD_ACTION, row)
                    return Applied(result, *await self._hold(connection, team, run_id, by), saved)
        raise RuntimeError(f"run {run_id} changed {TRIES} times while one action was being stored")

    async def record_message(self, team: str, run_id: str, slot: str, message: Posted) -> None:
        """Remember a message of a run's thread; a later one replaces it. Nothing if there is no such run."""
        async with autocommit(self._engine) as connection:
            await self._put_messages(connection, team, run_id, {slot: message})

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
                await self._put_messages(connection, team, run_id, {LOST: Posted(root_ts, "")})

    async def move_thread(self, team: str, run_id: str, channel: str, card: Posted) -> None:
        """Go on under another root message. Again does nothing.

        What may be left of the thread before is not changed any more; it is only known so that it goes with the run.
        """
        mine = (runs.c.team == team, runs.c.id == run_id, runs.c.root_ts != card.ts)
        async with self._engine.begin() as connection:
            moved = await connection.execute(update(runs).where(*mine).values(channel=channel, root_ts=card.ts))
            if moved.rowcount:
                in_thread = (messages.c.team == team, messages.c.run == run_id)
                await connection.execute(delete(messages).where(*in_thread, messages.c.slot.in_((CARD, LOST))))
                await connection.execute(update(messages).where(*in_thread).values(slot=NOTE + messages.c.ts))
                await self._put_messages(connection, team, run_id, {CARD: card})

    async def lease(
        self, team: str, run_id: str, *, by: str, seconds: float = 0.0, revision: int | None = None
    ) -> bool:
        """Hold a run for as long as usual and so many seconds more; gives whether this piece of work holds it now.

        It does if it has held it or nobody does, which is also what is made of one who has held it for too long; but
        not, if there is a `revision`, once the run has gone on from that.
        """
        async with autocommit(self._engine) as connection:
            row = (await connection.execute(HOLDER, _of(team, run_id))).first()
        if row is None or revision not in (None, row.turns):
            return False
        if _is_held(row.holder, row.held_at, by, seconds):
            return True
        async with self._engine.begin() as connection:
            held_now, _ = await self._hold(connection, team, run_id, by, seconds)
            return held_now

    async def abandoned(self, now: float, *, limit: int) -> list[tuple[str, str, float]]:
        """Name runs of all teams that have been held for too long: team, run, and since when, in seconds since 1970.

        Whatever held them has ended without showing all that was done, has died, or is of another version of us.
        """
        held = select(runs.c.team, runs.c.id, runs.c.held_at).where(runs.c.holder.is_not(None))
        held = held.where(_HELD_FOR_TOO_LONG).order_by(runs.c.held_at).limit(limit)
        async with autocommit(self._engine) as connection:
            return [(row.team, row.id, row.held_at) for row in await connection.execute(held, _too_long(now))]

    async def release(self, team: str, run_id: str, *, by: str, revision: int, shown: Mapping[str, Posted]) -> bool:
        """Remember what messages show, and let go of a run unless it has gone on from this revision.

        Gives whether it is let go of: if not, there is more to show. Letting go again does nothing.
        """
        of = _of(team, run_id)
        async with self._engine.begin() as connection:
            free = {"holder": None, "held_at": None}
            freed = await connection.execute(RELEASE, of | {"of_work": by, "of_turns": revision} | free)
            await self._put_messages(connection, team, run_id, shown)
            if freed.rowcount:
                return True
            row = (await connection.execute(HOLDER, of)).first()
            return row is None or row.holder != by

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
        mine = select(runs).where(runs.c.team == team, runs.c.user == user, _NOT_DELETED)
        if own:
            mine = mine.where(runs.c.comparison.is_(None))
        async with autocommit(self._engine) as connection:
            rows = (await connection.execute(mine.order_by(runs.c.begun_at.desc()).limit(limit))).all()
            rounds = [await self._stored(connection, row) for row in rows]
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
        async with autocommit(self._engine) as connection:
            for run_id in (await connection.scalars(latest_first)).all():
                stored = await self._run(connection, team, run_id)
                if stored and wanted(stored):
                    return stored
        return None

    async def count(self, team: str, user: str) -> int:
        """Count the runs of a person, as `history` lists them."""
        mine = select(func.count()).select_from(runs).where(runs.c.team == team, runs.c.user == user, _NOT_DELETED)
        async with autocommit(self._engine) as connection:
            return await connection.scalar(mine) or 0

    async def finished_before(self, team: str, run_id: str, about: str) -> StoredRun | None:
        """Give the last run with a result that its person began before this one, about the same kind of work, or None.

        about: as in Run.
        """
        this = select(runs.c.user, runs.c.begun_at).where(runs.c.team == team, runs.c.id == run_id)
        async with autocommit(self._engine) as connection:
            row = (await connection.execute(this)).first()
            if row is None:
                return None
            earlier = select(runs.c.id).where(
                runs.c.team == team, runs.c.user == row.user, runs.c.begun_at < row.begun_at, runs.c.id != run_id
            )
            earlier = earlier.where(runs.c.comparison.is_(None))
            earlier = earlier.where(runs.c.finished_at.is_not(None)).order_by(runs.c.begun_at.desc())
            for before in (await connection.scalars(earlier)).all():  # nearly always it is the first
                stored = await self._run(connection, team, before)
                if stored and stored.run.about == about:
                    return stored
            return None

    async def begun_after(self, team: str, run_id: str) -> list[str]:
        """Name the runs that its person began after this one; they may tell what has changed since."""
        this = select(runs.c.user, runs.c.begun_at).where(runs.c.team == team, runs.c.id == run_id)
        async with autocommit(self._engine) as connection:
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
        async with autocommit(self._engine) as connection:
            rows = await connection.execute(due.order_by(runs.c.due_at).limit(limit))
            return [DueRun(row.team, row.id, row.due, row.due_at, row.turns) for row in rows]

    async def postpone(self, team: str, run_id: str, at: float, until: float) -> None:
        """Have a run that was due `at` be due later, unless that has changed meanwhile; in seconds since 1970."""
        mine = (runs.c.team == team, runs.c.id == run_id, runs.c.due_at == at)
        async with self._engine.begin() as connection:
            await connection.execute(update(runs).where(*mine).values(due_at=until))

    async def find(self, run_id: str) -> tuple[str, StoredRun] | None:
        """Look a run up in all teams, for the operator; gives its team too."""
        async with autocommit(self._engine) as connection:
            team = await connection.scalar(select(runs.c.team).where(runs.c.id == run_id))
            stored = await self._run(connection, team, run_id) if team else None
            return (str(team), stored) if stored else None

    async def latest(self, *, limit: int) -> list[tuple[str, StoredRun]]:
        """List the runs of all teams that were begun last, latest first, for the operator; gives their teams too."""
        begun = select(runs.c.team, runs.c.id).order_by(runs.c.begun_at.desc(), runs.c.id).limit(limit)
        async with autocommit(self._engine) as connection:
            rows = (await connection.execute(begun)).all()
            latest = [(row.team, await self._run(connection, row.team, row.id)) for row in rows]
        return [(team, stored) for team, stored in latest if stored]

    async def _run(self, connection: AsyncConnection, team: str, run_id: str) -> StoredRun | None:
        row = (await connection.execute(RUN, _of(team, run_id))).first()
        return await self._stored(connection, row) if row else None

    async def _stored(
        self, connection: AsyncConnection, row: Row[Any], known: StoredRun | None = None
    ) -> StoredRun | None:
        """Give the run of a row, with what belongs to it; None as `get` does. known: as for `held`."""
        of = _of(row.team, row.id)
        shown = {CARD: Posted(row.root_ts, "")}
        if row.state is None and row.asked_ts:  # begun before messages were kept
            shown[f"{PROMPT}:1"] = Posted(row.asked_ts, "")
        shown |= {slot: Posted(ts, digest) for slot, ts, digest in await connection.execute(MESSAGES, of)}
        quiz, digest, carried_over = await self._quiz(connection, row.quiz), row.quiz, None
        if known and known.revision == row.turns and known.run.quiz is quiz and row.comparison is None:
            run = known.run
        else:
            chosen: Answers = {
                question: (choice, *([other] if other else []))
                for question, choice, other in await connection.execute(ANSWERS, of)
            }
            subject, closed = await self._subject(connection, row.team, row.comparison)
            if quiz is not None:
                run = conversation.load(quiz, chosen, row.state, subject)
            elif self._present is None:
                return None
            else:
                digest = digest_of_quiz(self._present)
                run = conversation.carried_over(self._present, chosen, row.state, subject)
                carried_over = (len(run.answers.keys() - {PURPOSE}), len(chosen.keys() - {PURPOSE}))
            run = replace(run, closed=closed) if closed else run
        return StoredRun(
            id=row.id,
            user=row.user,
            channel=row.channel,
            root_ts=row.root_ts,
            answers_version=row.version,
            revision=row.turns,
            zone=row.zone,
            begun_at=row.begun_at.replace(tzinfo=UTC),  # SQLite forgets the time zone it was given
            quiz=digest,
            run=run,
            messages=MappingProxyType(shown),
            carried_over=carried_over,
        )

    async def _subject(self, connection: AsyncConnection, team: str, comparison: str | None) -> tuple[str | None, bool]:
        """Give whose work a run is about that was taken for a comparison, and whether that is over without a reveal.

        The first is empty if that is not known any more, and None for a run of somebody's own.
        """
        if comparison is None:
            return None, False
        compared = select(comparisons.c.sender, comparisons.c.open, comparisons.c.state)
        mine = (comparisons.c.team == team, comparisons.c.id == comparison)
        row = (await connection.execute(compared.where(*mine))).first()
        if row is None:
            return "", True
        return row.sender, not row.open and row.state != State.REVEALED

    async def _save(
        self, connection: AsyncConnection, team: str, stored: StoredRun, transition: Transition, *, touches: bool
    ) -> StoredRun | None:
        """Write the run after an action and give it, if it is still at the revision that was read, otherwise None.

        touches: as for `apply`.
        """
        before, after, now = stored.run, transition.run, datetime.now(UTC)
        of = _of(team, stored.id)
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
        won = await connection.execute(SAVE, of | {"of_turns": stored.revision} | values)
        if not won.rowcount:
            return None
        if changed:
            await connection.execute(DELETE_ANSWERS, of)
            rows = [_row(team, stored.id, question, choices) for question, choices in after.answers.items()]
            if rows:
                await connection.execute(ADD_ANSWERS, rows)
        return replace(
            stored,
            run=after,
            revision=values["turns"],
            answers_version=values["version"],
            quiz=values.get("quiz", stored.quiz),
            carried_over=None,
        )

    async def _load_result(self, connection: AsyncConnection, team: str, run_id: str, by: str) -> ActionResult | None:
        record = await connection.scalar(OUTCOME, _of(team, run_id) | {"of_work": by})
        return ActionResult.read(record) if record else None

    async def _hold(
        self, connection: AsyncConnection, team: str, run_id: str, by: str, seconds: float = 0.0
    ) -> tuple[bool, bool]:
        """Hold a run unless somebody does; gives whether it is held, and whether it was taken from somebody else."""
        now = datetime.now(UTC).timestamp()
        hold = _of(team, run_id) | {"holder": by, "held_at": now + seconds}
        if (await connection.execute(HOLD, hold | {"of_work": by})).rowcount:
            return True, False
        is_taken = bool((await connection.execute(TAKE_OVER, hold | _too_long(now))).rowcount)
        return is_taken, is_taken

    async def _put_messages(
        self, connection: AsyncConnection, team: str, run_id: str, posted: Mapping[str, Posted]
    ) -> None:
        """Keep messages by their slots, in place of what was kept there; nothing if there is no such run."""
        rows = [
            _of(team, run_id) | {"new_slot": slot, "new_ts": message.ts, "new_digest": message.digest}
            for slot, message in posted.items()
        ]
        if rows:
            await connection.execute(self._put, rows[0] if len(rows) == 1 else rows)


def _of(team: str, run_id: str) -> dict[str, Any]:
    """Give the parameters by which the statements above know a run."""
    return {"of_team": team, "of_run": run_id}


def _is_held(holder: str | None, held_at: float | None, by: str, seconds: float = 0.0) -> bool:
    """Say whether this work holds a run, and will for about as long as usual and so many seconds more."""
    if holder != by or held_at is None:
        return False
    ahead = held_at - datetime.now(UTC).timestamp()
    return seconds - HELD_ANEW < ahead < seconds + HELD_AHEAD


def _too_long(now: float) -> dict[str, float]:
    """Give the parameters of `_HELD_FOR_TOO_LONG`, in seconds since 1970."""
    since, until = held_within(now, HELD_AT_MOST)
    return {"too_long_ago": since, "too_far_ahead": until}


def _due(run: Run, now: datetime, zone: str | None) -> dict[str, Any]:
    if due := conversation.due(run, now, zone):
        action, at = due
        return {"due": action.do, "due_at": at.timestamp()}
    return {"due": None, "due_at": None}


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
