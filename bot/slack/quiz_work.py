"""The work of the quiz: beginning a round, what was clicked and typed in it, what is due of it, and deleting it."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from bot import jobs, work_records
from bot.domain import actions
from bot.domain import quiz as conversation
from bot.domain.actions import (
    Action,
    AskAgain,
    Begin,
    Change,
    Delete,
    Expire,
    Grade,
    Manage,
    OpenPart,
    Pause,
    Remind,
    Resume,
    Show,
    Skip,
    Stop,
    Undo,
    aimed_at,
)
from bot.domain.faq import Surface
from bot.domain.quiz import Outcome
from bot.domain.quiz_run import Run
from bot.domain.reply_kinds import ANSWER
from bot.domain.review import REVIEW
from bot.jobs import current_key, pause, step, worker, workflow
from bot.knowledge import Library
from bot.slack import blocks, feedback_blocks, history, run_messages, share_rows, work
from bot.slack.compare_work import compare_worker
from bot.slack.faq import count_reply, faq_worker
from bot.slack.gateway import Render, plain_data, recorded
from bot.slack.home import home_worker
from bot.slack.pieces import Message
from bot.slack.reconcile import UNKNOWN, Later, Reconciliation, RenderCache, UpToDate, digest
from bot.slack.records import Record
from bot.slack.run_actions import ActingWorker
from bot.slack.run_asides import RunAside, confirmation, is_asked_anew, render_aside, with_open_question
from bot.slack.run_links import ON_HOME
from bot.slack.run_messages import note_slot
from bot.slack.run_records import BegunRun, PreparedRun
from bot.slack.slack_calls import SlackWorkError
from bot.slack.work import Work, address_digest, short_digest
from bot.storage import CARD, NOT_YOURS, ActionResult, Posted, StoredComparison
from bot.work_registry import formerly

ENDED = 60.0  # seconds after which what was under way when a run was deleted has ended
TO_PERSON = "person"  # the intent of small talk of who wants to reach a person
# Updates that nobody waits for are tried so often, with pauses that double: for some eight hours.
REFRESHES, FIRST_PAUSE, LONGEST_PAUSE = 500, 0.5, 60.0

# What is done to a round because its time has come, by the names of the store, which are recorded with the work, too.
DUE: Final[Mapping[str, type[Remind | Expire]]] = {"remind": Remind, "expire": Expire}


@worker()
class QuizWorker(ActingWorker):
    """Leads people through the quiz. What a step returns is kept; the rest follows from it."""

    @workflow
    async def begin(
        self,
        team: str,
        user: str,
        response_url: str | None,
        begun_in: str | None,
        from_thread: list[str] | None = None,
    ) -> None:
        """Open a round in the person's DM; point there if it was begun elsewhere.

        from_thread: channel and root of the thread in which it was begun, if it was in one.
        """
        run_id = _new_run_id()
        try:
            channel = await self._open(team, user, run_id)
        except SlackWorkError:
            if response_url:
                refused = self._rendered(lambda library: blocks.say(library.words.quiz.not_opened))
                await self._gateway.respond(response_url, refused)
            raise
        # Apart, so that neither waits for the other; and by the run, so that their records can go with it.
        if response_url and begun_in != channel:
            key = Work.POINT_TO_ROUND.key(team, address_digest(response_url))
            await jobs.start(key, quiz_worker.point_to_round, team, run_id, response_url)
        await jobs.start(Work.FIRST_QUESTION.key(team, run_id, ""), quiz_worker.ask_first, team, run_id)
        if from_thread:
            key = Work.OPEN_ROUND.key(team, run_id, "thread")
            await jobs.start(key, quiz_worker.point_from_thread, team, run_id, user, *from_thread)

    @workflow
    async def begin_comparison(
        self, team: str, comparison_id: str, user: str, channel: str, ts: str, thread_ts: str | None
    ) -> None:
        """Open a round in which somebody answers for another person's work; if that fails their next click does."""
        accepted = await compare_worker.accept(team, comparison_id, user, channel, ts, thread_ts)
        if accepted is not None:
            run_id = _new_run_id()
            try:
                await self._open(team, user, run_id, accepted)
            except SlackWorkError:
                await compare_worker.say_not_begun(team, channel, user, thread_ts)
                return
            await jobs.start(Work.FIRST_QUESTION.key(team, run_id, ""), quiz_worker.ask_first, team, run_id)
            await compare_worker.show_begun(team, accepted)

    async def _open(self, team: str, user: str, run_id: str, compared: StoredComparison | None = None) -> str:
        """Post the card of a new round and keep the round; gives the channel.

        compared: that it is taken for, with the version of the quiz that the other person has answered.
        """
        subject = compared.sender if compared else None

        async def prepare() -> Record:
            other = await self._store.runs.get(team, compared.run) if compared else None
            quiz = other.run.quiz if other else self._library.quiz
            card = run_messages.card(conversation.begin(quiz, subject), run_id, self._library)
            return PreparedRun(quiz=await self._store.runs.pin(quiz), card=plain_data(card)).record()

        prepared = PreparedRun.read(await step("prepare", prepare))
        zone = await self._gateway.get_time_zone(team, user)
        posted = await self._gateway.post_message(team, user, recorded(prepared.card))
        if posted is None:
            raise ValueError("a card always has something to say")
        channel, root_ts = posted

        async def store_run() -> Record:
            run = conversation.begin(await self._store.runs.quiz(prepared.quiz) or self._library.quiz, subject)
            where: dict[str, Any] = {"user": user, "channel": channel, "root_ts": root_ts, "zone": zone}
            await self._store.runs.begin(team, run_id, run, **where, comparison=compared.id if compared else None)
            await self._store.runs.record_message(team, run_id, CARD, Posted(root_ts, digest(prepared.card)))
            return BegunRun(on_home=await self._store.homes.is_opened(team, user)).record()

        begun = BegunRun.read(await step("begin run", store_run) or {})  # versions before this one recorded nothing
        if begun.on_home:
            await home_worker.start(team, user, f"begun-{run_id}")
        return channel

    @workflow
    @formerly("first")
    async def ask_first(self, team: str, run_id: str) -> None:
        """Ask the first question of a round."""
        await self._apply(team, run_id, Begin())

    @workflow
    @formerly("point")
    async def point_to_round(self, team: str, run_id: str, response_url: str) -> None:
        """Tell somebody where the round is that they have just begun, once there is a thread to open."""
        await step("asked", self._is_asked, team, run_id)
        await self._lead_to(team, run_id, response_url, replace=False)

    @workflow
    async def point_from_thread(self, team: str, run_id: str, user: str, channel: str, root_ts: str) -> None:
        """Tell somebody in the thread of an earlier round where the next is, once there is a thread to open.

        Below a result only they see it; where the round was left for the next it stays, as nothing is taken there then.
        """
        await step("asked", self._is_asked, team, run_id)
        if link := await self._link(team, run_id):

            async def left() -> str | None:
                earlier = await self._store.runs.in_thread(team, user, root_ts)
                return None if earlier is None or earlier.run.finished else earlier.id

            if left_run := await step("left", left):
                told = self._rendered(partial(run_messages.newer_round, link, finished=False))
                await self._post_note(team, left_run, told)
            else:
                note = self._rendered(partial(blocks.note, link))
                await self._gateway.post_ephemeral(team, channel, user, note, thread_ts=root_ts)

    @workflow
    async def point_to_newer(self, team: str, run_id: str, newer_id: str) -> None:
        """Tell who has typed something in the thread of a round that is not open where their newer one is."""
        place = await self._place(team, run_id)
        if place and (link := await self._find_thread(team, newer_id)):

            async def told() -> Message | None:
                stored = await self._store.runs.get(team, run_id)
                finished = stored is not None and stored.run.finished
                return run_messages.newer_round(link, self._library, finished=finished)

            await self._gateway.post_ephemeral(team, place.channel, place.user, told, thread_ts=place.root_ts)

    @workflow
    @formerly("clicked")
    async def handle_click(
        self,
        team: str,
        run_id: str,
        action: Record,
        user: str,
        channel: str,
        thread_ts: str | None,
        ts: str = "",
        response_url: str | None = None,
    ) -> None:
        """Apply what somebody clicked, in the message `ts`, and tell them what could not be done.

        action: as `bot.domain.actions.read` takes it.
        """
        does = actions.read(action)
        if response_url:
            self._clicked.add(run_id, ts, response_url)
        applied = await self._apply(team, run_id, does, user)
        note: Render | None = None
        if applied is None:
            note = self._rendered(lambda library: blocks.say(library.words.quiz.gone))
        elif applied.outcome == NOT_YOURS:
            note = self._rendered(lambda library: blocks.say(library.words.quiz.not_yours))
        elif isinstance(does, OpenPart) and applied.outcome == Outcome.REPEATED:
            await self._lead_to_part(team, run_id, does.part, user)
        elif applied.outcome == Outcome.CLOSED:
            note = self._rendered(lambda library: blocks.say(library.words.compare.over))
        elif applied.outcome == Outcome.STALE:
            note = self._of_run(team, run_id, partial(_already_answered, applied.question))
        elif isinstance(does, Change | Resume) and ts and thread_ts in (None, ts):  # on the card, outside the thread
            await step("asked", self._is_asked, team, run_id)  # by whoever holds the run
            await self._lead_into_thread(team, run_id, user)
        elif (isinstance(does, Skip) and applied.outcome == Outcome.TAKEN) or (
            isinstance(does, Grade) and ts and await step("apart", self._stands_apart, team, run_id, REVIEW, ts)
        ):
            await self._post_confirmation(team, run_id, does, applied.outcome, ts)
        if note:
            await self._gateway.post_ephemeral(team, channel, user, note, thread_ts=thread_ts)

    @workflow
    @formerly("typed")
    async def handle_reply(self, team: str, run_id: str, action: Record, ts: str, aimed: bool, edited: bool) -> None:
        """Apply what somebody typed. `aimed`: it is about the question that stood last in the thread when they did.

        action: as `bot.domain.actions.read` takes it.

        If that one was answered meanwhile it counts for nothing: it is the second half of a double Enter, of which
        nothing is said, or the message was `edited` too late.
        """
        does = actions.read(action)
        if aimed:

            async def aim() -> int:
                stored = await self._when_asked(team, run_id)
                return stored.prompt_before(ts) if stored else 0

            does = aimed_at(does, await step("aim", aim))
        # Of two to one question, the later one holds; and what is taken back may be on its way.
        if isinstance(does, Undo) or (not aimed and isinstance(does, actions.Reply | actions.EditReply)):
            await step("turn", self._after_earlier_changes, team, run_id, current_key())
        applied = await self._apply(team, run_id, does)
        if applied and applied.outcome == Outcome.FIRST:
            await self._post_note(team, run_id, self._of_run(team, run_id, first_question))
        elif isinstance(does, OpenPart) and applied and applied.outcome == Outcome.REPEATED:
            if place := await self._place(team, run_id):
                await self._lead_to_part(team, run_id, does.part, place.user)
        elif applied and applied.outcome == Outcome.CLOSED:
            await self._post_note(team, run_id, self._rendered(lambda library: blocks.say(library.words.compare.over)))
        elif applied and applied.outcome == Outcome.STALE and edited:
            late = self._rendered(lambda library: blocks.say(library.words.quiz.edited_late))
            await self._post_note(team, run_id, late)
        elif (
            applied
            and (isinstance(does, Stop | Pause | Skip | Grade) or _leaves_answers(does, applied))
            and current_key() == Work.REPLY.key(team, run_id, ts)  # starting over stops one unsaid
        ):
            await self._post_confirmation(team, run_id, does, applied.outcome, ts)

    async def _post_confirmation(self, team: str, run_id: str, does: Action, outcome: str, ts: str) -> None:
        """Confirm what a typed message (`ts`) has done to the round, where no message below it shows that."""

        async def confirmed() -> Message | None:
            stored = await self._store.runs.get(team, run_id)
            return confirmation(stored, does, outcome, ts, self._library) if stored else None

        await self._post_note(team, run_id, confirmed)

    async def _stands_apart(self, team: str, run_id: str, slot: str, ts: str) -> bool:
        """Say whether a message is another than the one that shows a slot of the run."""
        stored = await self._store.runs.get(team, run_id)
        shown = stored.messages.get(slot) if stored else None
        return shown is not None and shown.ts != ts

    @workflow
    @formerly("manages")
    async def handle_manager(self, team: str, run_id: str) -> None:
        """Say whose work to answer for to somebody who manages others, then ask again where the quiz is."""
        await self._post_note(team, run_id, self._rendered(lambda library: blocks.say(library.words.quiz.manages)))
        await self._apply(team, run_id, Manage())

    @workflow
    async def resume(self, team: str, run_id: str, user: str, response_url: str) -> None:
        """Go on with an open round that /rolefit has offered, and point there."""
        applied = await self._apply(team, run_id, Resume(), user)
        if response_url == ON_HOME:
            await self._show_on_home(team, run_id, user)
        elif applied is None:
            gone = self._rendered(lambda library: blocks.say(library.words.quiz.gone))
            await self._gateway.respond(response_url, gone, replace=True)
        elif applied.outcome != NOT_YOURS:
            await self._lead_to(team, run_id, response_url, replace=True)

    @workflow
    @formerly("lead_to")
    async def open_round(self, team: str, run_id: str, user: str, response_url: str) -> None:
        """Point to a round of the history."""
        place = await self._place(team, run_id)
        if response_url == ON_HOME:
            await self._show_on_home(team, run_id, user)
        elif place and place.user == user:
            await self._lead_to(team, run_id, response_url, replace=False)

    @workflow
    @formerly("interrupted")
    async def answer_question(self, team: str, run_id: str, kind: str, entries: list[str]) -> None:
        """Answer a question of their own, then ask again where the quiz is."""
        count_reply(kind, Surface.DM)
        place = await self._place(team, run_id)
        if place is None:
            return
        if kind == ANSWER:
            channel, root_ts = place.channel, place.root_ts
            await step("lean on", self._store.record_answer, team, channel, root_ts, entries[-1])
        await self._post_note(team, run_id, faq_worker.reply(kind, entries, in_round=True))
        if place.asking:
            await self._apply(team, run_id, AskAgain())

    @workflow
    @formerly("say")
    async def post_aside(
        self, team: str, run_id: str, word: str, term: str | None = None, outside: str | None = None
    ) -> None:
        """Post something that changes nothing. word: a RunAside. term: the term, role or intent that it is about.

        outside: who has clicked for it outside the thread, and is led there; None if nobody has.
        """
        render = self._of_run(team, run_id, partial(render_aside, run_id, RunAside(word), term))
        if word == RunAside.SMALLTALK and term == TO_PERSON:
            render = self._with_whom_to_ask(team, render)
        ts = await self._post_note(team, run_id, render)
        if word == RunAside.TOPIC and await step("guesses", self._has_guesses, team, run_id):
            await self._apply(team, run_id, AskAgain())
        if ts and word in run_messages.OFFERS:
            await step("offers", self._remember_offer, team, run_id, word, ts)
        if ts and outside:
            await self._lead_into_thread(team, run_id, outside, ts)

    async def _has_guesses(self, team: str, run_id: str) -> bool:
        """Say whether the question that is open asks whether something was meant."""
        stored = await self._store.runs.get(team, run_id)
        return stored is not None and is_asked_anew(RunAside.TOPIC, stored.run)

    @workflow
    async def list_shares(self, team: str, run_id: str) -> None:
        """Show who wants to take back what they have shared what that is, each with a button, to them alone."""
        if place := await self._place(team, run_id):

            async def listed() -> Message:
                return await share_rows.listed(self._store, team, place.user, self._library)

            await self._gateway.post_ephemeral(team, place.channel, place.user, listed, thread_ts=place.root_ts)

    def _with_whom_to_ask(self, team: str, render: Render) -> Render:
        """Add to a note who can be asked about the bot, and how an editor can, if there is one."""

        async def now() -> Message | None:
            if (note := await render()) is None:
                return None
            can_ask = await self._store.feedback.editors_channel(team) is not None
            support = self._services.support
            return feedback_blocks.whom_to_ask_in_round(note, self._library, can_ask=can_ask, support=support)

        return now

    async def _remember_offer(self, team: str, run_id: str, word: str, ts: str) -> None:
        """Remember that a note may have buttons about the question that is open, so that they go with that."""
        stored = await self._store.runs.get(team, run_id)
        if stored and stored.run.asking and note_slot(ts) in stored.messages:
            slot = run_messages.offer_slot(word, len(stored.run.prompts), ts)
            await self._store.runs.record_message(team, run_id, slot, Posted(ts, UNKNOWN))
            await self._store.runs.forget_message(team, run_id, note_slot(ts))

    @workflow
    async def show(self, team: str, run_id: str) -> None:
        """Bring a thread to what its run says, without anything having been done to it."""
        await self._apply(team, run_id, Show())

    @workflow
    async def refresh(self, team: str, run_id: str, revision: int, seconds: float) -> None:
        """Make the updates of a thread that nobody waits for, unless more has been done to its run by then.

        Who does more while this work holds the run leaves the updates of that to it, too.
        """

        async def is_due() -> bool:
            stored = await self._store.runs.get(team, run_id)
            return stored is not None and stored.revision == revision

        for number in range(REFRESHES):
            await pause(max(seconds, min(LONGEST_PAUSE, FIRST_PAUSE * 2**number) if number else 0.0))
            if not await step("due", is_due):
                return
            task = Reconciliation(team, run_id, current_key(), doubtful=True, is_refresh=True)
            async with self._freed_on_failure(team, run_id, task.key, unfinished=True):
                left = await self._reconcile(task, RenderCache())
            if isinstance(left, UpToDate):
                return
            seconds = left.seconds
            if isinstance(left, Later):
                revision = left.revision
        raise SlackWorkError("updates_not_made")

    @workflow
    @formerly("come_back")
    async def handle_due_run(self, team: str, run_id: str, what: str, turns: int) -> None:
        """Remind somebody of a round, or close it, unless something was done to it since the revision `turns`."""
        does = DUE[what]()
        applied = await self._apply(team, run_id, does, revision=turns)
        closed = isinstance(does, Expire) and applied and applied.outcome == Outcome.TAKEN
        if closed and await self._link(team, run_id):  # where nothing is left to close nothing is said
            await self._post_note(team, run_id, self._of_run(team, run_id, _closed))

    @workflow
    async def delete(self, team: str, run_id: str, user: str, response_url: str) -> None:
        """Delete a round of somebody's, and show them what is left."""
        await self._apply(team, run_id, Delete(), user)

        async def left() -> Message:
            return await history.of(team, user, self._store, self._library)

        if response_url == ON_HOME:
            await home_worker.show(team, user)
        else:
            await self._gateway.respond(response_url, left, replace=True)

    async def delete_round(self, team: str, run_id: str, user: str) -> None:
        """Delete a round of somebody's with its messages, as a part of other work. Raises SlackWorkError."""
        await self._apply(team, run_id, Delete(), user)

    @workflow
    async def erase(self, team: str, run_id: str, later: list[str]) -> None:
        """Delete the records of all work about a round that is gone, which hold its answers.

        Those about `later` rounds of the same person, which may say what came out of it, go if that work has ended.
        """
        await pause(ENDED)
        await self._wait_for_shares(team, [run_id])
        await work_records.delete_by_prefix(work.of_round(team, run_id))
        if later:
            prefixes = [prefix for later_id in later for prefix in work.of_round(team, later_id)]
            await work_records.delete_by_prefix(prefixes, ended=True)

    async def _delete(self, team: str, run_id: str) -> None:
        later = await step("later rounds", self._store.runs.begun_after, team, run_id)
        outdated = await step("outdated by this", self._store.shares.told_outdated, team, run_id)
        await step("delete run", self._store.runs.delete, team, run_id)
        for later_id in later:  # what they say of this one goes with it
            key = Work.SHOW_ROUND.key(team, later_id, "without", run_id)
            await jobs.start(key, quiz_worker.show, team, later_id)
        await jobs.start(Work.ERASE_ROUND.key(team, run_id), quiz_worker.erase, team, run_id, later)
        if outdated:
            await self._refresh_receipts(team, run_id, outdated)

    async def _refresh_later(self, team: str, run_id: str, revision: int, seconds: float) -> None:
        key = Work.REFRESH_ROUND.key(team, run_id, revision)
        await jobs.start(key, quiz_worker.refresh, team, run_id, revision, seconds)


quiz_worker = QuizWorker("quiz")


def _leaves_answers(does: Action, applied: ActionResult) -> bool:
    """Say whether somebody who wants a change taken back has none, or has only been asked for one."""
    return isinstance(does, Undo) and applied.question is None


def _new_run_id() -> str:
    """Give the id of the round that the running work begins: the same one whenever it is run again."""
    return short_digest(current_key())


def first_question(run: Run, library: Library) -> Message:
    """Say that there is no question to go back to."""
    return with_open_question(blocks.say(library.words.quiz.first), run, library)


def _closed(run: Run, library: Library) -> Message:
    """Say that a round was closed, or that it is left at the result that its answers come to."""
    words = library.words.quiz
    return blocks.say(words.expired_result if run.finished else words.expired_note)


def _already_answered(question: str | None, run: Run, library: Library) -> Message:
    return run_messages.already_answered(run, question, library)
