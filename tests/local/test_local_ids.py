"""Ids that the workspace makes up have the form of Slack's, whatever the seed calls its people and channels."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from bot.local.config import WorkspaceConfig
from tests.local.conftest import acknowledge, client_of
from tests.local.test_local_refusals import MODAL
from tests.workspace import Workspace

KINDS = {  # where an id stands, and what it begins with
    "team": "T", "team_id": "T", "context_team_id": "T", "app_installed_team_id": "T",
    "user": "U", "user_id": "U", "bot_user_id": "U", "parent_user_id": "U", "inviter": "U", "item_user": "U",
    "app_id": "A", "api_app_id": "A", "bot_id": "B", "event_id": "Ev", "channel": "[CD]", "channel_id": "[CD]",
    "view_id": "V", "root_view_id": "V", "file_id": "F", "scheduled_message_id": "Q",
}  # fmt: skip


def ids_in(payload: Any) -> Iterator[tuple[str, str]]:
    """Yield what stands in the fields of KINDS, with their names."""
    for name, value in payload.items() if isinstance(payload, dict) else []:
        if name in KINDS and isinstance(value, str):
            yield name, value
    for value in payload.values() if isinstance(payload, dict) else payload if isinstance(payload, list) else []:
        yield from ids_in(value)


async def test_every_id_looks_like_slacks(everything: Path, listen):
    async with Workspace.start(manifest=everything, seed=WorkspaceConfig.seed) as workspace:
        bot, client, ana = await listen(workspace), client_of(workspace), workspace.onlooker
        acknowledging = asyncio.create_task(acknowledge(bot))
        channel = await workspace.create_channel(ana, "new")
        await workspace.invite(ana, channel)
        asked = await workspace.mention(ana, channel, "hello")
        await client.chat_postMessage(channel=channel, text="hello", thread_ts=asked)
        await client.chat_postMessage(channel=await workspace.direct(ana), text="hello")
        later = int(workspace.config.clock()) + 60
        await client.chat_scheduleMessage(channel=channel, text="later", post_at=later)
        await client.files_upload_v2(channel=channel, filename="a.txt", content="a")
        await workspace.react(ana, asked, "wave")
        await workspace.shortcut(ana, "take")
        await workspace.acknowledged()
        [trigger] = [e["payload"]["trigger_id"] for e in bot.envelopes if "trigger_id" in e["payload"]]
        await client.views_open(trigger_id=trigger, view=MODAL)
        await workspace.acknowledged()
        acknowledging.cancel()
        entries = await workspace.traffic()

    ids = {pair for entry in entries for side in ("request", "response") for pair in ids_in(entry[side])}
    assert {name for name, _ in ids} >= {"event_id", "channel_id", "bot_id", "app_id", "user", "team", "root_view_id"}
    assert {value[0] for name, value in ids if name.startswith("channel")} == {"C", "D"}
    assert not [pair for pair in ids if not re.fullmatch(rf"{KINDS[pair[0]]}[A-Z0-9]{{7,10}}", pair[1])]
    assert {len(value) for _, value in ids} == {11}
    event = next(e["payload"]["event"] for e in bot.envelopes if e["payload"].get("event", {}).get("ts") == asked)
    assert str(UUID(event["client_msg_id"])) == event["client_msg_id"]
    assert re.fullmatch(r"\d+\.\d+\.[0-9a-f]{32}", trigger)


async def test_conversations_have_the_same_ids_in_every_run(everything: Path):
    runs = []
    for _ in range(2):
        async with Workspace.start(manifest=everything) as workspace:
            group = await workspace._do("group", "U_ANA", {"users": ["U_BEN", "U_MEI"]})
            ids = (
                await workspace.direct("U_ANA"),
                await workspace.create_channel("U_ANA", "new"),
                group["channel"]["id"],
            )
            runs.append(ids)

    assert runs[0] == runs[1]
    assert len({*runs[0]}) == 3
