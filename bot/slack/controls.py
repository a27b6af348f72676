"""Buttons and menus: their ids and values are written and read here, and nowhere else.

Those of sharing, comparing, the Home tab and the first message are in modules of their own, with names that begin so.

Slack gives a value back as it was sent, perhaps weeks later, so what earlier versions of the bot have posted is read
too. Whoever reads one gets what it means: a run and an action of the quiz, a share, an entry.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import slackblocks as kit

from bot.domain import actions
from bot.domain.actions import Action, Answer, Change, Grade, OpenPart, Skip
from bot.domain.content import Entry
from bot.domain.faq import MAX_ANSWERS
from bot.domain.manners import Mode
from bot.knowledge.slack_limits import MAX_BUTTON_TEXT
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
EDITORS_HERE = "editors_channel"  # value: whether what is for the editors comes to the channel where the button stands
SET_MODE = "channel_mode"  # with ":" and the mode; value: the mode, and "shared" under the greeting of such a channel
BEGIN = "quiz_begin"  # value: where it stands, and the run it stands beside
CHOOSE = "quiz_choose"  # with ":" and the choice; value: run, prompt, question and choice
DO = "quiz_do"  # with ":" and what it does; value: run, what it does, and what that is about
GRADED = "quiz_graded"  # value of an option: dimension and column; its block's id holds the run
RESUME, OPEN, DELETE = "quiz_resume", "quiz_open", "quiz_delete"  # of the lists; value: the run
DRAFT_ENTRY = "gaps_draft"  # with ":" and a number; value: a question of the gap
CHOOSE_NEWS = "gaps_news"  # with ":" and "on" or "off"; value: the same
FORGET_ME = "privacy_forget"  # value: of no meaning, as whoever clicks is forgotten

UNREVISED = "0"  # in a value, for a reply whose question has not been edited
HERE = "here"  # in a value, for where the button stands
_MOST_DIGITS = 6  # of a prompt's or a page's number, or of the version of answers
_TIMESTAMP = re.compile(r"[0-9]{1,12}\.[0-9]{1,12}")


class BeginFrom(StrEnum):
    """Where the button stands that begins the quiz."""

    HOME = "home"
    TALK = "talk"  # a reply to small talk
    OFFER = "offer"  # beside an open round
    RESULT = "result"


class ButtonCommand(StrEnum):
    """What a button does that is no action on its run."""

    SO_FAR = "so_far"  # show the picture from the answers so far
    WHY = "why"  # say why the question is asked
    START_OVER = "start_over"  # stop this round and begin another


def label(text: str) -> str:
    """Shorten a text to what a button takes."""
    return text if len(text) <= MAX_BUTTON_TEXT else text[: MAX_BUTTON_TEXT - 1].rstrip() + "…"


# The FAQ


def entry_button(entry: Entry) -> kit.Button:
    """Give the button that answers with an entry."""
    return kit.Button(label(entry.question), action_id=f"{SHOW_ENTRY}:{entry.id}", value=entry.id)


def read_entry(clicked: BlockAction) -> str:
    """Give the id of the entry that a button answers with. Raises MalformedError."""
    return clicked.words()[0]


# What an answer carries


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


def read_timestamp(text: str) -> str:
    """Read the ts of a message. Raises MalformedError."""
    if not _TIMESTAMP.fullmatch(text):
        raise MalformedError("actions.0.value: timestamp")
    return text


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


def mode_button(text: str, mode: Mode, *, chosen: bool, shared: bool) -> kit.Button:
    """Give the button that sets a channel's mode."""
    value = f"{mode.value} shared" if shared else mode.value
    return kit.Button(text, action_id=f"{SET_MODE}:{mode.value}", value=value, style="primary" if chosen else None)


def editors_button(text: str, *, here: bool) -> kit.Button:
    """Give the button that makes this channel the editors', or ends that."""
    return kit.Button(text, action_id=EDITORS_HERE, value="here" if here else "nowhere")


def read_editors(clicked: BlockAction) -> bool:
    """Say whether this channel is to be the editors'. Raises MalformedError."""
    return clicked.words()[0] == "here"


def read_mode(clicked: BlockAction) -> tuple[Mode, bool]:
    """Give the mode that was chosen, and whether under the greeting of a shared channel. Raises MalformedError."""
    name, *shared = clicked.words(most=2)
    if name not in set(Mode):
        raise MalformedError("actions.0.value: mode_unknown")
    return Mode(name), shared == ["shared"]


# The quiz


def begin_button(text: str, begun_from: BeginFrom, run_id: str = "") -> kit.Button:
    """Give a button that begins the quiz; beside an open round or under a result, of that run."""
    primary = begun_from in (BeginFrom.HOME, BeginFrom.TALK)
    value = " ".join(filter(None, ["" if begun_from is BeginFrom.RESULT else begun_from, run_id]))
    return kit.Button(text, action_id=BEGIN, value=value, style="primary" if primary else None)


def read_begin(clicked: BlockAction) -> BeginFrom:
    """Say where the button stands that begins the quiz. Raises MalformedError."""
    begun_from = clicked.words(most=2)[0]
    return BeginFrom(begun_from) if begun_from in set(BeginFrom) else BeginFrom.RESULT


