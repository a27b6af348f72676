"""The Home tab."""

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.knowledge import Library
from bot.slack import blocks


async def show_home(event: dict[str, Any], client: AsyncWebClient, library: Library) -> None:
    """Publish the Home tab to whoever opens it."""
    if event.get("tab", "home") == "home":
        await client.views_publish(user_id=event["user"], view=blocks.home(library))


def register(app: AsyncApp) -> None:
    """Listen to the opening of the Home tab."""
    app.event("app_home_opened")(show_home)
