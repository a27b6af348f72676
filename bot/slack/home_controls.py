"""The buttons of the Home tab that stand nowhere else: their ids and values."""

import slackblocks as kit

from bot.domain.browse import Browsing
from bot.domain.content import Entry
from bot.slack.control_values import label, read_number
from bot.slack.interaction_payloads import BlockAction
from bot.slack.payload_model import MalformedError

BROWSE_TOPIC = "home_topic"  # this and the next two with ":"; value: topic, page and entry, as far as they are shown
BROWSE_PAGE, BROWSE_ENTRY = "home_page", "home_entry"
FOLD_ROUNDS = "home_rounds"  # value: whether to list them
SHARE_ROUND = "home_share"  # with ":" and the run; value: the run, as for the button below a result
SHOW_KEPT, EXPORT_ME = "privacy_kept", "privacy_export"  # value: of no meaning, as it is about whoever clicks
ALL_TOPICS = "all"  # in a value, in place of a topic and its page


def kept_button(text: str) -> kit.Button:
    """Give the button that says what is kept about people."""
    return kit.Button(text, action_id=SHOW_KEPT, value="me")


def export_button(text: str) -> kit.Button:
    """Give the button that sends whoever clicks it what is kept about them."""
    return kit.Button(text, action_id=EXPORT_ME, value="me")


def topic_button(text: str, topic: str, *, chosen: bool) -> kit.Button:
    """Give the button that shows the first page of a topic."""
    action_id, value = f"{BROWSE_TOPIC}:{topic}", f"{topic} 1"
    return kit.Button(label(text), action_id=action_id, value=value, style="primary" if chosen else None)


def fold_button(text: str) -> kit.Button:
    """Give the button that shows no topic any more."""
    return kit.Button(text, action_id=f"{BROWSE_PAGE}:{ALL_TOPICS}", value=ALL_TOPICS)


def page_button(text: str, topic: str, page: int) -> kit.Button:
    """Give the button that shows a page of a topic."""
    return kit.Button(text, action_id=f"{BROWSE_PAGE}:{page}", value=f"{topic} {page}")


def browse_entry_button(text: str, topic: str, page: int, entry: Entry, *, opens: bool) -> kit.Button:
    """Give the button that opens the answer of an entry on a page of a topic, or closes it."""
    value = " ".join([topic, str(page), *([entry.id] if opens else [])])
    spoken = label(f"{text}: {entry.question}")
    return kit.Button(text, action_id=f"{BROWSE_ENTRY}:{entry.id}", value=value, accessibility_label=spoken)


def read_browsing(clicked: BlockAction) -> Browsing:
    """Give what a button of the Home tab shows of the topics. Raises MalformedError."""
    match clicked.words(most=3):
        case [topic] if topic == ALL_TOPICS:
            return Browsing()
        case [topic, page]:
            return Browsing(topic, read_number(page))
        case [topic, page, entry]:
            return Browsing(topic, read_number(page), entry)
    raise MalformedError("actions.0.value: words_count")


def share_round_button(text: str, run_id: str) -> kit.Button:
    """Give the button that begins sharing the result of a round in the list; each has an id of its own in the view."""
    return kit.Button(text, action_id=f"{SHARE_ROUND}:{run_id}", value=run_id)


def rounds_button(text: str, *, lists: bool) -> kit.Button:
    """Give the button that lists somebody's rounds on their Home tab, or hides them."""
    return kit.Button(text, action_id=FOLD_ROUNDS, value="list" if lists else "hide")


def read_rounds(clicked: BlockAction) -> bool:
    """Say whether to list somebody's rounds. Raises MalformedError."""
    return clicked.words()[0] == "list"
