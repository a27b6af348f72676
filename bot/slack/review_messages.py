"""What somebody's last review looked at, below their result: asked, answered, and compared with what the work is."""

from collections.abc import Collection

import slackblocks as kit

from bot.domain.actions import AskGrading, Grade
from bot.domain.fit import Clearness
from bot.domain.quiz_content import ROLE, with_article, worded
from bot.domain.quiz_run import Graded, Run
from bot.domain.review import REVIEW, ReviewQuestion, review_question
from bot.knowledge import Library
from bot.slack import result
from bot.slack.choice_letters import labelled, listed
from bot.slack.control_values import label
from bot.slack.pieces import Message, context, message, plain, section, sections
from bot.slack.quiz_controls import do_button, grading_menu, grading_option
from bot.slack.text import Mrkdwn, escape, fill


def review(run: Run, run_id: str, library: Library) -> Message:
    """Say what the work would be graded on, then ask what it was, or compare the two."""
    words, review = library.words.graded, run.quiz.review
    if review is None:
        raise ValueError("the quiz has no review")
    roles, advice = library.tables[run.quiz.tables.roles], result.advice(run, run.purpose, library)
    parts: list[kit.Block] = [*sections(*advice)]
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
    shown = [section(lines[0], change), *sections(*lines[1:])]
    return message([*parts, *shown, context(source)], [*advice, *lines, source])


def _lettered_cells(row: str, run: Run, library: Library) -> list[kit.Option]:
    """Give the cells of a row as options of the menu, with the letters by which they can be typed."""
    asked = review_question(run.quiz, library.tables[run.quiz.tables.roles])
    if asked is None:
        return []
    return [
        grading_option(labelled(asked, choice), cell.dimension, cell.column)
        for cell, choice in zip(asked.cells, asked.choices, strict=True)
        if cell.dimension == row
    ]


def open_review(run: Run, library: Library) -> ReviewQuestion | None:
    """Give the review's question of a round, if that is what is open now.

    None if it has not been asked, if a question of the quiz is open, or if it was answered or left out.
    """
    if REVIEW not in run.opened or not run.finished or run.asking or run.not_graded or graded_cell(run, library):
        return None
    return review_question(run.quiz, library.tables[run.quiz.tables.roles])


def unclear(run_id: str, library: Library) -> Message:
    """Say how to answer what the last review looked at, and that it may stay open."""
    words = library.words.graded
    text = escape(words.unclear)
    return message([section(text), kit.ActionsBlock([do_button(words.skip, run_id, Grade())])], [text])


def guess(cells: Collection[Graded], asked: ReviewQuestion, run_id: str, library: Library) -> Message:
    """Ask whether one of these cells was meant."""
    words = library.words.quiz
    pairs = [pair for pair in zip(asked.cells, asked.choices, strict=True) if pair[0] in cells]
    lines = [escape(words.guess_either), *listed(asked, [choice for _, choice in pairs], library)]
    buttons = [
        do_button(
            label(labelled(asked, choice)),
            run_id,
            Grade(dimension=cell.dimension, column=cell.column),
        )
        for cell, choice in pairs
    ]
    if len(pairs) == 1:
        lines = [fill(words.guess, choice=pairs[0][1].label)]
    return message([section("\n".join(lines)), kit.ActionsBlock([*buttons])], ["\n".join(lines)])


def noted(run: Run, library: Library) -> Message | None:
    """Confirm which cell was taken for a typed answer to the review; None if none was."""
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
