"""What keeps the bot from working now, for `/readyz`, and what `/metrics` has to ask the database."""

import asyncio
import contextlib

from sqlalchemy.exc import SQLAlchemyError

from bot import asgi, jobs, metrics, work_records
from bot.replica import Pulse
from bot.settings import Settings
from bot.slack.socket import Link
from bot.storage import Store
from bot.storage.trouble import REMEDIES, Trouble, damage, remedy, trouble, words

COUNTED_WITHIN = 2.0  # seconds


async def count_work() -> None:
    """Bring up to date how much work has not ended; without the database the last figure stays."""
    with contextlib.suppress(SQLAlchemyError, OSError, TimeoutError):
        async with asyncio.timeout(COUNTED_WITHIN):
            metrics.WAITING.set(await work_records.count_unfinished())


async def find_troubles(settings: Settings, store: Store, pulse: Pulse, link: Link | None) -> list[str]:
    """Return what keeps the bot from working now, a sentence each.

    link: its connections to Slack, unless that is over HTTP.
    """
    problems = []
    postgresql = settings.database_url is not None
    try:
        async with asyncio.timeout(2):
            await store.ping()
    except (SQLAlchemyError, OSError, TimeoutError):
        problems.append("The database does not answer.")
    else:
        if pulse.error is not None and trouble(pulse.error):
            what_to_do = remedy(pulse.error, postgresql=postgresql)
            problems.append(f"The database cannot be written: {words(pulse.error)}. {what_to_do}")
    problems += [
        f"{file} is damaged: {reason}. {REMEDIES[Trouble.DAMAGED]}"
        for file in (settings.store_file, settings.jobs_file)
        if (reason := damage(str(file)))
    ]
    if jobs.is_full():
        problems.append("Too much work is waiting, and no more is taken.")
    if late := asgi.punctuality.trouble():
        problems.append(late)
    if link and not link.connected:
        problems.append("Slack is not connected.")
    return problems
