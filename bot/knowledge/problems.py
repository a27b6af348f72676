"""What is wrong with a knowledge folder, and where: `Problem`, and the error that carries several of them."""

import traceback
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Level = Literal["error", "warning"]
YamlPath = tuple[Hashable, ...]  # keys and positions that lead to a value in a file: ("entries", 0, "answer")


@dataclass(frozen=True, order=True)
class Problem:
    """Something wrong in a knowledge file. `line` counts from 1; 0 means the file as a whole."""

    file: str
    line: int
    message: str
    remedy: str
    level: Level = "error"

    def __str__(self) -> str:
        file_and_line = f"{self.file}:{self.line}" if self.line else self.file
        return f"{file_and_line}: {self.level}: {self.message}. {self.remedy}."


class KnowledgeError(ValueError):
    """The knowledge cannot be used; `problems` has the reasons, in the order of files and lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


@contextmanager
def only_knowledge_errors(folder: Path) -> Iterator[None]:
    """Turn every other exception into a KnowledgeError that names its type and line.

    A running bot reads whatever an editor saves, and must survive what the checks did not foresee.
    """
    try:
        yield
    except KnowledgeError:
        raise
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        message = f"cannot be checked: {type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}"
        remedy = "Undo what was changed last, and report this: it is a fault of the bot"
        raise KnowledgeError([Problem(folder.name, 0, message, remedy)]) from error
