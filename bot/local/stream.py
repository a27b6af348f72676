"""Events for the open pages: each is sent at once to the pages of the people who may see it."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

Json = dict[str, Any]


class Stream:
    """Fans events out to watchers; a watcher is one open page, acting as one person."""

    def __init__(self, on_push: Callable[[Json], None] | None = None) -> None:
        """on_push: hears every event before the watchers do."""
        self._on_push = on_push
        self._watchers: defaultdict[str, list[asyncio.Queue[Json]]] = defaultdict(list)

    @contextmanager
    def watch(self, user: str) -> Iterator["asyncio.Queue[Json]"]:
        """Yield a queue of everything the user may see from now on."""
        queue: asyncio.Queue[Json] = asyncio.Queue()
        self._watchers[user].append(queue)
        try:
            yield queue
        finally:
            self._watchers[user].remove(queue)

    def push(self, event: Json, users: Iterable[str] | None = None) -> None:
        """Tell the given users' pages, or everybody's."""
        if self._on_push is not None:
            self._on_push(event)
        for user in list(self._watchers) if users is None else set(users):
            for queue in self._watchers[user]:
                queue.put_nowait(event)
