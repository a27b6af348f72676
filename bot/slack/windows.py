"""Opening windows, which Slack takes from a listener alone: for three seconds after a click, and once."""

import asyncio
from typing import Any

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.client import code

# Seconds that Slack has to open one. It waits three for an answer to the click, which comes after it, and of these one
# may have gone by with looking up what is to stand in the window.
OPENED_WITHIN = 1.7

log = structlog.get_logger()


async def open_window(client: AsyncWebClient, trigger_id: str | None, view: dict[str, Any]) -> bool:
    """Open a window for whoever has clicked or typed a command; gives whether Slack has opened it.

    False if the click was delivered twice or too late, or if Slack does not answer soon; it raises nothing for these.
    """
    if trigger_id is None:
        return False
    try:
        async with asyncio.timeout(OPENED_WITHIN):
            await client.views_open(trigger_id=trigger_id, view=view)
    except SlackApiError as error:
        log.warning("a window could not be opened", error=code(error))
        return False
    except (ClientError, TimeoutError) as error:
        log.warning("a window could not be opened", error=type(error).__name__)
        return False
    return True
