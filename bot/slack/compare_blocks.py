"""What is shown around a blind comparison -> Block Kit. Nothing is sent here.

Until both have agreed, nothing here is given anybody's answers: only the message of the reveal is.
"""

from collections.abc import Sequence
from typing import Any

import slackblocks as kit

from bot.domain.compare import Comparison, Findings, Side, State, Versions
from bot.domain.quiz_content import OTHER, Question, Quiz, worded
from bot.knowledge import Library
from bot.slack.compare_controls import (
    COMPARE_WITH,
    CompareCommand,
    changed_button,
    compare_button,
    compare_metadata,
    comparison_button,
)
from bot.slack.pieces import Message, context, finished_view, message, plain, section, sections
from bot.slack.quiz_controls import BeginFrom, begin_button
from bot.slack.result import in_a_row, in_words, named, quoted
from bot.slack.text import Mrkdwn, escape, fill, linked, mention, moment
from bot.storage import StoredComparison, StoredRun

PICKER = "compare:with"  # the block of the window that holds the people

# Before it begins


def request_view(
    stored: StoredRun, library: Library, *, picked: str | None = None, known_to: str = "", asked_in: str = ""
) -> dict[str, Any]:
    """Render the window in which somebody is invited: what they get, word for word, and what both see in the end.

    stored: the round with the result. picked: the person that is chosen already. known_to: the person who has seen the
    result before, which is to be said before they are invited. asked_in: the channel in which the command was typed.
    ValueError without a result.
    """
    if (recommendation := stored.run.recommendation) is None:
        raise ValueError("the round has no result")
    words, sender, count = library.words.compare, stored.user, len(stored.run.quiz.questions)
    about = fill(words.about_result, date=moment(stored.begun_at), result=named(recommendation, library))
    menu = kit.UserSelectMenu(action_id=COMPARE_WITH, initial_user=picked, placeholder=words.placeholder)
    invitation_lines = _invitation(sender, count, library, has_seen_result=bool(known_to))
    quoted_invitation = "\n".join(f">{line}" for line in invitation_lines)
    warning = [section(fill(words.not_blind, manager=mention(known_to)))] if known_to else []
    view = kit.ModalView(
        title=words.title,
        blocks=[
            kit.InputBlock(words.pick, menu, block_id=PICKER),
            section(about),
            *warning,
            section(escape(words.how_not_blind if known_to else words.how)),
            section(f"{escape(words.gets)}\n{quoted_invitation}"),
            section(escape(words.reveals)),
        ],
        submit=words.send,
        close=words.cancel,
        private_metadata=compare_metadata(stored.id, known_to, asked_in),
        callback_id=COMPARE_WITH,
    )
    return finished_view(view)


def refusal_view(library: Library) -> dict[str, Any]:
    """Say in a window that a result cannot be compared any more."""
    words = library.words.compare
    view = kit.ModalView(title=words.title, blocks=[section(escape(words.outdated))], close=words.cancel)
    return finished_view(view)


def pointer(link: str, library: Library, *, invited: str | None = None) -> Message:
    """Lead whoever has typed the command to what has come of it.

    link: of that message. invited: who has the invitation, if anybody has for sure.
    """
    words = library.words.compare
    pointer = linked(link, words.pointer_link)
    return plain(
        fill(words.pointer_invited, to=mention(invited), link=pointer) if invited else fill(words.pointer, link=pointer)
    )


def not_invited(why: Mrkdwn, run_id: str, library: Library) -> Message:
    """Say why somebody was not invited, with a button to invite somebody else."""
    button = compare_button(library.words.compare.invite_other, run_id)
    return message([section(why), kit.ActionsBlock([button])], [why])


# How it stands


