"""What a workspace remembers: people, conversations, messages and what each person has read.

It is in memory; kept.py writes it into a file.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from bot.local.composer import wire
from bot.local.ids import Timestamps, derived_id
from bot.local.manifest import Manifest
from bot.local.seed import EVERY_BOT
from bot.local.seed import read as read_seed

Json = dict[str, Any]
Kind = Literal["channel", "group", "im", "mpim"]  # Slack's channel_type


@dataclass(frozen=True)
class Person:
    """A member of the workspace, bots included."""

    id: str
    name: str
    real_name: str
    title: str = ""
    tz: str = "Etc/UTC"
    image_color: str = "3b3054"
    deleted: bool = False
    is_bot: bool = False
    is_guest: bool = False
    email: str = ""  # the name at example.com if left out
    manager: str = ""  # the id of whom their profile names
    team: str = ""  # the workspace of somebody from another organisation, met in a shared channel


@dataclass(frozen=True)
class Bot:
    """How an app appears in the workspace: its bot user, the bot's id and the app's own, and the bot's name."""

    user: str
    id: str
    app: str
    name: str


@dataclass
class Channel:
    """A conversation of any kind and everything said in it.

    messages: Slack message objects by ts, oldest first, replies among them.
    former: the blocks a message had before each edit; a page that has not heard of the edit may still use them.
    whispers: ephemeral messages by the one person who sees them.
    last_read: the newest ts each person has seen.
    """

    id: str
    name: str
    kind: Kind
    members: list[str]
    topic: str = ""
    created: int = 0
    creator: str = ""
    archived: bool = False
    messages: dict[str, Json] = field(default_factory=dict)
    former: dict[str, list[list[Json]]] = field(default_factory=dict)
    whispers: dict[str, list[Json]] = field(default_factory=dict)
    last_read: dict[str, str] = field(default_factory=dict)
    _counted: dict[str, "Counted"] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_general(self) -> bool:
        """Whether this is the channel that everybody is in and nobody can leave."""
        return self.name == "general"

    def top_level(self, viewer: str) -> list[Json]:
        """Return what stands in the channel itself, oldest first, with the viewer's ephemerals."""
        messages = [message for message in self.messages.values() if is_top_level(message)]
        whispers = [message for message in self.whispers.get(viewer, ()) if "thread_ts" not in message]
        return sorted([*messages, *whispers], key=lambda message: str(message["ts"]))

    def thread(self, root: str, viewer: str) -> list[Json]:
        """Return a thread, root first; empty if nothing has that ts."""
        messages = [message for message in self.messages.values() if root in {message["ts"], message.get("thread_ts")}]
        whispers = [
            message for message in self.whispers.get(viewer, ()) if root in {message["ts"], message.get("thread_ts")}
        ]
        return sorted([*messages, *whispers], key=lambda message: str(message["ts"]))

    def find(self, ts: str, viewer: str) -> Json | None:
        """Return the message with that ts if the viewer can see it."""
        whispers = (whisper for whisper in self.whispers.get(viewer, ()) if whisper["ts"] == ts)
        return self.messages.get(ts) or next(whispers, None)

    def unread(self, viewer: str) -> int:
        """Count the messages of others that the viewer hasn't read; in a DM also those inside threads."""
        seen = self.last_read.get(viewer, "")
        counted = self._counted.get(viewer)
        if counted is None or counted.after != seen:
            counted = Counted(seen, seen, 0)
        count, newest = counted.number, next(reversed(self.messages), "")
        for message in reversed(self.messages.values()):  # of those that were counted before, none is looked at again
            if message["ts"] <= counted.until:
                break
            count += message.get("user") != viewer and (self.kind == "im" or is_top_level(message))
        self._counted[viewer] = Counted(seen, max(newest, counted.until), count)
        return count

    def drop(self, ts: str) -> None:
        """Forget a message."""
        del self.messages[ts]
        self._counted.clear()


class Counted(NamedTuple):
    """How many messages somebody has not read, of those after one ts and until another."""

    after: str
    until: str
    number: int


def is_top_level(message: Json) -> bool:
    """Tell whether a message shows in the channel: not a reply, or one also sent to the channel."""
    return message.get("thread_ts") in {None, message["ts"]} or message.get("subtype") == "thread_broadcast"


