"""The page as a person uses it: reloads, groups, forms by mouse and by keyboard, screens without a mouse."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from tests.chromium import CHROMIUM, Pages
from tests.local.test_page import Bot, actions, button, expect, message, plain, visiting
from tests.workspace import Workspace

Visit = Callable[..., Awaitable[Any]]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),  # that of the browser
    pytest.mark.skipif(CHROMIUM is None, reason="neither Chromium nor Chrome is installed"),
]


@pytest_asyncio.fixture(loop_scope="session")
async def workspace() -> AsyncIterator[Workspace]:
    async with Workspace.start() as workspace:
        yield workspace


@pytest_asyncio.fixture(loop_scope="session")
async def bot(workspace: Workspace) -> AsyncIterator[Bot]:
    async with Bot(workspace).listening() as bot:
        yield bot


@pytest_asyncio.fixture(loop_scope="session")
async def visit(pages: Pages, workspace: Workspace) -> AsyncIterator[Visit]:
    async with visiting(pages, workspace) as open_page:
        yield open_page


async def test_a_reload_keeps_each_persons_drafts_and_the_open_thread(visit: Visit, bot: Bot):
    await bot.says("C_ASK", "Ask me")
    page = await visit()
    await page.get_by_role("textbox", name="Message #ask-ai-roles").fill("half a question")
    shown = message(page, "Ask me")
    await shown.hover()
    await shown.get_by_role("button", name="Reply in thread").click()
    await page.get_by_role("textbox", name="Reply in thread").fill("half a reply")

    await page.reload()
    await expect(page.get_by_role("textbox", name="Reply in thread")).to_have_value("half a reply")
    await expect(page.get_by_test_id("thread-messages")).to_contain_text("Ask me")
    await expect(page.get_by_role("textbox", name="Message #ask-ai-roles")).to_have_value("half a question")

    await page.get_by_test_id("act-as").select_option("U_BEN")
    await expect(page.locator("body[data-connected=U_BEN]")).to_be_attached()
    await expect(page.get_by_role("textbox", name="Message #ask-ai-roles")).to_have_value("")
    await expect(page.get_by_test_id("thread")).to_be_hidden()
    await page.get_by_test_id("act-as").select_option("U_ANA")
    await expect(page.get_by_role("textbox", name="Message #ask-ai-roles")).to_have_value("half a question")


async def test_a_thread_that_is_closed_stays_closed_after_a_reload(visit: Visit, bot: Bot):
    root = await bot.says("C_ASK", "Ask me")
    page = await visit(query=f"&channel=C_ASK&ts={root}&thread_ts={root}")
    await page.get_by_role("button", name="Close thread").click()

    await page.reload()

    await expect(message(page, "Ask me")).to_be_visible()
    await expect(page.locator("body[data-connected=U_ANA]")).to_be_attached()
    await expect(page.get_by_test_id("thread")).to_be_hidden()


async def test_several_people_and_the_bot_talk_in_a_group(visit: Visit, bot: Bot):
    ana, mei = await visit("U_ANA"), await visit("U_MEI")

    await ana.get_by_role("button", name="New message", exact=True).click()
    form = ana.get_by_role("dialog", name="New message")
    await form.get_by_role("button", name="To: Select people").click()
    for person in ("Mei Chen", "Rolefit"):
        await form.get_by_role("listbox").get_by_role("option", name=person).click()
    await ana.keyboard.press("Escape")
    await form.get_by_role("button", name="Open").click()
    box = ana.get_by_role("textbox", name="Message Mei Chen, Rolefit")
    await expect(box).to_be_focused()
    await box.fill("@Rolefit what is an IC?")
    await box.press("Enter")
    heard = (await bot.hears("app_mention"))["event"]
    await bot.says(heard["channel"], "Somebody who leads nobody")

    link = mei.get_by_test_id("channel-list").get_by_role("list", name="Direct messages").get_by_role("link")
    await expect(link).to_have_accessible_name(re.compile(r"^Ana Ruiz, Rolefit, 2 unread$"))
    await link.click()
    await expect(message(mei, "Somebody who leads nobody")).to_be_visible()
    await expect(link).to_have_accessible_name("Ana Ruiz, Rolefit")


async def test_a_group_that_the_bot_opens_is_listed_at_once(visit: Visit, bot: Bot):
    page = await visit("U_BEN")

    await bot.web.conversations_open(users="U_ANA,U_BEN")

    groups = page.get_by_test_id("channel-list").get_by_role("list", name="Direct messages")
    await groups.get_by_role("link", name="Ana Ruiz, Rolefit").click()
    await expect(page.locator("#place-title")).to_have_text("Ana Ruiz, Rolefit")
    await expect(page.get_by_role("textbox", name="Message Ana Ruiz, Rolefit")).to_be_focused()


SIZES = [{"text": plain(name), "value": name.lower()} for name in ("Small", "Large")]
FIELDS: dict[str, Any] = {
    "topics": {"type": "checkboxes", "options": SIZES},
    "size": {"type": "radio_buttons", "options": SIZES},
    "manager": {"type": "users_select"},
    "note": {"type": "plain_text_input", "multiline": True},
}
FORM = {
    "type": "modal",
    "title": plain("Preferences"),
    "submit": plain("Save"),
    "blocks": [
        {
            "type": "input",
            "block_id": name,
            "label": plain(name.capitalize()),
            "element": {**element, "action_id": name},
        }
        for name, element in FIELDS.items()
    ],
}


async def open_form(page: Any, bot: Bot) -> Any:
    await bot.says("C_ASK", "-", blocks=[actions(button("Set up", "set_up"))])
    await page.get_by_role("button", name="Set up").press("Enter")
    await bot.web.views_open(trigger_id=(await bot.hears("block_actions"))["trigger_id"], view=FORM)
    form = page.get_by_role("dialog", name="Preferences")
    await expect(form).to_be_visible()
    return form


async def entered(bot: Bot) -> tuple[list[str], str, str, str]:
    values = (await bot.hears("view_submission"))["view"]["state"]["values"]
    topics = [option["value"] for option in values["topics"]["topics"]["selected_options"]]
    size, manager = values["size"]["size"]["selected_option"]["value"], values["manager"]["manager"]["selected_user"]
    return topics, size, manager, values["note"]["note"]["value"]


async def test_a_form_is_filled_with_the_keyboard_alone(visit: Visit, bot: Bot):
    page = await visit()
    form = await open_form(page, bot)

    await expect(form.get_by_role("checkbox", name="Small")).to_be_focused()
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await expect(form.get_by_role("radio", name="Small")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.type("mei")
    await expect(form.get_by_role("listbox").get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(form.get_by_role("button", name="Manager: Mei Chen")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.type("one")
    await page.keyboard.press("Enter")
    await page.keyboard.type("two")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await expect(form.get_by_role("button", name="Save")).to_be_focused()
    await page.keyboard.press("Enter")

    assert await entered(bot) == (["small", "large"], "large", "U_MEI", "one\ntwo")
    await expect(form).to_be_hidden()
    await expect(page.get_by_role("button", name="Set up")).to_be_focused()


async def test_a_form_is_filled_with_the_mouse(visit: Visit, bot: Bot):
    page = await visit()
    form = await open_form(page, bot)

    await form.get_by_role("checkbox", name="Large").click()
    await form.get_by_text("Small").last.click()
    await form.get_by_role("button", name="Manager: Select a person").click()
    await form.get_by_role("listbox").get_by_role("option", name="Ben Okafor").click()
    await form.get_by_role("textbox", name="Note").fill("one\ntwo")
    await form.get_by_role("button", name="Save").click()

    assert await entered(bot) == (["large"], "small", "U_BEN", "one\ntwo")


async def test_the_focus_stays_in_an_open_window(visit: Visit, bot: Bot):
    page = await visit()
    await open_form(page, bot)
    outside = "document.activeElement !== document.body && !document.activeElement.closest('dialog')"

    for key in ("Tab", "Shift+Tab"):
        for _ in range(12):
            await page.keyboard.press(key)
            assert not await page.evaluate(outside)


async def test_tools_of_a_message_cover_no_text_where_there_is_no_mouse(visit: Visit, bot: Bot, workspace: Workspace):
    for text in ("word " * 60, "again " * 60):
        await bot.says("C_ASK", text)
    await bot.web.chat_postEphemeral(channel="C_ASK", user="U_ANA", text="whispered " * 40)
    page = await visit(viewport={"width": 400, "height": 800}, has_touch=True, is_mobile=True)
    await expect(message(page, "whispered")).to_be_visible()

    covered = """() => [...document.querySelectorAll("#messages .toolbar")].flatMap((toolbar) => {
        const tools = toolbar.getBoundingClientRect();
        const walker = document.createTreeWalker(document.getElementById("messages"), NodeFilter.SHOW_TEXT);
        const texts = [];
        while (walker.nextNode()) {
            const range = document.createRange();
            range.selectNodeContents(walker.currentNode);
            const hit = [...range.getClientRects()].some((box) => box.width > 1 && box.left < tools.right &&
                box.right > tools.left && box.top < tools.bottom && box.bottom > tools.top);
            if (hit && !toolbar.contains(walker.currentNode)) texts.push(walker.currentNode.data);
        }
        return texts;
    })"""
    assert await page.evaluate("matchMedia('(hover: none)').matches")
    assert await page.locator("#messages .toolbar").first.evaluate("node => getComputedStyle(node).opacity") == "1"
    assert await page.evaluate(covered) == []


async def test_one_suggestion_is_announced_as_one(visit: Visit):
    page = await visit()

    await page.get_by_role("textbox", name="Message #ask-ai-roles").press_sequentially("/rolefit")

    await expect(page.locator("[aria-live=polite]")).to_contain_text("1 suggestion, arrow keys to choose")
