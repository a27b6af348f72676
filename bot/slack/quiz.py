"""The quiz in Slack: /rolefit, what is clicked, and what is typed in a run's thread."""

import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from bot import jobs, work_records
from bot.domain import smalltalk
from bot.domain.actions import (
    Action,
    Back,
    Change,
    EditReply,
    GoOn,
    Grade,
    Guess,
    OpenPart,
    Resume,
    Show,
    Skip,
    Stop,
    Undo,
)
from bot.domain.actions import Reply as ReplyAction
from bot.domain.addressed import called_in_person
from bot.domain.copy_question import read_name
from bot.domain.own_words import is_in_wordings
from bot.domain.quiz_run import Run
from bot.domain.readings import (
    DOES,
    Answered,
    Aside,
    Asks,
    AsksForAnswers,
    AsksForTitle,
    AsksToStartOver,
    AsksWhetherRole,
    Command,
    Defined,
    ForSomebody,
    MaybeMeant,
    Perhaps,
    PerhapsReviewed,
    Reading,
    Reviewed,
    Unclear,
    WhatIf,
)
from bot.domain.reply import TAKING_BACK, read, read_again, takes_back_unnamed
from bot.domain.reply_kinds import ANSWER
from bot.domain.result_question import AboutResult, AboutTerm, Disagrees
from bot.domain.round_topics import AboutRound, ShowsPart, Topic
from bot.jobs import Key
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import blocks, channel, compare, faq, gaps, history, home, in_round, privacy, share_rows
from bot.slack.deciding import PlannedReply, prepare_received
from bot.slack.home_blocks import Notice
from bot.slack.interaction_payloads import BlockActions, SlashCommand
from bot.slack.pieces import Message
from bot.slack.quiz_controls import (
    BEGIN,
    CHOOSE,
    DELETE,
    DO,
    GRADED,
    OPEN,
    RESUME,
    BeginFrom,
    ButtonCommand,
    read_begin,
    read_choice,
    read_do,
    read_grading,
    read_run,
)
from bot.slack.quiz_work import quiz_worker
from bot.slack.review_messages import open_review
from bot.slack.run_asides import RunAside, aside_to, record_cells
from bot.slack.run_links import ON_HOME
from bot.slack.run_messages import is_not_understood
from bot.slack.work import Work, address_digest
from bot.storage import Store, StoredRun

# A second click or command this soon, with no question answered, means the round that has just begun.
SAME_ROUND = timedelta(minutes=1)
AT_ONCE = 100  # runs whose time has come that are handled in one go
LOOKED_AT_AGAIN = 3600.0  # seconds after which work that was given up is begun once more
OWN_ONLY = ("manages", "so_far", "start_over")  # commands that have no meaning in a round about somebody else's work
KEPT_IN_THREAD = ("resume", "start_over", "so_far")  # commands that mean the round in whose thread they are typed
# What is answered in the thread where it is asked, whatever rounds there are.
PRIVACY = "privacy"  # the intent of small talk of who asks who sees their answers
ABOUT_THREAD = (
    Aside, Asks, AsksForAnswers, AsksForTitle, AsksToStartOver, AboutResult, AboutTerm, Defined, Disagrees,
    ForSomebody, MaybeMeant, PerhapsReviewed, Reviewed, WhatIf, AboutRound, AsksWhetherRole, ShowsPart,
)  # fmt: skip
BUTTON_ASIDES = {ButtonCommand.SO_FAR: RunAside.SO_FAR, ButtonCommand.WHY: RunAside.WHY}
QUIET = {"quiet": True, "quiet on": True, "quiet off": False}  # whether to answer somebody to mentions only
DUE = {"remind": Work.REMIND, "expire": Work.EXPIRE}  # by the name of the action: what is done when its time has come


