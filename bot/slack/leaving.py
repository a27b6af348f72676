"""When a workspace removes the app: all that is kept of it is deleted."""

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot import jobs
from bot.jobs import step, worker, workflow
from bot.slack import work
from bot.slack.access import Access
from bot.slack.equipped import EquippedWorker
from bot.slack.payloads import EventCallback, TokensRevoked
from bot.slack.work import Work


@worker()
class Leaving(EquippedWorker):
    """Forgets a workspace."""

    @workflow
    async def forget(self, team: str, gone_at: float) -> None:
        """Delete its rows and the records of its work, unless it has installed the app again since."""

        async def delete() -> None:
            if await self._store.delete_team(team, gone_at=gone_at):
                await jobs.forget_keys(work.of_workspace(team))
                # What that work had still written, unless the app has been installed again by now.
                await self._store.delete_team(team, gone_at=0.0)

        # One step, looked at anew if it was not done to its end: the app may have been installed again meanwhile.
        await step("delete", delete)


leaving = Leaving("leaving")


async def leave(event_callback: EventCallback, context: AsyncBoltContext, access: Access) -> None:
    """Forget a workspace; both events of an uninstall mean the same, in either order."""
    event, gone_at = event_callback.event, event_callback.event_time
    if isinstance(event, TokensRevoked) and not (event.tokens and event.tokens.bot):
        return
    team = str(context.team_id)
    await jobs.start(Work.FORGET_WORKSPACE.key(team, str(gone_at)), leaving.forget, team, float(gone_at))
    access.forget(team)


def register(app: AsyncApp) -> None:
    """Listen to the end of an installation."""
    app.event("app_uninstalled")(leave)
    app.event("tokens_revoked")(leave)
