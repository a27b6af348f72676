"""What is recorded as it came is read in its turn: nothing overtakes it, and it holds nothing up for long."""

import asyncio
from typing import cast

import pytest

from bot import inbox
from bot.inbox import Inbox
from bot.storage import Item, Store
from tests.test_inbox import eventually


class Read:
    """An inbox whose items "read" are followed by an item "say" each, as soon as the test lets them be read."""

    def __init__(self, store: Store) -> None:
        self.goes_on = asyncio.Event()
        self.began: list[str] = []
        self.under_way = asyncio.Event()
        self.follower = '{"said": 1}'
        self.inbox = Inbox(
            store, "r1", begin=self._begin, room=self._room, keeps=lambda _: False, works={"read", "say"},
            readers={"read": self._read},
        )  # fmt: skip

    async def _begin(self, item: Item) -> None:
        self.began.append(item.key)

    async def _room(self) -> None: ...

    async def _read(self, text: str) -> None:
        self.under_way.set()
        await self.goes_on.wait()
        self.inbox.follow(Item(f"say:{text}", "say", self.follower if text != "bad" else cast("str", None), 1.0))


def to_read(text: str) -> Item:
    return Item(f"read:{text}", "read", text, 1.0)


async def test_what_comes_while_a_message_is_read_is_behind_it(store: Store):
    read = Read(store)
    async with read.inbox.open():
        await read.inbox.put(to_read("1"))
        await read.under_way.wait()
        assert read.inbox.unread == 1

        read.goes_on.set()
        await read.inbox.empty()

    assert read.inbox.unread == 0
    assert read.began == ["say:1"]


async def test_what_cannot_be_recorded_of_what_was_read_keeps_nothing_else(store: Store):
    read = Read(store)
    async with read.inbox.open():
        for text in ("1", "bad", "2"):
            await read.inbox.put(to_read(text))
        read.goes_on.set()
        await read.inbox.empty()

    assert read.began == ["say:1", "say:2"]
    assert [item.key for item in await store.inbox.received(["r1"])] == ["read:bad"]


async def test_nothing_follows_from_a_message_that_is_forgotten_while_it_is_read(store: Store):
    read = Read(store)
    async with read.inbox.open():
        await read.inbox.put(to_read("1"))
        await read.under_way.wait()
        await read.inbox.forget(["read:", "say:"])
        read.goes_on.set()
        await read.inbox.put(Item("say:other", "say", "[]", 2.0))
        await eventually(lambda: "say:other" in read.began)

    assert read.began == ["say:other"]
    assert await store.inbox.received(["r1"]) == []


async def test_a_message_that_takes_long_to_read_holds_up_other_work_for_a_while_only(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(inbox, "READS_FIRST", 0.0)
    read = Read(store)
    async with read.inbox.open():
        await read.inbox.put(to_read("1"))
        await read.under_way.wait()
        for number in range(30):
            await read.inbox.put(Item(f"click:{number}", "say", "[]", 2.0))
        await eventually(lambda: len(read.began) == 30)
        assert not read.goes_on.is_set()

        read.goes_on.set()
        await read.inbox.empty()

    assert read.began[-1] == "say:1"


async def test_a_message_that_takes_too_long_to_read_is_read_later(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(inbox, "READS_ONE_WITHIN", 0.01)
    monkeypatch.setattr(inbox, "READ_AGAIN", (0.01, 0.01))
    read = Read(store)
    async with read.inbox.open():
        await read.inbox.put(to_read("1"))
        await eventually(lambda: read.inbox._failures["read:1"] > 3)
        read.goes_on.set()
        await read.inbox.empty()

    assert read.began == ["say:1"]
