"""Both sides of a blind comparison, as two people see them in Chromium. Screenshots are left in artifacts/."""

import re

from playwright.async_api import Locator, Page, expect

from tests.test_browser import THREAD, act_as, begin, page, picture, prompt, pytestmark, workspace, write

__all__ = ["page", "pytestmark", "workspace"]


async def open_thread(page: Page, root: str) -> Locator:
    """Open the thread below the message of the direct message that shows this text."""
    message = page.get_by_test_id("messages").get_by_test_id("message").filter(has_text=root).last
    await message.get_by_test_id("replies").click()
    return page.get_by_test_id("thread-messages")


async def test_two_people_compare_blind(page: Page):
    thread = await begin(page)
    await prompt(thread, "Question 1 of 5")
    await write(page, "Reply in thread", "1b 2b 3b 4b 5c")
    await expect(thread).to_contain_text("How the answers divide")
    await write(page, "Message Rolefit", "/rolefit compare")
    window = page.get_by_role("dialog", name="Compare, blind")
    await expect(window).to_contain_text("would like to compare notes with you")
    await window.get_by_role("button", name="Pick a person").click()
    await page.get_by_role("listbox").get_by_role("option", name=re.compile("Mei Chen")).click()
    await picture(page, "compare-window")
    await window.get_by_role("button", name="Invite").click()
    await expect(thread).to_contain_text("I have asked @Mei Chen to answer the same questions")

    await act_as(page, "U_MEI")
    messages = page.get_by_test_id("messages")
    await expect(messages).to_contain_text("@Ana Ruiz would like to compare notes with you.")
    await picture(page, "compare-invitation")
    await messages.get_by_role("button", name="Answer five questions").click()
    await expect(messages).to_contain_text("You said yes to comparing notes with @Ana Ruiz.")
    thread = await open_thread(page, "The work of @Ana Ruiz")
    for number, choice in enumerate("bdbbc", 1):
        asked = await prompt(thread, f"Question {number} of 5")
        if number == 1:
            await picture(page, "compare-question", THREAD)
        await asked.get_by_role("button", name=re.compile(rf"^{choice}\. ")).click()
    await expect(thread).to_contain_text("Thank you, that is all.")
    await expect(thread).not_to_contain_text("research engineer")
    question = thread.get_by_test_id("message").filter(has_text="Shall I show each of you")
    await picture(page, "compare-ask", THREAD)
    await question.get_by_role("button", name="Reveal").click()
    await expect(thread).to_contain_text("as soon as @Ana Ruiz agrees, too")

    await act_as(page, "U_ANA")
    thread = await open_thread(page, "Which role does the work call for?")
    question = thread.get_by_test_id("message").filter(has_text="Shall I show each of you")
    await question.get_by_role("button", name="Reveal").click()
    await expect(thread).to_contain_text("both agreed, and I have shown each of you the other’s answers")

    for user, other in (("U_ANA", "Mei Chen"), ("U_MEI", "Ana Ruiz")):
        await page.get_by_test_id("act-as").select_option(user)
        await page.get_by_test_id("channel-list").get_by_text(re.compile(f"{other}, Rolefit|Rolefit, {other}")).click()
        revealed = page.get_by_test_id("messages").get_by_test_id("message").filter(has_text="Where you agree")
        await expect(revealed).to_contain_text("A tested idea, even if the answer was no")
        await expect(revealed).to_contain_text("To talk about:")
        await expect(revealed).to_contain_text("And how is it graded?")
    await picture(page, "compare-reveal")
