"""What somebody typed in the thread of a round, with what the second stage makes of it where words say too little."""

from bot.domain.meant_in_round import place_in, reading_of
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
    place = place_in(run)
    if second is None or place is None or not (open_question or isinstance(reading, Unclear)):
        return reading
    if name := await second.meant(text, place, library):
        return reading_of(name, place)
    # Small talk that was read by its meaning has another reply here.
    return Aside(reply.entries[0]) if open_question and reply and reply.kind == TALK else reading
