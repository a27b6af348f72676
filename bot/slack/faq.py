"""The FAQ in Slack: answers in the thread, suggestions as buttons."""

import re
import time
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot import jobs, metrics
from bot.domain import faq
from bot.domain.faq import Answer, NoAnswer, Silence, Suggestions, Surface
from bot.jobs import current_key, insist, worker, workflow
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import blocks
from bot.slack.blocks import SHOW_ENTRY
from bot.slack.equipped import EquippedWorker
from bot.slack.pieces import Message

ANSWER, SUGGEST, UNKNOWN, HELLO = "answer", "suggest", "unknown", "hello"


@dataclass(frozen=True)
class Said:
    """A decision to speak, as plain data: what kind of reply, and the ids of its entries."""

    kind: str
    entries: tuple[str, ...] = ()


@worker()
class Answering(EquippedWorker):
    """Says what the FAQ decided. Work is recorded by entry ids: what people wrote is not kept."""

    @workflow
    async def say(self, team: str, channel: str, thread_ts: str, kind: str, entries: list[str]) -> None:
        """Post the reply in its thread, and remember what the next question there may lean on."""
        if kind == ANSWER:  # first, so that nobody who has read the answer can be quicker than we remember it
            await insist(self._store.answered, team, channel, thread_ts, entries[-1])
        await self._speech.post(team, channel, self.message(kind, entries), thread_ts=thread_ts)
        metrics.ANSWERED.observe(max(0.0, time.time() - float(current_key().rpartition(":")[2])))

    @workflow
    async def show(self, team: str, channel: str, thread_ts: str, suggestion_ts: str, entry: str) -> None:
        """Answer with the suggestion that was taken, and take the buttons away."""
        known = self._library.entry(entry)
        if known is None:  # deleted from the knowledge since it was suggested
            await self._speech.update(team, channel, suggestion_ts, blocks.unknown(self._library))
            return
        await self._speech.update(team, channel, suggestion_ts, blocks.suggestion_taken(known, self._library))
        await insist(self._store.answered, team, channel, thread_ts, entry)
        await self._speech.post(team, channel, blocks.answers([known], self._library), thread_ts=thread_ts)

    def message(self, kind: str, entries: list[str]) -> Message:
        """Render a reply, given as Said is."""
        if kind == HELLO:
            return blocks.hello(self._library)
        # Work may be taken up after a restart with edited knowledge: an entry can be gone.
        known = [found for entry in entries if (found := self._library.entry(entry)) is not None]
        if not known:
            return blocks.unknown(self._library)
        return (blocks.answers if kind == ANSWER else blocks.suggestions)(known, self._library)


answering = Answering("faq")


async def decide(
    text: str, surface: Surface, library: Library, second: SecondStage | None, after: str | None = None
) -> Said | None:
    """Ask the domain what to say to a message; None is silence. `after` is what its thread was answered with."""
    if not text and surface in (Surface.MENTION, Surface.DM):
        return Said(HELLO)
    if after is not None and (entry := library.entry(after)) is not None:
        after = entry.id  # it may have been answered under a former id
    if second is None:
        reply = faq.reply_to(text, surface, library.index, library.limits, after=after)
    else:
        reply = await second.reply_to(text, surface, library, after)
    match reply:
        case Answer(entries):
            return Said(ANSWER, tuple(each.entry for each in entries))
        case Suggestions(candidates):
            return Said(SUGGEST, tuple(each.entry for each in candidates))
        case NoAnswer():
            return Said(UNKNOWN)
        case Silence():
            return None


async def show_entry(
    ack: AsyncAck,
    body: dict[str, Any],
    action: dict[str, Any],
    context: AsyncBoltContext,
) -> None:
    """Answer with a suggestion somebody clicked; whoever clicks first decides."""
    channel, message = body["channel"]["id"], body["message"]
    key = f"show:{context.team_id}:{channel}:{message['ts']}"
    thread = message.get("thread_ts") or message["ts"]
    await jobs.start(key, answering.show, str(context.team_id), channel, thread, message["ts"], action["value"])
    await ack()


def register(app: AsyncApp) -> None:
    """Listen to the buttons of suggestions."""
    app.action(re.compile(rf"^{SHOW_ENTRY}:"))(show_entry)
