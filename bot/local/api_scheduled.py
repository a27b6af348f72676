"""Messages that are posted later: source: the pages of chat.scheduleMessage and its sisters."""

import asyncio
from typing import Any

from bot.local.api_chat import content, require_something, thread_of
from bot.local.app import App
from bot.local.arguments import Arguments
from bot.local.errors import SlackError
from bot.local.ids import object_id
from bot.local.lookup import channel_of, channel_to_post_to, page_of
from bot.local.scheduled import Scheduled
from bot.local.state import Channel

Json = dict[str, Any]
FURTHEST = 120 * 86_400  # seconds ahead
MOST, WINDOW = 30, 300.0  # messages to one channel, within so many seconds


def schedule(app: App, arguments: Arguments) -> Json:
    """Post a message at `post_at`, a Unix time in whole seconds up to 120 days ahead."""
    channel = channel_to_post_to(app, arguments)
    fields = content(arguments)
    require_something(fields)
    thread_ts = thread_of(arguments)
    post_at = _time(app, arguments)
    alike = [scheduled.entry for scheduled in app.scheduled.values() if scheduled.entry["channel_id"] == channel.id]
    if sum(abs(entry["post_at"] - post_at) < WINDOW for entry in alike) >= MOST:
        raise SlackError("restricted_too_many")
    scheduled_id = object_id("Q")
    text = fields.pop("text", "")
    message = {"thread_ts": thread_ts, **fields}
    task = asyncio.create_task(_post(app, scheduled_id, channel, post_at, text, message))
    entry = {"id": scheduled_id, "channel_id": channel.id, "post_at": post_at, "text": text}
    app.scheduled[scheduled_id] = Scheduled({**entry, "date_created": int(app.space.config.clock())}, task)
    shown = {"text": text, "type": "delayed_message", "subtype": "bot_message", "bot_id": app.bot.id, **fields}
    answer = {"channel": channel.id, "scheduled_message_id": scheduled_id, "post_at": post_at}
    return {"ok": True, **answer, "message": shown}


def _time(app: App, arguments: Arguments) -> int:
    """Return post_at; raises SlackError invalid_time, time_in_past, time_too_far."""
    post_at = arguments.required("post_at")
    if not post_at.isdecimal():
        raise SlackError("invalid_time")
    ahead = int(post_at) - app.space.config.clock()
    if ahead <= 0:
        raise SlackError("time_in_past")
    if ahead > FURTHEST:
        raise SlackError("time_too_far")
    return int(post_at)


async def _post(app: App, scheduled_id: str, channel: Channel, post_at: int, text: str, message: Json) -> None:
    await asyncio.sleep(post_at - app.space.config.clock())
    del app.scheduled[scheduled_id]
    if not channel.archived and app.bot.user in channel.members:
        app.space.conversation.say(channel, app.bot.user, text, **message)


def delete(app: App, arguments: Arguments) -> Json:
    """Take a message back before it is posted."""
    channel = channel_of(app, arguments)
    scheduled_id = arguments.required("scheduled_message_id")
    scheduled = app.scheduled.get(scheduled_id)
    if scheduled is None or scheduled.entry["channel_id"] != channel.id:
        raise SlackError("invalid_scheduled_message_id")
    scheduled.task.cancel()
    del app.scheduled[scheduled_id]
    return {"ok": True}


def list_scheduled(app: App, arguments: Arguments) -> Json:
    """List what waits, the next first, in one channel or in all."""
    wanted = arguments.optional("channel")
    if wanted is not None and wanted not in app.space.state.channels:
        raise SlackError("invalid_channel")
    entries = [
        scheduled.entry for scheduled in app.scheduled.values() if wanted in {None, scheduled.entry["channel_id"]}
    ]
    page, cursor = page_of(sorted(entries, key=lambda entry: int(entry["post_at"])), arguments)
    return {"ok": True, "scheduled_messages": page, "response_metadata": {"next_cursor": cursor}}
