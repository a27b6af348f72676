"""What the bot does in Slack, as steps of durable work: each is done once, and its result is recorded.

Slack may refuse for now (429, with the seconds to wait), or fail in a way that leaves open whether it did what it was
asked. The work then sleeps, which survives a restart, and tries again; before a message is posted again it is looked
for, by a key in its metadata.

What a message says is rendered within the step that sends it: the knowledge may be edited while the work sleeps, and no
step may depend on more than what was recorded.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import structlog
from aiohttp import ClientConnectorError, ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot import jobs, metrics
from bot.domain.matching_text import MAX_CHARACTERS
from bot.domain.share import Delivery, Person
from bot.jobs import WorkError, in_doubt, next_message_key, pause, step
from bot.slack.access import Access
from bot.slack.client import UNREADABLE, code, retry_after, seconds_to_wait
from bot.slack.notes import Note, Notes
from bot.slack.payloads import SLACKBOT, TOMBSTONE
from bot.slack.pieces import Message
from bot.slack.plainer import plainer
from bot.slack.text import without_mention
from bot.storage import Store

PEOPLE = ("U", "W")  # what the ids of people begin with
POSTED: Final = "rolefit_posted"  # event_type of the metadata of our messages; other apps may read it
# Slack's errors that had no side effect, after which trying again may help.
RETRYABLE = frozenset({"ratelimited", "rate_limited", "service_unavailable", "team_added_to_org"})
# Slack's errors after which it may have done what it was asked, all the same.
UNCERTAIN = frozenset({"fatal_error", "internal_error", "request_timeout", UNREADABLE})
TRIES, LONGEST = 12, 60.0  # before giving up, over about six minutes; seconds between two tries
PATIENT_TRIES = 500  # where Slack only says how long to wait
# Messages in one look for one of ours: more are not given to apps that are distributed outside Slack's Marketplace.
LOOKED_AT = 15
CLOCKS_APART = 60.0  # seconds that Slack's clock may differ from ours
# Seconds between two tries to publish a Home tab that other work has published meanwhile; the last replaces any view.
CONFLICT_PAUSES, CONFLICT_WAIT = (0.05, 0.1, 0.2, 0.4, 0.0), 1.0  # and before the next five tries
MAX_UPDATE_BYTES = 3900  # chat.update refuses a text over 4,000, counted after escaping
UPDATES = "chat.update"  # whose turns are taken in place of a channel's
UPDATES_EVERY, UPDATES_AT_ONCE = 1.5, 9  # seconds, and how many beside the first: 50 in the first minute, then 40
LOOKED_BACK = 86_400.0  # seconds before this work began in which other work may have posted it
MAY_NOT_READ = frozenset({"missing_scope", "user_not_found", "user_not_visible"})
# Slack's errors for a message, or the direct message it stood in, that is not there any more.
IS_GONE = frozenset({"channel_not_found", "message_not_found"})
# Slack's errors for blocks that it will not show: plainer ones may do. `invalid_attachments` is for a second table.
REFUSED_BLOCKS = frozenset({"invalid_attachments", "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
# How a share that was refused is told to its sender; what is tried again does not depend on it.
DELIVERY_UNREACHABLE = frozenset(
    {
        "account_inactive",
        "cannot_dm_bot",
        "channel_not_found",
        "is_inactive",
        "messages_tab_disabled",
        "user_disabled",
        "user_not_found",
        "user_not_visible",
    }
)

# The workspace's settings forbid it; docs.slack.dev/reference/methods/chat.postMessage#errors.
DELIVERY_RESTRICTED = frozenset(
    {
        "access_denied",
        "ekm_access_denied",
        "no_permission",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "restricted_action_thread_only_channel",
        "team_access_not_granted",
    }
)


@dataclass(frozen=True)
class FetchedMessage:
    """What somebody wrote, as far as anybody reads it and without our own name, and when it was edited last."""

    text: str
    edited_ts: str | None


CallResult = dict[str, Any]
Call = Callable[[CallResult], Awaitable[CallResult]]  # given the result of the last try
Look = Callable[[CallResult], Awaitable[CallResult | None]]  # the same; gives what was done, or None if nothing was
Render = Callable[[], Awaitable[Message | None]]  # None: there is nothing to say any more
# Keeps what the work holds for so many seconds more; False if somebody else has it by now.
Lease = Callable[[float], Awaitable[bool]]

log = structlog.get_logger()


class SlackWorkError(WorkError):
    """Slack refused for good, or went on failing; `rolefit jobs` can have it done later. Holds Slack's code."""


class UnavailableError(SlackWorkError):
    """Slack went on failing, so that it may work later."""


