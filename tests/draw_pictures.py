"""`make pictures`: draws tests/pictures anew, which the README and docs/using.md show.

A person asks in a channel and takes the quiz, in Chromium, in a workspace of its own for each picture. The clock stands
still, so that pictures differ little from those before.
"""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from bot import knowledge
from bot.knowledge import Library
from bot.local.config import WorkspaceConfig
from bot.settings import KNOWLEDGE
from tests.chromium import CHROMIUM, QUIET
from tests.conftest import bot_in
from tests.test_browser import THREAD, begin, prompt, write
from tests.workspace import Workspace

PICTURES = Path(__file__).parent / "pictures"
NOW = datetime(2026, 11, 30, 9, 41, tzinfo=UTC)
WINDOW: Any = {"x": 0, "y": 0, "width": 1280, "height": 800}
PANE = THREAD  # where the window shows the thread
HIGH = 1000  # of a window whose thread shows a whole result
SETTLES = 0.5  # seconds without a change
CHOICES = "bbbbc"  # a clear result
ALONE = "#replies > :not([data-ts='{ts}']), #thread-latest, #thread-composer {{ visibility: hidden }}"
SCROLL = "(message, block) => { document.activeElement.blur(); message.scrollIntoView({block}) }"
Draw = Callable[..., Awaitable[None]]  # takes the name of a picture, the message to scroll to, and what to show


async def draw(page: Page, name: str, message: Locator, clip: Any = None) -> None:
    """Take a picture of a part of the window, scrolled to the end of a message; or, without `clip`, of that alone."""
    await page.mouse.move(0, 0)  # so that no message offers its tools
    await page.set_viewport_size({"width": WINDOW["width"], "height": WINDOW["height"] if clip else HIGH})
    before, picture = b"", await screenshot(page, message, clip)
    while picture != before:  # the bot may still change something above
        await asyncio.sleep(SETTLES)
        before, picture = picture, await screenshot(page, message, clip)
    (PICTURES / f"{name}.png").write_bytes(picture)


async def screenshot(page: Page, message: Locator, clip: Any) -> bytes:
    """Scroll there and take the picture, as it is at this moment."""
    await message.evaluate(SCROLL, "end" if clip else "start")
    if clip:
        return await page.screenshot(clip=clip, animations="disabled")
    box = await message.bounding_box()
    assert box
    margins = max(0.0, box["height"] - PANE["height"])
    part: Any = {**PANE, "y": round(box["y"] + margins / 2)}
    alone = ALONE.format(ts=await message.get_attribute("data-ts"))
    return await page.screenshot(clip=part, style=alone, animations="disabled")


async def question(page: Page, draw: Draw) -> None:
    """Ask in a channel, and read the answer in its thread."""
    await write(page, "Message #ask-ai-roles", "How far ahead does each role work?")
    asked = page.get_by_test_id("messages").get_by_test_id("message").filter(has_text="How far ahead").last
    await asked.get_by_test_id("replies").click()
    answer = page.get_by_test_id("thread-messages").get_by_test_id("message").last
    await expect(answer.get_by_role("table")).to_be_visible()
    await draw("question", answer, WINDOW)


async def clear(page: Page, draw: Draw) -> None:
    """Take the quiz by clicks, look at the result and at the card, and say what the last review looked at."""
    thread = await begin(page)
    for number, choice in enumerate(CHOICES, 1):
        asked = await prompt(thread, f"Question {number} of 5")
        if number == 3:
            await draw("prompt", asked, PANE)
        await asked.get_by_role("button", name=re.compile(rf"^{choice}\. ")).click()
    result = await result_in(thread, "That is clear")
    await draw("recommendation", result)
    card = thread.get_by_test_id("message").first
    await expect(card).to_contain_text("5 of 5 answered")
    await draw("card", card)
    await result.get_by_role("button", name="How I am graded").click()
    review = thread.get_by_test_id("message").filter(has_text="What did your last review look at most?")
    await review.get_by_role("button", name="Pick what fits best").click()
    await page.get_by_role("listbox").get_by_role("option", name="Uptime, latency, cost, KPIs").click()
    mismatch = thread.get_by_test_id("message").filter(has_text="in one column and its grading in another")
    await draw("mismatch", mismatch, PANE)


async def leaning(page: Page, draw: Draw) -> None:
    """Type answers that lean towards a role."""
    await draw("leaning", await typed(page, "1c 2a 3b 4b 5b", shows="Your work leans towards"))


async def close(page: Page, draw: Draw) -> None:
    """Type answers that leave it open, and skip the question that can tip it."""
    thread = await begin(page)
    await prompt(thread, "Question 1 of 5")
    await write(page, "Reply in thread", "1a 2c 3c 4b 5e")
    await prompt(thread, "One more question can tip it.")
    await write(page, "Reply in thread", "skip")
    await draw("close", await result_in(thread, "It is too close to call"))


async def early(page: Page, draw: Draw) -> None:
    """Type answers after which the last question cannot change the result."""
    await draw("early", await typed(page, "1d 2e 3d 4c", shows="I stopped early"))


async def typed(page: Page, answers: str, *, shows: str) -> Locator:
    """Begin the quiz, type all the answers at once, and give the message with the result."""
    thread = await begin(page)
    await prompt(thread, "Question 1 of 5")
    await write(page, "Reply in thread", answers)
    return await result_in(thread, shows)


async def result_in(thread: Locator, shows: str) -> Locator:
    """Wait for the result that shows this."""
    result = thread.get_by_test_id("message").filter(has_text=shows).filter(has_text="How the answers divide")
    await expect(result.get_by_role("table")).to_be_visible()
    return result


SCENES: tuple[Callable[[Page, Draw], Awaitable[None]], ...] = (question, clear, leaning, close, early)


@asynccontextmanager
async def page_of(workspace: Workspace, browser: Browser) -> AsyncIterator[Page]:
    """Open the workspace's page as the person who begins there, at the time that the workspace says it is."""
    page = await browser.new_page(color_scheme="light", locale="en-US", timezone_id="UTC")
    await page.clock.set_fixed_time(NOW)
    await page.goto(f"{workspace.url}/?as={workspace.onlooker}")
    await expect(page.locator(f"body[data-connected={workspace.onlooker}]")).to_be_attached()
    yield page
    await page.close()


async def draw_all(library: Library) -> None:
    """Take all pictures."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for scene in SCENES:
            with tempfile.TemporaryDirectory() as data:
                start = Workspace.start(seed=WorkspaceConfig.seed, clock=NOW.timestamp)
                async with (
                    start as workspace,
                    bot_in(workspace, library, Path(data)),
                    page_of(workspace, browser) as page,
                ):
                    await scene(page, partial(draw, page))
            # DBOS has put threads of its own in the place of the loop's, which have ended with it.
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
        await browser.close()


if __name__ == "__main__":
    asyncio.run(draw_all(knowledge.load(KNOWLEDGE)))
