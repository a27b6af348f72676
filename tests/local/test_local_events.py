"""What the bot hears, in which form, and what happens when it doesn't answer."""

import asyncio
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from tests.local.conftest import App, Clock, client_of, link, socket_mode
from tests.workspace import RefusedError, Workspace, shown


async def test_bolt_answers_a_mention_in_its_thread(app: App):
    workspace = app.workspace

    @app.event("app_mention")
    async def answer(event, say):
        await say("5 < 6 & <https://example.com|why>", thread_ts=event["ts"])

    asked = await workspace.mention("U_ANA", "C_ASK", "<@U_BOT> is 5 less than 6?")

    [answer_seen] = await workspace.replies(asked)
    assert answer_seen["text"] == "5 &lt; 6 &amp; <https://example.com|why>"
    assert shown(answer_seen) == "5 < 6 & why"
    assert answer_seen["bot_id"] == "B_ROLEFIT"


async def test_a_mention_arrives_twice_with_one_ts_and_two_event_ids(workspace, listen):
    bot = await listen(workspace)

    asked = await workspace.mention("U_ANA", "C_ASK", "hello")

    first, second = await bot.take(), await bot.take()
    payloads = [first["payload"], second["payload"]]
    assert [each["event"]["type"] for each in payloads] == ["message", "app_mention"]
    assert {each["event"]["ts"] for each in payloads} == {str(asked)}
    assert payloads[0]["event"]["client_msg_id"] == payloads[1]["event"]["client_msg_id"]
    assert payloads[0]["event_id"] != payloads[1]["event_id"]
    assert payloads[0]["event"]["channel_type"] == "channel"
    [block] = payloads[1]["event"]["blocks"]
    assert block["elements"][0]["elements"][0] == {"type": "user", "user_id": "U_ROLEFIT"}
    assert (first["retry_attempt"], first["accepts_response_payload"]) == (0, False)


async def test_a_reply_says_who_began_its_thread(workspace, listen, client):
    bot = await listen(workspace)
    ours = (await client.chat_postMessage(channel="C_ASK", text="Can somebody answer this?"))["ts"]
    theirs = await workspace.post("U_ANA", "C_ASK", "lunch at 12?")
    to_us = await workspace.post("U_BEN", "C_ASK", "I can", ours)
    await workspace.post("U_BEN", "C_ASK", "at 1", theirs)
    await workspace.edit(to_us, "I could")

    told = await bot.take_events(5)

    assert [each.get("parent_user_id") for each in told[:4]] == [None, None, "U_ROLEFIT", "U_ANA"]
    assert told[4]["message"]["parent_user_id"] == "U_ROLEFIT"


async def test_where_the_bot_is_no_member_it_hears_nothing_and_cannot_answer(workspace, listen, client):
    bot = await listen(workspace)
    channel = await workspace.create_channel("U_ANA", "quiet")
    await workspace.post("U_ANA", channel, "not for the bot")
    await workspace.mention("U_ANA", channel, "for the bot")
    await workspace.post("U_ANA", "C_ASK", "the end")

    [end] = await bot.take_events(1)

    assert end["text"] == "the end"
    with pytest.raises(SlackApiError, match="not_in_channel"):
        await client.chat_postMessage(channel=channel, text="hello")


async def test_a_mention_arrives_once_the_bot_is_invited_because_of_it(workspace, listen):
    bot = await listen(workspace)
    channel = await workspace.create_channel("U_ANA", "quiet")
    watcher = await workspace._watch("U_ANA")
    asked = await workspace.mention("U_ANA", channel, "are you there?")

    async def offered() -> dict[str, Any] | None:
        return next((each for each in watcher.events if each["type"] == "notice"), None)

    offer = await workspace.until(offered, "U_ANA")

    await workspace._do("invite", "U_ANA", {"channel": channel, **offer["invite"]})

    joined, member, mention = await bot.take_events(3)
    assert (joined["subtype"], member["type"]) == ("channel_join", "member_joined_channel")
    assert (mention["type"], mention["ts"], mention["channel"]) == ("app_mention", str(asked), channel)


