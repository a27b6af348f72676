"""Slack's Web API, whose every failure to answer is a SlackApiError with a code.

slack_sdk expects JSON of whoever answers. A proxy on the way says 503 in plain text, or in HTML, or says nothing, and
the SDK's error then stumbles over its own contents as soon as somebody asks for the code.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

LONGEST_ASKED = 3600.0  # seconds that are waited when Slack asks for more
UNREADABLE: Final = "unreadable_answer"  # no code of Slack's: what answered may not have been Slack


class Client(AsyncWebClient):
    """A client that tries nothing again by itself, since Slack may have done it already: durable work tries again."""

    def __init__(self, token: str | None = None, **options: Any) -> None:
        super().__init__(token, retry_handlers=[], **options)

    async def api_call(self, api_method: str, **options: Any) -> AsyncSlackResponse:
        """Call a method. Raises SlackApiError with a code if it fails, and aiohttp's errors where nothing answers."""
        try:
            return await super().api_call(api_method, **options)
        except SlackApiError as error:
            if code(error) != UNREADABLE:
                raise
            answered = error.response  # the SDK's, or aiohttp's if it could not even be parsed
            status: int = getattr(answered, "status_code", getattr(answered, "status", 0))
            raise self._unreadable(api_method, status, dict(getattr(answered, "headers", None) or {})) from None
        except (AttributeError, ValueError):  # the SDK's, of a 200 with no object in it
            raise self._unreadable(api_method, 200, {}) from None

    def _unreadable(self, api_method: str, status: int, headers: dict[str, str]) -> SlackApiError:
        data = {"ok": False, "error": UNREADABLE}
        response = AsyncSlackResponse(
            client=self,
            http_verb="POST",
            api_url=f"{self.base_url}{api_method}",
            req_args={},
            data=data,
            headers=headers,
            status_code=status,
        )
        return SlackApiError(  # type: ignore[no-untyped-call]
            f"The answer to {api_method} could not be read (status {status}).", response
        )


def code(error: SlackApiError) -> str:
    """Give Slack's code for a failure; UNREADABLE if there is none."""
    data = getattr(error.response, "data", None)
    error_code = data.get("error") if isinstance(data, dict) else None
    return error_code if isinstance(error_code, str) else UNREADABLE


def retry_after(error: SlackApiError, *, default: float) -> float:
    """Give the seconds that Slack asks to wait, an hour at most; `default` if it says none, or none that can be read.

    A proxy may write a date there, and Slack does not.
    """
    return seconds_to_wait(error.response.headers or {}, default=default)


def seconds_to_wait(headers: Mapping[str, str], *, default: float) -> float:
    """Read the header Retry-After, as `retry_after` does."""
    lowered = {name.lower(): value for name, value in headers.items()}
    try:
        seconds = float(lowered.get("retry-after", default))
    except ValueError:
        return default
    return min(max(0.0, seconds), LONGEST_ASKED) if math.isfinite(seconds) else default
