"""People acting on the bot: commands, clicks, choices, submissions, shortcuts, and what comes of the answer.

Sources: docs.slack.dev/interactivity/handling-user-interaction, …/implementing-slash-commands and the payload pages
under docs.slack.dev/reference/interaction-payloads.
"""

from contextlib import suppress
from copy import deepcopy
from typing import Any

from bot.local.block_kit import check_message, elements, walk, with_defaults
from bot.local.config import WorkspaceConfig
from bot.local.conversation import Conversation
from bot.local.delivery import Parcel
from bot.local.element_schema import SUGGESTIONS, options_of
from bot.local.errors import PageError, SlackError
from bot.local.events import Subscriber, for_bot
from bot.local.formatting import as_typed, labelled, normalise
from bot.local.permits import Permits
from bot.local.schema import Problems
from bot.local.state import Channel, State
from bot.local.views import EMPTY, Views, initial_values

Json = dict[str, Any]
MIN_QUERY_LENGTH = 3  # docs.slack.dev/reference/block-kit/block-elements/select-menu-element, of external data


class Interaction:
    """Turns what a person does with one app into the payload Slack would send, and applies the app's answer."""

    def __init__(
        self,
        config: WorkspaceConfig,
        app: Subscriber,
        state: State,
        conversation: Conversation,
        views: Views,
        permits: Permits,
    ) -> None:
        self._config = config
        self._bot = app.bot
        self._manifest = app.manifest
        self._delivery = app.delivery
        self._state = state
        self._conversation = conversation
        self._views = views
        self._permits = permits
        self._entered: dict[tuple[str, str], Json] = {}
        self._suggested: dict[tuple[str, str], list[Json]] = {}  # by block_id and action_id, newest last

    # Slash commands
    async def command(self, user: str, channel: Channel, command: str, text: str) -> None:
        """Run a slash command; the acknowledgement may carry a message.

        Raises PageError: unknown_command, or what Slackbot says when the bot doesn't answer.
        """
        declared = self._manifest.command(command)
        if declared is None:
            raise PageError("unknown_command", f"{command} is not a valid command.")
        if self._state.people[user].team:
            raise PageError("not_in_workspace", f"{command} works for people of {self._state.team.name} only.")
        names = {person.id: person.name for person in self._state.people.values()}
        names |= {conversation.id: conversation.name for conversation in self._state.channels.values()}
        text = labelled(text, names) if declared.should_escape else as_typed(text, names)
        payload = {
            "token": "local",
            "team_id": self._state.team.id,
            "team_domain": self._state.team.domain,
            "channel_id": channel.id,
            "channel_name": _command_name(channel),
            "user_id": user,
            "user_name": self._state.people[user].name,
            "command": command,
            "text": text,
            "api_app_id": self._bot.app,
            "is_enterprise_install": "false",
            "response_url": self._response_url(user, channel),
            "trigger_id": self._permits.new_trigger(user),
        }
        answer = await self._ask(Parcel("slash_commands", command, payload, "command"))
        if answer:
            self._answer_command(user, channel, answer)

    def _answer_command(self, user: str, channel: Channel, answer: Json) -> None:
        """Show the message an acknowledgement carried: to the person alone unless it says in_channel."""
        try:
            blocks = check_message(answer["blocks"]) if answer.get("blocks") else None
        except SlackError as refusal:
            raise PageError(refusal.code, f"The answer was refused: {refusal.detail}") from None
        text = normalise(str(answer.get("text", "")))
        if answer.get("response_type") == "in_channel":
            self._conversation.say(channel, self._bot.user, text, blocks=blocks)
        elif text or blocks:
            self._conversation.whisper(channel, self._bot.user, user, text, blocks=blocks)

    # Clicks and choices
    async def act_on_message(self, user: str, channel: Channel, ts: str, choice: Json) -> None:
        """Use an interactive element of a message. choice: block_id, action_id and what was chosen."""
        message = channel.find(ts, user)
        if message is None:
            raise PageError("message_not_found", "There is no such message, or this person can’t see it.")
        blocks = _used_blocks([message.get("blocks", []), *reversed(channel.former.get(ts, []))], choice)
        block, element = find_element(blocks, choice)
        action = self._action(block, element, choice)
        entered = self._entered.setdefault((user, ts), initial_values(blocks))
        _merge(entered, self._typed(blocks, choice))
        _enter(entered, block, element, action)
        ephemeral = bool(message.get("ephemeral"))
        thread = {"thread_ts": message["thread_ts"]} if "thread_ts" in message else {}
        payload: Json = {
            **self._head("block_actions", user),
            "container": {
                "type": "message",
                "message_ts": ts,
                "channel_id": channel.id,
                "is_ephemeral": ephemeral,
                **thread,
            },
            "channel": {"id": channel.id, "name": _payload_name(channel)},
            "state": {"values": deepcopy(entered)},
            "response_url": self._response_url(user, channel, ts, ephemeral=ephemeral),
            "actions": [action],
        }
        if not ephemeral:
            payload["message"] = for_bot(message)
        await self._ask(Parcel("interactive", element["action_id"], payload, "action"))

    async def act_on_view(self, user: str, view_id: str, choice: Json) -> None:
        """Use an interactive element of a modal or of Home."""
        view = self._own_view(user, view_id)
        block, element = find_element(view["blocks"], choice)
        action = self._action(block, element, choice)
        values = self._typed(view["blocks"], choice)
        _enter(values, block, element, action)
        view = self._views.remember_input(view_id, values)
        payload = {
            **self._head("block_actions", user, view_id),
            "container": {"type": "view", "view_id": view_id},
            "view": view,
            "actions": [action],
        }
        await self._ask(Parcel("interactive", element["action_id"], payload, "action"))

    # Options that the bot looks up
    async def suggest_for_message(self, user: str, channel: Channel, ts: str, query: Json) -> Json:
        """Ask the bot for the options of an external select in a message; see _suggest."""
        message = channel.find(ts, user)
        if message is None:
            raise PageError("message_not_found", "There is no such message, or this person can’t see it.")
        ephemeral = bool(message.get("ephemeral"))
        surroundings: Json = {
            "container": {"type": "message", "message_ts": ts, "channel_id": channel.id, "is_ephemeral": ephemeral},
            "channel": {"id": channel.id, "name": _payload_name(channel)},
        }
        if not ephemeral:
            surroundings["message"] = for_bot(message)
        return await self._suggest(user, message.get("blocks", []), surroundings, query)

    async def suggest_for_view(self, user: str, view_id: str, query: Json) -> Json:
        """Ask the bot for the options of an external select in a modal or on Home; see _suggest."""
        view = self._own_view(user, view_id)
        surroundings = {"container": {"type": "view", "view_id": view_id}, "view": view}
        return await self._suggest(user, view["blocks"], surroundings, query)

    async def _suggest(self, user: str, blocks: list[Json], surroundings: Json, query: Json) -> Json:
        """Send block_suggestion and return the `options` or `option_groups` of the acknowledgement.

        query: block_id, action_id, and as `value` what the person has typed so far.
        Raises PageError: query_too_short below min_query_length, invalid_options if Slack would show none of them, and
        what Slackbot says when the bot doesn't answer.
        Source: docs.slack.dev/reference/interaction-payloads/block_suggestion-payload.
        """
        block, element = find_element(blocks, query)
        if "external_select" not in element["type"]:
            raise PageError("unknown_element", f"{element['action_id']} has its options already.")
        typed, least = str(query.get("value") or ""), element.get("min_query_length", MIN_QUERY_LENGTH)
        if len(typed) < least:
            raise PageError("query_too_short", f"Type at least {least} characters.")
        head = self._head("block_suggestion", user)
        del head["trigger_id"]
        named = {"action_id": element["action_id"], "block_id": block["block_id"], "value": typed}
        answer = await self._ask(
            Parcel("interactive", element["action_id"], {**head, **surroundings, **named}, "action")
        )
        problems: Problems = []
        SUGGESTIONS(answer, "", problems)
        if problems:
            raise PageError("invalid_options", f"Slack shows none of the bot’s options: {problems[0]}")
        shown: Json = with_defaults(answer)
        self._suggested.setdefault((block["block_id"], element["action_id"]), []).extend(options_of(shown))
        return shown

    def _action(self, block: Json, element: Json, choice: Json) -> Json:
        """Return the entry of `actions` for what a person did; raises PageError if it can't be done."""
        action: Json = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "action_ts": self._state.timestamps.next(),
        }
        for shown in ("text", "style", "placeholder", "url", "initial_option", "initial_options"):
            if shown in element and element["type"] != "feedback_buttons":
                action[shown] = element[shown]
        return action | self._chosen(block, element, choice)

    def _chosen(self, block: Json, element: Json, choice: Json) -> Json:
        kind = element["type"]
        if kind in {"button", "icon_button", "workflow_button"}:
            return {"value": element["value"]} if "value" in element else {}
        if kind == "feedback_buttons":
            for side in ("positive_button", "negative_button"):
                button = element[side]
                if choice.get("value") in {button["value"], side, button["text"]["text"]}:
                    return {"value": button["value"], "text": button["text"]}
            raise PageError("unknown_option", "Say which of the two feedback buttons.")
        name = "selected_option" if kind == "overflow" else EMPTY[kind]
        value = choice.get(name, choice.get("value"))
        if name in {"selected_option", "selected_options"}:
            offered = [*options_of(element), *self._suggested.get((block["block_id"], element["action_id"]), [])]
            return {name: _option(element, offered, value, many=name == "selected_options")}
        if name in {"selected_user", "selected_users"}:
            people = value if isinstance(value, list) else [value] if value else []
            if any(person not in self._state.people for person in people):
                raise PageError("user_not_found", "There is nobody with that id.")
        return {name: value}

    # Modals
    async def submit(self, user: str, view_id: str, values: Json) -> Json:
        """Submit a modal; returns the bot's response_action, or nothing if the modal just closed.

        Raises PageError missing_required_input, with `errors` by block_id, as Slack's client refuses to submit.
        """
        view = self._own_view(user, view_id)
        entered = self._entries(view["blocks"], values)
        view = self._views.remember_input(view_id, entered)
        missing = _missing(view)
        if missing:
            raise PageError("missing_required_input", "Fill in the required fields.", errors=missing)
        head = self._head("view_submission", user, view_id)
        parcel = Parcel(
            "interactive",
            view["callback_id"] or "view_submission",
            {**head, "view": view, "response_urls": []},
            "view",
        )
        answer = await self._ask(parcel)
        self._apply(user, view_id, answer)
        return answer

    def _apply(self, user: str, view_id: str, answer: Json) -> None:
        """Do what a response_action says; without one the modal closes."""
        action = answer.get("response_action")
        try:
            if action == "errors":
                return
            if action == "update":
                self._views.update(self._bot, view_id, answer.get("view"))
            elif action == "push":
                self._views.push(self._bot, user, answer.get("view"))
            elif action == "clear":
                self._views.close_all(user)
            else:
                top = self._views.top(user)
                if top is not None and top["id"] == view_id:
                    self._views.close(user)
        except SlackError as refusal:
            raise PageError(refusal.code, f"Slack refuses the bot’s view: {refusal.detail}") from None

    async def dismiss(self, user: str, view_id: str, *, everything: bool) -> None:
        """Close a modal, or all of them; the bot hears of it only if the view asked for notify_on_close."""
        view = self._own_view(user, view_id)
        if everything or view["clear_on_close"]:
            self._views.close_all(user)
        else:
            self._views.close(user)
        if view["notify_on_close"]:
            payload = {**self._head("view_closed", user), "view": view, "is_cleared": everything}
            await self._ask(Parcel("interactive", view["callback_id"] or "view_closed", payload, "view"))

    def _typed(self, blocks: list[Json], choice: Json) -> Json:
        """Return what else the person had entered around the element they used, if the page says so."""
        state = choice.get("state")
        values = state.get("values") if isinstance(state, dict) else None
        return self._entries(blocks, values) if isinstance(values, dict) else {}

    def _entries(self, blocks: list[Json], values: Json) -> Json:
        """Return entered values in Slack's form; a bare string or list stands for the element's value."""
        entered: Json = {}
        for block_id, by_action in values.items():
            for action_id, entry in dict(by_action).items():
                block, element = find_element(blocks, {"block_id": block_id, "action_id": action_id})
                choice = entry if isinstance(entry, dict) else {"value": entry}
                if element["type"] in EMPTY:
                    _enter(entered, block, element, self._chosen(block, element, choice))
        return entered

    # Shortcuts
    async def shortcut(self, user: str, callback_id: str, channel: Channel | None, ts: str | None) -> None:
        """Use a global shortcut, or a message shortcut on a message."""
        declared = self._manifest.shortcut(callback_id)
        if declared is None:
            raise PageError("unknown_shortcut", "The manifest has no such shortcut.")
        head = self._head("shortcut", user) | {"callback_id": callback_id}
        head["action_ts"] = self._state.timestamps.next()
        if declared.type == "message":
            message = channel.find(ts or "", user) if channel else None
            if channel is None or message is None:
                raise PageError("message_not_found", "This shortcut needs a message.")
            head |= {
                "type": "message_action",
                "channel": {"id": channel.id, "name": _payload_name(channel)},
                "message": for_bot(message),
                "message_ts": ts,
                "response_url": self._response_url(user, channel, ts),
            }
        await self._ask(Parcel("interactive", callback_id, head, "action"))

    # Common parts
    async def _ask(self, parcel: Parcel) -> Json:
        """Deliver, and return what came with the acknowledgement; raises PageError with what Slackbot would say."""
        if parcel.kind == "interactive" and not self._manifest.interactive:
            raise PageError("interactivity_disabled", "The manifest doesn’t enable interactivity.")
        return await self._delivery.ask(parcel)

    def _own_view(self, user: str, view_id: str) -> Json:
        try:
            view = self._views.get(view_id)
        except SlackError:
            raise PageError("view_not_found", "That view is no longer open.") from None
        if self._views.owner(view_id) != user:
            raise PageError("view_not_found", "That view is somebody else’s.")
        return view

    def _head(self, kind: str, user: str, view_id: str | None = None) -> Json:
        person = self._state.people[user]
        team = self._state.team
        return {
            "type": kind,
            "user": {"id": user, "username": person.name, "name": person.name, "team_id": self._state.team_of(user)},
            "api_app_id": self._bot.app,
            "token": "local",
            "trigger_id": self._permits.new_trigger(user, view_id),
            "team": {"id": team.id, "domain": team.domain},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _response_url(self, user: str, channel: Channel, ts: str | None = None, *, ephemeral: bool = False) -> str:
        key = self._permits.new_reply(user, channel.id, ts, ephemeral=ephemeral)
        return f"{self._config.url}/response/{self._state.team.id}/{self._bot.app}/{key}"


def _command_name(channel: Channel) -> str:
    return {"channel": channel.name, "group": "privategroup", "im": "directmessage", "mpim": channel.name}[channel.kind]


def _payload_name(channel: Channel) -> str:
    return "directmessage" if channel.kind == "im" else channel.name


def _used_blocks(versions: list[list[Json]], choice: Json) -> list[Json]:
    """Return the newest version of a message's blocks that has the element; the newest of all if none has."""
    for blocks in versions:
        with suppress(PageError):
            find_element(blocks, choice)
            return blocks
    return versions[0]


def find_element(blocks: list[Json], choice: Json) -> tuple[Json, Json]:
    """Return the block and interactive element with the given ids; block_id may be left out if one fits.

    Raises PageError unknown_element.
    """
    for block in walk(blocks):
        if choice.get("block_id") in {None, block.get("block_id")}:
            for element in elements(block):
                if element["action_id"] == choice.get("action_id"):
                    return block, element
    raise PageError(
        "unknown_element", f"Nothing with block_id {choice.get('block_id')!r} and action_id "
        f"{choice.get('action_id')!r} can be used here."
    )  # fmt: skip


def _option(element: Json, options: list[Json], selected: object, *, many: bool) -> Any:
    """Return the chosen option object or objects, given by value or whole; raises PageError unknown_option."""
    initial = element.get("initial_options", [element["initial_option"]] if "initial_option" in element else [])
    offered = {option["value"]: option for option in [*initial, *options]}
    wanted = selected if isinstance(selected, list) else [selected]
    values = [option.get("value") if isinstance(option, dict) else option for option in wanted]
    if many:
        values = [value for value in values if value is not None]
    elif values == [None] and element["type"] != "overflow":
        return None
    if any(value not in offered for value in values):
        raise PageError("unknown_option", f"Choose one of {', '.join(offered)}.")
    return [offered[value] for value in values] if many else offered[values[0]]


def _enter(values: Json, block: Json, element: Json, chosen: Json) -> None:
    """Write a chosen value into `state.values`; buttons leave no state."""
    name = EMPTY.get(element["type"])
    if name is not None:
        entry = {"type": element["type"], name: chosen.get(name)}
        values.setdefault(block["block_id"], {})[element["action_id"]] = entry


def _merge(values: Json, entered: Json) -> None:
    for block_id, by_action in entered.items():
        values.setdefault(block_id, {}).update(by_action)


def _missing(view: Json) -> dict[str, str]:
    """Return a sentence for each required input that is empty."""
    missing: dict[str, str] = {}
    for block in view["blocks"]:
        if block["type"] == "input" and not block.get("optional"):
            element = block["element"]
            entry = view["state"]["values"].get(block["block_id"], {}).get(element["action_id"], {})
            if not entry.get(EMPTY[element["type"]]):
                missing[block["block_id"]] = "Please complete this required field."
    return missing
