"""What becomes of a round that nobody touches, that is rewritten underneath, or whose bot dies after every step."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest
import yaml
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.sql import text

from bot import background, knowledge
from bot.knowledge import Library
from bot.settings import KNOWLEDGE, Settings
from tests.conftest import bot_in
from tests.test_cli import CLEAN, ROOT
from tests.test_quiz_conversation import CLEAR, asking, begin, card, message, question, result, take, write
from tests.workspace import Json, RefusedError, Sent, Workspace, buttons, shown

MOMENTS = count(1)  # long ago, and each another


@pytest.fixture
async def watched(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Workspace]:
    """A workspace whose bot looks all the time for rounds that have been left alone."""
    monkeypatch.setattr(background, "DUE_RUNS_EVERY", 0.1)
    async with Workspace.start() as found, bot_in(found, library, tmp_path):
        yield found


async def let_time_pass(folder: Path) -> None:
    """Make everything due that will be due one day."""
    engine = create_async_engine(Settings(_env_file=None, data_dir=folder).store_url)
    async with engine.begin() as connection:
        due = text("UPDATE runs SET due_at = :at WHERE due_at IS NOT NULL")
        await connection.execute(due, {"at": next(MOMENTS)})
    await engine.dispose()


async def released(folder: Path) -> None:
    """Wait until no piece of work holds a run, so that the next change of the rows is the test's."""
    engine = create_async_engine(Settings(_env_file=None, data_dir=folder).store_url)
    async with asyncio.timeout(10):
        while True:
            async with engine.connect() as connection:
                if not await connection.scalar(text("SELECT count(*) FROM runs WHERE holder IS NOT NULL")):
                    break
            await asyncio.sleep(0.02)  # the database tells nobody
    await engine.dispose()


async def reminded(workspace: Workspace, root: Sent, folder: Path) -> Json:
    await released(folder)
    await let_time_pass(folder)
    return await asking(workspace, root, "Shall we go on?")


async def test_after_a_day_one_reminder_comes_and_leads_on(watched: Workspace, tmp_path: Path):
    root = await begin(watched)
    await take(watched, root, 0)
    before = await question(watched, root, 2)

    reminder = await reminded(watched, root, tmp_path)

    assert shown(reminder).startswith("<@U_ANA> You have answered 1 of 5 questions here. Shall we go on?")
    assert buttons(reminder) == ["Continue", "Remind me later", "Stop"]
    await watched.click("U_ANA", reminder, "Continue")
    again = await message(watched, root, "I asked here whether we should go on.")
    assert again["ts"] == reminder["ts"]

    async def below() -> bool:
        return bool((await question(watched, root, 2))["ts"] != before["ts"])

    await watched.until(below, "U_ANA")


async def test_remind_me_later_reminds_once_more_and_stop_never(watched: Workspace, tmp_path: Path):
    root = await begin(watched)
    await question(watched, root, 1)
    first = await reminded(watched, root, tmp_path)
    await watched.click("U_ANA", first, "Remind me later")
    await message(watched, root, "I asked here whether we should go on.")

    second = await reminded(watched, root, tmp_path)
    await watched.click("U_ANA", second, "Stop")

    await card(watched, root, "Stopped. Your answers are kept")
    await released(tmp_path)
    await let_time_pass(tmp_path)
    thread = await watched.thread(root.channel, root, "U_ANA")
    assert sum("I asked here" in shown(each) for each in thread) == 2
    assert second["ts"] != first["ts"]


async def test_after_two_weeks_it_closes_and_its_answers_stay(watched: Workspace, tmp_path: Path):
    root = await begin(watched)
    await take(watched, root, *CLEAR[:2])
    asked = await question(watched, root, 3)
    await reminded(watched, root, tmp_path)
    await released(tmp_path)
    await let_time_pass(tmp_path)

    await message(watched, root, "I closed this round after two weeks without an answer.")

    now = await card(watched, root, "Closed after two weeks without an answer.")
    await watched.latest("U_ANA", asked, once=lambda now: buttons(now) == ["Continue"])
    await watched.click("U_ANA", now, "Continue")
    await card(watched, root, "Pause")
    await write(watched, root, "3a 4c 5a")
    assert "the role of an AI researcher." in shown(await result(watched, root))


async def test_who_is_done_is_not_reminded(watched: Workspace, tmp_path: Path):
    root = await begin(watched)
    await take(watched, root)
    await result(watched, root)
    await released(tmp_path)
    await let_time_pass(tmp_path)
    asked = await watched.post("U_ANA", "C_ASK", "What does MTS mean?")
    await watched.replies(asked)  # many looks later

    thread = await watched.thread(root.channel, root, "U_ANA")
    assert not any("Shall we go on?" in shown(each) for each in thread)


