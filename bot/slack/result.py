"""A recommendation -> what it says: on one screen what came out and why, and the rest in parts that buttons open."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from itertools import zip_longest

import slackblocks as kit

from bot.domain import fit
from bot.domain.content import Column, Row, Table
from bot.domain.fit import Clearness, Recommendation
from bot.domain.quiz_content import (
    OTHER,
    OWN,
    PEOPLE,
    PURPOSE,
    ROLE,
    Option,
    Question,
    Role,
    TieBreak,
    with_article,
    worded,
)
from bot.domain.quiz_run import PARTS, Run
from bot.knowledge import Library
from bot.slack.choice_letters import letter_of
from bot.slack.pieces import Message, context, in_lines, message, packed, section, sections, table
from bot.slack.text import Mrkdwn, escape, fill

TELLING = 3  # rows of the table on the first screen, one less where more is said; a button opens the rest
BAR = 20  # characters; a bar of this length still fits a phone
_ASKING = re.compile(r"[^.?!]+\?")  # a sentence that asks
CORE = "✓✓"  # in the skills table: the core focus of a title

Parts = tuple[list[kit.Block], list[str]]  # blocks, and the lines of the text that says the same


def recommendation(run: Run, library: Library, before: str | None = None) -> Parts:
    """Render the result of a finished run on one screen; `before` says what came out last time.

    Raises ValueError if the run is not finished.
    """
    recommendation = recommended(run)
    lead: list[str] = [headline(run, recommendation, library)]
    if recommendation.clearness is Clearness.PICTURE:
        lead.append(escape(library.words.result.picture_more))
    elif early := early_line(run, recommendation, library):
        lead.append(early)
    texts = [" ".join(lead), *([before] if before else []), *reasons(run, recommendation, library)]
    return _first_screen(run, recommendation, library, texts)


def so_far(run: Run, library: Library) -> Message:
    """Show the picture from the answers so far, marked as such. Raises ValueError if there is none."""
    recommendation = run.so_far
    if recommendation is None:
        raise ValueError("the run has no answers")
    lead = fill(library.words.result.so_far, **how_far(run))
    shares = division(run, recommendation, library, explained=False)
    return message([section(lead), section(shares)], [lead, shares])


def part(run: Run, name: str, library: Library) -> Message:
    """Show a part of the result that its button opens, but for the review. KeyError for what is none.

    Raises ValueError if the run is not finished.
    """
    renderers: dict[str, Callable[[Run, Library], list[str]]] = {
        "titles": titles, "tracks": _tracks, "skills": _skills, "table": _whole_table,
    }  # fmt: skip
    tables = {"titles": "skills", "tracks": "regimes", "skills": "skills", "table": "roles"}
    texts = renderers[name](run, library)
    cited = library.tables[getattr(run.quiz.tables, tables[name])]
    source = fill(library.words.result.table, title=cited.title, sources=library.cite([cited.source]))
    if name == "titles":
        source = fill(library.words.quiz.source, sources=library.cite(run.quiz.sources))
    if name == "table" and any("▸" in text for text in texts):
        source = Mrkdwn(f"{source} {key_of_marks(run, library)}")
    return message([*sections(*texts), context(source)], [*texts, source])


def advice(run: Run, purpose: str, library: Library) -> list[str]:
    """Say what the work would be graded on; purpose: for whom it is put.

    That of both roles where it is too close to call; where it leans, that of the next with its part of the work, too.
    """
    paragraphs = [advice_on(role, purpose, library) for role in roles_of(recommended(run))]
    if role := next_role(run):
        text = worded(role, "advice", purpose)
        paragraphs.append(fill(library.words.graded.advice_next, role=with_article(role.name), advice=text))
    return paragraphs


def next_role(run: Run) -> Role | None:
    """Give the role that comes next where it is near enough to have a part of the work; None where it is not."""
    result = recommended(run)
    leans = result.clearness is Clearness.LEANING and round(result.margin, 9) < run.quiz.thresholds.clear
    return result.runner_up if leans else None


def part_names(run: Run, library: Library) -> dict[str, str]:
    """Name the parts of a result as their buttons do."""
    words = library.words.result
    return {
        name: getattr(words, f"part_{name}_{run.purpose}" if name == "review" else f"part_{name}") for name in PARTS
    }


def how_far(run: Run) -> dict[str, str]:
    """Give the numbers of "3 of 5 answered"; neither the tie-break nor the purpose is one of the five."""
    return {"done": str(len(run.weighed)), "count": str(len(run.quiz.questions))}


def in_a_row(texts: Iterable[str], library: Library) -> Mrkdwn:
    """Say several things, already in Slack's markup, as "a and b and c". TypeError if there are none."""
    return reduce(
        lambda first, second: fill(library.words.quiz.both, first=Mrkdwn(first), second=Mrkdwn(second)),
        map(Mrkdwn, texts),
    )


