"""Several apps in one workspace: each hears and changes what is its own, over the way that it is served by."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import yaml
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.local.config import AppConfig, WorkspaceConfig, app_configs
from bot.local_workspace import introduction
from tests.local.conftest import Clock, RequestUrl, acknowledge, client_of
from tests.local.test_local_others import PATIENCE, command_line
from tests.local.test_local_rate_limits import consent, installed_token
from tests.local.test_local_refusals import MODAL, refusal
from tests.test_cli import rolefit_here
from tests.workspace import SEED, Json, Workspace, shown

ROLEFIT, HELPER = "A_ROLEFIT", "A_HELPER"
HOME = {"type": "home", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Help"}}]}


def button(action_id: str) -> list[Json]:
    element = {"type": "button", "text": {"type": "plain_text", "text": "Press"}, "action_id": action_id}
    return [{"type": "actions", "block_id": "acts", "elements": [element]}]


@pytest.fixture
def helper(everything: Path) -> Path:
    """The manifest of a second app, with a command of its own and one that the first declares, too."""
    manifest = yaml.safe_load(everything.read_text())
    manifest["display_information"]["name"] = manifest["features"]["bot_user"]["display_name"] = "Helper"
    commands = ("/helper", "/rolefit")
    manifest["features"]["slash_commands"] = [{"command": name, "description": "Helps"} for name in commands]
    manifest["features"]["shortcuts"] = [
        {"name": "Help", "type": "global", "callback_id": "help", "description": "Helps"},
        {"name": "Take the quiz", "type": "global", "callback_id": "take", "description": "The other one"},
    ]
    manifest["settings"]["event_subscriptions"]["bot_events"].remove("reaction_added")
    manifest["settings"]["socket_mode_enabled"] = False
    path = everything.parent / "helper.yaml"
    path.write_text(yaml.safe_dump(manifest))
    return path


@pytest.fixture
def two_bots(tmp_path: Path) -> Path:
    """The seed of the tests with a second bot, which is in one of the channels."""
    seed = yaml.safe_load(SEED.read_text())
    seed["bots"] = [seed.pop("bot"), {"user": "U_HELPER", "bot": "B_HELPER", "app": HELPER}]
    [ask] = [channel for channel in seed["channels"] if channel["id"] == "C_ASK"]
    ask["members"].append("U_HELPER")
    path = tmp_path / "two.yaml"
    path.write_text(yaml.safe_dump(seed))
    return path


class Two:
    """Two apps in a workspace: the first has a Socket Mode connection, the second a request URL; both acknowledge."""

    def __init__(self, workspace: Workspace, second: RequestUrl) -> None:
        self.workspace = workspace
        self.second = second
        self.web, self.other_web = (client_of(workspace, app) for app in workspace.config.apps)

    async def received(self, app: str) -> list[Json]:
        """Return the payloads that an app has been sent, in order, once all of them are acknowledged."""
        await self.workspace.acknowledged()
        entries = await self.workspace.traffic()
        return [entry["request"] for entry in entries if (entry["app"], entry["direction"]) == (app, "to_bot")]

    async def events(self, app: str) -> list[Json]:
        """Return what happened, as an app has been told, in order."""
        return [payload["event"] for payload in await self.received(app) if "event" in payload]


@pytest.fixture
async def two(everything: Path, helper: Path, two_bots: Path, request_url: RequestUrl, listen) -> AsyncIterator[Two]:
    more = (AppConfig(manifest=helper, events_url=request_url.url),)
    async with Workspace.start(manifest=everything, more_apps=more, seed=two_bots, ack_timeout=5) as workspace:
        acknowledging = asyncio.create_task(acknowledge(await listen(workspace)))
        yield Two(workspace, request_url)
        acknowledging.cancel()


async def test_two_apps_hear_the_same_message_and_only_their_own_mention(two: Two):
    asked = await two.workspace.post("U_ANA", "C_ASK", "<@U_HELPER> hello")

    [heard] = await two.received(ROLEFIT)
    message, mention = await two.received(HELPER)
    assert heard["event"] == message["event"]
    assert (heard["event"]["ts"], heard["api_app_id"], message["api_app_id"]) == (str(asked), ROLEFIT, HELPER)
    assert [payload["authorizations"][0]["user_id"] for payload in (heard, message)] == ["U_ROLEFIT", "U_HELPER"]
    assert heard["event_id"] != message["event_id"]
    assert (mention["event"]["type"], mention["event"]["ts"]) == ("app_mention", str(asked))


async def test_each_app_has_a_signing_secret_and_tokens_of_its_own(two: Two):
    await two.workspace.post("U_ANA", "C_ASK", "hello")

    headers, body = await two.second.take()
    first, second = two.workspace.config.apps
    assert SignatureVerifier(second.signing_secret).is_valid_request(body, headers)
    assert not SignatureVerifier(first.signing_secret).is_valid_request(body, headers)
    assert [(await web.auth_test())["user_id"] for web in (two.web, two.other_web)] == ["U_ROLEFIT", "U_HELPER"]
    with pytest.raises(SlackApiError, match="socket_mode_not_enabled"):
        await two.web.apps_connections_open(app_token=second.app_token)
    assert (await two.other_web.bots_info(bot="B_ROLEFIT"))["bot"]["app_id"] == ROLEFIT


async def test_an_app_hears_nothing_from_where_it_is_not_or_of_what_it_did_not_subscribe_to(two: Two):
    elsewhere = await two.workspace.post("U_ANA", "C_GENERAL", "the second is not here")
    dm = await two.workspace.post("U_ANA", "U_HELPER", "between us")
    here = await two.workspace.post("U_ANA", "C_ASK", "both are here")
    await two.workspace.react("U_ANA", here, "wave")

    assert [(event["type"], event.get("ts")) for event in await two.events(ROLEFIT)] == [
        ("message", str(elsewhere)),
        ("message", str(here)),
        ("reaction_added", None),
    ]
    assert [event["ts"] for event in await two.events(HELPER)] == [str(dm), str(here)]
    assert await refusal(two.web, "conversations.history", channel=dm.channel) == "channel_not_found"


async def test_a_bot_hears_another_one_with_its_bot_id_and_is_mentioned_by_it_but_not_by_itself(two: Two):
    await two.web.chat_postMessage(channel="C_ASK", text="<@U_ROLEFIT> and <@U_HELPER>, hello")

    [own] = await two.events(ROLEFIT)
    message, mention = await two.events(HELPER)
    assert own == message
    assert (message["bot_id"], message["bot_profile"]["app_id"], "subtype" in message) == ("B_ROLEFIT", ROLEFIT, False)
    assert (mention["type"], mention["bot_id"], mention["user"]) == ("app_mention", "B_ROLEFIT", "U_ROLEFIT")


async def test_the_bot_that_is_mentioned_where_it_is_not_can_be_invited_and_hears_of_it(two: Two):
    watcher = await two.workspace._watch("U_ANA")
    asked = await two.workspace.post("U_ANA", "C_GENERAL", "<@U_HELPER> are you there?")

    async def offered() -> Json | None:
        return next((event for event in watcher.events if event["type"] == "notice"), None)

    offer = await two.workspace.until(offered, "U_ANA")
    await two.workspace._do("invite", "U_ANA", {"channel": "C_GENERAL", **offer["invite"]})

    joined, member, mention = await two.events(HELPER)
    assert (joined["subtype"], member["user"]) == ("channel_join", "U_HELPER")
    assert (mention["type"], mention["ts"]) == ("app_mention", str(asked))
    assert "app_mention" not in {event["type"] for event in await two.events(ROLEFIT)}


async def test_a_bot_that_is_removed_is_the_one_that_hears_it_left(two: Two):
    await two.workspace._do("remove", "U_ANA", {"channel": "C_ASK", "user": "U_HELPER"})

    member, left = await two.events(HELPER)
    assert (member["type"], left["type"], left["actor_id"]) == ("member_left_channel", "channel_left", "U_ANA")
    assert [event["type"] for event in await two.events(ROLEFIT)] == ["member_left_channel"]


async def test_clicks_commands_and_shortcuts_go_to_the_app_that_they_are_of(two: Two):
    workspace = two.workspace
    for web, name in ((two.web, "ours"), (two.other_web, "theirs")):
        posted = await web.chat_postMessage(channel="C_ASK", text=name, blocks=button(name))
        [message] = await workspace.thread("C_ASK", str(posted["ts"]), "U_ANA")
        await workspace.click("U_ANA", message, "Press")
    await workspace.command("U_ANA", "C_ASK", "/helper")
    await workspace.shortcut("U_ANA", "help")
    await workspace._do("shortcut", "U_ANA", {"callback_id": "take", "app": ROLEFIT})

    ours = [payload for payload in await two.received(ROLEFIT) if "event" not in payload]
    theirs = [payload for payload in await two.received(HELPER) if "event" not in payload]
    assert [{payload["api_app_id"] for payload in sent} for sent in (ours, theirs)] == [{ROLEFIT}, {HELPER}]
    assert [used(payload) for payload in ours] == ["ours", "take"]
    assert [used(payload) for payload in theirs] == ["theirs", "/helper", "help"]


def used(payload: Json) -> str:
    """Return the action_id, command or callback_id of what somebody used."""
    return str(payload.get("command") or payload.get("callback_id") or payload["actions"][0]["action_id"])


async def test_a_command_that_two_apps_declare_is_that_of_the_one_installed_last(two: Two):
    commands = (await two.workspace.state("U_ANA"))["commands"]
    await two.workspace.command("U_ANA", "C_ASK", "/rolefit")

    assert {entry["command"]: entry["app"] for entry in commands} == {"/rolefit": HELPER, "/helper": HELPER}
    assert [used(payload) for payload in await two.received(HELPER)] == ["/rolefit"]
    assert await two.received(ROLEFIT) == []


async def test_an_answer_through_a_response_url_is_that_of_its_app(two: Two):
    await two.workspace.command("U_ANA", "C_ASK", "/helper")
    [payload] = await two.received(HELPER)
    url = payload["response_url"]
    async with aiohttp.ClientSession() as session:
        async with session.post(url, json={"text": "here", "response_type": "in_channel"}) as answer:
            assert answer.status == 200
        async with session.post(url.replace(HELPER, ROLEFIT), json={"text": "not here"}) as answer:
            assert answer.status == 404

    posted = (await two.workspace.messages("C_ASK"))[-1]
    assert (posted["text"], posted["user"], posted["bot_id"]) == ("here", "U_HELPER", "B_HELPER")


async def test_what_is_one_apps_cannot_be_used_by_the_other(two: Two):
    posted = (await two.web.chat_postMessage(channel="C_ASK", text="ours"))["ts"]
    later = int(two.workspace.config.clock()) + 60
    waiting = (await two.web.chat_scheduleMessage(channel="C_ASK", text="ours", post_at=later))["scheduled_message_id"]
    upload = await two.web.files_getUploadURLExternal(filename="a.txt", length=1)
    async with aiohttp.ClientSession() as session, session.post(upload["upload_url"], data=b"a") as answer:
        assert answer.ok
    await two.workspace._do("shortcut", "U_ANA", {"callback_id": "take", "app": ROLEFIT})
    trigger = (await two.received(ROLEFIT))[-1]["trigger_id"]
    message: Json = {"channel": "C_ASK", "ts": posted}

    for method, arguments, code in (
        ("chat.update", {**message, "text": "x"}, "cant_update_message"),
        ("chat.delete", message, "cant_delete_message"),
        ("chat.deleteScheduledMessage", {"channel": "C_ASK", "scheduled_message_id": waiting},
         "invalid_scheduled_message_id"),
        ("chat.postMessage", {"channel": "U_ROLEFIT", "text": "x"}, "cannot_dm_bot"),
        ("conversations.open", {"users": "U_ROLEFIT"}, "cannot_dm_bot"),
        ("files.completeUploadExternal", {"files": [{"id": upload["file_id"]}]}, "file_not_found"),
        ("views.open", {"trigger_id": trigger, "view": MODAL}, "invalid_trigger_id"),
    ):  # fmt: skip
        assert await refusal(two.other_web, method, **arguments) == code
    assert (await two.other_web.chat_scheduledMessages_list())["scheduled_messages"] == []
    assert (await two.web.views_open(trigger_id=trigger, view=MODAL))["ok"]


async def test_views_are_of_one_app_and_somebody_sees_the_modal_opened_last(two: Two):
    async def trigger(app: str, callback_id: str) -> str:
        await two.workspace._do("shortcut", "U_ANA", {"callback_id": callback_id, "app": app})
        return str((await two.received(app))[-1]["trigger_id"])

    named = {**MODAL, "external_id": "one"}
    ours = await two.web.views_open(trigger_id=await trigger(ROLEFIT, "take"), view=named)
    pushed = await refusal(two.other_web, "views.push", trigger_id=await trigger(HELPER, "help"), view=MODAL)
    changes = [{"view_id": ours["view"]["id"]}, {"external_id": "one"}]
    updated = [await refusal(two.other_web, "views.update", view=MODAL, **change) for change in changes]
    assert (pushed, updated) == ("not_found", ["not_found", "not_found"])

    theirs = await two.other_web.views_open(trigger_id=await trigger(HELPER, "help"), view=named)
    seen = await two.workspace.modal("U_ANA")
    assert (seen["id"], seen["app_id"], seen["bot_id"]) == (theirs["view"]["id"], HELPER, "B_HELPER")
    await two.workspace.submit("U_ANA", {"Name": "x"})
    assert (await two.received(HELPER))[-1]["type"] == "view_submission"


async def test_each_app_has_a_home_tab_of_its_own(two: Two):
    await two.other_web.views_publish(user_id="U_ANA", view=HOME)

    ours, theirs = [(await two.workspace._see("home", "U_ANA", app=app))["view"] for app in (ROLEFIT, HELPER)]

    assert (ours, shown(theirs)) == (None, "Help")
    [opened] = await two.events(HELPER)
    assert (opened["type"], opened["channel"]) == ("app_home_opened", await two.workspace.direct("U_ANA", "U_HELPER"))


async def test_limits_are_counted_for_each_app(two_bots: Path, everything: Path, helper: Path, clock: Clock):
    more = (AppConfig(manifest=helper),)
    config = {"manifest": everything, "more_apps": more, "seed": two_bots, "clock": clock, "rate_limits": True}
    async with Workspace.start(**config) as workspace:
        web, other_web = (client_of(workspace, app) for app in workspace.config.apps)
        post = {"channel": "C_ASK", "text": "x"}

        assert {await refusal(web, "chat.postMessage", **post) for _ in range(4)} == {"ok"}
        assert await refusal(web, "chat.postMessage", **post) == "ratelimited"
        assert await refusal(other_web, "chat.postMessage", **post) == "ok"


async def test_each_app_is_installed_by_its_own_client_id(two: Two):
    first, second = two.workspace.config.apps
    token = await installed_token(two.workspace, "T_LOCAL", second)
    assert (await AsyncWebClient(token=token, base_url=two.workspace.api_url).auth_test())["bot_id"] == "B_HELPER"

    code = await consent(two.workspace, "T_LOCAL", second)
    stranger = {"client_id": first.client_id, "client_secret": first.client_secret, "code": code}
    client = AsyncWebClient(base_url=two.workspace.api_url)
    assert await refusal(client, "oauth.v2.access", **stranger) == "invalid_code"


async def test_an_app_is_removed_alone(two: Two):
    await two.workspace._do("uninstall", "", {"app": HELPER})

    assert await refusal(two.other_web, "auth.test") == "account_inactive"
    assert await refusal(two.web, "auth.test") == "ok"
    assert [event["type"] for event in await two.events(HELPER)] == ["app_uninstalled", "tokens_revoked"]
    assert await two.events(ROLEFIT) == []


async def test_a_bot_that_the_seed_does_not_name_has_ids_of_slacks_form_and_is_where_all_bots_are(helper: Path):
    more = (AppConfig(manifest=helper),)
    async with Workspace.start(more_apps=more, seed=WorkspaceConfig.seed) as workspace:
        state = await workspace.state(workspace.onlooker)

    first, second = state["apps"]
    assert all(re.fullmatch(r"[AU]0[A-Z0-9]{9}", id_) for id_ in (second["id"], second["user"]))
    assert [channel["name"] for channel in state["channels"] if second["user"] in channel["members"]] == [
        channel["name"] for channel in state["channels"] if first["user"] in channel["members"]
    ]


# The command
A, B = "http://127.0.0.1:1/", "http://127.0.0.1:2/"


@pytest.mark.parametrize(
    ("urls", "served"),
    [([], [None, None]), ([A], [None, A]), ([A, B], [A, B])],
    ids=["none", "for the one without Socket Mode", "for each in their order"],
)
def test_addresses_belong_to_manifests_in_their_order(
    everything: Path, helper: Path, urls: list[str], served: list[str | None]
):
    assert [app.events_url for app in app_configs([everything, helper], urls)] == served


def test_an_address_too_many_is_refused_with_the_manifests_that_take_one(everything: Path, helper: Path):
    with pytest.raises(ValueError, match="--event-url was given 3 times") as refused:
        app_configs([everything, helper], [A, A, B])

    assert str(refused.value) == (
        "--event-url was given 3 times for 2 manifests. Give it once for each, or once for each whose "
        f"settings.socket_mode_enabled is not true: {helper}."
    )


def test_two_addresses_for_one_manifest_are_refused(everything: Path):
    result = rolefit_here("workspace", "--manifest", str(everything), "--event-url", A, "--event-url", B)

    assert (result.returncode, result.stdout) == (2, "")
    assert "--event-url was given 2 times for 1 manifest. Give it once for each." in result.stderr


async def test_the_command_serves_several_apps(everything: Path, helper: Path):
    given = ("--manifest", str(everything), "--manifest", str(helper), "--event-url", A)
    async with command_line(*given) as started:
        assert started.stdout is not None
        async with asyncio.timeout(PATIENCE):
            lines = [(await started.stdout.readline()).decode().strip() for _ in range(9)]
        async with Workspace.connect(lines[0].removeprefix("The local workspace is at ")) as workspace:
            apps = (await workspace.state(workspace.onlooker))["apps"]

    assert lines[2:8:3] == [f"Rolefit ({everything}), over Socket Mode:", f"Helper ({helper}), over HTTP at {A}:"]
    assert [app["name"] for app in apps] == ["Rolefit", "Helper"]


def test_what_is_printed_says_whose_tokens_they_are(everything: Path, helper: Path):
    config = WorkspaceConfig(manifest=everything, more_apps=(AppConfig(manifest=helper, events_url=B),), port=1)

    assert introduction(config, config.url).splitlines() == [
        "The local workspace is at http://127.0.0.1:1",
        "  SLACK_API_URL=http://127.0.0.1:1/api/",
        f"  Rolefit ({everything}), over Socket Mode:",
        "    SLACK_BOT_TOKEN=xoxb-local",
        "    SLACK_APP_TOKEN=xapp-local",
        f"  Helper ({helper}), over HTTP at {B}:",
        "    SLACK_BOT_TOKEN=xoxb-local-2",
        "    SLACK_SIGNING_SECRET=local-signing-secret-2",
        "Stop it with Ctrl-C.",
    ]
