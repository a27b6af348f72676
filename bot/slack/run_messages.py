"""A run -> the messages of its thread, by slot: the card, the prompts, the result and its parts, the reminders.

What a slot shows follows from the run alone, so that after any crash, edit or second click the thread can be brought
to what it should be. Only what is live has buttons.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import slackblocks as kit

from bot.domain.actions import (
    AskAgain,
    Change,
    DismissReminder,
    GoOn,
    OpenPart,
    Pause,
    Resume,
    Skip,
    Stop,
)
from bot.domain.own_words import MOST_GUESSES
from bot.domain.quiz import LETTERS
from bot.domain.quiz_content import (
    PEOPLE,
    AnyQuestion,
    Opening,
    Option,
    Question,
    Term,
    TieBreak,
    worded,
)
from bot.domain.quiz_run import PARTS, Prompt, Run, Status
from bot.domain.review import REVIEW
from bot.domain.round_topics import Topic
from bot.knowledge import Library
from bot.slack import result, review_messages
from bot.slack.choice_letters import explained, labelled, letter_of, listed
from bot.slack.pieces import Message, context, message, plain, section, sections
from bot.slack.quiz_controls import BeginFrom, ButtonCommand, begin_button, choice_button, do_button
from bot.slack.result import how_far, in_words, quoted, recommendation, since
from bot.slack.share_controls import share_button
from bot.slack.text import Mrkdwn, day, escape, fill, linked, mention
from bot.storage import CARD, NOTE, PROMPT, RESULT, StoredRun

REMINDER = "reminder"
CHANGE = f"{NOTE}change:"  # what the slots begin with of what was said of a change
# The slots of what was said of a question with buttons below it; the name of one fits the column, so it is a letter.
OFFERS: Final = {"unsure": "u", "not_for_me": "n", "unclear": "c", "unclear_again": "a", "start_over": "s"}
NOT_UNDERSTOOD: Final = (OFFERS["unclear"], OFFERS["unclear_again"])
_OFFER = re.compile(rf"{NOTE}([{''.join(OFFERS.values())}])(\d+):")


@dataclass(frozen=True)
class Before:
    """The run that this person finished last before, and when it was begun."""

    run: Run
    begun_at: datetime


def slots(run: Run, shown: Collection[str]) -> list[str]:
    """Name the slots that a run's thread should have, in the order in which new messages are posted.

    shown: the slots that have a message already. A prompt that was over before it could be posted has none. A deleted
    run has only the card, which says so.
    """
    if run.status is Status.DELETED:
        return [CARD]
    wanted = [RESULT] if run.finished or RESULT in shown else []
    parts = dict.fromkeys([*run.opened, *(part for part in PARTS if part in shown)])
    wanted += [part for part in parts if run.finished or part in shown]
    for number in range(1, len(run.prompts) + 1):
        slot = f"{PROMPT}:{number}"
        if slot in shown or (number == len(run.prompts) and run.asking):
            wanted.append(slot)
    for number in range(1, run.reminders + 1):
        slot = f"{REMINDER}:{number}"
        if slot in shown or _reminds(run, number):
            wanted.append(slot)
    wanted += [slot for slot in shown if (offer := _OFFER.match(slot)) and int(offer[2]) <= len(run.prompts)]
    return [*wanted, CARD]


def render(
    slot: str, run: Run, run_id: str, library: Library, before: Before | None = None, *, user: str = ""
) -> Message:
    """Give what a slot shows, one of those that `slots` names. `before`: their last round, if there was one.

    user: who is mentioned where nobody may be looking, in the first question and in a live reminder: a reply in the
    thread of a direct message is noticed by nobody else.
    """
    kind, _, number = slot.partition(":")
    if kind == CARD and run.status is Status.DELETED:
        return plain(escape(library.words.quiz.deleted))
    if kind == CARD:
        return card(run, run_id, library)
    if kind == RESULT:
        return _result(run, run_id, library, before)
    if kind == PROMPT:
        return _prompt(run, run_id, int(number), library, user)
    if kind == REMINDER:
        return _reminder(run, run_id, library, user, live=_reminds(run, int(number)))
    offer = _OFFER.match(slot)
    return _offer(run, run_id, offer[1], int(offer[2]), library) if offer else _part(run, run_id, kind, library)


def _reminds(run: Run, number: int) -> bool:
    return number == run.reminders and run.reminding and not run.finished


def note_slot(ts: str) -> str:
    """Name the slot of a message that was posted between the questions and is not changed any more."""
    return f"{NOTE}{ts}"


def change_slot(ts: str) -> str:
    """Name the slot of a message that says what a change did and what the result is, until the next such message."""
    return f"{CHANGE}{ts}"


def offer_slot(aside: str, number: int, ts: str) -> str:
    """Name the slot of a message with buttons about the prompt of this number, which go once that is not live."""
    return f"{NOTE}{OFFERS[aside]}{number}:{ts}"


def _offer(run: Run, run_id: str, letter: str, number: int, library: Library) -> Message:
    """Give what was said of a question, with its buttons; once it is not asked there any more, what became of it."""
    question = run.quiz.question(run.prompts[number - 1].question)
    if run.asking is not None and number == len(run.prompts):
        if letter == OFFERS["unsure"]:
            return unsure(question, run, run_id, library)
        if letter == OFFERS["not_for_me"]:
            return not_for_me(run, run_id, library)
        if letter == OFFERS["start_over"]:
            return may_start_over(run_id, library)
        return unclear(question, run, run_id, library, again=letter == OFFERS["unclear_again"])
    became = _settled(run, number, run.prompts[number - 1], library)
    if run.status is not Status.OPEN and number == len(run.prompts):
        became = escape(library.words.compare.over if run.closed else getattr(library.words.quiz, run.status))
    text = f"{_heading(run, question, library)}: {became}"
    return message([context(text)], [text])


def card(run: Run, run_id: str, library: Library) -> Message:
    """Sum a run up: each question with its answer and a button to change it, how far it is, and what can be done."""
    words, lead = library.words.quiz, _card_lead(run, library)
    parts: list[kit.Block] = [section(lead)]
    texts: list[str] = [lead]
    about = run.chosen(run.quiz.purpose.id)
    if run.subject is None and (about or run.weighed or run.quiz.purpose.id in run.skipped):
        text: str = fill(words.card_about, choice=in_words(about or run.quiz.purpose.choices[:1], library))
        parts.append(section(text, do_button(words.change, run_id, Change(question=run.quiz.purpose.id))))
        texts.append(text)
    for question in run.quiz.all_questions:
        answered = question.id in run.answers or question.id in run.skipped
        if isinstance(question, TieBreak) and not (answered and question == run.tie_break):
            continue
        text = _card_question(question, run, library)
        can_change = answered and not run.closed
        button = do_button(words.change, run_id, Change(question=question.id)) if can_change else None
        parts.append(section(text, button))
        texts.append(text)
    foot = " · ".join(filter(None, [_progress(run, library), "" if run.closed else escape(_status(run, library))]))
    buttons = _card_buttons(run, run_id, library)
    actions = [kit.ActionsBlock([*buttons])] if buttons else []
    return message([*parts, context(foot), *actions], [*texts, foot])


def _card_lead(run: Run, library: Library) -> str:
    """Say what the quiz is, or whose work it is about."""
    words, count = library.words.quiz, str(len(run.quiz.questions))
    if run.subject is None:
        return "\n".join([escape(words.title), fill(words.root, count=count)])
    compare, sender = library.words.compare, subject(run, library)
    root = compare.card_over if run.closed else compare.card_root
    return "\n".join([fill(compare.card_title, sender=sender), fill(root, sender=sender, count=count)])


def _card_question(question: Question | TieBreak, run: Run, library: Library) -> str:
    """Give a question with its answer, if it has one."""
    words, wording = library.words.quiz, worded(question, "text", run.purpose)
    text: str = fill(words.card_open, number=str(run.number(question)), question=wording)
    if choices := run.chosen(question.id):
        return text + "\n" + fill(words.card_answer, choice=in_words(choices, library))
    is_over = question.id in run.answers or question.id in run.skipped
    return text + "\n" + escape(words.card_skipped) if is_over else text


def answers(run: Run, about: str | None, library: Library) -> Message | None:
    """List what somebody has answered or skipped by now; None if it is nothing. about: the one question asked about.

    Where that has no answer yet, all are listed.
    """
    passed = [question for question in run.numbered if question.id in run.answers or question.id in run.skipped]
    named = [question for question in passed if question.id == about] or passed
    texts = [_card_question(question, run, library) for question in named]
    return message([section(text) for text in texts], texts) if texts else None


def _status(run: Run, library: Library) -> str:
    """Say how a run stands that is not going on; empty for one that is."""
    words = library.words.quiz
    # A round for a comparison shows no result below.
    done = words.done if run.subject is None else library.words.compare.card_done
    ended = {Status.PAUSED: words.paused, Status.STOPPED: words.stopped, Status.EXPIRED: words.expired}
    return ended.get(run.status, done if run.finished else "" if run.live else words.nothing_to_weigh)


def _card_buttons(run: Run, run_id: str, library: Library) -> list[kit.Button]:
    """Give what can be done to the run as a whole; nothing once it has a result, which has its own buttons."""
    words = library.words.quiz
    if run.finished or run.closed:
        return []
    # A round for a comparison is answered once, and its result is shown together with the other person's.
    own = run.subject is None
    start_over = [do_button(words.start_over, run_id, ButtonCommand.START_OVER)] if own else []
    if run.status is not Status.OPEN:
        return [do_button(words.resume, run_id, Resume(), primary=True), *start_over]
    so_far = [do_button(words.so_far, run_id, ButtonCommand.SO_FAR)] if own else []
    return [do_button(words.pause, run_id, Pause()), *so_far, *start_over]


def subject(run: Run, library: Library) -> Mrkdwn:
    """Name the person whose work a run for a comparison is about."""
    return mention(run.subject) if run.subject else Mrkdwn(escape(library.words.compare.somebody))


def why_me(run: Run, library: Library) -> Message:
    """Say why somebody was asked about another's work, and by whom."""
    return plain(fill(library.words.compare.why_me, sender=subject(run, library)))