def either(texts: Iterable[str], library: Library) -> Mrkdwn:
    """Say several things, already in Slack's markup, as "a or b or c". TypeError if there are none."""
    return reduce(
        lambda first, second: fill(library.words.quiz.either, first=Mrkdwn(first), second=Mrkdwn(second)),
        map(Mrkdwn, texts),
    )


def named(recommendation: Recommendation, library: Library, *, bare: bool = False) -> Mrkdwn:
    """Name a recommendation in a few words, such as "an AI engineer (leaning)"; `bare` is without the article."""
    words, level = library.words.quiz, recommendation.level if recommendation.clearness is Clearness.CLOSE else ()
    roles = [recommendation.role, *level]
    names = [escape(role.name if bare else with_article(role.name)) for role in roles]
    return fill(words.named, role=either(names, library), clearness=getattr(words, recommendation.clearness))


def with_purpose(come: Mrkdwn, run: Run, library: Library) -> Mrkdwn:
    """Add the purpose of a run to the text of its outcome, unless it is about one's own work."""
    words = library.words.quiz
    abouts = {ROLE: words.about_role, PEOPLE: words.about_people}
    [about] = [abouts.get(choice) for choice in run.answers.get(PURPOSE, (OWN,))]
    return fill(words.result_about, result=come, about=about) if about else come


def in_words(choices: Sequence[Option], library: Library) -> Mrkdwn:
    """Say an answer: the label of its choice, or of its two in quotation marks."""
    if len(choices) == 1:
        return Mrkdwn(escape(choices[0].label))
    return fill(library.words.quiz.half, first=choices[0].label, second=choices[1].label)


def quoted(choices: Sequence[Option], library: Library) -> Mrkdwn:
    """Say an answer within a sentence, in quotation marks."""
    return fill(library.words.quiz.quote, choice=choices[0].label) if len(choices) == 1 else in_words(choices, library)


def since(run: Run, before: Run, date: Mrkdwn, library: Library) -> str | None:
    """Say what moved since an earlier run; None unless both are finished and about the same kind of work.

    Nothing tells whether two rounds about a role to fill are about the same one, so of these it is not said that
    anything moved. A question that has no answer in one of the two has not moved.
    """
    latest, earlier, words = run.recommendation, before.recommendation, library.words.result
    if latest is None or earlier is None or run.about != before.about:
        return None
    now, then = named(latest, library), named(earlier, library)
    same, other = words.previous_same, words.previous
    if run.about == ROLE:
        same, other = words.previous_role_same, words.previous_role
    lead = fill(same, date=date, now=now) if now == then else fill(other, date=date, before=then, now=now)
    moved = [
        question
        for question in run.numbered
        if question.id in run.answers.keys() & before.answers.keys()
        and set(run.answers[question.id]) != set(before.answers[question.id])
    ]
    told: list[str] = []
    if moved:
        told.append(fill(words.previous_moved, questions=question_names(run, moved, library)))
    elif run.about != ROLE:
        told.append(escape(words.previous_none))
    left_out = [question for question in run.ended_early if question.id in before.answers]
    not_asked = [fill(words.previous_not_asked, questions=question_names(run, left_out, library))] if left_out else []
    return " ".join([lead, *told, *not_asked])


