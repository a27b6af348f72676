"""What somebody typed in the thread of a round, with what the second stage makes of it where words say too little."""

from bot.domain.meant_in_round import place_in, reading_of
from bot.domain.quiz_run import Run
from bot.domain.readings import DOES, Asks, Command, MaybeMeant, Perhaps, Reading, Unclear, WhichTwo
from bot.domain.reply_kinds import TALK, UNKNOWN
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack.deciding import OPEN, TO_QUESTIONS, PlannedReply

# Confidence from which it does something to the round, and from which it is no question that an entry answers.
SURE = 0.75


async def by_meaning(
    reading: Reading, text: str, reply: PlannedReply | None, run: Run, library: Library, second: SecondStage | None
) -> tuple[Reading, PlannedReply | None]:
    """Give what a text means by its embedding, if by its words it is unclear, guessed, or a question without an answer.

    What is answered as a question stays that unless the meaning is plain. reading: by its words. reply: what is said
    to it as a question, which is given, too; what it would mean outside of rounds is no reply here. What is neither
    understood nor answered gets what it may mean.
    """
    place = place_in(run)
    is_clear = not isinstance(reading, Asks | Unclear | Perhaps | WhichTwo)
    names_no_choice = isinstance(reading, Unclear) and reading.mark is not None
    if second is None or place is None or is_clear or names_no_choice:
        return reading, reply
    is_talk = reply is not None and reply.kind == TALK and TO_QUESTIONS.isdisjoint(reply.entries)
    question = PlannedReply(UNKNOWN) if is_talk or (reply and reply.kind == UNKNOWN) else reply
    is_open = not isinstance(reading, Asks) or question is None or question.kind in OPEN
    for least in (None, SURE) if is_open else (SURE,):
        if name := await second.meant(text, place, library, least):
            meant = reading_of(name, place)
            if least or not _acts(meant):
                return meant, question
    is_open = isinstance(reading, Unclear) or (isinstance(reading, Asks) and question == PlannedReply(UNKNOWN))
    if is_open and (names := await second.maybe_meant(text, place, library)):
        return MaybeMeant(names), question
    return reading, question


def _acts(reading: Reading) -> bool:
    return isinstance(reading, Command) and reading.name in DOES
