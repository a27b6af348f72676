"""What is received is recorded together, begun in its time, and lost by nobody; too much is refused for now."""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import aiosqlite
import psycopg
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from bot import inbox, jobs, replica, turnstile
from bot.domain.faq import Surface
from bot.knowledge import Library
from bot.slack import app
from bot.slack.feedback_work import feedback_worker
from bot.slack.work import Work
from bot.storage import Item, Store
from tests.conftest import bot_in, free_port
from tests.conftest import rows as stored_rows
from tests.test_edge import EVENT, Edge
from tests.test_faq_conversation import SEVEN
from tests.workspace import Sent, Workspace, shown

pytestmark = pytest.mark.both_databases

QUESTION = SEVEN["xai-dropped-researcher"]
MANY = 12  # more than are worked on at once
PATIENT = {"ack_timeout": 60.0}  # so that on a slow machine nothing is sent again that is about to be acknowledged


def inbox_of(
    store: Store, begin: Callable[[Item], Awaitable[None]], readers: Mapping[str, inbox.Reader] | None = None
) -> inbox.Inbox:
    """Give an inbox by itself, which has room for all that comes."""
    return inbox.Inbox(
        store,
        "local",
        begin=begin,
        room=_nothing,
        keeps=jobs.is_no_fault_of_the_work,
        works={"faq.post_reply", *(readers or {})},
        readers=readers,
    )


@asynccontextmanager
async def held(table: str, kept_in: dict[str, Any], data: Path) -> AsyncIterator[None]:
    """Let nobody write to a table, "inbox" or "workflow_status" of DBOS, until the end of the block."""
    if url := kept_in.get("database_url"):
        async with await psycopg.AsyncConnection.connect(url) as connection:
            place = "public.inbox" if table == "inbox" else f"dbos.{table}"
            await connection.execute(f"LOCK TABLE {place} IN EXCLUSIVE MODE")
            yield
            await connection.rollback()
        return
    async with aiosqlite.connect(data / ("rolefit.db" if table == "inbox" else "jobs.db"), timeout=20) as connection:
        await connection.execute("BEGIN IMMEDIATE")
        yield
        await connection.rollback()


def rows(kept_in: dict[str, Any], data: Path) -> list[tuple[str, str]]:
    """Give the keys and works that the inbox holds."""
    select = "SELECT key, work FROM inbox ORDER BY received_at"
    if url := kept_in.get("database_url"):
        with psycopg.connect(url) as connection:
            return list(connection.execute(select))
    reading = sqlite3.connect(data / "rolefit.db")
    found = reading.execute(select).fetchall()
    reading.close()
    return found


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"rolefit_{name}", labels) or 0.0


async def eventually(holds: Callable[[], Any]) -> None:
    """Wait for something that nobody tells us of."""
    async with asyncio.timeout(20):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def answers(workspace: Workspace, asked: Sent) -> list[str]:
    thread = await workspace.thread(asked.channel, asked, asked.user)
    return [shown(each) for each in thread if each["user"] == "U_ROLEFIT"]


