"""A recommendation -> what it says: words first, then numbers, reasons, the documents' tables, and what it is not."""

from collections.abc import Iterable, Mapping
from functools import reduce

import slackblocks as kit

from bot.domain import fit
from bot.domain.content import Choice, Question, Role, Row, Table, TieBreak
from bot.domain.fit import Clearness, Recommendation
from bot.domain.quiz import Run
from bot.knowledge import Library
from bot.slack.pieces import Message, context, in_lines, message, section, table
from bot.slack.text import Mrkdwn, escape, fill

BAR = 20  # characters; a bar of this length still fits a phone
LINE = 21
CORE = "✓✓"  # in the skills table: the core focus of a title

Parts = tuple[list[kit.Block], list[str]]  # blocks, and the lines of the text that says the same


def recommendation(run: Run, library: Library, lead: Iterable[str] = ()) -> Parts:
    """Render the recommendation of a finished run; `lead` are paragraphs that follow its headline.

    Raises ValueError if the run is not finished.
    """
    found = run.recommendation
    if found is None:
        raise ValueError("the run has questions without an answer")
    words, close = library.words.result, found.clearness is Clearness.CLOSE
    headline = fill(getattr(words, found.clearness), role=found.role.name, runner_up=found.runner_up.name)
    roles = [found.role, found.runner_up] if close else [found.role]
    texts = [headline, *lead, *(_advice(role, named=close) for role in roles)]
    shares, chart = _shares(run, found, library)
    decided = escape(words.decided) if not close else fill(words.against, role=found.role.name)
    against = fill(words.against, role=found.runner_up.name)
    reasons = [
        _reasons(lead, each, library) for lead, each in ((decided, found.reasons), (against, found.against)) if each
    ]
    reasons += [] if close else [_flip(run, library)]
    excerpt = marked(run, library, [found.role.column, found.runner_up.column])
    caption = _caption(excerpt, library)
    after = [*(_titles(run, role, library) for role in roles), *_regimes(run, roles, library)]
    caution = escape(words.caution)
    parts: list[kit.Block] = [
        *map(section, [*texts, shares]),
        chart,
        *map(section, reasons),
        context(caption),
        table(excerpt),
        *map(section, after),
        context(caution),
    ]
    return parts, [*texts, shares, *reasons, caption, *in_lines(excerpt), *after, caution]


def so_far(run: Run, library: Library) -> Message:
    """Show the picture from the answers so far, marked as such. Raises ValueError if there is none."""
    found = run.so_far
    if found is None:
        raise ValueError("the run has no answers")
    lead = fill(library.words.result.so_far, **how_far(run))
    shares, chart = _shares(run, found, library)
    return message([section(lead), section(shares), chart], [lead, shares])


def how_far(run: Run) -> dict[str, str]:
    """Give the numbers of "3 of 5 answered"; the tie-break is not one of the five."""
    done = sum(question.id in run.answers for question in run.quiz.questions)
    return {"done": str(done), "count": str(len(run.quiz.questions))}


def in_a_row(texts: Iterable[str], library: Library) -> Mrkdwn:
    """Say several things, already in Slack's markup, as "a and b and c". TypeError if there are none."""
    return reduce(
        lambda first, second: fill(library.words.quiz.both, first=Mrkdwn(first), second=Mrkdwn(second)),
        map(Mrkdwn, texts),
    )


def whole_table(run: Run, library: Library) -> Message:
    """Show all columns of the roles table, with what the answers picked."""
    excerpt = marked(run, library, [role.column for role in run.quiz.roles])
    caption = _caption(excerpt, library)
    return message([context(caption), table(excerpt)], [caption, *in_lines(excerpt)])


def shared(run: Run, sender: Mrkdwn, library: Library) -> Message:
    """Render what the recipient gets; the preview shows this very message."""
    intro = fill(library.words.share.intro, sender=sender)
    parts, said = recommendation(run, library)
    return message([section(intro), kit.DividerBlock(), *parts], [intro, *said])