def invitation(
    stored: StoredComparison, count: int, library: Library, *, has_seen_result: bool, muted: bool
) -> Message:
    """Invite the manager, and once they have been say how it stands.

    has_seen_result: they have seen a result of the sender's. muted: they want nothing more from the sender.
    """
    words, comparison, other = library.words.compare, stored.comparison, mention(stored.sender)
    label = words.decline_and_mute if comparison.state is State.INVITED else words.mute
    mute = comparison_button(words.unmute if muted else label, stored.id, _mute_or_not(muted))
    note = [fill(words.muted, other=other)] if muted else []
    if comparison.state is State.INVITED:
        lines = [*_invitation(stored.sender, count, library, has_seen_result=has_seen_result), *note]
        buttons: list[kit.Element] = [
            comparison_button(words.accept, stored.id, CompareCommand.ACCEPT, primary=True),
            comparison_button(words.decline, stored.id, CompareCommand.WITHDRAW),
            mute,
        ]
        return message([*sections(*lines), kit.ActionsBlock(buttons)], lines)
    if comparison.state is State.DECLINED:
        lines = [over(comparison, Side.MANAGER, other, library).text, *note]
        return message([*sections(*lines), kit.ActionsBlock([mute])], lines)
    if not comparison.is_open:
        return over(comparison, Side.MANAGER, other, library)
    texts = {
        State.ANSWERING: words.invitation_answering_not_blind if has_seen_result else words.invitation_answering,
        State.FINISHED: words.invitation_finished,
    }
    if comparison.state is State.AGREED:
        return _agreed(stored, Side.MANAGER, library)
    return _with_withdraw(fill(texts[comparison.state], other=other), stored, library)


def _mute_or_not(muted: bool) -> CompareCommand:
    return CompareCommand.UNMUTE if muted else CompareCommand.MUTE


def _invitation(sender: str, count: int, library: Library, *, has_seen_result: bool) -> list[str]:
    words, who = library.words.compare, mention(sender)
    blind = fill(words.invitation_not_blind, sender=who) if has_seen_result else Mrkdwn(escape(words.invitation_blind))
    return [fill(words.invitation, sender=who, count=str(count), blind=blind)]


def receipt(stored: StoredComparison, library: Library, *, has_seen_result: bool, in_doubt: bool = False) -> Message:
    """Tell the sender how it stands.

    has_seen_result: the manager has seen a result of theirs. in_doubt: whether the invitation has arrived.
    """
    words, comparison, other = library.words.compare, stored.comparison, mention(stored.manager)
    if comparison.state is State.REVEALED and comparison.is_confirmed:
        return plain(fill(words.receipt_revealed, other=other))  # what was asked below it says where to look
    if not comparison.is_open:
        return over(comparison, Side.SENDER, other, library)
    texts = {
        State.INVITED: words.receipt_invited_not_blind if has_seen_result else words.receipt_invited,
        State.ANSWERING: words.receipt_answering,
        State.FINISHED: words.receipt_finished,
    }
    if comparison.state is State.AGREED:
        return _agreed(stored, Side.SENDER, library)
    text: str = fill(texts[comparison.state], other=other)
    if in_doubt and comparison.state is State.INVITED:
        text = f"{text} {fill(words.perhaps_delivered, to=other)}"
    return _with_withdraw(text, stored, library)


def ask(stored: StoredComparison, side: Side, versions: Versions, library: Library) -> Message:
    """Ask one of the two whether to reveal the answers of these versions, and later say what became of that."""
    words, comparison = library.words.compare, stored.comparison
    other = mention(stored.person(side.other))
    if not comparison.is_open:
        return over(comparison, side, other, library)
    if comparison.asked != versions:
        return plain(fill(words.ask_changed, other=other))
    if comparison.state is State.AGREED:
        return _agreed(stored, side, library)
    if side in comparison.agreed:
        return _with_withdraw(fill(words.ask_agreed, other=other), stored, library)
    # Mentioned, since a reply in the thread of a direct message is noticed by nobody else.
    text = fill(words.ask, person=mention(stored.person(side)), other=other)
    agree = comparison_button(words.reveal, stored.id, CompareCommand.AGREE, versions, primary=True)
    withdraw = comparison_button(words.withdraw, stored.id, CompareCommand.WITHDRAW)
    return message([section(text), kit.ActionsBlock([agree, withdraw])], [text])


def over(comparison: Comparison, side: Side, other: Mrkdwn, library: Library) -> Message:
    """Say to one of the two how it ended. ValueError while it is open."""
    if comparison.is_open:
        raise ValueError("the comparison is open")
    words = library.words.compare
    if comparison.state is State.REVEALED:
        return plain(fill(words.over_revealed if comparison.is_confirmed else words.over_unconfirmed, other=other))
    own = "_own" if comparison.ended_by is side else ""
    told = fill(getattr(words, f"over_{comparison.state}{own}"), other=other)
    seen = {
        words.taken_back_since: comparison.exposed - comparison.still_exposed,
        words.still_there: comparison.still_exposed,
        words.may_have_arrived: comparison.maybe_exposed,
    }
    lines = [fill(line, people=_people(who, side, other, library)) for line, who in seen.items() if who]
    return plain(Mrkdwn(" ".join([told, *lines] if lines else [told, escape(words.nothing_shown)])))


