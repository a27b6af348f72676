"""conversations.*: source: the method pages under docs.slack.dev/reference/methods."""

import re
from decimal import Decimal
from typing import Any

from bot.local.app import App
from bot.local.arguments import Arguments
from bot.local.errors import SlackError
from bot.local.events import for_bot
from bot.local.lookup import channel_of, page_of, person_of
from bot.local.scopes import HISTORY, READ, require
from bot.local.state import Channel, Kind, is_top_level

Json = dict[str, Any]
COMMERCIAL_PAGE = 15  # messages at once for apps sold outside the Marketplace
MAX_OTHERS = 8  # people in a group conversation besides the bot
TYPES: dict[str, Kind] = {
    "public_channel": "channel",
    "private_channel": "group",
    "im": "im",
    "mpim": "mpim",
}


def described(app: App, channel: Channel) -> Json:
    """Return Slack's conversation object."""
    common = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.archived,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_im": channel.kind == "im",
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.kind != "channel",
        "is_org_shared": False,
        "is_ext_shared": app.space.state.shared(channel),
        "is_shared": app.space.state.shared(channel),
        "context_team_id": app.space.state.team.id,
    }
    if channel.kind == "im":
        other = next((member for member in channel.members if member != app.bot.user), "")
        return {**common, "user": other, "is_user_deleted": app.space.state.people[other].deleted}
    return {
        **common,
        "name": channel.name,
        "name_normalized": channel.name,
        "creator": channel.creator,
        "is_general": channel.is_general,
        "is_member": app.bot.user in channel.members,
        "topic": {"value": channel.topic, "creator": channel.creator, "last_set": channel.created},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "num_members": len(channel.members),
    }


def open_conversation(app: App, arguments: Arguments) -> Json:
    """Open the bot's DM with one person, or a group with up to eight."""
    users = arguments.names("users")
    require(app.manifest.scopes, "im:write" if len(users) <= 1 else "mpim:write")
    if arguments.has("channel"):
        channel = channel_of(app, arguments)
        return {"ok": True, "no_op": True, "already_open": True, "channel": {"id": channel.id}}
    if not users:
        raise SlackError("users_list_not_supplied")
    if len(users) > MAX_OTHERS:
        raise SlackError("too_many_users")
    for user in users:
        person = person_of(app, user)
        if person.is_bot:
            raise SlackError("cannot_dm_bot")
        if person.deleted:
            raise SlackError("user_disabled")
    existing = set(app.space.state.channels)
    bot = app.bot.user
    if arguments.flag("prevent_creation") and app.space.state.conversation_of([bot, *users]) is None:
        return {"ok": True, "no_op": True}  # Slack's own answer to this is not documented
    channel = app.space.state.direct(bot, users[0]) if len(users) == 1 else app.space.state.group([bot, *users])
    if channel.id not in existing:
        app.space.conversation.show_channel(channel)
    conversation = described(app, channel) if arguments.flag("return_im") else {"id": channel.id}
    opened = {"no_op": True, "already_open": True} if channel.id in existing else {}
    return {"ok": True, **opened, "channel": conversation}


def info(app: App, arguments: Arguments) -> Json:
    """Describe a conversation."""
    channel = channel_of(app, arguments)
    require(app.manifest.scopes, READ[channel.kind])
    return {"ok": True, "channel": described(app, channel)}


def members(app: App, arguments: Arguments) -> Json:
    """List who is in a conversation."""
    channel = channel_of(app, arguments)
    require(app.manifest.scopes, READ[channel.kind])
    page, cursor = page_of([{"id": member} for member in channel.members], arguments, strict=True)
    member_ids = [entry["id"] for entry in page]
    return {"ok": True, "members": member_ids, "response_metadata": {"next_cursor": cursor}}


def history(app: App, arguments: Arguments) -> Json:
    """List what stands in a conversation, newest first, without replies."""
    channel = _readable(app, arguments)
    top_level = [for_bot(message) for message in reversed(channel.messages.values()) if is_top_level(message)]
    return _messages(app, top_level, arguments)


