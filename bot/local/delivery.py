"""Getting payloads to the bot: attempts, retries, and knowing when nothing is under way.

Sources: docs.slack.dev/apis/events-api ("Responding", "Retries") and …/using-socket-mode.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from bot.local.config import WorkspaceConfig
from bot.local.errors import PageError
from bot.local.faults import Faults
from bot.local.traffic import Sort, Traffic

Json = dict[str, Any]


@dataclass(frozen=True)
class Parcel:
    """One payload on its way. kind: Slack's envelope type. name: what the inspector calls it."""

    kind: Literal["events_api", "interactive", "slash_commands"]
    name: str
    payload: Json
    sort: Sort = "event"


class UndeliveredError(Exception):
    """An attempt failed. reason: Slack's retry reason. final: the bot asked not to be tried again."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


class Transport(Protocol):
    """One way to the bot: Socket Mode or signed HTTP."""

    @property
    def connected(self) -> bool:
        """Whether a bot seems to be there."""

    async def send(self, parcel: Parcel, *, attempt: int, reason: str, patience: float) -> Json:
        """Deliver once and return what the bot sent with its acknowledgement.

        attempt: 0 at first. reason: why the last attempt failed. patience: seconds to wait for a bot to connect.
        Raises UndeliveredError.
        """

    async def close(self) -> None:
        """Let go of all connections."""


class Delivery:
    """Delivers events to one app in the background with retries, and interactions once while a person waits."""

    def __init__(
        self, app_id: str, transport: Transport, config: WorkspaceConfig, traffic: Traffic, faults: Faults
    ) -> None:
        self._app_id = app_id
        self.transport = transport
        self._ack_timeout = config.ack_timeout
        self._delays = config.retry_delays
        self._traffic = traffic
        self._faults = faults
        self._under_way: set[asyncio.Task[None]] = set()
        self._pending_requests = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.given_up: list[Parcel] = []
        self.closed = False
        self._held: Parcel | None = None

    def post(self, parcel: Parcel) -> None:
        """Deliver an event, trying again until it is acknowledged or the schedule is used up."""
        if self._faults.swapped and self._held is None:
            self._held = parcel
            return
        self._start(parcel)
        if self._faults.doubles():
            self._start(parcel)
        if self._held is not None:
            self._faults.swapped -= 1
            self._start(self._held)
            self._held = None

    def _start(self, parcel: Parcel) -> None:
        task = asyncio.create_task(self._deliver(parcel))
        self._under_way.add(task)
        self._idle.clear()
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._mark()

    def _mark(self) -> None:
        if self._under_way or self._pending_requests:
            self._idle.clear()
        else:
            self._idle.set()

    async def _deliver(self, parcel: Parcel) -> None:
        """Try by the schedule; while no bot is connected, the event waits for one as long as the schedule lasts."""
        reason = ""
        patience = sum(self._delays) + self._ack_timeout
        for attempt, delay in enumerate((0.0, *self._delays)):
            await asyncio.sleep(delay)
            try:
                await self._attempt(parcel, attempt=attempt, reason=reason, patience=patience)
            except UndeliveredError as failure:
                reason = failure.reason
                if failure.final:
                    return
            else:
                return
        self.given_up.append(parcel)

    async def _attempt(self, parcel: Parcel, *, attempt: int, reason: str, patience: float) -> Json:
        clock = asyncio.get_running_loop().time
        status = f"retry {attempt} ({reason})" if attempt else "sent"
        self._traffic.record(self._app_id, "to_bot", parcel.sort, parcel.name, status, request=parcel.payload)
        started = clock()
        try:
            answer = await self.transport.send(parcel, attempt=attempt, reason=reason, patience=patience)
        except UndeliveredError as failure:
            self._traffic.record(self._app_id, "from_bot", "ack", parcel.name, f"none: {failure.reason}")
            raise
        if parcel.kind == "events_api" and self._faults.unheard:
            self._faults.unheard -= 1
            self._traffic.record(self._app_id, "from_bot", "ack", parcel.name, "lost")
            raise UndeliveredError("timeout")
        milliseconds = (clock() - started) * 1000
        self._traffic.record(self._app_id, "from_bot", "ack", parcel.name, f"{milliseconds:.0f} ms", response=answer)
        return answer

    async def ask(self, parcel: Parcel) -> Json:
        """Deliver an interaction once and return the acknowledgement's payload.

        Raises PageError with what Slackbot would say: operation_timeout without an acknowledgement in 3 s,
        dispatch_failed if the bot can't be reached or refuses. Source: slack-facts.md item 54.
        """
        self._pending_requests += 1
        self._mark()
        try:
            return await self._attempt(parcel, attempt=0, reason="", patience=0)
        except UndeliveredError as failure:
            timed_out = failure.reason in {"timeout", "http_timeout"}
            code = "operation_timeout" if timed_out else "dispatch_failed"
            raise PageError(code, f"{parcel.name} failed with the error “{code}”") from None
        finally:
            self._pending_requests -= 1
            self._mark()

    async def wait_until_idle(self) -> bool:
        """Wait until no delivery awaits its acknowledgement; returns whether there was any."""
        if self._idle.is_set():
            return False
        await self._idle.wait()
        return True

    async def close(self) -> None:
        """Give up everything under way and let go of the bot."""
        self.closed = True
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self.transport.close()
