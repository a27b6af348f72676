"""What is said to who asks below a result how it comes about, or how sure it is."""

from collections.abc import Sequence
from types import MappingProxyType

from bot.domain import fit
from bot.domain.fit import Clearness, Recommendation, choice_of
from bot.domain.quiz_content import Question, Role, with_article
from bot.domain.quiz_run import Run
from bot.domain.readings import WhatIf
from bot.knowledge import Library
from bot.slack.choice_letters import letter_of
from bot.slack.pieces import Message, joined, message, plain, sections
from bot.slack.result import (
    flip_line,
    how_far,
    in_hundredths,
    named,
    question_name,
    question_names,
    quoted,
    recommended,
    short,
)
from bot.slack.text import Mrkdwn, escape, fill

MOST_NAMED = 2  # answers that are named to who objects to a result


def explanation(run: Run, role: str | None, library: Library) -> Message:
    """Say in a few lines how a result comes about: what speaks for it, and what for the next role.

    role: another role of the quiz to hold it against, in place of the next. Raises ValueError if the run is not
    finished. In a round for a comparison it only says when the result will be shown, or that the comparison is over.
    """
    if run.subject is not None:
        return _later(run, library)
    words, recommendation = library.words.result, recommended(run)
    other = _other_role(run, recommendation, role)
    if role == other.id:
        return _why_not(run, recommendation, other, library)
    lines: list[str] = [fill(words.as_it_stands, now=named(recommendation, library))]
    answers = _speaking(run, recommendation, other, library)
    names = [with_article(recommendation.role.name), with_article(other.name)]
    for name, against, named_answers in zip(names, reversed(names), answers, strict=True):
        if named_answers:
            lines.append(fill(words.speaks_for, role=name, answers=_listed(named_answers)))
        elif any(answers):
            lines.append(fill(words.speaks_for_none, role=name, other=against))
    if not any(answers):
        lines.append(fill(words.speaks_for_neither, role=names[0], other=names[1]))
    if recommendation.clearness is Clearness.PICTURE:
        lines.append(escape(words.picture_more))
    return message(sections("\n".join(lines)), lines)


def what_would_change(run: Run, role: str | None, library: Library) -> Message:
    """Say what the result is, and what would make it another; role: what speaks for and against that one.

    As for `explanation`, which says the same to who has answered about somebody else's work. Raises as that does.
    """
    recommendation = recommended(run)
    if run.subject is not None or (role is not None and role != recommendation.role.id):
        return explanation(run, role, library)
    lines: list[str] = [fill(library.words.result.as_it_stands, now=named(recommendation, library))]
    lines += _what_would_change(run, recommendation, library)
    if recommendation.clearness is Clearness.CLOSE:
        lines.append(escape(library.words.result.tip_close))
    return message(sections("\n".join(lines)), lines)


def objection(run: Run, role: str | None, library: Library) -> Message:
    """Say what the answers said, and what would change the result, to who objects to it.

    role: that it should be, by what they say; for another than came out it is said what speaks for and against it.
    Raises as `explanation` does, which says the same to who has answered about somebody else's work.
    """
    words, recommendation = library.words.result, recommended(run)
    came_out = [recommendation.role]
    if recommendation.clearness is Clearness.CLOSE:
        came_out += recommendation.level
    agrees = role in {candidate.id for candidate in came_out}
    if run.subject is not None or (role is not None and not agrees):
        return explanation(run, role, library)
    now = named(recommendation, library)
    first, _ = _speaking(run, recommendation, _other_role(run, recommendation, None), library)
    if agrees:
        lead = fill(words.agrees, now=now)
    elif first:
        lead = fill(words.objected, answers=_listed(first[:MOST_NAMED]), now=now)
    else:
        lead = fill(words.as_it_stands, now=now)
    lines: list[str] = [lead, *_what_would_change(run, recommendation, library)]
    lines.append(escape(words.change_how))
    return message(sections("\n".join(lines)), lines)


def term(name: str, run: Run, library: Library) -> Message | None:
    """Explain a word of a result that says how close it is, by its name in `ResultTerms`; None for no such word."""
    template: str | None = getattr(library.words.result, f"means_{name}", None)
    thresholds = run.quiz.thresholds
    points = {"clear": f"{thresholds.clear * 100:g}", "leaning": f"{thresholds.leaning * 100:g}"}
    return plain(fill(template, **points)) if template else None


def _later(run: Run, library: Library) -> Message:
    """Say when the result will be shown to who has answered about somebody else's work, or that it is over."""
    compare = library.words.compare
    return plain(escape(compare.over if run.closed else compare.explained_later))


def _listed(answers: Sequence[Mrkdwn]) -> Mrkdwn:
    return Mrkdwn("; ".join(answers))


def _speaking(run: Run, recommendation: Recommendation, other: Role, library: Library) -> list[list[Mrkdwn]]:
    """Give the answers that speak for the role that came out rather than another, and those for the other."""
    sides = fit.speaking(run.quiz, run.answers, recommendation.role, other)
    answers = [[_answer(run, reason, library) for reason in reasons] for reasons in sides]
    if recommendation.tie_break and other == recommendation.runner_up:
        answers[0].insert(0, fill(library.words.result.last_in, choice=recommendation.tie_break.side.short))
    return answers