def named(found: Recommendation, library: Library) -> Mrkdwn:
    """Name a recommendation in a few words, such as "AI engineer (leaning)"."""
    words = library.words.quiz
    role = found.role.name
    if found.clearness is Clearness.CLOSE:
        role = f"{role} / {found.runner_up.name}"
    return fill(words.named, role=role, clearness=getattr(words, found.clearness))


def in_words(choices: tuple[Choice, ...], library: Library) -> Mrkdwn:
    """Say an answer: the label of its choice, or of its two."""
    if len(choices) == 1:
        return Mrkdwn(escape(choices[0].label))
    return fill(library.words.quiz.half, first=choices[0].label, second=choices[1].label)


def since(run: Run, before: Run, date: Mrkdwn, library: Library) -> str | None:
    """Say what moved since an earlier run; None unless both are finished."""
    found, earlier, words = run.recommendation, before.recommendation, library.words.result
    if found is None or earlier is None:
        return None
    now, then = named(found, library), named(earlier, library)
    lead = fill(words.previous_same, date=date, now=now)
    if now != then:
        lead = fill(words.previous, date=date, before=then, now=now)
    known = {question.id for question in before.quiz.all_questions}
    moved = [
        "• "
        + fill(
            words.previous_moved,
            number=str(run.number(question)),
            before=in_words(was, library),
            now=in_words(is_, library),
        )
        for question in run.quiz.all_questions
        if question.id in known
        and (is_ := run.chosen(question.id))
        and (was := before.chosen(question.id))
        and {each.id for each in is_} != {each.id for each in was}
    ]
    return "\n".join([lead, *(moved or [escape(words.previous_none)])])


def marked(run: Run, library: Library, columns: list[str]) -> Table:
    """Cut the roles table down to these columns, with the cells marked that the answers picked.

    An answer picks the column of the role it gives most weight, in the row its question asks about.
    """
    excerpt = library.tables[run.quiz.tables.roles].excerpt(columns=columns)
    picked = {
        (question.dimension, role.column)
        for question in run.quiz.questions
        for choice in run.chosen(question.id)
        if (role := _spoken_for(choice, run)) is not None
    }
    word = library.words.result.picked

    def mark(row: Row) -> Row:
        cells = {
            column: word.format(cell=cell) if (row.id, column) in picked else cell for column, cell in row.cells.items()
        }
        return row.model_copy(update={"cells": cells})

    return excerpt.model_copy(update={"rows": tuple(map(mark, excerpt.rows))})


def _spoken_for(choice: Choice, run: Run) -> Role | None:
    first, second = sorted(run.quiz.roles, key=lambda role: -choice.weights.get(role.id, 0))[:2]
    return first if choice.weights.get(first.id, 0) > choice.weights.get(second.id, 0) else None


def _caption(excerpt: Table, library: Library) -> str:
    words = library.words.result
    caption = fill(words.table, title=excerpt.title, sources=library.cite([excerpt.source]))
    return f"{caption} {escape(words.picked_key)}"


def _advice(role: Role, *, named: bool) -> str:
    lead = f"*{escape(role.name)}*\n" if named else ""
    return lead + escape(f"{role.summary} {role.advice}")


def _shares(run: Run, found: Recommendation, library: Library) -> tuple[str, kit.Block]:
    words = library.words.result
    percent = in_hundredths(found.shares)
    width = max(len(role.name) for role in run.quiz.roles)
    bars = []
    for role in run.quiz.roles:
        full = round(found.shares[role.id] * BAR)
        bars.append(f"{escape(role.name):<{width}}  {'█' * full}{'░' * (BAR - full)} {percent[role.id]:>3}%")
    first, last = escape(run.quiz.roles[0].name), escape(run.quiz.roles[-1].name)
    at = round(found.position * (LINE - 1))
    line = f"{first} {'─' * at}●{'─' * (LINE - 1 - at)} {last}"
    text = "\n".join([f"*{escape(words.shares)}*", "```", *bars, "```", f"*{escape(words.line)}*", "```", line, "```"])
    labels = [_short(role.name) for role in run.quiz.roles]
    chart = kit.BarChart(
        [
            kit.DataSeries(
                "%", [kit.DataPoint(name, value) for name, value in zip(labels, percent.values(), strict=True)]
            )
        ],
        kit.AxisConfig(labels),
    )
    return text, kit.DataVisualizationBlock(words.chart, chart)