def of_comparison(name: str, run: Run, library: Library) -> Message:
    """Answer what is asked of a comparison, by its name in words.yaml, to who answers about another's work."""
    compare = library.words.compare
    if run.closed:
        return plain(escape(compare.over))
    asked = compare.asked.of(name)
    template = (run.finished and asked.answered) or asked.reply
    buttons = {"reveal": compare.reveal, "withdraw": compare.withdraw}
    return plain(fill(template, sender=subject(run, library), **buttons))


def why(question: AnyQuestion, run: Run, library: Library) -> Message:
    """Say why a question is asked, and where that comes from."""
    if isinstance(question, Opening):
        return plain(fill(library.words.quiz.why, why=question.why))
    cited = question.source if isinstance(question, TieBreak) else library.tables[run.quiz.tables.roles].source
    text = fill(library.words.quiz.why, why=question.why)
    source = fill(library.words.quiz.source, sources=library.cite([cited]))
    return message([section(text), context(source)], [text, source])


def term(definition: Term, library: Library) -> Message:
    """Explain a word of the questions."""
    text = fill(library.words.quiz.term, term=definition.term, text=definition.text)
    if definition.source is None:
        return plain(text)
    source = fill(library.words.quiz.source, sources=library.cite([definition.source]))
    return message([section(text), context(source)], [text, source])


