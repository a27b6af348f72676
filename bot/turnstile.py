"""Who may come in, and when: one request in each turn of the event loop, and none where there is no room."""

import asyncio
import time

CROWD = 8  # requests that wait for their turn, from which on more is recorded at a time and less is done for each
LASTS = 0.25  # seconds that a crowd counts as one after the last look that found it
ENTERS_WITHIN = 2.3  # seconds until a request has its turn; Slack waits for three


class InboxFullError(Exception):
    """There is no room for another piece of work now; Slack should send it again."""


class LetGoError(Exception):
    """What Slack has sent has waited so long for the end of the start that nobody counts on it any more."""


class Turnstile:
    """Lets one request through in each turn of the event loop.

    To read a message and decide about it holds up the loop for some milliseconds. A hundred that have come together
    would do so one after the other, and whoever else waits for the loop would wait for all of them.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self.waiting = 0
        self._crowded_until = 0.0

    @property
    def crowded(self) -> bool:
        """Whether many wait, or did a moment ago: what then does less for each would soon have none waiting."""
        now = time.monotonic()
        if self.waiting >= CROWD:
            self._crowded_until = now + LASTS
        return now < self._crowded_until

    async def enter(self) -> None:
        """Wait for a request's turn. Raises TimeoutError if that takes so long that Slack will have given up."""
        self.waiting += 1
        try:
            if not self._turn.locked():  # nothing is waited for but one turn of the loop
                async with self._turn:
                    await asyncio.sleep(0)
                return
            async with asyncio.timeout(ENTERS_WITHIN), self._turn:
                await asyncio.sleep(0)
        finally:
            self.waiting -= 1
