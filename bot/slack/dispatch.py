"""Bolt, as far as we need it: it hands what `bot.slack.reception` has parsed to the listeners."""

from http import HTTPStatus
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot import jobs
from bot.slack.client import Client
from bot.slack.event_payloads import EventCallback
from bot.slack.incoming import Classified, Written
from bot.slack.payloads import ForListeners
from bot.slack.reception import MESSAGE, error_response
from bot.slack.response import Response
from bot.slack.work import Work


class ReceivedRequest(AsyncBoltRequest):
    """What Slack has sent, as a listener gets it from Bolt by the name `request`.

    classified: what to make of a message; None if that is still to be decided, or this is no message.
    """

    def __init__(self, payload: ForListeners, classified: Classified | None) -> None:
        # By Bolt's names a body that is parsed already has come by Socket Mode; it treats the two alike otherwise.
        body, context = payload.model_dump(exclude_unset=True), {payload.argument: payload}
        super().__init__(body=body, context=context, mode="socket_mode")
        self.classified = classified
        self.error: Exception | None = None  # what a listener or a middleware has raised


class App(AsyncApp):
    """Bolt behind our own parsing; calls Slack by `slack` where it is to do that itself."""

    def __init__(self, slack: Client, **options: Any) -> None:
        super().__init__(client=slack, **options)
        self.slack = slack
        self.error(_answer_to_error)

    async def dispatch(self, payload: ForListeners, classified: Classified | None) -> Response:
        """Have the listeners record what a payload asks for, and answer then.

        classified: what to make of a message; None if that is still to be decided.
        """
        request = ReceivedRequest(payload, classified)
        answer = await self.async_dispatch(request)
        headers = answer.first_headers()
        return Response(
            HTTPStatus(answer.status),
            answer.body or "",
            headers["content-type"],
            headers.get("retry-after") or None,
            request.error,
        )

    async def take_in(self, team: str, payload: EventCallback) -> None:
        """Record a message as it came, to be read when a crowd has passed. Raises what `bot.jobs.start` does."""
        assert isinstance(payload.event, Written)  # noqa: S101 - nothing else is read later
        key = Work.READ_MESSAGE.key(team, payload.event.channel, payload.event_id)
        await jobs.take_in(key, MESSAGE, payload.model_dump_json(exclude_unset=True))

    @property
    def unread(self) -> int:
        """How many messages were taken in and have not been read."""
        return jobs.count_unread()


async def _answer_to_error(error: Exception, request: AsyncBoltRequest) -> BoltResponse:
    """Answer what a listener or a middleware has raised, as Bolt has it."""
    if isinstance(request, ReceivedRequest):
        request.error = error
    response = error_response(error)
    return BoltResponse(status=response.status, headers={"Retry-After": response.retry_after or ""})
