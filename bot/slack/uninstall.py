"""When a workspace removes the app: all that is kept of it is deleted."""

from functools import partial

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot import jobs, work_records
from bot.jobs import step, worker, workflow
from bot.slack import work
from bot.slack.access import Access
from bot.slack.event_payloads import EventCallback, TokensRevoked
from bot.slack.slack_worker import SlackWorker
from bot.slack.work import Work
from bot.work_registry import formerly


@worker()
class UninstallWorker(SlackWorker):
    """Deletes what is kept of a workspace."""

    @workflow
    @formerly("forget")
    async def delete_workspace(self, team: str, gone_at: float) -> None:
        """Delete its rows and the records of its work, unless it has installed the app again since."""

        async def delete() -> None:
            # Tried again within: whoever waits to install would come before another try of all of it.
            work_too = partial(jobs.retry_db, work_records.delete_by_prefix, work.of_workspace(team))
            await self._store.delete_team(team, gone_at=gone_at, also=work_too)

        # One step, looked at anew if it was not done to its end: the app may have been installed again meanwhile.
        await step("delete", delete)


uninstall_worker = UninstallWorker("leaving")


async def on_uninstall(event_callback: EventCallback, context: AsyncBoltContext, access: Access) -> None:
    """Delete what is kept of a workspace; both events of an uninstall mean the same, in either order."""
    event, gone_at = event_callback.event, event_callback.event_time
    if isinstance(event, TokensRevoked) and not (event.tokens and event.tokens.bot):
        return
    team = str(context.team_id)
    await jobs.start(
        Work.FORGET_WORKSPACE.key(team, str(gone_at)), uninstall_worker.delete_workspace, team, float(gone_at)
    )
    access.forget(team)


def register(app: AsyncApp) -> None:
    """Listen to the end of an installation."""
    app.event("app_uninstalled")(on_uninstall)
    app.event("tokens_revoked")(on_uninstall)
