"""The quiz in Slack: /rolefit, the conversation in a DM thread, and the recommendation.

Whatever somebody does is an action on their run, recorded with its outcome; then the thread is brought to what the run
says (`bot.slack.thread`).
"""

import asyncio
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot import jobs
from bot.domain import quiz as conversation
from bot.domain.quiz import Run, Status, What
from bot.domain.reply import Answered, Asks, Command, Defined, Perhaps, Reading, Unclear, WhichTwo, read, read_again
from bot.jobs import current_key, insist, step, worker, workflow
from bot.knowledge import Library
from bot.slack import blocks, history, result, thread
from bot.slack.blocks import BEGIN
from bot.slack.equipped import EquippedWorker
from bot.slack.faq import ANSWER, Said, answering
from bot.slack.history import DELETE, OPEN, RESUME
from bot.slack.pieces import Message
from bot.slack.text import Mrkdwn, escape, fill
from bot.slack.thread import CHOOSE, DO, GRADED, PROMPT, Before
from bot.storage import NOT_YOURS, Posted, Store, StoredRun

# A second click or command this soon, with no question answered, means the round that has just begun.
SAME_ROUND = timedelta(minutes=1)
LOOKS, LOOK = 200, 0.05  # how often, and at what distance in seconds, to look whether a question has been posted
AT_ONCE = 100  # runs to come back to in one go
SHOWS = ("so_far", "whole_table", "why")  # what is said and changes nothing

Action = dict[str, Any]
Where = dict[str, str]  # the user, the channel and the root of the thread


