"""What Slack has sent, by whatever way: parsed once, decided about as far as that needs no database, and handed on.

A malformed payload is answered with 400, and what there is no room for now with 503. Anything else that fails is a bug,
or a database that is away: 500. Over Socket Mode nothing but a success is acknowledged, so that Slack sends it again.
Nothing that anybody wrote gets into the log.

This is there before the rest of the bot, which takes longer to load: what deserves silence is acknowledged, and all
else waits for the rest, since it has to be recorded before it may be acknowledged.
"""

import asyncio
import json
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Protocol

import structlog
from prometheus_client import Counter, Histogram

from bot import metrics
from bot.errors import places
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack.admission import refusals
from bot.slack.event_payloads import EventCallback, OtherEvent
from bot.slack.incoming import Classified, Written, classify, deserves_silence
from bot.slack.payload_model import MalformedError
from bot.slack.payloads import RATE_LIMITED, ForListeners, OtherPayload, Payload, UrlVerification, parse_json
from bot.slack.response import OK, Response
from bot.turnstile import InboxFullError, LetGoError, Turnstile

MESSAGE = "reception.read"  # the name in the inbox of a message that was recorded as it came
FEW = 8  # messages that wait to be read, up to which each is worth the time of the encoder
KINDS_REMEMBERED = 100  # there are fewer
MOST_HELD = 2_000  # requests that wait for the rest of the bot; as many may wait in the inbox
# Seconds after which they are let go. Slack sends an event anew at once, after a minute and after five minutes: until
# then it is kept, and the last delivery until the end. A click or a command comes once, and after three seconds Slack
# says that it failed: who was told that half a minute ago has done something else since.
EVENT_HELD, CLICK_HELD = 300.0, 30.0

log = structlog.get_logger()


class Recorder(Protocol):
    """The rest of the bot: has listeners record what a payload asks for."""

    async def dispatch(self, payload: ForListeners, classified: Classified | None) -> Response:
        """Answer once it is recorded. classified: what to make of a message; None if that is still to be decided."""

    async def take_in(self, team: str, payload: EventCallback) -> None:
        """Return once a message is recorded as it came, for `Reception.read`."""

    @property
    def unread(self) -> int:
        """How many messages wait for that."""


