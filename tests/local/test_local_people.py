"""What people may see and do, who may drive the workspace, and how it starts and stops."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.local.config import WorkspaceConfig
from bot.local.server import serve
from tests.workspace import MANIFEST, SEED, RefusedError, Workspace, shown

Json = dict[str, Any]


async def test_a_page_starts_with_people_channels_commands_and_the_bot(workspace: Workspace):
    state = await workspace.state("U_ANA")

    assert {each["id"] for each in state["people"]} == {
        "U_ANA",
        "U_BEN",
        "U_MEI",
        "U_TOM",
        "U_EVE",
        "U_KIM",
        "U_ROLEFIT",
    }
    channels = [(channel["id"], channel["is_private"]) for channel in state["channels"]]
    assert channels == [("C_ASK", False), ("C_GENERAL", False), ("C_PARTNER", False)]
    assert state["commands"][0]["command"] == "/rolefit"
    [app] = state["apps"]
    assert app == {
        "id": "A_ROLEFIT",
        "user": "U_ROLEFIT",
        "name": "Rolefit",
        "connected": False,
        "home_enabled": True,
    }


async def test_a_guest_and_an_outsider_see_only_their_own_channels(workspace: Workspace):
    assert [each["id"] for each in (await workspace.state("U_EVE"))["channels"]] == ["C_ASK"]
    assert "C_LEADS" in [each["id"] for each in (await workspace.state("U_BEN"))["channels"]]
    for user, channel in (("U_EVE", "C_GENERAL"), ("U_ANA", "C_LEADS")):
        with pytest.raises(RefusedError, match="channel_not_found"):
            await workspace.messages(channel, user)


REFUSED: list[tuple[str, str, Json, str]] = [
    ("post", "U_TOM", {"channel": "C_ASK", "text": "x"}, "user_disabled"),
    ("post", "U_ROLEFIT", {"channel": "C_ASK", "text": "x"}, "user_not_found"),
    ("post", "U_ANA", {"channel": "U_TOM", "text": "x"}, "user_disabled"),
    ("post", "U_ANA", {"channel": "U_ANA", "text": "x"}, "cannot_dm_self"),
    ("post", "U_ANA", {"channel": "C_ASK"}, "missing_argument"),
    ("post", "U_ANA", {"channel": "C_ASK", "text": "x", "thread_ts": "1.0"}, "thread_not_found"),
    ("edit", "U_ANA", {"channel": "C_ASK", "ts": "1.0", "text": "x"}, "message_not_found"),
    ("join", "U_ANA", {"channel": "C_LEADS"}, "channel_not_found"),
    ("invite", "U_ANA", {"channel": "C_ASK", "user": "U_TOM"}, "user_not_found"),
    ("channel", "U_ANA", {"name": "general"}, "name_taken"),
    ("channel", "U_ANA", {"name": "quiet> <!channel"}, "invalid_name_specials"),
    ("channel", "U_ANA", {"name": "q" * 81}, "invalid_name_maxlength"),
    ("group", "U_ANA", {"users": ["U_NONE"]}, "user_not_found"),
    ("view_submit", "U_ANA", {"view_id": "V0", "values": {}}, "view_not_found"),
    ("view_submit", "U_ANA", {"view_id": "V0", "values": {"a": "b"}}, "invalid_values"),
    ("shortcut", "U_ANA", {"callback_id": "nonsense"}, "unknown_shortcut"),
    ("shortcut", "U_ANA", {"callback_id": "explain"}, "message_not_found"),
    ("faults", "U_ANA", {"api": [{"nonsense": 1}]}, "invalid_fault"),
]


@pytest.mark.parametrize(("what", "user", "given", "error"), REFUSED)
async def test_what_a_person_cannot_do(workspace: Workspace, what: str, user: str, given: Json, error: str):
    with pytest.raises(RefusedError, match=error):
        await workspace._do(what, user, given)


async def test_somebody_of_another_organisation_is_told_apart(workspace: Workspace, client):
    assert [each["id"] for each in (await workspace.state("U_KIM"))["channels"]] == ["C_PARTNER"]
    person = (await client.users_info(user="U_KIM"))["user"]
    assert (person["team_id"], person["is_stranger"]) == ("T_PARTNER", True)
    with pytest.raises(RefusedError, match="not_in_workspace"):
        await workspace.command("U_KIM", "C_PARTNER", "/rolefit")


async def test_nobody_changes_what_somebody_else_said(workspace: Workspace):
    said = await workspace.post("U_BEN", "C_ASK", "mine")
    for what in ("edit", "delete"):
        with pytest.raises(RefusedError, match="not_own_message"):
            await workspace._do(what, "U_ANA", {"channel": "C_ASK", "ts": said, "text": "x"})


async def test_people_talk_directly_and_in_groups(workspace: Workspace, client):
    direct = await workspace.post("U_ANA", "U_BEN", "just us")
    group = await workspace._do("group", "U_ANA", {"users": ["U_BEN", "U_ROLEFIT"]})
    await workspace.post("U_ANA", group["channel"]["id"], "the three of us")

    assert direct.channel == await workspace.direct("U_BEN", "U_ANA")
    assert [each["text"] for each in await workspace.messages(direct.channel, "U_BEN")] == ["just us"]
    assert group["channel"]["is_mpim"] is True
    assert (await client.conversations_history(channel=group["channel"]["id"]))["messages"][0]["text"] == (
        "the three of us"
    )
    with pytest.raises(RefusedError, match="channel_not_found"):
        await workspace.messages(direct.channel, "U_MEI")


async def test_unread_counts_what_others_said_until_it_is_read(workspace: Workspace, client):
    async def unread(user: str) -> int:
        [channel] = [each for each in (await workspace.state(user))["channels"] if each["id"] == "C_GENERAL"]
        return int(channel["unread"])

    root = await workspace.post("U_ANA", "C_GENERAL", "one")
    await client.chat_postMessage(channel="C_GENERAL", text="a reply", thread_ts=root)
    last = await workspace.post("U_BEN", "C_GENERAL", "two")

    assert [await unread(user) for user in ("U_ANA", "U_BEN", "U_MEI")] == [1, 0, 2]
    await workspace.read("U_MEI", "C_GENERAL", last)
    assert await unread("U_MEI") == 0


async def test_a_permalink_leads_to_the_page_at_that_message(workspace: Workspace, client):
    root = await workspace.post("U_ANA", "C_ASK", "root")
    reply = await workspace.post("U_ANA", "C_ASK", "reply", thread_ts=root)

    link = (await client.chat_getPermalink(channel="C_ASK", message_ts=reply))["permalink"]

    assert link == f"{workspace.url}/?channel=C_ASK&ts={reply}&thread_ts={root}&cid=C_ASK"


async def test_the_inspector_shows_exchanges_without_tokens(workspace: Workspace, client):
    await client.chat_postMessage(channel="C_ASK", text="hello")
    await client.api_call("auth.test", params={"token": workspace.bot_token})

    entries = await workspace.traffic()
    assert [(each["name"], each["status"]) for each in entries if each["kind"] == "api"] == [
        ("chat.postMessage", "ok"),
        ("auth.test", "ok"),
    ]
    assert workspace.bot_token not in str(entries)
    last = entries[-1]["n"]
    assert (await workspace._get("traffic", {"after": str(last)}))["entries"] == []


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/local/state?as=U_ANA", {"Host": "evil.example"}),
        ("GET", "/", {"Host": "evil.example:80"}),
        ("POST", "/local/post", {"Origin": "https://evil.example"}),
        ("POST", "/local/post", {"Origin": "http://127.0.0.1:1"}),
        ("GET", "/local/stream?as=U_ANA", {"Origin": "null"}),
        ("GET", "/local/home?as=U_ANA", {"Sec-Fetch-Site": "cross-site"}),
    ],
)
async def test_other_sites_cannot_drive_it(workspace: Workspace, method: str, path: str, headers: dict[str, str]):
    async with workspace._session.request(method, workspace.url + path, headers=headers, json={}) as response:
        assert response.status == 403


async def test_its_own_page_can_drive_it(workspace: Workspace):
    own = {"Origin": workspace.url, "Sec-Fetch-Site": "same-origin"}
    given = {"as": "U_ANA", "channel": "C_ASK", "text": "x"}
    async with workspace._session.post(f"{workspace.url}/local/post", headers=own, json=given) as response:
        assert response.status == 200
    async with workspace._session.get(workspace.url) as page:
        assert (page.status, page.content_type) == (200, "text/html")


async def test_a_taken_port_and_a_public_address_are_refused_in_plain_words(workspace: Workspace):
    port = int(workspace.url.rsplit(":", maxsplit=1)[-1])
    with pytest.raises(OSError, match=f"Port {port} on 127.0.0.1 is in use"):
        await serve(WorkspaceConfig(manifest=MANIFEST, port=port), print)
    with pytest.raises(ValueError, match="loopback"):
        await serve(WorkspaceConfig(manifest=MANIFEST, host="0.0.0.0"), print)


async def test_a_missing_manifest_leaves_no_port_behind(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        await serve(WorkspaceConfig(manifest=tmp_path / "none.yaml"), print)


async def test_it_stops_within_a_second_with_bots_and_pages_connected(listen):
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    server = asyncio.create_task(serve(WorkspaceConfig(manifest=MANIFEST, seed=SEED), url.set_result))
    async with Workspace.connect(await url) as workspace:
        bot = await listen(workspace)
        await workspace.post("U_ANA", "C_ASK", "unanswered")  # its acknowledgement is awaited
        await bot.take(ack=False)
        waiting = asyncio.create_task(workspace._get("settled", {"timeout": "60"}))
        watched = asyncio.create_task(workspace.until(lambda: _never(workspace), "U_ANA"))
        await workspace.state("U_ANA")

        server.cancel()
        async with asyncio.timeout(1):
            await asyncio.gather(server, return_exceptions=True)

        assert (await bot.socket.receive(timeout=1)).type is aiohttp.WSMsgType.CLOSE
        results = await asyncio.gather(waiting, watched, return_exceptions=True)
        assert isinstance(results[0], RefusedError | aiohttp.ClientError)
        assert isinstance(results[1], AssertionError | aiohttp.ClientError)


async def _never(workspace: Workspace) -> bool:
    return not await workspace.state("U_ANA")


async def test_a_wait_in_vain_shows_the_conversation(workspace: Workspace):
    asked = await workspace.mention("U_ANA", "C_ASK", "anybody?")

    async def answered() -> bool:
        return len(await workspace.thread("C_ASK", asked, "U_ANA")) > 1

    with pytest.raises(AssertionError, match=r"(?s)waited 0.05 s in vain.*<@U_ROLEFIT> anybody\?.*app_mention"):
        await workspace.until(answered, "U_ANA", patience=0.05)


def test_shown_gives_what_a_person_reads():
    message = {
        "text": "only for notifications",
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "a &amp; b <https://x.example|link> <@U_ANA>"}},
            {
                "type": "table",
                "rows": [
                    [{"type": "raw_text", "text": "R"}, {"type": "raw_number", "value": 7, "text": "7 %"}],
                    [{"type": "rich_text", "elements": [RICH]}, {"type": "raw_text", "text": "–"}],
                ],
            },
            {
                "type": "data_visualization",
                "title": "Fit",
                "chart": {"type": "pie", "segments": [{"label": "IC", "value": 3}]},
            },
        ],
    }
    assert shown(message).splitlines() == [
        "a & b link <@U_ANA>",
        "R | 7 %",
        "bold https://x.example | –",
        "Fit",
        "IC: 3",
    ]


RICH = {
    "type": "rich_text_section",
    "elements": [{"type": "text", "text": "bold "}, {"type": "link", "url": "https://x.example"}],
}
