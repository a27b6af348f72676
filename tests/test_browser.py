"""The whole loop as a newcomer sees it, in Chromium: ask in a channel, take the quiz twice, share.

Screenshots are left in artifacts/, which git ignores.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from bot.knowledge import Library
from bot.settings import Settings
from bot.storage import Store
from tests.chromium import CHROMIUM, Pages
from tests.conftest import with_bot
from tests.workspace import Workspace

SHARE = "Share with my manager"
ARTIFACTS = Path(__file__).parent.parent / "artifacts"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),  # that of the browser
    pytest.mark.skipif(CHROMIUM is None, reason="neither Chromium nor Chrome is installed"),
]


@pytest_asyncio.fixture(loop_scope="session")
async def workspace(library: Library, tmp_path: Path, kept_in: dict[str, Any]) -> AsyncIterator[Workspace]:
    """A workspace with the bot, in the event loop of the browser."""
    async with with_bot(library, tmp_path, kept_in) as found:
        yield found
    # The loop goes on, and DBOS has put threads of its own in the place of the loop's, which have ended with it.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())


@pytest_asyncio.fixture(loop_scope="session")
async def page(pages: Pages, workspace: Workspace) -> AsyncIterator[Page]:
    """The workspace's page as Ana sees it; a script error fails the test."""
    errors: list[Any] = []

    def on_error(error: Any) -> None:
        errors.append(error)

    async with pages.page(viewport={"width": 1280, "height": 800}) as opened:
        opened.on("pageerror", on_error)
        await opened.goto(f"{workspace.url}/?as=U_ANA")
        await expect(opened.locator("body[data-connected=U_ANA]")).to_be_attached()
        yield opened
        opened.remove_listener("pageerror", on_error)
    assert not errors


SCREEN = 770  # pixels that a result may take, about as many as the thread has; most take 700
THREAD: Any = {"x": 765, "y": 44, "width": 515, "height": 756}  # where the page shows it


async def picture(page: Page, name: str, clip: Any = None) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    await page.mouse.move(0, 0)  # so that no message offers its tools
    await page.screenshot(path=ARTIFACTS / f"{name}.png", clip=clip)


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
    first = thread.get_by_test_id("message").filter(has_text="One thing first").last
    await first.get_by_role("button", name="My own work").click()
    await expect(thread).to_contain_text("Question 1 of 5")
    return thread


async def prompt(thread: Locator, text: str) -> Locator:
    """Give the message that asks this and takes an answer, once none above it does, which would move it by going."""
    asked = thread.get_by_test_id("message").filter(has_text=text).filter(has=thread.page.get_by_role("button")).last
    await expect(asked.get_by_role("button", name=re.compile(r"^a\. "))).to_be_visible()
    await expect(thread.get_by_role("button", name=re.compile(r"^a\. "))).to_have_count(1)
    return asked


async def test_a_newcomer_asks_takes_the_quiz_by_clicks_and_shares(page: Page):
    await write(page, "Message #ask-ai-roles", "What's the difference between a research engineer and an AI engineer?")
    asked = page.get_by_test_id("messages").get_by_test_id("message").filter(has_text="What's the difference").last
    await asked.get_by_test_id("replies").click()
    thread = page.get_by_test_id("thread-messages")
    await expect(thread.get_by_role("table")).to_contain_text("How do we build the system to find out?")
    await picture(page, "question")

    thread = await begin(page)
    for number, choice in enumerate("bbbbc", 1):
        asked = await prompt(thread, f"Question {number} of 5")
        await picture(page, f"quiz-{number}", THREAD)
        await asked.get_by_role("button", name=re.compile(rf"^{choice}\. ")).click()
    result = thread.get_by_test_id("message").filter(has_text="How the answers divide")
    await expect(result.get_by_role("table")).to_contain_text("Core question")
    await result.evaluate("message => message.scrollIntoView({block: 'start'})")
    await picture(page, "recommendation", THREAD)
    assert await height(result) <= SCREEN
    card = thread.get_by_test_id("message").first
    await expect(card).to_contain_text("5 of 5 answered")
    await card.evaluate("message => message.scrollIntoView({block: 'start'})")
    await picture(page, "card", THREAD)

    await result.get_by_role("button", name="How I am graded").click()
    review = thread.get_by_test_id("message").filter(has_text="What did your last review look at most?")
    await review.get_by_role("button", name="Pick what fits best").click()
    await page.get_by_role("listbox").get_by_role("option", name="Uptime, latency, cost, KPIs").click()
    mismatch = thread.get_by_test_id("message").filter(has_text="in one column and its grading in another")
    await expect(mismatch).to_be_visible()
    await mismatch.evaluate("message => { message.scrollIntoView({block: 'end'}); document.activeElement.blur() }")
    await picture(page, "mismatch", THREAD)

    await share(page, thread, result)
    await read_and_reply(page, thread)
    await look_and_withdraw(page, thread)


