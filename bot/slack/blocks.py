"""Domain values -> Block Kit and the text that says the same. Same input, same output; nothing is sent here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import slackblocks as kit

from bot.domain import fit
from bot.domain.content import MAX_BUTTON_TEXT, Choice, Entry, Question, Table, TieBreak
from bot.domain.quiz import LETTERS, Run
from bot.knowledge import Library
from bot.slack.text import Mrkdwn, escape, fill

# What a click is called; the value of a button says the rest.
SHOW_ENTRY = "faq_show"
CHOOSE = "quiz_choose"
BEGIN = "quiz_begin"
SHARE = "share_begin"
SHARE_WITH = "share_with"
SHARE_SEND = "share_send"
SHARE_CANCEL = "share_cancel"

BAR = 20  # characters; a bar of this length still fits a phone
CORE = "✓✓"  # in the skills table: the core focus of a title
DASH = "–"  # Slack refuses a table cell without text


@dataclass(frozen=True)
class Message:
    """What `chat.postMessage` and `chat.update` take: blocks, and a text for notifications and screen readers."""

    text: str
    blocks: tuple[dict[str, Any], ...]


# The FAQ


def answers(entries: Sequence[Entry], library: Library) -> Message:
    """Render the answer of an entry, or of two that were asked at once, with table excerpt and sources.

    A message holds one table, so a second excerpt is said in lines. Each of two answers stands under its question.
    """
    parts: list[kit.Block] = []
    said: list[str] = []
    tables = 0
    for entry in entries:
        lead = f"*{escape(entry.question)}*\n" if len(entries) > 1 else ""
        parts.append(_section(lead + escape(entry.answer)))
        said.append(lead + escape(entry.answer))
        if excerpt := library.excerpt(entry):
            title, lines = fill(library.words.faq.table, title=excerpt.title), _lines(excerpt)
            parts += [_context(title), _section("\n".join(lines)) if tables else _table(excerpt)]
            said += [title, *lines]
            tables += 1
        source = fill(library.words.faq.source, sources=library.cite(entry.sources))
        parts.append(_context(source))
        said.append(source)
    return _message(parts, said)


def suggestions(entries: Sequence[Entry], library: Library) -> Message:
    """Offer up to three entries as buttons; the value of each is the entry's id."""
    questions = [(entry.id, entry.question) for entry in entries]
    asked = Mrkdwn("\n".join(f"{number}. {escape(text)}" for number, (_, text) in enumerate(questions, 1)))
    buttons: list[kit.Element] = [
        kit.Button(_button(text), action_id=f"{SHOW_ENTRY}:{entry}", value=entry) for entry, text in questions
    ]
    lead = escape(library.words.faq.suggest)
    long = any(len(text) > MAX_BUTTON_TEXT for _, text in questions)
    parts = [_section(lead), *([_section(asked)] if long else []), kit.ActionsBlock(buttons)]
    return _message(parts, [lead, asked])


def suggestion_taken(entry: Entry, library: Library) -> Message:
    """Say which suggestion was taken, in place of the buttons."""
    return _plain(fill(library.words.faq.suggest_shown, question=entry.question))


def unknown(library: Library) -> Message:
    """Say that there is no answer, and what there is."""
    return _plain(fill(library.words.faq.unknown, examples=_examples(library)))


def hello(library: Library) -> Message:
    """Greet somebody who wrote nothing but the bot's name."""
    return _plain(fill(library.words.faq.hello, examples=_examples(library)))


# The quiz


def root(library: Library, run: Run) -> Message:
    """Open a run: the message whose thread holds it."""
    return _plain(fill(library.words.quiz.root, count=str(len(run.quiz.questions))))


def note(library: Library, link: str) -> Message:
    """Tell somebody who typed the command in a channel where the questions are."""
    label = escape(library.words.quiz.note_link)
    return _plain(fill(library.words.quiz.note, link=Mrkdwn(f"<{escape(link)}|{label}>")))


def usage(library: Library, argument: str = "") -> Message:
    """Explain the command; `argument` is what was not understood."""
    lead = [fill(library.words.quiz.unknown_argument, argument=argument)] if argument else []
    lines = [*lead, escape(library.words.quiz.usage)]
    return _message([_section("\n\n".join(lines))], lines)


def question(run: Run, asked: Question | TieBreak, run_id: str, library: Library) -> Message:
    """Ask a question with a button for each choice; the value of each names run, question and choice."""
    heading = _heading(run, asked, library)
    parts: list[kit.Block] = [
        _context(heading),
        _section(f"*{escape(asked.text)}*"),
        kit.ActionsBlock(
            [
                kit.Button(
                    _button(f"{number}. {choice.label}"),
                    action_id=f"{CHOOSE}:{choice.id}",
                    value=f"{run_id} {asked.id} {choice.id}",
                )
                for number, choice in enumerate(asked.choices, 1)
            ]
        ),
        _context(escape(library.words.quiz.how_to_answer)),
    ]
    how = escape(library.words.quiz.how_to_answer)
    return _message(parts, [heading, f"*{escape(asked.text)}*", *_options(asked), how])


