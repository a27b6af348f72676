"""A direct message to whoever has installed the app in a workspace: what to do first."""

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import jobs
from bot.domain.share import Delivery
from bot.jobs import step, worker, workflow
from bot.slack import blocks
from bot.slack.slack_worker import SlackWorker
from bot.slack.work import Work
from bot.turnstile import InboxFullError

log = structlog.get_logger()


@worker()
class FirstStepsWorker(SlackWorker):
    """Tells whoever has installed the app what to do first."""

    @workflow
    async def tell(self, team: str, user: str) -> None:
        """Post the first steps to somebody, unless they were told before they installed the app again.

        What Slack refuses is logged and left: nobody waits for this message.
        """
        if await step("look", self._store.first_steps_told_to, team) == user:
            return
        delivery, _, _ = await self._gateway.deliver_message(team, user, self._rendered(blocks.first_steps))
        if delivery in (Delivery.DELIVERED, Delivery.UNCERTAIN):
            await step("remember", self._store.record_first_steps, team, user)
        else:
            log.warning("who installed the app was not told the first steps", team=team, user=user, delivery=delivery)


first_steps_worker = FirstStepsWorker("first_steps")


async def begin(team: str, user: str) -> None:
    """Record that somebody is to be told the first steps, once. If that fails, it is logged and left."""
    try:
        # Its record keeps it from being done twice for as long as there is one, and then what the store remembers.
        await jobs.start(Work.FIRST_STEPS.key(team, user, ""), first_steps_worker.tell, team, user)
    except (InboxFullError, SQLAlchemyError, OSError, TimeoutError) as error:
        log.warning(
            "who installed the app will not be told the first steps", team=team, user=user, error=type(error).__name__
        )