def replies(app: App, arguments: Arguments) -> Json:
    """List a thread, oldest first; the ts of a reply gives that reply alone."""
    channel = _readable(app, arguments)
    ts = arguments.required("ts")
    if ts not in channel.messages:
        raise SlackError("thread_not_found")
    thread = [
        for_bot(message) for message in channel.messages.values() if ts in {message["ts"], message.get("thread_ts")}
    ]
    return _messages(app, thread, arguments, default=1000)


def _readable(app: App, arguments: Arguments) -> Channel:
    channel = channel_of(app, arguments)
    require(app.manifest.scopes, HISTORY[channel.kind])
    if app.bot.user not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _messages(app: App, messages: list[Json], arguments: Arguments, default: int = 100) -> Json:
    """Answer with one page of messages; raises SlackError invalid_ts_oldest, invalid_ts_latest, invalid_cursor."""
    oldest, latest = _bound(arguments, "oldest", "0"), _bound(arguments, "latest", "Infinity")
    inclusive = arguments.flag("inclusive")

    def wanted(ts: Decimal) -> bool:
        return oldest < ts < latest or (inclusive and ts in {oldest, latest})

    within = [message for message in messages if wanted(Decimal(message["ts"]))]
    most = COMMERCIAL_PAGE if app.space.config.commercial else 1000
    page, cursor = page_of(within, arguments, default, most=most)
    if not arguments.flag("include_all_metadata"):
        page = [{name: value for name, value in message.items() if name != "metadata"} for message in page]
    answer: Json = {"ok": True, "messages": page, "has_more": bool(cursor)}
    return answer | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


def _bound(arguments: Arguments, name: str, default: str) -> Decimal:
    value = arguments.text(name, default) or default
    if value != default and re.fullmatch(r"\d+(\.\d+)?", value) is None:
        raise SlackError(f"invalid_ts_{name}")
    return Decimal(value)


def list_conversations(app: App, arguments: Arguments) -> Json:
    """List conversations the bot may know of, by type."""
    return _channels(app, _visible_to_bot(app, arguments), arguments)


def list_of_user(app: App, arguments: Arguments) -> Json:
    """List the conversations that somebody is in, the bot by default, of those the bot may know of."""
    user = arguments.text("user") or app.bot.user
    person_of(app, user)
    conversations = [channel for channel in _visible_to_bot(app, arguments) if user in channel.members]
    return _channels(app, conversations, arguments, but=frozenset({"is_member", "num_members"}))


def _visible_to_bot(app: App, arguments: Arguments) -> list[Channel]:
    """Return the conversations of the wanted types that the bot may know of."""
    types = arguments.names("types") or ["public_channel"]
    if any(name not in TYPES for name in types):
        raise SlackError("invalid_types")
    kinds = [TYPES[name] for name in types]
    for kind in kinds:
        require(app.manifest.scopes, READ[kind])
    without_archived = arguments.flag("exclude_archived")
    return [
        channel
        for channel in app.space.state.channels.values()
        if channel.kind in kinds
        and (channel.kind == "channel" or app.bot.user in channel.members)
        and not (without_archived and channel.archived)
    ]


def _channels(app: App, channels: list[Channel], arguments: Arguments, but: frozenset[str] = frozenset()) -> Json:
    objects = [{k: v for k, v in described(app, channel).items() if k not in but} for channel in channels]
    page, cursor = page_of(objects, arguments, strict=True)
    return {"ok": True, "channels": page, "response_metadata": {"next_cursor": cursor}}


def join(app: App, arguments: Arguments) -> Json:
    """Make the bot a member of a public channel."""
    channel = channel_of(app, arguments)
    if channel.kind != "channel":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.archived:
        raise SlackError("is_archived")
    already = app.bot.user in channel.members
    app.space.conversation.join(channel, app.bot.user)
    warning = {"warning": "already_in_channel"} if already else {}
    return {"ok": True, "channel": described(app, channel), **warning}
