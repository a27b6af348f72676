"""What somebody typed in the thread of a round, with what the second stage makes of it where words say too little."""

from bot.domain.meanings import Place
from bot.domain.meant_in_round import reading_of
from bot.domain.quiz_run import Run
from bot.domain.readings import Aside, Asks, Reading, Unclear
from bot.domain.reply_kinds import TALK
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack.deciding import OPEN, PlannedReply


async def by_meaning(
    reading: Reading, text: str, reply: PlannedReply | None, run: Run, library: Library, second: SecondStage | None
) -> Reading:
    """Give what a text means by its embedding, if by its words it is unclear, or a question that has no answer.

    reading: by its words. reply: what is said to it as a question.
    """
    open_question = isinstance(reading, Asks) and (reply is None or reply.kind in (*OPEN, TALK))
    if second is None or not (open_question or isinstance(reading, Unclear)):
        return reading
    name = await second.meant(text, Place.ROUND, library)
    if name and (meant := reading_of(name, run)):
        return meant
    # Small talk that was read by its meaning has another reply here.
    return Aside(reply.entries[0]) if open_question and reply and reply.kind == TALK else reading
