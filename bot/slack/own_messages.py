"""Whether a message of ours is in Slack already: found by the key in its metadata, before it is posted again."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError

from bot import jobs, metrics
from bot.slack.client import code
from bot.slack.lookups import LOOKED_AT, SlackLookups
from bot.slack.slack_calls import (
    CallResult,
    UncertainError,
    left_as_it_is,
    may_pass,
)

PEOPLE = ("U", "W")  # what the ids of people begin with
CLOCKS_APART = 60.0  # seconds that Slack's clock may differ from ours
LOOKED_BACK = 86_400.0  # seconds before this work began in which other work may have posted it

log = structlog.get_logger()


class OwnMessages(SlackLookups):
    """Looks for messages that we have posted, by the keys that `bot.jobs.next_message_key` gave them."""

    async def find_message(
        self, team: str, channel: str, key: str, *, since: float | None = None
    ) -> tuple[str, str] | None:
        """Give channel and ts of a message of ours, by the key it was posted with; None if it is not there.

        channel: its id, or that of the person whose direct message it is. since: seconds since 1970, before which it
        was not posted; a day before this work began, if not given. Raises SlackWorkError if that cannot be told.
        """

        async def look(before: CallResult) -> CallResult:
            earliest = await earliest_by_others(since)
            return await self._find(team, key, channel, None, earliest, before.get("cursor")) or {}

        message = await self._call("look", look)
        return (message["channel"], message["ts"]) if message else None

    async def own_replies(self, team: str, channel: str, root_ts: str, kinds: Sequence[str]) -> list[str] | None:
        """Give the ts of our own messages in a thread that work posted whose key begins with one of `kinds`.

        None where Slack does not let us look, also if there is no such thread. Raises SlackWorkError if Slack goes on
        failing.
        """
        own: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            look = partial(self._look_for_own, team, channel, root_ts, tuple(kinds), cursor)
            page = await self._call("own replies", look)
            if "own" not in page:
                return None
            own += page["own"]
            cursor = page.get("next")
        return own

    async def _look_for_own(
        self,
        team: str,
        channel: str,
        root_ts: str,
        kinds: tuple[str, ...],
        cursor: str,
        before: CallResult,  # noqa: ARG002 - of the last try, which is done again as it was
    ) -> CallResult:
        where: dict[str, Any] = {"channel": channel, "ts": root_ts, "cursor": cursor or None}
        try:
            client = await self._client(team)
            page = await client.conversations_replies(**where, limit=LOOKED_AT, include_all_metadata=True)
        except SlackApiError as error:
            return left_as_it_is("own replies", error)
        keys = {
            reply["ts"]: str((reply.get("metadata") or {}).get("event_payload", {}).get("key", ""))
            for reply in page["messages"]
            if reply["ts"] != root_ts
        }
        following = (page.get("response_metadata") or {}).get("next_cursor") or None
        return {"own": [ts for ts, key in keys.items() if key.startswith(kinds)], "next": following}

    async def _look(
        self,
        team: str,
        key: str,
        channel: str,
        thread_ts: str | None,
        since: float,
        cursor: str | None,
        *,
        may_repeat: bool,
    ) -> CallResult | None:
        """Look for a message of ours as `_find` does; None also if we may not look and it may be posted once more."""
        try:
            return await self._find(team, key, channel, thread_ts, since, cursor)
        except SlackApiError as error:
            if may_pass(error):
                raise
            log.warning("cannot look whether it was posted", key=key, error=code(error))
            metrics.DOUBTFUL.labels("could not look").inc()
            if not may_repeat:
                raise UncertainError(code(error)) from error
            return None

    async def _find(
        self, team: str, key: str, channel: str, thread_ts: str | None, since: float, cursor: str | None
    ) -> CallResult | None:
        """Look for a message of ours where it would stand, of no earlier than `since` (seconds since 1970).

        None if it is not there. Raises SlackApiError if we may not look; an app that was installed before it had the
        scope `im:write` may not in a direct message that is known by the person's id alone. One page at a time, each an
        attempt of its own: some apps may only look once a minute.
        """
        where: dict[str, Any] = {
            "limit": LOOKED_AT,
            "include_all_metadata": True,
            "oldest": f"{since:.6f}",
            "cursor": cursor,
        }
        client = await self._client(team)
        if channel[:1] in PEOPLE:
            channel = str((await client.conversations_open(users=channel))["channel"]["id"])
        page, misplaced = None, False
        if thread_ts:
            try:
                page = await client.conversations_replies(channel=channel, ts=thread_ts, **where)
            except SlackApiError as error:
                misplaced = code(error) == "thread_not_found"  # it then stands at top level, if it was posted
                if not misplaced:
                    raise
        if page is None:
            page = await client.conversations_history(channel=channel, **where)
        for message in page["messages"]:
            if message.get("metadata", {}).get("event_payload", {}).get("key") == key:
                log.info("found what was posted before", key=key)
                metrics.DOUBTFUL.labels("found").inc()
                return {"channel": channel, "ts": message["ts"]} | ({"misplaced": True} if misplaced else {})
        if more := (page.get("response_metadata") or {}).get("next_cursor"):
            return {"wait": 0.0, "uncertain": True, "cursor": more}
        metrics.DOUBTFUL.labels("not there").inc()
        return None


async def earliest_by_others(since: float | None) -> float:
    """Give from when on other work may have posted a message, by Slack's clock: since then, where that is known."""
    return await jobs.begun_at() - LOOKED_BACK if since is None else since - CLOCKS_APART
