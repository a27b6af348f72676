"""views.* and blocks.validate: source: the method pages under docs.slack.dev/reference/methods."""

from typing import Any

from bot.local.app import App
from bot.local.arguments import Arguments
from bot.local.block_kit import block_problems, read_json, view_problems
from bot.local.errors import SlackError
from bot.local.lookup import person_of

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
    """Judge blocks, a message or a view without posting them; needs no token. slack-facts.md item 42."""
    if arguments.has("view"):
        problems = view_problems(read_json(arguments.values["view"], "invalid_json"))
    else:
        message = read_json(arguments.values.get("message", {}), "invalid_json")
        given = message.get("blocks") if isinstance(message, dict) else None
        blocks = read_json(arguments.values.get("blocks", given), "invalid_blocks_format")
        if not isinstance(blocks, list):
            raise SlackError("invalid_blocks_format")
        problems = block_problems(blocks, "message")
    if not problems:
        return {"ok": True}
    errors = [{"code": "invalid", "message": problem.message, "pointer": problem.pointer} for problem in problems]
    raise SlackError("invalid_blocks", errors=errors)
