"""What is done about the gap list, as durable work: news, digests, drafts and corrections.

The work knows questions by their ids. What people wrote is read, and rendered, within the step that sends it.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import slackblocks as kit
import structlog

from bot import knowledge
from bot.domain.embeddings import SemanticScorer
from bot.domain.faq import Surface, offered_by, reply_to
from bot.domain.gaps import Gap, Question
from bot.domain.reply_kinds import ANSWER
from bot.domain.report import Report, report_on
from bot.jobs import start, step, worker, workflow
from bot.knowledge import Library
from bot.second_stage import scorer_for
from bot.slack import faq, gaps_blocks
from bot.slack.deciding import decide
from bot.slack.pieces import Message
from bot.slack.reply_links import digest_now
from bot.slack.slack_calls import SlackWorkError
from bot.slack.slack_worker import SlackWorker
from bot.slack.work import Work

DIGEST_OF = timedelta(days=7)  # the questions of a digest
CORRECTED_FOR = 14 * 86_400.0  # seconds after it was posted in which an answer is corrected
PAGE = 50  # questions or answers that are looked at in one step

log = structlog.get_logger()


@worker()
class GapsWorker(SlackWorker):
    """Tells people and editors what became of questions, and decides about them as when they were asked."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        # By workspace, the knowledge until the edit whose news are not told yet, if this process had it.
        self.superseded: dict[str, Library] = {}
        self._scorer: tuple[Library, SemanticScorer] | None = None  # of the knowledge that was asked last of these

    @workflow
    async def follow_knowledge(self, team: str, knowledge: str, before: str | None) -> None:
        """Tell news of questions that have an answer by now, and then correct what has been answered, one by one.

        knowledge, before: the one that is followed from now on, and the one until now, as `Gaps.follow` takes them.
        Ends early once another is followed.
        """
        if not await step("follow", self._store.gaps.follow, team, knowledge, before):
            return
        question_id: str | None = ""
        while question_id is not None:
            page = await step("find news", self._find_news, team, knowledge, question_id)
            for question, user, entries in page["news"]:
                # Begun first: news under a key that was used already closes this question, too.
                key = Work.TELL_NEWS.key(team, user, entries[0])
                await start(key, self.tell_news, team, user, entries, question)
                await step("close", self._store.gaps.close, team, [question], entries[0])
            question_id = page["next"]
        if page.get("finished"):  # not in what versions before this one recorded
            self.superseded.pop(team, None)
            if not self.superseded:
                self._scorer = None
        next_page: list[str] | None = ["", ""]
        while next_page is not None:
            page = await step("find outdated", self._find_outdated, team, knowledge, next_page)
            for channel, question_ts in page["outdated"]:
                try:
                    await faq.faq_worker.correct(team, channel, question_ts)
                except SlackWorkError as error:
                    log.warning("an answer could not be corrected", error=str(error))
            next_page = page["next"]

    async def _find_news(self, team: str, knowledge: str, after: str) -> dict[str, Any]:
        """Give the questions of a page that have an answer by now, and where the next page begins.

        finished: whether all have been looked at, which they are not where another knowledge is followed by now.
        """
        if await self._store.gaps.followed(team) != knowledge:
            return {"news": [], "next": None, "finished": False}
        if (second := self._services.second_stage) is not None:
            await second.ready()
        news: list[list[Any]] = []
        questions = await self._store.gaps.unanswered(team, after, PAGE)
        for question in questions:
            if entries := await self._newly_answered_by(team, question):
                news.append([question.id, question.user, list(entries)])
            await asyncio.sleep(0)  # deciding about many would hold up who asks now
        is_last = len(questions) < PAGE
        return {"news": news, "next": None if is_last else questions[-1].id, "finished": is_last}

    async def _newly_answered_by(self, team: str, question: Question) -> tuple[str, ...]:
        """Give the entries that answer a question by now and did not before the edit; none if they are no news.

        They are none if the person declined one of them, or it did not help, or they have been shown one meanwhile.
        """
        surface, leaned_on = Surface.MENTION, None
        if question.channel and question.ts and self._library.index.follows(question.text):
            reply = await self._store.replies.get(team, question.channel, question.ts)
            if reply is None:
                return ()  # it may have leaned on an answer, and which one is not remembered any more
            surface = Surface(reply.surface)
            earlier = await self._store.replies.before(team, question.channel, reply)
            leaned_on = earlier.entries[-1] if earlier and earlier.entries else None
        planned = await decide(question.text, surface, self._library, self._services.second_stage, leaned_on)
        old = {question.entry, leaned_on, *question.known}
        if planned is None or planned.kind != ANSWER or old.intersection(planned.entries):
            return ()
        if await self._store.gaps.has_got(team, question.user, planned.entries, since=question.asked_at):
            return ()
        if (before := self.superseded.get(team)) is not None:
            offered = await asyncio.to_thread(self._offered, question.text, surface, before, leaned_on)
            return () if offered.intersection(planned.entries) else planned.entries
        return planned.entries

    def _offered(self, text: str, surface: Surface, library: Library, leaned_on: str | None) -> set[str]:
        """Give the entries that a knowledge answers a question with, or suggests for it."""
        scorer = self._scorer_for(library) if self._services.second_stage is not None else None
        after = library.leaning(text, leaned_on)
        reply = reply_to(text, surface, library.index, library.thresholds, after=after, scorer=scorer)
        return {candidate.entry for candidate in offered_by(reply)}

    def _scorer_for(self, library: Library) -> SemanticScorer:
        """Give what scores messages with an earlier knowledge, which is prepared once for all that is asked of it."""
        if self._scorer is None or self._scorer[0] is not library:
            self._scorer = library, scorer_for(library)
        return self._scorer[1]

    async def _find_outdated(self, team: str, knowledge: str, after: list[str]) -> dict[str, Any]:
        """Give the answers of a page that would say something else by now, and where the next page begins."""
        if await self._store.gaps.followed(team) != knowledge:
            return {"outdated": [], "next": None}
        channel, question_ts = after
        since = time.time() - CORRECTED_FOR
        posted = await self._store.replies.posted_since(team, since, (channel, question_ts), PAGE)
        outdated = []
        for channel, reply in posted:
            digest = digest_now(reply, self._library)
            if digest and reply.digest and digest != reply.digest:
                outdated.append([channel, reply.question_ts])
        last = [posted[-1][0], posted[-1][1].question_ts] if len(posted) == PAGE else None
        return {"outdated": outdated, "next": last}

    @workflow
    async def tell_news(self, team: str, user: str, entries: list[str], question_id: str) -> None:
        """Tell somebody, once, that what they asked has an answer by now, unless they want no such news."""

        async def is_wanted() -> bool:
            _, news = await self._store.replies.choices_of(team, user)
            return news and not await self._store.gaps.was_told(team, user, entries[0])

        async def news() -> Message | None:
            question = await self._store.gaps.get(team, question_id)
            current_entries = self._library.known(entries)
            # The message may have been deleted since, and the entry removed.
            return (
                gaps_blocks.news(question.text, current_entries, self._library)
                if question and current_entries
                else None
            )

        if await step("is wanted", is_wanted):
            await self._gateway.deliver_message(team, user, news)
            await step("remember", self._store.gaps.mark_told, team, user, entries[0])

    @workflow
    async def choose_news(self, team: str, user: str, channel: str, thread_ts: str, wanted: bool) -> None:
        """Remember whether somebody wants news of what they asked, and say so below the button.

        thread_ts: of the thread that the button stands in; "" for none.
        """

        async def chosen() -> Message:
            return gaps_blocks.news_chosen(self._library, wanted=wanted)

        await step("choose", self._choose_news, team, user, wanted)
        await self._gateway.post_message(team, channel, chosen, thread_ts=thread_ts or None)

    async def _choose_news(self, team: str, user: str, wanted: bool) -> None:
        await self._store.replies.choose(team, user, news=wanted)

    @workflow
    async def draft_entry(self, team: str, user: str, question_id: str) -> None:
        """Send a draft, as versions before this one have recorded it; now `HomeWorker.draft_entry` does."""
        await self.send_draft(team, user, question_id)

    async def send_draft(self, team: str, user: str, question_id: str) -> tuple[str, str] | None:
        """Send an editor the draft of an entry for the gap that a question belongs to; nothing to anybody else.

        It is a part of other work. Gives the channel and the ts of the message.
        """

        async def draft() -> Message | None:
            if not await self._services.editors.include(team, user):
                return None
            gap = (await self._report(team)).gap(question_id)
            if gap is None:
                return gaps_blocks.draft_gone(self._library)
            text = await asyncio.to_thread(knowledge.draft, gap, self._library)
            return gaps_blocks.draft(text, self._library)

        return await self._gateway.post_message(team, user, draft)

    async def gap(self, team: str, user: str, question_id: str) -> Gap | None:
        """Give the gap that a question belongs to, for an editor; None if there is none, or for anybody else."""
        return (await self._report(team)).gap(question_id) if await self._services.editors.include(team, user) else None

    @workflow
    async def post_digest(self, team: str, week: str, now: float) -> None:
        """Post the digest of a week to the channel of the editors, if there is something in it.

        now: when it was due, in seconds since 1970.
        """

        async def digest() -> Message | None:
            at = datetime.fromtimestamp(now, UTC)
            report = await self._report(team, since=at - DIGEST_OF, at=at)
            return gaps_blocks.digest(report, self._library, await self._store.feedback.disputes(team))

        channel = await step("channel", self._store.gaps.digest_channel, team, week)
        if channel is not None:
            await self._gateway.post_message(team, channel, digest)
            await step("remember", self._store.gaps.mark_digest, team, week)

    async def home_section(self, team: str, user: str) -> Sequence[kit.Block]:
        """Give what editors see on their Home tab besides what all do; nothing for anybody else."""
        if not await self._services.editors.include(team, user):
            return []
        report, drafts = await self._report(team), await self._store.homes.drafts(team, user)
        listed = {gap.id: drafts.get(gap.questions_digest) for gap in report.gaps[: gaps_blocks.MOST]}
        links = {
            gap: await self._gateway.sees_permalink(team, draft.channel, draft.ts)
            for gap, draft in listed.items()
            if draft
        }
        return gaps_blocks.editors_section(report, self._library, await self._store.feedback.disputes(team), links)

    async def _report(self, team: str, *, since: datetime | None = None, at: datetime | None = None) -> Report:
        questions = await self._store.gaps.listed(team, since=since.timestamp() if since else 0.0)
        library, today = self._library, (at or datetime.now(UTC)).date()
        about: tuple[Any, ...] = (questions, [], library.entries, library.index, today)
        return await asyncio.to_thread(report_on, *about)  # of ten thousand questions it takes seconds


gaps_worker = GapsWorker("gaps")
