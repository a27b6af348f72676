"""Files that nobody but their owner can read: they hold what people answered."""

import os
from pathlib import Path

FOLDER, FILE = 0o700, 0o600
BESIDE = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a database, with its permissions


def private_file(path: Path) -> None:
    """Make a database's file, and the folder for it, if they are not there; tighten what was made for all to read.

    Raises OSError if the folder or the file cannot be made. What belongs to somebody else is left as it is.
    """
    path.parent.mkdir(FOLDER, parents=True, exist_ok=True)
    # Made here, because SQLite would let everybody read what it makes.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, FILE))
    for file in (path, *(path.with_name(path.name + ending) for ending in BESIDE)):
        tighten(file, FILE)


def tighten(path: Path, mode: int) -> None:
    """Take away what others than the owner may do with a file or folder of ours; where there is none, do nothing."""
    try:
        status = path.stat()
        if status.st_uid == os.geteuid() and status.st_mode & 0o777 & ~mode:
            path.chmod(status.st_mode & mode)
    except FileNotFoundError:
        pass
