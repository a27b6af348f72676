"""What is said of changed answers. Of several changes each keeps a line; only the last says what the result is now."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.domain.fit import Clearness, Given, Recommendation, choice_of
from bot.domain.quiz_content import AnyQuestion, Question, TieBreak, with_article
from bot.domain.quiz_run import Run
from bot.knowledge import Library
from bot.slack import result
from bot.slack.pieces import Message, plain
from bot.slack.result import quoted
from bot.slack.text import escape, fill, linked, mention

MOST_MARKS = 64  # characters, as the column of a message's digest holds
VERSION = 8  # characters of the digest of a quiz that tell its versions apart
ANSWERED, CHANGED = "+", "~"  # how a mark begins: of a question that had no answer before, and of one that had
SURENESS = (Clearness.PICTURE, Clearness.CLOSE, Clearness.LEANING, Clearness.CLEAR)

Answers = Mapping[str, Sequence[str]]
Copies = dict[str, str | None]  # by who has one: where it can be updated, if that is known


def change_note(
    answers_before: Answers,
    run: Run,
    library: Library,
    link: str | None = None,
    copies: Copies | None = None,
    *,
    undone: bool = False,
) -> Message:
    """Say how changed answers have changed a result that was shown; link: to the result, if it stands far above.

    copies: of the result before, which others still have. undone: an earlier change was taken back.
    """
    words = library.words.quiz
    answers = MappingProxyType({question: tuple(choices) for question, choices in answers_before.items()})
    earlier = Run(run.quiz, answers, skipped=run.skipped).so_far
    lines = [*_lines(_changed(answers, run), run, library, undone=undone), *_taken_back(answers, run, library)]
    if run.recommendation is None or earlier is None:
        lines.append(escape(library.words.result.waiting))
    elif run.subject is None:
        lines.append(_moved(earlier, run.recommendation, library))
    if link:
        lines.append(linked(link, words.changed_link))
    return plain(" ".join([*lines, *_copies(copies or {}, library)]))


def _copies(copies: Copies, library: Library) -> list[str]:
    """Say who still has the result from before, and where that can be updated."""
    words = library.words.quiz
    where = {
        to: linked(link, words.changed_copy_link) if link else words.changed_copy_where for to, link in copies.items()
    }
    return [fill(words.changed_copy, to=mention(to), where=how) for to, how in where.items()]


def completed_note(run: Run, library: Library, link: str | None, copies: Copies | None = None) -> Message | None:
    """Say what the result is now that the last open question is answered; None if there is no result.

    It is posted below a result that had been shown with questions left open. link: to that result, if it is far above.

    copies: as for `change_note`.
    """
    if run.recommendation is None or run.subject is not None:
        return None
    words = library.words.quiz
    lines = [fill(words.completed, now=result.named(run.recommendation, library))]
    if link:
        lines.append(linked(link, words.changed_link))
    return plain(" ".join([*lines, *_copies(copies or {}, library)]))


def overwritten_note(
    before: Answers, run: Run, library: Library, link: str | None, *, undone: bool = False
) -> Message | None:
    """Say which answers a message typed further down has replaced; None if all of them are again what they were.

    before: the answers that were replaced, as they were. link: to the message that asks the first of these questions.
    undone: an earlier change was taken back, which may have left the result open; then it says what that is.
    """
    lines = _lines(_changed(_with(before, run), run), run, library, undone=undone)
    lines += _taken_back(before, run, library)
    if not lines:
        return None
    if undone and run.recommendation and run.subject is None:
        lines.append(fill(library.words.quiz.completed, now=result.named(run.recommendation, library)))
    if link:
        lines.append(linked(link, library.words.quiz.changed_question_link))
    return plain(" ".join(lines))


def taken_note(before: Answers, run: Run, library: Library) -> Message | None:
    """Name the answers that are new or different, compared with `before`; None if there are none."""
    changed = _changed(before, run)
    if [question for question, is_new in changed if is_new] == [run.quiz.purpose] and not run.weighed:
        return plain(fill(library.words.quiz.chosen, choice=result.in_words(run.chosen(run.quiz.purpose.id), library)))
    return plain(" ".join(_lines(changed, run, library))) if changed else None


def marks(version: str, before: Answers, run: Run) -> str:
    """Write down in a few characters which answers a line is about, for `shortened`; "" if there are too many.

    version: the digest of the run's quiz; before: the answers before, as `change_note` takes them.
    """
    questions = _questions(run)
    noted = [version[:VERSION]]
    for question, is_new in _changed(before, run):
        choices = [choice.id for choice in question.choices]
        places = ".".join(str(choices.index(choice)) for choice in run.answers[question.id])
        noted.append(f"{ANSWERED if is_new else CHANGED}{questions.index(question)}:{places}")
    text = " ".join(noted)
    return text if len(noted) > 1 and len(text) <= MOST_MARKS else ""


def marks_of_replaced(version: str, before: Answers, run: Run) -> str:
    """As `marks`, where `before` has only the answers that were replaced, as `overwritten_note` takes them."""
    return marks(version, _with(before, run), run)


def shortened(marked: str, version: str, run: Run, library: Library) -> Message | None:
    """Render the short form of a line about changed answers: only the answers, without the result at that time.

    marked: what `marks` wrote down for the line. None if it wrote nothing, or did so for another version of the quiz.
    """
    marked_version, *noted = marked.split() or [""]
    if not noted or marked_version != version[:VERSION]:
        return None
    questions, lines = _questions(run), list[str]()
    for mark in noted:
        number, _, places = mark[1:].partition(":")
        question = questions[int(number)]
        choices = tuple(question.choices[int(position)].id for position in places.split("."))
        lines.append(_line(question, choices, run, library, is_new=mark.startswith(ANSWERED)))
    return plain(" ".join(lines))


def _with(before: Answers, run: Run) -> dict[str, Given]:
    return {question: tuple(before.get(question, choices)) for question, choices in run.answers.items()}


def _questions(run: Run) -> tuple[AnyQuestion, ...]:
    return (run.quiz.purpose, *run.quiz.all_questions)


def _changed(before: Answers, run: Run) -> list[tuple[AnyQuestion, bool]]:
    """Give the questions whose answer differs from `before`, each with whether it had none then."""
    return [
        (question, not before.get(question.id))
        for question in _questions(run)
        if run.chosen(question.id) and tuple(run.answers[question.id]) != tuple(before.get(question.id, ()))
    ]


def _lines(
    changed: Sequence[tuple[AnyQuestion, bool]], run: Run, library: Library, *, undone: bool = False
) -> list[str]:
    return [
        _line(question, run.answers[question.id], run, library, is_new=is_new, undone=undone)
        for question, is_new in changed
    ]


def _taken_back(before: Answers, run: Run, library: Library) -> list[str]:
    """Say which questions have no answer any more that had one `before`."""
    words = library.words.quiz
    return [
        fill(words.undone_open, number=str(run.number(question)))
        if isinstance(question, Question)
        else escape(words.undone_open_other)
        for question in _questions(run)
        if before.get(question.id) and question.id not in run.answers
    ]


def _line(
    question: AnyQuestion, choices: Given, run: Run, library: Library, *, is_new: bool, undone: bool = False
) -> str:
    """Say what an answer is; is_new: there was none before. undone: it is what it was before a change."""
    words = library.words.quiz
    choice = quoted([choice_of(question, name) for name in choices], library)
    if undone and isinstance(question, Question):
        return fill(words.undone, number=str(run.number(question)), choice=choice)
    if undone:
        return fill(words.undone_other, choice=choice)
    if isinstance(question, Question):
        word = words.answered if is_new else words.changed
        return fill(word, number=str(run.number(question)), choice=choice)
    if isinstance(question, TieBreak):
        return fill(words.answered_tie_break if is_new else words.changed_tie_break, choice=choice)
    return fill(words.changed_purpose, choice=choice)


def _moved(before: Recommendation, now: Recommendation, library: Library) -> str:
    """Say what the result is now, and what it was."""
    words, named, was = library.words.quiz, result.named(now, library), result.named(before, library)
    if named == was:
        return fill(words.changed_same, now=named)
    if now.role != before.role or Clearness.CLOSE in (now.clearness, before.clearness):
        return fill(words.changed_role, now=named, before=was)
    weaker = SURENESS.index(now.clearness) < SURENESS.index(before.clearness)
    clearness = {"now": getattr(words, now.clearness), "before": getattr(words, before.clearness)}
    word = words.changed_weaker if weaker else words.changed_clearer
    return fill(word, role=with_article(now.role.name), **clearness)