async def test_a_bot_that_is_removed_hears_of_it_and_of_nothing_more(workspace, listen, client):
    bot = await listen(workspace)
    await workspace._do("remove", "U_ANA", {"channel": "C_GENERAL", "user": "U_ROLEFIT"})
    await workspace.post("U_ANA", "C_GENERAL", "not for the bot")
    await workspace.post("U_ANA", "C_ASK", "the end")

    left, gone, end = await bot.take_events(3)

    assert (left["type"], left["user"]) == ("member_left_channel", "U_ROLEFIT")
    assert (gone["type"], gone["channel"], gone["actor_id"]) == ("channel_left", "C_GENERAL", "U_ANA")
    assert end["text"] == "the end"
    with pytest.raises(SlackApiError, match="not_in_channel"):
        await client.chat_postMessage(channel="C_GENERAL", text="hello")


async def test_nobody_posts_to_an_archived_channel_until_it_is_back(workspace, listen, client):
    bot = await listen(workspace)
    await workspace._do("archive", "U_ANA", {"channel": "C_GENERAL"})
    with pytest.raises(RefusedError, match="is_archived"):
        await workspace.post("U_ANA", "C_GENERAL", "hello")
    with pytest.raises(SlackApiError, match="is_archived"):
        await client.chat_postMessage(channel="C_GENERAL", text="hello")
    assert (await client.conversations_info(channel="C_GENERAL"))["channel"]["is_archived"] is True
    await workspace._do("archive", "U_ANA", {"channel": "C_GENERAL"})
    await workspace.post("U_ANA", "C_GENERAL", "back")

    said, archived, undone, unarchived, back = await bot.take_events(5)

    assert (said["subtype"], archived["type"], archived["user"]) == ("channel_archive", "channel_archive", "U_ANA")
    assert (undone["subtype"], unarchived["type"], back["text"]) == ("channel_unarchive", "channel_unarchive", "back")


async def test_a_preview_of_a_link_is_message_changed_without_edited(workspace, listen):
    bot = await listen(workspace)
    sent = await workspace.post("U_ANA", "C_ASK", "see https://x.example/a and https://x.example/a")
    await workspace._do("unfurl", "U_ANA", {"channel": "C_ASK", "ts": sent})

    _, changed = await bot.take_events(2)

    assert changed["subtype"] == "message_changed"
    assert "edited" not in changed["message"]
    assert changed["message"]["text"] == changed["previous_message"]["text"]
    assert [each["from_url"] for each in changed["message"]["attachments"]] == ["https://x.example/a"]


async def test_a_bot_that_is_sent_too_much_is_told_so_without_an_event(workspace, listen, clock):
    bot = await listen(workspace)
    await workspace._do("limit_events", "U_ANA", {})

    payload = (await bot.take())["payload"]

    assert (payload["type"], payload["team_id"], "event" in payload) == ("app_rate_limited", "T_LOCAL", False)
    assert payload["minute_rate_limited"] % 60 == 0


async def test_a_private_channel_without_the_bot_is_not_heard_and_its_person_is_told(workspace, listen):
    bot = await listen(workspace)
    before = await workspace.notices("U_MEI")
    await workspace.mention("U_MEI", "C_LEADS", "hello")
    await workspace.post("U_MEI", "C_ASK", "the end")

    [end] = await bot.take_events(1)

    assert end["text"] == "the end"
    assert await workspace.notices("U_MEI") == [*before, "You mentioned @Rolefit, but they’re not in this channel."]


async def test_the_bot_hears_its_own_messages_and_direct_ones_without_app_mention(workspace, listen, client):
    bot = await listen(workspace)
    await client.chat_postMessage(channel="U_BEN", text="hello Ben")
    await workspace.mention("U_BEN", "U_ROLEFIT", "hello bot")
    await workspace.post("U_BEN", "C_ASK", "the end")

    own, direct, end = await bot.take_events(3)

    assert (own["bot_id"], own["user"], own["channel_type"]) == ("B_ROLEFIT", "U_ROLEFIT", "im")
    assert (direct["type"], direct["channel"]) == ("message", await workspace.direct("U_BEN"))
    assert end["text"] == "the end"


async def test_an_edit_is_message_changed_and_fires_the_mention_again(workspace, listen):
    bot = await listen(workspace)
    asked = await workspace.mention("U_ANA", "C_ASK", "helo")
    await workspace.edit(asked, "<@U_ROLEFIT> hello")

    _, _, changed, again = await bot.take_events(4)

    assert changed["subtype"] == "message_changed"
    assert (changed["previous_message"]["text"], changed["message"]["text"]) == (
        "<@U_ROLEFIT> helo",
        "<@U_ROLEFIT> hello",
    )
    assert again["type"] == "app_mention"
    assert again["ts"] == str(asked)
    assert again["edited"]["user"] == "U_ANA"
    assert again["event_ts"] > asked


