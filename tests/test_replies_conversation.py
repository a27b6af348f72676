"""Replies that meet edits, clicks, people and other replies on their way."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from dbos import DBOS
from sqlalchemy.exc import OperationalError

from bot import jobs
from bot.jobs import Key
from bot.knowledge import Library
from bot.settings import Settings
from bot.slack import slack_calls
from bot.slack.faq import FaqWorker, faq_worker
from bot.step_records import StepRecords
from bot.storage import ReplyState, Store
from bot.work_records import FailedWork, WorkRecords
from tests.test_feedback import UNCLEAR, store
from tests.test_manners import MTS, XAI, posts, set_mode, whispered, whispers
from tests.workspace import BOT, Json, Sent, Workspace, buttons, eventually, shown

__all__ = ["store"]  # the fixture

MTS_ENTRY, XAI_ENTRY = "member-of-technical-staff", "xai-dropped-researcher"
LINKED, TAKEN_BACK = (
    "You will find my answer here already:",
    "The question was changed, so I have taken my answer back.",
)
BOTH = f"{MTS} {XAI}"


async def refused(workspace: Workspace, method: str, count: int = 1) -> None:
    """Wait until Slack has refused a method so many times."""

    async def enough() -> bool:
        calls = await workspace.traffic(method)
        return len([call for call in calls if call["status"] == "ratelimited"]) >= count

    await workspace.until(enough, "U_ANA")


async def held_back(workspace: Workspace, text: str = MTS, *, seconds: int = 3) -> Sent:
    """Ask a question whose answer Slack holds back for some seconds; gives it once it has."""
    await workspace.faults(api=[{"method": "chat.postMessage", "error": "ratelimited", "retry_after": seconds}])
    asked = await workspace.post("U_ANA", "C_ASK", text)
    await refused(workspace, "chat.postMessage")
    return asked


# What happens while the database is busy


def busy_once(
    monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], Awaitable[object]] | None = None
) -> asyncio.Event:
    """Let the first look at what a reply has to mind meet a database that is locked; set once it has."""
    met, original = asyncio.Event(), FaqWorker._first_way

    async def look(worker: FaqWorker, *about: Any) -> dict[str, Any] | None:
        if met.is_set():
            return await original(worker, *about)
        met.set()
        if meanwhile:
            await meanwhile()
        locked = sqlite3.OperationalError("database is locked")
        locked.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise OperationalError("", {}, locked)

    monkeypatch.setattr(FaqWorker, "_first_way", look)
    return met


async def test_who_asks_where_it_is_switched_off_is_told_though_the_database_was_busy(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    await set_mode(workspace, "Off")
    busy = busy_once(monkeypatch)

    await workspace.mention("U_ANA", "C_ASK", MTS)
    await workspace.settled()

    assert busy.is_set()
    assert [shown(each) for each in await whispers(workspace) if "I am switched off" in shown(each)]


async def test_a_reply_that_is_switched_off_while_the_database_is_busy_is_let_go_of(
    workspace: Workspace, store: Store, monkeypatch: pytest.MonkeyPatch
):
    async def switch_off() -> None:
        await store.replies.set_mode("T_LOCAL", "C_ASK", "off", by="U_BEN", at=time.time())

    busy = busy_once(monkeypatch, switch_off)

    asked = await workspace.post("U_ANA", "C_ASK", MTS)
    await workspace.settled()

    assert busy.is_set()
    assert await posts(workspace) == 0
    assert not await store.replies.is_held("T_LOCAL", "C_ASK", asked)
    left = await store.replies.get("T_LOCAL", "C_ASK", asked)
    assert left is not None
    assert left.state is ReplyState.WITHHELD


async def test_a_reply_that_cannot_be_decided_is_let_go_of(
    workspace: Workspace, store: Store, monkeypatch: pytest.MonkeyPatch
):
    async def fails(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(FaqWorker, "_first_way", fails)
    asked = await workspace.post("U_ANA", "C_ASK", MTS)
    await workspace.settled()

    assert not await store.replies.is_held("T_LOCAL", "C_ASK", asked)
    left = await store.replies.get("T_LOCAL", "C_ASK", asked)
    assert left is not None
    assert left.state is ReplyState.WITHHELD


# What happens while an answer waits for its turn


@pytest.mark.both_databases
async def test_who_replies_while_the_answer_waits_is_not_answered_over(either_way: Workspace, library: Library):
    workspace = either_way
    asked = await held_back(workspace)
    await workspace.post("U_BEN", "C_ASK", "it means Member of Technical Staff", asked)

    async def told() -> list[Json]:
        return [m for m in await workspace.thread("C_ASK", asked, "U_ANA") if m.get("ephemeral")]

    [whisper] = [m for m in await workspace.until(told, "U_ANA") if "Only you can see this." in shown(m)]
    assert library.entries[MTS_ENTRY].answer in shown(whisper)
    assert not [m for m in await workspace.thread("C_ASK", asked, "U_BEN") if m.get("bot_id")]


async def test_quiet_that_is_asked_for_while_the_answer_waits_is_kept(workspace: Workspace, store: Store):
    asked = await held_back(workspace)
    await workspace.mention("U_ANA", "C_ASK", "hush", asked)
    await whispered_in(workspace, asked, "I’ll keep quiet in this thread")

    # Once its turn has come, it is looked at again, and decided anew.
    async def looked() -> bool:
        return len(await workspace.traffic("conversations.replies")) > 0

    await workspace.until(looked, "U_ANA")
    await workspace.settled()
    reply = await store.replies.get("T_LOCAL", "C_ASK", asked)
    assert reply
    assert reply.state is ReplyState.WITHHELD
    assert not [m for m in await workspace.thread("C_ASK", asked, "U_BEN") if m.get("bot_id")]


async def whispered_in(workspace: Workspace, thread: Sent, text: str, user: str = "U_ANA") -> Json:
    async def there() -> Json | None:
        found = await workspace.thread(thread.channel, thread, user)
        return next((m for m in found if m.get("ephemeral") and text in shown(m)), None)

    return await workspace.until(there, user)


async def test_a_link_waits_for_an_answer_that_slack_holds_back(workspace: Workspace, library: Library):
    first = await held_back(workspace, seconds=4)
    second = await workspace.post("U_BEN", "C_ASK", MTS)

    [link] = await workspace.replies(second, as_user="U_BEN")
    [answer] = await workspace.replies(first)

    assert library.entries[MTS_ENTRY].answer in shown(answer)
    assert LINKED in shown(link)


# The same answer twice


@pytest.mark.both_databases
async def test_a_link_becomes_the_answer_when_that_is_withdrawn(workspace: Workspace, library: Library):
    first = await workspace.post("U_ANA", "C_ASK", MTS)
    await workspace.replies(first)
    links = []
    for user in ("U_BEN", "U_MEI"):
        links += await workspace.replies(await workspace.post(user, "C_ASK", MTS), as_user=user)
    assert all(LINKED in shown(link) for link in links)

    await workspace.delete(first)

    answer = library.entries[MTS_ENTRY].answer
    await workspace.latest("U_BEN", links[0], once=lambda now: answer in shown(now))
    await workspace.settled()
    assert LINKED in shown(await workspace.latest("U_MEI", links[1]))
    assert f"ts={links[0]['ts']}&" in (await workspace.latest("U_MEI", links[1]))["text"].replace("&amp;", "&")


async def test_of_two_answers_the_one_that_stands_there_is_linked(workspace: Workspace, library: Library):
    await workspace.replies(await workspace.post("U_ANA", "C_ASK", MTS))

    [answer] = await workspace.replies(await workspace.mention("U_BEN", "C_ASK", BOTH), as_user="U_BEN")

    assert library.entries[XAI_ENTRY].answer in shown(answer)
    assert library.entries[MTS_ENTRY].answer not in shown(answer)
    assert LINKED in shown(answer)
    [link] = await workspace.replies(await workspace.post("U_MEI", "C_ASK", XAI), as_user="U_MEI")
    assert LINKED in shown(link)


async def test_what_somebody_posts_from_the_shortcut_is_linked_if_the_channel_has_it(workspace: Workspace):
    await workspace.replies(await workspace.post("U_ANA", "C_ASK", MTS))
    await set_mode(workspace, "Only when mentioned")
    asked = await workspace.post("U_MEI", "C_ASK", MTS)
    message = (await workspace.messages("C_ASK", "U_BEN"))[-1]
    await workspace.shortcut("U_BEN", "answer_from_faq", message)
    offered = await whispered(workspace, "Only you can see this.", "U_BEN")

    await workspace.click("U_BEN", offered, "Post in the thread")

    [link] = await workspace.replies(asked, as_user="U_MEI")
    assert LINKED in shown(link)


async def test_an_edit_into_what_the_channel_has_is_linked_in_place(workspace: Workspace):
    await workspace.replies(await workspace.post("U_ANA", "C_ASK", MTS))
    asked = await workspace.post("U_BEN", "C_ASK", XAI)
    [answer] = await workspace.replies(asked, as_user="U_BEN")

    await workspace.edit(asked, MTS)

    await workspace.latest("U_BEN", answer, once=lambda now: LINKED in shown(now))


# Edits


async def test_an_answer_that_was_taken_back_comes_back_in_place(workspace: Workspace, library: Library):
    asked = await workspace.post("U_ANA", "C_ASK", MTS)
    [answer] = await workspace.replies(asked)
    await workspace.post("U_BEN", "C_ASK", "good to know", asked)
    await workspace.edit(asked, "lunch at 12?")
    await workspace.latest("U_ANA", answer, once=lambda now: shown(now) == TAKEN_BACK)

    await workspace.edit(asked, MTS)

    await workspace.latest("U_ANA", answer, once=lambda now: library.entries[MTS_ENTRY].answer in shown(now))
    assert await posts(workspace) == 1


async def test_a_whisper_is_not_repeated_with_each_edit_and_its_old_button_posts_nothing(
    workspace: Workspace, library: Library
):
    await set_mode(workspace, "Whisper")
    asked = await workspace.post("U_ANA", "C_ASK", MTS)
    first = await whispered(workspace, "Only you can see this.")
    before = len(await whispers(workspace))
    await workspace.edit(asked, f"{MTS} thanks")
    await workspace.settled()
    assert len(await whispers(workspace)) == before

    await workspace.edit(asked, XAI)
    second = await whispered(workspace, library.entries[XAI_ENTRY].answer)
    await workspace.click("U_ANA", first, "Post in the thread")
    told = await workspace.latest("U_ANA", first, once=lambda now: not buttons(now))
    assert shown(told) == "The question was changed or deleted since, so I have posted nothing."
    assert await posts(workspace) == 0

    await workspace.click("U_ANA", second, "Post in the thread")
    [answer] = await workspace.replies(asked)
    assert library.entries[XAI_ENTRY].answer in shown(answer)


async def test_who_edits_a_mention_where_it_is_switched_off_is_told_once(workspace: Workspace):
    await set_mode(workspace, "Off")
    asked = await workspace.mention("U_ANA", "C_ASK", MTS)
    await whispered(workspace, "I am switched off in this channel.")
    before = len(await whispers(workspace))

    await workspace.edit(asked, f"<@U_ROLEFIT> {XAI}")
    await workspace.settled()

    assert len(await whispers(workspace)) == before


# Clicks


@pytest.mark.parametrize("label", ["Post here", "Post in the thread"])
async def test_where_it_is_switched_off_nobody_has_it_post(workspace: Workspace, label: str):
    if label == "Post here":
        await workspace.command("U_ANA", "C_ASK", "/rolefit", MTS)
    else:
        await set_mode(workspace, "Whisper")
        await workspace.post("U_ANA", "C_ASK", MTS)
    offered = await whispered(workspace, "Only you can see this.")
    await set_mode(workspace, "Off", user="U_BEN")

    await workspace.click("U_ANA", offered, label)

    told = await workspace.latest("U_ANA", offered, once=lambda now: not buttons(now))
    assert "I am switched off in this channel." in shown(told)
    assert await posts(workspace) == 0


async def test_where_it_is_no_member_an_answer_is_posted_here_by_the_click(workspace: Workspace, library: Library):
    await workspace.command("U_MEI", "C_LEADS", "/rolefit", MTS)
    offered = await whispered(workspace, "Only you can see this.", "U_MEI", "C_LEADS")

    await workspace.click("U_MEI", offered, "Post here")

    async def posted() -> Json | None:
        messages = await workspace.messages("C_LEADS", "U_MEI")
        answer = library.entries[MTS_ENTRY].answer
        return next((m for m in messages if not m.get("ephemeral") and answer in shown(m)), None)

    assert shown(await workspace.until(posted, "U_MEI")).startswith("<@U_MEI> had me answer this here: *What does")


async def test_what_a_click_may_have_posted_for_all_is_not_posted_again(workspace: Workspace, library: Library):
    await workspace.command("U_MEI", "C_LEADS", "/rolefit", MTS)
    offered = await whispered(workspace, "Only you can see this.", "U_MEI", "C_LEADS")
    await workspace.faults(api=[{"method": "response_url", "error": "internal_error", "done": True}])

    await workspace.click("U_MEI", offered, "Post here")

    told = await workspace.latest("U_MEI", offered, once=lambda now: not buttons(now))
    assert "Slack did not say whether it has posted it." in shown(told)
    messages, answer = await workspace.messages("C_LEADS", "U_MEI"), library.entries[MTS_ENTRY].answer
    assert sum(answer in shown(message) for message in messages if not message.get("ephemeral")) == 1


@pytest.mark.both_databases
async def test_what_may_have_been_posted_is_why_the_work_was_given_up_though_nobody_could_be_told(
    workspace: Workspace, tmp_path: Path, kept_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    url = Settings(_env_file=None, data_dir=tmp_path, **kept_in).jobs_url
    records, steps = WorkRecords(url), StepRecords(url)
    monkeypatch.setattr(slack_calls, "TRIES", 2)
    await workspace.command("U_MEI", "C_LEADS", "/rolefit", MTS)
    offered = await whispered(workspace, "Only you can see this.", "U_MEI", "C_LEADS")
    posting, telling = {"error": "internal_error", "done": True}, {"status": 500, "times": 2}
    await workspace.faults(api=[{"method": "response_url", **trouble} for trouble in (posting, telling)])

    await workspace.click("U_MEI", offered, "Post here")
    await workspace.settled()
    [failed] = await eventually(lambda: asyncio.to_thread(records.failed))
    records.close()

    assert failed.error == "cannot_look"
    done = await DBOS.list_workflow_steps_async(failed.key)
    *_, posted_at, told_at = [step["function_id"] for step in done if step["error"]]
    assert steps.given_up_at([failed.key]) == {failed.key: (posted_at, "reply")}
    assert done[-1]["function_id"] == told_at


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("not_in_channel", "I cannot post there. Invite me to the channel first, then try again."),
        ("restricted_action", "Slack did not take it, so I have posted nothing."),
    ],
)
async def test_an_answer_that_cannot_be_posted_can_be_once_that_has_passed(
    workspace: Workspace, library: Library, error: str, told: str
):
    await set_mode(workspace, "Whisper")
    asked = await workspace.post("U_ANA", "C_ASK", MTS)
    offered = await whispered(workspace, "Only you can see this.")
    await workspace.faults(api=[{"method": "chat.postMessage", "error": error}])

    await workspace.click("U_ANA", offered, "Post in the thread")

    again = await workspace.latest("U_ANA", offered, once=lambda now: told in shown(now))
    await workspace.click("U_ANA", again, "Post in the thread")
    [answer] = await workspace.replies(asked)
    assert library.entries[MTS_ENTRY].answer in shown(answer)


async def test_what_slack_may_have_posted_is_not_offered_again(workspace: Workspace):
    await set_mode(workspace, "Whisper")
    await workspace.post("U_ANA", "C_ASK", MTS)
    offered = await whispered(workspace, "Only you can see this.")
    await workspace.faults(
        api=[
            {"method": "chat.postMessage", "error": "internal_error"},
            {"method": "chat.postMessage", "error": "restricted_action"},
        ]
    )

    await workspace.click("U_ANA", offered, "Post in the thread")

    told = await workspace.latest("U_ANA", offered, once=lambda now: "I have posted nothing." in shown(now))
    assert "Post in the thread" in buttons(told)


async def test_a_slip_that_is_mended_leaves_the_whispers_button_as_it_was(workspace: Workspace, library: Library):
    await set_mode(workspace, "Whisper")
    asked = await workspace.post("U_ANA", "C_ASK", MTS)
    offered = await whispered(workspace, "Only you can see this.")
    await workspace.edit(asked, f"{MTS} thanks")
    await workspace.settled()

    await workspace.click("U_ANA", offered, "Post in the thread")

    [answer] = await workspace.replies(asked)
    assert library.entries[MTS_ENTRY].answer in shown(answer)


async def test_what_another_has_posted_stays_when_the_question_is_edited(workspace: Workspace, library: Library):
    await set_mode(workspace, "Whisper")
    asked = await workspace.post("U_ANA", "C_ASK", MTS)
    await whispered(workspace, "Only you can see this.")
    message = (await workspace.messages("C_ASK", "U_BEN"))[-1]
    await workspace.shortcut("U_BEN", "answer_from_faq", message)
    await workspace.click("U_BEN", await whispered(workspace, "Only you", "U_BEN"), "Post in the thread")
    [answer] = await workspace.replies(asked)

    await workspace.edit(asked, "lunch at 12?")
    await workspace.settled()

    assert library.entries[MTS_ENTRY].answer in shown(await workspace.latest("U_BEN", answer))


# Links to what has gone


async def test_a_link_that_waits_while_its_answer_goes_gives_the_answer(workspace: Workspace, library: Library):
    first = await workspace.post("U_ANA", "C_ASK", MTS)
    await workspace.replies(first)
    second = await held_back(workspace)
    await workspace.delete(first)

    [answer] = await workspace.replies(second)
    await workspace.latest("U_ANA", answer, once=lambda now: library.entries[MTS_ENTRY].answer in shown(now))


async def test_an_answer_beside_a_link_keeps_it_when_corrected_and_says_both_when_that_goes(
    workspace: Workspace, library: Library, store: Store
):
    first = await workspace.post("U_ANA", "C_ASK", MTS)
    await workspace.replies(first)
    second = await workspace.mention("U_BEN", "C_ASK", BOTH)
    [answer] = await workspace.replies(second, as_user="U_BEN")
    assert LINKED in shown(answer)
    reply = await store.replies.get("T_LOCAL", "C_ASK", second)
    assert reply
    await jobs.start(Key(f"correct:T_LOCAL:C_ASK:{second}"), faq_worker.correct_reply, "T_LOCAL", "C_ASK", second, "d")
    corrected = await workspace.latest("U_BEN", answer, once=lambda now: "Corrected on" in shown(now))
    assert LINKED in shown(corrected)

    await workspace.delete(first)

    both = [library.entries[entry].answer for entry in (XAI_ENTRY, MTS_ENTRY)]
    await workspace.latest("U_BEN", answer, once=lambda now: all(text in shown(now) for text in both))


async def test_two_answers_that_become_the_same_do_not_wait_for_each_other(workspace: Workspace, library: Library):
    first, second = await workspace.post("U_ANA", "C_ASK", MTS), await workspace.post("U_BEN", "C_ASK", XAI)
    [one], [other] = await workspace.replies(first), await workspace.replies(second, as_user="U_BEN")

    await workspace.edit(first, BOTH)
    await workspace.edit(second, BOTH)

    entries = [library.entries[entry].answer for entry in (XAI_ENTRY, MTS_ENTRY)]
    await workspace.latest("U_ANA", one, once=lambda now: LINKED in shown(now) or all(e in shown(now) for e in entries))
    await workspace.latest("U_BEN", other, once=lambda now: LINKED in shown(now))


async def test_a_choice_stays_when_a_slip_in_the_question_is_mended(workspace: Workspace, library: Library):
    asked = await workspace.mention("U_ANA", "C_ASK", UNCLEAR)
    [offer] = await workspace.replies(asked)
    await workspace.click("U_ANA", offer, buttons(offer)[0])
    chosen = await workspace.latest("U_ANA", offer, once=lambda now: "Helpful" in buttons(now))
    await workspace.settled()

    await workspace.edit(asked, f"<@{BOT}> {UNCLEAR.replace(', ', ',  ')}")
    await workspace.settled()

    assert shown(await workspace.latest("U_ANA", offer)) == shown(chosen)


async def test_an_edit_is_not_answered_where_it_was_switched_off_meanwhile(workspace: Workspace):
    asked = await workspace.post("U_ANA", "C_ASK", MTS)
    await workspace.replies(asked)
    await set_mode(workspace, "Off")

    await workspace.edit(asked, XAI)

    async def gone() -> bool:
        return len(await workspace.thread("C_ASK", asked, "U_BEN")) == 1

    await workspace.until(gone, "U_BEN")


async def test_two_answers_in_a_thread_can_both_be_edited(workspace: Workspace, library: Library):
    root = await workspace.post("U_BEN", "C_ASK", "lunch at 12?")
    first = await workspace.post("U_ANA", "C_ASK", MTS, root)
    await workspace.replies(first)
    second = await workspace.post("U_ANA", "C_ASK", XAI, root)
    [answer] = await workspace.replies(second)

    await workspace.edit(second, "Is research just engineering done at a slower speed?")

    entry = library.entries["research-vs-slow-engineering"]
    await workspace.latest("U_ANA", answer, once=lambda now: entry.answer in shown(now))


# Work that was given up


@pytest.mark.parametrize("what", ["message", "edit", "deletion"])
async def test_what_slack_kept_from_being_said_is_done_when_the_operator_says_so(
    workspace: Workspace,
    library: Library,
    tmp_path: Path,
    kept_in: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    what: str,
):
    methods = {"message": "chat.postMessage", "edit": "chat.update", "deletion": "chat.delete"}
    asked = await workspace.post("U_ANA", "C_ASK", "lunch at 12?" if what == "message" else MTS)
    if what != "message":
        await workspace.replies(asked)
    await workspace.settled()
    monkeypatch.setattr(slack_calls, "TRIES", 1)
    await workspace.faults(api=[{"method": methods[what], "error": "internal_error"}])
    match what:
        case "message":
            asked = await workspace.post("U_ANA", "C_ASK", XAI)
        case "edit":
            await workspace.edit(asked, XAI)
        case _:
            await workspace.delete(asked)
    records = WorkRecords(Settings(_env_file=None, data_dir=tmp_path, **kept_in).jobs_url)
    prefix = "say:" if what == "message" else "revise:"

    async def given_up() -> list[FailedWork]:
        return [work for work in records.failed() if work.key.startswith(prefix)]

    try:
        [failed] = await eventually(given_up)
        assert failed.step == {"message": "post", "edit": "update", "deletion": "remove"}[what]
        records.replay(failed.key)
    finally:
        records.close()

    async def is_done() -> bool:
        answers = [m for m in await workspace.thread("C_ASK", asked, "U_BEN") if m.get("bot_id")]
        if what == "deletion":
            return answers == []
        return any(library.entries[XAI_ENTRY].answer in shown(answer) for answer in answers)

    await eventually(is_done)


async def test_a_round_that_slack_kept_from_beginning_is_begun_when_the_operator_says_so(
    workspace: Workspace, library: Library, tmp_path: Path, kept_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(slack_calls, "TRIES", 1)
    await workspace.faults(api=[{"method": "chat.postMessage", "error": "internal_error"}])
    await workspace.command("U_ANA", "C_ASK", "/rolefit")
    await whispered(workspace, library.words.quiz.not_opened, "U_ANA", "C_ASK")
    records = WorkRecords(Settings(_env_file=None, data_dir=tmp_path, **kept_in).jobs_url)

    [failed] = await eventually(lambda: asyncio.to_thread(records.failed))
    records.replay(failed.key)
    records.close()

    assert failed.step == "post"  # and not what told her that
    await workspace.dm("U_ANA", count=1)


# Channels that others come to read


async def test_nobody_has_it_post_where_outsiders_read_until_it_is_switched_on(workspace: Workspace):
    await workspace.command("U_MEI", "C_PARTNER", "/rolefit", MTS)
    offered = await whispered(workspace, "Only you can see this.", "U_MEI", "C_PARTNER")

    await workspace.click("U_MEI", offered, "Post here")

    told = await workspace.latest("U_MEI", offered, once=lambda now: not buttons(now))
    assert "I am switched off in this channel." in shown(told)


async def test_a_mode_from_before_outsiders_came_does_not_hold_for_them(workspace: Workspace):
    channel = await workspace.create_channel("U_ANA", "launch")
    await workspace.invite("U_ANA", channel)
    await set_mode(workspace, "Answer", channel=channel)
    await workspace.settled()
    await workspace.invite("U_ANA", channel, "U_KIM")
    before = await posts(workspace)

    await workspace.post("U_ANA", channel, MTS)
    assert await posts(workspace) == before

    await set_mode(workspace, "Answer", channel=channel)
    await workspace.settled()
    await workspace.replies(await workspace.post("U_ANA", channel, MTS))
