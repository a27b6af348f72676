"""The quiz in Slack: /rolefit, what is clicked, and what is typed in a run's thread."""

import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot import jobs
from bot.domain import smalltalk
from bot.domain.reply import (
    Answered,
    Aside,
    Asks,
    Command,
    Defined,
    Perhaps,
    Reading,
    Unclear,
    WhichTwo,
    read,
    read_again,
)
from bot.jobs import Key
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import blocks, faq, history
from bot.slack.asking import Action, asking
from bot.slack.blocks import BEGIN
from bot.slack.faq import ANSWER, Said
from bot.slack.history import DELETE, OPEN, RESUME
from bot.slack.payloads import BlockActions, MalformedError, SlashCommand
from bot.slack.pieces import Message
from bot.slack.thread import CHOOSE, DO, GRADED
from bot.slack.work import Work, address_digest
from bot.storage import Store, StoredRun

# A second click or command this soon, with no question answered, means the round that has just begun.
SAME_ROUND = timedelta(minutes=1)
AT_ONCE = 100  # runs to come back to in one go
LOOKED_AT_AGAIN = 3600.0  # seconds after which work that was given up is begun once more
SHOWS = ("so_far", "why")  # what is said and changes nothing
LEFT_ALONE = {"remind": Work.REMIND, "expire": Work.EXPIRE}  # what is done to a run that nobody touches


async def hear_reply(
    team: str, text: str, ts: str, stored: StoredRun, said: Said | None, library: Library, store: Store
) -> None:
    """Do what somebody typed in a run's thread; `said` is what the FAQ has to say to it."""
    answerable = said is not None and said.kind == ANSWER
    aside = smalltalk.read(text, library.words.talk)
    reading = read(text, stored.run, library.words.typed, answerable=answerable, aside=aside)
    key = Work.REPLY.key(team, stored.id, ts)
    if isinstance(reading, Asks) and said:
        await jobs.start(key, asking.interrupted, team, stored.id, said.kind, list(said.entries))
    elif reading == Command("start_over"):
        await _begin_anew(store, team, stored.user, stored.id, ts)
    else:
        await _heed(key, team, stored, reading, ts)


async def hear_edit(team: str, text: str, ts: str, edited_ts: str, stored: StoredRun, library: Library) -> None:
    """Let the edit of a message change the answer that the message gave, or give one if it gave none."""
    key = Work.EDIT_OF_REPLY.key(team, stored.id, ts, edited_ts)
    if ts not in stored.run.typed:
        reading = read(text, stored.run, library.words.typed, aside=smalltalk.read(text, library.words.talk))
        if isinstance(reading, Answered):
            await _heed(key, team, stored, reading, ts, edited=True)
        return
    answers = read_again(text, stored.run, stored.run.typed[ts])
    if answers is None:
        await jobs.start(key, asking.say, team, stored.id, "kept")
        return
    action = {"do": "edit", "ts": ts, "answers": {question: list(given) for question, given in answers.items()}}
    await _typed(key, team, stored.id, action, ts)


async def _typed(
    key: Key, team: str, run_id: str, action: Action, ts: str, *, aimed: bool = False, edited: bool = False
) -> None:
    await jobs.start(key, asking.typed, team, run_id, action, ts, aimed=aimed, edited=edited)


async def _heed(key: Key, team: str, stored: StoredRun, reading: Reading, ts: str, *, edited: bool = False) -> None:
    match reading:
        case Answered(answers, named):
            given = {question: list(choices) for question, choices in answers.items()}
            action: Action = {"do": "reply", "answers": given, "ts": ts, "aim": None}
            await _typed(key, team, stored.id, action, ts, aimed=not named, edited=edited)
        case Perhaps(question, choices):
            action = {"do": "guess", "question": question, "choices": list(choices), "ts": ts}
            await _typed(key, team, stored.id, action, ts, aimed=True)
        case Command(name) if name in (*SHOWS, "unsure"):
            await jobs.start(key, asking.say, team, stored.id, name)
        case Command("resume") if stored.run.unanswered:
            await _typed(key, team, stored.id, {"do": "go_on"}, ts)
        case Command("manages"):
            await jobs.start(key, asking.manages, team, stored.id)
        case Command(name, question):
            action = {"do": name} | ({"question": question} if question else {})
            await _typed(key, team, stored.id, action, ts, aimed=name in ("skip", "back"))
        case Defined(term):
            await jobs.start(key, asking.say, team, stored.id, "term", term.term)
        case Aside(intent):
            await jobs.start(key, asking.say, team, stored.id, "aside", intent)
        case WhichTwo():
            await jobs.start(key, asking.say, team, stored.id, "which_two")
        case Asks() | Unclear():
            await jobs.start(key, asking.say, team, stored.id, "unclear")


