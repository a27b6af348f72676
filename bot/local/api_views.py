"""views.* and blocks.validate: source: the method pages under docs.slack.dev/reference/methods."""

from collections.abc import Callable
from typing import Any

from bot.local.app import App
from bot.local.arguments import Arguments
from bot.local.block_kit import block_problems, read_json, view_problems
from bot.local.errors import SlackError
from bot.local.lookup import person_of
from bot.local.schema import Problem, Problems

Json = dict[str, Any]


def open_view(app: App, arguments: Arguments) -> Json:
    """Open a modal for the person whose action gave the trigger_id."""
    view = _view(arguments)
    trigger = app.permits.redeem(arguments.required("trigger_id"))
    return {"ok": True, "view": app.space.views.open(app.bot, trigger, view)}


def push_view(app: App, arguments: Arguments) -> Json:
    """Put a modal on top of the one in which the person acted."""
    view = _view(arguments)
    trigger = app.permits.redeem(arguments.required("trigger_id"))
    return {"ok": True, "view": app.space.views.push(app.bot, trigger.user, view)}


def update_view(app: App, arguments: Arguments) -> Json:
    """Replace an open modal, named by view_id or external_id."""
    view = _view(arguments)
    if arguments.has("external_id"):
        view_id = app.space.views.by_external_id(app.bot, arguments.text("external_id"))
    else:
        view_id = arguments.required("view_id")
    return {"ok": True, "view": app.space.views.update(app.bot, view_id, view, arguments.optional("hash"))}


def publish_view(app: App, arguments: Arguments) -> Json:
    """Set what a person's Home tab of the app shows."""
    if not app.manifest.home_enabled:
        raise SlackError("not_enabled")
    user = person_of(app, arguments.required("user_id"))
    view = app.space.views.publish(app.bot, user.id, _view(arguments), arguments.optional("hash"))
    return {"ok": True, "view": view}


def _view(arguments: Arguments) -> object:
    arguments.required("view")
    return arguments.values["view"]


def validate_blocks(app: App, arguments: Arguments) -> Json:  # noqa: ARG001 - methods share one signature
    """Judge the form of blocks, a message or a view without posting them; needs no token.

    A message has blocks and attachments, and no text (slackapi/java-slack-sdk#1622). Pointers begin in the argument.
    """
    provided = [name for name in ("blocks", "view", "message") if arguments.has(name)]
    if len(provided) != 1:
        reason = "must provide exactly one of `blocks`, `view`, or `message`"
        raise SlackError("invalid_arguments", response_metadata={"messages": [reason]})
    [name] = provided
    value = read_json(arguments.values[name], "invalid_json")
    problems = _problems_of[name](value)
    if not problems:
        return {"ok": True}
    errors = [
        {"code": "failed_constraint", "message": problem.message, "pointer": problem.pointer} for problem in problems
    ]
    raise SlackError(f"invalid_{name}", errors=errors)


def _blocks_problems(blocks: object, pointer: str = "") -> Problems:
    if not isinstance(blocks, list):
        return [Problem("must provide an array", pointer)]
    return block_problems(blocks, "message", pointer)


def _message_problems(message: object) -> Problems:
    if not isinstance(message, dict):
        return [Problem("must provide an object", "")]
    unknown = [Problem("no more fields allowed", f"/{name}") for name in message.keys() - {"blocks", "attachments"}]
    attached: Problems = []
    for index, attachment in enumerate(message.get("attachments", [])):
        if isinstance(attachment, dict) and "blocks" in attachment:
            attached += _blocks_problems(attachment["blocks"], f"/attachments/{index}/blocks")
    return [*unknown, *_blocks_problems(message.get("blocks", []), "/blocks"), *attached]


def _view_problems(view: object) -> Problems:
    return [Problem(problem.message, problem.pointer.removeprefix("/view")) for problem in view_problems(view)]


_problems_of: dict[str, Callable[[Any], Problems]] = {
    "blocks": _blocks_problems,
    "message": _message_problems,
    "view": _view_problems,
}
