"""The buttons of answers and suggestions: their ids and values are written and read here, and nowhere else.

Slack gives a value back as it was sent, perhaps weeks later, so what earlier versions of the bot have posted is read
too. Whoever reads one gets what it means: an entry, a vote, an answer that it is about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import slackblocks as kit

from bot.domain.content import Entry
from bot.domain.faq import MAX_ANSWERS
from bot.slack.control_values import label, read_timestamp
from bot.slack.interaction_payloads import BlockAction, SubmittedView
from bot.slack.payload_model import MalformedError

SHOW_ENTRY = "faq_show"  # with ":" and the entry; value: the entry
CHOOSE_ENTRY = "faq_choose"  # with ":" and the entry; value: the question's ts, the reply's revision, the entry
NONE_OF_THESE = "faq_none"  # value: the question's ts, the reply's revision
VOTE = "faq_vote"  # perhaps with ":" and which; value: which, the question's ts, the entries
WHY = "faq_why"  # value: the question's ts
NOT_NOW = "faq_not_now"  # value: the question's ts
REASON = "faq_reason"  # with ":" and the reason; value: reason, the answer's and the question's ts, the entry
ASK_PERSON = "faq_ask_person"  # value: the answer's and the question's ts, and the entry if there was one
COMMENT = "faq_comment"  # a view; its private_metadata: the channel and the answer's ts
POST_PRIVATE = "faq_post"  # value: the channel's thread and question, or "here", and the entries
UNREVISED = "0"  # in a value, for a reply whose question has not been edited
HERE = "here"  # in a value, for where the button stands


def entry_button(entry: Entry) -> kit.Button:
    """Give the button that answers with an entry."""
    return kit.Button(label(entry.question), action_id=f"{SHOW_ENTRY}:{entry.id}", value=entry.id)


def read_entry(clicked: BlockAction) -> str:
    """Give the id of the entry that a button answers with. Raises MalformedError."""
    return clicked.words()[0]


class Reason(StrEnum):
    """What was wrong with an answer."""

    WRONG_QUESTION = "wrong_question"
    WRONG_ANSWER = "wrong_answer"
    OTHER = "other"


@dataclass(frozen=True)
class AboutAnswer:
    """An answer that a button is about: its ts, that of the question, and the entry, if it had one."""

    answer_ts: str
    question_ts: str
    entry: str | None

    @property
    def value(self) -> str:
        """Give it as the value of a button."""
        return " ".join(filter(None, [self.answer_ts, self.question_ts, self.entry]))


def choose_button(entry: Entry, question_ts: str, revision: str) -> kit.Button:
    """Give the button by which a suggestion becomes the answer; revision: of the reply that suggests it."""
    action_id, value = f"{CHOOSE_ENTRY}:{entry.id}", f"{question_ts} {revision or UNREVISED} {entry.id}"
    return kit.Button(label(entry.question), action_id=action_id, value=value)


def none_button(text: str, question_ts: str, revision: str) -> kit.Button:
    """Give the button that says that no suggestion was meant."""
    return kit.Button(text, action_id=NONE_OF_THESE, value=f"{question_ts} {revision or UNREVISED}")


def read_choice_of_entry(clicked: BlockAction) -> tuple[str, str, str | None]:
    """Give the question's ts, the revision of the reply, and the entry; None for none of them. Raises MalformedError.

    The revision is "0" if the question had not been edited.
    """
    question_ts, revision, *entry = clicked.words(least=2, most=3)
    checked = revision if revision == UNREVISED else read_timestamp(revision)
    return read_timestamp(question_ts), checked, entry[0] if entry else None


def vote_buttons(helpful: str, not_helpful: str, question_ts: str, entries: Sequence[Entry]) -> kit.ContextActionsBlock:
    """Give the two buttons that say whether an answer helped, by their labels."""
    about = " ".join([question_ts, *(entry.id for entry in entries)])
    positive = kit.FeedbackButton(helpful, f"helpful {about}", accessibility_label=helpful)
    negative = kit.FeedbackButton(not_helpful, f"not_helpful {about}", accessibility_label=not_helpful)
    return kit.ContextActionsBlock([kit.FeedbackButtons(positive, negative, action_id=VOTE)])


def read_vote(clicked: BlockAction) -> tuple[bool, str, str]:
    """Give whether an answer helped, the question's ts, and the first entry of the answer. Raises MalformedError."""
    vote, question_ts, entry, *_ = clicked.words(least=3, most=4)
    if vote not in ("helpful", "not_helpful"):
        raise MalformedError("actions.0.value: vote")
    return vote == "helpful", read_timestamp(question_ts), entry


