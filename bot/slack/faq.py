"""The FAQ in Slack: answers in the thread, suggestions as buttons."""

import contextlib
import re
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot import jobs, metrics, work_records
from bot.domain.faq import FOLLOWED_FOR, UNPROMPTED, Surface
from bot.domain.language import Language
from bot.domain.reply_kinds import (
    ABOUT_COPY,
    ANSWER,
    FOR_SENDER,
    HELLO,
    NOT_ANSWERED,
    ONLY_ENGLISH,
    SUGGEST,
    TALK,
    UNKNOWN,
)
from bot.jobs import current_key, in_doubt, step, worker, workflow
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import blocks, copy_explained, feedback_blocks, manners_blocks, maybe_meant
from bot.slack.answer_controls import POST_PRIVATE, SHOW_ENTRY, private_place, read_entry, read_private_place
from bot.slack.channel import DIRECT_MESSAGE
from bot.slack.deciding import PlannedReply, asks, decide
from bot.slack.gateway import Render
from bot.slack.interaction_payloads import BlockActions
from bot.slack.pieces import Message, joined
from bot.slack.slack_calls import SlackWorkError, UncertainError
from bot.slack.suggestion_work import SuggestionWorker
from bot.slack.work import Work
from bot.storage import Reply, ReplyState
from bot.work_registry import formerly

# Slack's errors where the bot is not in a channel: of a private one it does not even say that it is there.
NOT_POSTED = ("not_a_member", "cannot_post")  # outcomes after which somebody may try again
NOT_A_MEMBER = frozenset({"not_in_channel", "channel_not_found"})
SHARED_WITHIN = 86_400.0  # seconds after a result has arrived for which what nobody asked the bot may be about that
WORDS_OF_AN_ARGUMENT = 3  # more words than that are a question to be answered, not an argument

log = structlog.get_logger()


