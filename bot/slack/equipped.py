"""What every worker of a feature works with."""

from collections.abc import Callable

from bot.jobs import Worker, step
from bot.knowledge import Library
from bot.slack.pieces import Message
from bot.slack.speech import Render, Speech
from bot.slack.thread import said
from bot.storage import Posted, Store


class EquippedWorker(Worker):
    """A worker that speaks, knows the library and keeps rows; equipped when the app is put together.

    The library is another one as soon as the knowledge is edited, and the rows change while the work sleeps: read both
    within steps only, so that what follows depends on what was recorded.
    """

    _speech: Speech
    _library: Library
    _store: Store

    def equip(self, speech: Speech, library: Library, store: Store) -> None:
        """Hand over what the work is done with."""
        self._speech, self._library, self._store = speech, library, store

    async def _say_in(self, team: str, run_id: str, channel: str, root_ts: str, render: Render) -> None:
        """Post in the thread of a run of the quiz, and remember where, so that it can be deleted with the run."""
        if posted := await self._speech.post(team, channel, render, thread_ts=root_ts):
            _, ts = posted
            await step("remember", self._store.posted, team, run_id, said(ts), Posted(ts, ""))

    def _rendered(self, render: Callable[[Library], Message | None]) -> Render:
        """Have something rendered from the knowledge as it is when it is said."""

        async def now() -> Message | None:
            return render(self._library)

        return now