async def on_reply(
    team: str,
    text: str,
    ts: str,
    stored: StoredRun,
    reply: PlannedReply | None,
    library: Library,
    store: Store,
    second: SecondStage | None,
) -> None:
    """Begin the work for what somebody typed in a run's thread; `reply` is what the FAQ would reply to it."""
    answerable = reply is not None and reply.kind == ANSWER
    aside = smalltalk.read(text, library.words.talk)
    review = open_review(stored.run, library)
    missed = is_not_understood(stored)
    words = library.words.typed
    reading = read(text, stored.run, words, answerable=answerable, aside=aside, review=review, not_understood=missed)
    if stored.run.subject is not None:
        await prepare_received(library)
    about = _asked_of_comparison(text, stored.run, reading, library)
    name = _called(text, reading, stored.run, library, answerable=answerable)
    if name is not None:  # whatever it may mean besides: who is called reads nothing here
        reading = ForSomebody(name)
    elif about is None:
        reading, reply = await in_round.by_meaning(reading, text, reply, stored.run, library, second)
    key = Work.REPLY.key(team, stored.id, ts)
    if about is not None:
        await _say(key, team, stored.id, RunAside.COMPARISON, about)
    elif newer := await _newer_round(team, stored, reading, store):
        await jobs.start(key, quiz_worker.point_to_newer, team, stored.id, newer.id)
    elif isinstance(reading, Asks) and reply:
        await jobs.start(key, quiz_worker.answer_question, team, stored.id, reply.kind, list(reply.entries))
    elif stored.run.subject is not None and _is_own_only(reading):
        await _say(key, team, stored.id, RunAside.OWN_ONLY)
    elif reading == Command("start_over"):
        await _begin_anew(store, team, stored.user, stored.id, ts, [stored.channel, stored.root_ts])
    elif await _takes_back_share(team, stored, reading, store):
        await jobs.start(key, quiz_worker.list_shares, team, stored.id)
    elif reading == AboutRound(Topic.SEEN) and not await _is_shared(team, stored, store):
        await _start(key, team, stored, Aside(PRIVACY), ts)
    elif reading == Aside(TAKING_BACK) and takes_back_unnamed(text):  # nothing is shared that they could mean
        await _start(key, team, stored, Command("undo"), ts)
    else:
        await _start(key, team, stored, reading, ts)


def _asked_of_comparison(text: str, run: Run, reading: Reading, library: Library) -> str | None:
    """Give the name of what is asked of a comparison, in the round of who was invited to it; None for anything else.

    While a question is open, what answers it or does something to the round is that first.
    """
    goes_first = Answered if run.finished else Answered | Command | Perhaps
    if run.subject is None or isinstance(reading, goes_first):
        return None
    return read_name(text, library.words.compare.asked, library.tells_of)


async def _takes_back_share(team: str, stored: StoredRun, reading: Reading, store: Store) -> bool:
    """Say whether somebody wants to take back what they have shared: they say so, or it is what they did last."""
    if reading not in (Aside(TAKING_BACK), Command("undo")):
        return False
    live = await store.shares.live(team, stored.user)
    if reading == Aside(TAKING_BACK):
        return bool(live)
    of_these_answers = (share.run == stored.id and share.run_version == stored.answers_version for share in live)
    return stored.run.asking is None and any(of_these_answers)


async def _is_shared(team: str, stored: StoredRun, store: Store) -> bool:
    """Say whether the result of a round stands with somebody."""
    return any(share.run == stored.id for share in await store.shares.live(team, stored.user))


def _called(text: str, reading: Reading, run: Run, library: Library, *, answerable: bool) -> str | None:
    """Give the name of whom a message is meant for that is a courtesy by its words, or says nothing else; else None.

    answerable: whether an entry answers it, which is then for whoever asks.
    """
    is_courtesy = isinstance(reading, Aside) and reading.intent in smalltalk.COURTESIES
    if not (is_courtesy or isinstance(reading, Unclear) or (isinstance(reading, Asks) and not answerable)):
        return None
    return called_in_person(text, lambda word: library.index.names_term(word) or is_in_wordings(word, run.quiz))


def _is_own_only(reading: Reading) -> bool:
    """Say whether a reading has no meaning in a round about somebody else's work."""
    return isinstance(reading, AsksToStartOver) or (isinstance(reading, Command) and reading.name in OWN_ONLY)


async def on_edit(
    team: str, text: str, ts: str, edited_ts: str, stored: StoredRun, library: Library, store: Store
) -> None:
    """Let the edit of a message change the answer that the message gave, or give one if it gave none."""
    key = Work.EDIT_OF_REPLY.key(team, stored.id, ts, edited_ts)
    reading: Reading = Unclear()
    if ts not in stored.run.typed:
        aside, missed = smalltalk.read(text, library.words.talk), is_not_understood(stored)
        reading = read(text, stored.run, library.words.typed, aside=aside, not_understood=missed)
        if not isinstance(reading, Answered):
            return
    if not stored.run.finished and (newer := await _newer_round(team, stored, reading, store)):
        await jobs.start(key, quiz_worker.point_to_newer, team, stored.id, newer.id)
        return
    if ts not in stored.run.typed:
        await _start(key, team, stored, reading, ts, edited=True)
        return
    answers = read_again(text, stored.run, stored.run.typed[ts])
    if answers is None:
        await _say(key, team, stored.id, RunAside.KEPT)
        return
    await _typed(key, team, stored.id, EditReply(answers=dict(answers), ts=ts), ts)


