"""Commands that answer questions in the terminal."""

import asyncio
import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.shared import cli, read_library, read_surface, second_of, stop

if TYPE_CHECKING:
    from bot.domain.faq import Surface
    from bot.domain.matching import Candidate
    from bot.domain.thresholds import ReplyThresholds
    from bot.knowledge import Library
    from bot.slack.deciding import PlannedReply

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
    from bot.domain.language import Language
    from bot.domain.reply_kinds import ONLY_ENGLISH

    library, surface_read = read_library(), read_surface(surface)
    if after is not None and library.entry(after) is None:
        stop([f"--after {after}: there is no such entry in faq.yaml."])
    unasked = surface_read in faq.UNPROMPTED
    leans = after is not None and library.follows(text, prompted=not unasked)
    planned, ranked = asyncio.run(_decided(text, surface_read, library, after if leans else None))
    talk = smalltalk.read(text, library.words.talk)
    language = Language(planned.entries[0]) if planned and planned.kind == ONLY_ENGLISH else None
    likeliest = faq.decide_by_bars(ranked, surface_read, library.thresholds)
    if planned is None and not talk and not isinstance(likeliest, faq.Silence):
        language = library.language.identify(text)
    explained = _explained(planned, ranked) | {"language": language}
    if as_json:
        typer.echo(json.dumps(explained, ensure_ascii=False, indent=2))
        return
    if planned is None and talk:
        lines = ["Says nothing: this is small talk."]
    elif language:
        only_english = library.words.languages.of(language).format(example=library.example)
        ending = f", and says: {only_english}" if planned else ", and says nothing."
        named = "another language than English" if language is Language.OTHER else language.title()
        lines = [f"Takes it for {named}{ending}"]
    else:
        lines = list(_in_words(surface_read, planned, ranked, library))
    _show(lines)
    if verbose:
        typer.echo()
        for line in _figures(explained):
            typer.echo(line)


async def _decided(
    text: str, surface: "Surface", library: "Library", after: str | None
) -> "tuple[PlannedReply | None, tuple[Candidate, ...]]":
    """Decide about a message as the bot does; gives the reply, and the candidates that it was chosen from."""
    from bot.slack import deciding

    second = second_of(library)
    try:
        planned = await deciding.decide(text, surface, library, second, after)
        return planned, await deciding.rank(text, surface, library, second, after)
    finally:
        if second is not None:
            second.close()


@cli.command()
def chat() -> None:
    """Ask the bot here in the terminal, and take the quiz; needs neither Slack nor a database."""
    library = read_library()
    from rich.console import Console

    from bot.chat import HELP, Chat

    second = second_of(library)
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
    surface: "Surface", planned: "PlannedReply | None", ranked: "tuple[Candidate, ...]", library: "Library"
) -> Iterator[str]:
    """Yield the lines that describe the reply to a message, and the reasons for it."""
    from bot.domain.reply_kinds import ANSWER, HELLO, NOT_ANSWERED, SUGGEST, TALK
    from bot.domain.why import WORTH_NAMING, why_silent
    from bot.slack import blocks
    from bot.slack.deciding import ABOVE

    suggested = () if planned is None else planned.entries if planned.kind == SUGGEST else planned.entries[1:]
    if planned is None:
        reason = why_silent(ranked, surface, library.thresholds)
        # None is left where it leans on what was said before, or was answered just now.
        yield f"Says nothing: {SILENT[reason] if reason else 'by itself it asks nothing new'}."
    elif planned.kind == ANSWER:
        for entry in library.known(planned.entries):
            yield f"Answers: {entry.question}\n"
            yield f"{entry.answer}\n"
            if candidate := next((candidate for candidate in ranked if candidate.entry == entry.id), None):
                yield f"Why: {_why(candidate)}"
        return
    elif planned.kind in (TALK, HELLO):
        intent = planned.entries[0] if planned.entries else None
        reply = library.words.talk.of(intent).reply if intent else blocks.hello(library).text
        taken_for = "a question that the answer above answers" if intent == ABOVE else "small talk"
        yield f"Takes it for {taken_for}, and says: {reply}"
        return
    elif planned.kind == NOT_ANSWERED and (decoy := library.decoy(planned.entries[0])):
        yield f"Has no answer, and says: {decoy.reply}"
    elif not suggested:
        yield "Says that it has no answer to this."
    if suggested:
        doubt = "Is not sure, and asks" if planned and planned.kind == SUGGEST else "Asks, too,"
        yield f"{doubt} whether one of these is meant:"
        yield from (f"  {entry.question}" for entry in library.known(suggested))
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


def _explained(planned: "PlannedReply | None", ranked: "tuple[Candidate, ...]") -> dict[str, Any]:
    from bot.domain.reply_kinds import ANSWER, HELLO, NOT_ANSWERED, ONLY_ENGLISH, SUGGEST, TALK, UNKNOWN

    decisions = {
        ANSWER: "answer",
        SUGGEST: "suggest",
        UNKNOWN: "no_answer",
        NOT_ANSWERED: "no_answer",
        TALK: "talk",
        HELLO: "talk",
        ONLY_ENGLISH: "only_english",
    }
    entry = planned.entries[0] if planned and planned.kind == ANSWER else None
    best = next((candidate for candidate in ranked if candidate.entry == entry), next(iter(ranked), None))
    why = best.why() if best else None
    return {
        "decision": decisions[planned.kind] if planned else "silence",
        "entry": entry,
        "confidence": round(best.confidence, 4) if best else 0.0,
        "phrasing": best.phrasing if best else None,
        "candidates": [
            {"entry": candidate.entry, "confidence": round(candidate.confidence, 4)} for candidate in ranked[:3]
        ],
        "matched": [list(pair) for pair in why.matched] if why else [],
        "unexplained": list(why.unexplained) if why else [],
        "near": None if best is None or best.nearness is None else round(best.nearness.known, 4),
    }
