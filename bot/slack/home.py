"""The Home tab."""

from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot import jobs
from bot.jobs import formerly, worker, workflow
from bot.slack import blocks, first_contact, history, share_blocks
from bot.slack.gaps_work import gaps_worker
from bot.slack.payloads import AppHomeOpened, EventCallback
from bot.slack.slack_worker import SlackWorker
from bot.slack.work import Work
from bot.storage import Store


@worker()
class HomeWorker(SlackWorker):
    """Shows people the Home tab. support: who can be asked about the bot, as ROLEFIT_SUPPORT has it."""

    support: str | None = None

    @workflow
    @formerly("home")
    async def publish(self, team: str, user: str) -> None:
        """Publish the Home tab to somebody."""
        await self.show(team, user)

    async def show(self, team: str, user: str) -> None:
        """Publish the Home tab to somebody, as a part of other work."""

        async def view() -> dict[str, Any]:
            rounds = await self._store.runs.history(team, user, limit=history.MOST)
            latest = next((stored for stored in rounds if stored.run.shareable), None)
            mine = share_blocks.home_section(latest, await self._store.shares.live(team, user), self._library)
            return blocks.home(self._library, self.support, await gaps_worker.home_section(team, user), mine)

        await self._gateway.publish_home(team, user, view)


home_worker = HomeWorker("home")


async def show_home(event_callback: EventCallback, context: AsyncBoltContext, store: Store) -> None:
    """Publish the Home tab to whoever opens it, and greet who opens the messages."""
    event = event_callback.event
    await first_contact.on_messages_opened(event_callback, context, store)
    if isinstance(event, AppHomeOpened) and event.tab in ("home", None):
        team = str(context.team_id)
        await jobs.start(
            Work.SHOW_HOME.key(team, event.user, event_callback.event_id), home_worker.publish, team, event.user
        )


def register(app: AsyncApp) -> None:
    """Listen to the opening of the Home tab."""
    app.event("app_home_opened")(show_home)