@worker()
class Asking(EquippedWorker):
    """Leads people through the quiz. What a step returns is kept; the rest follows from it and the pinned quiz."""

    @workflow
    async def begin(self, team: str, user: str, response_url: str | None, begun_in: str | None) -> None:
        """Open a round in the person's DM and ask the first question; point there if it was begun elsewhere."""
        run_id = hashlib.sha256(current_key().encode()).hexdigest()[:20]
        quiz = self._library.quiz
        run = conversation.begin(quiz)
        zone = await self._speech.zone(team, user)
        channel, root_ts = await self._speech.post(team, user, thread.card(run, run_id, self._library))

        async def store_run() -> None:
            place = {"user": user, "channel": channel, "root_ts": root_ts}
            await self._store.begin_run(team, run_id, **place, quiz=quiz, zone=zone)

        await step("begin run", store_run)
        if response_url and begun_in != channel:  # apart, so that neither waits for the other
            await jobs.start(f"point:{team}:{response_url}", asking.point, team, run_id, response_url)
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
        elif outcome["what"] == What.STALE:
            _, run = await self._seen(team, run_id)
            told = thread.already_answered(run, outcome["question"], self._library)
            await self._speech.whisper(team, channel, user, told, thread_ts=thread_ts)

    @workflow
    async def typed(self, team: str, run_id: str, action: Action, ts: str, aimed: bool) -> None:
        """Do what somebody typed. `aimed`: it is about the question that stood last in the thread when they did.

        If that one was answered meanwhile it counts for nothing: it is the second half of a double Enter.
        """
        if aimed:

            async def aim() -> dict[str, Any]:
                stored = await self._asked(team, run_id)
                return {
                    "prompt": stored.prompt_before(ts) if stored else 0,
                    "prompts": len(stored.run.prompts) if stored else 0,
                }

            found = await step("aim", aim)
            if action["do"] in ("skip", "back") and found["prompt"] != found["prompts"]:
                return
            action = action | {"aim": found["prompt"], "prompt": found["prompt"]}
        outcome = await self._do(team, run_id, action)
        if outcome and outcome["what"] == What.FIRST:
            await self._say(team, run_id, blocks.say(self._library.words.quiz.first))

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
        where, run = await self._seen(team, run_id)
        if kind == ANSWER:
            await insist(self._store.answered, team, where["channel"], where["root_ts"], entries[-1])
        await self._say(team, run_id, answering.message(kind, entries))
        if run.asking:
            await self._do(team, run_id, {"do": "reask"})

    @workflow
    async def say(self, team: str, run_id: str, word: str, term: str | None = None) -> None:
        """Say something in the thread that changes nothing, by its name."""
        _, run = await self._seen(team, run_id)
        if message := self._in_between(run, word, term):
            await self._say(team, run_id, message)

    @workflow
    async def come_back(self, team: str, run_id: str, what: str) -> None:
        """Remind somebody of a round, or close it."""
        outcome = await self._do(team, run_id, {"do": what})
        if what == "expire" and outcome and outcome["what"] == What.TAKEN:
            await self._say(team, run_id, blocks.say(self._library.words.quiz.expired_note))

    @workflow
    async def delete(self, team: str, run_id: str, user: str, response_url: str) -> None:
        """Delete a round of somebody's, and show them what is left."""

        await self._do(team, run_id, {"do": "delete"}, user)
        left = await insist(self._store.history, team, user, limit=history.MOST)
        total = await insist(self._store.count_runs, team, user)
        await self._speech.reply(response_url, history.listed(left, total, self._library), replace=True)

    async def _do(self, team: str, run_id: str, action: Action, user: str | None = None) -> dict[str, Any] | None:
        """Do something to a run and bring its thread up to date; gives the outcome, None if there is no such run."""
        key = current_key()

        async def act() -> dict[str, Any] | None:
            acted = await self._store.act(team, run_id, action, by=key, user=user)
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

    async def _seen(self, team: str, run_id: str) -> tuple[Where, Run]:
        """Read a run as a step. LookupError if it is gone."""
        seen = await step("look", self._look, team, run_id)
        if seen is None:
            raise LookupError(f"run {run_id} is gone")
        return seen["where"], await self._restored(seen)

    async def _say(self, team: str, run_id: str, message: Message) -> None:
        stored = await insist(self._store.run, team, run_id)
        if stored:
            await self._speech.post(team, stored.channel, message, thread_ts=stored.root_ts)

    async def _tell_change(self, team: str, run_id: str, was: Mapping[str, Sequence[str]]) -> None:
        """Say what changing answers did to a result that had been shown."""
        _, run = await self._seen(team, run_id)
        words = self._library.words.quiz
        answers = MappingProxyType({each: tuple(given) for each, given in was.items()})
        earlier = Run(run.quiz, answers, skipped=run.skipped).so_far
        told: list[str] = [
            fill(words.changed, number=str(run.number(question)), choice=result.in_words(choices, self._library))
            for question in run.quiz.all_questions
            if (choices := run.chosen(question.id)) and run.answers[question.id] != answers.get(question.id)
        ]
        if run.recommendation is None or earlier is None:
            told.append(escape(self._library.words.result.waiting))
        else:
            now, before = result.named(run.recommendation, self._library), result.named(earlier, self._library)
            same = now == before
            told.append(fill(words.changed_same, now=now) if same else fill(words.changed_role, now=now, before=before))
        await self._say(team, run_id, blocks.told(Mrkdwn(" ".join(told))))

    def _in_between(self, run: Run, word: str, term: str | None) -> Message | None:  # noqa: PLR0911 - one for each word
        library, words = self._library, self._library.words.quiz
        asked = run.quiz.question(run.prompts[-1].question) if run.live else None
        match word:
            case "so_far":
                return result.so_far(run, library) if run.so_far else blocks.say(words.nothing_so_far)
            case "whole_table":
                return result.whole_table(run, library)
            case "term":
                return next((thread.term(each, library) for each in run.quiz.glossary if each.term == term), None)
            case "kept":
                return blocks.say(words.kept)
        if asked is None or run.asking is None:
            return blocks.say(words.finished if run.finished else words.waiting)
        match word:
            case "why":
                return thread.why(asked, run, library)
            case "which_two":
                return thread.which_two(asked, library)
            case _:
                return thread.unclear(asked, library)

    async def _lead_to(self, team: str, run_id: str, response_url: str, *, replace: bool) -> None:
        stored = await insist(self._store.run, team, run_id)
        if stored:
            link = await self._speech.permalink(team, stored.channel, stored.root_ts)
            await self._speech.reply(response_url, blocks.note(self._library, link), replace=replace)


asking = Asking("quiz")


async def hear_reply(team: str, text: str, ts: str, stored: StoredRun, said: Said | None, library: Library) -> None:
    """Do what somebody typed in a run's thread; `said` is what the FAQ has to say to it."""
    answerable = said is not None and said.kind == ANSWER
    reading = read(text, stored.run, library.words.typed, answerable=answerable)
    key = f"reply:{team}:{stored.channel}:{ts}"
    if isinstance(reading, Asks) and said:
        key = f"say:{team}:{stored.channel}:{ts}"
        await jobs.start(key, asking.interrupted, team, stored.id, said.kind, list(said.entries))
    else:
        await _heed(key, team, stored, reading, ts)


