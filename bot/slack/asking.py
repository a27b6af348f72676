"""The work of the quiz: what was done to a run is recorded with its outcome, then its thread is brought up to date.

One piece of work at a time holds a run and writes its messages; `bot.slack.thread` says what they show.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from bot import jobs
from bot.domain import quiz as conversation
from bot.domain.content import Question, TieBreak
from bot.domain.faq import Surface
from bot.domain.quiz import Run, Status, What
from bot.jobs import current_key, insist, pause, step, worker, workflow
from bot.slack import blocks, history, result, thread
from bot.slack.equipped import EquippedWorker
from bot.slack.faq import ANSWER, answering, count_reply
from bot.slack.pieces import Message
from bot.slack.text import Mrkdwn, escape, fill
from bot.slack.thread import PROMPT, Before
from bot.storage import NOT_YOURS, Posted, StoredRun

# What the keys of recorded work begin with, before the workspace and the run.
OF_A_RUN = (
    "cancel", "click", "edit", "expire", "first", "open", "pick", "preview", "remind", "reply", "resume", "say", "send",
    "show", "stop",
)  # fmt: skip
ENDED = 60.0  # seconds after which what was under way when a run was deleted has ended
LOOKS, LOOK = 200, 0.05  # how often, and at what distance in seconds, to look whether a question has been posted

Action = dict[str, Any]
Where = dict[str, str]  # the user, the channel and the root of the thread


@worker()
class Asking(EquippedWorker):
    """Leads people through the quiz. What a step returns is kept; the rest follows from it and the pinned quiz."""

    @workflow
    async def begin(self, team: str, user: str, response_url: str | None, begun_in: str | None) -> None:
        """Open a round in the person's DM; point there if it was begun elsewhere."""
        run_id = hashlib.sha256(current_key().encode()).hexdigest()[:20]
        quiz = self._library.quiz
        run = conversation.begin(quiz)
        zone = await self._speech.zone(team, user)
        channel, root_ts = await self._speech.post(team, user, thread.card(run, run_id, self._library))

        async def store_run() -> None:
            place = {"user": user, "channel": channel, "root_ts": root_ts}
            await self._store.begin_run(team, run_id, **place, quiz=quiz, zone=zone)

        await step("begin run", store_run)
        # Apart, so that neither waits for the other; and by the run, so that their records can go with it.
        if response_url and begun_in != channel:
            await jobs.start(point_key(team, response_url), asking.point, team, run_id, response_url)
        await jobs.start(f"first:{team}:{run_id}:", asking.first, team, run_id)

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
        words = self._library.words.quiz
        if outcome is None or outcome["what"] == NOT_YOURS:
            word = words.gone if outcome is None else words.not_yours
            await self._speech.whisper(team, channel, user, blocks.say(word), thread_ts=thread_ts)
        elif action["do"] == "open" and outcome["what"] == What.REPEATED:
            await self._lead_to_part(team, run_id, action["part"], user)
        elif outcome["what"] == What.STALE and (seen := await self._seen(team, run_id)):
            _, run = seen
            told = thread.already_answered(run, outcome["question"], self._library)
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
            await self._say(team, run_id, blocks.say(self._library.words.quiz.first))
        elif outcome and outcome["what"] == What.STALE and edited:
            await self._say(team, run_id, blocks.say(self._library.words.quiz.edited_late))

    @workflow
    async def manages(self, team: str, run_id: str) -> None:
        """Say whose work to answer for to somebody who manages others, then ask again where the quiz is."""
        await self._say(team, run_id, blocks.say(self._library.words.quiz.manages))
        await self._do(team, run_id, {"do": "manages"})

    @workflow
    async def resume(self, team: str, run_id: str, user: str, response_url: str) -> None:
        """Go on with an open round that /rolefit has offered, and point there."""
        outcome = await self._do(team, run_id, {"do": "resume"}, user)
        if outcome is None:
            await self._speech.reply(response_url, blocks.say(self._library.words.quiz.gone), replace=True)
        elif outcome["what"] != NOT_YOURS:
            await self._lead_to(team, run_id, response_url, replace=True)

    @workflow
    async def lead_to(self, team: str, run_id: str, user: str, response_url: str) -> None:
        """Point to a round of the history."""
        stored = await insist(self._store.run, team, run_id)
        if stored and stored.user == user:
            await self._lead_to(team, run_id, response_url, replace=False)

    @workflow
    async def interrupted(self, team: str, run_id: str, kind: str, entries: list[str]) -> None:
        """Answer a question of their own, then ask again where the quiz is."""
        count_reply(kind, Surface.DM)
        seen = await self._seen(team, run_id)
        if seen is None:
            return
        where, run = seen
        if kind == ANSWER:
            await insist(self._store.answered, team, where["channel"], where["root_ts"], entries[-1])
        await self._say(team, run_id, answering.message(kind, entries))
        if run.asking:
            await self._do(team, run_id, {"do": "reask"})

    @workflow
    async def say(self, team: str, run_id: str, word: str, term: str | None = None) -> None:
        """Say something in the thread that changes nothing, by its name."""
        seen = await self._seen(team, run_id)
        if seen and (message := self._in_between(seen[1], run_id, word, term)):
            await self._say(team, run_id, message)

    @workflow
    async def come_back(self, team: str, run_id: str, what: str, turns: int) -> None:
        """Remind somebody of a round, or close it, unless something was done to it since it had `turns`."""
        outcome = await self._do(team, run_id, {"do": what}, turns=turns)
        if what == "expire" and outcome and outcome["what"] == What.TAKEN:
            await self._say(team, run_id, blocks.say(self._library.words.quiz.expired_note))

    @workflow
    async def delete(self, team: str, run_id: str, user: str, response_url: str) -> None:
        """Delete a round of somebody's, and show them what is left."""
        await self._do(team, run_id, {"do": "delete"}, user)
        left = await insist(self._store.history, team, user, limit=history.MOST)
        total = await insist(self._store.count_runs, team, user)
        await self._speech.reply(response_url, history.listed(left, total, self._library), replace=True)

    @workflow
    async def erase(self, team: str, run_id: str) -> None:
        """Delete the records of all work about a round that is gone, which hold its answers."""
        await pause(ENDED)
        await jobs.forget_keys([f"{kind}:{team}:{run_id}:" for kind in OF_A_RUN])

    async def _do(
        self, team: str, run_id: str, action: Action, user: str | None = None, turns: int | None = None
    ) -> dict[str, Any] | None:
        """Do something to a run and bring its thread up to date; gives the outcome, None if there is no such run.

        Nothing is done if the user is not its owner, or if more has been done to it than `turns`.
        """
        key = current_key()

        async def act() -> dict[str, Any] | None:
            acted = await self._store.act(team, run_id, action, by=key, user=user, turns=turns)
            return {"outcome": acted.outcome, "held": acted.held} if acted else None

        acted = await step("act", act)
        if acted is None:
            return None
        outcome: dict[str, Any] = acted["outcome"]
        if outcome["lost"]:
            kept, given = map(str, outcome["lost"])
            told = fill(self._library.words.quiz.edited_since, kept=kept, given=given)
            await self._say(team, run_id, blocks.told(told))
        if acted["held"]:
            await self._present(team, run_id)
        if outcome["was"] is not None and outcome["question"]:
            await self._tell_change(team, run_id, outcome["was"])
        return outcome

    async def _present(self, team: str, run_id: str) -> None:
        """Bring the thread of a run that we hold to what the run says, until nothing more has been done to it."""
        key = current_key()
        try:
            while not await self._presented(team, run_id, key):
                pass
        except Exception:
            await step("free", self._free, team, run_id, key)
            raise

    async def _presented(self, team: str, run_id: str, key: str) -> bool:
        seen = await step("look", self._look, team, run_id)
        if seen is None:
            return True
        run, where = await self._restored(seen), seen["where"]
        shown: dict[str, list[str]] = seen["messages"]
        wanted = thread.view(run, run_id, self._library, shown, await self._before(seen))
        changed: dict[str, list[str]] = {}

        async def update(slot: str) -> None:
            if shown[slot][1] != _digest(wanted[slot]):
                await self._speech.update(team, where["channel"], shown[slot][0], wanted[slot])
                changed[slot] = shown[slot] = [shown[slot][0], _digest(wanted[slot])]

        for slot, (ts, _) in shown.items():
            if run.status is Status.DELETED and slot not in wanted:
                await self._speech.remove(team, where["channel"], ts)
        # What was clicked loses its buttons first, then comes what is next, then what sums it up.
        for slot in [each for each in wanted if each in shown and each.startswith(PROMPT)]:
            await update(slot)
        for slot in [each for each in wanted if each not in shown]:
            channel, root = where["channel"], where["root_ts"]
            _, ts = await self._speech.post(team, channel, wanted[slot], thread_ts=root)
            shown[slot] = [ts, _digest(wanted[slot])]
            await step("remember", self._remember, team, run_id, slot, *shown[slot])
        for slot in wanted:
            await update(slot)
        released = await step("release", self._release, team, run_id, key, seen["turns"], changed)
        if released and run.status is Status.DELETED:
            await insist(self._store.delete_run, team, run_id)
            await jobs.start(f"erase:{team}:{run_id}", asking.erase, team, run_id)
        return released

    async def _asked(self, team: str, run_id: str) -> StoredRun | None:
        """Give a run once its question is posted: it may be on its way, and we about to remember where it is."""
        for _ in range(LOOKS):
            stored = await self._store.run(team, run_id)
            if stored is None or stored.asked:
                return stored
            await asyncio.sleep(LOOK)
        return stored

    async def _is_asked(self, team: str, run_id: str) -> bool:
        return await self._asked(team, run_id) is not None

    async def _look(self, team: str, run_id: str) -> dict[str, Any] | None:
        stored = await self._store.run(team, run_id)
        if stored is None:
            return None
        before = await self._store.finished_before(team, run_id) if stored.run.finished else None
        return _plain(stored) | {"before": _plain(before) if before else None}

    async def _remember(self, team: str, run_id: str, slot: str, ts: str, digest: str) -> None:
        await self._store.posted(team, run_id, slot, Posted(ts, digest))

    async def _release(self, team: str, run_id: str, key: str, turns: int, changed: dict[str, list[str]]) -> bool:
        shown = {slot: Posted(*posted) for slot, posted in changed.items()}
        return await self._store.release(team, run_id, by=key, turns=turns, shown=shown)

    async def _free(self, team: str, run_id: str, key: str) -> None:
        await self._store.free(team, run_id, by=key)

    async def _restored(self, seen: Mapping[str, Any]) -> Run:
        """Give the run that a step has described. The quiz it is pinned to never changes, so reading it is no step."""
        quiz = await insist(self._store.quiz, seen["quiz"])
        answers = {question: tuple(given) for question, given in seen["answers"].items()}
        if quiz is None:  # the present one, which nothing is pinned to yet
            quiz = self._library.quiz
        return conversation.load(quiz, answers, seen["state"])

    async def _before(self, seen: Mapping[str, Any]) -> Before | None:
        if seen["before"] is None:
            return None
        begun_at = datetime.fromtimestamp(seen["before"]["begun_at"], UTC)
        return Before(await self._restored(seen["before"]), begun_at)

    async def _seen(self, team: str, run_id: str) -> tuple[Where, Run] | None:
        """Read a run as a step; None if it is gone."""
        seen = await step("look", self._look, team, run_id)
        return (seen["where"], await self._restored(seen)) if seen else None

    async def _say(self, team: str, run_id: str, message: Message) -> None:
        """Say something between the questions, unless the run is being deleted."""
        seen = await self._seen(team, run_id)
        if seen and seen[1].status is not Status.DELETED:
            where, _ = seen
            await self._say_in(team, run_id, where["channel"], where["root_ts"], message)

    async def _tell_change(self, team: str, run_id: str, was: Mapping[str, Sequence[str]]) -> None:
        """Say what changing answers did to a result that had been shown."""
        seen = await self._seen(team, run_id)
        if seen is None:
            return
        _, run = seen
        words = self._library.words.quiz
        answers = MappingProxyType({each: tuple(given) for each, given in was.items()})
        earlier = Run(run.quiz, answers, skipped=run.skipped).so_far
        told: list[str] = []
        for question in (run.quiz.purpose, *run.quiz.all_questions):
            if not (choices := run.chosen(question.id)) or run.answers[question.id] == answers.get(question.id):
                continue
            if isinstance(question, Question):
                choice = result.quoted(choices, self._library)
                told.append(fill(words.changed, number=str(run.number(question)), choice=choice))
            else:
                word = words.changed_tie_break if isinstance(question, TieBreak) else words.changed_purpose
                told.append(fill(word, choice=result.quoted(choices, self._library)))
        if run.recommendation is None or earlier is None:
            told.append(escape(self._library.words.result.waiting))
        else:
            now, before = result.named(run.recommendation, self._library), result.named(earlier, self._library)
            same = now == before
            told.append(fill(words.changed_same, now=now) if same else fill(words.changed_role, now=now, before=before))
        await self._say(team, run_id, blocks.told(Mrkdwn(" ".join(told))))

    def _in_between(  # noqa: PLR0911 - one for each word
        self, run: Run, run_id: str, word: str, term: str | None
    ) -> Message | None:
        library, words = self._library, self._library.words.quiz
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

    async def _lead_to_part(self, team: str, run_id: str, part: str, user: str) -> None:
        """Show where a part of the result stands that was opened before; nothing while it is on its way."""
        seen = await step("look", self._look, team, run_id)
        if seen and part in seen["messages"]:
            where = seen["where"]
            link = await self._speech.permalink(team, where["channel"], seen["messages"][part][0])
            told = thread.already_there(link, self._library)
            await self._speech.whisper(team, where["channel"], user, told, thread_ts=where["root_ts"])

    async def _lead_to(self, team: str, run_id: str, response_url: str, *, replace: bool) -> None:
        stored = await insist(self._store.run, team, run_id)
        if stored:
            link = await self._speech.permalink(team, stored.channel, stored.root_ts)
            await self._speech.reply(response_url, blocks.note(self._library, link), replace=replace)


asking = Asking("quiz")


def point_key(team: str, response_url: str) -> str:
    """Give the key of the note that points somewhere; whoever knows the address itself could write there."""
    return f"point:{team}:{hashlib.sha256(response_url.encode()).hexdigest()[:20]}"


def _plain(stored: StoredRun) -> dict[str, Any]:
    return {
        "where": {"user": stored.user, "channel": stored.channel, "root_ts": stored.root_ts},
        "turns": stored.turns,
        "quiz": stored.quiz,
        "state": stored.run.state(),
        "answers": {question: list(given) for question, given in stored.run.answers.items()},
        "messages": {slot: [posted.ts, posted.digest] for slot, posted in stored.messages.items()},
        "begun_at": stored.begun_at.timestamp(),
    }


def _digest(message: Message) -> str:
    return hashlib.sha256(json.dumps([message.text, message.blocks], sort_keys=True).encode()).hexdigest()
