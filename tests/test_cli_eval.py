"""`rolefit eval`: what it counts, and what it says of files that it cannot use."""

import gzip
import json
import shutil
from pathlib import Path

import pytest

from bot.settings import KNOWLEDGE
from tests.test_cli import rolefit_here

KEYS = [
    "n",
    "in_scope",
    "top1",
    "top3",
    "auroc",
    "recall",
    "precision",
    "wrong",
    "false_answers",
    "false_alarms",
    "false_per_1000",
    "recall_read_off",
    "reached",
    "suggested",
    "ece",
    "p50_us",
    "p99_us",
    "by_style",
    "by_author",
]


def cases(place: Path, *rows: object) -> str:
    place.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + "\n")
    return str(place)


def test_eval_counts_what_is_answered_left_alone_and_missed(tmp_path: Path):
    file = cases(
        tmp_path / "cases.jsonl",
        {"text": "What does Member of Technical Staff mean?", "gold": "member-of-technical-staff", "style": "plain"},
        {
            "text": "why did xAI drop the researcher title?",
            "gold": ["xai-dropped-researcher", "builder"],
            "author": "ana",
        },
        {"text": "What is an AI engineer?", "gold": "research-engineer", "style": "plain"},
        {"text": "something nobody could know the answer of", "gold": "builder"},
        {"text": "lunch at 12?", "gold": None},
        {"text": "What does a research engineer do?", "gold": None},
    )

    output = json.loads(rolefit_here("eval", file, "--json").stdout)

    assert list(output) == KEYS
    assert (output["n"], output["in_scope"], output["wrong"], output["false_answers"]) == (6, 4, 1, 1)
    assert (output["top1"], output["recall"], output["precision"]) == (0.5, 0.5, 0.5)
    assert (output["false_alarms"], output["false_per_1000"]) == (0.5, 500)
    assert 0 < output["p50_us"] <= output["p99_us"]
    plain = {"n": 2, "in_scope": 2, "top1": 0.5, "recall": 0.5, "reached": 0.5, "answered": 1.0}
    assert output["by_style"] == {"plain": plain}
    assert output["by_author"] == {
        "ana": {"n": 1, "in_scope": 1, "top1": 1.0, "recall": 1.0, "reached": 1.0, "answered": 1.0}
    }


def test_eval_counts_suggestions_where_the_bot_was_asked(tmp_path: Path):
    file = cases(
        tmp_path / "cases.jsonl",
        {"text": "What does Member of Technical Staff mean?", "gold": "member-of-technical-staff"},
        {"text": "what roles does xAI have", "gold": "xai-dropped-researcher"},
        {"text": "what roles does xAI have", "gold": None},
        {"text": "lunch at 12?", "gold": None},
        {"text": "does Netflix use Member of Technical Staff", "gold": None, "style": "technical"},
        {"text": "What does Member of Technical Staff mean?", "gold": None, "style": "technical"},
    )

    output = json.loads(rolefit_here("eval", file, "--surface", "mention", "--json").stdout)

    assert (output["recall"], output["reached"], output["suggested"]) == (0.5, 1.0, 0.5)
    assert (output["false_alarms"], output["false_answers"]) == (0, 1)  # technical chatter is no false alarm


def test_eval_wants_either_files_or_what_to_leave_out():
    for arguments in ((), ("cases.jsonl", "--left-out", "authors")):
        result = rolefit_here("eval", *arguments)

        assert result.returncode != 0
        assert "name files with cases, or --left-out authors or entries, and not both." in result.stderr


def test_eval_leaves_nothing_out_where_there_are_no_utterances(tmp_path: Path):
    folder = shutil.copytree(KNOWLEDGE, tmp_path / "mine", ignore=shutil.ignore_patterns("utterances"))

    result = rolefit_here("eval", "--left-out", "authors", "--knowledge", str(folder))

    assert "mine: there are no utterances to leave out. Put some into utterances/." in result.stderr


