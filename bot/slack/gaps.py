"""The gap list in Slack: what is kept of questions, and what is done when the knowledge has changed or a week is over.

Text is kept of what was put to the bot alone, and in rows alone: the work knows questions by their ids.
"""

import asyncio
import re
from datetime import UTC, datetime

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot import jobs, work_records
from bot.domain.faq import UNPROMPTED, Surface
from bot.domain.gaps import Question, QuestionKind, message_id
from bot.domain.reply_kinds import ANSWER, NOT_ANSWERED, SUGGEST, UNKNOWN
from bot.knowledge import Library
from bot.slack.deciding import PlannedReply
from bot.slack.gaps_controls import CHOOSE_NEWS, read_news
from bot.slack.gaps_work import gaps_worker
from bot.slack.interaction_payloads import BlockActions
from bot.slack.work import Work, address_digest
from bot.storage import Store

_NUMBER = re.compile(r"\W*\d+\W*")  # a message that is no more than that names a suggestion, and asks nothing

DIGEST = 40  # characters of a knowledge's digest that tell it from others


async def record_message(
    team: str,
    channel: str,
    ts: str,
    user: str,
    text: str,
    surface: Surface,
    reply: PlannedReply,
    alone: PlannedReply | None,
    store: Store,
) -> None:
    """Keep what somebody asked the bot in a message, if the reply is no answer. Repeating it changes nothing.

    Nothing is kept of a message that has been edited or deleted since. alone: what the message gets by itself,
    where it was read in the light of what was answered before.
    """
    kind = _kind(text, reply)
    if kind and surface not in UNPROMPTED:
        question = Question(message_id(channel, ts), user, kind, text, channel, ts, known=_entries_shown(reply, alone))
        await store.gaps.record(team, question)
        await _forget_if_revised(team, channel, ts, "", store)


async def revise_message(
    team: str,
    channel: str,
    ts: str,
    user: str,
    text: str,
    surface: Surface,
    reply: PlannedReply | None,
    alone: PlannedReply | None,
    revision: str,
    store: Store,
) -> None:
    """Replace the kept question of an edited message by the new one; delete it if the message gets no reply.

    alone: as for `record_message`. revision: the ts of its edit or deletion, of which the work is recorded by now.
    After a later one nothing changes.
    """
    kind = _kind(text, reply) if reply else None
    if kind and surface not in UNPROMPTED:
        shown = _entries_shown(reply, alone)
        question = Question(message_id(channel, ts), user, kind, text, channel, ts, revision=revision, known=shown)
        await store.gaps.replace(team, question)
        await _forget_if_revised(team, channel, ts, revision, store)
    else:
        await store.gaps.forget(team, channel, ts, revision)


async def _forget_if_revised(team: str, channel: str, ts: str, revision: str, store: Store) -> None:
    """Delete what was just kept of a message if the message has been edited or deleted since.

    The row is written before this looks for work about an edit, and an edit records its work before it deletes the row:
    so at least one of the two sees the other, and the row does not stay.
    """
    if await is_revised_since(team, channel, ts, revision, store):
        await store.gaps.forget(team, channel, ts, revision)


async def is_revised_since(team: str, channel: str, ts: str, revision: str, store: Store) -> bool:
    """Say whether a message has been edited or deleted later than at `revision`, as far as there is work about it."""
    edits = Work.REVISE_REPLY.key(team, channel, ts, "")
    # Asked in this order, since what ends between the two stands in the row.
    if any(key.removeprefix(edits) > revision for key in await work_records.unfinished([edits])):
        return True
    reply = await store.replies.get(team, channel, ts)
    return reply is not None and reply.revision > revision


async def record_command(team: str, user: str, text: str, response_url: str, reply: PlannedReply, store: Store) -> None:
    """Keep what somebody asked by a command, if the reply is no answer. Repeating it changes nothing."""
    if kind := _kind(text, reply):
        shown = _entries_shown(reply, None)
        question = Question(f"command:{address_digest(response_url)}", user, kind, text, known=shown)
        await store.gaps.record(team, question)


def _kind(text: str, reply: PlannedReply) -> QuestionKind | None:
    """Say why a question with this reply is kept, if it is.

    In another language it is not: no entry can answer it, and it would be put together with English ones by the few
    words that it shares with them. How many there are is counted among the replies.
    """
    if _NUMBER.fullmatch(text):
        return None
    match reply.kind, reply.entries:
        case (kind, _) if kind == UNKNOWN:
            return QuestionKind.UNANSWERED
        case (kind, _) if kind == SUGGEST:
            return QuestionKind.SUGGESTED
        case (kind, [_, *suggested]) if kind == NOT_ANSWERED:
            return QuestionKind.SUGGESTED if suggested else QuestionKind.UNANSWERED
        case _:
            return None


def _entries_shown(reply: PlannedReply | None, alone: PlannedReply | None) -> tuple[str, ...]:
    """Give the entries that a person has been shown: those the reply suggests, and those for the message by itself."""
    suggested = reply.entries[1:] if reply and reply.kind == NOT_ANSWERED else ()
    suggested = reply.entries if reply and reply.kind == SUGGEST else suggested
    return tuple(dict.fromkeys([*suggested, *(alone.entries if alone and alone.kind in (ANSWER, SUGGEST) else ())]))


# When the knowledge has changed


async def follow_knowledge(library: Library, store: Store, before: Library | None = None) -> None:
    """Begin the work that follows from a knowledge that was taken up: news of new answers, and corrections.

    before: the knowledge that this process had until now; None at its start.
    It is one piece for each workspace. Doing it again, or in several replicas at once, begins nothing twice; knowledge
    that comes back after other knowledge was followed is followed again.
    """
    digest = (await asyncio.to_thread(lambda: library.digest))[:DIGEST]
    for team in await store.gaps.teams():
        while True:
            followed = await store.gaps.followed(team)
            number, _, followed_digest = (followed or "0:").partition(":")
            if followed_digest == digest:
                break
            if before is not None:  # the oldest whose news are not told yet
                gaps_worker.superseded.setdefault(team, before)
            knowledge = f"{int(number) + 1}:{digest}"
            key = Work.FOLLOW_KNOWLEDGE.key(team, knowledge)
            await jobs.start(key, gaps_worker.follow_knowledge, team, knowledge, followed)
            await store.gaps.follow(team, knowledge, followed)


# Every week


async def start_digests(store: Store, now: float) -> None:
    """Begin the digests of this week that are still due. Replicas may do so at once. now: seconds since 1970."""
    year, number, _ = datetime.fromtimestamp(now, UTC).isocalendar()
    week = f"{year}-W{number:02}"
    for team in await store.gaps.digests_due(week):
        await jobs.start(Work.POST_DIGEST.key(team, week), gaps_worker.post_digest, team, week, now)


# Buttons


async def choose_news(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Remember whether somebody wants to hear of answers to what they asked."""
    team, user, message = str(context.team_id), block_actions.user.id, block_actions.place
    key = Work.CHOOSE_NEWS.key(team, user, block_actions.action.action_ts)
    # Outside a thread it is said there, where the button is, and not in a thread that has to be opened.
    thread_ts = message.thread_ts if message.thread_ts not in (None, message.ts) else ""
    wanted = read_news(block_actions.action)
    await jobs.start(key, gaps_worker.choose_news, team, user, message.channel, thread_ts or "", wanted)
    await ack()


def register(app: AsyncApp) -> None:
    """Listen to the buttons of news; `bot.slack.home` listens to those of the gap list, which stand there."""
    app.action(re.compile(rf"^{CHOOSE_NEWS}:"))(choose_news)
