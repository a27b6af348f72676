"""Who may be sent a recommendation, and what becomes of a share."""

import pytest

from bot.domain.share import (
    Claim,
    Person,
    Refusal,
    ShareState,
    TakenOver,
    claim,
    counts_for_day,
    give_back,
    refusal,
    take_over,
)

FIRST = {"has_arrived": False, "one_too_many": False, "doubtful": False}


@pytest.mark.parametrize(
    ("recipient", "reason"),
    [
        (Person("U_MEI", "T"), None),
        (Person("U_MEI", ""), None),
        (Person("U_ANA", "T"), Refusal.YOURSELF),
        (Person("U_BOT", "T", is_bot=True), Refusal.BOT),
        (Person("U_TOM", "T", is_active=False), Refusal.INACTIVE),
        (Person("U_EVE", "T", is_guest=True), Refusal.GUEST),
        (Person("U_OUT", "T2"), Refusal.GUEST),
    ],
)
def test_a_result_goes_to_an_active_member_of_the_same_workspace_only(recipient: Person, reason: Refusal | None):
    assert refusal("U_ANA", "T", recipient) is reason


def test_what_was_previewed_is_sent_unless_it_is_one_too_many_which_is_cancelled():
    assert claim(ShareState.PREVIEWED, **FIRST) == (Claim.CLAIMED, ShareState.SENT)
    assert claim(ShareState.PREVIEWED, **FIRST | {"one_too_many": True}) == (Claim.TOO_MANY, ShareState.CANCELLED)


def test_work_that_died_while_it_sent_gets_the_same_answer_again():
    assert claim(ShareState.SENT, **FIRST | {"one_too_many": True}) == (Claim.CLAIMED, ShareState.SENT)
    assert claim(ShareState.CANCELLED, **FIRST | {"doubtful": True}) == (Claim.TOO_MANY, ShareState.CANCELLED)


@pytest.mark.parametrize(
    ("state", "has_arrived"),
    [
        (ShareState.SENT, True),
        *((state, False) for state in ShareState if state not in (ShareState.PREVIEWED, ShareState.SENT)),
    ],
)
def test_what_has_ended_is_not_sent_again(state: ShareState, has_arrived: bool):
    assert claim(state, **FIRST | {"has_arrived": has_arrived}) == (Claim.NOT_THERE, state)


@pytest.mark.parametrize("state", ShareState)
def test_what_is_begun_to_be_sent_counts_for_the_day_unless_it_updates_a_copy(state: ShareState):
    assert counts_for_day(state, updates=False) is (state is ShareState.PREVIEWED)
    assert not counts_for_day(state, updates=True)


def test_only_what_was_not_sent_gives_its_place_in_the_day_back():
    assert {state for state in ShareState if state.was_not_sent} == {ShareState.CANCELLED, ShareState.FAILED}


def test_a_share_that_was_sent_or_cancelled_has_no_time_of_its_end():
    over = {ShareState.WITHDRAWN, ShareState.FAILED, ShareState.UNCERTAIN}

    assert {state for state in ShareState if state.is_over} == over


@pytest.mark.parametrize(
    ("share", "update", "other_under_way", "taken"),
    [
        (ShareState.SENT, ShareState.SENT, False, TakenOver.TAKEN),
        (ShareState.SENT, ShareState.SENT, True, TakenOver.UNDER_WAY),
        (ShareState.SENT, ShareState.REPLACING, False, TakenOver.TAKEN),
        (ShareState.SENT, ShareState.REPLACING, True, TakenOver.TAKEN),
        (ShareState.SENT, ShareState.CANCELLED, False, TakenOver.ENDED),
        (ShareState.SENT, ShareState.FAILED, True, TakenOver.ENDED),
        (ShareState.WITHDRAWN, ShareState.SENT, False, TakenOver.ENDED),
        (ShareState.FAILED, ShareState.REPLACING, False, TakenOver.ENDED),
    ],
)
def test_one_update_at_a_time_takes_over_a_copy(
    share: ShareState, update: ShareState, other_under_way: bool, taken: TakenOver
):
    assert take_over(share, update, other_under_way=other_under_way) is taken


@pytest.mark.parametrize(
    ("update", "share_has_it", "seen", "becomes"),
    [
        (ShareState.SENT, False, False, ShareState.FAILED),
        (ShareState.SENT, False, True, ShareState.REPLACING),
        (ShareState.REPLACING, True, False, ShareState.FAILED),
        (ShareState.REPLACING, True, True, ShareState.REPLACING),
        (ShareState.REPLACING, False, False, ShareState.REPLACING),  # it holds what a copy showed that has ended
        (ShareState.WITHDRAWN, False, True, None),
        (ShareState.CANCELLED, True, False, None),
    ],
)
def test_an_update_that_slack_did_not_take_keeps_what_was_perhaps_seen(
    update: ShareState, share_has_it: bool, seen: bool, becomes: ShareState | None
):
    assert give_back(update, has_ended=False, share_has_it=share_has_it, seen=seen) is becomes


@pytest.mark.parametrize("update", [ShareState.SENT, ShareState.REPLACING])
def test_an_update_that_has_ended_stays_as_it_is(update: ShareState):
    assert give_back(update, has_ended=True, share_has_it=True, seen=True) is None
