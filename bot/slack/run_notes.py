"""What is said in the thread of a run besides the messages that show it, and where to find what a click has changed."""

import asyncio
import contextlib
import time
from abc import ABC
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import inf
from types import MappingProxyType

from bot import jobs, work_records
from bot.domain.quiz_content import Question
from bot.domain.quiz_run import PARTS, Run, Status
from bot.jobs import current_key, step
from bot.knowledge import Library
from bot.slack.change_notes import (
    Copies,
    change_note,
    completed_note,
    marks,
    marks_of_replaced,
    overwritten_note,
    shortened,
)
from bot.slack.gateway import Render
from bot.slack.pieces import Message, plain
from bot.slack.reconcile import ReconcilingWorker
from bot.slack.records import Record
from bot.slack.result import quoted
from bot.slack.run_messages import CHANGE, change_slot, note_slot
from bot.slack.run_records import RunPlace
from bot.slack.text import fill
from bot.slack.work import Work
from bot.storage import CARD, PROMPT, RESULT, Posted, StoredRun

# Seconds to wait for work that was asked for earlier, and between two looks whether it has ended in another process.
PATIENCE, ELSEWHERE = 10.0, 0.2

MOST_COPIES = 3  # that a line about a change names


class RunNotesWorker(ReconcilingWorker, ABC):
    """A worker that says things between the questions."""

    async def _place(self, team: str, run_id: str) -> RunPlace | None:
        """Look, in a step, where a run is; None if it is gone, or is being deleted."""

        async def look() -> Record | None:
            stored = await self._store.runs.get(team, run_id)
            if stored is None or stored.run.status is Status.DELETED:
                return None
            return RunPlace(
                user=stored.user,
                channel=stored.channel,
                root_ts=stored.root_ts,
                asking=stored.run.asking is not None,
                parts={slot: posted.ts for slot, posted in stored.messages.items() if slot in PARTS},
                latest_ts=stored.latest_prompt_ts,
            ).record()

        record = await step("look", look)
        return RunPlace.read(record) if record else None

    def _of_run(self, team: str, run_id: str, render: Callable[[Run, Library], Message | None]) -> Render:
        """Give a function that renders a message from the run as it stands at that time; None if the run is gone."""

        async def now() -> Message | None:
            stored = await self._store.runs.get(team, run_id)
            return render(stored.run, self._library) if stored else None

        return now

    async def _post_note(self, team: str, run_id: str, render: Render) -> str | None:
        """Post something between the questions, unless the run is being deleted; gives its ts."""
        place = await self._place(team, run_id)
        return await self._post_in_run(team, run_id, place.channel, place.root_ts, render) if place else None

    async def _post_change(
        self,
        team: str,
        run_id: str,
        answers_before: Mapping[str, Sequence[str]],
        became: Mapping[str, Sequence[str]] | None,
        *,
        undone: bool = False,
    ) -> None:
        """Post a line that says what changing answers did to the result, and shorten earlier lines of that kind.

        The line links to the result if that stands far above. became: the new values of the changed answers, as there
        may have been further changes since; None in work that an earlier version of the bot has recorded.
        """

        async def change() -> Message | None:
            stored = await self._store.runs.get(team, run_id)
            if stored is None:
                return None
            run, link, copies = _as_of(stored.run, answers_before, became), None, Copies()
            if run.recommendation is not None:
                copies = await self._outdated_copies(team, stored)
                if (result_ts := far_result(stored)) is not None:
                    link = await self._gateway.sees_permalink(team, stored.channel, result_ts)
            return change_note(answers_before, run, self._library, link, copies, undone=undone)

        def marked(stored: StoredRun) -> str:
            return marks(stored.quiz, answers_before, _as_of(stored.run, answers_before, became))

        await self._post_change_line(team, run_id, change, marked)

    async def _post_completed(self, team: str, run_id: str, question: str) -> None:
        """Post a line with the result, as the last open question, this one, is answered; see `_post_change`."""

        async def completed() -> Message | None:
            stored = await self._store.runs.get(team, run_id)
            if stored is None or stored.run.recommendation is None:
                return None
            link = None
            if (result_ts := far_result(stored)) is not None:
                link = await self._gateway.sees_permalink(team, stored.channel, result_ts)
            return completed_note(stored.run, self._library, link, await self._outdated_copies(team, stored))

        def marked(stored: StoredRun) -> str:
            before = {name: choices for name, choices in stored.run.answers.items() if name != question}
            return marks(stored.quiz, before, stored.run)

        # Lines about earlier changes speak of an open question: they are out of date, whether seen or not.
        await self._post_change_line(team, run_id, completed, marked, replaces_unseen=True)

    async def _outdated_copies(self, team: str, stored: StoredRun) -> Copies:
        """Give the people whose copy of a result is out of date now, each with a link to its receipt if it has one."""
        copies: Copies = {}
        for share in await self._store.shares.live(team, stored.user):
            if not share.is_live or not share.recipient or share.recipient in copies or len(copies) == MOST_COPIES:
                continue
            if stored.id in await self._store.shares.newer(team, share):
                ts = share.receipt_ts
                copies[share.recipient] = await self._gateway.sees_permalink(team, stored.channel, ts) if ts else None
        return copies

    async def _post_overwritten(
        self,
        team: str,
        run_id: str,
        before: Mapping[str, Sequence[str]],
        became: Mapping[str, Sequence[str]] | None,
        *,
        undone: bool = False,
    ) -> None:
        """Post a line with the answers that a message far below their questions has replaced; see `_post_change`."""

        def as_it_became(run: Run) -> Run:
            changed_back = {name for name in before if list(run.answers.get(name, ())) == list(before[name])}
            since = {name: choices for name, choices in (became or {}).items() if name not in changed_back}
            return _as_of(run, {}, since)

        async def overwritten() -> Message | None:
            stored = await self._store.runs.get(team, run_id)
            if stored is None:
                return None
            ts, link = question_ts(stored, next(iter(before))), None
            if ts is not None:
                link = await self._gateway.sees_permalink(team, stored.channel, ts)
            return overwritten_note(before, as_it_became(stored.run), self._library, link, undone=undone)

        def marked(stored: StoredRun) -> str:
            return marks_of_replaced(stored.quiz, before, as_it_became(stored.run))

        await self._post_change_line(team, run_id, overwritten, marked)

    async def _post_change_line(
        self,
        team: str,
        run_id: str,
        render: Render,
        marked: Callable[[StoredRun], str],
        *,
        replaces_unseen: bool = False,
    ) -> None:
        """Post a line about a change, and shorten earlier ones to the answers that were changed.

        So only the last line says what the result is. An earlier line is left as it is if it was posted after this
        change was made, when nobody could have seen it yet, unless `replaces_unseen`. marked: gives what `marks` wrote
        down for the line, for the time when it is shortened.
        """
        await step("turn of the line", self._after_earlier_changes, team, run_id, current_key())
        place = await self._place(team, run_id)
        if place is None:
            return
        channel, root_ts = place.channel, place.root_ts
        posted = await self._gateway.post_message(team, channel, render, thread_ts=root_ts)
        if posted is None:
            return
        ts, made_at = posted[1], _made_at(current_key())

        async def remember() -> None:
            if stored := await self._store.runs.get(team, run_id):
                await self._store.runs.record_message(team, run_id, change_slot(ts), Posted(ts, marked(stored)))

        await step("remember", remember)

        async def earlier() -> list[str]:
            stored = await self._store.runs.get(team, run_id)
            shown = stored.messages if stored else {}
            seen = float(ts) if replaces_unseen else min(float(ts), made_at)
            return [note.ts for slot, note in shown.items() if slot.startswith(CHANGE) and float(note.ts) < seen]

        for earlier_ts in await step("earlier changes", earlier):
            await self._shorten_change_line(team, run_id, channel, earlier_ts)

    async def _shorten_change_line(self, team: str, run_id: str, channel: str, ts: str) -> None:
        """Shorten a line about a change to the answers that were changed; delete it if these are not known any more."""

        async def short() -> Message | None:
            stored = await self._store.runs.get(team, run_id)
            line = stored.messages.get(change_slot(ts)) if stored else None
            return shortened(line.digest, stored.quiz, stored.run, self._library) if stored and line else None

        async def is_known() -> bool:
            return await short() is not None

        if await step("known", is_known):
            await self._gateway.update_message(team, channel, ts, short)
            await step("keep", self._store.runs.record_message, team, run_id, note_slot(ts), Posted(ts, ""))
        else:
            await self._gateway.delete_message(team, channel, ts)
        await step("forget", self._store.runs.forget_message, team, run_id, change_slot(ts))

    async def _after_earlier_changes(self, team: str, run_id: str, key: str) -> None:
        """Wait, within a step and for some seconds at most, for the work of earlier clicks and messages in this run."""
        kinds: list[str] = [kind.key(team, run_id, "") for kind in (Work.REPLY, Work.EDIT_OF_REPLY, Work.CLICK)]
        until = time.monotonic() + PATIENCE
        with jobs.watch_ends(kinds) as ended:
            while any(_made_at(other) < _made_at(key) for other in await work_records.unfinished(kinds)):
                if time.monotonic() > until:
                    return
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(ELSEWHERE):
                        await ended.wait()
                ended.clear()


