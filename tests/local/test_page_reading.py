"""How the page leads a reader: to what comes, to what is linked, through a confirmation, and where an app is silent."""

import re
from typing import Any

import pytest

from tests.local.test_page import Bot, actions, button, expect, message, plain, section
from tests.local.test_page_use import Visit, bot, pytestmark, visit, workspace
from tests.workspace import Workspace

__all__ = ["bot", "pytestmark", "visit", "workspace"]

TOP = "document.getElementById('messages-panel').scrollTop"


async def long_talk(workspace: Workspace, thread_ts: str | None = None) -> str:
    """Have Ben talk for several screens; gives the ts of his first line."""
    lines = [await workspace.post("U_BEN", "C_ASK", f"Line {number} of many", thread_ts) for number in range(40)]
    return lines[0]


async def read_from_the_top(page: Any, panel: str = "messages-panel") -> None:
    await page.evaluate(f"document.getElementById('{panel}').scrollTop = 0")
    await expect(page.locator(f"#{panel} .message").first).to_be_in_viewport()


def write_box(page: Any) -> Any:
    return page.get_by_role("textbox", name="Message #ask-ai-roles")


# What comes
async def test_a_command_leads_to_its_answer_from_wherever_one_reads(visit: Visit, bot: Bot, workspace: Workspace):
    bot.answers["slash_commands"] = {"text": "Five questions"}
    await long_talk(workspace)
    page = await visit()
    await read_from_the_top(page)

    await write_box(page).fill("/rolefit")
    await write_box(page).press("Enter")

    await expect(message(page, "Five questions")).to_be_in_viewport()
    await expect(page.get_by_role("button", name="New messages")).to_be_hidden()


@pytest.mark.parametrize("where", ["messages", "thread-messages"])
async def test_who_reads_farther_up_stays_there_and_is_told_of_new_messages(
    visit: Visit, workspace: Workspace, where: str
):
    root = await workspace.post("U_BEN", "C_ASK", "A long story")
    thread = root if where == "thread-messages" else None
    await long_talk(workspace, thread)
    page = await visit(query=f"&channel=C_ASK&thread_ts={root}" if thread else "")
    talk = page.get_by_test_id(where)
    await expect(talk).to_contain_text("Line 39 of many")
    await read_from_the_top(page, "thread-panel" if thread else "messages-panel")

    await workspace.post("U_MEI", "C_ASK", "The end of it", thread)
    news = page.get_by_role("button", name="New messages")
    await expect(news).to_be_in_viewport()
    await expect(talk.get_by_test_id("message").first).to_be_in_viewport()
    await news.press("Enter")

    await expect(talk.get_by_text("The end of it")).to_be_in_viewport()
    await expect(news).to_be_hidden()
    await expect(page.get_by_role("textbox", name="Reply in thread" if thread else "Message #ask")).to_be_focused()


async def test_what_comes_of_a_click_is_followed_near_the_end_and_not_from_far_above(
    visit: Visit, bot: Bot, workspace: Workspace
):
    await bot.says("C_ASK", blocks=[section("Long ago"), actions(button("Old", "old"))])
    await long_talk(workspace)
    tall = section("\n".join(f"Reason {number}" for number in range(15)), expand=True)
    await bot.says("C_ASK", blocks=[section("Ready?"), actions(button("Go", "go")), tall, section("The end")])
    page = await visit()
    await page.mouse.move(700, 400)
    await page.mouse.wheel(0, -200)
    await expect(page.get_by_text("The end")).not_to_be_in_viewport()

    await page.get_by_role("button", name="Go").click()
    await bot.hears("block_actions")
    await bot.says("C_ASK", "What came of it")
    await expect(message(page, "What came of it")).to_be_in_viewport()

    await page.get_by_role("button", name="Old").click()
    await bot.hears("block_actions")
    await bot.says("C_ASK", "Another thing")
    await expect(page.get_by_role("button", name="New messages")).to_be_visible()
    await expect(page.get_by_role("button", name="Old")).to_be_in_viewport()
    await expect(message(page, "Another thing")).not_to_be_in_viewport()


