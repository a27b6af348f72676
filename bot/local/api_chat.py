"""chat.* and reactions.*: source: the method pages under docs.slack.dev/reference/methods."""

import json
import re
from typing import Any

from bot.local.app import App
from bot.local.arguments import Arguments
from bot.local.block_kit import check_message, read_json, require_one_table
from bot.local.composer import links_to
from bot.local.errors import SlackError
from bot.local.formatting import normalise
from bot.local.lookup import channel_of, channel_to_post_to, may_post, person_of
from bot.local.state import Channel

Json = dict[str, Any]
MAX_TEXT = 40_000  # chat.postMessage cuts longer text off
MAX_UPDATE_BYTES = 4_000  # chat.update refuses more; slack-facts.md item 51
MAX_MARKDOWN = 12_000
MAX_ATTACHMENTS = 100
MAX_METADATA = 8_000  # unverified figure: slack-facts.md item 48


def content(arguments: Arguments) -> Json:
    """Return what a message would say: text, blocks, attachments, metadata; what isn't given is absent.

    Raises SlackError: no_text, markdown_text_conflict, msg_too_long, too_many_attachments, and what
    check_message raises.
    """
    fields: Json = {}
    if arguments.has("markdown_text"):
        if arguments.has("text") or arguments.has("blocks"):
            raise SlackError("markdown_text_conflict")
        markdown = arguments.text("markdown_text")
        if len(markdown) > MAX_MARKDOWN:
            raise SlackError("msg_too_long")
        fields |= {"text": markdown, "blocks": check_message([{"type": "markdown", "text": markdown}])}
    if arguments.has("text"):
        fields["text"] = normalise(arguments.text("text"))[:MAX_TEXT]
    if arguments.has("blocks"):
        fields["blocks"] = check_message(arguments.values["blocks"])
    if arguments.has("attachments"):
        fields["attachments"] = _attachments(arguments.values["attachments"])
    within = [block for attachment in fields.get("attachments", ()) for block in attachment.get("blocks", ())]
    require_one_table([*fields.get("blocks", ()), *within])
    if arguments.has("metadata"):
        fields["metadata"] = _metadata(arguments.values["metadata"])
    return fields


def require_something(fields: Json) -> None:
    """Raise no_text unless there is text, blocks or attachments."""
    if not any(fields.get(name) for name in ("text", "blocks", "attachments")):
        raise SlackError("no_text")


def thread_of(arguments: Arguments) -> str | None:
    """Return `thread_ts`, if given; raises SlackError invalid_thread_ts unless it reads like a timestamp.

    Whether there is such a message is not asked: Slack then posts at top level. Source: jenkinsci/slack-plugin#584.
    """
    thread_ts = arguments.optional("thread_ts")
    if thread_ts is not None and re.fullmatch(r"\d+\.\d+", thread_ts) is None:
        reason = f"[ERROR] {thread_ts} is not a valid thread_ts"
        raise SlackError("invalid_thread_ts", response_metadata={"messages": [reason]})
    return thread_ts


def _attachments(value: object) -> list[Json]:
    attachments = read_json(value, "invalid_attachments")
    if not isinstance(attachments, list) or not all(isinstance(attachment, dict) for attachment in attachments):
        raise SlackError("invalid_attachments")
    if len(attachments) > MAX_ATTACHMENTS:
        raise SlackError("too_many_attachments")
    checked: list[Json] = []
    for index, attachment in enumerate(attachments):
        pointer = f"/attachments/{index}/blocks"
        more = {"blocks": check_message(attachment["blocks"], pointer=pointer)} if "blocks" in attachment else {}
        checked.append({"id": index + 1, **attachment, **more})
    return checked


def _metadata(value: object) -> Json:
    """Check message metadata; source: docs.slack.dev/messaging/message-metadata."""
    metadata = read_json(value, "invalid_metadata_format")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
        raise SlackError("invalid_metadata_format")
    if not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(metadata)) > MAX_METADATA:
        raise SlackError("metadata_too_large")
    return metadata


def post_message(app: App, arguments: Arguments) -> Json:
    """Post a message as the bot."""
    channel = channel_to_post_to(app, arguments)
    fields = content(arguments)
    require_something(fields)
    app.rate_limits.count_post(channel.id)
    thread_ts = thread_of(arguments)
    broadcast = {"subtype": "thread_broadcast"} if thread_ts and arguments.flag("reply_broadcast") else {}
    text = fields.pop("text", "")
    message = app.space.conversation.say(channel, app.bot.user, text, thread_ts=thread_ts, **broadcast, **fields)
    return {"ok": True, "channel": channel.id, "ts": message["ts"], "message": message}


def update(app: App, arguments: Arguments) -> Json:
    """Change one of the bot's messages; only an empty list takes its blocks away, text alone leaves them.

    Slack's page said in some years that text alone takes them away, and in others that it does not: an app that sends
    the list is right either way.
    """
    channel, message = _own_message(app, arguments, "cant_update_message")
    fields = content(arguments)
    if not {"text", "blocks", "attachments"} & (set(fields) | set(arguments.values)):
        raise SlackError("no_text")
    if len(fields.get("text", "").encode()) > MAX_UPDATE_BYTES:
        raise SlackError("msg_too_long")
    if fields.get("blocks") == []:
        fields["blocks"] = None
    after = app.space.conversation.edit(channel, message["ts"], app.bot.user, fields)
    return {
        "ok": True,
        "channel": channel.id,
        "ts": after["ts"],
        "text": after["text"],
        "message": after,
    }


def delete(app: App, arguments: Arguments) -> Json:
    """Delete one of the bot's messages."""
    channel, message = _own_message(app, arguments, "cant_delete_message")
    app.space.conversation.delete(channel, message["ts"])
    return {"ok": True, "channel": channel.id, "ts": message["ts"]}