def why_button(text: str, question_ts: str) -> kit.Button:
    """Give the button that explains an answer."""
    return kit.Button(text, action_id=WHY, value=question_ts)


def not_now_button(text: str, question_ts: str) -> kit.Button:
    """Give the button that keeps the bot quiet in a thread."""
    return kit.Button(text, action_id=NOT_NOW, value=question_ts)


def read_question_ts(clicked: BlockAction) -> str:
    """Give the ts of the question that a button stands under the answer of. Raises MalformedError."""
    return read_timestamp(clicked.words()[0])


def reason_button(text: str, reason: Reason, about: AboutAnswer) -> kit.Button:
    """Give a button that says what was wrong with an answer."""
    return kit.Button(text, action_id=f"{REASON}:{reason}", value=f"{reason} {about.value}")


def read_reason(clicked: BlockAction) -> tuple[Reason, AboutAnswer]:
    """Give what was wrong with which answer. Raises MalformedError."""
    reason, *about = clicked.words(least=3, most=4)
    if reason not in set(Reason):
        raise MalformedError("actions.0.value: reason")
    return Reason(reason), _about_answer(about)


def ask_person_button(text: str, about: AboutAnswer) -> kit.Button:
    """Give the button that passes a question on to a person."""
    return kit.Button(text, action_id=ASK_PERSON, value=about.value)


def read_ask_person(clicked: BlockAction) -> AboutAnswer:
    """Give the answer after which a person is to be asked. Raises MalformedError."""
    return _about_answer(clicked.words(least=2, most=3))


def comment_metadata(channel: str, answer_ts: str) -> str:
    """Give what the window for a comment must know when it comes back."""
    return f"{channel} {answer_ts}"


def read_comment(view: SubmittedView) -> tuple[str, str, str]:
    """Give the channel, the answer's ts and what somebody wrote about it. Raises MalformedError."""
    channel, *ts = view.private_metadata.split(" ")
    if not channel or len(ts) != 1:
        raise MalformedError("view.private_metadata: words_count")
    return channel, read_timestamp(ts[0]), view.entered(COMMENT).strip()


def _about_answer(words: list[str]) -> AboutAnswer:
    answer_ts, question_ts, *entry = words
    return AboutAnswer(read_timestamp(answer_ts), read_timestamp(question_ts), entry[0] if entry else None)


def post_private_button(text: str, value: str) -> kit.Button:
    """Give the button that posts what one person has seen; value: of `private_place`."""
    return kit.Button(text, action_id=POST_PRIVATE, value=value)


def private_place(thread_ts: str, question_ts: str, entries: Sequence[str], revision: str = "") -> str:
    """Write down what to post where: in the thread of a question; with no times, where the button stands.

    revision: of the question, when it was answered so.
    """
    question = f"{question_ts}/{revision}" if revision else question_ts
    return " ".join([thread_ts or HERE, question or HERE, *entries])


def read_private_place(clicked: BlockAction) -> tuple[str, str, str, list[str]]:
    """Give thread, question (both "" for where the button stands), its revision, and entries. Raises MalformedError."""
    thread_ts, question, *entries = clicked.words(least=3, most=2 + MAX_ANSWERS)
    if HERE in (thread_ts, question):
        return "", "", "", entries
    question_ts, _, revision = question.partition("/")
    return read_timestamp(thread_ts), read_timestamp(question_ts), revision and read_timestamp(revision), entries