def marked(run: Run, library: Library, columns: list[str], rows: Sequence[str] = ()) -> Table:
    """Cut the roles table down to these columns, under the roles' names, and mark the cells that the answers picked.

    rows: those to keep, in the table's order; none means all.
    """
    whole = library.tables[run.quiz.tables.roles]
    excerpt = whole.excerpt([row.id for row in whole.rows if row.id in rows], columns)
    picked = {
        (question.dimension, choice.cell)
        for question in run.quiz.questions
        for choice in run.picked(question)
        if choice.cell
    }
    word = library.words.result.picked

    def mark(row: Row) -> Row:
        cells = {
            column: word.format(cell=cell) if (row.id, column) in picked else cell for column, cell in row.cells.items()
        }
        return row.model_copy(update={"cells": cells})

    names = tuple(Column(id=role.column, label=heading(role)) for role in run.quiz.roles if role.column in columns)
    ordered = tuple(sorted(names, key=lambda column: columns.index(column.id)))
    return excerpt.model_copy(update={"columns": ordered, "rows": tuple(map(mark, excerpt.rows))})


def key_of_marks(run: Run, library: Library, rows: Sequence[str] = ()) -> Mrkdwn:
    """Say what the marks of `marked` are, and which answer has none; rows: those that are shown, none means all."""
    words = library.words.result
    between = [
        choice
        for question in run.quiz.questions
        if not rows or question.dimension in rows
        for choice in run.picked(question)
        if choice.cell is None
    ]
    if not between:
        return Mrkdwn(escape(words.picked_key))
    answers = in_a_row((fill(library.words.quiz.quote, choice=choice.label) for choice in between), library)
    missing = fill(words.picked_between if len(between) == 1 else words.picked_between_several, answers=answers)
    return Mrkdwn(f"{escape(words.picked_key)} {missing}")


def heading(role: Role) -> str:
    """Give the name of a role as it stands alone above a column or beside a bar: with a capital, as others have one."""
    return role.name[:1].upper() + role.name[1:]


def in_hundredths(shares: Mapping[str, float]) -> dict[str, int]:
    """Round shares, whose sum is 1, to whole hundredths whose sum is 100: what loses most by being cut gets one more.

    Of equal losses the earlier is first, so that equal shares may differ by one. Source: the largest remainder method.
    """
    # Shares are quotients of sums: a whole hundredth must not be missed by a rounding error.
    exact = {name: round(share * 100, 6) for name, share in shares.items()}
    rounded = {name: int(of) for name, of in exact.items()}
    for name in sorted(exact, key=lambda name: rounded[name] - exact[name])[: 100 - sum(rounded.values())]:
        rounded[name] += 1
    return rounded


def recommended(run: Run) -> Recommendation:
    """Give what a finished run recommends. Raises ValueError if the run is not finished."""
    if run.recommendation is None:
        raise ValueError("the run has questions without an answer")
    return run.recommendation


def roles_of(recommendation: Recommendation) -> list[Role]:
    """Give the role that is recommended, or both where it is too close to call."""
    is_close = recommendation.clearness is Clearness.CLOSE
    return [recommendation.role, recommendation.runner_up] if is_close else [recommendation.role]


def _first_screen(run: Run, recommendation: Recommendation, library: Library, texts: list[str]) -> Parts:
    words, shares = library.words.result, division(run, recommendation, library)
    caution = escape(getattr(words, f"caution_{run.purpose}"))
    if recommendation.clearness is Clearness.PICTURE:
        return [*sections(*texts, shares), context(caution)], [*texts, shares, caution]
    most = TELLING - (recommendation.clearness is not Clearness.CLEAR or bool(run.unanswered))
    columns = [recommendation.role.column, recommendation.runner_up.column]
    excerpt = marked(run, library, columns, telling(run, recommendation)[:most])
    caption = fill(words.table, title=excerpt.title, sources=library.cite([excerpt.source]))
    if any(words.picked.format(cell="") in cell for row in excerpt.rows for cell in row.cells.values()):
        caption = Mrkdwn(f"{caption} {key_of_marks(run, library, [row.id for row in excerpt.rows])}")
    blocks = [*sections(*texts), table(excerpt), context(caption), section(shares), context(caution)]
    return blocks, [*texts, *in_lines(excerpt), caption, shares, caution]


