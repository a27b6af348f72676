"""The quiz in Slack: /rolefit, what is clicked, and what is typed in a run's thread."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot import jobs
from bot.domain.reply import Answered, Asks, Command, Defined, Perhaps, Reading, Unclear, WhichTwo, read, read_again
from bot.knowledge import Library
from bot.slack import blocks, history
from bot.slack.asking import Action, asking
from bot.slack.blocks import BEGIN
from bot.slack.faq import ANSWER, Said
from bot.slack.history import DELETE, OPEN, RESUME
from bot.slack.pieces import Message
from bot.slack.thread import CHOOSE, DO, GRADED
from bot.storage import Store, StoredRun

# A second click or command this soon, with no question answered, means the round that has just begun.
SAME_ROUND = timedelta(minutes=1)
AT_ONCE = 100  # runs to come back to in one go
LOOKED_AT_AGAIN = 3600.0  # seconds after which work that was given up is begun once more
SHOWS = ("so_far", "whole_table", "why")  # what is said and changes nothing


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
        case Command("resume") if stored.run.ended_early:
            await jobs.start(key, asking.typed, team, stored.id, {"do": "go_on"}, ts, aimed=False)
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
    else:
        latest, url = await _latest(store, team, user), command["response_url"]
        if latest is None or not latest.waits:
            await _begin(team, user, latest, url, command["channel_id"])
        elif _just_begun(latest):
            await jobs.start(f"point:{team}:{url}", asking.point, team, latest.id, url)
        else:
            message = history.offer(latest, library)
    if message:
        await ack(text=message.text, blocks=list(message.blocks), response_type="ephemeral")
    else:
        await ack()


async def begin(
    ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext, store: Store
) -> None:
    """Begin the quiz by a button: after a result, beside an open round, or on the Home tab, which goes on with one."""
    team, user, url = str(context.team_id), body["user"]["id"], body.get("response_url")
    latest, name = await _latest(store, team, user), action["value"].split(" ")[0]
    if latest is None or not latest.waits or (name != "home" and not _just_begun(latest)):
        await _begin(team, user, latest, url if name == "offer" else None)
    elif name == "home" and not _just_begun(latest):
        key, at = f"resume:{team}:{latest.id}:{action['action_ts']}", action["action_ts"]
        await jobs.start(key, asking.typed, team, latest.id, {"do": "resume"}, at, aimed=False)
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
    for team, run_id, what, at, turns in found:
        await jobs.start(f"{what}:{team}:{run_id}:{at}", asking.come_back, team, run_id, what, turns)
        await store.put_off(team, run_id, at, now + LOOKED_AT_AGAIN)
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


async def _latest(store: Store, team: str, user: str) -> StoredRun | None:
    found = await store.history(team, user, limit=1)
    return found[0] if found else None


async def _begin(
    team: str, user: str, latest: StoredRun | None, response_url: str | None = None, begun_in: str | None = None
) -> None:
    """Begin a round; once after each, since two clicks at once read the same latest one."""
    before = latest.id if latest else f"none at {datetime.now(UTC):%Y-%m-%d %H:%M}"
    await jobs.start(f"begin:{team}:{user}:{before}", asking.begin, team, user, response_url, begun_in)


async def _begin_anew(team: str, user: str, run_id: str) -> None:
    """Stop a round and begin another; once for each round."""
    stop = {"do": "stop"}
    await jobs.start(f"stop:{team}:{run_id}", asking.typed, team, run_id, stop, "0", aimed=False)
    await jobs.start(f"begin:{team}:{user}:{run_id}", asking.begin, team, user, None, None)


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
