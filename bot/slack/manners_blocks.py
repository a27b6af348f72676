"""What the bot says of how it behaves -> Block Kit and text; and what one person sees until they have it posted."""

from collections.abc import Sequence
from datetime import UTC, datetime

import slackblocks as kit

from bot.domain.manners import Mode
from bot.knowledge import Library
from bot.slack.answer_controls import post_private_button
from bot.slack.blocks import say
from bot.slack.channel_controls import editors_button, mode_button
from bot.slack.pieces import Message, context, joined, message, plain, section, sections
from bot.slack.text import Mrkdwn, day, escape, fill, linked, mention
from bot.storage import ChannelSettings


def on_its_way(library: Library) -> Message:
    """Say that an answer waits for its turn."""
    return say(library.words.faq.on_its_way)


def hushed(library: Library) -> Message:
    """Confirm that the bot keeps quiet in a thread."""
    return say(library.words.manners.hushed)


def switched_off(library: Library) -> Message:
    """Tell somebody that the bot does not answer in this channel."""
    return say(library.words.manners.switched_off)


def withdrawn(library: Library) -> Message:
    """Give the text that replaces an answer whose question was changed."""
    return say(library.words.manners.withdrawn)


def answered_lately(link: str, entry: str, library: Library) -> Message:
    """Point to the answer that the channel had a moment ago; `entry`: which it is, by its id."""
    words, current_entry = library.words.manners, library.entry(entry)
    named = linked(link, words.answered_link)
    if current_entry is None:
        return plain(fill(words.answered_lately, link=named))
    return plain(fill(words.answered_lately_about, question=current_entry.question, link=named))


def private(answer: Message, label: str, value: str, library: Library) -> Message:
    """Show somebody an answer that they can have posted; `value`: what and where, for `post_private_button`."""
    note = escape(library.words.manners.only_you)
    extra = message([context(note), kit.ActionsBlock([post_private_button(label, value)])], [note])
    return joined(answer, extra)


def posted_for(person: str | None, entries: Sequence[str], library: Library) -> list[Message]:
    """Name the person who had a private answer posted, and its questions; nothing if the person was forgotten."""
    words, current_entries = library.words.manners, library.known(entries)
    if person is None or not current_entries:
        return []
    questions = " ".join(entry.question for entry in current_entries)
    return [plain(fill(words.posted_here, person=mention(person), question=questions))]


def asked_directly(entries: Sequence[str], library: Library) -> Message:
    """Repeat, above the answer, the questions that somebody has put by a button in their direct message."""
    questions = " ".join(entry.question for entry in library.known(entries))
    return plain(fill(library.words.first_contact.asked, question=questions))


def welcome(settings: ChannelSettings, library: Library, *, shared: bool) -> Message:
    """Say, on being invited, what the bot does in a channel, with the choice; and what has been chosen since."""
    words = library.words.manners
    lead = escape(words.welcome_shared if shared else words.welcome)
    chosen = [_chosen(settings, library)] if settings.mode else []
    parts = [section(lead), _buttons(settings, library, shared=shared), *map(context, chosen)]
    return message(parts, [lead, *chosen])


def channel_panel(settings: ChannelSettings, channel: str, editors: str | None, library: Library) -> Message:
    """Show what the bot does in a channel, who has chosen that, and what else there is to choose.

    editors: the channel to which what is for the editors comes, if there is one.
    """
    words = library.words.manners
    now = _chosen(settings, library) if settings.mode else Mrkdwn(escape(words.channel_none))
    lead = f"{escape(words.channel)}\n{now}"
    meanings = "\n".join(escape(getattr(words, f"means_{mode.value}")) for mode in Mode)
    if editors == channel:
        where, button = escape(words.editors_here), editors_button(words.bring_nowhere, here=False)
    else:
        elsewhere = fill(words.editors_elsewhere, channel=Mrkdwn(f"<#{editors}>"))
        where = f"{elsewhere} {escape(words.editors_replaced)}" if editors else escape(words.editors_nowhere)
        button = editors_button(words.bring_here, here=True)
    parts = [
        section(lead),
        *sections(meanings),
        _buttons(settings, library),
        section(where),
        kit.ActionsBlock([button]),
    ]
    return message(parts, [lead, meanings, where])


def _chosen(settings: ChannelSettings, library: Library) -> Mrkdwn:
    label = getattr(library.words.manners, f"mode_{settings.mode}")
    person = mention(settings.changed_by) if settings.changed_by else Mrkdwn("–")
    changed_at = day(datetime.fromtimestamp(settings.changed_at or 0, UTC))
    mode = Mrkdwn(f"*{escape(label)}*")
    return fill(library.words.manners.channel_by, mode=mode, person=person, date=changed_at)


def _buttons(settings: ChannelSettings, library: Library, *, shared: bool = False) -> kit.ActionsBlock:
    labels = {mode: getattr(library.words.manners, f"mode_{mode.value}") for mode in Mode}
    return kit.ActionsBlock(
        [mode_button(label, mode, chosen=settings.mode == mode, shared=shared) for mode, label in labels.items()]
    )
