"""The workspace that `make run` and `rolefit workspace` start: the bot gets along with its people and their ids."""

from pathlib import Path

from bot.knowledge import Library
from bot.local.config import WorkspaceConfig
from tests.conftest import bot_in
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
