"""What libyaml says of a file that it cannot read -> which line an editor should mend, what is wrong, and what to do.

libyaml names what it expected where it gave up, which is often a line or more below the slip. What stands around that
place tells the usual slips apart: a colon, a blank or a hyphen that is missing, a quotation mark in the midst of a
text, a line that is indented otherwise than its neighbours.
"""

import re
from dataclasses import dataclass

import yaml

# Noticed further down or at the end of the file, and named where it begins.
UNCLOSED = {
    "found unexpected end of stream": ("a quotation mark that is opened here is not closed", "Close it"),
    "did not find expected ',' or ']'": ("a bracket that is opened here is not closed", "Close it"),
    "did not find expected ',' or '}'": ("a brace that is opened here is not closed", "Close it, or quote the text"),
}
_MISFIT = (
    "the line does not fit to those around it",
    "Indent it like its neighbours, and put text that has quotes, brackets or braces in quotes as a whole",
)
_COLON_IN_TEXT = (
    "a colon with a blank behind it stands within a text",
    "Put the text in quotes as a whole; if it is a key, indent it like the keys around it",
)
_SIGN_FIRST = "a value begins with a sign that means something to YAML", "Put the text in quotes"
_TAB = "a tab stands where blanks should", "Indent with blanks"
# What libyaml says -> what an editor should know, and do, where the line itself tells no more.
SYNTAX_ERRORS = {
    "did not find expected key": _MISFIT,
    "did not find expected '-' indicator": _MISFIT,
    "could not find expected ':'": _MISFIT,
    "found a tab character that violates indentation": _TAB,
    "found character that cannot start any token": _SIGN_FIRST,
    "did not find expected alphabetic or numeric character": _SIGN_FIRST,
    "did not find expected comment or line break": _SIGN_FIRST,
    "mapping keys are not allowed in this context": _SIGN_FIRST,
    "found undefined alias": _SIGN_FIRST,
    "mapping values are not allowed in this context": _COLON_IN_TEXT,
    "block sequence entries are not allowed in this context": (
        "a hyphen and a blank stand behind a key, where YAML takes no list",
        "Write each item on a line of its own below the key; put text that begins with a hyphen in quotes",
    ),
    "did not find expected node content": (
        "a bracket or a brace is opened, and what stands in it is missing",
        "Close it",
    ),
    **UNCLOSED,
    "but found another document": ("a line of hyphens begins a second document", "Delete that line"),
}

_WORD = re.compile(r"[\w-]+")
_NO_BLANK = re.compile(r"([\w-]+):(?=[^\s:/])")  # but for an address
_KEY = re.compile(r"(?:- +)*[\w-]+:(?:\s|$)")
_LINE_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")  # what libyaml counts lines by
_HYPHENS = re.compile(r"[ -]*")


@dataclass(frozen=True)
class Slip:
    """A slip in a YAML file: its line, from 1 (0 if that is not known), what is wrong, and what to do."""

    line: int
    message: str
    remedy: str


def explain(error: yaml.MarkedYAMLError, text: str) -> Slip:
    """Explain why a text is no YAML."""
    problem = error.problem or ""
    marks = (error.problem_mark, error.context_mark)
    mark = next((mark for mark in (reversed(marks) if problem in UNCLOSED else marks) if mark), None)
    if error.problem_mark is not None and (slip := _recognise(problem, error, _Place(text, error.problem_mark))):
        return slip
    message, remedy = SYNTAX_ERRORS.get(problem, (problem, "Mend this line or the one above"))
    return Slip(mark.line + 1 if mark else 0, message, remedy)


def lines_of(text: str) -> list[str]:
    """Give the lines of a text as libyaml counts them."""
    return _LINE_BREAK.split(text)


class _Place:
    """Where libyaml gave up: the lines of the file, and the last token that ends there or before."""

    def __init__(self, text: str, mark: yaml.Mark) -> None:
        self.text = text
        self.lines = lines_of(text)
        self.mark = mark
        self.last = self._last_token()

    def _last_token(self) -> yaml.Token | None:
        last = None
        try:
            for token in yaml.scan(self.text, Loader=yaml.CSafeLoader):
                if token.end_mark.index > self.mark.index:
                    break
                last = token
        except yaml.YAMLError:
            pass  # the same slip, come upon by the scanner
        return last

    def content(self, line: int, column: int = 0) -> str:
        """Give a line, from 0, from a column on, without the blanks around; "" where there is no such line."""
        return self.lines[line][column:].strip() if line < len(self.lines) else ""

    def is_key(self, word: str) -> bool:
        """Say whether a word is a key elsewhere in the file."""
        return re.search(rf"^[ -]*{re.escape(word)}:(?:\s|$)", self.text, re.MULTILINE) is not None

    def beside(self, line: int, column: int, step: int) -> str:
        """Give what begins in this column of the nearest line above (-1) or below (1) that is not indented further."""
        line += step
        while 0 <= line < len(self.lines):
            content = self.content(line)
            indent = len(self.lines[line]) - len(self.lines[line].lstrip())
            if content and not content.startswith("#") and indent <= column:
                return content if indent == column else ""
            line += step
        return ""


