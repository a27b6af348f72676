"""files.*, and the two addresses beside the Web API to which bytes are posted and from which they are fetched.

Source: the method pages under docs.slack.dev/reference/methods; slack-facts.md item 47.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.local.api_chat import thread_of
from bot.local.app import App
from bot.local.arguments import Arguments
from bot.local.block_kit import check_message, read_json
from bot.local.errors import SlackError
from bot.local.files import File, Files
from bot.local.formatting import normalise
from bot.local.lookup import channel_of, may_post
from bot.local.state import Channel

Json = dict[str, Any]
MAX_ALT_TEXT = 1000


def get_upload_url(app: App, arguments: Arguments) -> Json:
    """Announce a file of a length in bytes; returns where it is to be uploaded."""
    name, length = arguments.required("filename"), arguments.number("length", 0)
    if length <= 0:
        raise SlackError("missing_argument")
    alt_txt = arguments.text("alt_txt")
    if len(alt_txt) > MAX_ALT_TEXT:
        raise SlackError("alt_txt_too_large")
    created = int(app.space.config.clock())
    file, upload_url = app.space.files.announce(name, length, app.bot.user, created, alt_txt)
    return {"ok": True, "upload_url": upload_url, "file_id": file.id}


def complete_upload(app: App, arguments: Arguments) -> Json:
    """Finish uploads, and share the files in a channel or thread if asked; the message comes a moment later.

    The answer doesn't say where it is, as Slack's doesn't.
    """
    files = _uploaded(app, arguments)
    answer = {"ok": True, "files": [{"id": file.id, "title": file.title} for file in files]}
    if not arguments.has("channel_id"):
        return answer
    channel = channel_of(app, Arguments({"channel": arguments.text("channel_id")}))
    may_post(app, channel)
    thread_ts = thread_of(arguments)
    blocks = check_message(arguments.values["blocks"]) if arguments.has("blocks") else None
    comment = normalise(arguments.text("initial_comment"))
    asyncio.get_running_loop().call_soon(_share, app, channel, files, comment, blocks, thread_ts)
    return answer


def _uploaded(app: App, arguments: Arguments) -> list[File]:
    """Return the files that `files` names, with their titles; raises SlackError file_not_found."""
    arguments.required("files")
    named = read_json(arguments.values["files"], "invalid_arguments")
    files: list[File] = []
    for entry in named if isinstance(named, list) else []:
        file = app.space.files.get(str(entry.get("id"))) if isinstance(entry, dict) else None
        if file is None or file.user != app.bot.user:
            raise SlackError("file_not_found")
        file.title = str(entry.get("title") or file.name)
        files.append(file)
    if not files:
        raise SlackError("file_not_found")
    return files


def _share(
    app: App, channel: Channel, files: list[File], comment: str, blocks: list[Json] | None, thread_ts: str | None
) -> None:
    for file in files:
        file.channels.append(channel.id)
    described = [app.space.files.described(file) for file in files]
    more = {"blocks": blocks, "files": described, "upload": True}
    app.space.conversation.say(channel, app.bot.user, comment, thread_ts=thread_ts, **more)


def info(app: App, arguments: Arguments) -> Json:
    """Describe a file."""
    file = app.space.files.get(arguments.required("file"))
    if file is None:
        raise SlackError("file_not_found")
    return {"ok": True, "file": app.space.files.described(file)}


def receiver(files: Files) -> Callable[[web.Request], Any]:
    """Return the handler to which the bytes of an announced file are posted, as they are or as a form's only file."""

    async def receive(request: web.Request) -> web.Response:
        if request.content_type.startswith("multipart/"):
            [part, *_] = [part for part in (await request.post()).values() if isinstance(part, web.FileField)]
            content = part.file.read()
        else:
            content = await request.read()
        if not files.receive(request.match_info["key"], content):
            return web.Response(status=400, text="Nothing of this length was announced here.")
        return web.Response(text=f"OK - {len(content)}")

    return receive


def sender(files: Files, is_bot: Callable[[str], bool]) -> Callable[[web.Request], Any]:
    """Return the handler of url_private: the page and whoever has a bot token get the file, others a page."""

    async def send(request: web.Request) -> web.Response:
        file = files.get(request.match_info["file"])
        if file is None:
            raise web.HTTPNotFound(text="There is no such file.")
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        own_page = request.headers.get("Sec-Fetch-Site") == "same-origin"
        if not own_page and not (scheme.lower() == "bearer" and is_bot(token)):
            raise web.HTTPFound("/")
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
        return web.Response(body=file.content, content_type=file.mimetype, headers=headers)

    return send
