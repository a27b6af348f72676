"""Files of arrays in a knowledge folder: written as a whole or not at all, and read so that a broken one says why."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[Any]]
Content = TypeVar("Content")


def write(path: Path, arrays: Arrays) -> None:
    """Write arrays by name, in place of what is there: a bot that runs reads the file as soon as it changes.

    Not compressed: that makes it smaller by an eighth, and each start longer.
    """
    beside = path.with_name(f"{path.name}.new")
    with beside.open("wb") as file:
        np.savez(file, allow_pickle=False, **dict(arrays))
    beside.replace(path)


def read(path: Path, parse: Callable[[Arrays], Content]) -> Content:
    """Read arrays by name and make something of them. Raises FileNotFoundError, or ValueError that says what is wrong.

    parse: may raise whatever it wants of arrays that do not fit.
    """
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            return parse(arrays)
    except FileNotFoundError:
        raise
    except Exception as error:  # of a damaged archive numpy, zipfile and zlib raise a dozen kinds
        raise ValueError(str(error) or type(error).__name__) from error