async def test_deleting_a_message_tells_which_and_a_root_with_replies_leaves_a_tombstone(workspace, listen, client):
    bot = await listen(workspace)
    lonely = await workspace.post("U_ANA", "C_ASK", "never mind")
    root = await workspace.post("U_ANA", "C_ASK", "a question")
    await workspace.post("U_BEN", "C_ASK", "an answer", thread_ts=root)
    await workspace.delete(lonely)
    await workspace.delete(root)

    *_, deleted, changed = await bot.take_events(5)

    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", str(lonely))
    assert changed["message"]["subtype"] == "tombstone"
    stone, reply = (await client.conversations_replies(channel="C_ASK", ts=root))["messages"]
    assert (stone["text"], reply["text"]) == ("This message was deleted.", "an answer")


async def test_only_subscribed_events_are_sent(listen):
    async with Workspace.start() as workspace:  # app.yaml has neither reactions nor group DMs
        bot = await listen(workspace)
        said = await workspace.post("U_ANA", "C_ASK", "hello")
        await workspace.react("U_BEN", said, "wave")
        await workspace.post("U_ANA", "C_ASK", "the end")

        assert [each["text"] for each in await bot.take_events(2)] == ["hello", "the end"]


async def test_joining_reacting_and_looking_at_the_bot_are_told(workspace, listen):
    bot = await listen(workspace)
    channel = await workspace.create_channel("U_ANA", "new")
    await workspace.invite("U_ANA", channel)
    said = await workspace.post("U_ANA", channel, "hello")
    await workspace.react("U_ANA", said, "wave")
    await workspace.react("U_ANA", said, "wave")
    dm = await workspace.open("U_ANA")

    joined, member, _, added, removed, opened = await bot.take_events(6)

    assert (joined["subtype"], joined["inviter"]) == ("channel_join", "U_ANA")
    assert (member["type"], member["user"], member["channel"]) == ("member_joined_channel", "U_ROLEFIT", channel)
    assert (added["type"], added["reaction"], added["item"]["ts"]) == ("reaction_added", "wave", str(said))
    assert removed["type"] == "reaction_removed"
    assert (opened["type"], opened["tab"], opened["channel"]) == ("app_home_opened", "messages", dm)


async def test_an_unacknowledged_event_comes_again_in_a_new_envelope(everything, listen):
    async with Workspace.start(manifest=everything, ack_timeout=0.05, retry_delays=(0.0, 0.0, 0.0)) as workspace:
        bot = await listen(workspace)
        await workspace.post("U_ANA", "C_ASK", "hello")

        first, second = await bot.take(ack=False), await bot.take()
        await workspace.settled()

    assert (second["retry_attempt"], second["retry_reason"]) == (1, "timeout")
    assert first["payload"]["event_id"] == second["payload"]["event_id"]
    assert first["envelope_id"] != second["envelope_id"]


async def test_after_three_retries_an_event_is_given_up(everything, listen):
    async with Workspace.start(manifest=everything, ack_timeout=0.05, retry_delays=(0.0, 0.0, 0.0)) as workspace:
        bot = await listen(workspace)
        await workspace.post("U_ANA", "C_ASK", "hello")

        attempts = [(await bot.take(ack=False))["retry_attempt"] for _ in range(4)]
        await workspace.settled()

        assert attempts == [0, 1, 2, 3]
        sent = [each["status"] for each in await workspace.traffic("message.channels") if each["direction"] == "to_bot"]
        assert sent == ["sent", "retry 1 (timeout)", "retry 2 (timeout)", "retry 3 (timeout)"]


async def test_a_late_acknowledgement_does_not_count(everything, listen):
    async with Workspace.start(manifest=everything, ack_timeout=0.05, retry_delays=(0.0, 0.0, 0.0)) as workspace:
        bot = await listen(workspace)
        await workspace.post("U_ANA", "C_ASK", "hello")

        late = await bot.take(ack=False)
        await bot.take(ack=False)
        await bot.ack(late)

        assert (await bot.take())["retry_attempt"] == 2