def _recognise(problem: str, error: yaml.MarkedYAMLError, place: _Place) -> Slip | None:
    """Recognise a common slip by the text around it; None if it is not a known one."""
    if slip := _text_behind(place):
        return slip
    match problem:
        case "could not find expected ':'" if error.context_mark:
            return _without_colon(error.context_mark.line, error.context_mark.column, place)
        case "mapping values are not allowed in this context":
            return _colon_too_many(place)
        case "did not find expected key" | "did not find expected '-' indicator" if error.context_mark:
            return _misplaced(error.context_mark, place)
        case "found character that cannot start any token":
            sign = place.text[place.mark.index : place.mark.index + 1]
            message = f"a value begins with {sign}, which means something to YAML"
            return Slip(place.mark.line + 1, *(_TAB if sign == "\t" else (message, _SIGN_FIRST[1])))
    return None


def _text_behind(place: _Place) -> Slip | None:
    """Find text that goes on behind a quotation mark, a bracket or a brace that closes."""
    last, line = place.last, place.mark.line
    if last is None or last.end_mark.line != line:
        return None
    if isinstance(last, yaml.FlowMappingEndToken | yaml.FlowSequenceEndToken):
        sign = "brace" if isinstance(last, yaml.FlowMappingEndToken) else "bracket"
        return Slip(line + 1, f"the line goes on behind a closing {sign}", "Put the text in quotes as a whole")
    if not isinstance(last, yaml.ScalarToken) or last.style not in ("'", '"'):
        return None
    twice = ". Between single quotes, write an apostrophe twice" if last.style == "'" else ""
    if (begun := last.start_mark.line) < line:
        message = f"the quotation mark that opens here is closed only in line {line + 1}, in the midst of a text"
        return Slip(begun + 1, message, "Close it where its text ends" + twice)
    message = "the line goes on behind the quotation mark that closes a text"
    return Slip(line + 1, message, "Put the text in quotes as a whole" + twice)


def _without_colon(line: int, column: int, place: _Place) -> Slip:
    """Say what is missing in a line that stands among keys, or among the items of a list."""
    content = place.content(line, column)
    if slip := _blank_missing(content, line):
        return slip
    if re.match(r"-[^\s-]", content):
        return Slip(line + 1, "a blank is missing behind the hyphen", "Put one there")
    if all(place.beside(line, column, step).startswith("- ") for step in (-1, 1)):
        return Slip(line + 1, "a hyphen seems to be missing before an item of the list", "Put one there, and a blank")
    word = _WORD.match(content)
    if word and (word[0] == content or place.is_key(word[0])):
        return _colon_missing(word[0], line)
    message = "the line is indented like a key and has no colon"
    return Slip(line + 1, message, "Put a colon behind its key, or indent it further if it belongs to the text above")


def _blank_missing(content: str, line: int) -> Slip | None:
    if name := _NO_BLANK.match(content):
        return Slip(line + 1, f"a blank is missing behind the colon of {name[1]!r}", "Put one there")
    return None


def _colon_missing(word: str, line: int) -> Slip:
    return Slip(line + 1, f"a colon seems to be missing behind {word!r}", "Put one there, and a blank behind it")


def _colon_too_many(place: _Place) -> Slip | None:
    """Say which of two colons is too many, or which one is missing in a line above."""
    last = place.last
    if not isinstance(last, yaml.ScalarToken) or last.style or last.start_mark.line == place.mark.line:
        return None
    line, column = last.start_mark.line, last.start_mark.column
    content = place.content(line, column)
    if slip := _blank_missing(content, line):
        return slip
    word = _WORD.match(content)
    first = _HYPHENS.fullmatch(place.lines[line][:column]) is not None  # nothing but hyphens stands before it
    below = _HYPHENS.match(place.lines[place.mark.line])
    among_keys = below is not None and below.end() == column
    if word and first and (among_keys or word[0] == content or place.is_key(word[0])):
        return _colon_missing(word[0], line)
    return None


def _misplaced(around: yaml.Mark, place: _Place) -> Slip | None:
    """Say how a line is indented otherwise than its neighbours. around: where the list or the keys around it begin."""
    line, column = place.mark.line, place.mark.column
    if line >= len(place.lines) or place.lines[line][:column].strip():
        return None
    last, content = place.last, place.content(line)
    if isinstance(last, yaml.ScalarToken) and last.style in ("|", ">") and column > around.column:
        message = f"the line is indented less than the first line of the text that begins with {last.style}"
        return Slip(line + 1, message, "Indent all lines of the text alike; if it is a key, like the keys around it")
    if column == around.column and _KEY.match(content) and not content.startswith("- "):
        message = "the key is indented like the items of the list above it"
        return Slip(
            line + 1, message, "Indent it like the keys around it, or put a hyphen before it if it begins an item"
        )
    message = f"the line is indented by {column} {'blank' if column == 1 else 'blanks'}, unlike its neighbours"
    return Slip(line + 1, message, "Indent the keys of one block alike, and the items of one list")
