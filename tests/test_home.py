"""The Home tab."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pytest
import slackblocks as kit

from bot.domain.browse import PAGE, Browsing, look_up, shelve
from bot.domain.content import Entry, Topic
from bot.knowledge import Library
from bot.local.block_kit import check_view
from bot.slack import gallery, gaps_blocks, home_blocks, home_gallery
from bot.slack.gaps_work import GapsWorker
from bot.storage import Store
from tests.conftest import THOROUGH, bot_in, rows
from tests.sharing import ANA, BEN, finished
from tests.test_install import INSTALLER, ONE, QUESTION, offered
from tests.test_quiz_conversation import (
    OWN,
    ROLE,
    asking,
    begin,
    question,
    result,
    say_what_about,
    take,
    take_at_once,
)
from tests.workspace import Json, Sent, Workspace, buttons, elements, shown

MANY = 500  # entries
STEP = 1 if THOROUGH else 7  # from one that is opened to the next
VIEW_BYTES, VIEW_BLOCKS = 250_000, 100
ROLES, COMPANIES = "home_topic:roles", "home_topic:companies"
FIRST = "What’s the difference between an AI researcher, a research engineer and an AI engineer?"
ANSWER = "The three roles are points on one spectrum"


async def shows(workspace: Workspace, user: str, *texts: str, without: str | None = None) -> Json:
    """Wait until somebody's Home shows these texts, and not the other; gives it."""

    async def there() -> Json | None:
        view = await workspace.home_now(user)
        seen = shown(view) if view else ""
        return view if all(text in seen for text in texts) and (without is None or without not in seen) else None

    return await workspace.until(there, user)


async def published(workspace: Workspace, user: str) -> int:
    calls = await workspace.traffic("views.publish")
    return sum(user in json.dumps(call) for call in calls)


# What stands there


@pytest.mark.parametrize(
    ("support", "link"),
    [
        ("help@example.com", "<mailto:help@example.com|help@example.com>"),
        ("https://example.com/help?of=rolefit&in=slack", "<https://example.com/help?of=rolefit&amp;in=slack>"),
        ("C_ASK", "<#C_ASK>"),
        ("U_MEI", "<@U_MEI>"),
    ],
)
async def test_home_says_who_can_be_asked_about_the_bot(tmp_path: Path, library: Library, support: str, link: str):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path, rolefit_support=support):
        view = await workspace.home(ANA)

    assert view["blocks"][-1]["elements"][0]["text"] == f"Questions about this bot: {link}"


async def test_home_says_nothing_of_it_where_nobody_is_named(workspace: Workspace):
    view = await workspace.home(ANA)

    assert "Start the questions" in shown(view)
    assert "Questions about this bot" not in shown(view)
    assert "Setting me up" not in shown(view)
    assert "For editors" not in shown(view)


def many(library: Library) -> Library:
    """Give a library with very many entries: long ones, with tables, and some under no topic."""
    known = list(library.entries.values())
    topics = [Topic(id=f"topic-{number}", name=f"{number} " + "x" * 57) for number in range(24)]

    def entry(number: int) -> Entry:
        like = known[number % len(known)]
        topic = topics[number * 7 % 24].id if number % 25 else None
        question = f"{number} {like.question} " + "<&> " * 40
        return like.model_copy(update={"id": f"entry-{number}", "question": question, "topic": topic, "formerly": ()})

    return replace(library, entries={f"entry-{number}": entry(number) for number in range(MANY)}, topics=tuple(topics))


