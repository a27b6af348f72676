"""A person's first look at the bot's messages: one message with three things to try, and what its buttons do.

It comes once in a life, to whoever opens the messages: also to guests, who use the bot like anybody. It does not come
where anything stands in that conversation, nor to who was told the first steps after installing the app.
"""

import time

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot import jobs
from bot.domain.faq import Surface
from bot.jobs import step, worker, workflow
from bot.slack import first_contact_blocks
from bot.slack.faq import faq_worker
from bot.slack.first_contact_blocks import TRY_QUESTION, read_question
from bot.slack.payloads import AppHomeOpened, BlockActions, EventCallback
from bot.slack.slack_worker import SlackWorker
from bot.slack.work import Work
from bot.storage import ANSWER, Reply, Store

MESSAGES = "messages"  # Slack's name of the tab


@worker()
class FirstContactWorker(SlackWorker):
    """Greets people, and does what they try first."""

    @workflow
    async def greet(self, team: str, user: str, channel: str) -> None:
        """Name three things to try to somebody who has opened the bot's messages, unless anything stands there.

        Where Slack does not say whether anything does, nothing is said. What it refuses is left: nobody waits for it.
        """
        at = await step("time", _now)
        if not await step("claim", self._store.people.claim_greeting, team, user, at):
            return
        if await self._gateway.is_empty(team, channel):
            await self._gateway.deliver_message(team, channel, self._rendered(first_contact_blocks.greeting))

    @workflow
    async def answer_example(self, team: str, user: str, channel: str, ts: str, entry: str) -> None:
        """Answer the example question below the message whose button asked it; once."""
        wanted = Reply(ts, "", user, Surface.COMMAND, ANSWER, (entry,))
        await faq_worker.post_private(team, channel, wanted)


first_contact_worker = FirstContactWorker("first_contact")


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
    if await jobs.is_recorded(Work.FIRST_STEPS.key(team, event.user, "")):  # on their way
        return
    # Several openings at once are one piece of work; once its record is gone, the row remembers.
    key = Work.GREET.key(team, event.user, "")
    await jobs.start(key, first_contact_worker.greet, team, event.user, event.channel)


async def try_question(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Answer the example question where its button stands."""
    team, user, place = str(context.team_id), block_actions.user.id, block_actions.place
    entry = read_question(block_actions.action)
    key = Work.TRY_QUESTION.key(team, place.channel, place.ts, entry)
    await jobs.start(key, first_contact_worker.answer_example, team, user, place.channel, place.ts, entry)
    await ack()


def register(app: AsyncApp) -> None:
    """Listen to the greeting's button for a question; its others are the quiz's and privacy's."""
    app.action(TRY_QUESTION)(try_question)
