"""Windows, copies with their buttons, receipts and lists of sharing -> Block Kit. Nothing is sent here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import slackblocks as kit

from bot.domain.quiz_run import Run
from bot.domain.share import MAX_NOTE, TICKED, Part, Place, Refusal, ShareState
from bot.knowledge import Library
from bot.slack import result
from bot.slack.compare_controls import compare_button
from bot.slack.pieces import (
    DASH,
    Message,
    addressed,
    context,
    finished_view,
    message,
    plain,
    section,
    sections,
    table_in_lines,
)
from bot.slack.share_controls import (
    SHARE_CHOOSE,
    SHARE_CONFIRM,
    SHARE_NOTE,
    SHARE_PARTS,
    SHARE_PLACE,
    SHARE_TO,
    CopyCommand,
    allow_button,
    choose_metadata,
    confirm_metadata,
    copy_button,
    pass_on_buttons,
    share_button,
    update_button,
    withdraw_button,
)
from bot.slack.shared_result import part_names
from bot.slack.text import Mrkdwn, escape, fill, mention, moment, quoted_in_portions
from bot.storage import Revealed, Share, StoredRun

MOST = 10  # shares in a list
TOGETHER = 5  # lines without a button in one section, which has room for 3,000 characters
NOT_UPDATED = (Refusal.INACTIVE, Refusal.GUEST, Refusal.UNKNOWN)  # reasons with other words for an update
QUOTED = 2900  # characters of a reply in one section; Slack takes 3,000
IN_BLOCKS = 3  # such sections; of more Slack refuses a message
# Ids of the blocks of the window, by which what is wrong with their contents is shown.
TO, PARTS, NOTE, PLACE = "share:to", "share:parts", "share:note", "share:place"

View = dict[str, Any]


@dataclass(frozen=True)
class Listing:
    """Who can see what of somebody's results, and from whom they want none.

    reveals: what others can read of comparisons of theirs. deleted: whether there may be more, of deleted rounds.
    muted: from whom they want no shares, with the share or comparison with which they said so.
    """

    shares: Sequence[Share] = ()
    reveals: Sequence[Revealed] = ()
    deleted: bool = False
    muted: Sequence[tuple[str, str]] = ()

    @property
    def is_seen(self) -> bool:
        """Whether anybody sees a result of theirs, or may do so."""
        return bool(self.shares or self.reveals or self.deleted)


# The windows


@dataclass(frozen=True)
class Filled:
    """What the window of sharing is filled in with before anybody has chosen anything."""

    recipient: str | None = None
    parts: Collection[str] = TICKED
    note: str = ""
    place: Place = Place.DIRECT


def choose_view(run_id: str, filled: Filled, library: Library, *, updates: str | None = None) -> View:
    """Ask who should get which parts of a result, and where. updates: the share whose copy is to be replaced."""
    words = library.words.share
    options = [
        kit.Option(getattr(words, f"part_{part}"), part.value)
        for part in Part
        if part is not Part.NOTE
    ]  # fmt: skip
    ticked = [option for option in options if option.value in set(filled.parts)]
    parts = kit.CheckboxGroup(SHARE_PARTS, options, initial_options=ticked or None)
    note = kit.PlainTextInput(SHARE_NOTE, filled.note or None, multiline=True, max_length=MAX_NOTE)
    blocks: list[kit.Block] = [
        kit.InputBlock(words.parts, parts, block_id=PARTS, hint=words.parts_hint, optional=True),
        kit.InputBlock(words.note, note, block_id=NOTE, hint=words.note_hint, optional=True),
    ]
    if updates:
        blocks.insert(0, section(fill(words.to_again, to=mention(filled.recipient or ""))))
    else:
        people = kit.UserSelectMenu(SHARE_TO, initial_user=filled.recipient, placeholder=words.to_placeholder)
        blocks.insert(0, kit.InputBlock(words.to, people, block_id=TO))
        places = [kit.Option(getattr(words, f"place_{place}"), place.value) for place in Place]
        chosen = next(option for option in places if option.value == filled.place)
        blocks.append(kit.InputBlock(words.place, kit.RadioButtonGroup(SHARE_PLACE, places, chosen), block_id=PLACE))
    view = kit.ModalView(
        title=words.title,
        blocks=blocks,
        submit=words.look,
        close=words.cancel,
        private_metadata=choose_metadata(run_id, updates),
        callback_id=SHARE_CHOOSE,
    )
    return finished_view(view)


def preview_view(share: Share, digest: str, library: Library) -> View:
    """Show exactly what will be sent, with a button that sends it; digest: of the share's message.

    Windows take no tables: one is shown as lines, and it is said that Slack draws them as a table.
    """
    words, to = library.words.share, mention(share.recipient)
    lead = fill(words.preview_update if share.updates else words.preview, to=to)
    divider = _plain_blocks(kit.DividerBlock())
    blocks = [*_plain_blocks(context(lead)), *divider, *_in_window(share.message["root"], library)]
    blocks += [*divider, *_plain_blocks(context(escape(words.preview_thread)))]
    for kept in share.message["replies"]:
        blocks += [*_in_window(kept, library), *divider]
    last = context(fill(words.preview_buttons, to=to))
    view = kit.ModalView(
        title=words.preview_title,
        blocks=[last],
        submit=words.send,
        close=words.back,
        private_metadata=confirm_metadata(share.run, share.id, digest),
        callback_id=SHARE_CONFIRM,
    ).to_dict()
    return {**view, "blocks": [*blocks, *_plain_blocks(last)]}


def _plain_blocks(*blocks: kit.Block) -> tuple[dict[str, Any], ...]:
    return message(blocks, []).blocks


def _in_window(kept: Mapping[str, Any], library: Library) -> list[dict[str, Any]]:
    """Give the blocks of a message as a window can show them."""
    blocks: list[dict[str, Any]] = []
    for block in kept["blocks"]:
        if block["type"] == "table":
            lead = context(escape(library.words.share.preview_table))
            blocks += _plain_blocks(lead, *sections("\n".join(table_in_lines(block))))
        else:
            blocks.append(block)
    return blocks


def notice_view(text: str, library: Library) -> View:
    """Say in a window why nothing can be shared."""
    words = library.words.share
    view = kit.ModalView(title=words.title, blocks=[section(escape(text))], close=words.cancel)
    return finished_view(view)


def sent_view(share: Share, library: Library) -> View:
    """Say in the window that what was confirmed is on its way, and where its receipt will be."""
    words = library.words.share
    text = fill(words.sent, to=named(share.recipient, library))
    view = kit.ModalView(title=words.sent_title, blocks=[section(text)], close=words.sent_close, clear_on_close=True)
    return finished_view(view)


def ended_view(share: Share, former: Share | None, library: Library) -> View:
    """Say in the same window what became of it: that it is there, or where that is said.

    former: the share that it updates. What is still as it is while it is being sent was left so by work that failed.
    """
    words = library.words.share
    if share.is_live or (former is not None and _has_replaced(share, former)):
        title, text = words.there_title, words.there
    elif share.state is ShareState.WITHDRAWN:
        title, text = words.taken_back_title, words.taken_back_window
    elif share.is_being_sent:
        title, text = words.not_known_title, words.not_known
    else:
        title, text = words.not_there_title, words.not_there
    told = section(fill(text, to=named(share.recipient, library)))
    return finished_view(kit.ModalView(title=title, blocks=[told], close=words.sent_close, clear_on_close=True))


def _has_replaced(update: Share, former: Share) -> bool:
    """Return whether an update has given its content, with the time it was made at, to a share for good."""
    taken_over = update.state is ShareState.REPLACING and update.ended_at is not None
    return taken_over and former.is_live and former.made_at > update.made_at


# The copy


def copy(share: Share, sender: str, library: Library, *, muted: bool) -> Message:
    """Render the message that a copy begins with, as it was previewed, with the recipient's buttons.

    muted: the recipient wants no more shares from the sender. Once withdrawn, it says only that.
    """
    words, name, to = library.words.share, mention(sender), named(share.recipient, library)
    if share.state in (ShareState.WITHDRAWN, ShareState.FAILED):
        return ended_copy(sender, share.ended_at, library, withdrawn=share.state is ShareState.WITHDRAWN)
    in_group = share.place is Place.GROUP  # where the sender reads it, too
    buttons: list[kit.Element] = []
    lines: list[str] = [fill(words.updated_on, date=_on(share.updated_at))] if share.updated_at else []
    if share.seen_at:
        at = _on(share.seen_at)
        lines.append(fill(words.seen_by, to=to, date=at) if in_group else fill(words.seen_on, date=at, sender=name))
    else:
        buttons.append(copy_button(words.seen, CopyCommand.SEEN, share.id, primary=True))
    if share.talk_at:
        lines.append(fill(words.wants_to_talk, to=to) if in_group else fill(words.talk_told, sender=name))
    else:
        buttons.append(copy_button(words.talk, CopyCommand.TALK, share.id))
    buttons.append(copy_button(words.whole_table, CopyCommand.TABLE, share.id))
    if muted and not in_group:
        lines.append(fill(words.muted, sender=name))
        buttons.append(copy_button(words.unmute, CopyCommand.UNMUTE, share.id))
    else:
        buttons.append(copy_button(words.mute, CopyCommand.MUTE, share.id))
    root = share.message["root"]
    below = message([*([context("\n".join(lines))] if lines else []), kit.ActionsBlock(buttons)], lines)
    return Message("\n".join([root["text"], *lines]), (*root["blocks"], *below.blocks))


def ended_copy(sender: str, at: float | None, library: Library, *, withdrawn: bool) -> Message:
    """Say in place of a copy that it is over; at: in seconds since 1970.

    withdrawn: by its sender, rather than because not all of it had arrived.
    """
    words = library.words.share
    return plain(fill(words.withdrawn_copy if withdrawn else words.failed_copy, sender=mention(sender), date=_on(at)))


def muted_note(share_id: str, sender: str, muted: bool, library: Library) -> Message:
    """Tell a recipient in a group alone that they get no more shares, or get them again."""
    words = library.words.share
    text = fill(words.muted if muted else words.unmuted, sender=mention(sender))
    command, label = (CopyCommand.UNMUTE, words.unmute) if muted else (CopyCommand.MUTE, words.mute)
    return message([section(text), kit.ActionsBlock([copy_button(label, command, share_id)])], [text])


def allowed_note(sender: str, library: Library) -> Message:
    """Tell a recipient that they get shares of somebody again, where no copy is left to show it."""
    return plain(fill(library.words.share.unmuted, sender=mention(sender)))


def whole_table(stored: StoredRun, library: Library) -> Message:
    """Show the documents' table of the roles, with nothing of anybody's answers."""
    return result.part(Run(stored.run.quiz), "table", library)


def ask_to_pass_on(share_id: str, ts: str, sender: str, library: Library, *, files: bool = False) -> Message:
    """Ask the recipient whether their reply below a copy (`ts`) is to be sent; files: it has some, which stay."""
    words = library.words.share
    lead = fill(words.pass_on_without_files if files else words.pass_on, sender=mention(sender))
    return message([section(lead), pass_on_buttons(words.pass_on_yes, words.pass_on_no, share_id, ts)], [lead])


def files_stay(sender: str, library: Library) -> Message:
    """Tell the recipient that the files which they posted below a copy are not passed on."""
    return plain(fill(library.words.share.files_stay, sender=mention(sender)))


def reply(sender: str, recipient: str, text: str, library: Library) -> Message:
    """Show the sender all of what the recipient has replied, given as Slack has it.

    What is too long for Slack's blocks is shown as the text of the message, which holds all that somebody can write.
    """
    words, to = library.words.share, mention(recipient)
    lead, hint = fill(words.reply, to=to), fill(words.reply_hint, to=to)
    quoted = quoted_in_portions(text, QUOTED)
    parts = [*map(section, [lead, *quoted]), context(hint)]
    told = quoted if len(quoted) > IN_BLOCKS else quoted[:1]
    return addressed(mention(sender), message(parts, [lead, *told]))


def update_note(share: Share, stored: StoredRun, library: Library) -> Message:
    """Tell a recipient, in the thread of their copy, that the message above it is about a newer result now."""
    told = plain(fill(library.words.share.update_note, sender=mention(stored.user)))
    return addressed(mention(share.recipient), told)


# For the sender


def receipt(
    share: Share,
    library: Library,
    *,
    newer: bool,
    guide: Message | None,
    comparable: bool = False,
    whole: bool = True,
) -> Message:
    """Say what became of a share. newer: the result has changed since. guide: questions for a talk about it.

    comparable: whether the recipient may be asked to answer the same questions, for a comparison. whole: all of it is
    where the recipient sees it.
    """
    words, to = library.words.share, named(share.recipient, library)
    if share.state is ShareState.WITHDRAWN:
        return plain(fill(words.withdrawn, to=to, date=_on(share.ended_at)))
    if share.state is ShareState.FAILED:
        return plain(fill(words.receipt_gone, to=to))
    sent_to = words.in_group if share.place is Place.GROUP else words.in_direct
    about = {"date": _on(share.sent_at), "place": sent_to, "parts": part_names(share.parts, library)}
    lines: list[str] = [fill(words.receipt if whole else words.receipt_part, to=to, **about)]
    if share.updated_at:
        lines.append(fill(words.updated_since, to=to))
    lines.append(fill(words.seen_by, to=to, date=_on(share.seen_at)) if share.seen_at else escape(words.not_seen))
    if share.talk_at:
        lines.append(fill(words.wants_to_talk, to=to))
    if newer:
        lines.append(fill(words.outdated_copy, date=_on(share.made_at)))
    if share.part_left:
        lines.append(escape(words.part_left))
    buttons: list[kit.Element] = []
    if (newer or share.part_left or not whole) and share.recipient:
        buttons.append(update_button(words.update, share.id))
    if comparable and share.recipient:
        buttons.append(compare_button(library.words.compare.title, share.run, share.recipient))
    buttons.append(withdraw_button(words.withdraw, share.id, _sure(library)))
    text = "\n".join(lines)
    questions = sections(guide.text) if guide else []
    texts = [guide.text] if guide else []
    return message([*sections(text), *questions, kit.ActionsBlock(buttons)], [text, *texts])


def updated_receipt(share: Share, stored: StoredRun, library: Library) -> Message:  # noqa: ARG001 - as all of a share
    """Replace an old receipt: the copy has a newer result, whose receipt stands in its round; or it was withdrawn."""
    if not share.is_live:
        return receipt(share, library, newer=False, guide=None)
    return plain(fill(library.words.share.updated, to=named(share.recipient, library), date=_on(share.sent_at)))


def talks(share: Share, stored: StoredRun, library: Library) -> Message:
    """Tell the sender that the recipient would like to talk."""
    told = plain(fill(library.words.share.talks, to=named(share.recipient, library)))
    return addressed(mention(stored.user), told)


def named(recipient: str, library: Library) -> Mrkdwn:
    """Name a recipient, who may have been forgotten."""
    return mention(recipient) if recipient else Mrkdwn(escape(library.words.share.somebody))


def reason(why: str, library: Library, *, updates: bool) -> str:
    """Say why nothing can be sent, by the key in words.yaml; of an update nobody can pick somebody else."""
    words = library.words.share
    text: str = getattr(words, f"{why}_update" if updates and why in NOT_UPDATED else why)
    return text


def listed(listing: Listing, library: Library) -> Message:
    """List who can see what of somebody's results, latest first, and from whom they want none."""
    words = library.words.share
    lead = escape(words.listed if listing.is_seen else words.listed_none)
    parts, lines = _list(listing, library)
    return message([section(lead), *parts], [lead, *lines]) if parts else plain(lead)


