"""What somebody gets who opens the bot's messages for the first time -> Block Kit and text; and its buttons."""

import slackblocks as kit

from bot.domain.content import Entry
from bot.knowledge import Library
from bot.slack.home_controls import kept_button
from bot.slack.interaction_payloads import BlockAction
from bot.slack.pieces import Message, message, plain, section
from bot.slack.quiz_controls import BeginFrom, begin_button
from bot.slack.text import escape, fill, linked

TRY_QUESTION = "contact_ask"  # value: the entry


def greeting(library: Library) -> Message:
    """Name three things to try, each with the button that does it."""
    words, example = library.words.first_contact, _example(library)
    quiz_button = begin_button(library.words.home.quiz_button, BeginFrom.TALK)
    things: list[tuple[str, kit.Button]] = [
        (fill(words.ask, question=example.question), _question_button(words.ask_button, example)),
        (escape(words.quiz), quiz_button),
        (escape(words.kept), kept_button(words.kept_button)),
    ]
    lead = escape(words.lead)
    return message(
        [section(lead), *(section(text, button) for text, button in things)], [lead, *(t for t, _ in things)]
    )


def answered_already(link: str, library: Library) -> Message:
    """Lead who asks the example again to the answer they have had."""
    named = linked(link, library.words.manners.answered_link)
    return plain(fill(library.words.first_contact.asked_already, link=named))


def _example(library: Library) -> Entry:
    return next(iter(library.entries.values()))


def _question_button(text: str, entry: Entry) -> kit.Button:
    return kit.Button(text, action_id=TRY_QUESTION, value=entry.id)


def read_question(clicked: BlockAction) -> str:
    """Give the id of the entry whose question a button asks. Raises MalformedError."""
    return clicked.words()[0]
