"""Messages to the bot that may be meant for the sender of a shared result: it says how to reach that person."""

from bot.domain.matching_text import Form
from bot.domain.reply_kinds import FOR_SENDER, NOT_ANSWERED, ONLY_ENGLISH, SUGGEST, UNKNOWN
from bot.knowledge import Library
from bot.slack.deciding import PlannedReply
from bot.slack.faq import SHARED_WITHIN
from bot.storage import Store


async def redirected(
    team: str, user: str, channel: str, ts: str, text: str, reply: PlannedReply, library: Library, store: Store
) -> PlannedReply:
    """Give what to reply to a direct message outside threads, for which `reply` was decided.

    That is FOR_SENDER if a result was shared there lately, and the message has no answer or is no question; else
    `reply` itself.
    """
    no_answer = reply.kind in (UNKNOWN, ONLY_ENGLISH)
    guessed = reply.kind in (SUGGEST, NOT_ANSWERED) and _only_tells(text, library)
    if not (no_answer or guessed):
        return reply
    arrival = await store.share_arrivals.latest_unanswered(team, channel, user, since=float(ts) - SHARED_WITHIN)
    return PlannedReply(FOR_SENDER) if arrival else reply


def _only_tells(text: str, library: Library) -> bool:
    return all(sentence.form is Form.STATEMENT for sentence in library.index.read(text).sentences)
