"""The file of a SQLite database that DBOS opens, and what it does not see to there."""

import sqlite3
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.private import private_file

LOCKED_FOR = 5.0  # seconds that a write of no consequence waits for others


def path_of(url: str) -> str | None:
    """Give the path of a database's file by its address, as SQLAlchemy has it; None if it has none."""
    parsed = make_url(url)
    return parsed.database or None if parsed.get_backend_name() == "sqlite" else None


def prepare(url: str) -> None:
    """Make the file for its owner alone, and let readers go on beside a writer, a setting that the file keeps.

    Does nothing for a database that is no file. Raises OSError if it cannot be made, and sqlite3.Error for what is no
    database, or cannot be written.
    """
    if (file := path_of(url)) is None:
        return
    private_file(Path(file))
    connection = sqlite3.connect(file)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def check_writable(file: str) -> None:
    """Raise OSError or sqlite3.Error if a database's file cannot be written; one that is gone is not made anew."""
    connection = sqlite3.connect(f"{Path(file).absolute().as_uri()}?mode=rw", timeout=LOCKED_FOR, uri=True)
    try:
        connection.execute("PRAGMA user_version = 0")  # which nobody uses, and which is written if it is the same
    finally:
        connection.close()
