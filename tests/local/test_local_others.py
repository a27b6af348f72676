"""Bots that nobody here wrote work on the workspace, unchanged, over Socket Mode and over HTTP."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.local.config import AppConfig, WorkspaceConfig
from bot.local_workspace import introduction
from tests.conftest import _served, free_port
from tests.test_cli import rolefit_here
from tests.workspace import MANIFEST, Workspace, shown

HERE = Path(__file__).parent
PYTHON = (sys.executable, str(HERE / "run_app.py"))
PATIENCE = 60  # seconds for a process to start; reached only when something is broken


def example(name: str) -> str:
    """Return where one of Slack's own apps is."""
    return str(HERE / "apps" / name)


def manifest(folder: Path, *commands: str, shortcut: str = "") -> Path:
    """Write the manifest that such an app would be created with."""
    document = yaml.safe_load(MANIFEST.read_text())
    document["features"]["slash_commands"] = [{"command": command, "description": "Says hello"} for command in commands]
    if shortcut:
        document["features"]["shortcuts"] = [
            {"name": "Open", "type": "global", "callback_id": shortcut, "description": "Opens a modal"}
        ]
    path = folder / "manifest.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


@asynccontextmanager
async def process(
    workspace: Workspace, *command: str, app: AppConfig | None = None, **more: str
) -> AsyncIterator[None]:
    """Run an app beside a workspace; fails if it ends by itself.

    app: which one of the workspace it is; the first by default. more: of its environment.
    """
    config = app or workspace.config
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SLACK_")},
        **more,
        "SLACK_API_URL": workspace.api_url,
        "SLACK_BOT_TOKEN": config.bot_token,
        "SLACK_APP_TOKEN": config.app_token,
        "SLACK_SIGNING_SECRET": config.signing_secret,
    }
    started = await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.DEVNULL)
    try:
        yield
        assert started.returncode is None
    finally:
        if started.returncode is None:
            started.terminate()
        await started.wait()


async def suggestions(workspace: Workspace, user: str, action_id: str, typed: str = "") -> dict[str, Any]:
    view = await workspace.modal(user)
    asked = {"view_id": view["id"], "action_id": action_id, "value": typed}
    return await workspace._do("options", user, asked)


async def test_slacks_socket_mode_example_answers_opens_a_modal_and_looks_options_up(tmp_path: Path):
    path = manifest(tmp_path, "/hello-socket-mode", shortcut="socket-mode")
    async with (
        Workspace.start(manifest=path) as workspace,
        process(workspace, *PYTHON, example("socket_mode.py")),
    ):
        async with asyncio.timeout(PATIENCE):
            await workspace.connected()

        await workspace.mention("U_ANA", "C_ASK", "hello")
        await workspace.command("U_ANA", "C_ASK", "/hello-socket-mode")
        greetings = [shown(message) for message in (await workspace.messages("C_ASK", "U_ANA", count=4))[2:]]
        assert sorted(greetings) == ["Hi <@U_ANA>!", "Hi there, <@U_ANA>!"]

        await workspace.shortcut("U_ANA", "socket-mode")
        offered = await suggestions(workspace, "U_ANA", "favorite-animal", "bear")
        assert [option["value"] for option in offered["options"]] == ["bear"]
        await workspace.submit("U_ANA", {"q1": {"feedback": "Hello"}, "q2": {"favorite-animal": "bear"}})
        assert await workspace.view("U_ANA") is None


async def test_slacks_http_example_answers_a_command_opens_a_modal_and_hears_a_click(tmp_path: Path):
    port = free_port()
    path = manifest(tmp_path, "/hello-bolt-python")
    url = f"http://127.0.0.1:{port}/slack/events"
    async with (
        Workspace.start(manifest=path, events_url=url) as workspace,
        process(workspace, *PYTHON, example("modals_app.py"), str(port)),
    ):
        async with asyncio.timeout(PATIENCE):
            await _served(port)
        assert await workspace.verify_url()

        await workspace.command("U_ANA", "C_ASK", "/hello-bolt-python")
        answers = (await workspace.messages("C_ASK", "U_ANA", count=3))[1:]
        [with_button] = [answer for answer in answers if "Button" in shown(answer)]
        assert ":white_check_mark: Accepted!" in map(shown, answers)
        assert (await workspace.modal("U_ANA"))["callback_id"] == "view-id"
        [one] = (await suggestions(workspace, "U_ANA", "es_a"))["options"]
        groups = (await suggestions(workspace, "U_ANA", "mes_a"))["option_groups"]
        assert (one["value"], [group["label"]["text"] for group in groups]) == ("maru", ["Group 1", "Group 2"])
        await workspace.submit("U_ANA", {"Label": "x", "es_b": {"es_a": "maru"}, "mes_b": {"mes_a": ["1-1", "2-1"]}})
        assert await workspace.view("U_ANA") is None

        await workspace.click("U_ANA", with_button, "Button")
        replies = [shown(message) for message in (await workspace.messages("C_ASK", "U_ANA", count=5))[3:]]
        assert sorted(replies) == [":white_check_mark: Done!", "<@U_ANA> clicked a button! (in_channel)"]