async def hear_edit(team: str, text: str, ts: str, edited_ts: str, stored: StoredRun, library: Library) -> None:
    """Let the edit of a message change the answer that the message gave, or give one if it gave none."""
    key = f"edit:{team}:{stored.channel}:{ts}:{edited_ts}"
    if ts not in stored.run.typed:
        reading = read(text, stored.run, library.words.typed)
        if isinstance(reading, Answered):
            await _heed(key, team, stored, reading, edited_ts)
        return
    answers = read_again(text, stored.run, stored.run.typed[ts])
    if answers is None:
        await jobs.start(key, asking.say, team, stored.id, "kept")
        return
    action = {"do": "edit", "ts": ts, "answers": {question: list(given) for question, given in answers.items()}}
    await jobs.start(key, asking.typed, team, stored.id, action, edited_ts, aimed=False)


async def _heed(key: str, team: str, stored: StoredRun, reading: Reading, ts: str) -> None:
    match reading:
        case Answered(answers, named):
            given = {question: list(choices) for question, choices in answers.items()}
            action: Action = {"do": "reply", "answers": given, "ts": ts, "aim": None}
            await jobs.start(key, asking.typed, team, stored.id, action, ts, aimed=not named)
        case Perhaps(question, choices):
            action = {"do": "guess", "question": question, "choices": list(choices)}
            await jobs.start(key, asking.typed, team, stored.id, action, ts, aimed=True)
        case Command("start_over"):
            await _begin_anew(team, stored.user, stored.id)
        case Command(name) if name in SHOWS:
            await jobs.start(key, asking.say, team, stored.id, name)
        case Command(name, question):
            action = {"do": name} | ({"question": question} if question else {})
            await jobs.start(key, asking.typed, team, stored.id, action, ts, aimed=name in ("skip", "back"))
        case Defined(term):
            await jobs.start(key, asking.say, team, stored.id, "term", term.term)
        case WhichTwo():
            await jobs.start(key, asking.say, team, stored.id, "which_two")
        case Asks() | Unclear():
            await jobs.start(key, asking.say, team, stored.id, "unclear")


async def command(
    ack: AsyncAck,
    command: dict[str, Any],
    context: AsyncBoltContext,
    library: Library,
    store: Store,
) -> None:
    """Begin the quiz, offer to go on with one, list earlier ones, or explain the command."""
    argument = (command.get("text") or "").strip().casefold()
    team, user = str(context.team_id), command["user_id"]
    message: Message | None = None
    if argument == "history":
        found, total = await store.history(team, user, limit=history.MOST), await store.count_runs(team, user)
        message = history.listed(found, total, library)
    elif argument:
        message = blocks.usage(library, "" if argument == "help" else command["text"].strip())
    elif stored := await store.unfinished(team, user):
        if not _just_begun(stored):
            message = history.offer(stored, library)
        else:
            url = command["response_url"]
            await jobs.start(f"point:{team}:{url}", asking.point, team, stored.id, url)
    else:
        await _begin(team, user, store, command["response_url"], command["channel_id"])
    if message:
        await ack(text=message.text, blocks=list(message.blocks), response_type="ephemeral")
    else:
        await ack()


async def begin(
    ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext, store: Store
) -> None:
    """Begin the quiz by a button: after a result, beside an open round, or on the Home tab, which goes on with one."""
    team, user, url = str(context.team_id), body["user"]["id"], body.get("response_url")
    stored = await store.unfinished(team, user)
    if action["value"] == "home" and stored:
        if not _just_begun(stored):
            await jobs.start(f"resume:{team}:{stored.id}:{action['action_ts']}", asking.typed, team, stored.id,
                             {"do": "resume"}, action["action_ts"], aimed=False)  # fmt: skip
    elif stored is None or not _just_begun(stored):
        await _begin(team, user, store, url if action["value"].startswith("offer") else None, None)
    await ack()


async def choose(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext) -> None:
    """Take a clicked answer. The same click twice is one piece of work."""
    # Buttons of before prompts were counted name none; their runs have one.
    run_id, *prompt, question, choice = action["value"].split(" ")
    done = {"do": "answer", "prompt": int(prompt[0]) if prompt else 1, "question": question, "choices": [choice]}
    await _click(str(context.team_id), run_id, done, body, action)
    await ack()