def _made_at(key: str) -> float:
    """Give the time of the click, message or edit that work is about: the last part of its key, in seconds since 1970.

    Infinity for work whose key has no time, which sorts behind all other.
    """
    try:
        return float(key.rpartition(":")[2])
    except ValueError:
        return inf


def _as_of(run: Run, before: Mapping[str, Sequence[str]], became: Mapping[str, Sequence[str]] | None) -> Run:
    """Give the run as it was right after a change, without the changes that came later.

    before: all answers before the change; if empty, those that the run has now. became: the changed answers after it,
    of which those that are empty were taken back.
    """
    if became is None:
        return run
    answers = {name: tuple(choices) for name, choices in {**(before or run.answers), **became}.items() if choices}
    return replace(run, answers=MappingProxyType(answers))


def noted(questions: Sequence[str], run: Run, library: Library) -> Message | None:
    """Confirm answers to questions that had not been asked yet, and name the live one; None if none is left."""
    words, lines = library.words.quiz, list[str]()
    for question in run.numbered:
        if question.id in questions and (choices := run.chosen(question.id)):
            choice = quoted(choices, library)
            lines.append(fill(words.noted, number=str(run.number(question)), choice=choice))
    live_question = run.open_question
    if lines and isinstance(live_question, Question):
        lines.append(fill(words.noted_open, number=str(run.number(live_question))))
    return plain(" ".join(lines)) if lines else None


def far_result(stored: StoredRun) -> str | None:
    """Give the ts of a result that does not stand next above the last message of its thread; None without one."""
    result = stored.messages.get(RESULT)
    if result is None:
        return None
    below = [
        posted
        for slot, posted in stored.messages.items()
        if slot != CARD and posted.ts and float(posted.ts) > float(result.ts)
    ]
    return result.ts if len(below) > 1 else None


def question_ts(stored: StoredRun, question: str) -> str | None:
    """Give the ts of the last message that asks a question; None if there is none."""
    slots = [f"{PROMPT}:{number}" for number, prompt in enumerate(stored.run.prompts, 1) if prompt.question == question]
    shown = [stored.messages[slot].ts for slot in slots if slot in stored.messages]
    return shown[-1] if shown else None
