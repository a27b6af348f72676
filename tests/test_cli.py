"""The command line: what it prints and how it ends."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import cli
from bot.domain import quiz
from bot.domain.actions import Reply
from bot.domain.faq import Surface
from bot.domain.reply_kinds import ANSWER, NOT_ANSWERED, SUGGEST, UNKNOWN
from bot.knowledge import Library
from bot.settings import KNOWLEDGE, Settings, SettingsError
from bot.slack import deciding
from bot.storage import Question, QuestionKind, Store
from tests.conftest import bot_in
from tests.shipped import few_entries
from tests.workspace import Workspace

ROOT = Path(__file__).parent.parent
# Nothing of the developer's own environment or .env file may reach the bot under test.
CLEAN = {
    name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "DATABASE_", "KNOWLEDGE_"))
}


def rolefit(*arguments: str, cwd: Path | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `rolefit` to its end as a process of its own."""
    command = [sys.executable, "-m", "bot", *arguments]
    environment = CLEAN | {"PYTHONPATH": str(ROOT)} | settings
    place = cwd or ROOT / "tests"
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=place, check=False, timeout=180)


def rolefit_here(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command that starts nothing to its end in this process, which has imported all it needs."""
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(ROOT / "tests"):
        for name in os.environ.keys() - CLEAN.keys():
            patch.delenv(name)
        for name, value in settings.items():
            patch.setenv(name, value)
        result = CliRunner().invoke(cli, arguments)
    return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)


def test_ask_answers_a_question_of_the_documents():
    result = rolefit("ask", "Is research just engineering done at a slower speed?", "--json")

    output = json.loads(result.stdout)
    assert (output["decision"], output["entry"]) == ("answer", "research-vs-slow-engineering")
    assert 0.5 < output["confidence"] <= 1
    assert set(output) == {
        "decision",
        "entry",
        "confidence",
        "phrasing",
        "candidates",
        "matched",
        "unexplained",
        "near",
        "language",
    }


def test_ask_is_silent_about_lunch():
    output = json.loads(rolefit_here("ask", "lunch at 12?", "--json").stdout)

    assert (output["decision"], output["entry"]) == ("silence", None)


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        (
            "was ist der Unterschied zwischen RE und RS?",
            "Takes it for German, and says: Ich spreche bisher nur Englisch. Frag mich gern",
        ),
        ("что такое MTS?", "Takes it for another language than English, and says: I only read English so far."),
    ],
)
def test_ask_says_in_which_language_the_bot_would_not_answer(text: str, begins: str):
    output = rolefit_here("ask", text, "--surface", "dm").stdout

    assert output.startswith(begins)


def test_ask_prints_the_answer_and_why_in_plain_words_and_the_figures_when_told_to():
    output = rolefit_here("ask", "What does MTS mean?").stdout
    verbose = rolefit_here("ask", "What does MTS mean?", "--verbose").stdout

    assert output.startswith("Answers: What does “Member of Technical Staff” mean at OpenAI and Anthropic?\n")
    assert "Bell Labs" in output
    assert re.search(r"^Why: it is like “.+”, by “mts” \(read as “member of technical staff”\)", output, re.MULTILINE)
    assert re.search(r"Certainty: [01]\.\d\d of 1\.$", output)
    assert "Candidates" not in output
    assert verbose.startswith(output)
    assert "Candidates: member-of-technical-staff " in verbose
    assert "Matched: " in verbose


@pytest.mark.parametrize(
    ("text", "surface", "words"),
    [
        ("lunch at 12?", "channel", "Says nothing: nothing in it looks like a question about AI roles or titles.\n"),
        (
            "who reads the papers, and when",
            "channel",
            "Says nothing: unasked it answers only what it is sure of, and this it is not.\n"
            "Nearest: How do researchers read, experiment and publish?\nWhy: it is like “",
        ),
        (
            "who reads the papers, and when",
            "mention",
            "Is not sure, and asks whether one of these is meant:\n"
            "  How do researchers read, experiment and publish?\n",
        ),
        ("What is the mascot of the lab called?", "mention", "Says that it has no answer to this.\n"),
        ("how do I get promoted", "dm", "Has no answer, and says: Promotion is not something my documents deal with"),
        ("thanks", "dm", "Takes it for small talk, and says: You’re welcome.\n"),
        ("thanks", "channel", "Says nothing: this is small talk.\n"),
    ],
)
def test_ask_says_in_plain_words_why_there_is_no_answer(text: str, surface: str, words: str):
    assert rolefit_here("ask", text, "--surface", surface).stdout.startswith(words)


@pytest.mark.parametrize(
    ("text", "surface", "words"),
    [
        (
            "grad norm looks flat since the warmup ended, is that expected with this lr?",
            "channel",
            "unasked, without the sentence encoder.",
        ),
        ("who decides who gets what title", "channel", "unasked, with the sentence encoder."),
        ("who decides who gets what title", "mention", "where somebody asks it."),
    ],
)
def test_ask_says_how_sure_an_answer_takes_and_what_that_depends_on(text: str, surface: str, words: str):
    output = rolefit_here("ask", text, "--surface", surface).stdout

    assert re.search(rf"Certainty: 0\.\d\d of 1\. An answer takes 0\.\d\d {re.escape(words)}$", output)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("somebody told me you need a PhD for research engineering, not sure", None),
        ("so what do they do all day", "ai-engineer"),
        ("how should we grade them", "research-engineer"),
        ("and AI engineers?", "grade-research-engineer"),
        ("what is MTS?", "ai-engineer"),
        ("how do I get promoted", None),
        ("good morning", None),
        ("?", None),
        ("lunch at 12?", None),
    ],
)
def test_ask_decides_as_the_bot_does(library: Library, text: str, after: str | None):
    arguments = ("ask", text, "--surface", "dm", *(("--after", after) if after else ()))
    output = json.loads(rolefit_here(*arguments, "--json", ROLEFIT_ENCODER="off").stdout)
    shown = rolefit_here(*arguments, ROLEFIT_ENCODER="off").stdout

    leans_on = after if library.follows(text, prompted=True) else None
    planned = asyncio.run(deciding.decide(text, Surface.DM, library, None, leans_on))
    assert planned
    decisions = {ANSWER: "answer", SUGGEST: "suggest", UNKNOWN: "no_answer", NOT_ANSWERED: "no_answer"}
    assert output["decision"] == decisions.get(planned.kind, "talk")
    assert output["entry"] == (planned.entries[0] if planned.kind == ANSWER else None)
    if planned.kind == ANSWER:
        assert library.entries[planned.entries[0]].question in shown


def test_ask_tells_apart_what_is_just_below_from_what_an_answer_takes(tmp_path: Path):
    asked = "who decides who gets what title", "--surface", "mention"
    confidence = json.loads(rolefit_here("ask", *asked, "--json").stdout)["confidence"]
    folder = shutil.copytree(KNOWLEDGE, tmp_path / "knowledge")
    matching = (folder / "matching.yaml").read_text()
    (folder / "matching.yaml").write_text(
        re.sub(r"^( *)asked: .*", rf"\g<1>asked: {confidence + 0.0001}", matching, flags=re.MULTILINE)
    )

    output = rolefit_here("ask", *asked, KNOWLEDGE_DIR=str(folder)).stdout

    assert f"{confidence:.2f} where somebody asks it; this is just below." in output


def test_what_ask_prints_has_no_markup_of_slack_in_it(library: Library):
    assert "*AI engineer*" in library.entries["role-differences"].answer

    output = rolefit_here("ask", "What's the difference between a research engineer and an AI engineer?").stdout

    assert "An AI engineer (ML" in output
    assert "*" not in output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--surface", "email"), "--surface email: write channel"),
        (("--after", "nothing"), "--after nothing: there is no"),
    ],
)
def test_ask_refuses_what_it_does_not_know(arguments: tuple[str, ...], words: str):
    result = rolefit_here("ask", "what is an MTS", *arguments)

    assert result.returncode == 2
    assert words in result.stderr


def test_a_mention_gets_suggestions_where_a_channel_gets_silence():
    output = json.loads(
        rolefit_here("ask", "What is the mascot of the lab called?", "--surface", "mention", "--json").stdout
    )

    assert output["decision"] == "no_answer"


def test_check_says_that_all_is_well(tmp_path: Path):
    folder = shutil.copytree(KNOWLEDGE, tmp_path / "mine", ignore=shutil.ignore_patterns("utterances"))

    # Of what is shipped it is said in test_knowledge.py and by `make check`.
    result = rolefit_here("check", str(few_entries(folder, "xai-dropped-researcher", "role-differences")))

    assert (result.returncode, result.stdout) == (0, "mine: all is well.\n")


def test_check_exits_with_an_error_for_broken_knowledge(tmp_path: Path):
    result = rolefit_here("check", str(tmp_path))

    assert result.returncode == 1
    assert "faq.yaml: error: is not there. Put the file there." in result.stdout


def test_check_counts_what_it_found(tmp_path: Path):
    folder = shutil.copytree(KNOWLEDGE, tmp_path / "mine", ignore=shutil.ignore_patterns("utterances"))
    (folder / "quiz.yaml").write_text("")
    (folder / "words.yaml").unlink()

    several = rolefit_here("check", str(folder))
    shutil.copy(KNOWLEDGE / "quiz.yaml", folder)
    one = rolefit_here("check", str(folder))

    assert re.search(r"^mine: \d\d? errors, 0 warnings\.$", several.stdout, re.MULTILINE)
    assert one.stdout.endswith("mine: 1 error, 0 warnings.\n")


@pytest.mark.parametrize(
    "arguments", [("check", "nowhere"), ("eval", "cases.jsonl", "--knowledge", "nowhere")], ids=["check", "eval"]
)
def test_a_knowledge_folder_that_is_not_there_is_named_once(arguments: tuple[str, ...]):
    result = rolefit_here(*arguments)

    assert result.returncode == 2
    assert result.stderr == (
        "nowhere: there is no such folder. Name one that has faq.yaml, or none to use that of KNOWLEDGE_DIR.\n"
    )


async def test_a_port_that_is_taken_is_named_with_its_setting(tmp_path: Path, library: Library):
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError) as raised:
            async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path, health_port=port):
                pass

    assert raised.value.problems == [
        f"HEALTH_PORT: port {port} cannot be served on: Address already in use. Set HEALTH_PORT to another."
    ]


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


def test_knowledge_that_cannot_be_used_is_named_with_the_setting(tmp_path: Path):
    result = rolefit_here("ask", "what is an MTS", KNOWLEDGE_DIR=str(tmp_path))

    first, *_, last = result.stderr.splitlines()
    assert result.returncode == 2
    assert first == "checks.yaml: error: is not there. Put the file there."
    assert last == f"The knowledge in {tmp_path} (KNOWLEDGE_DIR) has errors: mend them first."


def test_a_misspelt_setting_is_named_once_and_stops_nothing():
    result = rolefit_here("ask", "lunch at 12?", SLACK_BOT_TOKN="xoxb-1")

    assert result.returncode == 0
    assert result.stdout.startswith("Says nothing")
    assert result.stderr == ("SLACK_BOT_TOKN: no such setting; did you mean SLACK_BOT_TOKEN?\n")


def test_a_misspelt_setting_is_named_beside_values_that_cannot_be_used():
    result = rolefit_here(
        "ask", "lunch at 12?", SLACK_BOT_TOKN="xoxb-1", PORT="many", ROLEFIT_SUPPORT="", LOG_LEVEL="X"
    )

    assert result.returncode == 2
    assert result.stderr.splitlines() == [
        "SLACK_BOT_TOKN: no such setting; did you mean SLACK_BOT_TOKEN?",
        "PORT must be a whole number. Write digits alone.",
        "LOG_LEVEL must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'. Write it in just that way.",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("report", "--draft", "first"), "Invalid value for '--draft': it must be a whole number. Write digits alone."),
        (("report", "--draft", "0"), "Invalid value for '--draft': it must be 1 or more. Write a larger number."),
        (("run", "--port", "70000"), "Invalid value for '--port': it must be 65535 or less. Write a smaller number."),
        (("eval", "--left-out", "me"), "Invalid value for '--left-out': 'me' is not one of 'authors', 'entries'."),
    ],
)
def test_an_option_that_cannot_be_used_is_named_in_words(arguments: tuple[str, ...], words: str):
    result = rolefit_here(*arguments)

    assert result.returncode == 2
    assert words in " ".join(result.stderr.replace("│", " ").split())


def test_fit_names_a_folder_that_stands_for_a_file(tmp_path: Path):
    result = rolefit_here("fit", str(tmp_path))

    assert result.stderr == f"{tmp_path.name}: error: is a folder, and a file is wanted. Put the file in its place.\n"


def test_fit_works_a_recommendation_out_from_a_file(tmp_path: Path):
    file = tmp_path / "answers.yaml"
    file.write_text(
        "purpose: role\n1: d\n2: [a, e]\nwhat-you-optimize: business-numbers\n4: c\n5: 1\nwhich-uncertainty: b\n"
    )

    done = rolefit_here("fit", str(file))

    assert done.returncode == 0
    assert done.stdout.startswith("The work calls for: AI engineer, clearly.\nIt has ")
    assert "papers-and-methods + services-and-features, half each" in done.stdout
    assert (
        "which-uncertainty = will-it-hold does not count: these two are not in front and too close to call"
        in done.stdout
    )
    assert "ai-engineer leads researcher by 35.3%: clear (clear from 25%, leaning from 8%)" in done.stdout
    changes = "question-you-work-on = new-and-true, what-comes-out = papers-and-methods"
    assert f"it would be researcher for example with {changes}" in done.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1: a", "picture (clear from 25%, leaning from 8%; a recommendation takes 3 answers)"),
        ("1: a\n2: a\n3: b\n5: a", "leaning (clear from 25%, leaning from 8%; not clear because of how-far-ahead)"),
        (
            "1: a\n2: c\n3: c\n4: b\n5: e\nexperiment-or-users: b",
            "too close to call by the answers alone; experiment-or-users = serves-users decides for ai-engineer",
        ),
        ("1: [b, d]\n2: [d, e]\n3: [b, c]", "It and AI engineer have 46.7% each of what the answers weigh."),
        ("1: [b, d]\n2: [d, e]\n3: [b, c]", "research-engineer and ai-engineer are tied: close (clear from 25%"),
        (
            "1: [b, d]\n2: [d, e]\n3: [b, c]\nexperiment-or-users: b",
            "are tied: leaning by the tie-break (by the answers alone, clear from 25%",
        ),
        (
            "1: a\n2: c\n3: c\n4: b\n5: e\nexperiment-or-users: a",
            "research-engineer is 5.7% behind ai-engineer: leaning by the tie-break",
        ),
    ],
)
def test_fit_says_what_keeps_it_from_being_clear_and_what_decides(tmp_path: Path, text: str, words: str):
    file = tmp_path / "answers.yaml"
    file.write_text(text)

    assert words in rolefit_here("fit", str(file)).stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("9: d", "there is no question 9. Choose one of: question-you-work-on"),
        ("2: z", "2: 'z' is no answer. Choose one or two of: papers-and-methods"),
        ("2: [a, b, c]", "is no answer. Choose one or two"),
        ("2: [a, a]", "is no answer. Choose one or two"),
        ("1: a\nquestion-you-work-on: b", "answers.yaml:2: error: question-you-work-on: this question has an answer"),
        ("[]", "write one line for each answer, such as `1: b`"),
        ("1: [a\n2: b", "answers.yaml:1: error: is not YAML: a bracket that is opened here is not closed. Close it."),
        ("1: a\n2: 2026-02-31", "answers.yaml:2: error: '2026-02-31' is no day of the calendar"),
        ("1: a\n1: b", "answers.yaml:2: error: the key '1' is there twice. Keep one and delete the other."),
        ("1: a\n2: z", "answers.yaml:2: error: 2: 'z' is no answer."),
        ("which-uncertainty: a", "these answers alone give no recommendation. Answer one or more of: question-you"),
        ("purpose: own", "these answers alone give no recommendation. Answer one or more of: question-you"),
    ],
)
def test_fit_says_what_is_wrong_with_a_file(tmp_path: Path, text: str, words: str):
    file = tmp_path / "answers.yaml"
    file.write_text(text)

    done = rolefit_here("fit", str(file))

    assert done.returncode == 2
    assert words in done.stderr


async def test_explain_works_a_round_out_as_it_was_taken(tmp_path: Path, library: Library):
    def explained(run: str) -> subprocess.CompletedProcess[str]:
        return rolefit_here("explain", run, DATA_DIR=str(tmp_path))

    store = await Store.open(Settings(_env_file=None, data_dir=tmp_path).store_url)
    await store.runs.begin("T1", "r1", quiz.begin(library.quiz), user="U1", channel="D1", root_ts="1.0")
    empty = await asyncio.to_thread(explained, "r1")
    answers = {question.id: (question.choices[0].id,) for question in library.quiz.questions}
    await store.runs.apply("T1", "r1", lambda run: quiz.apply(run, Reply(answers=answers, ts="2.0")), by="job")
    await store.close()

    done = await asyncio.to_thread(explained, "r1")
    none = await asyncio.to_thread(explained, "r2")

    assert "It has no answers yet." in empty.stdout
    assert "r1 in T1, begun" in done.stdout
    assert "finished, quiz" in done.stdout
    assert "researcher leads research-engineer by" in done.stdout
    assert none.returncode == 2
    assert "r2: there is no such round in this database." in none.stderr
    by_key = await asyncio.to_thread(explained, "click:T1:r1:U1:3.0")
    assert by_key.stdout == done.stdout
    listed = await asyncio.to_thread(rolefit_here, "explain", DATA_DIR=str(tmp_path))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d  r1  finished, of U1 in T1\n", listed.stdout)


@pytest.mark.parametrize("arguments", [("jobs",), ("explain",), ("explain", "r1"), ("report",)], ids=" ".join)
def test_what_reads_a_database_makes_none(tmp_path: Path, arguments: tuple[str, ...]):
    data = tmp_path / "data"

    result = rolefit_here(*arguments, DATA_DIR=str(data))

    assert result.returncode == 2
    assert result.stderr == (
        f"There is no database of this version of Rolefit in DATA_DIR ({data}) yet: start the bot, "
        f"or correct DATA_DIR ({data}).\n"
    )
    assert not data.exists()


async def test_report_shows_gaps_uses_and_drafts_and_makes_no_database(tmp_path: Path, library: Library):
    def reported(*arguments: str) -> subprocess.CompletedProcess[str]:
        return rolefit_here("report", *arguments, DATA_DIR=str(tmp_path))

    none = await asyncio.to_thread(reported)
    assert none.returncode == 2
    assert f"There is no database of this version of Rolefit in DATA_DIR ({tmp_path}) yet: start the bot" in none.stderr
    assert not any((tmp_path / name).exists() for name in ("rolefit.db", "jobs.db"))

    store = await Store.open(Settings(_env_file=None, data_dir=tmp_path).store_url)
    empty = await asyncio.to_thread(reported)
    assert empty.returncode == 0
    assert "Nothing was asked that has no answer." in empty.stdout
    assert "No entry was posted." in empty.stdout
    now = time.time()
    for number, (user, text, kind, at) in enumerate(
        [
            ("U1", "what is a [quant]?", QuestionKind.UNANSWERED, now - 40 * 86_400),
            ("U2", "quants, what are they", QuestionKind.DECLINED, now),
            ("U1", "who feeds the cat", QuestionKind.UNANSWERED, now),
            ("U3", "whats a mots", QuestionKind.CHOSEN, now),
        ]
    ):
        question = Question(f"C1:{number}", user, kind, text, entry="member-of-technical-staff", asked_at=at)
        await store.gaps.record("T1", question)

    table = (await asyncio.to_thread(reported)).stdout
    assert re.search(r"│ 1 │ 2 .*unanswered.*what is a", table)
    assert "[quant]?" in table
    assert "whats a mots" in table
    assert not re.search(r"member-of-technical-staff \d", table)
    found = json.loads((await asyncio.to_thread(reported, "--json")).stdout)
    assert [(gap["number"], gap["people"], gap["example"]) for gap in found["gaps"]] == [
        (1, 2, "what is a [quant]?"), (2, 1, "who feeds the cat"),
    ]  # fmt: skip
    assert found["gaps"][0]["kinds"] == {"unanswered": 1, "declined": 1}
    assert found["proposals"] == [{"entry": "member-of-technical-staff", "text": "whats a mots", "people": 1}]
    recent = json.loads((await asyncio.to_thread(reported, "--json", "--since", "30d")).stdout)
    assert [gap["example"] for gap in recent["gaps"]] == ["quants, what are they", "who feeds the cat"]
    later = await asyncio.to_thread(reported, "--since", "2999-01-01")
    assert "Nothing was asked that has no answer." in later.stdout
    draft = (await asyncio.to_thread(reported, "--draft", "1")).stdout
    assert draft.startswith('  - id: quant\n    question: "What is a [quant]?"')

    await store.gaps.record("T2", Question("C2:1", "U1", QuestionKind.UNANSWERED, "why", asked_at=now))
    await store.close()
    for arguments, words in (
        ((), "There are several workspaces; name one with --team: T1, T2."),
        (("--team", "T3"), "--team T3: nothing was asked there. There are: T1, T2."),
        (("--team", "T1", "--draft", "3"), "--draft 3: there are 2 gaps. `rolefit report` has their numbers."),
        (("--team", "T2", "--draft", "2"), "--draft 2: there is 1 gap."),
        (("--since", "yesterday"), "--since yesterday: write so many days, like 30d, or a day, like 20"),
    ):
        refused = await asyncio.to_thread(reported, *arguments)
        assert refused.returncode == 2
        assert words in refused.stderr
