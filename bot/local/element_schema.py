"""Slack's interactive elements, and the composition objects that these and blocks hold, field by field.

Source: the pages block-elements and composition-objects under docs.slack.dev/reference/block-kit, in our own reading;
limits as in slack-facts.md, part 3. Names below follow the pages.
"""

from typing import Any
from urllib.parse import urlsplit

from bot.local.schema import (
    Check,
    Problem,
    Problems,
    both,
    by_type,
    choice,
    flag,
    items,
    number,
    shape,
    string,
)

ID = string(255)
URL = string(3000, pattern=r"(https?|mailto|slack|tel|sms):\S+")
ANY_TEXT = string()


# Composition objects
def plain_text(limit: int = 3000) -> Check:
    """A text object that must be plain_text."""
    return by_type(
        {"plain_text": shape({"type": ANY_TEXT, "text": string(limit)}, {"emoji": flag})},
    )


def text(limit: int = 3000) -> Check:
    """A text object, plain_text or mrkdwn."""
    return by_type(
        {
            "plain_text": shape({"type": ANY_TEXT, "text": string(limit)}, {"emoji": flag}),
            "mrkdwn": shape({"type": ANY_TEXT, "text": string(limit)}, {"verbatim": flag}),
        }
    )


CONFIRM = shape(
    {"title": plain_text(100), "text": text(300), "confirm": plain_text(30), "deny": plain_text(30)},
    {"style": choice("primary", "danger")},
)
OPTION = shape({"text": plain_text(75), "value": string(150)}, {"description": plain_text(75)})
OVERFLOW_OPTION = shape({"text": plain_text(75), "value": string(150)}, {"description": plain_text(75), "url": URL})
CHOICE_OPTION = shape({"text": text(75), "value": string(150)}, {"description": text(75)})
OPTION_GROUP = shape({"label": plain_text(75), "options": items(OPTION, 100)})
SUGGESTIONS = shape(
    {},
    {"options": items(OPTION, 100, least=0), "option_groups": items(OPTION_GROUP, 100, least=0)},
    one_of=("options", "option_groups"),
)
SLACK_FILE = shape({}, {"id": ANY_TEXT, "url": URL}, one_of=("id", "url"))
DISPATCH = shape(
    {"trigger_actions_on": items(choice("on_enter_pressed", "on_character_entered"), 2)},
)
CONVERSATION_FILTER = shape(
    {},
    {
        "include": items(choice("im", "mpim", "private", "public"), 4),
        "exclude_external_shared_channels": flag,
        "exclude_bot_users": flag,
    },
    any_of=("include", "exclude_external_shared_channels", "exclude_bot_users"),
)


def _initial_is_offered(value: object, at: str, problems: Problems) -> None:
    """Initial choices must be among the offered options, letter by letter."""
    if not isinstance(value, dict):
        return
    offered = [option for option in options_of(value) if isinstance(option, dict)]
    chosen = value.get("initial_options", [value["initial_option"]] if "initial_option" in value else [])
    if isinstance(chosen, list) and any(option not in offered for option in chosen):
        problems.append(Problem("initial_option must exactly match one of the options", at))


def _reachable(value: object, at: str, problems: Problems) -> None:
    """Slack fetches pictures itself, so an address on one's own machine or network is refused."""
    host = (urlsplit(value).hostname or "") if isinstance(value, str) else ""
    if host and ("." not in host or host.startswith(("127.", "10.", "192.168.")) or host.endswith(".local")):
        problems.append(Problem("downloading image failed", at))


def options_of(element: dict[str, Any]) -> list[Any]:
    """Return an element's options in order, those inside option groups included."""
    groups = element.get("option_groups", [])
    grouped = [option for group in groups if isinstance(group, dict) for option in group.get("options", [])]
    return [*element.get("options", []), *grouped]


# Interactive elements: each has an optional action_id
def _element(
    required: dict[str, Check], optional: dict[str, Check] | None = None, one_of: tuple[str, ...] = ()
) -> Check:
    common: dict[str, Check] = {"action_id": ID}
    return shape({"type": ANY_TEXT, **required}, {**common, **(optional or {})}, one_of=one_of)


_MENU: dict[str, Check] = {"placeholder": plain_text(150), "confirm": CONFIRM, "focus_on_load": flag}
_MULTI: dict[str, Check] = {**_MENU, "max_selected_items": number(1, whole=True)}
_OFFERED: dict[str, Check] = {"options": items(OPTION, 100), "option_groups": items(OPTION_GROUP, 100)}
_TYPED: dict[str, Check] = {
    "placeholder": plain_text(150),
    "focus_on_load": flag,
    "dispatch_action_config": DISPATCH,
}
_CHOICES: dict[str, Check] = {"confirm": CONFIRM, "focus_on_load": flag}
_DECIMAL = string(pattern=r"-?\d+(\.\d+)?")