def edited(folder: Path, tables: bool) -> None:
    """Rewrite the first question's choices; and a column that the old version quotes, so that it cannot be shown."""
    quiz = yaml.safe_load((folder / "quiz.yaml").read_text())
    quiz["questions"][0]["text"] = "What is it all for?"
    quiz["questions"][0]["choices"][0]["id"] = "all-new"
    if tables:
        roles = yaml.safe_load((folder / "tables.yaml").read_text())
        [table] = [each for each in roles["tables"] if each["id"] == "roles"]
        table["columns"][0]["id"] = "scientist"
        for row in table["rows"]:
            row["cells"]["scientist"] = row["cells"].pop("researcher")
        (folder / "tables.yaml").write_text(yaml.safe_dump(roles, allow_unicode=True))
        quiz["roles"][0]["column"] = "scientist"
        for choice in (each for question in quiz["questions"] for each in question["choices"]):
            if choice.get("cell") == "researcher":
                choice["cell"] = "scientist"
        for name in ("faq.yaml",):
            (folder / name).write_text(
                (folder / name).read_text().replace("columns: [researcher", "columns: [scientist")
            )
    (folder / "quiz.yaml").write_text(yaml.safe_dump(quiz, allow_unicode=True))


async def test_an_edited_quiz_does_not_change_a_round_in_progress(tmp_path: Path, library: Library):
    folder = tmp_path / "knowledge"
    shutil.copytree(KNOWLEDGE, folder)
    async with Workspace.start() as workspace:
        async with bot_in(workspace, knowledge.load(folder), tmp_path, knowledge_dir=folder):
            root = await begin(workspace)
            await take(workspace, root, *CLEAR[:2])
            await question(workspace, root, 3)
            await released(tmp_path)
        edited(folder, tables=False)
        async with bot_in(workspace, knowledge.load(folder), tmp_path, knowledge_dir=folder):
            await write(workspace, root, "3a 4c 5a")

            assert library.quiz.questions[0].choices[0].short in shown(await result(workspace, root))
            assert "What is it all for?" not in shown((await workspace.thread(root.channel, root, "U_ANA"))[0])


async def test_a_version_that_cannot_be_shown_any_more_is_said_and_what_maps_over_is_kept(tmp_path: Path):
    folder = tmp_path / "knowledge"
    shutil.copytree(KNOWLEDGE, folder)
    async with Workspace.start() as workspace:
        async with bot_in(workspace, knowledge.load(folder), tmp_path, knowledge_dir=folder):
            root = await begin(workspace)
            await take(workspace, root, *CLEAR[:2])
            await question(workspace, root, 3)
            await released(tmp_path)
        edited(folder, tables=True)
        async with bot_in(workspace, knowledge.load(folder), tmp_path, knowledge_dir=folder):
            await write(workspace, root, "continue")

            said = shown(await message(workspace, root, "The questions have been rewritten since you began"))
            assert "I kept 1 of your 2 answers" in said
            again = await asking(workspace, root, "What is it all for?")
            await workspace.click("U_ANA", again, buttons(again)[0])
            await write(workspace, root, "3a 4c 5a")
            assert "the role of an AI researcher." in shown(await result(workspace, root))


@pytest.mark.parametrize("old", [1, 3])
async def test_an_old_button_of_a_version_that_is_gone_says_what_happened(tmp_path: Path, old: int):
    folder = tmp_path / "knowledge"
    shutil.copytree(KNOWLEDGE, folder)
    async with Workspace.start() as workspace:
        async with bot_in(workspace, knowledge.load(folder), tmp_path, knowledge_dir=folder):
            root = await begin(workspace)
            shown_then = {1: await question(workspace, root, 1)}
            await take(workspace, root, *CLEAR[:2])
            shown_then[3] = await question(workspace, root, 3)
            await released(tmp_path)
        edited(folder, tables=True)
        async with bot_in(workspace, knowledge.load(folder), tmp_path, knowledge_dir=folder):
            asked = shown_then[old]

            await workspace.click_as_shown("U_ANA", asked, buttons(asked)[0])

            said = shown(await message(workspace, root, "The questions have been rewritten since you began"))
            assert "I kept 1 of your 2 answers" in said
            await message(workspace, root, "This question is closed.")
            again = await asking(workspace, root, "What is it all for?")
            await workspace.click("U_ANA", again, buttons(again)[0])
            await write(workspace, root, "3a 4c 5a")
            assert "the role of an AI researcher." in shown(await result(workspace, root))


