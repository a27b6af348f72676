"""What /rolefit shows of one's rounds: the one that is open, and the list of all."""

from collections.abc import Sequence

import slackblocks as kit

from bot.knowledge import Library
from bot.slack import result
from bot.slack.blocks import BEGIN
from bot.slack.pieces import Message, context, message, plain, section
from bot.slack.result import how_far
from bot.slack.text import Mrkdwn, escape, fill
from bot.slack.thread import day
from bot.storage import StoredRun

RESUME, OPEN, DELETE = "quiz_resume", "quiz_open", "quiz_delete"  # value: the run
MOST = 10  # rounds in a list


def offer(stored: StoredRun, library: Library) -> Message:
    """Offer to go on with an open round, or to begin another."""
    words = library.words.quiz
    text = fill(words.offer, **how_far(stored.run))
    buttons = [
        kit.Button(words.offer_open, action_id=RESUME, value=stored.id, style="primary"),
        kit.Button(words.offer_new, action_id=BEGIN, value=f"offer {stored.id}"),
    ]
    return message([section(text), kit.ActionsBlock([*buttons])], [text])


def listed(found: Sequence[StoredRun], total: int, library: Library) -> Message:
    """List rounds, latest first, each to open or to delete; `total` counts those that are not listed too."""
    words = library.words.quiz
    if not found:
        return plain(escape(words.history_none))
    lead = escape(words.history)
    sure = kit.ConfirmationDialogue(words.delete_title, words.delete_text, words.delete_yes, words.delete_no)
    parts: list[kit.Block] = [section(lead)]
    said: list[str] = [lead]
    for stored in found:
        line = fill(words.history_line, date=day(stored.begun_at), result=_result(stored, library))
        buttons = [
            kit.Button(words.open, action_id=f"{OPEN}:{stored.id}", value=stored.id),
            kit.Button(words.delete, action_id=f"{DELETE}:{stored.id}", value=stored.id, style="danger", confirm=sure),
        ]
        parts += [section(line), kit.ActionsBlock([*buttons])]
        said.append(line)
    if total > len(found):
        more = fill(words.history_more, count=str(total - len(found)))
        parts.append(context(more))
        said.append(more)
    return message(parts, said)


def _result(stored: StoredRun, library: Library) -> Mrkdwn:
    if found := stored.run.recommendation:
        return result.named(found, library, bare=True)
    return fill(library.words.quiz.history_open, **how_far(stored.run))