def question_answered(run: Run, asked: Question | TieBreak, choice: Choice, library: Library) -> Message:
    """Show a question with the answer it got, and no buttons."""
    heading = _heading(run, asked, library)
    chosen = fill(library.words.quiz.chosen, choice=choice.label)
    parts = [_context(heading), _section(f"*{escape(asked.text)}*\n{chosen}")]
    return _message(parts, [heading, f"*{escape(asked.text)}*", chosen])


def unclear(asked: Question | TieBreak, library: Library) -> Message:
    """Ask again, in short, for an answer that was not understood."""
    options = ", ".join(f"{number} ({choice.label})" for number, choice in enumerate(asked.choices, 1))
    return _plain(fill(library.words.quiz.unclear, options=options))


def already_answered(choice: Choice | None, library: Library) -> Message:
    """Tell the truth about a click on a question that is not open any more."""
    if choice is None:
        return _plain(escape(library.words.quiz.moved_on))
    return _plain(fill(library.words.quiz.already_answered, choice=choice.label))


def say(text: str) -> Message:
    """Say one of the plain sentences of words.yaml."""
    return _plain(escape(text))


def told(text: Mrkdwn) -> Message:
    """Say a sentence of words.yaml that is filled already."""
    return _plain(text)


# The recommendation


def result(run: Run, run_id: str, library: Library) -> Message:
    """Render a recommendation, with buttons to take the quiz again and to share."""
    words = library.words.result
    buttons = kit.ActionsBlock(
        [
            kit.Button(words.share, action_id=SHARE, value=run_id, style="primary"),
            kit.Button(words.again, action_id=BEGIN, value=run_id),
        ]
    )
    parts, said = _recommendation(run, library)
    return _message([*parts, buttons], said)


def _recommendation(run: Run, library: Library) -> tuple[list[kit.Block], list[str]]:
    found = run.recommendation
    if found is None:
        raise ValueError("the run has questions without an answer")
    words = library.words.result
    headline = fill(getattr(words, found.clearness), role=found.role.name, runner_up=found.runner_up.name)
    advice = escape(" ".join([found.role.summary, found.role.advice]))
    bars = f"*{escape(words.shares)}*\n```\n{_bars(run, found)}\n```"
    decided = "\n".join(
        [
            f"*{escape(words.decided)}*",
            *(
                "• " + fill(words.decided_by, question=reason.question.text, choice=reason.choice.label)
                for reason in found.reasons
            ),
        ]
    )
    table = library.tables[run.quiz.tables.roles].excerpt(columns=[found.role.column, found.runner_up.column])
    caption = fill(words.table, title=table.title, sources=library.cite([table.source]))
    titles = _titles(run, found, library)
    regimes = _regimes(run, found, library)
    caution = escape(words.caution)
    parts: list[kit.Block] = [
        _section(headline),
        _section(advice),
        _section(bars),
        *([_section(decided)] if found.reasons else []),
        _context(caption),
        _table(table),
        _section(titles),
        *(_section(regime) for regime in regimes),
        _context(caution),
    ]
    said = [headline, advice, bars, *([decided] if found.reasons else []), caption, *_lines(table)]
    return parts, [*said, titles, *regimes, caution]


def _bars(run: Run, found: fit.Recommendation) -> str:
    width = max(len(role.name) for role in run.quiz.roles)
    lines = []
    for role in run.quiz.roles:
        share = found.shares[role.id]
        full = round(share * BAR)
        lines.append(f"{escape(role.name):<{width}}  {'█' * full}{'░' * (BAR - full)} {share:>4.0%}")
    return "\n".join(lines)


def _titles(run: Run, found: fit.Recommendation, library: Library) -> str:
    words, skills = library.words.result, library.tables[run.quiz.tables.skills]
    labels = [skills.column(title).label for title in found.role.titles]
    lines: list[str] = [fill(words.titles, role=found.role.name, called=found.role.called, titles=" and ".join(labels))]
    for title, label in zip(found.role.titles, labels, strict=True):
        core = [row.label for row in skills.rows if CORE in row.cells[title]]
        lines.append("• " + fill(words.skills, title=label, skills="; ".join(core) or DASH))
    return "\n".join(lines)


def _regimes(run: Run, found: fit.Recommendation, library: Library) -> list[str]:
    """Say what the documents say of the kind of work; of both kinds when the roles are too close to call."""
    words, table = library.words.result, library.tables[run.quiz.tables.regimes]
    roles = [found.role] + ([found.runner_up] if found.clearness is fit.Clearness.CLOSE else [])
    said = []
    for row in dict.fromkeys(role.regime for role in roles):
        work = table.row(row)
        lines: list[str] = [fill(words.regime, work=work.label)]
        lines += [
            "• " + fill(words.regime_option, regime=column.label, text=work.cells[column.id])
            for column in table.columns
        ]
        said.append("\n".join(lines))
    return said


