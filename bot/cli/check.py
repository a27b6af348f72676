"""Commands for those who edit the knowledge: what is wrong with it, and what a file of answers comes to."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.shared import NO_VERDICT, cli, existing, plural, read_library, read_settings, scorer_of, stop


@cli.command()
def check(
    folder: Annotated[Path | None, typer.Argument(help="A knowledge folder; the one in use if left out.")] = None,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="First compute anew what is learnt: matching.yaml and learnt.*.")
    ] = False,
    calibrate_talk: Annotated[
        bool, typer.Option("--calibrate-talk", help="First compute anew what is learnt of talk: learnt_talk.npz.")
    ] = False,
    slack: Annotated[
        bool, typer.Option("--slack", help="Also ask Slack whether it takes each message; needs no token.")
    ] = False,
) -> None:
    """Check the knowledge: file, line, what is wrong, what to do.

    Exits with 1 if something is, and with 3 if Slack was to be asked and did not judge.
    """
    from bot import knowledge

    knowledge_folder = existing(folder) if folder else read_settings().knowledge_dir
    if calibrate or calibrate_talk:
        learn = knowledge.calibrate if calibrate else knowledge.calibrate_talk
        try:
            learn(knowledge_folder, typer.echo)
        except knowledge.KnowledgeError as error:
            stop([str(problem) for problem in error.problems])
    documents = knowledge_folder.resolve().parent.parent / "shared" / "sources"
    problems = knowledge.lint(
        knowledge_folder,
        today=datetime.now(UTC).date(),
        documents=documents if documents.is_dir() else None,
        second=scorer_of,
    )
    for problem in problems:
        typer.echo(str(problem))
    errors = sum(problem.level == "error" for problem in problems)
    warnings = len(problems) - errors
    counted = f"{plural(errors, 'error')}, {plural(warnings, 'warning')}" if problems else "all is well"
    typer.echo(f"{knowledge_folder.resolve().name}: {counted}.")
    if errors:
        if slack:
            typer.echo("Slack was not asked: mend these errors first.")
        raise typer.Exit(1)
    if slack:
        _check_with_slack(knowledge_folder)


def _check_with_slack(folder: Path) -> None:
    """Have Slack judge all that the bot can show; exits with 1 for what it refuses, with NO_VERDICT if it does not."""
    from bot.slack import gallery, live_check

    renderings, progress = gallery.everything(read_library(folder)), partial(typer.echo, err=True)
    verdict = asyncio.run(live_check.check(renderings, read_settings().api_url, progress))
    for refused in verdict.refused:
        typer.echo(str(refused))
    if verdict.unfinished:
        typer.echo(f"{verdict.unfinished} So it is not known whether Slack takes the rest: try again later.", err=True)
        raise typer.Exit(1 if verdict.refused else NO_VERDICT)
    if verdict.refused:
        messages = plural(verdict.count, "message")
        typer.echo(f"Slack refuses {len(verdict.refused)} of {messages}: change what they show.")
        raise typer.Exit(1)
    typer.echo(f"Slack takes what the bot shows, {plural(verdict.count, 'message')}.")


@cli.command("fit")
def fit_answers(
    answers: Annotated[Path, typer.Argument(help="A YAML file such as `1: b`, one line for each answer.")],
) -> None:
    """Work out the recommendation for a file of answers, step by step."""
    from bot import explain

    quiz = read_library().quiz
    try:
        for line in explain.lines(quiz, explain.read(answers, quiz)):
            typer.echo(line)
    except explain.AnswersError as error:
        stop(error.problems)
