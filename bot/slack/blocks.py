"""Domain values -> Block Kit and the text that says the same. Same input, same output; nothing is sent here."""

from collections.abc import Callable, Sequence

import slackblocks as kit

from bot.domain.authored import Citation
from bot.domain.content import Entry
from bot.domain.language import Language
from bot.knowledge import Library
from bot.knowledge.slack_limits import MAX_BUTTON_TEXT
from bot.slack.answer_controls import entry_button
from bot.slack.pieces import Message, context, in_lines, joined, message, packed, plain, section, table
from bot.slack.quiz_controls import BeginFrom, begin_button
from bot.slack.text import Mrkdwn, escape, fill, linked, mention

WIDEST = 2  # columns of a table beside its labels; more are cut off in a thread and on a phone
# Characters of a note on sources from which on it is shortened, as three lines beside a thread have, and of a heading
# that are given there.
LONG_NOTE, LONG_HEADING = 170, 40
REPEATED = 100  # characters of what somebody has typed that are repeated to them


# The FAQ


def answers(entries: Sequence[Entry], library: Library, *, in_round: bool = False) -> Message:
    """Render the answer of an entry, or of two that were asked at once, with table excerpt and sources.

    in_round: in the thread of a round of the quiz, to which nobody has to be sent there.
    """
    if in_round:
        entries = [entry.model_copy(update={"answer": entry.in_quiz or entry.answer}) for entry in entries]

    def source(entry: Entry) -> Mrkdwn:
        return fill(library.words.faq.source, sources=sources(entry.sources, library))

    return message(*answer_parts(entries, library, source))


def answer_parts(
    entries: Sequence[Entry], library: Library, about: Callable[[Entry], Mrkdwn], *, as_tables: bool = True
) -> tuple[list[kit.Block], list[str]]:
    """Give the blocks, and the lines that say the same, of one answer or two; `about` makes the last line of each.

    A message holds one table, so a second excerpt is given in lines, and so is each where there may be none: not
    `as_tables`. Each of two answers stands under its question.
    """
    parts: list[kit.Block] = []
    lines: list[str] = []
    tables = 0
    for entry in entries:
        lead = f"*{escape(entry.question)}*\n" if len(entries) > 1 else ""
        parts.append(section(lead + escape(entry.answer)))
        lines.append(lead + escape(entry.answer))
        if shown := library.excerpt(entry):
            title = fill(library.words.faq.table, title=shown.title, sources=sources(shown.citations, library))
            small = "\n".join([title, *([escape(shown.explained)] if shown.explained else [])])
            excerpt = in_lines(shown)
            as_table = as_tables and not tables and len(shown.rows) > 1 and len(shown.columns) <= WIDEST
            parts += [context(small), *([table(shown)] if as_table else map(section, packed(excerpt)))]
            lines += [small, *excerpt]
            tables += as_table
        parts.append(context(about(entry)))
        lines.append(about(entry))
    return parts, lines


def sources(citations: Sequence[Citation], library: Library, *, with_sections: bool = True) -> Mrkdwn:
    """Name what is cited: each document once, linked where it has an address, with the sections unless told not to.

    In a note that is long, sections go by their numbers, and of other headings only the beginning is given.
    """
    sections: dict[str, list[str]] = {}
    for citation in citations:
        sections.setdefault(citation.document, []).append(citation.section)
    documents = {name: library.documents[name] for name in sections}
    headings = [heading for cited in sections.values() for heading in cited]
    length = sum(map(len, (*headings, *(document.short_title + document.made for document in documents.values()))))
    named = []
    for name, document in documents.items():
        cited = [_shortened(heading) if length > LONG_NOTE else heading for heading in sections[name]]
        where = ": " + "; ".join(map(escape, cited)) if with_sections else ""
        named.append(f"{linked(document.url, document.short_title)}{escape(document.made)}{where}")
    return Mrkdwn((". " if with_sections else "; ").join(named).replace("….", "…"))


def _shortened(heading: str) -> str:
    """Shorten the heading of a section to its number, or else to its beginning if it is long."""
    number, _, rest = heading.partition(" ")
    if rest and number.rstrip(".").isdigit():
        return f"§ {number.rstrip('.')}"
    return f"{heading[:LONG_HEADING].rsplit(' ', 1)[0]} …" if len(heading) > LONG_HEADING else heading


def suggestions(entries: Sequence[Entry], library: Library) -> Message:
    """Ask whether one of up to three entries was meant."""
    return offer(suggest_lead(entries, library), entries, [entry_button(entry) for entry in entries])


def suggest_lead(entries: Sequence[Entry], library: Library, *, repeated: bool = False) -> str:
    """Give the sentence above suggestions; repeated: the same were made a moment ago."""
    words = library.words.faq
    if repeated:
        return escape(words.suggest_again if len(entries) > 1 else words.suggest_again_one)
    return escape(words.suggest if len(entries) > 1 else words.suggest_one)