# A bot that dies after each step

# What a process imports and reads it does once: each life is a fork of it.
LIVES = """
import os, signal, sys
from dbos import DBOS
from bot import knowledge
from bot.cli import main
from tests.ready_to_fork import LIBRARY

seen, marks, real = {}, os.environ.get("MARKS"), DBOS.run_step_async

async def once(options, function, *args, **kwargs):
    found = await real(options, function, *args, **kwargs)
    seen[DBOS.workflow_id] = seen.get(DBOS.workflow_id, 0) + 1
    this = f"{DBOS.workflow_id} {options['name']} {seen[DBOS.workflow_id]}"
    before = open(marks).read().splitlines() if os.path.exists(marks) else []
    if this not in before:
        with open(marks, "a") as file:
            print(this, file=file)
        os.kill(os.getpid(), signal.SIGKILL)
    return found

if marks:
    DBOS.run_step_async = once
knowledge.load = lambda folder: LIBRARY
sys.argv = ["rolefit", "run", "--no-browser"]
while True:
    life = os.fork()
    if not life:
        main()
    os.waitpid(life, 0)
"""


@asynccontextmanager
async def mortal(workspace: Workspace, folder: Path, *, dies: bool) -> AsyncIterator[None]:
    """Run the bot as a process that is started again whenever it ends; `dies`: it is killed after each new step."""
    environment = CLEAN | {
        "PYTHONPATH": str(ROOT),
        "DATA_DIR": str(folder),
        "POST_INTERVAL": "0",
        "ROLEFIT_ENCODER": "off",
        "LOG_LEVEL": "ERROR",
        "SLACK_API_URL": workspace.api_url,
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
    }
    if dies:
        environment["MARKS"] = str(folder / "marks.txt")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        LIVES,
        env=environment,
        cwd=folder,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def script(workspace: Workspace) -> Sent:
    """Take the quiz with edits, as somebody patient: what Slackbot says failed is done again."""

    async def insist(what) -> None:
        async with asyncio.timeout(workspace.patience):
            while True:
                try:
                    await what()
                except RefusedError:
                    await asyncio.sleep(0.1)  # a person needs longer to read what Slackbot says
                else:
                    return

    await insist(lambda: workspace.command("U_ANA", "C_ASK", "/rolefit"))
    first = (await workspace.dm("U_ANA", count=1))[0]
    root = Sent(first["ts"], first["channel"], "U_ANA")
    about = await asking(workspace, root, "One thing first")
    await insist(lambda: workspace.click("U_ANA", about, "a. My own work"))
    asked = await question(workspace, root, 1)
    await insist(lambda: workspace.click("U_ANA", asked, buttons(asked)[0]))
    await question(workspace, root, 2)
    typed = await write(workspace, root, "a")
    await question(workspace, root, 3)
    await workspace.edit(typed, "b")
    await card(workspace, root, "A tested idea")
    await write(workspace, root, "3a, 4c, 5a")
    await result(workspace, root)
    await write(workspace, root, "change 1 to d")
    await message(workspace, root, "You changed your answer to question 1")
    return root


async def state(workspace: Workspace, root: Sent, folder: Path) -> list[tuple[str, list[str]]]:
    """Give what the thread shows once all recorded work is done."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder / 'jobs.db'}")
    left = text("SELECT count(*) FROM workflow_status WHERE status IN ('PENDING', 'ENQUEUED')")
    async with asyncio.timeout(workspace.patience):
        while True:
            async with engine.connect() as connection:
                if not await connection.scalar(left):
                    break
            await asyncio.sleep(0.1)  # the database tells nobody
    await engine.dispose()
    return sorted((shown(each), buttons(each)) for each in await workspace.thread(root.channel, root, "U_ANA"))


@pytest.mark.alone
async def test_a_bot_that_dies_after_every_step_ends_where_one_that_lives_does(tmp_path: Path):
    ends = []
    for dies in (False, True):
        folder = tmp_path / str(dies)
        folder.mkdir()
        # Slack tries again after one and five minutes; here after one and five seconds.
        async with Workspace.start(retry_delays=(0.0, 1.0, 5.0)) as workspace, mortal(workspace, folder, dies=dies):
            workspace.patience = 90.0
            await workspace.connected()
            root = await script(workspace)
            ends.append(await state(workspace, root, folder))
            assert len(await workspace.dm("U_ANA")) == 1

    assert ends[1] == ends[0]
    assert len((tmp_path / "True" / "marks.txt").read_text().splitlines()) > 40
