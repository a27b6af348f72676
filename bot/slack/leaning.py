"""Which of the answers that stand before a message it leans on."""

from bot.domain.faq import FOLLOWED_FOR
from bot.domain.follow_up import LOOKED_BACK
from bot.knowledge import Library
from bot.storage import Reply, Store


async def leant_on(text: str, last: str, team: str, channel: str, above: Reply, library: Library, store: Store) -> str:
    """Give the entry that a message leans on: the last that was answered before it, or one before that.

    "Are they paid more?", below the answer on who needs a PhD, is about those whom an answer before that is about.
    above: the reply that stands last where the message does, or the message's own; only what was asked within half an
    hour before it counts.
    """
    since = float(above.question_ts) - FOLLOWED_FOR
    answered = [last]
    while len(answered) <= LOOKED_BACK and library.index.asks_of_whom(text, answered[-1]):
        earlier = await store.replies.before(team, channel, above)
        if earlier is None or float(earlier.question_ts) < since:
            break
        above = earlier
        answered += [entry.id for entry in library.known(earlier.entries[-1:])]
    return library.index.leant_on(text, answered) or last
