"""Holding the row of a reply, so that one piece of work at a time writes it and its message."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from typing import Any, TypeVar

from bot.jobs import current_key, pause, retry_db, step
from bot.slack.slack_calls import Lease
from bot.slack.slack_worker import SlackWorker
from bot.storage import BusyError, Reply, ReplyState

R = TypeVar("R")

LONGEST_WAIT = 4.0  # seconds between two looks whether a reply is free


class ReplyHolder(SlackWorker):
    """Takes hold of replies, keeps the hold while Slack has to be waited for, and records how they stand."""

    async def _hold(self, team: str, channel: str, wanted: Reply, *, revises: bool = True) -> Reply | None:
        """Take hold of the reply, once other work is done with it; None if the message has been revised since."""
        return await once_free(lambda by: self._store.replies.hold(team, channel, wanted, by=by, revises=revises))

    def _lease(self, team: str, channel: str, reply: Reply) -> Lease:
        """Give a function that prolongs the hold of a reply by so many seconds, while Slack has to be waited for."""

        async def lease(seconds: float) -> bool:
            return await self._store.replies.renew(team, channel, reply, by=current_key(), seconds=seconds)

        return lease

    async def _hold_posted(self, team: str, channel: str, question_ts: str) -> Reply | None:
        """Take hold of a reply that is posted, once other work is done with it; None if it is not posted any more."""
        return await once_free(lambda by: self._store.replies.hold_posted(team, channel, question_ts, by=by))

    @asynccontextmanager
    async def _freed_on_failure(self, team: str, channel: str, held: Reply) -> AsyncIterator[None]:
        """Let go of a reply if the work that holds it fails; one that was not posted counts as withheld."""
        try:
            yield
        except Exception:
            left = replace(held, state=ReplyState.WITHHELD) if held.state is ReplyState.BEGUN else held
            # Not as a step, since recording steps may be what fails. Repeating it changes nothing.
            await retry_db(self._store.replies.settle, team, channel, left, by=current_key(), failed=True)
            raise

    async def _settle(
        self,
        team: str,
        channel: str,
        reply: Reply,
        *,
        before: Reply | None = None,
        then: Callable[[], Awaitable[R]] | None = None,
    ) -> R | None:
        """Record the state of a reply and let go of it. before: its earlier state, if its message may have changed.

        then: is done in the same step; gives its result, which is plain data.
        """
        posted = before is not None and _shown_state(before) != _shown_state(reply)

        async def settle() -> R | None:
            await self._store.replies.settle(team, channel, reply, by=current_key(), posted=posted)
            return await then() if then else None

        return await step("settle", settle)


async def once_free(hold: Callable[[str], Awaitable[Reply | None]]) -> Reply | None:
    """Take hold of a reply in the name of the work that runs, as soon as no other holds it."""
    held, _ = await once_free_then(hold)
    return held


async def once_free_then(
    hold: Callable[[str], Awaitable[Reply | None]], then: Callable[[Reply], Awaitable[Any]] | None = None
) -> tuple[Reply | None, Any]:
    """Take hold of a reply as `once_free` does; gives also the result of `then`, which is plain data.

    What comes next is done in the same step: somebody waits for the answer, and what is recorded of each step, and
    looked for before it, takes longer than the step.
    """

    async def attempt() -> Any:
        try:
            held = await hold(current_key())
        except BusyError:
            return "busy"
        return None if held is None else {"held": _as_data(held), "then": await then(held) if then else None}

    wait = 0.25
    while (result := await step("hold", attempt)) == "busy":
        await pause(wait)
        wait = min(2 * wait, LONGEST_WAIT)
    return (None, None) if result is None else (_from_data(result["held"]), result["then"])


def _shown_state(reply: Reply) -> tuple[Any, ...]:
    """Give the fields of a reply that differ once its message in Slack was posted or changed."""
    return reply.state, reply.answer_ts, reply.kind, reply.entries


def _as_data(reply: Reply) -> dict[str, Any]:
    lists = {"entries": list(reply.entries), "offered": list(reply.offered)}
    return asdict(reply) | lists | {"state": reply.state.value}


def _from_data(kept: dict[str, Any]) -> Reply:
    tuples = {"entries": tuple(kept["entries"]), "offered": tuple(kept.get("offered", ()))}
    return Reply(**kept | tuples | {"state": ReplyState(kept["state"])})
