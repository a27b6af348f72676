"""`/response/<key>`: answering where a person acted, five times within half an hour, even where the bot isn't a member.

Source: docs.slack.dev/interactivity/handling-user-interaction ("Message responses"); slack-facts.md item 56.
"""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.local.api_chat import content, require_something
from bot.local.arguments import Arguments
from bot.local.errors import SlackError
from bot.local.permits import Reply
from bot.local.space import Space

Json = dict[str, Any]


def handler(space: Space) -> Callable[[web.Request], Any]:
    """Return the aiohttp handler of `/response/<key>`."""

    async def answer(request: web.Request) -> web.Response:
        sent: Json = {}
        try:
            arguments = await Arguments.read(request)
            sent = arguments.values
            if fault := space.faults.strike("response_url"):
                raise space.faults.refuse(fault)
            reply = space.permits.use_reply(request.match_info["key"])
            respond(space, reply, arguments)
        except SlackError as refusal:
            status = refusal.status if refusal.status != 200 else 400
            space.traffic.record("from_bot", "api", "response_url", refusal.code, request=sent, response=refusal.body())
            return web.json_response(refusal.body(), status=status, headers=refusal.headers)
        space.traffic.record("from_bot", "api", "response_url", "ok", request=sent)
        return web.json_response({"ok": True})

    return answer


def respond(space: Space, reply: Reply, arguments: Arguments) -> None:
    """Post, replace or delete, as asked.

    Without response_type the answer is ephemeral; an ephemeral original is replaced unless
    replace_original says no, any other is kept unless it says yes. A command has no original.
    """
    in_channel = arguments.text("response_type") == "in_channel"
    default = reply.ephemeral and not in_channel
    original = reply.message_ts
    if original is not None and arguments.flag("delete_original"):
        _delete(space, reply, original)
        return
    given = content(arguments)
    require_something(given)
    if original is not None and arguments.flag("replace_original", default=default):
        _replace(space, reply, original, given)
        return
    channel = space.state.channels[reply.channel]
    text = given.pop("text", "")
    thread_ts = arguments.optional("thread_ts")
    if in_channel:
        space.conversation.say(channel, space.state.bot_user, text, thread_ts=thread_ts, **given)
    else:
        space.conversation.whisper(channel, reply.user, text, thread_ts=thread_ts, **given)


def _replace(space: Space, reply: Reply, original: str, given: Json) -> None:
    fields = {"text": "", "blocks": None, "attachments": None, **given}
    channel = space.state.channels[reply.channel]
    if reply.ephemeral:
        space.conversation.replace_whisper(channel, reply.user, original, fields)
    elif original in channel.messages:
        space.conversation.edit(channel, original, space.state.bot_user, fields)
    else:
        raise SlackError("message_not_found", status=404)


def _delete(space: Space, reply: Reply, original: str) -> None:
    channel = space.state.channels[reply.channel]
    if reply.ephemeral:
        space.conversation.replace_whisper(channel, reply.user, original, None)
    elif original in channel.messages:
        space.conversation.delete(channel, original)
    else:
        raise SlackError("message_not_found", status=404)