class Reception:
    """Takes what Slack sends; works with `recorder` from when `open` is called.

    second: the second stage, unless it is off.
    """

    def __init__(self, library: Library, second: SecondStage | None) -> None:
        self._second = second
        self.turnstile = Turnstile()
        self._recorder: Recorder | None = None
        self._opened, self._in_line = asyncio.Event(), asyncio.Lock()
        self._held, self._refuses, self._lets_go = 0, False, False
        self.take_up(library)

    def take_up(self, library: Library) -> None:
        """Decide by this knowledge from now on."""
        self.library = library
        if self._second is not None:
            self._second.take_up(library)

    def open(self, recorder: Recorder) -> None:
        """Hand on to this what does not deserve silence, first what waits for it. Something must receive by then."""
        self._recorder = recorder
        self._opened.set()

    async def respond(self, parse: Callable[[], Payload], *, is_last: bool = False) -> Response:
        """Answer what Slack has sent; `parse` reads it. Raises nothing but what ends the process.

        is_last: Slack sends it no more, whatever is answered.
        """
        try:
            await self.turnstile.enter()
            payload = parse()
        except TimeoutError as error:
            return error_response(error)
        except MalformedError as error:
            metrics.EVENTS.labels("malformed").inc()
            return error_response(error)
        received, acknowledged = _counted(payload.kind)
        received.inc()
        metrics.LAST_EVENT.set_to_current_time()
        with acknowledged.time():
            try:
                return await self._respond(payload, is_last=is_last)
            except Exception as error:  # noqa: BLE001 - whatever it is, Slack has to hear of it
                return error_response(error)

    async def _respond(self, payload: Payload, *, is_last: bool) -> Response:
        if isinstance(payload, UrlVerification):
            challenge = json.dumps({"challenge": payload.challenge})
            return Response(HTTPStatus.OK, challenge, "application/json;charset=utf-8")
        if isinstance(payload, OtherPayload):
            if payload.kind == RATE_LIMITED:
                log.error("Slack sends no more events for a while: more than 30,000 in an hour for one workspace")
            return OK
        classified = None
        if isinstance(payload, EventCallback):
            if isinstance(payload.event, OtherEvent):
                return OK
            if self._is_for_later(payload):
                return await self._take_in(payload)
            classified = await self._classified(payload)
            if classified and classified.ignorable:
                return OK
        is_event = isinstance(payload, EventCallback)
        held_for = None if is_event and is_last else EVENT_HELD if is_event else CLICK_HELD
        # What comes while others still wait is behind them, also once this is open.
        recorder = self._recorder if self._recorder and not self._held else await self._wait(held_for)
        return await recorder.dispatch(payload, classified)

    def _is_for_later(self, payload: EventCallback) -> bool:
        """Say whether a message is recorded as it came: in a crowd, and behind others that are not read yet."""
        recorder = self._recorder
        if recorder is None or self._held or payload.bot is None or not isinstance(payload.event, Written):
            return False
        return self.turnstile.crowded or recorder.unread > 0

    async def _take_in(self, payload: EventCallback) -> Response:
        """Record a message as it came, unless it deserves silence: in a crowd, where the first stage finds so."""
        assert self._recorder is not None  # noqa: S101 - this and the next as `_is_for_later` has found
        assert payload.bot is not None  # noqa: S101
        assert isinstance(payload.event, Written)  # noqa: S101
        team, bot_user = payload.bot
        if self._is_hurried:
            from_outside = payload.from_outside(team)
            silent = deserves_silence(payload.event, bot_user, self.library, from_outside=from_outside)
        else:
            classified = await self._classified(payload)
            silent = classified is not None and classified.ignorable
        if not silent:
            await self._recorder.take_in(team, payload)
        return OK

    @property
    def _is_hurried(self) -> bool:
        """Whether there are too many messages for the encoder, which takes the time of ten."""
        return self.turnstile.crowded or (self._recorder is not None and self._recorder.unread > FEW)

    async def read(self, text: str) -> None:
        """Have done what follows from a message that was recorded as it came; raises whatever goes wrong.

        That nothing follows twice if it is read again is up to the keys of the work.
        """
        await self._opened.wait()
        payload = parse_json(text)
        assert self._recorder is not None  # noqa: S101 - it is there when this is opened
        assert isinstance(payload, EventCallback)  # noqa: S101 - nothing else is recorded as it came
        classified = await self._classified(payload)
        if classified and classified.ignorable:
            return
        response = await self._recorder.dispatch(payload, classified)
        if response.error:
            raise response.error

    async def _classified(self, payload: EventCallback) -> Classified | None:
        """Decide about a message by itself; None if this is no message, or the envelope does not say who we are."""
        if payload.bot is None or not isinstance(payload.event, Written):
            return None
        team, bot_user = payload.bot
        second = None if self._is_hurried else self._second
        from_outside = payload.from_outside(team)
        return await classify(payload.event, bot_user, self.library, second, from_outside=from_outside)

    async def _wait(self, held_for: float | None) -> Recorder:
        """Wait for the rest of the bot. Raises InboxFullError if too many do.

        Slack does not wait for more than three seconds and sends an event anew that it got no answer to, but the third
        time only after a minute. What has come by then is recorded, and the second time does nothing. held_for: seconds
        after which LetGoError is raised; None for as long as it takes.
        """
        if self._held >= MOST_HELD:
            if not self._refuses:
                self._refuses = True
                log.error(
                    "too much waits for the end of the start, and Slack is told to come again", waiting=self._held
                )
            raise InboxFullError
        self._held += 1
        try:
            if not await self._opens_within(held_for):
                self._say_what_is_let_go()
                raise LetGoError
            async with self._in_line:  # one in each turn of the loop, however many have waited
                await asyncio.sleep(0)
        finally:
            self._held -= 1
        assert self._recorder is not None  # noqa: S101 - it is there when this is opened
        return self._recorder

    async def _opens_within(self, seconds: float | None) -> bool:
        """Wait for the rest of the bot; gives whether it came in time. None: however long that takes."""
        try:
            async with asyncio.timeout(seconds):
                await self._opened.wait()
        except TimeoutError:
            return False
        return True

    def _say_what_is_let_go(self) -> None:
        """Log it, once for a start."""
        if not self._lets_go:
            self._lets_go = True
            log.error("the start takes long, and what waits is let go: events come anew, clicks fail", held=self._held)


@lru_cache(KINDS_REMEMBERED)
def _counted(kind: str) -> tuple[Counter, Histogram]:
    """Give what counts the payloads of a kind, and what times them: to look them up by label takes longer than both."""
    return metrics.EVENTS.labels(kind), metrics.ACKNOWLEDGED.labels(kind)


def error_response(error: Exception) -> Response:
    """Log what went wrong, without anything that anybody wrote, and say whether it is worth sending again."""
    if isinstance(error, MalformedError):
        log.warning("malformed payload", problems=list(error.problems))
        return Response(HTTPStatus.BAD_REQUEST)
    if refused := refusals.response(error):
        return refused
    kind = type(error).__name__
    metrics.REQUESTS_FAILED.labels(kind).inc()
    log.error("request failed", error=kind, places=places(error))  # no traceback: it may hold what people wrote
    return Response(HTTPStatus.INTERNAL_SERVER_ERROR)
