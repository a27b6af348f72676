"""The inbox at work: what Slack has sent is recorded many at a time, and begun one after the other.

Recording is all that Slack waits for, so it has to be quick however much comes at once: one writer takes everything
that waits at that moment and records it in one transaction. The dispatcher then begins the work in the order it came,
no faster than the process can do it; what is left when a process dies is begun by the next one, or by another replica.

Beginning is up to `begin`, which must do nothing for a key that was begun before: between that and the deletion of the
row the process may die.

In a crowd something may be recorded as it came, to be read when the crowd has passed: what work follows from it then
takes its place, in one transaction for many. Requests go first, then reading, then beginning.
"""

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import metrics
from bot.storage import Item, Store
from bot.turnstile import InboxFullError, Turnstile

# Items that may wait in one process. It takes some twenty seconds to begin so many; Slack sends what is refused again
# at once, then after a minute, and what waited longer than that would be answered after it had been asked anew.
MOST_WAITING = 2_000
SOME = 0.75  # of MOST_WAITING, below which an inbox that was full is not full any more
RECORDED_WITHIN = 2.5  # seconds until an item is recorded
GATHERS = 0.05  # seconds that the writer waits for more in a crowd: a transaction costs as much as a request
STANDS_BACK, LOOKS = 1.0, 0.02  # seconds that an item is not begun while requests wait, and between two looks
WOKEN = 8  # waiters in one turn of the event loop: each has an answer to make
# Seconds between two deletions of what has begun. While SQLite writes one, whoever comes waits longer than it takes;
# what is not deleted when the process dies is begun again, which does nothing.
DELETED_EVERY = 1.0
AGAIN = 0.5  # seconds until what failed is tried again
# Items that are read until what follows from them is recorded, and seconds that this may take.
READ_AT_ONCE, READS_FOR = 64, 0.25
READS_ONE_WITHIN = 5.0  # seconds, after which an item is read later
READS_FIRST = 5.0  # seconds from the first item to be read in which nothing begins before all are
READ_AGAIN = (1.0, 60.0, 300.0)  # seconds until what could not be read is read again, about as Slack sends again
AT_LAST = 2.0  # seconds that a stop waits for the writer

log = structlog.get_logger()
Waiter = tuple[Item, "asyncio.Future[None]"]
Reader = Callable[[str], Awaitable[None]]  # reads what came, and has `Inbox.follow` called for what follows from it


class UnknownWorkError(Exception):
    """This version does not know the work, or not with these arguments: another version may."""