async def share(page: Page, thread: Locator, result: Locator) -> None:
    """Share a result with Mei, after seeing what she will get."""
    await result.get_by_role("button", name=SHARE).click()
    window = page.get_by_role("dialog", name=SHARE)
    await choose(page, window, "Mei Chen")
    await window.get_by_role("textbox", name="A note of yours").fill("Shall we talk about the grading?")
    await picture(page, "share")
    await window.get_by_role("button", name="See what will be sent").click()
    preview = page.get_by_role("dialog", name="What will be sent")
    await expect(preview).to_contain_text("Nothing has been sent yet.")
    await expect(preview).to_contain_text("Shall we talk about the grading?")
    await picture(page, "preview")
    await preview.get_by_role("button", name="Send").click()
    # Once the copy is there, the window says so.
    sent = page.get_by_role("dialog", name="Sent")
    await expect(sent).to_contain_text("@Mei Chen")
    await sent.get_by_role("button", name="Close").first.click()
    receipt = thread.get_by_test_id("message").filter(has_text="has had this since")
    await expect(receipt).to_contain_text("Not marked as read so far.")
    await picture(page, "receipt", THREAD)


async def read_and_reply(page: Page, thread: Locator) -> None:
    """Be Mei: mark the copy as read, ask to talk, and have a reply passed on."""
    await act_as(page, "U_MEI")
    copy = page.get_by_test_id("messages").get_by_test_id("message").filter(has_text="@Ana Ruiz shares a result")
    await expect(copy).to_contain_text("Shall we talk about the grading?")
    await copy.get_by_role("button", name="Mark as read").click()
    await copy.get_by_role("button", name="Let’s talk").click()
    await expect(copy).to_contain_text("@Ana Ruiz knows that you would like to talk.")
    await copy.get_by_test_id("replies").click()
    await expect(thread.get_by_role("table")).to_contain_text("Core question")
    await expect(thread).to_contain_text("Which of the two should change, the work or the grading?")
    await write(page, "Reply in thread", "Thanks, let's talk on Monday")
    offer = thread.get_by_test_id("message").filter(has_text="Send this to @Ana Ruiz?")
    await picture(page, "copy")
    await offer.get_by_role("button", name="Send").click()
    await expect(thread).to_contain_text("Sent to @Ana Ruiz.")


async def look_and_withdraw(page: Page, thread: Locator) -> None:
    """Be Ana: see what Mei did, and withdraw; then look again as Mei."""
    receipt = thread.get_by_test_id("message").filter(has_text="has had this since")
    over = "They may have read it before; neither Slack nor I can undo that."
    await act_as(page, "U_ANA")
    card = (
        page.get_by_test_id("messages").get_by_test_id("message").filter(has_text="Which role does the work call for")
    )
    await card.get_by_test_id("replies").click()
    await expect(receipt).to_contain_text("@Mei Chen marked it as read on")
    await expect(receipt).to_contain_text("@Mei Chen would like to talk about it.")
    await expect(thread).to_contain_text("Thanks, let's talk on Monday")
    await receipt.get_by_role("button", name="Withdraw").click()
    await picture(page, "withdraw")
    await page.get_by_role("alertdialog", name="Withdraw this?").get_by_role("button", name="Withdraw").click()
    await expect(thread).to_contain_text(over)

    await act_as(page, "U_MEI")
    await expect(page.get_by_test_id("messages")).to_contain_text("@Ana Ruiz withdrew this on")
    await expect(page.get_by_test_id("messages")).not_to_contain_text("Shall we talk about the grading?")


