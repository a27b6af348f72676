"""The command that measures on labelled messages."""

import asyncio
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.cli.shared import cli, read_library, read_settings, read_surface, scorer_of, second_of, stop
from bot.settings import Switch

if TYPE_CHECKING:
    from bot.domain.content import Entry, Synonyms
    from bot.domain.embeddings import SemanticScorer
    from bot.domain.learnt import Labelled, Learnt
    from bot.domain.matching import Index
    from bot.domain.thresholds import ReplyThresholds
    from bot.evaluate import Outcome, Trial
    from bot.knowledge import Library


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

    library, surface_read = read_library(knowledge_folder), read_surface(surface)
    if (left_out is None) == (not files):
        stop(["name files with cases, or --left-out authors or entries, and not both."])
    if entries is not None and (left_out is not None or as_intents):
        stop(["--entries is for files of cases: leave it out with --left-out and with --intents."])
    if as_intents and left_out is not None:
        stop(["--intents takes a file: leave --left-out out."])
    used = frozenset(library.entries) if entries is None else _named(entries, frozenset(library.entries))
    try:
        if left_out is not None:
            folder = knowledge_folder or read_settings().knowledge_dir
            trials = _trials_left_out(library, folder, new=left_out == "entries")
        elif as_intents:
            trials = iter([_trial_on_intents(files or [], examples, entries_max, seed)])
        else:
            trials = iter([_trial_on_files(files or [], library, used)])
    except evaluation.CasesError as error:
        stop([str(error)])
    outcomes: list[Outcome] = []
    built = 0.0
    for trial in trials:
        index, thresholds, scorer = trial.index, trial.thresholds, trial.scorer
        rank = partial(faq.rank, surface=surface_read, index=index, thresholds=thresholds, scorer=scorer)
        decide = partial(faq.reply_to, surface=surface_read, index=index, thresholds=thresholds, scorer=scorer)
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

    all_ids = frozenset(library.entries)
    cases = [case for file in files for case in evaluation.read(file, all_ids, used, library.former)]
    if not cases:
        stop(["there are no cases in " + ", ".join(file.name for file in files) + "."])
    entries = [entry for name, entry in library.entries.items() if name in used]
    scorer = scorer_of(library) if used == all_ids else None
    index, built = _built(entries, library.synonyms, library.thresholds, library.learnt)
    return evaluation.Trial(index, library.thresholds, cases, scorer, built)


def _trial_on_intents(files: list[Path], examples: int, entries_max: int | None, seed: int) -> "Trial":
    """Make knowledge and cases of one file of labelled intents. Raises CasesError."""
    from bot import calibrate
    from bot import evaluate as evaluation
    from bot.domain.content import Synonyms
    from bot.knowledge import english

    if len(files) > 1:
        stop(["--intents takes one file."])
    entries, cases = evaluation.intents(files[0], examples=examples, most=entries_max, seed=seed)
    thresholds = calibrate.calibrate(entries[: evaluation.CALIBRATED_ON], Synonyms(), english())
    index, built = _built(entries, Synonyms(), thresholds, None)
    if not cases:
        stop([f"there are no cases in {files[0].name}."])
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


def _named(entries: str, all_ids: frozenset[str]) -> frozenset[str]:
    """Read ids with commas between."""
    used = frozenset(name.strip() for name in entries.split(",") if name.strip())
    if used - all_ids:
        stop([f"--entries: there is no entry {name!r} in this knowledge." for name in sorted(used - all_ids)])
    return used


def _trials_left_out(library: "Library", folder: Path, *, new: bool) -> "Iterator[Trial]":
    """Yield a trial for each author: the knowledge learnt without their texts, with these texts as the cases.

    new: leave entries out too, and give the texts that one of them answers or that nothing does.
    """
    from bot import calibrate, encoder, knowledge
    from bot.domain.content import Faq
    from bot.evaluate import Case, Trial

    entries = Faq(entries=tuple(library.entries.values()))
    try:
        trainer = knowledge.trainer(
            folder, entries, library.not_answered, library.checks, library.synonyms, library.thresholds.calibration
        )
    except knowledge.KnowledgeError as error:
        stop([str(problem) for problem in error.problems])
    if trainer is None:
        stop([f"{folder.name}: there are no utterances to leave out. Put some into {knowledge.UTTERANCES}/."])
    with calibrate.one_thread():
        progress = partial(typer.echo, err=True)
        parts: Iterable[tuple[Index, SemanticScorer | None, list[Labelled]]]
        if read_settings().rolefit_encoder is Switch.OFF or library.thresholds.second is None:
            parts = ((index, None, texts) for index, texts in trainer.indexes_without(progress, new=new))
        else:
            from bot.train_second_stage import SecondStageTrainer

            firsts = trainer.left_out(progress)
            second = SecondStageTrainer(trainer, encoder.load().encode, progress)
            parts = second.indexes_without(firsts, second.left_out(firsts), new=new)
        for index, scorer, texts in parts:
            cases = [Case(labelled.text, labelled.gold, labelled.style, labelled.author) for labelled in texts]
            yield Trial(index, library.thresholds, cases, scorer)


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


@cli.command("eval-talk")
def evaluate_talk(
    place: Annotated[
        Literal["talk", "quiz", "result", "received"],
        typer.Argument(help="Where it was said: to the bot, at an open question, below a result or a shared one."),
    ],
    files: Annotated[list[Path], typer.Argument(help="JSONL with text and gold, the names of what is meant.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    errors: Annotated[bool, typer.Option("--errors", help="List each miss.")] = False,
) -> None:
    """Measure how well what people say besides questions is understood."""
    from bot import evaluate as evaluation
    from bot import evaluate_talk as talk
    from bot.domain.learnt import Labelled
    from bot.domain.meanings import Place
    from bot.knowledge import NO_TALK

    library, where = read_library(), Place(place)
    names = frozenset(library.words.places_of_talk[where])
    try:
        messages = [
            Labelled(case.text, case.gold, case.author or file.stem)
            for file in files
            for case in evaluation.read(file, names, names, unknown=NO_TALK)
        ]
    except evaluation.CasesError as error:
        stop([str(error)])
    if not messages:
        stop(["there are no messages in " + ", ".join(file.name for file in files) + "."])
    second = second_of(library)
    try:
        tried = asyncio.run(talk.outcomes(where, messages, library, second))
    finally:
        if second is not None:
            second.close()
    by_author = {
        author: talk.figures([outcome for outcome in tried if outcome.message.author == author])
        for author in dict.fromkeys(message.author for message in messages)
    }
    if as_json:
        typer.echo(json.dumps({author: asdict(figures) for author, figures in by_author.items()}, indent=2))
    else:
        from bot import eval_tables

        eval_tables.show_talk({**by_author, "all": talk.figures(tried)} if len(by_author) > 1 else by_author)
    for outcome in tried if errors else ():
        if not outcome.is_right:
            meant = ", ".join(sorted(outcome.message.gold)) or "something else"
            line = f"{outcome.taken_for or 'not understood'} instead of {meant}: {outcome.message.text}"
            typer.echo(line, err=as_json)
