"""Messages to the bot about a shared result, or for its sender: it says where to ask, or how they get there."""

from bot.domain import smalltalk
from bot.domain.copy_question import CopyQuestion
from bot.domain.matching_text import Form
from bot.domain.reply_kinds import (
    ABOUT_COPY,
    ANSWER,
    FOR_SENDER,
    LINK,
    NOT_ANSWERED,
    ONLY_ENGLISH,
    SUGGEST,
    TALK,
    UNKNOWN,
)
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import copy_questions
from bot.slack.deciding import TO_QUESTIONS, PlannedReply
from bot.slack.faq import SHARED_WITHIN
from bot.storage import Store
from bot.storage.share_arrivals import Arrival

ABOVE = (ANSWER, LINK, SUGGEST, NOT_ANSWERED)  # kinds of replies that "is it reliable?" below them is about
# Small talk that asks the bot to do something, or about itself and its quiz, whatever has arrived.
OF_BOT = frozenset(
    {"about_quiz", "begin", "for_whom", "funding", "help", "hush", "identity", "listening", "maker", "quiet", "stop"}
)
OF_OWN_QUIZ = frozenset({"others_do_it", "questions"})  # questions about a copy with the same answer outside its thread


async def redirected(
    team: str,
    user: str,
    channel: str,
    ts: str,
    text: str,
    reply: PlannedReply,
    library: Library,
    store: Store,
    second: SecondStage | None,
) -> PlannedReply:
    """Give what to reply to a direct message outside threads, for which `reply` was decided.

    If a result was shared there lately, that is ABOUT_COPY for a question about it, and FOR_SENDER for what has no
    answer or is no question, unless they know how to reply by now; else it is `reply` itself.
    """
    since = float(ts) - SHARED_WITHIN
    of_bot = reply.kind == TALK and not OF_BOT.isdisjoint(reply.entries)
    question = None if of_bot else await _asked(text, reply, library, second)
    if question and (arrival := await store.share_arrivals.latest(team, channel, user, since=since)):
        is_of_copy = question.is_of_person or not await _is_of_reply_above(team, channel, ts, arrival, store)
        return PlannedReply(ABOUT_COPY) if is_of_copy else reply
    talk_by_meaning = reply.kind == TALK and not is_about_bot(reply, text, library)
    no_answer = reply.kind in (UNKNOWN, ONLY_ENGLISH) or talk_by_meaning
    guessed = reply.kind in (SUGGEST, NOT_ANSWERED) and _only_tells(text, library)
    if not (no_answer or guessed):
        return reply
    arrival = await store.share_arrivals.latest_unanswered(team, channel, user, since=since)
    return PlannedReply(FOR_SENDER) if arrival else reply


def is_about_bot(reply: PlannedReply, text: str, library: Library) -> bool:
    """Say whether a reply is one to small talk with the bot, and not to what may be meant for somebody else.

    What is small talk by its meaning alone may be for whoever has shared the result: "are you listening?".
    """
    if reply.kind != TALK:
        return False
    return not TO_QUESTIONS.isdisjoint(reply.entries) or smalltalk.read(text, library.words.talk) is not None


async def _asked(text: str, reply: PlannedReply, library: Library, second: SecondStage | None) -> CopyQuestion | None:
    """Read a question about a copy that has another answer there than elsewhere."""
    question = await copy_questions.read(text, reply, library, second, below=False)
    return question if question and question.name not in OF_OWN_QUIZ else None


async def _is_of_reply_above(team: str, channel: str, ts: str, arrival: Arrival, store: Store) -> bool:
    """Say whether what asks about "it" is about what the bot replied since a result arrived."""
    above = await store.replies.last_at_top_level(team, channel, before=ts, within=SHARED_WITHIN)
    return above is not None and above.kind in ABOVE and above.replied_at >= arrival.at


def _only_tells(text: str, library: Library) -> bool:
    return all(sentence.form is Form.STATEMENT for sentence in library.index.read(text).sentences)
