"""Looking through all questions by topic: which page of which topic somebody sees, and which answer is open on it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.content import Entry, Topic

PAGE = 8  # questions on a page
OTHER_TOPIC = "-"  # of the entries that have none; no id of a topic looks like that


@dataclass(frozen=True)
class Browsing:
    """What somebody looks at: a topic by its id, a page of it from 1, and an entry by its id whose answer is open."""

    topic: str | None = None
    page: int = 1
    entry: str | None = None


@dataclass(frozen=True)
class Shelf:
    """A topic with its entries."""

    id: str
    name: str
    entries: tuple[Entry, ...]

    @property
    def pages(self) -> int:
        """How many pages it has, at least one."""
        return max(1, -(-len(self.entries) // PAGE))

    def page(self, number: int) -> tuple[Entry, ...]:
        """Give the entries of a page, from 1."""
        return self.entries[(number - 1) * PAGE : number * PAGE]


@dataclass(frozen=True)
class View:
    """All topics, and what is shown of the chosen one; `is_gone` says that what was asked for is not there any more."""

    shelves: tuple[Shelf, ...]
    chosen: Shelf | None = None
    page: int = 1
    entry: Entry | None = None
    is_gone: bool = False


def shelve(topics: Iterable[Topic], entries: Sequence[Entry], other: str) -> tuple[Shelf, ...]:
    """Put entries under their topics, which keep their order; those without one come last, under the name `other`.

    A topic without entries is left out.
    """
    shelves = [
        Shelf(topic.id, topic.name, tuple(entry for entry in entries if entry.topic == topic.id)) for topic in topics
    ]
    topic_ids = {shelf.id for shelf in shelves}
    shelves.append(Shelf(OTHER_TOPIC, other, tuple(entry for entry in entries if entry.topic not in topic_ids)))
    return tuple(shelf for shelf in shelves if shelf.entries)


def look_up(browsing: Browsing, shelves: tuple[Shelf, ...], entry: Entry | None) -> View:
    """Give the view for what somebody clicked, by the present knowledge, which may have been edited since.

    entry: the one that `browsing` names, or the one that has replaced it; None if it is gone. It is shown on the page
    where it is listed now. In place of a page that is gone, the last one is shown.
    """
    is_gone = entry is None and browsing.entry is not None
    if entry is not None:
        shelf = next(shelf for shelf in shelves if entry in shelf.entries)
        return View(shelves, shelf, shelf.entries.index(entry) // PAGE + 1, entry)
    chosen = next((shelf for shelf in shelves if shelf.id == browsing.topic), None)
    if chosen is None:
        return View(shelves, is_gone=is_gone or browsing.topic is not None)
    return View(shelves, chosen, min(max(1, browsing.page), chosen.pages), is_gone=is_gone)
