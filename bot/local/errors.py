"""Errors of the workspace: with Slack's codes for bots, with a code and a sentence for the page, in words for files."""

from typing import Any

import yaml


class SlackError(Exception):
    """A Web API call is refused; becomes `{"ok": false, "error": code, …}`.

    code: one of the codes on the method's page under docs.slack.dev/reference/methods.
    status: HTTP status; Slack answers 200 to nearly every refusal and 429 to a throttled call.
    headers: extra response headers, e.g. Retry-After.
    detail: further fields of the answer, e.g. `needed` and `provided` of missing_scope.
    """

    def __init__(
        self, code: str, *, status: int = 200, headers: dict[str, str] | None = None, **detail: object
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.headers = headers or {}
        self.detail = detail

    def body(self) -> dict[str, Any]:
        """Return the JSON that Slack would answer with."""
        return {"ok": False, "error": self.code, **self.detail}


class PageError(Exception):
    """A person can't do what the page asked; becomes HTTP 400 `{"error": code, "detail": sentence}`."""

    def __init__(self, code: str, detail: str, **more: object) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.more = more

    def body(self) -> dict[str, Any]:
        """Return the JSON that the page reads."""
        return {"error": self.code, "detail": self.detail, **self.more}


def read_yaml(text: str) -> Any:
    """Read YAML with libyaml, which needs a tenth of the time; what it objects to, Python's reader places better.

    Raises YAMLError.
    """
    try:
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return yaml.safe_load(text)


def yaml_problem(error: yaml.YAMLError) -> str:
    """Say in one line where a file is no YAML, and what to do."""
    mark = getattr(error, "problem_mark", None)
    where = f"see line {mark.line + 1}" if mark else "it holds a character that YAML does not allow"
    return f"{where}, and mend it or the line above"
