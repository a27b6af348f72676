"""What the bot does in Slack, as steps of durable work: each is done once, and its result is recorded.

Slack may refuse for now (429, with the seconds to wait), or fail in a way that leaves open whether it did what it was
asked. The work then sleeps, which survives a restart, and tries again; before a message is posted again it is looked
for, by a key in its metadata.

What a message says is rendered within the step that sends it: the knowledge may be edited while the work sleeps, and no
step may depend on more than what was recorded.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot import jobs
from bot.domain.share import Delivery
from bot.jobs import next_message_key, retry_db
from bot.slack.access import Access
from bot.slack.client import code, seconds_to_wait
from bot.slack.notes import Check, Note, Notes
from bot.slack.own_messages import CLOCKS_APART, OwnMessages, earliest_by_others
from bot.slack.pieces import Message
from bot.slack.plainer import plainer
from bot.slack.slack_calls import (
    IS_GONE,
    CallResult,
    Follow,
    Lease,
    SlackWorkError,
    UncertainError,
    left_as_it_is,
    may_pass,
)
from bot.storage import Store

POSTED: Final = "rolefit_posted"  # event_type of the metadata of our messages; other apps may read it
# Seconds between two tries to publish a Home tab that other work has published meanwhile; the last replaces any view.
CONFLICT_PAUSES, CONFLICT_WAIT = (0.05, 0.1, 0.2, 0.4, 0.0), 1.0  # and before the next five tries
MAX_UPDATE_BYTES = 3900  # chat.update refuses a text over 4,000, counted after escaping
UPDATES = "chat.update"  # whose turns are taken in place of a channel's
UPDATES_EVERY, UPDATES_AT_ONCE = 1.5, 9  # seconds, and how many beside the first: 50 in the first minute, then 40
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

Render = Callable[[], Awaitable[Message | None]]  # None: there is nothing to say any more

log = structlog.get_logger()


class SlackGateway(OwnMessages):
    """Slack's methods as durable steps, at the pace that Slack allows. Use it inside a workflow only.

    between_posts: seconds between two messages to one channel; 0 for no pace at all.
    """

    def __init__(self, access: Access, store: Store, between_posts: float) -> None:
        super().__init__(access)
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

    def tell_of_queue(self, team: str, channel: str, note: Note, ahead: int, only_if: Check) -> None:
        """Send a note to who waits for a message, if so many that are to be posted to the channel before it have not
        even begun that this takes long. only_if: says whether it will be posted.
        """
        self._notes.tell(team, channel, note, ahead * self.between_posts, only_if=only_if)

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
        then: Follow | None = None,
    ) -> CallResult:
        """Post a message under a key that no other message has, once, whichever piece of work does.

        doubtful: another may have posted it, so that it is looked for first. may_repeat: if Slack does not let us look,
        post all the same; otherwise UncertainError is raised. since: seconds since 1970, before which nobody posted it;
        a day before this work began, if not given. then: what follows in the same step, as `_call` has it. Gives
        `channel` and `ts`, and `misplaced` if Slack has put it outside its thread, whose root is not there; or `gone`
        if the direct message is, or `lost` if the lease is somebody else's by now. Raises UncertainError as
        `post_message` does: `find_message` then looks.
        """
        how: dict[str, Any] = {"doubtful": doubtful, "may_repeat": may_repeat, "since": since, "then": then}
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
        then: Follow | None = None,
    ) -> CallResult:
        """Replace a message of ours. Gives `gone` if it is, `lost` if the lease has been lost.

        A message that Slack does not let us change stays as it is, and `refused` is given. patient: wait for the
        turn, and for Slack; otherwise the turn has been taken before, and if Slack has to be waited for, the seconds
        are given as `wait`. then: what follows in the same step, as `_call` has it.
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
                return left_as_it_is("update", error)
            return {}

        return await self._call("update", update, lease=lease, patient=patient, then=then)

    async def delete_message(
        self, team: str, channel: str, ts: str, *, lease: Lease | None = None, then: Follow | None = None
    ) -> CallResult:
        """Delete a message of ours. One that is `gone` is left, and so is one that Slack has `refused` to delete.

        then: what follows in the same step, as `_call` has it.
        """

        async def remove(_: CallResult) -> CallResult:
            try:
                await (await self._client(team)).chat_delete(channel=channel, ts=ts)
            except SlackApiError as error:
                return left_as_it_is("remove", error)
            return {}

        return await self._call("remove", remove, lease=lease, then=then)

    async def open_direct_message(self, team: str, *users: str, only_if_there: bool = False) -> str | None:
        """Give the id of our conversation with one person, or of that with several people together.

        None if Slack opens none, as without `im:write` or `mpim:write`, or with somebody deactivated. only_if_there: do
        not open one; None if there is none yet, and SlackWorkError if Slack does not say. Raises UnavailableError if it
        went on failing, so that it may do so later.
        """
        how: dict[str, Any] = {"prevent_creation": True} if only_if_there else {}

        async def opened(_: CallResult) -> CallResult:
            try:
                response = await (await self._client(team)).conversations_open(users=users, **how)
            except SlackApiError as error:
                if may_pass(error) or only_if_there:
                    raise
                log.warning("Slack opened no direct message", error=code(error))
                return {}
            return {"channel": (response.get("channel") or {}).get("id")}

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
                upload = await client.files_getUploadURLExternal(filename=name, length=len(data))
                async with self._access.session.post(upload["upload_url"], data=data) as answer:
                    answer.raise_for_status()
                files = [{"id": upload["file_id"], "title": name}]
                comment_text = message.text if message else None
                await client.files_completeUploadExternal(files=files, channel_id=channel, initial_comment=comment_text)
            except SlackApiError as error:
                if may_pass(error):
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
                shown_hash = await self._store.homes.hash(team, user)  # before the view reads what it shows
                rendered = await view()
                # What Slack shows is not known to us after a crash, so that in the end it is replaced all the same.
                replaces = {"hash": shown_hash} if shown_hash and pause_for else {}
                try:
                    published = await client.views_publish(user_id=user, view=rendered, **replaces)
                except SlackApiError as error:
                    if code(error) != "hash_conflict":
                        raise
                    await asyncio.sleep(pause_for)
                    continue
                if await self._store.homes.replace_hash(team, user, was=shown_hash, now=published["view"]["hash"]):
                    return {}
                # Another view was published meanwhile, and this one may stand in its place.
            return {"wait": CONFLICT_WAIT, "error": "hash_conflict"}

        await self._call("publish", publish)

    async def update_window(
        self, team: str, view_id: str, view: Callable[[], Awaitable[dict[str, Any] | None]]
    ) -> None:
        """Show something else in a window that somebody may still have open; tried once, as nothing depends on it.

        It is no step: work that has failed is done again from its last one, and this may come after that. view: reads
        all it shows when it is called; None leaves the window as it is.
        """
        if (rendered := await retry_db(view)) is not None:
            # Mostly as it was closed.
            with contextlib.suppress(SlackApiError, SlackWorkError, ClientError, TimeoutError):
                await (await self._client(team)).views_update(view_id=view_id, view=rendered)

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
                arguments = {"channel": channel, "user": user, "text": message.text, "blocks": list(message.blocks)}
                method = (await self._client(team)).chat_postEphemeral
                await self._send_blocks(method, arguments | {"thread_ts": thread_ts}, message.text)
            return {}

        await self._call("whisper", whisper, lease=lease)

    async def respond(
        self, response_url: str, render: Render, *, replace: bool = False, visible: bool = False, delete: bool = False
    ) -> bool:
        """Answer a command or a click privately, also where the bot is not a member, or replace what only one saw.

        visible: to all in the channel. delete: take away what was clicked; nothing is said. An address works for half
        an hour, and five times; one that does not work any more is let go, and gives False. What all can see is not
        said again where Slack leaves open whether it was: nobody could look for it or take it back. Then it raises
        UncertainError.
        """
        how: dict[str, Any] = {"replace_original": replace, "response_type": "in_channel" if visible else "ephemeral"}
        if delete:
            how = {"delete_original": True}
        look = _cannot_look if visible else None
        return "refused" not in await self._call("reply", lambda _: self._respond(response_url, render, how), look)

    async def replace_clicked(
        self, response_url: str, render: Render, *, lease: Lease, then: Follow | None = None
    ) -> CallResult:
        """Replace the message that was clicked, which stays as visible as it was. It is tried once.

        Gives `expired` if that did not work, for whatever reason; `lost` if the lease has been lost. then: what follows
        in the same step, as `_call` has it.
        """

        async def replace(_: CallResult) -> CallResult:
            try:
                replaced = await self._respond(response_url, render, {"replace_original": True})
            except (ClientError, TimeoutError):
                return {"expired": True}
            return {"expired": True} if replaced else {}

        return await self._call("reply", replace, lease=lease, then=then)

    async def _respond(self, response_url: str, render: Render, how: dict[str, Any]) -> CallResult:
        if (message := await render()) is None:
            return {}
        blocks = list(message.blocks)
        # By itself it would send again what Slack may have taken before the connection broke.
        webhook = AsyncWebhookClient(response_url, session=self._access.session, retry_handlers=[])
        answered = await webhook.send_dict({"text": message.text, "blocks": blocks, **how})
        for plainer_blocks in plainer(blocks):
            if answered.status_code != HTTPStatus.BAD_REQUEST or not refuses_blocks(answered.body):
                break
            log.warning("blocks refused, plainer ones sent instead", blocks=len(plainer_blocks))
            answered = await webhook.send_dict({"text": message.text, "blocks": plainer_blocks, **how})
        status = answered.status_code
        if status == HTTPStatus.OK:
            return {}
        log.warning("Slack did not take an answer", status=status)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return {"wait": seconds_to_wait(answered.headers, default=1.0), "error": "ratelimited"}
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return {"wait": 1.0, "counts": 1, "error": f"status {status}", "uncertain": True}
        return {"refused": True}

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
        then: Follow | None = None,
    ) -> CallResult:
        """Post when it is this channel's turn among all replicas. An error in `unless` means `gone`.

        may_repeat: post also what may have been posted before, where Slack does not let us look for it. since: as
        `find_message` has it. then: as `_call` has it.
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
            earliest = await earliest_by_others(since) if doubtful else await jobs.begun_at() - CLOCKS_APART
            cursor = before.get("cursor")
            return await self._look(team, key, channel, thread_ts, earliest, cursor, may_repeat=may_repeat)

        return await self._call(name, post, look, doubtful=doubtful, lease=lease, then=then)

    async def _send(self, team: str, arguments: dict[str, Any]) -> dict[str, Any]:
        posted = await self._send_blocks((await self._client(team)).chat_postMessage, arguments, arguments["text"])
        result: CallResult = {"channel": posted["channel"], "ts": posted["ts"]}
        # A root that is not there is no error to Slack: the message then stands at top level.
        root = (posted.get("message") or {}).get("thread_ts")
        return result | {"misplaced": True} if arguments["thread_ts"] not in (None, root) else result

    async def _send_blocks(self, method: Callable[..., Awaitable[Any]], arguments: dict[str, Any], text: str) -> Any:
        """Post, to all or to one person, or update; with plainer blocks where Slack refuses them.

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


async def _cannot_look(_: CallResult) -> CallResult | None:
    """Stand in for a look whether something was done, where there is none. Raises UncertainError."""
    raise UncertainError("cannot_look")


def refuses_blocks(body: str) -> bool:
    """Say whether that is what Slack says at an address of a click: a code of its, alone or in JSON."""
    return any(refusal in body for refusal in REFUSED_BLOCKS)


def recorded(kept: dict[str, Any]) -> Render:
    """Give a function that renders a message from its plain data, which an earlier step has recorded."""

    async def render() -> Message:
        return Message(kept["text"], tuple(kept["blocks"]))

    return render


def plain_data(message: Message) -> dict[str, Any]:
    """Give a message as a step may return it."""
    return {"text": message.text, "blocks": list(message.blocks)}