async def command(
    ack: AsyncAck,
    slash_command: SlashCommand,
    context: AsyncBoltContext,
    library: Library,
    store: Store,
    second_stage: SecondStage | None,
) -> None:
    """Begin the quiz, offer to go on with one, list earlier ones, explain the command, or answer a question."""
    text = (slash_command.text or "").strip()
    argument = text.casefold()
    team, user = str(context.team_id), slash_command.user_id
    message: Message | None = None
    if argument == "history":
        found, total = await store.history(team, user, limit=history.MOST), await store.count_runs(team, user)
        message = history.listed(found, total, library)
    elif argument == "help":
        message = blocks.usage(library)
    elif argument:
        message = await faq.answer_command(text, library, second_stage) or blocks.usage(library, text)
    else:
        url, rounds = slash_command.response_url, await store.history(team, user, limit=history.MOST)
        waiting = next((each for each in rounds if each.waits), None)
        if waiting is None:
            await _begin(store, team, user, rounds[0] if rounds else None, url, slash_command.channel_id)
        elif _just_begun(waiting):
            await jobs.start(Work.POINT_TO_ROUND.key(team, address_digest(url)), asking.point, team, waiting.id, url)
        else:
            message = history.offer(waiting, library)
    if message:
        await ack(text=message.text, blocks=list(message.blocks), response_type="ephemeral")
    else:
        await ack()


async def begin(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, store: Store) -> None:
    """Begin the quiz by a button: after a result, beside an open round, on the Home tab, or where it was asked for.

    The last two go on with a round that is open.
    """
    team, user, url = str(context.team_id), block_actions.user.id, block_actions.response_url
    name, at = block_actions.action.words(most=2)[0], block_actions.action.action_ts
    rounds = await store.history(team, user, limit=history.MOST)
    latest = rounds[0] if rounds else None
    waiting = next((each for each in rounds if each.waits), None)
    if name in ("home", "talk") and waiting:
        if not _just_begun(waiting):
            await _typed(Work.RESUME.key(team, waiting.id, at), team, waiting.id, {"do": "resume"}, at)
        if url:
            await jobs.start(Work.POINT_TO_ROUND.key(team, address_digest(url)), asking.point, team, waiting.id, url)
    elif latest is None or not _just_begun(latest):
        begun_in = block_actions.container.channel_id if name == "talk" else None
        await _begin(store, team, user, latest, url if name in ("offer", "talk") else None, begun_in)
    await ack()


