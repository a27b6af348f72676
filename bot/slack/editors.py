"""Who the editors of the knowledge are: people by their ids, and the members of user groups."""

import asyncio
import time
from collections.abc import Collection

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackApiError

from bot.slack.access import Access
from bot.slack.client import code

KNOWN_FOR = 600.0  # seconds for which the members of a group are remembered
PATIENCE = 5.0  # seconds that Slack has to name them
GROUP = "S"  # what the id of a user group begins with

log = structlog.get_logger()


class Editors:
    """Tells who is an editor. ids: of people, and of user groups, as ROLEFIT_EDITORS has them."""

    def __init__(self, ids: Collection[str] = (), access: Access | None = None) -> None:
        self._people = frozenset(name for name in ids if not name.startswith(GROUP))
        self._groups = frozenset(name for name in ids if name.startswith(GROUP))
        self._access = access
        self._members: dict[tuple[str, str], tuple[float, frozenset[str]]] = {}

    async def include(self, team: str, user: str) -> bool:
        """Say whether somebody is an editor; not where Slack does not name the members of a group.

        This is not a step: call it within one.
        """
        if user in self._people:
            return True
        for group in sorted(self._groups):
            if user in await self._members_of(team, group):
                return True
        return False

    async def _members_of(self, team: str, group: str) -> frozenset[str]:
        """Give the members of a user group; if Slack does not answer, those it gave last, or none.

        Source: docs.slack.dev/reference/methods/usergroups.users.list; it needs `usergroups:read`.
        """
        until, members = self._members.get((team, group), (0.0, frozenset[str]()))
        member = await self._access.of(team) if self._access else None
        if time.monotonic() < until or member is None or self._access is None:
            return members
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._access.client(member).usergroups_users_list(usergroup=group)
            members = frozenset(answer["users"])
        except SlackApiError as error:
            log.warning("the editors' user group could not be read", group=group, error=code(error))
        except (ClientError, TimeoutError) as error:
            log.warning("the editors' user group could not be read", group=group, error=type(error).__name__)
        self._members[team, group] = (time.monotonic() + KNOWN_FOR, members)
        return members
