"""Slack's blocks and views, with rich text, tables and charts, field by field; elements are in `element_schema`.

Source: the pages under docs.slack.dev/reference/block-kit and docs.slack.dev/reference/views, in our own reading;
limits as in slack-facts.md, part 3. Names below follow the pages.
"""

from bot.local.element_schema import (
    ANY_TEXT,
    BUTTON,
    CONTEXT_ACTIONS,
    ID,
    IMAGE_ELEMENT,
    IMAGE_URL,
    IN_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    SLACK_FILE,
    URL,
    plain_text,
    text,
)
from bot.local.schema import (
    Check,
    Problem,
    Problems,
    both,
    by_type,
    choice,
    flag,
    items,
    nullable,
    number,
    shape,
    string,
)

# Rich text
STYLE = shape(
    {},
    dict.fromkeys(("bold", "italic", "strike", "underline", "code", "highlight", "client_highlight", "unlink"), flag),
)
_RICH: dict[str, Check] = {"style": STYLE}
RICH_ELEMENT = by_type(
    {
        "text": shape({"type": ANY_TEXT, "text": string()}, _RICH),
        "link": shape({"type": ANY_TEXT, "url": ANY_TEXT}, {"text": ANY_TEXT, "unsafe": flag, **_RICH}),
        "user": shape({"type": ANY_TEXT, "user_id": ANY_TEXT}, _RICH),
        "usergroup": shape({"type": ANY_TEXT, "usergroup_id": ANY_TEXT}, _RICH),
        "channel": shape({"type": ANY_TEXT, "channel_id": ANY_TEXT}, _RICH),
        "team": shape({"type": ANY_TEXT, "team_id": ANY_TEXT}, _RICH),
        "emoji": shape(
            {"type": ANY_TEXT, "name": ANY_TEXT},
            {"unicode": ANY_TEXT, "skin_tone": number(1, 6, whole=True), **_RICH},
        ),
        "broadcast": shape({"type": ANY_TEXT, "range": choice("here", "channel", "everyone")}, _RICH),
        "color": shape({"type": ANY_TEXT, "value": ANY_TEXT}, _RICH),
        "date": shape(
            {"type": ANY_TEXT, "timestamp": number(0, whole=True), "format": ANY_TEXT},
            {"url": URL, "fallback": ANY_TEXT, **_RICH},
        ),
    }
)
_LEAVES = items(RICH_ELEMENT, least=0)
_BORDER = choice(0, 1)
RICH_SECTION = shape({"type": ANY_TEXT, "elements": _LEAVES})
RICH_TEXT = shape(
    {
        "type": ANY_TEXT,
        "elements": items(
            by_type(
                {
                    "rich_text_section": RICH_SECTION,
                    "rich_text_list": shape(
                        {
                            "type": ANY_TEXT,
                            "style": choice("bullet", "ordered"),
                            "elements": items(by_type({"rich_text_section": RICH_SECTION})),
                        },
                        {
                            "indent": number(0, whole=True),
                            "offset": number(0, whole=True),
                            "border": _BORDER,
                        },
                    ),
                    "rich_text_quote": shape({"type": ANY_TEXT, "elements": _LEAVES}, {"border": _BORDER}),
                    "rich_text_preformatted": shape(
                        {"type": ANY_TEXT, "elements": _LEAVES}, {"border": _BORDER, "language": ANY_TEXT}
                    ),
                }
            )
        ),
    },
    {"block_id": ID},
)

# Table cells: an empty raw_text is refused and takes the whole message with it (vercel/chat#373)
CELL = by_type(
    {
        "raw_text": shape({"type": ANY_TEXT, "text": string()}, {"emoji": flag}),
        "raw_number": shape({"type": ANY_TEXT, "value": number()}, {"text": string()}),
        "rich_text": RICH_TEXT,
    }
)
PLAIN_CELL = by_type(
    {
        "raw_text": shape({"type": ANY_TEXT, "text": string()}, {"emoji": flag}),
        "raw_number": shape({"type": ANY_TEXT, "value": number()}, {"text": string()}),
    }
)
_HEADER_ROW = items(PLAIN_CELL, 20)