async def test_what_comes_of_a_click_in_a_thread_is_followed_from_anywhere_in_it(
    visit: Visit, bot: Bot, workspace: Workspace
):
    root = await bot.says("C_ASK", blocks=[section("Root"), actions(button("Change", "change"))])
    await long_talk(workspace, root)
    page = await visit(query=f"&channel=C_ASK&thread_ts={root}")
    thread = page.get_by_test_id("thread-messages")
    await expect(thread.get_by_text("Line 39 of many")).to_be_in_viewport()
    await read_from_the_top(page, "thread-panel")

    await thread.get_by_role("button", name="Change").click()
    await bot.hears("block_actions")
    await bot.says("C_ASK", "What came of it", thread_ts=root)

    await expect(thread.get_by_text("What came of it")).to_be_in_viewport()
    await expect(page.get_by_role("button", name="New messages")).to_be_hidden()


TALL = "\n".join(f"Reason {number}" for number in range(60))
PLACE = """node => {
    const frame = document.getElementById("thread-panel").getBoundingClientRect();
    return Math.round(node.getBoundingClientRect().top - frame.top);
}"""


async def test_a_message_taller_than_its_thread_is_shown_from_its_beginning_and_stays_there(
    visit: Visit, bot: Bot, workspace: Workspace
):
    root = await bot.says("C_ASK", "Root")
    await long_talk(workspace, root)
    asked = [section("Which one?"), *(actions(button(f"Choice {number}", f"c{number}")) for number in range(4))]
    for number, block in enumerate(asked):
        block["block_id"] = f"b{number}"
    question = await bot.says("C_ASK", "Which one?", blocks=asked, thread_ts=root)
    page = await visit(query=f"&channel=C_ASK&thread_ts={root}")
    thread = page.get_by_test_id("thread-messages")
    await thread.get_by_role("button", name="Choice 2").click()
    await bot.hears("block_actions")

    await bot.says("C_ASK", "Result", blocks=[section(TALL, expand=True)], thread_ts=root)
    result = thread.get_by_test_id("message").filter(has_text="Reason 59")
    await expect(result).to_be_attached()
    assert await result.evaluate(PLACE) == 0
    await bot.web.chat_update(channel="C_ASK", ts=question, text="You chose 2", blocks=[section("You chose 2")])
    await expect(thread.get_by_text("You chose 2")).to_be_attached()
    assert await result.evaluate(PLACE) == 0

    await page.reload()
    await expect(result).to_be_attached()
    assert await result.evaluate(PLACE) == 0


async def test_new_messages_are_told_of_beside_what_is_read_and_not_over_it(visit: Visit, workspace: Workspace):
    await long_talk(workspace)
    page = await visit()
    await read_from_the_top(page)

    await workspace.post("U_MEI", "C_ASK", "The end of it")

    news = await page.get_by_role("button", name="New messages").bounding_box()
    panel = await page.locator("#messages-panel").bounding_box()
    assert news is not None
    assert panel is not None
    assert news["y"] >= panel["y"] + panel["height"]


async def test_the_newest_message_stays_in_sight_when_the_traffic_opens_below(visit: Visit, workspace: Workspace):
    await long_talk(workspace)
    page = await visit()

    await page.get_by_role("button", name="Traffic").click()

    await expect(message(page, "Line 39 of many")).to_be_in_viewport()


# Confirmations
CONFIRM = {"title": plain("Delete?"), "text": plain("All of it."), "confirm": plain("Delete"), "deny": plain("Keep")}
ASKING = [actions(button("Remove", "remove", style="danger", confirm=CONFIRM))]


