"""The quiz in Slack: /rolefit, the questions in a DM thread, and the recommendation."""

import asyncio
import hashlib
import re
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot import jobs
from bot.domain.content import Question, Quiz, TieBreak
from bot.domain.quiz import Repeated, Run, Taken, read_choice
from bot.jobs import current_key, insist, step, worker, workflow
from bot.knowledge import Library
from bot.slack import blocks
from bot.slack.blocks import BEGIN, CHOOSE
from bot.slack.equipped import EquippedWorker
from bot.storage import Store, StoredRun

# A second click or command this soon, with no question answered, means the round that has just begun.
SAME_ROUND = timedelta(minutes=1)
LOOKS, LOOK = 200, 0.05  # how often, and at what distance in seconds, to look whether a question has been posted


@worker()
class Asking(EquippedWorker):
    """Leads people through the quiz. What a step returns is kept; the rest is derived from it and the pinned quiz."""

    @workflow
    async def begin(self, team: str, user: str, response_url: str | None, begun_in: str | None) -> None:
        """Open a round in the person's DM and ask the first question; point there if it was begun elsewhere."""
        run_id = hashlib.sha256(current_key().encode()).hexdigest()[:20]
        run = Run(self._library.quiz)
        channel, root_ts = await self._speech.post(team, user, blocks.root(self._library, run))

        async def store_run() -> None:
            place = {"user": user, "channel": channel, "root_ts": root_ts}
            await self._store.begin_run(team, run_id, **place, quiz=self._library.quiz)

        await step("begin run", store_run)
        pinned = await self._quiz(team, run_id)
        run = Run(pinned)
        if run.current:
            await self._ask(team, run_id, run, run.current, channel, root_ts)
        if response_url and begun_in != channel:
            link = await self._speech.permalink(team, channel, root_ts)
            await self._speech.reply(response_url, blocks.note(self._library, link))

    @workflow
    async def point(self, team: str, channel: str, root_ts: str, response_url: str) -> None:
        """Tell somebody where the round is that they have just begun."""
        link = await self._speech.permalink(team, channel, root_ts)
        await self._speech.reply(response_url, blocks.note(self._library, link))

    @workflow
    async def take_typed(self, team: str, run_id: str, question: str, choice: str, ts: str) -> None:
        """Take an answer that somebody typed, if the question had been posted when they did.

        A reply typed before cannot be meant for it, and counts for nothing: it is the second half of a double Enter.
        """

        async def asked_when() -> str | None:
            # The question may be on its way: Slack has it, and we are about to remember where.
            for _ in range(LOOKS):
                stored = await self._store.run(team, run_id)
                if stored is None or stored.run.open is None or stored.run.open.id != question:
                    return None
                if stored.asked_ts:
                    return stored.asked_ts
                await asyncio.sleep(LOOK)
            return None

        asked_ts = await step("asked when", asked_when)
        if asked_ts is None or float(asked_ts) < float(ts):
            await self._take(team, run_id, question, choice, asked_ts)

    @workflow
    async def take(self, team: str, run_id: str, question: str, choice: str, asked_ts: str | None) -> None:
        """Take an answer that somebody clicked in the message that asks."""
        await self._take(team, run_id, question, choice, asked_ts)

    async def _take(self, team: str, run_id: str, question: str, choice: str, asked_ts: str | None) -> None:
        """Take an answer, show it in the message that asked, and go on to the next question or the result."""
        key = current_key()

        async def take() -> dict[str, Any] | None:
            taken = await self._store.answer(team, run_id, question, choice, by=key)
            if taken is None:
                return None
            stored, outcome = taken
            kind = "taken" if isinstance(outcome, Taken) else "repeated" if isinstance(outcome, Repeated) else "stale"
            place = {"user": stored.user, "channel": stored.channel, "root_ts": stored.root_ts}
            return {"kind": kind, "answers": dict(outcome.run.answers), **place}

        taken = await step("take answer", take)
        if taken is None or taken["kind"] == "repeated":
            return
        channel, root_ts = taken["channel"], taken["root_ts"]
        run = Run(await self._quiz(team, run_id), MappingProxyType(taken["answers"]))
        chosen = run.chosen(question)
        if taken["kind"] == "stale":
            told = blocks.already_answered(chosen, self._library)
            await self._speech.whisper(team, channel, taken["user"], told, thread_ts=root_ts)
            return
        asked = run.quiz.question(question)
        if asked_ts and chosen:
            answered = blocks.question_answered(run, asked, chosen, self._library)
            await self._speech.update(team, channel, asked_ts, answered)
        if run.current is None:
            await self._speech.post(team, channel, blocks.result(run, run_id, self._library), thread_ts=root_ts)
        if run.open:
            await self._ask(team, run_id, run, run.open, channel, root_ts)

    @workflow
    async def unclear(self, team: str, run_id: str, question: str, channel: str, root_ts: str) -> None:
        """Say that a typed answer was not understood."""
        asked = (await self._quiz(team, run_id)).question(question)
        await self._speech.post(team, channel, blocks.unclear(asked, self._library), thread_ts=root_ts)

    @workflow
    async def over(self, team: str, channel: str, root_ts: str) -> None:
        """Say that the round takes no more answers, and how to begin another."""
        await self._speech.post(team, channel, blocks.say(self._library.words.quiz.finished), thread_ts=root_ts)

    @workflow
    async def whisper(self, team: str, channel: str, user: str, word: str, thread_ts: str | None) -> None:
        """Tell one person one of the sentences of words.yaml."""
        message = blocks.say(getattr(self._library.words.quiz, word))
        await self._speech.whisper(team, channel, user, message, thread_ts=thread_ts)

    async def _ask(
        self, team: str, run_id: str, run: Run, asked: Question | TieBreak, channel: str, root_ts: str
    ) -> None:
        message = blocks.question(run, asked, run_id, self._library)
        _, ts = await self._speech.post(team, channel, message, thread_ts=root_ts)

        async def remember() -> None:
            await self._store.asked(team, run_id, ts)

        await step("remember question", remember)

    async def _quiz(self, team: str, run_id: str) -> Quiz:
        """Give the version of the quiz that a run is pinned to; it never changes, so reading it is no step."""
        stored = await insist(self._store.run, team, run_id)
        if stored is None:
            raise LookupError(f"run {run_id} or its quiz is gone")
        return stored.run.quiz


