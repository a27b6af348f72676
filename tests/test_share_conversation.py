"""Sharing as people meet it: choose in a window, see exactly what would be sent, send it or don't."""

import json
import re
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.quiz_run import Graded, Run
from bot.domain.share import Part, Place
from bot.knowledge import Library
from bot.slack import gallery, shared_result
from tests.conftest import bot_in
from tests.sharing import (
    ANA,
    BEN,
    MEI,
    RECEIPT,
    SHARE,
    copy_of,
    fill_in,
    finished,
    forge_metadata,
    previewed,
    shared,
    thread_of,
    window,
)
from tests.test_quiz_conversation import (
    CLEAR,
    ENGINEER,
    PAIRS,
    PEOPLE,
    ROLE,
    asking,
    begin,
    close_answers,
    in_letters,
    message,
    privately,
    result,
    take,
    write,
)
from tests.test_reconcile import refused
from tests.workspace import Json, Workspace, buttons, elements, shown


async def test_the_window_asks_who_gets_what_and_leaves_answers_and_note_out(either_way: Workspace):
    _, told = await finished(either_way)

    view = await window(either_way, told)

    [people, parts, note, place] = elements(view)
    assert (people["type"], people.get("initial_user")) == ("users_select", None)
    assert [option["value"] for option in parts["initial_options"]] == ["recommendation", "table", "graded"]
    assert {option["value"] for option in parts["options"]} == {"recommendation", "table", "graded", "answers"}
    assert "initial_value" not in note
    assert place["initial_option"]["value"] == "direct"
    assert await either_way.dm(MEI) == []


async def test_the_manager_gets_exactly_what_was_previewed(either_way: Workspace):
    _, view = await previewed(either_way, note="Shall we talk?\nIt is about <!channel> & me", parts=list(Part)[:4])
    assert await either_way.dm(MEI) == []

    await either_way.submit(ANA)

    copy = await copy_of(either_way)
    replies = await thread_of(either_way, copy, count=5)
    seen = shown(view)
    for posted in (copy, *replies):
        for block in posted["blocks"]:
            if block["type"] == "table":
                lines = [cell["text"] for row in block["rows"] for cell in row][1:]  # but for the corner
                assert all(line in seen for line in lines)
            elif block["type"] != "actions":
                assert shown({"blocks": [block]}) in seen
    sent = "\n".join(shown(each) for each in (copy, *replies))
    said = [line for line in seen.split("\n") if line and line not in sent and not line.startswith("• *")]
    assert said == [
        "What will be sent",
        "Nothing has been sent yet. <@U_MEI> would get this, word for word:",
        "In the thread below it:",
        "These lines arrive as a table:",
        next(line for line in said if line.startswith("Below it <@U_MEI> can mark it as read")),
        "Send",
        "Back",
    ]
    assert "> It is about <!channel> & me" in shown(copy)
    assert "&lt;!channel&gt;" in json.dumps(copy["blocks"])


async def test_the_copy_is_a_message_of_its_own_that_speaks_of_the_senders_work(workspace: Workspace):
    root, _ = await shared(workspace)

    copy = await copy_of(workspace)

    said = "\n".join(shown(each) for each in (copy, *await thread_of(workspace, copy, count=4)))
    assert "*<@U_ANA> shares a result with you*, as it stood on <!date^" in said
    assert "They chose what you see: the recommendation and its reasons, an excerpt of the table, how the" in said
    assert "The work of <@U_ANA> calls for the role of an AI researcher." in said
    assert "This describes work, not people" in said
    assert not re.search(r"\byour (?:own |last )?(?:work|week|review)", said)
    assert "archives" not in json.dumps(copy)  # no link into one's own direct message
    assert "thread_ts" not in copy or copy["thread_ts"] == copy["ts"]
    assert root.channel != copy["channel"]