async def test_two_of_slacks_examples_share_a_workspace_and_each_hears_what_is_its_own(tmp_path: Path):
    folders = [tmp_path / name for name in ("socket", "http")]
    for folder in folders:
        folder.mkdir()
    port = free_port()
    over_http = AppConfig(
        manifest=manifest(folders[1], "/hello-bolt-python"), events_url=f"http://127.0.0.1:{port}/slack/events"
    )
    path = manifest(folders[0], "/hello-socket-mode", shortcut="socket-mode")
    async with (
        Workspace.start(manifest=path, more_apps=(over_http,)) as workspace,
        process(workspace, *PYTHON, example("socket_mode.py")),
        process(workspace, *PYTHON, example("modals_app.py"), str(port), app=workspace.config.apps[1]),
    ):
        first, second = (await workspace.state("U_ANA"))["apps"]
        async with asyncio.timeout(PATIENCE):
            await workspace.connected()
            await _served(port)

        await workspace.mention("U_ANA", "C_ASK", "hello")
        await workspace.command("U_ANA", "C_ASK", "/hello-socket-mode")
        await workspace.command("U_ANA", "C_ASK", "/hello-bolt-python")
        answers = (await workspace.messages("C_ASK", "U_ANA", count=6))[2:]
        by_app = {app["id"]: [shown(m) for m in answers if m["app_id"] == app["id"]] for app in (first, second)}
        assert sorted(by_app[first["id"]]) == ["Hi <@U_ANA>!", "Hi there, <@U_ANA>!"]
        assert ":white_check_mark: Accepted!" in by_app[second["id"]]
        [with_button] = [answer for answer in answers if "Button" in shown(answer)]
        await workspace.click("U_ANA", with_button, "Button")
        await workspace.messages("C_ASK", "U_ANA", count=8)
        assert (await workspace.modal("U_ANA"))["app_id"] == second["id"]
        entries = [entry for entry in await workspace.traffic() if entry["direction"] == "to_bot"]

    sent = {app["id"]: {entry["name"] for entry in entries if entry["app"] == app["id"]} for app in (first, second)}
    assert sent == {
        first["id"]: {"message.channels", "app_mention", "/hello-socket-mode"},
        second["id"]: {"/hello-bolt-python", "a"},
    }


NODE = ("node", "--require", str(HERE / "run_app.cjs"))


@pytest.mark.bolt_js
async def test_slacks_socket_mode_example_in_javascript_answers_hears_a_click_and_publishes_home(tmp_path: Path):
    path = manifest(tmp_path, "/socketslash", shortcut="launch_shortcut")
    async with (
        Workspace.start(manifest=path) as workspace,
        process(workspace, *NODE, example("socket_mode.js")),
    ):
        async with asyncio.timeout(PATIENCE):
            await workspace.connected()

        await workspace.mention("U_ANA", "C_ASK", "are you there?")
        answer = (await workspace.messages("C_ASK", count=3))[-1]
        assert shown(answer).startswith("Thanks for the mention <@U_ANA>! Click my fancy button")
        await workspace.click("U_ANA", answer, "Button")
        await workspace.command("U_ANA", "C_ASK", "/socketslash", "said back")
        replies = [shown(message) for message in (await workspace.messages("C_ASK", count=5))[3:]]
        assert sorted(replies) == ["Thanks for clicking the fancy button", "said back"]
        assert "App Home Published" in shown(await workspace.home("U_ANA"))
        await workspace.shortcut("U_ANA", "launch_shortcut")
        assert (await workspace.modal("U_ANA"))["title"]["text"] == "My App"


@pytest.mark.bolt_js
async def test_slacks_http_example_in_javascript_answers_and_hears_a_click(tmp_path: Path):
    port = free_port()
    url = f"http://127.0.0.1:{port}/slack/events"
    async with (
        Workspace.start(manifest=manifest(tmp_path), events_url=url) as workspace,
        process(workspace, *NODE, example("heroku.js"), PORT=str(port)),
    ):
        async with asyncio.timeout(PATIENCE):
            await _served(port)
        assert await workspace.verify_url()

        await workspace.post("U_ANA", "C_ASK", "hello")
        answer = (await workspace.messages("C_ASK", count=3))[-1]
        assert shown(answer).startswith("Hey there <@U_ANA>!")
        await workspace.click("U_ANA", answer, "Click Me")
        assert shown((await workspace.messages("C_ASK", count=4))[-1]) == "<@U_ANA> clicked the button"


SEED = {
    "team": {"id": "T_ONE", "name": "One", "domain": "one"},
    "people": [{"id": "U_ANA", "name": "ana", "real_name": "Ana Ruiz"}],
    "channels": [{"id": "C_ONE", "name": "one", "members": ["U_ANA", "bots"]}],
}
BOTS = [{"user": f"U_{name}", "bot": f"B_{name}", "app": f"A_{name}"} for name in ("ONE", "TWO")]