@worker()
class FaqWorker(SuggestionWorker):
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
        shared: bool | None = False,
    ) -> None:
        """Reply to a message, in the way that `bot.domain.manners.way_to_reply` chooses for its channel and thread.

        shared: whether the channel is shared with another organisation; None if that is unknown.
        """
        count_reply(kind, surface)
        asked_ts = current_key().rpartition(":")[2]
        wanted = Reply(asked_ts, thread_ts, asker, surface, kind, tuple(entries))
        before = partial(self.suggested_before, team, channel, asked_ts)
        superseded = await self.bring(team, channel, wanted, shared=shared, before=before)
        await self.fold_suggestions(team, channel, superseded)
        metrics.ANSWERED.observe(max(0.0, time.time() - float(asked_ts)))

    @workflow
    async def revise_reply(
        self,
        team: str,
        channel: str,
        thread_ts: str,
        kind: str,
        entries: list[str],
        surface: str,
        asker: str,
        shared: bool | None,
        question_ts: str,
        revision: str,
        deleted: bool,
    ) -> None:
        """Change, withdraw or bring the reply to a message that was edited or deleted at `revision`."""
        wanted = Reply(question_ts, thread_ts, asker, surface, kind, tuple(entries), revision=revision)
        await self.revise(team, channel, wanted, shared=shared, deleted=deleted)

    @workflow
    async def correct_reply(self, team: str, channel: str, question_ts: str, digest: str) -> None:
        """Bring an answer that was posted up to date with the knowledge, to which the digest belongs."""
        await self.correct(team, channel, question_ts, digest)

    @workflow
    async def post_private_reply(
        self,
        team: str,
        channel: str,
        thread_ts: str,
        question_ts: str,
        entries: list[str],
        asker: str,
        response_url: str,
        revision: str = "",
        clicked_at: str = "",  # noqa: ARG002 - what versions before this one recorded in place of the revision
    ) -> None:
        """Post an answer in the thread of its question, which only one person has seen so far.

        revision: of the question when it was answered so; "" for none.
        """
        wanted = Reply(question_ts, thread_ts, asker, Surface.COMMAND, ANSWER, tuple(entries), decided_for=revision)
        outcome = await self._try_to_post(team, channel, wanted, response_url)
        place = private_place(thread_ts, question_ts, entries, revision)
        await self._replace_private(response_url, outcome, entries, place)

    @workflow
    async def post_here(
        self,
        response_url: str,
        entries: list[str],
        asker: str,
        team: str = "",
        place: list[str] | None = None,
    ) -> None:
        """Post an answer to the channel where somebody had it for themselves, in their name.

        place: the channel, and the ts of what they saw; None in what versions before this one recorded. Where the bot
        is not a member, Slack lets it answer the click openly; no more is known then of what stands there.
        """
        if not await step("is known", self._is_known, entries):
            await self._replace_private(response_url, "entry_gone")
            return
        outcome = "not_a_member"
        if place:
            channel, private_ts = place
            wanted = Reply(private_ts, "", asker, Surface.COMMAND, ANSWER, tuple(entries))
            outcome = await self._try_to_post(team, channel, wanted, response_url)
        if outcome == "not_a_member":
            outcome = await self._answer_openly(response_url, asker, entries)
        await self._replace_private(response_url, outcome, entries, private_place("", "", entries))

    async def _answer_openly(self, response_url: str, asker: str, entries: list[str]) -> str:
        """Answer a click so that all in the channel see it; gives the outcome as `_try_to_post` does, and raises it."""
        try:
            posted = await self._gateway.respond(response_url, self._posted_here(asker, entries), visible=True)
        except UncertainError:
            await self._tell_of_doubt(response_url)
            raise
        return "posted_here_now" if posted else "cannot_post"

    async def _try_to_post(self, team: str, channel: str, wanted: Reply, response_url: str) -> str:
        """Post what one person has seen; gives the outcome as `post_private` does, and where Slack refuses, why.

        Raises UncertainError, after it was said, where Slack may have posted it.
        """
        try:
            return await self.post_private(team, channel, wanted)
        except UncertainError:
            await self._tell_of_doubt(response_url)
            raise
        except SlackWorkError as error:
            return "not_a_member" if str(error) in NOT_A_MEMBER else "cannot_post"

    async def _tell_of_doubt(self, response_url: str) -> None:
        """Say that Slack may have posted an answer. If that fails, the doubt itself is what ends the work."""
        with contextlib.suppress(SlackWorkError):
            await self._replace_private(response_url, "perhaps_posted")

    async def _is_known(self, entries: list[str]) -> bool:
        return bool(self._library.known(entries))

    def _posted_here(self, asker: str, entries: list[str]) -> Render:
        def posted_here(library: Library) -> Message:
            answer = blocks.answers(library.known(entries), library)
            return joined(*manners_blocks.posted_for(asker, entries, library), answer)

        return self._rendered(posted_here)

    async def _replace_private(
        self, response_url: str, outcome: str, entries: Sequence[str] = (), place: str = ""
    ) -> None:
        """Replace an answer that one person saw by what has become of it. outcome: the name of a text in words.yaml.

        What could not be posted stays below, with the button for `place`, to be tried again or copied.
        """

        def content(library: Library) -> Message:
            words = library.words.manners
            lead, current_entries = blocks.say(getattr(words, outcome)), library.known(entries)
            if outcome not in NOT_POSTED or not current_entries:
                return lead
            label = words.post_here if place == private_place("", "", entries) else words.post_in_thread
            return joined(lead, manners_blocks.private(blocks.answers(current_entries, library), label, place, library))

        await self._gateway.respond(response_url, self._rendered(content), replace=True)

    @workflow
    async def answer_shortcut(
        self,
        channel: str,
        thread_ts: str,
        question_ts: str,
        kind: str,
        entries: list[str],
        response_url: str,
        team: str,
        silent: str = "",
        asker: str = "",
    ) -> None:
        """Show somebody what the FAQ says to a message, and let them post it in its thread, unless it stands there.

        silent: why it has no answer unasked, or none at all where there is no kind, by the name in words.yaml; "" if it
        has, or was put to the bot. asker: who is shown it in the thread, where the message is a reply; "" for where
        Slack shows it by itself, which is below the channel's last message.
        """

        async def look() -> dict[str, Any]:
            reply = await self._store.replies.get(team, channel, question_ts)
            is_posted = reply is not None and reply.state is ReplyState.POSTED
            return {"is_posted": is_posted, "revision": reply.decided_for if reply else ""}

        status = await step("is posted", look)
        place = private_place(thread_ts, question_ts, entries, status["revision"])

        def answer(library: Library) -> Message:
            if not kind:
                return blocks.say(getattr(library.words.manners, silent or "nothing_to_read"))
            message = rendered(kind, entries, library)
            if silent and not status["is_posted"]:
                why_silent = blocks.say(getattr(library.words.manners, silent))
                # Who looks at "Good morning all" needs no examples of what can be asked.
                message = why_silent if kind in (UNKNOWN, TALK) else joined(why_silent, message)
            if kind != ANSWER or status["is_posted"] or channel.startswith(DIRECT_MESSAGE):
                return message
            return manners_blocks.private(message, library.words.manners.post_in_thread, place, library)

        if asker:
            try:
                await self._gateway.post_ephemeral(team, channel, asker, self._rendered(answer), thread_ts=thread_ts)
            except SlackWorkError as error:  # such as that the bot is no member there
                log.info("what the shortcut shows goes to the channel", error=str(error))
            else:
                return
        await self._gateway.respond(response_url, self._rendered(answer))

    @workflow
    @formerly("show_privately")
    async def answer_privately(self, response_url: str, entry: str) -> None:
        """Answer with the suggestion that was taken where only one person saw the buttons, in their place."""

        def answer(library: Library) -> Message:
            current_entry = library.entry(entry)
            return blocks.taken(current_entry, library) if current_entry else blocks.unknown(library)

        await self._gateway.respond(response_url, self._rendered(answer), replace=True)

    @workflow
    @formerly("show")
    async def answer_suggestion(self, team: str, channel: str, thread_ts: str, suggestion_ts: str, entry: str) -> None:
        """Answer with the suggestion that was taken, in place of the buttons."""

        async def exists() -> bool:
            return self._library.entry(entry) is not None

        def taken(library: Library) -> Message:
            current_entry = library.entry(entry)
            return blocks.taken(current_entry, library) if current_entry else blocks.unknown(library)

        is_there = await step("find entry", exists)
        if is_there:  # and not deleted from the knowledge since it was suggested
            await step("lean on", self._store.record_answer, team, channel, thread_ts, entry)
        await self._gateway.update_message(team, channel, suggestion_ts, self._rendered(taken))

    def reply(self, kind: str, entries: list[str], *, in_round: bool = False) -> Render:
        """Give a function that renders a reply when it is sent; the arguments are those of `rendered`."""
        return self._rendered(lambda library: rendered(kind, entries, library, in_round=in_round))

    def render_reply(self, team: str, channel: str, reply: Reply) -> Render:
        """Give a function that renders a reply when it is sent.

        A whispered reply has a button that posts it. A reply that says that there is no answer, or how to reach a
        person, has a button that asks one, if there is somebody to ask.
        """

        async def content() -> Message:
            library = self._library
            if reply.state is ReplyState.WHISPERED:
                message = rendered(reply.kind, reply.entries, library)
                place = private_place(reply.thread_ts, reply.question_ts, reply.entries, reply.decided_for)
                return manners_blocks.private(message, library.words.manners.post_in_thread, place, library)
            if reply.kind in (FOR_SENDER, ABOUT_COPY) and (told := await self._of_copy(team, channel, reply)):
                return told
            repeated = await self._repeats(team, channel, reply)
            message = posted(reply, library, repeated=repeated)
            to_person = reply.kind == TALK and library.words.talk.of(reply.entries[0]).person
            if not (to_person or says_no_answer(reply)):
                return message
            can_ask = await self._store.feedback.editors_channel(team) is not None
            if to_person:
                support = self._services.support
                ts = reply.question_ts
                return feedback_blocks.how_to_reach_person(message, ts, library, can_ask=can_ask, support=support)
            return feedback_blocks.or_ask_person(message, reply.question_ts, library) if can_ask else message

        return content

    async def _repeats(self, team: str, channel: str, reply: Reply) -> bool:
        """Return whether they were told so there a moment ago: that there is no answer, or the same entries."""
        if reply.kind == UNKNOWN:
            return bool(await self._store.replies.undecided(team, channel, reply, (UNKNOWN,), within=FOLLOWED_FOR))
        return reply.kind == SUGGEST and bool(await self.superseded(team, channel, reply))

    async def _of_copy(self, team: str, channel: str, reply: Reply) -> Message | None:
        """Say how a message gets to who has shared a result, or where to ask about that, within a step.

        None if it is withdrawn by now.
        """
        since = float(reply.question_ts) - SHARED_WITHIN
        where = (team, channel, reply.asker or "")
        arrivals, about_copy = self._store.share_arrivals, reply.kind == ABOUT_COPY
        latest = arrivals.latest if about_copy else arrivals.latest_unanswered
        arrival = await latest(*where, since=since)
        link = await self._gateway.sees_permalink(team, channel, arrival.thread_ts) if arrival else None
        render = copy_explained.elsewhere if about_copy else blocks.for_sender
        return render(arrival.sender, link, self._library) if arrival else None


