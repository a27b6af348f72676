"""What every worker of a feature works with."""

from bot.jobs import Worker, insist
from bot.knowledge import Library
from bot.slack.pieces import Message
from bot.slack.speech import Speech
from bot.slack.thread import said
from bot.storage import Posted, Store


class EquippedWorker(Worker):
    """A worker that speaks, knows the library and keeps rows; equipped when the app is put together."""

    _speech: Speech
    _library: Library
    _store: Store

    def equip(self, speech: Speech, library: Library, store: Store) -> None:
        """Hand over what the work is done with."""
        self._speech, self._library, self._store = speech, library, store

    async def _say_in(self, team: str, run_id: str, channel: str, root_ts: str, message: Message) -> None:
        """Post in the thread of a run of the quiz, and remember where, so that it can be deleted with the run."""
        _, ts = await self._speech.post(team, channel, message, thread_ts=root_ts)
        await insist(self._store.posted, team, run_id, said(ts), Posted(ts, ""))
