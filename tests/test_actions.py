"""Actions as they are recorded, by this version of the bot and by those before it."""

import json
from typing import Any, get_args

import pytest

from bot.domain import actions
from bot.domain.actions import Action, Answer, Back, Grade, Guess, Reply, Skip, Stop, aimed_at, read

EXAMPLES: dict[str, dict[str, Any]] = {
    "answer": {"prompt": 2, "question": "q", "choices": ("a", "b")},
    "reply": {"answers": {"q": ("a",)}, "ts": "1.0"},
    "edit": {"answers": {"q": ("a",)}, "ts": "1.0"},
    "guess": {"question": "q", "choices": ("a",)},
    "change": {"question": "q"},
    "open": {"part": "titles"},
}


@pytest.mark.parametrize("kind", get_args(Action))
def test_an_action_comes_out_of_its_record_as_it_was(kind: type[Any]):
    action = kind(**EXAMPLES.get(kind.model_fields["do"].default, {}))

    assert json.loads(json.dumps(action.record())) == action.record()
    assert read(action.record()) == action


def test_a_reply_is_recorded_so_that_a_bot_of_before_can_read_it():
    reply = Reply(answers={"q": ("a",)}, ts="1.0", prompt=3)

    assert reply.record() == {"do": "reply", "answers": {"q": ["a"]}, "ts": "1.0", "aim": 3}


def test_each_verb_has_one_class():
    verbs = [kind.model_fields["do"].default for kind in get_args(Action)]

    assert len(set(verbs)) == len(verbs)


@pytest.mark.parametrize(
    ("record", "action"),
    [
        # The prompt was put into whatever was typed.
        ({"do": "stop", "aim": 3, "prompt": 3}, Stop()),
        ({"do": "reply", "answers": {"q": ["a"]}, "ts": "1.0", "aim": 3, "prompt": 3},
         Reply(answers={"q": ("a",)}, ts="1.0", prompt=3)),
        ({"do": "reply", "answers": {"q": ["a"]}, "ts": "1.0", "aim": None}, Reply(answers={"q": ("a",)}, ts="1.0")),
        # Before prompts were counted, and before a message was remembered.
        ({"do": "back"}, Back()),
        ({"do": "skip"}, Skip()),
        ({"do": "guess", "prompt": 1, "question": "q", "choices": ["a"]},
         Guess(prompt=1, question="q", choices=("a",))),
        ({"do": "graded", "dimension": None, "column": None}, Grade()),
    ],
)  # fmt: skip
def test_records_of_earlier_versions_are_read(record: dict[str, Any], action: Action):
    assert read(record) == action


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ({"do": "nonsense"}, "union_tag_invalid"),
        ({}, "union_tag_not_found"),
        ({"do": "answer", "prompt": 1, "question": "q"}, "answer.choices: missing"),
        ({"do": "answer", "prompt": 1}, "answer.question: missing, answer.choices: missing"),
        ({"do": "reply", "answers": "a secret", "ts": "1.0"}, "reply.answers: dict_type"),
    ],
)
def test_what_is_no_action_is_named_without_what_it_holds(record: dict[str, Any], problem: str):
    with pytest.raises(ValueError, match=rf"^this is no action: .*{problem}") as raised:
        read(record)

    assert "secret" not in str(raised.value)


def test_only_what_is_meant_for_a_prompt_is_aimed_at_one():
    reply, answer = Reply(answers={"q": ("a",)}, ts="1.0"), Answer(prompt=1, question="q", choices=("a",))

    assert aimed_at(reply, 4) == reply.model_copy(update={"prompt": 4})
    assert aimed_at(Skip(), 4) == Skip(prompt=4)
    assert aimed_at(answer, 4) == answer
    assert aimed_at(actions.Pause(), 4) == actions.Pause()
