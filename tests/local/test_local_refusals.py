"""What Slack refuses, the workspace refuses, with Slack's own error code."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import slackblocks
import yaml
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.local.conftest import client_of, sent
from tests.workspace import MANIFEST, Workspace, shown

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str = "x", **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(action_id: str = "a", **more: Any) -> Json:
    return {"type": "button", "text": plain("Go"), "action_id": action_id, **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def select(*values: str, **more: Any) -> Json:
    options = [{"text": plain("An option"), "value": value} for value in values]
    return {"type": "static_select", "action_id": "a", "options": options, **more}


def cell(text: str) -> Json:
    return {"type": "raw_text", "text": text}


def table(rows: int = 1, columns: int = 1, text: str = "x") -> Json:
    return {"type": "table", "rows": [[cell(text)] * columns] * rows}


def chart(**more: Any) -> Json:
    points = [{"label": "a", "value": 1}]
    kind = {"type": "bar", "series": [{"name": "s", "data": points}], "axis_config": {"categories": ["a"]}}
    return {"type": "data_visualization", "title": "t", "chart": {**kind, **more}}


async def refusal(client: AsyncWebClient, method: str, **given: Any) -> str:
    """Return the code a call is refused with, or "ok"."""
    try:
        await client.api_call(method, **sent(method, given))
    except SlackApiError as error:
        return str(error.response["error"])
    return "ok"


ASK = {"channel": "C_ASK"}
CALLS: list[tuple[str, Json, str]] = [
    ("chat.postMessage", {**ASK, "text": "x"}, "ok"),
    ("chat.postMessage", {"channel": "ask-ai-roles", "text": "x"}, "ok"),
    ("chat.postMessage", {"channel": "U_ANA", "text": "x"}, "ok"),
    ("chat.postMessage", {"text": "x"}, "invalid_arguments"),
    ("chat.postMessage", {"channel": "C_NONE", "text": "x"}, "channel_not_found"),
    ("chat.postMessage", {"channel": "C_LEADS", "text": "x"}, "channel_not_found"),
    ("chat.postMessage", {"channel": "U_TOM", "text": "x"}, "channel_not_found"),
    ("chat.postMessage", {"channel": "U_ROLEFIT", "text": "x"}, "cannot_dm_bot"),
    ("chat.postMessage", ASK, "no_text"),
    ("chat.postMessage", {**ASK, "blocks": []}, "no_text"),
    ("chat.postMessage", {**ASK, "blocks": "not json"}, "invalid_blocks_format"),
    ("chat.postMessage", {**ASK, "blocks": ["text"]}, "invalid_blocks_format"),
    ("chat.postMessage", {**ASK, "text": "x", "markdown_text": "x"}, "markdown_text_conflict"),
    ("chat.postMessage", {**ASK, "markdown_text": "x" * 12_001}, "msg_too_long"),
    ("chat.postMessage", {**ASK, "markdown_text": "**x**"}, "ok"),
    ("chat.postMessage", {**ASK, "attachments": [{"text": "x"}] * 101}, "too_many_attachments"),
    ("chat.postMessage", {**ASK, "attachments": [{"blocks": [{"type": "x"}]}]}, "invalid_blocks"),
    ("chat.postMessage", {**ASK, "text": "x", "metadata": {"event_type": "x"}}, "invalid_metadata_schema"),
    ("chat.postMessage", {**ASK, "text": "x", "metadata": "x"}, "invalid_metadata_format"),
    (
        "chat.postMessage",
        {**ASK, "text": "x", "metadata": {"event_type": "x", "event_payload": {"x": "x" * 8000}}},
        "metadata_too_large",
    ),
    ("chat.postMessage", {**ASK, "text": "x", "thread_ts": "1.000000"}, "ok"),
    ("chat.postMessage", {**ASK, "text": "x", "thread_ts": "p1"}, "invalid_thread_ts"),
    ("chat.postEphemeral", {**ASK, "user": "U_ANA", "text": "x", "thread_ts": "0"}, "invalid_thread_ts"),
    ("chat.update", {**ASK, "ts": "1.0", "text": "x"}, "message_not_found"),
    ("chat.update", {**ASK, "text": "x"}, "invalid_arguments"),
    ("chat.delete", {**ASK, "ts": "1.0"}, "message_not_found"),
    ("chat.postEphemeral", {**ASK, "user": "U_ANA", "text": "x"}, "ok"),
    ("chat.postEphemeral", {**ASK, "user": "U_ANA"}, "no_text"),
    ("chat.postEphemeral", {**ASK, "user": "U_NONE", "text": "x"}, "user_not_found"),
    ("chat.postEphemeral", {"channel": "C_GENERAL", "user": "U_EVE", "text": "x"}, "user_not_in_channel"),
    ("chat.getPermalink", {**ASK, "message_ts": "1.0"}, "message_not_found"),
    ("conversations.open", {}, "users_list_not_supplied"),
    ("conversations.open", {"users": "U_ANA"}, "ok"),
    ("conversations.open", {"users": "U_ANA,U_BEN"}, "ok"),
    ("conversations.open", {"users": "U_NONE"}, "user_not_found"),
    ("conversations.open", {"users": "U_TOM"}, "user_disabled"),
    ("conversations.open", {"users": "U_ROLEFIT"}, "cannot_dm_bot"),
    ("conversations.open", {"users": ",".join(["U_ANA"] * 9)}, "too_many_users"),
    ("conversations.info", {"channel": "C_LEADS"}, "channel_not_found"),
    ("conversations.join", ASK, "missing_scope"),
    ("conversations.history", ASK, "ok"),
    ("conversations.replies", {**ASK, "ts": "1.0"}, "thread_not_found"),
    ("conversations.history", {**ASK, "oldest": "yesterday"}, "invalid_ts_oldest"),
    ("conversations.history", {**ASK, "latest": "now"}, "invalid_ts_latest"),
    ("conversations.history", {**ASK, "limit": 5000}, "ok"),
    ("conversations.list", {"limit": 1001}, "invalid_limit"),
    ("conversations.list", {"limit": "many"}, "invalid_limit"),
    ("conversations.members", {**ASK, "limit": -1}, "invalid_limit"),
    ("conversations.list", {"types": "nonsense"}, "invalid_types"),
    ("conversations.list", {"cursor": "nonsense"}, "invalid_cursor"),
    ("users.info", {"user": "U_NONE"}, "user_not_found"),
    ("reactions.add", {**ASK, "timestamp": "1.0", "name": "wave"}, "message_not_found"),
    ("views.publish", {"user_id": "U_ANA", "view": {"type": "home", "blocks": [section()]}}, "ok"),
    ("views.publish", {"user_id": "U_NONE", "view": {"type": "home", "blocks": [section()]}}, "user_not_found"),
    ("views.publish", {"user_id": "U_ANA", "view": {"type": "modal", "blocks": [section()]}}, "invalid_arguments"),
    ("views.publish", {"user_id": "U_ANA", "view": {"type": "home", "blocks": [table()]}}, "invalid_arguments"),
    ("views.publish", {"user_id": "U_ANA", "view": {"type": "home", "blocks": [chart()]}}, "invalid_arguments"),
    ("views.open", {"trigger_id": "x"}, "invalid_arguments"),
    ("views.open", {"trigger_id": "x", "view": {}}, "invalid_trigger_id"),
    ("views.update", {"view_id": "V0", "view": {}}, "not_found"),
    ("apps.connections.open", {}, "not_allowed_token_type"),
    ("files.nonsense", {}, "unknown_method"),
    ("files.info", {"file": "F_NONE"}, "file_not_found"),
    ("files.getUploadURLExternal", {"filename": "a.txt", "length": 0}, "missing_argument"),
    ("files.getUploadURLExternal", {"filename": "a.txt", "length": 1, "alt_txt": "x" * 1001}, "alt_txt_too_large"),
    ("files.completeUploadExternal", {"files": [{"id": "F_NONE"}]}, "file_not_found"),
    ("files.completeUploadExternal", {"files": []}, "file_not_found"),
    ("auth.test", {}, "ok"),
    ("team.info", {}, "ok"),
    ("bots.info", {"bot": "B_NONE"}, "bot_not_found"),
]


@pytest.mark.parametrize(("method", "given", "code"), CALLS)
async def test_calls(client, method: str, given: Json, code: str):
    assert await refusal(client, method, **given) == code


FEW = [section("x" * 2900) for _ in range(5)]
BLOCKS: list[tuple[str, list[Json], str]] = [
    ("50 blocks", [{"type": "divider"}] * 50, "ok"),
    ("51 blocks", [{"type": "divider"}] * 51, "invalid_blocks"),
    ("an unknown type", [{"type": "nonsense"}], "invalid_blocks"),
    ("no type", [{"text": "x"}], "invalid_blocks"),
    ("an unknown field", [section(colour="red")], "invalid_blocks"),
    ("a missing field", [{"type": "section"}], "invalid_blocks"),
    ("3,000 characters", [section("x" * 3000)], "ok"),
    ("3,001 characters", [section("x" * 3001)], "invalid_blocks"),
    ("empty text", [section("")], "invalid_blocks"),
    ("null", [section(accessory=None)], "invalid_blocks"),
    ("10 fields", [{"type": "section", "fields": [plain("x")] * 10}], "ok"),
    ("11 fields", [{"type": "section", "fields": [plain("x")] * 11}], "invalid_blocks"),
    ("a long field", [{"type": "section", "fields": [plain("x" * 2001)]}], "invalid_blocks"),
    ("a long header", [{"type": "header", "text": plain("x" * 151)}], "invalid_blocks"),
    ("mrkdwn in a header", [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "invalid_blocks"),
    ("11 context elements", [{"type": "context", "elements": [plain("x")] * 11}], "invalid_blocks"),
    ("25 elements", [actions(*(button(f"a{n}") for n in range(25)))], "ok"),
    ("26 elements", [actions(*(button(f"a{n}") for n in range(26)))], "invalid_blocks"),
    ("no elements", [actions()], "invalid_blocks"),
    ("a long button", [actions({**button(), "text": plain("x" * 76)})], "invalid_blocks"),
    ("a long value", [actions(button(value="x" * 2001))], "invalid_blocks"),
    ("an unknown style", [actions(button(style="blue"))], "invalid_blocks"),
    ("a long action_id", [actions(button("x" * 256))], "invalid_blocks"),
    ("the same action_id in a block", [actions(button("a"), button("a"))], "invalid_blocks"),
    ("the same action_id in two blocks", [actions(button("a")), actions(button("a"))], "ok"),
    ("the same block_id", [section(block_id="b"), section(block_id="b")], "invalid_blocks"),
    ("a confirmation", [actions(button(confirm={"title": plain("Sure?")}))], "invalid_blocks"),
    ("100 options", [actions(select(*(str(n) for n in range(100))))], "ok"),
    ("101 options", [actions(select(*(str(n) for n in range(101))))], "invalid_blocks"),
    ("a long option", [actions(select("x" * 151))], "invalid_blocks"),
    ("an initial option that isn't offered", [actions(select("a", initial_option=select("b")["options"][0]))],
     "invalid_blocks"),
    ("an input element among actions", [actions({"type": "plain_text_input"})], "invalid_blocks"),
    ("an input in a message", [{"type": "input", "label": plain("x"), "element": select("a")}], "ok"),
    ("a task that is to come", [{"type": "task_card", "task_id": "1", "title": "x", "status": "pending"}],
     "invalid_blocks"),
    ("the same in a plan", [{"type": "plan", "title": "x", "tasks": [
        {"task_id": "1", "title": "x", "status": "pending"}]}], "ok"),
    ("a picture on one's own machine", [{"type": "image", "alt_text": "x", "image_url": "http://localhost:3000/a.png"}],
     "invalid_blocks"),
    ("an alert in a message", [{"type": "alert", "text": plain("x")}], "invalid_blocks"),
    ("an image without a source", [{"type": "image", "alt_text": "x"}], "invalid_blocks"),
    ("100 rows of 20", [table(100, 20)], "ok"),
    ("101 rows", [table(101)], "invalid_blocks"),
    ("21 columns", [table(1, 21)], "invalid_blocks"),
    ("an empty cell", [table(text="")], "invalid_blocks"),
    ("10,000 characters of table", [table(10, 10, "x" * 100)], "ok"),
    ("11,001 characters with a table's", [table(10, 10, "x" * 100), section("x" * 1001)], "msg_blocks_too_long"),
    ("a long table", [table(1, 1, "x" * 10_001)], "invalid_blocks"),
    ("two tables", [table(), table()], "invalid_attachments"),
    ("a table in a container", [{"type": "container", "title": plain("x"), "child_blocks": [table()]}, table()],
     "invalid_attachments"),
    ("a container in a container", [{"type": "container", "title": plain("x"),
                                     "child_blocks": [{"type": "container"}]}], "invalid_blocks"),
    ("11,000 characters", [*FEW[:3], section("x" * 2300)], "ok"),
    ("11,001 characters", [*FEW[:3], section("x" * 2301)], "msg_blocks_too_long"),
    ("a long markdown block", [{"type": "markdown", "text": "x" * 12_001}], "invalid_blocks"),
    ("12,002 characters of markdown", [{"type": "markdown", "text": "x" * 6001}] * 2, "invalid_blocks"),
    ("two charts", [chart(), chart()], "ok"),
    ("three charts", [chart()] * 3, "invalid_blocks"),
    ("a chart without a point", [chart(axis_config={"categories": ["a", "b"]})], "invalid_blocks"),
    ("an empty pie", [{**chart(), "chart": {"type": "pie", "segments": [{"label": "a", "value": 0}]}}],
     "invalid_blocks"),
    ("a ragged data table", [{"type": "data_table", "caption": "x", "rows": [[cell("a")], [cell("b"), cell("c")]]}],
     "invalid_blocks"),
    ("a carousel of sections", [{"type": "carousel", "elements": [section()]}], "invalid_blocks"),
    ("an unsupported icon", [{"type": "context_actions", "elements": [
        {"type": "icon_button", "icon": "star", "text": plain("x")}]}], "invalid_blocks"),
]  # fmt: skip


@pytest.mark.parametrize(("blocks", "code"), [pytest.param(b, c, id=name) for name, b, c in BLOCKS])
async def test_blocks(client, blocks: list[Json], code: str):
    assert await refusal(client, "chat.postMessage", channel="C_ASK", text="x", blocks=blocks) == code


NAME = {"type": "input", "label": plain("Name"), "element": {"type": "plain_text_input"}}
MODAL = {"type": "modal", "title": plain("x"), "submit": plain("Go"), "blocks": [NAME]}
VIEWS: list[tuple[str, Json, str]] = [
    ("a form", MODAL, "ok"),
    ("an alert", {**MODAL, "blocks": [{"type": "alert", "text": plain("x"), "level": "info"}]}, "ok"),
    ("100 blocks", {**MODAL, "blocks": [{"type": "divider"}] * 100}, "ok"),
    ("101 blocks", {**MODAL, "blocks": [{"type": "divider"}] * 101}, "invalid_arguments"),
    ("a long title", {**MODAL, "title": plain("x" * 25)}, "invalid_arguments"),
    ("no title", {"type": "modal", "blocks": [section()]}, "invalid_arguments"),
    ("an input without submit", {"type": "modal", "title": plain("x"), "blocks": [NAME]}, "invalid_arguments"),
    ("much metadata", {**MODAL, "private_metadata": "x" * 3001}, "invalid_arguments"),
    ("a table", {**MODAL, "blocks": [table()]}, "invalid_arguments"),
    ("a Home", {"type": "home", "blocks": [section()]}, "invalid_arguments"),
    ("250 KB", {**MODAL, "blocks": [section("x" * 3000)] * 84}, "view_too_large"),
]


@pytest.mark.parametrize(("view", "code"), [pytest.param(v, c, id=name) for name, v, c in VIEWS])
async def test_modals(workspace: Workspace, client, listen, view: Json, code: str):
    bot = await listen(workspace)
    shortcut = await _shortcut(workspace, bot)

    assert await refusal(client, "views.open", trigger_id=shortcut["trigger_id"], view=view) == code


async def _shortcut(workspace: Workspace, bot: Any) -> Json:
    taken, _ = await asyncio.gather(bot.take(), workspace.shortcut("U_ANA", "take"))
    payload: Json = taken["payload"]
    return payload


async def test_a_stack_holds_three_modals_and_an_update_must_know_the_last_state(workspace, client, listen):
    bot = await listen(workspace)
    triggers = [(await _shortcut(workspace, bot))["trigger_id"] for _ in range(5)]

    assert await refusal(client, "views.push", trigger_id=triggers[0], view=MODAL) == "not_found"
    opened = await client.views_open(trigger_id=triggers[1], view={**MODAL, "external_id": "one"})
    assert await refusal(client, "views.push", trigger_id=triggers[2], view=MODAL) == "ok"
    assert await refusal(client, "views.push", trigger_id=triggers[3], view=MODAL) == "ok"
    assert await refusal(client, "views.push", trigger_id=triggers[4], view=MODAL) == "push_limit_reached"

    seen = opened["view"]["hash"]
    assert await refusal(client, "views.update", external_id="one", view=MODAL, hash=seen) == "ok"
    known = {"view_id": opened["view"]["id"], "view": MODAL}
    assert await refusal(client, "views.update", **known, hash=seen) == "hash_conflict"


async def test_a_message_has_one_table_also_where_another_is_attached(client):
    both = {"blocks": [table()], "attachments": [{"blocks": [table()]}]}
    assert await refusal(client, "chat.postMessage", channel="C_ASK", text="x", **both) == "invalid_attachments"


async def test_an_ephemeral_message_in_a_thread_without_replies_is_seen_by_nobody(workspace: Workspace, client):
    root = await workspace.post("U_ANA", "C_ASK", "root")
    given = {"channel": "C_ASK", "user": "U_ANA", "thread_ts": root}

    unseen = await client.chat_postEphemeral(**given, text="too early")
    await workspace.post("U_BEN", "C_ASK", "reply", thread_ts=root)
    await client.chat_postEphemeral(**given, text="now")

    assert unseen["ok"]
    assert [each["text"] for each in await workspace.thread("C_ASK", root, "U_ANA")] == ["root", "reply", "now"]


async def test_the_answer_names_the_place_of_what_is_wrong(client):
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel="C_ASK", text="x", blocks=[section(), section("x" * 3001)])

    reason = "must be less than 3001 characters [json-pointer:/blocks/1/text/text]"
    assert refused.value.response["errors"] == [reason]
    assert refused.value.response["response_metadata"]["messages"] == [f"[ERROR] {reason}"]


HOME = {"type": "home", "blocks": [section()]}


@pytest.mark.parametrize(
    ("given", "code", "pointers"),
    [
        ({"blocks": [section()]}, None, []),
        ({"message": {"blocks": [section()], "attachments": [{"blocks": [section()]}]}}, None, []),
        ({"view": HOME}, None, []),
        ({"blocks": [section(), {"type": "nonsense"}]}, "invalid_blocks", ["/1/type"]),
        ({"message": {"blocks": [section("x" * 3001)]}}, "invalid_message", ["/blocks/0/text/text"]),
        ({"message": {"text": "x", "blocks": [section()]}}, "invalid_message", ["/text"]),
        ({"message": {"attachments": [{"blocks": [{}]}]}}, "invalid_message", ["/attachments/0/blocks/0"]),
        ({"view": {**HOME, "blocks": [{"type": "nonsense"}]}}, "invalid_view", ["/blocks/0/type"]),
        ({}, "invalid_arguments", []),
        ({"blocks": [section()], "view": HOME}, "invalid_arguments", []),
    ],
)
async def test_blocks_messages_and_views_are_validated_without_a_token(
    workspace: Workspace, given: Json, code: str | None, pointers: list[str]
):
    form = {name: json.dumps(value) for name, value in given.items()}
    async with workspace._session.post(f"{workspace.api_url}blocks.validate", data=form) as answer:
        body = await answer.json()

    assert (body["ok"], body.get("error")) == (code is None, code)
    assert [error["pointer"] for error in body.get("errors", [])] == pointers


@pytest.mark.parametrize(
    ("token", "code"), [("", "not_authed"), ("xoxb-other", "invalid_auth"), ("xapp-local", "not_allowed_token_type")]
)
async def test_tokens(workspace: Workspace, token: str, code: str):
    stranger = AsyncWebClient(token=token, base_url=workspace.api_url)
    assert await refusal(stranger, "chat.postMessage", channel="C_ASK", text="x") == code


async def test_a_token_may_be_an_argument_but_not_in_a_json_body(workspace: Workspace):
    given = {"channel": "C_ASK", "text": "x", "token": workspace.bot_token}

    async def post(**body: Any) -> Any:
        async with workspace._session.post(f"{workspace.api_url}chat.postMessage", **body) as answer:
            return (await answer.json()).get("error", "ok")

    assert await post(json=given) == "not_authed"
    assert await post(data=given) == "ok"


SCOPED = [
    ("chat.postMessage", {"channel": "C_ASK", "text": "x"}, "chat:write"),
    ("users.info", {"user": "U_ANA"}, "users:read"),
    ("conversations.open", {"users": "U_ANA"}, "im:write"),
    ("conversations.open", {"users": "U_ANA,U_BEN"}, "mpim:write"),
    ("conversations.info", {"channel": "C_ASK"}, "channels:read"),
    ("conversations.history", {"channel": "C_ASK"}, "channels:history"),
    ("reactions.add", {"channel": "C_ASK", "timestamp": "1.0", "name": "wave"}, "reactions:write"),
    ("team.info", {}, "team:read"),
]


@pytest.mark.parametrize(("method", "given", "needed"), SCOPED)
async def test_scopes(tmp_path: Path, method: str, given: Json, needed: str):
    manifest = yaml.safe_load(MANIFEST.read_text())
    manifest["oauth_config"]["scopes"]["bot"] = ["commands", "im:history"]
    (tmp_path / "few.yaml").write_text(yaml.safe_dump(manifest))
    async with Workspace.start(manifest=tmp_path / "few.yaml") as workspace:
        with pytest.raises(SlackApiError) as refused:
            await client_of(workspace).api_call(method, **sent(method, given))

    answer = refused.value.response
    assert (answer["error"], answer["needed"], answer["provided"]) == ("missing_scope", needed, "commands,im:history")
    assert answer.headers["X-OAuth-Scopes"] == "commands,im:history"


async def test_the_bot_changes_and_deletes_only_what_it_said(workspace: Workspace, client):
    theirs = await workspace.post("U_ANA", "C_ASK", "mine")
    own = (await client.chat_postMessage(channel="C_ASK", text="own", blocks=[section("own")]))["ts"]
    whispered = (await client.chat_postEphemeral(channel="C_ASK", user="U_ANA", text="psst"))["message_ts"]

    async def update(ts: str, **given: Any) -> str:
        return await refusal(client, "chat.update", channel="C_ASK", ts=ts, **given)

    assert await update(theirs, text="yours") == "cant_update_message"
    assert await refusal(client, "chat.delete", channel="C_ASK", ts=theirs) == "cant_delete_message"
    assert await update(whispered, text="x") == "message_not_found"
    assert await update(own, text="x" * 4001) == "msg_too_long"
    assert await update(own, text="é" * 2001) == "msg_too_long"  # bytes
    assert await update(own) == "no_text"
    assert await update(own, blocks=[section("new")]) == "ok"
    assert await update(own, text="text alone") == "ok"
    assert shown((await workspace.messages("C_ASK", "U_BEN"))[-1]) == "new"  # the blocks are still there
    assert await update(own, text="text alone", blocks=[]) == "ok"

    after = (await workspace.messages("C_ASK", "U_BEN"))[-1]
    assert (shown(after), "blocks" in after, after["edited"]["user"]) == ("text alone", False, "U_ROLEFIT")
    assert await refusal(client, "chat.delete", channel="C_ASK", ts=own) == "ok"


async def test_only_a_root_carries_a_thread_and_a_broadcast_shows_in_both(workspace: Workspace, client):
    root = await workspace.post("U_ANA", "C_ASK", "root")
    reply = (await client.chat_postMessage(channel="C_ASK", thread_ts=root, text="reply"))["ts"]
    stray = await client.chat_postMessage(channel="C_ASK", thread_ts=reply, text="stray")
    await client.chat_postMessage(channel="C_ASK", thread_ts=root, reply_broadcast=True, text="to all")

    assert "thread_ts" not in stray["message"]
    assert [each["text"] for each in await workspace.thread("C_ASK", root, "U_BEN")] == ["root", "reply", "to all"]
    top = await workspace.messages("C_ASK", "U_BEN")
    assert [each["text"] for each in top[1:]] == ["root", "stray", "to all"]
    assert (top[1]["reply_count"], top[1]["reply_users"]) == (2, ["U_ROLEFIT"])


async def test_long_text_is_cut_and_entities_are_made(client):
    said = await client.chat_postMessage(channel="C_ASK", text="a < b & c &amp; <@U_ANA> >" + "x" * 50_000)

    assert len(said["message"]["text"]) == 40_000
    assert said["message"]["text"].startswith("a &lt; b &amp; c &amp; <@U_ANA> &gt;x")


async def test_trouble_on_demand_refuses_loses_answers_and_revokes_tokens(workspace: Workspace, client):
    await workspace.faults(api=[{"method": "chat.postMessage", "error": "ratelimited", "retry_after": 7}])
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel="C_ASK", text="refused")
    assert refused.value.response.headers["Retry-After"] == "7"

    await workspace.faults(api=[{"method": "chat.postMessage", "done": True}])
    with pytest.raises(SlackApiError, match="internal_error"):
        await client.chat_postMessage(channel="C_ASK", text="said all the same")
    assert (await workspace.messages("C_ASK"))[-1]["text"] == "said all the same"

    await workspace.faults(token_error="token_revoked")
    assert await refusal(client, "auth.test") == "token_revoked"


async def test_pages_of_history_follow_a_cursor(workspace: Workspace, client):
    for text in ("1", "2", "3"):
        await client.chat_postMessage(channel="C_ASK", text=text, metadata={"event_type": "x", "event_payload": {}})

    first = await client.conversations_history(channel="C_ASK", limit=2, include_all_metadata=True)
    second = await client.conversations_history(
        channel="C_ASK", limit=2, cursor=first["response_metadata"]["next_cursor"]
    )

    assert [each["text"] for each in first["messages"]] == ["3", "2"]
    assert second["messages"][0]["text"] == "1"
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert ("metadata" in first["messages"][0], "metadata" in second["messages"][0]) == (True, False)


async def test_people_and_conversations_are_described_in_slacks_words(workspace, client):
    eve = (await client.users_info(user="U_EVE"))["user"]
    tom = (await client.users_info(user="U_TOM"))["user"]
    assert (eve["is_restricted"], eve["tz"], "email" in eve["profile"]) == (True, "Europe/Copenhagen", False)
    assert (tom["deleted"], "tz" in tom) == (True, False)

    opened = (await client.conversations_open(users="U_ANA", return_im=True))["channel"]
    assert (opened["id"], opened["is_im"], opened["user"]) == (await workspace.direct("U_ANA"), True, "U_ANA")
    assert (await client.conversations_members(channel="C_ASK"))["members"][-1] == "U_ROLEFIT"
    listed = await client.conversations_list(types="public_channel,private_channel")
    assert [each["name"] for each in listed["channels"]] == ["ask-ai-roles", "general", "with-a-partner"]
    assert (await client.auth_test())["user_id"] == "U_ROLEFIT"


BUILT = [
    slackblocks.SectionBlock("text", fields=["a", "b"], accessory=slackblocks.Button("Go", "go", value="x")),
    slackblocks.HeaderBlock("header"),
    slackblocks.ContextBlock([slackblocks.Text("context")]),
    slackblocks.DividerBlock(),
    slackblocks.MarkdownBlock("**bold**"),
    slackblocks.TableBlock(
        [[slackblocks.RawText("a"), slackblocks.RawText("b")]],
        column_settings=[slackblocks.ColumnSettings(is_wrapped=True)],
    ),
    slackblocks.ActionsBlock([slackblocks.UserSelectMenu("somebody", "who"), slackblocks.Button("Go", "go")]),
]


async def test_what_slackblocks_builds_is_accepted(client):
    blocks = [block._resolve() for block in BUILT]
    assert await refusal(client, "chat.postMessage", channel="C_ASK", text="x", blocks=blocks) == "ok"


async def test_the_bot_reacts_once_and_takes_it_back_once(workspace: Workspace, client):
    said = await workspace.post("U_ANA", "C_ASK", "hello")
    wave = {"channel": "C_ASK", "timestamp": said, "name": "wave"}

    codes = [
        await refusal(client, method, **wave)
        for method in ("reactions.add", "reactions.add", "reactions.remove", "reactions.remove")
    ]

    assert codes == ["ok", "already_reacted", "ok", "no_reaction"]
    assert await refusal(client, "reactions.add", **{**wave, "name": "not a name"}) == "invalid_name"


async def test_somebody_deactivated_meanwhile_can_no_longer_be_reached_or_act(workspace: Workspace, client):
    await workspace.deactivate("U_BEN")

    assert (await client.users_info(user="U_BEN"))["user"]["deleted"] is True
    assert await refusal(client, "chat.postMessage", channel="U_BEN", text="x") == "channel_not_found"
    assert await refusal(client, "conversations.open", users="U_BEN") == "user_disabled"