async def act_as(page: Page, user: str) -> None:
    """Look at the workspace as somebody else does, at their direct message with the bot."""
    await page.get_by_test_id("act-as").select_option(user)
    await expect(page.locator(f"body[data-connected={user}]")).to_be_attached()
    await page.get_by_test_id("channel-list").get_by_text("Rolefit").first.click()


@pytest.mark.parametrize(
    ("name", "said", "shows"),
    [
        ("leaning", "1c 2a 3b 4b 5b", "Your work leans towards"),
        ("close", "1a 2c 3c 4b 5e", "It is too close to call, so here are both."),
        ("early", "1d 2e 3d 4c", "I stopped early"),
    ],
)
async def test_each_kind_of_result(page: Page, name: str, said: str, shows: str):
    thread = await begin(page)
    await prompt(thread, "Question 1 of 5")
    await write(page, "Reply in thread", said)
    if name == "close":
        await prompt(thread, "One more question can tip it.")
        await write(page, "Reply in thread", "skip")

    result = thread.get_by_test_id("message").filter(has_text=shows)
    await expect(result.get_by_role("table")).to_contain_text("Dimension")
    await result.evaluate("message => message.scrollIntoView({block: 'start'})")
    await picture(page, name, THREAD)
    assert await height(result) <= SCREEN


async def height(message: Locator) -> float:
    """Measure a message in pixels."""
    box = await message.bounding_box()
    assert box
    return box["height"]


async def choose(page: Page, picker: Locator, name: str) -> None:
    """Pick a person in a people picker."""
    await picker.get_by_role("button", name=re.compile("Pick a person")).click()
    await page.get_by_role("listbox").get_by_role("option", name=re.compile(name)).click()


async def test_the_quiz_can_be_taken_with_the_keyboard_alone(page: Page):
    await tab_to(page, "Message #ask-ai-roles")
    await page.keyboard.type("/rolefit ")
    await page.keyboard.press("Enter")
    note = page.get_by_test_id("messages").get_by_test_id("message").filter(has_text="first question").last
    await expect(note).to_be_visible()
    await tab_to(page, "Open the questions", back=True)
    await page.keyboard.press("Enter")
    thread = page.get_by_test_id("thread-messages")
    await expect(thread).to_contain_text("One thing first")
    await tab_to(page, "a. My own work")
    await page.keyboard.press("Enter")
    for number, choice in enumerate(("a. Find out", "b. A tested", "a. That it is new"), 1):
        await prompt(thread, f"Question {number} of 5")
        await tab_to(page, choice)
        await page.keyboard.press("Enter")
    await prompt(thread, "Question 4 of 5")
    await tab_to(page, "Reply in thread")
    for number, said in ((4, "c"), (5, "1")):
        await prompt(thread, f"Question {number} of 5")
        await page.keyboard.type(said)
        await page.keyboard.press("Enter")
    await expect(thread).to_contain_text("Your work calls for the role of an AI researcher.")

    await tab_to(page, "How I am graded")
    await page.keyboard.press("Enter")
    await expect(thread).to_contain_text("What did your last review look at most?")
    await tab_to(page, "Pick what fits best")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("listbox")).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(thread).to_contain_text("Your last review looked at")
    await tab_to(page, SHARE, back=True)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name=SHARE)).to_contain_text("Who should get it?")


async def tab_to(page: Page, begins: str, *, back: bool = False) -> None:
    """Press Tab until what has the focus is called so."""
    name = """() => {
        const at = document.activeElement;
        return (at.getAttribute("aria-label") || at.placeholder || at.innerText || "").trim();
    }"""
    for _ in range(150):
        if str(await page.evaluate(name)).startswith(begins):
            return
        await page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"no Tab leads to {begins!r}")


