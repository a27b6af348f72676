"""Opening a window for a click, and saying so where Slack does not open it."""

from typing import Any

from slack_bolt.async_app import AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from bot import jobs
from bot.jobs import worker, workflow
from bot.slack import blocks
from bot.slack.interaction_payloads import BlockActions
from bot.slack.slack_worker import SlackWorker
from bot.slack.windows import open_window
from bot.slack.work import Work


@worker()
class WindowWorker(SlackWorker):
    """Tells people that a window did not open."""

    @workflow
    async def say_not_opened(self, response_url: str) -> None:
        """Ask whoever has clicked to click again, where they have clicked."""
        say = self._rendered(lambda library: blocks.say(library.words.share.window_not_opened))
        await self._gateway.respond(response_url, say)


window_worker = WindowWorker("window")


async def open_for_click(
    client: AsyncWebClient, block_actions: BlockActions, context: AsyncBoltContext, view: dict[str, Any]
) -> None:
    """Open a window for a click; where Slack does not, whoever has clicked in a message is asked to click again."""
    if await open_window(client, block_actions.trigger_id, view) or block_actions.response_url is None:
        return
    key = Work.WINDOW_NOT_OPENED.key(str(context.team_id), block_actions.user.id, block_actions.action.action_ts)
    await jobs.start(key, window_worker.say_not_opened, block_actions.response_url)