def about_choices(question: AnyQuestion, choices: Sequence[Option], library: Library) -> Message:
    """Explain choices of a question."""
    return plain("\n".join(explained(question, choices, library)))


def unclear(question: AnyQuestion, run: Run, run_id: str, library: Library, *, again: bool = False) -> Message:
    """Ask again, in short, for an answer that was not understood.

    At the opening question whoever describes their work is told that the questions about that come next, with the
    choices as buttons. again: it was not understood before, so perhaps no choice fits, and a button skips it.
    """
    words = library.words.quiz
    if isinstance(question, Opening):
        number = len(run.prompts)
        text: str = escape(words.unclear_purpose)
        buttons = [_lettered_button(run_id, number, question, choice) for choice in question.choices]
        return message([section(text), kit.ActionsBlock([*buttons])], [text])
    if not again:
        return plain(fill(words.unclear, last=LETTERS[len(question.choices) - 1]))
    guessed = run.asking is not None and bool(run.asking.guesses)  # only some of the choices have a button then
    text = fill(words.unclear_guess if guessed else words.unclear_again, last=LETTERS[len(question.choices) - 1])
    button = do_button(words.skip, run_id, Skip(prompt=len(run.prompts)))
    return message([section(text), kit.ActionsBlock([button])], [text])


def about_round(topic: Topic, run: Run, library: Library) -> Message:
    """Say what there is to say to who asks about the quiz or its result."""
    words, question = library.words.round_topics, run.open_question
    count = len(run.quiz.questions)
    if topic is Topic.LEFT and isinstance(question, Question):
        number = run.number(question)
        template = words.left_last if number == count else words.left
        return plain(fill(template, number=str(number), count=str(count)))
    if topic is Topic.LEFT:
        return plain(fill(words.left_all, count=str(count)))
    said: str = getattr(words, topic)
    return plain(escape(said))


