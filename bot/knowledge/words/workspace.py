"""What is said to who installs the bot in a workspace, and to those who edit what it knows."""

from typing import Annotated

from pydantic import Field

from bot.domain.authored import Authored, Line
from bot.knowledge.slack_limits import MAX_HEADER_TEXT
from bot.knowledge.words.texts import Button, Plain, text


class InstallWords(Authored):
    """The pages a browser shows while a workspace installs the app."""

    done_title: Line
    done: Line
    cancelled_title: Line
    cancelled: Line
    failed_title: Line
    stale: Line
    refused: Line
    organisation: Line
    later: Line


class FirstStepsWords(Authored):
    """The direct message to whoever has installed the app: a lead, and three steps that are numbered by themselves."""

    lead: Plain
    invite: Plain
    ask: Annotated[Line, text("question")]
    quiz: Plain


class GapsWords(Authored):
    """What editors hear of questions without an answer, and people of those that have one by now."""

    news: Annotated[Line, text("asked")]
    news_off: Button
    news_on: Button
    news_stopped: Plain
    news_again: Plain
    corrected: Annotated[Line, text("date")]
    digest: Plain
    editors: Annotated[Line, Field(max_length=MAX_HEADER_TEXT), text()]
    nothing: Plain
    gaps: Plain
    gap: Annotated[Line, text("asked", "people")]
    gap_of_votes: Annotated[Line, text("question")]
    gap_disputed: Annotated[Line, text("question", "people")]
    proposals: Plain
    proposal: Annotated[Line, text("asked", "question", "people")]
    due: Plain
    due_entry: Annotated[Line, text("question", "owner", "date")]
    one_person: Plain
    people: Annotated[Line, text("count")]
    more: Annotated[Line, text("count")]
    draft: Button
    draft_sent: Annotated[Line, text("link")]
    drafted: Plain
    gone: Plain
