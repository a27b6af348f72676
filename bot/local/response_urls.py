"""`/response/<team>/<app>/<key>`: answering where a person acted, five times within half an hour.

The bot need not be a member there.

Source: docs.slack.dev/interactivity/handling-user-interaction ("Message responses"); slack-facts.md item 56.
"""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.local.api_chat import content, require_something
from bot.local.app import App
from bot.local.arguments import Arguments
from bot.local.errors import SlackError
from bot.local.permits import Reply

Json = dict[str, Any]


def handler(app: App) -> Callable[[web.Request], Any]:
    """Return the aiohttp handler of an app's `/response/<team>/<app>/<key>`."""

    async def answer(request: web.Request) -> web.Response:
        sent: Json = {}
        try:
            arguments = await Arguments.read(request)
            sent = arguments.values
            fault = app.space.faults.strike("response_url")
            if fault is None or fault.done:
                respond(app, app.permits.use_reply(request.match_info["key"]), arguments)
            if fault:
                raise app.space.faults.refuse(fault)
        except SlackError as refusal:
            status = refusal.status if refusal.status != 200 else 400
            app.space.traffic.record(
                app.bot.app, "from_bot", "api", "response_url", refusal.code, request=sent, response=refusal.body()
            )
            return web.json_response(refusal.body(), status=status, headers=refusal.headers)
        app.space.traffic.record(app.bot.app, "from_bot", "api", "response_url", "ok", request=sent)
        return web.json_response({"ok": True})

    return answer


def respond(app: App, reply: Reply, arguments: Arguments) -> None:
    """Post, replace or delete, as asked.

    Without response_type the answer is ephemeral; an ephemeral original is replaced unless
    replace_original says no, any other is kept unless it says yes. A command has no original.
    """
    in_channel = arguments.text("response_type") == "in_channel"
    default = reply.ephemeral and not in_channel
    original = reply.message_ts
    if original is not None and arguments.flag("delete_original"):
        _delete(app, reply, original)
        return
    fields = content(arguments)
    require_something(fields)
    if original is not None and arguments.flag("replace_original", default=default):
        _replace(app, reply, original, fields)
        return
    channel = app.space.state.channels[reply.channel]
    text = fields.pop("text", "")
    thread_ts = arguments.optional("thread_ts")
    if in_channel:
        app.space.conversation.say(channel, app.bot.user, text, thread_ts=thread_ts, **fields)
    else:
        app.space.conversation.whisper(channel, app.bot.user, reply.user, text, thread_ts=thread_ts, **fields)


def _replace(app: App, reply: Reply, original: str, changes: Json) -> None:
    fields = {"text": "", "blocks": None, "attachments": None, **changes}
    channel = app.space.state.channels[reply.channel]
    if reply.ephemeral:
        app.space.conversation.replace_whisper(channel, reply.user, original, fields)
    elif original in channel.messages:
        app.space.conversation.edit(channel, original, app.bot.user, fields)
    else:
        raise SlackError("message_not_found", status=404)


def _delete(app: App, reply: Reply, original: str) -> None:
    channel = app.space.state.channels[reply.channel]
    if reply.ephemeral:
        app.space.conversation.replace_whisper(channel, reply.user, original, None)
    elif original in channel.messages:
        app.space.conversation.delete(channel, original)
    else:
        raise SlackError("message_not_found", status=404)
