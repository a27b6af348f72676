"""The Home tab."""

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot import jobs
from bot.jobs import worker, workflow
from bot.slack import blocks
from bot.slack.equipped import EquippedWorker
from bot.slack.payloads import AppHomeOpened, EventCallback
from bot.slack.work import Work


@worker()
class Showing(EquippedWorker):
    """Shows people the Home tab."""

    @workflow
    async def home(self, team: str, user: str) -> None:
        """Publish the Home tab to somebody."""
        await self._speech.publish(team, user, lambda: blocks.home(self._library))


showing = Showing("home")


async def show_home(event_callback: EventCallback, context: AsyncBoltContext) -> None:
    """Publish the Home tab to whoever opens it."""
    event = event_callback.event
    if isinstance(event, AppHomeOpened) and event.tab in ("home", None):
        team = str(context.team_id)
        await jobs.start(Work.SHOW_HOME.key(team, event.user, event_callback.event_id), showing.home, team, event.user)


def register(app: AsyncApp) -> None:
    """Listen to the opening of the Home tab."""
    app.event("app_home_opened")(show_home)
