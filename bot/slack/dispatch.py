"""What Slack has sent, by whatever way, on its way to the listeners: parsed once, and every failure answered here.

A malformed payload is answered with 400, and what there is no room for now with 503. Anything else that fails is a bug,
or a database that is away: 500. Over Socket Mode nothing but a success is acknowledged, so that Slack sends it again.
Nothing that anybody wrote gets into the log.
"""

from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import structlog
from prometheus_client import Counter, Histogram
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot import jobs, metrics
from bot.errors import places
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import messages
from bot.slack.admission import refusals
from bot.slack.event_payloads import EventCallback, OtherEvent
from bot.slack.payload_model import MalformedError
from bot.slack.payloads import RATE_LIMITED, OtherPayload, Payload, UrlVerification

KINDS_REMEMBERED = 100  # there are fewer

log = structlog.get_logger()


class App(AsyncApp):
    """Bolt behind our own parsing; a message that deserves silence goes no further than that.

    library: gives the knowledge as it is now. second: the second stage, unless it is off.
    """

    def __init__(self, library: Callable[[], Library], second: SecondStage | None, **options: Any) -> None:
        super().__init__(**options)
        self._library_now, self._second = library, second
        self.error(error_response)

    async def respond(self, parse: Callable[[], Payload]) -> BoltResponse:
        """Answer what Slack has sent; `parse` reads it. Raises nothing but what ends the process."""
        try:
            await jobs.enter_turnstile()
            payload = parse()
        except TimeoutError as error:
            return await error_response(error)
        except MalformedError as error:
            metrics.EVENTS.labels("malformed").inc()
            return await error_response(error)
        received, acknowledged = _counted(payload.kind)
        received.inc()
        metrics.LAST_EVENT.set_to_current_time()
        with acknowledged.time():
            try:
                return await self._respond(payload)
            except Exception as error:  # noqa: BLE001 - whatever it is, Slack has to hear of it
                return await error_response(error)

    async def _respond(self, payload: Payload) -> BoltResponse:
        if isinstance(payload, UrlVerification):
            return BoltResponse(status=HTTPStatus.OK, body={"challenge": payload.challenge})
        if isinstance(payload, OtherPayload):
            if payload.kind == RATE_LIMITED:
                log.error("Slack sends no more events for a while: more than 30,000 in an hour for one workspace")
            return BoltResponse(status=HTTPStatus.OK)
        context: dict[str, Any] = {payload.argument: payload}
        if isinstance(payload, EventCallback):
            if isinstance(payload.event, OtherEvent):
                return BoltResponse(status=HTTPStatus.OK)
            classified = await self._classified(payload)
            if classified and classified.ignorable:
                return BoltResponse(status=HTTPStatus.OK)
            context["classified"] = classified
        # By Bolt's names a body that is parsed already has come by Socket Mode; it treats the two alike otherwise.
        body = payload.model_dump(exclude_unset=True)
        return await self.async_dispatch(AsyncBoltRequest(body=body, context=context, mode="socket_mode"))

    async def _classified(self, payload: EventCallback) -> messages.Classified | None:
        """Decide about a message by itself; None if this is no message, or the envelope does not say who we are."""
        if payload.bot is None or not isinstance(payload.event, messages.Written):
            return None
        team, bot_user = payload.bot
        second = None if jobs.is_crowded() else self._second  # the encoder takes the time of ten other messages
        from_outside = payload.from_outside(team)
        return await messages.classify(payload.event, bot_user, self._library_now(), second, from_outside=from_outside)


@lru_cache(KINDS_REMEMBERED)
def _counted(kind: str) -> tuple[Counter, Histogram]:
    """Give what counts the payloads of a kind, and what times them: to look them up by label takes longer than both."""
    return metrics.EVENTS.labels(kind), metrics.ACKNOWLEDGED.labels(kind)


async def error_response(error: Exception) -> BoltResponse:
    """Log what went wrong, without anything that anybody wrote, and say whether it is worth sending again."""
    if isinstance(error, MalformedError):
        log.warning("malformed payload", problems=list(error.problems))
        return BoltResponse(status=HTTPStatus.BAD_REQUEST)
    if refused := refusals.response(error):
        return refused
    kind = type(error).__name__
    metrics.REQUESTS_FAILED.labels(kind).inc()
    log.error("request failed", error=kind, places=places(error))  # no traceback: it may hold what people wrote
    return BoltResponse(status=HTTPStatus.INTERNAL_SERVER_ERROR)
