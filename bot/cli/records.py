"""Commands that read what a bot has recorded: the gap list, work that was given up, rounds of the quiz."""

import asyncio
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from datetime import time as datetime_time
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.shared import cli, plural, read_library, read_settings, stop
from bot.settings import SettingsError

if TYPE_CHECKING:
    from bot.domain.report import Report
    from bot.knowledge import Library
    from bot.storage import StoredRun


@cli.command()
def report(
    since: Annotated[str | None, typer.Option(help="From when on: so many days, like 30d, or a day.")] = None,
    team: Annotated[str | None, typer.Option(help="The workspace, where there are several, by its id.")] = None,
    number: Annotated[
        int | None, typer.Option("--draft", min=1, help="Write an entry for the gap with this number instead.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with all there is.")] = False,
) -> None:
    """Report what was asked and has no answer, how entries are used, and which are due for a check."""
    from bot import knowledge, report_tables

    library = read_library()
    found = asyncio.run(_report(library, team, _since(since) if since else 0.0))
    if number is not None:
        if number > len(found.gaps):
            there = "is 1 gap" if len(found.gaps) == 1 else f"are {len(found.gaps)} gaps"
            stop([f"--draft {number}: there {there}. `rolefit report` has their numbers."])
        typer.echo(knowledge.draft(found.gaps[number - 1], library), nl=False)
    elif as_json:
        typer.echo(json.dumps(report_tables.as_json(found, library.index), ensure_ascii=False, indent=2))
    else:
        report_tables.show(found, library.index)


async def _report(library: "Library", team: str | None, since: float) -> "Report":
    """Make the report of a workspace, the only one if none is named."""
    from bot.domain.report import report_on
    from bot.run import usable
    from bot.storage import Store

    settings = read_settings()
    try:
        with usable(settings, settings.store_file):
            store = await Store.open_existing(settings.store_url)
    except SettingsError as error:
        stop(error.problems)
    if store is None:
        place = "DATABASE_URL" if settings.database_url else f"DATA_DIR ({settings.data_dir})"
        stop([f"There is no database of this version of Rolefit in {place} yet: start the bot, or correct {place}."])
    try:
        teams = await store.gaps.teams()
        if team is not None and team not in teams:
            stop([f"--team {team}: nothing was asked there. There are: {', '.join(teams) or 'none yet'}."])
        if team is None and len(teams) > 1:
            stop([f"There are several workspaces; name one with --team: {', '.join(teams)}."])
        [of] = [team] if team else teams or [""]
        questions = await store.gaps.listed(of, since=since)
        uses = await store.gaps.uses(of, since=since)
    finally:
        await store.close()
    return report_on(questions, uses, library.entries, library.index, datetime.now(UTC).date())


def _since(text: str) -> float:
    """Read a day, or how many days ago, as seconds since 1970."""
    now = datetime.now(UTC)
    try:
        if text.endswith("d"):
            return (now - timedelta(days=int(text.removesuffix("d")))).timestamp()
        return datetime.combine(date.fromisoformat(text), datetime_time.min, UTC).timestamp()
    except (ValueError, OverflowError):
        stop([f"--since {text}: write so many days, like 30d, or a day, like {now:%Y-%m-%d}."])


@cli.command()
def jobs(
    replay: Annotated[
        str | None,
        typer.Option(help="Have this piece of work done again: its key, or 'all'. A running bot takes it up."),
    ] = None,
) -> None:
    """List the work that was given up, by key, or have it done again."""
    from bot.jobs import VERSION, WorkRecords
    from bot.run import usable

    settings = read_settings()
    try:
        settings.prepare_data_dir()
        with usable(settings, settings.jobs_file):
            records = WorkRecords(settings.jobs_url)
    except SettingsError as error:
        stop(error.problems)
    try:
        failed = records.failed()
        if replay is None:
            for failure in failed:
                at = datetime.fromtimestamp(failure.at, UTC)
                typer.echo(f"{at:%Y-%m-%d %H:%M:%S}  {failure.key}  {failure.step}: {failure.error}")
            if not failed:
                typer.echo("No work has failed.")
            for version, count in records.left_behind().items():
                pieces = plural(count, "piece") + (" of work waits" if count == 1 else " of work wait")
                typer.echo(f"{pieces} for a process of version {version}: start one of that release, until it is done.")
            return
        chosen = [failure for failure in failed if replay in ("all", failure.key)]
        if replay != "all" and not chosen:
            stop([f"--replay {replay}: no work with this key has failed. `rolefit jobs` lists what has."])
        ours = [failure for failure in chosen if failure.version == VERSION]
        for failure in ours:
            records.replay(failure.key)
        typer.echo(f"{plural(len(ours), 'piece')} of work will be done again.")
        for version, count in Counter(failure.version for failure in chosen if failure.version != VERSION).items():
            pieces = plural(count, "piece") + (" of work is" if count == 1 else " of work are")
            typer.echo(
                f"{pieces} of version {version}, whose steps this one does not know: use a release of that version."
            )
    finally:
        records.close()


@cli.command("explain")
def explain_run(
    run: Annotated[str, typer.Argument(help="The id of somebody's round, as the log and `rolefit jobs` name it.")],
) -> None:
    """Work out the recommendation of a round that was taken, with the version of the quiz it was taken with."""
    from bot import explain

    team_and_run = asyncio.run(_find_run(run))
    if team_and_run is None:
        stop([f"{run}: there is no such round in this database. It may have been deleted by its owner."])
    team, stored = team_and_run
    state = "finished" if stored.run.finished else stored.run.status.value
    typer.echo(f"{run} in {team}, begun {stored.begun_at:%Y-%m-%d %H:%M}, {state}, quiz {stored.quiz[:12]}\n")
    if stored.run.so_far is None:
        typer.echo("It has no answers yet.")
        return
    for line in explain.lines(stored.run.quiz, stored.run.answers, early=bool(stored.run.ended_early)):
        typer.echo(line)


async def _find_run(run: str) -> "tuple[str, StoredRun] | None":
    from bot.run import usable
    from bot.storage import Store

    settings = read_settings()
    try:
        settings.prepare_data_dir()
        with usable(settings, settings.store_file):
            store = await Store.open(settings.store_url)
    except SettingsError as error:
        stop(error.problems)
    try:
        library = read_library(settings.knowledge_dir)
        store.runs.use_quiz(library.quiz, library.can_show)
        return await store.runs.find(run)
    finally:
        await store.close()