@pytest.mark.parametrize(
    ("about", "work"), [(ROLE, "The work <@U_ANA> has in mind"), (PEOPLE, "The work of <@U_ANA>’s team")]
)
async def test_the_copy_about_other_work_than_ones_own_says_whose_it_is(workspace: Workspace, about: str, work: str):
    root = await begin(workspace, about=about)
    await take(workspace, root)
    await window(workspace, await result(workspace, root))
    await fill_in(workspace)

    assert f"{work} calls for" in shown(await workspace.modal(ANA))


async def test_a_copy_can_go_to_a_group_in_which_both_can_talk(workspace: Workspace):
    root, receipt = await shared(workspace, place="group")

    assert "in a group message of you both and me" in shown(receipt)
    assert await workspace.dm(MEI) == []
    groups = [channel for channel in (await workspace.state(MEI))["channels"] if channel.get("is_mpim")]
    [copy] = await workspace.messages(groups[0]["id"], MEI)
    assert "*<@U_ANA> shares a result with <@U_MEI>*" in shown(copy)
    await workspace.click(ANA, copy, "Mark as read")  # it is not hers to say
    await workspace.settled()
    assert "Not marked as read so far." in shown(await message(workspace, root, RECEIPT))
    await workspace.click(MEI, copy, "Mark as read")
    await message(workspace, root, "<@U_MEI> marked it as read on")


async def test_the_person_of_last_time_is_filled_in(workspace: Workspace):
    root, _ = await shared(workspace)

    view = await window(workspace, await result(workspace, root))

    assert elements(view)[0]["initial_user"] == MEI


@pytest.mark.both_databases
async def test_a_second_click_on_send_sends_nothing_more(workspace: Workspace):
    root, view = await previewed(workspace)
    await workspace.submit(ANA)
    await message(workspace, root, RECEIPT)

    await window(workspace, await result(workspace, root))
    await fill_in(workspace, BEN)
    await forge_metadata(workspace, await workspace.modal(ANA), view["private_metadata"])
    await workspace.submit(ANA)  # as a second delivery of the first click would
    await workspace.settled()

    assert len(await workspace.dm(MEI)) == 1
    assert await workspace.dm(BEN) == []
    thread = await workspace.thread(root.channel, root, ANA)
    assert sum(RECEIPT in shown(each) for each in thread) == 1


async def test_what_is_not_sent_is_seen_by_nobody_and_another_can_be_made(workspace: Workspace):
    root, _ = await previewed(workspace)
    await workspace.close(ANA, everything=True)
    await workspace.settled()
    assert await workspace.dm(MEI) == []

    await window(workspace, await result(workspace, root))
    await fill_in(workspace, BEN)
    await workspace.submit(ANA)

    await copy_of(workspace, BEN)
    assert await workspace.dm(MEI) == []


async def test_going_back_shows_the_window_as_it_was_and_another_preview(workspace: Workspace):
    root, first = await previewed(workspace, note="First thoughts")
    await workspace.close(ANA)

    answer = await fill_in(workspace, None, note="Second thoughts")

    assert answer["response_action"] == "push"
    second = await workspace.modal(ANA)
    assert first["private_metadata"] != second["private_metadata"]
    await workspace.submit(ANA)
    await message(workspace, root, RECEIPT)
    copy = await copy_of(workspace)
    assert "Second thoughts" in shown(copy)
    assert "First thoughts" not in shown(copy)


async def test_no_parts_are_no_share(workspace: Workspace):
    _, told = await finished(workspace)
    await window(workspace, told)

    answer = await fill_in(workspace, parts=[])

    assert answer == {
        "response_action": "errors",
        "errors": {"share:parts": "Please tick at least one part, or write a note."},
    }
    assert (await fill_in(workspace, parts=[], note="Just this"))["response_action"] == "push"


# What has changed between a click and the next


@pytest.mark.both_databases
async def test_a_result_that_has_changed_since_the_preview_is_not_sent(workspace: Workspace):
    root, _ = await previewed(workspace)
    await write(workspace, root, "change 5 to d")
    await message(workspace, root, "You changed your answer to question 5")

    await workspace.submit(ANA)

    assert "Your result has changed since this preview" in shown(await workspace.modal(ANA))
    await workspace.settled()
    assert await workspace.dm(MEI) == []