def in_hundredths(shares: Mapping[str, float]) -> dict[str, int]:
    """Round shares, which sum to 1, to whole hundredths that sum to 100.

    Source: the largest remainder method, en.wikipedia.org/wiki/Quota_method.
    """
    whole = {name: int(share * 100) for name, share in shares.items()}
    by_remainder = sorted(shares, key=lambda name: whole[name] - shares[name] * 100)
    for name in by_remainder[: 100 - sum(whole.values())]:
        whole[name] += 1
    return whole


def _short(name: str) -> str:
    return name if len(name) <= 20 else name[:19] + "…"


def _reasons(lead: str, reasons: Iterable[fit.Reason], library: Library) -> str:
    return "\n".join([f"*{lead}*", *(_reason(each, library) for each in reasons)])


def _reason(reason: fit.Reason, library: Library) -> str:
    choice = in_words(reason.choices, library)
    return "• " + fill(library.words.result.decided_by, question=reason.question.text, choice=choice)


def _flip(run: Run, library: Library) -> str:
    words = library.words.result
    found = fit.flip(run.quiz, run.answers, early=bool(run.ended_early))
    if found is None:
        return escape(words.flip_none)

    def change(question: Question | TieBreak, choice: Choice) -> str:
        if isinstance(question, TieBreak):
            return fill(words.flip_tie_break, choice=choice.label)
        return fill(words.flip_change, number=str(run.number(question)), choice=choice.label)

    changes = in_a_row((change(*each) for each in found.changes), library)
    return fill(words.flip, changes=changes, role=found.role.name)


def _titles(run: Run, role: Role, library: Library) -> str:
    """Name the titles nearest to a role, and say how all titles share the skills that are core to these.

    A message holds one table, and this is the second, so its excerpt is said in lines: signs only, without their notes.
    """
    words, skills = library.words.result, library.tables[run.quiz.tables.skills]
    named = in_a_row((escape(skills.column(title).label) for title in role.titles), library)
    lines: list[str] = [fill(words.titles, role=role.name, called=role.called, titles=named)]
    core = [row for row in skills.rows if any(row.cells[title].startswith(CORE) for title in role.titles)]
    if core:
        key, sources = (skills.key or CORE).split(". ")[0], library.cite([skills.source])
        lines.append(fill(words.skills, key=key, sources=sources))
    for row in core:
        shared = ", ".join(f"{column.label} {row.cells[column.id].split(' ')[0]}" for column in skills.columns)
        lines.append("• " + fill(words.skill, skill=row.label, titles=shared))
    return "\n".join(lines)


def _regimes(run: Run, roles: list[Role], library: Library) -> list[str]:
    """Say what the documents say of separate tracks and one title for the kind of work, with the risk of either."""
    words, regimes = library.words.result, library.tables[run.quiz.tables.regimes]
    said = []
    for row in dict.fromkeys(role.regime for role in roles):
        work = regimes.row(row)
        lines: list[str] = [fill(words.regime, work=work.label)]
        for column in regimes.columns:
            option = fill(words.regime_option, regime=column.label, text=work.cells[column.id])
            if risk := run.quiz.risks.get(column.id):
                option = fill(words.regime_risk, option=option, risk=risk)
            lines.append(f"• {option}")
        said.append("\n".join(lines))
    return said
