"""Short-lived rights handed to the bot: trigger_ids and response_urls.

Source: docs.slack.dev/interactivity/handling-user-interaction.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.local.errors import SlackError
from bot.local.ids import new_trigger_id, unique


@dataclass
class Trigger:
    """A right to open one view for one person."""

    user: str
    expires: float
    view_id: str | None = None
    used: bool = False


@dataclass
class Reply:
    """A right to answer where a person acted.

    message_ts: the message acted on, None for a command. ephemeral: whether only that person saw it.
    """

    user: str
    channel: str
    expires: float
    uses_left: int
    message_ts: str | None = None
    ephemeral: bool = False


class Permits:
    """Issues and redeems trigger_ids (once, within 3 s) and response_urls (5 uses within 30 min)."""

    def __init__(
        self, team: str, clock: Callable[[], float], *, trigger_lifetime: float, reply_lifetime: float, reply_uses: int
    ) -> None:
        self._team = team
        self._clock = clock
        self._trigger_lifetime = trigger_lifetime
        self._reply_lifetime = reply_lifetime
        self._reply_uses = reply_uses
        self._triggers: dict[str, Trigger] = {}
        self._replies: dict[str, Reply] = {}

    def new_trigger(self, user: str, view_id: str | None = None) -> str:
        """Issue a trigger_id; view_id names the open view in which the person acted, if any."""
        trigger_id = new_trigger_id(self._team)
        self._triggers[trigger_id] = Trigger(user, self._clock() + self._trigger_lifetime, view_id)
        return trigger_id

    def redeem(self, trigger_id: str) -> Trigger:
        """Use up a trigger_id.

        Raises SlackError: invalid_trigger_id, exchanged_trigger_id on a second use, expired_trigger_id.
        """
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._clock() > trigger.expires:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger

    def new_reply(self, user: str, channel: str, message_ts: str | None = None, *, ephemeral: bool = False) -> str:
        """Issue the last part of a response_url."""
        key = unique()
        expires = self._clock() + self._reply_lifetime
        self._replies[key] = Reply(user, channel, expires, self._reply_uses, message_ts, ephemeral)
        return key

    def use_reply(self, key: str) -> Reply:
        """Use a response_url once.

        Raises SlackError: invalid_url, expired_url after 30 minutes, used_url after five uses.
        """
        reply = self._replies.get(key)
        if reply is None:
            raise SlackError("invalid_url", status=404)
        if self._clock() > reply.expires:
            raise SlackError("expired_url", status=404)
        if reply.uses_left == 0:
            raise SlackError("used_url", status=404)
        reply.uses_left -= 1
        return reply