async def test_a_confirmation_has_the_focus_on_what_changes_nothing_and_gives_it_back(visit: Visit, bot: Bot):
    ts = await bot.says("C_ASK", "-", blocks=ASKING)
    page = await visit()
    remove, dialog = page.get_by_role("button", name="Remove"), page.get_by_role("alertdialog", name="Delete?")

    await remove.press("Enter")
    await expect(dialog).to_have_accessible_description("All of it.")
    await expect(dialog.get_by_role("button", name="Keep")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(remove).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(remove).to_be_focused()

    await page.keyboard.press("Enter")
    await expect(dialog).to_be_visible()
    await bot.web.chat_update(channel="C_ASK", ts=ts, text="-", blocks=[section("Anew"), *ASKING])
    await expect(message(page, "Anew")).to_be_attached()
    await dialog.get_by_role("button", name="Delete").click()
    await expect(remove).to_be_focused()

    heard = await bot.hears("block_actions")
    assert heard["actions"][0]["action_id"] == "remove"
    assert "Anew" in str(heard["message"])  # so the first two times nothing was sent


# Links
MARK = """node => {
    const [mark] = node.getAnimations();
    mark.currentTime = 0;
    const shadows = [getComputedStyle(node).boxShadow];
    mark.finish();
    return [...shadows, getComputedStyle(node).boxShadow];
}"""


async def test_a_link_to_a_message_far_above_leads_there_and_marks_it_for_a_moment(
    visit: Visit, bot: Bot, workspace: Workspace
):
    first = await long_talk(workspace)
    link = (await bot.web.chat_getPermalink(channel="C_ASK", message_ts=first))["permalink"]
    await bot.says("C_ASK", f"It stands <{link.replace('&', '&amp;')}|far above>")
    page = await visit()
    far_above, target = page.get_by_role("link", name="far above"), message(page, "Line 0 of many")
    await expect(target).not_to_be_in_viewport()

    for press in (lambda: far_above.press("Enter"), far_above.click):
        await press()
        await expect(target).to_be_in_viewport()
        await expect(target).to_be_focused()
        marked, later = await target.evaluate(MARK)
        assert (marked == "none", later) == (False, "none")
    await page.keyboard.press("ArrowDown")
    await expect(message(page, "Line 1 of many")).to_be_focused()


async def test_whoever_was_led_to_a_message_at_the_end_still_follows_what_comes(
    visit: Visit, bot: Bot, workspace: Workspace
):
    ts = await bot.says("C_ASK", "Here it begins")
    page = await visit(query=f"&channel=C_ASK&ts={ts}")
    await expect(message(page, "Here it begins")).to_have_class(re.compile("flash"))

    await long_talk(workspace)

    await expect(message(page, "Line 39 of many")).to_be_in_viewport()


async def test_on_a_small_screen_a_link_out_of_a_thread_shows_its_channel(visit: Visit, bot: Bot, workspace: Workspace):
    first = await long_talk(workspace)
    link = (await bot.web.chat_getPermalink(channel="C_ASK", message_ts=first))["permalink"]
    root = await bot.says("C_ASK", "Root")
    await bot.says("C_ASK", f"It stands <{link.replace('&', '&amp;')}|far above>", thread_ts=root)
    page = await visit(query=f"&channel=C_ASK&thread_ts={root}", viewport={"width": 400, "height": 800})

    await page.get_by_role("link", name="far above").click()

    await expect(page.get_by_test_id("thread")).to_be_hidden()
    await expect(message(page, "Line 0 of many")).to_be_in_viewport()


async def test_a_link_to_what_was_deleted_says_so(visit: Visit, bot: Bot):
    gone = await bot.says("C_ASK", "Soon gone")
    link = (await bot.web.chat_getPermalink(channel="C_ASK", message_ts=gone))["permalink"]
    await bot.says("C_ASK", f"See <{link.replace('&', '&amp;')}|it>")
    await bot.web.chat_delete(channel="C_ASK", ts=gone)
    page = await visit()

    await page.get_by_role("link", name="it", exact=True).click()

    await expect(message(page, "That link leads to a message that is not there any more.")).to_be_in_viewport()


# Silence
async def test_where_an_app_says_nothing_the_page_says_so_and_offers_to_ask_it(visit: Visit, bot: Bot):
    page = await visit()
    silence = page.get_by_test_id("composer").get_by_test_id("silence")
    await write_box(page).fill("Anybody there?")
    await write_box(page).press("Enter")

    await expect(silence).to_contain_text("Rolefit read “Anybody there?” and said nothing.")
    await expect(silence).to_contain_text(
        "Answer from the FAQ (see what Rolefit would say to a message, or why it says"
    )
    await expect(page.locator("[aria-live=polite]")).to_contain_text("Rolefit read “Anybody there?” and said nothing.")
    await silence.get_by_role("button", name="Answer from the FAQ").click()
    used = await bot.hears("message_action")
    assert (used["callback_id"], used["message"]["text"]) == ("answer_from_faq", "Anybody there?")
    await expect(write_box(page)).to_be_focused()
    await expect(silence).to_be_empty()


async def test_an_app_that_answers_late_is_not_called_silent_any_more(visit: Visit, bot: Bot):
    page = await visit()
    silence = page.get_by_test_id("composer").get_by_test_id("silence")
    await write_box(page).fill("Anybody there?")
    await write_box(page).press("Enter")
    asked = (await bot.hears("message"))["event"]["ts"]
    await expect(silence).to_contain_text("and said nothing.")

    await bot.says("C_ASK", "Yes, after all", thread_ts=asked)

    await expect(silence).to_be_empty()


async def test_an_app_that_answers_is_not_called_silent(visit: Visit, bot: Bot):
    page = await visit(alone=True)
    await page.clock.install()
    await write_box(page).fill("Anybody there?")
    await write_box(page).press("Enter")
    asked = (await bot.hears("message"))["event"]["ts"]
    await bot.says("C_ASK", "Yes", thread_ts=asked)
    await expect(message(page, "Anybody there?").get_by_test_id("replies")).to_be_visible()

    await page.clock.fast_forward(60_000)

    await expect(page.get_by_test_id("composer").get_by_test_id("silence")).to_be_empty()


async def test_what_is_said_of_a_silence_goes_with_the_next_message_and_with_the_place(visit: Visit, bot: Bot):
    page = await visit()
    silence = page.get_by_test_id("composer").get_by_test_id("silence")
    for text in ("First", "Second"):
        await write_box(page).fill(text)
        await write_box(page).press("Enter")
        await expect(silence).to_contain_text(f"Rolefit read “{text}” and said nothing.")

    await page.get_by_test_id("channel-list").get_by_role("link", name="general").click()

    await expect(silence).to_be_empty()


async def test_where_no_app_reads_along_the_page_says_so_and_offers_to_add_it(visit: Visit, workspace: Workspace):
    channel = await workspace.create_channel("U_ANA", "new-one")
    page = await visit(query=f"&channel={channel}")
    box = page.get_by_role("textbox", name="Message #new-one")
    await box.fill("What does MTS stand for?")
    await box.press("Enter")

    silence = page.get_by_test_id("composer").get_by_test_id("silence")
    await expect(silence).to_contain_text("No app is in #new-one, so none reads what is written here.")
    await silence.get_by_role("button", name="Add Rolefit").click()

    await expect(page.get_by_test_id("channel-details")).to_have_accessible_name("2 members of #new-one")


async def test_a_message_that_cannot_be_shown_and_one_in_a_thousand_styles_leave_the_others_readable(
    visit: Visit, bot: Bot, workspace: Workspace
):
    odd = [{"text": "with a time that is none", "ts": "soon"}]
    await bot.web.chat_postMessage(channel="C_GENERAL", text="an odd one", attachments=odd)
    await workspace.post("U_ANA", "C_GENERAL", "*a* _b_ " * 4_000)
    await bot.web.chat_postMessage(
        channel="C_GENERAL", blocks=[{"type": "markdown", "text": "**a** " * 1_700}], text="a"
    )
    await workspace.post("U_ANA", "C_GENERAL", "the last of them")

    page = await visit("U_BEN", "&channel=C_GENERAL")

    await expect(page.get_by_text("the last of them")).to_be_visible()
    await expect(page.get_by_text("This message cannot be shown")).to_have_count(1)
    await expect(page.locator("#messages strong").first).to_have_text("a")
