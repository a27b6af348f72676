"""Files: announced, uploaded, shared, looked at."""

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from tests.local.test_local_refusals import refusal
from tests.workspace import Workspace


async def test_a_file_is_uploaded_shared_and_fetched_with_the_token_only(workspace: Workspace, client: AsyncWebClient):
    root = await workspace.post("U_ANA", "C_ASK", "Is there a chart?")

    uploaded = await client.files_upload_v2(
        channel="C_ASK",
        thread_ts=root,
        filename="chart.txt",
        title="A chart",
        content="a < b",
        initial_comment="Here & now",
    )

    [answer] = await workspace.replies(root)
    [file] = answer["files"]
    assert (answer["text"], answer["bot_id"]) == ("Here &amp; now", "B_ROLEFIT")
    assert (file["title"], file["mimetype"], file["size"]) == ("A chart", "text/plain", 5)
    assert "ts" not in uploaded["files"][0]
    described = (await client.files_info(file=file["id"]))["file"]
    assert (described["channels"], described["url_private"]) == (["C_ASK"], file["url_private"])
    assert await fetch(file["url_private"], f"Bearer {client.token}") == (200, "a < b")
    assert (await fetch(file["url_private"], "Bearer xoxb-other"))[0] == 302


async def fetch(url: str, authorization: str) -> tuple[int, str]:
    """Return status and text of an address, without following where it leads."""
    headers = {"Authorization": authorization}
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers, allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def test_a_file_is_not_there_before_all_of_it_has_been_uploaded(client: AsyncWebClient):
    announced = await client.files_getUploadURLExternal(filename="a.bin", length=3)
    complete = {"files": [{"id": announced["file_id"]}]}
    assert await refusal(client, "files.completeUploadExternal", **complete) == "file_not_found"

    async with aiohttp.ClientSession() as session:
        statuses = []
        for content in (b"ab", b"abc", b"abc"):
            async with session.post(announced["upload_url"], data=content) as answer:
                statuses.append(answer.status)

    assert statuses == [400, 200, 400]
    assert await refusal(client, "files.completeUploadExternal", **complete) == "ok"


async def test_a_form_may_carry_the_file(client: AsyncWebClient):
    announced = await client.files_getUploadURLExternal(filename="a.bin", length=3)
    form = aiohttp.FormData()
    form.add_field("file", b"abc", filename="a.bin")
    async with aiohttp.ClientSession() as session, session.post(announced["upload_url"], data=form) as answer:
        assert (answer.status, await answer.text()) == (200, "OK - 3")

    complete = {"files": [{"id": announced["file_id"]}], "channel_id": "C_LEADS"}
    assert await refusal(client, "files.completeUploadExternal", **complete) == "channel_not_found"