async def choose(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Take a clicked answer. The same click twice is one piece of work."""
    # Buttons of before prompts were counted name none; their runs have one.
    run_id, *prompt, question, choice = block_actions.action.words(least=3, most=4)
    number = _number(prompt[0]) if prompt else 1
    action: Action = {"do": "answer", "prompt": number, "question": question, "choices": [choice]}
    await _click(context, run_id, action, block_actions)
    await ack()


async def do(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, store: Store) -> None:
    """Do what a button of the card, a prompt, the result or a reminder says."""
    team, user = str(context.team_id), block_actions.user.id
    run_id, name, *about = block_actions.action.words(least=2, most=3)
    if name in SHOWS or name == "start_over":
        at, stored = block_actions.action.action_ts, await store.run(team, run_id)
        if stored is None or stored.user != user:
            await _click(context, run_id, {"do": "later"}, block_actions)  # which says so
        elif name in SHOWS:
            await jobs.start(Work.SHOW_ROUND.key(team, run_id, name, at), asking.say, team, run_id, name)
        else:
            await _begin_anew(store, team, user, run_id, at)
    else:
        await _click(context, run_id, _asked_for(name, about), block_actions)
    await ack()


def _asked_for(name: str, about: list[str]) -> Action:
    """Say what a button does to its run. Raises MalformedError where it lacks what it is about."""
    if name == "not_graded":
        return {"do": "graded", "dimension": None, "column": None}
    if name in ("open", "whole_table"):  # the latter under results of before the table was one part of several
        return {"do": "open", "part": about[0] if about else "table"}
    if name == "skip":
        return {"do": "skip", "prompt": _number(about[0] if about else "")}
    return {"do": name} | ({"question": about[0]} if about else {})


def _number(text: str) -> int:
    """Read the number of a prompt. Raises MalformedError."""
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise MalformedError("actions.0.value: int_parsing")
    return int(text)


async def graded(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Take what somebody's last review looked at."""
    if selected := block_actions.action.selected_option:
        dimension, _, column = selected.value.partition(" ")
        if not column:
            raise MalformedError("actions.0.selected_option.value: words_count")
        run_id = block_actions.action.block_id.removeprefix("graded:")
        await _click(context, run_id, {"do": "graded", "dimension": dimension, "column": column}, block_actions)
    await ack()


async def resume(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Go on with the open round that /rolefit has offered."""
    await _from_list(asking.resume, Work.RESUME, context, block_actions)
    await ack()


async def open_run(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Lead to a round of the history."""
    await _from_list(asking.lead_to, Work.OPEN_ROUND, context, block_actions)
    await ack()


async def delete(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Delete a round of the history."""
    await _from_list(asking.delete, Work.DELETE_ROUND, context, block_actions)
    await ack()


async def come_back(store: Store, now: float) -> int:
    """Begin what has to be done to runs that nobody has touched; gives how many. Replicas may do so at once.

    That is also to show what was done to those that are still held by work which has died, or waits for another version
    of us.
    """
    found = await store.due(now, limit=AT_ONCE)
    for team, run_id, what, at, turns in found:
        await jobs.start(LEFT_ALONE[what].key(team, run_id, at), asking.come_back, team, run_id, what, turns)
        await store.put_off(team, run_id, at, now + LOOKED_AT_AGAIN)
    for team, run_id, since in await store.abandoned(now, limit=AT_ONCE):
        await jobs.start(Work.SHOW_ROUND.key(team, run_id, "held", since), asking.show, team, run_id)
    return len(found)


async def _from_list(
    work: Callable[[str, str, str, str], Coroutine[Any, Any, None]],
    kind: Work,
    context: AsyncBoltContext,
    clicked: BlockActions,
) -> None:
    team, [run_id] = str(context.team_id), clicked.action.words()
    key = kind.key(team, run_id, clicked.action.action_ts)
    await jobs.start(key, work, team, run_id, clicked.user.id, clicked.reply_url)


async def _click(context: AsyncBoltContext, run_id: str, action: Action, clicked: BlockActions) -> None:
    team, user, place = str(context.team_id), clicked.user.id, clicked.place
    key = Work.CLICK.key(team, run_id, user, clicked.action.action_ts)  # without the answer, as keys are logged
    await jobs.start(key, asking.clicked, team, run_id, action, user, place.channel, place.thread_ts)


def _just_begun(stored: StoredRun) -> bool:
    return not stored.run.weighed and datetime.now(UTC) - stored.begun_at < SAME_ROUND


async def _latest(store: Store, team: str, user: str) -> StoredRun | None:
    found = await store.history(team, user, limit=1)
    return found[0] if found else None


async def _begin(
    store: Store,
    team: str,
    user: str,
    latest: StoredRun | None,
    response_url: str | None = None,
    begun_in: str | None = None,
) -> None:
    """Begin a round, one of two clicks at once: either that of the other is under way, or it is the latest by now."""
    before = latest.id if latest else "none"
    key = await jobs.unended(Work.BEGIN_ROUND.key(team, user, before, ""))
    now = await _latest(store, team, user)
    if before == (now.id if now else "none"):
        await jobs.start(key, asking.begin, team, user, response_url, begun_in)


async def _begin_anew(store: Store, team: str, user: str, run_id: str, at: str) -> None:
    """Stop a round and begin another. `at`: the ts of the click or the message that asks for it."""
    latest = await _latest(store, team, user)
    if latest and latest.id != run_id and _just_begun(latest):  # by the first half of a double click
        return
    await _typed(Work.STOP.key(team, run_id, at), team, run_id, {"do": "stop"}, at)
    await _begin(store, team, user, latest)


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