async def test_an_answer_is_chosen_voted_on_explained_and_passed_on_to_a_person(
    page: Page, workspace: Workspace, tmp_path: Path, kept_in: dict[str, Any]
):
    store = await Store.open(Settings(_env_file=None, data_dir=tmp_path, **kept_in).store_url)
    await store.feedback.set_editors_channel("T_LOCAL", "C_GENERAL", by="U_MEI")
    await store.close()
    await write(page, "Message #ask-ai-roles", "@Rolefit researchers in product teams")
    asked = (
        page.get_by_test_id("messages").get_by_test_id("message").filter(has_text="researchers in product teams").last
    )
    await asked.get_by_test_id("replies").click()
    thread = page.get_by_test_id("thread-messages")
    offer = thread.get_by_test_id("message").filter(has_text="I am not sure which of these you mean")
    await expect(offer.get_by_role("button", name="None of these")).to_be_visible()
    await picture(page, "suggestions", THREAD)

    await offer.get_by_role("button", name="Why do AI projects need").click()
    answer = thread.get_by_test_id("message").filter(has_text="This answers: Why do AI projects need")
    await expect(answer).to_contain_text("by Rolefit editors")
    await picture(page, "answer", THREAD)

    await answer.get_by_role("button", name="Why this?").click()
    why = thread.get_by_test_id("message").filter(has_text="It was chosen from what I suggested")
    await expect(why).to_contain_text("Why do AI projects need")

    await answer.get_by_role("button", name="Not helpful").click()
    wrong = thread.get_by_test_id("message").filter(has_text="What was wrong with it?")
    await wrong.get_by_role("button", name="Something else").click()
    window = page.get_by_role("dialog", name="What was wrong?")
    await window.get_by_role("textbox", name="In your own words").fill("Mistral is missing")
    await picture(page, "comment")
    await window.get_by_role("button", name="Send").click()
    taken = thread.get_by_test_id("message").filter(has_text="Whoever looks after the answers will see it")
    await taken.get_by_role("button", name="Ask a person").click()
    await expect(thread).to_contain_text("I have passed it on to")
    await picture(page, "passed-on", THREAD)

    await page.get_by_test_id("act-as").select_option("U_MEI")
    await page.get_by_test_id("channel-list").get_by_text("general").first.click()
    request = page.get_by_test_id("messages").get_by_test_id("message").filter(has_text="would like a person to answer")
    await expect(request).to_contain_text("What was wrong: something else.")
    await picture(page, "help-request")
    ts = (await workspace.messages("C_GENERAL", "U_MEI"))[-1]["ts"]
    await workspace.post("U_MEI", "C_GENERAL", "Mistral is flat too, as far as I know.", ts)
    await expect(request).to_contain_text("Answered by @Mei Chen.")

    await page.get_by_test_id("act-as").select_option("U_ANA")
    await page.get_by_test_id("channel-list").get_by_text("Rolefit").first.click()
    await expect(page.get_by_test_id("messages")).to_contain_text(
        "@Mei Chen has written something about this question of yours: read the reply."
    )


async def test_where_the_bot_stays_silent_the_page_says_so_and_the_bot_says_why(page: Page):
    await write(page, "Message #ask-ai-roles", "who decides who gets what title")
    silence = page.get_by_test_id("composer").get_by_test_id("silence")
    await expect(silence).to_contain_text("Rolefit read “who decides who gets what title” and said nothing.")
    await silence.get_by_role("button", name="Answer from the FAQ").click()

    told = page.get_by_test_id("messages").get_by_test_id("message").filter(has_text="Unasked I say nothing to this")
    await expect(told).to_contain_text("I am not sure enough of an answer.")
    await expect(told.get_by_role("button", name="Which comes first, the work or the titles?")).to_be_in_viewport()
    await picture(page, "silence")


async def test_an_edited_question_has_its_answer_changed_and_a_deleted_one_taken_away(page: Page):
    await write(page, "Message #ask-ai-roles", "What does MTS stand for?")
    asked = page.get_by_test_id("messages").get_by_test_id("message").filter(has_text="Ana Ruiz").last
    await asked.get_by_test_id("replies").click()
    thread = page.get_by_test_id("thread-messages")
    await expect(thread).to_contain_text("This answers: What does “Member of Technical Staff” mean")

    await asked.hover()
    await asked.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Edit message").click()
    box = page.get_by_role("textbox", name="Edit message")
    await box.fill("Why did xAI drop the title researcher?")
    await box.press("Enter")
    await expect(thread).to_contain_text("This answers: Why did xAI drop")
    await expect(thread).not_to_contain_text("Member of Technical Staff” mean")
    await picture(page, "edited", THREAD)

    await asked.hover()
    await asked.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Delete message").click()
    await expect(thread).not_to_contain_text("This answers")
