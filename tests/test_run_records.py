"""What the work of the quiz records: what another version of the bot has written is read, and written the same."""

import json
from typing import Any

import pytest

from bot.slack.records import Recorded
from bot.slack.run_records import AppliedAction, BegunRun, PreparedRun
from bot.storage import ActionResult

OUTCOME = {"what": "taken", "question": "what-you-ship", "was": {"what-you-ship": ["papers"]}, "lost": None}
ACTED = {"outcome": OUTCOME, "held": True, "doubtful": False, "compared": ["c1"]}
TAKEN = ACTED | {"outdated": ["s1"], "home_of": "U_ANA"}
SHOWN = {"outcome": OUTCOME | {"what": "nothing", "was": None}, "held": False, "doubtful": True, "compared": []}
CARD = {"blocks": [{"type": "divider"}], "text": "Rolefit", "unfurls": False}


def rewritten(kind: type[Recorded], record: dict[str, Any]) -> dict[str, Any]:
    """Read a record and give it as the database gives back what is written of it."""
    written: dict[str, Any] = json.loads(json.dumps(kind.read(record).record()))
    return written


@pytest.mark.parametrize("record", [TAKEN, TAKEN | {"outdated": [], "home_of": None}, SHOWN])
def test_what_an_action_has_done_is_written_as_it_was_read(record: dict[str, Any]):
    assert rewritten(AppliedAction, record) == record


def test_what_came_of_an_action_is_taken_from_its_record():
    taken, shown = AppliedAction.read(TAKEN), AppliedAction.read(SHOWN)

    assert taken.result == ActionResult("taken", "what-you-ship", {"what-you-ship": ["papers"]})
    assert (taken.outdated, taken.home_of) == (("s1",), "U_ANA")
    assert (shown.outdated, shown.home_of) == ((), None)


def test_a_run_that_begins_is_written_as_it_was_read():
    assert rewritten(PreparedRun, {"quiz": "abc", "card": CARD}) == {"quiz": "abc", "card": CARD}
    assert rewritten(BegunRun, {"on_home": True}) == {"on_home": True}


def test_of_a_run_that_a_version_before_has_begun_nothing_is_recorded():
    assert not BegunRun.read({}).on_home