class Inbox:
    """The writer and the dispatcher of one replica; works between entering and leaving `open`.

    begin: begins an item's work; raises UnknownWorkError for what it does not know. room: waits until there is room for
    more work. works: what this version knows. turnstile: where requests wait that may have something to record.
    readers: what reads items that were recorded as they came, by their work; read again, the same must follow.
    """

    def __init__(
        self,
        store: Store,
        replica: str,
        *,
        begin: Callable[[Item], Awaitable[None]],
        room: Callable[[], Awaitable[object]],
        keeps: Callable[[BaseException], bool],
        works: Collection[str],
        turnstile: Turnstile | None = None,
        readers: Mapping[str, Reader] | None = None,
    ) -> None:
        self._readers = readers or {}
        self._unread: deque[Item] = deque()
        # By the key of what is being read, or was and is not replaced yet: what follows from it.
        self._in_hand: dict[str, list[Item]] = {}
        self._reading: str | None = None
        self._reads_first_until = 0.0
        self._failures: Counter[str] = Counter()  # of reading, by key
        self._has_unread, self._all_read = asyncio.Event(), asyncio.Event()
        self._store, self._replica = store, replica
        self._begin, self._room, self._keeps, self._works = begin, room, keeps, works
        self._turnstile = turnstile or Turnstile()
        self._arriving: list[Waiter] = []
        self._recording: list[Waiter] = []
        self._queue: deque[Item] = deque()
        self._queued: set[str] = set()  # keys of what is to be read, of the queue and of what is being begun
        self._begun: list[str] = []
        self._unknown: set[str] = set()
        self._arrived, self._has_work, self._has_more_to_do = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._full = self._look = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Take and begin work until the end of the block, first what was left by an earlier process of this name."""
        self._take(await self._store.inbox.received([self._replica]))
        tasks = [asyncio.create_task(work()) for work in (self._write, self._read, self._dispatch, self._tidy)]
        try:
            yield
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(AT_LAST):
                    while self._arriving or self._recording:  # noqa: ASYNC110 - only at the end, when nobody arrives any more
                        await asyncio.sleep(0.01)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(SQLAlchemyError, OSError):
                await self._store.inbox.begun(self._begun)

    @property
    def waiting(self) -> int:
        """How many items have not begun."""
        return len(self._arriving) + len(self._recording) + len(self._queued)

    def count_waiting(self, prefix: str) -> int:
        """Count the items here that have not begun and whose key begins with this."""
        coming = [item.key for item, _ in (*self._arriving, *self._recording)]
        return sum(key.startswith(prefix) for key in (*coming, *self._followed(), *self._queued))

    def _followed(self) -> list[str]:
        """Give the keys of what follows from what is in hand."""
        return [item.key for items in self._in_hand.values() for item in items]

    @property
    def unread(self) -> int:
        """How many items wait to be read, or to be recorded for that, or to be replaced by what follows from them."""
        coming = sum(item.work in self._readers for item, _ in (*self._arriving, *self._recording))
        return coming + len(self._unread) + len(self._in_hand)

    @property
    def full(self) -> bool:
        """Whether items are refused."""
        if self._full and self.waiting < SOME * MOST_WAITING:
            self._full = False
            log.info("the inbox takes work again", waiting=self.waiting)
        return self._full

    async def empty(self) -> None:
        """Wait until all that came here has been recorded and has begun."""
        await self._empty.wait()

    async def put(self, item: Item) -> None:
        """Record an item; returns once that is done.

        Raises InboxFullError, what the database raises, or TimeoutError if it takes longer than Slack waits for us: it
        may be recorded all the same, and what comes again finds it so.
        """
        if self.full or self.waiting >= MOST_WAITING:
            if not self._full:
                self._full = True
                log.error("the inbox is full, and Slack is told to come again", waiting=self.waiting)
            raise InboxFullError
        recorded = asyncio.get_running_loop().create_future()
        self._arriving.append((item, recorded))
        self._count()
        self._arrived.set()
        async with asyncio.timeout(RECORDED_WITHIN):
            await recorded

    def follow(self, item: Item) -> None:
        """Have an item recorded in the place of the one that is being read."""
        if self._reading in self._in_hand:  # it may have been forgotten meanwhile
            self._in_hand[self._reading].append(item)

    async def take_over(self, dead: Sequence[str]) -> int:
        """Begin what replicas that are gone have left, as far as this version knows it; gives how much that is."""
        taken = await self._store.inbox.take_over(self._replica, dead, self._works)
        self._take(taken)
        self._leave(await self._store.inbox.received(dead))
        return len(taken)

    async def receivers(self) -> frozenset[str]:
        """Name the replicas that have something to begin."""
        return await self._store.inbox.receivers()

    async def has(self, key: str) -> bool:
        """Say whether an item with this key waits to begin, in any replica."""
        return key in self._followed() or await self._store.inbox.has(key)

    async def of_kinds(self, prefixes: Sequence[str]) -> list[Item]:
        """List what has not begun, of all replicas, whose key begins with one of these."""
        return await self._store.inbox.of_kinds(prefixes)

    async def forget(self, prefixes: Sequence[str]) -> None:
        """Delete all items whose key begins with one of these."""
        begins = tuple(prefixes)
        self._queue = deque(item for item in self._queue if not item.key.startswith(begins))
        self._unread = deque(item for item in self._unread if not item.key.startswith(begins))
        self._in_hand = {
            key: [item for item in items if not item.key.startswith(begins)]
            for key, items in self._in_hand.items()
            if not key.startswith(begins)
        }
        self._queued = {key for key in self._queued if not key.startswith(begins)}
        self._count()
        await self._store.inbox.forget_received(prefixes)

    def _take(self, items: Iterable[Item]) -> None:
        for item in items:
            if item.key not in self._queued:
                self._queued.add(item.key)
                (self._unread if item.work in self._readers else self._queue).append(item)
        self._count()

    def _count(self) -> None:
        metrics.INBOX.set(self.waiting)
        is_read = not (self._unread or self._in_hand)
        if not is_read and self._all_read.is_set():
            self._reads_first_until = time.monotonic() + READS_FIRST
        for event, holds in (
            (self._has_work, self._queue),
            (self._has_unread, self._unread),
            (self._all_read, is_read),
            (self._empty, not self.waiting),
        ):
            if holds:
                event.set()
            else:
                event.clear()

    def _leave(self, items: Iterable[Item]) -> None:
        """Leave what this version does not know to one that does."""
        work_by_key = {item.key: item.work for item in items}
        if new := work_by_key.keys() - self._unknown:
            self._unknown |= new
            works = sorted({work_by_key[key] for key in new})
            log.error("work that this version does not know waits for one that does", works=works, items=len(new))
        metrics.INBOX_UNKNOWN.set(len(self._unknown))

    # The four tasks

    async def _write(self) -> None:
        while True:
            await self._arrived.wait()
            if self._turnstile.crowded:
                await asyncio.sleep(GATHERS)
            self._arrived.clear()
            # Whoever does not wait any more has told Slack to come again.
            self._recording, self._arriving = [waiter for waiter in self._arriving if not waiter[1].done()], []
            await self._record(self._recording)
            self._recording = []
            self._count()

    async def _record(self, waiters: Sequence[Waiter]) -> None:
        items = [item for item, _ in waiters]
        try:
            await self._store.inbox.receive(items, self._replica)
        except Exception as error:  # noqa: BLE001 - it is theirs who wait
            if len(waiters) > 1 and not self._keeps(error):  # one cannot be recorded, and the others can
                for waiter in waiters:
                    await self._record([waiter])
                return
            self._look = True  # the database may have them all the same
            self._has_more_to_do.set()
            for _, recorded in waiters:
                if not recorded.done():
                    recorded.set_exception(error)
        else:
            metrics.INBOX_TRANSACTIONS.inc()
            # Who waits goes first: to begin the work takes the loop longer than to say that it is recorded.
            for number, (_, recorded) in enumerate(waiters, 1):
                if not recorded.done():
                    recorded.set_result(None)
                if number % WOKEN == 0:
                    await asyncio.sleep(0)
            self._take(items)

    async def _read(self) -> None:
        """Read what was recorded as it came, and put what follows in its place."""
        while True:
            await self._has_unread.wait()
            until = time.monotonic() + READS_FOR
            while self._unread and len(self._in_hand) < READ_AT_ONCE and time.monotonic() < until:
                await self._stand_back()
                if not self._unread:  # it was forgotten meanwhile
                    break
                await self._read_one(self._unread.popleft())
                await asyncio.sleep(0)  # others have their turn after each
            await self._replace(dict(self._in_hand))
            self._count()

    async def _read_one(self, item: Item) -> None:
        """Read an item, and take it in hand with what follows, unless it has to be read again."""
        self._reading, self._in_hand[item.key] = item.key, []
        try:
            async with asyncio.timeout(READS_ONE_WITHIN):
                await self._readers[item.work](item.arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next item must be read all the same
            self._in_hand.pop(item.key, None)
            await self._leave_unread(item, error)
        else:
            self._failures.pop(item.key, None)
        finally:
            self._reading = None

    async def _leave_unread(self, item: Item, error: Exception) -> None:
        """Have an item read again that could not be; after the last time nothing follows from it.

        What took too long is no fault of the item, and it is read again however often that is.
        """
        kind, failures = type(error).__name__, self._failures[item.key]
        if item.key not in self._queued:  # it was forgotten meanwhile
            return
        if self._keeps(error):
            log.warning("what came could not be read and is read again", key=item.key, error=kind)
            self._unread.appendleft(item)
            await asyncio.sleep(AGAIN)
        elif failures < len(READ_AGAIN) or isinstance(error, TimeoutError):
            self._failures[item.key] += 1
            log.warning("what came could not be read and is read again", key=item.key, error=kind)
            pause = READ_AGAIN[min(failures, len(READ_AGAIN) - 1)]
            asyncio.get_running_loop().call_later(pause, self._read_again, item)
        else:
            del self._failures[item.key]
            self._in_hand[item.key] = []
            metrics.WORK_FAILED.labels(kind).inc()
            log.error("what came could not be read", key=item.key, error=kind)

    def _read_again(self, item: Item) -> None:
        if item.key in self._queued:  # it may have been forgotten meanwhile
            self._unread.append(item)
            self._count()

    async def _replace(self, read: Mapping[str, Sequence[Item]]) -> None:
        """Record what follows in the place of what was read, as soon as the database takes it.

        read: by the key of what was read, what follows from it.
        """
        if not read:
            return
        followed = [item for items in read.values() for item in items]
        while True:
            try:
                await self._store.inbox.replace(list(read), followed, self._replica)
                break
            except Exception as error:  # noqa: BLE001 - whatever it is, reading goes on
                kind = type(error).__name__
                if self._keeps(error):
                    log.warning("what was read is recorded later", items=len(read), error=kind)
                    await asyncio.sleep(AGAIN)
                elif len(read) > 1:  # what follows from one cannot be recorded, and the rest can
                    for key, items in read.items():
                        await self._replace({key: items})
                    return
                else:
                    metrics.WORK_FAILED.labels(kind).inc()
                    log.error("what was read could not be recorded", key=next(iter(read)), error=kind)  # noqa: TRY400
                    followed = []  # it is all there still, and is read at the next start
                    break
        kept = {item.key for key in read for item in self._in_hand.pop(key, [])}
        self._queued.difference_update(read)
        if forgotten := [item.key for item in followed if item.key not in kept]:
            await self._store.inbox.forget_received(forgotten)
        self._take([item for item in followed if item.key in kept])

    async def _dispatch(self) -> None:
        while True:
            await self._has_work.wait()
            await self._room()
            await self._stand_back()
            await self._let_reading_go_first()
            if self._queue:
                await self._dispatched(self._queue.popleft())
                self._count()

    async def _stand_back(self) -> None:
        """Let a crowd of requests go first: Slack waits for them, and what is recorded can wait.

        Not for long, though, nor once half of what may wait does: then it is no burst, and both must go on.
        """
        until = time.monotonic() + STANDS_BACK
        while self._turnstile.crowded and self.waiting < MOST_WAITING / 2 and time.monotonic() < until:  # noqa: ASYNC110 - a crowd
            await asyncio.sleep(LOOKS)

    async def _let_reading_go_first(self) -> None:
        """Wait until all is read: who will wait in vain is told so then. As with a crowd, not for long."""
        left = self._reads_first_until - time.monotonic()
        if left > 0 and self.waiting < MOST_WAITING / 2:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._all_read.wait()

    async def _dispatched(self, item: Item) -> None:
        try:
            await self._begin(item)
        except UnknownWorkError:
            self._leave([item])
        except Exception as error:  # noqa: BLE001 - whatever it is, the next item must be begun all the same
            if self._keeps(error):
                log.warning("work could not be begun and is tried again", key=item.key, error=type(error).__name__)
                self._queue.appendleft(item)
                await asyncio.sleep(AGAIN)
                return
            metrics.WORK_FAILED.labels(type(error).__name__).inc()
            log.error("work could not be begun", key=item.key, error=type(error).__name__)  # noqa: TRY400 - its words
            self._end(item)
        else:
            self._end(item)
        self._queued.discard(item.key)

    def _end(self, item: Item) -> None:
        self._begun.append(item.key)
        self._has_more_to_do.set()

    async def _tidy(self) -> None:
        """Delete what has begun, and find what was recorded although the database said it was not."""
        while True:
            await self._has_more_to_do.wait()
            self._has_more_to_do.clear()
            await asyncio.sleep(DELETED_EVERY)
            try:
                begun = self._begun[:]
                await self._store.inbox.begun(begun)
                del self._begun[: len(begun)]
                if self._look:
                    self._look = False  # what fails while we look is looked for again
                    try:
                        recorded = await self._store.inbox.received([self._replica])
                    except BaseException:
                        self._look = True
                        raise
                    self._take(item for item in recorded if item.key not in self._begun)  # meanwhile
            except (SQLAlchemyError, OSError) as error:
                log.warning("the inbox could not be tidied and is later", error=type(error).__name__)
                self._has_more_to_do.set()
                await asyncio.sleep(AGAIN)