@asynccontextmanager
async def command_line(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    command = (sys.executable, "-m", "bot", "workspace", "--port", "0", *arguments)
    both = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    started = await asyncio.create_subprocess_exec(*command, **both, cwd=HERE.parent.parent)  # type: ignore[arg-type]
    try:
        yield started
    finally:
        if started.returncode is None:
            started.terminate()
        await started.wait()


async def test_the_command_takes_another_app_and_its_people_and_prints_how_to_connect(tmp_path: Path):
    seed = tmp_path / "seed.yaml"
    seed.write_text(yaml.safe_dump(SEED))
    path = manifest(tmp_path, "/other")

    async with command_line("--manifest", str(path), "--seed", str(seed)) as started:
        assert started.stdout is not None
        async with asyncio.timeout(PATIENCE):
            lines = [(await started.stdout.readline()).decode().strip() for _ in range(5)]
        url = lines[0].removeprefix("The local workspace is at ")
        assert lines[1:] == [
            f"SLACK_API_URL={url}/api/",
            "SLACK_BOT_TOKEN=xoxb-local",
            "SLACK_APP_TOKEN=xapp-local",
            "Stop it with Ctrl-C.",
        ]
        async with Workspace.connect(url) as workspace:
            state = await workspace.state("U_ANA")

    assert ([channel["name"] for channel in state["channels"]], state["commands"][0]["command"]) == (["one"], "/other")


def test_a_bot_over_http_is_told_the_secret_instead_of_a_token_for_socket_mode():
    config = WorkspaceConfig(manifest=MANIFEST, events_url="http://127.0.0.1:9/slack/events")

    lines = [line.strip() for line in introduction(config, config.url).splitlines()]

    assert lines[2:4] == ["SLACK_BOT_TOKEN=xoxb-local", "SLACK_SIGNING_SECRET=local-signing-secret"]


WRONG: list[tuple[str, str, Any, str]] = [
    ("--event-url", "", "localhost:3000", "--event-url localhost:3000: this is no address. Give one like http"),
    ("--manifest", "app.yaml", {"features": {}}, "app.yaml: this is no app manifest: display_information.name is miss"),
    ("--manifest", "app.yaml", "a: [", "app.yaml: this is neither YAML nor JSON: see line 1, and mend"),
    ("--seed", "seed.yaml", "a: [", "seed.yaml: this is no YAML: see line 1, and mend it or the line above."),
    ("--manifest", "app.yaml", b"caf\xe9", "app.yaml: this is not UTF-8 text. Save it as UTF-8."),
    ("--seed", "seed.yaml", b"caf\xe9", "seed.yaml: this is not UTF-8 text. Save it as UTF-8."),
    ("--seed", "seed.yaml", [], "seed.yaml: a seed file needs the sections team, people, channels."),
    ("--seed", "seed.yaml", {"team": SEED["team"]}, "seed.yaml: the section people is missing."),
    ("--seed", "seed.yaml", {**SEED, "rooms": []}, "seed.yaml: rooms: there is no such section; there are team, bot, "),
    ("--seed", "seed.yaml", {**SEED, "people": {}}, "seed.yaml: people must be a list."),
    ("--seed", "seed.yaml", {**SEED, "people": [{"id": "U_ANA", "name": "ana"}]},
     "seed.yaml: people, entry 1: real_name is missing."),
    ("--seed", "seed.yaml", {**SEED, "bot": {"user": "U", "bot": "B", "app": "A", "name": "x"}},
     "seed.yaml: bot: name is no field; there are app, bot, user."),
    ("--seed", "seed.yaml", {**SEED, "messages": [{"channel": "C_TWO", "user": "U_ANA", "text": "x"}]},
     "seed.yaml: messages, entry 1: C_TWO is in no other section."),
    ("--seed", "seed.yaml", {**SEED, "channels": [{"id": "C_ONE", "name": "one", "members": ["U_BOT"]}]},
     "seed.yaml: channels, C_ONE: U_BOT is in no other section. Write bots for the bots of all apps."),
    ("--seed", "seed.yaml", {**SEED, "bot": BOTS[0], "bots": BOTS[:1]},
     "seed.yaml: say bot, of one app, or bots, of several; not both."),
    ("--seed", "seed.yaml", {**SEED, "bots": BOTS},
     "seed.yaml: bots names 2 bots for 1 app. Give a --manifest for each of them."),
    ("--seed", "seed.yaml", {**SEED, "bots": [BOTS[0], BOTS[0]]}, "seed.yaml: bots: A_ONE is the app of two."),
]  # fmt: skip


@pytest.mark.parametrize(("option", "name", "content", "sentence"), WRONG, ids=[case[3] for case in WRONG])
def test_what_the_command_cannot_use_is_named_with_the_place(
    tmp_path: Path, option: str, name: str, content: Any, sentence: str
):
    path = tmp_path / name
    if name:
        text = content if isinstance(content, str | bytes) else yaml.safe_dump(content)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    result = rolefit_here("workspace", "--port", "0", option, str(path) if name else content)

    assert (result.returncode, result.stdout) == (2, "")
    assert sentence in result.stderr
