"""auth.*, users.*, team.*, bots.*: source: the method pages under docs.slack.dev/reference/methods."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.local.arguments import Arguments
from bot.local.errors import SlackError
from bot.local.lookup import page_of, person_of
from bot.local.space import Space
from bot.local.state import Person

Json = dict[str, Any]


def auth_test(space: Space, arguments: Arguments) -> Json:  # noqa: ARG001 - methods share one signature
    """Say whose token this is."""
    state = space.state
    return {
        "ok": True,
        "url": f"{space.config.url}/",
        "team": state.team.name,
        "user": state.bot.name,
        "team_id": state.team.id,
        "user_id": state.bot_user,
        "bot_id": state.bot_id,
        "is_enterprise_install": False,
    }


def users_info(space: Space, arguments: Arguments) -> Json:
    """Describe one person."""
    return {"ok": True, "user": described(space, person_of(space, arguments.required("user")))}


def users_list(space: Space, arguments: Arguments) -> Json:
    """List everybody."""
    everybody = [described(space, each) for each in space.state.people.values()]
    page, cursor = page_of(everybody, arguments)
    return {"ok": True, "members": page, "response_metadata": {"next_cursor": cursor}}


def described(space: Space, person: Person) -> Json:
    """Return Slack's user object; the email only with users:read.email."""
    offset = datetime.fromtimestamp(space.config.clock(), ZoneInfo(person.tz)).utcoffset()
    profile: Json = {
        "title": person.title,
        "real_name": person.real_name,
        "real_name_normalized": person.real_name,
        "display_name": person.real_name.split(" ", maxsplit=1)[0],
        "display_name_normalized": person.real_name.split(" ", maxsplit=1)[0],
        "team": space.state.team.id,
    }
    if "users:read.email" in space.manifest.scopes:
        profile["email"] = person.email or f"{person.name}@example.com"
    described_person: Json = {
        "id": person.id,
        "team_id": space.state.team_of(person.id),
        "name": person.name,
        "deleted": person.deleted,
        "profile": profile,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": 0,
    }
    if person.deleted:
        return described_person
    return described_person | {
        "color": person.image_color,
        "real_name": person.real_name,
        "tz": person.tz,
        "tz_label": person.tz,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": person.is_guest,
        "is_ultra_restricted": False,
        "is_stranger": bool(person.team),
    }


def team_info(space: Space, arguments: Arguments) -> Json:  # noqa: ARG001
    """Describe the workspace."""
    team = space.state.team
    return {"ok": True, "team": {"id": team.id, "name": team.name, "domain": team.domain, "icon": {}}}


def bots_info(space: Space, arguments: Arguments) -> Json:
    """Describe the bot."""
    state = space.state
    if arguments.text("bot", state.bot_id) != state.bot_id:
        raise SlackError("bot_not_found")
    return {
        "ok": True,
        "bot": {
            "id": state.bot_id,
            "app_id": state.app_id,
            "user_id": state.bot_user,
            "name": state.bot.real_name,
            "deleted": False,
            "updated": 0,
        },
    }
