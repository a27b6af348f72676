"""What tests and the inspector do by `/local/*`: cause faults, and do what otherwise only Slack itself does."""

from aiohttp import web

from bot.local.composer import links
from bot.local.errors import PageError
from bot.local.faults import ApiFault, Weather
from bot.local.page_access import Json, PageAccess, text_of


class ControlCalls(PageAccess):
    """Calls that no person makes in Slack."""

    async def deactivate(self, body: Json) -> Json:
        """Deactivate a person's account."""
        user = text_of(body, "user")
        if user not in self._state.people or user in self._state.bots:
            raise PageError("user_not_found", "There is no such person.")
        self._state.deactivate(user)
        return {"ok": True}

    async def undelivered(self, body: Json) -> Json:  # noqa: ARG002
        """Name the messages of which an event, or a change, was never acknowledged, however often it was sent."""
        parcels = [parcel for app in self._space.apps for parcel in app.delivery.given_up]
        events = [parcel.payload["event"] for parcel in parcels if "event" in parcel.payload]
        changed = [event.get("deleted_ts") or event.get("message", {}).get("ts") for event in events]
        return {"ts": [*(event.get("ts") for event in events), *filter(None, changed)]}

    async def refresh(self, body: Json) -> Json:
        """Ask the bot's sockets to reconnect, or tell them another `reason`, e.g. link_disabled."""
        await self._app(body).sockets.refresh(body.get("reason") or "refresh_requested")
        return {"ok": True}

    async def verify(self, body: Json) -> Json:
        """Send the request URL a challenge, as Slack does when it is saved."""
        http = self._app(body).http
        return {"ok": http is not None and await http.verify()}

    async def faults(self, body: Json) -> Json:
        """Arrange trouble: api [{method, error, times, …}], twice, unheard, …; the fields of faults.py."""
        faults = self._space.faults
        try:
            faults.api = [ApiFault(**fault) for fault in body.get("api", [])]
            faults.weather = Weather(**body["weather"]) if body.get("weather") else None
        except TypeError as error:
            raise PageError("invalid_fault", str(error)) from None
        faults.twice = int(body.get("twice", 0))
        faults.unheard = int(body.get("unheard", 0))
        faults.stale_links = int(body.get("stale_links", 0))
        faults.swapped = int(body.get("swapped", 0))
        faults.token_error = body.get("token_error")
        return {"ok": True}

    async def unfurl(self, body: Json) -> Json:
        """Show previews of a message's links, as Slack does once it has fetched them; nothing is fetched here."""
        me = self._person(body)
        channel = self._visible(me, body)
        ts = text_of(body, "ts")
        if ts not in channel.messages:
            raise PageError("message_not_found", "There is no such message.")
        previews = {url: {"title": url, "text": "A preview", "fallback": url} for url in links(channel.messages[ts])}
        self._conversation.unfurl(channel, ts, previews)
        return {"ok": True}

    async def limit_events(self, body: Json) -> Json:
        """Tell the bot that it is sent no more events for a while, as beyond 30,000 in an hour."""
        self._space.events.tell_limited(self._app(body))
        return {"ok": True}

    async def uninstall(self, body: Json) -> Json:
        """Remove the app: its tokens end, and it is told, in the order that `tokens_first` asks for."""
        app = self._app(body)
        self._uninstall(app.config.number, self._state.team.id)
        events: list[Json] = [
            {"type": "app_uninstalled"},
            {"type": "tokens_revoked", "tokens": {"bot": [app.bot.user]}},
        ]
        for event in reversed(events) if body.get("tokens_first") else events:
            self._space.events.send(app, event["type"], event)
        return {"ok": True}

    async def settled(self, request: web.Request) -> web.Response:
        """Wait until no delivery awaits its acknowledgement; 408 if that takes too long."""
        try:
            timeout = float(request.query.get("timeout", "10"))
        except ValueError:
            refusal = PageError("invalid_timeout", "`timeout` is a number of seconds.")
            return web.json_response(refusal.body(), status=400)
        settled = await self._space.settled(timeout)
        return web.json_response({"ok": settled}, status=200 if settled else 408)
