"""Finding what a Web API call names, with the refusals Slack gives when the bot may not see it."""

from typing import Any

from bot.local.app import App
from bot.local.arguments import Arguments
from bot.local.errors import SlackError
from bot.local.state import Channel, Person

Json = dict[str, Any]


def channel_of(app: App, arguments: Arguments) -> Channel:
    """Return the conversation named by `channel` if the bot can see it; raises channel_not_found.

    A private channel or DM without the bot looks as if it didn't exist.
    """
    channel = app.space.state.channels.get(arguments.required("channel"))
    if channel is None or (channel.kind != "channel" and app.bot.user not in channel.members):
        raise SlackError("channel_not_found")
    return channel


def channel_to_post_to(app: App, arguments: Arguments) -> Channel:
    """Return where chat.postMessage posts: an id, a channel's name, or a user's id for the app's DM.

    Raises channel_not_found, not_in_channel, is_archived, cannot_dm_bot, messages_tab_disabled.
    Source: slack-facts.md items 58 and 70.
    """
    named = arguments.required("channel")
    if named in app.space.state.people:
        channel = direct_message(app, named)
    else:
        by_name = app.space.state.named(named.removeprefix("#"))
        channel = channel_of(app, Arguments({"channel": by_name.id if by_name else named}))
    may_post(app, channel)
    return channel


def direct_message(app: App, user: str) -> Channel:
    """Return the app's DM with a person, opened if need be; raises channel_not_found or cannot_dm_bot."""
    if app.space.state.people[user].is_bot:
        raise SlackError("cannot_dm_bot")
    if app.space.state.people[user].deleted:
        raise SlackError("channel_not_found")
    if not app.manifest.messages_enabled:
        raise SlackError("messages_tab_disabled")
    existing = set(app.space.state.channels)
    channel = app.space.state.direct(app.bot.user, user)
    if channel.id not in existing:
        app.space.conversation.show_channel(channel)
    return channel


def may_post(app: App, channel: Channel) -> None:
    """Raise not_in_channel or is_archived unless the bot may speak there."""
    if channel.archived:
        raise SlackError("is_archived")
    if app.bot.user not in channel.members and "chat:write.public" not in app.manifest.scopes:
        raise SlackError("not_in_channel")


def person_of(app: App, user: str) -> Person:
    """Return a member of the workspace; raises user_not_found."""
    if user not in app.space.state.people:
        raise SlackError("user_not_found")
    return app.space.state.people[user]


def page_of(
    items: list[Json], arguments: Arguments, default: int = 100, *, most: int = 1000, strict: bool = False
) -> tuple[list[Json], str]:
    """Return one page and the cursor of the next, empty at the end.

    default, most: items of a page. strict: refuse a limit that is no number up to `most`, as some methods do.
    Raises SlackError: invalid_cursor, and invalid_limit if strict.
    Source: docs.slack.dev/apis/web-api/pagination.
    """
    cursor = arguments.text("cursor", "0") or "0"
    if not cursor.isdecimal():
        raise SlackError("invalid_cursor")
    if strict and arguments.has("limit") and not 0 <= arguments.number("limit", -1) <= most:
        raise SlackError("invalid_limit")
    start = int(cursor)
    limit = max(1, min(arguments.number("limit", default) or default, most))
    following = start + limit
    return items[start:following], str(following) if following < len(items) else ""
