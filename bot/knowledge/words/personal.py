"""What people see of the bot by themselves: the Home tab, its first message, and what is kept about them."""

from typing import Annotated

from pydantic import Field

from bot.domain.authored import Authored, Line
from bot.knowledge.slack_limits import MAX_BUTTON_TEXT, MAX_HEADER_TEXT
from bot.knowledge.words.texts import (
    Button,
    ConfirmButton,
    ConfirmText,
    ConfirmTitle,
    Plain,
    WindowButton,
    WindowTitle,
    text,
)


class HomeWords(Authored):
    """The bot's Home tab."""

    title: Annotated[Line, Field(max_length=MAX_HEADER_TEXT), text()]
    about: Plain
    quiz: Plain
    quiz_button: Button
    begun: Annotated[Line, text("link")]
    beginning: Plain
    asked_again: Annotated[Line, text("link")]
    waiting: Annotated[Line, text("date", "link")]
    messages: Plain
    go_on: Button
    begin_anew: Button
    again: Button
    open_latest: Button
    rounds: Button
    rounds_fold: Button
    round_link: Annotated[Line, text("link")]
    round_no_link: Plain
    round_gone: Plain
    topics: Plain
    topic_button: Annotated[Line, Field(max_length=MAX_BUTTON_TEXT), text("topic", "count")]
    other_topic: Button
    topic: Annotated[Line, text("topic")]
    page: Annotated[Line, text("topic", "page", "pages")]
    open: Button
    close: Button
    before: Button
    next: Button
    fold: Button
    entry_gone: Plain
    privacy: Plain
    privacy_button: Button
    export_button: Button
    forgetting: Plain
    window_title: WindowTitle
    window_close: WindowButton
    support: Annotated[Line, text("contact")]
    set_up: Plain
    set_up_editor: Plain
    set_up_done: Plain
    set_up_invite: Plain
    set_up_ask: Plain
    set_up_mode: Plain
    set_up_contact: Plain


class FirstContactWords(Authored):
    """What somebody gets who opens the bot's messages for the first time: three things to try."""

    lead: Plain
    ask: Annotated[Line, text("question")]
    ask_button: Button
    quiz: Plain
    kept: Plain
    kept_button: Button
    asked: Annotated[Line, text("question")]
    asked_already: Annotated[Line, text("link")]


class PrivacyWords(Authored):
    """What is kept about a person, and how they get it or have it deleted."""

    text: Annotated[Line, text("days", "question_days")]
    exporting: Plain
    export_file: Plain
    export_text: Plain
    export_part: Annotated[Line, text("number", "count")]
    forget: Plain
    forget_button: Button
    forget_title: ConfirmTitle
    forget_text: ConfirmText
    forget_yes: ConfirmButton
    forget_no: ConfirmButton
    forgetting: Plain
    forgotten: Plain
