"""What an answer carries when it is posted, and the messages that come of it -> Block Kit. Nothing is sent here."""

from collections.abc import Sequence
from typing import Any

import slackblocks as kit

from bot.domain.content import Entry
from bot.domain.owner import read_owner
from bot.domain.why import Explanation
from bot.knowledge import Library
from bot.slack.answer_controls import (
    COMMENT,
    AboutAnswer,
    Reason,
    ask_person_button,
    choose_button,
    comment_metadata,
    none_button,
    not_now_button,
    reason_button,
    vote_buttons,
    why_button,
)
from bot.slack.blocks import answer_parts, near_lead, offer, sources, suggest_lead
from bot.slack.pieces import Message, finished_view, joined, message, plain, section, sections
from bot.slack.text import Mrkdwn, contact, escape, fill, linked, mention, written_out

MAX_COMMENT = 1000  # characters that somebody may write about an answer


# In the thread


def answer(entries: Sequence[Entry], question_ts: str, library: Library, *, unasked: bool) -> Message:
    """Render an answer as it is posted: what it is about in one line, and buttons to say whether it helped, and why.

    unasked: nobody had spoken to the bot, so that there is a button that keeps it quiet.
    """
    words = library.words.feedback

    def about(entry: Entry) -> Mrkdwn:
        filled = {
            "sources": sources(entry.sources, library, with_sections=False),
            "checked": written_out(entry.checked),
            "owner": _owner(entry, library),
        }
        if len(entries) > 1:  # each stands under its question
            return fill(words.about_one_of_two, **filled)
        return fill(words.about, question=entry.question, **filled)

    parts, lines = answer_parts(entries, library, about)
    buttons: list[kit.Element] = [why_button(words.why, question_ts)]
    if unasked:
        buttons.append(not_now_button(words.not_now, question_ts))
    votes = vote_buttons(words.helpful, words.not_helpful, question_ts, entries)
    return message([*parts, votes, kit.ActionsBlock(buttons)], lines)


def _owner(entry: Entry, library: Library) -> str:
    """Name who looks after an entry; a person's id alone would notify them of each answer."""
    owner = read_owner(entry.owner)
    if owner.name:
        return owner.name
    return Mrkdwn(f"<#{owner.channel}>") if owner.channel else library.words.feedback.owner


def suggestions(
    entries: Sequence[Entry],
    question_ts: str,
    library: Library,
    *,
    revision: str = "",
    reply: str = "",
    repeated: bool = False,
) -> Message:
    """Ask whether one of up to three entries was meant; `reply` says first that what was asked is not answered.

    revision: of the reply: once the question is edited, its suggestions are others, and to be decided about anew.
    repeated: they are those that were suggested a moment ago.
    """
    lead = near_lead(reply, entries, library) if reply else suggest_lead(entries, library, repeated=repeated)
    buttons = [choose_button(entry, question_ts, revision) for entry in entries]
    none = none_button(library.words.feedback.none_of_these, question_ts, revision)
    return offer(lead, entries, [*buttons, none])


def or_ask_person(reply: Message, question_ts: str, library: Library) -> Message:
    """Put the button that asks a person below what says that there is no answer."""
    return _and_person(reply, AboutAnswer(question_ts, question_ts, None), library)


def how_to_reach_person(
    reply: Message, question_ts: str, library: Library, *, can_ask: bool, support: str | None
) -> Message:
    """Say below a reply how a person can be reached: by a button if there is one to ask, and as `support` says."""
    if support or not can_ask:
        reply = joined(reply, _whom_to_ask(support, library.words.feedback.no_person, library))
    return or_ask_person(reply, question_ts, library) if can_ask else reply


def whom_to_ask_in_round(said: Message, library: Library, *, can_ask: bool, support: str | None) -> Message:
    """Say below a note in the thread of a round who can be asked instead of the bot.

    support: as ROLEFIT_SUPPORT has it. can_ask: there are editors, who are asked by a button that only stands outside
    of rounds.
    """
    words = library.words.feedback
    outside = [plain(escape(words.ask_outside))] if can_ask else []
    return joined(said, *outside, _whom_to_ask(support, words.or_ask_admin, library))


def none_taken(about: AboutAnswer, library: Library, *, person: bool, support: str | None = None) -> Message:
    """Say what to do when no suggestion was meant, with a button that asks a person, or whom to ask without one."""
    words = library.words.feedback
    lead = plain(escape(words.none_taken))
    if person:
        return _and_person(lead, about, library)
    return joined(lead, _whom_to_ask(support, words.or_ask_admin, library))


def _whom_to_ask(support: str | None, otherwise: str, library: Library) -> Message:
    """Say who can be asked about the bot; `otherwise`, if nobody is named."""
    return plain(fill(library.words.home.support, contact=contact(support)) if support else escape(otherwise))


# To one person


def what_was_wrong(about: AboutAnswer, library: Library, *, person: bool) -> Message:
    """Ask somebody whom an answer did not help what was wrong with it."""
    words = library.words.feedback
    buttons: list[kit.Element] = [
        reason_button(words.wrong_question, Reason.WRONG_QUESTION, about),
        reason_button(words.wrong_answer, Reason.WRONG_ANSWER, about),
        reason_button(words.other, Reason.OTHER, about),
    ]
    if person:
        buttons.append(ask_person_button(words.ask_person, about))
    lead = escape(words.what_was_wrong)
    return message([section(lead), kit.ActionsBlock(buttons)], [lead])


