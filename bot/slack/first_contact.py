"""A person's first look at the bot's messages: one message with three things to try, and what its buttons do.

Each person gets it once, when they open the messages; guests do, too. It is not sent where anything stands in that
conversation, nor to the person who was told the first steps after installing the app. Where Slack refuses it, it is
tried again when they open the messages on another day.
"""

import time
from functools import partial

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot import jobs, work_records
from bot.domain.faq import Surface
from bot.domain.reply_kinds import ANSWER
from bot.domain.share import Delivery
from bot.jobs import step, worker, workflow
from bot.slack import first_contact_blocks
from bot.slack.event_payloads import AppHomeOpened, EventCallback
from bot.slack.faq import faq_worker
from bot.slack.first_contact_blocks import TRY_QUESTION, read_question
from bot.slack.interaction_payloads import BlockActions
from bot.slack.slack_calls import SlackWorkError
from bot.slack.slack_worker import SlackWorker
from bot.slack.work import Work
from bot.storage import Reply, Store

MESSAGES = "messages"  # Slack's name of the tab
DAY = 86_400  # seconds


@worker()
class FirstContactWorker(SlackWorker):
    """Greets people, and does what they try first."""

    @workflow
    async def greet(self, team: str, user: str, channel: str) -> None:
        """Name three things to try to somebody who has opened the bot's messages, unless anything stands there.

        Where Slack does not say whether anything does, nothing is said. It is claimed first, so that nobody is greeted
        twice, and the claim is given back where Slack lets us neither look nor post.
        """
        at = await step("time", _now)
        if not await step("claim", self._store.people.claim_greeting, team, user, at):
            return
        if not await self._try_to_greet(team, channel):
            await step("release", self._store.people.release_greeting, team, user, at)

    async def _try_to_greet(self, team: str, channel: str) -> bool:
        """Greet somebody if nothing stands there; gives False if they were not greeted and still may be."""
        try:
            empty = await self._gateway.is_empty(team, channel)
        except SlackWorkError as error:
            log.warning("somebody was not greeted", team=team, error=str(error))
            return False
        if not empty:
            return empty is False
        delivery, _, _ = await self._gateway.deliver_message(
            team, channel, self._rendered(first_contact_blocks.greeting)
        )
        return delivery in (Delivery.DELIVERED, Delivery.UNCERTAIN)

    @workflow
    async def answer_example(self, team: str, user: str, channel: str, ts: str, entry: str) -> None:
        """Answer the example question below the message whose button asked it.

        Who asks again is led to the answer that stands there; where it does not stand there any more they get it anew.
        """
        wanted = Reply(ts, "", user, Surface.COMMAND, ANSWER, (entry,))
        if await faq_worker.post_private(team, channel, wanted) != "posted_already":
            return
        answer_ts = await step("answer", self._answer_ts, team, channel, ts)
        if link := await self._gateway.get_permalink(team, channel, answer_ts):
            message = self._rendered(partial(first_contact_blocks.answered_already, link))
            await self._gateway.post_ephemeral(team, channel, user, message)
        else:
            await self._gateway.post_message(team, channel, faq_worker.reply(ANSWER, [entry]))

    async def _answer_ts(self, team: str, channel: str, ts: str) -> str:
        reply = await self._store.replies.get(team, channel, ts)
        return (reply.answer_ts if reply else None) or ts


first_contact_worker = FirstContactWorker("first_contact")
log = structlog.get_logger()


async def _now() -> float:
    return time.time()


async def on_messages_opened(event_callback: EventCallback, context: AsyncBoltContext, store: Store) -> None:
    """Greet somebody who opens the bot's messages for the first time. Opening them again costs one look at a row."""
    event, team = event_callback.event, str(context.team_id)
    if not isinstance(event, AppHomeOpened) or event.tab != MESSAGES or event.channel is None:
        return
    if await store.people.is_greeted(team, event.user):
        return
    if await store.first_steps_told_to(team) == event.user:
        return
    if await work_records.is_recorded(Work.FIRST_STEPS.key(team, event.user, "")):  # on their way
        return
    # Several openings at once are one piece of work, and one a day where Slack refuses; else the row remembers.
    key = Work.GREET.key(team, event.user, event_callback.event_time // DAY)
    await jobs.start(key, first_contact_worker.greet, team, event.user, event.channel)


async def try_question(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Answer the example question where its button stands, or say where that was done."""
    team, user, message = str(context.team_id), block_actions.user.id, block_actions.place
    entry = read_question(block_actions.action)
    key = Work.TRY_QUESTION.key(team, message.channel, message.ts, entry, block_actions.action.action_ts)
    await jobs.start(key, first_contact_worker.answer_example, team, user, message.channel, message.ts, entry)
    await ack()


def register(app: AsyncApp) -> None:
    """Listen to the greeting's button for a question; its others are the quiz's and privacy's."""
    app.action(TRY_QUESTION)(try_question)
