"""What a running bot looks for now and then: rounds left alone, digests, Home tabs, and what new knowledge begins."""

import asyncio
import time

from bot.knowledge import Library
from bot.replica import run_periodically
from bot.slack import compare, gaps, home, quiz
from bot.storage import Store

DIGESTS_EVERY = 600.0  # seconds between two looks for digests that are due
DUE_RUNS_EVERY = 20.0  # seconds between two looks for rounds that have been left alone


async def handle_due_runs(store: Store) -> None:
    """Look now and then for rounds of the quiz, and comparisons, that have been left alone."""

    async def look() -> float:
        started = await quiz.start_due_work(store, time.time())
        await compare.start_due_work(store, time.time())
        return 0 if started == quiz.AT_ONCE else DUE_RUNS_EVERY

    await run_periodically("looking for rounds left alone", look)


async def follow_up(taken_up: asyncio.Queue[Library], store: Store) -> None:
    """See to what follows from each knowledge that is taken up: news of new answers, corrections of old ones.

    And from each but the first, which is there at the start: Home tabs that show something else.
    """
    on_home: Library | None = None
    followed: Library | None = None

    async def look() -> float:
        nonlocal on_home, followed
        library = await taken_up.get()
        while not taken_up.empty():  # only the latest counts
            library = taken_up.get_nowait()
        try:
            if on_home is not None:
                await home.follow_knowledge(on_home, library, store)
            on_home = library
            await gaps.follow_knowledge(library, store, followed)
            followed = library
        except Exception:
            taken_up.put_nowait(library)
            raise
        return 0

    await run_periodically("following new knowledge", look)


async def publish_homes(store: Store) -> None:
    """Look now and then for Home tabs that are to be published anew."""

    async def look() -> float:
        await home.publish_due(store, time.time())
        return home.DUE_EVERY

    await run_periodically("publishing Home tabs", look)


async def post_digests(store: Store) -> None:
    """Look now and then for digests that are due."""

    async def look() -> float:
        await gaps.start_digests(store, time.time())
        return DIGESTS_EVERY

    await run_periodically("looking for digests", look)