def telling(run: Run, recommendation: Recommendation) -> list[str]:
    """Name the rows of the table that explain it, best first.

    First are those of the answers that are named as having decided it, or as speaking for either role where it is too
    close to call, in turn. Then come those that speak for the runner-up, and those whose answers picked a cell of
    either column without speaking for one role rather than the other. Where no cell of either is picked, as the choice
    lies between columns or in that of a third role, there is less to see.
    """
    columns = {recommendation.role.column, recommendation.runner_up.column}

    def shows_nothing(question: Question) -> bool:
        return not any(choice.cell in columns for choice in run.picked(question))

    sides = [
        sorted((reason.question for reason in reasons), key=shows_nothing)
        for reasons in (recommendation.reasons, recommendation.against)
    ]
    if recommendation.clearness is Clearness.CLOSE:
        in_turn = [question for pair in zip_longest(*sides) for question in pair if question]
        first, then = sorted(in_turn, key=shows_nothing), list[Question]()
    else:
        first, then = sides
    picked = [question for question in run.quiz.questions if not shows_nothing(question)]
    return list(dict.fromkeys(question.dimension for question in (*first, *then, *picked)))


def headline(run: Run, recommendation: Recommendation, library: Library, sender: Mrkdwn | None = None) -> Mrkdwn:
    """Say what came out in a sentence or two; sender: whose work it is, for somebody else."""
    words = library.words.result
    whose = f"work_{run.about if run.about == PEOPLE else run.purpose}"
    work = fill(getattr(words, f"{whose}_shared"), sender=sender) if sender else escape(getattr(words, whose))
    slots = {"work": Mrkdwn(work), "role": with_article(recommendation.role.name), **how_far(run)}
    slots["runner_up"] = with_article(recommendation.runner_up.name)
    if recommendation.unsettled:
        slots["questions"] = question_names(run, recommendation.unsettled, library, shared=bool(sender))
    template: str = getattr(words, lead_name(run, recommendation))
    others = (fill(words.level, role=with_article(role.name)) for role in recommendation.level[1:])
    return Mrkdwn(" ".join([fill(template, **slots), *others]))


def lead_name(run: Run, recommendation: Recommendation) -> str:
    """Name the sentence that a result begins with.

    How far behind the runner-up is said to be follows from how many answers would flip it, so that this agrees with
    what is said of that below.
    """
    if recommendation.clearness is Clearness.PICTURE:
        return "picture_close" if recommendation.level else "picture"
    if recommendation.clearness is Clearness.CLOSE:
        return "close"
    if recommendation.tie_break:
        return "leaning_tie_break"
    if recommendation.unsettled:
        return "leaning_open"
    changes = len(run.flip.changes) if run.flip else fit.MOST_CHANGED + 1
    if recommendation.clearness is Clearness.CLEAR:
        return "clear" if changes > fit.MOST_CHANGED else "clear_next"
    return "leaning" if changes == 1 else "leaning_next"


def early_line(run: Run, recommendation: Recommendation, library: Library) -> Mrkdwn | None:
    """Say how many answers it rests on, unless it is all of them."""
    words = library.words.result
    if recommendation.answered == len(run.quiz.questions):
        return None
    if not run.ended_early or run.skipped & {question.id for question in run.quiz.questions}:
        return fill(words.rests, **how_far(run))
    return fill(words.early, questions=question_names(run, run.ended_early, library), **how_far(run))


def question_name(run: Run, question: Question | TieBreak, library: Library, *, shared: bool = False) -> Mrkdwn:
    """Name a question: by its number, or by what it asks to somebody who was not asked it."""
    words = library.words.result
    if not shared or isinstance(question, TieBreak):
        return fill(words.question, number=str(run.number(question)))
    return fill(words.question_shared, question=asked(question))


