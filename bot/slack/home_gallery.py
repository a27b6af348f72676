"""The Home tab in every state, for `bot.slack.gallery`: each page, each answer, and as full as it can get."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import slackblocks as kit

from bot.domain.browse import Browsing, View, look_up, shelve
from bot.domain.compare import Side
from bot.domain.quiz_run import Run
from bot.knowledge import Library
from bot.slack import blocks, history, share_blocks
from bot.slack.home_blocks import Home, Linked, Notice, Rounds
from bot.storage import Revealed, SetUp, Share, StoredRun

BEGUN = datetime(2026, 11, 20, tzinfo=UTC)
STEPS = 4  # of setting the bot up


def examples(
    library: Library, finished: Run, share: Share, gaps: Sequence[Sequence[kit.Block]], user: str, link: str
) -> Iterator[tuple[str, Home]]:
    """Give Home tabs, each under a name.

    finished: a round with a result, and `share` one of it. gaps: what editors see, with much to do and with nothing.
    """
    yield "Home", Home(browsed(library))
    for support in ("help@example.com", "https://example.com/help?of=rolefit&in=slack", "C" * 11, user):
        yield f"Home with support at {support}", Home(browsed(library), support=support)
    for shelf in browsed(library).shelves:
        for page in range(1, shelf.pages + 1):
            yield f"Home with page {page} of {shelf.id}", Home(browsed(library, Browsing(shelf.id, page)))
    for entry in library.entries:
        yield f"Home with {entry} open", Home(browsed(library, Browsing(entry=entry)))
    first = next(iter(library.entries.values())).model_copy(update={"topic": None})
    yield "Home with an entry without a topic", Home(browsed(replace(library, entries={first.id: first})))
    yield "Home with an entry that is gone", Home(browsed(library, Browsing(entry="gone")))
    yield from _of_rounds(library, _stored(finished, user), _stored(Run(library.quiz), user), link)
    for done in range(STEPS + 1):
        steps = SetUp(*(number < done for number in range(STEPS)))
        yield f"Home of who has installed the app, {done} done", Home(browsed(library), set_up=steps)
    yield "Home of an editor who is to set it up", Home(browsed(library), set_up=SetUp(), is_installer=False)
    yield "Home of who was forgotten", Home(browsed(library), notice=Notice.FORGOTTEN, stays_until=1_795_852_800.0)
    for number, section in enumerate(gaps):
        yield f"Home of an editor, {number}", Home(browsed(library), gaps=section)
    yield "Home with all at once", full(library, finished, share, gaps[0], user, link)


def browsed(library: Library, browsing: Browsing | None = None) -> View:
    """Give the topics of a library, with what is looked at."""
    browsing = browsing or Browsing()
    shelves = shelve(library.topics, list(library.entries.values()), library.words.home.other_topic)
    return look_up(browsing, shelves, library.entry(browsing.entry) if browsing.entry else None)


def full(library: Library, finished: Run, share: Share, gaps: Sequence[kit.Block], user: str, link: str) -> Home:
    """Give a Home tab with as much as there can be of everything but the topics, and the longest answer open."""
    longest = max(library.entries.values(), key=lambda entry: len(str(blocks.answers([entry], library).blocks)))
    rounds = [replace(_stored(finished, user), id=f"{number:020}") for number in range(history.MOST)]
    waiting = Linked(_stored(Run(library.quiz), user), link)
    opened = Linked(rounds[0], link)
    return Home(
        browsed(library, Browsing(entry=longest.id)),
        Rounds(waiting, rounds[0], history.MOST + 1, rounds, rounds[0].id, opened),
        listing=share_blocks.Listing(
            shares=[replace(share, id=f"{number:020}") for number in range(share_blocks.MOST + 1)],
            reveals=[Revealed(user, Side.SENDER, 1.0, to_both=False)] * share_blocks.MOST,
            deleted=True,
            muted=[(f"{number:020}", user) for number in range(share_blocks.MOST)],
        ),
        support=user,
        gaps=gaps,
        set_up=SetUp(),
    )


def _of_rounds(library: Library, of_result: StoredRun, waiting: StoredRun, link: str) -> Iterator[tuple[str, Home]]:
    topics = browsed(library)
    for notice in (None, *Notice):
        for address in (link, None):
            name = f"Home with an open round, {notice or 'nothing new'}, {'linked' if address else 'not linked'}"
            yield name, Home(topics, Rounds(Linked(waiting, address)), notice)
    yield "Home with a round about to begin", Home(topics, notice=Notice.BEGUN, begins=True)
    yield "Home with rounds folded", Home(topics, Rounds(None, of_result, 1))
    for name, opened in {"linked": Linked(of_result, link), "lost": Linked(of_result), "gone": None}.items():
        rounds = Rounds(None, of_result, history.MOST + 1, [of_result, waiting], of_result.id, opened)
        yield f"Home with a round that is {name}", Home(topics, rounds)


def _stored(run: Run, user: str) -> StoredRun:
    return StoredRun(f"r{run.finished}", user, "D1", "1.0", 0, 0, None, BEGUN, "", run, {})
