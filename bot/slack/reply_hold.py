"""Holding the row of a reply, so that one piece of work at a time writes it and its message."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from typing import Any

from bot.jobs import current_key, pause, retry_db, step
from bot.slack.slack_calls import Lease
from bot.slack.slack_worker import SlackWorker
from bot.storage import BusyError, Reply, ReplyState

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

    async def _settle(self, team: str, channel: str, reply: Reply, *, before: Reply | None = None) -> None:
        """Record the state of a reply and let go of it. before: its earlier state, if its message may have changed."""
        posted = before is not None and _shown_state(before) != _shown_state(reply)
        await step("settle", self._store.replies.settle, team, channel, reply, by=current_key(), posted=posted)


async def once_free(hold: Callable[[str], Awaitable[Reply | None]]) -> Reply | None:
    """Take hold of a reply in the name of the work that runs, as soon as no other holds it."""

    async def attempt() -> Any:
        try:
            held = await hold(current_key())
        except BusyError:
            return "busy"
        return None if held is None else _as_data(held)

    wait = 0.25
    while (held := await step("hold", attempt)) == "busy":
        await pause(wait)
        wait = min(2 * wait, LONGEST_WAIT)
    return None if held is None else _from_data(held)


def _shown_state(reply: Reply) -> tuple[Any, ...]:
    """Give the fields of a reply that differ once its message in Slack was posted or changed."""
    return reply.state, reply.answer_ts, reply.kind, reply.entries


def _as_data(reply: Reply) -> dict[str, Any]:
    lists = {"entries": list(reply.entries), "offered": list(reply.offered)}
    return asdict(reply) | lists | {"state": reply.state.value}


def _from_data(kept: dict[str, Any]) -> Reply:
    tuples = {"entries": tuple(kept["entries"]), "offered": tuple(kept.get("offered", ()))}
    return Reply(**kept | tuples | {"state": ReplyState(kept["state"])})
