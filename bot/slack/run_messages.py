"""A run -> the messages of its thread, by slot: the card, the prompts, the result and its parts, the reminders.

What a slot shows follows from the run alone, so that after any crash, edit or second click the thread can be brought
to what it should be. Only what is live has buttons.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import slackblocks as kit

from bot.domain.actions import (
    AskAgain,
    AskGrading,
    Change,
    DismissReminder,
    GoOn,
    Grade,
    OpenPart,
    Pause,
    Resume,
    Skip,
    Stop,
)
from bot.domain.fit import Clearness
from bot.domain.quiz import LETTERS
from bot.domain.quiz_content import (
    PEOPLE,
    ROLE,
    AnyQuestion,
    HasChoices,
    Opening,
    Option,
    Question,
    Term,
    TieBreak,
    with_article,
    worded,
)
from bot.domain.quiz_run import PARTS, Graded, Prompt, Run, Status
from bot.domain.review import REVIEW, ReviewQuestion, review_question
from bot.knowledge import Library
from bot.slack import result
from bot.slack.controls import (
    BeginFrom,
    ButtonCommand,
    begin_button,
    choice_button,
    do_button,
    grading_menu,
    grading_option,
    label,
)
from bot.slack.pieces import Message, context, message, plain, section
from bot.slack.result import how_far, in_words, quoted, recommendation, since
from bot.slack.share_controls import share_button
from bot.slack.text import Mrkdwn, escape, fill, linked, mention
from bot.storage import CARD, NOTE, PROMPT, RESULT

REMINDER = "reminder"
CHANGE = f"{NOTE}change:"  # what the slots begin with of what was said of a change


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
    return _part(run, run_id, kind, library)


def _reminds(run: Run, number: int) -> bool:
    return number == run.reminders and run.reminding and not run.finished


def note_slot(ts: str) -> str:
    """Name the slot of a message that was posted between the questions and is not changed any more."""
    return f"{NOTE}{ts}"


def change_slot(ts: str) -> str:
    """Name the slot of a message that says what a change did and what the result is, until the next such message."""
    return f"{CHANGE}{ts}"


def card(run: Run, run_id: str, library: Library) -> Message:
    """Sum a run up: each question with its answer and a button to change it, how far it is, and what can be done."""
    words = library.words.quiz
    count = str(len(run.quiz.questions))
    lead = "\n".join([escape(words.title), fill(words.root, count=count)])
    if run.subject is not None:
        compare, sender = library.words.compare, subject(run, library)
        root = compare.card_over if run.closed else compare.card_root
        lead = "\n".join([fill(compare.card_title, sender=sender), fill(root, sender=sender, count=count)])
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
        wording = worded(question, "text", run.purpose)
        text = fill(words.card_open, number=str(run.number(question)), question=wording)
        if choices := run.chosen(question.id):
            text += "\n" + fill(words.card_answer, choice=in_words(choices, library))
        elif answered:
            text += "\n" + escape(words.card_skipped)
        can_change = answered and not run.closed
        button = do_button(words.change, run_id, Change(question=question.id)) if can_change else None
        parts.append(section(text, button))
        texts.append(text)
    progress = _progress(run, library)
    # A round for a comparison shows no result below.
    done = words.done if run.subject is None else library.words.compare.card_done
    status = {
        Status.PAUSED: words.paused,
        Status.STOPPED: words.stopped,
        Status.EXPIRED: words.expired,
    }.get(run.status, done if run.finished else "" if run.live else words.nothing_to_weigh)
    foot = " · ".join(filter(None, [progress, "" if run.closed else escape(status)]))
    # A round for a comparison is answered once, and its result is shown together with the other person's.
    own = run.subject is None
    buttons = [do_button(words.start_over, run_id, ButtonCommand.START_OVER)] if own else []
    if run.finished or run.closed:
        buttons = []  # the result has the one that takes the quiz again
    elif run.status is not Status.OPEN:
        buttons.insert(0, do_button(words.resume, run_id, Resume(), primary=True))
    else:
        so_far = [do_button(words.so_far, run_id, ButtonCommand.SO_FAR)] if own else []
        buttons = [do_button(words.pause, run_id, Pause()), *so_far, *buttons]
    actions = [kit.ActionsBlock([*buttons])] if buttons else []
    return message([*parts, context(foot), *actions], [*texts, foot])


def subject(run: Run, library: Library) -> Mrkdwn:
    """Name the person whose work a run for a comparison is about."""
    return mention(run.subject) if run.subject else Mrkdwn(escape(library.words.compare.somebody))


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


def unclear(question: AnyQuestion, library: Library) -> Message:
    """Ask again, in short, for an answer that was not understood."""
    return plain(fill(library.words.quiz.unclear, options=lettered(question)))


def unsure(question: AnyQuestion, run: Run, run_id: str, library: Library) -> Message:
    """Offer to skip the live question to somebody who does not know what to answer."""
    words = library.words.quiz
    text = fill(words.unsure, options=lettered(question))
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


def lettered(question: AnyQuestion) -> str:
    """Name the choices of a question with the letters by which they can be typed."""
    return ", ".join(f"{letter} ({choice.label})" for letter, choice in zip(LETTERS, question.choices, strict=False))


def already_there(link: str, library: Library) -> Message:
    """Lead to the part of a result that was opened before."""
    words = library.words.result
    return plain(fill(words.part_there, link=linked(link, words.part_link)))


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
        return message([*parts, section(guesses), kit.ActionsBlock([*buttons])], [*lines, guesses])
    if choices := run.chosen(question.id):
        now = fill(words.changing, choice=in_words(choices, library))
        parts.append(section(now))
        lines.append(now)
    lettered = list(zip(LETTERS, question.choices, strict=False))
    buttons = [_lettered_button(run_id, number, question, choice) for choice in question.choices]
    how = escape(words.purpose_how if isinstance(question, Opening) else words.how_to_answer)
    options = [fill(words.option, letter=letter, choice=choice.label) for letter, choice in lettered]
    return message([*parts, kit.ActionsBlock([*buttons]), context(how)], [*lines, *options, how])


def _letter(question: HasChoices, choice: Option) -> str:
    """Give the letter by which a choice can be typed; empty for a cell of a review behind the 26 that have one."""
    position = list(question.choices).index(choice)
    return LETTERS[position : position + 1]


def _labelled(question: HasChoices, choice: Option) -> str:
    """Give the label of a choice behind its letter, if it has one."""
    letter = _letter(question, choice)
    return f"{letter}. {choice.label}" if letter else choice.label


def _lettered_button(run_id: str, number: int, question: AnyQuestion, choice: Option) -> kit.Button:
    return choice_button(_labelled(question, choice), run_id, number, question.id, choice.id)


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
    lines = [escape(words.guess_either), *_options(question, choices, library)]
    if isinstance(question, Question):
        letters = [_letter(question, choice) for choice in choices]
        lines.append(fill(words.guess_both, first=letters[0], second=letters[1]))
    return "\n".join(lines), [*buttons, none]


def _options(question: HasChoices, choices: Sequence[Option], library: Library) -> list[str]:
    """Name choices with their letters, a line each."""
    option = library.words.quiz.option
    letters = [_letter(question, choice) for choice in choices]
    return [
        fill(option, letter=letter, choice=choice.label) if letter else escape(choice.label)
        for letter, choice in zip(letters, choices, strict=True)
    ]


def _settled(run: Run, number: int, prompt: Prompt, library: Library) -> str:
    """Say what became of a prompt that is not live any more."""
    words = library.words.quiz
    if run.live and run.prompts[-1].question == prompt.question:
        return escape(words.asked_again)
    if choices := run.chosen(prompt.question):
        chosen = fill(words.chosen, choice=in_words(choices, library))
        return f"{chosen}\n{escape(words.manages)}" if choices[0].id == PEOPLE else chosen
    if prompt.question == run.quiz.purpose.id and (run.weighed or prompt.question in run.skipped):
        return escape(words.purpose_taken)
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
    if not run.finished:
        return plain(escape(words.waiting))
    if run.subject is not None:
        return _answered(run, library)
    moved = since(run, before.run, day(before.begun_at), library) if before else None
    parts, texts = recommendation(run, library, moved)
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
    """Say to who has answered about somebody else's work what that was, and nothing of what follows from it."""
    words = library.words.compare
    lines: list[str] = [fill(words.answered_over if run.closed else words.answered, sender=subject(run, library))]
    for question in run.numbered:
        if choices := run.chosen(question.id):
            choice = in_words(choices, library)
            lines.append(fill(words.answer_line, number=str(run.number(question)), choice=choice))
    return plain("\n".join(lines))


