"""What Slack is told when more comes than can be taken: to send it again later."""

import time
from http import HTTPStatus

import structlog

from bot import metrics
from bot.slack.response import Response
from bot.turnstile import InboxFullError, LetGoError

RETRY_AFTER = 5  # seconds, for a proxy that asks; Slack has times of its own: at once, a minute, five minutes
LOGGED_EVERY = 60.0  # seconds

log = structlog.get_logger()


class Refusals:
    """Answers requests that there is no room for now; over Socket Mode the answer is that there is none."""

    def __init__(self) -> None:
        self._logged_at = -LOGGED_EVERY

    def response(self, error: Exception) -> Response | None:
        """Give the answer to a request that failed for want of room or time; None for any other error."""
        match error:
            case InboxFullError():  # which whoever refuses has logged
                metrics.REFUSED.labels("full").inc()
            case LetGoError():  # as with this
                metrics.REFUSED.labels("start").inc()
            case TimeoutError():
                metrics.REFUSED.labels("late").inc()
                if time.monotonic() - self._logged_at >= LOGGED_EVERY:
                    self._logged_at = time.monotonic()
                    log.warning("not taken in time, and Slack is told to come again")
            case _:
                return None
        return Response(HTTPStatus.SERVICE_UNAVAILABLE, retry_after=str(RETRY_AFTER))


refusals = Refusals()
