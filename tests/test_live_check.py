"""`rolefit check --slack`: Slack is asked about all that the bot can show, and says what it refuses."""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from bot.knowledge import Library
from bot.settings import KNOWLEDGE
from bot.slack import blocks, gallery, live_check, pieces
from bot.slack.gallery import Rendering
from bot.slack.live_check import Refused, Verdict
from tests.conftest import THOROUGH, free_port
from tests.shipped import few_entries
from tests.test_cli import rolefit_here
from tests.workspace import Workspace

METHOD = live_check.METHOD
SOME = 3_000  # messages, of which more than 2,000 differ
TOO_LONG = {
    "pointer": "/blocks/0/text/text",
    "code": "failed_constraint",
    "message": "must be less than 3001 characters",
    "constraint": {"type": "max_length", "expected": 3000},
}


def refusal(error: str = "invalid_message", *reasons: Any) -> dict[str, Any]:
    """Give a fault by which the next call is refused as Slack does it."""
    body = {"ok": False, "error": error} | ({"errors": reasons} if reasons else {})
    return {"method": METHOD, "error": error, "page": ["application/json", json.dumps(body)]}


@pytest.fixture
async def slack() -> AsyncIterator[Workspace]:
    """A workspace without a bot."""
    async with Workspace.start() as workspace:
        yield workspace


@pytest.fixture
def few(library: Library) -> list[Rendering]:
    """Three different messages and a view; the first twice."""
    said = [Rendering(name, partial(blocks.say, name)) for name in ("one", "two", "three")]
    return [*said, Rendering("one again", said[0].render), next(gallery.home(library))]


def one_section(text: str) -> pieces.Message:
    """Give a message whose text is in one section, however long it is."""
    return pieces.message([pieces.section(text)], [text])


async def judged(slack: Workspace, renderings: list[Rendering]) -> tuple[Verdict, list[str]]:
    lines: list[str] = []
    return await live_check.check(renderings, slack.api_url, lines.append), lines


async def test_each_different_message_is_asked_about_once_without_a_token(slack: Workspace, few: list[Rendering]):
    verdict, lines = await judged(slack, few)

    assert verdict == Verdict(4, [])
    assert lines == ["Slack has judged 0 of 4 messages."]
    sent = [call["request"] for call in await slack.traffic(METHOD)]
    assert [list(arguments) for arguments in sent] == [["message"], ["message"], ["message"], ["view"]]
    assert json.loads(sent[0]["message"])["blocks"][0]["text"]["text"] == "one"


async def test_a_refusal_names_the_message_the_code_and_the_place(slack: Workspace, few: list[Rendering]):
    await slack.faults(api=[refusal("invalid_message", TOO_LONG, "no more"), refusal("msg_blocks_too_long")])

    verdict, _ = await judged(slack, few)

    assert [str(refused) for refused in verdict.refused] == [
        "one: invalid_message: /blocks/0/text/text: must be less than 3001 characters (failed_constraint); no more.",
        "two: msg_blocks_too_long.",
    ]


async def test_what_is_beyond_a_limit_known_here_is_refused_without_asking(slack: Workspace, few: list[Rendering]):
    verdict, _ = await judged(slack, [Rendering("novel", partial(one_section, "x" * 3001)), *few])

    [refused] = verdict.refused
    assert verdict.count == 5
    assert str(refused).startswith("novel: cannot be rendered: Argument to field `text` (3001 characters) exceeds")
    assert len(await slack.traffic(METHOD)) == 4


async def test_slack_is_waited_for_as_long_as_it_asks_and_asked_again(slack: Workspace, few: list[Rendering]):
    await slack.faults(api=[{"method": METHOD, "error": "ratelimited", "retry_after": 0, "times": 2}])

    verdict, lines = await judged(slack, few)

    assert verdict == Verdict(4, [])
    assert lines[1:] == ["Slack asks to wait for 0 seconds."] * 2
    assert len(await slack.traffic(METHOD)) == 6


@pytest.mark.parametrize(
    "fault",
    [
        {"error": "internal_error", "status": 500},
        {"error": "internal_error", "status": 503, "page": ["text/plain", "upstream connect error"]},
        {"error": None, "reset": True},
    ],
)
async def test_a_failure_that_passes_is_tried_again(
    slack: Workspace, few: list[Rendering], monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any]
):
    monkeypatch.setattr(live_check, "PAUSES", (0, 0))
    await slack.faults(api=[{"method": METHOD, "times": 2, **fault}])

    verdict, _ = await judged(slack, few)

    assert verdict == Verdict(4, [])


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"error": "unknown_method"}, "Slack does not judge messages, but says unknown_method."),
        (
            {"error": "internal_error", "status": 500},
            r"Slack cannot be reached at http://[^ ]+/api/ \(internal_error\)",
        ),
        ({"error": "x", "page": ["text/html", "<p>Sign in"]}, r"Slack cannot be reached at .* \(status 200\)"),
        ({"error": "ratelimited", "retry_after": 0}, "Slack asked 20 times in a row to wait, and did not judge one."),
    ],
)
async def test_without_a_verdict_it_says_why(
    slack: Workspace, few: list[Rendering], monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any], words: str
):
    monkeypatch.setattr(live_check, "PAUSES", (0, 0))
    await slack.faults(api=[{"method": METHOD, "times": 99, **fault}])

    verdict, _ = await judged(slack, few)

    assert verdict.refused == []
    assert re.match(words, verdict.unfinished or "")
    assert len({json.dumps(call["request"]) for call in await slack.traffic(METHOD)}) == 1


