"""What is said of the gap list: to editors, and to people whose question has an answer by now."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import slackblocks as kit

from bot.domain.content import Entry
from bot.domain.gaps import Gap, Proposal, QuestionKind, readable
from bot.domain.report import Report
from bot.knowledge import Library
from bot.knowledge.slack_limits import MAX_SECTION_TEXT
from bot.slack import blocks
from bot.slack.gaps_controls import draft_button, news_button
from bot.slack.pieces import Message, context, joined, message, plain, section, sections
from bot.slack.text import Mrkdwn, escape, fill, linked, written_out

MOST = 5  # gaps, proposals or entries in one list
MAX_FALLBACK = 4000  # characters that Slack advises for `text`
FENCE = "```"

Disputes = Mapping[tuple[str, str], Collection[str]]  # by the channel and the ts of a question, people
Line = tuple[str, kit.Element | None]  # Slack's markup, and what stands beside it


def editors_section(
    report: Report, library: Library, disputes: Disputes, drafts: Mapping[str, str | None]
) -> list[kit.Block]:
    """Show editors, on the Home tab, what to write next: each gap has a button that drafts an entry for it.

    disputes: who says of which answers that they did not help. drafts: for which gaps, by id,
    one was drafted lately, with the address of the message; None where Slack gives none.
    """
    words = library.words.gaps
    lists = [*_lists(report, library, disputes, drafts)]
    shown: list[kit.Block] = []
    for text, beside in lists or [(escape(words.nothing), None)]:
        shown += [section(text, beside)] if beside else sections(text)
    return [kit.DividerBlock(), kit.HeaderBlock(words.editors), *shown]


def digest(report: Report, library: Library, disputes: Disputes) -> Message | None:
    """Tell editors what to write next; None if there is nothing. disputes: as for `editors_section`."""
    lines = [text for text, _ in _lists(report, library, disputes)]
    if not lines:
        return None
    lines = [escape(library.words.gaps.digest), *lines]
    return message(sections(*lines), lines)


def _lists(
    report: Report, library: Library, disputes: Disputes, drafts: Mapping[str, str | None] | None = None
) -> Iterator[Line]:
    """Give the lists, with buttons if it is known what was drafted."""
    words = library.words.gaps
    if report.gaps:
        yield escape(words.gaps), None
        for number, gap in enumerate(report.gaps[:MOST], 1):
            line = _gap(gap, library, disputes)
            if drafts is not None and gap.id in drafts:
                messages = linked(drafts[gap.id], library.words.home.messages)
                line = Mrkdwn(f"{line}\n{fill(words.draft_sent, link=messages)}")
            yield line, draft_button(words.draft, number, gap.id) if drafts is not None else None
        yield from _more(len(report.gaps), library)
    if report.proposals:
        proposals = "\n".join(_proposal(proposal, library) for proposal in report.proposals[:MOST])
        yield f"{escape(words.proposals)}\n{proposals}", None
        yield from _more(len(report.proposals), library)
    if report.due:
        yield f"{escape(words.due)}\n" + "\n".join(_due(entry, library) for entry in report.due[:MOST]), None
        yield from _more(len(report.due), library)


def _gap(gap: Gap, library: Library, disputes: Disputes) -> Mrkdwn:
    """Name the questions of a gap; of those whose answer did not help, name the entry that should be mended."""
    words = library.words.gaps
    answered = [question for question in gap.questions if question.kind is QuestionKind.NOT_HELPFUL]
    entry = library.entry(answered[0].entry) if answered and answered[0].entry else None
    if entry and not gap.example:
        of_votes = fill(words.gap_of_votes, question=entry.question)
        return fill(words.gap, asked=of_votes, people=_people(gap.people, library))
    line = fill(words.gap, asked=readable(gap.example), people=_people(gap.people, library))
    if entry is None:
        return line
    about = [question for question in answered if question.entry == answered[0].entry]
    # Votes outlive the replies that say what they are about; but one there is, or the question would not be kept.
    voters = frozenset[str]().union(*(disputes.get((q.channel or "", q.ts or ""), ()) for q in about))
    disputed = {"question": entry.question, "people": _people(max(1, len(voters)), library)}
    return Mrkdwn(f"{line}\n{fill(words.gap_disputed, **disputed)}")


def _proposal(proposal: Proposal, library: Library) -> str:
    entry, wording = library.entries[proposal.entry], readable(proposal.text)
    people = _people(proposal.people, library)
    return "• " + fill(library.words.gaps.proposal, asked=wording, question=entry.question, people=people)


def _due(entry: Entry, library: Library) -> str:
    words = library.words.gaps
    return "• " + fill(words.due_entry, question=entry.question, owner=entry.owner, date=written_out(entry.checked))


def _more(count: int, library: Library) -> Iterator[Line]:
    if count > MOST:
        yield fill(library.words.gaps.more, count=str(count - MOST)), None


def _people(count: int, library: Library) -> str:
    words = library.words.gaps
    return words.one_person if count == 1 else words.people.format(count=count)


def draft(text: str, library: Library) -> Message:
    """Give an editor the draft of an entry, as it is to be pasted."""
    lead = escape(library.words.gaps.drafted)
    # A fence in what people wrote would end ours.
    parts = [f"{FENCE}\n{part}\n{FENCE}" for part in _parts(escape(text.replace(FENCE, "'''")).splitlines())]
    return message([section(lead), *map(section, parts)], ["\n".join([lead, *parts])[:MAX_FALLBACK]])


def _parts(lines: Sequence[str]) -> Iterator[str]:
    """Put lines together to as few sections as Slack takes."""
    part: list[str] = []
    for line in lines:
        if part and len("\n".join([*part, line])) > MAX_SECTION_TEXT - 2 * len(FENCE) - 2:
            yield "\n".join(part)
            part = []
        part.append(line)
    yield "\n".join(part)


def draft_gone(library: Library) -> Message:
    """Say that a gap is not on the list any more."""
    return blocks.say(library.words.gaps.gone)


def news(question: str, entries: Sequence[Entry], library: Library) -> Message:
    """Tell somebody that there is an answer to what they asked by now, with a way to have no more of this."""
    words = library.words.gaps
    lead, answer = plain(fill(words.news, asked=readable(question))), blocks.answers(entries, library)
    button = message([kit.ActionsBlock([news_button(words.news_off, wanted=False)])], [])
    return joined(lead, answer, button)


def news_chosen(library: Library, *, wanted: bool) -> Message:
    """Confirm that somebody wants news of what they asked, or no more, with a way to take that back."""
    words = library.words.gaps
    if wanted:
        return blocks.say(words.news_again)
    stopped = escape(words.news_stopped)
    return message([section(stopped), kit.ActionsBlock([news_button(words.news_on, wanted=True)])], [stopped])


def corrected(answer: Message, at: float, library: Library) -> Message:
    """Say under an answer when it was corrected; `at`: seconds since 1970."""
    day = written_out(datetime.fromtimestamp(at, UTC).date())
    line = fill(library.words.gaps.corrected, date=day)
    return joined(answer, message([context(line)], [line]))