def _why_not(run: Run, recommendation: Recommendation, other: Role, library: Library) -> Message:
    """Say in a sentence what spoke for another role and what against it, and if it is known, what would lead to it."""
    words, (against, answers) = library.words.result, _speaking(run, recommendation, other, library)
    names = {"role": with_article(other.name), "other": with_article(recommendation.role.name)}
    if not (against or answers):
        return plain(fill(words.speaks_for_neither, **names))
    percent = in_hundredths(recommendation.shares)
    slots = names | {"percent": str(percent[other.id]), "other_percent": str(percent[recommendation.role.id])}
    slots |= {name: _listed(side) for name, side in (("answers", answers), ("against", against)) if side}
    template = words.why_not_against if not answers else words.why_not if against else words.why_not_for
    lines: list[str] = [fill(template, **slots)]
    if run.flip and run.flip.role == other:
        lines += _what_would_change(run, recommendation, library)
    return message(sections("\n".join(lines)), lines)


def what_if(run: Run, supposed: WhatIf, library: Library) -> Message:
    """Say what the result would be with another answer, which stays as it is; what would change it, if none was read.

    Of a run that is not finished it says so of what the answers come to so far. Raises ValueError if it has none, or if
    none was read and it is not finished.
    """
    if run.subject is not None or supposed.question is None or supposed.choice is None:
        return what_would_change(run, None, library)
    words, question = library.words.result, run.quiz.question(supposed.question)
    if run.answers.get(question.id) == (supposed.choice,):
        return plain(fill(library.words.quiz.same_answer, choice=quoted(run.chosen(question.id), library)))
    answers = MappingProxyType({**run.answers, question.id: (supposed.choice,)})
    other = Run(run.quiz, answers, skipped=run.skipped)
    before, now = run.so_far, other.so_far
    if before is None:
        raise ValueError("the run has no answers")
    name, was = named(now, library) if now else "", named(before, library)
    choice = quoted(other.chosen(question.id), library)
    lead = fill(words.what_if_same if name == was else words.what_if, choice=choice, now=name)
    if not isinstance(question, Question):
        return plain(lead)
    letter = letter_of(question, choice_of(question, supposed.choice))
    return plain(f"{lead} {fill(words.what_if_stays, number=str(run.number(question)), letter=letter)}")


def sureness(run: Run, role: str | None, library: Library) -> Message:
    """Say in plain words how close a result was, and what would change it.

    role: as for `explanation`, which says the same to who has answered about somebody else's work. Raises as that does.
    """
    if run.subject is not None:
        return explanation(run, role, library)
    words, recommendation = library.words.result, recommended(run)
    other = _other_role(run, recommendation, role)
    percent, is_next = in_hundredths(recommendation.shares), other == recommendation.runner_up
    slots: dict[str, str] = {
        "role": with_article(recommendation.role.name),
        "percent": str(percent[recommendation.role.id]),
    }
    slots |= {"other": with_article(other.name), "other_percent": str(percent[other.id]), **how_far(run)}
    template: str = getattr(words, f"sure_{recommendation.clearness}")
    if recommendation.tie_break and is_next:
        template = words.sure_tie_break
    elif recommendation.unsettled:
        template = words.sure_open
        slots["questions"] = question_names(run, recommendation.unsettled, library)
    lines: list[str] = [fill(template, **slots), *_what_would_change(run, recommendation, library)]
    if recommendation.clearness is Clearness.CLOSE and run.tie_break:
        lines.append(escape(words.tip_close))
    return message(sections("\n".join(lines)), lines)


def whether(run: Run, role: str | None, library: Library) -> Message:
    """Say whether a result names a role, by its id, and how close it was.

    Raises as `explanation` does, which says the same to who has answered about somebody else's work.
    """
    if run.subject is not None:
        return explanation(run, role, library)
    words, recommendation = library.words.result, recommended(run)
    close = recommendation.clearness is Clearness.CLOSE
    template = words.is_not_role
    if role == recommendation.role.id or (close and role in {level.id for level in recommendation.level}):
        template = words.is_partly_role if close else words.is_role
    lead = fill(template, now=named(recommendation, library))
    return joined(message(sections(lead), [lead]), sureness(run, role, library))


def _other_role(run: Run, recommendation: Recommendation, role: str | None) -> Role:
    """Give the role that a result is compared with: the one with this id, or else the runner-up."""
    return next(
        (candidate for candidate in run.quiz.roles if candidate.id == role and candidate != recommendation.role),
        recommendation.runner_up,
    )


def _what_would_change(run: Run, recommendation: Recommendation, library: Library) -> list[str]:
    """Say what would change a result; nothing where it is too close to call."""
    if recommendation.clearness is Clearness.PICTURE:
        return [escape(library.words.result.picture_more)]
    return [] if recommendation.clearness is Clearness.CLOSE else [flip_line(run, library, brief=True)]


def _answer(run: Run, reason: fit.Reason, library: Library) -> Mrkdwn:
    """Name an answer and its question."""
    choices = Mrkdwn(short(reason, library))
    return fill(library.words.result.half_in, question=question_name(run, reason.question, library), choices=choices)
