"""The buttons of the gap list, and of news about what somebody asked: their ids and values."""

import slackblocks as kit

from bot.slack.interaction_payloads import BlockAction
from bot.slack.payload_model import MalformedError

DRAFT_ENTRY = "gaps_draft"  # with ":" and a number; value: a question of the gap
CHOOSE_NEWS = "gaps_news"  # with ":" and "on" or "off"; value: the same


def draft_button(text: str, number: int, question_id: str) -> kit.Button:
    """Give the button that sends an editor the draft of an entry; `number`: of the gap in its list."""
    return kit.Button(text, action_id=f"{DRAFT_ENTRY}:{number}", value=question_id)


def read_draft(clicked: BlockAction) -> str:
    """Give a question of the gap that an entry is to be drafted for. Raises MalformedError."""
    return clicked.words()[0]


def news_button(text: str, *, wanted: bool) -> kit.Button:
    """Give the button by which somebody wants, or wants no, news of what they asked."""
    choice = "on" if wanted else "off"
    return kit.Button(text, action_id=f"{CHOOSE_NEWS}:{choice}", value=choice)


def read_news(clicked: BlockAction) -> bool:
    """Say whether somebody wants news of what they asked. Raises MalformedError."""
    choice = clicked.words()[0]
    if choice not in ("on", "off"):
        raise MalformedError("actions.0.value: choice_unknown")
    return choice == "on"
