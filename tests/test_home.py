"""The Home tab."""

from pathlib import Path

import pytest

from bot.knowledge import Library
from tests.conftest import bot_in
from tests.workspace import Workspace, shown


@pytest.mark.parametrize(
    ("support", "link"),
    [
        ("help@example.com", "<mailto:help@example.com|help@example.com>"),
        ("https://example.com/help?of=rolefit&in=slack", "<https://example.com/help?of=rolefit&amp;in=slack>"),
        ("C_ASK", "<#C_ASK>"),
        ("U_MEI", "<@U_MEI>"),
    ],
)
async def test_home_says_who_can_be_asked_about_the_bot(tmp_path: Path, library: Library, support: str, link: str):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path, rolefit_support=support):
        view = await workspace.home("U_ANA")

    assert view["blocks"][-1]["elements"][0]["text"] == f"Questions about this bot: {link}"


async def test_home_says_nothing_of_it_where_nobody_is_named(workspace: Workspace):
    view = await workspace.home("U_ANA")

    assert "Start the questions" in shown(view)
    assert "Questions about this bot" not in shown(view)
