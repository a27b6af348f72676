"""Reading what somebody asks about a result that was shared with them, and holding up nobody for it."""

from bot.domain import copy_question, smalltalk
from bot.domain.copy_question import CopyQuestion, without_names
from bot.domain.meanings import Place
from bot.domain.reply_kinds import ANSWER
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack.deciding import CERTAINLY_TALK, PlannedReply, asks, prepare_received

# Confidence from which what is told rather than asked, or not said below the copy, is a question about it
TOLD = 0.4


async def read(
    text: str, reply: PlannedReply | None, library: Library, second: SecondStage | None, *, below: bool = True
) -> CopyQuestion | None:
    """Read a question about a copy, by its phrases or else by its meaning; None for anything else.

    reply: what is said to it elsewhere. What an entry answers, or small talk by its phrases, is about no copy by its
    meaning, but for what all but certainly is. below: it stands below the copy.
    """
    await prepare_received(library)
    words = library.words.received
    if question := copy_question.read(text, words, library.words.typed, library.tells_of):
        return question
    if second is None or smalltalk.read(text, library.words.talk):
        return None
    least = None if below and asks(text, library) else TOLD
    if reply is not None and reply.kind == ANSWER:
        least = CERTAINLY_TALK
    name = await second.meant(without_names(text, words, library.tells_of), Place.RECEIVED, library, least)
    return CopyQuestion(name) if name else None