async def do(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext) -> None:
    """Do what a button of the card, a prompt, the result or a reminder says."""
    team, user = str(context.team_id), body["user"]["id"]
    run_id, name, *question = action["value"].split(" ")
    if name in SHOWS:
        await jobs.start(f"show:{team}:{run_id}:{name}:{action['action_ts']}", asking.say, team, run_id, name)
    elif name == "start_over":
        await _begin_anew(team, user, run_id)
    elif name == "not_graded":
        await _click(team, run_id, {"do": "graded", "dimension": None, "column": None}, body, action)
    else:
        await _click(team, run_id, {"do": name} | ({"question": question[0]} if question else {}), body, action)
    await ack()


async def graded(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext) -> None:
    """Take what somebody's last review looked at."""
    if selected := action.get("selected_option"):
        dimension, column = selected["value"].split(" ")
        run_id = action["block_id"].removeprefix("graded:")
        done = {"do": "graded", "dimension": dimension, "column": column}
        await _click(str(context.team_id), run_id, done, body, action)
    await ack()


async def resume(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext) -> None:
    """Go on with the open round that /rolefit has offered."""
    await _from_list(asking.resume, "resume", context, body, action)
    await ack()


async def open_run(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext) -> None:
    """Lead to a round of the history."""
    await _from_list(asking.lead_to, "open", context, body, action)
    await ack()


async def delete(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext) -> None:
    """Delete a round of the history."""
    await _from_list(asking.delete, "delete", context, body, action)
    await ack()


async def come_back(store: Store, now: float) -> int:
    """Begin what has to be done to runs that nobody has touched; gives how many. Replicas may do so at once."""
    found = await store.due(now, limit=AT_ONCE)
    for team, run_id, what, at in found:
        await jobs.start(f"{what}:{team}:{run_id}:{at}", asking.come_back, team, run_id, what)
    return len(found)


async def _from_list(
    work: Any, name: str, context: AsyncBoltContext, body: dict[str, Any], action: dict[str, Any]
) -> None:
    team, run_id = str(context.team_id), action["value"]
    key = f"{name}:{team}:{run_id}:{action['action_ts']}"
    await jobs.start(key, work, team, run_id, body["user"]["id"], body["response_url"])


async def _click(team: str, run_id: str, done: Action, body: dict[str, Any], action: dict[str, Any]) -> None:
    message, user = body["message"], body["user"]["id"]
    key = f"click:{team}:{run_id}:{user}:{action['action_id']}:{action['action_ts']}"
    place = (body["channel"]["id"], message.get("thread_ts"))
    await jobs.start(key, asking.clicked, team, run_id, done, user, *place)


def _just_begun(stored: StoredRun) -> bool:
    return not stored.run.answers and datetime.now(UTC) - stored.begun_at < SAME_ROUND


async def _begin(
    team: str, user: str, store: Store, response_url: str | None = None, begun_in: str | None = None
) -> None:
    latest, now = await store.history(team, user, limit=1), datetime.now(UTC)
    # The round before is part of the key: two clicks at once begin the same round.
    before = latest[0].id if latest else f"none at {now:%Y-%m-%d %H:%M}"
    await jobs.start(f"begin:{team}:{user}:{before}", asking.begin, team, user, response_url, begun_in)


async def _begin_anew(team: str, user: str, run_id: str) -> None:
    """Stop a round and begin another; once for each round."""
    stop = {"do": "stop"}
    await jobs.start(f"stop:{team}:{run_id}", asking.typed, team, run_id, stop, "0", aimed=False)
    await jobs.start(f"begin:{team}:{user}:{run_id}", asking.begin, team, user, None, None)


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


def register(app: AsyncApp) -> None:
    """Listen to the command and the quiz's buttons."""
    app.command("/rolefit")(command)
    app.action(BEGIN)(begin)
    app.action(re.compile(rf"^{CHOOSE}:"))(choose)
    app.action(re.compile(rf"^{DO}:"))(do)
    app.action(GRADED)(graded)
    app.action(RESUME)(resume)
    app.action(re.compile(rf"^{OPEN}:"))(open_run)
    app.action(re.compile(rf"^{DELETE}:"))(delete)
