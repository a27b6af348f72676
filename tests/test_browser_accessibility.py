"""axe-core looks at the page in each state a person meets, by light and by dark, wide and narrow."""

from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.chromium import Pages
from tests.conftest import THOROUGH
from tests.local.test_page import Bot, actions, button, plain, section, table, visiting
from tests.test_browser import begin, prompt, pytestmark, workspace, write
from tests.workspace import Workspace

__all__ = ["pytestmark", "workspace"]

Light = Literal["light", "dark"]

WIDE = {"viewport": {"width": 1280, "height": 800}}
# Off by default, because there are cases in which they are mistaken; there is none of them here.
ALSO = ("label-content-name-mismatch", "target-size", "focus-order-semantics", "td-has-header", "p-as-heading")
ALL = {rule: {"enabled": True} for rule in ALSO}
COLOURS = ("color-contrast", "link-in-text-block")
# What is looked for: everything; where only the colours are others, what depends on them; and where they are not, all
# but that, which takes half of the time.
EVERYTHING = {"resultTypes": ["violations"], "rules": ALL}
OF_COLOURS = {"resultTypes": ["violations"], "runOnly": COLOURS}
BUT_COLOURS = {"resultTypes": ["violations"], "rules": ALL | {rule: {"enabled": False} for rule in COLOURS}}
Looks = tuple[tuple[Light, dict[str, Any]], ...]
# A page, and by what light it is looked at in each state and what for: the colours change with the light, and nothing
# else does; they are the same on a page of any width.
LOOKS: dict[str, tuple[dict[str, Any], Looks]] = {
    "wide": (WIDE, (("light", EVERYTHING), ("dark", EVERYTHING if THOROUGH else OF_COLOURS))),
    "narrow": (
        {"viewport": {"width": 400, "height": 800}, "has_touch": True, "is_mobile": True},
        (("light", EVERYTHING if THOROUGH else BUT_COLOURS),),
    ),
}


class Violations:
    """What axe-core objects to, by the state in which it was looked for, and by what light."""

    def __init__(self, page: Page, looks: Looks) -> None:
        self._page, self._looks = page, looks
        self.lines: list[str] = []

    async def look(self, state: str) -> None:
        """Run axe-core over the page as it is now."""
        if not await self._page.evaluate("'axe' in window"):
            await self._page.evaluate(Axe().axe_script)
        for light, options in self._looks:
            await self._page.emulate_media(color_scheme=light)
            results = await self._page.evaluate("options => axe.run(options).then((all) => all.violations)", options)
            self.lines += [
                f"{state}, {light}: {result['id']}: {node['target']} {node['failureSummary']}\n"
                for result in results
                for node in result["nodes"]
            ]


async def show_channels(page: Page) -> None:
    """Call the list of channels up where the screen is too narrow for it."""
    menu = page.get_by_role("button", name="Channels", exact=True)
    if await menu.is_visible():
        await menu.click()


async def open_channel(page: Page, name: str) -> None:
    await show_channels(page)
    await page.get_by_test_id("channel-list").get_by_role("link", name=name).click()
    await expect(page.locator("#place-title")).to_contain_text(name)


@pytest.mark.parametrize("look", LOOKS)
async def test_nothing_in_a_conversation_with_the_bot_is_objected_to(workspace: Workspace, pages: Pages, look: str):
    async with visiting(pages, workspace) as visit:
        context, looks = LOOKS[look]
        page = await visit(reduced_motion="reduce", **context)
        violations = Violations(page, looks)
        await open_channel(page, "general")
        await violations.look("empty channel")
        await open_channel(page, "ask-ai-roles")
        await ask(page, violations)
        await take_the_quiz(page, violations)
        await look_around(page, violations)

    assert not violations.lines, "\n".join(violations.lines)


