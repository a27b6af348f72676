"""Doing something to a run: applied and recorded, shown in its thread, and what follows elsewhere.

One piece of work at a time holds a run and writes its messages, as `bot.slack.reconcile` has it.
"""

from abc import ABC
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from bot import jobs
from bot.domain import actions
from bot.domain.actions import Action, Begin, Delete, Remind, Resume, Show, Undo
from bot.domain.quiz import Outcome, apply
from bot.jobs import current_key, in_doubt, retry_db, step
from bot.slack import home, run_messages
from bot.slack.compare_work import compare_worker
from bot.slack.home import home_worker
from bot.slack.reconcile import Reconciliation, RenderCache, rewritten
from bot.slack.records import Record
from bot.slack.run_links import RunLinksWorker
from bot.slack.run_notes import noted
from bot.slack.run_records import AppliedAction
from bot.slack.share_work import share_worker
from bot.slack.work import Work, short_digest
from bot.storage import ActionResult, StoredRun


class ActingWorker(RunLinksWorker, ABC):
    """A worker that does something to runs."""

    async def _apply(
        self,
        team: str,
        run_id: str,
        action: Action,
        user: str | None = None,
        *,
        revision: int | None = None,
    ) -> ActionResult | None:
        """Apply an action to a run, bring its thread up to date, and have done elsewhere what comes of it.

        Gives what the action has led to, which is also that the user is not the run's owner (NOT_YOURS), or that the
        run has gone on from this revision (NOTHING), and then nothing was done; None if there is no such run. Raises
        what keeps it from being applied or its thread from being brought up to date; the run is let go of then.
        """
        shows = isinstance(action, Show)
        key = f"{current_key()} show" if shows else current_key()  # some work does it besides something else
        # Who is reminded, or goes on from elsewhere, is not in the thread, which may be gone.
        task, cache = Reconciliation(team, run_id, key, find=isinstance(action, Remind | Resume)), RenderCache()

        async def act() -> Record | None:
            done = await self._act(task, action, user, revision, cache)
            if done is None:
                return None
            if done.held and not done.speaks_first:  # in a step of its own it would take two transactions more
                done = done.model_copy(update={"plan": await self._plan(task, cache, None, {})})
            return done.record()

        async with self._freed_on_failure(team, run_id, key, unfinished=not shows):
            record = await step("act", act)  # which holds the run, and may fail after that
            if record is None:
                return None
            applied = AppliedAction.read(record)
            result = applied.result
            if result.carried_over:
                await self._post_note(team, run_id, self._rendered(partial(rewritten, result.carried_over)))
            if result.reopens and result.answers_before is not None:  # what was changed comes before what is asked now
                undone = isinstance(action, Undo)
                await self._post_change(team, run_id, result.answers_before, result.became, undone=undone)
            if applied.held:
                task.doubtful = applied.doubtful
                await self._reconcile(task, cache, applied.plan)
        await self._begin_what_follows(team, run_id, key, applied)
        await self._tell_what_changed(team, run_id, action, result)
        return result

    async def _act(
        self, task: Reconciliation, action: Action, user: str | None, revision: int | None, cache: RenderCache
    ) -> AppliedAction | None:
        """Apply an action in the store, and keep the run in `cache`; None if there is no such run."""
        team, run_id, shows = task.team, task.run_id, isinstance(action, Show)
        applied = await self._store.runs.apply(
            team,
            run_id,
            lambda run: apply(run, action),
            by=task.key,
            user=user,
            revision=revision,
            touches=not shows,
        )
        if applied is None:
            return None
        cache.stored = applied.stored
        # If the database fails from here on, this is done again, and by then the run is not somebody else's any more.
        task.doubtful = task.doubtful or applied.doubtful or in_doubt()
        compared = await self._store.comparisons.open_of_run(team, run_id)
        done = AppliedAction(
            outcome=applied.result.record(),
            held=applied.held,
            doubtful=task.doubtful,
            compared=compared,
        )
        if shows or applied.result.outcome != Outcome.TAKEN:
            return done
        outdated = await self._store.shares.newly_outdated(team, run_id)
        home_of = await self._home_to_change(team, applied.stored, action) if applied.stored else None
        return done.model_copy(update={"outdated": tuple(outdated), "home_of": home_of})

    async def _begin_what_follows(self, team: str, run_id: str, key: str, applied: AppliedAction) -> None:
        """Begin the work that comes of an action elsewhere than in the run's thread."""
        if applied.home_of:
            await home_worker.start(team, applied.home_of, short_digest(key))
        for comparison_id in applied.compared:
            follow = Work.FOLLOW_ROUNDS.key(team, comparison_id, short_digest(key))
            await jobs.start(follow, compare_worker.follow_rounds, team, comparison_id)
        if applied.outdated:
            await self._refresh_receipts(team, run_id, list(applied.outdated))

    async def _refresh_receipts(self, team: str, run_id: str, share_ids: list[str]) -> None:
        refresh = Work.REFRESH_RECEIPTS.key(team, run_id, short_digest(current_key()))
        await jobs.start(refresh, share_worker.refresh_receipts, team, share_ids)

    async def _tell_what_changed(self, team: str, run_id: str, action: Action, result: ActionResult) -> None:
        """Post a line about what an action has changed, where the messages of the thread do not show it below."""
        undone = isinstance(action, Undo)
        if result.answers_before is not None and result.question and not result.reopens:
            await self._post_change(team, run_id, result.answers_before, result.became, undone=undone)
        elif undone and result.overwritten:  # which may complete the result as well, and the line says both
            await self._post_overwritten(team, run_id, result.overwritten, result.became, undone=True)
        elif result.completes and result.question:
            await self._post_completed(team, run_id, result.question)
        elif result.overwritten and isinstance(action, actions.Reply):  # who edits a message looks at that
            await self._post_overwritten(team, run_id, result.overwritten, result.became)
        elif result.same and isinstance(action, actions.Reply | actions.Answer):
            answered = list(action.answers) if isinstance(action, actions.Reply) else [action.question]
            await self._post_note(team, run_id, self._of_run(team, run_id, partial(run_messages.same_answer, answered)))
        if result.ahead and isinstance(action, actions.Reply):
            await self._post_note(team, run_id, self._of_run(team, run_id, partial(noted, result.ahead)))

    async def _home_to_change(self, team: str, stored: StoredRun, action: Action) -> str | None:
        """Give whose Home tab says something else of a run after an action; None where nobody has opened it.

        How far a round is that is open stands only in the list of all rounds.
        """
        if not await self._store.homes.is_opened(team, stored.user):
            return None
        if not stored.waits or isinstance(action, Begin | Resume | Delete):
            return stored.user
        return stored.user if home.lists_rounds(await self._store.homes.shows(team, stored.user)) else None

    @asynccontextmanager
    async def _freed_on_failure(self, team: str, run_id: str, key: str, *, unfinished: bool) -> AsyncIterator[None]:
        """Let go of a run if what holds it fails. What is left `unfinished` is shown when such runs are looked for.

        It is also shown with what is done next; and whoever looks for it leaves nothing unfinished, lest it fails for
        ever.
        """
        try:
            yield
        except Exception:
            # No step, since what is wrong may be the steps themselves; doing it again changes nothing.
            await retry_db(self._store.runs.free, team, run_id, by=key, unfinished=unfinished)
            raise
