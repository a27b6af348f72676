"""What Slack is answered: over HTTP always, over Socket Mode if it is a success."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True)
class Response:
    """An answer. retry_after: seconds, or a date; None where nothing is said of it. error: what it says has failed."""

    status: HTTPStatus
    body: str = ""
    content_type: str = "text/plain;charset=utf-8"
    retry_after: str | None = None
    error: Exception | None = None

    def content(self) -> dict[str, Any] | str:
        """Give the body as Socket Mode takes it."""
        return json.loads(self.body) if self.content_type.startswith("application/json") else self.body


OK = Response(HTTPStatus.OK)
