"""Every kind of durable work is declared once, and what is deleted with a round or a workspace follows from that."""

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from dbos import DBOS, SetWorkflowID, StepInfo

from bot import jobs, work_records
from bot.knowledge import Library
from bot.slack import work
from bot.slack.work import Owner, Work
from bot.step_records import StepRecords
from bot.storage import Item, Store
from tests.conftest import bot_in
from tests.workspace import PATIENCE, Workspace

BOT = Path(work.__file__).parent.parent
TEAM, ROUND, OTHER = "T1", "r" * 20, "s" * 20


# Said once more, since what is deleted with a round, a person or a workspace follows from the owner alone.
OF_ROUND = """FIRST_QUESTION CLICK REPLY EDIT_OF_REPLY SHOW_ROUND REFRESH_ROUND OPEN_ROUND RESUME STOP REMIND EXPIRE
    PICK_MANAGER PREVIEW_SHARE CANCEL_SHARE INVITE_TO_COMPARE SEND_SHARE WITHDRAW_SHARE ANSWER_RECIPIENT
    OFFER_TO_PASS_ON PASS_ON REFRESH_RECEIPTS TELL_SENDER DELETE_ROUND ERASE_ROUND"""
OF_COMPARISON = "ACCEPT_COMPARISON COMPARE_CLICK FOLLOW_ROUNDS COMPARISON_DUE SAY_WHAT_CHANGED"
OF_PERSON = """BEGIN_ROUND TELL_WHAT_STAYED VOTE GIVE_REASON EXPLAIN_ANSWER NOT_NOW ASK_PERSON SHOW_HOME FIRST_STEPS
    WINDOW_NOT_OPENED GREET EXPORT TELL_NEWS CHOOSE_NEWS DRAFT_ENTRY"""
OF_CHANNEL = """READ_MESSAGE ANSWER REVISE_REPLY POST_PRIVATE_REPLY ANSWER_SHORTCUT WELCOME SHOW_CHANNEL SHOW_ENTRY
    CLOSE_HELP_REQUEST TRY_QUESTION CORRECT_REPLY"""
OF_WORKSPACE = "POINT_TO_ROUND FORGET_PERSON DELETE_TRACES FOLLOW_KNOWLEDGE POST_DIGEST FORGET_WORKSPACE"
OWNERS = {
    name: owner
    for owner, names in (
        (Owner.ROUND, OF_ROUND),
        (Owner.COMPARISON, OF_COMPARISON),
        (Owner.PERSON, OF_PERSON),
        (Owner.CHANNEL, OF_CHANNEL),
        (Owner.WORKSPACE, OF_WORKSPACE),
    )
    for name in names.split()
}


def test_each_kind_belongs_to_what_it_is_deleted_with():
    assert {kind.name: kind.owner for kind in Work} == OWNERS
    assert {kind for kind in Work if kind.deletes_owner} == {
        Work.DELETE_ROUND,
        Work.ERASE_ROUND,
        Work.FORGET_WORKSPACE,
    }


async def left_after(folder: Path, library: Library, keys: list[jobs.Key], prefixes: list[str]) -> set[str]:
    """Record work under these keys, for a replica that is not there, forget some of it, and give the keys left."""
    async with Workspace.start() as workspace, bot_in(workspace, library, folder):
        store = await Store.open(f"sqlite+aiosqlite:///{folder / 'rolefit.db'}")
        await store.inbox.receive([Item(key, "nothing", "{}", 0.0) for key in keys], "elsewhere")
        await work_records.delete_by_prefix(prefixes)
        left = {item.key for item in await store.inbox.received(["elsewhere"])}
        await store.close()
    return left


async def test_with_a_round_goes_all_work_about_it_and_no_other(tmp_path: Path, library: Library):
    about = {kind: kind.key(TEAM, ROUND, "x") for kind in Work}
    others = [kind.key(team, run, "x") for kind in Work for team, run in ((TEAM, OTHER), ("T2", ROUND))]

    left = await left_after(tmp_path, library, [*about.values(), *others], work.of_round(TEAM, ROUND))

    gone = {about[kind] for kind in Work if kind.owner is Owner.ROUND and not kind.deletes_owner}
    assert left == {*about.values(), *others} - gone


async def test_with_a_workspace_goes_all_its_work_but_what_deletes_it(tmp_path: Path, library: Library):
    own = {kind: kind.key(TEAM, "x", "y") for kind in Work}
    others = [kind.key("T10", "x", "y") for kind in Work]

    left = await left_after(tmp_path, library, [*own.values(), *others], work.of_workspace(TEAM))

    assert left == {own[Work.FORGET_WORKSPACE], *others}


async def test_with_a_person_goes_all_work_of_theirs_and_no_other(tmp_path: Path, library: Library):
    own = {kind: kind.key(TEAM, "U1", "x") for kind in Work}
    others = [kind.key(team, user, "x") for kind in Work for team, user in ((TEAM, "U10"), ("T2", "U1"))]

    left = await left_after(tmp_path, library, [*own.values(), *others], work.of_person(TEAM, "U1"))

    assert left == {*own.values(), *others} - {own[kind] for kind in Work if kind.owner is Owner.PERSON}


