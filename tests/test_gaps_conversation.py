"""What becomes of a question that the bot could not answer, as people and editors see it."""

import asyncio
import contextlib
import shutil
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from dbos import DBOS

from bot import jobs, knowledge, work_records
from bot.domain.gaps import message_id
from bot.settings import KNOWLEDGE
from bot.slack import editors, faq, gaps
from bot.slack.gaps_work import gaps_worker
from bot.slack.slack_worker import SlackWorker
from bot.slack.work import Work
from bot.storage import Question, QuestionKind, Store
from bot.storage.tables import replies, workspaces
from tests.conftest import bot_in, recorded, rows
from tests.shipped import few_entries
from tests.test_feedback import store
from tests.workspace import Workspace, buttons, shown

__all__ = ["store"]  # the fixture

TEAM, EDITOR = "T_LOCAL", "U_MEI"
QUANT = "what does a quant do at a hedge fund"  # which no entry answers
PROMPTED = "which lab hires whom"
ENTRY = """
  - id: quant
    question: What does a quant do?
    phrasings:
      - what does a quant do at a hedge fund
      - quant jobs
      - who is a quant
      - what do quants work on
      - what is the work of a quant
    keywords: [quant]
    answer: A quant models markets.
    sources:
      - {document: field-guide, section: FAQ}
    owner: Rolefit editors
    checked: 2026-11-27
"""


async def kept(store: Store, workspace: Workspace) -> list[tuple[str, QuestionKind]]:
    await workspace.settled()
    return [(question.text, question.kind) for question in await store.gaps.listed(TEAM)]


@pytest.mark.both_databases
async def test_what_is_put_to_the_bot_in_vain_is_kept_once_and_nothing_else(workspace: Workspace, store: Store):
    unanswered = QuestionKind.UNANSWERED
    await workspace.replies(await workspace.mention("U_ANA", "C_ASK", QUANT))
    await workspace.replies(await workspace.post("U_BEN", "U_ROLEFIT", "do quants get a bonus?"))
    await workspace.command("U_BEN", "C_ASK", "/rolefit", "when do quants have lunch?")
    for channel, text in (
        ("C_ASK", f"{QUANT}?"),  # to nobody
        ("U_ROLEFIT", "thanks!"),  # small talk
        ("U_ROLEFIT", "Was macht ein Trader den ganzen Tag?"),  # in a language that no entry is in
        ("U_ROLEFIT", "What does Member of Technical Staff mean?"),  # answered
    ):
        await workspace.post("U_ANA", channel, text)

    assert sorted(await kept(store, workspace)) == [
        ("do quants get a bonus?", unanswered), (QUANT, unanswered), ("when do quants have lunch?", unanswered),
    ]  # fmt: skip


async def test_what_is_answered_in_a_quiz_is_not_kept(workspace: Workspace, store: Store):
    await workspace.command("U_ANA", "C_ASK", "/rolefit")
    messages = await workspace.dm("U_ANA", count=1)
    await workspace.settled()
    await workspace.post("U_ANA", messages[0]["channel"], "something nobody understands", messages[0]["ts"])

    assert await kept(store, workspace) == []


async def test_suggestions_are_kept_until_somebody_says_what_was_meant(workspace: Workspace, store: Store):
    asked = await workspace.mention("U_ANA", "C_ASK", PROMPTED)
    [offer] = await workspace.replies(asked)
    assert buttons(offer)

    question = await store.gaps.get(TEAM, message_id("C_ASK", asked))

    assert question is not None
    assert (question.kind, question.user, question.text) == (QuestionKind.SUGGESTED, "U_ANA", PROMPTED)


async def test_what_is_kept_follows_edits_and_deletions_of_the_message(workspace: Workspace, store: Store):
    asked = await workspace.mention("U_ANA", "C_ASK", QUANT)
    await workspace.replies(asked)
    await workspace.edit(asked, "<@U_ROLEFIT> what does a trader do at a hedge fund")
    assert await kept(store, workspace) == [("what does a trader do at a hedge fund", QuestionKind.UNANSWERED)]

    await workspace.edit(asked, QUANT)  # which is put to nobody any more
    assert await kept(store, workspace) == []

    await workspace.edit(asked, f"<@U_ROLEFIT> {QUANT}")
    assert await kept(store, workspace) == [(QUANT, QuestionKind.UNANSWERED)]

    await workspace.delete(asked)
    assert await kept(store, workspace) == []