def which_offered(question: AnyQuestion, run: Run, library: Library) -> Message:
    """Ask which of two choices was meant, who says yes to both; once they are not offered any more, which of all."""
    guesses = run.asking.guesses if run.asking else ()
    letters = [letter_of(question, choice) for choice in question.choices if choice.id in guesses]
    if len(letters) != MOST_GUESSES:
        return plain(fill(library.words.quiz.unclear, last=LETTERS[len(question.choices) - 1]))
    return plain(fill(library.words.quiz.which_offered, first=letters[0], second=letters[1]))


def no_such_mark(mark: str, question: AnyQuestion, library: Library) -> Message:
    """Say that no choice has this letter or number, and which there are."""
    return plain(fill(library.words.quiz.no_such_mark, mark=mark, last=LETTERS[len(question.choices) - 1]))


def not_asked(run: Run, question: str, library: Library) -> Message | None:
    """Say that a question has not been asked yet; None if it has been since, or is gone."""
    numbered = [candidate for candidate in run.numbered if candidate.id == question]
    if not numbered or run.has_asked(question):
        return None
    return plain(fill(library.words.quiz.not_asked, number=str(run.number(numbered[0]))))


def unsure(question: AnyQuestion, run: Run, run_id: str, library: Library) -> Message:
    """Offer to skip the live question to somebody who does not know what to answer."""
    words = library.words.quiz
    text = fill(words.unsure, last=LETTERS[len(question.choices) - 1])
    button = do_button(words.skip, run_id, Skip(prompt=len(run.prompts)))
    return message([section(text), kit.ActionsBlock([button])], [text])


def not_for_me(run: Run, run_id: str, library: Library) -> Message:
    """Say how to leave a round, and whom it is for, to somebody for whom it may not be."""
    words = library.words.quiz
    lines = [escape(words.leave)]
    if run.subject is None:
        lines.append(escape(words.for_whom))
    text = " ".join(lines)
    return message([section(text), kit.ActionsBlock([do_button(words.stop, run_id, Stop())])], [text])


def may_start_over(run_id: str, library: Library) -> Message:
    """Say how to take the quiz once more to who asks whether that can be done."""
    words = library.words.quiz
    text = escape(words.may_start_over)
    button = do_button(words.start_over, run_id, ButtonCommand.START_OVER)
    return message([section(text), kit.ActionsBlock([button])], [text])


def one_or_two(run: Run, library: Library) -> Message:
    """Say how many choices an answer to the open question can take."""
    words = library.words.quiz
    return plain(escape(words.only_one if isinstance(run.open_question, Opening) else words.one_or_two))


def is_not_understood(stored: StoredRun) -> bool:
    """Return whether something was not understood since the live question was first asked, or a guess at it declined.

    It may have been asked once more by then.
    """
    run = stored.run
    if run.asking is None:
        return False
    first = len(run.prompts)
    while first > 1 and run.prompts[first - 2].question == run.asking.question:
        first -= 1
    if any(prompt.guesses for prompt in run.prompts[first - 1 : -1]):
        return True
    offers = (offer for slot in stored.messages if (offer := _OFFER.match(slot)))
    return any(offer[1] in NOT_UNDERSTOOD and int(offer[2]) >= first for offer in offers)