def latest_section(latest: StoredRun | None, library: Library) -> list[kit.Block]:
    """Give what somebody's Home tab says of their latest result, with the button that shares it."""
    if latest is None or (recommendation := latest.run.recommendation) is None:
        return []
    about = result.with_purpose(result.named(recommendation, library), latest.run, library)
    lead = fill(library.words.share.result, result=about)
    return [section(lead), kit.ActionsBlock([share_button(library.words.result.share, latest.id)])]


def home_section(listing: Listing, library: Library) -> list[kit.Block]:
    """Give what somebody's Home tab says of who can see what, and of those from whom they want no results."""
    lead = [section(escape(library.words.share.listed))] if listing.is_seen else []
    return [*lead, *_list(listing, library)[0]]


def _list(listing: Listing, library: Library) -> tuple[list[kit.Block], list[str]]:
    words = library.words.share
    blocks: list[kit.Block] = []
    lines: list[str] = []
    for share in listing.shares[:MOST]:
        to = named(share.recipient, library)
        about = {"date": _on(share.sent_at or share.made_at), "parts": part_names(share.parts, library) or DASH}
        line = fill(words.listed_uncertain if share.is_lost else words.listed_line, to=to, **about)
        if share.seen_at:
            line = Mrkdwn(f"{line}\n{fill(words.seen_by, to=to, date=_on(share.seen_at))}")
        blocks.append(section(line, withdraw_button(words.withdraw, share.id, _sure(library))))
        lines.append(line)
    if len(listing.shares) > MOST:
        more = fill(words.listed_more, count=str(len(listing.shares) - MOST))
        blocks.append(context(more))
        lines.append(more)
    seen = []
    for reveal in listing.reveals[:MOST]:
        kept = words.listed_reveal if reveal.to_both else words.listed_left
        text = kept if reveal.is_kept else words.listed_former
        seen.append(fill(text, to=mention(reveal.other), date=_on(reveal.at)))
    blocks += (section("\n".join(seen[start : start + TOGETHER])) for start in range(0, len(seen), TOGETHER))
    lines += seen
    if listing.deleted:
        blocks.append(context(escape(words.listed_deleted)))
        lines.append(escape(words.listed_deleted))
    for share_id, person in listing.muted[:MOST]:
        line = fill(words.listed_muted, sender=mention(person))
        blocks.append(section(line, allow_button(words.unmute, share_id)))
        lines.append(line)
    return blocks, lines


def _sure(library: Library) -> kit.ConfirmationDialogue:
    words = library.words.share
    return kit.ConfirmationDialogue(
        words.withdraw_title, words.withdraw_text, words.withdraw_yes, words.withdraw_no, "danger"
    )


def _on(at: float | None) -> Mrkdwn:
    return moment(datetime.fromtimestamp(at or 0.0, UTC))
