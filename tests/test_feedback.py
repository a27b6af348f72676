"""What an answer carries: votes, why it was given, quiet, a suggestion that becomes the answer, a person to ask."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
import pytest_asyncio
from dbos._sys_db import SystemDatabase

from bot.domain.gaps import QuestionKind, message_id
from bot.domain.reply_kinds import ANSWER, UNKNOWN
from bot.knowledge import Library
from bot.settings import Settings
from bot.slack import faq, slack_calls
from bot.slack.event_payloads import MessageEvent
from bot.slack.incoming import classify
from bot.slack.slack_worker import SlackWorker
from bot.storage import HelpRequest, ReplyState, Store, Vote
from bot.storage import feedback as feedback_rows
from bot.work_records import WorkRecords
from tests import played
from tests.conftest import bot_in, free_port, rows
from tests.test_edge import FORM, Edge
from tests.workspace import BOT, Json, Sent, Workspace, buttons, elements, eventually, shown

TEAM = "T_LOCAL"
MTS = "member-of-technical-staff"
ASKS_MTS = "What does MTS stand for?"
UNCLEAR = "researchers in product teams"  # which is suggested for, and not answered


@pytest_asyncio.fixture(loop_scope="session")
async def store(workspace: Workspace, data: Path, kept_in: dict[str, Any]) -> AsyncIterator[Store]:
    """The rows of the bot in `workspace`."""
    async with rows(data, kept_in) as opened:
        yield opened


@played.once
async def answered(workspace: Workspace, /, text: str = ASKS_MTS, *, mention: bool = True) -> tuple[Sent, Json]:
    """Ask something in a channel; gives the question, and the reply as it is posted."""
    post = workspace.mention if mention else workspace.post
    asked = await post("U_ANA", "C_ASK", text)
    [reply] = await workspace.replies(asked)
    return asked, reply


async def told_in(workspace: Workspace, user: str, asked: Sent) -> list[Json]:
    """Give what is shown to a person alone in the thread of a question, or around one in a direct message."""
    shown_there = await workspace.thread(asked.channel, asked, user)
    if asked.channel.startswith("D"):
        shown_there += await workspace.messages(asked.channel, user)
    return [each for each in shown_there if each.get("ephemeral")]


async def told(workspace: Workspace, user: str, asked: Sent, *, count: int = 1) -> list[Json]:
    """Wait until so many messages are shown to a person alone in the thread of a question, and give them."""

    async def there() -> list[Json]:
        private = await told_in(workspace, user, asked)
        return private if len(private) >= count else []

    return await workspace.until(there, user)


async def changed(workspace: Workspace, user: str, asked: Sent, once: str) -> Json:
    """Wait until the message that is shown to a person alone says something, and give it."""

    async def there() -> Json | None:
        private = await told_in(workspace, user, asked)
        return next((each for each in private if once in shown(each)), None)

    return await workspace.until(there, user)


# Below an answer


async def test_an_answer_carries_what_it_is_about_votes_and_why(either_way: Workspace, library: Library):
    _, unasked = await answered(either_way, mention=False)
    _, asked = await answered(either_way, "What roles does OpenAI have?")
    directly = await either_way.post("U_ANA", "U_ROLEFIT", ASKS_MTS)
    [in_dm] = await either_way.replies(directly)

    entry = library.entries[MTS]
    said = shown(unasked)
    assert said.index(entry.answer) < said.index(f"This answers: {entry.question} · Source: ")
    assert f"by {entry.owner}" in said
    assert buttons(unasked) == ["Helpful", "Not helpful", "Why this?", "Not now"]
    assert buttons(asked) == buttons(in_dm) == ["Helpful", "Not helpful", "Why this?"]


async def test_where_slack_refuses_feedback_buttons_there_are_plain_ones_that_do_the_same(
    workspace: Workspace, store: Store
):
    await workspace.faults(api=[{"method": "chat.postMessage", "error": "invalid_blocks"}])
    asked, answer = await answered(workspace)

    kinds = {each["type"] for each in elements(answer)}
    await workspace.click("U_BEN", answer, "Helpful")
    [thanks] = await told(workspace, "U_BEN", asked)

    assert kinds == {"button"}
    assert buttons(answer) == ["Helpful", "Not helpful", "Why this?"]
    assert shown(thanks).startswith("Thank you")
    vote = await store.feedback.vote_of(TEAM, "C_ASK", answer["ts"], "U_BEN")
    assert vote
    assert vote.helpful


# Votes


@pytest.mark.both_databases
async def test_everybody_has_one_vote_and_may_change_it(workspace: Workspace, store: Store):
    asked, answer = await answered(workspace)

    await workspace.click("U_ANA", answer, "Helpful")
    await workspace.click("U_BEN", answer, "Not helpful")
    await told(workspace, "U_ANA", asked)
    [asks] = await told(workspace, "U_BEN", asked)
    await workspace.click("U_ANA", answer, "Not helpful")
    await told(workspace, "U_ANA", asked, count=2)
    await workspace.click("U_BEN", answer, "Helpful")
    await workspace.settled()

    votes = {user: await store.feedback.vote_of(TEAM, "C_ASK", answer["ts"], user) for user in ("U_ANA", "U_BEN")}
    assert {user: vote and (vote.entry, vote.helpful) for user, vote in votes.items()} == {
        "U_ANA": (MTS, False),
        "U_BEN": (MTS, True),
    }
    assert shown(asks).startswith("Thank you for saying so. What was wrong with it?")
    assert shown(await workspace.latest("U_MEI", answer)) == shown(answer)  # the count is never shown


@pytest.mark.both_databases
async def test_whom_it_did_not_help_is_asked_what_was_wrong(workspace: Workspace, store: Store):
    asked, answer = await answered(workspace)
    await workspace.click("U_BEN", answer, "Not helpful")
    [asks] = await told(workspace, "U_BEN", asked)

    await workspace.click("U_BEN", asks, "It is wrong or old")
    taken = await changed(workspace, "U_BEN", asked, "Whoever looks after the answers will see it")

    vote = await store.feedback.vote_of(TEAM, "C_ASK", answer["ts"], "U_BEN")
    assert vote
    assert (vote.helpful, vote.reason, vote.comment) == (False, "wrong_answer", None)
    assert buttons(asks) == ["It answers another question", "It is wrong or old", "Something else"]
    assert buttons(taken) == []
    assert len(await told(workspace, "U_BEN", asked)) == 1  # it stands in the place of the question


async def test_something_else_can_be_put_in_words(either_way: Workspace, tmp_path: Path):
    asked, answer = await answered(either_way)
    await either_way.click("U_BEN", answer, "Not helpful")
    [asks] = await told(either_way, "U_BEN", asked)

    await either_way.click("U_BEN", asks, "Something else")
    await either_way.submit("U_BEN", {"In your own words, if you like": " It is about <Anthropic> only. "})
    await changed(either_way, "U_BEN", asked, "Whoever looks after the answers will see it")

    async with rows(tmp_path, {}) as store:
        vote = await store.feedback.vote_of(TEAM, "C_ASK", answer["ts"], "U_BEN")
    assert vote
    assert (vote.reason, vote.comment) == ("other", "It is about <Anthropic> only.")


@pytest.mark.parametrize(
    ("metadata", "status"),
    [
        ("C_ASK {answer}", 200),  # of an answer that somebody else has voted on
        ("C_ASK 1.000001", 200),
        ("C_ASK {answer} more", 400),
        ("C_ASK <script>", 400),
        ("", 400),
        ("x" * 3001, 400),
    ],
)
async def test_a_forged_window_does_no_harm(library: Library, tmp_path: Path, metadata: str, status: int):
    port = free_port()
    events = f"http://127.0.0.1:{port}/slack/events"
    async with Workspace.start(events_url=events) as workspace, bot_in(workspace, library, tmp_path, port=port):
        asked, answer = await answered(workspace)
        await workspace.click("U_BEN", answer, "Not helpful")
        await told(workspace, "U_BEN", asked)
        view = {
            "type": "modal",
            "callback_id": "faq_comment",
            "private_metadata": metadata.format(answer=answer["ts"]),
            "state": {"values": {"b": {"faq_comment": {"type": "plain_text_input", "value": "Forged"}}}},
        }
        payload = {"type": "view_submission", "team": {"id": TEAM}, "user": {"id": "U_MEI"}, "view": view}
        body = urlencode({"payload": json.dumps(payload)}).encode()
        async with aiohttp.ClientSession() as session, rows(tmp_path, {}) as store:
            form = {**Edge(port, workspace, session).signed(body), "Content-Type": FORM}
            given, _ = await Edge(port, workspace, session).post(body, form)

            assert given == status
            assert await store.feedback.vote_of(TEAM, "C_ASK", answer["ts"], "U_MEI") is None
            vote = await store.feedback.vote_of(TEAM, "C_ASK", answer["ts"], "U_BEN")
            assert vote
            assert vote.comment is None


@pytest.mark.parametrize("trouble", [{"error": "expired_trigger_id"}, {"error": None, "reset": True}])
async def test_a_window_that_slack_does_not_open_loses_no_reason(workspace: Workspace, store: Store, trouble: Json):
    asked, answer = await answered(workspace)
    await workspace.click("U_BEN", answer, "Not helpful")
    [asks] = await told(workspace, "U_BEN", asked)
    await workspace.faults(api=[{"method": "views.open", **trouble}])

    await workspace.click("U_BEN", asks, "Something else")
    await changed(workspace, "U_BEN", asked, "Whoever looks after the answers will see it")

    vote = await store.feedback.vote_of(TEAM, "C_ASK", answer["ts"], "U_BEN")
    assert vote
    assert vote.reason == "other"
    assert (await workspace.view("U_BEN") is None) is (trouble["error"] is not None)  # or the answer alone was lost


@pytest.mark.both_databases
async def test_an_answer_that_did_not_help_is_a_gap_for_as_long_as_somebody_says_so(workspace: Workspace, store: Store):
    asked, answer = await answered(workspace)
    gap = f"vote:{message_id('C_ASK', asked)}"

    for user in ("U_ANA", "U_BEN"):
        await workspace.click(user, answer, "Not helpful")
        await told(workspace, user, asked)
    await workspace.settled()
    kept = await store.gaps.get(TEAM, gap)
    await workspace.click("U_ANA", answer, "Helpful")
    await workspace.settled()
    still = await store.gaps.get(TEAM, gap)
    await workspace.click("U_BEN", answer, "Helpful")
    await workspace.settled()

    assert kept
    assert still == kept
    assert (kept.user, kept.kind, kept.text, kept.entry) == ("U_ANA", QuestionKind.NOT_HELPFUL, ASKS_MTS, MTS)
    assert await store.gaps.get(TEAM, gap) is None


async def test_what_nobody_put_to_the_bot_is_not_kept_when_it_did_not_help(workspace: Workspace, store: Store):
    asked, answer = await answered(workspace, mention=False)

    await workspace.click("U_BEN", answer, "Not helpful")
    await told(workspace, "U_BEN", asked)
    await workspace.settled()

    assert await store.gaps.listed(TEAM) == []
    assert await store.feedback.vote_of(TEAM, "C_ASK", answer["ts"], "U_BEN")


async def test_who_is_no_member_of_the_channel_is_answered_all_the_same(workspace: Workspace, store: Store):
    _, answer = await answered(workspace)
    await workspace.faults(api=[{"method": "chat.postEphemeral", "error": "user_not_in_channel"}])

    await workspace.click("U_BEN", answer, "Helpful")

    async def thanked() -> bool:
        private = [each for each in await workspace.messages("C_ASK", "U_BEN") if each.get("ephemeral")]
        return any(shown(each).startswith("Thank you") for each in private)

    await workspace.until(thanked, "U_BEN")
    assert await store.feedback.vote_of(TEAM, "C_ASK", answer["ts"], "U_BEN")


# Why


async def test_why_is_told_to_one_person_in_words(either_way: Workspace, library: Library):
    asked, answer = await answered(either_way, "What does MTS stand for at Anthropic?", mention=False)

    await either_way.click("U_BEN", answer, "Why this?")
    [why] = await told(either_way, "U_BEN", asked)

    said = shown(why)
    assert said.startswith(f"I took it for: {library.entries[MTS].question}")
    assert "“mts” (which I read as “member of technical staff”), " in said
    assert "I was quite certain." in said
    assert "Nothing else came near." in said
    assert "The answer rests on: Field guide to AI roles: What does" in said
    assert "%" not in said
    assert "0." not in said
    assert not [each for each in await either_way.thread("C_ASK", asked, "U_ANA") if each.get("ephemeral")]


async def test_why_reads_the_message_as_it_is_now(workspace: Workspace):
    root = await workspace.post("U_ANA", "C_ASK", "lunch at 12?")
    asked = await workspace.mention("U_ANA", "C_ASK", ASKS_MTS, root)
    [answer] = await workspace.replies(asked)

    await workspace.click("U_BEN", answer, "Why this?")
    [before] = await told(workspace, "U_BEN", root)
    await workspace.edit(asked, f"<@{BOT}> What does MTS mean?")
    await workspace.settled()
    await workspace.click("U_BEN", answer, "Why this?")
    *_, edited = await told(workspace, "U_BEN", root, count=2)
    await workspace.post("U_MEI", "C_ASK", "So that is what it means", root)  # and so the answer stays
    await workspace.delete(asked)
    await workspace.settled()
    await workspace.click("U_BEN", answer, "Why this?")
    *_, deleted = await told(workspace, "U_BEN", root, count=3)

    assert shown(before).startswith("I took it for: ")
    assert shown(edited).startswith("The message has been edited since I answered")
    assert "I took it for: " in shown(edited)
    assert shown(deleted) == "The message that I answered is not there any more, and I keep no copy of it."


async def test_why_says_that_an_answer_was_chosen(workspace: Workspace):
    asked = await workspace.mention("U_ANA", "C_ASK", "researchers in product teams")
    [offer] = await workspace.replies(asked)
    await workspace.click("U_ANA", offer, buttons(offer)[0])
    answer = await workspace.latest("U_ANA", offer, once=lambda now: "Why this?" in buttons(now))
    await workspace.settled()

    await workspace.click("U_ANA", answer, "Why this?")
    [why] = await told(workspace, "U_ANA", asked)

    assert shown(why).startswith(
        f"It was chosen from what I suggested, as I was not sure what was meant: {buttons(offer)[0]}"
    )
    assert "certain" not in shown(why)


async def test_why_explains_each_of_two_answers(workspace: Workspace, library: Library):
    asked, answer = await answered(workspace, "What does MTS mean? And do we need a research team to do AI R&amp;D?")

    await workspace.click("U_BEN", answer, "Why this?")
    [why] = await told(workspace, "U_BEN", asked)

    for entry in (MTS, "need-research-team"):
        assert f"I took it for: {library.entries[entry].question}" in shown(why)


async def test_why_in_a_thread_is_read_with_what_was_answered_there_before(workspace: Workspace, library: Library):
    asked = await workspace.post("U_ANA", "C_ASK", "What roles does OpenAI have?")
    await workspace.replies(asked)
    await workspace.post("U_BEN", "C_ASK", "and at DeepMind?", asked)
    *_, answer = await workspace.replies(asked, count=3)

    await workspace.click("U_ANA", answer, "Why this?")
    [why] = await told(workspace, "U_ANA", asked)

    assert f"I took it for: {library.entries['deepmind-roles'].question}" in shown(why)
    assert "would not answer it like that any more" not in shown(why)


# Not now


@pytest.mark.both_databases
async def test_not_now_keeps_it_quiet_in_that_thread(workspace: Workspace, store: Store):
    asked, answer = await answered(workspace, mention=False)

    for _ in range(2):
        await workspace.click("U_BEN", answer, "Not now")
    [first, _] = await told(workspace, "U_BEN", asked, count=2)
    await workspace.post("U_MEI", "C_ASK", "What roles does OpenAI have?", asked)
    await workspace.settled()

    assert shown(first) == "I’ll keep quiet in this thread unless somebody mentions me."
    assert (await store.replies.around(TEAM, "C_ASK", asked, "U_ANA", [])).hushed
    public = [each for each in await workspace.thread("C_ASK", asked, "U_ANA") if not each.get("ephemeral")]
    assert [each["user"] for each in public] == ["U_ANA", BOT, "U_MEI"]


# Did you mean


@pytest.mark.both_databases
async def test_a_suggestion_becomes_the_answer_in_place_and_whoever_clicks_first_decides(
    workspace: Workspace, library: Library, store: Store
):
    asked, offer = await answered(workspace, UNCLEAR)
    first, second, *_, none = buttons(offer)

    await workspace.click("U_ANA", offer, first)
    answer = await workspace.latest("U_BEN", offer, once=lambda now: "Why this?" in buttons(now))
    await workspace.click_as_shown("U_BEN", offer, second)
    await workspace.click_as_shown("U_BEN", offer, none)
    await workspace.settled()

    [chosen] = [entry for entry in library.entries.values() if entry.question.startswith(first.removesuffix("…"))]
    assert none == "None of these"
    assert shown(answer).startswith(chosen.answer)
    assert shown(await workspace.latest("U_BEN", offer)) == shown(answer)
    assert len(await workspace.replies(asked)) == 1
    reply = await store.replies.of_answer(TEAM, "C_ASK", offer["ts"])
    assert reply
    assert (reply.kind, reply.entries, reply.state) == (ANSWER, (chosen.id,), ReplyState.POSTED)


@pytest.mark.both_databases
async def test_only_who_asked_can_say_that_none_was_meant(workspace: Workspace, library: Library):
    asked, offer = await answered(workspace, UNCLEAR)

    await workspace.click("U_BEN", offer, "None of these")
    await changed(workspace, "U_BEN", asked, library.words.feedback.not_yours_to_decline)
    await workspace.settled()
    still = await workspace.latest("U_ANA", offer, once=lambda now: bool(buttons(now)))
    assert "None of these" in buttons(still)

    await workspace.click("U_ANA", offer, "None of these")
    await workspace.latest("U_ANA", offer, once=lambda now: not buttons(now))


async def test_none_of_these_names_who_can_be_asked_about_the_bot(workspace: Workspace, library: Library):
    have_support("help@example.com", library)
    _, offer = await answered(workspace, UNCLEAR)

    await workspace.click("U_ANA", offer, "None of these")

    now = await workspace.latest("U_ANA", offer, once=lambda now: not buttons(now))
    assert "help@example.com" in shown(now)
    assert library.words.feedback.or_ask_admin not in shown(now)


@pytest.mark.both_databases
async def test_none_of_these_says_what_now(workspace: Workspace, store: Store, library: Library):
    asked, offer = await answered(workspace, UNCLEAR)

    await workspace.click("U_ANA", offer, "None of these")
    now = await workspace.latest("U_ANA", offer, once=lambda now: not buttons(now))
    await workspace.settled()

    assert shown(now).startswith("Sorry, then I have no answer to that.")
    assert library.words.feedback.or_ask_admin in shown(now)
    reply = await store.replies.of_answer(TEAM, "C_ASK", offer["ts"])
    assert reply
    assert (reply.kind, reply.entries) == (UNKNOWN, ())
    assert len(await workspace.replies(asked)) == 1


async def test_suggestions_for_an_edited_question_are_decided_about_anew(workspace: Workspace, library: Library):
    asked, offer = await answered(workspace, UNCLEAR)
    await workspace.click("U_ANA", offer, buttons(offer)[0])
    await workspace.latest("U_ANA", offer, once=lambda now: "Helpful" in buttons(now))

    await workspace.edit(asked, f"<@{BOT}> what happens to titles at flat labs?")
    again = await workspace.latest("U_ANA", offer, once=lambda now: "None of these" in buttons(now))
    await workspace.click("U_BEN", again, buttons(again)[1])
    now = await workspace.latest("U_ANA", offer, once=lambda now: "Helpful" in buttons(now))

    said = buttons(again)[1].removesuffix("…")
    [chosen] = [entry for entry in library.entries.values() if entry.question.startswith(said)]
    assert shown(now).startswith(chosen.answer)


async def test_a_suggestion_for_what_the_question_was_before_is_not_taken(workspace: Workspace, library: Library):
    asked, offer = await answered(workspace, UNCLEAR)
    await workspace.edit(asked, f"<@{BOT}> {ASKS_MTS}")
    await workspace.latest("U_ANA", offer, once=lambda now: "Helpful" in buttons(now))

    await workspace.click_as_shown("U_BEN", offer, buttons(offer)[0])
    [told_so] = await told(workspace, "U_BEN", asked)

    assert shown(told_so).startswith("The question has changed in the meantime")
    assert shown(await workspace.latest("U_BEN", offer)).startswith(library.entries[MTS].answer)


async def test_a_chosen_suggestion_can_be_voted_on(either_way: Workspace):
    asked, offer = await answered(either_way, UNCLEAR)
    await either_way.click("U_ANA", offer, buttons(offer)[0])
    answer = await either_way.latest("U_ANA", offer, once=lambda now: "Helpful" in buttons(now))

    await either_way.click("U_ANA", answer, "Helpful")
    [thanks] = await told(either_way, "U_ANA", asked)

    assert shown(thanks).startswith("Thank you")


# Asking a person


async def editors_in(store: Store, channel: str = "C_GENERAL") -> None:
    await store.feedback.set_editors_channel(TEAM, channel, by="U_MEI")


async def passed_on(workspace: Workspace, channel: str = "C_GENERAL") -> Json:
    """Wait for the message that passes a question on, and give it."""

    async def there() -> Json | None:
        ours = [each for each in await workspace.messages(channel, "U_MEI") if each["user"] == BOT]
        return ours[-1] if ours else None

    return await workspace.until(there, "U_MEI")


WANTS_PERSON = ("How do I talk to a person about this?", "can I please speak to a human?", "are you stupid?")


@pytest.mark.parametrize("text", WANTS_PERSON)
async def test_who_wants_a_person_gets_the_button_that_asks_one(workspace: Workspace, store: Store, text: str):
    await editors_in(store)
    [reply] = await workspace.replies(await workspace.post("U_BEN", BOT, text))

    await workspace.click("U_BEN", reply, "Ask a person")
    request = await passed_on(workspace)

    assert "asked me something in a direct message, and would like a person to answer it" in shown(request)


def have_support(support: str | None, library: Library) -> None:
    """Have the bot that runs go on as with this in ROLEFIT_SUPPORT."""
    SlackWorker.bind_all(replace(faq.faq_worker._services, support=support), library)


async def test_where_nobody_can_be_asked_by_a_button_it_says_whom_to_ask(workspace: Workspace, library: Library):
    for support, expected in ((None, library.words.feedback.no_person), ("help@example.com", "help@example.com")):
        have_support(support, library)
        for text in WANTS_PERSON:
            [reply] = await workspace.replies(await workspace.post("U_BEN", BOT, text))

            assert expected in shown(reply)
            assert buttons(reply) == []


@pytest.mark.both_databases
async def test_a_question_is_passed_on_to_the_editors_and_who_asked_hears_of_the_reply_once(
    workspace: Workspace, store: Store, library: Library
):
    await editors_in(store)
    asked, answer = await answered(workspace)
    await workspace.click("U_BEN", answer, "Not helpful")
    [asks] = await told(workspace, "U_BEN", asked)
    await workspace.click("U_BEN", asks, "It answers another question")
    asks = await changed(workspace, "U_BEN", asked, "Whoever looks after")

    await workspace.click("U_BEN", asks, "Ask a person")
    done = await changed(workspace, "U_BEN", asked, "I have passed it on to ")
    request = await passed_on(workspace)
    await workspace.post("U_BEN", "C_GENERAL", "I would really like to know", request["ts"])  # who wanted to know
    await workspace.settled()
    before = await store.feedback.help_request(TEAM, "C_GENERAL", request["ts"])
    await workspace.post("U_MEI", "C_GENERAL", "It is one title for many roles.", request["ts"])
    [news] = await workspace.dm("U_BEN", count=1)
    await workspace.post("U_ANA", "C_GENERAL", "what does MTS mean, in short?", request["ts"])
    await workspace.settled()

    said = shown(request)
    assert "<@U_BEN> asked me this question, and would like a person to answer it." in said
    assert f"I answered: {library.entries[MTS].question}" in said
    assert "What was wrong: it answers another question." in said
    assert ASKS_MTS not in said
    assert f"channel=C_ASK&amp;ts={asked}" in request["text"] or f"channel=C_ASK&ts={asked}" in request["text"]
    assert "<#C_GENERAL>" in shown(done) or "C_GENERAL" in shown(done)
    assert before == HelpRequest("C_GENERAL", request["ts"], "U_BEN", "C_ASK", asked, MTS)
    now = await workspace.latest("U_MEI", request, once=lambda now: "Answered by" in shown(now))
    assert "Answered by <@U_MEI>." in shown(now)
    assert shown(news).startswith("<@U_MEI> has written something about this question of yours: read the reply.")
    assert len(await workspace.dm("U_BEN")) == 1
    assert [each["user"] for each in await workspace.thread("C_GENERAL", request["ts"], "U_MEI")] == [
        BOT, "U_BEN", "U_MEI", "U_ANA",
    ]  # fmt: skip


async def test_the_owner_of_an_answer_is_asked_and_says_so_in_the_direct_message(library: Library, tmp_path: Path):
    owned = with_entry(library, owner="Mei Lin (U_MEI)")
    port = free_port()
    events = f"http://127.0.0.1:{port}/slack/events"
    async with Workspace.start(events_url=events) as workspace, bot_in(workspace, owned, tmp_path, port=port):
        asked, answer = await answered(workspace)
        await workspace.click("U_BEN", answer, "Not helpful")
        [asks] = await told(workspace, "U_BEN", asked)
        await workspace.click("U_BEN", asks, "Ask a person")
        await changed(workspace, "U_BEN", asked, "I have passed it on to <@U_MEI>")
        [request] = await workspace.dm("U_MEI", count=1)

        await workspace.post("U_MEI", "U_ROLEFIT", "done, have a look", request["ts"])
        [news] = await workspace.dm("U_BEN", count=1)
        await workspace.settled()

        assert "by Mei Lin" in shown(answer)
        assert "It did not help." in shown(request)
        assert shown(news) == "<@U_MEI> has looked into this question of yours."
        assert [each["user"] for each in await workspace.thread(request["channel"], request["ts"], "U_MEI")] == [
            BOT, "U_MEI",
        ]  # fmt: skip


async def test_whoever_asks_again_is_told_that_it_has_been_passed_on(workspace: Workspace, store: Store):
    await editors_in(store)
    asked, offer = await answered(workspace, UNCLEAR)
    await workspace.click("U_ANA", offer, "None of these")
    declined = await workspace.latest("U_ANA", offer, once=lambda now: buttons(now) == ["Ask a person"])

    await workspace.click("U_ANA", declined, "Ask a person")
    await changed(workspace, "U_ANA", asked, "I have passed it on to ")
    await workspace.click("U_ANA", declined, "Ask a person")
    await changed(workspace, "U_ANA", asked, "I have passed that on already.")

    assert "I had no answer to it." in shown(await passed_on(workspace))
    assert len([each for each in await workspace.messages("C_GENERAL", "U_MEI") if each["user"] == BOT]) == 1


async def passed_on_in_vain(workspace: Workspace, store: Store) -> tuple[Sent, Json]:
    """Ask a person where the bot reaches nobody; gives the question, and the reply with the button."""
    await editors_in(store, "C_LEADS")  # where the bot is no member
    asked, offer = await answered(workspace, UNCLEAR)
    await workspace.click("U_ANA", offer, "None of these")
    declined = await workspace.latest("U_ANA", offer, once=lambda now: buttons(now) == ["Ask a person"])
    await workspace.click("U_ANA", declined, "Ask a person")
    await told(workspace, "U_ANA", asked)
    return asked, declined


async def test_a_question_that_reached_nobody_is_passed_on_by_the_next_click(workspace: Workspace, store: Store):
    asked, declined = await passed_on_in_vain(workspace, store)
    await workspace.settled()
    await editors_in(store)

    await asyncio.gather(*(workspace.click("U_ANA", declined, "Ask a person") for _ in range(2)))
    await changed(workspace, "U_ANA", asked, "I have passed it on to ")
    await workspace.settled()

    assert len([each for each in await workspace.messages("C_GENERAL", "U_MEI") if each["user"] == BOT]) == 1


async def test_so_it_is_by_a_click_that_comes_before_the_end_of_the_first_try_is_recorded(
    workspace: Workspace, store: Store, monkeypatch: pytest.MonkeyPatch
):
    reached, recorded = asyncio.Event(), threading.Event()
    loop, original = asyncio.get_running_loop(), SystemDatabase.update_workflow_outcome

    def late(database: SystemDatabase, key: str, *what: Any, **more: Any) -> bool:
        if key.startswith("ask:") and not reached.is_set():
            loop.call_soon_threadsafe(reached.set)
            recorded.wait()
        return original(database, key, *what, **more)

    monkeypatch.setattr(SystemDatabase, "update_workflow_outcome", late)
    asked, declined = await passed_on_in_vain(workspace, store)
    await reached.wait()
    await editors_in(store)

    try:
        await asyncio.gather(*(workspace.click("U_ANA", declined, "Ask a person") for _ in range(2)))
        await changed(workspace, "U_ANA", asked, "I have passed it on to ")
    finally:
        recorded.set()
    await workspace.settled()

    assert len([each for each in await workspace.messages("C_GENERAL", "U_MEI") if each["user"] == BOT]) == 1


async def test_a_question_in_a_direct_message_is_passed_on_without_a_link(workspace: Workspace, store: Store):
    await editors_in(store)
    asked = await workspace.post("U_ANA", "U_ROLEFIT", ASKS_MTS)
    [answer] = await workspace.replies(asked)
    await workspace.click("U_ANA", answer, "Not helpful")
    [asks] = await told(workspace, "U_ANA", asked)

    await workspace.click("U_ANA", asks, "Ask a person")
    request = await passed_on(workspace)

    assert shown(request).startswith("<@U_ANA> asked me something in a direct message, and would like a person")
    assert "http" not in request["text"]


async def test_an_owner_who_cannot_be_reached_does_not_keep_a_question_from_the_editors(
    library: Library, tmp_path: Path
):
    owned = with_entry(library, owner="C_LEADS")  # where the bot is no member
    async with Workspace.start() as workspace, bot_in(workspace, owned, tmp_path), rows(tmp_path, {}) as store:
        await editors_in(store)
        asked, answer = await answered(workspace)
        await workspace.click("U_BEN", answer, "Not helpful")
        [asks] = await told(workspace, "U_BEN", asked)

        await workspace.click("U_BEN", asks, "Ask a person")
        await changed(workspace, "U_BEN", asked, "I have passed it on to ")

        assert "It did not help." in shown(await passed_on(workspace))


async def test_what_was_passed_on_is_not_once_more_where_the_operator_has_the_rest_done_again(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    owned = with_entry(library, owner="C_LEADS")  # where the bot is no member
    records = WorkRecords(Settings(_env_file=None, data_dir=tmp_path).jobs_url)
    async with Workspace.start() as workspace, bot_in(workspace, owned, tmp_path), rows(tmp_path, {}) as store:
        await editors_in(store)
        asked, answer = await answered(workspace)
        await workspace.click("U_BEN", answer, "Not helpful")
        [asks] = await told(workspace, "U_BEN", asked)
        monkeypatch.setattr(slack_calls, "TRIES", 1)
        await workspace.faults(api=[{"method": "response_url", "status": 500}])

        await workspace.click("U_BEN", asks, "Ask a person")
        await passed_on(workspace)
        await workspace.settled()
        [failed] = await eventually(lambda: asyncio.to_thread(records.failed))
        assert (failed.step, failed.error) == ("reply", "status 500")
        monkeypatch.undo()
        records.replay(failed.key)
        records.close()
        await changed(workspace, "U_BEN", asked, "I have passed it on to ")

        assert len([each for each in await workspace.messages("C_GENERAL", "U_MEI") if each["user"] == BOT]) == 1


async def test_a_question_that_was_deleted_is_not_passed_on(workspace: Workspace, store: Store):
    await editors_in(store)
    root = await workspace.post("U_ANA", "C_ASK", "lunch at 12?")
    asked = await workspace.mention("U_ANA", "C_ASK", ASKS_MTS, root)
    [answer] = await workspace.replies(asked)
    await workspace.post("U_MEI", "C_ASK", "Good question", root)
    await workspace.click("U_BEN", answer, "Not helpful")
    [asks] = await told(workspace, "U_BEN", root)
    await workspace.delete(asked)
    await workspace.settled()

    await workspace.click("U_BEN", asks, "Ask a person")
    gone = await changed(workspace, "U_BEN", root, "there is nothing to pass on")

    assert shown(gone) == "The question is not there any more, so there is nothing to pass on."
    assert not [each for each in await workspace.messages("C_GENERAL", "U_MEI") if each["user"] == BOT]


async def test_a_question_is_passed_on_once_though_slack_said_that_it_was_not(workspace: Workspace, store: Store):
    await editors_in(store)
    asked, offer = await answered(workspace, UNCLEAR)
    await workspace.click("U_ANA", offer, "None of these")
    declined = await workspace.latest("U_ANA", offer, once=lambda now: buttons(now) == ["Ask a person"])
    await workspace.faults(api=[{"method": "chat.postMessage", "error": "internal_error", "done": True}])

    await workspace.click("U_ANA", declined, "Ask a person")
    await changed(workspace, "U_ANA", asked, "I have passed it on to ")

    assert len([each for each in await workspace.messages("C_GENERAL", "U_MEI") if each["user"] == BOT]) == 1


async def test_only_replies_to_a_message_of_ours_are_looked_up(library: Library):
    def reply(parent: str) -> MessageEvent:
        about: dict[str, Any] = {"channel": "C_ASK", "channel_type": "channel", "ts": "6.000001"}
        thread: dict[str, Any] = {"thread_ts": "5.000001", "parent_user_id": parent}
        return MessageEvent(type="message", user="U_MEI", text="at 12, I think", **about, **thread)

    among_people = await classify(reply("U_BEN"), BOT, library, None, from_outside=False)
    to_us = await classify(reply(BOT), BOT, library, None, from_outside=False)

    assert among_people.ignorable  # and costs no database
    assert not to_us.ignorable


# Long afterwards


def with_entry(library: Library, name: str = MTS, **changes: Any) -> Library:
    """Give a library in which one entry is changed."""
    entries: Mapping[str, Any] = {**library.entries, name: library.entries[name].model_copy(update=changes)}
    return replace(library, entries=entries)


async def test_buttons_of_an_entry_that_has_gone_are_answered_kindly(library: Library, tmp_path: Path):
    async with Workspace.start() as workspace:
        async with bot_in(workspace, library, tmp_path):
            asked, answer = await answered(workspace)
            unclear, offer = await answered(workspace, UNCLEAR)
        label = buttons(offer)[0]
        [suggested] = [each for each in library.entries.values() if each.question.startswith(label.removesuffix("…"))]
        left = {name: entry for name, entry in library.entries.items() if name not in (MTS, suggested.id)}
        async with bot_in(workspace, replace(library, entries=left), tmp_path):
            await workspace.click("U_BEN", answer, "Helpful")
            await told(workspace, "U_BEN", asked)
            await workspace.click("U_BEN", answer, "Why this?")
            await changed(workspace, "U_BEN", asked, "is not among my answers any more")
            await workspace.click("U_BEN", offer, label)
            now = await workspace.latest("U_BEN", offer, once=lambda now: not buttons(now))

            assert shown(now).startswith("The answer that this button stood for is not among my answers any more.")
            assert len(await workspace.replies(unclear)) == 1


async def test_buttons_of_a_reply_that_is_not_remembered_do_no_harm(workspace: Workspace, store: Store):
    asked, answer = await answered(workspace)
    unclear, offer = await answered(workspace, UNCLEAR)
    await store.replies.prune(float(offer["ts"]) + 1000)

    for label in ("Not helpful", "Why this?"):
        await workspace.click("U_BEN", answer, label)
    said = [shown(each) for each in await told(workspace, "U_BEN", asked, count=2)]
    await workspace.click("U_BEN", offer, buttons(offer)[0])
    await workspace.latest("U_BEN", offer, once=lambda now: "Why this?" in buttons(now))

    assert any("I do not remember any more which message this answers." in each for each in said)
    await workspace.settled()
    again = await store.replies.get(TEAM, "C_ASK", unclear)
    assert again
    assert (again.kind, again.state, again.answer_ts) == (ANSWER, ReplyState.POSTED, offer["ts"])


# The rows


@pytest.mark.both_databases
async def test_a_later_vote_counts_whatever_comes_first(store: Store):
    # Not long ago: the bot beside it forgets the comments on votes that are older than its retention.
    where, now = (TEAM, "C_ASK", "6.0", "U_ANA"), time.time()
    assert await store.feedback.vote(*where, entry=MTS, helpful=False, at=now)
    assert not await store.feedback.vote(*where, entry=MTS, helpful=True, at=now - 1)
    assert await store.feedback.set_reason(*where, "other")
    assert await store.feedback.set_comment(*where, "It is long")
    assert await store.feedback.vote(*where, entry=MTS, helpful=False, at=now)  # the same again

    assert await store.feedback.vote_of(*where) == Vote(MTS, False, "other", "It is long", now)
    assert await store.feedback.is_disputed(TEAM, "C_ASK", "6.0", MTS)

    assert await store.feedback.vote(*where, entry=MTS, helpful=True, at=now + 1)
    assert not await store.feedback.set_reason(*where, "other")
    assert not await store.feedback.set_comment(*where, "It is long")
    assert await store.feedback.vote_of(*where) == Vote(MTS, True, None, None, now + 1)
    assert not await store.feedback.is_disputed(TEAM, "C_ASK", "6.0", MTS)


@pytest.mark.both_databases
async def test_a_reason_needs_a_vote_of_the_same_person(store: Store):
    await store.feedback.vote(TEAM, "C_ASK", "6.0", "U_ANA", entry=MTS, helpful=False, at=2.0)

    assert not await store.feedback.set_reason(TEAM, "C_ASK", "6.0", "U_BEN", "other")
    assert not await store.feedback.set_comment(TEAM, "C_ASK", "7.0", "U_ANA", "It is long")
    assert await store.feedback.vote_of(TEAM, "C_ASK", "6.0", "U_BEN") is None


@pytest.mark.both_databases
async def test_a_question_that_was_passed_on_is_answered_by_one_person(store: Store):
    request = HelpRequest("C_EDITORS", "8.0", "U_ANA", "C_ASK", "5.0", MTS)
    await store.feedback.record_help_request(TEAM, request)
    await store.feedback.record_help_request(TEAM, replace(request, asker="U_BEN"))

    assert await store.feedback.help_request(TEAM, "C_EDITORS", "8.0") == request
    assert await store.feedback.is_asked(TEAM, "U_ANA", "C_ASK", "5.0")
    assert not await store.feedback.is_asked(TEAM, "U_BEN", "C_ASK", "5.0")
    by_mei = replace(request, resolved_by="U_MEI")
    assert await store.feedback.resolve(TEAM, "C_EDITORS", "8.0", by="U_MEI") == by_mei
    assert await store.feedback.resolve(TEAM, "C_EDITORS", "8.0", by="U_MEI") == by_mei
    assert await store.feedback.resolve(TEAM, "C_EDITORS", "8.0", by="U_BEN") is None
    assert await store.feedback.resolve(TEAM, "C_EDITORS", "9.0", by="U_BEN") is None


@pytest.mark.both_databases
async def test_a_question_is_being_passed_on_by_one_piece_of_work_at_a_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    question = (TEAM, "U_ANA", "C_ASK", "5.0")
    claim, release = store.feedback.claim_help, store.feedback.release_help
    claimed = await asyncio.gather(*(claim(*question, by=f"job{number}") for number in range(5)))
    [first] = [f"job{number}" for number, is_mine in enumerate(claimed) if is_mine]

    assert await claim(*question, by=first)
    await release(*question, by="other")
    assert not await claim(*question, by="other")
    assert await claim(TEAM, "U_BEN", "C_ASK", "5.0", by="other")
    await release(*question, by=first)
    assert await claim(*question, by="other")
    await store.feedback.record_help_request(TEAM, HelpRequest("C_EDITORS", "8.0", "U_ANA", "C_ASK", "5.0", MTS))
    assert await claim(*question, by=first)
    monkeypatch.setattr(feedback_rows, "CLAIMED_AT_MOST", 0.0)
    assert await claim(*question, by="other")


@pytest.mark.both_databases
async def test_the_channel_of_the_editors_is_the_one_chosen_last(store: Store):
    assert await store.feedback.editors_channel(TEAM) is None
    for channel in ("C_ASK", "C_EDITORS", None):
        await store.feedback.set_editors_channel(TEAM, channel, by="U_MEI")
        assert await store.feedback.editors_channel(TEAM) == channel


@pytest.mark.both_databases
async def test_requests_are_kept_as_long_as_the_gap_list(store: Store):
    await store.feedback.record_help_request(TEAM, HelpRequest("C_EDITORS", "8.0", "U_ANA", "C_ASK", "5.0", MTS))
    now = time.time()

    await store.prune(now, now, gaps_before=now - 60)
    kept = await store.feedback.help_request(TEAM, "C_EDITORS", "8.0")
    await store.prune(now, now, gaps_before=now + 60)

    assert kept
    assert await store.feedback.help_request(TEAM, "C_EDITORS", "8.0") is None


@pytest.mark.both_databases
async def test_what_people_wrote_with_a_vote_is_forgotten_and_the_vote_is_not(store: Store):
    now = time.time()  # the bot beside it forgets by its own retention what is older than that
    for at, user in ((now - 60, "U_ANA"), (now, "U_BEN")):
        await store.feedback.vote(TEAM, "C_ASK", "6.0", user, entry=MTS, helpful=False, at=at)
        await store.feedback.set_comment(TEAM, "C_ASK", "6.0", user, "It is long")

    await store.feedback.prune(now - 30)

    kept = [await store.feedback.vote_of(TEAM, "C_ASK", "6.0", user) for user in ("U_ANA", "U_BEN")]
    assert [vote and vote.comment for vote in kept] == [None, "It is long"]
