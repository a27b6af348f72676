"""Notes to people whose answer waits for its turn in a busy channel: that it is on its way.

A note is a courtesy: it is sent once, in the background, and what goes wrong with it is only counted.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import SQLAlchemyError

from bot import metrics
from bot.jobs import WorkError
from bot.slack.client import code
from bot.slack.pieces import Message

FROM = 5.0  # seconds until an answer's turn, from which on people are told; sooner it is there before they wonder
AT_ONCE = 10  # notes on their way; more would keep answers waiting
SILENT = 60.0  # seconds without notes after Slack has said that there were too many

Check = Callable[[], Awaitable[bool]]

log = structlog.get_logger()


@dataclass(frozen=True)
class Note:
    """What to show to whom. thread_ts: None where the answer will open the thread, as nobody looks there before."""

    user: str
    render: Callable[[], Message]
    thread_ts: str | None


class Notes:
    """Sends notes, to each person in each channel one at a time: the next when the answer it was about has come."""

    def __init__(self, client: Callable[[str], Awaitable[AsyncWebClient]]) -> None:
        self._client = client
        self._told: dict[tuple[str, str, str], float] = {}  # until when, in seconds since 1970
        self._sending: set[asyncio.Task[None]] = set()
        self._silent_until = 0.0

    def tell(self, team: str, channel: str, note: Note, wait: float, *, only_if: Check | None = None) -> None:
        """Send a note that an answer comes in `wait` seconds, unless that is soon or the person has one already.

        only_if: says, when it comes to that, whether there will be an answer that all can see.
        """
        now, key = time.time(), (team, channel, note.user)
        if wait <= FROM or now < self._silent_until or len(self._sending) >= AT_ONCE or self._told.get(key, 0) > now:
            return
        self._told = {recipient: until for recipient, until in self._told.items() if until > now} | {key: now + wait}
        task = asyncio.create_task(self._send_if(only_if, key, note))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send_if(self, only_if: Check | None, key: tuple[str, str, str], note: Note) -> None:
        try:
            if only_if and not await only_if():
                self._told.pop(key, None)
                return
        except (SQLAlchemyError, OSError) as error:
            log.info("a note was not sent", error=type(error).__name__)
            return
        team, channel, _ = key
        await self._send(team, channel, note)

    async def _send(self, team: str, channel: str, note: Note) -> None:
        message = note.render()
        try:
            await (await self._client(team)).chat_postEphemeral(
                channel=channel,
                user=note.user,
                text=message.text,
                blocks=list(message.blocks),
                thread_ts=note.thread_ts,
            )
        except SlackApiError as error:
            metrics.SLACK_ERRORS.labels("note", code(error)).inc()
            if error.response.status_code == 429:
                self._silent_until = time.time() + SILENT
        except (ClientError, TimeoutError, WorkError) as error:
            log.info("a note was not sent", error=type(error).__name__)