async def test_a_result_that_is_open_again_is_not_shared(workspace: Workspace, library: Library):
    root, told = await finished(workspace)
    await window(workspace, told)
    await write(workspace, root, in_letters(close_answers(library, PAIRS[0])))
    await message(workspace, root, "There is a result again once")

    await fill_in(workspace)

    assert "There is nothing to share until the open questions are answered." in shown(await workspace.modal(ANA))


async def test_a_result_that_was_finished_anew_can_be_shared(workspace: Workspace, library: Library):
    root, _ = await finished(workspace)
    await write(workspace, root, in_letters(close_answers(library, PAIRS[0])))
    await message(workspace, root, "There is a result again once")
    await write(workspace, root, in_letters(ENGINEER))

    await window(workspace, await message(workspace, root, "the role of an AI engineer"))
    await fill_in(workspace)
    await workspace.submit(ANA)

    assert "the role of an AI engineer." in shown(await copy_of(workspace))


async def test_a_result_whose_answers_were_confirmed_can_be_shared(workspace: Workspace):
    root, _ = await finished(workspace)
    await write(workspace, root, "change 1")
    asked = await asking(workspace, root, "So far you answered")
    await workspace.click(ANA, asked, buttons(asked)[CLEAR[0]])

    await window(workspace, await result(workspace, root))
    assert (await fill_in(workspace))["response_action"] == "push"


@pytest.mark.parametrize("when", ["before the window", "before the preview", "before it is sent"])
async def test_a_result_that_was_deleted_is_not_shared(workspace: Workspace, when: str):
    root, told = await finished(workspace)
    if when != "before the window":
        await window(workspace, told)
    if when == "before it is sent":
        await fill_in(workspace)
    if when == "before the window":  # its messages are there until Slack lets us delete them
        await workspace.faults(api=[{"method": "chat.delete", "error": "ratelimited", "times": 999}])
    await workspace.command(ANA, "C_ASK", "/rolefit", "history")
    await workspace.click(ANA, await privately(workspace, "Your rounds"), "Delete")
    if when == "before the window":
        await refused(workspace, "ratelimited", "chat.delete")
        await workspace.click_as_shown(ANA, told, SHARE)
    else:
        await privately(workspace, "You have no rounds yet.")
        await (fill_in(workspace) if when == "before the preview" else workspace.submit(ANA))

    assert "That result was deleted, so there is nothing to share." in shown(await workspace.modal(ANA))
    await workspace.faults()
    await workspace.settled()
    assert await workspace.dm(MEI) == []
    assert root


@pytest.mark.both_databases
async def test_a_restart_between_preview_and_send_loses_nothing(
    library: Library, tmp_path: Path, kept_in: dict[str, Any]
):
    async with Workspace.start() as workspace:
        async with bot_in(workspace, library, tmp_path, **kept_in):
            root, view = await previewed(workspace, note="Before the restart")
            await workspace.settled()
        async with bot_in(workspace, library, tmp_path, **kept_in):
            await workspace.submit(ANA)
            await message(workspace, root, RECEIPT)

            copy = await copy_of(workspace)
            assert shown({"blocks": copy["blocks"][:-1]}) in shown(view)


async def test_what_stands_in_threads_from_before_says_how_it_works_now(workspace: Workspace):
    root, _ = await finished(workspace)
    await workspace.settled()
    old = {
        "text": "Who should get a copy?",
        "blocks": [
            {
                "type": "actions",
                "block_id": "share:r1",
                "elements": [
                    {"type": "users_select", "action_id": "share_with"},
                    {"type": "button", "action_id": "share_send", "value": "s1", "text": _plain("Send")},
                    {"type": "button", "action_id": "share_cancel", "value": "s1", "text": _plain("Don’t send")},
                ],
            }
        ],
    }
    for use in ("share_with", "Send", "Don’t send"):
        answer = await workspace.call("chat.postMessage", channel=root.channel, thread_ts=str(root), **old)
        posted = {**answer["message"], "channel": root.channel}

        if use == "share_with":
            await workspace.select_user(ANA, posted, MEI)
        else:
            await workspace.click(ANA, posted, use)

        now = await workspace.latest(ANA, posted, once=lambda now: "Sharing works in another way now" in shown(now))
        assert buttons(now) == []
    assert await workspace.dm(MEI) == []


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