async def test_what_comes_at_once_is_recorded_at_once(
    library: Library, tmp_path: Path, kept_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(inbox, "RECORDED_WITHIN", 60.0)
    port = free_port()
    url = f"http://127.0.0.1:{port}/slack/events"
    async with (
        Workspace.start(events_url=url, **PATIENT) as workspace,
        bot_in(workspace, library, tmp_path, port=port, **kept_in),
    ):
        before = metric("inbox_transactions_total")
        async with held("inbox", kept_in, tmp_path):
            asked = [await workspace.post("U_ANA", "C_ASK", QUESTION) for _ in range(MANY)]
            await eventually(lambda: metric("inbox_waiting") == MANY)
        for each in asked:
            await workspace.replies(each)
        await workspace.settled()

        assert metric("inbox_transactions_total") - before <= 2  # the one that was held, and all that came meanwhile
        assert [len(await answers(workspace, each)) for each in asked] == [1] * MANY
        await eventually(lambda: not rows(kept_in, tmp_path))


async def test_what_is_acknowledged_and_not_begun_is_begun_after_a_crash(
    library: Library, tmp_path: Path, kept_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    async def dies(*_: object) -> None:
        """Say no goodbye."""

    async with Workspace.start() as workspace:
        with monkeypatch.context() as crashing:
            crashing.setattr(jobs, "ACTIVE", 0)  # nothing is begun
            crashing.setattr(replica, "deregister", dies)
            async with bot_in(workspace, library, tmp_path, **kept_in):
                asked = await workspace.post("U_ANA", "C_ASK", QUESTION)
                await workspace.acknowledged()
                [(key, work)] = rows(kept_in, tmp_path)
        # On PostgreSQL this is another replica, which finds that the first has not been heard of.
        async with bot_in(workspace, library, tmp_path, replica_timeout=1, **kept_in):
            await workspace.replies(asked)

            assert (key, work) == (f"say:T_LOCAL:C_ASK:{asked}", "faq.post_reply")
            await eventually(lambda: not rows(kept_in, tmp_path))
            assert len(await answers(workspace, asked)) == 1


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each message comes in a crowd, and what is recorded as it came is not read before that has passed."""
    monkeypatch.setattr(turnstile, "CROWD", 0)
    monkeypatch.setattr(inbox, "STANDS_BACK", 600.0)


def passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the crowd pass."""
    monkeypatch.setattr(turnstile, "CROWD", 1_000)


async def test_in_a_crowd_messages_are_recorded_as_they_came_and_answered_once_when_it_has_passed(
    library: Library, tmp_path: Path, kept_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch, crowd: None
):
    async with Workspace.start(**PATIENT) as workspace, bot_in(workspace, library, tmp_path, **kept_in):
        await workspace.faults(twice=1)
        asked = [await workspace.post("U_ANA", "C_ASK", QUESTION) for _ in range(3)]
        spoken_to = await workspace.post("U_BEN", "C_ASK", "<@U_ROLEFIT> who are you?")
        await workspace.post("U_BEN", "C_ASK", "who is on call this week, and who wants lunch?")
        await workspace.acknowledged()
        recorded = rows(kept_in, tmp_path)
        passes(monkeypatch)
        for each in (*asked, spoken_to):
            await workspace.replies(each)
        await workspace.settled()

        assert {work for _, work in recorded} == {"reception.read"}
        assert len(recorded) == 5  # of a mention there are two events, and what deserves silence is not kept
        assert [len(await answers(workspace, each)) for each in (*asked, spoken_to)] == [1, 1, 1, 1]
        await eventually(lambda: not rows(kept_in, tmp_path))


async def test_what_was_recorded_as_it_came_and_not_read_is_read_after_a_crash(
    library: Library, tmp_path: Path, kept_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch, crowd: None
):
    async def dies(*_: object) -> None:
        """Say no goodbye."""

    async with Workspace.start() as workspace:
        with monkeypatch.context() as crashing:
            crashing.setattr(replica, "deregister", dies)
            crashing.setattr(app, "PATIENCE", 0.0)
            async with bot_in(workspace, library, tmp_path, **kept_in):
                asked = await workspace.post("U_ANA", "C_ASK", QUESTION)
                await workspace.acknowledged()
                [(_, work)] = rows(kept_in, tmp_path)
        passes(monkeypatch)
        async with bot_in(workspace, library, tmp_path, replica_timeout=1, **kept_in):
            await workspace.replies(asked)

            assert work == "reception.read"
            await eventually(lambda: not rows(kept_in, tmp_path))
            assert len(await answers(workspace, asked)) == 1


async def test_work_has_not_ended_while_what_came_is_being_recorded(library: Library, tmp_path: Path):
    async with Workspace.start(**PATIENT) as workspace, bot_in(workspace, library, tmp_path):
        async with held("inbox", {}, tmp_path):
            asked = await workspace.post("U_ANA", "C_ASK", QUESTION)
            await eventually(lambda: metric("inbox_waiting") == 1)
            ending = asyncio.create_task(jobs.wait_until_idle())
            await asyncio.sleep(0)  # which would not return if the task went round without letting go of the loop
            assert not ending.done()
        await ending

        assert len(await answers(workspace, asked)) == 1


async def test_an_event_that_comes_again_while_it_waits_and_after_it_is_answered_once(
    library: Library, tmp_path: Path, kept_in: dict[str, Any]
):
    async with Workspace.start(**PATIENT) as workspace, bot_in(workspace, library, tmp_path, **kept_in):
        async with held("workflow_status", kept_in, tmp_path):
            await workspace.faults(twice=1)
            asked = await workspace.post("U_ANA", "C_ASK", QUESTION)
            await workspace.acknowledged()
            assert len(rows(kept_in, tmp_path)) == 1
        await workspace.replies(asked)
        await eventually(lambda: not rows(kept_in, tmp_path))

        assert len(await answers(workspace, asked)) == 1


async def test_a_message_that_is_read_as_other_work_when_it_comes_again_is_no_failure(
    library: Library, tmp_path: Path, kept_in: dict[str, Any]
):
    failed = partial(metric, "work_failed_total", error="DBOSConflictingWorkflowError")
    before = failed()
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path, **kept_in):
        asked = await workspace.post("U_ANA", "C_ASK", QUESTION)
        await workspace.replies(asked)
        key = Work.ANSWER.key("T_LOCAL", "C_ASK", asked)
        entries: list[str] = []
        read_now = ("T_LOCAL", "C_ASK", asked, asked, "U_ANA", 1, "", entries, Surface.CHANNEL.value)

        with capture_logs() as logged:
            await jobs.start(key, feedback_worker.choose_by_number, *read_now, shared=False)
            await workspace.settled()

        assert [each["event"] for each in logged if each["log_level"] == "error"] == []
        assert failed() == before
        assert len(await answers(workspace, asked)) == 1
        await eventually(lambda: not rows(kept_in, tmp_path))


async def test_a_full_inbox_refuses_says_so_and_takes_it_later(
    library: Library, tmp_path: Path, kept_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(inbox, "MOST_WAITING", 2)
    port = free_port()
    url = f"http://127.0.0.1:{port}/slack/events"
    async with (
        Workspace.start(events_url=url, retry_delays=(0.0, 0.1, *[1.0] * 60), **PATIENT) as workspace,
        bot_in(workspace, library, tmp_path, port=port, **kept_in),
        aiohttp.ClientSession() as session,
    ):
        edge, before = Edge(port, workspace, session), metric("refused_total", reason="full")
        async with held("workflow_status", kept_in, tmp_path):
            taken = [await workspace.post("U_ANA", "C_ASK", QUESTION) for _ in range(2)]
            await workspace.acknowledged()
            refused = await workspace.post("U_ANA", "C_ASK", QUESTION)
            await eventually(lambda: metric("refused_total", reason="full") > before)

            assert await edge.get("/readyz") == (503, "Too much work is waiting, and no more is taken.")
            assert await edge.get("/healthz") == (200, "ok")
            status, headers = await _posted(session, edge, refused)
            assert (status, headers["Retry-After"]) == (503, "5")
        for each in (*taken, refused):
            await workspace.replies(each)

        assert await edge.get("/readyz") == (200, "ready")
        assert [len(await answers(workspace, each)) for each in (*taken, refused)] == [1, 1, 1]


async def _posted(session: aiohttp.ClientSession, edge: Edge, asked: Sent) -> tuple[int, Any]:
    """Send a message that was posted once more, and give the status and the headers of the answer."""
    body = json.dumps(EVENT | {"event": EVENT["event"] | {"text": QUESTION, "ts": asked}}).encode()
    async with session.post(f"{edge.url}/slack/events", data=body, headers=edge.signed(body)) as answer:
        return answer.status, answer.headers


async def test_over_socket_mode_a_full_inbox_acknowledges_nothing(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(inbox, "MOST_WAITING", 1)
    config = {"ack_timeout": 0.5, "retry_delays": (0.0, *[0.5] * 60)}
    async with Workspace.start(**config) as workspace, bot_in(workspace, library, tmp_path):
        async with held("workflow_status", {}, tmp_path):
            first = await workspace.post("U_ANA", "C_ASK", QUESTION)
            await workspace.acknowledged()
            second = await workspace.post("U_ANA", "C_ASK", QUESTION)
            await workspace.until(lambda: _unacknowledged(workspace), "U_ANA")
        await workspace.replies(first)
        await workspace.replies(second)

        assert [len(await answers(workspace, each)) for each in (first, second)] == [1, 1]


async def _unacknowledged(workspace: Workspace) -> bool:
    return any(each["status"] == "none: timeout" for each in await workspace.traffic("message.channels"))


async def test_work_that_this_version_does_not_know_is_left_to_one_that_does(
    library: Library, tmp_path: Path, kept_in: dict[str, Any], url_of_store: str
):
    later = [
        Item("later:T_LOCAL:1", "later.work", "{}", time.time()),
        Item("say:T_LOCAL:C_ASK:1.1", "faq.post_reply", '{"unheard_of": 1}', time.time()),
    ]
    store = await Store.open(url_of_store)
    await store.inbox.receive(later, "local")
    await store.close()
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path, replica_timeout=1, **kept_in):
        await workspace.replies(await workspace.post("U_ANA", "C_ASK", QUESTION))

        await eventually(lambda: metric("inbox_unknown") == len(later))
        await eventually(lambda: len(rows(kept_in, tmp_path)) == len(later))
        assert rows(kept_in, tmp_path) == [(each.key, each.work) for each in later]


@pytest.fixture
def url_of_store(kept_in: dict[str, Any], tmp_path: Path) -> str:
    url = kept_in.get("database_url")
    return (
        url.replace("postgresql://", "postgresql+psycopg://") if url else f"sqlite+aiosqlite:///{tmp_path}/rolefit.db"
    )


@pytest.mark.parametrize("kept_in", ["postgresql"], indirect=True)
async def test_one_item_that_cannot_be_recorded_keeps_no_other_from_it(
    url_of_store: str, monkeypatch: pytest.MonkeyPatch
):
    """PostgreSQL takes no NUL in a text, which a payload may hold."""
    begun: list[str] = []
    store = await Store.open(url_of_store)
    receiving = inbox_of(store, _noting(begun))
    monkeypatch.setattr(turnstile, "CROWD", 0)  # the writer waits for both
    keys = ("say:T:C:1", "say:T:C:\0", "say:T:C:2")
    async with receiving.open():
        puts = [receiving.put(Item(key, "faq.post_reply", "{}", 1.0)) for key in keys]
        came = await asyncio.gather(*puts, return_exceptions=True)
        await receiving.empty()
    await store.close()

    assert [type(each).__name__ for each in came] == ["NoneType", "DataError", "NoneType"]
    assert begun == ["say:T:C:1", "say:T:C:2"]


async def test_what_came_is_read_before_anything_begins_and_what_follows_takes_its_place_in_one_transaction(
    url_of_store: str, monkeypatch: pytest.MonkeyPatch
):
    done: list[str] = []
    store = await Store.open(url_of_store)
    replaced: list[tuple[int, int]] = []
    replace = store.inbox.replace

    async def replace_and_note(keys: Sequence[str], items: Sequence[Item], replica: str) -> None:
        replaced.append((len(keys), len(items)))
        await replace(keys, items, replica)

    async def read(text: str) -> None:
        done.append("read")
        if text != "0":
            receiving.follow(Item(f"say:T:C:{text}", "faq.post_reply", "{}", 2.0))

    monkeypatch.setattr(inbox, "READS_FOR", 600.0)
    monkeypatch.setattr(store.inbox, "replace", replace_and_note)
    receiving = inbox_of(store, _noting(done), readers={"reads": read})
    came = [Item(f"message:T:C:{number}", "reads", str(number), 1.0) for number in range(20)]
    async with receiving.open(), asyncio.timeout(60):
        await asyncio.gather(
            receiving.put(Item("say:T:C:first", "faq.post_reply", "{}", 0.0)), *map(receiving.put, came)
        )
        await receiving.empty()
    left = await store.inbox.received(["local"])
    await store.close()

    assert done == ["read"] * 20 + ["say:T:C:first", *(f"say:T:C:{number}" for number in range(1, 20))]
    assert replaced == [(20, 19)]
    assert left == []


@pytest.mark.parametrize(("fails", "reads"), [(1, 2), (9, 4)])
async def test_what_cannot_be_read_is_read_again_and_given_up_in_the_end(
    url_of_store: str, monkeypatch: pytest.MonkeyPatch, fails: int, reads: int
):
    tries: list[str] = []
    given_up = partial(metric, "work_failed_total", error="ZeroDivisionError")
    before = given_up()
    store = await Store.open(url_of_store)

    async def read(text: str) -> None:
        tries.append(text)
        if len(tries) <= fails:
            raise ZeroDivisionError

    monkeypatch.setattr(inbox, "READ_AGAIN", (0.0, 0.0, 0.0))
    receiving = inbox_of(store, _noting([]), readers={"reads": read})
    async with receiving.open(), asyncio.timeout(60):
        await receiving.put(Item("message:T:C:1", "reads", "text", 1.0))
        await receiving.empty()
    left = await store.inbox.received(["local"])
    await store.close()

    assert tries == ["text"] * reads
    assert given_up() - before == (fails > reads)
    assert left == []


async def test_what_was_recorded_in_doubt_is_found_though_it_came_while_the_same_was_looked_for(
    url_of_store: str, monkeypatch: pytest.MonkeyPatch
):
    """The database takes both, and says of both that it failed; of the second while we look for the first."""
    begun: list[str] = []
    store = await Store.open(url_of_store)
    receive, received = store.inbox.receive, store.inbox.received
    looks, goes_on, all_begun = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def take_and_fail(*what: Any) -> None:
        await receive(*what)
        raise OSError

    async def look_slowly(*whose: Any) -> list[Item]:
        found = await received(*whose)
        looks.set()
        await goes_on.wait()
        return found

    async def begin(item: Item) -> None:
        begun.append(item.key)
        if len(begun) == 2:
            all_begun.set()

    monkeypatch.setattr(inbox, "DELETED_EVERY", 0.01)
    receiving = inbox_of(store, begin)
    async with receiving.open(), asyncio.timeout(60):
        monkeypatch.setattr(store.inbox, "receive", take_and_fail)
        monkeypatch.setattr(store.inbox, "received", look_slowly)
        with pytest.raises(OSError):  # noqa: PT011 - it says nothing more
            await receiving.put(Item("say:T:C:1", "faq.post_reply", "{}", 1.0))
        await looks.wait()
        with pytest.raises(OSError):  # noqa: PT011 - the same
            await receiving.put(Item("say:T:C:2", "faq.post_reply", "{}", 2.0))
        goes_on.set()
        await all_begun.wait()
    await store.close()

    assert begun == ["say:T:C:1", "say:T:C:2"]


def _noting(begun: list[str]) -> Callable[[Item], Awaitable[None]]:
    async def begin(item: Item) -> None:
        begun.append(item.key)

    return begin


async def _nothing() -> None:
    """There is always room."""


async def test_who_waits_longer_in_a_busy_channel_is_told_once_that_the_answer_is_on_its_way(
    library: Library, tmp_path: Path
):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path, post_interval=6):
        await workspace.replies(await workspace.post("U_BEN", "C_ASK", QUESTION))
        await workspace.post("U_ANA", "C_ASK", QUESTION)
        await workspace.until(lambda: _told(workspace, "U_ANA", "C_ASK"), "U_ANA")
        await workspace.post("U_ANA", "C_ASK", QUESTION)
        await workspace.settled()
        for _ in range(2):
            await workspace.post("U_ANA", "U_ROLEFIT", QUESTION)
        await workspace.dm("U_ANA", count=2)
        await workspace.settled()

        [told] = await _told(workspace, "U_ANA", "C_ASK")
        assert shown(told) == library.words.faq.on_its_way
        assert not await _told(workspace, "U_BEN", "C_ASK")
        assert len(await workspace.traffic("chat.postEphemeral")) == 1


async def test_so_is_who_waits_behind_others_whose_answers_have_not_even_begun(
    library: Library, tmp_path: Path, kept_in: dict[str, Any]
):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path, post_interval=6, **kept_in):
        async with stored_rows(tmp_path, kept_in) as store:
            await store.replies.set_mode("T_LOCAL", "C_GENERAL", "mention", by="U_ANA", at=time.time())
        async with held("workflow_status", kept_in, tmp_path):
            for channel in ("C_GENERAL", "C_ASK"):  # in the first nobody gets an answer unasked
                for user in ("U_BEN", "U_ANA"):
                    await workspace.post(user, channel, QUESTION)
                    await workspace.acknowledged()
            [told] = await workspace.until(lambda: _told(workspace, "U_ANA", "C_ASK"), "U_ANA")
        await workspace.settled()

        assert shown(told) == library.words.faq.on_its_way
        assert not await _told(workspace, "U_ANA", "C_GENERAL")
        assert len(await workspace.traffic("chat.postEphemeral")) == 1


