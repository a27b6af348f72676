"""What may be logged of an error that nobody expected: its type and its places, never its words."""

import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def places(error: BaseException) -> list[str]:
    """Give the frames an error has come through, outermost first, as file:line:function.

    They are the same whatever people wrote; the message of an error, or its traceback, may hold it.
    """
    frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)
    return [f"{_short(frame.filename)}:{frame.lineno}:{frame.name}" for frame in frames]


def _short(filename: str) -> str:
    """Name a file of ours from the root of the project, one of a library from its package, any other by its name."""
    path = Path(filename)
    if "site-packages" in path.parts:
        return "/".join(path.parts[path.parts.index("site-packages") + 1 :])
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
