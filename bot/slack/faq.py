"""The FAQ in Slack: answers in the thread, suggestions as buttons."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot import jobs, metrics
from bot.domain import faq, smalltalk
from bot.domain.faq import UNPROMPTED, Answer, NoAnswer, Silence, Suggestions, Surface
from bot.domain.matching_text import Form
from bot.jobs import current_key, formerly, in_doubt, step, worker, workflow
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import blocks, feedback_blocks
from bot.slack.controls import SHOW_ENTRY, read_entry
from bot.slack.gateway import Render
from bot.slack.notes import Note
from bot.slack.payloads import BlockActions
from bot.slack.pieces import Message
from bot.slack.slack_worker import SlackWorker
from bot.slack.work import Work
from bot.storage import Reply

# Kinds of replies. The entries of TALK are its name in words.yaml, those of NOT_ANSWERED an id of that file and
# what is suggested besides.
ANSWER, SUGGEST, UNKNOWN, HELLO, TALK, NOT_ANSWERED = "answer", "suggest", "unknown", "hello", "talk", "not_answered"
WORDS_OF_AN_ARGUMENT = 3  # what is longer, somebody wrote to be answered


@dataclass(frozen=True)
class PlannedReply:
    """A decision to reply, as plain data: what kind of reply, and the ids of its entries."""

    kind: str
    entries: tuple[str, ...] = ()


@worker()
class FaqWorker(SlackWorker):
    """Says what the FAQ decided. Work is recorded by entry ids: what people wrote is not kept."""

    @workflow
    @formerly("say")
    async def post_reply(
        self,
        team: str,
        channel: str,
        thread_ts: str,
        kind: str,
        entries: list[str],
        surface: str,
        asker: str | None = None,
    ) -> None:
        """Post the reply in its thread, and remember what the next question there may lean on.

        asker: who is told that it is on its way, if many others come first.
        """
        count_reply(kind, surface)
        if kind == ANSWER:  # first, so that nobody who has read the answer can be quicker than we remember it
            await step("lean on", self._store.record_answer, team, channel, thread_ts, entries[-1])
        asked_ts = current_key().rpartition(":")[2]
        note = Note(asker, self._on_its_way, thread_ts if thread_ts != asked_ts else None) if asker else None
        reply = Reply(asked_ts, thread_ts, asker, surface, kind, tuple(entries))
        message = self._rendered(partial(posted, reply))
        await self._gateway.post_message(team, channel, message, thread_ts=thread_ts, note=note)
        metrics.ANSWERED.observe(max(0.0, time.time() - float(asked_ts)))

    @workflow
    @formerly("show_privately")
    async def answer_privately(self, response_url: str, entry: str) -> None:
        """Answer with the suggestion that was taken where only one person saw the buttons, in their place."""

        def answer(library: Library) -> Message:
            known = library.entry(entry)
            return blocks.taken_privately(known, library) if known else blocks.unknown(library)

        await self._gateway.respond(response_url, self._rendered(answer), replace=True)

    @workflow
    @formerly("show")
    async def answer_suggestion(self, team: str, channel: str, thread_ts: str, suggestion_ts: str, entry: str) -> None:
        """Answer with the suggestion that was taken, and take the buttons away."""

        async def is_known() -> bool:
            return self._library.entry(entry) is not None

        def taken(library: Library) -> Message:
            known = library.entry(entry)
            return blocks.suggestion_taken(known, library) if known else blocks.unknown(library)

        known = await step("find entry", is_known)
        if known:  # and not deleted from the knowledge since it was suggested
            await step("lean on", self._store.record_answer, team, channel, thread_ts, entry)
            await self._gateway.post_message(team, channel, self.reply(ANSWER, [entry]), thread_ts=thread_ts)
        await self._gateway.update_message(team, channel, suggestion_ts, self._rendered(taken))

    def reply(self, kind: str, entries: list[str]) -> Render:
        """Have a reply rendered when it is sent, given as PlannedReply is."""
        return self._rendered(lambda library: rendered(kind, entries, library))

    def _on_its_way(self) -> Message:
        return blocks.say(self._library.words.faq.on_its_way)


faq_worker = FaqWorker("faq")


def count_reply(kind: str, surface: str) -> None:
    """Count a reply where its work begins: once, however often and by whatever events its message is delivered."""
    if not in_doubt():  # work of another process, which has counted it
        metrics.REPLIES.labels(kind, surface).inc()


def rendered(kind: str, entries: Sequence[str], library: Library) -> Message:
    """Render a reply, given as PlannedReply is."""
    if kind == HELLO:
        return blocks.hello(library)
    if kind == TALK:
        talk = library.words.talk.of(entries[0])
        return blocks.talk(talk.reply, library, begins=talk.begins) if talk.reply else blocks.hello(library)
    # Work may be taken up after a restart with edited knowledge: an entry can be gone.
    known = [entry for name in entries if (entry := library.entry(name)) is not None]
    if kind == NOT_ANSWERED and (decoy := library.decoy(entries[0])) and decoy.reply:
        return blocks.not_answered(decoy.reply, known, library)
    if not known:
        return blocks.unknown(library)
    return (blocks.answers if kind == ANSWER else blocks.suggestions)(known, library)


def posted(reply: Reply, library: Library) -> Message:
    """Render a reply as it is posted to a conversation: an answer with what it carries, suggestions with a way out."""
    known = [entry for name in reply.entries if (entry := library.entry(name)) is not None]
    decoy = library.decoy(reply.entries[0]) if reply.kind == NOT_ANSWERED else None
    unasked = reply.surface in UNPROMPTED
    if known and reply.kind == ANSWER:
        return feedback_blocks.answer(known, reply.question_ts, library, unasked=unasked)
    if known and (reply.kind == SUGGEST or (decoy and decoy.reply)):
        return feedback_blocks.suggestions(known, reply.question_ts, library, reply=(decoy and decoy.reply) or "")
    return rendered(reply.kind, reply.entries, library)


async def decide(
    text: str, surface: Surface, library: Library, second: SecondStage | None, after: str | None = None
) -> PlannedReply | None:
    """Ask the domain what to say to a message; None is silence. `after` is what its thread was answered with.

    Who speaks to the bot gets a reply to small talk as well, and is told what is known not to be answered.
    """
    prompted, talk = surface not in UNPROMPTED, library.words.talk
    if prompted and not text:
        return PlannedReply(HELLO)
    if prompted and (intent := smalltalk.read(text, talk)):
        return PlannedReply(TALK, (intent,)) if talk.of(intent).reply else None
    if after is not None and (entry := library.entry(after)) is not None:
        after = entry.id  # it may have been answered under a former id
    if second is None:
        reply = faq.reply_to(text, surface, library.index, library.thresholds, after=after)
    else:
        reply = await second.reply_to(text, surface, library, after)
    match reply:
        case Answer(entries) if prompted or not smalltalk.read(text, talk):
            return PlannedReply(ANSWER, tuple(candidate.entry for candidate in entries))
        case Suggestions(candidates):
            suggested = tuple(candidate.entry for candidate in candidates)
            return _not_answered(text, suggested, library) or PlannedReply(SUGGEST, suggested)
        case NoAnswer():
            return _not_answered(text, (), library) or PlannedReply(UNKNOWN)
        case Answer() | Silence():  # to small talk nothing is said unasked
            return None


def asks(text: str, library: Library) -> bool:
    """Say whether any sentence of a message is put as a question."""
    return any(sentence.form is Form.QUESTION for sentence in library.index.read(text).sentences)


def _not_answered(text: str, suggested: tuple[str, ...], library: Library) -> PlannedReply | None:
    """Say what is known not to be answered, with what may be meant all the same."""
    name = library.decoys.recognise(text)
    decoy = library.decoy(name) if name else None
    return PlannedReply(NOT_ANSWERED, (decoy.id, *suggested)) if decoy and decoy.reply else None


async def answer_command(text: str, library: Library, second: SecondStage | None) -> Message | None:
    """Answer what stands after /rolefit; None if it is neither a question nor anything else we reply to."""
    reply = await decide(text, Surface.COMMAND, library, second)
    if reply is None or (reply.kind not in (ANSWER, TALK) and not _may_be_question(text, reply.kind, library)):
        return None
    metrics.REPLIES.labels(reply.kind, Surface.COMMAND).inc()
    return rendered(reply.kind, reply.entries, library)


def _may_be_question(text: str, kind: str, library: Library) -> bool:
    """Tell a question from a word that was meant as part of the command: one word may be "history" mistyped."""
    sentences = library.index.read(text).sentences
    words = sum(len(sentence.words) for sentence in sentences)
    enough = words > (WORDS_OF_AN_ARGUMENT if kind == UNKNOWN else 1)
    return enough or asks(text, library)


async def show_entry(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Answer with a suggestion somebody clicked; whoever clicks first decides."""
    entry = read_entry(block_actions.action)
    if block_actions.message is None:
        place, url = block_actions.ephemeral_place, block_actions.reply_url
        key = Work.SHOW_ENTRY.key(str(context.team_id), place.channel, place.ts, block_actions.user.id)
        await jobs.start(key, faq_worker.answer_privately, url, entry)
        await ack()
        return
    place = block_actions.place
    key = Work.SHOW_ENTRY.key(str(context.team_id), place.channel, place.ts)
    thread = place.thread_ts or place.ts
    await jobs.start(key, faq_worker.answer_suggestion, str(context.team_id), place.channel, thread, place.ts, entry)
    await ack()


def register(app: AsyncApp) -> None:
    """Listen to the buttons of suggestions."""
    app.action(re.compile(rf"^{SHOW_ENTRY}:"))(show_entry)