def _data_table_is_even(value: object, at: str, problems: Problems) -> None:
    """The header has no rich text, all rows are of one length, and the row header is a column."""
    rows = value.get("rows") if isinstance(value, dict) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows):
        return
    _HEADER_ROW(rows[0], f"{at}/rows/0", problems)
    if len({len(row) for row in rows}) > 1:
        problems.append(Problem("all rows must have the same number of values", f"{at}/rows"))
    named = value.get("row_header_column_index", 0) if isinstance(value, dict) else 0
    if isinstance(named, int) and named >= len(rows[0]):
        problems.append(Problem("must be the index of a column", f"{at}/row_header_column_index"))


# Charts, as on the page of the data visualization block
_POINT = shape({"label": string(20), "value": number()})
_SERIES = shape({"name": string(20), "data": items(_POINT, 20)})
_AXIS = shape({"categories": items(string(20), 20)}, {"x_label": string(50), "y_label": string(50)})
_CARTESIAN = shape({"type": ANY_TEXT, "series": items(_SERIES, 12), "axis_config": _AXIS})


def _series_match_axis(value: object, at: str, problems: Problems) -> None:
    """Series have names of their own, and one point for every category."""
    if not isinstance(value, dict):
        return
    try:
        categories = sorted(value["axis_config"]["categories"])
        names = [series["name"] for series in value["series"]]
        labels = [sorted(point["label"] for point in series["data"]) for series in value["series"]]
    except (KeyError, TypeError):
        return  # the shape is wrong, which has been reported already
    if len(set(names)) < len(names):
        problems.append(Problem("series names must be unique", f"{at}/series"))
    problems.extend(
        Problem("data labels must match axis_config.categories", f"{at}/series/{index}/data")
        for index, points in enumerate(labels)
        if points != categories
    )


CHART = by_type(
    {
        "pie": shape(
            {
                "type": ANY_TEXT,
                "segments": items(shape({"label": string(20), "value": number(above=0)}), 12),
            }
        ),
        **dict.fromkeys(("bar", "line", "area"), both(_CARTESIAN, _series_match_axis)),
    }
)

# Blocks
_TASK: dict[str, Check] = {
    "details": RICH_TEXT,
    "output": RICH_TEXT,
    "sources": items(shape({"type": choice("url"), "url": URL, "text": ANY_TEXT})),
}
_STATUS = choice("pending", "in_progress", "complete", "error")


def _block(
    required: dict[str, Check],
    optional: dict[str, Check] | None = None,
    *,
    any_of: tuple[str, ...] = (),
    one_of: tuple[str, ...] = (),
) -> Check:
    common: dict[str, Check] = {"block_id": ID}
    return shape({"type": ANY_TEXT, **required}, {**common, **(optional or {})}, any_of=any_of, one_of=one_of)


