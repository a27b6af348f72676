"""What the bot looks up in Slack: replies, channels, addresses of messages, what somebody wrote, who somebody is."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.matching_text import MAX_CHARACTERS
from bot.domain.share import Person
from bot.slack.client import code
from bot.slack.event_payloads import SLACKBOT, TOMBSTONE
from bot.slack.slack_calls import CallResult, Lease, SlackCalls, left_as_it_is, may_pass
from bot.slack.text import storable, without_mention

# Messages in one look for one of ours: more are not given to apps that are distributed outside Slack's Marketplace.
LOOKED_AT = 15
MAY_NOT_READ = frozenset({"missing_scope", "user_not_found", "user_not_visible"})

log = structlog.get_logger()


@dataclass(frozen=True)
class FetchedMessage:
    """What somebody wrote: its text without the mention of the bot, cut to what is read, and its last edit."""

    text: str
    edited_ts: str | None


class SlackLookups(SlackCalls):
    """Slack's methods that change nothing; those that are steps have their results recorded."""

    async def has_replies(
        self,
        team: str,
        channel: str,
        thread_ts: str,
        after: str,
        besides: frozenset[str] = frozenset(),
        *,
        patient: bool = False,
        lease: Lease | None = None,
        below: str | None = None,
    ) -> bool | None:
        """Say whether people have replied in a thread after a message; those `besides` do not count.

        None where Slack does not let us look, or not now unless we are to be patient. below: a message in whose own
        thread they may have replied as well.
        """

        async def look(_: CallResult) -> CallResult:
            try:
                roots = filter(None, (thread_ts, below))
                looks = [await self._look_for_replies(team, channel, root, after, besides) for root in roots]
            except SlackApiError as error:
                return left_as_it_is("look for replies", error)
            return {"replied": any(looks)}

        looked = await self._call("look for replies", look, patient=patient, lease=lease)
        replied: bool | None = looked.get("replied")
        return replied

    async def sees_replies(
        self, team: str, channel: str, thread_ts: str, after: str, besides: frozenset[str]
    ) -> bool | None:
        """Say what `has_replies` says, within a step and without waiting: None where Slack does not answer at once."""
        try:
            return await self._look_for_replies(team, channel, thread_ts, after, besides)
        except (SlackApiError, ClientError, TimeoutError) as error:
            log.warning("could not look for replies", error=type(error).__name__)
            return None

    async def _look_for_replies(
        self, team: str, channel: str, thread_ts: str, after: str, besides: frozenset[str]
    ) -> bool:
        where: dict[str, Any] = {"channel": channel, "ts": thread_ts, "oldest": after, "limit": LOOKED_AT}
        try:
            response = await (await self._client(team)).conversations_replies(**where)
        except SlackApiError as error:
            if code(error) != "thread_not_found":
                raise
            return False  # what has replies is still a thread once it is deleted
        people = (message for message in response["messages"] if not message.get("bot_id"))
        later = (message for message in people if message["ts"] > after and message["ts"] != thread_ts)
        return any(message.get("user") not in {SLACKBOT, *besides} for message in later)

    async def is_empty(self, team: str, channel: str) -> bool | None:
        """Say whether nothing stands in a conversation; None where Slack does not let us look."""

        async def look(_: CallResult) -> CallResult:
            try:
                response = await (await self._client(team)).conversations_history(channel=channel, limit=1)
            except SlackApiError as error:
                return left_as_it_is("look into conversation", error)
            return {"empty": not response["messages"]}

        empty: bool | None = (await self._call("look into conversation", look)).get("empty")
        return empty

    async def is_member(self, team: str, channel: str) -> bool:
        """Say whether we are in a channel; False where Slack does not say."""
        return bool((await self._channel(team, channel)).get("is_member"))

    async def is_shared(self, team: str, channel: str) -> bool | None:
        """Say whether a channel is shared with another organisation; None where Slack does not say."""
        return (await self._channel(team, channel)).get("is_ext_shared")

    async def _channel(self, team: str, channel: str) -> CallResult:
        """Look up what Slack says of a channel, as far as we need it; nothing if it says nothing."""

        async def look(_: CallResult) -> CallResult:
            try:
                info = (await (await self._client(team)).conversations_info(channel=channel))["channel"]
            except SlackApiError as error:
                return left_as_it_is("look up channel", error)
            return {name: bool(info[name]) for name in ("is_member", "is_ext_shared") if name in info}

        return await self._call("look up channel", look)

    async def get_permalink(self, team: str, channel: str, ts: str) -> str | None:
        """Give the address of a message; None if it is gone, or Slack gives none."""

        async def permalink(_: CallResult) -> CallResult:
            try:
                return {"permalink": await self._permalink(team, channel, ts)}
            except SlackApiError as error:
                return left_as_it_is("permalink", error)

        return (await self._call("permalink", permalink)).get("permalink")

    async def sees_permalink(self, team: str, channel: str, ts: str) -> str | None:
        """Give the address of a message, within a step and without waiting: None where Slack gives none at once."""
        try:
            return await self._permalink(team, channel, ts)
        except (SlackApiError, ClientError, TimeoutError) as error:
            log.warning("could not get a permalink", error=type(error).__name__)
            return None

    async def _permalink(self, team: str, channel: str, ts: str) -> str:
        response = await (await self._client(team)).chat_getPermalink(channel=channel, message_ts=ts)
        return str(response["permalink"])

    async def get_message(
        self, team: str, channel: str, ts: str, *, thread_ts: str | None = None, most: int = MAX_CHARACTERS
    ) -> FetchedMessage | None:
        """Fetch what somebody wrote; None if it is gone, or we may not read it. thread_ts: of the thread it stands in.

        most: characters of it.

        This is not a step, because what a step returns is recorded, and what people wrote is not to be: call it within
        one (`read_message`, a Render), and let nothing of the text out. Raises SlackApiError where that may pass.
        """
        where: dict[str, Any] = {"channel": channel, "oldest": ts, "latest": ts, "inclusive": True, "limit": LOOKED_AT}
        member = await self._access.of(team)
        try:
            client = await self._client(team)
            if thread_ts and thread_ts != ts:
                response = await client.conversations_replies(ts=thread_ts, **where)
            else:
                response = await client.conversations_history(**where)
        except SlackApiError as error:
            if may_pass(error):
                raise
            log.warning("cannot read a message", error=code(error))
            return None
        messages: list[dict[str, Any]] = response["messages"]
        message = next((message for message in messages if message["ts"] == ts), None)
        if message is None or message.get("subtype") == TOMBSTONE or (member and message.get("user") == member.user):
            return None
        text = without_mention(str(message.get("text") or ""), member.user if member else "")
        if not text:  # somebody asks about what they have forwarded
            shared = (part.get("text") for part in message.get("attachments") or () if part.get("is_share"))
            text = next((str(part) for part in shared if part), "")
        edited = message.get("edited") or {}
        return FetchedMessage(storable(text[:most]), edited.get("ts"))

    async def read_message(
        self,
        team: str,
        channel: str,
        ts: str,
        use: Callable[[FetchedMessage | None], Awaitable[None]],
        *,
        thread_ts: str | None = None,
    ) -> None:
        """Fetch a message as `get_message` does and call `use` with it, in one step that does not record its text."""

        async def read(_: CallResult) -> CallResult:
            await use(await self.get_message(team, channel, ts, thread_ts=thread_ts))
            return {}

        await self._call("read message", read)

    async def get_person(self, team: str, user: str) -> Person | None:
        """Look somebody up; None if Slack does not say who it is. Raises UnavailableError if it went on failing."""

        async def person(_: CallResult) -> CallResult:
            profile = await read_person(await self._client(team), user)
            return asdict(profile) if profile else {"unknown": True}

        profile = await self._call("person", person)
        return None if "unknown" in profile else Person(**profile)

    async def get_time_zone(self, team: str, user: str) -> str | None:
        """Give a person's time zone by its IANA name; None if we may not read it."""

        async def zone(_: CallResult) -> CallResult:
            try:
                response = await (await self._client(team)).users_info(user=user)
            except SlackApiError as error:
                if code(error) not in MAY_NOT_READ:
                    raise
                return {"zone": None}
            return {"zone": response["user"].get("tz")}

        name = (await self._call("zone", zone))["zone"]
        return str(name) if name else None


async def read_person(client: AsyncWebClient, user: str) -> Person | None:
    """Look somebody up; None if Slack does not say who it is. Raises SlackApiError where that may pass."""
    try:
        profile: dict[str, Any] = (await client.users_info(user=user))["user"]
    except SlackApiError as error:
        if may_pass(error):
            raise
        log.warning("Slack did not say who somebody is", error=code(error))
        return None
    return Person(
        id=profile["id"],
        team=profile.get("team_id", ""),
        teams=(profile.get("enterprise_user") or {}).get("teams") or [],
        is_bot=bool(profile.get("is_bot")) or profile["id"] == SLACKBOT,
        is_active=not profile.get("deleted"),
        is_guest=any(profile.get(kind) for kind in ("is_restricted", "is_ultra_restricted", "is_stranger")),
    )
