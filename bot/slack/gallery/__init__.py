"""Every message that the bot can show with a knowledge folder, and the Home tab, each under a name.

Messages that differ in an id, a date or a count only are here once, and of finished rounds those that `representative`
chooses. `tests/test_blocks.py` judges all of them by the local workspace's rules, and `rolefit check --slack` by
Slack's own.
"""

from collections.abc import Iterator
from itertools import chain

from bot.knowledge import Library
from bot.slack.gallery.comparisons import comparing
from bot.slack.gallery.editors import empty_report, full_report, gaps
from bot.slack.gallery.faq import answers, feedback, manners, no_answers, pairs, posted, replies, suggestions
from bot.slack.gallery.personal import first_contact, first_steps, home, privacy
from bot.slack.gallery.quiz import (
    confirmations,
    halves,
    lists,
    pictures,
    questions,
    results,
    reviews,
    rounds,
    shortened,
)
from bot.slack.gallery.rendering import ASKED, BEGUN, LINK, USER, Rendering, View
from bot.slack.gallery.runs import finished_runs, in_every_purpose, representative
from bot.slack.gallery.shares import example_share, sharing, sharing_told
from bot.slack.gallery.texts import sentences

__all__ = [
    "ASKED",
    "BEGUN",
    "LINK",
    "USER",
    "Rendering",
    "View",
    "answers",
    "empty_report",
    "everything",
    "example_share",
    "finished_runs",
    "full_report",
    "home",
    "in_every_purpose",
    "pictures",
    "posted",
    "representative",
    "results",
]


def everything(library: Library) -> Iterator[Rendering]:
    """Give all there is. Two with the same name show the same."""
    groups = (
        answers, pairs, suggestions, replies, posted, no_answers, feedback, manners, questions, rounds, shortened,
        halves, pictures, reviews, confirmations, lists, sharing, sharing_told, comparing, first_contact, first_steps,
        gaps, privacy, sentences, home,
    )  # fmt: skip
    return chain.from_iterable(group(library) for group in groups)
