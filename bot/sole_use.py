"""One bot at a time on a folder of data.

On SQLite the work is one process's: a second would go on with what the first has under way, and post it once more.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.settings import SettingsError

HELD_BY_ANOTHER = (errno.EACCES, errno.EAGAIN)


@contextmanager
def sole_use(folder: Path) -> Iterator[None]:
    """Keep other bots away from a folder until the end of the block. Raises SettingsError if one is at work there.

    The system lets go of it when the process ends, however it does. On a file system that locks no folders, nobody is
    kept away.
    """
    # The folder and none of the databases: to close one of these would let go of the locks that SQLite has on it.
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in HELD_BY_ANOTHER:
                raise SettingsError(
                    [
                        f"DATA_DIR is {folder}, where a bot is at work already. Stop that one first, or set DATA_DIR "
                        "to another folder; several processes of one bot need PostgreSQL (DATABASE_URL)."
                    ]
                ) from None
        yield
    finally:
        os.close(handle)
