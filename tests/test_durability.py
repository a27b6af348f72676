"""Nothing is lost and nothing said twice, whatever Slack does."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import aiosqlite
import psycopg
import pytest
from dbos import DBOS
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from bot import inbox, jobs, replica, run
from bot.knowledge import Library
from bot.settings import Settings
from bot.slack.access import Member
from bot.slack.work import Work
from bot.storage import Installation, ReplyState
from tests.conftest import bot_in, free_port, rows, work_ended
from tests.sharing import RECEIPT, previewed, thread_of
from tests.test_faq_conversation import SEVEN
from tests.test_quiz_conversation import CLEAR, at_first_question, begin, message, question, result, take
from tests.workspace import PATIENCE, Workspace, buttons, shown

QUESTION = SEVEN["xai-dropped-researcher"]


async def posts(workspace: Workspace) -> list[str]:
    return [each["status"] for each in await workspace.traffic("chat.postMessage")]


async def answers(workspace: Workspace, root: str) -> list[str]:
    thread = await workspace.thread("C_ASK", root, "U_ANA")
    return [shown(each) for each in thread if each["user"] == "U_ROLEFIT"]


@pytest.mark.both_databases
async def test_a_message_that_slack_has_though_it_said_otherwise_is_not_posted_twice(workspace: Workspace):
    await workspace.faults(api=[{"method": "chat.postMessage", "error": "internal_error", "done": True}])
    asked = await workspace.post("U_ANA", "C_ASK", QUESTION)

    await workspace.until(lambda: _looked(workspace), "U_ANA")
    await workspace.settled()

    assert len(await answers(workspace, asked)) == 1
    assert len(await posts(workspace)) == 1


async def _looked(workspace: Workspace, method: str = "conversations.replies") -> bool:
    return bool(await workspace.traffic(method))


async def test_nor_is_what_begins_a_direct_message(workspace: Workspace):
    await workspace.faults(api=[{"method": "chat.postMessage", "error": "internal_error", "done": True}])

    root = await begin(workspace)
    await question(workspace, root, 1)
    await workspace.settled()

    assert await _looked(workspace, "conversations.history")
    assert len(await workspace.dm("U_ANA")) == 1


@pytest.mark.both_databases
async def test_nor_is_what_is_shared(workspace: Workspace):
    root, _ = await previewed(workspace)
    await workspace.faults(api=[{"method": "chat.postMessage", "error": "internal_error", "done": True}] * 3)

    await workspace.submit("U_ANA")
    await message(workspace, root, RECEIPT)
    await workspace.settled()

    [copy] = await workspace.dm("U_MEI")
    replies = [shown(each) for each in await thread_of(workspace, copy)]
    assert len(replies) == len(set(replies)) == 4


async def test_where_the_direct_message_is_not_known_the_quiz_begins_all_the_same(workspace: Workspace):
    lost = {"method": "chat.postMessage", "error": "internal_error", "done": True}
    await workspace.faults(api=[{"method": "conversations.open", "error": "missing_scope", "times": 9}, lost])

    await workspace.command("U_ANA", "C_ASK", "/rolefit")

    first, again = await workspace.dm("U_ANA", count=2)  # the gap that docs/operating.md names
    assert first["text"] == again["text"]


async def test_what_was_posted_is_found_a_page_at_a_time(workspace: Workspace):
    asked = await workspace.post("U_ANA", "C_ASK", QUESTION)
    for number in range(20):
        await workspace.post("U_BEN", "C_ASK", f"I wonder too, {number}", asked)
    await workspace.replies(asked)
    pages = [{"method": "conversations.replies", "error": "ratelimited", "retry_after": 0, "times": 2}]
    lost = {"method": "chat.postMessage", "error": "internal_error", "done": True}
    await workspace.faults(api=[lost, *pages])

    await workspace.mention("U_ANA", "C_ASK", "what is an applied scientist?", asked)
    await workspace.until(lambda: _found(workspace), "U_ANA")
    await workspace.settled()

    answers = [each for each in await workspace.thread("C_ASK", asked, "U_ANA") if each["user"] == "U_ROLEFIT"]
    assert len(answers) == 2


@pytest.mark.both_databases
async def test_a_look_that_has_to_wait_goes_on_where_it_was(workspace: Workspace):
    asked = await workspace.post("U_ANA", "C_ASK", QUESTION)
    for number in range(20):
        await workspace.post("U_BEN", "C_ASK", f"I wonder too, {number}", asked)
    await workspace.replies(asked)
    first_page = {"method": "conversations.replies", "error": None}
    second_page = {"method": "conversations.replies", "error": "ratelimited", "retry_after": 0}
    lost = {"method": "chat.postMessage", "error": "internal_error", "done": True}
    await workspace.faults(api=[lost, first_page, second_page])

    await workspace.mention("U_ANA", "C_ASK", "what is an applied scientist?", asked)
    await workspace.until(lambda: _looked_again(workspace), "U_ANA")
    await workspace.settled()

    assert await _looks(workspace) == ["ok", "ratelimited", "ok"]


async def _looks(workspace: Workspace) -> list[str]:
    return [look["status"] for look in await workspace.traffic("conversations.replies")]


async def _looked_again(workspace: Workspace) -> bool:
    return len(await _looks(workspace)) > 2


@pytest.mark.parametrize("error", ["edit_window_closed", "block_mismatch", "is_inactive", "external_channel_migrating"])
async def test_an_update_that_slack_refuses_for_good_does_not_hold_up_the_quiz(workspace: Workspace, error: str):
    await workspace.faults(api=[{"method": "chat.update", "error": error, "times": 99}])

    root = await begin(workspace)
    await take(workspace, root)

    async def shows_result() -> bool:
        thread = await workspace.thread(root.channel, root, "U_ANA")
        return any("Take it again" in buttons(message) for message in thread)

    assert await workspace.until(shows_result, "U_ANA")


async def test_tables_that_slack_refuses_come_as_lines_and_buttons_stay(workspace: Workspace):
    refused = {"method": "chat.postMessage", "error": "invalid_attachments"}
    root = await at_first_question(workspace)
    await take(workspace, root, *CLEAR[:-1])
    asked = await question(workspace, root, len(CLEAR))
    await workspace.faults(api=[refused, refused])
    await workspace.click("U_ANA", asked, buttons(asked)[CLEAR[-1]])

    told = await result(workspace, root)

    assert {block["type"] for block in told["blocks"]} <= {"section", "actions", "context"}
    assert "Share with my manager" in buttons(told)


async def _found(workspace: Workspace) -> bool:
    looks = await workspace.traffic("conversations.replies")
    return [each["status"] for each in looks][:2] == ["ratelimited"] * 2 and len(looks) == 4


@pytest.mark.parametrize("error", ["internal_error", "service_unavailable", "ratelimited"])
async def test_what_slack_did_not_do_is_done_later(workspace: Workspace, library: Library, error: str):
    await workspace.faults(api=[{"method": "chat.postMessage", "error": error, "times": 2, "retry_after": 0}])
    asked = await workspace.post("U_ANA", "C_ASK", QUESTION)

    [answer] = await workspace.replies(asked)

    assert library.entries["xai-dropped-researcher"].answer in shown(answer)
    assert await posts(workspace) == [error, error, "ok"]


PAGES = (
    (503, "text/plain", "upstream connect error or disconnect/reset before headers"),
    (502, "text/html", "<html><body>Bad Gateway</body></html>"),
    (504, "text/plain", ""),
    (500, "application/json", '{"ok": tru'),
    (500, "application/json", "null"),
    (200, "text/plain", "ok"),
    (429, "text/plain", "slow down"),
)


@pytest.mark.parametrize(("status", "kind", "body"), PAGES)
async def test_what_a_proxy_answers_in_place_of_slack_is_waited_out(
    workspace: Workspace, library: Library, status: int, kind: str, body: str
):
    page = {"method": "chat.postMessage", "status": status, "page": [kind, body]}
    await workspace.faults(api=[page])
    asked = await workspace.post("U_ANA", "C_ASK", QUESTION)

    [answer] = await workspace.replies(asked)

    assert library.entries["xai-dropped-researcher"].answer in shown(answer)


@pytest.mark.parametrize(("status", "kind", "body"), PAGES)
async def test_a_proxy_before_slack_does_not_stop_a_bot_that_connects(
    tmp_path: Path, library: Library, status: int, kind: str, body: str
):
    methods = ("auth.test", "apps.connections.open")
    async with Workspace.start() as workspace:
        await workspace.faults(api=[{"method": each, "status": status, "page": [kind, body]} for each in methods])
        async with bot_in(workspace, library, tmp_path):
            await workspace.replies(await workspace.post("U_ANA", "C_ASK", QUESTION))


async def test_an_event_that_cannot_be_recorded_in_time_is_refused_and_comes_again(
    tmp_path: Path, library: Library, monkeypatch: pytest.MonkeyPatch
):
    port = free_port()
    monkeypatch.setattr(inbox, "RECORDED_WITHIN", 0.2)
    url = f"http://127.0.0.1:{port}/slack/events"
    async with (
        Workspace.start(events_url=url, retry_delays=(0.0, *[0.5] * 30)) as workspace,
        bot_in(workspace, library, tmp_path, port=port),
    ):
        async with aiosqlite.connect(tmp_path / "rolefit.db", timeout=20) as locked:
            await locked.execute("BEGIN IMMEDIATE")
            asked = await workspace.post("U_ANA", "C_ASK", QUESTION)
            await workspace.until(lambda: _refused(workspace), "U_ANA")
            await locked.rollback()
        await workspace.replies(asked)
        await workspace.settled()

        assert len(await answers(workspace, asked)) == 1


async def _refused(workspace: Workspace) -> bool:
    return any(each["status"].startswith("none: ") for each in await workspace.traffic("message.channels"))


async def test_a_broken_connection_after_the_message_arrived_posts_it_once(workspace: Workspace):
    await workspace.faults(api=[{"method": "chat.postMessage", "error": None, "reset": True}])
    asked = await workspace.post("U_ANA", "C_ASK", QUESTION)

    await workspace.until(lambda: _looked(workspace), "U_ANA")
    await workspace.settled()

    assert len(await answers(workspace, asked)) == 1
    assert len(await posts(workspace)) == 1


async def test_an_answer_is_brought_in_three_steps(tmp_path: Path, library: Library):
    """What is recorded of a step, and looked for before it, takes longer than most steps: somebody waits for them."""
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        for channel in ("U_ROLEFIT", "C_ASK"):
            await workspace.replies(await workspace.post("U_ANA", channel, QUESTION))
        await workspace.settled()
        with closing(sqlite3.connect(tmp_path / "jobs.db")) as records:
            steps = "SELECT function_name FROM operation_outputs WHERE workflow_uuid LIKE ? ORDER BY function_id"
            of_each = {
                kind: [name for (name,) in records.execute(steps, [f"say:T_LOCAL:{kind}%"])] for kind in ("D", "C_ASK")
            }

    assert of_each == {"D": ["hold", "post", "settle"], "C_ASK": ["hold", "post", "settle"]}


async def test_a_click_takes_a_step_for_each_call_and_one_that_applies_it(tmp_path: Path, library: Library):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        root = await begin(workspace)
        first = await question(workspace, root, 1)
        await workspace.settled()
        await workspace.click("U_ANA", first, buttons(first)[CLEAR[0]])
        await question(workspace, root, 2)
        await workspace.settled()
        with closing(sqlite3.connect(tmp_path / "jobs.db")) as records:
            steps = "SELECT workflow_uuid, function_name FROM operation_outputs ORDER BY workflow_uuid, function_id"
            clicks = [(key, name) for key, name in records.execute(steps) if key.startswith("click:")]

    last = max(key for key, _ in clicks)
    assert [name for key, name in clicks if key == last] == ["act", "post", "reply", "update"]


async def test_work_that_pauses_while_the_bot_ends_has_not_failed_and_goes_on(
    tmp_path: Path, library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    destroy = DBOS.destroy

    def destroy_and_wait() -> None:
        """End DBOS, and take as long for it as the work may pause."""
        destroy()
        until = time.monotonic() + PATIENCE
        while jobs._in_flight.live > 0 and time.monotonic() < until:
            time.sleep(0.01)

    async with Workspace.start() as workspace:
        with monkeypatch.context() as ending, capture_logs() as logged:
            ending.setattr(DBOS, "destroy", destroy_and_wait)
            async with bot_in(workspace, library, tmp_path):
                await workspace.faults(api=[{"method": "chat.postMessage", "error": "ratelimited", "retry_after": 1}])
                asked = await workspace.post("U_ANA", "C_ASK", QUESTION)
                await workspace.until(lambda: _was_limited(workspace), "U_ANA")
                await workspace.settled()
        async with bot_in(workspace, library, tmp_path):
            await workspace.replies(asked)
            await workspace.settled()
        assert len(await answers(workspace, asked)) == 1

    said = [line for line in logged if line["event"] != "Slack refused"]
    assert [line for line in said if line["log_level"] in ("warning", "error")] == []
    assert [line["pausing"] for line in said if "goes on at the next start" in line["event"]] == [1]
    assert [record.getMessage() for record in caplog.records if record.name == "dbos"] == []


async def _was_limited(workspace: Workspace) -> bool:
    return "ratelimited" in await posts(workspace)


@pytest.mark.parametrize(
    ("kept", "name"),
    [
        ("sqlite", "hold"),
        ("sqlite", "post"),
        ("sqlite", "settle"),
        ("postgresql", "hold"),
        ("postgresql", "post"),
        ("postgresql", "settle"),
    ],
)
async def test_whichever_step_of_an_answer_a_process_dies_after_it_is_posted_once(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    library: Library,
    monkeypatch: pytest.MonkeyPatch,
    kept: str,
    name: str,
):
    kept_in = {} if kept == "sqlite" else {"database_url": request.getfixturevalue("database")}

    class DiedError(BaseException):
        """Ends a piece of work, and nothing of it is recorded any more."""

    died, run_step = asyncio.Event(), DBOS.run_step_async

    async def run_or_die(options: Any, effect: Callable[[], Awaitable[Any]]) -> Any:
        async def dies() -> None:
            await effect()
            died.set()
            raise DiedError

        return await run_step(options, dies if options["name"] == name else effect)

    async def say_no_goodbye(*_: object) -> None:
        """Nobody hears that the process ends."""

    async with Workspace.start() as workspace:
        with monkeypatch.context() as crashing:
            crashing.setattr(DBOS, "run_step_async", run_or_die)
            crashing.setattr(replica, "deregister", say_no_goodbye)
            async with bot_in(workspace, library, tmp_path, **kept_in):
                asked = await workspace.post("U_ANA", "C_ASK", QUESTION)
                async with asyncio.timeout(PATIENCE):
                    await died.wait()
        # On PostgreSQL this is another replica, which finds that the first has not been heard of.
        async with (
            bot_in(workspace, library, tmp_path, replica_timeout=1, **kept_in),
            rows(tmp_path, kept_in) as store,
        ):
            await work_ended(Work.ANSWER.key("T_LOCAL", "C_ASK", asked))

            assert len(await answers(workspace, asked)) == 1
            reply = await store.replies.get("T_LOCAL", "C_ASK", asked)
            assert reply is not None
            assert reply.state is ReplyState.POSTED
            assert not await store.replies.is_held("T_LOCAL", "C_ASK", asked)


async def test_a_channel_gets_one_message_a_second_and_others_do_not_wait_for_it(tmp_path: Path, library: Library):
    async with (
        Workspace.start() as workspace,
        bot_in(workspace, library, tmp_path, post_interval=1.0),
    ):
        asked = [await workspace.post("U_ANA", "C_ASK", QUESTION) for _ in range(3)]
        elsewhere = await workspace.post("U_ANA", "C_GENERAL", QUESTION)

        [other] = await workspace.replies(elsewhere)
        said = [(await workspace.replies(each))[0] for each in asked]

    times = sorted(float(each["ts"]) for each in said)
    assert times[2] - times[0] > 1  # two seconds, less what the first was late; the turns are the store's, and exact
    assert float(other["ts"]) < times[1]


async def test_a_lost_acknowledgement_brings_the_event_again_and_no_second_answer(either_way: Workspace):
    await either_way.faults(unheard=1)
    asked = await either_way.post("U_ANA", "C_ASK", QUESTION)

    await either_way.replies(asked)
    await either_way.settled()

    assert len(await answers(either_way, asked)) == 1
    heard = [each["status"] for each in await either_way.traffic("message.channels")]
    assert sum(each.startswith("retry") for each in heard) == 1


async def test_an_expired_socket_address_is_replaced_by_a_new_one(tmp_path: Path, library: Library):
    async with Workspace.start() as workspace:
        await workspace.faults(stale_links=1)
        async with bot_in(workspace, library, tmp_path):
            asked = await workspace.post("U_ANA", "C_ASK", QUESTION)
            await workspace.replies(asked)

        assert len(await workspace.traffic("apps.connections.open")) >= 2


@pytest.mark.both_databases
async def test_a_mention_that_comes_before_its_twin_is_answered_once(workspace: Workspace):
    await workspace.faults(swapped=1)
    asked = await workspace.mention("U_ANA", "C_ASK", f"<@U_BOT> {QUESTION}")

    await workspace.replies(asked)
    await workspace.settled()

    assert len(await answers(workspace, asked)) == 1


def test_secrets_are_in_no_repr():
    secret = "hush-hush"
    settings = Settings(
        _env_file=None, slack_bot_token=secret, slack_app_token=secret, slack_signing_secret=secret,
        slack_client_secret=secret, encryption_keys=secret, database_url=f"postgresql://rolefit:{secret}@db/rolefit",
    )  # fmt: skip
    held = (
        settings,
        run.SlackCredentials("https://slack.com/api/", secret, secret, secret, "1.2", secret),
        Member("T_ONE", "U_BOT", "B_BOT", secret),
        Installation("U_BOT", "B_BOT", secret, secret, None, 1.0),
    )

    assert all(secret not in repr(each) and secret not in str(each) for each in held)


def test_a_connection_that_fails_counts_as_lost_for_the_engine_of_dbos_alone(monkeypatch: pytest.MonkeyPatch):
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(jobs, "DBOS", lambda *, config: asked.append(config))
    jobs.configure("postgresql+psycopg://nobody@nowhere/nothing")
    [config] = asked

    assert _is_lost(**config["db_engine_kwargs"])
    assert not _is_lost()


def _is_lost(**options: Any) -> bool:
    """Make an engine, have psycopg refuse to connect in words that DBOS does not know, and say what becomes of it."""

    def connect() -> psycopg.Connection:
        raise psycopg.OperationalError("connection is bad: no error details available")

    engine = create_engine("postgresql+psycopg://", creator=connect, **options)
    with pytest.raises(OperationalError) as raised:
        engine.connect()
    return raised.value.connection_invalidated
