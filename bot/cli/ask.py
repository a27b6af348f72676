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
    from bot.domain.faq import Reply, Surface
    from bot.domain.matching import Candidate
    from bot.domain.thresholds import ReplyThresholds
    from bot.knowledge import Library

SILENT = {  # why nothing is said, by bot.domain.why.Silent
    "silent_nothing_near": "nothing in it looks like a question about AI roles or titles",
    "silent_unsure": "unasked it answers only what it is sure of, and this it is not",
    "silent_between": "several answers fit it about as well",
    "silent_not_asked": "it is not put so that it would be taken for a question to everybody",
}
LEAVE = ("quit", "exit")  # what ends a chat besides Ctrl-D


@cli.command()
def ask(
    text: Annotated[str, typer.Argument(help="What somebody writes.")],
    surface: Annotated[str, typer.Option(help="Where: channel, thread, mention or dm.")] = "channel",
    after: Annotated[str | None, typer.Option(help="The entry the thread was answered with before.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also print what it was decided by.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what the bot would answer, and why."""
    from bot.domain import faq, smalltalk

    library, surface_read = read_library(), read_surface(surface)
    if after is not None and library.entry(after) is None:
        stop([f"--after {after}: there is no such entry in faq.yaml."])
    scorer, after = scorer_of(library), library.leaning(text, after)
    reply = faq.reply_to(text, surface_read, library.index, library.thresholds, after=after, scorer=scorer)
    ranked = faq.rank(text, surface_read, library.index, library.thresholds, after=after, scorer=scorer)
    explained = _explained(reply, ranked)
    unasked = surface_read in faq.UNPROMPTED
    talk = smalltalk.read(text, library.words.talk)
    language = None if talk or isinstance(reply, faq.Silence) else library.language.identify(text)
    if talk or language:
        reply = faq.Silence()
        decision = "talk" if talk and library.words.talk.of(talk).reply else "silence" if talk else "only_english"
        explained |= {"decision": "silence" if unasked else decision, "entry": None}
    explained["language"] = language
    if as_json:
        typer.echo(json.dumps(explained, ensure_ascii=False, indent=2))
        return
    if talk:
        reply_text = None if unasked else library.words.talk.of(talk).reply
        says = f"Takes it for small talk, and says: {reply_text}"
        lines = [says if reply_text else "Says nothing: this is small talk."]
    elif language:
        only_english = library.words.languages.of(language).format(example=library.example)
        ending = f", and says: {only_english}" if not unasked else ", and says nothing."
        lines = [f"Takes it for {language.title()}{ending}"]
    else:
        lines = list(_in_words(text, surface_read, reply, ranked, library))
    _show(lines)
    if verbose:
        typer.echo()
        for line in _figures(explained):
            typer.echo(line)


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
    """Yield the lines that are typed, until Ctrl-D, or that come through a pipe, which are echoed."""
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


def _show(lines: list[str]) -> None:
    """Print lines that may hold Slack's markup as the terminal shows it: bold as bold, and no stars."""
    from rich.console import Console

    from bot.terminal import formatted

    console = Console(highlight=False)
    for line in lines:
        console.print(formatted(line), soft_wrap=True)


def _in_words(
    text: str, surface: "Surface", reply: "Reply", ranked: "tuple[Candidate, ...]", library: "Library"
) -> Iterator[str]:
    """Yield the lines that describe the reply to a message, and the reasons for it."""
    from bot.domain import faq
    from bot.domain.why import WORTH_NAMING, why_silent

    if isinstance(reply, faq.Answer):
        for candidate in reply.entries:
            entry = library.entries[candidate.entry]
            yield f"Answers: {entry.question}\n"
            yield f"{entry.answer}\n"
            yield f"Why: {_why(candidate)}"
        return
    if isinstance(reply, faq.Silence):
        reason = why_silent(ranked, surface, library.thresholds)
        # None is left where it leans on what was said before, or was answered just now.
        yield f"Says nothing: {SILENT[reason] if reason else 'by itself it asks nothing new'}."
    elif (decoy := library.decoy(library.decoys.recognise(text) or "")) and decoy.reply:
        yield f"Has no answer, and says: {decoy.reply}"
    elif isinstance(reply, faq.NoAnswer):
        yield "Says that it has no answer to this."
    if isinstance(reply, faq.Suggestions):
        yield "Is not sure, and asks whether one of these is meant:"
        yield from (f"  {library.entries[candidate.entry].question}" for candidate in reply.candidates)
    elif ranked and ranked[0].confidence >= WORTH_NAMING:
        yield f"Nearest: {library.entries[ranked[0].entry].question}"
    if ranked and ranked[0].confidence >= WORTH_NAMING:
        yield f"Why: {_why(ranked[0])} {_bar(ranked[0], surface, library.thresholds)}"


def _why(candidate: "Candidate") -> str:
    """Say how a message came to an entry: the wording it is like, the words that tell, how sure."""
    from bot.domain.why import explain

    explanation = explain((candidate,), candidate.entry)
    matched = explanation.matched if explanation else ()
    words = ", ".join(f"“{word}”" + (f" (read as “{meaning}”)" if meaning else "") for word, meaning in matched)
    like = f"it is like “{candidate.phrasing}”" + (f", by {words}" if words else "")
    return f"{like}. Certainty: {candidate.confidence:.2f} of 1."


def _bar(candidate: "Candidate", surface: "Surface", thresholds: "ReplyThresholds") -> str:
    """Say how sure the bot has to be to answer, and what that depends on; the bars are those of `decide`."""
    from bot.domain import faq

    thresholds = faq.bars_of((candidate,), thresholds)
    if surface not in faq.UNPROMPTED:
        bar, where = thresholds.asked, "where somebody asks it"
    elif candidate.leans:
        bar, where = thresholds.follow_up, "unasked, where a thread goes on"
    else:
        stage = "with" if candidate.nearness is not None else "without"
        bar, where = thresholds.sure, f"unasked, {stage} the sentence encoder"
    if candidate.confidence >= bar:
        return f"That would do: {where}, an answer takes {bar:.2f}."
    just = "; this is just below" if f"{candidate.confidence:.2f}" == f"{bar:.2f}" else ""
    return f"An answer takes {bar:.2f} {where}{just}."


def _figures(explained: dict[str, Any]) -> Iterator[str]:
    """Yield the figures that a decision was based on, a line each."""
    yield f"Decision: {explained['decision']}, confidence {explained['confidence']:.2f}"
    if explained["candidates"]:
        yield "Candidates: " + ", ".join(f"{c['entry']} {c['confidence']:.2f}" for c in explained["candidates"])
        yield f"Taken for: {explained['phrasing']}"
        yield "Matched: " + (", ".join(f"{a} = {b}" for a, b in explained["matched"]) or "nothing")
        yield "Not explained: " + (", ".join(explained["unexplained"]) or "nothing")
    if explained["near"] is not None:
        yield f"The sentence encoder was asked too: {explained['near']:.2f} alike to the nearest known wording"


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
