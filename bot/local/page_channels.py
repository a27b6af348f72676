"""What people do with conversations by `/local/*`: opening and reading them, and who is in them."""

from bot.local.api_channels import MAX_NAME, what_is_wrong_with
from bot.local.errors import PageError
from bot.local.page_access import Json, PageAccess, text_of


class ChannelCalls(PageAccess):
    """Calls about channels, direct messages and groups."""

    async def read(self, body: Json) -> Json:
        """Remember how far somebody has read."""
        me = self._person(body)
        self._conversation.read(self._joined(me, body), me.id, text_of(body, "ts"))
        return {"ok": True}

    async def open(self, body: Json) -> Json:
        """Look at a direct conversation, opening it if need be; the bot hears app_home_opened for its own."""
        me = self._person(body)
        channel = self._direct_to(me, text_of(body, "channel")) or self._visible(me, body)
        for app in self._space.apps:
            if channel.kind == "im" and app.bot.user in channel.members:
                self._tell_home_opened(app, me, "messages", {})
        return {"ok": True, "channel": channel.id}

    async def join(self, body: Json) -> Json:
        """Join a public channel."""
        me = self._person(body)
        channel = self._visible(me, body)
        if channel.kind != "channel":
            raise PageError("not_public", "Only public channels can be joined.")
        self._conversation.join(channel, me.id)
        return {"ok": True}

    async def leave(self, body: Json) -> Json:
        """Leave a channel."""
        me = self._person(body)
        self._conversation.leave(self._joined(me, body), me.id)
        return {"ok": True}

    async def invite(self, body: Json) -> Json:
        """Bring somebody, perhaps a bot, into a channel; `mentioned_in` is the message that mentioned them."""
        me = self._person(body)
        channel = self._joined(me, body)
        invited = self._state.people.get(text_of(body, "user"))
        if invited is None or invited.deleted:
            raise PageError("user_not_found", "There is nobody active with that id.")
        if channel.kind not in {"channel", "group"}:
            raise PageError("not_a_channel", "People can be invited to channels only.")
        if channel.archived:
            raise PageError("is_archived", f"#{channel.name} is archived.")
        self._conversation.join(channel, invited.id, inviter=me.id)
        if invited.is_bot and body.get("mentioned_in"):
            self._conversation.tell_mention(channel, str(body["mentioned_in"]), invited.id)
        return {"ok": True}

    async def remove(self, body: Json) -> Json:
        """Remove somebody, perhaps a bot, from a channel."""
        me = self._person(body)
        channel = self._joined(me, body)
        user = text_of(body, "user")
        if channel.kind not in {"channel", "group"} or user not in channel.members or user == me.id:
            raise PageError("cannot_remove", "Only other members of a channel can be removed.")
        self._conversation.remove(channel, user, me.id)
        return {"ok": True}

    async def archive(self, body: Json) -> Json:
        """Archive a channel, or bring it back if it is archived."""
        me = self._person(body)
        channel = self._joined(me, body)
        if channel.kind not in {"channel", "group"}:
            raise PageError("not_a_channel", "Only channels can be archived.")
        self._conversation.archive(channel, me.id, archived=not channel.archived)
        return {"ok": True}

    async def channel(self, body: Json) -> Json:
        """Create a channel with oneself in it."""
        me = self._person(body)
        name = text_of(body, "name").lstrip("#").lower().replace(" ", "-")
        if (reason := what_is_wrong_with(name)) is not None:
            raise PageError(reason, f"A channel’s name has letters, digits, - and _, {MAX_NAME} at most.")
        if self._state.named(name) is not None:
            raise PageError("name_taken", f"There is a #{name} already.")
        created = self._state.new_channel(name, "group" if body.get("is_private") else "channel", me.id)
        self._conversation.show_new_channel(created)
        return {"channel": self._conversation.describe(created, me.id)}

    async def group(self, body: Json) -> Json:
        """Open a conversation with one person, or a group with several."""
        me = self._person(body)
        users = body.get("users")
        if not isinstance(users, list) or not users or not set(users) <= set(self._state.people):
            raise PageError("user_not_found", "`users` must name people of this workspace.")
        for user in users:
            self._may_write_to(me, self._state.people[user])
        if len(users) == 1:
            channel = self._direct(me.id, users[0])
        else:
            channel = self._state.group([me.id, *users])
            self._conversation.show_channel(channel)
        return {"channel": self._conversation.describe(channel, me.id)}
