"""People using the bot: commands, clicks, choices, modals, Home, shortcuts. With Bolt, over sockets and over HTTP."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from tests.local.conftest import App, Clock, client_of, socket_mode
from tests.workspace import RefusedError, Workspace, buttons, elements, shown

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": True}


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(label: str, action_id: str, **more: Any) -> Json:
    return {"type": "button", "text": plain(label), "action_id": action_id, **more}


def actions(*elements_: Json) -> Json:
    return {"type": "actions", "block_id": "controls", "elements": list(elements_)}


def options(*labels: str) -> list[Json]:
    return [{"text": plain(label), "value": label.lower()} for label in labels]


def modal(title: str, *blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain(title), "submit": plain("Go"), "blocks": list(blocks), **more}


def field(label: str, block_id: str, element: Json | None = None, **more: Any) -> Json:
    element = element or {"type": "plain_text_input", "action_id": "typed"}
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element, **more}


NAME = field("Name", "name")
QUESTION = [
    section("Which *one*?"),
    actions(button("Left", "pick", value="l", style="primary"), button("Right", "other", value="r")),
]


async def test_a_click_tells_who_pressed_what_where_and_can_change_the_message(app: App):
    workspace = app.workspace
    clicked: list[Json] = []

    @app.action("pick")
    async def pick(ack, body, respond):
        clicked.append(body)
        await ack()
        await respond("You chose left.", replace_original=True)

    await app.client.chat_postMessage(channel="C_ASK", text="Which one?", blocks=QUESTION)
    question = (await workspace.messages("C_ASK"))[-1]
    assert (shown(question), buttons(question)) == ("Which *one*?\nLeft\nRight", ["Left", "Right"])

    await workspace.click("U_BEN", question, "Left")

    async def changed() -> bool:
        return shown(await workspace.latest("U_ANA", question)) == "You chose left."

    await workspace.until(changed, "U_ANA")
    after = await workspace.latest("U_ANA", question)
    assert (after["ts"], buttons(after), "blocks" in after) == (question["ts"], [], False)
    [body] = clicked
    assert (body["user"]["id"], body["channel"]["id"], body["message"]["ts"]) == ("U_BEN", "C_ASK", question["ts"])
    [action] = body["actions"]
    assert {name: action[name] for name in ("type", "action_id", "block_id", "value", "style")} == {
        "type": "button",
        "action_id": "pick",
        "block_id": "controls",
        "value": "l",
        "style": "primary",
    }


async def test_every_kind_of_choice_arrives_in_slacks_words_with_the_state_around_it(app: App):
    workspace = app.workspace
    chosen: list[Json] = []
    state: list[Json] = []

    @app.action({"block_id": "controls"})
    async def note(ack, action, body):
        await ack()
        chosen.append(action)
        state.append(body["state"]["values"])

    controls = actions(
        {"type": "users_select", "action_id": "person", "placeholder": plain("Somebody")},
        {
            "type": "static_select",
            "action_id": "size",
            "options": options("Small", "Large"),
            "placeholder": plain("Size"),
        },
        {"type": "radio_buttons", "action_id": "taste", "options": options("Sweet", "Salty")},
        {"type": "checkboxes", "action_id": "extras", "options": options("Nuts", "Figs")},
        {"type": "overflow", "action_id": "more", "options": options("Report", "Hide")},
        {"type": "datepicker", "action_id": "day"},
    )
    await app.client.chat_postMessage(channel="C_ASK", text="Order", blocks=[controls])
    order = (await workspace.messages("C_ASK"))[-1]

    await workspace.select_user("U_ANA", order, "U_MEI")
    await workspace.choose("U_ANA", order, "Size", "Large")
    await workspace.choose("U_ANA", order, "taste", "Salty")
    await workspace.click("U_ANA", order, "extras", selected_options=["nuts", "figs"])
    await workspace.choose("U_ANA", order, "more", "Hide")
    await workspace.click("U_ANA", order, "day", selected_date="2026-11-20")
    await workspace.settled()

    assert chosen[0]["selected_user"] == "U_MEI"
    assert chosen[1]["selected_option"] == options("Large")[0]
    assert chosen[2]["selected_option"]["value"] == "salty"
    assert [each["value"] for each in chosen[3]["selected_options"]] == ["nuts", "figs"]
    assert chosen[4]["selected_option"]["value"] == "hide"
    assert chosen[5]["selected_date"] == "2026-11-20"
    assert state[0]["controls"]["size"] == {"type": "static_select", "selected_option": None}
    assert state[5]["controls"]["person"] == {"type": "users_select", "selected_user": "U_MEI"}
    assert "more" not in state[5]["controls"]


async def test_options_are_looked_up_while_somebody_types_and_one_of_them_is_chosen(app: App):
    workspace = app.workspace
    asked: list[Json] = []
    chosen: list[Json] = []

    @app.options("city")
    async def look_up(ack, body):
        asked.append(body)
        await ack(options=[each for each in options("Madrid", "Málaga", "Lagos") if body["value"] in each["value"]])

    @app.action("city")
    async def note(ack, action):
        await ack()
        chosen.append(action["selected_option"])

    select = {"type": "external_select", "action_id": "city", "min_query_length": 2, "placeholder": plain("City")}
    await app.client.chat_postMessage(channel="C_ASK", text="Where?", blocks=[actions(select)])
    message = (await workspace.messages("C_ASK"))[-1]
    place = {"channel": "C_ASK", "message_ts": message["ts"], "action_id": "city"}

    with pytest.raises(RefusedError, match="query_too_short"):
        await workspace._do("options", "U_ANA", {**place, "value": "m"})
    answer = await workspace._do("options", "U_ANA", {**place, "value": "ma"})
    with pytest.raises(RefusedError, match="unknown_option"):
        await workspace._do("action", "U_ANA", {**place, "selected_option": "lagos"})
    await workspace._do("action", "U_ANA", {**place, "selected_option": "madrid"})
    await workspace.settled()

    assert answer == {"options": options("Madrid")}
    assert [(each["type"], each["value"], each["block_id"]) for each in asked] == [
        ("block_suggestion", "ma", "controls")
    ]
    assert (asked[0]["channel"]["id"], asked[0]["message"]["ts"]) == ("C_ASK", message["ts"])
    assert "trigger_id" not in asked[0]
    assert chosen == options("Madrid")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({}, "must define exactly one of: options, option_groups"),
        ({"options": [{"text": plain("x" * 76), "value": "x"}]}, "must be less than 76 characters"),
        ({"options": options("Yes") * 101}, "no more than 100 items allowed"),
        ({"option_groups": [{"label": plain("Group")}]}, "missing required field: options"),
    ],
)
async def test_options_of_the_wrong_form_are_refused(workspace: Workspace, listen, client, answer: Json, reason: str):
    bot = await listen(workspace)
    select = {"type": "external_select", "action_id": "city", "min_query_length": 0}
    said = await client.chat_postMessage(channel="U_ANA", text="Where?", blocks=[actions(select)])
    await bot.take()
    place = {"channel": said["channel"], "message_ts": said["ts"], "action_id": "city"}

    asking = asyncio.create_task(workspace._do("options", "U_ANA", place))
    await bot.take(payload=answer)
    with pytest.raises(RefusedError, match="invalid_options") as refused:
        await asking

    assert reason in refused.value.answer["detail"]


async def test_text_of_blocks_comes_back_as_slack_writes_it(workspace: Workspace, listen, client):
    bot = await listen(workspace)
    text = {"type": "mrkdwn", "text": "a & b < <https://x.example?a&b|c>"}
    go = {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go"}
    blocks = [{"type": "section", "text": text, "accessory": go}]
    said = await client.chat_postMessage(channel="C_ASK", text="x", blocks=blocks)

    await bot.take()
    clicking = asyncio.create_task(workspace.click("U_ANA", said["message"] | {"channel": "C_ASK"}, "Go"))
    [section_of_click] = (await bot.take())["payload"]["message"]["blocks"]
    await clicking

    assert section_of_click == said["message"]["blocks"][0]
    assert section_of_click["text"] == {
        "type": "mrkdwn",
        "text": "a &amp; b &lt; <https://x.example?a&b|c>",
        "verbatim": False,
    }
    assert section_of_click["accessory"]["text"] == {"type": "plain_text", "text": "Go", "emoji": True}


async def test_feedback_buttons_send_the_side_that_was_pressed(app: App):
    workspace = app.workspace
    votes: list[str] = []

    @app.action("vote")
    async def vote(ack, action):
        votes.append(action["value"])
        await ack()

    sides = {
        "positive_button": {"text": plain("Helpful"), "value": "up"},
        "negative_button": {"text": plain("Not helpful"), "value": "down"},
    }
    feedback = {"type": "feedback_buttons", "action_id": "vote", **sides}
    blocks = [{"type": "context_actions", "elements": [feedback]}]
    await app.client.chat_postMessage(channel="C_ASK", text="Answer", blocks=blocks)
    answer = (await workspace.messages("C_ASK"))[-1]

    await workspace.click("U_ANA", answer, "Not helpful")

    assert votes == ["down"]
    assert buttons(answer) == ["Helpful", "Not helpful"]


async def test_what_cannot_be_clicked_is_refused(app: App):
    workspace = app.workspace
    menu = {"type": "static_select", "action_id": "size", "options": options("Small", "Large")}
    await app.client.chat_postMessage(channel="C_ASK", text="Size", blocks=[actions(menu)])
    message = (await workspace.messages("C_ASK"))[-1]
    place = {"channel": "C_ASK", "message_ts": message["ts"], "block_id": "controls"}

    for given, error in (
        ({**place, "action_id": "gone"}, "unknown_element"),
        ({**place, "action_id": "size", "value": "huge"}, "unknown_option"),
        ({**place, "action_id": "size", "message_ts": "1.0"}, "message_not_found"),
        ({**place, "action_id": "size", "channel": "C_LEADS"}, "channel_not_found"),
    ):
        with pytest.raises(RefusedError, match=error):
            await workspace._do("action", "U_ANA", given)


async def test_a_command_answers_in_its_acknowledgement_to_one_person(app: App):
    workspace = app.workspace
    given: list[Json] = []

    @app.command("/rolefit")
    async def rolefit(ack, command):
        given.append(command)
        await ack(f"Hello <@{command['user_id']}>")

    await workspace.command("U_ANA", "C_ASK", "/rolefit", "a &amp; b <@U_BEN>")

    [hint, answer] = await workspace.messages("C_ASK", "U_ANA")
    assert (answer["text"], answer["ephemeral"]) == ("Hello <@U_ANA>", True)
    assert await workspace.messages("C_ASK", "U_BEN") == [hint]
    assert given[0]["text"] == "a & b @ben"  # should_escape is off
    assert (given[0]["channel_name"], given[0]["user_name"], given[0]["command"]) == ("ask-ai-roles", "ana", "/rolefit")


async def test_a_command_may_answer_everybody_with_blocks_and_later_through_its_response_url(app: App):
    workspace = app.workspace

    @app.command("/rolefit")
    async def rolefit(ack, respond):
        await ack(blocks=[section("Now")], response_type="in_channel")
        await respond("Later", response_type="ephemeral")
        await respond("At last", response_type="in_channel")

    await workspace.command("U_ANA", "C_ASK", "/rolefit")

    seen = await workspace.messages("C_ASK", "U_ANA", count=4)  # the acknowledgement may come after the others
    assert sorted(shown(each) for each in seen[1:]) == ["At last", "Later", "Now"]
    assert sorted(shown(each) for each in await workspace.messages("C_ASK", "U_BEN"))[1:] == ["At last", "Now"]


async def test_the_bot_may_be_asked_where_it_is_no_member(app: App):
    workspace = app.workspace

    @app.command("/rolefit")
    async def rolefit(ack, respond):
        await ack()
        await respond("Here")

    await workspace.command("U_MEI", "C_LEADS", "/rolefit")

    [answer] = await workspace.messages("C_LEADS", "U_MEI", count=1)
    assert answer["text"] == "Here"


async def test_commands_are_refused_in_threads_and_where_unknown(workspace: Workspace):
    said = await workspace.post("U_ANA", "C_ASK", "hello")
    with pytest.raises(RefusedError, match="not_in_threads"):
        await workspace.command("U_ANA", "C_ASK", "/rolefit", thread_ts=said)
    with pytest.raises(RefusedError, match="unknown_command"):
        await workspace.command("U_ANA", "C_ASK", "/nothing")
    with pytest.raises(RefusedError, match="dispatch_failed"):  # no bot is there
        await workspace.command("U_ANA", "C_ASK", "/rolefit")


async def test_what_is_not_acknowledged_in_time_is_an_operation_timeout(everything, listen):
    async with Workspace.start(manifest=everything, ack_timeout=0.05) as workspace:
        bot = await listen(workspace)
        with pytest.raises(RefusedError, match="operation_timeout"):
            await workspace.command("U_ANA", "C_ASK", "/rolefit")
        assert (await bot.take())["type"] == "slash_commands"

        client = client_of(workspace)
        await client.chat_postMessage(channel="U_ANA", text="Which one?", blocks=QUESTION)
        [question] = await workspace.dm("U_ANA", count=1)
        await bot.take()
        with pytest.raises(RefusedError, match="operation_timeout"):
            await workspace.click("U_ANA", question, "Left")


async def test_a_modal_opens_complains_updates_pushes_and_closes(app: App):
    workspace = app.workspace
    submitted: list[Json] = []
    answers: Iterator[Json] = iter(
        [
            {"response_action": "errors", "errors": {"name": "Too short"}},
            {"response_action": "update", "view": modal("Two", NAME, callback_id="form")},
            {"response_action": "push", "view": modal("Three", NAME, callback_id="form")},
            {},
            {"response_action": "clear"},
        ]
    )

    @app.command("/rolefit")
    async def rolefit(ack, client, body):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal("One", NAME, callback_id="form"))

    @app.view("form")
    async def form(ack, view):
        submitted.append(view)
        await ack(**next(answers))

    await workspace.command("U_ANA", "C_ASK", "/rolefit")
    first = await workspace.modal("U_ANA")
    assert shown(first) == "One\nName\nGo"
    with pytest.raises(RefusedError, match="missing_required_input") as refusal:
        await workspace.submit("U_ANA")
    assert refusal.value.answer["errors"] == {"name": "Please complete this required field."}

    complaint = await workspace.submit("U_ANA", {"Name": "A"})
    assert complaint == {"response_action": "errors", "errors": {"name": "Too short"}}
    assert (await workspace.modal("U_ANA"))["id"] == first["id"]

    titles = []
    for _ in range(3):
        await workspace.submit("U_ANA", {"name": {"typed": "Ana"}})
        titles.append((await workspace.modal("U_ANA"))["title"]["text"])
    assert titles == ["Two", "Three", "Two"]  # updated, pushed, popped
    await workspace.submit("U_ANA")  # what was entered in Two is still there
    assert await workspace.view("U_ANA") is None

    assert submitted[0]["state"]["values"] == {"name": {"typed": {"type": "plain_text_input", "value": "A"}}}
    assert submitted[4]["state"]["values"]["name"]["typed"]["value"] == "Ana"
    assert submitted[3]["previous_view_id"] == submitted[3]["root_view_id"] == first["id"]


async def test_closing_a_modal_is_told_if_it_asked_for_it(app: App):
    workspace = app.workspace
    closed: list[Json] = []

    @app.shortcut("take")
    async def take(ack, client, shortcut):
        await ack()
        view = modal("Quiz", section("Ready?"), callback_id="quiz", notify_on_close=True, private_metadata="run 7")
        await client.views_open(trigger_id=shortcut["trigger_id"], view=view)

    @app.view_closed("quiz")
    async def quiz(ack, body):
        await ack()
        closed.append(body)

    await workspace.shortcut("U_ANA", "take")
    await workspace.close("U_ANA")

    assert await workspace.view("U_ANA") is None
    assert (closed[0]["view"]["private_metadata"], closed[0]["is_cleared"]) == ("run 7", False)


async def test_home_is_published_when_opened_and_its_elements_work(app: App):
    workspace = app.workspace

    def home(text: str) -> Json:
        reason = field("Why", "why", dispatch_action=True, optional=True)
        return {"type": "home", "blocks": [section(text), actions(button("More", "more")), reason]}

    @app.event("app_home_opened")
    async def opened(event, client):
        if event["tab"] == "home":
            await client.views_publish(user_id=event["user"], view=home(f"Hello <@{event['user']}>"))

    @app.action("more")
    async def more(ack, body, client):
        await ack()
        why = body["view"]["state"]["values"]["why"]["typed"]["value"]
        await client.views_publish(user_id=body["user"]["id"], view=home(f"More about {why}"))

    @app.action("typed")
    async def typed(ack):
        await ack()

    view = await workspace.home("U_ANA")
    assert shown(view).startswith("Hello <@U_ANA>")

    await workspace.click("U_ANA", view, "Why", value="roles")
    await workspace.click("U_ANA", view, "More")

    async def grown() -> bool:
        return shown(await workspace.home_now("U_ANA") or {}).startswith("More about roles")

    await workspace.until(grown, "U_ANA")
    assert (await workspace.home_now("U_ANA") or {})["id"] == view["id"]


async def test_a_message_shortcut_brings_the_message(app: App):
    workspace = app.workspace

    @app.shortcut("explain")
    async def explain(ack, body, client):
        await ack()
        await client.chat_postMessage(
            channel=body["channel"]["id"], thread_ts=body["message_ts"], text=f"About: {body['message']['text']}"
        )

    said = await workspace.post("U_BEN", "C_ASK", "What is an IC?")
    [message] = [each for each in await workspace.messages("C_ASK") if each["ts"] == said]

    await workspace.shortcut("U_ANA", "explain", message)

    [answer] = await workspace.replies(said)
    assert answer["text"] == "About: What is an IC?"


async def test_an_ephemeral_message_is_replaced_and_deleted_through_its_response_url_only(app: App):
    workspace = app.workspace
    clicked: list[Json] = []

    @app.action("pick")
    async def pick(ack, body, respond):
        clicked.append(body)
        await ack()
        await respond("Replaced", blocks=[actions(button("Away", "away"))])

    @app.action("away")
    async def away(ack, respond):
        await ack()
        await respond(delete_original=True)

    asked = await workspace.post("U_ANA", "C_ASK", "privately, please")
    await app.client.chat_postMessage(channel="C_ASK", thread_ts=asked, text="Look below")
    await app.client.chat_postEphemeral(channel="C_ASK", user="U_ANA", thread_ts=asked, text="Psst", blocks=QUESTION)
    _, psst = await workspace.replies(asked, count=2)
    assert [each["text"] for each in await workspace.thread("C_ASK", asked, "U_BEN")][1:] == ["Look below"]

    await workspace.click("U_ANA", psst, "Left")

    async def replaced() -> Json | None:
        now = await workspace.latest("U_ANA", psst)
        return now if buttons(now) == ["Away"] else None

    now = await workspace.until(replaced, "U_ANA")
    await workspace.click("U_ANA", now, "Away")

    async def gone() -> bool:
        return len(await workspace.thread("C_ASK", asked, "U_ANA")) == 2

    await workspace.until(gone, "U_ANA")
    assert clicked[0]["container"]["is_ephemeral"] is True
    assert "message" not in clicked[0]


async def test_a_response_url_works_five_times_within_half_an_hour(everything, listen, clock: Clock):
    async with Workspace.start(manifest=everything, clock=clock) as workspace:
        bot = await listen(workspace)
        urls: list[str] = []
        for _ in range(2):
            taken, _ = await asyncio.gather(bot.take(), workspace.command("U_ANA", "C_ASK", "/rolefit"))
            urls.append(taken["payload"]["response_url"])

        async def respond(url: str, answer: Json) -> tuple[int, str]:
            async with workspace._session.post(url, json=answer) as response:
                return response.status, (await response.json()).get("error", "")

        five = [await respond(urls[0], {"text": str(n)}) for n in range(5)]
        assert five == [(200, "")] * 5
        assert await respond(urls[0], {"text": "6"}) == (404, "used_url")
        assert await respond(urls[1], {}) == (400, "no_text")
        assert await respond(urls[1], {"blocks": [{"type": "nonsense"}]}) == (400, "invalid_blocks")
        clock.now += 1801
        assert await respond(urls[1], {"text": "late"}) == (404, "expired_url")


async def test_a_trigger_opens_one_view_within_three_seconds(everything, listen, clock: Clock):
    async with Workspace.start(manifest=everything, clock=clock) as workspace:
        bot, client = await listen(workspace), client_of(workspace)
        triggers: list[str] = []
        for _ in range(2):
            taken, _ = await asyncio.gather(bot.take(), workspace.command("U_ANA", "C_ASK", "/rolefit"))
            triggers.append(taken["payload"]["trigger_id"])

        async def opened(trigger: str) -> str:
            answer = await client.api_call("api.test")  # proves that the connection itself is fine
            assert answer["ok"]
            try:
                await client.views_open(trigger_id=trigger, view=modal("One", section("Hi")))
            except Exception as error:  # noqa: BLE001 - whatever Slack's client makes of the refusal
                return str(error).rsplit("'error': '", maxsplit=1)[-1].rstrip("'}")
            return "ok"

        assert await opened(triggers[0]) == "ok"
        assert await opened(triggers[0]) == "exchanged_trigger_id"
        clock.now += 3.1
        assert await opened(triggers[1]) == "expired_trigger_id"
        assert await opened("made-up") == "invalid_trigger_id"


async def test_the_elements_of_a_message_are_listed_with_their_labels(workspace: Workspace):
    bolt = AsyncApp(client=client_of(workspace))
    async with socket_mode(bolt, workspace):
        accessory = section("Text", accessory=button("Aside", "aside"))
        await bolt.client.chat_postMessage(channel="C_ASK", text="-", blocks=[accessory, *QUESTION[1:]])
        message = (await workspace.messages("C_ASK"))[-1]

    assert [(each["label"], each["action_id"]) for each in elements(message)] == [
        ("Aside", "aside"),
        ("Left", "pick"),
        ("Right", "other"),
    ]
    with pytest.raises(AssertionError, match="nothing to use by the name 'Up'"):
        await workspace.click("U_ANA", message, "Up")
