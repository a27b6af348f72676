"""Modals and Home tabs: what is open for whom, and the rules of changing it.

Sources: docs.slack.dev/surfaces/modals, …/surfaces/app-home, and the views.* method pages.
"""

from typing import Any

from bot.local.block_kit import check_view, elements, walk
from bot.local.errors import SlackError
from bot.local.ids import object_id, unique
from bot.local.permits import Trigger
from bot.local.state import Bot, State
from bot.local.stream import Stream

Json = dict[str, Any]
MAX_STACK = 3


class Views:
    """Every open view by id, each person's stack of modals, and each person's Home of each app.

    A person sees the modals of one app at a time, and an app can change its own views only.
    """

    def __init__(self, state: State, stream: Stream) -> None:
        self._state = state
        self._stream = stream
        self._views: dict[str, Json] = {}
        self._owners: dict[str, str] = {}
        self._stacks: dict[str, list[str]] = {}
        self._homes: dict[tuple[str, str], str] = {}  # by app and person

    def get(self, view_id: str) -> Json:
        """Return an open view; raises SlackError not_found."""
        if view_id not in self._views:
            raise SlackError("not_found")
        return self._views[view_id]

    def owner(self, view_id: str) -> str:
        """Return who looks at a view."""
        return self._owners[view_id]

    def home(self, bot: Bot, user: str) -> Json | None:
        """Return what an app published to a person's Home, if anything."""
        return self._views.get(self._homes.get((bot.app, user), ""))

    def top(self, user: str) -> Json | None:
        """Return the modal a person sees, if any."""
        stack = self._stacks.get(user)
        return self._views[stack[-1]] if stack else None

    def open(self, bot: Bot, trigger: Trigger, view: object) -> Json:
        """Open a modal; whatever modal was open for that person is gone."""
        checked = self._checked(bot, view, ("modal",))
        self.close_all(trigger.user)
        return self._stack_up(bot, trigger.user, checked)

    def push(self, bot: Bot, user: str, view: object) -> Json:
        """Put a modal on top of the app's open ones; raises push_limit_reached above three, not_found without any."""
        stack = self._stacks.get(user, [])
        if not stack or self._views[stack[-1]]["app_id"] != bot.app:
            raise SlackError("not_found")
        if len(stack) >= MAX_STACK:
            raise SlackError("push_limit_reached")
        return self._stack_up(bot, user, self._checked(bot, view, ("modal",)))

    def update(self, bot: Bot, view_id: str, view: object, expected_hash: str | None = None) -> Json:
        """Replace an open view of an app.

        Raises not_found if it was closed meanwhile, hash_conflict if it changed since the caller saw it.
        """
        current = self.get(view_id)
        if current["app_id"] != bot.app:
            raise SlackError("not_found")
        if expected_hash and expected_hash != current["hash"]:
            raise SlackError("hash_conflict")
        allowed = ("home",) if current["type"] == "home" else ("modal",)
        checked = self._checked(bot, view, allowed, but=view_id)
        kept = {name: current[name] for name in ("id", "root_view_id", "previous_view_id")}
        updated = self._complete(bot, checked) | kept
        updated["state"] = self._kept_state(current, updated)
        self._views[view_id] = updated
        self._show(self._owners[view_id], updated)
        return updated

    def publish(self, bot: Bot, user: str, view: object, expected_hash: str | None = None) -> Json:
        """Set a person's Home of an app; the view keeps its id over time."""
        home_id = self._homes.get((bot.app, user))
        if home_id is not None:
            return self.update(bot, home_id, view, expected_hash)
        completed = self._complete(bot, self._checked(bot, view, ("home",)))
        self._homes[bot.app, user] = self._remember(user, completed)
        self._show(user, completed)
        return completed

    def close(self, user: str) -> Json | None:
        """Close the modal on top and return it."""
        stack = self._stacks.get(user, [])
        if not stack:
            return None
        closed = self._forget(stack.pop())
        self._stream.push({"type": "view", "view": self.top(user)}, [user])
        return closed

    def close_all(self, user: str) -> None:
        """Close every modal of a person."""
        if self._stacks.get(user):
            for view_id in self._stacks.pop(user):
                self._forget(view_id)
            self._stream.push({"type": "view", "view": None}, [user])

    def remember_input(self, view_id: str, values: Json) -> Json:
        """Merge what a person has entered into a view's state, and return the view."""
        view = self.get(view_id)
        merged = {name: dict(inner) for name, inner in view["state"]["values"].items()}
        for block_id, entered in values.items():
            merged.setdefault(block_id, {}).update(entered)
        self._views[view_id] = {**view, "state": {"values": merged}}
        return self._views[view_id]

    def by_external_id(self, bot: Bot, external_id: str) -> str:
        """Return the id of an app's view with that external_id; raises not_found."""
        for view_id, view in self._views.items():
            if view["external_id"] == external_id and view["app_id"] == bot.app:
                return view_id
        raise SlackError("not_found")

    def _checked(self, bot: Bot, view: object, allowed: tuple[str, ...], but: str = "") -> Json:
        checked = check_view(view, allowed)
        others = (view for view_id, view in self._views.items() if view_id != but)
        taken = {other["external_id"] for other in others if other["app_id"] == bot.app}
        if checked.get("external_id") and checked["external_id"] in taken:
            raise SlackError("duplicate_external_id")
        return checked

    def _stack_up(self, bot: Bot, user: str, checked: Json) -> Json:
        stack = self._stacks.setdefault(user, [])
        view = self._complete(bot, checked)
        view["root_view_id"] = stack[0] if stack else view["id"]
        view["previous_view_id"] = stack[-1] if stack else None
        stack.append(self._remember(user, view))
        self._show(user, view)
        return view

    def _complete(self, bot: Bot, checked: Json) -> Json:
        """Add what Slack adds to a view it shows."""
        view_id = object_id("V")
        completed: Json = {
            "id": view_id,
            "team_id": self._state.team.id,
            "app_id": bot.app,
            "app_installed_team_id": self._state.team.id,
            "bot_id": bot.id,
            "title": None,
            "submit": None,
            "close": None,
            "callback_id": "",
            "private_metadata": "",
            "external_id": "",
            "clear_on_close": False,
            "notify_on_close": False,
            "root_view_id": view_id,
            "previous_view_id": None,
            **checked,
            "hash": f"{self._state.timestamps.next()}.{unique()[:8]}",
        }
        completed["state"] = {"values": initial_values(completed["blocks"])}
        return completed

    @staticmethod
    def _kept_state(before: Json, after: Json) -> Json:
        """Keep what was entered where block_id and action_id are unchanged, as Slack's modals do."""
        kept: Json = {}
        for block_id, inner in after["state"]["values"].items():
            old = before["state"]["values"].get(block_id, {})
            kept[block_id] = {
                action_id: old[action_id] if action_id in old and old[action_id]["type"] == value["type"] else value
                for action_id, value in inner.items()
            }
        return {"values": kept}

    def _remember(self, user: str, view: Json) -> str:
        view_id: str = view["id"]
        self._views[view_id] = view
        self._owners[view_id] = user
        return view_id

    def _forget(self, view_id: str) -> Json:
        del self._owners[view_id]
        return self._views.pop(view_id)

    def _show(self, user: str, view: Json) -> None:
        self._stream.push({"type": "home" if view["type"] == "home" else "view", "view": view}, [user])


EMPTY: dict[str, str] = {
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
    "rich_text_input": "rich_text_value",
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "checkboxes": "selected_options",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
    "file_input": "files",
}
INITIAL: dict[str, str] = {
    "value": "initial_value",
    "rich_text_value": "initial_value",
    "selected_option": "initial_option",
    "selected_options": "initial_options",
    "selected_user": "initial_user",
    "selected_users": "initial_users",
    "selected_conversation": "initial_conversation",
    "selected_conversations": "initial_conversations",
    "selected_channel": "initial_channel",
    "selected_channels": "initial_channels",
    "selected_date": "initial_date",
    "selected_time": "initial_time",
    "selected_date_time": "initial_date_time",
}


def initial_values(blocks: list[Json]) -> Json:
    """Return `state.values` before anybody entered anything: the initial values, otherwise null or nothing."""
    values: Json = {}
    for block in walk(blocks):
        for element in elements(block):
            name = EMPTY.get(element["type"])
            if name is not None:
                nothing: list[Any] | None = [] if name.endswith("s") else None  # the plural ones hold lists
                initial = element.get(INITIAL.get(name, ""), nothing)
                values.setdefault(block["block_id"], {})[element["action_id"]] = {
                    "type": element["type"],
                    name: initial,
                }
    return values
