"""Starts the local workspace: by itself, or beside a bot as a process of its own."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import webbrowser
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import aiohttp

from bot.settings import MANIFEST

if TYPE_CHECKING:
    from bot.local.config import WorkspaceConfig


async def serve(
    port: int, owner: Literal["self", "run"], manifests: Sequence[Path], event_urls: Sequence[str], **options: Any
) -> None:
    """Serve the local workspace alone until SIGINT or SIGTERM, after printing how its bots reach it.

    manifests: of its apps, Rolefit's if there are none. event_urls: of those served over HTTP; see app_configs.
    options: further fields of WorkspaceConfig.
    Raises OSError if the port is taken or a file can't be read, ValueError if a file isn't what it should be.
    """
    from bot.local import server
    from bot.local.config import WorkspaceConfig, app_configs

    first, *more = app_configs(manifests or [MANIFEST], event_urls)
    config = WorkspaceConfig(
        manifest=first.manifest,
        events_url=first.events_url,
        more_apps=tuple(more),
        port=port,
        owner=owner,
        **options,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(stop_signal, stop.set)

    def ready(url: str) -> None:
        if owner == "self":
            print(introduction(config, url), flush=True)  # noqa: T201

    serving = asyncio.create_task(server.serve(config, ready))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def introduction(config: "WorkspaceConfig", url: str) -> str:
    """Return what is printed at the start: where the page is, and what each bot must know to connect."""
    from bot.local.manifest import Manifest

    lines = [f"The local workspace is at {url}", f"  SLACK_API_URL={url}/api/"]
    for app in config.apps:
        indent = "  "
        if len(config.apps) > 1:
            way = f"over HTTP at {app.events_url}" if app.events_url else "over Socket Mode"
            lines.append(f"  {Manifest.read(app.manifest).app_name} ({app.manifest}), {way}:")
            indent = "    "
        secret, token = f"SLACK_SIGNING_SECRET={app.signing_secret}", f"SLACK_APP_TOKEN={app.app_token}"
        lines += [f"{indent}SLACK_BOT_TOKEN={app.bot_token}", f"{indent}{secret if app.events_url else token}"]
    return "\n".join([*lines, "Stop it with Ctrl-C."])


@asynccontextmanager
async def workspace(port: int, *, open_page: bool, keep: Path | None) -> AsyncIterator["WorkspaceConfig"]:
    """Start the local workspace as a process of its own, or use the one that is already there; gives how to reach it.

    One that was started by an earlier run, which was killed, is taken over and stopped at the end; one that somebody
    started by itself is left running. keep: the file in which it keeps messages over a restart.
    Raises OSError if another program has the port, or the one that is there keeps no messages and shall.
    """
    from bot.local.config import WorkspaceConfig

    config = WorkspaceConfig(manifest=MANIFEST, port=port)
    health = await _health(config.url)
    if health is None:
        arguments = [sys.executable, "-m", "bot", "workspace", "--port", str(port), "--owner", "run"]
        arguments += ["--keep", str(keep)] if keep else []
        # A session of its own: Ctrl-C reaches us, and we stop it when the bot has ended.
        child = subprocess.Popen(arguments, start_new_session=True, stdin=subprocess.DEVNULL)  # noqa: S603, ASYNC220
        await _started(config.url, child)
    elif not health.get("ok"):
        raise OSError(f"Port {port} is in use by another program. Choose another: rolefit run --port N.")
    elif await _has_bot(config.url):
        raise OSError(f"A bot is already at work in the workspace at {config.url}. Stop it before you start another.")
    elif keep and not health.get("keeps"):
        raise OSError(f"The workspace at {config.url} keeps no messages. Stop it first, or leave --keep out.")
    opens = open_page and _has_display()
    hint = "" if opens else "  Open that address in a browser, then ask in a channel there, or type /rolefit.\n"
    print(f"\n  The local workspace is at {config.url}\n{hint}  Stop it with Ctrl-C.\n", flush=True)  # noqa: T201
    if opens:
        webbrowser.open(config.url)
    try:
        yield config
    finally:
        # Asked again, because somebody may have stopped it and started one of their own.
        there = await _health(config.url)
        if there and there.get("owner") == "run":
            with contextlib.suppress(ProcessLookupError):
                os.kill(there["pid"], signal.SIGTERM)


async def _has_bot(url: str) -> bool:
    """Return whether a workspace has a bot, giving one that has just been killed a moment to be missed."""
    for _ in range(30):
        health = await _health(url)
        if not health or not health["bot_connected"]:
            return False
        await asyncio.sleep(0.1)
    return True


async def _started(url: str, child: "subprocess.Popen[bytes]") -> None:
    """Wait for the workspace to answer. Raises OSError if it ends instead."""
    while True:
        if child.poll() is not None:
            raise OSError("The local workspace did not start; what it says stands above.")
        if await _health(url):
            return
        await asyncio.sleep(0.05)  # it has no other way to tell us


async def _health(url: str) -> dict[str, Any] | None:
    """Ask who serves an address: None if nobody, a dictionary without `ok` if it is not a workspace of ours."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session,
            session.get(f"{url}/local/health") as answer,
        ):
            health = await answer.json()
            return health if isinstance(health, dict) else {}
    except aiohttp.ClientConnectorError:
        return None
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return {}


def _has_display() -> bool:
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
