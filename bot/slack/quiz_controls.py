"""The buttons and menus of the quiz: their ids and values are written and read here, and nowhere else.

Slack gives a value back as it was sent, perhaps weeks later, so what earlier versions of the bot have posted is read
too. Whoever reads one gets what it means: a run, and an action on it.
"""

from enum import StrEnum

import slackblocks as kit

from bot.domain import actions
from bot.domain.actions import Action, Answer, Change, Grade, OpenPart, Skip
from bot.slack.control_values import label, read_number
from bot.slack.interaction_payloads import BlockAction
from bot.slack.payload_model import MalformedError

BEGIN = "quiz_begin"  # value: where it stands, and the run it stands beside
CHOOSE = "quiz_choose"  # with ":" and the choice; value: run, prompt, question and choice
DO = "quiz_do"  # with ":" and what it does; value: run, what it does, and what that is about
GRADED = "quiz_graded"  # value of an option: dimension and column; its block's id holds the run
RESUME, OPEN, DELETE = "quiz_resume", "quiz_open", "quiz_delete"  # of the lists; value: the run


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
