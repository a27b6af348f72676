"""The bot makes channels, brings people in, writes later, previews links and looks people up."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_sdk.errors import SlackApiError

from tests.local.conftest import Clock, client_of
from tests.local.test_local_refusals import refusal
from tests.workspace import SEED, Workspace, shown

Json = dict[str, Any]
GENERAL = {"channel": "C_GENERAL"}
CALLS: list[tuple[str, Json, str]] = [
    ("conversations.create", {"name": "a-new_one"}, "ok"),
    ("conversations.create", {"name": "geheim-ä", "is_private": True}, "ok"),
    ("conversations.create", {"name": " "}, "invalid_name_required"),
    ("conversations.create", {"name": "x" * 81}, "invalid_name_maxlength"),
    ("conversations.create", {"name": "Upper Case"}, "invalid_name_specials"),
    ("conversations.create", {"name": "..."}, "invalid_name_punctuation"),
    ("conversations.create", {"name": "general"}, "name_taken"),
    ("conversations.invite", {"channel": "C_ASK", "users": "U_ROLEFIT"}, "cant_invite_self"),
    ("conversations.invite", {"channel": "C_ASK", "users": "U_ANA"}, "already_in_channel"),
    ("conversations.invite", {"channel": "C_ASK", "users": "U_NONE"}, "user_not_found"),
    ("conversations.invite", {"channel": "C_ASK", "users": "U_TOM"}, "cant_invite"),
    ("conversations.invite", {"channel": "C_ASK"}, "no_user"),
    ("conversations.invite", {**GENERAL, "users": "U_EVE,U_ANA"}, "already_in_channel"),
    ("conversations.invite", {**GENERAL, "users": "U_EVE,U_ANA", "force": True}, "ok"),
    ("conversations.kick", {"channel": "C_ASK", "user": "U_BEN"}, "ok"),
    ("conversations.kick", {"channel": "C_ASK", "user": "U_ROLEFIT"}, "cant_kick_self"),
    ("conversations.kick", {"channel": "C_ASK", "user": "U_TOM"}, "not_in_channel"),
    ("conversations.kick", {**GENERAL, "user": "U_ANA"}, "cant_kick_from_general"),
    ("conversations.kick", {"channel": "C_LEADS", "user": "U_MEI"}, "channel_not_found"),
    ("conversations.leave", {"channel": "C_ASK"}, "ok"),
    ("conversations.leave", GENERAL, "cant_leave_general"),
    ("conversations.archive", {"channel": "C_ASK"}, "ok"),
    ("conversations.archive", GENERAL, "cant_archive_general"),
    ("conversations.setTopic", {"channel": "C_ASK", "topic": "x" * 250}, "ok"),
    ("conversations.setTopic", {"channel": "C_ASK", "topic": "x" * 251}, "too_long"),
    ("users.lookupByEmail", {"email": "ana@example.com"}, "missing_scope"),
    ("users.profile.get", {"user": "U_NONE"}, "user_not_found"),
    ("users.conversations", {"user": "U_NONE"}, "user_not_found"),
    ("usergroups.users.list", {"usergroup": "S_NONE"}, "no_such_subteam"),
    ("reactions.get", {"channel": "C_ASK"}, "no_item_specified"),
    ("reactions.get", {"channel": "C_ASK", "timestamp": "1.0"}, "message_not_found"),
    ("chat.scheduleMessage", {"channel": "C_ASK", "text": "x", "post_at": 1}, "time_in_past"),
    ("chat.scheduleMessage", {"channel": "C_ASK", "text": "x", "post_at": 9_999_999_999}, "time_too_far"),
    ("chat.scheduleMessage", {"channel": "C_ASK", "text": "x", "post_at": "tomorrow"}, "invalid_time"),
    ("chat.deleteScheduledMessage", {"channel": "C_ASK", "scheduled_message_id": "Q0"}, "invalid_scheduled_message_id"),
    ("chat.scheduledMessages.list", {"channel": "C_NONE"}, "invalid_channel"),
    ("chat.unfurl", {"channel": "C_ASK", "ts": "1.0", "unfurls": {}}, "cannot_find_message"),
    ("chat.unfurl", {"channel": "C_LEADS", "ts": "1.0", "unfurls": {}}, "cannot_find_channel"),
    ("chat.unfurl", {"ts": "1.0", "unfurls": {}}, "missing_channel"),
    ("chat.unfurl", {"unfurl_id": "C_ASK-1.0", "source": "elsewhere"}, "invalid_source"),
]


@pytest.mark.parametrize(("method", "given", "code"), CALLS)
async def test_calls_of_these_methods(workspace: Workspace, client, method: str, given: Json, code: str):
    assert await refusal(client, method, **given) == code


async def test_a_channel_is_made_filled_described_and_archived(workspace: Workspace, client, listen):
    bot = await listen(workspace)
    made = (await client.conversations_create(name="roles"))["channel"]
    await client.conversations_invite(channel=made["id"], users="U_ANA,U_BEN")
    await client.conversations_setTopic(channel=made["id"], topic="Which role?")
    await client.conversations_kick(channel=made["id"], user="U_BEN")
    await client.conversations_archive(channel=made["id"])

    [roles] = [channel for channel in (await workspace.state("U_ANA"))["channels"] if channel["name"] == "roles"]
    assert (roles["members"], roles["topic"], roles["is_archived"]) == (["U_ROLEFIT", "U_ANA"], "Which role?", True)
    messages = [(message["subtype"], message["user"]) for message in await workspace.messages(made["id"])]
    assert messages == [
        ("channel_join", "U_ANA"),
        ("channel_join", "U_BEN"),
        ("channel_topic", "U_ROLEFIT"),
        ("channel_archive", "U_ROLEFIT"),
    ]
    types = [event["type"] for event in await bot.take_events(8)]
    assert [name for name in types if name != "message"] == [
        "member_joined_channel",
        "member_joined_channel",
        "member_left_channel",
        "channel_archive",
    ]
    of_ana = (await client.users_conversations(user="U_ANA", exclude_archived=True))["channels"]
    assert [channel["name"] for channel in of_ana if "name" in channel] == ["ask-ai-roles", "general", "with-a-partner"]
    mine = (await client.users_conversations(types="public_channel"))["channels"]
    assert ([channel["name"] for channel in mine], "is_member" in mine[0]) == (
        ["ask-ai-roles", "general", "with-a-partner", "roles"],
        False,
    )


async def test_a_bot_that_is_in_no_channel_leaves_it_without_an_error_of_its_own(workspace: Workspace, client):
    await client.conversations_leave(channel="C_ASK")
    with pytest.raises(SlackApiError) as refused:
        await client.conversations_leave(channel="C_ASK")

    assert refused.value.response["not_in_channel"] is True
    assert (await workspace.messages("C_ASK"))[-1]["subtype"] == "channel_leave"


async def test_a_scheduled_message_is_posted_at_its_time_unless_it_is_taken_back(everything: Path, clock: Clock):
    clock.now += 0.95
    soon, later = int(clock.now) + 1, int(clock.now) + 1000
    async with Workspace.start(manifest=everything, clock=clock) as workspace:
        client = client_of(workspace)
        answer = await client.chat_scheduleMessage(channel="C_ASK", post_at=soon, text="a < b")
        taken_back = await client.chat_scheduleMessage(channel="C_ASK", post_at=later, text="never")
        waiting = await client.chat_scheduledMessages_list(channel="C_ASK")
        await client.chat_deleteScheduledMessage(
            channel="C_ASK", scheduled_message_id=taken_back["scheduled_message_id"]
        )

        said = (await workspace.messages("C_ASK", count=2))[-1]

        assert (said["text"], said["bot_id"]) == ("a &lt; b", "B_ROLEFIT")
        assert answer["message"]["type"] == "delayed_message"
        assert [message["text"] for message in waiting["scheduled_messages"]] == ["a &lt; b", "never"]
        assert (await client.chat_scheduledMessages_list())["scheduled_messages"] == []


async def test_no_more_than_thirty_messages_wait_for_the_same_five_minutes(workspace: Workspace, client, clock: Clock):
    async with Workspace.start(clock=clock) as still:
        given = {"channel": "C_ASK", "text": "x", "post_at": int(clock.now) + 1000}
        codes = [await refusal(client_of(still), "chat.scheduleMessage", **given) for _ in range(31)]

    assert codes == [*["ok"] * 30, "restricted_too_many"]


@pytest.fixture
def unfurling(everything: Path) -> Path:
    manifest = yaml.safe_load(everything.read_text())
    manifest["features"]["unfurl_domains"] = ["x.example"]
    everything.write_text(yaml.safe_dump(manifest))
    return everything


async def test_the_app_hears_of_links_to_its_domains_and_previews_them(unfurling: Path, listen):
    async with Workspace.start(manifest=unfurling) as workspace:
        bot, client = await listen(workspace), client_of(workspace)
        await workspace.post("U_ANA", "C_ASK", "https://www.x.example/a or https://y.example")
        _, shared = await bot.take_events(2)
        preview = {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "A preview"}}]}
        known = {"unfurl_id": shared["unfurl_id"], "source": shared["source"]}

        with pytest.raises(SlackApiError, match="cannot_unfurl_url"):
            await client.chat_unfurl(**known, unfurls={"https://y.example": preview})
        await client.chat_unfurl(**known, unfurls={"https://www.x.example/a": preview})

        [changed] = await bot.take_events(1)
        assert shared["links"] == [{"url": "https://www.x.example/a", "domain": "x.example"}]
        assert (changed["subtype"], "edited" in changed["message"]) == ("message_changed", False)
        assert "A preview" in shown((await workspace.messages("C_ASK"))[-1])


@pytest.fixture
def reading_addresses(everything: Path) -> Path:
    manifest = yaml.safe_load(everything.read_text())
    manifest["oauth_config"]["scopes"]["bot"].append("users:read.email")
    everything.write_text(yaml.safe_dump(manifest))
    return everything


@pytest.fixture
def with_a_group(tmp_path: Path) -> Path:
    seed = yaml.safe_load(SEED.read_text())
    seed["usergroups"] = [{"id": "S_LEADS", "handle": "leads", "name": "Leads", "users": ["U_MEI"]}]
    seed["people"][1]["email"] = "okafor@mail.example"
    path = tmp_path / "seed.yaml"
    path.write_text(yaml.safe_dump(seed))
    return path


async def test_people_are_found_by_address_with_the_scope_for_it(reading_addresses: Path, with_a_group: Path):
    async with Workspace.start(manifest=reading_addresses, seed=with_a_group) as workspace:
        client = client_of(workspace)

        assert (await client.users_lookupByEmail(email="Okafor@mail.example"))["user"]["id"] == "U_BEN"
        assert await refusal(client, "users.lookupByEmail", email="kim@example.com") == "users_not_found"
        assert await refusal(client, "users.lookupByEmail", email="tom@example.com") == "users_not_found"
        assert (await client.users_profile_get(user="U_ANA"))["profile"]["email"] == "ana@example.com"
        own = (await client.users_profile_get())["profile"]
        assert (own["bot_id"], own["always_active"], "email" in own) == ("B_ROLEFIT", True, False)
        [group] = (await client.usergroups_list(include_users=True))["usergroups"]
        assert (group["handle"], group["users"]) == ("leads", ["U_MEI"])
        assert (await client.usergroups_users_list(usergroup="S_LEADS"))["users"] == ["U_MEI"]


async def test_slackbot_is_a_bot_that_says_it_is_none(client):
    slackbot = (await client.users_info(user="USLACKBOT"))["user"]
    listed = [member["id"] for member in (await client.users_list())["members"]]

    assert (slackbot["is_bot"], slackbot["real_name"], "USLACKBOT" in listed) == (False, "Slackbot", True)


async def test_reactions_are_told_with_the_message(workspace: Workspace, client):
    said = await workspace.post("U_ANA", "C_ASK", "hello")
    await workspace.react("U_BEN", said, "wave")

    answer = await client.reactions_get(channel="C_ASK", timestamp=said, full=True)

    assert answer["message"]["reactions"] == [{"name": "wave", "users": ["U_BEN"], "count": 1}]
    assert answer["message"]["permalink"].endswith(f"channel=C_ASK&ts={said}")


async def test_some_methods_do_not_read_a_json_body(workspace: Workspace, client):
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await client.api_call("users.info", json={"user": "U_ANA"})
    assert (await client.api_call("users.info", params={"user": "U_ANA"}))["user"]["id"] == "U_ANA"