def asked(question: Question | TieBreak) -> str:
    """Give the sentence of a question that asks, as it is put to somebody else about whose work it is not."""
    text = worded(question, "text", OTHER)
    return next((sentence.strip() for sentence in _ASKING.findall(text)), text)


def question_names(
    run: Run, questions: Sequence[Question | TieBreak], library: Library, *, shared: bool = False
) -> Mrkdwn:
    """Name questions: "question 4", "questions 1, 2 and 4", or what they ask."""
    if shared or len(questions) == 1:
        return in_a_row((question_name(run, question, library, shared=shared) for question in questions), library)
    *first, last = (str(run.number(question)) for question in questions)
    numbers = fill(library.words.quiz.both, first=", ".join(first), second=last)
    return fill(library.words.result.questions, numbers=numbers)


def reasons(run: Run, recommendation: Recommendation, library: Library, *, sender: Mrkdwn | None = None) -> list[str]:
    """Say what decided it and what would flip it; or what speaks for either, where it is too close to call.

    sender: whose work it is, for somebody else.
    """
    words = library.words.result
    if recommendation.clearness is Clearness.PICTURE:
        return []
    if recommendation.clearness is Clearness.CLOSE:
        return _for_either(recommendation, library)
    last = [f"• {escape(recommendation.tie_break.side.short)}"] if recommendation.tie_break else []
    reasons = [f"*{escape(words.decided)}*", *last, *_bullets(recommendation.reasons, library)]
    return ["\n".join([*reasons, flip_line(run, library, sender)])]


def _for_either(recommendation: Recommendation, library: Library) -> list[str]:
    """Say what speaks for each of the two roles in front, also where that is nothing."""
    words, (reasons_for, against) = library.words.result, (recommendation.reasons, recommendation.against)
    names = [with_article(role.name) for role in (recommendation.role, recommendation.runner_up)]
    if not reasons_for and not against:
        return [fill(words.speaks_for_neither, role=names[0], other=names[1])]
    texts = []
    for role, other, reasons in zip(names, reversed(names), (reasons_for, against), strict=True):
        bullets = _bullets(reasons, library) or [f"• {fill(words.against_none, other=other)}"]
        texts.append("\n".join([f"*{fill(words.against, role=role)}*", *bullets]))
    return texts


def _bullets(reasons: Iterable[fit.Reason], library: Library) -> list[str]:
    return [f"• {short(reason, library)}" for reason in reasons]


def short(reason: fit.Reason, library: Library) -> str:
    """Say an answer in few words: its choice, what speaks for the role of half an answer, or both halves."""
    words, (first, *others) = library.words.quiz, reason.choices
    if others:
        return fill(words.half, first=first.short, second=others[0].short)
    return fill(words.half_alone, choice=first.short) if reason.is_half else escape(first.short)


def in_quotes(reason: fit.Reason, library: Library) -> Mrkdwn:
    """Say an answer in the words of its choice: what speaks for the role of half an answer, or both halves."""
    words, (first, *others) = library.words.quiz, reason.choices
    if others:
        return fill(words.half, first=first.label, second=others[0].label)
    return fill(words.half_alone if reason.is_half else words.quote, choice=first.label)


def flip_line(run: Run, library: Library, sender: Mrkdwn | None = None, *, brief: bool = False) -> str:
    """Say what would lead to another role, in the words of the choices; sender: whose work it is, for somebody else.

    brief: in few words, with the letters of the choices.
    """
    words = library.words.result
    flip = run.flip
    if flip is None:
        return escape(words.flip_none)

    def named_choice(question: Question | TieBreak, choice: Option) -> Mrkdwn:
        if not brief:
            return fill(library.words.quiz.quote, choice=choice.label)
        short = getattr(choice, "short", choice.label)
        return fill(words.flip_choice, letter=letter_of(question, choice), choice=short)

    def change(question: Question | TieBreak) -> Mrkdwn:
        answers = flip.answers_to(question)
        choices = either((named_choice(question, choice) for choice in answers), library)
        if isinstance(question, TieBreak):
            return fill(words.flip_tie_break, choices=choices)
        before = run.answers.get(question.id, ())  # of two by halves, one may be that answer
        word = words.flip_alone if len(answers) == 1 and answers[0].id in before else words.flip_change
        return fill(word, question=question_name(run, question, library, shared=bool(sender)), choices=choices)

    changes = in_a_row((change(question) for question, _ in flip.changes), library)
    slots = {"changes": changes, "role": with_article(flip.role.name)}
    if sender:
        return fill(words.flip_example_shared if flip.is_example else words.flip_shared, sender=sender, **slots)
    return fill(words.flip_example if flip.is_example else words.flip, **slots)