faq_worker = FaqWorker("faq")


def count_reply(kind: str, surface: str) -> None:
    """Count a reply where its work begins: once, however often and by whatever events its message is delivered."""
    if not in_doubt():  # work of another process, which has counted it
        metrics.REPLIES.labels(kind, surface).inc()


def rendered(  # noqa: PLR0911 - one for each kind
    kind: str, entries: Sequence[str], library: Library, *, in_round: bool = False
) -> Message:
    """Render a reply, given as PlannedReply is. in_round: in the thread of a round of the quiz."""
    if kind == HELLO:
        return blocks.hello(library)
    if kind == TALK:
        talk = library.words.talk.of(entries[0])
        return blocks.talk(talk.reply, library, begins=talk.begins) if talk.reply else blocks.hello(library)
    if kind == ONLY_ENGLISH:
        return blocks.only_english(Language(entries[0]), library)
    if kind == UNKNOWN:
        return maybe_meant.unknown(entries, library) or blocks.unknown(library, in_round=in_round)
    # Work may be taken up after a restart with edited knowledge: an entry can be gone.
    current_entries = library.known(entries)
    if kind == NOT_ANSWERED and (decoy := library.decoy(entries[0])) and decoy.reply:
        return blocks.not_answered(decoy.reply, current_entries, library, in_round=in_round)
    if not current_entries:
        return blocks.unknown(library, in_round=in_round)
    if kind == ANSWER:
        return blocks.answers(current_entries, library, in_round=in_round)
    return blocks.suggestions(current_entries, library)


