"""Importing a package without a part that it can do without."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def without(name: str) -> Iterator[None]:
    """Have a package that is imported in the block believe that another one is not installed.

    Does nothing if that is imported already. From the end of the block on it can be imported as ever.
    """
    if name in sys.modules:
        yield
        return
    modules: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]
    modules[name] = None  # as documented, an import of it raises ModuleNotFoundError now
    try:
        yield
    finally:
        del modules[name]