def _part(run: Run, run_id: str, name: str, library: Library) -> Message:
    if not run.finished:
        return plain(escape(library.words.result.waiting))
    return _review(run, run_id, library) if name == REVIEW else result.part(run, name, library)


def _review(run: Run, run_id: str, library: Library) -> Message:
    """Say what the work would be graded on, then ask what it was, or compare the two."""
    words, review = library.words.graded, run.quiz.review
    if review is None:
        raise ValueError("the quiz has no review")
    roles, advice = library.tables[run.quiz.tables.roles], result.advice(run, run.purpose, library)
    parts: list[kit.Block] = [*map(section, advice)]
    source = fill(library.words.quiz.source, sources=library.cite([review.source]))
    graded = graded_cell(run, library)
    if graded is None and not run.not_graded:
        groups = [
            kit.OptionGroup(kit.PlainText(label(roles.row(row).label)), _lettered_cells(row, run, library))
            for row in review.dimensions
        ]
        skip = do_button(words.skip, run_id, Grade())
        lead, reason = f"*{escape(worded(review, 'text', run.purpose))}*", escape(review.why)
        menu, how = grading_menu(run_id, run.regraded, words.pick, groups, skip), escape(words.how_to_answer)
        prompt_parts = [section(lead), context(reason), menu, context(how)]
        return message([*parts, *prompt_parts, context(source)], [*advice, lead, reason, how, source])
    change = do_button(library.words.quiz.change, run_id, AskGrading())
    if graded is None:
        text = escape(words.skipped)
        return message([*parts, section(text, change), context(source)], [*advice, text, source])
    cell = roles.row(graded.dimension).cells[graded.column]
    statement = fill(getattr(words, f"said_{run.purpose}"), cell=cell)
    lines = [statement, *judged(run, cell, roles.column(graded.column).label, library)]
    shown = [section(lines[0], change), *map(section, lines[1:])]
    return message([*parts, *shown, context(source)], [*advice, *lines, source])