def says_no_answer(reply: Reply) -> bool:
    """Return whether a reply to somebody says that there is no answer, and suggests nothing."""
    return reply.kind == UNKNOWN or (reply.kind == NOT_ANSWERED and len(reply.entries) == 1)


def posted(reply: Reply, library: Library, *, repeated: bool = False) -> Message:
    """Render a reply as it is posted to a conversation: an answer with what it carries, suggestions with a way out.

    repeated: the same was suggested to the same person a moment ago, or that there is no answer.
    """
    current_entries = library.known(reply.entries)
    decoy = library.decoy(reply.entries[0]) if reply.kind == NOT_ANSWERED else None
    if current_entries and reply.kind == ANSWER:
        unasked = reply.surface in UNPROMPTED
        return feedback_blocks.answer(current_entries, reply.question_ts, library, unasked=unasked)
    if current_entries and (reply.kind == SUGGEST or (decoy and decoy.reply)):
        decoy_reply = (decoy and decoy.reply) or ""
        made_for = reply.decided_for
        return feedback_blocks.suggestions(
            current_entries, reply.question_ts, library, revision=made_for, reply=decoy_reply, repeated=repeated
        )
    if reply.kind == UNKNOWN and not (reply.entries and maybe_meant.unknown(reply.entries, library)):
        return blocks.unknown(library, below=reply.thread_ts != reply.question_ts, repeated=repeated)
    return rendered(reply.kind, reply.entries, library)


async def plan_command(text: str, library: Library, second: SecondStage | None) -> PlannedReply | None:
    """Decide what to say to what stands after /rolefit; None for no question, nor any talk we reply to."""
    reply = await decide(text, Surface.COMMAND, library, second)
    if reply is None or (reply.kind not in (ANSWER, TALK) and not _may_be_question(text, reply.kind, library)):
        return None
    metrics.REPLIES.labels(reply.kind, Surface.COMMAND).inc()
    return reply


def command_reply(reply: PlannedReply, channel: str, library: Library) -> Message:
    """Render the reply to a command, for the person alone, who may post an answer in this channel."""
    message = rendered(reply.kind, reply.entries, library)
    if reply.kind != ANSWER or channel.startswith(DIRECT_MESSAGE):
        return message
    place = private_place("", "", reply.entries)
    return manners_blocks.private(message, library.words.manners.post_here, place, library)


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


async def post_private(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Post what only the person who clicks has seen; a second click posts nothing."""
    thread_ts, question_ts, revision, entries = read_private_place(block_actions.action)
    team, user, url = str(context.team_id), block_actions.user.id, block_actions.reply_url
    place, at = block_actions.ephemeral_place, block_actions.action.action_ts
    if question_ts:
        # Nobody is named in it: it stands in the row while the work is at it.
        key = Work.POST_PRIVATE_REPLY.key(team, place.channel, question_ts, at)
        where = (team, place.channel, thread_ts, question_ts)
        await jobs.start(key, faq_worker.post_private_reply, *where, entries, user, url, revision)
    else:
        # A second click joins the first, which Slack may let answer openly more than once.
        key = await work_records.current_or_next(Work.POST_PRIVATE_REPLY.key(team, place.channel, place.ts, ""))
        await jobs.start(key, faq_worker.post_here, url, entries, user, team, [place.channel, place.ts])
    await ack()


def register(app: AsyncApp) -> None:
    """Listen to the buttons of suggestions and private answers."""
    app.action(re.compile(rf"^{SHOW_ENTRY}:"))(show_entry)
    app.action(POST_PRIVATE)(post_private)
