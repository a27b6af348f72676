"""Errors of pydantic and of the system, for people who edit files and settings and know neither Python nor patterns."""

import errno
from datetime import date

from pydantic_core import ErrorDetails

NO_DAY = "Write it as year, month and day, such as 2026-11-28"
NOTHING_THERE = "is empty", "Write something there, or delete it"
BLOCK = "must have keys of its own", "Write them on the lines below it, each with a colon and its value"
LIST = "must be a list", "Write each item on a line of its own, behind a hyphen"
NUMBER = "must be a number", "Write digits alone, with a point if need be"

# By the kind of value that was wanted, which is how the types of pydantic's errors begin.
KINDS = {
    "string": ("must be text", "Put it in quotes"),
    "int": ("must be a whole number", "Write digits alone"),
    "float": NUMBER,
    "finite": NUMBER,
    "bool": ("must be true or false", "Write one of the two"),
    "date": ("must be a day", NO_DAY),
    "tuple": LIST,
    "list": LIST,
    "dict": BLOCK,
    "model": BLOCK,
}

# By the whole type of an error; the placeholders are pydantic's.
ERRORS = {
    "string_too_short": ("is empty", "Write something there"),
    "string_too_long": ("may have at most {max_length} characters", "Shorten it"),
    "string_pattern_mismatch": ("has a form that is not allowed", "Correct it"),
    "too_short": ("has too few items: {actual_length}, of at least {min_length}", "Add what is missing"),
    "too_long": ("has too many items: {actual_length}, of at most {max_length}", "Delete what is too much"),
    "greater_than": ("must be more than {gt:g}", "Write a larger number"),
    "greater_than_equal": ("must be {ge:g} or more", "Write a larger number"),
    "less_than": ("must be less than {lt:g}", "Write a smaller number"),
    "less_than_equal": ("must be {le:g} or less", "Write a smaller number"),
    "literal_error": ("must be {expected}", "Write it in just that way"),
    "enum": ("must be {expected}", "Write it in just that way"),
    "json_invalid": ("is not JSON", "Correct it"),
}

# What stands where a text belongs, by its type. In YAML, a word such as "yes" and digits are no text without quotes.
QUOTES = "Put it in quotes"
NOT_TEXT: tuple[tuple[type | tuple[type, ...], str, str], ...] = (
    (bool, "must be text, and means true or false without quotes", QUOTES),
    ((int, float), "must be text, and is a number", QUOTES),
    (date, "must be text, and is a date", QUOTES),
    (list, "must be one text, and is a list", "Write one text in its place"),
    (dict, "must be one text, and has keys of its own", "Write one text in its place, in quotes if it has a colon"),
)

# Why a file cannot be read, by the system's number, and what to do.
UNREADABLE = {
    errno.ENOENT: ("is not there", "Put the file there"),
    errno.EISDIR: ("is a folder, and a file is wanted", "Put the file in its place"),
    errno.ENOTDIR: ("is not there, since its path leads through a file", "Correct the path"),
    errno.EACCES: ("may not be read by this user", "Give this user the right to read it"),
}


def describe(detail: ErrorDetails) -> tuple[str, str]:
    """Give what is wrong with a value, and what to do; both without a full stop.

    The first begins with a verb, to stand behind the name of what holds the value: "must be a whole number".
    """
    kind = detail["type"]
    if kind in ERRORS:
        problem, remedy = ERRORS[kind]
        return problem.format_map(detail.get("ctx", {})), remedy
    if kind.endswith("_type") and detail.get("input", "") is None:
        return NOTHING_THERE
    if kind == "string_type":
        for types, problem, remedy in NOT_TEXT:
            if isinstance(detail.get("input"), types):
                return problem, remedy
    unknown = f"cannot be used: {detail['msg'].removeprefix('Value error, ')}", "Correct it"
    return KINDS.get(kind.partition("_")[0], unknown)


def describe_unreadable(error: OSError) -> tuple[str, str]:
    """Give why a file cannot be read, to stand behind its name, and what to do; both without a full stop."""
    unknown = f"cannot be read: {error.strerror or error}", "See that it is a file that can be read"
    return UNREADABLE.get(error.errno or 0, unknown)
