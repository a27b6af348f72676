"""What the bot does in Slack, as steps of durable work: each is done once, and its result is recorded."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiohttp import ClientConnectorError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.domain.share import Person
from bot.jobs import NoEffectError, step
from bot.slack.blocks import Message

# Slack's word that it did nothing and that trying again may help.
TRY_AGAIN = frozenset({"ratelimited", "rate_limited", "service_unavailable", "team_added_to_org"})
# Slack will not show these blocks; the same text without them still answers.
REFUSED_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
NOT_REACHABLE = frozenset(
    {
        "account_inactive",
        "cannot_dm_bot",
        "channel_not_found",
        "is_inactive",
        "messages_tab_disabled",
        "user_disabled",
        "user_not_found",
        "user_not_visible",
    }
)

log = structlog.get_logger()


class Speech:
    """Slack's methods as durable steps. Use it inside a workflow only."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def post(self, channel: str, message: Message, *, thread_ts: str | None = None) -> tuple[str, str]:
        """Post a message, given a channel or a person's id; returns the channel and the message's ts.

        Links do not unfurl: an unfurl would come back to us as an edit of our own message.
        """
        posted = await self._call(
            "post",
            self._post,
            {
                "channel": channel,
                "text": message.text,
                "blocks": list(message.blocks),
                "thread_ts": thread_ts,
                "unfurl_links": False,
                "unfurl_media": False,
            },
        )
        return posted["channel"], posted["ts"]

    async def deliver(self, person: str, message: Message) -> tuple[str, str] | None:
        """Post to a person's direct message; None if this person cannot be reached."""

        async def delivered(arguments: dict[str, Any]) -> dict[str, Any]:
            try:
                return await self._post(arguments)
            except SlackApiError as error:
                if error.response["error"] not in NOT_REACHABLE:
                    raise
                return {}

        arguments = {"channel": person, "text": message.text, "blocks": list(message.blocks)}
        posted = await self._call("deliver", delivered, arguments | {"unfurl_links": False, "unfurl_media": False})
        return (posted["channel"], posted["ts"]) if posted else None

    async def update(self, channel: str, ts: str, message: Message) -> None:
        """Replace a message of ours. One that is gone is left gone."""

        async def update(arguments: dict[str, Any]) -> dict[str, Any]:
            try:
                await self._client.chat_update(**arguments)
            except SlackApiError as error:
                if error.response["error"] not in ("message_not_found", "cant_update_message"):
                    raise
            return {}

        text = message.text if len(message.text.encode()) <= MAX_UPDATE_BYTES else _shortened(message.text)
        await self._call("update", update, {"channel": channel, "ts": ts, "text": text, "blocks": list(message.blocks)})

    async def whisper(self, channel: str, user: str, message: Message, *, thread_ts: str | None = None) -> None:
        """Show a message to one person only."""
        arguments = {"channel": channel, "user": user, "text": message.text, "blocks": list(message.blocks)}
        if thread_ts:
            arguments["thread_ts"] = thread_ts

        async def whisper(arguments: dict[str, Any]) -> dict[str, Any]:
            await self._client.chat_postEphemeral(**arguments)
            return {}

        await self._call("whisper", whisper, arguments)

    async def reply(self, response_url: str, message: Message) -> None:
        """Answer a command privately, also where the bot is not a member. An address that expired is let go."""

        async def reply(arguments: dict[str, Any]) -> dict[str, Any]:
            answered = await AsyncWebhookClient(response_url, session=self._client.session).send(**arguments)
            if answered.status_code != 200:
                log.warning("command reply refused", status=answered.status_code)
            return {}

        await self._call(
            "reply", reply, {"text": message.text, "blocks": list(message.blocks), "response_type": "ephemeral"}
        )

    async def permalink(self, channel: str, ts: str) -> str:
        """Give the address of a message."""

        async def permalink(arguments: dict[str, Any]) -> dict[str, Any]:
            return {"permalink": (await self._client.chat_getPermalink(**arguments))["permalink"]}

        return str((await self._call("permalink", permalink, {"channel": channel, "message_ts": ts}))["permalink"])

    async def person(self, user: str) -> Person:
        """Look somebody up."""

        async def person(arguments: dict[str, Any]) -> dict[str, Any]:
            found: dict[str, Any] = (await self._client.users_info(**arguments))["user"]
            return {
                "id": found["id"],
                "team": found.get("team_id", ""),
                "is_bot": bool(found.get("is_bot")) or found["id"] == "USLACKBOT",
                "is_active": not found.get("deleted"),
                "is_guest": any(found.get(kind) for kind in ("is_restricted", "is_ultra_restricted", "is_stranger")),
            }

        return Person(**await self._call("person", person, {"user": user}))

    async def publish_home(self, user: str, view: dict[str, Any]) -> None:
        """Show the Home tab to somebody."""

        async def publish(arguments: dict[str, Any]) -> dict[str, Any]:
            await self._client.views_publish(**arguments)
            return {}

        await self._call("home", publish, {"user_id": user, "view": view})

    async def _post(self, arguments: dict[str, Any]) -> dict[str, Any]:
        try:
            posted = await self._client.chat_postMessage(**arguments)
        except SlackApiError as error:
            if error.response["error"] not in REFUSED_BLOCKS:
                raise
            log.exception("blocks refused, text sent instead", error=error.response["error"])
            posted = await self._client.chat_postMessage(**{**arguments, "blocks": None})
        return {"channel": posted["channel"], "ts": posted["ts"]}

    async def _call(
        self, name: str, method: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]], arguments: dict[str, Any]
    ) -> dict[str, Any]:
        """Run a method as a step; what surely had no effect is tried again."""

        async def call(arguments: dict[str, Any]) -> dict[str, Any]:
            try:
                return await method(arguments)
            except ClientConnectorError as error:
                raise NoEffectError(str(error)) from error
            except SlackApiError as error:
                if error.response["error"] in TRY_AGAIN:
                    raise NoEffectError(error.response["error"]) from error
                raise

        return await step(name, call, arguments)


MAX_UPDATE_BYTES = 3900  # chat.update refuses a text over 4,000, counted after escaping


def _shortened(text: str) -> str:
    return text.encode()[: MAX_UPDATE_BYTES - 3].decode(errors="ignore") + "…"