def already_there(link: str, library: Library) -> Message:
    """Lead to the part of a result that was opened before."""
    words = library.words.result
    return plain(fill(words.part_there, link=linked(link, words.part_link)))


def newer_round(link: str, library: Library, *, finished: bool) -> Message:
    """Lead from the thread of an older round to the newer one, and say what can be done with the older."""
    words = library.words.quiz
    return plain(fill(words.newer_result if finished else words.newer, link=linked(link, words.newer_link)))


def already_answered(run: Run, question: str | None, library: Library) -> Message:
    """Say what became of the question whose button was clicked after it was live; None if the question is gone."""
    choices = run.chosen(question) if question else ()
    if not choices:
        return plain(escape(library.words.quiz.moved_on))
    return plain(fill(library.words.quiz.already_answered, choice=quoted(choices, library)))


def same_answer(questions: Sequence[str], run: Run, library: Library) -> Message:
    """Tell somebody that they have given the same answers to these questions already."""
    words, chosen = library.words.quiz, [choices for name in questions if (choices := run.chosen(name))]
    if len(chosen) != 1:
        return plain(escape(words.same_answers))
    return plain(fill(words.same_answer, choice=quoted(chosen[0], library)))


def _prompt(run: Run, run_id: str, number: int, library: Library, user: str) -> Message:
    prompt, words = run.prompts[number - 1], library.words.quiz
    question = run.quiz.question(prompt.question)
    heading = _heading(run, question, library)
    if number == 1:
        heading = _to(user, heading)
    lines = [heading, f"*{escape(worded(question, 'text', run.purpose))}*"]
    if not (run.live and number == len(run.prompts)):
        settled = _settled(run, number, prompt, library)
        return message([context(heading), section(f"{lines[1]}\n{settled}")], [*lines, settled])
    if run.closed:
        over = escape(library.words.compare.over)
        return message([context(heading), section(f"{lines[1]}\n{over}")], [*lines, over])
    if run.status is not Status.OPEN:
        status = escape(getattr(words, run.status))
        button = do_button(words.resume, run_id, Resume())
        return message([context(heading), section(f"{lines[1]}\n{status}", button)], [*lines, status])
    parts: list[kit.Block] = [context(heading), section(lines[1])]
    if prompt.guesses:
        guesses, buttons = _guess(run_id, number, prompt, question, library)
        return message([*parts, *sections(guesses), kit.ActionsBlock([*buttons])], [*lines, guesses])
    if choices := run.chosen(question.id):
        now = fill(words.changing, choice=in_words(choices, library))
        parts.append(section(now))
        lines.append(now)
    buttons = [_lettered_button(run_id, number, question, choice) for choice in question.choices]
    how = escape(words.purpose_how if isinstance(question, Opening) else words.how_to_answer)
    options = listed(question, question.choices, library)
    return message([*parts, kit.ActionsBlock([*buttons]), context(how)], [*lines, *options, how])


def _lettered_button(run_id: str, number: int, question: AnyQuestion, choice: Option) -> kit.Button:
    return choice_button(labelled(question, choice), run_id, number, question.id, choice.id)


def _guess(
    run_id: str, number: int, prompt: Prompt, question: AnyQuestion, library: Library
) -> tuple[str, list[kit.Element]]:
    """Ask whether something was meant; gives the text and the buttons."""
    words = library.words.quiz
    choices = [choice for choice in question.choices if choice.id in prompt.guesses]
    none = do_button(words.guess_none, run_id, AskAgain())
    if len(choices) == 1:
        text = fill(words.guess, choice=choices[0].label)
        return text, [choice_button(words.guess_yes, run_id, number, question.id, choices[0].id), none]
    buttons = [_lettered_button(run_id, number, question, choice) for choice in choices]
    lines = [escape(words.guess_either), *listed(question, choices, library)]
    if isinstance(question, Question):
        letters = [letter_of(question, choice) for choice in choices]
        lines.append(fill(words.guess_both, first=letters[0], second=letters[1]))
    return "\n".join(lines), [*buttons, none]


