"""Compiles each SQL statement once in a process of tests, and not again for every bot that is started.

SQLAlchemy keeps what it compiled by engine, and each bot has engines of its own: a fifth of what a short test takes.
"""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, event

Key = tuple[Any, ...]


class Compiled(MutableMapping[Key, Any]):
    """Compiled statements by what they say and the kind of database, where SQLAlchemy has the one dialect object."""

    def __init__(self) -> None:
        self._statements: dict[Key, Any] = {}

    def __getitem__(self, key: Key) -> Any:
        return self._statements[_by_kind(key)]

    def get(self, key: Key, default: Any = None) -> Any:
        """Give a compiled statement; not by way of an exception, which most new statements would need."""
        return self._statements.get(_by_kind(key), default)

    def __setitem__(self, key: Key, compiled: Any) -> None:
        self._statements[_by_kind(key)] = compiled

    def __delitem__(self, key: Key) -> None:
        del self._statements[_by_kind(key)]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._statements)

    def __len__(self) -> int:
        return len(self._statements)


def _by_kind(key: Key) -> Key:
    dialect: Dialect = key[0]
    return dialect.name, dialect.driver, dialect.server_version_info, *key[1:]


@contextmanager
def compiled_once() -> Iterator[None]:
    """Let all engines share what they compile until the end of the block."""
    shared = Compiled()

    def share(connection: Connection) -> None:
        if "compiled_cache" not in connection.engine.get_execution_options():
            connection.engine.update_execution_options(compiled_cache=shared)
            connection.execution_options(compiled_cache=shared)

    event.listen(Engine, "engine_connect", share)
    yield
    event.remove(Engine, "engine_connect", share)
