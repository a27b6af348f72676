"""What keeps the bot from working now, for `/readyz`."""

import asyncio

from sqlalchemy.exc import SQLAlchemyError

from bot import asgi, jobs
from bot.replica import Pulse
from bot.settings import Settings
from bot.slack.socket import Link
from bot.storage import Store
from bot.storage.trouble import REMEDIES, Trouble, damage, remedy, trouble, words


async def find_troubles(settings: Settings, store: Store, pulse: Pulse | None, link: Link | None) -> list[str]:
    """Return what keeps the bot from working now, a sentence each.

    pulse: none before it works. link: its connections to Slack, unless that is over HTTP.
    """
    if pulse is None:
        return ["The bot is starting, and waits for the database or for Slack; the log says what does not answer."]
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
