"""Comparing blind as the two people meet it: invite, answer about somebody else's work, agree, see both."""

import re

from bot.knowledge import Library
from tests.test_quiz_conversation import (
    CLEAR,
    ENGINEER,
    asking,
    begin,
    card,
    in_letters,
    message,
    privately,
    question,
    result,
    take,
    take_at_once,
    write,
)
from tests.workspace import Json, Sent, Workspace, buttons, shown

ANA, MEI, BEN = "U_ANA", "U_MEI", "U_BEN"
PICK = "compare_with"


async def finished(workspace: Workspace, user: str = ANA, *choices: int) -> Sent:
    """Take the quiz about one's own work and give its root."""
    root = await begin(workspace, user)
    await take_at_once(workspace, root, *choices)
    await result(workspace, root)
    return root


async def invited(workspace: Workspace, manager: str = MEI) -> tuple[Sent, Json]:
    """Have Ana invite a manager; gives the root of her round and the invitation."""
    root = await finished(workspace)
    await workspace.command(ANA, "C_ASK", "/rolefit", "compare")
    await workspace.submit(ANA, {PICK: manager})
    return root, await invitation(workspace, manager)


async def invitation(workspace: Workspace, manager: str = MEI) -> Json:
    """Wait for the invitation in somebody's direct message."""
    return await top(workspace, manager, "would like to compare notes with you")


async def top(workspace: Workspace, user: str, text: str) -> Json:
    """Wait for a message at the top level of somebody's direct message that shows this text."""

    async def there() -> Json | None:
        return next((each for each in reversed(await workspace.dm(user)) if text in shown(each)), None)

    return await workspace.until(there, user)


async def accepted(workspace: Workspace, asked: Json, manager: str = MEI) -> Sent:
    """Accept an invitation and give the root of the round about somebody else's work."""
    await workspace.click(manager, asked, "Answer five questions")
    root = await top(workspace, manager, "The work of <@U_ANA>")
    return Sent(root["ts"], root["channel"], manager)


async def both_finished(workspace: Workspace, choices: tuple[int, ...] = ENGINEER) -> tuple[Sent, Sent]:
    """Have both answer; gives the roots of both rounds."""
    mine, asked = await invited(workspace)
    theirs = await accepted(workspace, asked)
    await take_at_once(workspace, theirs, *choices)
    await message(workspace, theirs, "Thank you, that is all.")
    return mine, theirs


async def group(workspace: Workspace) -> str | None:
    """Give the id of the conversation of Ana, Mei and the bot; None if there is none."""
    channels = (await workspace.state(ANA))["channels"]
    return next((str(each["id"]) for each in channels if each.get("is_mpim")), None)


async def in_group(workspace: Workspace) -> Json:
    """Wait for the one message of the conversation of the two."""
    channel = await workspace.until(lambda: group(workspace), ANA)
    [revealed] = await workspace.messages(channel, ANA, count=1)
    return revealed


async def test_two_people_answer_blind_agree_and_see_both_in_one_message(either_way: Workspace, library: Library):
    mine, theirs = await both_finished(either_way)

    await either_way.click(ANA, await asking(either_way, mine, "Shall I show"), "Reveal")
    await message(either_way, mine, "as soon as <@U_MEI> agrees, too")
    await either_way.settled()
    assert await group(either_way) is None
    await either_way.click(MEI, await asking(either_way, theirs, "Shall I show"), "Reveal")

    revealed = await in_group(either_way)
    assert "From those of <@U_ANA>: an AI researcher (clear)" in shown(revealed)
    assert "From those of <@U_MEI>: an AI engineer (clear)" in shown(revealed)
