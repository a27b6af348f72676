"""Reading what somebody asks about a result that was shared with them, and holding up nobody for it."""

from bot.domain import copy_question
from bot.domain.copy_question import CopyQuestion
from bot.knowledge import Library
from bot.slack.deciding import prepare_received


async def read(text: str, library: Library) -> CopyQuestion | None:
    """Read a question about a copy; None for anything else."""
    await prepare_received(library)
    return copy_question.read(text, library.words.received, library.words.typed, library.tells_of)