def test_every_page_and_every_answer_of_500_entries_fits_a_view(library: Library):
    large = many(library)
    run = next(run for run in gallery.finished_runs(library) if run.shareable)
    gaps = gaps_blocks.editors_section(gallery.full_report(library), library, {}, {})
    full = home_gallery.full(library, run, gallery.example_share(run, library), gaps, gallery.USER, gallery.LINK)
    shelves = home_gallery.browsed(large).shelves
    pages = [Browsing(shelf.id, page) for shelf in shelves for page in range(1, shelf.pages + 1)]
    openable: list[str] = []

    for browsing in chain(pages, (Browsing(entry=entry) for entry in islice(large.entries, 0, None, STEP))):
        view = home_blocks.view(replace(full, topics=home_gallery.browsed(large, browsing)), large)

        check_view(view, ("home",))
        assert len(view["blocks"]) <= VIEW_BLOCKS
        assert len(json.dumps(view, ensure_ascii=False).encode()) <= VIEW_BYTES
        ids = [element["action_id"] for element in elements({"blocks": with_ids(view["blocks"])})]
        assert len(ids) == len(set(ids))
        if browsing.entry is None:
            openable += [name.partition(":")[2] for name in ids if name.startswith("home_entry:")]
        else:
            assert large.entries[browsing.entry].answer[:40] in shown(view).replace("&amp;", "&")

    assert sorted(openable) == sorted(large.entries)


def with_ids(blocks: Sequence[Json]) -> list[Json]:
    """Give blocks the ids that Slack would."""
    return [{"block_id": str(number), **block} for number, block in enumerate(blocks)]


