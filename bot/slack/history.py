"""What /rolefit shows of one's rounds: the one that is open, and the list of all."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Final

import slackblocks as kit

from bot.knowledge import Library
from bot.slack import result
from bot.slack.pieces import Message, context, message, plain, section
from bot.slack.quiz_controls import OPEN, RESUME, BeginFrom, begin_button, delete_button, round_button
from bot.slack.result import how_far
from bot.slack.run_messages import subject
from bot.slack.share_controls import share_button
from bot.slack.text import Mrkdwn, day, escape, fill, mention, moment
from bot.storage import Store, StoredRun

MOST = 10  # rounds in a list
A_DAY = timedelta(days=1)
NOBODY: Final[Mapping[str, Collection[str]]] = MappingProxyType({})


def offer(stored: StoredRun, library: Library) -> Message:
    """Offer to go on with an open round, or to begin another."""
    words = library.words.quiz
    text = fill(words.offer, **how_far(stored.run))
    buttons = [
        round_button(words.offer_open, RESUME, stored.id),
        begin_button(words.offer_new, BeginFrom.OFFER, stored.id),
    ]
    return message([section(text), kit.ActionsBlock([*buttons])], [text])


async def of(team: str, user: str, store: Store, library: Library) -> Message:
    """List somebody's rounds."""
    rounds, total = await store.runs.history(team, user, limit=MOST), await store.runs.count(team, user)
    shared: dict[str, dict[str, None]] = {}  # in the order of the shares, and each person once
    for share in await store.shares.live(team, user):
        if share.recipient and share.is_live:
            shared.setdefault(share.run, {})[share.recipient] = None
    return listed(rounds, total, library, shared)


def listed(
    rounds: Sequence[StoredRun], total: int, library: Library, shared: Mapping[str, Collection[str]] = NOBODY
) -> Message:
    """List rounds, latest first, each to open, to share or to delete; `total` counts those that are not listed too.

    shared: who can see what was shared of a round, by its id.
    """
    words = library.words.quiz
    if not rounds:
        return plain(escape(words.history_none))
    lead = escape(words.history)
    sure = kit.ConfirmationDialogue(words.delete_title, words.delete_text, words.delete_yes, words.delete_no)
    parts: list[kit.Block] = [section(lead)]
    lines: list[str] = [lead]
    for stored, line in zip(rounds, lines_of(rounds, library), strict=True):
        buttons = [
            round_button(words.open, OPEN, stored.id),
            *([share_button(library.words.result.share, stored.id, primary=False)] if stored.run.shareable else []),
            delete_button(words.delete, stored.id, sure),
        ]
        people = ", ".join(mention(user) for user in shared.get(stored.id, ()))
        summary = f"{line}\n{fill(words.history_shared, people=Mrkdwn(people))}" if people else line
        parts += [section(summary), kit.ActionsBlock([*buttons])]
        lines.append(summary)
    if total > len(rounds):
        more = fill(words.history_more, count=str(total - len(rounds)))
        parts.append(context(more))
        lines.append(more)
    return message(parts, lines)


def lines_of(rounds: Sequence[StoredRun], library: Library) -> list[Mrkdwn]:
    """Say in one line each when a round was begun, what it is about and what has come of it.

    With the time of day, where another of them was begun within a day: it may be the same for who reads it, wherever
    they are.
    """
    begun = [stored.begun_at for stored in rounds]
    near = [sum(abs(at - other) < A_DAY for other in begun) > 1 for at in begun]
    return [_line(stored, library, has_time=has_time) for stored, has_time in zip(rounds, near, strict=True)]


def _line(stored: StoredRun, library: Library, *, has_time: bool) -> Mrkdwn:
    run, words = stored.run, library.words.quiz
    date = moment(stored.begun_at) if has_time else day(stored.begun_at)
    if run.subject is not None:
        return fill(library.words.compare.history_line, date=date, sender=subject(run, library), **how_far(run))
    come = fill(words.history_open, **how_far(run))
    if run.recommendation:
        come = result.named(run.recommendation, library, bare=True)
    return fill(words.history_line, date=date, result=result.with_purpose(come, run, library))
