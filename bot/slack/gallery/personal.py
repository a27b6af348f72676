"""What people see of the bot by themselves: the Home tab, first messages, and what is kept about them."""

from collections.abc import Iterator
from functools import partial

from bot.knowledge import Library
from bot.slack import blocks, first_contact_blocks, gaps_blocks, home_blocks, home_gallery, manners_blocks
from bot.slack import privacy as privacy_listeners
from bot.slack.gallery.editors import empty_report, full_report
from bot.slack.gallery.rendering import LINK, USER, Rendering
from bot.slack.gallery.runs import finished_runs
from bot.slack.gallery.shares import example_share
from bot.slack.text import escape


def home(library: Library) -> Iterator[Rendering]:
    """Give the Home tab with every page, every answer and whatever else stands there."""
    finished = next(run for run in finished_runs(library) if run.shareable)
    full = full_report(library)
    drafts: dict[str, str | None] = {gap.id: LINK if number else None for number, gap in enumerate(full.gaps)}
    of_editors = [(full, None), (full, drafts), (empty_report(library), None)]
    gaps = [gaps_blocks.editors_section(report, library, {}, sent or {}) for report, sent in of_editors]
    for name, shown in home_gallery.examples(library, finished, example_share(finished, library), gaps, USER, LINK):
        yield Rendering(name, partial(home_blocks.view, shown, library))
    kept = privacy_listeners.kept(library, privacy_listeners.QUESTION_DAYS).text
    for name, text in {"kept": kept, "forgetting": escape(library.words.home.forgetting)}.items():
        yield Rendering(f"window of privacy: {name}", partial(home_blocks.window, text, library))


def first_steps(library: Library) -> Iterator[Rendering]:
    """Give what is said to whoever has installed the app."""
    yield Rendering("first steps after an installation", partial(blocks.first_steps, library))


def first_contact(library: Library) -> Iterator[Rendering]:
    """Give what somebody gets who opens the bot's messages for the first time."""
    yield Rendering("three things to try", partial(first_contact_blocks.greeting, library))
    yield Rendering("example asked again", partial(first_contact_blocks.answered_already, LINK, library))
    for entry in library.entries:
        yield Rendering(f"example question {entry}", partial(manners_blocks.asked_directly, [entry], library))


def privacy(library: Library) -> Iterator[Rendering]:
    """Give what is said of what is kept about somebody; the sentences are in `sentences`."""
    yield Rendering("what is kept", partial(privacy_listeners.kept, library, privacy_listeners.QUESTION_DAYS))
    yield Rendering("whether to forget somebody", partial(privacy_listeners.ask_to_forget, library))
    yield Rendering("part of an export", partial(privacy_listeners.exported_part, "<" * 500, 1, 2, library))
