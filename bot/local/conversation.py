"""What happens when somebody says, edits, deletes, joins or reacts: memory, open pages and bots learn of it."""

import uuid
from collections.abc import Iterable
from typing import Any

from bot.local.events import Events, for_bot
from bot.local.formatting import mentions
from bot.local.state import Channel, State
from bot.local.stream import Stream

Json = dict[str, Any]


class Conversation:
    """Carries changes out; whether they are allowed has been decided by the caller."""

    def __init__(self, state: State, stream: Stream, events: Events) -> None:
        self._state = state
        self._stream = stream
        self._events = events

    # Messages
    def say(self, channel: Channel, author: str, text: str, *, thread_ts: str | None = None, **more: Any) -> Json:
        """Post a message and return it.

        thread_ts: a thread's root; anything else is posted at top level, as Slack does (bolt-python#276).
        more: further fields of the message object, e.g. blocks, metadata, subtype; None leaves a field out.
        """
        ts = self._state.timestamps.next()
        message: Json = {"type": "message", "ts": ts, "user": author, "text": text, "team": self._state.team.id}
        message |= self._signature(author) | more
        root = self.root_of(channel, thread_ts)
        if root is not None:
            message |= {"thread_ts": root["ts"], "parent_user_id": root.get("user")}
        message = {name: value for name, value in message.items() if value is not None}
        channel.messages[ts] = message
        channel.last_read[author] = ts
        if root is not None:
            self._count_reply(channel, root, message)
        self._show(channel, {"type": "message", "message": message})
        self._tell_unread(channel, but=author)
        self._events.message(channel, for_bot(message))
        if "subtype" not in message:
            self._events.mention(channel, for_bot(message))
            if author not in self._state.bots:
                self._events.links(channel, message)
                self._offer_invitations(channel, message)
        return message

    def _signature(self, author: str) -> Json:
        """Return the fields by which a message shows who wrote it."""
        bot = self._state.bots.get(author)
        if bot is None:
            return {"client_msg_id": str(uuid.uuid4())}
        profile = {
            "id": bot.id,
            "app_id": bot.app,
            "name": bot.name,
            "deleted": False,
            "team_id": self._state.team.id,
        }
        return {"bot_id": bot.id, "app_id": bot.app, "bot_profile": profile}

    @staticmethod
    def root_of(channel: Channel, thread_ts: str | None) -> Json | None:
        """Return the message a thread hangs on, or None if that ts is no root."""
        root = channel.messages.get(thread_ts) if thread_ts else None
        return root if root is not None and root.get("thread_ts") in {None, root["ts"]} else None

    def _count_reply(self, channel: Channel, root: Json, reply: Json) -> None:
        repliers = list(dict.fromkeys([*root.get("reply_users", []), reply["user"]]))
        counted = {
            **root,
            "thread_ts": root["ts"],
            "reply_count": root.get("reply_count", 0) + 1,
            "reply_users": repliers,
            "reply_users_count": len(repliers),
            "latest_reply": reply["ts"],
        }
        channel.messages[root["ts"]] = counted
        self._show(channel, {"type": "message_changed", "message": counted})

    def _offer_invitations(self, channel: Channel, message: Json) -> None:
        """Tell a person, as Slackbot does, that a bot they mentioned isn't here; their page offers to invite it."""
        for bot in self._state.bots.values():
            absent = channel.kind in {"channel", "group"} and bot.user not in channel.members
            if absent and mentions(message["text"], bot.user):
                notice = {
                    "type": "notice",
                    "text": f"You mentioned @{bot.name}, but they’re not in this channel.",
                    "channel": channel.id,
                    "invite": {"user": bot.user, "mentioned_in": message["ts"]},
                }
                self._stream.push(notice, [message["user"]])

    def tell_mention(self, channel: Channel, ts: str, bot_user: str) -> None:
        """Send a bot app_mention for an earlier message, because of which it has been invited."""
        if ts in channel.messages:
            self._events.mention(channel, for_bot(channel.messages[ts]), only=bot_user)

    def whisper(
        self,
        channel: Channel,
        author: str,
        to: str,
        text: str,
        *,
        thread_ts: str | None = None,
        shown: bool = True,
        **more: Any,
    ) -> Json:
        """Post a message from a bot that only one person sees, until they leave; the bot can't update it.

        shown: whether that person does see it.
        """
        message: Json = {
            "type": "message",
            "ts": self._state.timestamps.next(),
            "user": author,
            "text": text,
            "team": self._state.team.id,
            "ephemeral": True,
            "is_ephemeral": True,
            **self._signature(author),
        }
        message |= {name: value for name, value in more.items() if value is not None}
        if self.root_of(channel, thread_ts) is not None:
            message["thread_ts"] = thread_ts
        if not shown:
            return message
        channel.whispers.setdefault(to, []).append(message)
        self._stream.push({"type": "message", "channel": channel.id, "message": message}, [to])
        return message

    def edit(self, channel: Channel, ts: str, editor: str, fields: Json) -> Json:
        """Replace fields of a message; a field set to None goes away. Returns the new message.

        It counts as edited only if its text changed.
        """
        before = channel.messages[ts]
        after = {name: value for name, value in {**before, **fields}.items() if value is not None}
        stamp = self._state.timestamps.next()
        if after["text"] != before["text"]:
            after["edited"] = {"user": editor, "ts": stamp}
        channel.messages[ts] = after
        if before.get("blocks"):
            channel.former.setdefault(ts, []).append(before["blocks"])
        self._show(channel, {"type": "message_changed", "message": after, "previous_ts": ts})
        self._tell_change(channel, stamp, before, after)
        if editor not in self._state.bots:
            self._events.mention(channel, for_bot(after))
        return after

    def unfurl(self, channel: Channel, ts: str, previews: dict[str, Json]) -> None:
        """Attach previews to a message, by the address each is of; bots hear message_changed without `edited`.

        Source: docs.slack.dev/messaging/unfurling-links-in-messages; slack-facts.md item 61.
        """
        before = channel.messages[ts]
        attachments = list(before.get("attachments", []))
        for url, preview in previews.items():
            attachments = [attachment for attachment in attachments if attachment.get("from_url") != url]
            attachments.append({**preview, "from_url": url, "original_url": url, "id": len(attachments) + 1})
        after = {**before, "attachments": attachments}
        channel.messages[ts] = after
        self._show(channel, {"type": "message_changed", "message": after, "previous_ts": ts})
        self._tell_change(channel, self._state.timestamps.next(), before, after)

    def _tell_change(self, channel: Channel, stamp: str, before: Json, after: Json) -> None:
        event = {
            "type": "message",
            "subtype": "message_changed",
            "hidden": True,
            "ts": stamp,
            "message": for_bot(after),
            "previous_message": for_bot(before),
        }
        self._events.message(channel, event)

    def replace_whisper(self, channel: Channel, to: str, ts: str, fields: Json | None) -> None:
        """Replace an ephemeral message through a response_url, or take it away if there are no fields."""
        whispers = channel.whispers.get(to, [])
        index = next((i for i, whisper in enumerate(whispers) if whisper["ts"] == ts), None)
        if index is None:
            return
        if fields is None:
            gone = whispers.pop(index)
            self._stream.push({"type": "message_deleted", "channel": channel.id, "message": gone}, [to])
            return
        changed = {name: value for name, value in {**whispers[index], **fields}.items() if value is not None}
        whispers[index] = changed
        event = {"type": "message_changed", "channel": channel.id, "message": changed, "previous_ts": ts}
        self._stream.push(event, [to])

    def delete(self, channel: Channel, ts: str) -> None:
        """Delete a message; the root of a thread with replies stays as a tombstone, as in Slack."""
        before = channel.messages[ts]
        stamp = self._state.timestamps.next()
        if before.get("reply_count"):
            kept = ("type", "ts", "thread_ts", "reply_count", "reply_users", "reply_users_count", "latest_reply")
            stone = {name: before[name] for name in kept if name in before}
            stone |= {"subtype": "tombstone", "text": "This message was deleted.", "hidden": True}
            channel.messages[ts] = stone | {"user": "USLACKBOT"}
            self._show(channel, {"type": "message_changed", "message": channel.messages[ts], "previous_ts": ts})
            self._tell_change(channel, stamp, before, channel.messages[ts])
            return
        channel.drop(ts)
        self._uncount_reply(channel, before)
        self._show(channel, {"type": "message_deleted", "message": before})
        event = {
            "type": "message",
            "subtype": "message_deleted",
            "hidden": True,
            "ts": stamp,
            "deleted_ts": ts,
            "previous_message": for_bot(before),
        }
        self._events.message(channel, event)

    def _uncount_reply(self, channel: Channel, reply: Json) -> None:
        root = channel.messages.get(reply.get("thread_ts", ""))
        if root is None:
            return
        left = [
            message for message in channel.messages.values() if message.get("thread_ts") == root["ts"] != message["ts"]
        ]
        counted = {**root, "reply_count": len(left), "reply_users": sorted({reply["user"] for reply in left})}
        counted["reply_users_count"] = len(counted["reply_users"])
        if left:
            counted["latest_reply"] = max(reply["ts"] for reply in left)
        else:
            counted.pop("latest_reply", None)
        channel.messages[root["ts"]] = counted
        self._show(channel, {"type": "message_changed", "message": counted})

    # People coming and going
    def join(self, channel: Channel, user: str, inviter: str | None = None) -> None:
        """Make somebody a member and say so in the channel."""
        if user in channel.members:
            return
        channel.members.append(user)
        self.show_channel(channel)
        self.say(
            channel,
            user,
            f"<@{user}> has joined the channel",
            subtype="channel_join" if channel.kind == "channel" else "group_join",
            inviter=inviter,
            client_msg_id=None,
        )
        self._tell_membership("member_joined_channel", channel, user, inviter)

    def leave(self, channel: Channel, user: str) -> None:
        """End somebody's own membership and say so in the channel."""
        if user not in channel.members:
            return
        subtype = "channel_leave" if channel.kind == "channel" else "group_leave"
        self.say(channel, user, f"<@{user}> has left the channel", subtype=subtype, client_msg_id=None)
        self._end_membership(channel, user, user)

    def remove(self, channel: Channel, user: str, actor: str) -> None:
        """End somebody else's membership; only Slackbot tells them."""
        if user not in channel.members:
            return
        self._end_membership(channel, user, actor)
        text = f"You have been removed from #{channel.name} by <@{actor}>"
        self._stream.push({"type": "notice", "text": text, "channel": channel.id}, [user])

    def _end_membership(self, channel: Channel, user: str, actor: str) -> None:
        channel.members.remove(user)
        self.show_channel(channel, also=[user])
        self._tell_membership("member_left_channel", channel, user, None)
        name = "channel_left" if channel.kind == "channel" else "group_left"
        left = {"type": name, "channel": channel.id, "actor_id": actor, "event_ts": self._state.timestamps.next()}
        self._events.to_bot(user, name, left, channel)

    def archive(self, channel: Channel, actor: str, *, archived: bool) -> None:
        """Archive a channel, or bring it back, and say so in it."""
        name = f"{'channel' if channel.kind == 'channel' else 'group'}_{'archive' if archived else 'unarchive'}"
        text = f"{'' if archived else 'un-'}archived the channel"
        self.say(channel, actor, text, subtype=name, client_msg_id=None)
        channel.archived = archived
        self.show_channel(channel)
        event = {"type": name, "channel": channel.id, "user": actor, "event_ts": self._state.timestamps.next()}
        self._events.to_viewers(name, event, channel)

    def set_topic(self, channel: Channel, actor: str, topic: str) -> None:
        """Change a channel's topic and say so in it."""
        channel.topic = topic
        self.show_channel(channel)
        subtype = "channel_topic" if channel.kind == "channel" else "group_topic"
        text = f"set the channel topic: {topic}" if topic else "cleared the channel topic"
        self.say(channel, actor, text, subtype=subtype, topic=topic, client_msg_id=None)

    def _tell_membership(self, name: str, channel: Channel, user: str, inviter: str | None) -> None:
        event: Json = {
            "type": name,
            "user": user,
            "channel": channel.id,
            "channel_type": "C" if channel.kind == "channel" else "G",
            "team": self._state.team.id,
            "event_ts": self._state.timestamps.next(),
        }
        self._events.to_members(name, event | ({"inviter": inviter} if inviter else {}), channel, also=user)

    # Reactions
    def react(self, channel: Channel, ts: str, user: str, name: str, *, remove: bool = False) -> None:
        """Add somebody's reaction to a message, or take it back."""
        message = channel.messages[ts]
        users = {reaction["name"]: list(reaction["users"]) for reaction in message.get("reactions", ())}
        reactors = users.setdefault(name, [])
        if remove:
            reactors.remove(user)
        else:
            reactors.append(user)
        reactions = [{"name": emoji, "users": by, "count": len(by)} for emoji, by in users.items() if by]
        changed = {**message, "reactions": reactions}
        channel.messages[ts] = changed
        self._show(channel, {"type": "message_changed", "message": changed, "previous_ts": ts})
        kind = "reaction_removed" if remove else "reaction_added"
        event = {
            "type": kind,
            "user": user,
            "reaction": name,
            "item_user": message.get("user"),
            "item": {"type": "message", "channel": channel.id, "ts": ts},
            "event_ts": self._state.timestamps.next(),
        }
        self._events.to_members(kind, event, channel)

    # Pages
    def read(self, channel: Channel, user: str, ts: str) -> None:
        """Remember how far somebody has read; never backwards."""
        channel.last_read[user] = max(ts, channel.last_read.get(user, ""))
        self._push_unread(channel, user)

    def show_channel(self, channel: Channel, also: Iterable[str] = ()) -> None:
        """Tell every member's page, and those of a few others, what a conversation is like now."""
        for user in [*channel.members, *also]:
            self._stream.push({"type": "channel", "channel": self.describe(channel, user)}, [user])

    def show_new_channel(self, channel: Channel) -> None:
        """Tell everybody's page, if they may see it, of a channel that there is now."""
        for user in self._state.people:
            if channel in self._state.visible(user):
                self.show_channel(channel, also=[user])

    def describe(self, channel: Channel, viewer: str) -> Json:
        """Return a conversation as the viewer's sidebar needs it."""
        other = next((member for member in channel.members if member != viewer), viewer)
        return {
            "id": channel.id,
            "name": channel.name,
            "is_private": channel.kind != "channel",
            "is_im": channel.kind == "im",
            "is_mpim": channel.kind == "mpim",
            "user": other if channel.kind == "im" else None,
            "members": list(channel.members),
            "topic": channel.topic,
            "is_archived": channel.archived,
            "unread": channel.unread(viewer) if viewer in channel.members else 0,
            "last_read": channel.last_read.get(viewer, ""),
        }

    def _show(self, channel: Channel, event: Json) -> None:
        self._stream.push({**event, "channel": channel.id}, channel.members)

    def _tell_unread(self, channel: Channel, but: str) -> None:
        for user in channel.members:
            if user != but:
                self._push_unread(channel, user)

    def _push_unread(self, channel: Channel, user: str) -> None:
        event = {"type": "unread", "channel": channel.id, "unread": channel.unread(user)}
        self._stream.push(event, [user])
