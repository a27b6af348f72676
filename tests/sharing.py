"""What people do to share a result, for tests of it."""

from pathlib import Path
from typing import Any

import aiosqlite

from tests import played
from tests.test_quiz_conversation import begin, message, result, take_at_once, write
from tests.workspace import PATIENCE, Json, Sent, Workspace, shown

SHARE = "Share with my manager"
RECEIPT = "has had this since"
ANA, BEN, MEI = "U_ANA", "U_BEN", "U_MEI"


@played.once
async def finished(workspace: Workspace, user: str = ANA) -> tuple[Sent, Json]:
    """Take the quiz and give its root and its result."""
    root = await begin(workspace, user)
    await take_at_once(workspace, root)
    return root, await result(workspace, root)


async def window(workspace: Workspace, told: Json, user: str = ANA, label: str = SHARE) -> Json:
    """Click a button that opens the window of sharing, and give the window."""
    await workspace.click(user, told, label)
    return await workspace.modal(user)


async def fill_in(
    workspace: Workspace,
    recipient: str | None = MEI,
    user: str = ANA,
    *,
    parts: list[str] | None = None,
    note: str = "",
    place: str | None = None,
) -> Json:
    """Submit the window of sharing; gives what the bot answered."""
    values: dict[str, Any] = {}
    if recipient is not None:
        values["share:to"] = {"share_to": recipient}
    if parts is not None:
        values["share:parts"] = {"share_parts": parts}
    if note:
        values["share:note"] = {"share_note": note}
    if place is not None:
        values["share:place"] = {"share_place": place}
    return await workspace.submit(user, values)


async def previewed(
    workspace: Workspace, recipient: str | None = MEI, user: str = ANA, **chosen: Any
) -> tuple[Sent, Json]:
    """Go as far as the preview; gives the root of the round, and the window that shows what would be sent."""
    root, told = await finished(workspace, user)
    await window(workspace, told, user)
    answer = await fill_in(workspace, recipient, user, **chosen)
    assert answer["response_action"] == "push", answer
    return root, await workspace.modal(user)


@played.once
async def shared(workspace: Workspace, /, recipient: str = MEI, user: str = ANA, **chosen: Any) -> tuple[Sent, Json]:
    """Share a result; gives the root of the round, and the receipt."""
    root, _ = await previewed(workspace, recipient, user, **chosen)
    await workspace.submit(user)
    await workspace.close(user)  # the window says that it is on its way
    return root, await message(workspace, root, RECEIPT)


async def outdated(workspace: Workspace, root: Sent) -> Json:
    """Change an answer after sharing; gives the receipt, which says so."""
    await write(workspace, root, "change 5 to d")
    return await message(workspace, root, "The copy is of an older answer")


@played.once
async def shared_and_outdated(workspace: Workspace, /, **chosen: Any) -> tuple[Sent, Json]:
    """Share a result and change an answer; gives the root of the round, and the receipt, which says so."""
    root, _ = await shared(workspace, **chosen)
    return root, await outdated(workspace, root)


async def change_rows(data: Path, *statements: str) -> None:
    """Change rows of a bot that runs, in a thread: it may hold the database, and needs this one to let go of it."""
    async with aiosqlite.connect(data / "rolefit.db", timeout=PATIENCE) as connection:
        for statement in statements:
            await connection.execute(statement)
        await connection.commit()


async def forge_metadata(workspace: Workspace, view: Json, metadata: str, **forged_too: str) -> None:
    """Have the open window bring back something else than the bot gave it."""
    kept = ("type", "title", "submit", "close", "callback_id", "blocks")
    forged = {name: view[name] for name in kept if view.get(name)} | {"private_metadata": metadata, **forged_too}
    await workspace.call("views.update", view_id=view["id"], view=forged)


async def copy_of(workspace: Workspace, recipient: str = MEI) -> Json:
    """Give the message that a copy begins with, in the recipient's direct message with the bot."""

    async def there() -> Json | None:
        return next((each for each in await workspace.dm(recipient) if "shares a result" in shown(each)), None)

    return await workspace.until(there, recipient)


async def thread_of(workspace: Workspace, copy: Json, recipient: str = MEI, *, count: int = 0) -> list[Json]:
    """Wait for so many messages below a copy, and give them."""

    async def enough() -> list[Json] | None:
        replies = (await workspace.thread(copy["channel"], copy["ts"], recipient))[1:]
        return replies if len(replies) >= count else None

    return await workspace.until(enough, recipient) if count else (await enough() or [])
