"""Who cannot be sent a result, what cannot be forged, and what is said when Slack refuses."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.knowledge import Library
from bot.slack import slack_calls
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
    outdated,
    previewed,
    shared,
    window,
)
from tests.test_quiz_conversation import message, result
from tests.test_share_recipient import told_alone
from tests.workspace import Json, RefusedError, Sent, Workspace, shown


def states(data: Path) -> list[str]:
    """Give the states of the shares that are kept."""
    with sqlite3.connect(data / "rolefit.db") as connection:
        return sorted(state for (state,) in connection.execute("SELECT state FROM shares"))


@pytest.mark.parametrize(
    ("recipient", "reason"),
    [
        (ANA, "That is you."),
        ("U_ROLEFIT", "That is an app, not a person."),
        ("U_TOM", "This person no longer has an active account."),
        ("U_EVE", "This person is a guest or from outside this workspace."),
        ("U_KIM", "This person is a guest or from outside this workspace."),
    ],
)
async def test_some_people_cannot_be_sent_a_result(workspace: Workspace, recipient: str, reason: str):
    _, told = await finished(workspace)
    await window(workspace, told)

    answer = await fill_in(workspace, recipient)

    assert answer["response_action"] == "errors"
    assert answer["errors"]["share:to"].startswith(reason)
    assert (await fill_in(workspace, MEI))["response_action"] == "push"  # and the window is still there


@pytest.mark.parametrize("recipient", ["U_EVE", "U_KIM"])
async def test_guests_get_results_where_the_admin_allows_it(library: Library, tmp_path: Path, recipient: str):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path, rolefit_share_guests="on"):
        root, _ = await shared(workspace, recipient)

        await message(workspace, root, RECEIPT)


@pytest.mark.parametrize("error", ["user_not_found", "internal_error"])
async def test_somebody_whom_slack_does_not_name_is_refused_in_words(workspace: Workspace, error: str):
    _, told = await finished(workspace)
    await window(workspace, told)
    await workspace.faults(api=[{"method": "users.info", "error": error}])

    answer = await fill_in(workspace)

    assert answer["errors"] == {
        "share:to": "Slack did not tell me who this is. Please pick someone else, or try again later."
    }
    assert (await fill_in(workspace))["response_action"] == "push"


async def test_a_result_is_shared_three_times_a_day_at_most(workspace: Workspace):
    root, _ = await finished(workspace)
    for number in range(1, 4):
        await window(workspace, await result(workspace, root))
        await fill_in(workspace, (MEI, BEN)[number % 2])
        await workspace.submit(ANA)

        async def receipts(wanted: int = number) -> bool:
            thread = await workspace.thread(root.channel, root, ANA)
            return sum(RECEIPT in shown(each) for each in thread) == wanted

        await workspace.until(receipts, ANA)

    await window(workspace, await result(workspace, root))
    answer = await fill_in(workspace)

    assert answer["errors"] == {
        "share:to": "This result was shared three times within a day. Please wait until a day after the first of them."
    }


async def test_of_previews_made_at_once_no_more_are_sent_than_a_day_allows(
    library: Library, tmp_path: Path, kept_in: dict[str, Any]
):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path, **kept_in):
        root, _ = await finished(workspace)
        metadata = []
        for number in range(4):
            await window(workspace, await result(workspace, root))
            await fill_in(workspace, MEI, note=f"Note {number}")
            view = await workspace.modal(ANA)
            metadata.append(view["private_metadata"])
        for each in metadata:
            view = await window(workspace, await result(workspace, root))
            optional = [block for block in view["blocks"] if block.get("optional")]
            await forge_metadata(workspace, {**view, "blocks": optional}, each, callback_id="share_confirm")
            await workspace.submit(ANA)
            await workspace.settled()

        assert len(await workspace.dm(MEI)) == 3
        assert "was shared three times" in shown(await message(workspace, root, "I have sent nothing to <@U_MEI>."))


async def test_a_manager_deactivated_after_the_preview_gets_nothing_and_the_sender_is_told(
    library: Library, tmp_path: Path
):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        root, _ = await previewed(workspace)
        await workspace.deactivate(MEI)

        await workspace.submit(ANA)

        said = shown(await message(workspace, root, "I have sent nothing to <@U_MEI>."))
        assert "This person no longer has an active account." in said
        assert states(tmp_path) == ["cancelled"]  # which takes no place of those that a day has


async def test_who_wants_no_more_from_somebody_gets_none_and_that_is_said_kindly(workspace: Workspace):
    root, _ = await shared(workspace)
    copy = await copy_of(workspace)
    await window(workspace, await result(workspace, root))
    await fill_in(workspace, note="Another")
    await workspace.click(MEI, copy, "No more from this person")
    await workspace.latest(MEI, copy, once=lambda now: "You get no more shares from <@U_ANA>." in shown(now))

    await workspace.submit(ANA)  # what was previewed before

    said = shown(await message(workspace, root, "I have sent nothing to <@U_MEI>."))
    assert "This person prefers not to get shares through me. You can talk to them about it yourself." in said
    await window(workspace, await result(workspace, root))
    assert "prefers not to get shares" in (await fill_in(workspace))["errors"]["share:to"]
    assert len(await workspace.dm(MEI)) == 1

    await workspace.click(MEI, copy, "Allow shares again")
    await workspace.latest(MEI, copy, once=lambda now: "You get no more" not in shown(now))
    assert (await fill_in(workspace))["response_action"] == "push"


# What Slack refuses


@pytest.mark.parametrize(
    ("error", "told", "state"),
    [
        ("restricted_action", "This workspace does not let me write to <@U_MEI>", "failed"),
        ("restricted_action_thread_locked", "This workspace does not let me write to <@U_MEI>", "failed"),
        ("team_access_not_granted", "This workspace does not let me write to <@U_MEI>", "failed"),
        ("user_not_found", "I could not deliver it to <@U_MEI>", "failed"),
        ("msg_too_long", "Slack did not take it for <@U_MEI>", "failed"),
        ("internal_error", "Slack did not say whether <@U_MEI> got it.", "uncertain"),
    ],
)
async def test_a_share_that_slack_refuses_is_kept_as_not_sent_and_can_be_tried_again(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: str, told: str, state: str
):
    monkeypatch.setattr(slack_calls, "TRIES", 1)
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        root, _ = await previewed(workspace)
        await workspace.faults(api=[{"method": "chat.postMessage", "error": error}])

        await workspace.submit(ANA)

        assert SHARE in shown(await message(workspace, root, told))
        await workspace.settled()
        assert await workspace.dm(MEI) == []
        assert states(tmp_path) == [state]

        await _share_again(workspace, root)
        assert states(tmp_path) == sorted([state, "sent"])


async def _share_again(workspace: Workspace, root: Sent) -> None:
    await window(workspace, await result(workspace, root))
    await fill_in(workspace)
    await workspace.submit(ANA)
    await message(workspace, root, RECEIPT)
    assert len(await workspace.dm(MEI)) == 1


async def test_a_share_whose_thread_slack_refuses_is_taken_back_whole(library: Library, tmp_path: Path):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path):
        root, _ = await previewed(workspace)
        two_posts = {"method": "chat.postMessage", "error": None, "times": 2}
        await workspace.faults(api=[two_posts, {"method": "chat.postMessage", "error": "msg_too_long"}])

        await workspace.submit(ANA)

        await message(workspace, root, "I have taken back what had arrived")
        await workspace.settled()
        assert await workspace.dm(MEI) == []
        assert states(tmp_path) == ["failed"]


async def test_where_slack_opens_no_group_nothing_is_sent(workspace: Workspace):
    root, _ = await previewed(workspace, place="group")
    await workspace.faults(api=[{"method": "conversations.open", "error": "missing_scope"}])

    await workspace.submit(ANA)

    await message(workspace, root, "Slack did not let me open a group message with you and <@U_MEI>")


async def test_who_clicks_for_a_window_that_slack_does_not_open_is_asked_to_click_again(workspace: Workspace):
    root, told = await finished(workspace)
    await workspace.faults(api=[{"method": "views.open", "error": "expired_trigger_id"}])

    await workspace.click(ANA, told, SHARE)

    await told_alone(workspace, "Slack did not open the window for that.", ANA)
    assert await workspace.view(ANA) is None
    await window(workspace, await result(workspace, root))


async def test_who_clicks_for_a_window_is_not_kept_waiting_where_slack_does_not_answer(workspace: Workspace):
    _, told = await finished(workspace)
    await workspace.faults(api=[{"method": "views.open", "error": None, "delay": 60}])

    await workspace.click(ANA, told, SHARE)

    await told_alone(workspace, "Slack did not open the window for that.", ANA)


# What is forged


async def of_ben(workspace: Workspace) -> tuple[str, Json]:
    """Have Ben preview a share; gives what his window brings back, and his result."""
    _, told = await finished(workspace, BEN)
    await window(workspace, told, BEN)
    await fill_in(workspace, MEI, BEN)
    return (await workspace.modal(BEN))["private_metadata"], told


async def test_a_run_of_somebody_else_is_refused_and_logged(workspace: Workspace):
    metadata, told = await of_ben(workspace)
    run = metadata.split(" ")[1]
    root, mine = await finished(workspace)
    await forge_metadata(workspace, await window(workspace, mine), run)

    with capture_logs() as logs:
        await fill_in(workspace)

    assert "Only the person whose result this is can share it." in shown(await workspace.modal(ANA))
    assert [line for line in logs if line["event"] == "a share was refused" and line["user"] == ANA]
    await workspace.settled()
    assert await workspace.dm(MEI) == []
    assert root
    assert told


@pytest.mark.parametrize("forged", ["of somebody else", "another digest", "another run", "nonsense", "nothing"])
async def test_a_preview_that_was_forged_is_refused_and_logged(workspace: Workspace, forged: str):
    theirs, _ = await of_ben(workspace)
    root, view = await previewed(workspace)
    version, run, share, digest = view["private_metadata"].split(" ")
    metadata = {
        "of somebody else": theirs,
        "another digest": f"{version} {run} {share} {digest[::-1]}",
        "another run": f"{version} {theirs.split(' ')[1]} {share} {digest}",
        "nonsense": "9 <!channel>",
        "nothing": "",
    }[forged]
    await forge_metadata(workspace, view, metadata)

    with capture_logs() as logs:
        await workspace.submit(ANA)

    assert "Nothing was sent." in shown(await workspace.modal(ANA))
    [line] = [line for line in logs if line["event"] == "a share was refused"]
    assert line["user"] == ANA
    assert not {"text", "note", "message"} & line.keys()
    await workspace.settled()
    assert await workspace.dm(MEI) == []
    assert root


async def test_choices_that_were_not_offered_are_malformed(workspace: Workspace):
    root, told = await finished(workspace)
    view = await window(workspace, told)
    await forge_metadata(workspace, view, "a b c")

    with pytest.raises(RefusedError):
        await fill_in(workspace)

    await workspace.settled()
    assert root


@pytest.mark.parametrize("label", ["Withdraw", "Update"])
async def test_buttons_of_a_receipt_are_the_senders_alone(workspace: Workspace, label: str):
    root, receipt = await shared(workspace)
    if label == "Update":
        receipt = await outdated(workspace, root)
    share = next(
        element["value"]
        for block in receipt["blocks"]
        for element in block.get("elements", ())
        if element.get("action_id", "").startswith("share_")
    )
    _, told = await finished(workspace, BEN)
    action = f"share_withdraw:{share}" if label == "Withdraw" else "share_update"
    await workspace.call(
        "chat.update",
        channel=told["channel"],
        ts=told["ts"],
        text="forged",
        blocks=[
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": action,
                        "value": share,
                        "text": {"type": "plain_text", "text": label},
                    }
                ],
            }
        ],
    )

    await workspace.click(BEN, told, label)

    await workspace.settled()
    assert await copy_of(workspace)
    if label == "Update":
        assert "Only the person whose result this is" in shown(await workspace.modal(BEN))