CARD = _block(
    {},
    {
        "hero_image": IMAGE_ELEMENT,
        "icon": IMAGE_ELEMENT,
        "slack_icon": shape({"type": choice("icon"), "name": ANY_TEXT}),
        "title": text(150),
        "subtitle": text(150),
        "body": text(200),
        "subtext": text(200),
        "actions": items(by_type({"button": BUTTON}), 3),
    },
    any_of=("hero_image", "title", "actions", "body"),
)
BLOCKS: dict[str, Check] = {
    "actions": _block({"elements": items(by_type(IN_ACTIONS), 25)}),
    "alert": _block({"text": text(200)}, {"level": choice("default", "info", "warning", "error", "success")}),
    "card": CARD,
    "carousel": _block({"elements": items(by_type({"card": CARD}), 10)}),
    "context": _block(
        {
            "elements": items(
                by_type(
                    {
                        "image": IMAGE_ELEMENT,
                        "plain_text": text(),
                        "mrkdwn": text(),
                    }
                ),
                10,
            )
        }
    ),
    "context_actions": _block({"elements": items(by_type(CONTEXT_ACTIONS), 5)}),
    "data_table": both(
        _block(
            {"rows": items(items(CELL, 20), 201, least=2), "caption": ANY_TEXT},
            {
                "page_size": number(1, 100, whole=True),
                "row_header_column_index": number(0, 19, whole=True),
            },
        ),
        _data_table_is_even,
    ),
    "data_visualization": _block({"title": string(50), "chart": CHART}),
    "divider": _block({}),
    "file": _block({"external_id": ANY_TEXT, "source": choice("remote")}),
    "header": _block({"text": plain_text(150)}, {"level": number(1, 4, whole=True)}),
    "image": _block(
        {"alt_text": string(2000)},
        {"image_url": IMAGE_URL, "slack_file": SLACK_FILE, "title": plain_text(2000)},
        one_of=("image_url", "slack_file"),
    ),
    "input": _block(
        {"label": plain_text(2000), "element": by_type(IN_INPUT)},
        {"hint": plain_text(2000), "optional": flag, "dispatch_action": flag},
    ),
    "markdown": _block({"text": string(12_000)}),
    "plan": _block(
        {"title": ANY_TEXT},
        {
            "tasks": items(
                shape(
                    {"task_id": ANY_TEXT, "title": ANY_TEXT},
                    {"type": choice("task_card"), "status": _STATUS, "block_id": ID, **_TASK},
                ),
                50,
            )
        },
    ),
    "rich_text": RICH_TEXT,
    "section": _block(
        {},
        {
            "text": text(3000),
            "fields": items(text(2000), 10),
            "accessory": by_type(IN_SECTION),
            "expand": flag,
        },
        any_of=("text", "fields"),
    ),
    "table": _block(
        {"rows": items(items(CELL, 20), 100)},
        {
            "column_settings": items(
                nullable(shape({}, {"align": choice("left", "center", "right"), "is_wrapped": flag})),
                20,
                least=0,
            )
        },
    ),
    # Only within a plan may a task be pending.
    "task_card": _block(
        {"task_id": ANY_TEXT, "title": ANY_TEXT, "status": choice("in_progress", "complete", "error")}, _TASK
    ),
    "video": _block(
        {
            "title": plain_text(199),
            "video_url": URL,
            "thumbnail_url": URL,
            "alt_text": ANY_TEXT,
        },
        {
            "title_url": URL,
            "description": plain_text(199),
            "author_name": string(49),
            "provider_name": ANY_TEXT,
            "provider_icon_url": URL,
        },
    ),
}
_CHILDREN = (
    "actions", "context", "divider", "header", "image", "input", "rich_text", "section", "table", "video",
)  # fmt: skip
BLOCKS["container"] = _block(
    {"child_blocks": items(by_type({name: BLOCKS[name] for name in _CHILDREN}), 10)},
    {
        "title": plain_text(150),
        "rich_text_title": RICH_TEXT,
        "subtitle": text(150),
        "icon": IMAGE_ELEMENT,
        "width": choice("narrow", "standard", "wide", "full"),
        "is_collapsible": flag,
        "default_collapsed": flag,
        "has_header_divider": flag,
    },
    any_of=("title", "rich_text_title"),
)

# Views, as on the pages of modal and Home views
_VIEW: dict[str, Check] = {
    "private_metadata": string(3000, least=0),
    "callback_id": string(255, least=0),
    "external_id": string(255, least=0),
}
VIEWS: dict[str, Check] = {
    "modal": shape(
        {"type": ANY_TEXT, "title": plain_text(24), "blocks": items(by_type(BLOCKS), 100)},
        {
            **_VIEW,
            "submit": plain_text(24),
            "close": plain_text(24),
            "clear_on_close": flag,
            "notify_on_close": flag,
            "submit_disabled": flag,
        },
    ),
    "home": shape({"type": ANY_TEXT, "blocks": items(by_type(BLOCKS), 100)}, _VIEW),
}