async def ask(page: Page, violations: Violations) -> None:
    """Look at what there is around a question and its answer."""
    box = page.get_by_role("textbox", name="Message #ask-ai-roles")
    await box.press_sequentially("/")
    await expect(page.get_by_role("option", name="/rolefit")).to_be_visible()
    await violations.look("suggestions")
    await box.fill("")
    await write(page, "Message #ask-ai-roles", "/nonsense")
    await expect(page.get_by_test_id("messages")).to_contain_text("is not a valid command")
    await violations.look("error notice")

    await write(page, "Message #ask-ai-roles", "What's the difference between a research engineer and an AI engineer?")
    asked = page.get_by_test_id("messages").get_by_test_id("message").filter(has_text="What's the difference").last
    await expect(asked.get_by_test_id("replies")).to_be_visible()
    await asked.get_by_role("button", name="More actions").click()
    await expect(page.get_by_role("menuitem", name="Edit message")).to_be_visible()
    await violations.look("menu of a message")
    await page.get_by_role("menuitem", name="Edit message").click()
    await expect(page.get_by_role("textbox", name="Edit message")).to_be_focused()
    await violations.look("message being edited")
    await page.keyboard.press("Escape")

    await write(page, "Message #ask-ai-roles", "Good morning all")
    await expect(page.get_by_test_id("composer").get_by_test_id("silence")).to_contain_text("and said nothing.")
    await violations.look("silence of the bot")

    await asked.get_by_test_id("replies").click()
    thread = page.get_by_test_id("thread-messages")
    await expect(thread.get_by_role("table")).to_be_visible()
    await violations.look("thread open")
    answer = thread.get_by_test_id("message").filter(has=page.get_by_role("table"))
    await answer.get_by_role("button", name="Not helpful").click()
    await thread.get_by_role("button", name="Something else").click()
    modal = page.get_by_role("dialog", name="What was wrong?")
    await expect(modal).to_be_visible()
    await violations.look("modal")
    await page.keyboard.press("Escape")
    await expect(modal).to_be_hidden()
    await page.get_by_role("button", name="Close thread").click()


async def take_the_quiz(page: Page, violations: Violations) -> None:
    thread = await begin(page)
    await violations.look("question of the quiz")
    for number, choice in enumerate("bbbbc", 1):
        asked = await prompt(thread, f"Question {number} of 5")
        await asked.get_by_role("button", name=f"{choice}. ").click()
    result = thread.get_by_test_id("message").filter(has_text="How the answers divide")
    await expect(result.get_by_role("table")).to_be_visible()
    await violations.look("result with a table")
    await result.get_by_role("button", name="Share with my manager", exact=True).click()
    modal = page.get_by_role("dialog", name="Share with my manager")
    await modal.get_by_role("button", name="Pick a person").click()
    mei = page.get_by_role("listbox").get_by_role("option", name="Mei Chen")
    await expect(mei).to_be_visible()
    await violations.look("people to choose from")
    await mei.click()
    await modal.get_by_role("button", name="See what will be sent").click()
    modal = page.get_by_role("dialog", name="What will be sent")
    await expect(modal).to_be_visible()
    await violations.look("what will be sent")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog", name="Share with my manager")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("modal")).to_be_hidden()
    await page.get_by_role("button", name="Close thread").click()


async def look_around(page: Page, violations: Violations) -> None:
    """Look at what is not a conversation."""
    await open_channel(page, "ask-ai-roles")
    await expect(page.get_by_text("Only visible to you").first).to_be_visible()
    await violations.look("ephemeral message")
    await page.get_by_test_id("channel-details").click()
    await violations.look("members of a channel")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Traffic").click()
    await page.get_by_test_id("traffic").locator("summary").last.click()
    await violations.look("traffic")
    await page.get_by_role("button", name="Close the traffic").click()

    await open_channel(page, "Rolefit")
    await violations.look("direct messages with the bot")
    await page.get_by_role("tab", name="Home").click()
    await expect(page.get_by_test_id("home").get_by_role("button").first).to_be_visible()
    await violations.look("Home")
    home = page.get_by_test_id("home")
    await home.get_by_role("button", name="My rounds").click()
    await expect(home.get_by_role("button", name="Hide my rounds")).to_be_visible()
    await home.get_by_role("button", name="The roles").click()
    await home.get_by_role("button", name="Open: What’s the difference").click()
    await expect(home.get_by_role("button", name="Close: What’s the difference")).to_be_visible()
    await violations.look("Home with an open answer and the list of rounds")
    await show_channels(page)
    await violations.look("channels")
    await page.get_by_role("button", name="Create a channel").click()
    form = page.get_by_role("dialog", name="Create a channel")
    await form.get_by_role("button", name="Create").click()
    await expect(form.get_by_role("alert").filter(has_text="required")).to_be_visible()
    await violations.look("form with an error")


