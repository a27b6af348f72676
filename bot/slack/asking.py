"""The work of the quiz: what was done to a run is recorded with its outcome, then its thread is brought up to date.

One piece of work at a time holds a run and writes its messages, as `bot.slack.presenting` has it.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from bot import jobs
from bot.domain import quiz as conversation
from bot.domain.content import Question, TieBreak
from bot.domain.faq import Surface
from bot.domain.quiz import Run, Status, What
from bot.jobs import current_key, in_doubt, insist, pause, step, worker, workflow
from bot.knowledge import Library
from bot.slack import blocks, history, result, thread, work
from bot.slack.faq import ANSWER, answering, count_reply
from bot.slack.pieces import Message
from bot.slack.presenting import PresentingWorker, rewritten
from bot.slack.speech import Render, plain_data, recorded
from bot.slack.text import Mrkdwn, escape, fill
from bot.slack.work import Work, address_digest
from bot.storage import LOST, NOT_YOURS, StoredRun

ENDED = 60.0  # seconds after which what was under way when a run was deleted has ended
LOOKS, LOOK = 200, 0.05  # how often, and at what distance in seconds, to look whether a question has been posted

# What is not done in the thread itself: with it, it is looked whether the thread is still there.
OUTSIDE_THREAD = ("remind", "resume")

Action = dict[str, Any]
Where = dict[str, Any]  # the channel and the root of a thread


@worker()
class Asking(PresentingWorker):
    """Leads people through the quiz. What a step returns is kept; the rest follows from it."""

    @workflow
    async def begin(self, team: str, user: str, response_url: str | None, begun_in: str | None) -> None:
        """Open a round in the person's DM; point there if it was begun elsewhere."""
        run_id = hashlib.sha256(current_key().encode()).hexdigest()[:20]

        async def prepare() -> dict[str, Any]:
            quiz = self._library.quiz
            card = thread.card(conversation.begin(quiz), run_id, self._library)
            return {"quiz": await self._store.pin(quiz), "card": plain_data(card)}

        prepared = await step("prepare", prepare)
        zone = await self._speech.zone(team, user)
        posted = await self._speech.post(team, user, recorded(prepared["card"]))
        if posted is None:
            raise ValueError("a card always has something to say")
        channel, root_ts = posted

        async def store_run() -> None:
            place = {"user": user, "channel": channel, "root_ts": root_ts}
            quiz = await self._store.quiz(prepared["quiz"]) or self._library.quiz
            await self._store.begin_run(team, run_id, **place, quiz=quiz, zone=zone)

        await step("begin run", store_run)
        # Apart, so that neither waits for the other; and by the run, so that their records can go with it.
        if response_url and begun_in != channel:
            key = Work.POINT_TO_ROUND.key(team, address_digest(response_url))
            await jobs.start(key, asking.point, team, run_id, response_url)
        await jobs.start(Work.FIRST_QUESTION.key(team, run_id, ""), asking.first, team, run_id)

    @workflow
    async def first(self, team: str, run_id: str) -> None:
        """Ask the first question of a round."""
        await self._do(team, run_id, {"do": "begin"})

    @workflow
    async def point(self, team: str, run_id: str, response_url: str) -> None:
        """Tell somebody where the round is that they have just begun, once there is a thread to open."""
        await step("asked", self._is_asked, team, run_id)
        await self._lead_to(team, run_id, response_url, replace=False)

    @workflow
    async def clicked(
        self, team: str, run_id: str, action: Action, user: str, channel: str, thread_ts: str | None
    ) -> None:
        """Do what somebody clicked, and tell the truth about what could not be done."""
        outcome = await self._do(team, run_id, action, user)
        told: Render | None = None
        if outcome is None:
            told = self._rendered(lambda library: blocks.say(library.words.quiz.gone))
        elif outcome["what"] == NOT_YOURS:
            told = self._rendered(lambda library: blocks.say(library.words.quiz.not_yours))
        elif action["do"] == "open" and outcome["what"] == What.REPEATED:
            await self._lead_to_part(team, run_id, action["part"], user)
        elif outcome["what"] == What.STALE:
            told = self._of_run(team, run_id, partial(_already_answered, outcome["question"]))
        if told:
            await self._speech.whisper(team, channel, user, told, thread_ts=thread_ts)

    @workflow
    async def typed(self, team: str, run_id: str, action: Action, ts: str, aimed: bool, edited: bool) -> None:
        """Do what somebody typed. `aimed`: it is about the question that stood last in the thread when they did.

        If that one was answered meanwhile it counts for nothing: it is the second half of a double Enter, of which
        nothing is said, or the message was `edited` too late.
        """
        if aimed:

            async def aim() -> int:
                stored = await self._asked(team, run_id)
                return stored.prompt_before(ts) if stored else 0

            prompt = await step("aim", aim)
            action = action | {"aim": prompt, "prompt": prompt}
        outcome = await self._do(team, run_id, action)
        if outcome and outcome["what"] == What.FIRST:
            await self._say(team, run_id, self._rendered(lambda library: blocks.say(library.words.quiz.first)))
        elif outcome and outcome["what"] == What.STALE and edited:
            await self._say(team, run_id, self._rendered(lambda library: blocks.say(library.words.quiz.edited_late)))

    @workflow
    async def manages(self, team: str, run_id: str) -> None:
        """Say whose work to answer for to somebody who manages others, then ask again where the quiz is."""
        await self._say(team, run_id, self._rendered(lambda library: blocks.say(library.words.quiz.manages)))
        await self._do(team, run_id, {"do": "manages"})

    @workflow
    async def resume(self, team: str, run_id: str, user: str, response_url: str) -> None:
        """Go on with an open round that /rolefit has offered, and point there."""
        outcome = await self._do(team, run_id, {"do": "resume"}, user)
        if outcome is None:
            gone = self._rendered(lambda library: blocks.say(library.words.quiz.gone))
            await self._speech.reply(response_url, gone, replace=True)
        elif outcome["what"] != NOT_YOURS:
            await self._lead_to(team, run_id, response_url, replace=True)

    @workflow
    async def lead_to(self, team: str, run_id: str, user: str, response_url: str) -> None:
        """Point to a round of the history."""
        where = await self._where(team, run_id)
        if where and where["user"] == user:
            await self._lead_to(team, run_id, response_url, replace=False)

    @workflow
    async def interrupted(self, team: str, run_id: str, kind: str, entries: list[str]) -> None:
        """Answer a question of their own, then ask again where the quiz is."""
        count_reply(kind, Surface.DM)
        where = await self._where(team, run_id)
        if where is None:
            return
        if kind == ANSWER:
            await step("lean on", self._store.answered, team, where["channel"], where["root_ts"], entries[-1])
        await self._say(team, run_id, answering.reply(kind, entries))
        if where["asking"]:
            await self._do(team, run_id, {"do": "reask"})

    @workflow
    async def say(self, team: str, run_id: str, word: str, term: str | None = None) -> None:
        """Say something in the thread that changes nothing, by its name."""
        await self._say(team, run_id, self._of_run(team, run_id, partial(_in_between, run_id, word, term)))

    @workflow
    async def show(self, team: str, run_id: str) -> None:
        """Bring a thread to what its run says, without anything having been done to it."""
        await self._do(team, run_id, {"do": "show"})

    @workflow
    async def come_back(self, team: str, run_id: str, what: str, turns: int) -> None:
        """Remind somebody of a round, or close it, unless something was done to it since it had `turns`."""
        outcome = await self._do(team, run_id, {"do": what}, turns=turns)
        closed = what == "expire" and outcome and outcome["what"] == What.TAKEN
        if closed and await self._link(team, run_id):  # where nothing is left to close nothing is said
            await self._say(team, run_id, self._rendered(lambda library: blocks.say(library.words.quiz.expired_note)))

    @workflow
    async def delete(self, team: str, run_id: str, user: str, response_url: str) -> None:
        """Delete a round of somebody's, and show them what is left."""
        await self._do(team, run_id, {"do": "delete"}, user)

        async def left() -> Message:
            rounds = await self._store.history(team, user, limit=history.MOST)
            return history.listed(rounds, await self._store.count_runs(team, user), self._library)

        await self._speech.reply(response_url, left, replace=True)

    @workflow
    async def erase(self, team: str, run_id: str, later: list[str]) -> None:
        """Delete the records of all work about a round that is gone, which hold its answers.

        Those about `later` rounds of the same person, which may say what came out of it, go if that work has ended.
        """
        await pause(ENDED)
        await jobs.forget_keys(work.of_round(team, run_id))
        if later:
            await jobs.forget_keys([prefix for each in later for prefix in work.of_round(team, each)], ended=True)

    async def _do(
        self, team: str, run_id: str, action: Action, user: str | None = None, turns: int | None = None
    ) -> dict[str, Any] | None:
        """Do something to a run and bring its thread up to date; gives the outcome, None if there is no such run.

        Nothing is done if the user is not its owner, or if more has been done to it than `turns`. Raises what keeps the
        thread from being brought up to date; the run is let go of then.
        """
        key = current_key()
        if action["do"] == "show":  # which some work does besides something else
            key += " show"

        async def act() -> dict[str, Any] | None:
            doubtful = in_doubt()
            acted = await self._store.act(team, run_id, action, by=key, user=user, turns=turns)
            if acted is None:
                return None
            return {"outcome": acted.outcome, "held": acted.held, "doubtful": acted.doubtful or doubtful}

        acted = await step("act", act)
        if acted is None:
            return None
        outcome: dict[str, Any] = acted["outcome"]
        try:
            if outcome["lost"]:
                await self._say(team, run_id, self._rendered(partial(rewritten, outcome["lost"])))
            if acted["held"]:
                find = action["do"] in OUTSIDE_THREAD
                await self._present(team, run_id, key, find=find, doubtful=acted["doubtful"])
        except Exception:
            # No step, since what is wrong may be the steps themselves; doing it again changes nothing. What fails to be
            # shown is shown with what is done next, or when it is looked for such runs: once, lest it fails for ever.
            await insist(self._store.free, team, run_id, by=key, unfinished=action["do"] != "show")
            raise
        if outcome["was"] is not None and outcome["question"]:
            await self._say(team, run_id, self._of_run(team, run_id, partial(_change, outcome["was"])))
        return outcome

    async def _delete(self, team: str, run_id: str) -> None:
        later = await step("later rounds", self._store.rounds_after, team, run_id)
        await step("delete run", self._store.delete_run, team, run_id)
        for each in later:  # what they say of this one goes with it
            await jobs.start(Work.SHOW_ROUND.key(team, each, "without", run_id), asking.show, team, each)
        await jobs.start(Work.ERASE_ROUND.key(team, run_id), asking.erase, team, run_id, later)

    async def _asked(self, team: str, run_id: str) -> StoredRun | None:
        """Give a run once its question is posted: it may be on its way, and we about to remember where it is."""
        for _ in range(LOOKS):
            stored = await self._store.run(team, run_id)
            if stored is None or (stored.asked and LOST not in stored.messages):
                return stored
            await asyncio.sleep(LOOK)
        return stored

    async def _is_asked(self, team: str, run_id: str) -> bool:
        return await self._asked(team, run_id) is not None

    async def _where(self, team: str, run_id: str) -> Where | None:
        """Say, by a step, whose a run is, where its thread is and whether it asks something; None if it is gone."""

        async def look() -> Where | None:
            stored = await self._store.run(team, run_id)
            if stored is None or stored.run.status is Status.DELETED:
                return None
            where = {"user": stored.user, "channel": stored.channel, "root_ts": stored.root_ts}
            parts = {slot: posted.ts for slot, posted in stored.messages.items() if slot in conversation.PARTS}
            return where | {"asking": stored.run.asking is not None, "parts": parts}

        return await step("look", look)

    def _of_run(self, team: str, run_id: str, render: Callable[[Run, Library], Message | None]) -> Render:
        """Have something rendered from a run as it is when it is said; nothing if it is gone."""

        async def now() -> Message | None:
            stored = await self._store.run(team, run_id)
            return render(stored.run, self._library) if stored else None

        return now

    async def _say(self, team: str, run_id: str, render: Render) -> None:
        """Say something between the questions, unless the run is being deleted."""
        if where := await self._where(team, run_id):
            await self._say_in(team, run_id, where["channel"], where["root_ts"], render)

    async def _lead_to_part(self, team: str, run_id: str, part: str, user: str) -> None:
        """Show where a part of the result stands that was opened before; nothing while it is on its way."""
        where = await self._where(team, run_id)
        if where is None or part not in where["parts"]:
            return
        link = await self._speech.permalink(team, where["channel"], where["parts"][part])
        if link is None:  # it comes anew
            await step("forget", self._store.unposted, team, run_id, part)
            await self._do(team, run_id, {"do": "show"})
            return
        told = self._rendered(partial(thread.already_there, link))
        await self._speech.whisper(team, where["channel"], user, told, thread_ts=where["root_ts"])

    async def _link(self, team: str, run_id: str) -> str | None:
        """Give the address of a run's thread; None if the thread is gone, or the run."""
        where = await self._where(team, run_id)
        return await self._speech.permalink(team, where["channel"], where["root_ts"]) if where else None

    async def _lead_to(self, team: str, run_id: str, response_url: str, *, replace: bool) -> None:
        """Point to a round; where its thread is gone another is opened first."""
        if (where := await self._where(team, run_id)) is None:
            return
        link = await self._speech.permalink(team, where["channel"], where["root_ts"])
        if link is None:
            await step("lose thread", self._store.lose_thread, team, run_id, where["root_ts"])
            await self._do(team, run_id, {"do": "show"})
            await step("opened", self._is_asked, team, run_id)  # by whoever holds the run
            link = await self._link(team, run_id)
        if link is not None:
            await self._speech.reply(response_url, self._rendered(partial(blocks.note, link)), replace=replace)


