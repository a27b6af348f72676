"""Reading a seed file: who works in a workspace, and what has been said there before anybody opens the page."""

from pathlib import Path
from typing import Any, NamedTuple

import yaml

from bot.local.errors import read_yaml, yaml_problem

Json = dict[str, Any]


class Fields(NamedTuple):
    """What an entry of a seed file must have, and what it may have besides."""

    required: frozenset[str]
    optional: frozenset[str] = frozenset()


SECTIONS = {
    "team": Fields(frozenset({"id", "name", "domain"})),
    "bot": Fields(frozenset({"user", "bot", "app"})),
    "bots": Fields(frozenset({"user", "bot", "app"})),
    "people": Fields(
        frozenset({"id", "name", "real_name"}),
        frozenset({"title", "tz", "image_color", "deleted", "is_guest", "team", "email", "manager"}),
    ),
    "channels": Fields(frozenset({"id", "name", "members"}), frozenset({"topic", "is_private"})),
    "messages": Fields(frozenset({"channel", "user", "text"})),
    "usergroups": Fields(frozenset({"id", "handle", "name", "users"})),
}
SINGLE = frozenset({"team", "bot"})  # objects; the others are lists of objects
REQUIRED = ("team", "people", "channels")
EVERY_BOT = "bots"  # stands for the bots of all apps among a channel's members


def read(path: Path) -> Json:
    """Return a seed file's sections: `team` as an object, everything else as lists of objects.

    `bots` has the ids of the first apps, in their order, also where the file says `bot`, of one.

    Raises OSError if the file can't be read, and ValueError, with the file and the entry, for anything missing,
    unknown or pointing nowhere.
    """
    try:
        document = read_yaml(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: this is no YAML: {yaml_problem(error)}.") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: this is not UTF-8 text. Save it as UTF-8.") from None
    if not isinstance(document, dict):
        raise ValueError(f"{path}: a seed file needs the sections {', '.join(REQUIRED)}.")  # noqa: TRY004 - of a file
    for name in (*REQUIRED, *document):
        if name not in SECTIONS:
            raise ValueError(f"{path}: {name}: there is no such section; there are {', '.join(SECTIONS)}.")
        if name not in document:
            raise ValueError(f"{path}: the section {name} is missing.")
        entries = [document[name]] if name in SINGLE else document[name]
        if not isinstance(entries, list):
            raise ValueError(f"{path}: {name} must be a list.")  # noqa: TRY004 - the same
        for number, entry in enumerate(entries, start=1):
            _check(entry, SECTIONS[name], f"{path}: {name}" + ("" if name in SINGLE else f", entry {number}"))
    if "bot" in document and "bots" in document:
        raise ValueError(f"{path}: say bot, of one app, or bots, of several; not both.")
    sections: Json = {name: [] for name in SECTIONS if name not in SINGLE} | document
    if "bot" in sections:
        sections["bots"] = [sections.pop("bot")]
    _check_references(sections, path)
    return sections


def _check(entry: object, fields: Fields, entry_at: str) -> None:
    if not isinstance(entry, dict):
        raise ValueError(f"{entry_at} must have the fields {', '.join(sorted(fields.required))}.")  # noqa: TRY004
    missing, unknown = fields.required - set(entry), set(entry) - fields.required - fields.optional
    if missing:
        raise ValueError(f"{entry_at}: {', '.join(sorted(missing))} is missing.")
    if unknown:
        allowed = ", ".join(sorted(fields.required | fields.optional))
        raise ValueError(f"{entry_at}: {', '.join(sorted(unknown))} is no field; there are {allowed}.")


def _check_references(sections: Json, path: Path) -> None:
    """Raise ValueError where an entry names a person or channel that isn't in the file."""
    for kind in sorted(SECTIONS["bots"].required):
        ids = [bot[kind] for bot in sections["bots"]]
        for name in ids:
            if ids.count(name) > 1:
                raise ValueError(f"{path}: bots: {name} is the {kind} of two.")
    people = {person["id"] for person in sections["people"]} | {bot["user"] for bot in sections["bots"]}
    channels = {channel["id"] for channel in sections["channels"]}
    named = [
        *(
            (f"channels, {channel['id']}", user, people | {EVERY_BOT})
            for channel in sections["channels"]
            for user in channel["members"]
        ),
        *((f"usergroups, {group['id']}", user, people) for group in sections["usergroups"] for user in group["users"]),
        *((f"messages, entry {n}", message["user"], people) for n, message in enumerate(sections["messages"], start=1)),
        *(
            (f"messages, entry {n}", message["channel"], channels)
            for n, message in enumerate(sections["messages"], start=1)
        ),
    ]
    for entry_at, name, valid in named:
        if name not in valid:
            hint = f" Write {EVERY_BOT} for the bots of all apps." if entry_at.startswith("channels") else ""
            raise ValueError(f"{path}: {entry_at}: {name} is in no other section.{hint}")