def _agreed(stored: StoredComparison, side: Side, library: Library) -> Message:
    """Say to one of the two that both have agreed, and that it could not be shown to both so far."""
    words, other = library.words.compare, mention(stored.person(side.other))
    so_far = Mrkdwn(escape(words.not_yet_shown))
    seen = {words.shown_in_part: stored.comparison.exposed, words.may_have_arrived: stored.comparison.maybe_exposed}
    if lines := [fill(line, people=_people(who, side, other, library)) for line, who in seen.items() if who]:
        so_far = Mrkdwn(" ".join(lines))
    return _with_withdraw(fill(words.agreed, other=other, so_far=so_far), stored, library)


def _people(sides: frozenset[Side], side: Side, other: Mrkdwn, library: Library) -> Mrkdwn:
    """Name some of the two to one of them."""
    names = {side: Mrkdwn(escape(library.words.compare.you)), side.other: other}
    return in_a_row([name for who, name in names.items() if who in sides], library)


def _with_withdraw(text: str, stored: StoredComparison, library: Library) -> Message:
    button = comparison_button(library.words.compare.withdraw, stored.id, CompareCommand.WITHDRAW)
    return message([section(text), kit.ActionsBlock([button])], [text])


# The reveal


def reveal(sender: str, manager: str, quiz: Quiz, findings: Findings, library: Library, *, apart: bool) -> Message:
    """Show both people's answers side by side. apart: each gets it alone, as no conversation of both was to be had."""
    words, one, other = library.words.compare, mention(sender), mention(manager)
    lead = [fill(words.revealed, sender=one, manager=other), *([escape(words.apart)] if apart else [])]
    agree = [
        "• " + fill(words.agree_line, row=_row(pair.question, quiz, library), choice=in_words(pair.sender, library))
        for pair in findings.agreements
    ]
    differ: list[str] = [
        fill(
            words.differ_line,
            row=_row(pair.question, quiz, library),
            sender=one,
            manager=other,
            one=quoted(pair.sender, library),
            other=quoted(pair.manager, library),
            question=pair.question.discuss or words.discuss,
        )
        for pair in findings.differences
    ]
    follows = [
        "• " + fill(words.follows_line, person=person, result=named(recommendation, library))
        for person, recommendation in ((one, findings.sender), (other, findings.manager))
    ]
    texts = [
        "\n".join(lead),
        "\n".join([escape(words.agree), *agree]) if agree else escape(words.agree_none),
        *([escape(words.differ), *differ] if differ else [escape(words.differ_none)]),
        *([_one_sided(findings.one_sided, quiz, library)] if findings.one_sided else []),
        "\n".join([escape(words.follows), *follows]),
    ]
    parts: list[kit.Block] = [*sections(*texts)]
    if review := quiz.review:
        texts.append(fill(words.grading, text=worded(review, "text", OTHER), why=review.why))
        source = fill(library.words.quiz.source, sources=library.cite([review.source]))
        parts += [section(texts[-1]), context(source)]
        texts.append(source)
    return message(parts, texts)


def taken_back(library: Library) -> Message:
    """Say in place of a reveal that it was taken back."""
    return plain(escape(library.words.compare.taken_back))


def _row(question: Question, quiz: Quiz, library: Library) -> str:
    return library.tables[quiz.tables.roles].row(question.dimension).label


def _one_sided(questions: Sequence[Question], quiz: Quiz, library: Library) -> Mrkdwn:
    rows = in_a_row((escape(_row(question, quiz, library)) for question in questions), library)
    return fill(library.words.compare.one_sided, rows=rows)


# Thirty days later


def follow_up(comparison_id: str, manager: str, library: Library) -> Message:
    """Ask whoever began a comparison whether anything has changed since."""
    words = library.words.compare
    text = fill(words.follow_up, manager=mention(manager))
    buttons: list[kit.Element] = [
        changed_button(words.something_changed, comparison_id, changed=True),
        changed_button(words.not_yet, comparison_id, changed=False),
    ]
    return message([section(text), kit.ActionsBlock(buttons)], [text])


def thanks(library: Library, *, changed: bool) -> Message:
    """Thank for the answer to that; if something has changed, with a button that begins a round."""
    words = library.words.compare
    if not changed:
        return plain(escape(words.thanks_not_yet))
    text = escape(words.thanks_changed)
    begin = begin_button(library.words.result.again, BeginFrom.TALK)
    return message([section(text), kit.ActionsBlock([begin])], [text])
