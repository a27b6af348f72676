"""The command line, as a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Nothing of the developer's own environment or .env file may reach the bot under test.
CLEAN = {
    name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "DATABASE_", "KNOWLEDGE_"))
}


def rolefit(*arguments: str, cwd: Path | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `rolefit` to its end."""
    command = [sys.executable, "-m", "bot", *arguments]
    environment = CLEAN | {"PYTHONPATH": str(ROOT)} | settings
    place = cwd or ROOT / "tests"
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=place, check=False, timeout=60)


def test_ask_answers_a_question_of_the_documents():
    result = rolefit("ask", "Is research just engineering done at a slower speed?", "--json")

    said = json.loads(result.stdout)
    assert (said["decision"], said["entry"]) == ("answer", "research-vs-slow-engineering")
    assert 0.5 < said["confidence"] <= 1
    assert set(said) == {"decision", "entry", "confidence", "phrasing", "candidates", "matched", "unexplained"}


def test_ask_is_silent_about_lunch():
    said = json.loads(rolefit("ask", "lunch at 12?", "--json").stdout)

    assert (said["decision"], said["entry"]) == ("silence", None)


def test_ask_prints_the_answer_and_why():
    said = rolefit("ask", "What does Member of Technical Staff mean?").stdout

    assert said.startswith("answer")
    assert "Bell Labs" in said
    assert "Matched: " in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--surface", "email"), "--surface email: write channel"),
        (("--after", "nothing"), "--after nothing: there is no"),
    ],
)
def test_ask_refuses_what_it_does_not_know(arguments: tuple[str, ...], words: str):
    result = rolefit("ask", "what is an MTS", *arguments)

    assert result.returncode == 2
    assert words in result.stderr


def test_a_mention_gets_suggestions_where_a_channel_gets_silence():
    said = json.loads(rolefit("ask", "which restaurant is best?", "--surface", "mention", "--json").stdout)

    assert said["decision"] == "no_answer"


def test_check_finds_nothing_wrong_with_our_knowledge():
    result = rolefit("check")

    assert (result.returncode, result.stdout) == (0, "knowledge: all is well.\n")


def test_check_exits_with_an_error_for_broken_knowledge(tmp_path: Path):
    result = rolefit("check", str(tmp_path))

    assert result.returncode == 1
    assert "faq.yaml: error: cannot be read: No such file or directory. Put the file there." in result.stdout


def test_broken_knowledge_does_not_start(tmp_path: Path):
    result = rolefit("run", "--no-browser", KNOWLEDGE_DIR=str(tmp_path), cwd=tmp_path)

    assert result.returncode == 2
    assert "mend them and start again" in result.stderr


def test_half_set_settings_are_named_and_nothing_starts(tmp_path: Path):
    result = rolefit("run", SLACK_BOT_TOKEN="xoxb-test", cwd=tmp_path)

    assert result.returncode == 2
    assert result.stderr.startswith("SLACK_APP_TOKEN is not set, but Socket Mode needs it")
    assert "Traceback" not in result.stderr


def test_a_setting_may_stand_in_a_file(tmp_path: Path):
    (tmp_path / ".env").write_text("SLACK_BOT_TOKEN=nonsense\n")

    result = rolefit("run", cwd=tmp_path)

    assert result.returncode == 2
    assert "SLACK_BOT_TOKEN is not a bot token" in result.stderr