async def test_an_event_waits_for_a_bot_that_comes_later(workspace, listen):
    await workspace.post("U_ANA", "C_ASK", "is anybody there?")

    bot = await listen(workspace)

    [event] = await bot.take_events(1)
    assert event["text"] == "is anybody there?"


async def test_an_event_on_a_connection_that_dies_goes_to_another_one(workspace, listen):
    doomed = await listen(workspace)
    await workspace.post("U_ANA", "C_ASK", "hello")
    lost = await doomed.take(ack=False)
    heir = await listen(workspace)

    await doomed.socket.close()

    again = await heir.take()
    assert again["payload"]["event_id"] == lost["payload"]["event_id"]
    assert again["retry_attempt"] == 1


async def test_each_payload_goes_to_one_of_several_connections(workspace, listen):
    one, other = await listen(workspace), await listen(workspace)
    assert (one.hello["num_connections"], other.hello["num_connections"]) == (1, 2)

    for text in "abcd":
        await workspace.post("U_ANA", "C_ASK", text)

    heard = [[each["text"] for each in await bot.take_events(2)] for bot in (one, other)]
    assert sorted([*heard[0], *heard[1]]) == ["a", "b", "c", "d"]


async def test_an_eleventh_connection_is_turned_away(workspace, listen):
    bots = [await listen(workspace) for _ in range(10)]

    extra = await listen(workspace)

    assert extra.hello == {"type": "disconnect", "reason": "too_many_websockets"}
    assert bots[-1].hello["num_connections"] == 10


async def test_what_comes_to_a_client_that_has_died_waits_until_that_is_known(
    workspace, listen, monkeypatch: pytest.MonkeyPatch
):
    dead, written = await listen(workspace), asyncio.Event()

    async def cannot_write(*_: object) -> None:
        written.set()
        raise ConnectionResetError

    with monkeypatch.context() as broken:
        broken.setattr(web.WebSocketResponse, "send_json", cannot_write)
        asking = asyncio.create_task(workspace.command("U_ANA", "C_ASK", "/rolefit"))
        await written.wait()
        await workspace.health()
        assert not asking.done()  # asked again at once, it would come to the same client
        await dead.socket.close()
        with pytest.raises(RefusedError, match="operation_timeout"):
            await asking

    assert not (await workspace.health())["bot_connected"]


async def test_a_link_opens_one_connection_within_half_a_minute(clock: Clock):
    async with Workspace.start(clock=clock) as workspace, aiohttp.ClientSession() as session:
        used, stale = await link(workspace), await link(workspace)
        async with session.ws_connect(used):
            with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
                await session.ws_connect(used)
        clock.now += 31
        with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
            await session.ws_connect(stale)


async def test_bolt_goes_on_after_a_refresh(workspace):
    bolt = AsyncApp(client=client_of(workspace))

    @bolt.event("app_mention")
    async def answer(event, say):
        await say("here", thread_ts=event["ts"])

    async with socket_mode(bolt, workspace):
        await workspace.refresh()
        asked = await workspace.mention("U_ANA", "C_ASK", "still there?")

        [reply] = await workspace.replies(asked)

    assert reply["text"] == "here"
    opened = await workspace.traffic("apps.connections.open")
    assert len(opened) == 2


async def test_trouble_on_demand_delivers_twice_and_out_of_order(workspace, listen):
    bot = await listen(workspace)
    await workspace.faults(twice=1)
    await workspace.post("U_ANA", "C_ASK", "twice")
    first, second = await bot.take(), await bot.take()
    assert first["payload"]["event_id"] == second["payload"]["event_id"]
    assert first["retry_attempt"] == second["retry_attempt"] == 0

    await workspace.faults(swapped=1)
    await workspace.mention("U_ANA", "C_ASK", "swapped")
    assert [each["type"] for each in await bot.take_events(2)] == ["app_mention", "message"]


async def test_settled_waits_for_acknowledgements(everything, listen):
    async with Workspace.start(manifest=everything, ack_timeout=5) as workspace:
        bot = await listen(workspace)
        await workspace.post("U_ANA", "C_ASK", "hello")
        envelope = await bot.take(ack=False)
        with pytest.raises(RefusedError):
            await workspace._get("settled", {"timeout": "0.01"})
        await bot.ack(envelope)
        await workspace.settled()
