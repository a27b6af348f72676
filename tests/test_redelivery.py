"""What Slack delivers again, late, in another order or in other words: it changes nothing of what was done before."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import jobs
from bot.domain.faq import Surface
from bot.domain.gaps import message_id
from bot.domain.quiz_run import Run
from bot.domain.reply_kinds import ANSWER
from bot.knowledge import Library
from bot.slack.deciding import PlannedReply
from bot.slack.event_payloads import MessageChanged
from bot.slack.incoming import IncomingMessage, classify
from bot.slack.messages import Handling, MessageInContext, handling_of
from bot.slack.work import Work
from bot.storage import Store, StoredRun
from tests.conftest import recorded, rows, work_ended
from tests.test_edge import EVENT, Edge, edge
from tests.test_manners import set_mode
from tests.workspace import BOT, Json, Sent, buttons, shown

__all__ = ["edge"]  # the fixture

TEAM = "T_LOCAL"
UNCLEAR = "researchers in product teams"  # which is suggested for, and not answered
ASKS_ROLES, ROLES = "What roles does OpenAI have?", "What roles does Anthropic have?"
ASKS_MTS = "What does MTS stand for?"
QUANT = "what does a quant do at a hedge fund?"  # which no entry answers


@pytest.fixture
async def store(tmp_path: Path, edge: Edge) -> AsyncIterator[Store]:
    """The rows of the bot in the workspace."""
    async with rows(tmp_path, {}) as opened:
        yield opened


async def deliver(edge: Edge, envelope: Json) -> None:
    """Have an event delivered to the bot, and wait until it has done what it does about it."""
    await post(edge, envelope)
    await edge.workspace.settled()


async def post(edge: Edge, envelope: Json) -> None:
    """Have an event delivered to the bot; returns once it is acknowledged."""
    body = json.dumps(envelope).encode()
    assert (await edge.post(body, edge.signed(body)))[0] == 200


async def delivered(edge: Edge, ts: str) -> list[Json]:
    """Give the events in their envelopes by which the bot has heard of a message, oldest first."""
    await edge.workspace.settled()
    envelopes = [entry["request"] for entry in await edge.workspace.traffic() if entry["kind"] == "event"]
    sent = [envelope for envelope in envelopes if envelope and "event" in envelope]
    return [envelope for envelope in sent if ts in _names(envelope["event"])]


def _names(event: Json) -> tuple[str | None, ...]:
    """Give the ts of the message that an event is about, as each kind of event has it."""
    return event.get("ts"), event.get("deleted_ts"), event.get("message", {}).get("ts")


async def deliver_again(edge: Edge, ts: str) -> None:
    """Have each event about a message delivered once more."""
    for envelope in await delivered(edge, ts):
        await deliver(edge, envelope)


async def ended(edge: Edge, key: str) -> None:
    """Wait until a piece of work has been done, though it pauses now and then."""
    await edge.workspace.settled()  # it has begun
    await work_ended(key)


async def said(edge: Edge, root: Sent) -> list[str]:
    """Give what the bot has said in a thread, or in a direct message, once it has nothing left to do."""
    await edge.workspace.settled()
    messages = await edge.workspace.thread(root.channel, root, "U_ANA")
    if root.channel.startswith("D"):
        messages += await edge.workspace.messages(root.channel, "U_ANA")
    return [shown(message) for message in messages if message["user"] == edge.workspace.bot]


# A number typed below suggestions


@pytest.mark.parametrize(
    ("place", "written"), [("U_ROLEFIT", "{}"), ("C_ASK", "<@U_ROLEFIT> {}"), ("C_ASK", "{} <@U_ROLEFIT>")]
)
async def test_a_number_that_comes_again_is_taken_once(
    edge: Edge, store: Store, library: Library, place: str, written: str
):
    workspace = edge.workspace
    asked = await workspace.post("U_ANA", place, written.format(UNCLEAR))
    [offer] = await workspace.replies(asked)
    label = buttons(offer)[1].removesuffix("…")
    await workspace.settled()
    number = await workspace.post("U_ANA", asked.channel, written.format("2"), asked)
    await workspace.settled()

    await deliver_again(edge, number)

    line, answer = sorted(await said(edge, asked), key=lambda text: not text.startswith("The answer stands above"))
    assert line.startswith("The answer stands above")
    [chosen] = [entry for entry in library.entries.values() if entry.question.startswith(label)]
    assert chosen.answer in answer
    assert await store.gaps.get(TEAM, message_id(asked.channel, number)) is None


async def test_a_number_that_names_no_suggestion_is_replied_to_and_no_gap(edge: Edge, store: Store):
    workspace = edge.workspace
    root = await workspace.post("U_ANA", "C_ASK", "lunch at 12?")
    number = await workspace.mention("U_ANA", "C_ASK", "2", root)

    await deliver_again(edge, number)

    assert [text.startswith("I don’t know") for text in await said(edge, root)] == [True]
    assert await store.gaps.listed(TEAM) == []


# A question that leans on the answer before it


async def test_a_follow_up_that_comes_again_is_not_decided_against_its_own_answer(
    edge: Edge, store: Store, library: Library
):
    workspace = edge.workspace
    root = await workspace.mention("U_ANA", "C_ASK", library.entries["data-scientist"].question)
    await workspace.replies(root)
    asked = await workspace.mention("U_BEN", "C_ASK", "and AI engineers?", root)
    await workspace.replies(asked)

    await deliver_again(edge, asked)

    assert len(await said(edge, root)) == 2
    assert await store.gaps.listed(TEAM) == []


async def test_a_follow_up_in_a_direct_message_that_comes_again_is_answered_once(edge: Edge, library: Library):
    workspace = edge.workspace
    root = await workspace.post("U_ANA", BOT, library.entries["data-scientist"].question)
    await workspace.replies(root)
    asked = await workspace.post("U_ANA", BOT, "and AI engineers?")
    await workspace.replies(asked)

    await deliver_again(edge, asked)

    first, second = await said(edge, root)
    assert library.entries["data-scientist"].answer in first
    assert library.entries["data-scientist"].answer not in second


async def test_a_number_in_a_direct_message_that_comes_again_is_taken_once(edge: Edge, library: Library):
    workspace = edge.workspace
    asked = await workspace.post("U_ANA", BOT, UNCLEAR)
    [offer] = await workspace.replies(asked)
    label = buttons(offer)[1].removesuffix("…")
    await workspace.settled()
    number = await workspace.post("U_ANA", BOT, "2")
    await workspace.settled()

    await deliver_again(edge, number)

    answer, line = await said(edge, asked)
    assert line.startswith("The answer stands above")
    assert next(each for each in library.entries.values() if each.question.startswith(label)).answer in answer


# Before anything has begun


def at(ts: str, seconds: float) -> str:
    """Give the ts so many seconds after another."""
    return f"{float(ts) + seconds:.6f}"


def envelope(sent: Sent, number: int = 1, **event: Any) -> Json:
    """Give what Slack sends about a message; number: tells the events about it apart."""
    kinds = {"channel_type": "im"} if sent.channel.startswith("D") else {"channel_type": "channel"}
    about = {"type": "message", "channel": sent.channel, **kinds, **event}
    return EVENT | {"event_id": f"Ev{sent}{number}", "event": about}


def written(sent: Sent, text: str, **fields: Any) -> Json:
    """Give the event that says that a message was written with this text."""
    return envelope(sent, user=sent.user, ts=str(sent), text=text, **fields)


def revised(sent: Sent, before: str, now: str | None, seconds: float, **fields: Any) -> Json:
    """Give the event that says that a message was edited, or deleted, so many seconds after it was written."""
    thread = {"thread_ts": sent.thread_ts} if sent.thread_ts else {}
    when = at(sent, seconds)
    former = {"type": "message", "user": sent.user, "ts": str(sent), "text": before, **thread, **fields}
    about: Json = {"ts": when, "event_ts": when, "previous_message": former, "hidden": True}
    if now is None:
        return envelope(sent, 2, subtype="message_deleted", deleted_ts=str(sent), **about)
    message = {**former, "text": now, "edited": {"user": sent.user, "ts": when}}
    return envelope(sent, 2, subtype="message_changed", message=message, **about)


@pytest.fixture
def busy(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """A bot with so much to do that nothing which it receives begins, until this is set."""
    free = asyncio.Event()
    assert jobs._inbox
    monkeypatch.setattr(jobs._inbox, "_room", free.wait)
    return free


@pytest.mark.parametrize("now", [None, "lunch at 12?"])
@pytest.mark.parametrize(("text", "seconds"), [(ROLES, 300), ("and at DeepMind?", 300), ("and at DeepMind?", 10)])
async def test_an_answer_that_has_not_begun_is_withdrawn_with_its_question_however_late(
    edge: Edge, busy: asyncio.Event, text: str, seconds: float, now: str | None
):
    workspace = edge.workspace
    busy.set()
    root = await workspace.post("U_ANA", "C_ASK", ASKS_ROLES)
    await workspace.replies(root)
    await workspace.settled()
    busy.clear()
    asked = await workspace.post("U_BEN", "C_ASK", text, root)
    await workspace.acknowledged()

    await post(edge, revised(asked, text, now, seconds))
    busy.set()

    await ended(edge, Work.REVISE_REPLY.key(TEAM, "C_ASK", asked, at(asked, seconds)))
    assert len(await said(edge, root)) == 1  # the first answer


@pytest.mark.parametrize("seconds", [10, 355])  # it may be six minutes until Slack delivers it for the last time
@pytest.mark.parametrize("text", [f"<@{BOT}> {QUANT}", ASKS_MTS])
async def test_a_question_that_comes_after_it_was_edited_away_is_not_replied_to(edge: Edge, text: str, seconds: float):
    asked = await edge.workspace.post("U_ANA", "C_ASK", "ok")

    await deliver(edge, revised(asked, text, "lunch at 12?", seconds))
    await deliver(edge, written(asked, text))

    assert await said(edge, asked) == []


# Edits


async def test_a_direct_message_edited_into_what_has_no_answer_either_keeps_its_reply(edge: Edge):
    workspace = edge.workspace
    asked = await workspace.post("U_ANA", "U_ROLEFIT", "quants at hedge funds")
    await workspace.replies(asked)

    await workspace.edit(asked, "quants and traders at hedge funds")

    assert [text.startswith("I don’t know") for text in await said(edge, asked)] == [True]


@pytest.mark.parametrize("seconds", [(10.1, 10.2), (10.2, 10.1)])  # and in the opposite order
async def test_of_two_edits_within_a_second_the_latter_is_answered(
    edge: Edge, library: Library, seconds: tuple[float, float]
):
    workspace, texts = edge.workspace, {10.1: ROLES, 10.2: ASKS_MTS}
    asked = await workspace.post("U_ANA", "C_ASK", ASKS_ROLES)
    await workspace.replies(asked)
    await workspace.settled()

    for after in seconds:
        edit = revised(asked, ASKS_ROLES, texts[after], after)
        edit["event"]["message"]["edited"]["ts"] = at(asked, 10).partition(".")[0] + ".000000"
        await post(edge, edit | {"event_id": f"Ev{after}"})
    for after in seconds:
        await ended(edge, Work.REVISE_REPLY.key(TEAM, "C_ASK", asked, at(asked, after)))

    [answer] = await said(edge, asked)
    assert answer.startswith(library.entries["member-of-technical-staff"].answer)


PREVIEW = {"attachments": [{"id": 1, "from_url": "https://example.com", "text": "A preview"}]}
METADATA = {"metadata": {"event_type": "noted", "event_payload": {}}}


@pytest.mark.parametrize("edited_before", [False, True])
@pytest.mark.parametrize("change", [PREVIEW, METADATA, {"reply_count": 1}])
async def test_what_changes_about_a_question_and_is_not_its_text_changes_nothing_and_costs_no_database(
    edge: Edge, library: Library, change: Json, edited_before: bool
):
    workspace = edge.workspace
    asked = await workspace.mention("U_ANA", "C_ASK", ASKS_MTS)
    await workspace.replies(asked)
    before = await said(edge, asked)
    event = revised(asked, f"<@{BOT}> {ASKS_MTS}", f"<@{BOT}> {ASKS_MTS}", 10)
    former, message = event["event"]["previous_message"], event["event"]["message"]
    edited = {"edited": {"user": "U_ANA", "ts": at(asked, 5)}} if edited_before else {}
    event["event"] |= {"previous_message": former | edited, "message": former | edited | change}
    assert message["text"] == former["text"]

    classified = await classify(MessageChanged.model_validate(event["event"]), BOT, library, None, from_outside=False)
    await deliver(edge, event)

    assert classified.ignorable  # which is decided without the database
    assert await said(edge, asked) == before
    assert not {entry["name"] for entry in await workspace.traffic()} & {"chat.update", "chat.delete"}


@pytest.mark.parametrize(("mentions_us", "is_for_us"), [(False, False), (True, True)])
async def test_what_people_of_another_organisation_edit_is_for_us_only_where_they_mention_us(
    edge: Edge, library: Library, mentions_us: bool, is_for_us: bool
):
    asked = await edge.workspace.post("U_ANA", "C_ASK", "lunch at 12?")
    before, after = "What do you mean?", ASKS_MTS
    event = revised(asked, f"<@{BOT}> {before}" if mentions_us else before, after, 10)

    changed = MessageChanged.model_validate(event["event"])
    classified = await classify(changed, BOT, library, None, from_outside=True)

    assert (not classified.ignorable, classified.reply) == (is_for_us, None)


async def test_what_people_of_another_organisation_delete_may_have_an_answer_to_take_back(library: Library):
    former = {"type": "message", "user": "U_KIM", "ts": "1.0", "text": ASKS_MTS}
    gone = {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "ts": "1.0", "text": "This was deleted."}
    event = {"type": "message", "subtype": "message_changed", "channel": "C_ASK", "ts": "2.0", "message": gone}

    deleted = MessageChanged.model_validate(event | {"previous_message": former})
    classified = await classify(deleted, BOT, library, None, from_outside=True)

    assert classified.message
    assert (classified.message.deleted, classified.reply) == (True, None)


@pytest.mark.parametrize(
    ("in_round", "changes", "has_reply", "handling"),
    [
        (True, {"revised_ts": "2.0"}, True, Handling.ROUND),  # its edit, too
        (False, {"revised_ts": "2.0", "text": "2"}, False, Handling.REVISION),
        (False, {"text": "2"}, False, Handling.CHOICE),
        (False, {"text": "2", "surface": Surface.THREAD}, True, Handling.REPLY),  # which is not put to us
        (False, {}, False, Handling.SILENCE),
    ],
)
def test_one_thing_is_done_with_a_message(
    library: Library, in_round: bool, changes: dict[str, Any], has_reply: bool, handling: Handling
):
    message = replace(IncomingMessage("hello", "U_ANA", "D1", "1.0", None, Surface.DM), **changes)
    begun = datetime(2026, 11, 1, tzinfo=UTC)
    run = StoredRun("r1", "U_ANA", "D1", "1.0", 0, 0, None, begun, "", Run(library.quiz), {}) if in_round else None
    reply = PlannedReply(ANSWER) if has_reply else None

    assert handling_of(MessageInContext(message, run, reply, reply, shared=False)) is handling


async def test_two_edits_in_quick_succession_end_with_the_latter(edge: Edge, store: Store, library: Library):
    workspace = edge.workspace
    asked = await workspace.mention("U_ANA", "C_ASK", QUANT)
    await workspace.replies(asked)

    for text in (ASKS_ROLES, ASKS_MTS):
        await workspace.edit(asked, f"<@{BOT}> {text}")
    await workspace.settled()
    for key in await recorded(Work.REVISE_REPLY.key(TEAM, "C_ASK", asked, "")):
        await ended(edge, key)

    [answer] = await said(edge, asked)
    assert answer.startswith(library.entries["member-of-technical-staff"].answer)
    assert await texts(store) == []


async def test_what_outsiders_click_and_edit_in_a_shared_channel_counts_like_what_others_do(
    edge: Edge, store: Store, library: Library
):
    workspace = edge.workspace
    await set_mode(workspace, "Answer", "U_MEI", "C_PARTNER")
    asked = await workspace.mention("U_KIM", "C_PARTNER", UNCLEAR)
    [offer] = await workspace.replies(asked)
    await workspace.click("U_KIM", offer, buttons(offer)[0])
    chosen = await workspace.latest("U_ANA", offer, once=lambda now: "Helpful" in buttons(now))
    await workspace.click("U_KIM", chosen, "Helpful")
    await workspace.settled()
    vote = await store.feedback.vote_of(TEAM, "C_PARTNER", offer["ts"], "U_KIM")
    assert vote
    assert vote.helpful

    edit = revised(asked, f"<@{BOT}> {UNCLEAR}", f"<@{BOT}> {ASKS_MTS}", 10, user_team="T_PARTNER")
    await deliver(edge, edit | {"is_ext_shared_channel": True})

    [answer] = await said(edge, asked)
    assert answer.startswith(library.entries["member-of-technical-staff"].answer)


@pytest.mark.parametrize("now", ["lunch at 12?", ASKS_ROLES, None])
async def test_what_an_outsider_does_not_ask_the_bot_any_more_takes_the_answer_with_it(edge: Edge, now: str | None):
    workspace = edge.workspace
    await set_mode(workspace, "Answer", "U_MEI", "C_PARTNER")
    asked = await workspace.mention("U_KIM", "C_PARTNER", ASKS_MTS)
    await workspace.replies(asked)
    await workspace.settled()

    edit = revised(asked, f"<@{BOT}> {ASKS_MTS}", now or "This message was deleted.", 10, user_team="T_PARTNER")
    if now is None:
        edit["event"]["message"] |= {"subtype": "tombstone", "user": "USLACKBOT"}
    await deliver(edge, edit | {"is_ext_shared_channel": True})

    assert await said(edge, asked) == []


# What is kept of questions


async def texts(store: Store) -> list[str]:
    return [question.text for question in await store.gaps.listed(TEAM)]


@pytest.mark.parametrize("begins", [True, False])  # the work that the deletion has to have done
async def test_the_text_of_a_deleted_question_does_not_come_back(
    edge: Edge, store: Store, busy: asyncio.Event, begins: bool
):
    busy.set()
    asked = await edge.workspace.mention("U_ANA", "C_ASK", QUANT)
    before = await delivered(edge, asked)
    assert await texts(store) == [QUANT]
    if not begins:
        busy.clear()
    await edge.workspace.delete(asked)
    await edge.workspace.acknowledged()

    for event in before:
        await post(edge, event)

    assert await texts(store) == []
    busy.set()
    assert await said(edge, asked) == []


async def test_an_older_edit_changes_nothing_of_what_is_kept(edge: Edge, store: Store):
    asked = await edge.workspace.mention("U_ANA", "C_ASK", QUANT)
    first = revised(asked, QUANT, f"<@{BOT}> what does a trader do?", 10)
    second = revised(asked, QUANT, f"<@{BOT}> what does a broker do?", 20) | {"event_id": "Ev2"}
    deleted = revised(asked, f"<@{BOT}> {QUANT}", None, 30) | {"event_id": "Ev3"}

    kept = []
    for event in (second, first, deleted, second):
        await deliver(edge, event)
        kept.append(await texts(store))

    assert kept == [["what does a broker do?"], ["what does a broker do?"], [], []]


async def test_with_an_edit_goes_what_was_kept_since_an_answer_to_the_former_text_did_not_help(
    edge: Edge, store: Store
):
    workspace = edge.workspace
    asked = await workspace.mention("U_ANA", "C_ASK", ASKS_MTS)
    [answer] = await workspace.replies(asked)
    await workspace.click("U_BEN", answer, "Not helpful")
    await workspace.settled()
    assert await texts(store) == [ASKS_MTS]

    await workspace.edit(asked, f"<@{BOT}> {QUANT}")
    await workspace.settled()

    assert await texts(store) == [QUANT]


async def test_a_vote_that_is_changed_while_slack_is_waited_for_leaves_no_question(edge: Edge, store: Store):
    workspace = edge.workspace
    asked = await workspace.mention("U_ANA", "C_ASK", ASKS_MTS)
    [answer] = await workspace.replies(asked)
    await workspace.faults(api=[{"method": "conversations.history", "error": "ratelimited", "retry_after": 1}])

    await workspace.click("U_BEN", answer, "Not helpful")

    async def refused() -> bool:
        return bool(await workspace.traffic("conversations.history"))

    await workspace.until(refused, "U_BEN")
    await workspace.click("U_BEN", answer, "Helpful")
    await workspace.settled()
    for key in await recorded(Work.VOTE.key(TEAM, "U_BEN", "C_ASK", answer["ts"], "")):
        await ended(edge, key)

    assert len(await workspace.traffic("conversations.history")) == 2
    assert await texts(store) == []


# What Slack leaves out


@pytest.mark.parametrize(("channel", "answers"), [("C_ASK", 1), ("C_PARTNER", 0)])
async def test_where_slack_does_not_say_whether_outsiders_read_along_it_is_asked(
    edge: Edge, channel: str, answers: int
):
    asked = await edge.workspace.post("U_ANA", channel, "ok")

    await deliver(edge, written(asked, ASKS_MTS))
    await deliver(edge, revised(asked, ASKS_MTS, ASKS_ROLES, 10))

    assert len(await said(edge, asked)) == answers
    assert len(await edge.workspace.traffic("conversations.info")) > 0
