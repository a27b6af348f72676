"""The part of Slack's app manifest that decides what the bot may do and hear."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.local.errors import read_yaml, yaml_problem

Json = dict[str, Any]


@dataclass(frozen=True)
class Command:
    """A slash command as the manifest declares it."""

    command: str
    description: str
    usage_hint: str
    should_escape: bool


@dataclass(frozen=True)
class Shortcut:
    """A global or message shortcut as the manifest declares it."""

    name: str
    type: str
    callback_id: str
    description: str


@dataclass(frozen=True)
class Manifest:
    """One app: its name, its scopes, and what it subscribed to.

    Source: docs.slack.dev/reference/app-manifest.
    """

    app_name: str
    bot_name: str
    scopes: tuple[str, ...]
    events: frozenset[str]
    commands: tuple[Command, ...]
    shortcuts: tuple[Shortcut, ...]
    interactive: bool
    socket_mode: bool
    home_enabled: bool
    messages_enabled: bool
    messages_read_only: bool
    unfurl_domains: tuple[str, ...]

    def command(self, name: str) -> Command | None:
        """Return the slash command of that name, if it is declared and the scope for it is asked for."""
        declared = self.commands if "commands" in self.scopes else ()
        return next((command for command in declared if command.command == name), None)

    def shortcut(self, callback_id: str) -> Shortcut | None:
        """Return the shortcut with that callback_id, if it is declared."""
        return next((shortcut for shortcut in self.shortcuts if shortcut.callback_id == callback_id), None)

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """Read a manifest file, YAML or JSON.

        Raises OSError if it can't be read, ValueError, with the file's name, if it isn't one.
        """
        try:
            document = read_yaml(path.read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            raise ValueError(f"{path}: this is neither YAML nor JSON: {yaml_problem(error)}.") from None
        except UnicodeDecodeError:
            raise ValueError(f"{path}: this is not UTF-8 text. Save it as UTF-8.") from None
        if not isinstance(document, dict) or "name" not in (document.get("display_information") or {}):
            raise ValueError(f"{path}: this is no app manifest: display_information.name is missing.")
        return cls._from(document)

    @classmethod
    def _from(cls, document: Json) -> "Manifest":
        features: Json = document.get("features") or {}
        settings: Json = document.get("settings") or {}
        home: Json = features.get("app_home") or {}
        scopes: Json = (document.get("oauth_config") or {}).get("scopes") or {}
        app_name = document["display_information"]["name"]
        return cls(
            app_name=app_name,
            bot_name=features.get("bot_user", {}).get("display_name", app_name),
            scopes=tuple(sorted({*scopes.get("bot", ()), *scopes.get("bot_optional", ())})),
            events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
            commands=tuple(
                Command(
                    command["command"],
                    command.get("description", ""),
                    command.get("usage_hint", ""),
                    command.get("should_escape", False),
                )
                for command in features.get("slash_commands", ())
            ),
            shortcuts=tuple(
                Shortcut(shortcut["name"], shortcut["type"], shortcut["callback_id"], shortcut.get("description", ""))
                for shortcut in features.get("shortcuts", ())
            ),
            interactive=settings.get("interactivity", {}).get("is_enabled", False),
            socket_mode=settings.get("socket_mode_enabled", False),
            home_enabled=home.get("home_tab_enabled", False),
            messages_enabled=home.get("messages_tab_enabled", True),
            messages_read_only=home.get("messages_tab_read_only_enabled", False),
            unfurl_domains=tuple(features.get("unfurl_domains") or ()),
        )
