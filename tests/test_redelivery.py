"""What Slack delivers again, late, in another order or in other words: it changes nothing of what was done before."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.gaps import message_id
from bot.knowledge import Library
from bot.storage import Store
from tests.conftest import rows
from tests.test_edge import Edge, edge
from tests.workspace import Json, Sent, buttons, shown

__all__ = ["edge"]  # the fixture

TEAM = "T_LOCAL"
UNCLEAR = "titles at labs, flat or not"  # which is suggested for, and not answered


@pytest.fixture
async def store(tmp_path: Path, edge: Edge) -> AsyncIterator[Store]:
    """The rows of the bot in the workspace."""
    async with rows(tmp_path, {}) as opened:
        yield opened


async def deliver(edge: Edge, envelope: Json) -> None:
    """Have an event delivered to the bot, and wait until it has done what it does about it."""
    body = json.dumps(envelope).encode()
    assert (await edge.post(body, edge.signed(body)))[0] == 200
    await edge.workspace.settled()


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


async def said(edge: Edge, root: Sent) -> list[str]:
    """Give what the bot has said in a thread, once it has nothing left to do."""
    await edge.workspace.settled()
    thread = await edge.workspace.thread(root.channel, root, "U_ANA")
    return [shown(message) for message in thread if message["user"] == edge.workspace.bot]


# A number typed below suggestions


@pytest.mark.parametrize(("place", "prefix"), [("U_ROLEFIT", ""), ("C_ASK", "<@U_ROLEFIT> ")])
async def test_a_number_that_comes_again_is_taken_once(
    edge: Edge, store: Store, library: Library, place: str, prefix: str
):
    workspace = edge.workspace
    asked = await workspace.post("U_ANA", place, f"{prefix}{UNCLEAR}")
    [offer] = await workspace.replies(asked)
    label = buttons(offer)[1].removesuffix("…")
    await workspace.settled()
    number = await workspace.post("U_ANA", asked.channel, f"{prefix}2", asked)
    await workspace.settled()

    await deliver_again(edge, number)

    [answer] = await said(edge, asked)
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
