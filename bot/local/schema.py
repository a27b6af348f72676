"""A small language for saying what a JSON object may look like, and for naming what is wrong with one.

A check is a function of (value, pointer, problems): it adds a `Problem` for everything it dislikes.
The sentences are Slack's own, as quoted in issues of slackapi's SDKs (e.g. slackapi/java-slack-sdk#1017).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing Slack refuses: the sentence, and where it is as a JSON pointer."""

    message: str
    pointer: str

    def __str__(self) -> str:
        return f"{self.message} [json-pointer:{self.pointer}]"


Problems = list[Problem]
Check = Callable[[object, str, Problems], None]


def string(limit: int | None = None, *, least: int = 1, pattern: str | None = None) -> Check:
    """Accept a string of `least` to `limit` characters that matches `pattern` as a whole."""

    def check(value: object, at: str, problems: Problems) -> None:
        if not isinstance(value, str):
            problems.append(Problem("must provide a string", at))
        elif len(value) < least:
            problems.append(Problem(f"must be more than {least - 1} characters", at))
        elif limit is not None and len(value) > limit:
            problems.append(Problem(f"must be less than {limit + 1} characters", at))
        elif pattern is not None and re.fullmatch(pattern, value) is None:
            problems.append(Problem("does not match the expected format", at))

    return check


def flag(value: object, at: str, problems: Problems) -> None:
    """Accept true or false."""
    if not isinstance(value, bool):
        problems.append(Problem("must provide a boolean", at))


def number(
    low: float | None = None, high: float | None = None, *, whole: bool = False, above: float | None = None
) -> Check:
    """Accept a number from `low` to `high`, greater than `above`, without a fraction if `whole`."""

    def check(value: object, at: str, problems: Problems) -> None:
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            problems.append(Problem("must provide an integer" if whole else "must provide a number", at))
        elif (low is not None and value < low) or (above is not None and value <= above):
            problems.append(Problem(f"must be greater than {low - 1 if low is not None else above}", at))
        elif high is not None and value > high:
            problems.append(Problem(f"must be less than {high + 1}", at))

    return check


def choice(*allowed: object) -> Check:
    """Accept one of the given values."""

    def check(value: object, at: str, problems: Problems) -> None:
        if isinstance(value, bool) or value not in allowed:
            problems.append(Problem(f"must be one of {', '.join(map(str, allowed))}", at))

    return check


def items(check_item: Check, most: int | None = None, *, least: int = 1) -> Check:
    """Accept a list of `least` to `most` values that all pass `check_item`."""

    def check(value: object, at: str, problems: Problems) -> None:
        if not isinstance(value, list):
            problems.append(Problem("must provide an array", at))
            return
        if len(value) < least:
            problems.append(Problem(f"no fewer than {least} items allowed", at))
        if most is not None and len(value) > most:
            problems.append(Problem(f"no more than {most} items allowed", at))
        for index, item in enumerate(value):
            check_item(item, f"{at}/{index}", problems)

    return check


def shape(
    required: Mapping[str, Check],
    optional: Mapping[str, Check] | None = None,
    *,
    any_of: tuple[str, ...] = (),
    one_of: tuple[str, ...] = (),
) -> Check:
    """Accept an object with the required fields, perhaps the optional ones, and no others.

    any_of: at least one of these optional fields must be there. one_of: exactly one of them.
    """
    checks = {**required, **(optional or {})}

    def check(value: object, at: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.append(Problem("must provide an object", at))
            return
        problems.extend(Problem(f"missing required field: {name}", at) for name in required if name not in value)
        problems.extend(Problem(f"invalid additional property: {name}", at) for name in value if name not in checks)
        if any_of and not any(name in value for name in any_of):
            problems.append(Problem(f"must define at least one of: {', '.join(any_of)}", at))
        if one_of and sum(name in value for name in one_of) != 1:
            problems.append(Problem(f"must define exactly one of: {', '.join(one_of)}", at))
        for name, field_check in checks.items():
            if name in value:
                field_check(value[name], f"{at}/{name}", problems)

    return check


def by_type(kinds: Mapping[str, Check]) -> Check:
    """Accept an object whose `type` is one of `kinds` and which passes that kind's check."""

    def check(value: object, at: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.append(Problem("must provide an object", at))
        elif "type" not in value:
            problems.append(Problem("missing required field: type", at))
        elif not isinstance(value["type"], str) or value["type"] not in kinds:
            problems.append(Problem(f"unsupported type: {value['type']}", f"{at}/type"))
        else:
            kinds[value["type"]](value, at, problems)

    return check


def both(*checks: Check) -> Check:
    """Accept what passes every check."""

    def check(value: object, at: str, problems: Problems) -> None:
        for part in checks:
            part(value, at, problems)

    return check


def nullable(inner: Check) -> Check:
    """Accept null, or what passes the inner check."""

    def check(value: object, at: str, problems: Problems) -> None:
        if value is not None:
            inner(value, at, problems)

    return check
