"""Whom somebody's profile in Slack names as their manager."""

import asyncio
import re
import time
from collections.abc import Collection

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.client import code

PATIENCE = 1.0  # seconds: a window waits for it, which Slack has opened within three
KNOWN_FOR = 3600.0  # seconds for which it is remembered what a workspace calls the fields of its profiles
UNKNOWN_FOR = 60.0  # seconds after which it is asked again, where Slack has not said so
USER = re.compile(r"[UW][A-Z0-9_]+")  # the id of a person

log = structlog.get_logger()

_fields: dict[str, tuple[float, list[str]]] = {}  # by workspace: until when they are known, and the fields' ids


async def manager_of(client: AsyncWebClient, team: str, user: str, labels: Collection[str]) -> str | None:
    """Give the id of whom a person's profile names as their manager; None for nobody, or where Slack does not say.

    labels: what the field of the profile may be called. A workspace makes its own fields, so that only their names tell
    what they are for; those that name a person have the type `user`.
    Source: docs.slack.dev/reference/methods/team.profile.get and users.profile.get.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            names = await _manager_fields(client, team, {label.casefold() for label in labels})
            if not names:
                return None
            fields = (await client.users_profile_get(user=user))["profile"].get("fields") or {}
    except (SlackApiError, ClientError, TimeoutError) as error:
        reason = code(error) if isinstance(error, SlackApiError) else type(error).__name__
        log.info("a profile could not be read", error=reason)
        return None
    values = (USER.search(str((fields.get(name) or {}).get("value") or "")) for name in names)
    managers = (match.group() for match in values if match)
    return next((manager for manager in managers if manager != user), None)


async def _manager_fields(client: AsyncWebClient, team: str, labels: Collection[str]) -> list[str]:
    """Give the ids of the fields of a workspace's profiles that may name a manager; none where we may not look."""
    until, names = _fields.get(team, (0.0, []))
    if time.monotonic() >= until:
        try:
            fields = (await client.team_profile_get())["profile"]["fields"]
            names = [field["id"] for field in fields if field.get("type") == "user" and _is_one(field, labels)]
        except SlackApiError as error:  # as without `users.profile:read`
            log.info("the fields of profiles could not be read", error=code(error))
            _fields[team] = (time.monotonic() + UNKNOWN_FOR, [])
            return []
        _fields[team] = (time.monotonic() + KNOWN_FOR, names)
    return names


def _is_one(field: dict[str, object], labels: Collection[str]) -> bool:
    return str(field.get("label") or "").strip().casefold() in labels
