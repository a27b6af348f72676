"""Whole messages and views: what Slack refuses beyond the shape of a single block."""

import json
from collections.abc import Iterator
from typing import Any, Literal

from bot.local.block_schema import BLOCKS, VIEWS
from bot.local.element_schema import INTERACTIVE
from bot.local.errors import SlackError
from bot.local.formatting import normalise
from bot.local.ids import unique
from bot.local.schema import Problem, Problems, by_type

Json = dict[str, Any]
Surface = Literal["message", "modal", "home"]

MAX_BLOCKS = {"message": 50, "modal": 100, "home": 100}  # docs.slack.dev/reference/block-kit/blocks
# msg_blocks_too_long: Slack's staff say "12,000 with a buffer" (bolt-js#2509), 11,341 were refused once (#2867).
MAX_BLOCK_TEXT = 11_000
MAX_MARKDOWN = 12_000  # all markdown blocks together: …/blocks/markdown-block
MAX_TABLE_TEXT = {"table": 10_000, "data_table": 20_000}  # …/blocks/table-block, …/data-table-block
MAX_CHARTS = 2  # …/blocks/data-visualization-block
MAX_VIEW_BYTES = 250_000  # slack-facts.md, part 3: view_too_large

# Where a block may not stand: docs.slack.dev/blocks.json ("available-in-surfaces"), slack-facts.md item 40.
# `file` can't be sent by an app at all.
NOT_ON: dict[Surface, frozenset[str]] = {
    "message": frozenset({"alert", "file"}),
    "modal": frozenset(
        {
            "card", "carousel", "container", "context_actions", "data_table", "data_visualization",
            "file", "markdown", "plan", "table", "task_card",
        }
    ),
    "home": frozenset(
        {"alert", "context_actions", "data_visualization", "file", "markdown", "plan", "table", "task_card"}
    ),
}  # fmt: skip


def read_json(value: object, code: str) -> Any:
    """Decode an argument that may come as JSON text (form posts) or as JSON; raises SlackError(code)."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise SlackError(code) from None


def check_message(blocks: object, *, pointer: str = "/blocks") -> list[Json]:
    """Return a message's blocks with the ids Slack would add; refuse what Slack refuses.

    Raises SlackError: invalid_blocks_format if it isn't an array of objects, msg_blocks_too_long above
    11,000 characters, invalid_attachments for a second table, invalid_blocks for everything else.
    """
    blocks = read_json(blocks, "invalid_blocks_format")
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise SlackError("invalid_blocks_format")
    problems = block_problems(blocks, "message", pointer)
    if problems:
        raise SlackError("invalid_blocks", **_explain(problems))
    require_one_table(blocks, pointer)
    if text_length(blocks) > MAX_BLOCK_TEXT:
        raise SlackError("msg_blocks_too_long")
    return with_ids(blocks)


def require_one_table(blocks: list[Json], pointer: str = "/blocks") -> None:
    """Raise SlackError invalid_attachments, Slack's word for it, where there is a second table."""
    if sum(block["type"] in MAX_TABLE_TEXT for block in walk(blocks)) > 1:
        raise SlackError("invalid_attachments", **_explain([Problem("only_one_table_allowed", pointer)]))


def check_view(view: object, allowed: tuple[str, ...]) -> Json:
    """Return a view with ids filled in; raises SlackError with Slack's invalid_arguments and its reasons."""
    view = read_json(view, "invalid_arguments")
    if len(json.dumps(view)) > MAX_VIEW_BYTES:
        raise SlackError("view_too_large")
    problems = view_problems(view, allowed)
    if problems or not isinstance(view, dict):
        raise SlackError("invalid_arguments", **_explain(problems))
    return {**with_defaults({**view, "blocks": []}), "blocks": with_ids(view["blocks"])}


def view_problems(view: object, allowed: tuple[str, ...] = ("modal", "home")) -> Problems:
    """List what Slack dislikes about a view of one of the allowed types."""
    problems: Problems = []
    by_type({name: VIEWS[name] for name in allowed})(view, "/view", problems)
    if not isinstance(view, dict) or not isinstance(view.get("blocks"), list):
        return problems
    surface: Surface = "home" if view.get("type") == "home" else "modal"
    blocks = [block for block in view["blocks"] if isinstance(block, dict)]
    problems.extend(_across(blocks, surface, "/view/blocks"))
    if surface == "modal" and "submit" not in view and any(b.get("type") == "input" for b in blocks):
        # docs.slack.dev/reference/views/modal-views: required when a block is an input
        problems.append(Problem("missing required field: submit", "/view"))
    return problems