def test_what_is_looked_at_is_found_where_it_stands_now(library: Library):
    entries = list(library.entries.values())
    shelves = shelve(library.topics, entries, "Other")
    last = shelves[0].entries[-1]

    moved = look_up(Browsing("companies", 1, last.id), shelves, last)
    assert (moved.chosen, moved.page, moved.entry) == (shelves[0], -(-len(shelves[0].entries) // PAGE), last)
    assert last in shelves[0].page(moved.page)
    assert look_up(Browsing("roles", 99), shelves, None).page == shelves[0].pages
    assert look_up(Browsing("gone", 3), shelves, None).chosen is None
    assert look_up(Browsing("roles", 1, "gone"), shelves, None).is_gone
    assert not look_up(Browsing(), shelves, None).is_gone
    other = shelve((), entries, "Other")
    assert [(shelf.name, shelf.entries) for shelf in other] == [("Other", tuple(entries))]


# Looking through the questions


async def test_every_question_can_be_opened_and_closed_in_place_page_by_page(workspace: Workspace):
    home = await workspace.home(ANA)
    assert FIRST not in shown(home)

    await workspace.click(ANA, home, ROLES)
    home = await shows(workspace, ANA, FIRST, "page 1 of 3")
    assert "Previous" not in buttons(home)
    await workspace.click(ANA, home, "home_entry:role-differences")
    home = await shows(workspace, ANA, ANSWER, "Source:")
    await workspace.click(ANA, home, "home_entry:ai-engineer")
    home = await shows(workspace, ANA, "Close", without=ANSWER)
    await workspace.click(ANA, home, "Close")
    home = await shows(workspace, ANA, FIRST, without="Close")
    await workspace.click(ANA, home, "Next")
    home = await shows(workspace, ANA, "page 2 of 3", without=FIRST)
    await workspace.click(ANA, home, "Next")
    home = await shows(workspace, ANA, "page 3 of 3")
    assert "Next" not in buttons(home)
    await workspace.click(ANA, home, "Previous")
    home = await shows(workspace, ANA, "page 2 of 3")
    await workspace.click(ANA, home, "Previous")
    home = await shows(workspace, ANA, FIRST)
    await workspace.click(ANA, home, "Hide the questions")
    home = await shows(workspace, ANA, without=FIRST)
    assert await workspace.dm(ANA) == []


async def test_what_is_open_stays_open_over_a_restart_and_for_another_reason_to_publish(
    library: Library, tmp_path: Path, kept_in: dict[str, Any]
):
    async with Workspace.start() as workspace:
        async with bot_in(workspace, library, tmp_path, **kept_in):
            await workspace.click(ANA, await workspace.home(ANA), COMPANIES)
            home = await shows(workspace, ANA, "page 1 of 2")
        async with bot_in(workspace, library, tmp_path, **kept_in):
            await workspace.click(ANA, home, "Next")
            home = await shows(workspace, ANA, "page 2 of 2")
            await workspace.click(ANA, home, "Start the questions")
            await shows(workspace, ANA, "page 2 of 2", "Go on")


async def test_a_click_in_an_old_home_on_an_entry_that_has_gone_shows_those_that_there_are(
    library: Library, tmp_path: Path, kept_in: dict[str, Any]
):
    async with Workspace.start() as workspace:
        async with bot_in(workspace, library, tmp_path, **kept_in):
            await workspace.click(ANA, await workspace.home(ANA), ROLES)
            old = await shows(workspace, ANA, FIRST)
        left = {name: entry for name, entry in library.entries.items() if name != "role-differences"}
        async with bot_in(workspace, replace(library, entries=left), tmp_path, **kept_in):
            await workspace.click(ANA, old, "home_entry:role-differences")
            await shows(workspace, ANA, "That question is not there any more", "page 1 of 3", without=FIRST)


async def test_a_click_in_an_old_home_on_a_topic_that_has_gone_shows_those_that_there_are(
    library: Library, tmp_path: Path, kept_in: dict[str, Any]
):
    async with Workspace.start() as workspace:
        async with bot_in(workspace, library, tmp_path, **kept_in):
            await workspace.click(ANA, await workspace.home(ANA), ROLES)
            old = await shows(workspace, ANA, FIRST)
        left = {name: entry for name, entry in library.entries.items() if entry.topic != "roles"}
        topics = tuple(topic for topic in library.topics if topic.id != "roles")
        async with bot_in(workspace, replace(library, entries=left, topics=topics), tmp_path, **kept_in):
            await workspace.click(ANA, old, "Next")
            home = await shows(workspace, ANA, "That question is not there any more", without="page 2")
    assert "The roles" not in shown(home)


# Which view wins


@pytest.mark.both_databases
async def test_a_view_that_was_rendered_earlier_does_not_replace_one_that_was_rendered_later(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    home = await workspace.home(ANA)
    await workspace.settled()
    began, goes_on, section = asyncio.Event(), asyncio.Event(), GapsWorker.home_section

    async def held_up(self: GapsWorker, team: str, user: str) -> Sequence[kit.Block]:
        if not began.is_set():  # the first one, which has read by now what is looked at
            began.set()
            await goes_on.wait()
        return await section(self, team, user)

    monkeypatch.setattr(GapsWorker, "home_section", held_up)
    await workspace.click(ANA, home, ROLES)
    await began.wait()
    await workspace.click(ANA, home, COMPANIES)
    await shows(workspace, ANA, "*Companies*")
    goes_on.set()
    await workspace.settled()

    assert "*Companies*" in shown(await workspace.home_now(ANA) or {})


async def test_a_view_that_somebody_else_has_published_meanwhile_is_replaced_in_the_end(workspace: Workspace):
    home = await workspace.home(ANA)
    await workspace.settled()
    other = {"type": "home", "blocks": home["blocks"]}
    await workspace.call("views.publish", user_id=ANA, view=other)  # by a process that died before it could say so

    await workspace.click(ANA, home, ROLES)

    await shows(workspace, ANA, FIRST)
    refused = [call for call in await workspace.traffic("views.publish") if "hash_conflict" in json.dumps(call)]
    assert refused
    await workspace.click(ANA, await shows(workspace, ANA, FIRST), COMPANIES)
    await shows(workspace, ANA, "*Companies*")
    await workspace.settled()
    now = [call for call in await workspace.traffic("views.publish") if "hash_conflict" in json.dumps(call)]
    assert len(now) == len(refused)


async def test_an_earlier_click_that_arrives_later_and_the_same_one_again_change_nothing(store: Store):
    await store.homes.look("T", ANA, "topics", {"topic": "roles"}, 2.0)
    await store.homes.look("T", ANA, "topics", {"topic": "titles"}, 1.0)
    await store.homes.look("T", ANA, "rounds", {"listed": True}, 1.5)
    await store.homes.look("T", ANA, "rounds", {"listed": True}, 1.5)

    topics, rounds = {"topic": "roles", "at": 2.0}, {"listed": True, "at": 1.5}
    assert await store.homes.shows("T", ANA) == {"topics": topics, "rounds": rounds}
    assert await store.homes.shows("T", BEN) == await store.homes.shows("T2", ANA) == {}


async def test_a_notice_is_there_until_the_next_click_or_opening(store: Store):
    for after in ("click", "opening"):
        await store.homes.look("T", ANA, "notice", {"name": "begun"}, 3.0)
        await store.homes.look("T", ANA, "rounds", {"listed": True}, 2.0)  # clicked before
        assert "notice" in await store.homes.shows("T", ANA)
        if after == "click":
            await store.homes.look("T", ANA, "rounds", {"listed": False}, 4.0)
        else:
            await store.homes.open("T", ANA, 2.5)  # which is handled late
            assert "notice" in await store.homes.shows("T", ANA)
            await store.homes.open("T", ANA, 4.0)
        assert "notice" not in await store.homes.shows("T", ANA)


# Rounds


async def test_a_double_click_begins_one_round_and_home_says_where_it_is(workspace: Workspace):
    home = await workspace.home(ANA)
    await workspace.click_as_shown(ANA, home, "Start the questions")
    await workspace.click_as_shown(ANA, home, "Start the questions")

    home = await shows(workspace, ANA, "Your questions have begun.", "Go on")
    await workspace.settled()
    [card] = await workspace.dm(ANA)
    root = Sent(card["ts"], card["channel"], ANA)
    home = await workspace.home_now(ANA) or {}
    assert f"channel={card['channel']}&amp;ts=" in json.dumps(home["blocks"])
    assert "Start the questions" not in buttons(home)

    await workspace.click(ANA, home, "Go on")
    await shows(workspace, ANA, "I have asked you again.")
    await workspace.settled()
    assert len(await workspace.dm(ANA)) == 1
    assert await asking(workspace, root, "One thing first")


async def test_home_follows_a_round_for_whoever_has_opened_it_and_for_nobody_else(workspace: Workspace):
    await workspace.home(ANA)
    await workspace.settled()
    root, _ = await finished(workspace)

    home = await shows(workspace, ANA, "Answer them again", "My rounds", without="Go on")
    assert "Share with my manager" in buttons(home)
    await workspace.settled()
    before = await published(workspace, ANA)
    await finished(workspace, BEN)
    await workspace.settled()
    assert (await published(workspace, ANA), await published(workspace, BEN)) == (before, 0)

    await workspace.click(ANA, home, "My rounds")
    home = await shows(workspace, ANA, "Hide my rounds")
    assert buttons(home).count("Share with my manager") == 1
    await workspace.click(ANA, home, "Open")
    home = await shows(workspace, ANA, "That round stands in")
    assert f"channel={root.channel}&amp;ts=" in json.dumps(home["blocks"])
    await workspace.click(ANA, home, "Delete")
    home = await shows(workspace, ANA, "Start the questions", without="Hide my rounds")
    assert "Share with my manager" not in buttons(home)
    await workspace.settled()
    card, *_ = await workspace.thread(root.channel, root, ANA)
    assert "You deleted this round" in shown(card)


async def test_the_latest_result_says_what_it_is_about_unless_that_is_ones_own_work(workspace: Workspace):
    await workspace.home(ANA)
    for about in (OWN, ROLE):
        root = await begin(workspace, ANA, about=about)
        await take_at_once(workspace, root)
        await result(workspace, root)
        home = await shows(workspace, ANA, "Your latest result:", *(["a role to fill"] if about == ROLE else []))
        [line] = [line for line in shown(home).splitlines() if "Your latest result:" in line]
        assert line.endswith("AI researcher (clear)" + (", about a role to fill" if about == ROLE else ""))


async def test_a_round_is_begun_anew_beside_an_open_one(workspace: Workspace):
    await workspace.click(ANA, await workspace.home(ANA), "Start the questions")
    home = await shows(workspace, ANA, "Your questions have begun.")
    [card] = await workspace.dm(ANA, count=1)
    root = Sent(card["ts"], card["channel"], ANA)
    await say_what_about(workspace, root)
    await take(workspace, root, 0)
    await question(workspace, root, 2)

    await workspace.click(ANA, home, "Begin anew")

    assert len(await workspace.dm(ANA, count=2)) == 2


# Privacy


async def test_home_says_and_sends_what_is_kept(workspace: Workspace):
    home = await workspace.home(ANA)

    await workspace.click(ANA, home, "What I keep")
    assert "What I keep about you" in shown(await workspace.modal(ANA))
    await workspace.close(ANA)
    await workspace.click(ANA, home, "Export")
    assert "It comes in our direct message." in shown(await workspace.modal(ANA))
    [sent] = await workspace.dm(ANA, count=1)
    assert sent["files"][0]["name"] == "rolefit-export.json"


async def test_who_is_forgotten_by_home_has_an_empty_home_and_is_told(
    library: Library, tmp_path: Path, kept_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    for name in ("privacy.ENDED", "privacy.MARGIN", "privacy.FOLLOWS", "privacy.LOOK", "quiz_work.ENDED"):
        monkeypatch.setattr(f"bot.slack.{name}", 0.05)
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path, **kept_in):
        await finished(workspace)
        await workspace.click(ANA, await workspace.home(ANA), "My rounds")
        home = await shows(workspace, ANA, "Hide my rounds")
        await workspace.click(ANA, home, "Forget me")
        await workspace.click(ANA, home, "Forget me")

        assert "I am forgetting you." in shown(await workspace.modal(ANA))
        await shows(workspace, ANA, "Start the questions", without="My rounds")

        async def told() -> list[Json] | None:
            return [message for message in await workspace.dm(ANA) if "I keep nothing about you" in shown(message)]

        assert len(await workspace.until(told, ANA)) == 1
        await workspace.settled()
        async with rows(tmp_path, kept_in) as store:
            assert not await store.homes.is_opened("T_LOCAL", ANA)


# Who has installed it


@pytest.mark.both_databases
async def test_who_has_installed_it_sees_what_is_left_to_do(library: Library, tmp_path: Path, kept_in: dict[str, Any]):
    async with offered(library, tmp_path, kept_in) as installing:
        await installing.install(ONE)
        workspace = installing.one
        await workspace.dm(INSTALLER, count=1)
        await workspace.settled()
        home = await workspace.home(INSTALLER)
        assert shown(home).count(home_blocks.TO_DO) == 4
        assert "Setting me up" not in shown(await workspace.home(BEN))

        await workspace.replies(await workspace.post(ANA, "C_ASK", QUESTION))
        await workspace.settled()
        await workspace.home(INSTALLER)

        async def ticked() -> Json | None:
            view = await workspace.home_now(INSTALLER)
            return view if view and shown(view).count(home_blocks.DONE) == 2 else None

        home = await workspace.until(ticked, INSTALLER)
        assert f"{home_blocks.DONE} Have somebody ask me there" in shown(home)
        assert f"{home_blocks.DONE} Invite me to a channel" in shown(home)  # where it was before it could say so


async def test_of_two_views_that_replace_the_same_only_one_is_told_that_it_did(store: Store):
    await store.homes.open("T_ONE", ANA, 1.0)

    replaced = await asyncio.gather(
        *(store.homes.replace_hash("T_ONE", ANA, was=None, now=name) for name in ("1.a", "2.b"))
    )

    assert sorted(replaced) == [False, True]
    assert await store.homes.replace_hash("T_ONE", BEN, was=None, now="3.c")  # who has opened none