# Sharing


def pick_recipient(run_id: str, library: Library, refused: str = "") -> Message:
    """Ask who should get a copy; `refused` says why the last pick cannot."""
    words = library.words.share
    lead = f"{refused}\n\n{escape(words.pick)}" if refused else escape(words.pick)
    picker = kit.UserSelectMenu(action_id=SHARE_WITH, placeholder=words.placeholder)
    return _message([_section(lead), kit.ActionsBlock([picker], block_id=f"share:{run_id}")], [lead])


def shared(run: Run, sender: Mrkdwn, library: Library) -> Message:
    """Render what the recipient gets; the preview shows this very message."""
    intro = fill(library.words.share.intro, sender=sender)
    parts, said = _recommendation(run, library)
    return _message([_section(intro), kit.DividerBlock(), *parts], [intro, *said])


def preview_intro(recipient: Mrkdwn, library: Library) -> Message:
    """Lead the preview in."""
    return _plain(fill(library.words.share.preview, to=recipient))


def confirm(share_id: str, recipient: Mrkdwn, library: Library) -> Message:
    """Ask whether to send what the preview shows."""
    words = library.words.share
    lead = fill(words.preview_end, to=recipient)
    buttons = kit.ActionsBlock(
        [
            kit.Button(words.send, action_id=SHARE_SEND, value=share_id, style="primary"),
            kit.Button(words.cancel, action_id=SHARE_CANCEL, value=share_id),
        ]
    )
    return _message([_section(lead), buttons], [lead])


# The Home tab


def home(library: Library) -> dict[str, Any]:
    """Render the Home tab: what the bot does and where to begin."""
    words = library.words.home
    view = kit.HomeTabView(
        [
            kit.HeaderBlock(words.title),
            _section(escape(words.about)),
            _section(escape(words.quiz)),
            kit.ActionsBlock([kit.Button(words.quiz_button, action_id=BEGIN, value="home", style="primary")]),
            kit.DividerBlock(),
            _section(f"{escape(words.topics)}\n{_examples(library)}"),
            _context(escape(words.privacy)),
        ]
    ).to_dict()
    return {**view, "blocks": [_without_generated_id(block) for block in view["blocks"]]}


# Pieces


def _message(parts: Iterable[kit.Block], said: Iterable[str]) -> Message:
    # slackblocks checks the limits of a whole message when it makes one; the channel is not part of what we render.
    made = kit.WebhookMessage(blocks=list(parts)).to_dict()
    return Message("\n".join(said), tuple(_without_generated_id(block) for block in made["blocks"]))


def _without_generated_id(block: dict[str, Any]) -> dict[str, Any]:
    """Drop the random block ids that slackblocks makes: ours hold a colon, and Slack needs no others."""
    return {key: value for key, value in block.items() if key != "block_id" or ":" in value}


def _plain(text: str) -> Message:
    return _message([_section(text)], [text])


def _section(text: str) -> kit.SectionBlock:
    return kit.SectionBlock(kit.Markdown(text))


def _context(text: str) -> kit.ContextBlock:
    return kit.ContextBlock([kit.Markdown(text)])


def _table(excerpt: Table) -> kit.TableBlock:
    """Render a table, header row first; all columns wrap, because cells hold sentences."""
    rows = [[excerpt.corner, *(column.label for column in excerpt.columns)]]
    rows += [[row.label, *(row.cells[column.id] for column in excerpt.columns)] for row in excerpt.rows]
    cells: list[list[Any]] = [[kit.RawText(text or DASH) for text in row] for row in rows]
    return kit.TableBlock(cells, column_settings=[kit.ColumnSettings(is_wrapped=True) for _ in rows[0]])


def _lines(excerpt: Table) -> list[str]:
    """Say a table in lines, one for each row."""
    return [
        escape(f"{row.label}: " + "; ".join(f"{column.label}: {row.cells[column.id]}" for column in excerpt.columns))
        for row in excerpt.rows
    ]


def _button(text: str) -> str:
    return text if len(text) <= MAX_BUTTON_TEXT else text[: MAX_BUTTON_TEXT - 1].rstrip() + "…"


def _heading(run: Run, asked: Question | TieBreak, library: Library) -> str:
    if isinstance(asked, TieBreak):
        return escape(library.words.quiz.tie_break)
    count = str(len(run.quiz.questions))
    return fill(library.words.quiz.progress, number=str(run.number(asked)), count=count)


def _options(asked: Question | TieBreak) -> list[str]:
    return [
        f"{number} or {LETTERS[number - 1]}: {escape(choice.label)}" for number, choice in enumerate(asked.choices, 1)
    ]


def _examples(library: Library) -> Mrkdwn:
    first = [escape(entry.question) for entry in library.entries.values()][:3]
    return Mrkdwn("".join(f"\n• {question}" for question in first) + "\n")