async def _newer_round(team: str, stored: StoredRun, reading: Reading, store: Store) -> StoredRun | None:
    """Give the newer round that somebody may mean who types an answer where none is open; None if they mean this one.

    Beside a result that is only one that is open itself. What asks something is about the thread that it stands in, and
    who types "continue" goes back to its round.
    """
    run = stored.run
    if run.asking is not None or run.subject is not None or isinstance(reading, ABOUT_THREAD):
        return None
    if isinstance(reading, Command) and (reading.name in KEPT_IN_THREAD or (reading.name == "why" and run.finished)):
        return None
    latest = await _latest(store, team, stored.user)
    if latest is None or latest.id == stored.id or (run.finished and not latest.waits):
        return None
    return latest


async def _typed(
    key: Key, team: str, run_id: str, action: Action, ts: str, *, aimed: bool = False, edited: bool = False
) -> None:
    await jobs.start(key, quiz_worker.handle_reply, team, run_id, action.record(), ts, aimed=aimed, edited=edited)


async def _say(
    key: Key, team: str, run_id: str, aside: RunAside, about: str | None = None, *, outside: str | None = None
) -> None:
    await jobs.start(key, quiz_worker.post_aside, team, run_id, aside.value, about, outside=outside)


async def _start(key: Key, team: str, stored: StoredRun, reading: Reading, ts: str, *, edited: bool = False) -> None:
    """Begin the work that a reading of a typed message leads to."""
    match reading:
        case Answered(answers, named):
            action = ReplyAction(answers=dict(answers), ts=ts)
            await _typed(key, team, stored.id, action, ts, aimed=not named, edited=edited)
        case Perhaps(question, choices):
            await _typed(key, team, stored.id, Guess(question=question, choices=choices, ts=ts), ts, aimed=True)
        case Reviewed(cell):
            grade = Grade(dimension=cell.dimension, column=cell.column) if cell else Grade()
            await _typed(key, team, stored.id, grade, ts)
        case PerhapsReviewed(cells):
            await _say(key, team, stored.id, RunAside.REVIEW_GUESS, record_cells(cells))
        case ShowsPart(part):
            await _typed(key, team, stored.id, OpenPart(part=part), ts)
        case Command("resume") if stored.run.unanswered:
            await _typed(key, team, stored.id, GoOn(), ts)
        case Command("manages"):
            await jobs.start(key, quiz_worker.handle_manager, team, stored.id)
        case Command("change", str(question)):
            await _typed(key, team, stored.id, Change(question=question), ts)
        case Command(name) if name in DOES:
            does = DOES[name]()
            await _typed(key, team, stored.id, does, ts, aimed=isinstance(does, Skip | Back | Undo))
        case Unclear(None) | MaybeMeant() if is_not_understood(stored):
            await _say(key, team, stored.id, RunAside.UNCLEAR_AGAIN)
        case _:
            await _say(key, team, stored.id, *aside_to(reading))


async def command(
    ack: AsyncAck,
    slash_command: SlashCommand,
    context: AsyncBoltContext,
    library: Library,
    store: Store,
    second_stage: SecondStage | None,
    question_days: int,
    client: AsyncWebClient,
) -> None:
    """Begin the quiz, offer to go on with one, list earlier ones, explain the command, or answer a question."""
    text = (slash_command.text or "").strip()
    argument = text.casefold()
    team, user = str(context.team_id), slash_command.user_id
    message: Message | None = None
    if argument in ("history", "shares"):
        message = await _listed(argument, team, user, store, library)
    elif argument in privacy.COMMANDS:
        message = await privacy.command(argument, team, user, slash_command.response_url, library, question_days)
    elif argument == "compare":
        message = await compare.command(team, user, slash_command, client, library, store)
    elif argument == "help":
        message = blocks.usage(library)
    elif argument == "channel":
        message = await channel.panel(team, slash_command.channel_id, library, store)
    elif argument in QUIET:
        await store.replies.choose(team, user, answers_unasked=not QUIET[argument])
        words = library.words.manners
        message = blocks.say(words.quiet_on if QUIET[argument] else words.quiet_off)
    elif argument:
        message = await _answer(team, text, slash_command, library, store, second_stage)
    else:
        message = await _begin_or_offer(team, slash_command, library, store)
    if message:
        await ack(text=message.text, blocks=list(message.blocks), response_type="ephemeral")
    else:
        await ack()