# Nothing outside the parts


@given(
    number=st.integers(0),
    parts=st.sets(st.sampled_from([part for part in Part if part is not Part.NOTE])),
    note=st.sampled_from(["", "A note <!channel> of mine"]),
    place=st.sampled_from(Place),
)
def test_nothing_outside_the_chosen_parts_is_in_what_the_recipient_gets(
    library: Library, number: int, parts: set[Part], note: str, place: Place
):
    runs = _runs(library)
    run = runs[number % len(runs)]
    wanted = shared_result.parts_to_show(run, parts, note, library)

    root, replies = shared_result.content(
        run, wanted, sender=ANA, recipient=MEI, place=place, note=note, at=gallery.BEGUN, library=library
    )
    whole = "\n".join([root.text, *(reply.text for reply in replies)])
    said = whole + json.dumps([message.blocks for message in (root, *replies)], ensure_ascii=False)

    assert run.recommendation
    lines = set(whole.split("\n"))
    for part, only_there in _lines_of_parts(run, library).items():
        assert part in wanted or not lines & only_there
    if Part.ANSWERS not in wanted:
        assert "▸" not in said
    if Part.RECOMMENDATION not in wanted:
        assert "The work of <@U_ANA>" not in said
        shorts = {reason.choices[0].short for reason in run.recommendation.reasons}
        assert not [short for short in shorts if f"• {short}" in said]
        roles = ("of an AI researcher", "of a research engineer", "of an AI engineer")
        assert not [role for role in roles if role in said]
        assert "█" not in said
    if Part.TABLE not in wanted:
        assert "Where the roles differ" not in said
    if Part.GRADED not in wanted:
        assert "How to grade" not in said
        assert "review looked at" not in said
    if not note:
        assert "A note by" not in said
    assert "<!channel>" not in said
    assert "Three questions" in whole


def _lines_of_parts(run: Run, library: Library) -> dict[Part, set[str]]:
    """Give the lines that stand in one part alone, by the part, when all of a result is shared."""
    ticked = [part for part in Part if part is not Part.NOTE]
    shown = shared_result.parts_to_show(run, ticked, "", library)
    _, replies = shared_result.content(
        run, shown, sender=ANA, recipient=MEI, place=Place.DIRECT, note="", at=gallery.BEGUN, library=library
    )
    lines = {part: set(reply.text.split("\n")) for part, reply in zip(shown, replies, strict=False)}
    return {part: own.difference(*(lines[other] for other in shown if other != part)) for part, own in lines.items()}


_RUNS: list[Run] = []


def _runs(library: Library) -> list[Run]:
    """Give finished rounds of every kind, some with what their last review looked at."""
    if not _RUNS:
        rounds = gallery.in_every_purpose(gallery.representative(gallery.finished_runs(library)))
        shareable = [run for run in rounds if run.shareable]
        assert library.quiz.review
        columns = [column.id for column in library.tables[library.quiz.tables.roles].columns]
        cells = [None, *(Graded(*cell) for cell in product(library.quiz.review.dimensions, columns))]
        _RUNS.extend(replace(run, graded=cells[number % len(cells)]) for number, run in enumerate(shareable))
    return _RUNS


def test_a_mismatch_of_work_and_grading_is_the_first_question(library: Library):
    run = next(run for run in _runs(library) if run.mismatch)

    first = shared_result.guide(run, list(Part), library).text.split("\n")[1]

    assert "which in the table belongs to another column than the work of" in first


def test_without_the_recommendation_the_guide_does_not_name_it(library: Library):
    for run in _runs(library):
        text = shared_result.guide(run, [Part.GRADED, Part.ANSWERS], library).text
        assert not re.search(r"AI researcher|research engineer|AI engineer", text)
