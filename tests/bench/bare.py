"""A Bolt app that listens and does nothing, behind the server that the bot has: what the bench compares with.

`python -m tests.bench.bare PORT`
"""

import sys

import uvicorn
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult

from tests.bench.signed import SECRET, TEAM


def app() -> AsyncSlackRequestHandler:
    """Give the app for ASGI."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id=TEAM, bot_token="xoxb-none", bot_id="B_ROLEFIT", bot_user_id="U_ROLEFIT"
        )

    bolt = AsyncApp(signing_secret=SECRET, authorize=authorize)

    @bolt.event("message")
    async def hear() -> None:
        pass

    @bolt.action("x")
    async def clicked(ack: AsyncAck) -> None:
        await ack()

    return AsyncSlackRequestHandler(bolt)


if __name__ == "__main__":
    uvicorn.run(app(), port=int(sys.argv[1]), log_config=None, access_log=False, lifespan="off")
