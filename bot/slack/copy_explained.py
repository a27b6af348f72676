"""What is said to the recipient of a result who asks about it: from what the copy shows, and from nothing else of it.

The round may say more by now than was shared, or something else. So it is quoted what the share holds word for word.
"""

from collections.abc import Mapping
from typing import Any

from bot.domain.copy_question import TERM, CopyQuestion, Shown
from bot.domain.share import Part
from bot.knowledge import Library
from bot.slack import result_explained
from bot.slack.pieces import Message, message, plain, sections
from bot.slack.shared_result import part_names, parts_below
from bot.slack.text import Mrkdwn, fill, linked, mention
from bot.storage import Share, StoredRun

TALK = "talk"  # the name of the wish for a talk, which the sender may know of already
OF_CODE = "```"  # what stands around the bars


def answer(question: CopyQuestion, share: Share, stored: StoredRun, library: Library) -> Message | None:
    """Answer a question about a copy; None for one that words.yaml does not have any more."""
    if question.name == TERM:
        return result_explained.term(question.term or "", stored.run, library)
    known = question.name in library.words.received.names
    return said(question.name, share, stored, library) if known else None


def said(name: str, share: Share, stored: StoredRun, library: Library) -> Message:
    """Say what there is to say to a question about a copy, by its name in words.yaml, with what it shows of that."""
    if name == TALK and share.talk_at:
        return plain(fill(library.words.share.talk_told, sender=mention(stored.user)))
    asked, shown = library.words.received.of(name), _shown(share)
    quoted = [text for piece in asked.shows for text in shown.get(piece, ())]
    template = asked.reply if quoted or not asked.missing else asked.missing
    lead = fill(template, sender=mention(stored.user), parts=part_names(share.parts, library), **_buttons(library))
    return message(sections(lead, *quoted), [lead, *quoted])


def elsewhere(sender: str, link: str | None, library: Library) -> Message:
    """Say where to ask about a result; link: to the thread of its copy, None where Slack gives none just now."""
    words = library.words.received
    return plain(fill(words.elsewhere, sender=mention(sender), link=linked(link, words.elsewhere_link)))


def _buttons(library: Library) -> dict[str, str]:
    words = library.words.share
    return {
        "seen": words.seen,
        "talk": words.talk,
        "table": words.whole_table,
        "mute": words.mute,
        "send": words.pass_on_yes,
    }


def _shown(share: Share) -> dict[Shown, list[Mrkdwn]]:
    """Give what a copy shows, in Slack's markup; what was not shared is not in it."""
    root, replies = share.message["root"], share.message["replies"]
    below = dict(zip(parts_below(share.parts), replies, strict=False))  # behind them stands the guide
    shown = {Shown.GUIDE: _texts(replies[-1])}
    if Part.RECOMMENDATION in share.parts:
        shown[Shown.HEADLINE] = _texts(root)[1:2]
    if Part.RECOMMENDATION in below:
        texts = _texts(below[Part.RECOMMENDATION])
        bars = next((number for number, text in enumerate(texts) if OF_CODE in text), len(texts))
        shown |= {Shown.REASONS: texts[:bars], Shown.BARS: texts[bars : bars + 1]}
    for part, piece in ((Part.ANSWERS, Shown.ANSWERS), (Part.GRADED, Shown.GRADED)):
        if part in below:
            shown[piece] = _texts(below[part])
    return shown


def _texts(kept: Mapping[str, Any]) -> list[Mrkdwn]:
    """Give the texts of the sections of a message that is kept as plain data."""
    return [Mrkdwn(block["text"]["text"]) for block in kept["blocks"] if block["type"] == "section"]