class UncertainError(UnavailableError):
    """Slack went on failing, and may have done it all the same."""


class SlackGateway:
    """Slack's methods as durable steps, at the pace that Slack allows. Use it inside a workflow only.

    between_posts: seconds between two messages to one channel; 0 for no pace at all.
    """

    def __init__(self, access: Access, store: Store, between_posts: float) -> None:
        self._access = access
        self._store = store
        self.between_posts = between_posts
        self._notes = Notes(self._client)

    async def post_message(
        self, team: str, channel: str, render: Render, *, thread_ts: str | None = None, note: Note | None = None
    ) -> tuple[str, str] | None:
        """Post a message, given a channel or a person's id; returns the channel and the message's ts.

        None if there is nothing to say, or the root of its thread is gone. note: to be sent if the message has to wait
        long for the channel's turn. Links do not unfurl: an unfurl would come back to us as an edit of our own message.
        """
        posted = await self.post_leased(team, channel, render, thread_ts=thread_ts, note=note)
        return (posted["channel"], posted["ts"]) if posted and "misplaced" not in posted else None

    async def post_leased(
        self,
        team: str,
        channel: str,
        render: Render,
        *,
        thread_ts: str | None,
        lease: Lease | None = None,
        note: Note | None = None,
    ) -> CallResult:
        """Post a message as `post_message` does, as long as the lease is ours.

        Gives `channel` and `ts`, with `misplaced` if the root of its thread is gone, so that it was deleted again; or
        `lost` if the lease is somebody else's by now; or nothing if there is nothing to say.
        """
        key = next_message_key()
        posted = await self._post("post", team, channel, render, thread_ts, key, note=note, lease=lease)
        if "misplaced" in posted:  # what it belongs to has been deleted, and nobody would know what it is about
            await self.delete_message(team, posted["channel"], posted["ts"])
        return posted

    async def post_message_once(
        self,
        team: str,
        channel: str,
        render: Render,
        *,
        thread_ts: str | None,
        key: str,
        doubtful: bool,
        lease: Lease,
        may_repeat: bool = True,
        since: float | None = None,
    ) -> CallResult:
        """Post a message under a key that no other message has, once, whichever piece of work does.

        doubtful: another may have posted it, so that it is looked for first. may_repeat: if Slack does not let us look,
        post all the same; otherwise UncertainError is raised. since: seconds since 1970, before which nobody posted it;
        a day before this work began, if not given. Gives `channel` and `ts`, and `misplaced` if Slack has put it
        outside its thread, whose root is not there; or `gone` if the direct message is, or `lost` if the lease is
        somebody else's by now. Raises UncertainError as `post_message` does: `find_message` then looks.
        """
        how: dict[str, Any] = {"doubtful": doubtful, "may_repeat": may_repeat, "since": since}
        return await self._post("post", team, channel, render, thread_ts, key, unless=IS_GONE, lease=lease, **how)

    async def deliver_message(
        self, team: str, where: str, render: Render, *, thread_ts: str | None = None
    ) -> tuple[Delivery, str, str]:
        """Post to somebody's direct message, or a group's, and say what became of it.

        where: the person's id, or the conversation's. Gives channel and ts of the message, empty unless it is there.
        What may have been posted, where Slack does not let us look, is not posted again: nobody could take back two.
        """
        try:
            posted = await self._post("deliver", team, where, render, thread_ts, next_message_key(), may_repeat=False)
        except UncertainError:
            return Delivery.UNCERTAIN, "", ""
        except SlackWorkError as error:
            if str(error) in DELIVERY_UNREACHABLE:
                return Delivery.UNREACHABLE, "", ""
            return Delivery.RESTRICTED if str(error) in DELIVERY_RESTRICTED else Delivery.REFUSED, "", ""
        if "misplaced" in posted:  # the root of its thread was deleted
            with contextlib.suppress(SlackWorkError):
                await self.delete_message(team, posted["channel"], posted["ts"])
        if "misplaced" in posted or not posted:
            return Delivery.REFUSED, "", ""
        return Delivery.DELIVERED, posted["channel"], posted["ts"]

    async def find_message(
        self, team: str, channel: str, key: str, *, since: float | None = None
    ) -> tuple[str, str] | None:
        """Give channel and ts of a message of ours, by the key it was posted with; None if it is not there.

        channel: its id, or that of the person whose direct message it is. since: seconds since 1970, before which it
        was not posted; a day before this work began, if not given. Raises SlackWorkError if that cannot be told.
        """

        async def look(before: CallResult) -> CallResult:
            begun_at = await jobs.begun_at() - LOOKED_BACK if since is None else since - CLOCKS_APART
            return await self._find(team, key, channel, None, begun_at, before.get("cursor")) or {}

        message = await self._call("look", look)
        return (message["channel"], message["ts"]) if message else None

    async def own_replies(self, team: str, channel: str, root_ts: str, kinds: Sequence[str]) -> list[str] | None:
        """Give the ts of our own messages in a thread that work posted whose key begins with one of `kinds`.

        None where Slack does not let us look, also if there is no such thread. Raises SlackWorkError if Slack goes on
        failing.
        """
        own: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            look = partial(self._look_for_own, team, channel, root_ts, tuple(kinds), cursor)
            page = await self._call("own replies", look)
            if "own" not in page:
                return None
            own += page["own"]
            cursor = page.get("next")
        return own

    async def _look_for_own(
        self,
        team: str,
        channel: str,
        root_ts: str,
        kinds: tuple[str, ...],
        cursor: str,
        before: CallResult,  # noqa: ARG002 - of the last try, which is done again as it was
    ) -> CallResult:
        where: dict[str, Any] = {"channel": channel, "ts": root_ts, "cursor": cursor or None}
        try:
            client = await self._client(team)
            page = await client.conversations_replies(**where, limit=LOOKED_AT, include_all_metadata=True)
        except SlackApiError as error:
            return _left_as_it_is("own replies", error)
        keys = {
            reply["ts"]: str((reply.get("metadata") or {}).get("event_payload", {}).get("key", ""))
            for reply in page["messages"]
            if reply["ts"] != root_ts
        }
        following = (page.get("response_metadata") or {}).get("next_cursor") or None
        return {"own": [ts for ts, key in keys.items() if key.startswith(kinds)], "next": following}

    async def turn_to_update(self, team: str, *, waited_for: bool = False) -> float:
        """Take a workspace's next turn to change a message; gives 0, or the seconds after which to ask again.

        Slack allows about 50 changes a minute, of all messages of a workspace together. Some are kept back for those
        that people wait for.
        """
        if not self.between_posts:
            return 0.0
        between, burst = UPDATES_EVERY * self.between_posts, UPDATES_AT_ONCE if waited_for else UPDATES_AT_ONCE // 2
        return await self._store.try_turn(team, UPDATES, between, burst)

    async def update_message(
        self,
        team: str,
        channel: str,
        ts: str,
        render: Render,
        *,
        lease: Lease | None = None,
        patient: bool = True,
    ) -> CallResult:
        """Replace a message of ours. Gives `gone` if it is, `lost` if the lease has been lost.

        A message that Slack does not let us change stays as it is, and `refused` is given. patient: wait for the
        turn, and for Slack; otherwise the turn has been taken before, and if Slack has to be waited for, the seconds
        are given as `wait`.
        """

        async def update(_: CallResult) -> CallResult:
            if patient and (wait := await self.turn_to_update(team, waited_for=True)):
                return {"wait": wait}
            if (message := await render()) is None:
                return {}
            arguments: dict[str, Any] = {"channel": channel, "ts": ts, "blocks": list(message.blocks)}
            # Of a text that is too long a screen reader gets more from what Slack makes of the blocks.
            if len(message.text.encode()) <= MAX_UPDATE_BYTES:
                arguments["text"] = message.text
            client = await self._client(team)

            def method(**arguments: Any) -> Awaitable[Any]:
                return client.api_call("chat.update", json=arguments)  # the SDK's own method warns without a text

            try:
                await self._send_blocks(method, arguments, message.text)
            except SlackApiError as error:
                return _left_as_it_is("update", error)
            return {}

        return await self._call("update", update, lease=lease, patient=patient)

    async def delete_message(self, team: str, channel: str, ts: str, *, lease: Lease | None = None) -> CallResult:
        """Delete a message of ours. One that is `gone` is left, and so is one that Slack has `refused` to delete."""

        async def remove(_: CallResult) -> CallResult:
            try:
                await (await self._client(team)).chat_delete(channel=channel, ts=ts)
            except SlackApiError as error:
                return _left_as_it_is("remove", error)
            return {}

        return await self._call("remove", remove, lease=lease)

    async def open_direct_message(self, team: str, *users: str, only_if_there: bool = False) -> str | None:
        """Give the id of our conversation with one person, or of that with several people together.

        None if Slack opens none, as without `im:write` or `mpim:write`, or with somebody deactivated. only_if_there: do
        not open one; None if there is none yet, and SlackWorkError if Slack does not say. Raises UnavailableError if it
        went on failing, so that it may do so later.
        """
        how: dict[str, Any] = {"prevent_creation": True} if only_if_there else {}

        async def opened(_: CallResult) -> CallResult:
            try:
                found = await (await self._client(team)).conversations_open(users=users, **how)
            except SlackApiError as error:
                if _may_pass(error) or only_if_there:
                    raise
                log.warning("Slack opened no direct message", error=code(error))
                return {}
            return {"channel": (found.get("channel") or {}).get("id")}

        return (await self._call("open", opened)).get("channel")

    async def send_file(
        self, team: str, channel: str, name: str, content: Callable[[], Awaitable[bytes]], comment: Render
    ) -> bool:
        """Send a file to a channel, with a comment; False if Slack does not take it, as without `files:write`.

        What is in it is made when it is sent and recorded nowhere. Where Slack leaves open whether it has taken the
        file, another copy is sent.
        """

        async def send(_: CallResult) -> CallResult:
            client, data, message = await self._client(team), await content(), await comment()
            try:
                place = await client.files_getUploadURLExternal(filename=name, length=len(data))
                async with self._access.session.post(place["upload_url"], data=data) as answer:
                    answer.raise_for_status()
                files = [{"id": place["file_id"], "title": name}]
                said = message.text if message else None
                await client.files_completeUploadExternal(files=files, channel_id=channel, initial_comment=said)
            except SlackApiError as error:
                if _may_pass(error):
                    raise
                log.warning("Slack took no file", error=code(error))
                return {"refused": True}
            return {}

        return "refused" not in await self._call("send file", send)

    async def publish_home(self, team: str, user: str, view: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        """Show somebody the Home tab. Slack takes none for who cannot open it.

        A view that was rendered earlier does not replace one that was rendered later: Slack refuses one that does not
        know what it replaces, and then it is rendered again. view: reads all it shows when it is called.
        """

        async def publish(_: CallResult) -> CallResult:
            client = await self._client(team)
            for pause_for in CONFLICT_PAUSES:
                known = await self._store.homes.hash(team, user)  # before the view reads what it shows
                rendered = await view()
                # What Slack shows is not known to us after a crash, so that in the end it is replaced all the same.
                replaces = {"hash": known} if known and pause_for else {}
                try:
                    published = await client.views_publish(user_id=user, view=rendered, **replaces)
                except SlackApiError as error:
                    if code(error) != "hash_conflict":
                        raise
                    await asyncio.sleep(pause_for)
                    continue
                if await self._store.homes.replace_hash(team, user, was=known, now=published["view"]["hash"]):
                    return {}
                # Another view was published meanwhile, and this one may stand in its place.
            return {"wait": CONFLICT_WAIT, "error": "hash_conflict"}

        await self._call("publish", publish)

    async def post_ephemeral(
        self,
        team: str,
        channel: str,
        user: str,
        render: Render,
        *,
        thread_ts: str | None = None,
        lease: Lease | None = None,
    ) -> None:
        """Show a message to one person only, as long as the lease is ours."""

        async def whisper(_: CallResult) -> CallResult:
            if message := await render():
                await (await self._client(team)).chat_postEphemeral(
                    channel=channel, user=user, text=message.text, blocks=list(message.blocks), thread_ts=thread_ts
                )
            return {}

        await self._call("whisper", whisper, lease=lease)

    async def respond(
        self, response_url: str, render: Render, *, replace: bool = False, visible: bool = False, delete: bool = False
    ) -> bool:
        """Answer a command or a click privately, also where the bot is not a member, or replace what only one saw.

        visible: to all in the channel. delete: take away what was clicked; nothing is said. An address works for half
        an hour, and five times; one that does not work any more is let go, and gives False.
        """
        how: dict[str, Any] = {"replace_original": replace, "response_type": "in_channel" if visible else "ephemeral"}
        if delete:
            how = {"delete_original": True}
        return "refused" not in await self._call("reply", lambda _: self._respond(response_url, render, how))

    async def replace_clicked(self, response_url: str, render: Render, *, lease: Lease) -> CallResult:
        """Replace the message that was clicked, which stays as visible as it was. It is tried once.

        Gives `expired` if that did not work, for whatever reason; `lost` if the lease has been lost.
        """
        how = {"replace_original": True}
        result = await self._call(
            "reply", lambda _: self._respond(response_url, render, how), lease=lease, patient=False
        )
        return {"expired": True} if result.keys() & {"refused", "wait"} else result

    async def _respond(self, response_url: str, render: Render, how: dict[str, Any]) -> CallResult:
        if (message := await render()) is None:
            return {}
        answered = await AsyncWebhookClient(response_url, session=self._access.session).send_dict(
            {"text": message.text, "blocks": list(message.blocks), **how}
        )
        status = answered.status_code
        if status == HTTPStatus.OK:
            return {}
        log.warning("Slack did not take an answer", status=status)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return {"wait": seconds_to_wait(answered.headers, default=1.0), "error": "ratelimited"}
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return {"wait": 1.0, "counts": 1, "error": f"status {status}"}
        return {"refused": True}

    async def has_replies(
        self,
        team: str,
        channel: str,
        thread_ts: str,
        after: str,
        besides: frozenset[str] = frozenset(),
        *,
        patient: bool = False,
        lease: Lease | None = None,
        below: str | None = None,
    ) -> bool | None:
        """Say whether people have replied in a thread after a message; those `besides` do not count.

        None where Slack does not let us look, or not now unless we are to be patient. below: a message in whose own
        thread they may have replied as well.
        """

        async def look(_: CallResult) -> CallResult:
            try:
                roots = filter(None, (thread_ts, below))
                looks = [await self._look_for_replies(team, channel, root, after, besides) for root in roots]
            except SlackApiError as error:
                return _left_as_it_is("look for replies", error)
            return {"replied": any(looks)}

        looked = await self._call("look for replies", look, patient=patient, lease=lease)
        replied: bool | None = looked.get("replied")
        return replied

    async def sees_replies(
        self, team: str, channel: str, thread_ts: str, after: str, besides: frozenset[str]
    ) -> bool | None:
        """Say what `has_replies` says, within a step and without waiting: None where Slack does not answer at once."""
        try:
            return await self._look_for_replies(team, channel, thread_ts, after, besides)
        except (SlackApiError, ClientError, TimeoutError) as error:
            log.warning("could not look for replies", error=type(error).__name__)
            return None

    async def _look_for_replies(
        self, team: str, channel: str, thread_ts: str, after: str, besides: frozenset[str]
    ) -> bool:
        where: dict[str, Any] = {"channel": channel, "ts": thread_ts, "oldest": after, "limit": LOOKED_AT}
        try:
            found = await (await self._client(team)).conversations_replies(**where)
        except SlackApiError as error:
            if code(error) != "thread_not_found":
                raise
            return False  # what has replies is still a thread once it is deleted
        people = (message for message in found["messages"] if not message.get("bot_id"))
        later = (message for message in people if message["ts"] > after and message["ts"] != thread_ts)
        return any(message.get("user") not in {SLACKBOT, *besides} for message in later)

    async def is_empty(self, team: str, channel: str) -> bool | None:
        """Say whether nothing stands in a conversation; None where Slack does not let us look."""

        async def look(_: CallResult) -> CallResult:
            try:
                found = await (await self._client(team)).conversations_history(channel=channel, limit=1)
            except SlackApiError as error:
                return _left_as_it_is("look into conversation", error)
            return {"empty": not found["messages"]}

        empty: bool | None = (await self._call("look into conversation", look)).get("empty")
        return empty

    async def is_member(self, team: str, channel: str) -> bool:
        """Say whether we are in a channel; False where Slack does not say."""
        return bool((await self._channel(team, channel)).get("is_member"))

    async def is_shared(self, team: str, channel: str) -> bool | None:
        """Say whether a channel is shared with another organisation; None where Slack does not say."""
        return (await self._channel(team, channel)).get("is_ext_shared")

    async def _channel(self, team: str, channel: str) -> CallResult:
        """Look up what Slack says of a channel, as far as we need it; nothing if it says nothing."""

        async def look(_: CallResult) -> CallResult:
            try:
                found = (await (await self._client(team)).conversations_info(channel=channel))["channel"]
            except SlackApiError as error:
                return _left_as_it_is("look up channel", error)
            return {name: bool(found[name]) for name in ("is_member", "is_ext_shared") if name in found}

        return await self._call("look up channel", look)

    async def get_permalink(self, team: str, channel: str, ts: str) -> str | None:
        """Give the address of a message; None if it is gone, or Slack gives none."""

        async def permalink(_: CallResult) -> CallResult:
            try:
                return {"permalink": await self._permalink(team, channel, ts)}
            except SlackApiError as error:
                return _left_as_it_is("permalink", error)

        return (await self._call("permalink", permalink)).get("permalink")

    async def sees_permalink(self, team: str, channel: str, ts: str) -> str | None:
        """Give the address of a message, within a step and without waiting: None where Slack gives none at once."""
        try:
            return await self._permalink(team, channel, ts)
        except (SlackApiError, ClientError, TimeoutError) as error:
            log.warning("could not get a permalink", error=type(error).__name__)
            return None

    async def _permalink(self, team: str, channel: str, ts: str) -> str:
        found = await (await self._client(team)).chat_getPermalink(channel=channel, message_ts=ts)
        return str(found["permalink"])

    async def get_message(
        self, team: str, channel: str, ts: str, *, thread_ts: str | None = None, most: int = MAX_CHARACTERS
    ) -> FetchedMessage | None:
        """Fetch what somebody wrote; None if it is gone, or we may not read it. thread_ts: of the thread it stands in.

        most: characters of it.

        This is not a step, because what a step returns is recorded, and what people wrote is not to be: call it within
        one (`read_message`, a Render), and let nothing of the text out. Raises SlackApiError where that may pass.
        """
        where: dict[str, Any] = {"channel": channel, "oldest": ts, "latest": ts, "inclusive": True, "limit": LOOKED_AT}
        member = await self._access.of(team)
        try:
            client = await self._client(team)
            if thread_ts and thread_ts != ts:
                found = await client.conversations_replies(ts=thread_ts, **where)
            else:
                found = await client.conversations_history(**where)
        except SlackApiError as error:
            if _may_pass(error):
                raise
            log.warning("cannot read a message", error=code(error))
            return None
        messages: list[dict[str, Any]] = found["messages"]
        message = next((message for message in messages if message["ts"] == ts), None)
        if message is None or message.get("subtype") == TOMBSTONE or (member and message.get("user") == member.user):
            return None
        text = without_mention(str(message.get("text") or ""), member.user if member else "")
        if not text:  # somebody asks about what they have forwarded
            shared = (part.get("text") for part in message.get("attachments") or () if part.get("is_share"))
            text = next((str(part) for part in shared if part), "")
        edited = message.get("edited") or {}
        return FetchedMessage(text[:most], edited.get("ts"))

    async def read_message(
        self,
        team: str,
        channel: str,
        ts: str,
        use: Callable[[FetchedMessage | None], Awaitable[None]],
        *,
        thread_ts: str | None = None,
    ) -> None:
        """Hand what somebody wrote to `use`, as one step: `get_message` says what it is given, and why so."""

        async def read(_: CallResult) -> CallResult:
            await use(await self.get_message(team, channel, ts, thread_ts=thread_ts))
            return {}

        await self._call("read message", read)

    async def get_person(self, team: str, user: str) -> Person | None:
        """Look somebody up; None if Slack does not say who it is. Raises UnavailableError if it went on failing."""

        async def person(_: CallResult) -> CallResult:
            found = await read_person(await self._client(team), user)
            return asdict(found) if found else {"unknown": True}

        profile = await self._call("person", person)
        return None if "unknown" in profile else Person(**profile)

    async def get_time_zone(self, team: str, user: str) -> str | None:
        """Give a person's time zone by its IANA name; None if we may not read it."""

        async def zone(_: CallResult) -> CallResult:
            try:
                found = await (await self._client(team)).users_info(user=user)
            except SlackApiError as error:
                if code(error) not in MAY_NOT_READ:
                    raise
                return {"zone": None}
            return {"zone": found["user"].get("tz")}

        found = (await self._call("zone", zone))["zone"]
        return str(found) if found else None

    async def _post(
        self,
        name: str,
        team: str,
        channel: str,
        render: Render,
        thread_ts: str | None,
        key: str,
        *,
        unless: frozenset[str] = frozenset(),
        doubtful: bool = False,
        lease: Lease | None = None,
        note: Note | None = None,
        may_repeat: bool = True,
        since: float | None = None,
    ) -> CallResult:
        """Post when it is this channel's turn, whichever of us posts. The errors in `unless` say that it is `gone`.

        may_repeat: post also what may have been posted before, where Slack does not let us look for it. since: as
        `find_message` has it.
        """

        async def post(before: CallResult) -> CallResult:
            if (message := await render()) is None:
                return {}
            if self.between_posts and not before.get("has_turn"):
                _, wait = await self._store.take_turn(team, channel, self.between_posts)
                if wait > 0:
                    if note:
                        self._notes.tell(team, channel, note, wait)
                    return {"wait": wait, "has_turn": True}
            arguments = {
                "channel": channel,
                "text": message.text,
                "blocks": list(message.blocks),
                "thread_ts": thread_ts,
                "unfurl_links": False,
                "unfurl_media": False,
                "metadata": {"event_type": POSTED, "event_payload": {"key": key}},
            }
            try:
                return await self._send(team, arguments)
            except SlackApiError as error:
                if code(error) not in unless:
                    raise
                return {"gone": True}

        async def look(before: CallResult) -> CallResult | None:
            earliest = await jobs.begun_at() - (LOOKED_BACK if doubtful else CLOCKS_APART)
            if doubtful and since is not None:
                earliest = since - CLOCKS_APART
            cursor = before.get("cursor")
            return await self._look(team, key, channel, thread_ts, earliest, cursor, may_repeat=may_repeat)

        return await self._call(name, post, look, doubtful=doubtful, lease=lease)

    async def _client(self, team: str) -> AsyncWebClient:
        """Give a client with the workspace's token. Raises SlackWorkError if the app is not installed there."""
        member = await self._access.of(team)
        if member is None:
            raise SlackWorkError("not_installed")
        return self._access.client(member)

    async def _send(self, team: str, arguments: dict[str, Any]) -> dict[str, Any]:
        posted = await self._send_blocks((await self._client(team)).chat_postMessage, arguments, arguments["text"])
        result: CallResult = {"channel": posted["channel"], "ts": posted["ts"]}
        # A root that is not there is no error to Slack: the message then stands at top level.
        root = (posted.get("message") or {}).get("thread_ts")
        return result | {"misplaced": True} if arguments["thread_ts"] not in (None, root) else result

    async def _send_blocks(self, method: Callable[..., Awaitable[Any]], arguments: dict[str, Any], text: str) -> Any:
        """Post or update, with plainer blocks where Slack refuses them.

        An update that names no blocks may leave those that are there; an empty list takes them away.
        """
        for blocks in plainer(arguments["blocks"]):
            try:
                return await method(**arguments)
            except SlackApiError as error:
                if code(error) not in REFUSED_BLOCKS:
                    raise
                log.warning("blocks refused, plainer ones sent instead", error=code(error), blocks=len(blocks))
                arguments = {**arguments, "blocks": blocks}
                if not blocks:  # where there is nothing but the text, as much of it as fits
                    arguments.setdefault("text", text.encode()[:MAX_UPDATE_BYTES].decode(errors="ignore"))
        return await method(**arguments)

    async def _look(
        self,
        team: str,
        key: str,
        channel: str,
        thread_ts: str | None,
        since: float,
        cursor: str | None,
        *,
        may_repeat: bool,
    ) -> CallResult | None:
        """Look for a message of ours as `_find` does; None also if we may not look and it may be posted once more."""
        try:
            return await self._find(team, key, channel, thread_ts, since, cursor)
        except SlackApiError as error:
            if _may_pass(error):
                raise
            log.warning("cannot look whether it was posted", key=key, error=code(error))
            metrics.DOUBTFUL.labels("could not look").inc()
            if not may_repeat:
                raise UncertainError(code(error)) from error
            return None

    async def _find(
        self, team: str, key: str, channel: str, thread_ts: str | None, since: float, cursor: str | None
    ) -> CallResult | None:
        """Look for a message of ours where it would stand, of no earlier than `since` (seconds since 1970).

        None if it is not there. Raises SlackApiError if we may not look; an app that was installed before it had the
        scope `im:write` may not in a direct message that is known by the person's id alone. One page at a time, each an
        attempt of its own: some apps may only look once a minute.
        """
        where: dict[str, Any] = {
            "limit": LOOKED_AT,
            "include_all_metadata": True,
            "oldest": f"{since:.6f}",
            "cursor": cursor,
        }
        client = await self._client(team)
        if channel[:1] in PEOPLE:
            channel = str((await client.conversations_open(users=channel))["channel"]["id"])
        found, misplaced = None, False
        if thread_ts:
            try:
                found = await client.conversations_replies(channel=channel, ts=thread_ts, **where)
            except SlackApiError as error:
                misplaced = code(error) == "thread_not_found"  # it then stands at top level, if it was posted
                if not misplaced:
                    raise
        if found is None:
            found = await client.conversations_history(channel=channel, **where)
        for message in found["messages"]:
            if message.get("metadata", {}).get("event_payload", {}).get("key") == key:
                log.info("found what was posted before", key=key)
                metrics.DOUBTFUL.labels("found").inc()
                return {"channel": channel, "ts": message["ts"]} | ({"misplaced": True} if misplaced else {})
        if more := (found.get("response_metadata") or {}).get("next_cursor"):
            return {"wait": 0.0, "uncertain": True, "cursor": more}
        metrics.DOUBTFUL.labels("not there").inc()
        return None

    async def _call(
        self,
        name: str,
        method: Call,
        look: Look | None = None,
        *,
        doubtful: bool = False,
        lease: Lease | None = None,
        patient: bool = True,
    ) -> CallResult:
        """Do it as a step, again and again if need be; `look` says what came of it if it may have been done before.

        Gives {"lost": True} if the lease is somebody else's by now, and `wait` if it would have to wait and is not to
        be `patient`. Raises SlackWorkError if Slack refuses for good, UnavailableError if it goes on failing, and
        UncertainError if it may have done it all the same.
        """
        tries, waits = 0, 0
        before: CallResult = {"uncertain": doubtful}

        async def tried() -> CallResult:
            if lease and not await lease(0):
                return {"lost": True}
            return await self._try(name, method, look, before, tries)

        while True:
            result = await step(name, tried)
            if "wait" not in result or not patient:
                return result
            if lease:  # in a step of its own: what was tried is recorded, whatever becomes of this
                await step("renew lease", lease, result["wait"])
            before = {known: before.get(known) or result.get(known) for known in ("uncertain", "has_turn")}
            before["cursor"] = result.get("cursor")
            tries += result.get("counts", 0)
            waits += 1
            if tries >= TRIES or waits >= PATIENT_TRIES:
                raise (UncertainError if before["uncertain"] else UnavailableError)(result.get("error"))
            await pause(result["wait"])

    async def _try(
        self,
        name: str,
        method: Call,
        look: Look | None,
        before: CallResult,
        tries: int,
    ) -> CallResult:
        """Give what it gives, or how many seconds to `wait`, and whether it is `uncertain` that nothing was done.

        A look that was interrupted goes on at its `cursor`; once it has ended, the next one begins anew.
        """
        later: CallResult = {"wait": min(LONGEST, 0.5 * 2**tries) * random.uniform(0.75, 1.25), "counts": 1}  # noqa: S311
        cursor, is_looking = before.get("cursor"), False
        try:
            if look and (before.get("uncertain") or in_doubt()):
                is_looking = True
                if done := await look(before):
                    return done
                cursor, is_looking = None, False
            return await method(before)
        except ClientConnectorError:
            failed = later | {"error": "no connection"}
        except (ClientError, TimeoutError) as error:
            failed = later | {"error": type(error).__name__, "uncertain": True}
        except SlackApiError as error:
            refused = _not_now(name, error, later)
            if refused is None:
                raise SlackWorkError(code(error)) from error
            failed = refused
        # What could not be looked for yet is looked for the next time, too.
        return failed | {"cursor": cursor} | ({"uncertain": True} if is_looking else {})


async def read_person(client: AsyncWebClient, user: str) -> Person | None:
    """Look somebody up; None if Slack does not say who it is. Raises SlackApiError where that may pass."""
    try:
        profile: dict[str, Any] = (await client.users_info(user=user))["user"]
    except SlackApiError as error:
        if _may_pass(error):
            raise
        log.warning("Slack did not say who somebody is", error=code(error))
        return None
    return Person(
        id=profile["id"],
        team=profile.get("team_id", ""),
        teams=(profile.get("enterprise_user") or {}).get("teams") or [],
        is_bot=bool(profile.get("is_bot")) or profile["id"] == SLACKBOT,
        is_active=not profile.get("deleted"),
        is_guest=any(profile.get(kind) for kind in ("is_restricted", "is_ultra_restricted", "is_stranger")),
    )


def recorded(kept: dict[str, Any]) -> Render:
    """Give what says a message that was rendered in a step before, as `plain_data` has it."""

    async def render() -> Message:
        return Message(kept["text"], tuple(kept["blocks"]))

    return render


def plain_data(message: Message) -> dict[str, Any]:
    """Give a message as a step may return it."""
    return {"text": message.text, "blocks": list(message.blocks)}


def _left_as_it_is(name: str, error: SlackApiError) -> CallResult:
    """Say that a message is gone, or stays as it is. Raises the error again if that may pass."""
    if _may_pass(error):
        raise error
    log.warning("left as it is", step=name, error=code(error))
    return {"gone": True} if code(error) in IS_GONE else {"refused": True}


def _may_pass(error: SlackApiError) -> bool:
    """Say whether Slack may do later what it has refused now."""
    status = error.response.status_code
    return status == 429 or status >= 500 or code(error) in RETRYABLE | UNCERTAIN


def _not_now(name: str, error: SlackApiError, later: CallResult) -> CallResult | None:
    """Say when to try again what Slack has refused; None if never."""
    why, status = code(error), error.response.status_code
    log.warning("Slack refused", step=name, error=why, status=status)
    metrics.SLACK_ERRORS.labels(name, why).inc()
    if status == 429:
        return {"wait": retry_after(error, default=1.0), "error": why}
    if why in RETRYABLE:
        return later | {"error": why}
    if why in UNCERTAIN or status >= 500:
        return later | {"error": why, "uncertain": True}
    return None
