"""How the bot behaves in a channel: what it says on being invited, and /rolefit channel."""

import asyncio
import re

from aiohttp import ClientError
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import jobs, work_records
from bot.jobs import step, worker, workflow
from bot.knowledge import Library
from bot.slack import blocks, manners_blocks
from bot.slack.channel_controls import EDITORS_HERE, SET_MODE, read_editors, read_mode
from bot.slack.event_payloads import EventCallback, MemberJoinedChannel
from bot.slack.gateway import Render
from bot.slack.interaction_payloads import BlockActions
from bot.slack.pieces import Message
from bot.slack.slack_worker import SlackWorker
from bot.slack.work import Work
from bot.storage import Store

PATIENCE = 2.0  # seconds that Slack has to say something about a channel: it waits three for the click's answer
DIRECT_MESSAGE = "D"  # what the ids of direct messages begin with


@worker()
class ChannelWorker(SlackWorker):
    """Says what the bot does in a channel."""

    @workflow
    async def welcome(self, team: str, channel: str, shared: bool | None) -> None:
        """Say that the bot is there, once in each channel, with the choice of what it does.

        shared: with another organisation; None if the event did not say. Then Slack is asked, and where it does not say
        either, outsiders may read along, as is assumed of questions there.
        """

        async def is_welcomed() -> bool:
            return (await self._store.replies.channel(team, channel)).welcomed_at is not None

        if not await step("is welcomed", is_welcomed):
            if shared is None:
                shared = await self._gateway.is_shared(team, channel) is not False
            posted = await self._gateway.post_message(team, channel, self._greeting(team, channel, shared=shared))
            await step("welcome", self._store.replies.mark_welcomed, team, channel, posted[1] if posted else None)

    @workflow
    async def show_choice(self, team: str, channel: str, ts: str, shared: bool, at: str | None = None) -> None:
        """Bring the greeting up to date with what was chosen there. at: when, if something was chosen."""
        await self._note_shared(team, channel, at)
        await self._gateway.update_message(team, channel, ts, self._greeting(team, channel, shared=shared))

    @workflow
    async def show_panel(self, team: str, channel: str, response_url: str, at: str | None = None) -> None:
        """Bring the list of choices up to date that one person sees, and the greeting that all do.

        at: when a mode was chosen, if one was.
        """
        shared = await self._note_shared(team, channel, at)
        await self._gateway.respond(response_url, self._panel(team, channel), replace=True)
        if at is None:
            return

        async def greeting() -> str | None:
            return (await self._store.replies.channel(team, channel)).greeting_ts

        if ts := await step("greeting", greeting):
            await self._gateway.update_message(team, channel, ts, self._greeting(team, channel, shared=bool(shared)))

    @workflow
    async def choose_editors(self, team: str, channel: str, user: str, response_url: str) -> None:
        """Make a channel the editors', if the bot is in it: what is for them could not be posted there otherwise."""
        if not await self._gateway.is_member(team, channel):
            refused = self._rendered(lambda library: blocks.say(library.words.manners.editors_not_member))
            await self._gateway.respond(response_url, refused, replace=True)
            return
        await step("choose", self._choose_editors, team, channel, user)
        await self._gateway.respond(response_url, self._panel(team, channel), replace=True)

    async def _choose_editors(self, team: str, channel: str, user: str) -> None:
        await self._store.feedback.set_editors_channel(team, channel, by=user)

    async def _note_shared(self, team: str, channel: str, at: str | None) -> bool | None:
        """Remember whether outsiders read along now that a mode was chosen: it holds for them only if they do.

        Gives whether they do; None if no mode was chosen, or Slack does not say.
        """
        if at is None:
            return None
        shared = await self._gateway.is_shared(team, channel)
        if shared is not None:

            async def note() -> None:
                await self._store.replies.note_shared(team, channel, at=float(at), shared=shared)

            await step("note shared", note)
        return shared

    def _panel(self, team: str, channel: str) -> Render:
        async def now() -> Message:
            return await panel(team, channel, self._library, self._store)

        return now

    def _greeting(self, team: str, channel: str, *, shared: bool) -> Render:
        async def greeting() -> Message:
            settings = await self._store.replies.channel(team, channel)
            return manners_blocks.welcome(settings, self._library, shared=shared)

        return greeting