def _lettered_cells(row: str, run: Run, library: Library) -> list[kit.Option]:
    """Give the cells of a row as options of the menu, with the letters by which they can be typed."""
    asked = review_question(run.quiz, library.tables[run.quiz.tables.roles])
    if asked is None:
        return []
    return [
        grading_option(_labelled(asked, choice), cell.dimension, cell.column)
        for cell, choice in zip(asked.cells, asked.choices, strict=True)
        if cell.dimension == row
    ]


def open_review(run: Run, library: Library) -> ReviewQuestion | None:
    """Give the question what the last review looked at, if it is what is asked now; None if it is not."""
    if REVIEW not in run.opened or not run.finished or run.asking or run.not_graded or graded_cell(run, library):
        return None
    return review_question(run.quiz, library.tables[run.quiz.tables.roles])


def review_unclear(run_id: str, library: Library) -> Message:
    """Say how to answer what the last review looked at, and that it may stay open."""
    words = library.words.graded
    text = escape(words.unclear)
    return message([section(text), kit.ActionsBlock([do_button(words.skip, run_id, Grade())])], [text])


def review_guess(cells: Collection[Graded], asked: ReviewQuestion, run_id: str, library: Library) -> Message:
    """Ask whether one of these cells was meant."""
    words = library.words.quiz
    pairs = [pair for pair in zip(asked.cells, asked.choices, strict=True) if pair[0] in cells]
    lines = [escape(words.guess_either), *_options(asked, [choice for _, choice in pairs], library)]
    buttons = [
        do_button(
            label(_labelled(asked, choice)),
            run_id,
            Grade(dimension=cell.dimension, column=cell.column),
        )
        for cell, choice in pairs
    ]
    if len(pairs) == 1:
        lines = [fill(words.guess, choice=pairs[0][1].label)]
    return message([section("\n".join(lines)), kit.ActionsBlock([*buttons])], ["\n".join(lines)])


def review_noted(run: Run, library: Library) -> Message | None:
    """Say to who has typed what the last review looked at what was taken for it; None if nothing was."""
    words = library.words.graded
    if graded := graded_cell(run, library):
        cell = library.tables[run.quiz.tables.roles].row(graded.dimension).cells[graded.column]
        return plain(fill(words.noted, cell=cell))
    return plain(escape(words.skipped)) if run.not_graded else None


def judged(run: Run, cell: str, column: str, library: Library, *, shared: bool = False) -> list[str]:
    """Say whether what a review looked at is in the column of the work, why it hurts if not, and what to do.

    shared: to somebody else, who may do something about it.
    """
    words, recommendation, review = library.words.graded, run.recommendation, run.quiz.review
    if recommendation is None or review is None:
        return []
    if run.mismatch is False:
        return [fill(words.match, column=column)]
    close = recommendation.clearness is Clearness.CLOSE
    roles = [recommendation.role, recommendation.runner_up] if close else [recommendation.role]
    names = [with_article(role.name) for role in roles]
    named = fill(library.words.quiz.either, first=names[0], second=names[1]) if close else Mrkdwn(escape(names[0]))
    lines: list[str] = [fill(words.mismatch_shared if shared else words.mismatch, role=named, cell=cell, column=column)]
    if (part := result.next_role(run)) and run.graded and run.graded.column == part.column:
        lines.append(fill(words.fits_next, role=with_article(part.name)))
    purpose = ROLE if shared else run.purpose
    for role, name in zip(roles, names, strict=True):
        if trap := review.traps.get(role.id):
            lines += [fill(words.if_role, role=name)] if close else []
            ask = getattr(words, f"ask_{purpose}")
            lines += [fill(words.hurts, text=trap.hurts), fill(ask, text=worded(trap, "ask", purpose))]
    return lines


def graded_cell(run: Run, library: Library) -> Graded | None:
    """Give the cell that the last review looked at; None if it is not told, or the table has no such cell any more."""
    roles, graded = library.tables[run.quiz.tables.roles], run.graded
    has_row = graded and any(row.id == graded.dimension for row in roles.rows)
    has_column = graded and any(column.id == graded.column for column in roles.columns)
    return graded if has_row and has_column else None


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


def day(at: datetime) -> Mrkdwn:
    """Let Slack write a day as its reader does. Source: docs.slack.dev/messaging/formatting-message-text#date."""
    return Mrkdwn(f"<!date^{int(at.timestamp())}^{{date_long}}|{at:%Y-%m-%d}>")


def moment(at: datetime) -> Mrkdwn:
    """Let Slack write a day and a time of it as its reader does; the same source."""
    return Mrkdwn(f"<!date^{int(at.timestamp())}^{{date_long}} at {{time}}|{at:%Y-%m-%d %H:%M} UTC>")
