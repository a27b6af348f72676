"""app.yaml against the code, both ways, and against Slack's schema."""

import ast
import inspect
import json
import pkgutil
import re
from importlib import import_module
from typing import Any

import jsonschema
import pytest
import yaml
from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_sdk.web.async_client import AsyncWebClient

from bot import slack
from bot.settings import MANIFEST
from bot.slack import app as composition
from tests.test_cli import rolefit_here

ROOT = MANIFEST.parent
SCHEMA = ROOT.parent / "shared" / "manifest.schema.json"
# What our own middleware puts into Bolt's context, and what our requests do.
OFFERED = {"access", "library", "question_days", "second_stage", "store"}
PARSED = {"block_actions", "event_callback", "message_shortcut", "slash_command", "view_submission"}

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
    "team_profile_get": {"users.profile:read"},
    "usergroups_users_list": {"usergroups:read"},
    "users_info": {"users:read"},
    "users_profile_get": {"users.profile:read"},
    "views_open": set(),
    "views_publish": set(),
    "views_update": set(),
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
    for feature in composition.FEATURES:
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
    with_listeners = {
        name
        for _, name, _ in pkgutil.iter_modules(slack.__path__)
        if hasattr(import_module(f"bot.slack.{name}"), "register")
    }

    assert {feature.__name__ for feature in composition.FEATURES} == {f"bot.slack.{name}" for name in with_listeners}
    assert "for feature in FEATURES: feature.register(app)" in " ".join(inspect.getsource(composition.create).split())


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
    by_bolt = {*inspect.signature(AsyncArgs.__init__).parameters, "request"}  # the latter is another name of `req`
    known = by_bolt | OFFERED | PARSED

    for listener in registered.listeners:
        unknown = set(inspect.signature(listener).parameters) - known
        assert not unknown, f"{listener.__module__}.{listener.__name__} asks for {unknown}"


@pytest.mark.parametrize("arguments", [(), ("--url", "https://bot.example")])
def test_the_manifest_fits_slacks_schema(arguments: tuple[str, ...]):
    if not SCHEMA.exists():
        pytest.skip("Slack's manifest schema is kept in ../shared, which is not here")
    made = yaml.safe_load(rolefit_here("manifest", *arguments).stdout)

    jsonschema.validate(made, json.loads(SCHEMA.read_text()))


def test_the_manifest_for_http_names_our_address_everywhere():
    made = yaml.safe_load(rolefit_here("manifest", "--url", "https://bot.example/").stdout)

    address = "https://bot.example/slack/events"
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["event_subscriptions"]["request_url"] == address
    assert made["settings"]["interactivity"]["request_url"] == address
    assert [each["url"] for each in made["features"]["slash_commands"]] == [address]


def test_an_address_slack_would_not_call_is_refused():
    result = rolefit_here("manifest", "--url", "http://bot.example")

    assert result.returncode == 2
    assert "Slack only calls https:// addresses" in result.stderr


# What Slack takes at most, from docs.slack.dev/reference/app-manifest and its schema; characters, or items of a list.
LIMITS = {
    "display_information.name": (1, 35),
    "display_information.description": (1, 140),
    "display_information.long_description": (175, 4000),
    "features.bot_user.display_name": (1, 80),
    "features.slash_commands": (1, 50),
    "features.slash_commands.command": (2, 32),
    "features.slash_commands.description": (1, 2000),
    "features.slash_commands.usage_hint": (1, 1000),
    "features.shortcuts": (1, 10),
    "features.shortcuts.name": (1, 24),
    "features.shortcuts.callback_id": (1, 255),
    "features.shortcuts.description": (1, 150),
    "oauth_config.scopes.bot": (1, 255),
    "settings.event_subscriptions.bot_events": (1, 100),
}


def values(content: Any, path: str) -> list[Any]:
    """Give what a manifest has at a path; within a list, at that path of each item."""
    name, _, rest = path.partition(".")
    found = content[name]
    if not rest:
        return [found]
    return [value for item in (found if isinstance(found, list) else [found]) for value in values(item, rest)]


@pytest.mark.parametrize("path", LIMITS)
def test_the_manifest_keeps_slacks_limits(path: str, manifest: dict[str, Any]):
    least, most = LIMITS[path]
    sizes = [len(value) for value in values(manifest, path)]

    assert sizes
    assert all(least <= size <= most for size in sizes), (path, sizes)


def test_the_manifest_is_right_where_slack_says_more_than_how_long(manifest: dict[str, Any]):
    shown, features = manifest["display_information"], manifest["features"]

    assert re.fullmatch(r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?", shown["background_color"])
    assert len(f"{shown['name']} (local)") <= LIMITS["display_information.name"][1]  # as `slack run` calls it
    assert all(command["command"].startswith("/") for command in features["slash_commands"])
    assert all(shortcut["type"] in ("message", "global") for shortcut in features["shortcuts"])
    for listed in (
        manifest["oauth_config"]["scopes"]["bot"],
        manifest["settings"]["event_subscriptions"]["bot_events"],
    ):
        assert len(listed) == len(set(listed))


MARKETPLACE = (ROOT / "docs" / "marketplace.md").read_text()


def test_each_scope_has_its_reason_where_a_reviewer_looks(manifest: dict[str, Any]):
    table = MARKETPLACE.partition("## What each scope is for")[2].partition("\n## ")[0]
    rows = [row.split(" | ") for row in re.findall(r"^\| (`.*) \|$", table, re.MULTILINE)]
    reasons = {scope: cells[1] for cells in rows for scope in re.findall(r"`([a-z_.:]+)`", cells[0])}

    assert set(reasons) == set(manifest["oauth_config"]["scopes"]["bot"])
    assert all(len(reason.split()) >= 1 for reason in reasons.values())


def test_the_short_description_is_what_the_marketplace_takes(manifest: dict[str, Any]):
    description = manifest["display_information"]["description"]

    assert len(description.split()) <= 10
    assert f"{description}." in MARKETPLACE


def test_an_admin_reads_of_organisations_what_the_manifest_says(manifest: dict[str, Any]):
    said = "true" if manifest["settings"]["org_deploy_enabled"] else "false"

    assert f"`org_deploy_enabled` is `{said}`" in MARKETPLACE.replace("\n", " ")
