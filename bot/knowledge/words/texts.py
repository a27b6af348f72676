"""The types of texts: with which placeholders, and how long they may be where Slack shows them."""

from string import Formatter
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from bot.domain.authored import Line
from bot.knowledge.slack_limits import (
    MAX_BUTTON_TEXT,
    MAX_CONFIRM_BUTTON,
    MAX_CONFIRM_TEXT,
    MAX_CONFIRM_TITLE,
    MAX_INPUT_LABEL,
    MAX_OPTION_TEXT,
    MAX_PLACEHOLDER,
    MAX_VIEW_TITLE,
)


class Placeholders:
    """The placeholders that a text may use, all of them optional, and as they are: `{count}`, not `{count:>3}`."""

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)

    def __call__(self, text: str) -> str:
        """Refuse a text with a placeholder that nobody will fill, or that is to be formatted."""
        try:
            parts = [part for part in Formatter().parse(text) if part[1] is not None]
        except ValueError as error:
            raise ValueError(f"{error}: write {{{{ and }}}} for braces") from None
        # Its text is filled in: a format, or a conversion such as !r, could only spoil it or fail while we speak.
        if formatted := [name for _, name, spec, conversion in parts if spec or conversion]:
            raise ValueError(f"the placeholder {{{formatted[0]}}} has a format; write {{{formatted[0]}}} alone")
        if unknown := {name or "" for _, name, _, _ in parts} - self.names:
            allowed = ", ".join(f"{{{name}}}" for name in sorted(self.names)) or "none"
            raise ValueError(f"unknown placeholder {{{', '.join(sorted(unknown))}}}; there are: {allowed}")
        return text

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check a text after what its type checks; pydantic's AfterValidator would look at each signature first."""
        return core_schema.no_info_after_validator_function(self, handler(source))


def text(*names: str) -> Placeholders:
    """Allow these placeholders in a text, as a part of its type."""
    return Placeholders(*names)


Plain = Annotated[Line, text()]
Button = Annotated[Line, Field(max_length=MAX_BUTTON_TEXT), text()]
WindowTitle = Annotated[Line, Field(max_length=MAX_VIEW_TITLE), text()]
WindowButton = WindowTitle  # as long at most
InputLabel = Annotated[Line, Field(max_length=MAX_INPUT_LABEL), text()]
OptionText = Annotated[Line, Field(max_length=MAX_OPTION_TEXT), text()]  # beside a box or a circle that is ticked
MenuPlaceholder = Annotated[Line, Field(max_length=MAX_PLACEHOLDER), text()]  # in a menu, until something is chosen
ConfirmTitle = Annotated[Line, Field(max_length=MAX_CONFIRM_TITLE), text()]
ConfirmText = Annotated[Line, Field(max_length=MAX_CONFIRM_TEXT), text()]
ConfirmButton = Annotated[Line, Field(max_length=MAX_CONFIRM_BUTTON), text()]