channel_worker = ChannelWorker("channel")


async def panel(team: str, channel: str, library: Library, store: Store) -> Message:
    """Give what /rolefit channel shows in this channel."""
    if channel.startswith(DIRECT_MESSAGE):
        return blocks.say(library.words.manners.channel_dm)
    settings, editors = await store.replies.channel(team, channel), await store.feedback.editors_channel(team)
    return manners_blocks.channel_panel(settings, channel, editors, library)


async def set_mode(
    ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, client: AsyncWebClient, store: Store
) -> None:
    """Set the mode of the channel where the button stands, and show that it is set."""
    team, (mode, shared) = str(context.team_id), read_mode(block_actions.action)
    if await _is_outsider(block_actions, team, client):
        await ack()
        return
    clicked_at = block_actions.action.action_ts
    if block_actions.message is None:
        channel, url = block_actions.ephemeral_place.channel, block_actions.reply_url
        await store.replies.set_mode(team, channel, mode, by=block_actions.user.id, at=float(clicked_at))
        key = Work.SHOW_CHANNEL.key(team, channel, clicked_at)
        await jobs.start(key, channel_worker.show_panel, team, channel, url, clicked_at)
    else:
        message = block_actions.place
        await store.replies.set_mode(team, message.channel, mode, by=block_actions.user.id, at=float(clicked_at))
        key = Work.SHOW_CHANNEL.key(team, message.channel, clicked_at)
        await jobs.start(key, channel_worker.show_choice, team, message.channel, message.ts, shared, clicked_at)
    await ack()


async def _is_outsider(clicked: BlockActions, team: str, client: AsyncWebClient) -> bool:
    """Say whether the click is by somebody of another organisation, who may change nothing in a shared channel.

    In a large organisation colleagues carry the id of another of its workspaces: then it is the channel that tells,
    and where Slack does not say whether outsiders are in it, they may be.
    """
    ours = {None, team, clicked.enterprise.id if clicked.enterprise else None}
    if clicked.user.team_id in ours:
        return False
    channel = clicked.channel.id if clicked.channel else clicked.ephemeral_place.channel
    try:
        async with asyncio.timeout(PATIENCE):
            info = (await client.conversations_info(channel=channel))["channel"]
    except (SlackApiError, ClientError, TimeoutError):
        return True
    return info.get("is_ext_shared") is not False


async def set_editors(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, store: Store) -> None:
    """Make the channel where the button stands the editors', or end that, and show it."""
    team, user, channel = str(context.team_id), block_actions.user.id, block_actions.ephemeral_place.channel
    key, url = Work.SHOW_CHANNEL.key(team, channel, block_actions.action.action_ts), block_actions.reply_url
    if read_editors(block_actions.action):
        await jobs.start(key, channel_worker.choose_editors, team, channel, user, url)
    else:
        if await store.feedback.editors_channel(team) == channel:
            await store.feedback.set_editors_channel(team, None, by=user)
        await jobs.start(key, channel_worker.show_panel, team, channel, url)
    await ack()


async def on_joined(event_callback: EventCallback, context: AsyncBoltContext) -> None:
    """Say what the bot does where it has just been invited."""
    event, team = event_callback.event, str(context.team_id)
    if isinstance(event, MemberJoinedChannel) and event.user == context.bot_user_id:
        # Invited again, it says so if it could not before, and one work at a time.
        key = await work_records.current_or_next(Work.WELCOME.key(team, event.channel, ""))
        await jobs.start(key, channel_worker.welcome, team, event.channel, event_callback.is_ext_shared_channel)


def register(app: AsyncApp) -> None:
    """Listen to invitations, and to the buttons that set a mode or the editors' channel."""
    app.event("member_joined_channel")(on_joined)
    app.action(re.compile(rf"^{SET_MODE}:"))(set_mode)
    app.action(EDITORS_HERE)(set_editors)