BUTTON = _element(
    {"text": plain_text(75)},
    {
        "url": URL,
        "value": string(2000),
        "style": choice("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
)
IMAGE_URL = both(URL, _reachable)
IMAGE_ELEMENT = shape(
    {"type": ANY_TEXT, "alt_text": string(2000)},
    {"image_url": IMAGE_URL, "slack_file": SLACK_FILE},
    one_of=("image_url", "slack_file"),
)
OVERFLOW = _element({"options": items(OVERFLOW_OPTION, 5)}, {"confirm": CONFIRM})
WORKFLOW_BUTTON = _element(
    {"text": plain_text(75), "workflow": shape({"trigger": lambda *_: None})},
    {"style": choice("primary", "danger"), "accessibility_label": string(75)},
)

CHOOSERS: dict[str, Check] = {
    "checkboxes": both(
        _element({"options": items(CHOICE_OPTION, 10)}, {"initial_options": items(CHOICE_OPTION, 10), **_CHOICES}),
        _initial_is_offered,
    ),
    "radio_buttons": both(
        _element({"options": items(CHOICE_OPTION, 10)}, {"initial_option": CHOICE_OPTION, **_CHOICES}),
        _initial_is_offered,
    ),
    "static_select": both(
        _element({}, {**_MENU, **_OFFERED, "initial_option": OPTION}, one_of=("options", "option_groups")),
        _initial_is_offered,
    ),
    "multi_static_select": both(
        _element(
            {},
            {**_MULTI, **_OFFERED, "initial_options": items(OPTION, 100)},
            one_of=("options", "option_groups"),
        ),
        _initial_is_offered,
    ),
    "external_select": _element({}, {**_MENU, "initial_option": OPTION, "min_query_length": number(0, whole=True)}),
    "multi_external_select": _element(
        {}, {**_MULTI, "initial_options": items(OPTION, 100), "min_query_length": number(0, whole=True)}
    ),
    "users_select": _element({}, {**_MENU, "initial_user": ANY_TEXT}),
    "multi_users_select": _element({}, {**_MULTI, "initial_users": items(ANY_TEXT)}),
    "conversations_select": _element(
        {},
        {
            **_MENU,
            "initial_conversation": ANY_TEXT,
            "default_to_current_conversation": flag,
            "response_url_enabled": flag,
            "filter": CONVERSATION_FILTER,
        },
    ),
    "multi_conversations_select": _element(
        {},
        {
            **_MULTI,
            "initial_conversations": items(ANY_TEXT),
            "default_to_current_conversation": flag,
            "filter": CONVERSATION_FILTER,
        },
    ),
    "channels_select": _element({}, {**_MENU, "initial_channel": ANY_TEXT, "response_url_enabled": flag}),
    "multi_channels_select": _element({}, {**_MULTI, "initial_channels": items(ANY_TEXT)}),
    "datepicker": _element({}, {**_MENU, "initial_date": string(pattern=r"\d{4}-\d{2}-\d{2}")}),
    "timepicker": _element(
        {}, {**_MENU, "initial_time": string(pattern=r"([01]\d|2[0-3]):[0-5]\d"), "timezone": ANY_TEXT}
    ),
    "datetimepicker": _element(
        {},
        {
            "initial_date_time": number(1_000_000_000, 9_999_999_999, whole=True),
            "confirm": CONFIRM,
            "focus_on_load": flag,
        },
    ),
}
TYPED: dict[str, Check] = {
    "plain_text_input": _element(
        {},
        {
            **_TYPED,
            "initial_value": string(3000),
            "multiline": flag,
            "min_length": number(0, 3000, whole=True),
            "max_length": number(1, 3000, whole=True),
        },
    ),
    "email_text_input": _element({}, {**_TYPED, "initial_value": ANY_TEXT}),
    "url_text_input": _element({}, {**_TYPED, "initial_value": ANY_TEXT}),
    "number_input": _element(
        {"is_decimal_allowed": flag},
        {**_TYPED, "initial_value": _DECIMAL, "min_value": _DECIMAL, "max_value": _DECIMAL},
    ),
    "rich_text_input": _element({}, {**_TYPED, "initial_value": lambda *_: None}),
    "file_input": _element({}, {"filetypes": items(ANY_TEXT), "max_files": number(1, 10, whole=True)}),
}
FEEDBACK_BUTTON = shape({"text": plain_text(75), "value": string(2000)}, {"accessibility_label": string(75)})
CONTEXT_ACTIONS: dict[str, Check] = {
    "feedback_buttons": _element({"positive_button": FEEDBACK_BUTTON, "negative_button": FEEDBACK_BUTTON}),
    "icon_button": _element(
        {"icon": choice("trash"), "text": plain_text()},
        {
            "value": string(2000),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
            "visible_to_user_ids": items(ANY_TEXT, 10),
        },
    ),
}
IN_ACTIONS = {"button": BUTTON, "overflow": OVERFLOW, "workflow_button": WORKFLOW_BUTTON, **CHOOSERS}
IN_SECTION = {**{k: v for k, v in IN_ACTIONS.items() if k != "datetimepicker"}, "image": IMAGE_ELEMENT}
IN_INPUT = {**TYPED, **CHOOSERS}
INTERACTIVE = frozenset({*IN_ACTIONS, *IN_INPUT, *CONTEXT_ACTIONS})
