"""The whole loop as a newcomer sees it, in Chromium: ask in a channel, take the quiz twice, share.

Screenshots are left in artifacts/, which git ignores.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from tests.local.test_page import CHROMIUM, QUIET
from tests.workspace import Workspace

ARTIFACTS = Path(__file__).parent.parent / "artifacts"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="neither Chromium nor Chrome is installed"),
]


@pytest.fixture
async def page(workspace: Workspace) -> AsyncIterator[Page]:
    """The workspace's page as Ana sees it; a script error fails the test."""
    errors: list[Any] = []
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        opened = await browser.new_page(viewport={"width": 1280, "height": 800})
        opened.on("pageerror", lambda error: errors.append(error))  # noqa: PLW0108 - playwright marks what it is given
        await opened.goto(f"{workspace.url}/?as=U_ANA")
        await expect(opened.locator("body[data-connected=U_ANA]")).to_be_attached()
        yield opened
        await browser.close()
    assert not errors


async def picture(page: Page, name: str) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    await page.screenshot(path=ARTIFACTS / f"{name}.png")


async def write(page: Page, place: str, text: str) -> None:
    box = page.get_by_role("textbox", name=place)
    await box.fill(text)
    await box.press("Enter")


async def begin(page: Page) -> Locator:
    """Type /rolefit in the channel, follow the private note, and give the thread."""
    await write(page, "Message #ask-ai-roles", "/rolefit ")
    note = page.get_by_test_id("messages").get_by_test_id("message").filter(has_text="first question").last
    await note.get_by_role("link", name="Open the questions").click()
    thread = page.get_by_test_id("thread-messages")
    await expect(thread).to_contain_text("Question 1 of 5")
    return thread


async def test_a_newcomer_asks_takes_the_quiz_by_clicks_and_shares(page: Page):
    await write(page, "Message #ask-ai-roles", "What's the difference between a research engineer and an AI engineer?")
    asked = page.get_by_test_id("messages").get_by_test_id("message").filter(has_text="What's the difference").last
    await asked.get_by_test_id("replies").click()
    thread = page.get_by_test_id("thread-messages")
    await expect(thread.get_by_role("table")).to_contain_text("How do we build the system to find out?")
    await picture(page, "question")

    thread = await begin(page)
    for number in range(1, 6):
        await expect(thread).to_contain_text(f"Question {number} of 5")
        await picture(page, f"quiz-{number}")
        asked = thread.get_by_test_id("message").filter(has_text=f"Question {number} of 5")
        await asked.get_by_role("button", name=re.compile(r"^2\. ")).click()
    result = thread.get_by_test_id("message").filter(has_text="How your answers divide")
    await expect(result.get_by_role("table")).to_contain_text("Core question")
    await result.evaluate("message => message.scrollIntoView({block: 'start'})")
    await picture(page, "recommendation")

    await result.get_by_role("button", name="Share with my manager").click()
    picker = thread.get_by_test_id("message").filter(has_text="Who should get a copy?")
    await choose(page, picker, "Mei Chen")
    await expect(thread).to_contain_text("Nothing has been sent yet.")
    await picture(page, "preview")
    await thread.get_by_role("button", name="Send", exact=True).click()
    await expect(thread).to_contain_text("Sent to @Mei Chen.")

    await page.get_by_test_id("act-as").select_option("U_MEI")
    await page.get_by_test_id("channel-list").get_by_text("Rolefit").first.click()
    copy = page.get_by_test_id("messages").get_by_test_id("message").filter(has_text="@Ana Ruiz shared")
    await expect(copy.get_by_role("table")).to_contain_text("Core question")
    await picture(page, "copy")


async def choose(page: Page, picker: Locator, name: str) -> None:
    """Pick a person in a people picker."""
    await picker.get_by_role("button", name="Pick a person").click()
    await page.get_by_role("listbox").get_by_role("option", name=re.compile(name)).click()


async def test_the_quiz_can_be_typed(page: Page):
    thread = await begin(page)
    for number, said in enumerate(("1", "a", "option 1", "1.", "(a)"), 1):
        await expect(thread).to_contain_text(f"Question {number} of 5")
        await write(page, "Reply in thread", said)

    await expect(thread).to_contain_text("Your work calls for the role of AI researcher.")
