"""The command line. What a command needs is imported when it runs, so that each starts fast."""

import asyncio
import gc
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as datetime_time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from bot import settings as env
from bot.settings import SettingsError

if TYPE_CHECKING:
    from bot.domain.content import Entry, Synonyms
    from bot.domain.embeddings import SemanticScorer
    from bot.domain.faq import Reply, ReplyThresholds, Surface
    from bot.domain.learnt import Labelled, Learnt
    from bot.domain.matching import Candidate, Index
    from bot.domain.report import Report
    from bot.evaluate import Outcome, Trial
    from bot.knowledge import Library
    from bot.storage import StoredRun

WRONG_SETTINGS, NO_VERDICT = 2, 3  # exit codes

cli = typer.Typer(
    help="Rolefit: answers about AI roles and titles in Slack, and a quiz that finds yours.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line."""
    cli()


@cli.command()
def run(
    http: Annotated[bool, typer.Option("--http", help="Serve Slack over HTTP instead of Socket Mode.")] = False,
    port: Annotated[int | None, typer.Option(help="Port of the HTTP server, or of the local workspace.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the local workspace in a browser.")] = True,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the local workspace's messages over a restart.")] = False,
) -> None:
    """Start the bot: in the local workspace, or in Slack where its tokens are set."""
    gc.disable()  # until the bot works: little that a start makes is garbage, and looking for it takes a sixth of it
    from bot import run as bot_run

    settings = _settings()
    try:
        asyncio.run(bot_run.serve(settings, http=http, port=port, browser=browser, keep=keep))
    except SettingsError as error:
        _stop(error.problems)
    except OSError as error:
        _stop([f"{error.strerror or error}"])


@cli.command()
def workspace(
    port: Annotated[int | None, typer.Option(help="Port of the page; 0 takes any that is free.")] = None,
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
        if not url.startswith(("http://", "https://")):
            _stop([f"--event-url {url}: this is no address. Give one like http://127.0.0.1:3000/slack/events."])
    if port is None:
        port = _settings().workspace_port
    options = {"rate_limits": not unthrottled, "keep": keep} | ({"seed": seed} if seed else {})
    try:
        asyncio.run(local_workspace.serve(port, owner, manifest or (), event_url or (), **options))
    except OSError as error:
        _stop([f"{error.strerror or error}"])
    except ValueError as error:
        _stop([str(error)])


@cli.command()
def ask(
    text: Annotated[str, typer.Argument(help="What somebody writes.")],
    surface: Annotated[str, typer.Option(help="Where: channel, thread, mention or dm.")] = "channel",
    after: Annotated[str | None, typer.Option(help="The entry the thread was answered with before.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what the bot would answer, and why."""
    from bot.domain import faq

    library, place = _library(), _surface(surface)
    if after is not None and library.entry(after) is None:
        _stop([f"--after {after}: there is no such entry in faq.yaml."])
    scorer = _scorer(library)
    reply = faq.reply_to(text, place, library.index, library.thresholds, after=after, scorer=scorer)
    explained = _explained(reply, faq.rank(text, place, library.index, library.thresholds, after=after, scorer=scorer))
    if as_json:
        typer.echo(json.dumps(explained, ensure_ascii=False, indent=2))
        return
    typer.echo(f"{explained['decision']}  (confidence {explained['confidence']:.2f})")
    for candidate in reply.entries if isinstance(reply, faq.Answer) else ():
        entry = library.entries[candidate.entry]
        typer.echo(f"\n{entry.question}\n{entry.answer}")
    if explained["candidates"]:
        typer.echo("\nCandidates: " + ", ".join(f"{c['entry']} {c['confidence']:.2f}" for c in explained["candidates"]))
        typer.echo(f"Taken for: {explained['phrasing']}")
        typer.echo("Matched: " + (", ".join(f"{a} = {b}" for a, b in explained["matched"]) or "nothing"))
        typer.echo("Not explained: " + (", ".join(explained["unexplained"]) or "nothing"))
    if explained["near"] is not None:
        typer.echo(f"The sentence encoder was asked too: {explained['near']:.2f} alike to the nearest known wording")


@cli.command("eval")
def evaluate(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Cases: JSONL with text and gold, or one message a line; .gz too.")
    ] = None,
    left_out: Annotated[
        Literal["authors", "entries"] | None,
        typer.Option("--left-out", help="Instead of files: learn without some of the utterances, and try on them."),
    ] = None,
    surface: Annotated[str, typer.Option(help="Where: channel, thread, mention or dm.")] = "channel",
    entries: Annotated[str | None, typer.Option(help="Only these entries: ids with commas between.")] = None,
    knowledge_folder: Annotated[
        Path | None, typer.Option("--knowledge", help="A knowledge folder; the one in use if left out.")
    ] = None,
    as_intents: Annotated[
        bool, typer.Option("--intents", help="The file has text, label and split: knowledge and test in one.")
    ] = False,
    examples: Annotated[int, typer.Option(min=2, help="With --intents: phrasings for each label.")] = 5,
    entries_max: Annotated[int | None, typer.Option(min=1, help="With --intents: so many labels at most.")] = None,
    seed: Annotated[int, typer.Option(help="With --intents: which examples and labels are taken.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    errors: Annotated[bool, typer.Option("--errors", help="List each miss with its reasons.")] = False,
) -> None:
    """Measure how well questions are answered and others left alone."""
    from bot import evaluate as evaluation
    from bot.domain import faq

    library, place = _library(knowledge_folder), _surface(surface)
    if (left_out is None) == (not files):
        _stop(["name files with cases, or --left-out authors or entries, and not both."])
    used = frozenset(library.entries) if entries is None else _named(entries, frozenset(library.entries))
    try:
        if left_out is not None:
            folder = knowledge_folder or _settings().knowledge_dir
            trials = _trials_left_out(library, folder, new=left_out == "entries")
        elif as_intents:
            trials = iter([_trial_on_intents(files or [], examples, entries_max, seed)])
        else:
            trials = iter([_trial_on_files(files or [], library, used)])
    except evaluation.CasesError as error:
        _stop([str(error)])
    outcomes: list[Outcome] = []
    built = 0.0
    for trial in trials:
        index, thresholds, scorer = trial.index, trial.thresholds, trial.scorer
        rank = partial(faq.rank, surface=place, index=index, thresholds=thresholds, scorer=scorer)
        decide = partial(faq.reply_to, surface=place, index=index, thresholds=thresholds, scorer=scorer)
        outcomes += evaluation.outcomes(trial.cases, rank, decide)
        built += trial.built
    figures = evaluation.report(outcomes)
    if as_json:
        typer.echo(json.dumps(evaluation.as_json(figures), ensure_ascii=False, indent=2))
    else:
        from bot import eval_tables

        eval_tables.show(figures, evaluation.bins(outcomes), built)
    for name, outcome in evaluation.missed(outcomes) if errors else ():
        typer.echo(_missed(name, outcome), err=as_json)


def _trial_on_files(files: list[Path], library: "Library", used: frozenset[str]) -> "Trial":
    """Give the knowledge, or these entries of it, and the cases of the files. Raises CasesError."""
    from bot import evaluate as evaluation

    known = frozenset(library.entries)
    cases = [case for file in files for case in evaluation.read(file, known, used, library.former)]
    if not cases:
        _stop(["there are no cases in " + ", ".join(file.name for file in files) + "."])
    entries = [entry for name, entry in library.entries.items() if name in used]
    scorer = _scorer(library) if used == known else None
    index, built = _built(entries, library.synonyms, library.thresholds, library.learnt)
    return evaluation.Trial(index, library.thresholds, cases, scorer, built)


def _trial_on_intents(files: list[Path], examples: int, entries_max: int | None, seed: int) -> "Trial":
    """Make knowledge and cases of one file of labelled intents. Raises CasesError."""
    from bot import calibrate
    from bot import evaluate as evaluation
    from bot.domain.content import Synonyms
    from bot.knowledge import english

    if len(files) > 1:
        _stop(["--intents takes one file."])
    entries, cases = evaluation.intents(files[0], examples=examples, most=entries_max, seed=seed)
    thresholds = calibrate.calibrate(entries[: evaluation.CALIBRATED_ON], Synonyms(), english())
    index, built = _built(entries, Synonyms(), thresholds, None)
    if not cases:
        _stop([f"there are no cases in {files[0].name}."])
    return evaluation.Trial(index, thresholds, cases, built=built)


def _built(
    entries: "list[Entry]", synonyms: "Synonyms", thresholds: "ReplyThresholds", learnt: "Learnt | None"
) -> "tuple[Index, float]":
    """Build an index; gives the seconds that it took, too."""
    from bot.domain.matching import Index
    from bot.knowledge import english

    words = english()
    began = time.perf_counter()
    index = Index.build(entries, synonyms, words, thresholds.calibration, learnt)
    return index, time.perf_counter() - began


def _named(entries: str, known: frozenset[str]) -> frozenset[str]:
    """Read ids with commas between."""
    used = frozenset(name.strip() for name in entries.split(",") if name.strip())
    if used - known:
        _stop([f"--entries: there is no entry {name!r} in this knowledge." for name in sorted(used - known)])
    return used


def _trials_left_out(library: "Library", folder: Path, *, new: bool) -> "Iterator[Trial]":
    """Learn without each author in turn, and give what was learnt with that author's texts as cases.

    new: leave entries out too, and give the texts that one of them answers or that nothing does.
    """
    from bot import encoder, knowledge
    from bot.domain.content import Faq
    from bot.evaluate import Case, Trial

    entries = Faq(entries=tuple(library.entries.values()))
    try:
        trainer = knowledge.trainer(
            folder, entries, library.not_answered, library.checks, library.synonyms, library.thresholds.calibration
        )
    except knowledge.KnowledgeError as error:
        _stop([str(problem) for problem in error.problems])
    if trainer is None:
        _stop([f"{folder.name}: there are no utterances to leave out. Put some into {knowledge.UTTERANCES}/."])
    progress = partial(typer.echo, err=True)
    parts: Iterable[tuple[Index, SemanticScorer | None, list[Labelled]]]
    if _settings().rolefit_encoder is env.Switch.OFF or library.thresholds.second is None:
        parts = ((index, None, texts) for index, texts in trainer.indexes_without(progress, new=new))
    else:
        from bot.train_second_stage import SecondStageTrainer

        firsts = trainer.left_out(progress)
        second = SecondStageTrainer(trainer, encoder.load().encode, progress)
        parts = second.indexes_without(firsts, second.left_out(firsts), new=new)
    for index, scorer, texts in parts:
        cases = [Case(labelled.text, labelled.gold, labelled.style, labelled.author) for labelled in texts]
        yield Trial(index, library.thresholds, cases, scorer)


@cli.command()
def check(
    folder: Annotated[Path | None, typer.Argument(help="A knowledge folder; the one in use if left out.")] = None,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="First compute anew what is learnt: matching.yaml and learnt.*.")
    ] = False,
    slack: Annotated[
        bool, typer.Option("--slack", help="Also ask Slack whether it takes each message; needs no token.")
    ] = False,
) -> None:
    """Check the knowledge: file, line, what is wrong, what to do.

    Exits with 1 if something is, and with 3 if Slack was to be asked and did not judge.
    """
    from bot import knowledge

    place = _existing(folder) if folder else _settings().knowledge_dir
    if calibrate:
        try:
            knowledge.calibrate(place, typer.echo)
        except knowledge.KnowledgeError as error:
            _stop([str(problem) for problem in error.problems])
    documents = place.resolve().parent.parent / "shared" / "sources"
    problems = knowledge.lint(
        place,
        today=datetime.now(UTC).date(),
        documents=documents if documents.is_dir() else None,
        second=_scorer,
    )
    for problem in problems:
        typer.echo(str(problem))
    errors = sum(problem.level == "error" for problem in problems)
    warnings = len(problems) - errors
    counted = f"{_count(errors, 'error')}, {_count(warnings, 'warning')}" if problems else "all is well"
    typer.echo(f"{place.resolve().name}: {counted}.")
    if errors:
        if slack:
            typer.echo("Slack was not asked: mend these errors first.")
        raise typer.Exit(1)
    if slack:
        _check_with_slack(place)


def _check_with_slack(folder: Path) -> None:
    """Have Slack judge all that the bot can show; exits with 1 for what it refuses, with NO_VERDICT if it does not."""
    from bot.slack import gallery, live_check

    renderings, progress = gallery.everything(_library(folder)), partial(typer.echo, err=True)
    verdict = asyncio.run(live_check.check(renderings, _settings().api_url, progress))
    for refused in verdict.refused:
        typer.echo(str(refused))
    if verdict.unfinished:
        typer.echo(f"{verdict.unfinished} So it is not known whether Slack takes the rest: try again later.", err=True)
        raise typer.Exit(1 if verdict.refused else NO_VERDICT)
    if verdict.refused:
        messages = _count(verdict.count, "message")
        typer.echo(f"Slack refuses {len(verdict.refused)} of {messages}: change what they show.")
        raise typer.Exit(1)
    typer.echo(f"Slack takes what the bot shows, {_count(verdict.count, 'message')}.")


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

    library = _library()
    found = asyncio.run(_report(library, team, _since(since) if since else 0.0))
    if number is not None:
        if number > len(found.gaps):
            there = "is 1 gap" if len(found.gaps) == 1 else f"are {len(found.gaps)} gaps"
            _stop([f"--draft {number}: there {there}. `rolefit report` has their numbers."])
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

    settings = _settings()
    try:
        with usable(settings, settings.store_file):
            store = await Store.open_existing(settings.store_url)
    except SettingsError as error:
        _stop(error.problems)
    if store is None:
        place = "DATABASE_URL" if settings.database_url else f"DATA_DIR ({settings.data_dir})"
        _stop([f"There is no database of this version of Rolefit in {place} yet: start the bot, or correct {place}."])
    try:
        teams = await store.gaps.teams()
        if team is not None and team not in teams:
            _stop([f"--team {team}: nothing was asked there. There are: {', '.join(teams) or 'none yet'}."])
        if team is None and len(teams) > 1:
            _stop([f"There are several workspaces; name one with --team: {', '.join(teams)}."])
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
        _stop([f"--since {text}: write so many days, like 30d, or a day, like {now:%Y-%m-%d}."])


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

    settings = _settings()
    try:
        settings.prepare_data_dir()
        with usable(settings, settings.jobs_file):
            records = WorkRecords(settings.jobs_url)
    except SettingsError as error:
        _stop(error.problems)
    try:
        failed = records.failed()
        if replay is None:
            for failure in failed:
                at = datetime.fromtimestamp(failure.at, UTC)
                typer.echo(f"{at:%Y-%m-%d %H:%M:%S}  {failure.key}  {failure.step}: {failure.error}")
            if not failed:
                typer.echo("No work has failed.")
            for version, count in records.left_behind().items():
                pieces = _count(count, "piece") + (" of work waits" if count == 1 else " of work wait")
                typer.echo(f"{pieces} for a process of version {version}: start one of that release, until it is done.")
            return
        chosen = [failure for failure in failed if replay in ("all", failure.key)]
        if replay != "all" and not chosen:
            _stop([f"--replay {replay}: no work with this key has failed. `rolefit jobs` lists what has."])
        ours = [failure for failure in chosen if failure.version == VERSION]
        for failure in ours:
            records.replay(failure.key)
        typer.echo(f"{_count(len(ours), 'piece')} of work will be done again.")
        for version, count in Counter(failure.version for failure in chosen if failure.version != VERSION).items():
            pieces = _count(count, "piece") + (" of work is" if count == 1 else " of work are")
            typer.echo(
                f"{pieces} of version {version}, whose steps this one does not know: use a release of that version."
            )
    finally:
        records.close()


@cli.command("fit")
def fit_answers(
    answers: Annotated[Path, typer.Argument(help="A YAML file such as `1: b`, one line for each answer.")],
) -> None:
    """Work out the recommendation for a file of answers, step by step."""
    from bot import explain

    quiz = _library().quiz
    try:
        for line in explain.lines(quiz, explain.read(answers, quiz)):
            typer.echo(line)
    except explain.AnswersError as error:
        _stop(error.problems)


@cli.command("explain")
def explain_run(
    run: Annotated[str, typer.Argument(help="The id of somebody's round, as the log and `rolefit jobs` name it.")],
) -> None:
    """Work out the recommendation of a round that was taken, with the version of the quiz it was taken with."""
    from bot import explain

    team_and_run = asyncio.run(_find_run(run))
    if team_and_run is None:
        _stop([f"{run}: there is no such round in this database. It may have been deleted by its owner."])
    team, stored = team_and_run
    state = "finished" if stored.run.finished else stored.run.status.value
    typer.echo(f"{run} in {team}, begun {stored.begun_at:%Y-%m-%d %H:%M}, {state}, quiz {stored.quiz[:12]}\n")
    if stored.run.so_far is None:
        typer.echo("It has no answers yet.")
        return
    for line in explain.lines(stored.run.quiz, stored.run.answers, early=bool(stored.run.ended_early)):
        typer.echo(line)


@cli.command()
def manifest(
    url: Annotated[
        str | None, typer.Option(help="Where Slack reaches the bot, for example https://bot.example.")
    ] = None,
) -> None:
    """Print the Slack app manifest, for Socket Mode or, with --url, for HTTP."""
    if url is None:
        typer.echo(env.MANIFEST.read_text(encoding="utf-8"), nl=False)
        return
    if not url.startswith("https://"):
        _stop([f"--url {url}: Slack only calls https:// addresses."])
    import yaml

    from bot.asgi import EVENTS

    address = url.rstrip("/") + EVENTS
    content = yaml.safe_load(env.MANIFEST.read_text(encoding="utf-8"))
    content["settings"]["socket_mode_enabled"] = False
    content["settings"]["event_subscriptions"]["request_url"] = address
    content["settings"]["interactivity"]["request_url"] = address
    for command in content["features"]["slash_commands"]:
        command["url"] = address
    typer.echo(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100), nl=False)


def _scorer(library: "Library") -> "SemanticScorer | None":
    """Give the second stage's scorer, or None if that stage is off."""
    if _settings().rolefit_encoder is env.Switch.OFF:
        return None
    from bot.second_stage import scorer_for

    return scorer_for(library)


def _explained(reply: "Reply", ranked: "tuple[Candidate, ...]") -> dict[str, Any]:
    from bot.domain import faq

    names = {faq.Answer: "answer", faq.Suggestions: "suggest", faq.NoAnswer: "no_answer", faq.Silence: "silence"}
    best = reply.entries[0] if isinstance(reply, faq.Answer) else next(iter(ranked), None)
    why = best.why() if best else None
    return {
        "decision": names[type(reply)],
        "entry": best.entry if isinstance(reply, faq.Answer) and best else None,
        "confidence": round(best.confidence, 4) if best else 0.0,
        "phrasing": best.phrasing if best else None,
        "candidates": [
            {"entry": candidate.entry, "confidence": round(candidate.confidence, 4)} for candidate in ranked[:3]
        ],
        "matched": [list(pair) for pair in why.matched] if why else [],
        "unexplained": list(why.unexplained) if why else [],
        "near": None if best is None or best.nearness is None else round(best.nearness.known, 4),
    }


async def _find_run(run: str) -> "tuple[str, StoredRun] | None":
    from bot.run import usable
    from bot.storage import Store

    settings = _settings()
    try:
        settings.prepare_data_dir()
        with usable(settings, settings.store_file):
            store = await Store.open(settings.store_url)
    except SettingsError as error:
        _stop(error.problems)
    try:
        library = _library(settings.knowledge_dir)
        store.runs.use_quiz(library.quiz, library.can_show)
        return await store.runs.find(run)
    finally:
        await store.close()


def _settings() -> env.Settings:
    try:
        return env.read()
    except SettingsError as error:
        _stop(error.problems)


def _missed(name: str, outcome: "Outcome") -> str:
    best = outcome.ranked[0] if outcome.ranked else None
    lines = [f"\n{name}: {outcome.case.text}"]
    if outcome.case.gold:
        lines.append(f"  wanted: {', '.join(sorted(outcome.case.gold))}")
    if best:
        why = best.why()
        ranked = (f"{candidate.entry} {candidate.confidence:.2f}" for candidate in outcome.ranked)
        lines.append(f"  ranked: {', '.join(ranked)}")
        lines.append(f"  taken for: {best.phrasing}")
        lines.append("  matched: " + (", ".join(f"{a} = {b}" for a, b in why.matched) or "nothing"))
        lines.append("  not explained: " + (", ".join(why.unexplained) or "nothing"))
    return "\n".join(lines)


def _surface(name: str) -> "Surface":
    from bot.domain.faq import Surface

    if name not in ("channel", "thread", "mention", "dm"):
        _stop([f"--surface {name}: write channel, thread, mention or dm."])
    return Surface(name)


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        _stop([f"{folder}: there is no such folder. Name one that has faq.yaml, or none to use that of KNOWLEDGE_DIR."])
    return folder


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _library(folder: Path | None = None) -> "Library":
    from bot import knowledge

    try:
        return knowledge.load(_existing(folder) if folder else _settings().knowledge_dir)
    except knowledge.KnowledgeError as error:
        _stop([str(problem) for problem in error.problems])


def _stop(problems: list[str]) -> NoReturn:
    for problem in problems:
        typer.echo(problem, err=True)
    sys.exit(WRONG_SETTINGS)
