"""What is shared, what surrounds that, and what both are told of it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

from bot.domain.compare import Side
from bot.domain.quiz_run import Graded, Run
from bot.domain.share import Delivery, Part, Place, Refusal, ShareState
from bot.knowledge import Library
from bot.slack import blocks, copy_explained, share_blocks, shared_result
from bot.slack.gallery.rendering import ASKED, BEGUN, RUN, SHARE, USER, Rendering
from bot.slack.gallery.runs import described, run_of_each_role
from bot.slack.pieces import Message
from bot.slack.share_blocks import Filled
from bot.slack.text import fill, mention
from bot.storage import Revealed, Share, StoredRun


def shared(name: str, run: Run, library: Library) -> Iterator[Rendering]:
    """Give what the recipient of all parts of a result gets."""
    share = example_share(run, library)
    yield Rendering(f"copy of the round with {name}", partial(share_blocks.copy, share, USER, library, muted=False))
    for number, kept in enumerate(share.message["replies"]):
        reply = partial(Message, kept["text"], tuple(kept["blocks"]))
        yield Rendering(f"part {number} of the copy of the round with {name}", reply)


def example_share(run: Run, library: Library, note: str = "<!channel> & " * 38) -> Share:
    """Give a share of a finished run with all parts and as long a note as there may be."""
    parts = shared_result.parts_to_show(run, list(Part), note, library)
    root, replies = shared_result.content(
        run, parts, sender=USER, recipient=USER, place=Place.DIRECT, note=note, at=BEGUN, library=library
    )
    return Share(
        SHARE,
        RUN,
        1,
        USER,
        shared_result.as_record(root, replies),
        ShareState.SENT,
        parts=parts,
        note=note,
        sent_at=BEGUN.timestamp(),
    )


def sharing(library: Library) -> Iterator[Rendering]:
    """Give what surrounds a share: the windows, a copy, its receipt, what is said beside them, and the list."""
    run = replace(run_of_each_role(library)[0], graded=_mismatch(library))
    share, stored = example_share(run, library), StoredRun(RUN, USER, "D1", "1.0", 0, 0, None, BEGUN, "", run, {})
    yield from _windows(share, library)
    yield from _copies_and_receipts(share, stored, library)
    yield from _beside_copy(share, stored, library)
    yield from _asked_of_copy(run, share, stored, library)
    yield from _lists(share, library)


def _windows(share: Share, library: Library) -> Iterator[Rendering]:
    words = library.words.share
    for name, filled in {"empty": Filled(), "full": Filled(USER, list(Part), share.note or "", Place.GROUP)}.items():
        yield Rendering(f"window of sharing, {name}", partial(share_blocks.choose_view, RUN, filled, library))
    again = partial(share_blocks.choose_view, RUN, Filled(USER), library, updates=SHARE)
    yield Rendering("window of sharing, to update", again)
    for place, updates in product(Place, (None, SHARE)):
        previewed = replace(share, place=place, updates=updates)
        name = f"preview in {place}, {'an update' if updates else 'new'}"
        yield Rendering(name, partial(share_blocks.preview_view, previewed, "d" * 20, library))
    yield Rendering("window of what was sent", partial(share_blocks.sent_view, share, library))
    afterwards = {
        "has arrived": share,
        "has not arrived": replace(share, state=ShareState.FAILED),
        "was taken back": replace(share, state=ShareState.WITHDRAWN),
        "may have arrived": replace(share, sent_at=None),
    }
    for name, ended in afterwards.items():
        yield Rendering(f"window of what {name}", partial(share_blocks.ended_view, ended, None, library))
    for other in run_of_each_role(library):
        preview = partial(share_blocks.preview_view, example_share(other, library), "d" * 20, library)
        yield Rendering(f"preview of the round with {described(other)}", preview)
    of_update = ("copy_ended", "outdated_update", "forgotten", "forgot_you")
    for name in (
        "gone",
        "preview_gone",
        "not_yours",
        "not_shareable",
        "outdated",
        "no_parts",
        "not_graded",
        "window_not_opened",
        *of_update,
    ):
        yield Rendering(f"window that says {name}", partial(share_blocks.notice_view, getattr(words, name), library))


def _copies_and_receipts(share: Share, stored: StoredRun, library: Library) -> Iterator[Rendering]:
    states = {
        "sent": share,
        "seen": replace(share, seen_at=1.0),
        "to talk about": replace(share, seen_at=1.0, talk_at=1.0),
        "withdrawn": replace(share, state=ShareState.WITHDRAWN, ended_at=1.0),
        "to nobody": replace(share, recipient=""),
        "in a group": replace(share, place=Place.GROUP),
        "of which a part is left": replace(share, part_left=True),
        "updated": replace(share, updated_at=1.0, seen_at=1.0),
    }
    guide = shared_result.guide(stored.run, list(Part), library)
    for (name, state), flag in product(states.items(), (True, False)):
        muted = partial(share_blocks.copy, state, USER, library, muted=flag)
        yield Rendering(f"copy {name}{', muted' if flag else ''}", muted)
        told = partial(
            share_blocks.receipt, state, library, newer=flag, guide=None if flag else guide, comparable=not flag
        )
        yield Rendering(f"receipt of a share {name}{', outdated' if flag else ''}", told)
    for part in Part:
        yield Rendering(f"guide to {part} alone", partial(shared_result.guide, stored.run, [part], library))
    for name, state in {"replaced": share, "withdrawn meanwhile": states["withdrawn"]}.items():
        yield Rendering(f"receipt that was {name}", partial(share_blocks.updated_receipt, state, stored, library))
    told = partial(share_blocks.receipt, share, library, newer=False, guide=None, whole=False)
    yield Rendering("receipt of a part", told)
    failed_share = replace(share, state=ShareState.FAILED)
    yield Rendering(
        "copy that did not arrive whole", partial(share_blocks.copy, failed_share, USER, library, muted=False)
    )
    receipt_gone = partial(share_blocks.receipt, failed_share, library, newer=False, guide=None)
    yield Rendering("receipt of a copy that is gone", receipt_gone)


def _beside_copy(share: Share, stored: StoredRun, library: Library) -> Iterator[Rendering]:
    for unwanted in (True, False):
        note = partial(share_blocks.muted_note, SHARE, USER, unwanted, library)
        yield Rendering(f"note that shares are {'not ' if unwanted else ''}wanted", note)
    yield Rendering("note that shares are wanted again", partial(share_blocks.allowed_note, USER, library))
    yield Rendering("share talks", partial(share_blocks.talks, share, stored, library))
    yield Rendering("offer to pass a reply on", partial(share_blocks.ask_to_pass_on, SHARE, ASKED, USER, library))
    without = partial(share_blocks.ask_to_pass_on, SHARE, ASKED, USER, library, files=True)
    yield Rendering("offer to pass a reply on without its files", without)
    yield Rendering("files below a share", partial(share_blocks.files_stay, USER, library))
    yield Rendering("reply to a share", partial(share_blocks.reply, USER, USER, "<!channel> &amp; " * 400, library))
    yield Rendering("note of an update", partial(share_blocks.update_note, share, stored, library))
    yield Rendering("whole table below a copy", partial(share_blocks.whole_table, stored, library))


def _asked_of_copy(run: Run, share: Share, stored: StoredRun, library: Library) -> Iterator[Rendering]:
    note_alone = replace(share, parts=(Part.NOTE,), message=_message_of(run, [Part.NOTE], library))
    for name in library.words.received.names:
        for what, of in {"all parts": share, "a note alone": note_alone}.items():
            answer = partial(copy_explained.said, name, of, stored, library)
            yield Rendering(f"answer to {name} below a copy of {what}", answer)
    talked = replace(share, talk_at=1.0)
    answer = partial(copy_explained.said, "talk", talked, stored, library)
    yield Rendering("answer to talk below a copy to talk about", answer)
    for link in ("https://example.org", None):
        told = partial(copy_explained.elsewhere, USER, link, library)
        yield Rendering(f"where to ask about a copy, {'with' if link else 'without'} a link", told)


def _message_of(run: Run, parts: list[Part], library: Library) -> Mapping[str, Any]:
    root, replies = shared_result.content(
        run, parts, sender=USER, recipient=USER, place=Place.DIRECT, note="a note", at=BEGUN, library=library
    )
    return shared_result.as_record(root, replies)


def _lists(share: Share, library: Library) -> Iterator[Rendering]:
    for count in (0, 1, share_blocks.MOST + 1):
        yield Rendering(
            f"list of {count} shares", partial(share_blocks.listed, share_blocks.Listing([share] * count), library)
        )
    revealed = [Revealed(USER, Side.SENDER, 1.0), Revealed(USER, Side.SENDER, 1.0, to_both=False)]
    revealed += [Revealed(USER, Side.SENDER, 1.0, to_both=False, is_kept=False)]
    yield Rendering("list of a reveal", partial(share_blocks.listed, share_blocks.Listing(reveals=revealed), library))
    for name, listing in {
        "deleted": share_blocks.Listing(deleted=True),
        "muted": share_blocks.Listing(muted=[(SHARE, USER)]),
    }.items():
        yield Rendering(f"list of {name}", partial(share_blocks.listed, listing, library))
    uncertain = replace(share, state=ShareState.UNCERTAIN, sent_at=None)
    yield Rendering(
        "list of a share that is uncertain", partial(share_blocks.listed, share_blocks.Listing([uncertain]), library)
    )


def sharing_told(library: Library) -> Iterator[Rendering]:
    """Give what is told about a share, to its sender and to its recipient."""
    words, to = library.words.share, mention(USER)
    kept = ("withdrawn_blanked", "withdrawn_unseen", "withdrawn_kept", "withdrawn_found", "withdrawn_not_found")
    failed = ("not_withdrawn", "not_taken_back", "taken_back", "taken_back_blanked", "part_stands", "no_group")
    changed = ("copy_lost", "change_uncertain", "partly_changed", "arrived", "withdraw_not_looked", "partly_added")
    left = ("update_under_way", "came_after_withdrawal", "left_of_deleted", "perhaps_of_deleted", "deleted_not_found")
    taken = (
        "deleted_meanwhile",
        "deleted_while_withdrawn",
        "deleted_not_looked",
        "deleted_not_found",
        "deleted_while_sent",
    )
    for told_name in (*(set(Delivery) - {Delivery.DELIVERED}), *kept, *failed, *changed, *left, *taken):
        yield Rendering(f"share {told_name}", partial(blocks.filled, fill(getattr(words, told_name), to=to)))
    yield Rendering("part of a copy that was withdrawn", partial(blocks.say, words.part_withdrawn))
    yield Rendering("table below a copy that Slack refuses", partial(blocks.say, words.table_refused))
    for refusal, changes in product(Refusal, (False, True)):
        reason = share_blocks.reason(refusal, library, updates=changes)
        why = fill(words.not_changed if changes else words.not_sent, to=to, why=reason)
        name = f"share not {'changed' if changes else 'sent'}, {refusal}"
        yield Rendering(name, partial(blocks.filled, why))
    for told_name in ("passed_on", "pass_on_gone", "pass_on_refused", "talk_not_told", "offer_refused"):
        yield Rendering(f"share {told_name}", partial(blocks.filled, fill(getattr(words, told_name), sender=to)))


def _mismatch(library: Library) -> Graded | None:
    """Give a cell of the roles table that a review may look at."""
    review, columns = library.quiz.review, library.tables[library.quiz.tables.roles].columns
    return Graded(review.dimensions[0], columns[-1].id) if review else None
