"""Commands that read what a bot has recorded: the gap list, work that was given up, rounds of the quiz."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, date, datetime, timedelta
from datetime import time as datetime_time
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.shared import cli, plural, read_library, read_settings, stop
from bot.settings import Settings, SettingsError

if TYPE_CHECKING:
    from bot.domain.report import Report
    from bot.knowledge import Library
    from bot.storage import Store, StoredRun
    from bot.storage.runs import Runs
    from bot.work_records import WorkRecords

LISTED = 20  # rounds


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
    summary = asyncio.run(_report(library, team, _since(since) if since else 0.0))
    if number is not None:
        if number > len(summary.gaps):
            there = "is 1 gap" if len(summary.gaps) == 1 else f"are {len(summary.gaps)} gaps"
            stop([f"--draft {number}: there {there}. `rolefit report` has their numbers."])
        typer.echo(knowledge.draft(summary.gaps[number - 1], library), nl=False)
    elif as_json:
        typer.echo(json.dumps(report_tables.as_json(summary, library.index), ensure_ascii=False, indent=2))
    else:
        report_tables.show(summary, library.index)


async def _report(library: "Library", team: str | None, since: float) -> "Report":
    """Make the report of a workspace, the only one if none is named."""
    from bot.domain.report import report_on

    store = await _open_store(read_settings())
    try:
        teams = await store.gaps.teams()
        if team is not None and team not in teams:
            stop([f"--team {team}: nothing was asked there. There are: {', '.join(teams) or 'none yet'}."])
        if team is None and len(teams) > 1:
            stop([f"There are several workspaces; name one with --team: {', '.join(teams)}."])
        [of] = [team] if team else teams or [""]
        questions = await store.gaps.listed(of, since=since)
        uses = await store.feedback.entry_usage(of, since=since)
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
    from bot.run import usable
    from bot.work_records import WorkRecords

    settings = read_settings()
    try:
        with usable(settings, settings.jobs_file):
            if settings.database_url is None and not settings.jobs_file.exists():
                stop([_no_database(settings)])
            with closing(WorkRecords(settings.jobs_url)) as records:
                _list_or_replay(records, replay)
    except SettingsError as error:
        stop(error.problems)


def _list_or_replay(records: "WorkRecords", replay: str | None) -> None:
    """List the work that was given up, or have that with the key `replay`, or all of it, done again."""
    from bot.jobs import WORK_VERSION

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
    ours = [failure for failure in chosen if failure.version == WORK_VERSION]
    for failure in ours:
        records.replay(failure.key)
    typer.echo(f"{plural(len(ours), 'piece')} of work will be done again.")
    for version, count in Counter(failure.version for failure in chosen if failure.version != WORK_VERSION).items():
        pieces = plural(count, "piece") + (" of work is" if count == 1 else " of work are")
        typer.echo(f"{pieces} of version {version}, whose steps this one does not know: use a release of that version.")


@cli.command("explain")
def explain_run(
    run: Annotated[
        str | None,
        typer.Argument(help="The id of a round, or a key that names it; the latest rounds are listed if left out."),
    ] = None,
) -> None:
    """Work out the recommendation of a round that was taken, with the version of the quiz it was taken with."""
    from bot import explain

    if run is None:
        _list_runs()
        return
    named = _named_run(run)
    team_and_run = asyncio.run(_find_run(named))
    if team_and_run is None:
        stop(
            [
                f"{run}: there is no such round in this database. `rolefit explain` alone lists the latest with their "
                "ids; one that its owner has deleted is gone."
            ]
        )
    team, stored = team_and_run
    typer.echo(
        f"{named} in {team}, begun {stored.begun_at:%Y-%m-%d %H:%M}, {_state(stored)}, quiz {stored.quiz[:12]}\n"
    )
    if stored.run.so_far is None:
        typer.echo("It has no answers yet.")
        return
    for line in explain.lines(stored.run.quiz, stored.run.answers, early=bool(stored.run.ended_early)):
        typer.echo(line)


def _named_run(text: str) -> str:
    """Read the id of a round, alone or as the third part of a key of work, as `rolefit jobs` and the log print it."""
    parts = text.split(":")
    return parts[2] if len(parts) > 2 else text


def _state(stored: "StoredRun") -> str:
    return "finished" if stored.run.finished else stored.run.status.value


def _list_runs() -> None:
    """List the latest rounds, without what was answered."""
    runs = asyncio.run(_latest_runs())
    for team, stored in runs:
        typer.echo(f"{stored.begun_at:%Y-%m-%d %H:%M}  {stored.id}  {_state(stored)}, of {stored.user} in {team}")
    if not runs:
        typer.echo("Nobody has begun a round of the quiz.")


async def _latest_runs() -> "list[tuple[str, StoredRun]]":
    async with _runs() as runs:
        return await runs.latest(limit=LISTED)


async def _find_run(run: str) -> "tuple[str, StoredRun] | None":
    async with _runs() as runs:
        return await runs.find(run)


@asynccontextmanager
async def _runs() -> "AsyncIterator[Runs]":
    """Open the rounds of the database, to be read with the quiz of the present knowledge."""
    settings = read_settings()
    store = await _open_store(settings)
    try:
        library = read_library(settings.knowledge_dir)
        store.runs.use_quiz(library.quiz, library.can_show)
        yield store.runs
    finally:
        await store.close()


async def _open_store(settings: Settings) -> "Store":
    """Open the database that a bot of this version has made; ends the command where there is none."""
    from bot.run import usable
    from bot.storage import Store

    try:
        with usable(settings, settings.store_file):
            store = await Store.open_existing(settings.store_url)
    except SettingsError as error:
        stop(error.problems)
    return store or stop([_no_database(settings)])


def _no_database(settings: Settings) -> str:
    setting = "DATABASE_URL" if settings.database_url else f"DATA_DIR ({settings.data_dir})"
    return f"There is no database of this version of Rolefit in {setting} yet: start the bot, or correct {setting}."
