"""The Home tab as Block Kit. Values in, a view out; nothing is read or sent here.

Slack takes no table there for sure, so what answers quote of one is given in lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import slackblocks as kit

from bot.domain.browse import Shelf, View
from bot.domain.content import Entry
from bot.knowledge import Library
from bot.slack import blocks, history, share_blocks
from bot.slack.home_controls import (
    browse_entry_button,
    export_button,
    fold_button,
    kept_button,
    page_button,
    rounds_button,
    share_round_button,
    topic_button,
)
from bot.slack.pieces import context, finished_view, section, sections
from bot.slack.privacy_controls import forget_button
from bot.slack.quiz_controls import OPEN, RESUME, BeginFrom, begin_button, delete_button, round_button
from bot.slack.text import Mrkdwn, contact, day, escape, fill, linked
from bot.storage import SetUp, StoredRun

STAYS_UNTIL = "stays until "  # what the metadata of a view begins with that stays as it is
DONE, TO_DO = ":white_check_mark:", ":white_large_square:"


class Notice(StrEnum):
    """What has come of a click on the Home tab, as it says there until the next one."""

    BEGUN = "begun"
    ASKED_AGAIN = "asked_again"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True)
class Linked:
    """A round and the address of its thread; None where Slack gives none."""

    stored: StoredRun
    link: str | None = None


@dataclass(frozen=True)
class Rounds:
    """Somebody's rounds: the one that waits for answers, the latest with a result, and all if they are listed.

    total counts those that are not listed too. sought: the id of one whose thread was asked for; `opened` is that
    round, unless it is gone.
    """

    waiting: Linked | None = None
    latest: StoredRun | None = None
    total: int = 0
    listed: Sequence[StoredRun] = ()
    sought: str | None = None
    opened: Linked | None = None


@dataclass(frozen=True)
class Home:
    """All that somebody's Home tab shows.

    begins: what a click has begun is not there yet. support: who can be asked about the bot, if anybody. gaps: what
    editors see besides. set_up: for who has installed the app, or is to see to it, what is done of what that needs;
    is_installer: which of the two. stays_until: when to show another view at the earliest for no reason but that it
    is opened again, in seconds since 1970.
    """

    topics: View
    rounds: Rounds = field(default_factory=Rounds)
    notice: Notice | None = None
    begins: bool = False
    listing: share_blocks.Listing = field(default_factory=share_blocks.Listing)
    support: str | None = None
    gaps: Sequence[kit.Block] = ()
    set_up: SetUp | None = None
    is_installer: bool = True
    stays_until: float | None = None


def view(home: Home, library: Library) -> dict[str, Any]:
    """Render the Home tab."""
    words = library.words.home
    parts: list[kit.Block] = [
        kit.HeaderBlock(words.title),
        section(escape(words.about)),
        *_set_up(home, library),
        *_round(home, library),
        *_results(home, library),
        kit.DividerBlock(),
        *_topics(home.topics, library),
        kit.DividerBlock(),
        *_privacy(home, library),
        *([context(fill(words.support, contact=contact(home.support)))] if home.support else []),
        *home.gaps,
    ]
    metadata = None if home.stays_until is None else f"{STAYS_UNTIL}{home.stays_until:.0f}"
    return finished_view(kit.HomeTabView(parts, private_metadata=metadata))


def stays(metadata: str, now: float) -> bool:
    """Say whether a Home tab, by its metadata, shows something that should stay for now. now: seconds since 1970."""
    until = metadata.removeprefix(STAYS_UNTIL)
    return metadata.startswith(STAYS_UNTIL) and until.isdecimal() and now < float(until)


def _set_up(home: Home, library: Library) -> list[kit.Block]:
    words, done = library.words.home, home.set_up
    if done is None:
        return []
    if done.is_complete:
        return [context(escape(words.set_up_done))]
    steps = (
        (done.is_invited, words.set_up_invite),
        (done.has_answered, words.set_up_ask),
        (done.mode_chosen, words.set_up_mode),
        (done.has_contact, words.set_up_contact),
    )
    lines = [f"{DONE if is_done else TO_DO} {escape(text)}" for is_done, text in steps]
    lead = words.set_up if home.is_installer else words.set_up_editor
    return [*sections("\n".join([escape(lead), *lines]))]


# Rounds


def _round(home: Home, library: Library) -> list[kit.Block]:
    """Say what to do about the questions: begin, go on, or answer them again.

    The button stands beside what it is about, where it also says what has come of a click: Slack replaces the view and
    leaves it scrolled as it is, so that what is said elsewhere may not be in sight.
    """
    words, rounds = library.words.home, home.rounds
    if rounds.waiting and not home.begins:
        stored = rounds.waiting.stored
        link = linked(rounds.waiting.link, library.words.home.messages)
        match home.notice:
            case Notice.BEGUN:
                text = fill(words.begun, link=link)
            case Notice.ASKED_AGAIN:
                text = fill(words.asked_again, link=link)
            case _:
                text = fill(words.waiting, date=day(stored.begun_at), link=link)
        go_on = round_button(words.go_on, RESUME, stored.id)
        anew = begin_button(words.begin_anew, BeginFrom.OFFER, stored.id)
        return [section(text, go_on), kit.ActionsBlock([anew])]
    text = Mrkdwn(escape(words.beginning if home.begins else words.quiz))
    button = begin_button(words.again if rounds.latest else words.quiz_button, BeginFrom.HOME)
    return [section(text, button)]


def _results(home: Home, library: Library) -> list[kit.Block]:
    """Show the latest result, all rounds if they are listed, and what was shared with whom."""
    words, rounds = library.words.home, home.rounds
    parts = share_blocks.latest_section(rounds.latest, library)
    if rounds.listed:
        parts += _listed(rounds, library)
    elif rounds.total:
        opens = [round_button(words.open_latest, OPEN, rounds.latest.id)] if rounds.latest else []
        parts.append(kit.ActionsBlock([*opens, rounds_button(words.rounds, lists=True)]))
    return [*parts, *share_blocks.home_section(home.listing, library)]


def _listed(rounds: Rounds, library: Library) -> list[kit.Block]:
    words, quiz = library.words.home, library.words.quiz
    parts: list[kit.Block] = [section(escape(quiz.history))]
    sure = kit.ConfirmationDialogue(quiz.delete_title, quiz.delete_text, quiz.delete_yes, quiz.delete_no)
    if rounds.sought and rounds.opened is None:
        parts.append(context(escape(words.round_gone)))
    for stored, line in zip(rounds.listed, history.lines_of(rounds.listed, library), strict=True):
        summary: str = line
        if rounds.opened and rounds.opened.stored.id == stored.id:
            address = rounds.opened.link
            where = (
                fill(words.round_link, link=linked(address, library.words.home.messages))
                if address
                else escape(words.round_no_link)
            )
            summary = f"{line}\n{where}"
        # The latest result has its button above the list.
        is_above = rounds.latest is not None and stored.id == rounds.latest.id
        shares = stored.run.shareable and not is_above
        share = [share_round_button(library.words.result.share, stored.id)] if shares else []
        buttons = [round_button(quiz.open, OPEN, stored.id), *share, delete_button(quiz.delete, stored.id, sure)]
        parts += [section(summary), kit.ActionsBlock([*buttons])]
    if rounds.total > len(rounds.listed):
        parts.append(context(fill(quiz.history_more, count=str(rounds.total - len(rounds.listed)))))
    parts.append(kit.ActionsBlock([rounds_button(words.rounds_fold, lists=False)]))
    return parts


# Topics


def _topics(topics: View, library: Library) -> list[kit.Block]:
    words, chosen = library.words.home, topics.chosen
    parts: list[kit.Block] = [section(escape(words.topics))]
    if topics.is_gone:
        parts.append(context(escape(words.entry_gone)))
    parts.append(kit.ActionsBlock([_topic_button(shelf, chosen, library) for shelf in topics.shelves]))
    if chosen is None:
        return parts
    named = {"topic": chosen.name, "page": str(topics.page), "pages": str(chosen.pages)}
    parts.append(section(fill(words.page, **named) if chosen.pages > 1 else fill(words.topic, topic=chosen.name)))
    for entry in chosen.page(topics.page):
        parts += _entry(entry, topics, chosen, library)
    paging: list[kit.Element] = []
    if topics.page > 1:
        paging.append(page_button(words.before, chosen.id, topics.page - 1))
    if topics.page < chosen.pages:
        paging.append(page_button(words.next, chosen.id, topics.page + 1))
    parts.append(kit.ActionsBlock([*paging, fold_button(words.fold)]))
    return parts


def _topic_button(shelf: Shelf, chosen: Shelf | None, library: Library) -> kit.Button:
    # On a button Slack shows plain text, in which nothing is to be escaped.
    text = library.words.home.topic_button.format(topic=shelf.name, count=len(shelf.entries))
    return topic_button(text, shelf.id, chosen=shelf == chosen)


def _entry(entry: Entry, topics: View, shelf: Shelf, library: Library) -> list[kit.Block]:
    """List a question with the button that opens its answer below it, or closes it."""
    words, is_open = library.words.home, entry == topics.entry
    text = words.close if is_open else words.open
    button = browse_entry_button(text, shelf.id, topics.page, entry, opens=not is_open)
    question = escape(entry.question)
    if not is_open:
        return [section(question, button)]

    def source(entry: Entry) -> Mrkdwn:
        return fill(library.words.faq.source, sources=blocks.sources(entry.sources, library))

    answer, _ = blocks.answer_parts([entry], library, source, as_tables=False)
    return [section(f"*{question}*", button), *answer]


# Privacy


def _privacy(home: Home, library: Library) -> list[kit.Block]:
    words, privacy = library.words.home, library.words.privacy
    sure = kit.ConfirmationDialogue(
        privacy.forget_title, privacy.forget_text, privacy.forget_yes, privacy.forget_no, "danger"
    )
    buttons = [
        kept_button(words.privacy_button),
        export_button(words.export_button),
        forget_button(privacy.forget_button, sure),
    ]
    forgotten = [section(escape(privacy.forgotten))] if home.notice is Notice.FORGOTTEN else []
    return [context(escape(words.privacy)), *forgotten, kit.ActionsBlock([*buttons])]


def window(text: str, library: Library) -> dict[str, Any]:
    """Say something about privacy in a window, given as Slack's markup."""
    words = library.words.home
    return finished_view(kit.ModalView(title=words.window_title, blocks=[section(text)], close=words.window_close))
