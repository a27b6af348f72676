"""Commands that start something, and the manifest that connects it to Slack."""

import asyncio
import gc
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from bot.cli.shared import cli, is_address, read_settings, stop
from bot.settings import MANIFEST, SettingsError


@cli.command()
def run(
    http: Annotated[bool, typer.Option("--http", help="Serve Slack over HTTP instead of Socket Mode.")] = False,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the HTTP server, or of the local workspace.")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the local workspace in a browser.")] = True,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the local workspace's messages over a restart.")] = False,
) -> None:
    """Start the bot: in the local workspace, or in Slack where its tokens are set."""
    gc.disable()  # until the bot works: little that a start makes is garbage, and looking for it takes a sixth of it
    from bot.lean import without

    with without("rich"):  # which structlog would draw tracebacks with; ours are never drawn
        import structlog  # noqa: F401 - imported for what comes
    from bot import run as bot_run

    settings = read_settings()
    try:
        asyncio.run(bot_run.serve(settings, http=http, port=port, browser=browser, keep=keep))
    except SettingsError as error:
        stop(error.problems)
    except OSError as error:
        stop([f"{error.strerror or error}"])


@cli.command()
def workspace(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the page; 0 takes any that is free.")
    ] = None,
    manifest: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="Manifest of an app, once for each; Rolefit's own by default."),
    ] = None,
    seed: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="People, channels and messages to begin with.")
    ] = None,
    event_url: Annotated[
        list[str] | None,
        typer.Option(help="Request URL of a bot that is served over HTTP, once for each, in the manifests' order."),
    ] = None,
    unthrottled: Annotated[bool, typer.Option("--no-rate-limits", help="Never answer 429.")] = False,
    keep: Annotated[
        Path | None, typer.Option(dir_okay=False, help="File in which messages are kept over a restart.")
    ] = None,
    owner: Annotated[Literal["self", "run"], typer.Option(hidden=True)] = "self",
) -> None:
    """Start the local workspace alone, for Rolefit or for a bot of yours."""
    from bot import local_workspace

    for url in event_url or ():
        if not is_address(url):
            stop([f"--event-url {url}: this is no address. Give one like http://127.0.0.1:3000/slack/events."])
    if port is None:
        port = read_settings().workspace_port
    options = {"rate_limits": not unthrottled, "keep": keep} | ({"seed": seed} if seed else {})
    try:
        asyncio.run(local_workspace.serve(port, owner, manifest or (), event_url or (), **options))
    except OSError as error:
        stop([f"{error.strerror or error}"])
    except ValueError as error:
        stop([str(error)])


@cli.command()
def manifest(
    url: Annotated[
        str | None, typer.Option(help="Where Slack reaches the bot, for example https://bot.example.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, as the Slack CLI reads it.")] = False,
    source: Annotated[  # noqa: ARG001 - the Slack CLI adds it to what .slack/hooks.json says
        Path | None, typer.Option(hidden=True, help="The project's folder.")
    ] = None,
) -> None:
    """Print the Slack app manifest, for Socket Mode or, with --url, for HTTP."""
    text = MANIFEST.read_text(encoding="utf-8")
    if url is None and not as_json:
        typer.echo(text, nl=False)
        return
    import yaml

    content = yaml.safe_load(text)
    if url is not None:
        _serve_over_http(content, url)
    if as_json:
        typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
        return
    typer.echo(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100), nl=False)


def _serve_over_http(manifest: dict[str, Any], url: str) -> None:
    """Have a manifest name this address instead of Socket Mode; ends the command for one that Slack does not call."""
    from bot.asgi import EVENTS

    if not (is_address(url) and url.startswith("https://")):
        stop([f"--url {url}: Slack only calls https:// addresses."])
    address = url.rstrip("/") + EVENTS
    settings = manifest["settings"]
    settings["socket_mode_enabled"] = False
    settings["event_subscriptions"]["request_url"] = address
    settings["interactivity"]["request_url"] = address
    for command in manifest["features"]["slash_commands"]:
        command["url"] = address
