"""The arguments of one Web API call, however they were sent.

Source: docs.slack.dev/apis/web-api ("Basic usage"): query string, form, or JSON body.
"""

import json
from typing import Any

from aiohttp import web

from bot.local.errors import SlackError

Json = dict[str, Any]


class Arguments:
    """Named values, read by kind; a form's values are text and are converted.

    in_body: those that came in a JSON body.
    """

    def __init__(self, values: Json, in_body: frozenset[str] = frozenset()) -> None:
        self.values = values
        self._in_body = in_body

    @classmethod
    async def read(cls, request: web.Request) -> "Arguments":
        """Read a request; raises SlackError invalid_json or json_not_object for a body that isn't an object."""
        values: Json = dict(request.query)
        if request.content_type == "application/json":
            try:
                body = json.loads(await request.text() or "{}")
            except ValueError:
                raise SlackError("invalid_json") from None
            if not isinstance(body, dict):
                raise SlackError("json_not_object")
            return cls(values | body, frozenset(body))
        return cls(values | dict(await request.post()))

    def without_body(self) -> "Arguments":
        """Return what came in other ways than in a JSON body."""
        return Arguments({name: value for name, value in self.values.items() if name not in self._in_body})

    def has(self, name: str) -> bool:
        """Tell whether an argument was given and isn't empty."""
        value = self.values.get(name)
        return value is not None and value != ""

    def text(self, name: str, default: str = "") -> str:
        """Return an argument as text."""
        value = self.values.get(name)
        return default if value is None else str(value)

    def required(self, name: str) -> str:
        """Return an argument as text; raises SlackError invalid_arguments if it is missing."""
        if not self.has(name):
            reason = f"[ERROR] missing required field: {name}"
            raise SlackError("invalid_arguments", response_metadata={"messages": [reason]})
        return self.text(name)

    def optional(self, name: str) -> str | None:
        """Return an argument as text, or None."""
        return self.text(name) if self.has(name) else None

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return an argument as true or false."""
        value = self.values.get(name)
        return default if value is None else str(value).lower() in {"1", "true"}

    def number(self, name: str, default: int) -> int:
        """Return an argument as an integer, the default if it isn't one."""
        try:
            return int(self.values.get(name, default))
        except (TypeError, ValueError):
            return default

    def names(self, name: str) -> list[str]:
        """Return an argument given as a list or as comma-separated text."""
        value = self.values.get(name)
        parts = value if isinstance(value, list) else str(value or "").split(",")
        return [str(part).strip() for part in parts if str(part).strip()]
