"""The command that says whether the bot could work."""

import asyncio
import json
from dataclasses import asdict
from typing import Annotated

import typer

from bot.cli.shared import NOT_OK, cli, is_address, stop

MARKS = {True: typer.style("ok    ", fg="green"), False: typer.style("not ok", fg="red"), None: "–     "}


@cli.command()
def doctor(
    url: Annotated[
        str | None, typer.Option(help="Over HTTP: where Slack reaches the bot, for example https://bot.example.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say of settings, tokens, scopes, addresses, database, knowledge and clock whether they are ok, and what to do.

    A dash marks what was not looked at. Changes nothing and shows no secret. Exits with 1 if something is not ok.
    """
    from bot.doctor import examine

    if url is not None and not is_address(url):
        stop([f"--url {url}: this is no address. Give one like https://bot.example."])
    findings = asyncio.run(examine(url))
    well = all(finding.ok is not False for finding in findings)
    if as_json:
        checks = [asdict(finding) for finding in findings]
        typer.echo(json.dumps({"ok": well, "checks": checks}, ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            typer.echo(
                f"{MARKS[finding.ok]}  {finding.name}: {finding.found}."
                + (f" {finding.remedy}" if finding.remedy else "")
            )
    if not well:
        raise typer.Exit(NOT_OK)
