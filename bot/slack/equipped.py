"""What every worker of a feature works with."""

from bot.jobs import Worker
from bot.knowledge import Library
from bot.slack.speech import Speech
from bot.storage import Store


class EquippedWorker(Worker):
    """A worker that speaks, knows the library and keeps rows; equipped when the app is put together."""

    _speech: Speech
    _library: Library
    _store: Store

    def equip(self, speech: Speech, library: Library, store: Store) -> None:
        """Hand over what the work is done with."""
        self._speech, self._library, self._store = speech, library, store