def _own_message(app: App, arguments: Arguments, refusal: str) -> tuple[Channel, Json]:
    """Return one of the bot's messages; an ephemeral one can't be found."""
    channel = channel_of(app, arguments)
    message = channel.messages.get(arguments.required("ts"))
    if message is None:
        raise SlackError("message_not_found")
    if message.get("user") != app.bot.user or "bot_id" not in message:
        raise SlackError(refusal)
    return channel, message


def post_ephemeral(app: App, arguments: Arguments) -> Json:
    """Show a message to one member of a channel; in a thread without replies nobody sees it."""
    channel = channel_to_post_to(app, arguments)
    user = person_of(app, arguments.required("user"))
    if user.id not in channel.members:
        raise SlackError("user_not_in_channel")
    fields = content(arguments)
    require_something(fields)
    text = fields.pop("text", "")
    thread_ts = thread_of(arguments)
    root = channel.messages.get(thread_ts or "")
    shown = root is None or bool(root.get("reply_count"))
    message = app.space.conversation.whisper(
        channel, app.bot.user, user.id, text, thread_ts=thread_ts, shown=shown, **fields
    )
    return {"ok": True, "message_ts": message["ts"]}


def get_permalink(app: App, arguments: Arguments) -> Json:
    """Return an address at which the page shows a message; of one in a thread, it opens the thread."""
    channel = channel_of(app, arguments)
    message = channel.messages.get(arguments.required("message_ts"))
    if message is None:
        raise SlackError("message_not_found")
    return {"ok": True, "channel": channel.id, "permalink": permalink(app, channel, message)}


def permalink(app: App, channel: Channel, message: Json) -> str:
    """Return the address at which the page shows a message, in its thread if it is in one."""
    is_reply = message.get("thread_ts", message["ts"]) != message["ts"]
    thread = f"&thread_ts={message['thread_ts']}&cid={channel.id}" if is_reply else ""
    return f"{app.space.config.url}/?channel={channel.id}&ts={message['ts']}{thread}"


def unfurl(app: App, arguments: Arguments) -> Json:
    """Attach previews to links of a message, named by channel and ts or by the unfurl_id of link_shared."""
    if arguments.has("unfurl_id"):
        if arguments.text("source") not in {"composer", "conversations_history"}:
            raise SlackError("invalid_source" if arguments.has("source") else "missing_source")
        channel_id, _, ts = arguments.text("unfurl_id").rpartition("-")
        if channel_id not in app.space.state.channels:
            raise SlackError("invalid_unfurl_id")
    else:
        channel_id, ts = arguments.text("channel"), arguments.text("ts")
        if not channel_id or not ts:
            raise SlackError("missing_ts" if channel_id else "missing_channel")
    channel = app.space.state.channels.get(channel_id)
    if channel is None or app.bot.user not in channel.members:
        raise SlackError("cannot_find_channel")
    if ts not in channel.messages:
        raise SlackError("cannot_find_message")
    previews = _previews(arguments)
    if not set(previews) <= {link["url"] for link in links_to(channel.messages[ts], app.manifest.unfurl_domains)}:
        raise SlackError("cannot_unfurl_url")
    app.space.conversation.unfurl(channel, ts, previews)
    return {"ok": True}


def _previews(arguments: Arguments) -> dict[str, Json]:
    """Return attachments by address; raises SlackError missing_unfurls, invalid_unfurls_format, invalid_blocks."""
    if not arguments.has("unfurls"):
        raise SlackError("missing_unfurls")
    unfurls = read_json(arguments.values["unfurls"], "invalid_unfurls_format")
    if not isinstance(unfurls, dict) or not all(isinstance(preview, dict) for preview in unfurls.values()):
        raise SlackError("invalid_unfurls_format")
    return dict(zip(unfurls, _attachments(list(unfurls.values())), strict=True))


def get_reactions(app: App, arguments: Arguments) -> Json:
    """Return a message with its reactions."""
    if not arguments.has("channel") or not arguments.has("timestamp"):
        raise SlackError("no_item_specified")
    channel = channel_of(app, arguments)
    message = channel.messages.get(arguments.text("timestamp"))
    if message is None:
        raise SlackError("message_not_found")
    kept = ("type", "text", "user", "ts", "team", "reactions")
    about = {name: message[name] for name in kept if name in message}
    about["permalink"] = permalink(app, channel, message)
    return {"ok": True, "type": "message", "channel": channel.id, "message": about}


def add_reaction(app: App, arguments: Arguments) -> Json:
    """React to a message as the bot."""
    channel, message, name = _reaction(app, arguments)
    if app.bot.user in _reactors(message, name):
        raise SlackError("already_reacted")
    app.space.conversation.react(channel, message["ts"], app.bot.user, name)
    return {"ok": True}


def remove_reaction(app: App, arguments: Arguments) -> Json:
    """Take the bot's reaction back."""
    channel, message, name = _reaction(app, arguments)
    if app.bot.user not in _reactors(message, name):
        raise SlackError("no_reaction")
    app.space.conversation.react(channel, message["ts"], app.bot.user, name, remove=True)
    return {"ok": True}


def _reaction(app: App, arguments: Arguments) -> tuple[Channel, Json, str]:
    channel = channel_of(app, arguments)
    may_post(app, channel)
    message = channel.messages.get(arguments.required("timestamp"))
    if message is None:
        raise SlackError("message_not_found")
    name = arguments.required("name").strip(":")
    if not name.replace("_", "").replace("-", "").replace("+", "").isalnum():
        raise SlackError("invalid_name")
    return channel, message, name


def _reactors(message: Json, name: str) -> list[str]:
    return [user for reaction in message.get("reactions", ()) if reaction["name"] == name for user in reaction["users"]]