def test_eval_reads_plain_text_and_packed_files_as_what_nobody_should_answer(tmp_path: Path):
    plain, packed = tmp_path / "chat.txt", tmp_path / "more.txt.gz"
    plain.write_text("lunch at 12?\n\nwho is on call?\n")
    packed.write_bytes(gzip.compress(b"What does Member of Technical Staff mean?\n"))

    output = json.loads(rolefit_here("eval", str(plain), str(packed), "--json").stdout)

    assert (output["n"], output["in_scope"], output["false_answers"]) == (3, 0, 1)
    assert output["false_per_1000"] == pytest.approx(333.3333, abs=1e-3)
    assert output["top1"] is None


def test_eval_shows_tables_and_says_of_each_miss_why(tmp_path: Path):
    file = cases(tmp_path / "cases.jsonl", {"text": "What is an AI engineer at Qwertz?", "gold": "research-engineer"})

    output = rolefit_here("eval", file, "--surface", "mention", "--errors").stdout

    assert "expected calibration error" in output
    assert "What is an AI engineer at Qwertz?" in output
    assert "  wanted: research-engineer" in output
    assert "ai-engineer = ai-engineer" in output.replace("ai engineer", "ai-engineer")
    assert "  not explained: qwertz" in output


def test_eval_with_some_entries_knows_only_these(tmp_path: Path):
    row = {"text": "What does Member of Technical Staff mean?", "gold": "member-of-technical-staff"}

    output = json.loads(rolefit_here("eval", cases(tmp_path / "c.jsonl", row), "--entries", "builder", "--json").stdout)

    assert (output["in_scope"], output["false_answers"]) == (0, 0)


def test_eval_takes_the_intents_of_a_file_as_knowledge(tmp_path: Path):
    phrases_by_label = {
        "reset": ["reset my password", "i forgot my password", "password does not work", "how to change the password"],
        "refund": ["i want my money back", "how do i get a refund", "refund my order", "give me a refund please"],
        "hours": ["when do you open", "what are your opening hours", "are you open on sunday", "opening time today"],
    }
    rows = [
        {"text": text, "label": label, "split": "train" if at < 3 else "test"}
        for label, texts in phrases_by_label.items()
        for at, text in enumerate(texts)
    ]
    rows.append({"text": "tell me a joke", "label": "oos", "split": "test"})

    figures = json.loads(
        rolefit_here("eval", cases(tmp_path / "i.jsonl", *rows), "--intents", "--examples", "3", "--json").stdout
    )

    assert (figures["n"], figures["in_scope"], figures["top1"]) == (4, 3, 1.0)


@pytest.mark.parametrize(
    ("name", "rows", "arguments", "words"),
    [
        ("c.jsonl", ["{"], (), "c.jsonl:1: is not JSON. Put one object on each line."),
        ("c.jsonl", [{"text": "x"}], (), "c.jsonl:1: an object with 'text' and 'gold' is wanted. Add what is missing."),
        ("c.jsonl", [{"text": "x", "gold": "nothing"}], (), "c.jsonl:1: there is no entry 'nothing' in this"),
        ("c.jsonl", [{"text": "x", "gold": 5}], (), "c.jsonl:1: 'text' must be text, and 'gold' an id"),
        ("c.jsonl", [{"text": 5, "gold": None}], (), "c.jsonl:1: 'text' must be text"),
        ("c.jsonl.gz", ["plain"], (), "c.jsonl.gz is not packed by gzip"),
        ("c.txt", [""], (), "there are no cases in c.txt."),
        ("c.txt", ["x"], ("--entries", "nothing"), "--entries: there is no entry 'nothing' in this knowledge."),
        ("c.txt", ["x"], ("--surface", "email"), "--surface email: write channel, thread, mention or dm."),
        ("c.jsonl", [{"text": "x", "label": "a"}], ("--intents",), "c.jsonl: no label has two lines of the split"),
        ("c.jsonl", [{"text": "x"}], ("--intents",), "c.jsonl:1: an object with 'text' and 'label' is wanted."),
        ("c.jsonl", ["", "{"], ("--intents",), "c.jsonl:2: is not JSON. Put one object on each line."),
        ("c.jsonl", [{"text": "\ud83d", "gold": None}], (), "c.jsonl:1: 'text' holds half of a character"),
        ("c.txt", ["x"], ("--intents", "--entries", "builder"), "--entries is for files of cases: leave it out"),
    ],
)  # fmt: skip
def test_eval_says_what_is_wrong_with_a_file_and_where(
    tmp_path: Path, name: str, rows: list[object], arguments: tuple[str, ...], words: str
):
    result = rolefit_here("eval", cases(tmp_path / name, *rows), *arguments)

    assert result.returncode == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr


