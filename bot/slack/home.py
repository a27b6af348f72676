"""The Home tab."""

from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot import jobs
from bot.jobs import worker, workflow
from bot.slack import blocks
from bot.slack.equipped import EquippedWorker


@worker()
class Showing(EquippedWorker):
    """Shows people the Home tab."""

    @workflow
    async def home(self, team: str, user: str) -> None:
        """Publish the Home tab to somebody."""
        await self._speech.publish(team, user, lambda: blocks.home(self._library))


showing = Showing("home")


async def show_home(event: dict[str, Any], body: dict[str, Any], context: AsyncBoltContext) -> None:
    """Publish the Home tab to whoever opens it."""
    if event.get("tab", "home") == "home":
        team, user = str(context.team_id), event["user"]
        await jobs.start(f"home:{team}:{user}:{body['event_id']}", showing.home, team, user)


def register(app: AsyncApp) -> None:
    """Listen to the opening of the Home tab."""
    app.event("app_home_opened")(show_home)