async def _listed(argument: str, team: str, user: str, store: Store, library: Library) -> Message:
    """List somebody's rounds, or who can see what they have shared."""
    if argument == "history":
        return await history.of(team, user, store, library)
    return await share_rows.listed(store, team, user, library)


async def _begin_or_offer(team: str, asked: SlashCommand, library: Library, store: Store) -> Message | None:
    """Begin a round, or point to the one that has just begun; give an offer to go on if an older one is open."""
    user, url = asked.user_id, asked.response_url
    waiting = await store.runs.waiting(team, user)
    if waiting and not _just_begun(waiting):
        return history.offer(waiting, library)
    if waiting:
        key = Work.POINT_TO_ROUND.key(team, address_digest(url))
        await jobs.start(key, quiz_worker.point_to_round, team, waiting.id, url)
    else:
        await _begin(store, team, user, await _latest(store, team, user), url, asked.channel_id)
    return None


async def _answer(
    team: str, text: str, asked: SlashCommand, library: Library, store: Store, second: SecondStage | None
) -> Message:
    """Answer what stands after the command, or explain it."""
    planned = await faq.plan_command(text, library, second)
    if planned is None:
        return blocks.usage(library, text)
    await gaps.record_command(team, asked.user_id, text, asked.response_url, planned, store)
    return faq.command_reply(planned, asked.channel_id, library)


async def begin(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, store: Store) -> None:
    """Begin the quiz by a button: after a result, beside an open round, on the Home tab, or where it was asked for.

    The last two go on with a round that is open. The Home tab says what has come of a click there.
    """
    team, user, url = str(context.team_id), block_actions.user.id, block_actions.response_url
    begun_from, at = read_begin(block_actions.action), block_actions.action.action_ts
    latest = await _latest(store, team, user)
    goes_on = begun_from in (BeginFrom.HOME, BeginFrom.TALK)
    waiting = await store.runs.waiting(team, user) if goes_on else None
    if block_actions.on_home:
        is_older = waiting is not None and not _just_begun(waiting)
        await home.tell(team, user, Notice.ASKED_AGAIN if is_older else Notice.BEGUN, at, store)
    if waiting:
        if not _just_begun(waiting):
            await _typed(Work.RESUME.key(team, waiting.id, at), team, waiting.id, Resume(), at)
        if url:
            await jobs.start(
                Work.POINT_TO_ROUND.key(team, address_digest(url)), quiz_worker.point_to_round, team, waiting.id, url
            )
    elif latest is None or not _just_begun(latest):
        begun_in = block_actions.container.channel_id if begun_from is BeginFrom.TALK else None
        url = url if begun_from in (BeginFrom.OFFER, BeginFrom.TALK) else None
        thread = block_actions.place if begun_from is BeginFrom.RESULT else None
        from_thread = [thread.channel, thread.thread_ts] if thread and thread.thread_ts else None
        await _begin(store, team, user, latest, url, begun_in, from_thread)
    await ack()


