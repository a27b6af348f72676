"""What the bench sends as Slack would, signed, and how long each request takes until it is answered."""

import json
import time
from collections import Counter
from itertools import count
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot import asgi
from tests.bench.signed import TEAM, Request, signed

USER, CHANNEL = "U_ANA", "C_ASK"
numbers = count(1)
refused = Counter[int]()  # by the status that was given instead of 200, since the last table


def new_ts() -> str:
    """Give the ts of a message of now; no two are the same."""
    return f"{int(time.time())}.{next(numbers):06d}"


def message(text: str, channel: str = CHANNEL, user: str = USER, ts: str | None = None) -> Request:
    """Give a message of somebody in a channel or a direct message; ts: one that nothing else has, unless given."""
    kind, ts = "im" if channel.startswith("D") else "channel", ts or new_ts()
    event = {"type": "message", "channel": channel, "channel_type": kind, "user": user, "text": text, "ts": ts}
    bot = {"enterprise_id": None, "team_id": TEAM, "user_id": "U_ROLEFIT", "is_bot": True}
    envelope: dict[str, Any] = {"type": "event_callback", "team_id": TEAM, "event_id": f"Ev{ts}", "event_time": 1}
    envelope["is_ext_shared_channel"] = False
    body = envelope | {"event": event, "authorizations": [bot]}
    return signed(json.dumps(body).encode(), asgi.JSON)


def many(text: str, number: int) -> list[Request]:
    """Give so many messages of one text."""
    return [message(text) for _ in range(number)]


def click(action: str, value: str, channel: str, ts: str) -> Request:
    """Give a click on a button of a message."""
    payload = {
        "type": "block_actions",
        "team": {"id": TEAM},
        "user": {"id": USER, "team_id": TEAM},
        "channel": {"id": channel},
        "container": {"type": "message", "message_ts": ts, "channel_id": channel},
        "message": {"ts": ts, "type": "message", "text": ""},
        "actions": [
            {"type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": f"{next(numbers)}.0"}
        ],
    }
    return signed(urlencode({"payload": json.dumps(payload)}).encode(), asgi.FORM)


async def send(session: aiohttp.ClientSession, port: int, request: Request) -> tuple[int, float]:
    """Send one request over HTTP; gives the status, and the milliseconds until it is answered."""
    body, headers = request
    told = {name.decode(): value.decode() for name, value in headers}
    began = time.perf_counter()
    async with session.post(f"http://127.0.0.1:{port}{asgi.EVENTS}", data=body, headers=told) as answer:
        await answer.read()
    return answer.status, (time.perf_counter() - began) * 1e3


def note(status: int) -> None:
    """Count what was refused."""
    if status != 200:
        refused[status] += 1
