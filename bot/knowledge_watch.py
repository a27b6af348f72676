"""Taking up the knowledge whenever its files change."""

import asyncio
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from bot import knowledge
from bot.domain.embeddings import SemanticScorer
from bot.knowledge import KnowledgeError, Library
from bot.replica import run_periodically
from bot.tuning import freeze_objects

log = structlog.get_logger()


LOOKS_EVERY = 5000  # milliseconds, beside what the system tells of changes


async def follow(
    folder: Path,
    library: Library,
    renew: Callable[[Library], None],
    second: Callable[[Library], SemanticScorer] | None = None,
) -> None:
    """Take up the knowledge whenever its files change, for ever; what has errors is named and not taken up.

    library: what was read before. What has been saved since is taken up as well: the system tells of no change from
    before it was asked to, and of none on some file systems of a network.
    """
    from watchfiles import awatch  # noqa: PLC0415 - a start need not wait for it

    seen = library.saved

    async def look() -> None:
        nonlocal seen
        saved = await asyncio.to_thread(knowledge.files_saved, folder)
        if saved != seen:
            seen = saved
            await _take_up(folder, renew, second)

    async def watch() -> float:
        await look()
        async for _ in awatch(folder, recursive=False, yield_on_timeout=True, rust_timeout=LOOKS_EVERY):
            await look()
        return 0

    await run_periodically("watching the knowledge", watch)


async def _take_up(
    folder: Path, renew: Callable[[Library], None], second: Callable[[Library], SemanticScorer] | None
) -> None:
    """Take up the knowledge if `rolefit check` finds no errors in it, promises included; else say what is wrong."""
    try:
        # In a thread: trying every phrasing and promise takes seconds.
        library = await asyncio.to_thread(knowledge.load_checked, folder, today=datetime.now(UTC).date(), second=second)
        renew(library)
        freeze_objects(collect=True)
    except KnowledgeError as error:
        problems = [str(problem) for problem in error.problems]
        log.error("the knowledge has errors; what was read before is kept", problems=problems)  # noqa: TRY400
    except Exception as error:  # noqa: BLE001 - whatever it is, the next edit must be taken up all the same
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno}:{frame.name}"
        log.error(  # noqa: TRY400 - a traceback may hold what people wrote
            "the knowledge could not be taken up; what was read before is kept", error=type(error).__name__, place=where
        )
    else:
        log.info("took up the knowledge", entries=len(library.entries))