async def choose(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Take a clicked answer. The same click twice is one piece of work."""
    run_id, action = read_choice(block_actions.action)
    await _click(context, run_id, action, block_actions)
    await ack()


async def do(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, store: Store) -> None:
    """Do what a button of the card, a prompt, the result or a reminder says."""
    team, user = str(context.team_id), block_actions.user.id
    run_id, does = read_do(block_actions.action)
    if isinstance(does, ButtonCommand):
        at, stored = block_actions.action.action_ts, await store.runs.get(team, run_id)
        if stored is None or stored.user != user:
            await _click(context, run_id, Show(), block_actions)  # which tells them that it is gone, or not theirs
        elif stored.run.subject is not None and does is not ButtonCommand.WHY:
            await _click(context, run_id, Show(), block_actions)  # no button of ours says so
        elif does is ButtonCommand.START_OVER:
            await _begin_anew(store, team, user, run_id, at, [stored.channel, stored.root_ts])
        else:
            message = block_actions.place
            outside = user if message.thread_ts in (None, message.ts) else None  # on the card
            key = Work.SHOW_ROUND.key(team, run_id, does.value, at)
            await _say(key, team, run_id, BUTTON_ASIDES[does], outside=outside)
    else:
        await _click(context, run_id, does, block_actions)
    await ack()


async def graded(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Take what somebody's last review looked at."""
    if grading := read_grading(block_actions.action):
        run_id, action = grading
        await _click(context, run_id, action, block_actions)
    await ack()


async def resume(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, store: Store) -> None:
    """Go on with the open round that /rolefit has offered, or the Home tab."""
    if block_actions.on_home:
        at = block_actions.action.action_ts
        await home.tell(str(context.team_id), block_actions.user.id, Notice.ASKED_AGAIN, at, store)
    await _from_list(quiz_worker.resume, Work.RESUME, context, block_actions)
    await ack()


async def open_run(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, store: Store) -> None:
    """Lead to a round of the history."""
    if block_actions.on_home:
        await home.open_round(str(context.team_id), block_actions, read_run(block_actions.action), store)
    await _from_list(quiz_worker.open_round, Work.OPEN_ROUND, context, block_actions)
    await ack()


async def delete(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Delete a round of the history."""
    await _from_list(quiz_worker.delete, Work.DELETE_ROUND, context, block_actions)
    await ack()


async def start_due_work(store: Store, now: float) -> int:
    """Begin what has to be done to runs that nobody has touched; gives how many. Replicas may do so at once.

    That is also to show what was done to those that are still held by work which has died, or waits for another version
    of us. now: seconds since 1970.
    """
    due = await store.runs.due(now, limit=AT_ONCE)
    for run in due:
        key = DUE[run.action].key(run.team, run.run_id, run.at)
        await jobs.start(key, quiz_worker.handle_due_run, run.team, run.run_id, run.action, run.revision)
        await store.runs.postpone(run.team, run.run_id, run.at, now + LOOKED_AT_AGAIN)
    for team, run_id, since in await store.runs.abandoned(now, limit=AT_ONCE):
        await jobs.start(Work.SHOW_ROUND.key(team, run_id, "held", since), quiz_worker.show, team, run_id)
    return len(due)


async def _from_list(
    work: Callable[[str, str, str, str], Coroutine[Any, Any, None]],
    kind: Work,
    context: AsyncBoltContext,
    clicked: BlockActions,
) -> None:
    team, run_id = str(context.team_id), read_run(clicked.action)
    key = kind.key(team, run_id, clicked.action.action_ts)
    url = ON_HOME if clicked.on_home else clicked.reply_url
    await jobs.start(key, work, team, run_id, clicked.user.id, url)


async def _click(context: AsyncBoltContext, run_id: str, action: Action, clicked: BlockActions) -> None:
    team, user, message = str(context.team_id), clicked.user.id, clicked.place
    key = Work.CLICK.key(team, run_id, user, clicked.action.action_ts)  # without the answer, as keys are logged
    where = (user, message.channel, message.thread_ts, message.ts, clicked.response_url)
    await jobs.start(key, quiz_worker.handle_click, team, run_id, action.record(), *where)


def _just_begun(stored: StoredRun) -> bool:
    return not stored.run.weighed and datetime.now(UTC) - stored.begun_at < SAME_ROUND


async def _latest(store: Store, team: str, user: str) -> StoredRun | None:
    rounds = await store.runs.history(team, user, limit=1, own=True)
    return rounds[0] if rounds else None


async def _begin(
    store: Store,
    team: str,
    user: str,
    latest: StoredRun | None,
    response_url: str | None = None,
    begun_in: str | None = None,
    from_thread: list[str] | None = None,
) -> None:
    """Begin a round, one of two clicks at once: either that of the other is under way, or it is the latest by now."""
    before = latest.id if latest else "none"
    key = await work_records.current_or_next(Work.BEGIN_ROUND.key(team, user, before, ""))
    now = await _latest(store, team, user)
    if before == (now.id if now else "none"):
        await jobs.start(key, quiz_worker.begin, team, user, response_url, begun_in, from_thread)


async def _begin_anew(store: Store, team: str, user: str, run_id: str, at: str, from_thread: list[str]) -> None:
    """Stop a round and begin another. `at`: the ts of the click or the message that asks for it.

    from_thread: channel and root of the thread of the round, where it is said then where the next one is.
    """
    latest = await _latest(store, team, user)
    if latest and latest.id != run_id and _just_begun(latest):  # by the first half of a double click
        return
    await _typed(Work.STOP.key(team, run_id, at), team, run_id, Stop(), at)
    await _begin(store, team, user, latest, from_thread=from_thread)


def register(app: AsyncApp) -> None:
    """Listen to the command and the quiz's buttons."""
    app.action(re.compile(rf"^{CHOOSE}:"))(choose)  # first: it comes ten times in a round
    app.command("/rolefit")(command)
    app.action(BEGIN)(begin)
    app.action(re.compile(rf"^{DO}:"))(do)
    app.action(GRADED)(graded)
    app.action(RESUME)(resume)
    app.action(re.compile(rf"^{OPEN}:"))(open_run)
    app.action(re.compile(rf"^{DELETE}:"))(delete)
