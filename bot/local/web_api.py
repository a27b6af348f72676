"""`/api/<method>`: tokens, scopes, arguments, and the table of methods.

Source: docs.slack.dev/apis/web-api; scopes as listed on each method's page.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web

from bot.local import api_channels, api_chat, api_conversations, api_files, api_people, api_scheduled, api_views
from bot.local.app import App
from bot.local.arguments import Arguments
from bot.local.errors import SlackError
from bot.local.faults import ApiFault
from bot.local.oauth import Installations, Owner
from bot.local.rate_limits import SPECIAL, TIER_1, TIER_2, TIER_3, TIER_4
from bot.local.scopes import require
from bot.local.space import Space

Json = dict[str, Any]
TokenKind = Literal["bot", "app", "none"]


@dataclass(frozen=True)
class Method:
    """One Web API method.

    per_minute: calls a minute, None where no limit is known. scopes: any one of them is enough; what depends on the
    channel is checked inside. reads_json: whether arguments may come as a JSON body; one that isn't read is as if it
    were empty.
    """

    run: Callable[[App, Arguments], Json]
    per_minute: int | None
    scopes: tuple[str, ...] = ()
    caller: TokenKind = "bot"
    reads_json: bool = True


def _open_connection(app: App, arguments: Arguments) -> Json:  # noqa: ARG001 - methods share one signature
    if app.http is not None:
        raise SlackError("socket_mode_not_enabled")
    faults = app.space.faults
    stale = faults.stale_links > 0
    faults.stale_links -= stale
    return {"ok": True, "url": app.sockets.new_link(stale=stale)}


def _api_test(app: App, arguments: Arguments) -> Json:  # noqa: ARG001
    if arguments.has("error"):
        raise SlackError(arguments.text("error"))
    return {"ok": True, "args": arguments.values}


METHODS: dict[str, Method] = {
    "api.test": Method(_api_test, TIER_4, caller="none"),
    "apps.connections.open": Method(_open_connection, TIER_3, caller="app"),
    "auth.test": Method(api_people.auth_test, SPECIAL),
    "blocks.validate": Method(api_views.validate_blocks, None, caller="none"),
    "bots.info": Method(api_people.bots_info, TIER_3, ("users:read",), reads_json=False),
    "chat.deleteScheduledMessage": Method(api_scheduled.delete, TIER_3, ("chat:write",)),
    "chat.delete": Method(api_chat.delete, TIER_3, ("chat:write",)),
    "chat.getPermalink": Method(api_chat.get_permalink, SPECIAL, reads_json=False),
    "chat.postEphemeral": Method(api_chat.post_ephemeral, TIER_4, ("chat:write",)),
    "chat.postMessage": Method(api_chat.post_message, SPECIAL, ("chat:write",)),
    "chat.scheduleMessage": Method(api_scheduled.schedule, TIER_3, ("chat:write",)),
    "chat.scheduledMessages.list": Method(api_scheduled.list_scheduled, TIER_3),
    "chat.unfurl": Method(api_chat.unfurl, TIER_3, ("links:write",)),
    "chat.update": Method(api_chat.update, TIER_3, ("chat:write",)),
    "conversations.archive": Method(api_channels.archive, TIER_2),
    "conversations.create": Method(api_channels.create, TIER_2),
    "conversations.history": Method(api_conversations.history, TIER_3),
    "conversations.info": Method(api_conversations.info, TIER_3, reads_json=False),
    "conversations.invite": Method(api_channels.invite, TIER_3),
    "conversations.join": Method(api_conversations.join, TIER_3, ("channels:join",)),
    "conversations.kick": Method(api_channels.kick, TIER_3),
    "conversations.leave": Method(api_channels.leave, TIER_3),
    "conversations.list": Method(api_conversations.list_conversations, TIER_2, reads_json=False),
    "conversations.members": Method(api_conversations.members, TIER_4, reads_json=False),
    "conversations.open": Method(api_conversations.open_conversation, TIER_3),
    "conversations.replies": Method(api_conversations.replies, TIER_3, reads_json=False),
    "conversations.setTopic": Method(api_channels.set_topic, TIER_2),
    "files.completeUploadExternal": Method(api_files.complete_upload, TIER_4, ("files:write",)),
    "files.getUploadURLExternal": Method(api_files.get_upload_url, TIER_4, ("files:write",), reads_json=False),
    "files.info": Method(api_files.info, TIER_4, ("files:read",), reads_json=False),
    "reactions.add": Method(api_chat.add_reaction, TIER_3, ("reactions:write",)),
    "reactions.get": Method(api_chat.get_reactions, TIER_3, ("reactions:read",), reads_json=False),
    "reactions.remove": Method(api_chat.remove_reaction, TIER_2, ("reactions:write",)),
    "team.info": Method(api_people.team_info, TIER_3, ("team:read",)),
    "team.profile.get": Method(api_people.get_team_profile, TIER_3, ("users.profile:read",), reads_json=False),
    "usergroups.list": Method(api_people.list_usergroups, TIER_2, ("usergroups:read",), reads_json=False),
    "usergroups.users.list": Method(api_people.list_usergroup_users, TIER_2, ("usergroups:read",), reads_json=False),
    "users.conversations": Method(api_conversations.list_of_user, TIER_3, reads_json=False),
    "users.info": Method(api_people.users_info, TIER_4, ("users:read",), reads_json=False),
    "users.list": Method(api_people.users_list, TIER_2, ("users:read",), reads_json=False),
    "users.lookupByEmail": Method(api_people.lookup_by_email, TIER_3, ("users:read.email",), reads_json=False),
    "users.profile.get": Method(api_people.get_profile, TIER_4, ("users.profile:read",), reads_json=False),
    "views.open": Method(api_views.open_view, TIER_4),
    "views.publish": Method(api_views.publish_view, TIER_4),
    "views.push": Method(api_views.push_view, TIER_4),
    "views.update": Method(api_views.update_view, TIER_4),
}


def handler(first: Space, teams: dict[str, Space], installed: Installations) -> Callable[[web.Request], Any]:
    """Return the aiohttp handler of `/api/<method>`: the token says which app in which workspace calls.

    What has no token is taken to come from the first app of the first workspace.
    """

    def describe(owner: Owner) -> Json:
        state, app = teams[owner.team].state, teams[owner.team].apps[owner.app - 1]
        return {
            "app_id": app.bot.app,
            "bot_user_id": app.bot.user,
            "bot_id": app.bot.id,
            "scope": ",".join(app.manifest.scopes),
            "team": {"id": owner.team, "name": state.team.name},
            "authed_user": {"id": state.first_person},
        }

    async def answer(request: web.Request) -> web.Response:
        name, app = request.match_info["method"], first.apps[0]
        sent: Json = {}
        fault: ApiFault | None = None
        try:
            arguments = await Arguments.read(request)
            sent = arguments.values
            token, body = _token(request, arguments), dict[str, Any]()
            owner = installed.owner(token)
            if owner is not None:
                app = teams[owner.team].apps[owner.app - 1]
            else:
                app = next((candidate for candidate in first.apps if candidate.config.app_token == token), app)
            if name == "oauth.v2.access":
                method = Method(lambda _, fields: installed.access(request, fields, describe), SPECIAL)
            else:
                method = allowed(app, name, token, is_bot=owner is not None)
            if not method.reads_json:
                arguments = arguments.without_body()
            _count(app, name, method)
            fault = app.space.faults.strike(name)
            if fault is None or fault.done or fault.error is None:
                body = method.run(app, arguments)
            if fault is not None and fault.error is not None:
                raise app.space.faults.refuse(fault)
            status, headers = 200, {}
        except SlackError as refusal:
            body, status, headers = refusal.body(), refusal.status, refusal.headers
        if fault is not None:
            await asyncio.sleep(fault.delay)
            if fault.reset and request.transport is not None:
                request.transport.abort()
        shown = "ok" if body["ok"] else body["error"]
        app.space.traffic.record(app.bot.app, "from_bot", "api", name, shown, request=sent, response=body)
        headers = {**headers, "X-OAuth-Scopes": ",".join(app.manifest.scopes)}
        if fault is not None and fault.page:
            kind, text = fault.page
            return web.Response(text=text, content_type=kind, status=status, headers=headers)
        return web.json_response(body, status=status, headers=headers)

    return answer


def _count(app: App, name: str, method: Method) -> None:
    """Raise SlackError ratelimited if the app calls a method too often."""
    commercial = app.space.config.commercial and name in {"conversations.history", "conversations.replies"}
    per_minute = TIER_1 if commercial else method.per_minute
    if per_minute is not None:
        app.rate_limits.count(name, per_minute)


def _token(request: web.Request, arguments: Arguments) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    # A JSON body is no place for a token.
    return token if scheme.lower() == "bearer" else arguments.without_body().text("token")


def allowed(app: App, name: str, token: str, *, is_bot: bool) -> Method:
    """Give a method that this token may call; raises SlackError with Slack's code if it may not."""
    method = METHODS.get(name)
    if method is None:
        raise SlackError("unknown_method", req_method=name)
    if method.caller != "none":
        _authenticate(app, token, method.caller, is_bot=is_bot)
        require(app.manifest.scopes if method.caller == "bot" else (), *method.scopes)
    return method


def _authenticate(app: App, token: str, wanted: TokenKind, *, is_bot: bool) -> None:
    """Raise not_authed, invalid_auth, not_allowed_token_type, or the token trouble a test asked for."""
    if not token:
        raise SlackError("not_authed")
    kind = "bot" if is_bot else "app" if token == app.config.app_token else None
    if kind is None:
        raise SlackError("account_inactive" if token.startswith("xoxb-local-") else "invalid_auth")
    if kind != wanted:
        raise SlackError("not_allowed_token_type")
    if app.space.faults.token_error:
        raise SlackError(app.space.faults.token_error)
