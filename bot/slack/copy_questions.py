"""Reading what somebody asks about a result that was shared with them, and holding up nobody for it."""

from bot.domain import copy_question
from bot.domain.copy_question import CopyQuestion, without_names
from bot.domain.meanings import Place
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack.deciding import asks, prepare_received

TOLD = 0.4  # confidence from which what is told rather than asked is for the bot, and not for the sender


async def read(text: str, library: Library, second: SecondStage | None) -> CopyQuestion | None:
    """Read a question about a copy, by its phrases or else by its meaning; None for anything else."""
    await prepare_received(library)
    words = library.words.received
    if question := copy_question.read(text, words, library.words.typed, library.tells_of):
        return question
    if second is None:
        return None
    least = None if asks(text, library) else TOLD
    name = await second.meant(without_names(text, words, library.tells_of), Place.RECEIVED, library, least)
    return CopyQuestion(name) if name else None
