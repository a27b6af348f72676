"""A small `make chaos` with a fixed seed: the large one runs longer, restarts more, and prints its figures."""

from pathlib import Path

import pytest

from bot.knowledge import Library
from tests import chaos


@pytest.mark.alone
async def test_nothing_is_lost_or_doubled_while_replicas_die_and_slack_fails(library: Library, tmp_path: Path):
    tally = await chaos.run(library, tmp_path, questions=120, quizzes=10, replicas=2, seed=3, restart=True, forked=True)

    assert tally.flawless, tally
    assert tally.answered + tally.undelivered + tally.deleted == 120
    assert (tally.quizzes_right, tally.shares) == (10, 10)
    assert tally.withdrawn > 0
    assert tally.undelivered < 12
    assert tally.kills > 0
