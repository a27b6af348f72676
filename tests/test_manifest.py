"""app.yaml against the code, both ways, and against Slack's schema."""

import ast
import inspect
import json
import re
from typing import Any

import jsonschema
import pytest
import yaml
from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import MANIFEST
from bot.slack import app as composition
from bot.slack import channel, compare, faq, feedback, gaps, home, messages, privacy, quiz, share, uninstall
from tests.test_cli import rolefit

ROOT = MANIFEST.parent
SCHEMA = ROOT.parent / "shared" / "manifest.schema.json"
FEATURES = (messages, faq, feedback, channel, quiz, share, compare, home, gaps, privacy, uninstall)
# What our own middleware puts into Bolt's context, and what its dispatch does.
OFFERED = {"access", "library", "question_days", "second_stage", "store"}
PARSED = {
    "block_actions", "classified", "event_callback", "message_shortcut", "slash_command", "view_submission",
}  # fmt: skip

# What each method and event needs, from its page in Slack's reference; an empty set is no scope at all.
METHOD_SCOPES = {
    "apps_connections_open": set(),  # an app-level token's scope, not the bot's
    "auth_test": set(),
    "blocks_validate": set(),
    "chat_getPermalink": set(),
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_delete": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_history": {"channels:history", "groups:history", "im:history", "mpim:history"},
    "conversations_info": {"channels:read", "groups:read"},
    "conversations_open": {"im:write", "mpim:write"},
    "conversations_replies": {"channels:history", "groups:history", "im:history", "mpim:history"},
    "files_completeUploadExternal": {"files:write"},
    "files_getUploadURLExternal": {"files:write"},
    "users_info": {"users:read"},
    "views_open": set(),
    "views_publish": set(),
}
EVENT_SCOPES = {
    "app_home_opened": set(),
    "app_mention": {"app_mentions:read"},
    "app_uninstalled": set(),
    "member_joined_channel": {"channels:read", "groups:read"},
    "tokens_revoked": set(),
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
}


class Recorder:
    """Stands where features register their listeners, and writes down what for."""

    def __init__(self) -> None:
        self.events: set[str] = set()
        self.commands: set[str] = set()
        self.shortcuts: set[str] = set()
        self.listeners: list[Any] = []

    def event(self, name: str):
        self.events.add(name)
        return self.listeners.append

    def command(self, name: str):
        self.commands.add(name)
        return self.listeners.append

    def shortcut(self, name: str):
        self.shortcuts.add(name)
        return self.listeners.append

    def view(self, _name: str):
        return self.listeners.append

    def action(self, _name: str | re.Pattern[str]):
        return self.listeners.append


@pytest.fixture(scope="module")
def registered() -> Recorder:
    recorder = Recorder()
    for feature in FEATURES:
        feature.register(recorder)
    return recorder


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(MANIFEST.read_text())
    return found


def called_methods() -> set[str]:
    """Find the Web API methods that the code calls, by the SDK's names or by Slack's, in the form of the SDK's."""
    api = {name for name in dir(AsyncWebClient) if re.fullmatch(r"[a-z]+(_[a-zA-Z]+)+", name)} - {"api_call"}
    nodes = [
        node
        for path in (ROOT / "bot").rglob("*.py")
        if "local" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
    ]
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    named = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    names |= {name.replace(".", "_") for name in named}  # what goes through `api_call`
    return names & api


def test_every_feature_is_registered():
    source = " ".join(inspect.getsource(composition.create).split())  # however its lines are broken

    registered = "messages, faq, feedback, channel, quiz, share, compare, home, first_contact, gaps, privacy, uninstall"
    assert f"for feature in ( {registered}, ): feature.register(app)" in source


def test_each_listener_has_its_event_or_command_and_the_reverse(registered: Recorder, manifest: dict[str, Any]):
    events = {name.split(".")[0] for name in manifest["settings"]["event_subscriptions"]["bot_events"]}
    commands = {each["command"] for each in manifest["features"].get("slash_commands", [])}
    shortcuts = {each["callback_id"] for each in manifest["features"].get("shortcuts", [])}

    assert (registered.events, registered.commands, registered.shortcuts) == (events, commands, shortcuts)


def test_each_method_has_its_scope_and_no_scope_is_without_use(manifest: dict[str, Any]):
    methods = called_methods()
    events = manifest["settings"]["event_subscriptions"]["bot_events"]

    assert methods == set(METHOD_SCOPES)
    used = {"commands"}.union(*(METHOD_SCOPES[name] for name in methods), *(EVENT_SCOPES[name] for name in events))
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == used


def test_every_listener_names_only_what_bolt_or_we_inject(registered: Recorder):
    known = set(inspect.signature(AsyncArgs.__init__).parameters) | OFFERED | PARSED

    for listener in registered.listeners:
        unknown = set(inspect.signature(listener).parameters) - known
        assert not unknown, f"{listener.__module__}.{listener.__name__} asks for {unknown}"


@pytest.mark.parametrize("arguments", [(), ("--url", "https://bot.example")])
def test_the_manifest_fits_slacks_schema(arguments: tuple[str, ...]):
    if not SCHEMA.exists():
        pytest.skip("Slack's manifest schema is kept in ../shared, which is not here")
    made = yaml.safe_load(rolefit("manifest", *arguments).stdout)

    jsonschema.validate(made, json.loads(SCHEMA.read_text()))


def test_the_manifest_for_http_names_our_address_everywhere():
    made = yaml.safe_load(rolefit("manifest", "--url", "https://bot.example/").stdout)

    address = "https://bot.example/slack/events"
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["event_subscriptions"]["request_url"] == address
    assert made["settings"]["interactivity"]["request_url"] == address
    assert [each["url"] for each in made["features"]["slash_commands"]] == [address]


def test_an_address_slack_would_not_call_is_refused():
    result = rolefit("manifest", "--url", "http://bot.example")

    assert result.returncode == 2
    assert "Slack only calls https:// addresses" in result.stderr


def test_each_scope_has_its_reason_where_a_reviewer_looks(manifest: dict[str, Any]):
    page = (ROOT / "docs" / "marketplace.md").read_text()

    assert [scope for scope in manifest["oauth_config"]["scopes"]["bot"] if f"`{scope}`" not in page] == []
