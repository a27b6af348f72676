"""The workspace that `make run` and `rolefit workspace` start: the bot gets along with its people and their ids."""

import re
from pathlib import Path

import yaml

from bot.knowledge import Library
from bot.local.config import WorkspaceConfig
from tests.conftest import bot_in
from tests.test_cli import ROOT
from tests.test_quiz_conversation import begin, question, take
from tests.workspace import Workspace, shown


async def test_a_question_is_answered_and_a_quiz_goes_on_where_ids_look_like_slacks(library: Library, tmp_path: Path):
    async with Workspace.start(seed=WorkspaceConfig.seed) as workspace, bot_in(workspace, library, tmp_path):
        ana, channel = workspace.onlooker, await workspace.channel("ask-ai-roles")

        [answer] = await workspace.replies(await workspace.mention(ana, channel, "what does MTS stand for?"))
        root = await begin(workspace, ana, channel)
        await take(workspace, root, 0, 1)

        assert "Bell Labs" in shown(answer)
        await question(workspace, root, 3)


async def test_who_is_made_an_editor_as_the_docs_say_sees_the_editors_part_of_home(library: Library, tmp_path: Path):
    page = (ROOT / "docs" / "editing.md").read_text()
    [editor] = re.findall(r"^ROLEFIT_EDITORS=(U\w+)$", page, re.MULTILINE)
    named = dict(re.findall(r"(Ben|Mei) is `(U\w+)`", page)) | {"Ana": editor}
    people = yaml.safe_load(WorkspaceConfig.seed.read_text())["people"]
    assert named.items() <= {person["name"].title(): person["id"] for person in people}.items()
    assert named.keys() == {"Ana", "Ben", "Mei"}

    async with (
        Workspace.start(seed=WorkspaceConfig.seed) as workspace,
        bot_in(workspace, library, tmp_path, rolefit_editors=editor),
    ):
        assert "For editors" in shown(await workspace.home(editor))
        assert "For editors" not in shown(await workspace.home(named["Ben"]))
