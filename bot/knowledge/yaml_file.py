"""A YAML file -> plain data with the line of each value, whatever the file holds.

PyYAML by itself keeps the last of two equal keys, follows aliases without an end, and forgets lines.
"""

import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from reprlib import repr as abbreviated
from typing import Any

import yaml

from bot.knowledge.problems import Level, Problem, YamlPath
from bot.knowledge.yaml_slips import explain, lines_of
from bot.validation import NO_DAY, describe_unreadable

MAX_CHARACTERS = 10_000_000  # of a file, and of its values with all aliases written out
CHARACTERS_PER_VALUE = 50  # that a value counts as besides its own
DATE = "tag:yaml.org,2002:timestamp"  # what YAML takes for a date by its form
TEXT = "tag:yaml.org,2002:str"
MAX_NESTING = 40  # lists and mappings within each other; ours have eight
HYPHEN = re.compile(r" *- ")
CUT_OFF = re.compile(r"[ \t]+#[^\s#]")  # "see #help": what looks like a word, and YAML takes for a comment
ANCHOR = re.compile(r"&[\w-]+")


@dataclass
class YamlFile:
    """A YAML file as plain data, with the lines of its values by their paths, what is wrong with it, and doubtful."""

    name: str
    data: Any = None
    lines: dict[YamlPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def line(self, path: YamlPath) -> int:
        """Give the line of a value, or of the nearest around it that has one; 0 if none has."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def problem(self, path: YamlPath, message: str, remedy: str, level: Level = "error") -> Problem:
        """Make a problem with a value of this file."""
        return Problem(self.name, self.line(path), message, remedy, level)


class UnreadableError(Exception):
    """Ends the reading of a file, because of one problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read_bytes(path: Path) -> bytes:
    """Read a file. Raises UnreadableError if it is larger than any knowledge is, and OSError."""
    if path.stat().st_size > MAX_CHARACTERS:
        message = f"is larger than {MAX_CHARACTERS // 1_000_000} MB"
        raise UnreadableError(Problem(path.name, 0, message, "Delete what does not belong there"))
    return path.read_bytes()


def parse(folder: Path, name: str) -> YamlFile:
    """Read a YAML file of a folder; what keeps it from being read is among the `problems` of what is given."""
    file = YamlFile(name)
    try:
        text = read_bytes(folder / name).decode("utf-8-sig")
        loader = _Loader(text, name)
        root = loader.get_single_node()
        if root is not None:
            file.data = _NodeReader(file, loader, lines_of(text)).read(root, ())
    except UnreadableError as error:
        file.problems.append(error.problem)
    except OSError as error:
        file.problems.append(Problem(name, 0, *describe_unreadable(error)))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        file.problems.append(Problem(name, line, "is not UTF-8 text", "Save it as UTF-8"))
    except yaml.MarkedYAMLError as error:
        file.problems.append(_syntax_problem(error, name, text))
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        message = f"holds a character that YAML does not allow: {chr(error.character)!r}"
        file.problems.append(Problem(name, line, message, "Delete that character"))
    return file


def _syntax_problem(error: yaml.MarkedYAMLError, name: str, text: str) -> Problem:
    slip = explain(error, text)
    return Problem(name, slip.line, f"is not YAML: {slip.message}", slip.remedy)


class _Loader(yaml.CSafeLoader):
    """Refuses what is nested too deeply, before it is followed down: the parser in C ends the process there."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self._name, self._depth = name, 0

    def descend_resolver(self, current_node: yaml.Node | None, current_index: Any) -> None:
        """Enter a node of this list or mapping, or the first of all."""
        self._depth += 1
        if self._depth > MAX_NESTING + 1 and current_node is not None:  # a scalar may stand in the innermost of them
            message = f"more than {MAX_NESTING} lists and mappings stand within each other"
            line = current_node.start_mark.line + 1
            raise UnreadableError(Problem(self._name, line, message, "Mend the brackets there"))
        super().descend_resolver(current_node, current_index)

    def ascend_resolver(self) -> None:
        """Leave it."""
        self._depth -= 1
        super().ascend_resolver()


class _NodeReader:
    """Turns YAML nodes into plain data, noting lines and refusing keys that are there twice."""

    def __init__(self, file: YamlFile, loader: yaml.CSafeLoader, lines: list[str]) -> None:
        self._file = file
        self._loader = loader
        self._lines = lines
        self._ancestors: list[yaml.Node] = []  # of the node that is being read
        self._characters = 0

    def read(self, node: yaml.Node, path: YamlPath) -> Any:
        """Give a node as plain data. Raises UnreadableError for aliases without an end."""
        line = node.start_mark.line + 1
        self._file.lines[path] = line
        if isinstance(node, yaml.ScalarNode):
            self._count(len(node.value), line)
            self._find_swallowed_item(node)
            self._find_swallowed_text(node)
            if path and isinstance(path[-1], int):
                self._find_joined_items(node)
            return self._scalar(node, line)
        if any(node is ancestor for ancestor in self._ancestors):
            raise UnreadableError(Problem(self._file.name, line, "an alias leads back to itself", "Write it out"))
        self._count(0, line)
        self._ancestors.append(node)
        data: Any
        if isinstance(node, yaml.SequenceNode):
            data = [self.read(child, (*path, position)) for position, child in enumerate(node.value)]
        else:
            assert isinstance(node, yaml.MappingNode)  # noqa: S101 - there are three kinds of nodes
            data = self._mapping(node, path)
        self._ancestors.pop()
        return data

    def _mapping(self, node: yaml.MappingNode, path: YamlPath) -> dict[Hashable, Any]:
        data: dict[Hashable, Any] = {}
        if slip := self._item_without_hyphen(node, path):
            raise UnreadableError(slip)
        for key_node, child in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                message = "a list or a mapping stands where a key should"
                raise UnreadableError(Problem(self._file.name, line, message, "Write one word before the colon"))
            key = str(key_node.value)
            if key in data:
                message = f"the key {key!r} is there twice"
                self._file.problems.append(Problem(self._file.name, line, message, "Keep one and delete the other"))
            data[key] = self.read(child, (*path, key))
            self._file.lines[*path, key] = line
        return data

    def _item_without_hyphen(self, node: yaml.MappingNode, path: YamlPath) -> Problem | None:
        """Find two items of a list that were read as one, as a hyphen is missing: the first key occurs twice."""
        keys = [key.value if isinstance(key, yaml.ScalarNode) else None for key, _ in node.value]
        if not (path and isinstance(path[-1], int)) or len(set(map(str, keys))) >= len(keys) - 1:
            return None
        repeated = [at for at, key in enumerate(keys) if at != keys.index(key)]
        first = node.value[repeated[0]][0]
        if first.value != keys[0]:
            return None
        message = f"a hyphen seems to be missing before {first.value!r}, which is there already and begins an item"
        remedy = "Put one there, and a blank; or delete what is there twice"
        return Problem(self._file.name, first.start_mark.line + 1, message, remedy)

    def _find_swallowed_item(self, node: yaml.ScalarNode) -> None:
        """Find a line that looks like an item of a list, and that YAML takes for more of the text above it."""
        if node.style in ("'", '"', "|", ">"):
            return
        for line in range(node.start_mark.line + 1, node.end_mark.line + 1):
            if HYPHEN.match(self._lines[line]):
                message = "the line begins with a hyphen, and by its indent it belongs to the text above"
                remedy = "Indent it like the items of its list, or put the whole text in quotes"
                self._file.problems.append(Problem(self._file.name, line + 1, message, remedy))
                return

    def _find_swallowed_text(self, node: yaml.ScalarNode) -> None:
        """Find words of a text that YAML leaves out: behind a "#", or behind the "&" that it begins with."""
        if node.style in ("'", '"', "|", ">"):
            return
        begin, end = node.start_mark, node.end_mark
        if node.tag == TEXT and CUT_OFF.match(self._lines[end.line][end.column :]):
            message = "YAML takes what stands behind the # for a comment, which nobody reads"
            remedy = "Put the whole text in quotes; if it is a comment, write a blank behind the #"
            self._file.warnings.append(Problem(self._file.name, end.line + 1, message, remedy, "warning"))
        anchor = ANCHOR.match(self._lines[begin.line], begin.column)
        if anchor and not any(f"*{anchor[0][1:]}" in line for line in self._lines):
            message = f"YAML takes {anchor[0]} for a name of what follows, and leaves it out"
            self._file.warnings.append(
                Problem(self._file.name, begin.line + 1, message, "Put the whole text in quotes", "warning")
            )

    def _find_joined_items(self, node: yaml.ScalarNode) -> None:
        """Find an item of a list that goes on in the line below: mostly two items, of which one lacks its hyphen."""
        begun, ended = node.start_mark.line, node.end_mark.line
        if node.style in ("'", '"', "|", ">") or begun == ended or HYPHEN.match(self._lines[begun + 1]):
            return
        sign = "hyphen" if self._lines[begun][: node.start_mark.column].rstrip().endswith("-") else "comma"
        where = "before this line" if sign == "hyphen" else "at the end of the line above"
        message = f"this line and the one above are read as one text; a {sign} seems to be missing {where}"
        remedy = "Put one there, and a blank; if they are one text, write it in one line"
        self._file.warnings.append(Problem(self._file.name, begun + 2, message, remedy, "warning"))

    def _scalar(self, node: yaml.ScalarNode, line: int) -> Any:
        if node.tag == TEXT:  # as most are: what PyYAML would find out, too, in a tenth of the time of reading
            return node.value
        try:
            return self._loader.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError, ArithmeticError, LookupError, AttributeError, TypeError):
            # All of these come from PyYAML for what looks like a date, a number or a tag, and is none.
            if node.tag.startswith("!"):
                message, remedy = (
                    f"a value begins with {node.tag}, which means something to YAML",
                    "Put the text in quotes",
                )
            elif node.tag == DATE:
                message, remedy = f"{abbreviated(node.value)} is no day of the calendar", NO_DAY
            else:
                message, remedy = f"holds a value that cannot be read: {abbreviated(node.value)}", "Correct or quote it"
            self._file.problems.append(Problem(self._file.name, line, message, remedy))
            return None

    def _count(self, characters: int, line: int) -> None:
        self._characters += CHARACTERS_PER_VALUE + characters
        if self._characters > MAX_CHARACTERS:
            message = f"its aliases make more than {MAX_CHARACTERS // 1_000_000} MB of it"
            raise UnreadableError(Problem(self._file.name, line, message, "Write out what is meant"))
