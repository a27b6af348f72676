"""Creating and changing channels as the bot: source: the pages under docs.slack.dev/reference/methods."""

import re
from typing import Any

from bot.local.api_conversations import described
from bot.local.app import App
from bot.local.arguments import Arguments
from bot.local.errors import SlackError
from bot.local.lookup import channel_of
from bot.local.scopes import MANAGE, require
from bot.local.state import Channel

Json = dict[str, Any]
MAX_NAME, MAX_TOPIC = 80, 250


def create(app: App, arguments: Arguments) -> Json:
    """Create a public or private channel with the bot in it."""
    private = arguments.flag("is_private")
    require(app.manifest.scopes, *MANAGE["group" if private else "channel"])
    name = arguments.text("name").strip()
    if reason := what_is_wrong_with(name):
        raise SlackError(reason)
    if app.space.state.named(name) is not None:
        raise SlackError("name_taken")
    channel = app.space.state.new_channel(name, "group" if private else "channel", app.bot.user)
    app.space.conversation.show_new_channel(channel)
    return {"ok": True, "channel": described(app, channel)}


def what_is_wrong_with(name: str) -> str | None:
    """Return Slack's code for why a channel can't have this name, if so."""
    if not name:
        return "invalid_name_required"
    if len(name) > MAX_NAME:
        return "invalid_name_maxlength"
    if not re.fullmatch(r"[^\W_]+(?:[-_]+[^\W_]+)*[-_]*", name) or name != name.lower():
        return "invalid_name_specials" if re.search(r"[\w]", name) else "invalid_name_punctuation"
    return None


def invite(app: App, arguments: Arguments) -> Json:
    """Bring people into a channel; one who can't be brought keeps all out, unless `force` is given."""
    channel = _own_channel(app, arguments)
    users = arguments.names("users")
    if not users:
        raise SlackError("no_user")
    reasons = {user: _why_not(app, channel, user) for user in users}
    errors = [{"user": user, "ok": False, "error": code} for user, code in reasons.items() if code is not None]
    if errors and not (arguments.flag("force") and len(errors) < len(reasons)):
        raise SlackError(str(errors[0]["error"]), errors=errors)
    for user, code in reasons.items():
        if code is None:
            app.space.conversation.join(channel, user, inviter=app.bot.user)
    return {"ok": True, "channel": described(app, channel)} | ({"errors": errors} if errors else {})


def _why_not(app: App, channel: Channel, user: str) -> str | None:
    """Return why somebody can't be brought into a channel, if so."""
    if user == app.bot.user:
        return "cant_invite_self"
    if user not in app.space.state.people:
        return "user_not_found"
    if user in channel.members:
        return "already_in_channel"
    return "cant_invite" if app.space.state.people[user].deleted else None


def kick(app: App, arguments: Arguments) -> Json:
    """Remove somebody from a channel."""
    channel = _own_channel(app, arguments)
    user = arguments.required("user")
    if user == app.bot.user:
        raise SlackError("cant_kick_self")
    if user not in app.space.state.people:
        raise SlackError("user_not_found")
    if user not in channel.members:
        raise SlackError("not_in_channel")
    if channel.is_general:
        raise SlackError("cant_kick_from_general")
    app.space.conversation.remove(channel, user, app.bot.user)
    return {"ok": True, "errors": {}}


def leave(app: App, arguments: Arguments) -> Json:
    """End the bot's membership; where it had none nothing happens, and the answer says so."""
    channel = _channel(app, arguments)
    if app.bot.user not in channel.members:
        return {"ok": False, "error": "not_in_channel", "not_in_channel": True}
    if channel.is_general:
        raise SlackError("cant_leave_general")
    if channel.kind == "group" and len(channel.members) == 1:
        raise SlackError("last_member")
    app.space.conversation.leave(channel, app.bot.user)
    return {"ok": True}


def archive(app: App, arguments: Arguments) -> Json:
    """Archive a channel."""
    channel = _channel(app, arguments, archived="already_archived")
    if app.bot.user not in channel.members:
        raise SlackError("not_in_channel")
    if channel.is_general:
        raise SlackError("cant_archive_general")
    app.space.conversation.archive(channel, app.bot.user, archived=True)
    return {"ok": True}


def set_topic(app: App, arguments: Arguments) -> Json:
    """Change a channel's topic, 250 characters at most."""
    channel = _own_channel(app, arguments)
    topic = arguments.text("topic")
    if len(topic) > MAX_TOPIC:
        raise SlackError("too_long")
    app.space.conversation.set_topic(channel, app.bot.user, topic)
    return {"ok": True, "channel": described(app, channel)}


def _own_channel(app: App, arguments: Arguments) -> Channel:
    """Return a channel the bot is in; raises SlackError not_in_channel where it isn’t."""
    channel = _channel(app, arguments)
    if app.bot.user not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _channel(app: App, arguments: Arguments, archived: str = "is_archived") -> Channel:
    """Return the channel a call is about.

    Raises SlackError: channel_not_found, method_not_supported_for_channel_type in direct messages, missing_scope, and
    `archived` where it is archived.
    """
    channel = channel_of(app, arguments)
    if channel.kind in {"im", "mpim"}:
        raise SlackError("method_not_supported_for_channel_type")
    require(app.manifest.scopes, *MANAGE[channel.kind])
    if channel.archived:
        raise SlackError(archived)
    return channel
