"""What Home tabs show when something changes elsewhere, and where they say what has come of a click."""

import shutil
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot import knowledge
from bot.domain.actions import Stop
from bot.domain.quiz import Outcome, Transition, apply
from bot.domain.quiz import begin as begin_run
from bot.domain.quiz_run import Run
from bot.knowledge import Library
from bot.settings import KNOWLEDGE
from bot.slack import gallery, home, home_blocks
from bot.storage import Reply, ReplyState, Store
from tests.conftest import bot_in, rows
from tests.sharing import ANA, BEN, MEI, copy_of, fill_in, finished
from tests.shipped import few_entries
from tests.test_edge import Edge, edge
from tests.test_home import published, shows
from tests.test_install import INSTALLER, ONE, QUESTION, offered
from tests.test_manners import panel
from tests.test_quiz_conversation import say_what_about, take_at_once
from tests.test_redelivery import deliver
from tests.workspace import BOT, Json, Sent, Workspace, buttons, elements, shown

__all__ = ["edge"]  # the fixture

TEAM, LEADS = "T_LOCAL", "C_LEADS"


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for Home tabs that are due all the time, and wait for no further edit of the knowledge."""
    monkeypatch.setattr(home, "DUE_EVERY", 0.05)
    monkeypatch.setattr(home, "EDITED_FOR", 0.0)


def beside(view: Json, label: str) -> str:
    """Give what is said in the very block that a button stands in."""
    [block] = [block for block in view["blocks"] if label in buttons({"blocks": [block]})]
    return shown({"blocks": [block]})


# What is left to do


@pytest.mark.usefixtures("soon")
async def test_each_step_of_setting_it_up_is_ticked_while_home_is_looked_at(library: Library, tmp_path: Path):
    async with offered(library, tmp_path) as installing:
        await installing.install(ONE)
        workspace = installing.one
        await workspace.dm(INSTALLER, count=1)
        await workspace.settled()
        assert shown(await workspace.home(INSTALLER)).count(home_blocks.TO_DO) == 4

        await workspace.invite(BEN, LEADS)
        await shows(workspace, INSTALLER, f"{home_blocks.DONE} Invite me to a channel")
        await workspace.replies(await workspace.post(BEN, "C_ASK", QUESTION))
        asked = f"{home_blocks.DONE} Have somebody ask me there"
        await shows(workspace, INSTALLER, asked, f"{home_blocks.DONE} Invite me to a channel")
        await workspace.click(BEN, await panel(workspace, BEN), "Only when mentioned")
        await shows(workspace, INSTALLER, f"{home_blocks.DONE} Choose what I do")
        await workspace.click(BEN, await panel(workspace, BEN), "Send it to this channel")
        await shows(workspace, INSTALLER, "all is done", without=home_blocks.TO_DO)

        await workspace.settled()
        assert await published(workspace, BEN) == 0  # who has never opened theirs
        before = await published(workspace, INSTALLER)
        await workspace.replies(await workspace.mention(BEN, "C_GENERAL", "What does MTS mean?"))
        await workspace.click(BEN, await panel(workspace, BEN, "C_GENERAL"), "Answer")
        await workspace.settled()
        assert await published(workspace, INSTALLER) == before  # nothing is left that this could tick


async def test_what_was_done_once_stays_done_when_replies_are_deleted(store: Store):
    async def answer(channel: str, team: str) -> None:
        reply = Reply("5.0", "5.0", ANA, "channel", "answer", ("mts",), replied_at=9.0)
        await store.replies.hold(team, channel, reply, by="job")
        posted = replace(reply, state=ReplyState.POSTED, answer_ts="6.0")
        await store.replies.settle(team, channel, posted, by="job", posted=True)

    await answer("C_ASK", "T_ONE")
    await answer("D_ANA", "T_TWO")
    await store.prune(time.time() + 1, time.time())

    assert await store.replies.get("T_ONE", "C_ASK", "5.0") is None
    assert (await store.homes.set_up("T_ONE", has_contact=False)).has_answered
    assert not (await store.homes.set_up("T_TWO", has_contact=False)).has_answered


async def test_with_the_token_of_one_workspace_its_editors_see_what_is_left_to_do(library: Library, tmp_path: Path):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path, rolefit_editors="S_EDITORS"):
        assert "Only those named in ROLEFIT_EDITORS see this." in shown(await workspace.home(MEI))
        assert "Setting me up" not in shown(await workspace.home(ANA))


async def test_where_it_is_known_who_has_installed_it_only_they_see_what_is_left_to_do(
    library: Library, tmp_path: Path
):
    async with offered(library, tmp_path, {"rolefit_editors": BEN}) as installing:
        await installing.install(ONE)
        await installing.one.dm(INSTALLER, count=1)
        await installing.one.settled()

        assert "as you have installed me" in shown(await installing.one.home(INSTALLER))
        assert "Setting me up" not in shown(await installing.one.home(BEN))


# The knowledge


@pytest.mark.usefixtures("soon")
async def test_an_edited_answer_shows_on_a_home_that_is_open(tmp_path: Path):
    folder = few_entries(
        shutil.copytree(KNOWLEDGE, tmp_path / "knowledge"), "member-of-technical-staff", "startup-titles"
    )
    faq = folder / "faq.yaml"
    async with (
        Workspace.start() as workspace,
        bot_in(workspace, knowledge.load(folder), tmp_path, knowledge_dir=folder),
    ):
        await workspace.click(ANA, await workspace.home(ANA), "home_topic:titles")
        view = await shows(workspace, ANA, "at OpenAI and Anthropic?")
        await workspace.click(ANA, view, "home_entry:member-of-technical-staff")
        await shows(workspace, ANA, "one internal title")

        faq.write_text(faq.read_text().replace("one internal title", "a single title"))

        await shows(workspace, ANA, "a single title", without="one internal title")
        assert await published(workspace, BEN) == 0


async def test_an_edit_is_followed_for_those_who_looked_lately_and_only_if_it_shows(
    store: Store, library: Library, monkeypatch: pytest.MonkeyPatch
):
    now = time.time()
    with monkeypatch.context() as two_days_ago:
        two_days_ago.setattr("bot.storage.homes.time.time", lambda: now - 2 * 86_400.0)
        for user in (BEN, MEI):
            await store.homes.open("T_ONE", user, now - 2 * 86_400.0)
    await store.homes.open("T_TWO", ANA, now)
    await store.homes.look("T_ONE", MEI, "topics", {"topic": "roles"}, now)  # a click in what was opened long ago

    await home.follow_knowledge(library, replace(library, thresholds=library.thresholds), store)
    assert await store.homes.due(now + 60, most=9) == []
    await home.follow_knowledge(library, replace(library, topics=library.topics[1:]), store)

    due = await store.homes.due(now + 60, most=9)
    assert [(tab.team, tab.user) for tab in due] == [("T_ONE", MEI), ("T_TWO", ANA)]
    assert await store.homes.due(now, most=9) == []  # not at once: others may follow


@pytest.mark.both_databases
async def test_however_many_are_due_they_are_published_at_a_pace(
    workspace: Workspace, tmp_path: Path, kept_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    people = (ANA, BEN, MEI)
    for user in people:
        await workspace.home(user)
    await workspace.settled()
    monkeypatch.setattr(home, "PUBLISHED_EVERY", 1000.0)
    monkeypatch.setattr(home, "PUBLISHED_AT_ONCE", 1)
    async with rows(tmp_path, kept_in) as store:
        await store.homes.publish_later(1.0)
        for _ in range(4):  # one and one at once, and then none
            await home.publish_due(store, time.time())
        await workspace.settled()

        [left] = await store.homes.due(time.time(), most=9)
        counts = {user: await published(workspace, user) for user in people}
        assert counts == {user: 1 if user == left.user else 2 for user in people}

        monkeypatch.setattr(home, "PUBLISHED_EVERY", 0.0)
        await home.publish_due(store, time.time())
        await workspace.settled()
        assert await store.homes.due(time.time(), most=9) == []
        assert [await published(workspace, user) for user in people] == [2, 2, 2]


async def test_who_opens_their_home_has_it_fresh_and_it_is_not_due_any_more(store: Store):
    now = time.time()
    for user in (ANA, BEN):
        await store.homes.open("T_ONE", user, now)
    await store.homes.publish_later(now)
    await store.homes.open("T_ONE", ANA, now)
    assert [tab.user for tab in await store.homes.due(now, most=9)] == [BEN]

    await store.homes.publish_later(now + 60)  # an edit that not all processes may have read yet
    await store.homes.open("T_ONE", ANA, now)
    await store.homes.note_begun("T_ONE", BEN, now)  # what was due before
    assert [tab.user for tab in await store.homes.due(now + 60, most=9)] == [ANA, BEN]


# Rounds


async def test_an_older_result_is_shared_from_the_list_of_rounds(workspace: Workspace):
    await finished(workspace)
    await finished(workspace)
    await workspace.click(ANA, await workspace.home(ANA), "My rounds")
    view = await shows(workspace, ANA, "Hide my rounds")
    listed = [each["action_id"] for each in elements(view) if each.get("action_id", "").startswith("home_share:")]
    assert len(listed) == 1  # the latest one is shared by the button above the list
    assert buttons(view).count("Share with my manager") == 2

    await workspace.click(ANA, view, listed[0])
    await workspace.modal(ANA)
    assert (await fill_in(workspace))["response_action"] == "push"
    await workspace.submit(ANA)

    assert "shares a result" in shown(await copy_of(workspace))
    await shows(workspace, ANA, f"<@{MEI}>", "Withdraw")
    older = listed[0].partition(":")[2]
    opened = [each["value"] for each in elements(view) if each.get("action_id", "").startswith("quiz_open:")]
    assert opened.index(older) == 1


@pytest.mark.both_databases
async def test_a_round_that_waits_and_the_latest_result_are_found_however_old_they_are(
    workspace: Workspace, library: Library, data: Path, kept_in: dict[str, Any]
):
    result = next(run for run in gallery.finished_runs(library) if run.shareable)
    async with rows(data, kept_in) as store:

        async def begin(number: int) -> str:
            run, name = begin_run(library.quiz), f"{number:020}"
            await store.runs.begin(TEAM, name, run, user=ANA, channel="D_ANA", root_ts=f"{number}.0")
            return name

        async def change(name: str, to: Run) -> None:
            await store.runs.apply(TEAM, name, lambda _: Transition(to, Outcome.TAKEN), by="job")

        with_result = await begin(1)
        await change(with_result, result)
        waiting = await begin(2)
        for number in range(3, 15):
            await store.runs.apply(TEAM, await begin(number), partial(_stopped), by="job")

        view = await workspace.home(ANA)
        assert "You have a round open" in beside(view, "Go on")
        [resumed] = [each["value"] for each in elements(view) if each["action_id"] == "quiz_resume"]
        [shared] = [each["value"] for each in elements(view) if each["action_id"] == "share_begin"]
        assert (resumed, shared) == (waiting, with_result)

        await workspace.command(ANA, "C_ASK", "/rolefit")
        await workspace.settled()
        assert await store.runs.count(TEAM, ANA) == 14  # it goes on with the one that waits


def _stopped(run: Run) -> Transition:
    return apply(run, Stop())


async def test_what_came_of_a_click_stands_in_the_block_of_the_button(workspace: Workspace):
    view = await workspace.home(ANA)
    assert "Find your own role" in beside(view, "Start the questions")

    await workspace.click(ANA, view, "Start the questions")
    view = await shows(workspace, ANA, "Your questions have begun.")
    assert "Your questions have begun." in beside(view, "Go on")

    await workspace.click(ANA, view, "Go on")
    view = await shows(workspace, ANA, "I have asked you again.")
    assert "I have asked you again." in beside(view, "Go on")


async def test_what_came_of_a_click_is_said_until_the_next_click_or_for_a_day(
    library: Library, tmp_path: Path, kept_in: dict[str, Any]
):
    async with (
        Workspace.start() as workspace,
        bot_in(workspace, library, tmp_path, **kept_in),
        rows(tmp_path, kept_in) as store,
    ):
        await workspace.home(ANA)
        await finished(workspace)
        view = await shows(workspace, ANA, "My rounds")
        await workspace.click(ANA, view, "My rounds")
        await workspace.click(ANA, await shows(workspace, ANA, "Hide my rounds"), "Open")
        view = await shows(workspace, ANA, "That round stands in")
        await workspace.click(ANA, view, "What I keep")  # which is answered elsewhere
        await workspace.settled()
        await home.home_worker.start(TEAM, ANA, "something else has changed")
        await shows(workspace, ANA, "Hide my rounds", without="That round stands in")

        await workspace.home_now(BEN)  # who has opened none lately
        gone = {"topic": "roles", "page": 1, "entry": "gone"}
        for age, is_told in ((90_000.0, False), (80_000.0, True)):
            await store.homes.look(TEAM, BEN, "topics", gone, time.time() - age)
            await home.home_worker.start(TEAM, BEN, str(age))
            await workspace.settled()
            view = await workspace.home_now(BEN) or {}
            assert ("That question is not there any more" in shown(view)) is is_told


async def test_a_round_that_is_over_is_not_about_to_begin(workspace: Workspace):
    await workspace.click(ANA, await workspace.home(ANA), "Start the questions")
    await shows(workspace, ANA, "Your questions have begun.")
    [card] = await workspace.dm(ANA, count=1)
    root = Sent(card["ts"], card["channel"], ANA)
    await say_what_about(workspace, root)
    await take_at_once(workspace, root)

    view = await shows(workspace, ANA, "Answer them again", "Your latest result:")
    assert "about to begin" not in shown(view)


# Forgetting


async def test_who_is_forgotten_and_cannot_be_written_to_reads_on_home_that_it_is_done(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("privacy.ENDED", "privacy.MARGIN", "privacy.FOLLOWS", "privacy.LOOK", "quiz_work.ENDED"):
        monkeypatch.setattr(f"bot.slack.{name}", 0.05)
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        view = await workspace.home(ANA)
        await workspace.settled()
        await workspace.faults(api=[{"method": "conversations.open", "error": "missing_scope", "times": 9}])

        await workspace.click(ANA, view, "Forget me")
        assert "Our messages and my Home tab say when it is done." in shown(await workspace.modal(ANA))
        view = await shows(workspace, ANA, "I keep nothing about you any more.")
        assert await workspace.dm(ANA) == []
        [place] = [at for at, block in enumerate(view["blocks"]) if "I keep nothing" in shown({"blocks": [block]})]
        assert "Forget me" in buttons({"blocks": [view["blocks"][place + 1]]})

        await workspace.settled()
        before = await published(workspace, ANA)
        view = await workspace.home(ANA)  # again, in the same visit
        await workspace.settled()
        assert await published(workspace, ANA) == before
        assert "I keep nothing about you any more." in shown(view)
        async with rows(tmp_path, {}) as store:
            assert not await store.homes.is_opened(TEAM, ANA)

        await workspace.click(ANA, view, "home_topic:roles")
        await shows(workspace, ANA, "*The roles*", without="I keep nothing about you any more.")
        monkeypatch.setattr(home, "VISIT", -1.0)  # over at once
        await workspace.click(ANA, await shows(workspace, ANA, "Hide the questions"), "Forget me")
        await shows(workspace, ANA, "I keep nothing about you any more.")
        await workspace.settled()
        await workspace.home(ANA)  # at another time
        await shows(workspace, ANA, "Start the questions", without="I keep nothing about you any more.")


# Being invited where Slack does not say who reads along


@pytest.mark.parametrize("known", [True, False])
async def test_where_slack_does_not_say_who_reads_along_it_asks_and_else_is_silent(edge: Edge, known: bool):
    workspace = edge.workspace
    if not known:
        await workspace.faults(api=[{"method": "conversations.info", "error": "missing_scope", "times": 9}])
    joined: Json = {"type": "member_joined_channel", "user": BOT, "channel": "C_GENERAL"}
    envelope = {"type": "event_callback", "team_id": TEAM, "event_id": "Ev1", "event_time": 1, "event": joined}
    envelope["authorizations"] = [{"team_id": TEAM, "user_id": BOT, "is_bot": True}]

    await deliver(edge, envelope)

    [greeting] = [message for message in await workspace.messages("C_GENERAL") if buttons(message)]
    sentence = "When somebody here asks" if known else "People of another organisation may read along here"
    assert shown(greeting).startswith(sentence)