OPTIONS_OF_ALL = [
    {"text": plain(name), "value": name.lower(), "description": plain("A word on it")} for name in ("Flat", "Tracks")
]
MENU = {"type": "static_select", "action_id": "menu", "placeholder": plain("Regime"), "options": OPTIONS_OF_ALL}
ELEMENTS: list[Any] = [
    {"type": "plain_text_input"},
    {"type": "plain_text_input", "multiline": True},
    {"type": "number_input", "is_decimal_allowed": False},
    {"type": "datepicker"},
    {"type": "checkboxes", "options": OPTIONS_OF_ALL},
    {"type": "radio_buttons", "options": OPTIONS_OF_ALL},
    {"type": "users_select"},
    {"type": "multi_users_select"},
    {**MENU},
]
FORM = [
    {
        "type": "input",
        "block_id": f"field{number}",
        "label": plain(f"Field {number}"),
        "hint": plain("A hint"),
        "element": {**element, "action_id": f"act{number}"},
    }
    for number, element in enumerate(ELEMENTS)
]
THUMBS = {
    "type": "feedback_buttons",
    "action_id": "vote",
    "positive_button": {"text": plain("Helpful"), "value": "up"},
    "negative_button": {"text": plain("Not helpful"), "value": "down"},
}
CONFIRM = {"title": plain("Stop it?"), "text": plain("All of it."), "confirm": plain("Stop"), "deny": plain("Go on")}
MIXED = [
    {"type": "header", "text": plain("A header")},
    section(
        "See <https://a.example|the page> or <#C_GENERAL>, <@U_ANA> and <@U_MEI>, `code` and\n> a quote", accessory=MENU
    ),
    {"type": "section", "fields": [{"type": "mrkdwn", "text": f"*Field {number}*\nValue"} for number in range(3)]},
    table(["Dimension", "AI engineer"], ["Output", "Products"]),
    {
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": "For <@U_ANA>: <https://a.example|the source> of `it`"}],
    },
    actions(
        button("Go", "go", style="primary"),
        button("Stop", "stop", style="danger", confirm=CONFIRM),
        button("Open", "modal"),
    ),
    {"type": "context_actions", "elements": [THUMBS]},
    {"type": "markdown", "text": "# Title\n\n- a [link](https://a.example)\n\n| a | b |\n|---|---|\n| 1 | 2 |"},
]


async def read_on(page: Page, workspace: Workspace, violations: Violations) -> None:
    """Look at the page where something comes while one reads farther up."""
    await page.evaluate("document.getElementById('messages-panel').scrollTop = 0")
    await expect(page.get_by_test_id("messages").get_by_test_id("message").first).to_be_in_viewport()
    await workspace.post("U_BEN", "C_ASK", "Something new")
    await expect(page.get_by_role("button", name="New messages")).to_be_visible()
    await violations.look("news below what is read")


@pytest.mark.parametrize("look", LOOKS)
async def test_nothing_that_a_bot_may_show_is_objected_to(pages: Pages, look: str):
    async with Workspace.start() as workspace, visiting(pages, workspace) as visit:
        context, looks = LOOKS[look]
        page = await visit(reduced_motion="reduce", **context)
        violations = Violations(page, looks)
        await expect(page.get_by_test_id("banner")).to_be_visible()
        await violations.look("no bot there")
        async with Bot(workspace).listening() as bot:
            ts = await bot.says("C_ASK", blocks=MIXED)
            await bot.says(
                "C_ASK",
                "With an attachment",
                attachments=[{"color": "danger", "title": "T", "text": "t", "footer": "f"}],
            )
            await bot.says("C_ASK", "A reply", thread_ts=ts)
            await workspace.react("U_BEN", {"channel": "C_ASK", "ts": ts}, "tada")
            message = page.locator(f"#messages [data-ts='{ts}']")
            await expect(message.get_by_test_id("replies")).to_be_visible()
            await violations.look("every kind of block")
            await message.get_by_role("button", name="Regime").click()
            await violations.look("menu open")
            await page.keyboard.press("Escape")

            await message.get_by_role("button", name="Stop").click()
            await expect(page.get_by_role("alertdialog", name="Stop it?")).to_be_visible()
            await violations.look("confirmation")
            await page.keyboard.press("Escape")
            await read_on(page, workspace, violations)

            await message.get_by_role("button", name="Open", exact=True).click()
            trigger = (await bot.hears("block_actions"))["trigger_id"]
            view = {"type": "modal", "title": plain("A form"), "submit": plain("Send"), "blocks": FORM}
            await bot.web.views_open(trigger_id=trigger, view=view)
            modal = page.get_by_role("dialog", name="A form")
            await expect(modal).to_be_visible()
            await violations.look("form")
            await modal.get_by_role("button", name="Send").click()
            await expect(modal.get_by_role("alert").filter(has_text="required").first).to_be_visible()
            await violations.look("form with errors")
            await modal.get_by_role("button", name="Field 7: Select a person").click()
            await page.get_by_role("combobox", name="search").fill("nobody of that name")
            await violations.look("nobody found")
            await page.keyboard.press("Escape")
            await page.keyboard.press("Escape")
            await expect(modal).to_be_hidden()

            await show_channels(page)
            await page.get_by_role("button", name="New message", exact=True).click()
            await page.get_by_role("button", name="To: Select people").click()
            await violations.look("people to write to")
            await page.keyboard.press("Escape")
            await page.keyboard.press("Escape")
            channel = await workspace.create_channel("U_BEN", "new-one")
            await page.goto(f"{workspace.url}/?as=U_ANA&channel={channel}")
            await expect(page.get_by_role("button", name="Join channel")).to_be_visible()
            await violations.look("channel not joined")

    assert not violations.lines, "\n".join(violations.lines)
