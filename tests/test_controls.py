"""Buttons and menus that earlier versions of the bot have posted are read as what they meant."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.actions import Action, AskAgain, AskGrading, Change, DismissReminder, Grade, OpenPart, Pause, Skip
from bot.slack import answer_controls, compare_controls, quiz_controls
from bot.slack.answer_controls import AboutAnswer, Reason
from bot.slack.compare_controls import CompareCommand
from bot.slack.interaction_payloads import BlockAction, SelectedOption
from bot.slack.payload_model import MalformedError
from bot.slack.quiz_controls import BeginFrom, ButtonCommand


def clicked(value: str | None = None, block_id: str = "b1", action_id: str = "a", **given: Any) -> BlockAction:
    return BlockAction(action_id=action_id, block_id=block_id, action_ts="1.0", value=value, **given)


@pytest.mark.parametrize(
    ("value", "prompt"),
    [("r1 3 q c", 3), ("r1 q c", 1)],  # before prompts were counted
)
def test_a_choice(value: str, prompt: int):
    run_id, answer = quiz_controls.read_choice(clicked(value))

    assert (run_id, answer.prompt, answer.question, answer.choices) == ("r1", prompt, "q", ("c",))


@pytest.mark.parametrize(
    ("value", "does"),
    [
        ("r1 pause", Pause()),
        ("r1 later", DismissReminder()),
        ("r1 reask", AskAgain()),
        ("r1 regrade", AskGrading()),
        ("r1 not_graded", Grade()),
        ("r1 graded output/researcher", Grade(dimension="output", column="researcher")),
        ("r1 change q", Change(question="q")),
        ("r1 skip 4", Skip(prompt=4)),
        ("r1 skip", Skip()),  # before prompts were counted
        ("r1 open titles", OpenPart(part="titles")),
        ("r1 whole_table", OpenPart(part="table")),  # before the table was one part of several
        ("r1 so_far", ButtonCommand.SO_FAR),
        ("r1 start_over", ButtonCommand.START_OVER),
    ],
)
def test_what_a_button_does(value: str, does: Action | ButtonCommand):
    assert quiz_controls.read_do(clicked(value)) == ("r1", does)


@pytest.mark.parametrize(
    "value",
    [None, "", "r1", "r1 nonsense", "r1 change", "r1 skip x", "r1 skip ²", "r1  pause", "r1 open a b c"],
)
def test_what_is_no_button_of_ours_is_malformed(value: str | None):
    with pytest.raises(MalformedError):
        quiz_controls.read_do(clicked(value))


@pytest.mark.parametrize("block_id", ["graded:r1", "graded:r1:0", "graded:r1:7"])  # the first of before it was counted
def test_a_grading(block_id: str):
    choice = SelectedOption(value="output researcher")

    grading = quiz_controls.read_grading(clicked(block_id=block_id, selected_option=choice))

    assert grading == ("r1", Grade(dimension="output", column="researcher"))
    assert quiz_controls.read_grading(clicked(block_id=block_id)) is None


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("home", BeginFrom.HOME),
        ("talk", BeginFrom.TALK),
        ("offer r1", BeginFrom.OFFER),
        ("r1", BeginFrom.RESULT),
        ("0123456789abcdef0123", BeginFrom.RESULT),
    ],
)
def test_where_the_quiz_is_begun_from(value: str, place: BeginFrom):
    assert quiz_controls.read_begin(clicked(value)) is place


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (answer_controls.read_vote, "liked 5.000001 mts"),
        (answer_controls.read_vote, "helpful now mts"),
        (answer_controls.read_vote, "helpful 5.000001"),
        (answer_controls.read_reason, "dull 6.000001 5.000001 mts"),
        (answer_controls.read_reason, "other 6.000001 mts"),
        (answer_controls.read_ask_person, "6.000001"),
        (answer_controls.read_ask_person, "6.000001 5.0x mts"),
        (answer_controls.read_choice_of_entry, "5.000001"),
        (answer_controls.read_choice_of_entry, "5.000001 new mts"),
        (answer_controls.read_question_ts, "5"),
        (answer_controls.read_question_ts, None),
    ],
)
def test_what_was_never_on_a_button_below_an_answer_is_malformed(read: Any, value: str | None):
    with pytest.raises(MalformedError, match=r"actions\.0\.value"):
        read(clicked(value))


def test_what_buttons_below_an_answer_mean():
    about = AboutAnswer("6.000001", "5.000001", "mts")

    assert answer_controls.read_vote(clicked("helpful 5.000001 mts flat")) == (True, "5.000001", "mts")
    assert answer_controls.read_vote(clicked("not_helpful 5.000001 mts")) == (False, "5.000001", "mts")
    assert answer_controls.read_reason(clicked(f"other {about.value}")) == (Reason.OTHER, about)
    assert answer_controls.read_ask_person(clicked(replace(about, entry=None).value)) == replace(about, entry=None)
    assert answer_controls.read_choice_of_entry(clicked("5.000001 0 mts")) == ("5.000001", "0", "mts")
    assert answer_controls.read_choice_of_entry(clicked("5.000001 7.000001")) == ("5.000001", "7.000001", None)


@pytest.mark.parametrize(("value", "request_"), [("r1", ("r1", None)), ("r1 U_MEI", ("r1", "U_MEI"))])
def test_what_is_to_be_compared_and_with_whom(value: str, request_: tuple[str, str | None]):
    assert compare_controls.read_compare(clicked(value)) == request_


@pytest.mark.parametrize(
    ("value", "does"),
    [
        ("c1 accept", ("c1", CompareCommand.ACCEPT, None)),
        ("c1 withdraw", ("c1", CompareCommand.WITHDRAW, None)),
        ("c1 agree 3 14", ("c1", CompareCommand.AGREE, (3, 14))),
    ],
)
def test_what_a_button_does_to_a_comparison(value: str, does: object):
    assert compare_controls.read_comparison(clicked(value)) == does


@pytest.mark.parametrize("value", ["c1", "c1 explode", "c1 agree", "c1 agree 1", "c1 agree 1 x", "c1 accept 1 2"])
def test_what_was_never_on_a_button_of_a_comparison_is_malformed(value: str):
    with pytest.raises(MalformedError):
        compare_controls.read_comparison(clicked(value))


@pytest.mark.parametrize("value", ["c1", "c1 perhaps", "c1 yes no"])
def test_what_is_neither_yes_nor_no_is_malformed(value: str):
    with pytest.raises(MalformedError):
        compare_controls.read_changed(clicked(value))