def block_problems(blocks: list[Any], surface: Surface, pointer: str = "/blocks") -> Problems:
    """List what Slack dislikes about a list of blocks on a surface, in order."""
    problems: Problems = []
    if len(blocks) > MAX_BLOCKS[surface]:
        problems.append(Problem(f"no more than {MAX_BLOCKS[surface]} items allowed", pointer))
    check = by_type(BLOCKS)
    for index, block in enumerate(blocks):
        check(block, f"{pointer}/{index}", problems)
    problems.extend(_across([block for block in blocks if isinstance(block, dict)], surface, pointer))
    return problems


def _across(blocks: list[Json], surface: Surface, pointer: str) -> Iterator[Problem]:
    """Find problems that depend on the surface or on other blocks, and not on one block alone."""
    everything = list(walk(blocks))
    for index, block in enumerate(blocks):
        yield from (
            Problem(f"unsupported type: {inner.get('type')}", f"{pointer}/{index}/type")
            for inner in walk([block])
            if inner.get("type") in NOT_ON[surface]
        )
    named = [block["block_id"] for block in everything if isinstance(block.get("block_id"), str)]
    yield from (Problem(f"block_id already exists: {name}", pointer) for name in _repeated(named))
    for block in everything:
        actions = [element["action_id"] for element in elements(block) if isinstance(element.get("action_id"), str)]
        yield from (Problem(f"action_id already exists: {name}", pointer) for name in _repeated(actions))
    for kind, limit in MAX_TABLE_TEXT.items():
        if text_length([block.get("rows") for block in everything if block.get("type") == kind]) > limit:
            yield Problem(f"must be less than {limit + 1} characters", pointer)
    if text_length([block for block in everything if block.get("type") == "markdown"]) > MAX_MARKDOWN:
        yield Problem(f"must be less than {MAX_MARKDOWN + 1} characters", pointer)
    if sum(block.get("type") == "data_visualization" for block in everything) > MAX_CHARTS:
        yield Problem(f"no more than {MAX_CHARTS} data_visualization blocks allowed", pointer)
    if sum(element.get("focus_on_load") is True for block in everything for element in elements(block)) > 1:
        yield Problem("only one element may set focus_on_load", pointer)


def _repeated(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _explain(problems: Problems) -> Json:
    """Return Slack's two lists of reasons."""
    return {
        "errors": [str(problem) for problem in problems],
        "response_metadata": {"messages": [f"[ERROR] {problem}" for problem in problems]},
    }


def walk(blocks: list[Json]) -> Iterator[Json]:
    """Yield blocks in reading order, those inside containers and carousels too."""
    for block in blocks:
        yield block
        for inside in ("child_blocks", "elements"):
            children = block.get(inside) if block.get("type") in {"container", "carousel"} else None
            if isinstance(children, list):
                yield from walk([child for child in children if isinstance(child, dict)])


def elements(block: Json) -> list[Json]:
    """Return a block's interactive elements."""
    kind = block.get("type")
    candidates: list[Any] = []
    if kind in {"actions", "context_actions"} and isinstance(block.get("elements"), list):
        candidates = block["elements"]
    elif kind == "card" and isinstance(block.get("actions"), list):
        candidates = block["actions"]
    elif kind == "section":
        candidates = [block.get("accessory")]
    elif kind == "input":
        candidates = [block.get("element")]
    return [
        candidate for candidate in candidates if isinstance(candidate, dict) and candidate.get("type") in INTERACTIVE
    ]


def text_length(value: object) -> int:
    """Count the characters of every `text` inside a JSON value."""
    if isinstance(value, dict):
        return sum(
            len(inner) if name == "text" and isinstance(inner, str) else text_length(inner)
            for name, inner in value.items()
        )
    return sum(map(text_length, value)) if isinstance(value, list) else 0


def with_defaults(value: Any) -> Any:
    """Copy a JSON value with its text objects as Slack returns them: mrkdwn with entities, `verbatim`, `emoji`."""
    if isinstance(value, list):
        return [with_defaults(item) for item in value]
    if not isinstance(value, dict):
        return value
    copied = {name: with_defaults(inner) for name, inner in value.items()}
    if value.get("type") == "mrkdwn" and isinstance(value.get("text"), str):
        return {"verbatim": False, **copied, "text": normalise(value["text"])}
    return {**copied, "emoji": value.get("emoji", True)} if value.get("type") == "plain_text" else copied


def with_ids(blocks: list[Json]) -> list[Json]:
    """Copy blocks, giving a block_id and action_id to everything that has none, as Slack does."""
    copied: list[Json] = with_defaults(blocks)
    for block in walk(copied):
        block.setdefault("block_id", unique()[:5])
        for element in elements(block):
            element.setdefault("action_id", unique()[:5])
    return copied