async def test_what_was_refused_before_slack_went_away_is_kept(slack: Workspace, few: list[Rendering]):
    await slack.faults(api=[refusal("invalid_message", TOO_LONG), {"method": METHOD, "error": "unknown_method"}])

    verdict, _ = await judged(slack, few)

    assert [refused.name for refused in verdict.refused] == ["one"]
    assert verdict.unfinished == "Slack does not judge messages, but says unknown_method."


@pytest.fixture
def some_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command ask about the first of all messages, unless all are to be tried."""
    everything = gallery.everything
    monkeypatch.setattr(gallery, "everything", lambda library: islice(everything(library), None if THOROUGH else SOME))


@pytest.mark.usefixtures("some_of_all")
async def test_the_command_has_all_judged_and_ends_with_1_for_the_one_that_is_refused(slack: Workspace):
    await slack.faults(api=[refusal("invalid_message", TOO_LONG)])

    done = await asyncio.to_thread(rolefit_here, "check", "--slack", SLACK_API_URL=slack.api_url, ROLEFIT_ENCODER="off")

    asked = await slack.traffic(METHOD)
    assert done.returncode == 1
    assert "knowledge: all is well." in done.stdout
    assert "answer role-differences: invalid_message: /blocks/0/text/text: must be less than 3001" in done.stdout
    assert re.search(r"Slack refuses 1 of \d{4} messages: change what they show\.", done.stdout)
    assert "Slack has judged 2,000 of" in done.stderr
    assert len({json.dumps(call["request"]) for call in asked}) == len(asked)


@pytest.fixture
def little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A knowledge of one entry, of which the command asks about a few views: enough to see how it ends."""
    monkeypatch.setattr(gallery, "everything", lambda library: islice(gallery.home(library), 5))
    return str(few_entries(shutil.copytree(KNOWLEDGE, tmp_path / "knowledge"), "role-differences"))


async def test_the_command_says_that_slack_takes_everything(slack: Workspace, little: str):
    arguments = ("check", little, "--slack")
    done = await asyncio.to_thread(rolefit_here, *arguments, SLACK_API_URL=slack.api_url, ROLEFIT_ENCODER="off")

    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Slack takes what the bot shows, 5 messages.")


def test_the_command_ends_with_3_where_slack_cannot_be_reached(little: str):
    address = f"http://127.0.0.1:{free_port()}/api/"

    done = rolefit_here("check", little, "--slack", SLACK_API_URL=address, ROLEFIT_ENCODER="off")

    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith(f"Slack cannot be reached at {address} (Connect")
    assert done.stderr.endswith("So it is not known whether Slack takes the rest: try again later.\n")


async def test_the_command_ends_with_1_for_a_refusal_also_where_slack_went_away_later(slack: Workspace, little: str):
    away = {"method": METHOD, "error": "unknown_method"}
    await slack.faults(api=[refusal("invalid_view"), away])

    arguments = ("check", little, "--slack")
    done = await asyncio.to_thread(rolefit_here, *arguments, SLACK_API_URL=slack.api_url, ROLEFIT_ENCODER="off")

    assert done.returncode == 1
    assert "Home: invalid_view." in done.stdout
    assert "Slack does not judge messages, but says unknown_method." in done.stderr


async def test_knowledge_that_the_linter_lets_pass_and_slack_would_not(
    slack: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(gallery, "everything", gallery.answers)
    folder = few_entries(shutil.copytree(KNOWLEDGE, tmp_path / "knowledge"), "role-differences")
    faq = folder / "faq.yaml"
    # Each is sent as five characters.
    faq.write_text(re.sub(r"(  answer: >-\n +\w+)", rf"\1{'&' * 700}", faq.read_text(), count=1))

    done = await asyncio.to_thread(
        rolefit_here, "check", str(folder), "--slack", SLACK_API_URL=slack.api_url, ROLEFIT_ENCODER="off"
    )

    assert "knowledge: all is well." in done.stdout
    assert "answer role-differences: cannot be rendered: Argument to field `text`" in done.stdout
    assert done.returncode == 1


def test_slack_is_not_asked_about_knowledge_with_errors(tmp_path: Path):
    folder = shutil.copytree(KNOWLEDGE, tmp_path / "knowledge")
    (folder / "faq.yaml").write_text("entries: []\n")

    done = rolefit_here("check", str(folder), "--slack", ROLEFIT_ENCODER="off")

    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "Slack was not asked: mend these errors first."


def test_a_refusal_without_reasons_is_its_code():
    assert str(Refused("Home", "invalid_view")) == "Home: invalid_view."