def division(run: Run, recommendation: Recommendation, library: Library, *, explained: bool = True) -> str:
    """Draw how the answers divide between the roles; explained: with a line on how they count."""
    percent = in_hundredths(recommendation.shares)
    width = max(len(role.name) for role in run.quiz.roles)
    bars = []
    for role in run.quiz.roles:
        full = round(recommendation.shares[role.id] * BAR)
        bars.append(f"{escape(heading(role)):<{width}}  {'█' * full}{'░' * (BAR - full)} {percent[role.id]:>3}%")
    words = library.words.result
    how = [escape(words.shares_how)] if explained else []
    return "\n".join([f"*{escape(words.shares)}*", "```", *bars, "```", *how])


def advice_on(role: Role, purpose: str, library: Library) -> str:
    """Say what the work of a role would be graded on."""
    lead = fill(library.words.graded.advice, role=with_article(role.name))
    return f"{lead}\n{escape(worded(role, 'summary', purpose))} {escape(worded(role, 'advice', purpose))}"


def titles(run: Run, library: Library) -> list[str]:
    """Say what the roles that are recommended are called."""
    skills = library.tables[run.quiz.tables.skills]
    return [
        fill(
            library.words.result.titles,
            role=with_article(role.name),
            called=role.called,
            titles=in_a_row((escape(skills.column(title).label) for title in role.titles), library),
        )
        for role in roles_of(recommended(run))
    ]


def _skills(run: Run, library: Library) -> list[str]:
    """Say how all titles share the skills that are core to the role's: signs only, with their key, without notes."""
    words, skills = library.words.result, library.tables[run.quiz.tables.skills]
    key = fill(words.skills_key, key=(skills.key or CORE).split(". ")[0])
    texts = []
    for role in roles_of(recommended(run)):
        lines: list[str] = [fill(words.skills, role=with_article(role.name)), key]
        for row in skills.rows:
            if any(row.cells[title].startswith(CORE) for title in role.titles):
                cells = ", ".join(f"{column.label} {row.cells[column.id].split(' ')[0]}" for column in skills.columns)
                lines.append("• " + fill(words.skill, skill=row.label, titles=cells))
        texts += packed(lines)
    return texts


def _tracks(run: Run, library: Library) -> list[str]:
    """Say what the documents say of separate tracks and one title for the kind of work, with the risk of either."""
    words, regimes = library.words.result, library.tables[run.quiz.tables.regimes]
    texts = []
    for row in dict.fromkeys(role.regime for role in roles_of(recommended(run))):
        work = regimes.row(row)
        lines: list[str] = [fill(words.tracks, work=work.label)]
        for column in regimes.columns:
            option = fill(words.track, regime=column.label, text=work.cells[column.id])
            if risk := run.quiz.risks.get(column.id):
                option = fill(words.track_risk, option=option, risk=risk)
            lines.append(f"• {option}")
        texts += packed(lines)
    return texts


def _whole_table(run: Run, library: Library) -> list[str]:
    """Say all columns of the roles table in lines, grouped by row: four columns are too many for a phone."""
    words = library.words.result
    excerpt = marked(run, library, [role.column for role in run.quiz.roles])
    lines: list[str] = []
    for row in excerpt.rows:
        lines.append(fill(words.row, label=row.label))
        lines += ["• " + fill(words.cell, column=column.label, cell=row.cells[column.id]) for column in excerpt.columns]
    return packed(lines)