def reason_taken(about: AboutAnswer, library: Library, *, person: bool) -> Message:
    """Thank somebody for saying what was wrong."""
    return _with_person(library.words.feedback.reason_taken, about, library, person=person)


def answered_above(link: str, library: Library) -> Message:
    """Lead from a number that was typed to the answer, which stands in place of the suggestions."""
    words = library.words.feedback
    return plain(fill(words.answered_above, link=linked(link, words.answered_above_link)))


def _with_person(text: str, about: AboutAnswer, library: Library, *, person: bool) -> Message:
    reply = plain(escape(text))
    return _and_person(reply, about, library) if person else reply


def _and_person(reply: Message, about: AboutAnswer, library: Library) -> Message:
    button = ask_person_button(library.words.feedback.ask_person, about)
    return joined(reply, message([kit.ActionsBlock([button])], []))


def comment_view(channel: str, answer_ts: str, library: Library) -> dict[str, Any]:
    """Render the window in which somebody can say in words what was wrong with an answer."""
    words = library.words.feedback
    field = kit.PlainTextInput(action_id=COMMENT, multiline=True, max_length=MAX_COMMENT)
    view = kit.ModalView(
        title=words.comment_title,
        blocks=[kit.InputBlock(words.comment_label, field, hint=words.comment_hint, optional=True)],
        submit=words.comment_send,
        close=words.comment_cancel,
        private_metadata=comment_metadata(channel, answer_ts),
        callback_id=COMMENT,
    )
    return finished_view(view)


def explanation(
    explained: Sequence[tuple[Entry, Explanation | None]], library: Library, *, edited: bool, chosen: bool = False
) -> Message:
    """Say why these entries were given as the answer; no explanation where one would not be any more.

    edited: the question was, since the answer was given. chosen: somebody chose the answer among what was suggested.
    """
    lines = [escape(library.words.feedback.why_edited)] if edited else []
    for entry, why in explained:
        lines += _why(entry, why, library, chosen=chosen)
    return _in_lines(lines)


def why_chosen(entries: Sequence[Entry], library: Library) -> Message:
    """Say that somebody chose the answer among what was suggested, and what it rests on."""
    words = library.words.feedback
    lines: list[str] = []
    for entry in entries:
        rests_on = fill(words.why_sources, sources=sources(entry.sources, library))
        lines += [fill(words.why_chosen, question=entry.question), rests_on]
    return _in_lines(lines)


def _why(entry: Entry, why: Explanation | None, library: Library, *, chosen: bool) -> list[str]:
    words = library.words.feedback
    if why is None:
        return [fill(words.why_not_now, question=entry.question)]
    matched = [
        fill(words.why_word, word=f"“{word}”", meaning=f"“{meaning}”") if meaning else Mrkdwn(escape(f"“{word}”"))
        for word, meaning in why.matched
    ]
    runner_up = library.entry(why.runner_up) if why.runner_up else None
    return [
        fill(words.why_chosen if chosen else words.why_question, question=entry.question),
        fill(words.why_words, words=Mrkdwn(", ".join(matched))) if matched else escape(words.why_no_words),
        escape(getattr(words, f"why_{why.certainty}")),
        fill(words.why_runner_up, question=runner_up.question) if runner_up else escape(words.why_nothing_else),
        fill(words.why_sources, sources=sources(entry.sources, library)),
    ]


def _in_lines(lines: Sequence[str]) -> Message:
    return message(sections("\n".join(lines)), lines)


# Asking a person


def help_request(
    asker: str,
    link: str | None,
    entry: Entry | None,
    reason: str | None,
    library: Library,
    *,
    in_dm: bool,
    resolved_by: str | None = None,
) -> Message:
    """Ask a person to answer somebody's question; what was written is not repeated.

    link: to the question; None if only the asker can see it. reason: what was wrong with the answer; "not_helpful" if
    nobody said what. in_dm: the message goes to one person.
    """
    words, who = library.words.feedback, mention(asker)
    if link:
        lead = fill(words.help_request, asker=who, link=linked(link, words.help_link))
    else:
        lead = fill(words.help_request_dm, asker=who)
    told = fill(words.help_answered, question=entry.question) if entry else Mrkdwn(escape(words.help_not_answered))
    lines = [lead, told]
    if reason:
        lines.append(Mrkdwn(escape(getattr(words, f"help_{reason}"))))
    if resolved_by:
        lines.append(fill(words.help_resolved, by=mention(resolved_by)))
    else:
        lines.append(fill(words.help_how_dm if in_dm else words.help_how, asker=who))
    return _in_lines(lines)


def help_news(by: str, reply: str | None, question: str | None, library: Library) -> Message:
    """Tell somebody that a person has replied: with a link to the reply, if they can see it, and to the question."""
    words = library.words.feedback
    question_link = linked(question, words.help_news_question)
    if reply:
        return _in_lines(
            [fill(words.help_news, by=mention(by), reply=linked(reply, words.help_news_reply), question=question_link)]
        )
    return _in_lines([fill(words.help_news_dm, by=mention(by), question=question_link)])
