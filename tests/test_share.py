"""Who may be sent a recommendation."""

import pytest

from bot.domain.share import Person, Refusal, refusal


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
