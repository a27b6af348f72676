"""What a person sees and does on the workspace's page, in a real browser, with a bot on the other side."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import yaml
from slack_sdk.web.async_client import AsyncWebClient

from bot.local.config import AppConfig
from tests.chromium import CHROMIUM
from tests.workspace import MANIFEST, PATIENCE, Workspace

playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
expect = playwright.expect
expect.set_options(timeout=PATIENCE * 1_000)  # however busy the machine is

Json = dict[str, Any]
HOSTILE = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script><b>b</b> <javascript:alert(1)|go>'

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(CHROMIUM is None, reason="neither Chromium nor Chrome is installed"),
]


# How much wider a menu is than the longest of its names
SPARE = """menu => {
    const probe = document.createElement("canvas").getContext("2d");
    const style = getComputedStyle(menu);
    probe.font = style.font;
    const longest = Math.max(...[...menu.options].map((option) => probe.measureText(option.textContent).width));
    return menu.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - longest;
}"""


# A little bot
class Bot:
    """Speaks as the bot: posts through slack_sdk, hears over Socket Mode, answers what it was told to."""

    def __init__(self, workspace: Workspace, app: AppConfig | None = None) -> None:
        config = app or workspace.config
        self.web = AsyncWebClient(config.bot_token, base_url=workspace.api_url)
        self.answers: Json = {}
        self._app_token = config.app_token
        self._heard: asyncio.Queue[Json] = asyncio.Queue()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Bot"]:
        link = await self.web.apps_connections_open(app_token=self._app_token)
        async with aiohttp.ClientSession() as session, session.ws_connect(link["url"]) as socket:
            ears = asyncio.create_task(self._listen(socket))
            yield self
            ears.cancel()
            await asyncio.gather(ears, return_exceptions=True)

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            envelope = json.loads(message.data)
            if "envelope_id" not in envelope:
                continue
            payload = envelope["payload"]
            kind = payload.get("event", payload).get("type") or envelope["type"]
            ack = {"envelope_id": envelope["envelope_id"]}
            if kind in self.answers:
                ack["payload"] = self.answers[kind]
            await socket.send_json(ack)
            self._heard.put_nowait({"kind": kind, **payload})

    async def hears(self, kind: str) -> Json:
        """Return the next payload of that kind, passing over others."""
        async with asyncio.timeout(10):
            while True:
                payload = await self._heard.get()
                if payload["kind"] == kind:
                    return payload

    async def says(self, channel: str, text: str = "Hello", **more: Any) -> str:
        answer = await self.web.chat_postMessage(channel=channel, text=text, **more)
        return str(answer["ts"])


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(text: str, action_id: str, **more: Any) -> Json:
    return {"type": "button", "text": plain(text), "action_id": action_id, "value": action_id, **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "block_id": "acts", "elements": list(elements)}


def table(*rows: list[str]) -> Json:
    cells = [[{"type": "raw_text", "text": cell} for cell in row] for row in rows]
    return {"type": "table", "rows": cells, "column_settings": [{"is_wrapped": True}]}


ROLES = table(
    ["Dimension", "AI researcher", "Research engineer", "AI engineer"],
    ["Output", "Papers, methods, new ideas", "Training systems that can be trusted", "Products and features"],
    ["Risk", "The idea is wrong", "The experiment cannot be repeated", "Nobody uses it"],
)


# Fixtures
@pytest_asyncio.fixture(loop_scope="session")
async def workspace():
    async with Workspace.start() as workspace:
        yield workspace


@pytest_asyncio.fixture(loop_scope="session")
async def bot(workspace):
    async with Bot(workspace).listening() as bot:
        yield bot


@pytest_asyncio.fixture(loop_scope="session")
async def visit(pages, workspace):
    """Open the page as somebody; at the end there must have been no script error and no foreign request."""
    async with visiting(pages, workspace) as open_page:
        yield open_page


@asynccontextmanager
async def visiting(pages, workspace):
    troubles = []

    async def on_dialog(dialog: Any) -> None:
        troubles.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    noticed = {
        "pageerror": lambda error: troubles.append(str(error)),
        "dialog": on_dialog,
        "request": lambda sent: None if local(sent.url, workspace.url) else troubles.append(sent.url),
    }
    async with AsyncExitStack() as opened:

        async def open_page(person: str = "U_ANA", query: str = "", **options: Any) -> Any:
            page = await opened.enter_async_context(pages.page(**options))
            for event, listener in noticed.items():
                page.on(event, listener)
                opened.callback(page.remove_listener, event, listener)
            await page.goto(f"{workspace.url}/?as={person}{query}")
            await expect(page.locator(f"body[data-connected={person}]")).to_be_attached()
            return page

        yield open_page
    assert not troubles


def local(address: str, url: str) -> bool:
    return address.startswith((url, url.replace("http", "ws", 1), "data:"))


def composer(page: Any) -> Any:
    return page.get_by_role("textbox", name="Message #ask-ai-roles")


def message(page: Any, text: str) -> Any:
    return page.get_by_test_id("messages").get_by_test_id("message").filter(has_text=text)


# Reading and writing
async def test_the_first_message_says_what_to_try(visit):
    page = await visit()

    await expect(message(page, "What does MTS stand for?")).to_contain_text("@Rolefit has joined us")
    await expect(page).to_have_title(re.compile("#ask-ai-roles"))


async def test_what_is_typed_goes_out_in_slacks_wire_form_and_shows_as_typed(visit, bot):
    page = await visit()

    await composer(page).fill("@Rolefit is 1 < 2 & #general at https://a.example/?x=1&y=2?")
    await composer(page).press("Enter")

    heard = await bot.hears("app_mention")
    assert heard["event"]["text"] == (
        "<@U_ROLEFIT> is 1 &lt; 2 &amp; <#C_GENERAL|general> at <https://a.example/?x=1&amp;y=2>?"
    )
    await expect(message(page, "@Rolefit is 1 < 2 & #general at https://a.example/?x=1&y=2?")).to_be_visible()
    await expect(composer(page)).to_have_value("")


async def test_shift_enter_makes_a_new_line(visit):
    page = await visit()

    await composer(page).press_sequentially("one")
    await composer(page).press("Shift+Enter")
    await composer(page).press_sequentially("two")
    await composer(page).press("Enter")

    content = message(page, "one").get_by_test_id("message-content")
    assert await content.inner_text() == "one\ntwo"


async def test_a_thread_opens_takes_a_reply_and_gives_the_focus_back(visit, bot):
    page = await visit()
    shown = message(page, "What does MTS stand for?")
    thread = page.get_by_test_id("thread")

    await shown.hover()
    await shown.get_by_role("button", name="Reply in thread").click()
    reply = page.get_by_role("textbox", name="Reply in thread")
    await expect(reply).to_be_focused()
    await reply.fill("What is an IC?")
    await reply.press("Enter")

    heard = await bot.hears("message")
    assert (heard["event"]["text"], heard["event"]["thread_ts"]) == (
        "What is an IC?",
        await shown.get_attribute("data-ts"),
    )
    await expect(thread.get_by_test_id("message").nth(1)).to_contain_text("What is an IC?")
    await expect(shown.get_by_test_id("replies")).to_contain_text("1 reply")
    await page.keyboard.press("Escape")
    await expect(thread).to_be_hidden()
    await expect(shown).to_be_focused()


async def test_a_slash_completes_a_command_and_sends_it(visit, bot):
    bot.answers["slash_commands"] = {"text": "Five questions"}
    page = await visit()

    await composer(page).press_sequentially("/ro")
    option = page.get_by_role("option", name="/rolefit")
    await expect(option).to_contain_text("Find the AI role your work calls for")
    await expect(composer(page)).to_have_attribute("aria-activedescendant", await option.get_attribute("id"))
    await composer(page).press("Tab")
    await composer(page).press_sequentially("help me & you")
    await composer(page).press("Enter")

    heard = await bot.hears("slash_commands")
    assert (heard["command"], heard["text"], heard["channel_id"]) == ("/rolefit", "help me & you", "C_ASK")
    await expect(message(page, "Five questions")).to_contain_text("Only visible to you")


async def test_an_at_sign_completes_people_and_the_bot(visit, bot):
    page = await visit()

    await composer(page).press_sequentially("@")
    options = page.get_by_test_id("completion").get_by_role("option")
    await expect(options.filter(has_text="Rolefit")).to_be_visible()
    await expect(options.filter(has_text="Tom Novak")).to_have_count(0)
    await composer(page).press_sequentially("me")
    await composer(page).press("ArrowDown")
    await composer(page).press("Enter")
    await expect(composer(page)).to_have_value("@Mei Chen ")
    await composer(page).press_sequentially("hi @Rol")
    await composer(page).press("Enter")
    await composer(page).press("Enter")

    assert (await bot.hears("app_mention"))["event"]["text"] == "<@U_MEI> hi <@U_ROLEFIT>"


async def test_commands_are_refused_in_threads_as_in_slack(visit, bot):
    root = await bot.says("C_ASK", "Ask me")
    page = await visit(query=f"&channel=C_ASK&ts={root}&thread_ts={root}")

    reply = page.get_by_role("textbox", name="Reply in thread")
    await reply.fill("/rolefit")
    await reply.press("Enter")

    await expect(page.get_by_test_id("thread")).to_contain_text("/rolefit is not supported in threads. Sorry!")


async def test_an_unanswered_command_says_why(visit):
    page = await visit()

    await composer(page).fill("/rolefit")
    await composer(page).press("Enter")

    notice = message(page, "dispatch_failed")
    await expect(notice).to_have_count(1)
    await expect(notice).to_contain_text("Slackbot")


async def test_hostile_text_stays_text(visit, bot):
    page = await visit()
    await composer(page).fill(HOSTILE)
    await composer(page).press("Enter")
    await bot.says("C_ASK", HOSTILE)
    cell = {"type": "raw_text", "text": HOSTILE}
    blocks = [{"type": "header", "text": plain(HOSTILE)}, section(HOSTILE), {"type": "table", "rows": [[cell], [cell]]}]
    await bot.says("C_ASK", "-", blocks=[*blocks, actions(button(HOSTILE[:75], "b"))])
    await bot.says("C_ASK", "-", blocks=[{"type": "markdown", "text": f"{HOSTILE}\n\n[x](javascript:alert(1))"}])

    await expect(message(page, "<script>window.pwned=1</script>")).to_have_count(4)
    assert await page.evaluate("window.pwned") is None
    assert await page.locator("#messages img, #messages script, #messages b:not(.replies b)").count() == 0
    assert await page.locator("#messages a[href^='javascript']").count() == 0


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("*bold* _italic_ ~gone~", "<strong>bold</strong> <em>italic</em> <s>gone</s>"),
        ("*_both_*", "<strong><em>both</em></strong>"),
        ("snake_case_name 2 * 3 * 4", "snake_case_name 2 * 3 * 4"),
        ("`*code* &lt;b&gt;`", "<code>*code* &lt;b&gt;</code>"),
        ("```\na *b*\n```", "<pre><code>a *b*</code></pre>"),
        ("&gt; said", "<blockquote>said</blockquote>"),
        ("• one\n• two", "<ul><li>one</li><li>two</li></ul>"),
        ("a &amp;lt; b", "a &amp;lt; b"),
        ("<@U_MEI> <@U_NOBODY>", '<span class="mention" data-user="U_MEI">@Mei Chen</span> '
         '<span class="mention" data-user="U_NOBODY">@U_NOBODY</span>'),
        ("<!channel>", '<span class="mention me">@channel</span>'),
        ("<!date^0^at {date_num}|then>", '<time title="then">at 1970-01-01</time>'),
        ("<https://a.example/?x=1&amp;y=2|here>", '<a href="https://a.example/?x=1&amp;y=2" target="_blank" '
         'rel="noopener noreferrer">here</a>'),
        (":tada: :no_such:", "🎉 :no_such:"),
    ],
)  # fmt: skip
async def test_mrkdwn_looks_as_in_slack(visit, text, markup):
    page = await visit()

    assert await page.evaluate("text => el('div', {}, ...mrkdwn(text)).innerHTML", text) == markup


# Block Kit
async def test_a_long_section_is_folded_unless_it_says_expand(visit, bot):
    page = await visit()
    await bot.says("C_ASK", blocks=[section("folded " * 120), section("open " * 160, expand=True), section("short")])
    said = message(page, "folded")

    more = said.get_by_role("button", name="See more")
    await expect(more).to_have_count(1)
    before = await said.bounding_box()
    await more.click()

    await expect(said.get_by_role("button", name="See less")).to_have_attribute("aria-expanded", "true")
    assert (await said.bounding_box())["height"] > before["height"]


async def test_whoever_mentions_an_absent_bot_is_offered_to_invite_it(visit, bot, workspace):
    channel = await workspace.create_channel("U_ANA", "quiet")
    page = await visit(query=f"&channel={channel}")
    await workspace.mention("U_ANA", channel, "are you there?")

    await page.get_by_role("button", name="Invite them").click()

    assert (await bot.hears("app_mention"))["event"]["channel"] == channel


async def test_the_bot_is_removed_and_the_channel_archived_from_the_details(visit, bot, workspace):
    page = await visit(query="&channel=C_GENERAL")

    await page.get_by_test_id("channel-details").click()
    await page.get_by_role("button", name="Remove Rolefit").click()
    await expect(page.get_by_test_id("channel-details")).to_have_text("3")
    await page.get_by_test_id("channel-details").click()
    await page.get_by_role("button", name="Archive").click()

    await expect(page.get_by_text("#general is archived.")).to_be_visible()
    await expect(page.get_by_test_id("composer")).to_be_hidden()
    await page.get_by_test_id("channel-details").click()
    await page.get_by_role("button", name="Bring back").click()
    await expect(page.get_by_test_id("composer")).to_be_visible()


async def test_an_external_select_asks_the_bot_while_somebody_types(visit, bot):
    page = await visit()
    bot.answers["block_suggestion"] = {"options": [{"text": plain("Madrid"), "value": "mad"}]}
    select = {"type": "external_select", "action_id": "city", "placeholder": plain("City"), "min_query_length": 2}
    await bot.says("C_ASK", blocks=[actions(select)])

    await page.get_by_role("button", name="City").click()
    await page.get_by_role("combobox", name="City: search").press_sequentially("mad")
    await page.get_by_role("option", name="Madrid").click()

    assert (await bot.hears("block_suggestion"))["value"] == "ma"
    assert (await bot.hears("block_actions"))["actions"][0]["selected_option"]["value"] == "mad"
    await expect(page.get_by_role("button", name="Madrid")).to_be_visible()


REPORT = {
    "color": "danger",
    "pretext": "Before it",
    "author_name": "Grace",
    "author_link": "https://x.example/grace",
    "title": "A title",
    "title_link": "https://x.example/title",
    "text": "Some *text*",
    "fields": [
        {"title": "Priority", "value": "High", "short": True},
        {"title": "State", "value": "Open", "short": True},
        {"title": "Where", "value": "Everywhere", "short": False},
    ],
    "image_url": "https://x.example/a.png",
    "footer": "The reporter",
}


async def test_an_attachment_shows_its_parts_beside_a_coloured_bar(visit, bot):
    page = await visit()
    await bot.says("C_ASK", "Report", attachments=[REPORT, {"color": "#36A64F", "blocks": [section("in a block")]}])
    said = message(page, "Report")
    first, second = said.locator(".attachment").nth(0), said.locator(".attachment").nth(1)

    assert [await each.evaluate("node => getComputedStyle(node).borderLeftColor") for each in (first, second)] == [
        "rgb(224, 30, 90)",
        "rgb(54, 166, 79)",
    ]
    await expect(first).not_to_contain_text("Before it")
    await expect(first.get_by_role("link", name="Grace")).to_have_attribute("href", "https://x.example/grace")
    await expect(first.get_by_role("link", name="A title")).to_have_attribute("href", "https://x.example/title")
    await expect(first.locator("strong")).to_have_text("text")
    await expect(first).to_contain_text("The reporter")
    await expect(second).to_have_text("in a block")
    priority, state, where = [await first.locator(".fields > div").nth(n).bounding_box() for n in range(3)]
    assert (priority["y"], priority["width"]) == (state["y"], state["width"])
    assert where["y"] > priority["y"]
    assert where["width"] > 2 * priority["width"]


async def test_fields_of_a_section_stand_in_two_columns(visit, bot):
    page = await visit()
    fields = [{"type": "mrkdwn", "text": f"*Field {number}*"} for number in range(3)]
    await bot.says("C_ASK", blocks=[{"type": "section", "fields": fields}])

    one, two, three = [await message(page, "Field 0").get_by_text(f"Field {n}").bounding_box() for n in range(3)]

    assert one["y"] == two["y"] < three["y"]
    assert one["x"] == three["x"] < two["x"]


LISTED = (("ordered", 0, 0, "a"), ("bullet", 1, 0, "b"), ("ordered", 0, 1, "c"))
NESTED = [
    (
        {"type": "markdown", "text": "- a\n  - b\n    - c\n- d\n\n1. one\n   1. inner\n2. two"},
        "<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li><li>d</li></ul>"
        "<ol><li>one<ol><li>inner</li></ol></li><li>two</li></ol>",
    ),
    (
        section("• a\n    ◦ b\n• c"),
        "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>",
    ),
    (
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "style": style,
                    "indent": indent,
                    "offset": offset,
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
                }
                for style, indent, offset, text in (
                    ("ordered", 0, 0, "a"),
                    ("bullet", 1, 0, "b"),
                    ("ordered", 0, 1, "c"),
                )
            ],
        },
        "<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>",
    ),
]


@pytest.mark.parametrize(("block", "markup"), NESTED, ids=["markdown", "mrkdwn", "rich_text"])
async def test_lists_stand_within_lists(visit, bot, block: Json, markup: str):
    page = await visit()
    ts = await bot.says("C_ASK", blocks=[block])

    shown = page.locator(f"[data-ts='{ts}'] .text").first
    await expect(shown).to_be_visible()
    assert await shown.inner_html() == markup


async def test_videos_plans_and_tasks_are_shown_as_text(visit, bot):
    page = await visit()
    video = {"type": "video", "title": plain("A talk"), "video_url": "https://x.example/v", "alt_text": "A slide"}
    video |= {"thumbnail_url": "https://x.example/t.png", "title_url": "https://x.example", "author_name": "Ana"}
    tasks = [{"task_id": "1", "title": "Read", "status": "complete"}, {"task_id": "2", "title": "Answer"}]
    await bot.says("C_ASK", blocks=[video, {"type": "plan", "title": "Work", "tasks": tasks}])
    said = message(page, "A talk")

    await expect(said.get_by_role("link", name="A talk")).to_be_visible()
    await expect(said.locator("[data-block=plan]")).to_have_text("WorkCompleteReadPendingAnswer")
    await expect(said.locator(".unsupported")).to_have_count(0)


async def test_a_table_has_a_header_row_and_scrolls_within_itself(visit, bot):
    await bot.says("C_ASK", "Table", blocks=[ROLES])
    page = await visit()

    frame = page.get_by_role("region", name="Table: Dimension, AI researcher")
    await expect(frame.get_by_role("columnheader")).to_have_count(4)
    await expect(frame.get_by_role("row")).to_have_count(3)


async def test_a_clicked_button_delivers_its_action(visit, bot):
    ts = await bot.says(
        "C_ASK", "Ready?", blocks=[section("Ready?"), actions(button("Start", "start", style="primary"))]
    )
    page = await visit()

    await page.get_by_role("button", name="Start").click()

    heard = await bot.hears("block_actions")
    assert heard["actions"][0]["action_id"] == "start"
    assert (heard["user"]["id"], heard["message"]["ts"]) == ("U_ANA", ts)


async def test_a_confirmation_is_asked_for_first(visit, bot):
    confirm = {
        "title": plain("Delete?"),
        "text": plain("All of it."),
        "confirm": plain("Delete"),
        "deny": plain("Keep"),
    }
    await bot.says("C_ASK", "-", blocks=[actions(button("Remove", "remove", style="danger", confirm=confirm))])
    page = await visit()

    await page.get_by_role("button", name="Remove").click()
    await page.get_by_role("alertdialog", name="Delete?").get_by_role("button", name="Keep").click()
    await page.get_by_role("button", name="Remove").click()
    await page.get_by_role("alertdialog", name="Delete?").get_by_role("button", name="Delete").click()

    assert (await bot.hears("block_actions"))["actions"][0]["action_id"] == "remove"


async def test_a_person_is_picked_with_the_keyboard_alone(visit, bot):
    picker = {"type": "users_select", "action_id": "manager", "placeholder": plain("Choose a manager")}
    await bot.says("C_ASK", "-", blocks=[actions(picker)])
    page = await visit()

    await page.get_by_role("button", name="Choose a manager").press("Enter")
    await page.keyboard.type("mei")
    await expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Enter")

    assert (await bot.hears("block_actions"))["actions"][0]["selected_user"] == "U_MEI"
    await expect(page.get_by_role("button", name="Choose a manager: Mei Chen")).to_be_focused()


async def test_options_radios_and_thumbs_deliver_what_was_chosen(visit, bot):
    options = [{"text": plain(name), "value": name.lower()} for name in ("Flat", "Tracks")]
    thumbs = {
        "type": "feedback_buttons",
        "action_id": "vote",
        "positive_button": {"text": plain("Helpful"), "value": "up"},
        "negative_button": {"text": plain("Not helpful"), "value": "down"},
    }
    select = {"type": "static_select", "action_id": "regime", "placeholder": plain("Regime"), "options": options}
    radios = {"type": "radio_buttons", "action_id": "radio", "options": options}
    overflow = {"type": "overflow", "action_id": "more", "options": options}
    blocks = [actions(select, overflow, radios), {"type": "context_actions", "elements": [thumbs]}]
    await bot.says("C_ASK", "-", blocks=blocks)
    page = await visit()

    await page.get_by_role("button", name="Regime").click()
    await page.get_by_role("option", name="Tracks").click()
    assert (await bot.hears("block_actions"))["actions"][0]["selected_option"]["value"] == "tracks"
    await page.get_by_role("radio", name="Flat").check()
    assert (await bot.hears("block_actions"))["actions"][0]["selected_option"]["value"] == "flat"
    await page.get_by_role("button", name="More options").click()
    await page.get_by_role("menuitem", name="Flat").click()
    assert (await bot.hears("block_actions"))["actions"][0]["action_id"] == "more"
    await page.get_by_role("button", name="Not helpful").click()
    assert (await bot.hears("block_actions"))["actions"][0]["value"] == "down"
    await expect(page.get_by_role("button", name="Not helpful")).to_have_attribute("aria-pressed", "true")


async def test_an_updated_message_keeps_the_focus(visit, bot):
    ts = await bot.says("C_ASK", "Question 1", blocks=[section("Question 1"), actions(button("Yes", "yes"))])
    page = await visit()
    await page.get_by_role("button", name="Yes").focus()

    await bot.web.chat_update(
        channel="C_ASK", ts=ts, text="Q2", blocks=[section("Question 2"), actions(button("Yes", "yes"))]
    )
    await expect(message(page, "Question 2")).to_be_visible()
    await expect(page.get_by_role("button", name="Yes")).to_be_focused()
    await bot.web.chat_update(channel="C_ASK", ts=ts, text="Done", blocks=[section("All done")])

    await expect(message(page, "All done")).to_be_focused()


async def test_a_modal_shows_errors_beside_the_field_and_submits(visit, bot):
    await bot.says("C_ASK", "-", blocks=[actions(button("Share", "share"))])
    page = await visit()
    await page.get_by_role("button", name="Share").click()
    trigger = (await bot.hears("block_actions"))["trigger_id"]
    person = {"type": "users_select", "action_id": "to"}
    note = {"type": "plain_text_input", "action_id": "note", "multiline": True}
    view = {
        "type": "modal",
        "callback_id": "share",
        "title": plain("Share my result"),
        "submit": plain("Send"),
        "blocks": [
            {"type": "input", "block_id": "to", "label": plain("To"), "element": person},
            {"type": "input", "block_id": "note", "label": plain("Note"), "optional": True, "element": note},
        ],
    }
    await bot.web.views_open(trigger_id=trigger, view=view)
    modal = page.get_by_role("dialog", name="Share my result")

    await modal.get_by_label("Note").fill("See <this>")
    await modal.get_by_role("button", name="Send").click()
    await expect(modal.get_by_role("alert").filter(has_text="Please complete this required field.")).to_be_visible()
    bot.answers["view_submission"] = {"response_action": "errors", "errors": {"to": "Guests can’t receive results."}}
    await modal.get_by_role("button", name="To: Select a person").click()
    await modal.get_by_role("listbox").get_by_role("option", name="Eve Larsen").click()
    await modal.get_by_role("button", name="Send").click()
    await expect(modal).to_contain_text("Guests can’t receive results.")
    await expect(modal.get_by_role("button", name="To: Eve Larsen")).to_be_focused()
    await bot.hears("view_submission")
    bot.answers.clear()
    await modal.get_by_role("button", name="To: Eve Larsen").click()
    await modal.get_by_role("listbox").get_by_role("option", name="Mei Chen").click()
    await modal.get_by_role("button", name="Send").click()

    values = (await bot.hears("view_submission"))["view"]["state"]["values"]
    assert values["to"]["to"]["selected_user"] == "U_MEI"
    assert values["note"]["note"]["value"] == "See <this>"
    await expect(page.get_by_test_id("modal")).to_be_hidden()


async def test_a_modal_survives_a_reload_and_closes_with_escape(visit, bot):
    await bot.says("C_ASK", "-", blocks=[actions(button("More", "more"))])
    page = await visit()
    await page.get_by_role("button", name="More", exact=True).click()
    trigger = (await bot.hears("block_actions"))["trigger_id"]
    view = {"type": "modal", "title": plain("About"), "notify_on_close": True, "blocks": [section("Read me")]}
    await bot.web.views_open(trigger_id=trigger, view=view)
    await expect(page.get_by_role("dialog", name="About")).to_contain_text("Read me")

    await page.reload()
    await expect(page.get_by_role("dialog", name="About")).to_contain_text("Read me")
    await page.keyboard.press("Escape")

    await bot.hears("view_closed")
    await expect(page.get_by_test_id("modal")).to_be_hidden()


async def test_the_home_tab_shows_what_the_bot_published(visit, bot):
    view = {"type": "home", "blocks": [{"type": "header", "text": plain("Welcome home")}]}
    page = await visit()
    await page.get_by_test_id("channel-list").get_by_role("link", name="Rolefit").click()
    assert (await bot.hears("app_home_opened"))["event"]["tab"] == "messages"

    await page.get_by_role("tab", name="Home").click()
    assert (await bot.hears("app_home_opened"))["event"]["tab"] == "home"
    await bot.web.views_publish(user_id="U_ANA", view=view)

    await expect(page.get_by_test_id("home").get_by_role("heading", name="Welcome home")).to_be_visible()


# Several apps
@pytest.fixture
def helper(tmp_path: Path) -> AppConfig:
    """A second app, with a command of its own."""
    manifest = yaml.safe_load(MANIFEST.read_text())
    manifest["display_information"]["name"] = manifest["features"]["bot_user"]["display_name"] = "Helper"
    manifest["features"]["slash_commands"] = [{"command": "/helper", "description": "Helps"}]
    path = tmp_path / "helper.yaml"
    path.write_text(yaml.safe_dump(manifest))
    return AppConfig(manifest=path)


async def test_each_app_has_its_messages_its_home_and_its_commands(pages, helper):
    view = {"type": "home", "blocks": [{"type": "header", "text": plain("Help is here")}]}
    async with (
        Workspace.start(more_apps=(helper,)) as workspace,
        visiting(pages, workspace) as visit,
        Bot(workspace).listening() as first,
    ):
        page = await visit()
        apps = page.get_by_test_id("channel-list").get_by_role("list", name="Apps").get_by_role("link")
        banner = page.get_by_test_id("banner")
        await expect(apps).to_have_text([re.compile("Rolefit"), re.compile("Helper")])
        await expect(banner).to_have_text("Helper is not connected. This note goes away by itself once it is.")

        async with Bot(workspace, workspace.config.apps[1]).listening() as second:
            await expect(banner).to_be_hidden()
            await apps.filter(has_text="Helper").click()
            await expect(page.locator("#place-title")).to_have_text("Helper")
            box = page.get_by_role("textbox", name="Message Helper")
            await box.press_sequentially("/he")
            await expect(page.get_by_test_id("completion").first).to_contain_text("Helper commands")
            await page.get_by_role("option", name="/helper").click()
            await box.press("Enter")
            assert (await second.hears("slash_commands"))["command"] == "/helper"

            await page.get_by_role("tab", name="Home").click()
            await second.web.views_publish(user_id="U_ANA", view=view)
            home = page.get_by_test_id("home")
            await expect(home.get_by_role("heading", name="Help is here")).to_be_visible()
            await page.reload()
            await expect(home.get_by_role("heading", name="Help is here")).to_be_visible()

            await apps.filter(has_text="Rolefit").click()
            assert (await first.hears("app_home_opened"))["event"]["tab"] == "messages"
            await page.get_by_role("tab", name="Home").click()
            await expect(home).to_have_text("Rolefit has not published a Home for this person yet.")


# Who sees what
async def test_an_ephemeral_message_is_only_for_one(visit, bot):
    ana, ben = await visit("U_ANA"), await visit("U_BEN")

    await bot.web.chat_postEphemeral(channel="C_ASK", user="U_ANA", text="Psst")
    await bot.says("C_ASK", "Aloud")

    await expect(message(ana, "Psst")).to_contain_text("Only visible to you")
    await expect(message(ben, "Aloud")).to_be_visible()
    await expect(message(ben, "Psst")).to_have_count(0)


async def test_unread_messages_are_counted_until_they_are_seen(visit, bot, workspace):
    page = await visit()
    await bot.says("C_GENERAL", "One")
    await workspace.post("U_BEN", "C_GENERAL", "Two")

    general = page.get_by_test_id("channel-list").get_by_role("link", name="general, 2 unread")
    await expect(general).to_be_visible()
    await expect(page).to_have_title(re.compile(r"^\(2\) "))
    await general.click()

    await expect(page).to_have_title(re.compile("^#general"))
    await expect(page.get_by_test_id("messages").get_by_text("New", exact=True)).to_be_visible()
    await expect(page.get_by_test_id("channel-list").get_by_role("link", name="general", exact=True)).to_be_visible()


async def test_acting_as_somebody_else_changes_what_is_seen(visit):
    page = await visit("U_ANA")
    choice = page.get_by_test_id("act-as")
    await expect(choice.get_by_role("option", name="Tom Novak")).to_be_disabled()

    await choice.select_option("U_MEI")

    await expect(page).to_have_url(re.compile("as=U_MEI"))
    await expect(page.get_by_test_id("channel-list").get_by_role("link", name="leads")).to_be_visible()
    await composer(page).fill("Mei here")
    await composer(page).press("Enter")
    await expect(message(page, "Mei here")).to_have_attribute("data-user", "U_MEI")


async def test_a_deep_link_opens_the_thread_and_marks_the_message(visit, bot):
    root = await bot.says("C_GENERAL", "Root")
    reply = await bot.says("C_GENERAL", "Reply", thread_ts=root)
    link = (await bot.web.chat_getPermalink(channel="C_GENERAL", message_ts=reply))["permalink"]

    page = await visit(query=f"&{link.partition('?')[2]}")

    await expect(page.get_by_test_id("thread").locator(f"[data-ts='{reply}']")).to_have_class(re.compile("flash"))
    await expect(page.get_by_test_id("messages").locator(f"[data-ts='{root}']")).to_have_class(re.compile("flash"))


async def test_links_to_this_workspace_open_inside_the_page(visit, bot):
    root = await bot.says("C_GENERAL", "Over here")
    link = (await bot.web.chat_getPermalink(channel="C_GENERAL", message_ts=root))["permalink"]
    await bot.says("C_ASK", f"See <{link.replace('&', '&amp;')}|the answer>")
    page = await visit("U_BEN")

    await page.get_by_role("link", name="the answer").click()

    await expect(message(page, "Over here")).to_have_class(re.compile("flash"))
    await expect(page.get_by_test_id("act-as")).to_have_value("U_BEN")


# The connection
async def test_the_page_says_when_the_bot_is_away(visit, workspace):
    page = await visit()
    banner = page.get_by_test_id("banner")
    await expect(banner).to_be_visible()

    async with Bot(workspace).listening():
        await expect(banner).to_be_hidden()
    await expect(banner).to_be_visible()


async def test_the_page_comes_back_by_itself_and_catches_up(pages):
    async with pages.page() as page:
        async with Workspace.start() as first:
            await page.goto(f"{first.url}/?as=U_ANA&channel=C_GENERAL")
            await first.post("U_BEN", "C_GENERAL", "Before the break")
            await expect(message(page, "Before the break")).to_be_visible()
        await expect(page.locator("#link-note")).to_have_text("Reconnecting…")
        async with Workspace.start(port=int(first.url.rpartition(":")[2])) as second:
            await second.post("U_BEN", "C_GENERAL", "After the break")
            await expect(message(page, "After the break")).to_be_visible(timeout=20_000)
            await expect(page.locator("#link-note")).to_be_empty()
            await expect(message(page, "Before the break")).to_have_count(0)


async def test_the_traffic_is_hidden_until_asked_for(visit, bot):
    page = await visit()
    traffic = page.get_by_test_id("traffic")
    await expect(traffic).to_be_hidden()
    await composer(page).fill("@Rolefit hello")
    await composer(page).press("Enter")
    await bot.hears("app_mention")

    await page.get_by_role("button", name="Traffic").click()
    await page.get_by_role("searchbox", name="Filter the traffic").fill("event app_mention")
    entry = traffic.get_by_role("listitem").filter(has_text="app_mention", visible=True).first
    await entry.locator("summary").click()

    await expect(entry.locator("pre")).to_contain_text('"<@U_ROLEFIT> hello"')
    await page.keyboard.press("Escape")
    await expect(traffic).to_be_hidden()


# Keyboard, screen readers, small screens
async def test_everything_needed_is_reached_with_the_keyboard(visit, bot):
    page = await visit()
    await bot.says("C_ASK", "Press me", blocks=[section("Press me"), actions(button("Go", "go"))])
    await expect(message(page, "Press me")).to_be_visible()
    await page.get_by_role("textbox", name="Message #ask-ai-roles").focus()

    await tab_to(page, "button[data-action-id=go]", back=True)
    await page.keyboard.press("Enter")
    assert (await bot.hears("block_actions"))["actions"][0]["action_id"] == "go"
    await tab_to(page, "[data-testid=message]", back=True)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("textbox", name="Reply in thread")).to_be_focused()
    await page.keyboard.type("By keyboard")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("thread")).to_contain_text("By keyboard")
    await page.keyboard.press("Escape")
    await expect(message(page, "Press me")).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(message(page, "What does MTS stand for?")).to_be_focused()
    await tab_to(page, "[data-channel=C_GENERAL]", back=True)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("textbox", name="Message #general")).to_be_focused()


async def tab_to(page: Any, selector: str, *, back: bool = False) -> None:
    """Press Tab until the focus is on what the selector means; forty times at most."""
    for _ in range(40):
        await page.keyboard.press("Shift+Tab" if back else "Tab")
        if await page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"{selector} can't be reached with Tab")


async def test_new_messages_are_announced(visit, bot):
    page = await visit()

    await bot.says("C_ASK", "Hear, *hear*")

    await expect(page.locator("[aria-live=polite]")).to_contain_text("Rolefit: Hear, hear")


@pytest.mark.parametrize("width", [320, 400])
async def test_a_small_screen_needs_no_sideways_scrolling(visit, bot, width):
    root = await bot.says(
        "C_ASK", "x" * 200, blocks=[section("y" * 200 + " *wide*"), ROLES, actions(button("Z" * 75, "z"))]
    )
    page = await visit(query=f"&channel=C_ASK&ts={root}&thread_ts={root}", viewport={"width": width, "height": 700})

    async def overflow() -> int:
        return int(await page.evaluate("document.documentElement.scrollWidth - innerWidth"))

    thread = page.get_by_test_id("thread")
    await expect(thread.get_by_role("region", name="Table")).to_be_visible()
    assert await overflow() <= 0
    assert await thread.evaluate("node => node.getBoundingClientRect().width") == width
    assert await thread.locator(".scroll").evaluate("node => node.scrollWidth - node.clientWidth") <= 0
    await thread.get_by_role("button", name="Close thread").click()
    assert await overflow() <= 0
    sidebar = page.get_by_test_id("channel-list")
    await expect(sidebar).to_be_hidden()
    await page.get_by_role("button", name="Channels").click()
    await sidebar.get_by_role("link", name="general").click()
    await expect(sidebar).to_be_hidden()
    assert await overflow() <= 0


@pytest.mark.parametrize("width", [320, 400, 640, 700])
async def test_a_small_screen_has_the_whole_names_in_its_top_bar(visit, width):
    page = await visit(viewport={"width": width, "height": 700})

    name = page.get_by_role("heading", level=1)
    assert await name.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
    await expect(page.get_by_text("Act as", exact=True)).to_be_visible()
    acts_as = page.get_by_test_id("act-as")
    assert await acts_as.evaluate(SPARE) >= 0