def _settled(run: Run, number: int, prompt: Prompt, library: Library) -> str:
    """Say what became of a prompt that is not live any more."""
    words = library.words.quiz
    if run.live and run.prompts[-1].question == prompt.question:
        return escape(words.asked_again)
    if choices := run.chosen(prompt.question):
        chosen = fill(words.chosen, choice=in_words(choices, library))
        return f"{chosen}\n{escape(words.manages)}" if choices[0].id == PEOPLE else chosen
    if prompt.question == run.quiz.purpose.id and (run.weighed or prompt.question in run.skipped):
        return escape(words.purpose_skipped if prompt.question in run.skipped else words.purpose_taken)
    if prompt.question in run.skipped:
        return escape(words.skipped)
    is_repeated = any(later.question == prompt.question for later in run.prompts[number:])
    if is_repeated:
        return escape(words.asked_again)
    comes = (
        run.upcoming is not None and not run.closed and prompt.question in {question.id for question in run.numbered}
    )
    return escape(words.asked_later if comes else words.left_open)


def _result(run: Run, run_id: str, library: Library, before: Before | None) -> Message:
    words = library.words.result
    if not run.finished and run.left_at_that is None:
        return plain(escape(words.waiting))
    if run.subject is not None:
        return _answered(run, library)
    shown = run.left_at_that or run
    moved = since(shown, before.run, day(before.begun_at), library) if before else None
    parts, texts = recommendation(shown, library, moved)
    if run.left_at_that:
        stands = escape(words.stands)
        return message([context(stands), *parts], [stands, *texts])
    buttons: list[kit.Element] = []
    if run.shareable:
        buttons.append(share_button(words.share, run_id))
        buttons += [
            do_button(name, run_id, OpenPart(part=part))
            for part, name in result.part_names(run, library).items()
            if part != REVIEW or run.quiz.review
        ]
    if run.unanswered:
        buttons.append(do_button(words.go_on, run_id, GoOn(), primary=not run.shareable))
    buttons.append(begin_button(words.again, BeginFrom.RESULT, run_id))
    return message([*parts, kit.ActionsBlock(buttons)], texts)


def _answered(run: Run, library: Library) -> Message:
    """List the answers about somebody else's work to who has given them, without the result."""
    words = library.words.compare
    lines: list[str] = [fill(words.answered_over if run.closed else words.answered, sender=subject(run, library))]
    for question in run.numbered:
        if choices := run.chosen(question.id):
            choice = in_words(choices, library)
            lines.append(fill(words.answer_line, number=str(run.number(question)), choice=choice))
    return plain("\n".join(lines))


def _part(run: Run, run_id: str, name: str, library: Library) -> Message:
    run = run.left_at_that or run
    if not run.finished:
        return plain(escape(library.words.result.waiting))
    return review_messages.review(run, run_id, library) if name == REVIEW else result.part(run, name, library)


def _to(user: str, text: str) -> str:
    return f"{mention(user)} {text}" if user else text


def _reminder(run: Run, run_id: str, library: Library, user: str, *, live: bool) -> Message:
    words = library.words.quiz
    if not live:
        return plain(escape(words.reminder_over))
    text = _to(user, fill(words.reminder, **how_far(run)))
    buttons = [
        do_button(words.resume, run_id, Resume(), primary=True),
        do_button(words.later, run_id, DismissReminder()),
        do_button(words.stop, run_id, Stop()),
    ]
    return message([section(text), kit.ActionsBlock([*buttons])], [text])


def _heading(run: Run, question: AnyQuestion, library: Library) -> str:
    if isinstance(question, Opening):
        return escape(library.words.quiz.purpose)
    if isinstance(question, TieBreak):
        return escape(library.words.quiz.tie_break)
    count = str(len(run.quiz.questions))
    return fill(library.words.quiz.progress, number=str(run.number(question)), count=count)


def _progress(run: Run, library: Library) -> str:
    """Say how many of the questions that the card lists have an answer, and why the rest needed none."""
    last, words = run.tie_break, library.words.quiz
    if last is not None and (last.id in run.answers or last.id in run.skipped):  # which is listed as one more
        done, count = len(run.weighed) + (last.id in run.answers), len(run.numbered)
        return fill(words.card_progress, done=str(done), count=str(count))
    is_enough = run.ended_early and not run.skipped - {run.quiz.purpose.id}
    return fill(words.card_enough if is_enough else words.card_progress, **how_far(run))
