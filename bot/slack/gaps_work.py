"""What is done about the gap list, as durable work: news, digests, drafts and corrections.

The work knows questions by their ids. What people wrote is read, and rendered, within the step that sends it.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import slackblocks as kit

from bot import knowledge
from bot.domain.report import Report, report_on
from bot.jobs import step, worker, workflow
from bot.slack import gaps_blocks
from bot.slack.pieces import Message
from bot.slack.slack_worker import SlackWorker

DIGEST_OF = timedelta(days=7)  # the questions of a digest


@worker()
class GapsWorker(SlackWorker):
    """Tells people and editors what became of questions. editors: who may see what was asked, by their ids."""

    editors: frozenset[str] = frozenset()

    @workflow
    async def tell_news(self, team: str, user: str, entries: list[str], question_id: str) -> None:
        """Tell somebody, once, that what they asked has an answer by now, unless they want no such news."""

        async def is_wanted() -> bool:
            _, news = await self._store.replies.choices_of(team, user)
            return news and not await self._store.gaps.was_told(team, user, entries[0])

        async def news() -> Message | None:
            question = await self._store.gaps.get(team, question_id)
            known = self._library.known(entries)
            # The message may have been deleted since, and the entry removed.
            return gaps_blocks.news(question.text, known, self._library) if question and known else None

        if await step("is wanted", is_wanted):
            await self._gateway.deliver_message(team, user, news)
            await step("remember", self._store.gaps.mark_told, team, user, entries[0])

    @workflow
    async def choose_news(self, team: str, user: str, channel: str, thread_ts: str, wanted: bool) -> None:
        """Remember whether somebody wants news of what they asked, and say so below the button."""

        async def chosen() -> Message:
            return gaps_blocks.news_chosen(self._library, wanted=wanted)

        await step("choose", self._choose_news, team, user, wanted)
        await self._gateway.post_message(team, channel, chosen, thread_ts=thread_ts)

    async def _choose_news(self, team: str, user: str, wanted: bool) -> None:
        await self._store.replies.choose(team, user, news=wanted)

    @workflow
    async def draft_entry(self, team: str, user: str, question_id: str) -> None:
        """Send an editor the draft of an entry for the gap that a question belongs to; nothing to anybody else."""

        async def draft() -> Message | None:
            if user not in self.editors:
                return None
            gap = (await self._report(team)).gap(question_id)
            if gap is None:
                return gaps_blocks.draft_gone(self._library)
            text = await asyncio.to_thread(knowledge.draft, gap, self._library)
            return gaps_blocks.draft(text, self._library)

        await self._gateway.post_message(team, user, draft)

    @workflow
    async def post_digest(self, team: str, week: str, now: float) -> None:
        """Post the digest of a week to the channel of the editors, if there is something in it.

        now: when it was due, in seconds since 1970.
        """

        async def digest() -> Message | None:
            at = datetime.fromtimestamp(now, UTC)
            report = await self._report(team, since=at - DIGEST_OF, at=at)
            return gaps_blocks.digest(report, self._library)

        channel = await step("channel", self._store.gaps.digest_channel, team, week)
        if channel is not None:
            await self._gateway.post_message(team, channel, digest)
            await step("remember", self._store.gaps.mark_digest, team, week)

    async def home_section(self, team: str, user: str) -> Sequence[kit.Block]:
        """Give what editors see on their Home tab besides what all do; nothing for anybody else."""
        if user not in self.editors:
            return []
        return gaps_blocks.editors_section(await self._report(team), self._library)

    async def _report(self, team: str, *, since: datetime | None = None, at: datetime | None = None) -> Report:
        questions = await self._store.gaps.listed(team, since=since.timestamp() if since else 0.0)
        library, today = self._library, (at or datetime.now(UTC)).date()
        about: tuple[Any, ...] = (questions, [], library.entries, library.index, today)
        return await asyncio.to_thread(report_on, *about)  # of ten thousand questions it takes seconds


gaps_worker = GapsWorker("gaps")