async def _told(workspace: Workspace, user: str, channel: str) -> list[dict[str, Any]]:
    return [each for each in await workspace.messages(channel, user) if each.get("ephemeral")]


async def test_arguments_that_json_would_change_are_a_mistake_of_ours(library: Library, tmp_path: Path):
    from bot.slack.faq import faq_worker

    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        with pytest.raises(TypeError, match=r"the arguments of faq\.post_reply are not plain JSON"):
            await jobs.start("say:1", faq_worker.post_reply, "T", "C", "1.1", "answer", ("a", "b"), "dm")  # type: ignore[arg-type]


# What the versions before wrote into the inbox, by the name of the work and those of its arguments.
FORMERLY: dict[str, dict[str, Any]] = {
    "faq.say": {"team": "T", "channel": "C", "thread_ts": "1.1", "kind": "answer", "entries": [], "surface": "dm",
                "asker": None},
    "faq.show_privately": {"response_url": "u", "entry": "e"},
    "faq.show": {"team": "T", "channel": "C", "thread_ts": "1.1", "suggestion_ts": "1.2", "entry": "e"},
    "home.home": {"team": "T", "user": "U"},
    "leaving.forget": {"team": "T", "gone_at": 1.0},
    "quiz.begin": {"team": "T", "user": "U", "response_url": None, "begun_in": None},
    "quiz.first": {"team": "T", "run_id": "r"},
    "quiz.point": {"team": "T", "run_id": "r", "response_url": "u"},
    "quiz.clicked": {"team": "T", "run_id": "r", "action": {}, "user": "U", "channel": "D", "thread_ts": None},
    "quiz.typed": {"team": "T", "run_id": "r", "action": {}, "ts": "1.1", "aimed": False, "edited": False},
    "quiz.manages": {"team": "T", "run_id": "r"},
    "quiz.resume": {"team": "T", "run_id": "r", "user": "U", "response_url": "u"},
    "quiz.lead_to": {"team": "T", "run_id": "r", "user": "U", "response_url": "u"},
    "quiz.interrupted": {"team": "T", "run_id": "r", "kind": "answer", "entries": []},
    "quiz.say": {"team": "T", "run_id": "r", "word": "why", "term": None},
    "quiz.show": {"team": "T", "run_id": "r"},
    "quiz.come_back": {"team": "T", "run_id": "r", "what": "remind", "turns": 1},
    "quiz.delete": {"team": "T", "run_id": "r", "user": "U", "response_url": "u"},
    "quiz.erase": {"team": "T", "run_id": "r", "later": []},
    "share.pick": {"team": "T", "channel": "D", "root_ts": "1.0", "run_id": "r"},
    "share.preview": {"team": "T", "run_id": "r", "recipient": "U", "picker_ts": "1.1"},
    "share.send": {"team": "T", "share_id": "s", "channel": "D", "confirm_ts": "1.2"},
    "share.cancel": {"team": "T", "share_id": "s", "channel": "D", "confirm_ts": "1.2"},
}  # fmt: skip


@pytest.mark.parametrize("name", FORMERLY)
async def test_what_the_version_before_left_in_the_inbox_can_be_begun(monkeypatch: pytest.MonkeyPatch, name: str):
    import bot.slack.app  # noqa: F401 - all workers are known then

    begun = []

    async def record(key: str, work: object, arguments: object) -> None:
        begun.append((key, arguments))

    monkeypatch.setattr(jobs, "_record", record)

    await jobs._begin(Item("k", name, json.dumps(FORMERLY[name]), 1.0))

    assert begun == [("k", FORMERLY[name])]