def choice_button(text: str, run_id: str, prompt: int, question: str, choice: str) -> kit.Button:
    """Give a button that answers a question, in the message of one of its prompts."""
    return kit.Button(label(text), action_id=f"{CHOOSE}:{choice}", value=f"{run_id} {prompt} {question} {choice}")


def read_choice(clicked: BlockAction) -> tuple[str, Answer]:
    """Give the run and the answer that a button stands for. Raises MalformedError."""
    # Buttons of before prompts were counted name none; their runs have one.
    run_id, *prompt, question, choice = clicked.words(least=3, most=4)
    return run_id, Answer(prompt=read_number(prompt[0]) if prompt else 1, question=question, choices=(choice,))


def do_button(text: str, run_id: str, action: Action | ButtonCommand, *, primary: bool = False) -> kit.Button:
    """Give a button that does something to a run."""
    words = list(filter(None, [*_words(action)]))
    return kit.Button(
        text, action_id=":".join([DO, *words]), value=" ".join([run_id, *words]), style="primary" if primary else None
    )


def _words(action: Action | ButtonCommand) -> tuple[str, str]:
    match action:
        case ButtonCommand():
            return action.value, ""
        case Change(question=question):
            return action.do, question
        case OpenPart(part=part):
            return action.do, part
        case Skip(prompt=prompt):
            return action.do, str(prompt)
        case Grade(dimension=dimension, column=column):
            return (action.do, f"{dimension}/{column}") if dimension and column else ("not_graded", "")
        case _:
            return action.do, ""


def read_do(clicked: BlockAction) -> tuple[str, Action | ButtonCommand]:  # noqa: PLR0911 - one a kind
    """Give the run and what a button does to it. Raises MalformedError."""
    run_id, name, *about = clicked.words(least=2, most=3)
    match name, about:
        case (("so_far" | "why" | "start_over"), _):
            return run_id, ButtonCommand(name)
        case "not_graded", _:
            return run_id, Grade()
        case "graded", [cell]:
            dimension, _, column = cell.partition("/")
            if not column:
                raise MalformedError("actions.0.value: words_count")
            return run_id, Grade(dimension=dimension, column=column)
        case "whole_table", _:  # under results of before the table was one part of several
            return run_id, OpenPart(part="table")
        case "open", [part]:
            return run_id, OpenPart(part=part)
        case "change", [question]:
            return run_id, Change(question=question)
        case "skip", [prompt]:
            return run_id, Skip(prompt=read_number(prompt))
        case _, []:
            try:
                return run_id, actions.read({"do": name})
            except ValueError:
                raise MalformedError("actions.0.value: action_unknown") from None
        case _:
            raise MalformedError("actions.0.value: words_count")


def read_number(text: str) -> int:
    """Read the number of a prompt or a page, or the version of answers. Raises MalformedError."""
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        raise MalformedError("actions.0.value: int_parsing")
    return int(text)


def grading_menu(
    run_id: str, asked_before: int, placeholder: str, groups: list[kit.OptionGroup], skip: kit.Button
) -> kit.ActionsBlock:
    """Give the menu of what a review may have looked at, and the button beside it; asked_before: how often it was."""
    menu = kit.StaticSelectMenu(action_id=GRADED, option_groups=groups, placeholder=placeholder)
    return kit.ActionsBlock([menu, skip], block_id=f"graded:{run_id}:{asked_before}")


def grading_option(text: str, dimension: str, column: str) -> kit.Option:
    """Give one cell of the roles table as an option of that menu."""
    return kit.Option(kit.PlainText(label(text)), f"{dimension} {column}")


def read_grading(clicked: BlockAction) -> tuple[str, Grade] | None:
    """Give the run and the cell that was chosen; None if nothing was. Raises MalformedError."""
    if clicked.selected_option is None:
        return None
    dimension, _, column = clicked.selected_option.value.partition(" ")
    if not column:
        raise MalformedError("actions.0.selected_option.value: words_count")
    return _of_block(clicked, "graded"), Grade(dimension=dimension, column=column)


def _of_block(clicked: BlockAction, name: str) -> str:
    """Give the run that a block's id names. The id ends in a number that changes when it is asked anew.

    Slack keeps what was chosen in a menu for as long as the id of its block stays the same.
    """
    return clicked.block_id.removeprefix(f"{name}:").partition(":")[0]


def round_button(text: str, kind: str, run_id: str) -> kit.Button:
    """Give a button for a round in a list: of the kind RESUME, or OPEN, of which there may be several."""
    resumes = kind == RESUME
    action_id = RESUME if resumes else f"{kind}:{run_id}"
    return kit.Button(text, action_id=action_id, value=run_id, style="primary" if resumes else None)


def delete_button(text: str, run_id: str, sure: kit.ConfirmationDialogue) -> kit.Button:
    """Give the button that deletes a round, once somebody is sure."""
    return kit.Button(text, action_id=f"{DELETE}:{run_id}", value=run_id, style="danger", confirm=sure)


def read_run(clicked: BlockAction) -> str:
    """Give the run of a button whose value is just that. Raises MalformedError."""
    return clicked.words()[0]


# Privacy


def forget_button(text: str, sure: kit.ConfirmationDialogue) -> kit.Button:
    """Give the button by which whoever clicks it is forgotten, once they are sure."""
    return kit.Button(text, action_id=FORGET_ME, value="me", style="danger", confirm=sure)


# The gap list


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
