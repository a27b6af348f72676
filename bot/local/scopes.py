"""Which scope an event or a conversation needs.

Source: the scope lists on docs.slack.dev/reference/methods and …/events; slack-facts.md item 70. The scopes of a
method stand beside the method.
"""

from bot.local.errors import SlackError
from bot.local.state import Kind

HISTORY: dict[Kind, str] = {
    "channel": "channels:history",
    "group": "groups:history",
    "im": "im:history",
    "mpim": "mpim:history",
}
READ: dict[Kind, str] = {
    "channel": "channels:read",
    "group": "groups:read",
    "im": "im:read",
    "mpim": "mpim:read",
}
MANAGE: dict[Kind, tuple[str, ...]] = {
    "channel": ("channels:manage",),
    "group": ("groups:write",),
    "im": ("im:write",),
    "mpim": ("mpim:write",),
}
MESSAGE_EVENT: dict[Kind, str] = {
    "channel": "message.channels",
    "group": "message.groups",
    "im": "message.im",
    "mpim": "message.mpim",
}


def needed_by(event: str, kind: Kind | None) -> str | None:
    """Return the scope a subscription needs, or None if it needs none."""
    if event.startswith("message."):
        return HISTORY[kind] if kind else None
    if event.startswith("member_") and kind:
        return READ[kind]
    fixed = {
        "app_mention": "app_mentions:read",
        "channel_archive": "channels:read",
        "channel_left": "channels:read",
        "channel_unarchive": "channels:read",
        "group_archive": "groups:read",
        "group_left": "groups:read",
        "group_unarchive": "groups:read",
        "link_shared": "links:read",
        "reaction_added": "reactions:read",
        "reaction_removed": "reactions:read",
    }
    return fixed.get(event)


def require(granted: tuple[str, ...], *any_of: str) -> None:
    """Raise missing_scope, with Slack's `needed` and `provided`, unless one of the scopes is granted."""
    if any_of and not set(any_of) & set(granted):
        raise SlackError("missing_scope", needed=",".join(any_of), provided=",".join(granted))
