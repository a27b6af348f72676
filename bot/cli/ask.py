"""Commands that answer questions in the terminal."""

import asyncio
import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.shared import cli, read_library, read_settings, read_surface, scorer_of, stop
from bot.settings import Switch

if TYPE_CHECKING:
    from bot.domain.faq import Reply
    from bot.domain.matching import Candidate

LEAVE = ("quit", "exit")  # what ends a chat besides Ctrl-D


@cli.command()
def ask(
    text: Annotated[str, typer.Argument(help="What somebody writes.")],
    surface: Annotated[str, typer.Option(help="Where: channel, thread, mention or dm.")] = "channel",
    after: Annotated[str | None, typer.Option(help="The entry the thread was answered with before.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what the bot would answer, and why."""
    from bot.domain import faq

    library, place = read_library(), read_surface(surface)
    if after is not None and library.entry(after) is None:
        stop([f"--after {after}: there is no such entry in faq.yaml."])
    scorer = scorer_of(library)
    reply = faq.reply_to(text, place, library.index, library.thresholds, after=after, scorer=scorer)
    explained = _explained(reply, faq.rank(text, place, library.index, library.thresholds, after=after, scorer=scorer))
    language = None if isinstance(reply, faq.Silence) else library.language.identify(text)
    if language:
        reply = faq.Silence()
        explained |= {"decision": "silence" if place in faq.UNPROMPTED else "only_english", "entry": None}
    explained["language"] = language
    if as_json:
        typer.echo(json.dumps(explained, ensure_ascii=False, indent=2))
        return
    typer.echo(f"{explained['decision']}  (confidence {explained['confidence']:.2f})")
    for candidate in reply.entries if isinstance(reply, faq.Answer) else ():
        entry = library.entries[candidate.entry]
        typer.echo(f"\n{entry.question}\n{entry.answer}")
    if language:
        typer.echo(f"Taken for {language.title()}: in channels nothing is said, and where the bot is asked this:")
        typer.echo(library.words.languages.of(language))
    if explained["candidates"]:
        typer.echo("\nCandidates: " + ", ".join(f"{c['entry']} {c['confidence']:.2f}" for c in explained["candidates"]))
        typer.echo(f"Taken for: {explained['phrasing']}")
        typer.echo("Matched: " + (", ".join(f"{a} = {b}" for a, b in explained["matched"]) or "nothing"))
        typer.echo("Not explained: " + (", ".join(explained["unexplained"]) or "nothing"))
    if explained["near"] is not None:
        typer.echo(f"The sentence encoder was asked too: {explained['near']:.2f} alike to the nearest known wording")


@cli.command()
def chat() -> None:
    """Ask the bot here in the terminal, and take the quiz; needs neither Slack nor a database."""
    library = read_library()
    settings = read_settings()
    from rich.console import Console

    from bot.chat import HELP, Chat

    second = None
    if settings.rolefit_encoder is Switch.ON:
        from bot.second_stage import SecondStage

        second = SecondStage()
        second.prepare(library)
    console = Console()
    conversation = Chat(library, second, console)
    if sys.stdin.isatty():
        console.print(HELP, style="dim", markup=False)
    try:
        with asyncio.Runner() as runner:
            for line in _lines():
                if line.strip().lower() in LEAVE:
                    break
                runner.run(conversation.take(line))
    except KeyboardInterrupt:
        pass
    finally:
        if second is not None:
            second.close()


def _lines() -> Iterator[str]:
    """Give what is typed, line by line, until Ctrl-D; or what comes by a pipe, which is shown as it is taken."""
    if not sys.stdin.isatty():
        for line in sys.stdin:
            typer.echo(f"\n> {line.strip()}")
            yield line
        return
    while True:
        try:
            yield input("\n> ")
        except EOFError:
            typer.echo()
            return


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