def test_all_kinds_may_name_a_person_and_those_that_forget_one_are_spared():
    prefixes = {f"{kind.prefix}:{TEAM}:": kind for kind in Work}
    spared = {Work.FORGET_PERSON, Work.DELETE_TRACES, Work.FORGET_WORKSPACE}
    rounds = {Work.DELETE_ROUND, Work.ERASE_ROUND}

    assert set(work.may_name_person(TEAM, rounds_deleted=True)) == {
        prefix for prefix, kind in prefixes.items() if kind not in spared
    }
    assert set(work.may_name_person(TEAM, rounds_deleted=False)) == {
        prefix for prefix, kind in prefixes.items() if kind not in spared | rounds
    }


@pytest.mark.parametrize(
    ("key", "arguments", "goes"),
    [
        ("say:T1:C1:1.5", {}, True),  # a message of theirs
        ("say:T1:C2:1.5", {}, False),
        ("say:T1:C1:1.55", {}, False),
        ("say:T1:C1:2.0", {"asker": "U1"}, True),
        ("say:T1:C1:2.0", {"asker": "U10"}, False),
        ("say:T1:C1:2.0", {"message": {"text": ["for <@U1>, of course"]}}, True),
        ("publish:T1:C1:2.0:U1", {}, True),
        ("say:T1:C1:2.0", {"run": ROUND}, True),
        ("say:T2:C1:1.5", {"asker": "U1"}, False),
    ],
)
async def test_work_that_has_not_begun_goes_if_its_key_or_its_arguments_name_somebody(
    tmp_path: Path, library: Library, key: str, arguments: dict[str, object], goes: bool
):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'rolefit.db'}")
        await store.inbox.receive([Item(key, "nothing", json.dumps(arguments), 0.0)], "elsewhere")
        await work_records.delete_naming(work.may_name_person(TEAM, rounds_deleted=True), ["U1", ROUND, "C1:1.5"])
        left = await store.inbox.received(["elsewhere"])
        await store.close()

    assert left == [] if goes else [item.key for item in left] == [key]


@pytest.mark.parametrize("pattern", [r"\bKey\(", r"jobs\.start\(f?\""])
def test_keys_are_made_in_one_place(pattern: str):
    places = {path.name for path in (BOT / "slack").rglob("*.py") if re.search(pattern, path.read_text())}

    assert places <= {"work.py"}


async def test_work_that_ends_after_the_next_start_is_not_waited_for_and_holds_up_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Cancelled while it waits for the database, it may end long after the process has said that it goes on later."""
    monkeypatch.setattr(jobs, "LEAVES_WITHIN", 0.01)
    under_way, may_end, tasks = asyncio.Event(), asyncio.Event(), set[Any]()

    @jobs.workflow
    async def ends_late() -> None:
        tasks.add(asyncio.current_task())
        under_way.set()
        try:
            await asyncio.Event().wait()
        finally:
            await may_end.wait()

    def begin(executor: str) -> None:
        jobs.configure(f"sqlite:///{tmp_path / 'jobs.db'}", executor=executor)
        jobs.launch()

    begin("first")
    with SetWorkflowID("late"):
        await DBOS.start_workflow_async(ends_late)
    await under_way.wait()
    await jobs.close(0)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())  # DBOS's has ended with it
    begin("second")
    may_end.set()
    await asyncio.wait(tasks)

    async with asyncio.timeout(PATIENCE):
        await jobs.wait_until_idle()
    await jobs.close(0)


@pytest.mark.both_databases
async def test_the_steps_of_much_work_are_read_at_once_as_the_engine_reads_those_of_one(
    tmp_path: Path, library: Library, kept_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path, **kept_in):
        await workspace.faults(api=[{"method": "chat.postMessage", "error": "restricted_action"}])
        questions = [await workspace.mention("U_ANA", "C_ASK", "<@U_BOT> why did xAI drop the researcher title?")]
        await workspace.settled()
        for _ in range(3):
            questions.append(await workspace.mention("U_ANA", "C_ASK", "<@U_BOT> what does MTS stand for?"))
            [answer] = await workspace.replies(questions[-1])
        await workspace.settled()  # which is when what was posted is recorded as well
        keys = [Work.ANSWER.key("T_LOCAL", "C_ASK", question) for question in questions]
        listed = await DBOS.list_workflows_async(workflow_id_prefix=[Work.ANSWER.key("T_LOCAL", "")])
        steps_of = {key: await DBOS.list_workflow_steps_async(key) for key in keys}
        steps = StepRecords(jobs.database_url())
        naming = [key for key in keys if answer["ts"] in str([done["output"] for done in steps_of[key]])]

        assert {workflow.workflow_id for workflow in listed} == set(keys)
        assert steps.may_name(keys, {answer["ts"]}) == set(naming) == {keys[-1]}
        assert steps.may_name(keys, {"nobody"}) == set()
        assert [done["function_name"] for done in steps_of[keys[0]] if done["error"]] == ["post"]
        last = {key: (done[-1]["function_id"], done[-1]["function_name"]) for key, done in steps_of.items()}
        assert steps.given_up_at(keys) == last
        assert last[keys[0]][1] == "post"

        looked_at: list[str] = []
        one_by_one = DBOS.list_workflow_steps_async

        async def counted(key: str) -> list[StepInfo]:
            looked_at.append(key)
            return await one_by_one(key)

        await workspace.settled()
        monkeypatch.setattr(DBOS, "list_workflow_steps_async", counted)
        await work_records.delete_naming([Work.ANSWER.key("T_LOCAL", "")], [answer["ts"]])
        left = await DBOS.list_workflows_async(workflow_id_prefix=[Work.ANSWER.key("T_LOCAL", "")])

    assert looked_at == [keys[-1]]
    assert {workflow.workflow_id for workflow in left} == set(keys[:-1])