def offer(lead: str, entries: Sequence[Entry], buttons: Sequence[kit.Button]) -> Message:
    """Offer up to three entries by buttons, and spell out their questions where a button would cut them off."""
    numbers = [f"{number}. " for number in range(1, len(entries) + 1)] if len(entries) > 1 else [""]
    questions = Mrkdwn(
        "\n".join(number + escape(entry.question) for number, entry in zip(numbers, entries, strict=True))
    )
    long = any(len(entry.question) > MAX_BUTTON_TEXT for entry in entries)
    parts = [section(lead), *([section(questions)] if long else []), kit.ActionsBlock(list(buttons))]
    return message(parts, [lead, questions])


def unknown(library: Library, *, in_round: bool = False, below: bool = False, repeated: bool = False) -> Message:
    """Say that there is no answer, and what there is; within a round of the quiz, nothing of the quiz.

    below: in a thread, in short. repeated: to who has been told so a moment ago, in other words.
    """
    if repeated or below:
        return plain(escape(library.words.faq.unknown_again if repeated else library.words.faq.unknown_in_thread))
    return plain(_with_examples((library.words.quiz if in_round else library.words.faq).unknown, library))


def for_sender(sender: str, link: str | None, library: Library) -> Message:
    """Say how a message reaches who has shared a result; link: to its thread, None where Slack gives none just now."""
    words = library.words.faq
    return plain(fill(words.for_sender, sender=mention(sender), link=linked(link, words.for_sender_link)))


def hello(library: Library) -> Message:
    """Greet somebody who wrote nothing but the bot's name."""
    return plain(_with_examples(library.words.faq.hello, library))


def only_english(language: Language, library: Library) -> Message:
    """Say, in the language that somebody wrote in, that they can ask in English, with an example."""
    return plain(fill(library.words.languages.of(language), example=library.example))


def taken(entry: Entry, library: Library) -> Message:
    """Answer with the suggestion that was taken under its question, in place of the buttons."""
    return joined(plain(fill(library.words.faq.suggest_shown, question=entry.question)), answers([entry], library))


def not_answered(reply: str, entries: Sequence[Entry], library: Library, *, in_round: bool = False) -> Message:
    """Say that a question near the subject is not answered; then offer what comes near, or say what is known."""
    if not entries:
        know = library.words.quiz.know if in_round else library.words.faq.know
        return plain(f"{escape(reply)}\n\n{escape(know)}")
    return offer(near_lead(reply, entries, library), entries, [entry_button(entry) for entry in entries])


def near_lead(reply: str, entries: Sequence[Entry], library: Library) -> str:
    """Give what stands above what comes near a question that is not answered."""
    words = library.words.faq
    return f"{escape(reply)}\n\n{escape(words.near if len(entries) > 1 else words.near_one)}"


def talk(text: str, library: Library, *, begins: bool = False) -> Message:
    """Reply to small talk; `begins`: with the button that begins the quiz."""
    lead = escape(text)
    if not begins:
        return plain(lead)
    button = begin_button(library.words.home.quiz_button, BeginFrom.TALK)
    return message([section(lead), kit.ActionsBlock([button])], [lead])


# /rolefit


def note(link: str, library: Library) -> Message:
    """Tell somebody who typed the command in a channel where the questions are."""
    words = library.words.quiz
    return plain(fill(words.note, link=linked(link, words.note_link)))


def in_thread(link: str, library: Library) -> Message:
    """Tell the person who clicked that what they asked for is in the thread, with a link to it."""
    words = library.words.quiz
    return plain(fill(words.in_thread, link=linked(link, words.in_thread_link)))


def usage(library: Library, argument: str = "") -> Message:
    """Explain the command; `argument` is what was not understood, of which the beginning is repeated."""
    argument = argument if len(argument) <= REPEATED else argument[:REPEATED].rstrip() + "…"
    lead = [fill(library.words.quiz.unknown_argument, argument=argument)] if argument else []
    lines = [*lead, escape(library.words.quiz.usage)]
    return message([section(line) for line in lines], lines)


def say(text: str) -> Message:
    """Say one of the plain sentences of words.yaml."""
    return plain(escape(text))


def filled(text: Mrkdwn) -> Message:
    """Say a sentence of words.yaml whose names are filled in."""
    return plain(text)


# After an installation


def first_steps(library: Library) -> Message:
    """Tell whoever has installed the app what to do first."""
    words = library.words.first_steps
    example = library.example
    steps = (escape(words.invite), fill(words.ask, question=example), escape(words.quiz))
    lines = [escape(words.lead), *(f"{number}. {step}" for number, step in enumerate(steps, 1))]
    return plain("\n".join(lines))


def _with_examples(template: str, library: Library) -> Mrkdwn:
    """Fill in examples of what can be asked, each in a line; what stands around them begins without a blank."""
    first = [escape(entry.question) for entry in library.entries.values()][:3]
    examples = Mrkdwn("".join(f"\n• {question}" for question in first) + "\n")
    return Mrkdwn("\n".join(line.strip() for line in fill(template, examples=examples).split("\n")).strip())
