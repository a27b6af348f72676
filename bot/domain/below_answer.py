"""“Who uses it today?”: what to say, where the bot was asked, to a follow-up of an answer that stands above it."""

from bot.domain.faq import Answer, NoAnswer, Reply, Suggestions, is_elliptic
from bot.domain.matching import Index


def reply_below(reply: Reply, utterance: str, above: str, index: Index) -> Reply | None:
    """Choose what to say below the answer `above`, an entry; None if that answer is all that there is to say.

    reply: to the message, in the light of that answer. It does not suggest what was just answered; and of "what about
    startups?", which says no more than what it is about, the only suggestion is the answer.
    """
    if not isinstance(reply, Suggestions | NoAnswer):
        return reply
    if index.is_bare(utterance):
        return None
    suggested = reply.candidates if isinstance(reply, Suggestions) else ()
    others = tuple(candidate for candidate in suggested if candidate.entry != above)
    if len(others) == 1 and others == suggested and is_elliptic(utterance):
        return Answer(others)
    if others:
        return Suggestions(others)
    return None if suggested or index.points_back(utterance) else NoAnswer()