@dataclass(frozen=True)
class UserGroup:
    """Several people who are mentioned by one handle."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...]


@dataclass(frozen=True)
class Team:
    """The workspace itself."""

    id: str
    name: str
    domain: str


class State:
    """People and conversations of one workspace, started from a seed file."""

    def __init__(
        self, seed: Path, manifests: Sequence[Manifest], clock: Callable[[], float], team: str | None = None
    ) -> None:
        """Start with what a seed file says and one bot for each manifest.

        Raises OSError if the seed can't be read, ValueError if something is wrong with it.
        """
        document = read_seed(seed)
        self.clock = clock
        self.timestamps = Timestamps(clock)
        self.team = Team(**(document["team"] | ({"id": team} if team else {})))
        if len(document["bots"]) > len(manifests):
            apps = f"{len(manifests)} app{'s' if len(manifests) > 1 else ''}"
            named = len(document["bots"])
            raise ValueError(f"{seed}: bots names {named} bots for {apps}. Give a --manifest for each of them.")
        self.bots = {bot.user: bot for bot in _bots(document["bots"], manifests)}
        bots = [Person(bot.user, bot.name.lower(), bot.name, is_bot=True) for bot in self.bots.values()]
        people = [Person(**person) for person in document["people"]]
        self.people: dict[str, Person] = {person.id: person for person in [*people, *bots]}
        self.usergroups = [UserGroup(**{**group, "users": tuple(group["users"])}) for group in document["usergroups"]]
        self.channels: dict[str, Channel] = {}
        for channel in document["channels"]:
            self.add_channel(
                Channel(
                    channel["id"],
                    channel["name"],
                    "group" if channel.get("is_private") else "channel",
                    self._with_bots(channel["members"]),
                    channel.get("topic", ""),
                )
            )
        for entry in document["messages"]:
            ts = self.timestamps.next()
            message = {"type": "message", "ts": ts, "user": entry["user"], "text": wire(entry["text"].strip())}
            self.channels[entry["channel"]].messages[ts] = {**message, "team": self.team.id}

    def _with_bots(self, members: Iterable[str]) -> list[str]:
        """Return the members of a channel, with EVERY_BOT replaced by all bots."""
        named = [user for member in members for user in (self.bots if member == EVERY_BOT else [member])]
        return list(dict.fromkeys(named))

    @property
    def first_person(self) -> str:
        """The first active person: who a visitor of the page is at first, and who installs apps; empty if nobody is."""
        return next((person.id for person in self.people.values() if not person.is_bot and not person.deleted), "")

    def add_channel(self, channel: Channel) -> Channel:
        """Remember a new conversation, created now by its first member unless it says otherwise."""
        channel.created = channel.created or int(self.clock())
        channel.creator = channel.creator or (channel.members[0] if channel.members else "")
        self.channels[channel.id] = channel
        return channel

    def new_channel(self, name: str, kind: Kind, creator: str) -> Channel:
        """Create a channel with one person in it; a channel of the same name has the same id in every run."""
        number, channel_id = 0, derived_id("C", self.team.id, name)
        while channel_id in self.channels:
            number += 1
            channel_id = derived_id("C", self.team.id, name, str(number))
        return self.add_channel(Channel(channel_id, name, kind, [creator]))

    def named(self, name: str) -> Channel | None:
        """Return the public or private channel of that name."""
        return next((c for c in self.channels.values() if c.name == name and c.kind in {"channel", "group"}), None)

    def direct(self, one: str, other: str) -> Channel:
        """Return the direct conversation between two people, opening it if need be; its id is the same in every run."""
        members = sorted({one, other})
        channel_id = derived_id("D", self.team.id, *members)
        return self.channels.get(channel_id) or self.add_channel(Channel(channel_id, "", "im", members))

    def group(self, users: Iterable[str]) -> Channel:
        """Return the group conversation of these people, opening it if need be; its id is the same in every run."""
        members = sorted(set(users))
        channel_id = derived_id("C", self.team.id, *members)
        name = "mpdm-" + "--".join(self.people[person].name for person in members) + "-1"
        return self.channels.get(channel_id) or self.add_channel(Channel(channel_id, name, "mpim", members))

    def conversation_of(self, users: Iterable[str]) -> Channel | None:
        """Return the direct or group conversation of just these people, if it was ever opened."""
        members = sorted(set(users))
        return self.channels.get(derived_id("D" if len(members) <= 2 else "C", self.team.id, *members))

    def visible(self, viewer: str) -> list[Channel]:
        """Return what the viewer's sidebar may list: own conversations, and public channels unless a guest."""
        guest = self.people[viewer].is_guest or bool(self.people[viewer].team)
        return [
            channel
            for channel in self.channels.values()
            if viewer in channel.members or (channel.kind == "channel" and not guest)
        ]

    def team_of(self, user: str) -> str:
        """Return the workspace somebody belongs to."""
        return (self.people[user].team if user in self.people else "") or self.team.id

    def shared(self, channel: Channel) -> bool:
        """Whether people of another organisation are in a conversation."""
        return any(self.people[user].team for user in channel.members)

    def deactivate(self, user: str) -> None:
        """Deactivate a person's account."""
        self.people[user] = replace(self.people[user], deleted=True)


def _bots(named: Sequence[Json], manifests: Sequence[Manifest]) -> Iterable[Bot]:
    """Yield the bot of each app, with the ids that the seed names or, in every run, the same made-up ones."""
    for number, manifest in enumerate(manifests):
        if number < len(named):
            ids = named[number]
        else:
            kinds = {"user": "U", "bot": "B", "app": "A"}
            ids = {kind: derived_id(letter, str(number), manifest.app_name) for kind, letter in kinds.items()}
        yield Bot(ids["user"], ids["bot"], ids["app"], manifest.bot_name)
