"""Bolt, as far as we need it: it hands what `bot.slack.reception` has parsed to the listeners."""

from http import HTTPStatus
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.slack.client import Client
from bot.slack.event_payloads import EventCallback
from bot.slack.incoming import Classified
from bot.slack.payloads import ForListeners
from bot.slack.reception import error_response
from bot.slack.response import Response


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
        context: dict[str, Any] = {payload.argument: payload}
        if isinstance(payload, EventCallback):
            context["classified"] = classified
        # By Bolt's names a body that is parsed already has come by Socket Mode; it treats the two alike otherwise.
        body = payload.model_dump(exclude_unset=True)
        answer = await self.async_dispatch(AsyncBoltRequest(body=body, context=context, mode="socket_mode"))
        headers = answer.first_headers()
        return Response(
            HTTPStatus(answer.status), answer.body or "", headers["content-type"], headers.get("retry-after") or None
        )


async def _answer_to_error(error: Exception) -> BoltResponse:
    """Answer what a listener or a middleware has raised, as Bolt has it."""
    response = error_response(error)
    return BoltResponse(status=response.status, headers={"Retry-After": response.retry_after or ""})