asking = Asking("quiz")


async def hear_reply(team: str, text: str, ts: str, stored: StoredRun, *, answerable: bool) -> bool:
    """Take what somebody typed in a run's thread as an answer; False if it is a question of their own.

    `answerable` says that the FAQ has an answer to it.
    """
    asked = stored.run.open
    choice = read_choice(text, asked) if asked else None
    if choice is None and (answerable or text.rstrip().endswith("?")):
        return False
    key = f"say:{team}:{stored.channel}:{ts}"
    if asked is None:
        await jobs.start(key, asking.over, team, stored.channel, stored.root_ts)
    elif choice is None:
        await jobs.start(key, asking.unclear, team, stored.id, asked.id, stored.channel, stored.root_ts)
    else:
        await jobs.start(f"reply:{team}:{ts}", asking.take_typed, team, stored.id, asked.id, choice.id, ts)
    return True


async def command(
    ack: AsyncAck,
    command: dict[str, Any],
    context: AsyncBoltContext,
    library: Library,
    store: Store,
) -> None:
    """Begin the quiz, or explain the command."""
    argument = (command.get("text") or "").strip()
    if argument:
        unknown = "" if argument.casefold() == "help" else argument
        message = blocks.usage(library, unknown)
        await ack(text=message.text, blocks=list(message.blocks), response_type="ephemeral")
        return
    team, user = str(context.team_id), command["user_id"]
    await _begin(team, user, store, command["response_url"], command["channel_id"])
    await ack()


async def begin(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext, store: Store) -> None:
    """Begin the quiz by a button: after a result, or on the Home tab."""
    await _begin(str(context.team_id), body["user"]["id"], store)
    await ack()


async def choose(
    ack: AsyncAck,
    body: dict[str, Any],
    action: dict[str, Any],
    context: AsyncBoltContext,
    store: Store,
) -> None:
    """Take a clicked answer. The same click twice is one piece of work."""
    team, user, channel, message = str(context.team_id), body["user"]["id"], body["channel"]["id"], body["message"]
    run_id, question, choice = action["value"].split(" ")
    stored = await store.run(team, run_id)
    if stored is None or stored.user != user:
        word = "gone" if stored is None else "not_yours"
        key = f"whisper:{team}:{channel}:{message['ts']}:{user}"
        await jobs.start(key, asking.whisper, team, channel, user, word, message.get("thread_ts"))
    else:
        key = f"click:{team}:{run_id}:{question}:{choice}:{action['action_ts']}"
        await jobs.start(key, asking.take, team, run_id, question, choice, message["ts"])
    await ack()


async def _begin(
    team: str, user: str, store: Store, response_url: str | None = None, begun_in: str | None = None
) -> None:
    latest, now = await store.latest(team, user), datetime.now(UTC)
    if latest and latest.version == 0 and now - latest.begun_at < SAME_ROUND:
        if response_url:
            key = f"point:{team}:{response_url}"
            await jobs.start(key, asking.point, team, latest.channel, latest.root_ts, response_url)
        return
    # The round before is part of the key: two clicks at once begin the same round.
    before = latest.id if latest else f"none at {now:%Y-%m-%d %H:%M}"
    await jobs.start(f"begin:{team}:{user}:{before}", asking.begin, team, user, response_url, begun_in)


def register(app: AsyncApp) -> None:
    """Listen to the command and the quiz's buttons."""
    app.command("/rolefit")(command)
    app.action(BEGIN)(begin)
    app.action(re.compile(rf"^{CHOOSE}:"))(choose)