PACKED = gzip.compress(b"{}" * 99, mtime=0)


@pytest.mark.parametrize("arguments", [(), ("--intents",)])
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("c.jsonl", b'{"text": "\xff"}', "c.jsonl: is not UTF-8 text. Save it as UTF-8."),
        ("c.jsonl.gz", PACKED[:-9], "c.jsonl.gz ends too early: a part of it is missing."),
        (
            "c.jsonl.gz",
            PACKED[:10] + b"\xff" * 40,
            "c.jsonl.gz cannot be unpacked: it is damaged.",
        ),
    ],
    ids=["no utf-8", "cut off", "damaged"],
)
def test_eval_says_that_a_file_is_damaged(
    tmp_path: Path, name: str, content: bytes, words: str, arguments: tuple[str, ...]
):
    (tmp_path / name).write_bytes(content)

    result = rolefit_here("eval", str(tmp_path / name), *arguments)

    assert result.returncode == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_eval_reads_a_file_that_begins_with_the_mark_of_utf_8(tmp_path: Path):
    (tmp_path / "c.jsonl").write_bytes(b'\xef\xbb\xbf{"text": "lunch?", "gold": null}\n')

    assert json.loads(rolefit_here("eval", str(tmp_path / "c.jsonl"), "--json").stdout)["n"] == 1


def test_eval_says_that_a_file_is_not_there(tmp_path: Path):
    result = rolefit_here("eval", str(tmp_path / "none.jsonl"))

    assert result.returncode == 2
    assert "none.jsonl is not there." in result.stderr


def test_talk_is_counted_as_understood_taken_for_something_else_or_left_alone(tmp_path: Path):
    file = cases(
        tmp_path / "talk.jsonl",
        {"text": "thanks a lot", "gold": ["thanks"], "author": "ana"},
        {"text": "thanks a lot", "gold": ["bye"], "author": "ana"},
        {"text": "florbs in the quonset", "gold": ["bye"], "author": "ana"},
        {"text": "What does Member of Technical Staff mean?", "gold": [], "author": "ben"},
    )

    figures = json.loads(rolefit_here("eval-talk", "talk", file, "--json").stdout)

    of_ana, of_ben = figures["ana"], figures["ben"]
    assert of_ana == {"talk": 3, "right": 1, "wrong": 1, "offered": 0, "others": 0, "taken": 0, "asked": 0}
    assert of_ben == {"talk": 0, "right": 0, "wrong": 0, "offered": 0, "others": 1, "taken": 0, "asked": 0}
    listed = rolefit_here("eval-talk", "talk", file, "--errors").stdout
    assert "thanks instead of bye: thanks a lot" in listed
    assert "not understood instead of bye: florbs in the quonset" in listed


@pytest.mark.parametrize(
    ("place", "text", "gold"),
    [("quiz", "skip it", "skip"), ("result", "how sure are you?", "sure"), ("received", "who came second", "second")],
)
def test_talk_is_read_where_it_was_said(tmp_path: Path, place: str, text: str, gold: str):
    other = "meaning" if place == "received" else "privacy"
    file = cases(tmp_path / "talk.jsonl", {"text": text, "gold": [gold]}, {"text": text, "gold": [other]})

    figures = json.loads(rolefit_here("eval-talk", place, file, "--json").stdout)

    counted = {"talk": 2, "right": 1, "wrong": 1, "offered": 0, "others": 0, "taken": 0, "asked": 0}
    assert figures == {"talk": counted}


def test_eval_talk_names_what_is_not_to_be_meant_there(tmp_path: Path):
    refused = rolefit_here("eval-talk", "quiz", cases(tmp_path / "talk.jsonl", {"text": "hi", "gold": "gossip"}))
    assert refused.returncode == 2
    assert "talk.jsonl:1: nothing that people may want there is called 'gossip'" in refused.stderr
    empty = rolefit_here("eval-talk", "quiz", cases(tmp_path / "none.jsonl", ""))
    assert "there are no messages in none.jsonl" in empty.stderr
