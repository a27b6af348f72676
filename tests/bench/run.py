"""`make bench`: quality and speed, side by side with what others would use, in the same run.

`python -m tests.bench.run start click` measures these parts alone; PARTS names all.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence

from rich.console import Console

from bot import knowledge
from bot.knowledge import Library
from bot.settings import KNOWLEDGE
from tests.bench import burst, crowd, service, starts

console = Console(width=118)


def matchers(library: Library) -> None:
    """Print what needs the matchers of others, which only `make bench` installs."""
    from tests.bench.matchers import report

    report(library)


# Each in an event loop of its own: DBOS ends the threads of the one it was in.
PARTS: Mapping[str, Callable[[Library], None]] = {
    "matchers": matchers,
    "start": lambda _: asyncio.run(starts.report(console)),
    "silence": lambda _: asyncio.run(service.silence(console)),
    "click": lambda library: asyncio.run(service.work(library, console, beside_open=False)),  # and the answer
    "work": lambda library: asyncio.run(service.work(library, console)),
    "burst": lambda library: asyncio.run(burst.report(library, console)),
    "crowd": lambda _: asyncio.run(crowd.report(console)),
}
ALL = [name for name in PARTS if name != "click"]  # which is a part of "work"


def main(names: Sequence[str]) -> None:
    """Print the tables of these parts, or of all."""
    if unknown := sorted(set(names) - PARTS.keys()):
        sys.exit(f"There is no part {', '.join(unknown)}; there are {', '.join(PARTS)}.")
    library = knowledge.load(KNOWLEDGE)
    for name in names or ALL:
        PARTS[name](library)


if __name__ == "__main__":
    main(sys.argv[1:])