# Editors


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the knowledge, to be edited; no bot watches it."""
    return shutil.copytree(KNOWLEDGE, tmp_path / "knowledge")


def edited_bot(
    workspace: Workspace, data: Path, folder: Path, **given: Any
) -> contextlib.AbstractAsyncContextManager[None]:
    """Run a bot that has an editor, and the knowledge of a folder as it is now."""
    return bot_in(workspace, knowledge.load(folder), data, **{"rolefit_editors": EDITOR, **given})


async def test_the_members_of_a_user_group_are_editors_as_long_as_slack_names_them(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    nothing_open = "There is no question without an answer"
    monkeypatch.setattr(editors, "KNOWN_FOR", 0.0)
    async with (
        Workspace.start() as workspace,
        edited_bot(workspace, tmp_path, folder, rolefit_editors="U_BEN, S_EDITORS"),
    ):
        for user in (EDITOR, "U_BEN"):
            assert nothing_open in shown(await workspace.home(user))
        assert nothing_open not in shown(await workspace.home("U_ANA"))
        await workspace.faults(api=[{"method": "usergroups.users.list", "error": "missing_scope", "times": 99}])
        assert nothing_open not in shown(await workspace.home("U_ANA"))


async def test_where_slack_names_no_members_only_those_named_are_editors(tmp_path: Path, folder: Path):
    async with (
        Workspace.start() as workspace,
        edited_bot(workspace, tmp_path, folder, rolefit_editors="U_BEN, S_EDITORS"),
    ):
        await workspace.faults(api=[{"method": "usergroups.users.list", "error": "missing_scope", "times": 99}])

        assert "There is no question without an answer" in shown(await workspace.home("U_BEN"))
        assert "There is no question without an answer" not in shown(await workspace.home(EDITOR))


@pytest.mark.both_databases
async def test_editors_see_gaps_on_their_home_tab_and_get_drafts_and_nobody_else_does(
    tmp_path: Path, folder: Path, kept_in: dict[str, Any]
):
    async with Workspace.start() as workspace, edited_bot(workspace, tmp_path, folder, **kept_in):
        assert "There is no question without an answer" in shown(await workspace.home(EDITOR))
        for user in ("U_ANA", "U_BEN"):
            await workspace.replies(await workspace.mention(user, "C_ASK", f"<@U_BOT> {QUANT}, <@U_KIM>?"))

        assert "For editors" not in shown(await workspace.home("U_BEN"))
        home = await workspace.home(EDITOR)

        async def listed() -> Any:
            view = await workspace.home_now(EDITOR)
            return view if view and QUANT in shown(view) else None

        home = await workspace.until(listed, EDITOR)
        assert f"{QUANT}, ? (2 people)" in shown(home)
        await workspace.click(EDITOR, home, "Draft an entry")
        [draft] = await workspace.dm(EDITOR, count=1)
        assert '- id: quant-hedge-fund\n    question: "What does a quant do at a hedge fund?"' in shown(draft)
        assert "rolefit check" in shown(draft)

        async def pointed() -> Any:
            view = await workspace.home_now(EDITOR)
            return view if view and "The draft is in" in shown(view) else None

        drafted = await workspace.until(pointed, EDITOR)
        [line] = [block for block in drafted["blocks"] if "The draft is in" in shown({"blocks": [block]})]
        assert f"channel={draft['channel']}&amp;ts=" in line["text"]["text"]
        assert line["text"]["text"].startswith(f"{QUANT}, ? (2 people)")
        for view in (home, drafted):  # as who clicks twice, and who clicks again what is still listed
            await workspace.click(EDITOR, view, "Draft an entry")
        await workspace.settled()
        assert len(await workspace.dm(EDITOR)) == 1

        await workspace.replies(await workspace.mention("U_EVE", "C_ASK", f"<@U_BOT> {QUANT}?"))
        await workspace.click(EDITOR, drafted, "Draft an entry")  # which has another phrasing by now
        await workspace.dm(EDITOR, count=2)

        services = replace(gaps_worker._services, editors=editors.Editors())
        # As after a restart with other settings, while the tab is still open.
        SlackWorker.bind_all(services, gaps_worker._library)
        await workspace.click(EDITOR, home, "Draft an entry")
        await workspace.settled()
        assert len(await workspace.dm(EDITOR)) == 2


async def test_editors_see_which_answer_did_not_help_and_how_many_people_say_so(tmp_path: Path, folder: Path):
    with (folder / "faq.yaml").open("a") as file:
        file.write(ENTRY)
    async with Workspace.start() as workspace, edited_bot(workspace, tmp_path, folder):
        asked = await workspace.mention("U_ANA", "C_ASK", QUANT)
        [answer] = await workspace.replies(asked)
        for user in ("U_ANA", "U_BEN"):
            await workspace.click(user, answer, "Not helpful")
            await workspace.settled()
        await workspace.home(EDITOR)

        async def listed() -> Any:
            view = await workspace.home_now(EDITOR)
            return view if view and QUANT in shown(view) else None

        home = shown(await workspace.until(listed, EDITOR))
        assert f"{QUANT} (one person)\n_Answered with “What does a quant do?”, which did not help (2 people)._" in home


@pytest.mark.both_databases
async def test_editors_have_a_digest_once_a_week_if_there_is_something_in_it(
    tmp_path: Path, folder: Path, kept_in: dict[str, Any]
):
    async with (
        Workspace.start() as workspace,
        edited_bot(workspace, tmp_path, folder, **kept_in),
        rows(tmp_path, kept_in) as store,
    ):
        now = time.time()
        await gaps.start_digests(store, now)  # nobody has chosen a channel
        await choose_channel(store, "C_GENERAL")
        before = len(await workspace.messages("C_GENERAL"))
        await gaps.start_digests(store, now)  # and nothing is in it
        await workspace.settled()
        assert len(await workspace.messages("C_GENERAL")) == before

        await workspace.replies(await workspace.mention("U_ANA", "C_ASK", QUANT))
        for _ in range(2):
            await gaps.start_digests(store, now)  # the same week
        await workspace.settled()
        assert len(await workspace.messages("C_GENERAL")) == before

        for at in (now + 7 * 86_400, now + 7 * 86_400 + 1):
            await gaps.start_digests(store, at)
        *_, digest = await workspace.messages("C_GENERAL", count=before + 1)
        await workspace.settled()
        assert len(await workspace.messages("C_GENERAL")) == before + 1
        assert "What I could not answer lately" in shown(digest)
        assert f"{QUANT} (one person)" in shown(digest)

        await gaps.start_digests(store, now + 21 * 86_400)  # the question is old by then
        await workspace.settled()
        assert len(await workspace.messages("C_GENERAL")) == before + 1


async def choose_channel(store: Store, channel: str) -> None:
    async with store._engine.begin() as connection:
        await connection.execute(workspaces.insert().values(team=TEAM, editors_channel=channel))


# When the knowledge has changed


async def take_up(folder: Path, store: Store) -> None:
    """Do what a bot does when it takes the knowledge of a folder up."""
    library, before = knowledge.load(folder), gaps_worker._library
    SlackWorker.bind_all(gaps_worker._services, library)
    await gaps.follow_knowledge(library, store, before)


@pytest.mark.both_databases
async def test_who_asked_hears_once_when_there_is_an_answer(tmp_path: Path, folder: Path, kept_in: dict[str, Any]):
    async with (
        Workspace.start() as workspace,
        edited_bot(workspace, tmp_path, folder, **kept_in),
        rows(tmp_path, kept_in) as store,
    ):
        for user, text in (("U_ANA", QUANT), ("U_ANA", "quant jobs?"), ("U_BEN", QUANT), ("U_MEI", QUANT)):
            await workspace.replies(await workspace.mention(user, "C_ASK", text))
        deleted = await workspace.mention("U_EVE", "C_ASK", QUANT)
        await workspace.replies(deleted)
        await workspace.delete(deleted)
        await store.replies.choose(TEAM, "U_MEI", news=False)
        await workspace.settled()

        with (folder / "faq.yaml").open("a") as file:
            file.write(ENTRY)
        for _ in range(2):  # as two replicas, or a restart
            await take_up(folder, store)
        [news] = await workspace.dm("U_ANA", count=1)
        await workspace.dm("U_BEN", count=1)
        await workspace.settled()
        await take_up(folder, store)
        await workspace.settled()

        assert len(await workspace.dm("U_ANA")) == len(await workspace.dm("U_BEN")) == 1
        assert await workspace.dm("U_MEI") == await workspace.dm("U_EVE") == []
        assert f"You asked me “{QUANT}”" in shown(news) or "You asked me “quant jobs?”" in shown(news)
        assert "A quant models markets." in shown(news)
        for key in await recorded(f"news:{TEAM}:"):  # which remembers it after it is there to be read
            while await work_records.is_under_way([key]):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        closed = await store.gaps.listed(TEAM)
        assert {question.answered_by for question in closed} == {"quant"}
        assert {question.user for question in closed if question.told_at} == {"U_ANA", "U_BEN"}

        await workspace.click("U_ANA", news, "No more of these")

        async def confirmed() -> Any:
            return next((each for each in await workspace.dm("U_ANA") if each["ts"] > news["ts"]), None)

        said = await workspace.until(confirmed, "U_ANA")
        assert "I will not come back to you" in shown(said)
        assert await store.replies.choices_of(TEAM, "U_ANA") == (True, False)
        await workspace.click("U_ANA", said, "Tell me again")
        await workspace.settled()
        assert await store.replies.choices_of(TEAM, "U_ANA") == (True, True)


async def test_what_was_suggested_or_was_answered_by_itself_is_no_news_after_an_edit(
    tmp_path: Path, folder: Path, kept_in: dict[str, Any]
):
    async with (
        Workspace.start() as workspace,
        edited_bot(workspace, tmp_path, folder, **kept_in),
        rows(tmp_path, kept_in) as store,
    ):
        question = Question("C_ASK:1.0", "U_ANA", QuestionKind.UNANSWERED, QUANT, "C_ASK", "1.0", known=("quant",))
        await store.gaps.record(TEAM, question)
        await workspace.replies(await workspace.mention("U_BEN", "C_ASK", QUANT))
        unclear = await workspace.mention("U_ANA", "C_ASK", "researchers in product teams")
        await workspace.replies(unclear)
        await workspace.settled()
        [suggested] = [kept for kept in await store.gaps.listed(TEAM) if kept.ts == unclear]
        assert suggested.known

        with (folder / "faq.yaml").open("a") as file:
            file.write(ENTRY)
        await take_up(folder, store)
        await workspace.dm("U_BEN", count=1)
        await workspace.settled()

        assert await workspace.dm("U_ANA") == []


async def test_only_what_an_edit_newly_answers_is_news(tmp_path: Path, folder: Path, kept_in: dict[str, Any]):
    async with (
        Workspace.start() as workspace,
        edited_bot(workspace, tmp_path, folder, **kept_in),
        rows(tmp_path, kept_in) as store,
    ):

        def unanswered(question_id: str, user: str, text: str) -> Question:
            return Question(question_id, user, QuestionKind.UNANSWERED, text)

        # Kept by a version that had no answer, though the entry was there already.
        await store.gaps.record(TEAM, unanswered("command:old", "U_ANA", "what is an MTS?"))
        for user in ("U_BEN", "U_MEI"):
            await store.gaps.record(TEAM, unanswered(f"command:{user}", user, QUANT))
        # Who has got the entry since, by choosing it.
        got = Question("C_ASK:2.0", "U_MEI", QuestionKind.CHOSEN, "quants", "C_ASK", "2.0", entry="quant")
        await store.gaps.record(TEAM, got)
        await workspace.settled()

        with (folder / "faq.yaml").open("a") as file:
            file.write(ENTRY)
        await take_up(folder, store)
        await workspace.dm("U_BEN", count=1)
        await workspace.settled()

        assert await workspace.dm("U_ANA") == await workspace.dm("U_MEI") == []


async def test_a_follow_up_of_what_nobody_remembers_is_no_news(tmp_path: Path, folder: Path, kept_in: dict[str, Any]):
    async with (
        Workspace.start() as workspace,
        edited_bot(workspace, tmp_path, folder, **kept_in),
        rows(tmp_path, kept_in) as store,
    ):
        leaning, unanswered = "how about an applied scientist?", QuestionKind.UNANSWERED
        await store.gaps.record(TEAM, Question("C_ASK:1.0", "U_ANA", unanswered, leaning, "C_ASK", "1.0"))
        await store.gaps.record(TEAM, Question("command:alone", "U_BEN", unanswered, leaning))
        await workspace.settled()

        with (folder / "faq.yaml").open("a") as file:
            file.write(ENTRY)
        await gaps.follow_knowledge(knowledge.load(folder), store)  # as after a restart with the edit
        await workspace.dm("U_BEN", count=1)
        await workspace.settled()

        assert await workspace.dm("U_ANA") == []


async def test_what_was_declined_is_no_answer_and_what_is_answered_elsewhere_stays_closed(
    tmp_path: Path, folder: Path, kept_in: dict[str, Any]
):
    async with (
        Workspace.start() as workspace,
        edited_bot(workspace, tmp_path, folder, **kept_in),
        rows(tmp_path, kept_in) as store,
    ):
        for kind, number in ((QuestionKind.DECLINED, 1), (QuestionKind.NOT_HELPFUL, 2), (QuestionKind.CHOSEN, 3)):
            question = Question(f"C:{number}", "U_ANA", kind, QUANT, entry="quant")
            await store.gaps.record(TEAM, question)
        with (folder / "faq.yaml").open("a") as file:
            file.write(ENTRY)

        await take_up(folder, store)
        await workspace.settled()

        assert await workspace.dm("U_ANA") == []
        assert {question.answered_by for question in await store.gaps.listed(TEAM)} == {None}


@pytest.mark.both_databases
async def test_a_corrected_entry_corrects_its_answers_in_place_once(
    tmp_path: Path, folder: Path, kept_in: dict[str, Any]
):
    async with (
        Workspace.start() as workspace,
        edited_bot(workspace, tmp_path, folder, **kept_in),
        rows(tmp_path, kept_in) as store,
    ):
        mts = await workspace.post("U_ANA", "C_ASK", "What does Member of Technical Staff mean?")
        [answer] = await workspace.replies(mts)
        other = await workspace.post("U_ANA", "C_ASK", "Is research just engineering done at a slower speed?")
        [untouched] = await workspace.replies(other)
        await workspace.settled()
        faq_file = folder / "faq.yaml"
        faq_file.write_text(faq_file.read_text().replace("one internal title", "a single title"))

        for _ in range(2):
            await take_up(folder, store)
        corrected = await workspace.latest("U_ANA", answer, once=lambda now: "a single title" in shown(now))
        await workspace.settled()

        day = date.today()  # noqa: DTZ011 - the machine's is the bot's
        assert shown(corrected).count("Corrected on ") == 1
        assert f"Corrected on {day.day} {day:%B %Y}" in shown(corrected)
        assert buttons(corrected) == buttons(answer)
        assert len(await workspace.traffic("chat.update")) == 1
        assert shown(await workspace.latest("U_ANA", untouched)) == shown(untouched)
        reply = await store.replies.get(TEAM, "C_ASK", mts)
        assert reply is not None
        assert reply.corrected_at is not None

        faq_file.write_text(faq_file.read_text().replace("a single title", "just one title"))
        await take_up(folder, store)
        again = await workspace.latest("U_ANA", answer, once=lambda now: "just one title" in shown(now))
        assert shown(again).count("Corrected on ") == 1


@pytest.mark.both_databases
async def test_knowledge_is_followed_by_one_piece_of_work_page_by_page_and_again_when_it_comes_back(
    tmp_path: Path, folder: Path, kept_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bot.slack.gaps_work.PAGE", 2)
    async with (
        Workspace.start() as workspace,
        edited_bot(workspace, tmp_path, folder, **kept_in),
        rows(tmp_path, kept_in) as store,
    ):
        for user in ("U_ANA", "U_BEN", "U_MEI"):
            await workspace.replies(await workspace.mention(user, "C_ASK", QUANT))
        places = ["C_ASK", "C_GENERAL", "U_ROLEFIT"]
        asked = [await workspace.post("U_ANA", place, "What does Member of Technical Staff mean?") for place in places]
        answers = [(await workspace.replies(sent))[0] for sent in asked]
        faq_file = folder / "faq.yaml"
        before = faq_file.read_text()
        after = before.replace("one internal title", "a single title") + ENTRY

        for text, said in ((after, "a single title"), (before, "one internal title"), (after, "a single title")):
            faq_file.write_text(text)
            for _ in range(2):
                await take_up(folder, store)
            await workspace.settled()
            for answer in answers:
                assert said in shown(await workspace.latest("U_ANA", answer))

        assert len(await workspace.traffic("chat.update")) == 9
        for user in ("U_ANA", "U_BEN", "U_MEI"):
            assert len([message for message in await workspace.dm(user) if "You asked me" in shown(message)]) == 1
        followed = await recorded(f"knowledge:{TEAM}:")
        assert [key.split(":")[2] for key in sorted(followed)] == ["1", "2", "3"]
        assert await recorded(f"correct:{TEAM}:") == []
        results = [step["output"] for key in followed for step in await DBOS.list_workflow_steps_async(key)]
        assert [result for result in results if "quant" in str(result)]  # the entry's id
        assert not [result for result in results if "hedge fund" in str(result)]


async def test_corrections_wait_for_slack_as_long_as_it_takes(tmp_path: Path, folder: Path, kept_in: dict[str, Any]):
    async with (
        Workspace.start() as workspace,
        edited_bot(workspace, tmp_path, folder, **kept_in),
        rows(tmp_path, kept_in) as store,
    ):
        asked = await workspace.post("U_ANA", "C_ASK", "What does Member of Technical Staff mean?")
        [answer] = await workspace.replies(asked)
        await workspace.settled()
        faq_file = folder / "faq.yaml"
        faq_file.write_text(faq_file.read_text().replace("one internal title", "a single title"))
        limited = {"method": "chat.update", "error": "ratelimited", "retry_after": 0, "times": 20}
        await workspace.faults(api=[limited])

        await take_up(folder, store)

        await workspace.latest("U_ANA", answer, once=lambda now: "a single title" in shown(now))


@pytest.mark.both_databases
async def test_corrections_go_on_after_a_restart_and_are_made_once(
    tmp_path: Path, folder: Path, kept_in: dict[str, Any]
):
    async with Workspace.start() as workspace:
        async with edited_bot(workspace, tmp_path, folder, **kept_in), rows(tmp_path, kept_in) as store:
            places = ("C_ASK", "C_GENERAL")
            asked = [await workspace.post("U_ANA", at, "What does Member of Technical Staff mean?") for at in places]
            answers = [(await workspace.replies(sent))[0] for sent in asked]
            await workspace.settled()
            faq_file = folder / "faq.yaml"
            faq_file.write_text(faq_file.read_text().replace("one internal title", "a single title"))
            await workspace.faults(api=[{"method": "chat.update", "error": "ratelimited", "retry_after": 2}])
            await take_up(folder, store)
            await workspace.settled()  # it waits for Slack
            assert [entry["status"] for entry in await workspace.traffic("chat.update")] == ["ratelimited"]

        async with edited_bot(workspace, tmp_path, folder, **kept_in):
            for answer in answers:
                await workspace.latest("U_ANA", answer, once=lambda now: "a single title" in shown(now))
            await workspace.settled()
            assert len(await workspace.traffic("chat.update")) == 3


async def test_a_correction_that_an_earlier_version_began_is_done(
    tmp_path: Path, folder: Path, kept_in: dict[str, Any]
):
    async with (
        Workspace.start() as workspace,
        edited_bot(workspace, tmp_path, folder, **kept_in),
        rows(tmp_path, kept_in) as store,
    ):
        asked = await workspace.post("U_ANA", "C_ASK", "What does Member of Technical Staff mean?")
        [answer] = await workspace.replies(asked)
        await workspace.settled()
        key = Work.CORRECT_REPLY.key(TEAM, "C_ASK", asked, "digest", 0)

        await jobs.start(key, faq.faq_worker.correct_reply, TEAM, "C_ASK", str(asked), "digest")
        await workspace.latest("U_ANA", answer, once=lambda now: "Corrected on" in shown(now))
        await workspace.settled()

        reply = await store.replies.get(TEAM, "C_ASK", asked)
        assert reply is not None
        assert reply.digest == "digest"


@pytest.mark.both_databases
async def test_of_two_replicas_that_follow_different_knowledge_one_comes_first(store: Store):
    assert await store.gaps.followed(TEAM) is None

    first, second = [await store.gaps.follow(TEAM, knowledge, None) for knowledge in ("1:a", "1:b")]

    assert (first, second) == (True, False)
    assert await store.gaps.follow(TEAM, "1:a", None)  # again
    assert await store.gaps.follow(TEAM, "2:b", "1:a")
    assert not await store.gaps.follow(TEAM, "1:a", None)
    assert await store.gaps.followed(TEAM) == "2:b"


async def test_answers_of_removed_entries_and_old_ones_stay_as_they_are(
    tmp_path: Path, folder: Path, kept_in: dict[str, Any]
):
    with (folder / "faq.yaml").open("a") as file:
        file.write(ENTRY)
    async with (
        Workspace.start() as workspace,
        edited_bot(workspace, tmp_path, folder, **kept_in),
        rows(tmp_path, kept_in) as store,
    ):
        asked = [await workspace.mention("U_ANA", "C_ASK", QUANT)]
        asked.append(await workspace.post("U_ANA", "C_ASK", "What does Member of Technical Staff mean?"))
        answers = [(await workspace.replies(each))[0] for each in asked]
        await workspace.settled()
        async with store._engine.begin() as connection:
            old = replies.c.question_ts == str(asked[1])
            await connection.execute(replies.update().where(old).values(replied_at=time.time() - 15 * 86_400))
        faq_file = folder / "faq.yaml"
        faq_file.write_text(faq_file.read_text().replace(ENTRY, "").replace("one internal title", "a single title"))

        await take_up(folder, store)
        await workspace.settled()

        for answer in answers:
            assert shown(await workspace.latest("U_ANA", answer)) == shown(answer)


async def test_a_bot_tells_news_when_it_starts_and_when_an_entry_is_saved(
    tmp_path: Path, folder: Path, kept_in: dict[str, Any]
):
    few_entries(folder, "member-of-technical-staff", "research-vs-slow-engineering")
    async with Workspace.start() as workspace:
        async with edited_bot(workspace, tmp_path, folder, **kept_in):
            await workspace.replies(await workspace.mention("U_ANA", "C_ASK", QUANT))
            await workspace.replies(await workspace.mention("U_BEN", "C_ASK", "who sharpens the pencils at OpenAI"))
            await workspace.settled()
        with (folder / "faq.yaml").open("a") as file:
            file.write(ENTRY)

        async with edited_bot(workspace, tmp_path, folder, knowledge_dir=folder, **kept_in):
            [news] = await workspace.dm("U_ANA", count=1)
            assert "A quant models markets." in shown(news)

            entry = ENTRY.replace("What does a quant do?", "Who sharpens the pencils at OpenAI?")
            entry = entry.replace("A quant models markets.", "Everybody sharpens their own.")
            with (folder / "faq.yaml").open("a") as file:
                file.write(entry.replace("quant", "pencil"))
            [news] = await workspace.dm("U_BEN", count=1)
            assert "Everybody sharpens their own." in shown(news)
