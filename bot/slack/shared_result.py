"""A result, and which of its parts somebody shares -> what the recipient gets: one message, and its thread.

Each part is rendered from what it is about alone, so that nothing of a part that was not chosen is in another.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from bot.domain.fit import Clearness
from bot.domain.quiz_content import OTHER, ROLE, TieBreak, with_article, worded
from bot.domain.quiz_run import Run
from bot.domain.share import Part, Place
from bot.knowledge import Library
from bot.slack import result, review_messages
from bot.slack.gateway import plain_data
from bot.slack.pieces import Message, context, in_lines, message, plain, sections, table
from bot.slack.text import Mrkdwn, escape, fill, mention, moment

QUESTIONS = 3  # of the guide


def parts_to_show(run: Run, chosen: Collection[str], note: str, library: Library) -> tuple[Part, ...]:
    """Give the parts of those chosen in which there is something to show; the note, if there is one."""
    empty = {Part.NOTE} if not note else set[Part]()
    if Part.RECOMMENDATION not in chosen and review_messages.graded_cell(run, library) is None:
        empty.add(Part.GRADED)
    wanted = {*chosen, Part.NOTE}
    return tuple(part for part in Part if part in wanted and part not in empty)


def parts_below(parts: Collection[str]) -> list[Part]:
    """Give those of these parts that have a message each in the thread, in the order in which they stand there."""
    return [part for part in Part if part in parts and part is not Part.NOTE]


def part_names(parts: Collection[str], library: Library) -> str:
    """Name parts in a row, as a sentence has them."""
    words = library.words.share
    return ", ".join(getattr(words, f"shown_{part}") for part in Part if part in parts)


def content(
    run: Run,
    parts: Sequence[Part],
    *,
    sender: str,
    recipient: str,
    place: Place,
    note: str,
    at: datetime,
    library: Library,
) -> tuple[Message, list[Message]]:
    """Render what the recipient gets: the message, and what stands in the thread below it. ValueError if not finished.

    parts: as `parts_to_show` gives them. sender, recipient: by their ids. at: the time that the message names.
    """
    root = _root(run, parts, sender, recipient, place, note, at, library)
    render = {
        Part.RECOMMENDATION: _recommendation,
        Part.TABLE: _table,
        Part.ANSWERS: _answers,
        Part.GRADED: _graded,
    }
    replies = [render[part](run, parts, mention(sender), library) for part in parts_below(parts)]
    return root, [*replies, guide(run, parts, library)]


def as_record(root: Message, replies: Sequence[Message]) -> dict[str, Any]:
    """Give both as plain data, as a share keeps them."""
    return {"root": plain_data(root), "replies": [plain_data(reply) for reply in replies]}


def _root(
    run: Run,
    parts: Collection[Part],
    sender: str,
    recipient: str,
    place: Place,
    note: str,
    at: datetime,
    library: Library,
) -> Message:
    words, recommendation = library.words.share, result.recommended(run)
    template = words.intro_group if place is Place.GROUP else words.intro
    slots = {"sender": mention(sender), "date": moment(at), "parts": part_names(parts, library)}
    texts: list[str] = [fill(template, to=mention(recipient), **slots)]
    if Part.RECOMMENDATION in parts:
        lead: list[str] = [result.headline(run, recommendation, library, mention(sender))]
        if recommendation.answered < len(run.quiz.questions):
            lead.append(fill(library.words.result.rests, **result.how_far(run)))
        texts.append(" ".join(lead))
    if Part.NOTE in parts:
        quoted = "\n".join(f"> {line}" for line in escape(note).splitlines())
        texts.append(f"{fill(words.noted, sender=mention(sender))}\n{quoted}")
    caution = escape(library.words.result.caution_role)
    return message([*sections(*texts), context(caution)], [*texts, caution])


def _recommendation(run: Run, parts: Collection[Part], sender: Mrkdwn, library: Library) -> Message:  # noqa: ARG001
    recommendation = result.recommended(run)
    reasons = result.reasons(run, recommendation, library, sender=sender)
    division = result.division(run, recommendation, library)
    texts = [*reasons, division, *result.titles(run, library)]
    return message(sections(*texts), texts)


def _table(run: Run, parts: Collection[Part], sender: Mrkdwn, library: Library) -> Message:  # noqa: ARG001
    """Show the rows of the table that decided it; with marks only if the answers are shared, too.

    Which rows and columns those are says what is recommended: where that is not shared, all are shown.
    """
    words, recommendation = library.words.result, result.recommended(run)
    columns = [role.column for role in run.quiz.roles]
    rows = [question.dimension for question in run.quiz.questions]
    if Part.RECOMMENDATION in parts:
        columns = [recommendation.role.column, recommendation.runner_up.column]
        rows = result.telling(run, recommendation)[: result.TELLING]
    excerpt = result.marked(run if Part.ANSWERS in parts else Run(run.quiz), library, columns, rows)
    caption = fill(words.table, title=excerpt.title, sources=library.cite([excerpt.source]))
    if Part.ANSWERS in parts:
        caption = Mrkdwn(f"{caption} {result.key_of_marks(run, library, rows)}")
    return message([table(excerpt), context(caption)], [*in_lines(excerpt), caption])


def _answers(run: Run, parts: Collection[Part], sender: Mrkdwn, library: Library) -> Message:  # noqa: ARG001
    words = library.words.share
    lines: list[str] = [fill(words.answers, sender=sender)]
    for question in run.quiz.all_questions:
        if isinstance(question, TieBreak):  # which is asked where it may tip a result, and has no row
            if choices := run.chosen(question.id):
                wording, choice = worded(question, "text", OTHER), result.in_words(choices, library)
                lines.append(fill(words.answer_last, question=wording, choice=choice))
            continue
        asked = result.asked(question)
        if choices := run.chosen(question.id):
            lines.append(fill(words.answer, question=asked, choice=result.in_words(choices, library)))
        else:
            lines.append(fill(words.answer_open, question=asked))
    return plain("\n".join(lines))


def _graded(run: Run, parts: Collection[Part], sender: Mrkdwn, library: Library) -> Message:
    """Say what the last review looked at; what it should look at, too, where the recommendation is shared."""
    words = library.words.graded
    texts: list[str] = []
    if Part.RECOMMENDATION in parts:
        texts += result.advice(run, ROLE, library)
    if graded := review_messages.graded_cell(run, library):
        roles = library.tables[run.quiz.tables.roles]
        cell, column = roles.row(graded.dimension).cells[graded.column], roles.column(graded.column).label
        template = words.said_role if run.purpose == ROLE else words.said_shared
        texts.append(fill(template, sender=sender, cell=cell))
        if Part.RECOMMENDATION in parts:
            texts += review_messages.judged(run, cell, column, library, shared=True)
    return message(sections(*texts), texts)


def guide(run: Run, parts: Collection[Part], library: Library) -> Message:
    """Ask three questions for a talk about what was shared, a mismatch of work and grading first."""
    words, recommendation = library.words.share, result.recommended(run)
    questions: list[str] = []
    role = with_article(recommendation.role.name)
    if Part.GRADED in parts and (graded := review_messages.graded_cell(run, library)):
        cell = library.tables[run.quiz.tables.roles].row(graded.dimension).cells[graded.column]
        if run.mismatch and Part.RECOMMENDATION in parts:
            questions.append(fill(words.guide_mismatch, cell=cell, role=role))
        else:
            questions.append(fill(words.guide_graded, cell=cell))
    if Part.RECOMMENDATION in parts and recommendation.clearness is Clearness.CLOSE:
        runner_up = with_article(recommendation.runner_up.name)
        questions.append(fill(words.guide_close, role=role, runner_up=runner_up))
    elif Part.RECOMMENDATION in parts:
        questions.append(fill(words.guide_role, role=role))
    if Part.TABLE in parts and len(questions) < QUESTIONS - 1:
        questions.append(escape(words.guide_table))
    questions += map(escape, words.guide_any)
    lines = [escape(words.guide), *(f"{number}. {text}" for number, text in enumerate(questions[:QUESTIONS], 1))]
    return plain("\n".join(lines))