asking = Asking("quiz")


def _already_answered(question: str | None, run: Run, library: Library) -> Message:
    return thread.already_answered(run, question, library)


def _change(was: Mapping[str, Sequence[str]], run: Run, library: Library) -> Message:
    """Say what changing answers did to a result that had been shown."""
    words = library.words.quiz
    answers = MappingProxyType({each: tuple(given) for each, given in was.items()})
    earlier = Run(run.quiz, answers, skipped=run.skipped).so_far
    told: list[str] = []
    for question in (run.quiz.purpose, *run.quiz.all_questions):
        if not (choices := run.chosen(question.id)) or run.answers[question.id] == answers.get(question.id):
            continue
        if isinstance(question, Question):
            choice = result.quoted(choices, library)
            told.append(fill(words.changed, number=str(run.number(question)), choice=choice))
        else:
            word = words.changed_tie_break if isinstance(question, TieBreak) else words.changed_purpose
            told.append(fill(word, choice=result.quoted(choices, library)))
    if run.recommendation is None or earlier is None:
        told.append(escape(library.words.result.waiting))
    else:
        now, before = result.named(run.recommendation, library), result.named(earlier, library)
        same = now == before
        told.append(fill(words.changed_same, now=now) if same else fill(words.changed_role, now=now, before=before))
    return blocks.told(Mrkdwn(" ".join(told)))


def _in_between(  # noqa: PLR0911 - one for each word
    run_id: str, word: str, term: str | None, run: Run, library: Library
) -> Message | None:
    words = library.words.quiz
    asked = run.quiz.question(run.prompts[-1].question) if run.live else None
    match word:
        case "so_far" if run.finished:
            return blocks.say(words.finished)
        case "so_far":
            return result.so_far(run, library) if run.so_far else blocks.say(words.nothing_so_far)
        case "term":
            return next((thread.term(each, library) for each in run.quiz.glossary if each.term == term), None)
        case "kept":
            return blocks.say(words.kept)
        case "aside":
            talk = library.words.talk.of(term) if term else None
            text = (talk.in_quiz or talk.reply) if talk else None
            return blocks.say(text) if text else None
    if asked is None or run.asking is None:
        return blocks.say(words.finished if run.finished else words.waiting)
    match word:
        case "why":
            return thread.why(asked, run, library)
        case "unsure":
            return thread.unsure(asked, run, run_id, library)
        case "which_two":
            return blocks.say(words.which_two)
        case _:
            return thread.unclear(asked, library)
