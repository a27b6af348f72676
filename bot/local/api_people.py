"""auth.*, users.*, team.*, bots.*: source: the method pages under docs.slack.dev/reference/methods."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.local.app import App
from bot.local.arguments import Arguments
from bot.local.errors import SlackError
from bot.local.lookup import page_of, person_of
from bot.local.state import Person

Json = dict[str, Any]
MANAGER_FIELD = "Xf0MANAGER"
SLACKBOT = Person("USLACKBOT", "slackbot", "Slackbot")  # a bot that is_bot says is none


def auth_test(app: App, arguments: Arguments) -> Json:  # noqa: ARG001 - methods share one signature
    """Say whose token this is."""
    team = app.space.state.team
    return {
        "ok": True,
        "url": f"{app.space.config.url}/",
        "team": team.name,
        "user": app.space.state.people[app.bot.user].name,
        "team_id": team.id,
        "user_id": app.bot.user,
        "bot_id": app.bot.id,
        "is_enterprise_install": False,
    }


def users_info(app: App, arguments: Arguments) -> Json:
    """Describe one person, or Slackbot."""
    user = arguments.required("user")
    return {"ok": True, "user": described(app, SLACKBOT if user == SLACKBOT.id else person_of(app, user))}


def users_list(app: App, arguments: Arguments) -> Json:
    """List everybody."""
    everybody = [described(app, person) for person in [*app.space.state.people.values(), SLACKBOT]]
    page, cursor = page_of(everybody, arguments)
    return {"ok": True, "members": page, "response_metadata": {"next_cursor": cursor}}


def lookup_by_email(app: App, arguments: Arguments) -> Json:
    """Describe the person with an e-mail address; nobody from another organisation is found."""
    email = arguments.required("email").lower()
    for person in app.space.state.people.values():
        if email_of(person).lower() == email and not (person.deleted or person.is_bot or person.team):
            return {"ok": True, "user": described(app, person)}
    raise SlackError("users_not_found")


def get_profile(app: App, arguments: Arguments) -> Json:
    """Return one person's profile, the bot's own by default."""
    return {"ok": True, "profile": _profile(app, person_of(app, arguments.text("user") or app.bot.user))}


def get_team_profile(app: App, arguments: Arguments) -> Json:  # noqa: ARG001 - methods share one signature
    """Say which fields of their own the profiles of this workspace have: one that names somebody's manager."""
    field = {"id": MANAGER_FIELD, "ordering": 0, "label": "Manager", "hint": "", "type": "user", "is_hidden": False}
    return {"ok": True, "profile": {"fields": [field], "sections": []}}


def email_of(person: Person) -> str:
    """Return a person's address."""
    return person.email or f"{person.name}@example.com"


def described(app: App, person: Person) -> Json:
    """Return Slack's user object; a deactivated person's has little in it."""
    now = datetime.fromtimestamp(app.space.config.clock(), ZoneInfo(person.tz))
    offset = now.utcoffset()
    described_person: Json = {
        "id": person.id,
        "team_id": app.space.state.team_of(person.id),
        "name": person.name,
        "deleted": person.deleted,
        "profile": _profile(app, person),
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
        "tz_label": now.tzname() or person.tz,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": person.is_guest,
        "is_ultra_restricted": False,
        "is_stranger": bool(person.team),
        "is_email_confirmed": not person.is_bot,
        "who_can_share_contact_card": "EVERYONE",
    }


def _profile(app: App, person: Person) -> Json:
    """Return a profile; the e-mail address only with users:read.email, and never a bot's."""
    first, _, last = person.real_name.partition(" ")
    profile: Json = {
        "title": person.title,
        "phone": "",
        "skype": "",
        "real_name": person.real_name,
        "real_name_normalized": person.real_name,
        "display_name": first,
        "display_name_normalized": first,
        "first_name": first,
        "last_name": last,
        "fields": {MANAGER_FIELD: {"value": person.manager, "alt": ""}} if person.manager else None,
        "status_text": "",
        "status_emoji": "",
        "status_emoji_display_info": [],
        "status_expiration": 0,
        "avatar_hash": f"g{person.id.lower()}",
        "team": app.space.state.team_of(person.id),
    }
    if bot := app.space.state.bots.get(person.id):
        return profile | {"api_app_id": bot.app, "bot_id": bot.id, "always_active": True}
    if "users:read.email" in app.manifest.scopes and person.id != SLACKBOT.id and not person.team:
        profile["email"] = email_of(person)
    return profile


def list_usergroups(app: App, arguments: Arguments) -> Json:
    """List user groups, with their people if `include_users` asks for it."""
    groups = [
        {
            "id": group.id,
            "team_id": app.space.state.team.id,
            "is_usergroup": True,
            "name": group.name,
            "description": "",
            "handle": group.handle,
            "is_external": False,
            "date_delete": 0,
            "user_count": len(group.users),
            **({"users": list(group.users)} if arguments.flag("include_users") else {}),
        }
        for group in app.space.state.usergroups
    ]
    return {"ok": True, "usergroups": groups}


def list_usergroup_users(app: App, arguments: Arguments) -> Json:
    """List the people of one user group."""
    wanted = arguments.required("usergroup")
    for group in app.space.state.usergroups:
        if group.id == wanted:
            return {"ok": True, "users": list(group.users)}
    raise SlackError("no_such_subteam")


def team_info(app: App, arguments: Arguments) -> Json:  # noqa: ARG001
    """Describe the workspace."""
    team = app.space.state.team
    return {"ok": True, "team": {"id": team.id, "name": team.name, "domain": team.domain, "icon": {}}}


def bots_info(app: App, arguments: Arguments) -> Json:
    """Describe a bot, one's own by default."""
    wanted = arguments.text("bot") or app.bot.id
    for bot in app.space.state.bots.values():
        if bot.id == wanted:
            about = {"id": bot.id, "app_id": bot.app, "user_id": bot.user, "name": bot.name}
            return {"ok": True, "bot": {**about, "deleted": False, "updated": 0}}
    raise SlackError("bot_not_found")
