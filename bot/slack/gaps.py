"""The gap list in Slack: what is kept of questions, and what is done when the knowledge has changed or a week is over.

Text is kept of what was put to the bot alone, and in rows alone: the work knows questions by their ids.
"""

import asyncio
import re
import time
from datetime import UTC, datetime

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot import jobs
from bot.domain.faq import UNPROMPTED, Surface
from bot.domain.gaps import Question, QuestionKind, message_id
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import faq
from bot.slack.controls import CHOOSE_NEWS, DRAFT_ENTRY, read_draft, read_news
from bot.slack.faq import NOT_ANSWERED, SUGGEST, UNKNOWN, PlannedReply
from bot.slack.gaps_work import gaps_worker
from bot.slack.payloads import BlockActions
from bot.slack.reply_work import digest_now
from bot.slack.work import Work, address_digest
from bot.storage import ANSWER, Store

CORRECTED_FOR = 14 * 86_400.0  # seconds after it was posted in which an answer is corrected


async def record_message(
    team: str, channel: str, ts: str, user: str, text: str, surface: Surface, reply: PlannedReply, store: Store
) -> None:
    """Keep what somebody asked the bot in a message, if the reply is no answer; again does nothing."""
    kind = _kind(reply)
    if kind and surface not in UNPROMPTED:
        await store.gaps.record(team, Question(message_id(channel, ts), user, kind, text, channel, ts))


async def revise_message(
    team: str, channel: str, ts: str, user: str, text: str, surface: Surface, reply: PlannedReply | None, store: Store
) -> None:
    """Keep what an edited message asks the bot in place of what it asked before; without a reply, nothing of it."""
    kind = _kind(reply) if reply else None
    if kind and surface not in UNPROMPTED:
        await store.gaps.replace(team, Question(message_id(channel, ts), user, kind, text, channel, ts))
    else:
        await store.gaps.forget(team, channel, ts)


async def record_command(team: str, user: str, text: str, response_url: str, reply: PlannedReply, store: Store) -> None:
    """Keep what somebody asked by a command, if the reply is no answer; again does nothing."""
    if kind := _kind(reply):
        await store.gaps.record(team, Question(f"command:{address_digest(response_url)}", user, kind, text))


def _kind(reply: PlannedReply) -> QuestionKind | None:
    """Say why a question with this reply is kept, if it is.

    In another language it is not: no entry can answer it, and it would be put together with English ones by the few
    words that it shares with them. How many there are is counted among the replies.
    """
    match reply.kind, reply.entries:
        case (kind, _) if kind == UNKNOWN:
            return QuestionKind.UNANSWERED
        case (kind, _) if kind == SUGGEST:
            return QuestionKind.SUGGESTED
        case (kind, [_, *suggested]) if kind == NOT_ANSWERED:
            return QuestionKind.SUGGESTED if suggested else QuestionKind.UNANSWERED
        case _:
            return None


# When the knowledge has changed


async def follow_knowledge(library: Library, second: SecondStage | None, store: Store) -> None:
    """Begin the work that follows from a knowledge that was taken up: news of new answers, and corrections.

    Doing it again, or in several replicas at once, begins nothing twice.
    """
    if second is not None:
        await second.ready()
    for team in await store.gaps.teams():
        await _close_answered(team, library, second, store)
        await _correct_answers(team, library, store)


async def _close_answered(team: str, library: Library, second: SecondStage | None, store: Store) -> None:
    """Close the questions that have an answer by now, and have each person told who asked one."""
    for question in await store.gaps.listed(team):
        if question.kind is QuestionKind.CHOSEN or question.answered_by or not question.text:
            continue
        reply = await faq.decide(question.text, Surface.MENTION, library, second)
        await asyncio.sleep(0)  # deciding about many would hold up who asks now
        if reply is None or reply.kind != ANSWER or question.entry in reply.entries:
            continue  # what was declined, or did not help, is no answer
        entry = reply.entries[0]
        # Begun first: if we die before the question is closed, we come back to it, and the key is used already.
        key = Work.TELL_NEWS.key(team, question.user, entry)
        await jobs.start(key, gaps_worker.tell_news, team, question.user, list(reply.entries), question.id)
        await store.gaps.close(team, [question.id], entry)


async def _correct_answers(team: str, library: Library, store: Store) -> None:
    """Have answers corrected that were posted lately and would say something else by now."""
    for channel, reply in await store.replies.posted_since(team, time.time() - CORRECTED_FOR):
        digest = digest_now(reply, library)
        if digest and reply.digest and digest != reply.digest:
            rest = (reply.question_ts, digest[:16], int(reply.corrected_at or 0))
            key = Work.CORRECT_REPLY.key(team, channel, *rest)
            await jobs.start(key, faq.faq_worker.correct_reply, team, channel, reply.question_ts, digest)


# Every week


async def start_digests(store: Store, now: float) -> None:
    """Begin the digests of this week that are still due. Replicas may do so at once. now: seconds since 1970."""
    year, number, _ = datetime.fromtimestamp(now, UTC).isocalendar()
    week = f"{year}-W{number:02}"
    for team in await store.gaps.digests_due(week):
        await jobs.start(Work.POST_DIGEST.key(team, week), gaps_worker.post_digest, team, week, now)


# Buttons


async def draft_entry(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Send an editor the draft of an entry for a gap."""
    team, user = str(context.team_id), block_actions.user.id
    key = Work.DRAFT_ENTRY.key(team, user, block_actions.action.action_ts)
    await jobs.start(key, gaps_worker.draft_entry, team, user, read_draft(block_actions.action))
    await ack()


async def choose_news(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Remember whether somebody wants to hear of answers to what they asked."""
    team, user, place = str(context.team_id), block_actions.user.id, block_actions.place
    key = Work.CHOOSE_NEWS.key(team, user, block_actions.action.action_ts)
    wanted, thread_ts = read_news(block_actions.action), place.thread_ts or place.ts
    await jobs.start(key, gaps_worker.choose_news, team, user, place.channel, thread_ts, wanted)
    await ack()


def register(app: AsyncApp) -> None:
    """Listen to the buttons of the gap list, and of news."""
    app.action(re.compile(rf"^{DRAFT_ENTRY}:"))(draft_entry)
    app.action(re.compile(rf"^{CHOOSE_NEWS}:"))(choose_news)
